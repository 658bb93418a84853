#!/bin/sh
# t/t7322-capacity.t: what links carry is read of them: a link that falls back to 100 Mbit/s leaves too little, at once.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq
test_begin 'capacity as read'

sim_start --device '127.16.0.1 kind=switch ports=4 psu=0 fan=0 sensors=0 name=core1'
POLL_INTERVAL=2s
poll_conf a.conf "device \"core1\" { address = \"127.16.0.1:$SIM_PORT\" }" \
	'calendar "backup" { on = {"every day"} }' \
	'group "uplinks" { need = 1  need-capacity = 1500  members = {"core1/interface/Gi0/[1-3]"} }' \
	'group "declared" { need = 1  need-capacity = 600  capacity = 300  members = {"core1/interface/Gi0/[1-3]"} }' \
	'service "wan" { needs = {"uplinks"} }' 'service "told" { needs = {"declared"} }'
now='(.capacity[] | select(.when == null))'
risk_is() {
	says risk "$1" --json >risk.json && jq -e ".items[0] | $2" risk.json >/dev/null || { jq -c '.items[0] | [.quality, .capacity]' risk.json; return 1; }
}
page() {
	says risk "$1" | sed "s/^  *//" | tr "\n" " " | tr -s ' ' >page && cat page
}

test_run 'the configuration needs no capacity of an interface' 'says check'
test_run 'of what was never read nothing is guessed: it is said' '
	risk_is wan "$now | .capacity_there == 0 and .capacity_unread == 0 and .capacity_unit == \"Mbit/s\" and .unknown == 3" && page wan &&
	grep -q "3 unknown" page'
forewarn_start "$POLL_CONF"
test_run 'three links of 1000 Mbit/s: two may be lost' '
	wait_for 20 "risk_is wan \".quality == \\\"up\\\" and $now.capacity_there == 3000\"" &&
	risk_is wan "$now.capacity_unread == 0" && says whatif --down core1/interface/Gi0/1 >got && ! grep "wan .*DEGRADED" got && page wan &&
	grep -q "uplinks: 1 (capacity 1500 Mbit/s) needed now, 3 there (capacity 3000 Mbit/s)" page'
test_run 'what is declared is not read' 'risk_is told "$now.capacity_there == 900 and $now.capacity_unit == null"'
test_run 'one falls back to 100 Mbit/s: one more loss is too much' '
	sim_ctl 127.16.0.1 port 3 speed 100 && wait_for 20 "risk_is wan \"$now.capacity_there == 2100\"" &&
	risk_is wan ".quality == \"up\"" && says whatif --down core1/interface/Gi0/1 >got; cat got; grep "^wan .*DEGRADED" got && risk_is told "$now.capacity_there == 900"'
test_run 'a second: all are up, and the group is too small' '
	sim_ctl 127.16.0.1 port 2 speed 100 && wait_for 20 "risk_is wan \".quality == \\\"degraded\\\" and $now.capacity_there == 1200 and $now.there == 3\"" &&
	is core1/interface/Gi0/2 state degraded && is core1/interface/Gi0/2 reason "100 Mbit/s, was 1000" && risk_is told ".quality == \"up\""'
test_run 'that is heard, with the links named' '
	wait_for 5 "says status --json | jq -e \"[.wrong[] | select(.component == \\\"core1/interface/Gi0/2\\\")] | length == 1\"" && says status >got; cat got;
	grep -q "Gi0/2.*100 Mbit/s, was 1000" got && says risk wan | grep -q "Gi0/2"'
test_run 'if it is meant to be so: forget it, and that is what is expected' '
	says forget core1/interface/Gi0/3 && wait_for 20 "is core1/interface/Gi0/3 state up && risk_is wan \"$now.there == 3 and $now.capacity_there == 1200\""'
test_run 'a link that goes down and comes back carries what it did' '
	sim_ctl 127.16.0.1 port 2 speed 0 && wait_for 20 "risk_is wan \".quality == \\\"up\\\"\"" && sim_ctl 127.16.0.1 port 1 down &&
	wait_for 20 "risk_is wan \".quality == \\\"degraded\\\" and $now.capacity_there == 1100\"" && sim_ctl 127.16.0.1 port 1 up &&
	wait_for 20 "risk_is wan \".quality == \\\"up\\\" and $now.capacity_there == 2100\""'
test_run 'an agent without ifHighSpeed: ifSpeed says it' '
	sim_ctl 127.16.0.1 port 3 speed 0 && sim_ctl 127.16.0.1 no-such-instance 1.3.6.1.2.1.31.1.1.1.15.3 &&
	wait_for 20 "risk_is wan \"$now.capacity_there == 3000\"" && sim_ctl 127.16.0.1 port 3 speed 10 &&
	wait_for 20 "risk_is wan \"$now.capacity_there == 2010\"" && sim_ctl 127.16.0.1 port 3 speed 1000 &&
	wait_for 20 "risk_is wan \"$now.capacity_there == 3000\""'
test_run 'a reload keeps what was read' '
	{ cat a.conf; echo "component \"beside\" { }"; } >b.conf && cp b.conf a.conf && kill -HUP $FOREWARN_PID && wait_for 10 "grep \"configuration read again\" $FOREWARN_LOG" &&
	risk_is wan "$now.capacity_there == 3000 and $now.capacity_unread == 0 and .quality == \"up\""'
test_run 'without a daemon it is what was read last' '
	sim_ctl 127.16.0.1 port 2 speed 100 && sim_ctl 127.16.0.1 port 3 speed 100 &&
	wait_for 20 "risk_is wan \"$now.capacity_there == 1200\"" && forewarn_stop && risk_is wan ".quality == \"degraded\" and $now.capacity_there == 1200"'
forewarn_start "$POLL_CONF"
test_run 'the next daemon knows it from its first second' '
	wait_for 20 "risk_is wan \"$now.there == 3\"" && risk_is wan ".quality == \"degraded\" and $now.capacity_there == 1200"'
sim_ctl 127.16.0.1 port 1 speed 0 >/dev/null
test_run 'a link that tells no speed at all: that is said, and what is too small is only told when it is sure' '
	sim_ctl 127.16.0.1 no-such-instance 1.3.6.1.2.1.31.1.1.1.15.4 && sim_ctl 127.16.0.1 no-such-instance 1.3.6.1.2.1.2.2.1.5.4 &&
	{ cat a.conf; echo "group \"rest\" { need = 1  need-capacity = 1500  members = {\"core1/interface/Gi0/[3-4]\"} }";
	echo "service \"edge\" { needs = {\"rest\"} }"; } >b.conf && rm -rf state2 && mkdir state2 && forewarn_stop &&
	sed -i "s|^state = .*|state = \"$SCRATCH/state2\"|" b.conf && POLL_CONF=$SCRATCH/b.conf FOREWARN_STATE=$SCRATCH/state2 &&
	forewarn_start b.conf && wait_for 20 "risk_is edge \"$now.there == 2 and $now.capacity_unread == 1\"" &&
	risk_is edge ".quality == \"up\" and $now.capacity_there == 100" && page edge &&
	grep -q "2 there (capacity 100 Mbit/s, and that of 1 whose speed is not read)" page &&
	sim_ctl 127.16.0.1 port 4 down && wait_for 20 "risk_is edge \".quality == \\\"degraded\\\"\""'
test_end
