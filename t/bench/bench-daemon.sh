#!/bin/sh
# t/bench/bench-daemon.sh: the whole worker in the steady state, as it runs: what an interface costs, from 1,000 of them to SIZES'
# last, and with two workers. CPU is that of the workers alone, the simulated network is another process; no history is
# written. SIZES="1000 10000 100000 1000000" for all of it: the last takes minutes, 3 GiB and both processors.
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

# run INTERFACES WORKERS: one line "interfaces workers ns-per-interface-and-cycle ns-per-varbind kernel-share discovery-s worst-s octets late"
run() {
	devices=$((($1 + ports - 1) / ports)) workers=$2
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
	rrd { write = false }
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
	wait_for 600 "test \"\$(number regular_polls)\" -ge $((devices * 2))" || return 1
	polls=$(number polls) varbinds=$(number varbinds) ns=$(cpu_ns) late=$(number late)
	sleep $((interval * 2 > 12 ? interval * 2 : 12))
	echo "$((devices * ports)) $workers $polls $(number polls) $varbinds $(number varbinds) $ns $(cpu_ns) $(cpu_kernel) $found" \
		"$(($(number late) - late)) $base $(anon_kb) $interval" "$(forewarn status -c forewarn.conf -s "$FOREWARN_STATE" --json | jq .head.cycle_s)" >>rows
	forewarn_stop
	kill "$SIM_PID"
	wait "$SIM_PID" 2>/dev/null
}

: >rows
for size in $sizes
do
	run "$size" 1
done
run 20000 1
run 20000 2
awk -v ports=$ports '
	NR == 1 {
		printf "%10s %7s %12s %6s %10s %6s %9s %9s %8s %5s\n", "interfaces", "workers", "us/interface", "ratio", "ns/varbind",
			"kernel", "found in", "slowest", "octets", "late"
	}
	{
		polls = ($4 - $3) * ports; each = ($8 - $7) / polls / 1000; varbind = ($8 - $7) / ($6 - $5)
		if (NR == 1)
			first = each
		printf "%10d %7d %12.2f %6.2f %10.0f %5.0f%% %7d s %7.2f s %8.0f %5d\n", $1, $2, each, each / first, varbind, $9 * 100, $10, $15,
			($13 - $12) * 1024 / $1, $11
		cost[NR] = varbind
	}
	END { printf "two workers read %.2f times what one reads, in the CPU time each of them has\n", 2 * cost[NR - 1] / cost[NR] }' rows
echo "us of CPU of the workers for one interface and cycle (13 objects); octets: resident memory beyond that of the start"
test_ended=yes
