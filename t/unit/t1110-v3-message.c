/* t/unit/t1110-v3-message.c: messages of version 3 in every combination of protocols; none that is cut or bent is taken. */
#include "t1-v3.h"

static bool values_are_there(struct snmp_message *pdu)
{
	struct snmp_varbind vb;
	unsigned n = 0;

	while (snmp_varbind_next(pdu, &vb))
		n += vb.type == SNMP_COUNTER64 && vb.number == V3_VALUE && vb.name_len == 11;
	return n == 2 && pdu->varbind_count == 2;
}

/* Discovery, answer, and then the steady state: no further question. */
static void test_combination(enum usm_auth a, enum usm_priv p)
{
	struct v3_world w;
	char name[64];
	int first;

	world_open(&w, a, p);
	snprintf(name, sizeof(name), "%s and %s: discovered and answered", usm_auth_word(a), usm_priv_word(p));
	first = world_ask(&w);
	is_int(first, 1, name);
	ok(values_are_there(&w.pdu), "... with the values");
	world_pass(&w, 30);
	is_int(world_ask(&w), 0, "... then answered at once");
	ok(values_are_there(&w.pdu), "... with the values");
	world_close(&w);
}

/* ---- cut and bent ---- */

static bool taken(struct v3_world *w, const struct v3_bytes *answer)
{
	struct v3_bytes *own = malloc(answer->len + !answer->len);	/* so that a sanitizer sees its end */
	struct v3_verdict v = { .does = V3_DROP };
	struct usm_engine before = w->engine;
	struct snmp_message pdu;
	struct v3_message m;

	memcpy(own, answer->bytes, answer->len);
	if (v3_message_dec(&m, own, answer->len) == FW_OK)
		v = v3_open(w->manager, &w->engine, &m, w->now, &pdu);
	free(own);
	if (memcmp(&before, &w->engine, sizeof(before)) != 0) {
		w->engine = before;
		return true;		/* it moved something */
	}
	return v.does == V3_TAKE || v.does == V3_AGAIN;
}

static void test_cut(enum usm_auth a, enum usm_priv p)
{
	struct v3_bytes asked, answer, bent;
	unsigned cut = 0, flipped = 0, longer;
	struct v3_world w;
	char name[64];

	world_open(&w, a, p);
	world_ask(&w);
	asked = manager_asks(&w);
	answer = agent_hears(&w, &asked);
	for (bent = answer; bent.len-- > 0;)
		cut += taken(&w, &bent);
	for (size_t bit = 0; bit < answer.len * 8; bit++) {
		bent = answer;
		bent.bytes[bit / 8] ^= (uint8_t)(1u << (bit & 7));
		flipped += taken(&w, &bent);
	}
	bent = answer;
	bent.bytes[bent.len++] = 0;
	longer = taken(&w, &bent);
	snprintf(name, sizeof(name), "%s and %s: cut at every octet", usm_auth_word(a), usm_priv_word(p));
	is_int(cut, 0, name);
	is_int(flipped, 0, "... each bit flipped");
	is_int(longer, 0, "... an octet longer");
	ok(taken(&w, &answer), "... the whole is taken");
	world_close(&w);
}

/* ---- templates ---- */

/* Boots and time that need another octet, a day later: the head grows, the request stays what it is. */
static void test_growing(void)
{
	static const uint32_t times[] = { 100, 127, 128, 32767, 32768, 8388607, 8388608, 2147483000 };
	struct v3_world w;
	unsigned wrong = 0;

	world_open(&w, USM_SHA256, USM_AES128);
	world_ask(&w);
	for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		w.self.boots = 8 + times[i] / 2;
		w.self.time = times[i];
		wrong += world_ask(&w) != 1 || world_ask(&w) != 0 || !values_are_there(&w.pdu);
	}
	is_int(wrong, 0, "boots and time of one to four octets");
	world_close(&w);
}

static void test_salts(void)
{
	uint8_t seen[100][USM_SALT];
	unsigned again = 0;
	struct v3_world w;

	world_open(&w, USM_SHA1, USM_AES128);
	world_ask(&w);
	for (unsigned i = 0; i < 100; i++) {
		struct v3_bytes b = manager_asks(&w);
		struct v3_message m;

		v3_message_dec(&m, b.bytes, b.len);
		memcpy(seen[i], m.salt, USM_SALT);
		for (unsigned j = 0; j < i; j++)
			again += memcmp(seen[i], seen[j], USM_SALT) == 0;
	}
	is_int(again, 0, "no salt comes twice");
	ok(w.manager->salt != w.agent->salt && (w.manager->salt - w.agent->salt) >> 32, "... workers begin far from each other");
	world_close(&w);
}

/* From one octet on: an engineID that RFC 3411 forbids, but agents have, is a salt like any other. */
static void test_engine_ids(void)
{
	static const uint8_t sizes[] = { 1, 4, 5, USM_ENGINE_ID_MAX };
	struct v3_world w;
	unsigned wrong = 0;

	for (unsigned i = 0; i < sizeof(sizes); i++) {
		world_open(&w, USM_SHA256, USM_AES128);
		w.self.id_len = sizes[i];
		memset(w.self.id, 0, sizes[i]);
		usm_localise(w.agent, &w.keys, &w.their, w.self.id, w.self.id_len);
		wrong += world_ask(&w) != 1;
		world_close(&w);
	}
	is_int(wrong, 0, "engineIDs of 1 to 32 octets, all zero");
}

/* msgMaxSize below 484 is no message (RFC 3412 section 6). */
static void test_max_size(void)
{
	static const uint8_t size[] = { 0x02, 0x03, 0x00, 0xff, 0xe3 };	/* SNMP_PACKET_MAX */
	struct v3_message m;
	struct v3_bytes b;
	struct v3_world w;
	uint8_t *at;

	world_open(&w, USM_NOAUTH, USM_NOPRIV);
	b = manager_asks(&w);
	for (at = b.bytes; memcmp(at, size, sizeof(size)) != 0; at++)
		;
	at[3] = 0x01, at[4] = 0xe4;
	ok(v3_message_dec(&m, b.bytes, b.len) == FW_OK && m.max_size == 484, "a largest message of 484 octets");
	at[4] = 0xe3;
	is_int(v3_message_dec(&m, b.bytes, b.len), FW_MALFORM, "... of 483 is too small");
	world_close(&w);
}

/* Between batches contexts hold no key; the next message is as good as the last. */
static void test_rest(void)
{
	static const enum usm_priv kinds[] = { USM_DES, USM_AES128, USM_AES256 };
	unsigned wrong = 0;
	struct v3_world w;

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		world_open(&w, USM_SHA256, kinds[i]);
		world_ask(&w);
		usm_rest(w.manager);
		usm_rest(w.agent);
		usm_rest(w.agent);
		wrong += world_ask(&w) != 0 || !values_are_there(&w.pdu);
		world_close(&w);
	}
	is_int(wrong, 0, "after a rest all is as before");
}

static void test_looks(void)
{
	struct v3_world w;
	struct v3_bytes b;
	struct snmp_message m;
	struct v3_message m3;

	world_open(&w, USM_NOAUTH, USM_NOPRIV);
	b = manager_asks(&w);
	ok(v3_looks(b.bytes, b.len), "a discovery looks like version 3");
	ok(snmp_message_dec(&m, b.bytes, b.len) == FW_MALFORM, "... and is no message of version 1 or 2c");
	b.bytes[4] = 1;
	ok(!v3_looks(b.bytes, b.len), "of version 2c it does not");
	ok(v3_message_dec(&m3, b.bytes, b.len) == FW_MALFORM, "... and is none");
	ok(!v3_looks(b.bytes, 3), "nor does what is too short");
	world_close(&w);
}

int main(void)
{
	plan(4 + 6 * 7 * 4 + 4 * 4 + 3 + 1 + 2 + 1 + 5);
	test_combination(USM_NOAUTH, USM_NOPRIV);
	for (enum usm_auth a = USM_MD5; a < USM_AUTHS; a++)
		for (enum usm_priv p = USM_NOPRIV; p < USM_PRIVS; p++)
			test_combination(a, p);
	test_cut(USM_MD5, USM_NOPRIV);
	test_cut(USM_SHA1, USM_DES);
	test_cut(USM_SHA256, USM_AES128);
	test_cut(USM_SHA512, USM_AES256C);
	test_growing();
	test_salts();
	test_engine_ids();
	test_max_size();
	test_rest();
	test_looks();
	return done();
}
