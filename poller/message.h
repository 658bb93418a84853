/* poller/message.h: what the threads of the poller tell each other.
 *
 *	main   -> worker   MSG_CONFIG MSG_POLL MSG_ASK MSG_DEBUG MSG_FORGET MSG_TELL MSG_STOP
 *	worker -> main     MSG_LEVEL MSG_FACT MSG_PART MSG_NOTE MSG_BEAT MSG_IDLE MSG_TEXT
 *	worker -> store    MSG_LAYOUT MSG_ROWS
 *	main   -> store    MSG_FLUSH MSG_REMOVE MSG_STOP
 *	store  -> main     MSG_FLUSHED MSG_STORE_BEAT
 *
 * MSG_TELL (a struct msg alone): main no longer trusts what it was told; every level and fact again.
 * Each is one flat block (base/mbox.h). State travels as a level: a worker keeps what main has not taken and posts it again.
 */
#ifndef FW_MESSAGE_H
#define FW_MESSAGE_H

#include <string.h>

#include "poller/base/clock.h"
#include "poller/base/mbox.h"
#include "poller/config.h"
#include "poller/model.h"
#include "poller/probe/probe.h"
#include "poller/snmp/snmp.h"
#include "poller/snmp/usm.h"
#include "rrd/store.h"

enum core_msg {
	MSG_CONFIG = 1000, MSG_POLL, MSG_ASK, MSG_DEBUG, MSG_FORGET, MSG_TELL, MSG_STOP,
	MSG_LEVEL, MSG_FACT, MSG_PART, MSG_NOTE, MSG_BEAT, MSG_IDLE, MSG_TEXT,
	MSG_LAYOUT, MSG_ROWS,
	MSG_FLUSH, MSG_REMOVE, MSG_FLUSHED, MSG_STORE_BEAT,
};

/* A new configuration; the receiver owns one reference. */
struct msg_config { struct msg m; struct config *config; };

/* A name, and a token that comes back with the answer. MSG_POLL: device ("" all); MSG_DEBUG: device; MSG_FORGET, MSG_FLUSH,
 * MSG_REMOVE: component; MSG_PART: component; MSG_FLUSHED: error text or "". */
struct msg_name { struct msg m; uint64_t token; char name[MODEL_NAME_MAX]; };

/* Devices: to be asked now, or not to be asked while their parents are cut off. Each is an enum ask octet, its name, and 0. */
enum ask { ASK_NOW, ASK_PAUSE };
struct msg_ask { struct msg m; uint32_t count, used_octets; char items[]; };

/* The state of a part or check as its worker sees it. */
struct msg_level {
	struct msg m;
	struct wall since, since_after, at;
	uint64_t capacity;		/* Mbit/s; 0: not known, or what it was */
	uint8_t state, admin, gone;
	char reason[REASON_MAX];
	char name[MODEL_NAME_MAX];
};

/* Whether a device answered. */
struct msg_fact {
	struct msg m;
	struct wall at;
	struct mono heard;		/* the last answer of anybody, as it came in: that of this message may be a while ago */
	struct device_fact fact;
	char device[256];
};

/* Something worth an event: a reboot, an index that moved, a clock that stepped. */
struct msg_note { struct msg m; struct wall at; char what[16]; char name[MODEL_NAME_MAX]; char text[REASON_MAX]; };

/* How far polls were from an interval after the last one, in thousandths of it: the upper edges; the last has none. */
#define JITTER_EDGES 1, 2, 5, 10, 20, 50, 100, 200, 500
enum { JITTERS = 10 };

/* What agents do that they should not. Each is said once a device, named by "forewarn debug device", and counted. */
#define ODDITIES(X)									\
	X(ORDER,     "order",     "tells objects whose names do not increase")		\
	X(COUNT,     "count",     "answers another number of objects than asked")	\
	X(PLACE,     "place",     "answers objects in another order than asked")	\
	X(FOREIGN,   "foreign",   "answers objects that were not asked for")		\
	X(NEXT,      "get-denied", "denies to GET what it tells to GETNEXT")		\
	X(EXCEPTION, "exception", "answers GETNEXT with noSuchObject, noSuchInstance, or an end that is none") \
	X(NO_BULK,   "no-bulk",   "cannot answer GETBULK")				\
	X(NO_VALUE,  "null",      "sends objects without a value (NULL)")		\
	X(TYPE,      "type",      "sends values of other types than defined")		\
	X(TEXT,      "text",      "sends numbers as text")				\
	X(NEGATIVE,  "negative",  "sends negative numbers for what cannot be negative")	\
	X(MALFORMED, "malformed", "sends answers that cannot be decoded")		\
	X(SOURCE,    "source",    "answers from another address than the one asked")	\
	X(STRANGER,  "stranger",  "answers to other requests than ours")		\
	X(CACHE,     "cache",     "renews its counters less often than they are asked")	\
	X(UPTIME,    "no-uptime", "does not tell sysUpTime: restarts are seen by its counters alone") \
	X(NAMES,     "names",     "changes names of rows all the time: what it tells may belong to others") \
	X(LARGE,     "large",     "does not answer what is large, or its long answers are lost on the way")

enum odd {
#define ODD_ENUM(name, word, text) ODD_##name,
	ODDITIES(ODD_ENUM)
#undef ODD_ENUM
	ODDS
};
const char *odd_text(enum odd o);	/* "tells objects ..."; never NULL */
const char *odd_word(enum odd o);

/* A worker's numbers, every second: also the sign that it lives. */
struct worker_numbers {
	uint32_t devices, silent, resolving, parts, checks;
	uint32_t quiet, paused;			/* agents that are asked less often, since they are silent; not at all: cut off */
	uint64_t missed_cycles;			/* of devices that answer: an interval passed without a full poll */
	uint64_t jitter[JITTERS];		/* full polls by their distance from an interval after the last */
	uint64_t cycles, late, rows, rows_refused, levels_waiting, missing;
	uint64_t missing_why[FW_ERRS];	/* values that did not come, by reason */
	uint64_t odd[ODDS];
	uint64_t trials, grown, shrunk;	/* of what is asked at once */
	struct span cycle_worst;		/* longest full poll of a device in the last interval */
	struct mono last_cycle_end, last_answer;	/* last_answer: of any of its devices */
	struct snmp_count snmp;
	struct snmp_pace pace;
	struct usm_count v3;
	struct icmp_count icmp;
	struct check_count check;
};
struct msg_beat { struct msg m; unsigned worker; struct wall at; struct worker_numbers numbers; };

/* JSON text in answer to MSG_DEBUG. */
struct msg_text { struct msg m; uint64_t token; char text[]; };

/* A layout before its first row: rows name it by 'id', the stable hash of its content. */
struct msg_layout { struct msg m; uint64_t id; struct store_layout layout; };

/* Rows, one after the other: struct row_head, the name (padded to 8), the values. */
struct row_head {
	uint64_t layout;
	struct wall at;
	uint32_t known;
	uint16_t name_len;		/* without the terminating 0 that follows */
	uint8_t values, reset;
};
struct msg_rows { struct msg m; uint32_t count, used_octets; uint8_t bytes[]; };

struct msg_store_beat { struct msg m; unsigned store; struct store_count count; };

/* A zeroed message of 'size_octets' and kind. */
static inline void *msg_new(uint32_t kind, size_t size_octets)
{
	struct msg *m = must_alloc(size_octets);

	m->kind = kind;
	m->len_octets = (uint32_t)size_octets;
	return m;
}

#endif
