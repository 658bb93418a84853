/* rrd/row.c: packing of rows; the format is drawn in row-int.h. */
#include "row-int.h"

static const struct store_row zeroes;

void varint_enc(struct wr *w, uint64_t v)
{
	uint8_t b[10];
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		b[n++] = (uint8_t)(v | 0x80);
	b[n++] = (uint8_t)v;
	wr_bytes(w, b, n);
}

uint64_t varint_dec(struct rd *r)
{
	uint64_t v = 0;
	uint8_t b = 0x80;

	for (unsigned shift = 0; shift < 70 && b & 0x80; shift += 7) {
		b = rd_u8(r);
		if (shift == 63 && b > 1)
			r->failed = true;
		v |= (uint64_t)(b & 0x7f) << (shift & 63);
	}
	return rd_ok(r) ? v : 0;
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
static void gauge_enc(struct wr *w, uint64_t bits)
{
	unsigned front = bits ? (unsigned)__builtin_clzll(bits) / 8 : 0;
	unsigned back = bits ? (unsigned)__builtin_ctzll(bits) / 8 : 8;
	unsigned octets = 8 - front - back;

	wr_u8(w, (uint8_t)(front << 4 | octets));
	for (unsigned i = 0; i < octets; i++)
		wr_u8(w, (uint8_t)(bits >> 8 * (7 - front - i)));
}

static uint64_t gauge_dec(struct rd *r)
{
	unsigned shape = rd_u8(r), front = shape >> 4, octets = shape & 15;
	uint64_t bits = 0;

	if (front + octets > 8) {
		r->failed = true;
		return 0;
	}
	for (unsigned i = 0; i < octets; i++)
		bits |= (uint64_t)rd_u8(r) << 8 * (7 - front - i);
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

	base = base ? base : &zeroes;
	varint_enc(w, (uint64_t)(row_ms(row) - row_ms(base)));
	varint_enc(w, (uint64_t)known << 1 | row->reset);
	for (uint32_t i = 0; known >> i; i++) {
		uint32_t bit = UINT32_C(1) << i;
		bool from_base = base->known & bit;

		if (!(known & bit))
			continue;
		if (form.counters & bit)
			varint_enc(w, zigzag(row->value[i].counter - (from_base ? base->value[i].counter : 0)));
		else
			gauge_enc(w, bits_of(row->value[i].gauge) ^ (from_base ? bits_of(base->value[i].gauge) : 0));
		if (i == 31)
			break;
	}
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
	for (uint32_t i = 0; i < form.count && rd_ok(r); i++) {
		uint32_t bit = UINT32_C(1) << i;
		bool from_base = base->known & bit;

		if (!(known & bit))
			continue;
		if (form.counters & bit)
			row->value[i].counter = unzigzag(varint_dec(r)) + (from_base ? base->value[i].counter : 0);
		else
			row->value[i].gauge = of_bits(gauge_dec(r) ^ (from_base ? bits_of(base->value[i].gauge) : 0));
	}
	return rd_ok(r);
}
