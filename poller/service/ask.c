/* poller/service/ask.c: what a graph can be asked: verdicts, single points, support, what-if.
 *
 * A verdict is read from the cells. A function is evaluated for one state by walking one path, and single points lie
 * on that path: with all that is good tested as good, a component whose failure alone ends the service must be tested
 * there. A what-if values again, aside, the cells of one service that are at or above the changed level.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "short-int.h"

/* ---- verdicts ---------------------------------------------------------------------------------------------------- */

static struct verdict judge(const struct value *f, const struct value *g)
{
	struct verdict v = {
		.quality = f->distance[SET_DOWN] == 0 ? STATE_DOWN : g->distance[SET_WEAK] == 0 ? STATE_DEGRADED :
			   f->distance[SET_UNKNOWN] == 0 ? STATE_UNKNOWN : STATE_UP,
		.distance = f->distance[SET_DOWN], .distance_weak = f->distance[SET_WEAK],
		.distance_worst = f->distance[SET_UNKNOWN], .cuts = f->cuts,
		.degraded_distance = g->distance[SET_DOWN], .degraded_distance_weak = g->distance[SET_WEAK],
		.degraded_distance_worst = g->distance[SET_UNKNOWN], .degraded_cuts = g->cuts_weak,
		.p = f->p, .p_horizon = f->p_horizon, .exact = true, .distances_exact = true,
		.distance_least = f->distance[SET_DOWN],
	};

	v.at_risk = v.quality != STATE_DOWN && (f->weak || g->weak);
	return v;
}

static struct verdict with_design(struct verdict v, const struct value *f, const struct value *g)
{
	v.design_distance = f->distance[SET_DOWN];
	v.design_cuts = f->cuts;
	v.design_degraded_distance = g->distance[SET_DOWN];
	v.design_degraded_cuts = g->cuts;
	v.design_p = f->p;
	v.design_p_horizon = f->p_horizon;
	return v;
}

/* A component is a function of itself: x. */
static struct verdict judge_component(const struct graph *g, uint32_t component, enum state s)
{
	static const struct value lo = { .distance = { DISTANCE_NEVER, DISTANCE_NEVER, DISTANCE_NEVER } };
	static const struct value hi = { .cuts = 1, .cuts_weak = 1, .p = 1, .p_horizon = 1 };
	const struct rate *r = &g->node[component].rate;
	struct value x = value_of(s, r, &lo, &hi), design = value_of(STATE_UP, r, &lo, &hi);

	return with_design(judge(&x, &x), &design, &design);
}

const struct root *root_of(const struct graph *g, uint32_t node)
{
	must(g->built && node < g->nodes && g->node[node].watched);
	return &g->live.root[g->node[node].index];
}

static struct verdict beside_design(struct graph *g, const struct root *r, struct verdict v)
{
	lens_settle(g->design);
	return with_design(v, &g->design->value[r->f], &g->design->value[r->g]);
}

uint8_t *states_of(const struct lens *w)
{
	uint8_t *state = must_alloc(w->g->components + 1);

	for (uint32_t i = 0; i < w->g->components; i++)
		state[i] = (uint8_t)lens_get(w, w->g->component[i]);
	return state;
}

/* A verdict of the diagrams; when they had no room, made right. Takes 'state', NULL when there is room. */
static struct verdict made_right(const struct root *r, uint8_t *state, uint64_t steps, struct verdict v)
{
	if (r->loose)
		v = loose_verdict(r->loose, state, steps, v);
	free(state);
	return v;
}

struct verdict lens_verdict(struct lens *w, uint32_t node)
{
	const struct root *r;

	if (graph_is_component(w->g, node))
		return judge_component(w->g, node, lens_get(w, node));
	r = root_of(w->g, node);
	lens_settle(w);
	return made_right(r, r->loose ? states_of(w) : NULL, LOOSE_STEPS_NOW,
			  beside_design(w->g, r, judge(&w->value[r->f], &w->value[r->g])));
}

struct verdict graph_verdict(struct graph *g, uint32_t node)
{
	if (graph_is_component(g, node))
		return judge_component(g, node, graph_get(g, node));
	return lens_verdict(graph_now(g), node);
}

bool verdict_same(const struct verdict *a, const struct verdict *b)
{
	return a->quality == b->quality && a->at_risk == b->at_risk && a->distance == b->distance &&
	       a->distance_weak == b->distance_weak && a->distance_worst == b->distance_worst &&
	       a->design_distance == b->design_distance && a->cuts == b->cuts && a->design_cuts == b->design_cuts &&
	       a->degraded_distance == b->degraded_distance && a->degraded_cuts == b->degraded_cuts &&
	       a->degraded_distance_weak == b->degraded_distance_weak &&
	       a->degraded_distance_worst == b->degraded_distance_worst &&
	       a->design_degraded_distance == b->design_degraded_distance &&
	       a->design_degraded_cuts == b->design_degraded_cuts && a->exact == b->exact &&
	       a->distances_exact == b->distances_exact && a->distance_least == b->distance_least;
}

/* ---- what if ----------------------------------------------------------------------------------------------------- */

/* Other states than those that are: one component's, or all. */
struct view {
	const struct graph *g;
	const enum state *all;		/* by order of creation, or NULL */
	uint32_t component, level;	/* of the one that differs; with 'all' the deepest */
	enum state s;
};

static uint8_t *states_seen(const struct view *w)
{
	uint8_t *state = states_of(w->g->now);

	for (uint32_t i = 0; w->all && i < w->g->components; i++)
		state[i] = (uint8_t)w->all[i];
	if (!w->all)
		state[w->g->node[w->component].index] = (uint8_t)w->s;
	return state;
}

static enum state state_seen(const struct view *w, uint32_t level)
{
	const struct live *l = &w->g->live;

	if (w->all)
		return w->all[w->g->node[l->level[level].component].index];
	return level == w->level ? w->s : (enum state)w->g->now->state[level];
}

static void reach_from(struct live *l, uint32_t cell, uint32_t deepest)
{
	if (cell >= DIAGRAM_INNER && l->cell[cell].level <= deepest)
		marks_set(&l->reach, cell);
}

/* The cells under r at or above level 'deepest', parents first, into l->list. */
static uint32_t reach_down(struct live *l, const struct root *r, uint32_t deepest)
{
	uint32_t n = 0, i;

	reach_from(l, r->f, deepest);
	reach_from(l, r->g, deepest);
	while (marks_give_greatest(&l->reach, &i)) {
		l->list[n++] = i;
		reach_from(l, l->cell[i].lo, deepest);
		reach_from(l, l->cell[i].hi, deepest);
	}
	return n;
}

/* Below the level of the change all is as it is. */
static const struct value *value_seen(const struct live *l, const struct view *w, uint32_t cell)
{
	if (cell < DIAGRAM_INNER || l->cell[cell].level > w->level)
		return &w->g->now->value[cell];
	return &l->what_if[l->aside[cell]];
}

static struct verdict verdict_seen(struct graph *g, const struct root *r, const struct view *w)
{
	struct live *l = &g->live;
	uint32_t n;

	lens_settle(g->now);
	n = reach_down(l, r, w->level);
	if (n > l->what_ifs) {
		l->what_ifs = n;
		l->what_if = must_realloc(l->what_if, n * sizeof(*l->what_if));
	}
	for (uint32_t i = n; i-- > 0;) {
		const struct cell *c = &l->cell[l->list[i]];

		l->aside[l->list[i]] = i;
		l->what_if[i] = value_of(state_seen(w, c->level), &l->level[c->level].rate, value_seen(l, w, c->lo),
					 value_seen(l, w, c->hi));
	}
	return made_right(r, r->loose ? states_seen(w) : NULL, LOOSE_STEPS_IF,
			  beside_design(g, r, judge(value_seen(l, w, r->f), value_seen(l, w, r->g))));
}

/* The level of a component in the part of a root, LEVEL_NONE when it has none there. */
static uint32_t level_in(const struct graph *g, uint32_t component, const struct root *r)
{
	const struct live *l = &g->live;
	uint32_t index = g->node[component].index, from = l->place_first[index], to = l->place_first[index + 1];

	while (from < to) {
		uint32_t mid = from + (to - from) / 2;

		if (l->place[mid] < r->from)
			from = mid + 1;
		else
			to = mid;
	}
	return from < l->place_first[index + 1] && l->place[from] < r->to ? l->place[from] : LEVEL_NONE;
}

struct verdict graph_verdict_if(struct graph *g, uint32_t node, uint32_t component, enum state s)
{
	struct view w = { .g = g, .s = s, .component = component };

	must(graph_is_component(g, component) && (unsigned)s < STATES);
	if (graph_is_component(g, node))
		return judge_component(g, node, node == component ? s : graph_get(g, node));
	w.level = level_in(g, component, root_of(g, node));
	if (w.level == LEVEL_NONE)			/* that of a service without room reaches no cell */
		return made_right(root_of(g, node), root_of(g, node)->loose ? states_seen(&w) : NULL, LOOSE_STEPS_IF,
				  graph_verdict(g, node));
	return verdict_seen(g, root_of(g, node), &w);
}

struct verdict graph_verdict_with(struct graph *g, uint32_t node, const enum state *state)
{
	struct view w = { .g = g, .all = state, .level = LEVEL_NONE - 1 };

	if (graph_is_component(g, node))
		return judge_component(g, node, state[g->node[node].index]);
	return verdict_seen(g, root_of(g, node), &w);
}

uint32_t graph_distance_if(struct graph *g, uint32_t node, uint32_t component, enum state s)
{
	return graph_verdict_if(g, node, component, s).distance;
}

enum state graph_quality_if(struct graph *g, uint32_t node, uint32_t component, enum state s)
{
	return graph_verdict_if(g, node, component, s).quality;
}

/* ---- lists of components ----------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* l->list, n long, in order of creation, as far as it goes. */
static size_t hand_out(struct live *l, size_t n, uint32_t *out, size_t most)
{
	qsort(l->list, n, sizeof(*l->list), by_number);
	if (n > 0 && most > 0)
		memcpy(out, l->list, (n < most ? n : most) * sizeof(*out));
	return n;
}

static size_t just_it(uint32_t component, uint32_t *out, size_t most)
{
	if (most > 0)
		out[0] = component;
	return 1;
}

static size_t points_without_room(struct lens *w, const struct root *r, unsigned set)
{
	uint8_t *state = states_of(w);
	size_t n = loose_points(w->g, r->loose, state, set, w->g->live.list);

	free(state);
	return n;
}

/* Along the path of what is: a component there that is not in the set and whose failure leads to a distance of 0. */
static size_t points(struct lens *w, const struct root *r, unsigned set)
{
	struct live *l = &w->g->live;
	uint32_t at = set == SET_WEAK ? r->g : r->f;
	size_t n = 0;

	if (r->loose)
		return points_without_room(w, r, set);
	lens_settle(w);
	while (at >= DIAGRAM_INNER) {
		const struct cell *c = &l->cell[at];
		bool failed = state_in((enum state)w->state[c->level], set);

		if (!failed && w->value[c->hi].distance[set] == 0)
			l->list[n++] = l->level[c->level].component;
		at = failed ? c->hi : c->lo;
	}
	return at == DIAGRAM_TRUE ? 0 : n;		/* true already: nothing makes it so any more */
}

/* A component ends itself. */
static size_t own_point(struct lens *w, uint32_t component, unsigned set, uint32_t *out, size_t most)
{
	return state_in(lens_get(w, component), set) ? 0 : just_it(component, out, most);
}

size_t lens_single_points(struct lens *w, uint32_t node, uint32_t *out, size_t most)
{
	if (graph_is_component(w->g, node))
		return own_point(w, node, SET_DOWN, out, most);
	return hand_out(&w->g->live, points(w, root_of(w->g, node), SET_DOWN), out, most);
}

size_t lens_degrading_points(struct lens *w, uint32_t node, uint32_t *out, size_t most)
{
	if (graph_is_component(w->g, node))
		return own_point(w, node, SET_WEAK, out, most);
	return hand_out(&w->g->live, points(w, root_of(w->g, node), SET_WEAK), out, most);
}

size_t graph_single_points(struct graph *g, uint32_t node, uint32_t *out, size_t most)
{
	return lens_single_points(graph_now(g), node, out, most);
}

size_t graph_design_single_points(struct graph *g, uint32_t node, uint32_t *out, size_t most)
{
	return lens_single_points(graph_design(g), node, out, most);
}

size_t graph_degrading_points(struct graph *g, uint32_t node, uint32_t *out, size_t most)
{
	return lens_degrading_points(graph_now(g), node, out, most);
}

size_t graph_design_degrading_points(struct graph *g, uint32_t node, uint32_t *out, size_t most)
{
	return lens_degrading_points(graph_design(g), node, out, most);
}

size_t graph_support(struct graph *g, uint32_t node, uint32_t *out, size_t most)
{
	struct live *l = &g->live;
	uint32_t cells, level = LEVEL_NONE;
	const uint32_t *component;
	size_t n = 0;

	if (graph_is_component(g, node))
		return just_it(node, out, most);
	if (root_of(g, node)->loose) {
		n = loose_components(root_of(g, node)->loose, &component);
		memcpy(l->list, component, n * sizeof(*l->list));
		return hand_out(l, n, out, most);
	}
	cells = reach_down(l, root_of(g, node), LEVEL_NONE - 1);
	for (uint32_t i = 0; i < cells; i++) {		/* cells of one level lie together */
		uint32_t here = l->cell[l->list[i]].level;

		if (here != level)
			l->list[n++] = l->level[here].component;
		level = here;
	}
	return hand_out(l, n, out, most);
}

/* The roots above the cells marked, by walking up: for parts of many roots. */
static size_t walk_up(struct live *l, size_t n)
{
	uint8_t *taken = must_alloc(l->roots + 1);
	uint32_t i;

	while (marks_give_least(&l->reach, &i)) {
		for (uint32_t at = l->root_at[i]; at != NODE_NONE; at = l->root[at / 2].next[at % 2]) {
			if (!taken[at / 2])
				l->list[n++] = l->root[at / 2].node;
			taken[at / 2] = 1;
		}
		for (uint32_t j = l->cell[i].parents; j < l->cell[i + 1].parents; j++)
			marks_set(&l->reach, l->parent[j]);
	}
	free(taken);
	return n;
}

/* Services without room: their diagrams do not test all they stand on. */
static size_t touched_without_room(struct live *l, uint32_t component, size_t n)
{
	size_t had = n;

	for (uint32_t i = 0; i < l->roots; i++) {
		bool there = !l->root[i].loose || !loose_has(l->root[i].loose, component);

		for (size_t j = 0; j < had && !there; j++)
			there = l->list[j] == l->root[i].node;
		if (!there)
			l->list[n++] = l->root[i].node;
	}
	return n;
}

size_t graph_touched(struct graph *g, uint32_t component, uint32_t *out, size_t most)
{
	struct live *l = &g->live;
	uint32_t index;
	size_t n = 0;

	must(g->built && graph_is_component(g, component));
	index = g->node[component].index;
	for (uint32_t p = l->place_first[index]; p < l->place_first[index + 1]; p++) {
		const struct level *v = &l->level[l->place[p]];

		for (uint64_t above = v->above; above; above &= above - 1)
			l->list[n++] = l->root[v->root + (uint32_t)__builtin_ctzll(above)].node;
		for (uint32_t i = v->from; v->above == 0 && i < v->to; i++)
			marks_set(&l->reach, i);
	}
	if (marks_any(&l->reach))
		n = walk_up(l, n);
	if (l->loose)
		n = touched_without_room(l, component, n);
	return hand_out(l, n, out, most);
}

/* ---- smallest cut sets ------------------------------------------------------------------------------------------- */

/* A path not taken yet: 'last' is the component it adds as the chosen-th. */
struct branch { uint32_t cell, chosen, last; };

struct cuts {
	const struct lens *seen;
	struct branch *branch;		/* at most one for each level of a path */
	size_t branches;
	uint32_t *cut;			/* the one being put together */
};

/* Follow one path that keeps to the distance to its end; where two do, the other is left for later. */
static void walk(struct cuts *w, struct branch at)
{
	const struct live *l = &w->seen->g->live;
	const struct value *value = w->seen->value;

	if (at.chosen > 0)
		w->cut[at.chosen - 1] = at.last;
	while (at.cell >= DIAGRAM_INNER) {
		const struct cell *c = &l->cell[at.cell];
		uint32_t distance = value[at.cell].distance[SET_DOWN], component = l->level[c->level].component;
		bool low = value[c->lo].distance[SET_DOWN] == distance;

		if (state_in((enum state)w->seen->state[c->level], SET_DOWN)) {
			at.cell = c->hi;
			continue;
		}
		if (low && value[c->hi].distance[SET_DOWN] + 1 == distance)
			w->branch[w->branches++] = (struct branch){ c->hi, at.chosen + 1, component };
		if (!low)
			w->cut[at.chosen++] = component;
		at.cell = low ? c->lo : c->hi;
	}
}

struct handing { uint32_t *out; size_t sets, size; };

static void hand(void *owner, const uint32_t *component, size_t n)
{
	struct handing *h = owner;

	if (n == h->size)
		memcpy(h->out + h->sets++ * n, component, n * sizeof(*component));
}

/* Of a service without room, whose distance is known from the gates alone. */
static size_t smallest_without_room(struct lens *seen, uint32_t node, uint32_t size, uint32_t *out, size_t most)
{
	struct cut_bound b = { .nodes = LOOSE_NODES, .steps = LOOSE_STEPS_DESIGN };
	struct handing h = { .out = out, .size = size };
	struct cut_sets *c;

	if (size > JOIN_SIZE_MOST ||
	    short_cut_sets(seen->g, &(struct cut_question){ .node = node, .lens = seen }, &b, size, &c) != FW_OK)
		return 0;
	cut_sets_each(c, most, hand, &h);
	cut_sets_free(c);
	return h.sets;
}

static size_t smallest_by_paths(struct lens *seen, uint32_t f, uint32_t size, uint32_t *out, size_t most)
{
	struct cuts w = { .seen = seen };
	size_t sets = 0;

	w.branch = must_alloc((seen->g->live.levels + 1u) * sizeof(*w.branch));
	w.cut = must_alloc(size * sizeof(*w.cut));
	w.branch[w.branches++] = (struct branch){ .cell = f };
	while (w.branches > 0 && sets < most) {
		walk(&w, w.branch[--w.branches]);
		memcpy(out + sets++ * size, w.cut, size * sizeof(*out));
	}
	free(w.branch);
	free(w.cut);
	return sets;
}

size_t lens_smallest_cuts(struct lens *seen, uint32_t node, uint32_t *out, size_t most)
{
	struct verdict v = lens_verdict(seen, node);
	const struct root *r;

	if (v.distance == 0 || v.distance == DISTANCE_NEVER || most == 0)
		return 0;
	if (graph_is_component(seen->g, node))
		return just_it(node, out, most);
	r = root_of(seen->g, node);
	if (r->loose && v.distance_least == v.distance)
		return smallest_without_room(seen, node, v.distance, out, most);
	return smallest_by_paths(seen, r->f, v.distance, out, most);
}

size_t graph_smallest_cuts(struct graph *g, uint32_t node, uint32_t *out, size_t most)
{
	return lens_smallest_cuts(graph_now(g), node, out, most);
}
