/* poller/service/short-int.h: the minimal cut sets of up to a size, from the gates alone. */
#ifndef FW_SERVICE_SHORT_INT_H
#define FW_SERVICE_SHORT_INT_H

#include "family-int.h"
#include "service-int.h"

/*
 * What is asked about. Components that end the same gates, each alone, are one variable while sets are put together:
 * they lie side by side in the order.
 */
struct shorter {
	const struct graph *g;
	uint32_t *gate, gates;		/* members before those that need them, the one that is asked about last */
	uint32_t *at, levels;		/* the components below it in an order of variables */
	uint32_t *first;		/* of each level: that of the first one of those that are one variable */
};
/* In the order at[], as far as that goes. */
struct shorter *shorter_new(const struct graph *g, const struct part *p, const uint32_t *at, uint32_t levels);
void shorter_free(struct shorter *s);

struct short_question {
	const struct shorter *of;
	const uint8_t *state;		/* by index */
	unsigned set;			/* whose failures are there: SET_DOWN, _WEAK, _UNKNOWN */
	bool degraded;			/* G, else F */
	uint32_t nodes;			/* of families, at most */
	uint64_t *steps;		/* left */
};

enum short_end {
	SHORT_ALL,			/* nothing was left out: these are all */
	SHORT_CUT,			/* there may be larger ones */
	SHORT_FULL,			/* a bound was met: nothing is known */
};

/*
 * Those of at most 'size' (JOIN_SIZE_MOST at most): a family by levels, to be released in any case. FAMILY_UNIT: it is
 * true already.
 */
enum short_end short_sets(const struct short_question *q, unsigned size, struct families *z, uint32_t *root);

/* Minimal cut sets that are known: all of them, or those of up to a size. */
struct known_sets { const struct families *z; uint32_t root; bool cut; unsigned size; };
/*
 * Bounds of the probabilities of F (chance.c). 'k' NULL: no sets are known. loosely: of F now and within the horizon, of
 * something that is within it.
 */
struct between chances_between(const struct shorter *s, const uint8_t *state, const struct known_sets *k,
			       const double loosely[2]);

#endif
