/* The ledger's thread: batches, what is to be sent, a disk that fails, and the next life. */
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "poller/noc/ledger-int.h"
#include "tap.h"

static char folder[64] = "/tmp/forewarn-t6030-XXXXXX";
static struct mbox *back;
static struct config *config;

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

static struct config *load(void)
{
	static const char text[] = "state = \"/tmp/none\"\n"
		"notify \"all\" { trap = \"127.0.0.1:9162\" }\n"
		"notify \"quality only\" { trap = \"127.0.0.1:9163\"  on = {\"quality\"} }\n";
	struct mistakes wrong = { 0 };
	struct config *c = config_load_text("test.conf", text, sizeof(text) - 1, &wrong);

	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	mistakes_release(&wrong);
	return c;
}

static struct ledger_thread *start(void)
{
	struct err err = { "" };
	struct ledger *l = ledger_open(folder, LEDGER_WRITE, &err);
	struct ledger_thread *t = l ? ledger_thread_start(l, back, config, &err) : NULL;

	if (!t) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	return t;
}

/* The next message within five seconds, else NULL. */
static struct msg *next_msg(int most_ms)
{
	struct mono end = mono_add(clock_mono(), span_ms(most_ms));
	struct pollfd p = { .fd = mbox_fd(back), .events = POLLIN };
	struct msg *m;

	while (!(m = mbox_give(back)) && mono_since(end, clock_mono()).us > 0)
		poll(&p, 1, 50);
	return m;
}

/* What comes until 'rows' rows and 'committed' commits came in, or five seconds are over. */
struct got { unsigned rows, committed; struct { uint64_t id, number, sequence; char target[128]; } row[256]; };

static struct got *wait_for(unsigned rows, unsigned committed)
{
	static struct got g;
	struct msg *m;

	memset(&g, 0, sizeof(g));
	while ((g.rows < rows || g.committed < committed) && (m = next_msg(5000))) {
		if (m->kind == LEDGER_SEND && g.rows < 256) {
			const struct ledger_outbox *o = ledger_msg_outbox(m);

			g.row[g.rows].id = o->id;
			g.row[g.rows].number = o->alert.number;
			g.row[g.rows].sequence = o->sequence;
			memcpy(g.row[g.rows].target, o->target, sizeof(o->target));
			g.rows++;
		}
		g.committed += m->kind == LEDGER_COMMITTED;
		free(m);
	}
	return &g;
}

static void drain(void)
{
	struct msg *m;

	while ((m = mbox_give(back)))
		free(m);
}

static bool nothing_more(int most_ms)
{
	struct msg *m = next_msg(most_ms);
	bool none = m == NULL;

	free(m);
	return none;
}

static const struct alert *alert(uint64_t number, uint64_t sequence, enum alert_kind kind, unsigned kinds)
{
	static struct alert a;

	memset(&a, 0, sizeof(a));
	a.number = number;
	a.sequence = sequence;
	a.kind = kind;
	a.kinds = kinds;
	a.transition = sequence == 1 ? TRANSITION_RAISE : TRANSITION_CHANGE;
	snprintf(a.key, sizeof(a.key), "app%llu", (unsigned long long)number);
	return &a;
}

static int64_t ask(const char *sql)
{
	char path[256];
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t n = -1;

	snprintf(path, sizeof(path), "%s/forewarn.db", folder);
	sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* Poll for a number in the file, at most five seconds. */
static bool comes_true(const char *sql, int64_t want)
{
	for (int i = 0; i < 100; i++) {
		if (ask(sql) == want)
			return true;
		poll(NULL, 0, 50);
	}
	return false;
}

static void test_batches(void)
{
	struct ledger_thread *t = start();
	struct ledger_event e = { .what = "state", .name = "app1", .at = at(1) };
	struct ledger_state s = { .name = "app1", .state = STATE_DOWN };
	struct got *g;

	ledger_post_event(t, &e);
	ledger_post_state(t, &s);
	ledger_post_alert(t, alert(1, 1, ALERT_RISK, 1 << ALERT_RISK), config);
	ledger_post_part(t, "app1/ps/1", true, at(1));
	ok(nothing_more(100) && ask("SELECT count(*) FROM event") == 0,
	   "nothing is written before the batch is closed");
	ledger_post_commit(t);
	g = wait_for(1, 1);
	ok(g->committed == 1 && ask("SELECT count(*) FROM event") == 1 && ask("SELECT count(*) FROM part") == 1,
	   "then all of it");
	ok(g->rows == 1 && strcmp(g->row[0].target, "all") == 0, "who wants risks is to be told");
	ledger_post_sent(t, g->row[0].id, at(2));
	ok(comes_true("SELECT count(*) FROM outbox WHERE sent = 0", 0), "a report needs no commit");
	ledger_post_alert(t, alert(1, 2, ALERT_QUALITY, 1 << ALERT_RISK | 1 << ALERT_QUALITY), config);
	ledger_post_commit(t);
	is_int(wait_for(2, 1)->rows, 2, "it becomes a matter of quality: both are to be told");
	ledger_post_alert(t, alert(1, 3, ALERT_RISK, 1 << ALERT_RISK | 1 << ALERT_QUALITY), config);
	ledger_post_commit(t);
	g = wait_for(2, 1);
	is_int(g->rows, 2, "a risk again: who was told of the quality is told that it is over");
	ledger_post_part(t, "app1/ps/1", false, at(1));
	ledger_post_cycle(t, at(1), at(2), "{}");
	ledger_post_commit(t);
	wait_for(0, 1);
	ok(ask("SELECT count(*) FROM part") == 0 && ask("SELECT count(*) FROM cycle") == 1,
	   "a part is forgotten, a cycle kept");
	ok(ledger_thread_count(t).commits >= 5 && ledger_thread_count(t).alerts == 3, "all is counted");
	ledger_thread_stop(t);
}

static void test_sent_again(void)
{
	struct ledger_thread *t = start();
	struct got *g = wait_for(4, 0);
	bool ordered = true;

	is_int(g->rows, 4, "the next life sends what the last one did not report");
	for (unsigned i = 1; i < g->rows; i++)
		ordered &= g->row[i].id > g->row[i - 1].id;
	ok(ordered, "... oldest first");
	ok(nothing_more(100), "... once");
	for (unsigned i = 1; i < 4; i++)
		ledger_post_sent(t, g->row[i].id, at(3));
	ledger_thread_stop(t);
	is_int(ask("SELECT count(*) FROM outbox WHERE sent = 0"), 1, "what was reported is not sent again");
}

static void test_tried_again(void)
{
	struct ledger_thread *t = start();
	struct got *g;

	ledger_thread_retry_after(t, span_ms(50));
	ledger_post_cycle(t, at(1), at(2), "{}");
	g = wait_for(3, 0);
	ok(g->rows == 3 && g->row[0].id == g->row[2].id, "what is not reported in time is posted again, and again");
	ledger_post_sent(t, g->row[0].id, at(3));
	ok(comes_true("SELECT count(*) FROM outbox WHERE sent = 0", 0), "... until it is");
	ledger_thread_stop(t);
	drain();
}

static void limit_file_size(rlim_t octets)
{
	struct rlimit r;

	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = octets;
	setrlimit(RLIMIT_FSIZE, &r);
}

static void test_full_disk(void)
{
	struct ledger_thread *t = start();
	struct ledger_event e = { .what = "disk", .name = "x", .at = at(1) };
	enum fw_err full = FW_OK;
	unsigned posted = 0;

	ledger_post_event(t, &e);
	ledger_post_commit(t);
	wait_for(0, 1);
	signal(SIGXFSZ, SIG_IGN);
	limit_file_size(1024);
	ledger_post_event(t, &e);
	ledger_post_commit(t);
	for (int i = 0; i < 100 && ledger_thread_count(t).failed == 0; i++)
		poll(NULL, 0, 50);
	ok(ledger_thread_count(t).failed > 0, "a disk that is full: the batch fails");
	ok(strstr(ledger_thread_count(t).last_error, "forewarn.db"), "... and it is said which file");
	for (int i = 0; i < 20000 && full == FW_OK; i++) {
		full = ledger_post_event(t, &e);
		posted += full == FW_OK;
	}
	is_int(full, FW_FULL, "what comes meanwhile waits, and no more than the mailbox holds");
	limit_file_size(RLIM_INFINITY);
	ok(wait_for(0, 1)->committed == 1, "there is room again: the batch is written");
	ledger_post_commit(t);
	ledger_thread_stop(t);
	is_int(ask("SELECT count(*) FROM event WHERE what = 'disk'"), 2 + (int64_t)posted, "... and nothing was lost");
}

/* The end of a cron cycle: nothing that is to be sent waits for the next one. */
static void test_flush(void)
{
	struct ledger_thread *t = start();
	struct got *g;

	drain();
	ledger_post_alert(t, alert(9, 1, ALERT_QUALITY, 1 << ALERT_QUALITY), config);
	ok(ledger_thread_flush(t, span_s(5)), "all is written on request");
	ok(mbox_count(back).now == 2, "... and what is to be sent is there");
	g = wait_for(2, 0);
	for (unsigned i = 0; i < g->rows; i++)
		ledger_post_sent(t, g->row[i].id, at(4));
	ledger_thread_stop(t);
	is_int(ask("SELECT count(*) FROM outbox WHERE sent = 0"), 0, "... and what is reported then is kept");
}

static void test_end(void)
{
	struct ledger_thread *t = start();
	struct ledger_event e = { .what = "end", .name = "x", .at = at(1) };

	for (int i = 0; i < 500; i++)
		ledger_post_event(t, &e);
	ledger_thread_stop(t);
	is_int(ask("SELECT count(*) FROM event WHERE what = 'end'"), 500, "what waits at the end is written");
}

int main(void)
{
	static const char *const files[] = { "forewarn.db", "forewarn.db-wal", "forewarn.db-shm" };
	char path[256];

	plan(23);
	config = load();
	if (!mkdtemp(folder) || !config)
		return 1;
	back = mbox_new("test", 1000);
	test_batches();
	test_sent_again();
	test_tried_again();
	test_full_disk();
	test_flush();
	test_end();
	mbox_free(back);
	config_unref(config);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
	return done();
}
