/* t/unit/t5010-graph-brute.c: random graphs against brute force over all states.
 *
 * Every number of every verdict, single points, supports, smallest cut sets and what-ifs of small random graphs are
 * compared with their definitions, evaluated on each of the 2^n states. FW_SEED=N begins at another seed, FW_GRAPHS=N
 * tries another number of graphs. Of some, each part is searched for an order and composed, as only large ones are
 * else. A failure names its seed.
 */
#include <stdlib.h>

#include "poller/service/service-int.h"
#include "tap.h"

enum { COMPONENTS_MOST = 18, GATES_MOST = 14, MEMBERS_MOST = 7, ROUNDS = 2 };

enum property {
	QUALITY, AT_RISK, DISTANCE, WEAK, WORST, DESIGN, CUTS, DESIGN_CUTS, P, DESIGN_P, SINGLE, DESIGN_SINGLE, SUPPORT,
	TOUCHED, SMALLEST, IF, WITH, DEGRADED, DEGRADED_CUTS, DEGRADING, HORIZON, IMPORTANCE, RATE, LENS, NO_ROOM, BETWEEN,
	PROPERTIES
};

static const char *const property_text[PROPERTIES] = {
	[QUALITY] = "quality", [AT_RISK] = "at risk: a weak component in the support", [DISTANCE] = "distance",
	[WEAK] = "distance_weak", [WORST] = "distance_worst", [DESIGN] = "design_distance",
	[CUTS] = "number of smallest cut sets", [DESIGN_CUTS] = "the same of the design", [P] = "p within 1e-12",
	[DESIGN_P] = "p of the design", [SINGLE] = "live single points", [DESIGN_SINGLE] = "design single points",
	[SUPPORT] = "support", [TOUCHED] = "watched nodes touched by a component",
	[SMALLEST] = "smallest cut sets, listed",
	[IF] = "what if one component were otherwise: the verdict as after the real change",
	[WITH] = "the verdict under a whole state vector",
	[DEGRADED] = "distances to degradation: given what is down, weak, unknown, and of the design",
	[DEGRADED_CUTS] = "number of smallest sets that degrade, now and of the design",
	[DEGRADING] = "single points of degradation, now and of the design",
	[HORIZON] = "p_horizon, now and of the design",
	[IMPORTANCE] = "importance: birnbaum, criticality, Fussell-Vesely, raw, rrw",
	[RATE] = "rates that change when it is built",
	[NO_ROOM] = "a bound that is met: quality, single points and distances are exact all the same",
	[BETWEEN] = "... and probabilities lie between their bounds, which meet when all cut sets are known",
	[LENS] = "a lens that pins some components and follows the others: all as after the real change",
};

struct gate {
	uint32_t need, full, members, member[MEMBERS_MOST], node;
	uint64_t need_capacity, capacity[MEMBERS_MOST];
};

struct model {
	uint64_t seed;
	uint32_t n, gates;		/* members below n are components, gates from n on */
	struct gate gate[GATES_MOST];
	double q[COMPONENTS_MOST], q_horizon[COMPONENTS_MOST];
	enum state state[COMPONENTS_MOST];
	uint32_t component[COMPONENTS_MOST];
	uint8_t *f, *g;			/* of each state: f[gate << n | mask] */
	double *of_state[4];		/* the probability of each state: now, design; within the horizon the same */
	struct graph *graph;
};

static int wrong[PROPERTIES];

static void check(const struct model *m, enum property p, bool good)
{
	if (!good && wrong[p]++ < 3)
		note("seed %" PRIu64 ", %u components: differs: %s", m->seed, m->n, property_text[p]);
}

static uint64_t rnd(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t below(uint64_t *s, uint32_t n) { return (uint32_t)(rnd(s) % n); }

static void make_gate(struct model *m, uint64_t *s, uint32_t i)
{
	struct gate *g = &m->gate[i];
	uint32_t all = 0;

	g->members = 1 + below(s, MEMBERS_MOST);
	g->need = 1 + below(s, g->members);
	g->full = below(s, 2) ? g->need : g->need + below(s, g->members - g->need + 1);
	for (uint32_t j = 0; j < g->members; j++) {	/* lean to what is new, so that graphs get deep */
		uint32_t most = m->n + i, at = below(s, most);

		g->member[j] = below(s, 3) && i > 0 ? m->n + below(s, i) : at;
	}
	if (below(s, 3) > 0)
		return;
	for (uint32_t j = 0; j < g->members; j++)
		all += g->capacity[j] = below(s, 4) ? below(s, 2) ? 10 : 10 * below(s, 4) : below(s, 50);
	g->need_capacity = below(s, all + 12);		/* also more than all have */
}

static void build(struct model *m, uint64_t *s)
{
	char name[16];
	struct err err;

	m->graph = graph_new(m->seed % 8 ? 0 : 3 * m->n + 4);		/* or little room */
	m->graph->search = (uint8_t)(m->seed / 8 % SEARCHES);		/* as large ones are */
	for (uint32_t i = 0; i < m->n; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		m->q[i] = (double)below(s, 1000) / 1000;
		m->q_horizon[i] = (double)below(s, 1000) / 1000;
		m->component[i] = graph_component(m->graph, name, m->q[i]);
		graph_rate(m->graph, m->component[i], m->q[i], m->q_horizon[i]);
	}
	for (uint32_t i = 0; i < m->gates; i++) {
		struct gate *g = &m->gate[i];

		make_gate(m, s, i);
		snprintf(name, sizeof(name), "g%u", i);
		g->node = graph_gate(m->graph, name, g->need < g->members || below(s, 2) ? g->need : NODE_ALL, g->full);
		for (uint32_t j = 0; j < g->members; j++) {
			uint32_t k = g->member[j], node = k < m->n ? m->component[k] : m->gate[k - m->n].node;

			graph_member(m->graph, g->node, node);
			if (g->capacity[j])
				graph_capacity(m->graph, g->node, node, g->capacity[j]);
		}
		graph_need_capacity(m->graph, g->node, g->need_capacity);
		graph_watch(m->graph, g->node);
	}
	if (graph_build(m->graph, &err) != FW_OK) {
		note("seed %" PRIu64 ": %s", m->seed, err.text);
		exit(1);
	}
}

static uint32_t failed_members(const struct model *m, const uint8_t *of, const struct gate *g, uint32_t mask)
{
	uint32_t failed = 0;

	for (uint32_t j = 0; j < g->members; j++) {
		uint32_t k = g->member[j];

		failed |= (k < m->n ? mask >> k & 1 : (uint32_t)of[(size_t)(k - m->n) << m->n | mask]) << j;
	}
	return failed;
}

static bool too_small(const struct gate *g, uint32_t failed)
{
	uint64_t left = 0;

	for (uint32_t j = 0; j < g->members; j++)
		left += failed >> j & 1 ? 0 : g->capacity[j];
	return left < g->need_capacity;
}

static bool fewer(const struct gate *g, uint32_t failed, uint32_t need)
{
	return (uint32_t)__builtin_popcount(failed) >= g->members - need + 1;
}

static void tabulate(struct model *m)
{
	m->f = malloc((size_t)m->gates << m->n);
	m->g = malloc((size_t)m->gates << m->n);
	for (uint32_t i = 0; i < m->gates; i++) {
		const struct gate *g = &m->gate[i];

		for (uint32_t mask = 0; mask < 1u << m->n; mask++) {
			size_t at = (size_t)i << m->n | mask;
			uint32_t failed = failed_members(m, m->f, g, mask);

			m->f[at] = fewer(g, failed, g->need);
			m->g[at] = fewer(g, failed_members(m, m->g, g, mask), g->full) || too_small(g, failed);
		}
	}
	for (int i = 0; i < 4; i++)
		m->of_state[i] = malloc(sizeof(double) << m->n);
}

static uint32_t set_of(const struct model *m, unsigned states)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < m->n; i++)
		mask |= (uint32_t)(states >> m->state[i] & 1) << i;
	return mask;
}

/* Smallest |s| with f(given + s), and how many such s there are; singles: the s of size one. */
static uint32_t smallest(const struct model *m, const uint8_t *f, uint32_t given, double *cuts, uint32_t *singles)
{
	uint32_t least = DISTANCE_NEVER;

	*cuts = 0;
	*singles = 0;
	for (uint32_t mask = 0; mask < 1u << m->n; mask++) {
		uint32_t size = (uint32_t)__builtin_popcount(mask);

		if (mask & given || !f[mask | given] || size > least)
			continue;
		if (size < least) {
			least = size;
			*cuts = 0;
		}
		*cuts += 1;
		if (size == 1)
			*singles |= mask;
	}
	*singles = least == 1 ? *singles : 0;
	return least;
}

/* The probability of each state, components that are down being certain. */
static void weigh_states(const struct model *m, const double *q, uint32_t given, double *of_state)
{
	of_state[0] = 1;
	for (uint32_t i = 0; i < m->n; i++) {
		double failed = given >> i & 1 ? 1 : q[i];

		for (uint32_t mask = 0; mask < 1u << i; mask++) {
			of_state[mask | 1u << i] = of_state[mask] * failed;
			of_state[mask] *= 1 - failed;
		}
	}
}

static void weigh_all_states(const struct model *m)
{
	weigh_states(m, m->q, set_of(m, 1 << STATE_DOWN), m->of_state[0]);
	weigh_states(m, m->q, 0, m->of_state[1]);
	weigh_states(m, m->q_horizon, set_of(m, 1 << STATE_DOWN), m->of_state[2]);
	weigh_states(m, m->q_horizon, 0, m->of_state[3]);
}

static double probability(const struct model *m, const uint8_t *f, int which)
{
	double sum = 0;

	for (uint32_t mask = 0; mask < 1u << m->n; mask++)
		sum += f[mask] ? m->of_state[which][mask] : 0;
	return sum;
}

static uint32_t support(const struct model *m, const uint8_t *f)
{
	uint32_t in = 0;

	for (uint32_t i = 0; i < m->n; i++)
		for (uint32_t mask = 0; !(in >> i & 1) && mask < 1u << m->n; mask++)
			in |= (uint32_t)(f[mask] != f[mask ^ 1u << i]) << i;
	return in;
}

static uint32_t as_mask(const struct model *m, const uint32_t *list, size_t n)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < m->n && j < COMPONENTS_MOST; j++)
			mask |= (uint32_t)(list[i] == m->component[j]) << j;
	return mask;
}

static bool near(double a, double b) { return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b)) + 1e-300; }

/* What the definitions say, by the states of 'm'. */
static struct verdict expect(const struct model *m, uint32_t gate)
{
	const uint8_t *f = m->f + ((size_t)gate << m->n), *g = m->g + ((size_t)gate << m->n);
	uint32_t d = set_of(m, 1 << STATE_DOWN), w = d | set_of(m, 1 << STATE_DEGRADED);
	uint32_t u = w | set_of(m, 1 << STATE_UNKNOWN), singles;
	double unused;
	struct verdict v = { .quality = f[d] ? STATE_DOWN : g[w] ? STATE_DEGRADED : f[u] ? STATE_UNKNOWN : STATE_UP };

	v.at_risk = v.quality != STATE_DOWN && w & (support(m, f) | support(m, g));
	v.distance = smallest(m, f, d, &v.cuts, &singles);
	v.distance_weak = smallest(m, f, w, &unused, &singles);
	v.distance_worst = smallest(m, f, u, &unused, &singles);
	v.design_distance = smallest(m, f, 0, &v.design_cuts, &singles);
	v.degraded_distance = smallest(m, g, d, &unused, &singles);
	v.degraded_distance_weak = smallest(m, g, w, &v.degraded_cuts, &singles);
	v.degraded_distance_worst = smallest(m, g, u, &unused, &singles);
	v.design_degraded_distance = smallest(m, g, 0, &v.design_degraded_cuts, &singles);
	v.exact = v.distances_exact = true;
	v.distance_least = v.distance;
	v.p = probability(m, f, 0);
	v.design_p = probability(m, f, 1);
	v.p_horizon = probability(m, f, 2);
	v.design_p_horizon = probability(m, f, 3);
	return v;
}

static void check_points(const struct model *m, enum property p, uint32_t singles, const uint32_t *list, size_t n)
{
	check(m, p, as_mask(m, list, n) == singles && n == (size_t)__builtin_popcount(singles));
}

static void check_degrading(const struct model *m, uint32_t gate)
{
	const uint8_t *g = m->g + ((size_t)gate << m->n);
	uint32_t w = set_of(m, 1 << STATE_DOWN | 1 << STATE_DEGRADED), singles, list[COMPONENTS_MOST];
	uint32_t node = m->gate[gate].node;
	double unused;

	smallest(m, g, w, &unused, &singles);
	check_points(m, DEGRADING, singles, list, graph_degrading_points(m->graph, node, list, COMPONENTS_MOST));
	smallest(m, g, 0, &unused, &singles);
	check_points(m, DEGRADING, singles, list, graph_design_degrading_points(m->graph, node, list, COMPONENTS_MOST));
}

/* P(F) with component i failed (1) or good (0) for certain. */
static double given(const struct model *m, const uint8_t *f, uint32_t i, bool failed)
{
	struct model with = *m;
	double p;

	with.q[i] = failed;
	with.of_state[0] = malloc(sizeof(double) << m->n);
	weigh_states(&with, with.q, set_of(m, 1 << STATE_DOWN) & ~(1u << i), with.of_state[0]);
	p = probability(&with, f, 0);
	free(with.of_state[0]);
	return p;
}

/* Both NaN or infinite, or close; what cancels is held against 1. */
static bool alike(double a, double b)
{
	return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-11 * fmax(1, fmax(fabs(a), fabs(b)));
}

static void check_importance(const struct model *m, uint32_t gate)
{
	const uint8_t *f = m->f + ((size_t)gate << m->n);
	struct importance got[COMPONENTS_MOST];
	size_t n = graph_importance(m->graph, m->gate[gate].node, got, COMPONENTS_MOST), at = 0;
	double p = probability(m, f, 0);
	uint32_t in = support(m, f);

	if (!graph_verdict(m->graph, m->gate[gate].node).exact)
		return;
	check(m, IMPORTANCE, n == (size_t)__builtin_popcount(in));
	for (uint32_t i = 0; i < m->n && at < n; i++) {
		double p1, p0, q = m->state[i] == STATE_DOWN ? 1 : m->q[i];

		if (!(in >> i & 1))
			continue;
		p1 = given(m, f, i, true);
		p0 = given(m, f, i, false);
		check(m, IMPORTANCE, got[at].component == m->component[i] && alike(got[at].birnbaum, p1 - p0));
		check(m, IMPORTANCE, p == 0 || alike(got[at].criticality, (p1 - p0) * q / p));
		check(m, IMPORTANCE, p == 0 || alike(got[at].fussell_vesely, q * p1 / p));
		check(m, IMPORTANCE, p == 0 || alike(1 / got[at].raw, p / p1));
		check(m, IMPORTANCE, p == 0 || alike(1 / got[at].rrw, p0 / p));
		at++;
	}
}

static void check_lists(const struct model *m, uint32_t gate, bool exact)
{
	const uint8_t *f = m->f + ((size_t)gate << m->n), *g = m->g + ((size_t)gate << m->n);
	uint32_t d = set_of(m, 1 << STATE_DOWN), singles, design, node = m->gate[gate].node, list[COMPONENTS_MOST];
	double unused;
	size_t n;

	smallest(m, f, d, &unused, &singles);
	smallest(m, f, 0, &unused, &design);
	n = graph_single_points(m->graph, node, list, COMPONENTS_MOST);
	check(m, SINGLE, as_mask(m, list, n) == singles && n == (size_t)__builtin_popcount(singles));
	n = graph_design_single_points(m->graph, node, list, COMPONENTS_MOST);
	check(m, DESIGN_SINGLE, as_mask(m, list, n) == design && n == (size_t)__builtin_popcount(design));
	n = graph_support(m->graph, node, list, COMPONENTS_MOST);
	if (!exact) {			/* then what it stands on, though it may not matter */
		check(m, SUPPORT, (as_mask(m, list, n) & (support(m, f) | support(m, g))) == (support(m, f) | support(m, g)));
		return;
	}
	check(m, SUPPORT, as_mask(m, list, n) == (support(m, f) | support(m, g)));
	check(m, SUPPORT, n == (size_t)__builtin_popcount(support(m, f) | support(m, g)));
}

/* As many as there are, each a cut set of that size, no two alike. */
static void check_smallest(const struct model *m, uint32_t gate, const struct verdict *want)
{
	enum { SETS_MOST = 4000 };
	const uint8_t *f = m->f + ((size_t)gate << m->n);
	uint32_t d = set_of(m, 1 << STATE_DOWN), size = want->distance;
	uint32_t *list = malloc(SETS_MOST * COMPONENTS_MOST * sizeof(*list));
	uint8_t *seen = calloc(1, (size_t)1 << m->n);
	size_t n = graph_smallest_cuts(m->graph, m->gate[gate].node, list, SETS_MOST);

	check(m, SMALLEST, n == (size == 0 ? 0 : want->cuts < SETS_MOST ? (size_t)want->cuts : SETS_MOST));
	for (size_t i = 0; i < n; i++) {
		uint32_t cut = as_mask(m, list + i * size, size);

		check(m, SMALLEST, !seen[cut] && !(cut & d) && f[cut | d] && (uint32_t)__builtin_popcount(cut) == size);
		seen[cut] = 1;
	}
	free(list);
	free(seen);
}

static bool same(const struct verdict *a, const struct verdict *b)
{
	return verdict_same(a, b) && near(a->p, b->p) && near(a->design_p, b->design_p) &&
	       near(a->p_horizon, b->p_horizon) && near(a->design_p_horizon, b->design_p_horizon);
}

/* 1e-11: sums of probabilities round. */
static bool holds(struct bounds b, double p)
{
	return isnan(p) || (b.low <= p + 1e-11 && b.high >= p - 1e-11 && b.low >= 0 && b.high <= 1);
}

/* From all cut sets, from those that few steps allow, from none. */
static void check_between(struct model *m, uint32_t gate, const struct verdict *want)
{
	struct cut_question q = { .node = m->gate[gate].node };

	for (uint64_t steps = 1; steps < UINT64_C(1) << 32; steps *= 8) {
		struct cut_bound bound = { .nodes = 1 << 20, .steps = steps };
		struct cut_sets *c;
		struct between b;
		struct err err;

		graph_short_cut_sets(m->graph, &q, &bound, &c, &err);
		b = graph_between(m->graph, &q, c);
		check(m, BETWEEN, holds(b.p, want->p) && holds(b.p_horizon, want->p_horizon));
		check(m, BETWEEN, !c || cut_sets_exact_to(c) || isnan(b.p.low) || b.p.high - b.p.low <= 1e-9 * b.p.high);
		check(m, BETWEEN, c || steps < 1 << 24);
		cut_sets_free(c);
	}
}

static void check_gate(struct model *m, uint32_t gate)
{
	struct verdict got = graph_verdict(m->graph, m->gate[gate].node), want = expect(m, gate);

	check(m, QUALITY, got.quality == want.quality);
	check(m, AT_RISK, got.at_risk == want.at_risk || (!got.exact && got.at_risk));
	check_lists(m, gate, got.exact);
	check_degrading(m, gate);
	if (!got.exact)
		check_between(m, gate, &want);
	if (!got.exact)			/* there are no probabilities then, but distances are found without diagrams */
		check(m, NO_ROOM, m->seed % 8 == 0 && got.distances_exact && got.distance_least == got.distance && isnan(got.p));
	check(m, DISTANCE, got.distance == want.distance);
	check(m, WEAK, got.distance_weak == want.distance_weak);
	check(m, WORST, got.distance_worst == want.distance_worst);
	check(m, DESIGN, got.design_distance == want.design_distance);
	check(m, CUTS, got.cuts == want.cuts);
	check(m, DESIGN_CUTS, got.design_cuts == want.design_cuts);
	check(m, P, !got.exact || near(got.p, want.p));
	check(m, DESIGN_P, !got.exact || near(got.design_p, want.design_p));
	check(m, DEGRADED, got.degraded_distance == want.degraded_distance);
	check(m, DEGRADED, got.degraded_distance_weak == want.degraded_distance_weak);
	check(m, DEGRADED, got.degraded_distance_worst == want.degraded_distance_worst);
	check(m, DEGRADED, got.design_degraded_distance == want.design_degraded_distance);
	check(m, DEGRADED_CUTS, got.degraded_cuts == want.degraded_cuts);
	check(m, DEGRADED_CUTS, got.design_degraded_cuts == want.design_degraded_cuts);
	check(m, HORIZON, !got.exact ||
	      (near(got.p_horizon, want.p_horizon) && near(got.design_p_horizon, want.design_p_horizon)));
	check_smallest(m, gate, &want);
}

/* A what-if says what is seen after the real change, and changes nothing. */
static void check_what_if(struct model *m, uint64_t *s, uint32_t gate)
{
	uint32_t c = below(s, m->n), node = m->gate[gate].node;
	enum state was = m->state[c], is = (enum state)below(s, STATES);
	struct verdict before = graph_verdict(m->graph, node), guess, real, all, again;
	enum state states[COMPONENTS_MOST];

	guess = graph_verdict_if(m->graph, node, m->component[c], is);
	check(m, IF, guess.distance == graph_distance_if(m->graph, node, m->component[c], is));
	check(m, IF, guess.quality == graph_quality_if(m->graph, node, m->component[c], is));
	memcpy(states, m->state, sizeof(states));
	states[c] = is;
	all = graph_verdict_with(m->graph, node, states);
	again = graph_verdict(m->graph, node);
	check(m, IF, same(&before, &again));
	graph_set(m->graph, m->component[c], is);
	real = graph_verdict(m->graph, node);
	check(m, IF, same(&guess, &real));
	check(m, WITH, same(&all, &real));
	graph_set(m->graph, m->component[c], was);
	real = graph_verdict(m->graph, node);
	check(m, IF, same(&before, &real));
}

/* Some pinned, then others change: the lens answers as a graph in which the pinned are so. */
static void check_lens(struct model *m, uint64_t *s, struct lens *w)
{
	struct model seen = *m;
	uint32_t list[COMPONENTS_MOST], singles, gate = below(s, m->gates), node = m->gate[gate].node;
	const uint8_t *f = m->f + ((size_t)gate << m->n);
	struct verdict got, want;
	double unused;

	lens_follow_all(w);
	for (uint32_t i = 0; i < m->n; i++) {
		if (below(s, 3) == 0)
			lens_set(w, m->component[i], seen.state[i] = (enum state)below(s, STATES));
		check(m, LENS, lens_get(w, m->component[i]) == seen.state[i]);
	}
	weigh_all_states(&seen);
	got = lens_verdict(w, node);
	want = expect(&seen, gate);
	check(m, LENS, !got.exact || same(&got, &want));
	smallest(m, f, set_of(&seen, 1 << STATE_DOWN), &unused, &singles);
	check_points(m, LENS, singles, list, lens_single_points(w, node, list, COMPONENTS_MOST));
	weigh_all_states(m);
}

/* Rates that come when all is built. */
static void change_rates(struct model *m, uint64_t *s)
{
	for (uint32_t i = 0; i < m->n; i++) {
		if (below(s, 3))
			continue;
		m->q[i] = (double)below(s, 1000) / 1000;
		m->q_horizon[i] = (double)below(s, 1000) / 1000;
		graph_rate(m->graph, m->component[i], m->q[i], m->q_horizon[i]);
		check(m, RATE, graph_unavailability(m->graph, m->component[i]) == m->q[i]);
	}
}

static void check_touched(struct model *m)
{
	for (uint32_t c = 0; c < m->n; c++) {
		uint32_t list[GATES_MOST], wanted = 0;
		size_t n = graph_touched(m->graph, m->component[c], list, GATES_MOST), at = 0;

		for (uint32_t i = 0; i < m->gates; i++) {
			size_t from = (size_t)i << m->n;

			if (!((support(m, m->f + from) | support(m, m->g + from)) >> c & 1))
				continue;
			wanted++;
			check(m, TOUCHED, at < n && list[at] == m->gate[i].node);
			at++;
		}
		check(m, TOUCHED, n == wanted);
	}
}

static void random_states(struct model *m, uint64_t *s)
{
	uint32_t bad = below(s, 4);	/* from all well to much wrong */

	for (uint32_t i = 0; i < m->n; i++) {
		enum state is = below(s, 6) < bad ? (enum state)below(s, STATES) : STATE_UP;

		if (graph_set(m->graph, m->component[i], is) != (is != m->state[i]))
			check(m, QUALITY, false);
		m->state[i] = is;
	}
}

static void one_graph(uint64_t seed)
{
	struct model m = { .seed = seed };
	uint64_t s = seed;
	uint32_t large = below(&s, 1000);
	struct lens *w;

	m.n = large == 0 ? 15 + below(&s, 4) : large < 20 ? 11 + below(&s, 3) : 1 + below(&s, 9);
	m.gates = 1 + below(&s, large < 20 ? 4 : GATES_MOST);
	build(&m, &s);
	tabulate(&m);
	if (graph_size(m.graph).inexact == 0)
		check_touched(&m);
	w = lens_new(m.graph);
	for (int round = 0; round < (large < 20 ? 2 : ROUNDS); round++) {
		random_states(&m, &s);
		change_rates(&m, &s);
		weigh_all_states(&m);
		for (uint32_t i = 0; i < m.gates; i++)
			if (below(&s, 3) == 0)
				check_gate(&m, i);
		check_importance(&m, below(&s, m.gates));
		check_what_if(&m, &s, below(&s, m.gates));
		check_lens(&m, &s, w);
	}
	lens_free(w);
	graph_free(m.graph);
	free(m.f);
	free(m.g);
	for (int i = 0; i < 4; i++)
		free(m.of_state[i]);
}

static uint64_t asked(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

int main(void)
{
	const char *sanitize = getenv("SANITIZE");
	uint64_t from = asked("FW_SEED", 1), graphs = asked("FW_GRAPHS", sanitize && *sanitize ? 1000 : 10000);

	plan(PROPERTIES);
	note("%" PRIu64 " graphs, seeds from %" PRIu64, graphs, from);
	for (uint64_t i = 0; i < graphs; i++)
		one_graph(from + i);
	for (int p = 0; p < PROPERTIES; p++)
		ok(wrong[p] == 0, property_text[p]);
	return done();
}
