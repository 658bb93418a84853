# t/t7120-reload.t: SIGHUP: what changed is planned again and nothing else; a wrong file changes nothing and says each mistake.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3 rrdtool snmptrapd
test_begin 'a new configuration for a running daemon'
trapd_start
first_trapd=$TRAPD_LOG
conf_sim
cp -r "${FOREWARN_MIBS:-$TEST_TOP/mibs}" mibs
FOREWARN_MIBS=$SCRATCH/mibs
export FOREWARN_MIBS
conf=$SCRATCH/forewarn.conf
conf_write "$conf" 'rrd { rows = 1 }'

# hup PATTERN: reload, and wait for the next line of the log that matches.
hup() {
	hup_lines=$(wc -l <"$FOREWARN_LOG")
	kill -HUP "$FOREWARN_PID" && wait_for 10 'tail -n +$((hup_lines + 1)) "$FOREWARN_LOG" | grep -e "'"$1"'"'
}

polls_of() {
	fw debug device "$1" --json | jq '.items[0].cycles // .answer.cycles // ([.. | .cycles? | numbers] | max)'
}

test_run 'it runs' 'forewarn_start "$conf" && wait_for 20 all_is_well && sleep 4'
test_run 'the same file again is taken' 'hup "configuration read again devices=5 services=2"'
test_run 'a device and a service are added' '
	conf_write "$conf" "rrd { rows = 1 }" "device \"extra\" { address = \"127.16.2.3:$SIM_PORT\" }" "service \"third\" { needs = {\"extra\"} }" &&
	hup "configuration read again devices=6 services=3" &&
	wait_for 10 "status_is \".items | map(select(.service == \\\"third\\\" and .quality == \\\"up\\\")) | length == 1\""
'
test_run 'counters of devices that did not change go on without a gap' '
	sleep 4 && fw poll && sleep 1 &&
	forewarn_stop && file=$(find state/rrd/sw1/interface -name "*1.rrd" | head -n 1) &&
	rrdtool fetch "$file" AVERAGE -r 1 -s -60 | awk "NF > 2 { print \$2 }" | grep -v "[a-z]*octets" >rates &&
	awk "/nan/ { if (seen) gap++; next } { if (gap > 0) bad = 1; seen = 1; gap = 0; n++ } END { exit bad || n < 8 }" rates || { cat rates; false; }
'
FOREWARN_LOG=$SCRATCH/forewarn2.log
test_run 'it runs again' 'forewarn_start "$conf" && wait_for 20 all_is_well'

test_run 'a wrong file changes nothing, and each mistake is said with its line' '
	{ cat "$conf"; echo "device \"bad\" { address = \"127.0.0.1\" parents = {\"nobody\"} }"; echo "group \"g\" { need = 9 members = {\"app1\"} }"; } >wrong.conf &&
	cp "$conf" right.conf && cp wrong.conf "$conf" && hup "has 2 mistakes; nothing was changed" &&
	grep "forewarn.conf:[0-9]*: device .bad." "$FOREWARN_LOG" && grep "forewarn.conf:[0-9]*: group .g.: need" "$FOREWARN_LOG" &&
	cp right.conf "$conf" && all_is_well
'
test_run 'a file that is gone changes nothing' 'mv "$conf" away && hup "nothing was changed" && mv away "$conf" && all_is_well'
test_run 'a broken definition changes nothing' '
	echo "table \"broken\" {" >mibs/zz-broken.conf && hup "nothing was changed" && grep "zz-broken.conf" "$FOREWARN_LOG" &&
	rm mibs/zz-broken.conf && all_is_well
'
shown() {
	fw show "$1" app1 --json >shown && jq -e ".items | length $2" shown
}
test_run 'a definition that goes is taken' '
	shown storage "> 0" && file=$(grep -l "^table \"storage\"" mibs/*.conf) && mv "$file" away.conf &&
	hup "configuration read again" && wait_for 10 "! shown storage \"> 0\"" && wait_for 10 all_is_well
'
test_run 'and so is one that comes' 'mv away.conf "$file" && hup "configuration read again" && wait_for 10 "shown storage \"> 0\""'

test_run 'an open alert stays over a reload, with its number' '
	sim_ctl 127.16.2.1 silent && wait_for 10 "status_is \".wrong | length == 1\"" &&
	wait_for 10 "number=\$(sql \"SELECT number FROM alert WHERE cleared = 0\") && test -n \"\$number\"" &&
	hup "configuration read again" && sleep 2 &&
	test "$(sql "SELECT number FROM alert WHERE cleared = 0")" = "$number"
'
test_run 'another group: what the alert touches changes, and is told' '
	sed "s/^group \"apps\".*/group \"apps\" { need = 3  members = {\"app[1-3]\"} }/" "$conf" >new && mv new "$conf" &&
	hup "configuration read again" &&
	wait_for 10 "status_is \".items | map(select(.service == \\\"orders\\\" and .quality == \\\"down\\\")) | length == 1\"" &&
	wait_for 10 "trapd_matches forewarnAlertChanged" 
'
test_run 'another target is told from then on' '
	trapd_start && sed "s/^notify .*/notify \"other\" { trap = \"127.0.0.1:$TRAPD_PORT\" }/" "$conf" >new && mv new "$conf" &&
	hup "configuration read again" && sim_ctl 127.16.2.1 heal && wait_for 20 "trapd_matches forewarnAlertCleared"
'
test_run 'a device that is gone takes its alert along' '
	sim_ctl 127.16.2.3 silent && wait_for 10 "test \"\$(sql \"SELECT count(*) FROM alert WHERE cleared = 0\")\" -gt 0" &&
	sed -e "/^device \"extra\"/d" -e "/^device \"app3\"/d" -e "/third/d" -e "s/need = 3  members = .*/need = 1  members = {\"app[1-2]\"} }/" "$conf" >new && mv new "$conf" &&
	hup "configuration read again devices=4 services=2" &&
	wait_for 10 "test \"\$(sql \"SELECT count(*) FROM alert WHERE cleared = 0\")\" -eq 0" && wait_for 10 all_is_well
'
test_run 'what needs a restart is said' '
	for o in "receive-buffer = 4MiB" "checks-at-once = 3"
	do
		sed "s/threads = 2/threads = 2  $o/" "$conf" >new && cp "$conf" kept && mv new "$conf" &&
		hup "receive-buffer, checks-at-once .*take effect at the next start" && mv kept "$conf" && hup "configuration read again" || return 1
	done
	sed "s/threads = 2/threads = 1/" "$conf" >new && mv new "$conf" && hup "take effect at the next start"'
test_run 'many reloads in a row, and it ends well' '
	for n in 1 2 3 4 5 6 7 8 9 10; do kill -HUP $FOREWARN_PID; done
	wait_for 10 all_is_well && forewarn_stop && test $FOREWARN_STATUS -eq 0 && sane "$FOREWARN_LOG"
'
test_end
