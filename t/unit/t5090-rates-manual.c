/* t/unit/t5090-rates-manual.c: the worked numbers of forewarn-risk(7) about rates, horizon and shared fate. */
#include "poller/service/fate.h"
#include "poller/service/rates.h"
#include "t5-manual.h"
#include "tap.h"

enum { HOUR = 3600, DAY = 24 * HOUR, YEAR = 365 * DAY };

static const struct rate_given given_none = { NAN, NAN, NAN };
static const struct rate_prior prior_none = { NAN, NAN, YEAR };
static const struct history nothing;

static void work_horizon(void)
{
	struct graph *g = graph_new(0);
	uint32_t one = graph_component(g, "a", -1), two = graph_component(g, "b", -1), pair = graph_gate(g, "pair", 1, 1);
	struct rate r = { .mtbf_s = YEAR };
	double q = rate_q_horizon(&r, DAY);
	struct verdict v;
	struct err err;

	graph_member(g, pair, one);
	graph_member(g, pair, two);
	graph_watch(g, pair);
	graph_rate(g, one, 0, q);
	graph_rate(g, two, 0, q);
	graph_build(g, &err);
	v = graph_verdict(g, pair);
	work("horizon_q", "%.9f", q);
	work("horizon_pair", "%.6e", v.p_horizon);
	graph_set(g, one, STATE_DOWN);
	work("horizon_pair_one_down", "%.9f", graph_verdict(g, pair).p_horizon);
	work("horizon_worse", "%.0f", graph_verdict(g, pair).p_horizon / v.p_horizon);
	graph_free(g);
}

static void work_rates(void)
{
	struct rate_given hours = { NAN, 999.0 * HOUR, HOUR }, part = { 0.0001, NAN, HOUR };
	struct rate_prior device = rate_prior_of("device");
	struct history quiet = { .up = span_s(YEAR) };
	struct history three = { .up = span_s(YEAR), .failures = 3, .repairs = 3, .down = span_s(6 * HOUR) };
	struct rate r = rate_of(&given_none, &device, &three);

	work("q_given", "%g", rate_of(&hours, &prior_none, &nothing).q);
	work("mtbf_of_q", "%.0f", rate_of(&part, &prior_none, &nothing).mtbf_s / HOUR);
	work("device_mtbf_new", "%.0f", rate_of(&given_none, &device, &nothing).mtbf_s / DAY);
	work("device_mtbf_quiet", "%.0f", rate_of(&given_none, &device, &quiet).mtbf_s / DAY);
	work("device_mtbf_three", "%.0f", r.mtbf_s / DAY);
	work("device_mttr_three", "%g", r.mttr_s / HOUR);
	work("device_q_three", "%.3g", r.q);
}

/* "2 years", "4 hours". */
static const char *time_words(double s, char *buf, size_t size)
{
	double unit = s >= YEAR ? YEAR : s > DAY ? DAY : HOUR;

	snprintf(buf, size, "%g %s%s", s / unit, unit == YEAR ? "year" : unit == DAY ? "day" : "hour", s == unit ? "" : "s");
	return buf;
}

/* A row of the table has them in columns. */
static void work_priors(void)
{
	static char key[16][32];
	char mtbf[32], mttr[32], weight[32];

	for (size_t i = 0; i < rate_class_count; i++) {
		struct rate_prior p = rate_classes[i].prior;

		if (isnan(p.mtbf_s))
			continue;
		snprintf(key[i], sizeof(key[i]), "prior_%s", rate_classes[i].name);
		work(key[i], "%s Ta %s Ta %s", time_words(p.mtbf_s, mtbf, sizeof(mtbf)), time_words(p.mttr_s, mttr, sizeof(mttr)),
		     time_words(p.weight_s, weight, sizeof(weight)));
	}
}

static void no_set(void *owner, const uint32_t *set, size_t n, const uint32_t *member, size_t members)
{
	(void)owner;
	(void)set;
	(void)n;
	(void)member;
	(void)members;
}

/* One of three servers, of which feed A carries two, or all. */
static struct fate fate_of(bool all)
{
	struct graph *g = graph_new(0);
	uint32_t a = graph_component(g, "feed A", -1), b = graph_component(g, "feed B", -1), group = graph_gate(g, "app", 1, 1);
	struct fate_question q = { .gate = group, .most_nodes = 1000, .each = no_set };
	struct fate f;
	struct err err;

	for (int i = 0; i < 3; i++) {
		uint32_t app = graph_gate(g, NULL, NODE_ALL, NODE_ALL);

		graph_member(g, app, graph_component(g, NULL, -1));
		if (i != 1)
			graph_member(g, app, i == 0 || all ? a : b);
		else if (all)
			graph_member(g, app, a);
		graph_member(g, group, app);
	}
	graph_build(g, &err);
	graph_shared_fate(g, &q, &f, &err);
	graph_free(g);
	return f;
}

static void work_fate(void)
{
	struct went_down d[8];
	struct together_question q = { .window = span_s(60), .seen = span_s(90 * DAY), .least = 3, .chance_most = 1e-6, .most_pairs = 16 };
	struct together t;
	uint64_t lost;

	work("fate_declared", "%u", fate_of(false).declared);
	work("fate_actual", "%u", fate_of(false).actual);
	work("fate_common", "%u", fate_of(true).actual);
	for (int i = 0; i < 8; i++)
		d[i] = (struct went_down){ (uint32_t)i & 1, { (int64_t)(i / 2 + 1) * 1000000 * DAY } };
	failed_together(&(struct failures){ d, 8 }, &q, &t, 1, &lost);
	work("seen_expected", "%.2g", t.expected);
	work("seen_chance", "%.3g", t.chance);
}

int main(void)
{
	work_horizon();
	work_rates();
	work_priors();
	work_fate();
	plan(2 * works + 1);
	check_manual("worked-rates");
	return done();
}
