/* rrd/header.c: is this a whole RRD file? See header-int.h. librrd trusts what it reads: a wrong count or an unterminated
 * name takes the process with it, so every count, size, name and row pointer is checked here first.
 */
#include "header-int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/base/reader.h"
#include "rrd/store.h"

static const double float_cookie = 8.642135E130;

/* Offsets inside the parts, in octets. */
enum {
	STAT_VERSION = 4, STAT_FLOAT = 16, STAT_DS = 24, STAT_RRA = 32, STAT_STEP = 40,
	DS_TYPE = 20, DS_HEARTBEAT = 40, DS_MIN = 48,
	RRA_ROWS = 24, RRA_STEPS = 32,
	LAST_DS_SIZE = 30,
	STEP_MOST_S = 366 * 86400, ROW_MOST_S = 10 * STEP_MOST_S, ROWS_MOST = 10 * 1000 * 1000,
};

static uint64_t u64_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static double f64_at(const uint8_t *p)
{
	double v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A name of at most 19 octets, printable and ended. */
static bool name_at(const uint8_t *p, char name[20])
{
	size_t len = strnlen((const char *)p, 20);

	if (len == 0 || len == 20)
		return false;
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~')
			return false;
	memcpy(name, p, len + 1);
	return true;
}

static bool one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

static enum fw_err stat_dec(struct rd *r, struct rrd_header *h, struct err *err)
{
	static const char *const versions[] = { "0003", "0004", "0005", NULL };
	const uint8_t *p = rd_take(r, HEADER_STAT);
	char version[5] = "";

	if (!p)
		return err_set(err, FW_BROKEN, "shorter than a header");
	if (memcmp(p, "RRD", 4) != 0)
		return err_set(err, FW_BROKEN, "does not begin as an RRD file");
	memcpy(version, p + STAT_VERSION, 4);
	if (!one_of(version, versions) || p[STAT_VERSION + 4] != 0)
		return err_set(err, FW_BROKEN, "a version not known");
	if (memcmp(p + STAT_FLOAT, &float_cookie, sizeof(float_cookie)) != 0)
		return err_set(err, FW_BROKEN, "written on another kind of machine");
	h->step_s = u64_at(p + STAT_STEP);
	if (u64_at(p + STAT_DS) - 1 >= HEADER_DS_MAX || u64_at(p + STAT_RRA) - 1 >= HEADER_RRA_MAX)
		return err_set(err, FW_BROKEN, "claims %llu columns and %llu archives",
			       (unsigned long long)u64_at(p + STAT_DS), (unsigned long long)u64_at(p + STAT_RRA));
	if (h->step_s - 1 >= STEP_MOST_S)
		return err_set(err, FW_BROKEN, "claims a step of %llu s", (unsigned long long)h->step_s);
	h->ds_count = (uint32_t)u64_at(p + STAT_DS);
	h->rra_count = (uint32_t)u64_at(p + STAT_RRA);
	return FW_OK;
}

/* Columns. COMPUTE is refused: its parameters are a program, and no file of ours has one. */
static enum fw_err ds_dec(struct rd *r, struct rrd_header *h, struct err *err)
{
	static const char *const types[] = { "GAUGE", "DERIVE", "COUNTER", "ABSOLUTE", "DDERIVE", "DCOUNTER", NULL };

	for (uint32_t i = 0; i < h->ds_count; i++) {
		const uint8_t *p = rd_take(r, HEADER_DS);

		if (!p || !name_at(p, h->ds[i].name) || !name_at(p + DS_TYPE, h->ds[i].type) ||
		    !one_of(h->ds[i].type, types))
			return err_set(err, FW_BROKEN, "column %u has no name or type", i);
		h->ds[i].heartbeat_s = u64_at(p + DS_HEARTBEAT);
		h->ds[i].min = f64_at(p + DS_MIN);
	}
	return FW_OK;
}

static enum fw_err rra_dec(struct rd *r, struct rrd_header *h, struct err *err)
{
	static const char *const cfs[] = { "AVERAGE", "MAX", "MIN", "LAST", NULL };

	for (uint32_t i = 0; i < h->rra_count; i++) {
		const uint8_t *p = rd_take(r, HEADER_RRA);

		if (!p || !name_at(p, h->rra[i].cf) || !one_of(h->rra[i].cf, cfs))
			return err_set(err, FW_BROKEN, "archive %u has no function", i);
		h->rra[i].rows = u64_at(p + RRA_ROWS);
		h->rra[i].steps = u64_at(p + RRA_STEPS);
		if (h->rra[i].rows - 1 >= ROWS_MOST || h->rra[i].steps - 1 >= STEP_MOST_S ||
		    h->rra[i].steps * h->step_s > ROW_MOST_S)
			return err_set(err, FW_BROKEN, "archive %u claims %llu rows of %llu steps", i,
				       (unsigned long long)h->rra[i].rows, (unsigned long long)h->rra[i].steps);
	}
	return FW_OK;
}

/* What changes with every update: time, last values, places in the archives. */
static enum fw_err live_dec(struct rd *r, struct rrd_header *h, struct err *err)
{
	const uint8_t *p = rd_take(r, HEADER_LIVE);

	if (!p)
		return err_set(err, FW_BROKEN, "ends inside its header");
	h->last_up_s = (int64_t)u64_at(p);
	h->last_up_us = (int64_t)u64_at(p + 8);
	if (h->last_up_s <= 0 || h->last_up_s >= (INT64_C(1) << 36) || h->last_up_us < 0 || h->last_up_us > 999999)
		return err_set(err, FW_BROKEN, "last update at no possible time");
	for (uint32_t i = 0; i < h->ds_count; i++) {
		p = rd_take(r, HEADER_PDP);
		if (!p || !memchr(p, 0, LAST_DS_SIZE))
			return err_set(err, FW_BROKEN, "column %u has no last value", i);
	}
	rd_take(r, (size_t)h->ds_count * h->rra_count * HEADER_CDP);
	for (uint32_t i = 0; i < h->rra_count; i++) {
		p = rd_take(r, HEADER_PTR);
		if (!p || u64_at(p) >= h->rra[i].rows)
			return err_set(err, FW_BROKEN, "archive %u: row pointer beyond its end", i);
	}
	return FW_OK;
}

enum fw_err header_dec(const void *start, uint64_t len_octets, uint64_t file_octets, struct rrd_header *h, struct err *err)
{
	struct rd r = rd_over(start, len_octets);
	enum fw_err e = stat_dec(&r, h, err);

	if (e == FW_OK)
		e = ds_dec(&r, h, err);
	if (e == FW_OK)
		e = rra_dec(&r, h, err);
	if (e == FW_OK)
		e = live_dec(&r, h, err);
	if (e != FW_OK)
		return e;
	h->header_octets = (uint64_t)(r.at - (const uint8_t *)start);
	h->file_octets = h->header_octets;
	for (uint32_t i = 0; i < h->rra_count; i++)	/* at most 32 x 10^7 x 64 x 8: far below 2^63 */
		h->file_octets += h->rra[i].rows * h->ds_count * sizeof(double);
	if (h->file_octets != file_octets)
		return err_set(err, FW_BROKEN, "%llu octets where %llu are due",
			       (unsigned long long)file_octets, (unsigned long long)h->file_octets);
	return FW_OK;
}

struct head_room { uint8_t *at; size_t octets; };

static enum fw_err open_err(const char *path, struct err *err)
{
	enum fw_err e = errno == ENOENT || errno == ENOTDIR ? FW_NOTFOUND : FW_IO;

	return err_set(err, e, "cannot open '%s': %s", path, err_errno());
}

/* The start of an open file into 'start', and what it says. */
static enum fw_err header_load(int fd, const char *path, struct head_room room, struct rrd_header *h, struct err *err)
{
	struct err why = { "" };
	struct stat st = { .st_size = 0 };
	ssize_t got;

	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, FW_BROKEN, "'%s' is not a file", path);
	got = pread(fd, room.at, room.octets, 0);
	if (got < 0)
		return err_set(err, FW_IO, "cannot read '%s': %s", path, err_errno());
	if (header_dec(room.at, (uint64_t)got, (uint64_t)st.st_size, h, &why) != FW_OK)
		return err_set(err, FW_BROKEN, "'%s' is damaged: %s", path, why.text);
	return FW_OK;
}

static enum fw_err header_open(const char *path, bool writable, struct head_room room, struct rrd_header *h, struct err *err)
{
	int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
	enum fw_err e;

	if (fd < 0 && errno == EISDIR)
		return err_set(err, FW_BROKEN, "'%s' is not a file", path);
	if (fd < 0)
		return open_err(path, err);
	e = header_load(fd, path, room, h, err);
	close(fd);
	return e;
}

/* The usual header is 9 kB; for a longer one there is a second try with more memory. */
enum fw_err header_read(const char *path, bool writable, struct rrd_header *h, struct err *err)
{
	uint8_t small[12288], *large;
	enum fw_err e = header_open(path, writable, (struct head_room){ small, sizeof(small) }, h, err);

	if (e != FW_BROKEN)
		return e;
	large = must_alloc(HEADER_SIZE_MAX);
	e = header_open(path, writable, (struct head_room){ large, HEADER_SIZE_MAX }, h, err);
	free(large);
	return e;
}

enum fw_err header_copy(const char *path, uint8_t *copy, size_t expected, struct rrd_header *h, struct err *err)
{
	enum fw_err e = header_open(path, true, (struct head_room){ copy, expected }, h, err);

	return e == FW_BROKEN ? header_open(path, true, (struct head_room){ copy, HEADER_COPY_MAX }, h, err) : e;
}

enum fw_err store_check_file(const char *path, struct err *err)
{
	struct rrd_header h;

	return header_read(path, false, &h, err);
}
