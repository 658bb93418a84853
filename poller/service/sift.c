/* poller/service/sift.c: another order of the variables of a diagram that is there (Rudell 1993).
 *
 * Two neighbouring levels are exchanged in place: a node that tests the upper variable and then the lower one is
 * written anew and stays the same function, so whatever holds it need not know. One variable after the other, those
 * with most nodes first, is carried through all levels and left where the diagram was smallest. A node that nothing
 * needs any more goes at once; its slot is used again when the list of its level is gone through next.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "diagram-int.h"
#include "mix-int.h"

struct level_list { uint32_t *node, n, room; };

struct sifting {
	struct diagram *d;
	uint32_t *at;			/* the caller's names of the levels: change places with them */
	uint32_t levels;
	struct level_list *list;	/* the nodes of each level, and such as are gone: their level is LEVEL_NONE */
	uint32_t *parents, room;	/* of each node: how many hold it */
	uint32_t *stack, stack_room;
	uint64_t steps;			/* left */
};

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

static void list_add(struct level_list *l, uint32_t node)
{
	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 16;
		l->node = must_realloc(l->node, l->room * sizeof(*l->node));
	}
	l->node[l->n++] = node;
}

static void unlink_node(struct diagram *d, uint32_t i)
{
	const struct diagram_node *n = &d->node[i];
	uint32_t *at = &d->bucket[mix(n->level, n->lo, n->hi) & (d->buckets - 1)];

	while (*at != i)
		at = &d->node[*at].next;
	*at = n->next;
}

static void link_node(struct diagram *d, uint32_t i)
{
	struct diagram_node *n = &d->node[i];
	uint32_t *head = &d->bucket[mix(n->level, n->lo, n->hi) & (d->buckets - 1)];

	n->next = *head;
	*head = i;
}

static void slot_take(struct sifting *s, uint32_t i)
{
	s->d->node[i].next = s->d->spare;
	s->d->spare = i;
}

/* One holder less of 'f'; what nothing holds goes, and what only it held. */
static void drop(struct sifting *s, uint32_t f)
{
	struct diagram *d = s->d;
	uint32_t depth = 0;

	s->stack[depth++] = f;
	while (depth > 0) {
		f = s->stack[--depth];
		if (f < DIAGRAM_INNER || --s->parents[f] > 0)
			continue;
		unlink_node(d, f);
		d->node[f].level = LEVEL_NONE;
		d->live--;
		if (depth + 2 > s->stack_room) {
			s->stack_room *= 2;
			s->stack = must_realloc(s->stack, s->stack_room * sizeof(*s->stack));
		}
		s->stack[depth++] = d->node[f].lo;
		s->stack[depth++] = d->node[f].hi;
	}
}

/* Room for 'more' nodes, before links are taken apart. */
static void reserve(struct sifting *s, uint32_t more)
{
	diagram_reserve(s->d, more);
	if (s->d->room > s->room) {
		s->parents = must_realloc(s->parents, s->d->room * sizeof(*s->parents));
		memset(s->parents + s->room, 0, (s->d->room - s->room) * sizeof(*s->parents));
		s->room = s->d->room;
	}
}

/* A node of the lower level, held once more. */
static uint32_t lower_node(struct sifting *s, uint32_t level, uint32_t lo, uint32_t hi)
{
	uint32_t used = s->d->live, i;

	if (lo == hi) {
		s->parents[lo]++;
		return lo;
	}
	i = diagram_make(s->d, level, lo, hi);
	if (s->d->live > used) {
		s->parents[i] = 0;
		s->parents[lo]++;
		s->parents[hi]++;
		list_add(&s->list[level], i);
	}
	s->parents[i]++;
	return i;
}

/* ---- two levels change places ------------------------------------------------------------------------------------ */

/* Take those that are gone out of the list of a level, and the others out of the unique table. */
static void open_level(struct sifting *s, uint32_t level)
{
	struct level_list *l = &s->list[level];
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		if (s->d->node[l->node[i]].level == LEVEL_NONE) {
			slot_take(s, l->node[i]);
			continue;
		}
		unlink_node(s->d, l->node[i]);
		l->node[n++] = l->node[i];
	}
	l->n = n;
}

static void move_to(struct sifting *s, uint32_t i, uint32_t level)
{
	s->d->node[i].level = level;
	link_node(s->d, i);
}

/* What tests the upper variable and then, in a child, the lower one: 'lower' is where it was, now it is above. */
static void rewrite(struct sifting *s, uint32_t i, uint32_t upper)
{
	struct diagram *d = s->d;
	struct diagram_node f = d->node[i], lo = d->node[f.lo], hi = d->node[f.hi];
	bool low = lo.level == upper, high = hi.level == upper;
	uint32_t new_lo = lower_node(s, upper + 1, low ? lo.lo : f.lo, high ? hi.lo : f.hi);
	uint32_t new_hi = lower_node(s, upper + 1, low ? lo.hi : f.lo, high ? hi.hi : f.hi);

	d->node[i].lo = new_lo;
	d->node[i].hi = new_hi;
	move_to(s, i, upper);
	list_add(&s->list[upper], i);
	drop(s, f.lo);
	drop(s, f.hi);
}

static void exchange(struct sifting *s, uint32_t upper)
{
	struct diagram *d = s->d;
	struct level_list a = s->list[upper];
	uint32_t name = s->at[upper], dependent = 0;

	s->steps -= s->steps < a.n + s->list[upper + 1].n + 1u ? s->steps : a.n + s->list[upper + 1].n + 1u;
	reserve(s, 2 * a.n);
	open_level(s, upper);
	open_level(s, upper + 1);
	a = s->list[upper];
	s->list[upper] = s->list[upper + 1];
	s->list[upper + 1] = (struct level_list){ .n = 0 };
	for (uint32_t i = 0; i < a.n; i++) {
		const struct diagram_node *n = &d->node[a.node[i]];

		if (d->node[n->lo].level == upper + 1 || d->node[n->hi].level == upper + 1)
			a.node[dependent++] = a.node[i];
		else
			list_add(&s->list[upper + 1], a.node[i]);
	}
	for (uint32_t i = 0; i < s->list[upper + 1].n; i++)
		move_to(s, s->list[upper + 1].node[i], upper + 1);
	for (uint32_t i = 0; i < s->list[upper].n; i++)
		move_to(s, s->list[upper].node[i], upper);
	for (uint32_t i = 0; i < dependent; i++)
		rewrite(s, a.node[i], upper);
	free(a.node);
	s->at[upper] = s->at[upper + 1];
	s->at[upper + 1] = name;
}

/* ---- one variable ------------------------------------------------------------------------------------------------ */

/* As far as 'end', while it does not grow too much; returns where it was smallest. */
static uint32_t carry(struct sifting *s, uint32_t *from, uint32_t end, uint32_t best, uint32_t *least)
{
	while (*from != end && s->steps > 0 && s->d->live <= *least + *least / 4) {
		bool up = end < *from;

		exchange(s, up ? *from - 1 : *from);
		*from += up ? (uint32_t)-1 : 1;
		if (s->d->live < *least) {
			*least = s->d->live;
			best = *from;
		}
	}
	return best;
}

static void sift_variable(struct sifting *s, uint32_t at)
{
	uint32_t least = s->d->live, best = at, last = s->levels - 1, first = at < s->levels / 2 ? 0 : last;

	best = carry(s, &at, first, best, &least);
	best = carry(s, &at, first == 0 ? last : 0, best, &least);
	while (at != best) {
		bool up = best < at;

		exchange(s, up ? at - 1 : at);
		at += up ? (uint32_t)-1 : 1;
	}
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

struct sized { uint32_t name, nodes; };

static int by_nodes(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->nodes != y->nodes)
		return x->nodes < y->nodes ? 1 : -1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void sift_all(struct sifting *s)
{
	struct sized *v = must_alloc(s->levels * sizeof(*v));

	for (uint32_t i = 0; i < s->levels; i++)
		v[i] = (struct sized){ s->at[i], s->list[i].n };
	qsort(v, s->levels, sizeof(*v), by_nodes);
	for (uint32_t i = 0; i < s->levels && s->steps > 0 && v[i].nodes > 1; i++) {
		uint32_t at = 0;

		while (s->at[at] != v[i].name)
			at++;
		sift_variable(s, at);
	}
	free(v);
}

static void fill(struct sifting *s)
{
	struct diagram *d = s->d;

	for (uint32_t i = DIAGRAM_INNER; i < d->used; i++) {
		if (d->node[i].level == LEVEL_NONE)
			continue;
		list_add(&s->list[d->node[i].level], i);
		s->parents[d->node[i].lo]++;
		s->parents[d->node[i].hi]++;
	}
	for (const struct diagram_roots *r = d->roots; r; r = r->next)
		for (size_t i = 0; i < r->n; i++)
			s->parents[r->ref[i]]++;
}

uint64_t diagram_sift(struct diagram *d, uint32_t *at, uint32_t levels, uint64_t steps)
{
	struct sifting s = { .d = d, .at = at, .levels = levels, .steps = steps, .stack_room = 1024 };
	uint32_t before, most = d->most;

	diagram_collect(d);
	if (levels < 2)
		return 0;
	d->most = DIAGRAM_MOST;		/* what is made here soon goes */
	s.list = must_alloc(levels * sizeof(*s.list));
	s.stack = must_alloc(s.stack_room * sizeof(*s.stack));
	reserve(&s, 0);
	fill(&s);
	do {
		before = d->live;
		sift_all(&s);
	} while (d->live < before - before / 16 && s.steps > 0);
	for (uint32_t v = 0; v < levels; v++) {
		for (uint32_t i = 0; i < s.list[v].n; i++)
			if (d->node[s.list[v].node[i]].level == LEVEL_NONE)
				slot_take(&s, s.list[v].node[i]);
		free(s.list[v].node);
	}
	d->most = most;
	memset(d->known, 0, d->knowns * sizeof(*d->known));	/* it may name what is gone */
	free(s.list);
	free(s.stack);
	free(s.parents);
	return steps - s.steps;
}
