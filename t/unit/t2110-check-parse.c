/* t/unit/t2110-check-parse.c: what plugins print: text, and performance data in all its spellings. */
#include "poller/probe/probe.h"
#include "tap.h"

static struct check_result r;

static void parse(const char *output)
{
	memset(&r, 0xa5, sizeof(r));
	check_parse(output, strlen(output), &r);
}

static void test_text(void)
{
	parse("PING OK - Packet loss = 0%, RTA = 0.80 ms|percent_packet_loss=0%;40;80 rta=0.80ms;100;500;0\n");
	is_str(r.text, "PING OK - Packet loss = 0%, RTA = 0.80 ms", "text ends at the bar");
	is_int(r.perf_count, 2, "two values");
	is_str(r.perf[1].label, "rta", "label");
	is_double(r.perf[1].value, 0.0008, 1e-12, "ms become s");
	is_str(r.perf[1].unit, "s", "... and the unit says so");
	is_str(r.perf[0].unit, "%", "percent stays");
	parse("  DISK OK  | /=2643MB;5948;5958;0;5968\n/ 15272 MB (77%);\n/boot 68 MB (69%); | /boot=68MB;88;93;0;98\n/home=69357MB;;;0;\n");
	is_str(r.text, "DISK OK", "first line, blanks taken off");
	is_int(r.perf_count, 3, "values of the later lines count as well");
	is_str(r.perf[2].label, "/home", "... over line ends");
	is_double(r.perf[2].value, 69357.0 * 1048576, 1e-12, "MB become B");
	parse("");
	is_str(r.text, "", "nothing printed: no text");
	is_int(r.perf_count + r.perf_cut, 0, "... and no values");
	parse("bad \033[31mred\001 text\nsecond");
	ok(!strchr(r.text, '\033') && !strchr(r.text, '\001') && strstr(r.text, "red"),
	   "control bytes do not come through");
	is_int(r.perf_count, 0, "long text without a bar has no values");
}

static void test_numbers(void)
{
	static const struct { const char *perf; double value; const char *unit; } good[] = {
		{ "a=1", 1, "" }, { "a=-1.5", -1.5, "" }, { "a=+2", 2, "" }, { "a=.5s", 0.5, "s" }, { "a=5.", 5, "" },
		{ "a=1e3", 1000, "" }, { "a=1.5E-3s;1;2", 0.0015, "s" }, { "a=1e+2%", 100, "%" }, { "a=1,25;2,5", 1.25,
												   "" },
		{ "a=2us", 2e-6, "s" }, { "a=7KB", 7168, "B" }, { "a=1GB", 1073741824, "B" }, { "a=1TB",
											       1099511627776.0, "B" },
		{ "a=3E", 3, "E" }, { "a=21.5\302\260C", 21.5, "\302\260C" }, { "a=12345678901234567890",
									       12345678901234567890.0, "" },
		{ "a=5packets;;;", 5, "packets" }, { "a=1MiB", 1048576, "B" },
	};
	static const char *const bad[] = { "a=", "a=x", "a", "=5", "a=1.2.3", "a=5-6", "'a=5", "a=--1", "a=e5", "''=3",
					  "a=1e999", "a=.", "a=;1;2", "a b" };
	char name[80], line[80];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(line, sizeof(line), "OK|%s", good[i].perf);
		parse(line);
		snprintf(name, sizeof(name), "%s is a value", good[i].perf);
		ok(r.perf_count == 1 && r.perf_cut == 0 &&
		   fabs(r.perf[0].value - good[i].value) <= 1e-12 * fabs(good[i].value) &&
		   strcmp(r.perf[0].unit, good[i].unit) == 0, name);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "OK|%s z=9", bad[i]);
		parse(line);
		snprintf(name, sizeof(name), "%s is none, and the next one is read", bad[i]);
		ok(r.perf_count == 1 && r.perf_cut >= 1 && strcmp(r.perf[0].label, "z") == 0 && r.perf[0].value == 9,
		   name);
	}
}

static void test_marks(void)
{
	parse("x|requests=100c load=U;1;2 u=U");
	ok(r.perf[0].counter && r.perf[0].unit[0] == '\0', "c marks a counter");
	ok(!r.perf[1].counter && isnan(r.perf[1].value), "U is a value that is not known");
	is_int(r.perf_count, 3, "... and keeps its place, at the end as well");
	is_int(r.perf_cut, 0, "... and is no mistake");
}

static void test_labels(void)
{
	parse("x|'it''s free'=5B;; 'C:\\ used %'=9% 'a=b'=1");
	is_int(r.perf_count, 3, "quoted labels");
	is_str(r.perf[0].label, "it's free", "'' in quotes is one quote");
	is_str(r.perf[0].ds, "it_s_free", "ds name has librrd's alphabet");
	is_str(r.perf[1].label, "C:\\ used %", "blanks in quotes");
	is_str(r.perf[2].label, "a=b", "= in quotes");
	parse("x|a.b=1 a-b=2 a_b=3 a_b_2=4");
	is_str(r.perf[0].ds, "a_b", "first of equal ds names");
	is_str(r.perf[1].ds, "a_b_2", "second of equal ds names");
	is_str(r.perf[2].ds, "a_b_3", "third of equal ds names");
	is_str(r.perf[3].ds, "a_b_2_2", "one that is called as an earlier one became");
	parse("x|a_very_long_label_of_a_value_1=1 a_very_long_label_of_a_value_2=2");
	ok(strlen(r.perf[0].ds) == 19 && strlen(r.perf[1].ds) <= 19 && strcmp(r.perf[0].ds, r.perf[1].ds) != 0,
	   "long names are cut to 19 and stay different");
	parse("x|\303\244=1");
	is_str(r.perf[0].ds, "__", "other letters become _");
}

static void test_bounds(void)
{
	char line[8192];
	size_t len = (size_t)snprintf(line, sizeof(line), "x|");
	bool same = false;

	for (int i = 0; i < 40; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "same=%d ", i);
	parse(line);
	is_int(r.perf_count, CHECK_PERF_MAX, "as many values as there is room for");
	is_int(r.perf_cut, 40 - CHECK_PERF_MAX, "... the rest is counted");
	for (unsigned i = 0; i < r.perf_count; i++)
		for (unsigned k = 0; k < i; k++)
			same |= strcmp(r.perf[i].ds, r.perf[k].ds) == 0;
	ok(!same, "... and all ds names differ");
	memset(line, 'x', sizeof(line));
	check_parse(line, sizeof(line), &r);
	is_int(strlen(r.text), CHECK_TEXT_MAX - 1, "long text is cut");
	memcpy(line, "x|", 2);
	memset(line + 2, 'l', 200);
	memcpy(line + 202, "=1", 2);
	check_parse(line, 204, &r);
	ok(r.perf_count == 1 && strlen(r.perf[0].label) == 63, "long label is cut");
	check_parse("x|a=1", 4, &r);
	ok(r.perf_count == 0 && r.perf_cut == 1, "length counts, not a terminating 0");
}

int main(void)
{
	plan(14 + 32 + 4 + 11 + 6);
	test_text();
	test_numbers();
	test_marks();
	test_labels();
	test_bounds();
	return done();
}
