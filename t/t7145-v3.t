# t/t7145-v3.t: version 3 as people use it: a real snmpd in every level, what is wrong said in its word, agents that start
# anew or forget, and that no log has a password.
. ./lib-test.sh
. ./lib-poll.sh
. ./lib-v3.sh

test_needs snmpd snmpget jq
test_begin 'SNMP version 3'
FOREWARN_STATE=$SCRATCH/state
v3_files

# With an engineID that stays; its boots are what it has stored.
persist=$SCRATCH/persistent
start_snmpd() {
	SNMP_PERSISTENT_DIR=$persist snmpd_start 'exactEngineID 0x80001f8805aabbccdd' "createUser full SHA-256 \"$secret\" AES \"$secret\"" \
		"createUser strong SHA-512 \"$secret\" AES-256 \"$secret\"" "createUser signed SHA \"$secret\"" 'createUser open' \
		'rouser full priv' 'rouser strong priv' 'rouser signed auth' 'rouser open noauth' 'rouser full noauth .1.3.6.1.6.3.16'
}

# conf INTERVAL
conf() {
	POLL_INTERVAL=$1 POLL_THREADS=1 poll_conf v3.conf "$(credentials full full SHA-256 AES)" "$(credentials strong strong SHA-512 AES-256)" \
		"$(credentials signed signed SHA '')" "$(credentials open open '' '')" \
		"$(credentials wrong full SHA-256 AES bad)" "$(credentials garbled full SHA-256 AES good bad)" \
		"$(credentials nobody nobody SHA-256 AES)" "$(credentials level signed SHA AES)" \
		"$(credentials elsewhere full SHA-256 AES good good 'context = "elsewhere"')" \
		"$(for name in full strong signed open wrong garbled nobody level elsewhere
		do
			device $name 127.0.0.1:$SNMPD_PORT $name
		done)"
}

test_eval start_snmpd
conf 20s		# what one poll says is not old while we look
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
test_run 'a context that it has not' 'is elsewhere reason "no SNMP: unknown context"'
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
sed "/^credentials \"wrong\"/s/user = \"full\"/user = \"nobody\"/" "$POLL_CONF" >other.conf && mv other.conf "$POLL_CONF"
test_run 'an agent that refuses for another reason is told with that one, and it is an event' '
	says poll && is wrong reason "no SNMP: unknown user" && is wrong state unknown && says events >got && cat got && grep "wrong .*unknown user" got
'
snmpd_again() {
	run_behind "$SCRATCH/snmpd.out" env SNMP_PERSISTENT_DIR=$persist SNMPCONFPATH=$persist \
		snmpd -f -c "$SCRATCH/snmpd.conf" -Ln -I -smux "udp:127.0.0.1:$SNMPD_PORT"
	SNMPD_PID=$!
}
conf 1s
test_run 'an agent that starts anew is followed by a daemon' '
	forewarn_start "$POLL_CONF" && wait_for 15 "counted synchronised 2" && before=$(count resynchronised) &&
	test_kill $SNMPD_PID && snmpd_again && wait_for 30 "counted resynchronised $((before + 2))" &&
	wait_for 30 "is full snmp answers && is strong snmp answers && is signed snmp answers"
'
test_run '... one that has forgotten its boots, too' '
	! counted replaced && ! counted followed-back && test_kill $SNMPD_PID && rm -rf "$persist" && snmpd_again && wait_for 30 "counted followed-back 2" &&
	wait_for 30 "is full snmp answers && is strong snmp answers && is signed snmp answers"
'
# What cannot be decrypted is dropped by snmpd without a word.
other_privacy() {
	test_kill $SNMPD_PID && rm -rf "$persist" && sed "s/^\(createUser full .* AES\) .*/\1 \"$1\"/" "$SCRATCH/snmpd.conf" >"$SCRATCH/other.conf" &&
	mv "$SCRATCH/other.conf" "$SCRATCH/snmpd.conf" && snmpd_again && wait_for 30 "is signed snmp answers"
}
test_run 'one whose privacy password is changed is not down: it cannot decrypt, and answers as soon as it is set right' '
	other_privacy "another password" && wait_for 30 "is full reason \"no SNMP: decryption error\"" && counted mute &&
	is full state unknown && is strong snmp answers && says debug device full >got && cat got && grep "^refused .*cannot decrypt" got &&
	other_privacy "$secret" && wait_for 30 "is full snmp answers"
'
test_run 'what was refused is counted by its word' '
	counted unauthentic-report
'
test_run 'no log has a secret' '! grep -r "$secret" "$FOREWARN_LOG" state'

forewarn_stop
test_end
