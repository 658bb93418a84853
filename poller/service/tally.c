/* poller/service/tally.c: how many sets of each size a family has: a polynomial for each node, with whole coefficients.
 *
 * N(node) = N(lo) + x N(hi), where the power of x is the size. A polynomial is let go when the last parent of its node
 * has taken it, so what is held at a time is a cut through the diagram and not all of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "family-int.h"

enum { DIGITS = 18 };			/* taken at a time: 10^18 < 2^64 */
#define DIGITS_BASE UINT64_C(1000000000000000000)

struct tallying {
	const struct families *z;
	struct tally **of;		/* of each node; NULL when not made yet or let go */
	uint32_t *waiting;		/* of each node: parents that have not taken it */
	size_t octets, most_octets;
};

/* ---- one polynomial ---------------------------------------------------------------------------------------------- */

static size_t octets_of(const struct tally *t) { return sizeof(*t) + (size_t)t->terms * t->limbs * sizeof(uint64_t); }

static struct tally *tally_new(uint32_t from, uint32_t terms, uint32_t limbs)
{
	struct tally head = { .from = from, .terms = terms, .limbs = limbs }, *t = must_alloc(octets_of(&head));

	*t = head;
	return t;
}

/* Add 'a', moved up by 'up' sizes. False when a sum needs another limb. */
static bool add(struct tally *t, const struct tally *a, uint32_t up)
{
	for (uint32_t i = 0; i < a->terms; i++) {
		uint64_t *to = t->limb + (size_t)(a->from + up + i - t->from) * t->limbs;
		const uint64_t *by = a->limb + (size_t)i * a->limbs;
		uint64_t carry = 0;

		for (uint32_t k = 0; k < t->limbs && (k < a->limbs || carry); k++) {
			unsigned __int128 sum = (unsigned __int128)to[k] + (k < a->limbs ? by[k] : 0) + carry;

			to[k] = (uint64_t)sum;
			carry = (uint64_t)(sum >> 64);
		}
		if (carry)
			return false;
	}
	return true;
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t most(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* lo + x hi; the sum of no sets has no terms. */
static struct tally *join(const struct tally *lo, const struct tally *hi)
{
	uint32_t from = lo->terms ? least(lo->from, hi->from + 1) : hi->from + 1;
	uint32_t to = most(lo->from + lo->terms, hi->from + 1 + hi->terms), limbs = most(lo->limbs, hi->limbs);
	struct tally *t = tally_new(from, to - from, limbs);

	while (!add(t, lo, 0) || !add(t, hi, 1)) {
		free(t);
		t = tally_new(from, to - from, ++limbs);
	}
	return t;
}

/* ---- all of a family --------------------------------------------------------------------------------------------- */

/* Parents come after their children, so one sweep down from the root counts them. */
static void count_waiting(struct tallying *w, uint32_t root)
{
	w->waiting[root] = 1;
	for (uint32_t i = root; i >= FAMILY_INNER; i--) {
		if (w->waiting[i] == 0)
			continue;
		w->waiting[w->z->node[i].lo]++;
		w->waiting[w->z->node[i].hi]++;
	}
}

static void let_go(struct tallying *w, uint32_t i)
{
	if (--w->waiting[i] > 0 || i < FAMILY_INNER)
		return;
	w->octets -= octets_of(w->of[i]);
	free(w->of[i]);
	w->of[i] = NULL;
}

static bool tally_node(struct tallying *w, uint32_t i)
{
	const struct family_node *n = &w->z->node[i];
	const struct tally *lo = w->of[n->lo], *hi = w->of[n->hi];
	uint64_t cost = 1 + (uint64_t)lo->terms * lo->limbs + (uint64_t)hi->terms * hi->limbs;

	*w->z->steps -= cost < *w->z->steps ? cost : *w->z->steps;
	if (*w->z->steps == 0 || w->octets + cost * sizeof(uint64_t) > w->most_octets)
		return false;
	w->of[i] = join(lo, hi);
	w->octets += octets_of(w->of[i]);
	let_go(w, n->lo);
	let_go(w, n->hi);
	return true;
}

struct tally *families_tally(const struct families *z, uint32_t family, size_t most_octets)
{
	struct tallying w = { .z = z, .most_octets = most_octets };
	struct tally *result = NULL;
	bool good = true;

	w.of = must_alloc(z->used * sizeof(*w.of));
	w.waiting = must_alloc(z->used * sizeof(*w.waiting));
	count_waiting(&w, family);
	w.of[FAMILY_NONE] = tally_new(0, 0, 1);
	w.of[FAMILY_UNIT] = tally_new(0, 1, 1);
	w.of[FAMILY_UNIT]->limb[0] = 1;
	for (uint32_t i = FAMILY_INNER; i <= family && good; i++)
		good = w.waiting[i] == 0 || tally_node(&w, i);
	if (good) {
		result = w.of[family];
		w.of[family] = NULL;
	}
	for (uint32_t i = 0; i < z->used; i++)
		free(w.of[i]);
	free(w.of);
	free(w.waiting);
	return result;
}

/* ---- decimal digits ---------------------------------------------------------------------------------------------- */

/* Divide in place; the remainder is the last 18 digits. */
static uint64_t divide(uint64_t *limb, uint32_t limbs)
{
	uint64_t rest = 0;

	for (uint32_t k = limbs; k-- > 0;) {
		unsigned __int128 part = (unsigned __int128)rest << 64 | limb[k];

		limb[k] = (uint64_t)(part / DIGITS_BASE);
		rest = (uint64_t)(part % DIGITS_BASE);
	}
	return rest;
}

/* 'limb' is used up. */
static char *digits(uint64_t *limb, uint32_t limbs)
{
	size_t most_digits = (size_t)limbs * 20 + DIGITS + 1, at = most_digits;
	char *buf = must_alloc(most_digits + 1), *from;

	do {
		uint64_t rest = divide(limb, limbs);

		for (int i = 0; i < DIGITS; i++, rest /= 10)
			buf[--at] = (char)('0' + rest % 10);
		while (limbs > 0 && limb[limbs - 1] == 0)
			limbs--;
	} while (limbs > 0);
	for (from = buf + at; *from == '0' && from[1]; from++)
		;
	memmove(buf, from, strlen(from) + 1);
	return buf;
}

char *tally_digits(const struct tally *t, uint32_t size)
{
	uint32_t from = size == TALLY_ALL ? 0 : size - t->from, to = size == TALLY_ALL ? t->terms : from + 1;
	struct tally *sum = tally_new(0, 1, t->limbs + 1);	/* 2^32 terms at most: one more limb is enough */
	struct tally *term = tally_new(0, 1, t->limbs);
	char *text;

	for (uint32_t i = from; i < to && i < t->terms; i++) {
		memcpy(term->limb, t->limb + (size_t)i * t->limbs, t->limbs * sizeof(*term->limb));
		add(sum, term, 0);
	}
	text = digits(sum->limb, sum->limbs);
	free(sum);
	free(term);
	return text;
}
