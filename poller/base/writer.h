/* poller/base/writer.h: bounded writer into a caller's buffer.
 *
 * A write that does not fit marks the writer failed and writes nothing more; the encoder asks once: wr_ok().
 * Thread: none of its own.
 */
#ifndef FW_BASE_WRITER_H
#define FW_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wr {
	uint8_t *buf;
	size_t len, size;	/* octets written, octets there */
	bool failed;
};

static inline struct wr wr_over(void *p, size_t size_octets)
{
	return (struct wr){ .buf = p, .size = size_octets };
}

static inline bool wr_ok(const struct wr *w) { return !w->failed; }

/* Room for 'len' octets, to be filled by the caller; NULL and failed when there is less. */
static inline uint8_t *wr_room(struct wr *w, size_t len_octets)
{
	uint8_t *p = w->buf + w->len;

	if (w->failed || len_octets > w->size - w->len) {
		w->failed = true;
		return NULL;
	}
	w->len += len_octets;
	return p;
}

static inline void wr_bytes(struct wr *w, const void *p, size_t len_octets)
{
	uint8_t *room = wr_room(w, len_octets);

	if (room && len_octets)
		memcpy(room, p, len_octets);
}

static inline void wr_u8(struct wr *w, uint8_t v) { wr_bytes(w, &v, 1); }

static inline void wr_u32le(struct wr *w, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };

	wr_bytes(w, b, 4);
}

static inline void wr_u64le(struct wr *w, uint64_t v)
{
	wr_u32le(w, (uint32_t)v);
	wr_u32le(w, (uint32_t)(v >> 32));
}

#endif
