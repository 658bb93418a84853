/* poller/config.h: the configuration as one immutable snapshot (forewarn.conf(5)).
 *
 * config_load() reads all files, reports every mistake at once, and gives a snapshot with all names resolved, or none.
 * A snapshot is reference-counted: main makes it, workers and stores borrow it until main tells them of the next one.
 * Thread: loading in one thread at a time (conffile.h); read only afterwards; config_ref/config_unref are atomic.
 */
#ifndef FW_CONFIG_H
#define FW_CONFIG_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "poller/base/arena.h"
#include "poller/base/clock.h"
#include "poller/base/hash.h"
#include "poller/base/secret.h"
#include "poller/calendar.h"
#include "poller/conffile.h"
#include "poller/mib.h"
#include "poller/service/rates.h"
#include "poller/service/service.h"

enum { CONFIG_NONE = UINT32_MAX };

/* What a name stands for. REF_PART is a component of a device by name (core1/interface/Gi0/1); not seen yet,
 * perhaps. */
enum ref_kind { REF_DEVICE, REF_CHECK, REF_COMPONENT, REF_PART, REF_GROUP, REF_SERVICE };
struct ref {
	uint8_t kind;			/* enum ref_kind */
	uint32_t index;			/* into its array; REF_PART: of its device */
	const char *name;		/* as written, ranges expanded: "core1/interface/Gi0/1" */
};

/* needs: all terms; a term is any of its refs ("db | db-replica"). */
struct term { const struct ref *any; uint32_t count; };
struct needs { const struct term *term; uint32_t count; };

struct place { const char *file; unsigned line; };	/* where it stands; CSV: line is the row */

enum { VERSION_NONE = -1 };		/* a device without credentials is asked by ICMP only */

struct usm_user;
struct cfg_credentials {
	struct place place;
	const char *name;
	int version;			/* enum snmp_version of snmp.h */
	const char *community;		/* from 'community' or 'community-file'; never printed; "" with version 3 */
	const char *community_file;	/* absolute; NULL: it was written in the configuration */
	const char *user, *context;	/* of version 3; else "" */
	uint8_t auth, priv;		/* enum usm_auth, usm_priv of usm.h */
	const char *auth_file, *priv_file;		/* absolute, or NULL */
	const char *auth_password, *priv_password;	/* in 'secrets'; wiped by config_keys() */
	struct usm_user *keys;		/* in 'secrets'; NULL before config_keys(), and with other versions */
};

struct cfg_device {
	struct place place;
	const char *name, *address;	/* a literal address or a name to resolve */
	uint16_t port;			/* 161 */
	bool literal;			/* 'address' is a literal: 'sockaddr' holds it, with port */
	union { struct sockaddr_in in; struct sockaddr_in6 in6; } sockaddr;
	uint32_t credentials;		/* index, CONFIG_NONE: no SNMP */
	bool ping;			/* ICMP echo; default true */
	bool any_source;		/* answers of its agent are taken from any address */
	struct span timeout;
	uint8_t retries;
	uint8_t window;			/* requests out at once */
	bool adaptive;			/* what does not move is asked less often */
	uint32_t request_rate;		/* requests a second at most; 0: no bound */
	const struct ref *parents; uint32_t parent_count;	/* devices only */
	struct needs needs;
	struct rate_given rate;
	uint64_t capacity;		/* in groups that need one; 0: not given. So too below */
	const char *const *watch; uint32_t watch_count;		/* "CLASS/PATTERN" (fnmatch) whose states make events */
	uint32_t first_check, check_count;			/* its checks are check[first_check ..] */
	uint64_t fingerprint;		/* of everything that its polling depends on: equal means nothing to replan */
};

struct cfg_check {
	struct place place;
	const char *name;		/* full name: "crm" or "app2/check/login" */
	uint32_t device;		/* index, CONFIG_NONE: on its own */
	const char *command;		/* as written, {address} and {name} of its device replaced */
	const char *const *argv;	/* split like a shell's words, NULL-terminated; never run by a shell */
	struct span every, timeout;
	bool counts;			/* in its device */
	uint64_t capacity;
	struct needs needs;
	struct rate_given rate;
	uint64_t fingerprint;
};

struct cfg_component {			/* set by hand or by a program */
	struct place place;
	const char *name;
	uint64_t capacity;
	struct rate_given rate;
	struct needs needs;
};
/* 'carries = {...}' of anything is already turned into 'needs' of those named. */

struct cfg_calendar {
	struct place place;
	const char *name;
	struct calendar *calendar;
	struct texts { const char *const *text; uint32_t count; } on, except, holidays, time, ical;	/* as written; files absolute */
	const char *zone;		/* NULL: the machine's */
};

/* What a group must have at a time. */
struct demand {
	uint32_t need, full;		/* of its members */
	uint64_t capacity;		/* of those that work together; 0: not asked for */
};
struct cfg_during {			/* ... while a calendar holds */
	struct place place;
	const char *name;		/* of the calendar */
	uint32_t calendar;		/* index */
	struct demand demand;
};

enum { CALENDARS_MOST = 64 };

struct cfg_group {
	struct place place;
	const char *name;
	uint32_t need, full;		/* so too 'need_capacity': when no calendar says otherwise */
	uint64_t need_capacity;		/* 0: not asked for */
	uint64_t capacity;		/* of members that give none; 0: not given */
	struct cfg_during *during; uint32_t during_count;
	const struct ref *member; uint32_t count;
	struct needs needs;
};

struct cfg_service {
	struct place place;
	const char *name, *owner, *runbook;	/* "" when not given */
	uint32_t tier;				/* 0: not given */
	struct needs needs;
};

enum { ON_COMPONENT = 1, ON_RISK = 2, ON_QUALITY = 4, ON_BUDGET = 8, ON_ALL = 15 };
struct cfg_notify {
	struct place place;
	const char *name;
	const char *trap;		/* "198.51.100.7:162" as written */
	const char *community;		/* "public" by default */
	const char *community_file;	/* absolute, or NULL */
	unsigned on;			/* ON_... */
};

struct cfg_rates {			/* of a class; what is not given is that of rate_prior_of() */
	struct place place;
	const char *name;		/* "device", "check", "component", "part", or a class of the MIB definitions */
	struct rate_prior prior;
};

struct config {
	_Atomic unsigned references;
	struct arena arena;
	struct secrets secrets;		/* passwords, keys, communities of files */
	const char *path;		/* the file it was read from */
	const char *state;		/* folder */
	const char *user;
	struct span interval, status_interval;
	uint32_t threads;		/* workers: 0 was "as many as processors", replaced by that number */
	uint64_t receive_octets;	/* the kernel's buffer of answers, each worker */
	uint32_t checks_at_once;
	struct span ahead;		/* how far calendars are looked ahead */
	struct span horizon;		/* of p_horizon */
	uint64_t retention_octets; struct span retention;
	struct span rrd_hold;		/* rrd { hold = 15min  rows = 10 } */
	uint32_t rrd_rows;
	bool rrd_write;			/* false: rows are dropped, no history */
	const char *mib_folder;		/* the user's own, or NULL */
	struct mib *mib;
	struct cfg_credentials *credentials;	uint32_t credentials_count;
	struct cfg_device *device;		uint32_t device_count;
	struct cfg_check *check;		uint32_t check_count;
	struct cfg_component *component;	uint32_t component_count;
	struct cfg_calendar *calendar;		uint32_t calendar_count;
	struct cfg_group *group;		uint32_t group_count;
	struct cfg_service *service;		uint32_t service_count;
	struct cfg_notify *notify;		uint32_t notify_count;
	struct cfg_rates *rates;		uint32_t rates_count;
	struct names names;		/* device, check (full name), component, group, service -> index into 'refs' */
	struct ref *refs; uint32_t ref_count;
};

/* Read 'path' and all it includes. NULL with at least one mistake, else a snapshot with one reference.
 * The process leaves no core file from then on, for it holds secrets. 'state_override' (-s) replaces 'state' when not NULL. */
struct config *config_load(const char *path, const char *state_override, struct mistakes *m);
struct config *config_load_text(const char *name, const char *text, size_t len_octets, struct mistakes *m);
struct config *config_ref(struct config *c);
void config_unref(struct config *c);

/* Make the keys of all users of version 3, milliseconds each, and wipe their passwords. By who polls, before any worker has
 * the snapshot. FW_NOTFOUND when libcrypto lacks what one is to be made with. */
enum fw_err config_keys(struct config *c, struct err *err);

/* The effective configuration with defaults filled in, secrets as ***. Readable again by config_load. */
void config_print(const struct config *c, FILE *out);

/* What a member of a group carries; 0 when nobody says so. */
uint64_t config_capacity(const struct config *c, const struct cfg_group *g, const struct ref *member);
/* Is it a part that says itself what it carries? A group takes that of members for which nobody says so. */
bool config_reads_capacity(const struct config *c, const struct ref *member);
/* Does this group ask for a capacity, at times at least, and nobody says what this member carries but itself? */
bool config_weighs(const struct config *c, const struct cfg_group *g, const struct ref *member);
/* What a group needs while these calendars hold (bit: index): of several that say something of it, the most. */
struct demand config_demand(const struct cfg_group *g, uint64_t calendars);

/* NULL when there is none of that name. */
const struct ref *config_find(const struct config *c, const char *name);
/* The prior of a class: as configured, else that of the program. */
struct rate_prior config_prior(const struct config *c, const char *class_name);

/* Device that a component's name begins with ("core1/interface/Gi0/1"), CONFIG_NONE when none. */
uint32_t config_device_of(const struct config *c, const char *component_name);
/* Names that "web[01-12]" stands for: calls 'each' for every one. False with the reason. */
typedef void expand_each(void *owner, const char *name);
bool name_expand(const char *pattern, expand_each *each, void *owner, struct err *err);

#endif
