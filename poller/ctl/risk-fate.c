/* poller/ctl/risk-fate.c: what redundant members share, for people. */
#include <stdio.h>
#include <string.h>

#include "poller/base/text.h"
#include "risk-int.h"

enum { SETS_SHOWN = 3, FATES_SHOWN = 5, NAMES_SHOWN = 6 };

/* "app1, app2 and 5 more". */
static void add_names(struct text *t, const json_t *list)
{
	size_t n = json_array_size(list), shown = n > NAMES_SHOWN ? NAMES_SHOWN - 1 : n;
	char name[MODEL_NAME_MAX];

	for (size_t i = 0; i < shown; i++)
		text_add(t, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ",
			 component_words(json_string_value(json_array_get(list, i)), name, sizeof(name)));
	if (n > shown)
		text_add(t, " and %zu more", n - shown);
}

char *fate_words(const json_t *fate, char *buf, size_t size)
{
	const json_t *sets = json_object_get(fate, "sets"), *takes = json_object_get(fate, "takes"), *count = json_object_get(fate, "count");
	size_t i, most = json_int(fate, "actual") == 1 ? SETS_SHOWN : 1;	/* who stands alone is worth a name */
	struct text t = text_over(buf, size);
	json_int_t more;
	json_t *set;

	text_add(&t, "%s: ", json_text(fate, "group"));
	json_array_foreach(sets, i, set) {
		if (i == most)
			break;
		text_add(&t, "%s", i ? "; " : "");
		add_names(&t, set);
		text_add(&t, json_array_size(set) == 1 ? " alone takes " : " take ");
		add_names(&t, json_array_get(takes, i));
	}
	if (json_is_string(count))
		text_add(&t, "; so do %s other sets", json_string_value(count));
	else if ((more = json_integer_value(count) - (json_int_t)i) > 0)
		text_add(&t, more == 1 ? "; so does %lld other" : "; so do %lld others", (long long)more);
	text_add(&t, " (declared to survive %lld)", (long long)json_int(fate, "declared") - 1);
	return buf;
}

/* Small numbers are said as they are: 0.0002. */
static void print_seen(const struct screen *s, const char *label, const json_t *seen)
{
	char words[2 * MODEL_NAME_MAX + 256], window[32];
	long long days = (long long)(json_span(seen, "watched_s").us / span_s(86400).us);
	struct text t = text_over(words, sizeof(words));

	add_names(&t, json_object_get(seen, "components"));
	text_add(&t, " went down within %s of each other %lld times in %lld day%s (by chance: %.1g): find what they share",
		 span_format(json_span(seen, "window_s"), window, sizeof(window)), (long long)json_int(seen, "times"), days ? days : 1,
		 days > 1 ? "s" : "", json_number_value(json_object_get(seen, "expected")));
	risk_say(s, label, words);
}

void risk_print_fate(const struct screen *s, const json_t *r)
{
	const json_t *fates = json_object_get(r, "shared_fate"), *seen = json_object_get(r, "shared_fate_seen");
	const char *label = "Shared fate";
	char words[4096];
	size_t i;
	json_t *f;

	json_array_foreach(fates, i, f) {
		if (i == FATES_SHOWN)
			break;
		risk_say(s, label, fate_words(f, words, sizeof(words)));
		label = "";
	}
	snprintf(words, sizeof(words), "and %zu more groups (--json)", json_array_size(fates) - i);
	if (json_array_size(fates) > i)
		risk_say(s, label, words);
	json_array_foreach(seen, i, f) {
		print_seen(s, label, f);
		label = "";
	}
	if (json_text(r, "shared_fate_reason")[0])
		risk_say(s, label, json_text(r, "shared_fate_reason"));
}
