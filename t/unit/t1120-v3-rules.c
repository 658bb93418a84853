/* t/unit/t1120-v3-rules.c: what keeps an attacker out of version 3, and what lets an honest agent in: replayed, forged,
 * downgraded, rebooted, replaced, forgetful. Each refusal is counted where it belongs.
 */
#include "t1-v3.h"

#define COUNTED(w, field) ((int)usm_count((w)->manager).field)

static struct v3_world *start(enum usm_auth a, enum usm_priv p)
{
	static struct v3_world w;

	world_open(&w, a, p);
	return &w;
}

static bool is_refused(struct v3_verdict v, enum fw_err err, bool authentic)
{
	return v.does == V3_REFUSED && v.err == err && v.authentic == authentic;
}

static bool is_dropped(struct v3_verdict v, enum fw_err err)
{
	return v.does == V3_DROP && v.err == err;
}

/* The verdict on what the agent answers to the next request. */
static struct v3_verdict ask_once(struct v3_world *w)
{
	struct v3_bytes asked = manager_asks(w), answer = agent_hears(w, &asked);

	return manager_hears(w, &answer);
}

/* Decode the next request as the agent may, and the envelope of its answer: to be changed. */
struct taken { struct v3_bytes asked; struct v3_message m; struct snmp_message pdu; struct v3_envelope v; };

static void take(struct v3_world *w, struct taken *t)
{
	t->asked = manager_asks(w);
	v3_message_dec(&t->m, t->asked.bytes, t->asked.len);
	v3_request_open(w->agent, &w->self, &w->their, &w->keys, &t->m, &t->pdu);
	t->v = v3_answer_envelope(&w->self, &w->their, &w->keys, &t->m, &t->pdu);
}

static struct v3_verdict answered(struct v3_world *w, const struct taken *t)
{
	struct v3_bytes b = answer_of(w, &t->v, t->pdu);

	return manager_hears(w, &b);
}

static struct v3_verdict reported(struct v3_world *w, const struct taken *t, enum v3_report r)
{
	struct v3_bytes b = report_of(w, &t->v, r);

	return manager_hears(w, &b);
}

/* ---- discovery ---- */

static void test_discovery(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct v3_bytes asked = manager_asks(w), answer;
	struct v3_message m;

	ok(v3_message_dec(&m, asked.bytes, asked.len) == FW_OK && m.engine_id_len == 0 && m.user_len == 0 &&
	   m.flags == V3_REPORTABLE, "the first that leaves names no user and no engine");
	answer = agent_hears(w, &asked);
	is_int(w->reported, V3_UNKNOWN_ENGINE_IDS, "... the agent says who it is");
	is_int(manager_hears(w, &answer).does, V3_AGAIN, "... ask again");
	ok(w->engine.self.id_len == 8 && !w->engine.clock.set, "... the engineID is known, no clock is set");
	ok(!usm_engine_ready(&w->engine), "... and it is not ready");
	is_int(ask_once(w).does, V3_TAKE, "boots and time of the discovery are tried, and do");
	ok(w->engine.clock.set && w->engine.clock.boots == 7 && usm_engine_ready(&w->engine), "... now the clock is set");
	ok(COUNTED(w, discovered) == 1 && COUNTED(w, synchronised) == 1 && COUNTED(w, answered) == 1, "... all counted");
	world_close(w);
}

/* A liar was faster: what it said is corrected by the agent, as nothing was authentic yet. */
static void test_discovery_lied(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct v3_agent honest = w->self;
	struct v3_bytes asked = manager_asks(w), lie;

	w->self.id[7] = 66;
	lie = agent_hears(w, &asked);
	w->self = honest;
	is_int(manager_hears(w, &lie).does, V3_AGAIN, "a lie about the engineID is tried");
	is_int(world_ask(w), 1, "... corrected by the agent, and answered");
	world_close(w);
	w = start(USM_SHA256, USM_AES128);
	asked = manager_asks(w);
	w->self.boots = 400000000;
	lie = agent_hears(w, &asked);
	w->self.boots = 7;
	manager_hears(w, &lie);
	is_int(world_ask(w), 1, "a lie about boots costs one more question");
	is_int(w->engine.clock.boots, 7, "... and is not kept");
	world_close(w);
}

/* So many lies about the engineID with the msgID of what was asked, each another. */
static void lie_often(struct v3_world *w, const struct v3_bytes *asked, unsigned lies)
{
	struct v3_agent honest = w->self;
	struct v3_envelope v;
	struct v3_bytes lie;
	struct v3_message m;

	v3_message_dec(&m, asked->bytes, asked->len);
	for (unsigned i = 0; i < lies; i++) {
		w->self.id[6] = (uint8_t)(0x80 + i);
		w->self.id[7] = (uint8_t)w->msg_id;
		v = v3_answer_envelope(&w->self, NULL, NULL, &m, NULL);
		lie = report_of(w, &v, V3_UNKNOWN_ENGINE_IDS);
		(void)manager_hears(w, &lie);
	}
	w->self = honest;
}

/* The first contact with lies around each word of the agent; how often it was asked again, or -1. */
static int contact_flooded(struct v3_world *w, unsigned before, unsigned behind)
{
	for (int agains = 0; agains <= USM_AGAINS_MOST; agains++) {
		struct v3_bytes asked = manager_asks(w), answer = agent_hears(w, &asked);

		lie_often(w, &asked, before);
		if (manager_hears(w, &answer).does == V3_TAKE)
			return agains;
		lie_often(w, &asked, behind);
	}
	return -1;
}

static void test_discovery_flooded(void)
{
	for (unsigned lies = 1; lies <= 3; lies++) {
		struct v3_world *w = start(USM_SHA256, USM_AES256C);

		ok(contact_flooded(w, lies, 0) >= 0, "lies before each word of an agent keep nobody away");
		ok(w->engine.self.id[7] == 1 && w->engine.trial.id_len == 0 && COUNTED(w, replaced) == 0, "... and are forgotten");
		is_int(world_ask(w), 0, "... it answers at once then");
		world_close(w);
		w = start(USM_SHA256, USM_AES128);
		ok(contact_flooded(w, 0, lies) >= 0, "nor do lies behind each");
		is_int(w->engine.self.id[7], 1, "... and are forgotten");
		world_close(w);
	}
}

static void test_remembered(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);

	ok(usm_engine_know(w->manager, &w->engine, w->self.id, w->self.id_len), "an engineID is remembered");
	is_int(world_ask(w), 1, "... one authentic report sets the clock, then it is answered");
	ok(COUNTED(w, resynchronised) == 1 && COUNTED(w, discovered) == 0, "... without a discovery");
	ok(!usm_engine_know(w->manager, &w->engine, w->self.id, 33) && !usm_engine_know(w->manager, &w->engine, NULL, 0),
	   "none of 33 octets, none of 0");
	world_close(w);
}

/* ---- the agent says no ---- */

static void test_wrong_secrets(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct usm_secrets s = v3_secrets(USM_SHA256, USM_AES128);

	ask_once(w);
	s.auth_password = "another password";
	usm_user_init(&w->their, &s, NULL);
	agent_is(w, 1, 7, 1000);
	ok(is_refused(ask_once(w), FW_KEY, false), "another authentication password: wrong key");
	s = v3_secrets(USM_SHA256, USM_AES128);
	s.priv_password = "another password";
	usm_user_init(&w->their, &s, NULL);
	agent_is(w, 1, 7, 1000);
	ok(is_refused(ask_once(w), FW_DECRYPT, false), "another privacy password: decryption");
	s = v3_secrets(USM_SHA256, USM_NOPRIV);
	usm_user_init(&w->their, &s, NULL);
	ok(is_refused(ask_once(w), FW_LEVEL, false), "no privacy there: security level");
	s.name = "nobody";
	usm_user_init(&w->their, &s, NULL);
	ok(is_refused(ask_once(w), FW_USER, false), "another user: unknown user");
	is_int(COUNTED(w, report_low), 4, "... none of it authentic, and counted");
	world_close(w);
}

static void test_contexts(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct taken t;

	world_ask(w);
	take(w, &t);
	ok(is_refused(reported(w, &t, V3_UNKNOWN_CONTEXTS), FW_CONTEXT, true), "an unknown context, authentic");
	usm_engine_release(&w->engine);
	usm_engine_init(&w->engine, &w->user, "vrf-7");
	is_int(world_ask(w), 1, "a context by its name");
	ok(w->pdu.community_len == 5 && memcmp(w->pdu.community, "vrf-7", 5) == 0, "... comes back");
	take(w, &t);
	t.v.context = "vrf-8";
	ok(is_dropped(answered(w, &t), FW_FOREIGN) && COUNTED(w, context) == 1, "another context is not taken");
	world_close(w);
}

/* ---- forged ---- */

static void test_forged(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct usm_keys other = { .auth = { 1 }, .priv = { 1 } };
	struct taken t;

	world_ask(w);
	take(w, &t);
	t.v.keys = &other;
	ok(is_dropped(answered(w, &t), FW_KEY) && COUNTED(w, digest) == 1, "signed with another key");
	take(w, &t);
	t.v.auth = USM_SHA512;
	ok(is_dropped(answered(w, &t), FW_KEY) && COUNTED(w, digest_size) == 1, "a digest too long");
	take(w, &t);
	t.v.auth = USM_MD5;
	ok(is_dropped(answered(w, &t), FW_KEY) && COUNTED(w, digest_size) == 2, "a digest too short");
	take(w, &t);
	t.v.user = "nod";
	ok(is_dropped(answered(w, &t), FW_FOREIGN) && COUNTED(w, user) == 1, "of another user");
	take(w, &t);
	w->self.id[7] = 66;
	ok(is_dropped(answered(w, &t), FW_ENGINE) && COUNTED(w, engine) == 1, "of another engine");
	w->self.id[7] = 1;
	take(w, &t);
	t.pdu.request_id ^= 1;
	ok(is_dropped(answered(w, &t), FW_FOREIGN) && COUNTED(w, request_id) == 1, "with another request-id");
	take(w, &t);
	t.v.msg_id ^= 1;
	ok(is_dropped(answered(w, &t), FW_FOREIGN) && COUNTED(w, request_id) == 2, "with another msgID");
	is_int(world_ask(w), 0, "the agent is heard as before");
	world_close(w);
}

/* An empty digest: the flag says authentic, the field has nothing. */
static void test_empty_digest(void)
{
	struct v3_world *w = start(USM_SHA256, USM_NOPRIV);
	struct v3_bytes b;
	struct v3_message m;
	struct taken t;

	world_ask(w);
	take(w, &t);
	t.v.flags = USM_NOAUTHNOPRIV;
	b = answer_of(w, &t.v, t.pdu);
	for (size_t i = 0; i + 3 < b.len; i++)
		if (memcmp(b.bytes + i, "\x04\x01\x00\x02", 4) == 0)
			b.bytes[i + 2] = USM_AUTHNOPRIV;
	v3_message_dec(&m, b.bytes, b.len);
	ok(m.flags == USM_AUTHNOPRIV && m.digest_len == 0, "an answer that says it is signed, with a digest of no octets");
	ok(is_dropped(manager_hears(w, &b), FW_KEY) && COUNTED(w, digest_size) == 1, "... is dropped");
	world_close(w);
}

static void test_downgraded(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct taken t;

	world_ask(w);
	take(w, &t);
	t.v.flags = USM_NOAUTHNOPRIV;
	ok(is_dropped(answered(w, &t), FW_LEVEL) && COUNTED(w, level) == 1, "answered without a digest");
	take(w, &t);
	t.v.flags = USM_AUTHNOPRIV;
	ok(is_dropped(answered(w, &t), FW_LEVEL) && COUNTED(w, level) == 2, "answered in clear, though signed");
	world_close(w);
	w = start(USM_SHA256, USM_NOPRIV);
	world_ask(w);
	take(w, &t);
	t.v.flags = USM_AUTHPRIV;
	t.v.priv = USM_AES128;
	ok(is_dropped(answered(w, &t), FW_LEVEL), "encrypted for a user without privacy");
	world_close(w);
	w = start(USM_NOAUTH, USM_NOPRIV);
	world_ask(w);
	take(w, &t);
	t.v.flags = USM_AUTHNOPRIV;
	t.v.auth = USM_SHA1;
	ok(is_dropped(answered(w, &t), FW_LEVEL), "signed for a user without a key");
	world_close(w);
}

static void test_not_answers(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct v3_bytes echo, b;
	struct v3_message m;

	world_ask(w);
	echo = manager_asks(w);
	ok(is_dropped(manager_hears(w, &echo), FW_FOREIGN) && COUNTED(w, kind) == 1, "a request that comes back");
	b = agent_hears(w, &echo);
	for (size_t i = 0; i + 6 < b.len; i++)
		if (memcmp(b.bytes + i, "\x04\x01\x03\x02\x01\x03", 6) == 0)
			b.bytes[i + 5] = 2;
	v3_message_dec(&m, b.bytes, b.len);
	ok(m.other_model && is_dropped(v3_open(w->manager, &w->engine, &m, w->now, &w->pdu), FW_MALFORM) && COUNTED(w, model) == 1,
	   "another security model");
	world_close(w);
}

/* ---- time ---- */

static void test_unauthentic_window(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct usm_engine before;
	struct v3_bytes b;
	struct taken t;

	world_ask(w);
	take(w, &t);
	t.v.flags = USM_NOAUTHNOPRIV;
	t.v.boots = 99;
	t.v.time = 5;
	b = report_of(w, &t.v, V3_NOT_IN_TIME_WINDOWS);
	before = w->engine;
	ok(is_refused(manager_hears(w, &b), FW_WINDOW, false), "a report about time that is not authentic");
	ok(memcmp(&before, &w->engine, sizeof(before)) == 0, "... moves nothing");
	world_close(w);
}

static void test_rebooted(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);

	world_ask(w);
	agent_is(w, 1, 8, 3);
	is_int(world_ask(w), 1, "an agent that rebooted is asked once more");
	ok(w->engine.clock.boots == 8 && COUNTED(w, resynchronised) == 1, "... its clock is followed");
	is_int(world_ask(w), 0, "... then answers at once");
	agent_is(w, 1, 8, 100000);
	is_int(world_ask(w), 1, "a clock that jumped ahead is followed");
	world_pass(w, 100000);
	is_int(world_ask(w), 0, "a day of silence changes nothing");
	world_close(w);
}

static void test_forgetful(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	bool fine = true;

	world_ask(w);
	agent_is(w, 1, 1, 2);
	is_int(world_ask(w), 1, "an agent that forgot its boots is followed back");
	ok(w->engine.clock.boots == 1 && w->engine.clock.time == 2 && COUNTED(w, followed_back) == 1,
	   "... its clock is ours");
	world_pass(w, 5000);
	world_ask(w);
	agent_is(w, 1, 1, 2);
	is_int(world_ask(w), 1, "with the same boots and less time as well");
	world_pass(w, 1000);
	for (unsigned i = 0; i < 20 && fine; i++) {
		w->now.us += 60 * 1000000;	/* its own clock stands */
		fine = world_ask(w) >= 0;
	}
	ok(fine, "an agent whose clock stands is followed");
	world_close(w);
}

/* An old authentic report, with a msgID that is out again: one question more, and no clock goes back. */
static void test_old_report(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct v3_bytes old, asked;
	struct taken t;

	world_ask(w);
	take(w, &t);
	old = report_of(w, &t.v, V3_NOT_IN_TIME_WINDOWS);
	agent_is(w, 1, 9, 100);
	world_ask(w);
	is_int(w->engine.clock.boots, 9, "two boots later");
	is_int(manager_hears(w, &old).does, V3_AGAIN, "an old report is tried");
	is_int(manager_hears(w, &old).does, V3_AGAIN, "... and given a second time");
	is_int(w->engine.clock.boots, 9, "... confirms nothing");
	asked = manager_asks(w);
	agent_hears(w, &asked);
	is_int(w->reported, V3_NOT_IN_TIME_WINDOWS, "... the agent does not know that time");
	is_int(world_ask(w), 1, "... and puts us right");
	ok(w->engine.clock.boots == 9 && COUNTED(w, followed_back) == 0, "no clock went back");
	world_close(w);
}

static void test_old_answer(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct v3_bytes asked, old;

	world_ask(w);
	asked = manager_asks(w);
	old = agent_hears(w, &asked);
	world_pass(w, 151);
	world_ask(w);
	ok(manager_hears(w, &old).does != V3_TAKE && COUNTED(w, window) == 1, "an answer from 151 s ago is not taken");
	is_int(world_ask(w), 1, "... and costs one question more");
	is_int(world_ask(w), 0, "the agent is heard as before");
	world_close(w);
}

static void test_latched(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);

	world_ask(w);
	agent_is(w, 1, USM_BOOTS_LATCHED, 5);
	ok(is_refused(ask_once(w), FW_WINDOW, true) && COUNTED(w, latched) == 1,
	   "boots at their end: outside the time window");
	ok(is_refused(ask_once(w), FW_WINDOW, true), "... for good");
	agent_is(w, 1, 1, 5);
	ok(world_ask(w) >= 0, "... until the agent is set up anew");
	world_close(w);
}

/* Time runs out at 2^31 - 1: it stands there until the agent begins another boot (RFC 3414 2.2.2). */
static void test_last_second(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);

	agent_is(w, 1, 7, INT32_MAX - 10);
	is_int(world_ask(w), 1, "ten seconds before its time runs out an agent is answered");
	w->now.us += 1000000000;
	is_u64(usm_time(&w->engine.clock, w->now), INT32_MAX, "... later our idea of its time stands");
	agent_is(w, 1, 8, 989);
	is_int(world_ask(w), 1, "... and its next boot is followed");
	agent_is(w, 1, USM_BOOTS_LATCHED - 1, INT32_MAX);
	is_int(world_ask(w), 1, "the last boot and the last second");
	is_int(world_ask(w), 0, "... are as good as others");
	world_close(w);
}

/* ---- another engineID ---- */

static void test_replaced(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);

	world_ask(w);
	agent_is(w, 2, 1, 10);
	is_int(world_ask(w), 1, "an agent that was replaced is asked once more");
	ok(w->engine.self.id[7] == 2 && w->engine.trial.id_len == 0 && COUNTED(w, replaced) == 1,
	   "... and known by its new engineID");
	is_int(w->engine.clock.boots, 1, "... with its clock");
	is_int(world_ask(w), 0, "... then answers at once");
	agent_is(w, 3, 1, 10);
	is_int(world_ask(w), 1, "replaced again");
	world_close(w);
}

static struct v3_verdict lie_about_engine(struct v3_world *w, uint8_t last)
{
	struct v3_agent honest = w->self;
	struct v3_verdict v;
	struct taken t;

	take(w, &t);
	w->self.id[7] = last;
	v = reported(w, &t, V3_UNKNOWN_ENGINE_IDS);
	w->self = honest;
	return v;
}

static void test_liar(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct usm_clock clock;

	world_ask(w);
	clock = w->engine.clock;
	is_int(lie_about_engine(w, 66).does, V3_AGAIN, "a lie about a known engine is tried");
	ok(w->engine.self.id[7] == 1 && w->engine.trial.id_len == 8 && memcmp(&clock, &w->engine.clock, sizeof(clock)) == 0,
	   "... the engine and its clock stay");
	is_int(world_ask(w), 1, "... the agent knows nothing of it and is asked as before");
	ok(w->engine.trial.id_len == 0, "... the trial is over");
	ok(is_refused(lie_about_engine(w, 67), FW_ENGINE, false) && COUNTED(w, trial_held) == 1,
	   "the next is not tried at once");
	is_int(world_ask(w), 0, "... nothing is disturbed");
	world_pass(w, 61);
	is_int(lie_about_engine(w, 68).does, V3_AGAIN, "... a minute later it is");
	manager_asks(w);
	manager_asks(w);
	is_int(world_ask(w), 0, "a trial that nobody answers ends");
	is_int(w->engine.self.id[7], 1, "... with the engine as it was");
	world_close(w);
}

static void test_no_key(void)
{
	struct v3_world *w = start(USM_NOAUTH, USM_NOPRIV);

	is_int(world_ask(w), 1, "a user without a key is answered");
	ok(usm_engine_ready(&w->engine) && !w->engine.clock.set, "... without a clock");
	agent_is(w, 2, 1, 1);
	is_int(world_ask(w), 1, "... and follows another engineID at once");
	world_close(w);
}

/* Two agents with one engineID, as copies of one virtual machine have: each address has its own clock. */
static void test_clones(void)
{
	static struct v3_world a, b;
	unsigned agains = 0;

	world_open(&a, USM_SHA256, USM_AES128);
	world_open(&b, USM_SHA256, USM_AES128);
	agent_is(&b, 1, 2000, 5);
	world_ask(&a);
	world_ask(&b);
	for (unsigned i = 0; i < 10; i++)
		agains += (unsigned)(world_ask(&a) + world_ask(&b));
	is_int(agains, 0, "clones do not disturb each other");
	world_close(&a);
	world_close(&b);
}

/* ---- keys ---- */

static void test_keys(void)
{
	struct v3_world *w = start(USM_SHA256, USM_AES128);
	struct usm_secrets s = v3_secrets(USM_SHA512, USM_AES256);
	static const struct usm_engine none;
	static struct usm_user other;

	world_ask(w);
	usm_user_init(&other, &s, NULL);
	w->their = other;
	agent_is(w, 1, 7, 1000);
	ok(usm_engine_user(w->manager, &w->engine, &other), "the credentials are changed");
	is_int(world_ask(w), 0, "... the clock is still right");
	usm_engine_release(&w->engine);
	ok(memcmp(&w->engine, &none, sizeof(none)) == 0, "nothing of an engine is left after release");
	world_close(w);
}

int main(void)
{
	plan(8 + 4 + 15 + 4 + 5 + 4 + 8 + 2 + 4 + 2 + 2 + 5 + 4 + 7 + 3 + 3 + 5 + 5 + 9 + 3 + 1 + 3);
	test_discovery();
	test_discovery_lied();
	test_discovery_flooded();
	test_remembered();
	test_wrong_secrets();
	test_contexts();
	test_forged();
	test_empty_digest();
	test_downgraded();
	test_not_answers();
	test_unauthentic_window();
	test_rebooted();
	test_forgetful();
	test_old_report();
	test_old_answer();
	test_latched();
	test_last_second();
	test_replaced();
	test_liar();
	test_no_key();
	test_clones();
	test_keys();
	return done();
}
