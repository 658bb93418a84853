/* poller/service/module.c: the modules of a part, in time that grows with its size.
 *
 * A walk from the part's last gate notes for each node when it was first and last met, and for each gate when the walk
 * left it. A gate is a module when all below it was met only between its own first date and the walk's leaving it.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "build-int.h"

void modules_init(struct modules *m, const struct graph *g)
{
	uint32_t **each[] = { &m->date, &m->last, &m->leave, &m->least, &m->greatest, &m->owner };

	*m = (struct modules){ .n = 0 };
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		*each[i] = must_alloc((g->nodes + 1) * sizeof(uint32_t));
	m->gate = must_alloc((g->gates + 1) * sizeof(*m->gate));
	m->first = must_alloc((g->gates + 2) * sizeof(*m->first));
	m->visit = must_alloc((g->gates + 1) * sizeof(*m->visit));
}

void modules_release(struct modules *m)
{
	uint32_t *each[] = { m->date, m->last, m->leave, m->least, m->greatest, m->owner, m->gate, m->first };

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		free(each[i]);
	free(m->visit);
}

static void forget_dates(struct modules *m, const struct graph *g, const struct part *p)
{
	for (uint32_t i = 0; i < p->gates; i++) {
		const struct node *n = &g->node[p->gate[i]];

		m->date[p->gate[i]] = 0;
		for (uint32_t j = 0; j < n->members; j++)
			m->date[n->member[j]] = 0;
	}
}

static void walk(struct modules *m, const struct graph *g, uint32_t top)
{
	uint32_t now = 1;
	size_t depth = 0;

	m->date[top] = m->last[top] = now;
	m->visit[depth++] = (struct visit){ .node = top };
	while (depth > 0) {
		struct visit *v = &m->visit[depth - 1];
		const struct node *n = &g->node[v->node];
		uint32_t x;

		now++;
		if (v->next == n->members) {
			m->leave[v->node] = now;
			depth--;
			continue;
		}
		x = n->member[v->next++];
		m->last[x] = now;
		if (m->date[x])
			continue;
		m->date[x] = now;
		if (!g->node[x].component)
			m->visit[depth++] = (struct visit){ .node = x };
	}
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* The first and the last date of all below a gate. */
static void span(struct modules *m, const struct graph *g, uint32_t gate)
{
	const struct node *n = &g->node[gate];
	uint32_t from = UINT32_MAX, to = 0;

	for (uint32_t j = 0; j < n->members; j++) {
		uint32_t x = n->member[j];

		from = smaller(from, m->date[x]);
		to = larger(to, m->last[x]);
		if (!g->node[x].component) {
			from = smaller(from, m->least[x]);
			to = larger(to, m->greatest[x]);
		}
	}
	m->least[gate] = from;
	m->greatest[gate] = to;
}

/* Each gate's module: its own number when it is one, else that of those that need it, which agree. */
static void find_owners(struct modules *m, const struct graph *g, const struct part *p, const uint8_t *leaf)
{
	uint32_t number = m->n;

	for (uint32_t i = p->gates; i-- > 0;) {
		uint32_t gate = p->gate[i];
		const struct node *n = &g->node[gate];

		if (leaf[gate] || i == p->gates - 1)
			m->owner[gate] = --number;
		for (uint32_t j = 0; j < n->members; j++)
			m->owner[n->member[j]] = m->owner[gate];
	}
}

static void sort_by_owner(struct modules *m, const struct part *p)
{
	memset(m->first, 0, (m->n + 2) * sizeof(*m->first));
	for (uint32_t i = 0; i < p->gates; i++)
		m->first[m->owner[p->gate[i]] + 2]++;
	for (uint32_t k = 2; k <= m->n + 1; k++)
		m->first[k] += m->first[k - 1];
	for (uint32_t i = 0; i < p->gates; i++)
		m->gate[m->first[m->owner[p->gate[i]] + 1]++] = p->gate[i];
}

void modules_find(struct modules *m, const struct graph *g, const struct part *p, uint8_t *leaf)
{
	uint32_t top = p->gate[p->gates - 1];

	forget_dates(m, g, p);
	walk(m, g, top);
	m->n = 1;
	for (uint32_t i = 0; i < p->gates - 1; i++) {
		uint32_t gate = p->gate[i];

		span(m, g, gate);
		leaf[gate] = m->least[gate] > m->date[gate] && m->greatest[gate] < m->leave[gate];
		m->n += leaf[gate];
	}
	find_owners(m, g, p, leaf);
	sort_by_owner(m, p);
}
