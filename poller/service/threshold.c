/* poller/service/threshold.c: functions that are true when enough of others are, counted or weighed.
 *
 * With T(i,s) "those of the first i that are true weigh more than s":
 *	T(i,s) = if f_i then T(i-1, s - weight_i) else T(i-1, s)
 * As a function of s, T(i,.) is a staircase: true below 0, false from the weight of all on, and between them another
 * function at each sum that some of them have. It is held as the list of its steps, and of those only the ones that
 * T(n,slack) will ask for; neighbours that are one function are one step (Abio and others 2012). With weights that are
 * all 1, "at least k" over n variables has k * (n-k+1) nodes, and none but its own are made.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "diagram-int.h"

enum {
	END_STEPS = 1024,		/* how far the end of a member is looked for: it only serves to sort */
	STAIRS_MOST = 1 << 20,		/* more steps than that are not held */
};

struct ranked { uint32_t top, end, f; uint64_t weight; };

static int deepest_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->top != y->top)
		return x->top < y->top ? 1 : -1;
	if (x->end != y->end)
		return x->end < y->end ? 1 : -1;
	if (x->f != y->f)
		return x->f < y->f ? -1 : 1;
	return x->weight < y->weight ? -1 : x->weight > y->weight;
}

/* Where the path ends on which nothing has failed: tells apart members that begin with the same shared variable. */
static uint32_t end_of(const struct diagram *d, uint32_t f)
{
	uint32_t end = diagram_level(d, f);

	for (int steps = 0; f >= DIAGRAM_INNER && steps < END_STEPS; f = d->node[f].lo, steps++)
		end = d->node[f].level;
	return end;
}

/* So that each member is put on top of what is there, and over variables costs one node. */
static struct ranked *sort_deepest_first(const struct diagram *d, const uint32_t *f, const uint64_t *weight, size_t n)
{
	struct ranked *r = must_alloc((n + 1) * sizeof(*r));

	for (size_t i = 0; i < n; i++)
		r[i] = (struct ranked){ .top = diagram_level(d, f[i]), .end = end_of(d, f[i]), .f = f[i],
					.weight = weight ? weight[i] : 1 };
	qsort(r, n, sizeof(*r), deepest_first);
	return r;
}

/* T(i,.): fn[j] from from[j] on, up to where the next one begins. */
struct stairs {
	int64_t *from;
	uint32_t *fn;
	size_t n, room;
};

static void stairs_release(struct stairs *t)
{
	free(t->from);
	free(t->fn);
}

/* False when there are too many. */
static bool stairs_add(struct stairs *t, int64_t from, uint32_t fn)
{
	if (t->n > 0 && t->fn[t->n - 1] == fn)
		return true;
	if (t->n == STAIRS_MOST)
		return false;
	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 16;
		t->from = must_realloc(t->from, t->room * sizeof(*t->from));
		t->fn = must_realloc(t->fn, t->room * sizeof(*t->fn));
	}
	t->from[t->n] = from;
	t->fn[t->n++] = fn;
	return true;
}

static size_t stair_at(const struct stairs *t, int64_t s)
{
	size_t from = 0, to = t->n;

	while (to - from > 1) {
		size_t mid = from + (to - from) / 2;

		if (t->from[mid] <= s)
			from = mid;
		else
			to = mid;
	}
	return from;
}

static int64_t next_from(const struct stairs *t, size_t i, int64_t up)
{
	return i + 1 < t->n ? t->from[i + 1] + up : INT64_MAX;
}

/* One member more: 'to' from 'of', for s from 'low' to 'slack'. */
static bool one_more(struct diagram *d, struct stairs *to, const struct stairs *of, const struct ranked *x,
		     const int64_t window[2])
{
	int64_t weight = (int64_t)x->weight, s = window[0];
	size_t with = stair_at(of, s - weight), without = stair_at(of, s);
	struct diagram_roots held = { .next = d->roots };

	d->roots = &held;
	to->n = 0;
	while (s <= window[1]) {
		int64_t a = next_from(of, with, weight), b = next_from(of, without, 0);
		uint32_t fn = diagram_ite(d, x->f, of->fn[with], of->fn[without]);

		if (fn == DIAGRAM_FULL || ++d->steps > d->most_steps || !stairs_add(to, s, fn))
			break;
		held.ref = to->fn;
		held.n = to->n;
		with += a <= b;
		without += b <= a;
		s = a < b ? a : b;
	}
	d->roots = held.next;
	return s > window[1];
}

static uint32_t weigh(struct diagram *d, const struct ranked *r, size_t n, int64_t slack, int64_t rest)
{
	struct stairs t[2] = { { .n = 0 }, { .n = 0 } };
	struct diagram_roots held = { .next = d->roots };
	bool good = true;
	uint32_t result;

	stairs_add(&t[0], INT64_MIN / 2, DIAGRAM_TRUE);
	stairs_add(&t[0], 0, DIAGRAM_FALSE);
	d->roots = &held;
	for (size_t i = 0; i < n && good; i++) {
		struct stairs *of = &t[i % 2], *to = &t[1 - i % 2];

		held.ref = of->fn;
		held.n = of->n;
		rest -= (int64_t)r[i].weight;
		good = one_more(d, to, of, &r[i], (int64_t[]){ slack - rest, slack });
	}
	result = good ? t[n % 2].fn[stair_at(&t[n % 2], slack)] : DIAGRAM_FULL;
	d->roots = held.next;
	stairs_release(&t[0]);
	stairs_release(&t[1]);
	return result;
}

uint32_t diagram_weigh(struct diagram *d, const uint32_t *f, const uint64_t *weight, size_t n, int64_t slack)
{
	struct diagram_roots members = { .ref = f, .n = n, .next = d->roots };
	struct ranked *r = sort_deepest_first(d, f, weight, n);
	int64_t all = 0;
	uint32_t result;

	for (size_t i = 0; i < n; i++)
		all += (int64_t)r[i].weight;
	d->roots = &members;
	result = slack < 0 ? DIAGRAM_TRUE : slack >= all ? DIAGRAM_FALSE : weigh(d, r, n, slack, all);
	d->roots = members.next;
	free(r);
	return result;
}

uint32_t diagram_at_least(struct diagram *d, const uint32_t *f, size_t n, size_t k)
{
	return diagram_weigh(d, f, NULL, n, (int64_t)k - 1);
}
