/* The ledger: what is written comes back; a batch is all or nothing; damage, newer schemas and readers are told. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "poller/noc/noc.h"
#include "tap.h"

static char folder[64] = "/tmp/forewarn-t6020-XXXXXX";

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 + 123 }; }

static void empty_folder(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

static unsigned files_named(const char *part)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += strstr(e->d_name, part) != NULL;
	if (d)
		closedir(d);
	return n;
}

static struct ledger *open_or_bail(enum ledger_mode mode)
{
	struct err err = { "" };
	struct ledger *l = ledger_open(folder, mode, &err);

	if (!l) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	return l;
}

/* ---- an alert, exactly ------------------------------------------------------------------------------------------------ */

static const struct alert *full_alert(uint64_t number, enum transition transition)
{
	static struct alert a;

	memset(&a, 0, sizeof(a));
	a.number = number;
	a.sequence = 7;
	a.kind = ALERT_QUALITY;
	a.kinds = 6;
	a.severity = SEVERITY_CRITICAL;
	a.transition = transition;
	a.state = STATE_DOWN;
	a.raised = at(1);
	a.changed = at(2);
	a.cleared = transition == TRANSITION_CLEAR ? at(3) : (struct wall){ 0 };
	a.since = at(-5);
	a.since_after = at(-9);
	snprintf(a.key, sizeof(a.key), "core%llu/interface/Gi0/1 \"x\" \\ \xff\x01", (unsigned long long)number);
	snprintf(a.cause, sizeof(a.cause), "core1 down: \xc3\xa4\xc3\xb6 \xe2\x82\xac");
	snprintf(a.first_do, sizeof(a.first_do), "repair it");
	a.touched_count = TOUCHED_MAX;
	a.touched_more = 3;
	for (uint32_t i = 0; i < TOUCHED_MAX; i++) {
		snprintf(a.touched[i].service, sizeof(a.touched[i].service), "service %u", i);
		a.touched[i].quality_now = (enum state)(i % STATES);
		a.touched[i].lose_before = LOSE_NEVER;
		a.touched[i].lose_now = i ? i : LOSE_DOWN;
		a.touched[i].built_for = 1;
	}
	a.points_count = POINTS_MAX;
	a.points_more = 2;
	for (uint32_t i = 0; i < POINTS_MAX; i++)
		snprintf(a.points[i], sizeof(a.points[i]), "point %u", i);
	return &a;
}

static void test_alert_text(void)
{
	static const char *const wrong[] = {
		"", "{}", "[]", "{\"number\":1}", "{\"number\":1,\"key\":\"\"}", "{\"number\":1,\"key\":\"x\",\"kind\":9}",
		"{\"number\":1,\"key\":\"x\",\"touched\":[{\"lose_now\":-1}]}", "{\"number\":1,\"key\":\"a\\u0000b\"}",
		"{\"number\":1,\"key\":{\"octets\":\"f\"}}", "{\"number\":1,\"key\":{\"octets\":\"00\"}}",
		"{\"number\":1,\"key\":\"x\",\"points\":[1]}", "{\"number\":\"1\",\"key\":\"x\"}",
		"{\"number\":1,\"key\":\"x\",\"points\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]}",
	};
	static struct alert back;
	char *json = alert_encode(full_alert(1, TRANSITION_CHANGE));
	unsigned taken = 0;

	ok(alert_decode(json, strlen(json), &back), "an alert becomes text and an alert again");
	ok(memcmp(&back, full_alert(1, TRANSITION_CHANGE), sizeof(back)) == 0, "... the same, octet for octet");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		taken += alert_decode(wrong[i], strlen(wrong[i]), &back);
	is_int(taken, 0, "what is no alert is refused");
	for (size_t i = 0; i < strlen(json); i += 97)
		taken += alert_decode(json, i, &back);
	is_int(taken, 0, "... so is a part of one");
	free(json);
}

/* ---- what is written comes back --------------------------------------------------------------------------------------- */

static struct ledger_event events[16];
static unsigned event_count;

static bool take_event(void *owner, const struct ledger_event *e)
{
	(void)owner;
	events[event_count++] = *e;
	return event_count < 16;
}

static unsigned ask_events(struct ledger *l, const char *name, int64_t from, int64_t to, uint32_t most)
{
	event_count = 0;
	ledger_events(l, name, at(from), to ? at(to) : (struct wall){ 0 }, most, take_event, NULL, NULL);
	return event_count;
}

static void test_events(struct ledger *l)
{
	static const char *const names[] = { "core1", "core1/interface/a", "core10", "core1/interface/'; DROP TABLE event; --" };
	struct ledger_event e = { .what = "state", .before = "up", .now = "down", .reason = "no ICMP", .who = "", .after = at(-1) };

	for (int i = 0; i < 4; i++) {
		snprintf(e.name, sizeof(e.name), "%s", names[i]);
		e.at = at(i * 10);
		ledger_put_event(l, &e, NULL);
	}
	is_int(ask_events(l, NULL, 0, 0, 100), 4, "events come back");
	ok(events[0].at.us == at(30).us && strcmp(events[3].name, "core1") == 0, "... newest first");
	ok(strcmp(events[0].name, names[3]) == 0 && strcmp(events[0].reason, "no ICMP") == 0 && events[0].after.us == at(-1).us,
	   "... whatever they hold");
	is_int(ask_events(l, "core1", 0, 0, 100), 3, "of a device and its components, and no others");
	is_int(ask_events(l, "core1/interface/a", 0, 0, 100), 1, "of one component");
	is_int(ask_events(l, NULL, 10, 20, 100), 2, "of a time");
	is_int(ask_events(l, NULL, 0, 0, 1), 1, "no more than asked for");
}

static struct ledger_state states[4];
static unsigned state_count;

static bool take_state(void *owner, const struct ledger_state *s)
{
	(void)owner;
	states[state_count++] = *s;
	return state_count < 4;
}

static unsigned part_count;
static bool take_part(void *owner, const char *name) { (void)owner; (void)name; return ++part_count < 10; }

static void test_states(struct ledger *l)
{
	struct ledger_state s = { .name = "core1", .state = STATE_DOWN, .admin = true, .gone = true, .icmp = 2, .snmp = 1,
				  .reason = "admin", .since = at(1), .since_after = at(2), .until = at(3), .seen = at(4) };

	ledger_put_state(l, &s, NULL);
	s.state = STATE_DEGRADED;
	ledger_put_state(l, &s, NULL);
	ledger_states(l, take_state, NULL, NULL);
	ok(state_count == 1 && memcmp(&states[0], &s, sizeof(s)) == 0, "a state comes back as it was last");
	ledger_part_add(l, "core1/ps/1", at(1), NULL);
	ledger_part_add(l, "core1/ps/1", at(2), NULL);
	ledger_part_add(l, "core1/ps/2", at(1), NULL);
	ledger_part_forget(l, "core1/ps/2", NULL);
	ledger_parts(l, take_part, NULL, NULL);
	is_int(part_count, 1, "the baseline holds a part once, until it is forgotten");
}

static unsigned alert_count;
static bool same_alert;

static bool take_alert(void *owner, const struct alert *a)
{
	(void)owner;
	alert_count++;
	same_alert = memcmp(a, full_alert(a->number, TRANSITION_RAISE), sizeof(*a)) == 0;
	return true;
}

static struct { uint64_t id, number; char target[128]; } rows[64];
static unsigned row_count;

static bool take_row(void *owner, const struct ledger_outbox *o)
{
	(void)owner;
	rows[row_count].id = o->id;
	rows[row_count].number = o->alert_number;
	snprintf(rows[row_count].target, sizeof(rows[0].target), "%s", o->target);
	return ++row_count < 64;
}

static unsigned unsent(struct ledger *l)
{
	row_count = 0;
	ledger_unsent(l, 64, take_row, NULL, NULL);
	return row_count;
}

static void test_alerts(struct ledger *l)
{
	static const char *const targets[] = { "noc", "boss" };
	struct wall began, ended;
	char summary[64];

	is_u64(ledger_next_number(l), 1, "the first alert is number 1");
	ledger_put_alert(l, full_alert(1, TRANSITION_RAISE), targets, 2, NULL);
	ledger_put_alert(l, full_alert(2, TRANSITION_RAISE), targets, 1, NULL);
	is_u64(ledger_next_number(l), 3, "numbers go on");
	ledger_open_alerts(l, take_alert, NULL, NULL);
	ok(alert_count == 2 && same_alert, "open alerts come back exactly");
	is_int(unsent(l), 3, "a row for each target waits");
	ok(rows[0].number == 1 && strcmp(rows[1].target, "boss") == 0, "... in order, by name");
	ledger_outbox_sent(l, rows[0].id, at(5), NULL);
	is_int(unsent(l), 2, "what was sent waits no more");
	ledger_put_alert(l, full_alert(1, TRANSITION_CLEAR), targets, 0, NULL);
	alert_count = 0;
	ledger_open_alerts(l, take_alert, NULL, NULL);
	is_int(alert_count, 1, "a cleared alert is open no more");
	ok(!ledger_last_cycle(l, &began, &ended, summary, sizeof(summary)), "no cycle yet");
	ledger_cycle(l, at(1), at(2), "{\"a\":1}", NULL);
	ledger_cycle(l, at(3), at(4), "{\"a\":2}", NULL);
	ok(ledger_last_cycle(l, &began, &ended, summary, sizeof(summary)) && ended.us == at(4).us && strcmp(summary, "{\"a\":2}") == 0,
	   "the last cycle is kept");
}

static void test_transaction(struct ledger *l)
{
	struct ledger_event e = { .what = "state", .name = "t", .at = at(99) };

	ledger_begin(l, NULL);
	ledger_put_event(l, &e, NULL);
	ledger_rollback(l);
	is_int(ask_events(l, "t", 0, 0, 9), 0, "what is rolled back is not there");
	ledger_rollback(l);
	ledger_begin(l, NULL);
	ledger_put_event(l, &e, NULL);
	is_int(ledger_commit(l, NULL), FW_OK, "a transaction is committed");
	is_int(ask_events(l, "t", 0, 0, 9), 1, "... and there");
}

static void test_retention(struct ledger *l)
{
	struct ledger_event e = { .what = "state", .name = "old" };
	uint64_t cut;

	ledger_begin(l, NULL);
	for (int i = 0; i < 12000; i++) {
		e.at = at(i - 100 * 86400);
		ledger_put_event(l, &e, NULL);
	}
	ledger_commit(l, NULL);
	cut = ledger_retain(l, at(0), span_s(50 * 86400), 0, NULL);
	is_u64(cut, 12000, "what is too old is cut");
	is_int(ask_events(l, "", 0, 0, 9), 1, "... and an event says so");
	is_str(events[0].what, "retention", "... by its name");
	is_u64(ledger_retain(l, at(0), span_s(50 * 86400), 0, NULL), 0, "nothing more to cut");
	is_int(unsent(l), 2, "what is not sent yet is not cut");
	ok(ledger_retain(l, at(0), span_s(50 * 86400), 1, NULL) > 0, "a file that is too large loses its oldest");
	alert_count = 0;
	ledger_open_alerts(l, take_alert, NULL, NULL);
	ok(alert_count == 1 && unsent(l) == 2, "... but no open alert, and nothing that waits to be sent");
	is_u64(ledger_next_number(l), 3, "... and no number is used twice");
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

static void write_file(const char *name, const char *bytes)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, bytes, strlen(bytes)) < 0)
		printf("Bail out! cannot write %s\n", path);
	close(fd);
}

static void set_version(int version)
{
	char path[256], sql[64];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/forewarn.db", folder);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	sqlite3_open(path, &db);
	sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
}

/* Overwrite a page in the middle. */
static void damage(void)
{
	char path[256], page[4096];
	int fd;

	memset(page, 0x5a, sizeof(page));
	snprintf(path, sizeof(path), "%s/forewarn.db", folder);
	fd = open(path, O_WRONLY);
	for (int i = 2; i < 8; i++)
		if (pwrite(fd, page, sizeof(page), i * 4096) < 0)
			break;
	close(fd);
}

static void test_opening(void)
{
	struct err err = { "" };
	struct ledger *l;

	empty_folder();
	ok(!ledger_open(folder, LEDGER_READ, &err), "a reader finds no ledger");
	ok(strstr(err.text, "forewarn.db") && strstr(err.text, "nothing has been polled yet"),
	   "... and is told what that means");
	write_file("forewarn.db",
	   "this is no database, but it is longer than its header would be, so that it is looked at.....");
	ok(!ledger_open(folder, LEDGER_READ, &err), "a reader leaves a broken file alone");
	l = ledger_open(folder, LEDGER_WRITE, &err);
	ok(l && files_named("broken-1") == 1, "a writer puts it aside and begins anew");
	ledger_close(l);
	damage();
	l = ledger_open(folder, LEDGER_WRITE, &err);
	ok(l && files_named("broken-2") >= 1, "... each under a name of its own");
	ledger_close(l);
	set_version(99);
	ok(!ledger_open(folder, LEDGER_WRITE, &err) && strstr(err.text, "newer forewarn"),
	   "a newer schema is not touched");
	ok(!ledger_open(folder, LEDGER_READ, &err) && strstr(err.text, "newer forewarn"), "... nor read");
	empty_folder();
	ok(!ledger_open("/nonexistent/folder", LEDGER_WRITE, &err) && strstr(err.text, "/nonexistent/folder/forewarn.db"),
	   "a folder that is not there is named");
}

/* A user who may read the file but not write the folder. */
static int read_as_nobody(void)
{
	struct err err = { "" };
	struct ledger *l;
	int got = 9;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
			_exit(8);
		l = ledger_open(folder, LEDGER_READ, &err);
		if (!l && strstr(err.text, "be in group '"))
			_exit(1);
		_exit(l && ask_events(l, "seen", 0, 0, 9) == 1 ? 0 : 2);
	}
	waitpid(pid, &got, 0);
	return WEXITSTATUS(got);
}

static void test_reader(void)
{
	struct ledger_event e = { .what = "state", .name = "seen", .at = at(1) };
	struct ledger *l = open_or_bail(LEDGER_WRITE), *r;
	char path[256];

	ledger_put_event(l, &e, NULL);
	r = open_or_bail(LEDGER_READ);
	is_int(ask_events(r, "seen", 0, 0, 9), 1, "a reader beside the writer sees what is committed");
	ok(ledger_put_event(r, &e, NULL) != FW_OK, "... and cannot write");
	ledger_close(r);
	if (geteuid() != 0) {
		skip(3, "needs root to become another user");
		ledger_close(l);
		return;
	}
	snprintf(path, sizeof(path), "%s/forewarn.db", folder);
	chmod(folder, 0755);
	is_int(read_as_nobody(), 1, "who may not read it is told the group");
	chmod(path, 0644);
	snprintf(path, sizeof(path), "%s/forewarn.db-wal", folder);
	chmod(path, 0644);
	snprintf(path, sizeof(path), "%s/forewarn.db-shm", folder);
	chmod(path, 0644);
	is_int(read_as_nobody(), 0, "who may not write the folder reads beside the writer");
	ledger_close(l);
	is_int(read_as_nobody(), 0, "... and after it has ended");
}

/* ---- killed at any moment ------------------------------------------------------------------------------------------------ */

/* Batches of one alert with two targets and three events, for ever; says each one that was committed. */
static void write_for_ever(int out, uint64_t number)
{
	static const char *const targets[] = { "noc", "boss" };
	struct ledger *l = open_or_bail(LEDGER_WRITE);

	for (;; number++) {
		struct ledger_event e = { .what = "batch", .at = at((int64_t)number) };

		snprintf(e.name, sizeof(e.name), "%llu", (unsigned long long)number);
		ledger_begin(l, NULL);
		for (int i = 0; i < 3; i++)
			ledger_put_event(l, &e, NULL);
		ledger_put_alert(l, full_alert(number, TRANSITION_RAISE), targets, 2, NULL);
		if (ledger_commit(l, NULL) != FW_OK || write(out, &number, sizeof(number)) < 0)
			_exit(1);
	}
}

static int64_t ask(const char *sql)
{
	char path[256];
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t n = -1;

	snprintf(path, sizeof(path), "%s/forewarn.db", folder);
	sqlite3_open(path, &db);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* Let a writer run until 'batches' are committed, then kill it in the middle of whatever it does. Returns the last one it said. */
static uint64_t run_and_kill(uint64_t from, int batches, unsigned grace_us)
{
	int pipes[2];
	uint64_t last = 0, n;
	pid_t pid;

	if (pipe(pipes) != 0)
		return 0;
	pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		write_for_ever(pipes[1], from);
	}
	close(pipes[1]);
	for (int i = 0; i < batches && read(pipes[0], &n, sizeof(n)) == sizeof(n); i++)
		last = n;
	nanosleep(&(struct timespec){ 0, (long)grace_us * 1000 }, NULL);
	kill(pid, SIGKILL);
	while (read(pipes[0], &n, sizeof(n)) == sizeof(n))
		last = n;
	waitpid(pid, NULL, 0);
	close(pipes[0]);
	return last;
}

static void test_kill(void)
{
	uint64_t last = 0, next = 1;
	unsigned torn = 0, lost = 0;

	empty_folder();
	for (int round = 0; round < 12; round++) {
		struct ledger *l;

		last = run_and_kill(next, 3 + round % 4, (unsigned)round * 137 % 1500);
		l = open_or_bail(LEDGER_WRITE);
		next = ledger_next_number(l);
		lost += next <= last;
		ledger_close(l);
		torn += ask("SELECT count(*) FROM (SELECT name FROM event GROUP BY name HAVING count(*) <> 3)") != 0;
		torn += ask("SELECT count(*) FROM alert WHERE number NOT IN (SELECT CAST(name AS INTEGER) FROM event)") != 0;
		torn += ask("SELECT count(*) FROM alert WHERE (SELECT count(*) FROM outbox o WHERE o.number = alert.number) <> 2") != 0;
		lost += (uint64_t)ask("SELECT count(*) FROM alert") + 1 != next;
	}
	is_int(torn, 0, "killed at any moment: each batch is there as a whole or not at all");
	is_int(lost, 0, "... and what was committed is there");
	is_int(ask("SELECT count(*) FROM outbox WHERE sent = 0"), 2 * (int64_t)(next - 1),
	   "... and all that was not sent waits");
	is_int(files_named("broken"), 0, "... and nothing was damaged");
}

int main(void)
{
	struct ledger *l;

	plan(50);
	if (!mkdtemp(folder))
		return 1;
	l = open_or_bail(LEDGER_WRITE);
	test_alert_text();
	test_events(l);
	test_states(l);
	test_alerts(l);
	test_transaction(l);
	test_retention(l);
	ledger_close(l);
	test_opening();
	test_reader();
	test_kill();
	empty_folder();
	rmdir(folder);
	return done();
}
