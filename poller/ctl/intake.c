/* poller/ctl/intake.c: what workers, stores and the ledger tell main, and what follows from it.
 *
 *	levels and facts -> model;   then, after each batch:   model's changes -> events and states -> ledger
 *	                                                        open alerts held against the model -> alerts -> ledger, commit
 *	ledger: committed -> send
 *
 * After a start nothing is judged before every device and check has been heard of (or the first interval and a half is
 * over): until then the alerts of the last run stand as they are. What turns out to have changed meanwhile is dated between
 * two times (model_restore). A device that falls silent is held back: hold.c.
 *
 * While the ledger cannot write (a full disk), its mailbox fills; from half on nothing more is judged: states wait in the model
 * as levels, and what follows from them is told when there is room. Main never waits for long, and never twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/ctl/daemon-int.h"
#include "poller/model-coming.h"
#include "poller/lastfile.h"

enum { OWED_MOST = 65536, SEND_PAUSE_US = 5000, RATES_SOON_S = 60, RATES_EVERY_S = 3600 };

static struct wall now_wall(struct daemon *d) { return steady_at(&d->clock, clock_mono()); }

/* ---- to the ledger ------------------------------------------------------------------------------------------------- */

/* The ledger's mailbox is bounded: wait a little while its thread writes. When it takes nothing for long, say so, count, and
 * wait no more until it does. True: post again. */
static bool post_again(struct daemon *d, enum fw_err e, unsigned *tries)
{
	struct timespec pause = { .tv_nsec = 2000000 };

	if (e == FW_OK)
		return false;
	if (!d->ledger_stuck && (*tries)++ < 1000) {
		nanosleep(&pause, NULL);
		return true;
	}
	d->ledger_stuck = true;
	d->ledger_lost++;
	log_often(LOG_LEVEL_ERROR, LOG_LEDGER, &d->ledger_full, "the ledger does not take what happened: is the disk full?");
	return false;
}

/* The last result, FW_OK when it was taken; nothing after its end. */
#define LEDGER_POST(d, call) ({						\
	enum fw_err e_ = FW_FULL;					\
	unsigned tries_ = 0;						\
	if ((d)->ledger != NULL)					\
		while (post_again((d), e_ = (call), &tries_)) { }	\
	e_; })

/* Closes a batch. The ledger answers each by LEDGER_COMMITTED, in their order. */
static void post_commit(struct daemon *d)
{
	d->commits += LEDGER_POST(d, ledger_post_commit(d->ledger)) == FW_OK;
}

uint64_t intake_seal(struct daemon *d)
{
	uint64_t before = d->commits;

	post_commit(d);
	return d->commits > before ? COMMIT_TOKEN | d->commits : 0;
}

/* Room for the consequences of one batch? Else they wait in the model and in the alert book, as levels. */
static bool ledger_has_room(struct daemon *d)
{
	struct mbox_count c = ledger_thread_mailbox(d->ledger);

	return c.now < c.most / 2;
}

static void post_event(struct daemon *d, const struct ledger_event *e)
{
	d->events++;
	LEDGER_POST(d, ledger_post_event(d->ledger, e));
}

void intake_event(struct daemon *d, const struct ledger_event *e) { post_event(d, e); }
void intake_window(struct daemon *d, const struct window *w) { LEDGER_POST(d, ledger_post_window(d->ledger, w)); }
void intake_acceptance(struct daemon *d, const struct acceptance *a) { LEDGER_POST(d, ledger_post_acceptance(d->ledger, a)); }

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
	struct ledger_state s = { .state = e->state, .admin = e->admin, .gone = e->gone, .icmp = e->fact.icmp, .snmp = e->fact.snmp, .why = e->fact.why,
				  .since = e->since, .since_after = e->since_after, .until = e->until, .seen = now_wall(d) };

	text_copy(s.name, sizeof(s.name), e->name);
	text_copy(s.reason, sizeof(s.reason), e->reason);
	d->states_owed |= LEDGER_POST(d, ledger_post_state(d->ledger, &s)) != FW_OK;
}

void intake_state(struct daemon *d, const struct entity *e) { remember_state(d, e); }

/* Which calendars of this group hold now, and what else it needs: "during quarter end; full 3, capacity 800". */
static void during_words(const struct daemon *d, const struct cfg_group *g, const struct demand *now, char *buf, size_t size)
{
	struct text t = text_over(buf, size);
	unsigned n = 0;

	for (uint32_t i = 0; i < g->during_count; i++)
		if (model_calendars(d->model) >> g->during[i].calendar & 1)
			text_add(&t, "%s%s", n++ ? ", " : "during ", g->during[i].name);
	if (n == 0)
		text_add(&t, "no calendar holds any more");
	if (now->full > now->need)
		text_add(&t, "; full %u", now->full);
	if (now->capacity)
		text_add(&t, "; capacity %llu", (unsigned long long)now->capacity);
}

static void demand_event(void *owner, const struct entity *group, const struct demand *before, const struct demand *now)
{
	struct daemon *d = owner;
	struct ledger_event ev = { .at = now_wall(d) };

	text_copy(ev.what, sizeof(ev.what), "demand");
	text_copy(ev.name, sizeof(ev.name), group->name);
	snprintf(ev.before, sizeof(ev.before), "need %u", before->need);
	snprintf(ev.now, sizeof(ev.now), "need %u", now->need);
	during_words(d, &d->config->group[group->index], now, ev.reason, sizeof(ev.reason));
	post_event(d, &ev);
}

static bool keep_last(void *owner, const struct ledger_event *e)
{
	struct ledger_event *last = owner;

	*last = *e;
	return strcmp(e->what, "service") != 0;		/* newest first: go on until there is one of the service itself */
}

/* The first verdict since the start is an event when it is not what the history ends with; of one that has none, when it is not
 * well. False: nothing to tell. */
static bool first_is_news(struct daemon *d, const char *name, struct ledger_event *ev)
{
	struct ledger_event last = { .what = "" };
	struct err err;

	if (ledger_events(d->reader, name, (struct wall){ 0 }, ev->at, 16, keep_last, &last, &err) != FW_OK ||
	    strcmp(last.what, "service") != 0)
		last.now[0] = '\0';
	text_copy(ev->before, sizeof(ev->before), last.now[0] ? last.now : state_word(STATE_UNKNOWN));
	return last.now[0] ? strcmp(last.now, ev->now) != 0 : strcmp(ev->now, state_word(STATE_UP)) != 0;
}

/* What is left: "can still lose 1, was 2 (built for 2)". */
static void lose_reason(const struct verdict *now, const struct verdict *before, char *buf, size_t size)
{
	struct text t = text_over(buf, size);

	text_add(&t, "%s", "");
	if (now->distance == 0)
		return;
	if (now->distance == DISTANCE_NEVER)
		text_add(&t, "nothing can stop it");
	else if (now->distance == 1)
		text_add(&t, "can lose no more");
	else
		text_add(&t, "can still lose %u", now->distance - 1);
	if (before != NULL && before->distance != now->distance && before->distance != 0 && before->distance != DISTANCE_NEVER)
		text_add(&t, ", was %u", before->distance - 1);
	if (now->design_distance != DISTANCE_NEVER && now->design_distance != 0)
		text_add(&t, " (built for %u)", now->design_distance - 1);
}

static bool same_for_people(const struct verdict *a, const struct verdict *b)
{
	return a->quality == b->quality && a->at_risk == b->at_risk && a->distance == b->distance;
}

static void service_event(struct daemon *d, const struct entity_change *c)
{
	const struct verdict *b = &c->verdict_before, *n = &c->entity->verdict;
	struct ledger_event ev = { .at = now_wall(d) };

	if (c->entity->kind != ENTITY_SERVICE || (!c->first && same_for_people(b, n)))
		return;
	text_copy(ev.what, sizeof(ev.what), "service");
	text_copy(ev.name, sizeof(ev.name), c->entity->name);
	snprintf(ev.before, sizeof(ev.before), "%s%s", state_word(b->quality), b->at_risk ? "+risk" : "");
	snprintf(ev.now, sizeof(ev.now), "%s%s", state_word(n->quality), n->at_risk ? "+risk" : "");
	lose_reason(n, c->first ? NULL : b, ev.reason, sizeof(ev.reason));
	if (!c->first || first_is_news(d, c->entity->name, &ev))
		post_event(d, &ev);
}

/* A component set by hand before this start is as it was: no event of now. */
static bool is_old(const struct daemon *d, const struct entity *e)
{
	return e->kind == ENTITY_COMPONENT && e->since.us && e->since.us < d->began.us;
}

static void one_change(void *owner, const struct entity_change *c)
{
	struct daemon *d = owner;
	const struct entity *e = c->entity;
	bool own = e->kind != ENTITY_GROUP && e->kind != ENTITY_SERVICE;

	if (own && c->state_changed) {
		if (!(c->first && e->state == STATE_UP) && !is_old(d, e))
			state_event(d, c);
		if (e->seen)
			remember_state(d, e);
		if (e->kind == ENTITY_DEVICE)
			reach_changed(d);
	}
	if (c->verdict_changed)
		service_event(d, c);
}

static void one_history(void *owner, const struct entity *e, const struct history *h)
{
	struct daemon *d = owner;

	LEDGER_POST(d, ledger_post_history(d->ledger, e->name, h));
}

/* ---- alerts that the ledger did not take ----------------------------------------------------------------------------- */

static void owe(struct daemon *d, const struct alert *a)
{
	if (d->owed_count == OWED_MOST) {
		log_often(LOG_LEVEL_ERROR, LOG_ALERTS, &d->ledger_lost, "alert #%llu is lost: the ledger takes nothing, and memory for alerts"
			  " is used up", (unsigned long long)a->number);
		return;
	}
	if (d->owed_count == d->owed_room) {
		d->owed_room = d->owed_room ? d->owed_room * 2 : 64;
		d->owed = must_realloc(d->owed, d->owed_room * sizeof(char *));
	}
	d->owed[d->owed_count++] = alert_encode(a);
}

/* Those that are owed go first, so that what is told of an alert stays in order. */
static void pay(struct daemon *d)
{
	struct alert *a;
	uint32_t i = 0;

	if (d->owed_count == 0)
		return;
	a = must_alloc(sizeof(*a));
	for (; i < d->owed_count; i++) {
		must(alert_decode(d->owed[i], strlen(d->owed[i]), a));
		if (LEDGER_POST(d, ledger_post_alert(d->ledger, a, d->config)) != FW_OK)
			break;
		free(d->owed[i]);
	}
	free(a);
	d->owed_count -= i;
	memmove(d->owed, d->owed + i, d->owed_count * sizeof(char *));
}

/* From cron: what it mails to people, once, when it happens. */
static void print_alert(const char *subject)
{
	char clean[1024];

	puts(text_clean(subject, strlen(subject), clean, sizeof(clean)));
	fflush(stdout);
}

static void one_alert(void *owner, const struct alert *a)
{
	struct daemon *d = owner;
	char subject[512];

	d->alerts++;
	if (d->options->once && !a->quiet)
		print_alert(alert_subject(a, subject, sizeof(subject)));
	log_info(LOG_ALERTS, "%s alert=%llu transition=%s severity=%s", alert_subject(a, subject, sizeof(subject)),
		 (unsigned long long)a->number, transition_word(a->transition), severity_word(a->severity));
	if (d->owed_count || LEDGER_POST(d, ledger_post_alert(d->ledger, a, d->config)) != FW_OK)
		owe(d, a);
}

/* ---- a batch ----------------------------------------------------------------------------------------------------------- */

/* The ledger has room again: what went past it. */
static void catch_up(struct daemon *d)
{
	if (!d->ledger_stuck)
		return;
	d->ledger_stuck = false;
	log_info(LOG_LEDGER, "the ledger takes what happens again lost=%llu", (unsigned long long)d->ledger_lost);
	pay(d);
	if (d->states_owed && !d->ledger_stuck) {
		d->states_owed = false;
		for (size_t i = 0; i < model_count(d->model); i++) {
			const struct entity *e = model_at(d->model, i);

			if (e->kind < ENTITY_GROUP && e->seen)
				remember_state(d, e);
		}
	}
	d->dirty = true;
}

/* Everything that follows from the levels taken since the last call, in one transaction. */
void intake_commit(struct daemon *d)
{
	struct err err;

	d->rebuild |= model_rebuild_due(d->model);
	if (d->rebuild && model_rebuild(d->model, &err) != FW_OK)
		log_error(LOG_GRAPH, "the services cannot be computed anew: %s", err.text);
	if (d->rebuild)
		planned_apply(d);
	d->rebuild = false;
	if (!d->judging || d->ledger == NULL || !ledger_has_room(d))
		return;
	catch_up(d);
	if (!d->dirty)
		return;
	d->dirty = false;
	model_histories(d->model, one_history, d);
	model_changes(d->model, one_change, d);
	alert_book_judge(d->book, d->model, now_wall(d), one_alert, d);
	post_commit(d);
}

/* ---- levels and facts ------------------------------------------------------------------------------------------------- */

static void take_level(struct daemon *d, const struct msg_level *m)
{
	struct level l = { .name = m->name, .state = m->state, .admin = m->admin, .gone = m->gone, .reason = m->reason,
			   .since = m->since, .since_after = m->since_after, .at = m->at, .capacity = m->capacity };

	d->dirty |= model_set(d->model, &l);
}

/* Its agent no longer answers, or does again, or refuses us for another reason; the device is in one state all the while. */
static void agent_event(struct daemon *d, const struct entity *e, struct device_fact before)
{
	static const char *const word[] = { [ANSWER_NOT_ASKED] = "not asked", [ANSWER_NO] = "silent", [ANSWER_YES] = "answers" };
	struct ledger_event ev = { .at = now_wall(d), .what = "agent" };

	text_copy(ev.name, sizeof(ev.name), e->name);
	text_copy(ev.before, sizeof(ev.before), before.why ? "refuses" : word[before.snmp]);
	text_copy(ev.now, sizeof(ev.now), e->fact.why ? "refuses" : word[e->fact.snmp]);
	text_copy(ev.reason, sizeof(ev.reason), e->reason);
	post_event(d, &ev);
}

void intake_fact(struct daemon *d, uint32_t device, struct device_fact f, struct wall at)
{
	const struct entity *e = model_find(d->model, d->config->device[device].name);
	struct device_fact before = e->fact;
	const struct past *past = model_past(e);
	bool seen = e->seen || (past && past->why && f.why);
	enum state was = past ? past->state : e->state;

	if (past && past->why)
		before = (struct device_fact){ .snmp = ANSWER_NO, .why = past->why };
	d->dirty |= model_device_fact(d->model, device, f, at);
	if (!seen || e->state != was || (before.snmp == f.snmp && before.why == f.why))
		return;		/* another state is an event of its own */
	if (was != STATE_UP && !(was == STATE_UNKNOWN && before.why && f.why))
		return;		/* silent, of whatever cause */
	if (before.snmp != ANSWER_NOT_ASKED)
		agent_event(d, e, before);
	remember_state(d, e);
	d->dirty = true;
}

static void take_fact(struct daemon *d, const struct msg_fact *m)
{
	const struct ref *r = config_find(d->config, m->device);

	if (r == NULL || r->kind != REF_DEVICE)
		return;		/* of a configuration that is no longer there */
	d->fact_at[r->index] = clock_mono();
	if (m->heard.us > d->answer_at.us)
		d->answer_at = m->heard;
	hold_end(d, r->index);
	if (hold_begin(d, r->index, m->fact, m->at))
		return;
	intake_fact(d, r->index, m->fact, m->at);
}

static void take_part(struct daemon *d, const struct msg_name *m)
{
	if (!model_part_add(d->model, m->name))
		return;
	d->rebuild = d->dirty = true;
	LEDGER_POST(d, ledger_post_part(d->ledger, m->name, true, now_wall(d)));
	post_commit(d);
}

static void take_note(struct daemon *d, const struct msg_note *m)
{
	struct ledger_event e = { .at = m->at };

	text_copy(e.what, sizeof(e.what), m->what);
	text_copy(e.name, sizeof(e.name), m->name);
	text_copy(e.reason, sizeof(e.reason), m->text);
	post_event(d, &e);
	post_commit(d);
}

static void slowest_take(struct daemon *d, struct span worst, struct mono now)
{
	struct slowest *s = &d->slowest;

	if (mono_since(now, s->began).us >= d->config->interval.us)
		*s = (struct slowest){ .last = s->now, .began = now };
	if (worst.us > s->now.us)
		s->now = worst;
}

static void take_beat(struct daemon *d, const struct msg_beat *b)
{
	must(b->worker < d->worker_count);
	slowest_take(d, b->numbers.cycle_worst, clock_mono());
	d->numbers[b->worker] = b->numbers;
	d->beat_at[b->worker] = clock_mono();
	if (b->numbers.last_answer.us > d->answer_at.us)
		d->answer_at = b->numbers.last_answer;
	if (!d->mute[b->worker])
		return;
	d->mute[b->worker] = false;
	d->tell_due[b->worker] = true;	/* its devices were made unknown here, and it does not know */
	log_info(LOG_MAIN, "worker %u reports again", b->worker);
}

/* What is not sent stays in the outbox and goes again; the sender has said why. */
static void send_row(struct daemon *d, const struct ledger_outbox *o)
{
	enum fw_err e = d->ledger ? sender_send(d->sender, o, now_wall(d), NULL) : FW_FULL;

	if (e == FW_OK || e == FW_NOTFOUND)
		LEDGER_POST(d, ledger_post_sent(d->ledger, o->id, now_wall(d)));
}

/* One after the other, with a pause: a receiver's socket holds some forty of them, and what it drops nobody misses. */
static void send_later(struct daemon *d, struct msg *m)
{
	struct timeval pause = { .tv_usec = SEND_PAUSE_US };

	if (d->sends == NULL) {
		d->sends_tail = &d->sends;
		if (d->pace)
			event_add(d->pace, &pause);
	}
	m->next = NULL;
	*d->sends_tail = m;
	d->sends_tail = &m->next;
}

void intake_send(struct daemon *d)
{
	struct msg *m = d->sends;

	if (m != NULL) {
		d->sends = m->next;
		send_row(d, ledger_msg_outbox(m));
		free(m);
	}
	if (d->sends == NULL && d->pace)
		event_del(d->pace);
}

void intake_take(struct daemon *d, struct msg *m)
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
	case LEDGER_COMMITTED: api_answered(d, COMMIT_TOKEN | ++d->committed, ""); break;
	case MSG_STORE_BEAT: d->store_numbers[((struct msg_store_beat *)m)->store] = ((struct msg_store_beat *)m)->count; break;
	}
}

void intake_read(struct daemon *d)
{
	struct msg *m;

	for (unsigned n = 0; n < 4096 && (m = mbox_give(d->in)) != NULL; n++) {
		if (hold_aside(d, m))
			continue;
		if (m->kind == LEDGER_SEND) {
			send_later(d, m);
			continue;
		}
		intake_take(d, m);
		free(m);
	}
	hold_aside_check(d, clock_mono());
	hold_check(d, clock_mono());
	reach_flush(d);
	intake_commit(d);
}

/* While the ledger takes nothing, what it has is still sent: reading here never waits for it. */
void intake_drain(struct daemon *d)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	do {
		intake_read(d);
		for (; d->sends != NULL; nanosleep(&pause, NULL))
			intake_send(d);
	} while (mbox_count(d->in).now > 0);
}

/* ---- what time brings ---------------------------------------------------------------------------------------------------- */

uint32_t intake_unheard(struct daemon *d)
{
	uint32_t n = 0;

	for (size_t i = 0; i < model_count(d->model); i++) {
		const struct entity *e = model_at(d->model, i);

		n += (e->kind == ENTITY_DEVICE || e->kind == ENTITY_CHECK) && !e->seen;
	}
	return n;
}

/* Calendars begin and end. */
static void follow_time(struct daemon *d)
{
	struct demand_watch w = { .each = demand_event, .owner = d };
	struct err err;

	if (model_time(d->model, now_wall(d), &w, &err) != FW_OK)
		log_error(LOG_GRAPH, "what calendars will need cannot be computed: %s", err.text);
	d->dirty |= w.changed;
}

static void judge_begin(struct daemon *d, struct mono now)
{
	if (d->judging)
		return;
	if (now.us < d->judge_due.us && !(d->options->once ? d->idle_workers == d->worker_count : intake_unheard(d) == 0))
		return;
	d->judging = d->dirty = true;
}

/* A part of which the last run knew, and whose device answers but no longer has it or is not to watch it: nobody will ever
 * tell of it again, so nothing may wait for that. */
static void forget_unheard(struct daemon *d)
{
	for (size_t i = model_count(d->model); i-- > 0;) {
		struct entity *e = model_at(d->model, i), *device;
		char name[MODEL_NAME_MAX];

		if (e == NULL || e->kind != ENTITY_PART || e->seen || e->leaf != NODE_NONE || model_in_baseline(d->model, e))
			continue;
		device = model_device_of(d->model, e);
		if (device == NULL || device->fact.snmp != ANSWER_YES)
			continue;
		text_copy(name, sizeof(name), e->name);
		model_part_forget(d->model, name);
		d->dirty = true;
	}
}

static void tell_again(struct daemon *d, unsigned w)
{
	struct msg *m = msg_new(MSG_TELL, sizeof(*m));

	d->tell_due[w] = mbox_take(worker_mbox(d->worker[w]), m) != FW_OK;
	if (d->tell_due[w])
		free(m);
}

static void watch_workers(struct daemon *d, struct mono now)
{
	struct span most = span_us(3 * d->config->interval.us);

	for (unsigned w = 0; w < d->worker_count; w++)
		if (d->tell_due[w])
			tell_again(d, w);

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

static void cycle_note(struct daemon *d, struct wall ended)
{
	char summary[256];

	snprintf(summary, sizeof(summary), "{\"devices\":%u,\"answering\":%u}", d->config->device_count, daemon_heard(d).answering);
	LEDGER_POST(d, ledger_post_cycle(d->ledger, d->cycle_began, ended, summary));
	post_commit(d);
	d->cycle_began = ended;
}

void intake_end(struct daemon *d)
{
	struct wall polled = daemon_view(d).polled_at;

	intake_drain(d);	/* what the workers said last */
	if (d->judging && !d->options->once && polled.us > d->cycle_began.us)
		cycle_note(d, polled);
}

/* One cycle: over when every worker is through. One that never is must not keep the process for ever; but as long as agents
 * answer, they are read (the first time a slow one is walked takes a while). */
static void end_once(struct daemon *d, struct mono now)
{
	enum { INTERVALS_MOST = 20 };
	bool heard = mono_since(now, d->answer_at).us < d->patience.us;
	int64_t most = d->round_due.us + (heard ? INTERVALS_MOST * d->config->interval.us : 0);
	bool late = now.us >= most;

	if (!d->judging || (d->idle_workers < d->worker_count && !late))
		return;
	if (late)
		log_error(LOG_MAIN, "the cycle is not over after %lld s: it ends without %u of %u workers",
			  (long long)(mono_since(now, d->started).us / 1000000), d->worker_count - d->idle_workers, d->worker_count);
	else
		cycle_note(d, now_wall(d));
	d->stopping = true;
	event_base_loopbreak(d->base);
}

/* What was seen grows: the rates of components follow, a while after one failed, and now and then. */
static void rates_follow(struct daemon *d, struct mono now)
{
	struct span since = mono_since(now, d->rates_told);

	if (since.us < span_s(model_rates_due(d->model) ? RATES_SOON_S : RATES_EVERY_S).us)
		return;
	d->rates_told = now;
	follow_time(d);
	model_rates(d->model, now_wall(d));
}

void intake_second(struct daemon *d, struct mono now)
{
	bool stepped;

	steady_follow(&d->clock, clock_wall(), now, span_s(60), &stepped);
	follow_time(d);
	judge_begin(d, now);
	hold_check(d, now);
	hold_aside_check(d, now);
	watch_workers(d, now);
	end_set_states(d);
	planned_second(d);
	rates_follow(d, now);
	if (!d->options->once && wall_since(now_wall(d), d->cycle_began).us >= d->config->interval.us)
		cycle_note(d, now_wall(d));
	if (d->judging && d->unheard_due.us && now.us >= d->unheard_due.us) {
		d->unheard_due = (struct mono){ 0 };
		forget_unheard(d);
	}
	intake_commit(d);
	if (!d->options->once)
		reach_check(d, now);
	if (d->options->once)
		end_once(d, now);
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
	struct past p = { .state = s->state, .since = s->since, .since_after = s->since_after, .seen = s->seen,
			  .why = (uint8_t)s->why };

	if (p.seen.us < d->looked_until.us)
		p.seen = d->looked_until;	/* it was the same until then: what changes is written at once */

	if (r != NULL && r->kind == REF_COMPONENT && (s->until.us == 0 || s->until.us > now_wall(d).us)) {
		struct level l = { .name = s->name, .state = s->state, .reason = s->reason, .since = s->since,
				   .since_after = s->since_after, .at = s->seen };
		struct entity *e = model_find(d->model, s->name);

		model_set(d->model, &l);
		e->until = s->until;
		return true;
	}
	model_restore(d->model, s->name, &p);
	return true;
}

static bool restore_history(void *owner, const char *name, const struct history *h)
{
	struct daemon *d = owner;

	model_history_restore(d->model, name, h, d->looked_until);
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
	char summary[256];
	struct wall began;

	if (ledger_last_cycle(l, &began, &d->looked_until, summary, sizeof(summary)))
		d->looked_until = began;	/* all were polled between these two */
	carried_read(d->model, d->config->state);
	if (e == FW_OK)
		e = model_rebuild(d->model, err);
	if (e == FW_OK)
		e = ledger_histories(l, restore_history, d, err);
	if (e == FW_OK)
		e = ledger_states(l, restore_state, d, err);
	model_rates(d->model, now_wall(d));
	d->book = alert_book_new(ledger_next_number(l));
	if (e == FW_OK)
		e = ledger_open_alerts(l, restore_alert, d, err);
	return e == FW_OK ? planned_restore(d, l, err) : e;
}

void intake_release(struct daemon *d)
{
	for (uint32_t i = 0; i < d->owed_count; i++)
		free(d->owed[i]);
	if (d->owed_count)
		log_error(LOG_ALERTS, "alerts are lost: the ledger did not take them alerts=%u", d->owed_count);
	free(d->owed);
	free(d->fact_at);
	planned_release(d);
	while (d->sends != NULL) {
		struct msg *m = d->sends;

		d->sends = m->next;
		free(m);
	}
	hold_aside_drop(d);
	hold_free(d);
}

void intake_forget_devices(struct daemon *d)
{
	free(d->fact_at);
	d->fact_at = must_alloc((d->config->device_count + 1) * sizeof(*d->fact_at));
	hold_prepare(d);
}
