/* rrd/row-int.h: rows packed small: known values only, as what they differ by from a base row.
 *
 *   varint  milliseconds after the base's time
 *   varint  known << 1 | reset
 *   then for each known value, in order of columns:
 *     counter: varint, zigzag of the difference to the base's
 *     gauge:   one octet, zero octets in front << 4 | octets that follow; the octets of (bits XOR the base's bits)
 *
 * A held row of ten counters takes some 60 octets, and a base of zeroes makes a row that stands alone (journal).
 * Times are kept to the millisecond, as they are written. Thread: none of its own.
 */
#ifndef FW_RRD_ROW_INT_H
#define FW_RRD_ROW_INT_H

#include "poller/base/reader.h"
#include "poller/base/writer.h"
#include "rrd/store.h"

enum { ROW_PACKED_MAX = 10 + 5 + STORE_DS_MAX * 10 };

struct row_form {
	uint32_t count;		/* columns */
	uint32_t counters;	/* bit i: column i is a counter */
};

static inline uint32_t row_mask(uint32_t count)
{
	return count >= 32 ? UINT32_MAX : (UINT32_C(1) << count) - 1;
}

static inline int64_t row_ms(const struct store_row *row) { return row->at.us / 1000; }

/* Varints: 7 bits an octet, lowest first, at most 10 octets. */
void varint_enc(struct wr *w, uint64_t v);
uint64_t varint_dec(struct rd *r);

/* Pack 'row', not before 'base'; a base of NULL is a row of zeroes. */
void row_pack(struct wr *w, struct row_form form, const struct store_row *row, const struct store_row *base);

/* Unpack what row_pack() made with the same form and base; false (and 'r' failed) when it is damaged. Values that are not
 * known are left as they are in 'row'. */
bool row_unpack(struct rd *r, struct row_form form, struct store_row *row, const struct store_row *base);

#endif
