/* poller/snmp/v3-message.c: messages of version 3, decoded in place and encoded (RFC 3412 section 6, RFC 3414 2.4).
 *
 *   SEQUENCE { version INTEGER 3,
 *              SEQUENCE { msgID, msgMaxSize INTEGER, msgFlags OCTET STRING (1), msgSecurityModel INTEGER },
 *              OCTET STRING { SEQUENCE { engineID, boots, time, userName, digest, salt } },
 *              ScopedPDU or OCTET STRING with it encrypted }
 *   ScopedPDU: SEQUENCE { contextEngineID, contextName OCTET STRING, PDU }
 */
#include <openssl/crypto.h>
#include <string.h>

#include "ber-int.h"
#include "message-int.h"
#include "poller/base/hash.h"
#include "usm-int.h"

enum {
	PADDING_MOST = 15,		/* a block: some pad what need not be padded */
	V3_MAX_SIZE_LEAST = 484		/* RFC 3412 section 6 */
};

/* ---- decoding ---- */

bool v3_looks(const void *packet, size_t len_octets)
{
	struct rd r = rd_over(packet, len_octets);

	if (rd_u8(&r) != BER_SEQUENCE)
		return false;
	(void)ber_len_unbounded(&r);
	return ber_int32(&r) == SNMP_V3 && rd_ok(&r);
}

/* Of a message that was cut: its lengths go beyond what came. 0 when not even that can be read. */
static int32_t msg_id_peek(const void *packet, size_t len_octets)
{
	struct rd r = rd_over(packet, len_octets);
	int32_t id = 0;

	if (!v3_looks(packet, len_octets))
		return 0;
	(void)rd_u8(&r);
	(void)ber_len_unbounded(&r);
	(void)ber_int32(&r);
	if (rd_u8(&r) == BER_SEQUENCE) {
		(void)ber_len_unbounded(&r);
		id = ber_int32(&r);
	}
	return rd_ok(&r) && id > 0 ? id : 0;
}

/* A number of 0..2^31-1. */
static uint32_t natural_dec(struct rd *r)
{
	int32_t v = ber_int32(r);

	if (v < 0)
		r->failed = true;
	return r->failed ? 0 : (uint32_t)v;
}

static const uint8_t *string_dec(struct rd *r, size_t most, uint8_t *len)
{
	struct rd part = ber_part(r, SNMP_OCTET_STRING);

	if (!rd_ok(&part) || rd_left(&part) > most) {
		r->failed = true;
		return NULL;
	}
	*len = (uint8_t)rd_left(&part);
	return part.at;
}

static bool global_dec(struct v3_message *m, struct rd *r)
{
	struct rd global = ber_part(r, BER_SEQUENCE), flags;
	uint32_t model;

	m->msg_id = (int32_t)natural_dec(&global);
	m->max_size = natural_dec(&global);
	if (m->max_size < V3_MAX_SIZE_LEAST)
		global.failed = true;
	flags = ber_part(&global, SNMP_OCTET_STRING);
	m->flags = rd_u8(&flags);
	model = natural_dec(&global);
	m->other_model = model != V3_MODEL_USM;
	return rd_ok(&global) && rd_ok(&flags) && !rd_left(&global) && !rd_left(&flags) && (m->flags & 3) != 2;
}

static bool security_dec(struct v3_message *m, struct rd *r)
{
	struct rd string = ber_part(r, SNMP_OCTET_STRING), s = ber_part(&string, BER_SEQUENCE);

	m->engine_id = string_dec(&s, USM_ENGINE_ID_MAX, &m->engine_id_len);
	m->boots = natural_dec(&s);
	m->time = natural_dec(&s);
	m->user = string_dec(&s, USM_NAME_MAX, &m->user_len);
	m->digest = string_dec(&s, UINT8_MAX, &m->digest_len);
	m->salt = string_dec(&s, UINT8_MAX, &m->salt_len);
	return rd_ok(&string) && rd_ok(&s) && !rd_left(&string) && !rd_left(&s);
}

static bool scoped_find(struct v3_message *m, struct rd *r)
{
	bool sealed = (m->flags & USM_AUTHPRIV) == USM_AUTHPRIV;
	const uint8_t *at = r->at;
	struct rd part = ber_part(r, sealed ? SNMP_OCTET_STRING : BER_SEQUENCE);

	if (!rd_ok(&part) || rd_left(r))
		return false;
	m->scoped = sealed ? part.at : at;
	m->scoped_len = (size_t)(part.end - m->scoped);
	return true;
}

enum fw_err v3_message_dec(struct v3_message *m, const void *packet, size_t len_octets)
{
	struct rd all = rd_over(packet, len_octets), r;

	*m = (struct v3_message){ .bytes = packet, .len_octets = len_octets };
	r = ber_part(&all, BER_SEQUENCE);
	if (ber_int32(&r) != SNMP_V3 || !global_dec(m, &r) || rd_left(&all)) {
		m->msg_id = m->msg_id ? m->msg_id : msg_id_peek(packet, len_octets);
		return FW_MALFORM;
	}
	if (m->other_model)
		return FW_OK;
	return security_dec(m, &r) && scoped_find(m, &r) ? FW_OK : FW_MALFORM;
}

static bool scoped_dec(struct snmp_message *pdu, struct usm_piece *context_engine_id, struct usm_piece scoped,
		       size_t padding_most)
{
	struct rd all = rd_over(scoped.p, scoped.len), r = ber_part(&all, BER_SEQUENCE), id, name;

	id = ber_part(&r, SNMP_OCTET_STRING);
	name = ber_part(&r, SNMP_OCTET_STRING);
	if (!rd_ok(&r) || !rd_ok(&id) || !rd_ok(&name) || rd_left(&all) > padding_most || rd_left(&name) > UINT8_MAX)
		return false;
	*context_engine_id = (struct usm_piece){ id.at, rd_left(&id) };
	pdu->version = SNMP_V3;
	pdu->community = name.at;
	pdu->community_len = (uint16_t)rd_left(&name);
	return snmp_pdu_dec(pdu, &r);
}

static struct usm_piece decrypt(struct usm *u, const struct usm_user *user, const struct usm_keys *keys,
				const struct v3_message *m)
{
	const struct usm_seal s = {
		.priv = user->priv, .key = keys->priv, .boots = m->boots, .time = m->time, .salt = m->salt
	};

	if (m->salt_len != USM_SALT)
		return (struct usm_piece){ NULL, 0 };
	return (struct usm_piece){ usm_decrypt(u, &s, m->scoped, m->scoped_len), m->scoped_len };
}

bool v3_opened_dec(struct usm *u, struct v3_opening *o)
{
	struct usm_piece scoped = { o->m->scoped, o->m->scoped_len };
	bool sealed = (o->m->flags & USM_AUTHPRIV) == USM_AUTHPRIV;

	if (sealed)
		scoped = decrypt(u, o->user, o->keys, o->m);
	return scoped.p && scoped_dec(o->pdu, &o->context_engine_id, scoped, sealed ? PADDING_MOST : 0);
}

bool v3_digest_ok(struct usm *u, enum usm_auth a, const uint8_t *key, const struct v3_message *m)
{
	const struct usm_piece message = { m->bytes, m->len_octets };
	uint8_t digest[USM_HASH_MAX];

	return usm_sign(u, a, key, message, (size_t)(m->digest - m->bytes), digest) &&
	       CRYPTO_memcmp(digest, m->digest, usm_digest_size(a)) == 0;
}

/* ---- reports ---- */

static const struct report_kind {
	uint8_t oid_len, oid[10];
} report_kinds[V3_REPORTS] = {
	[V3_REPORT_NONE]             = { 0, { 0 } },	/* no report */
	[V3_UNSUPPORTED_SEC_LEVELS]  = { 10, { 0x2b, 6, 1, 6, 3, 15, 1, 1, 1, 0 } },	/* usmStatsUnsupportedSecLevels */
	[V3_NOT_IN_TIME_WINDOWS]     = { 10, { 0x2b, 6, 1, 6, 3, 15, 1, 1, 2, 0 } },	/* usmStatsNotInTimeWindows */
	[V3_UNKNOWN_USER_NAMES]      = { 10, { 0x2b, 6, 1, 6, 3, 15, 1, 1, 3, 0 } },	/* usmStatsUnknownUserNames */
	[V3_UNKNOWN_ENGINE_IDS]      = { 10, { 0x2b, 6, 1, 6, 3, 15, 1, 1, 4, 0 } },	/* usmStatsUnknownEngineIDs */
	[V3_WRONG_DIGESTS]           = { 10, { 0x2b, 6, 1, 6, 3, 15, 1, 1, 5, 0 } },	/* usmStatsWrongDigests */
	[V3_DECRYPTION_ERRORS]       = { 10, { 0x2b, 6, 1, 6, 3, 15, 1, 1, 6, 0 } },	/* usmStatsDecryptionErrors */
	[V3_UNKNOWN_SECURITY_MODELS] = { 10, { 0x2b, 6, 1, 6, 3, 11, 2, 1, 1, 0 } },	/* snmpUnknownSecurityModels */
	[V3_INVALID_MSGS]            = { 10, { 0x2b, 6, 1, 6, 3, 11, 2, 1, 2, 0 } },	/* snmpInvalidMsgs */
	[V3_UNKNOWN_PDU_HANDLERS]    = { 10, { 0x2b, 6, 1, 6, 3, 11, 2, 1, 3, 0 } },	/* snmpUnknownPDUHandlers */
	[V3_UNAVAILABLE_CONTEXTS]    = { 9, { 0x2b, 6, 1, 6, 3, 12, 1, 4, 0 } },	/* snmpUnavailableContexts */
	[V3_UNKNOWN_CONTEXTS]        = { 9, { 0x2b, 6, 1, 6, 3, 12, 1, 5, 0 } },	/* snmpUnknownContexts */
};

struct usm_piece v3_report_oid(enum v3_report r)
{
	return (struct usm_piece){ report_kinds[r].oid, report_kinds[r].oid_len };
}

enum v3_report v3_report_of(const struct snmp_message *pdu)
{
	struct snmp_message copy = *pdu;
	struct snmp_varbind vb;

	if (!snmp_varbind_next(&copy, &vb))
		return V3_REPORT_NONE;
	for (unsigned r = V3_REPORT_NONE + 1; r < V3_REPORTS; r++)
		if (vb.name_len == report_kinds[r].oid_len && memcmp(vb.name, report_kinds[r].oid, vb.name_len) == 0)
			return r;
	return V3_REPORT_NONE;
}

/* ---- encoding ---- */

int32_t v3_request_id(int32_t msg_id)
{
	const uint32_t of[2] = { 0x76336964, (uint32_t)msg_id };

	return (int32_t)(0x00800000 + hash_keyed(of, sizeof(of)) % 0x7f800000);
}

struct sizes { size_t scoped, sealed, security, string, all; bool auth, priv; };

static struct sizes sizes_of(const struct v3_envelope *v, size_t pdu_octets)
{
	struct sizes s = { .auth = v->flags & USM_AUTHNOPRIV, .priv = (v->flags & USM_AUTHPRIV) == USM_AUTHPRIV };
	size_t id = ber_tlv_size(v->engine_id_len);

	s.scoped = id + ber_tlv_size(v->context_len) + pdu_octets;
	s.sealed = s.priv ? usm_sealed_size(v->priv, ber_tlv_size(s.scoped)) : 0;
	s.security = id + 4 + ber_signed_size(v->boots) + ber_signed_size(v->time) + ber_tlv_size(v->user_len) +
		     ber_tlv_size(s.auth ? usm_digest_size(v->auth) : 0) + ber_tlv_size(s.priv ? USM_SALT : 0);
	s.string = ber_tlv_size(s.security);
	s.all = 3 + 19 + ber_tlv_size(s.string) + (s.priv ? ber_tlv_size(s.sealed) : ber_tlv_size(s.scoped));
	return s;
}

size_t v3_head_size(const struct v3_envelope *v, size_t pdu_octets)
{
	struct sizes s = sizes_of(v, pdu_octets);
	size_t behind = s.priv ? s.sealed - ber_tlv_size(s.scoped) : 0;

	return ber_tlv_size(s.all) - behind - pdu_octets;
}

static void global_enc(struct wr *w, const struct v3_envelope *v, struct snmp_head *at)
{
	ber_head_enc(w, BER_SEQUENCE, 17);
	at->msg_id_at = (uint16_t)(w->len + 2);
	ber_number_enc(w, SNMP_INTEGER, (uint32_t)v->msg_id, 4);
	ber_signed_enc(w, SNMP_PACKET_MAX);
	ber_bytes_enc(w, SNMP_OCTET_STRING, &v->flags, 1);
	ber_signed_enc(w, V3_MODEL_USM);
}

static void security_enc(struct wr *w, const struct v3_envelope *v, const struct sizes *s, struct snmp_head *at)
{
	static const uint8_t zeroes[USM_DIGEST_MAX];

	ber_head_enc(w, SNMP_OCTET_STRING, s->string);
	ber_head_enc(w, BER_SEQUENCE, s->security);
	ber_bytes_enc(w, SNMP_OCTET_STRING, v->engine_id, v->engine_id_len);
	at->boots_at = (uint16_t)(w->len + 2);
	at->boots_len = (uint8_t)ber_signed_size(v->boots);
	ber_signed_enc(w, v->boots);
	at->time_at = (uint16_t)(w->len + 2);
	at->time_len = (uint8_t)ber_signed_size(v->time);
	ber_signed_enc(w, v->time);
	ber_bytes_enc(w, SNMP_OCTET_STRING, v->user, v->user_len);
	at->digest_at = (uint16_t)(w->len + 2);
	ber_bytes_enc(w, SNMP_OCTET_STRING, zeroes, s->auth ? usm_digest_size(v->auth) : 0);
	at->salt_at = (uint16_t)(w->len + 2);
	ber_bytes_enc(w, SNMP_OCTET_STRING, zeroes, s->priv ? USM_SALT : 0);
}

void v3_head_enc(struct wr *w, const struct v3_envelope *v, size_t pdu_octets, struct snmp_head *places)
{
	struct sizes s = sizes_of(v, pdu_octets);

	ber_head_enc(w, BER_SEQUENCE, s.all);
	ber_signed_enc(w, SNMP_V3);
	global_enc(w, v, places);
	security_enc(w, v, &s, places);
	if (s.priv)
		ber_head_enc(w, SNMP_OCTET_STRING, s.sealed);
	places->scoped_at = (uint16_t)w->len;
	ber_head_enc(w, BER_SEQUENCE, s.scoped);
	ber_bytes_enc(w, SNMP_OCTET_STRING, v->engine_id, v->engine_id_len);
	ber_bytes_enc(w, SNMP_OCTET_STRING, v->context, v->context_len);
}

static bool encrypt(struct usm *u, const struct v3_envelope *v, struct v3_laid *l)
{
	const struct snmp_head *at = l->places;
	size_t plain = l->len_octets - at->scoped_at;
	uint64_t salt = htobe64(u->salt++);
	const struct usm_seal s = {
		.priv = v->priv, .key = v->keys->priv, .boots = v->boots, .time = v->time, .salt = (uint8_t *)&salt
	};

	memcpy(l->bytes + at->salt_at, &salt, USM_SALT);
	memcpy(l->room, l->bytes, at->scoped_at);
	if (!usm_encrypt(u, &s, l->bytes + at->scoped_at, plain, l->room + at->scoped_at))
		return false;
	l->bytes = l->room;
	l->len_octets = at->scoped_at + usm_sealed_size(v->priv, plain);
	return true;
}

bool v3_finish(struct usm *u, const struct v3_envelope *v, struct v3_laid *l)
{
	uint8_t digest[USM_HASH_MAX];

	if ((v->flags & USM_AUTHPRIV) == USM_AUTHPRIV && !encrypt(u, v, l))
		return false;
	if (!(v->flags & USM_AUTHNOPRIV))
		return true;
	if (!usm_sign(u, v->auth, v->keys->auth, (struct usm_piece){ l->bytes, l->len_octets }, l->places->digest_at,
		      digest))
		return false;
	memcpy(l->bytes + l->places->digest_at, digest, usm_digest_size(v->auth));
	return true;
}

bool v3_message_enc(struct usm *u, struct wr *w, const struct v3_envelope *v, const struct snmp_message *pdu,
		    const struct wr *varbinds)
{
	struct wr laid = wr_over(u->laid, V3_SCOPED_MAX);
	struct snmp_head places = { 0 };
	struct v3_laid l;

	v3_head_enc(&laid, v, snmp_pdu_size(pdu, varbinds->len), &places);
	snmp_pdu_enc(&laid, pdu, varbinds->buf, varbinds->len);
	l = (struct v3_laid){ laid.buf, laid.len, &places, w->buf + w->len };
	if (!wr_ok(&laid) || laid.len + V3_PADDING > w->size - w->len || !v3_finish(u, v, &l))
		return false;
	if (l.bytes == laid.buf)
		memcpy(w->buf + w->len, laid.buf, laid.len);
	w->len += l.len_octets;
	return true;
}
