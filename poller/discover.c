/* poller/discover.c: which tables and rows a device has, and what they are called.
 *
 * Table by table of the definitions: walk the columns that make the rows; if there are any, the naming columns, states and
 * everything marked slow. A table of scalars is asked by one GET. Only a whole walk changes anything: a row that two
 * complete discoveries in a row did not find is gone (its component stays, down); an incomplete walk renames nothing.
 *
 * Names: the naming column is chosen once per device and table, and kept with its parts: the first of the definition's that
 * most rows fill; equal names all get "~index", and keep it when only one is left. A known name under another index is the same
 * component: it is mapped, and that is an event. History stays with the name.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/arena.h"
#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/discover-int.h"

static void table_next(struct discovery *x);
static void table_read(struct discovery *x);

/* ---- gathering rows ------------------------------------------------------------------------------------------------------ */

static struct found *row_of(struct discovery *x, const struct oid *name, uint8_t prefix)
{
	const struct mib_table *t = x->d->w->config->mib->table[x->table];
	char key[LAST_ARCS * 11 + 1];
	uint32_t i;
	struct found *f;

	if (name->len > prefix + LAST_ARCS)
		x->too_long = t;
	if (name->len <= prefix || name->len - prefix > LAST_ARCS)
		return NULL;
	i = row_find(x, name->arc + prefix, (uint8_t)(name->len - prefix), key);
	if (i != NAMES_NONE)
		return &x->row[i];
	if (x->rows == ROWS_MOST)
		return NULL;
	if (x->rows == x->rows_size) {
		x->rows_size = x->rows_size ? x->rows_size * 2 : 64;
		x->row = must_realloc(x->row, x->rows_size * sizeof(*x->row));
	}
	f = &x->row[x->rows];
	*f = (struct found){ .arcs = (uint8_t)(name->len - prefix), .known = NAMES_NONE };
	memcpy(f->arc, name->arc + prefix, f->arcs * sizeof(f->arc[0]));
	f->cell = arena_alloc(&x->arena, t->column_count * sizeof(*f->cell));
	names_put(&x->by_index, arena_strdup(&x->arena, key), x->rows++);
	return f;
}

static void cell_take(struct discovery *x, struct found *f, uint8_t column, const struct snmp_varbind *vb)
{
	struct cell *c = &f->cell[column];

	c->type = vb->type;
	c->number = vb->number;
	c->len = vb->bytes_len < 255 ? vb->bytes_len : 255;
	c->bytes = NULL;
	if (c->len) {
		uint8_t *copy = arena_alloc(&x->arena, c->len);

		memcpy(copy, vb->bytes, c->len);
		c->bytes = copy;
	}
}

static bool walk_row(void *owner, const struct snmp_varbind *vb, struct mono at)
{
	struct discovery *x = owner;
	const struct mib_table *t = x->d->w->config->mib->table[x->table];
	const struct mib_column *k = &t->column[x->column_now];
	struct oid name;
	struct found *f;

	x->d->snmp_answered = true;
	x->d->answered_at = worker_wall(x->d->w, at);
	x->heard = at;
	if (!oid_dec(&name, vb->name, vb->name_len))
		return true;
	f = row_of(x, &name, k->oid.len);
	if (f == NULL)
		return true;
	cell_take(x, f, x->column_now, vb);
	f->hole = f->hole || vb->type == SNMP_NULL || vb->type >= SNMP_NO_OBJECT;
	x->holes = x->holes || f->hole;
	for (uint8_t i = 0; i < t->rows_count && vb->type < SNMP_NO_OBJECT; i++)
		f->is_row = f->is_row || t->rows[i] == x->column_now;
	return true;
}

/* Something could not be read: the first such thing is kept for people. */
__attribute__((format(printf, 2, 3)))
static void incomplete(struct discovery *x, const char *fmt, ...)
{
	va_list ap;

	x->incomplete = true;
	if (x->trouble[0])
		return;
	va_start(ap, fmt);
	vsnprintf(x->trouble, sizeof(x->trouble), fmt, ap);
	va_end(ap);
}

/* ---- from rows to parts ------------------------------------------------------------------------------------------------ */

static void post_part(struct device *d, const struct mib_table *t, const struct part *p)
{
	struct msg_name *m;

	if (t->counts == COUNTS_NAMED && !p->watched)
		return;
	m = msg_new(MSG_PART, sizeof(*m));
	part_name(d, p, m->name, sizeof(m->name));
	if (!worker_post_main(d->w, &m->m))
		d->discovery_due = mono_add(clock_mono(), d->w->config->interval);	/* main is busy: again soon */
}

/* The part of a row, made when it is new; LAST_NONE when the last file has no room (said there, asked again later). */
static uint32_t part_of(struct discovery *x, const struct mib_table *t, const struct found *f, uint8_t naming)
{
	struct device *d = x->d;
	uint32_t record = last_find(d->w->last, d->cfg->name, t->class_name, f->name), i;
	struct last_record *r;

	if (record != LAST_NONE && (i = parts_map_find(&x->by_record, d, record)) != LAST_NONE)
		return i;
	if (record == LAST_NONE)
		record = last_add(d->w->last, d->cfg->name, t->class_name, f->name);
	if (record == LAST_NONE)
		return LAST_NONE;
	r = last_begin(d->w->last, record);
	r->signature = last_signature(t);
	r->name_column = naming;
	last_text_set(r, LAST_T_TABLE, t->title, strlen(t->title));
	last_end(d->w->last, record);
	x->added++;
	return part_add(d, record, (uint8_t)x->table);
}

/* Index, and what was read on the way. Under another index, or after it was away, its counters begin anew: whether the agent
 * carried them over, or what is there now has counted on from the port before it, no value tells. */
static void part_update(struct discovery *x, const struct mib_table *t, struct part *p, const struct found *f, struct wall at)
{
	struct last_record *r = last_begin(x->d->w->last, p->record);
	bool same = r->arcs == f->arcs && memcmp(r->arc, f->arc, f->arcs * sizeof(f->arc[0])) == 0, moved = r->arcs && !same;

	if (!same || r->flags & LAST_F_GONE)
		sample_begin_anew(t, p, r);
	r->arcs = f->arcs;
	memcpy(r->arc, f->arc, f->arcs * sizeof(f->arc[0]));
	x->returned += (r->flags & LAST_F_GONE) != 0;
	r->flags &= (uint8_t)~(LAST_F_GONE | LAST_F_ABSENT);
	last_end(x->d->w->last, p->record);
	x->reindexed += moved;
	p->skip = 0;
	for (uint8_t c = 0; c < t->column_count; c++) {
		const struct cell *k = &f->cell[c];
		struct snmp_varbind vb = { .bytes = k->bytes, .bytes_len = k->len, .number = k->number, .type = k->type };

		if (k->type != 0 && t->column[c].ds == MIB_NO_COLUMN)
			sample_value(x->d, p, c, &vb, at);
	}
	part_state(x->d, p, at);
}

/* Its index belongs to a row of another name now: nothing that is read there is its own any more. */
static void part_renamed(struct discovery *x, const struct part *p)
{
	enum { TOLD = 4 };
	struct device *d = x->d;
	const struct last_record *r = last_at(d->w->last, p->record);
	char key[LAST_ARCS * 11 + 1], old[LAST_INSTANCE_MAX + 1];
	uint32_t row = r->arcs ? row_find(x, r->arc, r->arcs, key) : NAMES_NONE;
	struct last_record *w;

	if (row == NAMES_NONE || x->row[row].name == NULL)
		return;
	last_text_get(r, LAST_T_INSTANCE, old, sizeof(old));
	if (x->row[row].fresh && x->renamed++ < TOLD)	/* else a port that has long been there has this index now */
		worker_note(d->w, "rename", d->cfg->name, worker_wall(d->w, clock_mono()), "%s %s is called %s now",
			    part_table(d, p)->class_name, old, x->row[row].name);
	w = last_begin(d->w->last, p->record);
	w->arcs = 0;
	last_end(d->w->last, p->record);
}

/* A complete discovery did not find this part: the first time it may be a hole of the agent's, the second time it is gone. */
static void part_missing(struct discovery *x, struct part *p)
{
	struct last *last = x->d->w->last;
	uint8_t flags = last_at(last, p->record)->flags;

	if (flags & LAST_F_GONE)
		return;
	part_renamed(x, p);
	p->vanished = flags & LAST_F_ABSENT;
	x->unsure = x->unsure || !p->vanished;
	last_begin(last, p->record)->flags |= LAST_F_ABSENT;
	last_end(last, p->record);
}

/* Those that it did not find the second time. But an agent that tells nothing at all hides what it has: then nothing is gone. */
static void parts_gone(struct discovery *x)
{
	struct device *d = x->d;

	for (uint32_t i = 0; i < d->part_count; i++) {
		struct part *p = &d->part[i];

		if (!p->vanished)
			continue;
		p->vanished = false;
		if (!x->told) {
			incomplete(x, "the agent tells none of its objects any more");
			continue;
		}
		last_begin(d->w->last, p->record)->flags |= LAST_F_GONE;
		last_end(d->w->last, p->record);
		x->gone++;
		part_state(d, p, worker_wall(d->w, clock_mono()));
	}
}

/* Parts of the table that this complete discovery did not find. */
static void parts_missing(struct discovery *x, const bool *found, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (x->d->part[i].table == x->table && !found[i])
			part_missing(x, &x->d->part[i]);
}

static bool has_no_row(const struct device *d, const struct part *p)
{
	const struct last_record *r = last_at(d->w->last, p->record);

	return r->arcs == 0 || r->flags & LAST_F_GONE;
}

static void table_merge(struct discovery *x)
{
	struct device *d = x->d;
	const struct mib_table *t = d->w->config->mib->table[x->table];
	struct wall at = worker_wall(d->w, clock_mono());
	uint32_t before = d->part_count;
	bool *found = must_alloc(before + 1);
	uint8_t naming;

	naming = rows_name(x, t);
	parts_map_build(&x->by_record, d);
	for (uint32_t i = 0; i < x->rows; i++) {
		uint32_t p;

		if (x->row[i].name == NULL)
			continue;
		x->tables |= UINT64_C(1) << x->table;
		x->told = x->told || x->row[i].is_row;
		if ((p = part_of(x, t, &x->row[i], naming)) == LAST_NONE) {
			incomplete(x, "table '%s': no room in the last file", t->title);
			continue;
		}
		x->row[i].fresh = p >= before || has_no_row(d, &d->part[p]);
		part_update(x, t, &d->part[p], &x->row[i], at);
		if (p < before)
			found[p] = true;
		post_part(d, t, &d->part[p]);
	}
	parts_missing(x, found, before);
	free(found);
}

/* ---- the walks ---------------------------------------------------------------------------------------------------------------- */

static void rows_reset(struct discovery *x)
{
	free(x->row);
	x->row = NULL;
	x->rows = x->rows_size = 0;
	x->holes = false;
	names_release(&x->by_index);
	x->by_index = (struct names){ 0 };
	arena_reset(&x->arena);
}

static void column_want(struct discovery *x, uint8_t column)
{
	for (uint8_t i = 0; i < x->columns; i++)
		if (x->column[i] == column)
			return;
	if (column != MIB_NO_COLUMN)
		x->column[x->columns++] = column;
}

/* Rows first: where there are none the rest is not asked. */
static void columns_list(struct discovery *x, const struct mib_table *t)
{
	x->columns = x->at = 0;
	for (uint8_t i = 0; i < t->rows_count; i++)
		column_want(x, t->rows[i]);
	for (uint8_t i = 0; i < t->name_count; i++)
		column_want(x, t->name[i]);
	column_want(x, t->state.column);
	column_want(x, t->admin.column);
	for (uint8_t i = 0; i < t->where_count; i++)
		column_want(x, t->where[i].column);
	for (uint8_t c = 0; c < t->column_count; c++)
		if (t->column[c].slow)
			column_want(x, c);
}

static void walk_done(void *owner, enum fw_err err);

/* As many as the table has rows, and one to see its end, where they are known. */
static unsigned bulk_for(const struct discovery *x)
{
	return x->at == 0 || x->rows + 1 >= x->d->bulk ? x->d->bulk : x->rows + 1;
}

static void walk_column(struct discovery *x)
{
	const struct mib_table *t = x->d->w->config->mib->table[x->table];
	struct snmp_walk_spec spec = {
		.max_repetitions = bulk_for(x), .most_repetitions = x->d->learn.bulk_most ? x->d->learn.bulk_most : BULK_MOST, .most_rows = ROWS_MOST, .row = walk_row, .done = walk_done, .owner = x,
	};

	x->column_now = x->column[x->at];
	spec.root = &t->column[x->column_now].oid;
	x->walk = snmp_walk_start(x->d->w->snmp, &x->d->peer, &spec);
	if (x->walk == NULL) {
		incomplete(x, "table '%s': too many requests are out", t->title);
		table_next(x);
	}
}

static bool any_row(const struct discovery *x)
{
	for (uint32_t i = 0; i < x->rows; i++)
		if (x->row[i].is_row)
			return true;
	return false;
}

static void walk_done(void *owner, enum fw_err err)
{
	struct discovery *x = owner;
	const struct mib_table *t = x->d->w->config->mib->table[x->table];

	if (err == FW_OK && x->walk != NULL) {
		struct snmp_walk_learned learned = snmp_walk_learned(x->walk);

		learn_walked(x->d, &learned);
	}
	x->walk = NULL;
	if (err == FW_ORDER)
		learn_odd(x->d, ODD_ORDER);
	if (err == FW_MALFORM)
		learn_odd(x->d, ODD_MALFORMED);
	if (err != FW_OK) {
		incomplete(x, "table '%s' not read whole: column %s: %s", t->title, t->column[x->column_now].name,
			   fw_err_text(err));
		x->at = x->columns;
		table_next(x);
		return;
	}
	x->d->snmp_answered = true;
	x->began = x->heard = clock_mono();
	x->at++;
	if (x->at >= t->rows_count && !any_row(x))
		x->at = x->columns;
	if (x->at < x->columns) {
		walk_column(x);
		return;
	}
	table_read(x);
}

/* ---- change markers -------------------------------------------------------------------------------------------------------------- */

static void table_whole(struct discovery *x)
{
	table_merge(x);
	table_next(x);
}

static void marks_answer(void *owner, uint32_t first, const struct snmp_answer *a);

/* Read the markers, at the begin and after a table that has some. False when there is nothing to ask, or no room for it. */
static bool marks_ask(struct discovery *x, bool first)
{
	free(x->packet);
	x->packet = x->marks.count <= x->d->pack ? marks_packet(x->d, &x->marks) : NULL;
	if (x->packet != NULL)
		x->ask = snmp_ask(x->d->w->snmp, &x->d->peer, x->packet, marks_answer, x, first);
	return x->ask != NULL;
}

static void table_again(struct discovery *x)
{
	const struct mib_table *t = x->d->w->config->mib->table[x->table];

	if (x->torn++ < TORN_MOST) {
		rows_reset(x);
		columns_list(x, t);
		walk_column(x);
		return;
	}
	incomplete(x, "table '%s' not read whole: its rows are numbered anew all the time", t->title);
	table_next(x);
}

static void marks_answer(void *owner, uint32_t first, const struct snmp_answer *a)
{
	struct discovery *x = owner;
	const struct mib *mib = x->d->w->config->mib;
	struct marks before = x->marks;

	x->ask = NULL;
	if (a->err == FW_OK) {
		x->d->snmp_answered = true;
		x->d->answered_at = worker_wall(x->d->w, a->at);
		x->heard = a->at;
	}
	x->marks.known = a->err == FW_OK && marks_take(&x->marks, a->reply);
	if (first) {
		table_next(x);
	} else if (!x->marks.known) {
		incomplete(x, "table '%s' not read whole: its markers: %s", mib->table[x->table]->title,
			   fw_err_text(a->err ? a->err : FW_AGENT));
		table_next(x);
	} else if (marks_same(mib, x->table, &before, &x->marks)) {
		table_whole(x);
	} else {
		table_again(x);
	}
}

/* All columns have been walked. */
static void table_read(struct discovery *x)
{
	bool rows = x->d->w->config->mib->table[x->table]->marker_count > 0 && any_row(x);

	if (!rows || !x->marks.known || !marks_ask(x, false))
		table_whole(x);
}

/* ---- tables of scalars ---------------------------------------------------------------------------------------------------------- */

static void scalars_answer(void *owner, uint32_t tag, const struct snmp_answer *a);

/* One GET of the columns from 'tag' on; v1 agents refuse the whole for one missing object, so there they are asked one by one. */
static void scalars_ask(struct discovery *x, uint32_t first)
{
	const struct mib_table *t = x->d->w->config->mib->table[x->table];
	struct snmp_name names[MIB_COLUMNS_MAX];
	uint8_t ber[MIB_COLUMNS_MAX][80];
	struct snmp_request q = {
		.community = x->d->peer.community, .version = x->d->peer.version, .pdu = SNMP_GET, .names = names,
		.request_id = 0x00800000,
	};
	uint32_t end = x->d->peer.version == SNMP_V1 || x->singly ? first + 1 : t->column_count;

	for (uint32_t c = first; c < end; c++) {
		struct oid o = t->column[c].oid;

		if (!oid_push(&o, 0))
			continue;
		names[q.name_count] = (struct snmp_name){ ber[q.name_count], (uint16_t)oid_enc(&o, ber[q.name_count], sizeof(ber[0])) };
		q.name_count++;
	}
	free(x->packet);
	x->packet = NULL;
	if (snmp_packet_new(&x->packet, &q, SNMP_PACKET_MAX) == FW_OK)
		x->ask = snmp_ask(x->d->w->snmp, &x->d->peer, x->packet, scalars_answer, x, first);
	if (x->ask == NULL) {
		incomplete(x, "table '%s': too many requests are out", t->title);
		table_next(x);
	}
}

static void scalars_take(struct discovery *x, struct snmp_message *m, uint32_t first)
{
	const struct mib_table *t = x->d->w->config->mib->table[x->table];
	struct snmp_varbind vb;
	struct oid none = { .arc = { 0 }, .len = 1 };
	struct found *f = row_of(x, &none, 0);

	for (uint32_t c = first; c < t->column_count && f && snmp_varbind_next(m, &vb); c++) {
		const struct mib_column *k = &t->column[c];

		if (vb.name_len != k->oid_ber_len + 1 || memcmp(vb.name, k->oid_ber, k->oid_ber_len) != 0)
			continue;
		if (vb.type == SNMP_NULL || vb.type >= SNMP_NO_OBJECT)
			continue;
		cell_take(x, f, (uint8_t)c, &vb);
		f->is_row = true;
	}
}

static void scalars_answer(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct discovery *x = owner;
	const struct mib_table *t = x->d->w->config->mib->table[x->table];
	bool one = x->packet->name_count == 1;

	x->ask = NULL;
	if (a->err != FW_OK) {
		incomplete(x, "table '%s' not read whole: %s", t->title, fw_err_text(a->err));
		table_next(x);
		return;
	}
	x->d->snmp_answered = true;
	x->d->answered_at = worker_wall(x->d->w, a->at);
	x->heard = a->at;
	if (a->reply->error_status == SNMP_ERR_NONE)
		scalars_take(x, a->reply, tag);
	else if (!one) {	/* something in it is refused: one by one */
		x->singly = true;
		scalars_ask(x, 0);
		return;
	}
	if (one && tag + 1 < t->column_count) {
		scalars_ask(x, tag + 1);
		return;
	}
	table_merge(x);
	table_next(x);
}

/* ---- table after table ------------------------------------------------------------------------------------------------------------ */

static void discovery_remember(struct discovery *x, struct wall at)
{
	struct device *d = x->d;
	struct last_record *r = last_begin(d->w->last, d->record);
	char before[160];

	last_text_get(r, LAST_T_TROUBLE, before, sizeof(before));
	r->signature = d->w->mib_hash;
	if (!x->incomplete) {
		r->value[LAST_D_DISCOVERED_AT] = x->unsure || x->gone ? 0 : (uint64_t)at.us;	/* 0: again soon, also after a restart */
		r->value[LAST_D_TABLES] = x->tables;
		r->value[LAST_D_VOUCHED] = marks_vouched(d->w->config->mib, &x->marks);
	}
	r->value[LAST_D_BULK] = d->bulk;
	last_text_set(r, LAST_T_TROUBLE, x->trouble, strlen(x->trouble));
	last_end(d->w->last, d->record);
	if (x->trouble[0] && strncmp(before, x->trouble, sizeof(before) - 1) != 0)	/* said once, not at every try */
		log_info(LOG_POLL, "device '%s': %s", d->cfg->name, x->trouble);
}

static void discovery_end(struct discovery *x)
{
	struct device *d = x->d;
	struct wall at = worker_wall(d->w, clock_mono());
	bool complete, unsure = x->unsure, news;

	parts_gone(x);
	complete = !x->incomplete;
	if (x->too_long && !x->trouble[0])
		snprintf(x->trouble, sizeof(x->trouble), "table '%s': rows whose index has more than %d numbers are left out",
			 x->too_long->title, LAST_ARCS);
	news = x->reindexed || (x->added && x->added < d->part_count) || x->gone || x->returned || unsure;
	discovery_remember(x, at);
	if (complete) {
		d->marker = marks_together(d, &x->marks);
		d->vouched = last_at(d->w->last, d->record)->value[LAST_D_VOUCHED];
	}
	if (x->reindexed)
		worker_note(d->w, "reindex", d->cfg->name, at, "%u components have another index; history stays with their names",
			    x->reindexed);
	if (x->added && x->added < d->part_count)
		worker_note(d->w, "new", d->cfg->name, at, "%u components were not there before", x->added);
	if (x->gone)
		worker_note(d->w, "gone", d->cfg->name, at, "%u components are no longer there", x->gone);
	log_debug(LOG_POLL, "device '%s': discovery %s parts=%u added=%u", d->cfg->name, complete ? "complete" : "incomplete",
		  d->part_count, x->added);
	discovery_cancel(d);
	device_discovered(d, complete, news, unsure);
}

static void table_next(struct discovery *x)
{
	const struct mib *mib = x->d->w->config->mib;

	for (;;) {
		const struct mib_table *t;

		rows_reset(x);
		if (++x->table >= mib->count || x->table >= 64 || (x->incomplete && !x->d->snmp_answered)) {
			discovery_end(x);
			return;
		}
		x->torn = 0;
		t = mib->table[x->table];
		if (mib_replaced(mib, t, x->tables))
			continue;
		if (t->single) {
			scalars_ask(x, 0);
			return;
		}
		columns_list(x, t);
		if (x->columns > 0) {
			walk_column(x);
			return;
		}
	}
}

void discovery_start(struct device *d)
{
	struct discovery *x = must_alloc(sizeof(*x));

	x->d = d;
	x->began = x->heard = clock_mono();
	x->table = UINT32_MAX;
	d->discovery = x;
	d->w->discovering++;
	x->marks.count = markers_list(d->w->config->mib, UINT64_MAX, x->marks.marker);
	if (!marks_ask(x, true))
		table_next(x);
}

/* A walk tries long and in small steps before it gives up, table after table. An agent that has said nothing for as long as a
 * question may take is silent: that has to be known, and the walk can be made again. */
bool discovery_give_up(struct device *d, struct mono now)
{
	struct discovery *x = d->discovery;
	int64_t budget = d->cfg->timeout.us, step = budget;

	budget += 2 * d->peer.gap.us;	/* a question may have to wait for its turn */
	for (unsigned r = 0; r < d->cfg->retries; r++, budget += step)
		step = step * 2 < 4 * d->cfg->timeout.us ? step * 2 : 4 * d->cfg->timeout.us;
	if (x != NULL && x->table < d->w->config->mib->count && device_discovery_endless(d, x->began, now)) {
		incomplete(x, "table '%s' not read whole: its tables take too long", d->w->config->mib->table[x->table]->title);
		discovery_end(x);
		return true;
	}
	if (x == NULL || mono_since(now, x->heard).us <= budget + budget / 4)
		return false;
	incomplete(x, "%s", "the agent fell silent while its tables were read");
	d->snmp_answered = false;
	discovery_end(x);
	return true;
}

void discovery_cancel(struct device *d)
{
	struct discovery *x = d->discovery;

	if (x == NULL)
		return;
	if (x->walk)
		snmp_walk_cancel(x->walk);
	if (x->ask)
		snmp_cancel(d->w->snmp, x->ask);
	rows_reset(x);
	arena_release(&x->arena);
	free(x->by_record.slot);
	free(x->packet);
	free(x);
	d->discovery = NULL;
	d->w->discovering--;
	d->w->discovered++;
}
