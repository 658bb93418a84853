/* poller/service/family-int.h: families of sets of variables as shared zero-suppressed diagrams, and their sizes.
 *
 * A node stands for the sets of 'lo', and those of 'hi' with the variable of its level added. Two rules make it
 * canonical (Minato 1993): no node with hi = none, and no two nodes alike. What a set does not name costs nothing, so
 * families of small sets over many variables stay small, and sets are counted without being listed.
 *
 * Children are made before their parents and nothing is collected: numbers rise from the constants up. No function
 * here recurses.
 * Thread: its owner's.
 */
#ifndef FW_SERVICE_FAMILY_INT_H
#define FW_SERVICE_FAMILY_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FAMILY_NONE = 0,		/* no set */
	FAMILY_UNIT = 1,		/* the empty set alone */
	FAMILY_INNER = 2,
};
#define FAMILY_FULL UINT32_MAX		/* in place of a result: a bound was met */

/* A monotone function as a diagram, children before parents; [0] and [1] are the constants false and true. */
struct monotone {
	uint32_t level, lo, hi;
	uint32_t minimal;		/* the family of its minimal solutions, once known; FAMILY_FULL before */
};

struct family_node { uint32_t level, lo, hi, next; };
struct family_known { uint32_t family, f, result; };
struct family_frame { uint32_t family, f, hi; bool half; };

struct families {
	struct family_node *node;
	uint32_t used, room, most;
	uint32_t *bucket;		/* 'room' of them */
	struct family_known *known;	/* the computed cache */
	uint32_t knowns;
	struct family_frame *frame;	/* the stack of families_without() */
	size_t frames;
	uint64_t *steps;		/* how many are left; the owner's */
};

void families_init(struct families *z, uint32_t most, uint64_t *steps);
void families_release(struct families *z);
/* Give back what only making needs. */
void families_settle(struct families *z);
/*
 * Keep only what these families are made of: root[] become their new numbers. To be called between two operations; a
 * computed cache of somebody else's is void then.
 */
void families_keep(struct families *z, uint32_t *root, size_t n);

/* Use up steps; false, and none are left, when there are not as many. */
static inline bool families_spend(struct families *z, uint64_t steps)
{
	bool good = *z->steps >= steps;

	*z->steps = good ? *z->steps - steps : 0;
	return good;
}

/* FAMILY_FULL when the bound is met, or from one that was. */
uint32_t families_make(struct families *z, uint32_t level, uint32_t lo, uint32_t hi);

/* The sets of 'family' that do not make the function 'f' of the diagram 'fn' true (Rauzy 1993). */
uint32_t families_without(struct families *z, const struct monotone *fn, uint32_t family, uint32_t f);

/* ---- join.c: families of minimal sets, put together ------------------------------------------------------------- */

/*
 * Families in which no set lies within another one. For sets up to a size all is exact: what is within a set of that
 * size is not larger. Results are FAMILY_FULL when a bound is met, or when a family given is.
 */
enum { JOIN_SIZE_MOST = 64 };		/* no set is larger */
struct join_known { uint32_t what, a, b, result; };
struct join_frame { uint32_t what, a, b, reg[3]; uint8_t stage; };
struct join {
	struct families *z;
	uint8_t *least, *most;		/* of each node: the size of its smallest and of its largest set */
	uint32_t sized, sizes;		/* nodes that have them, room */
	struct join_known *known;	/* the computed cache */
	uint32_t knowns;
	struct join_frame *frame;
	size_t frames;
	bool cut;			/* a larger set was left out, ever */
};
void join_init(struct join *j, struct families *z);
void join_release(struct join *j);
/* families_keep(), for all that was joined. */
void join_keep(struct join *j, uint32_t *root, size_t n);
/* Of the sets of both those that have no other one in them. */
uint32_t join_any(struct join *j, uint32_t a, uint32_t b);
/* One of each, put together, of at most 'size': of those the sets that have no other one in them. */
uint32_t join_both(struct join *j, uint32_t a, uint32_t b, unsigned size);

/*
 * How many sets a family has of each size, as whole numbers of any length: sizes from 'from' on, 'terms' of them, and
 * 'limbs' words of 64 bits for each, the least first. Of an empty family there are no terms.
 */
struct tally {
	uint32_t from, terms, limbs;
	uint64_t limb[];
};

/* How many sets a family has, exact below 2^53. */
double families_sets(const struct families *z, uint32_t family);
/* Heap. NULL when it would take more than the steps left or more than 'most_octets' at a time. */
struct tally *families_tally(const struct families *z, uint32_t family, size_t most_octets);
/* The number of sets of this size in decimal digits, of all sizes together with TALLY_ALL. Heap. */
enum { TALLY_ALL = UINT32_MAX };
char *tally_digits(const struct tally *t, uint32_t size);

#endif
