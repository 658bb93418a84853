/* poller/snmp/ber.c: BER lengths, integers and object identifiers (X.690), the subset of RFC 3417 section 8. */
#include "ber-int.h"
#include "snmp.h"

const uint8_t *ber_len_long(const uint8_t *p, const uint8_t *end, uint32_t *len)
{
	unsigned more = *len & 0x7f;
	uint32_t v = 0;

	if (more < 1 || more > 4 || more > (size_t)(end - p))
		return NULL;
	while (more-- > 0)
		v = v << 8 | *p++;
	*len = v;
	return v <= BER_LEN_MAX ? p : NULL;
}

uint32_t ber_len_unbounded(struct rd *r)
{
	uint32_t len = rd_u8(r);
	const uint8_t *p;

	if (r->failed || !(len & 0x80))
		return len;
	p = ber_len_long(r->at, r->end, &len);
	if (!p) {
		r->failed = true;
		return 0;
	}
	r->at = p;
	return len;
}

uint32_t ber_len(struct rd *r)
{
	uint32_t len = ber_len_unbounded(r);

	if (len > rd_left(r))
		r->failed = true;
	return rd_ok(r) ? len : 0;
}

size_t ber_len_size(size_t len_octets)
{
	if (len_octets < 0x80)
		return 1;
	return len_octets < 0x100 ? 2 : 3;
}

void ber_len_enc(struct wr *w, size_t len_octets)
{
	uint8_t b[3] = { 0x82, (uint8_t)(len_octets >> 8), (uint8_t)len_octets };

	if (len_octets > BER_LEN_MAX)
		w->failed = true;
	else if (len_octets >= 0x100)
		wr_bytes(w, b, 3);
	else if (len_octets >= 0x80)
		wr_bytes(w, (uint8_t[]){ 0x81, b[2] }, 2);
	else
		wr_u8(w, b[2]);
}

int64_t ber_integer(struct rd *r, size_t len_octets)
{
	const uint8_t *p = len_octets <= 8 ? rd_take(r, len_octets) : NULL;
	int64_t v = 0;

	if (!p || !ber_integer_at(p, (uint32_t)len_octets, r->end, &v)) {
		r->failed = true;
		return 0;
	}
	return v;
}

uint64_t ber_unsigned(struct rd *r, size_t len_octets, unsigned bits)
{
	const uint8_t *p = len_octets <= 9 ? rd_take(r, len_octets) : NULL;
	uint64_t v = 0;

	if (!p || !ber_unsigned_at(p, (uint32_t)len_octets, r->end, bits, &v)) {
		r->failed = true;
		return 0;
	}
	return v;
}

/* From any octet that begins a subidentifier. */
static bool subidentifiers_ok(const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		const uint8_t *first = p;

		while (*p & 0x80)
			if (++p == end)
				return false;
		p++;
		if (*first == 0x80 || p - first > 5 || (p - first == 5 && *first > 0x8f))
			return false;
	}
	return true;
}

static unsigned arc_count(const uint8_t *p, size_t len_octets)
{
	unsigned n = 1;		/* the first subidentifier is two arcs, X.690 8.19.4 */

	while (len_octets-- > 0)
		n += !(*p++ & 0x80);
	return n;
}

bool ber_oid_ok(const uint8_t *p, size_t len_octets)
{
	const uint8_t *end = p + len_octets, *at = p;
	uint64_t eight;

	if (len_octets == 0 || (len_octets >= OID_ARCS_MAX && arc_count(p, len_octets) > OID_ARCS_MAX))
		return false;
	/* Most arcs are below 128: eight at a time. */
	for (; end - at >= 8; at += 8) {
		memcpy(&eight, at, 8);
		if (eight & UINT64_C(0x8080808080808080))
			break;
	}
	return subidentifiers_ok(at, end);
}
