/* t/unit/t5080-fate.c: shared fate: what is declared redundant and is not, and what failed together too often. */
#include <math.h>
#include <stdlib.h>

#include "poller/service/fate.h"
#include "tap.h"

/* ---- declared ---------------------------------------------------------------------------------------------------- */

enum { SETS_MOST = 8 };
struct told { unsigned n; char set[SETS_MOST][64], takes[SETS_MOST][64]; struct graph *g; };

static void add_names(const struct graph *g, const uint32_t *node, size_t n, char *buf)
{
	*buf = 0;
	for (size_t i = 0; i < n; i++)
		snprintf(buf + strlen(buf), 64 - strlen(buf), "%s%s", i ? "+" : "", graph_name(g, node[i]));
}

static void tell(void *owner, const uint32_t *set, size_t n, const uint32_t *member, size_t members)
{
	struct told *t = owner;

	if (t->n == SETS_MOST)
		return;
	add_names(t->g, set, n, t->set[t->n]);
	add_names(t->g, member, members, t->takes[t->n++]);
}

static uint32_t gate_of(struct graph *g, const char *name, uint32_t need, const uint32_t *member, unsigned n)
{
	uint32_t gate = graph_gate(g, name, need, need);

	for (unsigned i = 0; i < n; i++)
		graph_member(g, gate, member[i]);
	return gate;
}

static uint32_t stands_on(struct graph *g, const char *name, uint32_t what)
{
	return gate_of(g, name, NODE_ALL, (uint32_t[]){ graph_component(g, name, -1), what }, 2);
}

static struct fate ask(struct graph *g, uint32_t gate, struct told *t, enum fw_err *e)
{
	struct fate_question q = { .gate = gate, .most_nodes = 10000, .most_sets = SETS_MOST, .each = tell, .owner = t };
	struct fate f;
	struct err err;

	*t = (struct told){ .g = g };
	*e = graph_shared_fate(g, &q, &f, &err);
	return f;
}

static void test_declared(void)
{
	struct graph *g = graph_new(0);
	uint32_t a = graph_component(g, "feed A", -1), b = graph_component(g, "feed B", -1);
	uint32_t app[3] = { stands_on(g, "app1", a), stands_on(g, "app2", a), stands_on(g, "app3", b) };
	uint32_t two = gate_of(g, "two of three", 2, app, 3), one = gate_of(g, "one of three", 1, app, 3);
	uint32_t all = gate_of(g, "all", 3, app, 3), apart = gate_of(g, "apart", 1, (uint32_t[]){ app[0], app[2] }, 2);
	struct err err;
	struct told t;
	enum fw_err e;
	struct fate f;

	graph_build(g, &err);
	f = ask(g, two, &t, &e);
	ok(e == FW_OK && f.declared == 2 && f.actual == 1 && f.sets == 1, "built to survive one, ended by one");
	ok(t.n == 1 && strcmp(t.set[0], "feed A") == 0, "... the feed is named");
	is_str(t.takes[0], "app1+app2", "... and what it takes");
	f = ask(g, one, &t, &e);
	ok(f.declared == 3 && f.actual == 2 && f.sets == 2, "built to survive two, ended by two");
	is_str(t.set[0], "feed A+feed B", "... both feeds");
	is_str(t.set[1], "feed A+app3", "... or one and a machine");
	is_str(t.takes[1], "app1+app2+app3", "... which takes all");
	f = ask(g, all, &t, &e);
	ok(f.declared == 1 && f.actual == 1 && t.n == 0, "nothing was declared where all are needed");
	f = ask(g, apart, &t, &e);
	ok(f.declared == 2 && f.actual == 2 && t.n == 0, "what has nothing in common has no shared fate");
	graph_set(g, app[0] - 1, STATE_UP);
	graph_set(g, b, STATE_DOWN);
	f = ask(g, two, &t, &e);
	ok(f.actual == 1 && f.sets == 1, "what has failed now does not matter");
	ok(graph_get(g, b) == STATE_DOWN, "... and stays as it is");
	graph_free(g);
}

/* In common, and yet each has another way. */
static void test_survived(void)
{
	struct graph *g = graph_new(0);
	uint32_t a = graph_component(g, "feed A", -1), b = graph_component(g, "feed B", -1), m[2], gate;
	struct err err;
	struct told t;
	enum fw_err e;
	struct fate f;

	for (int i = 0; i < 2; i++)
		m[i] = stands_on(g, i ? "db2" : "db1", gate_of(g, NULL, 1, (uint32_t[]){ a, b }, 2));
	gate = gate_of(g, "db", 1, m, 2);
	graph_build(g, &err);
	f = ask(g, gate, &t, &e);
	ok(e == FW_OK && f.actual == 2 && t.n == 0, "two feeds for both: what was declared holds");
	graph_free(g);
}

static void test_bound(void)
{
	struct fate_question q = { .most_nodes = 4, .most_sets = 1, .each = tell };
	struct graph *g = graph_new(0);
	uint32_t a = graph_component(g, "feed", -1), m[3] = { stands_on(g, "x", a), stands_on(g, "y", a), stands_on(g, "z", a) };
	struct err err = { "" };
	struct told t = { .g = g };
	struct fate f;

	q.gate = gate_of(g, "three", 1, m, 3);
	q.owner = &t;
	graph_build(g, &err);
	ok(graph_shared_fate(g, &q, &f, &err) == FW_FULL && t.n == 0, "a bound that is met");
	is_str(err.text, "what 'three' stands on has more than 4 parts", "... is said");
	q.most_nodes = 1000;
	ok(graph_shared_fate(g, &q, &f, &err) == FW_OK && f.actual == 1 && t.n == 1, "within it, it is answered");
	graph_free(g);
}

/* ---- against all states of random graphs ------------------------------------------------------------------------- */

enum { PARTS = 9, GATES = 6 };

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
static uint32_t roll(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % n;
}

static bool falls(const struct graph *g, uint32_t node, unsigned failed)
{
	const uint32_t *member;
	size_t n, left = 0;

	if (graph_is_component(g, node))
		return failed >> graph_component_index(g, node) & 1;
	n = graph_members(g, node, &member);
	for (size_t i = 0; i < n; i++)
		left += !falls(g, member[i], failed);
	return left < graph_need(g, node);
}

static bool same_as_brute(const struct graph *g, uint32_t gate, const struct fate *f, const struct told *t)
{
	unsigned smallest = PARTS + 1, sets = 0;

	for (unsigned failed = 0; failed < 1u << PARTS; failed++) {
		unsigned size = (unsigned)__builtin_popcount(failed);

		if (size > smallest || !falls(g, gate, failed))
			continue;
		sets = size < smallest ? 1 : sets + 1;
		smallest = size;
	}
	if (smallest >= f->declared)
		return f->actual == f->declared && t->n == 0;
	return f->actual == smallest && f->sets == sets && t->n == (sets < SETS_MOST ? sets : SETS_MOST);
}

static bool one_random(void)
{
	struct graph *g = graph_new(0);
	uint32_t node[PARTS + GATES], nodes = 0;
	struct err err;
	bool good = true;

	while (nodes < PARTS)
		node[nodes++] = graph_component(g, NULL, -1);
	while (nodes < PARTS + GATES) {
		uint32_t n = 2 + roll(3), gate = graph_gate(g, NULL, 1 + roll(n), NODE_ALL);

		for (uint32_t i = 0; i < n; i++)
			graph_member(g, gate, node[roll(nodes)]);
		node[nodes++] = gate;
	}
	graph_watch(g, node[nodes - 1]);
	if (graph_build(g, &err) != FW_OK)
		note("%s", err.text);
	for (uint32_t i = PARTS; i < nodes; i++) {
		struct told t;
		enum fw_err e;
		struct fate f = ask(g, node[i], &t, &e);

		good = good && e == FW_OK && same_as_brute(g, node[i], &f, &t);
	}
	graph_free(g);
	return good;
}

static void test_random(void)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < 300; i++)
		bad += !one_random();
	is_int(bad, 0, "every gate of 300 random graphs is as all its states say");
}

/* ---- seen -------------------------------------------------------------------------------------------------------- */

enum { DAY = 86400 };

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

static const struct together_question usual = {
	.window = { 60000000 }, .seen = { INT64_C(90) * DAY * 1000000 }, .least = 3, .chance_most = 1e-6, .most_pairs = 1000,
};

static size_t together(const struct went_down *d, size_t n, struct together *out, uint64_t *lost)
{
	return failed_together(&(struct failures){ d, n }, &usual, out, 4, lost);
}

static void test_poisson(void)
{
	is_double(poisson_tail(0.5, 1), 1 - exp(-0.5), 1e-15, "one or more");
	is_double(poisson_tail(1e-4, 4) / (1e-16 / 24), 1, 1e-4, "a small tail is exact, not a difference");
	is_double(poisson_tail(30, 10), 1 - 7.12e-6, 1e-7, "a large mean");
	is_double(poisson_tail(3, 0), 1, 0, "none or more is certain");
	is_double(poisson_tail(0, 1), 0, 0, "of nothing comes nothing");
}

static void test_together(void)
{
	struct went_down d[64];
	struct together t[4];
	uint64_t lost;
	size_t n = 0;

	for (int i = 0; i < 4; i++) {		/* 7 and 3 fail together four times, 5 alone in between */
		d[n++] = (struct went_down){ 7, at(i * 10 * DAY) };
		d[n++] = (struct went_down){ 3, at(i * 10 * DAY + 30) };
		d[n++] = (struct went_down){ 5, at(i * 10 * DAY + 3 * DAY) };
	}
	is_int((long long)together(d, n, t, &lost), 1, "one pair fails together too often");
	ok(t[0].a == 3 && t[0].b == 7 && t[0].times == 4, "... four times");
	is_double(t[0].expected, 16.0 * 120 / (90 * DAY), 1e-12, "... where so many are to be expected");
	ok(t[0].chance < 1e-10 && lost == 0, "... which is no chance");
	is_int((long long)together(d, 6, t, &lost), 0, "twice is not enough");
	for (size_t i = 0; i < n; i++)
		if (d[i].component == 3)
			d[i].at.us += 90 * INT64_C(1000000);
	is_int((long long)together(d, n, t, &lost), 0, "two minutes apart is not together");
}

static void test_flapping(void)
{
	struct went_down d[40];
	struct together t[4];
	uint64_t lost;

	for (int i = 0; i < 40; i++)		/* two that flap in the same ten minutes */
		d[i] = (struct went_down){ (uint32_t)i & 1, at(i * 15) };
	is_int((long long)together(d, 40, t, &lost), 0, "to flap is to fail once");
}

/* Both fail once an hour: within a minute of each other is no wonder. */
static void test_often(void)
{
	struct went_down *d = calloc(2 * 90 * 24, sizeof(*d));
	struct together t[4];
	uint64_t lost;
	size_t n = 0;

	for (int i = 0; i < 90 * 24; i++) {
		d[n++] = (struct went_down){ 1, at(i * 3600) };
		d[n++] = (struct went_down){ 2, at(i * 3600 + 61 + (int)roll(1800)) };
	}
	for (int i = 0; i < 40; i++)
		d[n - 2 * (size_t)i - 1].at = d[n - 2 * (size_t)i - 2].at;
	is_int((long long)together(d, n, t, &lost), 0, "what fails all the time meets by chance");
	free(d);
}

/* One feed under five hundred: bounded, and the loss is counted. */
static void test_flood(void)
{
	enum { MACHINES = 500 };
	struct went_down *d = calloc(4 * MACHINES, sizeof(*d));
	struct together t[4];
	uint64_t lost;
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		for (uint32_t k = 0; k < MACHINES; k++)
			d[n++] = (struct went_down){ k, at(i * 10 * DAY + k / 20) };
	ok(together(d, n, t, &lost) == 1000, "as many pairs as are followed");
	ok(lost > 0, "... the others are counted");
	ok(t[0].times == 4 && t[3].times == 4, "... and the first tell");
	free(d);
}

int main(void)
{
	plan(11 + 1 + 3 + 1 + 5 + 6 + 1 + 1 + 3);
	test_declared();
	test_survived();
	test_bound();
	test_random();
	test_poisson();
	test_together();
	test_flapping();
	test_often();
	test_flood();
	return done();
}
