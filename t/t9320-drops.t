#!/bin/sh
# t/t9320-drops.t: the kernel has no room for answers: it is seen, counted, said once, and fewer are asked for at once, until all
# of them come in.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq

test_begin 'answers that the kernel drops'
devices=150
sim_start --device "127.16.0.1+$devices kind=switch ports=24 psu=0 fan=0 sensors=0 uptime=100000 name=sw#"
awk -v n=$devices -v port="$SIM_PORT" 'BEGIN {
	print "name,address,port,credentials,parents,needs"
	for (i = 1; i <= n; i++) printf "sw%d,127.16.0.%d,%d,public,,\n", i, i, port
}' >fleet.csv
POLL_INTERVAL=1s
poll_conf a.conf 'devices = "fleet.csv"' 'rrd { write = false }'
sed -i 's/status-interval = 1s  threads = 2/status-interval = 1s  threads = 1  receive-buffer = 16KiB/; s/timeout = [0-9]*ms  retries = 1/timeout = 500ms  retries = 3  ping = false/' a.conf
chmod 640 a.conf
forewarn_start "$POLL_CONF"
all() {
	says debug --json 2>/dev/null | jq "[.items[] | select(.worker != null) | .$1] | add"
}

test_run 'answers are dropped, and that is counted' 'wait_for 20 "test \$(all kernel_dropped) -gt 0" || { says debug; false; }'
test_run '... fewer are asked for at once' 'wait_for 10 "test \$(all pace_cuts) -gt 0 && test \$(all pace_rate) -gt 0"'
test_run '... it is an event, one' 'wait_for 10 "test \"\$(events drops)\" = 1" && says events --json | jq -e ".items[] | select(.what == \"drops\") | .reason | test(\"no room for [0-9]+ answers\")"'
test_run '... and a line in the log that says what to do' 'grep "rmem_max" "$FOREWARN_LOG"'
test_run 'the buffer is as small as was asked for' 'test "$(all receive_buffer)" -le 32768'
test_run 'all are read whole nevertheless' 'wait_for 30 "test \"\$(all components)\" = $((devices * 25))"  || { all components; false; }'
test_run '... and go on being' 'before=$(all polls); wait_for 20 "test \$((\$(all polls) - before)) -gt $((devices * 3))" && test "$(all silent)" = 0'
test_run 'one event still' 'says events | grep drops; test "$(events drops)" = 1'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
