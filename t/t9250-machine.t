#!/bin/sh
# t/t9250-machine.t: this machine by net-snmp's agent, held against what its kernel says; and ping, with and without the right to.

. ./lib-test.sh
. ./lib-poll.sh
test_needs jq snmpd snmpwalk

test_begin 'this machine'
snmpd_start
poll_conf a.conf "device \"me\" { address = \"127.0.0.1:$SNMPD_PORT\" }" \
	'device "pinged" { address = "127.77.0.1" }'
lo_octets() {
	awk -F '[: ]+' '$2 == "lo" || $1 == "lo" { sub(/.*lo: */, ""); split($0, f, " +"); print f[1] }' /proc/net/dev
}
before=$(lo_octets)
forewarn_start "$POLL_CONF"
test_run 'polled for a while' 'wait_cycles me 3 20'
test_run 'what lo has received is what the kernel says' '
	got=$(value me/interface/lo ifHCInOctets) && sleep 2.5 && after=$(lo_octets) &&
	echo "$before <= $got <= $after" && test "$got" -ge "$before" && test "$got" -le "$after"'
# The agent finds disks by /etc/mtab, which the smallest machines have not; then it tells of none (hrStorageType).
storage=
! snmpwalk -v2c -c public -On "127.0.0.1:$SNMPD_PORT" 1.3.6.1.2.1.25.2.3.1.2 | grep -q '\.25\.2\.1\.[49]$' || storage=storage
test_run 'storage, memory and what processors did are there' '
	for class in $storage memory cpu
	do
		test "$(says show --json $class me | jq ".items | length")" -ge 1 || { echo no $class; return 1; }
	done'
run_pinging 'it answers ping' 'is me icmp answers && wait_for 10 "test \"\$(value pinged icmp)\" = answers"'
forewarn_stop

# An ordinary user without the right to open either kind of socket.
if test "$(id -u)" = 0 && command -v setpriv >/dev/null && command -v unshare >/dev/null && unshare -n true 2>/dev/null
then
	FOREWARN_STATE=$SCRATCH/unprivileged
	mkdir -m 755 "$FOREWARN_STATE" && chown nobody "$FOREWARN_STATE" && chmod 755 "$SCRATCH"
	sed "s/^user = .*/user = \"nobody\"/" "$POLL_CONF" >b.conf
	POLL_CONF=$SCRATCH/b.conf
	test_run 'without the right to ping it says the way out, and goes on by SNMP' '
		wait_for 10 snmpd_answers &&
		unshare -n sh -c "ip link set lo up; echo 1 0 >/proc/sys/net/ipv4/ping_group_range
			snmpd -f -C -c \"$SCRATCH/snmpd.conf\" -Lf \"$SCRATCH/snmpd2.log\" -I -smux udp:127.0.0.1:$SNMPD_PORT & agent=\$!
			sleep 1
			setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all --bounding-set=-all \
				\"$FOREWARN\" poll -c \"$POLL_CONF\" -s \"$FOREWARN_STATE\" me >out 2>&1
			kill \$agent"
		cat out; grep -i "ping\|echo\|icmp" out | grep "ping_group_range\|cap_net_raw" && is me snmp answers && is me icmp "not asked"'
else
	test_skip 'without the right to ping' 'needs root and namespaces'
fi
test_end
