/* poller/service/service-int.h: how a graph is held, for the files of this folder.
 *
 *   graph.c   nodes, names, members
 *   order.c   which variable is tested first
 *   build.c   gates to diagrams (diagram.c), one order after the other until one is small enough
 *   live.c    the finished diagram as cells, and what follows from the states, kept up to date cell by cell
 *   ask.c     verdicts, single points, support, what-if: readers of the cells
 */
#ifndef FW_SERVICE_SERVICE_INT_H
#define FW_SERVICE_SERVICE_INT_H

#include "poller/base/arena.h"
#include "poller/base/hash.h"
#include "diagram-int.h"
#include "marks-int.h"
#include "service.h"

struct node {
	const char *name;		/* "" when it has none */
	bool component, watched;
	uint8_t state;			/* enum state, of a component */
	uint32_t level;			/* of its variable; LEVEL_NONE when nothing watched stands on it */
	uint32_t index;			/* of a component: in order of creation; of a watched gate: its root */
	uint32_t need, full;		/* of a gate, as given */
	uint32_t *member, members, room;
	uint32_t users;			/* gates that need it, counted by graph_build() */
	double unavailability;		/* NaN: not known */
};

/* Whose failures count: D, W and U of service.h. */
enum { SET_DOWN, SET_WEAK, SET_UNKNOWN, SETS };

/* What follows from the states for the function of one cell. */
struct value {
	uint32_t distance[SETS];
	uint32_t weak;			/* a variable of its support is in W */
	double cuts, p;			/* given D */
};

/* A node of the finished diagram. Cells are numbered bottom-up, the deepest level first: both children come before. */
struct cell {
	uint32_t level, lo, hi;
	uint32_t parents;		/* first of its parents in live.parent; they end where the next cell's begin */
};

/* A watched gate. */
struct root {
	uint32_t node, f, g;		/* cells */
	uint32_t next[2];		/* the next root on the cell f, g: 2 * root + which */
	uint32_t design_distance;
	double design_cuts, design_p;
};

struct live {
	struct cell *cell;		/* cells + 1: the last one only ends the parents */
	struct value *value;
	uint32_t cells;
	uint32_t *parent;
	uint32_t *first;		/* of each level: its cells are first[level + 1] .. first[level] - 1 */
	uint32_t levels;
	uint32_t *component;		/* of each level: the node */
	uint8_t *state;			/* of each level */
	double *q;			/* of each level: its unavailability, NaN when not known */
	struct root *root;
	uint32_t roots;
	uint32_t *root_at;		/* of each cell: 2 * root + which (0: f, 1: g), or NODE_NONE */
	struct marks dirty;		/* cells to be valued again */
	struct marks reach;		/* empty between two questions */
	uint32_t *list;			/* room for one entry per cell, level or root: the answer being put together */
	uint32_t *place;		/* of each cell in 'list', while a what-if runs */
	struct value *what_if;		/* grown as needed */
	uint32_t what_ifs;
};

struct graph {
	struct node *node;
	uint32_t nodes, room;
	uint32_t *component, components, components_room;	/* in order of creation */
	uint32_t gates, watched;
	struct arena text;
	struct names names;
	uint32_t most_nodes;
	bool built;
	const char *order;		/* which rule it was built by */
	uint32_t *sorted;		/* gates, members before those that need them; while building */
	struct live live;
};

/* A rule that orders variables; the table is in order.c. */
struct order_rule {
	const char *word;
	/* Fill weight[node]; members are visited by falling weight, equal ones as they were given. NULL: as given. */
	void (*weigh)(const struct graph *g, double *weight);
};
extern const struct order_rule order_rules[];
extern const size_t order_rule_count;

/* Number the variables under the watched nodes from 0; at[level] is the component. Returns how many. */
uint32_t order_assign(struct graph *g, const struct order_rule *rule, uint32_t *at);

/* Take the functions f[], g[] of the watched nodes out of 'd'; 'at' (levels entries) moves in. */
void live_take(struct graph *g, const struct diagram *d, const uint32_t *f, const uint32_t *gg, uint32_t *at, uint32_t levels);
void live_release(struct live *l);
size_t live_octets(const struct live *l);

/* The state of the variable at 'level' changed. */
void live_touch(struct live *l, uint32_t level, enum state s);
/* Value again what has been touched. */
void live_settle(struct live *l);

/* One cell's value from its children's. 'q' is the unavailability of its variable, 's' its state. */
struct value value_of(enum state s, double q, const struct value *lo, const struct value *hi);
bool state_in(enum state s, unsigned set);

#endif
