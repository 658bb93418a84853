/* poller/calendar-int.h: how a calendar is held, for calendar*.c only.
 *
 *   calendar.c        the calendar, and when it holds
 *   calendar-recur.c  which days a recurrence names
 *   calendar-words.c  days and times as people write them
 *   calendar-rrule.c  recurrences as RFC 5545 writes them
 *   calendar-ical.c   iCalendar files
 *   calendar-zone.c   civil time to instants
 *
 * Civil time is a number of seconds since 1970-01-01 00:00 of the place, without regard to any zone; a civil day a
 * number of days.
 */
#ifndef FW_CALENDAR_INT_H
#define FW_CALENDAR_INT_H

#include "poller/calendar.h"

enum { DAY_S = 86400, NTH_MOST = 32, POS_MOST = 16, DAY_WINDOWS_MOST = 24, YEAR_LEAST = 1900, YEAR_MOST = 2199 };
enum { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY };

/* ---- days (calendar-recur.c) ------------------------------------------------------------------------------------- */

struct date { int year; unsigned month, day; };		/* month 1..12, day 1..31 */
int64_t day_of(struct date d);
struct date date_of(int64_t day);
bool date_good(struct date d);		/* such a day exists, and within the years above */
unsigned month_days(int year, unsigned month);
unsigned weekday_of(int64_t day);	/* 0 Monday */
static inline int64_t day_floor(int64_t civil) { return civil >= 0 ? civil / DAY_S : -((DAY_S - 1 - civil) / DAY_S); }

enum freq { FREQ_DAILY, FREQ_WEEKLY, FREQ_MONTHLY, FREQ_YEARLY };

struct nth { int8_t n; uint8_t weekday; };	/* n 0: each such weekday; 2: the second; -1: the last */

/* RRULE of RFC 5545 3.3.10. Zeroes: each day of the frequency, without an end. */
struct recur {
	uint8_t freq, week_start;		/* enum freq; weekday */
	uint16_t interval;			/* 1 or more */
	uint32_t count;				/* 0: no end */
	bool has_until;
	int64_t until;				/* civil time, inclusive */
	uint16_t months;			/* bit month; 0: any */
	uint32_t monthdays, monthdays_back;	/* bit day; bit day from the month's end */
	struct nth nth[NTH_MOST];
	uint8_t nths;
	int16_t pos[POS_MOST];			/* BYSETPOS */
	uint8_t poses;
	bool working;				/* only working days */
};

struct rule {
	int64_t start;			/* civil time of the first, or the day from which on it is looked for */
	int64_t length_s;
	bool timed;			/* with its own time of day and length; else the calendar's windows */
	struct recur recur;
	const struct zone *zone;	/* of a timed one that has its own; NULL: the calendar's */
	int64_t *skip;			/* EXDATE: civil times of what is left out */
	uint32_t skips;
};

typedef bool recur_working(const void *owner, int64_t day);
typedef void recur_each(void *owner, int64_t day);
struct recur_question {
	int64_t from, to;
	recur_working *working;
	const void *calendar;
	recur_each *each;
	void *owner;
};
/* Days of 'r' from .. to, both inclusive, in order. */
void recur_days(const struct rule *r, const struct recur_question *q);

/* ---- zones (calendar-zone.c) ------------------------------------------------------------------------------------- */

struct zone;
/* NULL is the machine's own zone. */
const struct zone *zone_utc(void);
struct zone *zone_read(const char *name, struct err *err);
struct zone *zone_of(const void *octets, size_t len_octets, struct err *err);	/* a TZif file */
void zone_free(struct zone *z);
int64_t zone_instant(const struct zone *z, int64_t civil);	/* seconds since 1970-01-01 UTC */
int64_t zone_civil(const struct zone *z, int64_t instant);

/* ---- the calendar ------------------------------------------------------------------------------------------------ */

struct day_window { uint32_t from_s, length_s; };
struct rules { struct rule *rule; uint32_t count, room; };
struct named_zone { char *name; struct zone *zone; };

struct calendar {
	struct rules list[CALENDAR_LISTS];
	struct day_window window[DAY_WINDOWS_MOST];
	uint32_t windows;
	const struct zone *zone;
	struct named_zone *zones;
	uint32_t zone_count;
};

/* A copy of 'r' with its skips taken over; false when there are too many. */
bool rule_add(struct calendar *c, enum calendar_list list, const struct rule *r);
/* The zone of that name, read once; NULL with the reason. */
const struct zone *zone_get(struct calendar *c, const char *name, struct err *err);

/* calendar-words.c: "2026-12-31" at '*at', which moves on. */
bool date_parse(const char **at, struct date *d);
bool clock_parse(const char **at, uint32_t *seconds);	/* "09:00", also 24:00 */
bool weekday_parse(const char *word, size_t len_octets, unsigned *weekday);

/* calendar-rrule.c: "FREQ=WEEKLY;BYDAY=MO". UNTIL in UTC becomes civil time of 'z'. */
enum fw_err rrule_parse(const char *text, size_t len_octets, const struct zone *z, struct recur *r, struct err *err);
/* "20261231" or "20261231T090000", with Z: '*utc'. '*timed': with a time of day. */
bool stamp_parse(const char *text, size_t len_octets, int64_t *civil, bool *timed, bool *utc);

#endif
