/* poller/service/diagram-int.h: shared reduced ordered binary decision diagrams.
 *
 * A diagram node tests one variable, named by its level (0 is tested first), and leads to 'lo' when that variable is
 * 0 and to 'hi' when it is 1. Two rules make it canonical, so that equal functions are equal numbers (Bryant 1986):
 * no node with lo = hi, and no two nodes alike; the unique table keeps the second. Results of ite() are kept in a
 * computed cache that may forget. What follows from a diagram (distance, probability) costs one visit per node.
 *
 * Nodes are collected only between two operations: what the caller holds is reachable from the spans he has put on
 * d->roots. No function here recurses: a diagram may be as deep as there are variables.
 * Thread: its owner's.
 */
#ifndef FW_SERVICE_DIAGRAM_INT_H
#define FW_SERVICE_DIAGRAM_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DIAGRAM_FALSE = 0,
	DIAGRAM_TRUE = 1,
	DIAGRAM_INNER = 2,		/* the first that is not a constant */
	DIAGRAM_MOST = 1 << 28,		/* no diagram is larger, whatever bound is asked for */
};
#define DIAGRAM_FULL UINT32_MAX		/* in place of a result: the bound was met */
#define LEVEL_NONE UINT32_MAX		/* the level of the constants: below all others */

struct diagram_node { uint32_t level, lo, hi, next; };
struct diagram_known { uint32_t f, g, h, result; };

/* Functions that the caller still needs; a list through the callers' stack frames. */
struct diagram_roots {
	const uint32_t *ref;
	size_t n;
	struct diagram_roots *next;
};

struct diagram_frame { uint32_t f, g, h, level, lo; bool half; };

struct diagram {
	struct diagram_node *node;	/* [0] and [1] are the constants */
	uint32_t used, room;		/* slots ever used, slots there */
	uint32_t live, most;		/* nodes in the unique table now, and at most */
	uint32_t spare;			/* first of the collected slots, 0: none */
	uint32_t collect_at;		/* 'live' at which the next operation collects first */
	uint32_t *bucket, buckets;
	struct diagram_known *known;	/* the computed cache */
	uint32_t knowns;
	struct diagram_frame *frame;	/* the stack of ite() */
	size_t frames;
	struct diagram_roots *roots;
	uint64_t steps, most_steps;	/* cofactors taken: bounds the time, as 'most' the memory */
};

void diagram_init(struct diagram *d, uint32_t most, uint64_t most_steps);
void diagram_release(struct diagram *d);

static inline uint32_t diagram_level(const struct diagram *d, uint32_t f) { return d->node[f].level; }

/* The function that is the variable itself. DIAGRAM_FULL when the bound is met, as all below. */
uint32_t diagram_variable(struct diagram *d, uint32_t level);

/* If f then g else h. Collects first when much has been made since the last time. */
uint32_t diagram_ite(struct diagram *d, uint32_t f, uint32_t g, uint32_t h);

/* The node itself: found or made. For those that know that the order is kept. */
uint32_t diagram_make(struct diagram *d, uint32_t level, uint32_t lo, uint32_t hi);
/* Slots for so many nodes more: no table moves while they are used up. */
void diagram_reserve(struct diagram *d, uint32_t more);
/* Let go of all that no root reaches. */
void diagram_collect(struct diagram *d);

/*
 * Change the order of the 'levels' variables where that makes less of what the roots hold: at[] is permuted as they
 * are. The roots stay what they are. 'steps' bounds the time: nodes gone through; returned is how many that were. The
 * bound of nodes must be far.
 */
uint64_t diagram_sift(struct diagram *d, uint32_t *at, uint32_t levels, uint64_t steps);

/* At least k of the n functions f[] are true, 1 <= k <= n. */
uint32_t diagram_at_least(struct diagram *d, const uint32_t *f, size_t n, size_t k);
/* Those of f[] that are true weigh more than 'slack' together. Weights NULL: 1 each; their sum is below 2^62. */
uint32_t diagram_weigh(struct diagram *d, const uint32_t *f, const uint64_t *weight, size_t n, int64_t slack);

/* Nodes of f and g together, the constants aside. */
uint32_t diagram_count(const struct diagram *d, uint32_t f, uint32_t g);

#endif
