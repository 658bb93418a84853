#!/bin/sh
# t/t7220-rates.t: chances in words, where they come from, and what members share.

. ./lib-test.sh
test_needs jq
test_begin 'how likely an outage is, and what members share'

mkdir state
cat >model.conf <<-END
	state = "$SCRATCH/state"
	component "feed A" { unavailability = 0.0001  mtbf = 1y  carries = {"app[1-2]"} }
	component "app1" { mtbf = 120d  mttr = 4h }
	component "app2" { mtbf = 120d  mttr = 4h }
	component "app3" { mtbf = 120d  mttr = 4h }
	component "lone" { unavailability = 0.6 }
	component "bare" { }
	group "app servers" { need = 2  full = 3  members = {"app[1-3]"} }
	group "any" { need = 1  members = {"app1", "app3"} }
	service "order management" { needs = {"app servers"} }
	service "any of them" { needs = {"any"} }
	service "mail" { needs = {"lone"} }
	service "dark" { needs = {"bare"} }
END
FOREWARN_CONFIG=$SCRATCH/model.conf
export FOREWARN_CONFIG

test_run 'the chance within the horizon, then and usually, and how many rates are known' '
	forewarn risk "order management" >got &&
	grep -q "^Chance  *outage within 24 h: about 1 in 3[0-9]*; rates: 4 given$" got &&
	forewarn set app3 down &&
	forewarn risk "order management" >got &&
	grep -q "^Chance  *outage within 24 h: about 1 in 5[0-9] (usually 1 in 3[0-9]*); rates: 4 given$" got &&
	forewarn set app3 up
'
test_run 'a chance at a random moment where there is no horizon, and none where a rate is missing' '
	forewarn risk mail | grep -q "^Chance  *to be down at a random moment: about 6 in 10; rates: 1 given$" &&
	! forewarn risk dark | grep -q Chance &&
	forewarn risk -v dark | grep -q "^Chance  *cannot be told: how often 1 of 1 components fail is not known" &&
	forewarn risk dark --json | jq -e ".items[0] | .p == null and .p_horizon == null and .rates_missing == 1"
'
test_run 'behind -v: what fails how often' '
	forewarn risk -v "order management" >got &&
	grep -q "^Fails  *app1: every 120 d, back in 4 h, given$" got &&
	grep -q "feed A: every 365 d, back in 52 min, given$" got
'
test_run 'what members share is named, by risk and by check' '
	forewarn risk "order management" >got &&
	grep -q "^Shared fate  *app servers: feed A alone takes app1 and app2 (declared to survive 1)$" got &&
	! forewarn risk "any of them" | grep -q "Shared fate" &&
	forewarn check >got && test $(grep -c "^note: shared fate" got) -eq 1 &&
	grep -q "^note: shared fate: app servers: feed A alone takes app1 and app2 (declared to survive 1)$" got &&
	forewarn risk "order management" --json | jq -e ".items[0].shared_fate == [{group: \"app servers\", declared: 2, actual: 1, count: 1,
		sets: [[\"feed A\"]], takes: [[\"app1\", \"app2\"]], members: [\"app1\", \"app2\"]}] and .items[0].shared_fate_seen == []"
'
test_run 'rates of a class, and the horizon, are configured' '
	{ cat model.conf && echo "rates \"component\" { mtbf = 100d  mttr = 1d }" && echo "risk { horizon = 7d }"; } >more.conf &&
	forewarn check -c more.conf -p | grep -q "^rates \"component\" {$" &&
	forewarn risk dark -c more.conf | grep -q "^Chance  *outage within 7 d: about 1 in 15; rates: 1 assumed$"
'
test_end
