/* poller/model-whatif.c: scenarios. See model-whatif.h. */
#include <stdlib.h>
#include <string.h>

#include "model-int.h"
#include "model-whatif.h"

/* What is assumed of a device's answers. */
enum reach { REACH_AS_IS, REACH_ANSWERS, REACH_SILENT, REACH_CUT_OFF };

struct scenario {
	struct model *m;
	struct lens *lens;
	uint8_t *reach;			/* of each device */
};

struct scenario *scenario_new(struct model *m)
{
	struct scenario *s = must_alloc(sizeof(*s));

	*s = (struct scenario){ .m = m, .lens = lens_new(m->graph), .reach = must_alloc(m->config->device_count + 1u) };
	return s;
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	lens_free(s->lens);
	free(s->reach);
	free(s);
}

struct lens *scenario_lens(struct scenario *s) { return s->lens; }

static void put(struct scenario *s, const struct entity *e, enum state to)
{
	if (e->leaf != NODE_NONE)
		lens_set(s->lens, e->leaf, to);
}

/* What hangs on a device, from its first part on. */
static void put_parts(struct scenario *s, const struct item *device, enum state to)
{
	for (const struct item *p = device->first; p; p = p->next)
		put(s, &p->e, to);
}

static void put_behind(struct scenario *s, const struct item *root, enum state to)
{
	for (uint32_t i = 0; i < s->m->config->device_count; i++) {
		const struct item *d = s->m->item[i];

		if (d->blamed != root->self || d->e.state != STATE_UNKNOWN)
			continue;
		s->reach[i] = REACH_ANSWERS;
		put(s, &d->e, to);
		put_parts(s, d, to);
	}
}

void scenario_put(struct scenario *s, const struct entity *e, enum state to)
{
	const struct item *d = item_of_const(e);
	bool answers = to == STATE_UP || to == STATE_DEGRADED;

	must(e->kind < ENTITY_GROUP && (unsigned)to < STATES);
	put(s, e, to);
	if (e->kind != ENTITY_DEVICE)
		return;
	s->reach[e->index] = answers ? REACH_ANSWERS : REACH_SILENT;
	if (!answers || !e->seen || (e->state != STATE_DOWN && e->state != STATE_UNKNOWN))
		return;
	put_parts(s, d, STATE_UP);
	put_behind(s, d, STATE_UP);
}

void scenario_put_good(struct scenario *s, const struct entity *e)
{
	scenario_put(s, e, STATE_UP);
	if (e->kind == ENTITY_DEVICE)
		put_parts(s, item_of_const(e), STATE_UP);
}

/* ---- who can be reached ------------------------------------------------------------------------------------------ */

static bool is_reached(const struct scenario *s, uint32_t device)
{
	return s->reach[device] == REACH_AS_IS ? !s->m->item[device]->silent : s->reach[device] == REACH_ANSWERS;
}

/* Is it cut off by what is assumed? Who does not answer now is as it is. */
static bool is_cut_off(const struct scenario *s, uint32_t device)
{
	const struct cfg_device *c = &s->m->config->device[device];

	if (c->parent_count == 0 || s->reach[device] != REACH_AS_IS || s->m->item[device]->silent)
		return false;
	for (uint32_t i = 0; i < c->parent_count; i++)
		if (is_reached(s, c->parents[i].index))
			return false;
	return true;
}

static void cut_off(struct scenario *s, uint32_t device)
{
	s->reach[device] = REACH_CUT_OFF;
	put(s, &s->m->item[device]->e, STATE_UNKNOWN);
	put_parts(s, s->m->item[device], STATE_UNKNOWN);
}

void scenario_settle(struct scenario *s)
{
	uint32_t n = s->m->config->device_count, tail = 0, *queue = must_alloc((n + 1) * sizeof(*queue));

	for (uint32_t i = 0; i < n; i++)
		if (s->reach[i] == REACH_SILENT)
			queue[tail++] = i;
	for (uint32_t head = 0; head < tail; head++) {
		uint32_t d = queue[head];

		for (uint32_t i = s->m->child_at[d]; i < s->m->child_at[d + 1]; i++) {
			if (!is_cut_off(s, s->m->child[i]))
				continue;
			cut_off(s, s->m->child[i]);
			queue[tail++] = s->m->child[i];
		}
	}
	free(queue);
}

size_t scenario_unreached(const struct scenario *s, const struct entity **out, size_t most)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->m->config->device_count; i++) {
		if (s->reach[i] != REACH_CUT_OFF)
			continue;
		if (n < most)
			out[n] = &s->m->item[i]->e;
		n++;
	}
	return n;
}
