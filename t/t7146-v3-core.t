# t/t7146-v3-core.t: what is left of a process that speaks version 3: the kernel makes no core file of it, and what a debugger
# writes as root has neither password nor key.
. ./lib-test.sh
. ./lib-poll.sh
. ./lib-v3.sh

test_needs jq perl
test_begin 'SNMP version 3: core files'
FOREWARN_STATE=$SCRATCH/state
v3_files
test_eval 'sim_start --device "$(sim 2 engine-id=80007ed905aabbcc)"'
POLL_INTERVAL=1s POLL_THREADS=1 poll_conf v3.conf "$(credentials full full SHA-256 AES)" "$(device one 127.81.0.2:$SIM_PORT full)"
test_run 'it speaks version 3' 'forewarn_start "$POLL_CONF" && wait_for 15 "is one snmp answers && counted answered"'

# secrets_in FILE: those that are in it: the password, its key, and that of the clones' engine (RFC 3414 A.2), also as the words of
# a little-endian machine.
secrets_in() {
	perl -MDigest::SHA=sha256 -e '
		my ($secret, $file) = @ARGV;
		my $ku = sha256(substr($secret x (1 + (1 << 20) / length $secret), 0, 1 << 20));
		my $kul = sha256($ku . pack("H*", "80007ed905aabbcc") . $ku);
		my %found = (password => $secret, key => substr($ku, 0, 16), localised => substr($kul, 0, 16));
		$found{"$_ in words"} = pack("V*", unpack("N*", $found{$_})) for "key", "localised";
		open(my $f, "<:raw", $file) or die "$file: $!";
		my $core = do { local $/; <$f> };
		index($core, $found{$_}) < 0 or print "$_\n" for sort keys %found' "$secret" "$1"
}
if test -n "$SANITIZE"
then
	test_skip 'what a debugger writes has neither password nor key' 'the memory of sanitizers is larger than any disk'
elif command -v gcore >/dev/null 2>&1 && test "$(id -u)" = 0
then
	test_run 'what a debugger writes has neither password nor key, unless it is told to write all' '
		gcore -o core $FOREWARN_PID >/dev/null 2>&1 && grep -q "credentials" core.$FOREWARN_PID && secrets_in core.$FOREWARN_PID >found &&
		gcore -a -o all $FOREWARN_PID >/dev/null 2>&1 && secrets_in all.$FOREWARN_PID >all
		ls -l core.* all.*; cat found all
		test ! -s found && grep -qx key all && grep -qx localised all && ! grep password all
	'
	rm -f core.* all.*
else
	test_skip 'what a debugger writes has neither password nor key' 'no gcore, or not root'
fi

test_run 'the kernel leaves no core file' '
	ulimit -c unlimited 2>/dev/null
	grep -q "^CoreDumping:.0" /proc/$FOREWARN_PID/status && kill -ABRT $FOREWARN_PID && wait_for 10 "! alive $FOREWARN_PID" &&
	test -z "$(find "$SCRATCH" -name "core*")"
'
test_end
