/* poller/ctl/risk-cuts.c: cut sets by size and importance, for people: what stands behind forewarn risk -v. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "risk-int.h"

enum { SIZES_SHOWN = 12, IMPORTANT_SHOWN = 5, DIGITS_SHOWN = 30 };

/* ---- by size ---------------------------------------------------------------------------------------------------------------------- */

/* A count, whether it fits a number or not: with commas, or how many digits it has. */
static const char *count_words(const json_t *count, char *buf, size_t size)
{
	const char *digits = json_string_value(count);
	size_t len = digits ? strlen(digits) : 0;
	struct text t = text_over(buf, size);

	if (digits == NULL)
		return text_thousands((unsigned long long)json_integer_value(count), buf, size);
	if (len > DIGITS_SHOWN)
		text_add(&t, "%c.%.2s x 10^%zu", digits[0], digits + 1, len - 1);
	for (size_t i = 0; i < len && len <= DIGITS_SHOWN; i++)
		text_add(&t, i && (len - i) % 3 == 0 ? ",%c" : "%c", digits[i]);
	return buf;
}

static bool is_zero(const json_t *count) { return json_is_integer(count) && json_integer_value(count) == 0; }

static void print_sizes(const struct screen *s, const json_t *r)
{
	const json_t *by_size = json_object_get(r, "cut_sets_by_size"), *all = json_object_get(r, "cut_sets");
	char words[2048], digits[64];
	struct text t = text_over(words, sizeof(words));
	size_t i, shown = 0;
	json_t *count;

	if (json_text(r, "cut_sets_reason")[0] && json_array_size(by_size) == 0) {
		risk_say(s, "By size", json_text(r, "cut_sets_reason"));
		return;
	}
	if (json_array_size(by_size) == 0)
		return;
	if (json_is_null(all))
		text_add(&t, "%s at least: ", count_words(json_object_get(r, "cut_sets_least"), digits, sizeof(digits)));
	else
		text_add(&t, is_zero(all) ? "none" : "%s in all: ", count_words(all, digits, sizeof(digits)));
	json_array_foreach(by_size, i, count) {
		if (is_zero(count))
			continue;
		if (shown++ == SIZES_SHOWN) {
			text_add(&t, " \u00b7 larger ones");
			break;
		}
		text_add(&t, "%s%s of %zu", shown > 1 ? " \u00b7 " : "", count_words(count, digits, sizeof(digits)), i + 1);
	}
	if (json_is_null(all))
		text_add(&t, "; of more than %zu not counted", json_array_size(by_size));
	risk_say(s, "By size", words);
}

/* ---- importance -------------------------------------------------------------------------------------------------------------------- */

struct row { const char *component; double worth, share; bool down; };

static double number(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	return json_is_number(n) ? json_number_value(n) : NAN;
}

/* The largest worth first, among equals what has its share in more outages. */
static int by_worth(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->worth != y->worth)
		return x->worth > y->worth ? -1 : 1;
	return x->share > y->share ? -1 : x->share < y->share ? 1 : strcmp(x->component, y->component);
}

static bool is_down(const json_t *r, const char *component)
{
	const json_t *failed = json_object_get(r, "failed");
	size_t i;
	json_t *f;

	json_array_foreach(failed, i, f)
		if (strcmp(json_text(f, "component"), component) == 0)
			return strcmp(json_text(f, "state"), "down") == 0;
	return false;
}

/* Two digits of it are enough. */
static const char *times_words(double x, char *buf, size_t size)
{
	double scale = x >= 10 ? pow(10, floor(log10(x)) - 1) : 1;

	if (x > 9e15)
		snprintf(buf, size, "more than 9,000,000,000,000,000");
	else if (x < 10)
		snprintf(buf, size, "%.1f", x);
	else
		text_thousands((unsigned long long)(round(x / scale) * scale), buf, size);
	return buf;
}

static void print_row(const struct screen *s, const char *label, const struct row *row)
{
	char words[MODEL_NAME_MAX + 160], times[48], name[MODEL_NAME_MAX];

	component_words(row->component, name, sizeof(name));
	if (isinf(row->worth))
		snprintf(words, sizeof(words), "%s: with it there is no outage", name);
	else if (row->down)
		snprintf(words, sizeof(words), "%s: with it back an outage is %s times less likely", name,
			 times_words(row->worth, times, sizeof(times)));
	else
		snprintf(words, sizeof(words), "%s: if it fails an outage is %s times as likely; failed in %.2g %% of outages", name,
			 times_words(row->worth, times, sizeof(times)), row->share * 100);
	risk_say(s, label, words);
}

/* Those that are down by what their repair is worth, the others by what their failure costs; what changes nothing is left out. */
static void print_important(const struct screen *s, const json_t *r, bool down)
{
	const json_t *list = json_object_get(r, "importance");
	struct row *row = must_alloc((json_array_size(list) + 1) * sizeof(*row));
	size_t n = 0, i;
	json_t *of;

	json_array_foreach(list, i, of) {
		double worth = number(of, down ? "rrw" : "raw");
		const char *component = json_text(of, "component");

		if (is_down(r, component) != down)
			continue;
		if (down && isnan(worth) && number(of, "fussell_vesely") == 1)
			worth = INFINITY;
		if (worth >= 1.05)
			row[n++] = (struct row){ component, worth, number(of, "fussell_vesely"), down };
	}
	qsort(row, n, sizeof(*row), by_worth);
	for (i = 0; i < n && i < IMPORTANT_SHOWN; i++)
		print_row(s, i ? "" : down ? "Repair gains" : "Guard next", &row[i]);
	free(row);
}

void risk_print_cuts(const struct screen *s, const json_t *r)
{
	print_sizes(s, r);
	print_important(s, r, false);
	print_important(s, r, true);
}
