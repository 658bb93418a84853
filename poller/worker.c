/* poller/worker.c: the thread of a worker: loop, mailbox, configuration, and what goes out. See worker.h. */
#define _GNU_SOURCE		/* pthread_setname_np */
#include <event2/thread.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/join.h"
#include "poller/worker-int.h"

enum { MAILBOX = 1024, ROWS_BLOCK = 32768, STORES_MOST = 16, GATHER_US = 1000, GATHER_FROM = 8, DISCOVERED_MANY = 64 };

struct wall worker_wall(struct worker *w, struct mono at) { return steady_at(&w->clock, at); }

/* ---- out: to main ------------------------------------------------------------------------------------------------- */

bool worker_post_main(struct worker *w, struct msg *m)
{
	if (mbox_take(w->setup.to_main, m) == FW_OK)
		return true;
	free(m);		/* levels stay dirty and go again */
	return false;
}

void worker_note(struct worker *w, const char *what, const char *name, struct wall at, const char *fmt, ...)
{
	struct msg_note *m = msg_new(MSG_NOTE, sizeof(*m));
	va_list ap;

	m->at = at;
	text_copy(m->what, sizeof(m->what), what);
	text_copy(m->name, sizeof(m->name), name);
	va_start(ap, fmt);
	vsnprintf(m->text, sizeof(m->text), fmt, ap);
	va_end(ap);
	log_info(LOG_POLL, "'%s': %s", name, m->text);
	worker_post_main(w, &m->m);
}

void worker_levels_due(struct device *d)
{
	struct worker *w = d->w;

	if (d->due_prev != NULL)
		return;
	d->due_next = w->due;
	d->due_prev = &w->due;
	if (w->due != NULL)
		w->due->due_prev = &d->due_next;
	w->due = d;
}

void worker_levels_forget(struct device *d)
{
	if (d->due_prev == NULL)
		return;
	*d->due_prev = d->due_next;
	if (d->due_next != NULL)
		d->due_next->due_prev = d->due_prev;
	d->due_next = NULL;
	d->due_prev = NULL;
}

static void levels_flush(struct worker *w)
{
	w->n.levels_waiting = 0;
	while (w->due != NULL && device_levels_flush(w->due))
		worker_levels_forget(w->due);
	for (const struct device *d = w->due; d != NULL; d = d->due_next)
		w->n.levels_waiting++;
	if (!w->checks_due || w->due != NULL)
		return;
	w->checks_due = false;
	for (uint32_t i = 0; i < w->check_count && !w->checks_due; i++)
		w->checks_due = !check_level_flush(w->check[i]);
}

void worker_round_done(struct worker *w)
{
	if (w->round_open > 0)
		w->round_open--;
}

/* One round of everything is over, and main and the stores have all of it. */
static void idle_check(struct worker *w)
{
	struct msg *m;

	if (!w->setup.once || w->round_open > 0 || w->due != NULL || w->checks_due)
		return;
	m = msg_new(MSG_IDLE, sizeof(*m));
	if (mbox_take(w->setup.to_main, m) == FW_OK)
		w->round_open = UINT32_MAX;	/* once */
	else
		free(m);
}

/* ---- out: rows to the stores ---------------------------------------------------------------------------------------- */

static void rows_post(struct worker *w, unsigned store)
{
	struct msg_rows *b = w->rows[store];
	uint32_t count = b ? b->count : 0;

	if (count == 0)
		return;
	w->rows[store] = NULL;
	if (mbox_take(store_thread_mbox(w->setup.stores[store]), &b->m) == FW_OK) {
		w->n.rows += count;	/* the block is the store's now, and may be gone */
		return;
	}
	w->n.rows_refused += count;
	log_often(LOG_LEVEL_ERROR, LOG_STORE, &w->refused_said, "store %u does not keep up: rows are dropped rows=%llu", store,
		  (unsigned long long)w->n.rows_refused);
	free(b);
}

/* The layout's id; sent to the store before its first row. 0 when the store does not take it now. */
static uint64_t layout_of(struct worker *w, unsigned store, const struct store_layout *layout)
{
	struct sent_layout *s = NULL;
	struct msg_layout *m;

	for (uint32_t i = 0; i < w->sent_count && s == NULL; i++)
		if (w->sent[i].layout == layout && w->sent[i].ds_count == layout->ds_count)
			s = &w->sent[i];
	if (s == NULL) {
		if (w->sent_count == w->sent_size) {
			w->sent_size = w->sent_size ? w->sent_size * 2 : 32;
			w->sent = must_realloc(w->sent, w->sent_size * sizeof(*w->sent));
		}
		s = &w->sent[w->sent_count++];
		*s = (struct sent_layout){ layout, layout->ds_count, 0, store_layout_id(layout) };
	}
	if (s->stores >> store & 1)
		return s->id;
	m = msg_new(MSG_LAYOUT, sizeof(*m));
	m->id = s->id;
	m->layout = *layout;
	if (mbox_take(store_thread_mbox(w->setup.stores[store]), &m->m) != FW_OK) {
		free(m);
		return 0;
	}
	s->stores |= 1u << store;
	return s->id;
}

void worker_row(struct worker *w, const char *device, const char *name, const struct store_layout *layout, struct store_row *row)
{
	unsigned store = store_of_device(device, w->setup.store_count);
	struct row_head h = { .layout = layout_of(w, store, layout), .at = row->at, .known = row->known, .reset = row->reset,
			      .name_len = (uint16_t)strlen(name), .values = (uint8_t)layout->ds_count };
	size_t name_size = (h.name_len + 8u) & ~7u, size = sizeof(h) + name_size + h.values * sizeof(row->value[0]);
	struct msg_rows *b = w->rows[store];
	uint8_t *at;

	if (!w->config->rrd_write)
		return;
	if (h.layout == 0) {
		w->n.rows_refused++;
		return;
	}
	if (b && b->used_octets + size > ROWS_BLOCK) {
		rows_post(w, store);
		b = NULL;
	}
	if (b == NULL)
		b = w->rows[store] = msg_new(MSG_ROWS, sizeof(*b) + ROWS_BLOCK);
	at = b->bytes + b->used_octets;
	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h), name, h.name_len + 1u);
	memcpy(at + sizeof(h) + name_size, row->value, h.values * sizeof(row->value[0]));
	b->used_octets += (uint32_t)size;
	b->count++;
}

/* ---- in -------------------------------------------------------------------------------------------------------------------- */

static void poll_now(struct worker *w, const char *name)
{
	struct device *d = worker_device(w, name);

	if (d != NULL)
		device_poll_now(d);
	for (uint32_t i = 0; i < w->device_count && name[0] == '\0'; i++)
		device_poll_now(w->device[i]);
	for (uint32_t i = 0; i < w->check_count; i++)
		if (name[0] == '\0' || strcmp(check_name(w->check[i]), name) == 0)
			check_poll_now(w->check[i]);
}

static void asks_take(struct worker *w, const struct msg_ask *m)
{
	struct mono now = clock_mono();
	const char *at = m->items;

	for (uint32_t i = 0; i < m->count; i++, at += strlen(at + 1) + 2) {
		struct device *d = worker_device(w, at + 1);

		if (d == NULL)
			continue;
		if (*at == ASK_NOW)
			device_ask(d, now, m->count);
		else
			device_pause(d, now);
	}
}

static void debug_answer(struct worker *w, const struct msg_name *q)
{
	struct device *d = worker_device(w, q->name);
	char *text = d ? device_debug(d) : NULL;
	size_t len = text ? strlen(text) : 0;
	struct msg_text *m = msg_new(MSG_TEXT, sizeof(*m) + len + 1);

	m->token = q->token;
	memcpy(m->text, text ? text : "", len + 1);
	free(text);
	worker_post_main(w, &m->m);
}

static void tell_again(struct worker *w)
{
	for (uint32_t i = 0; i < w->device_count; i++)
		device_tell_again(w->device[i]);
	for (uint32_t i = 0; i < w->check_count; i++)
		check_tell_again(w->check[i]);
	w->checks_due = true;
}

static void take(struct worker *w, struct msg *m)
{
	switch (m->kind) {
	case MSG_CONFIG:
		worker_config_take(w, ((struct msg_config *)m)->config);
		break;
	case MSG_POLL:
		poll_now(w, ((struct msg_name *)m)->name);
		break;
	case MSG_ASK:
		asks_take(w, (struct msg_ask *)m);
		break;
	case MSG_DEBUG:
		debug_answer(w, (struct msg_name *)m);
		break;
	case MSG_FORGET:
		worker_forget(w, ((struct msg_name *)m)->name);
		break;
	case MSG_TELL:
		tell_again(w);
		break;
	case MSG_STOP:
		w->stopping = true;
		event_base_loopbreak(w->base);
		break;
	}
}

static void mail_read(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct msg *m;

	(void)fd;
	(void)what;
	while (!w->stopping && !w->leaving && (m = mbox_give(w->in)) != NULL) {
		take(w, m);
		free(m);
	}
}

/* ---- time -------------------------------------------------------------------------------------------------------------------- */

/* An event at the first loss, and again when it goes on an hour later; each is counted. */
static void drops_note(struct worker *w, struct mono now)
{
	uint64_t more = w->n.snmp.kernel_dropped - w->dropped_noted;

	if (more == 0 || now.us < w->dropped_due.us)
		return;
	worker_note(w, "drops", "poller", worker_wall(w, now), "the kernel had no room for %llu answers: worker %u asks for fewer at once, %u a second",
		    (unsigned long long)more, w->setup.number, w->n.pace.rate);
	w->dropped_noted = w->n.snmp.kernel_dropped;
	w->dropped_due = mono_add(now, span_s(3600));
}

static void beat(struct worker *w)
{
	struct msg_beat *b = msg_new(MSG_BEAT, sizeof(*b));
	uint32_t silent = 0, resolving = 0, parts = 0;
	struct mono now = clock_mono();

	w->n.quiet = w->n.paused = 0;

	for (uint32_t i = 0; i < w->device_count; i++) {
		const struct device *d = w->device[i];

		silent += d->polled && d->has_address && fact_silent(d->fact);
		resolving += !d->has_address;
		parts += d->part_count;
		w->n.quiet += backoff_quiet(&d->quiet);
		w->n.paused += device_paused(d, now);
	}
	w->n.devices = w->device_count;
	w->n.silent = silent;
	w->n.resolving = resolving;
	w->n.parts = parts;
	w->n.checks = w->check_count;
	w->n.snmp = snmp_count(w->snmp);
	w->n.pace = snmp_pace(w->snmp);
	drops_note(w, now);
	w->n.v3 = snmp_count_v3(w->snmp);
	w->n.icmp = icmp_count(w->icmp);
	w->n.check = check_count(w->runner);
	b->worker = w->setup.number;
	b->at = worker_wall(w, clock_mono());
	b->numbers = w->n;
	w->n.cycle_worst = span_us(0);
	if (mbox_take(w->setup.to_main, &b->m) != FW_OK)
		free(b);
}

/* Walks of many devices at a time need far more than what they find; libc keeps what is between, unless it is asked. */
static void walks_over(struct worker *w)
{
	if (w->discovering > 0 || w->discovered < DISCOVERED_MANY)
		return;
	w->discovered = 0;
	malloc_trim(0);
}

static void every_second(struct timer *t, struct mono now)
{
	struct worker *w = timer_owner(t, struct worker, second);
	bool stepped;
	struct span ahead = steady_follow(&w->clock, clock_wall(), now, w->config->interval, &stepped);

	if (stepped && w->setup.number == 0)
		worker_note(w, "clock", "poller", worker_wall(w, now), "the system's clock was set by %.1f s", span_as_s(ahead));
	for (unsigned s = 0; s < w->setup.store_count; s++)
		rows_post(w, s);
	walks_over(w);
	if (now.us >= w->beat_due.us) {
		beat(w);
		w->beat_due = mono_add(now, span_s(1));
	}
	wheel_set(w->wheel, &w->second, mono_add(now, span_ms(w->setup.once ? 50 : 500)));
}

/* The loop's only libevent timer: it drives the wheel. */
static void alarm_set(struct worker *w)
{
	struct mono now = clock_mono(), next = wheel_next(w->wheel);
	int64_t us = next.us - now.us;
	struct timeval tv;

	if (us < 500)
		us = 500;
	tv = (struct timeval){ .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
	event_add(w->alarm, &tv);
}

static void alarm_rang(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* Under load let answers gather for a moment: one wake-up then reads many, and the kernel's time stamps say when each came.
 * An idle worker is not held back, so that a single device is asked as fast as it answers. */
static void gather(struct worker *w, struct mono began)
{
	int64_t left = GATHER_US - mono_since(clock_mono(), began).us;
	struct timespec pause = { .tv_nsec = left * 1000 };

	if (snmp_outstanding(w->snmp) >= GATHER_FROM && left > 0)
		nanosleep(&pause, NULL);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	char name[16];

	snprintf(name, sizeof(name), "worker %u", w->setup.number % 1000);
	pthread_setname_np(pthread_self(), name);
	worker_config_take(w, w->config == NULL ? config_ref(w->setup.config) : w->config);
	while (!w->stopping && !w->leaving) {
		struct mono began = clock_mono();

		wheel_run(w->wheel, began);
		snmp_flush(w->snmp);
		levels_flush(w);
		idle_check(w);
		gather(w, began);
		alarm_set(w);
		event_base_loop(w->base, EVLOOP_ONCE);
	}
	w->over = true;
	return NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------------------------------- */

/* evdns_base_free() alone closes its sockets before it takes them out of the loop: another thread may have been given the number
 * between the two. This call of it does so in order. */
static void dns_free(struct evdns_base *dns)
{
	evdns_base_clear_nameservers_and_suspend(dns);
	evdns_base_free(dns, 1);
}

static void worker_free(struct worker *w)
{
	for (uint32_t i = 0; i < w->check_count; i++)
		check_free(w->check[i]);
	for (uint32_t i = 0; i < w->device_count; i++)
		device_free(w->device[i]);
	if (w->dns)
		dns_free(w->dns);
	if (w->runner)
		check_runner_free(w->runner);
	if (w->icmp)
		icmp_engine_free(w->icmp);
	forms_release(&w->forms);
	if (w->snmp)
		snmp_engine_free(w->snmp);
	if (w->mail)
		event_free(w->mail);
	if (w->alarm)
		event_free(w->alarm);
	if (w->base)
		event_base_free(w->base);
	if (w->wheel)
		wheel_free(w->wheel);
	last_close(w->last);
	if (w->in)
		mbox_free(w->in);
	for (unsigned s = 0; s < STORES_MOST; s++)
		free(w->rows[s]);
	icmp_close(&w->setup.sockets.icmp);
	if (w->snmp == NULL)
		snmp_sockets_drop(w->setup.sockets.udp);
	names_release(&w->named_parts);
	names_release(&w->device_by_name);
	config_unref(w->config);
	free(w->addresses.slot);
	free(w->sent);
	free(w->device);
	free(w->check);
	free(w);
}

static enum fw_err parts_make(struct worker *w, struct err *err)
{
	const struct config *c = w->setup.config;
	unsigned at_once = c->checks_at_once / w->setup.workers;

	w->in = mbox_new("worker", MAILBOX);
	w->wheel = wheel_new(clock_mono());
	w->base = event_base_new();
	if (w->base == NULL)
		return err_set(err, FW_NOMEM, "cannot start an event loop");
	if (w->setup.sockets.udp[0] < 0 && w->setup.sockets.udp[1] < 0)
		snmp_sockets_new(w->setup.sockets.udp, (uint32_t)c->receive_octets);
	if ((w->last = last_open(c->state, w->setup.number, err)) == NULL)
		return FW_IO;
	if ((w->snmp = snmp_engine_over(w->base, w->wheel, w->setup.sockets.udp, err)) == NULL)
		return FW_NET;
	snmp_engine_stray(w->snmp, device_stray, w);
	w->icmp = icmp_engine_new(w->base, w->wheel, &w->setup.sockets.icmp);
	w->runner = check_runner_new(w->base, w->wheel, at_once ? at_once : 1);
	w->dns = evdns_base_new(w->base, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (w->dns == NULL)	/* no resolv.conf: /etc/hosts and literals still work */
		w->dns = evdns_base_new(w->base, 0);
	w->mail = event_new(w->base, mbox_fd(w->in), EV_READ | EV_PERSIST, mail_read, w);
	w->alarm = event_new(w->base, -1, 0, alarm_rang, w);
	event_add(w->mail, NULL);
	w->second.fire = every_second;
	wheel_set(w->wheel, &w->second, clock_mono());
	return FW_OK;
}

struct worker *worker_start(const struct worker_setup *s, struct err *err)
{
	struct worker *w = must_alloc(sizeof(*w));
	sigset_t all, before;
	int e;

	must(s->store_count <= STORES_MOST);
	w->setup = *s;
	steady_init(&w->clock, clock_wall(), clock_mono());
	if (parts_make(w, err) != FW_OK) {
		worker_free(w);
		return NULL;
	}
	sigfillset(&all);	/* signals are main's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&w->thread, NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (e != 0) {
		err_set(err, FW_NOMEM, "cannot start a thread");
		worker_free(w);
		return NULL;
	}
	return w;
}

struct mbox *worker_mbox(struct worker *w) { return w->in; }

void worker_leave(struct worker *w)
{
	struct msg *m;

	if (w == NULL || w->leaving)
		return;
	w->leaving = true;
	m = msg_new(MSG_STOP, sizeof(*m));
	if (mbox_take(w->in, m) != FW_OK)
		free(m);	/* it is woken by what is there already */
}

bool worker_stop(struct worker *w, struct mono until)
{
	if (w == NULL)
		return true;
	worker_leave(w);
	if (!join_until(w->thread, &w->over, until))
		return false;
	for (unsigned s = 0; s < w->setup.store_count; s++)
		rows_post(w, s);
	worker_free(w);
	return true;
}
