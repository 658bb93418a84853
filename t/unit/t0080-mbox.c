/* t/unit/t0080-mbox.c: mailboxes keep order and bound, call their receiver, and lose nothing between threads. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "poller/base/mbox.h"
#include "tap.h"

enum { SENDERS = 4, EACH = 20000 };

struct letter {
	struct msg msg;
	uint32_t sender, number;
};

static struct msg *letter_new(uint32_t sender, uint32_t number)
{
	struct letter *l = must_alloc(sizeof(*l));

	*l = (struct letter){ { NULL, 7, sizeof(*l) }, sender, number };
	return &l->msg;
}

static bool calls(const struct mbox *mb, int ms)
{
	struct pollfd p = { .fd = mbox_fd(mb), .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static void test_one(void)
{
	struct mbox *mb = mbox_new("test", 3);
	struct msg *refused, *m;
	struct mbox_count c;
	int inorder = 0;

	ok(!calls(mb, 0) && mbox_give(mb) == NULL, "a new mailbox is empty and silent");
	for (uint32_t i = 0; i < 3; i++)
		mbox_take(mb, letter_new(0, i));
	ok(calls(mb, 0), "it calls when a message waits");
	refused = letter_new(0, 9);
	is_int(mbox_take(mb, refused), FW_FULL, "a full mailbox refuses");
	c = mbox_count(mb);
	ok(c.now == 3 && c.peak == 3 && c.most == 3 && c.taken == 3 && c.refused == 1 && !strcmp(c.name, "test"), "and counts");
	for (uint32_t i = 0; i < 3; i++) {
		m = mbox_give(mb);
		inorder += m && ((struct letter *)m)->number == i && m->kind == 7;
		free(m);
	}
	is_int(inorder, 3, "messages come out as they went in");
	ok(calls(mb, 0), "it calls until it was found empty");
	ok(mbox_give(mb) == NULL && !calls(mb, 0), "... and then no more");
	is_int(mbox_take(mb, refused), FW_OK, "a refused message was still the sender's");
	ok(calls(mb, 0), "it calls again");
	mbox_free(mb);		/* with a message in it: the sanitizer sees whether it was freed */
	mbox_free(NULL);
}

struct office {
	struct mbox *mb;
	uint32_t sender;
};

static void *send_all(void *arg)
{
	struct office *o = arg;

	for (uint32_t i = 0; i < EACH; i++) {
		struct msg *m = letter_new(o->sender, i);

		while (mbox_take(o->mb, m) == FW_FULL)
			sched_yield();
	}
	return NULL;
}

static void test_threads(void)
{
	struct mbox *mb = mbox_new("threads", 64);
	struct office o[SENDERS];
	uint32_t next[SENDERS] = { 0 };
	pthread_t t[SENDERS];
	int got = 0, outoforder = 0, quiet = 0;
	struct msg *m;

	for (uint32_t i = 0; i < SENDERS; i++) {
		o[i] = (struct office){ mb, i };
		pthread_create(&t[i], NULL, send_all, &o[i]);
	}
	while (got < SENDERS * EACH && quiet < 1) {
		quiet += !calls(mb, 20000);	/* a lost call would end here */
		while ((m = mbox_give(mb))) {
			struct letter *l = (struct letter *)m;

			outoforder += l->number != next[l->sender]++;
			got++;
			free(m);
		}
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	is_int(got, SENDERS * EACH, "every message of four threads arrives");
	is_int(outoforder, 0, "... in each sender's order");
	is_int(quiet, 0, "... and no call is lost");
	is_u64(mbox_count(mb).taken, SENDERS * EACH, "... and all are counted");
	ok(mbox_count(mb).peak <= 64, "... and the bound held");
	mbox_free(mb);
}

int main(void)
{
	plan(14);
	test_one();
	test_threads();
	return done();
}
