/* poller/ctl/risk-chance.c: how likely an outage is, and what is known of how often things fail, for people. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "risk-int.h"

enum { RATES_SHOWN = 8 };

static bool is_down(const json_t *r) { return strcmp(json_text(r, "quality"), "down") == 0; }

/* "24 h", "7 d": as it is configured mostly. */
static const char *horizon_words(const json_t *r, char *buf, size_t size)
{
	struct span d = json_span(r, "horizon_s");

	if (d.us == span_s(86400).us)
		snprintf(buf, size, "24 h");
	else
		span_format(d, buf, size);
	return buf;
}

/* "4 measured, 5 assumed". */
static void add_sources(struct text *t, const json_t *r)
{
	static const struct { const char *key, *words; } row[] = {
		{ "rates_given", "given" }, { "rates_measured", "measured" }, { "rates_assumed", "assumed" }, { "rates_missing", "not known" },
	};
	const char *between = "";

	text_add(t, "; rates: ");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		if (json_int(r, row[i].key) == 0)
			continue;
		text_add(t, "%s%lld %s", between, (long long)json_int(r, row[i].key), row[i].words);
		between = ", ";
	}
}

static const char *without_about(const char *words) { return strncmp(words, "about ", 6) == 0 ? words + 6 : words; }

/* "about 1 in 120 (usually 1 in 18,000)". What has no rate may have failed, and counts no more: then it is only known now. */
static void add_chance(struct text *t, const json_t *p, const json_t *design)
{
	char now[64], usual[64];

	text_add(t, "%s", chance_words(json_number_value(p), now, sizeof(now)));
	if (!json_is_number(design)) {
		text_add(t, " (usually: cannot be told)");
		return;
	}
	chance_words(json_number_value(design), usual, sizeof(usual));
	if (strcmp(usual, now) != 0)
		text_add(t, " (usually %s)", without_about(usual));
}

/* "between 1 in 18,000 and 1 in 120": what lies between is not known. */
static void add_between(struct text *t, const json_t *low, const json_t *high)
{
	char from[64], to[64];

	chance_words(json_number_value(low), from, sizeof(from));
	chance_words(json_number_value(high), to, sizeof(to));
	if (strcmp(from, to) == 0)
		text_add(t, "%s", from);
	else if (json_number_value(low) < 1e-6)
		text_add(t, "at most %s", without_about(to));
	else
		text_add(t, "between %s and %s", without_about(from), without_about(to));
}

void risk_print_chance(const struct screen *s, const json_t *r, bool verbose)
{
	const json_t *p = json_object_get(r, "p"), *soon = json_object_get(r, "p_horizon");
	json_int_t missing = json_int(r, "rates_missing"), n = json_int(r, "components");
	char words[512], horizon[32];
	struct text t = text_over(words, sizeof(words));

	if (is_down(r))
		return;
	if (json_is_number(soon)) {
		text_add(&t, "outage within %s: ", horizon_words(r, horizon, sizeof(horizon)));
		add_chance(&t, soon, json_object_get(r, "design_p_horizon"));
	} else if (json_is_number(json_object_get(r, "p_horizon_low"))) {
		text_add(&t, "outage within %s: ", horizon_words(r, horizon, sizeof(horizon)));
		add_between(&t, json_object_get(r, "p_horizon_low"), json_object_get(r, "p_horizon_high"));
	}
	if (json_is_number(p) && (verbose || !t.len)) {
		text_add(&t, "%sto be down at a random moment: ", t.len ? "; " : "");
		add_chance(&t, p, json_object_get(r, "design_p"));
	} else if (json_is_number(json_object_get(r, "p_low"))) {
		text_add(&t, "%sto be down at a random moment: ", t.len ? "; " : "");
		add_between(&t, json_object_get(r, "p_low"), json_object_get(r, "p_high"));
	}
	if (t.len)
		add_sources(&t, r);
	else if (verbose && missing > 0)
		text_add(&t, "cannot be told: how often %lld of %lld components fail is not known (unavailability, or mtbf and mttr)",
			 (long long)missing, (long long)n);
	if (t.len)
		risk_say(s, "Chance", words);
}

/* ---- behind -v -------------------------------------------------------------------------------------------------------------------- */

static int by_mtbf(const void *a, const void *b)
{
	double x = json_number_value(json_object_get(*(json_t *const *)a, "mtbf_s"));
	double y = json_number_value(json_object_get(*(json_t *const *)b, "mtbf_s"));

	return x < y ? -1 : x > y;
}

static void print_rate(const struct screen *s, const char *label, const json_t *rate)
{
	char name[MODEL_NAME_MAX], words[MODEL_NAME_MAX + 256], mtbf[32], mttr[32], seen[32];
	struct text t = text_over(words, sizeof(words));

	text_add(&t, "%s: every %s, back in %s, %s", component_words(json_text(rate, "component"), name, sizeof(name)),
		 age_words(json_span(rate, "mtbf_s"), mtbf, sizeof(mtbf)), age_words(json_span(rate, "mttr_s"), mttr, sizeof(mttr)),
		 json_text(rate, "source"));
	if (json_span(rate, "seen_s").us > 0)
		text_add(&t, " (%lld failure%s seen in %s)", (long long)json_int(rate, "failures"), json_int(rate, "failures") == 1 ? "" : "s",
			 age_words(json_span(rate, "seen_s"), seen, sizeof(seen)));
	risk_say(s, label, words);
}

/* Those that fail most often first. */
void risk_print_rates(const struct screen *s, const json_t *r)
{
	const json_t *list = json_object_get(r, "rates");
	json_t **row = must_alloc((json_array_size(list) + 1) * sizeof(*row)), *rate;
	size_t n = 0, i;
	char more[64];

	json_array_foreach(list, i, rate)
		if (json_is_number(json_object_get(rate, "mtbf_s")) && json_is_number(json_object_get(rate, "mttr_s")))
			row[n++] = rate;
	qsort(row, n, sizeof(*row), by_mtbf);
	for (i = 0; i < n && i < RATES_SHOWN; i++)
		print_rate(s, i ? "" : "Fails", row[i]);
	snprintf(more, sizeof(more), "and %zu less often (--json)", n - i);
	if (n > i)
		risk_say(s, "", more);
	free(row);
}
