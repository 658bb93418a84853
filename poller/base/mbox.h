/* poller/base/mbox.h: bounded mailboxes: how threads talk.
 *
 * A message is one flat block without pointers to what another thread owns; the one exception is an immutable,
 * reference-counted snapshot (configuration, layout). It has one owner, the last to hold it. A full mailbox is an error
 * the sender handles and counts, never a wait.
 * Lock order: a mailbox's lock is a leaf: nothing else is taken while it is held, so there is no cycle.
 */
#ifndef FW_BASE_MBOX_H
#define FW_BASE_MBOX_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct msg {
	struct msg *next;	/* the mailbox's own */
	uint32_t kind;		/* the receiver's enum */
	uint32_t len_octets;	/* of the whole block, this header included */
};

struct mbox;

/* A mailbox that holds at most 'most' messages; 'name' is borrowed (a literal), for debug. */
struct mbox *mbox_new(const char *name, unsigned most);
void mbox_free(struct mbox *mb);		/* frees what is still in it */

/* Post 'm' (from must_alloc/malloc) to 'mb'. On FW_OK the mailbox has taken 'm'; FW_FULL: it is still yours. Any thread. */
enum fw_err mbox_take(struct mbox *mb, struct msg *m);

/* Hand out the oldest message, NULL if none; the caller frees it. The mailbox's own thread only. */
struct msg *mbox_give(struct mbox *mb);

/* An eventfd, readable while messages may wait; mbox_give() clears it when it finds none. */
int mbox_fd(const struct mbox *mb);

struct mbox_count { const char *name; uint32_t now, peak, most; uint64_t taken, refused; };
struct mbox_count mbox_count(struct mbox *mb);	/* any thread */

#endif
