/* poller/ctl/show.c: forewarn show: components and their last values, from the last files. */
#define _GNU_SOURCE		/* strverscmp */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"
#include "poller/lastfile.h"

struct gather { struct view *v; const char *class_name; json_t *items; struct wall fresh; };

/* ---- the view ---------------------------------------------------------------------------------------------------------- */

/* A value as programs want it: unscaled, enumerations as labels. */
static json_t *value_json(const struct mib_column *k, const struct last_record *r, uint8_t c)
{
	const char *label = mib_label_of(k, (int64_t)r->value[c]);
	char buf[256], clean[1024];
	size_t len;

	if (k->as == AS_STRING || k->as == AS_OID || k->as == AS_HEX) {
		len = last_text_get(r, c, buf, sizeof(buf));
		return json_string(text_clean(buf, len, clean, sizeof(clean)));
	}
	if (label != NULL)
		return json_string(label);
	return k->as == AS_INTEGER ? json_integer((json_int_t)r->value[c]) : json_count(r->value[c]);
}

static void columns_json(json_t *j, const struct mib_table *t, const struct last_record *r)
{
	json_t *missing = json_object();

	for (uint8_t c = 0; c < t->column_count; c++) {
		if (r->known >> c & 1)
			json_object_set_new(j, t->column[c].name, value_json(&t->column[c], r, c));
		else if (r->why[c] != FW_OK && !(r->source >> c & 1))
			json_object_set_new(missing, t->column[c].name, json_string(fw_err_text(r->why[c])));
	}
	if (json_object_size(missing))
		json_object_set(j, "missing", missing);
	json_decref(missing);
}

static void check_json(json_t *j, const struct last_record *r)
{
	json_t *perf = json_array();
	char text[256];

	json_object_set_new(j, "status", json_integer((json_int_t)r->value[0]));
	json_object_set_new(j, "took_s", json_real((double)r->value[1] / 1e6));
	for (uint8_t i = 0; i < CHECK_PERF_MAX; i++)
		if (last_text_get(r, i, text, sizeof(text)))
			json_array_append_new(perf, json_string(text));
	json_object_set_new(j, "performance", perf);
}

static void device_json(json_t *j, const struct last_record *r)
{
	static const struct { const char *key; enum last_device_value value; } keys[] = {
		{ "lost", LAST_D_LOST }, { "late", LAST_D_LATE }, { "reboots", LAST_D_REBOOTS }, { "requests", LAST_D_REQUESTS },
		{ "objects_per_get", LAST_D_PACK },
	};
	static const char *const answer[] = { "not asked", "answers", "silent" };

	json_object_set_new(j, "icmp", json_string(answer[r->value[LAST_D_ICMP] % 3]));
	json_object_set_new(j, "snmp", json_string(answer[r->value[LAST_D_SNMP] % 3]));
	json_object_set_new(j, "rtt_s", r->value[LAST_D_RTT_US] ? json_real((double)r->value[LAST_D_RTT_US] / 1e6) : json_null());
	json_object_set_new(j, "round_s", json_real((double)r->value[LAST_D_SPAN_US] / 1e6));
	if (r->value[LAST_D_UPTIME_AT])
		json_object_set_new(j, "sysUpTime", json_count(r->value[LAST_D_UPTIME]));
	json_object_set_new(j, "discovered", json_time((struct wall){ (int64_t)r->value[LAST_D_DISCOVERED_AT] }));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set_new(j, keys[i].key, json_count(r->value[keys[i].value]));
}

/* What main knows of it is more than the record: parents, a silent agent; a record that is old is unknown. */
static void state_json(struct gather *g, json_t *j, const char *name, const struct last_record *r)
{
	const struct entity *e = model_find(g->v->model, name);
	char reason[REASON_MAX], ago[32];
	enum state s = (enum state)r->state;
	struct wall since = { r->since_us };

	last_text_get(r, LAST_T_REASON, reason, sizeof(reason));
	if (e != NULL && e->seen) {
		s = e->kind == ENTITY_DEVICE ? model_composite(g->v->model, e) : e->state;
		snprintf(reason, sizeof(reason), "%s", e->reason);
		since = e->since;
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
		json_object_set_new(j, "reason", json_string(reason));
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
	if (r->kind == LAST_DEVICE || (strcmp(class_name, "check") == 0 && strcmp(device, instance) == 0))
		snprintf(name, sizeof(name), "%s", device);
	else
		snprintf(name, sizeof(name), "%s/%s/%s", device, class_name, instance);
	j = json_pack("{s:s,s:s}", "device", device, "component", name);
	state_json(g, j, name, r);
	t = mib_find_table(g->v->config->mib, title);
	if (r->kind == LAST_DEVICE)
		device_json(j, r);
	else if (strcmp(class_name, "check") == 0)
		check_json(j, r);
	else if (t != NULL && r->signature == last_signature(t))
		columns_json(j, t, r);
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

static bool class_known(const struct view *v, const char *class_name)
{
	return strcmp(class_name, "device") == 0 || strcmp(class_name, "check") == 0 || strcmp(class_name, "icmp") == 0 ||
	       mib_find_class(v->config->mib, class_name) != NULL;
}

/* args: class ("device" when empty), device ("" all). */
json_t *view_show(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	const char *class_name = json_text(args, "class"), *device = json_text(args, "device");
	struct gather g = { v, class_name[0] ? class_name : "device", NULL, wall_add(v->now, span_us(-3 * v->config->interval.us)) };

	(void)answer;
	if (!class_known(v, g.class_name)) {
		struct text t = text_over(err->text, sizeof(err->text));

		text_add(&t, "there is no class '%s'; classes are device, check", g.class_name);
		for (unsigned i = 0; i < v->config->mib->count; i++)
			if (mib_find_class(v->config->mib, v->config->mib->table[i]->class_name) == v->config->mib->table[i])
				text_add(&t, ", %s", v->config->mib->table[i]->class_name);
		return NULL;
	}
	if (device[0] && config_find(v->config, device) == NULL) {
		const char *near = names_nearest(&v->config->names, device, 3);

		err_set(err, FW_NOTFOUND, "there is no device '%s'%s%s%s", device, near ? "; '" : "", near ? near : "", near ? "' is near" : "");
		return NULL;
	}
	g.items = json_array();
	if (last_read_device(v->config->state, device, one_record, &g, err) != FW_OK) {
		json_decref(g.items);
		return NULL;
	}
	return sorted(g.items);
}

/* ---- for people ------------------------------------------------------------------------------------------------------------ */

enum { COLUMNS_MOST = 40, CELL_MOST = 28 };

struct sheet { const char *key[COLUMNS_MOST]; unsigned width[COLUMNS_MOST]; bool number[COLUMNS_MOST]; unsigned count; };

static void cell_text(const json_t *v, char *buf, size_t size)
{
	char clean[512];

	if (json_is_string(v))
		snprintf(buf, size, "%s", text_clean(json_string_value(v), json_string_length(v), clean, sizeof(clean)));
	else if (json_is_integer(v))
		text_thousands((unsigned long long)llabs(json_integer_value(v)), buf, size);
	else if (json_is_real(v))
		snprintf(buf, size, "%.3g", json_real_value(v));
	else if (json_is_array(v) && json_array_size(v))
		snprintf(buf, size, "%s%s", json_string_value(json_array_get(v, 0)), json_array_size(v) > 1 ? " ..." : "");
	else
		snprintf(buf, size, "-");
	if (json_is_integer(v) && json_integer_value(v) < 0) {
		memmove(buf + 1, buf, strlen(buf) + 1);
		buf[0] = '-';
	}
}

static void sheet_add(struct sheet *s, const char *key)
{
	static const char *const left_out[] = { "device", "missing", "since", "polled", "reason", "state", "component" };

	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (strcmp(key, left_out[i]) == 0)
			return;
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->key[i], key) == 0)
			return;
	if (s->count < COLUMNS_MOST) {
		s->number[s->count] = true;
		s->width[s->count] = (unsigned)strlen(key);
		s->key[s->count++] = key;
	}
}

static void sheet_measure(struct sheet *s, json_t *items)
{
	size_t i;
	json_t *item;
	const char *key;
	json_t *value;
	char buf[512];

	json_array_foreach(items, i, item)
		json_object_foreach(item, key, value)
			sheet_add(s, key);
	json_array_foreach(items, i, item)
		for (unsigned c = 0; c < s->count; c++) {
			json_t *v = json_object_get(item, s->key[c]);
			unsigned w;

			cell_text(v, buf, sizeof(buf));
			w = (unsigned)text_columns(buf);
			s->width[c] = w > s->width[c] ? (w < CELL_MOST ? w : CELL_MOST) : s->width[c];
			s->number[c] = s->number[c] && (v == NULL || json_is_number(v));
		}
}

static enum ink ink_of(const char *state)
{
	return strcmp(state, "up") == 0 ? INK_GOOD : strcmp(state, "down") == 0 ? INK_BAD : INK_WARN;
}

static void print_row(const struct screen *out, const struct sheet *s, unsigned columns, unsigned name_width, const json_t *item)
{
	const char *state = json_text(item, "state"), *reason = json_text(item, "reason");
	char buf[512];

	screen_cell(out, text_clean(json_text(item, "component"), strlen(json_text(item, "component")), buf, sizeof(buf)), name_width);
	fprintf(out->out, "  %s%-8s%s", screen_ink(out, ink_of(state)), state, screen_ink(out, INK_PLAIN));
	for (unsigned c = 0; c < columns; c++) {
		cell_text(json_object_get(item, s->key[c]), buf, sizeof(buf));
		fputs("  ", out->out);
		if (s->number[c])
			fprintf(out->out, "%*s%s", (int)(s->width[c] - (text_columns(buf) < s->width[c] ? text_columns(buf) : s->width[c])), "", buf);
		else
			screen_cell(out, buf, s->width[c]);
	}
	if (reason[0] && strcmp(state, "up") != 0)
		fprintf(out->out, "  %s", text_clean(reason, strlen(reason), buf, sizeof(buf)));
	fputc('\n', out->out);
}

static void print_sheet(const struct ctl *c, json_t *items, bool wide)
{
	struct screen out = screen_of(c);
	struct sheet s = { .count = 0 };
	unsigned name_width = 9, used, columns = 0;
	size_t i;
	json_t *item;

	sheet_measure(&s, items);
	json_array_foreach(items, i, item) {
		unsigned w = (unsigned)text_columns(json_text(item, "component"));

		name_width = w > name_width ? (w < 44 ? w : 44) : name_width;
	}
	used = name_width + 10;
	while (columns < s.count && (wide || used + s.width[columns] + 2 <= out.width))
		used += s.width[columns++] + 2;
	fputs(screen_ink(&out, INK_BOLD), out.out);
	screen_cell(&out, "COMPONENT", name_width);
	fprintf(out.out, "  %-8s", "STATE");
	for (unsigned k = 0; k < columns; k++)
		fprintf(out.out, s.number[k] ? "  %*s" : "  %-*s", (int)s.width[k], s.key[k]);
	fprintf(out.out, "%s\n", screen_ink(&out, INK_PLAIN));
	json_array_foreach(items, i, item)
		print_row(&out, &s, columns, name_width, item);
	if (columns < s.count)
		fprintf(out.out, "%s%u more columns: --wide or --json%s\n", screen_ink(&out, INK_DIM), s.count - columns, screen_ink(&out, INK_PLAIN));
}

int show_command(struct ctl *c)
{
	bool wide = ctl_flag(c, "wide", 'w');
	struct err err = { "" };
	json_t *answer, *items;

	if (!ctl_rest_ok(c, 2))
		return EXIT_USAGE;
	answer = ctl_call(c, "show", json_pack("{s:s,s:s}", "class", c->argc ? c->argv[0] : "", "device", c->argc > 1 ? c->argv[1] : ""), &err);
	if (answer == NULL)
		return ctl_failed(c, err.text);
	items = json_object_get(answer, "items");
	if (c->json)
		ctl_print_json(answer);
	else if (json_array_size(items) == 0)
		printf("nothing of class '%s'%s%s is known yet; forewarn poll asks, forewarn debug device NAME says why\n",
		       c->argc ? c->argv[0] : "device", c->argc > 1 ? " on " : "", c->argc > 1 ? c->argv[1] : "");
	else
		print_sheet(c, items, wide);
	json_decref(answer);
	return EXIT_DONE;
}
