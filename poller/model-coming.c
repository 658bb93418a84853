/* poller/model-coming.c: what calendars make of the model, planned ahead and built. See model-coming.h.
 *
 * The plan is made anew when a calendar begins or ends, and each hour, because 'ahead' moves on. A structure is built
 * when it comes into the plan, and again when the present one is: what it leaves out is what is the same in both.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "model-int.h"

enum { SPANS_MOST = 4096, MASKS_MOST = 256, PLAN_S = 3600 };

/* ---- the plan ---------------------------------------------------------------------------------------------------- */

struct boundary { struct wall at; uint32_t calendar; bool begins; };

struct planning {
	struct model *m;
	struct wall now, end;
	struct boundary *at;
	size_t count;
	uint64_t holds;			/* now */
	struct plan plan;
};

static bool is_used(const struct config *c, uint32_t calendar)
{
	for (uint32_t i = 0; i < c->group_count; i++)
		for (uint32_t k = 0; k < c->group[i].during_count; k++)
			if (c->group[i].during[k].calendar == calendar)
				return true;
	return false;
}

static void gather(struct planning *p, uint32_t calendar)
{
	const struct cfg_calendar *c = &p->m->config->calendar[calendar];
	struct wall_span *s = must_alloc(SPANS_MOST * sizeof(*s));
	size_t n;

	p->plan.cut |= !calendar_spans(c->calendar, p->now, p->end, s, SPANS_MOST, &n);
	p->at = must_realloc(p->at, (p->count + 2 * n + 1) * sizeof(*p->at));
	for (size_t i = 0; i < n; i++) {
		if (s[i].from.us <= p->now.us)
			p->holds |= UINT64_C(1) << calendar;
		else
			p->at[p->count++] = (struct boundary){ s[i].from, calendar, true };
		if (s[i].to.us < p->end.us)
			p->at[p->count++] = (struct boundary){ s[i].to, calendar, false };
	}
	free(s);
}

static int by_time(const void *a, const void *b)
{
	const struct boundary *x = a, *y = b;

	return x->at.us < y->at.us ? -1 : x->at.us > y->at.us;
}

static bool same_demand(const struct config *c, uint64_t a, uint64_t b)
{
	for (uint32_t i = 0; i < c->group_count && a != b; i++) {
		struct demand x = config_demand(&c->group[i], a), y = config_demand(&c->group[i], b);

		if (x.need != y.need || x.full != y.full || x.capacity != y.capacity)
			return false;
	}
	return true;
}

static bool is_planned(const struct planning *p, uint64_t calendars)
{
	const struct config *c = p->m->config;

	if (same_demand(c, p->holds, calendars))
		return true;
	for (uint32_t i = 0; i < p->plan.count; i++)
		if (same_demand(c, p->plan.coming[i].calendars, calendars))
			return true;
	return false;
}

/* Every demand ahead once, with its first time. */
static void sweep(struct planning *p)
{
	uint64_t holds = p->holds;

	for (size_t i = 0; i < p->count;) {
		struct wall at = p->at[i].at;

		for (; i < p->count && p->at[i].at.us == at.us; i++)
			holds = p->at[i].begins ? holds | UINT64_C(1) << p->at[i].calendar : holds & ~(UINT64_C(1) << p->at[i].calendar);
		if (is_planned(p, holds))
			continue;
		if (p->plan.count == COMING_MOST) {
			p->plan.cut = true;
			return;
		}
		p->plan.coming[p->plan.count++] = (struct coming){
			.from = at, .to = i < p->count ? p->at[i].at : p->end, .calendars = holds,
		};
	}
}

static struct planning plan_make(struct model *m, struct wall now)
{
	struct planning p = { .m = m, .now = now, .end = wall_add(now, m->config->ahead) };

	for (uint32_t i = 0; i < m->config->calendar_count; i++)
		if (is_used(m->config, i))
			gather(&p, i);
	if (p.count)
		qsort(p.at, p.count, sizeof(*p.at), by_time);
	sweep(&p);
	p.plan.due = wall_add(now, span_s(PLAN_S));
	if (p.count && p.at[0].at.us < p.plan.due.us)
		p.plan.due = p.at[0].at;
	p.plan.made = now;
	p.plan.calendars = p.holds;
	free(p.at);
	return p;
}

/* ---- structures -------------------------------------------------------------------------------------------------- */

static void coming_free(struct coming *c, uint8_t *differs)
{
	graph_free(c->graph);
	c->graph = NULL;
	free(differs);
}

void coming_release(struct model *m)
{
	for (uint32_t i = 0; i < m->plan.count; i++)
		coming_free(&m->plan.coming[i], m->plan.differs[i]);
	m->plan.count = 0;
}

/* Structures of the old plan that are still those of the new one. */
static void keep_graphs(struct model *m, struct plan *next)
{
	struct plan *old = &m->plan;

	for (uint32_t i = 0; i < next->count; i++)
		for (uint32_t k = 0; k < old->count; k++) {
			if (old->coming[k].calendars != next->coming[i].calendars || !old->coming[k].graph)
				continue;
			next->coming[i].graph = old->coming[k].graph;
			next->differs[i] = old->differs[k];
			old->coming[k].graph = NULL;
			old->differs[k] = NULL;
		}
}

/* One that cannot be built is left out, and that is said: what is now, and a reload, must not fail for what may come. */
void coming_build(struct model *m)
{
	struct err err;

	for (uint32_t i = m->first_service; i < m->config_items; i++)
		m->item[i]->trouble_known = false;

	for (uint32_t i = 0; i < m->plan.count; i++) {
		struct coming *c = &m->plan.coming[i];
		char day[40];

		if (!c->graph && !c->left_out && model_graph_coming(m, c, &m->plan.differs[i], &err) != FW_OK) {
			c->left_out = true;
			m->plan.cut = true;
			log_warn(LOG_GRAPH, "what calendars will need from %s on is not computed: %s",
				 wall_format_day(c->from, m->plan.made, day, sizeof(day)), err.text);
		}
	}
}

void coming_forget(struct model *m)
{
	for (uint32_t i = 0; i < m->plan.count; i++) {
		coming_free(&m->plan.coming[i], m->plan.differs[i]);
		m->plan.differs[i] = NULL;
	}
}

/* ---- time -------------------------------------------------------------------------------------------------------- */

static void tell_demands(struct model *m, uint64_t before, struct demand_watch *w)
{
	for (uint32_t i = 0; w->each && i < m->config->group_count; i++) {
		const struct cfg_group *g = &m->config->group[i];
		struct demand x = config_demand(g, before), y = config_demand(g, m->plan.calendars);

		if (x.need != y.need || x.full != y.full || x.capacity != y.capacity)
			w->each(w->owner, &m->item[m->first_group + i]->e, &x, &y);
	}
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
	bool same = a->count == b->count && a->cut == b->cut;

	for (uint32_t i = 0; same && i < a->count; i++)
		same = a->coming[i].calendars == b->coming[i].calendars && a->coming[i].from.us == b->coming[i].from.us;
	return same;
}

enum fw_err model_time(struct model *m, struct wall now, struct demand_watch *w, struct err *err)
{
	uint64_t before = m->plan.calendars;
	bool first = m->plan.made.us == 0;	/* what holds when the process begins is no news */
	struct planning p;
	enum fw_err e;

	if (m->config->calendar_count == 0 || (m->plan.made.us && now.us < m->plan.due.us && now.us >= m->plan.made.us))
		return FW_OK;
	p = plan_make(m, now);
	w->changed |= !same_plan(&p.plan, &m->plan);
	if (p.plan.cut && !m->plan.cut)
		log_warn(LOG_GRAPH, "calendars: more than %d different demands within 'ahead'; the later ones are not looked at",
			 COMING_MOST);
	if (same_demand(m->config, before, p.holds))
		keep_graphs(m, &p.plan);
	coming_release(m);
	m->plan = p.plan;
	if (same_demand(m->config, before, p.holds)) {
		m->moved |= w->changed;
		coming_build(m);
		return FW_OK;
	}
	w->changed = true;
	e = model_graph_make(m, err);
	if (e == FW_OK && !first)
		tell_demands(m, before, w);
	else if (e != FW_OK)
		m->plan.calendars = before;
	return e;
}

uint64_t model_calendars(const struct model *m) { return m->plan.calendars; }

void coming_inherit(struct model *m, const struct model *old)
{
	struct planning p;

	if (old->plan.made.us == 0 || m->config->calendar_count == 0)
		return;
	p = plan_make(m, old->plan.made);
	m->plan = p.plan;
	m->plan.due = old->plan.made;	/* a plan of now is made at the next occasion */
}

/* Services that stand on it then are to be looked at again. */
static void trouble_forget(struct model *m, struct graph *then, uint32_t leaf)
{
	size_t n = graph_touched(then, leaf, NULL, 0);
	uint32_t *node = n ? must_alloc(n * sizeof(*node)) : NULL;

	n = n ? graph_touched(then, leaf, node, n) : 0;
	for (size_t i = 0; i < n; i++)
		if (node[i] < m->nodes && m->node_item[node[i]])
			m->node_item[node[i]]->trouble_known = false;
	free(node);
}

void coming_set(struct model *m, uint32_t leaf, enum state s)
{
	for (uint32_t i = 0; i < m->plan.count; i++)
		if (m->plan.coming[i].graph && graph_set(m->plan.coming[i].graph, leaf, s)) {
			trouble_forget(m, m->plan.coming[i].graph, leaf);
			m->moved = true;
		}
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

size_t model_coming(const struct model *m, const struct coming **out, bool *cut)
{
	*out = m->plan.coming;
	*cut = m->plan.cut;
	return m->plan.count;
}

bool coming_differs(const struct model *m, const struct coming *c, const struct entity *e)
{
	const uint8_t *differs = m->plan.differs[c - m->plan.coming];

	return c->graph && differs && e->node != NODE_NONE && differs[e->node];
}

struct verdict coming_verdict(struct model *m, const struct coming *c, const struct entity *e)
{
	return graph_verdict(coming_differs(m, c, e) ? c->graph : m->graph, e->node);
}

struct lens *coming_lens(const struct coming *c, struct lens *like)
{
	struct lens *w = lens_new(c->graph);
	uint32_t n = graph_size(c->graph).components;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t leaf = graph_component_at(c->graph, i);

		if (lens_get(like, leaf) != graph_get(c->graph, leaf))
			lens_set(w, leaf, lens_get(like, leaf));
	}
	return w;
}

/* How bad, for users. */
static int harm(enum state quality) { return quality == STATE_DOWN ? 2 : quality == STATE_DEGRADED ? 1 : 0; }

/* What the design alone does then is nobody's failure. */
static int design_harm(struct graph *g, uint32_t node)
{
	struct verdict v = lens_verdict(graph_design(g), node);

	return harm(v.quality);
}

const struct coming *model_trouble(struct model *m, const struct entity *service, enum state *then)
{
	int now = harm(graph_verdict(m->graph, service->node).quality);

	for (uint32_t i = 0; i < m->plan.count; i++) {
		const struct coming *c = &m->plan.coming[i];

		if (!coming_differs(m, c, service))
			continue;
		*then = graph_verdict(c->graph, service->node).quality;
		if (harm(*then) > now && harm(*then) > design_harm(c->graph, service->node))
			return c;
	}
	return NULL;
}

/* Asked of all services after each change: what is ahead of those that it does not touch is as it was. */
static bool has_trouble(struct model *m, const struct entity *service, int now)
{
	struct item *it = m->item[m->first_service + service->index];
	enum state then;

	if (!it->trouble_known || it->trouble_now != now) {
		it->trouble = model_trouble(m, service, &then) != NULL;
		it->trouble_now = (int8_t)now;
		it->trouble_known = true;
	}
	return it->trouble;
}

struct verdict model_verdict(struct model *m, const struct entity *e)
{
	struct verdict v = graph_verdict(m->graph, e->node);

	if (!v.at_risk && v.quality != STATE_DOWN && m->plan.count && e->kind == ENTITY_SERVICE)
		v.at_risk = has_trouble(m, e, harm(v.quality));
	return v;
}

/* ---- what to repair ---------------------------------------------------------------------------------------------- */

struct repairing {
	struct lens *lens;
	uint32_t node;
	uint32_t failed[REPAIR_MOST];
	uint32_t count;
	int wanted;			/* the least harm that repairs leave */
};

static bool is_enough(struct repairing *r, unsigned set)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (set >> i & 1)
			lens_set(r->lens, r->failed[i], STATE_UP);
		else
			lens_follow(r->lens, r->failed[i]);
	return harm(lens_verdict(r->lens, r->node).quality) <= r->wanted;
}

/* The next larger number with as many bits. */
static unsigned next_set(unsigned s)
{
	unsigned low = s & -s, carried = s + low;

	return carried | ((s ^ carried) >> 2) / low;
}

/* All sets by size, as long as there are few of them; else what is left when none can be left out. */
static unsigned smallest_set(struct repairing *r)
{
	enum { TRIED_MOST = 700 };	/* all sets of up to three of sixteen */
	unsigned all = (1u << r->count) - 1, tried = 0;

	for (uint32_t size = 1; size < r->count; size++)
		for (unsigned set = (1u << size) - 1; set <= all; set = next_set(set)) {
			if (tried++ == TRIED_MOST)
				goto greedy;
			if (is_enough(r, set))
				return set;
		}
	return all;
greedy:
	for (uint32_t i = 0; i < r->count; i++)
		if (is_enough(r, all & ~(1u << i)))
			all &= ~(1u << i);
	return all;
}

/* Those down and degraded that it stands on; what is unknown nobody can repair. */
static void find_failed(struct graph *g, struct repairing *r)
{
	size_t n = graph_support(g, r->node, NULL, 0);
	uint32_t *leaf = must_alloc((n + 1) * sizeof(*leaf));

	n = graph_support(g, r->node, leaf, n);
	for (size_t i = 0; i < n && r->count < REPAIR_MOST; i++) {
		enum state s = graph_get(g, leaf[i]);

		if (s == STATE_DOWN || s == STATE_DEGRADED)
			r->failed[r->count++] = leaf[i];
	}
	free(leaf);
}

size_t coming_repair(struct model *m, const struct coming *c, const struct entity *service, const struct entity **out)
{
	struct graph *g = coming_differs(m, c, service) ? c->graph : m->graph;
	struct repairing r = { .node = service->node };
	unsigned set = 0;
	size_t n = 0;

	find_failed(g, &r);
	if (r.count == 0)
		return 0;
	r.lens = lens_new(g);
	r.wanted = harm(STATE_DOWN);
	is_enough(&r, (1u << r.count) - 1);
	r.wanted = harm(lens_verdict(r.lens, r.node).quality);
	if (!is_enough(&r, 0))
		set = smallest_set(&r);
	lens_free(r.lens);
	for (uint32_t i = 0; i < r.count; i++)
		if (set >> i & 1)
			out[n++] = model_of_node(m, r.failed[i]);
	return n;
}

/* ---- the design alone -------------------------------------------------------------------------------------------- */

typedef size_t points_function(struct graph *g, uint32_t node, uint32_t *out, size_t most);

static uint32_t *points(points_function *ask, struct graph *g, uint32_t node, size_t *n)
{
	uint32_t *list;

	*n = ask(g, node, NULL, 0);
	list = must_alloc((*n + 1) * sizeof(*list));
	*n = ask(g, node, list, *n);
	return list;
}

static bool is_among(const uint32_t *list, size_t n, uint32_t leaf)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == leaf)
			return true;
	return false;
}

/* Points of 'then' that are none of 'now', nor in 'out' already. */
static size_t new_points(struct model *m, struct graph *then, const struct entity *service, points_function *ask,
			 const struct entity **out, size_t most, size_t had)
{
	size_t n, n_now, n_worse, count = had;
	uint32_t *list = points(ask, then, service->node, &n), *now = points(ask, m->graph, service->node, &n_now);
	uint32_t *worse = points(graph_design_single_points, then, service->node, &n_worse);
	bool degrades = ask == graph_design_degrading_points;

	for (size_t i = 0; i < n; i++) {
		if (is_among(now, n_now, list[i]) || (degrades && is_among(worse, n_worse, list[i])))
			continue;
		if (count < most)
			out[count] = model_of_node(m, list[i]);
		count++;
	}
	free(list);
	free(now);
	free(worse);
	return count;
}

size_t coming_points(struct model *m, const struct coming *c, const struct entity *service, const struct entity **out,
		     size_t most, size_t *ends)
{
	size_t n;

	*ends = 0;
	if (!coming_differs(m, c, service))
		return 0;
	n = new_points(m, c->graph, service, graph_design_single_points, out, most, 0);
	*ends = n < most ? n : most;
	return new_points(m, c->graph, service, graph_design_degrading_points, out, most, n);
}
