/* poller/snmp/usm.h: SNMPv3: messages, keys, and whom to believe (the User-based Security Model).
 *
 * Bytes only: no socket, no timer, no clock of its own; what time it is comes with each call.
 *
 *   struct usm         a worker's: contexts of libcrypto (fetched once), counters, room to decrypt in
 *   struct usm_user    one block of credentials: name, protocols, keys made of the passwords. Made once (a
 *                      password is a hash over 1 MiB), read by all workers
 *   struct usm_engine  an agent's SNMP engine as seen from one address and context: engineID, keys localised to it,
 *                      boots and time. A device has its own, so that cloned agents with one engineID do not disturb
 *                      each other. Keys are octets here and contexts are the worker's: 400 octets a device
 *   struct snmp_packet with version SNMP_V3: the PDU encoded once, room for the head before it
 *
 * Asking. At each sending v3_seal() lays or patches the head (msgID, boots, time, salt), patches the request-id,
 * encrypts and signs. While the engine is not known it gives a discovery instead, so the caller need not know the
 * difference:
 *
 *   v3_seal() ──> agent ──> v3_message_dec(), find the ask by msg_id, compare the source, v3_open() ──> verdict
 *
 *   V3_TAKE     the answer to this request: 'pdu' is decoded and checked, as by snmp_message_dec()
 *   V3_AGAIN    the engine state has learned (engineID, boots, time): seal and send the same request again at once,
 *               with another msgID. Allow for USM_AGAINS_MOST of these in one ask; they do not count as retries
 *   V3_REFUSED  the agent says why it will not answer: 'err' has its word. When 'authentic' is false anyone may have
 *               said it: keep waiting, and end the ask with 'err' instead of FW_TIMEOUT when nothing better came
 *   V3_DROP     not to be believed, and counted: keep waiting as if it had not come ('err' as for V3_REFUSED)
 *
 * Whom to believe. The digest is compared, in constant time and at its exact length, before anything is decrypted. A
 * user with a key is answered at the user's own level or not at all; only a Report may come lower, and moves no clock
 * then.
 *  - msgID and request-id are unpredictable and independent, and both are under the digest: an authentic answer to them
 *    is fresh, also when the clocks say nothing yet. A replayed one would have to bear both numbers again.
 *  - The first engineID is taken from anyone (RFC 3414 section 4): it protects nothing. Boots and time that came with
 *    it are a guess: what we send bears them, and what comes back has to be authentic to make them the clock. Until then
 *    the engineID that was said first and the one said last are asked in turn, and what is authentic under the engineID
 *    that it names itself is believed: who only adds lies before the agent's words, or behind them, keeps nobody away.
 *  - When an agent whose engine was authentic once is said to have another engineID (replaced, reset), the new one is
 *    on trial: asked beside the old one, and takes its place with the first authentic message. At most one trial in a
 *    minute: a liar costs one request in that time.
 *  - The clock moves by authentic messages only, forward by RFC 3414 3.2 (7b). Agents that forget their boots are
 *    followed back: an authentic report or answer that lies behind becomes a guess (V3_AGAIN), and the clock when
 *    an authentic message with other numbers confirms it. An old report that was replayed is not confirmed.
 *  - Boots of 2147483647 are latched (RFC 3414 2.3): FW_WINDOW until the agent has others.
 *
 * Salts come from one 64-bit counter of the worker with a random start: none repeats under any key, over restarts and
 * between workers by the odds (2^-64 per pair of messages); for AES the IV holds boots and time as well.
 * Keys and passwords are wiped when done with (usm_user_wipe(), usm_engine_release(), usm_free()).
 *
 * Sources: RFC 3411, 3412 (messages), 3414 (USM, MD5, SHA-1, DES), 3826 (AES-128), 7860 (SHA-2),
 * draft-blumenthal-aes-usm-04 (AES-192/256), draft-reeder-snmpv3-usm-3desede-00 (the key extension that Cisco uses).
 * Thread: a struct usm and the engines it is used with belong to one worker; a struct usm_user is read by all.
 */
#ifndef FW_SNMP_USM_H
#define FW_SNMP_USM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/clock.h"
#include "poller/base/err.h"
#include "poller/base/reader.h"
#include "poller/base/writer.h"
#include "poller/snmp/snmp.h"

/* ---- protocols and keys ------------------------------------------------------------------------------------------ */

enum usm_auth { USM_NOAUTH, USM_MD5, USM_SHA1, USM_SHA224, USM_SHA256, USM_SHA384, USM_SHA512, USM_AUTHS };
enum usm_priv { USM_NOPRIV, USM_DES, USM_AES128, USM_AES192, USM_AES256, USM_AES192C, USM_AES256C, USM_PRIVS };
enum usm_level { USM_NOAUTHNOPRIV = 0, USM_AUTHNOPRIV = 1, USM_AUTHPRIV = 3 };	/* the low bits of msgFlags */

enum {
	USM_NAME_MAX = 32, USM_ENGINE_ID_MAX = 32, USM_CONTEXT_MAX = 32,
	USM_PASSWORD_LEAST = 8,			/* RFC 3414 11.2 */
	USM_HASH_MAX = 64, USM_DIGEST_MAX = 48, USM_CIPHER_KEY_MAX = 32, USM_SALT = 8,
	USM_BOOTS_LATCHED = 2147483647,
	USM_AGAINS_MOST = 4			/* discovery, boots and time, a step back and its confirmation */
};

/* "MD5" "SHA" "SHA-224" ...; "DES" "AES" "AES-192" "AES-256" "AES-192-C" "AES-256-C" (-C as Cisco extends keys). Words
 * are taken in any case, with or without '-', "SHA-1" and "AES-128" as well. false: not one of them. */
bool usm_auth_parse(enum usm_auth *a, const char *word);
bool usm_priv_parse(enum usm_priv *p, const char *word);
const char *usm_auth_word(enum usm_auth a);		/* as in the list above; USM_NOAUTH and others: "none" */
const char *usm_priv_word(enum usm_priv p);
const char *usm_level_word(enum usm_auth a, enum usm_priv p);	/* "authPriv": what a user with these is */
unsigned usm_digest_size(enum usm_auth a);		/* octets in a message: 12, 12, 16, 24, 32, 48; 0 for none */

/* What a person configured. */
struct usm_secrets {
	const char *name;
	enum usm_auth auth;
	enum usm_priv priv;
	const char *auth_password, *priv_password;	/* 0-terminated; not read for USM_NOAUTH, USM_NOPRIV */
};

struct usm_user {
	char name[USM_NAME_MAX + 1];
	uint8_t name_len, auth, priv, level;	/* enum usm_auth, usm_priv, usm_level */
	uint8_t auth_ku[USM_HASH_MAX], priv_ku[USM_HASH_MAX];	/* RFC 3414 A.2: not localised yet */
};

/*
 * Make the keys: milliseconds per password. FW_MISTAKE: no name or more than USM_NAME_MAX octets, a password shorter
 * than USM_PASSWORD_LEAST, privacy without authentication; FW_NOTFOUND: libcrypto here has no such algorithm (MD5 or
 * DES under a policy). Passwords are not kept, and not in 'err'. Any thread.
 */
enum fw_err usm_user_init(struct usm_user *u, const struct usm_secrets *s, struct err *err);
void usm_user_wipe(struct usm_user *u);

/* Keys of one user at one engine. 'priv' is extended already where the cipher wants more than the hash gives. */
struct usm_keys {
	uint8_t auth[USM_HASH_MAX];
	uint8_t priv[USM_CIPHER_KEY_MAX];	/* DES: 8 of key, 8 of pre-IV */
};

/* ---- a worker's --------------------------------------------------------------------------------------------------- */

/* One list: what is counted, its word, and the text for people. Each refusal has its own. */
#define USM_COUNTS(X)									\
	X(answered,     "answered",             "answers taken")				\
	X(discovered,   "discovered",           "engines discovered")				\
	X(synchronised, "synchronised",         "clocks set for the first time")		\
	X(resynchronised, "resynchronised",     "clocks set again by notInTimeWindow")		\
	X(followed_back, "followed-back",       "agents followed that forgot their boots")	\
	X(replaced,     "replaced",             "agents with a new engineID")			\
	X(malformed,    "malformed",            "not a message of version 3")			\
	X(model,        "security-model",       "another security model")			\
	X(engine,       "foreign-engine",       "another engineID than asked")			\
	X(user,         "foreign-user",         "another user than asked")			\
	X(level,        "lower-level",          "at another security level than asked")		\
	X(digest_size,  "digest-size",          "digest of a wrong length")			\
	X(digest,       "wrong-digest",         "wrong digest")					\
	X(window,       "not-in-time-window",   "outside the time window")			\
	X(latched,      "latched",              "boots of 2147483647")				\
	X(decryption,   "decryption",           "cannot be decrypted")				\
	X(pdu,          "malformed-pdu",        "decrypted or authentic, but no PDU")		\
	X(request_id,   "foreign-request-id",   "another request-id than asked")		\
	X(context,      "foreign-context",      "another context than asked")			\
	X(kind,         "not-an-answer",        "neither Response nor Report")			\
	X(report_low,   "unauthentic-report",   "reports that moved nothing: not authentic")	\
	X(report_odd,   "odd-report",           "reports that say nothing known")		\
	X(trial_held,   "trial-held",           "another engineID said too soon after the last")	\
	X(downgraded,   "downgraded",           "answers of version 1 or 2c, not taken")	\
	X(mute,         "mute",                 "asked in vain, though the agent said who it is")

struct usm_count {
#define USM_COUNT_FIELD(name, word, text) uint64_t name;
	USM_COUNTS(USM_COUNT_FIELD)
#undef USM_COUNT_FIELD
};

struct usm;

/* FW_NOTFOUND with a line in 'err' only when libcrypto lacks what every user needs (SHA-2, AES): NULL then. */
struct usm *usm_new(struct err *err);
void usm_free(struct usm *u);
struct usm_count usm_count(const struct usm *u);
/* After a batch of messages: no key stays in contexts of libcrypto, which lie on the heap. Nothing when none was used. */
void usm_rest(struct usm *u);

/* Localise (RFC 3414 2.6) and extend; false when libcrypto lacks the algorithm. */
bool usm_localise(struct usm *u, struct usm_keys *k, const struct usm_user *user, const uint8_t *id, size_t id_len);

/* ---- an agent's engine, as we see it ------------------------------------------------------------------------------ */

struct usm_clock {
	uint32_t boots, time;		/* 'time' as of 'at' */
	uint32_t latest;		/* latestReceivedEngineTime */
	bool set;
	struct mono at;
};

uint32_t usm_time(const struct usm_clock *c, struct mono now);	/* its engineTime as it should be now */

struct usm_identity {
	uint8_t id[USM_ENGINE_ID_MAX], id_len;	/* 0: not known */
	struct usm_keys keys;
	struct usm_clock guess;		/* what is sent instead of the clock until one is confirmed */
	int32_t guess_msg_id;		/* what said so; the confirmation has to be another */
};

struct usm_engine {
	const struct usm_user *user;
	const char *context;		/* contextName; "" mostly */
	uint8_t context_len;
	struct usm_identity self;
	struct usm_identity trial;	/* another engineID that was said, unauthentically; mostly of no octets */
	struct usm_clock clock;		/* of 'self', by authentic messages only */
	struct mono trial_at;		/* the last trial began */
	uint32_t generation;		/* of what heads are laid with, one number for each in the worker; 0: none yet */
	uint8_t trial_left;		/* further sendings of the trial */
	bool answered;			/* a request was, in this context */
};

/* Both are borrowed: they outlive the engine. 'context' is at most USM_CONTEXT_MAX octets; NULL is "". */
void usm_engine_init(struct usm_engine *e, const struct usm_user *user, const char *context);
void usm_engine_release(struct usm_engine *e);		/* wipes */
/* An engineID that is known from elsewhere spares a discovery; it is believed as one that was discovered. Agents have some
 * that RFC 3411 does not allow (of fewer than 5 octets, all 0): it is a salt of keys only, so any is taken. false: none,
 * more than 32 octets, or libcrypto lacks the algorithm. */
bool usm_engine_know(struct usm *u, struct usm_engine *e, const uint8_t *id, size_t id_len);
/* The credentials were changed: keys are localised anew, clock and engineID stay. */
bool usm_engine_user(struct usm *u, struct usm_engine *e, const struct usm_user *user);
/* May requests be sent freely (true), or only one at a time until it is answered: nothing is known yet? */
bool usm_engine_ready(const struct usm_engine *e);

/* ---- messages ----------------------------------------------------------------------------------------------------- */

enum { V3_MODEL_USM = 3, V3_REPORTABLE = 4 };

/*
 * A packet of version 3: snmp_packet_new() with version SNMP_V3 ('community' is not read) leaves V3_HEAD_MOST octets
 * for the head, also within 'size_most'; +8 of padding when encrypted by DES is among them.
 */
enum { V3_HEAD_MOST = 264 };

/* What is to leave: the request; or what tells an agent that is silent from one that cannot read us: who are you, asked of
 * nobody by name, and the shortest request that there is, as the user, in its context or in the one without a name. */
enum v3_what { V3_REQUEST, V3_WHO, V3_SHORT, V3_SHORT_NO_CONTEXT };

struct v3_sending {
	struct snmp_packet *packet;	/* patched; stays the caller's */
	enum v3_what what;
	int32_t msg_id;			/* 0x00800000..0x7fffffff: four octets always; a new one for each sending */
	struct mono now;
	uint8_t *room;			/* packet->len_octets of them, kept until it has left: for what is encrypted */
	const uint8_t *bytes;		/* out: in 'room' or in 'packet' */
	size_t len_octets;		/* out */
};

/* What is to leave now; a discovery in any case while the engine is not known. FW_OK, or FW_TOOBIG: the head does
 * not fit (cannot be when the packet is of snmp_packet_new()), FW_NOTFOUND: libcrypto lacks the algorithm. */
enum fw_err v3_seal(struct usm *u, struct usm_engine *e, struct v3_sending *s);

/* A message as it came, decoded in place. Nothing in it is believed yet. */
struct v3_message {
	const uint8_t *bytes;		/* all of it */
	size_t len_octets;
	int32_t msg_id;			/* 0 when it did not come so far */
	uint32_t max_size, boots, time;
	uint8_t flags, engine_id_len, user_len;
	uint8_t digest_len, salt_len;
	bool other_model;		/* security model is not USM: nothing behind 'flags' is decoded */
	const uint8_t *engine_id, *user, *digest, *salt;
	const uint8_t *scoped;		/* ScopedPDU with its tag; or contents of the OCTET STRING when encrypted */
	size_t scoped_len;
};

/* Is it of version 3? A look at the first octets, before one of the two decoders is chosen. */
bool v3_looks(const void *packet, size_t len_octets);

/* FW_MALFORM: not a message, trailing octets, a length beyond its enclosing one, a number out of range, a name too
 * long, flags that make no level (privacy without authentication). 'm->msg_id' is set when it could be read. */
enum fw_err v3_message_dec(struct v3_message *m, const void *packet, size_t len_octets);

enum v3_does { V3_DROP, V3_TAKE, V3_AGAIN, V3_REFUSED };
struct v3_verdict {
	enum v3_does does;
	enum fw_err err;		/* FW_OK with V3_TAKE and V3_AGAIN */
	bool authentic;			/* of a Report: who knows our key said it */
};

/*
 * Judge an answer to the request that left with m->msg_id (the caller has found it by that, and compared the source).
 * 'pdu' is set with V3_TAKE: its varbinds lie in the message or in room of 'u' until the next v3_open(); 'community' is
 * the contextName, 'version' SNMP_V3.
 * Words of 'err': FW_USER, FW_KEY, FW_LEVEL, FW_WINDOW, FW_DECRYPT, FW_ENGINE, FW_CONTEXT, FW_MALFORM, FW_FOREIGN,
 * FW_AGENT.
 */
struct v3_verdict v3_open(struct usm *u, struct usm_engine *e, const struct v3_message *m, struct mono now,
			  struct snmp_message *pdu);

/* ---- the other side: simulated agents, tests --------------------------------------------------------------------- */

/* What a Report is about; its OID is the counter's. RFC 3414 section 5, RFC 3412 section 5, RFC 3413 4.1.2. */
enum v3_report {
	V3_REPORT_NONE,
	V3_UNSUPPORTED_SEC_LEVELS, V3_NOT_IN_TIME_WINDOWS, V3_UNKNOWN_USER_NAMES, V3_UNKNOWN_ENGINE_IDS,
	V3_WRONG_DIGESTS, V3_DECRYPTION_ERRORS,
	V3_UNKNOWN_SECURITY_MODELS, V3_INVALID_MSGS, V3_UNKNOWN_PDU_HANDLERS,
	V3_UNAVAILABLE_CONTEXTS, V3_UNKNOWN_CONTEXTS,
	V3_REPORTS
};

/* Everything in a message but its PDU. Whoever forges one sets it as he likes. */
struct v3_envelope {
	int32_t msg_id;
	uint8_t flags;			/* enum usm_level, V3_REPORTABLE */
	const uint8_t *engine_id;
	uint8_t engine_id_len;
	uint32_t boots, time;
	const void *user, *context;	/* contextEngineID is engine_id */
	uint8_t user_len, context_len;
	uint8_t auth, priv;		/* sign and encrypt with these, when 'flags' say so */
	const struct usm_keys *keys;
};

/* A whole message around 'pdu' with varbinds already encoded (contents of the VarBindList). false: no room in 'w', or
 * libcrypto lacks the algorithm. */
bool v3_message_enc(struct usm *u, struct wr *w, const struct v3_envelope *v, const struct snmp_message *pdu,
		    const struct wr *varbinds);

/* An agent's own engine. */
struct v3_agent {
	uint8_t id[USM_ENGINE_ID_MAX], id_len;
	uint32_t boots, time;
};

/*
 * A request as an agent takes it, RFC 3414 3.2: 'user' and its 'keys' (localised to 'a') are what the caller found for
 * m->user, NULL when there is none. V3_REPORT_NONE: 'pdu' is decoded; else what to report with v3_report_enc().
 */
enum v3_report v3_request_open(struct usm *u, const struct v3_agent *a, const struct usm_user *user,
			       const struct usm_keys *keys, const struct v3_message *m, struct snmp_message *pdu);
/* An envelope for the answer to 'm': at its level, in the context of 'pdu' (NULL: none), from 'a'. 'user' and 'keys' may
 * be NULL for a Report that is not authentic. */
struct v3_envelope v3_answer_envelope(const struct v3_agent *a, const struct usm_user *user,
				      const struct usm_keys *keys, const struct v3_message *m,
				      const struct snmp_message *pdu);
/* The Report, at the level that RFC 3414 gives it (notInTimeWindows authentic, others not); 'count' is its value. */
bool v3_report_enc(struct usm *u, struct wr *w, const struct v3_envelope *answer, enum v3_report r, uint32_t count);

#endif
