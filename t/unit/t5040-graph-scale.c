/* t/unit/t5040-graph-scale.c: mistakes, and graphs that are wide, deep or too large.
 *
 * All runs in a thread with a small stack: whatever recursed over a graph would not come back. FW_UPDATE_US=N is
 * what a state change may cost on the campus of t5-campus.h (median; the default leaves room for sanitizers).
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "t5-campus.h"
#include "tap.h"

enum { MANY = 100000, STACK_OCTETS = 256 << 10, TOUCHED_MOST = 4 * SERVICES };

static const char *mistake(struct graph *g, enum fw_err want)
{
	static struct err err;

	err.text[0] = '\0';
	if (graph_build(g, &err) != want)
		note("got '%s'", err.text);
	graph_free(g);
	return err.text;
}

static void mistakes(void)
{
	struct graph *g = graph_new(0);
	uint32_t a, b, c, x;

	graph_gate(g, "empty", NODE_ALL, NODE_ALL);
	is_str(mistake(g, FW_MISTAKE), "cannot build 'empty': it has no members", "a gate without members");

	g = graph_new(0);
	a = graph_gate(g, "edge", 3, 3);
	for (int i = 0; i < 2; i++)
		graph_member(g, a, graph_component(g, "x", -1));
	is_str(mistake(g, FW_MISTAKE), "cannot build 'edge': need = 3, but it has 2 members", "need over members");

	g = graph_new(0);
	a = graph_gate(g, "edge", 1, 2);
	graph_member(g, a, graph_component(g, "x", -1));
	is_str(mistake(g, FW_MISTAKE), "cannot build 'edge': full = 2, but it has 1 member", "full over members");

	g = graph_new(0);
	a = graph_gate(g, "edge", 2, 1);
	for (int i = 0; i < 2; i++)
		graph_member(g, a, graph_component(g, "x", -1));
	is_str(mistake(g, FW_MISTAKE), "cannot build 'edge': full = 1 is less than need = 2", "full below need");

	g = graph_new(0);
	a = graph_gate(g, "a", NODE_ALL, NODE_ALL);
	graph_member(g, a, a);
	is_str(mistake(g, FW_MISTAKE), "cannot build 'a': it needs itself: a -> a", "a gate that needs itself");

	g = graph_new(0);
	x = graph_component(g, "x", -1);
	a = graph_gate(g, "a", NODE_ALL, NODE_ALL);
	b = graph_gate(g, NULL, 1, 1);
	c = graph_gate(g, "c", NODE_ALL, NODE_ALL);
	graph_member(g, a, b);
	graph_member(g, b, x);
	graph_member(g, b, c);
	graph_member(g, c, a);
	is_str(mistake(g, FW_MISTAKE), "cannot build 'a': it needs itself: a -> (any of) -> c -> a",
	       "a circle, as a path");

	g = graph_new(0);
	a = graph_gate(g, "a", NODE_ALL, NODE_ALL);
	b = graph_gate(g, NULL, NODE_ALL, NODE_ALL);
	graph_member(g, a, b);
	is_str(mistake(g, FW_MISTAKE), "cannot build 'a': it has no members", "a gate without a name: whose it is");
}

static void long_circle(void)
{
	struct graph *g = graph_new(0);
	char name[16];
	const char *text;

	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "g%u", i);
		graph_gate(g, name, NODE_ALL, NODE_ALL);
	}
	for (uint32_t i = 0; i < MANY; i++)
		graph_member(g, i, (i + 1) % MANY);
	text = mistake(g, FW_MISTAKE);
	ok(strstr(text, "g0 -> g1 -> ") && strstr(text, " -> ... -> g0"), "a circle of 100,000: its path is cut");
}

static void names(void)
{
	struct graph *g = graph_new(0);
	uint32_t own = graph_component(g, "sw/interface/1", -1), gate = graph_gate(g, "sw/interface/1", 1, 1);
	struct err err;

	graph_member(g, gate, own);
	is_int(graph_find(g, "sw/interface/1"), gate, "a component and a gate of one name: the gate is found");
	is_int(graph_find(g, "sw"), NODE_NONE, "no such name");
	graph_watch(g, gate);
	ok(graph_build(g, &err) == FW_OK && graph_is_watched(g, gate), "it builds");
	ok(graph_set(g, own, STATE_DOWN) && !graph_set(g, own, STATE_DOWN), "a change says that it is one");
	graph_free(g);
}

/* ---- wide, deep, large -------------------------------------------------------------------------------------------*/

static uint32_t wide(struct graph *g, uint32_t need)
{
	uint32_t gate = graph_gate(g, "wide", need, need);

	for (int i = 0; i < MANY; i++)
		graph_member(g, gate, graph_component(g, NULL, 1e-6));
	graph_watch(g, gate);
	return gate;
}

static void wide_gates(void)
{
	struct graph *g = graph_new(0);
	uint32_t gate = wide(g, NODE_ALL);
	struct err err = { "" };
	struct verdict v;

	is_int(graph_build(g, &err), FW_OK, "all of 100,000: built");
	v = graph_verdict(g, gate);
	ok(v.distance == 1 && v.cuts == MANY && graph_size(g).diagram_nodes == MANY, "... in as many diagram nodes");
	is_double(v.p, 1 - exp(MANY * log1p(-1e-6)), 1e-12, "... with its probability");
	is_int(graph_single_points(g, gate, NULL, 0), MANY, "... each of them a single point");
	graph_set(g, graph_component_at(g, MANY / 2), STATE_DOWN);
	is_int(graph_verdict(g, gate).quality, STATE_DOWN, "... one fails: down");
	graph_free(g);
	g = graph_new(0);
	gate = wide(g, 1);
	is_int(graph_build(g, &err), FW_OK, "one of 100,000: built");
	is_int(graph_verdict(g, gate).distance, MANY, "... and 100,000 away from failing");
	graph_free(g);
	g = graph_new(0);
	gate = wide(g, MANY / 2);
	is_int(graph_build(g, &err), FW_OK, "half of 100,000: too large, and built without");
	for (uint32_t i = 0; i < MANY / 2; i++)
		graph_set(g, graph_component_at(g, i), STATE_DOWN);
	v = graph_verdict(g, gate);
	ok(!v.exact && graph_size(g).inexact == 1 && v.quality == STATE_UP &&
	   v.distance_least == 1, "... is said, and its quality is exact");
	graph_set(g, graph_component_at(g, MANY / 2), STATE_DOWN);
	v = graph_verdict(g, gate);
	ok(v.quality == STATE_DOWN && v.distance == 0, "... also when one more ends it");
	ok(graph_touched(g, graph_component_at(g, 7), NULL, 0) == 1 && graph_support(g, gate, NULL, 0) == MANY,
	   "... and what it stands on");
	graph_free(g);
}

/* 3 of 5, a group that is that gate, a service that is that group, and another one: all watched. */
static void passed_on(void)
{
	struct graph *g = graph_new(0);
	uint32_t gate[] = { graph_gate(g, NULL, 3, 3), graph_gate(g, "group", 1, 1), graph_gate(g, "service", 1, 1),
			    graph_gate(g, "other", 1, 1) };
	const uint32_t *member;
	struct err err = { "" };
	bool alike = true;

	for (int i = 0; i < 5; i++)
		graph_member(g, gate[0], graph_component(g, NULL, 0.5));
	for (int i = 1; i < 4; i++)
		graph_member(g, gate[i], gate[i == 3 ? 1 : i - 1]);
	for (int i = 0; i < 4; i++)
		graph_watch(g, gate[i]);
	ok(graph_build(g, &err) == FW_OK && graph_size(g).diagram_nodes == 9,
	   "gates that pass a member on: as many diagram nodes as that takes");
	for (int i = 0; i < 4; i++)
		alike = alike && graph_verdict(g, gate[i]).distance == 3 && graph_verdict(g, gate[i]).cuts == 10;
	ok(alike && graph_touched(g, 4, NULL, 0) == 4, "... the same verdict, each touched");
	ok(graph_members(g, gate[2], &member) == 1 && *member == gate[1], "... and members as given");
	graph_free(g);
}

/* x, then gate over gate, each with one component more: every second one is "any of". */
static uint32_t chain(struct graph *g, int gates, bool watch_all)
{
	uint32_t below = graph_component(g, "x", 0.5);

	for (int i = 0; i < gates; i++) {
		uint32_t gate = graph_gate(g, NULL, i % 2 ? 1 : NODE_ALL, i % 2 ? 1 : NODE_ALL);

		graph_member(g, gate, below);
		graph_member(g, gate, graph_component(g, NULL, 0.5));
		if (watch_all || i == gates - 1)
			graph_watch(g, gate);
		below = gate;
	}
	return below;
}

static void deep(bool watch_all, const char *built, const char *moved)
{
	struct graph *g = graph_new(0);
	uint32_t top = chain(g, MANY, watch_all), list[4];
	struct err err = { "" };
	size_t touched;

	ok(graph_build(g, &err) == FW_OK && graph_size(g).diagram_nodes <= 2 * MANY, built);
	graph_set(g, 0, STATE_DOWN);
	touched = graph_touched(g, 0, list, 4);
	ok(graph_verdict(g, top).at_risk && touched == (watch_all ? MANY : 1), moved);
	graph_free(g);
}

/* Functions that no order makes small, in little room, beside a service that fits. */
static void too_large(void)
{
	struct graph *g = graph_new(1000);
	uint32_t s = graph_gate(g, "tangle", 38, 38), pair = graph_gate(g, "pair", 1, 2), c[40], list[40];
	struct err err = { "" };
	struct verdict v;

	for (int i = 0; i < 40; i++)
		c[i] = graph_component(g, NULL, 0.5);
	for (int i = 0; i < 40; i++) {
		uint32_t three = graph_gate(g, NULL, 1, 1);

		graph_member(g, three, c[i]);
		graph_member(g, three, c[i * 17 % 40]);
		graph_member(g, three, c[i * 23 % 40]);
		graph_member(g, s, three);
	}
	for (int i = 0; i < 2; i++)
		graph_member(g, pair, c[i]);
	graph_watch(g, s);
	graph_watch(g, pair);
	is_int(graph_build(g, &err), FW_OK, "a bound that is met: built");
	v = graph_verdict(g, s);
	ok(!v.exact && isnan(v.p) && v.distance_least <= v.distance && v.quality == STATE_UP, "... with bounds where it was");
	v = graph_verdict(g, pair);
	ok(v.exact && v.distance == 2 && v.p == 0.25, "... and exact beside it");
	for (int i = 0; i < 30 && graph_verdict(g, s).quality != STATE_DOWN; i++) {
		size_t n = graph_single_points(g, s, list, 40);

		for (size_t k = 0; k < n; k++)
			if (graph_quality_if(g, s, list[k], STATE_DOWN) != STATE_DOWN)
				n = 100;
		if (n == 100)
			break;
		graph_set(g, c[i], STATE_DOWN);
	}
	ok(graph_verdict(g, s).quality == STATE_DOWN, "... single points end it, and it is seen to go down");
	graph_free(g);
}

/* Half of 100, each behind a gate of its own: 50 * 51 diagram nodes. */
static enum fw_err build_half(uint32_t most_nodes, uint32_t *nodes)
{
	struct graph *g = graph_new(most_nodes);
	uint32_t half = graph_gate(g, "half", 50, 50);
	struct err err = { "" };
	enum fw_err e;

	for (int i = 0; i < 100; i++) {
		uint32_t own = graph_gate(g, NULL, NODE_ALL, NODE_ALL);

		graph_member(g, own, graph_component(g, NULL, 0.5));
		graph_member(g, half, own);
	}
	graph_watch(g, half);
	e = graph_build(g, &err);
	*nodes = graph_size(g).diagram_nodes;
	graph_free(g);
	return e;
}

static void the_bound(void)
{
	uint32_t nodes;

	ok(build_half(3000, &nodes) == FW_OK && nodes == 50 * 51, "50 of 100 in a bound of 3,000: 2,550 nodes");
	ok(build_half(2000, &nodes) == FW_OK && nodes <= 2000, "... in one of 2,000: built with less");
}

/* A company of 1,000 services of ten pairs, all on the same two feeds. */
static void one_over_all(void)
{
	struct graph *g = graph_new(300000);
	uint32_t top = graph_gate(g, "company", NODE_ALL, NODE_ALL), feed[2], service = top;
	struct err err = { "" };

	for (int i = 0; i < 2; i++)
		feed[i] = graph_component(g, NULL, 0.1);
	for (int i = 0; i < SERVICES * 10; i++) {
		uint32_t pair = graph_gate(g, NULL, 1, 2);

		for (int j = 0; j < 2; j++) {
			uint32_t part = graph_gate(g, NULL, NODE_ALL, NODE_ALL);

			graph_member(g, part, graph_component(g, NULL, 1e-5));
			graph_member(g, part, feed[j]);
			graph_member(g, pair, part);
		}
		if (i % 10 == 0) {
			service = graph_gate(g, NULL, NODE_ALL, NODE_ALL);
			graph_member(g, top, service);
		}
		graph_member(g, service, pair);
	}
	graph_watch(g, top);
	is_int(graph_build(g, &err), FW_OK, "1,000 services on the same two feeds, and one over all: built in little");
	is_int(graph_verdict(g, top).distance, 2, "... and two failures away");
	graph_free(g);
}

/* ---- a company ---------------------------------------------------------------------------------------------------*/

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Set, find what it touches, read their verdicts: 2,000 components. */
static double median_us(struct campus *c)
{
	enum { UPDATES = 2000 };
	static uint32_t touched[TOUCHED_MOST];
	static double us[UPDATES];

	for (uint32_t i = 0; i < UPDATES; i++) {
		uint32_t component = graph_component_at(c->g, i * 7919 % graph_size(c->g).components);
		double from = now_us();
		size_t n;

		graph_set(c->g, component, i % 3 ? STATE_DOWN : STATE_DEGRADED);
		n = graph_touched(c->g, component, touched, TOUCHED_MOST);
		for (size_t j = 0; j < n && j < TOUCHED_MOST; j++)
			graph_verdict(c->g, touched[j]);
		us[i] = now_us() - from;
		graph_set(c->g, component, STATE_UP);
	}
	qsort(us, UPDATES, sizeof(us[0]), by_size);
	return us[UPDATES / 2];
}

static void company(void)
{
	const char *allowed = getenv("FW_UPDATE_US");
	struct campus c;
	struct err err = { "" };
	struct graph_size size;
	double us;
	int down = 0, risk = 0;

	is_int(campus_build(&c, &err), FW_OK, "10,000 components in 1,000 services: built");
	size = graph_size(c.g);
	ok(size.components > 9500 && size.watched == 3 * SERVICES, "... as many as said");
	ok(size.diagram_nodes < 2000 * SERVICES && size.octets < (size_t)256 << 20, "... in bounded memory");
	us = median_us(&c);
	note("%u diagram nodes, %.0f MiB, median %.1f us a change", size.diagram_nodes,
	     (double)size.octets / (1 << 20), us);
	ok(us < (allowed ? atof(allowed) : 1000), "... and a change is known within a millisecond");
	graph_set(c.g, c.feed[0][0], STATE_DOWN);
	for (int i = 0; i < SERVICES; i++)
		risk += graph_verdict(c.g, c.service[i]).at_risk;
	is_int(risk, SERVICES / SITES, "one feed of a site: all of its services are at risk, no other");
	graph_set(c.g, c.feed[0][1], STATE_DOWN);
	for (int i = 0; i < SERVICES; i++)
		down += graph_verdict(c.g, c.service[i]).quality == STATE_DOWN;
	is_int(down, SERVICES / SITES, "both: down");
	graph_free(c.g);
}

static void *run(void *unused)
{
	mistakes();
	long_circle();
	names();
	wide_gates();
	passed_on();
	deep(false, "100,000 gates deep: built", "... and answered");
	deep(true, "100,000 gates deep, all watched: they share", "... and one change is known to touch all");
	too_large();
	the_bound();
	one_over_all();
	company();
	return unused;
}

int main(void)
{
	pthread_attr_t small;
	pthread_t thread;

	plan(44);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK_OCTETS);
	if (pthread_create(&thread, &small, run, NULL) == 0)
		pthread_join(thread, NULL);
	return done();
}
