/* poller/model.h: what main knows: the state of every component that matters, and the graph of services over them.
 *
 * Built from a configuration snapshot and the baseline (parts of devices that discovery found: power supplies, ...).
 * The configuration's names become nodes of service/'s graph:
 *
 *   device D       own variable x_D (does it answer), and: its needs, its checks that count, one of its redundant
 *                  parts (need 1 of all that the baseline knows, per class), each of its parts that count "all"
 *   part, check    own variable, and its device's composite (a component needs its device), and its needs
 *   component      own variable, and its needs
 *   group          need / full of its members, and its needs
 *   service        all its needs
 *
 * States come in as levels with their time: model_set(), model_device_fact(). A device's state is judged here, because
 * it needs its parents' (DESIGN section 3): up when ICMP or SNMP answers; down when silent; unknown, with the cause
 * named, when all its parents are cut off; and when all devices are silent, the poller is blind: all unknown, nobody
 * blamed.
 * Parts of a device that does not answer SNMP are unknown until levels of them come in again.
 * Whoever wants the consequences asks model_changes() after a batch of levels.
 * Pure: time comes in as an argument; no thread, no I/O. Thread: main (the CLI without a daemon makes its own).
 */
#ifndef FW_MODEL_H
#define FW_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/clock.h"
#include "poller/base/err.h"
#include "poller/config.h"
#include "poller/service/service.h"

enum { REASON_MAX = 160, MODEL_NAME_MAX = 640 };

/* Did it answer? */
enum answer { ANSWER_NOT_ASKED, ANSWER_YES, ANSWER_NO };
struct device_fact {
	uint8_t icmp, snmp;		/* enum answer */
	uint8_t why;			/* enum fw_err: snmp is ANSWER_NO, and the agent said this (fw_err_refuses()); else 0 */
};
/* Nothing came from it. An agent that refuses us is there, though nothing is known of its device. */
static inline bool fact_silent(struct device_fact f) { return f.icmp != ANSWER_YES && f.snmp != ANSWER_YES && !f.why; }


enum entity_kind { ENTITY_DEVICE, ENTITY_PART, ENTITY_CHECK, ENTITY_COMPONENT, ENTITY_GROUP, ENTITY_SERVICE };

/*
 * One named thing. Devices to components have a state of their own; groups and services only what follows from
 * others.
 */
struct entity {
	const char *name;		/* owned by the model */
	enum entity_kind kind;
	uint32_t index;			/* in the configuration's array; ENTITY_PART: its device */
	uint32_t leaf;			/* graph node of its own variable, NODE_NONE: not in the graph (or group, service) */
	uint32_t node;			/* graph node of its composite, NODE_NONE */
	/* own state */
	enum state state;
	bool seen;			/* a level has come in since start; else state is unknown, reason "not polled yet" or stale */
	bool admin;			/* down by administration: alone it alerts nobody */
	bool gone;			/* its row vanished */
	struct device_fact fact;	/* devices */
	char reason[REASON_MAX];	/* in words: "no SNMP, no ICMP", "admin", "gone", "agent", "parents sw1, sw2 are down" */
	struct wall since;		/* when this state began */
	struct wall since_after;	/* it began after this time: set when it changed while nobody looked; else 0 */
	struct wall until;		/* of a state set by hand; 0: for good */
	uint64_t transitions;
	/* last verdict told by model_changes(), for services (and composites) */
	struct verdict verdict;
	bool verdict_known;
};

struct model;

/* Takes a reference on 'c'. NULL with the reason (a graph that cannot be built in bounded memory). */
struct model *model_new(struct config *c, struct err *err);
void model_free(struct model *m);
const struct config *model_config(const struct model *m);
struct graph *model_graph(struct model *m);

/*
 * Baseline: a part that discovery found ("core1/power-supply/PS 1"). True when the graph must be built again. The
 * device and class must exist; unknown devices are ignored (false).
 */
bool model_part_add(struct model *m, const char *name);
void model_part_forget(struct model *m, const char *name);
/* Build again after parts were added or forgotten; states are kept. */
enum fw_err model_rebuild(struct model *m, struct err *err);

/*
 * A new configuration: takes over states of names that are still there. The old model is freed, '*m' replaced, on
 * FW_OK only.
 */
enum fw_err model_reload(struct model **m, struct config *c, struct err *err);

struct entity *model_find(struct model *m, const char *name);
size_t model_count(const struct model *m);
struct entity *model_at(struct model *m, size_t i);
/* The entity of a graph node (its own variable or its composite); NULL for a node that is none's. */
struct entity *model_of_node(struct model *m, uint32_t node);

struct level {			/* one state as its source sees it */
	const char *name;
	enum state state;
	bool admin, gone;
	const char *reason;		/* "" is fine */
	struct wall since;	/* 0: 'at' */
	struct wall since_after;
	struct wall at;		/* when it was seen */
	uint64_t capacity;	/* of a part, what it carries as read; 0: not known, then it is what it was */
};
/*
 * Take a level of a part, check or hand-set component. True when it differs from what was known. Unknown names of
 * parts of known devices are taken in as new entities (not in the graph); others are ignored: false.
 */
bool model_set(struct model *m, const struct level *l);

/*
 * What a part carries, as read. A group that needs a capacity, and a member that gives none: its speed counts, in
 * Mbit/s. Until it was read it counts as enough alone: so that too small is told when that is sure, and that it is not
 * read is told beside (model_capacity_unread()). The graph is to be built again when it becomes another one
 * (model_rebuild_due()).
 */
void model_capacity(struct model *m, const char *name, uint64_t capacity);
bool model_rebuild_due(const struct model *m);
/* Does a group weigh it by what is read of it; and is that not known? Any of them at all? */
bool model_weighs(const struct model *m, const struct entity *e);
bool model_capacity_unread(const struct model *m, const struct entity *e);
bool model_weighs_any(const struct model *m);

/* Take what is known of a device's reachability, and judge it (and those behind it). True when some state changed. */
bool model_device_fact(struct model *m, uint32_t device, struct device_fact f, struct wall at);

/* All that hangs on one poller (a worker that no longer reports): devices become unknown with this reason. */
bool model_device_unknown(struct model *m, uint32_t device, const char *reason, struct wall at);

/* Is the poller blind (at least two devices asked, all silent)? */
bool model_blind(const struct model *m);

/*
 * What was known before this process began (ledger_state): the component stays "not polled yet", but the first
 * level that comes in is held against it: the same state keeps its 'since'; another one began after 'seen'. Hand-
 * set ones: model_set().
 */
struct past { enum state state; struct wall since, since_after, seen; uint8_t why; };	/* 'why' of a device: see struct device_fact */
void model_restore(struct model *m, const char *name, const struct past *p);
const struct past *model_past(const struct entity *e);	/* NULL: there is none, or it has been heard of since */

/* Entities whose own state is not up, and devices that are up but whose agent tells nothing, in no order; borrowed until the next call that changes a state. Cheap. */
size_t model_not_up(const struct model *m, struct entity *const **out);

/*
 * Of a device that is unknown because all ways to it are cut: the first device that is down and cuts it off. Else
 * NULL.
 */
struct entity *model_blamed(struct model *m, const struct entity *device);

/* Is this device unknown because nobody polls it (model_device_unknown), not because of what it answered? */
bool model_unpolled(const struct model *m, const struct entity *device);

/* A part that is unknown only because its device was silent: it waits for a level. */
bool model_waits(const struct model *m, const struct entity *part);

/* The device that a part or check belongs to; NULL for all others. */
struct entity *model_device_of(struct model *m, const struct entity *e);

/* Is it held in the baseline, or counted in its device ("counts" of its class, or of the check)? */
bool model_in_baseline(const struct model *m, const struct entity *e);

/* Entities refused because a device showed more than MODEL_PARTS_MOST of them (said once). */
enum { MODEL_PARTS_MOST = 16384 };
uint64_t model_refused(const struct model *m);

/*
 * What changed since the last call: entities whose own state changed, then groups and services whose verdict
 * changed. Calls 'each' with the state or verdict before; remembers the new.
 */
struct entity_change {
	struct entity *entity;
	enum state state_before;	/* own state */
	char reason_before[REASON_MAX];
	bool state_changed, verdict_changed;
	struct verdict verdict_before;
	bool first;			/* nothing was known before */
};
typedef void model_each_change(void *owner, const struct entity_change *c);
void model_changes(struct model *m, model_each_change *each, void *owner);

/* Services (entities) that have this component in their support, now or as calendars will have it; at most 'most' written, all counted. */
size_t model_touched_services(struct model *m, const struct entity *component, struct entity **out, size_t most);

/* ---- how often it fails: model-rates.c, service/rates.h ---------------------------------------------------------- */

/* What a process before saw of a component, which looked at all of them last at 'looked'. Before its first level. */
void model_history_restore(struct model *m, const char *name, const struct history *h, struct wall looked);
/* NULL: nothing was seen of it yet, or it is not in the graph. */
const struct history *model_history(const struct model *m, const struct entity *e);
/*
 * Histories go on with the levels that came in since the last call; those that are others now are to be kept. To be
 * called right before model_changes().
 */
typedef void model_each_history(void *owner, const struct entity *e, const struct history *h);
void model_histories(struct model *m, model_each_history *each, void *owner);

/* Tell the graph the rates of all its components as they are by 'now'. It keeps them until the next call. */
void model_rates(struct model *m, struct wall now);
/* Did a component fail, or was one repaired, since then? */
bool model_rates_due(const struct model *m);
/* The rate of a component as the graph has it. */
struct rate model_rate(const struct model *m, const struct entity *e);

/* What people see of a device or group: up / degraded (a part it depends on is not up) / down / unknown. */
enum state model_composite(struct model *m, const struct entity *e);

#endif
