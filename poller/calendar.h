/* poller/calendar.h: when something holds: dates, recurring days, times of day, as people or iCalendar files say it.
 *
 * A calendar is a set of rules. Each names days (a date, a range, "mon-fri", "last working day of every quarter", an
 * RRULE of RFC 5545) on which the calendar holds, all day or in windows of the day; events of an iCalendar file have
 * times of their own. Days are civil days: an instant is made of them last, in the calendar's time zone, so that 09:00
 * is 09:00 on both sides of a change of summer time. Of a time that comes twice in the autumn the first is meant; one
 * that is left out in the spring is as much later (RFC 5545 section 3.3.5).
 *
 * Rules have no smaller step than a day, and no day before 1900 or after 2199, so that looking for the next one always
 * ends. Pure: no clock; the zone database is read when a calendar is made. A finished calendar only gets read.
 * Thread: its owner's while it is made; then any.
 * Sources: RFC 5545 (iCalendar: 3.1 folding, 3.3.10 recurrence), RFC 8536 (TZif, zone files).
 */
#ifndef FW_CALENDAR_H
#define FW_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/clock.h"
#include "poller/base/err.h"

struct calendar;

/* Days on which it holds; on which it does not though they are among them; which are no working days. */
enum calendar_list { CALENDAR_ON, CALENDAR_EXCEPT, CALENDAR_HOLIDAYS, CALENDAR_LISTS };

struct calendar *calendar_new(void);
void calendar_free(struct calendar *c);

/*
 * Add days as they are written. The grammar is in forewarn.conf(5), CALENDARS. FW_MISTAKE with what would be right.
 * At most CALENDAR_RULES_MOST rules, files included.
 */
enum { CALENDAR_RULES_MOST = 10000 };
enum fw_err calendar_add(struct calendar *c, enum calendar_list list, const char *text, struct err *err);
/* A window of the day for days without times of their own: "09:00-18:00", "22:00-06:00" (ends the day after). */
enum fw_err calendar_time(struct calendar *c, const char *text, struct err *err);
/* "Europe/Berlin": of the system's zone database; without it the machine's own. */
enum fw_err calendar_zone(struct calendar *c, const char *name, struct err *err);

/* Events of an iCalendar text; what is wrong or not supported is told with its line, and that event is left out. */
typedef void calendar_wrong(void *owner, unsigned line, const char *why);
void calendar_ical(struct calendar *c, const char *text, size_t len_octets, calendar_wrong *wrong, void *owner);

/* When it holds: from .. before to; in order, none touching another. */
struct wall_span { struct wall from, to; };
/*
 * Those of [from, to): a span that begins before or ends after is given whole as far as it is within a day of that.
 * At most 'most' are written, the first ones; true when there are no more.
 */
bool calendar_spans(const struct calendar *c, struct wall from, struct wall to, struct wall_span *out, size_t most,
		    size_t *count);
bool calendar_holds(const struct calendar *c, struct wall at);

#endif
