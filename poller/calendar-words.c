/* poller/calendar-words.c: days and times as people write them. The grammar is in forewarn.conf(5), CALENDARS. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "calendar-int.h"

enum { WORDS_MOST = 32 };
enum { QUARTER_FIRSTS = 1 << 1 | 1 << 4 | 1 << 7 | 1 << 10, QUARTER_LASTS = 1 << 3 | 1 << 6 | 1 << 9 | 1 << 12 };

#define HOW "write it like 2026-12-31, \"2026-12-28 .. 2027-01-03\", \"31 dec\", \"mon-fri\", \"last working day of " \
	    "every quarter\", \"2nd tue of every month\" or FREQ=..."

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

static bool digits(const char **at, unsigned n, unsigned *v)
{
	*v = 0;
	for (unsigned i = 0; i < n; i++, ++*at) {
		if (!isdigit((unsigned char)**at))
			return false;
		*v = *v * 10 + (unsigned)(**at - '0');
	}
	return true;
}

bool date_parse(const char **at, struct date *d)
{
	const char *p = *at;
	unsigned year;

	if (!digits(&p, 4, &year) || *p++ != '-' || !digits(&p, 2, &d->month) || *p++ != '-' || !digits(&p, 2, &d->day))
		return false;
	d->year = (int)year;
	*at = p;
	return true;
}

bool clock_parse(const char **at, uint32_t *seconds)
{
	const char *p = *at;
	unsigned h, m;

	if (!digits(&p, 2, &h) || *p++ != ':' || !digits(&p, 2, &m) || h > 24 || m > 59 || (h == 24 && m))
		return false;
	*seconds = h * 3600 + m * 60;
	*at = p;
	return true;
}

/* Three letters of a name, or all of it. */
static bool name_parse(const char *const *name, unsigned n, const char *word, size_t len, unsigned *which)
{
	for (unsigned i = 0; i < n; i++)
		if (len >= 3 && (len == 3 || len == strlen(name[i])) && strncasecmp(word, name[i], len) == 0)
			return *which = i, true;
	return false;
}

bool weekday_parse(const char *word, size_t len_octets, unsigned *weekday)
{
	static const char *const name[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };

	return name_parse(name, 7, word, len_octets, weekday);
}

/* 1 January */
static bool month_parse(const char *word, unsigned *month)
{
	static const char *const name[] = { "january", "february", "march", "april", "may", "june", "july", "august",
					    "september", "october", "november", "december" };

	if (!name_parse(name, 12, word, strlen(word), month))
		return false;
	++*month;
	return true;
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

struct words { char text[512]; const char *word[WORDS_MOST + 1]; unsigned count, at; };

/* Cut at blanks and commas; false when it is too long. */
static bool words_cut(struct words *w, const char *text)
{
	char *p = w->text;

	w->count = w->at = 0;
	if (strlen(text) >= sizeof(w->text))
		return false;
	memcpy(w->text, text, strlen(text) + 1);
	for (;;) {
		p += strspn(p, " \t,");
		if (!*p)
			break;
		if (w->count == WORDS_MOST)
			return false;
		w->word[w->count++] = p;
		p += strcspn(p, " \t,");
		if (*p)
			*p++ = 0;
	}
	w->word[w->count] = "";
	return w->count > 0;
}

static const char *word_now(const struct words *w) { return w->word[w->at]; }

static bool word_is(struct words *w, const char *a, const char *b)
{
	if (strcasecmp(word_now(w), a) != 0 && (!b || strcasecmp(word_now(w), b) != 0))
		return false;
	w->at++;
	return true;
}

/* first, 2nd, last; 31st at most. */
static bool word_ordinal(struct words *w, int *n)
{
	static const struct { const char *word; int n; } ordinal[] = {
		{ "first", 1 }, { "second", 2 }, { "third", 3 }, { "fourth", 4 }, { "last", -1 },
	};
	char *end;
	unsigned long v;

	for (size_t i = 0; i < sizeof(ordinal) / sizeof(*ordinal); i++)
		if (word_is(w, ordinal[i].word, NULL))
			return *n = ordinal[i].n, true;
	if (!isdigit((unsigned char)*word_now(w)))
		return false;
	v = strtoul(word_now(w), &end, 10);
	if (v < 1 || v > 31 ||
	    (strcasecmp(end, "st") && strcasecmp(end, "nd") && strcasecmp(end, "rd") && strcasecmp(end, "th")))
		return false;
	*n = (int)v;
	w->at++;
	return true;
}

/* mon-fri, sat */
static bool word_weekdays(struct words *w, struct recur *r)
{
	const char *word = word_now(w), *to = strchr(word, '-');
	unsigned a, b;

	if (!weekday_parse(word, to ? (size_t)(to - word) : strlen(word), &a))
		return false;
	b = a;
	if (to && !weekday_parse(to + 1, strlen(to + 1), &b))
		return false;
	for (unsigned d = a;; d = (d + 1) % 7) {
		if (r->nths == NTH_MOST)
			return false;
		r->nth[r->nths++] = (struct nth){ 0, (uint8_t)d };
		if (d == b)
			break;
	}
	w->at++;
	return true;
}

/* every month, every quarter, every year, "mar, jun": months in which the ordinal counts. */
static bool word_months(struct words *w, int ordinal, uint16_t *months)
{
	unsigned month;

	*months = 0;
	if (word_is(w, "every", "each")) {
		if (word_is(w, "month", NULL))
			return true;
		*months = ordinal < 0 ? QUARTER_LASTS : QUARTER_FIRSTS;
		if (word_is(w, "quarter", NULL))
			return true;
		*months = ordinal < 0 ? 1 << 12 : 1 << 1;
		return word_is(w, "year", NULL);
	}
	while (month_parse(word_now(w), &month)) {
		*months |= (uint16_t)(1u << month);
		w->at++;
	}
	return *months != 0;
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* "last working day of every quarter", "2nd tue of jan, feb", "15th day of every month" */
static bool rule_ordinal(struct words *w, struct rule *r)
{
	struct recur *u = &r->recur;
	int n;

	u->freq = FREQ_MONTHLY;
	if (!word_ordinal(w, &n))
		return false;
	if (word_is(w, "working", NULL)) {
		if (!word_is(w, "day", NULL))
			return false;
		u->working = true;
		u->pos[u->poses++] = (int16_t)n;
	} else if (word_is(w, "day", NULL)) {
		if (n > 0)
			u->monthdays = 1u << n;
		else
			u->monthdays_back = 1u << -n;
	} else if (n <= 5 && word_weekdays(w, u) && u->nths == 1) {
		u->nth[0].n = (int8_t)n;
	} else {
		return false;
	}
	return word_is(w, "of", NULL) && word_months(w, n, &u->months);
}

/* "every day", "every working day", "mon-fri", "sat, sun" */
static bool rule_weekly(struct words *w, struct rule *r)
{
	bool every = word_is(w, "every", "each");

	r->recur.freq = FREQ_DAILY;
	if (every && word_is(w, "day", NULL))
		return true;
	if (word_is(w, "working", NULL)) {
		r->recur.working = true;
		return word_is(w, "day", "days");
	}
	while (word_weekdays(w, &r->recur)) { }
	return r->recur.nths > 0;
}

/* "31 dec", "dec 31" */
static bool rule_yearly(struct words *w, struct rule *r)
{
	unsigned month, day;
	bool month_first = month_parse(word_now(w), &month);
	const char *number = month_first ? w->word[w->at + 1] : word_now(w);
	char *end;

	if (w->count - w->at < 2 || !isdigit((unsigned char)*number) ||
	    (!month_first && !month_parse(w->word[w->at + 1], &month)))
		return false;
	day = (unsigned)strtoul(number, &end, 10);
	if (*end == '.')
		end++;
	if (*end || day < 1 || day > month_days(2024, month))
		return false;
	w->at += 2;
	r->recur.freq = FREQ_YEARLY;
	r->recur.months = (uint16_t)(1u << month);
	r->recur.monthdays = 1u << day;
	return true;
}

static enum fw_err take_words(const char *text, struct rule *r, struct err *err)
{
	static bool (*const kind[])(struct words *w, struct rule *r) = { rule_ordinal, rule_yearly, rule_weekly };
	struct words w;
	struct rule begun = *r;

	if (!words_cut(&w, text))
		return err_set(err, FW_MISTAKE, "not a day; " HOW);
	for (size_t i = 0; i < sizeof(kind) / sizeof(*kind); i++) {
		w.at = 0;
		*r = begun;
		if (kind[i](&w, r) && w.at == w.count)
			return FW_OK;
	}
	return err_set(err, FW_MISTAKE, "not a day; " HOW);
}

/* ---- dates ------------------------------------------------------------------------------------------------------- */

struct moment { int64_t day; uint32_t time_s; bool timed; };

/* A date, perhaps a time of day. */
static enum fw_err take_moment(const char **at, struct moment *m, struct err *err)
{
	const char *begin = *at;
	struct date d;

	if (!date_parse(at, &d))
		return err_set(err, FW_MISTAKE, "a date is written 2026-12-31");
	if (!date_good(d))
		return err_set(err, FW_MISTAKE, "%.10s is no day from %d to %d", begin, YEAR_LEAST, YEAR_MOST);
	m->day = day_of(d);
	*at += strspn(*at, " ");
	m->time_s = 0;
	m->timed = isdigit((unsigned char)**at);
	if (m->timed && !clock_parse(at, &m->time_s))
		return err_set(err, FW_MISTAKE, "a time of day is written 09:00");
	*at += strspn(*at, " ");
	return FW_OK;
}

static enum fw_err take_range(const char *text, struct rule *r, struct err *err)
{
	const char *at = text;
	struct moment a, b;
	int64_t length_s;

	if (take_moment(&at, &a, err) != FW_OK)
		return FW_MISTAKE;
	r->start = a.day * DAY_S;
	b = a;
	if (strncasecmp(at, "FREQ=", 5) == 0 && !a.timed)
		return rrule_parse(at, strlen(at), NULL, &r->recur, err);
	if (strncmp(at, "..", 2) == 0) {
		at += 2 + strspn(at + 2, " ");
		if (take_moment(&at, &b, err) != FW_OK)
			return FW_MISTAKE;
	}
	if (*at || (a.timed && b.day == a.day && b.time_s == a.time_s))
		return err_set(err, FW_MISTAKE, "after a date may follow \".. DATE\"; with a time of day, "
			       "\"DATE 09:00 .. DATE 18:00\"");
	if (a.timed != b.timed)
		return err_set(err, FW_MISTAKE, "one end has a time of day and the other has none");
	length_s = (b.day - a.day) * DAY_S + b.time_s - (int64_t)a.time_s;
	if (length_s < 0)
		return err_set(err, FW_MISTAKE, "it ends before it begins");
	if (a.timed)
		*r = (struct rule){ .start = a.day * DAY_S + a.time_s, .length_s = length_s, .timed = true,
				    .recur = { .interval = 1, .count = 1 } };
	else
		r->recur = (struct recur){ .interval = 1, .has_until = true, .until = b.day * DAY_S };
	return FW_OK;
}

enum fw_err calendar_add(struct calendar *c, enum calendar_list list, const char *text, struct err *err)
{
	struct rule r = { .start = day_of((struct date){ 2000, 1, 1 }) * DAY_S, .recur = { .interval = 1 } };
	const char *rrule = strncasecmp(text, "RRULE:", 6) == 0 ? text + 6 : strncasecmp(text, "FREQ=", 5) == 0 ? text : NULL;
	enum fw_err e;

	if (rrule)
		e = rrule_parse(rrule, strlen(rrule), NULL, &r.recur, err);
	else if (isdigit((unsigned char)text[0]) && strlen(text) >= 10 && text[4] == '-')
		e = take_range(text, &r, err);
	else
		e = take_words(text, &r, err);
	if (e == FW_OK && r.timed && list != CALENDAR_ON)
		return err_set(err, FW_MISTAKE, "a whole day is left out or a holiday; leave the time of day out");
	if (e == FW_OK && !rule_add(c, list, &r))
		return err_set(err, FW_MISTAKE, "more than %d rules", CALENDAR_RULES_MOST);
	return e;
}

enum fw_err calendar_time(struct calendar *c, const char *text, struct err *err)
{
	uint32_t from = 0, to = 0;
	const char *at = text;
	bool good = clock_parse(&at, &from);

	at += strspn(at, " ");
	good = good && *at++ == '-';
	if (good)
		at += strspn(at, " ");
	if (!good || !clock_parse(&at, &to) || *at || from == DAY_S || from == to)
		return err_set(err, FW_MISTAKE, "not a time of day; write it like \"09:00-18:00\"");
	if (c->windows == DAY_WINDOWS_MOST)
		return err_set(err, FW_MISTAKE, "more than %d of them", DAY_WINDOWS_MOST);
	c->window[c->windows++] = (struct day_window){ from, to > from ? to - from : to + DAY_S - from };
	return FW_OK;
}
