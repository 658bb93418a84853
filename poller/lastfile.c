/* poller/lastfile.c: see lastfile.h. */
#define _GNU_SOURCE		/* mremap */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/base/reader.h"
#include "poller/base/text.h"
#include "poller/lastfile.h"

enum { HEADER_SIZE = 4096, GROW = 256, MAGIC_LEN = 16, RECORDS_MOST = 64 << 20 };

static const char magic[MAGIC_LEN] = "forewarn last 1\n";

struct header {
	char magic[MAGIC_LEN];
	uint32_t byte_order;		/* 0x01020304 of the writing machine */
	uint32_t record_size;
	uint32_t count;			/* records there are; the file may be longer */
	uint32_t number;
};

struct slot { uint64_t hash; uint32_t record; };	/* record LAST_NONE: empty */

struct last {
	int fd;
	char path[512];
	uint8_t *map;
	size_t map_size;
	uint32_t room;			/* records the mapping holds */
	uint32_t *free_record;
	uint32_t free_count, free_size;
	struct slot *slot;		/* open addressing by name hash */
	uint32_t slots, slots_used;
	uint64_t refused;
};

static struct header *head(const struct last *l) { return (struct header *)(void *)l->map; }

static struct last_record *record_at(const struct last *l, uint32_t i)
{
	return (struct last_record *)(void *)(l->map + HEADER_SIZE) + i;
}

static uint64_t name_hash_of(const char *device, const char *class_name, const char *instance)
{
	char name[1024];
	struct text t = text_over(name, sizeof(name));

	if (class_name[0] == '\0')
		text_add(&t, "%s", device);
	else
		text_add(&t, "%s/%s/%s", device, class_name, instance);
	return hash_stable(name, t.len);
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static size_t text_used(const struct last_record *r)
{
	size_t n = (size_t)r->text_len_hi << 8 | r->text_len_lo;

	return n <= LAST_TEXT ? n : 0;
}

static void text_used_set(struct last_record *r, size_t n)
{
	r->text_len_hi = (uint8_t)(n >> 8);
	r->text_len_lo = (uint8_t)n;
}

/* Offset of text 'which' (its number octet), or the used length when it is not there. Bounded on any content. */
static size_t text_at(const struct last_record *r, uint8_t which)
{
	size_t used = text_used(r), at = 0;

	while (at + 2 <= used && at + 2 + r->text[at + 1] <= used) {
		if (r->text[at] == which)
			return at;
		at += 2 + (size_t)r->text[at + 1];
	}
	return used;
}

static void text_drop(struct last_record *r, uint8_t which)
{
	size_t used = text_used(r), at = text_at(r, which), len;

	if (at >= used)
		return;
	len = 2 + (size_t)r->text[at + 1];
	memmove(r->text + at, r->text + at + len, used - at - len);
	text_used_set(r, used - len);
}

bool last_text_set(struct last_record *r, uint8_t which, const void *text, size_t len_octets)
{
	size_t at = text_at(r, which), used = text_used(r), room, len = len_octets;

	if (at < used && r->text[at + 1] == len_octets && memcmp(r->text + at + 2, text, len_octets) == 0)
		return true;
	text_drop(r, which);
	used = text_used(r);
	room = LAST_TEXT - used;
	if (len == 0)
		return true;
	if (room < 3)
		return false;
	if (len > room - 2)
		len = room - 2;
	if (len > 255)
		len = 255;
	r->text[used] = which;
	r->text[used + 1] = (uint8_t)len;
	memcpy(r->text + used + 2, text, len);
	text_used_set(r, used + 2 + len);
	return len == len_octets;
}

size_t last_text_get(const struct last_record *r, uint8_t which, char *buf, size_t size_octets)
{
	size_t used = text_used(r), at = text_at(r, which), len = 0;

	if (at < used) {
		len = r->text[at + 1];
		if (len > size_octets - 1)
			len = size_octets - 1;
		memcpy(buf, r->text + at + 2, len);
	}
	buf[len] = '\0';
	return len;
}

uint32_t last_signature(const struct mib_table *t)
{
	uint32_t crc = 0;

	for (unsigned c = 0; c < t->column_count; c++) {
		const struct mib_column *k = &t->column[c];

		crc = hash_crc32(crc, k->oid_ber, k->oid_ber_len);
		crc = hash_crc32(crc, &k->as, sizeof(k->as));
		crc = hash_crc32(crc, &k->ds, 1);
	}
	return crc;
}

/* ---- the map from names ---------------------------------------------------------------------------------------------- */

static void slot_put(struct last *l, uint64_t hash, uint32_t record);

static void slots_grow(struct last *l)
{
	struct slot *old = l->slot;
	uint32_t n = l->slots;

	l->slots = n ? n * 2 : 1024;
	l->slot = must_alloc((size_t)l->slots * sizeof(*l->slot));
	for (uint32_t i = 0; i < l->slots; i++)
		l->slot[i].record = LAST_NONE;
	l->slots_used = 0;
	for (uint32_t i = 0; i < n; i++)
		if (old[i].record != LAST_NONE && record_at(l, old[i].record)->kind != LAST_FREE)
			slot_put(l, old[i].hash, old[i].record);
	free(old);
}

static void slot_put(struct last *l, uint64_t hash, uint32_t record)
{
	if ((l->slots_used + 1) * 4 > l->slots * 3)
		slots_grow(l);
	for (uint32_t i = (uint32_t)hash & (l->slots - 1);; i = (i + 1) & (l->slots - 1)) {
		if (l->slot[i].record == LAST_NONE) {
			l->slot[i] = (struct slot){ hash, record };
			l->slots_used++;
			return;
		}
	}
}

static bool record_is(const struct last *l, uint32_t i, const char *device, const char *class_name, const char *instance)
{
	const struct last_record *r = record_at(l, i);
	char buf[256];

	if (r->kind == LAST_FREE || (r->kind == LAST_DEVICE) != (class_name[0] == '\0'))
		return false;
	if (r->kind == LAST_DEVICE)
		return last_text_get(r, LAST_T_DEVICE, buf, sizeof(buf)), strncmp(buf, device, sizeof(buf) - 1) == 0;
	last_text_get(r, LAST_T_CLASS, buf, sizeof(buf));
	if (strcmp(buf, class_name) != 0)
		return false;
	last_text_get(r, LAST_T_INSTANCE, buf, sizeof(buf));
	return strcmp(buf, instance) == 0 && r->device < head(l)->count &&
	       record_is(l, r->device, device, "", "");
}

uint32_t last_find(const struct last *l, const char *device, const char *class_name, const char *instance)
{
	uint64_t hash = name_hash_of(device, class_name, instance);

	if (l->slots == 0)
		return LAST_NONE;
	for (uint32_t i = (uint32_t)hash & (l->slots - 1); l->slot[i].record != LAST_NONE; i = (i + 1) & (l->slots - 1))
		if (l->slot[i].hash == hash && record_is(l, l->slot[i].record, device, class_name, instance))
			return l->slot[i].record;
	return LAST_NONE;
}

/* ---- the file -------------------------------------------------------------------------------------------------------- */

static void free_push(struct last *l, uint32_t i)
{
	if (l->free_count == l->free_size) {
		l->free_size = l->free_size ? l->free_size * 2 : 64;
		l->free_record = must_realloc(l->free_record, l->free_size * sizeof(*l->free_record));
	}
	l->free_record[l->free_count++] = i;
}

static size_t size_for(uint32_t records) { return HEADER_SIZE + (size_t)records * sizeof(struct last_record); }

/* Make the mapping hold 'records'; the disk's blocks are taken at once, so that a full disk refuses here and not by a signal. */
static enum fw_err map_grow(struct last *l, uint32_t records, struct err *err)
{
	size_t size = size_for(records);
	int e = posix_fallocate(l->fd, 0, (off_t)size);
	void *map;

	if (e != 0) {
		errno = e;
		return err_set(err, FW_IO, "cannot grow '%s' to %zu octets: %s", l->path, size, err_errno());
	}
	map = l->map ? mremap(l->map, l->map_size, size, MREMAP_MAYMOVE)
		     : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, l->fd, 0);
	if (map == MAP_FAILED)
		return err_set(err, FW_IO, "cannot map '%s': %s", l->path, err_errno());
	l->map = map;
	l->map_size = size;
	l->room = records;
	return FW_OK;
}

static bool header_good(const struct header *h, size_t file_size, unsigned number)
{
	return memcmp(h->magic, magic, MAGIC_LEN) == 0 && h->byte_order == 0x01020304 &&
	       h->record_size == sizeof(struct last_record) && h->number == number &&
	       h->count <= RECORDS_MOST && size_for(h->count) <= file_size;
}

/* Is the content of a record such that nothing later trips over it? */
static bool record_good(const struct last_record *r, uint32_t count)
{
	if (r->kind == LAST_FREE)
		return true;
	return r->kind <= LAST_PART && r->state < STATES && r->arcs <= LAST_ARCS && r->device < count &&
	       ((size_t)r->text_len_hi << 8 | r->text_len_lo) <= LAST_TEXT;
}

/* A record cut short by a kill keeps its name but none of its values. */
static void record_mend(struct last_record *r)
{
	r->known = 0;
	r->source = 0;
	r->state = STATE_UNKNOWN;
	r->seen_us = r->asked_us = 0;
	memset(r->why, 0, sizeof(r->why));
	memset(r->value, 0, sizeof(r->value));
	memset(r->run, 0, sizeof(r->run));
	r->sequence++;
}

static void index_records(struct last *l)
{
	unsigned mended = 0, dropped = 0;

	for (uint32_t i = 0; i < head(l)->count; i++) {
		struct last_record *r = record_at(l, i);

		if (!record_good(r, head(l)->count)) {
			memset(r, 0, sizeof(*r));
			dropped++;
		}
		if (r->sequence & 1) {
			record_mend(r);
			mended++;
		}
		if (r->kind == LAST_FREE)
			free_push(l, i);
		else
			slot_put(l, r->name_hash, i);
	}
	if (mended || dropped)
		log_warn(LOG_POLL, "last file '%s': records cut short by a kill begin anew mended=%u dropped=%u",
			 l->path, mended, dropped);
}

/* A fresh header in an empty file. */
static void header_write(struct last *l, unsigned number)
{
	struct header h = { .byte_order = 0x01020304, .record_size = sizeof(struct last_record), .number = number };

	memcpy(h.magic, magic, MAGIC_LEN);
	memcpy(l->map, &h, sizeof(h));
}

static void set_aside(const char *path)
{
	char aside[600];

	snprintf(aside, sizeof(aside), "%s.broken", path);
	if (rename(path, aside) == 0)
		log_error(LOG_POLL, "last file '%s': damaged or of another version: kept as '%s', begun anew", path, aside);
}

static bool file_is_good(const char *path, unsigned number)
{
	struct header h;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd < 0)
		return errno == ENOENT;
	good = fstat(fd, &st) == 0 && (st.st_size == 0 ||
		(pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) && header_good(&h, (size_t)st.st_size, number)));
	close(fd);
	return good;
}

struct last *last_open(const char *folder, unsigned number, struct err *err)
{
	struct last *l = must_alloc(sizeof(*l));
	struct header h;
	struct stat st;
	bool fresh;

	snprintf(l->path, sizeof(l->path), "%s/last.%u", folder, number);
	if (!file_is_good(l->path, number))
		set_aside(l->path);
	l->fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (l->fd < 0 || fstat(l->fd, &st) != 0) {
		err_set(err, FW_IO, "cannot open '%s': %s", l->path, err_errno());
		goto fail;
	}
	fresh = pread(l->fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || h.magic[0] == '\0';
	if (map_grow(l, fresh ? GROW : h.count > GROW ? h.count : GROW, err) != FW_OK)
		goto fail;
	if (fresh)
		header_write(l, number);
	index_records(l);
	return l;
fail:
	if (l->fd >= 0)
		close(l->fd);
	free(l);
	return NULL;
}

void last_close(struct last *l)
{
	if (l == NULL)
		return;
	msync(l->map, l->map_size, MS_SYNC);
	munmap(l->map, l->map_size);
	close(l->fd);
	free(l->free_record);
	free(l->slot);
	free(l);
}

static uint32_t record_take(struct last *l)
{
	uint32_t i = head(l)->count;
	struct err err;

	if (l->free_count)
		return l->free_record[--l->free_count];
	if (i == l->room && (i >= RECORDS_MOST || map_grow(l, l->room + l->room / 4 + GROW, &err) != FW_OK)) {
		log_often(LOG_LEVEL_ERROR, LOG_POLL, &l->refused, "last file: %s",
			  i >= RECORDS_MOST ? "too many records" : err.text);
		return LAST_NONE;
	}
	head(l)->count = i + 1;
	return i;
}

uint32_t last_add(struct last *l, const char *device, const char *class_name, const char *instance)
{
	uint32_t i = last_find(l, device, class_name, instance), dev = LAST_NONE;
	struct last_record *r;

	if (i != LAST_NONE)
		return i;
	if (class_name[0] && (dev = last_add(l, device, "", "")) == LAST_NONE)
		return LAST_NONE;
	if ((i = record_take(l)) == LAST_NONE)
		return LAST_NONE;
	r = record_at(l, i);
	memset(r, 0, sizeof(*r));
	r->sequence = 1;
	r->state = STATE_UNKNOWN;
	r->device = class_name[0] ? dev : i;
	r->name_hash = name_hash_of(device, class_name, instance);
	if (class_name[0]) {
		last_text_set(r, LAST_T_CLASS, class_name, strlen(class_name));
		last_text_set(r, LAST_T_INSTANCE, instance, strlen(instance));
	} else {
		last_text_set(r, LAST_T_DEVICE, device, strlen(device));
	}
	r->kind = class_name[0] ? LAST_PART : LAST_DEVICE;
	__atomic_store_n(&r->sequence, 2, __ATOMIC_RELEASE);
	slot_put(l, r->name_hash, i);
	return i;
}

void last_remove(struct last *l, uint32_t record)
{
	struct last_record *r = last_begin(l, record);

	r->kind = LAST_FREE;
	last_end(l, record);
	free_push(l, record);
	slots_grow(l);		/* rare; drops the slot by rebuilding */
}

uint32_t last_count(const struct last *l) { return head(l)->count; }

const struct last_record *last_at(const struct last *l, uint32_t record)
{
	must(record < head(l)->count);
	return record_at(l, record);
}

struct last_record *last_begin(struct last *l, uint32_t record)
{
	struct last_record *r = record_at(l, record);

	must(record < head(l)->count);
	__atomic_store_n(&r->sequence, r->sequence | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	return r;
}

void last_end(struct last *l, uint32_t record)
{
	struct last_record *r = record_at(l, record);

	__atomic_store_n(&r->sequence, (r->sequence | 1) + 1, __ATOMIC_RELEASE);
}

/* ---- readers ----------------------------------------------------------------------------------------------------------- */

/* A consistent copy; false when the writer keeps at it. */
__attribute__((no_sanitize("thread")))
static bool record_copy(const struct last_record *from, struct last_record *to)
{
	for (int tries = 0; tries < 1000; tries++) {
		uint32_t before = __atomic_load_n(&from->sequence, __ATOMIC_ACQUIRE);
		const uint64_t *p = (const uint64_t *)(const void *)from;
		uint64_t *q = (uint64_t *)(void *)to;

		if (before & 1) {
			if (tries > 10)
				usleep(100);
			continue;
		}
		for (size_t i = 0; i < sizeof(*from) / 8; i++)
			q[i] = __atomic_load_n(&p[i], __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&from->sequence, __ATOMIC_RELAXED) == before)
			return true;
	}
	return false;
}

struct reading { const char *device; last_each *each; void *owner; bool stopped; };

/* A part's device comes before it in the file only by custom, so it is looked up by number. */
static void read_records(struct reading *rd, const struct last_record *first, uint32_t count)
{
	uint32_t wanted = LAST_NONE, device = LAST_NONE;
	char name[256] = "";

	for (uint32_t i = 0; i < count && rd->device[0] && wanted == LAST_NONE; i++)
		if (first[i].kind == LAST_DEVICE && last_text_get(&first[i], LAST_T_DEVICE, name, sizeof(name)) &&
		    strcmp(name, rd->device) == 0)
			wanted = i;
	if (rd->device[0] && wanted == LAST_NONE)
		return;
	for (uint32_t i = 0; i < count && !rd->stopped; i++) {
		struct last_record copy;

		if (first[i].kind == LAST_FREE || (rd->device[0] && first[i].device != wanted))
			continue;
		if (!record_copy(&first[i], &copy) || copy.kind == LAST_FREE || !record_good(&copy, count))
			continue;
		if (copy.device != device) {
			device = copy.device;
			last_text_get(&first[device], LAST_T_DEVICE, name, sizeof(name));
		}
		rd->stopped = !rd->each(rd->owner, name, &copy);
	}
}

static enum fw_err read_file(struct reading *rd, const char *path, struct err *err)
{
	struct stat st;
	const struct header *h;
	void *map = MAP_FAILED;
	enum fw_err e = FW_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0) {
		e = err_set(err, FW_IO, "cannot open '%s': %s", path, err_errno());
		goto out;
	}
	if (st.st_size < HEADER_SIZE)
		goto out;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		e = err_set(err, FW_IO, "cannot map '%s': %s", path, err_errno());
		goto out;
	}
	h = map;
	if (!header_good(h, (size_t)st.st_size, h->number)) {
		e = err_set(err, FW_BROKEN, "cannot read '%s': damaged or of another version", path);
		goto out;
	}
	read_records(rd, (const struct last_record *)(const void *)((const uint8_t *)map + HEADER_SIZE), h->count);
out:
	if (map != MAP_FAILED)
		munmap(map, (size_t)st.st_size);
	if (fd >= 0)
		close(fd);
	return e;
}

/* The folder's last files, by number; free() the list. */
static unsigned *list_files(const char *folder, unsigned *count, struct err *err)
{
	DIR *dir = opendir(folder);
	unsigned *list = NULL, n = 0;

	*count = 0;
	if (dir == NULL) {
		err_set(err, FW_IO, "cannot read folder '%s': %s", folder, err_errno());
		return NULL;
	}
	list = must_alloc(sizeof(*list));
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		char end;
		unsigned number;

		if (sscanf(d->d_name, "last.%u%c", &number, &end) != 1)
			continue;
		list = must_realloc(list, (n + 1) * sizeof(*list));
		list[n++] = number;
	}
	closedir(dir);
	*count = n;
	return list;
}

enum fw_err last_read_device(const char *folder, const char *device, last_each *each, void *owner, struct err *err)
{
	struct reading rd = { .device = device, .each = each, .owner = owner };
	unsigned count, *list = list_files(folder, &count, err);
	enum fw_err e = list ? FW_OK : FW_IO;

	for (unsigned i = 0; i < count && e == FW_OK && !rd.stopped; i++) {
		char path[600];

		snprintf(path, sizeof(path), "%s/last.%u", folder, list[i]);
		e = read_file(&rd, path, err);
	}
	free(list);
	return e;
}

enum fw_err last_read_all(const char *folder, last_each *each, void *owner, struct err *err)
{
	return last_read_device(folder, "", each, owner, err);
}

/* ---- moving records when the number of workers changes ----------------------------------------------------------------- */

unsigned last_worker_of(const char *device, unsigned workers)
{
	return (unsigned)(hash_stable(device, strlen(device)) % workers);
}

struct moving { struct last **to; unsigned workers; bool failed; };

static bool move_record(void *owner, const char *device, const struct last_record *r)
{
	struct moving *m = owner;
	struct last *l = m->to[last_worker_of(device, m->workers)];
	char class_name[256], instance[256];
	uint32_t i, dev;
	struct last_record *w;

	last_text_get(r, LAST_T_CLASS, class_name, sizeof(class_name));
	last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
	i = last_add(l, device, class_name, instance);
	if (i == LAST_NONE) {
		m->failed = true;
		return false;
	}
	dev = last_at(l, i)->device;
	w = last_begin(l, i);
	*w = *r;
	w->sequence = 1;
	w->device = dev;
	last_end(l, i);
	return true;
}

/* Is every file's number below 'workers' and their count right? */
static bool spread_is_right(const unsigned *list, unsigned count, unsigned workers)
{
	bool right = count == workers;

	for (unsigned i = 0; i < count; i++)
		right = right && list[i] < workers;
	return right;
}

/* Into a folder beside, then swapped in: a kill in between leaves either the old files or the new. */
static enum fw_err redistribute_into(const char *folder, const char *beside, unsigned workers, struct err *err)
{
	struct moving m = { .to = must_alloc(workers * sizeof(struct last *)), .workers = workers };
	enum fw_err e = FW_OK;

	for (unsigned i = 0; i < workers && e == FW_OK; i++)
		if ((m.to[i] = last_open(beside, i, err)) == NULL)
			e = FW_IO;
	if (e == FW_OK)
		e = last_read_all(folder, move_record, &m, err);
	if (e == FW_OK && m.failed)
		e = err_set(err, FW_IO, "cannot write last files in '%s'", beside);
	for (unsigned i = 0; i < workers; i++)
		last_close(m.to[i]);
	free(m.to);
	return e;
}

static void remove_last_files(const char *folder)
{
	struct err err;
	unsigned count, *list = list_files(folder, &count, &err);
	char path[600];

	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/last.%u", folder, list[i]);
		unlink(path);
	}
	free(list);
}

/* Replace the folder's files by those in 'ready'; may be begun again after a kill at any point. */
static enum fw_err swap_in(const char *folder, const char *ready, struct err *err)
{
	unsigned count, *list = list_files(ready, &count, err);
	char from[640], to[640];
	enum fw_err e = list ? FW_OK : FW_IO;

	for (unsigned i = 0; i < count && e == FW_OK; i++) {
		snprintf(from, sizeof(from), "%s/last.%u", ready, list[i]);
		snprintf(to, sizeof(to), "%s/last.%u", folder, list[i]);
		if (rename(from, to) != 0)
			e = err_set(err, FW_IO, "cannot rename '%s': %s", from, err_errno());
	}
	free(list);
	rmdir(ready);
	return e;
}

/* Files that the new number of workers does not use; their records are in 'ready' already. */
static void remove_beyond(const char *folder, unsigned workers)
{
	struct err err;
	unsigned count, *list = list_files(folder, &count, &err);
	char path[600];

	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/last.%u", folder, list[i]);
		if (list[i] >= workers)
			unlink(path);
	}
	free(list);
}

enum fw_err last_redistribute(const char *folder, unsigned workers, struct err *err)
{
	char beside[560], ready[560];
	unsigned count, *list;
	bool right;
	enum fw_err e;

	snprintf(ready, sizeof(ready), "%s/last.ready", folder);
	if (access(ready, F_OK) == 0 && (e = swap_in(folder, ready, err)) != FW_OK)
		return e;
	list = list_files(folder, &count, err);
	right = list != NULL && (count == 0 || spread_is_right(list, count, workers));
	free(list);
	if (list == NULL)
		return FW_IO;
	if (right)
		return FW_OK;
	snprintf(beside, sizeof(beside), "%s/last.new", folder);
	if (mkdir(beside, 0750) != 0 && errno != EEXIST)
		return err_set(err, FW_IO, "cannot make folder '%s': %s", beside, err_errno());
	remove_last_files(beside);
	e = redistribute_into(folder, beside, workers, err);
	if (e != FW_OK)
		return e;
	if (rename(beside, ready) != 0)
		return err_set(err, FW_IO, "cannot rename '%s': %s", beside, err_errno());
	log_info(LOG_POLL, "last files: spread anew over %u workers", workers);
	if ((e = swap_in(folder, ready, err)) == FW_OK)
		remove_beyond(folder, workers);
	return e;
}
