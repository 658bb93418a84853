/* poller/probe/icmp-packet.c: echo packets as octets, and what a train of round-trip times says. Pure. */
#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include "probe-int.h"

enum {
	V4_ECHO_REPLY = 0, V4_ECHO = 8,		/* RFC 792 */
	V6_ECHO = 128, V6_ECHO_REPLY = 129,	/* RFC 4443 section 4 */
	IP_PROTOCOL_ICMP = 1,
	IP_HEADER_LEAST = 20,
};

static const uint8_t magic[4] = { 'f', 'w', 'E', 'C' };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

uint16_t icmp_checksum(const uint8_t *p, size_t len_octets)
{
	uint32_t sum = 0;	/* at most 32,768 words of 16 bits in a packet: below 2^31 */
	size_t i;

	for (i = 0; i + 1 < len_octets; i += 2)
		sum += get16(p + i);
	if (len_octets & 1)
		sum += (uint32_t)p[len_octets - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void icmp_build(uint8_t *packet, bool v6, uint16_t id, const struct icmp_mark *mark, unsigned number)
{
	uint8_t *payload = packet + ICMP_HEADER_OCTETS;

	memset(packet, 0, ICMP_HEADER_OCTETS);
	packet[0] = v6 ? V6_ECHO : V4_ECHO;
	put16(packet + 4, id);
	put16(packet + 6, (uint16_t)(mark->generation + number));
	memcpy(payload, magic, 4);
	memcpy(payload + 4, &mark->cookie, 8);
	memcpy(payload + 12, &mark->slot, 4);
	memcpy(payload + 16, &mark->generation, 4);
	if (!v6)		/* the kernel does it for IPv6: it needs the source address (RFC 3542 section 3.1) */
		put16(packet + 2, icmp_checksum(packet, ICMP_ECHO_OCTETS));
}

bool icmp_mark_of(const struct icmp_echo *echo, struct icmp_mark *mark)
{
	if (echo->payload_len != ICMP_PAYLOAD_OCTETS || memcmp(echo->payload, magic, 4) != 0)
		return false;
	memcpy(&mark->cookie, echo->payload + 4, 8);
	memcpy(&mark->slot, echo->payload + 12, 4);
	memcpy(&mark->generation, echo->payload + 16, 4);
	return true;
}

/* Step over the IPv4 header that a raw socket delivers. */
static bool pass_ip_header(const uint8_t **p, size_t *len_octets)
{
	size_t header;

	if (*len_octets < IP_HEADER_LEAST || (*p)[0] >> 4 != 4)
		return false;
	header = (size_t)((*p)[0] & 15) * 4;
	if (header < IP_HEADER_LEAST || header > *len_octets || (*p)[9] != IP_PROTOCOL_ICMP)
		return false;
	*p += header;
	*len_octets -= header;
	return true;
}

bool icmp_parse(const void *packet, size_t len_octets, bool ip_header, bool v6, struct icmp_echo *out)
{
	const uint8_t *p = packet;

	if (ip_header && !pass_ip_header(&p, &len_octets))
		return false;
	if (len_octets < ICMP_HEADER_OCTETS || p[0] != (v6 ? V6_ECHO_REPLY : V4_ECHO_REPLY) || p[1] != 0)
		return false;
	/* a raw socket is served before the kernel has looked at the checksum */
	if (ip_header && icmp_checksum(p, len_octets) != 0)
		return false;
	out->id = get16(p + 4);
	out->sequence = get16(p + 6);
	out->payload = p + ICMP_HEADER_OCTETS;
	out->payload_len = len_octets - ICMP_HEADER_OCTETS;
	return true;
}

/* ---- summary ----------------------------------------------------------------------------------------------------- */

static void sort(int64_t *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		int64_t x = v[i];
		unsigned k = i;

		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

static double jitter_of(const struct span *rtt, unsigned received)
{
	double sum = 0;

	if (received < 2)
		return NAN;
	for (unsigned i = 1; i < received; i++)
		sum += fabs(span_as_s(rtt[i]) - span_as_s(rtt[i - 1]));
	return sum / (received - 1);
}

struct rtt_summary rtt_summary_of(const struct span *rtt, unsigned received, unsigned sent)
{
	struct rtt_summary s = { NAN, NAN, NAN, NAN, NAN };
	int64_t us[ICMP_TRAIN_MAX];

	if (received > ICMP_TRAIN_MAX)
		received = ICMP_TRAIN_MAX;
	if (sent > 0)
		s.loss = received < sent ? 1 - (double)received / sent : 0;
	if (received == 0)
		return s;
	for (unsigned i = 0; i < received; i++)
		us[i] = rtt[i].us;
	sort(us, received);
	s.min_s = span_as_s(span_us(us[0]));
	s.max_s = span_as_s(span_us(us[received - 1]));
	s.median_s = (span_as_s(span_us(us[(received - 1) / 2])) + span_as_s(span_us(us[received / 2]))) / 2;
	s.jitter_s = jitter_of(rtt, received);
	return s;
}
