/* poller/service/build.c: from gates to diagrams.
 *
 * Each service becomes a part with an order of variables of its own (trial.c): one order for all of them would make
 * each remember what only others need, and their diagrams grow with the product instead of the sum. What is watched
 * below a service shares its part when it is nearly there anyway; else it becomes a part itself.
 *
 * In a part the functions F and G of its gates are made bottom-up; those that nothing needs any more are let go.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "build-int.h"

enum {
	STEPS_PER_NODE = 8,		/* ite steps allowed for each node of room */
	SIFT_STEPS = 5000000,		/* while diagrams are made */
	SEARCH_PER_NODE = 75,		/* for looking for orders, of all parts: half a minute with the room by default */
	LOOSE_ROOM = 1 << 17,		/* nodes for a service that has no room, and steps for each of its gates: */
	LOOSE_STEPS = 1 << 14,
	EXTRA_FIRST = 64,		/* cells that a watched gate may cost in another's part, and for each member: */
	EXTRA_PER_MEMBER = 16,
};

/* ---- the diagrams of one part ------------------------------------------------------------------------------------ */

void count_waiting(struct build *b, const struct part *p)
{
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < p->gates; i++) {
			const struct node *n = &b->g->node[p->gate[i]];

			for (uint32_t j = 0; j < n->members; j++)
				b->waiting[n->member[j]] = pass * (b->waiting[n->member[j]] + 1);
		}
	}
}

void forget_part(struct build *b, const struct part *p)
{
	for (uint32_t i = 0; i < p->gates; i++)
		b->f[p->gate[i]] = b->gg[p->gate[i]] = DIAGRAM_FALSE;
	for (uint32_t v = 0; v < b->levels; v++)
		b->f[b->at[v]] = b->gg[b->at[v]] = DIAGRAM_FALSE;
}

/* Over variables that nothing else needs the size is known before: what is too large is not tried. */
static bool hopeless(const struct build *b, const struct node *n, uint32_t need)
{
	uint64_t size = (uint64_t)need * (n->members - need + 1);

	if (size <= b->d.most)
		return false;
	for (uint32_t j = 0; j < n->members; j++)
		if (!is_variable(b, n->member[j]) || b->waiting[n->member[j]] != 1)
			return false;
	return true;
}

/* The function of a member, 'of' being F or G of all nodes. */
static uint32_t function_of(const struct build *b, const uint32_t *of, uint32_t member)
{
	return b->leaf[member] == LEAF_WITHIN ? b->within[member] : of[member];
}

/* The threshold over the members' functions in 'of'; DIAGRAM_FULL when there is no room. */
static uint32_t threshold(struct build *b, const struct node *n, const uint32_t *of, uint32_t need)
{
	if (hopeless(b, n, need))
		return DIAGRAM_FULL;
	for (uint32_t j = 0; j < n->members; j++)
		b->members[j] = function_of(b, of, n->member[j]);
	return diagram_at_least(&b->d, b->members, n->members, n->members - need + 1);
}

static bool same_below(const struct build *b, const struct node *n)
{
	for (uint32_t j = 0; j < n->members; j++)
		if (b->f[n->member[j]] != b->gg[n->member[j]])
			return false;
	return true;
}

static bool awaits_root(const struct build *b, uint32_t node) { return b->g->node[node].watched && !b->placed[node]; }

/* It, or one that is the same. */
static bool any_awaits_root(const struct build *b, uint32_t node)
{
	while (node != NODE_NONE && !awaits_root(b, node))
		node = b->same[node];
	return node != NODE_NONE;
}

static void let_go(struct build *b, const struct node *n)
{
	for (uint32_t j = 0; j < n->members; j++) {
		uint32_t m = n->member[j];

		if (--b->waiting[m] == 0 && (!b->keep || !any_awaits_root(b, m)))
			b->f[m] = b->gg[m] = DIAGRAM_FALSE;
	}
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The capacity of the members that work is below what is needed: those that failed weigh more than what may be lost. */
static uint32_t too_small(struct build *b, const struct node *n)
{
	uint64_t *capacity = must_alloc(n->members * sizeof(*capacity)), all = 0;
	uint32_t result;

	for (uint32_t j = 0; j < n->members; j++) {
		b->members[j] = function_of(b, b->f, n->member[j]);
		capacity[j] = n->capacity ? least(n->capacity[j], CAPACITY_MOST - all) : 0;
		all += capacity[j];
	}
	result = diagram_weigh(&b->d, b->members, capacity, n->members,
			       (int64_t)all - (int64_t)least(n->need_capacity, CAPACITY_MOST));
	free(capacity);
	return result;
}

/* G and too small, together. */
static uint32_t with_demand(struct build *b, uint32_t gate, uint32_t gg)
{
	uint32_t small;

	b->gg[gate] = gg;		/* held */
	small = too_small(b, &b->g->node[gate]);
	return small == DIAGRAM_FULL ? DIAGRAM_FULL : diagram_ite(&b->d, gg, DIAGRAM_TRUE, small);
}

static bool make_gate(struct build *b, uint32_t gate)
{
	const struct node *n = &b->g->node[gate];
	uint32_t need = graph_need(b->g, gate), full = graph_full(b->g, gate);
	uint32_t f = threshold(b, n, b->f, need), gg = f;

	if (f == DIAGRAM_FULL)
		return false;
	b->f[gate] = f;
	if (full != need || !same_below(b, n))
		gg = threshold(b, n, b->gg, full);
	if (gg != DIAGRAM_FULL && n->need_capacity > 0)
		gg = with_demand(b, gate, gg);
	if (gg == DIAGRAM_FULL)
		return false;
	b->gg[gate] = gg;
	let_go(b, n);
	return true;
}

/* Of what ends a gate that needs all its members, as much as there is room for. */
static uint32_t any_of(struct build *b, const struct node *n, const uint32_t *of)
{
	uint32_t any = DIAGRAM_FALSE;

	for (uint32_t j = 0; j < n->members; j++) {
		uint32_t more;

		b->d.steps = 0;
		more = diagram_ite(&b->d, any, DIAGRAM_TRUE, of[n->member[j]]);
		any = more == DIAGRAM_FULL ? any : more;
	}
	return any;
}

/* A gate that has no room never fails, as far as the diagrams go, or not by all that would end it. */
static bool loosen(struct build *b, uint32_t gate)
{
	const struct node *n = &b->g->node[gate];

	if (!b->loosely)
		return false;
	b->f[gate] = b->gg[gate] = DIAGRAM_FALSE;
	if (graph_need(b->g, gate) == n->members)
		b->f[gate] = any_of(b, n, b->f);
	if (graph_full(b->g, gate) == n->members)
		b->gg[gate] = any_of(b, n, b->gg);
	b->loose[gate] = 1;
	let_go(b, &b->g->node[gate]);
	return true;
}

/* What is above a gate without room is not exact either. */
static void mark_loose(struct build *b, const struct part *p)
{
	for (uint32_t i = 0; i < p->gates; i++) {
		const struct node *n = &b->g->node[p->gate[i]];

		for (uint32_t j = 0; j < n->members; j++)
			b->loose[p->gate[i]] |= b->loose[n->member[j]];
	}
}

void spend(struct build *b, uint64_t steps) { b->search -= least(b->search, steps); }

/*
 * While an order may change: sift when the diagrams have doubled, or when they have no room. True when there is room
 * now that there was not.
 */
static bool sifted(struct build *b, bool full)
{
	uint32_t before = b->d.live;

	if (b->sift_at == 0 || (!full && before < b->sift_at))
		return false;
	spend(b, diagram_sift(&b->d, b->at, b->levels, least(SIFT_STEPS, b->search)));
	b->sift_at = b->d.live * 2 > b->sift_at ? b->d.live * 2 : b->sift_at;
	return b->d.live < before - before / 4;
}

bool make_part(struct build *b, const struct part *p, uint32_t room)
{
	struct diagram_roots gg = { .ref = b->gg, .n = b->g->nodes, .next = NULL };
	struct diagram_roots f = { .ref = b->f, .n = b->g->nodes, .next = &gg };
	bool good = true;

	diagram_release(&b->d);
	diagram_init(&b->d, room, least(b->most_steps, (uint64_t)room * STEPS_PER_NODE));
	forget_part(b, p);
	count_waiting(b, p);
	b->d.roots = &f;
	for (uint32_t v = b->levels; v-- > 0 && good;) {
		uint32_t x = diagram_variable(&b->d, v);

		good = x != DIAGRAM_FULL;
		b->f[b->at[v]] = b->gg[b->at[v]] = good ? x : DIAGRAM_FALSE;
	}
	for (uint32_t i = 0; i < p->gates && good; i++) {
		b->made = i;
		b->d.steps = b->loosely ? 0 : b->d.steps;
		good = make_gate(b, p->gate[i]) || (sifted(b, true) && make_gate(b, p->gate[i])) || loosen(b, p->gate[i]);
		if (good)
			sifted(b, false);
	}
	b->d.roots = NULL;
	mark_loose(b, p);
	return good;
}

/* ---- part after part --------------------------------------------------------------------------------------------- */

/* A gate and those that are the same. */
static void place(struct build *b, struct taking *t, uint32_t gate, uint32_t most)
{
	struct root root = { .f = b->f[gate], .g = b->gg[gate] };

	for (root.node = gate; root.node != NODE_NONE; root.node = b->same[root.node])
		if (awaits_root(b, root.node) && live_root(t, b->g, root, most))
			b->placed[root.node] = 1;
}

/* The diagrams of a service that has no room, as far as they go; without even its variables: none. */
static void build_loosely(struct build *b, const struct part *p, uint32_t most)
{
	b->levels = order_assign(&b->order, p, &order_rules[0], b->at);
	b->loosely = true;
	b->most_steps = LOOSE_STEPS;
	if (b->levels > most / 2 || !make_part(b, p, (uint32_t)least(most, LOOSE_ROOM))) {
		diagram_release(&b->d);
		diagram_init(&b->d, most, LOOSE_STEPS);
		forget_part(b, p);
		b->loose[p->gate[p->gates - 1]] = 1;
	}
	b->most_steps = UINT64_MAX;
	b->loosely = false;
}

/* Whether the diagrams are those of this gate of the part too. */
static bool is_there(const struct build *b, uint32_t gate, uint32_t top)
{
	return gate == top || (!b->loose[top] && (b->keep || (b->f[gate] == b->f[top] && b->gg[gate] == b->gg[top])));
}

static void place_all(struct build *b, struct taking *t, const struct part *p)
{
	uint32_t top = p->gate[p->gates - 1];

	for (uint32_t i = p->gates; i-- > 0;) {
		uint32_t gate = p->gate[i];

		if (is_there(b, gate, top))
			place(b, t, gate, EXTRA_FIRST + EXTRA_PER_MEMBER * b->g->node[gate].members);
	}
}

static void build_part(struct build *b, uint32_t gate)
{
	struct live *l = &b->g->live;
	uint32_t most = b->g->most_nodes - (l->cells - DIAGRAM_INNER);
	struct taking t;
	struct part p;

	if (passes_on(b->g, gate) && !b->g->node[b->g->node[gate].member[0]].component)
		gate = b->g->node[gate].member[0];
	sort_from(&b->under, gate);
	p = (struct part){ .gate = b->under.gate, .gates = b->under.gates };
	b->keep = true;
	if (!best_order(b, &p, most))
		build_loosely(b, &p, most);
	live_part(&t, b->g, &b->d);
	place_all(b, &t, &p);
	for (uint32_t i = t.root; i < l->roots && b->loose[gate]; i++, l->loose++)
		l->root[i].loose = loose_new(b->g, &p, b->at, b->levels);
	live_part_done(&t, b->g, b->at, b->levels);
	forget_part(b, &p);
	diagram_release(&b->d);
	for (uint32_t i = 0; i < p.gates; i++)
		b->under.seen[p.gate[i]] = b->loose[p.gate[i]] = NEW;
	b->under.gates = 0;
}

/* Services before what they need: it may be nearly there with them. */
static void build_parts(struct build *b)
{
	for (uint32_t i = b->all.gates; i-- > 0;) {
		uint32_t gate = b->all.gate[i];

		if (awaits_root(b, gate))
			build_part(b, gate);
	}
}

static void build_init(struct build *b, struct graph *g)
{
	size_t most = 1;

	*b = (struct build){ .g = g, .most_steps = UINT64_MAX, .keep = true,
			      .search = (uint64_t)g->most_nodes * SEARCH_PER_NODE };
	for (uint32_t i = 0; i < g->nodes; i++)
		most = g->node[i].members > most ? g->node[i].members : most;
	sorting_init(&b->all, g);
	sorting_init(&b->under, g);
	order_init(&b->order, g);
	modules_init(&b->modules, g);
	b->leaf = must_alloc(g->nodes + 1);
	b->within = must_alloc(g->nodes + 1);
	b->together = must_alloc((g->nodes + 1) * sizeof(*b->together));
	memset(b->together, 0xff, (g->nodes + 1) * sizeof(*b->together));	/* NODE_NONE */
	b->order.leaf = b->leaf;
	b->loose = must_alloc(g->nodes + 1);
	b->f = must_alloc((g->nodes + 1) * sizeof(*b->f));
	b->gg = must_alloc((g->nodes + 1) * sizeof(*b->gg));
	b->waiting = must_alloc((g->nodes + 1) * sizeof(*b->waiting));
	b->members = must_alloc(most * sizeof(*b->members));
	b->placed = must_alloc(g->nodes + 1);
	b->same = must_alloc((g->nodes + 1) * sizeof(*b->same));
	b->at = must_alloc((g->components + 1) * sizeof(*b->at));
	b->rank = must_alloc((g->nodes + 1) * sizeof(*b->rank));
	live_init(g);
}

static void build_release(struct build *b)
{
	sorting_release(&b->all);
	sorting_release(&b->under);
	order_release(&b->order);
	modules_release(&b->modules);
	free(b->leaf);
	free(b->within);
	free(b->loose);
	free(b->together);
	free(b->f);
	free(b->gg);
	free(b->waiting);
	free(b->members);
	free(b->placed);
	free(b->same);
	free(b->at);
	free(b->rank);
}

enum fw_err graph_build(struct graph *g, struct err *err)
{
	struct build b;
	enum fw_err e;

	must(!g->built);
	e = check_gates(g, err);
	if (e != FW_OK)
		return e;
	build_init(&b, g);
	e = sort_all(&b.all, err);
	if (e == FW_OK) {
		pass_on(g, &b.all, b.same);
		build_parts(&b);
	}
	build_release(&b);
	if (e == FW_OK) {
		live_done(g);
		g->built = true;
	} else {
		live_release(&g->live);
	}
	return e;
}
