/* poller/calendar-ical.c: the events of an iCalendar file (RFC 5545), each a rule.
 *
 * Read are VEVENTs: DTSTART, DTEND or DURATION, RRULE, EXDATE, STATUS. A TZID is looked up in the system's zone
 * database, so VTIMEZONE is passed over. Length and end are civil time: an event from 22:00 to 06:00 ends at 06:00 in
 * every night.
 * What would change when an event is and is not understood is told, and the event left out; all else is passed over.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "calendar-int.h"

enum { LINE_MOST = 65536, SKIPS_MOST = 10000, LENGTH_DAYS_MOST = 3660 };

/* What an event has said so far; what depends on its zone is kept until it ends. */
struct event {
	unsigned line, rrule_line;
	bool bad, cancelled, has_start, has_end, has_length, all_day, end_timed;
	const struct zone *zone, *end_zone;
	int64_t start, end, length_s;
	char *rrule;
	struct skip { int64_t civil; bool utc; } *skip;
	uint32_t skips, skips_room;
};

struct ical {
	struct calendar *c;
	const char *at, *end;
	unsigned line, next_line;	/* of the content line in hand, and after it */
	char *text;			/* the content line, unfolded */
	size_t len;
	calendar_wrong *wrong;
	void *owner;
	bool in_event, any;
	unsigned passed;		/* components being passed over, one within the other */
	struct event event;
	char *name, *parameters, *value;
};

static void wrong(struct ical *i, unsigned line, const char *why)
{
	i->event.bad = true;
	i->wrong(i->owner, line, why);
}

/* ---- content lines (3.1): a line that begins with a blank goes on with the one before ---------------------------- */

static void take_physical(struct ical *i)
{
	const char *stop = memchr(i->at, '\n', (size_t)(i->end - i->at));
	const char *next = stop ? stop + 1 : i->end;
	size_t n;

	stop = stop ? stop : i->end;
	if (stop > i->at && stop[-1] == '\r')
		stop--;
	n = (size_t)(stop - i->at);
	if (i->len + n > LINE_MOST)
		n = LINE_MOST - i->len;
	memcpy(i->text + i->len, i->at, n);
	i->len += n;
	i->at = next;
	i->next_line++;
}

static bool next_line(struct ical *i)
{
	if (i->at == i->end)
		return false;
	i->line = i->next_line;
	i->len = 0;
	take_physical(i);
	while (i->at < i->end && (*i->at == ' ' || *i->at == '\t')) {
		i->at++;
		take_physical(i);
	}
	i->text[i->len] = 0;
	return true;
}

/* NAME;PARAMETERS:VALUE; a colon within quotes is none. */
static bool cut_line(struct ical *i)
{
	size_t name = strcspn(i->text, ";:");
	bool quoted = false;
	char *p = i->text + name;

	for (; *p && (quoted || *p != ':'); p++)
		quoted ^= *p == '"';
	if (*p != ':')
		return false;
	i->name = i->text;
	i->parameters = i->text[name] == ';' ? i->text + name + 1 : p;
	i->value = p + 1;
	*p = 0;
	i->text[name] = 0;
	return true;
}

/* The value of a parameter, copied; empty when there is none. */
static void parameter(const struct ical *i, const char *name, char *buf, size_t size_octets)
{
	size_t len = strlen(name);

	buf[0] = 0;
	for (const char *p = i->parameters; *p;) {
		size_t n = 0;
		bool quoted = false;

		for (; p[n] && (quoted || p[n] != ';'); n++)
			quoted ^= p[n] == '"';
		if (n > len && strncasecmp(p, name, len) == 0 && p[len] == '=') {
			const char *v = p + len + 1;
			size_t room = n - len - 1;

			if (room >= 2 && v[0] == '"' && v[room - 1] == '"') {
				v++;
				room -= 2;
			}
			if (room < size_octets) {
				memcpy(buf, v, room);
				buf[room] = 0;
			}
			return;
		}
		p += n + (p[n] == ';');
	}
}

/* ---- properties -------------------------------------------------------------------------------------------------- */

static bool take_stamp(struct ical *i, int64_t *civil, bool *timed, const struct zone **zone)
{
	char name[80];
	struct err err;
	bool utc;

	if (!stamp_parse(i->value, strlen(i->value), civil, timed, &utc)) {
		wrong(i, i->line, "not a date or time from 1900 to 2199; it is written 20261231 or 20261231T090000");
		return false;
	}
	*zone = utc ? zone_utc() : NULL;
	parameter(i, "TZID", name, sizeof(name));
	if (utc || !*timed || !*name)
		return true;
	*zone = zone_get(i->c, name, &err);
	if (!*zone) {
		char why[640];

		snprintf(why, sizeof(why), "TZID \"%.60s\": %s", name, err.text);
		wrong(i, i->line, why);
	}
	return *zone != NULL;
}

static void take_start(struct ical *i)
{
	struct event *e = &i->event;
	bool timed;

	e->has_start = take_stamp(i, &e->start, &timed, &e->zone);
	e->all_day = !timed;
}

static void take_end(struct ical *i)
{
	struct event *e = &i->event;

	e->has_end = take_stamp(i, &e->end, &e->end_timed, &e->end_zone);
}

/* PnW, PnDTnHnMnS (3.3.6) */
static void take_duration(struct ical *i)
{
	static const struct { char unit; bool time; int64_t s; } unit[] = {
		{ 'W', false, 7 * DAY_S }, { 'D', false, DAY_S }, { 'H', true, 3600 }, { 'M', true, 60 }, { 'S', true, 1 },
	};
	const char *p = i->value + (*i->value == '+');
	int64_t sum = 0;
	bool time = false, some = false, good = *p++ == 'P';

	while (good && *p) {
		char *end;
		unsigned long n;
		size_t k = 0;

		if (*p == 'T' && !time) {
			time = true;
			p++;
		}
		n = isdigit((unsigned char)*p) ? strtoul(p, &end, 10) : ULONG_MAX;
		for (good = n <= 100000000; good && (k < 5 && (unit[k].unit != *end || unit[k].time != time)); k++) { }
		good = good && k < 5;
		if (good) {
			sum += (int64_t)n * unit[k].s;
			p = end + 1;
			some = true;
		}
	}
	if (!good || !some) {
		wrong(i, i->line, "DURATION is written like PT8H30M, P1D or P2W");
		return;
	}
	i->event.has_length = true;
	i->event.length_s = sum;
}

static void take_rrule(struct ical *i)
{
	if (i->event.rrule) {
		wrong(i, i->line, "a second RRULE is not supported; make an event of it");
		return;
	}
	i->event.rrule = must_strdup(i->value);
	i->event.rrule_line = i->line;
}

static void take_exdate(struct ical *i)
{
	struct event *e = &i->event;
	const char *at = i->value;

	for (;;) {
		size_t len = strcspn(at, ",");
		struct skip s;
		bool timed;

		if (!stamp_parse(at, len, &s.civil, &timed, &s.utc) || e->skips == SKIPS_MOST) {
			wrong(i, i->line, e->skips == SKIPS_MOST ? "more than 10000 EXDATE" :
			      "EXDATE is written 20261231 or 20261231T090000");
			return;
		}
		if (e->skips == e->skips_room) {
			e->skips_room = e->skips_room ? e->skips_room * 2 : 8;
			e->skip = must_realloc(e->skip, e->skips_room * sizeof(*e->skip));
		}
		e->skip[e->skips++] = s;
		if (!at[len])
			return;
		at += len + 1;
	}
}

static void take_status(struct ical *i) { i->event.cancelled = strcasecmp(i->value, "CANCELLED") == 0; }

static void take_rdate(struct ical *i)
{
	wrong(i, i->line, "RDATE is not supported; make an event of each date");
}

static void take_exrule(struct ical *i) { wrong(i, i->line, "EXRULE is not supported; write EXDATE"); }

static void take_recurrence_id(struct ical *i)
{
	wrong(i, i->line, "RECURRENCE-ID (one time changed) is not supported; leave that out with EXDATE and make an event "
	      "of it");
}

static const struct { const char *name; void (*take)(struct ical *i); } properties[] = {
	{ "DTSTART", take_start }, { "DTEND", take_end }, { "DURATION", take_duration }, { "RRULE", take_rrule },
	{ "EXDATE", take_exdate }, { "STATUS", take_status }, { "RDATE", take_rdate }, { "EXRULE", take_exrule },
	{ "RECURRENCE-ID", take_recurrence_id },
};

/* ---- events ------------------------------------------------------------------------------------------------------ */

static void event_forget(struct event *e)
{
	free(e->rrule);
	free(e->skip);
	*e = (struct event){ 0 };
}

/* How long, in civil time: by its end, its duration, or a day or moment (3.6.1). */
static int64_t length_of(struct event *e, const struct zone *own)
{
	if (e->has_end && e->end_zone != e->zone)
		e->end = zone_civil(e->zone ? e->zone : own, zone_instant(e->end_zone ? e->end_zone : own, e->end));
	if (e->has_end)
		return e->end - e->start;
	return e->has_length ? e->length_s : e->all_day ? DAY_S : 0;
}

static bool event_rule(struct ical *i, struct rule *r)
{
	struct event *e = &i->event;
	struct err err;

	if (!e->has_start) {
		wrong(i, e->line, "an event without DTSTART");
		return false;
	}
	if (e->has_end && e->end_timed == e->all_day) {
		wrong(i, e->line, "an event's DTSTART and DTEND: one has a time of day and the other has none");
		return false;
	}
	*r = (struct rule){ .start = e->start, .length_s = length_of(e, i->c->zone), .timed = true, .zone = e->zone,
			    .recur = { .interval = 1, .count = 1 } };
	if (r->length_s < 0 || r->length_s > (int64_t)LENGTH_DAYS_MOST * DAY_S) {
		wrong(i, e->line, "an event ends before it begins, or is longer than ten years");
		return false;
	}
	if (r->length_s == 0) {
		wrong(i, e->line, "an event without a length never holds; give it a DTEND");
		return false;
	}
	if (e->rrule && rrule_parse(e->rrule, strlen(e->rrule), e->zone ? e->zone : i->c->zone, &r->recur, &err) != FW_OK) {
		char why[600];

		snprintf(why, sizeof(why), "RRULE: %s", err.text);
		wrong(i, e->rrule_line, why);
		return false;
	}
	return true;
}

static void event_end(struct ical *i)
{
	struct event *e = &i->event;
	struct rule r;

	if (!e->bad && !e->cancelled && event_rule(i, &r)) {
		r.skips = e->skips;
		r.skip = must_alloc((e->skips + 1) * sizeof(*r.skip));
		for (uint32_t k = 0; k < e->skips; k++)
			r.skip[k] = e->skip[k].utc ? zone_civil(e->zone ? e->zone : i->c->zone, e->skip[k].civil) : e->skip[k].civil;
		if (!rule_add(i->c, CALENDAR_ON, &r))
			wrong(i, e->line, "more than 10000 events");
		free(r.skip);
	}
	event_forget(e);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static void take_begin(struct ical *i)
{
	if (i->passed || i->in_event || (strcasecmp(i->value, "VCALENDAR") != 0 && strcasecmp(i->value, "VEVENT") != 0)) {
		i->passed++;
		return;
	}
	i->any = true;
	i->in_event = strcasecmp(i->value, "VEVENT") == 0;
	i->event.line = i->line;
}

static void take_end_of(struct ical *i)
{
	if (i->passed) {
		i->passed--;
		return;
	}
	if (i->in_event)
		event_end(i);
	i->in_event = false;
}

static void take_line(struct ical *i)
{
	if (i->len == 0)
		return;
	if (memchr(i->text, 0, i->len) || !cut_line(i) || i->len == LINE_MOST) {
		wrong(i, i->line, i->len == LINE_MOST ? "a line of more than 65536 octets" :
		      "not a line of an iCalendar file: NAME:VALUE");
		return;
	}
	if (strcasecmp(i->name, "BEGIN") == 0)
		take_begin(i);
	else if (strcasecmp(i->name, "END") == 0)
		take_end_of(i);
	for (size_t k = 0; i->in_event && !i->passed && k < sizeof(properties) / sizeof(*properties); k++)
		if (strcasecmp(i->name, properties[k].name) == 0)
			properties[k].take(i);
}

void calendar_ical(struct calendar *c, const char *text, size_t len_octets, calendar_wrong *tell, void *owner)
{
	struct ical i = { .c = c, .at = text, .end = text + len_octets, .next_line = 1, .text = must_alloc(LINE_MOST + 1),
			  .wrong = tell, .owner = owner };

	while (next_line(&i))
		take_line(&i);
	if (i.in_event)
		wrong(&i, i.event.line, "the event has no END:VEVENT");
	else if (!i.any)
		wrong(&i, 1, "not an iCalendar file: no BEGIN:VCALENDAR");
	event_forget(&i.event);
	free(i.text);
}
