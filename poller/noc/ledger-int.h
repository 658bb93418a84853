/* poller/noc/ledger-int.h: the ledger's file, for ledger*.c only. */
#ifndef FW_NOC_LEDGER_INT_H
#define FW_NOC_LEDGER_INT_H

#include <sqlite3.h>

#include "noc.h"

/* Every statement, prepared at its first use and kept. */
#define LEDGER_STATEMENTS(X)												\
	X(BEGIN, "BEGIN IMMEDIATE")											\
	X(COMMIT, "COMMIT")												\
	X(ROLLBACK, "ROLLBACK")												\
	X(EVENT_PUT, "INSERT INTO event(at, after, what, name, before, now, reason, who) VALUES(?,?,?,?,?,?,?,?)")	\
	X(EVENTS, "SELECT at, after, what, name, before, now, reason, who FROM event"					\
		  " WHERE at BETWEEN ?1 AND ?2 ORDER BY at DESC, id DESC LIMIT ?3")					\
	X(EVENTS_OF, "SELECT at, after, what, name, before, now, reason, who FROM event"				\
		     " WHERE (name = ?4 OR (name > ?4 || '/' AND name < ?4 || '0')) AND at BETWEEN ?1 AND ?2"		\
		     " ORDER BY at DESC, id DESC LIMIT ?3")								\
	X(STATE_PUT, "INSERT OR REPLACE INTO state(name, state, admin, gone, icmp, snmp, reason, since, since_after,"	\
		     " until, seen, why) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)")						\
	X(STATES, "SELECT name, state, admin, gone, icmp, snmp, reason, since, since_after, until, seen,"	\
		  " why FROM state")											\
	X(STATE_FORGET, "DELETE FROM state WHERE name = ?1")								\
	X(HISTORY_PUT, "INSERT OR REPLACE INTO history(name, since, until, now, before, failures, repairs, up, down)"	\
		       " VALUES(?,?,?,?,?,?,?,?,?)")								\
	X(HISTORIES, "SELECT name, since, until, now, before, failures, repairs, up, down FROM history")		\
	X(HISTORY_FORGET, "DELETE FROM history WHERE name = ?1")							\
	X(ALERT_PUT, "INSERT OR REPLACE INTO alert(number, sequence, key, kind, severity, transition, state, raised,"	\
		     " changed, cleared, detail) VALUES(?,?,?,?,?,?,?,?,?,?,?)")					\
	X(ALERTS_OPEN, "SELECT detail FROM alert WHERE cleared = 0 ORDER BY number")					\
	X(OUTBOX_PUT, "INSERT INTO outbox(number, sequence, target, queued, sent, detail) VALUES(?,?,?,?,0,?)")		\
	X(OUTBOX_SENT, "UPDATE outbox SET sent = ?2, detail = NULL WHERE id = ?1")					\
	X(OUTBOX_UNSENT, "SELECT id, number, sequence, target, queued, detail FROM outbox"				\
			 " WHERE sent = 0 AND id > ?2 ORDER BY id LIMIT ?1")						\
	X(OUTBOX_LAST, "SELECT coalesce(max(id), 0) FROM outbox")							\
	X(PART_ADD, "INSERT OR IGNORE INTO part(name, at) VALUES(?1, ?2)")						\
	X(PART_FORGET, "DELETE FROM part WHERE name = ?1")								\
	X(PARTS, "SELECT name FROM part ORDER BY name")									\
	X(WINDOW_PUT, "INSERT OR REPLACE INTO maintenance(number, from_at, until_at, began, ended, why, who, members, foreseen)" \
		      " VALUES(?,?,?,?,?,?,?,?,?)")									\
	X(WINDOWS, "SELECT number, from_at, until_at, began, ended, why, who, members, foreseen FROM maintenance"	\
		   " WHERE ended = 0 ORDER BY number")									\
	X(WINDOW_NEXT, "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'maintenance'")		\
	X(ACCEPT_PUT, "INSERT OR REPLACE INTO accepted(number, key, at, until, ended, why, who, mark)"			\
		      " VALUES(?,?,?,?,?,?,?,?)")									\
	X(ACCEPTS, "SELECT number, key, at, until, ended, why, who, mark FROM accepted WHERE ended = 0 ORDER BY number") \
	X(ACCEPT_NEXT, "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'accepted'")			\
	X(CUT_WINDOWS, "DELETE FROM maintenance WHERE number IN (SELECT number FROM maintenance WHERE ended <> 0"	\
		       " AND ended < ?1 LIMIT ?2)")									\
	X(CUT_ACCEPTS, "DELETE FROM accepted WHERE number IN (SELECT number FROM accepted WHERE ended <> 0"		\
		       " AND ended < ?1 LIMIT ?2)")									\
	X(CYCLE_PUT, "INSERT OR REPLACE INTO cycle(id, began, ended, summary) VALUES(1, ?1, ?2, ?3)")			\
	X(CYCLE, "SELECT began, ended, summary FROM cycle WHERE id = 1")						\
	X(NEXT_PUT, "INSERT INTO number(id, next) VALUES(1, ?1) ON CONFLICT(id) DO UPDATE SET next = max(next, ?1)")	\
	X(NEXT, "SELECT max(coalesce((SELECT next FROM number WHERE id = 1), 1),"					\
		" coalesce((SELECT max(number) + 1 FROM alert), 1))")							\
	X(CUT_EVENTS, "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE at < ?1 ORDER BY at LIMIT ?2)")	\
	X(CUT_ALERTS, "DELETE FROM alert WHERE number IN (SELECT number FROM alert WHERE cleared <> 0 AND cleared < ?1"	\
		      " ORDER BY cleared LIMIT ?2)")									\
	X(CUT_OUTBOX, "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE queued < ?1 ORDER BY id LIMIT ?2)")	\
	X(CUT_SENT, "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE queued < ?1 AND sent <> 0"		\
		    " ORDER BY id LIMIT ?2)")										\
	X(USED, "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count,"	\
		" pragma_page_size")

enum ledger_statement {
#define LEDGER_ENUM(name, sql) SQL_##name,
	LEDGER_STATEMENTS(LEDGER_ENUM)
#undef LEDGER_ENUM
	SQL_STATEMENTS
};

struct ledger {
	sqlite3 *db;
	sqlite3_stmt *statement[SQL_STATEMENTS];
	enum ledger_mode mode;
	char path[4096];
	struct alert alert;		/* the one being read */
	struct ledger_outbox outbox;
	uint64_t unreadable;		/* rows whose alert is no alert */
};

/* Hand out row after row until 'one' is false; the statement is reset in the end. */
typedef bool row_each(struct ledger *l, sqlite3_stmt *s, void *what);
enum fw_err ledger_each_row(struct ledger *l, sqlite3_stmt *s, row_each *one, void *what, struct err *err);

/* The prepared statement, reset and ready to bind; NULL with the reason. */
sqlite3_stmt *ledger_statement(struct ledger *l, enum ledger_statement which, struct err *err);
/* Run it to its end; it gives no rows. */
enum fw_err ledger_step(struct ledger *l, sqlite3_stmt *s, struct err *err);
/* What SQLite says of the last call, as our code and in words: "cannot WHAT 'FILE': why". */
enum fw_err ledger_failed(struct ledger *l, const char *what, struct err *err);

/* Values of a statement, in order: 't' text, 'i' int64_t, 'w' struct wall; as many as 'types' has. */
void ledger_bind(sqlite3_stmt *s, const char *types, ...);

/* As ledger_unsent(), beginning after row 'after'; 'damaged_too': also those whose alert cannot be read, number 0. */
struct unsent_want { uint64_t after; uint32_t most; bool damaged_too; };
enum fw_err ledger_unsent_after(struct ledger *l, struct unsent_want want, ledger_each_outbox *each, void *owner,
				struct err *err);
/* The newest row of the outbox, sent or not; 0: none. */
uint64_t ledger_outbox_last(struct ledger *l);
/* How long a row may be on its way before it is posted again; LEDGER_RETRY_S unless told. */
void ledger_thread_retry_after(struct ledger_thread *t, struct span after);
/* ledger-plan.c: a list of names as JSON, the caller's to free; and rows whose lists are text already. */
char *name_list_encode(const struct name_list *l);
enum fw_err ledger_put_window_row(struct ledger *l, const struct window *w, const char *members, const char *foreseen,
				  struct err *err);
enum fw_err ledger_put_acceptance_row(struct ledger *l, const struct acceptance *a, const char *mark, struct err *err);

struct wall ledger_wall_at(sqlite3_stmt *s, int column);
void ledger_text_at(sqlite3_stmt *s, int column, char *buf, size_t size_octets);
uint64_t ledger_one_number(struct ledger *l, enum ledger_statement which, uint64_t otherwise);

/* Put a damaged file aside and begin a new one in its place. */
enum fw_err ledger_renew(struct ledger *l, struct err *err);

#endif
