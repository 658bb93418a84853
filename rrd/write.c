/* rrd/write.c: from held rows to files: look at what is there, make what is not, write, and the two orders of work
 * (age, queue).
 */
#include "store-int.h"

#include <string.h>

/* The main file and the one of kept columns. */
struct part {
	char path[STORE_PATH_MAX];
	const struct plan *plan;
	enum part_state { PART_GOOD, PART_ABSENT, PART_OTHER, PART_FAILS } state;
	int64_t last_ms;
	uint8_t *head;			/* its header as it is on disk */
	size_t head_octets;
};

static unsigned parts_of(struct store *s, const struct file *f, struct part part[2])
{
	must(store_path(s->folder, f->component, f->shape->layout.name, part[0].path, sizeof(part[0].path)));
	part[0].plan = &f->shape->main;
	part[0].head = s->undo.map ? undo_place(&s->undo, 0) : s->head;
	part[1].head = s->undo.map ? undo_place(&s->undo, 1) : s->head;
	if (!f->shape->keep.columns)
		return 1;
	must(path_keep(part[0].path, part[1].path, sizeof(part[1].path)));
	part[1].plan = &f->shape->keep;
	return 2;
}

/* A damaged file goes aside, said and counted, and is made anew. */
static enum part_state part_broken(struct store *s, struct part *p, struct err *err)
{
	struct err why = *err;

	s->count.files_broken++;
	if (file_set_aside(p->path, err) != FW_OK) {
		store_say(s, SAY_BROKEN, err);
		return PART_FAILS;
	}
	err_set(err, FW_BROKEN, "%s; now '%s.broken', begun anew", why.text, p->path);
	store_say(s, SAY_BROKEN, err);
	return PART_ABSENT;
}

static enum part_state part_look(struct store *s, struct part *p, struct err *err)
{
	struct rrd_header h;
	enum fw_err e = header_copy(p->path, p->head, plan_header_octets(p->plan), &h, err);

	p->head_octets = e == FW_OK ? h.header_octets : 0;
	p->last_ms = e == FW_OK ? header_last_ms(&h) : 0;
	switch (e) {
	case FW_OK:       p->state = plan_fits(p->plan, &h) ? PART_GOOD : PART_OTHER; break;
	case FW_NOTFOUND: p->state = PART_ABSENT; break;
	case FW_BROKEN:   p->state = part_broken(s, p, err); break;
	default:          p->state = PART_FAILS; break;
	}
	return p->state;
}

static void file_queue(struct store *s, struct file *f)
{
	if (f->queued)
		return;
	f->queued = true;
	f->queue_next = NULL;
	if (s->queue_last)
		s->queue_last->queue_next = f;
	else
		s->queue_first = f;
	s->queue_last = f;
	s->count.creates_waiting++;
}

void file_unqueue(struct store *s, struct file *f)
{
	struct file **link = &s->queue_first, *before = NULL;

	if (!f->queued)
		return;
	while (*link != f) {
		before = *link;
		link = &before->queue_next;
	}
	*link = f->queue_next;
	if (s->queue_last == f)
		s->queue_last = before;
	f->queue_next = NULL;
	f->queued = false;
	s->count.creates_waiting--;
}

void file_queue_last(struct store *s, struct file *f)
{
	file_unqueue(s, f);
	file_queue(s, f);
}

void file_age_add(struct store *s, struct file *f, int64_t due_us)
{
	f->due_us = due_us;
	f->aged = true;
	f->age_next = NULL;
	f->age_prev = s->age_last;
	if (s->age_last)
		s->age_last->age_next = f;
	else
		s->age_first = f;
	s->age_last = f;
}

void file_age_remove(struct store *s, struct file *f)
{
	if (!f->aged)
		return;
	if (f->age_prev)
		f->age_prev->age_next = f->age_next;
	else
		s->age_first = f->age_next;
	if (f->age_next)
		f->age_next->age_prev = f->age_prev;
	else
		s->age_last = f->age_prev;
	f->age_prev = f->age_next = NULL;
	f->aged = false;
}

void file_look(struct store *s, struct file *f)
{
	struct part part[2];
	struct err err;
	unsigned parts = parts_of(s, f, part);

	for (unsigned i = 0; i < parts; i++) {
		enum part_state state = part_look(s, &part[i], &err);

		if (state == PART_ABSENT || state == PART_OTHER)
			file_queue(s, f);
		if (i == 0 && part[i].last_ms > f->last_ms)
			f->last_ms = part[i].last_ms;
	}
}

static int64_t first_ms(const struct file *f)
{
	struct held h = held_over(f);
	struct store_row row;

	return held_next(&h, &row) ? row_ms(&row) : f->last_ms;
}

/* The librrd of this machine may refuse to take over a file that was sound: then that is put aside, and a new one made. */
static enum fw_err part_make_anew(struct store *s, struct file_make *m, struct err *err)
{
	struct err first = *err, why;
	enum fw_err e;

	m->rebuild = false;
	m->aside = true;
	e = file_make(m, err);
	if (e != FW_OK)
		return e;
	s->count.files_broken++;
	err_set(&why, FW_BROKEN, "%s; now '%s.broken', begun anew", first.text, m->path);
	store_say(s, SAY_BROKEN, &why);
	return FW_OK;
}

static enum fw_err part_make(struct store *s, const struct file *f, struct part *p, struct err *err)
{
	struct file_make m = { .path = p->path, .scratch = s->scratch, .plan = p->plan, .first_ms = first_ms(f),
			       .rebuild = p->state == PART_OTHER };
	enum fw_err e = file_make(&m, err);

	if (e != FW_OK && m.rebuild)
		e = part_make_anew(s, &m, err);
	if (e != FW_OK)
		return e;
	if (m.rebuild)
		s->count.files_rebuilt++;
	else
		s->count.files_created++;
	return part_look(s, p, err) == PART_GOOD ? FW_OK
		: err_set(err, FW_IO, "cannot make '%s': what librrd made is not what was asked for", p->path);
}

/* All parts good: FW_OK. Else, without 'make', queued and FW_NOTFOUND; FW_IO, said. */
static enum fw_err parts_ready(struct store *s, struct file *f, struct part part[2], bool make, struct err *err)
{
	unsigned parts = parts_of(s, f, part);

	for (unsigned i = 0; i < parts; i++) {
		enum part_state state = part_look(s, &part[i], err);

		if (state == PART_GOOD)
			continue;
		if (state != PART_FAILS && !make) {
			file_queue(s, f);
			return err_set(err, FW_NOTFOUND, "'%s' is still to be made", part[i].path);
		}
		if (state == PART_FAILS || part_make(s, f, &part[i], err) != FW_OK) {
			s->count.write_errors++;
			store_say(s, state == PART_FAILS ? SAY_WRITE : SAY_MAKE, err);
			return FW_IO;
		}
		store_well(s, SAY_MAKE, "files are made");
	}
	if (make)
		file_unqueue(s, f);
	return FW_OK;
}

static enum fw_err part_write(struct store *s, const struct file *f, const struct part *part, unsigned which, struct err *err)
{
	const struct part *p = &part[which];
	struct held h = held_over(f);
	struct store_row row;
	enum fw_err e = FW_OK;

	update_begin(&s->update, p->path, p->plan, p->last_ms);
	undo_begin(&s->undo, which, p->path, p->head_octets);
	while (e == FW_OK && held_next(&h, &row))
		e = update_row(&s->update, &row, err);
	if (e == FW_OK)
		e = update_end(&s->update, err);
	undo_end(&s->undo);
	s->count.update_calls += s->update.calls;
	return e;
}

static enum fw_err parts_write(struct store *s, struct file *f, const struct part *part, struct err *err)
{
	unsigned parts = f->shape->keep.columns ? 2 : 1;

	for (unsigned i = 0; i < parts; i++)
		if (part_write(s, f, part, i, err) != FW_OK) {
			s->count.write_errors++;
			store_say(s, SAY_WRITE, err);
			return FW_IO;
		}
	store_well(s, SAY_WRITE, "files are written");
	s->count.rows_written += f->rows;
	/* written early (a reader, age): its turn stays where it was, so that files do not fall into step */
	f->rows_due = f->rows < f->rows_due ? (uint16_t)(f->rows_due - f->rows) : (uint16_t)s->limits.hold_rows;
	file_drop_held(s, f);
	return FW_OK;
}

enum fw_err file_write(struct store *s, struct file *f, bool make, struct err *err)
{
	struct part part[2];
	enum fw_err e = parts_ready(s, f, part, make, err);

	return e == FW_OK ? parts_write(s, f, part, err) : e;
}

enum fw_err file_build(struct store *s, struct file *f, struct err *err)
{
	struct part part[2];
	enum fw_err e = parts_ready(s, f, part, true, err);

	if (e == FW_OK && f->rows >= f->rows_due)
		e = parts_write(s, f, part, err);
	if (e != FW_OK) {
		f->retry_s = (uint32_t)(s->now.us / 1000000 + BUILD_RETRY_S);
		file_queue_last(s, f);
	}
	return e;
}
