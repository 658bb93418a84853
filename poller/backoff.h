/* poller/backoff.h: when an agent that is silent is asked again: ever later, up to a bound, and at once when it shows life.
 *
 * Each question that fails doubles the wait, from 'first' to 'most', up to a fifth less by chance, so that agents that
 * fell silent together are not asked together. A sign of life (an answer to ping, a datagram that nobody waits for) makes the
 * next question due now; but not sooner than 'first' after the last one, or an agent whose answers never fit would be asked
 * as fast as it sends them.
 * Pure: time comes in as an argument.
 */
#ifndef FW_BACKOFF_H
#define FW_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "poller/base/clock.h"

struct backoff {
	struct mono asked, due;		/* due 0: it is not silent */
	uint8_t failed;			/* questions in a row */
	bool heard;			/* it lives: ask with all the patience that the configuration has */
};

struct backoff_bounds { struct span first, most; };

static inline bool backoff_quiet(const struct backoff *b) { return b->due.us != 0; }
bool backoff_due(const struct backoff *b, struct mono now);
void backoff_failed(struct backoff *b, struct backoff_bounds of, struct mono now);	/* the question of 'now' brought nothing */
void backoff_answered(struct backoff *b);
/* A sign of life: from when on it may be asked; 'now' or later. */
struct mono backoff_heard(struct backoff *b, struct backoff_bounds of, struct mono now);

#endif
