/* poller/checks.c: programs that are run: when, and what their answer means.
 *
 * Exit status 0 up, 1 degraded, 2 down, 3 unknown; a check that does not end in time or cannot be started is unknown, with the
 * reason in words. How long it took, its status and its performance data go into RRD.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/worker-int.h"

struct check {
	enum kind kind;
	struct worker *w;
	const struct cfg_check *cfg;
	uint32_t record;
	struct timer tick;
	struct mono next_tick;
	struct check_job *job;
	struct store_layout layout;
	struct wall since_after;
	bool dirty, once_done;
};

const char *check_name(const struct check *c) { return c->cfg->name; }
uint64_t check_fingerprint(const struct check *c) { return c->cfg->fingerprint; }

bool check_once(struct check *c, bool wanted)
{
	c->once_done = !wanted;
	return wanted;
}

static const char *device_name(const struct check *c)
{
	return c->cfg->device == CONFIG_NONE ? c->cfg->name : c->w->config->device[c->cfg->device].name;
}

static enum state state_of(const struct check_result *r)
{
	static const enum state by_status[] = { STATE_UP, STATE_DEGRADED, STATE_DOWN, STATE_UNKNOWN };

	return r->err == FW_OK && r->status >= 0 && r->status <= 3 ? by_status[r->status] : STATE_UNKNOWN;
}

static bool has_ds(const struct store_layout *l, const char *name)
{
	for (uint32_t i = 0; i < l->ds_count; i++)
		if (strcmp(l->ds[i].name, name) == 0)
			return true;
	return false;
}

/* Columns the layout does not have yet are added; those a run leaves out stay, unknown for that time. */
static void layout_extend(struct check *c, const struct check_result *r)
{
	struct store_layout *l = &c->layout;

	for (unsigned i = 0; i < r->perf_count && l->ds_count < STORE_DS_MAX; i++) {
		struct store_ds *ds = &l->ds[l->ds_count];

		if (has_ds(l, r->perf[i].ds))
			continue;
		memset(ds, 0, sizeof(*ds));
		text_copy(ds->name, sizeof(ds->name), r->perf[i].ds);
		text_copy(ds->unit, sizeof(ds->unit), r->perf[i].unit);
		l->ds_count++;
	}
}

static void check_row(struct check *c, const struct check_result *r, struct wall at)
{
	struct store_row row = { .at = { at.us - at.us % 1000000 }, .known = 3 };
	char name[MODEL_NAME_MAX];

	if (last_at(c->w->last, c->record)->asked_us / 1000000 == at.us / 1000000)
		return;		/* asked twice in a second: RRD has one row of it */
	layout_extend(c, r);
	row.value[0].gauge = r->status > 3 ? 3 : r->status;
	row.value[1].gauge = span_as_s(r->took);
	for (unsigned i = 0; i < r->perf_count; i++)
		for (uint32_t d = 2; d < c->layout.ds_count; d++)
			if (strcmp(c->layout.ds[d].name, r->perf[i].ds) == 0 && !isnan(r->perf[i].value)) {
				row.value[d].gauge = r->perf[i].value;
				row.known |= 1u << d;
			}
	text_copy(name, sizeof(name), c->cfg->name);
	worker_row(c->w, device_name(c), name, &c->layout, &row);
}

static void remember(struct check *c, const struct check_result *r, struct wall at)
{
	struct last_record *w = last_begin(c->w->last, c->record);
	enum state s = state_of(r);
	char text[96], old[REASON_MAX];

	last_text_get(w, LAST_T_REASON, old, sizeof(old));
	if (w->since_us == 0 || w->state != s || !(w->flags & LAST_F_SEEN)) {
		w->transitions += w->since_us != 0;
		c->since_after.us = w->seen_us && at.us - w->seen_us > 3 * c->cfg->every.us ? w->seen_us : 0;
		w->since_us = w->state == s && w->since_us ? w->since_us : at.us;
		c->dirty = true;
	}
	c->dirty = c->dirty || (s != STATE_UP && strncmp(old, r->text, sizeof(old) - 1) != 0);
	w->state = (uint8_t)s;
	w->seen_us = w->asked_us = at.us;
	w->flags |= LAST_F_SEEN;
	w->ask_count++;
	w->value[0] = (uint64_t)(r->status > 3 ? 3 : r->status);
	w->value[1] = (uint64_t)r->took.us;
	w->known = 3;
	last_text_set(w, LAST_T_REASON, r->text, strlen(r->text) < 200 ? strlen(r->text) : 200);
	for (unsigned i = 0; i < r->perf_count; i++) {
		int n = snprintf(text, sizeof(text), "%s=%g%s", r->perf[i].label, r->perf[i].value, r->perf[i].unit);

		last_text_set(w, (uint8_t)i, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	}
	last_end(c->w->last, c->record);
}

static void done(void *owner, const struct check_result *r)
{
	struct check *c = owner;
	struct wall at = worker_wall(c->w, r->at);

	c->job = NULL;
	check_row(c, r, at);
	remember(c, r, at);
	if (!check_level_flush(c))
		c->w->checks_due = true;
	if (c->w->setup.once && !c->once_done) {
		c->once_done = true;
		worker_round_done(c->w);
	}
}

static void start(struct check *c)
{
	if (c->job != NULL) {
		c->w->n.late++;
		return;
	}
	c->job = check_start(c->w->runner, c->cfg->argv, c->cfg->timeout, done, c);
	if (c->job == NULL) {
		struct check_result r = { .err = FW_FULL, .status = 3, .at = clock_mono() };

		snprintf(r.text, sizeof(r.text), "could not be started: %s", fw_err_text(FW_FULL));
		done(c, &r);
	}
}

static void tick(struct timer *t, struct mono now)
{
	struct check *c = timer_owner(t, struct check, tick);

	if (!c->once_done)
		start(c);
	if (c->w->setup.once)
		return;
	do {
		c->next_tick = mono_add(c->next_tick, c->cfg->every);
	} while (c->next_tick.us <= now.us);
	wheel_set(c->w->wheel, &c->tick, c->next_tick);
}

void check_poll_now(struct check *c)
{
	if (c->job == NULL)
		start(c);
}

static void layout_begin(struct check *c)
{
	static const struct { const char *name, *unit; } fixed[] = { { "status", "" }, { "took", "s" } };

	text_copy(c->layout.name, sizeof(c->layout.name), "check");
	c->layout.step_s = (uint32_t)(c->cfg->every.us / 1000000 ? c->cfg->every.us / 1000000 : 1);
	for (int i = 0; i < 2; i++) {
		text_copy(c->layout.ds[i].name, sizeof(c->layout.ds[i].name), fixed[i].name);
		text_copy(c->layout.ds[i].unit, sizeof(c->layout.ds[i].unit), fixed[i].unit);
	}
	c->layout.ds_count = 2;
}

struct check *check_new(struct worker *w, const struct cfg_check *cfg)
{
	struct check *c = must_alloc(sizeof(*c));
	const char *base = strrchr(cfg->name, '/');
	uint64_t h = hash_stable(cfg->name, strlen(cfg->name)) >> 8;
	struct span spread = w->setup.once ? span_ms((int64_t)(h % 100)) : span_us((int64_t)(h % (uint64_t)cfg->every.us));

	*c = (struct check){ .kind = KIND_CHECK, .w = w, .cfg = cfg, .tick.fire = tick };
	if (!w->setup.once && spread.us > w->config->status_interval.us)
		spread.us %= w->config->status_interval.us;	/* after a start everything is known soon */
	c->record = last_add(w->last, device_name(c), "check", base ? base + 1 : cfg->name);
	if (c->record == LAST_NONE) {
		free(c);
		return NULL;
	}
	layout_begin(c);
	c->dirty = true;	/* ... once it has run: see check_level_flush */
	last_begin(w->last, c->record)->flags &= (uint8_t)~LAST_F_SEEN;
	last_end(w->last, c->record);
	c->next_tick = mono_add(clock_mono(), spread);
	wheel_set(w->wheel, &c->tick, c->next_tick);
	return c;
}

/* The words of a running program belong to the old snapshot: run it again with the new ones. */
void check_config(struct check *c, const struct cfg_check *cfg)
{
	bool ran = c->job != NULL;

	if (ran)
		check_cancel(c->job);
	c->job = NULL;
	c->cfg = cfg;
	if (ran)
		start(c);
}

void check_free(struct check *c)
{
	if (c == NULL)
		return;
	wheel_stop(c->w->wheel, &c->tick);
	if (c->job)
		check_cancel(c->job);
	free(c);
}

void check_tell_again(struct check *c) { c->dirty = true; }

bool check_level_flush(struct check *c)
{
	const struct last_record *r = last_at(c->w->last, c->record);
	struct msg_level *m;

	if (!c->dirty || !(r->flags & LAST_F_SEEN))
		return true;
	m = msg_new(MSG_LEVEL, sizeof(*m));
	m->state = r->state;
	m->since.us = r->since_us;
	m->since_after = c->since_after;
	m->at.us = r->seen_us;
	last_text_get(r, LAST_T_REASON, m->reason, sizeof(m->reason));
	text_copy(m->name, sizeof(m->name), c->cfg->name);
	if (!worker_post_main(c->w, &m->m))
		return false;
	c->dirty = false;
	return true;
}
