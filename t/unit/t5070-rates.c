/* t/unit/t5070-rates.c: rates of components: what is given, what was seen, what is thought before; and the history. */
#include "poller/service/rates.h"
#include "tap.h"

enum { HOUR = 3600, DAY = 24 * HOUR, YEAR = 365 * DAY };

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

static const struct rate_prior some = { YEAR, 4 * HOUR, YEAR };
static const struct rate_prior none = { NAN, NAN, YEAR };
static const struct history nothing;

static void is_near(double got, double want, const char *name) { is_double(got, want, want * 1e-12, name); }

/* ---- history ----------------------------------------------------------------------------------------------------- */

static void test_history(void)
{
	struct history h = { 0 };

	history_step(&h, SEEN_UP, at(0));
	history_step(&h, SEEN_DOWN, at(100));
	history_step(&h, SEEN_UP, at(110));
	is_int(h.since.us, at(0).us, "it is seen since the first state");
	is_int(h.failures, 1, "a failure");
	is_int(h.repairs, 1, "and its repair");
	is_int(h.up.us, span_s(100).us, "up until it failed");
	is_int(h.down.us, span_s(10).us, "down until it was repaired");
	is_int(history_at(&h, at(150)).up.us, span_s(140).us, "what goes on counts when it is asked for");
	is_int(h.up.us, span_s(100).us, "... and is not counted twice");
	history_step(&h, SEEN_UP, at(120));
	is_int(h.failures, 1, "the same state again is no failure");
	history_step(&h, SEEN_DOWN, at(90));
	is_int(h.up.us + h.down.us, span_s(120).us, "a change dated before the last one takes no time back");
	is_int(h.failures, 2, "... and counts");
}

static void test_unseen(void)
{
	struct history h = { 0 };

	history_step(&h, SEEN_NOT, at(0));
	is_int(h.since.us, 0, "what was never seen has no past");
	history_step(&h, SEEN_UP, at(10));
	history_step(&h, SEEN_NOT, at(20));
	history_step(&h, SEEN_DOWN, at(1000));
	is_int(h.up.us, span_s(10).us, "time that nobody saw is not up time");
	is_int(h.failures, 1, "up before and down after is a failure");
	history_step(&h, SEEN_NOT, at(1010));
	history_step(&h, SEEN_DOWN, at(1100));
	is_int(h.failures, 1, "down before and after is the same failure");
	is_int(history_at(&h, at(1105)).down.us, span_s(15).us, "nor is it down time");
	history_forget(&h, at(1110));
	history_step(&h, SEEN_UP, at(1200));
	is_int(h.repairs, 0, "what administration ended was not repaired");
	history_forget(&h, at(1300));
	history_step(&h, SEEN_DOWN, at(1400));
	is_int(h.failures, 1, "what is down after it is no failure that was seen");
	is_int(h.up.us, span_s(110).us, "up until administration came");
}

static void test_sleep(void)
{
	struct history h = { 0 };

	history_step(&h, SEEN_UP, at(0));
	history_sleep(&h, at(100));
	is_int(history_at(&h, at(900)).up.us, span_s(100).us, "nobody counts while it sleeps");
	history_wake(&h, at(160), span_s(180));
	history_step(&h, SEEN_UP, at(160));
	is_int(h.up.us, span_s(160).us, "a short sleep is bridged");
	history_sleep(&h, at(200));
	history_wake(&h, at(2000), span_s(180));
	history_step(&h, SEEN_DOWN, at(2000));
	is_int(h.up.us, span_s(200).us, "a long one is neither up nor down time");
	is_int(h.failures, 1, "what failed meanwhile has failed");
	history_wake(&h, at(9000), span_s(1));
	is_int(history_at(&h, at(9000)).down.us, span_s(7000).us, "who is awake is not woken");
}

static void test_seen(void)
{
	is_int(seen_of(STATE_DEGRADED, true), SEEN_UP, "what is degraded works");
	is_int(seen_of(STATE_DOWN, true), SEEN_DOWN, "down is down");
	is_int(seen_of(STATE_DOWN, false), SEEN_NOT, "unless by administration");
	is_int(seen_of(STATE_UNKNOWN, true), SEEN_NOT, "unknown is not seen");
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

static struct history seen(unsigned failures, int64_t up_s, int64_t down_s)
{
	return (struct history){ .failures = failures, .repairs = failures, .up = span_s(up_s), .down = span_s(down_s) };
}

static void test_given(void)
{
	struct rate_given g = RATE_GIVEN_NONE;
	struct rate r = rate_of(&g, &none, &nothing);

	ok(r.source == RATE_MISSING && isnan(r.q) && isnan(rate_q_horizon(&r, DAY)), "nothing given, no prior: no rate");
	g.unavailability = 0.0001;
	r = rate_of(&g, &none, &nothing);
	ok(r.source == RATE_GIVEN && r.q == 0.0001, "unavailability is taken as it is");
	ok(isnan(rate_q_horizon(&r, DAY)), "... and alone does not say how often");
	g.mttr_s = HOUR;
	r = rate_of(&g, &none, &nothing);
	is_near(r.mtbf_s, 9999.0 * HOUR, "... with the repair time it does");
	g.mttr_s = NAN;
	g.mtbf_s = YEAR;
	r = rate_of(&g, &none, &nothing);
	is_near(rate_q_horizon(&r, DAY), -expm1(-1.0 / 365), "... so does the time between failures");
	ok(r.q == 0.0001, "... which leaves unavailability alone");
	g = (struct rate_given){ NAN, 999 * HOUR, HOUR };
	r = rate_of(&g, &some, &nothing);
	ok(r.source == RATE_GIVEN, "both times given");
	is_near(r.q, 0.001, "... make the unavailability");
	g.mttr_s = NAN;
	r = rate_of(&g, &some, &nothing);
	is_near(r.q, 4.0 / 1003, "the prior's repair time where none is given");
	r = rate_of(&g, &none, &nothing);
	ok(r.source == RATE_MISSING && isnan(r.q) && rate_q_horizon(&r, DAY) > 0, "... without one there is a horizon only");
	g = (struct rate_given){ 0, NAN, HOUR };
	r = rate_of(&g, &some, &nothing);
	ok(r.q == 0 && rate_q_horizon(&r, DAY) == 0, "what is never down never fails");
	g.unavailability = 1;
	r = rate_of(&g, &some, &nothing);
	ok(r.q == 1 && rate_q_horizon(&r, DAY) == 1, "what is always down fails at once");
	g = (struct rate_given){ 1, YEAR, NAN };
	r = rate_of(&g, &none, &nothing);
	ok(r.q == 1 && isinf(r.mttr_s), "... and is never repaired");
}

static void test_measured(void)
{
	struct rate_given g = RATE_GIVEN_NONE;
	struct history h = nothing;
	struct rate r = rate_of(&g, &some, &h);

	ok(r.source == RATE_ASSUMED, "without a past the rate is assumed");
	is_near(r.mtbf_s, YEAR, "... the prior's");
	is_near(r.mttr_s, 4 * HOUR, "... both of them");
	is_near(r.q, 4.0 * HOUR / (YEAR + 4 * HOUR), "... and its unavailability");
	h = seen(0, YEAR - DAY, 0);
	is_int(rate_of(&g, &some, &h).source, RATE_ASSUMED, "less was seen than the prior weighs: assumed");
	h = seen(0, YEAR, 0);
	r = rate_of(&g, &some, &h);
	is_int(r.source, RATE_MEASURED, "as much: measured");
	is_near(r.mtbf_s, 2.0 * YEAR, "a year without a failure, to a prior of one year with one");
	h = seen(3, YEAR, 8 * HOUR);
	r = rate_of(&g, &some, &h);
	is_near(r.mtbf_s, 2.0 * YEAR / 4, "three failures in a year");
	is_near(r.mttr_s, 12.0 * HOUR / 4, "and eight hours for their repairs");
	h = seen(1, 60, 60);
	is_int(rate_of(&g, &some, &h).source, RATE_MEASURED, "one failure is a measurement");
	h = seen(100000, 1000 * (int64_t)YEAR, 100000 * (int64_t)HOUR);
	r = rate_of(&g, &some, &h);
	is_double(r.mtbf_s / (1000.0 * YEAR / 100000), 1, 1e-2, "much history is all that counts");
	is_double(r.mttr_s / HOUR, 1, 1e-4, "... of repairs too");
	h = (struct history){ .failures = 1, .up = span_s(YEAR), .down = span_s(20 * HOUR) };
	is_near(rate_of(&g, &some, &h).mttr_s, 24.0 * HOUR, "a repair that is not over yet has lasted so long already");
}

static void test_weight(void)
{
	struct rate_given g = RATE_GIVEN_NONE;
	struct rate_prior light = { 25.0 * YEAR, 24 * HOUR, DAY }, heavy = { YEAR, 4 * HOUR, 10.0 * YEAR };
	struct history h = seen(2, YEAR, 2 * HOUR);
	struct rate r = rate_of(&g, &light, &h);

	is_double(r.mtbf_s / (YEAR / 2.0), 1, 0.01, "a prior of little weight changes little of what was seen");
	is_near(r.mttr_s, 26.0 * HOUR / 3, "... but is worth one repair");
	r = rate_of(&g, &heavy, &h);
	is_near(r.mttr_s, 42.0 * HOUR / 12, "one of ten years at one a year is worth ten");
	is_near(r.mtbf_s, 11.0 * YEAR / 12, "... and ten failures");
}

static void test_classes(void)
{
	for (size_t i = 0; i < rate_class_count; i++) {
		struct rate_prior p = rate_prior_of(rate_classes[i].name);

		ok(p.weight_s > 0 && (p.mtbf_s > p.mttr_s || isnan(p.mtbf_s)), rate_classes[i].name);
	}
	is_near(rate_prior_of("flux-capacitor").mtbf_s, rate_prior_of("part").mtbf_s, "any other class is that of a part");
	ok(isnan(rate_prior_of("component").mtbf_s), "what is set by hand has no prior");
}

int main(void)
{
	plan(10 + 8 + 5 + 4 + 13 + 13 + 4 + 2 + (int)rate_class_count);
	test_history();
	test_unseen();
	test_sleep();
	test_seen();
	test_given();
	test_measured();
	test_weight();
	test_classes();
	return done();
}
