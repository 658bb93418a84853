/* poller/mib-check.c: what shows only when all columns of a table, or all tables, are known; and the RRD layout. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/mib-int.h"

enum { PATH_MAX_OCTETS = 200 };

/* "column/ifInOctets/else": for the line. The path is the caller's. */
static const char *column_path(char *path, const struct mib_column *c, const char *option)
{
	snprintf(path, PATH_MAX_OCTETS, "column/%.120s/%s", c->name, option);
	return path;
}

static cfg_t *column_cfg(const struct mib_reader *r, uint8_t i)
{
	return cfg_getnsec(r->p->cfg, "column", i);
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static void resolve_else(struct mib_reader *r, uint8_t i)
{
	struct mib_column *c = &r->t->column[i];
	const char *name = cfg_getstr(column_cfg(r, i), "else");
	char path[PATH_MAX_OCTETS];

	if (!name)
		return;
	column_path(path, c, "else");
	c->otherwise = mib_column_of(r, path, "else", name);
	if (c->otherwise == i) {
		mib_wrong(r, path, "column \"%s\": else is the column itself", c->name);
		c->otherwise = MIB_NO_COLUMN;
	}
}

static void check_capacity(struct mib_reader *r, const struct mib_column *c)
{
	char path[PATH_MAX_OCTETS];

	if (c->capacity && (c->as != AS_GAUGE || !c->unit || strcmp(c->unit, "bit/s") != 0))
		mib_wrong(r, column_path(path, c, "capacity"),
			  "column \"%s\": capacity, but as = %s%s%s%s; what a row carries is a gauge of unit \"bit/s\", with scale",
			  c->name, mib_as_word(c->as), c->unit ? "  unit = \"" : " without unit", c->unit ? c->unit : "",
			  c->unit ? "\"" : "");
}

/* An 'else' column stands in for one other, takes over its data source, and has none in turn. */
static void check_else(struct mib_reader *r, uint8_t i)
{
	const struct mib_column *c = &r->t->column[i], *other;
	char path[PATH_MAX_OCTETS];

	if (c->otherwise == MIB_NO_COLUMN)
		return;
	other = &r->t->column[c->otherwise];
	column_path(path, c, "else");
	if (other->otherwise != MIB_NO_COLUMN)
		mib_wrong(r, path, "column \"%s\": else goes one step, but \"%s\" has an else of its own (\"%s\")",
			  c->name, other->name, r->t->column[other->otherwise].name);
	if (other->ds_name)
		mib_wrong(r, path,
			  "column \"%s\": its else \"%s\" has a ds of its own; leave that out, it gets that of \"%s\"",
			  c->name, other->name, c->name);
	if (mib_is_counter(other->as) != mib_is_counter(c->as) || mib_is_number(other->as) != mib_is_number(c->as))
		mib_wrong(r, path,
			  "column \"%s\" is as = %s, but its else \"%s\" is as = %s: they cannot stand for each other",
			  c->name, mib_as_word(c->as), other->name, mib_as_word(other->as));
	for (uint8_t k = 0; k < i; k++)
		if (r->t->column[k].otherwise == c->otherwise)
			mib_wrong(r, path, "column \"%s\": \"%s\" is the else of \"%s\" already", c->name, other->name,
				  r->t->column[k].name);
}

static void check_scale_by(struct mib_reader *r, uint8_t i)
{
	struct mib_column *c = &r->t->column[i];
	char path[PATH_MAX_OCTETS];

	if (!c->scale_by)
		return;
	column_path(path, c, "scale-by");
	c->scale_column = mib_column_of(r, path, "scale-by", c->scale_by);
	if (c->scale_column != MIB_NO_COLUMN &&
	    (c->scale_column == i || !mib_is_number(r->t->column[c->scale_column].as)))
		mib_wrong(r, path, "column \"%s\": scale-by \"%s\" must be another column that is a number", c->name,
			  c->scale_by);
}

static void check_same_oid(struct mib_reader *r, uint8_t i)
{
	const struct mib_column *c = &r->t->column[i];
	char path[PATH_MAX_OCTETS];

	for (uint8_t k = 0; k < i && c->oid.len; k++)
		if (oid_compare(&c->oid, &r->t->column[k].oid) == 0)
			mib_wrong(r, column_path(path, c, "oid"), "column \"%s\" has the OID of column \"%s\"", c->name,
				  r->t->column[k].name);
}

static void add_row_column(struct mib_table *t, uint8_t column)
{
	for (uint8_t i = 0; i < t->rows_count; i++)
		if (t->rows[i] == column)
			return;
	if (t->rows_count < MIB_NAMES_MAX)
		t->rows[t->rows_count++] = column;
}

/* Rows not said: those of the names and of the state; else of the first column. */
static void default_rows(struct mib_table *t)
{
	if (t->rows_count || t->single)
		return;
	if (t->state.column != MIB_NO_COLUMN)
		add_row_column(t, t->state.column);
	for (uint8_t i = 0; i < t->name_count; i++)
		add_row_column(t, t->name[i]);
	if (t->rows_count == 0 && t->column_count)
		t->rows[t->rows_count++] = 0;
}

void mib_check_columns(struct mib_reader *r)
{
	struct mib_table *t = r->t;

	for (uint8_t i = 0; i < t->column_count; i++)
		resolve_else(r, i);
	for (uint8_t i = 0; i < t->column_count; i++) {
		check_else(r, i);
		check_capacity(r, &r->t->column[i]);
		check_scale_by(r, i);
		check_same_oid(r, i);
	}
	if (t->discontinuity != MIB_NO_COLUMN && !mib_is_number(t->column[t->discontinuity].as))
		mib_wrong(r, "discontinuity", "discontinuity \"%s\" is as = %s; it must be a number, mostly ticks",
			  t->column[t->discontinuity].name, mib_as_word(t->column[t->discontinuity].as));
	default_rows(t);
}

/* ---- layout ------------------------------------------------------------------------------------------------------ */

static bool ds_name_good(const char *name)
{
	size_t len = strlen(name);

	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return len >= 1 && len <= STORE_DS_NAME_MAX;
}

/* False with a mistake when the column cannot have the data source it asks for. */
static bool ds_possible(struct mib_reader *r, const struct mib_column *c, const char *path)
{
	const struct store_layout *l = &r->t->layout;

	if (!ds_name_good(c->ds_name)) {
		mib_wrong(r, path, "column \"%s\": ds = \"%s\": 1 to %d of letters, digits and '_', as \"in_octets\"",
			  c->name, c->ds_name, STORE_DS_NAME_MAX);
		return false;
	}
	for (uint32_t i = 0; i < l->ds_count; i++) {
		if (strcmp(l->ds[i].name, c->ds_name) != 0)
			continue;
		mib_wrong(r, path, "column \"%s\": ds = \"%s\" is there already; each needs a name of its own", c->name,
			  c->ds_name);
		return false;
	}
	if (!mib_is_number(c->as)) {
		mib_wrong(r, path, "column \"%s\": ds = \"%s\", but as = %s is no number", c->name, c->ds_name,
			  mib_as_word(c->as));
		return false;
	}
	if (c->slow) {
		mib_wrong(r, path,
			  "column \"%s\": ds = \"%s\", but slow: it is not read each time; leave one of them out",
			  c->name, c->ds_name);
		return false;
	}
	return true;
}

static void layout_add(struct mib_reader *r, struct mib_column *c)
{
	struct store_layout *l = &r->t->layout;
	struct store_ds *ds = &l->ds[l->ds_count];
	char path[PATH_MAX_OCTETS];

	if (c->unit && strlen(c->unit) >= sizeof(ds->unit))
		mib_wrong(r, column_path(path, c, "unit"), "column \"%s\": unit = \"%s\" is longer than %zu", c->name,
			  c->unit, sizeof(ds->unit) - 1);
	if (!c->ds_name && c->keep)
		mib_wrong(r, column_path(path, c, "keep"), "column \"%s\": keep needs a ds", c->name);
	if (!c->ds_name || !ds_possible(r, c, column_path(path, c, "ds")))
		return;
	c->ds = (uint8_t)l->ds_count++;
	snprintf(ds->name, sizeof(ds->name), "%s", c->ds_name);
	snprintf(ds->unit, sizeof(ds->unit), "%.*s", (int)sizeof(ds->unit) - 1, c->unit ? c->unit : "");
	ds->counter = mib_is_counter(c->as);
	ds->keep = c->keep;
	if (c->otherwise != MIB_NO_COLUMN)
		r->t->column[c->otherwise].ds = c->ds;
}

void mib_layout(struct mib_reader *r)
{
	snprintf(r->t->layout.name, sizeof(r->t->layout.name), "%.63s", r->t->class_name);
	for (uint8_t i = 0; i < r->t->column_count; i++)
		layout_add(r, &r->t->column[i]);
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

static bool same_layout(const struct store_layout *a, const struct store_layout *b)
{
	if (a->ds_count != b->ds_count)
		return false;
	for (uint32_t i = 0; i < a->ds_count; i++)
		if (strcmp(a->ds[i].name, b->ds[i].name) != 0 || a->ds[i].counter != b->ds[i].counter ||
		    a->ds[i].keep != b->ds[i].keep)
			return false;
	return true;
}

/* Tables of one class make one kind of component: files and the part they play in their device are the same. */
static void check_class(const struct mib *mib, unsigned i, struct mistakes *m)
{
	const struct mib_table *t = mib->table[i], *first = mib_find_class(mib, t->class_name);

	if (first == t)
		return;
	if (t->layout.ds_count && first->layout.ds_count && !same_layout(&t->layout, &first->layout))
		mistake_add(m, t->file, t->line,
			    "table \"%s\": class \"%s\" has other data sources in table \"%s\" (%s:%u); "
			    "use the same ds in the same order, or another class", t->title, t->class_name,
			    first->title,
			    first->file, first->line);
	if (t->counts != first->counts)
		mistake_add(m, t->file, t->line,
			    "table \"%s\": class \"%s\" counts otherwise in table \"%s\" (%s:%u); write the same",
			    t->title, t->class_name, first->title, first->file, first->line);
}

static void check_unless(const struct mib *mib, const struct mib_table *t, struct mistakes *m)
{
	struct names titles = { 0 };

	for (unsigned i = 0; i < mib->count; i++)
		names_put(&titles, mib->table[i]->title, i);
	for (uint8_t i = 0; i < t->unless_count; i++) {
		const char *near = names_nearest(&titles, t->unless[i], 3);

		if (names_find(&titles, t->unless[i]) != NAMES_NONE)
			continue;
		mistake_add(m, t->file, t->line, "table \"%s\": unless \"%s\": no such table%s%s%s", t->title, t->unless[i],
			    near ? "; \"" : "; it names a table by title", near ? near : "", near ? "\" is near" : "");
	}
	names_release(&titles);
}

/* Have all tables that 't' is unless of a place among the first 'placed'? */
static bool unless_placed(const struct mib *mib, const struct mib_table *t, unsigned placed)
{
	for (uint8_t i = 0; i < t->unless_count; i++) {
		unsigned k = 0;

		while (k < placed && strcmp(mib->table[k]->title, t->unless[i]) != 0)
			k++;
		if (k == placed)
			return false;
	}
	return true;
}

/* Discovery goes through the tables in order: those that 'unless' names must have been asked before. The order is kept
 * apart from that. Where nothing can be placed any more, 'unless' goes round in a circle. */
static void order_tables(struct mib *mib, struct mistakes *m)
{
	for (unsigned placed = 0; placed < mib->count; placed++) {
		unsigned i = placed;
		struct mib_table *t;

		while (i < mib->count && !unless_placed(mib, mib->table[i], placed))
			i++;
		if (i == mib->count) {
			t = mib->table[placed];
			mistake_add(m, t->file, t->line, "table \"%s\": unless \"%s\" leads back to itself; leave one of them out",
				    t->title, t->unless[0]);
			return;
		}
		t = mib->table[i];
		memmove(mib->table + placed + 1, mib->table + placed, (i - placed) * sizeof(struct mib_table *));
		mib->table[placed] = t;
	}
}

/* Each packet of a poll carries them: there is room for so many. */
static void check_changes(const struct mib *mib, struct mistakes *m)
{
	struct names seen = { 0 };
	char text[OID_TEXT_MAX];
	uint8_t ber[OID_BER_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < mib->count; i++)
		for (uint8_t k = 0; k < mib->table[i]->marker_count; k++) {
			const struct mib_table *t = mib->table[i];

			oid_format(&t->marker[k], text, sizeof(text));
			if (oid_enc(&t->marker[k], ber, sizeof(ber)) > MIB_MARKER_OCTETS)
				mistake_add(m, t->file, t->line, "table \"%s\": changes: \"%s\" is too long; at most %u octets when encoded", t->title,
					    text, MIB_MARKER_OCTETS);
			if (names_find(&seen, text) != NAMES_NONE)
				continue;
			names_put(&seen, text, n);
			if (++n == MIB_MARKERS_MAX + 1)
				mistake_add(m, t->file, t->line, "table \"%s\": changes: more than %u different OIDs in all tables; leave some out",
					    t->title, MIB_MARKERS_MAX);
		}
	names_release(&seen);
}

void mib_check_tables(struct mib *mib, struct mistakes *m)
{
	unsigned before = m->count;

	for (unsigned i = 0; i < mib->count; i++) {
		check_unless(mib, mib->table[i], m);
		check_class(mib, i, m);
	}
	check_changes(mib, m);
	if (m->count == before)
		order_tables(mib, m);
}
