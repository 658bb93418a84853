#!/bin/sh
# t/t7020-commands.t: each command as people and as programs use it, with the daemon and without, and what it says when it is
# used wrongly.

. ./lib-test.sh
test_needs jq perl
test_begin 'commands, for people and for programs'

cat >net.dev <<-END
	127.22.1.1  kind=switch ports=4 psu=2 fan=1 sensors=0 name=sw1
	127.22.1.2  kind=server ports=1 psu=0 name=app1
	127.22.1.3  kind=server ports=1 psu=0 name=app2
END
sim_start net.dev
cat >fw.conf <<-END
	state = "$SCRATCH/state"
	user  = "$(id -un)"
	poll     { interval = 1s  status-interval = 1s  threads = 1 }
	defaults { credentials = "c"  timeout = 200ms  retries = 1 }
	credentials "c" { version = "2c"  community = "public" }
	device "sw1"  { address = "127.22.1.1:$SIM_PORT"  ping = false }
	device "app1" { address = "127.22.1.2:$SIM_PORT"  ping = false
	                check "login" { command = "/bin/sh -c 'echo \"WARNING - slow | t=3s\"; exit 1'"  every = 1s } }
	device "app2" { address = "127.22.1.3:$SIM_PORT"  ping = false }
	component "feed A" { carries = {"app2"} }
	group "app servers" { need = 1  members = {"app[1-2]"} }
	service "order management" { owner = "erp"  needs = {"app servers", "sw1/interface/Gi0/1"} }
	service "Büro München"     { needs = {"sw1"} }
END
FOREWARN_CONFIG=$SCRATCH/fw.conf
FOREWARN_STATE=$SCRATCH/state
export FOREWARN_CONFIG

# What an agent may say: escapes of terminals, what turns writing round, octets that are no UTF-8, a very long name.
sim_ctl 127.22.1.1 set 1.3.6.1.2.1.31.1.1.1.18.1 x 1b5d303b6f776e6564071b5b324a >/dev/null
sim_ctl 127.22.1.1 set 1.3.6.1.2.1.31.1.1.1.18.2 x c29b33316de280ae676e70 >/dev/null
sim_ctl 127.22.1.1 set 1.3.6.1.2.1.31.1.1.1.18.3 x fffe41 >/dev/null
sim_ctl 127.22.1.1 set 1.3.6.1.2.1.31.1.1.1.18.4 s "$(printf 'a very long alias %.0s' 1 2 3 4 5 6 7)" >/dev/null
sim_ctl 127.22.1.2 set 1.3.6.1.2.1.1.5.0 x 61707031 0a1b5b33316d >/dev/null 2>&1

# wrong STATUS PATTERN ARGUMENT...: it ends with this status, says the pattern on standard error, nothing on standard output.
wrong() {
	wrong_status=$1 wrong_pattern=$2
	shift 2
	forewarn "$@" >wrong.out 2>wrong.err
	wrong_got=$?
	cat wrong.err
	test "$wrong_got" -eq "$wrong_status" || { echo "status $wrong_got"; return 1; }
	test ! -s wrong.out && grep -q -e "$wrong_pattern" wrong.err
}

# no_controls FILE: nothing in it that a terminal would obey.
no_controls() {
	perl -CSD -ne 'if (/[\x00-\x08\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}\x{2066}-\x{2069}]/) { print "line $.: $_"; $bad = 1 } END { exit $bad }' "$1"
}

# ---- before anything was polled -----------------------------------------------------------------------------------

test_run 'before the first poll: not known is not well' '
	forewarn status >got; test $? -eq 3 &&
	head -n 1 got | grep -q "3 devices.* · not polled yet$" && grep -q "not all is known" got && grep -q "^order management  *unknown  *down\.\.0  *0 " got &&
	forewarn show >got && grep -q "^nothing of class .device. is known yet$" got && tail -n 1 got | grep -q "^next: "
'
test_run 'what needs the daemon says so' '
	wrong 1 "needs the daemon, and none runs" debug && wrong 1 "needs the daemon" forget "sw1/power-supply/x"
'
test_run 'wrong usage: what, what is near, how it is used; status 2, of status 3' '
	wrong 2 "there is no command .stauts.; .status. is near" stauts &&
	wrong 2 "unknown option .--al." risk --al && wrong 3 "unknown option .--al." status --al &&
	wrong 2 "^usage: forewarn risk \[SERVICE\]" risk a b &&
	wrong 2 "a name and a state are needed" set x && wrong 2 "not a time to come" set "feed A" down --until never &&
	wrong 2 "is not a number from 1" events -n 0 && wrong 2 "is not a number from 1" events -n 3x && wrong 2 "not a time" events --since yore &&
	wrong 2 "o FILE.png" graph app1 && wrong 2 "not a size" graph app1 -o x.png --size 1x1 && wrong 2 "a target is needed" graph -o x.png &&
	wrong 2 "is not one of: device NAME" debug nonsense && wrong 2 "a service or component is needed" explain &&
	wrong 2 "not a number of cut sets" risk --list many &&
	wrong 2 "there is no command .foo." help foo
'
test_run 'an unknown name: what is near, or what it is instead' '
	wrong 1 "there is no service .order managment.; .order management. is near" risk "order managment" &&
	wrong 1 "there is no service .order.; .order management. is near" risk order &&
	wrong 1 ".app servers. is a group, not a service" risk "app servers" &&
	wrong 3 "there is no service .x." status x &&
	wrong 1 "there is no device .ap1.; .app1. is near" debug device ap1 &&
	wrong 1 "there is no class .interfaces.; classes: device, check, icmp, .*interface" show interfaces &&
	wrong 1 ".sw1. is of a device; name a class first (forewarn show interface sw1)" show sw1 &&
	wrong 1 "there is no device .sw2.; .sw1. is near" show interface sw2 &&
	wrong 1 "there is no .*.nobody." explain nobody && wrong 1 "there is no .*.nobody." events nobody && wrong 1 "there is no .*.nobody." graph nobody -o x.png
'
test_run 'a configuration with mistakes: each with its place, none hidden, as JSON too' '
	printf "device \"a\" { addres = \"x\" }\nservice \"s\" { needs = {\"b\"} }\n" >bad.conf &&
	wrong 1 "^[0-9]* mistakes*$" check -c bad.conf && grep -q "bad.conf:1: " wrong.err &&
	{ forewarn check -c bad.conf --json >got; test $? -eq 1; } && jq -e ".items == [] and .mistakes_count > 0 and (.mistakes[0] | test(\"bad.conf:1: \"))" got &&
	wrong 3 "bad.conf:1: " status -c bad.conf && wrong 1 "no-such.conf" risk -c no-such.conf
'
test_run 'help names every command, with one line each; one command in full' '
	forewarn help >got && for k in run poll check status risk explain show events graph set forget debug version help
	do
		grep -q "^  $k " got && forewarn help $k | grep -q "^example" && forewarn $k --help | head -n 1 | grep -q "^forewarn $k" || return 1
	done &&
	{ forewarn >got2 2>&1; test $? -eq 2; } && cmp got got2 && awk "length > 120 { exit 1 }" got
'
test_run 'version and check as JSON' '
	forewarn version --json | jq -e ".version == 1 and (.items[0].forewarn | length > 0) and (.items[0].librrd | length > 0)" &&
	forewarn --version | grep -q "^forewarn " &&
	forewarn check --json | jq -e ".mistakes == [] and .items[0].devices == 3 and .items[0].services == 2" && forewarn check | grep -q " is well: 3 devices, 1 checks"
'

# rates_exact FILE: of ports 1 to 4, as the simulator moves them. A machine that is busy may let a moment pass between an agent's look
# at its clock and the answer: another poll is exact.
rates_exact() {
	jq -e '[.items[] | .rates.ifHCInOctets - ((.component | split("/")[-1] | tonumber) * 1000 + 1442049 % 1000)] |
		length == 4 and all(fabs < 2)' "$1" >/dev/null 2>&1
}

# ---- with the daemon -----------------------------------------------------------------------------------------------

forewarn_start "$FOREWARN_CONFIG"
test_run 'all is known: a service is at risk by its slow login' '
	wait_for 20 "forewarn show interface sw1 --json | jq -e \".items | length == 4 and all(.state == \\\"up\\\")\" >/dev/null" &&
	wait_for 10 "forewarn status \"order management\" --json | jq -e \".items[0].at_risk and .wrong != []\" >/dev/null" &&
	{ forewarn status >got; test $? -eq 1; } &&
	grep -q "^app1 check login degraded: WARNING - slow  *[0-9]* s  *#[0-9]*  *order management: can lose no more" got &&
	grep -q "^Büro München  *ok  *1* *0 " got
'
test_run 'status --json: head, what is wrong, services' '
	forewarn status --json >got; jq -e ".version == 1 and .live and .head.devices == 3 and .head.answering == 3 and .head.silent == 0 and
		.head.at_risk == 1 and .head.well == 1 and
		(.wrong[0] | .component == \"app1/check/login\" and .state == \"degraded\" and (.alert | type) == \"number\" and
		.touches[0].service == \"order management\" and .repair_helps == true) and
		([.items[].service] | sort) == [\"Büro München\", \"order management\"]" got
'
test_run 'status SERVICE shows what touches it, nothing else' '
	forewarn status "Büro München" >got && grep -q "nothing is wrong" got && ! grep -q "order management" got
'
test_run 'show: speed and rates with units, exact; the reason of checks; what is worst is offered next' '
	wait_for 20 "forewarn show interface sw1 --json >got && rates_exact got" && cat got &&
	jq -e ".items[0] | .ifOperStatus == \"up\" and .ifName == \"Gi0/1\" and (.ifHCInOctets | type) == \"number\" and .ifHighSpeed == 1000" got &&
	jq -e ".columns.ifHighSpeed == {\"as\":\"gauge\",\"slow\":true,\"unit\":\"bit/s\",\"scale\":1000000}" got &&
	forewarn show interface sw1 >got && head -n 1 got | grep -q "^COMPONENT  *STATE  *SPEED  *IN  *OUT  *ERRORS/s  *ALIAS$" &&
	grep -q "^sw1/interface/Gi0/1  up  *1 Gbit/s  *[0-9.]* kbit/s  *[0-9.]* kbit/s  *0 " got &&
	forewarn show check >got && grep -q "^app1/check/login  degraded .*WARNING - slow" got && tail -n 1 got | grep -q "next: forewarn graph \"app1/check/login\""
'
test_run 'what an agent says cannot steer a terminal, nor hide in JSON' '
	for k in "show interface sw1" "show interface --wide" "show system" status risk "risk -v" events "debug device sw1" "explain sw1"
	do
		forewarn $k >got 2>&1; no_controls got || { echo "of $k"; return 1; }
	done &&
	grep -qF "\\x1B]0;owned\\x07\\x1B[2J" <<-X || return 1
		$(forewarn show interface sw1)
	X
	forewarn show interface sw1 --json >got && no_controls got &&
	jq -e ".items[0].ifAlias == \"\\u001b]0;owned\\u0007\\u001b[2J\" and .items[1].ifAlias == \"\\u009b31m\\u202egnp\" and .items[2].ifAlias == \"\\\\xFF\\\\xFEA\"" got
'
test_run 'a value that is missing is a question mark, and why stands below' '
	sim_ctl 127.22.1.1 no-such-instance 1.3.6.1.2.1.2.2.1.14 &&
	wait_for 10 "forewarn show interface sw1 --json | jq -e \".items | all(.missing.ifInErrors != null)\" >/dev/null" &&
	forewarn show interface sw1 >got && grep -q "^sw1/interface/Gi0/1 .* ?  " got && grep -q "^? ifInErrors of 4: agent has no such instance, since 20[-0-9]* [:0-9]* UTC$" got &&
	forewarn debug device sw1 >got && grep -q "^missing  *ifInErrors of all 4 interface: agent has no such instance, since 20" got &&
	forewarn debug device sw1 --json | jq -e ".items[0].missing[0] | .object == \"ifInErrors\" and .why == \"no-instance\" and .count == 4 and .of == 4"
'
test_run 'debug device: how it is asked; a silent one: what to look at' '
	forewarn debug device sw1 >got && head -n 1 got | grep -q "^sw1 127.22.1.1:$SIM_PORT · SNMPv2c · asked every 1 s, last answer " &&
	grep -q "^packing  *[0-9]* objects a GET, [0-9]* rows a bulk" got && tail -n 1 got | grep -q "^next: forewarn show interface \"sw1\"" &&
	sim_ctl 127.22.1.3 silent && wait_for 10 "forewarn debug device app2 | grep -q \"SNMP silent\"" &&
	forewarn debug device app2 >got && grep -q "^missing  *everything, since 20.*, until it answers again$" got && grep -q "^silent  *2 tries of 200 ms go unanswered" got &&
	wait_for 10 "forewarn status \"order management\" | grep -q \"^app2 down: no SNMP\"" &&
	forewarn debug | grep -q "^worker" && forewarn debug --json | jq -e ".items | length > 4" &&
	forewarn debug log wire on && forewarn debug log wire off && wrong 1 "no such log area" debug log nonsense on && wrong 2 "neither on nor off" debug log wire maybe
'
test_run 'the slowest poll is that of a whole interval, the silent device included, whenever one looks' '
	for n in 1 2 3 4 5 6 7 8 9 10
	do
		forewarn status --json | jq -e ".head.cycle_s >= 0.15 and .head.silent == 1" >/dev/null || { forewarn status | head -n 1; return 1; }
		sleep 0.2
	done
'
test_run 'events: newest first, of one name, a page and the next' '
	forewarn events -n 2 >got && test "$(wc -l <got)" -eq 3 && tail -n 1 got | grep -q "^these are the newest 2 since .*; older: --until \"" &&
	until=$(sed -n "s/.*older: --until \"\(.*\)\"/\1/p" got) && forewarn events -n 2 --until "$until" --json >got2 &&
	jq -e --arg u "$until" ".items | length == 2 and .[0].at == \$u and ([.[].at] == ([.[].at] | sort | reverse))" got2 &&
	forewarn events app2 | grep -q "  app2 .*  up -> down: no SNMP$" && forewarn events app2 --json | jq -e ".items | all(.name | startswith(\"app2\"))" &&
	forewarn events app2 --until 30min | grep -q "^nothing happened to app2 since .*further back: --since 7d$"
'
test_run 'explain of what is wrong; forget of what is there is refused' '
	forewarn explain "order management" >got && grep -q "^order management needs one of the 2 app servers and sw1/interface/Gi0/1.$" got &&
	grep -q "^      app2  (device, stands on)  down: no SNMP$" got && grep -q "^         app1/check/login  (check)  degraded: WARNING - slow$" got &&
	forewarn explain "order management" --json | jq -e ".sentence | startswith(\"order management needs\")" &&
	wrong 1 "its device still has it" forget "sw1/power-supply/Power Supply 1" && wrong 1 "name a component of a device" forget sw1
'
test_run 'forget of what never was: refused, with what is near, and no event' '
	wrong 1 "there is none of that name; .sw1/power-supply/Power Supply 1. is near" forget "sw1/power-supply/Power Suply 1" &&
	wrong 1 "there is none of that name$" forget "sw1/power-supply/of another kind" &&
	forewarn events --json | jq -e "[.items[] | select(.what == \"forget\")] == []"
'
test_run 'a file with mistakes does not blind those who look: the daemon runs on what it was before' '
	cp fw.conf well.conf && echo "device \"x\" { addres = 1 }" >>fw.conf && echo "servce \"y\" { }" >>fw.conf &&
	{ forewarn status "Büro München" >got 2>err; test $? -eq 0; } && test "$(wc -l <err)" -eq 1 &&
	grep -q "fw.conf has [0-9]* mistakes (forewarn check); this is what runs$" err &&
	forewarn risk >/dev/null && forewarn show interface sw1 >got 2>err && test "$(wc -l <err)" -eq 1 && forewarn events --json | jq -e .live &&
	wrong 1 "fw.conf:[0-9]*: " check && wrong 1 "fw.conf:[0-9]*: " graph sw1 -o x.png &&
	sed "s|^.state = .*|state = \"./state\"|" fw.conf >bad2.conf && { forewarn status -c bad2.conf "Büro München" >got 2>err; test $? -ne 0; } &&
	grep -q "which is another configuration" err && cp bad2.conf fw.conf && { forewarn status -c fw.conf "Büro München" >got 2>err; test $? -eq 0; } &&
	grep -q "^fw.conf has" err; result=$?
	cp well.conf fw.conf && test $result -eq 0
'
test_run 'forget: a supply that was taken out is missing until it is forgotten' '
	sim_ctl 127.22.1.1 hide 1.3.6.1.4.1.9.9.117.1.1.2.1.1.1001 && sim_ctl 127.22.1.1 hide 1.3.6.1.4.1.9.9.117.1.1.2.1.2.1001 &&
	sim_ctl 127.22.1.1 set 1.3.6.1.2.1.47.1.4.1.0 t 4242 &&
	wait_for 20 "forewarn status \"Büro München\" | grep -q \"^sw1 Power Supply 1 gone\"" &&
	forewarn forget "sw1/power-supply/Power Supply 1" | grep -q "is no longer part of the design" &&
	wait_for 10 "forewarn status \"Büro München\" | grep -q \"nothing is wrong\"" &&
	wait_for 5 "forewarn events \"sw1/power-supply/Power Supply 1\" --json | jq -e --arg who \"$(id -un)\" \"[.items[] | select(.what == \\\"forget\\\")][0].who == \\\$who\" >/dev/null"
'
test_run 'set through the daemon: state, reason, end, who' '
	forewarn set "feed A" down --until 2h --why "dig at the street" >got && grep -q "^feed A is down (was up) until .*, then up again$" got &&
	wait_for 5 "forewarn risk \"order management\" --json | jq -e \".items[0].failed | any(.component == \\\"feed A\\\" and .reason == \\\"dig at the street\\\")\" >/dev/null" &&
	forewarn set "feed A" up --json | jq -e ".items[0] | .before == \"down\" and .state == \"up\" and .until == null" &&
	wrong 1 "it is polled; only a component can be set" set app1 down && wrong 1 "is not a state; use up, degraded, down or unknown" set "feed A" broken
'

# ---- graphs ---------------------------------------------------------------------------------------------------------

test_run 'graph: a PNG of the size that was asked, an SVG that is XML, and what it says' '
	forewarn graph sw1/interface/Gi0/1 -o a.png --since 10min --size 400x100 >got && grep -q "^a.png: sw1/interface/Gi0/1, the last 10 min$" got &&
	perl -e "local \$/; open F, q(a.png); \$_ = <F>; /^\x89PNG\r\n\x1a\n....IHDR(....)(....)/s or die; my (\$w, \$h) = unpack q(NN), \$1 . \$2; \$w > 400 && \$w < 700 && \$h > 100 or die qq(\$w \$h)" &&
	test "$(wc -c <a.png)" -gt 3000 &&
	forewarn graph sw1/interface/Gi0/1 -o a.svg --json | jq -e ".items[0] | .component == \"sw1/interface/Gi0/1\" and .file == \"a.svg\"" &&
	head -c 5 a.svg | grep -q "<?xml" && tail -n 1 a.svg | grep -q "</svg>" &&
	wrong 1 "there is no component .sw1/interface/Gi0/99.; .sw1/interface/Gi0/[0-9]. is near" graph sw1/interface/Gi0/99 -o b.png &&
	wrong 1 "there is no component .sw1/nope/of no class.; .forewarn show CLASS DEVICE. lists" graph "sw1/nope/of no class" -o b.png &&
	wrong 1 "sw1 is not asked by ICMP (ping = false); graph a part of it, such as sw1/interface/Gi0/" graph sw1 -o b.png && test ! -e b.png
'

# ---- without the daemon, after it ---------------------------------------------------------------------------------

test_run 'without the daemon: the same, from the state folder' '
	forewarn status --json >live; forewarn risk --json >live.risk &&
	forewarn_stop && forewarn status --json >here; jq -e "(.live | not) and .version == 1" here &&
	test "$(jq -cS "[.items[] | {service, quality, at_risk, can_lose}]" live)" = "$(jq -cS "[.items[] | {service, quality, at_risk, can_lose}]" here)" &&
	test "$(jq -cS "[.wrong[] | {alert, component, state, severity}]" live)" = "$(jq -cS "[.wrong[] | {alert, component, state, severity}]" here)" &&
	jq -e ".items" live.risk
'
test_run 'a dead poller does not show yesterday: after three intervals what was polled is unknown' '
	wait_for 10 "forewarn status >got; grep -q \"last polled .* ago: what is polled is unknown\" got" &&
	{ forewarn status >got; test $? -eq 3; } && grep -q "^order management  *unknown" got &&
	forewarn show >got && grep -q "^sw1  *unknown .*last polled" got
'
test_run 'set without the daemon is kept for it' '
	forewarn set "feed A" degraded --why "one phase" && forewarn_start "$FOREWARN_CONFIG" &&
	forewarn explain "feed A" --json | jq -e ".items[0] | .state == \"degraded\" and .reason == \"one phase\""
'
test_end
