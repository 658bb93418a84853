/* poller/ctl/planned.c: windows of maintenance and accepted risks of a running daemon: entered, begun, ended, over.
 *
 * Everything that happens to one is an event, and in the ledger, in the transaction of what follows from it. What should have
 * happened while nothing ran happens at the start, and is told with the time at which it was due.
 * Thread: main.
 */
#include <stdio.h>
#include <stdlib.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/ctl/daemon-int.h"

enum { EVENTS_MOST = 64, LATE_S = 60 };	/* events of one window; later than that is told */

static struct wall now_wall(struct daemon *d) { return steady_at(&d->clock, clock_mono()); }

/* ---- maintenance ------------------------------------------------------------------------------------------------------- */

/* One of each member, so that its history tells it. */
static void window_events(struct daemon *d, const struct window *w, const char *now, const char *who, const char *reason)
{
	for (uint32_t i = 0; i < w->member.count && i < EVENTS_MOST; i++) {
		struct ledger_event e = { .at = now_wall(d) };

		text_copy(e.what, sizeof(e.what), "maintenance");
		text_copy(e.name, sizeof(e.name), w->member.name[i]);
		text_copy(e.now, sizeof(e.now), now);
		text_copy(e.reason, sizeof(e.reason), reason);
		text_copy(e.who, sizeof(e.who), who);
		intake_event(d, &e);
	}
}

/* "#3 until 2026-11-21 22:00:00 UTC: new disks", and how late it is. */
static void window_reason(const struct window *w, struct wall at, struct wall due, char *buf, size_t size)
{
	char end[48], late[32];
	struct text t = text_over(buf, size);

	text_add(&t, "#%u until %s", w->number, wall_format(w->until, end, sizeof(end)));
	if (wall_since(at, due).us > span_s(LATE_S).us)
		text_add(&t, ", %s late", span_format(wall_since(at, due), late, sizeof(late)));
	text_add(&t, ": %s", w->why);
}

static void on_step(void *owner, const struct window *w, bool begins)
{
	struct daemon *d = owner;
	char reason[REASON_MAX];

	window_reason(w, now_wall(d), begins ? w->from : w->until, reason, sizeof(reason));
	window_events(d, w, begins ? "begins" : "ends", w->who, reason);
	intake_window(d, w);
	log_info(LOG_ALERTS, "maintenance %s %s window=%u members=%u who=%s", begins ? "begins" : "ends", reason, w->number,
		 w->member.count, w->who);
}

void planned_apply(struct daemon *d) { maintenance_apply(d->maintenance, d->model, now_wall(d)); }

enum fw_err daemon_maintain(struct daemon *d, struct window *w, struct err *err)
{
	char reason[REASON_MAX];

	if (maintenance_count(d->maintenance) == WINDOWS_MOST)
		return err_set(err, FW_FULL, "cannot plan it: there are %d windows of maintenance already (forewarn maintain)", WINDOWS_MOST);
	w->number = maintenance_next(d->maintenance);
	window_reason(w, w->from, w->from, reason, sizeof(reason));
	window_events(d, w, "planned", w->who, reason);
	must(maintenance_take(d->maintenance, w) == FW_OK);
	intake_window(d, w);
	d->dirty = true;
	planned_second(d);	/* it may begin now */
	intake_commit(d);
	return FW_OK;
}

enum fw_err daemon_maintain_end(struct daemon *d, uint32_t number, const char *who, struct err *err)
{
	struct window *w = maintenance_give(d->maintenance, number);
	char reason[REASON_MAX];

	if (w == NULL)
		return err_set(err, FW_NOTFOUND, "there is no maintenance #%u that runs or is planned (forewarn maintain lists them)", number);
	w->ended = now_wall(d);
	snprintf(reason, sizeof(reason), "#%u %s", number, w->began.us ? "ended early" : "called off");
	window_events(d, w, w->began.us ? "ends" : "called off", who, reason);
	intake_window(d, w);
	window_free(w);
	planned_apply(d);
	d->dirty = true;
	intake_commit(d);
	return FW_OK;
}

/* ---- accepted risks ---------------------------------------------------------------------------------------------------- */

static void acceptance_event(struct daemon *d, const struct acceptance *a, const char *now, const char *who)
{
	struct ledger_event e = { .at = now_wall(d) };
	char end[48];

	text_copy(e.what, sizeof(e.what), "accept");
	text_copy(e.name, sizeof(e.name), a->key);
	text_copy(e.now, sizeof(e.now), now);
	snprintf(e.reason, sizeof(e.reason), "#%u until %s: %.100s", a->number, wall_format(a->until, end, sizeof(end)), a->why);
	text_copy(e.who, sizeof(e.who), who);
	intake_event(d, &e);
}

/* It is over, and heard again from the next judging on. 'a' ends here. */
static void acceptance_end(struct daemon *d, struct acceptance *a, const char *now, const char *who)
{
	a->ended = now_wall(d);
	acceptance_event(d, a, now, who);
	intake_acceptance(d, a);
	acceptance_free(a);
	d->dirty = true;
}

enum fw_err daemon_accept(struct daemon *d, struct acceptance *a, struct err *err)
{
	const struct acceptance *had = alert_book_acceptance(d->book, a->key);

	if (had)
		acceptance_end(d, alert_book_withdraw(d->book, had->number), "replaced", a->who);
	a->number = alert_book_acceptance_next(d->book);
	if (alert_book_accept(d->book, a) != FW_OK)
		return err_set(err, FW_FULL, "cannot accept it: %d risks are accepted already (forewarn accept)", ACCEPTANCES_MOST);
	acceptance_event(d, a, "accepted", a->who);
	intake_acceptance(d, a);
	d->dirty = true;
	intake_commit(d);
	return FW_OK;
}

enum fw_err daemon_withdraw(struct daemon *d, uint32_t number, const char *who, struct err *err)
{
	struct acceptance *a = alert_book_withdraw(d->book, number);

	if (a == NULL)
		return err_set(err, FW_NOTFOUND, "there is no accepted risk #%u (forewarn accept lists them)", number);
	acceptance_end(d, a, "withdrawn", who);
	intake_commit(d);
	return FW_OK;
}

/* ---- time -------------------------------------------------------------------------------------------------------------- */

void planned_second(struct daemon *d)
{
	struct wall now = now_wall(d);
	struct acceptance *over;

	if (!d->judging)
		return;		/* what the last run left stands until all is known: so do its windows */
	while ((over = alert_book_accept_over(d->book, now)) != NULL)
		acceptance_end(d, over, "over", over->who);
	if (!maintenance_step(d->maintenance, now, on_step, d))
		return;
	planned_apply(d);
	d->dirty = true;
}

static bool restore_window(void *owner, struct window *w)
{
	if (maintenance_take(((struct daemon *)owner)->maintenance, w) != FW_OK)
		window_free(w);
	return true;
}

static bool restore_acceptance(void *owner, struct acceptance *a)
{
	if (alert_book_accept(((struct daemon *)owner)->book, a) != FW_OK)
		acceptance_free(a);
	return true;
}

enum fw_err planned_restore(struct daemon *d, struct ledger *l, struct err *err)
{
	enum fw_err e;

	d->maintenance = maintenance_new();
	alert_book_maintenance(d->book, d->maintenance);
	e = ledger_windows(l, restore_window, d, err);
	if (e == FW_OK)
		e = ledger_acceptances(l, restore_acceptance, d, err);
	maintenance_number_from(d->maintenance, ledger_window_next(l));
	alert_book_acceptance_from(d->book, ledger_acceptance_next(l));
	planned_apply(d);
	return e;
}

void planned_release(struct daemon *d) { maintenance_free(d->maintenance); }
