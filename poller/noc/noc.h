/* poller/noc/noc.h: telling people: alerts, the ledger, notifications.
 *
 *   model changes -> alert_book_judge() -> alerts -> ledger: one transaction of events, alerts and outbox rows
 *                                                     `-> after the commit: sender puts traps, rows are sent
 *
 * An alert is about a cause: a component that is not up. It carries what it touches. It is raised, changed whenever
 * what it touches changes, and cleared. A state change is durable before anyone is told; a row of the outbox is sent at
 * least once. Alerts and events are written as of now into SQLite (WAL, synchronous=FULL), schema versioned by
 * user_version.
 *
 *	alert.c alert-cause.c alert-share.c alert-words.c	the book of alerts: pure
 *	ledger.c ledger-rows.c ledger-read.c	the file
 *	ledger-history.c			how often components failed, in it
 *	accept.c				risks that a person accepted
 *	alert-json.c				an alert as text and back, for the file
 *	ledger-plan.c				windows of maintenance and accepted risks in the file
 *	ledger-thread.c				the thread that writes it, and hands out what is to be sent
 *	sender.c trap.c				notifications over SNMP
 *
 * Threads: alert book and sender: main. Ledger functions: one thread (or a reading process); ledger_thread wraps them
 * for the daemon.
 * Sources: RFC 3416 (SNMPv2-Trap-PDU), RFC 3413 (notification originator), mibs/FOREWARN-MIB.txt.
 */
#ifndef FW_NOC_NOC_H
#define FW_NOC_NOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/clock.h"
#include "poller/base/err.h"
#include "poller/base/mbox.h"
#include "poller/config.h"
#include "poller/model-maintain.h"

/* ---- alerts --------------------------------------------------------------------------------------------------- */

enum severity { SEVERITY_CLEARED, SEVERITY_WARNING, SEVERITY_MINOR, SEVERITY_MAJOR, SEVERITY_CRITICAL, SEVERITIES };
enum alert_kind { ALERT_COMPONENT, ALERT_RISK, ALERT_QUALITY, ALERT_BUDGET, ALERT_KINDS };
enum transition { TRANSITION_RAISE, TRANSITION_CHANGE, TRANSITION_CLEAR, TRANSITIONS };
const char *severity_word(enum severity s);
const char *alert_kind_word(enum alert_kind k);
const char *transition_word(enum transition t);

enum { TOUCHED_MAX = 256, POINTS_MAX = 16 };
struct touched {
	char service[128];
	enum state quality_before, quality_now;
	enum state coming_quality;	/* what a calendar makes of it at 'coming_at', for what has failed; 0: nothing worse */
	struct wall coming_at;
	uint32_t lose_before, lose_now, built_for;	/* "can still lose N" = distance - 1; LOSE_NEVER, LOSE_DOWN */
	uint32_t planned;		/* 1: what it lost is due to maintenance alone, and not to this cause */
	uint32_t others;		/* 1: other causes brought it about; this one made it weaker, and not so bad as it is */
};
enum { LOSE_DOWN = UINT32_MAX - 1, LOSE_NEVER = UINT32_MAX };
uint32_t verdict_can_lose(const struct verdict *v);	/* distance - 1, LOSE_DOWN at 0, LOSE_NEVER */

struct alert {
	uint64_t number, sequence;	/* sequence: 1 at raise, +1 at each change */
	char key[MODEL_NAME_MAX];	/* the cause: component's name, or "forewarn/poller" (blind), "maintenance/7" */
	enum alert_kind kind;
	unsigned kinds;			/* bits 1 << kind that it has had: who was told of it is told the rest as well */
	enum severity severity;
	enum transition transition;	/* of this, its latest, change */
	enum state state;		/* of the cause */
	struct wall raised, changed, cleared;	/* cleared 0: open */
	struct wall since, since_after;	/* of the cause's state */
	char cause[256];		/* in words: "app2 down: no SNMP, no ICMP" */
	char left[256];			/* in words: "app servers 2 of 3, 2 needed"; "" when no group lost a member */
	char next[256];			/* in words, what would end it: "app1 or app3"; "" when nothing is known to, or it is down */
	char first_do[256];		/* in words: "repair app2; leave app1, app3 alone" */
	uint32_t touched_count, touched_more;	/* more: beyond TOUCHED_MAX */
	struct touched touched[TOUCHED_MAX];	/* worst first */
	uint32_t points_count, points_more;
	char points[POINTS_MAX][128];	/* live single points of what it touches */
	uint32_t accepted;		/* number of the acceptance that it is under; 0: of none, or it is worse than accepted */
	uint32_t quiet;			/* 1: kept, and nobody is told */
};

/* An alert as text and back, exactly: what the ledger keeps. The text is malloc'ed. */
char *alert_encode(const struct alert *a);
bool alert_decode(const char *json, size_t len_octets, struct alert *a);

struct alert_book;
typedef void alert_each(void *owner, const struct alert *a);

/* 'next_number' from the ledger; open alerts are given back with alert_book_restore() before the first judging. */
struct alert_book *alert_book_new(uint64_t next_number);
void alert_book_free(struct alert_book *b);
void alert_book_restore(struct alert_book *b, const struct alert *a);
/*
 * Hold the model's present states against the open alerts: 'each' gets every raise, change and clear, causes in
 * order of severity.
 */
void alert_book_judge(struct alert_book *b, struct model *m, struct wall now, alert_each *each, void *owner);
/* Open alerts, worst first; what _at gives is good until the next call of the book. */
size_t alert_book_count(const struct alert_book *b);
const struct alert *alert_book_at(struct alert_book *b, size_t i);
/*
 * One line for people, from the same facts as the trap: "[AT RISK] app2 down: order management can lose no more
 * (#4711)".
 */
char *alert_subject(const struct alert *a, char *buf, size_t size_octets);
/* "order management: up, can lose 0 (was 1)", as the trap has it. */
char *touched_words(const struct touched *t, char *buf, size_t size_octets);

/*
 * Causes of what is in maintenance have no alert (model_maintained()); how bad another one is, is told apart from what
 * maintenance alone brings about. When the work would end more than was foreseen, that is an alert of its own, with key
 * "maintenance/NUMBER". The windows are borrowed, and may change between judgings; NULL: none.
 */
void alert_book_maintenance(struct alert_book *b, const struct maintenance *mt);

/* ---- accepted risks ------------------------------------------------------------------------------------------- */

/*
 * A person takes the risk of one cause upon himself, with a reason and an end. Its alert is kept and shown as accepted,
 * and nobody is told of it while it is not worse than it was then: a worse state or severity, a service more that it
 * touches, less quality, a lower distance, or more single points. When it is worse it is heard as ever, when it is
 * better again that is told, and at the end it is heard again. When it clears, those are told who were told of it.
 */
struct acceptance {
	uint32_t number;
	char key[MODEL_NAME_MAX];	/* of the alert */
	struct wall at, until, ended;	/* ended 0: not yet */
	char why[REASON_MAX], who[WHO_MAX];
	char *mark;			/* the alert as it was accepted (alert_encode) */
};
struct acceptance *acceptance_new(uint32_t number, const struct alert *mark);
struct acceptance *acceptance_copy(const struct acceptance *a);
void acceptance_free(struct acceptance *a);
bool acceptance_is_worse(const struct acceptance *a, const struct alert *now);

enum { ACCEPTANCES_MOST = 4096 };
/* The book's own from now on; it ends the one before on the same key. FW_FULL: too many, and 'a' is still yours. */
enum fw_err alert_book_accept(struct alert_book *b, struct acceptance *a);
size_t alert_book_acceptances(const struct alert_book *b);
const struct acceptance *alert_book_acceptance_at(const struct alert_book *b, size_t i);
const struct acceptance *alert_book_acceptance(const struct alert_book *b, const char *key);
const struct acceptance *alert_book_acceptance_of(const struct alert_book *b, uint32_t number);
uint32_t alert_book_acceptance_next(const struct alert_book *b);
void alert_book_acceptance_from(struct alert_book *b, uint32_t next);
/* The next one whose time is over, taken out: the caller's. NULL: none. */
struct acceptance *alert_book_accept_over(struct alert_book *b, struct wall now);
/* Take it out before its time; NULL: there is none. */
struct acceptance *alert_book_withdraw(struct alert_book *b, uint32_t number);

/* ---- ledger (SQLite) ------------------------------------------------------------------------------------------ */

struct ledger;

struct ledger_event {		/* a state change, or something worth keeping ("blind", "clock", "retention") */
	struct wall at;
	char what[16];		/* "state", "service", "poller", "clock", "reindex", "set", ... */
	char name[MODEL_NAME_MAX];
	char before[16], now[16];
	char reason[REASON_MAX];
	char who[64];		/* of what a person did; "" else */
	struct wall after;	/* it happened after this time; 0 when 'at' is exact */
};

/* Latest own state of a component, kept over restarts. */
struct ledger_state {
	char name[MODEL_NAME_MAX];
	enum state state;
	bool admin, gone;
	uint8_t icmp, snmp, why;	/* struct device_fact */
	char reason[REASON_MAX];
	struct wall since, since_after, until, seen;
};

/* One notification to one target, as it was when it was queued. */
struct ledger_outbox {
	uint64_t id, alert_number, sequence;
	char target[128];
	struct wall queued;
	struct alert alert;
};

enum ledger_mode { LEDGER_WRITE, LEDGER_READ };
/*
 * folder/forewarn.db; made and migrated when LEDGER_WRITE. Errors: FW_IO, FW_BROKEN (renamed aside and begun anew
 * when writing, said), FW_LOCKED, FW_MISTAKE (a newer schema).
 */
struct ledger *ledger_open(const char *folder, enum ledger_mode mode, struct err *err);
void ledger_close(struct ledger *l);

/* One transaction of all that follows from one batch of levels. */
enum fw_err ledger_begin(struct ledger *l, struct err *err);
enum fw_err ledger_commit(struct ledger *l, struct err *err);
void ledger_rollback(struct ledger *l);
enum fw_err ledger_put_event(struct ledger *l, const struct ledger_event *e, struct err *err);
enum fw_err ledger_put_state(struct ledger *l, const struct ledger_state *s, struct err *err);
/* The alert, and an outbox row for each of the targets (names of notify sections that want it). */
enum fw_err ledger_put_alert(struct ledger *l, const struct alert *a, const char *const *targets, size_t target_count,
			     struct err *err);
/* What was seen of a component so far; unlike events it is not cut by retention. */
enum fw_err ledger_put_history(struct ledger *l, const char *name, const struct history *h, struct err *err);
enum fw_err ledger_history_forget(struct ledger *l, const char *name, struct err *err);
enum fw_err ledger_outbox_sent(struct ledger *l, uint64_t id, struct wall at, struct err *err);
enum fw_err ledger_part_add(struct ledger *l, const char *name, struct wall at, struct err *err);	/* baseline */
enum fw_err ledger_part_forget(struct ledger *l, const char *name, struct err *err);
/* Windows of maintenance and accepted risks: as they are now, by number. */
enum fw_err ledger_put_window(struct ledger *l, const struct window *w, struct err *err);
enum fw_err ledger_put_acceptance(struct ledger *l, const struct acceptance *a, struct err *err);
/* The last poll cycle, for status without a daemon. */
enum fw_err ledger_cycle(struct ledger *l, struct wall began, struct wall ended, const char *summary_json,
			 struct err *err);

/* Reading. Callbacks return false to stop. */
typedef bool ledger_each_event(void *owner, const struct ledger_event *e);
/* Newest first; of one name and, when it is a device, of all its components; 'to' 0: until now. */
enum fw_err ledger_events(struct ledger *l, const char *name_or_null, struct wall from, struct wall to, uint32_t most,
			  ledger_each_event *each, void *owner, struct err *err);
typedef bool ledger_each_state(void *owner, const struct ledger_state *s);
enum fw_err ledger_states(struct ledger *l, ledger_each_state *each, void *owner, struct err *err);
typedef bool ledger_each_history(void *owner, const char *name, const struct history *h);
enum fw_err ledger_histories(struct ledger *l, ledger_each_history *each, void *owner, struct err *err);
typedef bool ledger_each_part(void *owner, const char *name);
enum fw_err ledger_parts(struct ledger *l, ledger_each_part *each, void *owner, struct err *err);
typedef bool ledger_each_alert(void *owner, const struct alert *a);
enum fw_err ledger_open_alerts(struct ledger *l, ledger_each_alert *each, void *owner, struct err *err);
typedef bool ledger_each_outbox(void *owner, const struct ledger_outbox *o);
enum fw_err ledger_unsent(struct ledger *l, uint32_t most, ledger_each_outbox *each, void *owner, struct err *err);
/* Those not ended; each is the callee's to keep or free. */
typedef bool ledger_each_window(void *owner, struct window *w);
enum fw_err ledger_windows(struct ledger *l, ledger_each_window *each, void *owner, struct err *err);
typedef bool ledger_each_acceptance(void *owner, struct acceptance *a);
enum fw_err ledger_acceptances(struct ledger *l, ledger_each_acceptance *each, void *owner, struct err *err);
uint32_t ledger_window_next(struct ledger *l);
uint32_t ledger_acceptance_next(struct ledger *l);
uint64_t ledger_next_number(struct ledger *l);
bool ledger_last_cycle(struct ledger *l, struct wall *began, struct wall *ended, char *summary, size_t size_octets);

/*
 * Retention: cut events and cleared alerts older than 'age', then the oldest until the file is below 'octets'.
 * Returns rows cut; says so in an event.
 */
uint64_t ledger_retain(struct ledger *l, struct wall now, struct span age, uint64_t octets, struct err *err);

/* ---- the ledger's thread -------------------------------------------------------------------------------------- */

/*
 * Messages to it (flat; kinds below) are collected into one transaction up to the LEDGER_COMMIT that closes the
 * batch; after the commit it posts LEDGER_COMMITTED and the outbox rows to send (LEDGER_SEND) to 'back'. A row that is
 * not reported sent within LEDGER_RETRY_S is posted again; so are those of an earlier life. A failing disk: said,
 * counted, retried; messages wait in the bounded mailbox. LEDGER_SENT and LEDGER_CYCLE need no LEDGER_COMMIT.
 */
enum ledger_msg {
	LEDGER_EVENT = 1, LEDGER_STATE, LEDGER_HISTORY, LEDGER_ALERT, LEDGER_SENT, LEDGER_PART_ADD, LEDGER_PART_FORGET, LEDGER_CYCLE,
	LEDGER_COMMIT, LEDGER_STOP, LEDGER_WINDOW, LEDGER_ACCEPTANCE,
	LEDGER_COMMITTED = 100, LEDGER_SEND,
};
enum { LEDGER_RETRY_S = 30 };
struct ledger_thread;
/* Takes 'l' over. */
struct ledger_thread *ledger_thread_start(struct ledger *l, struct mbox *back, const struct config *c, struct err *err);
/* Each posts one message (FW_FULL: still refused after being counted; main keeps its dirty list and posts again). */
enum fw_err ledger_post_event(struct ledger_thread *t, const struct ledger_event *e);
enum fw_err ledger_post_state(struct ledger_thread *t, const struct ledger_state *s);
enum fw_err ledger_post_history(struct ledger_thread *t, const char *name, const struct history *h);
/* To the targets that want its kind, and those that were told of it before. */
enum fw_err ledger_post_alert(struct ledger_thread *t, const struct alert *a, const struct config *c);
enum fw_err ledger_post_sent(struct ledger_thread *t, uint64_t outbox_id, struct wall at);
enum fw_err ledger_post_part(struct ledger_thread *t, const char *name, bool add, struct wall at);
enum fw_err ledger_post_cycle(struct ledger_thread *t, struct wall began, struct wall ended, const char *summary_json);
enum fw_err ledger_post_window(struct ledger_thread *t, const struct window *w);
enum fw_err ledger_post_acceptance(struct ledger_thread *t, const struct acceptance *a);
enum fw_err ledger_post_commit(struct ledger_thread *t);
/* A message of kind LEDGER_SEND in 'back': the outbox row to send. */
const struct ledger_outbox *ledger_msg_outbox(const struct msg *m);
struct ledger_count { uint64_t commits, events, alerts, failed, retries, cut; char last_error[256]; };
struct ledger_count ledger_thread_count(struct ledger_thread *t);	/* the thread that started it */
struct mbox_count ledger_thread_mailbox(struct ledger_thread *t);
/*
 * Wait until all that was posted is committed, and what is to be sent is posted to 'back' (at most 64 rows at a time);
 * false when that takes longer than 'most'. At the end: flush, read 'back' and send, stop. Nothing may be posted after
 * ledger_thread_stop(): what is read from 'back' then must not be answered.
 */
bool ledger_thread_flush(struct ledger_thread *t, struct span most);
void ledger_thread_stop(struct ledger_thread *t);	/* commits what waits, joins, closes */

/* ---- notifications -------------------------------------------------------------------------------------------- */

struct sender;
/* Opens what it sends from (net-snmp single sessions, no configuration files of net-snmp are read). */
struct sender *sender_new(const struct config *c, struct err *err);
void sender_free(struct sender *s);
/*
 * SNMPv2-Trap per FOREWARN-MIB to the row's target; at most 1,400 octets: lists are cut with "and N more".
 * FW_NOTFOUND: target no longer configured (counts as sent, said).
 */
enum fw_err sender_send(struct sender *s, const struct ledger_outbox *o, struct wall now, struct err *err);
/* What was queued before fails without a word: the process that queued it has said so. For runs that follow each other. */
void sender_quiet_before(struct sender *s, struct wall queued);
struct sender_count { uint64_t sent, failed, cut; };
struct sender_count sender_count(const struct sender *s);

#endif
