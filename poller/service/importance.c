/* poller/service/importance.c: how much each component matters to a node: what to guard, what to repair first.
 *
 * One pass up the cells gives the probability p of each, one pass down the probability w of coming through it. Then
 * the importance of Birnbaum is the sum, over the cells that test the component, of w (p(hi) - p(lo)), and the others
 * follow from it. A component that is down has q = 1: what it matters is what its repair would bring.
 * Sums are long doubles, for p(hi) - p(lo) may be many orders below both.
 */
#include <math.h>
#include <stdlib.h>

#include "poller/base/err.h"
#include "service-int.h"

struct passes {
	const struct lens *seen;
	const struct live *l;		/* its graph's */
	const struct root *r;
	uint32_t first;			/* the cells of the part, from here to the root's */
	long double *p, *through;
	long double *birnbaum;		/* of each level of the part */
	bool *tested, *always;		/* tested: in F; always: no cut set is without it */
};

static double q_of(const struct passes *w, uint32_t level)
{
	return state_in((enum state)w->seen->state[level], SET_DOWN) ? 1 : w->l->level[level].rate.q;
}

static long double p_of(const struct passes *w, uint32_t cell)
{
	return cell < DIAGRAM_INNER ? cell : w->p[cell - w->first];
}

/* A branch that is never taken adds nothing, though its probability be not known. */
static long double part_of(long double q, long double p) { return q == 0 ? 0 : q * p; }

static void pass_up(struct passes *w)
{
	for (uint32_t i = w->first; i <= w->r->f; i++) {
		const struct cell *c = &w->l->cell[i];
		long double q = q_of(w, c->level);

		w->p[i - w->first] = part_of(1 - q, p_of(w, c->lo)) + part_of(q, p_of(w, c->hi));
	}
}

static void come_through(struct passes *w, uint32_t cell, long double by)
{
	if (cell >= DIAGRAM_INNER)
		w->through[cell - w->first] += by;
}

static void pass_down(struct passes *w)
{
	w->through[w->r->f - w->first] = 1;
	for (uint32_t i = w->r->f; i >= w->first; i--) {
		const struct cell *c = &w->l->cell[i];
		long double by = w->through[i - w->first], q = q_of(w, c->level);

		if (by == 0)
			continue;
		w->birnbaum[c->level - w->r->from] += by * (p_of(w, c->hi) - p_of(w, c->lo));
		come_through(w, c->lo, part_of(1 - q, by));
		come_through(w, c->hi, part_of(q, by));
	}
}

/* With all others failed the service still works when this one does: then every cut set has it. */
static void find_always(struct passes *w)
{
	for (uint32_t i = w->r->f; i >= DIAGRAM_INNER; i = w->l->cell[i].hi)
		if (w->l->cell[i].lo == DIAGRAM_FALSE)
			w->always[w->l->cell[i].level - w->r->from] = true;
}

/* Which levels F tests, apart from weights: a q of 0 above hides no component. */
static void find_tested(struct passes *w)
{
	uint8_t *seen = must_alloc(w->r->f - w->first + 1);

	seen[w->r->f - w->first] = 1;
	for (uint32_t i = w->r->f; i >= w->first; i--) {
		const struct cell *c = &w->l->cell[i];

		if (!seen[i - w->first])
			continue;
		w->tested[c->level - w->r->from] = true;
		if (c->lo >= DIAGRAM_INNER)
			seen[c->lo - w->first] = 1;
		if (c->hi >= DIAGRAM_INNER)
			seen[c->hi - w->first] = 1;
	}
	free(seen);
}

static struct importance measures(uint32_t component, long double p, long double q, long double birnbaum, bool always)
{
	long double failed = p + (1 - q) * birnbaum, good = always ? 0 : p - q * birnbaum;

	return (struct importance){
		.component = component,
		.birnbaum = (double)birnbaum,
		.criticality = (double)(birnbaum * q / p),
		.fussell_vesely = (double)(q * failed / p),
		.raw = (double)(failed / p),
		.rrw = (double)(p / (good < 0 ? 0 : good)),
	};
}

static int by_component(const void *a, const void *b)
{
	const struct importance *x = a, *y = b;

	return x->component < y->component ? -1 : x->component > y->component;
}

/* A function that is the variable itself, as a watched gate of one member would be. */
static size_t of_component(const struct lens *seen, uint32_t component, struct importance *out, size_t most)
{
	double q = lens_get(seen, component) == STATE_DOWN ? 1 : seen->g->node[component].rate.q;

	if (most > 0)
		out[0] = measures(component, q, q, 1, true);
	return 1;
}

static size_t hand_out(struct passes *w, struct importance *out, size_t most)
{
	const struct root *r = w->r;
	struct importance *all = must_alloc((r->to - r->from) * sizeof(*all));
	size_t n = 0;

	for (uint32_t v = 0; v < r->to - r->from; v++) {
		const struct level *x = &w->l->level[r->from + v];

		if (w->tested[v])
			all[n++] = measures(x->component, p_of(w, r->f), q_of(w, w->r->from + v), w->birnbaum[v], w->always[v]);
	}
	qsort(all, n, sizeof(*all), by_component);
	for (size_t i = 0; i < n && i < most; i++)
		out[i] = all[i];
	free(all);
	return n;
}

size_t lens_importance(struct lens *seen, uint32_t node, struct importance *out, size_t most)
{
	struct passes w = { .seen = seen, .l = &seen->g->live };
	uint32_t cells, levels;
	size_t n;

	if (graph_is_component(seen->g, node))
		return of_component(seen, node, out, most);
	w.r = root_of(seen->g, node);
	if (w.r->f < DIAGRAM_INNER || w.r->loose)
		return 0;
	levels = w.r->to - w.r->from;
	w.first = w.l->level[w.r->to - 1].from;
	cells = w.r->f - w.first + 1;
	w.p = must_alloc(cells * sizeof(*w.p));
	w.through = must_alloc(cells * sizeof(*w.through));
	w.birnbaum = must_alloc(levels * sizeof(*w.birnbaum));
	w.tested = must_alloc(levels * sizeof(*w.tested));
	w.always = must_alloc(levels * sizeof(*w.always));
	pass_up(&w);
	pass_down(&w);
	find_always(&w);
	find_tested(&w);
	n = hand_out(&w, out, most);
	free(w.p);
	free(w.through);
	free(w.birnbaum);
	free(w.tested);
	free(w.always);
	return n;
}

size_t graph_importance(struct graph *g, uint32_t node, struct importance *out, size_t most)
{
	return lens_importance(graph_now(g), node, out, most);
}
