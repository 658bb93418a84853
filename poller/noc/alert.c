/* poller/noc/alert.c: the book of open alerts, and what is told of them.
 *
 * A judging finds the causes, holds them against what is open, and tells every raise, change and clear. An alert whose
 * cause nobody can see now (not polled since start, the poller blind, its device silent) is held as it is: neither
 * repaired nor worse. A change is told when people see one: severity, kind, state, words apart from numbers, a line of
 * what it touches, a single point.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/model-coming.h"
#include "alert-int.h"

/* ---- the book --------------------------------------------------------------------------------------------------- */

struct alert_book *alert_book_new(uint64_t next_number)
{
	struct alert_book *b = must_alloc(sizeof(*b));

	b->next_number = next_number ? next_number : 1;
	return b;
}

static void held_free(struct held *h)
{
	free(h->touched);
	free(h->points);
	free(h);
}

void alert_book_maintenance(struct alert_book *b, const struct maintenance *mt) { b->maintenance = mt; }

void alert_book_free(struct alert_book *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < b->count; i++)
		held_free(b->held[i]);
	free(b->held);
	names_release(&b->keys);
	names_release(&b->cause_keys);
	arena_release(&b->arena);
	free(b->cause);
	free(b->service);
	free(b->point_stamp);
	free(b->seen_as);
	free(b->touch);
	accepted_release(b);
	free(b);
}

static struct held *held_add(struct alert_book *b, const char *key)
{
	struct held *h = must_alloc(sizeof(*h));

	text_copy(h->key, sizeof(h->key), key);
	if (b->count == b->room) {
		b->room = b->room ? b->room * 2 : 64;
		b->held = must_realloc(b->held, b->room * sizeof(struct held *));
	}
	h->self = b->count;
	b->held[b->count++] = h;
	names_put(&b->keys, h->key, h->self);
	b->sorted = false;
	return h;
}

static void held_remove(struct alert_book *b, struct held *h)
{
	names_remove(&b->keys, h->key);
	b->held[h->self] = b->held[--b->count];
	b->held[h->self]->self = h->self;
	if (b->held[h->self] != h)
		names_set(&b->keys, b->held[h->self]->key, h->self);
	b->sorted = false;
	held_free(h);
}

static struct held *held_find(const struct alert_book *b, const char *key)
{
	uint32_t i = names_find(&b->keys, key);

	return i == NAMES_NONE ? NULL : b->held[i];
}

/* ---- a held alert and the one that is told ---------------------------------------------------------------------- */

static void held_put_lists(struct held *h, const struct alert *a)
{
	h->touched_count = a->touched_count;
	h->touched_more = a->touched_more;
	h->points_count = a->points_count;
	h->points_more = a->points_more;
	h->touched = must_realloc(h->touched, (a->touched_count + 1) * sizeof(*h->touched));
	memcpy(h->touched, a->touched, a->touched_count * sizeof(*h->touched));
	h->points = must_realloc(h->points, (a->points_count + 1) * sizeof(*h->points));
	memcpy(h->points, a->points, a->points_count * sizeof(*h->points));
}

static void held_put(struct held *h, const struct alert *a)
{
	h->number = a->number;
	h->sequence = a->sequence;
	h->kind = a->kind;
	h->kinds = a->kinds;
	h->severity = a->severity;
	h->transition = a->transition;
	h->state = a->state;
	h->raised = a->raised;
	h->changed = a->changed;
	h->since = a->since;
	h->since_after = a->since_after;
	h->accepted = a->accepted;
	h->quiet = a->quiet;
	memcpy(h->cause, a->cause, sizeof(h->cause));
	memcpy(h->left, a->left, sizeof(h->left));
	memcpy(h->next, a->next, sizeof(h->next));
	memcpy(h->first_do, a->first_do, sizeof(h->first_do));
	held_put_lists(h, a);
}

/* All of 'a' but the unused lines. */
static void held_give(const struct held *h, struct alert *a)
{
	a->number = h->number;
	a->sequence = h->sequence;
	memcpy(a->key, h->key, sizeof(a->key));
	a->kind = h->kind;
	a->kinds = h->kinds;
	a->severity = h->severity;
	a->transition = h->transition;
	a->state = h->state;
	a->raised = h->raised;
	a->changed = h->changed;
	a->cleared = (struct wall){ 0 };
	a->since = h->since;
	a->since_after = h->since_after;
	a->accepted = h->accepted;
	a->quiet = h->quiet;
	memcpy(a->cause, h->cause, sizeof(a->cause));
	memcpy(a->left, h->left, sizeof(a->left));
	memcpy(a->next, h->next, sizeof(a->next));
	memcpy(a->first_do, h->first_do, sizeof(a->first_do));
	a->touched_count = h->touched_count;
	a->touched_more = h->touched_more;
	memcpy(a->touched, h->touched, h->touched_count * sizeof(*a->touched));
	a->points_count = h->points_count;
	a->points_more = h->points_more;
	memcpy(a->points, h->points, h->points_count * sizeof(*a->points));
}

void alert_book_restore(struct alert_book *b, const struct alert *a)
{
	struct held *h;

	if (a->cleared.us || held_find(b, a->key))
		return;
	h = held_add(b, a->key);
	held_put(h, a);
	if (!a->accepted)
		h->kinds |= 1u << a->kind;
	if (a->number >= b->next_number)
		b->next_number = a->number + 1;
}

static int worst_first(const void *x, const void *y)
{
	const struct held *a = *(struct held *const *)x, *b = *(struct held *const *)y;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

size_t alert_book_count(const struct alert_book *b) { return b->count; }

const struct alert *alert_book_at(struct alert_book *b, size_t i)
{
	if (i >= b->count)
		return NULL;
	if (!b->sorted) {
		qsort(b->held, b->count, sizeof(struct held *), worst_first);
		for (uint32_t j = 0; j < b->count; j++) {
			b->held[j]->self = j;
			names_set(&b->keys, b->held[j]->key, j);
		}
		b->sorted = true;
	}
	held_give(b->held[i], &b->alert);
	return &b->alert;
}

/* ---- what it touches, before and now ---------------------------------------------------------------------------- */

static uint32_t distance_of(uint32_t lose)
{
	return lose == LOSE_DOWN ? 0 : lose == LOSE_NEVER ? DISTANCE_NEVER : lose + 1;
}

static uint32_t lose_of(uint32_t distance)
{
	return distance == 0 ? LOSE_DOWN : distance == DISTANCE_NEVER ? LOSE_NEVER : distance - 1;
}

/* Where the distance is only known to lie between bounds, what is sure counts. */
uint32_t verdict_can_lose(const struct verdict *v)
{
	return lose_of(v->distance_least > 0 && v->distance_least < v->distance ? v->distance_least : v->distance);
}

static const struct touched *told_of(const struct held *h, const char *service)
{
	for (uint32_t i = 0; h && i < h->touched_count; i++)
		if (strcmp(h->touched[i].service, service) == 0)
			return &h->touched[i];
	return NULL;
}

/* While parts of a service have not been seen yet, what was told last stands, unless it is worse for certain. */
static bool stands(struct alert_book *b, const struct touched *told, uint32_t service)
{
	const struct verdict *v = &service_ask(b, service)->verdict;
	uint32_t distance = distance_of(told->lose_now);

	if (v->quality == STATE_DOWN || v->quality == STATE_DEGRADED)
		return false;
	if (distance < v->distance_worst || distance > v->distance)
		return false;
	return (told->quality_now != v->quality || distance != v->distance) && service_unsettled(b, service);
}

/* What this alert told last; else what other causes had left of the service; else what it was built for. */
static void before(struct alert_book *b, uint32_t service, const struct touched *told, struct touched *t)
{
	const struct service_now *s = &b->service[service];

	t->quality_before = told ? told->quality_now : s->left ? s->left_quality : STATE_UP;
	t->lose_before = told ? told->lose_now : s->left ? lose_of(s->left_distance) : t->built_for;
}

/* Is it worse when a calendar wants more? */
static void look_ahead(struct alert_book *b, uint32_t service, struct touched *t)
{
	enum state then;
	const struct coming *c = model_trouble(b->model, service_entity(b, service), &then);

	t->coming_at = c ? c->from : (struct wall){ 0 };
	t->coming_quality = c ? then : STATE_UP;
}

/* True when the line is what was told last, because nobody can tell yet. */
static bool touch_line(struct alert_book *b, const struct held *h, const struct touch *line, struct touched *t)
{
	uint32_t service = line->service;
	const struct verdict *v = &service_ask(b, service)->verdict;
	const struct touched *told;

	put_text(t->service, sizeof(t->service), model_config(b->model)->service[service].name);
	told = told_of(h, t->service);
	t->built_for = lose_of(v->design_distance);
	look_ahead(b, service, t);
	if (told && stands(b, told, service)) {
		t->quality_before = t->quality_now = told->quality_now;
		t->lose_before = t->lose_now = told->lose_now;
		t->others = told->others;
		return true;
	}
	t->quality_now = v->quality;
	t->lose_now = lose_of(v->distance);
	t->planned = v->quality != STATE_UP && model_is_planned(b->model, service_entity(b, service), v);
	t->others = line->share < line->severity;
	before(b, service, told, t);
	return false;
}

static bool touch_lines(struct alert_book *b, const struct held *h, struct alert *a)
{
	bool stood = false;

	a->touched_count = b->touches < TOUCHED_MAX ? b->touches : TOUCHED_MAX;
	a->touched_more = b->touches - a->touched_count;
	for (uint32_t i = 0; i < a->touched_count; i++)
		stood |= touch_line(b, h, &b->touch[i], &a->touched[i]);
	return stood;
}

/* With a line, what follows from it stands as well. */
static void let_stand(const struct held *h, struct alert *a)
{
	if (h->severity > a->severity)
		a->severity = h->severity;
	a->points_count = h->points_count;
	a->points_more = h->points_more;
	memcpy(a->points, h->points, h->points_count * sizeof(*a->points));
}

static enum alert_kind kind_of(const struct alert *a)
{
	for (uint32_t i = 0; i < a->touched_count; i++)
		if (!a->touched[i].planned && !a->touched[i].others &&
		    (a->touched[i].quality_now == STATE_DOWN || a->touched[i].quality_now == STATE_DEGRADED))
			return ALERT_QUALITY;
	return a->touched_count ? ALERT_RISK : ALERT_COMPONENT;
}

/* ---- judging ---------------------------------------------------------------------------------------------------- */

/* What there is to tell, put aside until all is judged, so that the worst is told first. */
struct telling { struct held *held; enum severity severity; uint32_t place; bool clear; };
struct tellings { struct telling *one; uint32_t count, room; };

static void tellings_add(struct tellings *t, struct held *h, bool clear)
{
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->one = must_realloc(t->one, t->room * sizeof(*t->one));
	}
	t->one[t->count] = (struct telling){ h, clear ? SEVERITY_CLEARED : h->severity, t->count, clear };
	t->count++;
}

static bool same_lines(const struct held *h, const struct alert *a)
{
	if (h->touched_count != a->touched_count || h->touched_more != a->touched_more ||
	    h->points_count != a->points_count || h->points_more != a->points_more)
		return false;
	for (uint32_t i = 0; i < a->touched_count; i++) {
		const struct touched *t = &h->touched[i], *n = &a->touched[i];

		if (strcmp(t->service, n->service) != 0 || t->quality_now != n->quality_now || t->lose_now != n->lose_now ||
		    t->planned != n->planned || t->others != n->others || t->coming_at.us != n->coming_at.us || t->coming_quality != n->coming_quality)
			return false;
	}
	for (uint32_t i = 0; i < a->points_count; i++)
		if (strcmp(h->points[i], a->points[i]) != 0)
			return false;
	return true;
}

static bool same_for_people(const struct held *h, const struct alert *a)
{
	return h->severity == a->severity && h->kind == a->kind && h->state == a->state && h->accepted == a->accepted &&
	       same_but_numbers(h->cause, a->cause) && same_lines(h, a);
}

/* Fill b->alert with what there is to say of a cause now; 'h' is what was told of it, or NULL. */
static void compose(struct alert_book *b, const struct cause *c, const struct held *h)
{
	struct alert *a = &b->alert;
	enum severity worst = b->touches ? b->touch[0].share : SEVERITY_CLEARED;
	bool stood;

	text_copy(a->key, sizeof(a->key), c->key);
	a->state = c->state;
	a->cleared = (struct wall){ 0 };
	a->since = c->e && c->role == ROLE_COMPONENT ? c->e->since : h ? h->since : b->now;
	a->since_after = c->e && c->role == ROLE_COMPONENT ? c->e->since_after : (struct wall){ 0 };
	a->severity = severity_of_cause(c, worst);
	stood = touch_lines(b, h, a);
	points_list(b, a);
	if (stood)
		let_stand(h, a);
	a->kind = kind_of(a);
	say_cause(c, a->cause, sizeof(a->cause));
}

/* Is it under an acceptance, and does nobody have to be told? Its return from worse is told as well. */
static void judge_accepted(struct alert_book *b, const struct held *h, struct alert *a)
{
	struct accepted *k = accepted_find(b, a->key);
	bool worse = k && accepted_is_worse(k, a);

	a->accepted = k && !worse ? k->a->number : 0;
	a->quiet = a->accepted && !k->heard;
	if (k && h && h->accepted == 0 && h->changed.us > k->a->at.us)
		a->quiet = 0;	/* it was worse, and told, before this process began */
	if (k)
		k->heard = worse;
}

/* What is left, what comes next, what to do: of the alert that is being composed. */
static void say_rest(struct alert_book *b, const struct cause *c, struct alert *a)
{
	say_left(b, a->left, sizeof(a->left));
	say_next(b, a, a->next, sizeof(a->next));
	say_first_do(b, c, a, a->first_do, sizeof(a->first_do));
}

/* Other numbers, and what others left of it, are shown and not told; where very many are open, as they were told. */
static void show(struct alert_book *b, const struct cause *c, struct held *h)
{
	enum { SHOWN_MOST = 256 };
	struct alert *a = &b->alert;

	memcpy(h->cause, a->cause, sizeof(h->cause));
	if (b->causes > SHOWN_MOST)
		return;
	say_rest(b, c, a);
	memcpy(h->left, a->left, sizeof(h->left));
	memcpy(h->next, a->next, sizeof(h->next));
	memcpy(h->first_do, a->first_do, sizeof(h->first_do));
}

static void judge_cause(struct alert_book *b, const struct cause *c, struct tellings *t)
{
	struct held *h = held_find(b, c->key);
	struct alert *a = &b->alert;

	cause_touches(b, c);
	if (c->role == ROLE_COMPONENT && c->e->admin && b->touches == 0)
		return;
	compose(b, c, h);
	judge_accepted(b, h, a);
	if (h)
		h->seen = true;
	if (h && same_for_people(h, a)) {
		show(b, c, h);
		return;
	}
	a->transition = h ? TRANSITION_CHANGE : TRANSITION_RAISE;
	a->number = h ? h->number : 0;		/* a new one gets its number when it is told */
	a->sequence = h ? h->sequence + 1 : 1;
	a->raised = h ? h->raised : b->now;
	a->changed = b->now;
	a->kinds = (h ? h->kinds : 0) | (a->quiet ? 0 : 1u << a->kind);
	say_rest(b, c, a);
	if (!h)
		h = held_add(b, c->key);
	h->seen = true;
	held_put(h, a);
	b->sorted = false;
	tellings_add(t, h, false);
}

/* Can nobody tell whether it still holds? */
static bool is_out_of_sight(struct alert_book *b, const struct held *h)
{
	const struct entity *e = model_find(b->model, h->key);

	if (!e || e->kind >= ENTITY_GROUP)
		return false;
	if (!e->seen)
		return true;
	if (e->state != STATE_UNKNOWN)
		return false;
	return e->kind != ENTITY_DEVICE || !model_blamed(b->model, e);
}

static void judge_missing(struct alert_book *b, struct tellings *t)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct held *h = b->held[i];

		if (!h->seen && !is_out_of_sight(b, h))
			tellings_add(t, h, true);
		h->seen = false;
	}
}

static void clear_lines(struct alert_book *b, struct alert *a)
{
	const struct config *c = model_config(b->model);

	for (uint32_t i = 0; i < a->touched_count; i++) {
		struct touched *t = &a->touched[i];
		const struct entity *e = model_find(b->model, t->service);
		const struct verdict *v;

		t->quality_before = t->quality_now;
		t->lose_before = t->lose_now;
		t->coming_at = (struct wall){ 0 };
		t->others = 0;
		if (!e || e->kind != ENTITY_SERVICE || e->index >= c->service_count)
			continue;
		v = &service_ask(b, e->index)->verdict;
		t->quality_now = v->quality;
		t->lose_now = lose_of(v->distance);
		t->built_for = lose_of(v->design_distance);
		look_ahead(b, e->index, t);
	}
}

static void tell_clear(struct alert_book *b, struct held *h, alert_each *each, void *owner)
{
	const struct entity *e = model_find(b->model, h->key);
	struct alert *a = &b->alert;

	held_give(h, a);
	a->transition = TRANSITION_CLEAR;
	a->quiet = a->kinds == 0;		/* nobody was told of it */
	a->accepted = 0;
	a->severity = SEVERITY_CLEARED;
	a->sequence++;
	a->state = e ? e->state : STATE_UP;
	a->changed = a->cleared = b->now;
	if (e) {
		a->since = e->since;
		a->since_after = e->since_after;
	}
	a->points_count = a->points_more = 0;
	clear_lines(b, a);
	say_cleared(b, h, a->cause, sizeof(a->cause));
	a->left[0] = a->next[0] = '\0';
	put_text(a->first_do, sizeof(a->first_do), "nothing");
	held_remove(b, h);
	each(owner, a);
}

static int telling_order(const void *x, const void *y)
{
	const struct telling *a = x, *b = y;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

static void tell(struct alert_book *b, struct held *h, alert_each *each, void *owner)
{
	if (h->number == 0)
		h->number = b->next_number++;
	held_give(h, &b->alert);
	each(owner, &b->alert);
}

void alert_book_judge(struct alert_book *b, struct model *m, struct wall now, alert_each *each, void *owner)
{
	struct tellings t = { 0 };

	b->model = m;
	b->now = now;
	causes_find(b);
	for (uint32_t i = 0; i < b->causes; i++)
		judge_cause(b, b->cause[i], &t);
	judge_missing(b, &t);
	if (t.count)
		qsort(t.one, t.count, sizeof(*t.one), telling_order);
	for (uint32_t i = 0; i < t.count; i++) {
		if (t.one[i].clear)
			tell_clear(b, t.one[i].held, each, owner);
		else
			tell(b, t.one[i].held, each, owner);
	}
	free(t.one);
	services_leave(b);
}
