/* poller/ctl/ctl.c: what every command needs: options, usage, names and times that people type, the configuration, the answer. */
#define _GNU_SOURCE		/* strcasestr, timegm */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

int ctl_usage(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "forewarn %s: ", c->command->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: forewarn %s %s   (forewarn help %s)\n", c->command->name, c->command->arguments, c->command->name);
	return EXIT_USAGE;
}

int ctl_no_command(const char *name)
{
	struct names names = { 0 };
	const char *near;

	for (const struct command *k = commands; k->name != NULL; k++)
		names_put(&names, k->name, 1);
	near = names_nearest(&names, name, 3);
	if (near)
		fprintf(stderr, "forewarn: there is no command '%s'; '%s' is near\n", name, near);
	else
		fprintf(stderr, "forewarn: there is no command '%s'; forewarn help lists them\n", name);
	names_release(&names);
	return EXIT_USAGE;
}

int ctl_failed(const struct ctl *c, const char *why)
{
	char clean[2048];

	fprintf(stderr, "forewarn %s: %s\n", c->command->name, text_clean(why, strlen(why), clean, sizeof(clean)));
	return EXIT_FAILED;
}

static void take_argument(struct ctl *c, int i)
{
	for (; i + 1 < c->argc; i++)
		c->argv[i] = c->argv[i + 1];
	c->argc--;
}

/* Options end at "--". */
static int options_end(const struct ctl *c)
{
	int i = 0;

	while (i < c->argc && strcmp(c->argv[i], "--") != 0)
		i++;
	return i;
}

bool ctl_flag(struct ctl *c, const char *long_name, char short_name)
{
	for (int i = 0; i < options_end(c); i++) {
		const char *a = c->argv[i];

		if ((a[0] == '-' && a[1] == '-' && strcmp(a + 2, long_name) == 0) ||
		    (a[0] == '-' && short_name && a[1] == short_name && a[2] == '\0')) {
			take_argument(c, i);
			return true;
		}
	}
	return false;
}

const char *ctl_value(struct ctl *c, const char *long_name, char short_name)
{
	size_t len = strlen(long_name);

	for (int i = 0; i < options_end(c); i++) {
		char *a = c->argv[i], *value;
		bool is_long = strncmp(a, "--", 2) == 0 && strncmp(a + 2, long_name, len) == 0;

		if (is_long && a[2 + len] == '=') {
			take_argument(c, i);
			return a + 3 + len;
		}
		if (!(is_long && a[2 + len] == '\0') && !(a[0] == '-' && short_name && a[1] == short_name && a[2] == '\0'))
			continue;
		if (i + 1 >= options_end(c))
			return NULL;	/* stays there: ctl_rest_ok() says so */
		value = c->argv[i + 1];
		take_argument(c, i);
		take_argument(c, i);
		return value;
	}
	return NULL;
}

bool ctl_rest_ok(struct ctl *c, int most_arguments)
{
	int end = options_end(c);

	for (int i = 0; i < end; i++)
		if (c->argv[i][0] == '-' && c->argv[i][1] != '\0') {
			ctl_usage(c, "unknown option '%s', or its value is missing", c->argv[i]);
			return false;
		}
	if (end < c->argc)
		take_argument(c, end);
	if (c->argc > most_arguments) {
		ctl_usage(c, "too many arguments: '%s'", c->argv[most_arguments]);
		return false;
	}
	return true;
}

struct config *ctl_config(const struct ctl *c)
{
	struct mistakes m = { 0 };
	struct config *config = config_load(c->config_path, c->state, &m);

	for (unsigned i = 0; config == NULL && i < m.count; i++)
		fprintf(stderr, "%s\n", m.line[i]);
	if (config == NULL)
		fprintf(stderr, "%u mistake%s\n", m.count + m.more, m.count + m.more == 1 ? "" : "s");
	mistakes_release(&m);
	return config;
}

/* ---- the answer ---------------------------------------------------------------------------------------------------------- */

static json_t *cleaned(const json_t *string)
{
	size_t len = json_string_length(string);
	char *buf = must_alloc(4 * len + 1);
	json_t *clean = json_string(text_clean(json_string_value(string), len, buf, 4 * len + 1));

	free(buf);
	return clean;
}

void json_clean(json_t *value)
{
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_array(value))
		json_array_foreach(value, i, v) {
			if (json_is_string(v))
				json_array_set_new(value, i, cleaned(v));
			else
				json_clean(v);
		}
	else
		json_object_foreach(value, key, v) {
			if (json_is_string(v))
				json_object_set_new(value, key, cleaned(v));
			else
				json_clean(v);
		}
}

/* Is there a string that a terminal would obey? JSON itself escapes only what is below the blank. */
static bool is_unsafe(json_t *value)
{
	const char *key;
	bool unsafe = false;
	json_t *v;
	size_t i;

	if (json_is_array(value)) {
		json_array_foreach(value, i, v)
			unsafe = unsafe || is_unsafe(v);
	} else if (json_is_string(value)) {
		v = cleaned(value);
		unsafe = !json_equal(v, value);
		json_decref(v);
	} else {
		json_object_foreach(value, key, v)
			unsafe = unsafe || is_unsafe(v);
	}
	return unsafe;
}

int ctl_print_json(const json_t *answer)
{
	size_t flags = JSON_INDENT(1) | JSON_PRESERVE_ORDER;

	if (is_unsafe((json_t *)(uintptr_t)answer))
		flags |= JSON_ENSURE_ASCII;
	json_dumpf(answer, stdout, flags);
	putchar('\n');
	return EXIT_DONE;
}

json_t *ctl_ask(struct ctl *c, const char *call, json_t *args)
{
	struct err err = { "" };
	json_t *answer = ctl_call(c, call, args, &err);

	if (answer == NULL)
		ctl_failed(c, err.text);
	else if (!c->json)
		json_clean(answer);
	return answer;
}

/* ---- JSON pieces --------------------------------------------------------------------------------------------------------- */

json_t *json_foreign(const void *text, size_t len_octets)
{
	json_t *j = json_stringn(text, len_octets);
	char *buf;

	if (j != NULL)
		return j;
	buf = must_alloc(4 * len_octets + 1);
	j = json_string(text_clean(text, len_octets, buf, 4 * len_octets + 1));
	free(buf);
	return j;
}

json_t *json_words(const char *text)
{
	return json_foreign(text ? text : "", text ? strlen(text) : 0);
}

json_t *json_finite(double x) { return isfinite(x) ? json_real(x) : json_null(); }

json_t *json_whole(double n)
{
	char buf[400];

	if (!isfinite(n))
		return json_null();
	if (n <= 9007199254740992.0)
		return json_integer((json_int_t)n);
	snprintf(buf, sizeof(buf), "%.0f", n);
	return json_string(buf);
}

/* RFC 3339 in UTC, with milliseconds or without; the octets read, 0 when it is none. */
static size_t utc_parse(const char *text, struct wall *t)
{
	struct tm tm = { 0 };
	unsigned ms = 0;
	int end = 0, end_ms = 0;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n.%3u%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		   &end, &ms, &end_ms) < 6)
		return 0;
	end = end_ms > end ? end_ms : end;
	if (text[end] != 'Z')
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t->us = (int64_t)timegm(&tm) * 1000000 + ms * 1000;
	return (size_t)end + 1;
}

struct wall json_wall(const json_t *object, const char *key)
{
	struct wall t = { 0 };

	utc_parse(json_text(object, key), &t);
	return t;
}

json_int_t json_int(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

struct span json_span(const json_t *object, const char *key)
{
	double s = json_number_value(json_object_get(object, key));

	return span_us(s > -1e12 && s < 1e12 ? (int64_t)(s * 1e6) : 0);
}

/* ---- what people type ------------------------------------------------------------------------------------------------------ */

/* The nearest of these kinds by letters, else one that has the word in it. */
static const char *near_name(const struct config *c, unsigned kinds, const char *name)
{
	struct names wanted = { 0 };
	const char *near = NULL;

	for (uint32_t i = 0; i < c->ref_count; i++)
		if (kinds >> c->refs[i].kind & 1)
			names_put(&wanted, c->refs[i].name, i);
	near = names_nearest(&wanted, name, 3);
	names_release(&wanted);
	for (uint32_t i = 0; near == NULL && name[0] && i < c->ref_count; i++)
		if ((kinds >> c->refs[i].kind & 1) && strcasestr(c->refs[i].name, name) != NULL)
			near = c->refs[i].name;
	return near;
}

enum fw_err name_unknown(struct err *err, const struct config *c, const char *what, unsigned kinds, const char *name)
{
	static const char *const words[] = {
		[REF_DEVICE] = "a device", [REF_CHECK] = "a check", [REF_COMPONENT] = "a component", [REF_PART] = "part of a device",
		[REF_GROUP] = "a group", [REF_SERVICE] = "a service",
	};
	const struct ref *r = config_find(c, name);
	const char *near = near_name(c, kinds, name);

	if (r != NULL && !(kinds >> r->kind & 1))
		return err_set(err, FW_NOTFOUND, "'%s' is %s, not a %s", name, words[r->kind], what);
	if (near != NULL)
		return err_set(err, FW_NOTFOUND, "there is no %s '%s'; '%s' is near", what, name, near);
	return err_set(err, FW_NOTFOUND, "there is no %s '%s'", what, name);
}

/* A time of day: the last one before 'at', or the next one after it. */
static bool time_of_day(const char *text, struct wall at, bool next, struct wall *t)
{
	time_t s = (time_t)(at.us / 1000000);
	unsigned h, m, sec = 0;
	int end = 0, most = 0;
	struct tm tm;

	if (sscanf(text, "%2u:%2u%n:%2u%n", &h, &m, &end, &sec, &most) < 2 || text[most > end ? most : end] || h > 23 || m > 59 || sec > 60)
		return false;
	localtime_r(&s, &tm);
	tm.tm_hour = (int)h;
	tm.tm_min = (int)m;
	tm.tm_sec = (int)sec;
	tm.tm_isdst = -1;
	t->us = (int64_t)mktime(&tm) * 1000000;
	if (next ? t->us <= at.us : t->us > at.us) {
		tm.tm_mday += next ? 1 : -1;
		tm.tm_isdst = -1;
		t->us = (int64_t)mktime(&tm) * 1000000;
	}
	return true;
}

static bool date_and_time(const char *text, struct wall *t)
{
	static const char *const form[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
					    "%Y-%m-%dT%H:%M", "%Y-%m-%d" };

	size_t len = utc_parse(text, t);

	if (len > 0)
		return text[len] == '\0' && t->us > 0;
	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, form[i], &tm);

		if (end == NULL || *end)
			continue;
		t->us = (int64_t)mktime(&tm) * 1000000;
		return t->us > 0;
	}
	return false;
}

bool ctl_time(const char *text, struct wall now, struct wall *t)
{
	struct span back;

	if (span_parse(text, &back)) {
		*t = wall_add(now, span_us(-back.us));
		return t->us > 0;
	}
	return time_of_day(text, now, false, t) || date_and_time(text, t);
}

bool ctl_time_to_come(const char *text, struct wall from, struct wall *t)
{
	struct span ahead;

	*t = from;
	if (strcmp(text, "now") == 0)
		return true;
	if (span_parse(text, &ahead))
		*t = wall_add(from, ahead);
	else if (!time_of_day(text, from, true, t) && !date_and_time(text, t))
		return false;
	return t->us >= from.us;
}
