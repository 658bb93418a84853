/* poller/service/look.c: see look.h. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "poller/service/look.h"

enum { DEPTH_MOST = 20000 };	/* of gates in each other: what is deeper is not looked at */

static uint32_t nodes_of(struct graph *g)
{
	struct graph_size s = graph_size(g);

	return s.components + s.gates;
}

struct look look_at(struct graph *g, uint32_t fails)
{
	uint32_t n = nodes_of(g);

	return (struct look){ .g = g, .fails = fails, .works = must_alloc(n + 1), .seen = must_alloc(n + 1) };
}

void look_away(struct look *l)
{
	free(l->works);
	free(l->seen);
	free(l->gate);
}

enum works look_works(struct look *l, uint32_t node)
{
	const uint32_t *member;
	uint32_t good = 0, unknown = 0, need;
	size_t n;

	if (l->works[node] != WORKS_NOT_ASKED)
		return l->works[node];
	if (graph_is_component(l->g, node)) {
		enum state s = node == l->fails ? STATE_DOWN : graph_get(l->g, node);

		return l->works[node] = s == STATE_DOWN ? WORKS_NOT : s == STATE_UNKNOWN ? WORKS_UNKNOWN : WORKS;
	}
	n = graph_members(l->g, node, &member);
	need = graph_need(l->g, node);
	if (l->depth++ > DEPTH_MOST)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		enum works w = look_works(l, member[i]);

		good += w == WORKS;
		unknown += w == WORKS_UNKNOWN;
	}
	l->depth--;
	return l->works[node] = good >= need ? WORKS : good + unknown >= need ? WORKS_UNKNOWN : WORKS_NOT;
}

bool look_has_met(const struct look *l, uint32_t node) { return l->seen[node]; }

void look_gates(struct look *l, uint32_t node)
{
	const uint32_t *member;
	size_t n;

	if (l->seen[node] || graph_is_component(l->g, node) || l->depth > DEPTH_MOST)
		return;
	l->seen[node] = 1;
	n = graph_members(l->g, node, &member);
	if (graph_need(l->g, node) < n) {
		if (l->gates == l->room)
			l->gate = must_realloc(l->gate, (l->room = l->room * 2 + 16) * sizeof(*l->gate));
		l->gate[l->gates++] = node;
	}
	l->depth++;
	for (size_t i = 0; i < n; i++)
		look_gates(l, member[i]);
	l->depth--;
}

struct left look_left(struct look *l, uint32_t gate)
{
	const uint32_t *member;
	size_t n = graph_members(l->g, gate, &member);
	struct left left = { .members = (uint32_t)n, .need = graph_need(l->g, gate), .full = graph_full(l->g, gate) };

	for (size_t i = 0; i < n; i++) {
		left.there += look_works(l, member[i]) == WORKS;
		left.unknown += look_works(l, member[i]) == WORKS_UNKNOWN;
	}
	return left;
}

bool look_is_direct(const struct look *l, uint32_t service, uint32_t gate)
{
	const uint32_t *member, *below;
	size_t n = graph_members(l->g, service, &member), m;

	for (size_t i = 0; i < n; i++) {
		if (member[i] == gate)
			return true;
		m = graph_is_component(l->g, member[i]) ? 0 : graph_members(l->g, member[i], &below);
		for (size_t k = 0; k < m; k++)
			if (below[k] == gate && graph_name(l->g, member[i]) && graph_name(l->g, gate) &&
			    strcmp(graph_name(l->g, member[i]), graph_name(l->g, gate)) == 0)
				return true;
	}
	return false;
}
