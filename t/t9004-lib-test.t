#!/bin/sh
# t/t9004-lib-test.t: the library of the shell tests: it reports, waits, starts what tests talk to, and leaves nothing.

. ./lib-test.sh
test_needs snmpget snmpd snmptrapd snmptrap perl

test_begin 'the library of the shell tests'

# A test in a process of its own, in t/, with its output in $SCRATCH/inner.out.
inner() {
	printf '. ./lib-test.sh\n%s\n' "$1" >"$SCRATCH/inner.t"
	(cd "$TEST_T" && TMPDIR=$SCRATCH sh "$SCRATCH/inner.t" >"$SCRATCH/inner.out" 2>&1)
}

test_run 'a failed test is reported with its output, and by the exit status' '
	! inner "test_begin x
		test_run good true
		test_run bad \"echo because; false\"
		test_end" &&
	grep "^ok 1 - good" inner.out && grep "^not ok 2 - bad" inner.out && grep "^# because" inner.out &&
	grep "^1..2" inner.out
'
test_run 'good tests end well' '
	inner "test_begin x
		test_run good \"x=1\"
		test_run \"variables stay\" \"test \\\$x = 1\"
		test_skip other \"there is none\"
		test_end" &&
	grep "^ok 2" inner.out && grep "^ok 3 - other # skip there is none" inner.out
'
test_run 'a test that stops in the middle is not a good one' '
	! inner "test_begin x
		test_run good true
		exit 0"
'
test_run 'the scratch folder and what was started are gone at the end' '
	inner "test_begin x
		echo \$SCRATCH
		sim_start --device \"127.16.0.1 kind=switch\"
		run_behind out sleep 300
		echo pids \$SIM_PID \$!
		test_run good true
		test_end" &&
	folder=$(sed -n "s,^\(/.*\),\1,p" inner.out) && test -n "$folder" && ! test -e "$folder" &&
	pids=$(sed -n "s/^pids //p" inner.out) && test -n "$pids" &&
	for pid in $pids; do ! test -e /proc/$pid || return 1; done
'
cat >killed.t <<'END'
cd "$TEST_T" && . ./lib-test.sh
test_begin x
sim_start --device '127.16.0.1 kind=switch'
run_behind out sleep 300
echo pids $SIM_PID $! >&3
wait_for 60 false
END
test_run 'the processes are gone, too, when the test is killed' '
	export TEST_T TMPDIR="$SCRATCH" && run_behind killed.out sh killed.t && killed=$! &&
	wait_for 10 "grep -q ^pids killed.out" && pids=$(sed -n "s/^pids //p" killed.out) && kill -9 $killed &&
	for pid in $pids; do wait_for 5 "! alive $pid" || return 1; done
'
test_run 'waiting ends when the condition is true, and with a word when it never is' '
	wait_for 5 true && ! wait_for 0 "test 1 = 2" >waited && grep "waited 0 s for: test 1 = 2" waited
'
test_run 'free ports are free' '
	port=$(free_port) && test "$port" -gt 1023 && ! udp_bound "$port"
'

snmpd_start 'sysContact somebody@example.net'
test_run 'snmpd answers with the configuration of the test' '
	test "$(agent_get 127.0.0.1:$SNMPD_PORT 1.3.6.1.2.1.1.4.0)" = somebody@example.net
'

trapd_start
test_run 'snmptrapd writes what it gets, by name' '
	snmptrap -v2c -c public 127.0.0.1:$TRAPD_PORT 42 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.1.6.0 s here-4711 &&
	wait_for 5 "test \$(trapd_matches here-4711) = 1" && cat "$TRAPD_LOG" &&
	grep "^TRAP.*127.0.0.1.*SNMPv2-MIB::sysUpTime.*SNMPv2-MIB::snmpTrapOID.0 = .*here-4711" "$TRAPD_LOG"
'
test_run 'it says nothing about modules that it cannot find' '
	! grep -i "cannot find module\|did not find\|unlinked" trapd.out "$TRAPD_LOG"
'
test_run 'children that are ended are ended once' '
	test_kill $SNMPD_PID $TRAPD_PID && ! alive $SNMPD_PID && ! alive $TRAPD_PID
'
test_end
