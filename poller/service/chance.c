/* poller/service/chance.c: between which bounds a probability lies when the diagram that would tell it has no room.
 *
 * Below: what is known of F is within F. The cut sets of up to a size are, and so is the loose diagram; as a diagram of
 * their own the cut sets have an exact probability, where that has room.
 *
 * Above: F is true when one of these cut sets has failed, or a larger one, and then more components have failed than
 * those have: P(F) <= P(cut sets) + P(more than so many fail), the second exactly, by taking in one component after the
 * other. Those that are one variable (alike.c) count once: no minimal cut set has two of them.
 * Without a diagram, with x the variable tested first, and a family l + x h: P <= P(l) + q P(h) (1 - P(l)), for
 * increasing functions of independent components are not less often true together than they would be if they were
 * independent (Esary, Proschan, Walkup 1967). For the same reason what any of its members ends is ended with
 * 1 - (1-a)(1-b)... at most. When m of its n members must fail, one of the n-m+1 least likely ones does; and the sum of
 * all is m times as large at least. So the gates give another bound, and the smaller one holds.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "build-int.h"
#include "short-int.h"

enum { DIAGRAM_NODES = 1 << 20, DIAGRAM_STEPS = 1 << 25 };
#define ROUNDING 1e-12L			/* of sums of long doubles, generously */

typedef long double real;

/* What is asked about. */
struct asked {
	const struct graph *g;
	const struct shorter *s;
	const uint8_t *state;		/* by index */
	bool horizon;
};

static bool has_failed(const struct asked *w, uint32_t component)
{
	return state_in((enum state)w->state[w->g->node[component].index], SET_DOWN);
}

static real q_of(const struct asked *w, uint32_t component)
{
	const struct rate *r = &w->g->node[component].rate;

	return has_failed(w, component) ? 1 : w->horizon ? r->q_horizon : r->q;
}

static real either(real a, real b) { return a + b * (1 - a); }

/* ---- of the cut sets --------------------------------------------------------------------------------------------- */

/* A bound from above, children first. */
static real family_at_most(const struct asked *w, const struct families *z, uint32_t root)
{
	real *p = must_alloc((root + 2u) * sizeof(*p)), most;

	p[FAMILY_UNIT] = 1;
	for (uint32_t i = FAMILY_INNER; i <= root; i++) {
		const struct family_node *n = &z->node[i];

		p[i] = either(p[n->lo], q_of(w, w->s->at[n->level]) * p[n->hi]);
	}
	most = p[root];
	free(p);
	return most;
}

struct placed { uint32_t level, node; };

static int deepest_first(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return x->level > y->level ? -1 : x->level < y->level;
}

static real diagram_chance(const struct asked *w, const struct diagram *d, uint32_t f)
{
	struct placed *order = must_alloc((d->used + 1) * sizeof(*order));
	real *p = must_alloc((d->used + 1) * sizeof(*p)), result;
	uint32_t n = 0;

	for (uint32_t i = DIAGRAM_INNER; i < d->used; i++)
		if (d->node[i].level != LEVEL_NONE)
			order[n++] = (struct placed){ d->node[i].level, i };
	qsort(order, n, sizeof(*order), deepest_first);
	p[DIAGRAM_TRUE] = 1;
	for (uint32_t i = 0; i < n; i++) {
		const struct diagram_node *at = &d->node[order[i].node];
		real q = q_of(w, w->s->at[at->level]);

		p[order[i].node] = (1 - q) * p[at->lo] + q * p[at->hi];
	}
	result = p[f];
	free(order);
	free(p);
	return result;
}

/* The function that is true when all of a set of the family have failed; DIAGRAM_FULL when it has no room. */
static uint32_t family_function(struct diagram *d, const struct families *z, uint32_t root, uint32_t *f)
{
	f[FAMILY_UNIT] = DIAGRAM_TRUE;
	for (uint32_t i = FAMILY_INNER; i <= root; i++) {
		const struct family_node *n = &z->node[i];
		uint32_t with = diagram_ite(d, f[n->lo], DIAGRAM_TRUE, f[n->hi]);

		f[i] = with == DIAGRAM_FULL ? with : diagram_make(d, n->level, f[n->lo], with);
		if (f[i] == DIAGRAM_FULL) {
			f[i] = DIAGRAM_FALSE;
			return DIAGRAM_FULL;
		}
	}
	return f[root];
}

/* Exactly, of F now and within the horizon. False when the diagram has no room. */
static bool family_chance(struct asked *w, const struct families *z, uint32_t root, real p[2])
{
	uint32_t *f = must_alloc((root + 2u) * sizeof(*f)), top;
	struct diagram_roots roots = { .ref = f, .n = root + 1u };
	struct diagram d;

	diagram_init(&d, DIAGRAM_NODES, DIAGRAM_STEPS);
	d.roots = &roots;
	top = family_function(&d, z, root, f);
	for (int h = 0; h < 2 && top != DIAGRAM_FULL; h++) {
		w->horizon = h;
		p[h] = diagram_chance(w, &d, top);
	}
	diagram_release(&d);
	free(f);
	return top != DIAGRAM_FULL;
}

/* More than 'size' of the variables fail: all of a larger cut set are among them. */
static real more_than(const struct asked *w, unsigned size)
{
	real exactly[JOIN_SIZE_MOST + 1] = { 1 }, more = 0;

	for (uint32_t v = 0, next; v < w->s->levels; v = next) {
		real works = 1;

		for (next = v; next < w->s->levels && w->s->first[next] == v; next++)
			works *= has_failed(w, w->s->at[next]) ? 1 : 1 - q_of(w, w->s->at[next]);
		more += exactly[size] * (1 - works);
		for (unsigned i = size; i > 0; i--)
			exactly[i] = exactly[i] * works + exactly[i - 1] * (1 - works);
		exactly[0] *= works;
	}
	return more;
}

/* ---- of the gates ------------------------------------------------------------------------------------------------ */

static int falling(const void *a, const void *b)
{
	real x = *(const real *)a, y = *(const real *)b;

	return x > y ? -1 : x < y;
}

/* At least 'enough' of them. */
static real enough_at_most(real *p, uint32_t n, uint32_t enough)
{
	real any = 0, sum = 0;

	qsort(p, n, sizeof(*p), falling);
	for (uint32_t i = 0; i < n; i++) {
		any = i + 1 < enough ? 0 : either(any, p[i]);
		sum += p[i];
	}
	return fminl(sum / enough, any);
}

static real gates_at_most(const struct asked *w)
{
	real *p = must_alloc(w->g->nodes * sizeof(*p)), *of, top;
	uint32_t most = 1;

	for (uint32_t i = 0; i < w->s->gates; i++)
		most = w->g->node[w->s->gate[i]].members > most ? w->g->node[w->s->gate[i]].members : most;
	of = must_alloc(most * sizeof(*of));
	for (uint32_t v = 0; v < w->s->levels; v++)
		p[w->s->at[v]] = q_of(w, w->s->at[v]);
	for (uint32_t i = 0; i < w->s->gates; i++) {
		const struct node *n = &w->g->node[w->s->gate[i]];

		for (uint32_t k = 0; k < n->members; k++)
			of[k] = p[n->member[k]];
		p[w->s->gate[i]] = enough_at_most(of, n->members, n->members - graph_need(w->g, w->s->gate[i]) + 1);
	}
	top = p[w->s->gate[w->s->gates - 1]];
	free(p);
	free(of);
	return top;
}

/* ---- all together ------------------------------------------------------------------------------------------------ */

static bool is_any_missing(const struct asked *w)
{
	for (uint32_t v = 0; v < w->s->levels; v++)
		if (isnan(q_of(w, w->s->at[v])))
			return true;
	return false;
}

static struct bounds bounds_of(struct asked *w, const struct known_sets *k, const real *exact, double loosely)
{
	real more = k && k->cut ? more_than(w, k->size) : 0, gates = gates_at_most(w), low = loosely, high = gates;

	if (k && exact)
		low = fmaxl(low, *exact);
	if (k)
		high = fminl(high, (exact ? *exact : family_at_most(w, k->z, k->root)) + more);
	low = fmaxl(0, low * (1 - ROUNDING));
	high = fminl(1, high * (1 + ROUNDING));
	return (struct bounds){ (double)low, (double)fmaxl(low, high) };
}

struct between chances_between(const struct shorter *s, const uint8_t *state, const struct known_sets *k,
			       const double loosely[2])
{
	struct asked w = { .g = s->g, .s = s, .state = state };
	struct bounds out[2];
	real exact[2];
	bool good = k && family_chance(&w, k->z, k->root, exact);

	for (int h = 0; h < 2; h++) {
		w.horizon = h;
		out[h] = is_any_missing(&w) ? (struct bounds){ NAN, NAN } :
			 bounds_of(&w, k, good ? &exact[h] : NULL, loosely[h]);
	}
	return (struct between){ out[0], out[1] };
}
