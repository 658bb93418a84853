/* poller/ctl/risk-int.h: between the files of forewarn risk: view-risk.c and view-cuts.c answer, risk.c and risk-cuts.c print. */
#ifndef FW_CTL_RISK_INT_H
#define FW_CTL_RISK_INT_H

#include "poller/ctl/ctl.h"
#include "poller/service/fate.h"
#include "poller/service/look.h"

/* capacity: what the groups below a service need and have, now and when calendars want something else. */
void view_put_capacity(struct view *v, struct look *l, const struct entity *service, json_t *item);

/* The name for people of a node of the graph; "" when it has none. */
const char *view_node_name(struct view *v, uint32_t node);

/*
 * What is asked about cut sets, and what it may cost: all services of one answer share it, those that are still to come
 * are counted. The daemon must not stand still for it.
 */
struct cut_asked {
	struct cut_bound all, brief;	/* for all of them; for those of up to a size, when all have no room */
	size_t services, sets;		/* to come, with this one; smallest ones to be listed */
};
struct cut_asked view_cut_asked(const struct view *v);

/*
 * Put what all minimal cut sets say, and importance: cut_sets, cut_sets_by_size, the same of the design, smallest,
 * importance. Where a bound is met cut_sets is null, and cut_sets_reason says why; cut_sets_by_size then ends with the
 * size cut_sets_exact_to, up to which all are counted, cut_sets_least together; or is null as well. Where the diagram
 * had no room p and p_horizon lie between p_low and p_high, p_horizon_low and p_horizon_high.
 */
void view_put_cuts(struct view *v, const struct entity *e, struct cut_asked *a, json_t *item);

/* How many rates of the components in the support are given, measured, assumed, missing; 'each': and what each of them is. */
void view_put_rates(struct view *v, const uint32_t *support, size_t n, bool each, json_t *item);

/*
 * Shared fate, for one answer: each gate is looked at once, and what was seen is read once. 'left' bounds what that may
 * cost; where it is used up, shared_fate_reason says so.
 */
struct fates {
	struct view *v;
	json_t **known;			/* of each node */
	uint32_t nodes, left;
	bool bound_met, seen_read;
	struct together *seen;		/* pairs of leaves */
	size_t seens;
	struct span watched, window;	/* how long, and how near is together */
};
struct fates fates_begin(struct view *v);
void fates_end(struct fates *f);
/* shared_fate: of these gates (nodes that need fewer members than they have); shared_fate_seen: among the support. */
void fates_put(struct fates *f, const uint32_t *gate, size_t gates, json_t *item);
void fates_put_seen(struct fates *f, const uint32_t *support, size_t n, json_t *item);
/* Of one gate; NULL: none. The caller's. */
json_t *fate_json(struct model *m, uint32_t gate, uint32_t most_nodes, uint32_t *looked);
/* "app servers: feed A alone takes app1 and app2 (declared to survive 1)". */
char *fate_words(const json_t *fate, char *buf, size_t size);

/* smallest: those of the smallest size alone, which the graph always knows. */
void view_put_smallest(struct view *v, const struct entity *e, size_t sets, json_t *item);

/* One line of the page, wrapped: label and text. */
void risk_say(const struct screen *s, const char *label, const char *text);

/* The chance of an outage; behind -v also why it cannot be told, and the rates that it comes from. */
void risk_print_chance(const struct screen *s, const json_t *r, bool verbose);
void risk_print_rates(const struct screen *s, const json_t *r);

/* What members share. */
void risk_print_fate(const struct screen *s, const json_t *r);

/* What is needed and what is there; when a calendar needs more. */
void risk_print_capacity(const struct screen *s, const json_t *r);

/* Cut sets by size, what to guard next, what a repair gains; behind -v. */
void risk_print_cuts(const struct screen *s, const json_t *r);

#endif
