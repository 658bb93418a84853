/* poller/ctl/set.c: forewarn set: the state of a component that is not polled; forewarn forget: what is gone leaves the design. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

enum { LINE_MOST = 2048 };

/* Without a daemon: straight into the ledger, as the daemon would find it at its next start. */
static enum fw_err set_here(struct view *v, const struct level *l, struct wall until, struct err *err)
{
	struct ledger *w = ledger_open(v->config->state, LEDGER_WRITE, err);
	struct ledger_state s = { .state = l->state, .since = l->at, .until = until, .seen = l->at };
	struct ledger_event e = { .at = l->at };
	enum fw_err r;

	if (w == NULL)
		return FW_IO;
	text_copy(s.name, sizeof(s.name), l->name);
	text_copy(s.reason, sizeof(s.reason), l->reason);
	text_copy(e.what, sizeof(e.what), "set");
	text_copy(e.name, sizeof(e.name), l->name);
	text_copy(e.now, sizeof(e.now), state_word(l->state));
	text_copy(e.reason, sizeof(e.reason), l->reason);
	text_copy(e.who, sizeof(e.who), v->who);
	r = ledger_begin(w, err);
	if (r == FW_OK && (r = ledger_put_state(w, &s, err)) == FW_OK && (r = ledger_put_event(w, &e, err)) == FW_OK)
		r = ledger_commit(w, err);
	else
		ledger_rollback(w);
	ledger_close(w);
	return r;
}

static enum fw_err set_one(struct view *v, const json_t *item, struct err *err)
{
	json_int_t until_us = json_integer_value(json_object_get(item, "for_us"));
	struct level l = { .name = json_text(item, "name"), .reason = json_text(item, "why"), .at = v->now, .since = v->now };
	struct wall until = { until_us ? v->now.us + until_us : 0 };
	const struct ref *r = config_find(v->config, l.name);
	const char *near = names_nearest(&v->config->names, l.name, 3);

	if (!state_parse(json_text(item, "state"), &l.state))
		return err_set(err, FW_MISTAKE, "cannot set '%s': '%s' is not a state; use up, degraded, down or unknown", l.name,
			       json_text(item, "state"));
	if (r == NULL)
		return err_set(err, FW_MISTAKE, "cannot set '%s': there is none of that name%s%s%s", l.name, near ? "; '" : "",
			       near ? near : "", near ? "' is near" : "");
	if (r->kind != REF_COMPONENT)
		return err_set(err, FW_MISTAKE, "cannot set '%s': it is polled or follows from others; only a component can be set", l.name);
	return v->live ? daemon_set(v->daemon, &l, until, v->who, err) : set_here(v, &l, until, err);
}

json_t *view_set(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	json_t *list = json_object_get(args, "list"), *item, *items = json_array();
	size_t i;

	(void)answer;
	json_array_foreach(list, i, item) {
		if (set_one(v, item, err) != FW_OK) {
			json_decref(items);
			return NULL;
		}
		json_array_append_new(items, json_pack("{s:s,s:s}", "component", json_text(item, "name"), "state", json_text(item, "state")));
	}
	return items;
}

/* "NAME<tab>STATE<tab>WHY" lines of standard input; NULL after a message. */
static json_t *read_list(const struct ctl *c)
{
	json_t *list = json_array();
	char line[LINE_MOST];

	for (unsigned n = 1; fgets(line, sizeof(line), stdin) != NULL; n++) {
		char *state = strchr(line, '\t'), *why = state ? strchr(state + 1, '\t') : NULL;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (state == NULL) {
			fprintf(stderr, "forewarn %s: standard input:%u: needs NAME, a tab and STATE\n", c->command->name, n);
			json_decref(list);
			return NULL;
		}
		*state++ = '\0';
		if (why)
			*why++ = '\0';
		json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "name", line, "state", state, "why", why ? why : ""));
	}
	return list;
}

int set_command(struct ctl *c)
{
	const char *until = ctl_value(c, "until", 0), *why = ctl_value(c, "why", 0);
	bool many = ctl_flag(c, "stdin", 0);
	struct span how_long = { 0 };
	struct err err = { "" };
	json_t *list, *answer;

	if (!ctl_rest_ok(c, 2))
		return EXIT_USAGE;
	if (!many && c->argc != 2)
		return ctl_usage(c, "a name and a state are needed");
	if (until && !span_parse(until, &how_long))
		return ctl_usage(c, "'%s' is not a length of time; use 4h or 2d", until);
	list = many ? read_list(c) : json_pack("[{s:s,s:s,s:s,s:I}]", "name", c->argv[0], "state", c->argv[1], "why", why ? why : "",
					      "for_us", (json_int_t)how_long.us);
	if (list == NULL)
		return EXIT_USAGE;
	answer = ctl_call(c, "set", json_pack("{s:o}", "list", list), &err);
	if (answer == NULL)
		return ctl_failed(c, err.text);
	if (c->json)
		ctl_print_json(answer);
	json_decref(answer);
	return EXIT_DONE;
}

json_t *view_forget(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	(void)answer;
	if (!v->live) {
		err_set(err, FW_NOTFOUND, "forgetting needs the daemon, and none runs (start it with 'forewarn run')");
		return NULL;
	}
	if (daemon_forget(v->daemon, json_text(args, "name"), v->who, err) != FW_OK)
		return NULL;
	return json_pack("[{s:s}]", "component", json_text(args, "name"));
}

int forget_command(struct ctl *c)
{
	struct err err = { "" };
	json_t *answer;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (c->argc != 1)
		return ctl_usage(c, "a component is needed");
	answer = ctl_call(c, "forget", json_pack("{s:s}", "name", c->argv[0]), &err);
	if (answer == NULL)
		return ctl_failed(c, err.text);
	if (c->json)
		ctl_print_json(answer);
	json_decref(answer);
	return EXIT_DONE;
}
