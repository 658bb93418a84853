/* poller/base/mbox.c: bounded mailboxes. See mbox.h.
 *
 * The eventfd is written when a message comes into a mailbox that has not called since it was last found empty, and
 * read when the mailbox is found empty; both under the lock, so a call cannot be lost between the two.
 * Lock order: mb->lock is a leaf; under it are only list handling and a read or write of the eventfd, which never
 * blocks (EFD_NONBLOCK, and its counter stays at 1 or below).
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mbox.h"

struct mbox {
	pthread_mutex_t lock;
	struct msg *first, **last;
	struct mbox_count count;
	int fd;
	bool called;		/* the eventfd is readable */
};

struct mbox *mbox_new(const char *name, unsigned most)
{
	struct mbox *mb = must_alloc(sizeof(*mb));

	must(most > 0);
	must(pthread_mutex_init(&mb->lock, NULL) == 0);
	mb->last = &mb->first;
	mb->count = (struct mbox_count){ .name = name, .most = most };
	mb->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	must(mb->fd >= 0);
	return mb;
}

void mbox_free(struct mbox *mb)
{
	struct msg *next;

	if (!mb)
		return;
	for (struct msg *m = mb->first; m; m = next) {
		next = m->next;
		free(m);
	}
	close(mb->fd);
	pthread_mutex_destroy(&mb->lock);
	free(mb);
}

static void call_receiver(struct mbox *mb)
{
	uint64_t one = 1;

	if (mb->called)
		return;
	while (write(mb->fd, &one, sizeof(one)) < 0)
		must(errno == EINTR);
	mb->called = true;
}

static void call_over(struct mbox *mb)
{
	uint64_t n;

	if (!mb->called)
		return;
	while (read(mb->fd, &n, sizeof(n)) < 0)
		must(errno == EINTR);
	mb->called = false;
}

enum fw_err mbox_take(struct mbox *mb, struct msg *m)
{
	enum fw_err e = FW_OK;

	must(m != NULL);
	pthread_mutex_lock(&mb->lock);
	if (mb->count.now < mb->count.most) {
		m->next = NULL;
		*mb->last = m;
		mb->last = &m->next;
		mb->count.taken++;
		if (++mb->count.now > mb->count.peak)
			mb->count.peak = mb->count.now;
		call_receiver(mb);
	} else {
		mb->count.refused++;
		e = FW_FULL;
	}
	pthread_mutex_unlock(&mb->lock);
	return e;
}

struct msg *mbox_give(struct mbox *mb)
{
	struct msg *m;

	pthread_mutex_lock(&mb->lock);
	m = mb->first;
	if (m) {
		mb->first = m->next;
		if (!mb->first)
			mb->last = &mb->first;
		mb->count.now--;
		m->next = NULL;
	} else {
		call_over(mb);
	}
	pthread_mutex_unlock(&mb->lock);
	return m;
}

int mbox_fd(const struct mbox *mb)
{
	return mb->fd;
}

struct mbox_count mbox_count(struct mbox *mb)
{
	struct mbox_count c;

	pthread_mutex_lock(&mb->lock);
	c = mb->count;
	pthread_mutex_unlock(&mb->lock);
	return c;
}
