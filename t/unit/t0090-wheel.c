/* t/unit/t0090-wheel.c: the timer wheel against a model that looks at every timer. */
#include <stddef.h>
#include <stdlib.h>

#include "poller/base/err.h"
#include "poller/base/wheel.h"
#include "tap.h"

enum { TIMERS = 400 };

static const int64_t day_us = INT64_C(86400000000);

struct clockwork {
	struct wheel *w;
	struct mono now;
	int fired, early, wrong;
};

struct alarm {
	struct timer timer;
	struct clockwork *c;
	struct mono due;		/* the model's: 0 when not armed */
	struct span again;		/* armed again by its own fire() */
	struct alarm *stops;		/* stopped by it */
	int times;
};

static void alarm_fire(struct timer *t, struct mono now)
{
	struct alarm *a = timer_owner(t, struct alarm, timer);
	struct clockwork *c = a->c;

	c->fired++;
	c->early += now.us < a->due.us || t->due.us != a->due.us;
	c->wrong += timer_armed(t) || a->due.us == 0 || now.us != c->now.us;
	a->times++;
	a->due.us = 0;
	if (a->again.us) {
		a->due = mono_add(now, a->again);
		wheel_set(c->w, t, a->due);
	}
	if (a->stops) {
		wheel_stop(c->w, &a->stops->timer);
		a->stops->due.us = 0;
	}
}

static struct clockwork clockwork_at(int64_t us)
{
	struct clockwork c = { .now = { us } };

	c.w = wheel_new(c.now);
	return c;
}

static void alarm_set(struct alarm *a, struct clockwork *c, int64_t after_us)
{
	a->c = c;
	a->timer.fire = alarm_fire;
	a->due = mono_add(c->now, span_us(after_us));
	wheel_set(c->w, &a->timer, a->due);
}

static void run_at(struct clockwork *c, int64_t us)
{
	c->now.us = us;
	wheel_run(c->w, c->now);
}

static void test_simple(void)
{
	struct clockwork c = clockwork_at(1234567);
	struct alarm a = { 0 };

	is_int(wheel_next(c.w).us, 0, "an empty wheel never runs");
	alarm_set(&a, &c, 25000);
	ok(timer_armed(&a.timer) && wheel_count(c.w) == 1, "armed and counted");
	is_int(wheel_next(c.w).us, a.due.us, "it is to run when the timer is due");
	run_at(&c, a.due.us - 1);
	is_int(a.times, 0, "not a microsecond early");
	run_at(&c, a.due.us);
	ok(a.times == 1 && !timer_armed(&a.timer) && wheel_count(c.w) == 0, "fires once, disarmed");
	alarm_set(&a, &c, -5000000);
	ok(wheel_next(c.w).us <= c.now.us && wheel_next(c.w).us != 0, "a due in the past is due now");
	run_at(&c, c.now.us);
	is_int(a.times, 2, "... and fires at the next run");
	alarm_set(&a, &c, 100);
	wheel_stop(c.w, &a.timer);
	wheel_stop(c.w, &a.timer);
	run_at(&c, c.now.us + day_us);
	ok(a.times == 2 && wheel_next(c.w).us == 0, "a stopped timer does not fire; stopping twice is nothing");
	alarm_set(&a, &c, 100);
	wheel_free(c.w);
	ok(!timer_armed(&a.timer), "a freed wheel leaves its timers disarmed");
}

/* Firing timers that arm and stop: none twice in a run, none after it was stopped. */
static void test_within_fire(void)
{
	struct clockwork c = clockwork_at(0);
	struct alarm self = { .again = { -1 } }, a = { 0 }, b = { 0 };

	alarm_set(&self, &c, 10);
	run_at(&c, 10);
	is_int(self.times, 1, "a timer that arms itself for the past fires once a run");
	run_at(&c, 11);
	is_int(self.times, 2, "... and again at the next");
	wheel_stop(c.w, &self.timer);
	a.stops = &b;
	b.stops = &a;
	alarm_set(&a, &c, 5000);
	alarm_set(&b, &c, 5000);
	run_at(&c, 20000);
	is_int(a.times + b.times, 1, "a timer stopped by another that is due with it does not fire");
	is_int(wheel_count(c.w), 0, "... and the count is right");
	wheel_free(c.w);
}

static void test_long(void)
{
	static const int64_t after[] = { 640000, 40960000, 2621440000, 1, 124, 5000, 300 * 365 };
	struct clockwork c = clockwork_at(987654321);
	struct alarm a[7];
	int late = 0, early = 0;

	memset(a, 0, sizeof(a));
	for (int i = 0; i < 7; i++)
		alarm_set(&a[i], &c, i < 3 ? after[i] : after[i] * day_us);
	for (int i = 0; i < 7; i++) {
		run_at(&c, a[i].due.us - 1);
		early += a[i].times;
		run_at(&c, c.now.us + 1);
		late += !a[i].times;
	}
	is_int(early, 0, "long timers (a day to 300 years) are not early");
	is_int(late, 0, "... nor late");
	alarm_set(&a[0], &c, INT64_MAX - c.now.us);
	ok(wheel_next(c.w).us > c.now.us, "the longest of all can be armed");
	run_at(&c, INT64_MAX);
	is_int(a[0].times, 2, "... and fires");
	wheel_free(c.w);
}

/* Lengths that reach every level, most of them short. */
static int64_t some_span(void)
{
	unsigned bits = (unsigned)(random() % (random() % 4 ? 24 : 48));

	return (int64_t)(((uint64_t)random() << 31 | (uint64_t)random()) & ((UINT64_C(1) << bits) - 1)) - random() % 5000;
}

static int64_t model_next(const struct alarm *a)
{
	int64_t next = INT64_MAX;

	for (int i = 0; i < TIMERS; i++)
		if (a[i].due.us && a[i].due.us < next)
			next = a[i].due.us;
	return next;
}

static unsigned model_count(const struct alarm *a)
{
	unsigned n = 0;

	for (int i = 0; i < TIMERS; i++)
		n += a[i].due.us != 0;
	return n;
}

static void change_some(struct clockwork *c, struct alarm *a)
{
	for (long n = random() % 20; n > 0; n--) {
		struct alarm *one = &a[random() % TIMERS];

		if (random() % 4 == 0) {
			wheel_stop(c->w, &one->timer);
			one->due.us = 0;
		} else {
			one->again.us = random() % 8 ? 0 : 1 + labs(some_span());
			alarm_set(one, c, some_span());
			one->due = one->timer.due.us ? one->timer.due : (struct mono){ 0 };
		}
	}
}

static void test_model(void)
{
	static struct alarm a[TIMERS];
	struct clockwork c = clockwork_at(INT64_C(1000000000));
	int left = 0, next_late = 0, counted = 0;

	srandom(5);
	for (int i = 0; i < 30000; i++) {
		int64_t due, next;

		change_some(&c, a);
		due = model_next(a);
		next = wheel_next(c.w).us;
		next_late += due != INT64_MAX && (next == 0 || next > due);
		/* as the event loop does, or anywhere; a jump of years now and then */
		if (random() % 2 && next)
			run_at(&c, next > c.now.us ? next : c.now.us);
		else
			run_at(&c, c.now.us + (random() % 500 ? labs(some_span()) % 50000000 : 700 * day_us));
		left += model_next(a) <= c.now.us;
		counted += wheel_count(c.w) != model_count(a);
	}
	note("%d timers fired", c.fired);
	ok(c.fired > 20000, "many timers fired");
	is_int(c.early, 0, "... none early, each with its own due");
	is_int(c.wrong, 0, "... all disarmed before, none that was stopped");
	is_int(left, 0, "... none that was due is left after a run");
	is_int(next_late, 0, "wheel_next is never later than the earliest due");
	is_int(counted, 0, "wheel_count is right all the time");
	wheel_free(c.w);
}

/* From 'now' to the due in few wakes: one per level at most, so an idle loop sleeps. */
static void test_wakes(void)
{
	struct clockwork c = clockwork_at(5);
	struct alarm a = { 0 };
	int wakes = 0;

	alarm_set(&a, &c, 400 * day_us + 12345);
	while (!a.times && wakes < 100) {
		run_at(&c, wheel_next(c.w).us);
		wakes++;
	}
	ok(a.times == 1 && c.now.us == 5 + 400 * day_us + 12345, "followed by wheel_next a timer fires when it is due");
	ok(wakes <= 8, "... after few wakes");
	wheel_free(c.w);
}

int main(void)
{
	plan(9 + 4 + 4 + 6 + 2);
	test_simple();
	test_within_fire();
	test_long();
	test_model();
	test_wakes();
	return done();
}
