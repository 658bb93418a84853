/* t/unit/t5060-cuts.c: minimal cut sets and importance, by definition and on real fault trees.
 *
 * Random graphs: the sets and measures are compared with brute force over all states, as built and with components
 * down. FW_SEED=N begins at another seed, FW_GRAPHS=N tries another number of graphs; a failure names its seed. Then
 * what is degenerate, deep or wide, with numbers known beforehand; bounds that are met; and the real fault trees with
 * the numbers on which two programs agree, each within its time and memory.
 */
#include <sys/resource.h>

#include "t5-faulttree.h"

enum { COMPONENTS_MOST = 12, GATES_MOST = 8, MEMBERS_MOST = 6, SETS_MOST = 1 << COMPONENTS_MOST };

enum property { SIZES, ALL, LISTED, ORDERED, FIRST, BIRNBAUM, CRITICALITY, DIAGNOSIS, RAW, RRW, SHORT, PROPERTIES };

static const char *const property_text[PROPERTIES] = {
	[SIZES] = "cut sets by size", [ALL] = "cut sets of all sizes",
	[LISTED] = "listed: each minimal, none twice, all of them",
	[ORDERED] = "listed by rising size, each in order of creation",
	[FIRST] = "the first of a list are the smallest",
	[BIRNBAUM] = "Birnbaum", [CRITICALITY] = "criticality", [DIAGNOSIS] = "Fussell-Vesely",
	[RAW] = "risk achievement worth",
	[RRW] = "risk reduction worth",
	[SHORT] = "with few steps: all up to a size, from the gates alone",
};

static int wrong[PROPERTIES];
static int shorter_than_all;		/* times that few steps were not enough for all */

/* ---- random graphs ----------------------------------------------------------------------------------------------- */

struct gate { uint32_t need, members, member[MEMBERS_MOST]; };

struct model {
	uint64_t seed;
	uint32_t n, gates, down;	/* members below n are components, gates from n on; down: a mask */
	struct gate gate[GATES_MOST];
	double q[COMPONENTS_MOST];
	uint32_t node[COMPONENTS_MOST + GATES_MOST];
	struct graph *g;
};

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

static void build(struct model *m, uint64_t *s)
{
	struct err err = { "" };

	m->g = graph_new(0);
	for (uint32_t i = 0; i < m->n; i++) {
		m->q[i] = below(s, 20) ? (double)(1 + below(s, 999)) / 1000 : below(s, 2);
		m->node[i] = graph_component(m->g, NULL, m->q[i]);
	}
	for (uint32_t i = 0; i < m->gates; i++) {
		struct gate *g = &m->gate[i];

		g->members = 1 + below(s, MEMBERS_MOST);
		g->need = 1 + below(s, g->members);
		m->node[m->n + i] = graph_gate(m->g, NULL, g->need, g->need);
		for (uint32_t j = 0; j < g->members; j++) {
			g->member[j] = i > 0 && below(s, 3) ? m->n + below(s, i) : below(s, m->n);
			graph_member(m->g, m->node[m->n + i], m->node[g->member[j]]);
		}
		graph_watch(m->g, m->node[m->n + i]);
	}
	if (graph_build(m->g, &err) != FW_OK)
		note("seed %" PRIu64 ": %s", m->seed, err.text);
}

static bool fails(const struct model *m, uint32_t what, uint32_t mask)
{
	const struct gate *g = &m->gate[what < m->n ? 0 : what - m->n];
	uint32_t failed = 0;

	if (what < m->n)
		return mask >> what & 1;
	for (uint32_t j = 0; j < g->members; j++)
		failed += fails(m, g->member[j], mask);
	return failed >= g->members - g->need + 1;
}

/* Sets of further failures that end it, and of which no part does. */
static uint32_t brute_sets(const struct model *m, const uint8_t *f, uint32_t down, uint8_t *minimal)
{
	uint32_t n = 0;

	for (uint32_t mask = 0; mask < 1u << m->n; mask++) {
		minimal[mask] = mask && !(mask & down) && f[mask | down];
		for (uint32_t i = 0; i < m->n && minimal[mask]; i++)
			minimal[mask] = !(mask >> i & 1) || !f[(mask ^ 1u << i) | down];
		n += minimal[mask];
	}
	return n;
}

struct heard { const struct model *m; uint8_t *minimal; uint32_t n, last_size; bool good, ordered; };

static void hear(void *owner, const uint32_t *component, size_t n)
{
	struct heard *h = owner;
	uint32_t mask = 0;

	h->ordered &= n >= h->last_size;
	for (size_t i = 0; i < n; i++) {
		h->ordered &= i == 0 || component[i] > component[i - 1];
		mask |= 1u << graph_component_index(h->m->g, component[i]);
	}
	h->good &= h->minimal[mask] == 1 && (size_t)__builtin_popcount(mask) == n;
	h->minimal[mask] = 2;
	h->n++;
	h->last_size = (uint32_t)n;
}

typedef enum fw_err ask_sets(struct graph *g, const struct cut_question *q, struct cut_bound *b, struct cut_sets **out,
			     struct err *err);

/* From the diagram, or from the gates alone by size after size. */
static void check_sets(const struct model *m, uint32_t what, const uint8_t *f, bool design, ask_sets *ask)
{
	static uint8_t minimal[SETS_MOST];
	uint32_t want = brute_sets(m, f, design ? 0 : m->down, minimal), largest = 0;
	uint32_t by_size[COMPONENTS_MOST + 1] = { 0 };
	struct cut_question q = { .node = m->node[what], .design = design };
	struct cut_bound b = cut_bound_default();
	struct heard h = { .m = m, .minimal = minimal, .good = true, .ordered = true };
	struct cut_sets *c;
	struct err err;
	uint32_t some = 1 + want / 3;

	if (ask(m->g, &q, &b, &c, &err) != FW_OK || cut_sets_exact_to(c) != 0) {
		check(m, ALL, false);
		return;
	}
	for (uint32_t mask = 0; mask < 1u << m->n; mask++)
		by_size[__builtin_popcount(mask)] += minimal[mask];
	for (uint32_t size = 0; size <= COMPONENTS_MOST; size++) {
		char *digits = cut_sets_count(c, size);

		largest = size && by_size[size] ? size : largest;
		check(m, size ? SIZES : ALL, strtoul(digits, NULL, 10) == (size ? by_size[size] : want));
		free(digits);
	}
	check(m, SIZES, cut_sets_largest(c) == largest);
	cut_sets_each(c, some, hear, &h);
	check(m, FIRST, h.n == (some < want ? some : want) && h.good);
	for (uint32_t size = 1, rest = h.n; size < h.last_size; size++)
		check(m, FIRST, (rest -= by_size[size]) > 0);
	brute_sets(m, f, design ? 0 : m->down, minimal);
	h = (struct heard){ .m = m, .minimal = minimal, .good = true, .ordered = h.ordered };
	check(m, LISTED, cut_sets_each(c, SETS_MOST, hear, &h) == want && h.n == want && h.good);
	check(m, ORDERED, h.ordered);
	cut_sets_free(c);
}

static void ignore(void *owner, const uint32_t *component, size_t n)
{
	(void)owner;
	(void)component;
	(void)n;
}

/* With few steps those of up to a size are there, and all of these. */
static void check_short(const struct model *m, uint32_t what, const uint8_t *f, uint64_t steps)
{
	static uint8_t minimal[SETS_MOST];
	struct cut_question q = { .node = m->node[what] };
	struct cut_bound b = { .nodes = 100000, .steps = steps };
	uint32_t by_size[COMPONENTS_MOST + 1] = { 0 }, want = 0;
	struct cut_sets *c;
	struct err err;

	if (graph_short_cut_sets(m->g, &q, &b, &c, &err) != FW_OK) {
		check(m, SHORT, c == NULL && strstr(err.text, "the steps allowed"));
		return;
	}
	brute_sets(m, f, m->down, minimal);
	for (uint32_t mask = 0; mask < 1u << m->n; mask++)
		by_size[__builtin_popcount(mask)] += minimal[mask];
	for (uint32_t size = 1; size <= COMPONENTS_MOST && (size <= cut_sets_exact_to(c) || !cut_sets_exact_to(c)); size++) {
		char *digits = cut_sets_count(c, size);

		check(m, SHORT, strtoul(digits, NULL, 10) == by_size[size]);
		want += by_size[size];
		free(digits);
	}
	shorter_than_all += cut_sets_exact_to(c) != 0;
	check(m, SHORT, cut_sets_each(c, SETS_MOST, ignore, NULL) == want);
	cut_sets_free(c);
}

/* P(f) with one component forced (c < n), given what is down. */
static long double brute_p(const struct model *m, const uint8_t *f, uint32_t c, bool failed)
{
	long double sum = 0;

	for (uint32_t mask = 0; mask < 1u << m->n; mask++) {
		long double p = f[mask];

		for (uint32_t i = 0; i < m->n && p > 0; i++) {
			long double q = i == c ? failed : m->down >> i & 1 ? 1 : m->q[i];

			p *= mask >> i & 1 ? q : 1 - q;
		}
		sum += p;
	}
	return sum;
}

static bool near(double got, long double want)
{
	if (isnan(got) || isnan((double)want))
		return isnan(got) == isnan((double)want);
	if (isinf(got) || isinf((double)want))
		return (isinf(got) || got > 1e12) && (isinf((double)want) || want > 1e12);
	return fabs(got - (double)want) <= 1e-11 * fmax(1, fabs((double)want));
}

static void check_importance(const struct model *m, uint32_t what, const uint8_t *f)
{
	struct importance got[COMPONENTS_MOST];
	size_t n = graph_importance(m->g, m->node[what], got, COMPONENTS_MOST);
	long double p = brute_p(m, f, UINT32_MAX, false);
	uint32_t at = 0;

	for (uint32_t c = 0; c < m->n; c++) {
		long double one = brute_p(m, f, c, true), zero = brute_p(m, f, c, false);
		long double q = m->down >> c & 1 ? 1 : m->q[c];
		bool in = false;

		for (uint32_t mask = 0; mask < 1u << m->n && !in; mask++)
			in = f[mask] != f[mask ^ 1u << c];
		if (!in)
			continue;
		if (at == n || got[at].component != m->node[c]) {
			check(m, BIRNBAUM, false);
			return;
		}
		check(m, BIRNBAUM, near(got[at].birnbaum, one - zero));
		check(m, CRITICALITY, near(got[at].criticality, (one - zero) * q / p));
		check(m, DIAGNOSIS, near(got[at].fussell_vesely, q * one / p));
		check(m, RAW, near(got[at].raw, one / p));
		check(m, RRW, p == 0 || near(got[at].rrw, p / zero));
		at++;
	}
	check(m, BIRNBAUM, at == n);
}

static void one_graph(uint64_t seed)
{
	static uint8_t f[SETS_MOST];
	struct model m = { .seed = seed };
	uint64_t s = seed;

	m.n = below(&s, 20) ? 1 + below(&s, 8) : 9 + below(&s, COMPONENTS_MOST - 8);
	m.gates = 1 + below(&s, GATES_MOST);
	build(&m, &s);
	for (uint32_t what = m.n; what < m.n + m.gates; what++) {
		for (uint32_t mask = 0; mask < 1u << m.n; mask++)
			f[mask] = fails(&m, what, mask);
		m.down = below(&s, 3) ? (uint32_t)rnd(&s) & (uint32_t)rnd(&s) & ((1u << m.n) - 1) : 0;
		for (uint32_t c = 0; c < m.n; c++)
			graph_set(m.g, m.node[c], m.down >> c & 1 ? STATE_DOWN :
				  below(&s, 3) ? STATE_UP : STATE_DEGRADED);
		check_sets(&m, what, f, false, graph_cut_sets);
		check_sets(&m, what, f, true, graph_cut_sets);
		check_sets(&m, what, f, false, graph_short_cut_sets);
		check_sets(&m, what, f, true, graph_short_cut_sets);
		check_short(&m, what, f, UINT64_C(1) << (6 + below(&s, 10)));
		check_importance(&m, what, f);
	}
	graph_free(m.g);
}

static uint64_t asked(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void random_graphs(void)
{
	uint64_t from = asked("FW_SEED", 1), graphs = asked("FW_GRAPHS", 3000);

	note("%" PRIu64 " graphs, seeds from %" PRIu64, graphs, from);
	for (uint64_t i = 0; i < graphs; i++)
		one_graph(from + i);
	for (int p = 0; p < PROPERTIES; p++)
		ok(wrong[p] == 0, property_text[p]);
	ok(shorter_than_all > 100 || graphs < 3000, "... and often that is not all of them");
}

/* ---- known beforehand -------------------------------------------------------------------------------------------- */

/* A watched gate over n new components. */
static uint32_t over_new(struct graph *g, uint32_t need, uint32_t n)
{
	uint32_t gate = graph_gate(g, NULL, need, need);

	for (uint32_t i = 0; i < n; i++)
		graph_member(g, gate, graph_component(g, NULL, 0.5));
	graph_watch(g, gate);
	return gate;
}

static struct cut_sets *sets_of(struct graph *g, uint32_t node, struct cut_bound b, struct err *err)
{
	struct cut_sets *c = NULL;

	*err = (struct err){ "" };
	graph_cut_sets(g, &(struct cut_question){ .node = node }, &b, &c, err);
	return c;
}

static void is_count(struct cut_sets *c, uint32_t size, const char *want, const char *name)
{
	char *got = c ? cut_sets_count(c, size) : NULL;

	is_str(got, want, name);
	free(got);
}

static void count_sizes(void *owner, const uint32_t *component, size_t n)
{
	(void)component;
	*(size_t *)owner = *(size_t *)owner * 10 + n;
}

static void degenerate(void)
{
	struct graph *g = graph_new(0);
	uint32_t alone = graph_component(g, "alone", 0.25), one = over_new(g, 1, 1), mixed;
	uint32_t any = over_new(g, NODE_ALL, 2), both = over_new(g, 1, 3);
	struct importance i[4];
	struct cut_sets *c;
	struct err err;
	size_t sizes = 0;

	mixed = graph_gate(g, "mixed", NODE_ALL, NODE_ALL);
	graph_member(g, mixed, any);
	graph_member(g, mixed, both);
	graph_watch(g, mixed);
	graph_build(g, &err);
	is_count(c = sets_of(g, alone, cut_bound_default(), &err), 1, "1", "a component ends itself");
	cut_sets_free(c);
	ok(graph_importance(g, alone, i, 4) == 1 && i[0].birnbaum == 1 && i[0].raw == 4 && isinf(i[0].rrw),
	   "... and is all that matters");
	is_count(c = sets_of(g, one, cut_bound_default(), &err), 0, "1", "a gate of one member has one cut set");
	cut_sets_free(c);
	c = sets_of(g, mixed, cut_bound_default(), &err);
	is_count(c, 2, "0", "no cut set of a size between");
	is_int(cut_sets_each(c, 9, count_sizes, &sizes), 3, "two single ones and one of three");
	is_int(sizes, 113, "... smallest first");
	is_int(cut_sets_each(c, 0, count_sizes, &sizes), 0, "none listed when none is wanted");
	cut_sets_free(c);
	graph_set(g, alone, STATE_DOWN);
	graph_set(g, graph_component_at(g, 1), STATE_DOWN);
	is_count(c = sets_of(g, one, cut_bound_default(), &err), 0, "0", "what is down has no cut set");
	ok(c && cut_sets_largest(c) == 0 && cut_sets_each(c, 5, count_sizes, &sizes) == 0,
	   "... of no size, none listed");
	cut_sets_free(c);
	is_count(c = sets_of(g, alone, cut_bound_default(), &err), 0, "0", "so too a component");
	cut_sets_free(c);
	graph_free(g);
}

static void missing_rates(void)
{
	struct graph *g = graph_new(0);
	uint32_t gate = graph_gate(g, "pair", 1, 1), a = graph_component(g, "a", 0.1), b = graph_component(g, "b", -1);
	struct importance i[2];
	struct err err;

	graph_member(g, gate, a);
	graph_member(g, gate, b);
	graph_watch(g, gate);
	graph_build(g, &err);
	graph_importance(g, gate, i, 2);
	ok(isnan(i[0].birnbaum) && isnan(i[0].raw), "an unavailability that matters is missing: not a number");
	ok(i[1].birnbaum == 0.1 && isnan(i[1].rrw), "... but one's own does not matter to Birnbaum");
	graph_set(g, b, STATE_DOWN);
	graph_importance(g, gate, i, 2);
	ok(i[0].birnbaum == 1 && isinf(i[0].rrw), "what is down needs none");
	ok(i[1].fussell_vesely == 1 && i[1].raw == 1 && isinf(i[1].rrw),
	   "... it has failed, and its repair ends the outage");
	graph_free(g);
}

/* Large binomials and powers, digit by digit: from an independent calculator. */
static void wide(void)
{
	struct graph *g = graph_new(0);
	uint32_t half = over_new(g, 101, 200), one = over_new(g, 1, 100000);
	uint32_t all = over_new(g, NODE_ALL, 100000), most = over_new(g, 1000, 1100);
	struct cut_sets *c;
	struct err err;

	ok(graph_build(g, &err) == FW_OK, "wide gates");
	is_count(c = sets_of(g, half, cut_bound_default(), &err), 100,
		 "90548514656103281165404177077484163874504589675413336841320",
		 "100 of 200: beyond 64 bits, every digit");
	cut_sets_free(c);
	is_count(c = sets_of(g, one, cut_bound_default(), &err), 100000, "1",
		 "one of 100,000: one cut set of them all");
	cut_sets_free(c);
	is_count(c = sets_of(g, all, cut_bound_default(), &err), 0, "100000", "all of 100,000: as many single points");
	cut_sets_free(c);
	c = sets_of(g, most, cut_bound_default(), &err);
	is_count(c, 101, "14088783897249044915146695740810487996209777450781913289870060633930542431792"
		 "321546703021458778968933473442220807301987741755387395736050263776000", "101 of 1,100");
	cut_sets_free(c);
	graph_free(g);
}

/* 20,000 floors, each needs the one below it and one of two of its own: a cut set of two for each, and the ground. */
static void deep(void)
{
	enum { FLOORS = 20000 };
	struct graph *g = graph_new(0);
	uint32_t below_it = graph_component(g, NULL, 1e-6), pair, top = 0;
	struct importance *i = malloc((2 * FLOORS + 1) * sizeof(*i));
	struct cut_sets *c;
	struct err err;
	size_t sizes = 0;

	for (int k = 0; k < FLOORS; k++) {
		pair = graph_gate(g, NULL, 1, 1);
		graph_member(g, pair, graph_component(g, NULL, 1e-6));
		graph_member(g, pair, graph_component(g, NULL, 1e-6));
		top = graph_gate(g, NULL, NODE_ALL, NODE_ALL);
		graph_member(g, top, pair);
		graph_member(g, top, below_it);
		below_it = top;
	}
	graph_watch(g, top);
	ok(graph_build(g, &err) == FW_OK, "20,000 floors");
	c = sets_of(g, top, cut_bound_default(), &err);
	is_count(c, 2, "20000", "a pair on each floor");
	is_int(c ? cut_sets_each(c, 3, count_sizes, &sizes) : 0, 3, "the first of them");
	is_int(sizes, 122, "... are the foundation alone, then pairs");
	cut_sets_free(c);
	is_int(graph_importance(g, top, i, 2 * FLOORS + 1), 2 * FLOORS + 1, "every component has its importance");
	is_double(i[0].fussell_vesely, 1e-6 / graph_verdict(g, top).p, 1e-9, "... the foundation's is known");
	free(i);
	graph_free(g);
}

static void bounds(void)
{
	struct graph *g = graph_new(0);
	uint32_t gate = over_new(g, 51, 100);
	struct cut_bound few = { .nodes = 1000, .steps = 1000000 }, hasty = { .nodes = 1000000, .steps = 500 };
	struct cut_bound all = cut_bound_default();
	struct cut_sets *c;
	struct err err;

	graph_build(g, &err);
	ok(sets_of(g, gate, few, &err) == NULL && strstr(err.text, "memory"), "more nodes than allowed: said so");
	ok(sets_of(g, gate, hasty, &err) == NULL && strstr(err.text, "steps"), "more steps than allowed: said so");
	graph_cut_sets(g, &(struct cut_question){ .node = gate }, &all, &c, &err);
	cut_sets_free(c);
	all.steps = cut_bound_default().steps - all.steps - 1;		/* one less than it takes: the last sum */
	ok(sets_of(g, gate, all, &err) == NULL && strstr(err.text, "steps"), "so too when the sums would take them");
	ok(graph_verdict(g, gate).distance == 50, "... and the distance is exact all the same");
	graph_free(g);
}

/* ---- real fault trees -------------------------------------------------------------------------------------------- */

static bool same_sizes(const struct cut_sets *c, const char *all, char *sizes)
{
	char *got = cut_sets_count(c, 0);
	bool good = strcmp(got, all) == 0;
	uint32_t size = 0;

	free(got);
	for (char *word = sizes, *next; word; word = next) {
		next = strchr(word, ',');
		if (next)
			*next++ = '\0';
		got = cut_sets_count(c, ++size);
		good &= strcmp(got, word) == 0;
		free(got);
	}
	return good && size == cut_sets_largest(c);
}

/* As it prints: six digits. */
static bool as_printed(double got, const char *want)
{
	double w = strtod(want, NULL);

	return fabs(got - w) <= 0.6e-5 * pow(10, floor(log10(fabs(w)))) || (isinf(got) && w > 1e12);
}

static int importance_as_printed(struct graph *g, uint32_t service, const char *model)
{
	struct importance *i = malloc(graph_size(g).components * sizeof(*i));
	size_t n = graph_importance(g, service, i, graph_size(g).components), seen = 0;
	char path[600], line[512], name[100], word[5][40];
	FILE *f;
	int bad = -1;

	snprintf(path, sizeof(path), "%s/%s.importance.tsv", trees_folder(), model);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%99[^\t]\t%*s\t%39s\t%39s\t%39s\t%39s\t%39s", name, word[0], word[1],
			   word[2], word[3], word[4]) != 6)
			continue;
		bad += bad < 0;
		for (size_t k = 0; k < n; k++) {
			if (strcmp(graph_name(g, i[k].component), name) != 0)
				continue;
			seen++;
			bad += !as_printed(i[k].birnbaum, word[0]) || !as_printed(i[k].criticality, word[1]) ||
			       !as_printed(i[k].fussell_vesely, word[2]) || !as_printed(i[k].raw, word[3]) ||
			       !as_printed(i[k].rrw, word[4]);
		}
	}
	if (f)
		fclose(f);
	free(i);
	return bad < 0 ? bad : bad + (seen != n);
}

static void one_tree(const char *model, const char *all, char *sizes, double p)
{
	double from = now_ms(), took;
	struct graph *g = tree_read(model);
	struct cut_sets *c = NULL;
	struct err err = { "" };
	uint32_t service = tree_service(g);
	char name[160];
	int bad;

	if (graph_build(g, &err) == FW_OK)
		c = sets_of(g, service, cut_bound_default(), &err);
	snprintf(name, sizeof(name), "%s: %s cut sets, by size", model, all);
	ok(c && same_sizes(c, all, sizes) && fabs(graph_verdict(g, service).p - p) <= 1e-9 * p, name);
	took = now_ms() - from;
	snprintf(name, sizeof(name), "%s: in less than five seconds", model);
	ok(took < 5000 || getenv("SANITIZE"), name);
	note("%-9s %.0f ms%s%s", model, took, *err.text ? ": " : "", err.text);
	snprintf(name, sizeof(name), "%s: importance to the digits printed", model);
	bad = importance_as_printed(g, service, model);
	if (bad < 0)
		skip(1, "none printed");
	else
		is_int(bad, 0, name);
	cut_sets_free(c);
	graph_free(g);
}

static void real_trees(void)
{
	char path[600], line[4096], model[32], all[64], sizes[2048];
	struct rusage used;
	double p;
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/expected.tsv", trees_folder());
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%31s\t%*[^\t]\t%*u\t%*u\t%63s\t%2047s\t%lf", model, all, sizes, &p) != 4)
			continue;
		one_tree(model, all, sizes, p);
		n++;
	}
	if (f)
		fclose(f);
	getrusage(RUSAGE_SELF, &used);
	ok(used.ru_maxrss < 1 << 20 || getenv("SANITIZE"), "all within a GiB");
	note("%d models, %ld MiB", n, used.ru_maxrss / 1024);
}

static int count_trees(void)
{
	char path[600], line[4096];
	int n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/expected.tsv", trees_folder());
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		n++;
	if (f)
		fclose(f);
	return n < 0 ? 0 : n;
}

int main(void)
{
	enum { KNOWN = 1 + 10 + 4 + 5 + 6 + 4 };
	int trees = count_trees();

	plan(PROPERTIES + KNOWN + (trees ? 3 * trees + 1 : 1));
	random_graphs();
	degenerate();
	missing_rates();
	wide();
	deep();
	bounds();
	if (trees)
		real_trees();
	else
		skip(1, "no faulttrees in $FOREWARN_SHARED");
	return done();
}
