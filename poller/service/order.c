/* poller/service/order.c: which variable is tested first.
 *
 * The size of a diagram depends on the order of its variables, by orders of magnitude. The order here comes from the
 * graph: a walk from the services down, depth first, so that what belongs together stays together; the rules differ in
 * which member a gate is entered by first. No rule is best for all graphs: build.c tries one after the other.
 * Sources: Minato, Ishiura, Yajima 1990 (shared weights); Bouissou, Bruyere, Rauzy 1997 (fault trees).
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "service-int.h"

/* ---- rules --------------------------------------------------------------------------------------------------------- */

/* How many gates need it: what is shared is tested early. */
static void weigh_shared(const struct graph *g, double *weight)
{
	for (uint32_t i = 0; i < g->gates; i++) {
		const struct node *n = &g->node[g->sorted[i]];

		for (uint32_t j = 0; j < n->members; j++)
			weight[n->member[j]] += 1;
	}
}

/* A service weighs 1, and each gate hands its weight down in equal parts: what much stands on is tested early. */
static void weigh_handed_down(const struct graph *g, double *weight)
{
	for (uint32_t i = 0; i < g->nodes; i++)
		weight[i] = g->node[i].watched;
	for (uint32_t i = g->gates; i-- > 0;) {
		uint32_t gate = g->sorted[i];
		const struct node *n = &g->node[gate];

		for (uint32_t j = 0; j < n->members; j++)
			weight[n->member[j]] += weight[gate] / n->members;
	}
}

/* How much is below, shared parts counted each time: large first, small first. */
static void weigh_large(const struct graph *g, double *weight)
{
	for (uint32_t i = 0; i < g->nodes; i++)
		weight[i] = g->node[i].component;
	for (uint32_t i = 0; i < g->gates; i++) {
		const struct node *n = &g->node[g->sorted[i]];

		for (uint32_t j = 0; j < n->members; j++)
			weight[g->sorted[i]] += weight[n->member[j]];
	}
}

static void weigh_small(const struct graph *g, double *weight)
{
	weigh_large(g, weight);
	for (uint32_t i = 0; i < g->nodes; i++)
		weight[i] = -weight[i];
}

const struct order_rule order_rules[] = {
	{ "small first", weigh_small },
	{ "as given", NULL },
	{ "handed down", weigh_handed_down },
	{ "shared first", weigh_shared },
	{ "large first", weigh_large },
};
const size_t order_rule_count = sizeof(order_rules) / sizeof(order_rules[0]);

/* ---- the walk ------------------------------------------------------------------------------------------------------ */

struct walk {
	struct graph *g;
	const double *weight;
	uint8_t *seen;
	uint32_t *stack;		/* nodes to enter, the next one last */
	size_t depth, room;
	uint32_t *at, levels;
};

struct choice { double weight; uint32_t place, node; };

/* The one to be entered first comes last, as the stack takes them. */
static int by_weight(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	return x->place < y->place ? 1 : -1;
}

static void push_all(struct walk *w, struct choice *c, uint32_t n)
{
	qsort(c, n, sizeof(*c), by_weight);
	while (w->depth + n > w->room) {
		w->room = w->room ? w->room * 2 : 1024;
		w->stack = must_realloc(w->stack, w->room * sizeof(*w->stack));
	}
	for (uint32_t i = 0; i < n; i++)
		w->stack[w->depth++] = c[i].node;
}

static void enter(struct walk *w, uint32_t node)
{
	struct node *n = &w->g->node[node];
	struct choice *c;
	uint32_t choices = 0;

	if (w->seen[node])
		return;
	w->seen[node] = 1;
	if (n->component) {
		n->level = w->levels;
		w->at[w->levels++] = node;
		return;
	}
	c = must_alloc((n->members + 1) * sizeof(*c));
	for (uint32_t j = 0; j < n->members; j++)
		if (!w->seen[n->member[j]])
			c[choices++] = (struct choice){ w->weight ? w->weight[n->member[j]] : 0, j, n->member[j] };
	push_all(w, c, choices);
	free(c);
}

static void walk_from(struct walk *w, bool needed_too)
{
	for (uint32_t i = 0; i < w->g->nodes; i++) {
		if (w->g->node[i].watched && (needed_too || w->g->node[i].users == 0))
			enter(w, i);
		while (w->depth > 0)
			enter(w, w->stack[--w->depth]);
	}
}

/* Services that nothing else needs come first: whatever is watched below them finds its place within them. */
uint32_t order_assign(struct graph *g, const struct order_rule *rule, uint32_t *at)
{
	double *weight = rule->weigh ? must_alloc((g->nodes + 1) * sizeof(*weight)) : NULL;
	struct walk w = { .g = g, .weight = weight, .seen = must_alloc(g->nodes + 1), .at = at };

	if (weight)
		rule->weigh(g, weight);
	for (uint32_t i = 0; i < g->components; i++)
		g->node[g->component[i]].level = LEVEL_NONE;
	walk_from(&w, false);
	walk_from(&w, true);
	free(weight);
	free(w.seen);
	free(w.stack);
	return w.levels;
}
