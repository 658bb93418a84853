/* poller/model-coming.h: what calendars make of the model: the structure that holds now, and those that will.
 *
 * What a group needs may change with calendars (forewarn.conf(5), during). model_time() says what time it is: the
 * present structure is built of the demand of now; and for each distinct demand within 'ahead' of the configuration a
 * structure of its own is built, of those services alone whose groups need something else then. All hold the states
 * that are now, so that today's loss is held against the demand that comes. States keep them up to date as they keep
 * the present; nodes have the same numbers in all of them.
 *
 * Where demand comes from is a question of this file alone: whatever knows a coming demand of a group puts a structure
 * of its own into the plan, with the time from which on it holds.
 * Pure; thread: the model's.
 */
#ifndef FW_MODEL_COMING_H
#define FW_MODEL_COMING_H

#include "poller/model.h"

enum { COMING_MOST = 32 };

/* The structure that holds at a time ahead. */
struct coming {
	struct wall from, to;		/* the first time that it holds */
	uint64_t calendars;		/* those that hold then (bit: index in the configuration) */
	struct graph *graph;		/* of the services that differ; NULL: it could not be built */
	bool left_out;			/* that was said */
};

/* What a group needs became another. */
typedef void model_each_demand(void *owner, const struct entity *group, const struct demand *before,
			       const struct demand *now);

/*
 * It is 'now', which does not go back. Cheap when nothing begins or ends. An error when the present structure cannot be built: it
 * stays as it was. A coming one that cannot is without its graph, and 'cut' says that something is missing. 'each' may be NULL; *changed is
 * set when something became another: ask for changes.
 */
struct demand_watch { model_each_demand *each; void *owner; bool changed; };
enum fw_err model_time(struct model *m, struct wall now, struct demand_watch *w, struct err *err);

uint64_t model_calendars(const struct model *m);	/* that hold now */
/* By the time they come. '*cut': there are more within 'ahead' than are kept. Borrowed until the next model_time(). */
size_t model_coming(const struct model *m, const struct coming **out, bool *cut);
/* Does this service or group need something else then? Else all is as it is now. */
bool coming_differs(const struct model *m, const struct coming *c, const struct entity *e);
/* Its verdict in that structure with the states of now. */
struct verdict coming_verdict(struct model *m, const struct coming *c, const struct entity *e);

/* That structure with the states that a lens of the present one sees. The caller frees. */
struct lens *coming_lens(const struct coming *c, struct lens *like);

/* The first time ahead that a service is worse than now, for what has failed: NULL when none. '*then': its quality. */
const struct coming *model_trouble(struct model *m, const struct entity *service, enum state *then);
/* The verdict of a service now; at risk also when what failed is missed later. */
struct verdict model_verdict(struct model *m, const struct entity *e);

/*
 * The fewest failed components whose repair brings a service to the best quality that repairs can bring at that time:
 * exactly when there are few, else a set of which none can be left out. Returns how many, 0 when no repair helps.
 */
enum { REPAIR_MOST = 16 };
size_t coming_repair(struct model *m, const struct coming *c, const struct entity *service, const struct entity **out);

/*
 * Of the design alone: components whose loss the service survives without harm now, and not then. Returns how many; the
 * first 'most' into 'out'. '*ends': of those of 'out' the first so many end it, the others degrade it.
 */
size_t coming_points(struct model *m, const struct coming *c, const struct entity *service, const struct entity **out,
		     size_t most, size_t *ends);

#endif
