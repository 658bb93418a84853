#!/bin/sh
# t/t7000-story.t: the story that the program is for, step by step, asked as people ask and told as the NOC hears it.
#
# Three app servers of which two are needed; two switches of which one is needed, each with two power supplies; one of four
# beside one of two. Twice the distance does not move and the alert has to come all the same.

. ./lib-test.sh
test_needs jq snmptrapd

# service NAME FILTER: does jq's filter hold of the service's item of 'status --json'?
service() {
	forewarn status "$1" --json >status.json 2>status.err
	jq -e ".items[0] | $2" status.json >/dev/null 2>&1 || { jq -c '.items[0]' status.json; return 1; }
}

# told PATTERN...: is there a notification that matches all of them?
told() {
	grep '^TRAP' "$TRAPD_LOG" >told.all
	for pattern
	do
		grep -e "$pattern" told.all >told.next
		mv told.next told.all
	done
	test -s told.all
}

# told_value NAME: an object of the last notification that told() found.
told_value() {
	tail -n 1 told.all | tr '\t' '\n' | sed -n "s/^FOREWARN-MIB::$1\(\.0\)\{0,1\} = [A-Z0-9a-z]*: //p"
}

test_begin 'the story: risk rises while quality stays'

cat >net.dev <<-END
	127.21.1.1+2  kind=switch ports=2 psu=2 fan=0 sensors=0 name=sw#
	127.21.2.1+3  kind=server ports=1 psu=0 name=app#
	127.21.3.1+4  kind=server ports=1 psu=0 name=web#
END
sim_start net.dev
trapd_start
cat >story.conf <<-END
	state = "$SCRATCH/state"
	user  = "$(id -un)"
	poll     { interval = 1s  status-interval = 1s  threads = 1 }
	defaults { credentials = "c"  timeout = 200ms  retries = 1 }
	credentials "c" { version = "2c"  community = "public" }
	device "sw1"  { address = "127.21.1.1:$SIM_PORT"  ping = false }
	device "sw2"  { address = "127.21.1.2:$SIM_PORT"  ping = false }
	device "app1" { address = "127.21.2.1:$SIM_PORT"  ping = false  parents = {"sw1", "sw2"} }
	device "app2" { address = "127.21.2.2:$SIM_PORT"  ping = false  parents = {"sw1", "sw2"} }
	device "app3" { address = "127.21.2.3:$SIM_PORT"  ping = false  parents = {"sw1", "sw2"} }
	device "web1" { address = "127.21.3.1:$SIM_PORT"  ping = false }
	device "web2" { address = "127.21.3.2:$SIM_PORT"  ping = false }
	device "web3" { address = "127.21.3.3:$SIM_PORT"  ping = false }
	device "web4" { address = "127.21.3.4:$SIM_PORT"  ping = false }
	group "app servers" { need = 2  members = {"app[1-3]"} }
	group "switches"    { need = 1  members = {"sw[1-2]"} }
	group "web servers" { need = 1  members = {"web[1-4]"} }
	service "order management" { owner = "erp"  needs = {"app servers", "switches"} }
	service "intranet"         { needs = {"switches"} }
	service "shop"             { needs = {"web servers", "switches"} }
	notify "noc" { trap = "127.0.0.1:$TRAPD_PORT" }
END
FOREWARN_CONFIG=$SCRATCH/story.conf
export FOREWARN_CONFIG
FOREWARN_STATE=$SCRATCH/state
forewarn_start "$FOREWARN_CONFIG"

test_run 'all is well: exit status 0, nothing wrong, what each was built for' '
	wait_for 20 "test \"\$(forewarn show power-supply --json | jq \"[.items[] | select(.state == \\\"up\\\")] | length\")\" = 4" &&
	wait_for 15 "service \"order management\" \".quality == \\\"up\\\" and (.at_risk | not) and .can_lose == 1 and .built_for == 1\"" &&
	wait_for 10 "forewarn status >got && grep -q \"nothing is wrong\" got" &&
	service shop ".can_lose == 1 and .built_for == 1" &&
	grep -q "^3 services: 3 well$" got &&
	! grep -q "^TRAP.*raise" "$TRAPD_LOG"
'

test_run 'one of three app servers dies: quality stays, risk rises, exit status 1' '
	sim_ctl 127.21.2.2 silent &&
	wait_for 15 "service \"order management\" \".quality == \\\"up\\\" and .at_risk and .can_lose == 0 and .built_for == 1\"" &&
	{ forewarn status >got; test $? -eq 1; } &&
	grep -q "^app2 down: no SNMP .*order management: can lose no more" got &&
	grep -q "^order management  *ok  *AT RISK  *0  *!!  *1  *erp" got &&
	grep -q "next: forewarn risk \"order management\"" got
'
test_run 'the NOC is told while users see nothing: major, with its services and single points' '
	wait_for 10 "told app2 \"AlertTransition.0 = [^	]*raise\" \"order management: up, can lose 0\"" &&
	told_value forewarnAlertSeverity | grep -q major &&
	told_value forewarnAlertPoints | grep -q app1 &&
	told_value forewarnAlertPoints | grep -q app3 &&
	told_value forewarnAlertFirstDo | grep -q "repair app2"
'
test_run 'risk says what ends it now, what to repair and what to leave alone' '
	forewarn risk "order management" >got &&
	grep -q "^Works now. One more failure stops it (built to survive any one).$" got &&
	grep -q "^Not up  *app2 down: no SNMP" got &&
	grep -q "^What is left  *app servers 2 of 3, 2 needed" got &&
	grep -q "^Ends it now  *app1 · app3$" got &&
	grep -q "^Repair first  *app2: back to \"can lose 1\", no longer at risk$" got &&
	grep -q "^Until then  *leave app1 and app3 alone" got
'
test_run 'it heals: the alert clears, at the NOC too' '
	sim_ctl 127.21.2.2 heal &&
	wait_for 15 "service \"order management\" \"(.at_risk | not) and .can_lose == 1\"" &&
	wait_for 10 "told app2 \"AlertTransition.0 = [^	]*clear\""
'

test_run 'one of two power supplies in one of two switches: the distance stays 2, the alert comes all the same' '
	sim_ctl 127.21.1.1 psu 1 failed &&
	wait_for 15 "service intranet \".quality == \\\"up\\\" and .at_risk and .can_lose == 1 and .built_for == 1\"" &&
	forewarn risk intranet --json | jq -e ".items[0] | .distance == 2 and .design_distance == 2 and .at_risk" &&
	wait_for 10 "told \"sw1/power-supply/Power Supply 1\" \"AlertTransition.0 = [^	]*raise\" \"intranet: up, can lose 1\"" &&
	told_value forewarnAlertSeverity | grep -q minor
'
test_run '... in words: part of its redundancy is gone' '
	{ forewarn status >got; test $? -eq 1; } &&
	grep -q "^sw1 Power Supply 1 failed " got &&
	forewarn risk intranet >got &&
	grep -q "It survives any one further failure, though part of its redundancy is gone" got &&
	forewarn explain intranet | grep -q "^intranet  (service, needs all of)  up, at risk$" &&
	forewarn explain intranet --json | jq -e ".items[0] | .state == \"up\" and .at_risk" &&
	grep -q "^What is left  *sw1 power-supply 1 of 2, 1 needed · switches 2 of 2, 1 needed" got &&
	grep -q "^Repair first  *sw1 Power Supply 1: back to \"can lose 1\", no longer at risk" got
'
test_run '... and clears' '
	sim_ctl 127.21.1.1 psu 1 ok &&
	wait_for 15 "service intranet \".at_risk | not\"" &&
	wait_for 10 "told \"sw1/power-supply/Power Supply 1\" \"AlertTransition.0 = [^	]*clear\""
'

test_run 'one of four beside one of two: the distance stays 2, the alert comes all the same' '
	sim_ctl 127.21.3.1 silent &&
	wait_for 15 "service shop \".quality == \\\"up\\\" and .at_risk and .can_lose == 1 and .built_for == 1\"" &&
	forewarn risk shop --json | jq -e ".items[0] | .distance == 2 and .design_distance == 2 and
		([.left[] | select(.group == \"web servers\")][0] | .there == 3 and .members == 4)" &&
	wait_for 10 "told web1 \"AlertTransition.0 = [^	]*raise\" \"shop: up, can lose 1\"" &&
	told_value forewarnAlertSeverity | grep -q minor
'
test_run '... and clears' '
	sim_ctl 127.21.3.1 heal &&
	wait_for 15 "service shop \".at_risk | not\"" &&
	wait_for 10 "told web1 \"AlertTransition.0 = [^	]*clear\""
'

test_run 'the second failure is heard as well: quality falls, exit status 2, critical' '
	sim_ctl 127.21.2.2 silent &&
	wait_for 15 "service \"order management\" \".at_risk and .can_lose == 0\"" &&
	sim_ctl 127.21.2.3 silent &&
	wait_for 15 "service \"order management\" \".quality == \\\"down\\\" and .can_lose == -1\"" &&
	{ forewarn status >got; test $? -eq 2; } &&
	grep -q "^order management  *DOWN" got &&
	wait_for 10 "told app3 \"AlertTransition.0 = [^	]*raise\" \"order management: down\"" &&
	told_value forewarnAlertSeverity | grep -q critical &&
	wait_for 10 "told app2 \"AlertTransition.0 = [^	]*change\" \"order management: down\""
'
test_run 'risk of what is down: either repair is enough' '
	forewarn risk "order management" >got &&
	grep -q "^It does not work: users get nothing.$" got &&
	grep -q "^What is left  *app servers 1 of 3, 2 needed: too few" got &&
	grep -q "^Repair first  *app[23]: works as it should again, \"can lose 0\"" got &&
	grep -q "^Before .*warned of this outage [0-9.]* m*s ahead$" got &&
	grep -q "^  *then app[23]: back to \"can lose 1\", no longer at risk" got
'
test_run 'all heals: every alert that was raised is cleared, status 0' '
	sim_ctl 127.21.2.2 heal && sim_ctl 127.21.2.3 heal &&
	wait_for 20 "forewarn status >got && grep -q \"nothing is wrong\" got" &&
	wait_for 10 trapd_all_cleared || { grep "^TRAP" "$TRAPD_LOG"; false; }
'
test_run 'the ledger has it all, newest first' '
	forewarn events "order management" --since 10min --json >got.json &&
	jq -e "[.items[] | .now] | index(\"up\") < index(\"down\") and index(\"down\") < (. | rindex(\"up, at risk\"))" got.json &&
	jq -e ".items | all(.before != .now or (.reason | test(\", was [0-9]\")))" got.json &&
	forewarn events "order management" >got && cat got && grep -q "  order management  up -> up, at risk: can lose no more, was 1 (built for 1)$" got
'
test_end
