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
#include "poller/snmp/snmp.h"
#include "poller/snmp/usm.h"
#include "poller/lastfile.h"
#include "poller/message.h"

/* ---- the view: what is missing, by table, column and reason --------------------------------------------------------------- */

struct lack {
	const struct mib_table *t;
	uint8_t column, why;
	unsigned count;
	struct wall since, since_last;		/* of the first and of the last part that came to lack it; 0 not known */
	char example[MODEL_NAME_MAX];
};
struct lacks {
	struct view *v;
	struct lack *list;
	size_t count;
	unsigned rows[64], by_next[64];		/* of each table: parts; those asked by GETNEXT */
	unsigned reasons[FW_ERRS];
	uint64_t tables;			/* that the device has */
	bool walked;
	json_t *device;
};

static void lack_add(struct lacks *l, const struct mib_table *t, uint8_t column, const struct last_record *r, const char *name)
{
	struct wall since = last_missing_since(r, column);
	uint8_t why = r->why[column];
	struct lack *k = NULL;

	for (size_t i = 0; i < l->count && k == NULL; i++)
		if (l->list[i].t == t && l->list[i].column == column && l->list[i].why == why)
			k = &l->list[i];
	if (k == NULL) {
		l->list = must_realloc(l->list, (l->count + 1) * sizeof(*l->list));
		k = &l->list[l->count++];
		*k = (struct lack){ .t = t, .column = column, .why = why, .since = since, .since_last = since };
		text_copy(k->example, sizeof(k->example), name);
	}
	k->since = since.us < k->since.us ? since : k->since;
	k->since_last = since.us > k->since_last.us ? since : k->since_last;
	k->count++;
	l->reasons[why < FW_ERRS ? why : FW_AGENT]++;
}

/* What was learned of it, and what is odd about its answers. */
static void device_learned(json_t *j, const struct last_record *r)
{
	static const struct { const char *key; enum last_device_value value; } keys[] = {
		{ "objects_per_get", LAST_D_PACK }, { "octets_per_answer", LAST_D_OCTETS }, { "rows_per_bulk", LAST_D_BULK },
		{ "requests_so_far", LAST_D_ASKED },
	};
	json_t *odd = json_array();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set_new(j, keys[i].key, json_integer((json_int_t)r->value[keys[i].value]));
	if (r->value[LAST_D_RTT99_US])
		json_object_set_new(j, "rtt99_s", json_real((double)r->value[LAST_D_RTT99_US] / 1e6));
	if (r->value[LAST_D_CACHE_US])
		json_object_set_new(j, "cache_s", json_real((double)r->value[LAST_D_CACHE_US] / 1e6));
	for (int o = 0; o < ODDS; o++)
		if (r->value[LAST_D_ODD] >> o & 1)
			json_array_append_new(odd, json_pack("{s:s,s:s}", "odd", odd_word((enum odd)o), "words", odd_text((enum odd)o)));
	json_object_set_new(j, "oddities", odd);
}

static void device_facts(struct lacks *l, const struct last_record *r)
{
	static const char *const answer[] = { "not asked", "answers", "silent" };
	const struct view *v = l->v;
	char trouble[256];

	last_text_get(r, LAST_T_TROUBLE, trouble, sizeof(trouble));
	l->device = json_pack("{s:s,s:s,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "icmp", answer[r->value[LAST_D_ICMP] % 3],
			      "snmp", answer[r->value[LAST_D_SNMP] % 3], "answered", json_time((struct wall){ r->seen_us }),
			      "asked", json_time((struct wall){ r->asked_us }),
			      "answered_ago_s", r->seen_us ? json_real(span_as_s(wall_since(v->now, (struct wall){ r->seen_us }))) :
			      json_null(),
			      "cycles", (json_int_t)r->ask_count, "cycles_silent", (json_int_t)r->miss_count,
			      "late", (json_int_t)r->value[LAST_D_LATE], "reboots", (json_int_t)r->value[LAST_D_REBOOTS], "lost", (json_int_t)r->value[LAST_D_LOST],
			      "requests", (json_int_t)r->value[LAST_D_REQUESTS],
			      "discovered", json_time((struct wall){ (int64_t)r->value[LAST_D_DISCOVERED_AT] }),
			      "snmp_since", json_time((struct wall){ (int64_t)r->value[LAST_D_SNMP_SINCE] }),
			      "rtt_s", r->value[LAST_D_RTT_US] ? json_real((double)r->value[LAST_D_RTT_US] / 1e6) : json_null());
	device_learned(l->device, r);
	l->tables = r->value[LAST_D_TABLES];
	l->walked = r->value[LAST_D_DISCOVERED_AT] != 0;
	if (r->why[LAST_D_SNMP] != FW_OK) {
		json_object_set_new(l->device, "snmp_trouble", json_string(fw_err_text(r->why[LAST_D_SNMP])));
		json_object_set_new(l->device, "snmp_why", json_string(fw_err_word(r->why[LAST_D_SNMP])));
	}
	if (trouble[0])
		json_object_set_new(l->device, "discovery_trouble", json_string(trouble));
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
	for (unsigned i = 0; i < l->v->config->mib->count && i < 64; i++) {
		l->rows[i] += l->v->config->mib->table[i] == t;
		l->by_next[i] += l->v->config->mib->table[i] == t && r->flags & LAST_F_NEXT;
	}
	for (uint8_t c = 0; c < t->column_count; c++)
		if (last_lacks(t, r, c))
			lack_add(l, t, c, r, instance);
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
		json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:i,s:s,s:s,s:o,s:o,s:o}", "class", k->t->class_name, "object",
				      k->t->column[k->column].name, "count", (int)k->count, "of", (int)of, "why", fw_err_word(k->why),
				      "words", fw_err_text(k->why), "example", json_words(k->example), "since", json_time(k->since),
				      "since_last", json_time(k->since_last)));
	}
	return list;
}

/* How many values are missing for which reason; tables that are not there; classes that are asked by GETNEXT. */
static void lacks_summary(const struct lacks *l, json_t *item)
{
	const struct mib *mib = l->v->config->mib;
	json_t *reasons = json_object(), *absent = json_array(), *by_next = json_object();

	for (int e = 0; e < FW_ERRS; e++)
		if (l->reasons[e])
			json_object_set_new(reasons, fw_err_word((enum fw_err)e), json_integer(l->reasons[e]));
	for (unsigned i = 0; i < mib->count && i < 64; i++) {
		if (l->walked && !(l->tables >> i & 1) && !mib_replaced(mib, mib->table[i], l->tables))
			json_array_append_new(absent, json_words(mib->table[i]->title));
		if (l->by_next[i])
			json_object_set_new(by_next, mib->table[i]->class_name, json_integer(l->by_next[i]));
	}
	json_object_set_new(item, "missing_by_reason", reasons);
	json_object_set_new(item, "tables_not_there", absent);
	json_object_set_new(item, "by_getnext", by_next);
}

static const char *const version_word[] = { [SNMP_V1] = "SNMPv1", [SNMP_V2C] = "SNMPv2c", [SNMP_V3] = "SNMPv3" };

/* As whom it is asked. No password, no key, no name of a file with one. */
static json_t *security_json(const struct cfg_credentials *c)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "user", c->user, "level", usm_level_word((enum usm_auth)c->auth, (enum usm_priv)c->priv), "auth",
			 usm_auth_word((enum usm_auth)c->auth), "priv", usm_priv_word((enum usm_priv)c->priv), "context", c->context);
}

static void device_config_json(json_t *item, const struct config *config, const struct cfg_device *d)
{
	const struct cfg_credentials *c = d->credentials == CONFIG_NONE ? NULL : &config->credentials[d->credentials];

	json_object_set_new(item, "device", json_words(d->name));
	json_object_set_new(item, "address", json_words(d->address));
	json_object_set_new(item, "port", json_integer(d->port));
	json_object_set_new(item, "retries", json_integer(d->retries));
	json_object_set_new(item, "timeout_s", json_real(span_as_s(d->timeout)));
	json_object_set_new(item, "interval_s", json_real(span_as_s(config->interval)));
	json_object_set_new(item, "version", json_string(c ? version_word[c->version] : ""));
	if (c && c->version == SNMP_V3)
		json_object_set_new(item, "security", security_json(c));
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
		name_unknown(err, v->config, "device", 1 << REF_DEVICE, device);
		return NULL;
	}
	if (last_read_device(v->config->state, device, one_record, &l, err) != FW_OK)
		return NULL;
	item = l.device ? l.device : json_object();
	device_config_json(item, v->config, &v->config->device[r->index]);
	json_object_set_new(item, "missing", lacks_json(&l));
	lacks_summary(&l, item);
	free(l.list);
	return json_pack("[o]", item);
}

static enum state present(struct view *v, const struct entity *e)
{
	if (e->kind == ENTITY_SERVICE)
		return graph_verdict(model_graph(v->model), e->node).quality;
	return e->kind == ENTITY_GROUP ? model_composite(v->model, e) : e->state;
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
				      "state", state_word(present(v, e)),
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
	json_t *answer = ctl_ask(c, "debug", NULL), *item;
	size_t i;

	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json) {
		ctl_print_json(answer);
	} else {
		json_array_foreach(json_object_get(answer, "items"), i, item) {
			print_pairs(item, 0);
			putchar('\n');
		}
		puts("next: forewarn debug device NAME: how it is asked, and what it lacks");
	}
	json_decref(answer);
	return EXIT_DONE;
}

/* Objects that lack for one reason in as many rows are told together: "ifHCInOctets, ifHCOutOctets and 9 more". */
static bool same_lack(const json_t *a, const json_t *b)
{
	return strcmp(json_text(a, "class"), json_text(b, "class")) == 0 && strcmp(json_text(a, "why"), json_text(b, "why")) == 0 &&
	       json_int(a, "count") == json_int(b, "count") && json_int(a, "of") == json_int(b, "of") &&
	       json_wall(a, "since").us == json_wall(b, "since").us && json_wall(a, "since_last").us == json_wall(b, "since_last").us;
}

/* Since when it is missing; where parts came to lack it one after the other, also of the last. */
static void add_since(struct text *t, const json_t *missing)
{
	struct wall first = json_wall(missing, "since"), last = json_wall(missing, "since_last");
	char at[48];

	if (first.us)
		text_add(t, ", since %s", wall_format(first, at, sizeof(at)));
	if (first.us && last.us != first.us)
		text_add(t, " (the last since %s)", wall_format(last, at, sizeof(at)));
}

static void print_lack(const struct screen *s, const json_t *missing, size_t first)
{
	enum { NAMED = 4 };
	const json_t *m = json_array_get(missing, first);
	char words[1024];
	struct text t = text_over(words, sizeof(words));
	size_t same = 0;

	for (size_t i = first; i < json_array_size(missing); i++) {
		const json_t *other = json_array_get(missing, i);

		if (same_lack(m, other) && same++ < NAMED)
			text_add(&t, "%s%s", same > 1 ? ", " : "", json_text(other, "object"));
	}
	if (same > NAMED)
		text_add(&t, " and %zu more", same - NAMED);
	if (json_int(m, "count") == json_int(m, "of"))
		text_add(&t, " of all %lld %s", (long long)json_int(m, "of"), json_text(m, "class"));
	else
		text_add(&t, " of %lld of %lld %s (such as %s)", (long long)json_int(m, "count"), (long long)json_int(m, "of"),
			 json_text(m, "class"), json_text(m, "example"));
	text_add(&t, ": %s", json_text(m, "words"));
	add_since(&t, m);
	screen_label(s, first == 0 ? "missing" : "");
	screen_wrap(s, SCREEN_LABEL, words);
}

static void print_missing(const struct screen *s, const json_t *d)
{
	const json_t *missing = json_object_get(d, "missing");
	size_t n = json_array_size(missing);

	if (n == 0) {
		screen_label(s, "missing");
		fputs(json_text(d, "discovery_trouble")[0] ? "nothing of what is known of it; what could not be read stands under trouble\n"
							   : "nothing: every object that is asked is answered\n", s->out);
	}
	for (size_t i = 0; i < n; i++) {	/* how many for which reason is in the JSON */
		bool told = false;

		for (size_t k = 0; k < i; k++)
			told = told || same_lack(json_array_get(missing, k), json_array_get(missing, i));
		if (!told)
			print_lack(s, missing, i);
	}
}

static void print_absent(const struct screen *s, const json_t *tables)
{
	char words[1024];
	struct text t = text_over(words, sizeof(words));

	if (json_array_size(tables) == 0)
		return;
	for (size_t i = 0; i < json_array_size(tables); i++)
		text_add(&t, "%s%s", i ? ", " : "", json_string_value(json_array_get(tables, i)));
	text_add(&t, ": not there; asked again at the next discovery");
	screen_label(s, "tables");
	screen_wrap(s, SCREEN_LABEL, words);
}

static void print_who(const struct screen *s, const json_t *d)
{
	char ago[64], every[32], rtt[32], p99[48] = "", at[48];
	struct wall answered = json_wall(d, "answered");

	if (json_object_get(d, "rtt99_s"))
		snprintf(p99, sizeof(p99), " (99 of 100 within %s)", span_format(json_span(d, "rtt99_s"), every, sizeof(every)));
	fprintf(s->out, "%s%s%s %s:%lld \u00b7 %s \u00b7 asked every %s", screen_ink(s, INK_BOLD), json_text(d, "device"),
		screen_ink(s, INK_PLAIN), json_text(d, "address"), (long long)json_int(d, "port"),
		json_text(d, "version")[0] ? json_text(d, "version") : "no SNMP",
		span_format(json_span(d, "interval_s"), every, sizeof(every)));
	if (answered.us == 0)
		fprintf(s->out, ", has never answered\n");
	else
		fprintf(s->out, ", last answer %s (%s ago) \u00b7 RTT %s%s\n", wall_format_time(answered, at, sizeof(at)),
			span_format(json_span(d, "answered_ago_s"), ago, sizeof(ago)), span_format(json_span(d, "rtt_s"), rtt, sizeof(rtt)), p99);
	screen_label(s, "answers");
	fprintf(s->out, "SNMP %s \u00b7 ICMP %s\n", json_text(d, "snmp")[0] ? json_text(d, "snmp") : "not asked yet",
		json_text(d, "icmp")[0] ? json_text(d, "icmp") : "not asked yet");
}

/* How fast it is asked; and when again, when it is silent. */
static void print_pace(const struct screen *s, const json_t *live)
{
	char mean[32], off[32], at[32];

	if (live == NULL)
		return;
	screen_label(s, "pace");
	fprintf(s->out, "%lld requests at once", (long long)json_int(live, "window"));
	if (json_int(live, "request_rate"))
		fprintf(s->out, ", %lld a second", (long long)json_int(live, "request_rate"));
	if (json_object_get(live, "rtt_mean_s"))
		fprintf(s->out, " \u00b7 answers take %s, give or take %s", span_format(json_span(live, "rtt_mean_s"), mean, sizeof(mean)),
			span_format(json_span(live, "rtt_deviation_s"), off, sizeof(off)));
	if (json_object_get(live, "jitter_s"))
		fprintf(s->out, " \u00b7 polls regular within %s", span_format(json_span(live, "jitter_s"), at, sizeof(at)));
	putc('\n', s->out);
	if (json_is_true(json_object_get(live, "paused"))) {
		screen_label(s, "paused");
		fputs("not asked while its parents are cut off; at once when one of them answers\n", s->out);
	} else if (json_object_get(live, "asked_again_s")) {
		screen_label(s, "quiet");
		fprintf(s->out, "silent, so its agent is asked one question ever later: next in %s, or at once when it shows life\n",
			span_format(json_span(live, "asked_again_s"), at, sizeof(at)));
	}
}

/* Version 3: as whom, what is known of the agent's engine, and what was refused. */
static void print_security(const struct screen *s, const json_t *d, const json_t *live)
{
	const json_t *security = json_object_get(d, "security"), *engine = json_object_get(live, "v3"), *n;
	const char *word, *context = json_text(security, "context");
	char up[32], line[1024];
	struct text t = text_over(line, sizeof(line));

	if (security == NULL)
		return;
	screen_label(s, "security");
	fprintf(s->out, "user '%s' \u00b7 %s \u00b7 auth %s, priv %s", json_text(security, "user"), json_text(security, "level"),
		json_text(security, "auth"), json_text(security, "priv"));
	fprintf(s->out, context[0] ? " \u00b7 context '%s'\n" : "%s\n", context);
	if (engine == NULL)
		return;
	screen_label(s, "engine");
	fputs(json_text(engine, "engine_id")[0] ? json_text(engine, "engine_id") : "not known yet", s->out);
	if (json_is_true(json_object_get(engine, "clock_known")))
		fprintf(s->out, " \u00b7 boots %lld, %s ago by its clock\n", (long long)json_int(engine, "boots"),
			span_format(span_s(json_int(engine, "engine_time_s")), up, sizeof(up)));
	else
		fputs(" \u00b7 boots and time not known: nothing of it was authentic yet\n", s->out);
	json_object_foreach((json_t *)(uintptr_t)json_object_get(engine, "counts"), word, n)
		text_add(&t, "%s%s %lld", t.len ? ", " : "", word, (long long)json_integer_value(n));
	if (t.len == 0)
		return;
	screen_label(s, "counted");
	screen_wrap(s, SCREEN_LABEL, line);
}

static void print_packing(const struct screen *s, const json_t *d, const json_t *live)
{
	const json_t *full = json_object_get(live, "full");
	long long bulk = json_int(d, "rows_per_bulk");

	if (json_int(d, "objects_per_get") == 0 && live == NULL)
		return;
	screen_label(s, "packing");
	fprintf(s->out, "%lld objects a GET, ", (long long)json_int(live ? live : d, "objects_per_get"));
	if (bulk == 1)
		fputs("GETNEXT instead of bulk", s->out);
	else
		fprintf(s->out, "%lld rows a bulk", bulk ? bulk : (long long)json_int(live, "rows_per_bulk"));
	fprintf(s->out, " (learned) \u00b7 %lld requests a cycle", (long long)json_int(d, "requests"));
	if (live == NULL) {
		fputc('\n', s->out);
		return;
	}
	fprintf(s->out, " for %lld objects\n", (long long)json_int(full, "objects"));
	screen_label(s, "components");
	fprintf(s->out, "%lld, of which %lld are watched", (long long)json_int(live, "components"), (long long)json_int(live, "watched"));
	if (json_int(live, "flat"))
		fprintf(s->out, ", %lld asked every third interval: flat", (long long)json_int(live, "flat"));
	putc('\n', s->out);
}

/* What to do when answers come that cannot be used; NULL when none do. */
static const char *useless_advice(const json_t *d)
{
	static const struct { enum fw_err why; const char *text; } advice[] = {
		{ FW_MALFORM, "it answers, but not as SNMP has it: is something else at this port, or a device on the way that changes it?" },
		{ FW_SOURCE, "it answers from another address: ask it there, or set any-source" },
		{ FW_FOREIGN, "answers come, but to other requests than ours: does another poller share our address and port?" },
	};

	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (strcmp(json_text(d, "snmp_why"), fw_err_word(advice[i].why)) == 0)
			return advice[i].text;
	return NULL;
}

/* What to do when an agent refuses us by the rules of version 3; NULL when it is silent for another reason. */
static const char *refusal_advice(const json_t *d)
{
	static const struct { enum fw_err why; const char *text; } advice[] = {
		{ FW_USER, "the agent does not know this user: make it there, or correct 'user' of its credentials" },
		{ FW_KEY, "the agent knows the user, and its password or 'auth' is another there: compare auth and auth-file" },
		{ FW_LEVEL, "the agent does not let this user in with this security level: compare auth and priv with the user there" },
		{ FW_WINDOW, "the agent's boots or time do not fit, again after they were taken from it: does its clock run, does another "
			     "agent share its address?" },
		{ FW_DECRYPT, "the agent cannot decrypt what we send: compare priv and priv-file, and AES-192 with AES-192-C, AES-256 with AES-256-C" },
		{ FW_ENGINE, "the agent says that it is another than it was: one that was replaced is followed within a minute; if this stays, "
			     "two agents share its address, or somebody else answers" },
		{ FW_CONTEXT, "the agent has no such context: correct 'context' of its credentials, or leave it out" },
	};

	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
		if (strcmp(json_text(d, "snmp_why"), fw_err_word(advice[i].why)) == 0)
			return advice[i].text;
	return NULL;
}

/* "-v2c -c COMMUNITY"; of version 3 what the credentials say, for a person to fill in. */
static const char *snmpget_options(const json_t *d)
{
	return strcmp(json_text(d, "version"), "SNMPv3") == 0 ? "-v3 -u USER -l LEVEL -a AUTH -A ... -x PRIV -X ..." :
	       strcmp(json_text(d, "version"), "SNMPv1") == 0 ? "-v1 -c COMMUNITY" : "-v2c -c COMMUNITY";
}

/* Silent: what to look at, in the order in which it is usually wrong. */
static void silent_words(const json_t *d, const json_t *live, char *buf, size_t size)
{
	json_int_t late = json_int(live, "answers_too_late");
	struct text t = text_over(buf, size);
	char timeout[32];

	text_add(&t, "%lld tries of %s go unanswered: ", (long long)json_int(d, "retries") + 1,
		 span_format(json_span(d, "timeout_s"), timeout, sizeof(timeout)));
	if (late)
		text_add(&t, "%lld datagrams came from it since, none in time: is it slow, and its timeout too short?", (long long)late);
	else
		text_add(&t, "is the address right, the agent running, the %s right, and is this machine let in?",
			 strcmp(json_text(d, "version"), "SNMPv3") == 0 ? "user" : "community");
}

static void print_device_end(const struct screen *s, const json_t *d, const json_t *live)
{
	const char *name = json_text(d, "device"), *advice = refusal_advice(d), *useless = useless_advice(d);
	char n[32], of[32], tries[200];

	screen_label(s, "late");
	fprintf(s->out, "%s of %s cycles", text_thousands((unsigned long long)json_int(d, "late"), n, sizeof(n)),
		text_thousands((unsigned long long)json_int(d, "cycles"), of, sizeof(of)));
	fprintf(s->out, " \u00b7 silent in %s", text_thousands((unsigned long long)json_int(d, "cycles_silent"), n, sizeof(n)));
	fprintf(s->out, " \u00b7 lost %s of %s requests\n", text_thousands((unsigned long long)json_int(d, "lost"), n, sizeof(n)),
		text_thousands((unsigned long long)json_int(d, "requests_so_far"), of, sizeof(of)));
	if (strcmp(json_text(d, "snmp"), "silent") == 0) {
		silent_words(d, live, tries, sizeof(tries));
		screen_label(s, advice ? "refused" : "silent");
		screen_wrap(s, SCREEN_LABEL, advice ? advice : useless ? useless : tries);
		fprintf(s->out, "next: snmpget %s %s:%lld 1.3.6.1.2.1.1.3.0 \u00b7 forewarn events \"%s\"\n", snmpget_options(d),
			json_text(d, "address"), (long long)json_int(d, "port"), name);
	} else {
		fprintf(s->out, "next: forewarn show interface \"%s\" \u00b7 forewarn poll \"%s\" asks now\n", name, name);
	}
}

/* What its agent does that it should not, and what is done about it. */
static void print_odd(const struct screen *s, const json_t *d)
{
	const json_t *o;
	const char *class_name;
	size_t i;
	char period[32], line[256];

	json_array_foreach(json_object_get(d, "oddities"), i, o) {
		screen_label(s, i == 0 ? "odd" : "");
		snprintf(line, sizeof(line), "the agent %s", json_text(o, "words"));
		screen_wrap(s, SCREEN_LABEL, line);
	}
	json_object_foreach(json_object_get(d, "by_getnext"), class_name, o) {
		screen_label(s, "by GETNEXT");
		fprintf(s->out, "%lld %s: GET of them is denied\n", (long long)json_integer_value(o), class_name);
	}
	if (json_object_get(d, "cache_s")) {
		screen_label(s, "cache");
		fprintf(s->out, "its counters are renewed every %s; what moved is spread over that time\n",
			span_format(json_span(d, "cache_s"), period, sizeof(period)));
	}
}

/* How its last question ended that brought nothing, and what discovery could not read. */
static void print_trouble(const struct screen *s, const json_t *d)
{
	static const char *const keys[] = { "snmp_trouble", "discovery_trouble" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!json_text(d, keys[i])[0])
			continue;
		screen_label(s, "trouble");
		fprintf(s->out, "%s%s\n", i == 0 ? "SNMP: " : "", json_text(d, keys[i]));
	}
}

static void print_silent(const struct screen *s, struct wall since)
{
	char at[48];

	screen_label(s, "missing");
	fputs("everything", s->out);
	if (since.us)
		fprintf(s->out, ", since %s", wall_format(since, at, sizeof(at)));
	fputs(", until it answers again\n", s->out);
}

static void print_device(const struct ctl *c, const json_t *d, const json_t *live)
{
	struct screen s = screen_of(c);

	print_who(&s, d);
	print_trouble(&s, d);
	print_security(&s, d, live);
	print_packing(&s, d, live);
	print_pace(&s, live);
	print_odd(&s, d);
	if (strcmp(json_text(d, "snmp"), "silent") == 0) {
		print_silent(&s, json_wall(d, "snmp_since"));
	} else {
		print_missing(&s, d);
		print_absent(&s, json_object_get(d, "tables_not_there"));
	}
	print_device_end(&s, d, live);
}

static int device_debug_command(struct ctl *c, const char *name)
{
	json_t *answer = ctl_ask(c, "debug", json_pack("{s:o}", "device", json_words(name))), *live, *item;
	struct err none = { "" };

	if (answer == NULL)
		return EXIT_FAILED;
	live = ctl_call(c, "device", json_pack("{s:o}", "name", json_words(name)), &none);	/* absent without a daemon */
	item = json_array_get(json_object_get(answer, "items"), 0);
	if (c->json) {
		if (live)
			json_object_set(item, "worker", json_array_get(json_object_get(live, "items"), 0));
		ctl_print_json(answer);
	} else {
		print_device(c, item, live ? json_array_get(json_object_get(live, "items"), 0) : NULL);
	}
	json_decref(live);
	json_decref(answer);
	return EXIT_DONE;
}

static int log_command(struct ctl *c)
{
	bool on = strcmp(c->argv[2], "on") == 0;
	json_t *answer;

	if (!on && strcmp(c->argv[2], "off") != 0)
		return ctl_usage(c, "'%s' is neither on nor off", c->argv[2]);
	answer = ctl_ask(c, "log", json_pack("{s:o,s:b}", "area", json_words(c->argv[1]), "on", on));
	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
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
	return ctl_usage(c, "'%s' is not one of: device NAME, log AREA on|off (or a word is missing after it)", c->argv[0]);
}
