/* poller/ctl/plan.c: whom a plan is about, and what would follow from it. See plan-int.h. */
#define _GNU_SOURCE		/* strverscmp */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/text.h"
#include "poller/ctl/plan-int.h"
#include "poller/ctl/risk-int.h"

enum { POINTS_MOST = 20, CUT_OFF_MOST = 1000, WHY_MOST = 5, MEMBERS_NAMED = 5 };

/* ---- whom it is about -------------------------------------------------------------------------------------------- */

struct taking { struct view *v; struct targets *t; struct names had; enum state to; struct err *err; enum fw_err e; };

/* There is none of that name among what has a state of its own: parts are looked for among all that were found. */
static enum fw_err unknown_component(struct view *v, const char *name, struct err *err)
{
	struct names parts = { 0 };
	const char *near;

	if (strchr(name, '/') == NULL)
		return name_unknown(err, v->config, "component", 1 << REF_DEVICE | 1 << REF_CHECK | 1 << REF_COMPONENT, name);
	for (size_t i = 0; i < model_count(v->model); i++)
		if (model_at(v->model, i)->kind < ENTITY_GROUP)
			names_put(&parts, model_at(v->model, i)->name, 1);
	near = names_nearest(&parts, name, 5);
	err_set(err, FW_NOTFOUND, "there is no component '%s'%s%s%s", name, near ? "; '" : "", near ? near : "", near ? "' is near" : "");
	names_release(&parts);
	return FW_NOTFOUND;
}

/* "app servers" -> "app1, app2, app3". */
static void add_members(struct text *t, const struct cfg_group *g)
{
	for (uint32_t i = 0; i < g->count && i < MEMBERS_NAMED; i++)
		text_add(t, "%s%s", i ? ", " : "", g->member[i].name);
	if (g->count > MEMBERS_NAMED)
		text_add(t, " and %u more", g->count - MEMBERS_NAMED);
}

static enum fw_err not_a_component(struct view *v, const struct entity *e, struct err *err)
{
	char members[512];
	struct text t = text_over(members, sizeof(members));

	if (e->kind == ENTITY_SERVICE)
		return err_set(err, FW_MISTAKE, "'%s' is a service: it follows from what it needs; name components (forewarn explain \"%s\""
			       " lists them)", e->name, e->name);
	text_add(&t, "%s", "");
	add_members(&t, &v->config->group[e->index]);
	return err_set(err, FW_MISTAKE, "'%s' is a group: it follows from its members; name those it is about: %s", e->name, members);
}

static void take_name(void *owner, const char *name)
{
	struct taking *k = owner;
	const struct entity *e = model_find(k->v->model, name);
	uint32_t at;

	if (k->e != FW_OK)
		return;
	if (e == NULL)
		k->e = unknown_component(k->v, name, k->err);
	else if (e->kind >= ENTITY_GROUP)
		k->e = not_a_component(k->v, e, k->err);
	if (k->e != FW_OK)
		return;
	at = names_find(&k->had, e->name);
	if (at == NAMES_NONE && k->t->count == TARGETS_MOST) {
		k->e = err_set(k->err, FW_FULL, "more than %d components; ask in parts", TARGETS_MOST);
		return;
	}
	if (at == NAMES_NONE)
		names_put(&k->had, e->name, at = (uint32_t)k->t->count++);
	k->t->list[at] = (struct target){ e, k->to };
}

static enum fw_err take_item(struct taking *k, const json_t *item)
{
	const char *name = json_text(item, "name"), *state = json_text(item, "state");
	struct err why;

	k->to = STATE_DOWN;
	if (state[0] && !state_parse(state, &k->to))
		return k->e = err_set(k->err, FW_MISTAKE, "'%s' is not a state; use up, degraded, down or unknown", state);
	if (strchr(name, '[') == NULL || model_find(k->v->model, name) != NULL)
		take_name(k, name);
	else if (!name_expand(name, take_name, k, &why))
		k->e = err_set(k->err, FW_MISTAKE, "'%s': %s", name, why.text);
	return k->e;
}

enum fw_err targets_take(struct view *v, const json_t *list, struct targets *t, struct err *err)
{
	struct taking k = { .v = v, .t = t, .err = err, .e = FW_OK };
	json_t *item;
	size_t i;

	*t = (struct targets){ .list = must_alloc(TARGETS_MOST * sizeof(*t->list)) };
	json_array_foreach(list, i, item)
		if (take_item(&k, item) != FW_OK)
			break;
	names_release(&k.had);
	if (k.e != FW_OK)
		targets_release(t);
	return k.e;
}

void targets_release(struct targets *t)
{
	free(t->list);
	*t = (struct targets){ 0 };
}

struct scenario *targets_scenario(struct view *v, const struct targets *t)
{
	struct scenario *s = scenario_new(v->model);

	for (size_t i = 0; i < t->count; i++)
		scenario_put(s, t->list[i].e, t->list[i].to);
	scenario_settle(s);
	return s;
}

/* ---- what changes ------------------------------------------------------------------------------------------------ */

/* A service as it is, or would be. */
struct shot { const struct entity *e; struct verdict v; size_t points; uint32_t point[POINTS_MOST]; };

static struct shot shot_of(struct lens *w, const struct entity *e)
{
	struct shot s = { .e = e, .v = lens_verdict(w, e->node) };

	s.points = lens_single_points(w, e->node, s.point, POINTS_MOST);
	return s;
}

static bool same_chance(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-12 * (fabs(a) + fabs(b));
}

static bool is_same(const struct shot *a, const struct shot *b)
{
	return verdict_same(&a->v, &b->v) && same_chance(a->v.p, b->v.p) &&
	       same_chance(a->v.p_horizon, b->v.p_horizon) && a->points == b->points &&
	       memcmp(a->point, b->point, sizeof(a->point)) == 0;
}

static json_t *distance_json(uint32_t d) { return d == DISTANCE_NEVER ? json_null() : json_integer(d); }

static json_t *shot_json(struct view *v, const struct shot *s)
{
	json_t *points = json_array();

	for (size_t i = 0; i < s->points && i < POINTS_MOST; i++)
		json_array_append_new(points, json_words(view_node_name(v, s->point[i])));
	return json_pack("{s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:o,s:o}", "quality", state_word(s->v.quality), "at_risk", s->v.at_risk,
			 "distance", distance_json(s->v.distance), "can_lose", json_lose(&s->v), "distance_weak", distance_json(s->v.distance_weak),
			 "distance_worst", distance_json(s->v.distance_worst), "smallest_count", json_whole(s->v.distance ? s->v.cuts : 0),
			 "single_points", points, "single_points_count", (json_int_t)s->points,
			 "p", isfinite(s->v.p) ? json_real(s->v.p) : json_null(),
			 "p_horizon", isfinite(s->v.p_horizon) ? json_real(s->v.p_horizon) : json_null());
}

static json_t *change_json(struct view *v, const struct shot *before, const struct shot *after)
{
	const struct cfg_service *c = &v->config->service[before->e->index];
	struct verdict design = { .distance = before->v.design_distance };

	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:i}", "service", json_words(before->e->name), "before", shot_json(v, before), "after",
			 shot_json(v, after), "built_for", json_lose(&design), "owner", json_words(c->owner), "tier", (int)c->tier);
}

static int quality_rank(const json_t *shot)
{
	static const char *const order[] = { "down", "degraded", "unknown", "up" };
	int n = 0;

	while (n < 3 && strcmp(json_text(shot, "quality"), order[n]) != 0)
		n++;
	return n;
}

/* How much it can lose, 0 the worst; what nothing can end last. */
static json_int_t lose_rank(const json_t *shot)
{
	const json_t *lose = json_object_get(shot, "can_lose");

	return json_is_integer(lose) ? json_integer_value(lose) : UINT32_MAX;
}

/* The worst first: what the service would be, then what it can lose, then whether that is a change, then its tier. */
static int by_harm(const void *x, const void *y)
{
	const json_t *a = *(json_t *const *)x, *b = *(json_t *const *)y, *after_a = json_object_get(a, "after"), *after_b = json_object_get(b, "after");
	json_int_t tier_a = json_int(a, "tier"), tier_b = json_int(b, "tier");
	bool worse_a = change_loses_quality(a), worse_b = change_loses_quality(b);

	if (worse_a != worse_b)
		return worse_a ? -1 : 1;
	if (quality_rank(after_a) != quality_rank(after_b))
		return quality_rank(after_a) - quality_rank(after_b);
	if (lose_rank(after_a) != lose_rank(after_b))
		return lose_rank(after_a) < lose_rank(after_b) ? -1 : 1;
	if (tier_a != tier_b)
		return (tier_a ? tier_a : 99) < (tier_b ? tier_b : 99) ? -1 : 1;
	return strverscmp(json_text(a, "service"), json_text(b, "service"));
}

static json_t *sorted(json_t *list)
{
	size_t n = json_array_size(list);
	json_t **item = must_alloc((n + 1) * sizeof(json_t *)), *out = json_array();

	for (size_t i = 0; i < n; i++)
		item[i] = json_array_get(list, i);
	qsort(item, n, sizeof(json_t *), by_harm);
	for (size_t i = 0; i < n; i++)
		json_array_append(out, item[i]);
	free(item);
	json_decref(list);
	return out;
}

json_t *changes_json(struct view *v, struct lens *is, struct lens *would)
{
	json_t *list = json_array();

	for (size_t i = 0; i < model_count(v->model); i++) {
		const struct entity *e = model_at(v->model, i);
		struct shot before, after;

		if (e->kind != ENTITY_SERVICE)
			continue;
		before = shot_of(is, e);
		after = shot_of(would, e);
		if (!is_same(&before, &after))
			json_array_append_new(list, change_json(v, &before, &after));
	}
	return sorted(list);
}

bool change_loses_quality(const json_t *change)
{
	int before = quality_rank(json_object_get(change, "before")), after = quality_rank(json_object_get(change, "after"));

	return after < before && after <= 1;
}

bool changes_lose_quality(const json_t *changes)
{
	bool loses = false;
	json_t *change;
	size_t i;

	json_array_foreach(changes, i, change)
		loses = loses || change_loses_quality(change);
	return loses;
}

/* ---- what does not ------------------------------------------------------------------------------------------------ */

static json_t *why_not(struct view *v, const struct target *t)
{
	struct entity *first = NULL;
	size_t n = model_touched_services(v->model, t->e, &first, 1);
	char words[MODEL_NAME_MAX + 256];

	if (t->e->state == t->to)
		snprintf(words, sizeof(words), "%s is %s already", t->e->name, state_word(t->to));
	else if (n == 0)
		snprintf(words, sizeof(words), "no service stands on %s", t->e->name);
	else if (n == 1 && graph_verdict(model_graph(v->model), first->node).quality == STATE_DOWN)
		snprintf(words, sizeof(words), "%s stands on %s, and is down already", first->name, t->e->name);
	else if (n == 1)
		snprintf(words, sizeof(words), "%s stands on %s, and is no nearer to its outage for it", first->name, t->e->name);
	else
		snprintf(words, sizeof(words), "%zu services stand on %s, and are no nearer to their outage for it", n, t->e->name);
	return json_words(words);
}

json_t *unchanged_json(struct view *v, const struct targets *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->count && i < WHY_MOST; i++)
		json_array_append_new(list, why_not(v, &t->list[i]));
	return list;
}

json_t *unreached_json(const struct scenario *s)
{
	const struct entity **e = must_alloc(CUT_OFF_MOST * sizeof(*e));
	size_t n = scenario_unreached(s, e, CUT_OFF_MOST);
	json_t *list = json_array();

	for (size_t i = 0; i < n && i < CUT_OFF_MOST; i++)
		json_array_append_new(list, json_words(e[i]->name));
	free(e);
	return list;
}

void list_add_name(json_t *list, const char *name, const char *state)
{
	json_t *item = json_pack("{s:o}", "name", json_words(name));

	if (state)
		json_object_set_new(item, "state", json_string(state));
	json_array_append_new(list, item);
}

/* ---- for people ---------------------------------------------------------------------------------------------------- */

void add_names(struct text *t, const json_t *list, const char *key, size_t most)
{
	size_t n = json_array_size(list), shown = n < most ? n : most;

	for (size_t i = 0; i < shown; i++) {
		const json_t *item = json_array_get(list, i);

		text_add(t, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ", key ? json_text(item, key) : json_string_value(item));
	}
	if (n > shown)
		text_add(t, " and %zu more", n - shown);
}

static const char *quality_words(const json_t *shot)
{
	static const char *const word[] = { "DOWN", "DEGRADED", "unknown", "ok" };

	return word[quality_rank(shot)];
}

/* "ok -> DOWN"; what stays is said once. */
static void arrow(const char *before, const char *after, char *buf, size_t size)
{
	snprintf(buf, size, strcmp(before, after) == 0 ? "%s" : "%s -> %s", before, after);
}

static void lose_word(const json_t *shot, char *buf, size_t size)
{
	const json_t *lose = json_object_get(shot, "can_lose");

	if (json_is_null(lose))
		snprintf(buf, size, "any");
	else if (json_integer_value(lose) < 0)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%lld", (long long)json_integer_value(lose));
}

/* What would end it then, when one alone would. */
static void end_words(const json_t *change, char *buf, size_t size)
{
	const json_t *after = json_object_get(change, "after"), *points = json_object_get(after, "single_points");
	size_t n = json_array_size(points), shown = n < 4 ? n : 4;
	struct text t = text_over(buf, size);

	text_add(&t, "%s", "");
	if (quality_rank(after) == 0)
		text_add(&t, "it is down");
	for (size_t i = 0; i < shown; i++)
		text_add(&t, "%s%s", i ? ", " : "", json_string_value(json_array_get(points, i)));
	if (json_int(after, "single_points_count") > (json_int_t)shown)
		text_add(&t, " and %lld more", (long long)json_int(after, "single_points_count") - (long long)shown);
	if (t.len == 0)
		text_add(&t, "no one alone");
}

static const char *risk_words(const json_t *before, const json_t *after)
{
	bool was = json_is_true(json_object_get(before, "at_risk")), is = json_is_true(json_object_get(after, "at_risk"));

	return is ? "AT RISK" : was && quality_rank(after) != 0 ? "no more" : "";
}

struct row { char quality[32], lose[32], ends[600]; };

static struct row row_of(const json_t *change)
{
	const json_t *before = json_object_get(change, "before"), *after = json_object_get(change, "after");
	char was[24], is[24];
	struct row r;

	arrow(quality_words(before), quality_words(after), r.quality, sizeof(r.quality));
	lose_word(before, was, sizeof(was));
	lose_word(after, is, sizeof(is));
	arrow(was, is, r.lose, sizeof(r.lose));
	end_words(change, r.ends, sizeof(r.ends));
	return r;
}

struct change_sheet { unsigned service, quality, lose; };
enum { RISK_COLUMNS = 7, SERVICE_LEAST = 16, ENDS_LEAST = 24, LOSE_LEAST = 14 };

static unsigned larger(unsigned a, size_t b) { return b > a ? (unsigned)b : a; }

static struct change_sheet sheet_of(const struct screen *s, const json_t *changes)
{
	struct change_sheet w = { SERVICE_LEAST, 8, LOSE_LEAST };
	unsigned most;
	json_t *change;
	size_t i;

	json_array_foreach(changes, i, change) {
		struct row r = row_of(change);

		w.service = larger(w.service, text_columns(json_text(change, "service")));
		w.quality = larger(w.quality, strlen(r.quality));
		w.lose = larger(w.lose, strlen(r.lose));
	}
	most = w.quality + RISK_COLUMNS + w.lose + ENDS_LEAST + 8;
	most = s->width > most + SERVICE_LEAST ? s->width - most : SERVICE_LEAST;
	w.service = w.service < most ? w.service : most;
	return w;
}

static void print_change(const struct screen *s, const struct change_sheet *w, const json_t *change)
{
	const json_t *after = json_object_get(change, "after");
	unsigned indent = w->service + w->quality + RISK_COLUMNS + w->lose + 8;
	struct row r = row_of(change);

	if (text_columns(json_text(change, "service")) > w->service)	/* a line of its own: cut, it might be another's */
		screen_wrap(s, 0, json_text(change, "service"));
	screen_cell(s, text_columns(json_text(change, "service")) > w->service ? "" : json_text(change, "service"), w->service);
	fprintf(s->out, "  %s%-*s%s  %s%-*s%s  %-*s  ", screen_ink(s, state_ink(json_text(after, "quality"))), (int)w->quality, r.quality,
		screen_ink(s, INK_PLAIN), screen_ink(s, INK_WARN), RISK_COLUMNS, risk_words(json_object_get(change, "before"), after),
		screen_ink(s, INK_PLAIN), (int)w->lose, r.lose);
	screen_wrap(s, indent, r.ends);
}

void changes_print(const struct screen *s, const json_t *changes)
{
	struct change_sheet w = sheet_of(s, changes);
	json_t *change;
	size_t i;

	fprintf(s->out, "%s", screen_ink(s, INK_BOLD));
	screen_cell(s, "SERVICE", w.service);
	fprintf(s->out, "  %-*s  %-*s  %-*s  %s%s\n", (int)w.quality, "QUALITY", RISK_COLUMNS, "RISK", (int)w.lose, "CAN STILL LOSE",
		"WOULD END IT THEN", screen_ink(s, INK_PLAIN));
	json_array_foreach(changes, i, change)
		print_change(s, &w, change);
}
