/* t/unit/t5020-risk-cases.c: the stories behind "at risk", each told with few components. */
#include <stdlib.h>

#include "poller/service/service.h"
#include "tap.h"

enum { LIST_MOST = 16 };

struct members { const uint32_t *node; size_t n; };

static uint32_t gate_of(struct graph *g, const char *name, uint32_t need, uint32_t full, struct members m)
{
	uint32_t gate = graph_gate(g, name, need, full);

	for (size_t i = 0; i < m.n; i++)
		graph_member(g, gate, m.node[i]);
	return gate;
}

#define gate(g, name, need, full, ...) \
	gate_of(g, name, need, full, (struct members){ (uint32_t[]){ __VA_ARGS__ },	\
					sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t) })

static void build(struct graph *g, uint32_t watched)
{
	struct err err = { "" };

	graph_watch(g, watched);
	if (graph_build(g, &err) != FW_OK)
		note("%s", err.text);
}

/* Two switches of which one is needed, each with two power supplies of which one is. */
static void one_of_two_supplies_in_one_of_two_switches(void)
{
	struct graph *g = graph_new(0);
	uint32_t supply[4], sw[2], service;
	struct verdict v;

	for (int i = 0; i < 2; i++) {
		supply[2 * i] = graph_component(g, "supply a", -1);
		supply[2 * i + 1] = graph_component(g, "supply b", -1);
		sw[i] = gate(g, NULL, NODE_ALL, NODE_ALL, graph_component(g, "switch", -1),
			     gate(g, NULL, 1, 1, supply[2 * i], supply[2 * i + 1]));
	}
	service = gate(g, "network", 1, 1, sw[0], sw[1]);
	build(g, service);
	v = graph_verdict(g, service);
	ok(v.quality == STATE_UP && !v.at_risk && v.distance == 2 && v.cuts == 1,
	   "two switches: well, distance 2 in one way");
	graph_set(g, supply[0], STATE_DOWN);
	v = graph_verdict(g, service);
	ok(v.at_risk && v.quality == STATE_UP, "a supply fails: risk comes, quality stays");
	is_int(v.distance, 2, "... though the distance does not move");
	ok(v.cuts == 2 && v.design_cuts == 1, "... but there are now two ways to fail with two failures");
	graph_set(g, supply[0], STATE_UP);
	v = graph_verdict(g, service);
	ok(!v.at_risk && v.distance == 2 && v.cuts == 1, "it heals: no risk is left");
	graph_free(g);
}

/* A group of four, one needed, beside a group of two, one needed. */
static void one_of_the_larger_group(void)
{
	struct graph *g = graph_new(0);
	uint32_t large[4], small[2], service;
	struct verdict v;

	for (int i = 0; i < 4; i++)
		large[i] = graph_component(g, "large", -1);
	for (int i = 0; i < 2; i++)
		small[i] = graph_component(g, "small", -1);
	service = gate(g, "shop", NODE_ALL, NODE_ALL, gate_of(g, "four", 1, 1, (struct members){ large, 4 }),
		       gate_of(g, "two", 1, 1, (struct members){ small, 2 }));
	build(g, service);
	graph_set(g, large[2], STATE_DOWN);
	v = graph_verdict(g, service);
	ok(v.at_risk && v.quality == STATE_UP && v.distance == 2,
	   "one of 1-of-4 beside 1-of-2: at risk, distance still 2");
	graph_set(g, large[2], STATE_UP);
	graph_set(g, small[0], STATE_DOWN);
	v = graph_verdict(g, service);
	ok(v.at_risk && v.distance == 1 && v.design_distance == 2, "one of the two: one more failure ends it");
	graph_free(g);
}

/* Three application servers, two needed; each on a feed that other things hang on as well. */
static void second_failure(void)
{
	struct graph *g = graph_new(0);
	uint32_t feed[2], app[3], db[2], service, list[LIST_MOST];
	struct verdict v;

	feed[0] = graph_component(g, "feed A", 0.0001);
	feed[1] = graph_component(g, "feed B", 0.0001);
	for (int i = 0; i < 3; i++)
		app[i] = graph_component(g, "app", 0.01);
	for (int i = 0; i < 2; i++)
		db[i] = graph_component(g, "db", 0.01);
	service = gate(g, "orders", NODE_ALL, NODE_ALL,
		       gate(g, "app servers", 2, 3, gate(g, NULL, NODE_ALL, NODE_ALL, app[0], feed[0]),
			    app[1], gate(g, NULL, NODE_ALL, NODE_ALL, app[2], feed[1])),
		       gate(g, "dbs", 1, 1, gate(g, NULL, NODE_ALL, NODE_ALL, db[0], feed[0]),
			    gate(g, NULL, NODE_ALL, NODE_ALL, db[1], feed[1])));
	build(g, service);
	ok(!graph_verdict(g, service).at_risk && graph_single_points(g, service, list, LIST_MOST) == 0,
	   "nothing has failed");
	graph_set(g, app[1], STATE_DOWN);
	v = graph_verdict(g, service);
	ok(v.quality == STATE_DEGRADED && v.at_risk && v.distance == 1,
	   "below full: degraded, one more failure ends it");
	is_int(graph_single_points(g, service, list, LIST_MOST), 4, "four components end it now");
	ok(list[0] == feed[0] && list[1] == feed[1] && list[2] == app[0] && list[3] == app[2],
	   "... both feeds, both servers");
	is_int(graph_distance_if(g, service, app[1], STATE_UP), 2, "repaired it would be back at 2");
	is_int(graph_quality_if(g, service, feed[0], STATE_DOWN), STATE_DOWN, "without feed A it would be down");
	graph_set(g, app[0], STATE_DOWN);
	v = graph_verdict(g, service);
	ok(v.quality == STATE_DOWN && v.distance == 0 && !v.at_risk && v.p == 1,
	   "a second server: down, no risk any more");
	is_int(graph_single_points(g, service, list, LIST_MOST), 0, "... and nothing can end it");
	graph_free(g);
}

static void degraded_and_unknown(void)
{
	struct graph *g = graph_new(0);
	uint32_t a = graph_component(g, "a", -1), b = graph_component(g, "b", -1), pair = gate(g, "pair", 1, 2, a, b);
	struct verdict v;

	build(g, pair);
	graph_set(g, a, STATE_DEGRADED);
	v = graph_verdict(g, pair);
	ok(v.quality == STATE_DEGRADED && v.at_risk, "a degraded member of a pair: degraded and at risk");
	ok(v.distance == 2 && v.distance_weak == 1 && v.distance_worst == 1,
	   "two failures away, one if it counts as failed");
	graph_set(g, a, STATE_UNKNOWN);
	v = graph_verdict(g, pair);
	ok(v.quality == STATE_UP && !v.at_risk, "an unknown member: the other carries it, and unknown is no risk");
	ok(v.distance == 2 && v.distance_weak == 2 && v.distance_worst == 1, "... between 1 and 2 failures away");
	graph_set(g, b, STATE_UNKNOWN);
	v = graph_verdict(g, pair);
	ok(v.quality == STATE_UNKNOWN && v.distance_worst == 0, "both unknown: unknown");
	graph_set(g, b, STATE_DOWN);
	v = graph_verdict(g, pair);
	ok(v.quality == STATE_DEGRADED && v.distance == 1 && v.distance_worst == 0,
	   "one down, one unknown: degraded at least");
	graph_set(g, a, STATE_DOWN);
	is_int(graph_verdict(g, pair).quality, STATE_DOWN, "both down: down");
	graph_free(g);
}

/* 'b' is in the text of the service, but not in its function: a alone decides. */
static void not_in_the_support(void)
{
	struct graph *g = graph_new(0);
	uint32_t a = graph_component(g, "a", 0.1), b = graph_component(g, "b", -1), list[LIST_MOST];
	uint32_t service = gate(g, "s", NODE_ALL, NODE_ALL, a, gate(g, NULL, 1, 1, a, b));

	build(g, service);
	is_int(graph_support(g, service, list, LIST_MOST), 1, "what cannot matter is not in the support");
	graph_set(g, b, STATE_DOWN);
	ok(!graph_verdict(g, service).at_risk, "... and its failure is no risk");
	is_int(graph_touched(g, b, list, LIST_MOST), 0, "... and touches nothing");
	is_double(graph_verdict(g, service).p, 0.1, 1e-15, "... and its unavailability need not be known");
	graph_free(g);
}

static void probability(void)
{
	struct graph *g = graph_new(0);
	uint32_t a = graph_component(g, "a", 0.5), b = graph_component(g, "b", -1), pair = gate(g, "pair", 1, 1, a, b);

	build(g, pair);
	ok(isnan(graph_verdict(g, pair).p), "an unavailability is missing: no probability");
	graph_set(g, b, STATE_DOWN);
	is_double(graph_verdict(g, pair).p, 0.5, 0, "that of a failed component is not asked");
	graph_free(g);
}

static void a_component_itself(void)
{
	struct graph *g = graph_new(0);
	uint32_t a = graph_component(g, "a", 0.25), list[LIST_MOST];
	struct verdict v;

	build(g, a);
	v = graph_verdict(g, a);
	ok(v.quality == STATE_UP && v.distance == 1 && v.cuts == 1 && v.p == 0.25,
	   "a component can be asked like a service");
	ok(graph_single_points(g, a, list, 1) == 1 && list[0] == a, "... it is its own single point");
	graph_set(g, a, STATE_UNKNOWN);
	v = graph_verdict(g, a);
	ok(v.quality == STATE_UNKNOWN && v.distance == 1 && v.distance_worst == 0, "... and may be unknown");
	ok(graph_verdict_if(g, a, a, STATE_DOWN).quality == STATE_DOWN && graph_smallest_cuts(g, a, list, 9) == 1,
	   "... what if");
	graph_free(g);
}

/* Two pairs of which both are needed: every smallest cut set is listed, as many as asked for. */
static void smallest(void)
{
	struct graph *g = graph_new(0);
	uint32_t c[4], list[LIST_MOST], service;

	for (int i = 0; i < 4; i++)
		c[i] = graph_component(g, "c", -1);
	service = gate(g, "s", NODE_ALL, NODE_ALL, gate(g, NULL, 1, 1, c[0], c[1]), gate(g, NULL, 1, 1, c[2], c[3]));
	build(g, service);
	is_int(graph_smallest_cuts(g, service, list, 8), 2, "two smallest cut sets");
	is_int(graph_smallest_cuts(g, service, list, 1), 1, "... the first of them, when one is asked for");
	is_int(graph_support(g, service, list, 2), 4, "a list says how many there are, and stops where it must");
	ok(list[0] == c[0] && list[1] == c[1], "... in order of creation");
	graph_free(g);
}

static void words(void)
{
	enum state s;
	int right = 0;

	for (int i = 0; i < STATES; i++)
		right += state_parse(state_word((enum state)i), &s) && s == (enum state)i;
	is_int(right, STATES, "each state's word is read back");
	ok(!state_parse("Up", &s) && !state_parse("", &s), "no other word is");
	is_str(state_word((enum state)77), "unknown", "a state out of range has a word, too");
}

int main(void)
{
	plan(39);
	one_of_two_supplies_in_one_of_two_switches();
	one_of_the_larger_group();
	second_failure();
	degraded_and_unknown();
	not_in_the_support();
	probability();
	a_component_itself();
	smallest();
	words();
	return done();
}
