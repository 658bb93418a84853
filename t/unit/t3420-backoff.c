/* t/unit/t3420-backoff.c: a silent agent is asked ever later, within bounds, and at once when it shows life. */
#include "poller/backoff.h"
#include "tap.h"

static const struct backoff_bounds bounds = { { 10000000 }, { 60000000 } };

static void test_grows(void)
{
	struct backoff b = { 0 };
	struct mono now = { 1000000000 };
	double wait[8], sum = 0;
	bool within = true;
	int64_t same = 0;

	ok(!backoff_quiet(&b) && backoff_due(&b, now), "one that answers is asked");
	for (unsigned i = 0; i < 8; i++) {
		backoff_failed(&b, bounds, now);
		wait[i] = span_as_s(mono_since(b.due, now));
		now = b.due;
	}
	ok(wait[0] > 7.9 && wait[0] <= 10 && wait[1] > 15.9 && wait[1] <= 20 && wait[2] > 31.9 && wait[2] <= 40,
	   "10 s, 20 s, 40 s, up to a fifth less");
	for (unsigned i = 3; i < 8; i++)
		within = within && wait[i] > 47.9 && wait[i] <= 60;
	ok(within, "then a minute at most");
	for (unsigned i = 0; i < 1000; i++) {
		struct backoff other = b;

		backoff_failed(&other, bounds, now);
		same += other.due.us == b.due.us + 60000000;
		sum += span_as_s(mono_since(other.due, now));
	}
	ok(same < 10 && sum / 1000 > 52 && sum / 1000 < 56, "spread by chance: 54 s in the mean");
	backoff_answered(&b);
	ok(!backoff_quiet(&b) && b.failed == 0, "an answer ends it");
}

static void test_heard(void)
{
	struct backoff b = { 0 };
	struct mono now = { 1000000000 };

	ok(backoff_heard(&b, bounds, now).us == now.us && !b.heard, "life of one that is not silent is no news");
	for (unsigned i = 0; i < 5; i++)
		backoff_failed(&b, bounds, now);
	ok(!backoff_due(&b, mono_add(now, span_s(30))), "silent for long: not due after half a minute");
	now = mono_add(now, span_s(30));
	ok(backoff_heard(&b, bounds, now).us == now.us && backoff_due(&b, now) && b.heard, "it shows life: due at once");
	backoff_failed(&b, bounds, now);
	ok(!b.heard && b.failed == 1, "in vain: from the begin again");
	ok(backoff_heard(&b, bounds, mono_add(now, span_ms(1))).us == now.us + (b.due.us - now.us < 10000000 ? b.due.us - now.us : 10000000),
	   "life again at once: not sooner than the first wait");
}

int main(void)
{
	plan(10);
	test_grows();
	test_heard();
	return done();
}
