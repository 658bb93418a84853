/* poller/service/live.c: the finished diagrams, laid out as cells, numbered so that children come before parents.
 *
 * So what follows from the states (lens.c) is valued in the order of the numbers, and what a change reaches is found
 * through the parents.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "service-int.h"

/* ---- taking a part over ------------------------------------------------------------------------------------------ */

void live_init(struct graph *g)
{
	struct live *l = &g->live;

	*l = (struct live){ .cells = DIAGRAM_INNER, .cells_room = 1024, .levels_room = 1024 };
	l->cell = must_alloc(l->cells_room * sizeof(*l->cell));
	l->level = must_alloc(l->levels_room * sizeof(*l->level));
	l->root = must_alloc((g->watched + 1) * sizeof(*l->root));
}

void live_part(struct taking *t, const struct graph *g, const struct diagram *d)
{
	*t = (struct taking){ .d = d, .root = g->live.roots, .level = g->live.levels };
	t->cell_of = must_alloc(d->used * sizeof(*t->cell_of));
	t->order = must_alloc(d->used * sizeof(*t->order));
	t->stack = must_alloc((d->used + 2u) * sizeof(*t->stack));
}

static void reach(struct taking *t, uint32_t f, uint32_t most_n)
{
	size_t depth = 0;

	t->stack[depth++] = f;
	while (depth > 0 && t->n <= most_n) {
		f = t->stack[--depth];
		if (f < DIAGRAM_INNER || t->cell_of[f])
			continue;
		t->cell_of[f] = 1;
		t->order[t->n++] = f;
		t->stack[depth++] = t->d->node[f].lo;
		t->stack[depth++] = t->d->node[f].hi;
	}
}

bool live_root(struct taking *t, struct graph *g, struct root root, uint32_t most)
{
	struct live *l = &g->live;
	uint32_t before = t->n, most_n = l->roots == t->root || most > UINT32_MAX - before ? UINT32_MAX : before + most;

	reach(t, root.f, most_n);
	reach(t, root.g, most_n);
	if (t->n > most_n) {
		while (t->n > before)
			t->cell_of[t->order[--t->n]] = 0;
		return false;
	}
	l->root[l->roots++] = root;
	return true;
}

/* Count the cells of each level, then number them, deepest level first. */
static void number(struct live *l, struct taking *t, uint32_t levels)
{
	uint32_t sum = l->cells;
	struct level *level = &l->level[t->level];

	for (uint32_t i = 0; i < t->n; i++)
		level[t->d->node[t->order[i]].level].to++;
	for (uint32_t v = levels; v-- > 0;) {
		uint32_t here = level[v].to;

		level[v].from = level[v].to = sum;
		sum += here;
	}
	for (uint32_t i = 0; i < t->n; i++)
		t->cell_of[t->order[i]] = level[t->d->node[t->order[i]].level].to++;
	t->cell_of[DIAGRAM_FALSE] = DIAGRAM_FALSE;
	t->cell_of[DIAGRAM_TRUE] = DIAGRAM_TRUE;
}

static void fill_cells(struct live *l, const struct taking *t)
{
	while (l->cells + t->n + 1 > l->cells_room) {
		l->cells_room *= 2;
		l->cell = must_realloc(l->cell, l->cells_room * sizeof(*l->cell));
	}
	for (uint32_t i = 0; i < t->n; i++) {
		const struct diagram_node *n = &t->d->node[t->order[i]];

		l->cell[t->cell_of[t->order[i]]] = (struct cell){
			.level = t->level + n->level, .lo = t->cell_of[n->lo], .hi = t->cell_of[n->hi],
		};
	}
	l->cells += t->n;
}

static void fill_levels(struct graph *g, const uint32_t *at, uint32_t levels)
{
	struct live *l = &g->live;

	while (l->levels + levels > l->levels_room) {
		l->levels_room *= 2;
		l->level = must_realloc(l->level, l->levels_room * sizeof(*l->level));
	}
	for (uint32_t v = 0; v < levels; v++)
		l->level[l->levels++] = (struct level){ .component = at[v], .rate = g->node[at[v]].rate };
}

void live_part_done(struct taking *t, struct graph *g, const uint32_t *at, uint32_t levels)
{
	struct live *l = &g->live;

	fill_levels(g, at, levels);
	number(l, t, levels);
	fill_cells(l, t);
	for (uint32_t r = t->root; r < l->roots; r++) {
		l->root[r].f = t->cell_of[l->root[r].f];
		l->root[r].g = t->cell_of[l->root[r].g];
		l->root[r].from = t->level;
		l->root[r].to = l->levels;
	}
	free(t->cell_of);
	free(t->order);
	free(t->stack);
}

/* ---- all parts together ------------------------------------------------------------------------------------------ */

static void add_parent(struct live *l, uint32_t child, uint32_t parent)
{
	if (child >= DIAGRAM_INNER)
		l->parent[--l->cell[child].parents] = parent;
}

/* The entry of a cell first counts its parents, then is where they end; add_parent() brings it to where they begin. */
static void fill_parents(struct live *l)
{
	uint32_t sum = 0;

	l->cell[l->cells] = (struct cell){ .level = LEVEL_NONE };
	for (uint32_t i = DIAGRAM_INNER; i < l->cells; i++) {
		l->cell[l->cell[i].lo].parents++;
		l->cell[l->cell[i].hi].parents++;
	}
	l->cell[DIAGRAM_FALSE].parents = l->cell[DIAGRAM_TRUE].parents = 0;	/* the constants never change */
	for (uint32_t i = 0; i <= l->cells; i++)
		l->cell[i].parents = sum += l->cell[i].parents;
	l->parent = must_alloc((sum + 1) * sizeof(*l->parent));
	for (uint32_t i = l->cells; i-- > DIAGRAM_INNER;) {
		add_parent(l, l->cell[i].lo, i);
		add_parent(l, l->cell[i].hi, i);
	}
}

/* The levels of each component, rising. */
static void fill_places(struct graph *g)
{
	struct live *l = &g->live;

	l->place_first = must_alloc((g->components + 1) * sizeof(*l->place_first));
	l->place = must_alloc((l->levels + 1) * sizeof(*l->place));
	for (uint32_t v = 0; v < l->levels; v++)
		l->place_first[g->node[l->level[v].component].index]++;
	for (uint32_t i = 0, sum = 0; i <= g->components; i++)
		l->place_first[i] = sum += i < g->components ? l->place_first[i] : 0;
	for (uint32_t v = l->levels; v-- > 0;)
		l->place[--l->place_first[g->node[l->level[v].component].index]] = v;
}

static void fill_roots(struct graph *g)
{
	struct live *l = &g->live;

	l->root_at = must_alloc(l->cells * sizeof(*l->root_at));
	memset(l->root_at, 0xff, l->cells * sizeof(*l->root_at));	/* NODE_NONE */
	for (uint32_t i = 0; i < l->roots; i++) {
		struct root *r = &l->root[i];

		g->node[r->node].index = i;
		r->next[0] = l->root_at[r->f];
		l->root_at[r->f] = 2 * i;
		r->next[1] = l->root_at[r->g];
		l->root_at[r->g] = 2 * i + 1;
	}
}

/* The roots of one part, from 'r' on: which of them stand on which level. Returns the first of the next part. */
static uint32_t fill_above(struct live *l, uint64_t *above, uint32_t r)
{
	struct root first = l->root[r];
	uint32_t to = r;

	while (to < l->roots && l->root[to].from == first.from)
		to++;
	for (uint32_t v = first.from; v < first.to; v++)
		l->level[v].root = r;
	for (uint32_t i = r; to - r <= 64 && i < to; i++) {
		above[l->root[i].f] |= UINT64_C(1) << (i - r);
		above[l->root[i].g] |= UINT64_C(1) << (i - r);
	}
	for (uint32_t v = first.from; v < first.to; v++) {
		struct level *x = &l->level[v];

		for (uint32_t c = x->from; c < x->to; c++) {
			x->above |= above[c];
			above[l->cell[c].lo] |= above[c];
			above[l->cell[c].hi] |= above[c];
		}
	}
	return to;
}

static uint32_t most_of(uint32_t a, uint32_t b) { return a > b ? a : b; }

void live_done(struct graph *g)
{
	struct live *l = &g->live;
	uint64_t *above;

	fill_parents(l);
	fill_places(g);
	fill_roots(g);
	above = must_alloc(l->cells * sizeof(*above));
	for (uint32_t r = 0; r < l->roots;)
		r = fill_above(l, above, r);
	free(above);
	l->list = must_alloc((most_of(l->cells, most_of(l->roots, l->levels)) + 1) * sizeof(*l->list));
	l->aside = must_alloc(l->cells * sizeof(*l->aside));
	marks_init(&l->reach, l->cells);
	lenses_init(g);
}

void live_release(struct live *l)
{
	for (uint32_t i = 0; i < l->roots; i++)
		loose_free(l->root[i].loose);
	free(l->cell);
	free(l->level);
	free(l->root);
	free(l->parent);
	free(l->place_first);
	free(l->place);
	free(l->root_at);
	marks_release(&l->reach);
	free(l->list);
	free(l->aside);
	free(l->what_if);
	*l = (struct live){ 0 };
}

size_t live_octets(const struct live *l)
{
	size_t per_cell = 2 * sizeof(*l->parent) + sizeof(*l->root_at) + sizeof(*l->list) + sizeof(*l->aside);

	return l->cells_room * sizeof(*l->cell) + l->cells * per_cell + l->levels_room * sizeof(*l->level) +
	       l->levels * sizeof(*l->place) + l->roots * sizeof(*l->root) + l->what_ifs * sizeof(*l->what_if) +
	       l->reach.octets;
}
