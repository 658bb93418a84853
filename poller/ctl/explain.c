/* poller/ctl/explain.c: forewarn explain: what a service stands on, in words: a sentence, then the tree from the top down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

enum { DEPTH_MOST = 12, LINES_MOST = 2000, NAMED_MOST = 12, USERS_MOST = 64 };

struct telling { struct view *v; json_t *lines; struct names said; bool cut; };

/* ---- the view: the function in words ------------------------------------------------------------------------------------------ */

/* "2 of the 3 app servers", "feed A". */
static void add_ref(struct text *t, const struct config *c, const struct ref *r)
{
	const struct cfg_group *k = r->kind == REF_GROUP ? &c->group[r->index] : NULL;

	if (k == NULL || k->count == 1)
		text_add(t, "%s", r->name);
	else if (k->need == k->count)
		text_add(t, "all %u %s", k->count, r->name);
	else if (k->need == 1)
		text_add(t, "one of the %u %s", k->count, r->name);
	else
		text_add(t, "%u of the %u %s", k->need, k->count, r->name);
}

/* "a, b and c", of what is needed. */
static void add_needs(struct text *t, const struct config *c, const struct needs *n)
{
	for (uint32_t i = 0; i < n->count; i++) {
		const struct term *m = &n->term[i];

		if (i == NAMED_MOST && n->count > NAMED_MOST + 1) {
			text_add(t, " and %u more", n->count - i);
			return;
		}
		text_add(t, "%s", i == 0 ? "" : i + 1 == n->count ? " and " : ", ");
		for (uint32_t k = 0; k < m->count; k++) {
			text_add(t, "%s", k == 0 ? (m->count > 1 ? "either " : "") : " or ");
			add_ref(t, c, &m->any[k]);
		}
	}
}

static void add_refs(struct text *t, const struct ref *r, uint32_t n, const char *last)
{
	for (uint32_t i = 0; i < n && i <= NAMED_MOST; i++) {
		if (i == NAMED_MOST)
			text_add(t, " %s %u more", last, n - i);
		else
			text_add(t, "%s%s", i == 0 ? "" : i + 1 == n ? (strcmp(last, "or") == 0 ? " or " : " and ") : ", ", r[i].name);
	}
}

/* What calendars make of a group. */
static void add_during(struct text *t, const struct cfg_group *k)
{
	for (uint32_t i = 0; i < k->during_count; i++) {
		const struct demand *d = &k->during[i].demand;

		text_add(t, " During %s %u are needed", k->during[i].name, d->need);
		if (d->full > d->need)
			text_add(t, ", and %u wanted", d->full);
		if (d->capacity)
			text_add(t, ", with a capacity of %llu", (unsigned long long)d->capacity);
		text_add(t, ".");
	}
}

static void say_service(struct text *t, const struct config *c, const struct entity *e)
{
	const struct needs *n = &c->service[e->index].needs;

	text_add(t, "%s needs ", e->name);
	add_needs(t, c, n);
	text_add(t, ".");
	for (uint32_t i = 0; i < n->count; i++) {
		const struct ref *r = n->term[i].any;
		const struct cfg_group *k = n->term[i].count == 1 && r->kind == REF_GROUP ? &c->group[r->index] : NULL;

		if (k != NULL && k->full > k->need)
			text_add(t, " With fewer than %u %s it is degraded.", k->full, r->name);
		if (k != NULL)
			add_during(t, k);
	}
}

static void say_group(struct text *t, const struct config *c, const struct entity *e)
{
	const struct cfg_group *k = &c->group[e->index];

	text_add(t, "%s: %u of %u are needed: ", e->name, k->need, k->count);
	add_refs(t, k->member, k->count, "and");
	text_add(t, ".");
	if (k->full > k->need)
		text_add(t, " With fewer than %u it is degraded.", k->full);
	if (k->need_capacity)
		text_add(t, " With a capacity below %llu it is degraded.", (unsigned long long)k->need_capacity);
	add_during(t, k);
	if (k->needs.count) {
		text_add(t, " It needs ");
		add_needs(t, c, &k->needs);
		text_add(t, " as well.");
	}
}

/* Classes of parts that count in the device: "one of its 2 power-supply". */
static void add_parts(struct text *t, struct view *v, const struct entity *device)
{
	struct graph *g = model_graph(v->model);
	const uint32_t *below, *parts;
	size_t n = device->node == NODE_NONE || graph_is_component(g, device->node) ? 0 : graph_members(g, device->node, &below);
	size_t len = strlen(device->name);

	for (size_t i = 0; i < n; i++) {
		const char *name = graph_name(g, below[i]), *class_name = name ? name + len + 1 : "";

		if (graph_is_component(g, below[i]) || name == NULL || strncmp(name, device->name, len) != 0 || name[len] != '/' ||
		    strchr(class_name, '/') != NULL)
			continue;
		text_add(t, " and one of its %zu %s parts works", graph_members(g, below[i], &parts), class_name);
	}
}

static void say_device(struct text *t, struct view *v, const struct entity *e)
{
	const struct cfg_device *d = &v->config->device[e->index];

	text_add(t, "%s works while it answers", e->name);
	add_parts(t, v, e);
	for (uint32_t i = 0; i < d->check_count; i++)
		if (v->config->check[d->first_check + i].counts)
			text_add(t, " and %s is well", v->config->check[d->first_check + i].name);
	if (d->needs.count) {
		text_add(t, "; it needs ");
		add_needs(t, v->config, &d->needs);
	}
	text_add(t, ".");
	if (d->parent_count) {
		text_add(t, " It is reached by ");
		add_refs(t, d->parents, d->parent_count, "or");
		text_add(t, ": without %s it is unknown, not down.", d->parent_count == 1 ? "that" : "any of them");
	}
}

static void say_other(struct text *t, struct view *v, const struct entity *e)
{
	const struct config *c = v->config;
	const struct entity *device = model_device_of(v->model, e);
	const struct needs *n = e->kind == ENTITY_CHECK ? &c->check[e->index].needs :
				e->kind == ENTITY_COMPONENT ? &c->component[e->index].needs : NULL;

	if (e->kind == ENTITY_COMPONENT)
		text_add(t, "%s is not polled: it is up until someone sets it otherwise.", e->name);
	else if (e->kind == ENTITY_CHECK)
		text_add(t, "%s is a check: up when its command exits 0.", e->name);
	else
		text_add(t, "%s is part of %s, and needs it.", e->name, device ? device->name : "its device");
	if (n != NULL && n->count) {
		text_add(t, " It needs ");
		add_needs(t, c, n);
		text_add(t, ".");
	}
}

/* "order management and portal stand on it." */
static void say_users(struct text *t, struct view *v, const struct entity *e)
{
	struct entity *list[USERS_MOST];
	size_t n;

	if (e->kind == ENTITY_SERVICE || e->kind == ENTITY_GROUP)
		return;
	n = model_touched_services(v->model, e, list, USERS_MOST);
	if (n == 0)
		text_add(t, " No service stands on it.");
	for (size_t i = 0; i < n && i < NAMED_MOST && i < USERS_MOST; i++)
		text_add(t, "%s%s", i == 0 ? " " : i + 1 == n ? " and " : ", ", list[i]->name);
	if (n > NAMED_MOST)
		text_add(t, " and %zu more", n - NAMED_MOST);
	if (n > 0)
		text_add(t, " stand%s on it.", n == 1 ? "s" : "");
}

static json_t *sentence_json(struct view *v, const struct entity *e)
{
	char buf[4096];
	struct text t = text_over(buf, sizeof(buf));

	switch (e->kind) {
	case ENTITY_SERVICE: say_service(&t, v->config, e); break;
	case ENTITY_GROUP: say_group(&t, v->config, e); break;
	case ENTITY_DEVICE: say_device(&t, v, e); break;
	default: say_other(&t, v, e); break;
	}
	say_users(&t, v, e);
	return json_words(buf);
}

/* ---- the view: the tree ---------------------------------------------------------------------------------------------------------- */

/* A service has quality and risk, as status says; of the others what is missing of their parts makes them degraded. */
static enum state state_of(struct view *v, const struct entity *e, bool *at_risk)
{
	bool composite = e->kind == ENTITY_GROUP || e->kind == ENTITY_DEVICE;
	struct verdict d;

	*at_risk = false;
	if (e->kind == ENTITY_SERVICE) {
		d = graph_verdict(model_graph(v->model), e->node);
		*at_risk = d.at_risk;
		return d.quality;
	}

	return composite ? model_composite(v->model, e) : e->state;
}

static void gate_words(const struct entity *e, struct view *v, char *buf, size_t size)
{
	struct graph *g = model_graph(v->model);
	const struct cfg_group *k = e->kind == ENTITY_GROUP ? &v->config->group[e->index] : NULL;
	const uint32_t *members;
	size_t n = e->node == NODE_NONE || graph_is_component(g, e->node) ? 0 : graph_members(g, e->node, &members);

	switch (e->kind) {
	case ENTITY_SERVICE: snprintf(buf, size, "service, needs all of"); break;
	case ENTITY_GROUP:
		snprintf(buf, size, k->need == k->count ? "group, needs all of" : "group, needs %u of %u", k->need, k->count);
		break;
	case ENTITY_DEVICE: snprintf(buf, size, n > 1 ? "device, stands on" : "device"); break;
	case ENTITY_CHECK: snprintf(buf, size, "check"); break;
	case ENTITY_PART: snprintf(buf, size, "part"); break;
	default: snprintf(buf, size, n > 1 ? "component, stands on" : "component, set by hand"); break;
	}
}

static void tell(struct telling *t, const struct entity *e, unsigned depth);

static void tell_refs(struct telling *t, const struct ref *r, uint32_t n, unsigned depth)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct entity *e = model_find(t->v->model, r[i].name);

		if (e != NULL)
			tell(t, e, depth);
	}
}

static void tell_needs(struct telling *t, const struct needs *n, unsigned depth)
{
	for (uint32_t i = 0; i < n->count; i++) {
		if (n->term[i].count > 1)
			json_array_append_new(t->lines, json_pack("{s:i,s:s,s:s,s:s}", "depth", (int)depth, "name", "any one of", "words", "", "state", ""));
		tell_refs(t, n->term[i].any, n->term[i].count, depth + (n->term[i].count > 1));
	}
}

static void tell_below(struct telling *t, const struct entity *e, unsigned depth)
{
	const struct config *c = t->v->config;

	switch (e->kind) {
	case ENTITY_SERVICE: tell_needs(t, &c->service[e->index].needs, depth); break;
	case ENTITY_GROUP:
		tell_refs(t, c->group[e->index].member, c->group[e->index].count, depth);
		tell_needs(t, &c->group[e->index].needs, depth);
		break;
	case ENTITY_DEVICE: tell_needs(t, &c->device[e->index].needs, depth); break;
	case ENTITY_CHECK: tell_needs(t, &c->check[e->index].needs, depth); break;
	case ENTITY_COMPONENT: tell_needs(t, &c->component[e->index].needs, depth); break;
	default: break;
	}
}

/* Parts inside a device that are in the graph: power supplies, checks. */
static void tell_parts(struct telling *t, const struct entity *device, unsigned depth)
{
	struct graph *g = model_graph(t->v->model);
	const uint32_t *below, *parts;
	size_t n = device->node == NODE_NONE || graph_is_component(g, device->node) ? 0 : graph_members(g, device->node, &below), m;

	for (size_t i = 0; i < n; i++) {
		m = graph_is_component(g, below[i]) ? 1 : graph_members(g, below[i], &parts);
		for (size_t k = m; k-- > 0;) {		/* the baseline is kept newest first */
			uint32_t node = graph_is_component(g, below[i]) ? below[i] : parts[k];
			const struct entity *e = graph_is_component(g, node) ? model_of_node(t->v->model, node) : NULL;

			if (e != NULL && (e->kind == ENTITY_PART || e->kind == ENTITY_CHECK) && model_device_of(t->v->model, e) == device)
				tell(t, e, depth);
		}
	}
}

static void tell(struct telling *t, const struct entity *e, unsigned depth)
{
	bool again, at_risk;
	enum state state = state_of(t->v, e, &at_risk);
	char words[96];

	if (depth > DEPTH_MOST || json_array_size(t->lines) >= LINES_MOST) {
		t->cut = true;
		return;
	}
	again = names_put(&t->said, e->name, 1) != NAMES_NONE;
	gate_words(e, t->v, words, sizeof(words));
	json_array_append_new(t->lines, json_pack("{s:i,s:o,s:s,s:s,s:b,s:o,s:b}", "depth", (int)depth, "name", json_words(e->name), "words", words,
			      "state", state_word(state), "at_risk", at_risk, "reason", json_words(e->reason), "again", again));
	if (again)
		return;
	tell_below(t, e, depth + 1);
	if (e->kind == ENTITY_DEVICE)
		tell_parts(t, e, depth + 1);
}

json_t *view_explain(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	enum { ANY_KIND = (1 << (REF_SERVICE + 1)) - 1 };
	const char *name = json_text(args, "name");
	struct telling t = { .v = v, .lines = json_array() };
	const struct entity *e = model_find(v->model, name);

	if (e == NULL) {
		name_unknown(err, v->config, "service or component", ANY_KIND, name);
		json_decref(t.lines);
		return NULL;
	}
	tell(&t, e, 0);
	names_release(&t.said);
	json_object_set_new(answer, "sentence", sentence_json(v, e));
	json_object_set_new(answer, "kind", json_string(e->kind == ENTITY_SERVICE ? "service" : "component"));
	json_object_set_new(answer, "cut", json_boolean(t.cut));
	return t.lines;
}

/* ---- for people -------------------------------------------------------------------------------------------------------------- */

static void print_line(const struct screen *s, const json_t *l)
{
	int depth = (int)json_int(l, "depth");
	const char *state = json_text(l, "state"), *words = json_text(l, "words"), *reason = json_text(l, "reason");
	char told[600];

	fprintf(s->out, "%*s%s", depth * 3, "", json_text(l, "name"));
	if (words[0])
		fprintf(s->out, "  %s(%s)%s", screen_ink(s, INK_DIM), words, screen_ink(s, INK_PLAIN));
	if (state[0])
		fprintf(s->out, "  %s%s%s", screen_ink(s, state_ink(state)),
			strcmp(state, "up") == 0 ? state : state_words(state, reason, told, sizeof(told)), screen_ink(s, INK_PLAIN));
	if (json_is_true(json_object_get(l, "at_risk")))
		fprintf(s->out, ", %sat risk%s", screen_ink(s, INK_WARN), screen_ink(s, INK_PLAIN));
	if (json_is_true(json_object_get(l, "again")))
		fprintf(s->out, "  %s(as above)%s", screen_ink(s, INK_DIM), screen_ink(s, INK_PLAIN));
	fputc('\n', s->out);
}

static void print_explanation(const struct ctl *c, const json_t *answer)
{
	struct screen s = screen_of(c);
	json_t *line;
	size_t i;

	screen_wrap(&s, 0, json_text(answer, "sentence"));
	fputc('\n', s.out);
	json_array_foreach(json_object_get(answer, "items"), i, line)
		print_line(&s, line);
	if (json_is_true(json_object_get(answer, "cut")))
		fprintf(s.out, "more than %d lines or %d levels: explain a part of it\n", LINES_MOST, DEPTH_MOST);
	fprintf(s.out, "%snext: forewarn %s \"%s\"%s\n", screen_ink(&s, INK_DIM),
		strcmp(json_text(answer, "kind"), "service") == 0 ? "risk" : "events", c->argv[0], screen_ink(&s, INK_PLAIN));
}

int explain_command(struct ctl *c)
{
	json_t *answer;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (c->argc != 1)
		return ctl_usage(c, "a service or component is needed");
	answer = ctl_ask(c, "explain", json_pack("{s:o}", "name", json_words(c->argv[0])));
	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else
		print_explanation(c, answer);
	json_decref(answer);
	return EXIT_DONE;
}
