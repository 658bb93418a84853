/* poller/store_thread.c: see store_thread.h. */
#define _GNU_SOURCE		/* pthread_setname_np */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/join.h"
#include "poller/store_thread.h"

enum { MAILBOX = 4096, TICK_MS = 250, LAYOUTS_MOST = 65536 };

struct kept { uint64_t id; struct store_layout layout; };

struct store_thread {
	pthread_t thread;
	unsigned number;
	struct store *store;
	struct mbox *in, *to_main;
	struct kept **kept;		/* layouts rows may name; never freed while rows live */
	uint32_t kept_count, kept_size;
	uint64_t unknown_layout;
	struct steady clock;
	struct mono beat_due, tick_due;
	_Atomic bool over;		/* the last its thread writes */
	_Atomic bool leaving;		/* main wants the end: hurry */
	_Atomic int64_t left_at_us;	/* ... since then */
	bool stopping, left;
	uint32_t rows_left;		/* to the journal, at the end */
};

uint64_t store_layout_id(const struct store_layout *l) { return hash_stable(l, sizeof(*l)); }

unsigned store_of_device(const char *device, unsigned stores)
{
	return (unsigned)((hash_stable(device, strlen(device)) >> 17) % stores);
}

const struct store_layout *store_icmp_layout(uint32_t step_s, struct store_layout *out)
{
	static const struct { const char *name, *unit; } ds[] = {
		{ "loss", "%" }, { "rtt_min", "s" }, { "rtt_median", "s" }, { "rtt_max", "s" }, { "jitter", "s" },
	};

	memset(out, 0, sizeof(*out));
	text_copy(out->name, sizeof(out->name), "icmp");
	out->step_s = step_s;
	for (const typeof(ds[0]) *d = ds; d < ds + sizeof(ds) / sizeof(ds[0]); d++) {
		struct store_ds *to = &out->ds[out->ds_count++];

		text_copy(to->name, sizeof(to->name), d->name);
		text_copy(to->unit, sizeof(to->unit), d->unit);
	}
	return out;
}

static const struct store_layout *kept_find(const struct store_thread *t, uint64_t id)
{
	for (uint32_t i = 0; i < t->kept_count; i++)
		if (t->kept[i]->id == id)
			return &t->kept[i]->layout;
	return NULL;
}

static void keep(struct store_thread *t, uint64_t id, const struct store_layout *layout)
{
	if (kept_find(t, id) != NULL || t->kept_count == LAYOUTS_MOST)
		return;
	if (t->kept_count == t->kept_size) {
		t->kept_size = t->kept_size ? t->kept_size * 2 : 32;
		t->kept = must_realloc(t->kept, t->kept_size * sizeof(struct kept *));
	}
	t->kept[t->kept_count] = must_alloc(sizeof(struct kept));
	*t->kept[t->kept_count++] = (struct kept){ .id = id, .layout = *layout };
}

/* For rows of the journal, which know their class only. */
static const struct store_layout *find_class(void *owner, const char *class_name)
{
	struct store_thread *t = owner;

	for (uint32_t i = t->kept_count; i-- > 0;)
		if (strcmp(t->kept[i]->layout.name, class_name) == 0)
			return &t->kept[i]->layout;
	return NULL;
}

/* So that rows of a journal find their class. A check's own columns are in the journal with its name: here it is enough that the
 * class is known. */
static void keep_definitions(struct store_thread *t, const struct config *c)
{
	struct store_layout icmp, check = { .name = "check", .step_s = 60, .ds_count = 1, .ds = { { .name = "status" } } };

	store_icmp_layout((uint32_t)(c->interval.us / 1000000), &icmp);
	keep(t, store_layout_id(&icmp), &icmp);
	keep(t, store_layout_id(&check), &check);
	for (unsigned i = 0; i < c->mib->count; i++)
		if (c->mib->table[i]->layout.ds_count)
			keep(t, store_layout_id(&c->mib->table[i]->layout), &c->mib->table[i]->layout);
}

static void take_rows(struct store_thread *t, const struct msg_rows *rows)
{
	const uint8_t *at = rows->bytes;

	for (uint32_t i = 0; i < rows->count; i++) {
		const struct row_head *h = (const void *)at;
		const char *name = (const char *)(at + sizeof(*h));
		const struct store_layout *layout = kept_find(t, h->layout);
		struct store_row row = { .at = h->at, .reset = h->reset, .known = h->known };

		at += sizeof(*h) + ((h->name_len + 8u) & ~7u);
		memcpy(row.value, at, h->values * sizeof(row.value[0]));
		at += h->values * sizeof(row.value[0]);
		if (layout == NULL)
			log_often(LOG_LEVEL_ERROR, LOG_STORE, &t->unknown_layout, "'%s': row without a layout lost", name);
		else
			store_put(t->store, name, layout, &row);	/* refusals are counted and said there */
	}
}

static void answer_flush(struct store_thread *t, const struct msg_name *q)
{
	struct msg_name *a = msg_new(MSG_FLUSHED, sizeof(*a));
	struct err err = { "" };

	a->token = q->token;
	if (store_flush(t->store, q->name, &err) != FW_OK)
		text_copy(a->name, sizeof(a->name), err.text);
	if (mbox_take(t->to_main, &a->m) != FW_OK)
		free(a);	/* main asks with a time-out */
}

static void take(struct store_thread *t, struct msg *m)
{
	struct err err;

	switch (m->kind) {
	case MSG_LAYOUT:
		keep(t, ((struct msg_layout *)m)->id, &((struct msg_layout *)m)->layout);
		break;
	case MSG_ROWS:
		take_rows(t, (struct msg_rows *)m);
		break;
	case MSG_FLUSH:
		answer_flush(t, (struct msg_name *)m);
		break;
	case MSG_REMOVE:
		if (store_remove(t->store, ((struct msg_name *)m)->name, &err) != FW_OK)
			log_warn(LOG_STORE, "%s", err.text);
		break;
	case MSG_STOP:
		t->stopping = true;
		break;
	}
}

static void beat(struct store_thread *t, struct mono now)
{
	struct msg_store_beat *b = msg_new(MSG_STORE_BEAT, sizeof(*b));

	t->beat_due = mono_add(now, span_s(1));
	b->store = t->number;
	b->count = store_count(t->store);
	if (mbox_take(t->to_main, &b->m) != FW_OK)
		free(b);
}

static bool has_time(void *owner)
{
	const struct store_thread *t = owner;

	return clock_mono().us < t->left_at_us + STORE_END_MS * 1000;
}

static void end(struct store_thread *t)
{
	t->rows_left = store_close_within(t->store, has_time, t);
	t->store = NULL;
	if (t->rows_left)
		log_warn(LOG_STORE, "store %u: not every file could be written in time: rows wait in the journal for the next start rows=%u",
			 t->number, t->rows_left);
}

static void *store_main(void *arg)
{
	struct store_thread *t = arg;
	struct pollfd fd = { .fd = mbox_fd(t->in), .events = POLLIN };
	char name[16];

	snprintf(name, sizeof(name), "store %u", t->number % 1000);
	pthread_setname_np(pthread_self(), name);
	while (!t->stopping) {
		struct msg *m;
		struct mono now;
		bool stepped;

		poll(&fd, 1, TICK_MS);
		while ((m = mbox_give(t->in)) != NULL) {
			if (t->leaving)
				store_hurry(t->store);
			take(t, m);
			free(m);
		}
		now = clock_mono();
		if (now.us >= t->tick_due.us) {
			steady_follow(&t->clock, clock_wall(), now, span_s(60), &stepped);
			store_tick(t->store, steady_at(&t->clock, now));
			t->tick_due = mono_add(now, span_ms(TICK_MS));
		}
		if (now.us >= t->beat_due.us)
			beat(t, now);
	}
	beat(t, clock_mono());
	end(t);
	t->over = true;
	return NULL;
}

struct store_thread *store_thread_start(const struct config *c, unsigned number, struct mbox *to_main, struct err *err)
{
	struct store_thread *t = must_alloc(sizeof(*t));
	struct store_limits limits = {
		.hold_rows = c->rrd_rows, .hold_time = c->rrd_hold, .creates_per_tick = 50, .writes_per_tick = 200,
	};
	char folder[1024];

	snprintf(folder, sizeof(folder), "%s/rrd", c->state);
	t->number = number;
	t->to_main = to_main;
	steady_init(&t->clock, clock_wall(), clock_mono());
	keep_definitions(t, c);
	t->store = store_open(folder, number, &limits, find_class, t, err);
	if (t->store == NULL)
		goto fail;
	t->in = mbox_new("store", MAILBOX);
	if (pthread_create(&t->thread, NULL, store_main, t) != 0) {
		err_set(err, FW_NOMEM, "cannot start a thread: %s", err_errno());
		store_close(t->store);
		mbox_free(t->in);
		goto fail;
	}
	return t;
fail:
	for (uint32_t i = 0; i < t->kept_count; i++)
		free(t->kept[i]);
	free(t->kept);
	free(t);
	return NULL;
}

struct mbox *store_thread_mbox(struct store_thread *t) { return t->in; }

/* Once: a full mailbox empties while the thread lives. */
void store_thread_leave(struct store_thread *t)
{
	struct msg *m;

	if (t == NULL || t->left)
		return;
	if (!t->leaving) {
		t->left_at_us = clock_mono().us;
		t->leaving = true;
	}
	m = msg_new(MSG_STOP, sizeof(*m));
	t->left = mbox_take(t->in, m) == FW_OK;
	if (!t->left)
		free(m);
}

bool store_thread_stop(struct store_thread *t, struct mono until)
{
	if (t == NULL)
		return true;
	for (store_thread_leave(t); !t->left && clock_mono().us < until.us; store_thread_leave(t))
		poll(NULL, 0, 10);
	return t->left && join_until(t->thread, &t->over, until);
}

uint32_t store_thread_left(const struct store_thread *t) { return t->rows_left; }

void store_thread_free(struct store_thread *t)
{
	if (t == NULL)
		return;
	mbox_free(t->in);
	for (uint32_t i = 0; i < t->kept_count; i++)
		free(t->kept[i]);
	free(t->kept);
	free(t);
}
