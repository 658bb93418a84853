/* poller/snmp/ber-int.h: BER pieces that decoders and encoders of messages inline. Private to poller/snmp.
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
#include "snmp.h"

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

/* Most names are of 8 to 16 octets, and no arc of theirs is above 127: those are told here. false: ask ber_oid_ok(). */
static inline bool ber_oid_plain(const uint8_t *p, size_t len_octets)
{
	uint64_t first, last;

	if (len_octets < 8 || len_octets > 16)
		return false;
	memcpy(&first, p, 8);
	memcpy(&last, p + len_octets - 8, 8);
	return !((first | last) & UINT64_C(0x8080808080808080));
}

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

/* The contents of the next, which has to be a 'tag'. */
static inline struct rd ber_part(struct rd *r, uint8_t tag)
{
	if (rd_u8(r) != tag)
		r->failed = true;
	return rd_sub(r, ber_len(r));
}

static inline int32_t ber_int32(struct rd *r)
{
	struct rd part = ber_part(r, SNMP_INTEGER);
	int64_t v = ber_integer(&part, rd_left(&part));

	if (!rd_ok(&part) || v < INT32_MIN || v > INT32_MAX) {
		r->failed = true;
		return 0;
	}
	return (int32_t)v;
}

static inline size_t ber_tlv_size(size_t len_octets)
{
	return 1 + ber_len_size(len_octets) + len_octets;
}

static inline void ber_head_enc(struct wr *w, uint8_t tag, size_t len_octets)
{
	wr_u8(w, tag);
	ber_len_enc(w, len_octets);
}

static inline void ber_bytes_enc(struct wr *w, uint8_t tag, const void *p, size_t len_octets)
{
	ber_head_enc(w, tag, len_octets);
	wr_bytes(w, p, len_octets);
}

/* Octets of contents of an INTEGER. */
static inline unsigned ber_signed_size(int64_t v)
{
	unsigned n = 1;

	while (n < 8 && v >> (8 * n - 1) != 0 && v >> (8 * n - 1) != -1)
		n++;
	return n;
}

/* 'n' octets of 'v', most significant first; the ninth from the right is a leading 0. */
static inline void ber_number_enc(struct wr *w, uint8_t tag, uint64_t v, unsigned n)
{
	wr_u8(w, tag);
	wr_u8(w, (uint8_t)n);
	if (n == 9) {
		wr_u8(w, 0);
		n = 8;
	}
	while (n-- > 0)
		wr_u8(w, (uint8_t)(v >> (8 * n)));
}

static inline void ber_signed_enc(struct wr *w, int64_t v)
{
	ber_number_enc(w, SNMP_INTEGER, (uint64_t)v, ber_signed_size(v));
}

/*
 * 'len' octets (1..8; of others what comes is no number) as two's complement, by one load that ends where they end: up to
 * seven octets before 'p' are read as well, eight where 'len' is 0. In a varbind they are there: 30 L 06 L name T L, its
 * name of two octets, or of one and the value not empty.
 */
static inline int64_t ber_signed_at(const uint8_t *p, uint32_t len)
{
	unsigned others = (64 - 8 * len) & 63;
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
