#!/bin/sh
# t/t9340-cut-off.t: a router falls silent, and all devices behind it: it is blamed, they are unknown and are not asked; when it
# answers again so do they, at once, and none is down for a moment. When all fall silent, the poller is blind and says that.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq

children=150
test_begin "$children devices behind a router"
sim_start --device '127.17.0.1+4 kind=router ports=2 psu=0 fan=0 sensors=0 uptime=100000 name=core#' \
	--device "127.18.0.1+$children kind=switch ports=2 psu=0 fan=0 sensors=0 uptime=100000 name=leaf#"
{
	echo 'name,address,port,credentials,parents,needs'
	echo "far,127.17.0.1,$SIM_PORT,public,,"
	for i in 2 3 4
	do
		echo "near$i,127.17.0.$i,$SIM_PORT,public,,"
	done
	awk -v n=$children -v port="$SIM_PORT" 'BEGIN { for (i = 1; i <= n; i++) printf "leaf%d,127.18.0.%d,%d,public,far,\n", i, i, port }'
} >fleet.csv
POLL_INTERVAL=2s
poll_conf a.conf 'devices = "fleet.csv"' 'rrd { write = false }'
sed -i 's/retries = 1/retries = 1  ping = false/' a.conf
chmod 640 a.conf
forewarn_start "$POLL_CONF"
all() {
	says debug --json 2>/dev/null | jq "[.items[] | select(.worker != null) | .$1] | add"
}
states() {	# states WORD: how many devices are so
	says show --json device | jq --arg s "$1" '[.items[] | select(.state == $s)] | length'
}
test_run 'all are up' "wait_for 30 'test \"\$(states up)\" = $((children + 4))' || { states up; false; }"
{ echo 127.17.0.1 silent; echo "127.18.0.1+$children silent"; } | sim_ctl - >/dev/null
test_run 'the router is down, those behind it unknown' "
	wait_for 25 'test \"\$(value far state)/\$(states unknown)\" = down/$children' || { states unknown; states down; false; }"
test_run '... with the cause named' 'value leaf7 reason | grep far && is near2 state up'
test_run '... and they are not asked' "wait_for 15 'test \"\$(all paused)\" = $children' || { all paused; false; }"
test_run '... which is said' 'says debug device leaf7 | grep "not asked while its parents are cut off"'
sent=$(all snmp_sent)
polls=$(all polls)
test_run 'no storm: only those that are left are asked' '
	wait_for 15 "test \$((\$(all polls) - polls)) -ge 12" && more=$(($(all snmp_sent) - sent)) && echo "$more requests" && test "$more" -lt 120'
sim_ctl all heal >/dev/null
test_run 'the router answers: so do all behind it, within seconds' "
	wait_for 12 'test \"\$(states up)\" = $((children + 4))' || { states up; says status; false; }"
test_run '... none is paused any more' 'wait_for 5 "test \"\$(all paused)\" = 0"'
test_run 'none of them was ever down' 'says events --json -n 5000 | jq -e "[.items[] | select((.name // .component // \"\") | startswith(\"leaf\")) | select(.now == \"down\")] | .[:3], length" | tee got; test "$(tail -n 1 got)" = 0'
sim_ctl all silent >/dev/null
test_run 'all fall silent: we are blind, nobody is to blame' "
	wait_for 25 'test \"\$(states unknown)\" = $((children + 4))' && value near2 reason | grep 'all devices are silent' && value leaf3 reason | grep 'all devices are silent'"
sim_ctl all heal >/dev/null
test_run 'and see again' "wait_for 25 'test \"\$(states up)\" = $((children + 4))' || { states up; states unknown; says status; false; }"
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
