/* poller/config-cycle.c: cycles of needs and members, and of parents, each said as a path. See config-int.h.
 *
 * A walk in depth without recursion: a chain may be as long as there are names. What a device needs are its needs and
 * those of its checks that count; a check, and a part of a device, need their device.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

struct edge { uint32_t to; const char *via; };	/* index into refs; the name it was written with */

struct walk {
	struct load *l;
	bool parents;			/* of parents, else of needs and members */
	uint32_t *first;		/* edge[first[i] .. first[i + 1]] are node i's */
	struct edge *edge;
	uint32_t edges, edge_size;
	uint32_t *next;			/* edge to take next; the path's nodes only */
	uint32_t *path;
	uint32_t depth;
	uint8_t *mark;			/* 0 new, 1 on the path, 2 done */
};

static void edge_add(struct walk *w, const struct ref *r)
{
	const struct config *c = w->l->c;
	uint32_t to = names_find(&c->names, r->kind == REF_PART ? c->device[r->index].name : r->name);
	struct edge *e;

	if (to == NAMES_NONE)
		return;
	e = grow(&w->edge, &w->edges, &w->edge_size, sizeof(*e));
	*e = (struct edge){ to, r->name };
}

static void edges_of_needs(struct walk *w, const struct needs *n)
{
	for (uint32_t i = 0; i < n->count; i++)
		for (uint32_t k = 0; k < n->term[i].count; k++)
			edge_add(w, &n->term[i].any[k]);
}

static void edges_of_device(struct walk *w, const struct cfg_device *d)
{
	const struct config *c = w->l->c;

	for (uint32_t i = 0; w->parents && i < d->parent_count; i++)
		edge_add(w, &d->parents[i]);
	for (uint32_t i = 0; !w->parents && i < d->check_count; i++)
		if (c->check[d->first_check + i].counts)
			edges_of_needs(w, &c->check[d->first_check + i].needs);
	if (!w->parents)
		edges_of_needs(w, &d->needs);
}

static void edges_of(struct walk *w, const struct ref *r)
{
	struct config *c = w->l->c;

	if (r->kind == REF_DEVICE)
		edges_of_device(w, &c->device[r->index]);
	if (r->kind == REF_DEVICE || w->parents)
		return;
	edges_of_needs(w, ref_needs(c, r));
	if (r->kind == REF_CHECK && c->check[r->index].device != CONFIG_NONE)
		edge_add(w, &(struct ref){ .kind = REF_DEVICE, .name = c->device[c->check[r->index].device].name });
	for (uint32_t i = 0; r->kind == REF_GROUP && i < c->group[r->index].count; i++)
		edge_add(w, &c->group[r->index].member[i]);
}

/* The path from 'from' back to itself; a long one is shortened in its middle. */
static void say(struct walk *w, uint32_t from, const char *last)
{
	const struct config *c = w->l->c;
	struct place at = ref_place(c, &c->refs[from]);
	char path[1600], subject[2 * NAME_OCTETS_MOST + 64];
	struct text t = text_over(path, sizeof(path));
	uint32_t begin = w->depth, length;

	while (w->path[begin - 1] != from)
		begin--;
	length = w->depth - begin + 1;
	for (uint32_t i = 0; i < length; i++) {
		uint32_t node = w->path[begin - 1 + i];

		if (length > 12 && i >= 6 && i < length - 4) {
			if (i == 6)
				text_add(&t, " -> (%u more)", length - 10);
			continue;
		}
		text_add(&t, "%s%s", i ? " -> " : "", i ? w->edge[w->next[w->path[begin - 2 + i]] - 1].via : c->refs[node].name);
	}
	text_add(&t, " -> %s%s%s", last, strcmp(last, c->refs[from].name) == 0 ? "" : " -> ",
		 strcmp(last, c->refs[from].name) == 0 ? "" : c->refs[from].name);
	mistake_add(w->l->m, at.file, at.line, "%s: %s go in a circle: %s; take one of them out",
		    ref_subject(&c->refs[from], subject, sizeof(subject)), w->parents ? "parents" : "needs", path);
}

static void step_into(struct walk *w, uint32_t node)
{
	w->mark[node] = 1;
	w->next[node] = w->first[node];
	w->path[w->depth++] = node;
}

static void walk_from(struct walk *w, uint32_t root)
{
	step_into(w, root);
	while (w->depth > 0) {
		uint32_t node = w->path[w->depth - 1];
		const struct edge *e;

		if (w->next[node] == w->first[node + 1]) {
			w->mark[node] = 2;
			w->depth--;
			continue;
		}
		e = &w->edge[w->next[node]++];
		if (w->mark[e->to] == 1)
			say(w, e->to, e->via);
		else if (w->mark[e->to] == 0)
			step_into(w, e->to);
	}
}

static void cycles_of(struct load *l, bool parents)
{
	uint32_t n = l->c->ref_count;
	struct walk w = { .l = l, .parents = parents };

	w.first = must_alloc((n + 1) * sizeof(*w.first));
	w.next = must_alloc(n * sizeof(*w.next));
	w.path = must_alloc(n * sizeof(*w.path));
	w.mark = must_alloc(n);
	for (uint32_t i = 0; i < n; i++) {
		w.first[i] = w.edges;
		edges_of(&w, &l->c->refs[i]);
	}
	w.first[n] = w.edges;
	for (uint32_t i = 0; i < n; i++)
		if (w.mark[i] == 0)
			walk_from(&w, i);
	free(w.first);
	free(w.next);
	free(w.path);
	free(w.mark);
	free(w.edge);
}

void cycles_find(struct load *l)
{
	cycles_of(l, false);
	cycles_of(l, true);
}
