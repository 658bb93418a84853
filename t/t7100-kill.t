# t/t7100-kill.t: kill -9 at any moment: the next start goes on, no alert is lost, no file is damaged.
# The moments are random; FOREWARN_SEED repeats them.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3 rrdtool snmptrapd
test_begin 'kill -9 at any moment'
seed=${FOREWARN_SEED:-$$}
echo "# seed $seed"
trapd_start
conf_sim
conf_write "$SCRATCH/forewarn.conf" 'rrd { rows = 3 }'

# random MOST: 0 to MOST - 1
random() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	random=$((seed / 65536 % $1))
}

# What may happen between two kills; everything is healed at the end.
disturb() {
	random 7
	case $random in
	0) sim_ctl 127.16.2.1 silent ;;
	1) sim_ctl 127.16.2.2 silent ;;
	2) sim_ctl 127.16.1.1 psu 1 failed ;;
	3) sim_ctl 127.16.1.2 silent ;;
	4) sim_ctl 127.16.1.1+2 heal ;;
	5) sim_ctl 127.16.2.1+3 heal ;;
	6) sim_ctl 127.16.2.3 reboot ;;
	esac
}

run_killed() {
	run_behind "$FOREWARN_LOG" "$FOREWARN" run -c "$SCRATCH/forewarn.conf" -s "$SCRATCH/state"
	FOREWARN_PID=$!
	random 12
	disturb
	perl -e 'select(undef, undef, undef, 0.6 + $ARGV[0] / 5)' "$random"
	disturb
	random 20
	perl -e 'select(undef, undef, undef, $ARGV[0] / 100)' "$random"
	kill -9 "$FOREWARN_PID"
	wait "$FOREWARN_PID" 2>/dev/null
	sane "$FOREWARN_LOG"
}

FOREWARN_LOG=$SCRATCH/forewarn.log
forewarn_start "$SCRATCH/forewarn.conf" && wait_for 20 all_is_well
kill -9 "$FOREWARN_PID"
wait "$FOREWARN_PID" 2>/dev/null
for n in 1 2 3 4 5 6 7 8 9
do
	FOREWARN_LOG=$SCRATCH/forewarn.$n.log
	test_run "killed $n times" 'run_killed && ledger_whole'
done

FOREWARN_LOG=$SCRATCH/forewarn.log
test_run 'the next start goes on' '
	sim_ctl 127.16.1.1+2 heal && sim_ctl 127.16.2.1+3 heal &&
	forewarn_start "$SCRATCH/forewarn.conf" && wait_for 20 all_is_well
'
test_run 'every alert is cleared in the end' 'wait_for 10 "test \$(sql \"SELECT count(*) FROM alert WHERE cleared = 0\") -eq 0"'
test_run 'there were alerts' 'test "$(sql "SELECT count(*) FROM alert")" -gt 1'

# What is in the ledger is on its way: at once, or when a row of an earlier life is sent again.
every_change_told() {
	sql 'SELECT number, sequence FROM outbox' | sort -u >told.want
	sed -n 's/.*forewarnAlertNumber\.0 = [A-Za-z0-9]*: \([0-9]*\).*forewarnAlertSequence\.0 = [A-Za-z0-9]*: \([0-9]*\).*/\1|\2/p' "$TRAPD_LOG" | sort -u >told.got
	comm -23 told.want told.got >told.missing
	test -s told.want && ! test -s told.missing
}
test_run 'the NOC was told every raise, change and clear' 'wait_for 40 every_change_told || { cat told.missing; false; }'

unseen_change_dated() {
	test "$(sql 'SELECT count(*) FROM event WHERE what = "state" AND name = "app1" AND now = "down" AND after > 0 AND after < at')" -gt 0
}
test_run 'what changed while nobody looked is dated between two times' '
	forewarn_stop KILL
	sim_ctl 127.16.2.1 silent &&
	forewarn_start "$SCRATCH/forewarn.conf" && wait_for 30 unseen_change_dated
'
test_run 'stopped, all files are whole' 'sim_ctl 127.16.2.1 heal && wait_for 20 all_is_well && forewarn_stop && test $FOREWARN_STATUS -eq 0 && files_whole && ledger_whole'
test_run 'no rate of the kills is a spike' '
	file=$(find state/rrd/sw1/interface -name "*1.rrd" | head -n 1) &&
	rrdtool fetch "$file" MAX -s -600 | grep -v nan | awk "NR > 2 && NF > 2 { for (i = 2; i <= NF; i++) if (\$i > 1e6) bad = 1 } END { exit bad }"
'
sane "$SCRATCH"/forewarn*.log || test_run 'clean' false
test_end
