/* poller/calendar-rrule.c: recurrences as RFC 5545 section 3.3.10 writes them: "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1". */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "calendar-int.h"

struct part { const char *text; size_t len; };		/* a value, or one of a list */

struct rrule {
	struct recur *r;
	const struct zone *zone;
	struct err *err;
};

static bool part_is(struct part p, const char *word)
{
	return strlen(word) == p.len && strncasecmp(p.text, word, p.len) == 0;
}

static bool whole(struct part p, long least, long most, long *n)
{
	char text[16], *end;

	if (p.len == 0 || p.len >= sizeof(text))
		return false;
	memcpy(text, p.text, p.len);
	text[p.len] = 0;
	*n = strtol(text, &end, 10);
	return !isspace((unsigned char)*text) && !*end && *n >= least && *n <= most;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static bool two(struct part p, size_t at, unsigned *n)
{
	if (!isdigit((unsigned char)p.text[at]) || !isdigit((unsigned char)p.text[at + 1]))
		return false;
	*n = (unsigned)(p.text[at] - '0') * 10 + (unsigned)(p.text[at + 1] - '0');
	return true;
}

bool stamp_parse(const char *text, size_t len_octets, int64_t *civil, bool *timed, bool *utc)
{
	struct part p = { text, len_octets };
	unsigned century, year, h = 0, m = 0, s = 0;
	struct date d;

	*utc = len_octets == 16 && text[15] == 'Z';
	*timed = len_octets == 15 || *utc;
	if (len_octets != 8 && !*timed)
		return false;
	if (!two(p, 0, &century) || !two(p, 2, &year) || !two(p, 4, &d.month) || !two(p, 6, &d.day))
		return false;
	d.year = (int)(century * 100 + year);
	if (!date_good(d))
		return false;
	if (*timed && (text[8] != 'T' || !two(p, 9, &h) || !two(p, 11, &m) || !two(p, 13, &s) || h > 23 || m > 59 || s > 60))
		return false;
	*civil = day_of(d) * DAY_S + h * 3600 + m * 60 + (s > 59 ? 59 : s);
	return true;
}

static bool take_freq(struct rrule *u, struct part p)
{
	static const char *const word[] = { [FREQ_DAILY] = "DAILY", [FREQ_WEEKLY] = "WEEKLY", [FREQ_MONTHLY] = "MONTHLY",
					    [FREQ_YEARLY] = "YEARLY" };

	for (uint8_t i = 0; i < 4; i++)
		if (part_is(p, word[i]))
			return u->r->freq = i, true;
	return false;
}

static bool take_interval(struct rrule *u, struct part p)
{
	long n;

	if (!whole(p, 1, 10000, &n))
		return false;
	u->r->interval = (uint16_t)n;
	return true;
}

static bool take_count(struct rrule *u, struct part p)
{
	long n;

	if (!whole(p, 1, 1000000, &n))
		return false;
	u->r->count = (uint32_t)n;
	return true;
}

/* A day without a time of day is meant with all of it. */
static bool take_until(struct rrule *u, struct part p)
{
	bool timed, utc;

	if (!stamp_parse(p.text, p.len, &u->r->until, &timed, &utc))
		return false;
	if (utc)
		u->r->until = zone_civil(u->zone, u->r->until);
	if (!timed)
		u->r->until += DAY_S - 1;
	return u->r->has_until = true;
}

static bool take_weekday(struct part p, unsigned *weekday)
{
	static const char *const word[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

	for (unsigned i = 0; i < 7; i++)
		if (part_is(p, word[i]))
			return *weekday = i, true;
	return false;
}

static bool take_byday(struct rrule *u, struct part p)
{
	unsigned weekday;
	long n = 0;

	if (p.len < 2 || !take_weekday((struct part){ p.text + p.len - 2, 2 }, &weekday) ||
	    (p.len > 2 && (!whole((struct part){ p.text, p.len - 2 }, -53, 53, &n) || n == 0)) || u->r->nths == NTH_MOST)
		return false;
	u->r->nth[u->r->nths++] = (struct nth){ (int8_t)n, (uint8_t)weekday };
	return true;
}

static bool take_bymonthday(struct rrule *u, struct part p)
{
	long n;

	if (!whole(p, -31, 31, &n) || n == 0)
		return false;
	if (n > 0)
		u->r->monthdays |= 1u << n;
	else
		u->r->monthdays_back |= 1u << -n;
	return true;
}

static bool take_bymonth(struct rrule *u, struct part p)
{
	long n;

	if (!whole(p, 1, 12, &n))
		return false;
	u->r->months |= (uint16_t)(1u << n);
	return true;
}

static bool take_pos(struct rrule *u, struct part p)
{
	long n;

	if (!whole(p, -366, 366, &n) || n == 0 || u->r->poses == POS_MOST)
		return false;
	u->r->pos[u->r->poses++] = (int16_t)n;
	return true;
}

static bool take_wkst(struct rrule *u, struct part p)
{
	unsigned weekday;

	if (!take_weekday(p, &weekday))
		return false;
	u->r->week_start = (uint8_t)weekday;
	return true;
}

/* ---- the rule ---------------------------------------------------------------------------------------------------- */

static const struct rrule_key {
	const char *key;
	bool list;
	bool (*take)(struct rrule *u, struct part p);	/* of a list: each */
	const char *right;
} keys[] = {
	{ "FREQ", false, take_freq, "DAILY, WEEKLY, MONTHLY or YEARLY" },
	{ "INTERVAL", false, take_interval, "1 to 10000" },
	{ "COUNT", false, take_count, "1 to 1000000" },
	{ "UNTIL", false, take_until, "a date like 20261231 or 20261231T180000Z" },
	{ "BYDAY", true, take_byday, "weekdays like MO,TU or 1MO,-1FR" },
	{ "BYMONTHDAY", true, take_bymonthday, "1 to 31 or -31 to -1" },
	{ "BYMONTH", true, take_bymonth, "1 to 12" },
	{ "BYSETPOS", true, take_pos, "1 to 366 or -366 to -1" },
	{ "WKST", false, take_wkst, "a weekday like MO" },
};

static const struct rrule_key *key_find(struct part p)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (part_is(p, keys[i].key))
			return &keys[i];
	return NULL;
}

/* What goes together. */
static enum fw_err check_recur(const struct recur *r, struct err *err)
{
	for (unsigned i = 0; i < r->nths; i++)
		if (r->nth[i].n && r->freq < FREQ_MONTHLY)
			return err_set(err, FW_MISTAKE, "BYDAY with a number is of MONTHLY and YEARLY only");
	if (r->freq == FREQ_WEEKLY && (r->monthdays || r->monthdays_back))
		return err_set(err, FW_MISTAKE, "BYMONTHDAY is not of WEEKLY; use MONTHLY");
	if (r->count && r->has_until)
		return err_set(err, FW_MISTAKE, "COUNT and UNTIL exclude each other; keep one");
	return FW_OK;
}

static enum fw_err take_key(struct rrule *u, const struct rrule_key *k, struct part value)
{
	while (k->list) {
		const char *comma = memchr(value.text, ',', value.len);
		struct part one = { value.text, comma ? (size_t)(comma - value.text) : value.len };

		if (!k->take(u, one))
			return err_set(u->err, FW_MISTAKE, "%s: must be %s", k->key, k->right);
		if (!comma)
			return FW_OK;
		value = (struct part){ comma + 1, value.len - one.len - 1 };
	}
	return k->take(u, value) ? FW_OK : err_set(u->err, FW_MISTAKE, "%s: must be %s", k->key, k->right);
}

enum fw_err rrule_parse(const char *text, size_t len_octets, const struct zone *z, struct recur *r, struct err *err)
{
	const char *end = text + len_octets, *at = text;
	struct rrule u = { .r = r, .zone = z, .err = err };
	unsigned seen = 0;

	*r = (struct recur){ .interval = 1 };
	while (at < end) {
		const char *stop = memchr(at, ';', (size_t)(end - at)), *equals;
		const struct rrule_key *k;

		stop = stop ? stop : end;
		equals = memchr(at, '=', (size_t)(stop - at));
		k = equals ? key_find((struct part){ at, (size_t)(equals - at) }) : NULL;
		if (!k)
			return err_set(err, FW_MISTAKE, "'%.*s' is not supported; FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH,"
				       " BYSETPOS and WKST are", (int)(stop - at > 40 ? 40 : stop - at), at);
		if (seen >> (k - keys) & 1)
			return err_set(err, FW_MISTAKE, "%s is given twice", k->key);
		seen |= 1u << (k - keys);
		if (take_key(&u, k, (struct part){ equals + 1, (size_t)(stop - equals - 1) }) != FW_OK)
			return FW_MISTAKE;
		at = stop < end ? stop + 1 : end;
	}
	if (!(seen & 1))
		return err_set(err, FW_MISTAKE, "no FREQ; write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY");
	return check_recur(r, err);
}
