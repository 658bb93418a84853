/* poller/ctl/view-fate.c: what redundant members share, for the views: as the structure says, and as the past shows. */
#include <stdlib.h>
#include <string.h>

#include "risk-int.h"

enum { FATE_SETS = 8, GATE_NODES = 1 << 16, LOOKED_LIVE = 200000, LOOKED = 5000000, FATES_MOST = 32 };
enum { SEEN_DAYS = 90, SEEN_EVENTS = 20000, SEEN_MOST = 64, SEEN_TOLD = 8, SEEN_PAIRS = 1 << 14, WINDOW_S = 60, WATCHED_LEAST_S = 3600 };

/* ---- as the structure says ------------------------------------------------------------------------------------------------------ */

struct telling { struct model *m; json_t *sets, *takes, *members; };

static const char *name_of(struct model *m, uint32_t node)
{
	const struct entity *e = model_of_node(m, node);

	return e ? e->name : graph_name(model_graph(m), node);
}

static bool has_name(const json_t *list, const char *name)
{
	size_t i;
	json_t *n;

	json_array_foreach(list, i, n)
		if (strcmp(json_string_value(n), name) == 0)
			return true;
	return false;
}

static json_t *names_of(struct model *m, const uint32_t *node, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_words(name_of(m, node[i])));
	return list;
}

static void tell(void *owner, const uint32_t *set, size_t n, const uint32_t *member, size_t members)
{
	struct telling *t = owner;

	json_array_append_new(t->sets, names_of(t->m, set, n));
	json_array_append_new(t->takes, names_of(t->m, member, members));
	for (size_t i = 0; i < members; i++)
		if (!has_name(t->members, name_of(t->m, member[i])))
			json_array_append_new(t->members, json_words(name_of(t->m, member[i])));
}

/* json_null(): the bound was met. */
json_t *fate_json(struct model *m, uint32_t gate, uint32_t most_nodes, uint32_t *looked)
{
	struct telling t = { .m = m, .sets = json_array(), .takes = json_array(), .members = json_array() };
	struct fate_question q = { .gate = gate, .most_nodes = most_nodes, .most_sets = FATE_SETS, .each = tell, .owner = &t };
	json_t *j = NULL;
	struct fate f;
	struct err err;
	enum fw_err e = graph_shared_fate(model_graph(m), &q, &f, &err);

	*looked = f.looked;
	if (e != FW_OK)
		j = json_null();
	else if (f.actual < f.declared)
		j = json_pack("{s:o,s:i,s:i,s:o,s:O,s:O,s:O}", "group", json_words(name_of(m, gate)), "declared", (int)f.declared,
			      "actual", (int)f.actual, "count", json_whole(f.sets), "sets", t.sets, "takes", t.takes, "members", t.members);
	json_decref(t.sets);
	json_decref(t.takes);
	json_decref(t.members);
	return j;
}

struct fates fates_begin(struct view *v)
{
	struct graph_size s = graph_size(model_graph(v->model));

	return (struct fates){ .v = v, .nodes = s.components + s.gates, .left = v->live ? LOOKED_LIVE : LOOKED,
			       .known = must_alloc((s.components + s.gates + 1) * sizeof(json_t *)),
			       .window = span_us(v->config->interval.us > span_s(WINDOW_S).us ? v->config->interval.us : span_s(WINDOW_S).us) };
}

void fates_end(struct fates *f)
{
	for (uint32_t i = 0; i < f->nodes; i++)
		json_decref(f->known[i]);
	free(f->known);
	free(f->seen);
}

/* Borrowed; an empty object: none. */
static json_t *fate_of(struct fates *f, uint32_t gate)
{
	uint32_t looked = 0;

	if (f->known[gate])
		return f->known[gate];
	f->known[gate] = f->left ? fate_json(f->v->model, gate, GATE_NODES, &looked) : json_null();
	f->left -= looked < f->left ? looked : f->left;
	if (f->known[gate] == NULL)
		f->known[gate] = json_object();
	return f->known[gate];
}

void fates_put(struct fates *f, const uint32_t *gate, size_t gates, json_t *item)
{
	json_t *list = json_array();
	bool full = false;

	for (size_t i = 0; i < gates && json_array_size(list) < FATES_MOST; i++) {
		json_t *fate = fate_of(f, gate[i]);

		full |= json_is_null(fate);
		if (json_object_size(fate) > 0)
			json_array_append(list, fate);
	}
	json_object_set_new(item, "shared_fate", list);
	if (full)
		json_object_set_new(item, "shared_fate_reason",
				    json_string("not all groups were looked at: what they stand on is too large for one answer"));
}

/* ---- as the past shows ---------------------------------------------------------------------------------------------------------- */

struct reading { struct fates *f; struct went_down *at; size_t n; };

/* A failure that is dated between two times is no coincidence with anything. */
static bool one_event(void *owner, const struct ledger_event *ev)
{
	struct reading *r = owner;
	const struct entity *e;

	if (strcmp(ev->what, "state") != 0 || strcmp(ev->now, "down") != 0 || strcmp(ev->before, "down") == 0 ||
	    strcmp(ev->reason, "admin") == 0 || ev->after.us)
		return true;
	e = model_find(r->f->v->model, ev->name);
	if (e != NULL && e->leaf != NODE_NONE && r->n < SEEN_EVENTS)
		r->at[r->n++] = (struct went_down){ e->leaf, ev->at };
	return true;
}

/* Since the first component was seen, but no longer than the events that are asked for. */
static struct span watched(const struct view *v)
{
	struct wall first = v->now;
	struct span d;

	for (size_t i = 0; i < model_count(v->model); i++) {
		const struct history *h = model_history(v->model, model_at(v->model, i));

		if (h && h->since.us && h->since.us < first.us)
			first = h->since;
	}
	d = wall_since(v->now, first);
	if (d.us < span_s(WATCHED_LEAST_S).us)
		return span_s(WATCHED_LEAST_S);
	return d.us > span_s(86400 * SEEN_DAYS).us ? span_s(86400 * SEEN_DAYS) : d;
}

/* What a component stands on, by marks per node. */
static void mark_below(const struct graph *g, uint32_t node, uint8_t *mark, uint8_t bit, uint32_t *stack)
{
	const uint32_t *member;
	size_t depth = 0, n;

	stack[depth++] = node;
	mark[node] |= bit;
	while (depth > 0) {
		node = stack[--depth];
		n = graph_is_component(g, node) ? 0 : graph_members(g, node, &member);
		for (size_t i = 0; i < n; i++) {
			if (mark[member[i]] & bit)
				continue;
			mark[member[i]] |= bit;
			stack[depth++] = member[i];
		}
	}
}

/* Does one stand on the other, or both on something that failed as well? Then it is declared why. */
static bool is_declared(const struct fates *f, const struct together *t, const uint8_t *failed)
{
	struct graph *g = model_graph(f->v->model);
	const struct entity *a = model_of_node(f->v->model, t->a), *b = model_of_node(f->v->model, t->b);
	uint8_t *mark = must_alloc(f->nodes + 1);
	uint32_t *stack = must_alloc((f->nodes + 1) * sizeof(*stack));
	bool declared;

	mark_below(g, a->node, mark, 1, stack);
	mark_below(g, b->node, mark, 2, stack);
	declared = mark[t->a] == 3 || mark[t->b] == 3;
	for (uint32_t i = 0; i < f->nodes && !declared; i++)
		declared = mark[i] == 3 && failed[i];
	free(mark);
	free(stack);
	return declared;
}

static int by_time(const void *x, const void *y)
{
	const struct went_down *a = x, *b = y;

	return a->at.us < b->at.us ? -1 : a->at.us > b->at.us;
}

static void keep_undeclared(struct fates *f, const struct reading *r)
{
	struct together_question q = { .window = f->window, .seen = f->watched, .least = 3, .chance_most = 1e-6, .most_pairs = SEEN_PAIRS };
	uint8_t *failed = must_alloc(f->nodes + 1);
	uint64_t lost;
	size_t n;

	for (size_t i = 0; i < r->n; i++)
		failed[r->at[i].component] = 1;
	n = failed_together(&(struct failures){ r->at, r->n }, &q, f->seen, SEEN_MOST, &lost);
	for (size_t i = 0; i < n && i < SEEN_MOST; i++)
		if (!is_declared(f, &f->seen[i], failed))
			f->seen[f->seens++] = f->seen[i];
	free(failed);
}

static void read_seen(struct fates *f)
{
	struct reading r = { .f = f };
	struct view *v = f->v;
	struct err none;

	f->seen_read = true;
	if (v->ledger == NULL)
		return;
	f->watched = watched(v);
	f->seen = must_alloc(SEEN_MOST * sizeof(*f->seen));
	r.at = must_alloc(SEEN_EVENTS * sizeof(*r.at));
	ledger_events(v->ledger, NULL, wall_add(v->now, span_us(-f->watched.us)), wall_add(v->now, span_s(1)), SEEN_EVENTS, one_event, &r, &none);
	qsort(r.at, r.n, sizeof(*r.at), by_time);
	keep_undeclared(f, &r);
	free(r.at);
}

static json_t *seen_json(const struct fates *f, const struct together *t)
{
	return json_pack("{s:[o,o],s:i,s:f,s:f,s:f,s:f}", "components", json_words(name_of(f->v->model, t->a)), json_words(name_of(f->v->model, t->b)),
			 "times", (int)t->times, "expected", t->expected, "chance", t->chance, "window_s", span_as_s(f->window),
			 "watched_s", span_as_s(f->watched));
}

void fates_put_seen(struct fates *f, const uint32_t *support, size_t n, json_t *item)
{
	uint8_t *in = must_alloc(f->nodes + 1);
	json_t *list = json_array();

	if (!f->seen_read)
		read_seen(f);
	for (size_t i = 0; i < n; i++)
		in[support[i]] = 1;
	for (size_t i = 0; i < f->seens && json_array_size(list) < SEEN_TOLD; i++)
		if (in[f->seen[i].a] && in[f->seen[i].b])
			json_array_append_new(list, seen_json(f, &f->seen[i]));
	json_object_set_new(item, "shared_fate_seen", list);
	free(in);
}
