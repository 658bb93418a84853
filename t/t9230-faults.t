#!/bin/sh
# t/t9230-faults.t: agents that are silent, slow, lossy or lie: each is judged by itself, the reason is said, nothing crashes, and
# no other device is late.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq rrdtool

test_begin 'agents with faults'

# name, last octet, command of the simulator
faults='silent:10:silent
slow:11:delay 2000
lossy:12:loss 10
truncated:13:truncate
malformed:14:malformed
toobig:15:toobig 20
wrongid:16:wrong-id
wrongsource:17:wrong-source
wrongaddress:18:wrong-address
wrongcommunity:19:wrong-community
errors:20:error 5
twice:21:twice'

sim_start --device '127.16.0.1+2 kind=switch ports=24 name=good#' --device '127.16.0.10+20 kind=switch ports=24 name=bad#' \
	--device '127.16.0.40+2 kind=switch ports=4 name=old#'
set -- "device \"good1\" { address = \"127.16.0.1:$SIM_PORT\" }" "device \"good2\" { address = \"127.16.0.2:$SIM_PORT\" }" \
	"device \"old1\" { address = \"127.16.0.40:$SIM_PORT\"  credentials = \"old\" }" \
	"device \"lacks\" { address = \"127.16.0.29:$SIM_PORT\" }" "device \"fresh\" { address = \"127.16.0.28:$SIM_PORT\" }" \
	"device \"stranger\" { address = \"127.16.0.41:$SIM_PORT\"  credentials = \"wrong\" }" \
	'credentials "wrong" { version = "2c"  community = "not this" }' \
	"device \"nobody\" { address = \"no-such-host.invalid:$SIM_PORT\" }" \
	"device \"here\" { address = \"localhost:$SIM_PORT\" }"
old_ifs=$IFS
IFS='
'
for f in $faults
do
	rest=${f#*:}
	set -- "$@" "device \"${f%%:*}\" { address = \"127.16.0.${rest%%:*}:$SIM_PORT\" }"
done
IFS=$old_ifs
POLL_INTERVAL=1s
poll_conf a.conf "$@"
sim_ctl 127.16.0.28 malformed >/dev/null
forewarn_start "$POLL_CONF"
rrd=$FOREWARN_STATE/rrd

test_run 'all answer at first' '
	for d in silent slow lossy truncated malformed toobig errors old1 lacks
	do
		wait_for 20 "test \$(cycles $d) -ge 2" && is $d snmp answers && is $d/interface/Gi0/4 state up || return 1
	done'
echo "$faults" | while IFS=: read -r name octet command
do
	echo "127.16.0.$octet $command"
done | sim_ctl - >/dev/null
before=$(date -u +%FT%T)
sim_ctl 127.16.0.29 no-such-instance 1.3.6.1.2.1.31.1.1.1.10.3 >/dev/null
sim_ctl 127.16.0.29 no-such-instance 1.3.6.1.2.1.2.2.1.8.2 >/dev/null
sim_ctl 127.16.0.40 no-such-instance 1.3.6.1.2.1.2.2.1.14.3 >/dev/null
test_run 'polled on, with faults' 'wait_cycles good1 6 30'

# They answer ping, so they are up: what is lost is their agent.
test_run 'silent agents are said to be, with what came instead' '
	for d in silent:"no answer in time" slow:"no answer in time" truncated:"answer cannot be decoded" \
		wrongid:"answer to another request" wrongsource:"answer from another address than the one asked" \
		wrongaddress:"answer from another address than the one asked" wrongcommunity:"answer with another community than the one asked" stranger:"no answer in time"
	do
		wait_for 10 "test \"\$(value ${d%%:*} snmp)\" = silent" &&
		wait_for 10 "test \"\$(debug_of ${d%%:*} snmp_trouble)\" = \"${d#*:}\"" || { says debug device ${d%%:*}; return 1; }
	done'
test_run 'garbage of all kinds is silence' '
	is malformed snmp silent && is fresh snmp silent && debug_of malformed snmp_trouble | grep -E "cannot be decoded|no answer in time"'
test_run '... for people as well' 'says debug device wrongcommunity | grep "trouble *SNMP: answer with another community"'
run_pinging '... and what hangs on them is unknown, not down' '
	is silent state degraded || is silent state up; is silent/interface/Gi0/4 state unknown &&
	is silent reason "answers ICMP, no SNMP"'
test_run 'a loss of one in ten is made good' '
	is lossy snmp answers && is lossy/interface/Gi0/4 state up && written lossy/interface/Gi0/4 &&
	rate_is $rrd/lossy/interface/Gi0%2F4.rrd in_octets 4588 3'
test_run 'tooBig: asked for less at once, and every value comes' '
	test "$(debug_of toobig objects_per_get)" -lt 40 && wait_cycles toobig 3 20 && written toobig/interface/Gi0/4 &&
	rate_is $rrd/toobig/interface/Gi0%2F4.rrd in_octets 4591 3 &&
	test "$(debug_of toobig missing | jq length)" = 0'
test_run 'answers that come twice are counted once' '
	written twice/interface/Gi0/4 && rate_is $rrd/twice/interface/Gi0%2F4.rrd in_octets 4597 5'
test_run 'an agent that refuses everything says so' '
	wait_cycles errors 1 20 && debug_of errors snmp_trouble | grep "agent reports an error"'
test_run 'an object that is not there is missing with its reason, and the rest is read' '
	is lacks/interface/Gi0/3 state up &&
	is lacks/interface/Gi0/2 state unknown && is lacks/interface/Gi0/2 reason "ifOperStatus: agent has no such instance" &&
	missing lacks/interface/Gi0/2 ifOperStatus "agent has no such instance" &&
	says debug device lacks | grep "ifOperStatus of .*agent has no such instance"'
test_run 'since when is said as well, and stays' '
	since=$(value lacks/interface/Gi0/2 missing_since | jq -r .ifOperStatus) && echo "$before $since" && after=$(date -u +%FT%T.999Z) &&
	test "$(printf "%s\n" "$before" "$since" "$after" | LC_ALL=C sort | sed -n 2p)" = "$since" &&
	test "$(debug_of lacks missing | jq -r ".[] | select(.object == \"ifOperStatus\") | .since")" = "$since" &&
	says debug device lacks | tr -s "\n " " " | grep "ifOperStatus of .*agent has no such instance, since 20" &&
	wait_cycles lacks 2 20 && test "$(value lacks/interface/Gi0/2 missing_since | jq -r .ifOperStatus)" = "$since" &&
	debug_of silent snmp_since | grep "^20" && says debug device silent | grep "everything, since 20.* until it answers again"'
test_run 'the 32-bit counter stands in for a 64-bit one' '
	is lacks/interface/Gi0/3 ifHCOutOctets null && test "$(value lacks/interface/Gi0/3 ifOutOctets)" -gt 6000000'
test_run 'SNMPv1: the object is left out, the others are read' '
	missing old1/interface/Gi0/3 ifInErrors "agent has no such instance" &&
	is old1/interface/Gi0/3 state up && written old1/interface/Gi0/3 &&
	rate_is $rrd/old1/interface/Gi0%2F3.rrd out_octets $((6000 + 616)) 4'
test_run 'a name that cannot be resolved is said once' '
	test "$(grep -c "no-such-host.invalid" "$FOREWARN_LOG")" = 1 &&
	debug_of nobody snmp_trouble | grep "name cannot be resolved"'
test_run '... and nobody is blamed for it: it is unknown' 'is nobody state unknown && is nobody reason "its name cannot be resolved"'
run_pinging 'localhost is found in the hosts file' 'test "$(debug_of here has_address)" = true && is here icmp answers'

test_run 'no other device was late, nor lost a request' '
	for d in good1 good2 old1
	do
		test "$(debug_of $d late)/$(debug_of $d lost)" = 0/0 || { says debug device $d; return 1; }
	done
	written good1/interface/Gi0/4 && rate_is $rrd/good1/interface/Gi0%2F4.rrd in_octets 4577 6 &&
	! gap_is $rrd/good1/interface/Gi0%2F4.rrd in_octets 99'
test_run 'all heal' '
	sim_ctl 127.16.0.10+20 heal &&
	for d in silent slow truncated malformed wrongid wrongsource wrongaddress wrongcommunity errors fresh
	do
		wait_for 15 "test \"\$(value $d snmp)\" = answers" && wait_for 15 "test \"\$(value $d/interface/Gi0/4 state)\" = up" || return 1
	done'
test_run 'a gap is where it was silent, and no spike' '
	wait_cycles silent 5 20 && written silent/interface/Gi0/4 && rate_is $rrd/silent/interface/Gi0%2F4.rrd in_octets 4586 3'
test_run 'it runs, and ends well' 'forewarn_stop && test "$FOREWARN_STATUS" = 0'
test_run 'one round with a name that cannot be resolved ends, and says so once: not again each minute' '
	mkdir fresh-state &&
	timeout 30 "$FOREWARN" poll -c "$POLL_CONF" -s "$PWD/fresh-state" nobody here good1 >poll.out 2>&1 &&
	grep "device .nobody.: name .no-such-host.invalid. cannot be resolved" poll.out && test "$(grep -c "cannot be resolved" poll.out)" = 1 &&
	timeout 30 "$FOREWARN" poll -c "$POLL_CONF" -s "$PWD/fresh-state" nobody here good1 >poll.out 2>&1 && ! grep resolved poll.out'
test_end
