/* poller/model.c: entities, their own states, and what changed. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "model-int.h"

/* ---- items ------------------------------------------------------------------------------------------------------ */

/* A device that is there, and whose agent tells nothing. */
static bool is_mute(const struct item *it)
{
	return it->e.kind == ENTITY_DEVICE && it->e.state == STATE_UP && it->e.fact.snmp == ANSWER_NO;
}

static void not_up_keep(struct model *m, struct item *it)
{
	bool in = it->not_up != ITEM_NONE, want = it->e.state != STATE_UP || is_mute(it);

	if (in == want)
		return;
	if (want) {
		if (m->not_ups == m->not_up_room) {
			m->not_up_room = m->not_up_room ? m->not_up_room * 2 : 256;
			m->not_up = must_realloc(m->not_up, m->not_up_room * sizeof(*m->not_up));
		}
		it->not_up = m->not_ups;
		m->not_up[m->not_ups++] = it;
		return;
	}
	m->not_up[it->not_up] = m->not_up[--m->not_ups];
	m->not_up[it->not_up]->not_up = it->not_up;
	it->not_up = ITEM_NONE;
}

static bool has_own_state(enum entity_kind k) { return k < ENTITY_GROUP; }

static struct item *item_add(struct model *m, const char *name, enum entity_kind kind, uint32_t index)
{
	size_t len = strlen(name);
	struct item *it = must_alloc(sizeof(*it) + len + 1);

	memcpy(it->name, name, len);
	it->e = (struct entity){ .name = it->name, .kind = kind, .index = index, .leaf = NODE_NONE, .node = NODE_NONE };
	it->not_up = it->pending = it->device = it->blamed = ITEM_NONE;
	if (m->items == m->items_room) {
		m->items_room = m->items_room ? m->items_room * 2 : 256;
		m->item = must_realloc(m->item, m->items_room * sizeof(struct item *));
	}
	it->self = m->items;
	m->item[m->items++] = it;
	names_put(&m->names, it->name, it->self);
	if (has_own_state(kind) && kind != ENTITY_COMPONENT) {
		it->e.state = STATE_UNKNOWN;
		text_copy(it->e.reason, sizeof(it->e.reason), "not polled yet");
		not_up_keep(m, it);
	}
	if (kind == ENTITY_COMPONENT)
		it->e.seen = true;
	return it;
}

static void item_hang(struct model *m, struct item *it, uint32_t device)
{
	struct item *d = m->item[device];

	it->device = device;
	it->next = d->first;
	d->first = it;
	d->parts++;
}

static struct item *part_add(struct model *m, uint32_t device, const char *name)
{
	struct item *d = m->item[device], *it;

	if (d->parts >= MODEL_PARTS_MOST) {
		if (m->refused++ == 0)
			log_warn(LOG_GRAPH, "device '%s': more than %d components; the others are not kept", d->name,
				 MODEL_PARTS_MOST);
		return NULL;
	}
	it = item_add(m, name, ENTITY_PART, device);
	it->counts = part_counts(m, d, name);
	item_hang(m, it, device);
	return it;
}

struct item *item_find(struct model *m, const char *name)
{
	uint32_t i = names_find(&m->names, name);

	return i == NAMES_NONE ? NULL : m->item[i];
}

/* A part's name is DEVICE/CLASS/INSTANCE, no piece empty; the device's item or ITEM_NONE. */
static uint32_t device_of_part(struct model *m, const char *name)
{
	const char *slash = strchr(name, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
	char device[MODEL_NAME_MAX];
	struct item *d;

	if (!second || second == slash + 1 || !second[1] || strlen(name) >= MODEL_NAME_MAX)
		return ITEM_NONE;
	memcpy(device, name, (size_t)(slash - name));
	device[slash - name] = 0;
	d = item_find(m, device);
	return d && d->e.kind == ENTITY_DEVICE ? d->self : ITEM_NONE;
}

/* Parts that the configuration names are known before anyone has seen them. */
static void refer(struct model *m, const struct ref *r)
{
	struct item *it;
	uint32_t device;

	if (r->kind != REF_PART)
		return;
	it = item_find(m, r->name);
	device = device_of_part(m, r->name);
	if (!it && device != ITEM_NONE)
		it = part_add(m, device, r->name);
	if (it)
		it->referenced = true;
}

static void refer_needs(struct model *m, const struct needs *n)
{
	for (uint32_t i = 0; i < n->count; i++)
		for (uint32_t j = 0; j < n->term[i].count; j++)
			refer(m, &n->term[i].any[j]);
}

static void refer_all(struct model *m)
{
	const struct config *c = m->config;

	for (uint32_t i = 0; i < c->device_count; i++)
		refer_needs(m, &c->device[i].needs);
	for (uint32_t i = 0; i < c->check_count; i++)
		refer_needs(m, &c->check[i].needs);
	for (uint32_t i = 0; i < c->component_count; i++)
		refer_needs(m, &c->component[i].needs);
	for (uint32_t i = 0; i < c->group_count; i++) {
		for (uint32_t j = 0; j < c->group[i].count; j++)
			refer(m, &c->group[i].member[j]);
		refer_needs(m, &c->group[i].needs);
	}
	for (uint32_t i = 0; i < c->service_count; i++)
		refer_needs(m, &c->service[i].needs);
}

static void take_config(struct model *m)
{
	const struct config *c = m->config;

	for (uint32_t i = 0; i < c->device_count; i++)
		item_add(m, c->device[i].name, ENTITY_DEVICE, i);
	m->first_check = m->items;
	for (uint32_t i = 0; i < c->check_count; i++) {
		struct item *it = item_add(m, c->check[i].name, ENTITY_CHECK, i);

		it->told = must_alloc(sizeof(*it->told));
		it->counts = c->check[i].counts ? COUNTS_ALL : COUNTS_NAMED;
		if (c->check[i].device != CONFIG_NONE)
			item_hang(m, it, c->check[i].device);
	}
	m->first_component = m->items;
	for (uint32_t i = 0; i < c->component_count; i++)
		item_add(m, c->component[i].name, ENTITY_COMPONENT, i);
	m->first_group = m->items;
	for (uint32_t i = 0; i < c->group_count; i++)
		item_add(m, c->group[i].name, ENTITY_GROUP, i);
	m->first_service = m->items;
	for (uint32_t i = 0; i < c->service_count; i++)
		item_add(m, c->service[i].name, ENTITY_SERVICE, i);
	m->config_items = m->items;
	refer_all(m);
}

static void item_free(struct item *it)
{
	free(it->history);
	free(it->told);
	free(it);
}

/* ---- the model -------------------------------------------------------------------------------------------------- */

static struct model *model_empty(struct config *c)
{
	struct model *m = must_alloc(sizeof(*m));

	m->config = config_ref(c);
	take_config(m);
	judge_init(m);
	return m;
}

struct model *model_new(struct config *c, struct err *err)
{
	struct model *m = model_empty(c);

	judge_start(m);
	if (model_graph_make(m, err) == FW_OK)
		return m;
	model_free(m);
	return NULL;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; i < m->items; i++)
		item_free(m->item[i]);
	free(m->item);
	free(m->node_item);
	free(m->not_up);
	free(m->pending);
	judge_release(m);
	coming_release(m);
	names_release(&m->names);
	maintained_release(m);
	graph_free(m->graph);
	config_unref(m->config);
	free(m);
}

const struct config *model_config(const struct model *m) { return m->config; }
struct graph *model_graph(struct model *m) { return m->graph; }
size_t model_count(const struct model *m) { return m->items; }
struct entity *model_at(struct model *m, size_t i) { return i < m->items ? &m->item[i]->e : NULL; }
bool model_blind(const struct model *m) { return m->blind; }
uint64_t model_refused(const struct model *m) { return m->refused; }
bool model_unpolled(const struct model *m, const struct entity *d) { (void)m; return item_of_const(d)->unpolled; }

bool model_waits(const struct model *m, const struct entity *part) { (void)m; return item_of_const(part)->waits; }

struct entity *model_find(struct model *m, const char *name)
{
	struct item *it = item_find(m, name);

	return it ? &it->e : NULL;
}

struct entity *model_of_node(struct model *m, uint32_t node)
{
	return node < m->nodes && m->node_item[node] ? &m->node_item[node]->e : NULL;
}

size_t model_not_up(const struct model *m, struct entity *const **out)
{
	*out = (struct entity *const *)(void *)m->not_up;
	return m->not_ups;
}

struct entity *model_blamed(struct model *m, const struct entity *device)
{
	uint32_t i = item_of_const(device)->blamed;

	return i == ITEM_NONE ? NULL : &m->item[i]->e;
}

struct entity *model_device_of(struct model *m, const struct entity *e)
{
	uint32_t i = item_of_const(e)->device;

	return i == ITEM_NONE ? NULL : &m->item[i]->e;
}

bool model_in_baseline(const struct model *m, const struct entity *e)
{
	const struct item *it = item_of_const(e);

	(void)m;
	return it->baseline || (it->device != ITEM_NONE && it->counts != COUNTS_NAMED);
}

/* ---- baseline --------------------------------------------------------------------------------------------------- */

/* Does the graph have to be built again, now that this part is in the baseline? */
static bool changes_graph(const struct item *it)
{
	return it->counts != COUNTS_NAMED || (it->referenced && it->e.leaf == NODE_NONE);
}

bool model_part_add(struct model *m, const char *name)
{
	uint32_t device = device_of_part(m, name);
	struct item *it = item_find(m, name);

	if (device == ITEM_NONE || (it && (it->e.kind != ENTITY_PART || it->baseline)))
		return false;
	if (!it)
		it = part_add(m, device, name);
	if (!it)
		return false;
	it->baseline = true;
	return changes_graph(it);
}

static void item_unhang(struct model *m, struct item *it)
{
	struct item **at = &m->item[it->device]->first;

	while (*at != it)
		at = &(*at)->next;
	*at = it->next;
	m->item[it->device]->parts--;
}

static void item_remove(struct model *m, struct item *it)
{
	item_unhang(m, it);
	it->e.state = STATE_UP;
	it->e.fact.snmp = ANSWER_NOT_ASKED;
	not_up_keep(m, it);
	if (it->pending != ITEM_NONE) {
		m->pending[it->pending] = m->pending[--m->pendings];
		m->pending[it->pending].item->pending = it->pending;
	}
	for (uint32_t i = 0; i < m->nodes; i++)
		if (m->node_item[i] == it)
			m->node_item[i] = NULL;
	names_remove(&m->names, it->name);
	m->item[it->self] = m->item[--m->items];
	m->item[it->self]->self = it->self;
	if (m->item[it->self] != it)
		names_set(&m->names, m->item[it->self]->name, it->self);
	item_free(it);
}

void model_part_forget(struct model *m, const char *name)
{
	struct item *it = item_find(m, name);

	if (!it || it->e.kind != ENTITY_PART)
		return;
	it->baseline = false;
	if (!it->referenced)
		item_remove(m, it);
}

enum fw_err model_rebuild(struct model *m, struct err *err) { return model_graph_make(m, err); }

/* ---- states ----------------------------------------------------------------------------------------------------- */

static void remember(struct model *m, struct item *it)
{
	struct pending *p;

	if (it->pending != ITEM_NONE)
		return;
	if (m->pendings == m->pending_room) {
		m->pending_room = m->pending_room ? m->pending_room * 2 : 64;
		m->pending = must_realloc(m->pending, m->pending_room * sizeof(*m->pending));
	}
	it->pending = m->pendings;
	p = &m->pending[m->pendings++];
	*p = (struct pending){ .item = it, .before = it->e.state, .first = !it->e.seen,
			       .admin = it->e.admin, .gone = it->e.gone };
	text_copy(p->reason, sizeof(p->reason), it->e.reason);
	if (!it->e.seen && it->has_past) {
		p->before = it->past.state;
		p->first = false;
	}
}

/* Since when? A state that was seen before this process began goes on, or ended at an unknown time after that. */
static void set_since(struct item *it, const struct view *v, bool changed)
{
	if (!it->e.seen && it->has_past) {
		bool same = it->past.state == v->state;

		it->e.since = same ? it->past.since : v->since;
		it->e.since_after = same ? it->past.since_after : it->past.seen;
		return;
	}
	if (!changed && it->e.seen)
		return;
	it->e.since = v->since;
	it->e.since_after = v->since_after;
}

bool item_take(struct model *m, struct item *it, const struct view *v)
{
	struct entity *e = &it->e;
	bool changed = e->state != v->state, other = changed || e->admin != v->admin || e->gone != v->gone || !e->seen;
	char reason[REASON_MAX];

	text_copy(reason, sizeof(reason), v->reason ? v->reason : "");
	if (!other && strcmp(e->reason, reason) == 0)
		return false;
	if (other)
		remember(m, it);
	set_since(it, v, changed);
	if (changed && (e->seen || (it->has_past && it->past.state != v->state)))
		e->transitions++;
	e->seen = true;
	e->state = v->state;
	e->admin = v->admin;
	e->gone = v->gone;
	memcpy(e->reason, reason, sizeof(reason));
	not_up_keep(m, it);
	if (e->leaf != NODE_NONE && graph_set(m->graph, e->leaf, item_graph_state(it)))
		m->moved = true;
	if (e->leaf != NODE_NONE)
		coming_set(m, e->leaf, item_graph_state(it));
	m->changes += changed;
	return true;
}

static void take_capacity(struct model *m, struct item *it, uint64_t capacity)
{
	if (capacity == 0 || capacity == it->capacity || it->e.kind != ENTITY_PART)
		return;
	it->capacity = capacity;
	m->weighs_other |= it->weighed;
}

void model_capacity(struct model *m, const char *name, uint64_t capacity)
{
	struct item *it = item_find(m, name);

	if (it)
		take_capacity(m, it, capacity);
}

bool model_rebuild_due(const struct model *m) { return m->weighs_other; }
bool model_weighs(const struct model *m, const struct entity *e) { (void)m; return item_of_const(e)->weighed; }
bool model_weighs_any(const struct model *m) { return m->weighs; }

bool model_capacity_unread(const struct model *m, const struct entity *e)
{
	return model_weighs(m, e) && item_of_const(e)->capacity == 0;
}

bool model_set(struct model *m, const struct level *l)
{
	struct view v = { .state = l->state, .admin = l->admin, .gone = l->gone, .reason = l->reason,
			  .since = l->since.us ? l->since : l->at, .since_after = l->since_after, .at = l->at };
	struct item *it = item_find(m, l->name);
	uint32_t device;

	must((unsigned)l->state < STATES);
	model_saw(m, l->at);
	if (!it) {
		device = device_of_part(m, l->name);
		it = device == ITEM_NONE ? NULL : part_add(m, device, l->name);
	}
	if (!it || !has_own_state(it->e.kind) || it->e.kind == ENTITY_DEVICE)
		return false;
	if (it->e.kind == ENTITY_CHECK)
		return judge_check(m, it, &v);
	it->waits = false;
	take_capacity(m, it, l->capacity);
	return item_take(m, it, &v) || m->weighs_other;
}

void model_restore(struct model *m, const char *name, const struct past *p)
{
	struct item *it = item_find(m, name);

	if (!it || it->e.seen || !has_own_state(it->e.kind))
		return;
	it->past = *p;
	it->has_past = true;
}

const struct past *model_past(const struct entity *e)
{
	const struct item *it = item_of_const(e);

	return it->has_past && !e->seen ? &it->past : NULL;
}

/* ---- what changed ----------------------------------------------------------------------------------------------- */

static void tell_state(const struct pending *p, model_each_change *each, void *owner)
{
	struct entity *e = &p->item->e;
	struct entity_change c = { .entity = e, .state_before = p->before, .state_changed = true, .first = p->first };

	if (p->before == e->state && p->admin == e->admin && p->gone == e->gone && !p->first)
		return;
	text_copy(c.reason_before, sizeof(c.reason_before), p->reason);
	each(owner, &c);
}

static void tell_verdict(struct model *m, struct entity *e, model_each_change *each, void *owner)
{
	struct verdict now = model_verdict(m, e);
	struct entity_change c = { .entity = e, .state_before = e->state, .verdict_changed = true,
				   .verdict_before = e->verdict, .first = !e->verdict_known };
	bool same = e->verdict_known && verdict_same(&now, &e->verdict);

	e->verdict = now;
	e->verdict_known = true;
	if (!same)
		each(owner, &c);
}

void model_changes(struct model *m, model_each_change *each, void *owner)
{
	for (uint32_t i = 0; i < m->pendings; i++) {
		tell_state(&m->pending[i], each, owner);
		m->pending[i].item->pending = ITEM_NONE;
	}
	m->pendings = 0;
	if (!m->moved)
		return;
	m->moved = false;
	for (uint32_t i = m->first_group; i < m->config_items; i++)
		tell_verdict(m, &m->item[i]->e, each, owner);
}

/* ---- what follows ----------------------------------------------------------------------------------------------- */

/* Services that are put on a list once, from several structures. */
struct touching { struct model *m; const struct entity *component; struct entity **out; size_t most, count; uint8_t *listed; };

static void touch_in(struct touching *t, struct graph *g)
{
	size_t n = graph_touched(g, t->component->leaf, NULL, 0);
	uint32_t *node = n ? must_alloc(n * sizeof(*node)) : NULL;

	n = n ? graph_touched(g, t->component->leaf, node, n) : 0;
	for (size_t i = 0; i < n; i++) {
		struct entity *e = model_of_node(t->m, node[i]);

		if (!e || e->kind != ENTITY_SERVICE || (t->listed && t->listed[e->index]++))
			continue;
		if (t->count < t->most)
			t->out[t->count] = e;
		t->count++;
	}
	free(node);
}

size_t model_touched_services(struct model *m, const struct entity *component, struct entity **out, size_t most)
{
	struct touching t = { .m = m, .component = component, .out = out, .most = most };

	if (component->leaf == NODE_NONE)
		return 0;
	if (m->plan.count)
		t.listed = must_alloc(m->config->service_count + 1);
	touch_in(&t, m->graph);
	for (uint32_t i = 0; i < m->plan.count; i++)
		if (m->plan.coming[i].graph)
			touch_in(&t, m->plan.coming[i].graph);
	free(t.listed);
	return t.count;
}

/* "core1/power-supply/" of "core1/power-supply/PS 1": its length. */
static size_t class_len(const struct item *part)
{
	const char *end = strchr(strchr(part->name, '/') + 1, '/');

	return (size_t)(end - part->name) + 1;
}

/* Are all redundant parts of this part's class down? */
static bool class_is_down(const struct item *d, const struct item *part)
{
	size_t len = class_len(part);

	for (const struct item *p = d->first; p; p = p->next)
		if (p->baseline && p->e.state != STATE_DOWN && strncmp(p->name, part->name, len) == 0)
			return false;
	return true;
}

/* A device that the graph does not watch: from its own state, its parts and checks. A class mostly stands together:
 * it is looked at once. */
static enum state composite_here(const struct item *d)
{
	enum state s = d->e.state;
	const struct item *alive = NULL;	/* its class is not down as a whole */

	if (s == STATE_DOWN || s == STATE_UNKNOWN)
		return s;
	for (const struct item *p = d->first; p; p = p->next) {
		bool counts = p->counts != COUNTS_NAMED && (p->baseline || p->e.kind == ENTITY_CHECK);

		if (!counts || (p->e.state != STATE_DOWN && p->e.state != STATE_DEGRADED))
			continue;
		s = STATE_DEGRADED;
		if (p->e.state != STATE_DOWN)
			continue;
		if (p->counts == COUNTS_ALL)
			return STATE_DOWN;
		if (alive && strncmp(alive->name, p->name, class_len(p)) == 0)
			continue;
		if (class_is_down(d, p))
			return STATE_DOWN;
		alive = p;
	}
	return s;
}

enum state model_composite(struct model *m, const struct entity *e)
{
	struct verdict v;

	if (e->kind == ENTITY_DEVICE && (e->state == STATE_DOWN || e->state == STATE_UNKNOWN))
		return e->state;
	if (e->node == NODE_NONE || e->node == e->leaf || !graph_is_watched(m->graph, e->node))
		return e->kind == ENTITY_DEVICE ? composite_here(item_of_const(e)) : e->state;
	v = graph_verdict(m->graph, e->node);
	if (v.quality == STATE_DOWN)
		return STATE_DOWN;
	return v.at_risk ? STATE_DEGRADED : v.quality;
}

/* ---- a new configuration ---------------------------------------------------------------------------------------- */

static void inherit_own(struct item *it, const struct item *old)
{
	struct entity *e = &it->e;

	e->state = old->e.state;
	e->seen = old->e.seen;
	e->admin = old->e.admin;
	e->gone = old->e.gone;
	memcpy(e->reason, old->e.reason, sizeof(e->reason));
	e->since = old->e.since;
	e->since_after = old->e.since_after;
	e->until = old->e.until;
	e->transitions = old->e.transitions;
	it->waits = old->waits;
	it->capacity = old->capacity;
	it->has_past = old->has_past;
	it->past = old->past;
	if (old->history) {
		it->history = must_alloc(sizeof(*it->history));
		*it->history = *old->history;
		it->history_due = old->history_due;
	}
	if (it->told && old->told)
		*it->told = *old->told;
	if (e->kind == ENTITY_DEVICE) {
		e->fact = old->e.fact;
		it->unpolled = old->unpolled;
	}
}

static void inherit_pending(struct model *m, struct item *it, const struct pending *p)
{
	remember(m, it);
	it = m->pending[it->pending].item;
	m->pending[it->pending] = *p;
	m->pending[it->pending].item = it;
}

static void inherit(struct model *m, struct model *old)
{
	for (uint32_t i = 0; i < old->items; i++) {
		struct item *was = old->item[i], *it = item_find(m, was->name);
		uint32_t device = it || was->e.kind != ENTITY_PART ? ITEM_NONE : device_of_part(m, was->name);

		if (device != ITEM_NONE)
			it = part_add(m, device, was->name);
		if (!it || it->e.kind != was->e.kind)
			continue;
		it->baseline = was->baseline;
		it->e.verdict = was->e.verdict;
		it->e.verdict_known = was->e.verdict_known;
		if (!has_own_state(it->e.kind))
			continue;
		inherit_own(it, was);
		not_up_keep(m, it);
		if (was->pending != ITEM_NONE)
			inherit_pending(m, it, &old->pending[was->pending]);
	}
	m->refused += old->refused;
	m->changes += old->changes;
	m->latest = old->latest;
	m->rates_at = old->rates_at;
	m->histories_due = true;
	m->moved = true;
}

enum fw_err model_reload(struct model **m, struct config *c, struct err *err)
{
	struct model *next = model_empty(c);
	enum fw_err e;

	coming_inherit(next, *m);
	inherit(next, *m);
	e = model_graph_make(next, err);
	if (e != FW_OK) {
		model_free(next);
		return e;
	}
	judge_all(next, next->latest);
	model_free(*m);
	*m = next;
	return FW_OK;
}
