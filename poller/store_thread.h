/* poller/store_thread.h: a store (rrd/store.h) with a thread, a mailbox and a clock.
 *
 * Rows of a device always go to the same store thread. It ticks the store at least once a second, so that the journal is on
 * disk within a second, and tells main its numbers.
 */
#ifndef FW_STORE_THREAD_H
#define FW_STORE_THREAD_H

#include "poller/message.h"

struct store_thread;

/* Opens the store 'number' under 'state_folder'/rrd (replaying its journal) before it returns. */
struct store_thread *store_thread_start(const struct config *c, unsigned number, struct mbox *to_main, struct err *err);
struct mbox *store_thread_mbox(struct store_thread *t);
/* Its end begins: what is in the mailbox is journalled, then files are written for at most STORE_END_MS. Does not wait. */
enum { STORE_END_MS = 2500 };
void store_thread_leave(struct store_thread *t);
/* Leave and join. What there was no time for is in the journal, and comes back at the next start (said). Waits until 'until' at
 * most; false when it hangs. */
bool store_thread_stop(struct store_thread *t, struct mono until);
uint32_t store_thread_left(const struct store_thread *t);	/* ... after it has stopped: rows that are in the journal only */
void store_thread_free(struct store_thread *t);		/* after it has stopped, and all workers that knew it */

/* The class "icmp" is not from a definition: its layout is this. */
const struct store_layout *store_icmp_layout(uint32_t step_s, struct store_layout *out);
/* Stable hash of a layout's content. */
uint64_t store_layout_id(const struct store_layout *l);
unsigned store_of_device(const char *device, unsigned stores);

#endif
