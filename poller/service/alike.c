/* poller/service/alike.c: components that are one variable to all above them: each alone ends the same gates.
 *
 * A gate that any of its members ends, and that only one other such gate needs, is no different from that one. So each
 * component is told by the list of the gates that it ends, and those whose lists are alike lie side by side.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "short-int.h"

/* NODE_NONE for a gate: one that it does not end alone. */
struct end { uint32_t level, gate; };
struct listed { const struct end *end; uint32_t n, level, group; };

static bool any_ends(const struct graph *g, uint32_t gate)
{
	const struct node *n = &g->node[gate];

	return graph_need(g, gate) == n->members && graph_full(g, gate) == n->members && n->need_capacity == 0;
}

/* Of each gate the one that it is no different from; NODE_NONE when not any of its members ends it. Heap. */
static uint32_t *find_same(const struct shorter *s)
{
	uint32_t *needed = must_alloc(s->g->nodes * sizeof(*needed)), *same = must_alloc(s->g->nodes * sizeof(*same));

	memset(same, 0xff, s->g->nodes * sizeof(*same));
	for (uint32_t i = 0; i < s->gates; i++)
		for (uint32_t k = 0; k < s->g->node[s->gate[i]].members; k++)
			needed[s->g->node[s->gate[i]].member[k]]++;
	for (uint32_t i = s->gates; i-- > 0;) {
		const struct node *n = &s->g->node[s->gate[i]];
		uint32_t *own = &same[s->gate[i]];
		bool any = any_ends(s->g, s->gate[i]);

		*own = !any ? NODE_NONE : *own == NODE_NONE ? s->gate[i] : *own;
		for (uint32_t k = 0; k < n->members && any; k++)
			if (needed[n->member[k]] == 1)
				same[n->member[k]] = *own;
	}
	free(needed);
	return same;
}

static int by_level(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? -1 : 1;
	return x->gate < y->gate ? -1 : x->gate > y->gate;
}

/* What each component ends, sorted. Heap. */
static struct end *find_ends(const struct shorter *s, size_t *n)
{
	uint32_t *same = find_same(s), *level = must_alloc(s->g->nodes * sizeof(*level));
	struct end *end;
	size_t room = 1;

	for (uint32_t v = 0; v < s->levels; v++)
		level[s->at[v]] = v;
	for (uint32_t i = 0; i < s->gates; i++)
		room += s->g->node[s->gate[i]].members;
	end = must_alloc(room * sizeof(*end));
	*n = 0;
	for (uint32_t i = 0; i < s->gates; i++) {
		const struct node *gate = &s->g->node[s->gate[i]];

		for (uint32_t k = 0; k < gate->members; k++)
			if (s->g->node[gate->member[k]].component)
				end[(*n)++] = (struct end){ level[gate->member[k]], same[s->gate[i]] };
	}
	qsort(end, *n, sizeof(*end), by_level);
	free(same);
	free(level);
	return end;
}

/* Those with a list like another one's beside it. */
static int by_list(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	for (uint32_t i = 0; i < x->n; i++)
		if (x->end[i].gate != y->end[i].gate)
			return x->end[i].gate < y->end[i].gate ? -1 : 1;
	return x->level < y->level ? -1 : x->level > y->level;
}

static bool are_alike(const struct listed *x, const struct listed *y)
{
	if (x->n != y->n || x->n == 0)
		return false;
	for (uint32_t i = 0; i < x->n; i++)
		if (x->end[i].gate != y->end[i].gate || x->end[i].gate == NODE_NONE)
			return false;
	return true;
}

static int by_group(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return x->level < y->level ? -1 : x->level > y->level;
}

/* A group is where its first one was. */
static void put_side_by_side(struct shorter *s)
{
	struct listed *list = must_alloc((s->levels + 1) * sizeof(*list));
	uint32_t *at = must_alloc((s->levels + 1) * sizeof(*at));
	struct end *end;
	size_t ends;

	end = find_ends(s, &ends);
	for (uint32_t v = 0; v < s->levels; v++)
		list[v].level = v;
	for (size_t i = 0; i < ends; i++) {
		struct listed *x = &list[end[i].level];

		x->end = x->n++ == 0 ? &end[i] : x->end;
	}
	qsort(list, s->levels, sizeof(*list), by_list);
	for (uint32_t v = 0; v < s->levels; v++)
		list[v].group = v > 0 && are_alike(&list[v - 1], &list[v]) ? list[v - 1].group : list[v].level;
	qsort(list, s->levels, sizeof(*list), by_group);
	for (uint32_t v = 0; v < s->levels; v++) {
		at[v] = s->at[list[v].level];
		s->first[v] = v > 0 && list[v].group == list[v - 1].group ? s->first[v - 1] : v;
	}
	free(s->at);
	s->at = at;
	free(list);
	free(end);
}

struct shorter *shorter_new(const struct graph *g, const struct part *p, const uint32_t *at, uint32_t levels)
{
	struct shorter *s = must_alloc(sizeof(*s));

	must(p->gates > 0);
	*s = (struct shorter){ .g = g, .gates = p->gates, .levels = levels };
	s->gate = must_alloc(p->gates * sizeof(*s->gate));
	memcpy(s->gate, p->gate, p->gates * sizeof(*s->gate));
	s->at = must_alloc((levels + 1) * sizeof(*s->at));
	for (uint32_t v = 0; v < levels; v++)
		s->at[v] = at[v];
	s->first = must_alloc((levels + 1) * sizeof(*s->first));
	put_side_by_side(s);
	return s;
}

void shorter_free(struct shorter *s)
{
	if (!s)
		return;
	free(s->gate);
	free(s->at);
	free(s->first);
	free(s);
}
