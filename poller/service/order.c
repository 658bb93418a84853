/* poller/service/order.c: which variable is tested first.
 *
 * The size of a diagram depends on the order of its variables, by orders of magnitude. The order here comes from the
 * graph: a walk from the services down, depth first, so that what belongs together stays together; the rules differ in
 * which member a gate is entered by first. No rule is best for all graphs: build.c tries one after the other.
 * Sources: Minato, Ishiura, Yajima 1990 (shared weights); Bouissou, Bruyere, Rauzy 1997 (fault trees).
 */
#include <math.h>
#include <stdlib.h>

#include "poller/base/err.h"
#include "build-int.h"

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* How many gates need it: what is shared is tested early. */
static void weigh_shared(const struct graph *g, const struct part *p, double *weight)
{
	for (uint32_t i = 0; i < p->gates; i++) {
		const struct node *n = &g->node[p->gate[i]];

		for (uint32_t j = 0; j < n->members; j++)
			weight[n->member[j]] += 1;
	}
}

/* A service weighs 1, and each gate hands its weight down in equal parts: what much stands on is tested early. */
static void weigh_handed_down(const struct graph *g, const struct part *p, double *weight)
{
	weight[p->gate[p->gates - 1]] = 1;
	for (uint32_t i = p->gates; i-- > 0;) {
		const struct node *n = &g->node[p->gate[i]];

		for (uint32_t j = 0; j < n->members; j++)
			weight[n->member[j]] += weight[p->gate[i]] / n->members;
	}
}

/* What is not a gate of the part, a component or a module, has no weight when it is met first. */
static double sized(uint32_t node, const double *weight) { return weight[node] == 0 ? 1 : fabs(weight[node]); }

/* How much is below, shared parts counted each time: large first, small first. */
static void weigh_by(const struct graph *g, const struct part *p, double *weight, double sign)
{
	for (uint32_t i = 0; i < p->gates; i++) {
		const struct node *n = &g->node[p->gate[i]];

		for (uint32_t j = 0; j < n->members; j++) {
			weight[p->gate[i]] += sign * sized(n->member[j], weight);
			if (weight[n->member[j]] == 0)
				weight[n->member[j]] = sign;
		}
	}
}

static void weigh_large(const struct graph *g, const struct part *p, double *weight) { weigh_by(g, p, weight, 1); }
static void weigh_small(const struct graph *g, const struct part *p, double *weight) { weigh_by(g, p, weight, -1); }

const struct order_rule order_rules[] = {
	{ "small first", weigh_small },
	{ "as given", NULL },
	{ "handed down", weigh_handed_down },
	{ "shared first", weigh_shared },
	{ "large first", weigh_large },
};
const size_t order_rule_count = sizeof(order_rules) / sizeof(order_rules[0]);

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

void order_init(struct order *o, const struct graph *g)
{
	*o = (struct order){ .g = g, .weight = must_alloc((g->nodes + 1) * sizeof(*o->weight)),
			     .seen = must_alloc((g->nodes + 1) * sizeof(*o->seen)) };
}

void order_release(struct order *o)
{
	free(o->weight);
	free(o->seen);
	free(o->stack);
}

struct choice { double weight; uint32_t place, node; };

/* The one to be entered first comes last, as the stack takes them. */
static int by_weight(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	return x->place < y->place ? 1 : -1;
}

static void enter_members(struct order *o, const struct node *n)
{
	struct choice *c = must_alloc((n->members + 1) * sizeof(*c));
	uint32_t choices = 0;

	for (uint32_t j = 0; j < n->members; j++)
		if (o->seen[n->member[j]] != o->round)
			c[choices++] = (struct choice){ o->weight[n->member[j]], j, n->member[j] };
	qsort(c, choices, sizeof(*c), by_weight);
	while (o->depth + choices > o->room) {
		o->room = o->room ? o->room * 2 : 1024;
		o->stack = must_realloc(o->stack, o->room * sizeof(*o->stack));
	}
	for (uint32_t i = 0; i < choices; i++)
		o->stack[o->depth++] = c[i].node;
	free(c);
}

static void weigh(struct order *o, const struct part *p, const struct order_rule *rule)
{
	for (uint32_t i = 0; i < p->gates; i++) {
		const struct node *n = &o->g->node[p->gate[i]];

		o->weight[p->gate[i]] = 0;
		for (uint32_t j = 0; j < n->members; j++)
			o->weight[n->member[j]] = 0;
	}
	if (rule->weigh)
		rule->weigh(o->g, p, o->weight);
}

uint32_t order_assign(struct order *o, const struct part *p, const struct order_rule *rule, uint32_t *at)
{
	uint32_t levels = 0, node = p->gate[p->gates - 1];

	weigh(o, p, rule);
	o->round++;
	o->seen[node] = o->round;
	enter_members(o, &o->g->node[node]);
	while (o->depth > 0) {
		node = o->stack[--o->depth];
		if (o->seen[node] == o->round)
			continue;
		o->seen[node] = o->round;
		if (o->leaf[node] == LEAF_WITHIN)
			continue;
		if (o->g->node[node].component || o->leaf[node])
			at[levels++] = node;
		else
			enter_members(o, &o->g->node[node]);
	}
	return levels;
}
