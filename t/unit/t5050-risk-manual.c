/* t/unit/t5050-risk-manual.c: the worked numbers of forewarn-risk(7), computed again.
 *
 * The page marks each with a comment line: .\" worked: KEY VALUE. Each must be what the graph says and stand in the
 * text that follows it; and every number computed here must be on the page.
 */
#include <stdlib.h>

#include "poller/service/service-int.h"
#include "t5-manual.h"
#include "tap.h"

enum { FEED_A, FEED_B, APP1, APP2, APP3, DB1, DB2, EDGE1, EDGE2, THINGS };

struct orders {
	struct graph *g;
	uint32_t thing[THINGS], app, service;
};

static uint32_t on(struct orders *o, int thing, int feed)
{
	uint32_t gate = graph_gate(o->g, NULL, NODE_ALL, NODE_ALL);

	graph_member(o->g, gate, o->thing[thing]);
	graph_member(o->g, gate, o->thing[feed]);
	return gate;
}

static uint32_t group(struct orders *o, uint32_t need, uint32_t full, const uint32_t *member, int n)
{
	uint32_t gate = graph_gate(o->g, NULL, need, full);

	for (int i = 0; i < n; i++)
		graph_member(o->g, gate, member[i]);
	graph_watch(o->g, gate);
	return gate;
}

/* The example of the page; 'second_feed' is what carries db2. 0: there is room. */
static struct orders orders_sized(int second_feed, uint32_t most_nodes)
{
	static const double q[THINGS] = { 1e-4, 1e-4, 1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2e-4, 2e-4 };
	struct orders o = { .g = graph_new(most_nodes) };
	struct err err = { "" };

	for (int i = 0; i < THINGS; i++)
		o.thing[i] = graph_component(o.g, NULL, q[i]);
	o.app = group(&o, 2, 3, (uint32_t[]){ on(&o, APP1, FEED_A), o.thing[APP2], on(&o, APP3, FEED_B) }, 3);
	o.service = group(&o, NODE_ALL, NODE_ALL, (uint32_t[]){
		o.app,
		group(&o, 1, 1, (uint32_t[]){ on(&o, DB1, FEED_A), on(&o, DB2, second_feed) }, 2),
		group(&o, 1, 1, (uint32_t[]){ on(&o, EDGE1, FEED_A), on(&o, EDGE2, FEED_B) }, 2),
	}, 3);
	if (graph_build(o.g, &err) != FW_OK)
		note("%s", err.text);
	return o;
}

static struct orders orders_new(int second_feed) { return orders_sized(second_feed, 0); }

/* The verdict with these in this state, the others up. */
static struct verdict with(struct orders *o, enum state s, const int *things, int n)
{
	enum state state[THINGS] = { STATE_UP };

	for (int i = 0; i < n; i++)
		state[things[i]] = s;
	return graph_verdict_with(o->g, o->service, state);
}

/* Cut sets of the design: how many are two feeds, two of one group, or a feed and another. */
static void count_pairs(struct orders *o)
{
	uint32_t cut[2 * 20];
	size_t n = graph_smallest_cuts(o->g, o->service, cut, 20);
	int pairs = 0, mixed = 0;

	for (size_t i = 0; i < n; i++) {
		int feeds = (cut[2 * i] <= o->thing[FEED_B]) + (cut[2 * i + 1] <= o->thing[FEED_B]);

		pairs += feeds == 0;
		mixed += feeds == 1;
	}
	work("pairs", "%d", pairs);
	work("mixed", "%d", mixed);
}

static void work_structure(struct orders *o)
{
	struct orders alike = orders_new(FEED_A);
	uint32_t app, x[3];
	struct orders alone = { .g = graph_new(0) };
	struct err err;

	for (int i = 0; i < 3; i++)
		x[i] = graph_component(alone.g, NULL, 0.001);
	app = group(&alone, 2, 3, x, 3);
	graph_build(alone.g, &err);
	work("F_needed", "%u", graph_verdict(alone.g, app).distance);
	graph_set(alone.g, x[0], STATE_DOWN);
	work("G_needed", "%d", graph_verdict(alone.g, app).quality == STATE_DEGRADED);
	graph_set(alone.g, x[0], STATE_UP);
	work("two_of_three", "%.6e", graph_verdict(alone.g, app).p);
	graph_free(alone.g);
	alone.g = graph_new(0);
	for (int i = 0; i < 3; i++)
		x[i] = graph_component(alone.g, NULL, 0.001);
	group(&alone, 2, 2, x, 3);
	graph_build(alone.g, &err);
	work("nodes_app", "%u", graph_size(alone.g).diagram_nodes);
	graph_free(alone.g);
	work("shared_fate", "%u", graph_verdict(alike.g, alike.service).design_distance);
	graph_free(alike.g);
	count_pairs(o);
}

static void work_quality(struct orders *o)
{
	work("quality_app2", "%s", state_word(with(o, STATE_DOWN, (int[]){ APP2 }, 1).quality));
	work("quality_db1_unknown", "%s", state_word(with(o, STATE_UNKNOWN, (int[]){ DB1 }, 1).quality));
	work("quality_dbs_unknown", "%s", state_word(with(o, STATE_UNKNOWN, (int[]){ DB1, DB2 }, 2).quality));
}

static void work_risk(struct orders *o)
{
	struct verdict well = graph_verdict(o->g, o->service), app2 = with(o, STATE_DOWN, (int[]){ APP2 }, 1);
	struct verdict edge1 = with(o, STATE_DOWN, (int[]){ EDGE1 }, 1);

	work("design_distance", "%u", well.design_distance);
	work("distance_app2", "%u", app2.distance);
	work("distance_worst_app2", "%u", with(o, STATE_UNKNOWN, (int[]){ APP2 }, 1).distance_worst);
	work("design_cuts", "%.0f", well.design_cuts);
	work("cuts_app2", "%.0f", app2.distance == 1 ? app2.cuts : -1);
	work("distance_edge1", "%u", edge1.at_risk ? edge1.distance : 0);
	work("design_p", "%.6e", well.design_p);
	work("design_one_in", "%.0f", 1 / well.p);
	work("p_app2", "%.9f", app2.p);
	work("app2_one_in", "%.0f", 1 / app2.p);
}

static void work_repair(struct orders *o)
{
	static const int down[] = { APP2, DB1, FEED_B };

	for (int i = 0; i < 3; i++)
		graph_set(o->g, o->thing[down[i]], STATE_DOWN);
	work("three_down", "%s", state_word(graph_verdict(o->g, o->service).quality));
	work("repair_feed_B", "%u", graph_distance_if(o->g, o->service, o->thing[FEED_B], STATE_UP));
	work("repair_app2", "%s", state_word(graph_quality_if(o->g, o->service, o->thing[APP2], STATE_UP)));
}

/* In maintenance: app1, and it is down. app2 fails beside it; instead, db1 does. As it is, with app1 forced good, and with
 * all else forced good. */
static void work_maintenance(struct orders *o)
{
	work("maintain_taken", "%u", with(o, STATE_DOWN, (int[]){ APP1 }, 1).distance);
	work("maintain_alone", "%u", with(o, STATE_DOWN, (int[]){ APP1 }, 1).distance);
	work("maintain_as_is", "%s", state_word(with(o, STATE_DOWN, (int[]){ APP1, APP2 }, 2).quality));
	work("maintain_good", "%u", with(o, STATE_DOWN, (int[]){ APP2 }, 1).distance);
	work("maintain_both", "%s", state_word(with(o, STATE_DOWN, (int[]){ APP1, APP2, APP3 }, 3).quality));
	work("maintain_db1_good", "%u", with(o, STATE_DOWN, (int[]){ DB1 }, 1).distance);
}

/* How many there are of one size, or of all; with app2 down. */
static void work_count(struct orders *o, const char *key, uint32_t size)
{
	struct cut_bound b = cut_bound_default();
	struct cut_sets *c = NULL;
	struct err err = { "" };
	char *digits;

	if (graph_cut_sets(o->g, &(struct cut_question){ .node = o->service }, &b, &c, &err) != FW_OK) {
		note("%s", err.text);
		return;
	}
	digits = cut_sets_count(c, size);
	work(key, "%s", digits);
	free(digits);
	cut_sets_free(c);
}

static void work_cuts(struct orders *o)
{
	work_count(o, "sets_design", 0);
	graph_set(o->g, o->thing[APP2], STATE_DOWN);
	work_count(o, "sets_app2", 0);
	work_count(o, "sets_app2_one", 1);
	work_count(o, "sets_app2_two", 2);
	graph_set(o->g, o->thing[APP2], STATE_UP);
}

/* With app2 down and no room for the diagram: from the single points alone, and from all sets. */
static void work_between(void)
{
	struct orders o = orders_sized(FEED_B, 8);
	struct cut_question q = { .node = o.service };
	struct cut_bound b = cut_bound_default();
	struct cut_sets *c = NULL;
	struct between at;

	graph_set(o.g, o.thing[APP2], STATE_DOWN);
	for (unsigned size = 1; size <= 2; size++) {
		short_cut_sets(o.g, &q, &b, size, &c);
		at = graph_between(o.g, &q, c);
		work(size == 1 ? "between_low" : "between_low_two", "%.9f", at.p.low);
		work(size == 1 ? "between_high" : "between_high_two", "%.9f", at.p.high);
		cut_sets_free(c);
	}
	graph_free(o.g);
}

static void work_importance(struct orders *o)
{
	struct importance i[THINGS], *app2 = &i[APP2], *feed = &i[FEED_A];

	graph_importance(o->g, o->service, i, THINGS);
	work("birnbaum_app2", "%.6f", app2->birnbaum);
	work("criticality_app2", "%.6f", app2->criticality);
	work("fussell_vesely_app2", "%.6f", app2->fussell_vesely);
	work("raw_app2", "%.3f", app2->raw);
	work("rrw_app2", "%.6f", app2->rrw);
	work("raw_feed_A", "%.3f", feed->raw);
	work("fussell_vesely_feed_A", "%.6f", feed->fussell_vesely);
	graph_set(o->g, o->thing[APP2], STATE_DOWN);
	graph_importance(o->g, o->service, i, THINGS);
	work("rrw_app2_down", "%.2f", app2->rrw);
	graph_set(o->g, o->thing[APP2], STATE_UP);
}

/* One of two switches, each with two power supplies of which one is needed; one has failed. */
static void work_supplies(void)
{
	struct orders o = { .g = graph_new(0) };
	uint32_t sw[2], supply[2], service;
	struct verdict v;
	struct err err;

	for (int i = 0; i < 2; i++) {
		supply[0] = graph_component(o.g, NULL, -1);
		supply[1] = graph_component(o.g, NULL, -1);
		sw[i] = group(&o, NODE_ALL, NODE_ALL,
			      (uint32_t[]){ graph_component(o.g, NULL, -1), group(&o, 1, 1, supply, 2) }, 2);
	}
	service = group(&o, 1, 1, sw, 2);
	graph_build(o.g, &err);
	graph_set(o.g, supply[0], STATE_DOWN);
	v = graph_verdict(o.g, service);
	work("supply_distance", "%u", v.at_risk && v.distance == v.design_distance ? v.distance : 0);
	work("supply_cuts", "%.0f", v.design_cuts == 1 ? v.cuts : 0);
	graph_free(o.g);
}

int main(void)
{
	struct orders o = orders_new(FEED_B);

	work_structure(&o);
	work_quality(&o);
	work_risk(&o);
	work_cuts(&o);
	work_between();
	work_importance(&o);
	work_maintenance(&o);
	work_repair(&o);
	work_supplies();
	plan(2 * works + 1);
	check_manual("worked");
	graph_free(o.g);
	return done();
}
