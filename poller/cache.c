/* poller/cache.c: agents that renew their counters less often than they are asked.
 *
 * Asked every minute, an agent that renews every three shows 0, 0, 3 r, 0, 0, 3 r where r is the truth. That it caches is seen
 * by all of its counters together: in one poll none of any part moves though sysUpTime does, in a later one many move again,
 * and that repeats. One idle port says nothing; neither does an agent of few parts that move (they may as well be idle), so
 * there must be CACHE_PARTS of them.
 *
 * From then on a reading that stands still is no reading: its row is held back until the counter moves, at most for the longest
 * pause seen and one poll more, and the rows of the time between are written with the counter moving evenly. So the sum is
 * exact, and a rate is as fine as the agent lets it be: of the time between two renewals only the mean is known.
 */
#include <stdlib.h>

#include "poller/base/log.h"
#include "poller/worker-int.h"

enum { CACHE_PARTS = 4, CACHE_PAUSES = 3, CACHE_RUN = 3, CACHE_STEPS = 10, CACHE_GONE = 12 };

static void cache_set(struct device *d, struct span period)
{
	struct last_record *r = last_begin(d->w->last, d->record);

	r->value[LAST_D_CACHE_US] = (uint64_t)period.us;
	last_end(d->w->last, d->record);
	d->cache.period = period;
	if (period.us)
		learn_odd(d, ODD_CACHE);
}

void cache_begin(struct device *d)
{
	uint64_t us = last_at(d->w->last, d->record)->value[LAST_D_CACHE_US];

	d->cache = (struct cache){ 0 };
	if (us <= (uint64_t)(CACHE_STEPS * d->w->config->interval.us))
		d->cache.period = span_us((int64_t)us);
}

bool cache_holds(const struct device *d, struct wall asked, struct wall at)
{
	return d->cache.period.us && d->cache.part_delta == 0 && asked.us &&
	       at.us - asked.us < d->cache.period.us + d->w->config->interval.us / 2;
}

/* A poll in which counters moved, after 'c->still' in which none did. */
static void cache_moved(struct device *d, struct wall at)
{
	struct cache *c = &d->cache;
	struct span pause = span_us(c->moved_at.us ? at.us - c->moved_at.us : 0);
	bool paused = c->still > 0 && pause.us <= CACHE_STEPS * d->w->config->interval.us;

	if (paused) {
		c->pauses += c->pauses < UINT8_MAX;
		c->longest = pause.us > c->longest.us ? pause : c->longest;
	}
	c->run = c->still > 0 ? 1 : (uint8_t)(c->run + (c->run < UINT8_MAX));
	if (c->run > CACHE_RUN || (c->still > 0 && !paused)) {
		c->pauses = 0;
		c->longest = span_us(0);
	}
	if (c->pauses >= CACHE_PAUSES && c->longest.us > d->cache.period.us)
		cache_set(d, c->longest);
	if (d->cache.period.us && c->run >= CACHE_GONE)
		cache_set(d, span_us(0));
	c->still = 0;
	c->moved_at = at;
	for (uint32_t i = 0; i < d->part_count && d->cache.period.us; i++)
		sample_release(d, &d->part[i], at);	/* those that are idle, while others have been renewed */
}

void cache_round(struct device *d, struct wall at)
{
	struct cache *c = &d->cache;

	if (c->parts_moved >= CACHE_PARTS)
		cache_moved(d, at);
	else if (c->parts_moved == 0 && c->moved_at.us)
		c->still += c->still < UINT8_MAX;
	else
		c->pauses = c->still = 0;	/* some move, some do not: an agent with little to do */
	c->parts_moved = 0;
}
