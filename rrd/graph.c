/* rrd/graph.c: a picture of columns over time, drawn by librrd. In a child process only: librrd's drawing keeps state of
 * its own, and what draws fonts may exit.
 *
 * An area is filled lightly under its line; where a pixel is wider than the finest rows, the maximum is a thin
 * line above the average. A line 'below' is drawn downwards (traffic out) and told upwards in the legend.
 */
#include "header-int.h"

#include <rrd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "rrd/store.h"

enum {
	WORD_SIZE = 3 * STORE_PATH_MAX, WORDS_A_LINE = 16, WORDS_FIXED = 80,
	LABEL_COLUMNS_MOST = 48, UNIT_COLUMNS_MOST = 12, LINES_MOST = 64, SIZE_LEAST = 100, SIZE_MOST = 4000,
};

/* librrd's argument list. */
struct words {
	char **word;
	int count, room;
};

static void word_add(struct words *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void word_add(struct words *w, const char *fmt, ...)
{
	char buf[WORD_SIZE];
	va_list ap;

	must(w->count + 1 < w->room);
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	w->word[w->count++] = must_strdup(buf);
}

static void words_release(struct words *w)
{
	for (int i = 0; i < w->count; i++)
		free(w->word[i]);
	free(w->word);
}

/* In librrd's element lists ':' ends an argument; in a print format '%' begins a conversion. A '\' is itself, but before ':'
 * and just before the end, where it is an order: whoever uses this writes something after it. */
static const char *escape(const char *s, bool format, char *buf, size_t size)
{
	size_t n = 0;

	for (; *s && n + 3 < size; s++) {
		if (*s == ':')
			buf[n++] = '\\';
		if (*s == '%' && format)
			buf[n++] = '%';
		buf[n++] = *s;
	}
	buf[n] = 0;
	return buf;
}

/* A foreign text for a legend: no control octets, valid UTF-8, at most 'columns' wide. */
static void label_clean(const char *label, size_t columns, char *buf, size_t size)
{
	size_t shown = 0;
	char *p;

	text_clean(label, strlen(label), buf, size);
	for (p = buf; *p; p++)
		if ((*p & 0xc0) != 0x80 && shown++ == columns)
			break;
	*p = 0;
}

/* What is known of one line before it is drawn. */
struct drawn {
	const struct store_line *line;
	bool maximum;			/* a pixel is wide enough for a line of maxima */
	char label[512], unit[128];	/* clean */
};

/* Whether the file has maxima as fine as a pixel: with finer averages they would only draw stairs. */
static bool has_maximum(const struct rrd_header *h, double pixel_s)
{
	for (uint32_t i = 0; i < h->rra_count; i++)
		if (strcmp(h->rra[i].cf, "MAX") == 0 && (double)(h->step_s * h->rra[i].steps) <= pixel_s * 2)
			return true;
	return false;
}

/* A file is opened by librrd only when it is whole and has the column. */
static enum fw_err drawn_init(struct drawn *d, const struct store_line *l, double pixel_s, struct err *err)
{
	struct rrd_header h;
	enum fw_err e = header_read(l->path, false, &h, err);

	if (e != FW_OK)
		return e;
	d->line = l;
	d->maximum = has_maximum(&h, pixel_s);
	label_clean(l->label ? l->label : l->ds, LABEL_COLUMNS_MOST, d->label, sizeof(d->label));
	label_clean(l->unit ? l->unit : "", UNIT_COLUMNS_MOST, d->unit, sizeof(d->unit));
	for (uint32_t i = 0; i < h.ds_count; i++)
		if (strcmp(h.ds[i].name, l->ds) == 0)
			return FW_OK;
	return err_set(err, FW_NOTFOUND, "cannot draw '%s' of '%s': it has no such column", l->ds, l->path);
}

/* Values: a average, m maximum, both as told; d and e the same as drawn. */
static void line_values(struct words *w, unsigned i, const struct drawn *d)
{
	const struct store_line *l = d->line;
	char path[2 * STORE_PATH_MAX];
	double scale = l->scale != 0 ? l->scale : 1;

	escape(l->path, false, path, sizeof(path));
	word_add(w, "DEF:ra%u=%s:%s:AVERAGE", i, path, l->ds);
	word_add(w, "DEF:rm%u=%s:%s:%s", i, path, l->ds, d->maximum ? "MAX" : "AVERAGE");
	word_add(w, "CDEF:a%u=ra%u,%.17g,*", i, i, scale);
	word_add(w, "CDEF:m%u=rm%u,%.17g,*", i, i, scale);
	word_add(w, "CDEF:d%u=a%u,%d,*", i, i, l->below ? -1 : 1);
	word_add(w, "CDEF:e%u=m%u,%d,*", i, i, l->below ? -1 : 1);
	word_add(w, "VDEF:vlast%u=a%u,LAST", i, i);
	word_add(w, "VDEF:vavg%u=a%u,AVERAGE", i, i);
	word_add(w, "VDEF:vmax%u=m%u,MAXIMUM", i, i);
}

/* The line with its legend: a box, the label, and three numbers under the heading. */
static void line_draw(struct words *w, unsigned i, const struct drawn *d, int label_columns, int unit_columns)
{
	static const char *const number[] = { "vlast", "vavg", "vmax" };
	uint32_t c = d->line->color & 0xffffff;
	int pad = label_columns - (int)text_columns(d->label);
	char label[1200], unit[300];

	if (d->line->area)
		word_add(w, "AREA:d%u#%06X3C", i, c);
	if (d->maximum)
		word_add(w, "LINE0.8:e%u#%06X66", i, c);
	word_add(w, "LINE1.4:d%u#%06X: %s%*s  ", i, c, escape(d->label, false, label, sizeof(label)), pad, "");
	pad = unit_columns - (int)text_columns(d->unit);
	escape(d->unit, true, unit, sizeof(unit));
	for (unsigned n = 0; n < 3; n++)
		word_add(w, "GPRINT:%s%u:%%8.2lf %%s%s%*s  %s", number[n], i, unit, pad, "", n == 2 ? "\\l" : "");
}

/* Words over the numbers, in cells as wide as those: "%8.2lf %s" and the unit. */
static void heading(struct words *w, int label_columns, int unit_columns)
{
	int cell = 8 + 1 + 1 + unit_columns;

	word_add(w, "COMMENT:   %*s  ", label_columns, "");
	word_add(w, "COMMENT:%*s  ", cell, "last");
	word_add(w, "COMMENT:%*s  ", cell, "average");
	word_add(w, "COMMENT:%*s\\l", cell, "maximum");
}

/* Times of the axis: grid lines, stronger ones and words, by what is shown. */
static void axis_of_time(struct words *w, int64_t shown_s, unsigned width)
{
	static const struct { int64_t pixel_ms; const char *grid; } axes[] = {
		{ 150,      "SECOND:5:SECOND:15:SECOND:15:0:%H:%M:%S" },
		{ 700,      "SECOND:15:MINUTE:1:MINUTE:1:0:%H:%M" },
		{ 6000,     "MINUTE:1:MINUTE:5:MINUTE:10:0:%H:%M" },
		{ 12000,    "MINUTE:5:MINUTE:30:MINUTE:30:0:%H:%M" },
		{ 30000,    "MINUTE:10:HOUR:1:HOUR:1:0:%H:%M" },
		{ 75000,    "MINUTE:30:HOUR:2:HOUR:2:0:%H:%M" },
		{ 130000,   "HOUR:1:HOUR:3:HOUR:3:0:%H:%M" },
		{ 280000,   "HOUR:2:HOUR:6:HOUR:6:0:%a %H:%M" },
		{ 600000,   "HOUR:6:HOUR:12:HOUR:12:0:%a %H:%M" },
		{ 1300000,  "HOUR:6:DAY:1:DAY:1:86400:%a %d %b" },
		{ 4500000,  "DAY:1:DAY:7:DAY:7:0:%d %b" },
		{ 12000000, "DAY:7:MONTH:1:MONTH:1:0:%d %b" },
		{ 60000000, "MONTH:1:MONTH:1:MONTH:1:2592000:%b %Y" },
	};

	for (size_t i = 0; i < sizeof(axes) / sizeof(axes[0]); i++)
		if (shown_s * 1000 <= axes[i].pixel_ms * width) {
			word_add(w, "--x-grid");
			word_add(w, "%s", axes[i].grid);
			return;
		}
}

static void look(struct words *w)
{
	static const char *const option[] = {
		"--slope-mode", "--border", "0", "--disable-rrdtool-tag", "--alt-autoscale", "--units=si",
		"--color", "BACK#FFFFFF", "--color", "CANVAS#FFFFFF", "--color", "SHADEA#FFFFFF",
		"--color", "SHADEB#FFFFFF", "--color", "GRID#EDF0F3", "--color", "MGRID#D3D9E0",
		"--color", "FONT#26303A", "--color", "AXIS#9AA4AE", "--color", "FRAME#FFFFFF", "--color", "ARROW#FFFFFF00",
		"--font", "TITLE:12:DejaVu Sans Bold", "--font", "AXIS:8:DejaVu Sans", "--font", "UNIT:8:DejaVu Sans",
		"--font", "LEGEND:9:DejaVu Sans Mono", "--grid-dash", "1:0",
	};

	for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++)
		word_add(w, "%s", option[i]);
}

/* Title and label reach librrd as words of their own, and are escaped by nobody; only made clean. */
static void frame(struct words *w, const struct store_graph *g, const char *format)
{
	char text[512];

	word_add(w, "graph");
	word_add(w, "-");
	word_add(w, "--imgformat=%s", format);
	word_add(w, "--start=%lld", (long long)(g->from.us / 1000000));
	word_add(w, "--end=%lld", (long long)(g->to.us / 1000000));
	word_add(w, "--width=%u", g->width);
	word_add(w, "--height=%u", g->height);
	label_clean(g->title ? g->title : "", g->width / 9, text, sizeof(text));
	word_add(w, "--title=%s", text);
	label_clean(g->vertical_label ? g->vertical_label : "", g->height / 6, text, sizeof(text));
	word_add(w, "--vertical-label=%s", text);
	look(w);
	axis_of_time(w, (g->to.us - g->from.us) / 1000000, g->width);
}

static int wider(int columns, const char *s)
{
	int have = (int)text_columns(s);

	return have > columns ? have : columns;
}

static void lines(struct words *w, const struct drawn *d, unsigned count)
{
	int label_columns = 0, unit_columns = 0;
	bool below = false, area = false;

	for (unsigned i = 0; i < count; i++) {
		label_columns = wider(label_columns, d[i].label);
		unit_columns = wider(unit_columns, d[i].unit);
		below = below || d[i].line->below;
		area = area || d[i].line->area;
		line_values(w, i, &d[i]);
	}
	if (area)
		word_add(w, "--lower-limit=0");
	heading(w, label_columns, unit_columns);
	for (unsigned i = 0; i < count; i++)
		line_draw(w, i, &d[i], label_columns, unit_columns);
	if (below)
		word_add(w, "HRULE:0#9AA4AE");
}

/* Beside the place, then into it: who looks at the old picture meanwhile sees it whole. */
static enum fw_err image_write(const char *path, const void *image, size_t octets, struct err *err)
{
	char part[STORE_PATH_MAX + 16];
	FILE *f;
	bool good;

	snprintf(part, sizeof(part), "%s.%ld", path, (long)getpid());
	f = fopen(part, "we");
	if (!f)
		return err_set(err, FW_IO, "cannot write '%s': %s", path, err_errno());
	good = fwrite(image, 1, octets, f) == octets;
	good = fclose(f) == 0 && good;
	if (good && rename(part, path) == 0)
		return FW_OK;
	err_set(err, FW_IO, "cannot write '%s': %s", path, err_errno());
	unlink(part);
	return FW_IO;
}

static enum fw_err draw(struct words *w, const char *out_path, struct err *err)
{
	rrd_info_t *info, *i;
	enum fw_err e;

	w->word[w->count] = NULL;
	rrd_clear_error();
	info = rrd_graph_v(w->count, w->word);
	if (!info)
		return err_set(err, FW_IO, "cannot draw '%s': %s", out_path, rrd_get_error());
	for (i = info; i && strcmp(i->key, "image") != 0; i = i->next)
		;
	e = i && i->type == RD_I_BLO ? image_write(out_path, i->value.u_blo.ptr, i->value.u_blo.size, err)
				     : err_set(err, FW_IO, "cannot draw '%s': librrd made no picture", out_path);
	rrd_info_free(info);
	return e;
}

static const char *format_of(const char *path)
{
	size_t len = strlen(path);

	if (len > 4 && strcasecmp(path + len - 4, ".png") == 0)
		return "PNG";
	return len > 4 && strcasecmp(path + len - 4, ".svg") == 0 ? "SVG" : NULL;
}

static enum fw_err graph_check(const struct store_graph *g, const char *out_path, struct err *err)
{
	if (!format_of(out_path))
		return err_set(err, FW_MISTAKE, "cannot draw '%s': a name that ends in .png or .svg", out_path);
	if (strlen(out_path) >= STORE_PATH_MAX)
		return err_set(err, FW_MISTAKE, "cannot draw '%s': name too long", out_path);
	if (g->width < SIZE_LEAST || g->width > SIZE_MOST || g->height < SIZE_LEAST || g->height > SIZE_MOST)
		return err_set(err, FW_RANGE, "cannot draw %u x %u: each from %d to %d", g->width, g->height, SIZE_LEAST,
			       SIZE_MOST);
	if (g->from.us < 0 || g->to.us - g->from.us < 1000000)
		return err_set(err, FW_RANGE, "cannot draw '%s': the end is not after the start", out_path);
	if (g->line_count == 0 || g->line_count > LINES_MOST)
		return err_set(err, FW_RANGE, "cannot draw %u lines: 1 to %d", g->line_count, LINES_MOST);
	return FW_OK;
}

enum fw_err store_graph(const struct store_graph *g, const char *out_path, struct err *err)
{
	enum fw_err e = graph_check(g, out_path, err);
	struct words w = { .room = WORDS_FIXED + LINES_MOST * WORDS_A_LINE };
	struct drawn *drawn;

	if (e != FW_OK)
		return e;
	drawn = must_alloc(g->line_count * sizeof(drawn[0]));
	for (unsigned i = 0; i < g->line_count && e == FW_OK; i++)
		e = drawn_init(&drawn[i], &g->lines[i], (double)(g->to.us - g->from.us) / 1e6 / g->width, err);
	if (e == FW_OK) {
		w.word = must_alloc((size_t)w.room * sizeof(w.word[0]));
		frame(&w, g, format_of(out_path));
		lines(&w, drawn, g->line_count);
		e = draw(&w, out_path, err);
		words_release(&w);
	}
	free(drawn);
	return e;
}
