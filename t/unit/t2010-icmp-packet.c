/* t/unit/t2010-icmp-packet.c: echo packets as octets, checksums, marks, and the summary of a train. */
#include "poller/probe/probe-int.h"
#include "tap.h"

static const struct icmp_mark mark = { .cookie = 0x1122334455667788, .slot = 42, .generation = 0xfffffffe };

static void test_checksum(void)
{
	/* RFC 1071 section 3: the sum of these is ddf2 */
	static const uint8_t words[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	is_int(icmp_checksum(words, sizeof(words)), 0x220d, "checksum of RFC 1071's example");
	is_int(icmp_checksum(words, 3), 0x0dfe, "an odd octet counts as the high one");
}

static size_t make_reply(uint8_t *packet, bool ip_header, bool v6)
{
	uint8_t *icmp = packet + (ip_header ? 20 : 0);
	uint16_t sum;

	memset(packet, 0, 64);
	icmp_build(icmp, v6, 0xbeef, &mark, 3);
	icmp[0] = v6 ? 129 : 0;
	icmp[2] = icmp[3] = 0;
	sum = icmp_checksum(icmp, ICMP_ECHO_OCTETS);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	if (ip_header) {
		packet[0] = 0x45;
		packet[9] = 1;
	}
	return (size_t)(icmp - packet) + ICMP_ECHO_OCTETS;
}

static void test_round_trip(void)
{
	uint8_t packet[64];
	struct icmp_echo echo;
	struct icmp_mark got;
	size_t len;

	icmp_build(packet, false, 0xbeef, &mark, 3);
	is_int(icmp_checksum(packet, ICMP_ECHO_OCTETS), 0, "a built IPv4 request has a right checksum");
	ok(!icmp_parse(packet, ICMP_ECHO_OCTETS, false, false, &echo), "a request is not a reply");
	len = make_reply(packet, true, false);
	ok(icmp_parse(packet, len, true, false, &echo), "reply behind an IP header is read");
	is_int(echo.id, 0xbeef, "... its identifier");
	is_int(echo.sequence, 1, "... its sequence: low bits of the generation, and the number");
	ok(icmp_mark_of(&echo, &got) && got.cookie == mark.cookie && got.slot == 42 &&
	   got.generation == mark.generation,
	   "... its mark");
	len = make_reply(packet, false, true);
	ok(icmp_parse(packet, len, false, true, &echo) && echo.id == 0xbeef, "IPv6 reply is read");
	ok(!icmp_parse(packet, len, false, false, &echo), "an IPv6 reply is none of IPv4");
}

static void test_refused(void)
{
	uint8_t packet[64];
	struct icmp_echo echo;
	struct icmp_mark got;
	size_t len = make_reply(packet, true, false);
	unsigned refused = 0;

	for (size_t cut = 0; cut < 28; cut++)
		refused += !icmp_parse(packet, cut, true, false, &echo);
	is_int(refused, 28, "every truncated header is refused");
	packet[40] ^= 1;
	ok(!icmp_parse(packet, len, true, false, &echo), "wrong checksum is refused");
	packet[40] ^= 1;
	packet[0] = 0x4f;
	ok(!icmp_parse(packet, len, true, false, &echo), "IP header longer than the packet is refused");
	packet[0] = 0x44;
	ok(!icmp_parse(packet, len, true, false, &echo), "IP header below 20 octets is refused");
	packet[0] = 0x65;
	ok(!icmp_parse(packet, len, true, false, &echo), "IP version 6 in an IPv4 header is refused");
	packet[0] = 0x45;
	packet[9] = 17;
	ok(!icmp_parse(packet, len, true, false, &echo), "UDP is refused");
	len = make_reply(packet, false, false);
	packet[1] = 1;
	ok(!icmp_parse(packet, len, false, false, &echo), "code other than 0 is refused");
	make_reply(packet, false, false);
	packet[8] = 'x';
	ok(icmp_parse(packet, len, false, false, &echo) && !icmp_mark_of(&echo, &got),
	   "payload of another program has no mark");
	make_reply(packet, false, false);
	ok(icmp_parse(packet, len - 1, false, false, &echo) && !icmp_mark_of(&echo, &got),
	   "a shorter payload has no mark");
}

static void test_summary(void)
{
	static const struct span rtt[] = { { 3000 }, { 1000 }, { 2000 }, { 6000 } };
	struct rtt_summary s = rtt_summary_of(rtt, 4, 5);

	is_double(s.min_s, 0.001, 1e-12, "minimum");
	is_double(s.median_s, 0.0025, 1e-12, "median of an even number is the middle of two");
	is_double(s.max_s, 0.006, 1e-12, "maximum");
	is_double(s.jitter_s, 0.007 / 3, 1e-12, "jitter: mean of 2, 1 and 4 ms");
	is_double(s.loss, 0.2, 1e-12, "loss");
	s = rtt_summary_of(rtt, 3, 3);
	is_double(s.median_s, 0.002, 1e-12, "median of an odd number");
	is_double(s.loss, 0, 0, "no loss");
	s = rtt_summary_of(rtt, 1, 3);
	ok(isnan(s.jitter_s) && s.min_s == s.max_s, "one answer has no jitter");
	s = rtt_summary_of(NULL, 0, 3);
	ok(isnan(s.min_s) && isnan(s.median_s) && isnan(s.max_s) && isnan(s.jitter_s), "no answer: nothing but ...");
	is_double(s.loss, 1, 0, "... loss of all");
	ok(isnan(rtt_summary_of(NULL, 0, 0).loss), "nothing sent: loss is not known");
}

int main(void)
{
	plan(2 + 8 + 9 + 11);
	test_checksum();
	test_round_trip();
	test_refused();
	test_summary();
	return done();
}
