/* rrd/journal.c: appending to the journal and its generations; see journal-int.h. */
#include "journal-int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal-record-int.h"
#include "poller/base/hash.h"

/* A lock of fcntl's kind: a child that outlives us (a graph, a plugin) does not hold it. */
static enum fw_err journal_lock(struct journal *j, struct err *err)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	j->lock_fd = open(j->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (j->lock_fd < 0)
		return err_set(err, FW_IO, "cannot open '%s': %s", j->lock, err_errno());
	if (fcntl(j->lock_fd, F_SETLK, &whole) == 0)
		return FW_OK;
	if (errno == EAGAIN || errno == EACCES)
		return err_set(err, FW_LOCKED, "cannot use '%s': another process does", j->path);
	return err_set(err, FW_IO, "cannot lock '%s': %s", j->lock, err_errno());
}

/* The journal is beside the folder: STATE/rrd has STATE/journal.N. */
enum fw_err journal_init(struct journal *j, const char *folder, unsigned number, struct err *err)
{
	size_t len = strlen(folder);
	int n;

	*j = (struct journal){ .fd = -1, .lock_fd = -1, .gap = true };
	j->buf = must_alloc(JOURNAL_BUFFER);
	while (len > 1 && folder[len - 1] == '/')
		len--;
	while (len > 0 && folder[len - 1] != '/')
		len--;
	n = snprintf(j->path, sizeof(j->path), "%.*sjournal.%u", (int)len, folder, number);
	if (n < 0 || (size_t)n + sizeof(".lock") > sizeof(j->path))
		return err_set(err, FW_MISTAKE, "cannot use folder '%s': name too long", folder);
	snprintf(j->old, sizeof(j->old), "%.*s.old", n, j->path);
	snprintf(j->fresh, sizeof(j->fresh), "%.*s.new", n, j->path);
	snprintf(j->lock, sizeof(j->lock), "%.*s.lock", n, j->path);
	return journal_lock(j, err);
}

void journal_release(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	if (j->lock_fd >= 0)
		close(j->lock_fd);
	free(j->buf);
	j->buf = NULL;
	j->fd = j->lock_fd = -1;
}

/* Nothing more can be taken: forget the buffer, and remember that rows are missing. */
static void journal_lose(struct journal *j)
{
	j->gap = true;
	j->len = 0;
}

static void journal_add(struct journal *j, const struct wr *body)
{
	struct wr head;
	uint32_t crc;

	must(wr_ok(body) && body->len <= JOURNAL_BODY_MAX);
	if (j->len + JOURNAL_HEAD + body->len > JOURNAL_BUFFER && journal_write(j, false, NULL) != FW_OK)
		journal_lose(j);
	if (j->gap)
		return;
	head = wr_over(j->buf + j->len, JOURNAL_HEAD);
	wr_bytes(&head, (uint8_t[]){ 'F', 'j', (uint8_t)body->len, (uint8_t)(body->len >> 8) }, 4);
	crc = hash_crc32(hash_crc32(0, head.buf + 2, 2), body->buf, body->len);
	wr_u32le(&head, crc);
	memcpy(j->buf + j->len + JOURNAL_HEAD, body->buf, body->len);
	j->len += JOURNAL_HEAD + body->len;
}

/* Make sure that this file describes the component; its number. */
static uint32_t journal_describe(struct journal *j, struct journal_who who)
{
	uint8_t room[JOURNAL_BODY_MAX];
	struct wr w;

	if (who.shape->journal_gen != j->gen) {
		w = wr_over(room, sizeof(room));
		record_layout_enc(&w, j->layouts, &who.shape->layout);
		journal_add(j, &w);
		who.shape->journal_gen = j->gen;
		who.shape->journal_id = j->layouts++;
	}
	if (*who.gen != j->gen) {
		w = wr_over(room, sizeof(room));
		record_name_enc(&w, j->names, who.shape->journal_id, who.component);
		journal_add(j, &w);
		*who.gen = j->gen;
		*who.id = j->names++;
	}
	return *who.id;
}

void journal_row(struct journal *j, struct journal_who who, const struct store_row *row)
{
	uint8_t room[ROW_PACKED_MAX + 16];
	struct wr w = wr_over(room, sizeof(room));

	if (j->gap)
		return;
	wr_u8(&w, RECORD_ROW);
	varint_enc(&w, journal_describe(j, who));
	row_pack(&w, who.shape->form, row, NULL);
	journal_add(j, &w);
}

void journal_forget(struct journal *j, struct journal_who who)
{
	uint8_t room[16];
	struct wr w = wr_over(room, sizeof(room));

	if (j->gap)
		return;
	wr_u8(&w, RECORD_FORGET);
	varint_enc(&w, journal_describe(j, who));
	journal_add(j, &w);
}

enum fw_err journal_write(struct journal *j, bool sync, struct err *err)
{
	size_t done = 0;

	if (j->fd < 0)
		return j->len ? err_set(err, FW_IO, "cannot write '%s': it is not open", j->path) : FW_OK;
	while (done < j->len) {
		ssize_t n = write(j->fd, j->buf + done, j->len - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	if (done < j->len)
		err_set(err, FW_IO, "cannot write '%s': %s", j->path, err_errno());
	j->file_octets += done;
	j->unsynced = j->unsynced || done > 0;
	memmove(j->buf, j->buf + done, j->len - done);
	j->len -= done;
	if (j->len)
		return FW_IO;
	if (!sync || !j->unsynced)
		return FW_OK;
	if (fdatasync(j->fd) != 0)
		return err_set(err, FW_IO, "cannot write '%s' to the disk: %s", j->path, err_errno());
	j->unsynced = false;
	return FW_OK;
}

enum fw_err journal_begin_fresh(struct journal *j, struct err *err)
{
	if (!j->gap)
		journal_write(j, false, NULL);	/* what fails here is carried, or lost with the gap that follows */
	if (j->len)
		journal_lose(j);
	if (j->fd >= 0)
		close(j->fd);
	j->fd = open(j->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (j->fd < 0) {
		j->gap = true;
		return err_set(err, FW_IO, "cannot make '%s': %s", j->fresh, err_errno());
	}
	j->gen++;
	j->layouts = j->names = 0;
	j->file_octets = 0;
	j->gap = false;
	return FW_OK;
}

/* The names of files in their folder to the disk. */
static void folder_sync(const char *path)
{
	char folder[STORE_PATH_MAX] = ".";
	const char *slash = strrchr(path, '/');
	int fd;

	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

enum fw_err journal_finish_fresh(struct journal *j, bool all_carried, struct err *err)
{
	enum fw_err e = j->gap ? err_set(err, FW_IO, "cannot write '%s': disk full?", j->fresh)
			       : journal_write(j, true, err);

	if (e == FW_OK && !all_carried && rename(j->path, j->old) != 0 && errno != ENOENT)
		e = err_set(err, FW_IO, "cannot rename '%s': %s", j->path, err_errno());
	if (e == FW_OK && rename(j->fresh, j->path) != 0)
		e = err_set(err, FW_IO, "cannot rename '%s': %s", j->fresh, err_errno());
	if (e == FW_OK) {
		if (all_carried)
			unlink(j->old);
		j->old_there = !all_carried;
		folder_sync(j->path);
		return FW_OK;
	}
	journal_lose(j);
	close(j->fd);
	j->fd = -1;
	unlink(j->fresh);
	return e;
}

void journal_drop_old(struct journal *j)
{
	if (j->old_there)
		unlink(j->old);
	j->old_there = false;
}

void journal_drop_all(struct journal *j)
{
	unlink(j->old);
	unlink(j->fresh);
	unlink(j->path);
	j->len = 0;
}
