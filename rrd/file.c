/* rrd/file.c: librrd's writing side; see file-int.h. */
#include "file-int.h"

#include <inttypes.h>
#include <math.h>
#include <rrd.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *librrd_why(void)
{
	const char *why = rrd_test_error() ? rrd_get_error() : "";

	return *why ? why : "librrd does not say why";
}

/* librrd says nothing of a full disk when it makes a file, and errno is long another's. */
static enum fw_err make_failed(const struct file_make *m, struct err *err)
{
	unsigned long long need = plan_octets(m->plan), there = 0;
	struct statvfs v;

	if (statvfs(m->scratch, &v) == 0)
		there = (unsigned long long)v.f_bavail * v.f_frsize;
	if (!rrd_test_error() && (there < need + 65536 || v.f_favail == 0))
		return err_set(err, FW_IO, "cannot make '%s': disk full (%llu octets are free, %llu needed)", m->path, there,
			       need);
	return err_set(err, FW_IO, "cannot make '%s': %s", m->path, librrd_why());
}

/* The last time before the first row, a step away so that a gauge counts for a whole step. */
static time_t start_of(const struct file_make *m)
{
	return (time_t)((m->first_ms - 1) / 1000 - m->plan->layout->step_s);
}

enum fw_err file_set_aside(const char *path, struct err *err)
{
	char aside[STORE_PATH_MAX + 8];

	snprintf(aside, sizeof(aside), "%s.broken", path);
	if (rename(path, aside) != 0)
		return err_set(err, FW_IO, "cannot rename '%s' to '%s': %s", path, aside, err_errno());
	return FW_OK;
}

enum fw_err file_make(const struct file_make *m, struct err *err)
{
	const char *source[] = { m->path, NULL };
	struct plan_words words;
	char scratch[STORE_PATH_MAX];
	enum fw_err e = path_make_parents(m->path, err);
	int n = snprintf(scratch, sizeof(scratch), "%s/new.rrd", m->scratch);

	if (e == FW_OK && (n < 0 || (size_t)n >= sizeof(scratch)))
		e = err_set(err, FW_IO, "cannot make '%s': name too long", m->path);
	if (e == FW_OK)
		e = path_make_parents(scratch, err);
	if (e != FW_OK)
		return e;
	plan_words(&words, m->plan);
	rrd_clear_error();
	if (rrd_create_r2(scratch, m->plan->layout->step_s, m->rebuild ? -1 : start_of(m), 0,
			  m->rebuild ? source : NULL, NULL, words.count, words.word) != 0)
		return make_failed(m, err);
	if (m->aside)
		e = file_set_aside(m->path, err);
	if (e == FW_OK && rename(scratch, m->path) != 0)
		e = err_set(err, FW_IO, "cannot make '%s': %s", m->path, err_errno());
	if (e != FW_OK)
		unlink(scratch);
	return e;
}

void update_begin(struct update *u, const char *path, const struct plan *plan, int64_t last_ms)
{
	u->path = path;
	u->plan = plan;
	u->last_ms = last_ms;
	u->calls = 0;
	u->lines = 0;
	u->text_octets = 0;
}

static char *put_u64(char *at, uint64_t v)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		*at++ = digits[--n];
	return at;
}

/* Nine decimals, without the zeroes at the end: for 0.001 and above at least six digits that count. */
static char *put_fixed(char *at, double v)
{
	uint64_t nano = (uint64_t)(v * 1e9 + 0.5), rest = nano % 1000000000;

	at = put_u64(at, nano / 1000000000);
	*at++ = '.';
	for (uint64_t unit = 100000000; rest; unit /= 10) {
		*at++ = (char)('0' + rest / unit);
		rest %= unit;
	}
	return at;
}

/* printf is a tenth of all that a row costs, so it is for numbers that are very large or small only; then a point whatever
 * the locale says. */
static char *put_gauge(char *at, double v)
{
	char *point;

	if (!isfinite(v)) {
		*at++ = 'U';
		return at;
	}
	if (v < 0) {
		*at++ = '-';
		v = -v;
	}
	if (v < 1e15 && v == (double)(uint64_t)v)
		return put_u64(at, (uint64_t)v);
	if (v >= 1e-3 && v < 1e9)
		return put_fixed(at, v);
	snprintf(at, 32, "%.15g", v);
	point = strchr(at, ',');
	if (point)
		*point = '.';
	return at + strlen(at);
}

/* "1700000000.123:17:U:3.5". With 'unknown_counters' counters are U whatever the row has. */
static char *put_line(char *at, const struct plan *p, const struct store_row *row, bool unknown_counters)
{
	int64_t ms = unknown_counters ? row_ms(row) : row_end_ms(row);

	at = put_u64(at, (uint64_t)(ms / 1000));
	*at++ = '.';
	*at++ = (char)('0' + ms / 100 % 10);
	*at++ = (char)('0' + ms / 10 % 10);
	*at++ = (char)('0' + ms % 10);
	for (uint32_t i = 0; i < p->layout->ds_count; i++) {
		bool counter = p->layout->ds[i].counter;

		if (!(p->columns >> i & 1))
			continue;
		*at++ = ':';
		if (!(row->known >> i & 1) || (counter && unknown_counters))
			*at++ = 'U';
		else if (counter)
			at = put_u64(at, row->value[i].counter);
		else
			at = put_gauge(at, row->value[i].gauge);
	}
	*at++ = 0;
	return at;
}

enum { LINE_MOST = 24 + STORE_DS_MAX * 26 };

static enum fw_err update_write(struct update *u, struct err *err)
{
	enum fw_err e = FW_OK;

	if (u->lines == 0)
		return FW_OK;
	rrd_clear_error();
	u->calls++;
	if (rrd_updatex_r(u->path, NULL, RRD_SKIP_PAST_UPDATES, u->lines, u->line) != 0)
		e = err_set(err, FW_IO, "cannot write '%s': %s", u->path, librrd_why());
	u->lines = 0;
	u->text_octets = 0;
	return e;
}

static void update_line(struct update *u, const struct store_row *row, bool unknown_counters)
{
	char *at = u->text + u->text_octets;

	u->line[u->lines++] = at;
	u->text_octets = (size_t)(put_line(at, u->plan, row, unknown_counters) - u->text);
}

enum fw_err update_row(struct update *u, const struct store_row *row, struct err *err)
{
	enum fw_err e = FW_OK;

	if (row_ms(row) <= u->last_ms)
		return FW_OK;
	if (u->lines + 2 > UPDATE_LINES || u->text_octets + 2 * LINE_MOST > UPDATE_TEXT)
		e = update_write(u, err);
	if (row->reset)
		update_line(u, row, true);
	update_line(u, row, false);
	u->last_ms = row_end_ms(row);
	return e;
}

enum fw_err update_end(struct update *u, struct err *err)
{
	return update_write(u, err);
}
