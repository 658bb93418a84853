/* poller/backoff.c: see backoff.h. */
#include "poller/backoff.h"

#include "poller/base/hash.h"

enum { JITTER_PART = 10, FAILED_MOST = 20 };

bool backoff_due(const struct backoff *b, struct mono now) { return now.us >= b->due.us; }

void backoff_failed(struct backoff *b, struct backoff_bounds of, struct mono now)
{
	int64_t wait = of.first.us, jitter;

	for (unsigned i = 0; i < b->failed && wait < of.most.us; i++)
		wait *= 2;
	if (wait > of.most.us)
		wait = of.most.us;
	jitter = wait / JITTER_PART;
	wait -= jitter > 0 ? (int64_t)(random_u32() % (uint64_t)(2 * jitter)) : 0;	/* never beyond the bound */
	b->failed += b->failed < FAILED_MOST;
	b->asked = now;
	b->due = mono_add(now, span_us(wait));
	b->heard = false;
}

void backoff_answered(struct backoff *b) { *b = (struct backoff){ .asked = b->asked }; }

struct mono backoff_heard(struct backoff *b, struct backoff_bounds of, struct mono now)
{
	struct mono soonest = mono_add(b->asked, of.first);

	if (!backoff_quiet(b))
		return now;
	b->heard = true;
	b->failed = 0;
	if (soonest.us < now.us)
		soonest = now;
	if (soonest.us < b->due.us)
		b->due = soonest;
	return b->due;
}
