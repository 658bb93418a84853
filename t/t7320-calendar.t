#!/bin/sh
# t/t7320-calendar.t: two of three are enough today, and not at the end of the quarter: what has failed is held against that day.

. ./lib-test.sh
test_needs jq
test_begin 'calendar'

day=$(date -d '+40 days' +%Y-%m-%d)
people=$(LC_ALL=C date -d "$day" '+%-d %b')
far=$(date -d '+200 days' +%Y-%m-%d)

cat >model.conf <<-END
	state = "$SCRATCH/state"
	calendar "quarter end" { on = {"$day"}  time = {"09:00-18:00"} }
	calendar "far"         { on = {"$far"} }
	calendar "always"      { on = {"every day"} }
	component "rack 1" { carries = {"app1", "app2"} }
	component "app1" { capacity = 400 }
	component "app2" { capacity = 400 }
	component "app3" { capacity = 400 }
	component "app4" { capacity = 800 }
	component "db" { }
	group "app servers" {
		need = 1  need-capacity = 800  members = {"app[1-4]"}
		during "quarter end" { need = 3 }
		during "far" { need = 4 }
	}
	group "links" { need = 1  members = {"db", "app3"}  during "always" { need = 2 } }
	service "orders" { owner = "erp"  needs = {"app servers"} }
	service "archive" { needs = {"db"} }
	service "wide" { needs = {"links"} }
END
mkdir -p state
FOREWARN_CONFIG=$SCRATCH/model.conf
export FOREWARN_CONFIG

test_run 'all is well: what will be needed, and what of the design is survived now and not then' '
	forewarn risk orders >got && cat got &&
	sed "s/^  *//" got | tr "\n" " " | grep -q "Capacity  *app servers: 1 (capacity 800) needed now, 4 there (capacity 2000) · $people 09:00 needs 3 (capacity 800): enough, but the loss of rack 1 stops it then, and not now"
'
test_run 'that is reported, and is no risk' '
	forewarn status >got; test $? -eq 0 && ! grep -q "$people" got
'
test_run 'what if two fail: well today, and what it would be then' '
	forewarn whatif --down app1 --down app2 >got && cat got && grep -q "^$people 09:00: orders ok -> DOWN, for more is needed then$" got &&
	forewarn whatif --down app1 --down app2 --json | jq -e ".ahead | length == 1 and .[0].service == \"orders\" and .[0].before == \"up\" and .[0].after == \"down\"" &&
	forewarn whatif --down app1 --json | jq -e ".ahead == []"
'
test_run 'a calendar that holds today is what is needed today' '
	forewarn risk wide --json | jq -e ".items[0] | .design_distance == 1 and (.capacity[] | select(.when == null) | .need == 2 and .there == 2 and .calendar == [\"always\"])"
'
test_run 'with one failed it is enough for then, with two it is not: until when, and what to repair' '
	forewarn set app1 down && forewarn set app2 down && forewarn risk orders >got && cat got &&
	sed "s/^  *//" got | tr "\n" " " | grep -q "$people 09:00 needs 3 (capacity 800): down unless app1 is back"
'
test_run 'the screen of all services says so' '
	forewarn status >got; test $? -eq 1 && cat got && grep -q "^orders .*AT RISK" got && grep -q "$people 09:00: down unless app1 is back" got
'
test_run 'for programs: when, which calendar, which quality, what to repair' '
	forewarn risk orders --json >got && jq -e ".items[0].capacity | length == 2" got &&
	jq -e ".items[0].capacity[0] | .group == \"app servers\" and .need == 1 and .need_capacity == 800 and .there == 2 and
		.capacity_there == 1200 and .when == null and .when_unix == null and .calendar == [] and .quality_then == \"up\"" got &&
	jq -e ".items[0].capacity[1] | .need == 3 and .quality_then == \"down\" and .service_then == \"down\" and .repair == [\"app1\"] and
		.calendar == [\"quarter end\"] and .survived_now_not_then == [\"rack 1\"] and .survived_ends == 1" got &&
	test "$(jq .items[0].capacity[1].when_unix got)" = "$(date -d "$day 09:00" +%s)" &&
	forewarn status --json | jq -e ".items[] | select(.service == \"orders\") | .at_risk and .coming.quality_then == \"down\" and .coming.repair == [\"app1\"]" &&
	forewarn risk archive --json | jq -e ".items[0].capacity == []"
'
test_run 'too small is degraded: capacity that is left is counted, not heads' '
	forewarn set app4 down && forewarn risk orders --json | jq -e ".items[0] | .quality == \"degraded\" and (.capacity[0] | .there == 1 and .capacity_there == 400)" &&
	forewarn set app4 up
'
test_run 'members have their capacity also where it is asked for later only' '
	{ cat model.conf; echo "group \"later\" { need = 1  members = {\"app[3-4]\"}  during \"quarter end\" { need-capacity = 1000 } }"
		echo "service \"later orders\" { needs = {\"later\"} }"; } >later.conf &&
	forewarn risk -c later.conf "later orders" --json | jq -e ".items[0].capacity[1] | .need_capacity == 1000 and .capacity_there == 1200"
'
test_run 'explain says what calendars make of it' '
	forewarn explain "app servers" >got && cat got && tr "\n" " " <got | tr -s " " | grep -q "With a capacity below 800 it is degraded. During quarter end 3 are needed, with a capacity of 800."
'
test_run 'the configuration printed back is the same' '
	forewarn check -p >printed.conf && forewarn check -p -c printed.conf >again.conf && cmp printed.conf again.conf && grep -q "during \"quarter end\" {" printed.conf
'
test_run 'further ahead is looked as far as is said' '
	{ cat model.conf; echo "risk { ahead = 300d }"; } >far.conf &&
	forewarn risk orders -c far.conf --json | jq -e "[.items[0].capacity[] | .need] == [1, 3, 4]"
'
test_end
