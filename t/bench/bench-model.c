/* t/bench/bench-model.c: what a state change costs the model of 10,000 components in 1,000 services, with ten demands ahead.
 *
 * One update is: a level is taken and all changes are told. Printed are median and worst in microseconds, without calendars
 * and with ten structures ahead of which every service differs, and what the second costs beside the first; and what it
 * takes to value all rates again, as is done each hour.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/config-int.h"
#include "poller/model-coming.h"

enum { SERVICES = 1000, MEMBERS = 10, CALENDARS = 10, UPDATES = 2000 };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static char *text_of(int calendars)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (int c = 0; c < calendars; c++)
		fprintf(f, "calendar \"c%d\" { on = {\"2026-12-%02d\"} }\n", c, c + 1);
	for (int i = 0; i < SERVICES * MEMBERS; i++)
		fprintf(f, "component \"m%d\" { needs = {\"feed%d\"} }\n", i, i % 20);
	for (int i = 0; i < 20; i++)
		fprintf(f, "component \"feed%d\" { }\n", i);
	for (int s = 0; s < SERVICES; s++) {
		fprintf(f, "group \"g%d\" { need = 3  members = {\"m[%d-%d]\"}\n", s, s * MEMBERS, s * MEMBERS + MEMBERS - 1);
		for (int c = 0; c < calendars; c++)
			fprintf(f, "during \"c%d\" { need = %d  full = %d }\n", c, 4 + c % 5, 9 + c / 5);
		fprintf(f, "}\nservice \"s%d\" { needs = {\"g%d\"} }\n", s, s);
	}
	fclose(f);
	return text;
}

static struct model *model_of(int calendars, struct wall at)
{
	struct demand_watch w = { .each = NULL };
	struct mistakes wrong = { 0 };
	struct err err = { "" };
	char *text = text_of(calendars);
	struct config *c = config_load_bare("bench.conf", text, strlen(text), &wrong);
	struct model *m = c ? model_new(c, &err) : NULL;

	if (!m || model_time(m, at, &w, &err) != FW_OK) {
		fprintf(stderr, "bench-model: %s %s\n", wrong.count ? wrong.line[0] : "", err.text);
		exit(1);
	}
	mistakes_release(&wrong);
	config_unref(c);
	free(text);
	return m;
}

static void ignore(void *owner, const struct entity_change *c)
{
	(void)owner;
	(void)c;
}

static double measure(struct model *m, const char *what, struct wall at)
{
	double *us = malloc(UPDATES * sizeof(*us)), from, median;
	char name[32];

	model_changes(m, ignore, NULL);
	for (int i = 0; i < UPDATES; i++) {
		snprintf(name, sizeof(name), "m%d", (int)((long)(i / 2) * 7919 % (SERVICES * MEMBERS)));
		from = now_us();
		model_set(m, &(struct level){ .name = name, .state = i % 2 ? STATE_UP : STATE_DOWN, .reason = "", .at = at });
		model_changes(m, ignore, NULL);
		us[i] = now_us() - from;
	}
	qsort(us, UPDATES, sizeof(*us), by_size);
	median = us[UPDATES / 2];
	from = now_us();
	model_rates(m, wall_add(at, span_s(3600)));
	model_changes(m, ignore, NULL);
	printf("%-16s median %7.1f us   p99 %7.1f us   worst %7.1f us   rates %.1f ms\n", what, median, us[UPDATES * 99 / 100],
	       us[UPDATES - 1], (now_us() - from) / 1e3);
	free(us);
	return median;
}

int main(void)
{
	struct wall at = { INT64_C(1795392000000000) };	/* 2026-11-23 */
	struct model *plain = model_of(0, at), *ahead;
	const struct coming *c;
	double from, alone;
	bool cut;

	alone = measure(plain, "present alone", at);
	model_free(plain);
	from = now_us();
	ahead = model_of(CALENDARS, at);
	printf("%zu demands ahead: built in %.0f ms\n", model_coming(ahead, &c, &cut), (now_us() - from) / 1e3);
	printf("x %.1f beside the present alone\n", measure(ahead, "with those ahead", at) / alone);
	model_free(ahead);
	return 0;
}
