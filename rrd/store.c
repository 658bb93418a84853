/* rrd/store.c: the store from outside: rows in, time passing, reading, the end. */
#include "store-int.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/base/text.h"

/* ---- saying ------------------------------------------------------------------------------------------------------ */

void store_say(struct store *s, enum say what, const struct err *why)
{
	text_copy(s->count.last_error, sizeof(s->count.last_error), why->text);
	s->count.last_error_at = s->said_at[what] = s->now;
	log_often(what == SAY_CLOCK ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, LOG_STORE, &s->said[what], "store: %s", why->text);
}

void store_well(struct store *s, enum say what, const char *text)
{
	if (s->said[what] == 0 || s->now.us - s->said_at[what].us < WELL_AFTER_S * INT64_C(1000000))
		return;
	log_info(LOG_STORE, "store: %s again failures=%llu", text, (unsigned long long)s->said[what]);
	s->said[what] = 0;
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

struct file *file_at(const struct store *s, uint32_t index)
{
	return &s->chunk[index / FILES_A_CHUNK][index % FILES_A_CHUNK];
}

struct file *file_first(const struct store *s, const char *component)
{
	uint32_t index = names_find(&s->names, component);

	return index == NAMES_NONE ? NULL : file_at(s, index);
}

struct file *file_find(const struct store *s, const char *component, const char *class_name)
{
	struct file *f = file_first(s, component);

	if (strchr(component, '/'))	/* the name says the class */
		return f;
	while (f && strcmp(f->shape->layout.name, class_name) != 0)
		f = f->same_next;
	return f;
}

struct shape *shape_of(struct store *s, const struct store_layout *layout)
{
	struct shape *p;

	for (p = s->shapes; p; p = p->next)
		if (layout_same(&p->layout, layout))
			return p;
	p = must_alloc(sizeof(*p));
	shape_init(p, layout);
	p->next = s->shapes;
	s->shapes = p;
	return p;
}

static struct file *file_slot(struct store *s)
{
	struct file *f = s->unused;

	if (!f) {
		uint32_t chunks = s->file_slots / FILES_A_CHUNK;

		s->chunk = must_realloc(s->chunk, (chunks + 1) * sizeof(s->chunk[0]));
		s->chunk[chunks] = must_alloc(FILES_A_CHUNK * sizeof(struct file));
		for (uint32_t i = FILES_A_CHUNK; i-- > 0; ) {
			f = &s->chunk[chunks][i];
			f->index = s->file_slots + i;
			f->queue_next = s->unused;
			s->unused = f;
		}
		s->file_slots += FILES_A_CHUNK;
	}
	s->unused = f->queue_next;
	f->queue_next = NULL;
	return f;
}

struct file *file_add(struct store *s, const char *component, const struct store_layout *layout)
{
	struct file *first = file_first(s, component), *f;
	char path[STORE_PATH_MAX], keep[STORE_PATH_MAX];

	if (!store_path(s->folder, component, layout->name, path, sizeof(path)) || !path_keep(path, keep, sizeof(keep)))
		return NULL;
	f = file_slot(s);
	f->layout = layout;
	f->shape = shape_of(s, layout);
	f->rows_due = (uint16_t)(1 + hash_stable(component, strlen(component)) % s->limits.hold_rows);
	if (first) {
		f->component = first->component;
		f->same_next = first->same_next;
		first->same_next = f;
	} else {
		f->component = must_strdup(component);
		names_put(&s->names, f->component, f->index);
	}
	s->count.files++;
	file_look(s, f);
	return f;
}

/* ---- held rows ------------------------------------------------------------------------------------------------------ */

struct held held_over(const struct file *f)
{
	return (struct held){ .r = rd_over(f->held ? (const void *)f->held : "", f->held_octets), .form = f->shape->form };
}

bool held_next(struct held *h, struct store_row *row)
{
	if (rd_left(&h->r) == 0)
		return false;
	must(row_unpack(&h->r, h->form, row, h->begun ? &h->first : NULL));
	if (!h->begun)
		h->first = *row;
	h->begun = true;
	return true;
}

void file_drop_held(struct store *s, struct file *f)
{
	if (f->rows && f->held_gen != s->journal.gen && s->on_old && --s->on_old == 0)
		journal_drop_old(&s->journal);
	s->count.rows_held -= f->rows;
	s->count.held_octets -= f->held_room;
	free(f->held);
	f->held = NULL;
	f->held_octets = f->held_room = 0;
	f->rows = 0;
	file_age_remove(s, f);
}

static void held_append(struct store *s, struct file *f, const struct wr *packed)
{
	uint32_t need = f->held_octets + (uint32_t)packed->len;

	if (need > f->held_room) {
		uint32_t room = (need + need / 4 + 31) & ~(uint32_t)31;

		f->held = must_realloc(f->held, room);
		s->count.held_octets += room - f->held_room;
		f->held_room = room;
	}
	memcpy(f->held + f->held_octets, packed->buf, packed->len);
	f->held_octets = need;
}

static enum fw_err hold_refuse(struct store *s, const struct file *f, const struct store_row *row)
{
	struct err why;
	char last[40], at[40];

	if (row_ms(row) > f->last_ms && row_ms(row) / 1000 >= EARLIEST_S) {
		s->count.rows_lost++;
		err_set(&why, FW_FULL, "cannot hold more rows of '%s': its file takes no writes rows-held=%u octets=%llu",
			f->component, s->count.rows_held, (unsigned long long)s->count.held_octets);
		store_say(s, SAY_FULL, &why);
		return FW_FULL;
	}
	s->count.rows_refused_time++;
	err_set(&why, FW_CLOCK, "cannot take a row of '%s' at %s: not after its last at %s; a clock that was ahead? "
		"'forewarn forget' begins anew", f->component, wall_format(row->at, at, sizeof(at)),
		wall_format((struct wall){ f->last_ms * 1000 }, last, sizeof(last)));
	store_say(s, SAY_CLOCK, &why);
	return FW_CLOCK;
}

/* Memory is bounded; but a file that takes writes is not starved by those that do not: it may hold one row. */
static bool has_room(const struct store *s, const struct file *f)
{
	if (s->count.held_octets >= s->limits.hold_octets && (f->rows || f->queued))
		return false;
	return f->rows < ROWS_HELD_MOST;
}

enum fw_err file_hold(struct store *s, struct file *f, const struct store_row *row)
{
	uint8_t room[ROW_PACKED_MAX];
	struct wr packed = wr_over(room, sizeof(room));
	struct held h = held_over(f);
	struct store_row first;

	if (row_ms(row) <= f->last_ms || row_ms(row) / 1000 < EARLIEST_S || !has_room(s, f))
		return hold_refuse(s, f, row);
	row_pack(&packed, f->shape->form, row, held_next(&h, &first) ? &first : NULL);
	must(wr_ok(&packed));
	held_append(s, f, &packed);
	if (f->rows++ == 0) {
		f->held_gen = s->journal.gen;
		file_age_add(s, f, row->at.us + s->limits.hold_time.us);
	}
	f->last_ms = row_end_ms(row);
	s->count.rows_held++;
	return FW_OK;
}

void file_relayout(struct store *s, struct file *f, const struct store_layout *layout)
{
	struct shape *shape = shape_of(s, layout);
	struct err err;

	if (shape != f->shape) {
		if (f->rows && file_write(s, f, true, &err) != FW_OK) {
			s->count.rows_lost += f->rows;
			store_say(s, SAY_LOST, &err);
			file_drop_held(s, f);
		}
		f->shape = shape;
		f->journal_gen = 0;
		file_look(s, f);
	}
	f->layout = layout;
}

/* ---- open, put, tick ------------------------------------------------------------------------------------------------- */

static void limits_default(struct store_limits *l)
{
	const struct store_limits given = *l;

	l->hold_rows = given.hold_rows == 0 ? 10 : given.hold_rows > 60 ? 60 : given.hold_rows;
	l->hold_time = given.hold_time.us <= 0 ? span_s(15 * 60) : given.hold_time;
	l->creates_per_tick = given.creates_per_tick ? given.creates_per_tick : 20;
	l->writes_per_tick = given.writes_per_tick ? given.writes_per_tick : 200;
	l->hold_octets = given.hold_octets ? given.hold_octets : UINT64_C(256) << 20;
}

/* The scratch folder holds what a killed process was making: nobody's. */
static void scratch_clear(const struct store *s)
{
	DIR *d = opendir(s->scratch);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

static enum fw_err store_folder(struct store *s, const char *folder, unsigned number, struct err *err)
{
	size_t len = strlen(folder);
	int n;

	while (len > 1 && folder[len - 1] == '/')
		len--;
	n = snprintf(s->folder, sizeof(s->folder), "%.*s", (int)len, folder);
	if (n <= 0 || (size_t)n >= sizeof(s->folder) - 64)
		return err_set(err, FW_MISTAKE, "cannot use folder '%s': name empty or too long", folder);
	snprintf(s->scratch, sizeof(s->scratch), "%.*s/.tmp-%u", n, s->folder, number);
	n = snprintf(s->update.text, sizeof(s->update.text), "%s/", s->folder);
	if (path_make_parents(s->update.text, err) != FW_OK)
		return FW_IO;
	if (access(s->folder, F_OK) != 0)
		return err_set(err, FW_IO, "cannot use folder '%s': %s", s->folder, err_errno());
	scratch_clear(s);
	return FW_OK;
}

static void undo_start(struct store *s)
{
	bool restored = false;
	struct err err;

	if (undo_open(&s->undo, s->journal.path, s->folder, &restored, &err) != FW_OK)
		store_say(s, SAY_JOURNAL, &err);
	if (restored)
		log_info(LOG_STORE, "store: a write that was killed half-way is undone, and done again from the journal");
}

struct store *store_open(const char *folder, unsigned number, const struct store_limits *limits,
			 store_layout_find *layouts, void *owner, struct err *err)
{
	struct store *s = must_alloc(sizeof(*s));
	struct err why = { "" };
	enum fw_err e;

	s->limits = limits ? *limits : (struct store_limits){ 0 };
	limits_default(&s->limits);
	s->journal.fd = s->journal.lock_fd = -1;
	e = store_folder(s, folder, number, err);
	if (e == FW_OK)
		e = journal_init(&s->journal, s->folder, number, &why);
	if (e == FW_LOCKED || e == FW_MISTAKE)
		err_set(err, e, "%s", why.text);
	else if (e == FW_IO && *why.text) {	/* an unwritable folder: rows are held, and all is tried again */
		store_say(s, SAY_JOURNAL, &why);
		s->count.write_errors++;
		e = FW_OK;
	}
	if (e != FW_OK) {
		journal_release(&s->journal);
		free(s);
		return NULL;
	}
	undo_start(s);
	store_replay(s, layouts, owner);
	return s;
}

/* Before a row is refused for want of room, try to make some: by this file, and by the one that waits longest. */
static void make_room(struct store *s, struct file *f)
{
	struct file *oldest;
	struct err err;

	if (f->rows < ROWS_HELD_MOST && s->count.held_octets < s->limits.hold_octets)
		return;
	if (f->rows && !f->queued)
		file_write(s, f, false, &err);
	oldest = s->age_first;
	if (!oldest || s->count.held_octets < s->limits.hold_octets)
		return;
	if (oldest->queued || file_write(s, oldest, false, &err) != FW_OK) {
		file_age_remove(s, oldest);
		file_age_add(s, oldest, oldest->due_us);
	}
}

enum fw_err store_put(struct store *s, const char *component, const struct store_layout *layout, const struct store_row *row)
{
	struct file *f = file_find(s, component, layout->name);
	struct err err;
	enum fw_err e;

	if (!f && !layout_usable(layout))
		return FW_MISTAKE;
	if (!f)
		f = file_add(s, component, layout);
	if (!f)
		return FW_MISTAKE;
	if (f->layout != layout && !layout_usable(layout))
		return FW_MISTAKE;
	if (f->layout != layout)
		file_relayout(s, f, layout);
	make_room(s, f);
	e = file_hold(s, f, row);
	if (e != FW_OK)
		return e;
	s->count.rows++;
	store_journal_row(s, f, row);
	if (f->rows >= f->rows_due && !f->queued && !s->hurry)
		file_write(s, f, false, &err);
	return FW_OK;
}

static void tick_journal(struct store *s)
{
	struct journal *j = &s->journal;
	struct err err = { "" };
	enum fw_err e = FW_OK;
	int64_t since = s->now.us - s->synced_at.us;

	if (since >= 0 && since < 1000000 && j->len < JOURNAL_BUFFER / 2)
		return;
	s->synced_at = s->now;
	if (!j->gap)
		e = journal_write(j, true, &err);
	if (j->gap ? s->now.us >= s->journal_after.us
		   : j->file_octets > JOURNAL_FRESH_OCTETS + 3 * s->count.held_octets)
		e = store_fresh_journal(s, j->gap, &err);
	if (e == FW_OK) {
		if (!j->gap)
			store_well(s, SAY_JOURNAL, "journal is written");
		if (!j->gap && !s->undo.map)
			undo_open(&s->undo, j->path, s->folder, NULL, NULL);
		return;
	}
	s->count.write_errors++;
	s->journal_after = wall_add(s->now, span_s(BUILD_RETRY_S));
	store_say(s, SAY_JOURNAL, &err);
}

static void tick_build(struct store *s)
{
	unsigned failures = 0;
	struct err err;

	for (uint32_t n = 0; n < s->limits.creates_per_tick && s->queue_first; n++) {
		struct file *f = s->queue_first;
		int64_t wait_s = (int64_t)f->retry_s - s->now.us / 1000000;

		if (wait_s > 0 && wait_s <= BUILD_RETRY_S)
			file_queue_last(s, f);
		else if (file_build(s, f, &err) != FW_OK && ++failures == BUILD_FAILURES_A_TICK)
			return;
	}
}

static void tick_age(struct store *s)
{
	struct err err;

	for (uint32_t n = 0; n < s->limits.writes_per_tick; n++) {
		struct file *f = s->age_first;

		if (!f || f->due_us > s->now.us)
			return;
		if (file_write(s, f, false, &err) != FW_OK) {	/* its turn comes again */
			file_age_remove(s, f);
			file_age_add(s, f, s->now.us + s->limits.hold_time.us);
		}
	}
}

void store_tick(struct store *s, struct wall now)
{
	s->now = now;
	tick_journal(s);
	if (s->hurry)
		return;
	tick_build(s);
	tick_age(s);
}

/* ---- reading and the end ----------------------------------------------------------------------------------------------- */

static enum fw_err flush_all(struct store *s, struct err *err)
{
	enum fw_err first = FW_OK;
	struct err why;

	for (uint32_t i = 0; i < s->file_slots; i++) {
		struct file *f = file_at(s, i);
		enum fw_err e = f->component && f->rows ? file_write(s, f, true, &why) : FW_OK;

		if (e != FW_OK && first == FW_OK) {
			first = e;
			err_set(err, e, "%s", why.text);
		}
	}
	return first;
}

enum fw_err store_flush(struct store *s, const char *component, struct err *err)
{
	struct err why;

	if (!component || !*component)
		return flush_all(s, err);
	for (struct file *f = file_first(s, component); f; f = f->same_next) {
		enum fw_err e = f->rows ? file_write(s, f, true, &why) : FW_OK;

		if (e != FW_OK)
			return err_set(err, e, "%s", why.text);
	}
	return FW_OK;
}

struct store_count store_count(const struct store *s)
{
	struct store_count c = s->count;

	c.journal_octets = s->journal.file_octets + s->journal.len;
	return c;
}

static void store_free(struct store *s)
{
	for (uint32_t i = 0; i < s->file_slots; i++) {
		struct file *f = file_at(s, i);

		free(f->held);
		if (f->component && file_first(s, f->component) == f)
			f->held = NULL;
		else
			f->component = NULL;	/* the first of its chain frees the name */
	}
	names_release(&s->names);
	for (uint32_t i = 0; i < s->file_slots; i++)
		free(file_at(s, i)->component);
	for (uint32_t i = 0; i < s->file_slots / FILES_A_CHUNK; i++)
		free(s->chunk[i]);
	free(s->chunk);
	for (struct shape *p = s->shapes, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	undo_close(&s->undo, s->journal.path);
	journal_release(&s->journal);
	free(s);
}

void store_leave(struct store *s)
{
	struct err err = { "" };
	enum fw_err e = s->journal.gap && s->count.rows_held ? store_fresh_journal(s, true, &err)
							     : journal_write(&s->journal, true, &err);

	if (e != FW_OK) {
		s->count.rows_lost += s->count.rows_held;
		store_say(s, SAY_LOST, &err);
	}
	store_free(s);
}

void store_close(struct store *s)
{
	struct err err;

	if (flush_all(s, &err) == FW_OK)
		journal_drop_all(&s->journal);
	store_leave(s);
}

void store_hurry(struct store *s) { s->hurry = true; }

/* Files with held rows that are there, or those that must be made; as many as 'more' allows. */
static void close_files(struct store *s, bool make, store_more *more, void *owner)
{
	unsigned failures = 0;
	struct err err;

	for (uint32_t i = 0; i < s->file_slots && failures < BUILD_FAILURES_A_TICK; i++) {
		struct file *f = file_at(s, i);

		if (!f->component || f->rows == 0 || f->queued != make)
			continue;
		if (!more(owner))
			return;
		failures += file_write(s, f, make, &err) == FW_IO;
	}
}

uint32_t store_close_within(struct store *s, store_more *more, void *owner)
{
	uint32_t left;
	struct err err = { "" };

	if (s->journal.gap ? store_fresh_journal(s, true, &err) != FW_OK : journal_write(&s->journal, true, &err) != FW_OK)
		store_say(s, SAY_JOURNAL, &err);
	close_files(s, false, more, owner);
	close_files(s, true, more, owner);
	left = s->count.rows_held;
	if (left == 0)
		journal_drop_all(&s->journal);
	store_leave(s);
	return left;
}
