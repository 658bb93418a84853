# t/t7190-blind.t: a poller that is cut off blames nobody, neither on the way out nor on the way back.
. ./lib-test.sh
test_begin 'a poller that is cut off'
sim_start --device '127.16.0.1+20 kind=switch ports=2 name=sw#'
cat >forewarn.conf <<EOF
user = "$(id -un)"
poll { interval = 4s  status-interval = 1s  threads = 2 }
defaults { credentials = "sim"  timeout = 200ms  retries = 1  ping = false  port = $SIM_PORT }
credentials "sim" { version = "2c"  community = "public" }
rrd { write = false }
$(for i in $(seq 20); do echo "device \"sw$i\" { address = \"127.16.0.$i\" }"; done)
service "lan" { needs = {"sw1 | sw2"} }
EOF
chmod 640 forewarn.conf
forewarn_start forewarn.conf
status() { forewarn -c forewarn.conf -s "$FOREWARN_STATE" "$@"; }
test_run 'all answer' 'wait_for 10 "status status | grep -q \"20 answer\""'
test_run 'one falls silent: told within two rounds' '
	sim_ctl 127.16.0.3 silent &&
	wait_for 4 "status status | grep -q \"^sw3 down\""
'
test_run 'it answers again' '
	sim_ctl 127.16.0.3 answer &&
	wait_for 4 "status status | grep -q \"nothing is wrong\""
'
test_run 'all fall silent: the poller is blind, one alert' '
	sim_ctl 127.16.0.1+20 silent &&
	wait_for 8 "status status | grep -q \"^the poller is blind\""
'
test_run 'nobody else was blamed in between' '
	! grep -E "alert: .*sw[0-9]+ down" "$FOREWARN_LOG" | grep -v sw3
'
test_run 'and it sees again: the alert is over' '
	sim_ctl 127.16.0.1+20 answer &&
	wait_for 8 "status status | grep -q \"nothing is wrong\""
'
test_run 'nobody was blamed on the way back' '
	! grep -E "alert: .*sw[0-9]+ down" "$FOREWARN_LOG" | grep -v sw3
'
test_end
