/* rrd/store.h: what was read: RRD files, the rows held back for them, and the journal that keeps those safe.
 *
 * A store owns a set of files. Rows come in with their time, are journalled, held (at most 'hold_rows' a file or
 * 'hold_time'), and written with one librrd call a file. It has no thread, no socket and no clock of its own: time comes
 * in as an argument, the caller's thread calls store_tick(). Stores of one folder never share a file: the caller spreads
 * devices over them.
 *
 *   row -> journal (append, CRC) -> held rows -> rrd_update_r (many rows a call)
 *                                 `-> no file yet: creation queue, some per tick
 *
 * RRD rules: every counter is DERIVE, min 0, of a 64-bit running value unwrapped by the caller; a row marked 'reset' first
 * writes unknown for the time before it. Default file: AVERAGE 1 min x 1 d (a shorter step also 2 h as it is), 5 min x 2 d, 30 min x 7 d, 6 h x 1 y; MAX of the
 * last three spans (10 min x 2 d, 30 min x 7 d, 1 d x 1 y: so ten columns stay below 400 kB); heartbeat 2.5 x step. Columns
 * marked 'keep' also go to NAME.keep.rrd: AVERAGE and MAX 1 h x 3 y. Times are kept to the millisecond; a reset row is
 * written as two, 1 ms apart. A running value that passes 2^64 costs one unknown interval and no spike.
 * A file is made in FOLDER/.tmp-N and renamed; a changed layout is rebuilt with the history of the columns in common (a
 * changed step costs one unknown interval); a damaged file becomes NAME.rrd.broken.
 * librrd: numeric times only; a damaged header crashes it, so header and size are checked here before it opens a file.
 * Thread: a store belongs to one thread. store_fetch() and store_graph() may be called by any process or thread.
 */
#ifndef FW_RRD_STORE_H
#define FW_RRD_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/clock.h"
#include "poller/base/err.h"

enum { STORE_DS_MAX = 32, STORE_DS_NAME_MAX = 19, STORE_PATH_MAX = 1024 };

struct store_ds {
	char name[STORE_DS_NAME_MAX + 1];	/* [a-zA-Z0-9_], librrd's limit */
	char unit[16];				/* "B/s", "%"; for graphs */
	bool counter;				/* DERIVE of a running value, else GAUGE */
	bool keep;
};

/* Rows of one resolution; a list of these ended by rows == 0 replaces the default. */
struct store_rra { bool max; uint32_t steps; uint32_t rows; };

/* The layout of one class of component. Immutable, lives as long as the program: rows point to it. */
struct store_layout {
	char name[64];			/* the class: "interface" */
	uint32_t step_s;
	uint32_t ds_count;
	struct store_ds ds[STORE_DS_MAX];
	struct store_rra rra[17];
};

/* One row. 'known' has bit i set when value i is there. */
struct store_row {
	struct wall at;
	bool reset;			/* counters do not continue from the row before: unknown until 'at', known from then on */
	uint32_t known;
	union store_value { uint64_t counter; double gauge; } value[STORE_DS_MAX];
};

struct store_limits {
	uint32_t hold_rows;		/* rows held a file before it is written: 1..60, default 10 */
	struct span hold_time;		/* oldest row held: default 15 min */
	uint32_t creates_per_tick;	/* default 20 */
	uint32_t writes_per_tick;	/* files flushed for age in one tick, default 200 */
	uint64_t hold_octets;		/* memory for held rows while files take no writes: default 256 MiB, then FW_FULL */
};

struct store_count {
	uint64_t rows, rows_written, rows_refused_time, rows_lost, files_created, files_rebuilt, files_broken, write_errors, update_calls;
	uint64_t journal_octets, journal_replayed, journal_cut;
	uint32_t files, rows_held, creates_waiting;
	uint64_t held_octets;
	char last_error[256];		/* the last one in words, "" when none */
	struct wall last_error_at;
};

struct store;

/*
 * Open the store 'number' of 'folder' (".../rrd"; made when missing, journal in folder/../journal.N) and replay its
 * journal: rows that a killed process held are written, a torn tail is cut and said. 'layouts' finds the layout of a
 * replayed row by its class name (NULL: row is lost and counted).
 */
typedef const struct store_layout *store_layout_find(void *owner, const char *class_name);
struct store *store_open(const char *folder, unsigned number, const struct store_limits *limits,
			 store_layout_find *layouts, void *owner, struct err *err);

/*
 * Take a row of 'component' ("DEVICE", "DEVICE/CLASS/INSTANCE"; a bare name's file is NAME/check/NAME.rrd or as its class says).
 * The row is copied, in the journal buffer, and will be written. FW_OK; FW_CLOCK: not after the last row (counted, dropped);
 * FW_FULL: memory bound reached and the disk does not take writes (counted, dropped, said once). FW_MISTAKE: a component
 * that is no name ("DEVICE/CLASS", "") or a layout that makes no file (no columns, equal names).
 */
enum fw_err store_put(struct store *s, const char *component, const struct store_layout *layout, const struct store_row *row);

/* Work that time brings: journal to disk (at least once a second), files due for age, creations, a slow spread. */
void store_tick(struct store *s, struct wall now);

/* Write what is held for one component ("" or NULL: for all) to its file, before someone reads it. */
enum fw_err store_flush(struct store *s, const char *component, struct err *err);

/* Remove a component's files (forget). */
enum fw_err store_remove(struct store *s, const char *component, struct err *err);

struct store_count store_count(const struct store *s);

/* Flush all, cut the journal, free. What a file did not take stays in the journal. */
void store_close(struct store *s);

/* The end is near: from now on rows are journalled and held, and no file is written for them. */
void store_hurry(struct store *s);

/*
 * As store_close(), but bounded: the journal to the disk first, then files, those that are there before those that must be made,
 * for as long as 'more' says so (asked before each file). Returns the rows that are left to the journal, and to the next store_open().
 */
typedef bool store_more(void *owner);
uint32_t store_close_within(struct store *s, store_more *more, void *owner);

/* Leave in a hurry: the journal to the disk, free. What is held comes back at the next store_open(). */
void store_leave(struct store *s);

/* folder/DEVICE/CLASS/INSTANCE.rrd with path-safe elements (base/text.h). False when it does not fit. */
bool store_path(const char *folder, const char *component, const char *class_name, char *path, size_t size_octets);

/* Is this a whole RRD file that librrd may open? FW_OK, FW_NOTFOUND, FW_BROKEN or FW_IO with the reason. */
enum fw_err store_check_file(const char *path, struct err *err);

/* ---- reading ---------------------------------------------------------------------------------------------------- */

struct store_series {		/* free with store_series_release() */
	struct wall start;	/* row i is the interval that ends at start + (i + 1) * step */
	uint32_t step_s;
	size_t rows, columns;
	double *value;		/* row-major; NaN unknown */
	char (*name)[STORE_DS_NAME_MAX + 1];
};
/* cf: "AVERAGE" or "MAX". */
enum fw_err store_fetch(const char *path, const char *cf, struct wall from, struct wall to, struct store_series *out, struct err *err);
void store_series_release(struct store_series *s);

/* A graph: lines of columns of one or more files, drawn by librrd's rrd_graph. Call it in a child process only. */
struct store_line {
	const char *path, *ds, *label, *unit;	/* label is escaped here */
	double scale;				/* e.g. 8 for bits; 1 otherwise */
	bool below, area;			/* below: drawn as negative (traffic out) */
	uint32_t color;				/* 0xRRGGBB */
};
struct store_graph {
	const char *title, *vertical_label;
	struct wall from, to;
	unsigned width, height;			/* of the canvas, 100..4000 */
	const struct store_line *lines;
	unsigned line_count;
};
/* PNG or SVG by the ending of 'out_path'. */
enum fw_err store_graph(const struct store_graph *g, const char *out_path, struct err *err);

#endif
