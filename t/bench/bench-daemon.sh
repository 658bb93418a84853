#!/bin/sh
# t/bench/bench-daemon.sh: the whole worker in the steady state, as it runs: what an interface costs, from 1,000 of them to SIZES'
# last, and with two workers. CPU is that of the workers alone, the simulated network is another process; no history is
# written but in the row that measures what rows held back for it take. SIZES="1000 10000 100000 1000000" for all of it: the last
# takes minutes, 3 GiB and both processors.
cd "$(dirname "$0")/.." || exit 1
. ./lib-test.sh
test_begin "the daemon, as it runs" >/dev/null
exec 3>&2

ports=48
sizes=${SIZES:-1000 10000 50000}

# number NAME: summed over workers
number() {
	forewarn debug -c forewarn.conf -s "$FOREWARN_STATE" --json 2>/dev/null | jq "[.items[] | select(.worker != null) | .$1] | add"
}

# cpu_ns: of all workers, user and kernel; cpu_kernel: the kernel's part, in clock ticks
cpu_ns() {
	for task in /proc/"$FOREWARN_PID"/task/*
	do
		case $(cat "$task/comm") in worker*) cut -d' ' -f1 "$task/schedstat" ;; esac
	done | awk '{ n += $1 } END { printf "%.0f\n", n }'
}
cpu_kernel() {
	for task in /proc/"$FOREWARN_PID"/task/*
	do
		case $(cat "$task/comm") in worker*) sed 's/.*) //' "$task/stat" | cut -d' ' -f12,13 ;; esac
	done | awk '{ u += $1; s += $2 } END { print (u + s ? s / (u + s) : 0) }'
}
anon_kb() { awk '/^RssAnon|^RssFile/ { n += $2 } END { print n }' /proc/"$FOREWARN_PID"/status; }

# run KIND INTERFACES WORKERS HISTORY CYCLES: measure after so many cycles; a line of rows, told by its kind.
run() {
	kind=$1 devices=$((($2 + ports - 1) / ports)) workers=$3 history=$4 cycles=$5
	interval=$((devices / 300 > 3 ? devices / 300 : 3))
	test $interval -le 60 || interval=60
	sim_start --for 3600 --device "127.16.0.1+$devices kind=switch ports=$ports psu=0 fan=0 sensors=0 uptime=100000 name=sw#"
	awk -v n=$devices -v port="$SIM_PORT" 'BEGIN {
		print "name,address,port,credentials,parents,needs"
		for (i = 1; i <= n; i++) printf "sw%d,127.%d.%d.%d,%d,sim,,\n", i, 16 + int(i / 65536), int(i / 256) % 256, i % 256, port
	}' >fleet.csv
	cat >forewarn.conf <<-EOF
	user = "$(id -un)"
	poll { interval = ${interval}s  status-interval = ${interval}s  threads = $workers }
	defaults { credentials = "sim"  timeout = 2s  retries = 2  ping = false }
	credentials "sim" { version = "2c"  community = "public" }
	rrd { write = $history }
	devices = "fleet.csv"
	EOF
	chmod 640 forewarn.conf
	rm -rf state
	FOREWARN_STATE=
	began=$(date +%s)
	forewarn_start forewarn.conf
	base=$(anon_kb)
	wait_for 600 "! alive $FOREWARN_PID || test \"\$(number components)\" -ge $((devices * (ports + 1)))" || return 1
	alive "$FOREWARN_PID" || test_fatal 'the daemon runs' "$FOREWARN_LOG"
	found=$(($(date +%s) - began))
	wait_for 600 "test \"\$(number regular_polls)\" -ge $((devices * cycles))" || return 1
	polls=$(number polls) varbinds=$(number varbinds) ns=$(cpu_ns) late=$(number late)
	sleep $((interval * 2 > 12 ? interval * 2 : 12))
	echo "$((devices * ports)) $workers $polls $(number polls) $varbinds $(number varbinds) $ns $(cpu_ns) $(cpu_kernel) $found" \
		"$(($(number late) - late)) $base $(anon_kb) $interval" "$(forewarn status -c forewarn.conf -s "$FOREWARN_STATE" --json | jq .head.cycle_s) $kind" >>rows
	forewarn_stop
	kill "$SIM_PID"
	wait "$SIM_PID" 2>/dev/null
}

: >rows
for size in $sizes
do
	run size "$size" 1 false 2
done
run one 20000 1 false 2
run two 20000 2 false 2
run held 5000 1 true 12
awk -v ports=$ports '
	function verdict(what, got, bound, most) {
		printf "%-58s %8.2f  (%s %g)%s\n", what, got, most ? "at most" : "at least", bound,
			(most ? got <= bound : got >= bound) ? "" : "  MISSED"
	}
	NR == 1 {
		printf "%10s %7s %12s %6s %10s %6s %9s %9s %8s %5s\n", "interfaces", "workers", "us/interface", "ratio", "ns/varbind",
			"kernel", "found in", "slowest", "octets", "late"
	}
	{
		polls = ($4 - $3) * ports; each = ($8 - $7) / polls / 1000; varbind = ($8 - $7) / ($6 - $5); kind = $16
		octets = ($13 - $12) * 1024 / $1
		if (first == 0)
			first = each
		printf "%10d %7d %12.2f %6.2f %10.0f %5.0f%% %7d s %7.2f s %8.0f %5d%s\n", $1, $2, each, each / first, varbind, $9 * 100,
			$10, $15, octets, $11, kind == "held" ? "  with ten rows held of each" : ""
		cost[kind] = varbind; held[kind] = octets; us[kind] = each; found[kind] = $10; size[kind] = $1; late += $11
	}
	END {
		verdict("cost of one interface, the largest against the smallest", us["size"] / first, 1.2, 1)
		verdict("octets an interface, the largest", held["size"], 2048, 1)
		verdict("octets an interface, with ten rows held for its history", held["held"], 2048, 1)
		if (size["size"] >= 1000000)
			verdict("seconds until all interfaces of the largest are found", found["size"], 120, 1)
		if (cost["one"] && cost["two"])
			verdict("two workers read, of what one reads in the same CPU time", 2 * cost["one"] / cost["two"], 1.8, 0)
		verdict("polls that were not over when the next was due", late, 0, 1)
	}' rows
echo "us of CPU of the workers for one interface and cycle (13 objects); octets: resident memory beyond that of the start"
test_ended=yes
