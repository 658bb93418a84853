/* poller/ctl/risk-capacity.c: capacity for people: what is needed and there, now and when calendars want more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "risk-int.h"

enum { NAMES_SHOWN = 4, TIMES_SHOWN = 3 };

static int harm(const json_t *row, const char *key)
{
	const char *q = json_text(row, key);

	return strcmp(q, "down") == 0 ? 2 : strcmp(q, "degraded") == 0;
}

static void add_names(struct text *t, const json_t *names, size_t all, const char *last)
{
	size_t n = json_array_size(names), shown = n < NAMES_SHOWN ? n : NAMES_SHOWN;
	char word[MODEL_NAME_MAX];

	for (size_t i = 0; i < shown; i++)
		text_add(t, "%s%s", i == 0 ? "" : i + 1 == shown && shown == all ? last : ", ",
			 component_words(json_string_value(json_array_get(names, i)), word, sizeof(word)));
	if (all > shown)
		text_add(t, "%s%zu more", last, all - shown);
}

char *coming_words(const json_t *when, const json_t *repair, const char *quality, char *buf, size_t size)
{
	struct text t = text_over(buf, size);
	char day[40];

	text_add(&t, "%s: %s", wall_format_day((struct wall){ json_integer_value(when) * 1000000 }, clock_wall(), day, sizeof(day)), quality);
	if (json_array_size(repair)) {
		text_add(&t, " unless ");
		add_names(&t, repair, json_array_size(repair), " and ");
		text_add(&t, json_array_size(repair) == 1 ? " is back" : " are back");
	}
	return buf;
}

static void add_capacity(struct text *t, const json_t *row, const json_t *capacity)
{
	const char *unit = json_text(row, "capacity_unit");

	text_add(t, "%lld%s%s", (long long)json_integer_value(capacity), *unit ? " " : "", unit);
}

/* "3", or "capacity 1200" where members differ in it. */
static void add_needed(struct text *t, const json_t *row, const json_t *now)
{
	json_t *capacity = json_object_get(row, "need_capacity");

	if (now == NULL || json_int(row, "need") != json_int(now, "need") || !json_is_null(capacity))
		text_add(t, "%lld", (long long)json_int(row, "need"));
	if (now != NULL && json_int(row, "need") == json_int(now, "need") && json_is_null(capacity))
		text_add(t, "%lld for full", (long long)json_int(row, "full"));
	if (json_is_integer(capacity)) {
		text_add(t, " (capacity ");
		add_capacity(t, row, capacity);
		text_add(t, ")");
	}
}

static void add_now(struct text *t, const json_t *row)
{
	json_t *capacity = json_object_get(row, "capacity_there");

	add_needed(t, row, NULL);
	text_add(t, " needed now, %lld there", (long long)json_int(row, "there"));
	if (json_is_integer(capacity)) {
		text_add(t, " (capacity ");
		add_capacity(t, row, capacity);
		if (json_int(row, "capacity_unread"))
			text_add(t, ", and that of %lld whose speed is not read", (long long)json_int(row, "capacity_unread"));
		text_add(t, ")");
	}
	if (json_int(row, "unknown"))
		text_add(t, ", %lld unknown", (long long)json_int(row, "unknown"));
}

/* "31 Dec 09:00 needs 3: degraded unless app2 is back"; what is survived now and not then only where nothing is worse. */
static void add_then(struct text *t, const json_t *row, const json_t *now)
{
	const json_t *lost = json_object_get(row, "survived_now_not_then");
	size_t count = (size_t)json_int(row, "survived_now_not_then_count"), ends = (size_t)json_int(row, "survived_ends");
	char day[40];

	text_add(t, " \u00b7 %s needs ", wall_format_day(json_wall(row, "when"), clock_wall(), day, sizeof(day)));
	add_needed(t, row, now);
	if (harm(row, "service_then") > harm(now, "service_then")) {
		text_add(t, ": %s", json_text(row, "service_then"));
		if (json_array_size(json_object_get(row, "repair"))) {
			text_add(t, " unless ");
			add_names(t, json_object_get(row, "repair"), json_array_size(json_object_get(row, "repair")), " and ");
			text_add(t, json_array_size(json_object_get(row, "repair")) == 1 ? " is back" : " are back");
		} else {
			text_add(t, ", even when all is up");
		}
		return;
	}
	text_add(t, harm(row, "service_then") ? ": no better" : ": enough");
	if (count) {
		text_add(t, ", but the loss of ");
		add_names(t, lost, count, " or ");
		text_add(t, ends ? " stops it then, and not now" : " degrades it then, and not now");
	}
}

void risk_print_capacity(const struct screen *s, const json_t *r)
{
	const json_t *list = json_object_get(r, "capacity"), *now = NULL;
	char words[4096];
	struct text t = text_over(words, sizeof(words));
	size_t i, times = 0;
	bool said = false;
	json_t *row;

	json_array_foreach(list, i, row) {
		if (!json_is_null(json_object_get(row, "when"))) {
			if (now && times++ < TIMES_SHOWN)
				add_then(&t, row, now);
			continue;
		}
		if (now)
			risk_say(s, said ? "" : "Capacity", words);
		said |= now != NULL;
		t = text_over(words, sizeof(words));
		now = row;
		times = 0;
		text_add(&t, "%s: ", json_text(row, "group"));
		add_now(&t, row);
	}
	if (now)
		risk_say(s, said ? "" : "Capacity", words);
	if (now && json_is_true(json_object_get(r, "capacity_cut")))
		risk_say(s, "", "not computed: some of what calendars will need within 'ahead' (forewarn's log says which)");
}
