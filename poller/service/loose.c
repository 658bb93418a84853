/* poller/service/loose.c: what is still known of a service whose diagrams have no room.
 *
 * Its gates are gone through as they are, members first, for the states that are asked about. Each gets the least number
 * of further failures that can end it: 0 or 1 for a component, and for a gate that fails with k members the k-th
 * smallest of theirs, since each of those k must fail. So 0 is exact (it has failed), and with it quality, what is at
 * risk, and single points; more is a lower bound, for members may fail together or apart. The upper bound is the
 * smallest cut set of the diagrams, in which those parts that had no room never fail.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "service-int.h"

struct loose {
	uint32_t *gate, gates;		/* members first, its own last */
	uint32_t *component, components;
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

struct loose *loose_new(const struct graph *g, const struct part *p, const uint32_t *component, uint32_t components)
{
	struct loose *l = must_alloc(sizeof(*l));

	must(p->gates > 0 && p->gate[p->gates - 1] < g->nodes);
	*l = (struct loose){ .gates = p->gates, .components = components };
	l->gate = must_alloc(p->gates * sizeof(*l->gate));
	memcpy(l->gate, p->gate, p->gates * sizeof(*l->gate));
	l->component = must_alloc((components + 1) * sizeof(*l->component));
	if (components > 0)
		memcpy(l->component, component, components * sizeof(*l->component));
	qsort(l->component, components, sizeof(*l->component), by_number);
	return l;
}

void loose_free(struct loose *l)
{
	if (!l)
		return;
	free(l->gate);
	free(l->component);
	free(l);
}

size_t loose_components(const struct loose *l, const uint32_t **component)
{
	*component = l->component;
	return l->components;
}

bool loose_has(const struct loose *l, uint32_t component)
{
	return bsearch(&component, l->component, l->components, sizeof(component), by_number) != NULL;
}

/* ---- one pass ---------------------------------------------------------------------------------------------------- */

struct pass {
	const struct graph *g;
	uint32_t *f, *gg;		/* of each node: further failures until F, until G, at least */
	uint32_t *sorted;		/* room for the members of a gate */
};

static void pass_init(struct pass *w, const struct graph *g, const struct loose *l)
{
	uint32_t most = 1;

	for (uint32_t i = 0; i < l->gates; i++)
		most = g->node[l->gate[i]].members > most ? g->node[l->gate[i]].members : most;
	*w = (struct pass){ .g = g, .f = must_alloc(g->nodes * sizeof(uint32_t)),
			    .gg = must_alloc(g->nodes * sizeof(uint32_t)), .sorted = must_alloc(most * sizeof(uint32_t)) };
}

static void pass_release(struct pass *w)
{
	free(w->f);
	free(w->gg);
	free(w->sorted);
}

static uint32_t kth(const struct pass *w, const uint32_t *of, const struct node *n, uint32_t need)
{
	for (uint32_t j = 0; j < n->members; j++)
		w->sorted[j] = of[n->member[j]];
	qsort(w->sorted, n->members, sizeof(*w->sorted), by_number);
	return w->sorted[n->members - need];
}

static bool too_small(const struct pass *w, const struct node *n)
{
	uint64_t left = 0;

	for (uint32_t j = 0; j < n->members && left < n->need_capacity; j++)
		left += n->capacity && w->f[n->member[j]] > 0 ? n->capacity[j] : 0;
	return left < n->need_capacity;
}

static void pass_gates(struct pass *w, const struct loose *l)
{
	for (uint32_t i = 0; i < l->gates; i++) {
		uint32_t gate = l->gate[i];
		const struct node *n = &w->g->node[gate];

		w->f[gate] = kth(w, w->f, n, graph_need(w->g, gate));
		w->gg[gate] = kth(w, w->gg, n, graph_full(w->g, gate));
		if (n->need_capacity > 0 && w->gg[gate] > 0)
			w->gg[gate] = too_small(w, n) ? 0 : 1;
	}
}

/* Given the components in a set: bounds of F and of G. */
static void bounds(struct pass *w, const struct loose *l, const uint8_t *state, unsigned set, uint32_t out[2])
{
	for (uint32_t i = 0; i < l->components; i++) {
		uint32_t c = l->component[i];

		w->f[c] = w->gg[c] = !state_in((enum state)state[w->g->node[c].index], set);
	}
	pass_gates(w, l);
	out[0] = w->f[l->gate[l->gates - 1]];
	out[1] = w->gg[l->gate[l->gates - 1]];
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static bool any_weak(const struct graph *g, const struct loose *l, const uint8_t *state)
{
	for (uint32_t i = 0; i < l->components; i++)
		if (state_in((enum state)state[g->node[l->component[i]].index], SET_WEAK))
			return true;
	return false;
}

struct verdict loose_verdict(const struct graph *g, const struct loose *l, const uint8_t *state, struct verdict v)
{
	uint32_t least[SETS][2];
	struct pass w;

	pass_init(&w, g, l);
	for (unsigned set = 0; set < SETS; set++)
		bounds(&w, l, state, set, least[set]);
	pass_release(&w);
	v.exact = false;
	v.quality = least[SET_DOWN][0] == 0 ? STATE_DOWN : least[SET_WEAK][1] == 0 ? STATE_DEGRADED :
		    least[SET_UNKNOWN][0] == 0 ? STATE_UNKNOWN : STATE_UP;
	v.at_risk = v.quality != STATE_DOWN && any_weak(g, l, state);
	v.distance_least = least[SET_DOWN][0];
	v.distance = least[SET_DOWN][0] == 0 ? 0 : v.distance;
	v.distance_weak = least[SET_WEAK][0] == 0 ? 0 : v.distance_weak;
	v.distance_worst = least[SET_UNKNOWN][0] == 0 ? 0 : v.distance_worst;
	v.degraded_distance = least[SET_DOWN][1] == 0 ? 0 : v.degraded_distance;
	v.degraded_distance_weak = least[SET_WEAK][1] == 0 ? 0 : v.degraded_distance_weak;
	v.degraded_distance_worst = least[SET_UNKNOWN][1] == 0 ? 0 : v.degraded_distance_worst;
	v.p = v.p_horizon = v.design_p = v.design_p_horizon = NAN;
	return v;
}

size_t loose_points(const struct graph *g, const struct loose *l, uint8_t *state, unsigned set, uint32_t *out)
{
	unsigned which = set == SET_WEAK;
	uint32_t least[2];
	struct pass w;
	size_t n = 0;

	pass_init(&w, g, l);
	bounds(&w, l, state, set, least);
	for (uint32_t i = 0; i < l->components && least[which] == 1; i++) {
		uint8_t *s = &state[g->node[l->component[i]].index], was = *s;
		uint32_t then[2];

		if (state_in((enum state)was, set))
			continue;
		*s = STATE_DOWN;
		bounds(&w, l, state, set, then);
		*s = was;
		if (then[which] == 0)
			out[n++] = l->component[i];
	}
	pass_release(&w);
	return n;
}
