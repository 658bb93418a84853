/* poller/config-names.c: the one name space, and ranges of names. See config-int.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

enum { RANGES_MOST = 8 };

const char *ref_kind_word(enum ref_kind kind)
{
	static const char *const word[] = {
		[REF_DEVICE] = "device", [REF_CHECK] = "check", [REF_COMPONENT] = "component", [REF_PART] = "part",
		[REF_GROUP] = "group", [REF_SERVICE] = "service",
	};

	return word[kind];
}

const char *ref_subject(const struct ref *r, char *buf, size_t size_octets)
{
	struct text t = text_over(buf, size_octets);

	text_add(&t, "%s \"%s\"", ref_kind_word(r->kind), r->name);
	return buf;
}

struct place ref_place(const struct config *c, const struct ref *r)
{
	switch (r->kind) {
	case REF_CHECK: return c->check[r->index].place;
	case REF_COMPONENT: return c->component[r->index].place;
	case REF_GROUP: return c->group[r->index].place;
	case REF_SERVICE: return c->service[r->index].place;
	default: return c->device[r->index].place;
	}
}

struct needs *ref_needs(struct config *c, const struct ref *r)
{
	switch (r->kind) {
	case REF_CHECK: return &c->check[r->index].needs;
	case REF_COMPONENT: return &c->component[r->index].needs;
	case REF_GROUP: return &c->group[r->index].needs;
	case REF_SERVICE: return &c->service[r->index].needs;
	default: return &c->device[r->index].needs;
	}
}

/* ---- giving names ------------------------------------------------------------------------------------------------ */

bool name_check(struct load *l, const char *name, struct place place, const char *what)
{
	const char *why = NULL;

	if (!*name)
		why = "the name is empty";
	else if (strlen(name) > NAME_OCTETS_MOST)
		why = "the name has more than 200 octets";
	else if (strchr(name, '/'))
		why = "a name cannot have \"/\", which parts of a device have; use \"-\"";
	else if (strchr(name, '|'))
		why = "a name cannot have \"|\", which stands for any-of in lists; use \"-\"";
	else if (strchr(name, '['))
		why = "a name cannot have \"[\", which stands for a range in lists; write one section for each name";
	else if (name[0] == ' ' || name[strlen(name) - 1] == ' ')
		why = "a name cannot begin or end with a blank";
	else if (has_control(name))
		why = "a name cannot have control characters";
	if (why)
		mistake_add(l->m, place.file, place.line, "%s%s", what, why);
	return !why;
}

uint32_t name_declare(struct load *l, enum ref_kind kind, uint32_t index, const char *name, struct place place)
{
	struct config *c = l->c;
	uint32_t at = c->ref_count, had;
	struct ref *r = grow(&c->refs, &c->ref_count, &l->ref_size, sizeof(*r));
	struct place first;

	*r = (struct ref){ .kind = (uint8_t)kind, .index = index, .name = name };
	had = names_put(&c->names, name, at);
	if (had == NAMES_NONE)
		return at;
	first = ref_place(c, &c->refs[had]);
	if (c->refs[had].kind == kind)
		mistake_add(l->m, place.file, place.line, "%s \"%s\": given twice, first in %s:%u", ref_kind_word(kind), name,
			    first.file, first.line);
	else
		mistake_add(l->m, place.file, place.line,
			    "%s \"%s\": the name is taken by a %s, %s:%u; devices, checks, components, groups and services share names",
			    ref_kind_word(kind), name, ref_kind_word(c->refs[had].kind), first.file, first.line);
	return at;
}

struct raw_list *list_add(struct load *l, enum list_kind kind, uint32_t owner, const char *file, uint32_t count)
{
	struct raw_list *list = grow(&l->list, &l->list_count, &l->list_size, sizeof(*list));

	*list = (struct raw_list){ .kind = kind, .owner = owner, .file = file, .count = count };
	list->item = arena_alloc(&l->scratch, count * sizeof(*list->item));
	return list;
}

const char *near_text(struct load *l, const struct names *names, const char *name, char *buf, size_t size_octets)
{
	struct text t = text_over(buf, size_octets);
	const char *near = NULL;

	if (names->size <= l->near_budget) {
		l->near_budget -= names->size;
		near = names_nearest(names, name, 3);
	}
	if (near)
		text_add(&t, "; \"%s\" is near", near);
	return buf;
}

/* ---- ranges ------------------------------------------------------------------------------------------------------ */

struct range { size_t begin, end; uint64_t from, count; int width; };

/* "[01-12]" at 'at': its range; 0 when it is none, else its length. */
static size_t range_at(const char *at, struct range *r)
{
	const char *low = at + 1;
	size_t low_len = strspn(low, "0123456789"), high_len;
	const char *high = low + low_len + 1;
	uint64_t to;

	if (low_len == 0 || low_len > 9 || low[low_len] != '-')
		return 0;
	high_len = strspn(high, "0123456789");
	if (high_len == 0 || high_len > 9 || high[high_len] != ']')
		return 0;
	r->from = strtoull(low, NULL, 10);
	to = strtoull(high, NULL, 10);
	r->width = low[0] == '0' && low_len > 1 ? (int)low_len : 0;
	r->count = to >= r->from ? to - r->from + 1 : 0;
	return low_len + high_len + 3;
}

/* All ranges of 'pattern'. Behind the second '/' a bracket that is no range belongs to the name. -1 with the reason. */
static int find_ranges(const char *pattern, struct range *range, struct err *err)
{
	int n = 0;
	unsigned slashes = 0;

	for (size_t i = 0; pattern[i]; i++) {
		struct range r = { .begin = i };
		size_t len = pattern[i] == '[' ? range_at(pattern + i, &r) : 0;

		slashes += pattern[i] == '/';
		if (pattern[i] != '[' || (len == 0 && slashes >= 2))
			continue;
		if (len == 0)
			return err_set(err, FW_MISTAKE, "a range is written [1-12] or [01-12]"), -1;
		if (r.count == 0)
			return err_set(err, FW_MISTAKE, "a range goes from the smaller number to the larger"), -1;
		if (n == RANGES_MOST)
			return err_set(err, FW_MISTAKE, "more than %d ranges", RANGES_MOST), -1;
		r.end = i + len;
		range[n++] = r;
		i += len - 1;
	}
	return n;
}

/* The 'k'th name, the last range counting fastest. */
static void nth_name(const char *pattern, const struct range *range, int n, uint64_t k, struct text *t)
{
	uint64_t value[RANGES_MOST];
	size_t at = 0;

	for (int i = n; i-- > 0; k /= range[i].count)
		value[i] = range[i].from + k % range[i].count;
	for (int i = 0; i < n; i++) {
		text_add(t, "%.*s%0*" PRIu64, (int)(range[i].begin - at), pattern + at, range[i].width, value[i]);
		at = range[i].end;
	}
	text_add(t, "%s", pattern + at);
}

bool name_expand(const char *pattern, expand_each *each, void *owner, struct err *err)
{
	struct range range[RANGES_MOST];
	char name[PATTERN_OCTETS_MOST + 16 * RANGES_MOST];
	uint64_t total = 1;
	int n;

	if (strlen(pattern) > PATTERN_OCTETS_MOST)
		return err_set(err, FW_MISTAKE, "longer than %d octets", PATTERN_OCTETS_MOST), false;
	if ((n = find_ranges(pattern, range, err)) < 0)
		return false;
	for (int i = 0; i < n; i++) {
		total *= range[i].count;
		if (total > EXPAND_MOST)
			return err_set(err, FW_MISTAKE, "stands for more than 100,000 names"), false;
	}
	for (uint64_t k = 0; k < total; k++) {
		struct text t = text_over(name, sizeof(name));

		nth_name(pattern, range, n, k, &t);
		each(owner, name);
	}
	return true;
}
