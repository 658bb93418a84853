/* poller/service/marks-int.h: a set of numbers 0..size-1 whose least and greatest member are found at once.
 *
 * Bits, and above each 64 of them one bit that says whether any is set, and so on to a single word: five floors hold
 * 2^30. So the diagram is swept bottom-up or top-down over the few cells that matter, in the order of their numbers.
 * Thread: its owner's.
 */
#ifndef FW_SERVICE_MARKS_INT_H
#define FW_SERVICE_MARKS_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "poller/base/err.h"

enum { MARKS_FLOORS = 6 };

struct marks {
	uint64_t *word[MARKS_FLOORS];	/* [0]: the bits; the last floor in use is one word */
	unsigned floors;
	size_t octets;
};

static inline void marks_init(struct marks *m, uint32_t size)
{
	size_t words = size;

	*m = (struct marks){ 0 };
	do {
		words = (words + 63) / 64;
		words += words == 0;
		m->word[m->floors++] = must_alloc(words * sizeof(uint64_t));
		m->octets += words * sizeof(uint64_t);
	} while (words > 1);
}

static inline void marks_release(struct marks *m)
{
	while (m->floors > 0)
		free(m->word[--m->floors]);
}

static inline void marks_set(struct marks *m, uint32_t i)
{
	for (unsigned floor = 0; floor < m->floors; floor++, i >>= 6) {
		uint64_t was = m->word[floor][i >> 6];

		m->word[floor][i >> 6] = was | UINT64_C(1) << (i & 63);
		if (was)
			return;
	}
}

static inline void marks_clear(struct marks *m, uint32_t i)
{
	for (unsigned floor = 0; floor < m->floors; floor++, i >>= 6)
		if (m->word[floor][i >> 6] &= ~(UINT64_C(1) << (i & 63)))
			return;
}

static inline bool marks_any(const struct marks *m) { return m->word[m->floors - 1][0] != 0; }

/* Take the least or the greatest out; false when there is none. */
static inline bool marks_give_least(struct marks *m, uint32_t *i)
{
	*i = 0;
	if (!marks_any(m))
		return false;
	for (unsigned floor = m->floors; floor-- > 0;)
		*i = *i << 6 | (uint32_t)__builtin_ctzll(m->word[floor][*i]);
	marks_clear(m, *i);
	return true;
}

static inline bool marks_give_greatest(struct marks *m, uint32_t *i)
{
	*i = 0;
	if (!marks_any(m))
		return false;
	for (unsigned floor = m->floors; floor-- > 0;)
		*i = *i << 6 | (63 - (uint32_t)__builtin_clzll(m->word[floor][*i]));
	marks_clear(m, *i);
	return true;
}

#endif
