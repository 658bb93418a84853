/* poller/cache.c: agents that renew their counters less often than they are asked.
 *
 * Asked every minute, an agent that renews every three shows 0, 0, 3 r, 0, 0, 3 r where r is the truth. That it caches is seen
 * by all of its counters together: in one poll none of any part moves though sysUpTime does, in a later one many move again,
 * and that repeats. One idle port says nothing; neither does an agent of few parts that move (they may as well be idle), so
 * there must be CACHE_PARTS of them.
 *
 * A reading that stands still is then no reading: its row is held back until the counter moves, at most for the longest pause
 * seen and one poll more, and the rows of the time between are written with the counter moving evenly. So the sum is exact, and a
 * rate is as fine as the agent lets it be: of the time between two renewals only the mean is known. How old the first reading of
 * a counter was nobody knows: what it moved by until the first renewal is of no known time, and its rows begin at that.
 *
 * Until an agent of enough parts has moved in CACHE_RUN polls in a row, or been watched for CACHE_TRY, it may be such a one and is
 * treated so, or its first pauses would be drawn as zeroes and spikes. What was seen is kept in the last file: a cron job learns
 * as a daemon does.
 */
#include <stdlib.h>

#include "poller/base/log.h"
#include "poller/worker-int.h"

enum { CACHE_PARTS = 4, CACHE_PAUSES = 3, CACHE_RUN = 3, CACHE_STEPS = 10, CACHE_GONE = 12, CACHE_TRY = 40 };

static void cache_set(struct device *d, struct span period)
{
	struct last_record *r = last_begin(d->w->last, d->record);

	r->value[LAST_D_CACHE_US] = (uint64_t)period.us;
	last_end(d->w->last, d->record);
	d->cache.period = period;
	if (period.us)
		learn_odd(d, ODD_CACHE);
}

static struct span steps(const struct device *d, int64_t n) { return span_us(n * d->w->config->interval.us); }

void cache_begin(struct device *d)
{
	const struct last_record *r = last_at(d->w->last, d->record);
	uint64_t seen = r->value[LAST_D_CACHE_SEEN], most = (uint64_t)steps(d, CACHE_STEPS).us;
	struct cache *c = &d->cache;

	*c = (struct cache){ .pauses = (uint8_t)seen, .still = (uint8_t)(seen >> 8), .run = (uint8_t)(seen >> 16),
			     .tried = (uint8_t)(seen >> 24), .counting = (uint32_t)(seen >> 32) };
	c->moved_at.us = r->value[LAST_D_CACHE_MOVED_AT] <= INT64_MAX ? (int64_t)r->value[LAST_D_CACHE_MOVED_AT] : 0;
	if (r->value[LAST_D_CACHE_US] <= most)
		c->period = span_us((int64_t)r->value[LAST_D_CACHE_US]);
	if (r->value[LAST_D_CACHE_LONGEST_US] <= most)
		c->longest = span_us((int64_t)r->value[LAST_D_CACHE_LONGEST_US]);
}

static void remember(struct device *d)
{
	const struct cache *c = &d->cache;
	struct last_record *r = last_begin(d->w->last, d->record);

	r->value[LAST_D_CACHE_SEEN] = c->pauses | (uint64_t)c->still << 8 | (uint64_t)c->run << 16 | (uint64_t)c->tried << 24 |
				      (uint64_t)c->counting << 32;
	r->value[LAST_D_CACHE_MOVED_AT] = (uint64_t)c->moved_at.us;
	r->value[LAST_D_CACHE_LONGEST_US] = (uint64_t)c->longest.us;
	last_end(d->w->last, d->record);
}

bool cache_may(const struct device *d)
{
	return d->cache.period.us || (d->cache.tried < CACHE_TRY && d->cache.counting >= CACHE_PARTS);
}

struct span cache_most(const struct device *d)
{
	const struct cache *c = &d->cache;

	if (c->period.us)
		return c->longest.us > c->period.us ? c->longest : c->period;
	return cache_may(d) ? steps(d, CACHE_STEPS) : span_us(0);
}

bool cache_holds(const struct device *d, struct wall asked, struct wall at)
{
	return cache_may(d) && asked.us && at.us - asked.us < cache_most(d).us + d->w->config->interval.us / 2;
}

/* Those that were idle while others were renewed, at 'at'. A poll may fall into the middle of a renewal, so this is known by the
 * next one only: what moved in that is no longer among them. */
static void release_all(struct device *d, struct wall at)
{
	for (uint32_t i = 0; i < d->part_count; i++)
		sample_release(d, &d->part[i], at);
}

/* It moves in every poll: no such agent, or no longer. */
static void cache_none(struct device *d, struct wall at)
{
	d->cache.pauses = 0;
	d->cache.longest = span_us(0);
	if (d->cache.period.us == 0 && cache_may(d))
		release_all(d, at);
	if (d->cache.period.us && d->cache.run >= CACHE_GONE) {
		cache_set(d, span_us(0));
		d->cache.paused = span_us(0);
		d->cache.paused_count = 0;
	}
	d->cache.tried = CACHE_TRY;
}

/* The mean of the pauses, which are polls: one that comes late makes one pause longer and the next shorter. */
static struct span period_seen(const struct device *d)
{
	const struct cache *c = &d->cache;
	int64_t step = d->w->config->interval.us;

	return span_us((c->paused.us / c->paused_count + step / 2) / step * step);
}

/* A poll in which counters moved, after 'c->still' in which none did. */
static void cache_moved(struct device *d, struct wall at)
{
	struct cache *c = &d->cache;
	struct span pause = span_us(c->moved_at.us ? at.us - c->moved_at.us : 0);
	bool paused = c->still > 0 && pause.us <= steps(d, CACHE_STEPS).us;

	if (paused) {
		c->pauses += c->pauses < UINT8_MAX;
		c->paused.us += pause.us;
		c->paused_count++;
		c->longest = pause.us > c->longest.us ? pause : c->longest;
	} else if (c->still > 0) {
		c->pauses = 0;
		c->longest = span_us(0);
	}
	c->run = c->still > 0 ? 1 : (uint8_t)(c->run + (c->run < UINT8_MAX));
	if (c->run > CACHE_RUN)
		cache_none(d, at);
	if (c->pauses >= CACHE_PAUSES && c->paused_count && period_seen(d).us != c->period.us)
		cache_set(d, period_seen(d));
	c->still = 0;
	if (c->run != 2)
		c->moved_at = at;	/* of two in a row, the second is the rest of one renewal */
}

void cache_round(struct device *d, struct wall at, bool whole)
{
	struct cache *c = &d->cache;

	if (c->moved_at.us > at.us) {	/* the clock was set back, or the file that it was read from lies: no pause ends now */
		c->moved_at.us = 0;
		c->still = 0;
	}
	if (whole) {
		if (c->moved_at.us && c->still == 0 && cache_may(d))
			release_all(d, c->moved_at);
		c->tried += c->tried < CACHE_TRY;
		if (c->parts_moved >= CACHE_PARTS) {
			cache_moved(d, at);
		} else if (c->parts_moved == 0 && c->moved_at.us) {
			c->still += c->still < UINT8_MAX;
		} else {
			c->pauses = c->still = 0;	/* some move, some do not: an agent with little to do */
		}
		c->counting = c->parts_counting;
		remember(d);
	}
	c->parts_moved = c->parts_counting = 0;
}
