/* poller/noc/alert-cause.c: who is a cause, which services it touches, and how bad that is.
 *
 * Only entities that are not up are looked at, and devices whose agents tell nothing. One trouble is one cause: what is cut off counts for the device that
 * cuts it off, the components of a silent agent for their device, what nobody polls for the poller. What its own device
 * explains is no cause: the device is.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/model-coming.h"
#include "alert-int.h"

/* ---- causes ----------------------------------------------------------------------------------------------------- */

static struct cause *cause_get(struct alert_book *b, const char *key, enum role role, struct entity *e)
{
	uint32_t i = names_find(&b->cause_keys, key);
	struct cause *c;

	if (i != NAMES_NONE)
		return b->cause[i];
	c = arena_alloc(&b->arena, sizeof(*c));
	*c = (struct cause){ .key = key, .role = role, .e = e, .state = STATE_UNKNOWN };
	if (b->causes == b->causes_room) {
		b->causes_room = b->causes_room ? b->causes_room * 2 : 64;
		b->cause = must_realloc(b->cause, b->causes_room * sizeof(struct cause *));
	}
	names_put(&b->cause_keys, key, b->causes);
	b->cause[b->causes++] = c;
	return c;
}

static void affect(struct alert_book *b, struct cause *c, struct entity *e)
{
	if (c->affected_count == c->affected_room) {
		uint32_t room = c->affected_room ? c->affected_room * 2 : 4;
		struct entity **more = arena_alloc(&b->arena, room * sizeof(*more));

		if (c->affected_count)
			memcpy(more, c->affected, c->affected_count * sizeof(*more));
		c->affected = more;
		c->affected_room = room;
	}
	c->affected[c->affected_count++] = e;
}

static struct cause *cause_self(struct alert_book *b, struct entity *e)
{
	struct cause *c = cause_get(b, e->name, ROLE_COMPONENT, e);

	if (c->affected_count == 0) {
		c->state = e->state;
		affect(b, c, e);
	}
	return c;
}

static void cause_device(struct alert_book *b, struct entity *e)
{
	enum { ALL_AT = 1000 };	/* with that many devices not polled, no service is looked for one by one */
	struct entity *root;
	struct cause *c;

	if (e->state == STATE_UP) {
		cause_get(b, e->name, ROLE_AGENT, e);	/* it answers ICMP only */
		return;
	}
	if (e->state != STATE_UNKNOWN || e->fact.why) {
		cause_self(b, e);
		return;
	}
	root = model_blamed(b->model, e);
	if (root) {
		c = cause_self(b, root);
		c->behind++;
		affect(b, c, e);
		return;
	}
	if (!model_blind(b->model) && !model_unpolled(b->model, e))
		return;
	c = cause_get(b, BLIND_KEY, model_blind(b->model) ? ROLE_BLIND : ROLE_UNPOLLED, NULL);
	if (c->behind++ == 0)
		c->e = e;
	c->all_services |= c->role == ROLE_BLIND || c->behind > ALL_AT;
	if (!c->all_services)
		affect(b, c, e);
}

static void cause_hanging(struct alert_book *b, struct entity *e, struct entity *device)
{
	bool waits = model_waits(b->model, e);
	struct cause *c;

	if (device->state != STATE_UP || (waits && device->fact.snmp != ANSWER_NO))
		return;
	if (!waits) {
		cause_self(b, e);
		return;
	}
	c = cause_get(b, device->name, ROLE_AGENT, device);
	c->behind++;
	affect(b, c, e);
}

static void cause_of(struct alert_book *b, struct entity *e)
{
	struct entity *device = model_device_of(b->model, e);

	if (!e->seen || model_maintained(b->model, e))
		return;
	if (e->kind == ENTITY_DEVICE)
		cause_device(b, e);
	else if (model_blind(b->model) && e->state == STATE_UNKNOWN)
		return;
	else if (device)
		cause_hanging(b, e, device);
	else
		cause_self(b, e);
}

/* ---- maintenance that would do more than was foreseen --------------------------------------------------------------- */

static bool is_lost(enum state quality) { return quality == STATE_DOWN || quality == STATE_DEGRADED; }

/* Would this service lose quality when the work begins, though it has it now and nobody foresaw that? */
static bool is_unforeseen(struct alert_book *b, const struct window *w, const struct entity *service)
{
	struct verdict now = graph_verdict(model_graph(b->model), service->node);
	struct verdict then = lens_verdict(model_maintain_lens(b->model, MAINTAIN_TAKEN), service->node);

	return is_lost(then.quality) && !is_lost(now.quality) && !name_list_has(&w->foreseen, service->name);
}

/* Each service once in 'list'. */
static void window_touches(struct alert_book *b, const struct window *w, const struct entity *member, uint32_t list)
{
	size_t n = model_touched_services(b->model, member, NULL, 0);
	struct entity **service = must_alloc((n + 1) * sizeof(*service));
	struct cause *c;

	n = model_touched_services(b->model, member, service, n);
	for (size_t i = 0; i < n; i++) {
		struct service_now *s = &b->service[service[i]->index];

		if (s->listed == list)
			continue;
		s->listed = list;
		if (!is_unforeseen(b, w, service[i]))
			continue;
		c = cause_get(b, arena_printf(&b->arena, "maintenance/%u", w->number), ROLE_WINDOW, NULL);
		c->window = w;
		c->state = STATE_DOWN;
		affect(b, c, service[i]);
	}
	free(service);
}

static void causes_of_windows(struct alert_book *b)
{
	for (size_t i = 0; b->maintenance && i < maintenance_count(b->maintenance); i++) {
		const struct window *w = maintenance_at(b->maintenance, i);
		uint32_t list = ++b->list;

		for (uint32_t k = 0; window_runs(w) && k < w->member.count; k++) {
			const struct entity *e = model_find(b->model, w->member.name[k]);

			if (e && e->kind < ENTITY_GROUP && model_maintained(b->model, e))
				window_touches(b, w, e, list);
		}
	}
}

static void begin_round(struct alert_book *b)
{
	const struct config *c = model_config(b->model);

	arena_reset(&b->arena);
	names_release(&b->cause_keys);
	b->causes = 0;
	b->round++;
	if (b->config == c && b->services == c->service_count)
		return;
	b->config = c;
	b->services = c->service_count;
	b->service = must_realloc(b->service, (b->services + 1) * sizeof(*b->service));
	memset(b->service, 0, (b->services + 1) * sizeof(*b->service));
}

void causes_find(struct alert_book *b)
{
	struct entity *const *list;
	size_t n = model_not_up(b->model, &list);

	begin_round(b);
	for (size_t i = 0; i < n; i++)
		cause_of(b, list[i]);
	causes_of_windows(b);
}

/* ---- severity --------------------------------------------------------------------------------------------------- */

/* Each holds for what is worse as well, so a further failure never takes one away. */
static bool is_down(const struct verdict *v) { return v->quality == STATE_DOWN; }
static bool is_degraded(const struct verdict *v) { return is_down(v) || v->quality == STATE_DEGRADED; }
static bool is_last_one(const struct verdict *v) { return v->distance <= 1 && v->design_distance > 1; }
static bool is_reduced(const struct verdict *v) { return v->at_risk || v->distance < v->design_distance; }
static bool is_weak(const struct verdict *v) { return v->distance_weak < v->distance; }

/* The worst that holds. A service that is touched at all is at least worth a warning. */
const struct severity_rule severity_rules[SEVERITY_RULES] = {
	{ SEVERITY_CRITICAL, is_down },
	{ SEVERITY_MAJOR, is_degraded },
	{ SEVERITY_MAJOR, is_last_one },
	{ SEVERITY_MINOR, is_reduced },
	{ SEVERITY_MINOR, is_weak },
};

enum severity severity_of(const struct verdict *v)
{
	for (size_t i = 0; i < SEVERITY_RULES; i++)
		if (severity_rules[i].holds(v))
			return severity_rules[i].severity;
	return SEVERITY_WARNING;
}

/* Of what is unknown nobody can say that it does harm: a warning, whatever else harms the services it touches. */
enum severity severity_of_cause(const struct cause *c, enum severity worst_touched)
{
	if (c->role == ROLE_WINDOW)
		return SEVERITY_MAJOR;	/* it is about to end what works */
	return c->state == STATE_UNKNOWN || worst_touched == SEVERITY_CLEARED ? SEVERITY_WARNING : worst_touched;
}

/* ---- services --------------------------------------------------------------------------------------------------- */

struct entity *service_entity(struct alert_book *b, uint32_t service)
{
	return model_find(b->model, model_config(b->model)->service[service].name);
}

const struct service_now *service_ask(struct alert_book *b, uint32_t service)
{
	struct service_now *s = &b->service[service];

	if (s->asked != b->round) {
		s->asked = b->round;
		s->verdict = model_verdict(b->model, service_entity(b, service));
		s->severity = severity_of(&s->verdict);
		s->apart = false;
	}
	return s;
}

/*
 * What maintenance alone brings about is planned, and no cause beside it is to blame for it: then it counts how bad things
 * are apart from maintenance. What is worse than that is due to the cause, as it is.
 */
enum severity service_severity(struct alert_book *b, uint32_t service)
{
	struct service_now *s = &b->service[service];
	struct lens *alone = model_maintain_lens(b->model, MAINTAIN_ALONE);
	struct verdict planned, apart;

	service_ask(b, service);
	if (!alone || s->planned_asked == b->round)
		return s->severity;
	s->planned_asked = b->round;
	planned = lens_verdict(alone, service_entity(b, service)->node);
	apart = lens_verdict(model_maintain_lens(b->model, MAINTAIN_GOOD), service_entity(b, service)->node);
	s->apart = severity_of(&planned) >= s->severity;
	if (s->apart)
		s->severity = severity_of(&apart);
	return s->severity;
}

/* What this judging leaves of every service: the "before" of the next alert that touches it. */
void services_leave(struct alert_book *b)
{
	for (uint32_t i = 0; i < b->services; i++) {
		const struct verdict *v = &service_ask(b, i)->verdict;
		struct service_now *s = &b->service[i];

		s->left = true;
		s->left_quality = v->quality;
		s->left_distance = v->distance;
	}
}

static bool has_unseen(struct alert_book *b, uint32_t service)
{
	struct graph *g = model_graph(b->model);
	uint32_t node = service_entity(b, service)->node, *leaf;
	size_t n = graph_support(g, node, NULL, 0);
	bool unseen = model_blind(b->model);

	leaf = must_alloc((n + 1) * sizeof(*leaf));
	n = graph_support(g, node, leaf, n);
	for (size_t i = 0; i < n && !unseen; i++) {
		const struct entity *e = model_of_node(b->model, leaf[i]);

		unseen = e && !e->seen;
	}
	free(leaf);
	return unseen;
}

bool service_unsettled(struct alert_book *b, uint32_t service)
{
	struct service_now *s = &b->service[service];

	if (s->settled_asked != b->round) {
		s->settled_asked = b->round;
		s->unsettled = has_unseen(b, service);
	}
	return s->unsettled;
}

/* ---- what a cause touches --------------------------------------------------------------------------------------- */

static void touch_add(struct alert_book *b, uint32_t service, uint32_t list)
{
	const struct service_now *s;
	uint32_t tier;

	if (b->service[service].listed == list)
		return;
	b->service[service].listed = list;
	if (b->touches == b->touch_room) {
		b->touch_room = b->touch_room ? b->touch_room * 2 : 64;
		b->touch = must_realloc(b->touch, b->touch_room * sizeof(*b->touch));
	}
	s = service_ask(b, service);
	tier = model_config(b->model)->service[service].tier;
	b->touch[b->touches++] = (struct touch){
		.service = service, .severity = service_severity(b, service), .distance = s->verdict.distance,
		.tier = tier ? tier : UINT32_MAX,
	};
}

static void touch_services_of(struct alert_book *b, struct entity *e, uint32_t list)
{
	enum { FEW = 64 };
	struct entity *few[FEW], **found = few;
	size_t n;

	if (e->kind == ENTITY_SERVICE) {
		touch_add(b, e->index, list);
		return;
	}
	n = model_touched_services(b->model, e, few, FEW);
	if (n > FEW) {
		found = must_alloc(n * sizeof(struct entity *));
		n = model_touched_services(b->model, e, found, n);
	}
	for (size_t i = 0; i < n; i++)
		touch_add(b, found[i]->index, list);
	if (found != few)
		free(found);
}

static int by_number(uint32_t a, uint32_t b) { return a < b ? -1 : a > b; }

/* What the cause itself does first, the worst first; then how bad it is; then what can lose less; then the tier; then as configured. */
static int touch_order(const void *x, const void *y)
{
	const struct touch *a = x, *b = y;

	if (a->share != b->share)
		return by_number(b->share, a->share);
	if (a->severity != b->severity)
		return by_number(b->severity, a->severity);
	if (a->distance != b->distance)
		return by_number(a->distance, b->distance);
	return a->tier != b->tier ? by_number(a->tier, b->tier) : by_number(a->service, b->service);
}

void cause_touches(struct alert_book *b, const struct cause *c)
{
	uint32_t list = ++b->list;

	b->touches = 0;
	for (uint32_t i = 0; c->all_services && i < model_config(b->model)->service_count; i++)
		touch_add(b, i, list);
	for (uint32_t i = 0; !c->all_services && i < c->affected_count; i++)
		touch_services_of(b, c->affected[i], list);
	for (uint32_t i = 0; i < b->touches; i++)
		b->touch[i].share = cause_share(b, c, b->touch[i].service);
	if (b->touches)
		qsort(b->touch, b->touches, sizeof(*b->touch), touch_order);
}

/* ---- live single points ----------------------------------------------------------------------------------------- */

/* The first time that this point is met in this list? */
static bool point_is_new(struct alert_book *b, uint32_t leaf)
{
	if (leaf >= b->points_room) {
		uint32_t room = leaf + 1 + leaf / 2;

		b->point_stamp = must_realloc(b->point_stamp, room * sizeof(*b->point_stamp));
		memset(b->point_stamp + b->points_room, 0, (room - b->points_room) * sizeof(*b->point_stamp));
		b->points_room = room;
	}
	if (b->point_stamp[leaf] == b->list)
		return false;
	b->point_stamp[leaf] = b->list;
	return true;
}

/* A part or check of a device that is a point itself says nothing more to people. */
static bool goes_with_device(struct alert_book *b, const struct entity *e, const uint32_t *leaf, size_t n)
{
	const struct entity *device = model_device_of(b->model, e);

	for (size_t i = 0; device && i < n; i++)
		if (leaf[i] == device->leaf)
			return true;
	return false;
}

static void points_of(struct alert_book *b, uint32_t service, struct alert *a)
{
	enum { LOOKED_AT = 256 };
	struct graph *g = model_graph(b->model);
	uint32_t leaf[LOOKED_AT];
	size_t n = graph_single_points(g, service_entity(b, service)->node, leaf, LOOKED_AT);

	for (size_t i = 0; i < n && i < LOOKED_AT; i++) {
		const struct entity *e = model_of_node(b->model, leaf[i]);

		if (!e || goes_with_device(b, e, leaf, n < LOOKED_AT ? n : LOOKED_AT) || !point_is_new(b, leaf[i]))
			continue;
		if (a->points_count < POINTS_MAX)
			put_text(a->points[a->points_count++], sizeof(a->points[0]), e->name);
		else
			a->points_more++;
	}
	if (n > LOOKED_AT)
		a->points_more += (uint32_t)(n - LOOKED_AT);
}

void points_list(struct alert_book *b, struct alert *a)
{
	enum { SERVICES_MOST = 64 };
	uint32_t n = b->touches < SERVICES_MOST ? b->touches : SERVICES_MOST;

	a->points_count = a->points_more = 0;
	b->list++;
	for (uint32_t i = 0; i < n; i++)
		if (b->touch[i].distance == 1 && b->touch[i].severity > SEVERITY_WARNING)
			points_of(b, b->touch[i].service, a);
}
