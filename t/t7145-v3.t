# t/t7145-v3.t: version 3 as people use it: a real snmpd in every level, what is wrong said in its word, agents that start
# anew or forget, and that neither password nor key gets out.
. ./lib-test.sh
. ./lib-poll.sh

test_needs snmpd snmpget jq
test_begin 'SNMP version 3'
FOREWARN_STATE=$SCRATCH/state
secret=pancakes4711
echo "$secret" >good
echo 'not the password' >bad
chmod 640 good bad

persist=$SCRATCH/persistent
start_snmpd() {
	SNMP_PERSISTENT_DIR=$persist snmpd_start "createUser full SHA-256 \"$secret\" AES \"$secret\"" \
		"createUser strong SHA-512 \"$secret\" AES-256 \"$secret\"" "createUser signed SHA \"$secret\"" 'createUser open' \
		'rouser full priv' 'rouser strong priv' 'rouser signed auth' 'rouser open noauth' 'rouser full noauth .1.3.6.1.6.3.16'
}

# credentials NAME USER AUTH PRIV [AUTH-FILE [PRIV-FILE [MORE]]]
credentials() {
	printf 'credentials "%s" { version = "3"  user = "%s" ' "$1" "$2"
	test -z "$3" || printf ' auth = "%s"  auth-file = "%s" ' "$3" "${5:-good}"
	test -z "$4" || printf ' priv = "%s"  priv-file = "%s" ' "$4" "${6:-good}"
	printf '%s }\n' "$7"
}

conf() {
	POLL_THREADS=1 poll_conf v3.conf "$(credentials full full SHA-256 AES)" "$(credentials strong strong SHA-512 AES-256)" \
		"$(credentials signed signed SHA '')" "$(credentials open open '' '')" \
		"$(credentials wrong full SHA-256 AES bad)" "$(credentials garbled full SHA-256 AES good bad)" \
		"$(credentials nobody nobody SHA-256 AES)" "$(credentials level signed SHA AES)" \
		"$(credentials elsewhere full SHA-256 AES good good 'context = "elsewhere"')" \
		"$(for name in full strong signed open wrong garbled nobody level
		do
			echo "device \"$name\" { address = \"127.0.0.1:$SNMPD_PORT\"  credentials = \"$name\"  ping = false }"
		done)"
}

test_eval start_snmpd
conf
test_run 'check takes it, and prints no secret' '
	says check -p >out && grep "auth = \"SHA-256\"" out && grep "auth-file = \"$SCRATCH/good\"" out && ! grep "$secret" out
'
test_run 'a poll speaks at every level' '
	says poll >said 2>&1
	cat said
	for name in full strong signed open
	do
		is $name snmp answers && test "$(value $name/interface/lo ifOperStatus)" = up || return 1
	done
'
test_run 'a wrong password is a wrong key, not silence' 'is wrong reason "no SNMP: wrong key" && is wrong state unknown'
test_run 'a wrong privacy password cannot be decrypted' 'is garbled reason "no SNMP: decryption error"'
test_run 'a wrong user is unknown' 'is nobody reason "no SNMP: unknown user"'
test_run 'a level that the user has not' 'is level reason "no SNMP: unsupported security level"'
test_run 'status says so, and what is well is not blamed' '
	says status >got
	cat got
	grep "wrong unknown: no SNMP: wrong key" got && grep "nobody unknown: no SNMP: unknown user" got && ! grep "blind" got
'
test_run 'debug says what to do' '
	says debug device wrong >got && cat got && grep "SNMPv3" got && grep "^refused .*compare auth and auth-file" got &&
	says debug device nobody | grep "^refused .*does not know this user"
'
test_run 'an agent that starts anew is followed by a daemon' '
	forewarn_start "$POLL_CONF" && wait_for 15 "is full snmp answers" && test_kill $SNMPD_PID && port=$SNMPD_PORT && wait_for 15 "is full snmp silent" &&
	run_behind "$SCRATCH/snmpd.out" env SNMP_PERSISTENT_DIR=$persist snmpd -f -C -c "$SCRATCH/snmpd.conf" -Ln -I -smux "udp:127.0.0.1:$port" &&
	SNMPD_PID=$! && wait_for 30 "is full snmp answers" && wait_for 30 "is strong snmp answers"
'
test_run '... one that has forgotten its boots, too' '
	test_kill $SNMPD_PID && rm -rf "$persist" && wait_for 15 "is full snmp silent" &&
	run_behind "$SCRATCH/snmpd.out" env SNMP_PERSISTENT_DIR=$persist snmpd -f -C -c "$SCRATCH/snmpd.conf" -Ln -I -smux "udp:127.0.0.1:$SNMPD_PORT" &&
	SNMPD_PID=$! && wait_for 30 "is full snmp answers" && wait_for 30 "is signed snmp answers"
'
test_run 'what was refused is counted by its word' '
	says debug --json | jq -e "[.items[] | .v3? // empty | .[\"unauthentic-report\"] // 0] | add > 0"
'
test_run 'no log has a secret' '! grep -r "$secret" "$FOREWARN_LOG" state'

# A core file: the kernel makes none of it, and what a debugger writes as root has neither password nor community file.
test_run 'the kernel leaves no core file' '
	ulimit -c unlimited 2>/dev/null
	grep -q "^CoreDumping:.0" /proc/$FOREWARN_PID/status && kill -ABRT $FOREWARN_PID && wait_for 10 "! alive $FOREWARN_PID" &&
	test -z "$(find "$SCRATCH" -name "core*")"
'
if command -v gcore >/dev/null 2>&1 && test "$(id -u)" = 0
then
	rm -f state/lock
	test_run '... and what a debugger writes has no password' '
		forewarn_start "$POLL_CONF" && wait_for 15 "is full snmp answers" && gcore -o core $FOREWARN_PID >/dev/null 2>&1 && test -s core.$FOREWARN_PID &&
		! grep -q "$secret" core.$FOREWARN_PID && grep -q "no-such-string\\|credentials" core.$FOREWARN_PID
	'
	rm -f core.*
else
	test_skip '... and what a debugger writes has no password' 'no gcore, or not root'
fi
forewarn_stop

# ---- what no honest agent does -------------------------------------------------------------------------------------

sim_line="kind=switch uptime=86400 ports=1 psu=0 fan=0 sensors=0 user=full auth=SHA-256 auth-password=$secret priv=AES priv-password=$secret"
test_eval 'sim_start --device "127.81.0.1 $sim_line context=vlan-10" --device "127.81.0.2+2 $sim_line engine-id=80007ed905aabbcc"'
rm -rf state
POLL_THREADS=1 poll_conf sim.conf "$(credentials core full SHA-256 AES good good 'context = "vlan-10"')" "$(credentials full full SHA-256 AES)" \
	"device \"context\" { address = \"127.81.0.1:$SIM_PORT\"  credentials = \"core\"  ping = false }" \
	"device \"other\"   { address = \"127.81.0.1:$SIM_PORT\"  credentials = \"full\"  ping = false }" \
	"device \"clone1\"  { address = \"127.81.0.2:$SIM_PORT\"  credentials = \"full\"  ping = false }" \
	"device \"clone2\"  { address = \"127.81.0.3:$SIM_PORT\"  credentials = \"full\"  ping = false }"
counted() { says debug --json | jq -e "[.items[] | .v3? // empty | .[\"$1\"] // 0] | add > 0" >/dev/null; }
test_run 'a context is asked for, and a wrong one said' '
	sim_ctl 127.81.0.3 v3 boots 40 && forewarn_start "$POLL_CONF" && wait_for 15 "is context snmp answers" && wait_for 15 "is other snmp silent" &&
	is other reason "no SNMP: unknown context"
'
test_run 'two agents with one engineID are two' 'wait_for 15 "is clone1 snmp answers && is clone2 snmp answers" && ! counted replaced && ! counted followed-back'
while read -r fault word
do
	test_run "$fault is not believed, and counted as $word" "
		sim_ctl 127.81.0.2 v3 $fault && wait_for 15 'counted $word' && sim_ctl 127.81.0.2 v3 $fault off && wait_for 15 'is clone1 snmp answers'
	"
done <<END
forged-digest wrong-digest
no-auth lower-level
old not-in-time-window
flood unauthentic-report
END
test_run 'an old answer that is replayed is late, and silence' '
	sim_ctl 127.81.0.2 v3 replay && wait_for 15 "is clone1 snmp silent" && sim_ctl 127.81.0.2 v3 replay off && wait_for 15 "is clone1 snmp answers"
'
test_run 'boots forgotten, time that jumps, another engineID: followed' '
	sim_ctl 127.81.0.3 v3 boots 3 && wait_for 15 "counted followed-back" && sim_ctl 127.81.0.3 v3 time +5000 &&
	sim_ctl 127.81.0.1 v3 engine-id && wait_for 15 "counted replaced" && wait_for 15 "is context snmp answers && is clone2 snmp answers"
'
test_end
