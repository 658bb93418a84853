/* poller/ctl/status.c: forewarn status: what is wrong (worst first), then quality and risk of each service.
 *
 * Exit status by the convention of monitoring plugins, the worst first: 2 a service is degraded or down; 1 at risk;
 * 3 unknown, or it cannot be told; 0 all well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

enum { STATUS_WELL = 0, STATUS_RISK = 1, STATUS_QUALITY = 2, STATUS_UNKNOWN = 3 };

/* ---- the view ---------------------------------------------------------------------------------------------------------- */

static json_t *touched_json(const struct alert *a)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < a->touched_count; i++) {
		const struct touched *t = &a->touched[i];

		json_array_append_new(list, json_pack("{s:s,s:s,s:o,s:o}", "service", t->service, "quality", state_word(t->quality_now),
				      "can_lose", t->lose_now == LOSE_NEVER ? json_null() :
					json_integer(t->lose_now == LOSE_DOWN ? -1 : (json_int_t)t->lose_now),
				      "built_for", t->built_for == LOSE_NEVER ? json_null() :
					json_integer(t->built_for == LOSE_DOWN ? -1 : (json_int_t)t->built_for)));
	}
	return list;
}

static json_t *wrong_json(struct view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; v->book && i < alert_book_count(v->book); i++) {
		const struct alert *a = alert_book_at(v->book, i);

		json_array_append_new(list, json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:f,s:o,s:i}", "alert", (json_int_t)a->number,
				      "component", a->key, "kind", alert_kind_word(a->kind), "severity", severity_word(a->severity),
				      "state", state_word(a->state), "cause", a->cause, "since", json_time(a->since),
				      "after", json_time(a->since_after), "age_s", span_as_s(wall_since(v->now, a->since)),
				      "touches", touched_json(a), "touches_more", (int)a->touched_more));
	}
	return list;
}

static json_t *service_json(struct view *v, const struct entity *e)
{
	const struct cfg_service *s = &v->config->service[e->index];
	struct verdict d = graph_verdict(model_graph(v->model), e->node);
	struct verdict design = { .distance = d.design_distance };

	return json_pack("{s:s,s:s,s:b,s:o,s:o,s:o,s:s,s:i}", "service", e->name, "quality", state_word(d.quality), "at_risk", d.at_risk,
			 "can_lose", json_lose(&d), "can_lose_worst", json_lose(&(struct verdict){ .distance = d.distance_worst }),
			 "built_for", json_lose(&design), "owner", s->owner, "tier", (int)s->tier);
}

struct counts { int well, at_risk, degraded, down, unknown; };

static void count(struct counts *n, const json_t *item)
{
	const char *q = json_text(item, "quality");

	n->down += strcmp(q, "down") == 0;
	n->degraded += strcmp(q, "degraded") == 0;
	n->unknown += strcmp(q, "unknown") == 0;
	if (strcmp(q, "up") == 0) {
		n->at_risk += json_is_true(json_object_get(item, "at_risk"));
		n->well += !json_is_true(json_object_get(item, "at_risk"));
	}
}

static json_t *head_json(struct view *v, const struct counts *n)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	return json_pack("{s:s,s:i,s:i,s:i,s:i,s:o,s:f,s:f,s:f,s:b,s:b,s:i,s:i,s:i,s:i,s:i,s:I,s:s}", "host", host,
			 "devices", (int)v->config->device_count, "answering", (int)v->numbers.answering,
			 "silent", (int)v->numbers.silent, "checks", (int)v->config->check_count, "polled", json_time(v->polled_at),
			 "polled_ago_s", v->polled_at.us ? span_as_s(wall_since(v->now, v->polled_at)) : -1.0,
			 "cycle_s", span_as_s(v->cycle), "interval_s", span_as_s(v->config->interval), "live", v->live, "stale", v->stale,
			 "well", n->well, "at_risk", n->at_risk, "degraded", n->degraded, "down", n->down, "unknown", n->unknown,
			 "rows_lost", (json_int_t)v->store.rows_lost, "store_error", v->store.write_errors ? v->store.last_error : "");
}

json_t *view_status(struct view *v, const json_t *args, json_t *answer, struct err *err)
{
	const char *only = json_text(args, "service");
	struct counts n = { 0 };
	json_t *items = json_array();

	for (size_t i = 0; i < model_count(v->model); i++) {
		const struct entity *e = model_at(v->model, i);
		json_t *item;

		if (e->kind != ENTITY_SERVICE || (only[0] && strcmp(only, e->name) != 0))
			continue;
		item = service_json(v, e);
		count(&n, item);
		json_array_append_new(items, item);
	}
	if (only[0] && json_array_size(items) == 0) {
		const char *near = names_nearest(&v->config->names, only, 3);

		err_set(err, FW_NOTFOUND, "there is no service '%s'%s%s%s", only, near ? "; '" : "", near ? near : "", near ? "' is near" : "");
		json_decref(items);
		return NULL;
	}
	json_object_set_new(answer, "head", head_json(v, &n));
	json_object_set_new(answer, "wrong", wrong_json(v));
	return items;
}

/* ---- for people ------------------------------------------------------------------------------------------------------------ */

static void print_head(const struct screen *s, const json_t *h)
{
	char now[48], ago[32], cycle[32], n[32], a[32];
	double polled = json_real_value(json_object_get(h, "polled_ago_s"));
	int silent = (int)json_integer_value(json_object_get(h, "silent"));
	int devices = (int)json_integer_value(json_object_get(h, "devices"));

	fprintf(s->out, "%s %s", json_text(h, "host"), wall_format(clock_wall(), now, sizeof(now)) + 11);
	fprintf(s->out, " \u00b7 %s device%s: %s answer", text_thousands((unsigned)devices, n, sizeof(n)), devices == 1 ? "" : "s",
		text_thousands((unsigned)json_integer_value(json_object_get(h, "answering")), a, sizeof(a)));
	if (silent)
		fprintf(s->out, ", %d do%s not", silent, silent == 1 ? "es" : "");
	if (polled < 0)
		fprintf(s->out, " \u00b7 %snot polled yet%s", screen_ink(s, INK_WARN), screen_ink(s, INK_PLAIN));
	else if (json_is_true(json_object_get(h, "stale")))
		fprintf(s->out, " \u00b7 %slast polled %s ago: everything polled is unknown%s", screen_ink(s, INK_BAD),
			span_format(span_us((int64_t)(polled * 1e6)), ago, sizeof(ago)), screen_ink(s, INK_PLAIN));
	else if (json_is_true(json_object_get(h, "live")))
		fprintf(s->out, " \u00b7 slowest poll %s of %.0f s",
			span_format(span_us((int64_t)(json_real_value(json_object_get(h, "cycle_s")) * 1e6)), cycle, sizeof(cycle)),
			json_real_value(json_object_get(h, "interval_s")));
	else
		fprintf(s->out, " \u00b7 polled %s ago (no daemon)", span_format(span_us((int64_t)(polled * 1e6)), ago, sizeof(ago)));
	fputc('\n', s->out);
	if (json_text(h, "store_error")[0])
		fprintf(s->out, "%sRRD files are not written: %s%s\n", screen_ink(s, INK_BAD), json_text(h, "store_error"), screen_ink(s, INK_PLAIN));
}

static void print_counts(const struct screen *s, const json_t *h, size_t services)
{
	static const struct { const char *key, *word; enum ink ink; } part[] = {
		{ "well", "well", INK_GOOD }, { "at_risk", "at risk", INK_WARN }, { "degraded", "degraded", INK_WARN },
		{ "down", "down", INK_BAD }, { "unknown", "unknown", INK_WARN },
	};
	const char *between = ": ";

	fprintf(s->out, "%zu service%s", services, services == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		int n = (int)json_integer_value(json_object_get(h, part[i].key));

		if (n == 0)
			continue;
		fprintf(s->out, "%s%s%d %s%s", between, screen_ink(s, part[i].ink), n, part[i].word, screen_ink(s, INK_PLAIN));
		between = ", ";
	}
	fputs("\n", s->out);
}

/* "can lose no more", "can still lose 1", "down". */
static void lose_words(const json_t *t, char *buf, size_t size)
{
	json_t *lose = json_object_get(t, "can_lose");
	json_int_t n = json_integer_value(lose);
	const char *q = json_text(t, "quality");

	if (strcmp(q, "down") == 0)
		snprintf(buf, size, "down");
	else if (json_is_null(lose))
		snprintf(buf, size, "%s", strcmp(q, "up") == 0 ? "nothing can stop it" : q);
	else
		snprintf(buf, size, "%s%s", strcmp(q, "up") == 0 ? "" : strcmp(q, "degraded") == 0 ? "degraded, " : "unknown, ",
			 n == 0 ? "can lose no more" : n == 1 ? "can still lose 1" : "");
	if (!json_is_null(lose) && n > 1 && strcmp(q, "down") != 0)
		snprintf(buf + strlen(buf), size - strlen(buf), "can still lose %d", (int)n);
}

/* Services with the same fate are named together: "order management, portal: can lose no more". */
static void touches_words(const json_t *touches, int more, char *buf, size_t size)
{
	struct text t = text_over(buf, size);
	char words[64], next[64];
	size_t n = json_array_size(touches);

	if (n == 0)
		text_add(&t, "no service");
	for (size_t i = 0; i < n && i < 4; i++) {
		const json_t *item = json_array_get(touches, i);

		lose_words(item, words, sizeof(words));
		text_add(&t, "%s", json_text(item, "service"));
		if (i + 1 < n && i + 1 < 4) {
			lose_words(json_array_get(touches, i + 1), next, sizeof(next));
			if (strcmp(words, next) == 0) {
				text_add(&t, ", ");
				continue;
			}
		}
		text_add(&t, ": %s%s", words, i + 1 < n && i + 1 < 4 ? "; " : "");
	}
	if (n > 4 || more)
		text_add(&t, " and %zu more", n - (n < 4 ? n : 4) + (size_t)more);
}

static enum ink severity_ink(const char *severity)
{
	return strcmp(severity, "critical") == 0 || strcmp(severity, "major") == 0 ? INK_BAD : INK_WARN;
}

/* Without an alert: all is well, or nothing is known. */
static void print_nothing(const struct screen *s, const json_t *head)
{
	bool known = !json_is_true(json_object_get(head, "stale")) && json_integer_value(json_object_get(head, "unknown")) == 0;

	fprintf(s->out, "\n%s%s%s\n", screen_ink(s, known ? INK_GOOD : INK_WARN),
		known ? "nothing is wrong" : "nothing is known to be wrong, but not all is known", screen_ink(s, INK_PLAIN));
}

static void print_wrong(const struct screen *s, const json_t *wrong, const json_t *head)
{
	unsigned width = 28;
	size_t i;
	json_t *w;

	if (json_array_size(wrong) == 0) {
		print_nothing(s, head);
		return;
	}
	json_array_foreach(wrong, i, w) {
		unsigned have = (unsigned)text_columns(json_text(w, "cause"));

		width = have > width ? (have < 72 ? have : 72) : width;
	}
	fprintf(s->out, "\n%s", screen_ink(s, INK_BOLD));
	screen_cell(s, "WHAT IS WRONG (worst first)", width);
	fprintf(s->out, "  %-11s %s%s\n", "SINCE", "TOUCHES", screen_ink(s, INK_PLAIN));
	json_array_foreach(wrong, i, w) {
		char touches[512], cause[512], age[32];

		touches_words(json_object_get(w, "touches"), (int)json_integer_value(json_object_get(w, "touches_more")), touches, sizeof(touches));
		text_clean(json_text(w, "cause"), strlen(json_text(w, "cause")), cause, sizeof(cause));
		fputs(screen_ink(s, severity_ink(json_text(w, "severity"))), s->out);
		screen_cell(s, cause, width);
		fprintf(s->out, "%s  %-11s %s\n", screen_ink(s, INK_PLAIN),
			span_format(span_us((int64_t)(json_real_value(json_object_get(w, "age_s")) * 1e6)), age, sizeof(age)), touches);
	}
}

static void lose_cell(const json_t *item, char *buf, size_t size)
{
	json_t *lose = json_object_get(item, "can_lose"), *worst = json_object_get(item, "can_lose_worst");

	if (json_is_null(lose))
		snprintf(buf, size, "any");
	else if (json_integer_value(lose) < 0)
		snprintf(buf, size, "-");
	else if (!json_is_null(worst) && json_integer_value(worst) < json_integer_value(lose))
		snprintf(buf, size, "%d..%d", (int)(json_integer_value(worst) < 0 ? 0 : json_integer_value(worst)), (int)json_integer_value(lose));
	else
		snprintf(buf, size, "%d", (int)json_integer_value(lose));
}

static bool is_well(const json_t *item)
{
	return strcmp(json_text(item, "quality"), "up") == 0 && !json_is_true(json_object_get(item, "at_risk"));
}

/* 0 the worst. */
static int rank(const json_t *item)
{
	const char *q = json_text(item, "quality");

	return strcmp(q, "down") == 0 ? 0 : strcmp(q, "degraded") == 0 ? 1 : strcmp(q, "unknown") == 0 ? 3 : is_well(item) ? 4 : 2;
}

static void print_service(const struct screen *s, const json_t *item, unsigned width)
{
	static const struct { const char *word; enum ink ink; } by_rank[] = {
		{ "DOWN", INK_BAD }, { "DEGRADED", INK_WARN }, { "ok", INK_GOOD }, { "unknown", INK_WARN }, { "ok", INK_GOOD },
	};
	json_t *built = json_object_get(item, "built_for");
	bool last = json_is_integer(json_object_get(item, "can_lose")) && json_integer_value(json_object_get(item, "can_lose")) == 0 &&
		    json_is_true(json_object_get(item, "at_risk"));
	char lose[32], built_for[32] = "any";
	int r = rank(item);

	lose_cell(item, lose, sizeof(lose));
	if (!json_is_null(built))
		snprintf(built_for, sizeof(built_for), "%d", (int)json_integer_value(built));
	screen_cell(s, json_text(item, "service"), width);
	fprintf(s->out, "  %s%-8s%s  %s%-9s%s  %s%-5s%s%-10s%s  %-9s  %s\n", screen_ink(s, by_rank[r].ink), by_rank[r].word,
		screen_ink(s, INK_PLAIN), screen_ink(s, INK_WARN), json_is_true(json_object_get(item, "at_risk")) ? "AT RISK" : "",
		screen_ink(s, INK_PLAIN), screen_ink(s, last ? INK_BAD : INK_PLAIN), lose, "", last ? "!!" : "", screen_ink(s, INK_PLAIN),
		built_for, json_text(item, "owner")[0] ? json_text(item, "owner") : "-");
}

static void print_services(const struct screen *s, const json_t *items, bool all)
{
	unsigned width = 16, hidden = 0;
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item) {
		unsigned w = (unsigned)text_columns(json_text(item, "service"));

		width = w > width ? (w < 40 ? w : 40) : width;
	}
	fprintf(s->out, "\n%s", screen_ink(s, INK_BOLD));
	screen_cell(s, "SERVICE", width);
	fprintf(s->out, "  %-8s  %-9s  %-15s  %-9s  %s%s\n", "QUALITY", "RISK", "CAN STILL LOSE", "BUILT FOR", "OWNER", screen_ink(s, INK_PLAIN));
	for (int r = 0; r <= 4; r++)
		json_array_foreach(items, i, item) {
			if (rank(item) != r)
				continue;
			if (r == 4 && !all)
				hidden++;
			else
				print_service(s, item, width);
		}
	if (hidden)
		fprintf(s->out, "%u %s well (status --all)\n", hidden, hidden == 1 ? "is" : "more are");
}

static const char *worst_service(const json_t *items)
{
	const json_t *worst = NULL;
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item)
		if (!is_well(item) && (worst == NULL || rank(item) < rank(worst)))
			worst = item;
	return worst ? json_text(worst, "service") : NULL;
}

static int exit_status(const json_t *head)
{
	if (json_integer_value(json_object_get(head, "down")) || json_integer_value(json_object_get(head, "degraded")))
		return STATUS_QUALITY;
	if (json_integer_value(json_object_get(head, "at_risk")))
		return STATUS_RISK;
	return json_integer_value(json_object_get(head, "unknown")) ? STATUS_UNKNOWN : STATUS_WELL;
}

static void print_status(const struct ctl *c, const json_t *answer, bool all)
{
	const json_t *items = json_object_get(answer, "items"), *head = json_object_get(answer, "head");
	struct screen s = screen_of(c);
	size_t services = json_array_size(items);
	const char *worst = worst_service(items);

	print_head(&s, head);
	print_counts(&s, head, services);
	print_wrong(&s, json_object_get(answer, "wrong"), head);
	if (services > 0)
		print_services(&s, items, all || services <= 5 || c->argc > 0);
	if (worst != NULL)
		fprintf(s.out, "%snext: forewarn risk \"%s\"%s\n", screen_ink(&s, INK_DIM), worst, screen_ink(&s, INK_PLAIN));
	else if (services == 0)
		fprintf(s.out, "no service is configured: 'service \"NAME\" { needs = {...} }' tells what must not fail (man forewarn.conf)\n");
}

int status_command(struct ctl *c)
{
	bool all = ctl_flag(c, "all", 'a');
	struct err err = { "" };
	json_t *answer;
	int status;

	if (!ctl_rest_ok(c, 1))
		return STATUS_UNKNOWN;
	answer = ctl_call(c, "status", json_pack("{s:s}", "service", c->argc ? c->argv[0] : ""), &err);
	if (answer == NULL) {
		ctl_failed(c, err.text);
		return STATUS_UNKNOWN;
	}
	if (c->json)
		ctl_print_json(answer);
	else
		print_status(c, answer, all);
	status = exit_status(json_object_get(answer, "head"));
	json_decref(answer);
	return status;
}
