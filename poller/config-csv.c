/* poller/config-csv.c: devices = "FILE.csv", a table as inventories write it (RFC 4180). See config-int.h.
 *
 * The first row names the columns, in any order. Rows are counted from 1, the header being the first; a quoted cell may
 * have line breaks. Lists in a cell are separated by ';', or by blanks where there is no ';'.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

enum { COLUMNS_MOST = 32 };
static const size_t csv_octets_most = (size_t)256 << 20;

enum column { COL_NAME, COL_ADDRESS, COL_PORT, COL_CREDENTIALS, COL_PARENTS, COL_NEEDS, COLUMNS };
static const char *const column_word[COLUMNS] = { "name", "address", "port", "credentials", "parents", "needs" };

struct csv {
	struct load *l;
	const char *file;
	char *at, *end;
	unsigned row;
	char *cell[COLUMNS_MOST];	/* of the row, in place */
	unsigned cells;
	bool too_many, unclosed;
	int column[COLUMNS];		/* its cell, -1: not in the table */
	unsigned columns;		/* of the header */
};

/* One cell at csv->at, unquoted in place. True when another follows in the row. */
static bool cell_next(struct csv *csv, char **cell)
{
	char *out = csv->at, *p = csv->at;
	bool quoted = p < csv->end && *p == '"', more;

	*cell = out;
	for (p += quoted; quoted && p < csv->end; p++) {
		if (*p == '"' && p + 1 < csv->end && p[1] == '"')
			p++;
		else if (*p == '"')
			break;
		*out++ = *p;
	}
	if (quoted && p >= csv->end)
		csv->unclosed = true;
	p += quoted && p < csv->end;
	while (p < csv->end && *p != ',' && *p != '\n')
		*out++ = *p++;
	more = p < csv->end && *p == ',';
	csv->at = p < csv->end ? p + 1 : csv->end;
	if (out > *cell && out[-1] == '\r' && !more)
		out--;
	*out = 0;	/* where the separator was, or before; the buffer has one octet after its end */
	return more;
}

static char *trim(char *s)
{
	char *end = s + strlen(s);

	s += strspn(s, " \t");
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	return s;
}

static bool row_next(struct csv *csv)
{
	bool more = csv->at < csv->end;

	if (!more)
		return false;
	csv->row++;
	csv->cells = 0;
	csv->too_many = false;
	while (more) {
		char *cell;

		more = cell_next(csv, &cell);
		if (csv->cells < COLUMNS_MOST)
			csv->cell[csv->cells++] = trim(cell);
		else
			csv->too_many = true;
	}
	return true;
}

static void csv_wrong(struct csv *csv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void csv_wrong(struct csv *csv, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mistake_add(csv->l->m, csv->file, csv->row, "%s", text);
}

/* ---- the header -------------------------------------------------------------------------------------------------- */

static void column_unknown(struct csv *csv, const char *word)
{
	struct names known = { 0 };
	char near[256] = "";

	for (unsigned i = 0; i < COLUMNS; i++)
		names_put(&known, column_word[i], i);
	near_text(csv->l, &known, word, near, sizeof(near));
	if (strchr(word, ';') || strchr(word, '\t'))
		csv_wrong(csv, "columns are separated by ',', not by '%s'", strchr(word, ';') ? ";" : "tab");
	else
		csv_wrong(csv, "no column \"%s\"%s", word,
			  *near ? near : "; there are name, address, port, credentials, parents, needs");
	names_release(&known);
}

/* False when rows cannot be understood. */
static bool read_header(struct csv *csv)
{
	bool good = !csv->too_many;

	for (unsigned i = 0; i < COLUMNS; i++)
		csv->column[i] = -1;
	csv->columns = csv->cells;
	if (csv->too_many)
		csv_wrong(csv, "more than %d columns", COLUMNS_MOST);
	for (unsigned i = 0; i < csv->cells; i++) {
		unsigned k = 0;

		while (k < COLUMNS && strcmp(column_word[k], csv->cell[i]) != 0)
			k++;
		if (k == COLUMNS)
			column_unknown(csv, csv->cell[i]);
		else if (csv->column[k] >= 0)
			csv_wrong(csv, "column \"%s\" is given twice", csv->cell[i]);
		else
			csv->column[k] = (int)i;
		good = good && k < COLUMNS;
	}
	for (unsigned k = COL_NAME; good && k <= COL_ADDRESS; k++) {
		if (csv->column[k] < 0) {
			csv_wrong(csv, "no column \"%s\"; the first row names the columns", column_word[k]);
			good = false;
		}
	}
	return good;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static const char *cell_of(const struct csv *csv, enum column k)
{
	return csv->column[k] >= 0 && (unsigned)csv->column[k] < csv->cells ? csv->cell[csv->column[k]] : "";
}

/* The next item of a list in a cell, copied; NULL at its end. */
static const char *list_next(struct csv *csv, const char **at, bool semicolons)
{
	struct arena *a = &csv->l->scratch;
	const char *p = *at + strspn(*at, semicolons ? " \t\r\n;" : " \t\r\n"), *begin = p;
	size_t len;

	if (!*p)
		return NULL;
	for (; *p && *p != ';'; p++) {
		const char *after = p + strspn(p, " \t\r\n");

		if (semicolons || after == p)
			continue;
		if (*after != '|' && (p == begin || p[-1] != '|'))	/* "a | b" is one item */
			break;
		p = *after ? after : after - 1;
	}
	len = (size_t)(p - begin);
	while (len > 0 && strchr(" \t\r\n", begin[len - 1]))
		len--;
	*at = p;
	return arena_strndup(a, begin, len);
}

static void cell_list(struct csv *csv, enum column k, enum list_kind kind, uint32_t ref)
{
	const char *text = cell_of(csv, k), *at = text, *item;
	bool semicolons = strchr(text, ';') != NULL;
	struct raw_list *list;
	uint32_t n = 0;

	while (list_next(csv, &at, semicolons))
		n++;
	if (n == 0)
		return;
	list = list_add(csv->l, kind, ref, csv->file, n);
	at = text;
	for (n = 0; (item = list_next(csv, &at, semicolons)); n++)
		list->item[n] = (struct raw_item){ item, csv->row };
}

static void cell_address(struct csv *csv, struct cfg_device *d, struct raw_device *raw)
{
	const char *text = cell_of(csv, COL_ADDRESS), *number = cell_of(csv, COL_PORT);
	char host[256], *end;
	uint16_t port = 0;
	struct err err;
	long n;

	if (!*text)
		csv_wrong(csv, "device \"%s\": no address", d->name);
	else if (address_parse(text, host, sizeof(host), &port, &err) != FW_OK)
		csv_wrong(csv, "device \"%s\": address = \"%s\": %s", d->name, text, err.text);
	else
		d->address = arena_strdup(&csv->l->c->arena, host);
	if (port && *number)
		csv_wrong(csv, "device \"%s\": the address has a port as well; keep one of them", d->name);
	if (*number) {
		n = strtol(number, &end, 10);
		if (*end || n < 1 || n > 65535)
			csv_wrong(csv, "device \"%s\": port = \"%s\": must be 1 to 65535", d->name, number);
		else
			port = (uint16_t)n;
	}
	if (port) {
		d->port = port;
		raw->port_given = true;
	}
}

static void read_row(struct csv *csv)
{
	struct load *l = csv->l;
	struct place place = { csv->file, csv->row };
	const char *name = cell_of(csv, COL_NAME), *credentials = cell_of(csv, COL_CREDENTIALS);
	uint32_t at;

	if (csv->cells == 1 && !*csv->cell[0])
		return;		/* an empty row */
	if (csv->cells != csv->columns || csv->too_many)
		csv_wrong(csv, "%u cells%s, but the header has %u; put a cell with a comma in quotes", csv->cells,
			  csv->too_many ? " and more" : "", csv->columns);
	if (!name_check(l, name, place, "device: "))
		return;
	take_csv_device(l, arena_strdup(&l->c->arena, name), place, &at);
	cell_address(csv, &l->c->device[at], &l->device[at]);
	if (*credentials)
		l->device[at].credentials = arena_strdup(&l->c->arena, credentials);
	l->device[at].credentials_line = csv->row;
	cell_list(csv, COL_PARENTS, LIST_PARENTS, l->device[at].ref);
	cell_list(csv, COL_NEEDS, LIST_NEEDS, l->device[at].ref);
}

static char *slurp(FILE *f, size_t *len)
{
	size_t size = 65536, got;
	char *text = must_alloc(size + 1);

	for (*len = 0; (got = fread(text + *len, 1, size - *len, f)) > 0; ) {
		*len += got;
		if (*len > csv_octets_most) {
			errno = EFBIG;
			break;
		}
		if (*len == size)
			text = must_realloc(text, (size *= 2) + 1);
	}
	if (!ferror(f) && *len <= csv_octets_most)
		return text;
	free(text);
	return NULL;
}

static bool is_text(struct csv *csv, const char *text, size_t len)
{
	if (memchr(text, 0, len))
		mistake_add(csv->l->m, csv->file, 0, "has zero octets; this is not a text file");
	else if (!text_is_utf8(text, len))
		mistake_add(csv->l->m, csv->file, 0, "is not UTF-8; save it in UTF-8");
	else
		return true;
	return false;
}

static void read_rows(struct csv *csv)
{
	if (!row_next(csv)) {
		csv_wrong(csv, "is empty; the first row names the columns");
		return;
	}
	if (!read_header(csv)) {
		csv->l->incomplete = true;
		return;
	}
	while (row_next(csv))
		read_row(csv);
	if (csv->unclosed)
		csv_wrong(csv, "a quote is not closed");
}

void take_csv_text(struct load *l, const char *file, char *text, size_t len_octets)
{
	struct csv csv = { .l = l, .file = file };

	if (!is_text(&csv, text, len_octets)) {
		l->incomplete = true;
		return;
	}
	csv.at = text + (len_octets >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
	csv.end = text + len_octets;
	read_rows(&csv);
}

void take_csv(struct load *l, const char *path, struct place place)
{
	char *text = NULL;
	struct stat st;
	size_t len = 0;
	FILE *f = NULL;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {	/* opening a pipe would hold us */
		l->incomplete = true;
		mistake_add(l->m, place.file, place.line, "devices = \"%s\": not a file", path);
		return;
	}
	f = fopen(path, "re");
	text = f ? slurp(f, &len) : NULL;
	if (text)
		take_csv_text(l, path, text, len);
	else
		mistake_add(l->m, place.file, place.line, "devices = \"%s\": cannot be read: %s", path, err_errno());
	l->incomplete |= !text;
	if (f)
		fclose(f);
	free(text);
}
