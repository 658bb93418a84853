#!/bin/sh
# t/t7325-maintain.t: what is worked on alerts nobody; every other failure is told with what is really left.

. ./lib-test.sh
test_needs jq snmptrapd
test_begin 'maintenance: planned is planned, and nothing else is masked'

trapd_start
cat >model.conf <<-END
	state = "$SCRATCH/state"
	user = "$(id -un)"
	component "app1" { }
	component "app2" { }
	component "app3" { }
	component "sw1" { }
	component "sw2" { }
	group "app servers" { need = 2  members = {"app[1-3]"} }
	group "switches" { need = 1  members = {"sw[1-2]"} }
	service "order management" { needs = {"app servers", "switches"} }
	service "lan" { needs = {"switches"} }
	notify "noc" { trap = "127.0.0.1:$TRAPD_PORT" }
END
FOREWARN_CONFIG=$SCRATCH/model.conf
export FOREWARN_CONFIG
FOREWARN_STATE=$SCRATCH/state
forewarn_start model.conf

service() {
	forewarn status "$1" --json >status.json
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
told_value() {
	tail -n 1 told.all | tr '\t' '\n' | sed -n "s/^FOREWARN-MIB::$1\(\.0\)\{0,1\} = [A-Z0-9a-z]*: //p"
}
raise="AlertTransition.0 = [^	]*raise"
clear="AlertTransition.0 = [^	]*clear"

# wrong FILTER: does jq's filter hold of the list of open alerts?
wrong() {
	forewarn status --json >status.json
	jq -e "[.wrong[] | select(.component != null)] | $1" status.json >/dev/null || { jq -c .wrong status.json; return 1; }
}

test_run 'what would end a service is refused, with what it would do' '
	wait_for 10 "forewarn status >/dev/null" &&
	{ forewarn maintain "sw[1-2]" --until 2h --why works >got 2>err; test $? -eq 1; } && cat got err &&
	grep -q "^order management  *ok -> DOWN .*1 -> -  *it is down$" got && grep -q "^lan  *ok -> DOWN " got &&
	grep -q "^forewarn maintain: refused: .*would lose quality; nothing was planned (--yes plans it all the same)$" err &&
	forewarn maintain | grep -q "^nothing is in maintenance, and nothing is planned$"
'
test_run 'groups, nobody, times that are over: refused with what would be right' '
	! forewarn maintain "app servers" --until 2h --why x 2>err && grep -q "name those it is about: app1, app2, app3$" err &&
	! forewarn maintain app9 --until 2h --why x 2>err && grep -q "there is no component .app9.; .app[123]. is near$" err &&
	{ forewarn maintain app1 --until yesterday --why x 2>err; test $? -eq 2; } &&
	{ forewarn maintain app1 --from 2h --until now --why x 2>err; test $? -eq 2; } && { forewarn maintain app1 --until 2h 2>err; test $? -eq 2; } &&
	! forewarn maintain app1 --until 2000d --why x 2>err && grep -q "more than a year" err &&
	! forewarn maintain --end 7 2>err && grep -q "there is no maintenance #7" err
'
test_run 'entering says the risk; who entered it is kept' '
	forewarn maintain app1 --until 2h --why "new disks" >got && cat got &&
	grep -q "^order management  *ok  *AT RISK  *1 -> 0  *app2, app3$" got && grep -q "^#1 running until .*: app1 (new disks; $(id -un))$" got &&
	forewarn events app1 --json | jq -e --arg who "$(id -un)" "[.items[] | select(.what == \"maintenance\")] | [.[].now] == [\"begins\", \"planned\"] and
		all(.who == \$who)"
'
test_run 'a member goes down: nobody is alerted; the risk is shown, as planned; exit status 0' '
	forewarn set app1 down --why "pulled out" >/dev/null && service "order management" ".at_risk and .risk == \"planned\" and .can_lose == 0" &&
	wrong "length == 0" && forewarn status >got && cat got && grep -q "^2 services: 1 at planned risk, 1 well$" got && grep -q "^nothing is wrong$" got &&
	grep -q "^maintenance #1 running until .*: app1 (new disks; " got && grep -q "^order management  *ok  *planned  *0 " got &&
	forewarn risk "order management" >got && grep -q "AT RISK, planned" got && grep -q "^Maintenance  *#1 running until .*app1 (new disks" got
'
test_run 'another failure on top is told with what is really left: critical, down, not planned; exit status 2' '
	forewarn set app2 down --why "power" >/dev/null && service "order management" ".quality == \"down\" and (.planned | not)" &&
	wrong "length == 1 and .[0].component == \"app2\" and .[0].severity == \"critical\" and .[0].touches[0].planned == false" &&
	{ forewarn status >got; test $? -eq 2; } && wait_for 10 "told \"app2 down\" \"$raise\" \"order management: down\"" &&
	told_value forewarnAlertSeverity | grep -q critical && ! told "app1 down" "$raise"
'
test_run 'repaired, it clears; the window ends and the member is still down: alerted at once' '
	forewarn set app2 up >/dev/null && wait_for 10 "told \"app2 is up\" \"$clear\"" && ! told "app1 down" "$raise" &&
	forewarn maintain --end 1 >got && grep -q "^maintenance #1 is over$" got &&
	wrong "length == 1 and .[0].component == \"app1\" and .[0].severity == \"major\"" && wait_for 10 "told \"app1 down\" \"$raise\"" &&
	{ forewarn status >got; test $? -eq 1; } && forewarn events app1 --json | jq -e "[.items[] | select(.what == \"maintenance\")][0] |
		.now == \"ends\" and (.reason | test(\"ended early\"))"
'
test_run 'maintenance of what is alerted already clears the alert, and says why' '
	forewarn maintain app1 --until 2h --why "put back" >/dev/null && wrong "length == 0" &&
	wait_for 10 "told \"app1 is in maintenance (#2)\" \"$clear\"" && forewarn set app1 up >/dev/null && forewarn maintain --end 2 >/dev/null &&
	forewarn status >/dev/null
'
test_run 'a planned outage is the truth, and nobody is to blame; a cause beside it is told as it is apart from that' '
	forewarn maintain sw1 sw2 --until 2h --why "new core" --yes >/dev/null && forewarn set sw1 down >/dev/null && forewarn set sw2 down >/dev/null &&
	service lan ".quality == \"down\" and .planned" && wrong "length == 0" && { forewarn status >got; test $? -eq 2; } && cat got &&
	grep -q "^lan  *DOWN .*planned$" got && forewarn risk lan | head -n 1 | grep -q "^lan   quality DOWN, planned since" &&
	forewarn set app3 down --why "fan" >/dev/null &&
	wrong "length == 1 and .[0].component == \"app3\" and .[0].severity == \"major\" and .[0].kind == \"risk\" and .[0].touches[0].planned" &&
	wait_for 10 "told \"app3 down\" \"$raise\" \"order management: down (planned)\"" && told_value forewarnAlertSeverity | grep -q major
'
test_run '... and what the failure would end without the maintenance as well, is critical' '
	forewarn set app2 down >/dev/null && wrong "any(.[]; .component == \"app2\" and .severity == \"critical\")" &&
	service "order management" ".planned | not" && service lan ".planned" &&
	for c in app2 app3 sw1 sw2; do forewarn set $c up >/dev/null || return 1; done &&
	forewarn maintain --end 3 >/dev/null && forewarn status >/dev/null
'
test_run 'a window that is planned begins on time; something failed since: that is said loudly' '
	forewarn maintain app1 --from 4s --until 1h --why "later" >got && cat got && grep -q "as things are now; it is looked at again when it begins" got &&
	grep -q "^#4 planned from .* until .*: app1 (later; " got && forewarn set app2 down --why "power" >/dev/null &&
	wrong "length == 1 and .[0].component == \"app2\"" &&
	wait_for 15 "wrong \"any(.[]; .component == \\\"maintenance/4\\\" and .severity == \\\"major\\\")\" >/dev/null" &&
	wait_for 10 "told \"maintenance #4 of app1 would now end order management\" \"$raise\"" && service "order management" ".quality == \"up\"" &&
	forewarn maintain --json | jq -e ".items[0].state == \"running\" and .items[0].changes[0].after.quality == \"down\""
'
test_run '... repaired: it may begin' '
	forewarn set app2 up >/dev/null && wrong "length == 0" && wait_for 10 "told \"maintenance #4 would no longer end\" \"$clear\"" &&
	forewarn maintain --end 4 >/dev/null
'
test_run 'it outlives a restart; what was over meanwhile ends at the start, and what is not back is alerted' '
	forewarn maintain app1 --until 2h --why "long" >/dev/null && forewarn maintain sw1 --until 3s --why "short" >/dev/null &&
	forewarn set app1 down >/dev/null && forewarn set sw1 down >/dev/null && wrong "length == 0" &&
	forewarn_stop && test $FOREWARN_STATUS -eq 0 && wait_for 8 "forewarn maintain --json | jq -e \".items | length == 1\" >/dev/null" &&
	forewarn status --json | jq -e "[.wrong[].component] == [\"sw1\"]" && forewarn_start model.conf &&
	wait_for 10 "wrong \"length == 1 and .[0].component == \\\"sw1\\\"\"" && forewarn maintain --json | jq -e "[.items[].members[]] == [\"app1\"]" &&
	forewarn events sw1 --json | jq -e "[.items[] | select(.what == \"maintenance\")][0].now == \"ends\"" && ! told "app1 down" "long"
'
test_run 'without a daemon: entered, seen by status, ended' '
	forewarn set app1 up >/dev/null && forewarn set sw1 up >/dev/null && forewarn maintain --end 5 >/dev/null && forewarn_stop &&
	forewarn maintain app2 --until 1h --why "by hand" | grep -q "^#7 running until .*: app2 (by hand; " && forewarn set app2 down >/dev/null &&
	forewarn status >got && grep -q "^nothing is wrong$" got && grep -q "at planned risk" got && forewarn maintain --end 7 >/dev/null &&
	{ forewarn status >got; test $? -eq 1; } && grep -q "^app2 down .*order management: can lose no more" got
'
test_run 'maintenance that is planned on what must be left alone is marked' '
	forewarn set sw1 down >/dev/null && forewarn maintain sw2 --from 20h --until 22h --why "new image" --yes >/dev/null &&
	forewarn risk lan >got && cat got && sed "s/^  *//" got | tr "\n" " " | grep -q "Until then  *leave sw2 alone: no maintenance there; planned on sw2: .* !!" &&
	forewarn set sw1 up >/dev/null && forewarn maintain --end "$(forewarn maintain --json | jq ".items[] | select(.members == [\"sw2\"]) | .maintenance")" >/dev/null
'
test_end
