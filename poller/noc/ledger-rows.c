/* poller/noc/ledger-rows.c: what is written into the ledger, and what is cut from it. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "ledger-int.h"

enum fw_err ledger_put_event(struct ledger *l, const struct ledger_event *e, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_EVENT_PUT, err);

	ledger_bind(s, "wwtttttt", e->at, e->after, e->what, e->name, e->before, e->now, e->reason, e->who);
	return ledger_step(l, s, err);
}

enum fw_err ledger_put_state(struct ledger *l, const struct ledger_state *t, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_STATE_PUT, err);

	ledger_bind(s, "tiiiiitwwwwi", t->name, (int64_t)t->state, (int64_t)t->admin, (int64_t)t->gone, (int64_t)t->icmp,
		    (int64_t)t->snmp, t->reason, t->since, t->since_after, t->until, t->seen, (int64_t)t->why);
	return ledger_step(l, s, err);
}

static enum fw_err put_alert_row(struct ledger *l, const struct alert *a, const char *detail, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_ALERT_PUT, err);

	ledger_bind(s, "iitttttwwwt", (int64_t)a->number, (int64_t)a->sequence, a->key, alert_kind_word(a->kind),
		    severity_word(a->severity), transition_word(a->transition), state_word(a->state), a->raised, a->changed,
		    a->cleared, detail);
	return ledger_step(l, s, err);
}

static enum fw_err put_next_number(struct ledger *l, uint64_t next, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_NEXT_PUT, err);

	ledger_bind(s, "i", (int64_t)next);
	return ledger_step(l, s, err);
}

static enum fw_err put_outbox_row(struct ledger *l, const struct alert *a, const char *target, const char *detail,
				  struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_OUTBOX_PUT, err);

	ledger_bind(s, "iitwt", (int64_t)a->number, (int64_t)a->sequence, target, a->changed, detail);
	return ledger_step(l, s, err);
}

enum fw_err ledger_put_alert(struct ledger *l, const struct alert *a, const char *const *targets, size_t target_count,
			     struct err *err)
{
	char *detail = alert_encode(a);
	enum fw_err e = put_alert_row(l, a, detail, err);

	if (e == FW_OK && a->transition == TRANSITION_RAISE)
		e = put_next_number(l, a->number + 1, err);
	for (size_t i = 0; i < target_count && e == FW_OK; i++)
		e = put_outbox_row(l, a, targets[i], detail, err);
	free(detail);
	return e;
}

enum fw_err ledger_outbox_sent(struct ledger *l, uint64_t id, struct wall at, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_OUTBOX_SENT, err);

	ledger_bind(s, "iw", (int64_t)id, at);
	return ledger_step(l, s, err);
}

enum fw_err ledger_part_add(struct ledger *l, const char *name, struct wall at, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_PART_ADD, err);

	ledger_bind(s, "tw", name, at);
	return ledger_step(l, s, err);
}

enum fw_err ledger_part_forget(struct ledger *l, const char *name, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_PART_FORGET, err);
	enum fw_err e;

	ledger_bind(s, "t", name);
	e = ledger_step(l, s, err);
	if (e != FW_OK)
		return e;
	s = ledger_statement(l, SQL_STATE_FORGET, err);
	ledger_bind(s, "t", name);
	e = ledger_step(l, s, err);
	return e == FW_OK ? ledger_history_forget(l, name, err) : e;
}

enum fw_err ledger_cycle(struct ledger *l, struct wall began, struct wall ended, const char *summary_json,
			 struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_CYCLE_PUT, err);

	ledger_bind(s, "wwt", began, ended, summary_json);
	return ledger_step(l, s, err);
}

/* ---- retention -------------------------------------------------------------------------------------------------- */

enum { CUT_AT_ONCE = 5000 };		/* rows a transaction, so that a cut never holds up an alert for long */

static int64_t cut_some(struct ledger *l, enum ledger_statement which, struct wall before, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, which, err);

	ledger_bind(s, "wi", before, (int64_t)CUT_AT_ONCE);
	return ledger_step(l, s, err) == FW_OK ? sqlite3_changes(l->db) : -1;
}

static uint64_t cut_all(struct ledger *l, enum ledger_statement which, struct wall before, struct err *err)
{
	uint64_t cut = 0;
	int64_t n;

	while ((n = cut_some(l, which, before, err)) > 0)
		cut += (uint64_t)n;
	return cut;
}

static uint64_t used_octets(struct ledger *l)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_USED, NULL);
	uint64_t used = 0;

	if (s && sqlite3_step(s) == SQLITE_ROW)
		used = (uint64_t)sqlite3_column_int64(s, 0);
	if (s)
		sqlite3_reset(s);
	return used;
}

/* The oldest events go first, then the oldest cleared alerts and what was sent of them, then plans that are over. */
static uint64_t cut_to_size(struct ledger *l, uint64_t octets, struct err *err)
{
	static const enum ledger_statement order[] = { SQL_CUT_EVENTS, SQL_CUT_SENT, SQL_CUT_ALERTS, SQL_CUT_WINDOWS,
						       SQL_CUT_ACCEPTS };
	struct wall any = { INT64_MAX };
	uint64_t cut = 0;

	for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++) {
		while (used_octets(l) > octets) {
			int64_t n = cut_some(l, order[i], any, err);

			if (n <= 0)
				break;
			cut += (uint64_t)n;
		}
	}
	return cut;
}

static void say_cut(struct ledger *l, struct wall now, uint64_t old, uint64_t large, struct err *err)
{
	struct ledger_event e = { .at = now, .what = "retention" };

	snprintf(e.reason, sizeof(e.reason), "cut %llu rows by age and %llu by size", (unsigned long long)old,
		 (unsigned long long)large);
	ledger_put_event(l, &e, err);
	log_info(LOG_LEDGER, "retention: %s", e.reason);
}

uint64_t ledger_retain(struct ledger *l, struct wall now, struct span age, uint64_t octets, struct err *err)
{
	struct wall before = { now.us - age.us };
	uint64_t old = 0, large = 0;

	if (age.us > 0) {
		old = cut_all(l, SQL_CUT_EVENTS, before, err);
		old += cut_all(l, SQL_CUT_ALERTS, before, err);
		old += cut_all(l, SQL_CUT_OUTBOX, before, err);
		old += cut_all(l, SQL_CUT_WINDOWS, before, err);
		old += cut_all(l, SQL_CUT_ACCEPTS, before, err);
	}
	if (octets > 0)
		large = cut_to_size(l, octets, err);
	if (old + large == 0)
		return 0;
	say_cut(l, now, old, large, err);
	sqlite3_exec(l->db, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
	return old + large;
}
