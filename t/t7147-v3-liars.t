# t/t7147-v3-liars.t: version 3 against simulated agents that do what no honest one does, one for each lie, in a daemon; contexts,
# agents with one engineID, and agents that change.
. ./lib-test.sh
. ./lib-poll.sh
. ./lib-v3.sh

test_needs jq
test_begin 'SNMP version 3: liars'
FOREWARN_STATE=$SCRATCH/state
v3_files
liars='forged noauth old flood replay'
test_eval 'sim_start --device "$(sim 1 context=vlan-10)" --device "$(sim 2+2 engine-id=80007ed905aabbcc)" --device "$(sim 4+5)"'
sim_ctl 127.81.0.3 v3 boots 40
POLL_INTERVAL=1s POLL_THREADS=1 poll_conf sim.conf "$(credentials full full SHA-256 AES)" \
	"$(credentials vlan full SHA-256 AES good good 'context = "vlan-10"')" \
	"$(device context 127.81.0.1:$SIM_PORT vlan)" "$(device other 127.81.0.1:$SIM_PORT full)" \
	"$(device clone1 127.81.0.2:$SIM_PORT full)" "$(device clone2 127.81.0.3:$SIM_PORT full)" \
	"$(n=4
	for name in $liars
	do
		device $name 127.81.0.$n:$SIM_PORT full
		n=$((n + 1))
	done)"
test_run 'a daemon polls' 'forewarn_start "$POLL_CONF"'
test_run 'a context is asked for, and a wrong one said' '
	wait_for 15 "is context snmp answers" && wait_for 15 "is other snmp silent" &&
	is other reason "no SNMP: unknown context"
'
test_run 'two agents with one engineID are two' 'wait_for 15 "is clone1 snmp answers && is clone2 snmp answers" && ! counted replaced && ! counted followed-back'

# Each at an agent of its own, all at the same time.
n=4
for fault in forged-digest no-auth old flood replay
do
	eval "lie_$n=$fault"
	n=$((n + 1))
done
lie() { for n in 4 5 6 7 8; do eval "sim_ctl 127.81.0.$n v3 \$lie_$n $1"; done; }
test_run 'liars tell the truth at first, and nothing of theirs is counted' '
	for name in $liars; do wait_for 15 "is $name snmp answers" || return 1; done
	! counted wrong-digest && ! counted lower-level && ! counted not-in-time-window && ! counted followed-back
'
lie
test_run 'a forged digest is not believed, and counted' 'wait_for 15 "counted wrong-digest" && wait_for 15 "is forged snmp silent"'
test_run 'nor an answer at a lower level' 'wait_for 15 "counted lower-level" && wait_for 15 "is noauth snmp silent"'
test_run 'nor one from before the time window' 'wait_for 15 "counted not-in-time-window"'
test_run 'nor are reports that anyone may send' 'wait_for 15 "counted unauthentic-report"'
test_run 'an old answer that is replayed is late, and silence' 'wait_for 15 "is replay snmp silent"'
# of DEVICE WORD: what was counted of one device.
of() { says debug --json device "$1" | jq ".items[0].worker.v3.counts[\"$2\"] // 0"; }
test_run 'each is counted at the device that lies so, and at no other' '
	test "$(of forged wrong-digest)" -gt 0 && test "$(of noauth lower-level)" -gt 0 && test "$(of old not-in-time-window)" -gt 0 &&
	test "$(of flood unauthentic-report)" -gt 0 && test "$(of forged lower-level)" = 0 && test "$(of noauth wrong-digest)" = 0 &&
	test "$(of clone1 wrong-digest)" = 0 && says debug device forged | grep "^counted .*wrong-digest [0-9]"'
test_run 'debug says as whom a device is asked, and what is known of its engine; no secret' '
	says debug device clone2 >people && says debug --json device clone2 >clone2.json && cat people &&
	grep "^security *user .full. · authPriv · auth SHA-256, priv AES$" people && grep "SNMPv3" people &&
	grep "^engine *80007ed905aabbcc · boots 40, .* ago by its clock" people &&
	jq -e ".items[0] | .version == \"SNMPv3\" and .security.user == \"full\" and .security.level == \"authPriv\" and .worker.v3.clock_known
		and .worker.v3.boots == 40 and .worker.v3.engine_time_s >= 86400" clone2.json &&
	says debug device context | grep "context .vlan-10." && says debug device other | grep "^engine .*boots" &&
	! grep -r -e "$secret" -e "$PWD/good" people clone2.json'
test_run 'all are heard when they tell the truth again' '
	lie off
	for name in $liars; do wait_for 15 "is $name snmp answers" || return 1; done
'
test_run 'an agent that answers as another engine is refused, and what to look at is said' '
	sim_ctl 127.81.0.4 v3 wrong-engine && wait_for 15 "is forged reason \"no SNMP: another engineID than it had\"" &&
	says debug device forged >people && cat people && grep "^refused .*the agent says that it is another" people && ! grep "^silent" people &&
	sim_ctl 127.81.0.4 v3 wrong-engine off && wait_for 15 "is forged snmp answers"
'
test_run 'boots forgotten, time that jumps, another engineID: followed' '
	! counted replaced && sim_ctl 127.81.0.3 v3 boots 3 && sim_ctl 127.81.0.3 v3 time +5000 && sim_ctl 127.81.0.1 v3 engine-id &&
	wait_for 15 "counted followed-back" && wait_for 15 "counted replaced" && wait_for 15 "is context snmp answers && is clone2 snmp answers"
'
forewarn_stop
test_end
