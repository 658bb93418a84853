/* poller/noc/alert-share.c: how bad a cause is itself, where others are to blame as well.
 *
 * What is wrong with a service is brought about by what is down or degraded of it, together. A cause has a share in it
 * when it belongs to a smallest set of them that brings it about with all the others up: smallest, for none can be left
 * out. That is the same as belonging to a smallest set of repairs that takes it away, for the smallest sets of repairs
 * are those that meet every one of the former. So of two failures that end a service together each has its share, and
 * a failed power supply has none in the outage that two failed servers brought about.
 *
 * Being down, being degraded, having no more to lose are asked one by one: a server that is slow has its share in the
 * service's being degraded, though another one's failure alone leaves nothing more to lose.
 *
 * The sets are not listed. While others alone bring it about there is a smallest set without the cause, of which one at
 * least is not in the set that is looked for: each is left out in turn (Reiter 1987). That is exact; it takes few steps
 * where few failures meet, and is bounded where many do: what is not decided then counts as a share.
 */
#include <stdlib.h>
#include <string.h>

#include "alert-int.h"

enum { STEPS_OF_ONE = 512, STEPS_OF_ALL = 20000, DEPTH_MOST = 64 };

/* The failures of one service, and which of them are there in the case that is looked at. */
struct blame {
	struct alert_book *b;
	uint32_t node, leaf;		/* of the service; of the cause */
	const struct severity_rule *rule;	/* what is to be brought about */
	const uint32_t *other;		/* failures beside the cause */
	uint32_t others;
	uint32_t steps;			/* left */
};

static enum state *seen_as(struct blame *x, uint32_t leaf)
{
	return &x->b->seen_as[graph_component_index(model_graph(x->b->model), leaf)];
}

static void put(struct blame *x, uint32_t leaf, bool failed)
{
	*seen_as(x, leaf) = failed ? graph_get(model_graph(x->b->model), leaf) : STATE_UP;
}

static bool is_there(struct blame *x, uint32_t leaf) { return *seen_as(x, leaf) != STATE_UP; }

static bool holds(struct blame *x)
{
	struct verdict v = graph_verdict_with(model_graph(x->b->model), x->node, x->b->seen_as);

	x->steps -= x->steps > 0;
	x->b->share_steps -= x->b->share_steps > 0;
	return x->rule->holds(&v);
}

static bool is_spent(const struct blame *x) { return x->steps == 0 || x->b->share_steps == 0; }

/* Of those that are there, and bring it about without the cause: which are enough? As many marks as others. */
static uint32_t enough_without(struct blame *x, uint32_t *set)
{
	uint32_t n = 0, out = 0, *left_out = must_alloc((x->others + 1) * sizeof(*left_out));

	for (uint32_t i = 0; i < x->others; i++) {
		if (!is_there(x, x->other[i]))
			continue;
		put(x, x->other[i], false);
		if (!is_spent(x) && holds(x)) {
			left_out[out++] = x->other[i];
			continue;
		}
		put(x, x->other[i], true);
		set[n++] = x->other[i];
	}
	while (out > 0)
		put(x, left_out[--out], true);
	free(left_out);
	return n;
}

/* With the cause and those that are there it holds: is there a smallest set among them that the cause belongs to? */
static bool belongs(struct blame *x, unsigned depth)
{
	uint32_t *set, n;
	bool found = false;

	put(x, x->leaf, false);
	if (is_spent(x) || depth > DEPTH_MOST || !holds(x)) {
		put(x, x->leaf, true);
		return true;
	}
	set = must_alloc((x->others + 1) * sizeof(*set));
	n = enough_without(x, set);
	put(x, x->leaf, true);
	for (uint32_t i = 0; i < n && !found; i++) {
		put(x, set[i], false);
		found = holds(x) && belongs(x, depth + 1);
		put(x, set[i], true);
	}
	free(set);
	return found;
}

/* ---- the failures of a service ------------------------------------------------------------------------------------ */

/* The states as they are, once in a judging. */
static void see_all(struct alert_book *b)
{
	struct graph *g = model_graph(b->model);
	uint32_t n = graph_size(g).components;

	if (b->seen_round == b->round)
		return;
	b->seen_round = b->round;
	b->share_steps = STEPS_OF_ALL;
	b->seen_as = must_realloc(b->seen_as, (n + 1) * sizeof(*b->seen_as));
	for (uint32_t i = 0; i < n; i++)
		b->seen_as[i] = graph_get(g, graph_component_at(g, i));
}

static bool is_failed(enum state s) { return s == STATE_DOWN || s == STATE_DEGRADED; }

/* Of the service's support, once in a judging; what is planned stands behind the others. */
static void failures_of(struct alert_book *b, uint32_t service)
{
	struct service_now *s = &b->service[service];
	struct graph *g = model_graph(b->model);
	uint32_t node = service_entity(b, service)->node, *leaf, planned = 0;
	size_t n;

	if (s->failures_asked == b->round)
		return;
	s->failures_asked = b->round;
	n = graph_support(g, node, NULL, 0);
	leaf = must_alloc((n + 1) * sizeof(*leaf));
	n = graph_support(g, node, leaf, n);
	s->failures = 0;
	s->failure = arena_alloc(&b->arena, (n + 1) * sizeof(*s->failure));
	for (size_t i = 0; i < n; i++) {
		const struct entity *e = model_of_node(b->model, leaf[i]);

		if (!is_failed(graph_get(g, leaf[i])))
			continue;
		if (e && model_maintained(b->model, e))
			s->failure[n - ++planned] = leaf[i];
		else
			s->failure[s->failures++] = leaf[i];
	}
	s->planned = planned;
	memmove(s->failure + s->failures, s->failure + n - planned, planned * sizeof(*s->failure));
	free(leaf);
}

/* ---- the share ---------------------------------------------------------------------------------------------------- */

static bool has_share(struct blame *x, struct service_now *s, const struct severity_rule *rule)
{
	uint32_t all = s->failures + (s->apart ? 0 : s->planned), *other = must_alloc((all + 1) * sizeof(*other));
	bool found;

	for (uint32_t i = 0; i < all; i++)
		if (s->failure[i] != x->leaf)
			other[x->others++] = s->failure[i];
	x->other = other;
	x->rule = rule;
	found = holds(x) && belongs(x, 0);
	free(other);
	x->other = NULL;
	x->others = 0;
	return found;
}

enum severity cause_share(struct alert_book *b, const struct cause *c, uint32_t service)
{
	struct service_now *s = &b->service[service];
	enum severity level = service_severity(b, service);
	struct blame x = { .b = b, .node = service_entity(b, service)->node, .steps = STEPS_OF_ONE };

	if (c->role == ROLE_WINDOW)
		return level;
	if (c->state == STATE_UNKNOWN)
		return SEVERITY_WARNING;	/* nobody can say that it does harm, whatever else does */
	if (level <= SEVERITY_MINOR || c->e->leaf == NODE_NONE)
		return level;
	failures_of(b, service);
	if (s->failures + (s->apart ? 0 : s->planned) < 2)
		return level;
	see_all(b);
	x.leaf = c->e->leaf;
	for (uint32_t i = 0; s->apart && i < s->planned; i++)
		put(&x, s->failure[s->failures + i], false);
	level = SEVERITY_MINOR;
	for (size_t i = 0; i < SEVERITY_RULES && severity_rules[i].severity > level; i++)
		if (has_share(&x, s, &severity_rules[i]))
			level = severity_rules[i].severity;
	for (uint32_t i = 0; s->apart && i < s->planned; i++)
		put(&x, s->failure[s->failures + i], true);
	return level;
}
