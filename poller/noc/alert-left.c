/* poller/noc/alert-left.c: what is left of what an alert touches, and which failures would end it, in words.
 *
 * Said of the worst that it touches: a person who reads an alert wants to know how near it is, and of the rest the page
 * of risk tells.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/service/look.h"
#include "poller/words.h"
#include "alert-int.h"

enum { SERVICES_LOOKED = 16, GROUPS_SHOWN = 4, SETS_SHOWN = 2, NAMES_SHOWN = 4, NAMES_IN_SET = 8 };

/* ---- what is left ------------------------------------------------------------------------------------------------- */

static void add_left(struct text *t, const struct look *l, uint32_t gate, struct left left)
{
	const char *name = graph_name(l->g, gate);
	char words[MODEL_NAME_MAX];

	text_add(t, "%s%s %u of %u", t->len ? "; " : "", group_words(name ? name : "", words, sizeof(words)), left.there, left.members);
	if (left.unknown)
		text_add(t, " (%u unknown)", left.unknown);
	text_add(t, ", %u needed", left.need);
}

void say_left(struct alert_book *b, char *buf, size_t size_octets)
{
	struct text t = text_over(buf, size_octets);
	struct look l;
	uint32_t more = 0, shown = 0;

	text_add(&t, "%s", "");
	if (b->touches == 0)
		return;
	l = look_at(model_graph(b->model), NODE_NONE);
	for (uint32_t i = 0; i < b->touches && i < SERVICES_LOOKED && b->touch[i].share == b->touch[0].share; i++)
		look_gates(&l, service_entity(b, b->touch[i].service)->node);
	for (size_t i = 0; i < l.gates; i++) {
		struct left left = look_left(&l, l.gate[i]);

		if (left.there == left.members)
			continue;
		if (shown < GROUPS_SHOWN)
			add_left(&t, &l, l.gate[i], left);
		else
			more++;
		shown++;
	}
	if (more)
		text_add(&t, " and %u more", more);
	look_away(&l);
	mend_end(buf);
}

/* ---- what would end it -------------------------------------------------------------------------------------------- */

/* "app1, app3 or feed A"; 'more' are there beside them. */
static void add_points(struct text *t, const struct alert *a)
{
	uint32_t shown = a->points_count < NAMES_SHOWN ? a->points_count : NAMES_SHOWN;
	uint32_t more = a->points_count - shown + a->points_more;
	char name[MODEL_NAME_MAX];

	for (uint32_t i = 0; i < shown; i++)
		text_add(t, "%s%s", i == 0 ? "" : i + 1 == shown && !more ? " or " : ", ",
			 component_words(a->points[i], name, sizeof(name)));
	if (more)
		text_add(t, " or one of %u more", more);
	text_add(t, " alone");
}

static void add_set(struct text *t, struct alert_book *b, const uint32_t *leaf, uint32_t n)
{
	char name[MODEL_NAME_MAX];

	for (uint32_t i = 0; i < n && i < NAMES_IN_SET; i++) {
		const struct entity *e = model_of_node(b->model, leaf[i]);

		text_add(t, "%s%s", i ? " + " : "", e ? component_words(e->name, name, sizeof(name)) : "?");
	}
	if (n > NAMES_IN_SET)
		text_add(t, " + %u more", n - NAMES_IN_SET);
}

/* "app1 + app2 together, or another of 3 pairs" */
static void add_sets(struct text *t, struct alert_book *b, const struct verdict *v, uint32_t node)
{
	uint32_t *leaf = must_alloc((size_t)v->distance * SETS_SHOWN * sizeof(*leaf));
	size_t n = graph_smallest_cuts(model_graph(b->model), node, leaf, SETS_SHOWN);

	for (size_t i = 0; i < n; i++) {
		text_add(t, "%s", i ? " or " : "");
		add_set(t, b, leaf + i * v->distance, v->distance);
	}
	if (n && v->cuts > (double)n)
		text_add(t, " or another of %.0f such %s", v->cuts, v->distance == 2 ? "pairs" : "sets");
	free(leaf);
}

void say_next(struct alert_book *b, const struct alert *a, char *buf, size_t size_octets)
{
	struct text t = text_over(buf, size_octets);
	const struct verdict *v = NULL;
	const struct entity *service = NULL;

	text_add(&t, "%s", "");
	if (a->points_count) {
		add_points(&t, a);
		mend_end(buf);
		return;
	}
	for (uint32_t i = 0; i < b->touches && i < SERVICES_LOOKED && !v; i++) {
		const struct verdict *one = &service_ask(b, b->touch[i].service)->verdict;

		service = service_entity(b, b->touch[i].service);
		if (one->distance > 1 && one->distance != DISTANCE_NEVER && one->quality != STATE_UNKNOWN)
			v = one;
	}
	if (!v)
		return;
	add_sets(&t, b, v, service->node);
	mend_end(buf);
}
