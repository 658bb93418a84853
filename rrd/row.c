/* rrd/row.c: packing of rows; the format is drawn in row-int.h. */
#include "row-int.h"

static const struct store_row zeroes;

static uint8_t *varint_put(uint8_t *at, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		*at++ = (uint8_t)(v | 0x80);
	*at++ = (uint8_t)v;
	return at;
}

void varint_enc(struct wr *w, uint64_t v)
{
	uint8_t b[10];

	wr_bytes(w, b, (size_t)(varint_put(b, v) - b));
}

uint64_t varint_dec(struct rd *r)
{
	const uint8_t *at = r->at;
	size_t left = rd_left(r), n = 0;
	uint64_t v = 0;

	while (n < left && n < 9 && at[n] & 0x80) {
		v |= (uint64_t)(at[n] & 0x7f) << 7 * n;
		n++;
	}
	if (n == left || (n == 9 && at[n] > 1)) {	/* cut, or beyond 64 bits */
		r->failed = true;
		return 0;
	}
	r->at += n + 1;
	return v | (uint64_t)at[n] << 7 * n;
}

static uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t v)
{
	return v >> 1 ^ (v & 1 ? UINT64_MAX : 0);
}

/* Most gauges are short numbers or near the base: their XOR begins and ends with zero octets. */
static uint8_t *gauge_put(uint8_t *at, uint64_t bits)
{
	unsigned front = bits ? (unsigned)__builtin_clzll(bits) / 8 : 0;
	unsigned back = bits ? (unsigned)__builtin_ctzll(bits) / 8 : 8;
	unsigned octets = 8 - front - back;
	uint64_t most_first = __builtin_bswap64(bits << 8 * front % 64);

	*at++ = (uint8_t)(front << 4 | octets);
	memcpy(at, &most_first, 8);	/* there is room for ten octets a value */
	return at + octets;
}

static uint64_t gauge_dec(struct rd *r)
{
	unsigned shape = rd_u8(r), front = shape >> 4, octets = shape & 15;
	const uint8_t *p = front + octets <= 8 ? rd_take(r, octets) : NULL;
	uint64_t bits = 0;

	if (!p) {
		r->failed = true;
		return 0;
	}
	for (unsigned i = 0; i < octets; i++)
		bits |= (uint64_t)p[i] << 8 * (7 - front - i);
	return bits;
}

static uint64_t bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static double of_bits(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

void row_pack(struct wr *w, struct row_form form, const struct store_row *row, const struct store_row *base)
{
	uint32_t known = row->known & row_mask(form.count);
	uint8_t room[ROW_PACKED_MAX], *at = room;

	base = base ? base : &zeroes;
	at = varint_put(at, (uint64_t)(row_ms(row) - row_ms(base)));
	at = varint_put(at, (uint64_t)known << 1 | row->reset);
	for (uint32_t left = known; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		uint32_t bit = UINT32_C(1) << i;
		bool from_base = base->known & bit;

		if (form.counters & bit)
			at = varint_put(at, zigzag(row->value[i].counter - (from_base ? base->value[i].counter : 0)));
		else
			at = gauge_put(at, bits_of(row->value[i].gauge) ^ (from_base ? bits_of(base->value[i].gauge) : 0));
	}
	wr_bytes(w, room, (size_t)(at - room));
}

bool row_unpack(struct rd *r, struct row_form form, struct store_row *row, const struct store_row *base)
{
	uint64_t after_ms = varint_dec(r), flags;
	uint32_t known;

	base = base ? base : &zeroes;
	flags = varint_dec(r);
	known = (uint32_t)(flags >> 1);
	if (flags >> 1 & ~(uint64_t)row_mask(form.count) || after_ms > (uint64_t)1 << 50)
		r->failed = true;
	row->known = known;
	row->reset = flags & 1;
	row->at.us = rd_ok(r) ? (row_ms(base) + (int64_t)after_ms) * 1000 : 0;
	for (uint32_t left = rd_ok(r) ? known : 0; left && rd_ok(r); left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);
		uint32_t bit = UINT32_C(1) << i;
		bool from_base = base->known & bit;

		if (form.counters & bit)
			row->value[i].counter = unzigzag(varint_dec(r)) + (from_base ? base->value[i].counter : 0);
		else
			row->value[i].gauge = of_bits(gauge_dec(r) ^ (from_base ? bits_of(base->value[i].gauge) : 0));
	}
	return rd_ok(r);
}
