/* poller/base/wheel.h: hashed hierarchical timer wheel, 10 ms a tick: add, move and remove in constant time.
 *
 * A timer never fires early, and at most one tick late after wheel_run(). Timers are embedded in their owner.
 * Thread: its worker only. Time comes in as an argument.
 */
#ifndef FW_BASE_WHEEL_H
#define FW_BASE_WHEEL_H

#include <stdbool.h>

#include "clock.h"

struct timer {
	struct timer *next, **prev;	/* prev NULL: not armed */
	struct mono due;
	void (*fire)(struct timer *t, struct mono now);
};

struct wheel;
struct wheel *wheel_new(struct mono now);
void wheel_free(struct wheel *w);

/* Arm or move 't' (its 'fire' is set by the owner) to 'due'; a due in the past fires at the next run. */
void wheel_set(struct wheel *w, struct timer *t, struct mono due);
void wheel_stop(struct wheel *w, struct timer *t);	/* also when not armed */
static inline bool timer_armed(const struct timer *t) { return t->prev != NULL; }

/* Fire what is due at 'now'; a timer is disarmed before it fires, and may be armed again by its own 'fire'. */
void wheel_run(struct wheel *w, struct mono now);
/* When to run next: the earliest due or earlier (a cascade), never later; {0} when nothing is armed. */
struct mono wheel_next(const struct wheel *w);
unsigned wheel_count(const struct wheel *w);

#define timer_owner(t, type, member) ((type *)(void *)((char *)(t) - offsetof(type, member)))

#endif
