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

/* Contents of 1..9 octets with the seven before them that ber_signed_at() wants; NULL marks 'r' failed. */
static const uint8_t *number_take(struct rd *r, size_t len_octets, uint8_t room[16])
{
	const uint8_t *p = len_octets <= 9 ? rd_take(r, len_octets) : NULL;

	if (!p) {
		r->failed = true;
		return NULL;
	}
	memset(room, 0, 7);
	memcpy(room + 7, p, len_octets);
	return room + 7;
}

int64_t ber_integer(struct rd *r, size_t len_octets)
{
	uint8_t room[16];
	const uint8_t *p = number_take(r, len_octets, room);
	int64_t v = 0;

	if (p && !ber_integer_at(p, (uint32_t)len_octets, &v))
		r->failed = true;
	return v;
}

uint64_t ber_unsigned(struct rd *r, size_t len_octets, unsigned bits)
{
	uint8_t room[16];
	const uint8_t *p = number_take(r, len_octets, room);
	uint64_t v = 0;

	if (p && !ber_unsigned_at(p, (uint32_t)len_octets, bits, &v)) {
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

/*
 * Eight octets at a time, 'v' with the first in its low byte; 'on' are those that do not end their subidentifier.
 * Wrong are: five in a row; four in a row whose first is above 0x8f (over 32 bits); 0x80 that begins a subidentifier.
 * Whether the first of the eight begins one is not known here.
 */
static uint64_t eight_wrong(uint64_t v)
{
	const uint64_t high = UINT64_C(0x8080808080808080), seven = ~high;
	uint64_t on = v & high, two = on & on >> 8, four = two & two >> 16;	/* at the first of the row */
	uint64_t above = ((v & UINT64_C(0x7070707070707070)) + seven) & high;
	uint64_t is_0x80 = on & ~((v & seven) + seven);

	return (four & (on >> 32 | above)) | (is_0x80 & ~(on << 8) & ~UINT64_C(0x80));
}

static uint64_t eight_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v);
}

/* Eight octets or more, the last of which ends an arc. Most arcs are below 128: then no octet has its high bit. */
static bool long_oid_ok(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *last = end - 8, *at = p;
	uint64_t on = eight_at(last), wrong;

	for (; at < last; at += 8)
		on |= eight_at(at);
	if (!(on & UINT64_C(0x8080808080808080)))
		return true;
	wrong = eight_wrong(eight_at(last)) | (*p == 0x80);
	for (at = p; at < last; at += 4)
		wrong |= eight_wrong(eight_at(at));
	return wrong == 0;
}

bool ber_oid_ok(const uint8_t *p, size_t len_octets)
{
	const uint8_t *end = p + len_octets;

	if (len_octets == 0 || (len_octets >= OID_ARCS_MAX && arc_count(p, len_octets) > OID_ARCS_MAX))
		return false;
	if (len_octets < 8)
		return subidentifiers_ok(p, end);
	return !(end[-1] & 0x80) && long_oid_ok(p, end);
}
