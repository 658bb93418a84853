/* poller/ctl/view-risk.c: the view of forewarn risk: how near a service is to its outage, and what brings it back.
 *
 * Everything is asked of the graph as it is now; nothing is built. What grows with the model is bounded here: how many
 * failed components are tried as repairs, how many single points are followed to what they carry.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan-int.h"
#include "risk-int.h"

enum { POINTS_MOST = 20, CARRIES_MOST = 8, FAILED_MOST = 1000, JUDGED_MOST = 64, REPAIRS_MOST = 16, STAGES_MOST = 4, LEFT_MOST = 12,
       SETS_DEFAULT = 20, SETS_MOST = 10000, HISTORY_DAYS = 90 };

/* ---- what is left ---------------------------------------------------------------------------------------------------------------- */

static json_t *left_row(struct look *l, uint32_t gate)
{
	struct left left = look_left(l, gate);

	return json_pack("{s:o,s:i,s:i,s:i,s:i,s:i}", "group", json_words(graph_name(l->g, gate)), "there", (int)left.there,
			 "unknown", (int)left.unknown, "members", (int)left.members, "need", (int)left.need, "full", (int)left.full);
}

/* What the service itself needs some of; further down, only where something is missing. What has lost members comes first. */
static void put_left(struct look *l, uint32_t service, json_t *item)
{
	json_t *lost = json_array(), *whole = json_array();
	json_int_t more = 0;

	for (size_t i = 0; i < l->gates; i++) {
		json_t *row = left_row(l, l->gate[i]);
		bool missing = json_int(row, "there") < json_int(row, "members");

		bool told = missing || look_is_direct(l, service, l->gate[i]);

		if (told && json_array_size(missing ? lost : whole) < LEFT_MOST)
			json_array_append(missing ? lost : whole, row);
		else
			more += told;
		json_decref(row);
	}
	json_array_extend(lost, whole);
	json_decref(whole);
	json_object_set_new(item, "left", lost);
	json_object_set_new(item, "left_more", json_integer(more));
}

/* ---- single points -------------------------------------------------------------------------------------------------------------- */

static json_t *names_json(struct view *v, const uint32_t *nodes, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_words(view_node_name(v, nodes[i])));
	return list;
}

/* Members of gates that work now and would not without 'point': what it carries, itself and its own device aside. */
static json_t *carries_json(struct view *v, struct look *now, uint32_t point)
{
	struct look then = look_at(now->g, point);
	const struct entity *own = model_of_node(v->model, point);
	const uint32_t *member;
	json_t *list = json_array();

	for (size_t i = 0; i < now->gates; i++) {
		size_t n = graph_members(now->g, now->gate[i], &member);

		for (size_t k = 0; k < n; k++) {
			if (then.seen[member[k]]++ || json_array_size(list) >= CARRIES_MOST)
				continue;
			then.seen[member[k]] = 1;
			if (look_works(now, member[k]) != WORKS_NOT && look_works(&then, member[k]) == WORKS_NOT &&
			    model_of_node(v->model, member[k]) != own)
				json_array_append_new(list, json_words(view_node_name(v, member[k])));
		}
	}
	look_away(&then);
	return list;
}

static void put_points(struct view *v, struct look *l, const struct entity *e, json_t *item)
{
	uint32_t nodes[POINTS_MOST];
	size_t n = graph_single_points(l->g, e->node, nodes, POINTS_MOST), shown = n < POINTS_MOST ? n : POINTS_MOST;
	json_t *carries = json_object(), *list;

	json_object_set_new(item, "single_points", names_json(v, nodes, shown));
	json_object_set_new(item, "single_points_count", json_integer((json_int_t)n));
	for (size_t i = 0; i < shown; i++) {
		list = carries_json(v, l, nodes[i]);
		if (json_array_size(list))
			json_object_set(carries, view_node_name(v, nodes[i]), list);
		json_decref(list);
	}
	json_object_set_new(item, "carries", carries);
	n = graph_design_single_points(l->g, e->node, nodes, POINTS_MOST);
	json_object_set_new(item, "design_single_points", names_json(v, nodes, n < POINTS_MOST ? n : POINTS_MOST));
	json_object_set_new(item, "design_single_points_count", json_integer((json_int_t)n));
}

/* ---- what failed, and its repair ------------------------------------------------------------------------------------------------- */

static int state_rank(enum state s) { return s == STATE_DOWN ? 0 : s == STATE_DEGRADED ? 1 : 2; }

static int by_state(const void *a, const void *b)
{
	const struct entity *x = *(const struct entity *const *)a, *y = *(const struct entity *const *)b;
	int r = state_rank(x->state) - state_rank(y->state);

	return r ? r : x->since.us < y->since.us ? -1 : x->since.us > y->since.us ? 1 : strcmp(x->name, y->name);
}

/* Those of the support that are not up, what is down first. */
static const struct entity **failed_of(struct view *v, const uint32_t *support, size_t n, size_t *count)
{
	const struct entity **list = must_alloc((n + 1) * sizeof(*list));

	*count = 0;
	for (size_t i = 0; i < n; i++) {
		const struct entity *e = model_of_node(v->model, support[i]);

		if (e != NULL && e->leaf == support[i] && e->state != STATE_UP)
			list[(*count)++] = e;
	}
	qsort(list, *count, sizeof(*list), by_state);
	return list;
}

static json_t *failed_json(struct view *v, const struct entity *service, const struct entity *e, bool judge)
{
	json_t *j = json_pack("{s:o,s:s,s:o,s:o,s:o,s:f}", "component", json_words(e->name), "state", state_word(e->state),
			      "reason", json_words(e->reason), "since", json_time(e->since), "after", json_time(e->since_after),
			      "age_s", e->since.us ? span_as_s(wall_since(v->now, e->since)) : 0.0);
	struct verdict then;

	if (!judge)
		return j;
	then = graph_verdict_if(model_graph(v->model), service->node, e->leaf, STATE_UP);
	json_object_set_new(j, "repaired_quality", json_string(state_word(then.quality)));
	json_object_set_new(j, "repaired_at_risk", json_boolean(then.at_risk));
	json_object_set_new(j, "repaired_can_lose", json_lose(&then));
	return j;
}

/* Which repairs together bring the service forward: the greedy choice, with what it did not need taken out again. */
struct plan {
	struct view *v;
	struct graph *g;
	uint32_t node;
	const struct entity **failed;	/* down or degraded */
	size_t count;
	enum state *state;		/* of every component, with the repairs so far */
	bool done[REPAIRS_MOST];
	struct verdict at;
};

static int quality_rank(enum state s) { return s == STATE_UP ? 3 : s == STATE_UNKNOWN ? 2 : s == STATE_DEGRADED ? 1 : 0; }

/* Does 'a' leave the service better off than 'b', as people see it? */
static bool is_better(const struct verdict *a, const struct verdict *b)
{
	if (quality_rank(a->quality) != quality_rank(b->quality))
		return quality_rank(a->quality) > quality_rank(b->quality);
	if (a->distance != b->distance)
		return a->distance > b->distance;
	return b->at_risk && !a->at_risk;
}

static struct verdict try_state(struct plan *p, size_t i, enum state s)
{
	enum state *at = &p->state[graph_component_index(p->g, p->failed[i]->leaf)], before = *at;
	struct verdict d;

	*at = s;
	d = graph_verdict_with(p->g, p->node, p->state);
	*at = before;
	return d;
}

static void repair(struct plan *p, size_t i, bool good)
{
	p->state[graph_component_index(p->g, p->failed[i]->leaf)] = good ? STATE_UP : p->failed[i]->state;
	p->done[i] = good;
}

/* Among repairs that people see no difference of: the smaller chance of an outage, or fewer ways to it where no chance is known. */
static bool is_safer(const struct verdict *a, const struct verdict *b)
{
	return isnan(a->p) || isnan(b->p) ? a->cuts < b->cuts : a->p < b->p;
}

/* The one that helps most now, or at least makes an outage least likely. */
static size_t best_repair(struct plan *p, struct verdict *best)
{
	size_t found = p->count;

	for (size_t i = 0; i < p->count; i++) {
		struct verdict d;

		if (p->done[i])
			continue;
		d = try_state(p, i, STATE_UP);
		if (found == p->count || is_better(&d, best) || (!is_better(best, &d) && is_safer(&d, best))) {
			found = i;
			*best = d;
		}
	}
	return found;
}

/* One stage: repair until it is better than before; then leave out what that did not need. NULL: no more to gain. */
static json_t *next_stage(struct plan *p)
{
	struct verdict then = p->at, without;
	size_t chosen[REPAIRS_MOST], n = 0, i;
	json_t *names = json_array();

	while (!is_better(&then, &p->at) && (i = best_repair(p, &then)) < p->count) {
		repair(p, i, true);
		chosen[n++] = i;
	}
	if (!is_better(&then, &p->at)) {
		while (n > 0)
			repair(p, chosen[--n], false);
		json_decref(names);
		return NULL;
	}
	for (i = 0; i + 1 < n; i++) {
		without = try_state(p, chosen[i], p->failed[chosen[i]]->state);
		if (is_better(&without, &p->at)) {
			repair(p, chosen[i], false);
			then = without;
		}
	}
	for (i = 0; i < n; i++)
		if (p->done[chosen[i]])
			json_array_append_new(names, json_words(p->failed[chosen[i]]->name));
	p->at = then;
	return json_pack("{s:o,s:s,s:o,s:b}", "components", names, "quality", state_word(then.quality), "can_lose", json_lose(&then),
			 "at_risk", then.at_risk);
}

static json_t *repairs_json(struct view *v, const struct entity *service, const struct entity **failed, size_t count)
{
	struct plan p = { .v = v, .g = model_graph(v->model), .node = service->node, .failed = failed };
	uint32_t components = graph_size(p.g).components;
	json_t *list = json_array(), *stage;

	while (p.count < count && p.count < REPAIRS_MOST && failed[p.count]->state != STATE_UNKNOWN)
		p.count++;
	if (p.count == 0)
		return list;
	p.state = must_alloc((components + 1) * sizeof(*p.state));
	for (uint32_t i = 0; i < components; i++)
		p.state[i] = graph_get(p.g, graph_component_at(p.g, i));
	p.at = graph_verdict_with(p.g, p.node, p.state);
	while (json_array_size(list) < STAGES_MOST && (stage = next_stage(&p)) != NULL)
		json_array_append_new(list, stage);
	free(p.state);
	return list;
}

/* The failures in the order they came: with how many of them the service was as it is now. What is unknown was always so. */
struct since { struct graph *g; uint32_t node; const struct entity **failed; size_t count; enum state *state; };

static int by_since(const void *a, const void *b)
{
	const struct entity *x = *(const struct entity *const *)a, *y = *(const struct entity *const *)b;

	return x->since.us < y->since.us ? -1 : x->since.us > y->since.us;
}

static struct verdict with_first(struct since *s, size_t n)
{
	for (size_t i = 0; i < s->count; i++)
		s->state[graph_component_index(s->g, s->failed[i]->leaf)] = i < n ? s->failed[i]->state : STATE_UP;
	return graph_verdict_with(s->g, s->node, s->state);
}

/* More failures never make it better, so the first that made it so is found by halving. */
static json_t *since_json(struct since *s, const struct verdict *now, bool of_risk)
{
	size_t low = 0, high = s->count;

	if (high == 0 || (of_risk ? !now->at_risk : now->quality != STATE_DOWN && now->quality != STATE_DEGRADED))
		return json_null();
	while (low < high) {
		size_t half = low + (high - low) / 2;
		struct verdict then = with_first(s, half);

		if (of_risk ? then.at_risk : quality_rank(then.quality) <= quality_rank(now->quality))
			high = half;
		else
			low = half + 1;
	}
	return low == 0 ? json_null() : json_time(s->failed[low - 1]->since);
}

static void put_since(struct view *v, const struct entity *e, const struct entity **failed, size_t count, json_t *item)
{
	struct since s = { .g = model_graph(v->model), .node = e->node, .failed = must_alloc((count + 1) * sizeof(*failed)) };
	struct verdict now = graph_verdict(s.g, e->node);
	uint32_t components = graph_size(s.g).components;

	for (size_t i = 0; i < count; i++)
		if (failed[i]->state != STATE_UNKNOWN && failed[i]->since.us)
			s.failed[s.count++] = failed[i];
	qsort(s.failed, s.count, sizeof(*s.failed), by_since);
	s.state = must_alloc((components + 1) * sizeof(*s.state));
	for (uint32_t i = 0; i < components; i++)
		s.state[i] = graph_get(s.g, graph_component_at(s.g, i));
	json_object_set_new(item, "quality_since", since_json(&s, &now, false));
	json_object_set_new(item, "risk_since", since_json(&s, &now, true));
	free(s.state);
	free(s.failed);
}

static void put_failed(struct view *v, const struct entity *e, const uint32_t *support, size_t n, json_t *item)
{
	size_t count, unknown = 0;
	const struct entity **failed = failed_of(v, support, n, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		unknown += failed[i]->state == STATE_UNKNOWN;
		if (i < FAILED_MOST)
			json_array_append_new(list, failed_json(v, e, failed[i], i < JUDGED_MOST));
	}
	json_object_set_new(item, "failed", list);
	json_object_set_new(item, "failed_count", json_integer((json_int_t)count));
	json_object_set_new(item, "repairs", repairs_json(v, e, failed, count));
	put_since(v, e, failed, count, item);
	json_object_set_new(item, "components", json_integer((json_int_t)n));
	json_object_set_new(item, "components_unknown", json_integer((json_int_t)unknown));
	free(failed);
}

/* ---- what happened before -------------------------------------------------------------------------------------------------------- */

struct before { json_int_t risks, outages; int64_t warning_us; struct wall down_at; bool at_risk; };

/* Newest first: an outage is followed here by the risk that came before it. */
static bool before_event(void *owner, const struct ledger_event *ev)
{
	struct before *b = owner;
	bool began = strstr(ev->now, "+risk") != NULL && strstr(ev->before, "+risk") == NULL && strcmp(ev->before, "down") != 0;

	if (strcmp(ev->what, "service") != 0)
		return true;
	if (strcmp(ev->now, "down") == 0 && strcmp(ev->before, "down") != 0) {
		b->outages++;
		b->down_at = strstr(ev->before, "+risk") ? ev->at : (struct wall){ 0 };
	} else if (began) {
		b->risks++;
		if (b->down_at.us && b->outages == 1)	/* of the last one */
			b->warning_us = wall_since(b->down_at, ev->at).us;
		b->down_at.us = 0;
	}
	return true;
}

static void put_before(struct view *v, const struct entity *e, json_t *item)
{
	struct before b = { 0 };
	struct err none;

	if (v->ledger == NULL || ledger_events(v->ledger, e->name, wall_add(v->now, span_s(-86400 * HISTORY_DAYS)), wall_add(v->now, span_s(1)),
					       10000, before_event, &b, &none) != FW_OK)
		return;
	json_object_set_new(item, "before", json_pack("{s:i,s:I,s:I,s:o}", "days", HISTORY_DAYS, "risks", b.risks, "outages", b.outages,
			    "last_warning_s", b.warning_us > 0 ? json_real((double)b.warning_us / 1e6) : json_null()));
}

/* ---- a service --------------------------------------------------------------------------------------------------------------------- */

static json_t *distance_json(uint32_t d) { return d == DISTANCE_NEVER ? json_null() : json_integer(d); }

static json_t *verdict_json(struct view *v, const struct entity *e, const struct verdict *d)
{
	const struct cfg_service *s = &v->config->service[e->index];
	struct verdict design = { .distance = d->design_distance };

	return json_pack("{s:o,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:f,s:o,s:o,s:o,s:i,s:o}", "service", json_words(e->name),
			 "quality", state_word(d->quality), "at_risk", d->at_risk, "can_lose", json_lose(d), "built_for", json_lose(&design),
			 "distance", distance_json(d->distance), "distance_weak", distance_json(d->distance_weak),
			 "distance_worst", distance_json(d->distance_worst), "design_distance", distance_json(d->design_distance),
			 "smallest_count", json_whole(d->distance ? d->cuts : 0), "design_smallest_count", json_whole(d->design_cuts), "p", json_finite(d->p),
			 "design_p", json_finite(d->design_p), "horizon_s", span_as_s(v->config->horizon), "p_horizon", json_finite(d->p_horizon),
			 "design_p_horizon", json_finite(d->design_p_horizon), "owner", json_words(s->owner), "tier", (int)s->tier,
			 "runbook", json_words(s->runbook));
}

/* For people who did not ask for cut sets, only the smallest are told: bound is NULL. */
struct asked { struct cut_asked cuts; bool alone, brief; struct fates fates; };

static json_t *service_json(struct view *v, const struct entity *e, struct asked *a)
{
	struct look l = look_at(model_graph(v->model), NODE_NONE);
	struct verdict d = model_verdict(v->model, e);
	json_t *item = verdict_json(v, e, &d);
	size_t n = graph_support(l.g, e->node, NULL, 0);
	uint32_t *support = must_alloc((n + 1) * sizeof(*support));

	if (!d.exact)			/* there are no probabilities then, and distances may be upper bounds */
		json_object_update_new(item, json_pack("{s:b,s:b,s:o}", "exact", false, "distances_exact", d.distances_exact,
						       "distance_least", distance_json(d.distance_least)));
	graph_support(l.g, e->node, support, n);
	plan_put_risk(v, e, &d, item);
	look_gates(&l, e->node);
	put_failed(v, e, support, n, item);
	put_left(&l, e->node, item);
	view_put_capacity(v, &l, e, item);
	put_points(v, &l, e, item);
	view_put_rates(v, support, n, !a->brief, item);
	if (a->brief)
		view_put_smallest(v, e, a->cuts.sets, item);
	else
		view_put_cuts(v, e, &a->cuts, item);
	if (a->alone)
		put_before(v, e, item);
	if (a->alone || !a->brief || d.at_risk) {
		fates_put(&a->fates, l.gate, l.gates, item);
		fates_put_seen(&a->fates, support, n, item);
	}
	json_object_set_new(item, "stands_on", names_json(v, support, n));
	free(support);
	look_away(&l);
	return item;
}

/* args: service ("" all), list (smallest cut sets, at most), brief (true: no numbers of all cut sets). */
json_t *view_risk(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	const char *only = json_text(args, "service");
	json_t *most = json_object_get(args, "list"), *items = json_array();
	struct asked a = { .cuts = view_cut_asked(v), .alone = only[0] != '\0', .brief = json_is_true(json_object_get(args, "brief")),
			   .fates = fates_begin(v) };

	a.cuts.sets = SETS_DEFAULT;
	if (json_is_integer(most) && json_integer_value(most) >= 0)
		a.cuts.sets = json_integer_value(most) < SETS_MOST ? (size_t)json_integer_value(most) : SETS_MOST;
	a.cuts.services = a.alone ? 1 : v->config->service_count;
	for (size_t i = 0; i < model_count(v->model); i++) {
		const struct entity *e = model_at(v->model, i);

		if (e->kind == ENTITY_SERVICE && (only[0] == '\0' || strcmp(only, e->name) == 0))
			json_array_append_new(items, service_json(v, e, &a));
		a.cuts.services -= e->kind == ENTITY_SERVICE && a.cuts.services > 0;
	}
	fates_end(&a.fates);
	if (only[0] && json_array_size(items) == 0) {
		name_unknown(err, v->config, "service", 1 << REF_SERVICE, only);
		json_decref(items);
		return NULL;
	}
	json_object_set_new(answer, "head", json_pack("{s:o,s:f,s:b,s:i,s:i}", "polled", json_time(v->polled_at), "polled_ago_s",
			    v->polled_at.us ? span_as_s(wall_since(v->now, v->polled_at)) : -1.0, "stale", v->stale,
			    "devices", (int)v->config->device_count, "checks", (int)v->config->check_count));
	return items;
}
