/* poller/service/service-int.h: how a graph is held, for the files of this folder.
 *
 *   graph.c   nodes, names, members
 *   order.c   which variable is tested first
 *   build.c   gates to diagrams (diagram.c, threshold.c), part by part, in the best of several orders (build-int.h)
 *   live.c    the finished diagrams as cells
 *   lens.c    what follows from the states for each cell, kept up to date, for one or more state vectors
 *   ask.c     verdicts, single points, support, what-if: readers of the cells
 *   loose.c   what is known of a service that has no room
 *   short.c   minimal cut sets of up to a size, from the gates alone; alike.c: components that are one variable there
 *   chance.c  bounds of probabilities where there is no room
 *   cuts.c    minimal cut sets, on demand: copied out of the cells into families of sets (family.c), counted by tally.c
 *   importance.c   what each component matters: two passes over the cells, on demand
 */
#ifndef FW_SERVICE_SERVICE_INT_H
#define FW_SERVICE_SERVICE_INT_H

#include "poller/base/arena.h"
#include "poller/base/hash.h"
#include "diagram-int.h"
#include "marks-int.h"
#include "service.h"

/* Unavailability, and probability of a failure within the horizon; NaN: not known. */
struct rate { double q, q_horizon; };

struct node {
	const char *name;		/* "" when it has none */
	bool component, watched;
	uint8_t state;			/* enum state, of a component */
	uint32_t index;			/* of a component: in order of creation; of a watched gate: its root */
	uint32_t need, full;		/* of a gate, as given */
	uint32_t *member, members, room;
	uint32_t *given;		/* the members as given, once others stand for some of them (sort.c); or NULL */
	uint64_t *capacity;		/* of each member; NULL: none has one */
	uint64_t need_capacity;
	struct rate rate;
};

/* Whose failures count: D, W and U of service.h. */
enum { SET_DOWN, SET_WEAK, SET_UNKNOWN, SETS };

/* What follows from the states for the function of one cell. */
struct value {
	uint32_t distance[SETS];
	uint32_t weak;			/* a variable of its support is in W */
	double cuts, cuts_weak;		/* given D, given W */
	double p, p_horizon;		/* given D */
};

/*
 * A node of a finished diagram. All diagrams lie in one array, one part after the other; within a part cells are
 * numbered bottom-up, the deepest level first, so that both children come before their parents. Levels are numbered
 * through as well: each part has levels of its own, from the top down, and a component has one in each part with it.
 */
struct cell {
	uint32_t level, lo, hi;
	uint32_t parents;		/* first of its parents in live.parent; they end where the next cell's begin */
};

struct level {
	uint32_t component;		/* node */
	uint32_t from, to;		/* its cells: from .. to - 1 */
	struct rate rate;
	uint32_t root;			/* the first of its part */
	uint64_t above;			/* bit i: root + i stands on it; 0 in a part of more than 64 roots */
};

/* A watched gate. */
struct root {
	uint32_t node, f, g;		/* cells */
	uint32_t from, to;		/* levels of its part */
	uint32_t next[2];		/* the next root on the cell f, g: 2 * root + which */
	struct loose *loose;		/* NULL: the diagrams say all */
};

struct live {
	struct cell *cell;		/* cells + 1: the last one only ends the parents */
	uint32_t cells, cells_room;
	struct level *level;
	uint32_t levels, levels_room;
	struct root *root;
	uint32_t roots;
	uint32_t loose;			/* roots that have no room */
	uint32_t *parent;
	uint32_t *place_first;		/* of each component by index: its levels begin at place[place_first[i]] */
	uint32_t *place;
	uint32_t *root_at;		/* of each cell: 2 * root + which (0: f, 1: g), or NODE_NONE */
	struct marks reach;		/* empty between two questions */
	uint32_t *list;			/* room for one entry per cell, level or root: the answer being put together */
	uint32_t *aside;		/* of each cell: its entry in 'what_if', while a what-if runs */
	struct value *what_if;		/* grown as needed */
	uint32_t what_ifs;
};

/* One state vector, and the values that follow from it. */
struct lens {
	struct graph *g;
	struct lens *next;		/* of the graph's */
	uint8_t *pin;			/* of each component by index: the state pinned, or FOLLOW; NULL: all follow */
	uint8_t *state;			/* of each level */
	struct value *value;		/* of each cell */
	struct marks dirty;		/* cells to be valued again */
};
enum { FOLLOW = 0xff };

/* Which parts are taken apart for a better order: those too large, small ones too, also what lies below such a one. */
enum search { SEARCH_LARGE, SEARCH_SMALL, SEARCH_EACH, SEARCHES };

struct graph {
	struct node *node;
	uint32_t nodes, room;
	uint32_t *component, components, components_room;	/* in order of creation */
	uint32_t gates, watched;
	struct arena text;
	struct names names;
	uint32_t most_nodes;
	uint8_t search;			/* enum search: tests ask for more of it */
	bool built;
	struct live live;
	struct lens *now, *design;
	struct lens *lenses;		/* all of them */
};

/* What one watched gate stands on: the gates under it, members before those that need them, itself last. */
struct part { const uint32_t *gate; uint32_t gates; };

/* A rule that orders variables; the table is in order.c. */
struct order_rule {
	const char *word;
	/* Add to weight[node], 0 before; members are visited by falling weight, equal ones as given. NULL: as given. */
	void (*weigh)(const struct graph *g, const struct part *p, double *weight);
};
extern const struct order_rule order_rules[];
extern const size_t order_rule_count;

/* What ordering one part after the other needs room for. */
struct order {
	const struct graph *g;
	const uint8_t *leaf;		/* of each node: a gate that is taken for a variable */
	double *weight;			/* of each node */
	uint32_t *seen, round;		/* of each node: the round it was last seen in */
	uint32_t *stack;		/* nodes to enter, the next one last */
	size_t depth, room;
};
void order_init(struct order *o, const struct graph *g);
void order_release(struct order *o);
/* Number the variables under the part's last gate from 0; at[level] is the component. Returns how many. */
uint32_t order_assign(struct order *o, const struct part *p, const struct order_rule *rule, uint32_t *at);

/*
 * Taking diagrams over: a part begins with live_part(), gets roots with live_root(), and ends with live_part_done().
 * Of the roots after the first, one that would need more than 'most' cells of its own is refused.
 */
struct taking {
	const struct diagram *d;
	uint32_t *cell_of;		/* of each diagram node; 0 for one not reached */
	uint32_t *order, n;		/* reached ones */
	uint32_t *stack;
	uint32_t root, level;		/* the first of this part */
};
void live_init(struct graph *g);
void live_part(struct taking *t, const struct graph *g, const struct diagram *d);
bool live_root(struct taking *t, struct graph *g, struct root root, uint32_t most);
void live_part_done(struct taking *t, struct graph *g, const uint32_t *at, uint32_t levels);
void live_done(struct graph *g);
void live_release(struct live *l);
size_t live_octets(const struct live *l);

/*
 * A service without room (loose.c). State vectors are by index; a verdict is that of the diagrams, made right. Points:
 * 'out' has room for all components, the state is given back as it was.
 */
struct loose *loose_new(const struct graph *g, const struct part *p, const uint32_t *component, uint32_t components);
void loose_free(struct loose *l);
size_t loose_components(const struct loose *l, const uint32_t **component);
bool loose_has(const struct loose *l, uint32_t component);
/* Nodes of families and steps that distances may take (short.c): of a verdict that is asked for, of a what-if, of the design, once. */
enum { LOOSE_NODES = 1 << 18, LOOSE_STEPS_NOW = 1 << 23, LOOSE_STEPS_IF = 1 << 19, LOOSE_STEPS_DESIGN = 1 << 25 };
struct verdict loose_verdict(struct loose *l, const uint8_t *state, uint64_t steps, struct verdict v);
size_t loose_points(const struct graph *g, const struct loose *l, uint8_t *state, unsigned set, uint32_t *out);

/* What is now and the design, once the cells are there. */
void lenses_init(struct graph *g);
void lenses_release(struct graph *g);
/* The state of the component at 'index' changed, or its rate. */
void lenses_touch(struct graph *g, uint32_t index);
void lenses_rate(struct graph *g, uint32_t index);
size_t lenses_octets(const struct graph *g);
/* Value again what has been touched. */
void lens_settle(struct lens *w);

/* graph_short_cut_sets(), of a gate, up to 'most' in size. */
enum fw_err short_cut_sets(struct graph *g, const struct cut_question *q, struct cut_bound *b, unsigned most,
			   struct cut_sets **out);
/* The states seen through a lens, by index. Heap. */
uint8_t *states_of(const struct lens *w);

/* One cell's value from its children's, by the rate and state of its variable. */
struct value value_of(enum state s, const struct rate *r, const struct value *lo, const struct value *hi);
bool state_in(enum state s, unsigned set);
/* The root of a watched gate of a built graph. */
const struct root *root_of(const struct graph *g, uint32_t node);

#endif
