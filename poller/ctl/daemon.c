/* poller/ctl/daemon.c: main's thread: starts everything, listens to everybody, ends everything.
 *
 * Order of starting: state folder and its lock, icmp sockets (may need root), the configured user, then ledger (durable
 * memory), model, stores, workers, API.
 * The end takes 5 s at most: workers first (no more rows), what they said last is judged, then the ledger while the stores write
 * files as long as they may. Who hangs is left behind: the process ends all the same, and the next start goes on from what is
 * on the disk.
 */
#include <errno.h>
#include <event2/thread.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/ctl/daemon-int.h"
#include "poller/lastfile.h"

enum { MAILBOX = 65536, WORKERS_END_MS = 1500, LEDGER_FLUSH_MS = 500 };

/* ---- events ---------------------------------------------------------------------------------------------------------- */

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct daemon *d = arg;

	(void)what;
	if (number == SIGHUP) {
		reload(d);
		return;
	}
	d->stopping = true;
	event_base_loopbreak(d->base);
}

static void on_mail(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	intake_read(arg);
}

/* The process itself stood still (SIGSTOP, a virtual machine that was paused): the time in between says nothing of its workers. */
static void stood_still(struct daemon *d, struct mono now)
{
	struct span still = mono_since(now, d->looked_at);

	if (d->looked_at.us && still.us > d->config->interval.us) {
		log_warn(LOG_MAIN, "this process, or its main thread, stood still for %.0f s", span_as_s(still));
		for (unsigned w = 0; w < d->worker_count; w++)
			d->beat_at[w] = mono_add(d->beat_at[w], still);
	}
	d->looked_at = now;
}

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *d = arg;
	struct mono now = clock_mono();

	(void)fd;
	(void)what;
	stood_still(d, now);
	intake_second(d, now);
	reload_tell(d);
	api_second(d, now);
}

static void on_pace(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	intake_send(arg);
}

/* ---- starting --------------------------------------------------------------------------------------------------------- */

static enum fw_err ledger_start(struct daemon *d, struct err *err)
{
	struct ledger *l = ledger_open(d->config->state, LEDGER_WRITE, err);
	enum fw_err e;

	if (l == NULL)
		return FW_IO;
	if ((d->model = model_new(d->config, err)) == NULL) {
		ledger_close(l);
		return FW_MISTAKE;
	}
	if ((e = intake_restore(d, l, err)) != FW_OK) {
		ledger_close(l);
		return e;
	}
	dropped_follow(d->config, l, clock_wall());
	d->ledger = ledger_thread_start(l, d->in, d->config, err);
	if (d->ledger == NULL)
		return FW_IO;
	d->reader = ledger_open(d->config->state, LEDGER_READ, err);
	d->sender = sender_new(d->config, err);
	if (d->sender && d->options->once)
		sender_quiet_before(d->sender, d->began);
	return d->reader && d->sender ? FW_OK : FW_IO;
}

static enum fw_err stores_start(struct daemon *d, struct err *err)
{
	d->store_count = STORES_DEFAULT;
	d->store = must_alloc(d->store_count * sizeof(struct store_thread *));
	d->store_numbers = must_alloc(d->store_count * sizeof(*d->store_numbers));
	for (unsigned i = 0; i < d->store_count; i++)
		if ((d->store[i] = store_thread_start(d->config, i, d->in, err)) == NULL)
			return FW_IO;
	return FW_OK;
}

static enum fw_err workers_start(struct daemon *d, struct worker_sockets *sockets, struct err *err)
{
	enum fw_err e = last_redistribute(d->config->state, d->worker_count, err);

	if (e != FW_OK)
		return e;
	for (unsigned i = 0; i < d->worker_count; i++) {
		struct worker_setup s = { .number = i, .workers = d->worker_count, .config = d->config, .sockets = sockets[i],
					  .to_main = d->in, .stores = d->store, .store_count = d->store_count,
					  .once = d->options->once, .only = d->options->devices,
					  .only_count = d->options->device_count };

		sockets[i] = (struct worker_sockets)WORKER_SOCKETS_NONE;	/* the worker's now */
		d->beat_at[i] = clock_mono();
		if ((d->worker[i] = worker_start(&s, err)) == NULL)
			return FW_IO;
	}
	return FW_OK;
}

static void events_start(struct daemon *d)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	struct timeval often = { .tv_usec = d->options->once ? 50000 : 250000 };

	d->mail = event_new(d->base, mbox_fd(d->in), EV_READ | EV_PERSIST, on_mail, d);
	event_add(d->mail, NULL);
	d->pace = event_new(d->base, -1, EV_PERSIST, on_pace, d);
	d->second = event_new(d->base, -1, EV_PERSIST, on_second, d);
	event_add(d->second, &often);
	for (int i = 0; i < 3; i++) {
		if (numbers[i] == SIGHUP && d->options->once)
			continue;
		d->signal[i] = evsignal_new(d->base, numbers[i], on_signal, d);
		event_add(d->signal[i], NULL);
	}
}

static enum fw_err daemon_start(struct daemon *d, struct err *err)
{
	struct worker_sockets *sockets = must_alloc(d->worker_count * sizeof(*sockets));
	long pid = 0;
	enum fw_err e;

	for (unsigned i = 0; i < d->worker_count; i++)
		sockets[i] = (struct worker_sockets)WORKER_SOCKETS_NONE;
	if ((e = privilege_folder(d->config, err)) != FW_OK ||
	    (e = privilege_lock(d->config->state, &d->lock_fd, &pid, err)) != FW_OK)
		goto out;
	privilege_sockets(d->config, d->options->once, sockets, d->worker_count, err);
	if ((e = config_keys(d->config, err)) != FW_OK)
		goto out;
	if ((e = privilege_drop(d->config, err)) != FW_OK || (e = privilege_state(d->config, err)) != FW_OK)
		goto out;
	d->base = event_base_new();
	d->in = mbox_new("main", MAILBOX);
	if ((e = ledger_start(d, err)) != FW_OK || (e = stores_start(d, err)) != FW_OK ||
	    (e = workers_start(d, sockets, err)) != FW_OK)
		goto out;
	events_start(d);
	if ((d->api = api_open(d, err)) == NULL)
		e = FW_IO;
out:
	for (unsigned i = 0; i < d->worker_count; i++) {
		icmp_close(&sockets[i].icmp);
		snmp_sockets_drop(sockets[i].udp);
	}
	free(sockets);
	return e;
}

/* ---- ending ------------------------------------------------------------------------------------------------------------ */

static struct mono in_ms(int64_t ms) { return mono_add(clock_mono(), span_ms(ms)); }

/* False: one hangs. */
static bool workers_end(struct daemon *d)
{
	struct mono until = in_ms(WORKERS_END_MS);
	bool ended = true;

	for (unsigned i = 0; i < d->worker_count; i++)
		if (d->worker[i])
			worker_leave(d->worker[i]);
	for (unsigned i = 0; i < d->worker_count; i++) {
		if (worker_stop(d->worker[i], until)) {
			d->worker[i] = NULL;	/* nobody asks it any more */
			continue;
		}
		log_error(LOG_MAIN, "worker %u hangs and is left behind: what it read last is lost", i);
		ended = false;
	}
	return ended;
}

/* What is committed is sent; what cannot be waits in the outbox for the next start. */
static void ledger_end(struct daemon *d)
{
	if (d->ledger == NULL)
		return;
	if (d->in && d->model && ledger_thread_flush(d->ledger, span_ms(LEDGER_FLUSH_MS)))
		intake_drain(d);
	ledger_close(d->reader);	/* before the writer: the last to close empties the log of the file */
	d->reader = NULL;
	ledger_thread_stop(d->ledger);
	d->ledger = NULL;
}

static bool stores_end(struct daemon *d, struct mono until)
{
	bool ended = true;

	for (unsigned i = 0; i < d->store_count; i++) {
		if (store_thread_stop(d->store[i], until))
			continue;
		log_error(LOG_MAIN, "store %u hangs and is left behind", i);
		ended = false;
	}
	return ended;
}

/* False: somebody hangs, and may still use what it knows. */
static bool threads_end(struct daemon *d)
{
	bool ended = workers_end(d);

	if (d->in && d->ledger && d->model)
		intake_end(d);
	for (unsigned i = 0; i < d->store_count; i++)
		store_thread_leave(d->store[i]);
	ledger_end(d);
	return stores_end(d, in_ms(STORE_END_MS + 500)) && ended;
}

static void daemon_release(struct daemon *d)
{
	for (unsigned i = 0; i < d->store_count; i++)
		store_thread_free(d->store[i]);
	ledger_close(d->reader);
	sender_free(d->sender);
	alert_book_free(d->book);
	model_free(d->model);
	for (int i = 0; i < 4; i++)
		if (d->signal[i])
			event_free(d->signal[i]);
	if (d->mail)
		event_free(d->mail);
	if (d->second)
		event_free(d->second);
	if (d->pace)
		event_free(d->pace);
	if (d->base)
		event_base_free(d->base);
	mbox_free(d->in);
	intake_release(d);
	free(d->worker);
	free(d->numbers);
	free(d->beat_at);
	free(d->mute);
	free(d->tell_due);
	free(d->config_due);
	free(d->store);
	free(d->store_numbers);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	config_unref(d->config);
}

static void daemon_end(struct daemon *d)
{
	uint32_t left = 0;

	api_close(d->api);
	if (!threads_end(d)) {
		log_error(LOG_MAIN, "forewarn ends without those that hang");
		_exit(EXIT_FAILED);	/* their memory is not ours to free */
	}
	for (unsigned i = 0; i < d->store_count; i++)
		left += d->store[i] ? store_thread_left(d->store[i]) : 0;
	if (d->began_work)
		log_info(LOG_MAIN, left ? "forewarn ends" : "forewarn ends; everything is written");
	daemon_release(d);
}

/* One cycle ends by itself; it is ended when not even agents of such time-outs take so long, asked this often one after the other. */
static void round_limit(struct daemon *d)
{
	enum { BUDGET = 8, WAITS = 4 };
	const struct config *c = d->config;
	int64_t longest = 0;

	for (uint32_t i = 0; i < c->device_count; i++)
		longest = c->device[i].timeout.us > longest ? c->device[i].timeout.us : longest;
	d->patience = span_us(longest * BUDGET);
	longest = d->patience.us * WAITS;
	d->round_due = mono_add(d->judge_due, span_us(longest > c->interval.us ? longest : c->interval.us));
}

static void daemon_init(struct daemon *d, const struct ctl *c, struct config *config, const struct daemon_options *o)
{
	*d = (struct daemon){ .ctl = c, .options = o, .config = config, .lock_fd = -1, .worker_count = config->threads,
			      .started = clock_mono() };
	steady_init(&d->clock, clock_wall(), clock_mono());
	d->began = d->cycle_began = clock_wall();
	d->slowest.began = d->rates_told = d->started;
	d->judge_due = mono_add(d->started, span_us(config->interval.us + config->interval.us / 2));
	if (o->once)
		d->judge_due = mono_add(d->started, span_us(config->interval.us * 3));
	round_limit(d);
	d->unheard_due = mono_add(d->started, span_us(config->interval.us * 4));
	d->worker = must_alloc(d->worker_count * sizeof(struct worker *));
	d->numbers = must_alloc(d->worker_count * sizeof(*d->numbers));
	d->beat_at = must_alloc(d->worker_count * sizeof(*d->beat_at));
	d->mute = must_alloc(d->worker_count * sizeof(*d->mute));
	d->tell_due = must_alloc(d->worker_count * sizeof(*d->tell_due));
	d->config_due = must_alloc(d->worker_count * sizeof(*d->config_due));
	d->next_token = 1;
	intake_forget_devices(d);
}

/* A reload that is asked for while the daemon starts is not its end: it waits. */
static void signals_hold(int how)
{
	sigset_t hup;

	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	pthread_sigmask(how, &hup, NULL);
}

int daemon_run(const struct ctl *c, struct config *config, const struct daemon_options *o)
{
	struct daemon *d = must_alloc(sizeof(*d));
	struct err err = { "" };
	int status = EXIT_DONE;
	enum fw_err e;

	log_to_syslog(o->to_syslog);
	if (o->once)
		log_level_set(LOG_LEVEL_WARN);	/* cron is silent when all is well */
	signal(SIGPIPE, SIG_IGN);
	signals_hold(SIG_BLOCK);
	daemon_init(d, c, config, o);
	e = daemon_start(d, &err);
	if (e == FW_OK) {
		log_info(LOG_MAIN, "forewarn runs devices=%u services=%u workers=%u state=%s", d->config->device_count,
			 d->config->service_count, d->worker_count, d->config->state);
		signals_hold(SIG_UNBLOCK);
		sd_notify_text("READY=1");
		while (!d->stopping)
			event_base_loop(d->base, EVLOOP_ONCE);
		sd_notify_text("STOPPING=1");
	} else {
		status = e == FW_LOCKED ? -1 : ctl_failed(c, err.text);
	}
	d->began_work = e == FW_OK;
	daemon_end(d);
	free(d);
	return status;
}

/* ---- what views ask of it ----------------------------------------------------------------------------------------------- */

/* By what came from workers, not by their beats: those that were not asked yet do not count as either. */
struct heard daemon_heard(const struct daemon *d)
{
	struct heard n = { 0 };

	for (uint32_t i = 0; i < d->config->device_count; i++) {
		const struct entity *e = model_find(d->model, d->config->device[i].name);
		struct device_fact f = d->held_at[i] ? d->held[d->held_at[i] - 1].fact : e->fact;
		bool asked = e->seen && (f.icmp != ANSWER_NOT_ASKED || f.snmp != ANSWER_NOT_ASKED);

		n.answering += asked && !fact_silent(f);
		n.silent += asked && fact_silent(f);
	}
	return n;
}

struct view daemon_view(struct daemon *d)
{
	struct view v = { .config = d->config, .model = d->model, .book = d->book, .maintenance = d->maintenance, .ledger = d->reader, .live = true, .daemon = d,
			  .now = steady_at(&d->clock, clock_mono()), .who = "" };

	for (unsigned w = 0; w < d->worker_count; w++) {
		const struct worker_numbers *n = &d->numbers[w];

		v.numbers.devices += n->devices;
		v.numbers.silent += n->silent;
		v.numbers.resolving += n->resolving;
		v.numbers.parts += n->parts;
		v.numbers.checks += n->checks;
		v.numbers.cycles += n->cycles;
		v.numbers.late += n->late;
		v.numbers.rows += n->rows;
		v.numbers.rows_refused += n->rows_refused;
		v.numbers.missing += n->missing;
		if (n->last_cycle_end.us && steady_at(&d->clock, n->last_cycle_end).us > v.polled_at.us)
			v.polled_at = steady_at(&d->clock, n->last_cycle_end);
	}
	v.heard = daemon_heard(d);
	if (!d->judging) {
		v.starting = true;
		v.unheard = intake_unheard(d);
		v.judged_in = mono_since(d->judge_due, clock_mono());
	}
	v.cycle = d->slowest.now.us > d->slowest.last.us ? d->slowest.now : d->slowest.last;
	for (unsigned s = 0; s < d->store_count; s++) {
		v.store.rows += d->store_numbers[s].rows;
		v.store.files += d->store_numbers[s].files;
		v.store.rows_lost += d->store_numbers[s].rows_lost;
		v.store.write_errors += d->store_numbers[s].write_errors;
		if (d->store_numbers[s].last_error[0])
			text_copy(v.store.last_error, sizeof(v.store.last_error), d->store_numbers[s].last_error);
	}
	return v;
}

static void who_event(struct daemon *d, const char *what, const char *name, const char *now, const char *reason, const char *who)
{
	struct ledger_event e = { .at = steady_at(&d->clock, clock_mono()) };

	text_copy(e.what, sizeof(e.what), what);
	text_copy(e.name, sizeof(e.name), name);
	text_copy(e.now, sizeof(e.now), now);
	text_copy(e.reason, sizeof(e.reason), reason);
	text_copy(e.who, sizeof(e.who), who);
	ledger_post_event(d->ledger, &e);
}

enum fw_err daemon_set(struct daemon *d, const struct level *l, struct wall until, const char *who, struct err *err)
{
	struct entity *e = model_find(d->model, l->name);

	if (e == NULL || e->kind != ENTITY_COMPONENT)
		return err_set(err, FW_MISTAKE, "cannot set '%s': it is not a component of the configuration that is set by hand", l->name);
	d->dirty |= model_set(d->model, l);
	e->until = until;
	who_event(d, "set", l->name, state_word(l->state), l->reason, who);
	intake_state(d, e);
	d->dirty = true;
	intake_commit(d);
	return FW_OK;
}

/* There was never such a part: the nearest of its device that there is. */
static enum fw_err part_unknown(struct daemon *d, uint32_t device, const char *component, struct err *err)
{
	struct names parts = { 0 };
	const char *near;

	for (size_t i = 0; i < model_count(d->model); i++) {
		const struct entity *e = model_at(d->model, i);

		if (e->kind == ENTITY_PART && e->index == device)
			names_put(&parts, e->name, 1);
	}
	near = names_nearest(&parts, component, 5);
	err_set(err, FW_NOTFOUND, "cannot forget '%s': there is none of that name%s%s%s", component, near ? "; '" : "", near ? near : "",
		near ? "' is near" : "");
	names_release(&parts);
	return FW_NOTFOUND;
}

enum fw_err daemon_forget(struct daemon *d, const char *component, const char *who, struct err *err)
{
	struct entity *e = model_find(d->model, component);
	struct msg_name *m;
	uint32_t device = config_device_of(d->config, component);
	bool slower;			/* it is there, and what is forgotten is what it once carried */

	if (device == CONFIG_NONE || strchr(component, '/') == NULL)
		return err_set(err, FW_MISTAKE, "cannot forget '%s': name a component of a device, such as edge1/power-supply/PS 1", component);
	if (e == NULL)
		return part_unknown(d, device, component, err);
	slower = model_weighs(d->model, e) && e->state == STATE_DEGRADED;
	if (!e->gone && !slower)
		return err_set(err, FW_MISTAKE, "cannot forget '%s': its device still has it (only what is gone can be forgotten)", component);
	m = msg_new(MSG_FORGET, sizeof(*m));
	text_copy(m->name, sizeof(m->name), component);
	if (mbox_take(worker_mbox(d->worker[last_worker_of(d->config->device[device].name, d->worker_count)]), &m->m) != FW_OK) {
		free(m);
		return err_set(err, FW_FULL, "cannot forget '%s': the worker is busy; try again", component);
	}
	who_event(d, "forget", component, "", slower ? "what it carries now is what is expected" : "no longer part of the design", who);
	if (!slower) {
		model_part_forget(d->model, component);
		ledger_post_part(d->ledger, component, false, steady_at(&d->clock, clock_mono()));
		d->rebuild = true;
	}
	d->dirty = true;
	intake_commit(d);
	return FW_OK;
}

static json_t *mailbox_json_of(struct mbox_count c)
{
	return json_pack("{s:s,s:i,s:i,s:i,s:I,s:I}", "name", c.name, "now", (int)c.now, "peak", (int)c.peak, "most", (int)c.most,
			 "taken", (json_int_t)c.taken, "refused", (json_int_t)c.refused);
}

static json_t *mailbox_json(struct mbox *mb) { return mailbox_json_of(mbox_count(mb)); }

/* The edge below which so much of all polls lies, in thousandths of the interval; -1: none was measured. */
static int jitter_edge(const struct worker_numbers *n, double part)
{
	static const int edge[JITTERS] = { JITTER_EDGES, 1000 };
	uint64_t all = 0, sum = 0;

	for (unsigned i = 0; i < JITTERS; i++)
		all += n->jitter[i];
	for (unsigned i = 0; i < JITTERS && all; i++)
		if ((double)(sum += n->jitter[i]) >= part * (double)all)
			return edge[i];
	return -1;
}

/* How regular polls are, and who is left alone. */
static json_t *regular_json(const struct worker_numbers *n)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < JITTERS; i++)
		all += n->jitter[i];
	return json_pack("{s:i,s:i,s:I,s:I,s:i,s:i,s:i,s:I}", "quiet", (int)n->quiet, "paused", (int)n->paused,
			 "missed_cycles", (json_int_t)n->missed_cycles, "regular_polls", (json_int_t)all,
			 "jitter_p50_permille", jitter_edge(n, .5), "jitter_p99_permille", jitter_edge(n, .99),
			 "jitter_most_permille", jitter_edge(n, 1), "snmp_early", (json_int_t)n->snmp.early);
}

/* Values that did not come, by reason, and what agents did that they should not; what never was is left out. */
static json_t *reasons_json(const struct worker_numbers *n)
{
	json_t *j = json_object();

	for (int e = 0; e < FW_ERRS; e++)
		if (n->missing_why[e])
			json_object_set_new(j, fw_err_word((enum fw_err)e), json_integer((json_int_t)n->missing_why[e]));
	return j;
}

static json_t *odd_json(const struct worker_numbers *n)
{
	json_t *j = json_object();

	for (int o = 0; o < ODDS; o++)
		if (n->odd[o])
			json_object_set_new(j, odd_word((enum odd)o), json_integer((json_int_t)n->odd[o]));
	return j;
}

/* How many requests may leave a second (0: no bound), and what the kernel keeps of answers. */
static json_t *pace_json(const struct snmp_pace *p)
{
	return json_pack("{s:I,s:I,s:I,s:I}", "pace_rate", (json_int_t)p->rate, "pace_lately", (json_int_t)p->lately,
			 "pace_cuts", (json_int_t)p->cuts, "receive_buffer", (json_int_t)p->buffer_octets);
}

/* Only what has happened: most networks know none of it. */
static json_t *v3_json(const struct worker_numbers *n)
{
	const struct { const char *word; uint64_t count; } counts[] = {
		{ "refused", n->snmp.refused },
#define ROW(name, word, text) { word, n->v3.name },
		USM_COUNTS(ROW)
#undef ROW
	};
	json_t *j = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i].count)
			json_object_set_new(j, counts[i].word, json_integer((json_int_t)counts[i].count));
	return j;
}

static json_t *worker_json(const struct daemon *d, unsigned w)
{
	const struct worker_numbers *n = &d->numbers[w];
	json_t *j;

	j = json_pack("{s:i,s:i,s:i,s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}",
			 "worker", (int)w, "devices", (int)n->devices, "silent", (int)n->silent, "components", (int)n->parts,
			 "checks", (int)n->checks, "polls", (json_int_t)n->cycles, "late", (json_int_t)n->late,
			 "rows", (json_int_t)n->rows, "rows_refused", (json_int_t)n->rows_refused,
			 "values_missing", (json_int_t)n->missing,
			 "varbinds", (json_int_t)n->snmp.varbinds, "snmp_sent", (json_int_t)n->snmp.sent, "snmp_resent", (json_int_t)n->snmp.resent,
			 "snmp_answered", (json_int_t)n->snmp.answered, "snmp_timeout", (json_int_t)n->snmp.timeout,
			 "snmp_late", (json_int_t)n->snmp.late,
			 "snmp_foreign", (json_int_t)(n->snmp.foreign_source + n->snmp.foreign_community + n->snmp.unknown_id),
			 "snmp_malformed", (json_int_t)n->snmp.malformed, "kernel_dropped", (json_int_t)(n->snmp.kernel_dropped + n->icmp.kernel_dropped),
			 "echo_sent", (json_int_t)n->icmp.sent, "echo_received", (json_int_t)n->icmp.received,
			 "checks_run", (json_int_t)n->check.ended, "mailbox", mailbox_json(worker_mbox(d->worker[w])));
	json_object_update_new(j, regular_json(n));
	json_object_set_new(j, "values_missing_by_reason", reasons_json(n));
	json_object_set_new(j, "odd_agents", odd_json(n));
	json_object_set_new(j, "packing", json_pack("{s:I,s:I,s:I}", "trials", (json_int_t)n->trials, "grown", (json_int_t)n->grown,
			    "shrunk", (json_int_t)n->shrunk));
	json_object_update_new(j, pace_json(&n->pace));
	json_object_set_new(j, "v3", v3_json(n));
	return j;
}

static json_t *store_json(const struct daemon *d, unsigned s)
{
	const struct store_count *c = &d->store_numbers[s];

	return json_pack("{s:i,s:I,s:I,s:I,s:I,s:i,s:i,s:i,s:I,s:I,s:s,s:o}", "store", (int)s, "rows", (json_int_t)c->rows,
			 "rows_written", (json_int_t)c->rows_written, "rows_lost", (json_int_t)c->rows_lost,
			 "rows_refused_time", (json_int_t)c->rows_refused_time, "files", (int)c->files, "rows_held", (int)c->rows_held,
			 "creates_waiting", (int)c->creates_waiting, "write_errors", (json_int_t)c->write_errors,
			 "journal_octets", (json_int_t)c->journal_octets, "last_error", c->last_error,
			 "mailbox", mailbox_json(store_thread_mbox(d->store[s])));
}

json_t *daemon_debug(struct daemon *d)
{
	struct ledger_count l = ledger_thread_count(d->ledger);
	struct sender_count s = sender_count(d->sender);
	struct graph_size g = graph_size(model_graph(d->model));
	json_t *items = json_array();

	for (unsigned w = 0; w < d->worker_count; w++)
		json_array_append_new(items, worker_json(d, w));
	for (unsigned i = 0; i < d->store_count; i++)
		json_array_append_new(items, store_json(d, i));
	json_array_append_new(items, json_pack("{s:s,s:o,s:I,s:I,s:I,s:i,s:b}", "main", "main", "mailbox", mailbox_json(d->in),
			      "events", (json_int_t)d->events, "alerts", (json_int_t)d->alerts, "ledger_full", (json_int_t)d->ledger_full,
			      "held_silences", (int)d->held_count, "judging", d->judging));
	json_object_set_new(json_array_get(items, json_array_size(items) - 1), "alerts_owed", json_integer(d->owed_count));
	json_array_append_new(items, json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:s}", "ledger", "ledger", "commits", (json_int_t)l.commits,
			      "events", (json_int_t)l.events, "alerts", (json_int_t)l.alerts, "failed", (json_int_t)l.failed,
			      "retries", (json_int_t)l.retries, "last_error", l.last_error));
	json_object_set_new(json_array_get(items, json_array_size(items) - 1), "mailbox", mailbox_json_of(ledger_thread_mailbox(d->ledger)));
	json_array_append_new(items, json_pack("{s:s,s:I,s:I,s:I}", "sender", "traps", "sent", (json_int_t)s.sent,
			      "failed", (json_int_t)s.failed, "lists_cut", (json_int_t)s.cut));
	json_array_append_new(items, json_pack("{s:s,s:i,s:i,s:i,s:i}", "graph", "services", "components", (int)g.components,
			      "gates", (int)g.gates, "diagram_nodes", (int)g.diagram_nodes, "most_nodes", (int)g.most_nodes));
	return items;
}
