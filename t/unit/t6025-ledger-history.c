/* The ledger keeps how often components failed: exactly, over restarts and retention, from files that are older or odd. */
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "poller/noc/noc.h"
#include "tap.h"

static char folder[64] = "/tmp/forewarn-t6025-XXXXXX";

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

static void sql(const char *text)
{
	char path[128], *why = NULL;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/forewarn.db", folder);
	sqlite3_open(path, &db);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		note("%s", why);
	sqlite3_free(why);
	sqlite3_close(db);
}

struct found { struct history h; unsigned n; char name[MODEL_NAME_MAX]; };

static bool find(void *owner, const char *name, const struct history *h)
{
	struct found *f = owner;

	f->h = *h;
	f->n++;
	snprintf(f->name, sizeof(f->name), "%s", name);
	return true;
}

static struct found read_all(void)
{
	struct ledger *l = open_or_bail(LEDGER_READ);
	struct found f = { .n = 0 };
	struct err err;

	ledger_histories(l, find, &f, &err);
	ledger_close(l);
	return f;
}

static const struct history some = {
	.since = { 1700000000123456 }, .until = { 1700000100123457 }, .now = SEEN_UP, .before = SEEN_UP,
	.failures = 7, .repairs = 6, .up = { 98765432101 }, .down = { 123456789 },
};

static bool same(const struct history *a, const struct history *b)
{
	return a->since.us == b->since.us && a->until.us == b->until.us && a->now == b->now && a->before == b->before &&
	       a->failures == b->failures && a->repairs == b->repairs && a->up.us == b->up.us && a->down.us == b->down.us &&
	       !a->asleep && !b->asleep;
}

static void test_rows(void)
{
	struct ledger *l = open_or_bail(LEDGER_WRITE);
	struct history more = some;
	struct found f;
	struct err err;

	ok(ledger_put_history(l, "core1/interface/Gi0/1", &some, &err) == FW_OK, "a history is written");
	more.failures = 8;
	ledger_put_history(l, "core1/interface/Gi0/1", &more, &err);
	f = read_all();
	is_int(f.n, 1, "a component has one");
	ok(same(&f.h, &more), "... and it is the last one, exactly");
	is_str(f.name, "core1/interface/Gi0/1", "... under its name");
	ledger_retain(l, (struct wall){ INT64_C(1900000000000000) }, span_s(86400), 1, &err);
	is_int(read_all().n, 1, "retention of events leaves it alone");
	ledger_part_forget(l, "core1/interface/Gi0/1", &err);
	is_int(read_all().n, 0, "a part that is forgotten has none");
	ledger_close(l);
}

static void test_thread(void)
{
	struct ledger *l = open_or_bail(LEDGER_WRITE);
	struct mbox *back = mbox_new("back", 64);
	struct config c = { .retention = span_s(86400 * 400), .retention_octets = UINT64_C(1) << 30 };
	struct ledger_thread *t;
	struct found f;
	struct err err;

	t = ledger_thread_start(l, back, &c, &err);
	ledger_post_history(t, "sw1", &some);
	ledger_post_commit(t);
	ok(ledger_thread_flush(t, span_s(10)), "the thread writes it");
	f = read_all();
	ok(f.n == 1 && same(&f.h, &some) && strcmp(f.name, "sw1") == 0, "... as it was told");
	ledger_thread_stop(t);
	mbox_free(back);
}

static void test_odd(void)
{
	struct found f;

	sql("DELETE FROM history; INSERT INTO history VALUES('x', -5, 9223372036854775807, 9, -1, -3, 99999999999, -1, 'abc')");
	f = read_all();
	ok(f.n == 1 && f.h.since.us == 0 && f.h.now <= SEEN_DOWN && f.h.before == SEEN_NOT && f.h.failures == 0 &&
	   f.h.repairs == UINT32_MAX && f.h.up.us == 0 && f.h.down.us == 0, "values that cannot be become some that can");
	ok(f.h.until.us > 0 && f.h.until.us < INT64_MAX / 2, "... and leave room to add to");
}

static void test_migration(void)
{
	sql("DROP TABLE history; DROP TABLE maintenance; DROP TABLE accepted; ALTER TABLE state DROP COLUMN why; PRAGMA user_version = 1");
	ledger_close(open_or_bail(LEDGER_WRITE));
	is_int(read_all().n, 0, "a file of an older schema gets the table");
}

int main(void)
{
	char command[128];

	if (!mkdtemp(folder))
		return 1;
	plan(6 + 2 + 2 + 1);
	test_rows();
	test_thread();
	test_odd();
	test_migration();
	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command) != 0)
		note("left behind: %s", folder);
	return done();
}
