/* t/fuzz/fuzz-v3.c: any octets as messages of version 3: decoded, judged by one who asked and by an agent.
 *
 * An input is the user's kind and then messages, each behind four octets: seconds that pass, what is done to it, and two
 * of its length. What is done: SIGN makes its digest right, by the key of the user; SEAL encrypts its scoped PDU first.
 * The octets 12 34 56 78 become the request-id that belongs to its msgID. So what only the agent could have sent is
 * reached as well. Beyond not crashing: what was not signed is not taken for a user with a key and moves no clock.
 */
#define _GNU_SOURCE		/* memmem */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "poller/snmp/usm-int.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { SIGN = 1, SEAL = 2, KINDS = 4, MESSAGES_MOST = 16 };

static const uint8_t engine_id[8] = { 0x80, 0, 0x1f, 0x88, 4, 'f', 'w', 1 };
static const struct { enum usm_auth auth; enum usm_priv priv; } kinds[KINDS] = {
	{ USM_NOAUTH, USM_NOPRIV }, { USM_MD5, USM_NOPRIV }, { USM_SHA1, USM_DES }, { USM_SHA256, USM_AES128 }
};

static struct usm *u;
static struct usm_user users[KINDS];
static struct usm_keys keys[KINDS];

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static void set_up(void)
{
	u = usm_new(NULL);
	for (unsigned i = 0; i < KINDS; i++) {
		struct usm_secrets s = {
			.name = "noc", .auth = kinds[i].auth, .priv = kinds[i].priv, .auth_password = "maplesyrup",
			.priv_password = "a privacy password"
		};

		claim(usm_user_init(&users[i], &s, NULL) == FW_OK);
		claim(usm_localise(u, &keys[i], &users[i], engine_id, sizeof(engine_id)));
	}
}

static void seal(const struct usm_user *user, const struct usm_keys *k, const struct v3_message *m)
{
	const struct usm_seal s = { user->priv, k->priv, m->boots, m->time, m->salt };
	uint8_t *at = (uint8_t *)m->bytes + (m->scoped - m->bytes), *plain;

	if (!user->priv || (m->flags & USM_AUTHPRIV) != USM_AUTHPRIV || m->salt_len != USM_SALT || m->scoped_len == 0 ||
	    usm_sealed_size(user->priv, m->scoped_len) != m->scoped_len)
		return;
	plain = malloc(m->scoped_len + V3_PADDING);
	memcpy(plain, at, m->scoped_len);
	claim(usm_encrypt(u, &s, plain, m->scoped_len, at));
	free(plain);
}

/* Is the digest of 'm' right? With SIGN it is made so. */
static bool sign(const struct usm_user *user, const struct usm_keys *k, const struct v3_message *m, unsigned how)
{
	uint8_t digest[USM_HASH_MAX], *at = (uint8_t *)m->bytes + (m->digest - m->bytes);

	if (!user->auth || m->digest_len != usm_digest_size(user->auth))
		return false;
	claim(usm_sign(u, user->auth, k->auth, (struct usm_piece){ m->bytes, m->len_octets }, (size_t)(at - m->bytes),
		       digest));
	if (how & SIGN)
		memcpy(at, digest, m->digest_len);
	return memcmp(at, digest, m->digest_len) == 0;
}

static void read_all(struct snmp_message *pdu)
{
	struct snmp_varbind vb;
	unsigned n = 0;

	while (snmp_varbind_next(pdu, &vb))
		n++;
	claim(n == pdu->varbind_count && rd_ok(&pdu->varbinds));
}

static void as_agent(unsigned kind, const struct v3_message *m)
{
	struct v3_agent a = { .id_len = sizeof(engine_id), .boots = 7, .time = 1000 };
	struct v3_envelope v;
	uint8_t room[1024];
	struct wr w = wr_over(room, sizeof(room));
	struct snmp_message pdu;
	enum v3_report r;

	memcpy(a.id, engine_id, sizeof(engine_id));
	r = v3_request_open(u, &a, &users[kind], &keys[kind], m, &pdu);
	if (r == V3_REPORT_NONE) {
		read_all(&pdu);
	} else if (!m->other_model) {
		v = v3_answer_envelope(&a, &users[kind], &keys[kind], m, NULL);
		if ((m->flags & USM_AUTHPRIV) <= users[kind].level)
			claim(v3_report_enc(u, &w, &v, r, 1));
	}
}

static void give(struct usm_engine *e, unsigned kind, unsigned how, struct rd message, struct mono now)
{
	size_t len = rd_left(&message);
	uint8_t *own = malloc(len + !len), *id;
	struct usm_clock clock = e->clock;
	struct snmp_message pdu;
	struct v3_verdict v;
	struct v3_message m;
	bool good = false;
	uint32_t wanted;

	memcpy(own, message.at, len);
	(void)v3_looks(own, len);
	if (v3_message_dec(&m, own, len) == FW_OK && !m.other_model) {
		wanted = htobe32((uint32_t)v3_request_id(m.msg_id));
		id = memmem(own, len, "\x12\x34\x56\x78", 4);
		if (id && (id < m.digest || id >= m.salt + m.salt_len))
			memcpy(id, &wanted, 4);
		if (v3_message_dec(&m, own, len) == FW_OK && !m.other_model) {
			if (how & SEAL)
				seal(&users[kind], &keys[kind], &m);
			good = sign(&users[kind], &keys[kind], &m, how);
			as_agent(kind, &m);
		}
	}
	if (v3_message_dec(&m, own, len) == FW_OK) {
		v = v3_open(u, e, &m, now, &pdu);
		claim(good || kind == 0 || (v.does != V3_TAKE && !v.authentic));
		claim(good || memcmp(&clock, &e->clock, sizeof(clock)) == 0);
		if (v.does == V3_TAKE)
			read_all(&pdu);
	}
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct rd r = rd_over(octets, len);
	unsigned kind = rd_u8(&r);
	struct mono now = { 1000000000 };
	struct usm_engine e;

	if (!u)
		set_up();
	usm_engine_init(&e, &users[kind % KINDS], "");
	if (kind & 128)
		claim(usm_engine_know(u, &e, engine_id, sizeof(engine_id)));
	for (unsigned n = 0; n < MESSAGES_MOST && rd_left(&r) > 4; n++) {
		unsigned seconds = rd_u8(&r), how = rd_u8(&r), want = (unsigned)rd_u8(&r) << 8;

		want |= rd_u8(&r);
		now.us += (int64_t)seconds * 1000000;
		give(&e, kind % KINDS, how, rd_sub(&r, want < rd_left(&r) ? want : rd_left(&r)), now);
	}
	usm_engine_release(&e);
	return 0;
}
