#!/bin/sh
# t/t9005-simnet.t: the simulated network: what it answers, its formulas, and that each fault does what it says.
# The judge of the answers is net-snmp.

. ./lib-test.sh
test_needs snmpget snmpgetnext snmpwalk snmpbulkwalk snmpbulkget perl

test_begin 'the simulated network'

system=1.3.6.1.2.1.1 ifTable=1.3.6.1.2.1.2.2.1 ifXTable=1.3.6.1.2.1.31.1.1.1
sysUpTime=$system.3.0 sysName=$system.5.0
fru=1.3.6.1.4.1.9.9.117.1.1.2.1.2 fan=1.3.6.1.4.1.9.9.117.1.4.1.1.1
own_time=1.3.6.1.4.1.32473.1.1.0
sw=127.16.0.1 sw_number=$((16 * 65536 + 1))

# walk VERSION ADDRESS OID [OPTION...]: names and values as net-snmp sees them, without its word about the end; it fails
# when names go back.
walk() {
	walk_version=$1 walk_address=$2 walk_root=$3
	shift 3
	walk_with=snmpbulkwalk
	test "$walk_version" = 2c || walk_with=snmpwalk
	$walk_with -v"$walk_version" -c public -r 1 -t 1 -On -Oe -Ot "$@" "$walk_address:$SIM_PORT" \
		"$walk_root" >walk.out
	walk_status=$?
	grep -v "No more variables\|^End of MIB" walk.out
	return $walk_status
}

names() {
	sed -n 's/^\(\.[0-9.]*\) = .*/\1/p'
}

# heal: as if nothing had been commanded.
heal() {
	sim_ctl all heal
}

# silence ADDRESS: it says nothing to a question that is good.
silence() {
	! AGENT_OPTIONS='-v2c -c public -r 0 -t 0.3' sim_get "$1" $sysUpTime
}

sim_start --clock-stopped --device "$sw+2 kind=switch ports=48 psu=2 name=core#" \
	--device '127.16.1.1 kind=router hc=no first-index=1000 size=700 bulk=600' \
	--device '127.16.2.1+3 kind=server psu=2 community=secret uptime=86400' \
	--device '127.16.3.1 kind=switch ports=4' --device '127.16.3.2 kind=switch ports=1' \
	--device '127.16.3.3 kind=switch ports=1 power=state fan=1'

# ---- answers

test_run 'ifTable is walked in order, 48 rows of 18 columns' '
	walk 2c $sw $ifTable >walked && test $(wc -l <walked) = $((48 * 18))
'
test_run 'everything is walked in order by GETBULK of 1, 7 and 60 repetitions and by GETNEXT of v1' '
	for r in 1 7 60; do
		walk 2c $sw 1.3.6.1 -Cr$r >all.$r || return 1
	done &&
	cmp all.1 all.7 && cmp all.1 all.60 &&
	test $(wc -l <all.1) = $((7 + 1 + 48 * (18 + 19) + 1 + 7 * 10 + 1 + 2 * 8 + 6 + 2 + 1)) &&
	walk 1 $sw 1.3.6.1 >all.v1 && grep -v Counter64 all.1 | cmp - all.v1
'
test_run 'GET gives what the walk gave, for every object' '
	names <all.1 >asked && xargs -n 60 snmpget -v2c -c public -On -Oe -Ot $sw:$SIM_PORT <asked >got && cmp all.1 got
'
test_run 'the rows of a server: processors, storage, memory, load, sensors of its supplies' '
	walk 2c 127.16.2.3 1.3.6.1 -c secret >server &&
	test $(grep -c "\.1\.3\.6\.1\.2\.1\.25\.3\.3\.1\.2\." server) = 4 &&
	test $(grep -c "\.1\.3\.6\.1\.2\.1\.25\.2\.3\.1\.6\." server) = 4 &&
	grep "\.1\.3\.6\.1\.2\.1\.25\.2\.3\.1\.5\.1 = INTEGER: 16777216" server &&
	grep "\.1\.3\.6\.1\.4\.1\.2021\.4\.6\.0 = INTEGER: 5033164" server &&
	grep "\.1\.3\.6\.1\.2\.1\.99\.1\.1\.1\.4\.1102 = INTEGER: 110" server &&
	grep "\.1\.3\.6\.1\.2\.1\.1\.5\.0 = STRING: \"server3\"" server &&
	! grep "\.1\.3\.6\.1\.4\.1\.9\." server
'
test_run 'what is not there is told as RFC 3416 has it, and as RFC 1157 for v1' '
	sim_get $sw $system.99.0 | grep "No Such Object" && sim_get $sw $ifTable.2.49 | grep "No Such Instance" &&
	sim_get $sw $ifTable.2.1.1 | grep "No Such Instance" &&
	! AGENT_OPTIONS="-v1 -c public" sim_get $sw $ifTable.2.49 2>said && grep noSuchName said &&
	! AGENT_OPTIONS="-v1 -c public" sim_get $sw $ifXTable.6.1 2>said && grep noSuchName said
'
test_run 'GETNEXT at and beyond the last object ends the view' '
	last=$(names <all.1 | tail -1) && test "$last" = .$own_time &&
	for at in $last 2.5.1; do
		snmpgetnext -v2c -c public -On $sw:$SIM_PORT $at | grep "No more variables" || return 1
	done
'
# Names at and around the objects of a walk, each with the object that comes after it: the objects themselves, every
# shorter name, the one before the index, and one longer.
cat >near.pl <<'END'
use strict; use warnings;
my (@there, %near, %key);
while (<STDIN>) {
	chomp;
	push @there, $_;
	my @arc = split /\./;
	$near{$_} = $near{"$_.0"} = 1;
	$near{join '.', @arc[0 .. $_]} = 1 for 3 .. $#arc;
	$near{join '.', @arc[0 .. $#arc - 1], $arc[-1] - 1} = 1 if $arc[-1] > 0;
}
$key{$_} = pack 'N*', split /\./ for @there, keys %near;
my $next = 0;
for my $name (sort { $key{$a} cmp $key{$b} } keys %near) {
	$next++ while $next < @there && $key{$there[$next]} le $key{$name};
	print "$name .$there[$next]\n" if $next < @there;
}
END
test_run 'GETNEXT gives the next object after any name, also of what is no object' '
	walk 2c 127.16.3.3 1.3.6.1 | names | sed "s/^\.//" >there && perl near.pl <there >near &&
	test $(wc -l <near) -gt 300 && cut -d" " -f2 near >want &&
	cut -d" " -f1 near | xargs -n 60 snmpgetnext -v2c -c public -On 127.16.3.3:$SIM_PORT >got &&
	names <got | cmp want -
'
test_run 'GETBULK obeys non-repeaters' '
	snmpbulkget -v2c -c public -On -Cn1 -Cr3 $sw:$SIM_PORT $system $ifTable.2 $ifTable.3 >bulk &&
	names <bulk | tr "\n" " " >said && echo ".$system.1.0 .$ifTable.2.1 .$ifTable.3.1 .$ifTable.2.2 .$ifTable.3.2 \
.$ifTable.2.3 .$ifTable.3.3 " | tr -d "\n" | cmp - said
'
test_run 'a device without 64-bit counters, with other ifIndexes' '
	walk 2c 127.16.1.1 $ifXTable >x && ! grep Counter64 x &&
	names <x | grep "\.$ifXTable\.1\.1003$" && ! grep "\.1004 " x
'
test_run 'a reply that would be too long is tooBig, a GETBULK ends where it is full' '
	oids=$(walk 2c 127.16.1.1 $ifTable | names | head -60) &&
	! snmpget -v2c -c public -Cf 127.16.1.1:$SIM_PORT $oids 2>said && grep -i "too \?big" said &&
	snmpbulkget -v2c -c public -On -Cr200 127.16.1.1:$SIM_PORT $ifTable >bulk &&
	test $(wc -l <bulk) -gt 10 && test $(wc -l <bulk) -lt 60
'
test_run 'a wrong community is not answered, and counted' '
	! AGENT_OPTIONS="-v2c -c wrong -r 0 -t 0.3" sim_get $sw $sysUpTime && test $(sim_field "" community) = 1 &&
	silence 127.16.2.1 && test "$(AGENT_OPTIONS="-v2c -c secret" sim_get 127.16.2.1 $sysUpTime)" = 8640000
'
test_run 'SET is refused' '
	! snmpset -v2c -c public $sw:$SIM_PORT $sysName s other 2>said && grep -i "notWritable" said &&
	test "$(sim_get $sw $sysName)" = core1
'
if ip -6 addr show dev lo 2>/dev/null | grep -q ::1
then
	first=$SIM_CONTROL
	sim_start --device '::1 kind=switch ports=2 name=six'
	test_run 'IPv6' '
		test "$(agent_get "udp6:[::1]:$SIM_PORT" $sysName)" = six && sim_ctl ::1 silent &&
		! AGENT_OPTIONS="-v2c -c public -r 0 -t 0.3" agent_get "udp6:[::1]:$SIM_PORT" $sysName && sim_ctl quit
	'
	SIM_CONTROL=$first
	SIM_PORT=$(sed -n 's/^simnet: port \([0-9]*\) .*/\1/p' sim1.out)
else
	test_skip 'IPv6' 'there is no ::1'
fi

# ---- counters

# octets PORT SECONDS: what the formula says: in, out
octets() {
	perl -e 'my ($d, $p, $t) = @ARGV; print 1000000 * $p + (1000 * $p + $d % 1000) * $t, "\n",
		2000000 * $p + (2000 * $p + $d % 1000) * $t, "\n"' $sw_number "$1" "$2"
}

test_run 'counters are their formula after 0, 3600 and 1003600 simulated seconds, in 64 and in 32 bits' '
	t=0 && for more in 0 3600 1000000; do
		sim_ctl clock +$more && t=$((t + more)) && octets 48 $t >want &&
		sim_get $sw $ifXTable.6.48 $ifXTable.10.48 >got && cmp want got &&
		perl -ne "print \$_ % 4294967296, qq(\n)" want >want32 &&
		sim_get $sw $ifTable.10.48 $ifTable.16.48 >got && cmp want32 got || return 1
	done &&
	test $(head -1 want) -gt 4294967296 && test $(sim_get $sw $sysUpTime) = 100360000 &&
	test $(sim_get $sw $ifXTable.7.48) = $(($(head -1 want) / 500))
'
test_run 'simulated time stands until it is told to go' '
	test "$(sim_get $sw $own_time)" = 1003600000000 && sim_ctl clock run &&
	wait_for 5 "test \$(sim_get $sw $own_time) -gt 1003600000000" && sim_ctl clock stop &&
	sim_get $sw $own_time $ifXTable.6.7 >got && perl -e "my (\$us, \$v) = <STDIN>;
		exit(\$v != 7000000 + int((7000 + $sw_number % 1000) * \$us / 1000000))" <got
'
test_run 'ticks of a processor: 20 of 100 a second in user' '
	AGENT_OPTIONS="-v2c -c secret" && before=$(sim_get 127.16.2.1 1.3.6.1.4.1.2021.11.50.0) && sim_ctl clock +100 &&
	after=$(sim_get 127.16.2.1 1.3.6.1.4.1.2021.11.50.0) && AGENT_OPTIONS= && test $((after - before)) = 8000
'
test_run 'a port about to wrap wraps' '
	sim_ctl $sw port 5 wrap 10 && sim_ctl clock +9 && before=$(sim_get $sw $ifTable.10.5) && sim_ctl clock +2 &&
	after=$(sim_get $sw $ifTable.10.5) && rate=$((5000 + sw_number % 1000)) &&
	test $before = $((4294967296 - rate)) && test $after = $rate
'
test_run 'rate and value of a port can be commanded, errors too' '
	sim_ctl $sw port 6 rate in 125000000 && was=$(sim_get $sw $ifXTable.6.6) && sim_ctl clock +10 &&
	test $(sim_get $sw $ifXTable.6.6) = $((was + 1250000000)) && sim_ctl $sw port 6 value out 77 &&
	test $(sim_get $sw $ifXTable.10.6) = 77 && sim_ctl $sw port 6 rate errors 3 && sim_ctl clock +4 &&
	test $(sim_get $sw $ifTable.14.6) = 12 && test $(sim_get $sw $ifXTable.19.6) = 0
'
test_run 'a counter that is reset says so in ifCounterDiscontinuityTime' '
	sim_ctl $sw port 8 reset && sim_get $sw $ifXTable.6.8 $ifXTable.19.8 $sysUpTime >got &&
	test $(sed -n 1p got) = 0 && test $(sed -n 2p got) = $(sed -n 3p got)
'
test_run 'after a reboot sysUpTime and counters begin at 0' '
	sim_ctl $sw reboot && sim_get $sw $sysUpTime $ifXTable.6.1 $ifXTable.10.6 $ifXTable.19.8 >got &&
	printf "0\n0\n0\n0\n" | cmp - got && sim_ctl clock +100 &&
	test $(sim_get $sw $ifXTable.6.1) = $((100 * (1000 + sw_number % 1000))) &&
	test $(sim_get $sw $sysUpTime) = 10000 && AGENT_OPTIONS="-v2c -c secret" && sim_ctl 127.16.2.2 reboot &&
	test $(sim_get 127.16.2.2 $sysUpTime) = 0 && AGENT_OPTIONS=
'
test_run 'sysUpTime can be brought to its wrap while counters go on' '
	was=$(sim_get 127.16.3.1 $ifXTable.6.1) && sim_ctl 127.16.3.1 uptime 42949672 &&
	test $(sim_get 127.16.3.1 $ifXTable.6.1) = $was && sim_ctl clock +1 && test $(sim_get 127.16.3.1 $sysUpTime) = 4
'

# ---- what is down, failed, gone

test_run 'a port down: ifOperStatus, its counters stand, ifLastChange; then up' '
	heal && sim_ctl $sw port 3 down && was=$(sim_get $sw $ifXTable.6.3) && sim_ctl clock +60 &&
	sim_get $sw $ifTable.7.3 $ifTable.8.3 $ifXTable.6.3 $ifTable.8.2 >got && printf "1\n2\n$was\n1\n" | cmp - got &&
	test $(sim_get $sw $ifTable.9.3) = $(($(sim_get $sw $sysUpTime) - 6000)) &&
	sim_ctl $sw port 3 up && sim_ctl clock +1 && sim_get $sw $ifTable.8.3 $ifXTable.6.3 >got &&
	printf "1\n$((was + 3000 + sw_number % 1000))\n" | cmp - got
'
test_run 'a port down by administration' '
	sim_ctl $sw port 4 admin-down && sim_get $sw $ifTable.7.4 $ifTable.8.4 >got && printf "2\n2\n" | cmp - got &&
	sim_ctl $sw port 4 admin-up && test $(sim_get $sw $ifTable.7.4) = 1
'
test_run 'a power supply and a fan fail and come back, Cisco style' '
	sim_ctl $sw psu 2 failed && sim_ctl $sw fan 1 failed &&
	sim_get $sw $fru.1001 $fru.1002 $fan.2001 $fan.2002 >got && printf "2\n8\n3\n2\n" | cmp - got &&
	sim_ctl $sw psu 2 ok && sim_ctl $sw fan 1 ok && sim_get $sw $fru.1002 $fan.2001 >got &&
	printf "2\n2\n" | cmp - got
'
test_run 'a power supply with a sensor fails' '
	sensor=1.3.6.1.2.1.99.1.1.1 AGENT_OPTIONS="-v2c -c secret" && sim_ctl 127.16.2.2 psu 1 failed &&
	sim_get 127.16.2.2 $sensor.4.1101 $sensor.5.1101 $sensor.5.1102 >got && AGENT_OPTIONS= &&
	printf "0\n3\n1\n" | cmp - got
'
test_run 'a power supply and a fan fail that have a state' '
	oper=1.3.6.1.2.1.131.1.1.1.3 && sim_ctl 127.16.3.3 psu 2 failed && sim_ctl 127.16.3.3 fan 1 failed &&
	walk 2c 127.16.3.3 1.3.6.1.2.1.131 >w && test $(wc -l <w) = 15 &&
	sim_get 127.16.3.3 $oper.1001 $oper.1002 $oper.2001 >got && printf "3\n2\n2\n" | cmp - got
'
test_run 'a removed port is gone from both tables, and comes back' '
	sim_ctl $sw port 2 remove && walk 2c $sw $ifTable.1 >t && walk 2c $sw $ifXTable.1 >x &&
	test $(wc -l <t) = 47 && test $(wc -l <x) = 47 && ! grep "\.2 = " t &&
	test $(sim_get $sw 1.3.6.1.2.1.2.1.0) = 47 && sim_get $sw $ifTable.1.2 | grep "No Such Instance" &&
	sim_ctl $sw port 2 add && test $(sim_get $sw 1.3.6.1.2.1.2.1.0) = 48 &&
	test $(sim_get $sw $ifXTable.1.2) = Gi0/2
'
test_run 'after renumbering every port has another ifIndex, its name and its counter' '
	walk 2c $sw $ifXTable.1 >before && was=$(sim_get $sw $ifXTable.6.9) && sim_ctl $sw renumber &&
	walk 2c $sw $ifXTable.1 >after && names <before >a && names <after | cmp a - &&
	test $(sort before after | uniq -d | wc -l) = 0 &&
	index=$(sed -n "s/.*\.\([0-9]*\) = STRING: \"Gi0\/9\"$/\1/p" after) && test $index != 9 &&
	test $(sim_get $sw $ifXTable.6.$index) = $was
'
test_run 'all ports of a device can be gone' '
	sim_ctl 127.16.3.2 port 1 remove && walk 2c 127.16.3.2 1.3.6.1 >w && ! grep "\.$ifTable\." w &&
	test $(sim_get 127.16.3.2 1.3.6.1.2.1.2.1.0) = 0 && heal && test $(sim_get 127.16.3.2 1.3.6.1.2.1.2.1.0) = 1
'

# ---- wrong replies

test_run 'silent, then answering, one device of two' '
	sim_ctl $sw silent && silence $sw && sim_get 127.16.0.2 $sysUpTime && sim_ctl $sw answer &&
	sim_get $sw $sysUpTime && test $(sim_field "" silent) -ge 1
'
test_run 'a range of devices and all of them' '
	sim_ctl 127.16.2.1-127.16.3.1 silent | grep devices=4 && silence 127.16.3.1 && sim_get 127.16.3.2 $sysUpTime &&
	sim_ctl all silent && silence 127.16.3.2 && heal && sim_get 127.16.3.1 $sysUpTime
'
test_run 'a delayed reply comes late, not never' '
	sim_ctl $sw delay 400 && silence $sw && AGENT_OPTIONS="-v2c -c public -r 0 -t 3" sim_get $sw $sysUpTime && heal
'
test_run 'loss: some requests are lost, about as many as told' '
	sim_ctl $sw loss 50 && before=$(sim_field "" lost) || return 1
	simnet walk $sw $SIM_PORT --repetitions 5 --timeout 20 >w
	cat w && lost=$(($(sim_field "" lost) - before)) && all=$(sed "s/.*requests=\([0-9]*\) .*/\1/" w) && heal &&
	test $((lost * 10)) -gt $((all * 3)) && test $((lost * 10)) -lt $((all * 7))
'
# refused WORD COMMAND...: after the command snmpget fails and says WORD; after "off" all is well.
refused() {
	refused_word=$1
	shift
	sim_ctl $sw "$@" || return 1
	snmpget -v2c -c public -r 0 -t 0.3 -On $sw:$SIM_PORT $sysUpTime $sysName >said 2>&1
	refused_status=$?
	sim_ctl $sw "$1" off
	cat said
	test $refused_status -ne 0 && grep -q -i -e "$refused_word" said && sim_get $sw $sysName
}
test_run 'truncated replies' 'refused "timeout" truncate && refused "timeout" truncate 20'
test_run 'malformed replies, in every one of the seven ways' '
	for way in 1 2 3 4 5 6 7; do refused timeout malformed || return 1; done
'
test_run 'another request-id' 'refused timeout wrong-id'
test_run 'another community, which net-snmp takes' '
	sim_ctl $sw wrong-community && snmpget -v2c -c public -d $sw:$SIM_PORT $sysName >said 2>&1 &&
	grep "wrong" said &&
	sim_ctl $sw wrong-community off && snmpget -v2c -c public -d $sw:$SIM_PORT $sysName >said 2>&1 &&
	! grep "wrong" said
'
test_run 'error-status: tooBig above so many varbinds, genErr' '
	refused "tooBig" toobig && refused genError error 5 && sim_ctl $sw toobig 2 &&
	sim_get $sw $sysName $sysUpTime && ! sim_get $sw $sysName $sysUpTime $sysName && heal
'
# heard COMMAND: what address:port a reply to a GET comes from, and how many come, by a socket of our own
heard() {
	sim_ctl $sw "$1" && perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(Proto => "udp") or die; my ($to, $port) = @ARGV;
		$get = pack("H*", "302702010104067075626c6963a01a02020539020100020100300e300c06082b060102010103000500");
		$s->send($get, 0, pack_sockaddr_in($port, inet_aton($to)));
		my $r = ""; vec($r, fileno($s), 1) = 1;
		while (select(my $ready = $r, undef, undef, $seen++ ? 0.2 : 2)) {
			my $from = $s->recv(my $reply, 65536); my ($p, $a) = sockaddr_in($from);
			print inet_ntoa($a), " ", $p == $port ? "same" : "other", "\n";
		}' $sw $SIM_PORT
	sim_ctl $sw "$1" off >/dev/null
}
test_run 'replies from another port, from another address, and twice' '
	heard wrong-source >said && tail -1 said && grep "^$sw other" said &&
	heard wrong-address >said && grep "127.16.0.0 same" said &&
	heard twice >said && test $(grep -c "^$sw same" said) = 2
'
test_run 'wrong order: net-snmp ends its walk, a third row after the fourth' '
	sim_ctl $sw wrong-order && ! snmpwalk -v2c -c public -On $sw:$SIM_PORT $ifTable.2 >w 2>&1 && cat w &&
	grep -i "not increasing" w &&
	walk 2c $sw $ifTable.1 -Cc | sed "s/.* //" | head -6 | tr "\n" " " | grep "^1 2 4 3 5 6 " &&
	walk 2c $sw $ifTable.1 -Cc | wc -l | grep "^48$" && heal
'
test_run 'loop: the walk comes back to where it was' '
	sim_ctl $sw loop && ! walk 2c $sw $ifTable.2 >w 2>&1 && grep -i "not increasing" w &&
	grep -c "\.48 = " w && heal
'
test_run 'objects can be set, hidden and shown' '
	sim_ctl $sw set $sysName s "a name" && test "$(sim_get $sw $sysName)" = "a name" &&
	sim_ctl $sw set 1.3.6.1.4.1.32473.9.1.0 C 18446744073709551615 && walk 2c $sw 1.3.6.1.4.1.32473 >w &&
	grep "\.9\.1\.0 = Counter64: 18446744073709551615" w && sim_ctl $sw no-such-instance $ifTable &&
	walk 2c $sw 1.3.6.1.2.1.2 >w && test $(wc -l <w) = 1 && sim_get $sw $ifTable.1.1 | grep "No Such Instance" &&
	sim_ctl $sw show $ifTable && test $(sim_get $sw $ifTable.1.1) = 1 && heal &&
	test "$(sim_get $sw $sysName)" = core1
'
test_run 'nothing is left of any fault' '
	walk 2c $sw 1.3.6.1 >healed && names <healed >a && names <all.1 | cmp - a
'
test_run 'a wrong command says what would be right' '
	! sim_ctl $sw port 49 down 2>said && grep "N from 1 to 48" said && ! sim_ctl $sw explode 2>said &&
	grep "no such command: silent answer" said && ! sim_ctl 10.1.1.1 silent 2>said && grep "no device there" said &&
	! sim_ctl $sw set $sysName i many 2>said && grep "no value of that type" said
'

# ---- many, foreign, wrong, and the end

test_run 'twenty thousand switches of 48 ports: small, and three thousand of them walked at once' '
	sim_start "$TEST_T/sim/devices/fleet.dev" &&
	simnet walk 127.32.10.0+3000 $SIM_PORT --root $ifXTable.1 >w && cat w &&
	grep "walked=3000 silent=0 disordered=0 .* varbinds=144000 " w &&
	test "$(sim_get 127.32.78.32 $sysName)" = sw20000 &&
	{ test -n "$SANITIZE" || test $(sed -n "s/VmRSS:[^0-9]*\([0-9]*\) kB/\1/p" /proc/$SIM_PID/status) -lt 32768; }
'
if test -e "$SHARED/hostile/snmpv1-requests.bin.gz"
then
	test_run 'hostile requests do not end it' '
		gzip -dc "$SHARED/hostile/snmpv1-requests.bin.gz" | perl -MIO::Socket::INET -e "
			my \$s = IO::Socket::INET->new(Proto => q(udp), PeerAddr => q(127.32.0.1), PeerPort => shift)
				or die;
			binmode STDIN; my \$n = 0;
			while (read(STDIN, my \$h, 8) == 8) {
				my (\$c, \$l) = unpack(q(NN), \$h); read(STDIN, my \$p, \$l) == \$l or die;
				\$s->send(\$p) if \$l < 60000; select(undef, undef, undef, 0.001) unless ++\$n % 50;
			}" $SIM_PORT && wait_for 5 "sim_get 127.32.0.1 $sysUpTime" && sim_ctl status &&
		alive $SIM_PID && test $(sim_field "" undecodable) -gt 1000
	'
else
	test_skip 'hostile requests do not end it' 'the collection is not there'
fi
test_run 'mistakes in descriptions are all told, with their lines' '
	printf "127.1.0.1 kind=switch\n127.1.0.2 kind=toaster\n\n300.1.1.1 kind=switch\n\
127.1.0.4 kind=switch ports=9999\n\
127.1.0.5 kind=switch prots=3 # what?\n127.1.0.6 kind=recording file=none.snmprec\n" >bad.dev &&
	! simnet bad.dev 2>said && grep "^bad.dev:2: .*toaster: should be switch, router" said &&
	grep "^bad.dev:4: .*300.1.1.1" said &&
	grep "^bad.dev:5: ports=9999: should be a number from 0 to 4096" said &&
	grep "^bad.dev:6: no such key .prots" said &&
	grep "^bad.dev:7: cannot open" said && test $(grep -c ^bad.dev said) = 5 &&
	! simnet --device "127.1.0.1+9 kind=switch" --device "127.1.0.3 kind=switch" 2>said &&
	grep "127.1.0.3 is described twice" said
'
test_run 'a port that is taken is said' '
	! simnet --device "127.1.0.1 kind=switch" --port $SIM_PORT 2>said &&
	grep "cannot bind UDP port $SIM_PORT: Address already in use" said
'
test_run 'it ends after its time, on SIGTERM, when told, and takes its socket along' '
	run_behind for.out simnet --device "127.1.0.1 kind=switch" --for 1 && wait_for 5 "! alive $!" && wait $! &&
	run_behind term.out simnet --device "127.1.0.1 kind=switch" --control term.sock && pid=$! &&
	wait_for 5 "socket_answers term.sock" && kill $pid && wait_for 5 "! alive $pid" && wait $pid &&
	! test -e term.sock &&
	sim_ctl quit && wait_for 5 "! alive $SIM_PID" && wait $SIM_PID
'
test_run 'a socket that a killed one left is taken over' '
	run_behind k.out simnet --device "127.1.0.1 kind=switch" --control k.sock &&
	wait_for 5 "socket_answers k.sock" &&
	kill -9 $! && wait_for 5 "! alive $!" && test -S k.sock &&
	run_behind k.out simnet --device "127.1.0.1 kind=switch" --control k.sock && wait_for 5 "socket_answers k.sock"
'
test_end
