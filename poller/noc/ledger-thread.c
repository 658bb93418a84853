/* poller/noc/ledger-thread.c: the thread that writes the ledger, and hands out what is to be sent.
 *
 * Messages are held until the LEDGER_COMMIT that closes their batch, written as one transaction, and only then let go.
 * While the disk fails, the batch is kept and tried again, and nothing more is taken from the mailbox: what comes
 * meanwhile waits there, and main is refused when it is full.
 *
 * Rows to be sent: those of a new commit at once; all others (of an earlier life, or not reported sent in time) in a
 * sweep from the oldest, few at a time, so that a target that cannot be reached holds up nobody else.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "ledger-int.h"

enum {
	MAILBOX_MOST = 16384,
	PENDING_MOST = 32768,		/* a batch that is never closed is written all the same */
	FLIGHTS = 64, SWEEP_FLIGHTS = 32,
	LIGHT_MS = 1000,		/* reports of what was sent wait that long for company */
	FAILED_MS = 1000, BUSY_BACK_MS = 100, IDLE_MS = 60000,
	STOP_TRIES = 2, STOP_MS = 250,	/* the program ends within five seconds, and one try may wait two for a lock */
	RETAIN_FIRST_S = 60, RETAIN_EVERY_S = 3600,
};

struct msg_event { struct msg m; struct ledger_event e; };
struct msg_state { struct msg m; struct ledger_state s; };
struct msg_history { struct msg m; struct history h; char name[]; };
struct msg_alert { struct msg m; uint32_t json_octets, targets; char text[]; };	/* JSON, then names, each with its 0 */
struct msg_sent { struct msg m; uint64_t id; struct wall at; };
struct msg_part { struct msg m; struct wall at; char name[MODEL_NAME_MAX]; };
struct msg_cycle { struct msg m; struct wall began, ended; char summary[]; };
struct msg_window { struct msg m; uint32_t members_octets; struct window w; char text[]; };	/* lists as JSON, each with its 0 */
struct msg_acceptance { struct msg m; struct acceptance a; char mark[]; };
struct msg_send { struct msg m; struct ledger_outbox row; };
struct msg_stop { struct msg m; uint64_t flush; };	/* write all you have; answers this request */

enum count { COUNT_COMMITS, COUNT_EVENTS, COUNT_ALERTS, COUNT_FAILED, COUNT_RETRIES, COUNT_CUT, COUNTS };

/* A row that was posted and is not yet reported sent. */
struct flight { uint64_t id; struct mono posted; };

struct ledger_thread {
	pthread_t thread;
	struct ledger *ledger;
	struct mbox *in, *back;
	struct span age;
	uint64_t octets;
	_Atomic bool stop;
	_Atomic uint64_t flushed;	/* requests answered */
	uint64_t flushes;		/* requests made: who asks */
	_Atomic int64_t retry_us;
	_Atomic uint64_t count[COUNTS];
	_Atomic(char *) error;		/* moves from the thread to who asks */
	char last_error[256];		/* of who asks */
	/* the thread's own */
	struct msg *first, **last;
	unsigned pending;
	bool closed, heavy;		/* a batch is complete; it holds more than reports */
	uint64_t flush_taken;		/* the newest request taken from the mailbox */
	struct mono oldest;
	unsigned owed;			/* LEDGER_COMMITTED not yet posted */
	struct flight flight[FLIGHTS];
	uint64_t fresh, sweep;		/* newest row posted; where the sweep is */
	struct mono swept, retain_at;	/* when the last round of the sweep ended; 0: one is under way */
	bool back_full;
	uint64_t failures;		/* in a row */
	struct alert alert;
};

/* ---- posting: any thread ---------------------------------------------------------------------------------------- */

static void *msg_make(enum ledger_msg kind, size_t size_octets)
{
	struct msg *m = must_alloc(size_octets);

	m->kind = kind;
	m->len_octets = (uint32_t)size_octets;
	return m;
}

static enum fw_err post(struct ledger_thread *t, struct msg *m)
{
	enum fw_err e = mbox_take(t->in, m);

	if (e != FW_OK)
		free(m);
	return e;
}

enum fw_err ledger_post_event(struct ledger_thread *t, const struct ledger_event *e)
{
	struct msg_event *m = msg_make(LEDGER_EVENT, sizeof(*m));

	m->e = *e;
	return post(t, &m->m);
}

enum fw_err ledger_post_state(struct ledger_thread *t, const struct ledger_state *s)
{
	struct msg_state *m = msg_make(LEDGER_STATE, sizeof(*m));

	m->s = *s;
	return post(t, &m->m);
}

enum fw_err ledger_post_history(struct ledger_thread *t, const char *name, const struct history *h)
{
	size_t len = strlen(name) + 1;
	struct msg_history *m = msg_make(LEDGER_HISTORY, sizeof(*m) + len);

	m->h = *h;
	memcpy(m->name, name, len);
	return post(t, &m->m);
}

/* ON_COMPONENT and the others are 1 << the kind. */
_Static_assert(ON_COMPONENT == 1 << ALERT_COMPONENT && ON_RISK == 1 << ALERT_RISK && ON_QUALITY == 1 << ALERT_QUALITY &&
	       ON_BUDGET == 1 << ALERT_BUDGET, "'on' of a target is a set of alert kinds");

static bool wants(const struct cfg_notify *n, const struct alert *a)
{
	return !a->quiet && (n->on & (a->kinds | 1u << a->kind)) != 0;
}

enum fw_err ledger_post_alert(struct ledger_thread *t, const struct alert *a, const struct config *c)
{
	char *json = alert_encode(a);
	size_t json_octets = strlen(json) + 1, names = 0;
	struct msg_alert *m;
	char *at;

	for (uint32_t i = 0; i < c->notify_count; i++)
		names += wants(&c->notify[i], a) ? strlen(c->notify[i].name) + 1 : 0;
	m = msg_make(LEDGER_ALERT, sizeof(*m) + json_octets + names);
	m->json_octets = (uint32_t)json_octets;
	memcpy(m->text, json, json_octets);
	free(json);
	at = m->text + json_octets;
	for (uint32_t i = 0; i < c->notify_count; i++) {
		size_t len = strlen(c->notify[i].name) + 1;

		if (!wants(&c->notify[i], a))
			continue;
		memcpy(at, c->notify[i].name, len);
		at += len;
		m->targets++;
	}
	return post(t, &m->m);
}

enum fw_err ledger_post_sent(struct ledger_thread *t, uint64_t outbox_id, struct wall at)
{
	struct msg_sent *m = msg_make(LEDGER_SENT, sizeof(*m));

	m->id = outbox_id;
	m->at = at;
	return post(t, &m->m);
}

enum fw_err ledger_post_part(struct ledger_thread *t, const char *name, bool add, struct wall at)
{
	struct msg_part *m = msg_make(add ? LEDGER_PART_ADD : LEDGER_PART_FORGET, sizeof(*m));

	text_copy(m->name, sizeof(m->name), name);
	m->at = at;
	return post(t, &m->m);
}

enum fw_err ledger_post_cycle(struct ledger_thread *t, struct wall began, struct wall ended, const char *summary_json)
{
	size_t len = strlen(summary_json) + 1;
	struct msg_cycle *m = msg_make(LEDGER_CYCLE, sizeof(*m) + len);

	m->began = began;
	m->ended = ended;
	memcpy(m->summary, summary_json, len);
	return post(t, &m->m);
}

/* A message has no pointers of its sender's: lists go as text behind it. */
enum fw_err ledger_post_window(struct ledger_thread *t, const struct window *w)
{
	char *members = name_list_encode(&w->member), *foreseen = name_list_encode(&w->foreseen);
	size_t one = strlen(members) + 1, two = strlen(foreseen) + 1;
	struct msg_window *m = msg_make(LEDGER_WINDOW, sizeof(*m) + one + two);

	m->members_octets = (uint32_t)one;
	m->w = *w;
	m->w.member = m->w.foreseen = (struct name_list){ 0 };
	memcpy(m->text, members, one);
	memcpy(m->text + one, foreseen, two);
	free(members);
	free(foreseen);
	return post(t, &m->m);
}

enum fw_err ledger_post_acceptance(struct ledger_thread *t, const struct acceptance *a)
{
	size_t len = strlen(a->mark) + 1;
	struct msg_acceptance *m = msg_make(LEDGER_ACCEPTANCE, sizeof(*m) + len);

	m->a = *a;
	m->a.mark = NULL;
	memcpy(m->mark, a->mark, len);
	return post(t, &m->m);
}

enum fw_err ledger_post_commit(struct ledger_thread *t) { return post(t, msg_make(LEDGER_COMMIT, sizeof(struct msg))); }

const struct ledger_outbox *ledger_msg_outbox(const struct msg *m)
{
	must(m->kind == LEDGER_SEND);
	return &((const struct msg_send *)(const void *)m)->row;
}

/* ---- one message into the open transaction ---------------------------------------------------------------------- */

typedef enum fw_err apply_msg(struct ledger_thread *t, const struct msg *m, struct err *err);

static enum fw_err apply_event(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	return ledger_put_event(t->ledger, &((const struct msg_event *)(const void *)m)->e, err);
}

static enum fw_err apply_state(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	return ledger_put_state(t->ledger, &((const struct msg_state *)(const void *)m)->s, err);
}

static enum fw_err apply_history(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	const struct msg_history *h = (const void *)m;

	return ledger_put_history(t->ledger, h->name, &h->h, err);
}

static enum fw_err apply_alert(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	const struct msg_alert *a = (const void *)m;
	const char *at = a->text + a->json_octets, **name = must_alloc((a->targets + 1) * sizeof(*name));
	enum fw_err e;

	for (uint32_t i = 0; i < a->targets; i++) {
		name[i] = at;
		at += strlen(at) + 1;
	}
	must(alert_decode(a->text, a->json_octets - 1, &t->alert));
	e = ledger_put_alert(t->ledger, &t->alert, name, a->targets, err);
	free(name);
	return e;
}

static enum fw_err apply_sent(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	const struct msg_sent *s = (const void *)m;

	return ledger_outbox_sent(t->ledger, s->id, s->at, err);
}

static enum fw_err apply_part_add(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	const struct msg_part *p = (const void *)m;

	return ledger_part_add(t->ledger, p->name, p->at, err);
}

static enum fw_err apply_part_forget(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	return ledger_part_forget(t->ledger, ((const struct msg_part *)(const void *)m)->name, err);
}

static enum fw_err apply_cycle(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	const struct msg_cycle *c = (const void *)m;

	return ledger_cycle(t->ledger, c->began, c->ended, c->summary, err);
}

static enum fw_err apply_window(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	const struct msg_window *w = (const void *)m;

	return ledger_put_window_row(t->ledger, &w->w, w->text, w->text + w->members_octets, err);
}

static enum fw_err apply_acceptance(struct ledger_thread *t, const struct msg *m, struct err *err)
{
	const struct msg_acceptance *a = (const void *)m;

	return ledger_put_acceptance_row(t->ledger, &a->a, a->mark, err);
}

static const struct { apply_msg *apply; bool heavy; } kinds[] = {
	[LEDGER_EVENT] = { apply_event, true }, [LEDGER_STATE] = { apply_state, true },
	[LEDGER_HISTORY] = { apply_history, true },
	[LEDGER_ALERT] = { apply_alert, true }, [LEDGER_SENT] = { apply_sent, false },
	[LEDGER_PART_ADD] = { apply_part_add, true }, [LEDGER_PART_FORGET] = { apply_part_forget, true },
	[LEDGER_CYCLE] = { apply_cycle, false },
	[LEDGER_WINDOW] = { apply_window, true }, [LEDGER_ACCEPTANCE] = { apply_acceptance, true },
};

/* ---- a batch ---------------------------------------------------------------------------------------------------- */

static void flight_over(struct ledger_thread *t, uint64_t id)
{
	for (unsigned i = 0; i < FLIGHTS; i++)
		if (t->flight[i].id == id)
			t->flight[i].id = 0;
}

static void hold(struct ledger_thread *t, struct msg *m)
{
	must(m->kind < sizeof(kinds) / sizeof(*kinds) && kinds[m->kind].apply);
	if (m->kind == LEDGER_SENT)
		flight_over(t, ((const struct msg_sent *)(const void *)m)->id);
	if (t->pending++ == 0)
		t->oldest = clock_mono();
	t->heavy |= kinds[m->kind].heavy;
	m->next = NULL;
	*t->last = m;
	t->last = &m->next;
	t->closed |= t->pending >= PENDING_MOST;
}

/* Take from the mailbox up to the end of a batch. */
static void collect(struct ledger_thread *t)
{
	struct msg *m;

	while (!t->closed && (m = mbox_give(t->in))) {
		if (m->kind != LEDGER_COMMIT && m->kind != LEDGER_STOP) {
			hold(t, m);
			continue;
		}
		t->closed = true;
		t->owed += m->kind == LEDGER_COMMIT;
		if (m->kind == LEDGER_STOP)
			t->flush_taken = ((const struct msg_stop *)(const void *)m)->flush;
		free(m);
	}
}

static void let_go(struct ledger_thread *t)
{
	struct msg *next;

	for (struct msg *m = t->first; m; m = next) {
		next = m->next;
		t->count[COUNT_EVENTS] += m->kind == LEDGER_EVENT;
		t->count[COUNT_ALERTS] += m->kind == LEDGER_ALERT;
		free(m);
	}
	t->first = NULL;
	t->last = &t->first;
	t->pending = 0;
	t->closed = t->heavy = false;
}

static enum fw_err write_batch(struct ledger_thread *t, struct err *err)
{
	enum fw_err e = ledger_begin(t->ledger, err);

	for (const struct msg *m = t->first; m && e == FW_OK; m = m->next)
		e = kinds[m->kind].apply(t, m, err);
	if (e == FW_OK)
		e = ledger_commit(t->ledger, err);
	if (e != FW_OK)
		ledger_rollback(t->ledger);
	return e;
}

static void say_error(struct ledger_thread *t, const char *text)
{
	free(atomic_exchange(&t->error, must_strdup(text)));
	log_often(LOG_LEVEL_ERROR, LOG_LEDGER, &t->failures, "%s; what happened is kept in memory and tried again", text);
}

/* True when nothing is held back any more. */
static bool commit(struct ledger_thread *t)
{
	struct err err = { "" };
	enum fw_err e = t->pending ? write_batch(t, &err) : FW_OK;

	if (e == FW_BROKEN && ledger_renew(t->ledger, &err) == FW_OK)
		e = write_batch(t, &err);
	if (e != FW_OK) {
		t->count[COUNT_FAILED]++;
		say_error(t, err.text);
		return false;
	}
	if (t->failures) {
		log_info(LOG_LEDGER, "written again after %llu tries", (unsigned long long)t->failures);
		t->count[COUNT_RETRIES] += t->failures;
		t->failures = 0;
	}
	t->count[COUNT_COMMITS] += t->pending > 0;
	let_go(t);
	return true;
}

static bool is_due(const struct ledger_thread *t)
{
	if (t->closed)
		return true;
	return t->pending && !t->heavy && mono_since(clock_mono(), t->oldest).us >= LIGHT_MS * 1000;
}

/* ---- what is to be sent ----------------------------------------------------------------------------------------- */

struct posting { struct ledger_thread *t; uint64_t last; unsigned room; bool stopped; };

static struct flight *flight_free(struct ledger_thread *t, unsigned most)
{
	struct flight *spare = NULL;
	unsigned used = 0;

	for (unsigned i = 0; i < FLIGHTS; i++) {
		used += t->flight[i].id != 0;
		if (!t->flight[i].id)
			spare = &t->flight[i];
	}
	return used < most ? spare : NULL;
}

static bool in_flight(const struct ledger_thread *t, uint64_t id)
{
	for (unsigned i = 0; i < FLIGHTS; i++)
		if (t->flight[i].id == id)
			return true;
	return false;
}

/* A row that cannot be read is not tried for ever: it was said (alert_at). */
static void give_up(struct ledger_thread *t, uint64_t id)
{
	struct msg_sent *m = msg_make(LEDGER_SENT, sizeof(*m));

	m->id = id;
	m->at = clock_wall();
	hold(t, &m->m);
}

/* False when it must wait. */
static bool fly(struct posting *p, const struct ledger_outbox *o)
{
	struct flight *f = flight_free(p->t, p->room);
	struct msg_send *m;

	if (!f)
		return false;
	m = msg_make(LEDGER_SEND, sizeof(*m));
	m->row = *o;
	if (mbox_take(p->t->back, &m->m) != FW_OK) {
		free(m);
		p->t->back_full = true;
		return false;
	}
	*f = (struct flight){ o->id, clock_mono() };
	return true;
}

static bool post_row(void *owner, const struct ledger_outbox *o)
{
	struct posting *p = owner;

	if (o->alert.number == 0)
		give_up(p->t, o->id);
	else if (!in_flight(p->t, o->id))
		p->stopped = !fly(p, o);
	if (!p->stopped)
		p->last = o->id;
	return !p->stopped;
}

static void flights_expire(struct ledger_thread *t)
{
	struct mono now = clock_mono();

	for (unsigned i = 0; i < FLIGHTS; i++)
		if (t->flight[i].id && mono_since(now, t->flight[i].posted).us >= t->retry_us)
			t->flight[i].id = 0;
}

static void post_fresh(struct ledger_thread *t)
{
	struct posting p = { .t = t, .room = FLIGHTS, .last = t->fresh };

	if (flight_free(t, FLIGHTS))
		ledger_unsent_after(t->ledger, (struct unsent_want){ t->fresh, FLIGHTS, true }, post_row, &p, NULL);
	t->fresh = p.last;
}

/* One round over all that waits, a few at a time; then a pause. */
static void post_sweep(struct ledger_thread *t)
{
	struct posting p = { .t = t, .room = SWEEP_FLIGHTS, .last = t->sweep };

	if ((t->swept.us && mono_since(clock_mono(), t->swept).us < t->retry_us) || !flight_free(t, SWEEP_FLIGHTS))
		return;
	t->swept.us = 0;
	ledger_unsent_after(t->ledger, (struct unsent_want){ t->sweep, SWEEP_FLIGHTS, true }, post_row, &p, NULL);
	if (p.stopped || p.last != t->sweep) {
		t->sweep = p.last;
		if (p.last > t->fresh)
			t->fresh = p.last;
		return;
	}
	t->sweep = 0;
	t->swept = clock_mono();
}

static void post_committed(struct ledger_thread *t)
{
	for (; t->owed; t->owed--) {
		struct msg *m = msg_make(LEDGER_COMMITTED, sizeof(*m));

		if (mbox_take(t->back, m) == FW_OK)
			continue;
		free(m);
		t->back_full = true;
		return;
	}
}

static void post_all(struct ledger_thread *t)
{
	t->back_full = false;
	post_committed(t);
	flights_expire(t);
	if (!t->back_full)
		post_fresh(t);
	if (!t->back_full)
		post_sweep(t);
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void retain(struct ledger_thread *t)
{
	struct err err = { "" };

	if (mono_since(clock_mono(), t->retain_at).us < 0)
		return;
	t->retain_at = mono_add(clock_mono(), span_s(RETAIN_EVERY_S));
	t->count[COUNT_CUT] += ledger_retain(t->ledger, clock_wall(), t->age, t->octets, &err);
	if (err.text[0])
		say_error(t, err.text);
}

static int wait_ms(const struct ledger_thread *t)
{
	int64_t sweep_ms = (t->retry_us - mono_since(clock_mono(), t->swept).us) / 1000 + 1;

	if (t->back_full)
		return BUSY_BACK_MS;
	if (t->pending)
		return LIGHT_MS / 4;
	if (!t->swept.us || sweep_ms < 0)
		sweep_ms = LIGHT_MS;	/* the sweep is under way and waits for reports */
	return sweep_ms < IDLE_MS ? (int)sweep_ms : IDLE_MS;
}

static void turn(struct ledger_thread *t)
{
	struct pollfd wake = { .fd = mbox_fd(t->in), .events = POLLIN };

	collect(t);
	if (is_due(t) && !commit(t)) {
		if (!t->stop)
			poll(NULL, 0, FAILED_MS);
		return;
	}
	post_all(t);
	t->flushed = t->flush_taken;
	retain(t);
	if (!t->stop)
		poll(&wake, 1, wait_ms(t));
}

/* What waits is written, whether its batch was closed or not; a disk that fails is tried for a few seconds. */
static void finish(struct ledger_thread *t)
{
	unsigned before;

	for (int tries = 0; tries < STOP_TRIES;) {
		before = t->pending;
		collect(t);
		t->closed = true;
		if (!commit(t)) {
			tries++;
			poll(NULL, 0, STOP_MS);
			continue;
		}
		if (t->pending == 0 && before == 0 && mbox_count(t->in).now == 0)
			return;
	}
	log_error(LOG_LEDGER, "%u changes could not be written before the end", t->pending + mbox_count(t->in).now);
	let_go(t);
}

static void *ledger_main(void *arg)
{
	struct ledger_thread *t = arg;

	must_subject("ledger");
	while (!t->stop)
		turn(t);
	finish(t);
	return NULL;
}

/* Signals are main's. */
static int start_quiet(struct ledger_thread *t)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&t->thread, NULL, ledger_main, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

struct ledger_thread *ledger_thread_start(struct ledger *l, struct mbox *back, const struct config *c, struct err *err)
{
	struct ledger_thread *t = must_alloc(sizeof(*t));

	t->ledger = l;
	t->back = back;
	t->in = mbox_new("ledger", MAILBOX_MOST);
	t->age = c->retention;
	t->octets = c->retention_octets;
	t->last = &t->first;
	t->retry_us = span_s(LEDGER_RETRY_S).us;
	t->fresh = ledger_outbox_last(l);
	t->retain_at = mono_add(clock_mono(), span_s(RETAIN_FIRST_S));
	if (start_quiet(t) == 0)
		return t;
	err_set(err, FW_NOMEM, "cannot start the ledger's thread: %s", err_errno());
	mbox_free(t->in);
	ledger_close(l);
	free(t);
	return NULL;
}

void ledger_thread_retry_after(struct ledger_thread *t, struct span after) { t->retry_us = after.us; }

struct ledger_count ledger_thread_count(struct ledger_thread *t)
{
	char *error = atomic_exchange(&t->error, NULL);
	struct ledger_count c = {
		.commits = t->count[COUNT_COMMITS], .events = t->count[COUNT_EVENTS], .alerts = t->count[COUNT_ALERTS],
		.failed = t->count[COUNT_FAILED], .retries = t->count[COUNT_RETRIES], .cut = t->count[COUNT_CUT],
	};

	if (error)
		text_copy(t->last_error, sizeof(t->last_error), error);
	free(error);
	memcpy(c.last_error, t->last_error, sizeof(c.last_error));
	return c;
}

struct mbox_count ledger_thread_mailbox(struct ledger_thread *t) { return mbox_count(t->in); }

static enum fw_err post_stop(struct ledger_thread *t)
{
	struct msg_stop *m = msg_make(LEDGER_STOP, sizeof(*m));

	m->flush = ++t->flushes;
	return post(t, &m->m);
}

bool ledger_thread_flush(struct ledger_thread *t, struct span most)
{
	struct mono end = mono_add(clock_mono(), most);
	bool posted = false;

	while (mono_since(end, clock_mono()).us > 0) {
		if (!posted)
			posted = post_stop(t) == FW_OK;
		if (posted && t->flushed >= t->flushes)
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

void ledger_thread_stop(struct ledger_thread *t)
{
	if (!t)
		return;
	t->stop = true;
	post_stop(t);
	pthread_join(t->thread, NULL);
	mbox_free(t->in);
	ledger_close(t->ledger);
	free(atomic_exchange(&t->error, NULL));
	free(t);
}
