/* poller/worker-int.h: what the files of a worker share. Everything belongs to the worker's thread. */
#ifndef FW_WORKER_INT_H
#define FW_WORKER_INT_H

#include <event2/dns.h>
#include <event2/event.h>
#include <pthread.h>

#include "poller/backoff.h"
#include "poller/lastfile.h"
#include "poller/worker.h"

enum {
	PLANS_MOST = 12, PACK_DEFAULT = 60, PACK_MOST = 200, OCTETS_DEFAULT = 1400, BULK_DEFAULT = 25, BULK_MOST = 100, ROWS_MOST = 200000,
	ONCE_ECHOES = 5, ECHO_GAP_MS = 200, INDEX_NAMES = 254,
	MARKER_VAIN_MOST = 3, MISNAMED_MOST = 10, MISNAMED_CALM = 10,	/* walks for names that changed; intervals in which none does */
	PART_INDEX_ROOM = 60,	/* of a name, for an index behind it */
};

/* ---- one component of a device ---------------------------------------------------------------------------------------- */

struct part {
	uint32_t record;		/* in the last file */
	uint32_t skip;			/* columns the agent has not: not asked until the next discovery */
	uint32_t fresh;			/* columns that came in this round */
	uint32_t missed;		/* columns whose answer did not come in this round */
	uint32_t moved;			/* data sources whose counter continues from its last reading ... */
	uint32_t doubted;		/* columns that moved faster than their link: believed the second time */
	uint64_t *delta;		/* ... and what each moved by; one per data source, there while one has moved in this round */
	struct wall since_after;	/* its state began after this time: nobody looked in between; else 0 */
	uint8_t table;			/* of the definitions */
	uint8_t lost;			/* full rounds in a row in which a value did not come */
	uint8_t still;			/* full readings in a row in which no counter moved */
	uint8_t awaited;		/* packets of this full plan that are still to bring columns of it, where they are several */
	bool flat;			/* asked every third full round, its state every one */
	bool watched : 1, dirty : 1;	/* dirty: main has not taken its level */
	bool weighed : 1;		/* a group weighs it by what is read: asked as often as its state */
	bool reset : 1;			/* counters do not continue */
	bool vanished : 1;		/* two discoveries in a row did not find it */
};
_Static_assert(sizeof(struct part) <= 48, "there may be a million");

/* ---- what is asked: plan.c --------------------------------------------------------------------------------------------- */

enum { SLOT_UPTIME = UINT32_MAX, SLOT_MARKER = UINT32_MAX - 1 };

struct slot {
	uint32_t part;			/* index, or SLOT_... */
	uint16_t name_at;		/* of its name in the packet's bytes */
	uint8_t name_len;
	uint8_t column : 6;
	bool last : 1;			/* of its part in this packet */
	bool rest : 1;			/* its part is flat: only its state is asked in this packet */
};
_Static_assert(sizeof(struct slot) == 8 && MIB_COLUMNS_MAX <= 64, "there is one for each object that is asked");

/* What lies in 'form' may be that of many devices: it is read only. */
struct plan_packet {
	struct form *form;
	struct snmp_packet *packet;
	const uint8_t *names;		/* of a GETNEXT: those that are to be answered; NULL: they lie in the packet */
	const struct slot *slot;
	uint32_t count;
	uint16_t octets;		/* that its answer takes at most */
	uint8_t lost;			/* sendings in a row without an answer */
	bool next;			/* a GETNEXT */
	bool flat;			/* of flat parts alone */
	struct snmp_ask *ask;		/* outstanding */
};

struct split { uint32_t part; uint16_t packets; bool flat; };

struct plan {
	struct plan_packet *packet;
	uint32_t count;
	uint32_t first;			/* so many go first in every round: what is watched is in them, and the agent's clock */
	struct split *split;		/* parts whose columns lie in several packets, of a full plan */
	uint32_t split_count;
	bool sure;			/* each packet has the change markers: it says itself whether the agent is as it was */
};

static inline const uint8_t *slot_name(const struct plan_packet *p, const struct slot *s)
{
	return (p->names ? p->names : p->packet->bytes) + s->name_at;
}

/* ---- questions that are the same for many devices: form.c ----------------------------------------------------------------------- */

struct form {
	struct form *next;		/* in its bucket */
	struct forms *home;		/* NULL: of one packet alone */
	uint64_t hash;
	uint32_t refs, count;
	struct snmp_packet *packet;
	uint8_t *names;
	struct slot *slot;
};

/* All that may be shared, of a worker. Zeroed at first. */
struct forms { struct form **bucket; uint32_t size, count; };

/* The packet, names and slots of 'made', or equal ones that are there already: then those are freed. */
struct form *form_take(struct forms *forms, const struct form *made);
void form_release(struct form *f);
void forms_release(struct forms *forms);

struct device;
enum plan_kind { PLAN_FULL, PLAN_STATUS, PLAN_PROBE, PLANS };
/* Build the plan of a kind from the device's parts; frees what was there. No ask may be out. */
void plan_build(struct device *d, enum plan_kind kind);
void plan_make(struct device *d, enum plan_kind kind, struct plan *plan);	/* the same into a plan of the caller's */
/* How many packets a full plan would have, by what is allowed now; 'p' gets the fullest of them. 0: there is nothing to ask. */
uint32_t plan_fullest(struct device *d, struct plan_packet *p);
/* A GETNEXT that is to bring columns of parts; false when none of them can be asked for. */
bool plan_verify(struct device *d, const struct slot *of, uint32_t count, struct plan_packet *p);
void plan_release(struct plan *p);
void plan_packet_release(struct plan_packet *p);
/* Take slot 'i' out of a packet and encode it again. False when nothing is left. */
bool plan_packet_drop(struct device *d, struct plan_packet *p, uint32_t i);

size_t plan_name_before(const struct snmp_name *name, uint8_t *buf, size_t size);	/* that GETNEXT is asked for; 0: none */

/* ---- change markers: markers.c ----------------------------------------------------------------------------------------------- */

enum { MARKERS_MOST = MIB_MARKERS_MAX, MARKER_OCTETS = MIB_MARKER_OCTETS };
struct marker { uint8_t ber[MARKER_OCTETS], len, table; };
uint64_t markers_tables(const struct device *d);		/* bit t: it has parts of table t */
unsigned markers_list(const struct mib *mib, uint64_t tables, struct marker m[MARKERS_MOST]);	/* each once */
uint64_t marker_hash(const struct snmp_varbind *vb);

struct marks {				/* as read at one time */
	struct marker marker[MARKERS_MOST];
	uint64_t hash[MARKERS_MOST];
	unsigned count;
	uint32_t times;			/* bit i: marker i is a time, so that it moves with every change */
	bool known;
};
bool marks_take(struct marks *m, struct snmp_message *reply);		/* false: the agent refuses */
bool marks_same(const struct mib *mib, uint32_t table, const struct marks *a, const struct marks *b);
uint64_t marks_together(const struct device *d, const struct marks *m);	/* as a packet of the device would have them; 0 not known */
uint64_t marks_vouched(const struct mib *mib, const struct marks *m);	/* bit t: one that is a time tells when table t changed */
uint8_t markers_name_column(const struct device *d, const struct part *p);	/* to be asked with its values; MIB_NO_COLUMN: none */
bool markers_name_same(const struct device *d, const struct part *p, const struct snmp_varbind *vb);	/* has it its name still? */
bool markers_misnamed(const struct device *d, struct mono now);	/* names are others at every look, and were lately: no walk follows */
bool part_name_of(const struct mib_column *k, const struct snmp_varbind *vb, char *buf, size_t size);	/* discover-name.c; false: none */
struct snmp_packet *marks_packet(const struct device *d, const struct marks *m);	/* NULL: there are none */

/* ---- what is learned of an agent: learn.c ------------------------------------------------------------------------------------- */

enum { LEARN_DENIED = 24, RTT_BUCKETS = 40 };

struct learn {
	uint16_t octets;		/* an answer's, at most; 0: OCTETS_DEFAULT */
	uint16_t ceiling;		/* names of the last trial that failed; 0 none */
	uint16_t suspect_names, suspect_octets;	/* a packet that is lost while others come; 0 none */
	uint16_t answered_octets;	/* of the largest answer in this plan */
	uint16_t calm, wait;		/* full rounds without trouble; how many before the next trial */
	uint16_t trial_names, trial_octets;
	uint32_t asked;			/* requests since they were last put into the last file */
	uint16_t bulk_most;		/* repetitions beyond which it had trouble; 0: BULK_MOST */
	bool answered;			/* without an error, in this round */
	bool searching;			/* shrunk, and no plan has come whole since */
	bool verifying;			/* the round waits for that */
	bool sounded, alive;		/* in this round one small question was sent beside one that stays without an answer; it was answered */
	bool verified;			/* what GET denies has been asked by GETNEXT since the last discovery */
	uint8_t denied_count;
	struct slot denied[LEARN_DENIED];	/* columns that GET denies, each of one part */
	struct plan_packet *trial;	/* out beside the rounds; its values are not used */
	uint32_t odd;			/* bits of enum odd, since ... */
	struct mono odd_since;
	uint8_t rtt[RTT_BUCKETS];	/* how many answers took so long: half octaves from 64 us */
};

void learn_begin(struct device *d);			/* what the last file knows */
void learn_cancel(struct device *d);
static inline uint16_t learn_octets_of(const struct learn *l) { return l->octets ? l->octets : OCTETS_DEFAULT; }
bool learn_less(struct device *d, uint32_t names, uint16_t octets, enum fw_err why);	/* false: it is as small as can be */
void learn_plan(struct device *d);			/* a plan begins */
void learn_lost(struct device *d, struct plan_packet *p, unsigned sendings, enum fw_err why);
void learn_refused(struct device *d, struct plan_packet *p);	/* by an error that names none of its objects */
void learn_walked(struct device *d, const struct snmp_walk_learned *w);
bool learn_suspect(struct device *d);			/* something smaller came: ask for less. True when it does */
void learn_answered(struct device *d, struct plan_packet *p, const struct snmp_answer *a);
/* The object of a slot elsewhere in the answer 'all': 'vb' gets it. */
bool learn_elsewhere(struct device *d, const struct plan_packet *p, const struct slot *s, const struct snmp_message *all,
		     struct snmp_varbind *vb);
enum fw_err learn_instead(struct device *d, const struct plan_packet *p, bool there);	/* why it is missing, where another is */
void learn_count(struct device *d, const struct plan_packet *p, uint32_t count);	/* objects in an answer */
void learn_denied(struct device *d, const struct slot *s);
bool learn_verify(struct device *d);			/* ask by GETNEXT for what GET denied; true: the round waits for it */
void learn_round(struct device *d);			/* a full round is over */
void learn_discovered(struct device *d, bool complete);
struct span learn_rtt(const struct device *d, double share);	/* that many of the answers took at most; 0 unknown */
void learn_sound(struct timer *t, struct mono now);	/* nothing was answered yet: is it the size of the question, or the agent? */
void learn_odd(struct device *d, enum odd what);		/* said once, counted always */

/* ---- agents that renew their counters seldom: cache.c ---------------------------------------------------------------------------- */

struct cache {
	struct span period, longest;	/* of its counters' pauses: the usual one, in whole intervals (0: they do not pause); the longest */
	struct span paused;		/* all pauses together that this process saw, and how many */
	uint32_t paused_count;
	struct wall moved_at;
	uint32_t parts_moved, parts_counting;	/* in this full poll; those that have counters */
	uint32_t counting;		/* the latter of the poll before */
	uint8_t pauses, still, run;	/* pauses seen; polls without, with movement in a row */
	uint8_t tried;			/* polls since it may be such an agent: from so many on it is none unless seen */
};

void cache_begin(struct device *d);
void cache_round(struct device *d, struct wall at, bool whole);	/* a full poll is over; whole: nothing of it was lost */
bool cache_may(const struct device *d);			/* its counters pause, or it is not known yet whether they do */
struct span cache_most(const struct device *d);		/* the longest that they may pause */
bool cache_holds(const struct device *d, struct wall asked, struct wall at);	/* of a part that stands still: no row yet */

/* ---- one device: device.c ---------------------------------------------------------------------------------------------- */

struct discovery;

struct device {
	enum kind { KIND_DEVICE = 0x64657669, KIND_CHECK = 0x6368656b } kind;
	struct worker *w;
	const struct cfg_device *cfg;
	uint32_t record;
	struct snmp_peer peer;
	struct snmp_path path;		/* what was measured of the way to it */
	struct backoff quiet;		/* while its agent is silent */
	uint32_t strays;		/* ... datagrams that came from it, in answer to no question that waits */
	struct mono paused_until;	/* its parents are cut off: not asked */
	struct mono polled_at;		/* first answer of the last full poll; 0: the next one is the first of a row */
	uint32_t begin_at;		/* the packet after the first that a full round goes on with */
	uint32_t full_rounds;		/* so far, from a number of its own */
	bool rest_waits;		/* parts have become flat since the plan was built */
	bool skipped;			/* the agent is left alone in this round */
	bool cut_said;			/* its polls take longer than the interval */
	bool trusted;			/* it answered in its last round, of this process or of the one before */
	enum again { AGAIN_NO, AGAIN_WANTED, AGAIN_BEGUN } again;	/* main asked for it while a round was under way */
	bool has_address, resolving, resolve_said, waiting;	/* waiting: for its name, in the one round */
	struct sockaddr_storage *other;	/* all addresses of its name, when there are others than the one in use; malloc */
	uint8_t others, other_now, other_tried;
	struct lookup *lookup;

	struct timer tick, sounding;	/* the latter: see learn_sound() */
	struct mono next_tick, cycle_due, late_due, discovery_due, round_began;
	bool busy, full, replan, force_fact, once_done, polled;
	bool split;			/* columns of a part lie in several packets of the plan that runs */
	struct device *due_next, **due_prev;	/* in the worker's list of those main has to hear of; prev NULL: not */

	struct part *part;
	uint32_t part_count, part_size;
	struct plan plan[PLANS];
	enum plan_kind running;
	uint32_t next_packet, outstanding, plans_run, full_plans;	/* the latter: of this round */
	bool snmp_answered, snmp_lost, shrunk, first_done, markers_read;
	bool starved;			/* the request table was full: says nothing about the device */
	bool changed;			/* rebooted or renumbered: nothing is filed before it has been walked again */
	bool lacks;			/* something that was there is denied: its tables are walked again soon */
	uint8_t calm;			/* complete discoveries in a row that found nothing new */
	bool ask_else;			/* columns are to be read from others now: at once, in the same round */
	uint8_t snmp_why;		/* enum fw_err: how its last question ended that brought nothing */
	uint8_t discovery_failed;	/* incomplete discoveries in a row */
	uint8_t marker_vain;		/* discoveries that markers asked for and that found nothing new, in a row */
	uint8_t misnamed;		/* walks that a changed name asked for, with no calm between them */
	struct mono misnamed_at;
	struct discovery *discovery;

	struct icmp_train *train;
	bool train_again;
	unsigned echo_sent, echo_received;
	struct span echo_rtt[ICMP_TRAIN_MAX];

	struct device_fact fact, told;	/* now; what main has taken */
	bool fact_dirty;
	bool levels_wait;		/* for the end of the round in which it is walked */
	uint32_t silent_rounds;
	uint16_t pack, bulk;		/* objects a GET, rows a GETBULK (1: GETNEXT), learned */
	struct learn learn;
	struct cache cache;
	uint64_t marker, marker_new;	/* the change markers as the tables were walked; as one packet reads them */
	uint64_t vouched;		/* bit t: a marker tells when rows of table t changed; of the others names are asked along */
	uint64_t uptime;		/* last sysUpTime, 1/100 s */
	struct wall uptime_at;
	struct mono uptime_mono;	/* {0}: of an earlier process */
	bool uptime_known, no_uptime, rebooted;
	struct wall answered_at;
};

static inline uint16_t learn_octets(const struct device *d) { return learn_octets_of(&d->learn); }

struct device *device_new(struct worker *w, const struct cfg_device *cfg);
void device_free(struct device *d);			/* cancels what is out */
void device_poll_now(struct device *d);
void device_config(struct device *d, const struct cfg_device *cfg, bool changed);	/* the same device in a new snapshot */
char *device_debug(struct device *d);			/* JSON text, malloc */
void device_discovered(struct device *d, bool complete, bool news, bool unsure);	/* discover.c calls it at the end */
void device_watch_again(struct device *d);		/* the model may name other parts now */
void device_parts_stop(struct device *d);		/* nothing is out any more: parts may be taken away */
void device_tell_again(struct device *d);			/* main has forgotten what it was told */
bool device_levels_flush(struct device *d);		/* post what is dirty; false when main's mailbox is full */

/* ---- device-ask.c ------------------------------------------------------------------------------------------------------ */

void device_ask_more(struct device *d);			/* send what may be out of the plan that runs */
void device_packet_missing(struct device *d, struct plan_packet *p, enum fw_err why);	/* nothing of it came */

/* ---- device.c, for device-ask.c and device-quiet.c --------------------------------------------------------------------- */

void device_begin(struct device *d, struct mono now);		/* a round, now; not when one is busy */
void device_round_end(struct device *d, struct mono now);	/* if nothing is out any more */

/* ---- adapt.c ----------------------------------------------------------------------------------------------------------- */

void adapt_round(struct device *d);				/* a full round begins */
bool adapt_asks_flat(const struct device *d);			/* ... in which flat parts are read */
bool adapt_rests(struct device *d, struct part *p);		/* while the plan is built: is it flat? */
void adapt_read(struct device *d, struct part *p);		/* its counters were read */
void adapt_moved(struct device *d, struct part *p);		/* it is to be read in every round again */

/* ---- device-quiet.c -------------------------------------------------------------------------------------------------------- */

bool device_quiet_skip(struct device *d, struct mono now);	/* at the begin of a round: is the agent left alone? */
bool device_quiet_pinged(struct device *d, struct mono now);
void device_quiet_end(struct device *d, struct mono now);	/* at the end of a round */
void device_stray(void *worker, const struct sockaddr_storage *source);	/* a datagram that nobody waits for: who is it? */
bool device_paused(const struct device *d, struct mono now);
void device_pause(struct device *d, struct mono now);
void device_ask(struct device *d, struct mono now, uint32_t among);
bool device_asked_again(struct device *d, struct mono now);	/* at the end of a round: another begins */
uint32_t device_packet(const struct device *d, uint32_t n);
void device_round_cut(struct device *d, struct mono now);	/* end it, when the next is due */
bool device_discovery_endless(const struct device *d, struct mono began, struct mono now);
void device_regular(struct device *d, struct mono at);

/* ---- resolve.c ----------------------------------------------------------------------------------------------------------- */

void device_address_take(struct device *d);		/* the address written, or begin to resolve its name */
void device_resolve(struct device *d);
void device_resolve_cancel(struct device *d);
void device_address_follow(struct device *d);		/* between rounds: its name may have lost the address in use */
bool device_other_address(struct device *d);		/* take the next address of its name; false: all have been tried */

/* ---- discover.c ---------------------------------------------------------------------------------------------------------- */

void discovery_start(struct device *d);
void discovery_cancel(struct device *d);
bool discovery_give_up(struct device *d, struct mono now);	/* ended, because the agent has fallen silent */

/* ---- parts.c ------------------------------------------------------------------------------------------------------------- */

void parts_from_last(struct device *d);			/* what the last file knows of one device */
void parts_from_last_all(struct worker *w);		/* of all, in one pass: at start */
uint32_t part_add(struct device *d, uint32_t record, uint8_t table);
struct parts_map { uint32_t *slot, slots; };		/* open addressing: index + 1 of the part that has a record */
void parts_map_build(struct parts_map *m, const struct device *d);
uint32_t parts_map_find(const struct parts_map *m, const struct device *d, uint32_t record);	/* LAST_NONE */

/* ---- sample.c ------------------------------------------------------------------------------------------------------------- */

const struct mib_table *part_table(const struct device *d, const struct part *p);
void sample_no_uptime(struct device *d);	/* the agent does not tell sysUpTime */
void sample_uptime(struct device *d, const struct snmp_varbind *vb, struct wall at);
void sample_slot(struct device *d, const struct slot *s, const struct snmp_varbind *vb, struct wall at);
void sample_missing(struct device *d, const struct slot *s, enum fw_err why);
void sample_absent(struct device *d, const struct slot *s);	/* ... and need not be asked before the next discovery */
void sample_refused(struct device *d, const struct slot *s);	/* not before the next discovery, but it may be there */
void sample_begin_anew(const struct mib_table *t, struct part *p, struct last_record *r);	/* no counter of it continues */
void sample_release(struct device *d, struct part *p, struct wall at);	/* rows held back of counters that did not move after all */
void sample_finish(struct device *d, struct part *p, struct wall at, bool write_row);
/* Put one value into its record; FW_OK or why it cannot be taken. */
enum fw_err sample_value(struct device *d, struct part *p, uint8_t column, const struct snmp_varbind *vb, struct wall at);
double sample_scaled(const struct mib_table *t, const struct last_record *r, uint8_t column);	/* NaN when missing */
void part_state(struct device *d, struct part *p, struct wall at);	/* judge and mark dirty */
void part_name(const struct device *d, const struct part *p, char *buf, size_t size_octets);

/* ---- checks.c --------------------------------------------------------------------------------------------------------------- */

struct check;
struct check *check_new(struct worker *w, const struct cfg_check *cfg);
void check_free(struct check *c);
void check_poll_now(struct check *c);
bool check_level_flush(struct check *c);
void check_tell_again(struct check *c);
const char *check_name(const struct check *c);
bool check_once(struct check *c, bool wanted);	/* in the one round, or not */
void check_config(struct check *c, const struct cfg_check *cfg);
uint64_t check_fingerprint(const struct check *c);

/* ---- worker-config.c: what a snapshot means for a worker --------------------------------------------------------------------- */

void worker_config_take(struct worker *w, struct config *c);	/* one reference comes with it */
void worker_forget(struct worker *w, const char *component);
void worker_dropped_forget(struct worker *w);	/* last values of what has not been configured for long */
struct device *worker_device(struct worker *w, const char *name);

/* ---- worker.c ----------------------------------------------------------------------------------------------------------------- */

struct worker {
	struct worker_setup setup;
	struct config *config;
	pthread_t thread;
	struct mbox *in;
	struct event_base *base;
	struct evdns_base *dns;
	struct event *mail, *alarm;
	struct wheel *wheel;
	struct snmp_engine *snmp;
	struct icmp_engine *icmp;
	struct check_runner *runner;
	struct last *last;
	struct forms forms;
	uint32_t discovering, discovered;	/* now; since their memory was given back */
	uint32_t mib_hash;		/* of all definitions: parts and discoveries of others are not used */
	struct device *due;		/* see device.due_next */
	struct steady clock;
	struct timer second;
	struct mono beat_due;

	struct device **device;
	uint32_t device_count;
	struct check **check;
	uint32_t check_count;
	struct names device_by_name, named_parts;	/* parts that the model names */

	struct msg_rows *rows[16];		/* per store, being filled */
	struct sent_layout { const struct store_layout *layout; uint32_t ds_count, stores; uint64_t id; } *sent;	/* bit per store */
	uint32_t sent_count, sent_size;
	struct store_layout icmp_layout;
	struct worker_numbers n;
	struct address_map { uint32_t *slot; uint32_t size; struct mono due; } addresses;	/* index + 1 in 'device'; when it may be built */
	uint64_t dropped_noted;
	struct mono dropped_due;	/* of the next event about answers that the kernel dropped */
	uint64_t resolve_failed, refused_said, starved_said;
	unsigned round_open;			/* once: devices and checks not yet done */
	bool stopping, checks_due;
	_Atomic bool leaving;			/* main wants the end */
	_Atomic bool over;			/* the last its thread writes */
};

struct wall worker_wall(struct worker *w, struct mono at);
/* Hand a row to the store of 'device'; counted when refused. 'class_name' "" for a name as it is. */
void worker_row(struct worker *w, const char *device, const char *name, const struct store_layout *layout, struct store_row *row);
bool worker_post_main(struct worker *w, struct msg *m);		/* false: full, 'm' is freed */
void worker_note(struct worker *w, const char *what, const char *name, struct wall at, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void worker_levels_due(struct device *d);			/* something of it is dirty: flush soon */
void worker_levels_forget(struct device *d);
void worker_round_done(struct worker *w);			/* once: one device or check is done */
bool worker_is_watched(struct worker *w, const struct device *d, const struct mib_table *t, const char *name, const char *instance);
bool worker_weighs(const struct worker *w, const char *name);

#endif
