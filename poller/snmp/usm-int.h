/* poller/snmp/usm-int.h: what the files of version 3 share: contexts, ciphers, clocks. Private to poller/snmp.
 *
 * Measured (OpenSSL 3.0, a message of 1,400 octets, SHA-256 and AES-128): fetching an algorithm costs more than the
 * packet, so it is done once. A kept HMAC context per key would save 250 ns of 1,800, a kept key schedule 80 ns of
 * 1,500: not worth half a kilobyte a device, so one context for each algorithm is kept, and keys are octets.
 */
#ifndef FW_SNMP_USM_INT_H
#define FW_SNMP_USM_INT_H

#include <openssl/evp.h>

#include "usm.h"

enum { V3_PADDING = 8, V3_SCOPED_MAX = 65536, USM_BLOCK_MAX = 128, USM_HEAD_MAX = 256, USM_WINDOW_S = 150,
       USM_TRIALS = 2 };

struct usm {
	struct usm_count count;
	uint64_t salt;			/* counts up from a random start */
	uint32_t generations;		/* see usm_engine.generation */
	uint32_t sealed, opened;	/* with which ciphers since usm_rest(): a bit for each enum usm_priv */
	bool hashed;
	EVP_MD *md[USM_AUTHS];		/* NULL: libcrypto has none */
	EVP_MD_CTX *md_ctx;
	EVP_CIPHER_CTX *seal[USM_PRIVS], *open[USM_PRIVS];
	uint8_t *plain;			/* V3_SCOPED_MAX octets: the last message decrypted */
	uint8_t *stream, *laid;		/* as much and a block; a message of v3_message_enc() before it is encrypted */
};

/* ---- usm-crypto.c ---- */

struct usm_piece { const void *p; size_t len; };

/* Algorithms, as libcrypto calls them. */
const char *usm_md_name(enum usm_auth a);
unsigned usm_hash_size(enum usm_auth a);	/* octets of the whole hash, and of the localised key */
unsigned usm_cipher_key(enum usm_priv p);	/* octets of key; with DES, of key and pre-IV */

bool usm_hash(struct usm *u, enum usm_auth a, const struct usm_piece *piece, unsigned count, uint8_t *hash);

/* The digest of 'message' with the digest's own place taken as zeroes: usm_digest_size() octets to 'digest'. */
bool usm_sign(struct usm *u, enum usm_auth a, const uint8_t *key, struct usm_piece message, size_t digest_at,
	      uint8_t digest[USM_HASH_MAX]);

/* What a cipher wants besides the octets. */
struct usm_seal {
	enum usm_priv priv;
	const uint8_t *key;
	uint32_t boots, time;
	const uint8_t *salt;		/* USM_SALT octets */
};
size_t usm_sealed_size(enum usm_priv p, size_t len_octets);
/* 'in' has room for padding behind it, which is written; 'out' takes usm_sealed_size(). */
bool usm_encrypt(struct usm *u, const struct usm_seal *s, uint8_t *in, size_t len_octets, uint8_t *out);
/* To u->plain; NULL when it cannot be. */
const uint8_t *usm_decrypt(struct usm *u, const struct usm_seal *s, const uint8_t *in, size_t len_octets);

/* ---- usm-key.c ---- */

/* Only the key to sign with, USM_HASH_MAX octets. */
bool usm_localise_auth(struct usm *u, uint8_t *key, const struct usm_user *user, const uint8_t *id, size_t id_len);

/* ---- usm-engine.c ---- */

enum usm_seen { USM_WITHIN, USM_BEHIND, USM_LATCHED };

/* RFC 3414 3.2 (7b) of an authentic message: move the clock, then judge. */
enum usm_seen usm_clock_see(struct usm_clock *c, uint32_t boots, uint32_t time, struct mono now);
/* Near enough to what is guessed? */
bool usm_clock_near(const struct usm_clock *c, uint32_t boots, uint32_t time, struct mono now);

/* Whose engineID is it: this one's, the one's on trial, or NULL. */
struct usm_identity *usm_engine_identity(struct usm_engine *e, const uint8_t *id, size_t id_len);
/* What requests are sealed for now; a trial that had its sendings ends. */
struct usm_identity *usm_engine_asked(struct usm_engine *e);
/* Someone says that the engineID is this: V3_AGAIN when that is news to be tried. */
struct v3_verdict usm_engine_said(struct usm *u, struct usm_engine *e, const struct v3_message *m, struct mono now);
/* While nothing is proven, an answer to what was sealed for one engineID among many that were said: is it authentic under the
 * one that it names itself? That identity, or NULL. User, level and size of the digest have been compared. */
struct usm_identity *usm_engine_proves(struct usm *u, struct usm_engine *e, const struct v3_message *m);
/* An authentic message of 'who' came: a trial is won, clocks move. */
enum usm_seen usm_engine_heard(struct usm *u, struct usm_engine *e, struct usm_identity *who,
			       const struct v3_message *m, struct mono now);

/* ---- v3-message.c ---- */

/* The request-id that goes with a msgID: unpredictable without knowing this process. */
int32_t v3_request_id(int32_t msg_id);

/* Head of a message around a PDU: its octets, and the head itself, up to where the PDU begins. */
size_t v3_head_size(const struct v3_envelope *v, size_t pdu_octets);
void v3_head_enc(struct wr *w, const struct v3_envelope *v, size_t pdu_octets, struct snmp_head *places);
/* A head and its PDU, plain: 'places' count from 'bytes'. What is encrypted goes to 'room', else it stays where it is. */
struct v3_laid {
	uint8_t *bytes;			/* V3_PADDING octets more than 'len_octets' are there */
	size_t len_octets;
	const struct snmp_head *places;
	uint8_t *room;
};
/* Encrypt and sign: 'l' then says where it is and how long. */
bool v3_finish(struct usm *u, const struct v3_envelope *v, struct v3_laid *l);

/* A message on its way in; 'user' and 'keys' of who is thought to have sent it. */
struct v3_opening {
	const struct v3_message *m;
	const struct usm_user *user;
	const struct usm_keys *keys;
	struct mono now;
	struct snmp_message *pdu;
	struct usm_piece context_engine_id;
};
/* Its PDU, decrypted first when it is encrypted; contextName is its 'community'. false: neither. */
bool v3_opened_dec(struct usm *u, struct v3_opening *o);
/* Which Report is it? V3_REPORT_NONE when none of ours. */
enum v3_report v3_report_of(const struct snmp_message *pdu);
struct usm_piece v3_report_oid(enum v3_report r);
/* In constant time; its size has been compared. */
bool v3_digest_ok(struct usm *u, enum usm_auth a, const uint8_t *key, const struct v3_message *m);

#endif
