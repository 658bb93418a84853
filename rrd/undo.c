/* rrd/undo.c: see undo-int.h. */
#include "undo-int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rrd/store.h"

static const uint32_t undo_valid = 0x6e557746;	/* "FwUn" */

static uint32_t get_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void put_u32(uint8_t *p, uint32_t v) { memcpy(p, &v, sizeof(v)); }

static bool undo_path(const char *journal_path, char *path, size_t size)
{
	int n = snprintf(path, size, "%s.undo", journal_path);

	return n > 0 && (size_t)n < size;
}

/* Which run of the kernel this is; zeroes where it does not say. */
static void boot_id(uint8_t id[UNDO_PATH - UNDO_BOOT])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(id, 0, UNDO_PATH - UNDO_BOOT);
	if (fd < 0)
		return;
	if (read(fd, id, UNDO_PATH - UNDO_BOOT) < 0)
		memset(id, 0, UNDO_PATH - UNDO_BOOT);
	close(fd);
}

/* Is it still the file whose header this is? The first parts (counts, columns, archives) never change in a file. The
 * rest of it may be torn in any way, so it is not asked. */
static bool same_file(int fd, const uint8_t *header, size_t octets)
{
	uint8_t now[HEADER_COPY_MAX];
	struct rrd_header h;
	size_t fixed;

	if (octets > sizeof(now) || header_dec(header, octets, (uint64_t)lseek(fd, 0, SEEK_END), &h, NULL) != FW_OK ||
	    h.header_octets != octets)
		return false;
	fixed = HEADER_STAT + (size_t)h.ds_count * HEADER_DS + (size_t)h.rra_count * HEADER_RRA;
	return pread(fd, now, fixed, 0) == (ssize_t)fixed && memcmp(now, header, fixed) == 0;
}

/* The header back into its file, when both belong together. */
static bool undo_restore(const uint8_t *map, const char *folder)
{
	uint32_t path_octets = get_u32(map + 4), octets = get_u32(map + 8), part = get_u32(map + 12);
	const uint8_t *header = map + UNDO_HEAD + (part & 1) * HEADER_COPY_MAX;
	uint8_t boot[UNDO_PATH - UNDO_BOOT];
	char path[STORE_PATH_MAX];
	bool good;
	int fd;

	boot_id(boot);
	if (get_u32(map) != undo_valid || memcmp(map + UNDO_BOOT, boot, sizeof(boot)) != 0 ||
	    path_octets >= sizeof(path) || octets > HEADER_COPY_MAX)
		return false;
	memcpy(path, map + UNDO_PATH, path_octets);
	path[path_octets] = 0;
	if (strncmp(path, folder, strlen(folder)) != 0 || strstr(path, "/../"))
		return false;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	good = same_file(fd, header, octets) && pwrite(fd, header, octets, 0) == (ssize_t)octets;
	close(fd);
	return good;
}

enum fw_err undo_open(struct undo *u, const char *journal_path, const char *folder, bool *restored, struct err *err)
{
	char path[STORE_PATH_MAX];
	uint8_t *map = MAP_FAILED;
	int fd, failed;

	u->map = NULL;
	if (!undo_path(journal_path, path, sizeof(path)))
		return err_set(err, FW_IO, "cannot make '%s.undo': name too long", journal_path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(err, FW_IO, "cannot open '%s': %s", path, err_errno());
	failed = posix_fallocate(fd, 0, UNDO_OCTETS);	/* a hole in a full disk would be a SIGBUS */
	if (failed == 0)
		map = mmap(NULL, UNDO_OCTETS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	errno = failed ? failed : errno;
	if (map == MAP_FAILED)
		err_set(err, FW_IO, "cannot make '%s': %s", path, err_errno());
	close(fd);
	if (map == MAP_FAILED)
		return FW_IO;
	if (restored)
		*restored = undo_restore(map, folder);
	put_u32(map, 0);
	boot_id(map + UNDO_BOOT);
	u->map = map;
	return FW_OK;
}

uint8_t *undo_place(const struct undo *u, unsigned part)
{
	return u->map ? u->map + UNDO_HEAD + part * HEADER_COPY_MAX : NULL;
}

void undo_begin(struct undo *u, unsigned part, const char *path, size_t header_octets)
{
	size_t path_octets = strlen(path);

	if (!u->map || path_octets >= STORE_PATH_MAX)
		return;
	put_u32(u->map + 4, (uint32_t)path_octets);
	put_u32(u->map + 8, (uint32_t)header_octets);
	put_u32(u->map + 12, part);
	memcpy(u->map + UNDO_PATH, path, path_octets);
	atomic_signal_fence(memory_order_seq_cst);	/* a kill sees memory in program order */
	put_u32(u->map, undo_valid);
	atomic_signal_fence(memory_order_seq_cst);
}

void undo_end(struct undo *u)
{
	atomic_signal_fence(memory_order_seq_cst);
	if (u->map)
		put_u32(u->map, 0);
}

void undo_close(struct undo *u, const char *journal_path)
{
	char path[STORE_PATH_MAX];

	if (!u->map)
		return;
	munmap(u->map, UNDO_OCTETS);
	u->map = NULL;
	if (undo_path(journal_path, path, sizeof(path)))
		unlink(path);
}
