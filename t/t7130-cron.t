# t/t7130-cron.t: polls from cron: quiet, polite, with the same state as the daemon's; what is old is unknown.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3 rrdtool snmptrapd
test_begin 'cron'
trapd_start
conf_sim
conf=$SCRATCH/forewarn.conf
CONF_INTERVAL=2s
conf_write "$conf" 'rrd { rows = 1 }'

quiet_poll() {
	fw poll "$@" >out 2>err || { cat err; return 1; }
	test ! -s out && test ! -s err || { cat out err; false; }
}

ledger_open() {
	sql 'SELECT count(*) FROM alert WHERE cleared = 0'
}

status_exit() {
	fw status >status.out 2>status.err
	test $? -eq "$1" || { cat status.out status.err; false; }
}

test_run 'before the first poll nothing is known' 'status_exit 3'
test_run 'a poll says nothing when all is well' 'quiet_poll'
test_run 'status afterwards is well' 'status_exit 0 && all_is_well'
test_run 'rates go on from run to run' '
	for n in 1 2 3 4; do sleep 1.5; quiet_poll || return 1; done
	file=$(find state/rrd/sw1/interface -name "*1.rrd" | head -n 1) &&
	rrdtool fetch "$file" AVERAGE -r 2 -s -20 | awk "NF > 2 { print \$2 }" | grep -v octets >rates &&
	test "$(grep -vc nan rates)" -ge 2 || { cat rates; false; }
'
test_run 'an outage is told by the run that sees it' '
	sim_ctl 127.16.2.1 silent && sim_ctl 127.16.2.2 silent && fw poll >out 2>err && status_exit 2 && test "$(ledger_open)" -eq 2 &&
	cat out err && test ! -s err && test "$(wc -l <out)" -eq 2 &&
	grep "^\[DOWN\] app1 down: orders.* (#[0-9]*)$" out && grep "^\[DOWN\] app2 down: orders" out &&
	wait_for 5 "test \$(trapd_matches forewarnAlertRaised) -eq 2"
'
numbers=$(sql 'SELECT group_concat(number) FROM alert WHERE cleared = 0')
test_run 'the next run tells nothing again' '
	quiet_poll && test "$(trapd_matches forewarnAlert)" -eq "$(sql "SELECT count(*) FROM outbox")" &&
	test "$(sql "SELECT group_concat(number) FROM alert WHERE cleared = 0")" = "$numbers"
'
test_run 'after three intervals without a poll nothing is known, and it is said for how long' '
	sleep 6.5 && status_exit 3 && grep -i "last polled" status.out && status_is ".items | all(.quality == \"unknown\")"
'
test_run 'what was wrong then is told as what it was, and what it touches as it is known now' '
	grep "^app1 was down when last polled [0-9]* s ago .* orders: unknown" status.out && ! grep "orders: down" status.out &&
	status_is ".wrong | length == 2 and all(.state == \"unknown\" and (.cause | test(\"was down when last polled\")) and .touches[0].quality == \"unknown\")"
'
test_run 'an outage of then is not shown as up, nor as one of now' '! grep -i -w "ok" status.out && ! grep -i "DOWN *can" status.out'
test_run 'the daemon goes on where cron was: the same alerts' '
	forewarn_start "$conf" && wait_for 10 "status_is \".wrong | length == 2\"" && sleep 2 &&
	test "$(sql "SELECT group_concat(number) FROM alert WHERE cleared = 0")" = "$numbers"
'
cycles() {
	fw debug --json | jq '[.items[] | select(.worker != null) | .polls] | add'
}
test_run 'a poll while it runs asks it, and says nothing' '
	before=$(cycles) && quiet_poll && wait_for 2 "test \$(cycles) -ge $((before + 5))"
'
test_run 'one of a device, too' 'quiet_poll app3'
test_run 'a name that is none is a mistake' '! fw poll nothing 2>err && grep "nothing" err'
test_run 'a second daemon is told who has the folder' '
	! "$FOREWARN" run -c "$conf" >out 2>&1 && grep -i "another forewarn" out
'
test_run 'and cron goes on where the daemon was' '
	forewarn_stop && sim_ctl 127.16.2.1+3 heal && fw poll >out 2>err && cat out err && test ! -s err &&
	test "$(grep -c "^\[CLEARED\] " out)" -eq 2 && test "$(wc -l <out)" -eq 2 && quiet_poll && status_exit 0 && test "$(ledger_open)" -eq 0 &&
	wait_for 5 "test \$(trapd_matches forewarnAlertCleared) -ge 2"
'
milliseconds() {
	perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'
}
test_run 'a target whose name nobody knows is said once, not by every run' '
	sed "s/trap = .*/trap = \"no-such.invalid:162\" }/" "$conf" >away.conf && sim_ctl 127.16.2.3 silent &&
	"$FOREWARN" poll -c away.conf -s state >out 2>err && cat err && grep "^\[AT RISK\] app3" out && grep -c "cannot notify" err &&
	for n in 1 2
	do
		"$FOREWARN" poll -c away.conf -s state >out 2>err; cat out err
		test ! -s out && test ! -s err || return 1
	done
	sim_ctl 127.16.2.3 heal && fw poll >out 2>err && test ! -s err && grep "^\[CLEARED\] app3" out
'
test_run 'a run while another is on its way leaves at once, quietly' '
	sed "s/timeout = 200ms/timeout = 5s/" "$conf" >slow.conf && sim_ctl 127.16.2.1 delay 3000 &&
	run_behind slow.out "$FOREWARN" poll -c slow.conf -s state && slow=$! &&
	wait_for 5 "test -S state/forewarn.sock" && began=$(milliseconds) && quiet_poll && took=$(($(milliseconds) - began)) &&
	alive $slow && echo "took $took" && test $took -lt 1000 &&
	wait_for 20 "! alive $slow" && wait $slow && test ! -s slow.out || { cat slow.out; false; }
'
test_run 'all files are whole' 'files_whole && ledger_whole'
test_end
