/* poller/config-resolve.c: lists of names become what they stand for: needs, members, parents. See config-int.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

enum { LINEAR_MOST = 16 };

/* ---- resolving --------------------------------------------------------------------------------------------------- */

/* A list being resolved: its refs, and after which of them a term ends. */
struct resolving {
	struct load *l;
	const struct raw_list *list;
	const struct raw_item *item;
	struct ref *ref;	uint32_t count, size;
	uint32_t *end;		uint32_t terms, term_size;
	struct names seen;	/* beyond LINEAR_MOST refs */
	uint32_t term_begin;
	bool missing;		/* a name was left out, because a mistake elsewhere may be why it is unknown */
};

static const char *list_word(enum list_kind kind)
{
	static const char *const word[] = {
		[LIST_NEEDS] = "needs", [LIST_MEMBERS] = "members", [LIST_PARENTS] = "parents", [LIST_CARRIES] = "carries",
	};

	return word[kind];
}

/* 'service "x": needs "y": why'. */
static void item_wrong(struct resolving *r, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void item_wrong(struct resolving *r, const char *name, const char *fmt, ...)
{
	char why[1024], subject[2 * NAME_OCTETS_MOST + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	mistake_add(r->l->m, r->list->file, r->item->line, "%s: %s \"%s\"%s",
		    ref_subject(&r->l->c->refs[r->list->owner], subject, sizeof(subject)), list_word(r->list->kind), name, why);
}

/* "core1/interface/Gi0/1": a part of a device, seen or not. 'slash' is the first one. */
static bool resolve_part(struct resolving *r, const char *name, const char *slash, struct ref *out)
{
	struct config *c = r->l->c;
	char device[NAME_OCTETS_MOST + 1], class_name[64], near[NAME_OCTETS_MOST * 3];
	size_t len = (size_t)(slash - name), class_len = strcspn(slash + 1, "/");
	uint32_t at = NAMES_NONE;

	snprintf(device, sizeof(device), "%.*s", (int)(len > NAME_OCTETS_MOST ? NAME_OCTETS_MOST : len), name);
	if (len <= NAME_OCTETS_MOST)
		at = names_find(&c->names, device);
	if (at == NAMES_NONE && may_exist(r->l, device)) {
		r->missing = true;
		return false;
	}
	if (at == NAMES_NONE || c->refs[at].kind != REF_DEVICE) {
		item_wrong(r, name, ": no such device%s", near_text(r->l, &c->names, device, near, sizeof(near)));
		return false;
	}
	if (class_len == 0 || !slash[1 + class_len] || !slash[2 + class_len] || class_len >= sizeof(class_name)) {
		item_wrong(r, name, ": a part of a device is written \"%s/CLASS/NAME\"", device);
		return false;
	}
	snprintf(class_name, sizeof(class_name), "%.*s", (int)class_len, slash + 1);
	if (strcmp(class_name, "check") == 0) {
		item_wrong(r, name, ": the device has no such check%s", near_text(r->l, &c->names, name, near, sizeof(near)));
		return false;
	}
	if (c->mib && c->mib->count && !mib_find_class(c->mib, class_name)) {
		item_wrong(r, name, ": no class \"%s\" in the MIB definitions%s", class_name,
			   class_near(r->l, class_name, near, sizeof(near)));
		return false;
	}
	*out = (struct ref){ .kind = REF_PART, .index = c->refs[at].index, .name = arena_strdup(&c->arena, name) };
	return true;
}

static bool resolve_name(struct resolving *r, const char *name, struct ref *out)
{
	struct config *c = r->l->c;
	uint32_t at = names_find(&c->names, name);
	const char *slash = strchr(name, '/');
	char near[NAME_OCTETS_MOST * 3];
	bool device = at != NAMES_NONE && c->refs[at].kind == REF_DEVICE;

	if (at == NAMES_NONE && may_exist(r->l, name)) {
		r->missing = true;
		return false;
	}
	if (r->list->kind == LIST_PARENTS && !device) {
		item_wrong(r, name, at == NAMES_NONE ? ": no such device%s" : ": not a device; put it into needs if it is needed%s",
			   at == NAMES_NONE ? near_text(r->l, &c->names, name, near, sizeof(near)) : "");
		return false;
	}
	if (at != NAMES_NONE) {
		*out = c->refs[at];
		return true;
	}
	if (slash)
		return resolve_part(r, name, slash, out);
	item_wrong(r, name, ": no such device, component, group or service%s",
		   near_text(r->l, &c->names, name, near, sizeof(near)));
	return false;
}

static bool seen_before(struct resolving *r, const char *name)
{
	if (r->count < LINEAR_MOST) {
		for (uint32_t i = 0; i < r->count; i++)
			if (strcmp(r->ref[i].name, name) == 0)
				return true;
		return false;
	}
	for (uint32_t i = 0; r->count == LINEAR_MOST && i < r->count; i++)
		names_put(&r->seen, r->ref[i].name, 0);
	return names_find(&r->seen, name) != NAMES_NONE;
}

static void term_ends(struct resolving *r)
{
	uint32_t *end;

	if (r->count == r->term_begin)
		return;
	end = grow(&r->end, &r->terms, &r->term_size, sizeof(*end));
	*end = r->term_begin = r->count;
}

/* One name, ranges expanded. A name that appears twice would count twice: a mistake. */
static void add_name(void *owner, const char *name)
{
	struct resolving *r = owner;
	struct ref ref, *room;

	if (++r->l->expanded > EXPAND_ALL_MOST) {
		if (r->l->expanded == EXPAND_ALL_MOST + 1)
			item_wrong(r, name, ": ranges of the whole configuration stand for more than 5,000,000 names");
		return;
	}
	if (!resolve_name(r, name, &ref))
		return;
	if (seen_before(r, ref.name)) {
		item_wrong(r, name, " is given twice; keep one");
		return;
	}
	room = grow(&r->ref, &r->count, &r->size, sizeof(*room));
	*room = ref;
	if (r->count > LINEAR_MOST)
		names_put(&r->seen, ref.name, 0);
}

/* Every name is a term of its own, unless it is one of "a | b". */
static void add_term(void *owner, const char *name)
{
	add_name(owner, name);
	term_ends(owner);
}

/* One item of a list as written: "web[1-3]", "db | db-replica". */
static void resolve_item(struct resolving *r)
{
	const char *text = r->item->text, *at = text;
	bool any = strchr(text, '|') != NULL;
	struct err err;

	if (any && r->list->kind != LIST_NEEDS) {
		item_wrong(r, text, ": \"|\" belongs into needs; %s", r->list->kind == LIST_MEMBERS
			   ? "make a group with need = 1 of them" : "write each by itself");
		return;
	}
	if (has_control(text)) {
		item_wrong(r, text, ": a name cannot have control characters");
		return;
	}
	for (;;) {
		size_t len = strcspn(at, "|");
		char one[PATTERN_OCTETS_MOST + 2];
		const char *begin = at + strspn(at, " \t"), *end = at + len;

		while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		snprintf(one, sizeof(one), "%.*s", end > begin ? (int)(end - begin) : 0, begin);
		if (!*one || begin > end)
			item_wrong(r, text, any ? ": a name is missing beside \"|\"" : ": the name is empty");
		else if (!name_expand(one, any ? add_name : add_term, r, &err))
			item_wrong(r, one, ": %s", err.text);
		if (!at[len])
			break;
		at += len + 1;
	}
	term_ends(r);
}

static struct needs needs_of(struct resolving *r)
{
	struct arena *a = &r->l->c->arena;
	struct ref *ref = arena_alloc(a, r->count * sizeof(*ref));
	struct term *term = arena_alloc(a, r->terms * sizeof(*term));

	if (r->count)
		memcpy(ref, r->ref, r->count * sizeof(*ref));
	for (uint32_t i = 0; i < r->terms; i++) {
		uint32_t begin = i ? r->end[i - 1] : 0;

		term[i] = (struct term){ .any = ref + begin, .count = r->end[i] - begin };
	}
	return (struct needs){ .term = term, .count = r->terms };
}

/* ---- carries ----------------------------------------------------------------------------------------------------- */

struct carry { uint32_t target, carrier; };	/* indices into refs */

struct carries { struct carry *carry; uint32_t count, size; };

static void carries_add(struct carries *all, struct resolving *r)
{
	struct config *c = r->l->c;

	for (uint32_t i = 0; i < r->count; i++) {
		struct carry *k;

		if (r->ref[i].kind == REF_PART) {
			item_wrong(r, r->ref[i].name, ": a part of a device has no needs of its own; name the device");
			continue;
		}
		k = grow(&all->carry, &all->count, &all->size, sizeof(*k));
		*k = (struct carry){ names_find(&c->names, r->ref[i].name), r->list->owner };
	}
}

static int by_target(const void *a, const void *b)
{
	const struct carry *p = a, *q = b;

	if (p->target != q->target)
		return p->target < q->target ? -1 : 1;
	return p->carrier < q->carrier ? -1 : p->carrier > q->carrier;
}

/* Needs written at both ends are the same fact, not a mistake. */
static bool already_needs(const struct needs *n, const char *name)
{
	for (uint32_t i = 0; i < n->count; i++)
		if (n->term[i].count == 1 && strcmp(n->term[i].any->name, name) == 0)
			return true;
	return false;
}

/* Give 'count' carriers of one target to its needs. */
static void carried(struct config *c, const struct carry *k, uint32_t count)
{
	struct needs *n = ref_needs(c, &c->refs[k->target]), all = { 0 };
	struct term *term = arena_alloc(&c->arena, (n->count + count) * sizeof(*term));

	if (n->count)
		memcpy(term, n->term, n->count * sizeof(*term));
	all = (struct needs){ term, n->count };
	for (uint32_t i = 0; i < count; i++) {
		struct ref *ref;

		if ((i > 0 && k[i].carrier == k[i - 1].carrier) || already_needs(n, c->refs[k[i].carrier].name))
			continue;
		ref = arena_alloc(&c->arena, sizeof(*ref));
		*ref = c->refs[k[i].carrier];
		term[all.count++] = (struct term){ ref, 1 };
	}
	*n = all;
}

static void carries_turn(struct config *c, struct carries *all)
{
	if (all->count)
		qsort(all->carry, all->count, sizeof(*all->carry), by_target);
	for (uint32_t i = 0, n; i < all->count; i += n) {
		for (n = 1; i + n < all->count && all->carry[i + n].target == all->carry[i].target; )
			n++;
		carried(c, &all->carry[i], n);
	}
	free(all->carry);
}

/* ---- lists ------------------------------------------------------------------------------------------------------- */

static void list_done(struct resolving *r, struct carries *carries, bool whole)
{
	struct config *c = r->l->c;
	const struct ref *owner = &c->refs[r->list->owner];
	struct needs n;

	if (r->list->kind == LIST_CARRIES) {
		carries_add(carries, r);
		return;
	}
	n = needs_of(r);
	switch (r->list->kind) {
	case LIST_PARENTS:
		c->device[owner->index].parents = n.count ? n.term->any : NULL;
		c->device[owner->index].parent_count = r->count;
		break;
	case LIST_MEMBERS:
		c->group[owner->index].member = n.count ? n.term->any : NULL;
		c->group[owner->index].count = r->count;
		if (whole)
			demand_counts(r->l, &c->group[owner->index]);
		break;
	default:
		*ref_needs(c, owner) = n;
		break;
	}
}

void lists_resolve(struct load *l)
{
	struct carries carries = { 0 };
	struct resolving r = { .l = l };

	for (uint32_t i = 0; i < l->list_count; i++) {
		unsigned mistakes = l->m->count + l->m->more;

		r.list = &l->list[i];
		r.count = r.terms = r.term_begin = 0;
		r.missing = false;
		for (uint32_t k = 0; k < r.list->count; k++) {
			r.item = &r.list->item[k];
			resolve_item(&r);
		}
		list_done(&r, &carries, !r.missing && l->m->count + l->m->more == mistakes);
		names_release(&r.seen);
		r.seen = (struct names){ 0 };
	}
	carries_turn(l->c, &carries);
	free(r.ref);
	free(r.end);
}
