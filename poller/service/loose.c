/* poller/service/loose.c: what is still known of a service whose diagrams have no room.
 *
 * Its gates are gone through as they are, members first, for the states that are asked about. Each gets the least number
 * of further failures that can end it: 0 or 1 for a component, and for a gate that fails with k members the k-th
 * smallest of theirs, since each of those k must fail. So 0 is exact (it has failed), and with it quality, what is at
 * risk, and single points; more is a lower bound, for members may fail together or apart.
 *
 * Distances and the number of smallest cut sets come from the sets of up to a size (short.c), of 1, of 2 and so on until
 * there is one: exact, while the steps last. When they do not, the size that was left is a lower bound, and the smallest
 * cut set of the diagrams, in which those parts that had no room never fail, an upper one. What was answered for the
 * states that were asked about last is kept.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "short-int.h"

enum { ANSWERS = 4 };

/* Not known when 'least' is less than 'distance'. */
struct known { uint32_t distance, least; double cuts; };

/* What was found for one state vector, of F and of G. */
struct answer {
	uint8_t *state;			/* of each component of it; NULL: nothing yet */
	uint64_t steps;			/* that were allowed */
	uint32_t least[SETS][2];	/* of one pass over the gates */
	struct known known[2][SETS];
};

struct loose {
	uint32_t *component, components;
	struct shorter *shorter;	/* its gates, members first, its own last */
	struct answer design, answer[ANSWERS];
	unsigned next;			/* the answer that goes next */
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
	*l = (struct loose){ .components = components, .shorter = shorter_new(g, p, component, components) };
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
	shorter_free(l->shorter);
	free(l->component);
	free(l->design.state);
	for (unsigned i = 0; i < ANSWERS; i++)
		free(l->answer[i].state);
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

	for (uint32_t i = 0; i < l->shorter->gates; i++) {
		uint32_t n = g->node[l->shorter->gate[i]].members;

		most = n > most ? n : most;
	}
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
	for (uint32_t i = 0; i < l->shorter->gates; i++) {
		uint32_t gate = l->shorter->gate[i];
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
	out[0] = w->f[l->shorter->gate[l->shorter->gates - 1]];
	out[1] = w->gg[l->shorter->gate[l->shorter->gates - 1]];
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static bool any_weak(const struct graph *g, const struct loose *l, const uint8_t *state)
{
	for (uint32_t i = 0; i < l->components; i++)
		if (state_in((enum state)state[g->node[l->component[i]].index], SET_WEAK))
			return true;
	return false;
}

/* Of F or G, for this state vector and one of the sets. 'k.least': a lower bound. */
static struct known find_distance(const struct loose *l, const uint8_t *state, unsigned set, bool degraded,
				  uint32_t least, uint64_t *steps)
{
	struct short_question q = { .of = l->shorter, .state = state, .set = set, .degraded = degraded,
				    .nodes = LOOSE_NODES, .steps = steps };
	struct known k = { .distance = DISTANCE_NEVER, .least = least };
	enum short_end end = SHORT_CUT;

	if (least == 0 || least == DISTANCE_NEVER)
		return (struct known){ .distance = least, .least = least, .cuts = least == 0 };
	for (; end == SHORT_CUT && k.least <= JOIN_SIZE_MOST; k.least++) {
		struct families z;
		uint32_t root;

		end = short_sets(&q, k.least, &z, &root);
		if (end != SHORT_FULL && root != FAMILY_NONE) {
			k.distance = k.least = root == FAMILY_UNIT ? 0 : k.least;
			k.cuts = families_sets(&z, root);
			families_release(&z);
			return k;
		}
		families_release(&z);
	}
	k.least = end == SHORT_ALL ? DISTANCE_NEVER : k.least - (end == SHORT_FULL);
	return k;
}

/* Of each set; where two are the same components, the answer is the same. */
static void find_answer(const struct loose *l, const uint8_t *state, uint64_t steps, struct answer *a)
{
	const struct graph *g = l->shorter->g;
	bool differs[SETS] = { true };
	struct pass w;

	pass_init(&w, g, l);
	for (unsigned set = 0; set < SETS; set++)
		bounds(&w, l, state, set, a->least[set]);
	pass_release(&w);
	for (uint32_t i = 0; i < l->components; i++)
		for (unsigned set = SET_WEAK; set < SETS; set++) {
			enum state s = (enum state)state[g->node[l->component[i]].index];

			differs[set] |= state_in(s, set) != state_in(s, set - 1);
		}
	for (unsigned set = 0; set < SETS; set++)
		for (unsigned which = 0; which < 2; which++)
			a->known[which][set] = !differs[set] ? a->known[which][set - 1] :
					       find_distance(l, state, set, which == 1, a->least[set][which], &steps);
}

static bool is_of(const struct answer *a, const struct loose *l, const uint8_t *state)
{
	for (uint32_t i = 0; a->state && i < l->components; i++)
		if (a->state[i] != state[l->shorter->g->node[l->component[i]].index])
			return false;
	return a->state != NULL;
}

static const struct answer *find_kept(struct loose *l, const uint8_t *state, uint64_t steps)
{
	struct answer *a = &l->answer[l->next];

	for (unsigned i = 0; i < ANSWERS; i++)
		if (l->answer[i].steps >= steps && is_of(&l->answer[i], l, state))
			return &l->answer[i];
	l->next = (l->next + 1) % ANSWERS;
	free(a->state);
	a->state = must_alloc(l->components + 1);
	for (uint32_t i = 0; i < l->components; i++)
		a->state[i] = state[l->shorter->g->node[l->component[i]].index];
	a->steps = steps;
	find_answer(l, state, steps, a);
	return a;
}

static const struct answer *find_design(struct loose *l)
{
	uint8_t *up;

	if (l->design.state)
		return &l->design;
	up = must_alloc(l->shorter->g->components + 1);		/* zero: STATE_UP */
	l->design.state = must_alloc(l->components + 1);
	find_answer(l, up, LOOSE_STEPS_DESIGN, &l->design);
	free(up);
	return &l->design;
}

/* True when it is known; else the bounds are as good as they were. */
static bool take(const struct known *k, uint32_t *distance, double *cuts)
{
	if (k->least < k->distance)
		return false;
	*distance = k->distance;
	if (cuts)
		*cuts = k->cuts;
	return true;
}

/* A distance that is known is its own bound. */
static void take_answers(struct loose *l, const struct answer *now, struct verdict *v)
{
	const struct known *f = now->known[0], *g = now->known[1], *design = find_design(l)->known[0];
	const struct known *design_g = l->design.known[1];
	bool good = take(&f[SET_DOWN], &v->distance, &v->cuts);

	v->distance_least = f[SET_DOWN].least;
	good &= take(&f[SET_WEAK], &v->distance_weak, NULL);
	good &= take(&f[SET_UNKNOWN], &v->distance_worst, NULL);
	good &= take(&g[SET_DOWN], &v->degraded_distance, NULL);
	good &= take(&g[SET_WEAK], &v->degraded_distance_weak, &v->degraded_cuts);
	good &= take(&g[SET_UNKNOWN], &v->degraded_distance_worst, NULL);
	good &= take(design, &v->design_distance, &v->design_cuts);
	v->distances_exact = take(design_g, &v->design_degraded_distance, &v->design_degraded_cuts) && good;
}

struct verdict loose_verdict(struct loose *l, const uint8_t *state, uint64_t steps, struct verdict v)
{
	const struct answer *now = find_kept(l, state, steps);
	const uint32_t (*least)[2] = now->least;

	v.exact = false;
	v.quality = least[SET_DOWN][0] == 0 ? STATE_DOWN : least[SET_WEAK][1] == 0 ? STATE_DEGRADED :
		    least[SET_UNKNOWN][0] == 0 ? STATE_UNKNOWN : STATE_UP;
	v.at_risk = v.quality != STATE_DOWN && any_weak(l->shorter->g, l, state);
	v.distance = least[SET_DOWN][0] == 0 ? 0 : v.distance;
	v.distance_weak = least[SET_WEAK][0] == 0 ? 0 : v.distance_weak;
	v.distance_worst = least[SET_UNKNOWN][0] == 0 ? 0 : v.distance_worst;
	v.degraded_distance = least[SET_DOWN][1] == 0 ? 0 : v.degraded_distance;
	v.degraded_distance_weak = least[SET_WEAK][1] == 0 ? 0 : v.degraded_distance_weak;
	v.degraded_distance_worst = least[SET_UNKNOWN][1] == 0 ? 0 : v.degraded_distance_worst;
	take_answers(l, now, &v);
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
