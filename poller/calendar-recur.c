/* poller/calendar-recur.c: which days a recurrence names (RFC 5545 section 3.3.10).
 *
 * A recurrence goes through periods (days, weeks, months, years), every 'interval'th. Of each it keeps the days that
 * pass all filters, and of these those at the places of BYSETPOS. Without COUNT it begins near what was asked for.
 */
#include "calendar-int.h"

/* ---- civil days: the Gregorian calendar in eras of 400 years ----------------------------------------------------- */

int64_t day_of(struct date d)
{
	int64_t y = d.year - (d.month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400, of_year = (153 * ((int64_t)d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct date date_of(int64_t day)
{
	int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
	struct date d = { .day = (unsigned)(of_year - (153 * m + 2) / 5 + 1), .month = (unsigned)(m < 10 ? m + 3 : m - 9) };

	d.year = (int)(year + era * 400 + (d.month <= 2));
	return d;
}

unsigned month_days(int year, unsigned month)
{
	static const uint8_t days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month] + (month == 2 && leap);
}

bool date_good(struct date d)
{
	return d.year >= YEAR_LEAST && d.year <= YEAR_MOST && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
	       d.day <= month_days(d.year, d.month);
}

unsigned weekday_of(int64_t day) { return (unsigned)(((day + 3) % 7 + 7) % 7); }

/* ---- filters ----------------------------------------------------------------------------------------------------- */

/* The place of a day in the month or year that its weekdays are counted in, and how long that is. */
struct place_in { unsigned at, of; };

static struct place_in place_of(const struct recur *r, int64_t day, struct date d)
{
	if (r->freq == FREQ_YEARLY && r->months == 0) {
		int64_t first = day_of((struct date){ d.year, 1, 1 });

		return (struct place_in){ (unsigned)(day - first) + 1, month_days(d.year, 2) + 337 };
	}
	return (struct place_in){ d.day, month_days(d.year, d.month) };
}

static bool weekday_passes(const struct recur *r, int64_t day, struct date d)
{
	struct place_in p = place_of(r, day, d);
	int nth = (int)(p.at - 1) / 7 + 1, back = (int)(p.of - p.at) / 7 + 1;

	for (unsigned i = 0; i < r->nths; i++) {
		const struct nth *n = &r->nth[i];

		if (n->weekday == weekday_of(day) && (n->n == 0 || n->n == nth || -n->n == back))
			return true;
	}
	return r->nths == 0;
}

/* What the start says where the rule does not: the weekday of a week, the day of a month or year. */
static bool start_passes(const struct recur *r, int64_t start, int64_t day, struct date d)
{
	struct date s = date_of(start);

	if (r->nths || r->monthdays || r->monthdays_back || r->working || r->freq == FREQ_DAILY)
		return true;
	if (r->freq == FREQ_WEEKLY)
		return weekday_of(day) == weekday_of(start);
	return d.day == s.day && (r->freq == FREQ_MONTHLY || r->months || d.month == s.month);
}

static bool day_passes(const struct rule *rule, const struct recur_question *q, int64_t day)
{
	const struct recur *r = &rule->recur;
	struct date d = date_of(day);

	if (r->months && !(r->months >> d.month & 1))
		return false;
	if ((r->monthdays || r->monthdays_back) && !(r->monthdays >> d.day & 1) &&
	    !(r->monthdays_back >> (month_days(d.year, d.month) - d.day + 1) & 1))
		return false;
	return weekday_passes(r, day, d) && start_passes(r, day_floor(rule->start), day, d) &&
	       (!r->working || (weekday_of(day) <= FRIDAY && q->working(q->calendar, day)));
}

/* ---- periods ----------------------------------------------------------------------------------------------------- */

struct period { int64_t first; unsigned days; };

static struct period month_at(int64_t month)	/* counted from January of year 0 */
{
	struct date d = { .year = (int)(month / 12), .month = (unsigned)(month % 12) + 1, .day = 1 };

	return (struct period){ day_of(d), month_days(d.year, d.month) };
}

static struct period period_at(const struct rule *rule, int64_t k)
{
	const struct recur *r = &rule->recur;
	int64_t start = day_floor(rule->start), step = k * r->interval;
	struct date d = date_of(start);

	switch (r->freq) {
	case FREQ_WEEKLY:
		return (struct period){ start - (weekday_of(start) + 7 - r->week_start) % 7 + 7 * step, 7 };
	case FREQ_MONTHLY:
		return month_at(d.year * INT64_C(12) + d.month - 1 + step);
	case FREQ_YEARLY:
		d = (struct date){ (int)(d.year + step), 1, 1 };
		return (struct period){ day_of(d), month_days(d.year, 2) + 337 };
	default:
		return (struct period){ start + step, 1 };
	}
}

/* A period that does not begin after 'day', near it. */
static int64_t period_before(const struct rule *rule, int64_t day)
{
	static const int64_t longest[] = { [FREQ_DAILY] = 1, [FREQ_WEEKLY] = 7, [FREQ_MONTHLY] = 31, [FREQ_YEARLY] = 366 };
	int64_t k = (day - day_floor(rule->start)) / (longest[rule->recur.freq] * rule->recur.interval) - 1;

	return k < 0 || rule->recur.count ? 0 : k;
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static bool at_a_place(const struct recur *r, unsigned i, unsigned n)
{
	for (unsigned k = 0; k < r->poses; k++)
		if (r->pos[k] > 0 ? (unsigned)r->pos[k] == i + 1 : (unsigned)-r->pos[k] == n - i)
			return true;
	return r->poses == 0;
}

static bool is_over(const struct rule *rule, int64_t day)
{
	int64_t time = rule->start - day_floor(rule->start) * DAY_S;

	return rule->recur.has_until && day * DAY_S + time > rule->recur.until;
}

/* Tell of one period; false when the rule ends here. */
static bool tell_period(const struct rule *rule, const struct recur_question *q, struct period p, uint32_t *told)
{
	int64_t found[366];
	unsigned n = 0;

	for (unsigned i = 0; i < p.days; i++)
		if (day_passes(rule, q, p.first + i))
			found[n++] = p.first + i;
	for (unsigned i = 0; i < n; i++) {
		if (found[i] < day_floor(rule->start) || !at_a_place(&rule->recur, i, n))
			continue;
		if (found[i] > q->to || is_over(rule, found[i]) || (rule->recur.count && *told == rule->recur.count))
			return false;
		(*told)++;
		if (found[i] >= q->from)
			q->each(q->owner, found[i]);
	}
	return true;
}

void recur_days(const struct rule *r, const struct recur_question *q)
{
	uint32_t told = 0;

	for (int64_t k = period_before(r, q->from);; k++) {
		struct period p = period_at(r, k);

		if (p.first > q->to || !tell_period(r, q, p, &told))
			return;
	}
}
