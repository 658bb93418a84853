# t/t7170-api.t: the API's socket: whatever comes in, main goes on; every view answers every name.
. ./lib-test.sh
. ./lib-robust.sh

test_needs perl jq sqlite3
test_begin 'the API and its enemies'
conf_sim
conf=$SCRATCH/forewarn.conf
CONF_USER=$(id -un)
conf_write "$conf" 'component "feed" { }' 'service "powered" { needs = {"feed", "app1 | app2"} }' \
	'group "unused" { need = 1 members = {"sw1", "sw1/interface/Gi0/1"} }' 'check "probe" { command = "true" every = 1s }'
export conf

# raw TEXT [SECONDS]: what the socket answers to these octets (perl's escapes).
cat >raw.pl <<'END'
use strict; use IO::Socket::UNIX; use Time::HiRes 'time';
my ($path, $text, $seconds) = @ARGV;
my $s = IO::Socket::UNIX->new(Peer => $path) or die "no socket: $!\n";
local $SIG{ALRM} = sub { print "(nothing)\n"; exit 3 };
$SIG{PIPE} = 'IGNORE';
alarm($seconds || 10);
$text = eval "\"$text\"";
for (my $at = 0; $at < length $text; ) { my $n = syswrite($s, $text, 65536, $at); last if !$n; $at += $n; }
my $all = ''; while (sysread($s, my $b, 65536)) { $all .= $b }
print substr($all, 0, 4000), "\n";
END
raw() { perl raw.pl "$SCRATCH/state/forewarn.sock" "$@"; }
# call NAME JSON: the status, then the body.
call() { raw "POST /$1 HTTP/1.0\\r\\nContent-Length: ${#2}\\r\\n\\r\\n$(printf %s "$2" | sed 's/[\\"@$]/\\&/g')"; }

test_run 'it runs' 'forewarn_start "$conf" && wait_for 20 all_is_well'
test_run 'a call answers' 'call status "{}" | tail -n 1 | jq -e .live'
test_run 'an unknown call is 404, with words' 'call nonsense "{}" | tee out | grep "404" && grep "no such call" out'
test_run 'GET is refused with what would be right' 'raw "GET /status HTTP/1.0\\r\\n\\r\\n" | tee out | grep 405 && grep "use POST" out'
test_run 'no JSON, a list, a text, nothing' '
	for body in "{" "[]" "\"x\"" "nul" "{\"service\":}" "[[[[[[["
	do
		call status "$body" | grep " 400 " || return 1
	done
	call status "" | tail -n 1 | jq -e .live
'
test_run 'no HTTP at all' 'raw "\\0\\1\\2garbage\\r\\n\\r\\n" 8; raw "POST\\r\\n\\r\\n" 8; raw "POST /status HTTP/9.9\\r\\n\\r\\n" 8; raw "\\r\\n" 8; all_is_well'
test_run 'a length that is none' 'raw "POST /status HTTP/1.0\\r\\nContent-Length: -5\\r\\n\\r\\n{}" 8; raw "POST /status HTTP/1.0\\r\\nContent-Length: 99999999999999999999\\r\\n\\r\\n{}" 8; all_is_well'
test_run 'a huge body and a huge header are refused' '
	raw "POST /status HTTP/1.0\\r\\nContent-Length: 50000000\\r\\n\\r\\n@{[\"x\" x 5000000]}" 10 >out; ! grep " 200 " out &&
	raw "POST /status HTTP/1.0\\r\\nX: @{[\"x\" x 5000000]}\\r\\n\\r\\n" 10 >out; ! grep " 200 " out && all_is_well
'
test_run 'deep JSON' 'raw "POST /status HTTP/1.0\\r\\nContent-Length: 200000\\r\\n\\r\\n@{[chr(91) x 200000]}" 10 | grep " 400 "'

test_run 'a wrong type, or what is needed and not there, is a 400 that names it' '
	while read -r name body words
	do
		call "$name" "$body" >out; grep -q " 400 " out && tail -n 1 out | jq -e --arg w "$words" ".error | contains(\$w)" >/dev/null ||
			{ echo "$name $body:"; cat out; return 1; }
	done <<-X
		set {} set needs '"'list'"': a list
		set {"name":5} set needs '"'list'"': a list
		set {"list":[]} '"'list'"' of set is not a list
		set {"list":[5]} '"'list'"' of set is not a list
		set {"list":[{"name":5,"state":"down"}]} '"'name'"' of set item is not text
		set {"list":[{"name":"feed"}]} set item needs '"'state'"'
		set {"list":[{"name":"feed","state":"down","for_us":-1}]} '"'for_us'"' of set item is not a whole number
		show {"class":7} '"'class'"' of show is not text
		status {"service":[]} '"'service'"' of status is not text
		risk {"list":"3"} '"'list'"' of risk is not a whole number
		risk {"brief":1} '"'brief'"' of risk is not true or false
		explain {} explain needs '"'name'"': text
		events {"most":1e300} '"'most'"' of events is not a whole number
		events {"from_us":"x"} '"'from_us'"' of events is not a whole number
		debug {"device":{}} '"'device'"' of debug is not text
		forget {} forget needs '"'name'"'
		flush {"name":1} '"'name'"' of flush is not text
		device {} device needs '"'name'"'
		poll {"name":1} '"'name'"' of poll is not text
		log {"area":"wire"} log needs '"'on'"': true or false
	X
	call poll "{\"name\":\"nobody\"}" | grep " 404 " && call flush "{\"name\":\"nobody\"}" | grep " 404 " &&
	call show "{\"class\":null,\"of a newer client\":1}" | grep " 200 " && sql "SELECT count(*) FROM event WHERE what = \"set\"" | grep -x 0
'
# Every view, asked for everything there is and for what is not, with arguments of the right kind and of others: each call gets
# an answer, and none may end the daemon.
cat >views.pl <<'END'
use strict; use IO::Socket::UNIX; use JSON::PP;
my @names = ('sw1', 'app1', 'feed', 'apps', 'switches', 'orders', 'office', 'powered', 'unused', 'probe', 'sw1/interface/Gi0/1',
	'app1/processor/196608', 'sw1/interface', 'sw1/', '/', '', 'nobody', 'sw1/nothing/x', "a\tb", "\x{1f6a8}", 'x' x 3000);
my @odd = ('{"name":5,"service":[],"device":{},"list":7,"most":-3,"since_us":"x","class":7}',
	'{"name":null,"list":[1,null,{}],"most":1e300,"since_us":-9223372036854775807,"device":null,"service":null,"class":null}',
	'{"list":[{"name":"feed","state":"down","for_us":9223372036854775807}]}', '{"list":[{"name":"feed","state":"up"}]}', '{}');
for my $view (qw(status risk explain whatif windows maintain accepted accept show events components debug graph set forget flush device poll log nonsense)) {
	my @bodies = @odd;
	for my $n (@names) {
		push @bodies, encode_json({ (map { $_ => $n } qw(name service device component class target area state)),
			list => [ { name => $n, state => $n } ], most => 5, verbose => JSON::PP::true });
	}
	for my $body (@bodies) {
		my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "gone after $view: $!\n";
		alarm 10;
		print $s "POST /$view HTTP/1.0\r\nContent-Length: ", length $body, "\r\n\r\n$body";
		my $all = join '', <$s>;
		$all =~ m{^HTTP/1.[01] [2-5].*?\r\n\r\n(.*)}s && eval { decode_json($1) } or die "$view $body: $all\n";
	}
}
END
test_run 'every view answers for every name and for arguments of the wrong kind' '
	perl views.pl "$SCRATCH/state/forewarn.sock" && alive $FOREWARN_PID && sane "$FOREWARN_LOG"
'
test_run 'a message cut in the middle of a letter is still an answer' '
	call explain "{\"name\":\"$(perl -e "print qq(x) x 201, qq(\\xc3\\xa4) x 300")\"}" | tail -n 1 | jq -e .error
'
# Who changes something and asks what happened, finds it: the change is on the disk when its answer comes.
cat >kept.pl <<'END'
use strict; use IO::Socket::UNIX; use JSON::PP;
sub ask {
	my ($view, $args) = @_;
	my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "no socket: $!\n";
	my $body = encode_json($args);
	print $s "POST /$view HTTP/1.0\r\nContent-Length: ", length $body, "\r\n\r\n$body";
	return decode_json((split /\r\n\r\n/, join('', <$s>), 2)[1]);
}
alarm 60;
for my $n (1 .. 50) {
	ask(set => { list => [ { name => 'feed', state => $n % 2 ? 'down' : 'up', why => "turn $n" } ] });
	my $events = ask(events => { name => 'feed', most => 4 });
	grep { ($_->{what} eq 'set') && ($_->{reason} eq "turn $n") } @{$events->{items}} or die "turn $n is not there: ", encode_json($events), "\n";
}
END
test_run 'what was changed is among the events as soon as it is answered' 'perl kept.pl "$SCRATCH/state/forewarn.sock"'
test_run 'who set a state is recorded' '
	fw set feed down --why "test of who" && wait_for 5 "test \"\$(sql \"SELECT who FROM event WHERE what = \\\"set\\\" AND reason = \\\"test of who\\\"\")\" = \"$(id -un)\"" &&
	fw set feed up
'

# ---- slow and many ---------------------------------------------------------------------------------------------------

cat >slow.pl <<'END'
use strict; use IO::Socket::UNIX; use Socket;
my ($path, $count, $seconds) = @ARGV;
my @s; $SIG{PIPE} = 'IGNORE';
for (1 .. $count) {
	socket(my $s, PF_UNIX, SOCK_STREAM, 0); $s->blocking(0);
	connect($s, pack_sockaddr_un($path)) or last;
	push @s, $s;
	syswrite($s, $_ % 2 ? "POST /status HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{" : "PO");
}
$| = 1; print scalar(@s), "\n";
for (1 .. $seconds * 5) { for my $s (@s) { syswrite($s, 'x') } select(undef, undef, undef, 0.2) }
END
test_run 'slow clients do not hold up main: it polls and tells' '
	run_behind slow.out perl slow.pl "$SCRATCH/state/forewarn.sock" 200 30 && slow=$! && wait_for 10 "test -s slow.out" &&
	sim_ctl 127.16.2.1 silent && wait_for 10 "test \"\$(sql \"SELECT count(*) FROM alert WHERE cleared = 0\")\" -eq 1"
'
test_run '... and are not given more than a few descriptors' 'test "$(ls /proc/$FOREWARN_PID/fd | wc -l)" -lt 200'
test_run '... and those who ask as usual are served, after a while' 'wait_for 25 "status_is \".wrong | length == 1\""'
test_kill "$slow"
test_run 'many calls at once' '
	for n in $(seq 1 100); do fw status --json >many.$n 2>&1 & many="$many $!"; done
	for pid in $many; do wait $pid; done
	failed=0
	for n in $(seq 1 100); do jq -e .live many.$n >/dev/null 2>&1 || failed=$((failed + 1)); done
	echo "failed $failed"; test $failed -eq 0
'
test_run 'clients that leave before the answer' '
	perl -MIO::Socket::UNIX -e "for (1 .. 200) { my \$s = IO::Socket::UNIX->new(Peer => \$ARGV[0]) or die; print \$s qq(POST /device HTTP/1.0\r\nContent-Length: 14\r\n\r\n{\"name\":\"sw1\"}); close \$s }" "$SCRATCH/state/forewarn.sock" &&
	wait_for 10 "status_is .live"
'
test_run 'descriptors are given back' 'wait_for 20 "test \$(ls /proc/$FOREWARN_PID/fd | wc -l) -lt 80"'
test_run 'it ends well' 'sim_ctl 127.16.2.1 heal; forewarn_stop && test $FOREWARN_STATUS -eq 0 && sane "$FOREWARN_LOG"'
test_end
