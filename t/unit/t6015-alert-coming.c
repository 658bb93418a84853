/* t/unit/t6015-alert-coming.c: alerts of what is missed only later, and of redundancy that was never there. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/calendar-int.h"
#include "poller/config-int.h"
#include "poller/model-coming.h"
#include "poller/noc/noc.h"
#include "tap.h"

static struct wall at(int year, unsigned month, unsigned day, unsigned hour)
{
	return (struct wall){ zone_instant(NULL, day_of((struct date){ year, month, day }) * DAY_S + hour * 3600) * 1000000 };
}

struct world { struct model *m; struct alert_book *b; struct alert last; unsigned told; };

static void tell(void *owner, const struct alert *a)
{
	struct world *w = owner;

	w->last = *a;
	w->told++;
}

static struct world *world_of(const char *text)
{
	struct mistakes wrong = { 0 };
	struct config *c = config_load_bare("test.conf", text, strlen(text), &wrong);
	struct world *w = must_alloc(sizeof(*w));
	struct err err = { "" };

	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	mistakes_release(&wrong);
	w->m = c ? model_new(c, &err) : NULL;
	if (!w->m) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	w->b = alert_book_new(1);
	config_unref(c);
	return w;
}

static void world_free(struct world *w)
{
	alert_book_free(w->b);
	model_free(w->m);
	free(w);
}

static void put(struct world *w, const char *name, enum state s, struct wall now)
{
	model_set(w->m, &(struct level){ .name = name, .state = s, .reason = "", .at = now });
}

static unsigned judge(struct world *w, struct wall now)
{
	struct demand_watch d = { .each = NULL };
	struct err err;
	unsigned before = w->told;

	model_time(w->m, now, &d, &err);
	alert_book_judge(w->b, w->m, now, tell, w);
	return w->told - before;
}

/* The declared design is the yardstick, not the last state. */
static void test_booted(void)
{
	struct world *w = world_of("component \"link 1\" { }\ncomponent \"link 2\" { }\n"
				   "group \"uplink\" { need = 1 full = 2 members = {\"link 1\", \"link 2\"} }\nservice \"s\" { needs = {\"uplink\"} }\n");
	struct wall now = at(2026, 11, 21, 12);
	struct verdict v;

	put(w, "link 2", STATE_DOWN, now);
	is_int(judge(w, now), 1, "booted with one link: at risk from the first second");
	v = model_verdict(w->m, model_find(w->m, "s"));
	ok(v.at_risk && v.quality == STATE_DEGRADED && v.distance == 1 && v.design_distance == 2, "... held against what was declared");
	ok(w->last.touched_count == 1 && w->last.touched[0].lose_before == 1 && w->last.touched[0].lose_now == 0, "can lose 0, was built for 1");
	is_int(judge(w, wall_add(now, span_s(86400))), 0, "a day later it is no news, and still open");
	is_int(alert_book_count(w->b), 1, "... for a lasting loss becomes no design");
	world_free(w);
}

static void test_coming(void)
{
	struct world *w = world_of("calendar \"quarter end\" { on = {\"2026-12-31\"}  time = {\"09:00-18:00\"} }\n"
				   "component \"a\" { }\ncomponent \"b\" { }\ncomponent \"c\" { }\ncomponent \"d\" { }\n"
				   "group \"g\" { need = 1  members = {\"a\", \"b\", \"c\", \"d\"}  during \"quarter end\" { need = 3 } }\n"
				   "service \"orders\" { needs = {\"g\"} }\n");
	char line[512], *text;
	struct alert *back = must_alloc(sizeof(*back));

	judge(w, at(2026, 9, 1, 12));
	put(w, "a", STATE_DOWN, at(2026, 9, 1, 13));
	put(w, "b", STATE_DOWN, at(2026, 9, 1, 13));
	is_int(judge(w, at(2026, 9, 1, 13)), 2, "two failures, long before");
	ok(w->last.touched[0].coming_at.us == 0, "... mean nothing for the end of the year yet");
	is_int(judge(w, at(2026, 10, 20, 12)), 2, "when that comes near both alerts change");
	ok(w->last.transition == TRANSITION_CHANGE && w->last.touched[0].coming_at.us == at(2026, 12, 31, 9).us &&
	   w->last.touched[0].coming_quality == STATE_DOWN, "down on 31 December at 09:00");
	touched_words(&w->last.touched[0], line, sizeof(line));
	ok(strstr(line, ", down from 31 Dec") != NULL, line);
	alert_subject(&w->last, line, sizeof(line));
	ok(strstr(line, "; orders, down from 31 Dec") != NULL, line);
	text = alert_encode(&w->last);
	ok(alert_decode(text, strlen(text), back) && back->touched[0].coming_at.us == w->last.touched[0].coming_at.us &&
	   back->touched[0].coming_quality == STATE_DOWN, "the ledger keeps that");
	free(text);
	is_int(judge(w, at(2026, 10, 20, 13)), 0, "it is told once");
	put(w, "a", STATE_UP, at(2026, 11, 1, 0));
	judge(w, at(2026, 11, 1, 0));
	ok(alert_book_count(w->b) == 1 && alert_book_at(w->b, 0)->touched[0].coming_at.us == 0, "with one repaired three are enough");
	put(w, "a", STATE_DOWN, at(2026, 11, 2, 0));
	judge(w, at(2026, 11, 2, 0));
	judge(w, at(2026, 12, 31, 9));
	ok(alert_book_at(w->b, 0)->severity == SEVERITY_CRITICAL && alert_book_at(w->b, 0)->touched[0].quality_now == STATE_DOWN, "nobody did anything: it is down that morning");
	judge(w, at(2026, 12, 31, 18));
	ok(alert_book_at(w->b, 0)->touched[0].quality_now == STATE_UP && alert_book_at(w->b, 0)->touched[0].lose_now == 1, "in the evening it works again");
	free(back);
	world_free(w);
}

int main(void)
{
	plan(5 + 11);
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	test_booted();
	test_coming();
	return done();
}
