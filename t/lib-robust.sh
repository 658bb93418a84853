# t/lib-robust.sh: what the tests of the running program (t71xx) share; read after lib-test.sh and test_begin.
#
# conf_write FILE [LINE...]: a small campus over the simulated network at $SIM_PORT, polled every second: two switches with
# two supplies each, three servers behind them, two services, and notify "noc" at $TRAPD_PORT. More lines are added.

CONF_USER=${CONF_USER:-root}

conf_write() {
	conf_file=$1
	shift
	{
		cat <<-END
			state = "$SCRATCH/state"
			user  = "$CONF_USER"
			poll     { interval = ${CONF_INTERVAL:-1s}  status-interval = 1s  threads = ${CONF_THREADS:-2} }
			defaults { credentials = "sim"  timeout = 200ms  retries = 1  ping = false }
			credentials "sim" { version = "2c"  community = "public" }
			device "sw1"  { address = "127.16.1.1:$SIM_PORT" }
			device "sw2"  { address = "127.16.1.2:$SIM_PORT" }
			device "app1" { address = "127.16.2.1:$SIM_PORT"  parents = {"sw1", "sw2"} }
			device "app2" { address = "127.16.2.2:$SIM_PORT"  parents = {"sw1", "sw2"} }
			device "app3" { address = "127.16.2.3:$SIM_PORT"  parents = {"sw1", "sw2"} }
			group "apps"     { need = 2  members = {"app[1-3]"} }
			group "switches" { need = 1  members = {"sw[1-2]"} }
			service "orders" { needs = {"apps", "switches"} }
			service "office" { needs = {"switches"} }
			notify "noc" { trap = "127.0.0.1:${TRAPD_PORT:-9}" }
		END
		for conf_line
		do
			printf '%s\n' "$conf_line"
		done
	} >"$conf_file"
}

conf_sim() {
	sim_start --device '127.16.1.1+2 kind=switch ports=2 fan=0 sensors=0 name=sw#' \
		--device '127.16.2.1+3 kind=server ports=1 cpu=1 disks=1 name=app#' "$@"
}

# fw COMMAND [ARGUMENT...]: a command on the test's configuration and state.
fw() {
	fw_command=$1
	shift
	"$FOREWARN" "$fw_command" -c "$SCRATCH/forewarn.conf" -s "$SCRATCH/state" "$@"
}

# What jq says of "forewarn status --json", e.g. status_is '.items[0].quality == "up"'.
status_is() {
	fw status --json >"$SCRATCH/.status" 2>"$SCRATCH/.status.err"
	jq -e "$1" "$SCRATCH/.status" >/dev/null 2>&1
}

all_is_well() {
	status_is '([.items[] | select(.quality != "up" or .at_risk)] | length) == 0 and (.wrong | length) == 0'
}

# debug_is FILTER: of "forewarn debug --json".
debug_is() {
	fw debug --json 2>/dev/null | jq -e "$1" >/dev/null 2>&1
}

# sql STATEMENT: what the ledger says.
sql() {
	sqlite3 -cmd '.timeout 5000' "file:$SCRATCH/state/forewarn.db?mode=ro" "$1"
}

# started SECONDS PID: does it run, its socket answering?
started() {
	wait_for "$1" 'socket_answers "$SCRATCH/state/forewarn.sock" || ! alive '"$2" && alive "$2"
}

# Nobody runs and nothing is held back: every file is whole.
files_whole() {
	find "$SCRATCH/state/rrd" -name '*.rrd' >"$SCRATCH/.files" && test -s "$SCRATCH/.files" || return 1
	find "$SCRATCH/state" -name '*.broken*' | grep . && return 1
	sed 's/.*/info "&"/' "$SCRATCH/.files" | rrdtool - >"$SCRATCH/.info" || return 1
	! grep ERROR "$SCRATCH/.info" && test "$(grep -c '^OK' "$SCRATCH/.info")" -eq "$(wc -l <"$SCRATCH/.files")"
}

ledger_whole() {
	test "$(sql 'PRAGMA integrity_check')" = ok
}

# say_nothing FILE: no line of a sanitizer, no abort.
sane() {
	! grep -e 'ERROR: ' -e 'runtime error' -e 'WARNING: ThreadSanitizer' -e 'abort' "$1"
}
