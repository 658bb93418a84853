#!/bin/sh
# t/t7197-stopped.t: a poller that stood still for many intervals (a paused machine) goes on where it was: it says so, and takes
# nobody for silent or unknown.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq

test_begin 'stopped, and on again'
sim_start --device '127.16.0.1+3 kind=switch ports=2 name=sw#'
POLL_INTERVAL=1s
poll_conf a.conf 'rrd { write = false }' 'service "lan" { needs = {"sw1"} }' \
	"device \"sw1\" { address = \"127.16.0.1:$SIM_PORT\"  ping = false }" \
	"device \"sw2\" { address = \"127.16.0.2:$SIM_PORT\"  ping = false }" \
	"device \"sw3\" { address = \"127.16.0.3:$SIM_PORT\"  ping = false }"
forewarn_start "$POLL_CONF"
up() { says show --json device | jq -e '(.items | length) == 3 and all(.items[]; .state == "up")' >/dev/null; }
test_run 'all are up' 'wait_for 15 up && wait_cycles sw1 2 10'
before=$(says events --json -n 1000 | jq '.items | length')
test_run 'it stands still for five intervals' '
	kill -STOP $FOREWARN_PID && from=$(date +%s) && wait_for 20 "test \$(date +%s) -ge $((from + 6))" && kill -CONT $FOREWARN_PID'
test_run '... says so, and polls again' 'wait_for 10 "grep -q \"stood still for [5-9] s\" forewarn.log" && wait_cycles sw1 2 10 && up'
test_run 'nothing else happened' '
	says events --json -n 1000 | jq -c ".items[]"; ! grep "does not report" forewarn.log &&
	test "$(says events --json -n 1000 | jq ".items | length")" = "$before" && says status --json | jq -e ".wrong == []"'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
