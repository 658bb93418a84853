/* poller/device.c: one device: when it is asked, rounds, whether it answers.
 *
 * Every status interval a round begins: an echo, and the states; each poll interval a full one: all that moves.
 * Times lie on a grid, shifted by the hash of the device's name, so that polls spread and do not drift. A round
 * that is not over when the next is due makes that one late (counted): a poll never overlaps itself.
 *
 * A silent agent gets one cheap question, ever more seldom (device-quiet.c); its answer starts a full round at once.
 * An echo that is lost is asked again before a device is called silent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/worker-int.h"

enum { UPTIME_YOUNG = 5 * 60 * 100 };	/* sysUpTime, 1/100 s */
enum { WALK_SHARE = 8 };

static void round_snmp(struct device *d);
static void round_ask(struct device *d);

static bool asks_snmp(const struct device *d) { return d->cfg->credentials != CONFIG_NONE; }

/* ---- echoes ------------------------------------------------------------------------------------------------------ */

static void echoed(void *owner, const struct icmp_result *r);

static bool echo_start(struct device *d, unsigned count, struct span gap)
{
	struct icmp_spec spec = {
		.address = d->peer.address, .count = count, .gap = gap, .timeout = d->cfg->timeout, .done = echoed, .owner = d,
	};

	d->train = icmp_start(d->w->icmp, &spec);
	return d->train != NULL;
}

static void echoed(void *owner, const struct icmp_result *r)
{
	struct device *d = owner;
	bool back = d->fact.icmp == ANSWER_NO && r->err == FW_OK;

	d->train = NULL;
	for (unsigned i = 0; i < r->received && d->echo_received < ICMP_TRAIN_MAX; i++)
		d->echo_rtt[d->echo_received++] = r->rtt[i];
	d->echo_sent += r->sent;
	if (r->err == FW_OK) {
		d->fact.icmp = ANSWER_YES;
		d->answered_at = worker_wall(d->w, r->at);
		d->w->n.last_answer = r->at;
	} else if (r->err == FW_NET && r->sent == 0) {
		d->fact.icmp = ANSWER_NO;
	} else if (d->train_again || d->cfg->retries == 0 || d->fact.icmp == ANSWER_NO) {
		d->fact.icmp = ANSWER_NO;
	} else {
		d->train_again = true;
		if (echo_start(d, d->cfg->retries, span_ms(ECHO_GAP_MS)))
			return;
	}
	if (back && asks_snmp(d) && device_quiet_pinged(d, clock_mono()))
		round_snmp(d);
	device_round_end(d, clock_mono());
}

static void echo_row(struct device *d, struct wall at)
{
	struct rtt_summary s = rtt_summary_of(d->echo_rtt, d->echo_received, d->echo_sent);
	struct store_row row = { .at = { at.us - at.us % 1000000 }, .known = d->echo_received ? 31 : 1 };
	char name[MODEL_NAME_MAX];
	struct last_record *r;

	if (d->echo_sent == 0 || last_at(d->w->last, d->record)->asked_us / 1000000 == at.us / 1000000)
		return;		/* asked twice in a second: RRD has one row of it */
	row.value[0].gauge = 100 * s.loss;
	row.value[1].gauge = s.min_s;
	row.value[2].gauge = s.median_s;
	row.value[3].gauge = s.max_s;
	row.value[4].gauge = d->echo_received > 1 ? s.jitter_s : 0;
	snprintf(name, sizeof(name), "%s/icmp/echo", d->cfg->name);
	worker_row(d->w, d->cfg->name, name, &d->w->icmp_layout, &row);
	if (d->echo_received && d->fact.snmp != ANSWER_YES) {
		r = last_begin(d->w->last, d->record);
		r->value[LAST_D_RTT_US] = (uint64_t)(s.median_s * 1e6);
		last_end(d->w->last, d->record);
	}
	d->echo_sent = d->echo_received = 0;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------ */

static bool wants_discovery(const struct device *d, struct mono now)
{
	return d->full && d->fact.snmp != ANSWER_NO && now.us >= d->discovery_due.us;
}

/* A plan begins. Of a part that the one before did not end, for its agent fell silent, what came is no reading of now; what its
 * counters moved by is part of the next row. */
static void parts_await(struct device *d, const struct plan *plan)
{
	for (uint32_t i = 0; i < d->part_count && d->split; i++) {
		if (d->part[i].awaited)
			d->part[i].fresh = d->part[i].missed = 0;
		d->part[i].awaited = 0;
	}
	for (uint32_t i = 0; i < plan->split_count; i++)
		if (!plan->split[i].flat || adapt_asks_flat(d))
			d->part[plan->split[i].part].awaited = (uint8_t)plan->split[i].packets;
	d->split = plan->split_count > 0;
}

/* Begin the SNMP part of a round with a plan. */
static void plan_run(struct device *d, enum plan_kind kind)
{
	if (d->plan[kind].count == 0)
		plan_build(d, kind);
	if (d->plan[kind].count == 0) {		/* the agent refused all there was to ask: look again what it has */
		if (kind != PLAN_PROBE && d->part_count)
			d->discovery_due = d->round_began;
		plan_build(d, kind = PLAN_PROBE);
	}
	d->running = kind;
	d->full_plans += kind == PLAN_FULL;
	d->next_packet = 0;
	d->first_done = false;
	learn_plan(d);
	parts_await(d, &d->plan[kind]);
	if (kind != PLAN_PROBE && !d->learn.sounded)
		wheel_set(d->w->wheel, &d->sounding, mono_add(clock_mono(), span_us(d->cfg->timeout.us / 2)));
	device_ask_more(d);
}

/* Whatever an agent answers, a round asks it a bounded number of times: PLANS_MOST plans, each packet of each at
 * most once per object in it. */
static bool round_may_go_on(struct device *d) { return ++d->plans_run <= PLANS_MOST; }

static void round_snmp(struct device *d)
{
	if (d->replan)
		for (int k = 0; k < PLANS; k++)
			plan_release(&d->plan[k]);
	d->replan = false;
	if (device_quiet_skip(d, d->round_began))
		d->next_packet = UINT32_MAX;	/* silent, and not to be asked yet */
	else if (!d->trusted)
		plan_run(d, PLAN_PROBE);	/* not known to answer: one cheap question first */
	else if (wants_discovery(d, d->round_began))
		discovery_start(d);
	else
		plan_run(d, d->full ? PLAN_FULL : PLAN_STATUS);
}

/*
 * When it is walked again: hourly; sooner while there is news, since what has just come or gone may do so again
 * (an agent's part that starts anew), and while the agent is young (net-snmp's has no processors in its first
 * minute); soon, but ever later, when it could not be read whole.
 */
static void discovery_next(struct device *d, struct mono now, bool complete, bool news)
{
	struct span took = mono_since(now, d->round_began);
	int64_t hour = 3600 * INT64_C(1000000), wait = d->w->config->interval.us;

	if (complete) {
		d->discovery_failed = 0;
		news = news || (d->uptime_known && d->uptime < UPTIME_YOUNG);
		d->calm = news ? 0 : (uint8_t)(d->calm + (d->calm < 16));
		wait = (4 * wait) << d->calm;
	} else {
		wait <<= d->discovery_failed;
		d->discovery_failed += d->discovery_failed < 8;
	}
	if (wait < WALK_SHARE * took.us)
		wait = WALK_SHARE * took.us;	/* while it is walked nothing else is asked */
	if (wait > hour)
		wait = hour + (int64_t)(random_u32() % 300) * 1000000;
	d->discovery_due = mono_add(now, span_us(wait));
}

/* Something that was there is denied: look soon what became of it. */
static void discovery_sooner(struct device *d, struct mono now)
{
	struct mono soon = mono_add(now, span_us(d->w->config->interval.us / 2));

	if (d->lacks && soon.us < d->discovery_due.us)
		d->discovery_due = soon;
	d->lacks = false;
}

void device_discovered(struct device *d, bool complete, bool news, bool unsure)
{
	struct mono now = clock_mono();

	if (d->part_size > d->part_count && d->part_count > 0)	/* no room for more than there are: there may be a million */
		d->part = must_realloc(d->part, (d->part_size = d->part_count) * sizeof(*d->part));

	learn_discovered(d, complete);
	d->marker_vain = d->changed && !news ? (uint8_t)(d->marker_vain + (d->marker_vain < UINT8_MAX)) : 0;
	discovery_next(d, now, complete, news && !markers_misnamed(d, now));	/* else names would come without end */
	d->no_uptime = d->no_uptime && !complete;
	if (complete && unsure && !markers_misnamed(d, now))
		d->discovery_due = mono_add(now, span_us(d->w->config->interval.us / 2));
	for (int k = 0; k < PLANS; k++)
		plan_release(&d->plan[k]);
	d->rebooted = d->changed = false;
	if (d->busy && (complete || d->part_count))
		plan_run(d, PLAN_FULL);
	device_round_end(d, now);
}

/* The plan is through: what it says about the device; true when the round goes on with another plan. */
static bool plan_over(struct device *d)
{
	bool probe = d->running == PLAN_PROBE;
	uint8_t before = d->fact.snmp;

	if (!d->snmp_answered && !probe && d->learn.suspect_names && round_may_go_on(d)) {
		plan_run(d, PLAN_PROBE);	/* is it the size of the question, or the agent? */
		return d->outstanding > 0;
	}
	if (!d->starved)
		d->trusted = d->snmp_answered;
	if (!d->snmp_answered) {
		d->learn.suspect_names = 0;
		if (!d->starved) {
			d->fact.snmp = ANSWER_NO;
			d->fact.why = fw_err_refuses(d->snmp_why) ? d->snmp_why : FW_OK;
		}
		return false;
	}
	d->fact.snmp = ANSWER_YES;
	d->fact.why = FW_OK;
	if (!round_may_go_on(d))
		return false;
	if (d->rebooted || d->changed) {
		if (!d->changed)
			d->marker_vain = 0;
		d->full = true;
		discovery_start(d);
		return d->outstanding > 0 || d->discovery != NULL;
	}
	if (d->shrunk || !learn_suspect(d))
		d->learn.suspect_names = 0;
	if (d->running == PLAN_FULL && learn_verify(d))
		return true;
	if (probe) {
		if (before == ANSWER_YES && !d->shrunk)
			return false;	/* it stood in for a plan that has nothing to ask */
		for (uint32_t i = 0; i < d->part_count; i++)
			d->part[i].dirty = d->part[i].watched;	/* main has them as unknown: tell it anew */
		d->full = true;
		d->shrunk = d->snmp_lost = false;
		round_snmp(d);
		return d->outstanding > 0 || d->discovery != NULL;
	}
	if ((d->shrunk || d->ask_else) && d->replan) {	/* again at once: in smaller packets, or what stands in for others */
		d->shrunk = d->ask_else = d->snmp_lost = false;
		round_snmp(d);
		return d->outstanding > 0 || d->discovery != NULL;
	}
	return false;
}

static void tell_fact(struct device *d)
{
	if (!d->force_fact && memcmp(&d->fact, &d->told, sizeof(d->fact)) == 0)
		return;
	d->fact_dirty = true;
	if (d->fact.icmp != ANSWER_YES && d->fact.snmp != ANSWER_YES)
		log_debug(LOG_POLL, "device '%s': does not answer", d->cfg->name);
	worker_levels_due(d);
}

static bool is_silent(const struct device *d) { return d->fact.icmp != ANSWER_YES && d->fact.snmp != ANSWER_YES; }

static void remember_fact(struct device *d, struct last_record *r, struct wall at)
{
	bool up = !is_silent(d);
	enum state s = up ? STATE_UP : d->has_address && !d->fact.why ? STATE_DOWN : STATE_UNKNOWN;

	if (up)
		r->seen_us = d->answered_at.us;
	if (r->state != s || r->since_us == 0) {
		r->state = (uint8_t)s;
		r->since_us = at.us;
	}
	r->value[LAST_D_ICMP] = d->fact.icmp;
	if (r->value[LAST_D_SNMP] != d->fact.snmp || r->value[LAST_D_SNMP_SINCE] == 0)
		r->value[LAST_D_SNMP_SINCE] = (uint64_t)at.us;
	r->value[LAST_D_SNMP] = d->fact.snmp;
	r->why[LAST_D_SNMP] = !d->has_address ? FW_RESOLVE : d->snmp_why;
}

static void remember_round(struct device *d, struct mono now, struct wall at)
{
	struct last_record *r = last_begin(d->w->last, d->record);
	struct span took = mono_since(now, d->round_began);

	r->asked_us = at.us;
	remember_fact(d, r, at);
	r->value[LAST_D_UPTIME] = d->uptime;
	r->value[LAST_D_UPTIME_AT] = d->uptime_known ? (uint64_t)d->uptime_at.us : 0;
	r->value[LAST_D_MARKER] = d->marker;
	if (d->full) {
		r->ask_count++;
		r->miss_count += is_silent(d);
		r->value[LAST_D_SPAN_US] = (uint64_t)took.us;
		r->value[LAST_D_REQUESTS] = d->plan[PLAN_FULL].count;
	}
	last_end(d->w->last, d->record);
	if (d->full && took.us > d->w->n.cycle_worst.us)
		d->w->n.cycle_worst = took;
}

/* Its tables are walked for longer than an interval: that it answers is told meanwhile, of its parts nothing. */
static void tell_walked(struct device *d, struct mono now)
{
	if (d->discovery == NULL || d->fact.snmp != ANSWER_YES || now.us < d->cycle_due.us)
		return;
	remember_fact(d, last_begin(d->w->last, d->record), worker_wall(d->w, now));
	last_end(d->w->last, d->record);
	tell_fact(d);
}

void device_round_end(struct device *d, struct mono now)
{
	struct wall at = worker_wall(d->w, now);

	if (!d->busy || d->train != NULL || d->outstanding > 0 || d->discovery != NULL || d->learn.verifying)
		return;
	if (asks_snmp(d) && d->has_address && d->next_packet >= d->plan[d->running].count && plan_over(d))
		return;
	if (!d->busy)
		return;		/* what plan_over() began has ended it */
	if (is_silent(d) && !d->skipped && device_other_address(d)) {
		round_ask(d);
		return;
	}
	d->busy = false;
	wheel_stop(d->w->wheel, &d->sounding);
	device_quiet_end(d, now);
	if (d->full) {
		learn_round(d);
		echo_row(d, at);
		d->w->n.cycles++;
		d->w->n.last_cycle_end = now;
	}
	remember_round(d, now, at);
	discovery_sooner(d, now);
	d->silent_rounds = is_silent(d) ? d->silent_rounds + 1 : 0;
	d->polled = true;
	if (d->levels_wait)
		worker_levels_due(d);
	if (!device_asked_again(d, now))
		tell_fact(d);
	if (!d->once_done && d->w->setup.once) {
		d->once_done = true;
		worker_round_done(d->w);
	}
}

/* ---- ticks ------------------------------------------------------------------------------------------------------- */

static void next_tick(struct device *d, struct mono now)
{
	struct span step = d->w->config->status_interval;

	while (d->next_tick.us <= now.us)	/* not after a round out of turn */
		d->next_tick = mono_add(d->next_tick, step);
	wheel_set(d->w->wheel, &d->tick, d->next_tick);
}

/* Ask the address there is now: an echo, and what SNMP has to say. */
static void round_ask(struct device *d)
{
	unsigned echoes = d->w->setup.once ? ONCE_ECHOES : 1;

	d->snmp_answered = d->snmp_lost = d->train_again = d->shrunk = d->starved = d->skipped = false;
	d->learn.sounded = d->learn.alive = false;
	if (!d->cfg->ping || !echo_start(d, echoes, span_ms(ECHO_GAP_MS)))
		d->fact.icmp = ANSWER_NOT_ASKED;
	if (asks_snmp(d))
		round_snmp(d);
	else
		d->fact.snmp = ANSWER_NOT_ASKED, d->fact.why = FW_OK;
	device_round_end(d, clock_mono());
}

void device_begin(struct device *d, struct mono now)
{
	d->busy = true;
	d->round_began = now;
	d->full = now.us >= d->cycle_due.us;
	while (d->cycle_due.us <= now.us)
		d->cycle_due = mono_add(d->cycle_due, d->w->config->interval);
	if (d->full)
		adapt_round(d);
	d->outstanding = 0;
	d->other_tried = 0;
	d->plans_run = d->full_plans = 0;
	if (!d->cfg->literal && (!d->has_address || (d->silent_rounds > 5 && d->full)))
		device_resolve(d);	/* it may have moved */
	device_address_follow(d);
	if (d->has_address) {
		round_ask(d);
		return;
	}
	/* nothing was sent: nobody is silent */
	d->fact = (struct device_fact){ .icmp = ANSWER_NOT_ASKED, .snmp = ANSWER_NOT_ASKED };
	device_round_end(d, now);
}

static void late(struct device *d, struct mono now)
{
	struct last_record *r;

	if (now.us < d->cycle_due.us || now.us < d->late_due.us)
		return;		/* each interval once, however often it is looked */
	d->late_due = mono_add(d->late_due.us > d->cycle_due.us ? d->late_due : d->cycle_due, d->w->config->interval);
	r = last_begin(d->w->last, d->record);
	r->value[LAST_D_LATE]++;
	last_end(d->w->last, d->record);
	d->w->n.late++;
}

static void tick(struct timer *t, struct mono now)
{
	struct device *d = timer_owner(t, struct device, tick);
	bool once = d->w->setup.once;

	if (d->busy)
		discovery_give_up(d, now);
	if (d->busy && !once) {
		late(d, now);
		tell_walked(d, now);
		device_round_cut(d, now);
	}
	if (once && !d->busy && d->resolving && !d->has_address)
		d->waiting = true;	/* its only round waits for its name */
	else if (!d->busy && !(once && d->once_done) && !device_paused(d, now))
		device_begin(d, now);
	if (!once)
		next_tick(d, now);
	else if (d->busy)
		wheel_set(d->w->wheel, &d->tick, mono_add(now, span_s(1)));	/* only to see whether it is stuck */
}

void device_poll_now(struct device *d)
{
	struct mono now = clock_mono();

	d->polled_at = (struct mono){ 0 };	/* out of turn: says nothing of how regular polls are */
	if (!d->busy)
		d->cycle_due = mono_since(d->cycle_due, now).us > 0 ? now : d->cycle_due;
	device_ask(d, now, 1);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void peer_take(struct device *d)
{
	const struct cfg_credentials *c;

	snmp_agent_free(d->w->snmp, d->peer.v3);
	memset(&d->peer, 0, sizeof(d->peer));
	d->peer.timeout = d->cfg->timeout;
	d->peer.retries = d->cfg->retries;
	d->peer.gap = span_us(d->cfg->request_rate ? 1000000 / d->cfg->request_rate : 0);
	d->peer.path = &d->path;
	d->path = (struct snmp_path){ 0 };
	d->quiet = (struct backoff){ 0 };
	d->strays = 0;
	d->paused_until = d->polled_at = (struct mono){ 0 };
	d->peer.any_source = d->cfg->any_source;
	if (asks_snmp(d)) {
		c = &d->w->config->credentials[d->cfg->credentials];
		d->peer.version = (uint8_t)c->version;
		text_copy(d->peer.community, sizeof(d->peer.community), c->community);
		if (c->version == SNMP_V3)
			d->peer.v3 = snmp_agent_new(d->w->snmp, c->keys, c->context);
	}
	device_address_take(d);
}

/* Equal keys of the new snapshot: those of the old one go with it. */
static void peer_same(struct device *d)
{
	const struct cfg_credentials *c = d->w->config->credentials;

	if (d->peer.v3)
		snmp_agent_same(d->peer.v3, c[d->cfg->credentials].keys, c[d->cfg->credentials].context);
}

/* The first tick: at once in one round, else where the name's hash puts it in the interval. */
static void schedule(struct device *d, struct mono now)
{
	struct span interval = d->w->config->interval, step = d->w->config->status_interval;
	uint64_t h = hash_stable(d->cfg->name, strlen(d->cfg->name)) >> 8;
	struct span spread = span_us((int64_t)(h % (d->w->setup.once ? UINT64_C(1000000) : (uint64_t)step.us)));
	uint64_t rounds = (uint64_t)(interval.us / step.us ? interval.us / step.us : 1);	/* from one full one to the next */

	if (d->w->setup.once && d->w->device_count < 1000)
		spread = span_ms((int64_t)(h % 100));
	d->next_tick = mono_add(now, spread);
	d->cycle_due = d->next_tick;	/* the first round is a full one; those after it lie on the grid */
	wheel_set(d->w->wheel, &d->tick, d->next_tick);
	if (!d->w->setup.once)
		d->cycle_due = mono_add(d->next_tick, span_us(-(int64_t)(h % rounds) * step.us));
}

/* A device that was walked less than an hour ago by these definitions need not be at every start, nor by every
 * cron job. */
static struct mono discovery_after_start(struct worker *w, const struct last_record *r)
{
	struct mono now = clock_mono();
	int64_t age = worker_wall(w, now).us - (int64_t)r->value[LAST_D_DISCOVERED_AT], hour = 3600 * INT64_C(1000000);

	return age >= 0 && age < hour ? mono_add(now, span_us(hour - age)) : (struct mono){ 0 };
}

struct device *device_new(struct worker *w, const struct cfg_device *cfg)
{
	struct device *d = must_alloc(sizeof(*d));
	const struct last_record *r;

	*d = (struct device){ .kind = KIND_DEVICE, .w = w, .cfg = cfg, .tick.fire = tick, .sounding.fire = learn_sound, .pack = PACK_DEFAULT,
			      .bulk = BULK_DEFAULT, .calm = 16 };
	d->record = last_add(w->last, cfg->name, "", "");
	if (d->record == LAST_NONE) {
		free(d);
		return NULL;
	}
	r = last_at(w->last, d->record);
	learn_begin(d);
	if (r->signature == w->mib_hash) {	/* else tables have other numbers: what was found is found again */
		d->marker = r->value[LAST_D_MARKER];
		d->vouched = r->value[LAST_D_VOUCHED];
		d->trusted = r->value[LAST_D_SNMP] == ANSWER_YES;
		d->discovery_due = discovery_after_start(w, r);
	}
	d->uptime = r->value[LAST_D_UPTIME];
	d->uptime_at.us = (int64_t)r->value[LAST_D_UPTIME_AT];
	d->uptime_known = d->uptime_at.us != 0;
	d->force_fact = true;
	peer_take(d);
	schedule(d, clock_mono());
	return d;
}

static void cancel(struct device *d)
{
	wheel_stop(d->w->wheel, &d->tick);
	wheel_stop(d->w->wheel, &d->sounding);
	if (d->train)
		icmp_cancel(d->train);
	d->train = NULL;
	device_resolve_cancel(d);
	discovery_cancel(d);
	learn_cancel(d);
	for (int k = 0; k < PLANS; k++) {
		for (uint32_t i = 0; i < d->plan[k].count; i++) {
			if (d->plan[k].packet[i].ask)
				snmp_cancel(d->w->snmp, d->plan[k].packet[i].ask);
			d->plan[k].packet[i].ask = NULL;
		}
		plan_release(&d->plan[k]);
	}
	d->outstanding = 0;
	d->busy = false;
}

static void parts_free(struct device *d)
{
	for (uint32_t i = 0; i < d->part_count; i++)
		free(d->part[i].delta);
	free(d->part);
	d->part = NULL;
	d->part_count = d->part_size = 0;
}

void device_free(struct device *d)
{
	if (d == NULL)
		return;
	cancel(d);
	worker_levels_forget(d);
	parts_free(d);
	snmp_agent_free(d->w->snmp, d->peer.v3);
	free(d->other);
	free(d);
}

void device_parts_stop(struct device *d)
{
	cancel(d);
	schedule(d, clock_mono());
	if (!d->has_address)
		device_resolve(d);
}

void device_config(struct device *d, const struct cfg_device *cfg, bool changed)
{
	d->cfg = cfg;
	if (!changed) {
		peer_same(d);
		return;
	}
	cancel(d);
	parts_free(d);
	d->discovery_due = (struct mono){ 0 };
	d->discovery_failed = d->marker_vain = 0;
	d->no_uptime = d->replan = d->changed = d->trusted = false;
	d->force_fact = true;
	if (!asks_snmp(d))
		d->fact.snmp = ANSWER_NOT_ASKED, d->fact.why = FW_OK;
	parts_from_last(d);
	peer_take(d);
	schedule(d, clock_mono());
}

void device_watch_again(struct device *d)
{
	char instance[LAST_INSTANCE_MAX + 1], name[MODEL_NAME_MAX];

	for (uint32_t i = 0; i < d->part_count; i++) {
		struct part *p = &d->part[i];
		bool before = p->watched, weighed = p->weighed;

		last_text_get(last_at(d->w->last, p->record), LAST_T_INSTANCE, instance, sizeof(instance));
		part_name(d, p, name, sizeof(name));
		p->watched = worker_is_watched(d->w, d, part_table(d, p), name, instance);
		p->weighed = worker_weighs(d->w, name);
		d->replan = d->replan || p->watched != before || p->weighed != weighed;
		if (!p->watched || before)
			continue;
		p->dirty = true;
		worker_levels_due(d);
	}
}
