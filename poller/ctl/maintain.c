/* poller/ctl/maintain.c: forewarn maintain: what is worked on, until when and why; what that risks is said before it is entered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/plan-int.h"

enum { LISTED_MOST = 20, AHEAD_MOST_S = 366 * 86400, NAMED = 12 };

/* ---- the views: what it would do -------------------------------------------------------------------------------------- */

static void put_down(struct view *v, struct scenario *s, const struct window *w)
{
	for (uint32_t i = 0; i < w->member.count; i++) {
		const struct entity *e = model_find(v->model, w->member.name[i]);

		if (e != NULL && e->kind < ENTITY_GROUP)
			scenario_put(s, e, STATE_DOWN);
	}
}

static bool overlap(const struct window *a, const struct window *b) { return a->from.us < b->until.us && b->from.us < a->until.us; }

/* Everything that the others have under work at that time. */
static struct scenario *others(struct view *v, const struct window *w)
{
	struct scenario *s = scenario_new(v->model);

	for (size_t i = 0; i < maintenance_count(v->maintenance); i++) {
		const struct window *o = maintenance_at(v->maintenance, i);

		if (o->number != w->number && overlap(o, w))
			put_down(v, s, o);
	}
	return s;
}

/* What comes of it in the present state, beside what is planned for the same time. */
static json_t *window_changes(struct view *v, const struct window *w)
{
	struct scenario *before = others(v, w), *after = others(v, w);
	json_t *changes;

	put_down(v, after, w);
	scenario_settle(before);
	scenario_settle(after);
	changes = changes_json(v, scenario_lens(before), scenario_lens(after));
	scenario_free(before);
	scenario_free(after);
	return changes;
}

/* Windows that are not over, each with what it would do now; of many only the first. */
json_t *view_windows(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	json_t *items = json_array(), *item;

	(void)args;
	(void)answer;
	(void)err;
	for (size_t i = 0; i < maintenance_count(v->maintenance); i++) {
		const struct window *w = maintenance_at(v->maintenance, i);

		item = window_json(w);
		json_object_set_new(item, "changes", i < LISTED_MOST ? window_changes(v, w) : json_null());
		json_array_append_new(items, item);
	}
	return items;
}

/* ---- the view: entering and ending -------------------------------------------------------------------------------------- */

static enum fw_err put_event(struct ledger *l, const struct window *w, struct wall at, const char *now, const char *who, struct err *err)
{
	enum fw_err e = FW_OK;

	for (uint32_t i = 0; i < w->member.count && e == FW_OK; i++) {
		struct ledger_event ev = { .at = at };

		text_copy(ev.what, sizeof(ev.what), "maintenance");
		text_copy(ev.name, sizeof(ev.name), w->member.name[i]);
		text_copy(ev.now, sizeof(ev.now), now);
		snprintf(ev.reason, sizeof(ev.reason), "#%u: %.130s", w->number, w->why);
		text_copy(ev.who, sizeof(ev.who), who);
		e = ledger_put_event(l, &ev, err);
	}
	return e;
}

/* Without a daemon: straight into the ledger, as the next poll finds it. */
static enum fw_err put_here(struct view *v, const struct window *w, const char *now, const char *who, struct err *err)
{
	struct ledger *l = ledger_open(v->config->state, LEDGER_WRITE, err);
	enum fw_err e = l ? ledger_begin(l, err) : FW_IO;

	if (e == FW_OK)
		e = ledger_put_window(l, w, err);
	if (e == FW_OK)
		e = put_event(l, w, v->now, now, who, err);
	if (e == FW_OK)
		e = ledger_commit(l, err);
	else if (l)
		ledger_rollback(l);
	ledger_close(l);
	return e;
}

static enum fw_err enter(struct view *v, struct window *w, struct err *err)
{
	enum fw_err e;

	if (v->live)
		return daemon_maintain(v->daemon, w, err);
	if (maintenance_count(v->maintenance) == WINDOWS_MOST)
		return err_set(err, FW_FULL, "cannot plan it: there are %d windows of maintenance already (forewarn maintain)", WINDOWS_MOST);
	w->number = maintenance_next(v->maintenance);
	e = put_here(v, w, "planned", w->who, err);
	if (e != FW_OK)
		return e;
	must(maintenance_take(v->maintenance, w) == FW_OK);
	if (w->from.us <= v->now.us)
		w->began = v->now;	/* so it is seen; the next poll writes it */
	return FW_OK;
}

static json_t *view_end(struct view *v, uint32_t number, struct err *err)
{
	struct window *w = maintenance_find(v->maintenance, number);
	char who[WHO_MAX];
	json_t *item;
	enum fw_err e;

	if (w == NULL) {
		err_set(err, FW_NOTFOUND, "there is no maintenance #%u that runs or is planned (forewarn maintain lists them)", number);
		return NULL;
	}
	view_who(v, who, sizeof(who));
	item = window_json(w);
	if (v->live) {
		e = daemon_maintain_end(v->daemon, number, who, err);
	} else {
		w->ended = v->now;
		e = put_here(v, w, w->began.us ? "ends" : "called off", who, err);
	}
	if (e == FW_OK)
		return json_pack("[o]", item);
	json_decref(item);
	return NULL;
}

/* From when until when: bounded, and not over before it begins. */
static enum fw_err take_times(struct view *v, const json_t *args, struct window *w, struct err *err)
{
	w->from.us = json_int(args, "from_us");
	w->until.us = json_int(args, "until_us");
	if (w->from.us < v->now.us)
		w->from = v->now;
	if (w->until.us <= w->from.us)
		return err_set(err, FW_MISTAKE, "cannot plan it: it would end before it begins");
	if (wall_since(w->until, v->now).us > span_s(AHEAD_MOST_S).us)
		return err_set(err, FW_MISTAKE, "cannot plan it: it would end in more than a year; what is never to be looked at, take out of the"
			       " configuration");
	return FW_OK;
}

static enum fw_err take_window(struct view *v, const json_t *args, struct window *w, struct err *err)
{
	struct targets t;
	enum fw_err e;

	if ((e = take_times(v, args, w, err)) != FW_OK || (e = targets_take(v, json_object_get(args, "list"), &t, err)) != FW_OK)
		return e;
	for (size_t i = 0; i < t.count; i++)
		name_list_add(&w->member, t.list[i].e->name);
	targets_release(&t);
	if (w->member.count == 0)
		return err_set(err, FW_MISTAKE, "cannot plan it: say of what");
	if (json_text(args, "why")[0] == '\0')
		return err_set(err, FW_MISTAKE, "cannot plan it: say why");
	text_copy(w->why, sizeof(w->why), json_text(args, "why"));
	view_who(v, w->who, sizeof(w->who));
	return FW_OK;
}

/* Other windows at the same time count as well: they are named. */
static json_t *beside_json(struct view *v, const struct window *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < maintenance_count(v->maintenance); i++) {
		const struct window *o = maintenance_at(v->maintenance, i);

		if (o->number != w->number && overlap(o, w))
			json_array_append_new(list, window_json(o));
	}
	return list;
}

static void foresee(struct window *w, const json_t *changes)
{
	json_t *change;
	size_t i;

	json_array_foreach(changes, i, change)
		if (change_loses_quality(change))
			name_list_add(&w->foreseen, json_text(change, "service"));
}

/* args: list of {name}, from_us, until_us (since 1970), why, yes; or end (a number). Items are what would change; "refused" when a
 * service would lose quality and yes is not said: nothing is planned then. Else "window" is what was planned. */
json_t *view_maintain(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	struct window *w;
	json_t *changes;
	bool refused;

	if (json_is_integer(json_object_get(args, "end")))
		return view_end(v, (uint32_t)json_int(args, "end"), err);
	w = window_new(0);
	if (take_window(v, args, w, err) != FW_OK) {
		window_free(w);
		return NULL;
	}
	changes = window_changes(v, w);
	foresee(w, changes);
	refused = w->foreseen.count > 0 && !json_is_true(json_object_get(args, "yes"));
	json_object_set_new(answer, "refused", json_boolean(refused));
	json_object_set_new(answer, "ahead", json_boolean(w->from.us > v->now.us));
	json_object_set_new(answer, "beside", beside_json(v, w));
	if (!refused && enter(v, w, err) != FW_OK) {
		window_free(w);
		json_decref(changes);
		return NULL;
	}
	json_object_set_new(answer, "window", window_json(w));
	if (refused)
		window_free(w);
	return changes;
}

/* ---- for people ---------------------------------------------------------------------------------------------------------- */

static void print_windows(const struct ctl *c, const json_t *items)
{
	struct screen s = screen_of(c);
	char words[4096];
	json_t *w;
	size_t i;

	if (json_array_size(items) == 0)
		fputs("nothing is in maintenance, and nothing is planned\nnext: forewarn maintain NAME --from 22:00 --until 2h --why TEXT\n", s.out);
	json_array_foreach(items, i, w) {
		const json_t *changes = json_object_get(w, "changes");

		window_words(w, words, sizeof(words));
		screen_wrap(&s, 0, words);
		if (json_array_size(changes))
			changes_print(&s, changes);
		else if (json_is_array(changes))
			fputs("no service is nearer to its outage for it\n", s.out);
		fputc('\n', s.out);
	}
	if (json_array_size(items))
		fprintf(s.out, "%snext: forewarn maintain --end %lld%s\n", screen_ink(&s, INK_DIM),
			(long long)json_int(json_array_get(items, 0), "maintenance"), screen_ink(&s, INK_PLAIN));
}

static void print_beside(const struct screen *s, const json_t *beside)
{
	char words[4096];
	json_t *w;
	size_t i;

	json_array_foreach(beside, i, w) {
		struct text t = text_over(words, sizeof(words));

		text_add(&t, "at the same time ");
		window_words(w, words + t.len, sizeof(words) - t.len);
		screen_wrap(s, 0, words);
	}
}

static void print_entered(const struct ctl *c, const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items"), *w = json_object_get(answer, "window");
	struct screen s = screen_of(c);
	char words[4096];

	if (json_array_size(items)) {
		fprintf(s.out, "While it is worked on%s:\n", json_is_true(json_object_get(answer, "ahead")) ?
			" (as things are now; it is looked at again when it begins)" : "");
		changes_print(&s, items);
	} else {
		fputs("no service is nearer to its outage for it\n", s.out);
	}
	print_beside(&s, json_object_get(answer, "beside"));
	if (json_is_true(json_object_get(answer, "refused")))
		return;
	window_words(w, words, sizeof(words));
	screen_wrap(&s, 0, words);
	fprintf(s.out, "next: forewarn maintain --end %lld\n", (long long)json_int(w, "maintenance"));
}

static int say_refused(const struct ctl *c, const json_t *answer)
{
	const json_t *lost = json_object_get(json_object_get(answer, "window"), "foreseen");
	char words[4096];
	struct text t = text_over(words, sizeof(words));

	text_add(&t, "refused: ");
	add_names(&t, lost, NULL, NAMED);
	text_add(&t, " would lose quality; nothing was planned (--yes plans it all the same)");
	return ctl_failed(c, words);
}

/* ---- the command ---------------------------------------------------------------------------------------------------------- */

static int list_windows(struct ctl *c)
{
	json_t *answer = ctl_ask(c, "windows", NULL);

	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else
		print_windows(c, json_object_get(answer, "items"));
	json_decref(answer);
	return EXIT_DONE;
}

static int end_window(struct ctl *c, const char *number)
{
	char *end = NULL;
	unsigned long n = strtoul(number[0] == '#' ? number + 1 : number, &end, 10);
	json_t *answer;

	if (*end || n == 0 || n >= UINT32_MAX)
		return ctl_usage(c, "--end '%s' is not the number of a window; forewarn maintain lists them", number);
	answer = ctl_ask(c, "maintain", json_pack("{s:I}", "end", (json_int_t)n));
	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else
		printf("maintenance #%lu is over\nnext: forewarn status\n", n);
	json_decref(answer);
	return EXIT_DONE;
}

static int enter_window(struct ctl *c, json_t *args)
{
	json_t *answer = ctl_ask(c, "maintain", args);
	int status = EXIT_DONE;

	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else
		print_entered(c, answer);
	if (json_is_true(json_object_get(answer, "refused")))
		status = say_refused(c, answer);
	json_decref(answer);
	return status;
}

int maintain_command(struct ctl *c)
{
	const char *from = ctl_value(c, "from", 0), *until = ctl_value(c, "until", 0), *why = ctl_value(c, "why", 0);
	const char *end = ctl_value(c, "end", 0);
	bool yes = ctl_flag(c, "yes", 0);
	struct wall now = clock_wall(), first, last;
	json_t *list;

	if (!ctl_rest_ok(c, TARGETS_MOST))
		return EXIT_USAGE;
	if (end != NULL)
		return c->argc || from || until || why ? ctl_usage(c, "--end takes the number of a window, and nothing else") : end_window(c, end);
	if (c->argc == 0)
		return from || until || why || yes ? ctl_usage(c, "say what is to be worked on") : list_windows(c);
	if (until == NULL || why == NULL)
		return ctl_usage(c, "--until and --why are needed");
	if (!ctl_time_to_come(from ? from : "now", now, &first))
		return ctl_usage(c, "--from '%s' is not a time to come; use now, 4h, 22:00 or \"2026-11-28 22:00\"", from);
	if (!ctl_time_to_come(until, first, &last) || last.us <= first.us)
		return ctl_usage(c, "--until '%s' is not a time after its beginning; use 2h (so long), 23:30 or \"2026-11-28 23:30\"", until);
	list = json_array();
	for (int i = 0; i < c->argc; i++)
		list_add_name(list, c->argv[i], NULL);
	return enter_window(c, json_pack("{s:o,s:I,s:I,s:o,s:b}", "list", list, "from_us", (json_int_t)first.us, "until_us",
					 (json_int_t)last.us, "why", json_words(why), "yes", yes));
}
