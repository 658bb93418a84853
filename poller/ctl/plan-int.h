/* poller/ctl/plan-int.h: between the files of whatif, maintain and accept: whom it is about, and what would follow.
 *
 *	plan.c		names that people typed -> components; scenarios -> what changes, as JSON and for people
 *	whatif.c maintain.c accept.c	the commands and their views
 */
#ifndef FW_CTL_PLAN_INT_H
#define FW_CTL_PLAN_INT_H

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

/* Services that would change, the worst first: {service, owner, tier, built_for, before {quality, at_risk, distance, can_lose,
 * distance_worst, cuts, single_points, single_points_count, p}, after {...}}. */
json_t *changes_json(struct view *v, struct scenario *s);
/* Does one of them lose quality: is it down, or degraded when it was better? */
bool change_loses_quality(const json_t *change);
bool changes_lose_quality(const json_t *changes);

/* Why nothing changes: one sentence for each of them, a few at most. */
json_t *unchanged_json(struct view *v, const struct targets *t);

/* Names of devices that could no longer be reached. */
json_t *unreached_json(const struct scenario *s);

/* The table of what would change, for people. */
void changes_print(const struct screen *s, const json_t *changes);

/* [{"name": NAME, "state": STATE}] of what was typed. */
void list_add_name(json_t *list, const char *name, const char *state_or_null);

#endif
