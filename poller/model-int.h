/* poller/model-int.h: how the model is held, for model*.c only.
 *
 *   model.c        entities, their own states, what changed
 *   model-judge.c  devices: answers, parents, blindness, and what follows for their parts and checks
 *   model-graph.c  the configuration and the baseline as a graph
 *   model-coming.c the same as calendars will want it
 *   model-rates.c  what was seen of components over time, and how often they fail
 *   model-maintain.c  who is in maintenance, and what is true apart from it
 *   model-whatif.c    what would be true
 *
 * Every entity has one item, which stays where it is until it is forgotten. Items of the configuration come first, in
 * the order devices, checks, components, groups, services; parts of devices follow.
 */
#ifndef FW_MODEL_INT_H
#define FW_MODEL_INT_H

#include "model-coming.h"
#include "model-maintain.h"

enum { ITEM_NONE = UINT32_MAX };

/* What a check itself said, while its device or the poller cannot vouch for it. */
struct told {
	bool known;
	enum state state;
	char reason[REASON_MAX];
	struct wall since, since_after;
};

struct item {
	struct entity e;		/* first: an entity is its item */
	uint32_t self;			/* in model.item */
	uint32_t not_up;		/* in model.not_up, ITEM_NONE */
	uint32_t pending;		/* in model.pending, ITEM_NONE */
	uint32_t device;		/* of a part or check: its device's item, ITEM_NONE */
	struct item *next;		/* next part or check of that device */
	enum mib_counts counts;		/* of a part, from its class; a check that counts: COUNTS_ALL */
	bool waits;			/* a part: until its next level */
	bool baseline, referenced;	/* a part: found by discovery; named in the configuration */
	bool weighed;			/* a part: a group needs a capacity, and this one's is what is read */
	uint64_t capacity;		/* that; 0: not read yet */
	bool has_past;
	struct past past;
	struct told *told;		/* checks */
	struct history *history;	/* of what is in the graph, once it was seen */
	bool history_due;		/* it is to be kept */
	bool exempt;			/* in maintenance: what happens is not its own failure; rates_look() after a change */
	uint32_t window;		/* of maintenance, that names it and runs; 0 */
	/* services: is there trouble ahead, as it was looked at with this harm now? Until a state moves that it stands on then */
	bool trouble_known, trouble;
	int8_t trouble_now;
	/* devices */
	struct item *first;		/* its parts and checks */
	uint32_t parts;
	bool asked, silent, unpolled;
	uint32_t blamed;		/* item of the down device that cuts it off, ITEM_NONE */
	char name[];
};

/* A state that changed since the last model_changes(). */
struct pending { struct item *item; enum state before; bool first, admin, gone; char reason[REASON_MAX]; };

/* Which demand holds now, and which is coming. */
struct plan {
	struct wall made, due;		/* when it was made; when it is to be made again */
	uint64_t calendars;		/* that hold now */
	struct coming coming[COMING_MOST];
	uint8_t *differs[COMING_MOST];	/* of each node: is it another function than now? */
	uint32_t count;
	bool cut;
};

/* Who is in maintenance, and the views apart from it: model-maintain.c. */
struct maintained {
	uint32_t count;			/* items that a running window names */
	struct lens *lens[MAINTAIN_VIEWS];
	uint32_t *behind, behinds, behind_room;	/* variables of what a maintained device cuts off */
	uint64_t seen_changes;		/* 1 + the model's changes when they were found; 0: never */
};

struct model {
	struct config *config;
	struct graph *graph;
	struct item **item;
	uint32_t items, items_room;
	uint32_t config_items;		/* those that are never removed */
	uint32_t first_check, first_component, first_group, first_service;
	struct names names;
	struct item **node_item;	/* of each graph node */
	uint32_t nodes;
	struct item **not_up;		/* an item begins with its entity, so this is a list of entities as well */
	uint32_t not_ups, not_up_room;
	struct pending *pending;
	uint32_t pendings, pending_room;
	struct plan plan;
	bool moved;			/* a state changed since verdicts were told */
	bool weighs, weighs_other;	/* some part is weighed; and carries something else than the graph was built with */
	uint64_t changes;		/* states changed, ever */
	uint64_t refused;
	struct wall latest;		/* the latest time that came in */
	struct wall rates_at;		/* histories count until then in the graph's rates */
	bool rates_due, histories_due;	/* a component failed or was repaired; all histories may be due */
	struct maintained maintained;
	/* judging */
	uint32_t asked, silent;		/* devices */
	bool blind;
	uint32_t *child_at, *child;	/* children of device i: child[child_at[i]] .. child[child_at[i + 1] - 1] */
	uint32_t *queue_up, *queue_down, *stamp_up, *stamp_down;
	uint32_t round_up, round_down;
};

static inline struct item *item_of(struct entity *e) { return (struct item *)(void *)e; }
/* What the graph is told: a part that is weighed by what it carries works, at that, also when it is degraded. */
static inline enum state item_graph_state(const struct item *it)
{
	return it->weighed && it->e.state == STATE_DEGRADED ? STATE_UP : it->e.state;
}

static inline const struct item *item_of_const(const struct entity *e) { return (const struct item *)(const void *)e; }

/* One new own state of an item: remembers what was, tells the graph. 'at' is when it was seen. */
struct view { enum state state; bool admin, gone; const char *reason; struct wall since, since_after, at; };
bool item_take(struct model *m, struct item *it, const struct view *v);

static inline void model_saw(struct model *m, struct wall at)
{
	if (at.us > m->latest.us)
		m->latest = at;
}

struct item *item_find(struct model *m, const char *name);

/* model-judge.c */
void judge_init(struct model *m);
void judge_release(struct model *m);
void judge_start(struct model *m);	/* what is known of devices that are never asked */
/* A check's own word; true when the state that people see changed. */
bool judge_check(struct model *m, struct item *it, const struct view *v);
/* Judge every device again: facts were put in, nothing was told. */
void judge_all(struct model *m, struct wall at);

/* model-coming.c */
void coming_release(struct model *m);
void coming_forget(struct model *m);			/* the structures: the present one was built anew */
void coming_build(struct model *m);	/* those that are not there */
void coming_inherit(struct model *m, const struct model *old);	/* what time it is */
void coming_set(struct model *m, uint32_t leaf, enum state s);

/* model-rates.c */
/* Its history goes on with what it is now; after a change of its state, 'admin' or 'exempt'. */
void rates_look(struct model *m, struct item *it);
/* Tell a graph that was built anew. */
void rates_tell(struct model *m);
/* model-maintain.c */
void maintained_lenses_free(struct model *m);	/* before the graph is another */
void maintained_release(struct model *m);

/* model-graph.c: on FW_OK leaf and node of all entities are those of the new graph, which has their states. */
enum fw_err model_graph_make(struct model *m, struct err *err);
/* The structure of a demand to come, of what differs from the present one. */
enum fw_err model_graph_coming(struct model *m, struct coming *c, uint8_t **differs, struct err *err);
/* How a part's class counts in its device; COUNTS_NAMED when there is no such class. */
enum mib_counts part_counts(const struct model *m, const struct item *device, const char *name);

#endif
