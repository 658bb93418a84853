/* poller/ctl/view-status.c: the view of forewarn status: what is wrong, and each service's quality and risk. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "poller/ctl/plan-int.h"

enum { SUPPORT_MOST = 65536 };

/* ---- what is wrong ------------------------------------------------------------------------------------------------------- */

static json_t *lose_json(uint32_t lose)
{
	return lose == LOSE_NEVER ? json_null() : json_integer(lose == LOSE_DOWN ? -1 : (json_int_t)lose);
}

static json_t *touched_json(const struct alert *a)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < a->touched_count; i++) {
		const struct touched *t = &a->touched[i];

		json_array_append_new(list, json_pack("{s:o,s:s,s:o,s:o,s:b,s:b}", "service", json_words(t->service), "quality",
				      state_word(t->quality_now), "can_lose", lose_json(t->lose_now), "built_for", lose_json(t->built_for),
				      "planned", (int)t->planned, "due_to_others", (int)t->others));
		if (t->coming_at.us)
			json_object_set_new(json_array_get(list, i), "coming", json_pack("{s:o,s:s}", "when", json_time(t->coming_at),
					    "quality_then", state_word(t->coming_quality)));
	}
	return list;
}

static int quality_rank(enum state s)
{
	static const int rank[STATES] = { [STATE_DOWN] = 0, [STATE_DEGRADED] = 1, [STATE_UNKNOWN] = 2, [STATE_UP] = 3 };

	return rank[s];
}

/* Does the repair of this cause alone give back quality, or what can be lost, to one of the services it touches? */
static json_t *repair_helps(struct view *v, const struct alert *a)
{
	struct graph *g = model_graph(v->model);
	const struct entity *cause = model_find(v->model, a->key);

	if (cause == NULL || cause->leaf == NODE_NONE || cause->state == STATE_UP || cause->state == STATE_UNKNOWN || a->touched_count == 0)
		return json_null();
	for (uint32_t i = 0; i < a->touched_count; i++) {
		const struct entity *s = model_find(v->model, a->touched[i].service);
		struct verdict now, then;

		if (s == NULL || s->kind != ENTITY_SERVICE)
			continue;
		now = graph_verdict(g, s->node);
		then = graph_verdict_if(g, s->node, cause->leaf, STATE_UP);
		if (quality_rank(then.quality) > quality_rank(now.quality) || then.distance > now.distance || (now.at_risk && !then.at_risk))
			return json_true();
	}
	return json_false();
}

static bool touches(struct view *v, const struct alert *a, const char *service)
{
	const struct entity *cause = model_find(v->model, a->key);
	struct entity **list;
	size_t n;
	bool found = false;

	for (uint32_t i = 0; i < a->touched_count; i++)
		if (strcmp(a->touched[i].service, service) == 0)
			return true;
	if (a->touched_more == 0 || cause == NULL)
		return false;
	n = v->config->service_count;
	list = must_alloc((n + 1) * sizeof(struct entity *));
	n = model_touched_services(v->model, cause, list, n);
	for (size_t i = 0; i < n && i < v->config->service_count; i++)
		found = found || strcmp(list[i]->name, service) == 0;
	free(list);
	return found;
}

/* Polled too long ago: what was wrong then is unknown now, and so may be what it touches. */
static bool is_past(struct view *v, const struct alert *a)
{
	const struct entity *e = v->stale ? model_find(v->model, a->key) : NULL;

	return e != NULL && e->kind != ENTITY_COMPONENT && e->state == STATE_UNKNOWN && a->state != STATE_UNKNOWN;
}

static void touched_now(struct view *v, struct alert *a)
{
	for (uint32_t i = 0; i < a->touched_count; i++) {
		const struct entity *s = model_find(v->model, a->touched[i].service);
		struct verdict d;

		if (s == NULL || s->kind != ENTITY_SERVICE)
			continue;
		d = graph_verdict(model_graph(v->model), s->node);
		a->touched[i].quality_now = d.quality;
		a->touched[i].lose_now = verdict_can_lose(&d);
	}
}

/* As it is known now: "app2 was down when last polled 5 min ago". */
static void alert_past(struct view *v, struct alert *a)
{
	char name[MODEL_NAME_MAX], ago[32];
	struct text t = text_over(a->cause, sizeof(a->cause));

	text_add(&t, "%s was %s when last polled %s ago", component_words(a->key, name, sizeof(name)), state_word(a->state),
		 age_words(wall_since(v->now, v->polled_at), ago, sizeof(ago)));
	a->state = STATE_UNKNOWN;
	touched_now(v, a);
}

static json_t *alert_json(struct view *v, const struct alert *told, bool numbered)
{
	struct alert *a = must_alloc(sizeof(*a));
	json_t *j;

	*a = *told;
	if (is_past(v, a))
		alert_past(v, a);
	j = json_pack("{s:o,s:o,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:f,s:o,s:i,s:o}",
		      "alert", numbered ? json_count(a->number) : json_null(), "component", json_words(a->key),
		      "kind", alert_kind_word(a->kind), "severity", severity_word(a->severity), "state", state_word(a->state),
		      "cause", json_words(a->cause), "left", json_words(a->left), "next", json_words(a->next),
		      "first_do", json_words(a->first_do), "since", json_time(a->since),
		      "after", json_time(a->since_after), "age_s", span_as_s(wall_since(v->now, a->since)),
		      "touches", touched_json(a), "touches_more", (int)a->touched_more, "repair_helps", repair_helps(v, a));
	plan_put_alert(v, a, j);
	free(a);
	return j;
}

static const struct entity *set_by_hand(struct view *v, const struct alert *a)
{
	const struct entity *e = model_find(v->model, a->key);

	return e != NULL && e->kind == ENTITY_COMPONENT ? e : NULL;
}

/* Without a daemon nobody has judged what was set by hand since: it is wrong all the same, and has no number yet. */
static void add_unjudged(struct view *v, const char *only, json_t *list)
{
	struct alert_book *present = view_book(v);

	for (size_t i = 0; i < alert_book_count(present); i++) {
		const struct alert *a = alert_book_at(present, i);
		bool known = false;

		for (size_t k = 0; k < alert_book_count(v->book); k++)
			known = known || strcmp(alert_book_at(v->book, k)->key, a->key) == 0;
		if (!known && set_by_hand(v, a) && (only[0] == '\0' || touches(v, a, only)))
			json_array_append_new(list, alert_json(v, a, false));
	}
}

/* 0 the worst, and of equal ones first those whose repair gives something back. */
static int urgency(const json_t *a)
{
	int n = 0;

	for (int s = SEVERITY_CRITICAL; s > SEVERITY_CLEARED && strcmp(json_text(a, "severity"), severity_word((enum severity)s)) != 0; s--)
		n += 2;
	return n + json_is_false(json_object_get(a, "repair_helps"));
}

static json_t *worst_first(json_t *list)
{
	json_t *sorted = json_array(), *a;
	size_t i;

	for (int n = 0; n <= 2 * SEVERITIES; n++)
		json_array_foreach(list, i, a)
			if (urgency(a) == n)
				json_array_append(sorted, a);
	json_decref(list);
	return sorted;
}

static json_t *wrong_json(struct view *v, const char *only)
{
	json_t *list = json_array();

	for (size_t i = 0; v->book && i < alert_book_count(v->book); i++) {
		const struct alert *a = alert_book_at(v->book, i);
		const struct entity *e = v->live ? NULL : set_by_hand(v, a);

		if ((only[0] == '\0' || touches(v, a, only)) && (e == NULL || e->state != STATE_UP))
			json_array_append_new(list, alert_json(v, a, true));
	}
	if (!v->live && v->book)
		add_unjudged(v, only, list);
	return worst_first(list);
}

/* ---- services -------------------------------------------------------------------------------------------------------------- */

/* Of those that are not well: how many of its components are degraded, and how many unknown. */
static void count_doubt(struct view *v, const struct entity *e, json_t *item)
{
	struct graph *g = model_graph(v->model);
	uint32_t *support = must_alloc(SUPPORT_MOST * sizeof(*support));
	size_t n = graph_support(g, e->node, support, SUPPORT_MOST), weak = 0, unknown = 0;

	for (size_t i = 0; i < n && i < SUPPORT_MOST; i++) {
		weak += graph_get(g, support[i]) == STATE_DEGRADED;
		unknown += graph_get(g, support[i]) == STATE_UNKNOWN;
	}
	free(support);
	json_object_set_new(item, "components", json_integer((json_int_t)n));
	json_object_set_new(item, "components_degraded", json_integer((json_int_t)weak));
	json_object_set_new(item, "components_unknown", json_integer((json_int_t)unknown));
}

static json_t *service_json(struct view *v, const struct entity *e)
{
	const struct cfg_service *s = &v->config->service[e->index];
	struct verdict d = model_verdict(v->model, e), design = { .distance = d.design_distance };
	struct verdict weak = { .distance = d.distance_weak }, worst = { .distance = d.distance_worst };
	json_t *item = json_pack("{s:o,s:s,s:b,s:o,s:o,s:o,s:o,s:o,s:i}", "service", json_words(e->name), "quality", state_word(d.quality),
				 "at_risk", d.at_risk, "can_lose", json_lose(&d), "can_lose_weak", json_lose(&weak),
				 "can_lose_worst", json_lose(&worst), "built_for", json_lose(&design), "owner", json_words(s->owner),
				 "tier", (int)s->tier);

	plan_put_service(v, e, &d, item);
	json_object_set_new(item, "coming", view_coming(v, e));
	if (d.at_risk || d.quality != STATE_UP || d.distance_worst != d.distance)
		count_doubt(v, e, item);
	return item;
}

/* At risk: neither accepted nor planned. Without SNMP: devices that answer ICMP only, though they are asked. */
struct counts { int well, at_risk, accepted, planned, degraded, down, unknown, without_snmp; };

static void count(struct counts *n, const json_t *item)
{
	const char *q = json_text(item, "quality");

	n->down += strcmp(q, "down") == 0;
	n->degraded += strcmp(q, "degraded") == 0;
	n->unknown += strcmp(q, "unknown") == 0;
	if (strcmp(q, "up") == 0) {
		n->at_risk += strcmp(json_text(item, "risk"), "open") == 0;
		n->accepted += strcmp(json_text(item, "risk"), "accepted") == 0;
		n->planned += strcmp(json_text(item, "risk"), "planned") == 0;
		n->well += !json_is_true(json_object_get(item, "at_risk"));
	}
}

static json_t *head_json(struct view *v, const struct counts *n)
{
	json_t *head;
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	head = json_pack("{s:o,s:i,s:i,s:i,s:i,s:o,s:f,s:f,s:f,s:b,s:b,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:o,s:o}", "host", json_words(host),
			 "devices", (int)v->config->device_count, "answering", (int)v->heard.answering,
			 "silent", (int)v->heard.silent, "checks", (int)v->config->check_count, "polled", json_time(v->polled_at),
			 "polled_ago_s", v->polled_at.us ? span_as_s(wall_since(v->now, v->polled_at)) : -1.0,
			 "cycle_s", span_as_s(v->cycle), "interval_s", span_as_s(v->config->interval), "live", v->live, "stale", v->stale,
			 "well", n->well, "at_risk", n->at_risk, "accepted", n->accepted, "planned", n->planned, "degraded", n->degraded, "down", n->down, "unknown", n->unknown,
			 "rows_lost", json_count(v->store.rows_lost), "store_error",
			 json_words(v->store.write_errors ? v->store.last_error : ""));
	json_object_set_new(head, "without_snmp", json_integer(n->without_snmp));
	if (v->starting)
		json_object_set_new(head, "starting", json_pack("{s:i,s:f}", "unheard", (int)v->unheard, "judged_in_s", span_as_s(v->judged_in)));
	return head;
}

json_t *view_status(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	const char *only = json_text(args, "service");
	struct counts n = { 0 };
	json_t *items = json_array();

	for (size_t i = 0; i < model_count(v->model); i++) {
		const struct entity *e = model_at(v->model, i);
		json_t *item;

		n.without_snmp += e->kind == ENTITY_DEVICE && e->state == STATE_UP && e->fact.snmp == ANSWER_NO;
		if (e->kind != ENTITY_SERVICE || (only[0] && strcmp(only, e->name) != 0))
			continue;
		item = service_json(v, e);
		count(&n, item);
		json_array_append_new(items, item);
	}
	if (only[0] && json_array_size(items) == 0) {
		name_unknown(err, v->config, "service", 1 << REF_SERVICE, only);
		json_decref(items);
		return NULL;
	}
	json_object_set_new(answer, "head", head_json(v, &n));
	json_object_set_new(answer, "wrong", wrong_json(v, only));
	plan_put_status(v, answer);
	return items;
}
