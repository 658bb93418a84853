/* t/unit/t3520-demand-manual.c: the worked numbers of demand and calendars in forewarn-risk(7), computed again. */
#include <string.h>
#include <time.h>

#include "poller/calendar-int.h"
#include "poller/config-int.h"
#include "poller/model-coming.h"
#include "t5-manual.h"
#include "tap.h"

static struct wall at(unsigned month, unsigned day, unsigned hour)
{
	return (struct wall){ zone_instant(NULL, day_of((struct date){ 2026, month, day }) * DAY_S + hour * 3600) * 1000000 };
}

/* The example that the page prints. */
static struct model *example(void)
{
	char *page = read_page(), *begin = strstr(page, "calendar \"quarter end\""), *end = begin ? strstr(begin, ".Ed") : NULL;
	struct mistakes wrong = { 0 };
	struct config *c = end ? config_load_bare("page", begin, (size_t)(end - begin), &wrong) : NULL;
	struct err err = { "no example on the page" };
	struct model *m = c ? model_new(c, &err) : NULL;

	if (!m) {
		printf("Bail out! %s\n", wrong.count ? wrong.line[0] : err.text);
		exit(1);
	}
	mistakes_release(&wrong);
	config_unref(c);
	free(page);
	return m;
}

static void put(struct model *m, const char *name, enum state s)
{
	model_set(m, &(struct level){ .name = name, .state = s, .reason = "", .at = at(12, 1, 0) });
}

int main(void)
{
	struct model *m = example();
	struct entity *orders = model_find(m, "orders");
	const struct entity *list[REPAIR_MOST];
	const struct coming *c;
	struct demand_watch w = { .each = NULL };
	struct verdict v;
	struct err err;
	char text[40];
	size_t ends;
	bool cut;

	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	model_time(m, at(12, 1, 0), &w, &err);
	v = model_verdict(m, orders);
	work("degraded_distance", "%u", v.degraded_distance);
	work("degraded_cuts", "%.0f", v.degraded_cuts);
	work("coming", "%zu", model_coming(m, &c, &cut));
	work("coming_at", "%s", wall_format_day(c->from, at(12, 1, 0), text, sizeof(text)));
	work("coming_degraded_distance", "%u", coming_verdict(m, c, orders).degraded_distance);
	work("not_survived_then", "%s", coming_points(m, c, orders, list, REPAIR_MOST, &ends) == 1 && ends == 0 ? list[0]->name : "");
	put(m, "app1", STATE_DOWN);
	work("quality_one", "%s", coming_verdict(m, c, orders).quality == STATE_UP ? "enough" : "");
	put(m, "app2", STATE_DOWN);
	work("quality_two", "%s", state_word(coming_verdict(m, c, orders).quality));
	work("repair_two", "%zu", coming_repair(m, c, orders, list));
	model_free(m);
	plan(2 * works + 1);
	check_manual("demand");
	return done();
}
