/* poller/base/wheel.c: hierarchical timer wheel. See wheel.h.
 *
 * A tick number is read as groups of six bits. A timer lies on the level of the highest group in which its tick and
 * the wheel's own tick 'now' differ, in the slot which that group names:
 *
 *	now    ...  5 | 12 | 40 |  7
 *	timer  ...  5 | 12 | 41 | 60	differs first in group 1: level 1, slot 41
 *
 * So on level n every used slot is beyond now's own group, nothing wraps round, and the lowest level in use holds the
 * earliest timer. When 'now' enters a slot of level n > 0, its timers move down. Nine levels hold any int64_t of
 * microseconds. One 64-bit word a level says which slots are in use.
 *
 * Level 0 slots are 10 ms wide; inside the slot of 'now' each timer's own due decides, so none is early.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "err.h"
#include "wheel.h"

enum { TICK_US = 10000, GROUP_BITS = 6, SLOTS = 1 << GROUP_BITS, LEVELS = 9 };

struct wheel {
	uint64_t tick;			/* everything before it has fired */
	uint64_t used[LEVELS];
	struct timer *slot[LEVELS][SLOTS];
	struct timer *firing;		/* due, not yet fired in this run */
	unsigned count;
};

static uint64_t tick_of(struct mono t)
{
	return t.us > 0 ? (uint64_t)t.us / TICK_US : 0;
}

static unsigned group(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> (level * GROUP_BITS)) & (SLOTS - 1);
}

struct wheel *wheel_new(struct mono now)
{
	struct wheel *w = must_alloc(sizeof(*w));

	w->tick = tick_of(now);
	return w;
}

static void release_list(struct timer *t)
{
	struct timer *next;

	for (; t; t = next) {
		next = t->next;
		t->next = NULL;
		t->prev = NULL;
	}
}

/* The owners keep their timers, disarmed. */
void wheel_free(struct wheel *w)
{
	if (!w)
		return;
	for (unsigned l = 0; l < LEVELS; l++)
		for (unsigned s = 0; s < SLOTS; s++)
			release_list(w->slot[l][s]);
	release_list(w->firing);
	free(w);
}

static void link_first(struct timer **head, struct timer *t)
{
	t->next = *head;
	t->prev = head;
	if (t->next)
		t->next->prev = &t->next;
	*head = t;
}

static void unlink_timer(struct timer *t)
{
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->next = NULL;
	t->prev = NULL;
}

static void put(struct wheel *w, struct timer *t)
{
	uint64_t tick = tick_of(t->due), differ;
	unsigned level, s;

	if (tick < w->tick)
		tick = w->tick;
	differ = tick ^ w->tick;
	level = differ ? (63u - (unsigned)__builtin_clzll(differ)) / GROUP_BITS : 0;
	s = group(tick, level);
	link_first(&w->slot[level][s], t);
	w->used[level] |= UINT64_C(1) << s;
}

/* A slot whose last timer went is marked unused; 'head' is where the timer hung, perhaps another timer. */
static void slot_emptied(struct wheel *w, struct timer **head)
{
	struct timer **first = &w->slot[0][0];
	uintptr_t at = (uintptr_t)head, from = (uintptr_t)first;
	size_t i;

	if (at < from || at >= from + sizeof(w->slot) || *head)
		return;
	i = (at - from) / sizeof(*first);
	w->used[i / SLOTS] &= ~(UINT64_C(1) << (i % SLOTS));
}

void wheel_stop(struct wheel *w, struct timer *t)
{
	struct timer **head = t->prev;

	if (!head)
		return;
	unlink_timer(t);
	slot_emptied(w, head);
	w->count--;
}

void wheel_set(struct wheel *w, struct timer *t, struct mono due)
{
	must(t->fire != NULL);
	wheel_stop(w, t);
	t->due = due;
	put(w, t);
	w->count++;
}

/* The lowest level in use, LEVELS when none; '*tick' is then the first tick of its first used slot. */
static unsigned first_slot(const struct wheel *w, uint64_t *tick)
{
	unsigned level = 0, shift, s;

	while (level < LEVELS && w->used[level] == 0)
		level++;
	if (level == LEVELS)
		return level;
	s = (unsigned)__builtin_ctzll(w->used[level]);
	shift = level * GROUP_BITS;
	*tick = (w->tick >> (shift + GROUP_BITS) << GROUP_BITS | s) << shift;
	return level;
}

/* Append what is due in the slot of this tick at '*tail'; returns the new tail. */
static struct timer **gather(struct wheel *w, struct mono now, struct timer **tail)
{
	unsigned s = group(w->tick, 0);
	struct timer **head = &w->slot[0][s], *next;

	for (struct timer *t = *head; t; t = next) {
		next = t->next;
		if (t->due.us > now.us)
			continue;
		unlink_timer(t);
		link_first(tail, t);
		tail = &t->next;
	}
	slot_emptied(w, head);
	return tail;
}

/* 'now' has entered the slot of its group on 'level': its timers move to lower levels. */
static void cascade(struct wheel *w, unsigned level)
{
	struct timer **head = &w->slot[level][group(w->tick, level)], *t = *head, *next;

	*head = NULL;
	slot_emptied(w, head);
	for (; t; t = next) {
		next = t->next;
		put(w, t);
	}
}

/* Move to the tick of 'now', collecting what is due. No timer fires here, so the lists hold still. */
static void advance(struct wheel *w, struct mono now)
{
	uint64_t target = tick_of(now), tick;
	struct timer **tail = &w->firing;
	unsigned level;

	while (*tail)
		tail = &(*tail)->next;
	while ((level = first_slot(w, &tick)) < LEVELS && tick <= target) {
		w->tick = tick;
		if (level > 0)
			cascade(w, level);
		else
			tail = gather(w, now, tail);
		if (level == 0 && tick == target)
			break;		/* what is left in this slot is due later within the tick */
	}
	if (target > w->tick)
		w->tick = target;
}

void wheel_run(struct wheel *w, struct mono now)
{
	struct timer *t;

	if (tick_of(now) >= w->tick)
		advance(w, now);
	while ((t = w->firing)) {
		unlink_timer(t);
		w->count--;
		t->fire(t, now);
	}
}

struct mono wheel_next(const struct wheel *w)
{
	uint64_t tick;
	unsigned level = first_slot(w, &tick);
	struct mono least;

	if (w->firing)
		return (struct mono){ 1 };	/* asked from within fire() */
	if (level == LEVELS)
		return (struct mono){ 0 };
	if (level > 0)
		return (struct mono){ (int64_t)(tick * TICK_US) };
	least.us = INT64_MAX;
	for (const struct timer *t = w->slot[0][group(tick, 0)]; t; t = t->next)
		if (t->due.us < least.us)
			least = t->due;
	return least.us > 0 ? least : (struct mono){ 1 };	/* 0 is "never" */
}

unsigned wheel_count(const struct wheel *w)
{
	return w->count;
}
