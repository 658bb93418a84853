#!/bin/sh
# t/t7330-accept.t: a risk that a person accepted is shown as such, is quiet, and is heard again when it gets worse and at its end.

. ./lib-test.sh
test_needs jq snmptrapd
test_begin 'accepted risks'

trapd_start
cat >model.conf <<-END
	state = "$SCRATCH/state"
	user = "$(id -un)"
	component "app1" { }
	component "app2" { }
	component "app3" { }
	component "db1" { }
	component "db2" { }
	group "app servers" { need = 1  members = {"app[1-3]"} }
	group "db" { need = 1  members = {"db1", "db2"} }
	service "shop" { needs = {"app servers"} }
	service "office" { needs = {"db"} }
	notify "noc" { trap = "127.0.0.1:$TRAPD_PORT" }
END
FOREWARN_CONFIG=$SCRATCH/model.conf
export FOREWARN_CONFIG
FOREWARN_STATE=$SCRATCH/state
forewarn_start model.conf

# told COMPONENT TRANSITION: how many notifications of it.
told() { grep '^TRAP' "$TRAPD_LOG" | grep -e "forewarnAlertKey\(\.0\)\{0,1\} = STRING: \"*$1" | grep -c -e "AlertTransition.0 = [^	]*$2"; }

wrong() {
	forewarn status --json >status.json
	jq -e ".wrong | $1" status.json >/dev/null || { jq -c '.wrong[] | [.component, .severity, .accepted]' status.json; return 1; }
}

# All that was committed is sent: a failure of something else comes after it.
fence=0
settled() {
	fence=$((fence + 1))
	forewarn set db2 down --why "fence $fence" >/dev/null && wait_for 10 "test \$(told db2 raise) -eq $fence" &&
	forewarn set db2 up >/dev/null && wait_for 10 "test \$(told db2 clear) -eq $fence"
}

test_run 'nothing to accept, no end, no reason, too long: refused with what would be right' '
	wait_for 10 "forewarn status >/dev/null" &&
	! forewarn accept app1 --until 1d --why x 2>err && grep -q "no alert of .app1. is open (forewarn status lists them)" err &&
	! forewarn accept "#99" --until 1d --why x 2>err && grep -q "there is no open alert #99" err &&
	! forewarn accept app9 --until 1d --why x 2>err && grep -q "; .app[123]. is near$" err &&
	{ forewarn accept app1 --why x 2>err; test $? -eq 2; } && { forewarn accept app1 --until 1d 2>err; test $? -eq 2; } &&
	! forewarn accept app1 --until 5000d --why x 2>err && grep -q "more than a year" err &&
	forewarn accept | grep -q "^no risk is accepted$"
'
test_run 'accepted: shown with name, end and reason everywhere; exit status 0' '
	forewarn set app1 down --why "fan" >/dev/null && wait_for 10 "test \$(told app1 raise) -eq 1" && { forewarn status >got; test $? -eq 1; } &&
	forewarn accept app1 --until 5d --why "spare ordered" >got && cat got && grep -q "^#1 app1: accepted by $(id -un) until .*: spare ordered$" got &&
	forewarn status >got && cat got && grep -q "^2 services: 1 at accepted risk, 1 well$" got && grep -q "accepted by $(id -un) until" got &&
	grep -q "^shop  *ok  *accepted  *1 " got && forewarn status --json | jq -e ".head.at_risk == 0 and .head.accepted == 1 and
		.wrong[0].accepted.why == \"spare ordered\" and (.items[] | select(.service == \"shop\") | .at_risk and .risk == \"accepted\")" &&
	forewarn risk shop >got && grep -q "AT RISK, accepted" got && grep -q "^Accepted  *#1 app1 by $(id -un) until .*: spare ordered$" got &&
	forewarn events app1 --json | jq -e --arg who "$(id -un)" "any(.items[]; .what == \"accept\" and .now == \"accepted\" and .who == \$who)"
'
test_run '... and nobody is told of it' 'settled && test $(told app1 change) -eq 0'
test_run 'it gets worse: it is heard again, and so is its return' '
	forewarn set app2 down >/dev/null && wait_for 10 "test \$(told app1 change) -eq 1" && wrong "any(.component == \"app1\" and .accepted == null)" &&
	{ forewarn status >got; test $? -eq 1; } && forewarn accept | grep -q "^#1 app1: .*(worse than accepted: heard again)$" &&
	forewarn set app2 up >/dev/null && wait_for 10 "test \$(told app1 change) -eq 2" && wrong "all(.accepted.accepted == 1)" &&
	settled && test $(told app1 change) -eq 2 && forewarn status >got
'
test_run 'it outlives a restart' '
	forewarn_stop && forewarn status >got && forewarn_start model.conf && settled && wrong "length == 1 and .[0].accepted.accepted == 1" &&
	test $(told app1 change) -eq 2
'
test_run 'withdrawn: it is heard again' '
	forewarn accept --withdraw 1 | grep -q "^accepted risk #1 is withdrawn: it is heard again$" && wait_for 10 "test \$(told app1 change) -eq 3" &&
	{ forewarn status >got; test $? -eq 1; } && ! forewarn accept --withdraw 1 2>err && grep -q "there is no accepted risk #1" err
'
test_run 'its end is the end: it is heard again; by its number this time' '
	n=$(forewarn status --json | jq ".wrong[0].alert") && forewarn accept "#$n" --until 5s --why "short" >/dev/null && forewarn status >got &&
	wait_for 15 "test \$(told app1 change) -eq 4" && forewarn accept | grep -q "^no risk is accepted$" &&
	forewarn events app1 --json | jq -e "any(.items[]; .what == \"accept\" and .now == \"over\")"
'
test_run 'what clears is told to those who were told; the same again is as accepted, and quiet from its raise to its clear' '
	forewarn accept shop --until 1d --why "by service" | grep -q "^#3 app1: accepted" && forewarn set app1 up >/dev/null &&
	wait_for 10 "test \$(told app1 clear) -eq 1" && forewarn accept | grep -q "(nothing is wrong with it now)$" &&
	forewarn set app1 down >/dev/null && settled && test $(told app1 raise) -eq 1 && wrong "length == 1 and .[0].accepted.accepted == 3" &&
	forewarn set app1 up >/dev/null && settled && test $(told app1 clear) -eq 1 && wrong "length == 0"
'
test_run 'without a daemon: accepted, seen, worse, withdrawn' '
	forewarn_stop && forewarn set db1 down >/dev/null && { forewarn status >got; test $? -eq 1; } &&
	forewarn accept office --until 1h --why "by hand" | grep -q "^#4 db1: accepted by $(id -un) until" && forewarn status >got &&
	grep -q "at accepted risk" got && forewarn set db2 down >/dev/null && { forewarn status >got; test $? -eq 2; } &&
	forewarn accept | grep -q "^#4 db1: .*(worse than accepted: heard again)$" && forewarn set db2 up >/dev/null && forewarn status >got &&
	forewarn accept --withdraw 4 >/dev/null && { forewarn status >got; test $? -eq 1; }
'
test_end
