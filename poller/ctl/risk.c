/* poller/ctl/risk.c: forewarn risk: what is left of a service, what would end it, what to repair first. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "plan-int.h"
#include "risk-int.h"

enum { TEXT_MOST = 16384, SETS_SHOWN = 3, SETS_VERBOSE = 10, FAILED_SHOWN = 20, WHOLE_SHOWN = 4, STANDS_MOST = 40 };

static bool is_true(const json_t *item, const char *key) { return json_is_true(json_object_get(item, key)); }
static bool is_null(const json_t *item, const char *key) { return json_is_null(json_object_get(item, key)); }
static bool is_down(const json_t *r) { return strcmp(json_text(r, "quality"), "down") == 0; }
static const char *name_at(const json_t *list, size_t i) { return json_string_value(json_array_get(list, i)); }

void risk_say(const struct screen *s, const char *label, const char *text)
{
	screen_label(s, label);
	screen_wrap(s, SCREEN_LABEL, text);
}

/* ---- the head -------------------------------------------------------------------------------------------------------------- */

/* The time of day when it is of the last day, else with its date. */
static char *moment(struct wall t, char *buf, size_t size)
{
	struct span ago = wall_since(clock_wall(), t);

	return ago.us < span_s(43200).us ? wall_format_time(t, buf, size) : wall_format(t, buf, size);
}

/* Whether somebody knows of it. */
static const char *risk_note(const json_t *r)
{
	const char *risk = json_text(r, "risk");

	return strcmp(risk, "accepted") == 0 ? ", accepted" : strcmp(risk, "planned") == 0 ? ", planned" : "";
}

/* What stands behind the quality, in one line or, when the window is too narrow for it, below the name. */
static void print_title(const struct screen *s, const json_t *r)
{
	const char *q = json_text(r, "quality"), *word = strcmp(q, "up") == 0 ? "ok" : is_down(r) ? "DOWN" :
				strcmp(q, "degraded") == 0 ? "DEGRADED" : q;
	bool at_risk = is_true(r, "at_risk"), well = strcmp(q, "up") == 0, planned = is_true(r, "planned");
	struct wall since = json_wall(r, well ? "risk_since" : "quality_since");
	char at[48], ago[32], when[128] = "", rest[512];
	struct text t = text_over(rest, sizeof(rest));
	size_t columns;

	text_add(&t, "%s", "");
	if (since.us)
		snprintf(when, sizeof(when), " since %s (%s)", moment(since, at, sizeof(at)),
			 age_words(wall_since(clock_wall(), since), ago, sizeof(ago)));
	if (json_text(r, "owner")[0])
		text_add(&t, " \u00b7 owner %s", json_text(r, "owner"));
	if (json_int(r, "tier"))
		text_add(&t, " \u00b7 tier %lld", (long long)json_int(r, "tier"));
	columns = text_columns(json_text(r, "service")) + 11 + strlen(word) + (at_risk ? 10 + strlen(risk_note(r)) : 0) + (planned && !well ? 9 : 0) +
		  strlen(when) + text_columns(rest);
	fputs(screen_ink(s, INK_BOLD), s->out);
	if (columns > s->width)
		screen_wrap(s, 0, json_text(r, "service"));
	else
		fprintf(s->out, "%s   ", json_text(r, "service"));
	fprintf(s->out, "%squality %s%s%s%s%s", screen_ink(s, INK_PLAIN), screen_ink(s, state_ink(q)), word, screen_ink(s, INK_PLAIN),
		planned && !well ? ", planned" : "", well ? "" : when);
	if (at_risk)
		fprintf(s->out, " \u00b7 %sAT RISK%s%s%s", screen_ink(s, INK_WARN), screen_ink(s, INK_PLAIN), risk_note(r), well ? when : "");
	fprintf(s->out, "%s\n", rest);
}

/* "one further failure", "3 further failures". */
static const char *further_words(json_int_t n, char *buf, size_t size)
{
	if (n <= 2)
		return n == 1 ? "one further failure" : "two further failures";
	snprintf(buf, size, "%lld further failures", (long long)n);
	return buf;
}

static void print_sentence(const struct screen *s, const json_t *r)
{
	json_int_t unknown = json_int(r, "components_unknown"), worst = json_int(r, "distance_worst");
	json_int_t lose = json_int(r, "can_lose"), built = json_int(r, "built_for"), points = json_int(r, "single_points_count");
	bool degraded = strcmp(json_text(r, "quality"), "degraded") == 0;
	const char *now = degraded ? "Works, but not as it should." : "Works now.";
	char words[256], further[64];

	if (is_down(r))
		snprintf(words, sizeof(words), "It does not work: users get nothing.");
	else if (strcmp(json_text(r, "quality"), "unknown") == 0)
		snprintf(words, sizeof(words), "It is not known whether it works: %lld of its %lld components %s unknown.", (long long)unknown,
			 (long long)json_int(r, "components"), unknown == 1 ? "is" : "are");
	else if (unknown && worst > 0 && lose > worst - 1)
		snprintf(words, sizeof(words), "%s It can still lose %lld..%lld: %lld of its %lld components %s unknown.", now, (long long)worst - 1,
			 (long long)lose, (long long)unknown, (long long)json_int(r, "components"), unknown == 1 ? "is" : "are");
	else if (is_null(r, "can_lose"))
		snprintf(words, sizeof(words), "%s Nothing that is known can stop it.", now);
	else if (lose == 0 && (built > 0 || is_null(r, "built_for")))
		snprintf(words, sizeof(words), "%s One more failure stops it (built to survive any %s).", now,
			 is_null(r, "built_for") ? "failure" : built == 1 ? "one" : built == 2 ? "two" : "more than two");
	else if (lose == 0)
		snprintf(words, sizeof(words), "%s It was built without a spare: %s.", now,
			 points == 1 ? "one component alone can stop it" : "each of the components below stops it alone");
	else
		snprintf(words, sizeof(words), "%s It survives any %s%s.", now, further_words(lose, further, sizeof(further)),
			 lose < built ? "" : is_true(r, "at_risk") ? ", though part of its redundancy is gone" : "");
	screen_wrap(s, 0, words);
	fputc('\n', s->out);
}

/* ---- what failed, what is left ------------------------------------------------------------------------------------------------ */

static void print_failed(const struct screen *s, const json_t *r)
{
	const json_t *failed = json_object_get(r, "failed");
	char name[MODEL_NAME_MAX], state[600], age[32], line[2048];
	size_t n = json_array_size(failed), i;
	json_t *f;

	json_array_foreach(failed, i, f) {
		bool unknown = strcmp(json_text(f, "state"), "unknown") == 0;	/* since when it is otherwise, nobody has seen */

		if (i == FAILED_SHOWN)
			break;
		snprintf(line, sizeof(line), "%s %s%s%s%s", component_words(json_text(f, "component"), name, sizeof(name)),
			 state_words(json_text(f, "state"), json_text(f, "reason"), state, sizeof(state)), unknown ? "" : " (",
			 unknown ? "" : age_words(json_span(f, "age_s"), age, sizeof(age)), unknown ? "" : ")");
		risk_say(s, i == 0 ? "Not up" : "", line);
	}
	n = (size_t)json_int(r, "failed_count") > i ? (size_t)json_int(r, "failed_count") - i : 0;
	snprintf(line, sizeof(line), "and %zu more", n);
	if (n)
		risk_say(s, "", line);
}

static void add_left(struct text *t, const json_t *g)
{
	json_int_t there = json_int(g, "there"), need = json_int(g, "need"), unknown = json_int(g, "unknown");
	char name[MODEL_NAME_MAX];
	size_t len = strlen(group_words(json_text(g, "group"), name, sizeof(name)));

	text_add(t, "%s%s%s %lld of %lld", t->len ? " \u00b7 " : "", name, len && isdigit((unsigned char)name[len - 1]) ? ":" : "", (long long)there,
		 (long long)json_int(g, "members"));
	if (unknown)
		text_add(t, " (%lld unknown)", (long long)unknown);
	text_add(t, ", %lld needed%s", (long long)need, there + unknown < need ? ": too few" : "");
}

/* All that lost members, and some of those that did not. */
static void print_left(const struct screen *s, const json_t *r)
{
	const json_t *left = json_object_get(r, "left");
	json_int_t more = json_int(r, "left_more");
	char words[TEXT_MOST];
	struct text t = text_over(words, sizeof(words));
	size_t i, whole = 0;
	json_t *g;

	if (json_array_size(left) == 0)
		return;
	json_array_foreach(left, i, g)
		if (json_int(g, "there") < json_int(g, "members") || whole++ < WHOLE_SHOWN)
			add_left(&t, g);
	more += whole > WHOLE_SHOWN ? (json_int_t)(whole - WHOLE_SHOWN) : 0;
	if (more)
		text_add(&t, " \u00b7 and %lld more group%s", (long long)more, more == 1 ? "" : "s");
	risk_say(s, "What is left", words);
}

/* ---- what would end it ----------------------------------------------------------------------------------------------------------- */

static void print_points(const struct screen *s, const json_t *r)
{
	const json_t *points = json_object_get(r, "single_points"), *carries = json_object_get(r, "carries");
	char words[TEXT_MOST], component[MODEL_NAME_MAX];
	struct text t = text_over(words, sizeof(words));
	json_int_t more = json_int(r, "single_points_count") - (json_int_t)json_array_size(points);
	size_t i, k;
	json_t *point, *name;

	if (json_array_size(points) == 0)
		return;
	json_array_foreach(points, i, point) {
		const json_t *list = json_object_get(carries, json_string_value(point));

		text_add(&t, "%s%s", i ? " \u00b7 " : "", component_words(json_string_value(point), component, sizeof(component)));
		json_array_foreach(list, k, name)
			text_add(&t, "%s%s", k ? ", " : " (carries ",
				 component_words(json_string_value(name), component, sizeof(component)));
		text_add(&t, "%s", json_array_size(list) ? ")" : "");
	}
	if (more > 0)
		text_add(&t, " \u00b7 and %lld more", (long long)more);
	risk_say(s, "Ends it now", words);
}

static void add_set(struct text *t, const json_t *set)
{
	char component[MODEL_NAME_MAX];
	size_t i;
	json_t *name;

	json_array_foreach(set, i, name)
		text_add(t, "%s%s", i ? " + " : "", component_words(json_string_value(name), component, sizeof(component)));
}

/* Of the first 'most' sets those of the smallest size, or the larger ones; 'head' before them. */
static void print_sets_of(const struct screen *s, const json_t *r, size_t most, bool larger, const char *head)
{
	const json_t *sets = json_object_get(r, "smallest");
	char words[TEXT_MOST];
	struct text t = text_over(words, sizeof(words));
	size_t i, shown = 0;
	json_t *set;

	text_add(&t, "%s", head);
	json_array_foreach(sets, i, set) {
		if ((json_array_size(set) > (size_t)json_int(r, "distance")) != larger)
			continue;
		if (shown == most) {
			text_add(&t, " \u00b7 ...");
			break;
		}
		text_add(&t, "%s", shown++ ? " \u00b7 " : "");
		add_set(&t, set);
	}
	if (shown)
		risk_say(s, larger ? "Larger sets" : "Would end it", words);
}

/* When no one alone does: the smallest sets that would; and larger ones, when so many are asked for. */
static void print_sets(const struct screen *s, const json_t *r, size_t most)
{
	const json_t *cuts = json_object_get(r, "smallest_count");
	json_int_t distance = json_int(r, "distance");
	char count[400], digits[32];

	if (most == 0)
		return;
	if (json_is_string(cuts)) {
		snprintf(count, sizeof(count), "any of %s sets of %lld: ", json_string_value(cuts), (long long)distance);
	} else {
		text_thousands((unsigned long long)json_integer_value(cuts), digits, sizeof(digits));
		snprintf(count, sizeof(count), json_integer_value(cuts) == 1 ? "only " : distance == 2 ? "any of %s pairs: " : "any of %s sets of %lld: ",
			 digits, (long long)distance);
	}
	if (distance > 1)
		print_sets_of(s, r, most, false, count);
	print_sets_of(s, r, most, true, "");
}

/* ---- repair -------------------------------------------------------------------------------------------------------------------- */

/* What a stage brings, seen from the quality before it. */
static void add_gain(struct text *t, const json_t *r, const json_t *stage, const char *before)
{
	const char *q = json_text(stage, "quality");

	if (json_int(r, "built_for") == 0 && !is_null(r, "built_for") && strcmp(q, before) != 0 && !is_true(stage, "at_risk")) {
		text_add(t, "works again, as it was built");	/* there was never anything to lose */
		return;
	}
	if (strcmp(q, "up") == 0 && strcmp(before, "up") != 0)
		text_add(t, "works as it should again, ");
	else if (strcmp(q, before) != 0)
		text_add(t, "works again, ");
	else
		text_add(t, "back to ");
	if (is_null(stage, "can_lose"))
		text_add(t, "nothing can stop it");
	else
		text_add(t, "\"can lose %lld\"", (long long)json_int(stage, "can_lose"));
	text_add(t, "%s%s", strcmp(q, "degraded") == 0 ? ", still degraded" : "", is_true(stage, "at_risk") ? "" : ", no longer at risk");
}

static void print_repairs(const struct screen *s, const json_t *r)
{
	const json_t *stages = json_object_get(r, "repairs");
	const char *before = json_text(r, "quality");
	char words[TEXT_MOST], component[MODEL_NAME_MAX];
	size_t i, k;
	json_t *stage, *name;

	json_array_foreach(stages, i, stage) {
		const json_t *names = json_object_get(stage, "components");
		size_t n = json_array_size(names);
		struct text t = text_over(words, sizeof(words));

		text_add(&t, "%s", i ? "then " : "");
		json_array_foreach(names, k, name)
			text_add(&t, "%s%s", k == 0 ? "" : k + 1 == n ? " and " : ", ",
				 component_words(json_string_value(name), component, sizeof(component)));
		text_add(&t, "%s: ", n > 1 ? ", one alone is not enough" : "");
		add_gain(&t, r, stage, before);
		before = json_text(stage, "quality");
		risk_say(s, i ? "" : "Repair first", words);
	}
	if (i == 0 && json_int(r, "failed_count") > json_int(r, "components_unknown"))
		risk_say(s, "Repair first", "nothing here alone gives back what can be lost");
}

/* Is it the component, or a part of it? */
static bool is_of(const char *name, const char *member)
{
	size_t len = strlen(member);

	return strncmp(name, member, len) == 0 && (name[len] == '\0' || name[len] == '/');
}

/* "; planned on app3: 22:00:00 !!": maintenance of what must be left alone. */
static void add_planned(struct text *t, const json_t *r, const json_t *points)
{
	json_t *w, *point, *member;
	size_t i, k, n;
	char when[40];

	json_array_foreach(json_object_get(r, "maintenance"), i, w) {
		bool said = strcmp(json_text(w, "state"), "planned") != 0;

		json_array_foreach(json_object_get(w, "members"), n, member)
			json_array_foreach(points, k, point)
				if (!said && is_of(json_string_value(point), json_string_value(member))) {
					said = true;
					text_add(t, "; planned on %s: %s !!", json_string_value(member),
						 plan_moment(json_wall(w, "from"), when, sizeof(when)));
				}
	}
}

static void print_until_then(const struct screen *s, const json_t *r)
{
	const json_t *points = json_object_get(r, "single_points");
	char words[TEXT_MOST], component[MODEL_NAME_MAX];
	struct text t = text_over(words, sizeof(words));
	size_t n = json_array_size(points);

	if (n == 0 || !is_true(r, "at_risk") || json_int(r, "built_for") == 0)
		return;
	if (json_int(r, "single_points_count") > 6) {
		text_add(&t, "leave all %lld that end it now alone: no maintenance there", (long long)json_int(r, "single_points_count"));
	} else {
		text_add(&t, "leave ");
		for (size_t i = 0; i < n; i++)
			text_add(&t, "%s%s", i == 0 ? "" : i + 1 == n ? " and " : ", ",
				 component_words(name_at(points, i), component, sizeof(component)));
		text_add(&t, " alone: no maintenance there");
	}
	add_planned(&t, r, points);
	risk_say(s, "Until then", words);
}

/* ---- how sure it is ------------------------------------------------------------------------------------------------------------ */

static void print_certainty(const struct screen *s, const json_t *r, const json_t *head)
{
	json_int_t n = json_int(r, "components"), unknown = json_int(r, "components_unknown");
	json_t *worst = json_object_get(r, "distance_worst");
	const char *be = unknown == 1 ? "is" : "are";
	bool polled = json_int(head, "devices") + json_int(head, "checks") > 0;
	char words[256], ago[32];
	struct text t = text_over(words, sizeof(words));

	if (unknown && json_integer_value(worst) == 0 && !is_down(r))
		text_add(&t, "%lld of %lld components %s unknown: at worst it is down already", (long long)unknown, (long long)n, be);
	else if (unknown && json_integer_value(worst) == 1 && !json_equal(worst, json_object_get(r, "distance")))
		text_add(&t, "%lld of %lld components %s unknown: at worst it can lose no more", (long long)unknown, (long long)n, be);
	else if (unknown && !json_equal(worst, json_object_get(r, "distance")))
		text_add(&t, "%lld of %lld components %s unknown: at worst it can lose %lld", (long long)unknown, (long long)n, be,
			 (long long)json_integer_value(worst) - 1);
	else if (unknown)
		text_add(&t, "%lld of %lld components %s unknown; that changes nothing of this", (long long)unknown, (long long)n, be);
	else
		text_add(&t, n == 1 ? "the state of its one component is known" : "the states of all %lld components are known", (long long)n);
	if (polled && json_number_value(json_object_get(head, "polled_ago_s")) >= 0)
		text_add(&t, ", last polled %s ago", age_words(json_span(head, "polled_ago_s"), ago, sizeof(ago)));
	if (!polled)
		text_add(&t, ": nothing of it is polled");
	risk_say(s, "Certainty", words);
}

/* The present risk or outage is not history. */
static void print_before(const struct screen *s, const json_t *r)
{
	const json_t *b = json_object_get(r, "before");
	bool warned = json_is_number(json_object_get(b, "last_warning_s"));
	json_int_t risks = json_int(b, "risks") - (is_true(r, "at_risk") || (is_down(r) && warned));
	json_int_t outages = json_int(b, "outages") - is_down(r);
	char words[256], warning[32];
	struct text t = text_over(words, sizeof(words));

	text_add(&t, "%s", "");
	if (risks > 0)
		text_add(&t, "at risk %lld time%s in %lld days", (long long)risks, risks == 1 ? "" : "s", (long long)json_int(b, "days"));
	if (outages > 0)
		text_add(&t, "%s%lld outage%s", t.len ? ", " : "", (long long)outages, outages == 1 ? "" : "s");
	if (warned && (outages > 0 || is_down(r)))
		text_add(&t, "%swarned of %s %s ahead", t.len ? "; " : "", is_down(r) ? "this outage" : "the last outage",
			 span_format(json_span(b, "last_warning_s"), warning, sizeof(warning)));
	if (t.len)
		risk_say(s, "Before", words);
}

/* ---- behind -v ------------------------------------------------------------------------------------------------------------------- */

/* What is exact, and what is not, of a service whose diagram is too large. */
static void print_bounds(const struct screen *s, const json_t *r)
{
	const json_t *least = json_object_get(r, "distance_least"), *distance = json_object_get(r, "distance");
	char words[512];
	struct text t = text_over(words, sizeof(words));

	if (!json_is_false(json_object_get(r, "exact")))
		return;
	text_add(&t, "too many things overlap for its diagram to have room: quality%s single points are exact",
		 is_true(r, "distances_exact") ? ", distances and" : " and");
	if (!is_true(r, "distances_exact"))
		text_add(&t, ", distances are not: now it is at least %lld", (long long)json_integer_value(least));
	if (!is_true(r, "distances_exact") && json_is_integer(distance))
		text_add(&t, " and at most %lld", (long long)json_integer_value(distance));
	if (json_int(r, "cut_sets_exact_to"))
		text_add(&t, "; cut sets are counted up to %lld component%s", (long long)json_int(r, "cut_sets_exact_to"),
			 json_int(r, "cut_sets_exact_to") == 1 ? "" : "s");
	text_add(&t, json_is_number(json_object_get(r, "p")) ? "" : "; chances lie between bounds");
	risk_say(s, "Bounds", words);
}

static void print_numbers(const struct screen *s, const json_t *r)
{
	static const struct { const char *key, *word; } row[] = {
		{ "distance", "now" }, { "distance_weak", "if what is degraded fails" },
		{ "distance_worst", "if what is unknown has failed too" }, { "design_distance", "as built" },
	};
	char words[TEXT_MOST], component[MODEL_NAME_MAX];
	struct text t = text_over(words, sizeof(words));
	const json_t *list = json_object_get(r, "stands_on");
	size_t i;
	json_t *name;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		json_t *d = json_object_get(r, row[i].key);

		text_add(&t, "%s%s ", i ? " \u00b7 " : "", row[i].word);
		if (json_is_null(d))
			text_add(&t, "none");
		else
			text_add(&t, "%lld", (long long)json_integer_value(d));
	}
	risk_say(s, "Distance", words);
	print_bounds(s, r);
	t = text_over(words, sizeof(words));
	json_array_foreach(list, i, name)
		if (i < STANDS_MOST)
			text_add(&t, "%s%s", i ? " \u00b7 " : "", component_words(json_string_value(name), component, sizeof(component)));
	if (json_array_size(list) > STANDS_MOST)
		text_add(&t, " and %zu more (--json)", json_array_size(list) - STANDS_MOST);
	risk_say(s, "Stands on", words);
}

/* Where to go on; what a repair would bring, with the first one put in. */
static void print_more(const struct screen *s, const json_t *r, bool verbose)
{
	const json_t *first = json_object_get(json_array_get(json_object_get(r, "repairs"), 0), "components");
	char more[2 * MODEL_NAME_MAX + 128];
	struct text t = text_over(more, sizeof(more));

	text_add(&t, "%sforewarn explain \"%s\"", verbose ? "" : "-v cut sets and importance \u00b7 ", json_text(r, "service"));
	if (json_array_size(first) == 1)
		text_add(&t, " \u00b7 forewarn whatif --up \"%s\"", name_at(first, 0));
	text_add(&t, " \u00b7 --json");
	risk_say(s, "More", more);
}

static void print_risk(const struct screen *s, const json_t *r, const json_t *head, bool verbose, size_t sets)
{
	print_title(s, r);
	print_sentence(s, r);
	print_failed(s, r);
	plan_print_risk(s, r);
	print_left(s, r);
	print_points(s, r);
	if (is_true(r, "at_risk") || verbose || sets > SETS_SHOWN)
		print_sets(s, r, verbose && sets < SETS_VERBOSE ? SETS_VERBOSE : sets);
	risk_print_capacity(s, r);
	print_repairs(s, r);
	print_until_then(s, r);
	risk_print_chance(s, r, verbose);
	risk_print_fate(s, r);
	print_certainty(s, r, head);
	print_before(s, r);
	if (verbose) {
		risk_print_cuts(s, r);
		risk_print_rates(s, r);
		print_numbers(s, r);
	}
	if (json_text(r, "runbook")[0])
		risk_say(s, "Runbook", json_text(r, "runbook"));
	print_more(s, r, verbose);
}

static void print_all(const struct ctl *c, const json_t *answer, bool verbose, size_t sets)
{
	struct screen s = screen_of(c);
	size_t i, shown = 0, well = 0;
	json_t *item;

	json_array_foreach(json_object_get(answer, "items"), i, item) {
		if (c->argc == 0 && strcmp(json_text(item, "quality"), "up") == 0 && !is_true(item, "at_risk")) {
			well++;
			continue;
		}
		if (shown++)
			fputc('\n', s.out);
		print_risk(&s, item, json_object_get(answer, "head"), verbose, sets);
	}
	if (c->argc == 0 && json_array_size(json_object_get(answer, "items")) == 0)
		printf("no service is configured: service \"NAME\" { needs = {...} } tells what must not fail (man forewarn.conf)\n");
	else if (shown == 0)
		printf("no service is at risk; %s\nnext: forewarn risk SERVICE: what would stop it\n", well == 1 ? "the one there is is well" : "all are well");
	else if (well)
		printf("\n%zu more %s well\n", well, well == 1 ? "is" : "are");
}

int risk_command(struct ctl *c)
{
	bool verbose = ctl_flag(c, "verbose", 'v');
	const char *list = ctl_value(c, "list", 0);
	char *end = NULL;
	long sets = list ? strtol(list, &end, 10) : SETS_SHOWN;
	json_t *answer, *args;

	if (!ctl_rest_ok(c, 1))
		return EXIT_USAGE;
	if (list && (*end || end == list || sets < 0 || sets > 10000))
		return ctl_usage(c, "'%s' is not a number of cut sets; use 0 to 10000", list);
	args = json_pack("{s:o}", "service", json_words(c->argc ? c->argv[0] : ""));
	if (list)
		json_object_set_new(args, "list", json_integer(sets));
	if (!c->json && !verbose && !list)
		json_object_set_new(args, "brief", json_true());
	answer = ctl_ask(c, "risk", args);
	if (answer == NULL)
		return EXIT_FAILED;
	if (c->json)
		ctl_print_json(answer);
	else
		print_all(c, answer, verbose, (size_t)sets);
	json_decref(answer);
	return EXIT_DONE;
}
