# t/t7230-history.t: how often components fail, as polls and the daemon see it: kept in the ledger, told by risk.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3 rrdtool snmptrapd
test_begin 'what was seen of components'
trapd_start
conf_sim
conf=$SCRATCH/forewarn.conf
CONF_INTERVAL=2s
conf_write "$conf" 'rrd { write = false }'

# history_is NAME 'CONDITION'
history_is() {
	test "$(sql "SELECT count(*) FROM history WHERE name = '$1' AND $2")" -eq 1 || { sql "SELECT * FROM history"; false; }
}
rates_are() {
	fw risk orders --json >risk.json && jq -e ".items[0] | $1" risk.json >/dev/null || { cat risk.json; false; }
}

test_run 'a history begins with the first poll' '
	fw poll && history_is app1 "failures = 0 AND now = 1 AND since > 0" && history_is app2 "now = 1" &&
	rates_are ".rates_measured == 0 and .rates_assumed > 0 and .rates_missing == 0 and .p > 0 and .p < 1 and .p_horizon > 0"
'
test_run 'polls that see nothing new write nothing' '
	for n in 1 2 3; do test "$(sql "SELECT count(*) FROM history")" -eq 9 || fw poll; done
	sql "SELECT * FROM history" >before && fw poll && sql "SELECT * FROM history" >after && { cat before; echo; cat after; cmp before after; }
'
test_run 'a failure counts, and so does its repair' '
	sim_ctl 127.16.2.1 silent && fw poll >out && history_is app1 "failures = 1 AND repairs = 0 AND now = 2 AND up > 0" &&
	sleep 0.3 && sim_ctl 127.16.2.1 heal && fw poll >out && history_is app1 "failures = 1 AND repairs = 1 AND now = 1 AND down > 0" &&
	history_is app2 "failures = 0"
'
test_run 'its rate is measured, the others are assumed' '
	rates_are ".rates_measured == 1 and .rates_assumed > 0 and (.rates[] | select(.component == \"app1\") |
		.source == \"measured\" and .failures == 1)" &&
	fw risk orders >out && cat out && grep -q "^Chance  *outage within 24 h: .*; rates: 1 measured, [0-9]* assumed$" out
'
test_run 'the time between runs far apart is neither up nor down' '
	before=$(sql "SELECT up FROM history WHERE name = \"app2\"") && sleep 7 && fw poll >out &&
	history_is app2 "up - $before < 6000000 AND failures = 0"
'
test_run 'the daemon goes on with it' '
	forewarn_start "$conf" && sim_ctl 127.16.2.1 silent && wait_for 10 "history_is app1 \"failures = 2 AND now = 2\" >/dev/null" &&
	rates_are ".rates[] | select(.component == \"app1\") | .failures == 2"
'
# all_are COMMAND: no moment lies between them
all_are() {
	printf '127.16.1.1+2 %s\n127.16.2.1+3 %s\n' "$1" "$1" | sim_ctl -
}
test_run 'our own blindness is nobody else'\''s failure' '
	all_are silent && wait_for 15 "status_is \".items | all(.quality == \\\"unknown\\\")\" >/dev/null" &&
	all_are heal && wait_for 15 "status_is \".items | all(.quality == \\\"up\\\")\" >/dev/null" &&
	forewarn_stop && history_is app2 "failures = 0" && history_is app3 "failures = 0"
'
test_run 'what is no longer configured is kept as long as retention says, and then forgotten: that is said' '
	history_is app3 "1" && sed -i "/device .app3./d; s/app.1-3./app[1-2]/" $conf && fw check >out &&
	fw poll >out; history_is app3 "1" && test "$(sql "SELECT reason FROM state WHERE name = \"app3\"")" = "no longer configured" &&
	sqlite3 "$SCRATCH/state/forewarn.db" "UPDATE state SET seen = seen - 3000 * 86400000000 WHERE name = \"app3\"" && fw poll >out;
	test "$(sql "SELECT count(*) FROM history WHERE name = \"app3\"")" -eq 0 && test "$(sql "SELECT count(*) FROM state WHERE name = \"app3\"")" -eq 0 &&
	test "$(sql "SELECT count(*) FROM event WHERE what = \"retention\" AND reason LIKE \"forgot 1 component %\"")" -eq 1 && history_is app1 "1"
'
test_end
