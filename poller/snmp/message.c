/* poller/snmp/message.c: v1 and v2c messages, decoded in place and encoded (RFC 1157, RFC 1901, RFC 3416).
 *
 *   SEQUENCE { version INTEGER, community OCTET STRING,
 *              [pdu] { request-id, error-status, error-index INTEGER,
 *                      SEQUENCE OF SEQUENCE { name OBJECT IDENTIFIER, value } } }
 *
 * Decoding is two passes of one function: snmp_message_dec() checks every varbind, snmp_varbind_next() reads them again
 * without the checks that need no repeating. Bounds are checked in both.
 */
#include "message-int.h"

#include "ber-int.h"
#include "snmp.h"

static const uint8_t zero_dot_zero[1] = { 0 };

/* ---- decoding ---- */

/* What may be the contents of each tag: from 'least' to 'most' octets of 'look'. */
enum look { UNKNOWN, OCTETS, NAME, SIGNED, UNSIGNED32, UNSIGNED64 };

static const struct kind { uint8_t look, least; uint16_t most; } kinds[UINT8_MAX + 1] = {
	[SNMP_INTEGER]      = { SIGNED, 1, 8 },
	[SNMP_COUNTER32]    = { UNSIGNED32, 1, 9 },
	[SNMP_GAUGE32]      = { UNSIGNED32, 1, 9 },
	[SNMP_TIMETICKS]    = { UNSIGNED32, 1, 9 },
	[SNMP_COUNTER64]    = { UNSIGNED64, 1, 9 },
	[SNMP_OCTET_STRING] = { OCTETS, 0, BER_LEN_MAX },
	[SNMP_OPAQUE]       = { OCTETS, 0, BER_LEN_MAX },
	[SNMP_OID]          = { NAME, 0, BER_LEN_MAX },
	[SNMP_IPADDRESS]    = { OCTETS, 4, 4 },
	[SNMP_NULL]         = { OCTETS, 0, 0 },
	[SNMP_NO_OBJECT]    = { OCTETS, 0, 0 },
	[SNMP_NO_INSTANCE]  = { OCTETS, 0, 0 },
	[SNMP_END_OF_MIB]   = { OCTETS, 0, 0 },
};

static inline bool number_dec(struct snmp_varbind *vb, const struct ber_tlv *t, enum look look)
{
	if (look != SIGNED && __builtin_expect(t->len > (look == UNSIGNED64 ? 8 : 4), 0))
		return ber_unsigned_at(t->bytes, t->len, look == UNSIGNED64 ? 64 : 32, &vb->number);
	vb->number = (uint64_t)ber_signed_at(t->bytes, t->len);
	if (look == UNSIGNED32)
		vb->number = (uint32_t)vb->number;
	return true;
}

/* An OID value of no octets is malformed, and sent by agents for 0.0 (ifSpecific): it is read as that. */
static bool oid_value_dec(struct snmp_varbind *vb, bool check)
{
	if (vb->bytes_len == 0) {
		vb->bytes = zero_dot_zero;
		vb->bytes_len = sizeof(zero_dot_zero);
		return true;
	}
	return !check || ber_oid_ok(vb->bytes, vb->bytes_len);
}

static inline __attribute__((always_inline)) bool value_dec(struct snmp_varbind *vb, const struct ber_tlv *t,
							    bool check)
{
	const struct kind k = kinds[t->tag];

	vb->type = t->tag;
	vb->bytes = t->bytes;
	vb->bytes_len = (uint16_t)t->len;
	vb->number = 0;
	if (k.look == UNKNOWN || t->len < k.least || t->len > k.most)
		return false;
	if (k.look >= SIGNED)
		return number_dec(vb, t, k.look);
	return k.look == OCTETS || oid_value_dec(vb, check);
}

/* A varbind, split; what is behind it is at 'next'. */
struct pair { struct ber_tlv name, value; const uint8_t *next; };

/* Any varbind: SEQUENCE { name, value }. */
static bool pair_split(const uint8_t *at, const uint8_t *end, struct pair *v)
{
	struct ber_tlv t;
	const uint8_t *p, *inner;

	v->next = at;
	if (!ber_tlv_next(&v->next, end, &t) || t.tag != BER_SEQUENCE)
		return false;
	p = t.bytes;
	inner = p + t.len;
	return ber_tlv_next(&p, inner, &v->name) && v->name.tag == SNMP_OID && v->name.len > 0 &&
	       ber_tlv_next(&p, inner, &v->value) && p == inner;
}

/* A varbind of short lengths, nearly all of them: its four first octets are looked at together. */
static inline bool pair_split_short(const uint8_t *p, const uint8_t *end, struct pair *pair)
{
	const uint8_t *v;
	uint32_t head;

	if (end - p < 7)
		return false;
	memcpy(&head, p, 4);
	if ((be32toh(head) & 0xff80ff80) != (BER_SEQUENCE << 24 | SNMP_OID << 8))
		return false;
	if (p[3] == 0 || p[1] < p[3] + 4 || end - p < p[1] + 2)
		return false;
	v = p + 4 + p[3];
	if (p[3] + 4 + v[1] != p[1])
		return false;
	pair->name = (struct ber_tlv){ p + 4, p[3], SNMP_OID };
	pair->value = (struct ber_tlv){ v + 2, v[1], v[0] };
	pair->next = p + p[1] + 2;
	return true;
}

/* What is behind it; NULL when it is malformed. 'any' is beside 'pair' so that no pointer keeps that one from registers. */
static inline __attribute__((always_inline)) const uint8_t *varbind_dec(const uint8_t *at, const uint8_t *end,
									struct snmp_varbind *vb, bool check)
{
	struct pair pair, any;

	if (__builtin_expect(!pair_split_short(at, end, &pair), 0)) {
		if (!pair_split(at, end, &any))
			return NULL;
		pair = any;
	}
	if (check && !ber_oid_plain(pair.name.bytes, pair.name.len) && !ber_oid_ok(pair.name.bytes, pair.name.len))
		return NULL;
	vb->name = pair.name.bytes;
	vb->name_len = (uint16_t)pair.name.len;
	return value_dec(vb, &pair.value, check) ? pair.next : NULL;
}

bool snmp_varbind_next(struct snmp_message *m, struct snmp_varbind *vb)
{
	struct rd *r = &m->varbinds;
	const uint8_t *next;

	if (r->failed || r->at == r->end)
		return false;
	next = varbind_dec(r->at, r->end, vb, false);
	if (next)
		r->at = next;
	else
		r->failed = true;
	return next != NULL;
}

static bool varbinds_check(struct snmp_message *m)
{
	const uint8_t *at = m->varbinds.at, *end = m->varbinds.end;
	struct snmp_varbind vb;
	uint16_t n = 0;

	for (; at && at != end; n++)
		at = varbind_dec(at, end, &vb, true);
	m->varbind_count = n;
	return at != NULL;
}

static bool pdu_tag_ok(uint8_t tag)
{
	return tag >= SNMP_GET && tag <= SNMP_REPORT && tag != SNMP_TRAP_V1;
}

static bool version_ok(int32_t version)
{
	return version == SNMP_V1 || version == SNMP_V2C;
}

bool snmp_pdu_dec(struct snmp_message *m, struct rd *r)
{
	struct rd pdu;

	m->pdu = rd_u8(r);
	pdu = rd_sub(r, ber_len(r));
	if (!rd_ok(&pdu) || rd_left(r) || !pdu_tag_ok(m->pdu))
		return false;
	m->request_id = ber_int32(&pdu);
	m->error_status = ber_int32(&pdu);
	m->error_index = ber_int32(&pdu);
	m->varbinds = ber_part(&pdu, BER_SEQUENCE);
	return rd_ok(&m->varbinds) && !rd_left(&pdu) && varbinds_check(m);
}

enum fw_err snmp_message_dec(struct snmp_message *m, const void *packet, size_t len_octets)
{
	struct rd all = rd_over(packet, len_octets), r, community;
	int32_t version;

	r = ber_part(&all, BER_SEQUENCE);
	version = ber_int32(&r);
	community = ber_part(&r, SNMP_OCTET_STRING);
	if (!rd_ok(&community) || rd_left(&all) || !version_ok(version) || rd_left(&community) > SNMP_COMMUNITY_MAX)
		return FW_MALFORM;
	m->version = (uint8_t)version;
	m->community = community.at;
	m->community_len = (uint16_t)rd_left(&community);
	return snmp_pdu_dec(m, &r) ? FW_OK : FW_MALFORM;
}

bool snmp_message_peek(const void *packet, size_t len_octets, int32_t *request_id)
{
	struct rd r = rd_over(packet, len_octets);

	if (rd_u8(&r) != BER_SEQUENCE)
		return false;
	(void)ber_len_unbounded(&r);
	(void)ber_part(&r, SNMP_INTEGER);
	(void)ber_part(&r, SNMP_OCTET_STRING);
	if (rd_u8(&r) != SNMP_RESPONSE)
		return false;
	(void)ber_len_unbounded(&r);
	*request_id = ber_int32(&r);
	return rd_ok(&r);
}

/* ---- encoding ---- */

static unsigned unsigned_size(uint64_t v)
{
	return v >> 63 ? 9 : ber_signed_size((int64_t)v);
}

static void unsigned_enc(struct wr *w, uint8_t tag, uint64_t v)
{
	ber_number_enc(w, tag, v, unsigned_size(v));
}

static void value_enc(struct wr *w, const struct snmp_varbind *vb)
{
	switch (vb->type) {
	case SNMP_INTEGER:
		ber_signed_enc(w, (int64_t)vb->number);
		return;
	case SNMP_COUNTER32:
	case SNMP_GAUGE32:
	case SNMP_TIMETICKS:
	case SNMP_COUNTER64:
		unsigned_enc(w, vb->type, vb->number);
		return;
	case SNMP_OCTET_STRING:
	case SNMP_OPAQUE:
	case SNMP_OID:
	case SNMP_IPADDRESS:
		ber_bytes_enc(w, vb->type, vb->bytes, vb->bytes_len);
		return;
	default:
		ber_bytes_enc(w, vb->type, NULL, 0);
	}
}

static size_t value_size(const struct snmp_varbind *vb)
{
	switch (vb->type) {
	case SNMP_INTEGER:
		return 2 + ber_signed_size((int64_t)vb->number);
	case SNMP_COUNTER32:
	case SNMP_GAUGE32:
	case SNMP_TIMETICKS:
	case SNMP_COUNTER64:
		return 2 + unsigned_size(vb->number);
	case SNMP_OCTET_STRING:
	case SNMP_OPAQUE:
	case SNMP_OID:
	case SNMP_IPADDRESS:
		return ber_tlv_size(vb->bytes_len);
	default:
		return 2;
	}
}

void snmp_varbind_enc(struct wr *w, const struct snmp_varbind *vb)
{
	wr_u8(w, BER_SEQUENCE);
	ber_len_enc(w, ber_tlv_size(vb->name_len) + value_size(vb));
	ber_bytes_enc(w, SNMP_OID, vb->name, vb->name_len);
	value_enc(w, vb);
}

static size_t pdu_contents(const struct snmp_message *m, size_t list_octets)
{
	return 6 + ber_signed_size(m->request_id) + ber_signed_size(m->error_status) + ber_signed_size(m->error_index) +
	       ber_tlv_size(list_octets);
}

size_t snmp_pdu_size(const struct snmp_message *m, size_t list_octets)
{
	return ber_tlv_size(pdu_contents(m, list_octets));
}

void snmp_pdu_enc(struct wr *w, const struct snmp_message *m, const uint8_t *varbinds, size_t len_octets)
{
	ber_head_enc(w, m->pdu, pdu_contents(m, len_octets));
	ber_signed_enc(w, m->request_id);
	ber_signed_enc(w, m->error_status);
	ber_signed_enc(w, m->error_index);
	ber_bytes_enc(w, BER_SEQUENCE, varbinds, len_octets);
}

void snmp_message_enc(struct wr *w, const struct snmp_message *m, const uint8_t *varbinds, size_t len_octets)
{
	ber_head_enc(w, BER_SEQUENCE, 3 + ber_tlv_size(m->community_len) + snmp_pdu_size(m, len_octets));
	ber_signed_enc(w, m->version);
	ber_bytes_enc(w, SNMP_OCTET_STRING, m->community, m->community_len);
	snmp_pdu_enc(w, m, varbinds, len_octets);
}

const char *snmp_error_text(int error_status)
{
	static const char *const text[] = {	/* RFC 3416 section 3 */
		"noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType",
		"wrongLength", "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable",
		"commitFailed", "undoFailed", "authorizationError", "notWritable", "inconsistentName"
	};
	unsigned n = (unsigned)error_status;

	return n < sizeof(text) / sizeof(text[0]) ? text[n] : "unknown error";
}
