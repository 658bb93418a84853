/* poller/ctl/view-capacity.c: what the groups of a service need and have, now and when calendars want something else. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "risk-int.h"

enum { POINTS_TOLD = 20 };

static bool is_asked(const struct cfg_group *g) { return g->need_capacity || g->during_count; }

/* Members that work, and what they carry. */
struct there { uint32_t members, unknown, unread; uint64_t capacity; bool weighed; };

static struct there there_of(struct view *v, struct look *l, const struct entity *group)
{
	bool given = v->config->group[group->index].capacity != 0;
	const uint32_t *outer, *member;
	struct there t = { 0 };
	uint32_t gate;
	size_t n;

	graph_members(l->g, group->node, &outer);
	gate = outer[0];		/* the group's composite holds the gate over its members first */
	n = graph_members(l->g, gate, &member);
	for (size_t i = 0; i < n; i++) {
		enum works w = look_works(l, member[i]);
		const struct entity *e = model_of_node(v->model, member[i]);
		bool unread = e && !given && model_capacity_unread(v->model, e);

		t.members += w == WORKS;
		t.unknown += w == WORKS_UNKNOWN;
		t.weighed |= e && !given && model_weighs(v->model, e);
		t.unread += w == WORKS && unread;
		t.capacity += w == WORKS && !unread ? graph_member_capacity(l->g, gate, i) : 0;
	}
	return t;
}

static json_t *or_null(uint64_t n) { return n ? json_count(n) : json_null(); }

static json_t *row_json(struct view *v, struct look *l, const struct entity *group, struct demand d)
{
	struct there t = there_of(v, l, group);

	return json_pack("{s:o,s:i,s:i,s:o,s:i,s:i,s:o,s:s?,s:i}", "group", json_words(group->name), "need", (int)d.need, "full", (int)d.full,
			 "need_capacity", or_null(d.capacity), "there", (int)t.members, "unknown", (int)t.unknown, "capacity_there",
			 d.capacity ? json_count(t.capacity) : json_null(), "capacity_unit", d.capacity && t.weighed ? "Mbit/s" : NULL,
			 "capacity_unread", d.capacity ? (int)t.unread : 0);
}

static json_t *now_json(struct view *v, struct look *l, const struct entity *group, const struct entity *service)
{
	struct model *m = v->model;
	json_t *row = row_json(v, l, group, config_demand(&v->config->group[group->index], model_calendars(m)));

	json_object_set_new(row, "when", json_null());
	json_object_set_new(row, "when_unix", json_null());
	json_object_set_new(row, "calendar", view_calendars(v, group, model_calendars(m)));
	json_object_set_new(row, "quality_then", json_string(state_word(model_verdict(m, group).quality)));
	json_object_set_new(row, "service_then", json_string(state_word(model_verdict(m, service).quality)));
	return row;
}

static json_t *names_json(const struct entity **list, size_t n)
{
	json_t *j = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(j, json_words(list[i]->name));
	return j;
}

/* What a calendar makes of a service, apart from its groups. */
static void put_then(struct view *v, const struct coming *c, const struct entity *service, json_t *row)
{
	const struct entity *repair[REPAIR_MOST], *point[POINTS_TOLD];
	size_t ends, n = coming_repair(v->model, c, service, repair), points = coming_points(v->model, c, service, point, POINTS_TOLD, &ends);

	json_object_set_new(row, "service_then", json_string(state_word(coming_verdict(v->model, c, service).quality)));
	json_object_set_new(row, "repair", names_json(repair, n));
	json_object_set_new(row, "survived_now_not_then", names_json(point, points < POINTS_TOLD ? points : POINTS_TOLD));
	json_object_set_new(row, "survived_now_not_then_count", json_integer((json_int_t)points));
	json_object_set_new(row, "survived_ends", json_integer((json_int_t)ends));
}

static json_t *then_json(struct view *v, struct look *l, const struct entity *group, const struct entity *service, const struct coming *c)
{
	struct model *m = v->model;
	json_t *row = row_json(v, l, group, config_demand(&v->config->group[group->index], c->calendars));

	json_object_set_new(row, "when", json_time(c->from));
	json_object_set_new(row, "when_unix", json_integer(c->from.us / 1000000));
	json_object_set_new(row, "until", json_time(c->to));
	json_object_set_new(row, "calendar", view_calendars(v, group, c->calendars));
	json_object_set_new(row, "quality_then", json_string(state_word(coming_verdict(m, c, group).quality)));
	put_then(v, c, service, row);
	return row;
}

json_t *view_calendars(struct view *v, const struct entity *group, uint64_t calendars)
{
	const struct cfg_group *g = &v->config->group[group->index];
	json_t *list = json_array();

	for (uint32_t i = 0; i < g->during_count; i++)
		if (calendars >> g->during[i].calendar & 1)
			json_array_append_new(list, json_words(g->during[i].name));
	return list;
}

void view_put_capacity(struct view *v, struct look *l, const struct entity *service, json_t *item)
{
	const struct config *config = v->config;
	json_t *list = json_array();
	const struct coming *c;
	bool cut;
	size_t n = model_coming(v->model, &c, &cut);

	for (uint32_t i = 0; i < config->group_count; i++) {
		const struct entity *group = is_asked(&config->group[i]) ? model_find(v->model, config->group[i].name) : NULL;

		if (group == NULL || !look_has_met(l, group->node))
			continue;
		json_array_append_new(list, now_json(v, l, group, service));
		for (size_t k = 0; k < n; k++)
			if (coming_differs(v->model, &c[k], group) && coming_differs(v->model, &c[k], service))
				json_array_append_new(list, then_json(v, l, group, service, &c[k]));
	}
	json_object_set_new(item, "capacity", list);
	json_object_set_new(item, "capacity_cut", json_boolean(cut));
}

/* The first trouble ahead: null, or when and what. */
json_t *view_coming(struct view *v, const struct entity *service)
{
	enum state then;
	const struct coming *c = model_trouble(v->model, service, &then);
	const struct entity *repair[REPAIR_MOST];
	json_t *calendars = json_array();
	size_t n;

	if (c == NULL) {
		json_decref(calendars);
		return json_null();
	}
	n = coming_repair(v->model, c, service, repair);
	for (uint32_t i = 0; i < v->config->calendar_count; i++)
		if (c->calendars >> i & 1)
			json_array_append_new(calendars, json_words(v->config->calendar[i].name));
	return json_pack("{s:o,s:I,s:o,s:s,s:o}", "when", json_time(c->from), "when_unix", (json_int_t)(c->from.us / 1000000),
			 "calendar", calendars, "quality_then", state_word(then), "repair", names_json(repair, n));
}
