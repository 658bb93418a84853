#!/bin/sh
# t/t9270-reload.t: a reload while polling: devices come and go, credentials vanish, definitions change, ports are named by the model;
# a wrong file changes nothing; what did not change is not disturbed.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'reload'
sim_start --device '127.16.0.1+4 kind=switch ports=6 name=sw#'
POLL_INTERVAL=1s
one="device \"one\" { address = \"127.16.0.1:$SIM_PORT\" }"
two="device \"two\" { address = \"127.16.0.2:$SIM_PORT\" }"
three="device \"three\" { address = \"127.16.0.3:$SIM_PORT\" }"
name="device \"name\" { address = \"localhost:$SIM_PORT\" }"
never="device \"never\" { address = \"no-such-host.invalid:$SIM_PORT\" }"
poll_conf a.conf "$one" "$two" "$name" "$never"
forewarn_start "$POLL_CONF"

# reload LINE...: the configuration is these lines now; true when the daemon has read it.
reload() {
	reloads=$(grep -c 'configuration read again' "$FOREWARN_LOG")
	poll_conf a.conf "$@"
	kill -HUP "$FOREWARN_PID"
	wait_for 10 'test $(grep -c "configuration read again" "$FOREWARN_LOG") -gt $reloads'
}

test_run 'polled for a while' 'wait_cycles one 4 20 && wait_cycles two 2 20'
test_run 'a device comes, others go, a name that is being resolved among them' '
	reload "$one" "$three" && wait_for 15 "test \"\$(value three/interface/Gi0/1 state)\" = up" &&
	! says show interface two && is one/interface/Gi0/1 state up'
test_run 'one that went and comes again has its history' '
	reload "$one" "$two" "$three" && wait_cycles two 3 20 && is two/interface/Gi0/2 state up'
test_run 'ports that the model names now make events' '
	reload "$one" "$two" "$three" "service \"s\" { needs = {\"one/interface/Gi0/3\"} }" && wait_cycles one 1 20 &&
	sim_ctl 127.16.0.1 port 3 down && wait_for 15 "says events one/interface/Gi0/3 | grep down" &&
	sim_ctl 127.16.0.1 port 3 up && wait_for 15 "says events one/interface/Gi0/3 | grep up"'
test_run 'credentials that are wrong now: silent; right again: answers' '
	reload "$one" "device \"two\" { address = \"127.16.0.2:$SIM_PORT\"  credentials = \"bad\" }" \
		"credentials \"bad\" { version = \"2c\"  community = \"bad\" }" &&
	wait_for 15 "test \"\$(value two snmp)\" = silent" && wait_for 10 "test \"\$(value two/interface/Gi0/2 state)\" = unknown" &&
	reload "$one" "$two" && wait_for 15 "test \"\$(value two snmp)\" = answers" &&
	wait_for 10 "test \"\$(value two/interface/Gi0/2 state)\" = up"'
mkdir mibs
cat >mibs/own.conf <<'X'
table "uptime" {
    entry  = "1.3.6.1.2.1.1"
    single = true
    counts = named
    column "sysUpTime" { oid = "1.3.6.1.2.1.1.3"  as = ticks  scale = 0.01  ds = "uptime"  unit = "s" }
}
X
test_run 'a definition comes, and goes' '
	reload "$one" "$two" "mibs = \"$SCRATCH/mibs\"" && wait_for 15 "value one/uptime/0 sysUpTime | grep -q [0-9]" &&
	wait_cycles two 2 20 && reload "$one" "$two" && wait_cycles one 2 20 && is one/interface/Gi0/1 state up'
test_run 'a wrong file changes nothing' '
	poll_conf a.conf "$one" "device \"two\" { address = \"127.16.0.2:$SIM_PORT\"  credentials = \"none of these\" }" &&
	kill -HUP $FOREWARN_PID && wait_for 10 "grep \"none of these\" $FOREWARN_LOG" &&
	poll_conf a.conf "$one" "$two" && wait_cycles two 2 20'
test_run 'twenty reloads, one after the other' '
	for n in 1 2 3 4 5 6 7 8 9 10
	do
		reload "$one" "$name" "$never" && reload "$two" "$three" "mibs = \"$SCRATCH/mibs\"" || return 1
	done
	reload "$one" "$two" && wait_cycles one 2 20'
test_run 'it ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_end
