/* poller/ctl/view.c: the table of views, what is known without a daemon, and JSON pieces that views share. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/hash.h"
#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

const struct view_call view_calls[] = {
	{ "status", view_status, false },
	{ "risk", view_risk, false },
	{ "explain", view_explain, false },
	{ "whatif", view_whatif, false },
	{ "show", view_show, false },
	{ "events", view_events, false },
	{ "components", view_components, false },
	{ "debug", view_debug, false },
	{ "windows", view_windows, false },
	{ "maintain", view_maintain, true },
	{ "accepted", view_accepted, false },
	{ "accept", view_accept, true },
	{ "set", view_set, true },
	{ "forget", view_forget, true },
	{ NULL, NULL, false },
};

const struct view_call *view_find(const char *name)
{
	for (const struct view_call *c = view_calls; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

void view_who(const struct view *v, char *buf, size_t size)
{
	struct passwd pw, *found = NULL;
	char space[2048];

	if (v->who[0])
		snprintf(buf, size, "%s", v->who);
	else if (getpwuid_r(getuid(), &pw, space, sizeof(space), &found) == 0 && found)
		snprintf(buf, size, "%s", pw.pw_name);
	else
		snprintf(buf, size, "uid %u", (unsigned)getuid());
}

static void judged(void *owner, const struct alert *a)
{
	(void)owner;
	(void)a;
}

struct alert_book *view_book(struct view *v)
{
	if (v->live || v->present)
		return v->live ? v->book : v->present;
	v->present = alert_book_new(1);
	alert_book_maintenance(v->present, v->maintenance);
	for (size_t i = 0; i < alert_book_acceptances(v->book); i++)
		alert_book_accept(v->present, acceptance_copy(alert_book_acceptance_at(v->book, i)));
	for (size_t i = 0; i < alert_book_count(v->book); i++)
		alert_book_restore(v->present, alert_book_at(v->book, i));
	alert_book_judge(v->present, v->model, v->now, judged, NULL);
	return v->present;
}

const struct alert *view_alert(struct view *v, const char *key)
{
	struct alert_book *b = view_book(v);

	for (size_t i = 0; i < alert_book_count(b); i++)
		if (strcmp(alert_book_at(b, i)->key, key) == 0)
			return alert_book_at(b, i);
	return NULL;
}

/* ---- JSON pieces ------------------------------------------------------------------------------------------------------ */

json_t *json_time(struct wall t)
{
	char buf[48];

	return t.us ? json_string(wall_format_utc(t, buf, sizeof(buf))) : json_null();
}

json_t *json_count(uint64_t n)
{
	char buf[24];

	if (n <= UINT64_C(1) << 53)
		return json_integer((json_int_t)n);
	snprintf(buf, sizeof(buf), "%llu", (unsigned long long)n);
	return json_string(buf);
}

json_t *json_lose(const struct verdict *v)
{
	uint32_t n = verdict_can_lose(v);

	if (n == LOSE_NEVER)
		return json_null();
	return json_integer(n == LOSE_DOWN ? -1 : (json_int_t)n);
}

const char *json_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

json_t *view_answer(struct view *v, const struct view_call *call, const json_t *args, struct err *err)
{
	json_t *answer = json_pack("{s:i,s:b,s:o}", "version", 1, "live", v->live, "at", json_time(v->now));
	json_t *items = call->view(v, args, answer, err);

	if (items == NULL) {
		json_decref(answer);
		return NULL;
	}
	json_object_set_new(answer, "items", items);
	return answer;
}

/* ---- what is known without a daemon --------------------------------------------------------------------------------------- */

struct opening { struct view *v; bool stale, grown; char ago[48]; };	/* grown: by parts that discovery found */

static bool open_part(void *owner, const char *name)
{
	struct opening *o = owner;

	o->grown |= model_part_add(o->v->model, name);
	return true;
}

/* Yesterday's "up" is not today's: what was polled before the last three intervals is unknown. */
static void open_stale(struct opening *o, const struct ledger_state *s, const struct ref *r)
{
	struct level l = { .name = s->name, .state = STATE_UNKNOWN, .reason = o->ago, .at = o->v->polled_at };

	if (r != NULL && r->kind == REF_DEVICE)
		model_device_unknown(o->v->model, r->index, o->ago, o->v->polled_at);
	else
		model_set(o->v->model, &l);
}

static bool open_state(void *owner, const struct ledger_state *s)
{
	struct opening *o = owner;
	struct view *v = o->v;
	const struct ref *r = config_find(v->config, s->name);
	struct level l = { .name = s->name, .state = s->state, .admin = s->admin, .gone = s->gone, .reason = s->reason,
			   .since = s->since, .since_after = s->since_after, .at = s->seen };
	struct entity *e;

	if (r != NULL && r->kind == REF_COMPONENT) {
		if (s->until.us && s->until.us <= v->now.us)
			return true;
		model_set(v->model, &l);
	} else if (o->stale) {
		open_stale(o, s, r);
	} else if (r != NULL && r->kind == REF_DEVICE) {
		model_device_fact(v->model, r->index, (struct device_fact){ .icmp = s->icmp, .snmp = s->snmp, .why = s->why }, s->seen);
		e = model_find(v->model, s->name);
		if (e != NULL && s->since.us)
			e->since = s->since;
	} else {
		model_set(v->model, &l);
	}
	return true;
}

static bool open_history(void *owner, const char *name, const struct history *h)
{
	struct view *v = ((struct opening *)owner)->v;

	model_history_restore(v->model, name, h, v->polled_at);
	return true;
}

static bool open_alert(void *owner, const struct alert *a)
{
	alert_book_restore(((struct opening *)owner)->v->book, a);
	return true;
}

static bool open_window(void *owner, struct window *w)
{
	if (maintenance_take(((struct opening *)owner)->v->maintenance, w) != FW_OK)
		window_free(w);
	return true;
}

static bool open_acceptance(void *owner, struct acceptance *a)
{
	if (alert_book_accept(((struct opening *)owner)->v->book, a) != FW_OK)
		acceptance_free(a);
	return true;
}

static void no_step(void *owner, const struct window *w, bool begins)
{
	(void)owner;
	(void)w;
	(void)begins;
}

/* What is planned, as it is now: nothing is written. */
static enum fw_err open_plans(struct opening *o, struct err *err)
{
	struct view *v = o->v;
	struct acceptance *over;
	enum fw_err e = ledger_windows(v->ledger, open_window, o, err);

	if (e == FW_OK)
		e = ledger_acceptances(v->ledger, open_acceptance, o, err);
	maintenance_number_from(v->maintenance, ledger_window_next(v->ledger));
	alert_book_acceptance_from(v->book, ledger_acceptance_next(v->ledger));
	maintenance_step(v->maintenance, v->now, no_step, NULL);
	maintenance_apply(v->maintenance, v->model, v->now);
	while ((over = alert_book_accept_over(v->book, v->now)) != NULL)
		acceptance_free(over);
	return e;
}

static void no_change(void *owner, const struct entity_change *c)
{
	(void)owner;
	(void)c;
}

static enum fw_err open_ledger(struct view *v, struct err *err)
{
	struct opening o = { .v = v };
	char path[600], summary[256], ago[32];
	struct wall began;
	enum fw_err e;

	snprintf(path, sizeof(path), "%s/forewarn.db", v->config->state);
	v->stale = true;
	if (access(path, F_OK) != 0)
		return FW_OK;		/* nothing polled yet: a model of the configuration alone, built already */
	if ((v->ledger = ledger_open(v->config->state, LEDGER_READ, err)) == NULL)
		return FW_IO;
	if (ledger_last_cycle(v->ledger, &began, &v->polled_at, summary, sizeof(summary)))
		v->cycle = wall_since(v->polled_at, began);
	o.stale = v->stale = v->polled_at.us < wall_add(v->now, span_us(-3 * v->config->interval.us)).us;
	snprintf(o.ago, sizeof(o.ago), "last polled %s ago", span_format(wall_since(v->now, v->polled_at), ago, sizeof(ago)));
	e = ledger_parts(v->ledger, open_part, &o, err);
	carried_read(v->model, v->config->state);
	if (e == FW_OK && (o.grown || model_rebuild_due(v->model)))
		e = model_rebuild(v->model, err);
	if (e == FW_OK)
		e = ledger_histories(v->ledger, open_history, &o, err);
	if (e == FW_OK)
		e = ledger_states(v->ledger, open_state, &o, err);
	if (e == FW_OK)
		e = ledger_open_alerts(v->ledger, open_alert, &o, err);
	return e == FW_OK ? open_plans(&o, err) : e;
}

struct view *view_open(const struct ctl *c, struct err *err)
{
	struct mistakes m = { 0 };
	struct config *config = config_load(c->config_path, c->state, &m);
	struct view *v;

	if (config == NULL) {
		err_set(err, FW_MISTAKE, "%s%s", m.count ? m.line[0] : "cannot read the configuration",
			m.count > 1 ? " (and more: forewarn check)" : "");
		mistakes_release(&m);
		return NULL;
	}
	mistakes_release(&m);
	v = must_alloc(sizeof(*v));
	*v = (struct view){ .config = config, .now = clock_wall(), .who = "", .book = alert_book_new(1),
			   .maintenance = maintenance_new() };
	alert_book_maintenance(v->book, v->maintenance);
	v->model = model_new(config, err);
	if (v->model == NULL || open_ledger(v, err) != FW_OK ||
	    model_time(v->model, v->now, &(struct demand_watch){ .each = NULL }, err) != FW_OK) {
		view_close(v);
		return NULL;
	}
	model_rates(v->model, v->polled_at.us ? v->polled_at : v->now);
	model_changes(v->model, no_change, NULL);
	for (size_t i = 0; i < model_count(v->model); i++) {
		const struct entity *e = model_at(v->model, i);

		v->numbers.devices += e->kind == ENTITY_DEVICE;
		v->heard.answering += e->kind == ENTITY_DEVICE && e->seen && e->state != STATE_DOWN && e->state != STATE_UNKNOWN;
		v->heard.silent += e->kind == ENTITY_DEVICE && e->seen && e->state == STATE_DOWN;
	}
	return v;
}

void view_close(struct view *v)
{
	if (v == NULL)
		return;
	alert_book_free(v->present);
	alert_book_free(v->book);
	maintenance_free(v->maintenance);
	model_free(v->model);
	ledger_close(v->ledger);
	config_unref((struct config *)(void *)(uintptr_t)v->config);
	free(v);
}
