/* poller/service/trial.c: the best order of the variables of a part.
 *
 * The rules of order.c are tried in a small room, then in larger ones up to the bound, and the smallest diagram is
 * taken: so a good order wins before a bad one has filled the memory, and a bad one costs at most its room.
 *
 * When none is good at once the part is taken apart into its modules. Each is tried by itself, the modules in it being
 * one variable each, so that each gets the rule that suits it, and what was found is sifted (sift.c); while a large one
 * is made, its order changes whenever it has doubled. The orders put into each other are the order of the part, and
 * the diagrams put into each other (compose.c) its diagrams. What else is watched below such a part is tried in the
 * order that was found for it. Looking for orders ends for good when all parts together have used up their steps.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "build-int.h"

enum {
	ROOM_FIRST = 1 << 15,		/* diagram nodes of the first try, and as many for each gate: */
	ROOM_PER_GATE = 256,
	ROOM_FIRST_MOST = 1 << 17,	/* but not less for each gate than: */
	ROOM_LEAST_PER_GATE = 16,
	STEPS_FACTOR = 2,		/* an order that takes so much longer than another is not better */
	GOOD_PER_LEVEL = 4,		/* a diagram with so many nodes for each variable is good enough */
	RULES_MOST = 8,
	SIFT_AT = 1 << 12,		/* nodes at which a diagram is sifted the first time while it is made */
	SIFT_WORTH = 2000,		/* nodes: what is smaller when it is finished is left as it is */
	SIFT_STEPS = 20000000,		/* for a diagram that is finished */
	SMALL_ENOUGH = 50000,		/* nodes: a part as small is not taken apart */
	STEPS_MOST = 30000000,		/* ite steps for the diagrams of a part, some seconds */
};

/* How the rules did with a part. */
struct trial {
	uint64_t order[RULES_MOST];	/* hash of the order */
	uint32_t size[RULES_MOST];	/* diagram nodes; UINT32_MAX: did not fit */
	uint32_t made[RULES_MOST];	/* then: gates made before the room ended */
	size_t best, held;		/* rules: the best yet; the one whose diagrams are in b->d */
	uint64_t steps;			/* what the quickest took that fitted */
};

static uint64_t assign(struct build *b, const struct part *p, size_t r)
{
	b->levels = order_assign(&b->order, p, &order_rules[r], b->at);
	return hash_stable(b->at, b->levels * sizeof(*b->at));
}

static uint32_t size_of(const struct build *b, const struct part *p)
{
	uint32_t gate = p->gate[p->gates - 1];

	return diagram_count(&b->d, b->f[gate], b->gg[gate]);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static uint32_t first_room(const struct part *p, uint32_t most)
{
	uint64_t room = least(ROOM_FIRST_MOST, ROOM_FIRST + (uint64_t)p->gates * ROOM_PER_GATE);

	return (uint32_t)least(most, larger((uint32_t)room, p->gates * ROOM_LEAST_PER_GATE));
}

/* One rule in this room. True when its diagrams are good enough to look no further. */
static bool try_rule(struct build *b, const struct part *p, uint32_t room, struct trial *t, size_t r)
{
	uint32_t *size = &t->size[r];
	bool good;

	*size = UINT32_MAX;
	t->made[r] = 0;
	t->order[r] = assign(b, p, r);
	for (size_t i = 0; i < r; i++)
		if (t->order[i] == t->order[r])
			return false;
	b->most_steps = t->steps < UINT64_MAX / STEPS_FACTOR ? t->steps * STEPS_FACTOR : UINT64_MAX;
	good = make_part(b, p, room);
	b->most_steps = UINT64_MAX;
	t->held = r;
	t->steps = good ? least(t->steps, b->d.steps) : t->steps;
	t->made[r] = b->made;
	if (good)
		*size = size_of(b, p);
	if (*size < t->size[t->best] || (!good && t->size[t->best] == UINT32_MAX && t->made[r] > t->made[t->best]))
		t->best = r;
	return good && *size <= b->levels * GOOD_PER_LEVEL;
}

/* Each rule in this room. The diagrams of the best are left in b->d; false when none fits: the furthest is assigned. */
static bool try_rules(struct build *b, const struct part *p, uint32_t room, struct trial *t)
{
	*t = (struct trial){ .best = 0, .steps = UINT64_MAX };
	must(order_rule_count <= RULES_MOST);
	for (size_t r = 0; r < order_rule_count; r++)
		if (try_rule(b, p, room, t, r))
			return true;
	assign(b, p, t->best);
	return t->size[t->best] != UINT32_MAX && (t->held == t->best || make_part(b, p, room));
}

/* ---- module by module -------------------------------------------------------------------------------------------- */

static void sift_part(struct build *b, const struct part *p)
{
	uint32_t gate = p->gate[p->gates - 1], held[2] = { b->f[gate], b->gg[gate] };
	struct diagram_roots roots = { .ref = held, .n = 2 };

	b->d.roots = &roots;
	spend(b, diagram_sift(&b->d, b->at, b->levels, least(SIFT_STEPS, b->search)));
	b->d.roots = NULL;
}

static bool in_time(struct build *b, const struct part *p, uint32_t room, uint32_t sift_at)
{
	bool good;

	b->sift_at = sift_at;
	b->most_steps = least(STEPS_MOST, b->search / 2);
	good = make_part(b, p, room);
	spend(b, b->d.steps);
	b->most_steps = UINT64_MAX;
	b->sift_at = 0;
	return good;
}

/* Variables that a module's gate needs and nothing else, any of them or all: to what is above they are one. */
static void put_together(struct build *b, uint32_t gate, bool undo)
{
	const struct node *n = &b->g->node[gate];
	uint32_t need = graph_need(b->g, gate), first = NODE_NONE;

	if (need != graph_full(b->g, gate) || n->need_capacity > 0 || (need != 1 && need != n->members))
		return;
	for (uint32_t j = 0; j < n->members; j++) {
		uint32_t x = n->member[j];

		if (undo && b->leaf[x] == LEAF_WITHIN)
			b->leaf[x] = b->g->node[x].component ? 0 : LEAF;
		if (undo)		/* another part may test it by itself */
			b->together[x] = NODE_NONE;
		if (undo || !is_variable(b, x) || b->waiting[x] != 1)
			continue;
		if (first != NODE_NONE) {
			b->leaf[x] = LEAF_WITHIN;
			b->within[x] = need == 1 && n->members > 1;
			b->together[x] = b->together[first];
			b->together[first] = x;
			continue;
		}
		first = x;
		b->together[x] = NODE_NONE;
	}
}

static void put_all_together(struct build *b, const struct part *p, bool undo)
{
	if (!undo)
		count_waiting(b, p);
	for (uint32_t i = 0; i < p->gates; i++)
		put_together(b, p->gate[i], undo);
}

/* The order of one module is left in b->at. 'rule' is none, or the one to begin with where the rules will not do. */
static bool order_module(struct build *b, const struct part *p, uint32_t most, size_t rule)
{
	struct trial t;
	bool good = false;

	if (p->gates == 1) {
		assign(b, p, 0);
		return make_part(b, p, most);
	}
	if (rule == RULES_MOST)
		good = try_rules(b, p, first_room(p, most), &t);
	else
		assign(b, p, rule);
	if (!good)
		return in_time(b, p, most, SIFT_AT);
	if (size_of(b, p) > larger(SIFT_WORTH, b->levels * GOOD_PER_LEVEL))
		sift_part(b, p);
	return true;
}

/* The order of each module, one after the other, in 'all'; where each begins. */
struct orders { uint32_t *all, *first; };

/* Put the orders into each other, from the last module down. */
static void join_orders(struct build *b, const struct orders *o)
{
	struct visit *v = b->modules.visit;
	size_t depth = 0;

	b->levels = 0;
	v[depth++] = (struct visit){ .node = b->modules.n - 1, .next = o->first[b->modules.n - 1] };
	while (depth > 0) {
		struct visit *top = &v[depth - 1];
		uint32_t node;

		if (top->next == o->first[top->node + 1]) {
			depth--;
			continue;
		}
		node = o->all[top->next++];
		if (b->g->node[node].component)
			b->at[b->levels++] = node;
		else
			v[depth++] = (struct visit){ .node = b->modules.owner[node],
						     .next = o->first[b->modules.owner[node]] };
	}
}

/* 'rule': no rule did for the whole, and this one came furthest; nor will one for what is most of it. */
static bool order_modules(struct build *b, const struct part *p, uint32_t most, size_t rule,
			  struct composing *c)
{
	struct modules *m = &b->modules;
	struct orders o = { .all = must_alloc((b->g->nodes + 1) * sizeof(*o.all)) };
	uint32_t used = 0;
	bool good = true;

	forget_part(b, p);
	modules_find(m, b->g, p, b->leaf);
	o.first = must_alloc((m->n + 1) * sizeof(*o.first));
	for (uint32_t k = 0; k < m->n && good; k++) {
		struct part own = { .gate = m->gate + m->first[k], .gates = m->first[k + 1] - m->first[k] };
		uint32_t gate = own.gate[own.gates - 1];

		b->leaf[gate] = 0;
		put_all_together(b, &own, false);
		good = order_module(b, &own, most, own.gates > p->gates / 2 ? rule : RULES_MOST);
		o.first[k] = used;
		for (uint32_t v = 0; v < b->levels; v++)
			for (uint32_t x = b->at[v]; x != NODE_NONE; x = b->together[x])
				o.all[used++] = x;
		o.first[k + 1] = used;
		if (good)
			composing_add(c, b, gate);
		forget_part(b, &own);
		put_all_together(b, &own, true);
		b->leaf[gate] = k + 1 < m->n ? LEAF : LEAF_NOT;
	}
	for (uint32_t i = 0; i < p->gates; i++)
		b->leaf[p->gate[i]] = 0;
	if (good)
		join_orders(b, &o);
	free(o.all);
	free(o.first);
	return good;
}

static bool has_demand(const struct graph *g, const struct part *p)
{
	for (uint32_t i = 0; i < p->gates; i++)
		if (g->node[p->gate[i]].need_capacity > 0)
			return true;
	return false;
}

/* The part as a whole: composed; made again where G is not over the members' G alone, or composing had no room. */
static bool make_whole(struct build *b, const struct part *p, uint32_t most, struct composing *c)
{
	if (c->full || has_demand(b->g, p))
		return in_time(b, p, most, 0);
	diagram_release(&b->d);
	diagram_init(&b->d, most, STEPS_MOST);
	forget_part(b, p);
	return composing_make(c, b, p->gate[p->gates - 1]);
}

static void keep_order(struct build *b)
{
	memset(b->rank, 0, (b->g->nodes + 1) * sizeof(*b->rank));
	for (uint32_t v = 0; v < b->levels; v++)
		b->rank[b->at[v]] = v + 1;
}

static bool search(struct build *b, const struct part *p, uint32_t most, size_t rule)
{
	struct composing c;
	bool good;

	composing_init(&c, b->g, most < DIAGRAM_MOST / 2 ? most * 2 : most);
	good = order_modules(b, p, most, rule, &c);
	if (good) {
		keep_order(b);
		good = make_whole(b, p, most, &c);
	}
	composing_release(&c);
	return good;
}

struct placed { uint32_t rank, node; };

static int by_rank(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* What lies below a part whose order was looked for is tried in that order. */
static bool try_above(struct build *b, const struct part *p, uint32_t most)
{
	struct placed *x;
	bool good = true;

	assign(b, p, 0);
	x = must_alloc((b->levels + 1) * sizeof(*x));
	for (uint32_t v = 0; v < b->levels; v++) {
		x[v] = (struct placed){ b->rank[b->at[v]], b->at[v] };
		good = good && x[v].rank > 0;
	}
	qsort(x, b->levels, sizeof(*x), by_rank);
	for (uint32_t v = 0; v < b->levels && good; v++)
		b->at[v] = x[v].node;
	free(x);
	return good && in_time(b, p, most, 0);
}

bool best_order(struct build *b, const struct part *p, uint32_t most)
{
	struct trial t;
	bool good;

	if (b->g->search < SEARCH_EACH && try_above(b, p, most))
		return true;
	good = try_rules(b, p, first_room(p, most), &t);
	if (good && b->g->search == SEARCH_LARGE &&
	    size_of(b, p) <= larger(SMALL_ENOUGH, b->levels * GOOD_PER_LEVEL))
		return true;
	b->keep = false;
	return search(b, p, most, good ? RULES_MOST : t.best);
}
