/* rrd/replay.c: what a killed process had taken and not yet written; and what is carried into a fresh journal. */
#include "store-int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/base/log.h"

/* A row in one of the mapped journals. */
struct found {
	struct file *file;
	struct shape *shape;
	int64_t at_ms;
	const uint8_t *packed;
	uint32_t octets, order;
};

struct replay {
	struct store *store;
	store_layout_find *layouts;
	void *owner;
	struct found_name { struct file *file; struct shape *shape; } *name;
	struct found *row;
	uint32_t names, name_room;
	size_t rows, row_room;
	uint64_t unknown;		/* names whose class is no more */
};

static uint32_t replay_name(void *owner, const struct store_layout *layout, const char *component)
{
	struct replay *p = owner;
	struct store *s = p->store;
	struct file *f = file_find(s, component, layout->name);
	struct shape *shape = shape_of(s, layout);

	if (!f && p->layouts && p->layouts(p->owner, layout->name))
		f = file_add(s, component, &shape->layout);
	if (!f) {
		p->unknown++;
		shape = NULL;
	}
	if (p->names == p->name_room) {
		p->name_room = p->name_room ? p->name_room * 2 : 256;
		p->name = must_realloc(p->name, p->name_room * sizeof(p->name[0]));
	}
	p->name[p->names] = (struct found_name){ f, shape };
	return p->names++;
}

static void found_add(struct replay *p, struct found found)
{
	if (p->rows == p->row_room) {
		p->row_room = p->row_room ? p->row_room * 2 : 1024;
		p->row = must_realloc(p->row, p->row_room * sizeof(p->row[0]));
	}
	found.order = (uint32_t)p->rows;
	p->row[p->rows++] = found;
}

static void replay_row(void *owner, uint32_t who, const struct store_row *row, const uint8_t *packed, uint32_t octets)
{
	struct replay *p = owner;

	if (!p->name[who].file) {
		p->store->count.rows_lost++;
		return;
	}
	found_add(p, (struct found){ p->name[who].file, p->name[who].shape, row_ms(row), packed, octets, 0 });
}

/* A mark that sorts before the rows of its file: those found before it are nobody's. */
static void replay_forget(void *owner, uint32_t who)
{
	struct replay *p = owner;

	if (p->name[who].file)
		found_add(p, (struct found){ .file = p->name[who].file, .at_ms = INT64_MIN });
}

/* By file, then time, then place in the journals. */
static int found_compare(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->file->index != y->file->index)
		return x->file->index < y->file->index ? -1 : 1;
	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Hold a row again, unless its file has it. */
static void replay_hold(struct store *s, const struct found *found)
{
	struct rd r = rd_over(found->packed, found->octets);
	struct file *f = found->file;
	struct store_row row;
	struct err err;

	if (found->at_ms <= f->last_ms)
		return;
	if (f->shape != found->shape)
		file_relayout(s, f, &found->shape->layout);
	if (!row_unpack(&r, f->shape->form, &row, NULL) || file_hold(s, f, &row) != FW_OK)
		return;
	s->count.journal_replayed++;
	if (f->rows >= s->limits.hold_rows && !f->queued)
		file_write(s, f, false, &err);
}

struct mapped { void *at; size_t octets; };

static struct mapped map_file(const char *path)
{
	struct mapped m = { NULL, 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return m;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		m.octets = (size_t)st.st_size;
		m.at = mmap(NULL, m.octets, PROT_READ, MAP_PRIVATE, fd, 0);
		if (m.at == MAP_FAILED)
			m = (struct mapped){ NULL, 0 };
	}
	close(fd);
	return m;
}

/* Few files: written now, so that who reads next finds the rows. Many: by store_tick(), from the safe journal. */
static void replay_flush(struct store *s)
{
	uint64_t before = s->count.files_created;
	struct err err;

	for (uint32_t n = 0; n < REPLAY_FLUSH_MOST && s->age_first; n++) {
		struct file *f = s->age_first;
		bool make = s->count.files_created - before < REPLAY_MAKE_MOST;

		if (file_write(s, f, make, &err) != FW_OK) {
			file_age_remove(s, f);
			file_age_add(s, f, f->due_us);
		}
	}
}

static void replay_say(struct store *s, const struct replay *p)
{
	struct err err;

	if (s->count.journal_cut)
		log_warn(LOG_STORE, "store: journal '%s' was not whole: %llu octets passed over (rows of its last second)",
			 s->journal.path, (unsigned long long)s->count.journal_cut);
	if (p->unknown) {
		err_set(&err, FW_NOTFOUND, "cannot replay rows of %llu components: their class has no definition any more "
			"rows=%llu", (unsigned long long)p->unknown, (unsigned long long)s->count.rows_lost);
		store_say(s, SAY_LOST, &err);
	}
	if (s->count.journal_replayed)
		log_info(LOG_STORE, "store: rows of a process that did not end well are back rows=%llu",
			 (unsigned long long)s->count.journal_replayed);
}

static void replay_found(struct store *s, struct replay *p)
{
	const struct file *file = NULL;
	uint32_t wanted = 0;	/* from this place in the journals on */

	if (p->rows)
		qsort(p->row, p->rows, sizeof(p->row[0]), found_compare);
	for (size_t i = 0; i < p->rows; i++) {
		struct found *found = &p->row[i];

		if (found->file != file)
			wanted = 0;
		file = found->file;
		if (!found->packed)
			wanted = found->order;
		else if (found->order >= wanted)
			replay_hold(s, found);
	}
}

void store_replay(struct store *s, store_layout_find *layouts, void *owner)
{
	const char *path[] = { s->journal.old, s->journal.path, s->journal.fresh };
	struct journal_reader reader = { .name = replay_name, .row = replay_row, .forget = replay_forget };
	struct replay p = { .store = s, .layouts = layouts, .owner = owner };
	struct mapped mapped[3];
	struct err err;

	reader.owner = &p;
	for (unsigned i = 0; i < 3; i++) {
		mapped[i] = map_file(path[i]);
		if (mapped[i].at)
			s->count.journal_cut += journal_scan(mapped[i].at, mapped[i].octets, &reader);
	}
	replay_found(s, &p);
	for (unsigned i = 0; i < 3; i++)
		if (mapped[i].at)
			munmap(mapped[i].at, mapped[i].octets);
	free(p.row);
	free(p.name);
	replay_flush(s);
	replay_say(s, &p);
	if (store_fresh_journal(s, true, &err) != FW_OK) {
		s->count.write_errors++;
		store_say(s, SAY_JOURNAL, &err);
	}
}

void store_journal_row(struct store *s, struct file *f, const struct store_row *row)
{
	journal_row(&s->journal, (struct journal_who){ f->shape, f->component, &f->journal_gen, &f->journal_id }, row);
}

static void carry(struct store *s, struct file *f)
{
	struct held h = held_over(f);
	struct store_row row;

	while (held_next(&h, &row))
		store_journal_row(s, f, &row);
	f->held_gen = s->journal.gen;
}

/* Stragglers are those whose oldest row is in the journal that is to go. */
enum fw_err store_fresh_journal(struct store *s, bool all, struct err *err)
{
	uint32_t before = s->journal.gen, on_old = 0;
	enum fw_err e = journal_begin_fresh(&s->journal, err);

	if (e != FW_OK)
		return e;
	for (uint32_t i = 0; i < s->file_slots; i++) {
		struct file *f = file_at(s, i);

		if (!f->component || f->rows == 0)
			continue;
		if (all || f->held_gen != before)
			carry(s, f);
		else
			on_old++;
	}
	e = journal_finish_fresh(&s->journal, all, err);
	s->on_old = e == FW_OK ? on_old : 0;	/* after a failure nothing is dropped until all is carried */
	if (e == FW_OK && on_old == 0)
		journal_drop_old(&s->journal);
	return e;
}
