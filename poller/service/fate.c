/* poller/service/fate.c: what takes more of a redundant gate than was declared. See fate.h.
 *
 * Members whose structures have nothing in common fail one by one: only where some have, what is below the gate is
 * copied into a graph of its own, and its distance asked.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "fate.h"

struct below {			/* the structure below a gate, members before those that need them, itself last */
	const struct graph *g;
	uint32_t *node, n, most;
	uint32_t *place;	/* of each node of the graph: its place in 'node' + 1, 0: not below */
	uint32_t *copy;		/* of each place: its node in the copy */
	uint8_t *fallen;	/* of each place */
};

static uint32_t nodes_of(const struct graph *g)
{
	struct graph_size s = graph_size(g);

	return s.components + s.gates;
}

static size_t members_of(const struct graph *g, uint32_t node, const uint32_t **member)
{
	return graph_is_component(g, node) ? 0 : graph_members(g, node, member);
}

/* ---- has it anything in common? ---------------------------------------------------------------------------------- */

/* What was reached, and from which member; only as large as what is below the gate. */
struct reached { uint32_t node, owner; };	/* owner: member + 1, 0: free */
struct search {
	struct reached *at;		/* open addressing */
	uint32_t size, used;		/* size: a power of two */
	uint32_t *stack;
	size_t depth, room;
	bool common;
};

static struct reached *reached_of(struct search *s, uint32_t node)
{
	uint32_t i = (node * UINT32_C(0x9e3779b1)) & (s->size - 1);

	while (s->at[i].owner && s->at[i].node != node)
		i = (i + 1) & (s->size - 1);
	return &s->at[i];
}

static void make_room(struct search *s)
{
	struct search was = *s;

	if (2 * (s->used + 1) < s->size)
		return;
	s->size = was.size ? 2 * was.size : 64;
	s->at = must_alloc(s->size * sizeof(*s->at));
	for (uint32_t i = 0; i < was.size; i++)
		if (was.at[i].owner)
			*reached_of(s, was.at[i].node) = was.at[i];
	free(was.at);
}

/* What is reached from two members is common to them. */
static void enter(struct search *s, uint32_t node, uint32_t owner)
{
	struct reached *r;

	make_room(s);
	r = reached_of(s, node);
	if (r->owner == owner)
		return;
	s->common |= r->owner != 0;
	s->used += !r->owner;
	*r = (struct reached){ node, owner };
	if (s->depth == s->room)
		s->stack = must_realloc(s->stack, (s->room = s->room * 2 + 64) * sizeof(*s->stack));
	s->stack[s->depth++] = node;
}

/* Stops at the first thing in common. */
static bool has_common(const struct graph *g, uint32_t gate)
{
	const uint32_t *member, *next;
	size_t n = members_of(g, gate, &member);
	struct search s = { .size = 0 };

	for (size_t i = 0; i < n && !s.common; i++) {
		enter(&s, member[i], (uint32_t)i + 1);
		while (s.depth > 0 && !s.common) {
			size_t m = members_of(g, s.stack[--s.depth], &next);

			for (size_t j = 0; j < m && !s.common; j++)
				enter(&s, next[j], (uint32_t)i + 1);
		}
	}
	free(s.at);
	free(s.stack);
	return s.common;
}

/* ---- a graph of its own ------------------------------------------------------------------------------------------ */

/* Sort what is below; false when there is more than the bound. */
static bool sort_below(struct below *b, uint32_t gate)
{
	struct frame { uint32_t node; size_t next; } *stack = must_alloc((b->most + 1) * sizeof(*stack));
	uint8_t *seen = must_alloc(nodes_of(b->g) + 1);
	uint32_t depth = 0, entered = 1;

	stack[depth++] = (struct frame){ gate, 0 };
	seen[gate] = 1;
	while (depth > 0 && entered <= b->most) {
		struct frame *f = &stack[depth - 1];
		const uint32_t *member;

		if (f->next == members_of(b->g, f->node, &member)) {
			b->node[b->n++] = f->node;
			b->place[f->node] = b->n;
			depth--;
			continue;
		}
		gate = member[f->next++];
		if (seen[gate]++)
			continue;
		seen[gate] = 1;
		if (entered++ < b->most)
			stack[depth++] = (struct frame){ gate, 0 };
	}
	free(stack);
	free(seen);
	return entered <= b->most;
}

/* Names are not needed; what is degraded does not matter here, so F is G. */
static struct graph *copy_below(struct below *b)
{
	struct graph *c = graph_new(b->most);

	for (uint32_t i = 0; i < b->n; i++) {
		uint32_t node = b->node[i], need;
		const uint32_t *member;
		size_t n;

		if (graph_is_component(b->g, node)) {
			b->copy[i] = graph_component(c, NULL, -1);
			continue;
		}
		n = graph_members(b->g, node, &member);
		need = graph_need(b->g, node);
		b->copy[i] = graph_gate(c, NULL, need, need);
		for (size_t j = 0; j < n; j++)
			graph_member(c, b->copy[i], b->copy[b->place[member[j]] - 1]);
	}
	graph_watch(c, b->copy[b->n - 1]);
	return c;
}

/* ---- telling ----------------------------------------------------------------------------------------------------- */

/* Who falls when these do. */
static void fell(struct below *b, const uint32_t *set, size_t n)
{
	memset(b->fallen, 0, b->n);
	for (size_t i = 0; i < n; i++)
		b->fallen[b->place[set[i]] - 1] = 1;
	for (uint32_t i = 0; i < b->n; i++) {
		const uint32_t *member;
		size_t of = members_of(b->g, b->node[i], &member), left = 0;

		for (size_t j = 0; j < of; j++)
			left += !b->fallen[b->place[member[j]] - 1];
		if (of > 0)
			b->fallen[i] = left < graph_need(b->g, b->node[i]);
	}
}

static void tell_set(struct below *b, const struct fate_question *q, const uint32_t *set, size_t n)
{
	const uint32_t *member;
	size_t of = graph_members(b->g, q->gate, &member), fallen = 0;
	uint32_t *takes = must_alloc((of + 1) * sizeof(*takes));

	fell(b, set, n);
	for (size_t j = 0; j < of; j++)
		if (b->fallen[b->place[member[j]] - 1])
			takes[fallen++] = member[j];
	q->each(q->owner, set, n, takes, fallen);
	free(takes);
}

static void tell(struct below *b, const struct fate_question *q, struct graph *c, const struct fate *f)
{
	size_t most = f->sets < (double)q->most_sets ? (size_t)f->sets : q->most_sets, n;
	uint32_t *sets = must_alloc((most * f->actual + 1) * sizeof(*sets));
	uint32_t *back = must_alloc((nodes_of(c) + 1) * sizeof(*back));

	for (uint32_t i = 0; i < b->n; i++)
		back[b->copy[i]] = b->node[i];
	n = graph_smallest_cuts(c, b->copy[b->n - 1], sets, most);
	for (size_t i = 0; i < n * f->actual; i++)
		sets[i] = back[sets[i]];
	for (size_t i = 0; i < n; i++)
		tell_set(b, q, sets + i * f->actual, f->actual);
	free(sets);
	free(back);
}

static enum fw_err ask_copy(struct below *b, const struct fate_question *q, struct fate *f, struct err *err)
{
	struct graph *c = copy_below(b);
	enum fw_err e = graph_build(c, err);

	if (e == FW_OK) {
		struct verdict v = graph_verdict(c, b->copy[b->n - 1]);

		if (v.distance < f->declared) {
			f->actual = v.distance;
			f->sets = v.cuts;
			tell(b, q, c, f);
		}
	}
	graph_free(c);
	return e;
}

enum fw_err graph_shared_fate(const struct graph *g, const struct fate_question *q, struct fate *f, struct err *err)
{
	const uint32_t *member;
	uint32_t n = (uint32_t)graph_members(g, q->gate, &member), most = nodes_of(g);
	struct below b = { .g = g, .most = q->most_nodes < most ? q->most_nodes : most };
	enum fw_err e;

	f->declared = f->actual = n - graph_need(g, q->gate) + 1;
	f->sets = 0;
	f->looked = 0;
	if (f->declared < 2 || !has_common(g, q->gate))
		return FW_OK;
	b.node = must_alloc((b.most + 1) * sizeof(*b.node));
	b.copy = must_alloc((b.most + 1) * sizeof(*b.copy));
	b.fallen = must_alloc(b.most + 1);
	b.place = must_alloc((most + 1) * sizeof(*b.place));
	if (sort_below(&b, q->gate)) {
		b.most = q->most_nodes;
		f->looked = b.n;
		e = ask_copy(&b, q, f, err);
	} else {
		e = err_set(err, FW_FULL, "what '%s' stands on has more than %u parts", graph_name(g, q->gate), b.most);
	}
	free(b.node);
	free(b.copy);
	free(b.fallen);
	free(b.place);
	return e;
}
