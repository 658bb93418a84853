/* poller/ctl/accept.c: forewarn accept: a person takes a risk upon himself, with a reason and an end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/plan-int.h"

enum { AHEAD_MOST_S = 366 * 86400, FOUND_MOST = 256 };

/* ---- the views ------------------------------------------------------------------------------------------------------------ */

static json_t *acceptance_json(const struct acceptance *a, bool worse)
{
	return json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:b}", "accepted", (json_int_t)a->number, "component", json_words(a->key), "at",
			 json_time(a->at), "until", json_time(a->until), "why", json_words(a->why), "who", json_words(a->who), "worse", worse);
}

json_t *view_accepted(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	json_t *items = json_array();

	(void)args;
	(void)answer;
	(void)err;
	for (size_t i = 0; i < alert_book_acceptances(v->book); i++) {
		const struct acceptance *a = alert_book_acceptance_at(v->book, i);
		const struct alert *now = view_alert(v, a->key);
		json_t *item = acceptance_json(a, now && acceptance_is_worse(a, now));

		json_object_set_new(item, "cause", now ? json_words(now->cause) : json_null());
		json_array_append_new(items, item);
	}
	return items;
}

/* Which open alerts are meant: by number, by component, or all that touch a service. */
struct meant { char (*key)[MODEL_NAME_MAX]; size_t count; };

static void mean(struct meant *m, const char *key)
{
	if (m->count < FOUND_MOST)
		text_copy(m->key[m->count++], sizeof(m->key[0]), key);
}

static bool touches(const struct alert *a, const char *service)
{
	for (uint32_t i = 0; i < a->touched_count; i++)
		if (strcmp(a->touched[i].service, service) == 0)
			return true;
	return false;
}

static bool is_number(const char *name, uint64_t *n)
{
	const char *digits = name[0] == '#' ? name + 1 : name;
	char *end = NULL;

	*n = strtoull(digits, &end, 10);
	return *digits >= '0' && *digits <= '9' && *end == '\0';
}

static enum fw_err find_meant(struct view *v, const char *name, struct meant *m, struct err *err)
{
	enum { ANY_KIND = (1 << (REF_SERVICE + 1)) - 1 };
	const struct entity *e = model_find(v->model, name);
	uint64_t number;
	struct alert_book *b = view_book(v);
	bool numbered = e == NULL && is_number(name, &number);

	for (size_t i = 0; i < alert_book_count(b); i++) {
		const struct alert *a = alert_book_at(b, i);

		if (numbered ? a->number == number : strcmp(a->key, name) == 0 || (e && e->kind == ENTITY_SERVICE && touches(a, name)))
			mean(m, a->key);
	}
	if (m->count)
		return FW_OK;
	if (numbered)
		return err_set(err, FW_NOTFOUND, "there is no open alert #%llu (forewarn status lists them)", (unsigned long long)number);
	if (e == NULL)
		return name_unknown(err, v->config, "component, service or open alert", ANY_KIND, name);
	return err_set(err, FW_NOTFOUND, "there is nothing to accept: no alert of '%s' is open (forewarn status lists them)", name);
}

static enum fw_err put_here(struct view *v, const struct acceptance *a, const char *now, const char *who, struct err *err)
{
	struct ledger *l = ledger_open(v->config->state, LEDGER_WRITE, err);
	enum fw_err e = l ? ledger_begin(l, err) : FW_IO;
	struct ledger_event ev = { .at = v->now };

	text_copy(ev.what, sizeof(ev.what), "accept");
	text_copy(ev.name, sizeof(ev.name), a->key);
	text_copy(ev.now, sizeof(ev.now), now);
	snprintf(ev.reason, sizeof(ev.reason), "#%u: %.130s", a->number, a->why);
	text_copy(ev.who, sizeof(ev.who), who);
	if (e == FW_OK)
		e = ledger_put_acceptance(l, a, err);
	if (e == FW_OK)
		e = ledger_put_event(l, &ev, err);
	if (e == FW_OK)
		e = ledger_commit(l, err);
	else if (l)
		ledger_rollback(l);
	ledger_close(l);
	return e;
}

/* Without a daemon: what was accepted before on the same alert ends with it. */
static enum fw_err accept_here(struct view *v, struct acceptance *a, struct err *err)
{
	const struct acceptance *had = alert_book_acceptance(v->book, a->key);
	struct acceptance *old = had ? alert_book_withdraw(v->book, had->number) : NULL;
	enum fw_err e = FW_OK;

	if (old) {
		old->ended = v->now;
		e = put_here(v, old, "replaced", a->who, err);
		acceptance_free(old);
	}
	a->number = alert_book_acceptance_next(v->book);
	if (e == FW_OK)
		e = put_here(v, a, "accepted", a->who, err);
	return e == FW_OK ? alert_book_accept(v->book, a) : e;
}

static json_t *view_withdraw(struct view *v, uint32_t number, struct err *err)
{
	const struct acceptance *a = alert_book_acceptance_of(v->book, number);
	struct acceptance *old;
	char who[WHO_MAX];
	json_t *item;
	enum fw_err e;

	if (a == NULL) {
		err_set(err, FW_NOTFOUND, "there is no accepted risk #%u (forewarn accept lists them)", number);
		return NULL;
	}
	view_who(v, who, sizeof(who));
	item = acceptance_json(a, false);
	if (v->live) {
		e = daemon_withdraw(v->daemon, number, who, err);
	} else {
		old = alert_book_withdraw(v->book, number);
		old->ended = v->now;
		e = put_here(v, old, "withdrawn", who, err);
		acceptance_free(old);
	}
	if (e == FW_OK)
		return json_pack("[o]", item);
	json_decref(item);
	return NULL;
}

static json_t *accept_one(struct view *v, const struct alert *mark, const json_t *args, struct err *err)
{
	struct acceptance *a = acceptance_new(0, mark);
	json_t *item;
	enum fw_err e;

	a->at = v->now;
	a->until.us = json_int(args, "until_us");
	text_copy(a->why, sizeof(a->why), json_text(args, "why"));
	view_who(v, a->who, sizeof(a->who));
	e = v->live ? daemon_accept(v->daemon, a, err) : accept_here(v, a, err);
	if (e != FW_OK) {
		acceptance_free(a);
		return NULL;
	}
	item = acceptance_json(a, false);
	json_object_set_new(item, "cause", json_words(mark->cause));
	return item;
}

static enum fw_err check_args(const struct view *v, const json_t *args, struct err *err)
{
	struct wall until = { json_int(args, "until_us") };

	if (until.us <= v->now.us)
		return err_set(err, FW_MISTAKE, "cannot accept it: say until when, a time to come");
	if (wall_since(until, v->now).us > span_s(AHEAD_MOST_S).us)
		return err_set(err, FW_MISTAKE, "cannot accept it for more than a year; accept it again then");
	if (json_text(args, "why")[0] == '\0')
		return err_set(err, FW_MISTAKE, "cannot accept it: say why");
	return FW_OK;
}

/* args: name (an open alert's number, its component, or a service), until_us (since 1970), why; or withdraw (a number). */
json_t *view_accept(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	struct meant m = { 0 };
	struct alert *mark;
	json_t *items = NULL, *item;

	(void)answer;
	if (json_is_integer(json_object_get(args, "withdraw")))
		return view_withdraw(v, (uint32_t)json_int(args, "withdraw"), err);
	if (check_args(v, args, err) != FW_OK)
		return NULL;
	m.key = must_alloc(FOUND_MOST * sizeof(*m.key));
	mark = must_alloc(sizeof(*mark));
	if (find_meant(v, json_text(args, "name"), &m, err) == FW_OK)
		items = json_array();
	for (size_t i = 0; i < m.count && items; i++) {
		const struct alert *a = view_alert(v, m.key[i]);

		if (a == NULL)
			continue;
		*mark = *a;	/* what the book gives is good until its next call */
		item = accept_one(v, mark, args, err);
		if (item)
			json_array_append_new(items, item);
		else if (json_array_size(items) == 0) {
			json_decref(items);
			items = NULL;
		}
	}
	free(mark);
	free(m.key);
	return items;
}

/* ---- for people ------------------------------------------------------------------------------------------------------------- */

static void print_accepted(const struct ctl *c, const json_t *items)
{
	struct screen s = screen_of(c);
	char words[2048], name[MODEL_NAME_MAX], end[48];
	json_t *a;
	size_t i;

	if (json_array_size(items) == 0)
		fputs("no risk is accepted\nnext: forewarn status: what could be\n", s.out);
	json_array_foreach(items, i, a) {
		struct text t = text_over(words, sizeof(words));

		text_add(&t, "#%lld %s: accepted by %s until %s: %s", (long long)json_int(a, "accepted"),
			 component_words(json_text(a, "component"), name, sizeof(name)), json_text(a, "who"),
			 wall_format(json_wall(a, "until"), end, sizeof(end)), json_text(a, "why"));
		if (json_is_true(json_object_get(a, "worse")))
			text_add(&t, " (worse than accepted: heard again)");
		else if (json_object_get(a, "cause") && json_is_null(json_object_get(a, "cause")))
			text_add(&t, " (nothing is wrong with it now)");
		screen_wrap(&s, 0, words);
	}
	if (json_array_size(items))
		fprintf(s.out, "%snext: forewarn accept --withdraw %lld%s\n", screen_ink(&s, INK_DIM),
			(long long)json_int(json_array_get(items, 0), "accepted"), screen_ink(&s, INK_PLAIN));
}

static int show(struct ctl *c, const char *call, json_t *args)
{
	bool over = json_object_get(args, "withdraw") != NULL;
	json_t *answer = ctl_ask(c, call, args);

	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else if (over)
		printf("accepted risk #%lld is withdrawn: it is heard again\nnext: forewarn status\n",
		       (long long)json_int(json_array_get(json_object_get(answer, "items"), 0), "accepted"));
	else
		print_accepted(c, json_object_get(answer, "items"));
	json_decref(answer);
	return EXIT_DONE;
}

static int withdraw(struct ctl *c, const char *number)
{
	uint64_t n;

	if (!is_number(number, &n) || n == 0 || n >= UINT32_MAX)
		return ctl_usage(c, "--withdraw '%s' is not the number of an accepted risk; forewarn accept lists them", number);
	return show(c, "accept", json_pack("{s:I}", "withdraw", (json_int_t)n));
}

int accept_command(struct ctl *c)
{
	const char *until = ctl_value(c, "until", 0), *why = ctl_value(c, "why", 0), *number = ctl_value(c, "withdraw", 0);
	struct wall now = clock_wall(), end;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (number != NULL)
		return c->argc || until || why ? ctl_usage(c, "--withdraw takes the number of an accepted risk, and nothing else") :
						 withdraw(c, number);
	if (c->argc == 0)
		return until || why ? ctl_usage(c, "say which risk: an alert, a component or a service") : show(c, "accepted", NULL);
	if (until == NULL || why == NULL)
		return ctl_usage(c, "--until and --why are needed");
	if (!ctl_time_to_come(until, now, &end) || end.us <= now.us)
		return ctl_usage(c, "--until '%s' is not a time to come; use 4h, 5d, 18:00 or \"2026-11-28 18:00\"", until);
	return show(c, "accept", json_pack("{s:o,s:I,s:o}", "name", json_words(c->argv[0]), "until_us", (json_int_t)end.us, "why",
					   json_words(why)));
}
