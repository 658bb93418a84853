#!/bin/sh
# t/t7328-mute.t: a device whose agent falls silent while it still answers ICMP is up, and nobody may think that all is well:
# an alert of its own, in status and in the ledger, though no service and no component stands on it.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq
ping -c 1 -W 1 127.16.6.1 >/dev/null 2>&1 || test_skip 'this machine does not answer ICMP on 127.16.6.1, or ping is not there'
test_begin 'agents that fall silent'

sim_start --device '127.16.6.1+2 kind=switch ports=2 psu=1 fan=0 sensors=0 name=sw#'
poll_conf a.conf "device \"sw1\" { address = \"127.16.6.1:$SIM_PORT\" }" "device \"sw2\" { address = \"127.16.6.2:$SIM_PORT\" }" \
	'service "lan" { needs = {"sw2"} }'
forewarn_start "$POLL_CONF"
test_run 'both answer' 'wait_for 20 "is sw1 snmp answers && is sw2 snmp answers" && wait_for 20 "says status | grep \"^nothing is wrong\""'
sim_ctl 127.16.6.1 silent >/dev/null
test_run 'its agent is silent: up, and an alert' '
	wait_for 20 "says status >got; grep \"^sw1: its SNMP agent does not answer\" got" && cat got && is sw1 state up &&
	head -n 1 got | grep "2 devices: 2 answer (1 without SNMP)" && ! grep "nothing is" got &&
	says status --json | jq -e ".head.without_snmp == 1 and (.wrong | length) == 1 and (.wrong[0] | .component == \"sw1\" and .severity == \"warning\" and .touches == [])"'
test_run 'it is an event too' 'wait_for 10 "says events sw1 >got; grep \"sw1  *answers -> silent: answers ICMP, no SNMP\" got"'
test_run 'the same without the daemon' '
	forewarn_stop && says status >got; cat got; grep "^sw1: its SNMP agent does not answer" got && head -n 1 got | grep "(1 without SNMP)"'
sim_ctl 127.16.6.1 heal >/dev/null
test_run 'it answers again: cleared' 'forewarn_start "$POLL_CONF" && wait_for 20 "is sw1 snmp answers && says status | grep \"^nothing is wrong\""'
test_end
