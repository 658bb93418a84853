#!/bin/sh
# t/bench/bench-daemon.sh: the whole worker in the steady state, as it runs: CPU per varbind of its threads, beside the
# kernel's part of it, memory per interface, on a simulated network; no history is written.
cd "$(dirname "$0")/.." || exit 1
. ./lib-test.sh
test_begin "the daemon, as it runs" >/dev/null
exec 3>&2

devices=${DEVICES:-400}
ports=48
sim_start --device "127.16.0.1+$devices kind=switch ports=$ports name=sw#"
awk -v n=$devices -v port="$SIM_PORT" 'BEGIN {
	print "name,address,port,credentials,parents,needs"
	for (i = 1; i <= n; i++) printf "sw%d,127.16.%d.%d,%d,sim,,\n", i, int(i / 256), i % 256, port
}' >fleet.csv
cat >forewarn.conf <<EOF
user = "$(id -un)"
poll { interval = 4s  status-interval = 4s  threads = 1 }
defaults { credentials = "sim"  timeout = 1s  retries = 1  ping = false }
credentials "sim" { version = "2c"  community = "public" }
rrd { write = false }
devices = "fleet.csv"
EOF
chmod 640 forewarn.conf
forewarn_start forewarn.conf


# numbers NAME: summed over workers
number() {
	forewarn debug -c forewarn.conf -s "$FOREWARN_STATE" --json 2>/dev/null | jq "[.items[] | select(.worker != null) | .$1] | add"
}

# ticks THREAD: user and system CPU of the threads of that name, in clock ticks
ticks() {
	for task in /proc/"$FOREWARN_PID"/task/*
	do
		case $(cat "$task/comm") in
		"$1"*) sed 's/.*) //' "$task/stat" | cut -d' ' -f12,13 ;;
		esac
	done | awk '{ u += $1; s += $2 } END { print u + 0, s + 0 }'
}

wait_for 60 '! alive "$FOREWARN_PID" || test "$(number polls)" -ge $((devices * 2))' || exit 1
alive "$FOREWARN_PID" || test_fatal 'the daemon runs' "$FOREWARN_LOG"
before=$(number varbinds)
set -- $(ticks worker)
user=$1 system=$2
sleep 12
after=$(number varbinds)
set -- $(ticks worker)
hz=$(getconf CLK_TCK)
rss=$(awk '/^VmRSS/ { print $2 }' /proc/"$FOREWARN_PID"/status)
awk -v n=$((after - before)) -v u=$(($1 - user)) -v s=$(($2 - system)) -v hz="$hz" -v rss="$rss" -v i=$((devices * ports)) 'BEGIN {
	printf "daemon: %d varbinds in 12 s of %d interfaces: %.0f ns CPU of the worker each, %.0f of them in the kernel\n",
		n, i, (u + s) / hz / n * 1e9, s / hz / n * 1e9
	printf "daemon: %.0f octets of memory an interface, everything included (at most 2048 is the aim)\n", rss * 1024 / i
}'
test_ended=yes
