/* poller/noc/ledger-history.c: how often components failed, and for how long: one row each, from the first time on. */
#include "ledger-int.h"

enum fw_err ledger_put_history(struct ledger *l, const char *name, const struct history *h, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_HISTORY_PUT, err);

	ledger_bind(s, "twwiiiiii", name, h->since, h->until, (int64_t)h->now, (int64_t)h->before, (int64_t)h->failures,
		    (int64_t)h->repairs, h->up.us, h->down.us);
	return ledger_step(l, s, err);
}

enum fw_err ledger_history_forget(struct ledger *l, const char *name, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_HISTORY_FORGET, err);

	ledger_bind(s, "t", name);
	return ledger_step(l, s, err);
}

struct histories { ledger_each_history *each; void *owner; };

/* A file may be damaged or foreign: a value that cannot be becomes the nearest that can. */
static int64_t between(int64_t v, int64_t least, int64_t most)
{
	return v < least ? least : v > most ? most : v;
}

static bool history_row(struct ledger *l, sqlite3_stmt *s, void *what)
{
	const int64_t time_most = INT64_MAX / 4;
	struct histories *w = what;
	int64_t v[9];
	struct history h;

	(void)l;
	for (int i = 1; i < 9; i++)
		v[i] = sqlite3_column_int64(s, i);
	h = (struct history){
		.since = { between(v[1], 0, time_most) }, .until = { between(v[2], 0, time_most) },
		.now = (uint8_t)between(v[3], SEEN_NOT, SEEN_DOWN), .before = (uint8_t)between(v[4], SEEN_NOT, SEEN_DOWN),
		.failures = (uint32_t)between(v[5], 0, UINT32_MAX), .repairs = (uint32_t)between(v[6], 0, UINT32_MAX),
		.up = { between(v[7], 0, time_most) }, .down = { between(v[8], 0, time_most) },
	};
	if (sqlite3_column_type(s, 0) != SQLITE_TEXT)
		return true;
	return w->each(w->owner, (const char *)sqlite3_column_text(s, 0), &h);
}

enum fw_err ledger_histories(struct ledger *l, ledger_each_history *each, void *owner, struct err *err)
{
	struct histories w = { each, owner };

	return ledger_each_row(l, ledger_statement(l, SQL_HISTORIES, err), history_row, &w, err);
}
