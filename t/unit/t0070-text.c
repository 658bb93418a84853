/* t/unit/t0070-text.c: text that cannot overrun, foreign strings, path elements. */
#include <stdlib.h>

#include "poller/base/text.h"
#include "tap.h"

static void test_builder(void)
{
	char buf[12];
	struct text t = text_over(buf, sizeof(buf));

	is_str(buf, "", "a new text is empty");
	text_add(&t, "%d-%s", 12, "abc");
	text_add(&t, "%s", "def");
	ok(strcmp(buf, "12-abcdef") == 0 && t.len == 9 && !t.cut, "pieces are put together");
	text_add(&t, "%s", "ghi");
	ok(strcmp(buf, "12-abcdefgh") == 0 && t.cut, "what does not fit is cut and said");
	text_add(&t, "%s", "");
	ok(t.len == 11 && t.cut, "a cut text stays cut");
	t = text_over(buf, 0);
	text_add(&t, "x");
	ok(t.cut && t.len == 0 && buf[0] == '1', "a buffer of no size is not touched");
}

static void test_clean(void)
{
	static const struct { const char *raw, *clean; } rows[] = {
		{ "plain text", "plain text" },
		{ "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80", "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\x1b[31m", "\\x1B[31m" },
		{ "a\tb\r\n", "a\\x09b\\x0D\\x0A" },
		{ "\x7f", "\\x7F" },
		{ "\xc2\x9b" "31m", "\\xC2\\x9B31m" },		/* C1: CSI in one code point */
		{ "\xff\xfe", "\\xFF\\xFE" },
		{ "\xc0\xaf", "\\xC0\\xAF" },			/* overlong '/' */
		{ "\xe0\x80\xaf", "\\xE0\\x80\\xAF" },
		{ "\xed\xa0\x80", "\\xED\\xA0\\x80" },		/* surrogate */
		{ "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80" },	/* beyond U+10FFFF */
		{ "\xe2\x82", "\\xE2\\x82" },			/* truncated */
		{ "\xe2\x80\xae" "evil", "\\xE2\\x80\\xAE" "evil" },	/* right-to-left override */
	};
	char buf[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_str(text_clean(rows[i].raw, strlen(rows[i].raw), buf, sizeof(buf)), rows[i].clean, "clean");
	is_str(text_clean("a\0b", 3, buf, sizeof(buf)), "a\\x00b", "a zero within is shown");
	is_str(text_clean("ab\x01", 3, buf, 6), "ab", "an escape is not cut in the middle");
	is_str(text_clean("ab\xc3\xbc", 4, buf, 4), "ab", "nor is a character");
	is_str(text_clean("abcdef", 6, buf, 4), "abc", "cut, with its end");
}

static void test_utf8(void)
{
	ok(text_is_utf8("Z\xc3\xbcrich", 7) && text_is_utf8("", 0) && text_is_utf8("\xf4\x8f\xbf\xbf", 4), "UTF-8");
	ok(!text_is_utf8("\xc3", 1) && !text_is_utf8("\xbc", 1) && !text_is_utf8("a\xe4" "b", 3), "not UTF-8");
	is_int(text_columns("Z\xc3\xbcrich"), 6, "columns are characters, not octets");
}

static void test_path(void)
{
	static const struct { const char *name, *path; } rows[] = {
		{ "edge1", "edge1" }, { "Gi0/1", "Gi0%2F1" }, { ".", "%2E" }, { "..", "%2E." }, { ".hidden", "%2Ehidden" },
		{ "a.b_c-D9", "a.b_c-D9" }, { "eth0 ~2", "eth0%20%7E2" }, { "100%", "100%25" }, { "", "%00" },
		{ "Z\xc3\xbcrich", "Z%C3%BCrich" }, { "\x01\xff", "%01%FF" },
	};
	char path[256], name[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_str(text_to_path(rows[i].name, path, sizeof(path)), rows[i].path, rows[i].path);
		ok(text_from_path(path, name, sizeof(name)) && strcmp(name, rows[i].name) == 0, "... and back");
	}
}

static void test_path_long(void)
{
	char name[1000], path[256], other[256], back[1000];
	int wrong = 0, same = 0;

	for (int i = 1; i < 999; i++) {
		memset(name, i % 3 ? 'x' : '/', (size_t)i);
		name[i] = '\0';
		text_to_path(name, path, sizeof(path));
		wrong += strlen(path) > 200 || strchr(path, '/') != NULL;
		wrong += text_from_path(path, back, sizeof(back)) != (strlen(name) * (i % 3 ? 1 : 3) <= 200);
	}
	is_int(wrong, 0, "elements have at most 200 octets; those without a hash come back");
	memset(name, 'y', 300);
	name[300] = '\0';
	text_to_path(name, path, sizeof(path));
	name[299] = 'z';
	text_to_path(name, other, sizeof(other));
	same = strcmp(path, other) == 0;
	is_int(same, 0, "long names that differ at their end differ");
	ok(strlen(path) == 200 && path[183] == '~', "a prefix, '~' and 16 digits");
}

static void test_from_path(void)
{
	static const char *const bad[] = { "a~0123456789abcdef", "%2f", "%2", "%", "%4", "%GG", "a b", "%41", ".x", "a/b", "" };
	char buf[64];
	int taken = 0;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bool good = text_from_path(bad[i], buf, sizeof(buf));

		if (good)
			note("'%s' was taken", bad[i]);
		taken += good;
	}
	is_int(taken, 0, "what text_to_path does not write is not read");
	ok(!text_from_path("abcdef", buf, 6) && text_from_path("abcde", buf, 6), "a name must fit");
}

static void test_numbers(void)
{
	static const struct { double v; const char *text; } rows[] = {
		{ 48000, "48 k" }, { 1.5e6, "1.50 M" }, { 700, "700 " }, { 0, "0 " }, { 999.6, "1 k" }, { 999.4, "999 " },
		{ 12.34e9, "12.3 G" }, { 123.4e12, "123 T" }, { 99.96, "100 " }, { 9.996, "10.0 " }, { 0.05, "0.05 " },
		{ -48000, "-48 k" }, { 1e15, "1 P" }, { 1.234567e21, "1234.567 E" }, { NAN, "- " }, { INFINITY, "- " },
	};
	char buf[40];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_str(text_si(rows[i].v, buf, sizeof(buf)), rows[i].text, rows[i].text);
	is_str(text_thousands(29430, buf, sizeof(buf)), "29,430", "thousands");
	is_str(text_thousands(0, buf, sizeof(buf)), "0", "... of nothing");
	is_str(text_thousands(999, buf, sizeof(buf)), "999", "... below one");
	is_str(text_thousands(18446744073709551615ull, buf, sizeof(buf)), "18,446,744,073,709,551,615", "... of the most");
}

int main(void)
{
	char buf[4];

	plan(5 + 17 + 3 + 22 + 3 + 2 + 20 + 2);
	test_builder();
	test_clean();
	test_utf8();
	test_path();
	test_path_long();
	test_from_path();
	test_numbers();
	ok(text_copy(buf, sizeof(buf), "abc") && strcmp(buf, "abc") == 0, "copy what fits");
	ok(!text_copy(buf, sizeof(buf), "abcd") && strcmp(buf, "abc") == 0, "cut what does not, and say so");
	return done();
}
