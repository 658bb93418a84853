/* poller/calendar.c: the calendar, and when it holds. See calendar.h. */
#include <stdlib.h>
#include <string.h>

#include "calendar-int.h"

struct calendar *calendar_new(void) { return must_alloc(sizeof(struct calendar)); }

void calendar_free(struct calendar *c)
{
	if (!c)
		return;
	for (unsigned l = 0; l < CALENDAR_LISTS; l++) {
		for (uint32_t i = 0; i < c->list[l].count; i++)
			free(c->list[l].rule[i].skip);
		free(c->list[l].rule);
	}
	for (uint32_t i = 0; i < c->zone_count; i++) {
		free(c->zones[i].name);
		zone_free(c->zones[i].zone);
	}
	free(c->zones);
	free(c);
}

bool rule_add(struct calendar *c, enum calendar_list list, const struct rule *r)
{
	struct rules *l = &c->list[list];
	struct rule *mine;

	if (l->count == CALENDAR_RULES_MOST)
		return false;
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 4;
		l->rule = must_realloc(l->rule, l->room * sizeof(*l->rule));
	}
	mine = &l->rule[l->count++];
	*mine = *r;
	mine->skip = NULL;
	if (r->skips) {
		mine->skip = must_alloc(r->skips * sizeof(*mine->skip));
		memcpy(mine->skip, r->skip, r->skips * sizeof(*mine->skip));
	}
	return true;
}

const struct zone *zone_get(struct calendar *c, const char *name, struct err *err)
{
	struct zone *z;

	for (uint32_t i = 0; i < c->zone_count; i++)
		if (strcmp(c->zones[i].name, name) == 0)
			return c->zones[i].zone;
	if (strcmp(name, "UTC") == 0)
		return zone_utc();
	z = zone_read(name, err);
	if (!z)
		return NULL;
	c->zones = must_realloc(c->zones, (c->zone_count + 1) * sizeof(*c->zones));
	c->zones[c->zone_count++] = (struct named_zone){ must_strdup(name), z };
	return z;
}

enum fw_err calendar_zone(struct calendar *c, const char *name, struct err *err)
{
	c->zone = zone_get(c, name, err);
	return c->zone ? FW_OK : FW_MISTAKE;
}

/* ---- days -------------------------------------------------------------------------------------------------------- */

static void note_day(void *owner, int64_t day)
{
	(void)day;
	*(bool *)owner = true;
}

/* Holidays among holidays are no help. */
static bool any_day(const void *owner, int64_t day) { (void)owner; (void)day; return true; }

static bool is_listed(const struct calendar *c, enum calendar_list list, int64_t day)
{
	bool found = false;
	struct recur_question q = { .from = day, .to = day, .working = any_day, .each = note_day, .owner = &found };

	for (uint32_t i = 0; i < c->list[list].count && !found; i++)
		recur_days(&c->list[list].rule[i], &q);
	return found;
}

static bool is_no_holiday(const void *calendar, int64_t day) { return !is_listed(calendar, CALENDAR_HOLIDAYS, day); }

/* ---- spans ------------------------------------------------------------------------------------------------------- */

struct span_s { int64_t from, to; };

struct gathering {
	const struct calendar *c;
	const struct rule *rule;
	struct span_s *span;
	size_t count, room;
	int64_t from, to;		/* instants asked for */
};

static void gather_one(struct gathering *g, int64_t civil, int64_t length_s)
{
	const struct zone *z = g->rule->zone ? g->rule->zone : g->c->zone;
	struct span_s s = { zone_instant(z, civil), zone_instant(z, civil + length_s) };

	for (uint32_t i = 0; i < g->rule->skips; i++)
		if (g->rule->skip[i] == civil)
			return;
	if (s.to <= g->from || s.from >= g->to || s.to <= s.from)
		return;
	if (g->count == g->room) {
		g->room = g->room ? g->room * 2 : 64;
		g->span = must_realloc(g->span, g->room * sizeof(*g->span));
	}
	g->span[g->count++] = s;
}

static void gather_day(void *owner, int64_t day)
{
	struct gathering *g = owner;

	if (is_listed(g->c, CALENDAR_EXCEPT, day))
		return;
	if (g->rule->timed) {
		gather_one(g, g->rule->start - day_floor(g->rule->start) * DAY_S + day * DAY_S, g->rule->length_s);
		return;
	}
	for (uint32_t i = 0; i < g->c->windows; i++)
		gather_one(g, day * DAY_S + g->c->window[i].from_s, g->c->window[i].length_s);
	if (g->c->windows == 0)
		gather_one(g, day * DAY_S, DAY_S);
}

static int by_begin(const void *a, const void *b)
{
	const struct span_s *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static size_t join(struct span_s *s, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(s, n, sizeof(*s), by_begin);
	for (size_t i = 0; i < n; i++) {
		if (kept && s[i].from <= s[kept - 1].to) {
			if (s[i].to > s[kept - 1].to)
				s[kept - 1].to = s[i].to;
			continue;
		}
		s[kept++] = s[i];
	}
	return kept;
}

static void gather_rule(struct gathering *g, const struct rule *r)
{
	int64_t reach = r->timed ? r->length_s / DAY_S + 2 : 3;	/* days that a span may have begun before */
	struct recur_question q = { .from = day_floor(g->from) - reach, .to = day_floor(g->to) + 2, .working = is_no_holiday,
				    .calendar = g->c, .each = gather_day, .owner = g };

	g->rule = r;
	recur_days(r, &q);
}

bool calendar_spans(const struct calendar *c, struct wall from, struct wall to, struct wall_span *out, size_t most,
		    size_t *count)
{
	struct gathering g = { .c = c, .from = day_floor(from.us / 1000000) * DAY_S - DAY_S, .to = to.us / 1000000 + DAY_S };
	size_t n, written = 0;

	for (uint32_t i = 0; i < c->list[CALENDAR_ON].count; i++)
		gather_rule(&g, &c->list[CALENDAR_ON].rule[i]);
	n = join(g.span, g.count);
	for (size_t i = 0; i < n && written <= most; i++) {
		struct wall_span s = { { g.span[i].from * 1000000 }, { g.span[i].to * 1000000 } };

		if (s.to.us <= from.us || s.from.us >= to.us)
			continue;
		if (written < most)
			out[written] = s;
		written++;
	}
	free(g.span);
	*count = written < most ? written : most;
	return written <= most;
}

bool calendar_holds(const struct calendar *c, struct wall at)
{
	struct wall_span s;
	size_t n;

	calendar_spans(c, at, (struct wall){ at.us + 1 }, &s, 1, &n);
	return n > 0;
}
