/* poller/service/fate.h: shared fate: what is declared redundant, and falls to fewer failures than that.
 *
 * Declared: of the structure, a gate of n members with need k that falls to fewer than n - k + 1 failures. What those
 * few failures are names what the members have in common: a power feed, a chassis, an upstream. A gate's members alone
 * are looked at, not what it needs beside them (that is another gate above it): that is declared openly.
 * Seen: of the past, components that went down together more often than independence allows, whatever the structure
 * says: somewhere there is something that nobody declared.
 * Pure: no clock, no thread, no I/O. Explained in forewarn-risk(7), SHARED FATE.
 */
#ifndef FW_SERVICE_FATE_H
#define FW_SERVICE_FATE_H

#include "poller/base/clock.h"
#include "service.h"

/* ---- declared ---------------------------------------------------------------------------------------------------- */

struct fate {
	uint32_t declared, actual;	/* failures that end the gate: n - need + 1, and really */
	double sets;			/* how many smallest sets there are, of 'actual' components each */
	uint32_t looked;		/* what it cost: nodes that had to be looked at more closely */
};

/* One smallest set, and the members of the gate that it takes; nodes of the graph that was asked. */
typedef void fate_function(void *owner, const uint32_t *set, size_t n, const uint32_t *member, size_t members);

/* 'most_nodes' bounds the structure below the gate, and its diagram; at most 'most_sets' are told. */
struct fate_question { uint32_t gate, most_nodes; size_t most_sets; fate_function *each; void *owner; };

/*
 * FW_OK, and '*f' with actual = declared when there is no shared fate; then nothing is told. FW_FULL when the bound is
 * met. States do not matter, and are left alone.
 */
enum fw_err graph_shared_fate(const struct graph *g, const struct fate_question *q, struct fate *f, struct err *err);

/* ---- seen -------------------------------------------------------------------------------------------------------- */

struct went_down { uint32_t component; struct wall at; };	/* component: any number of the asker's */

struct together_question {
	struct span window;		/* so near is together */
	struct span seen;		/* how long they were watched, the failures in it */
	uint32_t least;			/* together at least so often ... */
	double chance_most;		/* ... which has at most this chance (Poisson) if they are independent */
	uint32_t most_pairs;		/* so many pairs are followed; the others are counted in 'lost' */
};

struct together {
	uint32_t a, b;			/* a < b */
	uint32_t times;
	double expected;		/* so often by chance */
	double chance;			/* of 'times' or more */
};

/* The failures, sorted by time; 'out' gets at most 'most' of the pairs, the least likely first. Returns how many there
 * are. A failure of one component soon after its last one is the same again, and does not count. */
struct failures { const struct went_down *at; size_t n; };
size_t failed_together(const struct failures *f, const struct together_question *q, struct together *out, size_t most,
		       uint64_t *lost);

/* P(X >= n) of a Poisson variable with this mean. */
double poisson_tail(double mean, uint32_t n);

#endif
