/* poller/snmp/engine-int.h: what the request table (engine.c) and the sockets (socket.c) share. Private to poller/snmp.
 *
 * An ask is in one of three places: the queue of its socket (to be sent), the table with its timer armed (waiting; also
 * in the table while it waits to be sent again), or the list of those that failed to leave and are told at the end of a
 * flush. No callback runs while a batch is being sent.
 */
#ifndef FW_SNMP_ENGINE_INT_H
#define FW_SNMP_ENGINE_INT_H

#include <sys/queue.h>
#include <sys/socket.h>

#include "poller/base/secret.h"
#include "snmp.h"
#include "usm.h"

enum {
	SNMP_EARLY_MOST = 2,		/* sendings before the first time-out */
	SNMP_SENDINGS_MAX = 16,		/* 10 retries, early ones, and those of V3_AGAIN; the id counts them in four bits */
	SNMP_STRAYS = 32,		/* remembered, to say what a silent agent did instead */
	SNMP_BATCH_OUT = 64,
	SNMP_BATCH_IN = 32,
	SNMP_BATCHES_A_ROUND = 16,	/* then others in the loop have their turn; sooner when it took long */
	SNMP_IN_STRIDE = 65536 + 1472	/* beside 64 KiB, so that buffers do not share cache sets */
};

struct event;

/* Of version 3: the agent answers nothing. Is it there (who are you, without a key), and can it read us (a short request)? */
enum snmp_doubt { DOUBT_NONE, DOUBT_WHO_NEXT, DOUBT_WHO, DOUBT_SHORT_NEXT, DOUBT_SHORT, DOUBT_OVER };

struct snmp_ask {
	TAILQ_ENTRY(snmp_ask) link;	/* in 'list' */
	struct snmp_asks *list;		/* a socket's queue, the engine's 'failed', or NULL */
	struct snmp_ask *next;		/* same bucket; or next free */
	struct snmp_engine *engine;
	const struct snmp_peer *peer;
	struct snmp_packet *packet;
	snmp_done *done;
	void *owner;
	uint32_t tag;
	uint32_t key;			/* request-id without its low four bits */
	uint8_t first;			/* low four bits of the first sending's request-id; counts up with each sending */
	uint8_t sendings;
	uint8_t early;			/* of the sendings: by the measured round trip */
	uint8_t odd;			/* enum fw_err: what came instead of an answer; FW_OK nothing */
	bool graced;			/* its time-out was put off once because the loop was late */
	bool held;			/* its timer says when it may leave */
	bool next_early;		/* its timer says when to send it early */
	bool looked;			/* ... and what had come by then is being read first */
	bool refused;			/* by the agent, or by who says so: nothing is sent again */
	uint8_t doubt, doubt_at, doubts; /* enum snmp_doubt; which sending asked; sendings of that kind, no requests */
	uint8_t agains;			/* sendings that were no retries but followed V3_AGAIN */
	uint8_t again_from;		/* the first sending since the last of them */
	struct timer timer;
	struct mono due;		/* when the last configured sending is given up */
	struct mono sent[SNMP_SENDINGS_MAX];
};

TAILQ_HEAD(snmp_asks, snmp_ask);

struct snmp_socket {
	struct snmp_engine *engine;
	struct snmp_asks queue;
	struct event *readable, *writable, *retry;
	struct mono blocked_since;	/* 0: not blocked */
	uint32_t dropped;		/* the kernel's running count, SO_RXQ_OVFL */
	int fd;				/* -1: this family is not available */
};

/* A datagram, borrowed for the call. */
struct snmp_datagram {
	const uint8_t *bytes;
	size_t len;
	const struct sockaddr_storage *source;
	struct mono at;
};

struct snmp_batch;	/* socket.c: buffers of sendmmsg and recvmmsg */

/* How many requests may leave. Zeroed: as many as there are. */
struct snmp_pacer {
	uint32_t rate;			/* a second; 0: no bound */
	uint32_t lately;		/* a second, of the last step */
	uint32_t cuts;			/* how often it was halved */
	uint64_t left;			/* in this step */
	struct mono step, settled, free_at;	/* began; halving has had its effect; what left is paid for until then */
};

struct snmp_engine {
	struct event_base *base;
	struct wheel *wheel;
	struct snmp_socket socket[2];	/* IPv4, IPv6 */
	struct snmp_batch *batch;
	struct event *flush;
	struct snmp_asks failed;
	bool flushing;
	struct snmp_ask **buckets;
	uint32_t bucket_count;		/* a power of two */
	uint32_t outstanding;
	struct snmp_ask *free;
	struct snmp_slab *slabs;
	uint32_t *ended[2];		/* keys of asks that ended lately: at the first sending, after trouble */
	struct snmp_count count;
	struct snmp_pacer pacer;
	struct span excess;		/* what answers take beyond their peers' own mean, lately: a queue that all of them share */
	bool behind;			/* more has come than was read in the last turn */
	snmp_stray *stray;
	void *stray_owner;
	struct snmp_unknown { struct sockaddr_storage source; struct mono at; } lately[SNMP_STRAYS];	/* unknown request-ids, lately */
	unsigned unknowns;
	struct usm *usm;		/* NULL: nobody speaks version 3 */
	struct secrets secrets;		/* agents of version 3: their keys */
	struct v3_slot *agents_free;
	uint64_t foreign_said, dropped_said;	/* log_often()'s */
};

/* engine.c, for socket.c */
void snmp_ask_list(struct snmp_ask *a, struct snmp_asks *list);	/* move; NULL takes it off any */
void snmp_ask_sent(struct snmp_ask *a, struct mono at);		/* it left: arm its timer */
int32_t snmp_ask_next_id(const struct snmp_ask *a);
void snmp_ask_refused(struct snmp_ask *a);			/* it cannot leave: told at the end of the flush */
void snmp_receive(struct snmp_engine *e, const struct snmp_datagram *d);
void snmp_ask_again(struct snmp_ask *a);			/* send it once more, at once, not as a retry */
void snmp_ask_answer(struct snmp_ask *a, const struct snmp_datagram *d, int sending, struct snmp_answer *answer);
struct snmp_ask *snmp_ask_of(struct snmp_engine *e, int32_t id, int *sending);	/* NULL: nobody waits for it */
/* Well formed, and nobody waits for it: counted. */
void snmp_ask_early(struct snmp_ask *a);			/* something leaves for it at once that is no retry; its time-out stays */
void snmp_ask_none(struct snmp_engine *e, const struct snmp_datagram *d, int32_t id);
void snmp_ask_no_more(struct snmp_ask *a);			/* only wait for the rest of its time */
bool snmp_source_is(struct snmp_engine *e, const struct snmp_datagram *d, struct snmp_ask *a);	/* else counted */

/* engine-v3.c, for engine.c and socket.c */
/* Seal what is to leave for 'a' into 'room'; 'iov' is set. FW_FULL: the room may be too small; or what v3_seal() says. */
enum fw_err snmp_v3_seal(struct snmp_ask *a, uint8_t *room, size_t room_octets, struct iovec *iov);
void snmp_v3_receive(struct snmp_engine *e, const struct snmp_datagram *d);
void snmp_v3_downgraded(struct snmp_ask *a);			/* an answer of another version came: not taken */
bool snmp_v3_mute(const struct snmp_ask *a);			/* it says who it is, and answers nothing that is encrypted */
enum snmp_doubt snmp_v3_doubt(const struct snmp_ask *a);	/* nothing has come: what is to be asked first; DOUBT_NONE: nothing */
void snmp_v3_rest(struct snmp_engine *e);			/* a batch has left, or was read: no key in contexts */
void snmp_v3_release(struct snmp_engine *e);

/* pace.c, for engine.c */
void snmp_path_measure(struct snmp_path *p, struct span rtt);
struct span snmp_path_rto(const struct snmp_path *p, struct span timeout);	/* to wait before the first early sending */
/* One more round trip of a peer, before it is measured, in the mean of what all of a worker's exceed their peers' own by. */
void snmp_path_excess(const struct snmp_path *p, struct span rtt, struct span *excess);
/* When the next sending may leave: 'now' or later. It is taken to leave then. */
struct mono snmp_path_leave(struct snmp_path *p, struct span gap, struct mono now);

/* pace.c, for socket.c */
void snmp_pacer_dropped(struct snmp_pacer *p, struct mono now);	/* the kernel had no room for answers */
unsigned snmp_pacer_allows(struct snmp_pacer *p, unsigned wanted, struct mono now);
void snmp_pacer_left(struct snmp_pacer *p, unsigned count);

/* socket.c, for engine.c */
bool snmp_sockets_open(struct snmp_engine *e, const int fd[2], struct err *err);
void snmp_sockets_close(struct snmp_engine *e);
void snmp_socket_send(struct snmp_socket *s);			/* as much of its queue as leaves now */
static inline struct snmp_socket *snmp_socket_of(struct snmp_engine *e, const struct snmp_peer *peer)
{
	return &e->socket[peer->address.ss_family == AF_INET6];
}

#endif
