/* poller/calendar-zone.c: civil time to instants: the machine's zone by the C library, others from the zone database.
 *
 * The C library knows one zone in a process, so another is read from its TZif file (RFC 8536): the transitions of
 * version 2 and later, and the rule in its footer (POSIX TZ) for what comes after them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/base/reader.h"
#include "calendar-int.h"

enum { ZONE_FILE_MOST = 256 << 10, TRANSITIONS_MOST = 10000, TYPES_MOST = 256, WEEK_HOURS = 167 };

/* "M3.5.0/2": the last Sunday of March, 02:00. */
struct switch_rule { unsigned month, week, weekday; int32_t time_s; };

struct zone {
	int64_t *at;			/* instants of transitions, rising */
	int32_t *offset;		/* from at[i] on, seconds east of UTC */
	uint32_t count;
	int32_t before;			/* before the first */
	bool footer, summer;
	int32_t standard_s, summer_s;	/* the footer's */
	struct switch_rule begin, end;	/* of summer time */
};

static const struct zone utc;

const struct zone *zone_utc(void) { return &utc; }

void zone_free(struct zone *z)
{
	if (!z)
		return;
	free(z->at);
	free(z->offset);
	free(z);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static uint32_t rd_u32be(struct rd *r)
{
	const uint8_t *p = rd_take(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3] : 0;
}

static int64_t rd_i64be(struct rd *r)
{
	uint64_t high = rd_u32be(r);

	return (int64_t)(high << 32 | rd_u32be(r));
}

struct header { uint8_t version; uint32_t isutcs, isstds, leaps, times, types, chars; };

static bool read_header(struct rd *r, struct header *h)
{
	const uint8_t *magic = rd_take(r, 4);

	if (!magic || memcmp(magic, "TZif", 4) != 0)
		return false;
	h->version = rd_u8(r);
	rd_take(r, 15);
	h->isutcs = rd_u32be(r);
	h->isstds = rd_u32be(r);
	h->leaps = rd_u32be(r);
	h->times = rd_u32be(r);
	h->types = rd_u32be(r);
	h->chars = rd_u32be(r);
	return rd_ok(r) && h->times <= TRANSITIONS_MOST && h->types >= 1 && h->types <= TYPES_MOST && h->chars <= 4096 &&
	       h->leaps <= 4096 && h->isstds <= TYPES_MOST && h->isutcs <= TYPES_MOST;
}

static void read_transitions(struct rd *r, const struct header *h, struct zone *z)
{
	const uint8_t *type;
	int32_t offset[TYPES_MOST] = { 0 };

	z->count = h->times;
	z->at = must_alloc((h->times + 1) * sizeof(*z->at));
	z->offset = must_alloc((h->times + 1) * sizeof(*z->offset));
	for (uint32_t i = 0; i < h->times; i++)
		z->at[i] = rd_i64be(r);
	type = rd_take(r, h->times);
	for (uint32_t i = 0; i < h->types; i++) {
		offset[i] = (int32_t)rd_u32be(r);
		rd_take(r, 2);
	}
	z->before = offset[0];
	for (uint32_t i = 0; type && i < h->times; i++)
		z->offset[i] = offset[type[i]];
	rd_take(r, h->chars + 12 * h->leaps + h->isstds + h->isutcs);
}

static bool zone_plausible(const struct zone *z)
{
	bool good = z->before >= -DAY_S && z->before <= DAY_S;

	for (uint32_t i = 0; i < z->count; i++)
		good &= z->offset[i] >= -DAY_S && z->offset[i] <= DAY_S && (i == 0 || z->at[i] > z->at[i - 1]);
	return good;
}

/* ---- the footer: "CET-1CEST,M3.5.0,M10.5.0/3" -------------------------------------------------------------------- */

static bool footer_name(const char **at)
{
	const char *p = *at;
	size_t n = *p == '<' ? strcspn(p, ">") + 1 : strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	if (n < 3 || strlen(p) < n)
		return false;
	*at += n;
	return true;
}

static bool footer_number(const char **at, unsigned most, unsigned *n)
{
	char *end;
	unsigned long v;

	if (**at < '0' || **at > '9')
		return false;
	v = strtoul(*at, &end, 10);
	if (v > most)
		return false;
	*n = (unsigned)v;
	*at = end;
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool footer_time(const char **at, int32_t *seconds)
{
	int sign = **at == '-' ? -1 : 1;
	unsigned h, m = 0, s = 0;

	*at += **at == '-' || **at == '+';
	if (!footer_number(at, WEEK_HOURS, &h))
		return false;
	if (**at == ':' && (++*at, !footer_number(at, 59, &m)))
		return false;
	if (**at == ':' && (++*at, !footer_number(at, 59, &s)))
		return false;
	*seconds = sign * (int32_t)(h * 3600 + m * 60 + s);
	return true;
}

static bool footer_switch(const char **at, struct switch_rule *r)
{
	r->time_s = 7200;
	if (strncmp(*at, ",M", 2) != 0)
		return false;
	*at += 2;
	if (!footer_number(at, 12, &r->month) || r->month == 0 || *(*at)++ != '.' || !footer_number(at, 5, &r->week) ||
	    r->week == 0 || *(*at)++ != '.' || !footer_number(at, 6, &r->weekday))
		return false;
	if (**at != '/')
		return true;
	++*at;
	return footer_time(at, &r->time_s);
}

/* True when there is none. West is positive there. */
static bool read_footer(struct zone *z, const char *at)
{
	int32_t west;

	if (!*at)
		return true;
	if (!footer_name(&at) || !footer_time(&at, &west))
		return false;
	z->footer = true;
	z->standard_s = -west;
	if (!*at)
		return true;
	z->summer = true;
	z->summer_s = z->standard_s + 3600;
	if (!footer_name(&at))
		return false;
	if (*at != ',') {
		if (!footer_time(&at, &west))
			return false;
		z->summer_s = -west;
	}
	return footer_switch(&at, &z->begin) && footer_switch(&at, &z->end) && !*at;
}

static bool read_all(struct rd *r, struct zone *z)
{
	struct header h;
	char footer[128] = "";
	size_t n = 0;

	if (!read_header(r, &h) || h.version < '2')
		return false;
	rd_take(r, h.times * 5 + h.types * 6 + h.chars + h.leaps * 8 + h.isstds + h.isutcs);
	if (!read_header(r, &h))
		return false;
	read_transitions(r, &h, z);
	if (rd_u8(r) != '\n')
		return false;
	while (rd_left(r) && n < sizeof(footer) - 1 && *r->at != '\n')
		footer[n++] = (char)rd_u8(r);
	return rd_u8(r) == '\n' && rd_ok(r) && memchr(footer, 0, n) == NULL && zone_plausible(z) && read_footer(z, footer);
}

struct zone *zone_of(const void *octets, size_t len_octets, struct err *err)
{
	struct zone *z = must_alloc(sizeof(*z));
	struct rd r = rd_over(octets, len_octets);

	if (read_all(&r, z))
		return z;
	zone_free(z);
	err_set(err, FW_BROKEN, "its file in the zone database cannot be read: not TZif of version 2 or later");
	return NULL;
}

static bool name_good(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < 64 && name[0] != '/' && !strstr(name, "..") && name[len - 1] != '/' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == len;
}

struct zone *zone_read(const char *name, struct err *err)
{
	char path[128], *octets;
	struct zone *z = NULL;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	f = name_good(name) ? fopen(path, "rbe") : NULL;
	if (!f) {
		err_set(err, FW_NOTFOUND, "no such zone in /usr/share/zoneinfo; write it like Europe/Berlin, or UTC");
		return NULL;
	}
	octets = must_alloc(ZONE_FILE_MOST);
	n = fread(octets, 1, ZONE_FILE_MOST, f);
	fclose(f);
	z = zone_of(octets, n, err);
	free(octets);
	return z;
}

/* ---- offsets ----------------------------------------------------------------------------------------------------- */

/* Civil time of the switch in a year. */
static int64_t switch_at(const struct switch_rule *r, int year)
{
	int64_t first = day_of((struct date){ year, r->month, 1 });
	unsigned weekday = (r->weekday + 6) % 7, days = month_days(year, r->month);	/* Sunday is 0 there */
	unsigned day = (weekday + 7 - weekday_of(first)) % 7 + (r->week - 1) * 7;

	while (day >= days)
		day -= 7;
	return (first + day) * DAY_S + r->time_s;
}

static int32_t footer_offset(const struct zone *z, int64_t instant)
{
	int year = date_of(day_floor(instant + z->standard_s)).year;
	int64_t begin, end;

	if (!z->summer)
		return z->standard_s;
	begin = switch_at(&z->begin, year) - z->standard_s;
	end = switch_at(&z->end, year) - z->summer_s;
	if (begin < end)
		return instant >= begin && instant < end ? z->summer_s : z->standard_s;
	return instant >= end && instant < begin ? z->standard_s : z->summer_s;
}

static int32_t local_offset(int64_t instant)
{
	time_t t = (time_t)instant;
	struct tm tm;

	return localtime_r(&t, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

static int32_t offset_at(const struct zone *z, int64_t instant)
{
	uint32_t low = 0, high;

	if (!z)
		return local_offset(instant);
	high = z->count;
	if (z->footer && (high == 0 || instant >= z->at[high - 1]))
		return footer_offset(z, instant);
	while (low < high) {
		uint32_t half = low + (high - low) / 2;

		if (z->at[half] <= instant)
			low = half + 1;
		else
			high = half;
	}
	return low ? z->offset[low - 1] : z->before;
}

int64_t zone_civil(const struct zone *z, int64_t instant) { return instant + offset_at(z, instant); }

/*
 * With the offset of the day before: right, unless a switch lies between; it takes the first of a time that comes
 * twice, and puts one that is left out as much later. Else with the offset of the day after, when that is right.
 */
int64_t zone_instant(const struct zone *z, int64_t civil)
{
	int64_t early = civil - offset_at(z, civil - DAY_S), late = civil - offset_at(z, civil + DAY_S);

	return zone_civil(z, early) != civil && zone_civil(z, late) == civil ? late : early;
}
