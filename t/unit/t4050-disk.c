/* t4050: a full disk, a folder that cannot be written, one file that cannot: polling goes on, all is said and counted. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "t/unit/t4-store.h"

static char folder[STORE_PATH_MAX - 64];

static const struct store_layout plain_layout = {
	.name = "interface", .step_s = 60, .ds_count = 1, .ds = { { "in", "B/s", true, false } },
};

/* A file system of one's own, of 'size'; seen by this process only. False when that is not permitted here. */
static bool small_disk(const char *size)
{
	char options[64];

	snprintf(options, sizeof(options), "size=%s", size);
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", folder, "tmpfs", 0, options) == 0;
}

static enum fw_err put(struct store *s, const char *component, int minute)
{
	struct store_row r = row3(60 * minute, 6000u * (unsigned)minute, 0, 1);

	r.known = 1;
	return store_put(s, component, &plain_layout, &r);
}

static bool fill(const char *path)
{
	FILE *f = fopen(path, "w");
	char block[4096] = { 1 };
	bool full = false;

	while (f && !full)
		full = fwrite(block, 1, sizeof(block), f) != sizeof(block) || fflush(f) != 0;
	if (f)
		fclose(f);
	return full;
}

/* Runs in a child, because of the mount. */
static int full_disk(void)
{
	struct store_limits limits = { .hold_octets = 9000 };
	char filler[STORE_PATH_MAX], path[STORE_PATH_MAX], name[64];
	struct store *s;
	struct store_count c;
	unsigned taken = 0, refused = 0, other = 0;

	if (!small_disk("8m")) {
		skip(12, "cannot mount a small file system");
		return 0;
	}
	s = open_store(folder, &limits, &plain_layout);
	put(s, "before/interface/a", 0);
	store_tick(s, at_s(1));
	store_flush(s, NULL, NULL);
	snprintf(filler, sizeof(filler), "%s/filler", folder);
	ok(s && fill(filler), "the disk is full");
	for (int m = 1; m <= 60; m++) {
		for (unsigned n = 0; n < 30; n++) {
			snprintf(name, sizeof(name), "new/interface/%u", n);
			switch (put(s, name, m)) {
			case FW_OK:   taken++; break;
			case FW_FULL: refused++; break;
			default:      other++; break;
			}
		}
		put(s, "before/interface/a", m);
		store_tick(s, at_s(60 * m + 30));
	}
	c = store_count(s);
	ok(taken > 100 && other == 0, "rows are taken while there is room for them");
	ok(refused > 100 && c.rows_lost == refused, "... then refused, and counted");
	ok(c.held_octets <= limits.hold_octets + 1024, "... so that memory is bounded");
	ok(c.write_errors > 0 && c.creates_waiting == 30, "what cannot be made waits, and is counted");
	ok(strstr(c.last_error, "disk full") || strstr(c.last_error, "No space left"), "the reason is there in words");
	note("%u taken, %u refused, %s", taken, refused, c.last_error);
	unlink(filler);
	for (int t = 0; t < 60; t++)
		store_tick(s, at_s(3700 + t));
	c = store_count(s);
	is_int(c.creates_waiting, 0, "with room again, files are made");
	is_int(put(s, "new/interface/7", 70), FW_OK, "... and rows taken");
	store_tick(s, at_s(4300));
	store_leave(s);			/* as if killed: the journal must have all that is held */
	s = open_store(folder, &limits, &plain_layout);
	c = store_count(s);
	ok(c.journal_replayed > 0, "the journal is whole again");
	store_close(s);
	file_of(folder, "before/interface/a", path, sizeof(path));
	is_double(file_value(path, "AVERAGE", "in", 60 * 40), 100, 1e-3, "a file that was there lost nothing");
	file_of(folder, "new/interface/7", path, sizeof(path));
	is_double(file_value(path, "AVERAGE", "in", 60 * 3), 100, 1e-3, "a new file has what was held");
	ok(isnan(file_value(path, "AVERAGE", "in", 60 * 50)), "... and not what was refused");
	return 0;
}

/* As a user who may not write. Root may write anywhere, so a child becomes nobody. */
static int read_only(void)
{
	char rrd[STORE_PATH_MAX], path[STORE_PATH_MAX];
	struct store *s = open_store(folder, NULL, &plain_layout);
	struct store_count c;
	bool taken = true;

	put(s, "there/interface/a", 0);
	store_close(s);
	rrd_folder(folder, rrd, sizeof(rrd));
	file_of(folder, "there/interface/a", path, sizeof(path));
	if (chmod(folder, 0555) != 0 || chmod(rrd, 0555) != 0 || chmod(path, 0444) != 0 ||
	    (geteuid() == 0 && seteuid(65534) != 0)) {
		skip(5, "cannot become another user");
		return 0;
	}
	s = open_store(folder, NULL, &plain_layout);
	ok(s != NULL, "a folder that cannot be written opens");
	for (int m = 1; m <= 30; m++) {
		taken = taken && put(s, "there/interface/a", m) == FW_OK && put(s, "new/interface/a", m) == FW_OK;
		store_tick(s, at_s(60 * m + 1));
	}
	c = store_count(s);
	ok(taken, "rows are taken");
	ok(c.write_errors > 0 && c.rows_held == 60, "... held, and errors counted");
	ok(strstr(c.last_error, "Permission denied") != NULL, "... with the reason");
	note("%s", c.last_error);
	if (geteuid() == 65534 && seteuid(0) != 0)
		note("cannot become root again");
	if (chmod(folder, 0755) != 0 || chmod(rrd, 0755) != 0 || chmod(path, 0644) != 0)
		note("cannot give the right back");
	for (int t = 0; t < 40; t++)
		store_tick(s, at_s(1900 + t));
	store_close(s);
	is_double(file_value(path, "AVERAGE", "in", 60 * 20), 100, 1e-3, "with the right to write, all is written");
	return 0;
}

/* One path is in the way of one component; its neighbours do not suffer. */
static void one_in_the_way(void)
{
	char path[STORE_PATH_MAX];
	struct store *s;
	struct store_count c;
	bool taken = true;

	file_of(folder, "way/interface/a", path, sizeof(path));
	s = open_store(folder, NULL, &plain_layout);
	put(s, "other/interface/a", 0);
	store_flush(s, "other/interface/a", NULL);
	*strstr(path, "/way") = 0;
	strcat(path, "/way");
	fclose(fopen(path, "w"));		/* a file where the device's folder should be */
	for (int m = 1; m <= 300; m++) {
		taken = taken && put(s, "other/interface/a", m) == FW_OK;
		put(s, "way/interface/a", m);
		store_tick(s, at_s(60 * m + 1));
	}
	c = store_count(s);
	ok(taken && c.rows_written >= 280, "a file that cannot be made holds up no other");
	is_u64(c.rows_lost, 300 - 240, "its rows are held up to a bound");
	unlink(path);
	store_close(s);
	file_of(folder, "way/interface/a", path, sizeof(path));
	is_double(file_value(path, "AVERAGE", "in", 60 * 100), 100, 1e-3, "... and written when the way is free");
}

static void in_child(int (*test)(void), int checks)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int before = tap_failed;

		test();
		fflush(stdout);
		_exit(tap_failed > before);
	}
	waitpid(pid, &status, 0);
	tap_run += checks;
	tap_failed += status != 0;
}

int main(void)
{
	log_level_set(LOG_LEVEL_ERROR);
	plan(20);
	folder_new(folder, sizeof(folder));
	chmod(folder, 0755);
	in_child(full_disk, 12);
	in_child(read_only, 5);
	one_in_the_way();
	folder_remove(folder);
	return done();
}
