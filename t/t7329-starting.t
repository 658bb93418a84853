#!/bin/sh
# t/t7329-starting.t: a daemon that has just started says that what is wrong is not judged yet, not that nothing is wrong.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq
test_begin 'just started'

sim_start --device '127.16.5.1 kind=switch ports=2 psu=2 fan=0 sensors=0 name=core1' --device '127.16.5.2 kind=server ports=1 psu=0 name=app1'
sim_ctl 127.16.5.1 psu 2 failed >/dev/null
sim_ctl 127.16.5.2 silent >/dev/null
POLL_INTERVAL=12s
poll_conf a.conf 'service "lan" { needs = {"core1"} }' "device \"core1\" { address = \"127.16.5.1:$SIM_PORT\" }" \
	"device \"app1\" { address = \"127.16.5.2:$SIM_PORT\"  timeout = 5s  ping = false }"
forewarn_start "$POLL_CONF"
test_run 'one is at risk, another has not been heard of: no word that nothing is wrong' '
	wait_for 20 "says status >got; grep -q \"^lan  *ok  *AT RISK\" got" && cat got &&
	grep -q "^just started: what is wrong is judged anew when all have been heard of (1 not yet), in [0-9]* s at most$" got &&
	! grep -q "nothing is" got &&
	says status --json | jq -e ".head.starting.unheard == 1 and (.head.starting.judged_in_s | . > 0 and . <= 18) and .wrong == []" >/dev/null'
test_run '... nor that who has not been heard of answers' '
	says status --json | jq -e ".head.starting.unheard == 1 and .head.devices == 2 and .head.answering == 1 and .head.silent == 0" &&
	grep ": 1 answers, 1 unknown" got'
test_run 'then the cause is there, and the word gone' '
	wait_for 30 "says status >got; grep -q \"^core1 Power Supply 2 \" got" && ! grep -q "just started" got &&
	says status --json | jq -e ".head.starting == null" >/dev/null'
test_end
