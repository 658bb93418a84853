/* t/sim/view.c: finding an object by its name, and the one after it, without a list of all.
 *
 * A table's objects are named ENTRY.column.index; all indices here are one arc. No object of one table lies between two
 * of another, so no table before the one that NAME is within has an object after NAME; only a group of scalars may be
 * told after a table that lies within it (ifTableLastChange after ifXTable): 'begin' says where to look first.
 * What was set or hidden by command is laid over the rest.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"

struct entry {
	uint8_t ber[32];
	size_t len;
	unsigned begin;		/* the first table that may hold an object after a name within this one */
	bool parent;		/* another entry lies within this one */
};
struct sim_view { unsigned count; struct entry entry[]; };

static bool name_within(const uint8_t *name, size_t len, const uint8_t *root, size_t root_len)
{
	return len >= root_len && memcmp(name, root, root_len) == 0;
}

struct sim_view *view_new(void)
{
	struct sim_view *v = must_alloc(sizeof(*v) + sim_table_count * sizeof(struct entry));

	v->count = sim_table_count;
	for (unsigned i = 0; i < v->count; i++) {
		struct oid o;

		must(oid_parse(sim_tables[i].entry, &o));
		v->entry[i].len = oid_enc(&o, v->entry[i].ber, sizeof(v->entry[i].ber));
		must(v->entry[i].len > 0);
		v->entry[i].begin = i;
	}
	for (unsigned i = 0; i < sim_table_count; i++) {
		for (unsigned k = sim_table_count; k-- > 0; ) {
			struct entry *a = &v->entry[i], *b = &v->entry[k];

			if (k == i || !name_within(b->ber, b->len, a->ber, a->len))
				continue;
			a->parent = true;
			a->begin = k < a->begin ? k : a->begin;
		}
	}
	return v;
}

void view_free(struct sim_view *v)
{
	free(v);
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

uint32_t row_count(const struct device *d, enum rows set)
{
	if (set == ROWS_PORT && d->extra && d->extra->map)
		return d->extra->map_count;
	return d->model->rows[set].total;
}

uint32_t row_index(const struct device *d, enum rows set, uint32_t row)
{
	const struct range *r = d->model->rows[set].range;

	if (set == ROWS_PORT && d->extra && d->extra->map)
		return d->extra->map[row].index;
	while (row >= r->count)
		row -= r++->count;
	return r->first + row;
}

uint32_t row_seek(const struct device *d, enum rows set, uint32_t index)
{
	const struct rowset *s = &d->model->rows[set];
	uint32_t low = 0, high = row_count(d, set);

	if (set == ROWS_PORT && d->extra && d->extra->map) {
		while (low < high) {
			uint32_t mid = low + (high - low) / 2;

			if (d->extra->map[mid].index < index)
				low = mid + 1;
			else
				high = mid;
		}
		return low;
	}
	for (const struct range *r = s->range; low < s->total; low += r++->count) {
		if (index <= r->first)
			return low;
		if (index - r->first < r->count)
			return low + (index - r->first);
	}
	return low;
}

uint32_t row_port(const struct device *d, uint32_t row)
{
	return d->extra && d->extra->map ? d->extra->map[row].port : row + 1;
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

/* The next arc of a well-formed name; false at its end. */
static bool arc_next(const uint8_t **at, const uint8_t *end, uint32_t *arc)
{
	uint32_t v = 0;

	if (*at >= end)
		return false;
	while (*at < end) {
		uint8_t b = *(*at)++;

		v = v << 7 | (b & 0x7f);
		if (!(b & 0x80))
			break;
	}
	*arc = v;
	return true;
}

static uint8_t *arc_put(uint8_t *to, uint32_t arc)
{
	for (int shift = 28; shift > 0; shift -= 7)
		if (arc >> shift)
			*to++ = (uint8_t)(0x80 | (arc >> shift & 0x7f));
	*to++ = (uint8_t)(arc & 0x7f);
	return to;
}

static bool column_there(const struct look *l, const struct column *c)
{
	if (c->flags & COLUMN_HC && !l->device->model->hc)
		return false;
	return !(l->v1 && c->type == SNMP_COUNTER64);
}

static uint32_t odd_of(const struct look *l)
{
	return l->device->extra ? l->device->extra->odd : 0;
}

/* The row after 'row' in the order this agent tells them; a disordered one changes places of the third and fourth. */
static uint32_t row_after(const struct look *l, uint32_t row, uint32_t count)
{
	bool swap = odd_of(l) & ODD_ORDER && count >= 4;
	uint32_t at = swap && (row == 2 || row == 3) ? 5 - row : row;

	at++;
	if (at >= count && odd_of(l) & ODD_LOOP)
		at = 0;
	return swap && (at == 2 || at == 3) ? 5 - at : at;
}

struct place { const struct table *table; const struct column *column; uint32_t row; };

/* The first object of column number 'c' or a later one. */
static bool column_first(const struct look *l, const struct table *t, unsigned c, struct place *p)
{
	if (row_count(l->device, t->rows) == 0)
		return false;
	for (; c < t->column_count; c++) {
		if (column_there(l, &t->column[c])) {
			*p = (struct place){ t, &t->column[c], 0 };
			return true;
		}
	}
	return false;
}

/* The first object of table 'i' after 'name'; false when it has none. */
static bool table_after(const struct look *l, unsigned i, const uint8_t *name, size_t len, struct place *p)
{
	const struct table *t = &sim_tables[i];
	const struct entry *e = &l->sim->view->entry[i];
	uint32_t column, index, rows = row_count(l->device, t->rows);
	const uint8_t *at = name + e->len, *end = name + len;
	unsigned c = 0;

	if (!name_within(name, len, e->ber, e->len))
		return oid_ber_compare(name, len, e->ber, e->len) < 0 && column_first(l, t, 0, p);
	if (!arc_next(&at, end, &column))
		return column_first(l, t, 0, p);
	while (c < t->column_count && t->column[c].arc < column)
		c++;
	if (c == t->column_count)
		return false;
	if (rows > 0 && t->column[c].arc == column && column_there(l, &t->column[c]) && arc_next(&at, end, &index)) {
		uint32_t row = row_seek(l->device, t->rows, index);

		if (row < rows && row_index(l->device, t->rows, row) == index)
			row = row_after(l, row, rows);
		if (row < rows) {
			*p = (struct place){ t, &t->column[c], row };
			return true;
		}
		c++;
	}
	return column_first(l, t, c, p);
}

static void place_value(const struct look *l, const struct place *p, struct snmp_varbind *vb)
{
	vb->type = p->column->type;
	p->column->value(l, p->row, p->column->arg, vb);
}

static size_t place_name(const struct look *l, const struct place *p, uint8_t *out)
{
	const struct entry *e = &l->sim->view->entry[p->table - sim_tables];
	uint8_t *to = out + e->len;

	memcpy(out, e->ber, e->len);
	to = arc_put(to, p->column->arc);
	to = arc_put(to, row_index(l->device, p->table->rows, p->row));
	return (size_t)(to - out);
}

/* ---- the described device ---------------------------------------------------------------------------------------- */

/* The longest entry that 'name' is within; sim_table_count when none. Often it is the one of the name before. */
static unsigned table_of(struct look *l, const uint8_t *name, size_t len)
{
	const struct entry *e = &l->sim->view->entry[l->hint];
	unsigned best = sim_table_count;

	if (!e->parent && name_within(name, len, e->ber, e->len))
		return l->hint;
	e = l->sim->view->entry;
	for (unsigned i = 0; i < sim_table_count; i++)
		if (name_within(name, len, e[i].ber, e[i].len) && (best == sim_table_count || e[i].len > e[best].len))
			best = i;
	if (best < sim_table_count)
		l->hint = best;
	return best;
}

static uint8_t model_get(struct look *l, const uint8_t *name, size_t len, struct snmp_varbind *vb)
{
	unsigned i = table_of(l, name, len);
	const uint8_t *at, *end = name + len;
	const struct table *t;
	uint32_t arc, index, row, rows;

	if (i == sim_table_count)
		return SNMP_NO_OBJECT;
	t = &sim_tables[i];
	at = name + l->sim->view->entry[i].len;
	rows = row_count(l->device, t->rows);
	if (rows == 0 || !arc_next(&at, end, &arc))
		return SNMP_NO_OBJECT;
	for (unsigned c = 0; c < t->column_count; c++) {
		if (t->column[c].arc != arc || !column_there(l, &t->column[c]))
			continue;
		if (!arc_next(&at, end, &index) || at != end)
			return SNMP_NO_INSTANCE;
		row = row_seek(l->device, t->rows, index);
		if (row >= rows || row_index(l->device, t->rows, row) != index)
			return SNMP_NO_INSTANCE;
		place_value(l, &(struct place){ t, &t->column[c], row }, vb);
		return vb->type;
	}
	return SNMP_NO_OBJECT;
}

/* Length of the name of the next object in 'out', 0 when there is none. */
static size_t model_next(struct look *l, const uint8_t *name, size_t len, uint8_t *out, struct snmp_varbind *vb)
{
	unsigned i = table_of(l, name, len);
	struct place p;
	size_t n;

	i = i < sim_table_count ? l->sim->view->entry[i].begin : 0;
	while (i < sim_table_count && !table_after(l, i, name, len, &p))
		i++;
	if (i == sim_table_count)
		return 0;
	n = place_name(l, &p, out);
	place_value(l, &p, vb);
	return n;
}

/* ---- the recorded device ----------------------------------------------------------------------------------------- */

static const uint8_t sys_uptime_name[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };

/* A live recording's counters grow by 1000 + (record number mod 1000) a second, and its sysUpTime runs. */
static void record_value(const struct look *l, unsigned at, struct snmp_varbind *vb)
{
	const struct recording *r = l->device->model->recording;
	const struct record *rec = &r->record[at];
	int64_t age_us = l->now_us - l->device->boot_us;

	vb->type = rec->type;
	vb->number = rec->number;
	vb->bytes = r->bytes + rec->value_at;
	vb->bytes_len = rec->value_len;
	if (!l->device->model->live && !l->device->rebooted)
		return;
	if (rec->name_len == sizeof(sys_uptime_name) &&
	    memcmp(record_name(r, at), sys_uptime_name, sizeof(sys_uptime_name)) == 0)
		vb->number = (l->device->rebooted ? 0 : rec->number) + (uint64_t)(age_us / 10000);
	else if (rec->type == SNMP_COUNTER32 || rec->type == SNMP_COUNTER64)
		vb->number = (l->device->rebooted ? 0 : rec->number) + sim_growth(1000 + at % 1000, age_us);
	if (rec->type != SNMP_COUNTER64 && rec->type != SNMP_INTEGER)
		vb->number &= UINT32_MAX;
}

static uint8_t recorded_get(struct look *l, const uint8_t *name, size_t len, struct snmp_varbind *vb)
{
	const struct recording *r = l->device->model->recording;
	unsigned at = recording_seek(r, name, len, false);
	size_t parent = len;

	if (at < r->count && r->record[at].name_len == len && memcmp(record_name(r, at), name, len) == 0) {
		if (l->v1 && r->record[at].type == SNMP_COUNTER64)
			return SNMP_NO_OBJECT;
		record_value(l, at, vb);
		return vb->type;
	}
	/* Without MIBs: an instance is missing where a neighbour has the same name but its last arc. */
	while (parent > 1 && name[parent - 2] & 0x80)
		parent--;
	at = recording_seek(r, name, parent - 1, true);
	return at < r->count && name_within(record_name(r, at), r->record[at].name_len, name, parent - 1)
	       ? SNMP_NO_INSTANCE : SNMP_NO_OBJECT;
}

/* In a disordered recording every 3rd and 4th of 16 change places; in a looping one the 64th leads back to the 1st. */
static unsigned record_after(const struct look *l, unsigned at, bool exact)
{
	uint32_t odd = odd_of(l);

	if (exact) {
		if (odd & ODD_ORDER && (at & 14) == 2 && (at | 1) < l->device->model->recording->count)
			at ^= 1;
		at = odd & ODD_LOOP && at % 64 == 63 ? at - 63 : at + 1;
	}
	if (odd & ODD_ORDER && (at & 14) == 2 && (at | 1) < l->device->model->recording->count)
		at ^= 1;
	return at;
}

static size_t recorded_next(struct look *l, const uint8_t *name, size_t len, uint8_t *out, struct snmp_varbind *vb)
{
	const struct recording *r = l->device->model->recording;
	unsigned at = recording_seek(r, name, len, false);
	bool exact = at < r->count && r->record[at].name_len == len && memcmp(record_name(r, at), name, len) == 0;

	at = record_after(l, at, exact);
	while (at < r->count && l->v1 && r->record[at].type == SNMP_COUNTER64)
		at++;
	if (at >= r->count)
		return 0;
	memcpy(out, record_name(r, at), r->record[at].name_len);
	record_value(l, at, vb);
	return r->record[at].name_len;
}

/* ---- what was set or hidden -------------------------------------------------------------------------------------- */

static bool overlay_hides(const struct extra *x, const uint8_t *name, size_t len)
{
	for (unsigned i = 0; i < x->overlay_count; i++)
		if (x->overlay[i].hidden && name_within(name, len, x->overlay[i].name, x->overlay[i].name_len))
			return true;
	return false;
}

/* What is told instead of a value, NULL: nothing is. */
static const struct overlay *overlay_said(const struct extra *x, const uint8_t *name, size_t len)
{
	for (unsigned i = 0; i < x->overlay_count; i++)
		if (x->overlay[i].said && name_within(name, len, x->overlay[i].name, x->overlay[i].name_len))
			return &x->overlay[i];
	return NULL;
}

static void overlay_value(const struct overlay *o, struct snmp_varbind *vb)
{
	vb->type = o->type;
	vb->number = o->number;
	vb->bytes = o->bytes;
	vb->bytes_len = o->bytes_len;
}

static const struct overlay *overlay_after(const struct extra *x, const uint8_t *name, size_t len)
{
	for (unsigned i = 0; i < x->overlay_count; i++)
		if (!x->overlay[i].hidden && !x->overlay[i].denied && !x->overlay[i].said && oid_ber_compare(x->overlay[i].name, x->overlay[i].name_len, name, len) > 0)
			return &x->overlay[i];
	return NULL;
}

void view_get(struct look *l, const uint8_t *name, size_t len, struct snmp_varbind *vb)
{
	const struct extra *x = l->device->extra;

	vb->name = name;
	vb->name_len = (uint16_t)len;
	for (unsigned i = 0; x && i < x->overlay_count; i++) {
		const struct overlay *o = &x->overlay[i];

		if (o->denied && name_within(name, len, o->name, o->name_len)) {
			vb->type = SNMP_NO_INSTANCE;
			return;
		}
		if (o->said && name_within(name, len, o->name, o->name_len)) {
			vb->type = o->type;
			return;
		}
		if (!o->hidden && o->name_len == len && memcmp(o->name, name, len) == 0) {
			overlay_value(o, vb);
			return;
		}
	}
	if (x && x->overlay_count && overlay_hides(x, name, len))
		vb->type = SNMP_NO_INSTANCE;
	else if (l->device->model->recording)
		vb->type = recorded_get(l, name, len, vb);
	else
		vb->type = model_get(l, name, len, vb);
}

static size_t base_next(struct look *l, const uint8_t *name, size_t len, uint8_t *out, struct snmp_varbind *vb)
{
	return l->device->model->recording ? recorded_next(l, name, len, out, vb) : model_next(l, name, len, out, vb);
}

void view_next(struct look *l, const uint8_t *name, size_t len, uint8_t *out, struct snmp_varbind *vb)
{
	const struct extra *x = l->device->extra;
	size_t n = base_next(l, name, len, out, vb);

	if (x && x->overlay_count) {
		const struct overlay *o = overlay_after(x, name, len);

		while (n > 0 && overlay_hides(x, out, n)) {
			uint8_t from[OID_BER_MAX];

			memcpy(from, out, n);
			n = base_next(l, from, n, out, vb);
		}
		if (o && (n == 0 || oid_ber_compare(o->name, o->name_len, out, n) <= 0)) {
			n = o->name_len;
			memcpy(out, o->name, n);
			overlay_value(o, vb);
		}
		if (n > 0 && (o = overlay_said(x, out, n)) != NULL)
			*vb = (struct snmp_varbind){ .type = o->type };
	}
	vb->name = n ? out : name;
	vb->name_len = (uint16_t)(n ? n : len);
	if (n == 0)
		vb->type = SNMP_END_OF_MIB;
}
