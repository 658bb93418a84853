/* poller/adapt.c: adaptive = true: what does not move is asked less often, and nothing is lost by it.
 *
 * A part all of whose counters stood still in STILL readings in a row is flat: of it each full round asks the state, and every
 * third one the counters as well, in packets of their own. It is read again in every round as soon as a counter moves or
 * its state changes. What moved meanwhile belongs to the whole time since the last reading: the rows in between are written then,
 * on the straight line (sample.c), so that a rate is exact and no row is unknown because nobody asked.
 * The plan is built anew for parts that begin to rest at most every PLAN_ROUNDS, for one that moves at once.
 */
#include "poller/worker-int.h"

enum { EVERY = 3, STILL = 3, PLAN_ROUNDS = 4 };

bool adapt_asks_flat(const struct device *d) { return d->full_rounds % EVERY == 0; }

static void flat_set(struct device *d, struct part *p, bool flat)
{
	struct last_record *r;

	if (p->flat == flat)
		return;
	p->flat = flat;
	r = last_begin(d->w->last, p->record);
	r->flags = (uint8_t)(flat ? r->flags | LAST_F_FLAT : r->flags & ~LAST_F_FLAT);
	last_end(d->w->last, p->record);
}

bool adapt_rests(struct device *d, struct part *p)
{
	flat_set(d, p, d->cfg->adaptive && p->still >= STILL);
	return p->flat;
}

void adapt_round(struct device *d)
{
	d->full_rounds++;
	if (!d->rest_waits || d->full_rounds % PLAN_ROUNDS != 0)
		return;
	d->rest_waits = false;
	d->replan = true;
}

void adapt_moved(struct device *d, struct part *p)
{
	p->still = 0;
	if (!p->flat)
		return;
	flat_set(d, p, false);
	d->replan = true;
}

void adapt_read(struct device *d, struct part *p)
{
	uint32_t counters = p->moved;

	if (!d->cfg->adaptive)
		return;
	if (p->moved == 0 || p->missed || p->reset) {
		if (p->missed || p->reset)
			adapt_moved(d, p);
		return;			/* without counters: what it is nobody can tell between two readings */
	}
	for (; counters; counters &= counters - 1)
		if (p->delta[__builtin_ctz(counters)] != 0) {
			adapt_moved(d, p);
			return;
		}
	p->still += p->still < STILL;
	d->rest_waits = d->rest_waits || (p->still == STILL && !p->flat);
}
