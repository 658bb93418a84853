/* t/unit/t4-store.h: what the store's tests share: a folder of their own, layouts, rows of known functions, reading back. */
#ifndef FW_T_STORE_H
#define FW_T_STORE_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "rrd/store.h"
#include "t/unit/tap.h"

static const int64_t day0 = INT64_C(1700006400);	/* a multiple of six hours */

static inline struct wall at_s(double s) { return (struct wall){ day0 * 1000000 + (int64_t)(s * 1e6) }; }

/* in, out: counters; load: a gauge. 'out' is kept. */
static const struct store_layout interface_layout = {
	.name = "interface", .step_s = 60, .ds_count = 3,
	.ds = { { "in", "B/s", true, false }, { "out", "B/s", true, true }, { "load", "%", false, false } },
};

static const struct store_layout *one_layout(void *owner, const char *class_name)
{
	const struct store_layout *l = owner;

	return strcmp(class_name, l->name) == 0 ? l : NULL;
}

static inline struct store_row row3(double s, uint64_t in, uint64_t out, double load)
{
	struct store_row r = { .at = at_s(s), .known = 7 };

	r.value[0].counter = in;
	r.value[1].counter = out;
	r.value[2].gauge = load;
	return r;
}

/* A folder under $TMPDIR or /tmp, gone at the end of the test by folder_remove(). */
static inline char *folder_new(char *buf, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(buf, size, "%s/fw-t4-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(buf))
		abort();
	return buf;
}

static inline void folder_remove(const char *folder)
{
	char command[STORE_PATH_MAX + 32];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command) != 0)
		note("cannot remove %s", folder);
}

/* The store's folder inside of the test's, so that the journal is inside, too. */
static inline char *rrd_folder(const char *folder, char *buf, size_t size)
{
	if (snprintf(buf, size, "%s/rrd", folder) >= (int)size)
		abort();
	return buf;
}

static inline struct store *open_store(const char *folder, const struct store_limits *limits,
				       const struct store_layout *layout)
{
	char rrd[STORE_PATH_MAX];
	struct err err = { "" };
	struct store *s = store_open(rrd_folder(folder, rrd, sizeof(rrd)), 0, limits, one_layout, (void *)(uintptr_t)layout,
				     &err);

	if (!s)
		note("%s", err.text);
	return s;
}

static inline const char *file_of(const char *folder, const char *component, char *buf, size_t size)
{
	char rrd[STORE_PATH_MAX];

	if (!store_path(rrd_folder(folder, rrd, sizeof(rrd)), component, "interface", buf, size))
		abort();
	return buf;
}

/* The value of column 'name' in the interval that ends at 's'. */
static inline double value_at(const struct store_series *series, const char *name, double s)
{
	int64_t from_start = at_s(s).us - series->start.us, step = (int64_t)series->step_s * 1000000;
	size_t row = (size_t)(from_start / step) - 1;

	for (size_t c = 0; c < series->columns; c++)
		if (strcmp(series->name[c], name) == 0 && from_start >= step && row < series->rows)
			return series->value[row * series->columns + c];
	return NAN;
}

/* The same, straight from a file. */
static inline double file_value(const char *path, const char *cf, const char *name, double s)
{
	struct store_series series;
	struct err err = { "" };
	double v = NAN;

	if (store_fetch(path, cf, at_s(s - 600), at_s(s), &series, &err) == FW_OK)
		v = value_at(&series, name, s);
	else
		note("%s", err.text);
	store_series_release(&series);
	return v;
}

#endif
