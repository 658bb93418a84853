/* poller/ctl/view-plan.c: what the views of status and risk say of maintenance and accepted risks. */
#include <stdlib.h>
#include <string.h>

#include "poller/ctl/plan-int.h"

enum { SUPPORT_MOST = 65536, TOLD_MOST = 64 };

/* ---- pieces ---------------------------------------------------------------------------------------------------------------- */

static json_t *names_json(const struct name_list *l)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < l->count; i++)
		json_array_append_new(list, json_words(l->name[i]));
	return list;
}

json_t *window_json(const struct window *w)
{
	return json_pack("{s:I,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "maintenance", (json_int_t)w->number, "state",
			 w->began.us ? "running" : "planned", "from", json_time(w->from), "until", json_time(w->until), "began",
			 json_time(w->began), "why", json_words(w->why), "who", json_words(w->who), "members", names_json(&w->member),
			 "foreseen", names_json(&w->foreseen));
}

/* Under an acceptance, and not worse than that. */
static const struct acceptance *accepted_of(struct view *v, const char *key)
{
	const struct acceptance *a = alert_book_acceptance(v->book, key);
	const struct alert *now = a ? view_alert(v, key) : NULL;

	return now && now->accepted == a->number ? a : NULL;
}

/* A part goes with its device where that explains it. */
static const struct acceptance *accepted_entity(struct view *v, const struct entity *e)
{
	const struct acceptance *a = accepted_of(v, e->name);
	const struct entity *device = a ? NULL : model_device_of(v->model, e);

	return device ? accepted_of(v, device->name) : a;
}

static json_t *accepted_json(const struct acceptance *a)
{
	if (a == NULL)
		return json_null();
	return json_pack("{s:I,s:o,s:o,s:o,s:o}", "accepted", (json_int_t)a->number, "component", json_words(a->key), "until",
			 json_time(a->until), "why", json_words(a->why), "who", json_words(a->who));
}

/* ---- a risk that is known ---------------------------------------------------------------------------------------------------- */

/* Is everything that weakens the service in maintenance, or accepted? */
static const char *risk_word(struct view *v, const struct entity *service)
{
	struct graph *g = model_graph(v->model);
	uint32_t *support = must_alloc(SUPPORT_MOST * sizeof(*support));
	size_t n = graph_support(g, service->node, support, SUPPORT_MOST);
	const char *word = n > SUPPORT_MOST ? "open" : "";

	for (size_t i = 0; i < n && i < SUPPORT_MOST && strcmp(word, "open") != 0; i++) {
		enum state s = graph_get(g, support[i]);
		const struct entity *e = model_of_node(v->model, support[i]);

		if (s == STATE_UP || s == STATE_UNKNOWN)
			continue;
		if (e && model_maintained(v->model, e))
			word = word[0] ? word : "planned";
		else
			word = e && accepted_entity(v, e) ? "accepted" : "open";
	}
	free(support);
	return word[0] ? word : "open";	/* what is missed only when more will be needed */
}

void plan_put_service(struct view *v, const struct entity *e, const struct verdict *d, json_t *item)
{
	json_object_set_new(item, "planned", json_boolean(model_is_planned(v->model, e, d)));
	json_object_set_new(item, "risk", d->at_risk ? json_string(risk_word(v, e)) : json_null());
}

void plan_put_alert(struct view *v, const struct alert *a, json_t *item)
{
	json_object_set_new(item, "accepted", accepted_json(accepted_of(v, a->key)));
}

void plan_put_status(struct view *v, json_t *answer)
{
	json_t *list = json_array();

	for (size_t i = 0; i < maintenance_count(v->maintenance); i++)
		json_array_append_new(list, window_json(maintenance_at(v->maintenance, i)));
	json_object_set_new(answer, "maintenance", list);
}

/* ---- the page of risk -------------------------------------------------------------------------------------------------------- */

static bool has_member_in(struct view *v, const struct window *w, const uint32_t *support, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct entity *e = model_of_node(v->model, support[i]), *device = e ? model_device_of(v->model, e) : NULL;

		if (e && (name_list_has(&w->member, e->name) || (device && name_list_has(&w->member, device->name))))
			return true;
	}
	return false;
}

void plan_put_risk(struct view *v, const struct entity *e, const struct verdict *d, json_t *item)
{
	struct graph *g = model_graph(v->model);
	size_t n = graph_support(g, e->node, NULL, 0);
	uint32_t *support = must_alloc((n + 1) * sizeof(*support));
	json_t *windows = json_array(), *accepted = json_array();

	n = graph_support(g, e->node, support, n);
	for (size_t i = 0; i < maintenance_count(v->maintenance) && json_array_size(windows) < TOLD_MOST; i++)
		if (has_member_in(v, maintenance_at(v->maintenance, i), support, n))
			json_array_append_new(windows, window_json(maintenance_at(v->maintenance, i)));
	for (size_t i = 0; i < n && json_array_size(accepted) < TOLD_MOST; i++) {
		const struct entity *c = model_of_node(v->model, support[i]);
		const struct acceptance *a = c && c->state != STATE_UP && c->leaf == support[i] ? accepted_of(v, c->name) : NULL;

		if (a)
			json_array_append_new(accepted, accepted_json(a));
	}
	free(support);
	plan_put_service(v, e, d, item);
	json_object_set_new(item, "maintenance", windows);
	json_object_set_new(item, "accepted", accepted);
}
