/* poller/ctl/daemon-int.h: what the files of main's thread share: daemon.c, intake.c, api.c. */
#ifndef FW_CTL_DAEMON_INT_H
#define FW_CTL_DAEMON_INT_H

#include <event2/event.h>

#include "poller/base/hash.h"
#include "poller/ctl/ctl.h"
#include "poller/worker.h"

enum { STORES_DEFAULT = 1, HELD_MOST = 4096, WAITING_MOST = 64 };

/* A device that fell silent and has parents: judged when they have been asked. */
struct held { uint32_t device; struct device_fact fact; struct wall at; struct mono began, deadline; };

/* An API request that waits for another thread's answer. */
struct waiting { uint64_t token; unsigned answers; struct mono deadline; void (*done)(struct waiting *w, const char *text); void *request; };

struct daemon {
	const struct ctl *ctl;
	const struct daemon_options *options;
	struct config *config;
	struct event_base *base;
	struct event *mail, *second;
	struct event *signal[4];
	struct mbox *in;
	struct steady clock;

	struct worker **worker;
	struct worker_numbers *numbers;	/* last beat of each */
	struct mono *beat_at;
	bool *mute;			/* worker that no longer reports, said once */
	unsigned worker_count;
	struct store_thread **store;
	struct store_count *store_numbers;
	unsigned store_count;
	struct ledger_thread *ledger;
	struct ledger *reader;		/* for events: reads beside the ledger's thread */
	struct sender *sender;
	struct model *model;
	struct alert_book *book;
	struct api *api;

	struct ledger_state *before;	/* states of the last run, to date what changed meanwhile */
	uint32_t before_count;
	struct names before_by_name;

	struct held *held;
	uint32_t held_count;
	struct mono *fact_at;		/* per device: when main last heard of it */
	struct waiting waiting[WAITING_MOST];
	uint64_t next_token;

	struct mono started, judge_due, settle_until;
	struct wall cycle_began, retained_at;
	bool judging, dirty, rebuild, idle_seen, stopping;
	unsigned idle_workers;
	uint64_t ledger_full, events, alerts;
	int lock_fd, status;
};

/* intake.c: what workers, stores and the ledger say */
void intake_read(struct daemon *d);			/* drain the mailbox, then judge what changed */
void intake_second(struct daemon *d, struct mono now);	/* what time brings */
void intake_commit(struct daemon *d);			/* changes of the model -> ledger, alerts */
enum fw_err intake_restore(struct daemon *d, struct ledger *l, struct err *err);
void intake_forget_devices(struct daemon *d);		/* after a reload: per-device memory anew */

/* api.c */
struct api *api_open(struct daemon *d, struct err *err);
void api_close(struct api *a);
bool api_wait(struct daemon *d, struct waiting w);	/* false: too many wait */
void api_answered(struct daemon *d, uint64_t token, const char *text);
void api_second(struct daemon *d, struct mono now);
struct view daemon_view(struct daemon *d);

/* privilege.c */
enum fw_err privilege_sockets(struct icmp_sockets *s, unsigned workers, struct err *err);
enum fw_err privilege_folder(const struct config *c, struct err *err);	/* make the state folder, owned by its user */
enum fw_err privilege_drop(const struct config *c, struct err *err);
/* Lock the folder: FW_OK with the descriptor, FW_LOCKED when another run or poll has it ('pid' of it). */
enum fw_err privilege_lock(const char *state, int *fd, long *pid, struct err *err);
void sd_notify_text(const char *text);

#endif
