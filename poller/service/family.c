/* poller/service/family.c: zero-suppressed diagrams: the unique table, and what is left of a family without another. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "family-int.h"
#include "mix-int.h"

enum {
	ROOM_FIRST = 256,		/* slots of a new one; a power of two, as all tables here */
	KNOWNS_MOST = 1 << 22,		/* 48 MiB of computed cache at most */
	KNOWNS_PER_NODE = 2,
};

/* ---- the unique table -------------------------------------------------------------------------------------------- */

static void link_node(struct families *z, uint32_t i)
{
	struct family_node *n = &z->node[i];
	uint32_t *head = &z->bucket[mix(n->level, n->lo, n->hi) & (z->room - 1)];

	n->next = *head;
	*head = i;
}

/* What the cache knew is kept where it still fits. */
static void known_grow(struct families *z, uint32_t knowns)
{
	struct family_known *old = z->known;
	uint32_t were = z->knowns;

	z->known = must_alloc(knowns * sizeof(*z->known));
	z->knowns = knowns;
	for (uint32_t i = 0; i < were; i++)
		if (old[i].family)
			z->known[mix(old[i].family, old[i].f, 0) & (knowns - 1)] = old[i];
	free(old);
}

static void grow(struct families *z, uint32_t room)
{
	z->node = must_realloc(z->node, room * sizeof(*z->node));
	free(z->bucket);
	z->bucket = must_alloc(room * sizeof(*z->bucket));
	z->room = room;
	for (uint32_t i = FAMILY_INNER; i < z->used; i++)
		link_node(z, i);
	if (room <= KNOWNS_MOST / KNOWNS_PER_NODE)
		known_grow(z, room * KNOWNS_PER_NODE);
}

void families_init(struct families *z, uint32_t most, uint64_t *steps)
{
	*z = (struct families){ .used = FAMILY_INNER, .most = most, .steps = steps };
	grow(z, ROOM_FIRST);
	z->node[FAMILY_NONE] = z->node[FAMILY_UNIT] = (struct family_node){ .level = UINT32_MAX };
}

/* Children come before their parents: one pass down marks what is needed, one up gives it numbers. */
void families_keep(struct families *z, uint32_t *root, size_t n)
{
	uint32_t *copy = must_alloc(z->used * sizeof(*copy)), used = FAMILY_INNER;

	for (size_t i = 0; i < n; i++)
		copy[root[i]] = 1;
	for (uint32_t i = z->used; i-- > FAMILY_INNER;)
		if (copy[i])
			copy[z->node[i].lo] = copy[z->node[i].hi] = 1;
	copy[FAMILY_NONE] = FAMILY_NONE;
	copy[FAMILY_UNIT] = FAMILY_UNIT;
	memset(z->bucket, 0, z->room * sizeof(*z->bucket));
	memset(z->known, 0, z->knowns * sizeof(*z->known));
	for (uint32_t i = FAMILY_INNER; i < z->used; i++) {
		const struct family_node *f = &z->node[i];

		if (!copy[i])
			continue;
		z->node[used] = (struct family_node){ .level = f->level, .lo = copy[f->lo], .hi = copy[f->hi] };
		copy[i] = used;
		link_node(z, used++);
	}
	z->used = used;
	for (size_t i = 0; i < n; i++)
		root[i] = copy[root[i]];
	free(copy);
}

void families_settle(struct families *z)
{
	free(z->bucket);
	free(z->known);
	free(z->frame);
	z->bucket = NULL;
	z->known = NULL;
	z->frame = NULL;
	z->frames = z->knowns = 0;
}

void families_release(struct families *z)
{
	families_settle(z);
	free(z->node);
	*z = (struct families){ 0 };
}

uint32_t families_make(struct families *z, uint32_t level, uint32_t lo, uint32_t hi)
{
	uint32_t i;

	if (hi == FAMILY_NONE || lo == FAMILY_FULL || hi == FAMILY_FULL)
		return hi == FAMILY_FULL ? hi : lo;
	for (i = z->bucket[mix(level, lo, hi) & (z->room - 1)]; i; i = z->node[i].next)
		if (z->node[i].lo == lo && z->node[i].hi == hi && z->node[i].level == level)
			return i;
	if (z->used >= z->most)
		return FAMILY_FULL;
	if (z->used == z->room)
		grow(z, z->room * 2);
	i = z->used++;
	z->node[i] = (struct family_node){ .level = level, .lo = lo, .hi = hi };
	link_node(z, i);
	return i;
}

/* ---- without ----------------------------------------------------------------------------------------------------- */

static void push(struct families *z, size_t *depth, uint32_t family, uint32_t f)
{
	if (*depth == z->frames) {
		z->frames = z->frames ? z->frames * 2 : 256;
		z->frame = must_realloc(z->frame, z->frames * sizeof(*z->frame));
	}
	z->frame[(*depth)++] = (struct family_frame){ .family = family, .f = f };
}

/* No set of the family names what is tested above it: there the function goes to 'lo'. */
static uint32_t lowered(struct families *z, const struct monotone *fn, uint32_t family, uint32_t f)
{
	while (fn[f].level < z->node[family].level && *z->steps > 0) {
		f = fn[f].lo;
		--*z->steps;
	}
	return f;
}

/* True when the result is known at once. Every set with a minimal solution in it makes f true. */
static bool known(const struct families *z, const struct monotone *fn, uint32_t family, uint32_t f,
		  uint32_t *result)
{
	const struct family_known *k;

	if (family == FAMILY_NONE || f == 1 || (fn[f].minimal == family)) {
		*result = FAMILY_NONE;
		return true;
	}
	if (f == 0 || family == FAMILY_UNIT) {		/* nothing failed: f is false */
		*result = family;
		return true;
	}
	k = &z->known[mix(family, f, 0) & (z->knowns - 1)];
	*result = k->result;
	return k->family == family && k->f == f;
}

static void remember(struct families *z, const struct family_frame *q, uint32_t result)
{
	z->known[mix(q->family, q->f, 0) & (z->knowns - 1)] =
		(struct family_known){ .family = q->family, .f = q->f, .result = result };
}

/* The question of half a frame: of its upper or its lower child. */
static uint32_t half_of(const struct families *z, const struct monotone *fn, const struct family_frame *q,
			uint32_t *f)
{
	const struct family_node *n = &z->node[q->family];

	*f = fn[q->f].level != n->level ? q->f : q->half ? fn[q->f].lo : fn[q->f].hi;
	return q->half ? n->lo : n->hi;
}

/* Bring a result to those that wait for it. False when the bottom of the stack is reached or a bound met. */
static bool deliver(struct families *z, size_t *depth, uint32_t *result)
{
	while (*depth > 0) {
		struct family_frame *q = &z->frame[*depth - 1];

		if (!q->half) {
			q->half = true;
			q->hi = *result;
			return true;
		}
		*result = families_make(z, z->node[q->family].level, *result, q->hi);
		if (*result == FAMILY_FULL)
			return false;
		remember(z, q, *result);
		--*depth;
	}
	return false;
}

uint32_t families_without(struct families *z, const struct monotone *fn, uint32_t family, uint32_t f)
{
	size_t depth = 0;
	uint32_t result;

	if (family == FAMILY_FULL)
		return FAMILY_FULL;
	for (;;) {
		f = family < FAMILY_INNER ? f : lowered(z, fn, family, f);
		if (*z->steps == 0)
			return FAMILY_FULL;
		--*z->steps;
		if (!known(z, fn, family, f, &result))
			push(z, &depth, family, f);
		else if (!deliver(z, &depth, &result))
			return result;
		family = half_of(z, fn, &z->frame[depth - 1], &f);
	}
}

double families_sets(const struct families *z, uint32_t family)
{
	double *sets = must_alloc((family + 2u) * sizeof(*sets)), n;

	sets[FAMILY_UNIT] = 1;
	for (uint32_t i = FAMILY_INNER; i <= family; i++)
		sets[i] = sets[z->node[i].lo] + sets[z->node[i].hi];
	n = sets[family];
	free(sets);
	return n;
}
