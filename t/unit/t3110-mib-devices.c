/* t/unit/t3110-mib-devices.c: the definitions that come with the program, against recordings of real agents.
 *
 * Each recording is read as discovery would read the agent: rows, names, values, states. What was found is compared
 * with what is known of the device: ports, processors, memory, disks, power supplies, fans. Recordings are lines of
 * OID|TAG|VALUE, sorted or not, in $FOREWARN_SHARED/devices; without them there is nothing to test.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "poller/base/hash.h"
#include "poller/mib.h"
#include "tap.h"

enum { DEVICES_MAX = 200, ROWS_MAX = 20000, FIELDS_MAX = 32 };

struct value { const char *tag, *text; };	/* of the recording, its lines cut in place */

struct row {
	const char *index;
	char name[300];
	const struct mib_table *t;
	struct value cell[MIB_COLUMNS_MAX];	/* text NULL: none */
	enum state state;
};

struct device {
	const char *folder, *title;
	char *text;
	struct names values;		/* OID -> index */
	struct value *value;
	const char **oid;
	uint32_t count, size;
	struct row *row;
	unsigned rows;
	unsigned bad, compared;
};

static void bad(struct device *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void bad(struct device *d, const char *fmt, ...)
{
	va_list ap;

	if (d->bad++ > 5)
		return;
	printf("# %s: ", d->title);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* ---- the recording ----------------------------------------------------------------------------------------------- */

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	long len;

	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	len = ftell(f);
	rewind(f);
	text = must_alloc((size_t)len + 1);
	text[fread(text, 1, (size_t)len, f)] = '\0';
	fclose(f);
	return text;
}

static void value_add(struct device *d, const char *oid, struct value v)
{
	if (d->count == d->size) {
		d->size = d->size ? d->size * 2 : 1024;
		d->value = must_realloc(d->value, d->size * sizeof(*d->value));
		d->oid = must_realloc(d->oid, d->size * sizeof(*d->oid));
	}
	if (names_put(&d->values, oid, d->count) != NAMES_NONE)
		return;			/* the first of duplicates counts */
	d->oid[d->count] = oid;
	d->value[d->count++] = v;
}

/* "68656c6c6f" to "hello", in place; octets that are no text stay as they are. */
static void unhex(char *s)
{
	char *out = s;
	unsigned octet;

	for (; isxdigit((unsigned char)s[0]) && isxdigit((unsigned char)s[1]); s += 2) {
		sscanf(s, "%2x", &octet);
		if (octet)
			*out++ = (char)octet;
	}
	*out = '\0';
}

static bool recording_read(struct device *d)
{
	char path[1024], *line, *next;

	snprintf(path, sizeof(path), "%s/clean/%s.snmprec", d->folder, d->title);
	if (access(path, R_OK) != 0)
		snprintf(path, sizeof(path), "%s/%s.snmprec", d->folder, d->title);
	d->text = read_file(path);
	for (line = d->text; line && *line; line = next) {
		char *tag = strchr(line, '|'), *text = tag ? strchr(tag + 1, '|') : NULL;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (!text || text > next)
			continue;
		*tag++ = '\0';
		*text++ = '\0';
		text[strcspn(text, "\r")] = '\0';
		if (strchr(tag, ':'))
			continue;
		if (strcmp(tag, "4x") == 0)
			unhex(text);
		value_add(d, line, (struct value){ tag, text });
	}
	return d->text != NULL;
}

static struct value value_of(const struct device *d, const struct mib_column *c, const char *index)
{
	char oid[OID_TEXT_MAX + 200];
	uint32_t i;

	oid_format(&c->oid, oid, sizeof(oid));
	snprintf(oid + strlen(oid), 200, ".%s", index);
	i = names_find(&d->values, oid);
	return i == NAMES_NONE ? (struct value){ NULL, NULL } : d->value[i];
}

/* ---- as discovery does ------------------------------------------------------------------------------------------- */

static bool row_new(struct device *d, const struct mib_table *t, const char *index, unsigned from)
{
	struct row *r = &d->row[d->rows];

	for (unsigned i = from; i < d->rows; i++)
		if (strcmp(d->row[i].index, index) == 0)
			return false;
	*r = (struct row){ .index = index, .t = t };
	for (uint8_t c = 0; c < t->column_count; c++)
		r->cell[c] = value_of(d, &t->column[c], index);
	for (uint8_t w = 0; w < t->where_count; w++) {
		const char *text = r->cell[t->where[w].column].text;
		bool listed = false;

		for (uint8_t i = 0; i < t->where[w].count && text; i++)
			listed |= strcmp(text + (*text == '.'), t->where[w].is[i]) == 0;
		if (!listed)
			return false;
	}
	d->rows++;
	return true;
}

static void rows_of_column(struct device *d, const struct mib_table *t, const struct mib_column *c, unsigned from)
{
	char prefix[OID_TEXT_MAX + 1];
	size_t len;

	oid_format(&c->oid, prefix, sizeof(prefix));
	len = strlen(prefix);
	prefix[len++] = '.';
	for (uint32_t i = 0; i < d->count && d->rows < ROWS_MAX; i++)
		if (strncmp(d->oid[i], prefix, len) == 0)
			row_new(d, t, d->oid[i] + len, from);
}

static void name_rows(struct device *d, const struct mib_table *t, unsigned from)
{
	uint8_t column = MIB_NO_COLUMN;

	for (uint8_t n = 0; n < t->name_count && column == MIB_NO_COLUMN; n++) {
		unsigned filled = 0;

		for (unsigned i = from; i < d->rows; i++)
			filled += d->row[i].cell[t->name[n]].text && *d->row[i].cell[t->name[n]].text;
		if (filled * 2 >= d->rows - from)
			column = t->name[n];
	}
	for (unsigned i = from; i < d->rows; i++) {
		const char *text = column == MIB_NO_COLUMN ? NULL : d->row[i].cell[column].text;

		snprintf(d->row[i].name, sizeof(d->row[i].name), "%s", text && *text ? text : d->row[i].index);
	}
}

static enum state state_of(const struct mib_table *t, const struct row *r)
{
	const struct value *v = t->state.column == MIB_NO_COLUMN ? NULL : &r->cell[t->state.column];

	if (!v)
		return STATE_UP;
	return v->text ? mib_state_of(t, atoll(v->text)) : STATE_UNKNOWN;
}

static bool has_rows(const struct device *d, const char *title)
{
	for (unsigned i = 0; i < d->rows; i++)
		if (strcmp(d->row[i].t->title, title) == 0)
			return true;
	return false;
}

static void discover(struct device *d, const struct mib *mib)
{
	uint64_t tables = 0;

	for (unsigned i = 0; i < mib->count; i++) {
		const struct mib_table *t = mib->table[i];
		unsigned from = d->rows;

		if (mib_replaced(mib, t, tables))
			continue;
		for (uint8_t k = 0; k < t->rows_count; k++)
			rows_of_column(d, t, &t->column[t->rows[k]], from);
		for (uint8_t c = 0; t->single && c < t->column_count; c++)
			if (value_of(d, &t->column[c], "0").text && d->rows == from)
				row_new(d, t, "0", from);
		name_rows(d, t, from);
		for (unsigned r = from; r < d->rows; r++)
			d->row[r].state = state_of(t, &d->row[r]);
		tables |= (uint64_t)(d->rows > from) << i;
	}
}

/* ---- what is known ----------------------------------------------------------------------------------------------- */

struct sheet { char *text, *at; char *head[FIELDS_MAX]; char *field[FIELDS_MAX]; unsigned fields; };

static unsigned split(char *line, char **field)
{
	unsigned n = 0;

	for (char *tab; n < FIELDS_MAX; line = tab + 1) {
		field[n++] = line;
		tab = strchr(line, '\t');
		if (!tab)
			break;
		*tab = '\0';
	}
	return n;
}

static char *next_line(struct sheet *s)
{
	char *line = s->at, *end;

	if (!line || !*line)
		return NULL;
	end = line + strcspn(line, "\n");
	s->at = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

static bool sheet_open(struct sheet *s, const struct device *d, const char *kind)
{
	char path[1024], *line;

	snprintf(path, sizeof(path), "%s/%s.%s.tsv", d->folder, d->title, kind);
	*s = (struct sheet){ .text = read_file(path) };
	s->at = s->text;
	line = next_line(s);
	s->fields = line ? split(line, s->head) : 0;
	return line != NULL;
}

static bool sheet_next(struct sheet *s)
{
	char *line = next_line(s);

	for (unsigned i = 0; i < FIELDS_MAX; i++)
		s->field[i] = NULL;
	return line && split(line, s->field);
}

static const char *get(const struct sheet *s, const char *head)
{
	for (unsigned i = 0; i < s->fields; i++)
		if (strcmp(s->head[i], head) == 0)
			return s->field[i] ? s->field[i] : "";
	return "";
}

static const struct row *find_row(const struct device *d, const char *class_name, const char *index)
{
	for (unsigned i = 0; i < d->rows; i++)
		if (strcmp(d->row[i].t->class_name, class_name) == 0 && strcmp(d->row[i].index, index) == 0)
			return &d->row[i];
	return NULL;
}

static unsigned count_rows(const struct device *d, const char *class_name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->rows; i++)
		n += strcmp(d->row[i].t->class_name, class_name) == 0;
	return n;
}

static int column(const struct mib_table *t, const char *name)
{
	for (uint8_t c = 0; c < t->column_count; c++)
		if (strcmp(t->column[c].name, name) == 0)
			return c;
	return -1;
}

/* The value as people see it: label or number; NULL when the agent has none. */
static const char *shown(const struct row *r, const char *name)
{
	int c = column(r->t, name);
	const char *text = c < 0 ? NULL : r->cell[c].text, *label = NULL;

	if (text && c >= 0)
		label = mib_label_of(&r->t->column[c], atoll(text));
	return label ? label : text;
}

static double number(const struct row *r, const char *name)
{
	int c = column(r->t, name);
	double v;

	if (c < 0)
		return NAN;
	if (!r->cell[c].text && r->t->column[c].otherwise != MIB_NO_COLUMN)
		return number(r, r->t->column[r->t->column[c].otherwise].name);
	if (!r->cell[c].text)
		return NAN;
	v = strtod(r->cell[c].text, NULL) * r->t->column[c].scale;
	if (r->t->column[c].scale_column != MIB_NO_COLUMN && r->cell[r->t->column[c].scale_column].text)
		v *= strtod(r->cell[r->t->column[c].scale_column].text, NULL);
	return v;
}

static void same_word(struct device *d, const struct row *r, const char *name, const char *want)
{
	const char *got = shown(r, name);

	d->compared++;
	if (*want != '?' && strcmp(got ? got : "", want) != 0)
		bad(d, "%s of %s is '%s', known is '%s'", name, r->name, got ? got : "", want);
}

static void same_number(struct device *d, const struct row *r, const char *name, const char *want)
{
	double got = number(r, name);

	d->compared++;
	if (*want && *want != '?' && !(fabs(got - strtod(want, NULL)) <= 1e-9 * fabs(got)))
		bad(d, "%s of %s is %.17g, known is %s", name, r->name, got, want);
}

/* A row that has neither state nor name: what an agent forgot to take away. */
static bool is_phantom(const struct sheet *s)
{
	return !*get(s, "ifOperStatus") && !*get(s, "ifName") && !*get(s, "ifDescr");
}

static void compare_ports(struct device *d)
{
	struct sheet s;
	unsigned n = 0;

	for (bool more = sheet_open(&s, d, "ports"); more && sheet_next(&s);) {
		const struct row *r = find_row(d, "interface", get(&s, "ifIndex"));
		double speed;

		if (is_phantom(&s))
			continue;
		n++;
		if (!r) {
			bad(d, "no interface %s", get(&s, "ifIndex"));
			continue;
		}
		same_word(d, r, "ifOperStatus", get(&s, "ifOperStatus"));
		same_word(d, r, "ifAdminStatus", get(&s, "ifAdminStatus"));
		same_number(d, r, "ifHCInOctets", get(&s, "in_octets"));
		same_number(d, r, "ifHCOutOctets", get(&s, "out_octets"));
		same_number(d, r, "ifHCInUcastPkts", get(&s, "in_ucast"));
		same_number(d, r, "ifInErrors", get(&s, "in_errors"));
		same_number(d, r, "ifOutDiscards", get(&s, "out_discards"));
		same_number(d, r, "ifMtu", get(&s, "mtu"));
		speed = number(r, "ifHighSpeed");
		same_number(d, r, speed > 0 ? "ifHighSpeed" : "ifSpeed", get(&s, "speed_bps"));
	}
	if (s.text && n != count_rows(d, "interface"))
		bad(d, "%u interfaces, known are %u", count_rows(d, "interface"), n);
	free(s.text);
}

static void compare_processors(struct device *d)
{
	struct sheet s;
	unsigned n = 0;

	for (bool more = sheet_open(&s, d, "cpu"); more && sheet_next(&s);) {
		const struct row *r = find_row(d, "processor", get(&s, "index"));

		if (strcmp(get(&s, "source"), "hrProcessorLoad") != 0)
			continue;
		n++;
		if (r)
			same_number(d, r, "hrProcessorLoad", get(&s, "load_pct"));
		else
			bad(d, "no processor %s", get(&s, "index"));
	}
	if (s.text && n != count_rows(d, "processor"))
		bad(d, "%u processors, known are %u", count_rows(d, "processor"), n);
	free(s.text);
}

static void compare_storage(struct device *d, const char *kind, const char *class_name, const char *const *types)
{
	struct sheet s;
	unsigned n = 0;

	for (bool more = sheet_open(&s, d, kind); more && sheet_next(&s);) {
		const struct row *r = find_row(d, class_name, get(&s, "index"));
		const char *type = *get(&s, "type") ? get(&s, "type") : get(&s, "descr");
		bool ours = false;

		for (unsigned i = 0; types[i]; i++)
			ours |= strncmp(type, types[i], strlen(types[i])) == 0;
		if (strcmp(get(&s, "source"), "hrStorage") != 0 || !ours)
			continue;
		n++;
		if (!r) {
			bad(d, "no %s %s", class_name, get(&s, "index"));
			continue;
		}
		if (strstr(get(&s, "flag"), "neg"))
			continue;
		same_number(d, r, "hrStorageUsed", get(&s, "used_bytes"));
		same_number(d, r, "hrStorageSize", *get(&s, "size_bytes") ? get(&s, "size_bytes") : get(&s,
													"total_bytes"));
	}
	if (s.text && n != count_rows(d, class_name))
		bad(d, "%u %s, known are %u", count_rows(d, class_name), class_name, n);
	free(s.text);
}

/* Where a kind of part is told by several MIBs, only one of them is asked: the others' rows are passed over. */
static const struct { const char *source, *table, *kind, *column; bool named; } parts[] = {
	{ "cefcFRUPower.", "cisco-power-supply",   "psu", "cefcFRUPowerOperStatus", true },
	{ "ciscoEnvMon.",  "cisco-envmon-supply",  "psu", "ciscoEnvMonSupplyState", false },
	{ "jnxOperating.", "juniper-power-supply", "psu", "jnxOperatingState", true },
	{ "cefcFanTray.",  "cisco-fan-tray",       "fan", "cefcFanTrayOperStatus", true },
	{ "cefcFRUPower.", "cisco-fan-fru",        "fan", "cefcFRUPowerOperStatus", true },
	{ "ciscoEnvMon.",  "cisco-envmon-fan",     "fan", "ciscoEnvMonFanState", false },
	{ "jnxOperating.", "juniper-fan",          "fan", "jnxOperatingState", true },
};

static const struct row *find_part(const struct device *d, const char *table, const char *index)
{
	for (unsigned i = 0; i < d->rows; i++)
		if (strcmp(d->row[i].t->title, table) == 0 && strcmp(d->row[i].index, index) == 0)
			return &d->row[i];
	return NULL;
}

static void compare_part(struct device *d, const struct sheet *s, size_t p)
{
	const char *index = get(s, "index") + strlen(parts[p].source);
	const struct row *r = find_part(d, parts[p].table, index);

	if (!r && strcmp(get(s, "state"), "notPresent") != 0) {
		bad(d, "no row %s in table %s", index, parts[p].table);
		return;
	}
	if (!r)
		return;
	same_word(d, r, parts[p].column, get(s, "state"));
	d->compared++;
	if (parts[p].named && strcmp(r->name, get(s, "name")) != 0)
		bad(d, "%s %s is called '%s', known is '%s'", parts[p].table, index, r->name, get(s, "name"));
	if ((r->state == STATE_UP) != (strstr(" on up normal running ready standby ", get(s, "state")) != NULL))
		bad(d, "%s %s is %s, but the device says '%s'", parts[p].table, r->name, state_word(r->state),
		    get(s, "state"));
}

static void compare_parts(struct device *d)
{
	struct sheet s;

	for (bool more = sheet_open(&s, d, "redundancy"); more && sheet_next(&s);)
		for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++)
			if (strcmp(get(&s, "kind"), parts[p].kind) == 0 && has_rows(d, parts[p].table) &&
			    strncmp(get(&s, "index"), parts[p].source, strlen(parts[p].source)) == 0)
				compare_part(d, &s, p);
	free(s.text);
}

/* After "~index" is put behind equal names, no two components of a class have one name. */
static void check_names(struct device *d)
{
	struct names seen = { 0 };
	char (*full)[700] = must_alloc((d->rows + 1) * sizeof(*full));

	for (unsigned i = 0; i < d->rows; i++) {
		snprintf(full[i], sizeof(full[i]), "%s/%s", d->row[i].t->class_name, d->row[i].name);
		names_set(&seen, full[i], names_find(&seen, full[i]) == NAMES_NONE ? i : UINT32_MAX - 1);
	}
	for (unsigned i = 0; i < d->rows; i++) {
		uint32_t at = names_find(&seen, full[i]);

		if (!d->row[i].name[0])
			bad(d, "table %s row %s has an empty name", d->row[i].t->title, d->row[i].index);
		for (unsigned k = 0; at == UINT32_MAX - 1 &&
		     k < i; k++)	/* equal: only within one table, where the index tells */
			if (strcmp(full[k], full[i]) == 0 && d->row[k].t != d->row[i].t)
				bad(d, "tables %s and %s both have '%s'", d->row[k].t->title, d->row[i].t->title,
				    full[i]);
	}
	names_release(&seen);
	free(full);
}

static void device_release(struct device *d)
{
	names_release(&d->values);
	free(d->text);
	free(d->value);
	free(d->oid);
	free(d->row);
}

static unsigned test_device(const struct mib *mib, const char *folder, const char *title)
{
	static const char *const disks[] = { "fixedDisk", "flashMemory", NULL };
	static const char *const memory[] = { "ram:", "virtualMemory:", NULL };
	struct device d = { .folder = folder, .title = title };
	char name[128];

	d.row = must_alloc(ROWS_MAX * sizeof(*d.row));
	if (!recording_read(&d))
		bad(&d, "cannot read the recording");
	discover(&d, mib);
	check_names(&d);
	compare_ports(&d);
	compare_processors(&d);
	compare_storage(&d, "mem", "memory", memory);
	compare_storage(&d, "storage", "storage", disks);
	compare_parts(&d);
	snprintf(name, sizeof(name), "%s: %u rows, %u values as known", title, d.rows, d.compared);
	ok(d.bad == 0, name);
	device_release(&d);
	return d.compared;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static unsigned list_devices(const char *folder, char **title)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	unsigned n = 0;

	while (dir && (e = readdir(dir)) && n < DEVICES_MAX) {
		char *dot = strrchr(e->d_name, '.');

		if (!dot || strcmp(dot, ".snmprec") != 0)
			continue;
		*dot = '\0';
		title[n++] = must_strdup(e->d_name);
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(title, n, sizeof(*title), by_name);
	return n;
}

int main(void)
{
	const char *top = getenv("FOREWARN_TOP") ? getenv("FOREWARN_TOP") : "..", *shared = getenv("FOREWARN_SHARED");
	char folder[512], mibs[512], *title[DEVICES_MAX];
	const char *folders[] = { mibs, NULL };
	struct mistakes m = { 0 };
	struct mib *mib;
	unsigned n, compared = 0;

	snprintf(mibs, sizeof(mibs), "%s/mibs", top);
	if (shared)
		snprintf(folder, sizeof(folder), "%s/devices", shared);
	else
		snprintf(folder, sizeof(folder), "%s/../shared/devices", top);
	n = list_devices(folder, title);
	plan(n ? (int)n + 2 : 1);
	if (n == 0) {
		skip(1, "no recordings of devices here");
		return done();
	}
	mib = mib_load(folders, &m);
	is_int(m.count, 0, "definitions load");
	for (unsigned i = 0; i < n; i++) {
		compared += test_device(mib, folder, title[i]);
		free(title[i]);
	}
	ok(compared > 1000, "more than a thousand values were compared");
	note("%u values of %u devices", compared, n);
	mib_free(mib);
	mistakes_release(&m);
	return done();
}
