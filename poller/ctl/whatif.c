/* poller/ctl/whatif.c: forewarn whatif: what would follow if components were otherwise; nothing is touched. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/plan-int.h"

static const char *const states[] = { "down", "degraded", "unknown", "up" };

/* ---- the view ------------------------------------------------------------------------------------------------------ */

static json_t *assumed_json(const struct targets *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->count; i++)
		json_array_append_new(list, json_pack("{s:o,s:s,s:s}", "component", json_words(t->list[i].e->name), "before",
				      state_word(t->list[i].e->state), "after", state_word(t->list[i].to)));
	return list;
}

static int harm(enum state quality) { return quality == STATE_DOWN ? 2 : quality == STATE_DEGRADED; }

struct ahead { struct view *v; struct lens *would; json_t *list; uint8_t *told; };

/* Services that are worse then for what is assumed, and not so already now. */
static void add_ahead(struct ahead *a, const struct coming *c)
{
	struct model *m = a->v->model;
	struct lens *then = coming_lens(c, a->would);

	for (size_t i = 0; i < model_count(m); i++) {
		const struct entity *e = model_at(m, i);
		struct verdict is, would;

		if (e->kind != ENTITY_SERVICE || a->told[e->index] || !coming_differs(m, c, e))
			continue;
		is = coming_verdict(m, c, e);
		would = lens_verdict(then, e->node);
		if (harm(would.quality) <= harm(is.quality) || harm(would.quality) <= harm(lens_verdict(a->would, e->node).quality))
			continue;
		a->told[e->index] = 1;
		json_array_append_new(a->list, json_pack("{s:o,s:o,s:I,s:s,s:s}", "service", json_words(e->name), "when", json_time(c->from),
				      "when_unix", (json_int_t)(c->from.us / 1000000), "before", state_word(is.quality),
				      "after", state_word(would.quality)));
	}
	lens_free(then);
}

/* The first time ahead at which what is assumed is missed by a service. */
static json_t *ahead_json(struct view *v, struct lens *would)
{
	struct ahead a = { v, would, json_array(), must_alloc(v->config->service_count + 1u) };
	const struct coming *c;
	bool cut;
	size_t n = model_coming(v->model, &c, &cut);

	for (size_t i = 0; i < n; i++)
		if (c[i].graph)
			add_ahead(&a, &c[i]);
	free(a.told);
	return a.list;
}

/* args: list of {name, state}. Items are the services that would change; beside them "assumed", "unreached", "services",
 * "ahead": services that are worse when calendars want more, and "unchanged": why nothing changes. */
json_t *view_whatif(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	struct targets t;
	struct scenario *s;
	json_t *items;

	if (targets_take(v, json_object_get(args, "list"), &t, err) != FW_OK)
		return NULL;
	s = targets_scenario(v, &t);
	items = changes_json(v, graph_now(model_graph(v->model)), scenario_lens(s));
	json_object_set_new(answer, "assumed", assumed_json(&t));
	json_object_set_new(answer, "ahead", ahead_json(v, scenario_lens(s)));
	json_object_set_new(answer, "unreached", unreached_json(s));
	json_object_set_new(answer, "services", json_integer(v->config->service_count));
	json_object_set_new(answer, "unchanged", json_array_size(items) ? json_array() : unchanged_json(v, &t));
	scenario_free(s);
	targets_release(&t);
	return items;
}

/* ---- for people ---------------------------------------------------------------------------------------------------- */

/* Those that are assumed in one state. */
static json_t *assumed_in(const json_t *assumed, const char *state)
{
	json_t *list = json_array(), *a;
	size_t i;

	json_array_foreach(assumed, i, a)
		if (strcmp(json_text(a, "after"), state) == 0)
			json_array_append(list, a);
	return list;
}

static void print_head(const struct screen *s, const json_t *answer)
{
	enum { NAMED = 12 };
	const json_t *unreached = json_object_get(answer, "unreached");
	char words[4096];
	struct text t = text_over(words, sizeof(words));
	const char *before = "If ";

	for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
		json_t *list = assumed_in(json_object_get(answer, "assumed"), states[k]);
		size_t n = json_array_size(list);

		if (n > 0) {
			text_add(&t, "%s", before);
			add_names(&t, list, "component", NAMED);
			text_add(&t, " %s %s", n == 1 ? "is" : "are", states[k]);
			before = " and ";
		}
		json_decref(list);
	}
	if (json_array_size(unreached)) {
		text_add(&t, ", so that ");
		add_names(&t, unreached, NULL, NAMED);
		text_add(&t, " cannot be reached and %s unknown", json_array_size(unreached) == 1 ? "is" : "are");
	}
	text_add(&t, ":");
	screen_wrap(s, 0, words);
}

static void print_end(const struct screen *s, const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items"), *assumed = json_object_get(answer, "assumed");
	json_t *down = assumed_in(assumed, "down");
	size_t n = json_array_size(items), rest = (size_t)json_int(answer, "services") - n;

	fprintf(s->out, "%zu service%s would change, %zu would not; nothing was touched\n", n, n == 1 ? "" : "s", rest);
	if (json_array_size(down) == 1 && json_array_size(assumed) == 1 && !changes_lose_quality(items))
		fprintf(s->out, "%snext: forewarn maintain \"%s\" --until 2h --why TEXT%s\n", screen_ink(s, INK_DIM),
			json_text(json_array_get(down, 0), "component"), screen_ink(s, INK_PLAIN));
	else if (n > 0)
		fprintf(s->out, "%snext: forewarn risk \"%s\"%s\n", screen_ink(s, INK_DIM), json_text(json_array_get(items, 0), "service"),
			screen_ink(s, INK_PLAIN));
	json_decref(down);
}

static const char *quality_said(const char *word)
{
	return strcmp(word, "down") == 0 ? "DOWN" : strcmp(word, "degraded") == 0 ? "DEGRADED" : strcmp(word, "up") == 0 ? "ok" : word;
}

/* "31 Dec 09:00: order management ok -> DEGRADED, for more is needed then". */
static void print_ahead(const struct screen *s, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "ahead");
	char day[40], words[1024];
	json_t *a;
	size_t i;

	json_array_foreach(list, i, a) {
		snprintf(words, sizeof(words), "%s: %s %s -> %s, for more is needed then",
			 wall_format_day(json_wall(a, "when"), clock_wall(), day, sizeof(day)), json_text(a, "service"),
			 quality_said(json_text(a, "before")), quality_said(json_text(a, "after")));
		screen_wrap(s, 0, words);
	}
	if (json_array_size(list))
		fputc('\n', s->out);
}

static void print_whatif(const struct ctl *c, const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items"), *why = json_object_get(answer, "unchanged");
	struct screen s = screen_of(c);
	json_t *line;
	size_t i;

	print_head(&s, answer);
	if (json_array_size(items)) {
		fputc('\n', s.out);
		changes_print(&s, items);
		fputc('\n', s.out);
	} else {
		fputs("no service would change", s.out);
		json_array_foreach(why, i, line)
			fprintf(s.out, "%s%s", i ? "; " : ": ", json_string_value(line));
		fputc('\n', s.out);
	}
	print_ahead(&s, answer);
	print_end(&s, answer);
}

int whatif_command(struct ctl *c)
{
	json_t *list = json_array(), *answer;
	const char *name;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		while ((name = ctl_value(c, states[i], 0)) != NULL)
			list_add_name(list, name, states[i]);
	if (!ctl_rest_ok(c, 0) || json_array_size(list) == 0) {
		size_t n = json_array_size(list);

		json_decref(list);
		return n || c->argc ? EXIT_USAGE : ctl_usage(c, "say what is to be assumed, such as --down app1");
	}
	answer = ctl_ask(c, "whatif", json_pack("{s:o}", "list", list));
	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else
		print_whatif(c, answer);
	json_decref(answer);
	return EXIT_DONE;
}
