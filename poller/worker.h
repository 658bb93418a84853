/* poller/worker.h: a worker: one thread, one event loop, its sockets, its devices.
 *
 * Devices are spread over workers by the hash of their name. A worker polls its devices over SNMP and ICMP and runs their
 * checks; it keeps what they said in its last file, sends rows to the stores and levels to main, and shares nothing.
 *
 *	worker.c         the thread: loop, mailbox, what goes out
 *	worker-config.c  what a configuration means for it: devices, checks, what is watched
 *	device.c         one device: when it is asked, rounds, whether it answers
 *	device-ask.c     ... one plan of it: its packets leave, and what they bring is filed
 *	device-quiet.c   ... silent, slow, cut off; backoff.c says when it is asked again
 *	device-tell.c    ... what main is told of it, and debug
 *	resolve.c        its name to addresses
 *	discover.c       which tables and rows it has: walks, the baseline; discover-name.c: what rows are called
 *	parts.c          its components
 *	plan.c           what is asked in the steady state: packed GETs
 *	form.c           questions that are the same for many devices, kept once
 *	markers.c        do indexes still mean what they did?
 *	learn.c          how much its agent answers at once, how fast, and what is odd about it
 *	adapt.c          what stands still is asked less often
 *	cache.c          agents that renew their counters seldom
 *	sample.c         what an answer means: values, counters, rows, states
 *	checks.c         programs that are run
 * Thread: main makes and stops it; everything else is by messages (message.h).
 */
#ifndef FW_WORKER_H
#define FW_WORKER_H

#include "poller/message.h"
#include "poller/store_thread.h"

/* What is opened while the process may; -1: not there. */
struct worker_sockets { struct icmp_sockets icmp; int udp[2]; };
#define WORKER_SOCKETS_NONE { { -1, -1, false, false }, { -1, -1 } }

struct worker_setup {
	unsigned number, workers;
	struct config *config;		/* borrowed; the worker takes a reference of its own */
	struct worker_sockets sockets;	/* the worker closes them at its end */
	struct mbox *to_main;
	struct store_thread **stores;
	unsigned store_count;
	bool once;			/* one round of everything, then MSG_IDLE */
	const char *const *only;	/* ... of these devices and checks; none: of all */
	size_t only_count;
};

struct worker;
struct worker *worker_start(const struct worker_setup *s, struct err *err);
struct mbox *worker_mbox(struct worker *w);
void worker_leave(struct worker *w);	/* its end begins; does not wait */
/* Leave and join; last file closed, children ended. Waits until 'until' at most: false when it hangs; then nothing is freed. */
bool worker_stop(struct worker *w, struct mono until);

#endif
