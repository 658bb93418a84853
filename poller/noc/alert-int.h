/* poller/noc/alert-int.h: how alerts are found and held, for alert*.c only.
 *
 *   alert.c        the book: open alerts, what is told of them
 *   alert-cause.c  from the model: who is a cause, which services it touches, how bad that is
 *   alert-share.c  how bad a cause is itself, where others are to blame as well
 *   alert-words.c  all of it in words
 *   alert-left.c   ... what is left, and what would end it
 *   accept.c       risks that a person accepted: whose alerts are quiet
 *
 * A cause lives for one judging, in the book's arena; a held alert lives until it is cleared. 'struct alert' is large,
 * so there is one of it in a book, and a held alert keeps only the lines that it has.
 */
#ifndef FW_NOC_ALERT_INT_H
#define FW_NOC_ALERT_INT_H

#include "poller/base/arena.h"
#include "poller/base/hash.h"
#include "noc.h"

/* What kind of trouble: decides the words. The table is in alert-words.c. */
enum role { ROLE_COMPONENT, ROLE_AGENT, ROLE_BLIND, ROLE_UNPOLLED, ROLE_WINDOW, ROLES };

/* One slash: no component has such a name. */
#define BLIND_KEY "forewarn/poller"

struct cause {
	const char *key;
	enum role role;
	struct entity *e;		/* NULL: the poller itself, a window of maintenance */
	const struct window *window;	/* ROLE_WINDOW; its services are those that its work would end */
	enum state state;
	uint32_t behind;		/* devices behind it, components of a silent agent, devices not polled */
	struct entity **affected;	/* whose services it touches */
	uint32_t affected_count, affected_room;
	bool all_services;
};

/* One service that a cause touches. */
struct touch { uint32_t service, distance, tier; enum severity severity, share; };	/* share: of the cause in it */

/* What is known of a service in this judging. */
struct service_now {
	uint32_t asked, settled_asked, listed;	/* the round it was asked, looked into, put on a list */
	struct verdict verdict;
	enum severity severity;
	uint32_t planned_asked;		/* the round that severity was held against maintenance */
	bool apart;			/* severity is that apart from maintenance */
	uint32_t failures_asked;	/* the round of these: */
	uint32_t *failure;		/* leaves that are down or degraded, those of maintenance behind the others */
	uint32_t failures, planned;
	bool unsettled;			/* a component that it stands on has not been seen yet */
	bool left;			/* there was a judging before this one, and it left: */
	enum state left_quality;
	uint32_t left_distance;
};

struct held {
	uint64_t number, sequence;
	char key[MODEL_NAME_MAX];
	enum alert_kind kind;
	unsigned kinds;
	enum severity severity;
	enum transition transition;
	enum state state;
	struct wall raised, changed, since, since_after;
	char cause[256], left[256], next[256], first_do[256];
	uint32_t touched_count, touched_more, points_count, points_more;
	struct touched *touched;
	char (*points)[128];
	uint32_t accepted;
	bool quiet;
	bool seen;			/* in this judging */
	uint32_t self;
};

/* An acceptance, its mark read once. */
struct accepted {
	struct acceptance *a;
	enum state state;
	enum severity severity;
	struct touched *touched;
	uint32_t touched_count, touched_more, points;
	bool heard;			/* it got worse, and that was told */
};

struct alert_book {
	uint64_t next_number;
	struct accepted *accepted;
	uint32_t accepteds, accepted_room, accepted_next;
	const struct maintenance *maintenance;
	struct held **held;
	uint32_t count, room;
	bool sorted;
	struct names keys;		/* key -> place in 'held' */
	struct alert alert;		/* what is told, one at a time */
	/* one judging */
	struct arena arena;
	struct model *model;
	struct wall now;
	uint32_t round;
	const struct config *config;	/* that 'service' is about; only held against the model's */
	struct cause **cause;
	uint32_t causes, causes_room;
	struct names cause_keys;
	struct service_now *service;	/* of each service of the configuration */
	uint32_t services;
	enum state *seen_as;		/* of each component: as alert-share.c looks at it */
	uint32_t seen_round, share_steps;
	uint32_t *point_stamp, points_room;	/* of each graph node: the list it was last put on */
	uint32_t list;			/* lists made so far */
	struct touch *touch;
	uint32_t touches, touch_room;
};

/* Fill b->cause from the model. */
void causes_find(struct alert_book *b);
/* Fill b->touch for one cause, worst first. */
void cause_touches(struct alert_book *b, const struct cause *c);
/* Keep what the services that were asked are like now. */
void services_leave(struct alert_book *b);
const struct service_now *service_ask(struct alert_book *b, uint32_t service);
bool service_unsettled(struct alert_book *b, uint32_t service);
/* How bad what is not planned is. */
enum severity service_severity(struct alert_book *b, uint32_t service);
struct entity *service_entity(struct alert_book *b, uint32_t service);
/* Live single points of what b->touch lists, into 'a'. */
void points_list(struct alert_book *b, struct alert *a);

/* What makes a service so bad, the worst first. */
enum { SEVERITY_RULES = 5 };
struct severity_rule { enum severity severity; bool (*holds)(const struct verdict *v); };
extern const struct severity_rule severity_rules[SEVERITY_RULES];

/* How bad the cause itself is for a service: no more than how bad things are. */
enum severity cause_share(struct alert_book *b, const struct cause *c, uint32_t service);

/* How bad is it for one service; CLEARED: not at all. */
enum severity severity_of(const struct verdict *v);
enum severity severity_of_cause(const struct cause *c, enum severity worst_touched);

/* accept.c */
struct accepted *accepted_find(const struct alert_book *b, const char *key);
bool accepted_is_worse(const struct accepted *k, const struct alert *now);
void accepted_release(struct alert_book *b);

/* Words. */
void say_cause(const struct cause *c, char *buf, size_t size_octets);
void say_first_do(struct alert_book *b, const struct cause *c, const struct alert *a, char *buf, size_t size_octets);
/* What is left of the groups that lost members, and what would end the worst of what it touches. */
void say_left(struct alert_book *b, char *buf, size_t size_octets);
void say_next(struct alert_book *b, const struct alert *a, char *buf, size_t size_octets);
void say_cleared(struct alert_book *b, const struct held *h, char *buf, size_t size_octets);
/* Take back the begun part of a character that did not fit. */
void mend_end(char *buf);
/* Copy without cutting a character in two. */
void put_text(char *buf, size_t size_octets, const char *s);
/* "can lose 1", "is down", "can lose any". */
const char *lose_words(uint32_t lose, char *buf, size_t size_octets);
/* The same apart from numbers: "8 devices" and "9 devices", "48 ms" and "51 ms". */
bool same_but_numbers(const char *a, const char *b);

#endif
