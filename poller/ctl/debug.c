/* poller/ctl/debug.c: forewarn debug: the inside, and why a value is missing.
 *
 *	debug               mailboxes, workers, stores, ledger, traps
 *	debug device NAME   how a device is asked, what it lacks and why
 *	debug log AREA on   more lines in the daemon's log
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"
#include "poller/lastfile.h"

/* ---- the view: what is missing, by table, column and reason --------------------------------------------------------------- */

struct lack { const struct mib_table *t; uint8_t column, why; unsigned count, of; char example[MODEL_NAME_MAX]; };
struct lacks { struct view *v; struct lack *list; size_t count; unsigned rows[64]; json_t *device; };

static void lack_add(struct lacks *l, const struct mib_table *t, uint8_t column, uint8_t why, const char *name)
{
	struct lack *k = NULL;

	for (size_t i = 0; i < l->count && k == NULL; i++)
		if (l->list[i].t == t && l->list[i].column == column && l->list[i].why == why)
			k = &l->list[i];
	if (k == NULL) {
		l->list = must_realloc(l->list, (l->count + 1) * sizeof(*l->list));
		k = &l->list[l->count++];
		*k = (struct lack){ .t = t, .column = column, .why = why };
		text_copy(k->example, sizeof(k->example), name);
	}
	k->count++;
}

static void device_facts(struct lacks *l, const struct last_record *r)
{
	static const char *const answer[] = { "not asked", "answers", "silent" };
	const struct view *v = l->v;

	l->device = json_pack("{s:s,s:s,s:o,s:o,s:f,s:I,s:I,s:I,s:I,s:I,s:o,s:f}", "icmp", answer[r->value[LAST_D_ICMP] % 3],
			      "snmp", answer[r->value[LAST_D_SNMP] % 3], "answered", json_time((struct wall){ r->seen_us }),
			      "asked", json_time((struct wall){ r->asked_us }),
			      "answered_ago_s", r->seen_us ? span_as_s(wall_since(v->now, (struct wall){ r->seen_us })) : -1.0,
			      "cycles", (json_int_t)r->ask_count, "cycles_silent", (json_int_t)r->miss_count,
			      "late", (json_int_t)r->value[LAST_D_LATE], "lost", (json_int_t)r->value[LAST_D_LOST],
			      "requests", (json_int_t)r->value[LAST_D_REQUESTS],
			      "discovered", json_time((struct wall){ (int64_t)r->value[LAST_D_DISCOVERED_AT] }),
			      "rtt_ms", (double)r->value[LAST_D_RTT_US] / 1e3);
}

static bool one_record(void *owner, const char *device, const struct last_record *r)
{
	struct lacks *l = owner;
	char title[64], instance[LAST_INSTANCE_MAX + 1];
	const struct mib_table *t;

	if (r->kind == LAST_DEVICE) {
		device_facts(l, r);
		return true;
	}
	last_text_get(r, LAST_T_TABLE, title, sizeof(title));
	last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
	t = mib_find_table(l->v->config->mib, title);
	if (t == NULL || r->signature != last_signature(t))
		return true;
	for (unsigned i = 0; i < l->v->config->mib->count && i < 64; i++)
		l->rows[i] += l->v->config->mib->table[i] == t;
	for (uint8_t c = 0; c < t->column_count; c++)
		if (!(r->known >> c & 1) && r->why[c] != FW_OK && !(r->source >> c & 1))
			lack_add(l, t, c, r->why[c], instance);
	(void)device;
	return true;
}

static json_t *lacks_json(const struct lacks *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->count; i++) {
		const struct lack *k = &l->list[i];
		unsigned of = 0;

		for (unsigned t = 0; t < l->v->config->mib->count && t < 64; t++)
			if (l->v->config->mib->table[t] == k->t)
				of = l->rows[t];
		json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:i,s:s,s:s,s:s}", "class", k->t->class_name, "object",
				      k->t->column[k->column].name, "count", (int)k->count, "of", (int)of, "why", fw_err_word(k->why),
				      "words", fw_err_text(k->why), "example", k->example));
	}
	return list;
}

json_t *view_debug(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	const char *device = json_text(args, "device");
	const struct ref *r = config_find(v->config, device);
	struct lacks l = { .v = v };
	json_t *item;

	(void)answer;
	if (device[0] == '\0') {
		if (v->live)
			return daemon_debug(v->daemon);
		err_set(err, FW_NOTFOUND, "this needs the daemon, and none runs (start it with 'forewarn run')");
		return NULL;
	}
	if (r == NULL || r->kind != REF_DEVICE) {
		const char *near = names_nearest(&v->config->names, device, 3);

		err_set(err, FW_NOTFOUND, "there is no device '%s'%s%s%s", device, near ? "; '" : "", near ? near : "", near ? "' is near" : "");
		return NULL;
	}
	if (last_read_device(v->config->state, device, one_record, &l, err) != FW_OK)
		return NULL;
	item = l.device ? l.device : json_object();
	json_object_set_new(item, "device", json_string(device));
	json_object_set_new(item, "address", json_string(v->config->device[r->index].address));
	json_object_set_new(item, "version", json_string(v->config->device[r->index].credentials == CONFIG_NONE ? "" :
			    v->config->credentials[v->config->device[r->index].credentials].version ? "SNMPv2c" : "SNMPv1"));
	json_object_set_new(item, "interval_s", json_real(span_as_s(v->config->interval)));
	json_object_set_new(item, "missing", lacks_json(&l));
	free(l.list);
	return json_pack("[o]", item);
}

/* Names and states of everything the model knows: for completion and for programs. */
json_t *view_components(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	static const char *const kind[] = { "device", "part", "check", "component", "group", "service" };
	json_t *items = json_array();

	(void)args;
	(void)answer;
	(void)err;
	for (size_t i = 0; i < model_count(v->model); i++) {
		const struct entity *e = model_at(v->model, i);

		json_array_append_new(items, json_pack("{s:s,s:s,s:s,s:s,s:o,s:b}", "component", e->name, "kind", kind[e->kind],
				      "state", state_word(e->kind == ENTITY_GROUP || e->kind == ENTITY_SERVICE ? model_composite(v->model, e) : e->state),
				      "reason", e->reason, "since", json_time(e->since), "seen", e->seen));
	}
	return items;
}

/* ---- for people ---------------------------------------------------------------------------------------------------------------- */

static void print_pairs(const json_t *item, int indent)
{
	const char *key;
	json_t *v;
	char n[32];

	json_object_foreach((json_t *)(uintptr_t)item, key, v) {
		if (json_is_object(v)) {
			printf("%*s%-18s\n", indent, "", key);
			print_pairs(v, indent + 4);
		} else if (json_is_string(v)) {
			printf("%*s%-18s %s\n", indent, "", key, json_string_value(v));
		} else if (json_is_integer(v)) {
			printf("%*s%-18s %s\n", indent, "", key, text_thousands((unsigned long long)json_integer_value(v), n, sizeof(n)));
		} else if (json_is_real(v)) {
			printf("%*s%-18s %.3f\n", indent, "", key, json_real_value(v));
		} else {
			printf("%*s%-18s %s\n", indent, "", key, json_is_true(v) ? "yes" : json_is_null(v) ? "-" : "no");
		}
	}
}

static int print_inside(struct ctl *c)
{
	struct err err = { "" };
	json_t *answer = ctl_call(c, "debug", NULL, &err), *item;
	size_t i;

	if (answer == NULL)
		return ctl_failed(c, err.text);
	if (c->json)
		ctl_print_json(answer);
	else
		json_array_foreach(json_object_get(answer, "items"), i, item) {
			print_pairs(item, 0);
			putchar('\n');
		}
	json_decref(answer);
	return EXIT_DONE;
}

static void print_missing(const json_t *missing)
{
	size_t i;
	json_t *m;

	if (json_array_size(missing) == 0)
		puts("missing  nothing: every object that is asked is answered");
	json_array_foreach(missing, i, m)
		printf("%-8s %s of %lld of %lld %s: %s (such as %s)\n", i ? "" : "missing", json_text(m, "object"),
		       (long long)json_integer_value(json_object_get(m, "count")), (long long)json_integer_value(json_object_get(m, "of")),
		       json_text(m, "class"), json_text(m, "words"), json_text(m, "example"));
}

static void print_device(const json_t *d, const json_t *live)
{
	double ago = json_real_value(json_object_get(d, "answered_ago_s"));
	char words[64];

	printf("%s %s \u00b7 %s \u00b7 asked every %.0f s, ", json_text(d, "device"), json_text(d, "address"),
	       json_text(d, "version")[0] ? json_text(d, "version") : "no SNMP", json_real_value(json_object_get(d, "interval_s")));
	if (json_object_get(d, "answered_ago_s") == NULL || ago < 0)
		printf("has not answered yet\n");
	else
		printf("last answer %s ago \u00b7 RTT %.1f ms\n", span_format(span_us((int64_t)(ago * 1e6)), words, sizeof(words)),
		       json_real_value(json_object_get(d, "rtt_ms")));
	printf("answers  SNMP %s \u00b7 ICMP %s\n", json_text(d, "snmp")[0] ? json_text(d, "snmp") : "not asked yet",
	       json_text(d, "icmp")[0] ? json_text(d, "icmp") : "not asked yet");
	if (live != NULL)
		printf("packing  %lld objects a GET, %lld rows a bulk \u00b7 %lld requests a cycle for %lld objects \u00b7 %lld components, %lld watched\n",
		       (long long)json_integer_value(json_object_get(live, "objects_per_get")),
		       (long long)json_integer_value(json_object_get(live, "rows_per_bulk")),
		       (long long)json_integer_value(json_object_get(json_object_get(live, "full"), "packets")),
		       (long long)json_integer_value(json_object_get(json_object_get(live, "full"), "objects")),
		       (long long)json_integer_value(json_object_get(live, "components")),
		       (long long)json_integer_value(json_object_get(live, "watched")));
	print_missing(json_object_get(d, "missing"));
	printf("late     %lld of %lld cycles \u00b7 silent in %lld \u00b7 lost %lld requests\n",
	       (long long)json_integer_value(json_object_get(d, "late")), (long long)json_integer_value(json_object_get(d, "cycles")),
	       (long long)json_integer_value(json_object_get(d, "cycles_silent")), (long long)json_integer_value(json_object_get(d, "lost")));
}

static int device_debug_command(struct ctl *c, const char *name)
{
	struct err err = { "" }, none = { "" };
	json_t *answer = ctl_call(c, "debug", json_pack("{s:s}", "device", name), &err), *live, *item;

	if (answer == NULL)
		return ctl_failed(c, err.text);
	live = ctl_call(c, "device", json_pack("{s:s}", "name", name), &none);	/* absent without a daemon */
	item = json_array_get(json_object_get(answer, "items"), 0);
	if (c->json) {
		if (live)
			json_object_set(item, "worker", json_array_get(json_object_get(live, "items"), 0));
		ctl_print_json(answer);
	} else {
		print_device(item, live ? json_array_get(json_object_get(live, "items"), 0) : NULL);
	}
	json_decref(live);
	json_decref(answer);
	return EXIT_DONE;
}

static int log_command(struct ctl *c)
{
	struct err err = { "" };
	bool on = strcmp(c->argv[2], "on") == 0;
	json_t *answer;

	if (!on && strcmp(c->argv[2], "off") != 0)
		return ctl_usage(c, "'%s' is neither on nor off", c->argv[2]);
	answer = ctl_call(c, "log", json_pack("{s:s,s:b}", "area", c->argv[1], "on", on), &err);
	if (answer == NULL)
		return ctl_failed(c, err.text);
	json_decref(answer);
	return EXIT_DONE;
}

int debug_command(struct ctl *c)
{
	if (!ctl_rest_ok(c, 3))
		return EXIT_USAGE;
	if (c->argc == 0)
		return print_inside(c);
	if (c->argc == 2 && strcmp(c->argv[0], "device") == 0)
		return device_debug_command(c, c->argv[1]);
	if (c->argc == 3 && strcmp(c->argv[0], "log") == 0)
		return log_command(c);
	return ctl_usage(c, "'%s' is not one of: device NAME, log AREA on|off", c->argv[0]);
}
