/* poller/parts.c: the components of a device: made anew, or from what the last file knows. */
#include <stdlib.h>
#include <string.h>

#include "poller/worker-int.h"

uint32_t part_add(struct device *d, uint32_t record, uint8_t table)
{
	const struct mib_table *t = d->w->config->mib->table[table];
	struct part *p;
	char instance[LAST_INSTANCE_MAX + 1], name[MODEL_NAME_MAX];

	if (d->part_count == d->part_size) {
		d->part_size = d->part_size ? d->part_size * 2 : 8;
		d->part = must_realloc(d->part, d->part_size * sizeof(*d->part));
	}
	p = &d->part[d->part_count++];
	*p = (struct part){ .record = record, .table = table };
	p->flat = last_at(d->w->last, record)->flags & LAST_F_FLAT;	/* until a plan is made: adapt.c */
	last_text_get(last_at(d->w->last, record), LAST_T_INSTANCE, instance, sizeof(instance));
	part_name(d, p, name, sizeof(name));
	p->watched = worker_is_watched(d->w, d, t, name, instance);
	p->weighed = worker_weighs(d->w, name);
	p->dirty = p->watched;
	return d->part_count - 1;
}

static int table_of_record(const struct mib *mib, const struct last_record *r)
{
	char title[64];

	last_text_get(r, LAST_T_TABLE, title, sizeof(title));
	for (unsigned t = 0; t < mib->count && t < 64; t++)
		if (strcmp(mib->table[t]->title, title) == 0)
			return (int)t;
	return -1;
}

/* One record of the last file becomes a part of 'd', if its definition is still there. */
static void part_from_record(struct device *d, uint32_t record)
{
	const struct mib *mib = d->w->config->mib;
	const struct last_record *r = last_at(d->w->last, record);
	int t = table_of_record(mib, r);

	if (t < 0)
		return;
	if (r->signature != last_signature(mib->table[t])) {	/* another definition: names stay, values do not */
		struct last_record *w = last_begin(d->w->last, record);

		w->known = w->source = 0;
		w->signature = last_signature(mib->table[t]);
		memset(w->run, 0, sizeof(w->run));
		memset(w->why, 0, sizeof(w->why));
		last_end(d->w->last, record);
	}
	part_add(d, record, (uint8_t)t);
}

void parts_from_last(struct device *d)
{
	for (uint32_t i = 0; i < last_count(d->w->last); i++) {
		const struct last_record *r = last_at(d->w->last, i);

		if (r->kind == LAST_PART && r->device == d->record)
			part_from_record(d, i);
	}
}

void parts_from_last_all(struct worker *w)
{
	struct device **of = must_alloc((last_count(w->last) + 1) * sizeof(struct device *));

	for (uint32_t i = 0; i < w->device_count; i++)
		of[w->device[i]->record] = w->device[i];
	for (uint32_t i = 0; i < last_count(w->last); i++) {
		const struct last_record *r = last_at(w->last, i);

		if (r->kind == LAST_PART && of[r->device] != NULL)
			part_from_record(of[r->device], i);
	}
	free(of);
}

/* ---- by record: so that a device of 200,000 rows is not searched for each -------------------------------------------- */

static uint32_t slot_of(const struct parts_map *m, uint32_t record) { return record * 2654435761u & (m->slots - 1); }

void parts_map_build(struct parts_map *m, const struct device *d)
{
	free(m->slot);
	for (m->slots = 16; m->slots < d->part_count * 2;)
		m->slots *= 2;
	m->slot = must_alloc(m->slots * sizeof(m->slot[0]));
	for (uint32_t i = 0; i < d->part_count; i++) {
		uint32_t k = slot_of(m, d->part[i].record);

		while (m->slot[k] != 0)
			k = (k + 1) & (m->slots - 1);
		m->slot[k] = i + 1;
	}
}

uint32_t parts_map_find(const struct parts_map *m, const struct device *d, uint32_t record)
{
	for (uint32_t k = slot_of(m, record);; k = (k + 1) & (m->slots - 1)) {
		uint32_t i = m->slot[k];

		if (i == 0)
			return LAST_NONE;
		if (d->part[i - 1].record == record)
			return i - 1;
	}
}
