/* poller/service/join.c: families of minimal sets put together, up to a size.
 *
 * With x the variable tested first, a = a0 + x a1, b = b0 + x b1, and P \ Q the sets of P that have none of Q in them:
 *	a \ b	= a0 \ b0		+ x ((a1 \ b1) \ b0)
 *	any	= any(a0,b0) =: l	+ x (any(a1,b1) \ l)
 *	both	= both(a0,b0) =: l	+ x (any(both(a1, any(b0,b1)), both(a0,b1)) \ l), of one less in the brackets
 * The sizes of the smallest and the largest set of a node say early that nothing of it is short enough, or all is.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "family-int.h"
#include "mix-int.h"

enum {
	KNOWNS_MOST = 1 << 22,		/* 64 MiB of computed cache at most */
	KNOWNS_PER_NODE = 2,
	STEPS = 8,			/* a question costs as many of the steps that others are counted in */
	NO_SET = UINT8_MAX,		/* the smallest size of what has no set */
};

/* What is asked: one of these, and of BOTH and UP_TO the size, in the bits above. */
enum { WITHOUT = 1, ANY, BOTH, UP_TO, OPERATIONS = 8 };

static uint32_t operation(uint32_t what) { return what % OPERATIONS; }
static uint32_t size_asked(uint32_t what) { return what / OPERATIONS; }
static uint32_t sized(uint32_t op, uint32_t size) { return op + size * OPERATIONS; }

void join_init(struct join *j, struct families *z)
{
	*j = (struct join){ .z = z };
}

void join_release(struct join *j)
{
	free(j->least);
	free(j->most);
	free(j->known);
	free(j->frame);
	*j = (struct join){ 0 };
}

void join_keep(struct join *j, uint32_t *root, size_t n)
{
	families_keep(j->z, root, n);
	j->sized = 0;
	if (j->known)
		memset(j->known, 0, j->knowns * sizeof(*j->known));
}

/* ---- sizes ------------------------------------------------------------------------------------------------------- */

static uint8_t smaller(uint8_t a, uint8_t b) { return a < b ? a : b; }
static uint8_t larger(uint8_t a, uint8_t b) { return a > b ? a : b; }

/* Of all nodes that are there. */
static void take_sizes(struct join *j)
{
	const struct families *z = j->z;

	if (z->room > j->sizes) {
		j->least = must_realloc(j->least, z->room);
		j->most = must_realloc(j->most, z->room);
		j->sizes = z->room;
	}
	for (; j->sized < z->used; j->sized++) {
		const struct family_node *n = &z->node[j->sized];

		if (j->sized < FAMILY_INNER) {
			j->least[j->sized] = j->sized == FAMILY_NONE ? NO_SET : 0;
			j->most[j->sized] = 0;
			continue;
		}
		j->least[j->sized] = smaller(j->least[n->lo], (uint8_t)(j->least[n->hi] + 1));
		j->most[j->sized] = larger(j->most[n->lo], (uint8_t)(j->most[n->hi] + 1));
	}
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

struct question { uint32_t what, a, b; };

static void known_grow(struct join *j)
{
	uint32_t knowns = j->z->room * KNOWNS_PER_NODE;

	if (knowns <= j->knowns || knowns > KNOWNS_MOST)
		return;
	free(j->known);
	j->known = must_alloc(knowns * sizeof(*j->known));
	j->knowns = knowns;
}

static struct join_known *place_of(const struct join *j, const struct question *q)
{
	return &j->known[mix(q->what, q->a, q->b) & (j->knowns - 1)];
}

static bool simple_without(const struct join *j, struct question *q, uint32_t *result)
{
	*result = q->a == q->b || q->b == FAMILY_UNIT ? FAMILY_NONE : q->a;
	if (*result < FAMILY_INNER || j->least[q->b] > j->most[q->a])
		return true;
	while (q->b >= FAMILY_INNER && j->z->node[q->b].level < j->z->node[q->a].level)
		q->b = j->z->node[q->b].lo;		/* no set of a names what is tested there */
	if (q->a == q->b)
		*result = FAMILY_NONE;
	return q->a == q->b || q->b == FAMILY_NONE;
}

static void in_order(struct question *q)
{
	uint32_t a = q->a;

	if (a > q->b) {
		q->a = q->b;
		q->b = a;
	}
}

/* In order: the constants come first. */
static bool simple_any(struct question *q, uint32_t *result)
{
	in_order(q);
	*result = q->a == FAMILY_NONE ? q->b : q->a;
	return q->a == q->b || q->a < FAMILY_INNER || q->b == FAMILY_UNIT;
}

static bool simple_up_to(struct join *j, const struct question *q, uint32_t *result)
{
	uint32_t size = size_asked(q->what);

	*result = j->most[q->a] <= size ? q->a : FAMILY_NONE;
	if (j->most[q->a] <= size)
		return true;
	j->cut = true;
	return j->least[q->a] > size;
}

static bool simple_both(struct join *j, struct question *q, uint32_t *result)
{
	uint32_t size = size_asked(q->what), most = j->most[q->a] + j->most[q->b];

	in_order(q);
	*result = FAMILY_NONE;
	if (q->a == FAMILY_NONE)
		return true;
	if (q->a == FAMILY_UNIT || q->a == q->b) {
		*q = (struct question){ sized(UP_TO, size), q->b, FAMILY_NONE };
		return simple_up_to(j, q, result);
	}
	q->what = sized(BOTH, size < most ? size : most);
	if (j->least[q->a] <= size && j->least[q->b] <= size)
		return false;
	j->cut = true;
	return true;
}

/* Whether the result is known at once; the question may become a simpler one. */
static bool is_known(struct join *j, struct question *q, uint32_t *result)
{
	const struct join_known *k;
	bool simple;

	take_sizes(j);
	switch (operation(q->what)) {
	case WITHOUT: simple = simple_without(j, q, result); break;
	case ANY: simple = simple_any(q, result); break;
	case BOTH: simple = simple_both(j, q, result); break;
	default: simple = simple_up_to(j, q, result); break;
	}
	if (simple)
		return true;
	k = place_of(j, q);
	*result = k->result;
	return k->what == q->what && k->a == q->a && k->b == q->b;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* A family by the variable tested first of two. */
struct halves { uint32_t level, a0, a1, b0, b1; };

static struct halves halves_of(const struct families *z, const struct join_frame *q)
{
	const struct family_node *a = &z->node[q->a], *b = &z->node[q->b];
	struct halves h = { a->level < b->level ? a->level : b->level, q->a, FAMILY_NONE, q->b, FAMILY_NONE };

	if (a->level == h.level) {
		h.a0 = a->lo;
		h.a1 = a->hi;
	}
	if (b->level == h.level) {
		h.b0 = b->lo;
		h.b1 = b->hi;
	}
	return h;
}

enum { LOW, PART, OTHER };		/* registers of a frame */

/* What must be known next, and where it is put; false when all is: the low half in LOW, the high one in PART. */
static bool next_question(const struct join_frame *q, const struct halves *h, struct question *s, unsigned *reg)
{
	uint32_t op = operation(q->what), size = size_asked(q->what);

	*reg = q->stage == 0 ? LOW : PART;
	switch (op * 8 + q->stage) {
	case WITHOUT * 8: *s = (struct question){ WITHOUT, h->a0, h->b0 }; return true;
	case WITHOUT * 8 + 1: *s = (struct question){ WITHOUT, h->a1, h->b1 }; return true;
	case WITHOUT * 8 + 2: *s = (struct question){ WITHOUT, q->reg[PART], h->b0 }; return true;
	case ANY * 8: *s = (struct question){ ANY, h->a0, h->b0 }; return true;
	case ANY * 8 + 1: *s = (struct question){ ANY, h->a1, h->b1 }; return true;
	case UP_TO * 8: *s = (struct question){ UP_TO + size * OPERATIONS, h->a0, FAMILY_NONE }; return true;
	case UP_TO * 8 + 1: *s = (struct question){ sized(UP_TO, size - 1), h->a1, FAMILY_NONE }; return true;
	case BOTH * 8: *s = (struct question){ sized(BOTH, size), h->a0, h->b0 }; return true;
	case BOTH * 8 + 1: *s = (struct question){ ANY, h->b0, h->b1 }; return true;
	case BOTH * 8 + 2: *s = (struct question){ sized(BOTH, size - 1), h->a1, q->reg[PART] }; return true;
	case BOTH * 8 + 3: *s = (struct question){ sized(BOTH, size - 1), h->a0, h->b1 }; *reg = OTHER; return true;
	case BOTH * 8 + 4: *s = (struct question){ ANY, q->reg[PART], q->reg[OTHER] }; return true;
	case ANY * 8 + 2:
	case BOTH * 8 + 5: *s = (struct question){ WITHOUT, q->reg[PART], q->reg[LOW] }; return true;
	default: return false;
	}
}

static void push(struct join *j, size_t *depth, const struct question *q)
{
	if (*depth == j->frames) {
		j->frames = j->frames ? j->frames * 2 : 256;
		j->frame = must_realloc(j->frame, j->frames * sizeof(*j->frame));
	}
	j->frame[(*depth)++] = (struct join_frame){ .what = q->what, .a = q->a, .b = q->b };
}

/* All of the top frame is known, or something else must be first, which is then on top. False at a bound. */
static bool advance(struct join *j, size_t *depth, uint32_t *result)
{
	struct join_frame *q = &j->frame[*depth - 1];
	struct halves h = halves_of(j->z, q);
	struct question s;
	unsigned reg;

	while (next_question(q, &h, &s, &reg)) {
		q->stage++;
		if (is_known(j, &s, &q->reg[reg]))
			continue;
		if (!families_spend(j->z, STEPS))
			return false;
		push(j, depth, &s);
		return true;
	}
	*result = families_make(j->z, h.level, q->reg[LOW], q->reg[PART]);
	if (*result == FAMILY_FULL)
		return false;
	s = (struct question){ q->what, q->a, q->b };
	known_grow(j);
	*place_of(j, &s) = (struct join_known){ q->what, q->a, q->b, *result };
	--*depth;
	return true;
}

/* The register that the last question of a frame fills. */
static unsigned awaited(const struct join_frame *q)
{
	if (q->stage == 1)
		return LOW;
	return operation(q->what) == BOTH && q->stage == 4 ? OTHER : PART;
}

static uint32_t answer(struct join *j, struct question q)
{
	size_t depth = 0, before;
	uint32_t result;

	if (q.a == FAMILY_FULL || q.b == FAMILY_FULL)
		return FAMILY_FULL;
	known_grow(j);
	if (is_known(j, &q, &result))
		return result;
	push(j, &depth, &q);
	while (depth > 0) {
		before = depth;
		if (!advance(j, &depth, &result))
			return FAMILY_FULL;
		if (depth < before && depth > 0)
			j->frame[depth - 1].reg[awaited(&j->frame[depth - 1])] = result;
	}
	return result;
}

uint32_t join_any(struct join *j, uint32_t a, uint32_t b)
{
	return answer(j, (struct question){ ANY, a, b });
}

uint32_t join_both(struct join *j, uint32_t a, uint32_t b, unsigned size)
{
	must(size <= JOIN_SIZE_MOST);
	return answer(j, (struct question){ sized(BOTH, size), a, b });
}
