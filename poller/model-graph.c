/* poller/model-graph.c: the configuration and the baseline as a graph (service/).
 *
 * Leaves first, one per component, then the gates, then who is a member of what; so a name may be used before its
 * place. Inside its own device a part or check stands for its own variable only: its composite holds the device, which
 * would be a circle.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "model-int.h"

struct made {			/* per item */
	uint32_t leaf, node;
	bool gate;		/* 'node' is a gate over all that it needs */
};

struct making {
	struct model *m;
	struct graph *g;
	uint64_t calendars;		/* whose demand it is built for */
	struct made *of;
};

enum mib_counts part_counts(const struct model *m, const struct item *device, const char *name)
{
	const char *class_at = name + strlen(device->name) + 1, *end = strchr(class_at, '/');
	const struct mib_table *t;
	char class_name[MODEL_NAME_MAX];

	if (!m->config->mib || !end || (size_t)(end - class_at) >= sizeof(class_name))
		return COUNTS_NAMED;
	memcpy(class_name, class_at, (size_t)(end - class_at));
	class_name[end - class_at] = 0;
	t = mib_find_class(m->config->mib, class_name);
	return t ? t->counts : COUNTS_NAMED;
}

static bool counts_in_device(const struct item *it)
{
	return it->counts != COUNTS_NAMED && (it->e.kind == ENTITY_CHECK || it->baseline);
}

static const struct needs *needs_of(const struct model *m, const struct item *it)
{
	static const struct needs none;
	const struct config *c = m->config;

	switch (it->e.kind) {
	case ENTITY_DEVICE: return &c->device[it->e.index].needs;
	case ENTITY_CHECK: return &c->check[it->e.index].needs;
	case ENTITY_COMPONENT: return &c->component[it->e.index].needs;
	case ENTITY_GROUP: return &c->group[it->e.index].needs;
	case ENTITY_SERVICE: return &c->service[it->e.index].needs;
	case ENTITY_PART: break;
	}
	return &none;
}

/* ---- leaves and gates ------------------------------------------------------------------------------------------- */

static bool wants_leaf(const struct item *it)
{
	if (it->e.kind == ENTITY_PART)
		return it->referenced || counts_in_device(it);
	return it->e.kind < ENTITY_GROUP;
}

static bool wants_gate(const struct model *m, const struct item *it)
{
	if (it->e.kind >= ENTITY_GROUP)
		return true;
	if (it->device != ITEM_NONE)
		return it->e.kind == ENTITY_CHECK || it->referenced;
	for (const struct item *p = it->first; p; p = p->next)
		if (counts_in_device(p))
			return true;
	return needs_of(m, it)->count > 0;
}

static void add_nodes(struct making *k)
{
	for (uint32_t i = 0; i < k->m->items; i++) {
		const struct item *it = k->m->item[i];
		struct made *o = &k->of[i];

		o->leaf = wants_leaf(it) ? graph_component(k->g, it->name, NAN) : NODE_NONE;
		o->node = o->leaf;
	}
	for (uint32_t i = 0; i < k->m->items; i++) {
		const struct item *it = k->m->item[i];
		struct made *o = &k->of[i];

		if ((o->leaf == NODE_NONE && it->e.kind < ENTITY_GROUP) || !wants_gate(k->m, it))
			continue;
		o->node = graph_gate(k->g, it->name, NODE_ALL, NODE_ALL);
		o->gate = true;
		if (o->leaf != NODE_NONE)
			graph_member(k->g, o->node, o->leaf);
	}
}

/* ---- members ---------------------------------------------------------------------------------------------------- */

static uint32_t node_of(const struct making *k, const struct ref *r, const struct item *user)
{
	const struct model *m = k->m;
	uint32_t i = ITEM_NONE;

	switch ((enum ref_kind)r->kind) {
	case REF_DEVICE: i = r->index; break;
	case REF_CHECK: i = m->first_check + r->index; break;
	case REF_COMPONENT: i = m->first_component + r->index; break;
	case REF_GROUP: i = m->first_group + r->index; break;
	case REF_SERVICE: i = m->first_service + r->index; break;
	case REF_PART: i = names_find(&m->names, r->name); break;
	}
	if (i == ITEM_NONE)
		return NODE_NONE;
	return m->item[i]->device == user->self ? k->of[i].leaf : k->of[i].node;
}

static void add_member(struct making *k, uint32_t gate, uint32_t member)
{
	if (member != NODE_NONE)
		graph_member(k->g, gate, member);
}

/* "db | db-replica" */
static void add_any(struct making *k, const struct item *it, const struct term *t)
{
	char name[MODEL_NAME_MAX];
	struct text words = text_over(name, sizeof(name));
	uint32_t gate;

	for (uint32_t i = 0; i < t->count; i++)
		text_add(&words, "%s%s", i ? " | " : "", t->any[i].name);
	gate = graph_gate(k->g, name, 1, 1);
	for (uint32_t i = 0; i < t->count; i++)
		add_member(k, gate, node_of(k, &t->any[i], it));
	graph_member(k->g, k->of[it->self].node, gate);
}

static void add_needs(struct making *k, const struct item *it)
{
	const struct needs *n = needs_of(k->m, it);

	for (uint32_t i = 0; i < n->count; i++) {
		if (n->term[i].count == 1)
			add_member(k, k->of[it->self].node, node_of(k, &n->term[i].any[0], it));
		else if (n->term[i].count > 1)
			add_any(k, it, &n->term[i]);
	}
}

static size_t class_len(const struct item *device, const struct item *part)
{
	const char *class_at = part->name + strlen(device->name) + 1;

	return (size_t)(strchr(class_at, '/') - part->name);
}

/* One of its power supplies is enough: a gate for each redundant class that the baseline has parts of. */
static uint32_t redundant_gate(struct making *k, const struct item *d, const struct item *part, struct names *gates)
{
	char name[MODEL_NAME_MAX];
	uint32_t gate;

	snprintf(name, sizeof(name), "%.*s", (int)class_len(d, part), part->name);
	gate = names_find(gates, name);
	if (gate != NAMES_NONE)
		return gate;
	gate = graph_gate(k->g, name, 1, 1);
	names_put(gates, graph_name(k->g, gate), gate);
	graph_member(k->g, k->of[d->self].node, gate);
	return gate;
}

static void add_parts(struct making *k, const struct item *d)
{
	struct names gates = { 0 };

	for (const struct item *p = d->first; p; p = p->next) {
		uint32_t leaf = k->of[p->self].leaf;

		if (leaf == NODE_NONE || !counts_in_device(p))
			continue;
		if (p->counts == COUNTS_ALL)
			graph_member(k->g, k->of[d->self].node, leaf);
		else
			graph_member(k->g, redundant_gate(k, d, p, &gates), leaf);
	}
	names_release(&gates);
}

/* As configured; else, of a part that tells it, as read: enough alone until then. */
static uint64_t carries(struct making *k, const struct cfg_group *c, const struct ref *member, uint64_t need)
{
	struct model *m = k->m;
	uint64_t given = config_capacity(m->config, c, member);
	struct item *it = given || !config_weighs(m->config, c, member) ? NULL : item_find(m, member->name);

	if (!it)
		return given;
	it->weighed = m->weighs = true;
	return it->capacity ? it->capacity : need;
}

static void add_group(struct making *k, const struct item *it)
{
	const struct cfg_group *c = &k->m->config->group[it->e.index];
	struct demand d = config_demand(c, k->calendars);
	uint32_t gate = graph_gate(k->g, it->name, d.need, d.full);

	for (uint32_t i = 0; i < c->count; i++) {
		uint32_t member = node_of(k, &c->member[i], it);
		uint64_t capacity = carries(k, c, &c->member[i], d.capacity);

		add_member(k, gate, member);
		if (capacity && member != NODE_NONE)
			graph_capacity(k->g, gate, member, capacity);
	}
	graph_need_capacity(k->g, gate, d.capacity);
	graph_member(k->g, k->of[it->self].node, gate);
}

static void add_members(struct making *k)
{
	for (uint32_t i = 0; i < k->m->items; i++) {
		const struct item *it = k->m->item[i];

		if (!k->of[i].gate)
			continue;
		if (it->e.kind == ENTITY_DEVICE)
			add_parts(k, it);
		if (it->e.kind == ENTITY_GROUP)
			add_group(k, it);
		if (it->device != ITEM_NONE)
			graph_member(k->g, k->of[i].node, k->of[it->device].node);
		add_needs(k, it);
	}
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

/* Devices are watched where the graph alone knows what they stand on. */
static void watch(struct making *k)
{
	for (uint32_t i = 0; i < k->m->items; i++) {
		const struct item *it = k->m->item[i];

		if (it->e.kind >= ENTITY_GROUP || (it->e.kind == ENTITY_DEVICE && needs_of(k->m, it)->count > 0))
			graph_watch(k->g, k->of[i].node);
	}
}

static void put_states(struct making *k)
{
	for (uint32_t i = 0; i < k->m->items; i++)
		if (k->of[i].leaf != NODE_NONE)
			graph_set(k->g, k->of[i].leaf, item_graph_state(k->m->item[i]));
}

static void take_over(struct making *k)
{
	struct model *m = k->m;
	struct graph_size s = graph_size(k->g);
	uint32_t nodes = 0;

	for (uint32_t i = 0; i < m->items; i++) {
		m->item[i]->e.leaf = k->of[i].leaf;
		m->item[i]->e.node = k->of[i].node;
	}
	maintained_lenses_free(m);
	graph_free(m->graph);
	m->graph = k->g;
	nodes = s.components + s.gates;
	free(m->node_item);
	m->node_item = must_alloc((nodes + 1) * sizeof(struct item *));
	m->nodes = nodes;
	for (uint32_t i = 0; i < m->items; i++) {
		if (k->of[i].leaf != NODE_NONE)
			m->node_item[k->of[i].leaf] = m->item[i];
		if (k->of[i].node != NODE_NONE)
			m->node_item[k->of[i].node] = m->item[i];
	}
	m->moved = true;
	rates_tell(m);
}

static struct making making_begin(struct model *m, uint64_t calendars)
{
	struct making k = { .m = m, .g = graph_new(0), .of = must_alloc((m->items + 1) * sizeof(struct made)),
			    .calendars = calendars };

	add_nodes(&k);
	add_members(&k);
	put_states(&k);
	return k;
}

enum fw_err model_graph_make(struct model *m, struct err *err)
{
	struct making k = making_begin(m, m->plan.calendars);
	enum fw_err e;

	m->weighs_other = false;
	watch(&k);
	e = graph_build(k.g, err);
	if (e == FW_OK)
		take_over(&k);
	else
		graph_free(k.g);
	free(k.of);
	if (e != FW_OK)
		return e;
	coming_forget(m);
	coming_build(m);
	return FW_OK;
}

/* ---- what another demand makes of it ----------------------------------------------------------------------------- */

/* Everything that needs a node, node by node: parent[at[i]] .. parent[at[i + 1] - 1]. */
struct parents { uint32_t *at, *parent, nodes; };

static struct parents parents_of(const struct graph *g)
{
	struct graph_size s = graph_size(g);
	struct parents p = { .nodes = s.components + s.gates };
	const uint32_t *member;
	uint32_t sum = 0;

	p.at = must_alloc((p.nodes + 2) * sizeof(*p.at));
	for (uint32_t i = 0; i < p.nodes; i++)
		for (size_t n = graph_is_component(g, i) ? 0 : graph_members(g, i, &member); n-- > 0;)
			p.at[member[n]]++;
	for (uint32_t i = 0; i <= p.nodes; i++)
		p.at[i] = sum += i < p.nodes ? p.at[i] : 0;
	p.parent = must_alloc((sum + 1) * sizeof(*p.parent));
	for (uint32_t i = p.nodes; i-- > 0;)
		for (size_t n = graph_is_component(g, i) ? 0 : graph_members(g, i, &member); n-- > 0;)
			p.parent[--p.at[member[n]]] = i;
	return p;
}

/* Groups that need something else, and all that needs them. */
static uint8_t *find_differing(const struct making *k)
{
	struct parents p = parents_of(k->g);
	uint8_t *differs = must_alloc(p.nodes + 1);
	uint32_t *stack = must_alloc((p.nodes + 1) * sizeof(*stack)), depth = 0;

	for (uint32_t i = 0; i < k->m->config->group_count; i++) {
		const struct cfg_group *g = &k->m->config->group[i];
		struct demand a = config_demand(g, k->calendars), b = config_demand(g, k->m->plan.calendars);
		uint32_t node = k->of[k->m->first_group + i].node;

		if (a.need == b.need && a.full == b.full && a.capacity == b.capacity)
			continue;
		differs[node] = 1;
		stack[depth++] = node;
	}
	while (depth > 0) {
		uint32_t node = stack[--depth];

		for (uint32_t i = p.at[node]; i < p.at[node + 1]; i++)
			if (!differs[p.parent[i]]) {
				differs[p.parent[i]] = 1;
				stack[depth++] = p.parent[i];
			}
	}
	free(p.at);
	free(p.parent);
	free(stack);
	return differs;
}

enum fw_err model_graph_coming(struct model *m, struct coming *c, uint8_t **differs, struct err *err)
{
	struct making k = making_begin(m, c->calendars);
	enum fw_err e;

	free(*differs);
	*differs = find_differing(&k);
	for (uint32_t i = m->first_group; i < m->config_items; i++)
		if ((*differs)[k.of[i].node])
			graph_watch(k.g, k.of[i].node);
	e = graph_build(k.g, err);
	if (e != FW_OK)
		graph_free(k.g);
	c->graph = e == FW_OK ? k.g : NULL;
	free(k.of);
	return e;
}
