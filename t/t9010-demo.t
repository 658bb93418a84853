#!/bin/sh
# t/t9010-demo.t: the story that make demo tells, step by step from what it prints; that nothing is left behind, however
# it ends; and the same once as an ordinary user.

. ./lib-test.sh
test_needs snmpd snmptrapd snmpget snmpset jq perl od

test_begin 'the demonstration'

# What librrd draws with keeps its fonts; leaks of ours are sought by other tests.
ASAN_OPTIONS=detect_leaks=0
export ASAN_OPTIONS

# Everything that a demo starts has this in its environment.
mark=FOREWARN_DEMO_MARK=$SCRATCH

left_behind() {
	for process in /proc/[0-9]*
	do
		tr '\0' '\n' <"$process/environ" 2>/dev/null | grep -qx "$mark.$1" || continue
		case $(sed 's/.*) //' "$process/stat" 2>/dev/null) in
		Z*|'') ;;
		*) tr '\0' ' ' <"$process/cmdline" ;;
		esac
	done
}

# step N: what was printed from (N) to the next one.
step() {
	awk -v n="($1)" '/^\([0-9]\)|^What was read/ { on = index($0, n) == 1 } on' "$out"
}

# The three commands that it names in the end, one a line.
commands() {
	sed -n '/^Try next/,/^$/s/^    //p' "$out"
}

# How many alerts the NOC has heard to be raised, or cleared. A trap is sent at least once: some may have come twice.
alerts_of() {
	sed -n "s/^TRAP.*forewarnAlertNumber.0 = Gauge32: \([0-9]*\).*Transition.0 = INTEGER: $1.*/\1/p" "$demo/traps.log" |
		sort -u | wc -l
}

# story NAME: each step, of the output $out and the folder $demo.
story() {
	test_run "$1: it ends well in less than a minute" '
		test "$status" = 0 && s=$(sed -n "s/^Done in \([0-9]*\) s.*/\1/p" "$out") && test "$s" -lt 60
	'
	test_run "$1: (0) three services are well" '
		step 0 >step && grep "3 services: 3 well" step && grep "nothing is wrong" step &&
		grep "order management  ok  *1  *1  *erp" step
	'
	test_run "$1: (1) a dead app server: quality stays, no more may be lost; the NOC has it decoded" '
		step 1 >step && grep "order management  ok  *AT RISK  *0  *!!  *1" step && grep "intranet  *ok  *1  *1" step &&
		grep "forewarnAlertTransition.0 = INTEGER: raise(1)" step &&
		grep "forewarnAlertSeverity.0 = INTEGER: major(4)" step &&
		grep "forewarnAlertCause.0 = STRING: app2 down" step &&
		grep "forewarnAlertServices.0 = STRING: order management: up, can lose 0" step
	'
	test_run "$1: (2) a failed power supply: a risk though one more failure ends nothing" '
		step 2 >step && grep "intranet   quality ok .* AT RISK" step && grep "It survives any one further failure" step &&
		grep "forewarnAlertTransition.0 = INTEGER: raise(1)" step &&
		grep "forewarnAlertCause.0 = STRING: sw1 Power Supply .* failed" step &&
		grep "forewarnAlertServices.0 = .*intranet: up, can lose 1" step
	'
	test_run "$1: (3) the second app server: quality falls" '
		step 3 >step && grep "order management   quality DOWN" step && grep "app servers 1 of 3, 2 needed" step &&
		grep "forewarnAlertSeverity.0 = INTEGER: critical(5)" step &&
		grep "forewarnAlertCause.0 = STRING: app3 down" step &&
		grep "forewarnAlertServices.0 = .*order management: down" step
	'
	test_run "$1: (4) all heals, every alert clears, and the log of the NOC has it" '
		step 4 >step && grep "3 were raised, 3 are cleared" step && grep "3 services: 3 well" step &&
		test $(alerts_of raise) = 3 && test $(alerts_of clear) = 3 || { cat "$demo/traps.log"; false; }
	'
	test_run "$1: a picture of real traffic" '
		test "$(od -An -tx1 -N 8 "$demo/graph.png" | tr -d " ")" = 89504e470d0a1a0a &&
		test $(wc -c <"$demo/graph.png") -gt 5000 && grep "here/interface/lo  *up " "$out"
	'
	test_run "$1: plain text" '! LC_ALL=C grep "$(printf "\033")" "$out"'
	test_run "$1: the three commands that it names work" '
		test $(commands | wc -l) = 3 && commands >three && n=0 &&
		while read -r line
		do
			n=$((n + 1))
			(cd "$where" && eval "$line") >said.$n || return 1
		done <three &&
		grep "app3 .*up -> down" said.1 && grep "app servers  (group, needs 2 of 3)" said.2 &&
		test -s "$demo/sw1.png"
	'
}

# ---- as an ordinary user, in a tree of its own, beside the other run

script=$TEST_T/demo.sh
if test "$(id -u)" = 0 && command -v setpriv >/dev/null
then
	mkdir -p tree/build tree/t && chmod 755 . tree tree/t && ln "$FOREWARN" "$FOREWARN_OUT/simnet" tree/build 2>/dev/null ||
		cp "$FOREWARN" "$FOREWARN_OUT/simnet" tree/build
	cp -R "$TEST_TOP/mibs" tree && cp -R "$TEST_T/mibs" "$TEST_T/demo.sh" tree/t && chown 65534:65534 tree/build
	(
		cd tree && unset FOREWARN_MIBS FOREWARN_TOP FOREWARN_OUT &&
		exec env "$mark.user" HOME=/nonexistent setpriv --reuid 65534 --regid 65534 --clear-groups sh t/demo.sh
	) >user.out 2>user.err &
	user=$!
	test_children="$test_children $user"
fi

# ---- with a network that hears no command, also beside it

mkdir -p lazy && cp "$FOREWARN" lazy
cat >lazy/simnet <<END
#!/bin/sh
test "\$1" = ctl || exec "$FOREWARN_OUT/simnet" "\$@"
END
chmod +x lazy/simnet
FOREWARN_OUT=$SCRATCH/lazy sh "$script" >lazy.out 2>lazy.err </dev/null &
lazy=$!
test_children="$test_children $lazy"

# ---- as who we are; a path so long that the socket cannot lie below it

long=$SCRATCH/a-folder-with-a-name-that-is-longer-than-the-path-of-a-socket-may-be-in-all-of-its-octets/demo
env "$mark.here" FOREWARN_DEMO="$long" TMPDIR="$SCRATCH" sh "$script" >here.out 2>here.err </dev/null
status=$? out=$SCRATCH/here.out demo=$long where=$SCRATCH
test "$status" = 0 || test_diagnose here.err
story here
test_run 'here: the state folder is a short one, and is named' '
	state=$(sed -n "s/^state = \"\(.*\)\"/\1/p" "$long/forewarn.conf") && test ${#state} -le 93 &&
	grep "(in $state)" here.out && test -s "$state/forewarn.db"
'
test_run 'here: no process is left' 'left=$(left_behind here); echo "$left"; test -z "$left"'
test_run 'here: the rows of the graph are in the file' '
	known=$(rrdtool fetch "$state/rrd/here/interface/lo.rrd" AVERAGE -s -300 | grep -c "[0-9]e[+-]") && echo "$known" &&
	test "$known" -ge 5
'

if test -n "$user"
then
	wait "$user"
	status=$? out=$SCRATCH/user.out demo=$SCRATCH/tree/build/demo where=$SCRATCH/tree
	test "$status" = 0 || test_diagnose user.err
	story user
	test_run 'user: commands as they are typed in the tree' 'grep "^    build/forewarn -c build/demo/forewarn.conf events" user.out'
	test_run 'user: no process is left' 'left=$(left_behind user); echo "$left"; test -z "$left"'
else
	test_skip 'as an ordinary user' 'this is one'
fi

# ---- when it does not go as told

test_run 'without a build it says what to do' '
	! FOREWARN_OUT=$SCRATCH/nothing sh "$script" 2>said && test $(wc -l <said) = 1 && grep "make demo" said
'
test_run 'a folder that cannot be written is named in one line' '
	: >file && ! FOREWARN_DEMO=$SCRATCH/file/demo sh "$script" 2>said && test $(wc -l <said) = 1 &&
	grep "cannot write .*$SCRATCH/file/demo" said
'
test_run 'a NOC that does not start: one line, status 1, no process left' '
	mkdir -p bad && printf "#!/bin/sh\nexit 1\n" >bad/snmptrapd && chmod +x bad/snmptrapd &&
	env "$mark.bad" PATH="$SCRATCH/bad:$PATH" FOREWARN_DEMO="$SCRATCH/bad/demo" sh "$script" 2>said; status=$?; cat said; test $status = 1 &&
	test $(wc -l <said) = 1 && grep "snmptrapd does not start" said && left=$(left_behind bad) && echo "$left" && test -z "$left"
'
test_run 'a network that does not do as told: the step is named' '
	wait "$lazy"; test $? = 1 && test $(wc -l <lazy.err) = 1 &&
	grep "^demo: (1) .*did not happen as told within" lazy.err
'
test_run 'ended by a signal it leaves no process' '
	env "$mark.ended" FOREWARN_DEMO="$SCRATCH/ended" sh "$script" >ended.out 2>ended.err & pid=$!
	wait_for 30 "grep -q \"^(0)\" ended.out" && test -n "$(left_behind ended)" && kill -TERM $pid && wait $pid
	test $? = 143 && left=$(left_behind ended) && echo "$left" && test -z "$left"
'
mkdir unread.tmp
test_run 'nor when nobody reads what it says' '
	{ env "$mark.unread" FOREWARN_DEMO="$SCRATCH/unread" TMPDIR="$SCRATCH/unread.tmp" sh "$script" 2>unread.err; echo $? >unread.status; } |
		head -n 1 &&
	test "$(cat unread.status)" = 141 && left=$(left_behind unread) && echo "$left" && test -z "$left" && test -z "$(ls unread.tmp)"
'
test_end
