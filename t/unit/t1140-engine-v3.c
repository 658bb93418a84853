/* t/unit/t1140-engine-v3.c: asks to agents of version 3: discovery, what a liar sends before the answer or instead of it,
 * agents that start anew, forget, jump or are replaced; and what each of that counts.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "poller/snmp/usm.h"
#include "t1-agent.h"

enum { ROOM = 4096, TURNS = 40 };

/* ---- an agent ---- */

struct v3_peer {
	struct agent agent;
	struct usm *usm;
	struct usm_user user;		/* as it knows him */
	struct usm_keys keys;
	struct v3_agent self;
	struct snmp_peer peer;		/* as it is asked */
	struct usm_user asked_as;
	unsigned asked, reported;	/* messages that came; Reports that it gave */
};

enum lie {
	TRUTH, SILENCE, MUTE, DEAF_TO_LONG, DEAF_TO_CONTEXT, FORGED, SHORT, NO_AUTH, NO_PRIV, OTHER_ID, OTHER_USER, OTHER_CONTEXT, OTHER_ENGINE, GARBAGE, OLD, REQUEST_ID,
	VERSION_2C, NOT_BER, REPORT_PLAIN, REPORT_CLOCK, NO_ANSWER_PDU, CUT, LIES
};

static struct usm_user user_of(const char *name, const char *auth, const char *priv, enum usm_auth a, enum usm_priv p)
{
	struct usm_secrets s = { .name = name, .auth = a, .priv = p, .auth_password = auth, .priv_password = priv };
	struct usm_user u;

	if (usm_user_init(&u, &s, NULL) != FW_OK)
		note("no keys");
	return u;
}

static void localise(struct v3_peer *v)
{
	usm_localise(v->usm, &v->keys, &v->user, v->self.id, v->self.id_len);
}

static void v3_peer_init(struct v3_peer *v, struct world *w, struct usm *usm, uint8_t id)
{
	*v = (struct v3_peer){ .agent = agent_new(AF_INET), .usm = usm };
	v->self = (struct v3_agent){ .id = { 0x80, 0, 0x7e, 0xd9, 5, id }, .id_len = 6, .boots = 5, .time = 1000 };
	v->user = v->asked_as = user_of("noc", "maplesyrup", "pancakes", USM_SHA256, USM_AES128);
	localise(v);
	v->peer = peer_of(&v->agent, SNMP_V3, 2);
	v->peer.v3 = snmp_agent_new(w->engine, &v->asked_as, "");
}

static void v3_peer_release(struct v3_peer *v, struct world *w)
{
	snmp_agent_free(w->engine, v->peer.v3);
	close(v->agent.fd);
}

/* ---- what it answers ---- */

struct heard { struct asked q; struct v3_message m; struct snmp_message pdu; enum v3_report report; const struct usm_user *user; };

static void varbinds_of(struct snmp_message pdu, struct wr *w)
{
	struct snmp_varbind vb;

	while (snmp_varbind_next(&pdu, &vb)) {
		vb.type = SNMP_GAUGE32;
		vb.number = 7;
		snmp_varbind_enc(w, &vb);
	}
}

static void lie_in_envelope(enum lie lie, struct v3_envelope *e, struct usm_keys *keys)
{
	static const uint8_t other[] = { 0x80, 0, 0, 0, 5, 9 };

	switch (lie) {
	case SHORT: e->auth = USM_MD5; break;
	case NO_AUTH: e->flags = 0; break;
	case NO_PRIV: e->flags = USM_AUTHNOPRIV; break;
	case OTHER_ID: e->msg_id ^= 0x00100000; break;
	case OTHER_USER: e->user = "joe", e->user_len = 3; break;
	case OTHER_CONTEXT: e->context = "elsewhere", e->context_len = 9; break;
	case OTHER_ENGINE: e->engine_id = other, e->engine_id_len = sizeof(other); break;
	case OLD: e->time -= 200; break;
	case GARBAGE:
		*keys = *e->keys;
		keys->priv[0] ^= 1;
		e->keys = keys;
		break;
	default: break;
	}
}

static void lie_in_bytes(enum lie lie, struct wr *w)
{
	struct v3_message m;

	if (lie == FORGED && v3_message_dec(&m, w->buf, w->len) == FW_OK)
		w->buf[m.digest - w->buf + m.digest_len - 1] ^= 0x80;
	if (lie == NOT_BER)
		w->buf[w->len - 1 - 20] ^= 0xff, w->buf[1] ^= 0x01;
	if (lie == CUT)
		w->len -= 7;
}

static void send_report(struct v3_peer *v, const struct heard *h, enum v3_report r, bool clock)
{
	struct v3_envelope e = v3_answer_envelope(&v->self, h->user, &v->keys, &h->m, NULL);
	uint8_t bytes[ROOM];
	struct wr w = wr_over(bytes, sizeof(bytes));

	if (clock)
		e.flags = 0, e.boots = 1000000, e.time = 77, e.keys = NULL, e.auth = USM_NOAUTH;
	if (v3_report_enc(v->usm, &w, &e, r, 1))
		agent_send(&v->agent, &h->q, bytes, w.len);
	else
		note("no report");
}

static void send_2c(struct v3_peer *v, const struct heard *h)
{
	struct snmp_message m = { .version = SNMP_V2C, .community = (const uint8_t *)"public", .community_len = 6,
				  .pdu = SNMP_RESPONSE, .request_id = h->m.msg_id };
	uint8_t bytes[ROOM];
	struct wr w = wr_over(bytes, sizeof(bytes));

	snmp_message_enc(&w, &m, NULL, 0);
	agent_send(&v->agent, &h->q, bytes, w.len);
}

static void send_answer(struct v3_peer *v, const struct heard *h, enum lie lie)
{
	struct v3_envelope e = v3_answer_envelope(&v->self, h->user, &v->keys, &h->m, &h->pdu);
	struct snmp_message pdu = h->pdu;
	uint8_t list[ROOM], bytes[ROOM];
	struct wr varbinds = wr_over(list, sizeof(list)), w = wr_over(bytes, sizeof(bytes));
	struct usm_keys keys;

	varbinds_of(pdu, &varbinds);
	pdu.pdu = lie == NO_ANSWER_PDU ? SNMP_GET : SNMP_RESPONSE;
	pdu.error_status = pdu.error_index = 0;
	pdu.request_id ^= lie == REQUEST_ID;
	lie_in_envelope(lie, &e, &keys);
	if (!v3_message_enc(v->usm, &w, &e, &pdu, &varbinds))
		note("no answer");
	lie_in_bytes(lie, &w);
	agent_send(&v->agent, &h->q, bytes, w.len);
}

static void send_lie(struct v3_peer *v, const struct heard *h, enum lie lie)
{
	if (lie == VERSION_2C)
		send_2c(v, h);
	else if (lie == REPORT_PLAIN)
		send_report(v, h, V3_UNKNOWN_USER_NAMES, true);
	else if (lie == REPORT_CLOCK)
		send_report(v, h, V3_NOT_IN_TIME_WINDOWS, true);
	else if (lie != TRUTH && lie != SILENCE && lie != DEAF_TO_LONG && lie != DEAF_TO_CONTEXT)
		send_answer(v, h, lie);
}

/* Answer what waits: a lie first, then the truth, or the lie alone. */
static void serve(struct v3_peer *v, enum lie lie, bool alone)
{
	struct heard h = { .report = V3_REPORT_NONE };

	for (;;) {
		(void)agent_take(&v->agent, &h.q);
		if (h.q.len == 0)
			return;
		v->asked++;
		if (v3_message_dec(&h.m, h.q.bytes, h.q.len) != FW_OK) {
			note("it was asked nonsense");
			continue;
		}
		h.user = h.m.user_len == v->user.name_len && memcmp(h.m.user, v->user.name, h.m.user_len) == 0 ? &v->user : NULL;
		h.report = v3_request_open(v->usm, &v->self, h.user, &v->keys, &h.m, &h.pdu);
		if (lie == SILENCE)
			continue;
		if (h.report != V3_REPORT_NONE) {
			v->reported++;
			send_report(v, &h, h.report, false);
			continue;
		}
		if (lie == MUTE || (lie == DEAF_TO_LONG && h.pdu.varbind_count > 1) ||
		    (lie == DEAF_TO_CONTEXT && h.pdu.community_len > 0))
			continue;
		send_lie(v, &h, lie);
		if (lie == TRUTH || lie == DEAF_TO_LONG || lie == DEAF_TO_CONTEXT || !alone)
			send_answer(v, &h, TRUTH);
	}
}

/* ---- asking ---- */

struct outcome { unsigned done; enum fw_err err; uint64_t value; unsigned sendings; };

static void on_done(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct outcome *o = owner;
	struct snmp_varbind vb;

	(void)tag;
	o->done++;
	o->err = a->err;
	o->sendings = a->sendings;
	if (a->reply && snmp_varbind_next(a->reply, &vb))
		o->value = vb.number;
}

static struct snmp_packet *packet_new(unsigned names)
{
	static const uint8_t uptime[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };
	const struct snmp_name name[2] = { { uptime, sizeof(uptime) }, { uptime, sizeof(uptime) } };
	struct snmp_request q = { .version = SNMP_V3, .pdu = SNMP_GET, .request_id = INT32_MAX, .names = name, .name_count = names };
	struct snmp_packet *p = NULL;

	(void)snmp_packet_new(&p, &q, SNMP_REQUEST_MAX);
	return p;
}

static struct snmp_packet *packet;

/* Ask once; the agent's clock goes as ours does. */
static struct outcome ask(struct world *w, struct v3_peer *v, enum lie lie, bool alone)
{
	struct outcome o = { .done = 0 };
	int64_t began = passed_us;

	v->asked = v->reported = 0;
	snmp_ask(w->engine, &v->peer, packet, on_done, &o, 0);
	for (unsigned i = 0; i < TURNS && !o.done; i++) {
		turn(w);
		serve(v, lie, alone);
		turn(w);
		if (!o.done && i > 8)
			pass_ms(w, 500);
	}
	v->self.time += (uint32_t)((passed_us - began) / 1000000);
	return o;
}

static bool good(struct outcome o) { return o.done == 1 && o.err == FW_OK && o.value == 7; }

static void test_first(struct world *w, struct v3_peer *v)
{
	struct usm_count n;

	ok(good(ask(w, v, TRUTH, false)), "the first ask discovers, synchronises and is answered");
	is_int(v->reported, 1, "... with one Report");
	ok(good(ask(w, v, TRUTH, false)) && v->asked == 1 && v->reported == 0, "the next one costs one request");
	n = snmp_count_v3(w->engine);
	ok(n.discovered == 1 && n.synchronised == 1 && n.answered == 2, "... counted");
}

/* ---- liars ---- */

static uint64_t counted(const struct world *w, size_t at)
{
	struct usm_count n = snmp_count_v3(w->engine);
	uint64_t v;

	memcpy(&v, (const char *)&n + at, sizeof(v));
	return v;
}

#define AT(field) offsetof(struct usm_count, field)
enum { AT_STRAY = 100000 };

static uint64_t counted_at(const struct world *w, size_t at)
{
	struct snmp_count n = snmp_count(w->engine);

	return at == AT_STRAY ? n.unknown_id + n.late : counted(w, at);
}

static const struct lying {
	enum lie lie;
	const char *name;
	size_t at;			/* what it counts */
	enum fw_err alone;		/* how an ask ends when nothing better comes */
} liars[] = {
	{ FORGED, "a forged digest", AT(digest), FW_KEY },
	{ SHORT, "a digest of another length", AT(digest_size), FW_KEY },
	{ NO_AUTH, "an answer neither signed nor encrypted", AT(level), FW_LEVEL },
	{ NO_PRIV, "an answer that is not encrypted", AT(level), FW_LEVEL },
	{ OTHER_ID, "another msgID", AT_STRAY, FW_FOREIGN },
	{ OTHER_USER, "another user", AT(user), FW_FOREIGN },
	{ OTHER_CONTEXT, "another context", AT(context), FW_FOREIGN },
	{ OTHER_ENGINE, "another engineID", AT(engine), FW_ENGINE },
	{ GARBAGE, "what cannot be decrypted", AT(decryption), FW_DECRYPT },
	{ REQUEST_ID, "another request-id", AT(request_id), FW_FOREIGN },
	{ NO_ANSWER_PDU, "a signed request instead of an answer", AT(kind), FW_FOREIGN },
	{ VERSION_2C, "an answer of version 2c", AT(downgraded), FW_TIMEOUT },
	{ CUT, "an answer cut short", AT(malformed), FW_MALFORM },
	{ REPORT_PLAIN, "a Report that anyone could send", AT(report_low), FW_USER },
	{ REPORT_CLOCK, "a Report with another clock that anyone could send", AT(report_low), FW_WINDOW },
};

static void test_liar(struct world *w, struct v3_peer *v, const struct lying *l)
{
	uint64_t before = counted_at(w, l->at);
	struct outcome o = ask(w, v, l->lie, false);

	ok(good(o) && v->asked == 1, l->name);
	ok(counted_at(w, l->at) > before, "... is counted, and the answer behind it is taken");
	o = ask(w, v, l->lie, true);
	is_int(o.err, l->alone, "... alone it is no answer");
	ok(good(ask(w, v, TRUTH, false)) && v->asked == 1 && v->reported == 0, "... and has moved nothing");
}

/* An answer signed outside the time window: followed only when another message confirms it. */
static void test_old(struct world *w, struct v3_peer *v)
{
	uint64_t before = counted(w, AT(window));

	ok(good(ask(w, v, OLD, false)), "an answer signed 200 s ago is not taken, the one behind it is");
	ok(counted(w, AT(window)) > before, "... and counted");
	(void)ask(w, v, TRUTH, false);
}

/* ---- refusals ---- */

static void test_refusals(struct world *w, struct usm *usm)
{
	struct v3_peer v;
	struct outcome o;

	v3_peer_init(&v, w, usm, 50);
	v.user = user_of("noc", "another password", "pancakes", USM_SHA256, USM_AES128);
	localise(&v);
	o = ask(w, &v, TRUTH, false);
	is_int(o.err, FW_KEY, "a wrong password has its word");
	is_int(v.asked, 2, "... and is not tried again and again");
	v.user = user_of("joe", "maplesyrup", "pancakes", USM_SHA256, USM_AES128);
	is_int(ask(w, &v, TRUTH, false).err, FW_USER, "an unknown user, too");
	v.user = user_of("noc", "maplesyrup", NULL, USM_SHA256, USM_NOPRIV);
	localise(&v);
	is_int(ask(w, &v, TRUTH, false).err, FW_LEVEL, "... an unsupported security level");
	v.user = user_of("noc", "maplesyrup", "another password", USM_SHA256, USM_AES128);
	localise(&v);
	is_int(ask(w, &v, TRUTH, false).err, FW_DECRYPT, "... another privacy password");
	is_int(ask(w, &v, SILENCE, false).err, FW_TIMEOUT, "... and silence is silence");
	is_int(v.asked, 3, "... which is asked as often as configured");
	v.user = v.asked_as;
	localise(&v);
	(void)ask(w, &v, MUTE, false);
	is_int(ask(w, &v, MUTE, false).err, FW_DECRYPT, "who answers discovery, and nothing that is encrypted, is not silent");
	is_int(ask(w, &v, MUTE, false).err, FW_DECRYPT, "... each time");
	ok(good(ask(w, &v, TRUTH, false)), "when it is set right it answers");
	is_int(ask(w, &v, SILENCE, false).err, FW_TIMEOUT, "... and from then on silence is silence again");
	is_int(v.asked, 4, "... asked as often as configured, and once who it is");
	v3_peer_release(&v, w);
}

/* An agent that was heard, and then its user got another privacy password: what it cannot read it drops. */
static void test_mute(struct world *w, struct usm *usm)
{
	struct snmp_packet *one = packet, *two = packet_new(2);
	struct outcome o;
	struct v3_peer v;

	v3_peer_init(&v, w, usm, 60);
	ok(good(ask(w, &v, TRUTH, false)), "an agent is heard");
	is_int(ask(w, &v, MUTE, false).err, FW_DECRYPT, "... then answers only who it is: it cannot decrypt what it is asked");
	is_int(v.asked, 5, "... which costs two messages more than silence");
	o = ask(w, &v, SILENCE, false);
	ok(o.err == FW_TIMEOUT && o.sendings == 3 && v.asked == 4, "... and those are none of the sendings of a request");
	ok(snmp_agent_count(v.peer.v3)->mute == 1 && counted(w, AT(mute)) >= 3, "... counted");
	v.peer.retries = 0;
	is_int(ask(w, &v, MUTE, false).err, FW_DECRYPT, "... as well when it is asked without patience");
	v.self.boots++;
	v.self.time = 1;
	is_int(ask(w, &v, MUTE, false).err, FW_DECRYPT, "... and when it has started anew");
	ok(good(ask(w, &v, TRUTH, false)) && v.asked == 1, "when it is set right it answers at once");
	packet = two;
	is_int(ask(w, &v, DEAF_TO_LONG, false).err, FW_TIMEOUT, "one that answers what is short can decrypt: the other is not answered");
	packet = one;
	free(two);
	v3_peer_release(&v, w);
}

/* What is for a context that an agent does not have many drop without a word, others report it. */
static void test_no_context(struct world *w, struct usm *usm, enum usm_auth auth, enum usm_priv priv)
{
	struct v3_peer v;

	v3_peer_init(&v, w, usm, 70);
	snmp_agent_free(w->engine, v.peer.v3);
	v.user = v.asked_as = user_of("noc", "maplesyrup", "pancakes", auth, priv);
	localise(&v);
	v.peer.v3 = snmp_agent_new(w->engine, &v.asked_as, "vlan-10");
	is_int(ask(w, &v, DEAF_TO_CONTEXT, false).err, FW_CONTEXT, "a context that is dropped without a word is unknown");
	is_int(ask(w, &v, DEAF_TO_CONTEXT, false).err, FW_CONTEXT, "... each time");
	is_int(ask(w, &v, SILENCE, false).err, FW_TIMEOUT, "... silence is silence");
	ok(good(ask(w, &v, TRUTH, false)), "... and when it is there it answers");
	v3_peer_release(&v, w);
}

/* ---- agents that change ---- */

static void test_changes(struct world *w, struct v3_peer *v)
{
	struct outcome o;

	v->self.boots++;
	v->self.time = 3;
	o = ask(w, v, TRUTH, false);
	ok(good(o), "an agent that started anew is followed");
	v->self.time += 1000;
	o = ask(w, v, TRUTH, false);
	ok(good(o), "one whose clock jumped, too");
	v->self.boots = 1;
	v->self.time = 2;
	o = ask(w, v, TRUTH, false);
	ok(good(o), "one that forgot its boots, too");
	ok(good(ask(w, v, TRUTH, false)) && v->reported == 0, "... once and for all");
	v->self.id[5]++;
	localise(v);
	o = ask(w, v, TRUTH, false);
	ok(good(o), "one that was replaced, too");
	ok(good(ask(w, v, TRUTH, false)) && v->reported == 0, "... once and for all");
	ok(counted(w, AT(followed_back)) == 1 && counted(w, AT(replaced)) == 1, "... counted");
}

static void test_clones(struct world *w, struct usm *usm)
{
	struct v3_peer a, b;
	unsigned reports = 0;

	v3_peer_init(&a, w, usm, 99);
	v3_peer_init(&b, w, usm, 99);
	b.self.boots = 77;
	b.self.time = 5;
	ok(good(ask(w, &a, TRUTH, false)) && good(ask(w, &b, TRUTH, false)), "two agents with one engineID answer");
	for (unsigned i = 0; i < 6; i++) {
		struct v3_peer *v = i % 2 ? &a : &b;

		reports += good(ask(w, v, TRUTH, false)) ? v->reported : 100;
	}
	is_int(reports, 0, "... and do not disturb each other");
	v3_peer_release(&a, w);
	v3_peer_release(&b, w);
}

/* Where libcrypto lacks what is needed, devices have no agent: each ask says so, and what else leaves with them is as it was. */
static void test_no_crypto(struct world *w)
{
	enum { MANY = 64000 };
	static const uint8_t uptime[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };
	struct snmp_name name = { uptime, sizeof(uptime) };
	struct agent a = agent_new(AF_INET);
	struct snmp_peer plain = peer_of(&a, SNMP_V2C, 0), none = peer_of(&a, SNMP_V3, 0);
	struct snmp_request q = { .community = plain.community, .version = SNMP_V2C, .pdu = SNMP_GET, .request_id = INT32_MAX, .names = &name,
				  .name_count = 1 };
	struct outcome failed = { .done = 0 }, o = { .done = 0 };
	struct snmp_packet *p = NULL;
	struct asked asked;

	(void)snmp_packet_new(&p, &q, SNMP_REQUEST_MAX);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; round > 0 && i < MANY; i++)
			snmp_ask(w->engine, &none, packet, on_done, &failed, 0);
		snmp_ask(w->engine, &plain, p, on_done, &o, 0);
		for (unsigned i = 0; i < TURNS && o.done <= round; i++) {
			turn(w);
			if (agent_take(&a, &asked))
				agent_answer(&a, &asked, 7);
		}
	}
	ok(failed.done == MANY && failed.err == FW_NOTFOUND, "without an agent of version 3 each ask ends, and says why");
	ok(good((struct outcome){ o.done - 1, o.err, o.value, o.sendings }), "... and what leaves after them lies where it should");
	free(p);
	close(a.fd);
}

int main(void)
{
	enum { LYING = sizeof(liars) / sizeof(liars[0]) };
	struct world w = world_new();
	struct usm *usm = usm_new(NULL);
	struct v3_peer v;

	plan(4 + 4 * LYING + 2 + 12 + 9 + 12 + 7 + 2 + 2);
	packet = packet_new(1);
	v3_peer_init(&v, &w, usm, 1);
	test_first(&w, &v);
	for (unsigned i = 0; i < LYING; i++)
		test_liar(&w, &v, &liars[i]);
	test_old(&w, &v);
	test_refusals(&w, usm);
	test_mute(&w, usm);
	test_no_context(&w, usm, USM_SHA256, USM_AES128);
	test_no_context(&w, usm, USM_SHA256, USM_NOPRIV);
	test_no_context(&w, usm, USM_NOAUTH, USM_NOPRIV);
	test_changes(&w, &v);
	test_clones(&w, usm);
	test_no_crypto(&w);
	v3_peer_release(&v, &w);
	free(packet);
	usm_free(usm);
	world_free(&w);
	return done();
}
