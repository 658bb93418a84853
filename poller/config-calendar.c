/* poller/config-calendar.c: calendars, what groups need while they hold, what members can carry. See config-int.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "poller/config-int.h"

enum { ICAL_OCTETS_MOST = 16 << 20 };

/* ---- calendars --------------------------------------------------------------------------------------------------- */

static enum fw_err add_on(struct calendar *c, const char *text, struct err *err)
{
	return calendar_add(c, CALENDAR_ON, text, err);
}

static enum fw_err add_except(struct calendar *c, const char *text, struct err *err)
{
	return calendar_add(c, CALENDAR_EXCEPT, text, err);
}

static enum fw_err add_holiday(struct calendar *c, const char *text, struct err *err)
{
	return calendar_add(c, CALENDAR_HOLIDAYS, text, err);
}

/* The line of one value of a list. */
static unsigned value_line(const struct section *s, const char *option, unsigned i)
{
	return conf_value_line(s->p, option, i);
}

static void take_days(const struct section *s, const char *option, struct texts *t, struct calendar *c,
		      enum fw_err (*add)(struct calendar *c, const char *text, struct err *err))
{
	struct err err = { .text = "" };

	take_texts(s, option, &t->text, &t->count);
	for (uint32_t i = 0; i < t->count; i++)
		if (add(c, t->text[i], &err) != FW_OK)
			mistake_add(s->l->m, s->p->file, value_line(s, option, i), "%s%s \"%s\": %s", s->subject, option,
				    t->text[i], err.text);
}

struct ical_file { struct load *l; const char *path; };

static void ical_wrong(void *owner, unsigned line, const char *why)
{
	const struct ical_file *f = owner;

	mistake_add(f->l->m, f->path, line, "%s", why);
}

/* A device or pipe might never end. */
static FILE *open_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return NULL;
	if (S_ISREG(st.st_mode))
		return fopen(path, "rbe");
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	return NULL;
}

static void take_ical_file(const struct section *s, const char *path, unsigned line, struct calendar *c)
{
	struct ical_file file = { .l = s->l, .path = path };
	FILE *f = open_file(path);
	char *octets = f ? must_alloc(ICAL_OCTETS_MOST) : NULL;
	size_t n = f ? fread(octets, 1, ICAL_OCTETS_MOST, f) : 0;

	if (!f || ferror(f))
		mistake_add(s->l->m, s->p->file, line, "%sical \"%s\": cannot be read: %s", s->subject, path, err_errno());
	else if (n == ICAL_OCTETS_MOST)
		mistake_add(s->l->m, s->p->file, line, "%sical \"%s\": has 16 MiB or more", s->subject, path);
	else
		calendar_ical(c, octets, n, ical_wrong, &file);
	if (f)
		fclose(f);
	free(octets);
}

static void take_icals(const struct section *s, struct cfg_calendar *k)
{
	const char **path;

	if (!take_texts(s, "ical", &k->ical.text, &k->ical.count))
		return;
	path = arena_alloc(&s->l->c->arena, (k->ical.count + 1) * sizeof(*path));
	for (uint32_t i = 0; i < k->ical.count; i++) {
		path[i] = path_beside(s->l, s->p->file, k->ical.text[i]);
		take_ical_file(s, path[i], value_line(s, "ical", i), k->calendar);
	}
	k->ical.text = path;
}

/* The record of a new one; NULL after saying why not. */
static struct cfg_calendar *new_calendar(const struct section *s)
{
	struct load *l = s->l;
	struct config *c = l->c;
	struct cfg_calendar *k;
	uint32_t had;

	if (!name_check(l, s->p->title, section_place(s, NULL), s->subject))
		return NULL;
	had = names_find(&l->calendars, s->p->title);
	if (had != NAMES_NONE) {
		section_wrong(s, NULL, "given twice, first in %s:%u", c->calendar[had].place.file, c->calendar[had].place.line);
		return NULL;
	}
	if (c->calendar_count == CALENDARS_MOST) {
		section_wrong(s, NULL, "more than %d calendars; put days of the same demand into one", CALENDARS_MOST);
		return NULL;
	}
	k = grow(&c->calendar, &c->calendar_count, &l->calendar_size, sizeof(*k));
	k->place = section_place(s, NULL);
	k->name = arena_strdup(&c->arena, s->p->title);
	k->calendar = calendar_new();
	names_put(&l->calendars, k->name, c->calendar_count - 1);
	return k;
}

void take_calendar(const struct section *s)
{
	struct cfg_calendar *k = new_calendar(s);
	struct err err = { .text = "" };

	if (!k)
		return;
	if (take_text(s, "zone", &k->zone) && calendar_zone(k->calendar, k->zone, &err) != FW_OK)
		section_wrong(s, "zone", "zone = \"%s\": %s", k->zone, err.text);
	take_days(s, "on", &k->on, k->calendar, add_on);
	take_days(s, "time", &k->time, k->calendar, calendar_time);
	take_days(s, "except", &k->except, k->calendar, add_except);
	take_days(s, "holidays", &k->holidays, k->calendar, add_holiday);
	take_icals(s, k);
	if (k->on.count == 0 && k->ical.count == 0)
		section_wrong(s, NULL, "names no day; write on = {\"2026-12-31\"} or ical = {\"FILE\"}");
}

/* ---- demand ------------------------------------------------------------------------------------------------------ */

void take_capacity(const struct section *s, uint64_t *out)
{
	long n;

	if (take_count(s, "capacity", &n))
		*out = (uint64_t)n;
}

static void take_need_capacity(const struct section *s, uint64_t *out)
{
	long n;

	if (take_count(s, "need-capacity", &n))
		*out = (uint64_t)n;
}

/* 'd' holds what is needed otherwise. */
static void take_one_demand(const struct section *s, struct demand *d, bool full_given)
{
	long need = d->need, full = 0;

	take_count(s, "need", &need);
	if (!take_count(s, "full", &full))
		full = full_given && d->full > need ? d->full : need;
	else if (full < need)
		section_wrong(s, "full", "full = %ld is less than need = %ld; make it %ld or more", full, need, need);
	take_need_capacity(s, &d->capacity);
	d->need = (uint32_t)need;
	d->full = (uint32_t)full;
}

static void take_during(const struct section *s, unsigned i, struct cfg_during *d, const struct cfg_group *g)
{
	struct section sub;

	d->demand = (struct demand){ g->need, g->full, g->need_capacity };
	d->place = section_place(s, NULL);
	d->name = section_inner(s, "during", i, &sub);
	if (!d->name)
		return;
	d->place = section_place(&sub, NULL);
	if (!section_given(&sub, "need") && !section_given(&sub, "full") && !section_given(&sub, "need-capacity"))
		section_wrong(&sub, NULL, "says nothing; write need, full or need-capacity");
	take_one_demand(&sub, &d->demand, section_given(s, "full"));
}

void take_demand(const struct section *s, struct cfg_group *g)
{
	struct demand d = { 0 };

	take_one_demand(s, &d, false);
	if (!section_given(s, "need"))
		section_wrong(s, NULL, "no need; write need = 1 if one member is enough");
	g->need = d.need;
	g->full = d.full;
	g->need_capacity = d.capacity;
	take_capacity(s, &g->capacity);
	g->during_count = cfg_size(s->cfg, "during");
	g->during = arena_alloc(&s->l->c->arena, (g->during_count + 1) * sizeof(*g->during));
	for (uint32_t i = 0; i < g->during_count; i++)
		take_during(s, i, &g->during[i], g);
}

/* ---- when names are known ---------------------------------------------------------------------------------------- */

/* 'group "x": ' or 'group "x": during "y": ' */
static void demand_wrong(struct load *l, const struct cfg_group *g, const struct cfg_during *d, const char *why)
{
	struct place at = d ? d->place : g->place;

	if (d)
		mistake_add(l->m, at.file, at.line, "group \"%s\": during \"%s\": %s", g->name, d->name, why);
	else
		mistake_add(l->m, at.file, at.line, "group \"%s\": %s", g->name, why);
}

static void one_count(struct load *l, const struct cfg_group *g, const struct cfg_during *d)
{
	struct demand x = d ? d->demand : (struct demand){ g->need, g->full, g->need_capacity };
	const char *s = g->count == 1 ? "" : "s";
	char why[128] = "";

	if (x.need > g->count)
		snprintf(why, sizeof(why), "need = %u, but it has %u member%s", x.need, g->count, s);
	else if (x.full > g->count)
		snprintf(why, sizeof(why), "full = %u, but it has %u member%s", x.full, g->count, s);
	if (*why)
		demand_wrong(l, g, d, why);
}

void demand_counts(struct load *l, const struct cfg_group *g)
{
	one_count(l, g, NULL);
	for (uint32_t i = 0; i < g->during_count; i++)
		one_count(l, g, &g->during[i]);
}

uint64_t config_capacity(const struct config *c, const struct cfg_group *g, const struct ref *member)
{
	uint64_t own = 0;

	switch ((enum ref_kind)member->kind) {
	case REF_DEVICE: own = c->device[member->index].capacity; break;
	case REF_CHECK: own = c->check[member->index].capacity; break;
	case REF_COMPONENT: own = c->component[member->index].capacity; break;
	case REF_PART: case REF_GROUP: case REF_SERVICE: break;
	}
	return own ? own : g->capacity;
}

/* "core1/interface/Gi0/1": does its class have a column of capacity? */
bool config_reads_capacity(const struct config *c, const struct ref *member)
{
	const char *class_at = strchr(member->name, '/'), *end = class_at ? strchr(class_at + 1, '/') : NULL;
	char class_name[NAME_OCTETS_MOST + 1];

	if (member->kind != REF_PART || !end || !c->mib || (size_t)(end - class_at) > sizeof(class_name))
		return false;
	snprintf(class_name, sizeof(class_name), "%.*s", (int)(end - class_at - 1), class_at + 1);
	for (unsigned i = 0; i < c->mib->count; i++)
		if (strcmp(c->mib->table[i]->class_name, class_name) == 0 && mib_has_capacity(c->mib->table[i]))
			return true;
	return false;
}

static bool asks_capacity(const struct cfg_group *g)
{
	bool asked = g->need_capacity != 0;

	for (uint32_t i = 0; i < g->during_count; i++)
		asked |= g->during[i].demand.capacity != 0;
	return asked;
}

bool config_weighs(const struct config *c, const struct cfg_group *g, const struct ref *member)
{
	return asks_capacity(g) && !config_capacity(c, g, member) && config_reads_capacity(c, member);
}

/* What all members can carry; 0 when that is read of one, or after saying of which it is not known. */
static uint64_t capacity_sum(struct load *l, const struct cfg_group *g)
{
	uint64_t sum = 0;
	bool all = true;

	for (uint32_t i = 0; i < g->count; i++) {
		const struct ref *r = &g->member[i];
		uint64_t n = config_capacity(l->c, g, r);
		char why[NAME_OCTETS_MOST + 256];

		sum += n;
		if (n)
			continue;
		all = false;
		if (config_reads_capacity(l->c, r))
			continue;
		if (r->kind == REF_PART || r->kind == REF_GROUP || r->kind == REF_SERVICE)
			snprintf(why, sizeof(why), "need-capacity, but member \"%.*s\" is a %s; write capacity = NUMBER into this group, "
				 "for each member that gives none", NAME_OCTETS_MOST, r->name,
				 r->kind == REF_PART ? "part of a device" : ref_kind_word(r->kind));
		else
			snprintf(why, sizeof(why), "need-capacity, but member \"%s\" has none; write capacity = NUMBER into its "
				 "section", r->name);
		demand_wrong(l, g, NULL, why);
	}
	return all ? sum : 0;
}

static void capacity_check(struct load *l, const struct cfg_group *g)
{
	uint64_t sum = asks_capacity(g) ? capacity_sum(l, g) : 0;
	char why[128];

	snprintf(why, sizeof(why), "need-capacity = %" PRIu64 ", but its members have %" PRIu64 " together",
		 g->need_capacity, sum);
	if (sum && g->need_capacity > sum)
		demand_wrong(l, g, NULL, why);
	for (uint32_t i = 0; i < g->during_count; i++) {
		uint64_t need = g->during[i].demand.capacity;

		snprintf(why, sizeof(why), "need-capacity = %" PRIu64 ", but its members have %" PRIu64 " together", need, sum);
		if (sum && need > sum && need != g->need_capacity)
			demand_wrong(l, g, &g->during[i], why);
	}
}

static void during_resolve(struct load *l, const struct cfg_group *g, struct cfg_during *d)
{
	char near[3 * NAME_OCTETS_MOST], why[4 * NAME_OCTETS_MOST];

	if (!d->name)
		return;
	d->calendar = names_find(&l->calendars, d->name);
	if (d->calendar != NAMES_NONE || may_exist(l, d->name))
		return;
	snprintf(why, sizeof(why), "no such calendar%s", near_text(l, &l->calendars, d->name, near, sizeof(near)));
	demand_wrong(l, g, d, why);
}

void demands_check(struct load *l)
{
	bool clean = l->m->count + l->m->more == 0;

	for (uint32_t i = 0; i < l->c->group_count; i++) {
		struct cfg_group *g = &l->c->group[i];

		for (uint32_t k = 0; k < g->during_count; k++)
			during_resolve(l, g, &g->during[k]);
		if (clean)
			capacity_check(l, g);	/* a member that is missing for another mistake is not missed again */
	}
}

/* ---- what is needed when ----------------------------------------------------------------------------------------- */

struct demand config_demand(const struct cfg_group *g, uint64_t calendars)
{
	struct demand d = { 0 };
	bool any = false;

	for (uint32_t i = 0; i < g->during_count; i++) {
		const struct demand *x = &g->during[i].demand;

		if (!(calendars >> g->during[i].calendar & 1))
			continue;
		any = true;
		d.need = x->need > d.need ? x->need : d.need;
		d.full = x->full > d.full ? x->full : d.full;
		d.capacity = x->capacity > d.capacity ? x->capacity : d.capacity;
	}
	return any ? d : (struct demand){ g->need, g->full, g->need_capacity };
}
