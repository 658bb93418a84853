/* poller/discover-name.c: which rows of a walked table are parts of the device, and what they are called.
 *
 * A row is one that a row-making column has, and that its definition wants. One that the agent lists with an exception instead of
 * values is a row as well where a part has had its index: it is there, and keeps its name; a new one waits until a value comes.
 */
#include <stdio.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/discover-int.h"

uint32_t row_find(const struct discovery *x, const uint32_t *arc, uint8_t arcs, char key[LAST_ARCS * 11 + 1])
{
	struct text text = text_over(key, LAST_ARCS * 11 + 1);

	for (uint8_t a = 0; a < arcs; a++)
		text_add(&text, ".%u", arc[a]);
	return names_find(&x->by_index, key);
}

bool part_name_of(const struct mib_column *k, const struct snmp_varbind *vb, char *buf, size_t size)
{
	size_t len = vb->bytes_len < 255 ? vb->bytes_len : 255;

	buf[0] = '\0';
	if (vb->type == 0 || vb->type == SNMP_NULL || vb->type >= SNMP_NO_OBJECT)
		return false;
	if (vb->type == SNMP_OID) {
		struct oid o;

		return oid_dec(&o, vb->bytes, vb->bytes_len) && oid_format(&o, buf, size);
	}
	if (vb->type != SNMP_OCTET_STRING) {
		snprintf(buf, size, k->as == AS_INTEGER ? "%lld" : "%llu", (long long)vb->number);
		return true;
	}
	while (len > 0 && (vb->bytes[len - 1] == '\0' || vb->bytes[len - 1] == ' '))
		len--;
	text_clean(vb->bytes ? vb->bytes : (const uint8_t *)"", len, buf, size);
	return buf[0] != '\0';
}

static bool cell_text(const struct mib_column *k, const struct cell *c, char *buf, size_t size)
{
	struct snmp_varbind vb = { .bytes = c->bytes, .bytes_len = c->len, .number = c->number, .type = c->type };

	return part_name_of(k, &vb, buf, size);
}

static bool row_is_ours(const struct mib_table *t, const struct found *f)
{
	char value[OID_TEXT_MAX];

	if (f->known != NAMES_NONE)
		return true;
	if (!f->is_row)
		return false;
	for (uint8_t w = 0; w < t->where_count; w++) {
		const struct mib_where *m = &t->where[w];
		bool listed = false;

		cell_text(&t->column[m->column], &f->cell[m->column], value, sizeof(value));
		for (uint8_t i = 0; i < m->count; i++)
			listed = listed || strcmp(value, m->is[i]) == 0;
		if (!listed)
			return false;
	}
	return true;
}

/* The naming column: kept with the parts there are, else the first that at least half of the rows fill. */
static uint8_t naming_column(struct discovery *x, const struct mib_table *t)
{
	char buf[LAST_INSTANCE_MAX + 1];

	for (uint32_t i = 0; i < x->d->part_count; i++)
		if (x->d->part[i].table == x->table)
			return last_at(x->d->w->last, x->d->part[i].record)->name_column;
	for (uint8_t n = 0; n < t->name_count; n++) {
		uint32_t filled = 0, rows = 0;

		for (uint32_t i = 0; i < x->rows; i++) {
			rows += x->row[i].name != NULL;
			filled += x->row[i].name != NULL &&
				  cell_text(&t->column[t->name[n]], &x->row[i].cell[t->name[n]], buf, sizeof(buf));
		}
		if (rows > 0 && filled * 2 >= rows)
			return t->name[n];
	}
	return INDEX_NAMES;
}

static char *index_text(struct arena *a, const struct found *f)
{
	char buf[LAST_ARCS * 11 + 1];
	struct text t = text_over(buf, sizeof(buf));

	for (uint8_t i = 0; i < f->arcs; i++)
		text_add(&t, "%s%u", i ? "." : "", f->arc[i]);
	return arena_strdup(a, buf);
}

/* A row whose name is a hole is called as ever; by its index when it never had one. */
static const char *hole_name(struct discovery *x, const struct found *f)
{
	char instance[LAST_INSTANCE_MAX + 1];

	if (f->known == NAMES_NONE)
		return index_text(&x->arena, f);
	last_text_get(last_at(x->d->w->last, x->d->part[f->known].record), LAST_T_INSTANCE, instance, sizeof(instance));
	return arena_strdup(&x->arena, instance);
}

/* A name with the index behind. */
static const char *name_with_index(struct discovery *x, const struct found *f)
{
	const char *index = index_text(&x->arena, f);
	size_t room = LAST_INSTANCE_MAX - strlen(index) - 1;	/* 16 arcs have at most 175 octets */

	return arena_printf(&x->arena, "%.*s~%s", (int)room, f->name, index);
}

static const struct last_record *record_there(const struct discovery *x, const struct mib_table *t, const char *name)
{
	uint32_t i = last_find(x->d->w->last, x->d->cfg->name, t->class_name, name);
	const struct last_record *r = i == LAST_NONE ? NULL : last_at(x->d->w->last, i);

	return r && !(r->flags & LAST_F_GONE) ? r : NULL;
}

/* Was it one of equal names, and is the only one now? Then it is called as ever: its history stays. */
static bool keeps_index(const struct discovery *x, const struct mib_table *t, const struct found *f, const char *with)
{
	const struct last_record *r = record_there(x, t, with);

	return r && r->arcs == f->arcs && memcmp(r->arc, f->arc, f->arcs * sizeof(f->arc[0])) == 0 && !record_there(x, t, f->name);
}

/* Give each of our rows its name; those that are equal get their index behind. */
static void name_rows(struct discovery *x, const struct mib_table *t, uint8_t column)
{
	struct names seen = { 0 };
	char buf[LAST_INSTANCE_MAX + 1];

	for (uint32_t i = 0; i < x->rows; i++) {
		struct found *f = &x->row[i];

		if (f->name == NULL)
			continue;
		if (column == INDEX_NAMES || column >= t->column_count ||
		    !cell_text(&t->column[column], &f->cell[column], buf, sizeof(buf) - PART_INDEX_ROOM))
			f->name = hole_name(x, f);
		else
			f->name = arena_strdup(&x->arena, buf);
		names_set(&seen, f->name, names_find(&seen, f->name) == NAMES_NONE ? 1 : 2);
	}
	for (uint32_t i = 0; i < x->rows; i++) {
		struct found *f = &x->row[i];
		const char *with;

		if (f->name == NULL || t->single)
			continue;
		with = name_with_index(x, f);
		if (names_find(&seen, f->name) == 2 || keeps_index(x, t, f, with))
			f->name = with;
	}
	names_release(&seen);
}

/* Where there are holes: which rows have had their index before. */
static void rows_known(struct discovery *x)
{
	const struct device *d = x->d;
	char key[LAST_ARCS * 11 + 1];

	for (uint32_t i = 0; x->holes && i < d->part_count; i++) {
		const struct last_record *r = last_at(d->w->last, d->part[i].record);
		uint32_t row = d->part[i].table == x->table && r->arcs && !(r->flags & LAST_F_GONE) ? row_find(x, r->arc, r->arcs, key)
												  : NAMES_NONE;

		if (row != NAMES_NONE && x->row[row].hole)
			x->row[row].known = i;
	}
}

uint8_t rows_name(struct discovery *x, const struct mib_table *t)
{
	uint8_t naming;

	rows_known(x);
	for (uint32_t i = 0; i < x->rows; i++)
		x->row[i].name = row_is_ours(t, &x->row[i]) ? "" : NULL;
	naming = t->single ? INDEX_NAMES : naming_column(x, t);
	name_rows(x, t, naming);
	return naming;
}
