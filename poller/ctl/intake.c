/* poller/ctl/intake.c: what workers, stores and the ledger tell main, and what follows from it.
 *
 *	levels and facts -> model;   then, after each batch:   model's changes -> events and states -> ledger
 *	                                                        open alerts held against the model -> alerts -> ledger, commit
 *	ledger: committed -> send
 *
 * After a start nothing is judged before every device and check has been heard of (or the first interval and a half is
 * over): until then the alerts of the last run stand as they are. What turns out to have changed meanwhile is dated between
 * two times. A device that falls silent while its parents were last heard of well is held back until they have been asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/ctl/daemon-int.h"
#include "poller/lastfile.h"

static struct wall now_wall(struct daemon *d) { return steady_at(&d->clock, clock_mono()); }

/* ---- to the ledger ------------------------------------------------------------------------------------------------- */

/* The ledger's mailbox is bounded: wait a little while its thread writes, then say so and count. */
static bool post_again(struct daemon *d, enum fw_err e, unsigned *tries)
{
	struct timespec pause = { .tv_nsec = 2000000 };

	if (e == FW_OK)
		return false;
	if ((*tries)++ < 1000) {
		nanosleep(&pause, NULL);
		return true;
	}
	log_often(LOG_LEVEL_ERROR, LOG_LEDGER, &d->ledger_full, "the ledger does not take what happened: is the disk full?");
	return false;
}

#define LEDGER_POST(d, call) do { unsigned tries_ = 0; while (post_again((d), (call), &tries_)) { } } while (0)

static void post_event(struct daemon *d, const struct ledger_event *e)
{
	d->events++;
	LEDGER_POST(d, ledger_post_event(d->ledger, e));
}

static void state_event(struct daemon *d, const struct entity_change *c)
{
	const struct entity *e = c->entity;
	struct ledger_event ev = { .at = e->since.us ? e->since : now_wall(d), .after = e->since_after };

	text_copy(ev.what, sizeof(ev.what), "state");
	text_copy(ev.name, sizeof(ev.name), e->name);
	text_copy(ev.before, sizeof(ev.before), state_word(c->state_before));
	text_copy(ev.now, sizeof(ev.now), state_word(e->state));
	text_copy(ev.reason, sizeof(ev.reason), e->reason);
	post_event(d, &ev);
}

static void remember_state(struct daemon *d, const struct entity *e)
{
	struct ledger_state s = { .state = e->state, .admin = e->admin, .gone = e->gone, .icmp = e->fact.icmp, .snmp = e->fact.snmp,
				  .since = e->since, .since_after = e->since_after, .until = e->until, .seen = now_wall(d) };

	text_copy(s.name, sizeof(s.name), e->name);
	text_copy(s.reason, sizeof(s.reason), e->reason);
	LEDGER_POST(d, ledger_post_state(d->ledger, &s));
}

static void service_event(struct daemon *d, const struct entity_change *c)
{
	const struct verdict *b = &c->verdict_before, *n = &c->entity->verdict;
	struct ledger_event ev = { .at = now_wall(d) };

	if (c->entity->kind != ENTITY_SERVICE || c->first)
		return;
	text_copy(ev.what, sizeof(ev.what), "service");
	text_copy(ev.name, sizeof(ev.name), c->entity->name);
	snprintf(ev.before, sizeof(ev.before), "%s%s", state_word(b->quality), b->at_risk ? "+risk" : "");
	snprintf(ev.now, sizeof(ev.now), "%s%s", state_word(n->quality), n->at_risk ? "+risk" : "");
	if (n->distance == 0 || n->distance == DISTANCE_NEVER)
		text_copy(ev.reason, sizeof(ev.reason), n->distance == 0 ? "" : "nothing can stop it");
	else
		snprintf(ev.reason, sizeof(ev.reason), "can still lose %u of %u", n->distance - 1,
			 n->design_distance == DISTANCE_NEVER ? 0 : n->design_distance - 1);
	post_event(d, &ev);
}

static void one_change(void *owner, const struct entity_change *c)
{
	struct daemon *d = owner;
	const struct entity *e = c->entity;
	bool own = e->kind != ENTITY_GROUP && e->kind != ENTITY_SERVICE;
	uint32_t i = own ? names_find(&d->before_by_name, e->name) : NAMES_NONE;

	if (own && c->state_changed) {
		bool same = i != NAMES_NONE && c->first && d->before[i].state == e->state;
		bool new_and_well = i == NAMES_NONE && c->first && e->state == STATE_UP;

		if (!same && !new_and_well)
			state_event(d, c);
		if (e->seen)
			remember_state(d, e);
	}
	if (c->verdict_changed)
		service_event(d, c);
}

static void one_alert(void *owner, const struct alert *a)
{
	struct daemon *d = owner;
	char subject[512];

	d->alerts++;
	log_info(LOG_ALERTS, "%s alert=%llu transition=%s severity=%s", alert_subject(a, subject, sizeof(subject)),
		 (unsigned long long)a->number, transition_word(a->transition), severity_word(a->severity));
	LEDGER_POST(d, ledger_post_alert(d->ledger, a, d->config));
}

/* Everything that follows from the levels taken since the last call, in one transaction. */
void intake_commit(struct daemon *d)
{
	struct err err;

	if (d->rebuild && model_rebuild(d->model, &err) != FW_OK)
		log_error(LOG_GRAPH, "the services cannot be computed anew: %s", err.text);
	d->rebuild = false;
	if (!d->dirty || !d->judging)
		return;
	d->dirty = false;
	model_changes(d->model, one_change, d);
	alert_book_judge(d->book, d->model, now_wall(d), one_alert, d);
	LEDGER_POST(d, ledger_post_commit(d->ledger));
}

/* ---- levels and facts ------------------------------------------------------------------------------------------------- */

/* A state that is as the last run left it began then; another began after that run's last look. */
static void date_by_last_run(struct daemon *d, const char *name, enum state s, struct wall *since, struct wall *since_after)
{
	uint32_t i = names_find(&d->before_by_name, name);
	const struct entity *e = model_find(d->model, name);

	if (i == NAMES_NONE || (e != NULL && e->seen))
		return;
	if (d->before[i].state == s && d->before[i].since.us)
		*since = d->before[i].since;
	else if (since_after->us == 0)
		*since_after = d->before[i].seen;
}

static void take_level(struct daemon *d, const struct msg_level *m)
{
	struct level l = { .name = m->name, .state = m->state, .admin = m->admin, .gone = m->gone, .reason = m->reason,
			   .since = m->since, .since_after = m->since_after, .at = m->at };

	date_by_last_run(d, m->name, l.state, &l.since, &l.since_after);
	d->dirty |= model_set(d->model, &l);
}

static bool parents_heard(const struct daemon *d, const struct cfg_device *c, struct mono since)
{
	for (uint32_t i = 0; i < c->parent_count; i++)
		if (d->fact_at[c->parents[i].index].us < since.us)
			return false;
	return true;
}

static void ask_device(struct daemon *d, uint32_t device)
{
	const char *name = d->config->device[device].name;
	struct msg_name *m = msg_new(MSG_POLL, sizeof(*m));

	text_copy(m->name, sizeof(m->name), name);
	if (mbox_take(worker_mbox(d->worker[last_worker_of(name, d->worker_count)]), &m->m) != FW_OK)
		free(m);	/* it will be asked in its turn */
}

/* Hold the silence of a device with parents back until they have been asked. False: take it now. */
static bool hold(struct daemon *d, uint32_t device, struct device_fact f, struct wall at)
{
	const struct cfg_device *c = &d->config->device[device];
	struct mono now = clock_mono();
	struct span budget = span_us(c->timeout.us * 8 + d->config->status_interval.us);

	if (c->parent_count == 0 || d->held_count == HELD_MOST || !d->judging || d->options->once)
		return false;
	d->held[d->held_count++] = (struct held){ device, f, at, now, mono_add(now, budget) };
	for (uint32_t i = 0; i < c->parent_count; i++)
		ask_device(d, c->parents[i].index);
	return true;
}

static bool silent(struct device_fact f) { return f.icmp != ANSWER_YES && f.snmp != ANSWER_YES; }

static void apply_fact(struct daemon *d, uint32_t device, struct device_fact f, struct wall at)
{
	const char *name = d->config->device[device].name;
	struct wall since = { 0 }, since_after = { 0 };
	struct entity *e;
	bool first;

	date_by_last_run(d, name, silent(f) ? STATE_DOWN : STATE_UP, &since, &since_after);
	e = model_find(d->model, name);
	first = e != NULL && !e->seen;
	d->dirty |= model_device_fact(d->model, device, f, at);
	if (first && since.us)
		e->since = since;
	if (first && since_after.us)
		e->since_after = since_after;
}

static void held_drop(struct daemon *d, uint32_t i) { d->held[i] = d->held[--d->held_count]; }

static void held_check(struct daemon *d, struct mono now)
{
	for (uint32_t i = d->held_count; i-- > 0;) {
		struct held h = d->held[i];

		if (now.us < h.deadline.us && !parents_heard(d, &d->config->device[h.device], h.began))
			continue;
		held_drop(d, i);
		apply_fact(d, h.device, h.fact, h.at);
	}
}

static void take_fact(struct daemon *d, const struct msg_fact *m)
{
	const struct ref *r = config_find(d->config, m->device);
	const struct entity *e;

	if (r == NULL || r->kind != REF_DEVICE)
		return;		/* of a configuration that is no longer there */
	d->fact_at[r->index] = clock_mono();
	for (uint32_t i = d->held_count; i-- > 0;)
		if (d->held[i].device == r->index)
			held_drop(d, i);
	e = model_find(d->model, m->device);
	if (silent(m->fact) && e && e->seen && e->state == STATE_UP && hold(d, r->index, m->fact, m->at))
		return;
	apply_fact(d, r->index, m->fact, m->at);
	held_check(d, clock_mono());
}

static void take_part(struct daemon *d, const struct msg_name *m)
{
	if (!model_part_add(d->model, m->name))
		return;
	d->rebuild = d->dirty = true;
	LEDGER_POST(d, ledger_post_part(d->ledger, m->name, true, now_wall(d)));
	LEDGER_POST(d, ledger_post_commit(d->ledger));
}

static void take_note(struct daemon *d, const struct msg_note *m)
{
	struct ledger_event e = { .at = m->at };

	text_copy(e.what, sizeof(e.what), m->what);
	text_copy(e.name, sizeof(e.name), m->name);
	text_copy(e.reason, sizeof(e.reason), m->text);
	post_event(d, &e);
	LEDGER_POST(d, ledger_post_commit(d->ledger));
}

static void take_beat(struct daemon *d, const struct msg_beat *b)
{
	must(b->worker < d->worker_count);
	d->numbers[b->worker] = b->numbers;
	d->beat_at[b->worker] = clock_mono();
	d->mute[b->worker] = false;
}

static void send_row(struct daemon *d, const struct ledger_outbox *o)
{
	struct err err;
	enum fw_err e = sender_send(d->sender, o, now_wall(d), &err);

	if (e != FW_OK && e != FW_NOTFOUND) {
		log_warn(LOG_NOTIFY, "alert %llu to '%s': %s", (unsigned long long)o->alert_number, o->target, err.text);
		return;		/* stays in the outbox, goes again */
	}
	LEDGER_POST(d, ledger_post_sent(d->ledger, o->id, now_wall(d)));
	LEDGER_POST(d, ledger_post_commit(d->ledger));
}

static void take(struct daemon *d, struct msg *m)
{
	switch (m->kind) {
	case MSG_LEVEL: take_level(d, (struct msg_level *)m); break;
	case MSG_FACT: take_fact(d, (struct msg_fact *)m); break;
	case MSG_PART: take_part(d, (struct msg_name *)m); break;
	case MSG_NOTE: take_note(d, (struct msg_note *)m); break;
	case MSG_BEAT: take_beat(d, (struct msg_beat *)m); break;
	case MSG_IDLE: d->idle_workers++; break;
	case MSG_TEXT: api_answered(d, ((struct msg_text *)m)->token, ((struct msg_text *)m)->text); break;
	case MSG_FLUSHED: api_answered(d, ((struct msg_name *)m)->token, ((struct msg_name *)m)->name); break;
	case MSG_STORE_BEAT: d->store_numbers[((struct msg_store_beat *)m)->store] = ((struct msg_store_beat *)m)->count; break;
	case LEDGER_SEND: send_row(d, ledger_msg_outbox(m)); break;
	}
}

void intake_read(struct daemon *d)
{
	struct msg *m;

	for (unsigned n = 0; n < 4096 && (m = mbox_give(d->in)) != NULL; n++) {
		take(d, m);
		free(m);
	}
	intake_commit(d);
}

/* ---- what time brings ---------------------------------------------------------------------------------------------------- */

/* Has every device and check been heard of since the start? */
static bool all_heard(struct daemon *d)
{
	for (size_t i = 0; i < model_count(d->model); i++) {
		const struct entity *e = model_at(d->model, i);

		if ((e->kind == ENTITY_DEVICE || e->kind == ENTITY_CHECK) && !e->seen)
			return false;
	}
	return true;
}

static void judge_begin(struct daemon *d, struct mono now)
{
	if (d->judging)
		return;
	if (now.us < d->judge_due.us && !(d->options->once ? d->idle_workers == d->worker_count : all_heard(d)))
		return;
	d->judging = d->dirty = true;
}

static void watch_workers(struct daemon *d, struct mono now)
{
	struct span most = span_us(3 * d->config->interval.us);

	for (unsigned w = 0; w < d->worker_count; w++) {
		if (d->mute[w] || mono_since(now, d->beat_at[w]).us < most.us)
			continue;
		d->mute[w] = true;
		log_error(LOG_MAIN, "worker %u does not report any more: its devices are unknown", w);
		for (uint32_t i = 0; i < d->config->device_count; i++)
			if (last_worker_of(d->config->device[i].name, d->worker_count) == w)
				d->dirty |= model_device_unknown(d->model, i, "the poller's worker does not report", now_wall(d));
	}
}

/* A state that a person set until now ends. */
static void end_set_states(struct daemon *d)
{
	struct wall now = now_wall(d);

	for (size_t i = 0; i < model_count(d->model); i++) {
		struct entity *e = model_at(d->model, i);
		struct level l = { .name = e->name, .state = STATE_UP, .reason = "", .at = now };

		if (e->kind == ENTITY_COMPONENT && e->until.us && e->until.us <= now.us) {
			e->until.us = 0;
			d->dirty |= model_set(d->model, &l);
		}
	}
}

static void cycle_note(struct daemon *d)
{
	uint32_t devices = 0, answering = 0;
	struct span worst = { 0 };
	char summary[256];

	for (unsigned w = 0; w < d->worker_count; w++) {
		devices += d->numbers[w].devices;
		answering += d->numbers[w].answering;
		if (d->numbers[w].cycle_worst.us > worst.us)
			worst = d->numbers[w].cycle_worst;
	}
	snprintf(summary, sizeof(summary), "{\"devices\":%u,\"answering\":%u}", devices, answering);
	LEDGER_POST(d, ledger_post_cycle(d->ledger, d->cycle_began, now_wall(d), summary));
	LEDGER_POST(d, ledger_post_commit(d->ledger));
	d->cycle_began = now_wall(d);
}

void intake_second(struct daemon *d, struct mono now)
{
	bool stepped;

	steady_follow(&d->clock, clock_wall(), now, span_s(60), &stepped);
	judge_begin(d, now);
	held_check(d, now);
	watch_workers(d, now);
	end_set_states(d);
	if (!d->options->once && wall_since(now_wall(d), d->cycle_began).us >= d->config->interval.us)
		cycle_note(d);
	intake_commit(d);
	if (d->options->once && d->judging && d->idle_workers == d->worker_count) {
		cycle_note(d);
		d->stopping = true;
		event_base_loopbreak(d->base);
	}
}

/* ---- what the last run left ------------------------------------------------------------------------------------------------- */

static bool restore_part(void *owner, const char *name)
{
	struct daemon *d = owner;

	model_part_add(d->model, name);
	return true;
}

static bool restore_state(void *owner, const struct ledger_state *s)
{
	struct daemon *d = owner;
	const struct ref *r = config_find(d->config, s->name);

	if (r != NULL && r->kind == REF_COMPONENT && (s->until.us == 0 || s->until.us > now_wall(d).us)) {
		struct level l = { .name = s->name, .state = s->state, .reason = s->reason, .since = s->since,
				   .since_after = s->since_after, .at = s->seen };
		struct entity *e = model_find(d->model, s->name);

		model_set(d->model, &l);
		e->until = s->until;
		return true;
	}
	if ((d->before_count & (d->before_count - 1)) == 0)
		d->before = must_realloc(d->before, (d->before_count ? d->before_count * 2 : 1) * sizeof(*d->before));
	d->before[d->before_count++] = *s;
	return true;
}

static bool restore_alert(void *owner, const struct alert *a)
{
	struct daemon *d = owner;

	alert_book_restore(d->book, a);
	return true;
}

enum fw_err intake_restore(struct daemon *d, struct ledger *l, struct err *err)
{
	enum fw_err e = ledger_parts(l, restore_part, d, err);

	if (e == FW_OK)
		e = model_rebuild(d->model, err);
	if (e == FW_OK)
		e = ledger_states(l, restore_state, d, err);
	for (uint32_t i = 0; i < d->before_count; i++)
		names_put(&d->before_by_name, d->before[i].name, i);
	d->book = alert_book_new(ledger_next_number(l));
	if (e == FW_OK)
		e = ledger_open_alerts(l, restore_alert, d, err);
	return e;
}

void intake_forget_devices(struct daemon *d)
{
	free(d->fact_at);
	d->fact_at = must_alloc((d->config->device_count + 1) * sizeof(*d->fact_at));
	d->held_count = 0;
}
