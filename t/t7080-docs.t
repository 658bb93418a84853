#!/bin/sh
# t/t7080-docs.t: what is written is so: commands, options and examples of forewarn(1), README, the sample configuration,
# the systemd unit, the cron line, the completion.

. ./lib-test.sh
test_needs snmpd snmptrapd jq awk

test_begin 'documents'
manual=$TEST_TOP/man/forewarn.1
FOREWARN_CONFIG=$SCRATCH/forewarn.conf
export FOREWARN_CONFIG

# What 'forewarn help' lists, one a line.
commands() {
	forewarn help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'
}

# item COMMAND: what the manual says about it.
item() {
	awk -v c="$1" '/^\.Sh/ { on = 0 } /^\.Sh COMMANDS/ { in_commands = 1 } /^\.Sh NAMES/ { in_commands = 0 }
		in_commands && /^\.It Ic/ { on = $3 == c } on' "$manual"
}

# Options of a command: of its help, of its item.
options_of_help() {
	forewarn help "$1" | sed -n '/^options/,/^  -c, --config/s/^  \(-[a-z], \| *\)\(--[a-z]*\).*/\1\2/p' | grep -v -e --config |
		tr -d ' ' | tr ',' '\n' | sort -u
}

options_of_manual() {
	item "$1" | grep '^\.It Fl' | grep -o 'Fl [a-z-]*' | sed 's/Fl /-/' | sort -u
}

# examples FROM TO: lines to be typed, of the manual between two headings.
examples() {
	sed -n "/^\.Sh $1/,/^\.Sh $2/s/^\.Dl \\$ //p" "$manual" | sed 's/\\(dq/"/g; s/\\e/\\/g'
}

# ---- the manual and the help

test_run 'the manual has each command, in the order of the help, and no other' '
	commands >help.commands && sed -n "/^\.Sh COMMANDS/,/^\.Sh NAMES/s/^\.It Ic \([a-z]*\).*/\1/p" "$manual" >manual.commands &&
	diff help.commands manual.commands && test $(wc -l <help.commands) -ge 14
'
test_run 'each option of each command, and no other' '
	for c in $(commands)
	do
		options_of_help $c >of.help && options_of_manual $c >of.manual && diff of.help of.manual || { echo "$c"; return 1; }
	done
'
test_run 'each command has one example, the same as in its help' '
	for c in $(commands)
	do
		item $c | sed -n "s/^\.Dl \\$ //p" | sed "s/\\\\(dq/\"/g" >of.manual &&
		forewarn help $c | sed -n "/^example/{n;s/^  //p}" >of.help && test -s of.help && diff of.help of.manual || return 1
	done
'
test_run 'each command refuses an option that there is not, with status 2 (status: 3)' '
	for c in $(commands)
	do
		want=2
		test $c != status || want=3
		test $c != help || continue
		forewarn $c --no-such-option 2>said; test $? = $want && grep "no-such-option" said || { echo "$c"; return 1; }
	done
'
test_run 'areas of the log are those of the program' '
	sed -n "/^#define LOG_AREAS/,/^\$/p" "$TEST_TOP/poller/base/log.h" | grep -o "\"[a-z]*\"" | tr -d "\"" | sort >areas &&
	test -s areas && item debug | sed -n "/^Areas are/,/^\.Pp/p" | grep -v -e "^Areas" -e "^\.Pp" | sed "s/^\.Cm//" | grep -o "[a-z][a-z]*" |
		grep -vx and | sort | diff areas -
'

# ---- the examples, on a network that has what they name

sim_start --device '127.16.1.1 kind=switch ports=2 psu=2 name=sw1' --device '127.16.1.2 kind=router ports=2 ifname=eth name=edge1' \
	--device '127.16.2.1+3 kind=server ports=1 psu=0 name=app#'
trapd_start
sim_ctl 127.16.1.1 set 1.3.6.1.2.1.47.1.1.1.1.7.1002 s 'PS 2' >/dev/null
sim_ctl 127.16.1.2 set 1.3.6.1.2.1.31.1.1.1.1.1 s eth0 >/dev/null
cat >forewarn.conf <<END
state = "$SCRATCH/state"
user = "root"
poll { interval = 1s  status-interval = 1s  threads = 1 }
defaults { credentials = "campus"  ping = false  timeout = 500ms  retries = 1 }
credentials "campus" { community = "public" }
device "sw1" { address = "127.16.1.1:$SIM_PORT" }
device "edge1" { address = "127.16.1.2:$SIM_PORT" }
device "app1" { address = "127.16.2.1:$SIM_PORT" }
device "app2" { address = "127.16.2.2:$SIM_PORT" }
device "app3" { address = "127.16.2.3:$SIM_PORT" }
component "feed A" { carries = {"app1"} }
group "app servers" { need = 2  members = {"app[1-3]"} }
service "order management" { needs = {"app servers", "sw1", "edge1"} }
notify "noc" { trap = "127.0.0.1:$TRAPD_PORT" }
END
test_run 'nothing polled yet: status is 3' 'forewarn status; test $? = 3'

forewarn_start forewarn.conf
found() {
	test "$(forewarn show "$1" --json | jq -r ".items[] | select(.component == \"$2\") | .$3")" = "$4"
}
wait_for 20 'found power-supply "sw1/power-supply/PS 2" state up && found interface edge1/interface/eth0 state up' &&
	wait_for 20 'forewarn status >/dev/null' || test_fatal 'all is found and well' "$FOREWARN_LOG"
test_run 'all well: status is 0' 'forewarn status'

# run_example COMMAND LINE: as it is typed; what has to be so before it, is made so.
run_example() {
	case $1 in
	run)	test "$2" = 'forewarn run'; return ;;		# it runs already: forewarn_start
	forget)	sim_ctl 127.16.1.1 hide 1.3.6.1.4.1.9.9.117.1.1.2.1.2.1002 &&	# drawn, and entLastChangeTime says so
		sim_ctl 127.16.1.1 set 1.3.6.1.2.1.47.1.4.1.0 t 4711 &&
		wait_for 15 'found power-supply "sw1/power-supply/PS 2" state down' ;;
	accept)	sim_ctl 127.16.2.3 silent && wait_for 15 'forewarn status --json | jq -e "any(.wrong[]; .component == \"app3\")" >/dev/null' &&
		eval "$2" && sim_ctl 127.16.2.3 heal && wait_for 15 'found device app3 state up'; return ;;
	graph)	wait_for 15 'test -s state/rrd/edge1/interface/eth0.rrd' &&
		(export ASAN_OPTIONS=detect_leaks=0 && eval "$2")	# what librrd draws with keeps its fonts
		return ;;
	esac
	eval "$2"
}
examples COMMANDS NAMES >lines
n=0
while read -r line <&4
do
	n=$((n + 1))
	set -- $line
	example_command=$2 example_line=$line
	test_run "forewarn(1): ${line%% | *}" 'run_example "$example_command" "$example_line"'
done 4<lines
test_run 'each command had its example run' 'test $n = $(commands | wc -l)'
test_run 'what the examples did' '
	test "$(od -An -tx1 -N 4 eth0.png | tr -d " ")" = 89504e47 &&
	test "$(forewarn events "feed A" --json | jq -r ".items[0].reason")" = works &&
	wait_for 10 "forewarn show power-supply sw1 --json | jq -e \".items | length == 1\" >/dev/null"
'
test_run 'at risk: status is 1' '
	wait_for 5 "forewarn status >/dev/null; test \$? = 1" && test "$(forewarn status --json | jq -r ".items[] | select(.at_risk) | .service")" = "order management"
'
examples EXAMPLES SEE >lines
while read -r line <&4
do
	example_line=$line
	test_run "forewarn(1): ${line##* | }" '
		forewarn set "feed A" up && wait_for 10 "forewarn status" >/dev/null && eval "$example_line"'
done 4<lines
test_run 'down: status is 2' 'sim_ctl 127.16.1.2 silent && wait_for 10 "forewarn status >/dev/null; test \$? = 2"'
test_run 'with --json the envelope, as the manual has it' '
	for c in status risk "explain \"order management\"" show events "debug device sw1" debug
	do
		eval "forewarn $c --json" | jq -e ".version == 1 and .live == true and (.at | test(\"^2.*Z\$\")) and (.items | length > 0)" ||
			{ echo "$c"; return 1; }
	done &&
	forewarn status --json | jq -e ".head.devices == 5 and (.wrong | length) >= 1 and .items[0].can_lose == -1" &&
	forewarn check --json | jq -e ".version == 1 and .items[0].devices == 5"
'
test_run 'the signals: SIGHUP reads again, SIGTERM ends in 5 s' '
	kill -HUP $FOREWARN_PID && wait_for 5 "grep -q \"configuration read again\" $FOREWARN_LOG" && began=$(date +%s) &&
	forewarn_stop && test "$FOREWARN_STATUS" = 0 && test $(($(date +%s) - began)) -le 5
'
test_run 'when nothing runs, what was polled three intervals ago is unknown, and says when it was' '
	wait_for 10 "forewarn status >said; test \$? = 3" && grep "last polled .* ago" said &&
	forewarn explain "order management" >said && grep "app1 .*unknown: last polled .* ago" said &&
	forewarn risk "order management" >said && grep "not known whether it works" said && ! grep "Works now" said &&
	forewarn status --json | jq -e ".live == false"
'
test_run 'the files that the manual names are there' '
	sed -n "/^\.It Pa \/var\/lib\/forewarn/,/^\.El/s/^\.It Pa \(.*\)/\1/p" "$manual" | grep -v "^/" >files &&
	test $(wc -l <files) -ge 5 && while read -r f
	do
		case $f in
		forewarn.sock) continue ;;	# of what runs
		journal.\*) ls state/journal* >/dev/null || return 1 ;;
		*) ls -d state/$f >/dev/null || return 1 ;;
		esac
	done <files
'

# ---- README, the sample

test_run 'README: the first configuration is well' '
	sed -n "/^A first configuration/,/^Is it right/s/^    //p" "$TEST_TOP/README" >first.conf && test $(wc -l <first.conf) = 5 &&
	forewarn check -c first.conf && forewarn explain intranet -c first.conf -s none | grep "any one of"
'
test_run 'README: each file of the tour is there, each target of make, each manual page' '
	readme=$TEST_TOP/README && sed -n "/^A tour/,/^Manual/s/^ *[0-9][0-9]*  //p" "$readme" | cut -c1-25 | tr -d , >names &&
	test $(wc -l <names) -ge 12 && grep -o "[ (]etc/[a-z.]*[a-z]" "$readme" | tr -d "(" >>names &&
	for f in $(cat names)
	do
		test -e "$TEST_TOP/$f" || { echo "$f"; return 1; }
	done &&
	for t in demo check install $(sed -n "s/^ *make \([a-z]* |.*[a-z]\)  .*/\1/p" "$readme" | tr -d "|")
	do
		grep -q "^$t:" "$TEST_TOP/Makefile" || { echo "$t"; return 1; }
	done &&
	for m in $(grep -o "^    forewarn[a-z.-]*([0-9])" "$readme" | tr "()" ". ")
	do
		test -e "$TEST_TOP/man/$m" || { echo "$m"; return 1; }
	done
'
test_run 'the sample configuration is well' 'forewarn check -c "$TEST_TOP/etc/forewarn.conf.sample"'

# ---- etc

test_run 'the cron line: every minute, a user, the program' '
	grep -v "^#" "$TEST_TOP/etc/forewarn.cron" | grep -x "\* \* \* \* \* root forewarn poll" &&
	grep -x "PATH=.*/usr/local/bin.*" "$TEST_TOP/etc/forewarn.cron"
'
unit=$TEST_TOP/etc/forewarn.service
if command -v systemd-analyze >/dev/null
then
	test_run 'systemd has nothing to say about the unit' '
		sed "s,^ExecStart=forewarn,ExecStart=$FOREWARN,;/^Documentation/d" "$unit" >forewarn.service &&
		said=$(systemd-analyze verify "$SCRATCH/forewarn.service" 2>&1 | grep forewarn.service); echo "$said"; test -z "$said"
	'
else
	test_skip 'systemd has nothing to say about the unit' 'systemd-analyze is not there'
fi
capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | sed 's/CAP_/,+/g' | tr -d ' ' | tr A-Z a-z)
if test "$(id -u)" = 0 && setpriv --bounding-set "-all$capabilities" true 2>/dev/null
then
	test_run 'the capabilities of the unit are enough to start, and none is left' '
		chmod 755 . && mkdir -p given && sed "s/^state = .*/state = \"given-state\"/; s/^user = .*/user = \"nobody\"/" forewarn.conf |
			sed "s,given-state,$SCRATCH/given/state," >given.conf && mkdir given/state && chmod 750 given/state &&
		run_behind given.log setpriv --bounding-set "-all$capabilities" "$FOREWARN" run -c given.conf && pid=$! &&
		wait_for 20 "socket_answers $SCRATCH/given/state/forewarn.sock || ! alive $pid" && grep "^Uid:.*65534.*65534" /proc/$pid/status &&
		grep "^CapEff:	0*\$" /proc/$pid/status && grep "^CapPrm:	0*\$" /proc/$pid/status &&
		test "$(stat -c %U given/state/lock given/state/forewarn.db | sort -u)" = nobody && kill $pid && wait $pid
	'
else
	test_skip 'the capabilities of the unit are enough to start, and none is left' 'not root'
fi

# complete_line WORD...: what bash offers for the last word, one a line.
complete_line() {
	bash -c 'compopt() { :; }; . "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _forewarn; printf "%s\n" "${COMPREPLY[@]}"' \
		"$TEST_TOP/etc/forewarn.bash-completion" "$@"
}
if command -v bash >/dev/null
then
	test_run 'completion: commands and options are those of the help' '
		complete_line forewarn "" >said && commands | diff - said && test "$(complete_line forewarn ri)" = risk &&
		test "$(complete_line forewarn risk --v)" = --verbose && complete_line forewarn events - | grep -x -e --since
	'
	test_run 'completion: names of services, devices, components, what is set by hand, quoted for the shell' '
		test "$(complete_line forewarn risk or)" = "order\\ management" &&
		test "$(complete_line forewarn risk "\"or")" = "order management" &&
		test "$(complete_line forewarn debug device ed)" = edge1 && test "$(complete_line forewarn show inter)" = interface &&
		test "$(complete_line forewarn show interface a | wc -l)" = 3 &&
		complete_line forewarn graph edge1/ | grep -x edge1/interface/ &&
		complete_line forewarn graph edge1/interface/ | grep -x edge1/interface/eth0 &&
		complete_line forewarn whatif --down ed | grep -x edge1 && test "$(complete_line forewarn whatif --down app1 --up fe)" = "feed\\ A" &&
		test "$(complete_line forewarn set fe)" = "feed\\ A" && test "$(complete_line forewarn set "feed\\ A" de)" = degraded
	'
	test_run 'completion: -c and -s of the line are used' '
		FOREWARN_CONFIG=/nonexistent && export FOREWARN_CONFIG &&
		test -z "$(complete_line forewarn risk or)" &&
		test "$(complete_line forewarn -c "$SCRATCH/forewarn.conf" risk or)" = "order\\ management"
	'
else
	test_skip 'completion' 'bash is not there'
fi
test_end
