/* t/unit/t0050-oid.c: object identifiers, as text, arcs and BER contents. */
#include <stdlib.h>

#include "poller/base/oid.h"
#include "tap.h"

static struct oid oid_of(const char *text)
{
	struct oid o = { .len = 0 };

	if (!oid_parse(text, &o))
		note("cannot parse '%s'", text);
	return o;
}

static void test_text(void)
{
	static const char *const bad[] = {
		"", ".", "1.", "1..3", "1.3.", "a", "1.3.6a", "1.4294967296", "-1.3", "1.3 ", "1.99999999999999999999", "..1",
	};
	char buf[OID_TEXT_MAX], longest[OID_TEXT_MAX + 20] = "", small[4];
	struct oid o;
	int taken = 0;

	is_str(oid_format(&(struct oid){ .arc = { 1, 3, 6, 4294967295u }, .len = 4 }, buf, sizeof(buf)),
	       "1.3.6.4294967295", "format");
	ok(oid_parse(".1.3.6", &o) && o.len == 3 && o.arc[2] == 6, "a leading point is taken");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		taken += oid_parse(bad[i], &o);
	is_int(taken, 0, "what is no OID is refused");
	for (int i = 0; i < 128; i++)
		strcat(longest, i ? ".4294967295" : "4294967295");
	ok(oid_parse(longest, &o) && o.len == 128, "128 arcs are taken");
	is_str(oid_format(&o, buf, sizeof(buf)), longest, "... and fit OID_TEXT_MAX");
	strcat(longest, ".1");
	ok(!oid_parse(longest, &o), "129 arcs are not");
	o = oid_of("1.3.6.1");
	is_str(oid_format(&o, small, sizeof(small)), "1.3", "a small buffer cuts");
	o.len = 0;
	is_str(oid_format(&o, buf, sizeof(buf)), "", "no arcs, no text");
}

static void test_arcs(void)
{
	struct oid system = oid_of("1.3.6.1.2.1.1"), descr = oid_of("1.3.6.1.2.1.1.1.0"), next = oid_of("1.3.6.1.2.1.2");
	struct oid full = { .len = 128 }, tail = oid_of("1.0");

	is_int(oid_compare(&system, &descr), -1, "a prefix comes before what it begins");
	is_int(oid_compare(&next, &descr), 1, "arcs decide from the left");
	is_int(oid_compare(&descr, &descr), 0, "equal");
	ok(oid_begins_with(&descr, &system) && !oid_begins_with(&system, &descr), "begins with");
	ok(!oid_begins_with(&next, &system) && oid_begins_with(&system, &system), "... or not");
	ok(oid_append(&system, &tail) && oid_compare(&system, &descr) == 0, "append");
	ok(!oid_push(&full, 1) && !oid_append(&full, &tail) && full.len == 128, "never more than 128");
	ok(oid_append(&tail, &tail) && tail.len == 4 && tail.arc[2] == 1, "append to itself");
}

/* From X.690 8.19.5, RFC 1157 examples and net-snmp's encoder. */
static void test_known(void)
{
	static const struct { const char *text; uint8_t ber[12]; size_t len; } rows[] = {
		{ "2.999.3", { 0x88, 0x37, 0x03 }, 3 },
		{ "0.0", { 0x00 }, 1 },
		{ "1.3.6.1.2.1.1.3.0", { 0x2b, 6, 1, 2, 1, 1, 3, 0 }, 8 },
		{ "1.3.6.1.4.1.8072.3.2.10", { 0x2b, 6, 1, 4, 1, 0xbf, 0x08, 3, 2, 10 }, 10 },
		{ "1.3.4294967295", { 0x2b, 0x8f, 0xff, 0xff, 0xff, 0x7f }, 6 },
		{ "1.3.127.128.16383.16384", { 0x2b, 0x7f, 0x81, 0x00, 0xff, 0x7f, 0x81, 0x80, 0x00 }, 9 },
		{ "2.4294967295", { 0x90, 0x80, 0x80, 0x80, 0x4f }, 5 },
		{ "1.39", { 0x4f }, 1 },
		{ "2.47", { 0x7f }, 1 },
	};
	uint8_t ber[OID_BER_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct oid want = oid_of(rows[i].text), o;
		size_t len = oid_enc(&want, ber, sizeof(ber));

		ok(len == rows[i].len && memcmp(ber, rows[i].ber, len) == 0, rows[i].text);
		ok(oid_dec(&o, rows[i].ber, rows[i].len) && oid_compare(&o, &want) == 0, "... and back");
		ok(oid_enc(&want, ber, len - 1) == 0, "... and not into one octet less");
	}
}

static void test_arc(void)
{
	struct oid whole = oid_of("1.3.6.4294967295"), begin = oid_of("1.3.6");
	uint8_t want[OID_BER_MAX], ber[OID_BER_MAX];
	size_t len = oid_enc(&whole, want, sizeof(want)), at = oid_enc(&begin, ber, sizeof(ber));

	ok(at + oid_arc_enc(UINT32_MAX, ber + at, 5) == len && memcmp(ber, want, len) == 0, "an arc behind others");
	is_int(oid_arc_enc(UINT32_MAX, ber + at, 4), 0, "... and not into one octet less");
}

static void test_refused(void)
{
	static const struct { uint8_t ber[8]; size_t len; const char *why; } rows[] = {
		{ { 0 }, 0, "empty" },
		{ { 0x2b, 0x86 }, 2, "truncated arc" },
		{ { 0x86 }, 1, "truncated first arc" },
		{ { 0x2b, 0x80, 0x01 }, 3, "padded arc" },
		{ { 0x2b, 0x90, 0x80, 0x80, 0x80, 0x00 }, 6, "arc of 33 bits" },
		{ { 0x2b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, 8, "arc of 49 bits" },
		{ { 0x90, 0x80, 0x80, 0x80, 0x50 }, 5, "first arc beyond 2.4294967295" },
	};
	static const char *const names[] = { "1", "3.1", "0.40", "1.40" };
	uint8_t ber[OID_BER_MAX], many[129];
	struct oid o;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(!oid_dec(&o, rows[i].ber, rows[i].len), rows[i].why);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		o = oid_of(names[i]);
		is_int(oid_enc(&o, ber, sizeof(ber)), 0, "a name that BER has no form for");
	}
	memset(many, 1, sizeof(many));
	ok(oid_dec(&o, many, 127) && o.len == 128, "128 arcs are decoded");
	ok(!oid_dec(&o, many, 128), "129 are not");
}

static uint32_t some_arc(void)
{
	static const uint32_t edge[] = { 0, 1, 127, 128, 16383, 16384, 2097151, 2097152, 268435455, 268435456, UINT32_MAX };

	return edge[random() % (long)(sizeof(edge) / sizeof(edge[0]))];
}

/* The order of BER contents is the order of arcs, for all pairs that random makes near each other. */
static void test_order(void)
{
	int wrong = 0, lost = 0;

	srandom(11);
	for (int i = 0; i < 20000; i++) {
		struct oid a = { .len = 0 }, b, back;
		uint8_t ber_a[OID_BER_MAX], ber_b[OID_BER_MAX];
		size_t alen, blen;

		oid_push(&a, (uint32_t)(random() % 3));
		oid_push(&a, (uint32_t)(random() % 40));
		for (long n = random() % 8; n > 0; n--)
			oid_push(&a, some_arc());
		b = a;
		if (random() % 4)
			b.arc[2 + random() % 6] = some_arc();
		if (random() % 3 == 0)
			b.arc[random() % 2] = (uint32_t)(random() % 3);
		if (random() % 3 == 0)
			b.len = (uint8_t)(2 + random() % (b.len - 1));
		alen = oid_enc(&a, ber_a, sizeof(ber_a));
		blen = oid_enc(&b, ber_b, sizeof(ber_b));
		lost += !oid_dec(&back, ber_a, alen) || oid_compare(&back, &a) != 0;
		wrong += oid_ber_compare(ber_a, alen, ber_b, blen) != oid_compare(&a, &b);
		wrong += oid_ber_compare(ber_b, blen, ber_a, alen) != oid_compare(&b, &a);
	}
	is_int(lost, 0, "20,000 names survive encoding");
	is_int(wrong, 0, "... and compare encoded as they do decoded");
}

int main(void)
{
	plan(8 + 8 + 27 + 2 + 13 + 2);
	test_text();
	test_arcs();
	test_known();
	test_arc();
	test_refused();
	test_order();
	return done();
}
