/* t/unit/t1030-netsnmp.c: net-snmp's library as the oracle: random messages, encoded by one and decoded by the other.
 *
 * The generator has a fixed seed; a failure names the number of the message.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdlib.h>

#include "poller/snmp/snmp.h"
#include "tap.h"

enum { MESSAGES = 20000, VARBINDS_MAX = 40, PACKET = 32768 };

static uint64_t seed = 20261121;

static uint32_t dice(uint32_t sides)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % sides;
}

/* Numbers near the edges of their encodings more often than not. */
static uint64_t number(void)
{
	uint64_t v = (uint64_t)dice(1u << 30) << 40 ^ (uint64_t)dice(1u << 30) << 15 ^ dice(1u << 15);

	v >>= dice(64);
	return dice(2) ? v : (UINT64_C(1) << dice(64)) - 1 + dice(3);
}

struct thing {
	oid name[MAX_OID_LEN], value_oid[MAX_OID_LEN];
	size_t name_len, value_oid_len;
	uint8_t type, bytes[200];
	size_t bytes_len;
	uint64_t number;
};

static struct thing things[VARBINDS_MAX];
static unsigned thing_count;

static size_t random_oid(oid *o)
{
	size_t len = 2 + dice(dice(20) ? 20 : 126);

	o[0] = 1;
	o[1] = dice(40);
	for (size_t i = 2; i < len; i++)
		o[i] = dice(3) ? dice(130) : (oid)(uint32_t)number();
	return len;
}

static void random_things(bool values)
{
	static const uint8_t types[] = {
		SNMP_INTEGER, SNMP_OCTET_STRING, SNMP_NULL, SNMP_OID, SNMP_IPADDRESS, SNMP_COUNTER32, SNMP_GAUGE32,
		SNMP_TIMETICKS, SNMP_OPAQUE, SNMP_COUNTER64, SNMP_NO_OBJECT, SNMP_NO_INSTANCE, SNMP_END_OF_MIB
	};

	thing_count = dice(VARBINDS_MAX);
	for (unsigned i = 0; i < thing_count; i++) {
		struct thing *t = &things[i];

		t->type = values ? types[dice(sizeof(types))] : SNMP_NULL;
		t->name_len = random_oid(t->name);
		t->value_oid_len = random_oid(t->value_oid);
		t->bytes_len = t->type == SNMP_IPADDRESS ? 4 : dice(sizeof(t->bytes));
		for (size_t j = 0; j < t->bytes_len; j++)
			t->bytes[j] = (uint8_t)dice(256);
		if (t->type == SNMP_OPAQUE)
			t->bytes[0] &= 0x7f;	/* 0x9f: net-snmp would look for its own types within */
		t->number = number();
		if (t->type == SNMP_INTEGER)
			t->number = (uint64_t)(int64_t)(int32_t)t->number;
		else if (t->type != SNMP_COUNTER64)
			t->number = (uint32_t)t->number;
	}
}

static size_t ber_of(const oid *o, size_t len, uint8_t *ber)
{
	struct oid ours = { .len = (uint8_t)len };

	for (size_t i = 0; i < len; i++)
		ours.arc[i] = (uint32_t)o[i];
	return oid_enc(&ours, ber, OID_BER_MAX);
}

/* ---- ours to theirs ---- */

static size_t encode_ours(struct snmp_message *m, uint8_t *packet)
{
	static uint8_t list[PACKET];
	struct wr w = wr_over(list, sizeof(list)), all = wr_over(packet, PACKET);

	for (unsigned i = 0; i < thing_count; i++) {
		uint8_t name[OID_BER_MAX], value[OID_BER_MAX];
		const struct thing *t = &things[i];
		struct snmp_varbind vb = {
			.name = name, .name_len = (uint16_t)ber_of(t->name, t->name_len, name), .type = t->type,
			.bytes = t->bytes, .bytes_len = (uint16_t)t->bytes_len, .number = t->number
		};

		if (t->type == SNMP_OID) {
			vb.bytes = value;
			vb.bytes_len = (uint16_t)ber_of(t->value_oid, t->value_oid_len, value);
		}
		snmp_varbind_enc(&w, &vb);
	}
	snmp_message_enc(&all, m, list, w.len);
	return wr_ok(&w) && wr_ok(&all) ? all.len : 0;
}

static bool value_agrees(const netsnmp_variable_list *v, const struct thing *t)
{
	switch (t->type) {
	case SNMP_INTEGER:
		return *v->val.integer == (long)t->number;
	case SNMP_COUNTER32:
	case SNMP_GAUGE32:
	case SNMP_TIMETICKS:
		return (uint64_t)*v->val.integer == t->number;
	case SNMP_COUNTER64:
		return ((uint64_t)v->val.counter64->high << 32 | v->val.counter64->low) == t->number;
	case SNMP_OID:
		return snmp_oid_compare(v->val.objid, v->val_len / sizeof(oid), t->value_oid, t->value_oid_len) == 0;
	case SNMP_OCTET_STRING:
	case SNMP_IPADDRESS:
	case SNMP_OPAQUE:
		return v->val_len == t->bytes_len && memcmp(v->val.string, t->bytes, t->bytes_len) == 0;
	default:
		return true;
	}
}

static bool they_agree(const netsnmp_pdu *pdu)
{
	const netsnmp_variable_list *v = pdu->variables;

	for (unsigned i = 0; i < thing_count; i++, v = v->next_variable)
		if (!v || v->type != things[i].type || !value_agrees(v, &things[i]) ||
		    snmp_oid_compare(v->name, v->name_length, things[i].name, things[i].name_len) != 0)
			return false;
	return v == NULL;
}

/* Their decoding of a whole message; NULL when they refuse it. */
static netsnmp_pdu *theirs_decode(uint8_t *packet, size_t len, uint8_t *community, size_t *community_len, long *version)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
	u_char *at = snmp_comstr_parse(packet, &len, community, community_len, version);

	if (at && snmp_pdu_parse(pdu, at, &len) == 0)
		return pdu;
	snmp_free_pdu(pdu);
	return NULL;
}

static bool one_to_them(void)
{
	uint8_t packet[PACKET], community[256];
	size_t community_len = sizeof(community), len;
	struct snmp_message m = {
		.community = (const uint8_t *)"a community", .community_len = 1 + (uint16_t)dice(11),
		.version = (uint8_t)dice(2), .pdu = SNMP_RESPONSE, .request_id = (int32_t)number(),
		.error_status = (int32_t)dice(300), .error_index = (int32_t)dice(70000)
	};
	netsnmp_pdu *pdu;
	long version;
	bool agree;

	random_things(true);
	len = encode_ours(&m, packet);
	pdu = theirs_decode(packet, len, community, &community_len, &version);
	if (!pdu)
		return false;
	agree = version == m.version && community_len == m.community_len && pdu->reqid == m.request_id &&
		memcmp(community, m.community, community_len) == 0 && pdu->errstat == m.error_status &&
		pdu->errindex == m.error_index && pdu->command == SNMP_MSG_RESPONSE && they_agree(pdu);
	snmp_free_pdu(pdu);
	return agree;
}

static bool one_request(void)
{
	static uint8_t ber[VARBINDS_MAX][OID_BER_MAX];
	struct snmp_name names[VARBINDS_MAX];
	struct snmp_request q = {
		.community = "public", .version = SNMP_V2C, .pdu = dice(2) ? SNMP_GET : SNMP_GETBULK,
		.request_id = 0x00800000 + (int32_t)dice(0x7f800000), .non_repeaters = (int32_t)dice(200),
		.max_repetitions = (int32_t)number() & INT32_MAX, .names = names
	};
	size_t community_len = 256;
	uint8_t community[256];
	struct snmp_packet *p;
	netsnmp_pdu *pdu;
	long version;
	bool agree;

	random_things(false);
	for (unsigned i = 0; i < thing_count; i++)
		names[i] = (struct snmp_name){ ber[i], (uint16_t)ber_of(things[i].name, things[i].name_len, ber[i]) };
	q.name_count = thing_count;
	if (snmp_packet_new(&p, &q, SNMP_PACKET_MAX))
		return false;
	pdu = theirs_decode(p->bytes, p->len_octets, community, &community_len, &version);
	agree = pdu && pdu->reqid == q.request_id && pdu->command == q.pdu && pdu->errstat == q.non_repeaters &&
		pdu->errindex == q.max_repetitions && they_agree(pdu);
	free(p);
	snmp_free_pdu(pdu);
	return agree;
}

/* ---- theirs to ours ---- */

static void add_theirs(netsnmp_pdu *pdu, const struct thing *t)
{
	struct counter64 c = { (u_long)(t->number >> 32), (u_long)(uint32_t)t->number };
	long n = (long)t->number;
	const void *value = t->bytes;
	size_t len = t->bytes_len;

	switch (t->type) {
	case SNMP_INTEGER:
	case SNMP_COUNTER32:
	case SNMP_GAUGE32:
	case SNMP_TIMETICKS:
		value = &n;
		len = sizeof(n);
		break;
	case SNMP_COUNTER64:
		value = &c;
		len = sizeof(c);
		break;
	case SNMP_OID:
		value = t->value_oid;
		len = t->value_oid_len * sizeof(oid);
		break;
	case SNMP_NULL:
	case SNMP_NO_OBJECT:
	case SNMP_NO_INSTANCE:
	case SNMP_END_OF_MIB:
		value = NULL;
		len = 0;
		break;
	}
	snmp_pdu_add_variable(pdu, t->name, t->name_len, t->type, value, len);
}

static bool we_agree(struct snmp_message *m)
{
	struct snmp_varbind vb;
	unsigned i = 0;

	while (snmp_varbind_next(m, &vb)) {
		const struct thing *t = &things[i++];
		uint8_t name[OID_BER_MAX], value[OID_BER_MAX];
		size_t name_len = ber_of(t->name, t->name_len, name), value_len = t->bytes_len;

		memcpy(value, t->bytes, value_len);
		if (t->type == SNMP_OID)
			value_len = ber_of(t->value_oid, t->value_oid_len, value);
		if (vb.type != t->type || vb.name_len != name_len || memcmp(vb.name, name, name_len) != 0)
			return false;
		if (t->type == SNMP_OID || t->type == SNMP_OCTET_STRING || t->type == SNMP_OPAQUE || t->type == SNMP_IPADDRESS) {
			if (vb.bytes_len != value_len || memcmp(vb.bytes, value, value_len) != 0)
				return false;
		} else if (vb.number != (t->type >= SNMP_NO_OBJECT || t->type == SNMP_NULL ? 0 : t->number)) {
			return false;
		}
	}
	return i == thing_count;
}

static bool one_from_them(netsnmp_session *session)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	size_t size = 2048, offset = 0;
	u_char *packet = malloc(size);
	struct snmp_message m;
	bool agree;

	random_things(true);
	session->version = pdu->version = SNMP_VERSION_2c;
	pdu->reqid = (long)(int32_t)number();
	pdu->errstat = (long)dice(20);
	pdu->errindex = (long)dice(300);
	pdu->flags |= UCD_MSG_FLAG_RESPONSE_PDU;
	pdu->community = netsnmp_memdup("public", 6);
	pdu->community_len = 6;
	for (unsigned i = 0; i < thing_count; i++)
		add_theirs(pdu, &things[i]);
	agree = snmp_build(&packet, &size, &offset, session, pdu) == 0 &&
		snmp_message_dec(&m, packet + size - offset, offset) == FW_OK && m.request_id == (int32_t)pdu->reqid &&
		m.error_status == pdu->errstat && m.error_index == pdu->errindex && m.pdu == SNMP_RESPONSE &&
		m.version == SNMP_V2C && m.community_len == 6 && m.varbind_count == thing_count && we_agree(&m);
	snmp_free_pdu(pdu);
	free(packet);
	return agree;
}

static void each(bool (*one)(void), const char *name)
{
	int failed = 0, first = -1;

	for (int i = 0; i < MESSAGES; i++) {
		if (one())
			continue;
		if (failed++ == 0)
			first = i;
	}
	is_int(failed, 0, name);
	if (failed)
		note("the first is message %d", first);
}

static netsnmp_session session;

static bool from_them(void)
{
	return one_from_them(&session);
}

int main(void)
{
	plan(3);
	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	snmp_sess_init(&session);
	each(one_to_them, "net-snmp reads each of our replies as we meant it");
	each(one_request, "net-snmp reads each of our requests as we meant it");
	each(from_them, "we read each of net-snmp's replies as it meant it");
	return done();
}
