# t/t7180-start.t: starting and the manager: nothing is cleared or raised before all is heard of; sd_notify; syslog; closed pipes;
# the clock that jumps.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3 snmptrapd
test_begin 'starting, managers, clocks'
trapd_start
conf_sim
conf=$SCRATCH/forewarn.conf
CONF_USER=$(id -un)
conf_write "$conf"
mkdir -p state

# ---- order -----------------------------------------------------------------------------------------------------------

changes() { sql 'SELECT count(*) FROM outbox'; }
test_run 'an outage, then the end' '
	forewarn_start "$conf" && wait_for 20 all_is_well && sim_ctl 127.16.2.1 silent && sim_ctl 127.16.1.1 psu 1 failed &&
	wait_for 20 "status_is \".wrong | length == 2\"" && sleep 1 && forewarn_stop &&
	wait_for 10 "test \$(trapd_matches forewarnAlert) -ge \$(changes)"
'
before=$(sql 'SELECT group_concat(number || key) FROM (SELECT * FROM alert WHERE cleared = 0 ORDER BY number)')
told=$(trapd_matches forewarnAlert)
rows=$(changes)
test_run 'a start clears and raises nothing: the alerts of the last run stand' '
	forewarn_start "$conf" && { fw status --json | jq -e ".wrong | length == 2"; } && wait_for 20 "debug_is \"[.items[] | select(.judging != null) | .judging] | all\"" && sleep 3 &&
	test "$(sql "SELECT group_concat(number || key) FROM (SELECT * FROM alert WHERE cleared = 0 ORDER BY number)")" = "$before" &&
	test "$(changes)" -eq "$rows" && test "$(trapd_matches forewarnAlert)" -eq "$told"
'
test_run 'what healed while it was dead is cleared, what broke is raised' '
	forewarn_stop && sim_ctl 127.16.2.1 heal && sim_ctl 127.16.2.2 silent && forewarn_start "$conf" &&
	wait_for 20 "test \"\$(sql \"SELECT group_concat(key) FROM (SELECT key FROM alert WHERE cleared = 0 ORDER BY key)\")\" = app2,sw1/power-supply/1 || sql \"SELECT key FROM alert WHERE cleared = 0\" | grep -q app2 && test \"\$(sql \"SELECT count(*) FROM alert WHERE cleared = 0\")\" -eq 2"
'
test_run 'a component set by hand stays set, and makes no event again' '
	forewarn_stop && printf "component \"feed\" { }\nservice \"powered\" { needs = {\"feed\"} }\n" >>"$conf" && forewarn_start "$conf" && wait_for 10 "fw set feed down --why test" &&
	wait_for 10 "status_is \".items | any(.quality == \\\"down\\\")\"" &&
	forewarn_stop && events=$(sql "SELECT count(*) FROM event WHERE name = \"feed\"") && test "$events" -gt 0 && forewarn_start "$conf" && wait_for 20 "status_is \".items | any(.quality == \\\"down\\\")\"" && sleep 3 &&
	test "$(sql "SELECT count(*) FROM event WHERE name = \"feed\"")" -eq "$events" && fw set feed up && sim_ctl 127.16.2.1+3 heal && sim_ctl 127.16.1.1+2 heal &&
	wait_for 20 all_is_well && forewarn_stop
'

# ---- the manager -----------------------------------------------------------------------------------------------------

cat >listen.pl <<'END'
use strict; use Socket;
my $s;
socket($s, PF_UNIX, SOCK_DGRAM, 0) and bind($s, pack_sockaddr_un($ARGV[0])) or die;
$| = 1;
while (defined recv($s, my $got, 4096, 0)) { $got =~ tr/\n/ /; print "$got\n" }
END
test_run 'it tells the service manager: ready, reloading, ready, stopping' '
	run_behind notify.log perl listen.pl "$SCRATCH/notify.sock" && wait_for 5 "test -S notify.sock" &&
	NOTIFY_SOCKET=$SCRATCH/notify.sock && export NOTIFY_SOCKET && forewarn_start "$conf" && wait_for 5 "grep READY=1 notify.log" &&
	kill -HUP $FOREWARN_PID && wait_for 5 "test \$(grep -c READY=1 notify.log) -eq 2" && forewarn_stop && wait_for 5 "grep STOPPING=1 notify.log" &&
	unset NOTIFY_SOCKET && test "$(sed "s/ .*//" notify.log | tr "\n" " ")" = "READY=1 RELOADING=1 READY=1 STOPPING=1 " || { cat notify.log; unset NOTIFY_SOCKET; false; }
'
test_run 'a manager that is not there is no reason not to run' '
	NOTIFY_SOCKET=$SCRATCH/nobody.sock && export NOTIFY_SOCKET && forewarn_start "$conf" && wait_for 10 all_is_well && forewarn_stop; manager=$?; unset NOTIFY_SOCKET; test $manager -eq 0
'
test_run 'with --syslog nothing is on standard error' 'forewarn_start "$conf" --syslog && wait_for 10 all_is_well && forewarn_stop && test $FOREWARN_STATUS -eq 0 && test ! -s "$FOREWARN_LOG" || { cat "$FOREWARN_LOG"; false; }'
test_run 'a log that nobody reads any more does not end it' '
	mkfifo log.fifo && { head -n 1 log.fifo >/dev/null & } && "$FOREWARN" run -c "$conf" -s state >log.fifo 2>&1 3>&- & piped=$!
	sleep 0.2; started 20 $piped && kill -HUP $piped && sleep 1 && kill -HUP $piped && sleep 1 && alive $piped && wait_for 20 all_is_well
	pipe=$?; kill $piped; wait_for 10 "! alive $piped"; test $pipe -eq 0
'
test_run 'a reload asked for while it starts is not its end' '
	run_behind "$FOREWARN_LOG" "$FOREWARN" run -c "$conf" -s state && FOREWARN_PID=$! &&
	wait_for 5 "grep -q \"forewarn\" /proc/$FOREWARN_PID/comm && test -e state/lock && grep -q \"^SigBlk:.*1\$\" /proc/$FOREWARN_PID/status || socket_answers state/forewarn.sock" &&
	kill -HUP $FOREWARN_PID && started 20 $FOREWARN_PID && wait_for 10 all_is_well && forewarn_stop && test $FOREWARN_STATUS -eq 0
'

# ---- the clock ---------------------------------------------------------------------------------------------------------

# A shared object that adds the seconds in a file to the time of day.
cat >shift.c <<'END'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static volatile long long *ahead;
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("SHIFT");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, fd, 0);
	ahead = map == MAP_FAILED ? NULL : map;
}
int clock_gettime(clockid_t which, struct timespec *ts)
{
	int e = (int)syscall(SYS_clock_gettime, which, ts);
	if (e == 0 && which == CLOCK_REALTIME && ahead)
		ts->tv_sec += *ahead;
	return e;
}
END
shift_to() {
	perl -e 'open my $f, "+<", $ARGV[0] or die; print $f pack("q", $ARGV[1])' shift.seconds "$1"
}
perl -e 'print pack("q", 0)' >shift.seconds
if ${CC:-cc} -shared -fPIC -o shift.so shift.c 2>shift.err
then
	SHIFT=$SCRATCH/shift.seconds
	ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
	export SHIFT ASAN_OPTIONS
	shifted_start() {
		run_behind "$FOREWARN_LOG" env LD_PRELOAD="$SCRATCH/shift.so" "$FOREWARN" run -c "$conf" -s state
		FOREWARN_PID=$!
		started 20 $FOREWARN_PID
	}
	rows_refused() {
		fw debug --json | jq '[.items[] | .rows_refused_time? // 0] | add'
	}
	test_run 'the clock jumps an hour ahead: it is an event, and rows go on' '
		rm -rf state && mkdir state && conf_write "$conf" "rrd { rows = 1 }" && shifted_start && wait_for 20 all_is_well && sleep 3 && shift_to 3600 &&
		wait_for 10 "test \"\$(sql \"SELECT count(*) FROM event WHERE what = \\\"clock\\\"\")\" -eq 1" && sleep 3 && wait_for 10 all_is_well &&
		grep "clock was set by 3600" "$FOREWARN_LOG" && test "$(rows_refused)" -eq 0
	'
	test_run 'it jumps back: what would lie before what is there is refused, with the reason, and polling goes on' '
		shift_to 0 && wait_for 10 "test \"\$(sql \"SELECT count(*) FROM event WHERE what = \\\"clock\\\"\")\" -eq 2" &&
		wait_for 20 "test \$(rows_refused) -gt 0" && grep "not after its last" "$FOREWARN_LOG" && test "$(grep -c "not after its last" "$FOREWARN_LOG")" -le 4 && wait_for 10 all_is_well
	'
	test_run 'an outage is seen and told while rows are refused' '
		sim_ctl 127.16.2.1 silent && wait_for 15 "status_is \".wrong | length == 1\"" && wait_for 5 "trapd_matches forewarnAlertRaised" && sim_ctl 127.16.2.1 heal && wait_for 15 all_is_well
	'
	test_run 'it ends well' 'forewarn_stop && test $FOREWARN_STATUS -eq 0 && files_whole && ledger_whole && sane "$FOREWARN_LOG"'
else
	test_skip 'the clock jumps' 'no compiler'
fi
test_end
