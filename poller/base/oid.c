/* poller/base/oid.c: object identifiers as arcs and as BER contents octets (X.690 8.19). See oid.h. */
#include <stdio.h>
#include <string.h>

#include "oid.h"

bool oid_parse(const char *text, struct oid *o)
{
	const char *p = text + (*text == '.');

	o->len = 0;
	for (;;) {
		uint64_t arc = 0;

		if (*p < '0' || *p > '9')
			return false;
		for (; *p >= '0' && *p <= '9'; p++) {
			arc = arc * 10 + (uint64_t)(*p - '0');
			if (arc > UINT32_MAX)
				return false;
		}
		if (!oid_push(o, (uint32_t)arc))
			return false;
		if (*p == '\0')
			return true;
		if (*p++ != '.')
			return false;
	}
}

char *oid_format(const struct oid *o, char *buf, size_t size_octets)
{
	size_t len = 0;

	if (size_octets)
		buf[0] = '\0';
	for (unsigned i = 0; i < o->len && len < size_octets; i++) {
		int n = snprintf(buf + len, size_octets - len, "%s%u", i ? "." : "", o->arc[i]);

		len += n > 0 ? (size_t)n : 0;
	}
	return buf;
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int oid_compare(const struct oid *a, const struct oid *b)
{
	for (unsigned i = 0; i < a->len && i < b->len; i++)
		if (a->arc[i] != b->arc[i])
			return order(a->arc[i], b->arc[i]);
	return order(a->len, b->len);
}

bool oid_begins_with(const struct oid *o, const struct oid *prefix)
{
	return prefix->len <= o->len && memcmp(o->arc, prefix->arc, prefix->len * sizeof(o->arc[0])) == 0;
}

bool oid_push(struct oid *o, uint32_t arc)
{
	if (o->len >= OID_ARCS_MAX)
		return false;
	o->arc[o->len++] = arc;
	return true;
}

bool oid_append(struct oid *o, const struct oid *tail)
{
	if (o->len + tail->len > OID_ARCS_MAX)
		return false;
	memmove(&o->arc[o->len], tail->arc, tail->len * sizeof(o->arc[0]));
	o->len = (uint8_t)(o->len + tail->len);
	return true;
}

/* One sub-identifier: base 128, high bit on all octets but the last. Returns octets written, 0 when it does not fit. */
static size_t enc_arc(uint64_t arc, uint8_t *ber, size_t room)
{
	size_t len = 1;

	while (arc >> (7 * len))
		len++;
	if (len > room)
		return 0;
	for (size_t i = 0; i < len; i++)
		ber[len - 1 - i] = (uint8_t)((arc >> (7 * i) & 0x7f) | (i ? 0x80 : 0));
	return len;
}

size_t oid_enc(const struct oid *o, uint8_t *ber, size_t size_octets)
{
	size_t len, n;

	if (o->len < 2 || o->arc[0] > 2 || (o->arc[0] < 2 && o->arc[1] > 39))
		return 0;
	/* the first two arcs share a sub-identifier, which may need 33 bits */
	len = enc_arc((uint64_t)o->arc[0] * 40 + o->arc[1], ber, size_octets);
	if (len == 0)
		return 0;
	for (unsigned i = 2; i < o->len; i++) {
		n = enc_arc(o->arc[i], ber + len, size_octets - len);
		if (n == 0)
			return 0;
		len += n;
	}
	return len;
}

size_t oid_arc_enc(uint32_t arc, uint8_t *ber, size_t size_octets) { return enc_arc(arc, ber, size_octets); }

/* Returns octets read, 0 when truncated, padded (X.690 8.19.2) or over 'most'. */
static size_t dec_arc(const uint8_t *ber, size_t len, uint64_t most, uint64_t *arc)
{
	size_t i = 0;

	*arc = 0;
	if (len == 0 || ber[0] == 0x80)
		return 0;
	do {
		if (i == len)
			return 0;
		*arc = *arc << 7 | (ber[i] & 0x7f);
		if (*arc > most)
			return 0;
	} while (ber[i++] & 0x80);
	return i;
}

bool oid_dec(struct oid *o, const uint8_t *ber, size_t len_octets)
{
	uint64_t arc;
	size_t at = dec_arc(ber, len_octets, UINT64_C(80) + UINT32_MAX, &arc);

	o->len = 0;
	if (at == 0)
		return false;
	o->arc[0] = arc < 80 ? (uint32_t)(arc / 40) : 2;
	o->arc[1] = (uint32_t)(arc - o->arc[0] * 40);
	o->len = 2;
	while (at < len_octets) {
		size_t n = dec_arc(ber + at, len_octets - at, UINT32_MAX, &arc);

		if (n == 0 || !oid_push(o, (uint32_t)arc))
			return false;
		at += n;
	}
	return true;
}

/* Octets from 'at' to the end of the sub-identifier that it lies in. */
static size_t arc_left(const uint8_t *ber, size_t at, size_t len)
{
	size_t from = at;

	while (at < len && ber[at] & 0x80)
		at++;
	return at - from;
}

/* Up to the first difference the names are the same, so they are within the same sub-identifier there: the one with
 * more octets to come is the greater arc, and of equal length the octet decides. */
int oid_ber_compare(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	size_t both = alen < blen ? alen : blen, i = 0, aleft, bleft;

	while (i < both && a[i] == b[i])
		i++;
	if (i == both)
		return order(alen, blen);
	aleft = arc_left(a, i, alen);
	bleft = arc_left(b, i, blen);
	return aleft != bleft ? order(aleft, bleft) : order(a[i], b[i]);
}
