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

static inline bool number_dec(struct snmp_varbind *vb, const struct ber_tlv *t)
{
	int64_t v = 0;

	if (t->tag != SNMP_INTEGER)
		return ber_unsigned_at(t->bytes, t->len, t->tag == SNMP_COUNTER64 ? 64 : 32, &vb->number);
	if (!ber_integer_at(t->bytes, t->len, &v))
		return false;
	vb->number = (uint64_t)v;
	return true;
}

/* An OID value of no octets is malformed, and sent by agents for 0.0 (ifSpecific): it is read as that. */
static inline bool oid_value_dec(struct snmp_varbind *vb, bool check)
{
	if (vb->bytes_len == 0) {
		vb->bytes = zero_dot_zero;
		vb->bytes_len = sizeof(zero_dot_zero);
		return true;
	}
	return !check || ber_oid_ok(vb->bytes, vb->bytes_len);
}

static inline bool value_dec(struct snmp_varbind *vb, const struct ber_tlv *t, bool check)
{
	vb->type = t->tag;
	vb->bytes = t->bytes;
	vb->bytes_len = (uint16_t)t->len;
	vb->number = 0;
	switch (t->tag) {
	case SNMP_INTEGER:
	case SNMP_COUNTER32:
	case SNMP_GAUGE32:
	case SNMP_TIMETICKS:
	case SNMP_COUNTER64:
		return number_dec(vb, t);
	case SNMP_OCTET_STRING:
	case SNMP_OPAQUE:
		return true;
	case SNMP_OID:
		return oid_value_dec(vb, check);
	case SNMP_IPADDRESS:
		return t->len == 4;
	case SNMP_NULL:
	case SNMP_NO_OBJECT:
	case SNMP_NO_INSTANCE:
	case SNMP_END_OF_MIB:
		return t->len == 0;
	default:
		return false;
	}
}

/* Any varbind: SEQUENCE { name, value }. */
static bool varbind_split(const uint8_t **at, const uint8_t *end, struct ber_tlv *name, struct ber_tlv *value)
{
	struct ber_tlv t;
	const uint8_t *p, *inner;

	if (!ber_tlv_next(at, end, &t) || t.tag != BER_SEQUENCE)
		return false;
	p = t.bytes;
	inner = p + t.len;
	return ber_tlv_next(&p, inner, name) && name->tag == SNMP_OID && ber_tlv_next(&p, inner, value) && p == inner;
}

/* A varbind of short lengths, nearly all of them: its four first octets are looked at together. */
static inline bool varbind_split_short(const uint8_t **at, const uint8_t *end, struct ber_tlv *name,
				       struct ber_tlv *value)
{
	const uint8_t *p = *at, *v;
	uint32_t head;

	if (end - p < 7)
		return false;
	memcpy(&head, p, 4);
	if ((be32toh(head) & 0xff80ff80) != (BER_SEQUENCE << 24 | SNMP_OID << 8))
		return false;
	if (p[1] < p[3] + 4 || end - p < p[1] + 2)
		return false;
	v = p + 4 + p[3];
	if (p[3] + 4 + v[1] != p[1])
		return false;
	*name = (struct ber_tlv){ p + 4, p[3], SNMP_OID };
	*value = (struct ber_tlv){ v + 2, v[1], v[0] };
	*at = v + 2 + v[1];
	return true;
}

static inline __attribute__((always_inline)) bool varbind_dec(const uint8_t **at, const uint8_t *end,
							      struct snmp_varbind *vb, bool check)
{
	struct ber_tlv name, value;

	if (!varbind_split_short(at, end, &name, &value) && !varbind_split(at, end, &name, &value))
		return false;
	if (name.len == 0 || (check && !ber_oid_ok(name.bytes, name.len)))
		return false;
	vb->name = name.bytes;
	vb->name_len = (uint16_t)name.len;
	return value_dec(vb, &value, check);
}

bool snmp_varbind_next(struct snmp_message *m, struct snmp_varbind *vb)
{
	struct rd *r = &m->varbinds;

	if (r->failed || r->at == r->end)
		return false;
	r->failed = !varbind_dec(&r->at, r->end, vb, false);
	return !r->failed;
}

static bool varbinds_check(struct snmp_message *m)
{
	const uint8_t *at = m->varbinds.at;
	struct snmp_varbind vb;

	m->varbind_count = 0;
	while (at != m->varbinds.end) {
		if (!varbind_dec(&at, m->varbinds.end, &vb, true))
			return false;
		m->varbind_count++;
	}
	return true;
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
