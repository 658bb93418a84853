/* poller/service/short.c: the minimal cut sets of up to a size, when all of them are too many, or the diagram too large.
 *
 * The gates are gone through members first. Of each gate the minimal sets of at most the size follow from those of its
 * members, which are families as well (join.c), and all of that is exact: a larger set of a member is in no shorter set
 * of the gate, and what lies within a set is shorter. What has failed is true before anything is left out, so it does
 * not count in a size.
 *
 * A gate fails when the members that failed weigh more than its slack, each 1, or its capacity. The members are taken
 * in one after the other: to each weight that some of them have together belongs the family of what makes them fail.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "build-int.h"
#include "short-int.h"

enum { SUMS_MOST = 1 << 14 };		/* different weights of a gate's members that are held */

struct sum { uint64_t weight; uint32_t family; };
struct member { uint32_t level, family; uint64_t weight; };

struct shorten {
	const struct short_question *q;
	const struct graph *g;
	unsigned size;
	struct families *z;
	struct join j;
	uint32_t *f;			/* of each node the family of F, then of each node that of G */
	uint32_t *waiting;		/* of each node: gates that still need it */
	struct member *member;		/* room */
	struct sum *sum[2];
	uint32_t sums;
};

/* ---- one gate ---------------------------------------------------------------------------------------------------- */

static int deepest_first(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->level != y->level)
		return x->level < y->level ? 1 : -1;
	return x->family < y->family ? -1 : x->family > y->family;
}

static bool add_sum(struct shorten *w, struct sum *to, uint32_t *n, struct sum s)
{
	if (*n > 0 && to[*n - 1].weight == s.weight) {
		to[*n - 1].family = join_any(&w->j, to[*n - 1].family, s.family);
		return to[*n - 1].family != FAMILY_FULL;
	}
	if (s.family == FAMILY_NONE)
		return true;
	if (*n == SUMS_MOST)
		return false;
	to[(*n)++] = s;
	return s.family != FAMILY_FULL;
}

/* One member more: sums without it and with it, by rising weight; what is enough counts as 'enough'. False: a bound. */
static bool take_member(struct shorten *w, const struct member *m, uint64_t enough, uint64_t rest)
{
	const struct sum *of = w->sum[0];
	struct sum *to = w->sum[1];
	uint32_t n = 0, without = 0, with = 0;
	bool good = true;

	if (!families_spend(w->z, 2 * (uint64_t)w->sums))
		return false;
	while (good && with < w->sums) {
		uint64_t then = of[with].weight + m->weight < enough ? of[with].weight + m->weight : enough;

		if (without < w->sums && of[without].weight <= then) {
			if (of[without].weight + rest >= enough)
				good = add_sum(w, to, &n, of[without]);
			without++;
			continue;
		}
		if (then + rest >= enough)
			good = add_sum(w, to, &n, (struct sum){ then, join_both(&w->j, of[with].family, m->family, w->size) });
		with++;
	}
	w->sum[0] = to;
	w->sum[1] = (struct sum *)of;
	w->sums = n;
	return good;
}

/* Those that may still fail stay; returns how many. What has failed lowers 'enough', down to 0. */
static uint32_t set_aside(struct shorten *w, uint32_t n, uint64_t *enough, uint64_t *rest)
{
	uint32_t left = 0;

	*rest = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct member m = w->member[i];

		if (m.family == FAMILY_UNIT) {
			*enough -= m.weight < *enough ? m.weight : *enough;
		} else if (m.family != FAMILY_NONE && m.weight > 0) {
			w->member[left++] = m;
			*rest += m.weight;
		}
	}
	qsort(w->member, left, sizeof(*w->member), deepest_first);
	return left;
}

/* Of members that are variables as many must fail as weigh enough: whether these are too many is known before. */
static bool too_many(const struct shorten *w, uint32_t n, uint64_t enough)
{
	uint64_t heaviest = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct family_node *f = &w->z->node[w->member[i].family];

		if (f->lo != FAMILY_NONE || f->hi != FAMILY_UNIT || (i > 0 && w->member[i - 1].level == f->level))
			return false;
		heaviest = w->member[i].weight > heaviest ? w->member[i].weight : heaviest;
	}
	return heaviest < (enough + w->size - 1) / w->size;
}

/* What makes members fail that weigh 'enough' together. */
static uint32_t weigh(struct shorten *w, uint32_t n, uint64_t enough)
{
	uint64_t rest;
	bool good = true;

	n = set_aside(w, n, &enough, &rest);
	w->sum[0][0] = (struct sum){ 0, FAMILY_UNIT };
	w->sums = 1;
	if (enough == 0 || rest < enough)
		return enough == 0 ? FAMILY_UNIT : FAMILY_NONE;
	if (too_many(w, n, enough)) {
		w->j.cut = true;
		return FAMILY_NONE;
	}
	for (uint32_t i = 0; i < n && good; i++) {
		rest -= w->member[i].weight;
		good = take_member(w, &w->member[i], enough, rest);
	}
	if (!good)
		return FAMILY_FULL;
	return w->sums > 0 && w->sum[0][w->sums - 1].weight >= enough ? w->sum[0][w->sums - 1].family : FAMILY_NONE;
}

static void take_members(struct shorten *w, const struct node *n, const uint32_t *of)
{
	for (uint32_t i = 0; i < n->members; i++) {
		uint32_t family = of[n->member[i]];

		w->member[i] = (struct member){ w->z->node[family].level, family, 1 };
	}
}

static uint32_t threshold(struct shorten *w, const struct node *n, const uint32_t *of, uint32_t need)
{
	take_members(w, n, of);
	return weigh(w, n->members, n->members - need + 1);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The capacity of the members that work is below what is needed. */
static uint32_t too_small(struct shorten *w, const struct node *n)
{
	uint64_t all = 0, need = least(n->need_capacity, CAPACITY_MOST);

	take_members(w, n, w->f);
	for (uint32_t i = 0; i < n->members; i++) {
		w->member[i].weight = n->capacity ? least(n->capacity[i], CAPACITY_MOST - all) : 0;
		all += w->member[i].weight;
	}
	return all < need ? FAMILY_UNIT : weigh(w, n->members, all - need + 1);
}

static void let_go(struct shorten *w, const struct node *n)
{
	for (uint32_t i = 0; i < n->members; i++) {
		uint32_t m = n->member[i];

		if (--w->waiting[m] == 0)
			w->f[m] = w->f[w->g->nodes + m] = FAMILY_NONE;
	}
}

static bool make_gate(struct shorten *w, uint32_t gate)
{
	const struct node *n = &w->g->node[gate];
	uint32_t f = threshold(w, n, w->f, graph_need(w->g, gate)), gg = FAMILY_NONE;

	if (w->q->degraded)
		gg = threshold(w, n, w->f + w->g->nodes, graph_full(w->g, gate));
	if (w->q->degraded && n->need_capacity > 0)
		gg = join_any(&w->j, gg, too_small(w, n));
	if (f == FAMILY_FULL || gg == FAMILY_FULL)
		return false;
	w->f[gate] = f;
	w->f[w->g->nodes + gate] = gg;
	let_go(w, n);
	if (w->z->used > w->z->most / 2)
		join_keep(&w->j, w->f, 2 * (size_t)w->g->nodes);
	return true;
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

/* Of those that are one variable the first stands for all; when one has failed, what they end has ended. */
static bool make_variables(struct shorten *w)
{
	const struct shorter *s = w->q->of;
	bool good = true;

	for (uint32_t v = s->levels; v-- > 0 && good;) {
		uint32_t c = s->at[v], first = s->at[s->first[v]];
		uint32_t variable = first == c ? families_make(w->z, v, FAMILY_NONE, FAMILY_UNIT) : FAMILY_NONE;

		good = variable != FAMILY_FULL;
		w->f[c] = state_in((enum state)w->q->state[w->g->node[c].index], w->q->set) ? FAMILY_UNIT : variable;
		w->f[w->g->nodes + c] = w->f[c];
	}
	return good;
}

/* Put each of those that a variable stood for in its place. */
static uint32_t expand(const struct shorter *s, struct families *z, uint32_t root)
{
	uint32_t n = z->used, *copy = must_alloc(n * sizeof(*copy));

	copy[FAMILY_UNIT] = FAMILY_UNIT;
	for (uint32_t i = FAMILY_INNER; i < n; i++) {
		struct family_node f = z->node[i];
		uint32_t v = f.level;

		while (v + 1 < s->levels && s->first[v + 1] == f.level)
			v++;
		copy[i] = copy[f.lo];
		for (; v != f.level - 1 && copy[i] != FAMILY_FULL; v--)
			copy[i] = families_make(z, v, copy[i], copy[f.hi]);
	}
	root = copy[root];
	free(copy);
	if (root != FAMILY_FULL)
		families_keep(z, &root, 1);
	return root;
}

static uint32_t most_members(const struct shorter *s)
{
	uint32_t most = 1;

	for (uint32_t i = 0; i < s->gates; i++) {
		uint32_t n = s->g->node[s->gate[i]].members;

		most = n > most ? n : most;
	}
	return most;
}

static bool make_gates(struct shorten *w)
{
	const struct shorter *s = w->q->of;
	bool good = make_variables(w);

	for (uint32_t i = 0; i < s->gates; i++)
		for (uint32_t k = 0; k < w->g->node[s->gate[i]].members; k++)
			w->waiting[w->g->node[s->gate[i]].member[k]]++;
	for (uint32_t i = 0; i < s->gates && good; i++)
		good = make_gate(w, s->gate[i]);
	return good;
}

enum short_end short_sets(const struct short_question *q, unsigned size, struct families *z, uint32_t *root)
{
	const struct graph *g = q->of->g;
	struct shorten w = { .q = q, .g = g, .size = size, .z = z };
	uint32_t top = q->of->gate[q->of->gates - 1] + (q->degraded ? g->nodes : 0);
	bool cut;

	must(size > 0 && size <= JOIN_SIZE_MOST);
	families_init(z, q->nodes, q->steps);
	join_init(&w.j, z);
	w.f = must_alloc(2 * (size_t)g->nodes * sizeof(*w.f));
	w.waiting = must_alloc(g->nodes * sizeof(*w.waiting));
	w.member = must_alloc(most_members(q->of) * sizeof(*w.member));
	for (int i = 0; i < 2; i++)
		w.sum[i] = must_alloc(SUMS_MOST * sizeof(*w.sum[i]));
	*root = FAMILY_FULL;
	if (make_gates(&w)) {
		families_keep(z, &w.f[top], 1);
		*root = expand(q->of, z, w.f[top]);
	}
	cut = w.j.cut;
	free(w.f);
	free(w.waiting);
	free(w.member);
	free(w.sum[0]);
	free(w.sum[1]);
	join_release(&w.j);
	return *root == FAMILY_FULL ? SHORT_FULL : cut ? SHORT_CUT : SHORT_ALL;
}
