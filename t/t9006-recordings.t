#!/bin/sh
# t/t9006-recordings.t: recordings of real agents are served as they were recorded: what net-snmp's snmpbulkwalk reads
# is what the file says, every record, in order.

. ./lib-test.sh
test_needs snmpbulkwalk perl

test_begin 'recordings served by the simulated network'

# The agent's view of a recording, as the tests' own reading has it: one "OID TAG hex-or-number" a line, sorted, the
# first of equal names. Types that no agent sends, values their type cannot hold, and broken lines are left out.
cat >view.pl <<'END'
use strict; use warnings;
my %most = (2 => 2**31 - 1, 65 => 2**32 - 1, 66 => 2**32 - 1, 67 => 2**32 - 1);
my (%seen, @rows);
while (my $line = <STDIN>) {
	$line =~ s/[\r\n]+$//;
	my ($oid, $tag, $value) = split /\|/, $line, 3;
	next if $line =~ /^#/ || !defined $value || $oid !~ /^\d+(\.\d+)+$/;
	next if $tag !~ /^(2|4|5|6|64|65|66|67|68|70)([xe]?)$/;
	my ($type, $coding) = ($1, $2);
	next if grep { length > 10 || $_ > 2**32 - 1 } split /\./, $oid;
	if ($coding eq 'x') {
		(my $hex = $value) =~ s/ //g;
		next if length($hex) % 2 || $hex =~ /[^0-9a-fA-F]/;
		$value = pack('H*', $hex);
	} elsif ($coding eq 'e') {
		my %e = (n => "\n", r => "\r", t => "\t", a => "\a", b => "\b", f => "\f", v => "\x0b");
		$value =~ s/\\(x([0-9a-fA-F]{2})|.)/defined $2 ? chr hex $2 : $e{$1} \/\/ $1/ges;
	}
	if ($type =~ /^(2|65|66|67|70)$/) {
		if ($coding eq 'x') {
			next if length $value < 1 || length $value > 8;
			$value = unpack('Q>', substr("\0" x 8 . $value, -8));
		}
		next if $value !~ /^\s*(-?\d+)\s*$/;
		$value = $1;
		next if $value < 0 && ($type != 2 || $value < -2**31) || defined $most{$type} && $value > $most{$type};
		next if sprintf('%040s', $value) gt sprintf('%040s', '18446744073709551615');
	} elsif ($type == 6) {
		$value =~ s/^\s*\.?|\s+$//g;
		next if $value !~ /^\d+(\.\d+)+$/;
	} elsif ($type == 64) {
		$value = join '.', unpack('C*', $value) if $coding;
		next if $value !~ /^\d+\.\d+\.\d+\.\d+$/ || grep { $_ > 255 } split /\./, $value;
	} elsif ($type == 5) {
		$value = '';
	} elsif ($type == 68 && $value =~ /^\x9f\x78\x04(....)$/s) {
		$value = sprintf('%f', unpack('f>', $1));	# net-snmp reads a float into it
	} else {
		$value = unpack('H*', $value);
	}
	next if $seen{$oid}++;
	push @rows, [pack('N*', split /\./, $oid), "$oid $type $value\n"];
}
print map { $_->[1] } sort { $a->[0] cmp $b->[0] } @rows;
END

# What snmpbulkwalk -On -Oe -Ox printed, in the same form.
cat >walked.pl <<'END'
use strict; use warnings;
my %tag = (INTEGER => 2, Counter32 => 65, Gauge32 => 66, Timeticks => 67, Counter64 => 70, OID => 6, IpAddress => 64,
	'Hex-STRING' => 4, STRING => 4, OPAQUE => 68, BITS => 4, Opaque => 68);
my ($oid, $tag, $value);
sub row {
	return unless defined $oid;
	if ($tag == 4 || $tag == 68) { $value =~ s/\s//g; $value = lc $value }
	$value =~ s/^\(?(-?\d+)\)?.*/$1/s if $tag =~ /^(2|65|66|67|70)$/;
	$value =~ s/^\.// if $tag == 6;
	$value =~ s/^float:// if $tag == 68;
	print "$oid $tag $value\n";
}
while (<STDIN>) {
	chomp;
	if (/^\.([\d.]+) = (?:No more variables|End of MIB)/) {
		next;
	} elsif (/^\.([\d.]+) = (?:Wrong Type [^:]*: )?([A-Za-z0-9-]+): ?(.*)$/ && exists $tag{$2}) {
		row(); ($oid, $tag, $value) = ($1, $tag{$2}, $3);
	} elsif (/^\.([\d.]+) = ""$/) {
		row(); ($oid, $tag, $value) = ($1, 4, '');
	} elsif (/^\.([\d.]+) = NULL$/) {
		row(); ($oid, $tag, $value) = ($1, 5, '');
	} else {
		$value .= $_;		# Hex-STRING goes on in the next line
	}
}
row();
END

# ---- one of our own: everything that a line can be

cat >own.snmprec <<'END'
# broken lines, doubles, disorder
1.3.6.1.2.1.1.5.0|4|first of two
1.3.6.1.2.1.1.3.0|67|4294967295
1.3.6.1.2.1.1.5.0|4|second of two
1.3.6.1.2.1.2.2.1.10.10|65|4294967295
1.3.6.1.2.1.2.2.1.10.2|65|0
1.3.6.1.2.1.2.2.1.10.3|65|4294967296
1.3.6.1.2.1.2.2.1.10.4|65|-1
1.3.6.1.2.1.2.2.1.10.5|65|many
1.3.6.1.2.1.2.2.1.6.1|4x|00 1b 2C3d4e5f
1.3.6.1.2.1.2.2.1.6.2|4x|00f
1.3.6.1.2.1.2.2.1.6.3|4xx|00
1.3.6.1.2.1.1.1.0|4e|line one\r\nline \x41\\ \q
1.3.6.1.2.1.1.7.0|2|-2147483648
1.3.6.1.2.1.1.7.1|2|2147483648
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8072.3.2.10
1.3.6.1.2.1.1.2.1|6|
1.3.6.1.2.1.4.20.1.1.192.0.2.1|64|192.0.2.1
1.3.6.1.2.1.4.20.1.1.192.0.2.2|64x|c0000202
1.3.6.1.2.1.4.20.1.1.192.0.2.3|64|192.0.2.256
1.3.6.1.2.1.4.20.1.1.192.0.2.4|64x|c00002
1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615
1.3.6.1.2.1.31.1.1.1.6.2|70|18446744073709551616
1.3.6.1.2.1.31.1.1.1.6.3|70x|ffffffffffffffff
1.3.6.1.2.1.1.8.0|67:numeric|rate=1
1.3.6.1.2.1.1.9.0|40|x
1.3.6.1.2.1.1.9.1||x
1.3.6.1.2.1.1.9.2
not an oid|4|x
1.3.6.1.4.1.99999999999.1|4|x
1.3.6.1.4.1.4294967295.1|4|an arc of 32 bits
1.3.6.1.4.1.2021.10.1.6.1|68x|9f78043f8f5c29
1.3.6.1.4.1.2021.10.1.6.2|5|
1|4|one arc only
1.3.6.1.4.1.2021.10.1.6.3|4|
1.3.6.1.4.1.2021.10.1.6.4|128|
END
printf '1.3.6.1.4.1.2021.10.1.6.5|4|last, without an end of line' >>own.snmprec

# served ADDRESS FILE: snmpbulkwalk reads from ADDRESS what FILE says.
served() {
	perl view.pl <"$2" >want || return 1
	snmpbulkwalk -v2c -c public -r 2 -t 2 -Cr40 -On -Oe -Ox "$1:$SIM_PORT" .1 >walk.out || return 1
	perl walked.pl <walk.out >got
	cmp want got || { diff want got | head -20; return 1; }
	test -s want
}

sim_start --clock-stopped --device '127.20.0.1 kind=recording file=own.snmprec' \
	--device '127.20.0.2 kind=recording file=own.snmprec live=yes'

test_run 'a recording with every kind of line' '
	served 127.20.0.1 own.snmprec && test $(wc -l <want) = 17 &&
	sim_ctl status | grep "records=17 broken=17 duplicates=1 variations=1"
'
test_run 'GET finds each record, and tells what is none' '
	test "$(sim_get 127.20.0.1 1.3.6.1.2.1.1.5.0)" = "first of two" &&
	sim_get 127.20.0.1 1.3.6.1.2.1.2.2.1.10.9 | grep "No Such Instance" &&
	sim_get 127.20.0.1 1.3.6.1.2.1.2.2.1.11.9 | grep "No Such Object" &&
	sim_get 127.20.0.1 1.3.6.1.4.1.2021.10.1.6.2 | grep NULL
'
test_run 'a recording stands still unless it is live; then counters grow and sysUpTime runs' '
	oids="1.3.6.1.2.1.1.3.0 1.3.6.1.2.1.2.2.1.10.10 1.3.6.1.2.1.2.2.1.10.2 1.3.6.1.2.1.1.7.0" &&
	sim_ctl clock +10 && sim_get 127.20.0.1 $oids >got &&
	printf "4294967295\n4294967295\n0\n-2147483648\n" | cmp - got &&
	n=$(grep -n "^1.3.6.1.2.1.2.2.1.10.2 " want | cut -d: -f1) &&
	sim_get 127.20.0.2 $oids >got && cat got &&
	printf "999\n$((10 * (1000 + n) - 1))\n$((10 * (1000 + n - 1)))\n-2147483648\n" | cmp - got
'
test_run 'a rebooted recording: sysUpTime and counters begin at 0' '
	sim_ctl 127.20.0.1 reboot && sim_get 127.20.0.1 1.3.6.1.2.1.1.3.0 1.3.6.1.2.1.2.2.1.10.10 >got &&
	printf "0\n0\n" | cmp - got
'
test_run 'wrong order and loop in a recording' '
	sim_ctl 127.20.0.2 wrong-order && ! snmpwalk -v2c -c public -On 127.20.0.2:$SIM_PORT 1.3.6.1 >w 2>&1 &&
	grep "not increasing" w && sim_ctl 127.20.0.2 heal && snmpwalk -v2c -c public -On 127.20.0.2:$SIM_PORT 1.3.6.1
'
sim_ctl quit >/dev/null

# ---- of real agents

set -- "$SHARED"/devices/*.snmprec
if ! test -e "$1"
then
	test_skip 'recordings of real agents' 'they are not there'
	test_end
fi
n=0
: >real.dev
for file
do
	n=$((n + 1))
	name=$(basename "$file")
	test ! -e "$SHARED/devices/clean/$name" || file=$SHARED/devices/clean/$name
	echo "127.21.0.$n kind=recording file=$file" >>real.dev
done
sim_start real.dev
while read -r address kind file
do
	file=${file#file=}
	test_run "$(basename "$file" .snmprec)" 'served $address "$file"'
done <real.dev
test_run 'all of them, walked at once by our own client' '
	simnet walk 127.21.0.1+$n $SIM_PORT --root 1.3 --repetitions 40 >w && cat w && grep "walked=$n " w
'
test_end
