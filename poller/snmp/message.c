/* poller/snmp/message.c: v1 and v2c messages, decoded in place and encoded (RFC 1157, RFC 1901, RFC 3416).
 *
 *   SEQUENCE { version INTEGER, community OCTET STRING,
 *              [pdu] { request-id, error-status, error-index INTEGER,
 *                      SEQUENCE OF SEQUENCE { name OBJECT IDENTIFIER, value } } }
 *
 * Decoding is two passes: snmp_message_dec() checks every varbind, snmp_varbind_next() reads them again; bounds are
 * checked in both. Each takes nearly all varbinds by one straight line of code, and the unusual ones by another.
 */
#include "message-int.h"

#include "ber-int.h"
#include "snmp.h"

static const uint8_t zero_dot_zero[1] = { 0 };

/* ---- decoding ---- */

static bool number_dec(struct snmp_varbind *vb, const struct ber_tlv *t)
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
static bool oid_value_dec(struct snmp_varbind *vb)
{
	if (vb->bytes_len == 0) {
		vb->bytes = zero_dot_zero;
		vb->bytes_len = sizeof(zero_dot_zero);
		return true;
	}
	return ber_oid_ok(vb->bytes, vb->bytes_len);
}

static bool value_dec(struct snmp_varbind *vb, const struct ber_tlv *t)
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
		return oid_value_dec(vb);
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

/* Any varbind: SEQUENCE { name, value }. What is behind it; NULL when it is malformed. */
static const uint8_t *varbind_any(const uint8_t *at, const uint8_t *end, struct snmp_varbind *vb)
{
	struct ber_tlv t, name, value;
	const uint8_t *p, *inner;

	if (!ber_tlv_next(&at, end, &t) || t.tag != BER_SEQUENCE)
		return NULL;
	p = t.bytes;
	inner = p + t.len;
	if (!ber_tlv_next(&p, inner, &name) || name.tag != SNMP_OID || !ber_oid_ok(name.bytes, name.len) ||
	    !ber_tlv_next(&p, inner, &value) || p != inner)
		return NULL;
	vb->name = name.bytes;
	vb->name_len = (uint16_t)name.len;
	return value_dec(vb, &value) ? at : NULL;
}

/* Values that need no second look: of 'least' octets to fewer than 'count' more, and what of them is the number. */
static const struct usual { uint8_t least, count; uint64_t number; } usuals[UINT8_MAX + 1] = {
	[SNMP_INTEGER]      = { 1, 8, UINT64_MAX },
	[SNMP_COUNTER32]    = { 1, 4, UINT32_MAX },
	[SNMP_GAUGE32]      = { 1, 4, UINT32_MAX },
	[SNMP_TIMETICKS]    = { 1, 4, UINT32_MAX },
	[SNMP_COUNTER64]    = { 1, 8, UINT64_MAX },
	[SNMP_OCTET_STRING] = { 0, 128, 0 },
	[SNMP_NULL]         = { 0, 1, 0 },
	[SNMP_NO_OBJECT]    = { 0, 1, 0 },
	[SNMP_NO_INSTANCE]  = { 0, 1, 0 },
	[SNMP_END_OF_MIB]   = { 0, 1, 0 },
};

/*
 * Nearly all of them: short lengths, a plain name, a usual value. NULL: look at it properly. Its first four octets are
 * looked at together. 'checked': it has been through before, and its name is well formed.
 */
static inline __attribute__((always_inline)) const uint8_t *varbind_usual(const uint8_t *p, const uint8_t *end,
									  struct snmp_varbind *vb, bool checked)
{
	const struct usual *usual;
	const uint8_t *v;
	uint32_t head, name, value;

	if (end - p < 8)
		return NULL;
	memcpy(&head, p, 4);
	name = p[3];
	if ((head & htobe32(0xff80ff80)) != htobe32(BER_SEQUENCE << 24 | SNMP_OID << 8) || p[1] < name + 4 ||
	    end - p - 2 < p[1])
		return NULL;
	v = p + 4 + name;
	value = v[1];
	usual = &usuals[v[0]];
	if (name + 4 + value != p[1] || (uint8_t)(value - usual->least) >= usual->count)
		return NULL;
	if (checked ? name < 2 : !ber_oid_plain(p + 4, name))
		return NULL;
	vb->name = p + 4;
	vb->bytes = v + 2;
	vb->number = (uint64_t)ber_signed_at(v + 2, value) & usual->number;
	vb->name_len = (uint16_t)name;
	vb->bytes_len = (uint16_t)value;
	vb->type = v[0];
	return p + 2 + p[1];		/* known before the value's length is read */
}

bool snmp_varbind_next(struct snmp_message *m, struct snmp_varbind *vb)
{
	struct rd *r = &m->varbinds;
	const uint8_t *next;

	if (r->failed || r->at == r->end)
		return false;
	next = varbind_usual(r->at, r->end, vb, true);
	if (!next)
		next = varbind_any(r->at, r->end, vb);
	if (next)
		r->at = next;
	else
		r->failed = true;
	return next != NULL;
}

static bool varbinds_check(struct snmp_message *m)
{
	const uint8_t *at = m->varbinds.at, *end = m->varbinds.end;
	struct snmp_varbind vb, unusual;
	uint16_t n = 0;

	for (; at && at != end; n++) {
		const uint8_t *next = varbind_usual(at, end, &vb, false);

		at = next ? next : varbind_any(at, end, &unusual);
	}
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
