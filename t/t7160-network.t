# t/t7160-network.t: who is to blame when much goes silent at once; targets that cannot be reached; a thread that hangs.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3 snmptrapd
test_begin 'silence, targets, threads'
trapd_start
conf_sim --device '127.18.0.0/21 kind=server ports=1 psu=0 cpu=1 disks=1 name=many#'
conf=$SCRATCH/forewarn.conf
CONF_USER=$(id -un)

# all_silent WHO...: no moment lies between them
all_silent() {
	printf '%s silent\n' "$@" | sim_ctl -
}
alerts_open() {
	sql 'SELECT count(*) FROM alert WHERE cleared = 0'
}

# All that were, since the ledger began.
blamed() {
	sql 'SELECT group_concat(key) FROM (SELECT DISTINCT key FROM alert ORDER BY key)'
}
none_open() {
	test "$(alerts_open)" -eq 0
}

# ---- parents -------------------------------------------------------------------------------------------------------

conf_write "$conf"
test_run 'parents and children fall silent together: the parents are blamed, nobody else' '
	forewarn_start "$conf" && wait_for 20 all_is_well &&
	all_silent 127.16.2.1+2 127.16.1.1+2 &&
	wait_for 15 "status_is \".items | map(select(.quality == \\\"down\\\")) | length > 0\"" &&
	wait_for 10 "test \"\$(blamed)\" = sw1,sw2" && sleep 2 && test "$(blamed)" = sw1,sw2 || { sql "SELECT number, key, transition, detail FROM alert"; cat "$FOREWARN_LOG"; false; }
'
test_run 'and all is well again' 'sim_ctl all heal && wait_for 20 "all_is_well && none_open"'

# ---- the poller is blind -------------------------------------------------------------------------------------------

test_run 'all are silent: it is the poller, and nobody is blamed' '
	all_silent 127.16.1.1+2 127.16.2.1+3 && wait_for 20 "test \$(alerts_open) -eq 1" && sleep 2 &&
	test "$(sql "SELECT group_concat(key) FROM alert WHERE cleared = 0")" = forewarn/poller &&
	test "$(sql "SELECT count(*) FROM alert WHERE key LIKE \"app%\"")" -eq 0 || { sql "SELECT key, transition, raised, cleared FROM alert"; tail -5 "$FOREWARN_LOG"; false; }
'
test_run '... and back' 'sim_ctl all heal && wait_for 20 "all_is_well && none_open" && forewarn_stop'

# ---- thousands -----------------------------------------------------------------------------------------------------

perl -e 'for (1 .. 2000) { printf "device \"many%d\" { address = \"127.18.%d.%d:%s\" }\n", $_, $_ >> 8, $_ & 255, $ARGV[0] }' "$SIM_PORT" >many.conf
conf_write "$conf" 'include = "many.conf"' 'rrd { write = false }'
sed -i 's/interval = 1s  status-interval = 1s/interval = 6s  status-interval = 3s/; s/timeout = 200ms/timeout = 500ms/' "$conf"
test_run 'two thousand devices' 'rm -rf state && forewarn_start "$conf" && wait_for 60 all_is_well'
test_run 'a thousand alerts at once, and each is told' '
	sim_ctl 127.18.0.1-127.18.3.232 silent && wait_for 60 "test \$(alerts_open) -eq 1000" &&
	wait_for 60 "test \$(trapd_matches \"STRING: many.*\") -ge 1000" || { trapd_matches many; sql "SELECT count(*), sum(sent > 0) FROM outbox"; false; }
'
test_run '... and cleared' 'sim_ctl 127.18.0.0/21 heal && wait_for 60 all_is_well && wait_for 20 "test \$(alerts_open) -eq 0"'
test_run 'all two thousand and five are silent: one alert' '
	all_silent 127.18.0.0/21 127.16.1.1+2 127.16.2.1+3 &&
	wait_for 60 "test \"\$(sql \"SELECT group_concat(key) FROM alert WHERE cleared = 0\")\" = forewarn/poller" && sleep 3 &&
	test "$(alerts_open)" -eq 1 && test "$(sql "SELECT count(*) FROM alert")" -le 1001
'
test_run '... and back' '
	sim_ctl all heal && wait_for 60 all_is_well &&
	wait_for 20 "test \$(alerts_open) -eq 0" && test "$(sql "SELECT count(*) FROM alert")" -le 1001
'
test_run 'it ends well' 'forewarn_stop && test $FOREWARN_STATUS -eq 0 && ledger_whole && sane "$FOREWARN_LOG"'

# ---- targets -------------------------------------------------------------------------------------------------------

conf_write "$conf" 'notify "nowhere" { trap = "no-such-host.invalid:162" }' 'notify "closed" { trap = "127.0.0.1:9" }'
test_run 'a target without an address holds up nobody: the others are told' '
	rm -rf state && trapd_start && sed "s/^notify \"noc\".*/notify \"noc\" { trap = \"127.0.0.1:$TRAPD_PORT\" }/" "$conf" >new && mv new "$conf" &&
	forewarn_start "$conf" && wait_for 20 all_is_well && sim_ctl 127.16.2.1 silent && wait_for 15 "trapd_matches forewarnAlertRaised"
'
test_run '... it is said once, and what it was to be told is kept' '
	sleep 3; cat "$FOREWARN_LOG"; test "$(grep -c "nowhere.*no-such-host" "$FOREWARN_LOG")" -eq 1 &&
	test "$(sql "SELECT count(*) FROM outbox WHERE target = \"nowhere\" AND sent = 0")" -ge 1 &&
	wait_for 10 "test \"\$(sql \"SELECT count(*) FROM outbox WHERE target = \\\"noc\\\" AND sent = 0\")\" -eq 0"
'
test_run 'it ends well' 'sim_ctl 127.16.2.1 heal && forewarn_stop && test $FOREWARN_STATUS -eq 0'

# ---- a thread that hangs -------------------------------------------------------------------------------------------

# Stops one thread of a process until it is ended itself: ptrace(PTRACE_SEIZE), ptrace(PTRACE_INTERRUPT).
cat >freeze.pl <<'END'
my $nr = { x86_64 => 101, aarch64 => 117, riscv64 => 117 }->{(split ' ', qx(uname -m))[0]} or exit 77;
syscall($nr, 0x4206, $ARGV[0] + 0, 0, 0) == 0 or exit 77;
syscall($nr, 0x4207, $ARGV[0] + 0, 0, 0) == 0 or exit 77;
$| = 1; print "frozen\n"; sleep 60;
END
thread_of() {
	for thread_path in /proc/$FOREWARN_PID/task/*
	do
		test "$(cat "$thread_path/comm")" = "$1" && echo "${thread_path##*/}"
	done
}
freeze() {
	run_behind freeze.out perl freeze.pl "$(thread_of "$1")"
	frozen=$!
	wait_for 5 "test -s freeze.out || ! alive $frozen" && alive $frozen
}
conf_write "$conf"
rm -rf state
forewarn_start "$conf"
wait_for 20 all_is_well >/dev/null
if freeze 'worker 1'
then
	test_run 'a worker that hangs: its devices are unknown, and it is said' '
		wait_for 10 "grep \"worker 1 does not report\" \"$FOREWARN_LOG\"" &&
		wait_for 5 "status_is \".items | any(.quality == \\\"unknown\\\") or (.items | any(.at_risk))\" || status_is \".head.answering < 5\" || status_is \".wrong | length > 0\""
	'
	test_run 'it goes on: all is as before' 'test_kill $frozen; wait_for 10 "grep \"worker 1 reports again\" \"$FOREWARN_LOG\"" && wait_for 20 all_is_well'
	test_run 'one that hangs does not hold up the end' '
		freeze "worker 0" && began=$(date +%s) && kill $FOREWARN_PID && wait_for 8 "! alive $FOREWARN_PID" &&
		test $(($(date +%s) - began)) -le 6 && grep "worker 0 hangs and is left behind" "$FOREWARN_LOG"; hung=$?; test_kill $frozen; test $hung -eq 0
	'
	test_run 'and nothing is damaged by it' 'ledger_whole && files_whole && forewarn_start "$conf" && wait_for 20 all_is_well && forewarn_stop'
else
	for what in 'a worker that hangs' 'it goes on' 'one that hangs does not hold up the end'
	do
		test_skip "$what" 'no thread can be stopped here'
	done
	forewarn_stop
fi

# ---- no IPv6 -------------------------------------------------------------------------------------------------------

if test "$(id -u)" -eq 0 && unshare -n sh -c 'ip link set lo up' 2>/dev/null
then
	test_run 'a machine without IPv6' '
		rm -rf state; echo "exec 2>&1; ip link set lo up; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
			exec \"$FOREWARN\" run -c \"$conf\" -s \"$SCRATCH/state\"" >no6.sh
		run_behind no6.log unshare -n sh no6.sh && FOREWARN_PID=$! && started 10 $FOREWARN_PID && sleep 2 && alive $FOREWARN_PID
		six=$?; cat no6.log; kill $FOREWARN_PID; test $six -eq 0 && test "$(grep -c "IPv6\|inet6\|::" no6.log)" -le 1
	'
else
	test_skip 'a machine without IPv6' 'no network namespace can be made here'
fi
test_end
