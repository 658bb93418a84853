/* poller/base/clock.c: instants, lengths of time, and a wall clock that never goes back. See clock.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "err.h"

enum { SLEW_PPM = 500 };

enum { MINUTE_US = 60000000 };

static int64_t clock_us(clockid_t which)
{
	struct timespec ts;

	must(clock_gettime(which, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

struct mono clock_mono(void)
{
	return (struct mono){ clock_us(CLOCK_MONOTONIC) };
}

struct wall clock_wall(void)
{
	return (struct wall){ clock_us(CLOCK_REALTIME) };
}

void steady_init(struct steady *s, struct wall w, struct mono m)
{
	*s = (struct steady){ .wall0 = w, .mono0 = m };
}

/* A slew is spread over the time after mono0 at SLEW_PPM, so that the result grows with 'm' also when it is negative. */
struct wall steady_at(const struct steady *s, struct mono m)
{
	int64_t passed = mono_since(m, s->mono0).us;
	int64_t most = passed > 0 ? passed / (1000000 / SLEW_PPM) : 0;
	int64_t slew = s->slew.us;

	if (slew > most)
		slew = most;
	if (slew < -most)
		slew = -most;
	return (struct wall){ s->wall0.us + passed + slew };
}

struct span steady_follow(struct steady *s, struct wall w, struct mono m, struct span step, bool *stepped)
{
	struct wall at = steady_at(s, m);
	struct span ahead = wall_since(w, at);

	*stepped = ahead.us >= step.us || ahead.us <= -step.us;
	steady_init(s, *stepped ? w : at, m);
	if (!*stepped)
		s->slew = ahead;
	return ahead;
}

/* Seconds and the microseconds after them, also before 1970. */
static time_t wall_split(struct wall t, long *us)
{
	int64_t rest = t.us % 1000000;

	*us = (long)(rest < 0 ? rest + 1000000 : rest);
	return (time_t)((t.us - *us) / 1000000);
}

static char *wall_local(struct wall t, const char *fmt, char *buf, size_t size_octets)
{
	struct tm tm;
	time_t s;
	long us;

	s = wall_split(t, &us);
	if (t.us == 0)
		snprintf(buf, size_octets, "never");
	else if (!localtime_r(&s, &tm) || strftime(buf, size_octets, fmt, &tm) == 0)
		snprintf(buf, size_octets, "out of range");
	return buf;
}

char *wall_format(struct wall t, char *buf, size_t size_octets)
{
	return wall_local(t, "%Y-%m-%d %H:%M:%S %Z", buf, size_octets);
}

char *wall_format_time(struct wall t, char *buf, size_t size_octets)
{
	return wall_local(t, "%H:%M:%S", buf, size_octets);
}

char *wall_format_day(struct wall t, struct wall now, char *buf, size_t size_octets)
{
	int64_t away = wall_since(t, now).us, near = INT64_C(300) * 86400 * 1000000;
	char time[16];
	bool far = away > near || away < -near;

	if (strcmp(wall_local(t, "%H:%M", time, sizeof(time)), "00:00") == 0)
		return wall_local(t, far ? "%-d %b %Y" : "%-d %b", buf, size_octets);
	return wall_local(t, far ? "%-d %b %Y %H:%M" : "%-d %b %H:%M", buf, size_octets);
}

char *wall_format_utc(struct wall t, char *buf, size_t size_octets)
{
	char day[32];
	struct tm tm;
	time_t s;
	long us;

	s = wall_split(t, &us);
	if (!gmtime_r(&s, &tm) || strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		snprintf(buf, size_octets, "out of range");
	else
		snprintf(buf, size_octets, "%s.%03ldZ", day, us / 1000);
	return buf;
}

/* Units from the largest; the last is what span_format() counts in below one second. */
static const struct {
	const char *word;
	int64_t us;
	bool for_people;
} units[] = {
	{ "y",   INT64_C(31536000000000), false },	/* 365 days */
	{ "w",   INT64_C(604800000000), false },
	{ "d",   INT64_C(86400000000),  true },
	{ "h",   INT64_C(3600000000),   true },
	{ "min", INT64_C(60000000),     true },
	{ "s",   INT64_C(1000000),      true },
	{ "ms",  INT64_C(1000),         false },
};
enum { UNITS = sizeof(units) / sizeof(units[0]) };

/* Below ten seconds a tenth is worth saying, and below ten milliseconds as well (round trips). */
static void span_format_short(int64_t us, const char *sign, char *buf, size_t size_octets)
{
	bool ms = us < 1000000;
	int64_t unit = ms ? 1000 : 1000000, tenths = us * 10 / unit;
	const char *word = ms ? "ms" : "s";

	if (us == 0)
		snprintf(buf, size_octets, "0 s");
	else if (ms && us < 100)
		snprintf(buf, size_octets, "%s%.2f ms", sign, (double)us / 1000);
	else if (tenths < 100 && tenths % 10)
		snprintf(buf, size_octets, "%s%d.%d %s", sign, (int)(tenths / 10), (int)(tenths % 10), word);
	else
		snprintf(buf, size_octets, "%s%d %s", sign, (int)(tenths / 10), word);
}

char *span_format(struct span d, char *buf, size_t size_octets)
{
	const char *sign = d.us < 0 ? "-" : "";
	int64_t us = d.us < 0 ? (d.us == INT64_MIN ? INT64_MAX : -d.us) : d.us;
	int64_t first, second;
	unsigned i = 0;

	if (us < MINUTE_US) {
		span_format_short(us, sign, buf, size_octets);
		return buf;
	}
	while (!units[i].for_people || us < units[i].us)
		i++;
	first = us / units[i].us;
	second = us % units[i].us / units[i + 1].us;
	if (second)
		snprintf(buf, size_octets, "%s%lld %s %lld %s", sign, (long long)first, units[i].word,
			 (long long)second, units[i + 1].word);
	else
		snprintf(buf, size_octets, "%s%lld %s", sign, (long long)first, units[i].word);
	return buf;
}

/* Digits with perhaps a point and digits, in millionths; not strtod(), which follows the locale. NULL when it is none,
 * or beyond 500,000,000,000. Returns where it ends. */
static const char *take_number(const char *p, int64_t *millionths)
{
	const char *begin = p;
	int64_t weight = 1000000;

	for (*millionths = 0; *p >= '0' && *p <= '9'; p++) {
		*millionths = *millionths * 10 + (*p - '0') * 1000000;
		if (*millionths > INT64_C(1000000000000) * 1000000 / 2)
			return NULL;
	}
	if (p == begin || *p != '.')
		return p == begin ? NULL : p;
	for (begin = ++p; *p >= '0' && *p <= '9'; p++) {
		weight /= 10;
		*millionths += (*p - '0') * weight;
	}
	return p == begin ? NULL : p;
}

/* One blank may stand before the unit. */
bool span_parse(const char *text, struct span *d)
{
	int64_t millionths;
	const char *p = take_number(text, &millionths);

	if (!p)
		return false;
	p += *p == ' ';
	for (unsigned i = 0; i < UNITS; i++) {
		if (strcmp(p, units[i].word) != 0)
			continue;
		/* units are whole multiples of 1000 us: value = millionths * unit / 1e6, without overflow when it is in range */
		if (millionths / 1000 > SPAN_PARSE_MOST_US / (units[i].us / 1000))
			return false;
		d->us = millionths / 1000000 * units[i].us + millionths % 1000000 * (units[i].us / 1000) / 1000;
		return d->us <= SPAN_PARSE_MOST_US;
	}
	return false;
}
