/* poller/service/diagram.c: the unique table, if-then-else with its computed cache, collection. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "diagram-int.h"
#include "mix-int.h"

enum {
	ROOM_FIRST = 1024,		/* slots of a new diagram; a power of two, as all tables here */
	KNOWNS_MOST = 1 << 22,		/* 64 MiB of computed cache at most */
	COLLECT_LEAST = 1 << 16,	/* nodes: below that collecting is not worth its time */
};

/* ---- the unique table -------------------------------------------------------------------------------------------- */

static void link_node(struct diagram *d, uint32_t i)
{
	struct diagram_node *n = &d->node[i];
	uint32_t *head = &d->bucket[mix(n->level, n->lo, n->hi) & (d->buckets - 1)];

	n->next = *head;
	*head = i;
}

static void relink_all(struct diagram *d)
{
	memset(d->bucket, 0, d->buckets * sizeof(*d->bucket));
	for (uint32_t i = DIAGRAM_INNER; i < d->used; i++)
		if (d->node[i].level != LEVEL_NONE)
			link_node(d, i);
}

/* The computed cache grows with the table; what it knew is kept where it still fits. */
static void known_grow(struct diagram *d, uint32_t knowns)
{
	struct diagram_known *old = d->known;
	uint32_t were = d->knowns;

	d->known = must_alloc(knowns * sizeof(*d->known));
	d->knowns = knowns;
	for (uint32_t i = 0; i < were; i++)
		if (old[i].f)
			d->known[mix(old[i].f, old[i].g, old[i].h) & (knowns - 1)] = old[i];
	free(old);
}

static void grow(struct diagram *d, uint32_t room)
{
	d->node = must_realloc(d->node, room * sizeof(*d->node));
	d->bucket = must_realloc(d->bucket, room * sizeof(*d->bucket));
	d->room = d->buckets = room;
	relink_all(d);
	if (room <= KNOWNS_MOST)
		known_grow(d, room);
}

void diagram_init(struct diagram *d, uint32_t most, uint64_t most_steps)
{
	*d = (struct diagram){ .most = most < DIAGRAM_MOST ? most : DIAGRAM_MOST, .most_steps = most_steps,
			       .used = DIAGRAM_INNER, .collect_at = COLLECT_LEAST };
	grow(d, ROOM_FIRST);
	d->node[DIAGRAM_FALSE] = (struct diagram_node){ .level = LEVEL_NONE, .lo = 0, .hi = 0 };
	d->node[DIAGRAM_TRUE] = (struct diagram_node){ .level = LEVEL_NONE, .lo = 1, .hi = 1 };
}

void diagram_release(struct diagram *d)
{
	free(d->node);
	free(d->bucket);
	free(d->known);
	free(d->frame);
	*d = (struct diagram){ 0 };
}

void diagram_reserve(struct diagram *d, uint32_t more)
{
	uint32_t room = d->room;

	while (d->used + (uint64_t)more > room)
		room *= 2;
	if (room > d->room)
		grow(d, room);
}

static uint32_t slot_give(struct diagram *d)
{
	uint32_t i = d->spare;

	if (i) {
		d->spare = d->node[i].next;
		return i;
	}
	if (d->used == d->room)
		grow(d, d->room * 2);
	return d->used++;
}

uint32_t diagram_make(struct diagram *d, uint32_t level, uint32_t lo, uint32_t hi)
{
	uint32_t i;

	if (lo == hi)
		return lo;
	for (i = d->bucket[mix(level, lo, hi) & (d->buckets - 1)]; i; i = d->node[i].next)
		if (d->node[i].lo == lo && d->node[i].hi == hi && d->node[i].level == level)
			return i;
	if (d->live >= d->most)
		return DIAGRAM_FULL;
	i = slot_give(d);
	d->node[i] = (struct diagram_node){ .level = level, .lo = lo, .hi = hi };
	link_node(d, i);
	d->live++;
	return i;
}

uint32_t diagram_variable(struct diagram *d, uint32_t level)
{
	return diagram_make(d, level, DIAGRAM_FALSE, DIAGRAM_TRUE);
}

/* ---- collection -------------------------------------------------------------------------------------------------- */

/* Mark what is reachable from f in kept[]; returns how many nodes were not marked before. */
static uint32_t mark(const struct diagram *d, uint32_t f, uint8_t *kept, uint32_t *stack)
{
	size_t depth = 0;
	uint32_t n = 0;

	stack[depth++] = f;
	while (depth > 0) {
		f = stack[--depth];
		if (kept[f])
			continue;
		kept[f] = 1;		/* so at most two are pushed for each node, and one is popped */
		n++;
		stack[depth++] = d->node[f].lo;
		stack[depth++] = d->node[f].hi;
	}
	return n;
}

static void forget(struct diagram *d, const uint8_t *kept)
{
	for (uint32_t i = 0; i < d->knowns; i++) {
		struct diagram_known *k = &d->known[i];

		if (!kept[k->f] || !kept[k->g] || !kept[k->h] || !kept[k->result])
			*k = (struct diagram_known){ 0 };
	}
}

void diagram_collect(struct diagram *d)
{
	uint8_t *kept = must_alloc(d->used);
	uint32_t *stack = must_alloc((d->used + 2u) * sizeof(*stack));

	kept[DIAGRAM_FALSE] = kept[DIAGRAM_TRUE] = 1;
	for (const struct diagram_roots *r = d->roots; r; r = r->next)
		for (size_t i = 0; i < r->n; i++)
			mark(d, r->ref[i], kept, stack);
	forget(d, kept);
	d->live = 0;
	d->spare = 0;
	for (uint32_t i = d->used; i-- > DIAGRAM_INNER;) {
		d->live += kept[i];
		if (kept[i])
			continue;
		d->node[i] = (struct diagram_node){ .level = LEVEL_NONE, .next = d->spare };
		d->spare = i;
	}
	relink_all(d);			/* passes the spare ones over, and leaves their chain */
	d->collect_at = d->live < COLLECT_LEAST / 2 ? COLLECT_LEAST : d->live * 2;
	free(kept);
	free(stack);
}

uint32_t diagram_count(const struct diagram *d, uint32_t f, uint32_t g)
{
	uint8_t *kept = must_alloc(d->used);
	uint32_t *stack = must_alloc((d->used + 2u) * sizeof(*stack)), n;

	kept[DIAGRAM_FALSE] = kept[DIAGRAM_TRUE] = 1;
	n = mark(d, f, kept, stack);
	n += mark(d, g, kept, stack);
	free(kept);
	free(stack);
	return n;
}

/* ---- if-then-else ------------------------------------------------------------------------------------------------ */

static void push(struct diagram *d, size_t *depth, struct diagram_frame fr)
{
	if (*depth == d->frames) {
		d->frames = d->frames ? d->frames * 2 : 256;
		d->frame = must_realloc(d->frame, d->frames * sizeof(*d->frame));
	}
	d->frame[(*depth)++] = fr;
}

static inline uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* What needs no table. Else brings equal questions into one form and returns false. */
static bool settled(struct diagram_frame *q, uint32_t *result)
{
	if (q->f == q->g)
		q->g = DIAGRAM_TRUE;
	if (q->f == q->h)
		q->h = DIAGRAM_FALSE;
	*result = q->f == DIAGRAM_TRUE ? q->g : q->f == DIAGRAM_FALSE || q->g == q->h ? q->h : q->f;
	if (q->f < DIAGRAM_INNER || q->g == q->h || (q->g == DIAGRAM_TRUE && q->h == DIAGRAM_FALSE))
		return true;
	if (q->h == DIAGRAM_FALSE && q->g < q->f) {		/* and, or: either way round */
		uint32_t f = q->f;
		q->f = q->g;
		q->g = f;
	} else if (q->g == DIAGRAM_TRUE && q->h < q->f) {
		uint32_t f = q->f;
		q->f = q->h;
		q->h = f;
	}
	return false;
}

static struct diagram_frame cofactor(const struct diagram *d, const struct diagram_frame *q, bool high)
{
	const struct diagram_node *f = &d->node[q->f], *g = &d->node[q->g], *h = &d->node[q->h];

	return (struct diagram_frame){
		.f = f->level != q->level ? q->f : high ? f->hi : f->lo,
		.g = g->level != q->level ? q->g : high ? g->hi : g->lo,
		.h = h->level != q->level ? q->h : high ? h->hi : h->lo,
		.level = LEVEL_NONE,
	};
}

/* First sight of a question: true when its result is there already, else its level is set. */
static bool known(struct diagram *d, struct diagram_frame *q, uint32_t *result)
{
	const struct diagram_known *k;

	if (settled(q, result))
		return true;
	k = &d->known[mix(q->f, q->g, q->h) & (d->knowns - 1)];
	*result = k->result;
	if (k->f == q->f && k->g == q->g && k->h == q->h)
		return true;
	q->level = least(d->node[q->f].level, least(d->node[q->g].level, d->node[q->h].level));
	return false;
}

/* Each frame is seen three times: new, with its lower half done, with both. */
static uint32_t ite(struct diagram *d, struct diagram_frame question)
{
	size_t depth = 0;
	uint32_t result = DIAGRAM_FALSE;

	push(d, &depth, question);
	while (depth > 0) {
		struct diagram_frame *q = &d->frame[depth - 1];

		if (q->level == LEVEL_NONE) {
			if (known(d, q, &result))
				depth--;
			else if (++d->steps > d->most_steps)
				return DIAGRAM_FULL;
			else
				push(d, &depth, cofactor(d, q, false));
		} else if (!q->half) {
			q->half = true;
			q->lo = result;
			push(d, &depth, cofactor(d, q, true));
		} else {
			result = diagram_make(d, q->level, q->lo, result);
			if (result == DIAGRAM_FULL)
				return DIAGRAM_FULL;
			d->known[mix(q->f, q->g, q->h) & (d->knowns - 1)] =
				(struct diagram_known){ .f = q->f, .g = q->g, .h = q->h, .result = result };
			depth--;
		}
	}
	return result;
}

uint32_t diagram_ite(struct diagram *d, uint32_t f, uint32_t g, uint32_t h)
{
	uint32_t held[3] = { f, g, h }, result;
	struct diagram_roots here = { .ref = held, .n = 3, .next = d->roots };
	struct diagram_frame question = { .f = f, .g = g, .h = h, .level = LEVEL_NONE };

	d->roots = &here;
	if (d->live >= d->collect_at)
		diagram_collect(d);
	result = ite(d, question);
	if (result == DIAGRAM_FULL && d->steps <= d->most_steps) {
		diagram_collect(d);
		if (d->live < d->most - d->most / 4)	/* else it would be met again, and slowly */
			result = ite(d, question);
	}
	d->roots = here.next;
	return result;
}
