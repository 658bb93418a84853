/* poller/ctl/plan-int.h: between the files of whatif, maintain and accept: whom it is about, and what would follow.
 *
 *	plan.c		names that people typed -> components; scenarios -> what changes, as JSON and for people
 *	whatif.c maintain.c accept.c	the commands and their views
 */
#ifndef FW_CTL_PLAN_INT_H
#define FW_CTL_PLAN_INT_H

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"
#include "poller/model-whatif.h"

enum { TARGETS_MOST = 1000 };

struct target { const struct entity *e; enum state to; };
struct targets { struct target *list; size_t count; };

/*
 * From a list of {name, state}; ranges in names stand for all of them, the state is "down" when absent. FW_OK; else which
 * name it is, and what would be right. Each component once, its last state counts.
 */
enum fw_err targets_take(struct view *v, const json_t *list, struct targets *t, struct err *err);
void targets_release(struct targets *t);

/* The scenario of them, settled. The caller frees. */
struct scenario *targets_scenario(struct view *v, const struct targets *t);

/* Services that are otherwise in 'after' than in 'before', the worst first: {service, owner, tier, built_for, before {quality, at_risk, distance, can_lose,
 * distance_worst, cuts, single_points, single_points_count, p}, after {...}}. */
json_t *changes_json(struct view *v, struct lens *before, struct lens *after);
/* Does one of them lose quality: is it down, or degraded when it was better? */
bool change_loses_quality(const json_t *change);
bool changes_lose_quality(const json_t *changes);

/* "a, b and c" of a list of names, or of objects with such a key; at most so many by name. */
void add_names(struct text *t, const json_t *list, const char *key, size_t most);

/* Why nothing changes: one sentence for each of them, a few at most. */
json_t *unchanged_json(struct view *v, const struct targets *t);

/* Names of devices that could no longer be reached. */
json_t *unreached_json(const struct scenario *s);

/* view-plan.c: what status and risk say of plans. */
json_t *window_json(const struct window *w);
/* The windows that run or are planned, and the accepted risks. */
void plan_put_status(struct view *v, json_t *answer);
/* Of an open alert: "accepted" {accepted, until, why, who}, null when it is not. */
void plan_put_alert(struct view *v, const struct alert *a, json_t *item);
/* Of a service: "planned": what it lost is due to maintenance alone; "risk": "open", "planned" or "accepted", null without one. */
void plan_put_service(struct view *v, const struct entity *e, const struct verdict *d, json_t *item);
/* Of the page of risk: also "maintenance": windows of what it stands on, and "accepted": risks of it. */
void plan_put_risk(struct view *v, const struct entity *e, const struct verdict *d, json_t *item);

/* plan-tell.c: the same for people. */
char *plan_moment(struct wall t, char *buf, size_t size);	/* "22:00:00" of the next or last half day, else with its date */
void window_words(const json_t *w, char *buf, size_t size);
void plan_print_status(const struct screen *s, const json_t *answer);
void plan_print_risk(const struct screen *s, const json_t *r);
/* "; accepted by alice until 22:00:00: why" behind what a cause touches. */
void plan_add_accepted(struct text *t, const json_t *item);

/* The table of what would change, for people. */
void changes_print(const struct screen *s, const json_t *changes);

/* [{"name": NAME, "state": STATE}] of what was typed. */
void list_add_name(json_t *list, const char *name, const char *state_or_null);

#endif
