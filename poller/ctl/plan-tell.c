/* poller/ctl/plan-tell.c: maintenance and accepted risks as status and risk tell them to people. */
#include <stdio.h>
#include <string.h>

#include "poller/ctl/plan-int.h"

enum { NAMED = 12, PLANNED_MOST = 5, WORDS_MOST = 4096 };

/* "22:00" of the next half day, else with its date. */
char *plan_moment(struct wall t, char *buf, size_t size)
{
	int64_t ahead = wall_since(t, clock_wall()).us;

	if (ahead > -span_s(43200).us && ahead < span_s(43200).us)
		return wall_format_time(t, buf, size);
	return wall_format(t, buf, size);
}

/* "#3 running until 22:00:00: app1 and app2 (new disks, alice)" */
void window_words(const json_t *w, char *buf, size_t size)
{
	struct text t = text_over(buf, size);
	char from[48], until[48];

	text_add(&t, "#%lld ", (long long)json_int(w, "maintenance"));
	if (strcmp(json_text(w, "state"), "running") == 0)
		text_add(&t, "running until %s: ", plan_moment(json_wall(w, "until"), until, sizeof(until)));
	else
		text_add(&t, "planned from %s until %s: ", plan_moment(json_wall(w, "from"), from, sizeof(from)),
			 plan_moment(json_wall(w, "until"), until, sizeof(until)));
	add_names(&t, json_object_get(w, "members"), NULL, NAMED);
	text_add(&t, " (%s; %s)", json_text(w, "why"), json_text(w, "who"));
}

void plan_add_accepted(struct text *t, const json_t *item)
{
	const json_t *a = json_object_get(item, "accepted");
	char until[48];

	if (json_is_object(a))
		text_add(t, "; accepted by %s until %s: %s", json_text(a, "who"), plan_moment(json_wall(a, "until"), until, sizeof(until)),
			 json_text(a, "why"));
}

/* What runs, and the next few that are planned. */
void plan_print_status(const struct screen *s, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "maintenance");
	char words[WORDS_MOST];
	size_t shown = 0, i;
	json_t *w;

	json_array_foreach(list, i, w) {
		bool runs = strcmp(json_text(w, "state"), "running") == 0;

		if (!runs && shown >= PLANNED_MOST)
			continue;
		fputs(shown++ ? "" : "\n", s->out);
		window_words(w, words, sizeof(words));
		fprintf(s->out, "%smaintenance%s ", screen_ink(s, INK_BOLD), screen_ink(s, INK_PLAIN));
		screen_wrap(s, 12, words);
	}
	if (json_array_size(list) > shown)
		fprintf(s->out, "%zu more are planned (forewarn maintain)\n", json_array_size(list) - shown);
}

void plan_print_risk(const struct screen *s, const json_t *r)
{
	char words[WORDS_MOST], name[MODEL_NAME_MAX], until[48];
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(r, "maintenance"), i, item) {
		window_words(item, words, sizeof(words));
		screen_label(s, i ? "" : "Maintenance");
		screen_wrap(s, SCREEN_LABEL, words);
	}
	json_array_foreach(json_object_get(r, "accepted"), i, item) {
		snprintf(words, sizeof(words), "#%lld %s by %s until %s: %s", (long long)json_int(item, "accepted"),
			 component_words(json_text(item, "component"), name, sizeof(name)), json_text(item, "who"),
			 plan_moment(json_wall(item, "until"), until, sizeof(until)), json_text(item, "why"));
		screen_label(s, i ? "" : "Accepted");
		screen_wrap(s, SCREEN_LABEL, words);
	}
}
