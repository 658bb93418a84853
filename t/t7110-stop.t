# t/t7110-stop.t: SIGTERM ends within 5 s with everything kept: also with thousands of files not yet made, also when a thread hangs.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3 rrdtool
test_begin 'the end'
conf_sim --device '127.17.0.1+12 kind=switch ports=400 psu=0 fan=0 sensors=0 name=big#'
conf_write "$SCRATCH/forewarn.conf" "include = \"big.csv.conf\""
for n in $(seq 1 12)
do
	echo "device \"big$n\" { address = \"127.17.0.$n:$SIM_PORT\" }"
done >big.csv.conf

milliseconds() {
	perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'
}

stop_within() {
	stop_began=$(milliseconds)
	forewarn_stop "$2" || return 1
	stop_took=$(($(milliseconds) - stop_began))
	echo "took $stop_took ms"
	test "$stop_took" -le "$1"
}

# A build with the thread sanitizer finds ports no faster than files are made for them, librrd being none of it.
waiting=3000
test "$SANITIZE" != thread || waiting=30
test_run 'stopped while thousands of files wait to be made' '
	forewarn_start "$SCRATCH/forewarn.conf" &&
	wait_for 40 "debug_is \"[.items[] | select(.store != null) | .creates_waiting] | add > $waiting\"" &&
	sleep 2 && stop_within 5000 TERM && test $FOREWARN_STATUS -eq 0
'
# On a fast disk there may be time for all.
test_run 'what there was no time for is said' '
	if test -e state/journal.0
	then
		grep "rows wait in the journal for the next start rows=" "$FOREWARN_LOG" && ! grep "everything is written" "$FOREWARN_LOG"
	else
		grep "everything is written" "$FOREWARN_LOG"
	fi
'
test_run 'all files that are there are whole, and so is the ledger' 'files_whole && ledger_whole'
test_run 'the next start has the rows again' '
	rows=$(sed -n "s/.*for the next start rows=//p" "$FOREWARN_LOG") &&
	forewarn_start "$SCRATCH/forewarn.conf" &&
	{ test -z "$rows" || grep "rows of a process that did not end well are back rows=$rows\$" "$FOREWARN_LOG"; }
'
test_run 'SIGINT is the same' 'stop_within 5000 INT && test $FOREWARN_STATUS -eq 0'
test_run 'a small one ends at once, and leaves no journal and no socket' '
	rm -rf state big.csv.conf && : >big.csv.conf &&
	forewarn_start "$SCRATCH/forewarn.conf" && wait_for 20 all_is_well && stop_within 2000 TERM && test $FOREWARN_STATUS -eq 0 &&
	! test -e state/journal.0 && ! test -e state/forewarn.sock && ! test -e state/forewarn.db-wal && files_whole
'
sane "$FOREWARN_LOG" || test_run 'clean' false
test_end
