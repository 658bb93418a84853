/* poller/service/service.h: the dependency graph: what a service stands on, and what is left of it.
 *
 * Every node (component, group, device as a composite, service) has two monotone functions of the component variables
 * x_i (1: failed), kept in shared reduced ordered decision diagrams, a service with what is below it in one:
 *   F  outage:       a gate of n members with need k fails when at least n-k+1 members' F fail
 *   G  degradation:  the same with 'full' in place of 'need', over the members' G (for a leaf F = G = x_i)
 * A leaf that is implied by others (a component needs its device) is a gate over its own variable and theirs.
 *
 * D = variables that are down, W = D and the degraded, U = W and the unknown. For a node:
 *   quality   down if F(D); degraded if G(W); unknown if F(U); else up
 *   distance  size of the smallest set of further failures that makes F true given D (0: down; DISTANCE_NEVER: none)
 *   distance_weak given W, distance_worst given U, design_distance given nothing
 *   cuts      number of cut sets of that size; size one: the live single points
 *   degraded_distance, _weak, _worst, design_degraded_distance: the same of G; degraded_cuts are those given W, for
 *             it is W that degrades
 *   at risk   quality is not down and a variable in the support of F or G is in W
 *   p         probability of F at a random moment given D; p_horizon: of F within the horizon if nothing is repaired,
 *             with q_horizon, the probability of a first failure in that time, in place of the unavailability
 * Values are kept per shared diagram node; a state change values again those it changes, and nothing is built.
 * They may be kept for several state vectors at once: a lens is one of them, and what is now is one too.
 *
 * Sources: Bryant 1986 (ROBDD); Rauzy 1993 (fault trees on diagrams); Minato 1993 (families of sets).
 * Pure: no clock, no thread, no I/O.
 * Thread: a graph belongs to its owner.
 */
#ifndef FW_SERVICE_SERVICE_H
#define FW_SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/err.h"

enum state { STATE_UP, STATE_DEGRADED, STATE_DOWN, STATE_UNKNOWN, STATES };
const char *state_word(enum state s);			/* "up" "degraded" "down" "unknown" */
bool state_parse(const char *word, enum state *s);

enum { NODE_NONE = UINT32_MAX, DISTANCE_NEVER = UINT32_MAX };

struct graph;

/* ---- building: nodes in any order, then graph_build() ------------------------------------------------------------ */

/*
 * 'most_nodes' bounds the diagrams of all parts together (0: 4 million); names are copied. Building takes at most 250
 * octets for each node of the bound and 64 MiB, and gives back all but what graph_size() says. A name may be NULL: such a gate ("db | replica")
 * is not found by name. A component and a gate may share a name (an interface, and the interface with the device it
 * needs): the gate is then found. A member named twice in one gate counts twice.
 */
struct graph *graph_new(uint32_t most_nodes);
void graph_free(struct graph *g);

/* A variable. Starts up. Unavailability 0..1, or negative when not known. Returns its node. */
uint32_t graph_component(struct graph *g, const char *name, double unavailability);
/*
 * What is known of how often it fails: its unavailability, and the probability that it fails within the horizon; each
 * 0..1, or NaN or negative when not known. At any time, also when built: many are taken in before they are valued, and
 * a rate that is as it was costs nothing.
 */
void graph_rate(struct graph *g, uint32_t component, double unavailability, double q_horizon);

/* A gate, its members added by graph_member(); need and full count members: 1 <= need <= full <= n; NODE_ALL: n. */
enum { NODE_ALL = 0 };
uint32_t graph_gate(struct graph *g, const char *name, uint32_t need, uint32_t full);
void graph_member(struct graph *g, uint32_t gate, uint32_t member);

/*
 * Demand: G of the gate is true also when the capacity of its members that work (whose F is false) is below
 * 'need_capacity', 0: no demand. Too small is degraded, and is not down. A member has no capacity before it is given
 * one; more than all have together may be needed: then the gate is degraded from the start. Any unit; what is over
 * CAPACITY_MOST, in one or in sum, counts as that. graph_capacity() is quick for the member added last.
 */
#define CAPACITY_MOST (INT64_MAX / 4)
void graph_capacity(struct graph *g, uint32_t gate, uint32_t member, uint64_t capacity);
void graph_need_capacity(struct graph *g, uint32_t gate, uint64_t need_capacity);

/* Mark a node whose functions are wanted as a whole (services, groups, devices); others are only built as parts. */
void graph_watch(struct graph *g, uint32_t node);

/*
 * Build the diagrams. FW_OK; FW_MISTAKE with the cycle as a path ("a -> b -> a"), or a gate whose need exceeds its
 * members. Once built, only states and rates change.
 *
 * A service for which the bound leaves no room is kept all the same, and only it is not exact: graph_size().inexact
 * counts them. Of it are exact: quality, single and degrading points. Its support is all that it stands on, and so
 * at_risk, also where a component does not matter. Its distances are looked for without diagrams, by the sets of one
 * component, of two and so on: verdict.distances_exact says that all were found. Else they are upper bounds, the size of
 * a cut set that is known (DISTANCE_NEVER: none is), beside distance_least; cuts are those known. Probabilities are
 * NaN, importance has no entries, and of the cut sets only those up to a size are there.
 */
enum fw_err graph_build(struct graph *g, struct err *err);

/* ---- live -------------------------------------------------------------------------------------------------------- */

/* True when it differs from before. */
bool graph_set(struct graph *g, uint32_t component, enum state s);
enum state graph_get(const struct graph *g, uint32_t component);

/* Everything about one watched node now; cached until a state changes. */
struct verdict {
	enum state quality;
	bool at_risk;
	uint32_t distance, distance_weak, distance_worst, design_distance;
	double cuts;			/* number of cut sets of size 'distance' (exact below 2^53) */
	double design_cuts;
	uint32_t degraded_distance, degraded_distance_weak, degraded_distance_worst, design_degraded_distance;
	double degraded_cuts;		/* number of sets of size 'degraded_distance_weak' that make G true given W */
	double design_degraded_cuts;
	double p;			/* of F at a random moment given D; NaN: an unavailability is missing */
	double design_p;		/* the same with nothing failed */
	bool exact;			/* false: its diagrams had no room, see graph_build() */
	bool distances_exact;		/* all distances and numbers of cut sets are, though the diagrams had no room */
	uint32_t distance_least;	/* 'distance' when that is exact, else a lower bound of it */
	double p_horizon;		/* of F within the horizon given D, nothing repaired; NaN: a rate is missing */
	double design_p_horizon;
};
/* 'node' is watched or a component, here and below. */
bool graph_is_watched(const struct graph *g, uint32_t node);
struct verdict graph_verdict(struct graph *g, uint32_t node);
bool verdict_same(const struct verdict *a, const struct verdict *b);	/* for people: probabilities aside */

/* Live single points: components whose failure now ends 'node', none unless distance is 1. Returns how many there are;
 * the first 'most' of them, in order of creation, are put into 'out'. So too the lists below. */
size_t graph_single_points(struct graph *g, uint32_t node, uint32_t *out, size_t most);
size_t graph_design_single_points(struct graph *g, uint32_t node, uint32_t *out, size_t most);
/* Components whose failure now degrades 'node', given W: none unless degraded_distance_weak is 1. */
size_t graph_degrading_points(struct graph *g, uint32_t node, uint32_t *out, size_t most);
size_t graph_design_degrading_points(struct graph *g, uint32_t node, uint32_t *out, size_t most);
/* Components in the support of F or G. */
size_t graph_support(struct graph *g, uint32_t node, uint32_t *out, size_t most);
/* Watched nodes that have 'component' in their support. */
size_t graph_touched(struct graph *g, uint32_t component, uint32_t *out, size_t most);
/* The distance of 'node' if 'component' were up / down now, nothing changed: repair first, what-if. */
uint32_t graph_distance_if(struct graph *g, uint32_t node, uint32_t component, enum state s);
enum state graph_quality_if(struct graph *g, uint32_t node, uint32_t component, enum state s);
/* All of the verdict in that case. */
struct verdict graph_verdict_if(struct graph *g, uint32_t node, uint32_t component, enum state s);
/* The verdict under a state vector of its own ("with the maintained forced good"): one entry per component, in order of
 * creation. */
struct verdict graph_verdict_with(struct graph *g, uint32_t node, const enum state *state);
/* The place of a component in that order, and back. */
uint32_t graph_component_index(const struct graph *g, uint32_t component);
uint32_t graph_component_at(const struct graph *g, uint32_t index);

/* Smallest cut sets now: 'distance' components each, one set after the other, at most 'most' sets; 'out' has room for
 * most * distance. Returns how many sets were put there; verdict.cuts says how many there are. None when it is down. */
size_t graph_smallest_cuts(struct graph *g, uint32_t node, uint32_t *out, size_t most);

/* ---- lenses: the same graph under other states ------------------------------------------------------------------- */

/*
 * A lens sees the states that are, but for the components pinned in it: what-if, or maintained members forced good. It
 * keeps a value of 48 octets for each diagram node and follows graph_set() and graph_rate() as what is now does: all
 * watched nodes are answered at the price of what differs. Several may be held at once. Of a graph that is built; they
 * are freed before it.
 */
struct lens;
struct lens *lens_new(struct graph *g);
void lens_free(struct lens *w);
/* The one that sees what is, and the one in which all are up. Not to be pinned or freed. */
struct lens *graph_now(struct graph *g);
struct lens *graph_design(struct graph *g);

/* Pin a component; let it follow again, or all of them. */
void lens_set(struct lens *w, uint32_t component, enum state s);
void lens_follow(struct lens *w, uint32_t component);
void lens_follow_all(struct lens *w);
enum state lens_get(const struct lens *w, uint32_t component);

/* As the functions of a graph above; support and what a component touches are alike in all lenses. */
struct verdict lens_verdict(struct lens *w, uint32_t node);
size_t lens_single_points(struct lens *w, uint32_t node, uint32_t *out, size_t most);
size_t lens_degrading_points(struct lens *w, uint32_t node, uint32_t *out, size_t most);
size_t lens_smallest_cuts(struct lens *w, uint32_t node, uint32_t *out, size_t most);

/* ---- cut sets and importance: computed when asked, nothing is kept ----------------------------------------------- */

/*
 * All minimal cut sets of the function F of a node, given what is down, or of its design: the minimal sets of further
 * failures that make it true. A node that is down, or that nothing can end, has none. They are held as a
 * zero-suppressed diagram, and are the asker's; states may change meanwhile.
 */
struct cut_sets;
/* node: watched or a component. lens NULL: what is now, or the design. */
struct cut_question { uint32_t node; bool design; struct lens *lens; };

/*
 * At most so many nodes of that diagram, and so many steps (10 to 50 million a second). Steps are used up: one bound
 * may serve several questions. While it is made, a node takes up to 36 octets, beside 48 MiB of cache, 24 octets for
 * each cell of the function, and 256 MiB at most for the numbers.
 */
struct cut_bound { uint32_t nodes; uint64_t steps; };
struct cut_bound cut_bound_default(void);

/* FW_FULL and *out NULL when the bound is met: says which node. Distance, cuts, importance are exact all the same. */
enum fw_err graph_cut_sets(struct graph *g, const struct cut_question *q, struct cut_bound *b, struct cut_sets **out,
			   struct err *err);
/*
 * Those of up to as large a size as the bound allows, where all of them have no room, or where the diagrams have none:
 * from the gates alone. FW_FULL when the bound is met with size 1.
 */
enum fw_err graph_short_cut_sets(struct graph *g, const struct cut_question *q, struct cut_bound *b,
				 struct cut_sets **out, struct err *err);
void cut_sets_free(struct cut_sets *c);

/* The size up to which they are all there; 0: all of any size are. */
uint32_t cut_sets_exact_to(const struct cut_sets *c);

/*
 * Between which bounds the probabilities of F lie, given what is down, also where the diagram that would tell them has
 * no room: from these cut sets, of the same question, NULL when none are known. NaN: a rate is missing.
 */
struct bounds { double low, high; };
struct between { struct bounds p, p_horizon; };
struct between graph_between(struct graph *g, const struct cut_question *q, const struct cut_sets *c);

/* The size of the largest one; 0 when there is none. */
uint32_t cut_sets_largest(const struct cut_sets *c);
/* How many there are of this size from 1 on, of all sizes together with 0: decimal digits, exact. The caller frees. */
char *cut_sets_count(const struct cut_sets *c, uint32_t size);

/* The smallest 'most' of them, by rising size, each in order of creation. Returns how many were told. */
typedef void cut_set_function(void *owner, const uint32_t *component, size_t n);
size_t cut_sets_each(struct cut_sets *c, size_t most, cut_set_function *each, void *owner);

/*
 * How much a component matters to F, given what is down; for what is down its q is 1. With p = P(F), q the component's
 * unavailability, p1 and p0 = P(F) if it fails and if it works:
 *	birnbaum p1 - p0	criticality birnbaum q / p	fussell_vesely P(it has failed | F) = q p1 / p
 *	raw p1 / p (risk achievement worth)	rrw p / p0 (risk reduction worth; INFINITY: no outage without it)
 * NaN where an unavailability that matters is missing, or p is 0.
 */
struct importance { uint32_t component; double birnbaum, criticality, fussell_vesely, raw, rrw; };

/* Of the components in the support of F, in order of creation. Returns how many; 'most' are put into 'out'. */
size_t graph_importance(struct graph *g, uint32_t node, struct importance *out, size_t most);
size_t lens_importance(struct lens *w, uint32_t node, struct importance *out, size_t most);

/* Structure, for explain. */
const char *graph_name(const struct graph *g, uint32_t node);
uint32_t graph_find(const struct graph *g, const char *name);
bool graph_is_component(const struct graph *g, uint32_t node);
uint32_t graph_need(const struct graph *g, uint32_t gate);
uint32_t graph_full(const struct graph *g, uint32_t gate);
size_t graph_members(const struct graph *g, uint32_t gate, const uint32_t **members);	/* borrowed */
/* Of the i-th member; 0 when it has none. */
uint64_t graph_member_capacity(const struct graph *g, uint32_t gate, size_t i);
double graph_unavailability(const struct graph *g, uint32_t component);

struct graph_size { uint32_t components, gates, watched, inexact; uint32_t diagram_nodes, most_nodes; size_t octets; };
struct graph_size graph_size(const struct graph *g);

#endif
