/* poller/ctl/explain.c: forewarn explain: what a service stands on, in words, from the top down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

enum { DEPTH_MOST = 12, LINES_MOST = 2000 };

struct telling { struct view *v; json_t *lines; struct names said; };

/* ---- the view ------------------------------------------------------------------------------------------------------------ */

static enum state state_of(struct view *v, const struct entity *e)
{
	bool composite = e->kind == ENTITY_GROUP || e->kind == ENTITY_SERVICE || e->kind == ENTITY_DEVICE;

	return composite ? model_composite(v->model, e) : e->state;
}

static void gate_words(const struct entity *e, struct view *v, char *buf, size_t size)
{
	struct graph *g = model_graph(v->model);
	const struct cfg_group *k = e->kind == ENTITY_GROUP ? &v->config->group[e->index] : NULL;
	const uint32_t *members;
	size_t n = e->node == NODE_NONE ? 0 : graph_members(g, e->node, &members);

	switch (e->kind) {
	case ENTITY_SERVICE: snprintf(buf, size, "service, needs all of"); break;
	case ENTITY_GROUP:
		snprintf(buf, size, k->need == k->count ? "group, needs all of" : "group, needs %u of %u", k->need, k->count);
		break;
	case ENTITY_DEVICE: snprintf(buf, size, n > 1 ? "device, stands on" : "device"); break;
	case ENTITY_CHECK: snprintf(buf, size, "check"); break;
	case ENTITY_PART: snprintf(buf, size, "component"); break;
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
	size_t len = strlen(device->name);

	for (size_t i = 0; i < model_count(t->v->model); i++) {
		const struct entity *e = model_at(t->v->model, i);

		if ((e->kind == ENTITY_PART || e->kind == ENTITY_CHECK) && e->leaf != NODE_NONE &&
		    strncmp(e->name, device->name, len) == 0 && e->name[len] == '/')
			tell(t, e, depth);
	}
}

static void tell(struct telling *t, const struct entity *e, unsigned depth)
{
	bool again = names_put(&t->said, e->name, 1) != NAMES_NONE;
	char words[96];

	if (depth > DEPTH_MOST || json_array_size(t->lines) >= LINES_MOST)
		return;
	gate_words(e, t->v, words, sizeof(words));
	json_array_append_new(t->lines, json_pack("{s:i,s:s,s:s,s:s,s:s,s:b}", "depth", (int)depth, "name", e->name, "words", words,
			      "state", state_word(state_of(t->v, e)), "reason", e->reason, "again", again));
	if (again)
		return;
	tell_below(t, e, depth + 1);
	if (e->kind == ENTITY_DEVICE)
		tell_parts(t, e, depth + 1);
}

json_t *view_explain(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	const char *name = json_text(args, "name");
	struct telling t = { v, json_array(), { 0 } };
	const struct entity *e = model_find(v->model, name);
	const char *near = names_nearest(&v->config->names, name, 3);

	(void)answer;
	if (e == NULL) {
		err_set(err, FW_NOTFOUND, "there is no '%s'%s%s%s", name, near ? "; '" : "", near ? near : "", near ? "' is near" : "");
		json_decref(t.lines);
		return NULL;
	}
	tell(&t, e, 0);
	names_release(&t.said);
	return t.lines;
}

/* ---- for people -------------------------------------------------------------------------------------------------------------- */

static void print_line(const struct screen *s, const json_t *l)
{
	int depth = (int)json_integer_value(json_object_get(l, "depth"));
	const char *state = json_text(l, "state"), *words = json_text(l, "words"), *reason = json_text(l, "reason");
	enum ink ink = strcmp(state, "up") == 0 ? INK_GOOD : strcmp(state, "down") == 0 ? INK_BAD : INK_WARN;
	char clean[512];

	fprintf(s->out, "%*s%s", depth * 3, "", text_clean(json_text(l, "name"), strlen(json_text(l, "name")), clean, sizeof(clean)));
	if (words[0])
		fprintf(s->out, "  %s(%s)%s", screen_ink(s, INK_DIM), words, screen_ink(s, INK_PLAIN));
	if (state[0])
		fprintf(s->out, "  %s%s%s", screen_ink(s, ink), state, screen_ink(s, INK_PLAIN));
	if (reason[0] && strcmp(state, "up") != 0)
		fprintf(s->out, ": %s", text_clean(reason, strlen(reason), clean, sizeof(clean)));
	if (json_is_true(json_object_get(l, "again")))
		fprintf(s->out, "  %s(as above)%s", screen_ink(s, INK_DIM), screen_ink(s, INK_PLAIN));
	fputc('\n', s->out);
}

int explain_command(struct ctl *c)
{
	struct screen s = screen_of(c);
	struct err err = { "" };
	json_t *answer, *line;
	size_t i;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (c->argc != 1)
		return ctl_usage(c, "a service is needed");
	answer = ctl_call(c, "explain", json_pack("{s:s}", "name", c->argv[0]), &err);
	if (answer == NULL)
		return ctl_failed(c, err.text);
	if (c->json)
		ctl_print_json(answer);
	else
		json_array_foreach(json_object_get(answer, "items"), i, line)
			print_line(&s, line);
	json_decref(answer);
	return EXIT_DONE;
}
