/* poller/ctl/view-show.c: the view of forewarn show: components and their last values, from the last files. */
#define _GNU_SOURCE		/* strverscmp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"
#include "poller/lastfile.h"

enum { ITEMS_MOST = 20000 };	/* an answer of more would hold up the daemon: name a device */

struct gather { struct view *v; const char *class_name; json_t *items; struct wall fresh; size_t left_off; };

/* ---- the view ---------------------------------------------------------------------------------------------------------- */

/* A value as programs want it: unscaled, enumerations as labels. */
static json_t *value_json(const struct mib_column *k, const struct last_record *r, uint8_t c)
{
	const char *label = mib_label_of(k, (int64_t)r->value[c]);
	char buf[LAST_TEXT + 1];
	size_t len;

	if (k->as == AS_STRING || k->as == AS_OID || k->as == AS_HEX) {
		len = last_text_get(r, c, buf, sizeof(buf));
		return json_foreign(buf, len);
	}
	if (label != NULL)
		return json_string(label);
	return k->as == AS_INTEGER ? json_integer((json_int_t)r->value[c]) : json_count(r->value[c]);
}

static void columns_json(json_t *j, const struct mib_table *t, const struct last_record *r)
{
	json_t *missing = json_object(), *since = json_object();

	for (uint8_t c = 0; c < t->column_count; c++) {
		if (r->known >> c & 1)
			json_object_set_new(j, t->column[c].name, value_json(&t->column[c], r, c));
		if (!last_lacks(t, r, c))
			continue;
		json_object_set_new(missing, t->column[c].name, json_string(fw_err_text(r->why[c])));
		json_object_set_new(since, t->column[c].name, json_time(last_missing_since(r, c)));
	}
	if (json_object_size(missing)) {
		json_object_set(j, "missing", missing);
		json_object_set(j, "missing_since", since);
	}
	json_decref(missing);
	json_decref(since);
}

static void check_json(json_t *j, const struct last_record *r)
{
	json_t *perf = json_array();
	char text[LAST_TEXT + 1];

	json_object_set_new(j, "status", json_integer((json_int_t)r->value[0]));
	json_object_set_new(j, "took_s", json_real((double)r->value[1] / 1e6));
	for (uint8_t i = 0; i < CHECK_PERF_MAX; i++)
		if (last_text_get(r, i, text, sizeof(text)))
			json_array_append_new(perf, json_words(text));
	json_object_set_new(j, "performance", perf);
}

static void device_json(json_t *j, const struct last_record *r)
{
	static const struct { const char *key; enum last_device_value value; } keys[] = {
		{ "lost", LAST_D_LOST }, { "late", LAST_D_LATE }, { "reboots", LAST_D_REBOOTS }, { "requests", LAST_D_REQUESTS },
		{ "objects_per_get", LAST_D_PACK }, { "missed", LAST_D_MISSED },
	};
	static const char *const answer[] = { "not asked", "answers", "silent" };

	json_object_set_new(j, "icmp", json_string(answer[r->value[LAST_D_ICMP] % 3]));
	json_object_set_new(j, "snmp", json_string(answer[r->value[LAST_D_SNMP] % 3]));
	if (r->value[LAST_D_RTT_US] && (r->value[LAST_D_ICMP] == ANSWER_YES || r->value[LAST_D_SNMP] == ANSWER_YES))
		json_object_set_new(j, "rtt_s", json_real((double)r->value[LAST_D_RTT_US] / 1e6));
	json_object_set_new(j, "round_s", json_real((double)r->value[LAST_D_SPAN_US] / 1e6));
	json_object_set_new(j, "jitter_s", json_real((double)r->value[LAST_D_JITTER_US] / 1e6));
	if (r->value[LAST_D_UPTIME_AT] && r->value[LAST_D_SNMP] == ANSWER_YES)
		json_object_set_new(j, "sysUpTime", json_count(r->value[LAST_D_UPTIME]));
	json_object_set_new(j, "discovered", json_time((struct wall){ (int64_t)r->value[LAST_D_DISCOVERED_AT] }));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set_new(j, keys[i].key, json_count(r->value[keys[i].value]));
}

/* Nothing of this table is asked each cycle: what discovery found holds as long as the device answers. */
static bool is_discovered_only(const struct mib_table *t)
{
	for (uint8_t c = 0; t != NULL && c < t->column_count; c++)
		if (!t->column[c].slow)
			return false;
	return t != NULL;
}

/* What main knows of it is more than the record: parents, a silent agent; a record that is old is unknown. */
static void state_json(struct gather *g, json_t *j, const struct mib_table *t, const struct last_record *r)
{
	const char *name = json_text(j, "component");
	const struct entity *e = model_find(g->v->model, name), *device = model_find(g->v->model, json_text(j, "device"));
	char reason[REASON_MAX], ago[32];
	enum state s = (enum state)r->state;
	struct wall since = { r->since_us };

	last_text_get(r, LAST_T_REASON, reason, sizeof(reason));
	if (e != NULL && e->seen) {
		s = e->kind == ENTITY_DEVICE ? model_composite(g->v->model, e) : e->state;
		snprintf(reason, sizeof(reason), "%s", e->reason);
		since = e->since;
	} else if (is_discovered_only(t) && device) {
		s = device->fact.snmp == ANSWER_YES ? STATE_UP : STATE_UNKNOWN;
		snprintf(reason, sizeof(reason), "%s", s == STATE_UP ? "" : "agent");
	} else if (r->kind == LAST_PART && strcmp(g->class_name, "check") != 0 && device && device->fact.snmp == ANSWER_NO) {
		s = STATE_UNKNOWN;
		snprintf(reason, sizeof(reason), "agent");
	} else if (r->state == STATE_UNKNOWN && reason[0] && device && device->fact.snmp == ANSWER_YES) {
		s = STATE_UNKNOWN;	/* its agent answers, and has said why: nothing of it may ever have come */
	} else if (r->seen_us < g->fresh.us && !(r->flags & LAST_F_GONE)) {
		s = STATE_UNKNOWN;
		if (r->seen_us)
			snprintf(reason, sizeof(reason), "last polled %s ago",
				 span_format(wall_since(g->v->now, (struct wall){ r->seen_us }), ago, sizeof(ago)));
		else
			snprintf(reason, sizeof(reason), "not polled yet");
	}
	json_object_set_new(j, "state", json_string(state_word(s)));
	if (reason[0])
		json_object_set_new(j, "reason", json_words(reason));
	json_object_set_new(j, "since", json_time(since));
	json_object_set_new(j, "polled", json_time((struct wall){ r->seen_us }));
}

static bool one_record(void *owner, const char *device, const struct last_record *r)
{
	struct gather *g = owner;
	char class_name[64], instance[LAST_INSTANCE_MAX + 1], title[64], name[MODEL_NAME_MAX];
	const struct mib_table *t;
	json_t *j;

	last_text_get(r, LAST_T_CLASS, class_name, sizeof(class_name));
	last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
	last_text_get(r, LAST_T_TABLE, title, sizeof(title));
	if (strcmp(r->kind == LAST_DEVICE ? "device" : class_name, g->class_name) != 0)
		return true;
	if (r->kind == LAST_DEVICE && config_device_of(g->v->config, device) == CONFIG_NONE)
		return true;	/* no longer configured, or the home of a check of its own */
	if (json_array_size(g->items) >= ITEMS_MOST) {
		g->left_off++;
		return true;
	}
	if (r->kind == LAST_DEVICE || (strcmp(class_name, "check") == 0 && strcmp(device, instance) == 0))
		snprintf(name, sizeof(name), "%s", device);
	else
		snprintf(name, sizeof(name), "%s/%s/%s", device, class_name, instance);
	j = json_pack("{s:o,s:o}", "device", json_words(device), "component", json_words(name));
	t = mib_find_table(g->v->config->mib, title);
	state_json(g, j, t, r);
	if (r->kind == LAST_DEVICE)
		device_json(j, r);
	else if (strcmp(class_name, "check") == 0)
		check_json(j, r);
	else if (t != NULL && r->signature == last_signature(t))
		columns_json(j, t, r);
	if (r->kind == LAST_PART && r->flags & LAST_F_FLAT)
		json_object_set_new(j, "flat", json_true());
	json_array_append_new(g->items, j);
	return true;
}

static int by_component(const void *a, const void *b)
{
	return strverscmp(json_text(*(json_t *const *)a, "component"), json_text(*(json_t *const *)b, "component"));
}

static json_t *sorted(json_t *items)
{
	size_t n = json_array_size(items);
	json_t **list = must_alloc((n + 1) * sizeof(json_t *)), *out = json_array();

	for (size_t i = 0; i < n; i++)
		list[i] = json_array_get(items, i);
	qsort(list, n, sizeof(json_t *), by_component);
	for (size_t i = 0; i < n; i++)
		json_array_append(out, list[i]);
	free(list);
	json_decref(items);
	return out;
}

/* ---- what the columns are --------------------------------------------------------------------------------------------------- */

static json_t *column_json(const struct mib_table *t, const struct mib_column *k)
{
	json_t *j = json_pack("{s:s,s:b}", "as", mib_as_word(k->as), "slow", k->slow);

	if (k->unit && k->unit[0])
		json_object_set_new(j, "unit", json_string(k->unit));
	if (k->scale != 1)
		json_object_set_new(j, "scale", json_real(k->scale));
	if (k->scale_by)
		json_object_set_new(j, "scale_by", json_string(k->scale_by));
	if (k->ds != MIB_NO_COLUMN && k->ds < t->layout.ds_count) {
		json_object_set_new(j, "ds", json_string(t->layout.ds[k->ds].name));
		json_object_set_new(j, "counter", json_boolean(t->layout.ds[k->ds].counter));
	}
	if (k->text && k->text[0])
		json_object_set_new(j, "text", json_string(k->text));
	return j;
}

/* Of all tables of the class: unit, scale, and the data source of its history. */
static json_t *columns_of(const struct mib *mib, const char *class_name)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < mib->count; i++) {
		const struct mib_table *t = mib->table[i];

		for (uint8_t c = 0; strcmp(t->class_name, class_name) == 0 && c < t->column_count; c++)
			if (json_object_get(all, t->column[c].name) == NULL)
				json_object_set_new(all, t->column[c].name, column_json(t, &t->column[c]));
	}
	return all;
}

static enum fw_err class_unknown(struct err *err, const struct config *c, const char *class_name)
{
	struct text t = text_over(err->text, sizeof(err->text));

	if (config_device_of(c, class_name) != CONFIG_NONE)
		text_add(&t, "'%s' is of a device; name a class first (forewarn show interface %.*s)", class_name,
			 (int)strcspn(class_name, "/"), class_name);
	else
		text_add(&t, "there is no class '%s'", class_name);
	text_add(&t, "; classes: device, check, icmp");
	for (unsigned i = 0; i < c->mib->count; i++)
		if (mib_find_class(c->mib, c->mib->table[i]->class_name) == c->mib->table[i])
			text_add(&t, ", %s", c->mib->table[i]->class_name);
	return FW_NOTFOUND;
}

static bool class_known(const struct view *v, const char *class_name)
{
	return strcmp(class_name, "device") == 0 || strcmp(class_name, "check") == 0 || strcmp(class_name, "icmp") == 0 ||
	       mib_find_class(v->config->mib, class_name) != NULL;
}

/* args: class ("device" when empty), device ("" all). */
json_t *view_show(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	const char *class_name = json_text(args, "class"), *device = json_text(args, "device");
	struct gather g = { .v = v, .class_name = class_name[0] ? class_name : "device",
			    .fresh = wall_add(v->now, span_us(-3 * v->config->interval.us)) };
	const struct ref *r = config_find(v->config, device);

	if (!class_known(v, g.class_name)) {
		class_unknown(err, v->config, g.class_name);
		return NULL;
	}
	if (device[0] && (r == NULL || (r->kind != REF_DEVICE && r->kind != REF_CHECK))) {
		name_unknown(err, v->config, "device", 1 << REF_DEVICE | 1 << REF_CHECK, device);
		return NULL;
	}
	g.items = json_array();
	if (access(v->config->state, F_OK) == 0 &&	/* else nothing was ever polled */
	    last_read_device(v->config->state, device, one_record, &g, err) != FW_OK) {
		json_decref(g.items);
		return NULL;
	}
	json_object_set_new(answer, "class", json_words(g.class_name));
	json_object_set_new(answer, "columns", columns_of(v->config->mib, g.class_name));
	json_object_set_new(answer, "rrd", json_words(v->config->state));
	json_object_set_new(answer, "interval_s", json_real(span_as_s(v->config->interval)));
	json_object_set_new(answer, "left_off", json_integer((json_int_t)g.left_off));
	return sorted(g.items);
}
