/* t/unit/t0040-clock.c: the steady clock, and time for people. */
#include <stdlib.h>
#include <time.h>

#include "poller/base/clock.h"
#include "tap.h"

static const struct wall start = { INT64_C(1795000000) * 1000000 };	/* 2026-11-18 06:26:40 UTC */

static void test_steady_slew(void)
{
	struct mono m0 = { 5000000 };
	struct steady s;
	struct span ahead;
	bool stepped;

	steady_init(&s, start, m0);
	is_int(steady_at(&s, mono_add(m0, span_s(10))).us, wall_add(start, span_s(10)).us, "wall time goes as mono does");
	is_int(steady_at(&s, mono_add(m0, span_s(-1))).us, wall_add(start, span_s(-1)).us, "... also before the start");
	/* after 100 s the system is 30 ms ahead: 500 ppm makes that up in 60 s */
	ahead = steady_follow(&s, wall_add(start, span_ms(100030)), mono_add(m0, span_s(100)), span_s(10), &stepped);
	is_int(ahead.us, 30000, "follow says how far the system is ahead");
	ok(!stepped, "... and slews a small difference");
	is_int(steady_at(&s, mono_add(m0, span_s(100))).us, wall_add(start, span_s(100)).us, "at first nothing moves");
	is_int(steady_at(&s, mono_add(m0, span_s(120))).us, wall_add(start, span_ms(120010)).us, "after 20 s: 10 ms");
	is_int(steady_at(&s, mono_add(m0, span_s(160))).us, wall_add(start, span_ms(160030)).us, "after 60 s: all 30 ms");
	is_int(steady_at(&s, mono_add(m0, span_s(1000))).us, wall_add(start, span_ms(1000030)).us, "and never more");
}

/* The system's clock wanders; the steady one follows, never back, never faster or slower than 500 ppm. */
static void test_steady_wander(void)
{
	struct mono m = { 1 };
	struct steady s;
	struct wall last;
	int64_t off = 0, far = 0, t = 0;
	int back = 0, fast = 0, steps = 0;

	srandom(7);
	steady_init(&s, start, m);
	last = start;
	for (int i = 0; i < 20000; i++) {
		int64_t passed = random() % 200000;
		struct wall at;
		bool stepped;

		m = mono_add(m, span_us(passed));
		t += passed;
		off += random() % 101 - 50;	/* within 250 ppm on average */
		at = steady_at(&s, m);
		back += wall_since(at, last).us < 0;
		fast += llabs(wall_since(at, last).us - passed) > passed / 2000 + 2;
		last = at;
		if (i % 10 == 0) {
			steady_follow(&s, (struct wall){ start.us + t + off }, m, span_s(1), &stepped);
			steps += stepped;
			back += steady_at(&s, m).us < last.us;
		}
		if (llabs(last.us - start.us - t - off) > far)
			far = llabs(last.us - start.us - t - off);
	}
	is_int(back, 0, "a wandering clock: never goes back");
	is_int(fast, 0, "... never more than 500 ppm off");
	is_int(steps, 0, "... never steps");
	ok(far < 5000, "... and stays within 5 ms");
}

static void test_steady_step(void)
{
	struct mono m0 = { 77 }, m1 = mono_add(m0, span_s(60));
	struct steady s;
	bool stepped;

	steady_init(&s, start, m0);
	is_int(steady_follow(&s, wall_add(start, span_s(3660)), m1, span_s(60), &stepped).us, span_s(3600).us,
	       "a step of an hour is said");
	ok(stepped && steady_at(&s, m1).us == wall_add(start, span_s(3660)).us, "... and taken at once");
	is_int(steady_follow(&s, wall_add(start, span_s(60)), m1, span_s(60), &stepped).us, span_s(-3600).us,
	       "a step back is said");
	ok(stepped && steady_at(&s, m1).us == wall_add(start, span_s(60)).us, "... and taken as well");
	steady_follow(&s, wall_add(start, span_ms(119999)), m1, span_s(60), &stepped);
	ok(!stepped, "just below the step is slewed");
}

static void test_wall(void)
{
	char buf[64];

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	is_str(wall_format(start, buf, sizeof(buf)), "2026-11-18 12:06:40 CET", "local time with its zone");
	is_str(wall_format_time(start, buf, sizeof(buf)), "12:06:40", "time of day");
	is_str(wall_format_utc(wall_add(start, span_us(123999)), buf, sizeof(buf)), "2026-11-18T11:06:40.123Z",
	       "UTC with milliseconds");
	is_str(wall_format_utc((struct wall){ -1 }, buf, sizeof(buf)), "1969-12-31T23:59:59.999Z", "before 1970");
	is_str(wall_format((struct wall){ 0 }, buf, sizeof(buf)), "never", "0 is never");
	is_str(wall_format((struct wall){ INT64_MAX }, buf, 8), "out of ", "what does not fit is cut");
	ok(clock_wall().us > start.us / 2 && clock_mono().us > 0, "the system has clocks");
}

static void test_format(void)
{
	static const struct { int64_t us; const char *text; } rows[] = {
		{ 0, "0 s" }, { 40, "0.04 ms" }, { 340, "0.3 ms" }, { 1000, "1 ms" }, { 9870, "9.8 ms" },
		{ 48123, "48 ms" }, { 999999, "999 ms" }, { 1000000, "1 s" }, { 1500000, "1.5 s" },
		{ 41900000, "41 s" }, { 59999999, "59 s" }, { 60000000, "1 min" }, { 270000000, "4 min 30 s" },
		{ 22 * 60000000LL, "22 min" }, { 3600000000LL, "1 h" }, { 3630000000LL, "1 h" },
		{ 6 * 3600000000LL + 20 * 60000000LL, "6 h 20 min" }, { 3 * 86400000000LL, "3 d" },
		{ 400 * 86400000000LL + 3600000000LL, "400 d 1 h" }, { -270000000, "-4 min 30 s" },
	};
	char buf[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_str(span_format(span_us(rows[i].us), buf, sizeof(buf)), rows[i].text, rows[i].text);
	span_format(span_us(INT64_MIN), buf, sizeof(buf));
	ok(buf[0] == '-', "the least of all spans can be said");
}

static void test_parse(void)
{
	static const struct { const char *text; int64_t us; } good[] = {
		{ "10s", 10000000 }, { "500ms", 500000 }, { "5min", 300000000 }, { "1h", 3600000000LL },
		{ "2d", 172800000000LL }, { "1w", 604800000000LL }, { "0s", 0 }, { "1.5h", 5400000000LL },
		{ "10 s", 10000000 }, { "0.1s", 100000 }, { "0.0000019s", 1 }, { "0.5ms", 500 }, { "876600h", 36525 * 86400000000LL }, { "365250d", 365250 * 86400000000LL }, { "1y", 31536000000000LL }, { "2.5y", 78840000000000LL },
	};
	static const char *const bad[] = {
		"", "10", "s", "-1s", "+1s", " 1s", "1m", "1 m", "10sec", "1h30min", "365251d", "1e3s", "0x10s", "nan s", "1.s",
		".5s", "1  s", "1s ", "99999999999999999999999w", "10S",
	};
	struct span d;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		d.us = -1;
		ok(span_parse(good[i].text, &d) && d.us == good[i].us, good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!tap_check(!span_parse(bad[i], &d), "not a span"))
			note("'%s' was taken", bad[i]);
	}
}

int main(void)
{
	plan(8 + 4 + 5 + 7 + 21 + 16 + 20);
	test_steady_slew();
	test_steady_wander();
	test_steady_step();
	test_wall();
	test_format();
	test_parse();
	return done();
}
