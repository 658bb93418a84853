/* t4040: a process that is killed loses a second at most, and damages nothing. */
#include <signal.h>
#include <sys/wait.h>

#include "rrd/file-int.h"
#include "rrd/undo-int.h"
#include "t/unit/t4-store.h"

static char folder[STORE_PATH_MAX - 64];

enum { COMPONENTS = 8, MINUTES = 240 };

static const char *component(unsigned n, char *buf, size_t size)
{
	snprintf(buf, size, "dev%u/interface/if %u", n, n);
	return buf;
}

/* Poll for 'MINUTES' minutes, a tick a second of them being dear: one before and one after each row. The child tells
 * after each tick how far the rows are safe; it is killed whenever the parent likes. */
static _Noreturn void poller(int tell)
{
	struct store_limits limits = { .hold_rows = 7, .creates_per_tick = 2 };
	struct store *s = open_store(folder, &limits, &interface_layout);
	char name[64];

	for (int m = 0; m < MINUTES; m++) {
		for (unsigned n = 0; n < COMPONENTS; n++) {
			struct store_row r = row3(60 * m + n, (uint64_t)6000 * (unsigned)m * (n + 1), 0, m);

			store_put(s, component(n, name, sizeof(name)), &interface_layout, &r);
		}
		store_tick(s, at_s(60 * m + 30));
		if (write(tell, &m, sizeof(m)) != sizeof(m))
			break;
	}
	for (;;)
		pause();
}

/* Run a poller and kill it after it told minute 'last' (and a little). Returns the last minute that was safe. */
static int killed_at(int last, unsigned more_us)
{
	int tell[2], m = -1, safe = -1;
	pid_t pid;

	if (pipe(tell) != 0)
		abort();
	pid = fork();
	if (pid == 0) {
		close(tell[0]);
		poller(tell[1]);
	}
	close(tell[1]);
	while (safe < last && read(tell[0], &m, sizeof(m)) == sizeof(m))
		safe = m;
	if (more_us)
		usleep(more_us);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	while (read(tell[0], &m, sizeof(m)) == sizeof(m))
		safe = m;
	close(tell[0]);
	return safe;
}

static unsigned wrong_rates(int until)
{
	char name[64], path[STORE_PATH_MAX];
	struct err err;
	unsigned wrong = 0;

	for (unsigned n = 0; n < COMPONENTS; n++) {
		file_of(folder, component(n, name, sizeof(name)), path, sizeof(path));
		wrong += store_check_file(path, &err) != FW_OK;
		for (int m = 2; m <= until; m++) {
			double v = file_value(path, "AVERAGE", "in", 60 * m);

			if (fabs(v - 100 * (n + 1)) > 0.1 * (n + 1) && wrong++ < 3)
				note("component %u minute %d of %d: %g", n, m, until, v);
		}
	}
	return wrong;
}

static void test_kill(void)
{
	static const struct { int last; unsigned more_us; } when[] = {
		{ 0, 0 }, { 1, 300 }, { 3, 0 }, { 6, 900 }, { 7, 100 }, { 13, 0 }, { 40, 2000 }, { 77, 50 }, { 130, 700 },
		{ 239, 0 },
	};
	unsigned wrong = 0, broken = 0, opened = 0;
	uint64_t replayed = 0;

	for (unsigned i = 0; i < sizeof(when) / sizeof(when[0]); i++) {
		int safe = killed_at(when[i].last, when[i].more_us);
		struct store *s = open_store(folder, NULL, &interface_layout);
		struct store_count c;

		opened += s != NULL;
		c = store_count(s);
		replayed += c.journal_replayed;
		broken += (unsigned)c.files_broken;
		store_close(s);
		wrong += wrong_rates(safe);
		folder_remove(folder);
		mkdir(folder, 0700);
	}
	is_int(opened, sizeof(when) / sizeof(when[0]), "after each kill the store opens");
	is_int(wrong, 0, "every row that was a tick old is in its file, with its rate");
	is_int(broken, 0, "no file is damaged");
	ok(replayed > COMPONENTS * 10, "rows came from the journal");
	note("%u rows replayed", (unsigned)replayed);
}

/* Killed again and again in the middle of going on: the journal of one life is safe in the next. */
static void test_again(void)
{
	char name[64], path[STORE_PATH_MAX], journal[STORE_PATH_MAX];
	unsigned wrong = 0;

	for (int life = 0; life < 12; life++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct store *s = open_store(folder, NULL, &interface_layout);

			for (int m = life * 3; m < life * 3 + 3; m++) {
				struct store_row r = row3(60 * m, 6000u * (unsigned)m, 0, 1);

				store_put(s, component(0, name, sizeof(name)), &interface_layout, &r);
				store_tick(s, at_s(60 * m + 1));
			}
			if (life % 3 == 2)
				store_leave(s);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	store_close(open_store(folder, NULL, &interface_layout));
	file_of(folder, component(0, name, sizeof(name)), path, sizeof(path));
	for (int m = 1; m < 36; m++)
		wrong += !(fabs(file_value(path, "AVERAGE", "in", 60 * m) - 100) < 0.1);
	is_int(wrong, 0, "twelve lives, none ended well: all rows are there");
	snprintf(journal, sizeof(journal), "%s/journal.0", folder);
	ok(access(journal, F_OK) != 0, "a store that is closed well leaves no journal");
}

/* ---- killed in the middle of a librrd call ------------------------------------------------------------------------- */

enum { LIVES = 50, LIFE_MINUTES = 3000 };

/* Each minute has a rate of its own, so that rows moved in time are seen. */
static double own_rate(int m) { return 1 + m * 7 % 50; }

static uint64_t own_counter(int minute)
{
	static uint64_t at;
	static int m;

	if (minute < m)
		at = 0, m = 0;
	while (m < minute)
		at += (uint64_t)(60 * own_rate(++m));
	return at;
}

/* Write and write: nearly all the time is librrd's. */
static _Noreturn void writer(int from_minute)
{
	struct store_limits limits = { .hold_rows = 1 };
	struct store *s = open_store(folder, &limits, &interface_layout);

	for (int m = from_minute; m < from_minute + LIFE_MINUTES; m++) {
		struct store_row r = row3(60 * m, own_counter(m), 0, 1);

		store_put(s, "killed/interface/a", &interface_layout, &r);
		if (m % 50 == 1)
			store_tick(s, at_s(60 * m));
	}
	for (;;)
		pause();
}

/* Every value that is known must be that of its minute, and none may be missing between the first and the last of a life. */
static unsigned wrong_values(int from_minute)
{
	char path[STORE_PATH_MAX];
	struct store_series series;
	struct err err = { "" };
	unsigned wrong = 0, unknown = 0;
	bool begun = false;

	file_of(folder, "killed/interface/a", path, sizeof(path));
	if (store_fetch(path, "AVERAGE", at_s(60.0 * (from_minute - 5)), at_s(60.0 * (from_minute + LIFE_MINUTES)), &series,
			&err) != FW_OK)
		return 0;		/* killed before there was a file */
	for (size_t i = 0; i < series.rows && series.step_s == 60; i++) {
		int m = (int)((series.start.us - at_s(0).us) / 60000000 + (int64_t)i + 1);
		double v = series.value[i * series.columns];

		if (isnan(v)) {
			unknown += begun;
			continue;
		}
		if (fabs(v - own_rate(m)) > 1e-3 * own_rate(m) || unknown)
			wrong++ < 3 ? note("minute %d of the life from %d: %g, want %g, after %u unknown", m, from_minute, v,
					   own_rate(m), unknown) : (void)0;
		begun = true;
	}
	store_series_release(&series);
	return wrong;
}

static void test_kill_in_write(void)
{
	unsigned wrong = 0, broken = 0;
	int from = 1;

	for (int life = 0; life < LIVES; life++, from += LIFE_MINUTES + 10) {
		struct store *s;
		pid_t pid = fork();

		if (pid == 0)
			writer(from);
		usleep((useconds_t)(1000 + life * 7919 % 9000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		s = open_store(folder, NULL, &interface_layout);
		broken += (unsigned)store_count(s).files_broken;
		store_close(s);
		wrong += wrong_values(from);
	}
	is_int(broken, 0, "killed in the middle of writing: no file is damaged");
	is_int(wrong, 0, "... and no value is another's, or twice, or missing in between");
	folder_remove(folder);
	mkdir(folder, 0700);
}

/* The same for certain: a process that dies with the header half changed, in a file that the journal has rows for. */
static _Noreturn void die_half_way(const char *path, const struct store_row *row)
{
	static struct update u;
	struct store *s = open_store(folder, &(struct store_limits){ .hold_rows = 60 }, &interface_layout);
	char journal[STORE_PATH_MAX];
	struct undo undo;
	struct rrd_header h;
	struct shape shape;
	FILE *f;

	store_put(s, "half/interface/a", &interface_layout, row);
	store_tick(s, row->at);			/* it is in the journal, and not in the file */
	if (store_count(s).rows_held != 1)
		_exit(2);
	shape_init(&shape, &interface_layout);
	snprintf(journal, sizeof(journal), "%s/journal.0", folder);
	undo_open(&undo, journal, folder, NULL, NULL);
	header_copy(path, undo_place(&undo, 0), 4096, &h, NULL);
	undo_begin(&undo, 0, path, h.header_octets);
	update_begin(&u, path, &shape.main, header_last_ms(&h));
	update_row(&u, row, NULL);
	update_end(&u, NULL);
	f = fopen(path, "r+");			/* the last update's time is set last: not any more */
	fseek(f, HEADER_STAT + 3 * HEADER_DS + 7 * HEADER_RRA, SEEK_SET);
	fwrite(&h.last_up_s, 8, 1, f);
	fclose(f);
	_exit(0);
}

static void test_half(void)
{
	struct store *s = open_store(folder, NULL, &interface_layout);
	struct store_row row = row3(600, 60000, 0, 0);
	char path[STORE_PATH_MAX];
	unsigned wrong = 0;
	int status;
	pid_t pid;

	for (int m = 0; m < 10; m++) {
		struct store_row r = row3(60 * m, 6000u * (unsigned)m, 0, m);

		store_put(s, "half/interface/a", &interface_layout, &r);
	}
	store_close(s);
	file_of(folder, "half/interface/a", path, sizeof(path));
	pid = fork();
	if (pid == 0)
		die_half_way(path, &row);
	waitpid(pid, &status, 0);
	is_int(status, 0, "a process dies with a row half written");
	store_close(open_store(folder, NULL, &interface_layout));
	for (int m = 1; m <= 10; m++)
		wrong += !(fabs(file_value(path, "AVERAGE", "in", 60 * m) - 100) < 0.1);
	is_int(wrong, 0, "... the row is undone, and written once");
	is_double(file_value(path, "AVERAGE", "load", 120), 2, 1e-6, "... and nothing before it has moved");
}

/* What the journal holds of a component that was forgotten does not come back. */
static void test_forget(void)
{
	char path[STORE_PATH_MAX];
	pid_t pid = fork();
	struct err err;

	if (pid == 0) {
		struct store *s = open_store(folder, NULL, &interface_layout);
		struct store_row r = row3(0, 0, 0, 0);

		store_put(s, "gone/interface/a", &interface_layout, &r);
		store_put(s, "kept/interface/a", &interface_layout, &r);
		store_tick(s, at_s(1));
		store_remove(s, "gone/interface/a", &err);
		store_tick(s, at_s(3));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	store_close(open_store(folder, NULL, &interface_layout));
	ok(access(file_of(folder, "gone/interface/a", path, sizeof(path)), F_OK) != 0, "what was forgotten stays away");
	ok(access(file_of(folder, "kept/interface/a", path, sizeof(path)), F_OK) == 0, "its neighbour comes back");
}

static const struct store_layout *no_layout(void *owner, const char *class_name)
{
	(void)owner;
	(void)class_name;
	return NULL;
}

/* Rows of a class that is no more are lost, and counted; a half record at the end is passed over, and said. */
static void test_odd(void)
{
	char rrd[STORE_PATH_MAX], journal[STORE_PATH_MAX];
	struct store *s = open_store(folder, NULL, &interface_layout);
	struct store_row r = row3(0, 0, 0, 0);
	struct store_count c;
	struct err err;
	FILE *f;

	store_put(s, "odd/interface/a", &interface_layout, &r);
	store_leave(s);
	snprintf(journal, sizeof(journal), "%s/journal.0", folder);
	f = fopen(journal, "a");
	fwrite("Fj\x40\0torn", 1, 8, f);
	fclose(f);
	s = store_open(rrd_folder(folder, rrd, sizeof(rrd)), 0, NULL, no_layout, NULL, &err);
	c = store_count(s);
	is_u64(c.rows_lost, 1, "a row of a class that is no more is lost and counted");
	is_u64(c.journal_cut, 8, "a torn record is counted");
	ok(strstr(c.last_error, "class") != NULL, "... and said");
	store_close(s);
}

/* A store that never writes its files but to close: the journal goes round without growing for ever. */
static void test_bounded(void)
{
	struct store_limits limits = { .hold_rows = 60 };
	struct store *s = open_store(folder, &limits, &interface_layout);
	uint64_t most = 0, held = 0;
	char name[64];

	for (int m = 0; m < 300; m++) {
		for (unsigned n = 0; n < 1000; n++) {
			struct store_row r = row3(60 * m, UINT64_C(0x123456789abcde) + (unsigned)m, n, m / 7.0);

			r.known = n % 10 ? 0 : 7;	/* most say nothing: cheap to hold */
			store_put(s, component(n, name, sizeof(name)), &interface_layout, &r);
		}
		store_tick(s, at_s(60 * m + 30));
		most = store_count(s).journal_octets > most ? store_count(s).journal_octets : most;
		held = store_count(s).held_octets > held ? store_count(s).held_octets : held;
	}
	ok(most > 4 << 20, "the journal grew");
	ok(most < (5 << 20) + 4 * held, "... and began anew");
	note("at most %u octets of journal, %u held", (unsigned)most, (unsigned)held);
	store_leave(s);
	s = open_store(folder, &limits, &interface_layout);
	ok(store_count(s).rows_lost == 0, "what was in it comes back");
	store_leave(s);
}

static void test_locked(void)
{
	struct store *s = open_store(folder, NULL, &interface_layout);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		char rrd[STORE_PATH_MAX];
		struct err err = { "" };

		s = store_open(rrd_folder(folder, rrd, sizeof(rrd)), 0, NULL, one_layout, NULL, &err);
		_exit(s == NULL && strstr(err.text, "another process") ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "a second process is told who has the store");
	store_close(s);
}

int main(void)
{
	log_level_set(LOG_LEVEL_ERROR);
	plan(20);
	folder_new(folder, sizeof(folder));
	test_kill();
	test_kill_in_write();
	test_half();
	test_again();
	test_forget();
	test_odd();
	test_locked();
	test_bounded();
	folder_remove(folder);
	return done();
}
