/* poller/lastfile.c: the last file's writer; see lastfile.h. */
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
#include "poller/lastfile-int.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"	/* it does not see fences: who reads a record half written finds that out, and again */
#endif

enum { GROW = 256, REASON_KEPT = 159, NAME_MOST = 255, CLASS_MOST = 127 };

static const char magic[] = "forewarn last ";	/* then the version, and a line feed */

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

/* Texts of columns leave room for the reason of the state, so that it is never cut by what an agent says. */
static size_t text_room(const struct last_record *r, uint8_t which)
{
	size_t used = text_used(r), at = text_at(r, LAST_T_REASON), kept = 0;

	if (which < MIB_COLUMNS_MAX)
		kept = 2 + REASON_KEPT - (at < used ? 2 + (size_t)r->text[at + 1] : 0);
	return LAST_TEXT - used > kept ? LAST_TEXT - used - kept : 0;
}

bool last_text_set(struct last_record *r, uint8_t which, const void *text, size_t len_octets)
{
	size_t at = text_at(r, which), used = text_used(r), room, len = len_octets;

	if (which == LAST_T_REASON && len > REASON_KEPT)
		len_octets = len = REASON_KEPT;

	if (at < used && r->text[at + 1] == len_octets && memcmp(r->text + at + 2, text, len_octets) == 0)
		return true;
	text_drop(r, which);
	used = text_used(r);
	room = text_room(r, which);
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

/* ifHighSpeed says 0 of slow links, and ifSpeed 4294967295 of fast ones: then the other one says it. */
uint64_t last_capacity(const struct mib_table *t, const struct last_record *r)
{
	for (uint8_t c = 0; c < t->column_count; c++) {
		const struct mib_column *k = &t->column[c];
		double mbps = (double)r->value[c] * k->scale / 1e6;

		if (k->capacity && r->known >> c & 1 && r->value[c] != UINT32_MAX && mbps >= 1 && mbps < (double)LAST_CAPACITY_MOST)
			return (uint64_t)mbps;
	}
	return 0;
}

void last_missing(struct last_record *r, uint8_t column, enum fw_err why, struct wall since)
{
	if (r->known >> column & 1 || r->why[column] == FW_OK)
		r->value[column] = (uint64_t)since.us;
	r->known &= ~(1u << column);
	r->why[column] = (uint8_t)why;
}

bool last_lacks(const struct mib_table *t, const struct last_record *r, uint8_t column)
{
	if (r->known >> column & 1 || r->why[column] == FW_OK || r->source >> column & 1)
		return false;
	for (uint8_t c = 0; c < t->column_count; c++)
		if (t->column[c].otherwise == column)
			return r->source >> c & 1;
	return true;
}

struct wall last_missing_since(const struct last_record *r, uint8_t column)
{
	bool missing = !(r->known >> column & 1) && r->why[column] != FW_OK;

	return (struct wall){ missing && r->value[column] <= INT64_MAX ? (int64_t)r->value[column] : 0 };
}

/* ---- the map from names ---------------------------------------------------------------------------------------------- */

static void slot_put(struct last *l, uint64_t hash, uint32_t record);

/* A table of 'size' slots with what is alive in the old one. */
static void slots_build(struct last *l, uint32_t size)
{
	struct slot *old = l->slot;
	uint32_t n = l->slots;

	l->slots = size;
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
	if ((l->slots_used + 1) * 4ull > l->slots * 3ull)
		slots_build(l, l->slots ? l->slots * 2 : 1024);
	for (uint32_t i = (uint32_t)hash & (l->slots - 1);; i = (i + 1) & (l->slots - 1)) {
		if (l->slot[i].record == LAST_NONE) {
			l->slot[i] = (struct slot){ hash, record };
			l->slots_used++;
			return;
		}
	}
}

/* Take the slot of a record out; those behind it move up, so that a search never ends early. */
static void slot_drop(struct last *l, uint32_t record)
{
	uint32_t mask = l->slots - 1, i = (uint32_t)record_at(l, record)->name_hash & mask;

	while (l->slot[i].record != record) {
		if (l->slot[i].record == LAST_NONE)
			return;
		i = (i + 1) & mask;
	}
	for (uint32_t j = (i + 1) & mask; l->slot[j].record != LAST_NONE; j = (j + 1) & mask) {
		if (((j - (uint32_t)l->slot[j].hash) & mask) < ((j - i) & mask))
			continue;	/* it is at home between i and j */
		l->slot[i] = l->slot[j];
		i = j;
	}
	l->slot[i].record = LAST_NONE;
	l->slots_used--;
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

/* Make the mapping hold 'records'; the disk's blocks are taken at once, so that a full disk refuses here and not by a signal. A larger
 * one takes the place of the old (and not mremap, which the thread sanitizer does not see: to it the next thread that is given
 * the old place would share it). */
static enum fw_err map_grow(struct last *l, uint32_t records, struct err *err)
{
	size_t size = size_for(records);
	int e = posix_fallocate(l->fd, 0, (off_t)size);
	void *map;

	if (e != 0) {
		errno = e;
		return err_set(err, FW_IO, "cannot grow '%s' to %zu octets: %s", l->path, size, err_errno());
	}
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, l->fd, 0);
	if (map == MAP_FAILED)
		return err_set(err, FW_IO, "cannot map '%s': %s", l->path, err_errno());
	if (l->map)
		munmap(l->map, l->map_size);
	l->map = map;
	l->map_size = size;
	l->room = records;
	return FW_OK;
}

unsigned last_header_version(const struct header *h)
{
	size_t at = sizeof(magic) - 1;
	unsigned version = 0;

	if (memcmp(h->magic, magic, at) != 0)
		return 0;
	for (; at < MAGIC_LEN && h->magic[at] >= '0' && h->magic[at] <= '9'; at++)
		version = version * 10 + (unsigned)(h->magic[at] - '0');
	return at < MAGIC_LEN && h->magic[at] == '\n' ? version : 0;
}

bool last_header_good(const struct header *h, size_t file_size, unsigned number)
{
	unsigned version = last_header_version(h);

	return version >= 1 && version <= LAST_VERSION && h->byte_order == 0x01020304 &&
	       h->record_size == sizeof(struct last_record) && h->number == number &&
	       h->count <= RECORDS_MOST && size_for(h->count) <= file_size;
}

bool last_record_good(const struct last_record *r, uint32_t count)
{
	if (r->kind == LAST_FREE)
		return true;
	return r->kind <= LAST_PART && r->state < STATES && r->arcs <= LAST_ARCS && r->device < count &&
	       ((size_t)r->text_len_hi << 8 | r->text_len_lo) <= LAST_TEXT;
}

/* Does the record bear the name that its hash is of, and its device's record that of a device? */
static bool name_good(const struct last_record *first, const struct last_record *r)
{
	const struct last_record *of = &first[r->device];
	char device[256], class_name[256], instance[256];

	if (of->kind != LAST_DEVICE || (r->kind == LAST_DEVICE && of != r))
		return false;
	last_text_get(of, LAST_T_DEVICE, device, sizeof(device));
	last_text_get(r, LAST_T_CLASS, class_name, sizeof(class_name));
	last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
	if (r->kind == LAST_DEVICE ? device[0] == '\0' : class_name[0] == '\0')
		return false;
	return r->name_hash == name_hash_of(device, r->kind == LAST_DEVICE ? "" : class_name, instance);
}

void last_record_mend(struct last_record *r)
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

/* Version 1 left in value[] of a column that is missing what it had said before; since when it is missing nobody knows. */
void last_record_renew(struct last_record *r, unsigned version)
{
	for (uint8_t c = 0; version == 1 && r->kind == LAST_PART && c < LAST_VALUES; c++)
		if (!(r->known >> c & 1) && r->why[c] != FW_OK)
			r->value[c] = 0;
}

/* What was being written when the process was killed begins anew; what is no record is emptied. */
static void mend_records(struct last *l, unsigned *mended, unsigned *dropped)
{
	for (uint32_t i = 0; i < head(l)->count; i++) {
		struct last_record *r = record_at(l, i);

		if (!last_record_good(r, head(l)->count)) {
			memset(r, 0, sizeof(*r));
			++*dropped;
		} else if (r->sequence & 1) {
			last_record_mend(r);
			++*mended;
		}
	}
}

/* Put all into the map; what has no name of its own is emptied: devices first, since their parts go with them. */
static void index_kind(struct last *l, enum last_kind kind, unsigned *dropped)
{
	for (uint32_t i = 0; i < head(l)->count; i++) {
		struct last_record *r = record_at(l, i);
		char device[256], class_name[256], instance[256];

		if (r->kind != kind)
			continue;
		if (name_good(record_at(l, 0), r)) {
			last_text_get(record_at(l, r->device), LAST_T_DEVICE, device, sizeof(device));
			last_text_get(r, LAST_T_CLASS, class_name, sizeof(class_name));
			last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
			if (last_find(l, device, kind == LAST_DEVICE ? "" : class_name, instance) == LAST_NONE) {
				slot_put(l, r->name_hash, i);
				continue;
			}
		}
		memset(r, 0, sizeof(*r));
		++*dropped;
	}
}

static void index_records(struct last *l)
{
	unsigned mended = 0, dropped = 0;

	mend_records(l, &mended, &dropped);
	index_kind(l, LAST_DEVICE, &dropped);
	index_kind(l, LAST_PART, &dropped);
	for (uint32_t i = head(l)->count; i-- > 0;)
		if (record_at(l, i)->kind == LAST_FREE)
			free_push(l, i);
	if (mended || dropped)
		log_warn(LOG_POLL, "last file '%s': records cut short by a kill begin anew mended=%u dropped=%u",
			 l->path, mended, dropped);
}

static void magic_put(struct header *h)
{
	char text[MAGIC_LEN + 8];

	snprintf(text, sizeof(text), "%s%u\n", magic, (unsigned)LAST_VERSION);
	memcpy(h->magic, text, MAGIC_LEN);
}

/* A fresh header in an empty file. */
static void header_write(struct last *l, unsigned number)
{
	struct header h = { .byte_order = 0x01020304, .record_size = sizeof(struct last_record), .number = number };

	magic_put(&h);
	memcpy(l->map, &h, sizeof(h));
}

/* A file of an older version is made one of this: its records first, so that a kill in between leaves one of the old. */
static void records_renew(struct last *l)
{
	unsigned version = last_header_version(head(l));

	if (version == LAST_VERSION)
		return;
	for (uint32_t i = 0; i < head(l)->count; i++)
		last_record_renew(record_at(l, i), version);
	msync(l->map, l->map_size, MS_SYNC);
	magic_put(head(l));
	log_info(LOG_POLL, "last file '%s': of version %u, is now of version %u: all is kept but since when a value is missing", l->path,
		 version, LAST_VERSION);
}

/* Of a newer program, it is kept under the name of its version: once that runs again it can be put back. */
void last_set_aside(const char *path)
{
	struct header h = { .magic = "" };
	unsigned version = 0;
	char aside[600];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h))
		version = last_header_version(&h);
	if (fd >= 0)
		close(fd);
	if (version > LAST_VERSION) {
		snprintf(aside, sizeof(aside), "%s.version%u", path, version);
		if (rename(path, aside) == 0)
			log_error(LOG_POLL, "last file '%s': of version %u, and this program reads up to %u: kept as '%s', begun anew: "
				  "what was learned and last read of its devices is read anew", path, version, LAST_VERSION, aside);
		return;
	}
	snprintf(aside, sizeof(aside), "%s.broken", path);
	if (rename(path, aside) == 0)
		log_error(LOG_POLL, "last file '%s': damaged: kept as '%s', begun anew", path, aside);
}

enum fw_err last_file_state(const char *path, unsigned number, struct err *err)
{
	struct header h = { .magic = "" };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum fw_err e = FW_OK;

	if (fd < 0 && errno == ENOENT)
		return FW_OK;
	if (fd < 0 || fstat(fd, &st) != 0 || (st.st_size > 0 && pread(fd, &h, sizeof(h), 0) < 0))
		e = err_set(err, FW_IO, "cannot read '%s': %s", path, err_errno());
	else if (h.magic[0] == '\0' ? h.count != 0 : !last_header_good(&h, (size_t)st.st_size, number))
		e = FW_BROKEN;		/* no magic and no count: killed before its header was written */
	if (fd >= 0)
		close(fd);
	return e;
}

struct last *last_open(const char *folder, unsigned number, struct err *err)
{
	struct last *l = must_alloc(sizeof(*l));
	struct header h = { .magic = "" };
	bool fresh;
	enum fw_err e;

	snprintf(l->path, sizeof(l->path), "%s/last.%u", folder, number);
	l->fd = -1;
	e = last_file_state(l->path, number, err);
	if (e == FW_IO)
		goto fail;
	if (e == FW_BROKEN)
		last_set_aside(l->path);
	l->fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (l->fd < 0) {
		err_set(err, FW_IO, "cannot open '%s': %s", l->path, err_errno());
		goto fail;
	}
	fresh = pread(l->fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || h.magic[0] == '\0';
	if (map_grow(l, !fresh && h.count > GROW ? h.count : GROW, err) != FW_OK)
		goto fail;
	if (fresh)
		header_write(l, number);
	records_renew(l);
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
	if (strlen(device) > NAME_MOST || strlen(class_name) > CLASS_MOST || strlen(instance) > LAST_INSTANCE_MAX)
		return LAST_NONE;	/* it would be cut, and another one found in its place */
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
	slot_drop(l, record);
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
