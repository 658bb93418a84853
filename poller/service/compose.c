/* poller/service/compose.c: the diagrams of a part from those of its modules.
 *
 * When each module has been given its order (trial.c), its diagrams are there, over components and the modules in it.
 * The variables of a module lie next to each other in the order of the part. So a node that tests it becomes a copy of
 * its diagrams, the constants replaced by what the node leads to: what comes out is in order and canonical, and it
 * costs its own nodes, where building it anew would cost many times as much.
 *
 * Diagrams are kept as rows of nodes over components, children first. Where F and G of a module differ, what they have
 * in common is copied twice; the last module goes through the unique table.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "build-int.h"

void composing_init(struct composing *c, const struct graph *g, uint32_t most)
{
	*c = (struct composing){ .g = g, .used = DIAGRAM_INNER, .most = most,
				    .row = must_alloc((g->nodes + 1) * sizeof(*c->row)),
				    .chain = must_alloc((g->nodes + 1) * sizeof(*c->chain)) };
}

void composing_release(struct composing *c)
{
	free(c->row);
	free(c->chain);
	free(c->node);
	free(c->copy);
	free(c->of);
	free(c->by_level);
	*c = (struct composing){ 0 };
}

static void reserve(struct composing *c, uint32_t more)
{
	if (c->used + more <= c->room)
		return;
	while (c->used + more > c->room)
		c->room = c->room ? c->room * 2 : 1024;
	c->node = must_realloc(c->node, c->room * sizeof(*c->node));
	c->copy = must_realloc(c->copy, c->room * sizeof(*c->copy));
}

/* A node that tests 'x' in the row; of a module, a copy of its row. DIAGRAM_FULL when there are too many. */
static uint32_t test(struct composing *c, uint32_t x, bool g, struct composed n)
{
	const struct row *r = &c->row[x];
	uint32_t from = g ? r->g_from : r->from, to = g ? r->g_to : r->to;

	if (n.lo == DIAGRAM_FULL || n.hi == DIAGRAM_FULL)
		return DIAGRAM_FULL;
	if (c->g->node[x].component) {
		from = to = 0;
		n.component = x;
	}
	if (to - from + 1 > c->most - c->used)
		return DIAGRAM_FULL;
	reserve(c, to - from + 1);
	if (from == to) {
		c->node[c->used] = n;
		return c->used++;
	}
	c->copy[DIAGRAM_FALSE] = n.lo;
	c->copy[DIAGRAM_TRUE] = n.hi;
	for (uint32_t i = from; i < to; i++) {
		const struct composed *of = &c->node[i];

		c->copy[i] = c->used;
		c->node[c->used++] = (struct composed){ of->component, c->copy[of->lo], c->copy[of->hi] };
	}
	return c->copy[to - 1];
}

/* A variable and those that it stands for, the first of them on top. */
static uint32_t test_all(struct composing *c, const struct build *b, uint32_t x, bool g, struct composed n)
{
	uint32_t chain = 0, made = DIAGRAM_FULL;

	for (; x != NODE_NONE; x = b->together[x])
		c->chain[chain++] = x;
	for (struct composed at = n; chain-- > 0;) {
		made = test(c, c->chain[chain], g, at);
		if (b->within[c->chain[chain]])		/* all of them, or any */
			at.hi = made;
		else
			at.lo = made;
	}
	return made;
}

/* ---- from the diagrams of a module ------------------------------------------------------------------------------- */

/* The nodes under f in c->by_level, deepest level first. */
static uint32_t collect(struct composing *c, const struct diagram *d, uint32_t f, uint32_t levels)
{
	uint32_t *from = must_alloc((levels + 1) * sizeof(*from)), *list, n = 0, depth = 0, sum = 0;

	list = must_alloc((d->live + 1) * 2 * sizeof(*list));
	memset(c->of, 0, d->used * sizeof(*c->of));
	c->of[f] = 1;
	for (list[depth++] = f; depth > n;) {
		const struct diagram_node *x = &d->node[list[n++]];

		from[x->level]++;
		for (int half = 0; half < 2; half++) {
			uint32_t child = half ? x->hi : x->lo;

			if (child >= DIAGRAM_INNER && !c->of[child]) {
				c->of[child] = 1;
				list[depth++] = child;
			}
		}
	}
	for (uint32_t v = levels; v-- > 0;) {
		uint32_t here = from[v];

		from[v] = sum;
		sum += here;
	}
	for (uint32_t i = 0; i < n; i++)
		c->by_level[from[d->node[list[i]].level]++] = list[i];
	free(from);
	free(list);
	return n;
}

/* Whether what the diagrams test is the same for F and for G. */
static bool same_below(const struct composing *c, const struct build *b)
{
	for (uint32_t v = 0; v < b->levels; v++)
		for (uint32_t x = b->at[v]; x != NODE_NONE; x = b->together[x])
			if (!c->g->node[x].component && c->row[x].from != c->row[x].g_from)
				return false;
	return true;
}

/* F or G of a module as a row. False when there is no room. */
static bool add_row(struct composing *c, const struct build *b, uint32_t f, bool g)
{
	uint32_t n = collect(c, &b->d, f, b->levels);

	c->of[DIAGRAM_TRUE] = DIAGRAM_TRUE;
	for (uint32_t i = 0; i < n; i++) {
		const struct diagram_node *x = &b->d.node[c->by_level[i]];

		uint32_t made = test_all(c, b, b->at[x->level], g,
					 (struct composed){ .lo = c->of[x->lo], .hi = c->of[x->hi] });

		if (made == DIAGRAM_FULL)
			return false;
		c->of[c->by_level[i]] = made;
	}
	return true;
}

bool composing_add(struct composing *c, const struct build *b, uint32_t gate)
{
	struct row r = { .from = c->used };
	uint32_t f = b->f[gate], gg = b->gg[gate];

	if (c->full || f < DIAGRAM_INNER || gg < DIAGRAM_INNER)
		return false;
	c->of = must_realloc(c->of, b->d.used * sizeof(*c->of));
	c->by_level = must_realloc(c->by_level, b->d.used * sizeof(*c->by_level));
	c->full = !add_row(c, b, f, false);
	r.to = r.g_to = c->used;
	r.g_from = r.from;
	if (!c->full && (f != gg || !same_below(c, b))) {
		r.g_from = c->used;
		c->full = !add_row(c, b, gg, true);
		r.g_to = c->used;
	}
	c->row[gate] = r;
	return !c->full;
}

/* ---- to the diagrams of the part --------------------------------------------------------------------------------- */

static uint32_t make_row(struct composing *c, struct diagram *d, const uint32_t *level, uint32_t from, uint32_t to)
{
	uint32_t made = DIAGRAM_FULL;

	c->copy[DIAGRAM_FALSE] = DIAGRAM_FALSE;
	c->copy[DIAGRAM_TRUE] = DIAGRAM_TRUE;
	for (uint32_t i = from; i < to; i++) {
		const struct composed *n = &c->node[i];

		made = c->copy[i] = diagram_make(d, level[n->component], c->copy[n->lo], c->copy[n->hi]);
		if (made == DIAGRAM_FULL)
			break;
	}
	return made;
}

bool composing_make(struct composing *c, struct build *b, uint32_t gate)
{
	const struct row *r = &c->row[gate];
	uint32_t *level = must_alloc((c->g->nodes + 1) * sizeof(*level)), f, gg;

	for (uint32_t v = 0; v < b->levels; v++)
		level[b->at[v]] = v;
	f = gg = make_row(c, &b->d, level, r->from, r->to);
	if (f != DIAGRAM_FULL && r->g_from != r->from)
		gg = make_row(c, &b->d, level, r->g_from, r->g_to);
	free(level);
	if (f == DIAGRAM_FULL || gg == DIAGRAM_FULL)
		return false;
	b->f[gate] = f;
	b->gg[gate] = gg;
	return true;
}
