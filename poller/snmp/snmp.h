/* poller/snmp/snmp.h: SNMP as bytes and requests: the codec, the sockets of a worker, the request table, walks.
 *
 * The steady state allocates nothing: a request is encoded once (struct snmp_packet), at each sending only its
 * request-id is patched; a reply is matched to its request by source, request-id and community, and decoded in place.
 * Names stay BER contents octets (memcmp) on this path.
 *
 *   worker --snmp_ask()--> request table --> socket queue --sendmmsg--> agent
 *   agent --recvmmsg, kernel time stamp--> match --> ask's 'done' callback (in the worker's thread)
 *
 * Sources: RFC 1157 (v1), RFC 1901/3416 (v2c, PDUs), RFC 3417 section 8 (BER subset), X.690.
 * Thread: everything here belongs to one worker; nothing is shared.
 */
#ifndef FW_SNMP_SNMP_H
#define FW_SNMP_SNMP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/clock.h"
#include "poller/base/err.h"
#include "poller/base/oid.h"
#include "poller/base/reader.h"
#include "poller/base/wheel.h"
#include "poller/base/writer.h"

enum snmp_version { SNMP_V1 = 0, SNMP_V2C = 1, SNMP_V3 = 3 };	/* as on the wire; version 3: usm.h */

enum snmp_pdu_type {
	SNMP_GET = 0xa0, SNMP_GETNEXT = 0xa1, SNMP_RESPONSE = 0xa2, SNMP_SET = 0xa3, SNMP_TRAP_V1 = 0xa4,
	SNMP_GETBULK = 0xa5, SNMP_INFORM = 0xa6, SNMP_TRAP_V2 = 0xa7, SNMP_REPORT = 0xa8
};

enum snmp_type {
	SNMP_INTEGER = 0x02, SNMP_OCTET_STRING = 0x04, SNMP_NULL = 0x05, SNMP_OID = 0x06,
	SNMP_IPADDRESS = 0x40, SNMP_COUNTER32 = 0x41, SNMP_GAUGE32 = 0x42, SNMP_TIMETICKS = 0x43,
	SNMP_OPAQUE = 0x44, SNMP_COUNTER64 = 0x46,
	SNMP_NO_OBJECT = 0x80, SNMP_NO_INSTANCE = 0x81, SNMP_END_OF_MIB = 0x82	/* RFC 3416 section 3 */
};

/* error-status, RFC 3416 section 3; the names in snmp_error_text(). */
enum { SNMP_ERR_NONE = 0, SNMP_ERR_TOO_BIG = 1, SNMP_ERR_NO_SUCH_NAME = 2, SNMP_ERR_GEN_ERR = 5 };
const char *snmp_error_text(int error_status);	/* "noSuchName"; "error 77" is "unknown error"; never NULL */

enum { SNMP_PACKET_MAX = 65507, SNMP_REQUEST_MAX = 1472, SNMP_COMMUNITY_MAX = 255 };

/* ---- codec --------------------------------------------------------------------------------------------------- */

/* One varbind of a decoded message; pointers are borrowed from the packet. */
struct snmp_varbind {
	const uint8_t *name;		/* OID, BER contents octets; already checked to be well formed */
	const uint8_t *bytes;		/* contents octets of the value (OCTET STRING, Opaque; OID well formed; IpAddress of 4) */
	uint64_t number;		/* Counter32/64, Gauge32, TimeTicks; INTEGER sign-extended to 64 bits */
	uint16_t name_len, bytes_len;
	uint8_t type;			/* enum snmp_type; any other tag fails the decoding */
};

struct snmp_message {
	const uint8_t *community;	/* borrowed */
	uint16_t community_len;
	uint8_t version;		/* enum snmp_version */
	uint8_t pdu;			/* enum snmp_pdu_type, never SNMP_TRAP_V1 */
	int32_t request_id;
	int32_t error_status;		/* or non-repeaters */
	int32_t error_index;		/* or max-repetitions */
	struct rd varbinds;		/* what snmp_varbind_next() reads */
	uint16_t varbind_count;		/* all have been checked */
};

/*
 * Decode a whole v1/v2c message and check every varbind to its end, without allocating.
 * FW_OK, or FW_MALFORM: not a message, another version, trailing octets, a length beyond its enclosing one,
 * a number too long, a community over SNMP_COMMUNITY_MAX, an unknown tag, a v1 Trap-PDU. Long-form lengths that are not
 * minimal are taken (agents send them), and an OID value of no octets is read as 0.0.
 */
enum fw_err snmp_message_dec(struct snmp_message *m, const void *packet, size_t len_octets);

/* The next varbind; false at the end. */
bool snmp_varbind_next(struct snmp_message *m, struct snmp_varbind *vb);

/* A request, to be encoded. Names are BER contents octets; values are NULL (GET, GETNEXT, GETBULK). */
struct snmp_name { const uint8_t *ber; uint16_t len; };

struct snmp_request {
	const char *community;		/* 0-terminated, at most SNMP_COMMUNITY_MAX; not read for SNMP_V3 */
	uint8_t version, pdu;
	int32_t request_id;
	int32_t non_repeaters, max_repetitions;	/* GETBULK; else 0 */
	const struct snmp_name *names;
	unsigned name_count;
};

/* How the head before a PDU of SNMP_V3 was laid, v3_seal()'s: places count from 'bytes'. */
struct snmp_head {
	uint32_t generation;		/* of the engine's state it was laid with; 0: never */
	uint16_t at, msg_id_at, boots_at, time_at, digest_at, salt_at, scoped_at;
	uint8_t boots_len, time_len;
};

/*
 * An encoded request; 'id_at' is where its four octets of request-id are. Owned by whoever made it (malloc).
 * Of SNMP_V3 it is the PDU at 'pdu_at', and room before it where v3_seal() lays the head: see usm.h.
 */
struct snmp_packet {
	uint16_t len_octets, id_at;
	uint16_t name_count;
	uint16_t pdu_at;		/* 0: not of SNMP_V3 */
	struct snmp_head head;
	uint8_t bytes[];
};

/* Encode; FW_TOOBIG when it would exceed 'size_most' (at most SNMP_PACKET_MAX). The caller frees '*p'. */
enum fw_err snmp_packet_new(struct snmp_packet **p, const struct snmp_request *q, size_t size_most);
/* Octets that one more name adds to a packet, its varbind with NULL included: for packing. */
size_t snmp_varbind_size(size_t name_len_octets);
/* Request-ids are always four octets on the wire: 0x00800000..0x7fffffff. */
void snmp_packet_patch_id(struct snmp_packet *p, int32_t request_id);
/* The same with another request-id, into 'room' of len_octets. */
void snmp_packet_copy(const struct snmp_packet *p, int32_t request_id, uint8_t *room);
/* The names of a packet, for snmp_varbind_next(); nothing else of 'm' is set. */
void snmp_packet_names(const struct snmp_packet *p, struct snmp_message *m);

/* A varbind with a value: the simulated agents and tests build replies from these. */
void snmp_varbind_enc(struct wr *w, const struct snmp_varbind *vb);
/* A whole message with varbinds already encoded (contents of the VarBindList). */
void snmp_message_enc(struct wr *w, const struct snmp_message *m, const uint8_t *varbinds, size_t len_octets);

/* BER pieces (X.690): public for the codec's tests. */
uint32_t ber_len(struct rd *r);		/* definite form, 0..65535, never more than 'r' holds; else 'r' is failed */
void ber_len_enc(struct wr *w, size_t len_octets);
size_t ber_len_size(size_t len_octets);
int64_t ber_integer(struct rd *r, size_t len_octets);		/* 1..8 octets, sign-extended */
uint64_t ber_unsigned(struct rd *r, size_t len_octets, unsigned bits);	/* leading 0 taken; over 'bits': failed.
	A Counter32/Gauge32 sent with its sign bit set in 4 octets is taken as unsigned (agents do that); in fewer octets it
	is sign-extended to 'bits' first, as net-snmp does: such an agent encodes the number as a signed one. */

/* ---- asking: sockets, request table, retries -------------------------------------------------------------------- */

/* What has been measured of the way to a peer, and when it may be asked again: kept beside the peer, written by the engine.
 * Zeroed at first. See pace.c. */
struct snmp_path {
	struct span srtt, rttvar;		/* RFC 6298; srtt 0: it has never answered */
	struct mono free_at;			/* when the next sending is due under 'gap' */
};
struct usm_engine;
struct usm_user;
struct usm_count;

/* Who is asked: kept by the device, borrowed by the engine while requests are out. */
struct snmp_peer {
	struct sockaddr_storage address;	/* AF_INET or AF_INET6, with port */
	char community[SNMP_COMMUNITY_MAX + 1];
	struct usm_engine *v3;			/* of SNMP_V3: snmp_agent_new(); copies of a peer share it */
	uint8_t version;
	uint8_t retries;			/* further sendings, 0..10 */
	bool any_source;			/* an answer is taken from any address: agents of several interfaces */
	struct span timeout;			/* of one sending; doubled for each further one, at most 4 x */
	struct span gap;			/* between two sendings in the mean; 0: none */
	struct snmp_path *path;			/* NULL: no early sendings, no gap */
};

struct snmp_ask;	/* one outstanding request */

/*
 * How an ask ended: FW_OK with the decoded reply (its error-status may still be set), else FW_TIMEOUT (FW_SOURCE,
 * FW_FOREIGN: the same, but meanwhile the agent answered from another address, or to another request), FW_NET
 * (errno-like send error, e.g. no route), FW_MALFORM (an answer to this request from the right source that cannot be
 * decoded, of another version, or with the wrong community), or of SNMP_V3 what the agent said or what came instead of an
 * answer (fw_err_refuses(), FW_MALFORM, FW_FOREIGN, FW_AGENT), and 'reply' NULL. 'at' is the kernel's receive time;
 * 'sent' is when the answered sending left, also when it was an earlier one of 'sendings': rtt = at - sent.
 * The reply is borrowed for the call. It may start further asks, and cancel others.
 */
struct snmp_answer {
	enum fw_err err;
	struct snmp_message *reply;
	struct mono sent, at;
	unsigned sendings;
};
typedef void snmp_done(void *owner, uint32_t tag, const struct snmp_answer *a);

struct snmp_count {	/* all since start */
	uint64_t sent, resent, received, answered;
	uint64_t early;			/* of 'resent': before the configured time-out, by the measured round trips */
	uint64_t refused;		/* ended with the agent's reason (SNMP_V3) */
	uint64_t timeout, late, foreign_source, foreign_community, unknown_id, malformed, send_failed, kernel_dropped;
	uint64_t varbinds;		/* received in answers */
};

enum { SNMP_OUTSTANDING_MAX = 1 << 16 };

/* Now. */
struct snmp_pace {
	uint32_t rate, lately, cuts;	/* requests a second that may leave (0: no bound), and did; how often it was halved */
	uint32_t buffer_octets;		/* the kernel's for answers not read yet, as it grants it */
};

struct event_base;
struct snmp_engine;

/* Opens one IPv4 and one IPv6 socket (either may be unavailable: said in 'err' only when both are), with
 * SO_TIMESTAMPNS, SO_RXQ_OVFL and the receive buffer as large as allowed, registered on 'base'. 'wheel' outlives it. */
struct snmp_engine *snmp_engine_new(struct event_base *base, struct wheel *wheel, struct err *err);
/* The same over sockets opened before, while the process may ask for a larger buffer: IPv4, IPv6; -1: not available. They are
 * the engine's now, also when it fails. */
struct snmp_engine *snmp_engine_over(struct event_base *base, struct wheel *wheel, const int fd[2], struct err *err);
enum { SNMP_BUFFER_OCTETS = 16 << 20 };
void snmp_sockets_new(int fd[2], uint32_t buffer_octets);
void snmp_sockets_drop(int fd[2]);
void snmp_engine_free(struct snmp_engine *e);		/* outstanding asks end without a callback */
/* Who wants to know that a well-formed datagram came which answers nothing that is out: its sender lives. It may ask. */
typedef void snmp_stray(void *owner, const struct sockaddr_storage *source);
void snmp_engine_stray(struct snmp_engine *e, snmp_stray *stray, void *owner);

/*
 * An agent of version 3 as one device sees it, for its peer: nothing of its engine is known yet. 'user' and 'context' are
 * borrowed, and may be replaced by equal ones of a new configuration. NULL, said in the log, when libcrypto cannot.
 * Freed (NULL is accepted) when no ask to it is out.
 */
struct usm_engine *snmp_agent_new(struct snmp_engine *e, const struct usm_user *user, const char *context);
void snmp_agent_same(struct usm_engine *a, const struct usm_user *user, const char *context);
void snmp_agent_free(struct snmp_engine *e, struct usm_engine *a);
struct usm_count snmp_count_v3(const struct snmp_engine *e);	/* usm.h; each refusal has its own */
/* The same of one agent since snmp_agent_new(), but answers taken and clocks set, which are usual; NULL: nothing. */
const struct usm_count *snmp_agent_count(const struct usm_engine *a);

/*
 * Send 'p' to 'peer' (with a request-id of its own at each sending; the packet must stay until done, may serve many asks
 * at a time, and is not changed: but of SNMP_V3 it is sealed in place, and serves one) and call 'done' once, never from within this call. An answer to an earlier sending is taken as well: the
 * request-ids of an ask differ in their low four bits. To an agent of version 3 discovery and time synchronisation go
 * before, and what it calls outside its time window goes once more: neither counts as a retry. After a refusal that
 * anyone may have sent the rest of the time-out is waited for a better answer, and nothing is sent again. One that encrypts, was
 * heard before and answers nothing now is asked who it is before it is given up, then something short: FW_DECRYPT when only
 * the first is answered. One that never answered in its context is asked that without a context: FW_CONTEXT when it answers. Returns the ask for snmp_cancel(), NULL when
 * SNMP_OUTSTANDING_MAX requests are out.
 * Sendings are queued and leave by sendmmsg when the loop comes round (snmp_flush(), also called by the engine itself).
 */
struct snmp_ask *snmp_ask(struct snmp_engine *e, const struct snmp_peer *peer, struct snmp_packet *p,
			  snmp_done *done, void *owner, uint32_t tag);
void snmp_cancel(struct snmp_engine *e, struct snmp_ask *a);	/* no callback */
void snmp_flush(struct snmp_engine *e);
unsigned snmp_outstanding(const struct snmp_engine *e);
struct snmp_count snmp_count(const struct snmp_engine *e);
struct snmp_pace snmp_pace(const struct snmp_engine *e);

/* ---- walks ------------------------------------------------------------------------------------------------------ */

/*
 * A walk of one subtree with GETBULK (v1: GETNEXT). 'row' gets each varbind inside 'root', in the agent's order (an exception
 * with a name that goes on inside 'root' is a row without a value, by its type; else it is the end); false
 * ends the walk early with FW_OK. 'done' is called once: FW_OK at the end of the subtree, FW_ORDER when names do not
 * increase (what came before counts), or what an ask ends with. On tooBig, a timeout or a malformed answer it goes on
 * with half the repetitions, down to GETNEXT, before it gives up; on another error at once with GETNEXT. While answers are
 * full it asks for more, as long as they fit a datagram of SNMP_REQUEST_MAX. At most 'most_rows' (FW_RANGE beyond).
 */
struct snmp_walk;
typedef bool snmp_walk_row(void *owner, const struct snmp_varbind *vb, struct mono at);
typedef void snmp_walk_done(void *owner, enum fw_err err);

struct snmp_walk_spec {
	const struct oid *root;
	unsigned max_repetitions;	/* 1..100 to begin with */
	unsigned most_repetitions;	/* it grows to at most; 0: it does not grow */
	unsigned most_rows;
	snmp_walk_row *row;
	snmp_walk_done *done;		/* the walk may be read still, and is gone when it returns */
	void *owner;
};
/* NULL when SNMP_OUTSTANDING_MAX requests are out, or 'root' has fewer than two arcs. 'spec' is copied. */
struct snmp_walk *snmp_walk_start(struct snmp_engine *e, const struct snmp_peer *peer,
				  const struct snmp_walk_spec *spec);
void snmp_walk_cancel(struct snmp_walk *w);	/* no callback */
struct snmp_walk_learned {
	unsigned repetitions;		/* 1: GETNEXT */
	bool shortened;			/* by trouble, not by the size of its answers */
	bool no_bulk;			/* GETBULK brings an error, GETNEXT does not */
	bool exception;			/* noSuchObject or noSuchInstance behind rows, or any exception in place of a row's value */
};
struct snmp_walk_learned snmp_walk_learned(const struct snmp_walk *w);	/* likewise */
unsigned snmp_walk_repetitions(const struct snmp_walk *w);	/* what it has learned, for 'done' */

#endif
