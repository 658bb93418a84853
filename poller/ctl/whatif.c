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

/* args: list of {name, state}. Items are the services that would change; beside them "assumed", "unreached", "services", and
 * "unchanged": why nothing changes. */
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
