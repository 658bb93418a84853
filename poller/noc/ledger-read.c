/* poller/noc/ledger-read.c: what is read from the ledger. A file may be damaged or foreign: every value is bounded. */
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "ledger-int.h"

struct wall ledger_wall_at(sqlite3_stmt *s, int column) { return (struct wall){ sqlite3_column_int64(s, column) }; }

void ledger_text_at(sqlite3_stmt *s, int column, char *buf, size_t size_octets)
{
	const char *t = (const char *)sqlite3_column_text(s, column);

	text_copy(buf, size_octets, t ? t : "");
}

enum fw_err ledger_each_row(struct ledger *l, sqlite3_stmt *s, row_each *one, void *what, struct err *err)
{
	enum fw_err e = FW_OK;
	int code = SQLITE_ROW;

	if (!s)
		return ledger_failed(l, "read", err);
	while (code == SQLITE_ROW) {
		code = sqlite3_step(s);
		if (code == SQLITE_ROW && !one(l, s, what))
			break;
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		e = ledger_failed(l, "read", err);
	sqlite3_reset(s);
	return e;
}

/* ---- events, states, parts -------------------------------------------------------------------------------------- */

struct events { ledger_each_event *each; void *owner; };

static bool event_row(struct ledger *l, sqlite3_stmt *s, void *what)
{
	struct events *w = what;
	struct ledger_event e = { .at = ledger_wall_at(s, 0), .after = ledger_wall_at(s, 1) };

	(void)l;
	ledger_text_at(s, 2, e.what, sizeof(e.what));
	ledger_text_at(s, 3, e.name, sizeof(e.name));
	ledger_text_at(s, 4, e.before, sizeof(e.before));
	ledger_text_at(s, 5, e.now, sizeof(e.now));
	ledger_text_at(s, 6, e.reason, sizeof(e.reason));
	ledger_text_at(s, 7, e.who, sizeof(e.who));
	return w->each(w->owner, &e);
}

enum fw_err ledger_events(struct ledger *l, const char *name_or_null, struct wall from, struct wall to, uint32_t most,
			  ledger_each_event *each, void *owner, struct err *err)
{
	struct events w = { each, owner };
	sqlite3_stmt *s = ledger_statement(l, name_or_null ? SQL_EVENTS_OF : SQL_EVENTS, err);

	if (to.us == 0)
		to.us = INT64_MAX;
	ledger_bind(s, name_or_null ? "wwit" : "wwi", from, to, (int64_t)most, name_or_null);
	return ledger_each_row(l, s, event_row, &w, err);
}

struct states { ledger_each_state *each; void *owner; };

static bool state_row(struct ledger *l, sqlite3_stmt *s, void *what)
{
	struct states *w = what;
	int64_t state = sqlite3_column_int64(s, 1);
	struct ledger_state t = {
		.state = state >= 0 && state < STATES ? (enum state)state : STATE_UNKNOWN,
		.admin = sqlite3_column_int(s, 2) != 0, .gone = sqlite3_column_int(s, 3) != 0,
		.icmp = (uint8_t)sqlite3_column_int(s, 4), .snmp = (uint8_t)sqlite3_column_int(s, 5),
		.since = ledger_wall_at(s, 7), .since_after = ledger_wall_at(s, 8), .until = ledger_wall_at(s, 9), .seen = ledger_wall_at(s, 10),
		.why = (uint8_t)sqlite3_column_int(s, 11),
	};

	(void)l;
	ledger_text_at(s, 0, t.name, sizeof(t.name));
	ledger_text_at(s, 6, t.reason, sizeof(t.reason));
	return w->each(w->owner, &t);
}

enum fw_err ledger_states(struct ledger *l, ledger_each_state *each, void *owner, struct err *err)
{
	struct states w = { each, owner };

	return ledger_each_row(l, ledger_statement(l, SQL_STATES, err), state_row, &w, err);
}

struct parts { ledger_each_part *each; void *owner; };

static bool part_row(struct ledger *l, sqlite3_stmt *s, void *what)
{
	struct parts *w = what;
	char name[MODEL_NAME_MAX];

	(void)l;
	ledger_text_at(s, 0, name, sizeof(name));
	return w->each(w->owner, name);
}

enum fw_err ledger_parts(struct ledger *l, ledger_each_part *each, void *owner, struct err *err)
{
	struct parts w = { each, owner };

	return ledger_each_row(l, ledger_statement(l, SQL_PARTS, err), part_row, &w, err);
}

/* ---- alerts and the outbox -------------------------------------------------------------------------------------- */

/* False when it is no alert: said once in a while, and left out. */
static bool alert_at(struct ledger *l, sqlite3_stmt *s, int column, struct alert *a)
{
	const char *json = (const char *)sqlite3_column_text(s, column);
	int len = sqlite3_column_bytes(s, column);

	if (json && alert_decode(json, (size_t)len, a))
		return true;
	log_often(LOG_LEVEL_ERROR, LOG_LEDGER, &l->unreadable, "'%s': a row holds no alert; left out", l->path);
	return false;
}

struct alerts { ledger_each_alert *each; void *owner; };

static bool alert_row(struct ledger *l, sqlite3_stmt *s, void *what)
{
	struct alerts *w = what;

	return alert_at(l, s, 0, &l->alert) ? w->each(w->owner, &l->alert) : true;
}

enum fw_err ledger_open_alerts(struct ledger *l, ledger_each_alert *each, void *owner, struct err *err)
{
	struct alerts w = { each, owner };

	return ledger_each_row(l, ledger_statement(l, SQL_ALERTS_OPEN, err), alert_row, &w, err);
}

struct outboxes { ledger_each_outbox *each; void *owner; bool damaged_too; };

static bool outbox_row(struct ledger *l, sqlite3_stmt *s, void *what)
{
	struct outboxes *w = what;
	struct ledger_outbox *o = &l->outbox;

	if (!alert_at(l, s, 5, &o->alert)) {
		if (!w->damaged_too)
			return true;
		memset(&o->alert, 0, sizeof(o->alert));
	}
	o->id = (uint64_t)sqlite3_column_int64(s, 0);
	o->alert_number = (uint64_t)sqlite3_column_int64(s, 1);
	o->sequence = (uint64_t)sqlite3_column_int64(s, 2);
	ledger_text_at(s, 3, o->target, sizeof(o->target));
	o->queued = ledger_wall_at(s, 4);
	return w->each(w->owner, o);
}

enum fw_err ledger_unsent_after(struct ledger *l, struct unsent_want want, ledger_each_outbox *each, void *owner,
				struct err *err)
{
	struct outboxes w = { each, owner, want.damaged_too };
	sqlite3_stmt *s = ledger_statement(l, SQL_OUTBOX_UNSENT, err);

	ledger_bind(s, "ii", (int64_t)want.most, (int64_t)want.after);
	return ledger_each_row(l, s, outbox_row, &w, err);
}

enum fw_err ledger_unsent(struct ledger *l, uint32_t most, ledger_each_outbox *each, void *owner, struct err *err)
{
	return ledger_unsent_after(l, (struct unsent_want){ .most = most }, each, owner, err);
}

uint64_t ledger_one_number(struct ledger *l, enum ledger_statement which, uint64_t otherwise)
{
	sqlite3_stmt *s = ledger_statement(l, which, NULL);

	if (s && sqlite3_step(s) == SQLITE_ROW)
		otherwise = (uint64_t)sqlite3_column_int64(s, 0);
	if (s)
		sqlite3_reset(s);
	return otherwise;
}

uint64_t ledger_next_number(struct ledger *l) { return ledger_one_number(l, SQL_NEXT, 1); }
uint64_t ledger_outbox_last(struct ledger *l) { return ledger_one_number(l, SQL_OUTBOX_LAST, 0); }

bool ledger_last_cycle(struct ledger *l, struct wall *began, struct wall *ended, char *summary, size_t size_octets)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_CYCLE, NULL);
	bool got = s && sqlite3_step(s) == SQLITE_ROW;

	if (got) {
		*began = ledger_wall_at(s, 0);
		*ended = ledger_wall_at(s, 1);
		ledger_text_at(s, 2, summary, size_octets);
	}
	if (s)
		sqlite3_reset(s);
	return got;
}
