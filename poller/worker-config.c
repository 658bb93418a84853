/* poller/worker-config.c: what a configuration means for a worker: its devices and checks, what is watched, what is new. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/worker-int.h"

/* ---- what is watched --------------------------------------------------------------------------------------------------- */

bool worker_is_watched(struct worker *w, const struct device *d, const struct mib_table *t, const char *name, const char *instance)
{
	char full[MODEL_NAME_MAX];

	if (t->watch_always || t->counts != COUNTS_NAMED || names_find(&w->named_parts, name) != NAMES_NONE)
		return true;
	snprintf(full, sizeof(full), "%s/%s", t->class_name, instance);
	for (uint32_t i = 0; i < d->cfg->watch_count; i++)
		if (fnmatch(d->cfg->watch[i], full, 0) == 0)
			return true;
	return false;
}

enum { NAMED = 1, WEIGHED };

bool worker_weighs(const struct worker *w, const char *name)
{
	return names_find(&w->named_parts, name) == WEIGHED;
}

static void name_ref(struct worker *w, const struct ref *r)
{
	if (r->kind == REF_PART && names_find(&w->named_parts, r->name) == NAMES_NONE)
		names_put(&w->named_parts, r->name, NAMED);
}

static void name_members(struct worker *w, const struct cfg_group *g)
{
	for (uint32_t k = 0; k < g->count; k++) {
		name_ref(w, &g->member[k]);
		if (config_weighs(w->config, g, &g->member[k]))
			names_set(&w->named_parts, g->member[k].name, WEIGHED);
	}
}

static void name_needs(struct worker *w, const struct needs *n)
{
	for (uint32_t t = 0; t < n->count; t++)
		for (uint32_t i = 0; i < n->term[t].count; i++)
			name_ref(w, &n->term[t].any[i]);
}

/* Parts that the model names anywhere: their states make events. */
static void named_parts_take(struct worker *w)
{
	const struct config *c = w->config;

	names_release(&w->named_parts);
	w->named_parts = (struct names){ 0 };
	for (uint32_t i = 0; i < c->device_count; i++)
		name_needs(w, &c->device[i].needs);
	for (uint32_t i = 0; i < c->check_count; i++)
		name_needs(w, &c->check[i].needs);
	for (uint32_t i = 0; i < c->component_count; i++)
		name_needs(w, &c->component[i].needs);
	for (uint32_t i = 0; i < c->group_count; i++) {
		name_needs(w, &c->group[i].needs);
		name_members(w, &c->group[i]);
	}
	for (uint32_t i = 0; i < c->service_count; i++)
		name_needs(w, &c->service[i].needs);
}

/* ---- the configuration ---------------------------------------------------------------------------------------------------- */

static bool is_mine(const struct worker *w, const char *device)
{
	return last_worker_of(device, w->setup.workers) == w->setup.number;
}

static const char *check_home(const struct config *c, const struct cfg_check *k)
{
	return k->device == CONFIG_NONE ? k->name : c->device[k->device].name;
}

/* ---- definitions ----------------------------------------------------------------------------------------------------------- */

static uint32_t word_hash(uint32_t crc, const char *word) { return word ? hash_crc32(crc, word, strlen(word) + 1) : crc; }

static uint32_t column_hash(uint32_t crc, const struct mib_column *k)
{
	const uint8_t small[] = { k->scale_column, k->otherwise, k->ds, k->keep, k->slow, k->capacity, (uint8_t)k->as };

	crc = word_hash(word_hash(crc, k->name), k->unit);
	crc = hash_crc32(crc, k->oid_ber, k->oid_ber_len);
	crc = hash_crc32(crc, &k->scale, sizeof(k->scale));
	for (uint8_t i = 0; i < k->label_count; i++)
		crc = word_hash(hash_crc32(crc, &k->labels[i].value, sizeof(k->labels[i].value)), k->labels[i].word);
	return hash_crc32(crc, small, sizeof(small));
}

static uint32_t rules_hash(uint32_t crc, const struct mib_table *t)
{
	crc = hash_crc32(crc, &t->state.column, 1);
	crc = hash_crc32(crc, t->state.value, t->state.count * sizeof(t->state.value[0]));
	crc = hash_crc32(crc, t->state.state, t->state.count * sizeof(t->state.state[0]));
	crc = hash_crc32(crc, &t->admin.column, 1);
	crc = hash_crc32(crc, t->admin.down, t->admin.count * sizeof(t->admin.down[0]));
	for (uint8_t i = 0; i < t->where_count; i++)
		for (uint8_t k = 0; k < t->where[i].count; k++)
			crc = word_hash(hash_crc32(crc, &t->where[i].column, 1), t->where[i].is[k]);
	for (uint8_t i = 0; i < t->limit_count; i++) {
		const struct mib_limit *m = &t->limit[i];
		const uint8_t small[] = { m->column, m->of, m->below };

		crc = hash_crc32(crc, small, sizeof(small));
		crc = hash_crc32(crc, &m->degraded, sizeof(m->degraded));
		crc = hash_crc32(crc, &m->down, sizeof(m->down));
	}
	return crc;
}

/* Of everything in the definitions that polling depends on: parts know their table and columns by number. */
static uint32_t definitions_hash(const struct mib *mib)
{
	uint32_t crc = 0;

	for (unsigned i = 0; i < mib->count; i++) {
		const struct mib_table *t = mib->table[i];
		const uint8_t small[] = { t->single, t->watch_always, (uint8_t)t->counts, t->discontinuity, t->marker_count };

		crc = word_hash(word_hash(crc, t->title), t->class_name);
		crc = hash_crc32(crc, small, sizeof(small));
		for (uint8_t k = 0; k < t->unless_count; k++)
			crc = word_hash(crc, t->unless[k]);
		for (uint8_t k = 0; k < t->column_count; k++)
			crc = column_hash(crc, &t->column[k]);
		for (uint8_t k = 0; k < t->marker_count; k++)
			crc = hash_crc32(crc, t->marker[k].arc, t->marker[k].len * sizeof(t->marker[k].arc[0]));
		crc = hash_crc32(crc, t->name, t->name_count);
		crc = hash_crc32(crc, t->rows, t->rows_count);
		crc = rules_hash(crc, t);
	}
	return crc;
}

/* ---- devices and checks ------------------------------------------------------------------------------------------------------ */

/* What the polling of each device there is was built on: by the old snapshot, before that may go. */
static uint64_t *fingerprints(const struct worker *w)
{
	uint64_t *list = must_alloc((w->device_count + 1) * sizeof(*list));

	for (uint32_t i = 0; i < w->device_count; i++)
		list[i] = w->device[i]->cfg->fingerprint;
	return list;
}

/* The device of this configuration: as it goes on, or anew. */
static struct device *device_take(struct worker *w, const struct cfg_device *cfg, const uint64_t *before, bool anew)
{
	uint32_t at = names_find(&w->device_by_name, cfg->name);
	struct device *d;

	if (at == NAMES_NONE) {
		d = device_new(w, cfg);
		if (d != NULL && before != NULL)
			parts_from_last(d);
		return d;
	}
	d = w->device[at];
	w->device[at] = NULL;
	device_config(d, cfg, anew || before[at] != cfg->fingerprint);
	return d;
}

/* Take the devices of the snapshot that are this worker's; those of the same fingerprint go on undisturbed. */
static void devices_take(struct worker *w, bool first, bool anew)
{
	struct device **list = must_alloc((w->config->device_count + 1) * sizeof(struct device *));
	struct names by_name = { 0 };
	uint64_t *before = first ? NULL : fingerprints(w);
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->config->device_count; i++) {
		const struct cfg_device *cfg = &w->config->device[i];
		struct device *d = is_mine(w, cfg->name) ? device_take(w, cfg, before, anew) : NULL;

		if (d == NULL)
			continue;
		names_put(&by_name, cfg->name, n);
		list[n++] = d;
	}
	for (uint32_t i = 0; i < w->device_count; i++)
		device_free(w->device[i]);	/* no longer configured; its records stay until forgotten */
	free(before);
	free(w->device);
	names_release(&w->device_by_name);
	w->device = list;
	w->device_count = n;
	w->device_by_name = by_name;
	if (first) {
		worker_dropped_forget(w);
		parts_from_last_all(w);
	}
}

static void checks_take(struct worker *w)
{
	struct check **list = must_alloc((w->config->check_count + 1) * sizeof(struct check *));
	struct names old = { 0 };
	uint32_t n = 0;

	for (uint32_t k = 0; k < w->check_count; k++)
		names_put(&old, check_name(w->check[k]), k);
	for (uint32_t i = 0; i < w->config->check_count; i++) {
		const struct cfg_check *cfg = &w->config->check[i];
		struct check *c = NULL;
		uint32_t at;

		if (!is_mine(w, check_home(w->config, cfg)))
			continue;
		at = names_find(&old, cfg->name);
		if (at != NAMES_NONE && check_fingerprint(w->check[at]) == cfg->fingerprint) {
			c = w->check[at];
			w->check[at] = NULL;
			check_config(c, cfg);
		} else {
			c = check_new(w, cfg);
		}
		if (c != NULL)
			list[n++] = c;
	}
	for (uint32_t k = 0; k < w->check_count; k++)
		check_free(w->check[k]);
	names_release(&old);
	free(w->check);
	w->check = list;
	w->check_count = n;
}

/* Is this device or check among those that the one round was asked for? */
static bool is_asked(const struct worker *w, const char *name)
{
	size_t len;

	for (size_t i = 0; i < w->setup.only_count; i++) {
		len = strlen(w->setup.only[i]);
		if (strncmp(name, w->setup.only[i], len) == 0 && (name[len] == '\0' || name[len] == '/'))
			return true;
	}
	return w->setup.only_count == 0;
}

static void round_count(struct worker *w)
{
	w->round_open = 0;
	for (uint32_t i = 0; i < w->device_count; i++) {
		w->device[i]->once_done = !is_asked(w, w->device[i]->cfg->name);
		w->round_open += !w->device[i]->once_done;
	}
	for (uint32_t i = 0; i < w->check_count; i++)
		w->round_open += check_once(w->check[i], is_asked(w, check_name(w->check[i])));
}

void worker_config_take(struct worker *w, struct config *c)
{
	struct config *old = w->config;
	uint32_t hash = definitions_hash(c->mib);
	bool anew = old != NULL && (hash != w->mib_hash || c->interval.us != old->interval.us ||
				    c->status_interval.us != old->status_interval.us);

	/* Nothing may be out while the snapshot changes under it: answers are taken by the definitions they were asked with. */
	for (uint32_t i = 0; anew && i < w->device_count; i++)
		device_parts_stop(w->device[i]);
	w->config = c;
	w->mib_hash = hash;
	w->sent_count = 0;
	store_icmp_layout((uint32_t)(c->interval.us / 1000000), &w->icmp_layout);
	named_parts_take(w);
	devices_take(w, old == NULL, anew);
	checks_take(w);
	for (uint32_t i = 0; i < w->device_count; i++)
		device_watch_again(w->device[i]);
	if (w->setup.once)
		round_count(w);
	config_unref(old);
	w->checks_due = true;
}

/* ---- what is no longer configured ------------------------------------------------------------------------------------------- */

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

static bool is_dropped(const struct worker *w, const struct last_record *device)
{
	char name[256];
	const struct ref *r;

	last_text_get(device, LAST_T_DEVICE, name, sizeof(name));
	r = config_find(w->config, name);
	return r == NULL || (r->kind != REF_DEVICE && r->kind != REF_CHECK);
}

/* As long as the ledger keeps its states (ctl/dropped.c): a name that comes back before that goes on where it was. */
void worker_dropped_forget(struct worker *w)
{
	uint32_t n = last_count(w->last), forgotten = 0;
	int64_t *seen = must_alloc((n + 1) * sizeof(*seen)), before = worker_wall(w, clock_mono()).us - w->config->retention.us;

	for (uint32_t i = 0; i < n; i++) {
		const struct last_record *r = last_at(w->last, i);

		if (r->kind != LAST_FREE)
			seen[r->device] = later(seen[r->device], later(r->seen_us, r->asked_us));
	}
	for (uint32_t i = 0; i < n; i++)
		if (last_at(w->last, i)->kind != LAST_DEVICE || !is_dropped(w, last_at(w->last, i)))
			seen[i] = INT64_MAX;
	for (uint32_t i = 0; i < n; i++) {
		const struct last_record *r = last_at(w->last, i);

		if (r->kind == LAST_FREE || seen[r->device] >= before)
			continue;
		last_remove(w->last, i);
		forgotten++;
	}
	free(seen);
	if (forgotten)
		log_info(LOG_POLL, "last values of what is no longer configured are forgotten components=%u", forgotten);
}

/* ---- the baseline -------------------------------------------------------------------------------------------------------------- */

struct device *worker_device(struct worker *w, const char *name)
{
	uint32_t i = names_find(&w->device_by_name, name);

	return i == NAMES_NONE ? NULL : w->device[i];
}

/* Of a part that is still there, what it once carried is forgotten. */
static void most_forget(struct device *d, uint32_t record)
{
	last_text_set(last_begin(d->w->last, record), LAST_T_CAPACITY, "", 0);
	last_end(d->w->last, record);
	for (uint32_t i = 0; i < d->part_count; i++)
		if (d->part[i].record == record)
			part_state(d, &d->part[i], worker_wall(d->w, clock_mono()));
}

/* The part of a record leaves its device. */
static void part_forget(struct device *d, uint32_t record)
{
	uint32_t n = 0;

	device_parts_stop(d);
	for (uint32_t i = 0; i < d->part_count; i++) {
		if (d->part[i].record != record)
			d->part[n++] = d->part[i];
		else
			free(d->part[i].delta);
	}
	d->part_count = n;
}

/* The person says that this component is no longer part of the design. */
void worker_forget(struct worker *w, const char *name)
{
	const char *class_name = strchr(name, '/'), *instance = class_name ? strchr(class_name + 1, '/') : NULL;
	char device[256], class_buf[128];
	uint32_t record;
	struct device *d;

	if (instance == NULL)
		return;
	snprintf(device, sizeof(device), "%.*s", (int)(class_name - name), name);
	snprintf(class_buf, sizeof(class_buf), "%.*s", (int)(instance - class_name - 1), class_name + 1);
	record = last_find(w->last, device, class_buf, instance + 1);
	d = worker_device(w, device);
	if (record == LAST_NONE || strcmp(class_buf, "check") == 0)
		return;		/* a check is in the design as long as it is configured */
	if (d != NULL && !(last_at(w->last, record)->flags & LAST_F_GONE)) {
		most_forget(d, record);
		return;
	}
	if (d != NULL)
		part_forget(d, record);
	last_remove(w->last, record);
}
