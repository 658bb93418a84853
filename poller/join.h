/* poller/join.h: waiting for a thread to end, but not for ever.
 *
 * The thread says that it is over as its last act; only then is it joined. (glibc's join with a time-out would do, but the thread
 * sanitizer does not know it and takes all that follows for races.)
 * Thread: the one that made it.
 */
#ifndef FW_JOIN_H
#define FW_JOIN_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "poller/base/clock.h"

/* False when it is not over by 'until'; then it is not joined. */
static inline bool join_until(pthread_t thread, const _Atomic bool *over, struct mono until)
{
	while (!atomic_load(over)) {
		if (clock_mono().us >= until.us)
			return false;
		poll(NULL, 0, 1);
	}
	return pthread_join(thread, NULL) == 0;
}

#endif
