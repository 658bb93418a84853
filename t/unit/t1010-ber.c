/* t/unit/t1010-ber.c: BER lengths, integers and names: X.690's rules, and what agents send in spite of them. */
#include <stdlib.h>

#include "poller/snmp/ber-int.h"
#include "poller/snmp/snmp.h"
#include "tap.h"

#define BYTES(...) { __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ })
enum { FAILS = -1 };

static const struct length_case {
	const char *name;
	uint8_t bytes[6];
	size_t len;
	long long want;
	size_t more;			/* octets that follow */
} lengths[] = {
	{ "0",				BYTES(0x00), 0, 0 },
	{ "127, short form",		BYTES(0x7f), 127, 127 },
	{ "128, long form",		BYTES(0x81, 0x80), 128, 128 },
	{ "256 in two octets",		BYTES(0x82, 0x01, 0x00), 256, 256 },
	{ "65535",			BYTES(0x82, 0xff, 0xff), 65535, 65535 },
	{ "5 in long form",		BYTES(0x81, 0x05), 5, 5 },
	{ "5 in four octets",		BYTES(0x84, 0x00, 0x00, 0x00, 0x05), 5, 5 },
	{ "65536 is more than we take",	BYTES(0x83, 0x01, 0x00, 0x00), FAILS, 65536 },
	{ "five octets of length",	BYTES(0x85, 0x00, 0x00, 0x00, 0x00, 0x01), FAILS, 1 },
	{ "indefinite form",		BYTES(0x80), FAILS, 2 },
	{ "reserved 0xff",		BYTES(0xff), FAILS, 255 },
	{ "cut behind its first octet",	BYTES(0x82), FAILS, 0 },
	{ "cut in the middle",		BYTES(0x82, 0x01), FAILS, 0 },
	{ "one more than there is",	BYTES(0x05), FAILS, 4 },
	{ "2^31, a negative int",	BYTES(0x84, 0x80, 0x00, 0x00, 0x00), FAILS, 8 },
};

/* In memory of just this size, so that the address sanitizer sees a read behind it. */
static uint8_t *exactly(const uint8_t *p, size_t len, size_t more)
{
	uint8_t *copy = calloc(1, len + more + !(len + more));

	memcpy(copy, p, len);
	return copy;
}

static void test_lengths(void)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct length_case *c = &lengths[i];
		uint8_t *p = exactly(c->bytes, c->len, c->more);
		struct rd r = rd_over(p, c->len + c->more);
		uint32_t got = ber_len(&r);

		is_int(rd_ok(&r) ? (long long)got : FAILS, c->want, c->name);
		free(p);
	}
}

static void test_length_enc(void)
{
	bool same = true;

	for (size_t n = 0; n <= 65535; n++) {
		uint8_t buf[65535 + 4];
		struct wr w = wr_over(buf, sizeof(buf));
		struct rd r = rd_over(buf, sizeof(buf));

		ber_len_enc(&w, n);
		same = same && wr_ok(&w) && w.len == ber_len_size(n) && ber_len(&r) == n && r.at == buf + w.len;
	}
	ok(same, "every length from 0 to 65535 is encoded in ber_len_size() octets and read back");
}

static const struct number_case {
	const char *name;
	uint8_t bytes[10];
	size_t len;
	bool good;
	uint64_t want;
} integers[] = {
	{ "INTEGER 0",				BYTES(0x00), true, 0 },
	{ "INTEGER 127",			BYTES(0x7f), true, 127 },
	{ "INTEGER 128",			BYTES(0x00, 0x80), true, 128 },
	{ "INTEGER -128",			BYTES(0x80), true, (uint64_t)-128 },
	{ "INTEGER -129",			BYTES(0xff, 0x7f), true, (uint64_t)-129 },
	{ "INTEGER 2147483647",			BYTES(0x7f, 0xff, 0xff, 0xff), true, INT32_MAX },
	{ "INTEGER -2147483648",		BYTES(0x80, 0x00, 0x00, 0x00), true, (uint64_t)INT32_MIN },
	{ "INTEGER 1 in four octets",		BYTES(0x00, 0x00, 0x00, 0x01), true, 1 },
	{ "INTEGER of eight octets",		BYTES(0x80, 0, 0, 0, 0, 0, 0, 0), true, (uint64_t)INT64_MIN },
	{ "INTEGER of nine octets",		BYTES(0, 0, 0, 0, 0, 0, 0, 0, 1), false, 0 },
	{ "INTEGER of none",			{ 0 }, 0, false, 0 },
}, unsigned32[] = {
	{ "Counter32 0",			BYTES(0x00), true, 0 },
	{ "Counter32 2^32-1 in five octets",	BYTES(0x00, 0xff, 0xff, 0xff, 0xff), true, UINT32_MAX },
	{ "... in four, without leading 0",	BYTES(0xff, 0xff, 0xff, 0xff), true, UINT32_MAX },
	{ "... in one, as signed",		BYTES(0xff), true, UINT32_MAX },
	{ "2^32-56, as signed",			BYTES(0xc8), true, UINT32_MAX - 55 },
	{ "2^31 without leading 0",		BYTES(0x80, 0x00, 0x00, 0x00), true, UINT32_C(1) << 31 },
	{ "200 with leading 0",			BYTES(0x00, 0xc8), true, 200 },
	{ "7 in nine octets",			BYTES(0, 0, 0, 0, 0, 0, 0, 0, 7), true, 7 },
	{ "2^32",				BYTES(0x01, 0x00, 0x00, 0x00, 0x00), false, 0 },
	{ "2^32 in nine octets",		BYTES(0, 0, 0, 0, 1, 0, 0, 0, 0), false, 0 },
	{ "-1 in five octets",			BYTES(0xff, 0xff, 0xff, 0xff, 0xff), false, 0 },
	{ "ten octets",				BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 7), false, 0 },
	{ "none",				{ 0 }, 0, false, 0 },
}, unsigned64[] = {
	{ "Counter64 2^64-1 in nine octets",	BYTES(0, 255, 255, 255, 255, 255, 255, 255, 255), true, UINT64_MAX },
	{ "... in eight, without leading 0",	BYTES(255, 255, 255, 255, 255, 255, 255, 255), true, UINT64_MAX },
	{ "Counter64 2^63 in nine octets",	BYTES(0, 128, 0, 0, 0, 0, 0, 0, 0), true, UINT64_C(1) << 63 },
	{ "Counter64 2^32 in five octets",	BYTES(1, 0, 0, 0, 0), true, UINT64_C(1) << 32 },
	{ "Counter64 42",			BYTES(42), true, 42 },
	{ "nine octets, first not 0",		BYTES(1, 0, 0, 0, 0, 0, 0, 0, 0), false, 0 },
	{ "ten octets",				BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 1), false, 0 },
};

/* Both where eight octets may be loaded at once, and at the very end of memory. */
static void test_number(const struct number_case *c, unsigned bits)
{
	for (size_t more = 0; more <= 8; more += 8) {
		uint8_t *p = exactly(c->bytes, c->len, more);
		struct rd r = rd_over(p, c->len + more);
		uint64_t got = bits ? ber_unsigned(&r, c->len, bits) : (uint64_t)ber_integer(&r, c->len);

		if (!c->good)
			ok(!rd_ok(&r) && got == 0, c->name);
		else if (rd_ok(&r) && rd_left(&r) == more)
			is_u64(got, c->want, c->name);
		else
			ok(false, c->name);
		free(p);
	}
}

static const struct oid_case {
	const char *name;
	uint8_t bytes[24];
	size_t len;
	bool good;
} oids[] = {
	{ "0.0",			BYTES(0x00), true },
	{ "1.3.6.1.2.1",		BYTES(0x2b, 6, 1, 2, 1), true },
	{ "2.999.3, X.690 8.19.5",	BYTES(0x88, 0x37, 0x03), true },
	{ "an arc of 2^32-1",		BYTES(0x2b, 0x8f, 0xff, 0xff, 0xff, 0x7f), true },
	{ "... behind eight octets",	BYTES(0x2b, 6, 1, 2, 1, 2, 2, 1, 1, 0x8f, 0xff, 0xff, 0xff, 0x7f), true },
	{ "an arc of 2^32",		BYTES(0x2b, 0x90, 0x80, 0x80, 0x80, 0x00), false },
	{ "... behind eight octets",	BYTES(0x2b, 6, 1, 2, 1, 2, 2, 1, 1, 0x90, 0x80, 0x80, 0x80, 0x00), false },
	{ "an arc of six octets",	BYTES(0x2b, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00), false },
	{ "a padded arc",		BYTES(0x2b, 0x80, 0x01), false },
	{ "a padded first octet",	BYTES(0x80, 0x2b), false },
	{ "a cut arc",			BYTES(0x2b, 6, 1, 0x82), false },
	{ "... as eighth octet",	BYTES(0x2b, 6, 1, 4, 1, 9, 9, 0x82), false },
	{ "... as ninth octet",		BYTES(0x2b, 6, 1, 4, 1, 9, 9, 1, 0x82), false },
	{ "nothing",			{ 0 }, 0, false },
};

static void test_oids(void)
{
	uint8_t many[OID_ARCS_MAX];
	struct oid o;

	for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
		uint8_t *p = exactly(oids[i].bytes, oids[i].len, 0);

		ok(ber_oid_ok(p, oids[i].len) == oids[i].good && oid_dec(&o, p, oids[i].len) == oids[i].good, oids[i].name);
		free(p);
	}
	memset(many, 1, sizeof(many));
	ok(ber_oid_ok(many, 127) && oid_dec(&o, many, 127), "128 arcs");
	ok(!ber_oid_ok(many, 128) && !oid_dec(&o, many, 128), "129 arcs");
}

/* The one name that oid_dec() takes and we do not: 2.x whose first subidentifier has 33 bits. */
static bool first_is_wide(const struct oid *o)
{
	return o->arc[0] == 2 && o->arc[1] > UINT32_MAX - 80;
}

/* ber_oid_ok() and oid_dec() agree on octets that are mostly near the edge. */
static void test_oids_random(void)
{
	static const uint8_t edge[] = { 0x00, 0x01, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0xff, 0x2b, 0x06, 0x8f, 0x85, 0xa0 };
	unsigned differ = 0, good = 0;
	uint32_t seed = 1;

	for (unsigned i = 0; i < 1000000; i++) {
		uint8_t p[24];
		size_t len = i % sizeof(p);
		struct oid o;
		bool a, b;

		for (size_t j = 0; j < len; j++) {
			seed = seed * 1664525 + 1013904223;
			p[j] = edge[(seed >> 16) % (sizeof(edge) - (i & 1) * 3)];
		}
		a = ber_oid_ok(p, len);
		b = oid_dec(&o, p, len);
		good += a && len > 8;
		differ += a != b && !(b && first_is_wide(&o));
	}
	is_int(differ, 0, "of a million random names the same ones are taken as oid_dec() decodes");
	ok(good > 1000, "... and many were taken");
}

#define EACH(table, bits) \
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) \
		test_number(&table[i], bits)
#define COUNT(table) (int)(sizeof(table) / sizeof(table[0]))

int main(void)
{
	plan(COUNT(lengths) + 1 + 2 * (COUNT(integers) + COUNT(unsigned32) + COUNT(unsigned64)) + COUNT(oids) + 2 + 2);
	test_lengths();
	test_length_enc();
	EACH(integers, 0);
	EACH(unsigned32, 32);
	EACH(unsigned64, 64);
	test_oids();
	test_oids_random();
	return done();
}
