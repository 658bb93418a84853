/* poller/ctl/view-cuts.c: all minimal cut sets of a service in numbers, the smallest of them, and importance: for the view of risk. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "risk-int.h"

enum {
	LIVE_NODES = 1 << 20, LIVE_STEPS = 20000000,
	BRIEF_STEPS = 100000000,
};
#define SAME 1e-9			/* of bounds, relatively */

const char *view_node_name(struct view *v, uint32_t node)
{
	const struct entity *e = model_of_node(v->model, node);
	const char *name = e ? e->name : graph_name(model_graph(v->model), node);

	return name ? name : "";
}

struct cut_asked view_cut_asked(const struct view *v)
{
	struct cut_bound b = cut_bound_default();
	struct cut_bound live = { .nodes = LIVE_NODES, .steps = LIVE_STEPS };

	if (v->live)
		return (struct cut_asked){ .all = live, .brief = live };
	return (struct cut_asked){ .all = b, .brief = { .nodes = b.nodes, .steps = BRIEF_STEPS } };
}

/* ---- numbers -------------------------------------------------------------------------------------------------------------------- */

/* Takes the digits over. */
static json_t *count_json(char *digits)
{
	enum { DIGITS_64 = 19 };		/* so many always fit 64 bits */
	json_t *j = strlen(digits) > DIGITS_64 ? json_string(digits) : json_count(strtoull(digits, NULL, 10));

	free(digits);
	return j;
}

/* Up to the largest, or the size up to which they are known. */
static json_t *by_size_json(const struct cut_sets *c)
{
	uint32_t to = cut_sets_exact_to(c) ? cut_sets_exact_to(c) : cut_sets_largest(c);
	json_t *list = json_array();

	for (uint32_t size = 1; size <= to; size++)
		json_array_append_new(list, count_json(cut_sets_count(c, size)));
	return list;
}

/* ---- the smallest ---------------------------------------------------------------------------------------------------------------- */

struct telling { struct view *v; json_t *list; };

static void tell(void *owner, const uint32_t *component, size_t n)
{
	struct telling *t = owner;
	json_t *set = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(set, json_words(view_node_name(t->v, component[i])));
	json_array_append_new(t->list, set);
}

void view_put_smallest(struct view *v, const struct entity *e, size_t sets, json_t *item)
{
	struct graph *g = model_graph(v->model);
	struct verdict d = graph_verdict(g, e->node);
	struct telling t = { .v = v, .list = json_array() };
	uint32_t *out;
	size_t n;

	json_object_set_new(item, "smallest", t.list);
	if (d.distance == 0 || d.distance == DISTANCE_NEVER || sets == 0)
		return;
	sets = d.cuts < (double)sets ? (size_t)d.cuts : sets;
	out = must_alloc((sets * d.distance + 1) * sizeof(*out));
	n = graph_smallest_cuts(g, e->node, out, sets);
	for (size_t i = 0; i < n; i++)
		tell(&t, out + i * d.distance, d.distance);
	free(out);
}

/* ---- importance ------------------------------------------------------------------------------------------------------------------ */

/* A component of which nothing can be told is left out. */
static json_t *importance_json(struct view *v, uint32_t node)
{
	struct graph *g = model_graph(v->model);
	size_t n = graph_importance(g, node, NULL, 0);
	struct importance *of = must_alloc((n + 1) * sizeof(*of));
	json_t *list = json_array();

	graph_importance(g, node, of, n);
	for (size_t i = 0; i < n; i++)
		if (isfinite(of[i].birnbaum) || isfinite(of[i].raw))
			json_array_append_new(list, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}",
				"component", json_words(view_node_name(v, of[i].component)), "birnbaum", json_finite(of[i].birnbaum),
				"criticality", json_finite(of[i].criticality), "fussell_vesely", json_finite(of[i].fussell_vesely),
				"raw", json_finite(of[i].raw), "rrw", json_finite(of[i].rrw)));
	free(of);
	return list;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------- */

typedef enum fw_err ask_cuts(struct graph *g, const struct cut_question *q, struct cut_bound *b, struct cut_sets **out, struct err *err);

/* While others are to come a question may take half of what is left, so that one does not leave nothing to all others. */
static enum fw_err ask_within(ask_cuts *ask, struct view *v, const struct cut_question *q, struct cut_bound *b, bool last,
			      struct cut_sets **out, struct err *err)
{
	struct cut_bound part = { .nodes = b->nodes, .steps = last ? b->steps : b->steps / 2 };
	enum fw_err e;

	b->steps -= part.steps;
	e = ask(model_graph(v->model), q, &part, out, err);
	b->steps += part.steps;
	return e;
}

static bool is_any_down(struct graph *g, uint32_t node)
{
	size_t n = graph_support(g, node, NULL, 0);
	uint32_t *support = must_alloc((n + 1) * sizeof(*support));
	bool down = false;

	graph_support(g, node, support, n);
	for (size_t i = 0; i < n && !down; i++)
		down = graph_get(g, support[i]) == STATE_DOWN;
	free(support);
	return down;
}

struct counting { struct view *v; struct cut_asked *a; bool last; json_t *item; };

/* All of them; where that is too much, those of up to a size, and why. NULL: none is known. */
static struct cut_sets *count(const struct counting *w, const struct cut_question *q)
{
	struct cut_sets *c;
	struct err err, none;

	if (ask_within(graph_cut_sets, w->v, q, &w->a->all, w->last, &c, &err) == FW_OK)
		return c;
	ask_within(graph_short_cut_sets, w->v, q, &w->a->brief, w->last, &c, &none);
	if (c == NULL || cut_sets_exact_to(c))
		json_object_set_new(w->item, "cut_sets_reason", json_words(err.text));
	if (c && cut_sets_exact_to(c) && cut_sets_largest(c) == 0) {	/* none as small as that: nothing to tell */
		cut_sets_free(c);
		c = NULL;
	}
	return c;
}

/* The numbers of one question under their keys; the sets. */
static struct cut_sets *put_counts(const struct counting *w, const struct cut_question *q)
{
	static const char *const key[2][4] = {
		{ "cut_sets", "cut_sets_by_size", "cut_sets_exact_to", "cut_sets_least" },
		{ "design_cut_sets", "design_cut_sets_by_size", "design_cut_sets_exact_to", "design_cut_sets_least" },
	};
	const char *const *k = key[q->design];
	struct cut_sets *c = count(w, q);
	bool all = c && cut_sets_exact_to(c) == 0;

	json_object_set_new(w->item, k[0], all ? count_json(cut_sets_count(c, 0)) : json_null());
	json_object_set_new(w->item, k[1], c ? by_size_json(c) : json_null());
	if (c && !all) {
		json_object_set_new(w->item, k[2], json_integer(cut_sets_exact_to(c)));
		json_object_set_new(w->item, k[3], count_json(cut_sets_count(c, 0)));
	}
	return c;
}

/* Of the design: the same, when nothing of it is down. */
static void put_design_counts(const struct counting *w, uint32_t node, bool any_down)
{
	static const char *const key[] = { "cut_sets", "cut_sets_by_size", "cut_sets_exact_to", "cut_sets_least" };

	if (any_down) {
		cut_sets_free(put_counts(w, &(struct cut_question){ .node = node, .design = true }));
		return;
	}
	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
		char design[64];

		snprintf(design, sizeof(design), "design_%s", key[i]);
		if (json_object_get(w->item, key[i]))
			json_object_set(w->item, design, json_object_get(w->item, key[i]));
	}
}

/*
 * What the diagram has no room to tell lies between bounds; where they meet, to nine digits, it is known all the same.
 * With nothing down the design's are the same.
 */
static void put_between(struct view *v, uint32_t node, const struct cut_sets *c, bool any_down, json_t *item)
{
	struct between b = graph_between(model_graph(v->model), &(struct cut_question){ .node = node }, c);
	const struct { const char *key, *design, *low, *high; struct bounds of; } row[] = {
		{ "p", "design_p", "p_low", "p_high", b.p },
		{ "p_horizon", "design_p_horizon", "p_horizon_low", "p_horizon_high", b.p_horizon },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		if (row[i].of.high - row[i].of.low <= SAME * row[i].of.high)
			json_object_set_new(item, row[i].key, json_finite((row[i].of.low + row[i].of.high) / 2));
		if (!any_down)
			json_object_set(item, row[i].design, json_object_get(item, row[i].key));
		json_object_set_new(item, row[i].low, json_finite(row[i].of.low));
		json_object_set_new(item, row[i].high, json_finite(row[i].of.high));
	}
}

void view_put_cuts(struct view *v, const struct entity *e, struct cut_asked *a, json_t *item)
{
	struct telling t = { .v = v, .list = json_array() };
	bool any_down = is_any_down(model_graph(v->model), e->node);
	struct counting w = { .v = v, .a = a, .last = a->services <= 1 && !any_down, .item = item };
	struct cut_sets *c = put_counts(&w, &(struct cut_question){ .node = e->node });

	w.last = a->services <= 1;
	json_object_set_new(item, "smallest", t.list);
	if (c)
		cut_sets_each(c, a->sets, tell, &t);
	else
		view_put_smallest(v, e, a->sets, item);
	if (json_is_false(json_object_get(item, "exact")))
		put_between(v, e->node, c, any_down, item);
	cut_sets_free(c);
	put_design_counts(&w, e->node, any_down);
	json_object_set_new(item, "importance", importance_json(v, e->node));
}
