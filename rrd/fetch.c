/* rrd/fetch.c: reading rows back. Any thread or process; the file is checked before librrd opens it. */
#include "header-int.h"

#include <rrd.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "rrd/store.h"

/* From where and to where a file can have rows: a question beyond that would only buy unknowns. */
static void clamp(const struct rrd_header *h, time_t *from, time_t *to)
{
	int64_t longest_s = 0, coarsest_s = 0;

	for (uint32_t i = 0; i < h->rra_count; i++) {
		int64_t step_s = (int64_t)(h->step_s * h->rra[i].steps), span_s = step_s * (int64_t)h->rra[i].rows;

		longest_s = span_s > longest_s ? span_s : longest_s;
		coarsest_s = step_s > coarsest_s ? step_s : coarsest_s;
	}
	if (*from < h->last_up_s - longest_s - coarsest_s)
		*from = h->last_up_s - longest_s - coarsest_s;
	if (*from < 0)
		*from = 0;
	if (*to > h->last_up_s + coarsest_s)
		*to = h->last_up_s + coarsest_s;
}

static void series_take(struct store_series *out, char **names, const rrd_value_t *values, time_t start, time_t end)
{
	out->rows = end > start ? (size_t)(end - start) / out->step_s : 0;
	out->start.us = (int64_t)start * 1000000;
	out->name = must_alloc(out->columns * sizeof(out->name[0]) + 1);
	for (size_t i = 0; i < out->columns; i++)
		text_copy(out->name[i], sizeof(out->name[i]), names[i]);
	out->value = must_alloc(out->rows * out->columns * sizeof(double) + 1);
	memcpy(out->value, values, out->rows * out->columns * sizeof(double));
}

enum fw_err store_fetch(const char *path, const char *cf, struct wall from, struct wall to, struct store_series *out,
			struct err *err)
{
	time_t start = (time_t)(from.us / 1000000), end = (time_t)((to.us + 999999) / 1000000);
	unsigned long step = 1, columns = 0;
	struct rrd_header h;
	char **names = NULL;
	rrd_value_t *values = NULL;
	enum fw_err e = header_read(path, false, &h, err);

	*out = (struct store_series){ .rows = 0 };
	if (e != FW_OK)
		return e;
	if (strcmp(cf, "AVERAGE") != 0 && strcmp(cf, "MAX") != 0)
		return err_set(err, FW_MISTAKE, "cannot read '%s' of '%s': AVERAGE or MAX", cf, path);
	if (end <= start)
		return err_set(err, FW_RANGE, "cannot read '%s': the end is not after the start", path);
	clamp(&h, &start, &end);
	if (end <= start)
		start = end - 1;
	rrd_clear_error();
	if (rrd_fetch_r(path, cf, &start, &end, &step, &columns, &names, &values) != 0)
		return err_set(err, FW_IO, "cannot read '%s': %s", path, rrd_get_error());
	out->step_s = (uint32_t)step;
	out->columns = columns;
	series_take(out, names, values, start, end);
	for (unsigned long i = 0; i < columns; i++)
		rrd_freemem(names[i]);
	rrd_freemem(names);
	rrd_freemem(values);
	return FW_OK;
}

void store_series_release(struct store_series *s)
{
	free(s->value);
	free(s->name);
	*s = (struct store_series){ .rows = 0 };
}
