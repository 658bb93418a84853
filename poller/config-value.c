/* poller/config-value.c: values of options: how they are written, and taking them within their range. See
 * config-int.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "poller/config-int.h"

#define COUNT_OF(a) (sizeof(a) / sizeof(*(a)))

/* ---- values and how they are written ----------------------------------------------------------------------------- */

static const struct { const char *word; uint64_t octets; } size_units[] = {
	{ "TiB", UINT64_C(1) << 40 }, { "GiB", UINT64_C(1) << 30 }, { "MiB", UINT64_C(1) << 20 }, { "KiB", UINT64_C(1) << 10 },
	{ "TB", UINT64_C(1000000000000) }, { "GB", UINT64_C(1000000000) }, { "MB", UINT64_C(1000000) },
	{ "kB", UINT64_C(1000) },
	{ "B", 1 },
};

bool size_parse(const char *text, uint64_t *octets)
{
	char *end;
	double v;

	if (*text < '0' || *text > '9')
		return false;
	v = strtod(text, &end);
	end += *end == ' ';
	for (size_t i = 0; i < COUNT_OF(size_units); i++) {
		if (strcmp(end, size_units[i].word) != 0)
			continue;
		v *= (double)size_units[i].octets;
		if (!(v < 9e18))
			return false;
		*octets = (uint64_t)v;
		return true;
	}
	return false;
}

char *size_exact(uint64_t octets, char *buf, size_t size_octets)
{
	size_t i = 0;

	while (octets == 0 ? i < COUNT_OF(size_units) - 1 : octets % size_units[i].octets != 0)
		i++;
	snprintf(buf, size_octets, "%" PRIu64 "%s", octets / size_units[i].octets, size_units[i].word);
	return buf;
}

char *span_exact(struct span d, char *buf, size_t size_octets)
{
	static const struct { const char *word; int64_t us; } unit[] = {
		{ "d", INT64_C(86400000000) }, { "h", INT64_C(3600000000) }, { "min", 60000000 }, { "s", 1000000 }, { "ms", 1000 },
	};
	size_t i = 0;

	if (d.us % 1000) {	/* 0.0005s */
		snprintf(buf, size_octets, "%" PRId64 ".%06" PRId64 "s", d.us / 1000000, d.us % 1000000);
		return buf;
	}
	while (d.us == 0 ? i < 3 : d.us % unit[i].us != 0)
		i++;
	snprintf(buf, size_octets, "%" PRId64 "%s", d.us / unit[i].us, unit[i].word);
	return buf;
}

struct span option_span(const char *section, const char *option)
{
	struct span d = { 0 };
	bool good = span_parse(option_find(option_section_find(section), option)->fallback, &d);

	must(good);
	return d;
}

long option_count(const char *section, const char *option)
{
	return strtol(option_find(option_section_find(section), option)->fallback, NULL, 10);
}

uint64_t option_size(const char *section, const char *option)
{
	uint64_t octets = 0;
	bool good = size_parse(option_find(option_section_find(section), option)->fallback, &octets);

	must(good);
	return octets;
}

/* ---- taking values ----------------------------------------------------------------------------------------------- */

void section_wrong(const struct section *s, const char *option, const char *fmt, ...)
{
	struct place at = section_place(s, option);
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mistake_add(s->l->m, at.file, at.line, "%s%s", s->subject, text);
}

static const char *section_path(const struct section *s, const char *option, char *buf, size_t size_octets)
{
	size_t len = strlen(s->prefix);

	if (!option)
		len -= len > 0;		/* "check/login/" is noted as "check/login" */
	snprintf(buf, size_octets, "%.*s%s", (int)len, s->prefix, option ? option : "");
	return buf;
}

bool section_given(const struct section *s, const char *option)
{
	char path[2 * NAME_OCTETS_MOST + 64];

	return conf_given(s->p, section_path(s, option, path, sizeof(path)));
}

struct place section_place(const struct section *s, const char *option)
{
	char path[2 * NAME_OCTETS_MOST + 64];

	return (struct place){ s->p->file, conf_line(s->p, section_path(s, option, path, sizeof(path))) };
}

bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return true;
	return false;
}

static bool text_good(const struct section *s, const char *option, const char *text)
{
	if (!*text)
		section_wrong(s, option, "%s is empty; give it a value or leave it out", option);
	else if (has_control(text))
		section_wrong(s, option, "%s has control characters; leave them out", option);
	else if (strlen(text) > 8192)
		section_wrong(s, option, "%s has %zu octets; 8192 are the most", option, strlen(text));
	else
		return true;
	return false;
}

bool take_text(const struct section *s, const char *option, const char **out)
{
	const char *text;

	if (!section_given(s, option))
		return false;
	text = cfg_getstr(s->cfg, option);
	if (!text_good(s, option, text))
		return false;
	*out = arena_strdup(&s->l->c->arena, text);
	return true;
}

bool take_texts(const struct section *s, const char *option, const char *const **out, uint32_t *count)
{
	unsigned n = cfg_size(s->cfg, option);
	const char **list;

	if (!section_given(s, option))
		return false;
	list = arena_alloc(&s->l->c->arena, n * sizeof(*list));
	for (unsigned i = 0; i < n; i++) {
		const char *text = cfg_getnstr(s->cfg, option, i);

		if (!text_good(s, option, text))
			return false;
		list[i] = arena_strdup(&s->l->c->arena, text);
	}
	*out = list;
	*count = n;
	return true;
}

bool take_span(const struct section *s, const char *option, struct span *out)
{
	const struct option *o = option_find(s->of, option);
	struct span d, least = { 0 }, most = { 0 };
	const char *text;

	if (!section_given(s, option))
		return false;
	text = cfg_getstr(s->cfg, option);
	must(span_parse(o->least, &least) && span_parse(o->most, &most));
	if (!span_parse(text, &d)) {
		size_t digits = strspn(text, "0123456789.");

		if (digits > 0 && digits < 16 && !text[digits])
			section_wrong(s, option, "%s = \"%s\": a length of time needs its unit; use \"%ss\"", option, text, text);
		else
			section_wrong(s, option, "%s = \"%s\": not a length of time; write it like 500ms, 60s, 5min, 1h, 2d", option,
				      text);
		return false;
	}
	if (d.us < least.us || d.us > most.us) {
		section_wrong(s, option, "%s = %s: must be %s to %s", option, text, o->least, o->most);
		return false;
	}
	*out = d;
	return true;
}

bool take_size(const struct section *s, const char *option, uint64_t *out)
{
	const struct option *o = option_find(s->of, option);
	uint64_t v, least = 0, most = 0;
	const char *text;

	if (!section_given(s, option))
		return false;
	text = cfg_getstr(s->cfg, option);
	must(size_parse(o->least, &least) && size_parse(o->most, &most));
	if (!size_parse(text, &v))
		section_wrong(s, option, "%s = \"%s\": not a size; write it like 500MiB or 1GiB", option, text);
	else if (v < least || v > most)
		section_wrong(s, option, "%s = %s: must be %s to %s", option, text, o->least, o->most);
	else
		return *out = v, true;
	return false;
}

bool take_count(const struct section *s, const char *option, long *out)
{
	const struct option *o = option_find(s->of, option);
	long v;

	if (!section_given(s, option))
		return false;
	v = cfg_getint(s->cfg, option);
	if (v < strtol(o->least, NULL, 10) || v > strtol(o->most, NULL, 10)) {
		section_wrong(s, option, "%s = %ld: must be %s to %s", option, v, o->least, o->most);
		return false;
	}
	*out = v;
	return true;
}

bool take_number(const struct section *s, const char *option, double *out)
{
	const struct option *o = option_find(s->of, option);
	double v;

	if (!section_given(s, option))
		return false;
	v = cfg_getfloat(s->cfg, option);
	if (!(v >= strtod(o->least, NULL) && v <= strtod(o->most, NULL))) {
		section_wrong(s, option, "%s = %g: must be %s to %s", option, v, o->least, o->most);
		return false;
	}
	*out = v;
	return true;
}

bool take_switch(const struct section *s, const char *option, bool *out)
{
	if (!section_given(s, option))
		return false;
	*out = cfg_getbool(s->cfg, option) == cfg_true;
	return true;
}
