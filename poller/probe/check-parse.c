/* poller/probe/check-parse.c: what a plugin printed: text and performance data. Pure.
 *
 * Monitoring Plugins Development Guidelines, "Performance data"; Nagios plugin API 3 for output of several lines:
 *
 *	TEXT OUTPUT | PERFDATA
 *	LONG TEXT
 *	LONG TEXT | PERFDATA
 *	PERFDATA
 *
 * PERFDATA is a list of 'label'=value[UOM];[warn];[crit];[min];[max]. Plugins in the field also print exponents, a
 * comma as decimal sign, and blanks after the last value; what cannot be read is passed over to the next blank and
 * counted.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "poller/base/text.h"
#include "probe-int.h"

struct cursor { const char *at, *end; };

/* Times and sizes come in one unit each, so that a plugin that switches from ms to s draws no jump. */
static const struct { const char *word; const char *unit; double factor; } units[] = {
	{ "s",  "s", 1 },  { "ms", "s", 1e-3 }, { "us", "s", 1e-6 }, { "ns", "s", 1e-9 },
	{ "B",  "B", 1 },  { "KB", "B", 1024.0 }, { "MB", "B", 1048576.0 }, { "GB", "B", 1073741824.0 },
	{ "TB", "B", 1099511627776.0 }, { "PB", "B", 1125899906842624.0 },
	{ "KiB", "B", 1024.0 }, { "MiB", "B", 1048576.0 }, { "GiB", "B", 1073741824.0 }, { "TiB", "B",
											  1099511627776.0 },
	{ "kB", "B", 1024.0 },
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
}

/* To the blank that ends the item. */
static void skip_item(struct cursor *c)
{
	while (c->at < c->end && !is_blank(*c->at))
		c->at++;
}

/* The same where quotes may hold blanks; a quote that nobody closes is only a character. */
static void skip_malformed(struct cursor *c)
{
	struct cursor q = *c;
	bool quoted = false;

	for (; q.at < q.end && (quoted || !is_blank(*q.at)); q.at++)
		quoted ^= *q.at == '\'';
	if (quoted)
		skip_item(c);
	else
		*c = q;
}

static bool put(char *buf, size_t size, size_t *len, char c)
{
	if (*len + 1 >= size)
		return false;
	buf[(*len)++] = c;
	return true;
}

/* 'label' or label, up to and with '='. A quote inside quotes is written twice. Too long a label is cut. */
static bool parse_label(struct cursor *c, char *label, size_t size)
{
	char raw[64];
	size_t len = 0;
	bool quoted = c->at < c->end && *c->at == '\'';

	for (c->at += quoted; c->at < c->end; c->at++) {
		if (quoted && *c->at == '\'') {
			if (c->end - c->at < 2 || c->at[1] != '\'')
				break;
			c->at++;
		} else if (!quoted && (*c->at == '=' || *c->at == '\'' || is_blank(*c->at))) {
			break;
		}
		put(raw, sizeof(raw), &len, *c->at);
	}
	if (quoted && (c->at == c->end || *c->at++ != '\''))
		return false;
	if (len == 0 || c->at == c->end || *c->at++ != '=')
		return false;
	text_clean(raw, len, label, size);
	return true;
}

static bool at_digit(const struct cursor *c, int offset)
{
	return c->end - c->at > offset && isdigit((unsigned char)c->at[offset]);
}

/* 1e5, but not the E of a unit: only before digits. At most three of them count. */
static int parse_exponent(struct cursor *c)
{
	int exponent = 0, sign = 1, skip = 1;

	if (c->at == c->end || (*c->at != 'e' && *c->at != 'E'))
		return 0;
	if (c->end - c->at > 1 && (c->at[1] == '-' || c->at[1] == '+')) {
		sign = c->at[1] == '-' ? -1 : 1;
		skip = 2;
	}
	if (!at_digit(c, skip))
		return 0;
	for (c->at += skip; at_digit(c, 0); c->at++)
		exponent = exponent < 1000 ? exponent * 10 + (*c->at - '0') : 1000;
	return sign * exponent;
}

/* No strtod: what it takes depends on the locale. */
static bool parse_number(struct cursor *c, double *value)
{
	bool negative = false, any = false;
	long double v = 0;
	int exponent = 0;

	if (c->at < c->end && (*c->at == '-' || *c->at == '+'))
		negative = *c->at++ == '-';
	for (; at_digit(c, 0); c->at++, any = true)
		v = v * 10 + (*c->at - '0');
	if (c->at < c->end && (*c->at == '.' || *c->at == ',')) {
		for (c->at++; at_digit(c, 0); c->at++, any = true) {
			v = v * 10 + (*c->at - '0');
			exponent--;
		}
	}
	if (!any)
		return false;
	exponent += parse_exponent(c);
	*value = (double)(exponent < 0 ? v / powl(10, -exponent) : v * powl(10, exponent));
	if (negative)
		*value = -*value;
	return isfinite(*value);
}

static bool parse_unit(struct cursor *c, struct check_perf *p)
{
	const char *from = c->at;
	size_t len;

	while (c->at < c->end && *c->at != ';' && !is_blank(*c->at))
		c->at++;
	len = (size_t)(c->at - from);
	if (len == 1 && *from == 'c') {
		p->counter = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].word) != len || memcmp(units[i].word, from, len) != 0)
			continue;
		snprintf(p->unit, sizeof(p->unit), "%s", units[i].unit);
		p->value *= units[i].factor;
		return true;
	}
	if (len > 0 && strchr("0123456789.,-+=", *from))
		return false;			/* 1.2.3, 5-6: no number at all */
	text_clean(from, len, p->unit, sizeof(p->unit));
	return true;
}

/* "U": the plugin could not tell. The value keeps its place and is unknown. */
static bool parse_value(struct cursor *c, struct check_perf *p)
{
	if (c->at < c->end && *c->at == 'U' && (c->end - c->at == 1 || c->at[1] == ';' || is_blank(c->at[1]))) {
		c->at++;
		p->value = NAN;
		return true;
	}
	return parse_number(c, &p->value) && parse_unit(c, p) && isfinite(p->value);
}

static bool ds_taken(const struct check_result *r, const char *ds)
{
	for (unsigned i = 0; i < r->perf_count; i++)
		if (strcmp(r->perf[i].ds, ds) == 0)
			return true;
	return false;
}

/* librrd's alphabet and length. Equal names get _2, _3, ...: there are at most CHECK_PERF_MAX of them. */
static void name_ds(const struct check_result *r, struct check_perf *p)
{
	enum { MOST = sizeof(p->ds) - 1 };
	char base[MOST + 1];
	size_t len = 0;

	for (const char *l = p->label; *l && len < MOST; l++)
		base[len++] = isalnum((unsigned char)*l) && (unsigned char)*l < 0x80 ? *l : '_';
	base[len] = '\0';
	memcpy(p->ds, base, len + 1);
	for (unsigned i = 2; ds_taken(r, p->ds); i++)
		snprintf(p->ds, sizeof(p->ds), "%.*s_%u", (int)(len > MOST - 3 ? MOST - 3 : len), base, i % 100);
}

static void parse_perf(const char *at, const char *end, struct check_result *r)
{
	struct cursor c = { at, end };

	for (skip_blanks(&c); c.at < c.end; skip_blanks(&c)) {
		struct check_perf p = { .value = NAN };
		struct cursor item = c;
		bool good = parse_label(&item, p.label, sizeof(p.label)) && parse_value(&item, &p);

		if (good) {
			c = item;
			skip_item(&c);
		} else {
			skip_malformed(&c);
		}
		if (!good || r->perf_count == CHECK_PERF_MAX) {
			r->perf_cut++;
			continue;
		}
		name_ds(r, &p);
		r->perf[r->perf_count++] = p;
	}
}

static const char *find(const char *at, const char *end, char c)
{
	const char *p = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;

	return p ? p : end;
}

void check_parse(const char *output, size_t len_octets, struct check_result *r)
{
	const char *end = output + len_octets, *line_end = find(output, end, '\n');
	const char *bar = find(output, line_end, '|'), *text_end = bar;

	r->perf_count = 0;
	r->perf_cut = 0;
	while (output < text_end && is_blank(*output))
		output++;
	while (text_end > output && is_blank(text_end[-1]))
		text_end--;
	text_clean(output, (size_t)(text_end - output), r->text, sizeof(r->text));
	if (bar < line_end)
		parse_perf(bar + 1, line_end, r);
	bar = find(line_end, end, '|');
	if (bar < end)
		parse_perf(bar + 1, end, r);
}
