/* poller/ctl/show.c: forewarn show: components and their last values.
 *
 * What is shown of a class comes from the table below; of a class without a row there, its columns that are asked each cycle.
 * Counters are shown as rates, the mean of the last whole step in the component's RRD file: exact, where the last value alone
 * says nothing. A value that is missing is a "?", and below it is said why.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

enum { COLUMNS_MOST = 48, CELL_MOST = 32, NAME_MOST = 56, RATES_MOST = 256, STEPS_BACK = 4, WHYS_MOST = 24 };

enum shown { SHOWN_VALUE, SHOWN_RATE, SHOWN_BITS, SHOWN_PERCENT, SHOWN_AGE_S, SHOWN_AGE_TICKS, SHOWN_SPEED };

static const struct shown_column { const char *class_name, *title; enum shown how; const char *key, *other; } defaults[] = {
	{ "interface", "SPEED", SHOWN_SPEED, "ifHighSpeed", "ifSpeed" },
	{ "interface", "IN", SHOWN_BITS, "ifHCInOctets", "ifInOctets" },
	{ "interface", "OUT", SHOWN_BITS, "ifHCOutOctets", "ifOutOctets" },
	{ "interface", "ERRORS/s", SHOWN_RATE, "ifInErrors", NULL },
	{ "interface", "ALIAS", SHOWN_VALUE, "ifAlias", NULL },
	{ "storage", "USED", SHOWN_PERCENT, "hrStorageUsed", "hrStorageSize" },
	{ "storage", "OF", SHOWN_VALUE, "hrStorageSize", NULL },
	{ "memory", "USED", SHOWN_PERCENT, "hrStorageUsed", "hrStorageSize" },
	{ "memory", "OF", SHOWN_VALUE, "hrStorageSize", NULL },
	{ "device", "SNMP", SHOWN_VALUE, "snmp", NULL },
	{ "device", "ICMP", SHOWN_VALUE, "icmp", NULL },
	{ "device", "RTT", SHOWN_AGE_S, "rtt_s", NULL },
	{ "device", "UPTIME", SHOWN_AGE_TICKS, "sysUpTime", NULL },
	{ "check", "STATUS", SHOWN_VALUE, "status", NULL },
	{ "check", "TOOK", SHOWN_AGE_S, "took_s", NULL },
	{ "check", "PERFORMANCE", SHOWN_VALUE, "performance", NULL },
};

struct column { struct shown_column c; unsigned width; bool number; char title[64]; };
struct why { const char *key, *words; unsigned count; struct wall since; };	/* since: of the first */
struct sheet {
	const json_t *answer, *columns;
	struct column column[COLUMNS_MOST];
	struct why why[WHYS_MOST];
	unsigned count, whys, name_width;
	bool wide;
};

/* ---- rates, from RRD --------------------------------------------------------------------------------------------------------- */

/* The last known value of each column of the file, put into 'rates' by the names of the objects. */
static void file_rates(const char *path, const json_t *columns, struct wall now, struct span step, json_t *rates)
{
	struct store_series s;
	struct err err;
	const char *key;
	json_t *k;

	if (store_check_file(path, &err) != FW_OK ||
	    store_fetch(path, "AVERAGE", wall_add(now, span_us(-STEPS_BACK * step.us)), now, &s, &err) != FW_OK)
		return;
	json_object_foreach((json_t *)(uintptr_t)columns, key, k) {
		if (!json_is_true(json_object_get(k, "counter")))
			continue;
		for (size_t c = 0; c < s.columns; c++)
			for (size_t row = s.rows; row-- > 0 && strcmp(s.name[c], json_text(k, "ds")) == 0;)
				if (isfinite(s.value[row * s.columns + c])) {
					json_object_set_new(rates, key, json_real(s.value[row * s.columns + c]));
					break;
				}
	}
	store_series_release(&s);
}

/* Has the class counters (or, not only counters, any history)? */
static bool has_history(const json_t *columns, bool counters)
{
	const char *key;
	json_t *k;

	json_object_foreach((json_t *)(uintptr_t)columns, key, k)
		if (json_object_get(k, "ds") && (!counters || json_is_true(json_object_get(k, "counter"))))
			return true;
	return false;
}

/* Each item gets "rates" (a second) where its file is there and can be read; what is held back for it is written first. */
static void add_rates(struct ctl *c, json_t *answer)
{
	const json_t *columns = json_object_get(answer, "columns"), *items = json_object_get(answer, "items");
	char folder[1024], path[STORE_PATH_MAX];
	struct span step = json_span(answer, "interval_s");
	size_t i;
	json_t *item, *rates;
	struct err err;

	if (!has_history(columns, true) || json_array_size(items) > RATES_MOST)
		return;
	snprintf(folder, sizeof(folder), "%s/rrd", json_text(answer, "rrd"));
	json_array_foreach(items, i, item) {
		const char *component = json_text(item, "component");

		if (json_is_true(json_object_get(answer, "live")))
			json_decref(ctl_call(c, "flush", json_pack("{s:o}", "name", json_words(component)), &err));
		if (!store_path(folder, component, json_text(answer, "class"), path, sizeof(path)))
			continue;
		rates = json_object();
		file_rates(path, columns, clock_wall(), step, rates);
		if (json_object_size(rates))
			json_object_set(item, "rates", rates);
		json_decref(rates);
	}
}

/* ---- cells --------------------------------------------------------------------------------------------------------------------- */

/* A number with its unit: scaled by the definition, and by the column that it names. */
static bool scaled(const struct sheet *s, const json_t *item, const char *key, double *v)
{
	const json_t *k = json_object_get(s->columns, key), *value = json_object_get(item, key), *by;

	if (json_is_string(value) && json_text(k, "scale_by")[0] == '\0' && json_text(k, "unit")[0])
		*v = strtod(json_string_value(value), NULL);	/* beyond 2^53 */
	else if (json_is_number(value))
		*v = json_number_value(value);
	else
		return false;
	if (json_object_get(k, "scale"))
		*v *= json_number_value(json_object_get(k, "scale"));
	by = json_object_get(item, json_text(k, "scale_by"));
	if (json_is_number(by))
		*v *= json_number_value(by);
	return true;
}

static void put_unit(double v, const char *unit, char *buf, size_t size)
{
	char number[32];

	if (strcmp(unit, "s") == 0)
		span_format(span_us((int64_t)(v * 1e6)), buf, size);
	else if (unit[0] == '\0' || strcmp(unit, "%") == 0)
		snprintf(buf, size, "%.4g%s%s", v, unit[0] ? " " : "", unit);
	else
		snprintf(buf, size, "%s%s", text_si(v, number, sizeof(number)), unit);
}

static void value_cell(const struct sheet *s, const json_t *item, const char *key, char *buf, size_t size)
{
	const json_t *v = json_object_get(item, key);
	const char *unit = json_text(json_object_get(s->columns, key), "unit");
	double x;

	if (unit[0] && scaled(s, item, key, &x))
		put_unit(x, unit, buf, size);
	else if (json_is_string(v))
		snprintf(buf, size, "%s", json_string_value(v));
	else if (json_is_integer(v) && json_integer_value(v) >= 0)
		text_thousands((unsigned long long)json_integer_value(v), buf, size);
	else if (json_is_integer(v))
		snprintf(buf, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, size, "%.4g", json_real_value(v));
	else if (json_is_array(v) && json_array_size(v))
		snprintf(buf, size, "%s%s", json_string_value(json_array_get(v, 0)), json_array_size(v) > 1 ? " ..." : "");
}

static void rate_cell(const json_t *item, const struct shown_column *c, char *buf, size_t size)
{
	const json_t *rates = json_object_get(item, "rates"), *r = json_object_get(rates, c->key);
	char number[32];

	if (r == NULL && c->other)
		r = json_object_get(rates, c->other);
	if (!json_is_number(r))
		return;
	if (c->how == SHOWN_BITS)
		snprintf(buf, size, "%sbit/s", text_si(json_number_value(r) * 8, number, sizeof(number)));
	else
		snprintf(buf, size, "%.3g", json_number_value(r));
}

/* ifHighSpeed says 0 for slow links, and agents that do not know it say all ones: ifSpeed says it then. */
static void speed_cell(const struct sheet *s, const json_t *item, const struct shown_column *c, char *buf, size_t size)
{
	double v = 0, slow = 0;

	scaled(s, item, c->key, &v);
	if (json_integer_value(json_object_get(item, c->key)) == UINT32_MAX)
		v = 0;
	if (v <= 0 && scaled(s, item, c->other, &slow))
		v = slow;
	if (v > 0)
		put_unit(v, "bit/s", buf, size);
}

static void cell_text(const struct sheet *s, const json_t *item, const struct shown_column *c, char *buf, size_t size)
{
	const json_t *v = json_object_get(item, c->key);
	double a, b;

	buf[0] = '\0';
	if (v == NULL && json_object_get(json_object_get(item, "missing"), c->key) && !json_object_get(item, c->other ? c->other : "")) {
		snprintf(buf, size, "?");	/* also where RRD still has a rate of before */
		return;
	}
	switch (c->how) {
	case SHOWN_RATE: case SHOWN_BITS: rate_cell(item, c, buf, size); break;
	case SHOWN_SPEED: speed_cell(s, item, c, buf, size); break;
	case SHOWN_PERCENT:
		if (scaled(s, item, c->key, &a) && scaled(s, item, c->other, &b) && b > 0)
			snprintf(buf, size, "%.0f %%", a / b * 100);
		break;
	case SHOWN_AGE_S:
		if (json_is_number(v))
			span_format(span_us((int64_t)(json_number_value(v) * 1e6)), buf, size);
		break;
	case SHOWN_AGE_TICKS:
		if (json_is_number(v))
			age_words(span_us((int64_t)(json_number_value(v) * 1e4)), buf, size);
		break;
	case SHOWN_VALUE: value_cell(s, item, c->key, buf, size); break;
	}
}

/* ---- the sheet -------------------------------------------------------------------------------------------------------------------- */

static void sheet_add(struct sheet *s, const struct shown_column *c)
{
	struct column *k = &s->column[s->count];

	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->column[i].c.key, c->key) == 0 && s->column[i].c.how == c->how)
			return;
	if (s->count == COLUMNS_MOST)
		return;
	*k = (struct column){ .c = *c };
	snprintf(k->title, sizeof(k->title), "%s", c->title);
	k->width = (unsigned)text_columns(k->title);
	s->count++;
}

static void sheet_add_key(struct sheet *s, const char *key)
{
	if (s->wide || !json_is_true(json_object_get(json_object_get(s->columns, key), "slow")))
		sheet_add(s, &(struct shown_column){ NULL, key, SHOWN_VALUE, key, NULL });
}

/* Every key of the items that is a value, or missing; without 'wide' not those asked at discovery only. */
static void sheet_add_keys(struct sheet *s, const json_t *items)
{
	static const char *const left_out[] = { "device", "missing", "missing_since", "since", "polled", "reason", "state", "component", "rates", "flat" };
	const char *key;
	json_t *item, *value;
	size_t i;

	json_array_foreach(items, i, item) {
		json_object_foreach(item, key, value) {
			bool known = false;

			for (size_t k = 0; k < sizeof(left_out) / sizeof(left_out[0]); k++)
				known = known || strcmp(left_out[k], key) == 0;
			if (!known)
				sheet_add_key(s, key);
		}
		json_object_foreach(json_object_get(item, "missing"), key, value)
			sheet_add_key(s, key);
	}
}

static void sheet_choose(struct sheet *s, const json_t *items)
{
	const char *class_name = json_text(s->answer, "class");

	for (size_t i = 0; !s->wide && i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strcmp(defaults[i].class_name, class_name) == 0)
			sheet_add(s, &defaults[i]);
	if (s->count == 0)
		sheet_add_keys(s, items);
	if (s->count == 0) {		/* a class that is read at discovery only */
		s->wide = true;
		sheet_add_keys(s, items);
		s->wide = false;
	}
}

static void why_add(struct sheet *s, const char *key, const json_t *item)
{
	const char *words = json_text(json_object_get(item, "missing"), key);
	struct wall since = json_wall(json_object_get(item, "missing_since"), key);

	for (unsigned i = 0; i < s->whys; i++)
		if (strcmp(s->why[i].key, key) == 0 && strcmp(s->why[i].words, words) == 0) {
			s->why[i].count++;
			s->why[i].since = since.us < s->why[i].since.us ? since : s->why[i].since;
			return;
		}
	if (s->whys < WHYS_MOST)
		s->why[s->whys++] = (struct why){ key, words, 1, since };
}

/* Widths, what is a number, and why values are missing; columns without a single value go. */
static void sheet_measure(struct sheet *s, const json_t *items)
{
	unsigned kept = 0;
	size_t i;
	json_t *item;
	char buf[1024];

	for (unsigned c = 0; c < s->count; c++) {
		struct column *k = &s->column[c];
		bool filled = false, text = false;

		json_array_foreach(items, i, item) {
			unsigned w;

			cell_text(s, item, &k->c, buf, sizeof(buf));
			w = (unsigned)text_columns(buf);
			k->width = w > k->width ? (w < CELL_MOST || s->wide ? w : CELL_MOST) : k->width;
			filled = filled || w > 0;
			text = text || (k->c.how == SHOWN_VALUE && w > 0 && buf[0] != '?' &&
					!json_is_number(json_object_get(item, k->c.key)));
			if (strcmp(buf, "?") == 0)
				why_add(s, k->c.key, item);
		}
		k->number = !text;
		if (filled)
			s->column[kept++] = *k;
	}
	s->count = kept;
	s->name_width = 9;
	json_array_foreach(items, i, item) {
		unsigned w = (unsigned)text_columns(json_text(item, "component"));

		s->name_width = w > s->name_width ? (w < NAME_MOST || s->wide ? w : NAME_MOST) : s->name_width;
	}
}

/* Does its row end with words: why it is not up, or what a check says? */
static bool has_words(const struct sheet *s, const json_t *item)
{
	return json_text(item, "reason")[0] &&
	       (strcmp(json_text(item, "state"), "up") != 0 || strcmp(json_text(s->answer, "class"), "check") == 0);
}

static void print_row(const struct screen *out, const struct sheet *s, unsigned columns, const json_t *item)
{
	const char *state = json_text(item, "state"), *reason = json_text(item, "reason");
	unsigned used = s->name_width + 10;
	char buf[1024];

	screen_cell(out, json_text(item, "component"), s->name_width);
	fprintf(out->out, "  %s%-8s%s", screen_ink(out, state_ink(state)), state, screen_ink(out, INK_PLAIN));
	for (unsigned c = 0; c < columns; c++) {
		cell_text(s, item, &s->column[c].c, buf, sizeof(buf));
		fputs("  ", out->out);
		if (s->column[c].number)
			screen_number(out, buf, s->column[c].width);
		else if (c + 1 == columns && !has_words(s, item) && text_columns(buf) <= s->column[c].width)
			fputs(buf, out->out);
		else
			screen_cell(out, buf, s->column[c].width);
		used += s->column[c].width + 2;
	}
	if (has_words(s, item)) {
		char words[600];
		const char *text = state_words(state, reason, words, sizeof(words)), *colon = strstr(text, ": ");

		if (colon && strncmp(text, state, strlen(state)) == 0)
			text = colon + 2;
		fputs(strcmp(text, state) == 0 ? "" : "  ", out->out);
		screen_wrap(out, used + 2, strcmp(text, state) == 0 ? "" : text);
	} else {
		fputc('\n', out->out);
	}
}

static const char *const states[] = { "down", "degraded", "unknown", "up" };

/* The first of the worst. */
static const json_t *worst_of(const json_t *items)
{
	size_t i;
	json_t *item;

	for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++)
		json_array_foreach(items, i, item)
			if (strcmp(json_text(item, "state"), states[k]) == 0)
				return item;
	return NULL;
}

static void print_next(const struct screen *out, const struct sheet *s)
{
	const char *class_name = json_text(s->answer, "class"), *name;

	name = json_text(worst_of(json_object_get(s->answer, "items")), "component");
	if (strcmp(class_name, "device") == 0)
		fprintf(out->out, " \u00b7 next: forewarn debug device \"%s\"", name);
	else if (has_history(s->columns, false) || strcmp(class_name, "check") == 0)
		fprintf(out->out, " \u00b7 next: forewarn graph \"%s\" -o FILE.png", name);
	else
		fprintf(out->out, " \u00b7 next: forewarn events \"%s\"", name);
}

/* Why values are missing, and since when the first of them is. */
static void print_whys(const struct screen *out, const struct sheet *s)
{
	char at[48];

	for (unsigned k = 0; k < s->whys; k++) {
		fprintf(out->out, "? %s of %u: %s", s->why[k].key, s->why[k].count, s->why[k].words);
		if (s->why[k].since.us)
			fprintf(out->out, ", since %s", wall_format(s->why[k].since, at, sizeof(at)));
		putc('\n', out->out);
	}
}

/* How many, in which state; what to do next. */
static void print_end(const struct screen *out, const struct sheet *s, unsigned hidden)
{
	const json_t *items = json_object_get(s->answer, "items");
	const char *between = ": ";
	char number[32];
	json_int_t left_off = json_int(s->answer, "left_off");
	unsigned flat = 0;
	size_t i;
	json_t *item;

	print_whys(out, s);
	fprintf(out->out, "%s%s", screen_ink(out, INK_DIM), text_thousands(json_array_size(items), number, sizeof(number)));
	for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
		unsigned n = 0;

		json_array_foreach(items, i, item)
			n += strcmp(json_text(item, "state"), states[k]) == 0;
		if (n)
			fprintf(out->out, "%s%s %s", between, text_thousands(n, number, sizeof(number)), states[k]);
		between = n ? ", " : between;
	}
	json_array_foreach(items, i, item)
		flat += json_is_true(json_object_get(item, "flat"));
	if (flat)
		fprintf(out->out, " \u00b7 %u asked every third interval: flat", flat);
	if (left_off)
		fprintf(out->out, "; %lld more are not shown: name a device", (long long)left_off);
	if (hidden)
		fprintf(out->out, " \u00b7 %u more columns: --wide", hidden);
	print_next(out, s);
	fprintf(out->out, "%s\n", screen_ink(out, INK_PLAIN));
}

static void print_sheet(const struct ctl *c, const json_t *answer, bool wide)
{
	const json_t *items = json_object_get(answer, "items");
	struct screen out = screen_of(c);
	struct sheet *s = must_alloc(sizeof(*s));
	unsigned used, columns = 0;
	bool words = false;
	size_t i;
	json_t *item;

	*s = (struct sheet){ .answer = answer, .columns = json_object_get(answer, "columns"), .wide = wide };
	sheet_choose(s, items);
	sheet_measure(s, items);
	used = s->name_width + 10;
	while (columns < s->count && (wide || used + s->column[columns].width + 2 <= out.width))
		used += s->column[columns++].width + 2;
	fputs(screen_ink(&out, INK_BOLD), out.out);
	screen_cell(&out, "COMPONENT", s->name_width);
	fprintf(out.out, columns ? "  %-8s" : "  %s", "STATE");
	json_array_foreach(items, i, item)
		words = words || has_words(s, item);
	if (columns && !words && !s->column[columns - 1].number && used < out.width)
		s->column[columns - 1].width += out.width - used;	/* the last one has what room is left */
	for (unsigned k = 0; k < columns; k++) {
		fputs("  ", out.out);
		if (k + 1 == columns && !s->column[k].number)
			fputs(s->column[k].title, out.out);
		else
			(s->column[k].number ? screen_number : screen_cell)(&out, s->column[k].title, s->column[k].width);
	}
	fprintf(out.out, "%s\n", screen_ink(&out, INK_PLAIN));
	json_array_foreach(items, i, item)
		print_row(&out, s, columns, item);
	print_end(&out, s, s->count - columns);
	free(s);
}

int show_command(struct ctl *c)
{
	bool wide = ctl_flag(c, "wide", 'w');
	const char *class_name, *device;
	json_t *answer;

	if (!ctl_rest_ok(c, 2))
		return EXIT_USAGE;
	class_name = c->argc ? c->argv[0] : "";
	device = c->argc > 1 ? c->argv[1] : "";
	answer = ctl_ask(c, "show", json_pack("{s:o,s:o}", "class", json_words(class_name), "device", json_words(device)));
	if (answer == NULL)
		return EXIT_FAILED;
	add_rates(c, answer);
	if (c->json)
		ctl_print_json(answer);
	else if (json_array_size(json_object_get(answer, "items")) == 0)
		printf("nothing of class '%s'%s%s is known%s\nnext: forewarn %s\n", json_text(answer, "class"), device[0] ? " on " : "", device,
		       device[0] ? "" : " yet", device[0] ? "debug device NAME: how it is asked, and what it lacks" : "poll, or forewarn run");
	else
		print_sheet(c, answer, wide);
	json_decref(answer);
	return EXIT_DONE;
}
