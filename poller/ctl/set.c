/* poller/ctl/set.c: forewarn set: the state of a component that is not polled; forewarn forget: what is gone leaves the design.
 *
 * In bulk, from standard input, it is all or nothing: every line is looked at before the first is set, and every mistake is said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"
#include "poller/ctl/set-int.h"

enum { LIST_MOST = 5000, OCTETS_MOST = 900000 };	/* what one request to the daemon holds */

/* ---- the view -------------------------------------------------------------------------------------------------------------- */

/* Without a daemon: straight into the ledger, as the daemon would find it at its next start. */
static enum fw_err put_here(struct view *v, struct ledger *w, const struct level *l, struct wall until, struct err *err)
{
	struct ledger_state s = { .state = l->state, .since = l->at, .until = until, .seen = l->at };
	struct ledger_event e = { .at = l->at };
	enum fw_err r;

	text_copy(s.name, sizeof(s.name), l->name);
	text_copy(s.reason, sizeof(s.reason), l->reason);
	text_copy(e.what, sizeof(e.what), "set");
	text_copy(e.name, sizeof(e.name), l->name);
	text_copy(e.now, sizeof(e.now), state_word(l->state));
	text_copy(e.reason, sizeof(e.reason), l->reason);
	view_who(v, e.who, sizeof(e.who));
	r = ledger_put_state(w, &s, err);
	return r == FW_OK ? ledger_put_event(w, &e, err) : r;
}

#define FOR_MOST_US (INT64_C(36525) * 86400 * 1000000)	/* 100 years */

struct wanted { struct level level; struct wall until; };

static enum fw_err look_at(struct view *v, const json_t *item, struct wanted *w, struct err *err)
{
	json_int_t for_us = json_int(item, "for_us");
	const char *name = json_text(item, "name");
	const struct ref *r = config_find(v->config, name);

	*w = (struct wanted){ .level = { .name = name, .reason = json_text(item, "why"), .at = v->now, .since = v->now },
			      .until = { for_us > 0 && for_us <= FOR_MOST_US ? v->now.us + for_us : 0 } };
	if (for_us > FOR_MOST_US)
		return err_set(err, FW_MISTAKE, "cannot set '%s' for %lld us: 100 years are the most; without an end it stays", name,
			       (long long)for_us);
	if (r == NULL)
		return name_unknown(err, v->config, "component", 1 << REF_COMPONENT, name);
	if (r->kind == REF_DEVICE || r->kind == REF_CHECK)
		return err_set(err, FW_MISTAKE, "cannot set '%s': it is polled; only a component can be set", name);
	if (r->kind != REF_COMPONENT)
		return err_set(err, FW_MISTAKE, "cannot set '%s': it follows from what it needs; only a component can be set", name);
	if (!state_parse(json_text(item, "state"), &w->level.state))
		return err_set(err, FW_MISTAKE, "cannot set '%s': '%s' is not a state; use up, degraded, down or unknown", name,
			       json_text(item, "state"));
	return FW_OK;
}

/* Every one is looked at; the mistakes are said by line. */
static bool look_at_all(struct view *v, const json_t *list, struct wanted *wanted, json_t *mistakes)
{
	size_t i;
	json_t *item;
	struct err why;

	json_array_foreach(list, i, item)
		if (look_at(v, item, &wanted[i], &why) != FW_OK)
			json_array_append_new(mistakes, json_pack("{s:I,s:o}", "line", json_int(item, "line"), "why", json_words(why.text)));
	return json_array_size(mistakes) == 0;
}

static enum fw_err put_all(struct view *v, const struct wanted *wanted, size_t n, struct err *err)
{
	struct ledger *w = v->live ? NULL : ledger_open(v->config->state, LEDGER_WRITE, err);
	enum fw_err r = FW_OK;
	char who[64];

	view_who(v, who, sizeof(who));
	if (!v->live && (w == NULL || (r = ledger_begin(w, err)) != FW_OK)) {
		ledger_close(w);
		return r == FW_OK ? FW_IO : r;
	}
	for (size_t i = 0; i < n && r == FW_OK; i++)
		r = v->live ? daemon_set(v->daemon, &wanted[i].level, wanted[i].until, who, err) :
			      put_here(v, w, &wanted[i].level, wanted[i].until, err);
	if (w != NULL && r == FW_OK)
		r = ledger_commit(w, err);
	else if (w != NULL)
		ledger_rollback(w);
	ledger_close(w);
	return r;
}

static json_t *set_json(const struct wanted *w, enum state before)
{
	return json_pack("{s:o,s:s,s:s,s:o,s:o}", "component", json_words(w->level.name), "before", state_word(before), "state",
			 state_word(w->level.state), "reason", json_words(w->level.reason), "until", json_time(w->until));
}

/* args: list of {name, state, why, for_us, line}. The answer has "mistakes" when nothing was set. */
json_t *view_set(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	json_t *list = json_object_get(args, "list"), *items = json_array(), *mistakes = json_array();
	size_t n = json_array_size(list);
	struct wanted *wanted = must_alloc((n + 1) * sizeof(*wanted));
	bool well = look_at_all(v, list, wanted, mistakes);

	for (size_t i = 0; i < n && well; i++) {
		const struct entity *e = model_find(v->model, wanted[i].level.name);

		json_array_append_new(items, set_json(&wanted[i], e ? e->state : STATE_UNKNOWN));
	}
	if (well && put_all(v, wanted, n, err) != FW_OK) {
		json_decref(items);
		items = NULL;
	}
	free(wanted);
	json_object_set_new(answer, "mistakes", mistakes);
	return items;
}

/* ---- what people type ------------------------------------------------------------------------------------------------------ */

enum fw_err set_line(const char *line, size_t len, json_t **item, struct err *err)
{
	const char *end = line + len, *state = memchr(line, '\t', len), *why;
	size_t state_len;

	*item = NULL;
	if (len > 0 && end[-1] == '\r')
		end--;
	if (line == end || line[0] == '#')
		return FW_OK;
	if (state == NULL || state >= end)
		return err_set(err, FW_MISTAKE, "needs NAME, a tab and STATE");
	if (!text_is_utf8(line, (size_t)(end - line)) || memchr(line, '\0', (size_t)(end - line)) != NULL)
		return err_set(err, FW_MISTAKE, "is not UTF-8");
	why = memchr(state + 1, '\t', (size_t)(end - state - 1));
	state_len = (size_t)((why ? why : end) - state - 1);
	*item = json_pack("{s:o,s:o,s:o}", "name", json_foreign(line, (size_t)(state - line)), "state", json_foreign(state + 1, state_len),
			  "why", json_foreign(why ? why + 1 : "", why ? (size_t)(end - why - 1) : 0));
	return FW_OK;
}

/* "NAME<tab>STATE<tab>WHY" lines of standard input; NULL after every mistake was said. */
static json_t *read_list(const struct ctl *c, struct span how_long)
{
	json_t *list = json_array(), *item;
	char *line = NULL;
	size_t room = 0, octets = 0;
	unsigned mistakes = 0;
	ssize_t len;
	struct err err;

	for (json_int_t n = 1; (len = getline(&line, &room, stdin)) >= 0; n++) {
		octets += (size_t)len;
		if (len > 0 && line[len - 1] == '\n')
			len--;
		if (octets > OCTETS_MOST || json_array_size(list) == LIST_MOST) {
			err_set(&err, FW_FULL, "more than %d states or %d octets; set them in parts", LIST_MOST, OCTETS_MOST);
			item = NULL;
		} else if (set_line(line, (size_t)len, &item, &err) == FW_OK) {
			json_object_set_new(item, "line", json_integer(n));
			json_object_set_new(item, "for_us", json_integer((json_int_t)how_long.us));
			if (item != NULL)
				json_array_append_new(list, item);
			continue;
		}
		fprintf(stderr, "forewarn %s: standard input:%lld: %s\n", c->command->name, (long long)n, err.text);
		mistakes++;
		if (octets > OCTETS_MOST || json_array_size(list) == LIST_MOST)
			break;
	}
	free(line);
	if (mistakes == 0)
		return list;
	fprintf(stderr, "%u mistake%s; nothing was changed\n", mistakes, mistakes == 1 ? "" : "s");
	json_decref(list);
	return NULL;
}

/* ---- for people -------------------------------------------------------------------------------------------------------------- */

static int say_mistakes(const struct ctl *c, const json_t *mistakes)
{
	size_t i, n = json_array_size(mistakes);
	char clean[1024];
	json_t *m;

	json_array_foreach(mistakes, i, m) {
		const char *why = json_text(m, "why");

		text_clean(why, strlen(why), clean, sizeof(clean));
		if (json_int(m, "line"))
			fprintf(stderr, "forewarn %s: standard input:%lld: %s\n", c->command->name, (long long)json_int(m, "line"), clean);
		else
			fprintf(stderr, "forewarn %s: %s\n", c->command->name, clean);
	}
	if (json_int(json_array_get(mistakes, 0), "line"))
		fprintf(stderr, "%zu mistake%s; nothing was changed\n", n, n == 1 ? "" : "s");
	return EXIT_FAILED;
}

static void print_set(const json_t *answer, bool many)
{
	const json_t *items = json_object_get(answer, "items"), *one = json_array_get(items, 0);
	struct wall until = json_wall(one, "until");
	char at[48];

	if (many)
		printf("%zu states set\n", json_array_size(items));
	else if (until.us)
		printf("%s is %s (was %s) until %s, then up again\n", json_text(one, "component"), json_text(one, "state"),
		       json_text(one, "before"), wall_format(until, at, sizeof(at)));
	else
		printf("%s is %s (was %s)%s\n", json_text(one, "component"), json_text(one, "state"), json_text(one, "before"),
		       strcmp(json_text(one, "state"), "up") == 0 ? "" : " until it is set up again");
	puts("next: forewarn status");
}

/* How long from now: a length of time, or a time of day to come. */
static bool for_how_long(const char *until, struct span *d)
{
	struct wall now = clock_wall(), t;

	*d = (struct span){ 0 };
	if (ctl_time_to_come(until, now, &t))
		*d = wall_since(t, now);
	return d->us > 0;
}

int set_command(struct ctl *c)
{
	const char *until = ctl_value(c, "until", 0), *why = ctl_value(c, "why", 0);
	bool many = ctl_flag(c, "stdin", 0);
	struct span how_long = { 0 };
	json_t *list, *answer;
	int status = EXIT_DONE;

	if (!ctl_rest_ok(c, 2))
		return EXIT_USAGE;
	if (many ? c->argc != 0 : c->argc != 2)
		return ctl_usage(c, many ? "--stdin takes names and states from standard input" : "a name and a state are needed");
	if (until && !for_how_long(until, &how_long))
		return ctl_usage(c, "--until '%s' is not a time to come; use 4h, 2d, 18:00 or \"2026-11-21 18:00\"", until);
	list = many ? read_list(c, how_long) : json_pack("[{s:o,s:o,s:o,s:I}]", "name", json_words(c->argv[0]), "state", json_words(c->argv[1]),
			"why", json_words(why ? why : ""), "for_us", (json_int_t)how_long.us);
	if (list == NULL)
		return EXIT_FAILED;
	answer = ctl_ask(c, "set", json_pack("{s:o}", "list", list));
	if (answer == NULL)
		return EXIT_FAILED;
	if (json_array_size(json_object_get(answer, "mistakes")))
		status = say_mistakes(c, json_object_get(answer, "mistakes"));
	else if (c->json)
		ctl_print_json(answer);
	else
		print_set(answer, many);
	json_decref(answer);
	return status;
}

/* ---- forget ---------------------------------------------------------------------------------------------------------------- */

json_t *view_forget(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	(void)answer;
	if (!v->live) {
		err_set(err, FW_NOTFOUND, "forgetting needs the daemon, and none runs (start it with 'forewarn run')");
		return NULL;
	}
	if (daemon_forget(v->daemon, json_text(args, "name"), v->who, err) != FW_OK)
		return NULL;
	return json_pack("[{s:o}]", "component", json_words(json_text(args, "name")));
}

int forget_command(struct ctl *c)
{
	json_t *answer;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (c->argc != 1)
		return ctl_usage(c, "a component is needed, such as \"sw1/power-supply/PS 2\"");
	answer = ctl_ask(c, "forget", json_pack("{s:o}", "name", json_words(c->argv[0])));
	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else
		printf("%s is no longer part of the design; if it comes back, it is again\nnext: forewarn status\n", c->argv[0]);
	json_decref(answer);
	return EXIT_DONE;
}
