/* poller/model-maintain.h: maintenance: who is being worked on, until when, and what is true apart from it.
 *
 * A window has members: components, checks, parts, devices (with their parts and checks). While it runs, they are in
 * maintenance; so is a device that cannot be reached because one of them cuts it off. Everything is then judged thrice:
 *
 *   as is	the truth, which every line for people tells
 *   good	with what is in maintenance forced good: what is wrong there too is not planned
 *   alone	with all else forced good: what maintenance alone brings about
 *
 * So a failure that nobody planned is never masked: it is bad in the second; and when both together are worse than
 * either, that is as it is, and due to the failure. A fourth case is looked at ahead:
 *
 *   taken	with everything in maintenance down: what happens when the work begins in earnest
 *
 * The windows are kept in order of their numbers. Pure: time comes in as an argument; the ledger keeps them, the caller
 * writes. Thread: the model's owner.
 */
#ifndef FW_MODEL_MAINTAIN_H
#define FW_MODEL_MAINTAIN_H

#include "poller/model.h"

enum { WINDOWS_MOST = 1000, WINDOW_NAMES_MOST = 10000, WHO_MAX = 64 };

/* Names, each its own. */
struct name_list { char **name; uint32_t count; };
void name_list_add(struct name_list *l, const char *name);	/* beyond WINDOW_NAMES_MOST it is not taken */
bool name_list_has(const struct name_list *l, const char *name);

struct window {
	uint32_t number;
	struct wall from, until;	/* as planned */
	struct wall began, ended;	/* as it was; 0: not yet */
	char why[REASON_MAX], who[WHO_MAX];
	struct name_list member;
	struct name_list foreseen;	/* services that were known to lose quality when it was entered */
};
struct window *window_new(uint32_t number);
void window_free(struct window *w);
bool window_runs(const struct window *w);	/* begun, not ended */

struct maintenance;
struct maintenance *maintenance_new(void);
void maintenance_free(struct maintenance *mt);
/* Its own from now on, in place of the one of that number. FW_FULL: too many, and 'w' is still yours. */
enum fw_err maintenance_take(struct maintenance *mt, struct window *w);
size_t maintenance_count(const struct maintenance *mt);
const struct window *maintenance_at(const struct maintenance *mt, size_t i);
struct window *maintenance_find(const struct maintenance *mt, uint32_t number);
/* Taken out before its time: the caller's. NULL: there is none. */
struct window *maintenance_give(struct maintenance *mt, uint32_t number);
uint32_t maintenance_next(const struct maintenance *mt);	/* a number that none has had here */
void maintenance_number_from(struct maintenance *mt, uint32_t next);

/*
 * What time brings: windows begin and end, the earliest first; 'each' is told after it is so. One that is over before it
 * was seen to begin does both. What has ended leaves. True when something began or ended: maintenance_apply() then.
 */
typedef void window_each(void *owner, const struct window *w, bool begins);
bool maintenance_step(struct maintenance *mt, struct wall now, window_each *each, void *owner);

/* Tell the model who is in maintenance from now on; after each step that says so, and when the model is another, or has
 * other parts. */
void maintenance_apply(const struct maintenance *mt, struct model *m, struct wall now);

/* ---- the model's side ---------------------------------------------------------------------------------------------- */

/* The number of the window that a component is in now, of the last to end; 0: none. */
uint32_t model_maintained(struct model *m, const struct entity *e);

/* The three other views; NULL when nothing is in maintenance. Good until the model gets another graph. */
enum maintain_view { MAINTAIN_GOOD, MAINTAIN_ALONE, MAINTAIN_TAKEN, MAINTAIN_VIEWS };
struct lens *model_maintain_lens(struct model *m, enum maintain_view v);

/* Is the present loss of quality, or the risk, of a service due to maintenance alone? 'now' is its verdict. */
bool model_is_planned(struct model *m, const struct entity *service, const struct verdict *now);

#endif
