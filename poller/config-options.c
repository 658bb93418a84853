/* poller/config-options.c: every option of the configuration: name, type, range, default, unit, text. See config-int.h.
 *
 * The manual's list is printed from here (config_options_print), so a sentence of this table is read by people.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/config-int.h"

#define COUNT_OF(a) (sizeof(a) / sizeof(*(a)))

static const struct option top[] = {
	{ "state", OPT_TEXT, NULL, NULL, "/var/lib/forewarn", "folder",
	  "Where what must outlive the program is kept: forewarn.db, last files, RRD files, the socket." },
	{ "user", OPT_TEXT, NULL, NULL, "forewarn", "user",
	  "Who the program becomes, started as root, after opening what needs root." },
	{ "mibs", OPT_TEXT, NULL, NULL, "none", "folder",
	  "Your own MIB definitions; they add to those that come with the program, or replace a table by its name." },
	{ "devices", OPT_TEXT, NULL, NULL, "none", "file",
	  "A table of devices, see DEVICES FROM A TABLE. May be given several times." },
};

static const struct option poll[] = {
	{ "interval", OPT_SPAN, "1s", "1d", "1min", "time", "How often every value is read. Whole seconds." },
	{ "status-interval", OPT_SPAN, "1s", "1d", "10s", "time",
	  "How often states are read, so that an alert need not wait for the interval. Not longer than it." },
	{ "threads", OPT_COUNT, "0", "256", "0", "number", "Workers among which devices are spread; 0 is one for each processor." },
	{ "checks-at-once", OPT_COUNT, "1", "10000", "20", "number", "How many programs of checks run at the same time." },
};

static const struct option defaults[] = {
	{ "timeout", OPT_SPAN, "10ms", "1min", "2s", "time", "How long an answer is waited for before the request is sent again." },
	{ "retries", OPT_COUNT, "0", "10", "2", "number", "How often a request is sent again before the device counts as silent." },
	{ "credentials", OPT_TEXT, NULL, NULL, "none", "name", "Credentials of devices that name none." },
	{ "port", OPT_COUNT, "1", "65535", "161", "number", "UDP port of the SNMP agent." },
	{ "ping", OPT_SWITCH, NULL, NULL, "true", "switch", "Is the device asked by ICMP echo as well?" },
	{ "every", OPT_SPAN, "1s", "1w", "1min", "time", "How often a check runs." },
	{ "check-timeout", OPT_SPAN, "100ms", "1h", "10s", "time", "When a check that has not ended is killed." },
	{ "watch", OPT_TEXTS, NULL, NULL, "none", "list", "See watch of a device." },
};

static const struct option credentials[] = {
	{ "version", OPT_TEXT, NULL, NULL, "2c", "word", "The SNMP version: 1 or 2c." },
	{ "community", OPT_TEXT, NULL, NULL, NULL, "secret",
	  "The community itself, 1 to 255 octets. It is better kept in a file of its own." },
	{ "community-file", OPT_TEXT, NULL, NULL, NULL, "file",
	  "The file whose only line is the community. Others than its owner and group must not be able to read it." },
};

static const struct option device[] = {
	{ "address", OPT_TEXT, NULL, NULL, NULL, "address",
	  "IPv4 or IPv6 address, or a host name. A port may follow: 192.0.2.1:1161, [2001:db8::1]:1161." },
	{ "port", OPT_COUNT, "1", "65535", "of defaults", "number", "UDP port of the SNMP agent." },
	{ "credentials", OPT_TEXT, NULL, NULL, "of defaults", "name",
	  "Which credentials its agent wants. A device without any is not asked by SNMP." },
	{ "timeout", OPT_SPAN, "10ms", "1min", "of defaults", "time", "How long an answer is waited for." },
	{ "retries", OPT_COUNT, "0", "10", "of defaults", "number", "How often a request is sent again." },
	{ "ping", OPT_SWITCH, NULL, NULL, "of defaults", "switch", "Is it asked by ICMP echo as well?" },
	{ "parents", OPT_NAMES, NULL, NULL, "none", "names",
	  "Devices through which it is reached. When all of them are cut off it is unknown and nobody blames it; nothing else." },
	{ "needs", OPT_NAMES, NULL, NULL, "none", "names", "What it stands on, see NAMING." },
	{ "carries", OPT_NAMES, NULL, NULL, "none", "names", "What stands on it: the same as needs, written at the other end." },
	{ "watch", OPT_TEXTS, NULL, NULL, "of defaults", "list",
	  "CLASS/PATTERN of parts whose states make events though nothing needs them, as interface/Gi0/*. The pattern is a shell's." },
	{ "every", OPT_SPAN, "1s", "1w", "of defaults", "time", "How often its checks run." },
	{ "check-timeout", OPT_SPAN, "100ms", "1h", "of defaults", "time", "When its checks are killed." },
	{ "check", OPT_CHECKS, NULL, NULL, "none", "section", "A check of this device, see check." },
};

static const struct option check[] = {
	{ "command", OPT_TEXT, NULL, NULL, NULL, "command",
	  "A program of the monitoring-plugins convention and its arguments, split like a shell's words; no shell runs it. "
	  "{name} and {address} stand for those of its device." },
	{ "every", OPT_SPAN, "1s", "1w", "of its device", "time", "How often it runs." },
	{ "timeout", OPT_SPAN, "100ms", "1h", "of its device", "time", "When it is killed." },
	{ "counts", OPT_SWITCH, NULL, NULL, "true", "switch", "Is its device down when the check is? Only within a device." },
	{ "needs", OPT_NAMES, NULL, NULL, "none", "names", "What it stands on, beside its device." },
};

static const struct option component[] = {
	{ "unavailability", OPT_NUMBER, "0", "1", "none", "share", "Part of the time in which it is down." },
	{ "needs", OPT_NAMES, NULL, NULL, "none", "names", "What it stands on." },
	{ "carries", OPT_NAMES, NULL, NULL, "none", "names", "What stands on it." },
};

static const struct option group[] = {
	{ "members", OPT_NAMES, NULL, NULL, NULL, "names", "Devices, checks, components, groups, services, parts of devices." },
	{ "need", OPT_COUNT, "1", "1000000", NULL, "number", "How many members must be up; with fewer the group is down." },
	{ "full", OPT_COUNT, "1", "1000000", "need", "number", "With fewer than this the group is degraded." },
	{ "needs", OPT_NAMES, NULL, NULL, "none", "names", "What it stands on beside its members." },
	{ "carries", OPT_NAMES, NULL, NULL, "none", "names", "What stands on it." },
};

static const struct option service[] = {
	{ "needs", OPT_NAMES, NULL, NULL, NULL, "names", "What it stands on: all of it is needed." },
	{ "owner", OPT_TEXT, NULL, NULL, "none", "text", "Who answers for it." },
	{ "tier", OPT_COUNT, "1", "9", "none", "number", "How much it matters; 1 is most." },
	{ "runbook", OPT_TEXT, NULL, NULL, "none", "text", "Where it is written what to do." },
};

static const struct option notify[] = {
	{ "trap", OPT_TEXT, NULL, NULL, NULL, "address", "Where SNMPv2c traps are sent; port 162 unless one follows." },
	{ "community", OPT_TEXT, NULL, NULL, "public", "secret", "The community in them." },
	{ "community-file", OPT_TEXT, NULL, NULL, "none", "file", "The same, in a file." },
	{ "on", OPT_TEXTS, NULL, NULL, "all of them", "list", "Which alerts: component, risk, quality, budget." },
};

static const struct option rrd[] = {
	{ "rows", OPT_COUNT, "1", "1000", "10", "number", "How many rows are held back and written to a file at once." },
	{ "hold", OPT_SPAN, "0s", "1d", "15min", "time", "After which time they are written though there are fewer." },
};

static const struct option retention[] = {
	{ "age", OPT_SPAN, "1d", "5200w", "400d", "time", "How long events are kept." },
	{ "size", OPT_SIZE, "16MiB", "1024TiB", "1GiB", "size", "How large their database may grow; the oldest go first." },
};

#define SECTION(name, titled, text) { #name, titled, name, COUNT_OF(name), text }
const struct option_section option_sections[] = {
	{ "", false, top, COUNT_OF(top), "Outside of all sections." },
	SECTION(poll, false, "How often, and with how much at once."),
	SECTION(defaults, false, "What a device or check has that does not say otherwise."),
	SECTION(credentials, true, "What agents want to hear before they answer."),
	SECTION(device, true, "Something that is polled."),
	SECTION(check, true, "A program that tells whether something works: within a device, or on its own."),
	SECTION(component, true, "Something that is not polled; its state is set by hand or by a program, and up until then."),
	SECTION(group, true, "Members of which so many are needed."),
	SECTION(service, true, "What users get."),
	SECTION(notify, true, "Who is told."),
	SECTION(rrd, false, "How rows are written."),
	SECTION(retention, false, "What is forgotten."),
};
const unsigned option_section_count = COUNT_OF(option_sections);

const struct option_section *option_section_find(const char *name)
{
	for (unsigned i = 0; i < option_section_count; i++)
		if (strcmp(option_sections[i].name, name) == 0)
			return &option_sections[i];
	must(!"a section of the table");
	return NULL;
}

static const struct option *option_find(const struct option_section *s, const char *name)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->option[i].name, name) == 0)
			return &s->option[i];
	must(!"an option of the table");
	return NULL;
}

/* ---- libconfuse's tables --------------------------------------------------------------------------------------------- */

static cfg_opt_t *section_for_libconfuse(struct arena *a, const struct option_section *s, unsigned room)
{
	cfg_opt_t *o = arena_alloc(a, (s->count + room + 1) * sizeof(*o));

	for (unsigned i = 0; i < s->count; i++) {
		const struct option *opt = &s->option[i];

		switch (opt->type) {
		case OPT_TEXTS: case OPT_NAMES:
			o[i] = (cfg_opt_t)CFG_STR_LIST(opt->name, NULL, CFGF_NODEFAULT);
			break;
		case OPT_COUNT: o[i] = (cfg_opt_t)CFG_INT(opt->name, 0, CFGF_NODEFAULT); break;
		case OPT_NUMBER: o[i] = (cfg_opt_t)CFG_FLOAT(opt->name, 0, CFGF_NODEFAULT); break;
		case OPT_SWITCH: o[i] = (cfg_opt_t)CFG_BOOL(opt->name, cfg_false, CFGF_NODEFAULT); break;
		case OPT_CHECKS:
			o[i] = (cfg_opt_t)CFG_SEC(opt->name, NULL, CFGF_MULTI | CFGF_TITLE);
			o[i].subopts = section_for_libconfuse(a, option_section_find("check"), 0);
			break;
		default: o[i] = (cfg_opt_t)CFG_STR(opt->name, NULL, CFGF_NODEFAULT); break;
		}
	}
	o[s->count + room] = (cfg_opt_t)CFG_END();
	return o;
}

cfg_opt_t *options_for_libconfuse(struct arena *a)
{
	unsigned count = option_sections[0].count;
	cfg_opt_t *all = section_for_libconfuse(a, &option_sections[0], option_section_count - 1);

	for (unsigned i = 1; i < option_section_count; i++) {
		const struct option_section *s = &option_sections[i];
		cfg_opt_t *o = &all[count + i - 1];

		*o = (cfg_opt_t)CFG_SEC(s->name, NULL, CFGF_NONE);
		o->flags = s->titled ? CFGF_MULTI | CFGF_TITLE : CFGF_NONE;
		o->subopts = section_for_libconfuse(a, s, 0);
	}
	return all;
}

/* ---- values and how they are written --------------------------------------------------------------------------------- */

static const struct { const char *word; uint64_t octets; } size_units[] = {
	{ "TiB", UINT64_C(1) << 40 }, { "GiB", UINT64_C(1) << 30 }, { "MiB", UINT64_C(1) << 20 }, { "KiB", UINT64_C(1) << 10 },
	{ "TB", UINT64_C(1000000000000) }, { "GB", UINT64_C(1000000000) }, { "MB", UINT64_C(1000000) }, { "kB", UINT64_C(1000) },
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

/* ---- taking values --------------------------------------------------------------------------------------------------- */

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
