#!/bin/sh
# t/t9347-lost-answers.t: a path that begins to lose long answers (fragments): the device is not taken for silent, less is asked at
# once, all is read again, and it is said.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq

test_begin 'long answers are lost from now on'
sim_start --device '127.16.0.1+2 kind=switch ports=24 uptime=100000 name=sw#'
POLL_INTERVAL=2s
poll_conf a.conf 'rrd { write = false }' \
	"device \"wide\" { address = \"127.16.0.1:$SIM_PORT\"  ping = false }" \
	"device \"narrow\" { address = \"127.16.0.2:$SIM_PORT\"  ping = false  window = 1 }"
forewarn_start "$POLL_CONF"
odd_of() { says debug --json device "$1" | jq -r '.items[0].oddities | map(.odd) | join(" ")'; }
polled() { says show --json interface "$1" | jq -r ".items[] | .component + .polled + (.missing.ifHCInOctets // \"\")" | sort; }
test_run 'both are read whole' 'for d in wide narrow; do wait_for 20 "is $d/interface/Gi0/24 state up" && wait_cycles $d 2 10 || return 1; done'
sim_ctl 127.16.0.1+2 lost-above 700 >/dev/null
test_run 'it is said, and less is asked' '
	for d in wide narrow; do wait_for 40 "odd_of $d | grep -qw large" && wait_for 20 "test \"\$(debug_of $d objects_per_get)\" -lt 40" || return 1; done &&
	says debug device wide | tr -s "\n " " " | grep "its long answers are lost on the way"'
test_run 'all is read again' '
	for d in wide narrow; do
		wait_for 40 "polled $d >before; wait_cycles $d 2 10; polled $d >after; test -s after && ! grep -q \"no answer\\|longer\" after && test -z \"\$(comm -12 before after)\"" || { cat after; return 1; }
	done'
test_run 'none of them was down for it, or silent' '
	says events --json -n 1000 | jq -c ".items[]"
	says events --json -n 1000 | jq -e "[.items[] | select(.now == \"down\" or .now == \"silent\")] == []"'
sim_ctl 127.16.0.1 silent >/dev/null
test_run 'one that is silent is still said to be, in its time-outs' 'wait_for 8 "is wide state down"'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
