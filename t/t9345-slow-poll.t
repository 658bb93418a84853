#!/bin/sh
# t/t9345-slow-poll.t: devices that cannot be read whole within an interval: what is watched is asked first in every poll, so that it
# is never unknown; it is said, once, and what is late is counted by intervals; and one that takes long to be walked is not silent.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq

test_begin 'polls longer than the interval'
sim_start --device '127.16.1.1+2 kind=switch ports=300 psu=2 fan=2 sensors=0 uptime=100000 name=sw#'
POLL_INTERVAL=2s
poll_conf a.conf 'rrd { write = false }' \
	"device \"far\" { address = \"127.16.1.1:$SIM_PORT\"  window = 1  timeout = 1s  ping = false }" \
	"device \"slow\" { address = \"127.16.1.2:$SIM_PORT\"  request-rate = 2  timeout = 2s  ping = false }"
forewarn_start "$POLL_CONF"

test_run 'one that is walked for many intervals is known to answer meanwhile' '
	wait_for 12 "is slow state up && is slow snmp answers" && test "$(cycles slow)" = 0 && test "$(value slow busy)" = null &&
	says debug device slow | grep -v "has never answered" | grep "last answer"'
test_run '... and counted as such' 'says status --json | jq -e ".head.answering == 2 and .head.silent == 0"'
began=$(date +%s)
test_run '... late each interval once' '
	wait_for 20 "test \"\$(debug_of slow late)\" -ge 3" && late=$(debug_of slow late) && past=$(($(date +%s) - began + 14)) &&
	echo "$late in $past s" && test "$late" -le $((past / 2 + 1))'
test_run 'a far one is read whole in one poll' 'wait_for 40 "test \"\$(debug_of far components)\" = 305" && wait_cycles far 2 20'
sim_ctl 127.16.1.1 delay 120 >/dev/null
test_run 'its polls now take longer: each reads some of its ports' '
	wait_cycles far 8 40 && says show --json interface far | jq -e "[.items[] | select(.missing.ifHCInOctets)] | length > 50"'
test_run '... with that reason' 'says show --json interface far | jq -e "[.items[].missing.ifHCInOctets // empty] | unique == [\"its poll took longer than the interval\"]"'
test_run '... what is watched is read in every poll, and never unknown' '
	says show --json power-supply far | jq -e "(.items | length) == 2 and all(.items[]; .state == \"up\")" &&
	test "$(says events --json -n 1000 | jq "[.items[] | select((.name // .component // \"\") | startswith(\"far/\")) | select(.now == \"unknown\")] | length")" = 0'
test_run '... all ports get their turn' '
	says show --json interface far | jq -r ".items[] | .component + \" \" + .polled" | sort >before && wait_cycles far 8 40 &&
	says show --json interface far | jq -r ".items[] | .component + \" \" + .polled" | sort >after &&
	comm -12 before after && test "$(comm -12 before after | wc -l)" = 0'
test_run 'it is said, once' 'grep -c "device .far.: a poll takes longer than the interval" forewarn.log; test "$(grep -c "device .far.: a poll takes longer" forewarn.log)" = 1'
sim_ctl 127.16.1.1 heal >/dev/null
test_run 'when it answers as before, nothing is missing' '
	wait_for 30 "test \"\$(says show --json interface far | jq \"[.items[] | select(.missing.ifHCInOctets)] | length\")\" = 0"'
sim_ctl 127.16.1.1 delay 9000 >/dev/null
test_run 'one whose answers all come too late is said to be slow, not to be at a wrong address' '
	wait_for 40 "test \"\$(debug_of far answers_too_late)\" -gt 0 2>/dev/null" && is far snmp silent &&
	says debug device far | tr -s "\n " " " | grep "[0-9] datagrams came from it since, none in time: is it slow, and its timeout too short?"'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
