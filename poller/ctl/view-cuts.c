/* poller/ctl/view-cuts.c: all minimal cut sets of a service in numbers, the smallest of them, and importance: for the view of risk. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "risk-int.h"

enum { LIVE_NODES = 1 << 20, LIVE_STEPS = 20000000 };

const char *view_node_name(struct view *v, uint32_t node)
{
	const struct entity *e = model_of_node(v->model, node);
	const char *name = e ? e->name : graph_name(model_graph(v->model), node);

	return name ? name : "";
}

struct cut_bound view_cut_bound(const struct view *v)
{
	struct cut_bound b = cut_bound_default();

	if (v->live)
		b = (struct cut_bound){ .nodes = LIVE_NODES, .steps = LIVE_STEPS };
	return b;
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

static json_t *by_size_json(const struct cut_sets *c)
{
	json_t *list = json_array();

	for (uint32_t size = 1; size <= cut_sets_largest(c); size++)
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

/* The numbers of one question under their keys; the sets, when they could be counted. It may take half of what is left,
 * so that one service does not leave nothing to all others. */
static struct cut_sets *put_counts(struct view *v, const struct cut_question *q, struct cut_bound *b, json_t *item)
{
	const char *all = q->design ? "design_cut_sets" : "cut_sets";
	const char *by_size = q->design ? "design_cut_sets_by_size" : "cut_sets_by_size";
	struct cut_bound part = { .nodes = b->nodes, .steps = b->steps / 2 };
	struct cut_sets *c;
	struct err err;

	b->steps -= part.steps;
	if (graph_cut_sets(model_graph(v->model), q, &part, &c, &err) != FW_OK)
		json_object_set_new(item, "cut_sets_reason", json_words(err.text));
	b->steps += part.steps;
	json_object_set_new(item, all, c ? count_json(cut_sets_count(c, 0)) : json_null());
	json_object_set_new(item, by_size, c ? by_size_json(c) : json_null());
	return c;
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

/* Of the design: the same, when nothing of it is down. */
static void put_design_counts(struct view *v, uint32_t node, struct cut_bound *b, json_t *item)
{
	if (is_any_down(model_graph(v->model), node)) {
		cut_sets_free(put_counts(v, &(struct cut_question){ .node = node, .design = true }, b, item));
		return;
	}
	json_object_set(item, "design_cut_sets", json_object_get(item, "cut_sets"));
	json_object_set(item, "design_cut_sets_by_size", json_object_get(item, "cut_sets_by_size"));
}

void view_put_cuts(struct view *v, const struct entity *e, struct cut_bound *b, size_t sets, json_t *item)
{
	struct telling t = { .v = v, .list = json_array() };
	struct cut_sets *c = put_counts(v, &(struct cut_question){ .node = e->node }, b, item);

	json_object_set_new(item, "smallest", t.list);
	if (c)
		cut_sets_each(c, sets, tell, &t);
	else
		view_put_smallest(v, e, sets, item);
	cut_sets_free(c);
	put_design_counts(v, e->node, b, item);
	json_object_set_new(item, "importance", importance_json(v, e->node));
}
