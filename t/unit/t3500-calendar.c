/* t/unit/t3500-calendar.c: when calendars hold: days, times of day, summer time, recurrences, iCalendar files. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/base/text.h"
#include "poller/calendar-int.h"
#include "tap.h"

static struct wall at(int year, unsigned month, unsigned day, int64_t seconds)
{
	return (struct wall){ zone_instant(NULL, day_of((struct date){ year, month, day }) * DAY_S + seconds) * 1000000 };
}

/* "2026-12-31 09:00..18:00 2027-..", the first few spans of a year. */
static const char *spans_words(const struct calendar *c, int year)
{
	static char buf[1024];
	struct text t = text_over(buf, sizeof(buf));
	struct wall_span s[6];
	size_t n;

	text_add(&t, "%s", "");
	calendar_spans(c, at(year, 1, 1, 0), at(year + 1, 1, 1, 0), s, 6, &n);
	for (size_t i = 0; i < n; i++) {
		time_t from = (time_t)(s[i].from.us / 1000000), to = (time_t)(s[i].to.us / 1000000);
		struct tm a, b;
		char x[32], y[32];

		localtime_r(&from, &a);
		localtime_r(&to, &b);
		strftime(x, sizeof(x), a.tm_hour || a.tm_min ? "%m-%d %H:%M" : "%m-%d", &a);
		strftime(y, sizeof(y), b.tm_hour || b.tm_min ? "%m-%d %H:%M" : "%m-%d", &b);
		text_add(&t, "%s%s..%s", i ? " " : "", x, y);
	}
	return buf;
}

/* ---- days -------------------------------------------------------------------------------------------------------- */

static void days(void)
{
	bool same = true;

	for (int64_t day = day_of((struct date){ 1899, 12, 31 }); day < day_of((struct date){ 2200, 1, 2 }); day++) {
		time_t t = (time_t)day * DAY_S;
		struct date d = date_of(day);
		struct tm tm;

		gmtime_r(&t, &tm);
		same &= d.year == tm.tm_year + 1900 && d.month == (unsigned)tm.tm_mon + 1 && d.day == (unsigned)tm.tm_mday &&
			day_of(d) == day && weekday_of(day) == (unsigned)(tm.tm_wday + 6) % 7;
	}
	ok(same, "days and dates are those of the C library, 1899 to 2200");
}

static const struct { const char *on[2], *except, *holiday, *time; int year; const char *want; } cases[] = {
	{ { "2026-12-31" }, .year = 2026, .want = "12-31..01-01" },
	{ { "2026-12-31" }, .time = "09:00-18:00", .year = 2026, .want = "12-31 09:00..12-31 18:00" },
	{ { "2026-12-28 .. 2027-01-03" }, .year = 2026, .want = "12-28..01-02" },
	{ { "2026-12-28 .. 2026-12-30" }, .time = "22:00-06:00", .year = 2026,
	  .want = "12-28 22:00..12-29 06:00 12-29 22:00..12-30 06:00 12-30 22:00..12-31 06:00" },
	{ { "2026-12-28 .. 2027-01-03" }, .except = "2026-12-30", .year = 2026, .want = "12-28..12-30 12-31..01-02" },
	{ { "2026-12-31 09:00 .. 2027-01-02 18:00" }, .year = 2026, .want = "12-31 09:00..01-02 18:00" },
	{ { "last working day of every quarter" }, .year = 2026, .want = "03-31..04-01 06-30..07-01 09-30..10-01 12-31..01-01" },
	{ { "last working day of every quarter" }, .year = 2028, .want = "03-31..04-01 06-30..07-01 09-29..09-30 12-29..12-30" },
	{ { "last working day of dec" }, .holiday = "31 dec", .year = 2026, .want = "12-30..12-31" },
	{ { "first working day of every year" }, .holiday = "1 jan", .year = 2027, .want = "01-04..01-05" },
	{ { "2nd tue of mar, oct" }, .time = "20:00-24:00", .year = 2026, .want = "03-10 20:00..03-11 10-13 20:00..10-14" },
	{ { "last fri of november" }, .year = 2026, .want = "11-27..11-28" },
	{ { "29 feb" }, .year = 2028, .want = "02-29..03-01" },
	{ { "29 feb" }, .year = 2027, .want = "" },
	{ { "last day of feb" }, .year = 2028, .want = "02-29..03-01" },
	{ { "31st day of every month" }, .year = 2026, .want = "01-31..02-01 03-31..04-01 05-31..06-01 07-31..08-01 08-31..09-01 10-31..11-01" },
	{ { "24 dec", "dec 26" }, .year = 2026, .want = "12-24..12-25 12-26..12-27" },
	{ { "24 dec", "25 dec" }, .year = 2026, .want = "12-24..12-26" },
	{ { "fri-mon" }, .year = 2026, .want = "01-01..01-01" },
	{ { "2026-01-05 FREQ=WEEKLY;INTERVAL=26;BYDAY=WE" }, .year = 2026, .want = "01-07..01-08 07-08..07-09" },
	{ { "FREQ=YEARLY;BYMONTH=12;BYDAY=-1TH" }, .year = 2026, .want = "12-31..01-01" },
	{ { "FREQ=YEARLY;BYDAY=1MO" }, .year = 2026, .want = "01-05..01-06" },
	{ { "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYMONTH=8" }, .year = 2026, .want = "08-31..09-01" },
	{ { "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR" }, .year = 2026, .want = "02-13..02-14 03-13..03-14 11-13..11-14" },
	{ { "2025-12-30 FREQ=DAILY;COUNT=4" }, .year = 2026, .want = "12-30..01-03" },
	{ { "2026-01-30 FREQ=MONTHLY;UNTIL=20260330" }, .year = 2026, .want = "01-30..01-31 03-30..03-31" },
	{ { "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30" }, .year = 2026, .want = "" },
	{ { "every day" }, .time = "02:15-02:45", .except = "FREQ=DAILY;BYMONTH=1,2,4,5,6,7,8,9,10,11,12", .year = 2026,
	  .want = "03-01 02:15..03-01 02:45 03-02 02:15..03-02 02:45 03-03 02:15..03-03 02:45 03-04 02:15..03-04 02:45 "
		  "03-05 02:15..03-05 02:45 03-06 02:15..03-06 02:45" },
};

static void rules(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct calendar *c = calendar_new();
		struct err err = { .text = "" };
		enum fw_err e = FW_OK;

		for (unsigned k = 0; k < 2 && cases[i].on[k]; k++)
			e = e ? e : calendar_add(c, CALENDAR_ON, cases[i].on[k], &err);
		if (cases[i].except)
			e = e ? e : calendar_add(c, CALENDAR_EXCEPT, cases[i].except, &err);
		if (cases[i].holiday)
			e = e ? e : calendar_add(c, CALENDAR_HOLIDAYS, cases[i].holiday, &err);
		if (cases[i].time)
			e = e ? e : calendar_time(c, cases[i].time, &err);
		if (strcmp(cases[i].on[0], "fri-mon") == 0) {
			struct wall_span s[3];
			size_t n;

			ok(!calendar_spans(c, at(2026, 1, 1, 0), at(2026, 2, 1, 0), s, 2, &n) && n == 2 && s[0].from.us == at(2026, 1, 2, 0).us &&
			   s[0].to.us == at(2026, 1, 6, 0).us, "fri-mon is four days; that there are more is told");
		} else {
			is_str(e ? err.text : spans_words(c, cases[i].year), cases[i].want, cases[i].on[0]);
		}
		calendar_free(c);
	}
}

static void mistakes(void)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "2026-02-29", "no day" }, { "2026-13-01", "no day" }, { "1812-01-01", "1900" }, { "tomorrow", "last working day" },
		{ "2026-12-31 .. 2026-12-30", "ends before" }, { "2026-12-31 09:00", "DATE 18:00" },
		{ "2026-12-31 09:00 .. 2027-01-01", "other has none" }, { "30 feb", "write it" }, { "6th mon of every month", "write it" },
		{ "last day", "write it" }, { "FREQ=SECONDLY", "DAILY, WEEKLY" }, { "FREQ=DAILY;BYHOUR=9", "'BYHOUR=9' is not supported" },
		{ "FREQ=WEEKLY;BYDAY=1MO", "MONTHLY and YEARLY" }, { "FREQ=DAILY;COUNT=1;UNTIL=20260101", "exclude" },
		{ "RRULE:INTERVAL=2", "no FREQ" }, { "FREQ=DAILY;INTERVAL=0", "1 to 10000" }, { "", "not a day" }, { ",,", "not a day" },
	};
	struct calendar *c = calendar_new();
	struct err err;
	bool all = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err.text[0] = 0;
		if (calendar_add(c, CALENDAR_ON, bad[i].text, &err) == FW_MISTAKE && strstr(err.text, bad[i].why))
			continue;
		all = false;
		note("%s: %s", bad[i].text, err.text);
	}
	ok(all, "each mistake is told with what would be right");
	ok(calendar_time(c, "9-18", &err) == FW_MISTAKE && calendar_time(c, "09:00-25:00", &err) == FW_MISTAKE &&
	   calendar_time(c, "24:00-06:00", &err) == FW_MISTAKE, "... of a time of day as well");
	ok(calendar_zone(c, "Middle/Earth", &err) == FW_MISTAKE && calendar_zone(c, "../../etc/passwd", &err) == FW_MISTAKE &&
	   strstr(err.text, "Europe/Berlin"), "... and of a zone, which is no path");
	calendar_free(c);
}

/* ---- zones ------------------------------------------------------------------------------------------------------- */

/* The zone database read by us says what the C library says, hour by hour. */
static void zones(void)
{
	static const char *const name[] = { "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago",
					    "Africa/Casablanca", "Pacific/Apia", "UTC" };

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++) {
		struct calendar *c = calendar_new();
		struct err err = { .text = "" };
		const struct zone *z = zone_get(c, name[i], &err);
		int64_t odd = 0;

		setenv("TZ", name[i], 1);
		tzset();
		for (int64_t t = INT64_C(1700000000); z && t < INT64_C(2800000000); t += 3 * 3600 + 17)
			if (zone_civil(z, t) != zone_civil(NULL, t))
				odd = odd ? odd : t;
		ok(z && odd == 0, name[i]);
		calendar_free(c);
	}
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
}

static void summer_time(void)
{
	struct calendar *c = calendar_new(), *tokyo = calendar_new();
	struct wall_span s[2];
	struct err err;
	size_t n;

	is_int(at(2026, 3, 29, 9 * 3600).us - at(2026, 3, 28, 9 * 3600).us, 23 * INT64_C(3600000000), "09:00 is 09:00 over the spring switch");
	is_int(at(2026, 3, 29, 2 * 3600 + 1800).us, INT64_C(1774747800000000), "02:30 that is left out is 03:30");
	is_int(at(2026, 10, 25, 2 * 3600 + 1800).us, INT64_C(1792888200000000), "of 02:30 that comes twice the first is meant");
	calendar_add(c, CALENDAR_ON, "2026-10-25", &err);
	calendar_spans(c, at(2026, 10, 1, 0), at(2026, 11, 1, 0), s, 2, &n);
	is_int(s[0].to.us - s[0].from.us, 25 * INT64_C(3600000000), "the day of the autumn switch has 25 hours");
	calendar_zone(tokyo, "Asia/Tokyo", &err);
	calendar_add(tokyo, CALENDAR_ON, "2026-12-31", &err);
	calendar_time(tokyo, "09:00-18:00", &err);
	is_str(spans_words(tokyo, 2026), "12-31 01:00..12-31 10:00", "a calendar of Tokyo, seen from Berlin");
	ok(calendar_holds(tokyo, at(2026, 12, 31, 3600)) && !calendar_holds(tokyo, at(2026, 12, 31, 36000)) &&
	   !calendar_holds(tokyo, at(2026, 12, 31, 3599)), "it holds from its beginning to before its end");
	calendar_free(c);
	calendar_free(tokyo);
}

/* ---- iCalendar --------------------------------------------------------------------------------------------------- */

struct told { unsigned line[8], count; char why[8][200]; };

static void tell(void *owner, unsigned line, const char *why)
{
	struct told *t = owner;

	if (t->count < 8) {
		t->line[t->count] = line;
		snprintf(t->why[t->count], sizeof(t->why[0]), "%s", why);
	}
	t->count++;
}

#define CAL(body) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" body "END:VCALENDAR\r\n"
#define EVENT(body) "BEGIN:VEVENT\r\n" body "END:VEVENT\r\n"

static void ical(void)
{
	static const struct { const char *text, *want; unsigned line; const char *what; } file[] = {
		{ CAL(EVENT("DTSTART;VALUE=DATE:20261231\r\nSUMMARY:x\r\n")), "12-31..01-01", 0, "a whole day" },
		{ CAL(EVENT("DTSTART:20261231T090000\r\nDTEND:20261231T180000\r\n")), "12-31 09:00..12-31 18:00", 0, "floating time is local" },
		{ CAL(EVENT("DTSTART:20261231T080000Z\r\nDURATION:PT8H30M\r\n")), "12-31 09:00..12-31 17:30", 0, "UTC and a duration" },
		{ CAL(EVENT("DTSTART;TZID=Asia/Tokyo:20261231T090000\r\nDTEND;TZID=\"Asia/Tokyo\":20261231T180000\r\n")),
		  "12-31 01:00..12-31 10:00", 0, "TZID by the zone database" },
		{ CAL(EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=WEEKLY;INTER\r\n VAL=2;COU\r\n\tNT=3\r\nEXDATE;VALUE=DATE:20260119\r\n")),
		  "01-05..01-06 02-02..02-03", 0, "a folded rule, and a date left out" },
		{ CAL(EVENT("DTSTART;VALUE=DATE:20260105\r\nBEGIN:VALARM\r\nDURATION:nonsense\r\nEND:VALARM\r\n")), "01-05..01-06", 0, "alarms are passed over" },
		{ CAL("BEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
		      EVENT("DTSTART;VALUE=DATE:20260105\r\nSTATUS:CANCELLED\r\n")), "", 0, "zones and cancelled events, too" },
		{ CAL(EVENT("DTSTART;VALUE=DATE:20260105\r\nRDATE:20260107\r\n")), "", 5, "RDATE" },
		{ CAL(EVENT("DTSTART;TZID=W. Europe:20260105T090000\r\nDTEND:20260105T100000\r\n")), "", 4, "a zone that nobody knows" },
		{ CAL(EVENT("DTSTART:20260105T090000\r\nDTEND:20260105T080000\r\n")), "", 3, "an end before the beginning" },
		{ CAL(EVENT("DTSTART:20260105T090000\r\n")), "", 3, "no length" },
		{ CAL(EVENT("DTSTART:2026-01-05\r\n")), "", 4, "a date in another form" },
		{ CAL(EVENT("DTSTART;VALUE=DATE:20260105\r\nRRULE:FREQ=HOURLY\r\n")), "", 5, "a frequency below a day" },
		{ "{\"json\":1}\n", "", 1, "another file" },
		{ "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260105\n", "", 2, "an event without its end" },
	};

	for (size_t i = 0; i < sizeof(file) / sizeof(*file); i++) {
		struct calendar *c = calendar_new();
		struct told t = { .count = 0 };

		calendar_ical(c, file[i].text, strlen(file[i].text), tell, &t);
		is_str(spans_words(c, 2026), file[i].want, file[i].what);
		ok(file[i].line ? t.count >= 1 && t.line[0] == file[i].line : t.count == 0, "... and what is told");
		if (file[i].line == 0 && t.count)
			note("%u: %s", t.line[0], t.why[0]);
		calendar_free(c);
	}
}

int main(void)
{
	plan(1 + (int)(sizeof(cases) / sizeof(*cases)) + 3 + 8 + 6 + 30);
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	days();
	rules();
	mistakes();
	zones();
	summer_time();
	ical();
	return done();
}
