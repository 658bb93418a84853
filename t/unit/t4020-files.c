/* t4020: names of files, their sizes, damaged ones, and a layout that changes. */
#include <fcntl.h>

#include "t/unit/t4-store.h"

static char folder[STORE_PATH_MAX];

static long size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void test_path(void)
{
	char p[STORE_PATH_MAX], q[STORE_PATH_MAX], name[600];

	ok(store_path("/r", "core1/interface/Gi0/1", "x", p, sizeof(p)), "a component has a path");
	is_str(p, "/r/core1/interface/Gi0%2F1.rrd", "device and class end at the first two '/'");
	store_path("/r", "core1", "device", p, sizeof(p));
	is_str(p, "/r/core1/device/core1.rrd", "a bare name is of the class given");
	store_path("/r", "a b/\xc3\xa4/..", "x", p, sizeof(p));
	ok(strncmp(p, "/r/a%20b/%C3%A4/%2E", 19) == 0, "blanks, UTF-8 and '..' are made safe");
	ok(!store_path("/r", "core1/interface", "x", p, sizeof(p)), "a device and a class are no component");
	ok(!store_path("/r", "", "x", p, sizeof(p)) && !store_path("/r", "a//b", "x", p, sizeof(p)) &&
	   !store_path("/r", "/a/b", "x", p, sizeof(p)) && !store_path("/r", "a/b/", "x", p, sizeof(p)),
	   "empty elements are refused");
	ok(!store_path("/r", "a/b/c", "x", p, 12), "a path that does not fit is refused");
	store_path("/r", "a/b/c.keep", "x", p, sizeof(p));
	ok(strcmp(p, "/r/a/b/c.keep.rrd") != 0, "an instance 'c.keep' is not the kept columns of 'c'");
	memset(name, 'n', sizeof(name));
	memcpy(name, "d/c/", 4);
	name[4 + 250] = 0;
	ok(store_path("/r", name, "x", p, sizeof(p)), "a name of 250 octets has a path");
	ok(strlen(strrchr(p, '/') + 1) <= 255 - (int)strlen(".keep.broken"), "... with an element that fits a folder");
	name[4 + 249] = 'm';
	store_path("/r", name, "x", q, sizeof(q));
	ok(strcmp(p, q) != 0, "... and another one for another name");
}

static struct store_layout ten_columns(uint32_t step_s)
{
	struct store_layout l = { .name = "ten", .step_s = step_s, .ds_count = 10 };

	for (unsigned i = 0; i < 10; i++) {
		snprintf(l.ds[i].name, sizeof(l.ds[i].name), "c%u", i);
		l.ds[i].counter = i < 5;
	}
	return l;
}

static long size_with(const struct store_layout *l, const char *component)
{
	struct store *s = open_store(folder, NULL, l);
	struct store_row r = { .at = at_s(l->step_s), .known = 1 };
	char path[STORE_PATH_MAX];

	store_put(s, component, l, &r);
	store_close(s);
	return size_of(file_of(folder, component, path, sizeof(path)));
}

static void test_size(void)
{
	struct store_layout l = ten_columns(60), one = ten_columns(1), day = ten_columns(86400), own = ten_columns(300);
	struct err err = { "" };
	char path[STORE_PATH_MAX];
	long size = size_with(&l, "size/ten/a");

	ok(size > 300000 && size <= 400000, "ten columns take at most 400 kB");
	note("%ld octets", size);
	is_int(store_check_file(file_of(folder, "size/ten/a", path, sizeof(path)), &err), FW_OK, "librrd's file is whole to us");
	ok(size_with(&one, "size/ten/s") > size, "a step of 1 s keeps each second of a day");
	ok(size_with(&day, "size/ten/d") < 80000, "a step of a day needs few rows");
	own.rra[0] = (struct store_rra){ false, 1, 100 };
	own.rra[1] = (struct store_rra){ true, 6, 50 };
	is_int(size_with(&own, "size/ten/o"), 128 + 10 * 120 + 2 * 120 + 16 + 10 * 112 + 20 * 80 + 2 * 8 + 150 * 10 * 8,
	       "archives of one's own take the place of the default");
}

static void test_names(void)
{
	static const char *const name[] = { "d/interface/Gi0/1", "d/interface/Gi0 1", "d/interface/\xc3\xa4\xf0\x9f\x98\x80",
					    "d/interface/.", "d/interface/..", "d/interface/%2F", "bare", NULL };
	struct store *s = open_store(folder, NULL, &interface_layout);
	char path[STORE_PATH_MAX];
	bool taken = true, there = true;

	for (int i = 0; i < 2; i++)
		for (unsigned n = 0; name[n]; n++) {
			struct store_row r = row3(60 * i, 1000 * n * (unsigned)i, 0, n);

			taken = taken && store_put(s, name[n], &interface_layout, &r) == FW_OK;
		}
	ok(taken, "names with blanks, '/', points and UTF-8 are taken");
	ok(store_put(s, "d/interface", &interface_layout, &(struct store_row){ .at = at_s(0) }) == FW_MISTAKE,
	   "what is no name is refused");
	store_close(s);
	for (unsigned n = 0; name[n]; n++)
		there = there && fabs(file_value(file_of(folder, name[n], path, sizeof(path)), "AVERAGE", "in", 60) -
				      n * 1000 / 60.0) < 1e-6 * n + 1e-9;
	ok(there, "each has its own file with its own rates");
}

/* Damage a file in ways that happen, and see it found, put aside, and begun anew. */
static void damage(const char *path, int how)
{
	int fd = open(path, O_RDWR);
	uint64_t absurd = UINT64_C(1) << 40;

	if (how == 0 && ftruncate(fd, 100) != 0)
		note("cannot truncate");
	if (how == 1 && ftruncate(fd, size_of(path) - 1) != 0)
		note("cannot truncate");
	if (how == 2 && pwrite(fd, &absurd, 8, 24) != 8)
		note("cannot write");
	if (how == 3 && pwrite(fd, "nonsense", 8, 0) != 8)
		note("cannot write");
	if (how == 4 && ftruncate(fd, 0) != 0)
		note("cannot truncate");
	close(fd);
}

static void test_broken(void)
{
	char path[STORE_PATH_MAX], aside[STORE_PATH_MAX + 16];
	struct err err;

	for (int how = 0; how < 5; how++) {
		struct store *s = open_store(folder, NULL, &interface_layout);
		struct store_row r = row3(600 * how, 5, 5, 5);
		struct store_count c;

		store_put(s, "broken/interface/a", &interface_layout, &r);
		store_close(s);
		file_of(folder, "broken/interface/a", path, sizeof(path));
		damage(path, how);
		is_int(store_check_file(path, &err), FW_BROKEN, "a damaged file is found");
		note("%s", err.text);
		s = open_store(folder, NULL, &interface_layout);
		for (int i = 1; i <= 2; i++) {
			r = row3(600 * how + 60 * i, 6000 * (unsigned)i, 5, 5);
			store_put(s, "broken/interface/a", &interface_layout, &r);
		}
		store_tick(s, r.at);
		c = store_count(s);
		is_u64(c.files_broken, 1, "... and counted");
		store_close(s);
		snprintf(aside, sizeof(aside), "%s.broken", path);
		ok(size_of(aside) >= 0 && strstr(c.last_error, "damaged") != NULL, "... put aside and said");
		is_double(file_value(path, "AVERAGE", "in", 600 * how + 120), 100, 1e-3, "... and begun anew");
		unlink(aside);
		unlink(path);
	}
	is_int(store_check_file("/nowhere/x.rrd", &err), FW_NOTFOUND, "a file that is not there is not broken");
	is_int(store_check_file(folder, &err), FW_BROKEN, "a folder is no file");
}

/* One column goes, one comes, one becomes kept, the step changes: the others keep their history. */
static void test_layout_change(void)
{
	struct store_layout other = { .name = "interface", .step_s = 60, .ds_count = 3,
		.ds = { { "load", "%", false, true }, { "errors", "1/s", true, false }, { "in", "B/s", true, false } } };
	struct store *s = open_store(folder, NULL, &interface_layout);
	char path[STORE_PATH_MAX], keep[STORE_PATH_MAX];
	struct store_row r;
	struct store_count c;

	for (int i = 0; i <= 30; i++) {
		r = row3(60 * i, 6000u * (unsigned)i, 60u * (unsigned)i, i);
		store_put(s, "change/interface/a", &interface_layout, &r);
	}
	store_flush(s, NULL, NULL);
	for (int i = 31; i <= 40; i++) {	/* the layout changes while the store is open */
		r = (struct store_row){ .at = at_s(60 * i), .known = 7 };
		r.value[0].gauge = i;
		r.value[1].counter = 120u * (unsigned)i;
		r.value[2].counter = 6000u * (unsigned)i;
		store_put(s, "change/interface/a", &other, &r);
		store_tick(s, r.at);
	}
	c = store_count(s);
	is_u64(c.files_rebuilt, 2, "a changed layout is rebuilt, and that of the kept columns");
	is_u64(c.rows_lost, 0, "... without losing a row");
	store_close(s);
	file_of(folder, "change/interface/a", path, sizeof(path));
	is_double(file_value(path, "AVERAGE", "in", 600), 100, 1e-3, "history of a common column stays");
	is_double(file_value(path, "AVERAGE", "load", 600), 10, 1e-3, "... whatever its place");
	is_double(file_value(path, "AVERAGE", "in", 1860), 100, 1e-3, "a counter goes on over the change");
	ok(isnan(file_value(path, "AVERAGE", "errors", 600)), "a new column has no history");
	is_double(file_value(path, "AVERAGE", "errors", 2400), 2, 1e-3, "... and has rows from now on");
	ok(isnan(file_value(path, "AVERAGE", "out", 600)), "a column that went is not there");
	snprintf(keep, sizeof(keep), "%.*s.keep.rrd", (int)strlen(path) - 4, path);
	ok(size_of(keep) > 0, "the file of kept columns is there");
	other.step_s = 30;
	s = open_store(folder, NULL, &other);
	for (int i = 1; i <= 2; i++) {
		r.at = at_s(2400 + 30 * i);
		r.value[2].counter += 3000;
		store_put(s, "change/interface/a", &other, &r);
	}
	store_close(s);
	is_double(file_value(path, "AVERAGE", "in", 1800), 100, 1e-3, "history stays when the step changes");
	is_double(file_value(path, "AVERAGE", "in", 2460), 100, 1e-3,
		  "... and rows go on at the new one, one interval later");
}

static void test_keep(void)
{
	struct store_layout l = interface_layout;
	struct store *s;
	char path[STORE_PATH_MAX], keep[STORE_PATH_MAX];
	struct store_series series;
	struct err err = { "" };

	l.rra[0] = (struct store_rra){ false, 2, 20 };
	s = open_store(folder, NULL, &l);
	for (int i = 0; i <= 60 * 7; i++) {
		struct store_row r = row3(60 * i, 0, 6000u * (unsigned)i, 1);

		store_put(s, "keep/interface/a", &l, &r);
		store_tick(s, r.at);
	}
	store_close(s);
	file_of(folder, "keep/interface/a", path, sizeof(path));
	snprintf(keep, sizeof(keep), "%.*s.keep.rrd", (int)strlen(path) - 4, path);
	is_int(store_fetch(keep, "AVERAGE", at_s(0), at_s(7 * 3600), &series, &err), FW_OK, "kept columns have a file");
	is_int(series.columns, 1, "... with the kept columns only");
	is_int(series.step_s, 3600, "... of an hour");
	is_double(value_at(&series, "out", 5 * 3600), 100, 1e-3, "... that knows the average");
	store_series_release(&series);
	is_int(store_fetch(keep, "MAX", at_s(0), at_s(7 * 3600), &series, &err), FW_OK, "... and the maximum");
	store_series_release(&series);
	is_int(store_fetch(path, "MAX", at_s(0), at_s(3600), &series, &err), FW_IO, "a function that a file has not is said");
	is_int(store_fetch(path, "LAST", at_s(0), at_s(3600), &series, &err), FW_MISTAKE, "... and one that we have not");
	is_int(store_fetch(path, "AVERAGE", at_s(60), at_s(60), &series, &err), FW_RANGE, "an empty time is a mistake");
	is_int(store_fetch(path, "AVERAGE", (struct wall){ 0 }, (struct wall){ INT64_C(1) << 60 }, &series, &err), FW_OK,
	       "a question about all times is answered");
	ok(series.rows < 100, "... with what the file can have");
	store_series_release(&series);
}

static void test_remove(void)
{
	struct store *s = open_store(folder, NULL, &interface_layout);
	char path[STORE_PATH_MAX];
	struct store_row r = row3(0, 1, 1, 1);
	struct err err;

	store_put(s, "forget/interface/a", &interface_layout, &r);
	store_put(s, "forgotten", &interface_layout, &r);
	store_flush(s, "forget/interface/a", &err);
	file_of(folder, "forget/interface/a", path, sizeof(path));
	ok(size_of(path) > 0, "a component has a file");
	is_int(store_remove(s, "forget/interface/a", &err), FW_OK, "it is forgotten");
	is_int(size_of(path), -1, "... with its file");
	is_int(store_remove(s, "forgotten", &err), FW_OK, "a bare name that is only held, too");
	is_int(store_remove(s, "forgotten", &err), FW_NOTFOUND, "what is not there cannot be forgotten");
	is_u64(store_count(s).rows_held, 0, "nothing of it is held");
	is_int(store_put(s, "forget/interface/a", &interface_layout, &r), FW_OK, "it may come back, at an earlier time");
	store_close(s);
	ok(size_of(path) > 0, "... with a new file");
	s = open_store(folder, NULL, &interface_layout);
	is_int(store_remove(s, "forget/interface/a", &err), FW_OK, "a component that only has files is forgotten");
	is_int(size_of(path), -1, "... with them");
	store_close(s);
}

int main(void)
{
	log_level_set(LOG_LEVEL_ERROR);
	plan(72);
	folder_new(folder, sizeof(folder));
	test_path();
	test_size();
	test_names();
	test_broken();
	test_layout_change();
	test_keep();
	test_remove();
	folder_remove(folder);
	return done();
}
