/* poller/service/build-int.h: what the files that build share.
 *
 *   sort.c    mistakes, circles, the gates in order, and gates that only pass a member on
 *   module.c  which gates of a part stand on nothing that others stand on
 *   trial.c   the best order of a part's variables: rule after rule (order.c), module by module, and sifted
 *   compose.c the diagrams of a part from those of its modules
 *   build.c   the diagrams of a part in an order, and part after part
 */
#ifndef FW_SERVICE_BUILD_INT_H
#define FW_SERVICE_BUILD_INT_H

#include "service-int.h"

/* ---- sort.c ------------------------------------------------------------------------------------------------------ */

enum { NEW, OPEN, DONE };
struct visit { uint32_t node, next; };

/* A depth-first walk over gates that lists members before those that need them. */
struct sorting {
	const struct graph *g;
	uint8_t *seen;			/* of each node */
	struct visit *visit;
	size_t depth;
	uint32_t *gate, gates;
};

enum fw_err check_gates(const struct graph *g, struct err *err);
/* A name for people, of a node that may have none: then whose part it is. */
const char *name_of(const struct graph *g, uint32_t node);
void sorting_init(struct sorting *s, const struct graph *g);
void sorting_release(struct sorting *s);
/* False at a circle, which then lies on 'visit'. */
bool sort_from(struct sorting *s, uint32_t gate);
enum fw_err sort_all(struct sorting *s, struct err *err);
/*
 * A gate over one member is that member (a service that is one group): those that need it need what it passes on.
 * same[] of each node: the next gate that is the same, or NODE_NONE; the list begins at the gate that is passed on.
 */
void pass_on(struct graph *g, const struct sorting *all, uint32_t *same);
bool passes_on(const struct graph *g, uint32_t gate);

/* ---- module.c ---------------------------------------------------------------------------------------------------- */

/*
 * The modules of a part (Dutuit, Rauzy 1996): gates below which no member is needed from elsewhere, so that each is one
 * variable to what is above it. Modules come before those that they are in, the part's last gate at the end.
 */
struct modules {
	uint32_t *gate;			/* gates by module, each module's own gate last */
	uint32_t *first;		/* of each module, and of one more: where its gates begin */
	uint32_t n;
	/* room, of each node or gate of the graph */
	uint32_t *date, *last, *leave, *least, *greatest, *owner;
	struct visit *visit;
};
void modules_init(struct modules *m, const struct graph *g);
void modules_release(struct modules *m);
/* leaf[gate] is set for each module but the last. */
void modules_find(struct modules *m, const struct graph *g, const struct part *p, uint8_t *leaf);

/* ---- build.c ----------------------------------------------------------------------------------------------------- */

/* A gate that is a variable now, or a variable that another one stands for. */
enum leaf { LEAF_NOT, LEAF, LEAF_WITHIN };

struct build {
	struct graph *g;
	struct sorting all, under;	/* all gates; those of the part */
	struct modules modules;
	struct order order;
	struct diagram d;
	uint32_t *f, *gg;		/* of each node; DIAGRAM_FALSE when not made yet or let go */
	uint32_t *waiting;		/* gates of the part that still need the node */
	uint32_t *members;		/* room for the functions of one gate's members */
	uint8_t *leaf;			/* of each node, while a module is tried: enum leaf */
	uint8_t *within;		/* of those within another: what they are, for it to stand for them */
	uint32_t *together;		/* of each node: the next of those that one variable stands for */
	uint32_t *same;			/* of each node: the next gate that is the same (pass_on) */
	uint8_t *placed;		/* a watched node that has a root */
	uint32_t *at, levels;		/* the order: a component or a leaf for each level */
	uint64_t most_steps;		/* that the next order may take */
	uint32_t sift_at;		/* nodes at which the order is changed while they are made; 0: never */
	uint64_t search;		/* steps that looking for orders may still take, of all parts together */
	uint32_t *rank;			/* of each component: its place in the order that was looked for last, from 1; 0: none */
	bool keep;			/* the functions of all that is watched, beside the part's own */
	uint32_t made;			/* gates made before the room ended */
	uint8_t *loose;			/* of each node: it had no room, or what is below it */
	bool loosely;			/* go on when the room ends */
};

static inline bool is_variable(const struct build *b, uint32_t node)
{
	return b->g->node[node].component || b->leaf[node];
}

/*
 * All of a part in the order b->at, in b->d. False when the room ends, but loosely: then a gate without room never
 * fails, and is marked with those above it.
 */
bool make_part(struct build *b, const struct part *p, uint32_t room);
/* How many gates of the part need a node: b->waiting. */
void count_waiting(struct build *b, const struct part *p);
/* Steps that looking for an order took. */
void spend(struct build *b, uint64_t steps);
/* Nothing made: of its gates and variables. */
void forget_part(struct build *b, const struct part *p);

/* ---- compose.c --------------------------------------------------------------------------------------------------- */

struct composed { uint32_t component, lo, hi; };
struct row { uint32_t from, to, g_from, g_to; };	/* of a module: its nodes for F and for G, the last one on top */

struct composing {
	const struct graph *g;
	struct composed *node;		/* of all modules; [0] and [1] are the constants */
	uint32_t used, room, most;
	struct row *row;		/* of each node of the graph */
	uint32_t *copy;			/* of each node: what it became last */
	uint32_t *of, *by_level;	/* of each node of a module's diagrams; these in order, children first */
	uint32_t *chain;		/* those that one variable stands for */
	bool full;			/* of no use: 'most' was met */
};
void composing_init(struct composing *c, const struct graph *g, uint32_t most);
void composing_release(struct composing *c);
/* Take the diagrams of a module over from b->d, with those in it put in place. False when there is no room. */
bool composing_add(struct composing *c, const struct build *b, uint32_t gate);
/* F and G of the last module in b->d, which is empty, in the order b->at. False when there is no room. */
bool composing_make(struct composing *c, struct build *b, uint32_t gate);

/* ---- trial.c ----------------------------------------------------------------------------------------------------- */

/* The best order found: its diagrams are left in b->d, of at most 'most' nodes. False when none fits. */
bool best_order(struct build *b, const struct part *p, uint32_t most);

#endif
