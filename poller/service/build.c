/* poller/service/build.c: from gates to diagrams.
 *
 * The gates are sorted, members first, which finds a circle if there is one. Then their functions F and G are made in
 * that order, bottom-up; those that nothing needs any more are let go. The rules of order.c are tried one after the
 * other in a small room, then all of them in a larger one, up to the bound: so that a good order wins before a bad one
 * has filled the memory, and a bad one costs at most its room.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "poller/base/text.h"
#include "service-int.h"

enum {
	ROOM_FIRST = 1 << 15,		/* diagram nodes of the first try, and as many for each member of a gate: */
	ROOM_PER_MEMBER = 32,
	ROOM_FACTOR = 16,		/* from one try to the next */
	STEPS_PER_NODE = 64,		/* ite steps allowed for each node of room */
};

/* ---- mistakes ------------------------------------------------------------------------------------------------------ */

static bool has_member(const struct node *n, uint32_t member)
{
	for (uint32_t j = 0; j < n->members; j++)
		if (n->member[j] == member)
			return true;
	return false;
}

/* A name for people, of a node that may have none: then whose part it is. */
static const char *name_of(const struct graph *g, uint32_t node)
{
	if (*g->node[node].name)
		return g->node[node].name;
	for (uint32_t i = 0; i < g->nodes; i++)
		if (*g->node[i].name && has_member(&g->node[i], node))
			return g->node[i].name;
	return "a group without a name";
}

static enum fw_err check_gate(const struct graph *g, uint32_t gate, struct err *err)
{
	uint32_t need = graph_need(g, gate), full = graph_full(g, gate), n = g->node[gate].members;

	if (n == 0)
		return err_set(err, FW_MISTAKE, "cannot build '%s': it has no members", name_of(g, gate));
	if (need > n)
		return err_set(err, FW_MISTAKE, "cannot build '%s': need = %u, but it has %u member%s",
			       name_of(g, gate), need, n, n == 1 ? "" : "s");
	if (full > n)
		return err_set(err, FW_MISTAKE, "cannot build '%s': full = %u, but it has %u member%s",
			       name_of(g, gate), full, n, n == 1 ? "" : "s");
	if (full < need)
		return err_set(err, FW_MISTAKE, "cannot build '%s': full = %u is less than need = %u",
			       name_of(g, gate), full, need);
	return FW_OK;
}

static enum fw_err check_gates(struct graph *g, struct err *err)
{
	enum fw_err e = FW_OK;

	for (uint32_t i = 0; i < g->nodes && e == FW_OK; i++)
		if (!g->node[i].component)
			e = check_gate(g, i, err);
	return e;
}

/* ---- sorting, and circles ------------------------------------------------------------------------------------------ */

enum { NEW, OPEN, DONE };
struct visit { uint32_t node, next; };

/* The circle that ends where 'node' is needed again. */
static enum fw_err circle(const struct graph *g, const struct visit *v, size_t depth, struct err *err)
{
	uint32_t node = g->node[v[depth - 1].node].member[v[depth - 1].next - 1];
	char buf[400];
	struct text t = text_over(buf, sizeof(buf));
	size_t from = depth;

	while (v[--from].node != node)
		;
	for (size_t i = from; i < depth && t.len < sizeof(buf) / 2; i++)
		text_add(&t, "%s -> ", *g->node[v[i].node].name ? g->node[v[i].node].name : "(any of)");
	if (t.len >= sizeof(buf) / 2)
		text_add(&t, "... -> ");
	text_add(&t, "%s", *g->node[node].name ? g->node[node].name : "(any of)");
	return err_set(err, FW_MISTAKE, "cannot build '%s': it needs itself: %s", name_of(g, node), buf);
}

/* Depth first from the one visit on 'v'; false at a circle, which then lies on 'v'. */
static bool sort_from(struct graph *g, uint8_t *seen, struct visit *v, size_t *depth, uint32_t *sorted)
{
	while (*depth > 0) {
		struct visit *top = &v[*depth - 1];
		const struct node *n = &g->node[top->node];
		uint32_t m;

		if (top->next == n->members) {
			seen[top->node] = DONE;
			g->sorted[(*sorted)++] = top->node;
			--*depth;
			continue;
		}
		m = n->member[top->next++];
		if (g->node[m].component || seen[m] == DONE)
			continue;
		if (seen[m] == OPEN)
			return false;
		seen[m] = OPEN;
		v[(*depth)++] = (struct visit){ .node = m };
	}
	return true;
}

static enum fw_err sort_gates(struct graph *g, struct err *err)
{
	uint8_t *seen = must_alloc(g->nodes + 1);
	struct visit *v = must_alloc((g->gates + 1) * sizeof(*v));
	enum fw_err e = FW_OK;
	uint32_t sorted = 0;

	free(g->sorted);
	g->sorted = must_alloc((g->gates + 1) * sizeof(*g->sorted));
	for (uint32_t i = 0; i < g->nodes && e == FW_OK; i++) {
		size_t depth = 1;

		if (g->node[i].component || seen[i] != NEW)
			continue;
		seen[i] = OPEN;
		v[0] = (struct visit){ .node = i };
		if (!sort_from(g, seen, v, &depth, &sorted))
			e = circle(g, v, depth, err);
	}
	free(seen);
	free(v);
	return e;
}

/* ---- diagrams ------------------------------------------------------------------------------------------------------ */

struct build {
	struct graph *g;
	struct diagram d;
	uint32_t *f, *gg;		/* of each node; DIAGRAM_FALSE when not made yet or let go */
	uint32_t *waiting;		/* gates that still need the node */
	uint32_t *members;		/* room for the functions of one gate's members */
	uint8_t *wanted;		/* something watched stands on it */
	uint32_t *at, levels;
};

static void want(struct build *b)
{
	const struct graph *g = b->g;

	for (uint32_t i = g->gates; i-- > 0;) {
		const struct node *n = &g->node[g->sorted[i]];

		b->wanted[g->sorted[i]] |= n->watched;
		for (uint32_t j = 0; b->wanted[g->sorted[i]] && j < n->members; j++)
			b->wanted[n->member[j]] = 1;
	}
}

static void count_waiting(struct build *b)
{
	const struct graph *g = b->g;

	memset(b->waiting, 0, g->nodes * sizeof(*b->waiting));
	for (uint32_t i = 0; i < g->gates; i++) {
		const struct node *n = &g->node[g->sorted[i]];

		for (uint32_t j = 0; b->wanted[g->sorted[i]] && j < n->members; j++)
			b->waiting[n->member[j]]++;
	}
}

/* The threshold over the members' functions in 'of'; DIAGRAM_FULL when there is no room. */
static uint32_t threshold(struct build *b, const struct node *n, const uint32_t *of, uint32_t need)
{
	for (uint32_t j = 0; j < n->members; j++)
		b->members[j] = of[n->member[j]];
	return diagram_at_least(&b->d, b->members, n->members, n->members - need + 1);
}

static bool same_below(const struct build *b, const struct node *n)
{
	for (uint32_t j = 0; j < n->members; j++)
		if (b->f[n->member[j]] != b->gg[n->member[j]])
			return false;
	return true;
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
	if (gg == DIAGRAM_FULL)
		return false;
	b->gg[gate] = gg;
	for (uint32_t j = 0; j < n->members; j++) {
		uint32_t m = n->member[j];

		if (--b->waiting[m] == 0 && !b->g->node[m].watched)
			b->f[m] = b->gg[m] = DIAGRAM_FALSE;
	}
	return true;
}

/* All of it by one rule. Returns FW_FULL and the gate at which the room ended. */
static enum fw_err make_all(struct build *b, uint32_t *gate)
{
	struct graph *g = b->g;
	struct diagram_roots gg = { .ref = b->gg, .n = g->nodes, .next = NULL };
	struct diagram_roots f = { .ref = b->f, .n = g->nodes, .next = &gg };
	enum fw_err e = FW_OK;

	memset(b->f, 0, g->nodes * sizeof(*b->f));
	memset(b->gg, 0, g->nodes * sizeof(*b->gg));
	count_waiting(b);
	b->d.roots = &f;
	for (uint32_t v = b->levels; v-- > 0 && e == FW_OK;) {
		uint32_t x = diagram_variable(&b->d, v);

		*gate = b->at[v];
		b->f[b->at[v]] = b->gg[b->at[v]] = x == DIAGRAM_FULL ? DIAGRAM_FALSE : x;
		e = x == DIAGRAM_FULL ? FW_FULL : FW_OK;
	}
	for (uint32_t i = 0; i < g->gates && e == FW_OK; i++) {
		*gate = g->sorted[i];
		if (b->wanted[*gate] && !make_gate(b, *gate))
			e = FW_FULL;
	}
	b->d.roots = NULL;
	return e;
}

static enum fw_err try_rules(struct build *b, uint32_t room, uint32_t *gate)
{
	uint32_t first = NODE_NONE;

	for (size_t r = 0; r < order_rule_count; r++) {
		b->levels = order_assign(b->g, &order_rules[r], b->at);
		diagram_init(&b->d, room, (uint64_t)room * STEPS_PER_NODE);
		if (make_all(b, gate) == FW_OK) {
			b->g->order = order_rules[r].word;
			return FW_OK;
		}
		diagram_release(&b->d);
		if (first == NODE_NONE)
			first = *gate;
	}
	*gate = first;
	return FW_FULL;
}

static uint32_t first_room(const struct graph *g)
{
	uint64_t members = 0;

	for (uint32_t i = 0; i < g->nodes; i++)
		members += g->node[i].members;
	members = ROOM_FIRST + members * ROOM_PER_MEMBER;
	return members < g->most_nodes ? (uint32_t)members : g->most_nodes;
}

static enum fw_err make_diagrams(struct build *b, struct err *err)
{
	struct graph *g = b->g;
	uint64_t room = first_room(g);
	uint32_t gate = NODE_NONE;
	enum fw_err e;

	while ((e = try_rules(b, (uint32_t)room, &gate)) == FW_FULL && room < g->most_nodes)
		room = room * ROOM_FACTOR < g->most_nodes ? room * ROOM_FACTOR : g->most_nodes;
	if (e == FW_OK)
		return e;
	return err_set(err, FW_FULL, "cannot build '%s': its diagram needs more than %u nodes in each of %zu orders",
		       name_of(g, gate), g->most_nodes, order_rule_count);
}

static void build_init(struct build *b, struct graph *g)
{
	size_t most = 1;

	*b = (struct build){ .g = g };
	for (uint32_t i = 0; i < g->nodes; i++)
		g->node[i].users = 0;
	for (uint32_t i = 0; i < g->nodes; i++) {
		most = g->node[i].members > most ? g->node[i].members : most;
		for (uint32_t j = 0; j < g->node[i].members; j++)
			g->node[g->node[i].member[j]].users++;
	}
	b->f = must_alloc((g->nodes + 1) * sizeof(*b->f));
	b->gg = must_alloc((g->nodes + 1) * sizeof(*b->gg));
	b->waiting = must_alloc((g->nodes + 1) * sizeof(*b->waiting));
	b->members = must_alloc(most * sizeof(*b->members));
	b->wanted = must_alloc(g->nodes + 1);
	b->at = must_alloc((g->components + 1) * sizeof(*b->at));
	want(b);
}

static void build_release(struct build *b)
{
	diagram_release(&b->d);
	free(b->f);
	free(b->gg);
	free(b->waiting);
	free(b->members);
	free(b->wanted);
	free(b->at);
	free(b->g->sorted);
	b->g->sorted = NULL;
}

enum fw_err graph_build(struct graph *g, struct err *err)
{
	struct build b;
	enum fw_err e;

	must(!g->built);
	e = check_gates(g, err);
	if (e == FW_OK)
		e = sort_gates(g, err);
	if (e != FW_OK)
		return e;
	build_init(&b, g);
	e = make_diagrams(&b, err);
	if (e == FW_OK) {
		live_take(g, &b.d, b.f, b.gg, b.at, b.levels);
		b.at = NULL;
		g->built = true;
	}
	build_release(&b);
	return e;
}
