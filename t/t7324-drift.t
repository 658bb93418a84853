#!/bin/sh
# t/t7324-drift.t: what a device was built with is the yardstick: a supply that had failed before anybody looked is a risk from
# the first second, and one that is pulled out stays missed, also by the next process.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq
test_begin 'redundancy drift'

sim_start --device '127.16.0.1+2 kind=switch ports=2 psu=2 fan=0 sensors=0 name=core#'
sim_ctl 127.16.0.1 psu 2 failed >/dev/null
POLL_INTERVAL=2s
poll_conf a.conf "device \"core1\" { address = \"127.16.0.1:$SIM_PORT\" }" \
	"device \"core2\" { address = \"127.16.0.2:$SIM_PORT\" }" 'service "lan" { needs = {"core1"} }' 'service "wan" { needs = {"core2"} }'
risk_is() {
	says risk "$1" --json >risk.json && jq -e ".items[0] | $2" risk.json >/dev/null || { jq -c '.items[0] | del(.importance)' risk.json; return 1; }
}
supply() {
	says show --json power-supply $1 | jq -r '.items[].component' | sed -n "${2}p"
}
forewarn_start "$POLL_CONF"
test_run 'polled for the first time with one of two supplies failed: at risk at once' '
	wait_for 20 "risk_is lan \".at_risk and .quality == \\\"up\\\"\"" && second=$(supply core1 2) && first=$(supply core1 1) &&
	risk_is lan "(.single_points | index(\"$first\")) != null and .design_distance == 1 and .distance == 1"'
wrong_is() {
	says status --json | jq -e --arg c "$1" "[.wrong[] | select(.component == \$c)] | length == 1 and .[0].touches[0].service == \"$2\"" >/dev/null
}
test_run 'and the cause is named once all have been heard of' '
	second=$(supply core1 2) && wait_for 10 "wrong_is \"$second\" lan"'
test_run 'the other switch is as it was built: no single supply ends it' '
	wait_for 20 "risk_is wan \".quality == \\\"up\\\" and (.at_risk | not)\"" && risk_is wan ".single_points == [\"core2\"]"'
test_run 'a supply that is pulled out is gone, and missed' '
	second=$(supply core2 2) && first=$(supply core2 1) && index=$(snmpwalk -v2c -c public -On -Oq 127.16.0.2:$SIM_PORT 1.3.6.1.4.1.9.9.117.1.1.2.1.2 | sed -n "2s/.*117\.1\.1\.2\.1\.2\.\([0-9]*\) .*/\1/p") &&
	for column in 1.3.6.1.4.1.9.9.117.1.1.2.1.1 1.3.6.1.4.1.9.9.117.1.1.2.1.2; do sim_ctl 127.16.0.2 hide $column.$index || return 1; done &&
	wait_for 30 "risk_is wan .at_risk >/dev/null" && risk_is wan "(.single_points | index(\"$first\")) != null" &&
	is "$second" state down && value "$second" reason | grep gone'
test_run 'the next process misses it from its first second' '
	forewarn_stop && risk_is wan ".at_risk" && forewarn_start "$POLL_CONF" && wait_for 20 "risk_is wan \".quality == \\\"up\\\"\"" && risk_is wan ".at_risk" && wait_for 20 "risk_is lan .at_risk"'
test_run 'what is forgotten is no longer expected' '
	wait_for 10 "is \"$(supply core2 2)\" state down" && says forget "$(supply core2 2)" && risk_is wan "(.at_risk | not) and .quality == \"up\""'
test_end
