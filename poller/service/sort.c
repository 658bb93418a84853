/* poller/service/sort.c: a graph before it is built: what is wrong with it, and its gates in order, members first. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "poller/base/text.h"
#include "build-int.h"

/* ---- mistakes ---------------------------------------------------------------------------------------------------- */

static bool has_member(const struct node *n, uint32_t member)
{
	for (uint32_t j = 0; j < n->members; j++)
		if (n->member[j] == member)
			return true;
	return false;
}

/* A name for people, of a node that may have none: then whose part it is. */
const char *name_of(const struct graph *g, uint32_t node)
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

enum fw_err check_gates(const struct graph *g, struct err *err)
{
	enum fw_err e = FW_OK;

	for (uint32_t i = 0; i < g->nodes && e == FW_OK; i++)
		if (!g->node[i].component)
			e = check_gate(g, i, err);
	return e;
}

/* ---- sorting, and circles ---------------------------------------------------------------------------------------- */

void sorting_init(struct sorting *s, const struct graph *g)
{
	*s = (struct sorting){ .g = g, .seen = must_alloc(g->nodes + 1) };
	s->visit = must_alloc((g->gates + 1) * sizeof(*s->visit));
	s->gate = must_alloc((g->gates + 1) * sizeof(*s->gate));
}

void sorting_release(struct sorting *s)
{
	free(s->seen);
	free(s->visit);
	free(s->gate);
}

/* False at a circle, which then lies on 'visit'. */
bool sort_from(struct sorting *s, uint32_t gate)
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

enum fw_err sort_all(struct sorting *s, struct err *err)
{
	for (uint32_t i = 0; i < s->g->nodes; i++)
		if (!s->g->node[i].component && s->seen[i] == NEW && !sort_from(s, i))
			return circle(s, err);
	return FW_OK;
}

/* ---- gates that are their only member ---------------------------------------------------------------------------- */

bool passes_on(const struct graph *g, uint32_t gate)
{
	const struct node *n = &g->node[gate];

	return n->members == 1 && n->need_capacity == 0 && graph_need(g, gate) == 1 && graph_full(g, gate) == 1;
}

static void need_instead(struct node *n, uint32_t j, uint32_t member)
{
	if (n->member[j] == member)
		return;
	if (!n->given) {
		n->given = must_alloc(n->room * sizeof(*n->given));
		memcpy(n->given, n->member, n->members * sizeof(*n->given));
	}
	n->member[j] = member;
}

void pass_on(struct graph *g, const struct sorting *all, uint32_t *same)
{
	uint32_t *is = must_alloc((g->nodes + 1) * sizeof(*is));

	for (uint32_t i = 0; i < g->nodes; i++) {
		is[i] = i;
		same[i] = NODE_NONE;
	}
	for (uint32_t i = 0; i < all->gates; i++) {
		uint32_t gate = all->gate[i];
		struct node *n = &g->node[gate];

		for (uint32_t j = 0; j < n->members; j++)
			need_instead(n, j, is[n->member[j]]);
		if (!passes_on(g, gate))
			continue;
		is[gate] = n->member[0];
		if (g->node[is[gate]].component)
			continue;
		same[gate] = same[is[gate]];
		same[is[gate]] = gate;
	}
	free(is);
}
