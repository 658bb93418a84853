/* t/unit/t7000-words.c: what commands say and understand: names, states, lines, times, lines of set. */
#define _GNU_SOURCE		/* setenv, timegm */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/ctl/ctl.h"
#include "poller/ctl/set-int.h"
#include "tap.h"

const struct command commands[] = { { NULL, NULL, NULL, NULL, NULL, NULL } };	/* main.c's */

static void test_names(void)
{
	static const struct { const char *name, *words; } row[] = {
		{ "sw1", "sw1" }, { "br17/interface/wan-b", "br17 wan-b" }, { "sw1/interface/Gi0/1", "sw1 Gi0/1" },
		{ "sw1/power-supply/Power Supply 1", "sw1 Power Supply 1" }, { "sw1/power-supply/PS 2", "sw1 power-supply PS 2" },
		{ "app1/check/login", "app1 check login" }, { "x/fan/", "x fan " }, { "a/b", "a/b" },
	};
	char buf[MODEL_NAME_MAX];

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		is_str(component_words(row[i].name, buf, sizeof(buf)), row[i].words, row[i].name);
}

static void test_states(void)
{
	static const struct { const char *state, *reason, *words; } row[] = {
		{ "down", "cefcFRUPowerOperStatus failed", "failed" }, { "down", "ifOperStatus down", "down" },
		{ "down", "ifOperStatus lowerLayerDown", "down: lowerLayerDown" }, { "down", "", "down" },
		{ "down", "no SNMP, no ICMP", "down: no SNMP, no ICMP" }, { "degraded", "ciscoEnvMonFanState warning", "degraded: warning" },
		{ "unknown", "agent", "unknown: its agent does not answer" }, { "down", "admin", "switched off (admin)" },
		{ "down", "gone: its row is no longer there", "gone: its device no longer has it" },
		{ "down", "hrStorageUsed 99 % of hrStorageSize", "down: hrStorageUsed 99 % of hrStorageSize" },
		{ "down", "works", "down: works" }, { "down", "ifOperStatus 9", "down: ifOperStatus 9" },
	};
	char buf[600];

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		is_str(state_words(row[i].state, row[i].reason, buf, sizeof(buf)), row[i].words, row[i].words);
}

static void test_numbers(void)
{
	char buf[64];

	is_str(chance_words(1 / 118.7, buf, sizeof(buf)), "about 1 in 120", "a chance has two digits");
	is_str(chance_words(1e-6, buf, sizeof(buf)), "about 1 in 1,000,000", "one in a million is a number yet");
	is_str(chance_words(0.34, buf, sizeof(buf)), "about 1 in 3", "a third");
	is_str(chance_words(0.42, buf, sizeof(buf)), "about 4 in 10", "less than half");
	is_str(chance_words(0.5, buf, sizeof(buf)), "about 1 in 2", "half");
	is_str(chance_words(0.72, buf, sizeof(buf)), "about 7 in 10", "a likely one");
	is_str(chance_words(0.97, buf, sizeof(buf)), "about 97 in 100", "a very likely one");
	is_str(chance_words(0.9999, buf, sizeof(buf)), "almost certain", "one that is not worth a number");
	is_str(chance_words(0, buf, sizeof(buf)), "none", "none");
	is_str(chance_words(1e-300, buf, sizeof(buf)), "less than 1 in a million", "one beyond all numbers");
	is_str(age_words(span_s(271), buf, sizeof(buf)), "4 min", "an age has one part");
	is_str(age_words(span_ms(5700), buf, sizeof(buf)), "5 s", "whole seconds");
	is_str(age_words(span_us(0), buf, sizeof(buf)), "0 s", "no age");
}

static void test_lines(void)
{
	const char *next;

	is_int((long long)screen_line("one two three", 7, &next), 7, "a line ends at a blank");
	is_str(next, "three", "the next begins behind it");
	is_int((long long)screen_line("one two three", 6, &next), 3, "a word is not cut");
	is_int((long long)screen_line("endlessword", 5, &next), 5, "a word longer than the line is");
	is_str(next, "ssword", "... and goes on");
	is_int((long long)screen_line("k\xc3\xb6ln \xc3\xbc", 4, &next), 5, "columns are not octets");
	is_int((long long)screen_line("end ", 10, &next), 3, "no blank at the end");
	is_str(next, "", "nothing is left");
	is_int((long long)screen_line("", 10, &next), 0, "an empty line");
}

static void test_times(void)
{
	struct tm noon = { .tm_year = 126, .tm_mon = 10, .tm_mday = 21, .tm_hour = 12 };
	struct wall now = { (int64_t)timegm(&noon) * 1000000 }, t;

	ok(ctl_time("4h", now, &t) && t.us == now.us - 4 * INT64_C(3600000000), "so long ago");
	ok(ctl_time("11:30", now, &t) && t.us == now.us - INT64_C(1800000000), "a time of today");
	ok(ctl_time("13:58:02", now, &t) && t.us == now.us - INT64_C(79318000000), "a time of day that is to come is yesterday's");
	ok(ctl_time("2026-11-21", now, &t) && t.us == now.us - INT64_C(43200000000), "a day");
	ok(ctl_time("2026-11-21 11:59", now, &t) && t.us == now.us - 60000000, "a day and a time");
	ok(ctl_time("2026-11-21T11:59:59.250Z", now, &t) && t.us == now.us - 750000, "as JSON has it");
	ok(ctl_time("2026-11-21T11:59:00Z", now, &t) && t.us == now.us - 60000000, "RFC 3339 without milliseconds");
	ok(!ctl_time("", now, &t) && !ctl_time("yesterday", now, &t) && !ctl_time("25:00", now, &t) && !ctl_time("12:30x", now, &t) &&
	   !ctl_time("2026-11-21x", now, &t) && !ctl_time("-4h", now, &t) && !ctl_time("2026-11-21T11:59:00Zx", now, &t), "what is none");
}

static void test_json(void)
{
	json_t *j = json_foreign("a\xff", 2), *o;

	is_str(json_string_value(j), "a\\xFF", "octets that are no UTF-8 are told");
	json_decref(j);
	j = json_foreign("a\033[1m", 5);
	is_str(json_string_value(j), "a\033[1m", "UTF-8 stays as it is");
	o = json_pack("{s:o,s:[s,{s:s}]}", "x", j, "list", "\xc2\x9b", "deep", "\xe2\x80\xae");
	json_clean(o);
	is_str(json_text(o, "x"), "a\\x1B[1m", "cleaned for people");
	is_str(json_string_value(json_array_get(json_object_get(o, "list"), 0)), "\\xC2\\x9B", "... in a list");
	is_str(json_text(json_array_get(json_object_get(o, "list"), 1), "deep"), "\\xE2\\x80\\xAE", "... and below");
	json_decref(o);
	j = json_whole(9007199254740992.0);
	ok(json_is_integer(j), "2^53 is an integer");
	json_decref(j);
	j = json_whole(1e20);
	is_str(json_string_value(j), "100000000000000000000", "beyond, a decimal string");
	json_decref(j);
}

static void test_set(void)
{
	struct err err;
	json_t *item;

	ok(set_line("feed A\tdown\twhy not\r", 20, &item, &err) == FW_OK && item, "a line");
	is_str(json_text(item, "name"), "feed A", "its name");
	is_str(json_text(item, "state"), "down", "its state");
	is_str(json_text(item, "why"), "why not", "why");
	json_decref(item);
	ok(set_line("a\tup", 4, &item, &err) == FW_OK && strcmp(json_text(item, "why"), "") == 0, "without a why");
	json_decref(item);
	ok(set_line("# a\tup", 6, &item, &err) == FW_OK && !item && set_line("", 0, &item, &err) == FW_OK && !item, "lines that say nothing");
	ok(set_line("a up", 4, &item, &err) == FW_MISTAKE && !item, "no tab");
	ok(set_line("a\xff\tup", 5, &item, &err) == FW_MISTAKE && set_line("a\0b\tup", 6, &item, &err) == FW_MISTAKE, "no text");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	plan(8 + 12 + 7 + 9 + 8 + 7 + 8 + 6);
	test_names();
	test_states();
	test_numbers();
	test_lines();
	test_times();
	test_json();
	test_set();
	return done();
}
