/* poller/ctl/risk.c: forewarn risk: what is left of a service, what would end it, what to repair first. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

enum { NAMES_MOST = 4096, LIST_MOST = 20 };

/* ---- the view ------------------------------------------------------------------------------------------------------------ */

static const char *name_of(struct view *v, uint32_t node)
{
	const struct entity *e = model_of_node(v->model, node);

	return e ? e->name : graph_name(model_graph(v->model), node);
}

static json_t *names_json(struct view *v, const uint32_t *nodes, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(name_of(v, nodes[i])));
	return list;
}

static json_t *distance_json(uint32_t d) { return d == DISTANCE_NEVER ? json_null() : json_integer(d); }

static json_t *number_or_null(double x) { return isfinite(x) ? json_real(x) : json_null(); }

/* Components in the support that are not up, with what repairing each alone would bring. */
static json_t *failed_json(struct view *v, const struct entity *service, const uint32_t *support, size_t n, const struct verdict *now)
{
	struct graph *g = model_graph(v->model);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct entity *e = model_of_node(v->model, support[i]);
		struct verdict after;

		if (e == NULL || e->state == STATE_UP)
			continue;
		after = graph_verdict_if(g, service->node, support[i], STATE_UP);
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:o,s:f,s:s,s:b,s:o,s:b}", "component", e->name, "state", state_word(e->state),
				      "reason", e->reason, "since", json_time(e->since), "age_s", span_as_s(wall_since(v->now, e->since)),
				      "repaired_quality", state_word(after.quality), "repaired_at_risk", after.at_risk,
				      "repaired_can_lose", json_lose(&after),
				      "helps", after.quality != now->quality || after.distance != now->distance || after.at_risk != now->at_risk ||
					after.cuts < now->cuts));
	}
	return list;
}

/* How many of a gate's direct members still work, for the groups under the service. */
static json_t *left_json(struct view *v, const struct entity *service)
{
	struct graph *g = model_graph(v->model);
	json_t *list = json_array();
	const uint32_t *below;
	size_t n = graph_members(g, service->node, &below);

	for (size_t i = 0; i < n; i++) {
		const struct entity *e = model_of_node(v->model, below[i]);
		const struct cfg_group *k;
		uint32_t there = 0;

		if (e == NULL || e->kind != ENTITY_GROUP)
			continue;
		k = &v->config->group[e->index];
		for (uint32_t m = 0; m < k->count; m++) {
			const struct entity *member = model_find(v->model, k->member[m].name);
			enum state s = member == NULL ? STATE_UNKNOWN : member->node == NODE_NONE ? member->state :
				       graph_is_watched(g, member->node) ? graph_verdict(g, member->node).quality : member->state;

			there += s == STATE_UP || s == STATE_DEGRADED;
		}
		json_array_append_new(list, json_pack("{s:s,s:i,s:i,s:i,s:i}", "group", e->name, "there", (int)there, "members", (int)k->count,
				      "need", (int)k->need, "full", (int)k->full));
	}
	return list;
}

static void count_certainty(struct view *v, const uint32_t *support, size_t n, json_t *item)
{
	struct graph *g = model_graph(v->model);
	int unknown = 0, rated = 0;

	(void)g;
	for (size_t i = 0; i < n; i++) {
		const struct entity *e = model_of_node(v->model, support[i]);
		const struct ref *r = e ? config_find(v->config, e->name) : NULL;

		unknown += e != NULL && e->state == STATE_UNKNOWN;
		rated += r && r->kind == REF_COMPONENT && isfinite(v->config->component[r->index].unavailability);
	}
	json_object_set_new(item, "components", json_integer((json_int_t)n));
	json_object_set_new(item, "components_unknown", json_integer(unknown));
	json_object_set_new(item, "components_rated", json_integer(rated));
}

static json_t *service_json(struct view *v, const struct entity *e)
{
	struct graph *g = model_graph(v->model);
	const struct cfg_service *s = &v->config->service[e->index];
	struct verdict d = graph_verdict(g, e->node), design = { .distance = d.design_distance };
	uint32_t *nodes = must_alloc(NAMES_MOST * sizeof(*nodes));
	size_t n = graph_single_points(g, e->node, nodes, LIST_MOST), shown = n < LIST_MOST ? n : LIST_MOST;
	json_t *item = json_pack("{s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:i,s:s}", "service", e->name,
		"quality", state_word(d.quality), "at_risk", d.at_risk, "can_lose", json_lose(&d), "built_for", json_lose(&design),
		"distance", distance_json(d.distance), "distance_weak", distance_json(d.distance_weak),
		"distance_worst", distance_json(d.distance_worst), "design_distance", distance_json(d.design_distance),
		"cut_sets", number_or_null(d.cuts), "design_cut_sets", number_or_null(d.design_cuts), "p", number_or_null(d.p),
		"design_p", number_or_null(d.design_p), "owner", s->owner, "tier", (int)s->tier, "runbook", s->runbook);

	json_object_set_new(item, "single_points", names_json(v, nodes, shown));
	json_object_set_new(item, "single_points_count", json_integer((json_int_t)n));
	n = graph_design_single_points(g, e->node, nodes, LIST_MOST);
	json_object_set_new(item, "design_single_points", names_json(v, nodes, n < LIST_MOST ? n : LIST_MOST));
	n = graph_support(g, e->node, nodes, NAMES_MOST);
	n = n < NAMES_MOST ? n : NAMES_MOST;
	json_object_set_new(item, "failed", failed_json(v, e, nodes, n, &d));
	json_object_set_new(item, "left", left_json(v, e));
	json_object_set_new(item, "stands_on", names_json(v, nodes, n));
	count_certainty(v, nodes, n, item);
	free(nodes);
	return item;
}

json_t *view_risk(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	const char *only = json_text(args, "service");
	json_t *items = json_array();

	(void)answer;
	for (size_t i = 0; i < model_count(v->model); i++) {
		const struct entity *e = model_at(v->model, i);

		if (e->kind == ENTITY_SERVICE && (only[0] == '\0' || strcmp(only, e->name) == 0))
			json_array_append_new(items, service_json(v, e));
	}
	if (only[0] && json_array_size(items) == 0) {
		const char *near = names_nearest(&v->config->names, only, 3);

		err_set(err, FW_NOTFOUND, "there is no service '%s'%s%s%s", only, near ? "; '" : "", near ? near : "", near ? "' is near" : "");
		json_decref(items);
		return NULL;
	}
	return items;
}

/* ---- for people -------------------------------------------------------------------------------------------------------------- */

static void label(const struct screen *s, const char *word)
{
	fprintf(s->out, "%s%-14s%s ", screen_ink(s, INK_DIM), word, screen_ink(s, INK_PLAIN));
}

static void list(const struct screen *s, const json_t *names, size_t total)
{
	size_t n = json_array_size(names);

	for (size_t i = 0; i < n; i++)
		fprintf(s->out, "%s%s", i ? " \u00b7 " : "", json_string_value(json_array_get(names, i)));
	if (total > n)
		fprintf(s->out, " and %zu more", total - n);
	fputc('\n', s->out);
}

/* "about 1 in 120": two digits, never twelve. */
static void chance(double p, char *buf, size_t size)
{
	double n = 1 / p, scale = pow(10, floor(log10(n)) - 1);
	char digits[32];

	if (p <= 0)
		snprintf(buf, size, "none");
	else if (p > 0.5)
		snprintf(buf, size, "%.0f %%", p * 100);
	else
		snprintf(buf, size, "about 1 in %s", text_thousands((unsigned long long)(n < 10 ? round(n) : round(n / scale) * scale), digits, sizeof(digits)));
}

static const char *in_words(const json_t *r, char *buf, size_t size)
{
	const char *q = json_text(r, "quality");
	json_int_t lose = json_integer_value(json_object_get(r, "can_lose")), built = json_integer_value(json_object_get(r, "built_for"));
	bool never = json_is_null(json_object_get(r, "can_lose"));

	if (strcmp(q, "down") == 0)
		snprintf(buf, size, "It does not work: users get nothing.");
	else if (strcmp(q, "unknown") == 0)
		snprintf(buf, size, "It is not known whether it works.");
	else if (never)
		snprintf(buf, size, "Nothing that is known can stop it.");
	else if (lose == 0 && built > 0)
		snprintf(buf, size, "%s One more failure stops it (built to survive any %lld).",
			 strcmp(q, "degraded") == 0 ? "Works, but not as it should." : "Works now.", (long long)built);
	else if (lose == 0)
		snprintf(buf, size, "%s It has no spare: any of the components below stops it.",
			 strcmp(q, "degraded") == 0 ? "Works, but not as it should." : "Works now.");
	else
		snprintf(buf, size, "%s It can still lose any %lld%s.", strcmp(q, "degraded") == 0 ? "Works, but not as it should." : "Works now.",
			 (long long)lose, lose < built ? "" : json_is_true(json_object_get(r, "at_risk")) ? ", though part of its redundancy is gone" : "");
	return buf;
}

static void print_failed(const struct screen *s, const json_t *failed)
{
	size_t i;
	json_t *f;

	json_array_foreach(failed, i, f) {
		char age[32], reason[512];

		label(s, i == 0 ? "Not up" : "");
		text_clean(json_text(f, "reason"), strlen(json_text(f, "reason")), reason, sizeof(reason));
		span_format(span_us((int64_t)(json_real_value(json_object_get(f, "age_s")) * 1e6)), age, sizeof(age));
		fprintf(s->out, "%s %s%s%s", json_text(f, "component"), json_text(f, "state"), reason[0] ? ": " : "", reason);
		if (strcmp(json_text(f, "state"), "unknown") != 0)	/* since when it is so, nobody has seen */
			fprintf(s->out, " for %s", age);
		fputc('\n', s->out);
	}
}

static void print_left(const struct screen *s, const json_t *left)
{
	size_t i;
	json_t *g;

	if (json_array_size(left) == 0)
		return;
	label(s, "What is left");
	json_array_foreach(left, i, g)
		fprintf(s->out, "%s%s %d of %d, %d needed", i ? " \u00b7 " : "", json_text(g, "group"),
			(int)json_integer_value(json_object_get(g, "there")), (int)json_integer_value(json_object_get(g, "members")),
			(int)json_integer_value(json_object_get(g, "need")));
	fputc('\n', s->out);
}

/* Which of the failed components to repair first: the one that alone brings most. */
static void print_repairs(const struct screen *s, const json_t *failed)
{
	size_t i;
	json_t *f, *best = NULL;
	json_int_t most = -3;

	json_array_foreach(failed, i, f) {
		json_t *lose = json_object_get(f, "repaired_can_lose");
		json_int_t n = (json_is_null(lose) ? 1000 : json_integer_value(lose)) * 2 + !json_is_true(json_object_get(f, "repaired_at_risk"));

		if (n > most && strcmp(json_text(f, "state"), "unknown") != 0) {
			most = n;
			best = f;
		}
	}
	if (best == NULL)
		return;
	label(s, "Repair first");
	if (strcmp(json_text(best, "repaired_quality"), "down") == 0)
		fprintf(s->out, "%s: not enough alone, the service needs more than one repair\n", json_text(best, "component"));
	else if (json_is_null(json_object_get(best, "repaired_can_lose")))
		fprintf(s->out, "%s: then nothing can stop it\n", json_text(best, "component"));
	else
		fprintf(s->out, "%s: back to \"can lose %lld\"%s\n", json_text(best, "component"),
			(long long)json_integer_value(json_object_get(best, "repaired_can_lose")),
			json_is_true(json_object_get(best, "repaired_at_risk")) ? ", still at risk by the others" : "");
}

static void print_chance(const struct screen *s, const json_t *r)
{
	char now[64], usual[64];

	if (!json_is_real(json_object_get(r, "p")))
		return;
	chance(json_real_value(json_object_get(r, "p")), now, sizeof(now));
	chance(json_real_value(json_object_get(r, "design_p")), usual, sizeof(usual));
	label(s, "Chance");
	fprintf(s->out, "to be down at a random moment: %s (usually %s)\n", now, usual);
}

static void print_numbers(const struct screen *s, const json_t *r)
{
	static const struct { const char *key, *word; } row[] = {
		{ "distance", "distance" }, { "distance_weak", "degraded ones counted as failed" },
		{ "distance_worst", "unknown ones as well" }, { "design_distance", "nothing failed" },
	};

	label(s, "Distance");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		json_t *d = json_object_get(r, row[i].key);

		fprintf(s->out, "%s%s ", i ? " \u00b7 " : "", row[i].word);
		if (json_is_null(d))
			fputs("cannot fail", s->out);
		else
			fprintf(s->out, "%lld", (long long)json_integer_value(d));
	}
	fputc('\n', s->out);
	label(s, "Cut sets");
	fprintf(s->out, "%.0f of that size now, %.0f by design\n", json_number_value(json_object_get(r, "cut_sets")),
		json_number_value(json_object_get(r, "design_cut_sets")));
	label(s, "Stands on");
	list(s, json_object_get(r, "stands_on"), json_array_size(json_object_get(r, "stands_on")));
}

static void print_certainty(const struct screen *s, const json_t *r)
{
	int n = (int)json_integer_value(json_object_get(r, "components")), unknown = (int)json_integer_value(json_object_get(r, "components_unknown"));

	label(s, "Certainty");
	if (unknown)
		fprintf(s->out, "%d of %d components are unknown: at worst it can lose %s\n", unknown, n,
			json_integer_value(json_object_get(r, "distance_worst")) == 0 ? "nothing, it is down" : "less than is said here");
	else
		fprintf(s->out, "the states of all %d components are known\n", n);
}

static void print_risk(const struct screen *s, const json_t *r, bool verbose)
{
	const char *q = json_text(r, "quality");
	bool at_risk = json_is_true(json_object_get(r, "at_risk"));
	size_t points = (size_t)json_integer_value(json_object_get(r, "single_points_count"));
	enum ink ink = strcmp(q, "down") == 0 ? INK_BAD : strcmp(q, "up") == 0 ? INK_GOOD : INK_WARN;
	char words[256];

	fprintf(s->out, "%s%s%s   quality %s%s%s", screen_ink(s, INK_BOLD), json_text(r, "service"), screen_ink(s, INK_PLAIN),
		screen_ink(s, ink), strcmp(q, "up") == 0 ? "ok" : q, screen_ink(s, INK_PLAIN));
	if (at_risk)
		fprintf(s->out, " \u00b7 %sAT RISK%s", screen_ink(s, INK_WARN), screen_ink(s, INK_PLAIN));
	if (json_text(r, "owner")[0])
		fprintf(s->out, " \u00b7 owner %s", json_text(r, "owner"));
	if (json_integer_value(json_object_get(r, "tier")))
		fprintf(s->out, " \u00b7 tier %d", (int)json_integer_value(json_object_get(r, "tier")));
	fprintf(s->out, "\n%s\n\n", in_words(r, words, sizeof(words)));
	print_failed(s, json_object_get(r, "failed"));
	print_left(s, json_object_get(r, "left"));
	if (points) {
		label(s, "Ends it now");
		list(s, json_object_get(r, "single_points"), points);
	}
	print_repairs(s, json_object_get(r, "failed"));
	if (points && at_risk) {
		label(s, "Until then");
		fputs("leave alone what ends it now: no maintenance there\n", s->out);
	}
	print_chance(s, r);
	print_certainty(s, r);
	if (json_text(r, "runbook")[0]) {
		label(s, "Runbook");
		fprintf(s->out, "%s\n", json_text(r, "runbook"));
	}
	if (verbose)
		print_numbers(s, r);
	label(s, "More");
	fprintf(s->out, "%sforewarn explain \"%s\" \u00b7 --json\n", verbose ? "" : "-v distances and components \u00b7 ", json_text(r, "service"));
}

int risk_command(struct ctl *c)
{
	bool verbose = ctl_flag(c, "verbose", 'v');
	struct screen s = screen_of(c);
	struct err err = { "" };
	json_t *answer, *item;
	size_t i, shown = 0;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	answer = ctl_call(c, "risk", json_pack("{s:s}", "service", c->argc ? c->argv[0] : ""), &err);
	if (answer == NULL)
		return ctl_failed(c, err.text);
	if (c->json) {
		ctl_print_json(answer);
	} else {
		json_array_foreach(json_object_get(answer, "items"), i, item) {
			bool well = strcmp(json_text(item, "quality"), "up") == 0 && !json_is_true(json_object_get(item, "at_risk"));

			if (c->argc == 0 && well)
				continue;
			if (shown++)
				fputc('\n', s.out);
			print_risk(&s, item, verbose);
		}
		if (shown == 0)
			printf("no service is at risk (%zu are well)\n", json_array_size(json_object_get(answer, "items")));
	}
	json_decref(answer);
	return EXIT_DONE;
}
