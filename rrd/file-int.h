/* rrd/file-int.h: one RRD file: where it is, how it is made, rebuilt and written. All use of librrd's writing side.
 *
 * A file is made in the scratch folder (FOLDER/.tmp-N) and renamed into place, so that a name never stands for half a
 * file. Thread: the store's.
 */
#ifndef FW_RRD_FILE_INT_H
#define FW_RRD_FILE_INT_H

#include "layout-int.h"

/* NAME.rrd -> NAME.keep.rrd; false when it does not fit. */
bool path_keep(const char *main_path, char *path, size_t size_octets);

/* Make the folders above 'path'. */
enum fw_err path_make_parents(const char *path, struct err *err);

/*
 * Make 'path' as planned. 'first_ms' is the time of the first row to come. With 'rebuild' the columns that the file there
 * has in common are taken over with their history, whatever its step and archives were; with 'aside' the file there is renamed to NAME.broken. FW_OK or FW_IO.
 */
struct file_make {
	const char *path, *scratch;
	const struct plan *plan;
	int64_t first_ms;
	bool rebuild, aside;
};
enum fw_err file_make(const struct file_make *m, struct err *err);

/* Rename a damaged file to NAME.broken, in place of an older one. */
enum fw_err file_set_aside(const char *path, struct err *err);

/* Rows on their way into one file: many in one librrd call. */
enum { UPDATE_LINES = 128, UPDATE_TEXT = 48 * 1024 };
struct update {
	const char *path;
	const struct plan *plan;
	int64_t last_ms;		/* rows not after this are there already */
	uint64_t calls;
	int lines;
	size_t text_octets;
	const char *line[UPDATE_LINES];
	char text[UPDATE_TEXT];
};

void update_begin(struct update *u, const char *path, const struct plan *plan, int64_t last_ms);
enum fw_err update_row(struct update *u, const struct store_row *row, struct err *err);
enum fw_err update_end(struct update *u, struct err *err);

/* The time a row ends: a reset row is written as two, 1 ms apart. */
static inline int64_t row_end_ms(const struct store_row *row) { return row_ms(row) + row->reset; }

#endif
