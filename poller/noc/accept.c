/* poller/noc/accept.c: risks that a person accepted, and whether they are still what was accepted. See noc.h. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "alert-int.h"

/* ---- an acceptance ---------------------------------------------------------------------------------------------- */

struct acceptance *acceptance_new(uint32_t number, const struct alert *mark)
{
	struct acceptance *a = must_alloc(sizeof(*a));
	struct alert *copy = must_alloc(sizeof(*copy));

	*copy = *mark;
	if (copy->number == 0)
		copy->number = 1;	/* nobody has judged it yet: one is needed to be read again */
	a->number = number;
	text_copy(a->key, sizeof(a->key), mark->key);
	a->mark = alert_encode(copy);
	free(copy);
	return a;
}

struct acceptance *acceptance_copy(const struct acceptance *a)
{
	struct acceptance *copy = must_alloc(sizeof(*copy));

	*copy = *a;
	copy->mark = must_strdup(a->mark);
	return copy;
}

void acceptance_free(struct acceptance *a)
{
	if (!a)
		return;
	free(a->mark);
	free(a);
}

static void mark_read(struct accepted *k)
{
	struct alert *mark = must_alloc(sizeof(*mark));

	if (alert_decode(k->a->mark, strlen(k->a->mark), mark)) {
		k->state = mark->state;
		k->severity = mark->severity;
		k->touched_count = mark->touched_count;
		k->touched_more = mark->touched_more;
		k->points = mark->points_count + mark->points_more;
		k->touched = must_alloc((mark->touched_count + 1) * sizeof(*k->touched));
		memcpy(k->touched, mark->touched, mark->touched_count * sizeof(*k->touched));
	}
	free(mark);
}

static void mark_release(struct accepted *k) { free(k->touched); }

/* ---- is it worse than it was? ----------------------------------------------------------------------------------- */

static int rank(enum state s)
{
	static const int order[STATES] = { [STATE_UP] = 0, [STATE_UNKNOWN] = 1, [STATE_DEGRADED] = 2, [STATE_DOWN] = 3 };

	return order[s];
}

/* LOSE_DOWN is the least, LOSE_NEVER the most. */
static uint32_t left(uint32_t lose) { return lose == LOSE_DOWN ? 0 : lose == LOSE_NEVER ? lose : lose + 1; }

static bool line_is_worse(const struct accepted *k, const struct touched *now)
{
	if (now->planned)
		return false;	/* what maintenance does alone, this cause does not make worse */
	for (uint32_t i = 0; i < k->touched_count; i++) {
		const struct touched *t = &k->touched[i];

		if (strcmp(t->service, now->service) == 0)
			return rank(now->quality_now) > rank(t->quality_now) || left(now->lose_now) < left(t->lose_now);
	}
	return k->touched_more == 0;	/* a service more; where not all had a line it may have been among the others */
}

bool accepted_is_worse(const struct accepted *k, const struct alert *now)
{
	bool worse = now->severity > k->severity || rank(now->state) > rank(k->state) || now->touched_more > k->touched_more ||
		     now->points_count + now->points_more > k->points;

	for (uint32_t i = 0; i < now->touched_count && !worse; i++)
		worse = line_is_worse(k, &now->touched[i]);
	return worse;
}

bool acceptance_is_worse(const struct acceptance *a, const struct alert *now)
{
	struct accepted k = { .a = (struct acceptance *)(uintptr_t)a };
	bool worse;

	mark_read(&k);
	worse = accepted_is_worse(&k, now);
	mark_release(&k);
	return worse;
}

/* ---- those in force --------------------------------------------------------------------------------------------- */

struct accepted *accepted_find(const struct alert_book *b, const char *key)
{
	for (uint32_t i = 0; i < b->accepteds; i++)
		if (strcmp(b->accepted[i].a->key, key) == 0)
			return &b->accepted[i];
	return NULL;
}

static struct acceptance *take_out(struct alert_book *b, struct accepted *k)
{
	struct acceptance *a = k->a;

	mark_release(k);
	*k = b->accepted[--b->accepteds];
	return a;
}

enum fw_err alert_book_accept(struct alert_book *b, struct acceptance *a)
{
	struct accepted *had = accepted_find(b, a->key), k = { .a = a };

	if (had)
		acceptance_free(take_out(b, had));
	if (b->accepteds == ACCEPTANCES_MOST)
		return FW_FULL;
	if (b->accepteds == b->accepted_room) {
		b->accepted_room = b->accepted_room ? b->accepted_room * 2 : 16;
		b->accepted = must_realloc(b->accepted, b->accepted_room * sizeof(*b->accepted));
	}
	mark_read(&k);
	b->accepted[b->accepteds++] = k;
	alert_book_acceptance_from(b, a->number + 1);
	return FW_OK;
}

size_t alert_book_acceptances(const struct alert_book *b) { return b->accepteds; }

const struct acceptance *alert_book_acceptance_at(const struct alert_book *b, size_t i)
{
	return i < b->accepteds ? b->accepted[i].a : NULL;
}

const struct acceptance *alert_book_acceptance(const struct alert_book *b, const char *key)
{
	const struct accepted *k = accepted_find(b, key);

	return k ? k->a : NULL;
}

const struct acceptance *alert_book_acceptance_of(const struct alert_book *b, uint32_t number)
{
	for (uint32_t i = 0; i < b->accepteds; i++)
		if (b->accepted[i].a->number == number)
			return b->accepted[i].a;
	return NULL;
}

uint32_t alert_book_acceptance_next(const struct alert_book *b) { return b->accepted_next ? b->accepted_next : 1; }

void alert_book_acceptance_from(struct alert_book *b, uint32_t next)
{
	if (next > b->accepted_next)
		b->accepted_next = next;
}

struct acceptance *alert_book_accept_over(struct alert_book *b, struct wall now)
{
	for (uint32_t i = 0; i < b->accepteds; i++)
		if (b->accepted[i].a->until.us <= now.us)
			return take_out(b, &b->accepted[i]);
	return NULL;
}

struct acceptance *alert_book_withdraw(struct alert_book *b, uint32_t number)
{
	for (uint32_t i = 0; i < b->accepteds; i++)
		if (b->accepted[i].a->number == number)
			return take_out(b, &b->accepted[i]);
	return NULL;
}

void accepted_release(struct alert_book *b)
{
	while (b->accepteds > 0)
		acceptance_free(take_out(b, &b->accepted[0]));
	free(b->accepted);
}
