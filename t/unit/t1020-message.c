/* t/unit/t1020-message.c: whole messages: what is taken, what is refused, and encoding back to the same octets. */
#include <stdlib.h>

#include "poller/snmp/snmp.h"
#include "tap.h"

static const struct message_case {
	const char *name;
	bool good;
	const char *hex;
} cases[] = {
	{ "a TimeTicks, v2c", true,
	  "302c02010104067075626c6963a21f0204123456780201000201003011300f06082b0601020101030043030102"
	  "03" },
	{ "the same, v1", true,
	  "302c02010004067075626c6963a21f0204123456780201000201003011300f06082b0601020101030043030102"
	  "03" },
	{ "no varbinds", true,
	  "301b02010104067075626c6963a20e0204123456780201000201003000" },
	{ "lengths of three octets", true,
	  "3082003002010104067075626c6963a282002102041234567802010002010030820011300f06082b0601020101"
	  "03004303010203" },
	{ "lengths of five octets", true,
	  "30840000003402010104067075626c6963a28400000023020412345678020100020100308400000011300f0608"
	  "2b060102010103004303010203" },
	{ "empty community", true,
	  "30260201010400a21f0204123456780201000201003011300f06082b060102010103004303010203" },
	{ "noSuchInstance", true,
	  "302902010104067075626c6963a21c020412345678020100020100300e300c06082b060102010103008100" },
	{ "error-status of two octets", true,
	  "302d02010104067075626c6963a220020412345678020200000201003011300f06082b06010201010300430301"
	  "0203" },
	{ "request-id of five octets with leading 0", true,
	  "302d02010104067075626c6963a220020500123456780201000201003011300f06082b06010201010300430301"
	  "0203" },
	{ "Counter64 of nine octets", true,
	  "303202010104067075626c6963a2250204123456780201000201003017301506082b06010201010300460900ff"
	  "ffffffffffffff" },
	{ "an OID value of no octets", true,
	  "302902010104067075626c6963a21c020412345678020100020100300e300c06082b060102010103000600" },
	{ "an empty string", true,
	  "302902010104067075626c6963a21c020412345678020100020100300e300c06082b060102010103000400" },
	{ "Opaque", true,
	  "303002010104067075626c6963a2230204123456780201000201003015301306082b0601020101030044079f78"
	  "0442f60000" },
	{ "version 3", false,
	  "302c02010304067075626c6963a21f0204123456780201000201003011300f06082b0601020101030043030102"
	  "03" },
	{ "version -1", false,
	  "302c0201ff04067075626c6963a21f0204123456780201000201003011300f06082b0601020101030043030102"
	  "03" },
	{ "version of 8 octets, 2^32+1", false,
	  "30330208000000010000000104067075626c6963a21f0204123456780201000201003011300f06082b06010201"
	  "0103004303010203" },
	{ "request-id beyond 32 bits", false,
	  "302d02010104067075626c6963a220020501123456780201000201003011300f06082b06010201010300430301"
	  "0203" },
	{ "request-id of no octets", false,
	  "302802010104067075626c6963a21b02000201000201003011300f06082b060102010103004303010203" },
	{ "v1 Trap-PDU", false,
	  "302c02010104067075626c6963a41f0204123456780201000201003011300f06082b0601020101030043030102"
	  "03" },
	{ "PDU tag 0xa9", false,
	  "302c02010104067075626c6963a91f0204123456780201000201003011300f06082b0601020101030043030102"
	  "03" },
	{ "PDU tag of a SEQUENCE", false,
	  "302c02010104067075626c6963301f0204123456780201000201003011300f06082b0601020101030043030102"
	  "03" },
	{ "octets behind the message", false,
	  "302c02010104067075626c6963a21f0204123456780201000201003011300f06082b0601020101030043030102"
	  "0300" },
	{ "octets behind the PDU", false,
	  "302e02010104067075626c6963a21f0204123456780201000201003011300f06082b0601020101030043030102"
	  "030500" },
	{ "octets behind the varbinds", false,
	  "302e02010104067075626c6963a2210204123456780201000201003011300f06082b0601020101030043030102"
	  "030500" },
	{ "community as OBJECT IDENTIFIER", false,
	  "302c02010106067075626c6963a21f0204123456780201000201003011300f06082b0601020101030043030102"
	  "03" },
	{ "the varbind list as SET", false,
	  "302c02010104067075626c6963a21f0204123456780201000201003111300f06082b0601020101030043030102"
	  "03" },
	{ "a varbind as SET", false,
	  "302902010104067075626c6963a21c020412345678020100020100300e310c06082b060102010103000500" },
	{ "a third element in a varbind", false,
	  "302b02010104067075626c6963a21e0204123456780201000201003010300e06082b0601020101030005000500" },
	{ "a varbind without value", false,
	  "302702010104067075626c6963a21a020412345678020100020100300c300a06082b06010201010300" },
	{ "an empty varbind", false,
	  "301d02010104067075626c6963a21002041234567802010002010030023000" },
	{ "a name of no octets", false,
	  "302102010104067075626c6963a2140204123456780201000201003006300406000500" },
	{ "a cut name", false,
	  "302302010104067075626c6963a2160204123456780201000201003008300606022b860500" },
	{ "a name that is an OCTET STRING", false,
	  "302302010104067075626c6963a2160204123456780201000201003008300604022b060500" },
	{ "a malformed OID value", false,
	  "302c02010104067075626c6963a21f0204123456780201000201003011300f06082b0601020101030006032b80"
	  "01" },
	{ "a NULL with contents", false,
	  "302a02010104067075626c6963a21d020412345678020100020100300f300d06082b06010201010300050100" },
	{ "noSuchObject with contents", false,
	  "302a02010104067075626c6963a21d020412345678020100020100300f300d06082b06010201010300800100" },
	{ "an IpAddress of three octets", false,
	  "302c02010104067075626c6963a21f0204123456780201000201003011300f06082b0601020101030040030102"
	  "03" },
	{ "a Counter32 beyond 32 bits", false,
	  "302e02010104067075626c6963a2210204123456780201000201003013301106082b0601020101030041050100"
	  "000000" },
	{ "a Gauge32 of no octets", false,
	  "302902010104067075626c6963a21c020412345678020100020100300e300c06082b060102010103004200" },
	{ "a SEQUENCE as value", false,
	  "302902010104067075626c6963a21c020412345678020100020100300e300c06082b060102010103003000" },
	{ "a constructed OCTET STRING", false,
	  "302c02010104067075626c6963a21f0204123456780201000201003011300f06082b0601020101030024030401"
	  "61" },
	{ "tag 0x45, NsapAddress", false,
	  "302a02010104067075626c6963a21d020412345678020100020100300f300d06082b06010201010300450100" },
	{ "a multi-octet tag", false,
	  "302b02010104067075626c6963a21e0204123456780201000201003010300e06082b060102010103001f810100" },
	{ "an indefinite length", false,
	  "302b02010104067075626c6963a21e0204123456780201000201003010300e06082b0601020101030004800000" },
	{ "a value longer than its varbind", false,
	  "302902010104067075626c6963a21c020412345678020100020100300e300c06082b06010201010300047f" },
	{ "a value that reaches into the next varbind", false,
	  "303a02010104067075626c6963a22d020412345678020100020100301f300c06082b060102010103000410300f"
	  "06082b060102010103004303010203" },
	{ "a length of 2^32-1", false,
	  "302d02010104067075626c6963a2200204123456780201000201003012301006082b060102010103000484ffff"
	  "ffff" },
	{ "nothing", false,
	  "" },
	{ "one octet", false,
	  "30" },
	{ "a message of no contents", false,
	  "3000" },
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

/* In memory of just this size, so that the address sanitizer sees a read behind it. */
static uint8_t *from_hex(const char *hex, size_t *len)
{
	uint8_t *p;

	*len = strlen(hex) / 2;
	p = malloc(*len + !*len);
	for (size_t i = 0; i < *len; i++) {
		unsigned v;

		sscanf(hex + 2 * i, "%2x", &v);
		p[i] = (uint8_t)v;
	}
	return p;
}

/* Decode and read every varbind; returns whether both agree on how many there are. */
static bool reads(const uint8_t *p, size_t len, enum fw_err *err)
{
	struct snmp_message m;
	struct snmp_varbind vb;
	unsigned n = 0;

	*err = snmp_message_dec(&m, p, len);
	if (*err)
		return *err == FW_MALFORM;
	while (snmp_varbind_next(&m, &vb)) {
		struct oid o;

		n++;
		if (!oid_dec(&o, vb.name, vb.name_len) || (vb.type == SNMP_OID && !oid_dec(&o, vb.bytes, vb.bytes_len)))
			return false;
	}
	return n == m.varbind_count && rd_ok(&m.varbinds);
}

static void test_cases(void)
{
	for (unsigned i = 0; i < CASES; i++) {
		enum fw_err err;
		size_t len;
		uint8_t *p = from_hex(cases[i].hex, &len);

		ok(reads(p, len, &err) && (err == FW_OK) == cases[i].good, cases[i].name);
		free(p);
	}
}

/* Every good message cut at every octet, and every octet of it set to some values. */
static void test_damage(void)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x30, 0x7f, 0x80, 0x81, 0x84, 0xff };
	unsigned taken = 0, odd = 0;

	for (unsigned i = 0; i < CASES; i++) {
		enum fw_err err;
		size_t len;
		uint8_t *p = from_hex(cases[i].hex, &len);

		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *shorter = malloc(cut + !cut);

			memcpy(shorter, p, cut);
			odd += !reads(shorter, cut, &err);
			taken += cases[i].good && err == FW_OK;
			free(shorter);
		}
		for (size_t at = 0; at < len * sizeof(values); at++) {
			uint8_t *octet = &p[at / sizeof(values)], was = *octet;

			*octet = values[at % sizeof(values)];
			odd += !reads(p, len, &err);
			*octet = was;
		}
		free(p);
	}
	is_int(taken, 0, "no message is taken that was cut");
	is_int(odd, 0, "what is checked is what is read, whatever octet is changed");
}

static const uint8_t name[] = { 0x2b, 6, 1, 2, 1, 0x1f, 1, 1, 1, 6, 0x81, 0x49 };
static const uint8_t address[] = { 192, 0, 2, 1 };
static uint8_t long_text[300];

static struct snmp_varbind varbind(uint8_t type, uint64_t number, const void *bytes, uint16_t len)
{
	return (struct snmp_varbind){
		.name = name, .name_len = sizeof(name), .type = type, .number = number, .bytes = bytes, .bytes_len = len
	};
}

static bool same_varbind(const struct snmp_varbind *a, const struct snmp_varbind *b)
{
	bool has_bytes = a->type == SNMP_OCTET_STRING || a->type == SNMP_OID || a->type == SNMP_IPADDRESS ||
			 a->type == SNMP_OPAQUE;

	if (a->type != b->type || a->name_len != b->name_len || memcmp(a->name, b->name, a->name_len) != 0)
		return false;
	if (has_bytes)
		return a->bytes_len == b->bytes_len && memcmp(a->bytes, b->bytes, a->bytes_len) == 0;
	return a->number == b->number;
}

static void test_round(void)
{
	const struct snmp_varbind sent[] = {
		varbind(SNMP_INTEGER, (uint64_t)INT32_MIN, NULL, 0), varbind(SNMP_INTEGER, 255, NULL, 0),
		varbind(SNMP_OCTET_STRING, 0, long_text, sizeof(long_text)), varbind(SNMP_NULL, 0, NULL, 0),
		varbind(SNMP_OID, 0, name, sizeof(name)), varbind(SNMP_IPADDRESS, 0, address, 4),
		varbind(SNMP_COUNTER32, UINT32_MAX, NULL, 0), varbind(SNMP_GAUGE32, 0, NULL, 0),
		varbind(SNMP_TIMETICKS, 0x80, NULL, 0), varbind(SNMP_OPAQUE, 0, address, 3),
		varbind(SNMP_COUNTER64, UINT64_MAX, NULL, 0), varbind(SNMP_COUNTER64, UINT64_C(1) << 32, NULL, 0),
		varbind(SNMP_NO_OBJECT, 0, NULL, 0), varbind(SNMP_NO_INSTANCE, 0, NULL, 0),
		varbind(SNMP_END_OF_MIB, 0, NULL, 0),
	};
	enum { SENT = sizeof(sent) / sizeof(sent[0]) };
	uint8_t list[2048], packet[2048];
	struct wr w = wr_over(list, sizeof(list)), all = wr_over(packet, sizeof(packet));
	struct snmp_message m = {
		.community = (const uint8_t *)"c", .community_len = 1, .version = SNMP_V2C, .pdu = SNMP_RESPONSE,
		.request_id = -2, .error_status = 5, .error_index = 300
	}, got;
	struct snmp_varbind vb;
	unsigned same = 0;

	for (unsigned i = 0; i < SENT; i++)
		snmp_varbind_enc(&w, &sent[i]);
	snmp_message_enc(&all, &m, list, w.len);
	ok(wr_ok(&w) && wr_ok(&all), "a message with every type is encoded");
	is_int(snmp_message_dec(&got, packet, all.len), FW_OK, "... and decoded");
	is_int(got.varbind_count, SENT, "... with as many varbinds");
	ok(got.request_id == -2 && got.error_status == 5 && got.error_index == 300, "... and the same head");
	while (snmp_varbind_next(&got, &vb))
		same += same_varbind(&sent[same], &vb);
	is_int(same, SENT, "... and the same varbinds");
	all = wr_over(packet, all.len - 1);
	snmp_message_enc(&all, &m, list, w.len);
	ok(!wr_ok(&all), "a buffer one octet too small is a failed writer");
}

static void test_quirks(void)
{
	struct snmp_message m = { 0 };
	struct snmp_varbind vb = { 0 };
	size_t len;
	unsigned i = 0;
	uint8_t *p;

	while (strcmp(cases[i].name, "an OID value of no octets") != 0)
		i++;
	p = from_hex(cases[i].hex, &len);
	ok(!snmp_message_dec(&m, p, len) && snmp_varbind_next(&m, &vb) && vb.bytes_len == 1 && vb.bytes[0] == 0,
	   "an OID value of no octets is read as 0.0");
	ok(!snmp_varbind_next(&m, &vb) && !snmp_varbind_next(&m, &vb), "behind the last varbind there is none, and none");
	free(p);
	is_str(snmp_error_text(2), "noSuchName", "error 2");
	is_str(snmp_error_text(18), "inconsistentName", "error 18");
	is_str(snmp_error_text(19), "unknown error", "error 19");
	is_str(snmp_error_text(-1), "unknown error", "error -1");
}

/* ---- requests ---- */

static struct snmp_packet *request(struct snmp_request q, unsigned names, size_t size_most)
{
	static struct snmp_name many[200];
	struct snmp_packet *p;

	for (unsigned i = 0; i < names; i++)
		many[i] = (struct snmp_name){ name, sizeof(name) };
	q.names = many;
	q.name_count = names;
	return snmp_packet_new(&p, &q, size_most) ? NULL : p;
}

static void test_requests(void)
{
	const struct snmp_request q = {
		.community = "public", .version = SNMP_V2C, .pdu = SNMP_GETBULK, .request_id = 0x00800000,
		.non_repeaters = 1, .max_repetitions = 40000
	};
	struct snmp_packet *p = request(q, 60, SNMP_REQUEST_MAX), *more = request(q, 61, SNMP_REQUEST_MAX);
	struct snmp_message m = { 0 };
	struct snmp_varbind vb;
	unsigned nulls = 0;

	is_int(snmp_message_dec(&m, p->bytes, p->len_octets), FW_OK, "a request of 60 names can be decoded");
	ok(m.pdu == SNMP_GETBULK && m.error_status == 1 && m.error_index == 40000 && m.request_id == 0x00800000,
	   "... with its type, non-repeaters, max-repetitions and request-id");
	ok(m.community_len == 6 && memcmp(m.community, "public", 6) == 0 && m.version == SNMP_V2C, "... and community");
	while (snmp_varbind_next(&m, &vb))
		nulls += vb.type == SNMP_NULL && vb.name_len == sizeof(name) && memcmp(vb.name, name, sizeof(name)) == 0;
	ok(nulls == 60 && p->name_count == 60, "... and 60 varbinds of NULL");
	is_int(more->len_octets - p->len_octets, snmp_varbind_size(sizeof(name)), "one more name adds snmp_varbind_size()");
	snmp_packet_patch_id(p, INT32_MAX);
	ok(!snmp_message_dec(&m, p->bytes, p->len_octets) && m.request_id == INT32_MAX && m.varbind_count == 60,
	   "patching changes the request-id");
	free(p);
	p = request(q, 61, more->len_octets);
	ok(p && p->len_octets == more->len_octets, "a request of just the size allowed is made");
	free(p);
	ok(!request(q, 61, more->len_octets - 1u), "... and one octet less is too big");
	free(more);
	p = request(q, 0, SNMP_REQUEST_MAX);
	ok(p && !snmp_message_dec(&m, p->bytes, p->len_octets) && m.varbind_count == 0, "a request of no names");
	free(p);
}

/* ---- short and long lengths ---- */

/* A varbind of 'name_len' and 'len' octets, its lengths of one octet or two, in a message that lasts until the next. */
static struct wr one_varbind(const uint8_t *octets, unsigned name_len, uint8_t tag, unsigned len, bool two)
{
	static const struct snmp_message m = {
		.community = (const uint8_t *)"public", .community_len = 6, .version = SNMP_V2C, .pdu = SNMP_RESPONSE
	};
	static uint8_t list[64], all[128];
	struct wr w = wr_over(list, sizeof(list)), message = wr_over(all, sizeof(all));

	wr_bytes(&w, (const uint8_t[]){ 0x30, 0x81 }, two ? 2 : 1);
	wr_u8(&w, (uint8_t)(name_len + len + (two ? 6 : 4)));
	wr_bytes(&w, (const uint8_t[]){ 0x06, 0x81 }, two ? 2 : 1);
	wr_u8(&w, (uint8_t)name_len);
	wr_bytes(&w, octets, name_len);
	wr_bytes(&w, (const uint8_t[]){ tag, 0x81 }, two ? 2 : 1);
	wr_u8(&w, (uint8_t)len);
	wr_bytes(&w, octets + name_len, len);
	snmp_message_enc(&message, &m, list, w.len);
	return message;
}

enum { REFUSED, ODD, TAKEN };	/* ODD: what the first pass took the second does not read */

/* ... and from TAKEN on a sum of everything that was read. */
static uint64_t read_one(struct wr w)
{
	struct snmp_message m;
	struct snmp_varbind vb, none;
	uint64_t sum;

	if (snmp_message_dec(&m, w.buf, w.len))
		return REFUSED;
	if (!snmp_varbind_next(&m, &vb) || snmp_varbind_next(&m, &none) || m.varbind_count != 1)
		return ODD;
	sum = vb.number * 31 + vb.type + (uint64_t)vb.name_len * 256 + (uint64_t)vb.bytes_len * 65536;
	for (unsigned i = 0; i < vb.name_len; i++)
		sum = sum * 31 + vb.name[i];
	for (unsigned i = 0; i < vb.bytes_len; i++)
		sum = sum * 31 + vb.bytes[i];
	return sum | TAKEN;
}

/* Unpredictable octets, most of them below 128, the value's first often 0. */
static void some_octets(uint8_t octets[40], unsigned name_len)
{
	static uint64_t x = 1;

	for (unsigned i = 0; i < 40; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		octets[i] = (uint8_t)(x >> 33) & (x >> 60 < 14 ? 0x7f : 0xff);
	}
	if (x >> 63)
		octets[name_len] = 0;
}

/* The usual varbinds are read by other code than the odd ones: both have to say the same. */
static void test_both_ways(void)
{
	enum { MOST = 20 };
	unsigned differ = 0, taken = 0;
	uint8_t octets[40];

	for (unsigned i = 0; i < 256 * MOST * MOST; i++) {
		uint8_t tag = (uint8_t)(i / MOST / MOST);
		unsigned name_len = i / MOST % MOST, len = i % MOST;
		uint64_t got;

		some_octets(octets, name_len);
		got = read_one(one_varbind(octets, name_len, tag, len, false));
		taken += got >= TAKEN;
		differ += got == ODD || got != read_one(one_varbind(octets, name_len, tag, len, true));
	}
	is_int(differ, 0, "short and long lengths are read alike");
	ok(taken > 1000, "... and many of them are taken");
}

int main(void)
{
	plan(CASES + 2 + 6 + 6 + 9 + 2);
	test_cases();
	test_damage();
	test_round();
	test_quirks();
	test_requests();
	test_both_ways();
	return done();
}
