/* poller/service/live.c: the finished diagram, and what follows from the states, kept up to date.
 *
 * The diagram is laid out as cells, numbered so that children come before parents. Each cell holds what follows from
 * the states for its function. When a variable changes, the cells that test it are valued again from their children,
 * in the order of their numbers, and the parents of those whose value became another one: nothing else is visited, and
 * nothing is built. What a state change costs is the number of cells whose value it changes, and their parents.
 *
 * With l, h the values of 'lo', 'hi' of a cell that tests x, whose unavailability is q:
 *	x in the set:	distance = h.distance				cuts = h.cuts		p = h.p
 *	else:		distance = min(l.distance, h.distance + 1)	cuts = those of them	p = (1-q) l.p + q h.p
 *			that have this distance, added
 * A variable that a path does not test is not failed in a smallest cut set: F is monotone, without it the set would be
 * a cut set as well. So every smallest cut set is exactly one path, and adding counts each once.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "service-int.h"

/* ---- one cell ------------------------------------------------------------------------------------------------------ */

bool state_in(enum state s, unsigned set)
{
	static const uint8_t sets[STATES] = {
		[STATE_UP] = 0,
		[STATE_DEGRADED] = 1 << SET_WEAK | 1 << SET_UNKNOWN,
		[STATE_DOWN] = 1 << SET_DOWN | 1 << SET_WEAK | 1 << SET_UNKNOWN,
		[STATE_UNKNOWN] = 1 << SET_UNKNOWN,
	};

	return sets[s] >> set & 1;
}

static inline uint32_t one_more(uint32_t distance)
{
	return distance == DISTANCE_NEVER ? DISTANCE_NEVER : distance + 1;
}

static inline uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

struct value value_of(enum state s, double q, const struct value *lo, const struct value *hi)
{
	uint32_t further = one_more(hi->distance[SET_DOWN]);
	struct value v = { .weak = lo->weak | hi->weak | state_in(s, SET_WEAK) };

	for (unsigned set = 0; set < SETS; set++)
		v.distance[set] = state_in(s, set) ? hi->distance[set] :
				  least(lo->distance[set], one_more(hi->distance[set]));
	if (state_in(s, SET_DOWN)) {
		v.cuts = hi->cuts;
		v.p = hi->p;
		return v;
	}
	v.cuts = (lo->distance[SET_DOWN] <= further ? lo->cuts : 0) + (further <= lo->distance[SET_DOWN] ? hi->cuts : 0);
	v.p = (1 - q) * lo->p + q * hi->p;
	return v;
}

static const struct value constants[DIAGRAM_INNER] = {
	[DIAGRAM_FALSE] = { .distance = { DISTANCE_NEVER, DISTANCE_NEVER, DISTANCE_NEVER } },
	[DIAGRAM_TRUE] = { .cuts = 1, .p = 1 },
};

/* ---- keeping up ---------------------------------------------------------------------------------------------------- */

void live_touch(struct live *l, uint32_t level, enum state s)
{
	l->state[level] = (uint8_t)s;
	for (uint32_t i = l->first[level + 1]; i < l->first[level]; i++)
		marks_set(&l->dirty, i);
}

void live_settle(struct live *l)
{
	uint32_t i;

	while (marks_give_least(&l->dirty, &i)) {
		const struct cell *c = &l->cell[i];
		struct value v = value_of((enum state)l->state[c->level], l->q[c->level], &l->value[c->lo], &l->value[c->hi]);

		if (memcmp(&v, &l->value[i], sizeof(v)) == 0)
			continue;
		l->value[i] = v;
		for (uint32_t j = c->parents; j < c[1].parents; j++)
			marks_set(&l->dirty, l->parent[j]);
	}
}

/* ---- taking the diagram over --------------------------------------------------------------------------------------- */

struct taking {
	const struct diagram *d;
	uint32_t *cell_of;		/* of each diagram node; 0 for one not reached */
	uint32_t *order;		/* reached ones */
	uint32_t n;
};

static void reach(struct taking *t, uint32_t *stack, uint32_t f)
{
	size_t depth = 0;

	stack[depth++] = f;
	while (depth > 0) {
		f = stack[--depth];
		if (f < DIAGRAM_INNER || t->cell_of[f])
			continue;
		t->cell_of[f] = 1;
		t->order[t->n++] = f;
		stack[depth++] = t->d->node[f].lo;
		stack[depth++] = t->d->node[f].hi;
	}
}

/* Count the cells of each level, then number them, deepest level first. */
static void number(struct live *l, struct taking *t)
{
	uint32_t sum = DIAGRAM_INNER, *next = must_alloc((l->levels + 1) * sizeof(*next));

	for (uint32_t i = 0; i < t->n; i++)
		next[t->d->node[t->order[i]].level]++;
	l->first[l->levels] = sum;
	for (uint32_t v = l->levels; v-- > 0;) {
		uint32_t here = next[v];

		next[v] = sum;
		sum += here;
		l->first[v] = sum;
	}
	for (uint32_t i = 0; i < t->n; i++)
		t->cell_of[t->order[i]] = next[t->d->node[t->order[i]].level]++;
	t->cell_of[DIAGRAM_TRUE] = DIAGRAM_TRUE;
	free(next);
}

static void fill_cells(struct live *l, const struct taking *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct diagram_node *n = &t->d->node[t->order[i]];

		l->cell[t->cell_of[t->order[i]]] = (struct cell){
			.level = n->level, .lo = t->cell_of[n->lo], .hi = t->cell_of[n->hi],
		};
	}
}

static void add_parent(struct live *l, uint32_t child, uint32_t parent)
{
	if (child >= DIAGRAM_INNER)
		l->parent[--l->cell[child].parents] = parent;
}

/* The entry of a cell first counts its parents, then is where they end; add_parent() brings it to where they begin. */
static void fill_parents(struct live *l)
{
	uint32_t sum = 0;

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

/* As if every component were up: the values that the design has. */
static void value_design(struct live *l)
{
	for (uint32_t i = DIAGRAM_INNER; i < l->cells; i++) {
		const struct cell *c = &l->cell[i];

		l->value[i] = value_of(STATE_UP, l->q[c->level], &l->value[c->lo], &l->value[c->hi]);
	}
}

static void add_root(struct graph *g, uint32_t node, uint32_t f, uint32_t gg)
{
	struct live *l = &g->live;
	uint32_t r = l->roots++;
	const struct value *design = &l->value[f];

	g->node[node].index = r;
	l->root[r] = (struct root){
		.node = node, .f = f, .g = gg, .next = { l->root_at[f], NODE_NONE },
		.design_distance = design->distance[SET_DOWN], .design_cuts = design->cuts, .design_p = design->p,
	};
	l->root_at[f] = 2 * r;
	l->root[r].next[1] = l->root_at[gg];
	l->root_at[gg] = 2 * r + 1;
}

static void fill_levels(struct graph *g)
{
	struct live *l = &g->live;

	l->state = must_alloc(l->levels + 1);
	l->q = must_alloc((l->levels + 1) * sizeof(*l->q));
	for (uint32_t v = 0; v < l->levels; v++)
		l->q[v] = g->node[l->component[v]].unavailability;
}

static void apply_states(struct graph *g)
{
	struct live *l = &g->live;

	for (uint32_t v = 0; v < l->levels; v++)
		if (g->node[l->component[v]].state != STATE_UP)
			live_touch(l, v, (enum state)g->node[l->component[v]].state);
}

static uint32_t most_of(uint32_t a, uint32_t b) { return a > b ? a : b; }

static void make_room(struct live *l, uint32_t watched)
{
	l->cell = must_alloc((l->cells + 1) * sizeof(*l->cell));
	l->value = must_alloc(l->cells * sizeof(*l->value));
	memcpy(l->value, constants, sizeof(constants));
	l->root_at = must_alloc(l->cells * sizeof(*l->root_at));
	memset(l->root_at, 0xff, l->cells * sizeof(*l->root_at));
	l->root = must_alloc((watched + 1) * sizeof(*l->root));
	l->list = must_alloc((most_of(l->cells, most_of(watched, l->levels)) + 1) * sizeof(*l->list));
	l->place = must_alloc(l->cells * sizeof(*l->place));
	marks_init(&l->dirty, l->cells);
	marks_init(&l->reach, l->cells);
}

void live_take(struct graph *g, const struct diagram *d, const uint32_t *f, const uint32_t *gg, uint32_t *at, uint32_t levels)
{
	struct live *l = &g->live;
	struct taking t = { .d = d, .cell_of = must_alloc(d->used * sizeof(*t.cell_of)),
			    .order = must_alloc(d->used * sizeof(*t.order)) };
	uint32_t *stack = must_alloc((d->used + 2u) * sizeof(*stack));

	for (uint32_t i = 0; i < g->nodes; i++) {
		if (!g->node[i].watched)
			continue;
		reach(&t, stack, f[i]);
		reach(&t, stack, gg[i]);
	}
	free(stack);
	*l = (struct live){ .cells = t.n + DIAGRAM_INNER, .levels = levels, .component = at,
			    .first = must_alloc((levels + 1) * sizeof(*l->first)) };
	make_room(l, g->watched);
	number(l, &t);
	fill_cells(l, &t);
	fill_parents(l);
	fill_levels(g);
	value_design(l);
	for (uint32_t i = 0; i < g->nodes; i++)
		if (g->node[i].watched)
			add_root(g, i, t.cell_of[f[i]], t.cell_of[gg[i]]);
	free(t.cell_of);
	free(t.order);
	apply_states(g);
}

void live_release(struct live *l)
{
	free(l->cell);
	free(l->value);
	free(l->parent);
	free(l->first);
	free(l->component);
	free(l->state);
	free(l->q);
	free(l->root);
	free(l->root_at);
	marks_release(&l->dirty);
	marks_release(&l->reach);
	free(l->list);
	free(l->place);
	free(l->what_if);
}

size_t live_octets(const struct live *l)
{
	size_t per_cell = sizeof(*l->cell) + sizeof(*l->value) + 2 * sizeof(*l->parent) + sizeof(*l->root_at) +
			  sizeof(*l->list) + sizeof(*l->place);
	size_t per_level = sizeof(*l->first) + sizeof(*l->component) + sizeof(*l->state) + sizeof(*l->q);

	return l->cells * per_cell + l->levels * per_level + l->roots * sizeof(*l->root) +
	       l->what_ifs * sizeof(*l->what_if) + l->dirty.octets + l->reach.octets;
}
