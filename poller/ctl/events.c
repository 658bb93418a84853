/* poller/ctl/events.c: forewarn events: what happened, newest first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

enum { EVENTS_DEFAULT = 100, EVENTS_MOST = 100000, NAME_MOST = 44 };

/* ---- the view -------------------------------------------------------------------------------------------------------------- */

/* The ledger's "degraded+risk" -> "degraded, at risk" */
static const char *state_of_event(const char *state, char *buf, size_t size)
{
	const char *risk = strstr(state, "+risk");

	snprintf(buf, size, "%.*s%s", risk ? (int)(risk - state) : (int)strlen(state), state, risk ? ", at risk" : "");
	return buf;
}

static bool one_event(void *owner, const struct ledger_event *e)
{
	char was[48], is[48];
	json_t *j = json_pack("{s:o,s:o,s:o}", "at", json_time(e->at), "what", json_words(e->what), "name", json_words(e->name));

	if (e->after.us)
		json_object_set_new(j, "after", json_time(e->after));
	if (e->before[0])
		json_object_set_new(j, "before", json_words(state_of_event(e->before, was, sizeof(was))));
	if (e->now[0])
		json_object_set_new(j, "now", json_words(state_of_event(e->now, is, sizeof(is))));
	if (e->reason[0])
		json_object_set_new(j, "reason", json_words(e->reason));
	if (e->who[0])
		json_object_set_new(j, "who", json_words(e->who));
	json_array_append_new(owner, j);
	return true;
}

/* args: name ("" all), from_us and until_us (microseconds since 1970; 0: a day ago, and now), most. */
json_t *view_events(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	enum { ANY_KIND = (1 << (REF_SERVICE + 1)) - 1 };
	json_int_t most = json_int(args, "most"), until = json_int(args, "until_us");
	struct wall from = { json_int(args, "from_us") }, to = { until ? until : v->now.us + 1000000 };
	const char *name = json_text(args, "name");
	json_t *items = json_array();
	enum fw_err e = FW_OK;

	if (from.us == 0)
		from = wall_add(v->now, span_s(-86400));
	most = most > 0 && most <= EVENTS_MOST ? most : EVENTS_DEFAULT;
	if (v->ledger != NULL)
		e = ledger_events(v->ledger, name[0] ? name : NULL, from, to, (uint32_t)most, one_event, items, err);
	if (e == FW_OK && name[0] && json_array_size(items) == 0 && model_find(v->model, name) == NULL &&
	    config_device_of(v->config, name) == CONFIG_NONE && strcmp(name, "poller") != 0)
		e = name_unknown(err, v->config, "component, group or service", ANY_KIND, name);
	if (e != FW_OK) {
		json_decref(items);
		return NULL;
	}
	json_object_set_new(answer, "from", json_time(from));
	json_object_set_new(answer, "cut", json_boolean(json_array_size(items) == (size_t)most));
	return items;
}

/* ---- for people -------------------------------------------------------------------------------------------------------------- */

static enum ink event_ink(const char *now)
{
	return strncmp(now, "down", 4) == 0 ? INK_BAD : strcmp(now, "up") == 0 ? INK_GOOD : now[0] ? INK_WARN : INK_PLAIN;
}

/* What changed, and why: "up -> down: no SNMP". */
static void event_words(const json_t *e, char *buf, size_t size)
{
	const char *now = json_text(e, "now"), *before = json_text(e, "before"), *reason = json_text(e, "reason");
	char words[600], at[48];
	struct text t = text_over(buf, size);

	if (strcmp(json_text(e, "what"), "state") == 0 && strcmp(now, "up") != 0)
		state_words(now, reason, words, sizeof(words));
	else
		snprintf(words, sizeof(words), "%s%s%s", now, now[0] && reason[0] ? ": " : "", reason);
	if (before[0] && strcmp(before, now) != 0)
		text_add(&t, "%s -> ", before);
	text_add(&t, "%s", words);
	if (json_wall(e, "after").us)
		text_add(&t, " (some time after %s)", wall_format(json_wall(e, "after"), at, sizeof(at)));
	if (json_text(e, "who")[0])
		text_add(&t, " (by %s)", json_text(e, "who"));
}

static void print_event(const struct screen *s, const json_t *e, unsigned name_width)
{
	char at[48], words[1024];

	wall_format(json_wall(e, "at"), at, sizeof(at));
	fprintf(s->out, "%.19s  ", at);
	screen_cell(s, json_text(e, "name")[0] ? json_text(e, "name") : json_text(e, "what"), name_width);
	event_words(e, words, sizeof(words));
	fprintf(s->out, "  %s", screen_ink(s, event_ink(json_text(e, "now"))));
	screen_wrap(s, 23 + name_width, words);
	fputs(screen_ink(s, INK_PLAIN), s->out);
}

static void print_events(const struct ctl *c, const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items");
	struct screen s = screen_of(c);
	unsigned name_width = 8, most = s.width > 100 ? NAME_MOST : 30;
	char from[48];
	size_t i, n = json_array_size(items);
	json_t *item;

	wall_format(json_wall(answer, "from"), from, sizeof(from));
	json_array_foreach(items, i, item) {
		unsigned w = (unsigned)text_columns(json_text(item, "name"));

		name_width = w > name_width ? (w < most ? w : most) : name_width;
	}
	json_array_foreach(items, i, item)
		print_event(&s, item, name_width);
	fputs(screen_ink(&s, INK_DIM), s.out);
	if (n == 0)
		fprintf(s.out, "nothing happened%s%s since %s; further back: --since 7d\n", c->argc ? " to " : "", c->argc ? c->argv[0] : "", from);
	else if (json_is_true(json_object_get(answer, "cut")))
		fprintf(s.out, "these are the newest %zu since %s; older: --until \"%s\"\n", n, from, json_text(json_array_get(items, n - 1), "at"));
	else
		fprintf(s.out, "%zu since %s; further back: --since 7d\n", n, from);
	fputs(screen_ink(&s, INK_PLAIN), s.out);
}

int events_command(struct ctl *c)
{
	const char *since = ctl_value(c, "since", 0), *until = ctl_value(c, "until", 0), *most = ctl_value(c, "most", 'n');
	struct wall now = clock_wall(), from = wall_add(now, span_s(-86400)), to = { 0 };
	char *end = NULL;
	long n = most ? strtol(most, &end, 10) : EVENTS_DEFAULT;
	json_t *answer;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (since && !ctl_time(since, now, &from))
		return ctl_usage(c, "--since '%s' is not a time; use 30min, 4h, 2d, 13:58 or \"2026-11-21 13:58\"", since);
	if (until && !ctl_time(until, now, &to))
		return ctl_usage(c, "--until '%s' is not a time; use 30min, 4h, 2d, 13:58 or \"2026-11-21 13:58\"", until);
	if (most && (end == most || *end || n < 1 || n > EVENTS_MOST))
		return ctl_usage(c, "'%s' is not a number from 1 to %d", most, EVENTS_MOST);
	to.us += until ? 999 : 0;	/* people and JSON see milliseconds */
	if (until && !since)
		from = wall_add(to, span_s(-86400));
	answer = ctl_ask(c, "events", json_pack("{s:I,s:I,s:i,s:o}", "from_us", (json_int_t)from.us, "until_us", (json_int_t)to.us,
						"most", (int)n, "name", json_words(c->argc ? c->argv[0] : "")));
	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else
		print_events(c, answer);
	json_decref(answer);
	return EXIT_DONE;
}
