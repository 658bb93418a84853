# t/t7150-disk.t: a folder that cannot be written, a full disk, damaged files: said once and counted, polling goes on.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3 rrdtool snmptrapd
test_begin 'disks'
trapd_start
conf_sim
conf=$SCRATCH/forewarn.conf
CONF_USER=$(id -un)
conf_write "$conf" 'rrd { rows = 2 }'
chmod 755 "$SCRATCH"

# ---- damaged files -------------------------------------------------------------------------------------------------

test_run 'a first run' 'forewarn_start "$conf" && wait_for 20 all_is_well && sleep 2 && sim_ctl 127.16.2.1 silent && wait_for 10 "status_is \".wrong | length == 1\"" && forewarn_stop'

garbage() {
	perl -e 'open my $f, "+<", $ARGV[0] or die; print $f "garbage" x 4000' "$1"
}
# damaged FILE LINE: with garbage in it it starts, says the line, is well, and ends.
damaged() {
	garbage "$1" && forewarn_start "$conf" && wait_for 20 'status_is ".wrong | length == 1"' && wait_for 10 'grep "'"$2"'" "$FOREWARN_LOG"' &&
	sane "$FOREWARN_LOG"
	damaged_status=$?
	test $damaged_status -eq 0 || cat "$FOREWARN_LOG"
	forewarn_stop && test $FOREWARN_STATUS -eq 0 && return $damaged_status
}
test_run 'a damaged ledger is put aside, said, and begun anew' 'damaged state/forewarn.db "forewarn.db. is damaged: put aside as" && ls state/forewarn.db.broken-1 && ledger_whole'
test_run 'a damaged last file, too' 'damaged state/last.0 "last file .*last.0.: damaged" && ls state/last.0.broken*'
rrd=$(find state/rrd/sw1/interface -name '*1.rrd' | head -n 1)
test_run 'a damaged RRD file, too' 'damaged "$rrd" "begun anew" && ls "$rrd.broken"'
test_run 'a journal that is none is passed over, and said' 'perl -e "print \"garbage\" x 4000" >state/journal.0 && damaged state/journal.0 "journal.*octets passed over"'
test_run 'files that are not there are made' 'rm -f state/last.* state/journal* state/forewarn.db* && damaged /dev/null "forewarn runs"'
test_run 'then all is whole but what was put aside' 'find state -name "*.broken*" -delete; files_whole && ledger_whole'
sim_ctl 127.16.2.1 heal

# ---- no permission -------------------------------------------------------------------------------------------------

if test "$(id -u)" -eq 0 && setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null
then
	test_run 'a folder that it may not write: it says so and ends' '
		rm -rf state && mkdir -m 755 state && ! setpriv --reuid 65534 --regid 65534 --clear-groups "$FOREWARN" run -c "$conf" >out 2>&1
		cat out; grep "cannot write state folder .*state" out
	'
else
	test_run 'a folder that it may not write: it says so and ends' '
		rm -rf state && mkdir -m 555 state && ! "$FOREWARN" run -c "$conf" >out 2>&1
		cat out; chmod 755 state; grep "cannot write state folder .*state" out
	'
fi
test_run 'a state folder that is a file' 'rm -rf state && : >state && ! "$FOREWARN" run -c "$conf" >out 2>&1; cat out; grep "not a folder" out; rm -f state'

# ---- a full disk -----------------------------------------------------------------------------------------------------

mkdir -p state
if ! mount -t tmpfs -o size=64m none "$SCRATCH/state" 2>/dev/null
then
	for what in 'a read-only file system' 'a full disk' 'it goes on when there is room'
	do
		test_skip "$what" 'a file system cannot be mounted here'
	done
	test_end
fi
test_last='umount -l "$SCRATCH/state" 2>/dev/null'

test_run 'a file system that is read-only: it says so and ends' '
	mount -o remount,ro "$SCRATCH/state" && ! "$FOREWARN" run -c "$conf" >out 2>&1
	cat out; mount -o remount,rw "$SCRATCH/state" && grep -i "read-only" out
'
# To the last octet, and without a moment in which there is room.
fill() {
	cat /dev/zero >>state/fill 2>/dev/null
	:
}
test_run 'it runs' '
	forewarn_start "$conf" && wait_for 20 all_is_well &&
	wait_for 20 "debug_is \"[.items[] | select(.store != null) | .files > 10 and .creates_waiting == 0] | all\""
'
told=$(trapd_matches forewarnAlertRaised)
test_run 'a full disk: states go on in memory' '
	fill && sleep 1 && fill && sim_ctl 127.16.2.1 silent && wait_for 15 "status_is \".wrong | length == 1\"" && fill && sleep 4
'
test_run '... the ledger and the store are counted in debug' '
	wait_for 20 "debug_is \"[.items[] | .failed? // 0] | add > 0\"" &&
	wait_for 20 "debug_is \"[.items[] | .write_errors? // 0] | add > 0\""
'
test_run '... and each is said, not again and again' '
	cat "$FOREWARN_LOG"; grep -i "ledger" "$FOREWARN_LOG" && grep -i "store" "$FOREWARN_LOG" && test "$(grep -c " error " "$FOREWARN_LOG")" -le 12
'
test_run '... and nobody was told, for it is not durable' 'test "$(trapd_matches forewarnAlertRaised)" -eq "$told"'
test_run 'with room again all of it is written, and the NOC is told' '
	rm -f state/fill && wait_for 20 "test \"\$(sql \"SELECT count(*) FROM alert WHERE cleared = 0\")\" -eq 1" &&
	wait_for 20 "test \$(trapd_matches forewarnAlertRaised) -eq $((told + 1))" && grep "written again after" "$FOREWARN_LOG"
'
test_run '... and cleared' 'sim_ctl 127.16.2.1 heal && wait_for 20 all_is_well && wait_for 10 "trapd_matches forewarnAlertCleared"'
test_run 'stopped while the disk is full: within 5 s, and nothing is damaged' '
	fill && sleep 2 && began=$(date +%s) && forewarn_stop && took=$(($(date +%s) - began)) && cat "$FOREWARN_LOG" && echo "took $took s" &&
	test $took -le 5 && rm -f state/fill && files_whole && ledger_whole
'
test_run 'started on a full disk it polls, or says why not' '
	fill; run_behind "$FOREWARN_LOG" "$FOREWARN" run -c "$conf" && FOREWARN_PID=$! && sleep 3
	wait_for 20 "all_is_well || ! alive $FOREWARN_PID"
	cat "$FOREWARN_LOG"
	if alive $FOREWARN_PID; then all_is_well; else grep -i "cannot.*\(space\|full\)" "$FOREWARN_LOG"; fi && sane "$FOREWARN_LOG"
'
test_end
