/* poller/lastfile-read.c: reading last files beside their writer, and moving records when the number of workers changes. */
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
#include "poller/lastfile-int.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"	/* it does not see fences: who reads a record half written finds that out, and again */
#endif

/* ---- readers ----------------------------------------------------------------------------------------------------------- */

enum { PATIENCE = 100, PAUSE_US = 100 };	/* pauses in one reading, for all of its records: a dead writer leaves few */

/* A consistent copy; false when the writer keeps at it, or is dead. */
__attribute__((no_sanitize("thread")))
static bool record_copy(const struct last_record *from, struct last_record *to, unsigned *patience)
{
	for (int tries = 0; tries < 1000; tries++) {
		uint32_t before = __atomic_load_n(&from->sequence, __ATOMIC_ACQUIRE);
		const uint64_t *p = (const uint64_t *)(const void *)from;
		uint64_t *q = (uint64_t *)(void *)to;

		if (before & 1) {
			if (tries > 10 && *patience == 0)
				return false;
			if (tries > 10 && (*patience)--)
				usleep(PAUSE_US);
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

/* A record that its dead writer left half written: its name, if that is whole, and no values. */
static bool record_rest(const struct last_record *from, struct last_record *to)
{
	memcpy(to, from, sizeof(*to));
	to->sequence |= 1;
	last_record_mend(to);
	return to->kind != LAST_FREE;
}

struct reading { const char *device; last_each *each; void *owner; bool stopped; unsigned patience, version; };

/* The name of a device's record; "" when there is none. */
static void device_name_copy(struct reading *rd, const struct last_record *first, uint32_t device, char *name, size_t size)
{
	struct last_record copy;

	name[0] = '\0';
	if (record_copy(&first[device], &copy, &rd->patience) || record_rest(&first[device], &copy))
		if (copy.kind == LAST_DEVICE)
			last_text_get(&copy, LAST_T_DEVICE, name, size);
}

static uint32_t device_find_copy(struct reading *rd, const struct last_record *first, uint32_t count)
{
	char name[256];

	for (uint32_t i = 0; i < count; i++) {
		if (first[i].kind != LAST_DEVICE)
			continue;
		device_name_copy(rd, first, i, name, sizeof(name));
		if (strcmp(name, rd->device) == 0)
			return i;
	}
	return LAST_NONE;
}

/* A part's device comes before it in the file only by custom, so it is looked up by number. */
static void read_records(struct reading *rd, const struct last_record *first, uint32_t count)
{
	uint32_t wanted = rd->device[0] ? device_find_copy(rd, first, count) : LAST_NONE, device = LAST_NONE;
	char name[256] = "";

	if (rd->device[0] && wanted == LAST_NONE)
		return;
	for (uint32_t i = 0; i < count && !rd->stopped; i++) {
		struct last_record copy;

		if (first[i].kind == LAST_FREE || (rd->device[0] && first[i].device != wanted))
			continue;
		if ((!record_copy(&first[i], &copy, &rd->patience) && !record_rest(&first[i], &copy)) || copy.kind == LAST_FREE ||
		    !last_record_good(&copy, count))
			continue;
		if (copy.device != device) {
			device = copy.device;
			device_name_copy(rd, first, device, name, sizeof(name));
		}
		last_record_renew(&copy, rd->version);
		if (name[0])
			rd->stopped = !rd->each(rd->owner, name, &copy);
	}
}

static enum fw_err read_file(struct reading *rd, const char *path, struct err *err)
{
	struct stat st;
	struct header h;
	void *map = MAP_FAILED;
	enum fw_err e = FW_OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		e = err_set(err, FW_IO, "cannot open '%s': %s", path, err_errno());
		goto out;
	}
	/* its writer makes it longer first and counts then: so the count is read before the length */
	if (pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || h.magic[0] == '\0' || fstat(fd, &st) != 0)
		goto out;	/* being made */
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		e = err_set(err, FW_IO, "cannot map '%s': %s", path, err_errno());
		goto out;
	}
	if (!last_header_good(&h, (size_t)st.st_size, h.number)) {
		if (last_header_version(&h) > LAST_VERSION)
			e = err_set(err, FW_BROKEN, "cannot read '%s': of version %u, this program reads up to %u", path,
				    last_header_version(&h), LAST_VERSION);
		else
			e = err_set(err, FW_BROKEN, "cannot read '%s': damaged", path);
		goto out;
	}
	rd->version = last_header_version(&h);
	read_records(rd, (const struct last_record *)(const void *)((const uint8_t *)map + HEADER_SIZE), h.count);
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
	struct reading rd = { .device = device, .each = each, .owner = owner, .patience = PATIENCE };
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

/* What cannot be read does not keep the rest from moving. */
static enum fw_err set_aside_damaged(const char *folder, const unsigned *list, unsigned count, struct err *err)
{
	char path[600];

	for (unsigned i = 0; i < count; i++) {
		enum fw_err e;

		snprintf(path, sizeof(path), "%s/last.%u", folder, list[i]);
		e = last_file_state(path, list[i], err);
		if (e == FW_IO)
			return e;
		if (e == FW_BROKEN)
			last_set_aside(path);
	}
	return FW_OK;
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
	e = list == NULL ? FW_IO : right ? FW_OK : set_aside_damaged(folder, list, count, err);
	free(list);
	if (right || e != FW_OK)
		return e;
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
