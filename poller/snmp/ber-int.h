/* poller/snmp/ber-int.h: BER pieces that the message decoder inlines. Private to poller/snmp.
 *
 * They work on plain pointers: a varbind costs a few nanoseconds, and there are millions. Nothing here reads at or
 * behind 'end'.
 */
#ifndef FW_SNMP_BER_INT_H
#define FW_SNMP_BER_INT_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "poller/base/reader.h"

enum { BER_SEQUENCE = 0x30, BER_LEN_MAX = 65535 };

struct ber_tlv {
	const uint8_t *bytes;	/* contents octets */
	uint32_t len;
	uint8_t tag;
};

/* The long form, X.690 8.1.3.5; 'p' is behind its first octet. NULL: indefinite, cut, or longer than four octets. */
const uint8_t *ber_len_long(const uint8_t *p, const uint8_t *end, uint32_t *len);

/* A length that may be more than 'r' holds: to find the request-id of a message that was cut. */
uint32_t ber_len_unbounded(struct rd *r);

/* Subidentifiers of at most 32 bits, none padded or cut, at most 128 arcs: oid_dec() takes it, memcmp compares it. */
bool ber_oid_ok(const uint8_t *p, size_t len_octets);

/* One tag and length within [*at, end); '*at' moves behind the contents. */
static inline bool ber_tlv_next(const uint8_t **at, const uint8_t *end, struct ber_tlv *t)
{
	const uint8_t *p = *at;

	if (end - p < 2)
		return false;
	t->tag = p[0];
	t->len = p[1];
	p += 2;
	if (__builtin_expect(t->len & 0x80, 0)) {
		p = ber_len_long(p, end, &t->len);
		if (!p)
			return false;
	}
	if (t->len > (size_t)(end - p))
		return false;
	t->bytes = p;
	*at = p + t->len;
	return true;
}

/*
 * 'len' octets (1..8) as two's complement, by one load that ends where they end: the seven octets before 'p' are read
 * as well. In a varbind they are there: 30 L 06 L name T L, its name not empty.
 */
static inline int64_t ber_signed_at(const uint8_t *p, uint32_t len)
{
	unsigned others = 64 - 8 * len;
	uint64_t v;

	memcpy(&v, p + len - 8, 8);
	return (int64_t)(be64toh(v) << others) >> others;
}

static inline bool ber_integer_at(const uint8_t *p, uint32_t len, int64_t *v)
{
	if (len < 1 || len > 8)
		return false;
	*v = ber_signed_at(p, len);
	return true;
}

/*
 * An unsigned number of 'bits' (32 or 64). Octets too many are taken when they are 0. A set sign bit without its
 * leading 0 is what an agent sends that encodes the number as a signed one of the same size: the same bits are meant.
 */
static inline bool ber_unsigned_at(const uint8_t *p, uint32_t len, unsigned bits, uint64_t *v)
{
	if (len < 1 || len > 9 || (len == 9 && *p != 0))
		return false;
	*v = len == 9 ? (uint64_t)ber_signed_at(p + 1, 8) : (uint64_t)ber_signed_at(p, len);
	if (bits == 64)
		return true;
	if (len > 4 && *v > UINT32_MAX)
		return false;
	*v = (uint32_t)*v;
	return true;
}

#endif
