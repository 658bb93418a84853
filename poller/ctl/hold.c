/* poller/ctl/hold.c: whose silence is it? A device that falls silent is not blamed before that is known.
 *
 * Its parents are asked first (it may be they that are gone), and so are a few others: if nobody at all answers after it
 * fell silent, it may be the poller itself that is cut off. The silence is taken when its parents were heard of and somebody
 * has answered since; when every device is silent, all silences are taken together, so that the model sees a blind poller
 * and nobody is blamed; and after a status interval and the device's time-outs in any case, together as well: three times as
 * late when nobody at all has answered, since then the last may be about to fall silent too.
 * An answer that comes meanwhile ends it: nothing happened.
 *
 * So too the other way: a device that answers again, while devices behind it were cut off by it, is held back until those have
 * been asked. Else they would be blamed for the moment until they are.
 *
 * When a blind poller sees again, all devices are asked at once, whatever their turn, and what they say is kept aside until all
 * have spoken, or had the time to; then it is taken together, so that those that come late are not down for a moment. As long as
 * one after the other speaks for the first time (a busy machine, a large network) there is more time, within bounds.
 */
#include <stdlib.h>

#include "poller/ctl/daemon-int.h"

enum { WITNESSES = 2, WITNESS_PAUSE_MS = 200, ASIDE_MOST = 200000, BLIND_BUDGETS = 3, ASK_US = 500, ASIDE_TIMES = 4 };

/* ---- the list: at most one of each device ---------------------------------------------------------------------------- */

void hold_prepare(struct daemon *d)
{
	const struct config *c = d->config;
	uint32_t n = c->device_count, sum = 0;

	hold_free(d);
	d->reach = reach_new(n, d->worker_count);
	d->held = must_alloc((n + 1) * sizeof(*d->held));
	d->held_at = must_alloc((n + 1) * sizeof(*d->held_at));
	d->child_at = must_alloc((n + 2) * sizeof(*d->child_at));
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < c->device[i].parent_count; j++)
			d->child_at[c->device[i].parents[j].index]++;
	for (uint32_t i = 0; i <= n; i++) {
		sum += d->child_at[i];
		d->child_at[i] = sum;	/* where they end; filled from behind */
	}
	d->child = must_alloc((sum + 1) * sizeof(*d->child));
	for (uint32_t i = n; i-- > 0;)
		for (uint32_t j = c->device[i].parent_count; j-- > 0;)
			d->child[--d->child_at[c->device[i].parents[j].index]] = i;
}

void hold_free(struct daemon *d)
{
	free(d->held);
	free(d->held_at);
	free(d->child_at);
	free(d->child);
	reach_free(d->reach);
	d->reach = NULL;
	d->held = NULL;
	d->held_count = 0;
}

static bool is_held(const struct daemon *d, uint32_t device) { return d->held_at[device] != 0; }

static void put(struct daemon *d, struct held h)
{
	d->held[d->held_count++] = h;
	d->held_at[h.device] = d->held_count;
}

static struct held drop(struct daemon *d, uint32_t i)
{
	struct held h = d->held[i];

	d->held_at[h.device] = 0;
	d->held[i] = d->held[--d->held_count];
	if (i < d->held_count)
		d->held_at[d->held[i].device] = i + 1;
	return h;
}

/* ---- asking ---------------------------------------------------------------------------------------------------------------- */

/* Ask a few that answered last, another few each time. */
static void ask_witnesses(struct daemon *d, struct mono now)
{
	uint32_t asked = 0, n = d->config->device_count;

	if (mono_since(now, d->witness_at).us < span_ms(WITNESS_PAUSE_MS).us)
		return;
	d->witness_at = now;
	for (uint32_t tries = 0; tries < 64 && tries < n && asked < WITNESSES; tries++) {
		uint32_t i = d->witness_next++ % n;
		const struct entity *e = model_find(d->model, d->config->device[i].name);

		if (e == NULL || e->state != STATE_UP || is_held(d, i))
			continue;
		reach_ask(d, i);
		asked++;
	}
}

/* Silent and unknown: a parent's silence is why. */
static bool is_cut_off(struct daemon *d, uint32_t device)
{
	const struct entity *e = model_find(d->model, d->config->device[device].name);

	return e != NULL && e->seen && e->state == STATE_UNKNOWN && fact_silent(e->fact);
}

/* Ask those behind a device that answers again; false when there are none that it cut off. */
static bool ask_children(struct daemon *d, uint32_t device)
{
	bool any = false;

	for (uint32_t i = d->child_at[device]; i < d->child_at[device + 1]; i++)
		if (is_cut_off(d, d->child[i])) {
			reach_ask(d, d->child[i]);
			any = true;
		}
	return any;
}

/* How long a device may take to be asked in its turn and to be found silent. */
static struct span budget_of(const struct daemon *d, const struct cfg_device *c)
{
	return span_us(c->timeout.us * 8 + d->config->status_interval.us);
}

bool hold_begin(struct daemon *d, uint32_t device, struct device_fact f, struct wall at)
{
	const struct cfg_device *c = &d->config->device[device];
	const struct entity *e = model_find(d->model, c->name);
	struct mono now = clock_mono();
	struct span budget = budget_of(d, c);

	if (e == NULL || !e->seen || !d->judging || d->options->once || is_held(d, device) || d->config->device_count < 2)
		return false;
	if (!fact_silent(f)) {
		if (d->replaying || !fact_silent(e->fact) || !ask_children(d, device))
			return false;
		put(d, (struct held){ device, f, at, now, mono_add(now, budget) });
		return true;
	}
	if (e->state != STATE_UP)
		return false;
	put(d, (struct held){ device, f, at, now, mono_add(now, budget) });
	for (uint32_t i = 0; i < c->parent_count; i++)
		reach_ask(d, c->parents[i].index);
	ask_witnesses(d, now);
	return true;
}

void hold_end(struct daemon *d, uint32_t device)
{
	if (is_held(d, device))
		drop(d, d->held_at[device] - 1);
}

/* All that it cut off has spoken since, and is not held back for those behind it in turn. */
static bool children_heard(struct daemon *d, const struct held *h)
{
	for (uint32_t i = d->child_at[h->device]; i < d->child_at[h->device + 1]; i++) {
		uint32_t c = d->child[i];

		if (is_cut_off(d, c) && (d->fact_at[c].us < h->began.us || is_held(d, c)))
			return false;
	}
	return true;
}

/* All its parents have spoken since, and the silence of none is held back in turn: they come first. */
static bool parents_heard(const struct daemon *d, const struct held *h)
{
	const struct cfg_device *c = &d->config->device[h->device];

	for (uint32_t i = 0; i < c->parent_count; i++)
		if (d->fact_at[c->parents[i].index].us < h->began.us || is_held(d, c->parents[i].index))
			return false;
	return true;
}

static void take(struct daemon *d, struct held h)
{
	intake_fact(d, h.device, h.fact, h.at);
}

void hold_release(struct daemon *d)
{
	while (d->held_count > 0)
		take(d, drop(d, d->held_count - 1));
}

/* Has it been held back for as long as can be? */
static bool overdue(const struct held *h, bool someone, struct mono now)
{
	int64_t budget = mono_since(h->deadline, h->began).us;

	return now.us >= h->deadline.us + (someone ? 0 : (BLIND_BUDGETS - 1) * budget);
}

/* Is every device silent, held back or known? */
static bool nobody_left(struct daemon *d)
{
	for (uint32_t i = 0; i < d->config->device_count; i++) {
		const struct entity *e = model_find(d->model, d->config->device[i].name);

		if (is_held(d, i) ? !fact_silent(d->held[d->held_at[i] - 1].fact) : e != NULL && e->seen && !fact_silent(e->fact))
			return false;
	}
	return true;
}

void hold_check(struct daemon *d, struct mono now)
{
	bool late = false, answered = false;

	for (uint32_t i = d->held_count; i-- > 0;) {
		struct held h = d->held[i];
		bool someone = d->answer_at.us > h.began.us;

		if (!fact_silent(h.fact)) {
			if (now.us >= h.deadline.us || children_heard(d, &h))
				take(d, drop(d, i));
			answered = true;
			continue;
		}
		late |= overdue(&h, someone, now);
		answered |= someone;
		if (someone && parents_heard(d, &h))
			take(d, drop(d, i));
	}
	if (d->held_count == 0)
		return;
	if (late || (!answered && mono_since(now, d->nobody_at).us > span_s(1).us)) {
		d->nobody_at = now;	/* looking at all devices costs: once a second */
		if (late || nobody_left(d))
			hold_release(d);
	}
	if (d->held_count > 0 && !answered)
		ask_witnesses(d, now);
}

/* ---- seeing again -------------------------------------------------------------------------------------------------- */

static void aside_replay(struct daemon *d)
{
	struct msg *m;

	d->aside_until = (struct mono){ 0 };
	d->replaying = true;	/* all of it is judged at once */
	while ((m = d->aside) != NULL) {
		d->aside = m->next;
		m->next = NULL;
		intake_take(d, m);
		free(m);
	}
	d->replaying = false;
	d->aside_count = 0;
}

static bool answers(const struct msg *m)
{
	const struct msg_fact *f = (const struct msg_fact *)m;

	return m->kind == MSG_FACT && !fact_silent(f->fact);
}

/* Everybody is asked, and has the time that the most patient of them needs. */
static void aside_begin(struct daemon *d, struct mono now)
{
	const struct config *c = d->config;
	int64_t longest = c->status_interval.us * 2 + 1000000, spread = (int64_t)c->device_count * ASK_US;

	for (uint32_t i = 0; i < c->device_count; i++) {
		int64_t budget = budget_of(d, &c->device[i]).us + spread;

		longest = budget > longest ? budget : longest;
		reach_ask(d, i);
	}
	d->aside_since = now;
	d->aside_until = mono_add(now, span_us(longest));
	d->aside_most = mono_add(now, span_us(longest * ASIDE_TIMES));
	d->aside_tail = &d->aside;
}

/* A device that had said nothing since then does: the others are on their way. */
static void aside_heard(struct daemon *d, uint32_t device, struct mono now)
{
	struct mono until = mono_add(now, budget_of(d, &d->config->device[device]));

	if (d->fact_at[device].us < d->aside_since.us && until.us > d->aside_until.us)
		d->aside_until = until.us < d->aside_most.us ? until : d->aside_most;
	d->fact_at[device] = now;
}

/* Have all devices said something since they are kept aside? */
static bool all_said(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->config->device_count; i++)
		if (d->fact_at[i].us < d->aside_since.us)
			return false;
	return true;
}

bool hold_aside(struct daemon *d, struct msg *m)
{
	const struct msg_fact *f = (const struct msg_fact *)m;
	const struct ref *r;
	struct mono now;

	if (m->kind != MSG_FACT && m->kind != MSG_LEVEL)
		return false;
	if (d->aside_until.us == 0 && !(answers(m) && d->judging && !d->options->once && model_blind(d->model)))
		return false;
	now = clock_mono();
	if (d->aside_until.us == 0)
		aside_begin(d, now);
	r = m->kind == MSG_FACT ? config_find(d->config, f->device) : NULL;
	if (r != NULL && r->kind == REF_DEVICE)
		aside_heard(d, r->index, now);
	m->next = NULL;
	*d->aside_tail = m;
	d->aside_tail = &m->next;
	if (++d->aside_count == ASIDE_MOST)
		aside_replay(d);	/* bounded: a very large network is taken as it comes */
	return true;
}

void hold_aside_check(struct daemon *d, struct mono now)
{
	if (d->aside_until.us && (now.us >= d->aside_until.us || all_said(d)))
		aside_replay(d);
}

void hold_aside_drop(struct daemon *d)
{
	d->aside_until = (struct mono){ 0 };
	while (d->aside != NULL) {
		struct msg *m = d->aside;

		d->aside = m->next;
		free(m);
	}
	d->aside_count = 0;
}
