/* poller/service/lens.c: what follows from the states, kept up to date cell by cell, for one state vector or more.
 *
 * Each cell holds what follows from the states for its function. When a variable changes, the cells that test it are
 * valued again from their children, in the order of their numbers, and the parents of those whose value became another
 * one: nothing else is visited, and nothing is built. What a state change costs is the number of cells whose value it
 * changes, and their parents.
 *
 * With l, h the values of 'lo', 'hi' of a cell that tests x, whose unavailability is q:
 *	x in the set:	distance = h.distance				cuts = h.cuts		p = h.p
 *	else:		distance = min(l.distance, h.distance + 1)	cuts = those of them	p = (1-q) l.p + q h.p
 *			that have this distance, added
 * A variable that a path does not test is not failed in a smallest cut set: F is monotone, without it the set would be
 * a cut set as well. So every smallest cut set is exactly one path, and adding counts each once.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "service-int.h"

/* ---- one cell ---------------------------------------------------------------------------------------------------- */

enum { D = 1 << SET_DOWN, W = 1 << SET_WEAK, U = 1 << SET_UNKNOWN };

static const uint8_t sets[STATES] = {
	[STATE_UP] = 0, [STATE_DEGRADED] = W | U, [STATE_DOWN] = D | W | U, [STATE_UNKNOWN] = U,
};

bool state_in(enum state s, unsigned set) { return sets[s] >> set & 1; }

static inline uint32_t one_more(uint32_t distance)
{
	return distance == DISTANCE_NEVER ? DISTANCE_NEVER : distance + 1;
}

static inline uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static inline double cuts_of(uint32_t lo_distance, double lo_cuts, uint32_t hi_distance, double hi_cuts)
{
	uint32_t further = one_more(hi_distance);

	return (lo_distance <= further ? lo_cuts : 0) + (further <= lo_distance ? hi_cuts : 0);
}

struct value value_of(enum state s, const struct rate *r, const struct value *lo, const struct value *hi)
{
	unsigned in = sets[s];
	struct value v = { .weak = lo->weak | hi->weak | (in >> SET_WEAK & 1) };

	for (unsigned set = 0; set < SETS; set++)
		v.distance[set] = in >> set & 1 ? hi->distance[set] :
				  least(lo->distance[set], one_more(hi->distance[set]));
	v.cuts_weak = in & W ? hi->cuts_weak : cuts_of(lo->distance[SET_WEAK], lo->cuts_weak, hi->distance[SET_WEAK],
						       hi->cuts_weak);
	if (in & D) {
		v.cuts = hi->cuts;
		v.p = hi->p;
		v.p_horizon = hi->p_horizon;
		return v;
	}
	v.cuts = cuts_of(lo->distance[SET_DOWN], lo->cuts, hi->distance[SET_DOWN], hi->cuts);
	v.p = (1 - r->q) * lo->p + r->q * hi->p;
	v.p_horizon = (1 - r->q_horizon) * lo->p_horizon + r->q_horizon * hi->p_horizon;
	return v;
}

static const struct value constants[DIAGRAM_INNER] = {
	[DIAGRAM_FALSE] = { .distance = { DISTANCE_NEVER, DISTANCE_NEVER, DISTANCE_NEVER } },
	[DIAGRAM_TRUE] = { .cuts = 1, .cuts_weak = 1, .p = 1, .p_horizon = 1 },
};

/* ---- keeping up -------------------------------------------------------------------------------------------------- */

static enum state state_of(const struct lens *w, uint32_t index)
{
	if (w->pin && w->pin[index] != FOLLOW)
		return (enum state)w->pin[index];
	return (enum state)w->g->node[w->g->component[index]].state;
}

/* All cells that test the level: in a row, as they are numbered. */
static void touch_level(struct lens *w, uint32_t level)
{
	const struct level *v = &w->g->live.level[level];

	for (uint32_t c = v->from; c < v->to; c++)
		marks_set(&w->dirty, c);
}

static void touch(struct lens *w, uint32_t index)
{
	const struct live *l = &w->g->live;
	enum state s = state_of(w, index);

	for (uint32_t i = l->place_first[index]; i < l->place_first[index + 1]; i++) {
		if (w->state[l->place[i]] == s)
			continue;
		w->state[l->place[i]] = (uint8_t)s;
		touch_level(w, l->place[i]);
	}
}

void lenses_touch(struct graph *g, uint32_t index)
{
	for (struct lens *w = g->lenses; w; w = w->next)
		touch(w, index);
}

void lenses_rate(struct graph *g, uint32_t index)
{
	struct live *l = &g->live;

	for (uint32_t i = l->place_first[index]; i < l->place_first[index + 1]; i++) {
		l->level[l->place[i]].rate = g->node[g->component[index]].rate;
		for (struct lens *w = g->lenses; w; w = w->next)
			touch_level(w, l->place[i]);
	}
}

static struct value value_now(const struct lens *w, uint32_t cell)
{
	const struct cell *c = &w->g->live.cell[cell];

	return value_of((enum state)w->state[c->level], &w->g->live.level[c->level].rate, &w->value[c->lo],
			&w->value[c->hi]);
}

void lens_settle(struct lens *w)
{
	const struct live *l = &w->g->live;
	uint32_t i;

	while (marks_give_least(&w->dirty, &i)) {
		struct value v = value_now(w, i);

		if (memcmp(&v, &w->value[i], sizeof(v)) == 0)
			continue;
		w->value[i] = v;
		for (uint32_t j = l->cell[i].parents; j < l->cell[i + 1].parents; j++)
			marks_set(&w->dirty, l->parent[j]);
	}
}

/* ---- lenses ------------------------------------------------------------------------------------------------------ */

static struct lens *lens_add(struct graph *g)
{
	struct lens *w = must_alloc(sizeof(*w));

	*w = (struct lens){ .g = g, .next = g->lenses, .state = must_alloc(g->live.levels + 1),
			    .value = must_alloc(g->live.cells * sizeof(*w->value)) };
	marks_init(&w->dirty, g->live.cells);
	g->lenses = w;
	return w;
}

static void copy_values(struct lens *w, const struct lens *from)
{
	memcpy(w->state, from->state, w->g->live.levels);
	memcpy(w->value, from->value, w->g->live.cells * sizeof(*w->value));
}

void lenses_init(struct graph *g)
{
	g->design = lens_add(g);
	g->design->pin = must_alloc(g->components + 1);		/* zero: STATE_UP */
	memcpy(g->design->value, constants, sizeof(constants));
	for (uint32_t i = DIAGRAM_INNER; i < g->live.cells; i++)
		g->design->value[i] = value_now(g->design, i);
	g->now = lens_add(g);
	copy_values(g->now, g->design);
	for (uint32_t i = 0; i < g->components; i++)
		touch(g->now, i);
}

static void lens_release(struct lens *w)
{
	free(w->pin);
	free(w->state);
	free(w->value);
	marks_release(&w->dirty);
	free(w);
}

void lenses_release(struct graph *g)
{
	for (struct lens *w = g->lenses, *next; w; w = next) {
		next = w->next;
		lens_release(w);
	}
	g->lenses = g->now = g->design = NULL;
}

size_t lenses_octets(const struct graph *g)
{
	size_t octets = 0;

	for (const struct lens *w = g->lenses; w; w = w->next)
		octets += sizeof(*w) + (w->pin ? g->components : 0) + g->live.levels +
			  g->live.cells * sizeof(*w->value) + w->dirty.octets;
	return octets;
}

struct lens *graph_now(struct graph *g)
{
	must(g->built);
	return g->now;
}

struct lens *graph_design(struct graph *g)
{
	must(g->built);
	return g->design;
}

struct lens *lens_new(struct graph *g)
{
	struct lens *w;

	must(g->built);
	lens_settle(g->now);
	w = lens_add(g);
	w->pin = must_alloc(g->components + 1);
	memset(w->pin, FOLLOW, g->components + 1);
	copy_values(w, g->now);
	return w;
}

void lens_free(struct lens *w)
{
	struct lens **at;

	if (!w)
		return;
	must(w != w->g->now && w != w->g->design);
	for (at = &w->g->lenses; *at != w; at = &(*at)->next)
		;
	*at = w->next;
	lens_release(w);
}

static void pin(struct lens *w, uint32_t component, uint8_t s)
{
	uint32_t index = graph_component_index(w->g, component);

	must(w != w->g->now && w != w->g->design);
	w->pin[index] = s;
	touch(w, index);
}

void lens_set(struct lens *w, uint32_t component, enum state s)
{
	must((unsigned)s < STATES);
	pin(w, component, (uint8_t)s);
}

void lens_follow(struct lens *w, uint32_t component) { pin(w, component, FOLLOW); }

void lens_follow_all(struct lens *w)
{
	for (uint32_t i = 0; i < w->g->components; i++)
		if (w->pin[i] != FOLLOW)
			lens_follow(w, w->g->component[i]);
}

enum state lens_get(const struct lens *w, uint32_t component)
{
	return state_of(w, graph_component_index(w->g, component));
}
