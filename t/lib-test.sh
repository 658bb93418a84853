# t/lib-test.sh: what the shell tests stand on (POSIX sh; TAP). Read by ". ./lib-test.sh" in t/.
#
#	. ./lib-test.sh
#	test_begin 'status of a device that does not answer'
#	sim_start --device '127.16.0.1 kind=switch'
#	test_run 'the agent is silent' '
#		sim_ctl 127.16.0.1 silent &&
#		! sim_get 127.16.0.1 1.3.6.1.2.1.1.3.0
#	'
#	test_end
#
# A test runs in a scratch folder of its own, $SCRATCH, with the build folder on its PATH. What it starts by the
# functions here is ended, and the folder removed, when it ends, however it ends (TEST_KEEP=1 keeps the folder). All
# waiting is for a condition and is bounded. Free ports and scratch folders make tests independent, so that they run in
# parallel.
#
# Variables: SCRATCH, TEST_TOP (source tree), TEST_T (its t/), FOREWARN_OUT (build), FOREWARN (program), SHARED (files
# beside the checkout; may not exist). Set by what was started: SIM_PORT SIM_CONTROL SIM_PID, SNMPD_PORT SNMPD_PID,
# TRAPD_PORT TRAPD_PID TRAPD_LOG, FOREWARN_PID FOREWARN_STATE FOREWARN_LOG FOREWARN_STATUS.

TEST_T=$(pwd)
TEST_TOP=${FOREWARN_TOP:-$(dirname "$TEST_T")}
FOREWARN_OUT=${FOREWARN_OUT:-$TEST_TOP/build}
FOREWARN=${FOREWARN:-$FOREWARN_OUT/forewarn}
SHARED=${FOREWARN_SHARED:-$TEST_TOP/../shared}
PATH=$FOREWARN_OUT:$PATH:/usr/sbin:/sbin
LC_ALL=C
TZ=UTC
FOREWARN_MIBS=${FOREWARN_MIBS:-$TEST_TOP/mibs}
export PATH FOREWARN_MIBS FOREWARN FOREWARN_OUT SHARED LC_ALL TZ
umask 022

test_count=0
test_failed=0
test_title=
test_ended=
test_running=
test_children=
test_last=			# what a test wants done at its end, however it ends: commands

# ---- TAP -----------------------------------------------------------------------------------------------------------

# test_begin TITLE: the scratch folder, and what is to be done at the end.
test_begin() {
	test_title=$1
	echo "# $test_title"
	# what is printed between tests is no TAP
	exec 3>&1 1>&2
	SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/forewarn-test.XXXXXX") || exit 1
	trap 'test_clean' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	cd "$SCRATCH" || exit 1
	mkdir snmp
	# net-snmp's programs read nothing of this machine's
	SNMPCONFPATH=$SCRATCH/snmp
	SNMP_PERSISTENT_DIR=$SCRATCH/snmp
	MIBS=
	export SCRATCH SNMPCONFPATH SNMP_PERSISTENT_DIR MIBS
}

# test_run NAME COMMANDS: ok when the commands end with status 0; what they print is shown when they do not.
# They run in this shell, so variables that they set stay.
test_run() {
	test_count=$((test_count + 1))
	test_output=$SCRATCH/.output.$test_count
	test_running=$1
	test_eval "$2" >"$test_output" 2>&1 </dev/null
	test_result "$?" "$1"
	test_running=
}

# A function of its own, so that "return 1" in the commands ends them, and nothing else.
test_eval() {
	eval "$1"
}

test_result() {
	if test "$1" -eq 0
	then
		echo "ok $test_count - $2" >&3
	else
		test_failed=$((test_failed + 1))
		echo "not ok $test_count - $2" >&3
		test_diagnose "$test_output"
		echo "# status $1" >&3
	fi
	rm -f "$test_output"
}

# The end of a file as diagnostics.
test_diagnose() {
	test ! -s "$1" || tail -n 60 "$1" | LC_ALL=C tr -d '\000' | sed 's/^/# /' >&3
}

# test_skip NAME WHY: one test that cannot run here.
test_skip() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # skip $2" >&3
}

# test_skip_all WHY: the whole file; also before test_begin.
test_skip_all() {
	test -n "$test_title" || exec 3>&1
	echo "1..0 # SKIP $1" >&3
	test_ended=yes
	exit 0
}

# test_needs PROGRAM...: else the whole file is skipped.
test_needs() {
	for test_program
	do
		command -v "$test_program" >/dev/null 2>&1 || test_skip_all "$test_program is not there"
	done
}

# jq with -e is content with no input at all: with a program that said nothing. A test is not.
jq() {
	case " $* " in
	*" -e "*) ;;
	*) command jq "$@"; return ;;
	esac
	test_said=$(command jq "$@") || return
	test -n "$test_said" && printf '%s\n' "$test_said"
}

# What a test cannot go on without has not started: a failed test (the one that runs, or one more), and the end.
test_fatal() {
	test -n "$test_running" || test_count=$((test_count + 1))
	echo "not ok $test_count - ${test_running:+$test_running: }$1" >&3
	test -z "$2" || test_diagnose "$2"
	test_failed=$((test_failed + 1))
	test_end
}

test_end() {
	test_ended=yes
	echo "1..$test_count" >&3
	test "$test_failed" -eq 0
	exit
}

test_clean() {
	test_status=$?
	trap '' INT TERM HUP
	test_kill $test_children
	eval "$test_last"
	cd / && test -n "$SCRATCH" && {
		if test -n "$TEST_KEEP"; then echo "# kept $SCRATCH" >&3; else rm -rf "$SCRATCH"; fi
	}
	if test -z "$test_ended"
	then
		echo "# ended before test_end, status $test_status" >&3
		test "$test_status" -ne 0 || test_status=1
	fi
	trap - EXIT
	exit "$test_status"
}

# ---- processes -----------------------------------------------------------------------------------------------------

# run_behind OUTPUT COMMAND...: start in the background; its pid is in $!. It ends with this shell, however that ends.
run_behind() {
	run_output=$1
	shift
	: >"$run_output"
	if command -v setpriv >/dev/null 2>&1 && setpriv --pdeathsig TERM true 2>/dev/null
	then
		setpriv --pdeathsig TERM "$@" >"$run_output" 2>&1 </dev/null 3>&- &
	else
		"$@" >"$run_output" 2>&1 </dev/null 3>&- &
	fi
	test_children="$test_children $!"
}

# Is it still running? A zombie is not.
alive() {
	kill -0 "$1" 2>/dev/null && case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in
	Z*|'') false ;;
	esac
}

# A child of this shell: its pid cannot have become another process's.
child() {
	alive "$1" && test "$(sed 's/.*) . \([0-9]*\) .*/\1/' "/proc/$1/stat" 2>/dev/null)" = $$
}

# test_kill PID...: SIGTERM to children, and SIGKILL to what is there after 5 s.
test_kill() {
	for test_pid
	do
		! child "$test_pid" || kill "$test_pid"
	done
	for test_pid
	do
		wait_for 5 "! child $test_pid" >/dev/null || kill -9 "$test_pid"
		wait "$test_pid" 2>/dev/null
	done
}

# wait_for SECONDS CONDITION: look every 50 ms; false, and said, when it has not come true in that time (three times
# as long under sanitizers, where all is slower).
wait_for() {
	wait_end=$(($(date +%s) + $1 * (${SANITIZE:+2} + 1) + 1)) wait_tries=0
	until eval "$2"
	do
		if test "$(date +%s)" -ge "$wait_end"
		then
			echo "# waited $1 s for: $2"
			return 1
		fi
		# Looking costs a program or two: often at first only, so that tests side by side do not starve each other.
		test "$wait_tries" -lt 10 && sleep 0.05 || sleep 0.15
		wait_tries=$((wait_tries + 1))
	done
}

# free_port: prints a UDP port that is free on every address of this machine now.
free_port() {
	perl -MSocket -e '
		my $s;
		socket($s, PF_INET, SOCK_DGRAM, 0) && bind($s, sockaddr_in(0, INADDR_ANY)) or die "no free port: $!\n";
		print +(sockaddr_in(getsockname($s)))[0], "\n"'
}

udp_bound() {
	grep -qi ":$(printf %04X "$1") " /proc/net/udp
}

# Does someone accept on this Unix socket?
socket_answers() {
	test -S "$1" && perl -MIO::Socket::UNIX -e 'exit !IO::Socket::UNIX->new(Peer => $ARGV[0])' "$1" 2>/dev/null
}

# ---- the simulated network -----------------------------------------------------------------------------------------

# sim_start [OPTIONS|FILE.dev...]: SIM_PORT, SIM_CONTROL, SIM_PID are those of the one started last. See sim/README.
sim_start() {
	sim_count=$((${sim_count:-0} + 1))
	SIM_CONTROL=$SCRATCH/sim$sim_count.sock
	sim_said=$SCRATCH/sim$sim_count.out
	run_behind "$sim_said" simnet --control "$SIM_CONTROL" --die-with-parent "$@"
	SIM_PID=$!
	wait_for 10 'grep -q "^simnet: port" "$sim_said" || ! alive $SIM_PID' >/dev/null
	SIM_PORT=$(sed -n 's/^simnet: port \([0-9]*\) .*/\1/p' "$sim_said")
	test -n "$SIM_PORT" || test_fatal "simnet starts: $*" "$sim_said"
}

# sim_ctl COMMAND...: see sim/README.
sim_ctl() {
	simnet ctl "$SIM_CONTROL" "$@"
}

# sim_get ADDRESS OID...: the values by snmpget, one a line, texts without their quotes.
sim_get() {
	sim_address=$1
	shift
	agent_get "$sim_address:$SIM_PORT" "$@"
}

# agent_get ADDRESS:PORT OID...: likewise, from any agent. AGENT_OPTIONS: default v2c, community public, 1 s, 1 retry.
agent_get() {
	agent_said=$(snmpget ${AGENT_OPTIONS:--v2c -c public -r 1 -t 1} -On -Oe -Oq -Ov -Ot "$@") || {
		printf '%s\n' "$agent_said"
		return 1
	}
	printf '%s\n' "$agent_said" | sed 's/^"\(.*\)"$/\1/'
}

# sim_field ADDRESS FIELD: one field of "status ADDRESS"; sim_field '' FIELD of "status".
sim_field() {
	sim_ctl status $1 | tr ' ' '\n' | sed -n "s/^$2=//p"
}

# ---- net-snmp ------------------------------------------------------------------------------------------------------

# snmpd_start [CONFIGURATION LINE...]: an agent of this machine at 127.0.0.1:$SNMPD_PORT, community public.
snmpd_start() {
	for snmpd_try in 1 2 3 4 5
	do
		SNMPD_PORT=$(free_port)
		{
			echo "rocommunity public 127.0.0.1"
			echo "sysLocation test"
			for snmpd_line
			do
				echo "$snmpd_line"
			done
		} >"$SCRATCH/snmpd.conf"
		run_behind "$SCRATCH/snmpd.out" snmpd -f -C -c "$SCRATCH/snmpd.conf" -Lf "$SCRATCH/snmpd.log" \
			-I -smux "udp:127.0.0.1:$SNMPD_PORT"
		SNMPD_PID=$!
		wait_for 15 'snmpd_answers || ! alive $SNMPD_PID' >/dev/null
		! alive "$SNMPD_PID" || return 0
	done
	test_fatal 'snmpd starts' "$SCRATCH/snmpd.log"
}

snmpd_answers() {
	snmpget -v2c -c public -r 0 -t 0.5 "127.0.0.1:$SNMPD_PORT" 1.3.6.1.2.1.1.3.0 >/dev/null 2>&1
}

# Where modules are, the last that has one counts: the few names that Debian does not ship, the machine's, ours.
test_mibdirs() {
	echo "$TEST_T/mibs:/usr/share/snmp/mibs:/usr/share/snmp/mibs/iana:/usr/share/snmp/mibs/ietf:$TEST_TOP/mibs"
}

# trapd_start: snmptrapd at 127.0.0.1:$TRAPD_PORT writes what it gets, decoded with FOREWARN-MIB, to $TRAPD_LOG; one
# line a notification: "TRAP", the sender, then NAME = VALUE for each object, parted by tabs.
trapd_start() {
	trapd_count=$((${trapd_count:-0} + 1))
	TRAPD_LOG=$SCRATCH/trapd$trapd_count.log
	echo 'disableAuthorization yes' >"$SCRATCH/snmptrapd.conf"
	trapd_mibs=
	test ! -e "$TEST_TOP/mibs/FOREWARN-MIB.txt" || trapd_mibs=FOREWARN-MIB
	for trapd_try in 1 2 3 4 5
	do
		TRAPD_PORT=$(free_port)
		: >"$TRAPD_LOG"
		run_behind "$SCRATCH/trapd.out" snmptrapd -f -n -C -c "$SCRATCH/snmptrapd.conf" -M "$(test_mibdirs)" \
			-m "SNMPv2-MIB${trapd_mibs:+:$trapd_mibs}" -Lf "$TRAPD_LOG" -F 'TRAP\t%b\t%v\n' \
			"udp:127.0.0.1:$TRAPD_PORT"
		TRAPD_PID=$!
		wait_for 15 'udp_bound $TRAPD_PORT || ! alive $TRAPD_PID' >/dev/null
		! alive "$TRAPD_PID" || return 0
	done
	test_fatal 'snmptrapd starts' "$TRAPD_LOG"
}

# trapd_matches PATTERN: how many notifications match.
trapd_matches() {
	grep '^TRAP' "$TRAPD_LOG" | grep -c -e "$1"
}

# trapd_alerts TRANSITION: the numbers of the alerts of which that was told. A trap is sent at least once: some come twice.
trapd_alerts() {
	sed -n "s/^TRAP.*forewarnAlertNumber\.0 = [A-Za-z0-9]*: \([0-9]*\).*AlertTransition\.0 = [^	]*$1.*/\1/p" "$TRAPD_LOG" | sort -u
}

# Was every alert that was raised, as was told, cleared?
trapd_all_cleared() {
	trapd_alerts raise >"$SCRATCH/.raised" && trapd_alerts clear >"$SCRATCH/.cleared" && test -s "$SCRATCH/.raised" &&
		cmp "$SCRATCH/.raised" "$SCRATCH/.cleared"
}

# ---- forewarn ------------------------------------------------------------------------------------------------------

# forewarn_start CONFIGURATION [ARGUMENT...]: the daemon, until its socket answers. Its state is in $FOREWARN_STATE
# (default $SCRATCH/state), what it says in $FOREWARN_LOG.
forewarn_start() {
	FOREWARN_STATE=${FOREWARN_STATE:-$SCRATCH/state}
	FOREWARN_LOG=$SCRATCH/forewarn.log
	forewarn_conf=$1
	shift
	mkdir -p "$FOREWARN_STATE"
	run_behind "$FOREWARN_LOG" "$FOREWARN" run -c "$forewarn_conf" -s "$FOREWARN_STATE" "$@"
	FOREWARN_PID=$!
	wait_for 20 'socket_answers "$FOREWARN_STATE/forewarn.sock" || ! alive $FOREWARN_PID' >/dev/null
	socket_answers "$FOREWARN_STATE/forewarn.sock" ||
		test_fatal "forewarn run -c $forewarn_conf starts" "$FOREWARN_LOG"
}

# forewarn_stop [SIGNAL]: end it (SIGTERM); its exit status is in $FOREWARN_STATUS. False when it has not ended in 10 s.
forewarn_stop() {
	kill -s "${1:-TERM}" "$FOREWARN_PID" 2>/dev/null
	wait_for 10 '! alive $FOREWARN_PID' || return 1
	wait "$FOREWARN_PID" 2>/dev/null
	FOREWARN_STATUS=$?
}
