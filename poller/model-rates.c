/* poller/model-rates.c: what was seen of components over time, and how often they fail.
 *
 * Every component of the graph has a history (service/rates.h) from its first level on, kept up with each batch of
 * changes: what was only in between, while the levels of one moment came in, was nobody's state. What the configuration gives, the history and the prior of its class make its rate, which the graph is told
 * now and then: rates grow slowly, and telling them values its diagrams again.
 */
#include <stdlib.h>
#include <string.h>

#include "model-int.h"

enum { AWAY_INTERVALS = 3 };		/* so long a state stays true while nobody looks */

/* ---- history ----------------------------------------------------------------------------------------------------- */

static struct history *history_of(struct item *it)
{
	if (!it->history)
		it->history = must_alloc(sizeof(*it->history));
	return it->history;
}

void rates_look(struct model *m, struct item *it)
{
	struct wall at = m->latest;
	struct history *h, was;

	if (it->e.leaf == NODE_NONE || !it->e.seen || m->latest.us == 0)
		return;
	h = history_of(it);
	was = *h;
	it->history_due |= history_wake(h, m->latest, span_us(AWAY_INTERVALS * m->config->interval.us));
	if (it->e.since.us > h->until.us && it->e.since.us < at.us)
		at = it->e.since;	/* else its state is the same, and something else of it changed now */
	if (it->e.admin || it->exempt)
		history_forget(h, at);
	else
		history_step(h, seen_of(it->e.state, true), at);
	it->history_due |= h->now != was.now || h->before != was.before;
	m->rates_due |= h->failures != was.failures || h->repairs != was.repairs;
}

/* It was seen before it came into the graph. What is set by hand, and never was, is not seen. */
static void rates_begin(struct model *m, struct item *it)
{
	rates_look(m, it);
	m->histories_due |= it->history_due;
}

void model_history_restore(struct model *m, const char *name, const struct history *h, struct wall looked)
{
	struct item *it = item_find(m, name);

	if (!it || it->e.leaf == NODE_NONE)
		return;
	*history_of(it) = *h;
	history_sleep(it->history, looked);
}

const struct history *model_history(const struct model *m, const struct entity *e)
{
	(void)m;
	return item_of_const(e)->history;
}

static void tell_history(struct item *it, model_each_history *each, void *owner)
{
	if (!it->history_due || !it->history)
		return;
	it->history_due = false;
	each(owner, &it->e, it->history);
}

void model_histories(struct model *m, model_each_history *each, void *owner)
{
	for (uint32_t i = 0; i < m->pendings; i++) {
		rates_look(m, m->pending[i].item);
		tell_history(m->pending[i].item, each, owner);
	}
	for (uint32_t i = 0; m->histories_due && i < m->items; i++)
		tell_history(m->item[i], each, owner);
	m->histories_due = false;
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

static const struct rate_given *given_of(const struct config *c, const struct entity *e)
{
	static const struct rate_given none = { NAN, NAN, NAN };

	switch (e->kind) {
	case ENTITY_DEVICE: return &c->device[e->index].rate;
	case ENTITY_CHECK: return &c->check[e->index].rate;
	case ENTITY_COMPONENT: return &c->component[e->index].rate;
	default: return &none;
	}
}

/* "interface" of "core1/interface/Gi0/1". */
static struct rate_prior part_prior(const struct config *c, const char *name)
{
	const char *class_at = strchr(name, '/') + 1;
	char class_name[MODEL_NAME_MAX];

	snprintf(class_name, sizeof(class_name), "%.*s", (int)(strchr(class_at, '/') - class_at), class_at);
	return config_prior(c, class_name);
}

static struct rate_prior prior_of(const struct config *c, const struct entity *e)
{
	switch (e->kind) {
	case ENTITY_DEVICE: return config_prior(c, "device");
	case ENTITY_CHECK: return config_prior(c, "check");
	case ENTITY_PART: return part_prior(c, e->name);
	default: return config_prior(c, "component");
	}
}

struct rate model_rate(const struct model *m, const struct entity *e)
{
	const struct history *own = item_of_const(e)->history;
	struct history h = own ? history_at(own, m->rates_at) : (struct history){ 0 };
	struct rate_prior p = prior_of(m->config, e);

	return rate_of(given_of(m->config, e), &p, &h);
}

void rates_tell(struct model *m)
{
	double horizon_s = span_as_s(m->config->horizon);

	for (uint32_t i = 0; i < m->items; i++) {
		const struct entity *e = &m->item[i]->e;
		struct rate r;

		if (e->leaf == NODE_NONE)
			continue;
		if (!m->item[i]->history && e->seen && e->since.us)
			rates_begin(m, m->item[i]);
		r = model_rate(m, e);
		graph_rate(m->graph, e->leaf, r.q, rate_q_horizon(&r, horizon_s));
	}
}

void model_rates(struct model *m, struct wall now)
{
	m->rates_at = now;
	m->rates_due = false;
	rates_tell(m);
}

bool model_rates_due(const struct model *m) { return m->rates_due; }
