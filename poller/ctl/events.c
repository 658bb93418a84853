/* poller/ctl/events.c: forewarn events: what happened, newest first. */
#define _GNU_SOURCE		/* timegm */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

static bool one_event(void *owner, const struct ledger_event *e)
{
	json_t *j = json_pack("{s:o,s:s,s:s}", "at", json_time(e->at), "what", e->what, "name", e->name);

	if (e->after.us)
		json_object_set_new(j, "after", json_time(e->after));
	if (e->before[0])
		json_object_set_new(j, "before", json_string(e->before));
	if (e->now[0])
		json_object_set_new(j, "now", json_string(e->now));
	if (e->reason[0])
		json_object_set_new(j, "reason", json_string(e->reason));
	if (e->who[0])
		json_object_set_new(j, "who", json_string(e->who));
	json_array_append_new(owner, j);
	return true;
}

json_t *view_events(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	json_int_t since_us = json_integer_value(json_object_get(args, "since_us"));
	json_int_t most = json_integer_value(json_object_get(args, "most"));
	const char *name = json_text(args, "name");
	json_t *items = json_array();

	(void)answer;
	if (v->ledger == NULL)
		return items;
	if (ledger_events(v->ledger, name[0] ? name : NULL, wall_add(v->now, span_us(-(since_us ? since_us : span_s(86400).us))),
			  wall_add(v->now, span_s(1)), most > 0 && most < 100000 ? (uint32_t)most : 100, one_event, items, err) != FW_OK) {
		json_decref(items);
		return NULL;
	}
	return items;
}

/* RFC 3339 to local time of people: the API speaks UTC. */
static void local_time(const char *utc, char *buf, size_t size)
{
	struct tm tm = { 0 };
	int ms = 0;

	if (sscanf(utc, "%d-%d-%dT%d:%d:%d.%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) < 6) {
		snprintf(buf, size, "-");
		return;
	}
	tm.tm_year -= 1900;
	tm.tm_mon--;
	wall_format((struct wall){ (int64_t)timegm(&tm) * 1000000 }, buf, size);
}

static void print_event(const struct screen *s, const json_t *e)
{
	const char *now = json_text(e, "now"), *before = json_text(e, "before");
	enum ink ink = strncmp(now, "down", 4) == 0 ? INK_BAD : strncmp(now, "up", 2) == 0 ? INK_GOOD : now[0] ? INK_WARN : INK_PLAIN;
	char at[48], name[512];

	local_time(json_text(e, "at"), at, sizeof(at));
	text_clean(json_text(e, "name"), strlen(json_text(e, "name")), name, sizeof(name));
	fprintf(s->out, "%s%s  ", at, json_text(e, "after")[0] ? " at the latest" : "");
	screen_cell(s, name, 34);
	fprintf(s->out, " %s%s%s%s%s", screen_ink(s, ink), before, before[0] && now[0] ? " -> " : "", now, screen_ink(s, INK_PLAIN));
	if (json_text(e, "reason")[0])
		fprintf(s->out, "%s%s", now[0] ? "  " : "", json_text(e, "reason"));
	if (json_text(e, "who")[0])
		fprintf(s->out, "  (by %s)", json_text(e, "who"));
	fputc('\n', s->out);
}

int events_command(struct ctl *c)
{
	const char *since = ctl_value(c, "since", 0), *most = ctl_value(c, "most", 'n');
	struct span back = span_s(86400);
	struct screen s = screen_of(c);
	struct err err = { "" };
	json_t *answer, *item;
	size_t i;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (since && !span_parse(since, &back))
		return ctl_usage(c, "'%s' is not a length of time; use 30min, 4h or 2d", since);
	if (most && (int)strtol(most, NULL, 10) <= 0)
		return ctl_usage(c, "'%s' is not a number from 1 to 100000", most);
	answer = ctl_call(c, "events", json_pack("{s:I,s:i,s:s}", "since_us", (json_int_t)back.us, "most", most ? (int)strtol(most, NULL, 10) : 100,
						 "name", c->argc ? c->argv[0] : ""), &err);
	if (answer == NULL)
		return ctl_failed(c, err.text);
	if (c->json) {
		ctl_print_json(answer);
	} else {
		json_array_foreach(json_object_get(answer, "items"), i, item)
			print_event(&s, item);
		if (json_array_size(json_object_get(answer, "items")) == 0)
			printf("nothing happened in this time%s\n", c->argc ? " to it" : "");
	}
	json_decref(answer);
	return EXIT_DONE;
}
