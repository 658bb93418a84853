/* poller/base/reader.h: bounded reader over a received packet.
 *
 * A reader cannot pass its end. The first short read marks it failed, every later read yields 0, and the decoder
 * asks once, when done: rd_ok(). So a decoder is a straight list of fields, as the RFC prints it.
 * Thread: none of its own; a reader lives on its decoder's stack.
 */
#ifndef FW_BASE_READER_H
#define FW_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rd {
	const uint8_t *at, *end;
	bool failed;
};

static inline struct rd rd_over(const void *p, size_t len_octets)
{
	const uint8_t *at = p;

	return (struct rd){ .at = at, .end = at + len_octets };
}

static inline bool rd_ok(const struct rd *r) { return !r->failed; }
static inline size_t rd_left(const struct rd *r) { return r->failed ? 0 : (size_t)(r->end - r->at); }

static inline uint8_t rd_u8(struct rd *r)
{
	if (r->failed || r->at == r->end) {
		r->failed = true;
		return 0;
	}
	return *r->at++;
}

/* The next 'len' octets, borrowed; NULL and failed when there are fewer. */
static inline const uint8_t *rd_take(struct rd *r, size_t len_octets)
{
	const uint8_t *p = r->at;

	if (r->failed || len_octets > (size_t)(r->end - r->at)) {
		r->failed = true;
		return NULL;
	}
	r->at += len_octets;
	return p;
}

/* A reader over the next 'len' octets, which this one then has passed. A failed part is a failed reader. */
static inline struct rd rd_sub(struct rd *r, size_t len_octets)
{
	const uint8_t *p = rd_take(r, len_octets);

	return p ? rd_over(p, len_octets) : (struct rd){ .failed = true };
}

/* Little-endian fixed-width fields of our own files. */
static inline uint32_t rd_u32le(struct rd *r)
{
	const uint8_t *p = rd_take(r, 4);

	return p ? (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24 : 0;
}

static inline uint64_t rd_u64le(struct rd *r)
{
	uint64_t lo = rd_u32le(r), hi = rd_u32le(r);

	return r->failed ? 0 : lo | hi << 32;
}

#endif
