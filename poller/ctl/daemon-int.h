/* poller/ctl/daemon-int.h: what the files of main's thread share: daemon.c, intake.c, api.c. */
#ifndef FW_CTL_DAEMON_INT_H
#define FW_CTL_DAEMON_INT_H

#include <event2/event.h>

#include "poller/base/hash.h"
#include "poller/ctl/ctl.h"
#include "poller/worker.h"

enum { STORES_DEFAULT = 1, WAITING_MOST = 64 };

/* A device that fell silent: judged when it is known whose silence that is, see hold.c. */
struct held { uint32_t device; struct device_fact fact; struct wall at; struct mono began, deadline; };

/* An API request that waits for another thread's answer; or for a commit of the ledger, with the answer to give then. */
struct waiting {
	uint64_t token;
	struct mono deadline;
	void (*done)(struct waiting *w, const char *text);
	void *request;
	json_t *answer;
};

#define COMMIT_TOKEN (UINT64_C(1) << 63)	/* ... with the commit's number */

/* The longest full poll of any device: a beat says that since the one before, people are told that of a whole interval. */
struct slowest { struct span now, last; struct mono began; };

struct daemon {
	const struct ctl *ctl;
	const struct daemon_options *options;
	struct config *config;
	struct event_base *base;
	struct event *mail, *second, *pace;
	struct msg *sends, **sends_tail;	/* rows of the outbox on their way, one each time 'pace' comes */
	struct event *signal[4];
	struct mbox *in;
	struct steady clock;

	struct worker **worker;
	struct worker_numbers *numbers;	/* last beat of each */
	struct mono *beat_at, looked_at;	/* ... and when main last looked at that */
	struct slowest slowest;
	bool *mute;			/* worker that no longer reports, said once */
	bool *tell_due;			/* ... and that must say all again, since it reports */
	bool *config_due;		/* worker that has not yet taken the new configuration */
	unsigned worker_count;
	struct store_thread **store;
	struct store_count *store_numbers;
	unsigned store_count;
	struct ledger_thread *ledger;
	struct ledger *reader;		/* for events: reads beside the ledger's thread */
	struct sender *sender;
	struct model *model;
	struct alert_book *book;
	struct maintenance *maintenance;
	struct api *api;

	struct reach *reach;
	struct held *held;
	uint32_t held_count, *held_at;	/* held_at: per device, its place in 'held' + 1; 0: none */
	uint32_t *child_at, *child;	/* devices behind a device: child[child_at[i] .. child_at[i + 1] - 1] */
	struct mono *fact_at;		/* per device: when main last heard of it */
	struct mono answer_at;		/* when any device last answered */
	struct mono witness_at, nobody_at;
	uint32_t witness_next;
	struct msg *aside, **aside_tail;	/* what devices said since a blind poller sees again: hold.c */
	struct mono aside_since, aside_until, aside_most;
	uint32_t aside_count;
	struct waiting waiting[WAITING_MOST];
	uint64_t next_token;
	uint64_t commits, committed;	/* batches that were closed, and that are on the disk */

	char **owed;			/* alerts as JSON that the ledger did not take; they go before all others */
	uint32_t owed_count, owed_room;

	struct mono rates_told;		/* when the graph last was told how often components fail */
	struct mono started, judge_due, round_due, unheard_due;
	struct span patience;		/* for how long the slowest device may be waited for */
	struct wall began, looked_until, cycle_began;	/* looked_until: when the last run had last looked at everything */
	bool judging, dirty, rebuild, stopping, began_work, replaying;
	bool ledger_stuck, states_owed;	/* it takes nothing; states went past it */
	unsigned idle_workers;
	uint64_t ledger_full, ledger_lost, events, alerts;
	int lock_fd, status;
};

/* intake.c: what workers, stores and the ledger say */
void intake_take(struct daemon *d, struct msg *m);	/* one message, which stays the caller's */
void intake_read(struct daemon *d);			/* some of the mailbox, then judge what changed */
void intake_drain(struct daemon *d);			/* all of it */
void intake_end(struct daemon *d);			/* all of it, at the end, and until when all was looked at */
void intake_send(struct daemon *d);			/* the next notification */
void intake_release(struct daemon *d);
void intake_fact(struct daemon *d, uint32_t device, struct device_fact f, struct wall at);	/* into the model */
void intake_second(struct daemon *d, struct mono now);	/* what time brings */
uint32_t intake_unheard(struct daemon *d);		/* how many devices and checks have not been heard of since the start */
void intake_commit(struct daemon *d);			/* changes of the model -> ledger, alerts */
uint64_t intake_seal(struct daemon *d);			/* close the batch: the token of its commit; 0: the ledger takes nothing */
void intake_event(struct daemon *d, const struct ledger_event *e);
void intake_state(struct daemon *d, const struct entity *e);	/* into the ledger at once, before anything is judged */
void intake_window(struct daemon *d, const struct window *w);	/* as it is now, into the ledger; so too below */
void intake_acceptance(struct daemon *d, const struct acceptance *a);
/* dropped.c: states and histories of components that are no longer configured, forgotten by age. */
void dropped_follow(const struct config *c, struct ledger *l, struct wall now);
enum fw_err intake_restore(struct daemon *d, struct ledger *l, struct err *err);
void intake_forget_devices(struct daemon *d);		/* after a reload: per-device memory anew */

/* planned.c: windows of maintenance and accepted risks, as time goes on */
enum fw_err planned_restore(struct daemon *d, struct ledger *l, struct err *err);
void planned_second(struct daemon *d);
void planned_apply(struct daemon *d);			/* the model is another, or has other parts */
void planned_release(struct daemon *d);

/* hold.c */
bool hold_begin(struct daemon *d, uint32_t device, struct device_fact f, struct wall at);	/* false: it is to be taken now */
void hold_end(struct daemon *d, uint32_t device);	/* it answers */
void hold_check(struct daemon *d, struct mono now);	/* take those that are certain by now */
void hold_prepare(struct daemon *d);			/* for the devices of the configuration; forgets all */
void hold_free(struct daemon *d);
void hold_release(struct daemon *d);			/* take all */
bool hold_aside(struct daemon *d, struct msg *m);	/* true: 'm' is kept for later */
void hold_aside_check(struct daemon *d, struct mono now);
void hold_aside_drop(struct daemon *d);			/* at the end */

/* reach.c */
struct reach *reach_new(uint32_t devices, unsigned workers);
void reach_free(struct reach *r);
void reach_ask(struct daemon *d, uint32_t device);	/* now; goes out with the next flush */
void reach_flush(struct daemon *d);
void reach_changed(struct daemon *d);			/* a device's state did */
void reach_check(struct daemon *d, struct mono now);	/* who is cut off now? once a second */

/* reload.c */
void reload(struct daemon *d);
void reload_tell(struct daemon *d);			/* the configuration to the workers that lack it */

/* api.c */
struct api *api_open(struct daemon *d, struct err *err);
void api_close(struct api *a);
bool api_wait(struct daemon *d, struct waiting w);	/* false: too many wait */
void api_answered(struct daemon *d, uint64_t token, const char *text);
void api_second(struct daemon *d, struct mono now);
struct view daemon_view(struct daemon *d);
struct heard daemon_heard(const struct daemon *d);	/* now; what is held back has been heard */

/* arguments.c: FW_MISTAKE with what is needed when 'args' (an object) lacks something of the call, or has a wrong type. */
enum fw_err arguments_check(const char *call, const json_t *args, struct err *err);

/* privilege.c */
/* ICMP sockets, one pair a worker; what may not be opened is said when a device is pinged ('once': by the first run). */
enum fw_err privilege_sockets(const struct config *c, bool once, struct worker_sockets *s, unsigned workers, struct err *err);
enum fw_err privilege_folder(const struct config *c, struct err *err);	/* make the state folder, owned by its user */
/* The same for a command that writes without a daemon: one that is there stays as it is, and the user need not exist. */
enum fw_err privilege_home(const struct config *c, struct err *err);
enum fw_err privilege_drop(const struct config *c, struct err *err);
enum fw_err privilege_state(const struct config *c, struct err *err);	/* may it write what is there? */
/* Lock the folder: FW_OK with the descriptor, FW_LOCKED when another run or poll has it ('pid' of it). */
enum fw_err privilege_lock(const char *state, int *fd, long *pid, struct err *err);
void sd_notify_text(const char *text);

#endif
