/* poller/service/together.c: components that failed together more often than independence allows. See fate.h.
 *
 * Two independent components that fail n and m times in a time T fail within a window w of each other n m 2 w / T times
 * on average, and the number of times is nearly Poisson for it is rare. Only pairs that occur are looked at, and of one
 * moment only so many: a feed that takes a thousand machines makes half a million pairs, and the first ones tell.
 */
#include <math.h>
#include <stdlib.h>

#include "poller/base/err.h"
#include "fate.h"

enum { SAME_WINDOWS = 10, PARTNERS_MOST = 32 };	/* a failure sooner after the last than so many windows is the same */

struct pair { uint64_t key; uint32_t times; };	/* a << 32 | b */

struct meeting {
	const struct together_question *q;
	struct went_down *at;		/* without those that are the same again */
	size_t n;
	struct pair *pair;		/* open addressing, key 0: free */
	uint32_t pairs, size;		/* size: a power of two */
	uint64_t lost;
};

/* P(X >= n): the sum from n on, or one minus that before it, whichever is the smaller part. */
double poisson_tail(double mean, uint32_t n)
{
	double term = exp(n * log(mean) - mean - lgamma((double)n + 1)), sum = 0;

	if (n == 0)
		return 1;
	if (!(mean > 0))
		return 0;
	if (mean < n) {
		for (double k = n; term > sum * 1e-17; term *= mean / ++k)
			sum += term;
		return sum;
	}
	for (double k = n; k > 0 && term > sum * 1e-17; k--) {
		term *= k / mean;
		sum += term;
	}
	return sum < 1 ? 1 - sum : 0;
}

static struct pair *pair_of(struct meeting *m, uint64_t key)
{
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t i = (uint32_t)(hash >> 32) & (m->size - 1);

	while (m->pair[i].key && m->pair[i].key != key)
		i = (i + 1) & (m->size - 1);
	return &m->pair[i];
}

/* Numbers are kept from 1 on, so that no key is 0. */
static void meet(struct meeting *m, uint32_t a, uint32_t b)
{
	uint64_t key = a < b ? (uint64_t)(a + 1) << 32 | (b + 1) : (uint64_t)(b + 1) << 32 | (a + 1);
	struct pair *p = pair_of(m, key);

	if (!p->key && m->pairs == m->q->most_pairs) {
		m->lost++;
		return;
	}
	m->pairs += !p->key;
	p->key = key;
	p->times++;
}

static int by_component(const void *x, const void *y)
{
	const struct went_down *a = x, *b = y;

	if (a->component != b->component)
		return a->component < b->component ? -1 : 1;
	return a->at.us < b->at.us ? -1 : a->at.us > b->at.us;
}

static int by_time(const void *x, const void *y)
{
	const struct went_down *a = x, *b = y;

	if (a->at.us != b->at.us)
		return a->at.us < b->at.us ? -1 : 1;
	return a->component < b->component ? -1 : a->component > b->component;
}

/* A component that flaps has failed once. */
static void take_apart(struct meeting *m, const struct failures *f)
{
	struct span same = span_us(SAME_WINDOWS * m->q->window.us);
	struct wall last = { 0 };

	for (size_t i = 0; i < f->n; i++)
		m->at[i] = f->at[i];
	qsort(m->at, f->n, sizeof(*m->at), by_component);
	for (size_t i = 0; i < f->n; i++) {
		struct went_down d = m->at[i];
		bool again = m->n > 0 && m->at[m->n - 1].component == d.component && wall_since(d.at, last).us <= same.us;

		last = d.at;
		if (!again)
			m->at[m->n++] = d;
	}
	qsort(m->at, m->n, sizeof(*m->at), by_time);
}

static void meet_all(struct meeting *m)
{
	size_t first = 0;

	for (size_t i = 0; i < m->n; i++) {
		while (wall_since(m->at[i].at, m->at[first].at).us > m->q->window.us)
			first++;
		if (i - first > PARTNERS_MOST)
			m->lost += i - first - PARTNERS_MOST;
		for (size_t j = first; j < i && j - first < PARTNERS_MOST; j++)
			if (m->at[j].component != m->at[i].component)
				meet(m, m->at[j].component, m->at[i].component);
	}
}

static uint32_t times_of(const struct meeting *m, const struct went_down *sorted, uint32_t component)
{
	size_t low = 0, high = m->n, first;

	while (low < high) {
		size_t half = low + (high - low) / 2;

		if (sorted[half].component < component)
			low = half + 1;
		else
			high = half;
	}
	for (first = low; low < m->n && sorted[low].component == component; low++) { }
	return (uint32_t)(low - first);
}

static int by_chance(const void *x, const void *y)
{
	const struct together *a = x, *b = y;

	if (a->chance != b->chance)
		return a->chance < b->chance ? -1 : 1;
	return a->a != b->a ? (a->a < b->a ? -1 : 1) : a->b < b->b ? -1 : a->b > b->b;
}

static bool judge(const struct meeting *m, const struct pair *p, struct together *t)
{
	*t = (struct together){ .a = (uint32_t)(p->key >> 32) - 1, .b = (uint32_t)p->key - 1, .times = p->times };
	t->expected = (double)times_of(m, m->at, t->a) * times_of(m, m->at, t->b) * 2 * span_as_s(m->q->window) / span_as_s(m->q->seen);
	t->chance = poisson_tail(t->expected, t->times);
	return t->chance <= m->q->chance_most;
}

static size_t judge_all(struct meeting *m, struct together *out, size_t most)
{
	struct together *all = must_alloc((m->pairs + 1) * sizeof(*all));
	size_t n = 0;

	qsort(m->at, m->n, sizeof(*m->at), by_component);
	for (uint32_t i = 0; i < m->size; i++)
		if (m->pair[i].times >= m->q->least && m->pair[i].key && judge(m, &m->pair[i], &all[n]))
			n++;
	qsort(all, n, sizeof(*all), by_chance);
	for (size_t i = 0; i < n && i < most; i++)
		out[i] = all[i];
	free(all);
	return n;
}

size_t failed_together(const struct failures *f, const struct together_question *q, struct together *out, size_t most,
		       uint64_t *lost)
{
	struct meeting m = { .q = q, .at = must_alloc((f->n + 1) * sizeof(*m.at)), .size = 16 };
	size_t n;

	while (m.size < 2 * q->most_pairs)
		m.size *= 2;
	m.pair = must_alloc(m.size * sizeof(*m.pair));
	take_apart(&m, f);
	meet_all(&m);
	n = judge_all(&m, out, most);
	*lost = m.lost;
	free(m.pair);
	free(m.at);
	return n;
}
