/* poller/ctl/status.c: forewarn status: what is wrong (worst first), then quality and risk of each service.
 *
 * Exit status by the convention of monitoring plugins, the worst first: 2 a service is degraded or down, also when that is
 * planned, for users get less; 1 at risk, unless that is accepted or planned; 3 unknown, or it cannot be told; 0 all well.
 */
#define _GNU_SOURCE		/* strverscmp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/plan-int.h"

enum { STATUS_WELL = 0, STATUS_RISK = 1, STATUS_QUALITY = 2, STATUS_UNKNOWN = 3 };
enum { WRONG_MOST = 20, IDLE_MOST = 5, SERVICES_MOST = 20, SERVICES_FEW = 5, GROUPS_MOST = 3, NAMES_MOST = 3 };

static bool is(const json_t *item, const char *key, const char *value) { return strcmp(json_text(item, key), value) == 0; }
static bool is_true(const json_t *item, const char *key) { return json_is_true(json_object_get(item, key)); }

/* ---- the head -------------------------------------------------------------------------------------------------------------- */

static void print_devices(const struct screen *s, const json_t *h)
{
	int devices = (int)json_int(h, "devices"), answering = (int)json_int(h, "answering"), silent = (int)json_int(h, "silent"),
	    without = (int)json_int(h, "without_snmp");
	char n[32], a[32];

	if (devices == 0) {
		fputs(" \u00b7 no device is polled", s->out);
		return;
	}
	fprintf(s->out, " \u00b7 %s device%s: %s answer%s", text_thousands((unsigned)devices, n, sizeof(n)), devices == 1 ? "" : "s",
		text_thousands((unsigned)answering, a, sizeof(a)), answering == 1 ? "s" : "");
	if (without)
		fprintf(s->out, " (%s%s without SNMP%s)", screen_ink(s, INK_WARN), text_thousands((unsigned)without, a, sizeof(a)),
			screen_ink(s, INK_PLAIN));
	if (silent)
		fprintf(s->out, ", %s%s do%s not%s", screen_ink(s, INK_WARN), text_thousands((unsigned)silent, a, sizeof(a)),
			silent == 1 ? "es" : "", screen_ink(s, INK_PLAIN));
	if (answering + silent < devices && (answering + silent > 0 || json_number_value(json_object_get(h, "polled_ago_s")) >= 0))
		fprintf(s->out, ", %s unknown", text_thousands((unsigned)(devices - answering - silent), a, sizeof(a)));
}

static void print_head(const struct screen *s, const json_t *h)
{
	char now[48], ago[32], interval[32];
	bool never = json_number_value(json_object_get(h, "polled_ago_s")) < 0;
	int polled = (int)json_int(h, "devices") + (int)json_int(h, "checks");

	fprintf(s->out, "%s %s", json_text(h, "host"), wall_format(clock_wall(), now, sizeof(now)) + 11);
	print_devices(s, h);
	span_format(json_span(h, "polled_ago_s"), ago, sizeof(ago));
	if (polled > 0 && never)
		fprintf(s->out, " \u00b7 %snot polled yet%s", screen_ink(s, INK_WARN), screen_ink(s, INK_PLAIN));
	else if (polled > 0 && is_true(h, "stale"))
		fprintf(s->out, " \u00b7 %slast polled %s ago: what is polled is unknown%s", screen_ink(s, INK_BAD), ago,
			screen_ink(s, INK_PLAIN));
	else if (polled > 0 && is_true(h, "live"))
		fprintf(s->out, " \u00b7 slowest poll %s of %s", span_format(json_span(h, "cycle_s"), ago, sizeof(ago)),
			span_format(json_span(h, "interval_s"), interval, sizeof(interval)));
	else if (polled > 0)
		fprintf(s->out, " \u00b7 polled %s ago (no daemon)", ago);
	fputc('\n', s->out);
	if (json_text(h, "store_error")[0])
		fprintf(s->out, "%sRRD files are not written: %s%s\n", screen_ink(s, INK_BAD), json_text(h, "store_error"), screen_ink(s, INK_PLAIN));
}

static void print_counts(const struct screen *s, const json_t *h, size_t services)
{
	static const struct { const char *key, *word; enum ink ink; } part[] = {
		{ "down", "down", INK_BAD }, { "degraded", "degraded", INK_WARN }, { "at_risk", "at risk", INK_WARN },
		{ "accepted", "at accepted risk", INK_PLAIN }, { "planned", "at planned risk", INK_PLAIN },
		{ "unknown", "unknown", INK_WARN }, { "well", "well", INK_GOOD },
	};
	const char *between = ": ";

	fprintf(s->out, "%zu service%s", services, services == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		int n = (int)json_int(h, part[i].key);

		if (n == 0)
			continue;
		fprintf(s->out, "%s%s%d %s%s", between, screen_ink(s, part[i].ink), n, part[i].word, screen_ink(s, INK_PLAIN));
		between = ", ";
	}
	fputs("\n", s->out);
}

/* ---- what is wrong ------------------------------------------------------------------------------------------------------- */

/* Services with the same fate, from 'i' on: "order management, portal: can lose no more", "41 services: each can still lose 1". */
static size_t add_group(struct text *t, const json_t *touches, size_t i)
{
	char words[64], next[64];
	size_t n = json_array_size(touches), end = i + 1;

	lose_left_words(json_array_get(touches, i), words, sizeof(words));
	while (end < n && strcmp(lose_left_words(json_array_get(touches, end), next, sizeof(next)), words) == 0)
		end++;
	if (end - i > NAMES_MOST)
		text_add(t, "%zu services: each %s%s", end - i, strcmp(words, "down") == 0 || strcmp(words, "unknown") == 0 ? "is " : "", words);
	for (size_t k = i; end - i <= NAMES_MOST && k < end; k++)
		text_add(t, "%s%s", k > i ? ", " : "", json_text(json_array_get(touches, k), "service"));
	if (end - i <= NAMES_MOST)
		text_add(t, ": %s", words);
	return end;
}

static void touches_words(const json_t *wrong, char *buf, size_t size)
{
	const json_t *touches = json_object_get(wrong, "touches");
	struct text t = text_over(buf, size);
	size_t n = json_array_size(touches), i = 0, groups = 0, more = (size_t)json_int(wrong, "touches_more");

	if (n == 0)
		text_add(&t, "no service");
	for (; i < n && groups < GROUPS_MOST; groups++) {
		if (i > 0)
			text_add(&t, "; ");
		i = add_group(&t, touches, i);
	}
	if (n - i + more > 0)
		text_add(&t, "; and %zu more", n - i + more);
	if (json_is_false(json_object_get(wrong, "repair_helps")))
		text_add(&t, " (its repair alone is not enough)");
	plan_add_accepted(&t, wrong);
}

struct wrong_sheet { unsigned cause, since, alert, touches; };

static struct wrong_sheet wrong_sheet_of(const struct screen *s, const json_t *wrong)
{
	struct wrong_sheet w = { .cause = 26, .since = 6, .alert = 5 };
	unsigned most = (s->width - 15) * 48 / 100;
	char age[32];
	size_t i;
	json_t *item;

	json_array_foreach(wrong, i, item) {
		unsigned n = (unsigned)text_columns(json_text(item, "cause"));

		w.cause = n > w.cause ? (n < most ? n : most) : w.cause;
		n = (unsigned)text_columns(age_words(json_span(item, "age_s"), age, sizeof(age)));
		w.since = n > w.since ? n : w.since;
	}
	w.touches = s->width - w.cause - w.since - w.alert - 6;
	return w;
}

static enum ink severity_ink(const char *severity)
{
	return strcmp(severity, "critical") == 0 || strcmp(severity, "major") == 0 ? INK_BAD : INK_WARN;
}

/* Cause and what it touches side by side, both wrapped. */
static void print_wrong(const struct screen *s, const struct wrong_sheet *w, const json_t *item)
{
	char touches[1024], age[32], number[32];
	const char *left = json_text(item, "cause");
	const char *right = touches, *left_next, *right_next;
	bool first = true;

	touches_words(item, touches, sizeof(touches));
	age_words(json_span(item, "age_s"), age, sizeof(age));
	snprintf(number, sizeof(number), json_int(item, "alert") ? "#%lld" : "-", (long long)json_int(item, "alert"));
	for (; *left || *right; first = false, left = left_next, right = right_next) {
		size_t l = screen_line(left, w->cause, &left_next), r = screen_line(right, w->touches, &right_next);
		char cell[1024];

		snprintf(cell, sizeof(cell), "%.*s", (int)l, left);
		fputs(screen_ink(s, severity_ink(json_text(item, "severity"))), s->out);
		if (r > 0)
			screen_cell(s, cell, w->cause);
		else
			fputs(cell, s->out);
		fputs(screen_ink(s, INK_PLAIN), s->out);
		if (r > 0)
			fprintf(s->out, "  %-*s  %-*s  %.*s", (int)w->since, first ? age : "", (int)w->alert, first ? number : "",
				(int)r, right);
		fputc('\n', s->out);
	}
}

/* Without an alert: all is well, or nothing is known. */
/* A daemon that has just started: what is wrong is judged when everything has been heard of, or soon. */
static void print_starting(const struct screen *s, const json_t *starting, bool nothing)
{
	int unheard = (int)json_int(starting, "unheard");
	char in[32];

	fprintf(s->out, "%s%sjust started: what is wrong is judged anew ", nothing ? "\n" : "", screen_ink(s, INK_WARN));
	if (unheard)
		fprintf(s->out, "when all have been heard of (%d not yet), in %s at most", unheard,
			span_format(json_span(starting, "judged_in_s"), in, sizeof(in)));
	else
		fputs("in a second", s->out);
	fprintf(s->out, "%s\n", screen_ink(s, INK_PLAIN));
}

static void print_nothing(const struct screen *s, const json_t *head)
{
	bool known = json_int(head, "unknown") == 0 && (!is_true(head, "stale") || json_int(head, "devices") + json_int(head, "checks") == 0);

	fprintf(s->out, "\n%s%s%s\n", screen_ink(s, known ? INK_GOOD : INK_WARN),
		known ? "nothing is wrong" : "nothing is known to be wrong, but not all is known", screen_ink(s, INK_PLAIN));
}

/* No service stands on it. */
static bool is_idle(const json_t *wrong) { return json_array_size(json_object_get(wrong, "touches")) == 0; }

/* What touches services comes first; of the others a few, and how many more. */
static void print_wrong_list(const struct screen *s, const struct wrong_sheet *w, const json_t *wrong, bool all)
{
	size_t shown = 0, idle = 0, more = 0, more_idle = 0, i;
	json_t *item;

	for (int pass = 0; pass < 2; pass++)
		json_array_foreach(wrong, i, item) {
			if (is_idle(item) != (pass == 1))
				continue;
			if (!all && shown >= WRONG_MOST)
				(*(pass ? &more_idle : &more))++;
			else if (!all && pass && shown > idle && idle >= IDLE_MOST)
				more_idle++;
			else {
				print_wrong(s, w, item);
				shown++;
				idle += pass == 1;
			}
		}
	if (more)
		fprintf(s->out, "%zu more causes touch services (status --all)\n", more);
	if (more_idle)
		fprintf(s->out, "%zu more touch no service (status --all)\n", more_idle);
}

static void print_wrongs(const struct screen *s, const json_t *wrong, const json_t *head, bool all)
{
	struct wrong_sheet w = wrong_sheet_of(s, wrong);
	const json_t *starting = json_object_get(head, "starting");

	if (starting)
		print_starting(s, starting, json_array_size(wrong) == 0);
	if (json_array_size(wrong) == 0 && starting)
		return;
	if (json_array_size(wrong) == 0) {
		print_nothing(s, head);
		return;
	}
	fprintf(s->out, "\n%s", screen_ink(s, INK_BOLD));
	screen_cell(s, "WHAT IS WRONG, worst first", w.cause);
	fprintf(s->out, "  %-*s  %-*s  %s%s\n", (int)w.since, "SINCE", (int)w.alert, "ALERT", "TOUCHES", screen_ink(s, INK_PLAIN));
	print_wrong_list(s, &w, wrong, all);
}

/* ---- services -------------------------------------------------------------------------------------------------------------- */

static bool is_well(const json_t *item) { return is(item, "quality", "up") && !is_true(item, "at_risk"); }

/* It was built to survive one more failure, and cannot any more. */
static bool is_last(const json_t *item)
{
	json_t *lose = json_object_get(item, "can_lose"), *built = json_object_get(item, "built_for");

	return json_is_integer(lose) && json_integer_value(lose) == 0 && is_true(item, "at_risk") &&
	       (json_is_null(built) || json_integer_value(built) > 0);
}

/* 0 the worst. */
static int rank(const json_t *item)
{
	if (is(item, "quality", "down"))
		return 0;
	if (is(item, "quality", "degraded"))
		return 1;
	if (is(item, "quality", "unknown"))
		return 4;
	if (is(item, "risk", "accepted") || is(item, "risk", "planned"))
		return 5;
	return is_well(item) ? 6 : is_last(item) ? 2 : 3;
}

static int by_rank(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int r = rank(x) - rank(y);
	json_int_t tier_x = json_int(x, "tier"), tier_y = json_int(y, "tier");

	if (r == 0 && is_last(x) != is_last(y))
		return is_last(x) ? -1 : 1;
	if (r == 0 && tier_x != tier_y)
		return (tier_x ? tier_x : 99) < (tier_y ? tier_y : 99) ? -1 : 1;
	return r ? r : strverscmp(json_text(x, "service"), json_text(y, "service"));
}

/* The range is what may be true: some of what it stands on is degraded, or unknown; at worst it is down already. */
static void lose_cell(const json_t *item, char *buf, size_t size)
{
	json_t *lose = json_object_get(item, "can_lose"), *worst = json_object_get(item, "can_lose_worst");
	json_int_t n = json_integer_value(lose), least = json_integer_value(worst);
	char from[24] = "down..";

	if (least >= 0)
		snprintf(from, sizeof(from), "%d..", (int)least);
	if (json_is_null(worst) || (least >= n && !json_is_null(lose)))
		from[0] = '\0';	/* it is certain */
	if (json_is_null(lose))
		snprintf(buf, size, "%sany", from);
	else if (n < 0)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s%d", from, (int)n);
}

static const char *risk_cell(const json_t *item)
{
	if (!is_true(item, "at_risk"))
		return "";
	return is(item, "risk", "accepted") ? "accepted" : is(item, "risk", "planned") ? "planned" : "AT RISK";
}

/* Why what is said may not be all. */
static void note_words(const json_t *item, char *buf, size_t size)
{
	json_int_t unknown = json_int(item, "components_unknown"), weak = json_int(item, "components_degraded");
	const json_t *coming = json_object_get(item, "coming");
	struct text t = text_over(buf, size);
	char then[256];

	text_add(&t, "%s", is_true(item, "planned") && !is(item, "quality", "up") ? "planned" : "");
	if (json_is_object(coming))
		text_add(&t, "%s%s", t.len ? "; " : "", coming_words(json_object_get(coming, "when_unix"), json_object_get(coming, "repair"),
			 json_text(coming, "quality_then"), then, sizeof(then)));
	if (unknown > 0 && !json_equal(json_object_get(item, "can_lose"), json_object_get(item, "can_lose_worst")))
		text_add(&t, "%s%lld of %lld unknown", t.len ? "; " : "", (long long)unknown, (long long)json_int(item, "components"));
	if (weak > 0 && !is(item, "quality", "down") && json_int(item, "can_lose_weak") < 0)
		text_add(&t, "%sdown if %s degraded fails", t.len ? "; " : "", weak == 1 ? "the one" : "what is");
}

static enum ink quality_ink(int r) { return r == 0 ? INK_BAD : r == 1 || r == 4 ? INK_WARN : INK_GOOD; }

struct service_sheet { unsigned service, owner; };
enum { SHEET_FIXED = 2 + 8 + 2 + 8 + 2 + 14 + 2 + 9 + 2 };	/* between service and owner */

/* The note stands behind the owner, or where that is too far out, below. */
static void print_owner(const struct screen *s, const struct service_sheet *w, const json_t *item)
{
	const char *owner = json_text(item, "owner")[0] ? json_text(item, "owner") : "-";
	char note[400];

	note_words(item, note, sizeof(note));
	if (note[0] == '\0')
		fprintf(s->out, "%s\n", owner);
	else if (w->service + SHEET_FIXED + w->owner + 2 + text_columns(note) > s->width)
		fprintf(s->out, "%s\n  %s%s%s\n", owner, screen_ink(s, INK_DIM), note, screen_ink(s, INK_PLAIN));
	else
		fprintf(s->out, "%s%*s  %s%s%s\n", owner, (int)(text_columns(owner) < w->owner ? w->owner - text_columns(owner) : 0), "",
			screen_ink(s, INK_DIM), note, screen_ink(s, INK_PLAIN));
}

static void print_service(const struct screen *s, const struct service_sheet *w, const json_t *item)
{
	static const char *const word[] = { "DOWN", "DEGRADED", "ok", "ok", "unknown", "ok", "ok" };
	json_t *built = json_object_get(item, "built_for");
	char lose[32], built_for[32] = "any";
	int r = rank(item);

	lose_cell(item, lose, sizeof(lose));
	if (!json_is_null(built))
		snprintf(built_for, sizeof(built_for), "%d", (int)json_integer_value(built));
	if (text_columns(json_text(item, "service")) > w->service)	/* a line of its own: cut, it might be another's */
		screen_wrap(s, 0, json_text(item, "service"));
	screen_cell(s, text_columns(json_text(item, "service")) > w->service ? "" : json_text(item, "service"), w->service);
	fprintf(s->out, "  %s%-8s%s  %s%-8s%s  %s%-6s%-8s%s  %-9s  ", screen_ink(s, quality_ink(r)), word[r], screen_ink(s, INK_PLAIN),
		screen_ink(s, INK_WARN), risk_cell(item), screen_ink(s, INK_PLAIN),
		screen_ink(s, is_last(item) ? INK_BAD : INK_PLAIN), lose, is_last(item) ? " !!" : "", screen_ink(s, INK_PLAIN), built_for);
	print_owner(s, w, item);
}

static unsigned width_of(const json_t *items, const char *key, unsigned least, unsigned most)
{
	unsigned width = least;
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item) {
		unsigned w = (unsigned)text_columns(json_text(item, key));

		width = w > width ? (w < most ? w : most) : width;
	}
	return width;
}

static bool any_coming(const json_t *items)
{
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item)
		if (json_is_object(json_object_get(item, "coming")))
			return true;
	return false;
}

/* Returns how many are hidden because they are well. */
static size_t print_services(const struct screen *s, const json_t *items, bool all)
{
	size_t n = json_array_size(items), shown = 0, hidden = 0, cut = 0;
	json_t **list = must_alloc((n + 1) * sizeof(json_t *));
	struct service_sheet w = { .owner = width_of(items, "owner", 5, 14) };

	w.service = width_of(items, "service", 16, s->width > SHEET_FIXED + w.owner + 16 ? s->width - SHEET_FIXED - w.owner : 16);

	for (size_t i = 0; i < n; i++)
		list[i] = json_array_get(items, i);
	qsort(list, n, sizeof(json_t *), by_rank);
	for (size_t i = 0; i < n; i++) {
		if (!all && is_well(list[i])) {
			hidden++;
			continue;
		}
		if (!all && shown == SERVICES_MOST) {
			cut++;
			continue;
		}
		if (shown++ == 0) {
			fprintf(s->out, "\n%s", screen_ink(s, INK_BOLD));
			screen_cell(s, "SERVICE", w.service);
			fprintf(s->out, "  %-8s  %-8s  %-14s  %-9s  %-*s%s%s\n", "QUALITY", "RISK", "CAN STILL LOSE", "BUILT FOR",
				any_coming(items) ? (int)w.owner + 2 : 0, "OWNER", any_coming(items) ? "COMING" : "",
				screen_ink(s, INK_PLAIN));
		}
		print_service(s, &w, list[i]);
	}
	if (cut)
		fprintf(s->out, "%zu more are not well (status --all)\n", cut);
	free(list);
	return hidden;
}

/* ---- the end ---------------------------------------------------------------------------------------------------------------- */

static const json_t *worst_service(const json_t *items)
{
	json_t *worst = NULL, *item;
	size_t i;

	json_array_foreach(items, i, item)
		if (!is_well(item) && (worst == NULL || by_rank(&item, &worst) < 0))
			worst = item;
	return worst;
}

/* What to do next: the worst service, else the first cause. */
static void next_words(const json_t *answer, char *buf, size_t size)
{
	const json_t *worst = worst_service(json_object_get(answer, "items"));
	const json_t *cause = json_array_get(json_object_get(answer, "wrong"), 0), *head = json_object_get(answer, "head");

	if (worst != NULL)
		snprintf(buf, size, "forewarn risk \"%s\"", json_text(worst, "service"));
	else if (cause != NULL && json_text(cause, "component")[0])
		snprintf(buf, size, "forewarn events \"%s\"", json_text(cause, "component"));
	else if (json_array_size(json_object_get(answer, "items")) == 0)
		snprintf(buf, size, "tell what must not fail: service \"NAME\" { needs = {...} } (man forewarn.conf)");
	else if (is_true(head, "stale") && json_int(head, "devices") + json_int(head, "checks") > 0)
		snprintf(buf, size, "forewarn run (or forewarn poll from cron)");
	else
		snprintf(buf, size, "forewarn risk SERVICE: what would stop it");
}

static void print_end(const struct screen *s, const json_t *answer, size_t hidden)
{
	char left[64] = "", next[MODEL_NAME_MAX + 64];
	size_t shown = json_array_size(json_object_get(answer, "items")) - hidden;
	unsigned need;

	if (hidden)
		snprintf(left, sizeof(left), "%zu%s %s well (status --all)", hidden, shown ? " more" : "", hidden == 1 ? "is" : "are");
	next_words(answer, next, sizeof(next));
	need = (unsigned)(text_columns(left) + text_columns(next)) + 10;
	if (left[0] && need > s->width)
		fprintf(s->out, "%s\n", left);
	else if (left[0])
		fprintf(s->out, "%s    ", left);
	fprintf(s->out, "%snext: %s%s\n", screen_ink(s, INK_DIM), next, screen_ink(s, INK_PLAIN));
}

static void print_status(const struct ctl *c, const json_t *answer, bool all)
{
	const json_t *items = json_object_get(answer, "items"), *head = json_object_get(answer, "head");
	struct screen s = screen_of(c);
	size_t services = json_array_size(items), hidden;

	print_head(&s, head);
	print_counts(&s, head, services);
	print_wrongs(&s, json_object_get(answer, "wrong"), head, all);
	plan_print_status(&s, answer);
	hidden = print_services(&s, items, all || services <= SERVICES_FEW || c->argc > 0);
	print_end(&s, answer, hidden);
}

static int exit_status(const json_t *head)
{
	if (json_int(head, "down") || json_int(head, "degraded"))
		return STATUS_QUALITY;
	if (json_int(head, "at_risk"))
		return STATUS_RISK;
	return json_int(head, "unknown") ? STATUS_UNKNOWN : STATUS_WELL;
}

int status_command(struct ctl *c)
{
	bool all = ctl_flag(c, "all", 'a');
	json_t *answer;
	int status;

	if (!ctl_rest_ok(c, 1))
		return STATUS_UNKNOWN;
	answer = ctl_ask(c, "status", json_pack("{s:o}", "service", json_words(c->argc ? c->argv[0] : "")));
	if (answer == NULL)
		return STATUS_UNKNOWN;
	if (c->json)
		ctl_print_json(answer);
	else
		print_status(c, answer, all);
	status = exit_status(json_object_get(answer, "head"));
	json_decref(answer);
	return status;
}
