/* poller/model-maintain.c: windows of maintenance, and the model seen apart from them. See model-maintain.h. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "model-int.h"
#include "model-maintain.h"

/* ---- windows ----------------------------------------------------------------------------------------------------- */

void name_list_add(struct name_list *l, const char *name)
{
	if (l->count == WINDOW_NAMES_MOST)
		return;
	l->name = must_realloc(l->name, (l->count + 1) * sizeof(char *));
	l->name[l->count++] = must_strdup(name);
}

bool name_list_has(const struct name_list *l, const char *name)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (strcmp(l->name[i], name) == 0)
			return true;
	return false;
}

static void name_list_release(struct name_list *l)
{
	for (uint32_t i = 0; i < l->count; i++)
		free(l->name[i]);
	free(l->name);
}

struct window *window_new(uint32_t number)
{
	struct window *w = must_alloc(sizeof(*w));

	w->number = number;
	return w;
}

void window_free(struct window *w)
{
	if (!w)
		return;
	name_list_release(&w->member);
	name_list_release(&w->foreseen);
	free(w);
}

bool window_runs(const struct window *w) { return w->began.us && !w->ended.us; }

struct maintenance { struct window **window; uint32_t count, room, next; };

struct maintenance *maintenance_new(void)
{
	struct maintenance *mt = must_alloc(sizeof(*mt));

	mt->next = 1;
	return mt;
}

void maintenance_free(struct maintenance *mt)
{
	if (!mt)
		return;
	for (uint32_t i = 0; i < mt->count; i++)
		window_free(mt->window[i]);
	free(mt->window);
	free(mt);
}

size_t maintenance_count(const struct maintenance *mt) { return mt->count; }
const struct window *maintenance_at(const struct maintenance *mt, size_t i) { return i < mt->count ? mt->window[i] : NULL; }
uint32_t maintenance_next(const struct maintenance *mt) { return mt->next; }

void maintenance_number_from(struct maintenance *mt, uint32_t next)
{
	if (next > mt->next)
		mt->next = next;
}

struct window *maintenance_find(const struct maintenance *mt, uint32_t number)
{
	for (uint32_t i = 0; i < mt->count; i++)
		if (mt->window[i]->number == number)
			return mt->window[i];
	return NULL;
}

struct window *maintenance_give(struct maintenance *mt, uint32_t number)
{
	for (uint32_t i = 0; i < mt->count; i++) {
		struct window *w = mt->window[i];

		if (w->number != number)
			continue;
		memmove(mt->window + i, mt->window + i + 1, (--mt->count - i) * sizeof(struct window *));
		return w;
	}
	return NULL;
}

enum fw_err maintenance_take(struct maintenance *mt, struct window *w)
{
	uint32_t i;

	window_free(maintenance_give(mt, w->number));
	if (mt->count == WINDOWS_MOST)
		return FW_FULL;
	if (mt->count == mt->room) {
		mt->room = mt->room ? mt->room * 2 : 16;
		mt->window = must_realloc(mt->window, mt->room * sizeof(struct window *));
	}
	for (i = mt->count++; i > 0 && mt->window[i - 1]->number > w->number; i--)
		mt->window[i] = mt->window[i - 1];
	mt->window[i] = w;
	maintenance_number_from(mt, w->number + 1);
	return FW_OK;
}

/* When the next thing happens to a window. */
static struct wall due(const struct window *w) { return w->began.us ? w->until : w->from; }

static struct window *next_due(const struct maintenance *mt, struct wall now)
{
	struct window *first = NULL;

	for (uint32_t i = 0; i < mt->count; i++) {
		struct window *w = mt->window[i];

		if (due(w).us <= now.us && (!first || due(w).us < due(first).us))
			first = w;
	}
	return first;
}

bool maintenance_step(struct maintenance *mt, struct wall now, window_each *each, void *owner)
{
	struct window *w;
	bool moved = false;

	while ((w = next_due(mt, now))) {
		bool begins = !w->began.us;

		*(begins ? &w->began : &w->ended) = now;
		each(owner, w, begins);
		moved = true;
		if (!begins)
			window_free(maintenance_give(mt, w->number));
	}
	return moved;
}

/* ---- who is in maintenance ------------------------------------------------------------------------------------------ */

/* The window of its own name, or its device's; 0: none. */
static uint32_t window_of(const struct model *m, const struct item *it)
{
	return it->window || it->device == ITEM_NONE ? it->window : m->item[it->device]->window;
}

static bool has_own_state(enum entity_kind k) { return k < ENTITY_GROUP; }

static void put_member(const struct maintenance *mt, struct model *m, const struct window *w, const char *name)
{
	struct item *it = item_find(m, name);
	const struct window *other = it ? maintenance_find(mt, it->window) : NULL;

	if (!it || !has_own_state(it->e.kind) || (other && other->until.us > w->until.us))
		return;
	m->maintained.count += it->window == 0;
	it->window = w->number;
}

/* What happens to it now is no failure of its own, and says nothing of how often it fails. */
static void exempt(struct model *m, struct item *it)
{
	bool is = window_of(m, it) != 0;

	if (it->exempt == is)
		return;
	it->exempt = is;
	rates_look(m, it);
}

void maintenance_apply(const struct maintenance *mt, struct model *m, struct wall at)
{
	maintained_release(m);
	model_saw(m, at);
	for (uint32_t i = 0; i < m->items; i++)
		m->item[i]->window = 0;
	for (uint32_t i = 0; i < mt->count; i++)
		for (uint32_t k = 0; window_runs(mt->window[i]) && k < mt->window[i]->member.count; k++)
			put_member(mt, m, mt->window[i], mt->window[i]->member.name[k]);
	for (uint32_t i = 0; i < m->items; i++)
		exempt(m, m->item[i]);
}

uint32_t model_maintained(struct model *m, const struct entity *e)
{
	const struct item *it = item_of_const(e), *d = it->device == ITEM_NONE ? it : m->item[it->device];
	uint32_t n;

	if (m->maintained.count == 0 || !has_own_state(e->kind))
		return 0;
	n = window_of(m, it);
	return n || d->blamed == ITEM_NONE ? n : window_of(m, m->item[d->blamed]);
}

void maintained_lenses_free(struct model *m)
{
	for (int v = 0; v < MAINTAIN_VIEWS; v++) {
		lens_free(m->maintained.lens[v]);
		m->maintained.lens[v] = NULL;
	}
	m->maintained.behinds = 0;
}

void maintained_release(struct model *m)
{
	maintained_lenses_free(m);
	free(m->maintained.behind);
	m->maintained = (struct maintained){ 0 };
}

/* ---- the other views ------------------------------------------------------------------------------------------------- */

/* How a component is seen: in maintenance, or not. */
static void see(struct model *m, uint32_t leaf, bool maintained)
{
	struct lens *const *w = m->maintained.lens;

	if (maintained) {
		lens_set(w[MAINTAIN_GOOD], leaf, STATE_UP);
		lens_follow(w[MAINTAIN_ALONE], leaf);
		lens_set(w[MAINTAIN_TAKEN], leaf, STATE_DOWN);
	} else {
		lens_follow(w[MAINTAIN_GOOD], leaf);
		lens_set(w[MAINTAIN_ALONE], leaf, STATE_UP);
		lens_follow(w[MAINTAIN_TAKEN], leaf);
	}
}

/* What is only in maintenance because it cannot be reached is unknown, and not down, when the work begins. */
static void see_behind(struct model *m, struct item *it)
{
	struct maintained *k = &m->maintained;

	if (it->e.state == STATE_UP || it->e.leaf == NODE_NONE || window_of(m, it) || !model_maintained(m, &it->e))
		return;
	if (k->behinds == k->behind_room) {
		k->behind_room = k->behind_room ? k->behind_room * 2 : 64;
		k->behind = must_realloc(k->behind, k->behind_room * sizeof(*k->behind));
	}
	k->behind[k->behinds++] = it->e.leaf;
	see(m, it->e.leaf, true);
	lens_follow(k->lens[MAINTAIN_TAKEN], it->e.leaf);
}

/* Who is behind whom follows from the states. */
static void refresh(struct model *m)
{
	struct maintained *k = &m->maintained;

	if (k->seen_changes == m->changes + 1)
		return;
	while (k->behinds > 0)
		see(m, k->behind[--k->behinds], false);
	for (uint32_t i = 0; i < m->not_ups; i++)
		see_behind(m, m->not_up[i]);
	k->seen_changes = m->changes + 1;
}

struct lens *model_maintain_lens(struct model *m, enum maintain_view v)
{
	struct maintained *k = &m->maintained;

	if (k->count == 0)
		return NULL;
	if (!k->lens[v]) {
		for (int i = 0; i < MAINTAIN_VIEWS; i++)
			k->lens[i] = lens_new(m->graph);
		for (uint32_t i = 0; i < m->items; i++)
			if (m->item[i]->e.leaf != NODE_NONE)
				see(m, m->item[i]->e.leaf, window_of(m, m->item[i]) != 0);
		k->seen_changes = 0;
	}
	refresh(m);
	return k->lens[v];
}

static int rank(enum state quality)
{
	static const int order[STATES] = { [STATE_UP] = 0, [STATE_UNKNOWN] = 1, [STATE_DEGRADED] = 2, [STATE_DOWN] = 3 };

	return order[quality];
}

bool model_is_planned(struct model *m, const struct entity *service, const struct verdict *now)
{
	struct lens *good = model_maintain_lens(m, MAINTAIN_GOOD);
	struct verdict alone, else_where;

	if (!good || (now->quality == STATE_UP && !now->at_risk))
		return false;
	alone = lens_verdict(model_maintain_lens(m, MAINTAIN_ALONE), service->node);
	else_where = lens_verdict(good, service->node);
	if (rank(now->quality) > 0)
		return rank(alone.quality) >= rank(now->quality) && else_where.quality == STATE_UP;
	return alone.at_risk && !else_where.at_risk;
}
