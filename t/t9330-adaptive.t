#!/bin/sh
# t/t9330-adaptive.t: adaptive = true: what stands still is asked every third interval, and is flat, not missing; what moves is
# asked each interval again, and its rate is exact over the time in which it was not asked.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'less work where nothing moves'
sim_start --device '127.16.0.1 kind=switch ports=12 psu=0 fan=0 sensors=0 uptime=100000 name=sw1' \
	--device '127.16.0.2 kind=switch ports=12 psu=0 fan=0 sensors=0 uptime=100000 name=sw2'
POLL_INTERVAL=1s
poll_conf a.conf "device \"sw1\" { address = \"127.16.0.1:$SIM_PORT\"  adaptive = true  ping = false }" \
	"device \"sw2\" { address = \"127.16.0.2:$SIM_PORT\"  ping = false }"
for d in 1 2
do
	for p in 1 2 3 4 5 6 7 8 9 10
	do
		echo "127.16.0.$d port $p down"
	done
	echo "127.16.0.$d port 11 rate in 0"
	echo "127.16.0.$d port 11 rate out 0"
done | sim_ctl - >/dev/null
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd/sw1/interface

flat() { debug_of sw1 flat; }
test_run 'ports that are down, and one that does not move, become flat' 'wait_for 25 "test \"\$(flat)\" = 11" || { says debug device sw1; false; }'
test_run '... only where that is wanted' 'test "$(debug_of sw2 flat)" = 0'
test_run '... and it is said' '
	says show interface sw1 | grep "11 asked every third interval: flat" && says debug device sw1 | grep "11 asked every third interval: flat"'
test_run 'nothing is missing for it' 'wait_cycles sw1 3 10 && is sw1/interface/Gi0/11 missing null && is sw1/interface/Gi0/11 state up && is sw1/interface/Gi0/3 state down'
test_run 'history says 0, without a gap' '
	wait_cycles sw1 6 15 && written sw1/interface/Gi0/11 && rates $rrd/Gi0%2F11.rrd in_octets >r; cat r
	awk "\$2 !~ /nan/ { known++; gap = 0 } \$2 ~ /nan/ && known { gap++; if (gap > 4) bad = 1 } \$2 !~ /nan/ && \$2 + 0 > 0 { moved = 1 } END { exit !(known >= 6 && !bad) }" r'
test_run 'a port comes up: seen in the next interval' '
	sim_ctl 127.16.0.1 port 5 up >/dev/null && wait_for 4 "test \"\$(value sw1/interface/Gi0/5 state)\" = up"'
test_run '... and is asked in each again, with its counters' 'wait_for 8 "test \"\$(flat)\" = 10"'
test_run 'what moved while it was not asked is counted to the last octet' '
	sim_ctl 127.16.0.1 port 11 rate in 600000 >/dev/null && wait_for 8 "test \"\$(flat)\" -le 9" && wait_cycles sw1 5 12 &&
	written sw1/interface/Gi0/11 && rates $rrd/Gi0%2F11.rrd in_octets >r; cat r
	awk "\$2 ~ /nan/ { next } \$2 + 0 > 630000 { bad = 1 } \$2 + 0 > 570000 { full++ } END { exit !(full >= 3 && !bad) }" r'
test_run 'no longer wanted, after a restart: what was flat is not' '
	test "$(flat)" -gt 5 && forewarn_stop && test "$FOREWARN_STATUS" = 0 &&
	poll_conf a.conf "device \"sw1\" { address = \"127.16.0.1:$SIM_PORT\"  ping = false }" && forewarn_start "$POLL_CONF" &&
	wait_cycles sw1 2 20 && test "$(flat)" = 0 &&
	test "$(says show --json interface sw1 | jq "[.items[] | select(.flat)] | length")" = 0'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
