/* poller/service/cuts.c: the minimal cut sets of a node: counted by size, and the smallest ones listed. On demand only.
 *
 * The function F, given what is down, is copied out of the cells and reduced again. Its minimal cut sets follow from
 * the children, bottom-up, as a zero-suppressed diagram (Rauzy 1993):
 *	M(if x then h else l) = M(l), and x added to those sets of M(h) that do not make l true
 * for a set that makes l true ends the service without x. The sets are counted on that diagram and never listed for it.
 * Nothing that is kept up to date is touched: what is made here is the asker's, and goes with his answer.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "build-int.h"
#include "short-int.h"

enum {
	NODES_DEFAULT = 8000000,	/* 300 MiB with their tables, while they are made and counted */
	TALLY_OCTETS = 256 << 20,
};
#define STEPS_DEFAULT UINT64_C(600000000)

struct cut_sets {
	struct families z;
	uint32_t root;
	struct tally *tally;
	uint32_t *component;		/* of each level */
	uint32_t *least;		/* of each node: the size of its smallest set; made by the first list */
	uint32_t exact_to;		/* all are there up to this size; 0: of any size */
	struct shorter *of;		/* when they were found by size: of what */
};

/* ---- the function, given what is down ---------------------------------------------------------------------------- */

struct given {
	struct monotone *fn;
	uint32_t used, root;
	uint32_t *bucket, *next, buckets;	/* the unique table; only while copying */
	uint32_t *copy;			/* of each cell from 'first' on */
	uint32_t first;
};

static bool is_down(const struct lens *w, uint32_t cell)
{
	return state_in((enum state)w->state[w->g->live.cell[cell].level], SET_DOWN);
}

static uint32_t copied(const struct given *w, uint32_t cell)
{
	return cell < DIAGRAM_INNER ? cell : w->copy[cell - w->first];
}

static uint32_t copy_node(struct given *w, uint32_t level, uint32_t lo, uint32_t hi)
{
	uint32_t key[3] = { level, lo, hi }, *head, i;

	if (lo == hi)
		return lo;
	head = &w->bucket[hash_stable(key, sizeof(key)) & (w->buckets - 1)];
	for (i = *head; i; i = w->next[i])
		if (w->fn[i].level == level && w->fn[i].lo == lo && w->fn[i].hi == hi)
			return i;
	i = w->used++;
	w->fn[i] = (struct monotone){ .level = level, .lo = lo, .hi = hi, .minimal = FAMILY_FULL };
	w->next[i] = *head;
	return *head = i;
}

/* Mark the cells under 'root' that count, the others stay 0; returns how many. Children have smaller numbers. */
static uint32_t mark(struct given *w, const struct lens *seen, uint32_t root)
{
	const struct live *l = &seen->g->live;
	uint32_t n = 0;

	w->copy[root - w->first] = 1;
	for (uint32_t i = root; i >= w->first; i--) {
		const struct cell *c = &l->cell[i];

		if (!w->copy[i - w->first])
			continue;
		n++;
		if (c->hi >= DIAGRAM_INNER)
			w->copy[c->hi - w->first] = 1;
		if (c->lo >= DIAGRAM_INNER && !is_down(seen, i))
			w->copy[c->lo - w->first] = 1;
	}
	return n;
}

static void given_alloc(struct given *w, uint32_t n)
{
	w->fn = must_alloc((n + DIAGRAM_INNER) * sizeof(*w->fn));
	w->fn[0] = (struct monotone){ .level = LEVEL_NONE, .lo = 0, .hi = 0, .minimal = FAMILY_NONE };
	w->fn[1] = (struct monotone){ .level = LEVEL_NONE, .lo = 1, .hi = 1, .minimal = FAMILY_UNIT };
	w->used = DIAGRAM_INNER;
	for (w->buckets = 64; w->buckets < n; w->buckets *= 2)
		;
	w->bucket = must_alloc(w->buckets * sizeof(*w->bucket));
	w->next = must_alloc((n + DIAGRAM_INNER) * sizeof(*w->next));
}

static void given_done(struct given *w)
{
	free(w->bucket);
	free(w->next);
	free(w->copy);
	w->bucket = w->next = w->copy = NULL;
}

/* F of a watched gate; its levels are numbered from the top of its part. */
static void given_gate(struct given *w, const struct lens *seen, const struct root *r)
{
	const struct live *l = &seen->g->live;

	if (r->f < DIAGRAM_INNER) {
		given_alloc(w, 0);
		w->root = r->f;
		return;
	}
	w->first = l->level[r->to - 1].from;
	w->copy = must_alloc((r->f - w->first + 1) * sizeof(*w->copy));
	given_alloc(w, mark(w, seen, r->f));
	for (uint32_t i = w->first; i <= r->f; i++) {
		const struct cell *c = &l->cell[i];

		if (!w->copy[i - w->first])
			continue;
		w->copy[i - w->first] = is_down(seen, i) ? copied(w, c->hi) :
					copy_node(w, c->level - r->from, copied(w, c->lo), copied(w, c->hi));
	}
	w->root = copied(w, r->f);
}

/* A component is a function of itself. */
static void given_component(struct given *w, bool down)
{
	given_alloc(w, 1);
	w->root = down ? DIAGRAM_TRUE : copy_node(w, 0, DIAGRAM_FALSE, DIAGRAM_TRUE);
}

/* ---- minimal solutions ------------------------------------------------------------------------------------------- */

static uint32_t solve(struct families *z, struct given *w)
{
	for (uint32_t i = DIAGRAM_INNER; i < w->used; i++) {
		struct monotone *f = &w->fn[i];
		uint32_t with = families_without(z, w->fn, w->fn[f->hi].minimal, f->lo);

		f->minimal = families_make(z, f->level, w->fn[f->lo].minimal, with);
		if (f->minimal == FAMILY_FULL)
			return FAMILY_FULL;
	}
	return w->fn[w->root].minimal;
}

static enum fw_err bound_met(const struct graph *g, uint32_t node, const struct cut_bound *b, struct err *err)
{
	return err_set(err, FW_FULL, "cannot count the cut sets of '%s': more than %s", g->node[node].name,
		       b->steps == 0 ? "the steps allowed" : "the memory allowed for them");
}

struct cut_bound cut_bound_default(void)
{
	return (struct cut_bound){ .nodes = NODES_DEFAULT, .steps = STEPS_DEFAULT };
}

static enum fw_err no_room(const struct graph *g, uint32_t node, struct err *err)
{
	return err_set(err, FW_FULL, "cannot count the cut sets of '%s': its diagram has no room", g->node[node].name);
}

enum fw_err graph_cut_sets(struct graph *g, const struct cut_question *q, struct cut_bound *b, struct cut_sets **out,
			   struct err *err)
{
	struct cut_sets *c;
	struct lens *seen = q->lens ? q->lens : q->design ? graph_design(g) : graph_now(g);
	bool component = graph_is_component(g, q->node);
	struct given w = { .used = 0 };
	const struct root *r = NULL;
	uint32_t levels = 1;

	*out = NULL;
	if (!component && root_of(g, q->node)->loose)
		return no_room(g, q->node, err);
	c = must_alloc(sizeof(*c));
	if (component) {
		given_component(&w, lens_get(seen, q->node) == STATE_DOWN);
	} else {
		r = root_of(g, q->node);
		levels = r->to - r->from;
		given_gate(&w, seen, r);
	}
	given_done(&w);
	c->component = must_alloc((levels + 1) * sizeof(*c->component));
	for (uint32_t v = 0; v < levels; v++)
		c->component[v] = component ? q->node : g->live.level[r->from + v].component;
	families_init(&c->z, b->nodes, &b->steps);
	c->root = w.root == DIAGRAM_TRUE ? FAMILY_NONE : solve(&c->z, &w);	/* down: there is nothing to end */
	free(w.fn);
	families_settle(&c->z);
	if (c->root != FAMILY_FULL)
		c->tally = families_tally(&c->z, c->root, TALLY_OCTETS);
	if (c->tally) {
		*out = c;
		return FW_OK;
	}
	cut_sets_free(c);
	*out = NULL;
	return bound_met(g, q->node, b, err);
}

/* ---- those of up to a size --------------------------------------------------------------------------------------- */

enum { SHORT_GROWTH = 3 };		/* the next size will take so much longer, at least */

/* What is below a node, in the order of its diagrams. */
static struct shorter *below(const struct graph *g, uint32_t node)
{
	const struct root *r = root_of(g, node);
	uint32_t *at = must_alloc((r->to - r->from + 1) * sizeof(*at));
	struct sorting all;
	struct shorter *s;

	sorting_init(&all, g);
	sort_from(&all, node);
	for (uint32_t v = r->from; v < r->to; v++)
		at[v - r->from] = g->live.level[v].component;
	s = shorter_new(g, &(struct part){ .gate = all.gate, .gates = all.gates }, at, r->to - r->from);
	sorting_release(&all);
	free(at);
	return s;
}

/* The sets of one size more each time, until all are there or a bound is met: those that were found last. */
static void find_short(struct cut_sets *c, const struct short_question *q, unsigned most)
{
	enum short_end end = SHORT_CUT;
	uint64_t last = 0;

	c->root = FAMILY_FULL;
	for (unsigned size = 1; end == SHORT_CUT && size <= most && last < *q->steps / SHORT_GROWTH; size++) {
		uint64_t before = *q->steps;
		struct families z;
		uint32_t root;

		end = short_sets(q, size, &z, &root);
		last = before - *q->steps;
		families_settle(&z);
		if (end == SHORT_FULL) {
			families_release(&z);
			return;
		}
		families_release(&c->z);
		c->z = z;
		c->root = root == FAMILY_UNIT ? FAMILY_NONE : root;
		c->exact_to = end == SHORT_ALL ? 0 : size;
	}
}

enum fw_err short_cut_sets(struct graph *g, const struct cut_question *q, struct cut_bound *b, unsigned most,
			   struct cut_sets **out)
{
	struct lens *seen = q->lens ? q->lens : q->design ? graph_design(g) : graph_now(g);
	struct cut_sets *c = must_alloc(sizeof(*c));
	uint8_t *state = states_of(seen);
	struct shorter *s = below(g, q->node);
	uint64_t steps;

	c->component = must_alloc((s->levels + 1) * sizeof(*c->component));
	memcpy(c->component, s->at, s->levels * sizeof(*s->at));
	find_short(c, &(struct short_question){ .of = s, .state = state, .nodes = b->nodes, .steps = &b->steps }, most);
	steps = UINT64_MAX;		/* to count them takes less than to make them */
	c->z.steps = &steps;
	if (c->root != FAMILY_FULL)
		c->tally = families_tally(&c->z, c->root, TALLY_OCTETS);
	c->z.steps = NULL;
	c->of = s;
	free(state);
	*out = c->tally ? c : NULL;
	if (c->tally)
		return FW_OK;
	cut_sets_free(c);
	return FW_FULL;
}

enum fw_err graph_short_cut_sets(struct graph *g, const struct cut_question *q, struct cut_bound *b,
				 struct cut_sets **out, struct err *err)
{
	if (graph_is_component(g, q->node))
		return graph_cut_sets(g, q, b, out, err);
	return short_cut_sets(g, q, b, JOIN_SIZE_MOST, out) == FW_OK ? FW_OK : bound_met(g, q->node, b, err);
}

/* Of what the diagrams have, which is within F. */
struct within { double of[2]; };
static struct within known_within(struct lens *seen, uint32_t node)
{
	const struct value *f = &seen->value[root_of(seen->g, node)->f];

	return (struct within){ { f->p, f->p_horizon } };
}

struct between graph_between(struct graph *g, const struct cut_question *q, const struct cut_sets *c)
{
	struct lens *seen = q->lens ? q->lens : q->design ? graph_design(g) : graph_now(g);
	struct verdict v = lens_verdict(seen, q->node);
	struct shorter *own = NULL;
	struct between b;
	uint8_t *state;

	if (v.exact)
		return (struct between){ { v.p, v.p }, { v.p_horizon, v.p_horizon } };
	if (v.distance == 0)
		return (struct between){ { 1, 1 }, { 1, 1 } };
	state = states_of(seen);
	own = c && c->of ? NULL : below(g, q->node);
	if (c && c->of)
		b = chances_between(c->of, state, &(struct known_sets){ &c->z, c->root, c->exact_to > 0, c->exact_to },
				    known_within(seen, q->node).of);
	else
		b = chances_between(own, state, NULL, known_within(seen, q->node).of);
	shorter_free(own);
	free(state);
	return b;
}

void cut_sets_free(struct cut_sets *c)
{
	if (!c)
		return;
	families_release(&c->z);
	shorter_free(c->of);
	free(c->tally);
	free(c->component);
	free(c->least);
	free(c);
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

uint32_t cut_sets_largest(const struct cut_sets *c)
{
	return c->tally->terms ? c->tally->from + c->tally->terms - 1 : 0;
}

uint32_t cut_sets_exact_to(const struct cut_sets *c) { return c->exact_to; }

char *cut_sets_count(const struct cut_sets *c, uint32_t size)
{
	return tally_digits(c->tally, size == 0 ? TALLY_ALL : size);
}

/* ---- the smallest ones ------------------------------------------------------------------------------------------- */

/*
 * A set is a path; its choices form a tree that shares what paths have in common. A branch is a place where another
 * path leaves, and 'size' the size of the smallest set behind it: so taking branches by size lists sets by size, and
 * each branch taken gives a set. Once as many branches of a size or less are there as sets are wanted, larger ones are
 * not kept.
 */
struct choice { uint32_t component, before; };		/* before: choice it follows, 0 none */
struct branch { uint32_t node, choice, next; };		/* next: of the same size, 0 none */

struct listing {
	const struct cut_sets *c;
	struct choice *choice;
	struct branch *branch;
	uint32_t choices, choices_room, branches, branches_room;
	uint32_t *of_size;		/* the first branch of each size */
	size_t *count;			/* branches ever kept of each size */
	uint32_t largest;		/* size worth keeping */
	size_t kept, most;		/* up to 'largest'; wanted */
};

static void fill_least(struct cut_sets *c)
{
	c->least = must_alloc(c->z.used * sizeof(*c->least));
	c->least[FAMILY_NONE] = UINT32_MAX;
	for (uint32_t i = FAMILY_INNER; i < c->z.used; i++) {
		uint32_t lo = c->least[c->z.node[i].lo], hi = c->least[c->z.node[i].hi] + 1;

		c->least[i] = lo < hi ? lo : hi;
	}
}

static void keep(struct listing *w, uint32_t size, uint32_t node, uint32_t choice)
{
	if (size > w->largest || (size == w->largest && w->kept >= w->most))
		return;
	if (w->branches == w->branches_room) {
		w->branches_room = w->branches_room ? w->branches_room * 2 : 256;
		w->branch = must_realloc(w->branch, w->branches_room * sizeof(*w->branch));
	}
	w->branch[w->branches] = (struct branch){ .node = node, .choice = choice, .next = w->of_size[size] };
	w->of_size[size] = w->branches++;
	w->count[size]++;
	w->kept++;
	while (w->largest > 0 && w->kept - w->count[w->largest] >= w->most)
		w->kept -= w->count[w->largest--];
}

static uint32_t choose(struct listing *w, uint32_t component, uint32_t before)
{
	if (w->choices == w->choices_room) {
		w->choices_room = w->choices_room ? w->choices_room * 2 : 256;
		w->choice = must_realloc(w->choice, w->choices_room * sizeof(*w->choice));
	}
	w->choice[w->choices] = (struct choice){ .component = component, .before = before };
	return w->choices++;
}

/* Follow a branch to its smallest set; what leaves on the way is kept for later. Returns its last choice. */
static uint32_t follow(struct listing *w, struct branch b, uint32_t size)
{
	const struct cut_sets *c = w->c;
	uint32_t chosen = size - c->least[b.node];

	while (b.node >= FAMILY_INNER) {
		const struct family_node *n = &c->z.node[b.node];
		uint32_t lo = chosen + c->least[n->lo], hi = chosen + 1 + c->least[n->hi];
		bool high = n->lo == FAMILY_NONE || hi <= lo, both = n->lo != FAMILY_NONE;
		uint32_t with = high || hi <= w->largest ? choose(w, c->component[n->level], b.choice) : 0;

		if (both)
			keep(w, high ? lo : hi, high ? n->lo : n->hi, high ? b.choice : with);
		chosen += high;
		b.choice = high ? with : b.choice;
		b.node = high ? n->hi : n->lo;
	}
	return b.choice;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void tell(const struct listing *w, uint32_t choice, uint32_t *set, cut_set_function *each, void *owner)
{
	size_t n = 0;

	for (; choice; choice = w->choice[choice].before)
		set[n++] = w->choice[choice].component;
	qsort(set, n, sizeof(*set), by_number);
	each(owner, set, n);
}

size_t cut_sets_each(struct cut_sets *c, size_t most, cut_set_function *each, void *owner)
{
	uint32_t sizes = cut_sets_largest(c) + 1, *set;
	struct listing w = { .c = c, .largest = sizes - 1, .most = most, .branches = 1, .choices = 1,
			     .branches_room = 256, .choices_room = 256 };
	size_t told = 0;

	if (most == 0 || c->root == FAMILY_NONE)
		return 0;
	if (!c->least)
		fill_least(c);
	set = must_alloc(sizes * sizeof(*set));
	w.branch = must_alloc(w.branches_room * sizeof(*w.branch));
	w.choice = must_alloc(w.choices_room * sizeof(*w.choice));
	w.of_size = must_alloc(sizes * sizeof(*w.of_size));
	w.count = must_alloc(sizes * sizeof(*w.count));
	keep(&w, c->least[c->root], c->root, 0);
	for (uint32_t size = 0; size < sizes && told < most; size++) {
		while (w.of_size[size] && told < most) {
			struct branch b = w.branch[w.of_size[size]];

			w.of_size[size] = b.next;
			tell(&w, follow(&w, b, size), set, each, owner);
			told++;
		}
	}
	free(set);
	free(w.branch);
	free(w.choice);
	free(w.of_size);
	free(w.count);
	return told;
}
