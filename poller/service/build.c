/* poller/service/build.c: from gates to diagrams.
 *
 * The gates are sorted, members first, which finds a circle if there is one. Then each service becomes a part with an
 * order of variables of its own: one order for all of them would make each remember what only others need, and their
 * diagrams grow with the product instead of the sum. What is watched below a service shares its part when it is nearly
 * there anyway; else it becomes a part itself.
 *
 * In a part the functions F and G of its gates are made bottom-up; those that nothing needs any more are let go. The
 * rules of order.c are tried in a small room, then in larger ones up to the bound, and the smallest diagram is taken:
 * so a good order wins before a bad one has filled the memory, and a bad one costs at most its room.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "poller/base/text.h"
#include "service-int.h"

enum {
	ROOM_FIRST = 1 << 15,		/* diagram nodes of the first try, and as many for each gate: */
	ROOM_PER_GATE = 256,
	ROOM_FACTOR = 16,		/* from one try to the next */
	STEPS_PER_NODE = 16,		/* ite steps allowed for each node of room */
	STEPS_FACTOR = 2,		/* an order that takes so much longer than another is not better */
	GOOD_PER_LEVEL = 4,		/* a diagram with so many nodes for each variable is good enough */
	EXTRA_FIRST = 64,		/* cells that a watched gate may cost in another's part, and for each member: */
	EXTRA_PER_MEMBER = 16,
};

/* ---- mistakes ---------------------------------------------------------------------------------------------------- */

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

static enum fw_err check_gates(const struct graph *g, struct err *err)
{
	enum fw_err e = FW_OK;

	for (uint32_t i = 0; i < g->nodes && e == FW_OK; i++)
		if (!g->node[i].component)
			e = check_gate(g, i, err);
	return e;
}

/* ---- sorting, and circles ---------------------------------------------------------------------------------------- */

enum { NEW, OPEN, DONE };
struct visit { uint32_t node, next; };

/* A depth-first walk over gates that lists members before those that need them. */
struct sorting {
	const struct graph *g;
	uint8_t *seen;			/* of each node */
	struct visit *visit;
	size_t depth;
	uint32_t *gate, gates;
};

static void sorting_init(struct sorting *s, const struct graph *g)
{
	*s = (struct sorting){ .g = g, .seen = must_alloc(g->nodes + 1) };
	s->visit = must_alloc((g->gates + 1) * sizeof(*s->visit));
	s->gate = must_alloc((g->gates + 1) * sizeof(*s->gate));
}

static void sorting_release(struct sorting *s)
{
	free(s->seen);
	free(s->visit);
	free(s->gate);
}

/* False at a circle, which then lies on 'visit'. */
static bool sort_from(struct sorting *s, uint32_t gate)
{
	s->seen[gate] = OPEN;
	s->visit[s->depth++] = (struct visit){ .node = gate };
	while (s->depth > 0) {
		struct visit *top = &s->visit[s->depth - 1];
		const struct node *n = &s->g->node[top->node];
		uint32_t m;

		if (top->next == n->members) {
			s->seen[top->node] = DONE;
			s->gate[s->gates++] = top->node;
			s->depth--;
			continue;
		}
		m = n->member[top->next++];
		if (s->g->node[m].component || s->seen[m] == DONE)
			continue;
		if (s->seen[m] == OPEN)
			return false;
		s->seen[m] = OPEN;
		s->visit[s->depth++] = (struct visit){ .node = m };
	}
	return true;
}

/* The circle that ends where what was asked for last is needed again. */
static enum fw_err circle(const struct sorting *s, struct err *err)
{
	const struct graph *g = s->g;
	const struct visit *last = &s->visit[s->depth - 1];
	uint32_t node = g->node[last->node].member[last->next - 1];
	char buf[400];
	struct text t = text_over(buf, sizeof(buf));
	size_t from = s->depth;

	while (s->visit[--from].node != node)
		;
	for (size_t i = from; i < s->depth && t.len < sizeof(buf) / 2; i++)
		text_add(&t, "%s -> ", *g->node[s->visit[i].node].name ? g->node[s->visit[i].node].name : "(any of)");
	if (t.len >= sizeof(buf) / 2)
		text_add(&t, "... -> ");
	text_add(&t, "%s", *g->node[node].name ? g->node[node].name : "(any of)");
	return err_set(err, FW_MISTAKE, "cannot build '%s': it needs itself: %s", name_of(g, node), buf);
}

static enum fw_err sort_all(struct sorting *s, struct err *err)
{
	for (uint32_t i = 0; i < s->g->nodes; i++)
		if (!s->g->node[i].component && s->seen[i] == NEW && !sort_from(s, i))
			return circle(s, err);
	return FW_OK;
}

/* ---- the diagrams of one part ------------------------------------------------------------------------------------ */

struct build {
	struct graph *g;
	struct sorting all, under;	/* all gates; those of the part */
	struct order order;
	struct diagram d;
	uint32_t *f, *gg;		/* of each node; DIAGRAM_FALSE when not made yet or let go */
	uint32_t *waiting;		/* gates of the part that still need the node */
	uint32_t *members;		/* room for the functions of one gate's members */
	uint8_t *placed;		/* a watched node that has a root */
	uint32_t *at, levels;
	uint64_t most_steps;		/* that the next order may take */
	uint32_t full_at;		/* the gate at which the room ended */
	uint32_t made;			/* gates made before that */
};

static void count_waiting(struct build *b, const struct part *p)
{
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < p->gates; i++) {
			const struct node *n = &b->g->node[p->gate[i]];

			for (uint32_t j = 0; j < n->members; j++)
				b->waiting[n->member[j]] = pass * (b->waiting[n->member[j]] + 1);
		}
	}
}

/* Nothing made: of the gates and their members. */
static void clear(struct build *b, const struct part *p)
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
		if (!b->g->node[n->member[j]].component || b->waiting[n->member[j]] != 1)
			return false;
	return true;
}

/* The threshold over the members' functions in 'of'; DIAGRAM_FULL when there is no room. */
static uint32_t threshold(struct build *b, const struct node *n, const uint32_t *of, uint32_t need)
{
	if (hopeless(b, n, need))
		return DIAGRAM_FULL;
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

static void let_go(struct build *b, const struct node *n)
{
	for (uint32_t j = 0; j < n->members; j++) {
		uint32_t m = n->member[j];

		if (--b->waiting[m] == 0 && (!b->g->node[m].watched || b->placed[m]))
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
		b->members[j] = b->f[n->member[j]];
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

/* All of it in the order b->at. False and full_at: where the room ended. */
static bool make_part(struct build *b, const struct part *p, uint32_t room)
{
	struct diagram_roots gg = { .ref = b->gg, .n = b->g->nodes, .next = NULL };
	struct diagram_roots f = { .ref = b->f, .n = b->g->nodes, .next = &gg };
	bool good = true;

	diagram_release(&b->d);
	diagram_init(&b->d, room, least(b->most_steps, (uint64_t)room * STEPS_PER_NODE));
	clear(b, p);
	count_waiting(b, p);
	b->d.roots = &f;
	for (uint32_t v = b->levels; v-- > 0 && good;) {
		uint32_t x = diagram_variable(&b->d, v);

		good = x != DIAGRAM_FULL;
		b->full_at = b->at[v];
		b->f[b->at[v]] = b->gg[b->at[v]] = good ? x : DIAGRAM_FALSE;
	}
	for (uint32_t i = 0; i < p->gates && good; i++) {
		b->full_at = p->gate[i];
		b->made = i;
		good = make_gate(b, p->gate[i]);
	}
	b->d.roots = NULL;
	return good;
}

/* ---- the best order ---------------------------------------------------------------------------------------------- */

enum { RULES_MOST = 8 };

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

/* One rule in this room. True when its diagrams are good enough to look no further. */
static bool try_rule(struct build *b, const struct part *p, uint32_t room, struct trial *t, size_t r)
{
	uint32_t gate = p->gate[p->gates - 1], *size = &t->size[r];
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
		*size = diagram_count(&b->d, b->f[gate], b->gg[gate]);
	if (*size < t->size[t->best] || (!good && t->size[t->best] == UINT32_MAX && t->made[r] > t->made[t->best]))
		t->best = r;
	return good && *size <= b->levels * GOOD_PER_LEVEL;
}

/* Each rule in this room. The diagrams of the best are left in b->d; false when none fits. */
static bool try_rules(struct build *b, const struct part *p, uint32_t room, struct trial *t)
{
	t->best = 0;
	t->steps = UINT64_MAX;
	for (size_t r = 0; r < order_rule_count; r++)
		if (try_rule(b, p, room, t, r))
			return true;
	assign(b, p, t->best);
	return t->size[t->best] != UINT32_MAX && (t->held == t->best || make_part(b, p, room));
}

/* Room after room; in the last one only the rule that came furthest before, for it takes long. */
static enum fw_err best_order(struct build *b, const struct part *p, struct err *err)
{
	uint32_t most = b->g->most_nodes - (b->g->live.cells - DIAGRAM_INNER);
	uint64_t room = ROOM_FIRST + (uint64_t)p->gates * ROOM_PER_GATE;
	struct trial t = { .best = 0 };

	must(order_rule_count <= RULES_MOST);
	for (; room < most; room *= ROOM_FACTOR)
		if (try_rules(b, p, (uint32_t)room, &t))
			return FW_OK;
	assign(b, p, t.best);
	if (make_part(b, p, most))
		return FW_OK;
	return err_set(err, FW_FULL, "cannot build '%s': at '%s' it needs more than the %u diagram nodes left of %u",
		       name_of(b->g, p->gate[p->gates - 1]), name_of(b->g, b->full_at), most, b->g->most_nodes);
}

/* ---- part after part --------------------------------------------------------------------------------------------- */

static void place(struct build *b, struct taking *t, uint32_t gate, uint32_t most)
{
	struct root root = { .node = gate, .f = b->f[gate], .g = b->gg[gate] };

	if (live_root(t, b->g, root, most))
		b->placed[gate] = 1;
}

static enum fw_err build_part(struct build *b, uint32_t gate, struct err *err)
{
	struct part p;
	struct taking t;
	enum fw_err e;

	sort_from(&b->under, gate);
	p = (struct part){ .gate = b->under.gate, .gates = b->under.gates };
	e = best_order(b, &p, err);
	if (e == FW_OK) {
		live_part(&t, b->g, &b->d);
		for (uint32_t i = p.gates; i-- > 0;)
			if (b->g->node[p.gate[i]].watched && !b->placed[p.gate[i]])
				place(b, &t, p.gate[i], EXTRA_FIRST + EXTRA_PER_MEMBER * b->g->node[p.gate[i]].members);
		live_part_done(&t, b->g, b->at, b->levels);
	}
	clear(b, &p);
	diagram_release(&b->d);
	for (uint32_t i = 0; i < p.gates; i++)
		b->under.seen[p.gate[i]] = NEW;
	b->under.gates = 0;
	return e;
}

/* Services before what they need: it may be nearly there with them. */
static enum fw_err build_parts(struct build *b, struct err *err)
{
	enum fw_err e = FW_OK;

	for (uint32_t i = b->all.gates; i-- > 0 && e == FW_OK;) {
		uint32_t gate = b->all.gate[i];

		if (b->g->node[gate].watched && !b->placed[gate])
			e = build_part(b, gate, err);
	}
	return e;
}

static void build_init(struct build *b, struct graph *g)
{
	size_t most = 1;

	*b = (struct build){ .g = g, .most_steps = UINT64_MAX };
	for (uint32_t i = 0; i < g->nodes; i++)
		most = g->node[i].members > most ? g->node[i].members : most;
	sorting_init(&b->all, g);
	sorting_init(&b->under, g);
	order_init(&b->order, g);
	b->f = must_alloc((g->nodes + 1) * sizeof(*b->f));
	b->gg = must_alloc((g->nodes + 1) * sizeof(*b->gg));
	b->waiting = must_alloc((g->nodes + 1) * sizeof(*b->waiting));
	b->members = must_alloc(most * sizeof(*b->members));
	b->placed = must_alloc(g->nodes + 1);
	b->at = must_alloc((g->components + 1) * sizeof(*b->at));
	live_init(g);
}

static void build_release(struct build *b)
{
	sorting_release(&b->all);
	sorting_release(&b->under);
	order_release(&b->order);
	free(b->f);
	free(b->gg);
	free(b->waiting);
	free(b->members);
	free(b->placed);
	free(b->at);
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
	if (e == FW_OK)
		e = build_parts(&b, err);
	build_release(&b);
	if (e == FW_OK) {
		live_done(g);
		g->built = true;
	} else {
		live_release(&g->live);
	}
	return e;
}
