/* t/unit/t1050-engine.c: asking a scripted agent: answers, what only looks like one, silence, refusing sockets. */
#define _GNU_SOURCE		/* sendmmsg, mallinfo2 */
#include <errno.h>
#include <malloc.h>
#include <stddef.h>

#include "poller/snmp/engine-int.h"
#include "t1-agent.h"

/* ---- a socket that refuses on command: what the next calls of sendmmsg() give ---- */

static struct refusal { int why; unsigned times, most; } refusal;	/* 'most' messages a call, 0: no limit */

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	if (refusal.times > 0) {
		refusal.times--;
		errno = refusal.why;
		return -1;
	}
	if (refusal.most && count > refusal.most)
		count = refusal.most;
	return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

/* ---- what came of an ask ---- */

struct outcome {
	unsigned calls;
	uint32_t tag;
	enum fw_err err;
	unsigned sendings, varbinds;
	uint64_t number;
	struct span rtt;
	struct mono sent;
};

static void on_done(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct outcome *o = owner;
	struct snmp_varbind vb;

	o->calls++;
	o->tag = tag;
	o->err = a->err;
	o->sendings = a->sendings;
	o->rtt = mono_since(a->at, a->sent);
	o->sent = a->sent;
	o->varbinds = 0;
	if (!a->reply)
		return;
	while (snmp_varbind_next(a->reply, &vb)) {
		o->varbinds++;
		o->number = vb.number;
	}
}

static struct snmp_packet *packet_for(const struct snmp_peer *peer)
{
	static const uint8_t sysUpTime[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };
	struct snmp_name name = { sysUpTime, sizeof(sysUpTime) };
	struct snmp_request q = {
		.community = peer->community, .version = peer->version, .pdu = SNMP_GET, .request_id = INT32_MAX,
		.names = &name, .name_count = 1
	};
	struct snmp_packet *p = NULL;

	return snmp_packet_new(&p, &q, SNMP_REQUEST_MAX) ? NULL : p;
}

/* One agent, one packet, one ask on its way: where most tests begin. */
struct scene {
	struct world w;
	struct agent agent;
	struct snmp_peer peer;
	struct snmp_packet *packet;
	struct outcome got;
	struct snmp_ask *ask;
	struct asked q;
};

static struct scene *scene_begin(uint8_t retries)
{
	struct scene *s = must_alloc(sizeof(*s));

	s->w = world_new();
	s->agent = agent_new(AF_INET);
	s->peer = peer_of(&s->agent, SNMP_V2C, retries);
	s->packet = packet_for(&s->peer);
	s->ask = snmp_ask(s->w.engine, &s->peer, s->packet, on_done, &s->got, 7);
	turn(&s->w);
	return s;
}

static void scene_end(struct scene *s)
{
	world_free(&s->w);
	close(s->agent.fd);
	free(s->packet);
	free(s);
}

static struct snmp_count counts(struct scene *s)
{
	return snmp_count(s->w.engine);
}

/* ---- answers ---- */

static void test_answer(void)
{
	struct scene *s = scene_begin(0);
	struct snmp_count c;

	ok(agent_take(&s->agent, &s->q), "the agent gets a request when the loop comes round");
	ok(s->got.calls == 0 && snmp_outstanding(s->w.engine) == 1, "... and it is outstanding");
	agent_answer(&s->agent, &s->q, 4242);
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.err == FW_OK && s->got.tag == 7, "its answer comes back to who asked");
	ok(s->got.varbinds == 1 && s->got.number == 4242, "... with its value");
	ok(s->got.sendings == 1 && s->got.rtt.us >= 0 && s->got.rtt.us < 10000000, "... and its times");
	ok(snmp_outstanding(s->w.engine) == 0 && wheel_count(s->w.wheel) == 0, "... and nothing is left behind");
	agent_answer(&s->agent, &s->q, 4242);
	turn(&s->w);
	c = counts(s);
	ok(s->got.calls == 1 && c.late == 1 && c.unknown_id == 0, "the same answer once more is late");
	ok(c.sent == 1 && c.resent == 0 && c.received == 2 && c.answered == 1 && c.varbinds == 1, "all of it is counted");
	scene_end(s);
}

/* Change the head of the answer; then say what it came to. */
static void answer_with(struct scene *s, struct snmp_message head)
{
	struct wr none = wr_over(NULL, 0);
	uint8_t packet[512];

	agent_send(&s->agent, &s->q, packet, answer_enc(packet, sizeof(packet), &head, &none));
	turn(&s->w);
}

/* Nothing came but an answer to a request that nobody made: that is why. */
static void test_stranger(void)
{
	struct scene *s = scene_begin(0);
	struct snmp_message head;

	agent_take(&s->agent, &s->q);
	head = s->q.m;
	head.pdu = SNMP_RESPONSE;
	head.request_id ^= 0x40000;
	answer_with(s, head);
	pass_ms(&s->w, 1100);
	ok(s->got.calls == 1 && s->got.err == FW_FOREIGN, "an agent that answers to other requests is said to");
	scene_end(s);
}

/* An agent of several addresses, where that is allowed. */
static void test_any_source(void)
{
	struct scene *s = scene_begin(0);
	struct agent other = agent_new(AF_INET);

	s->peer.any_source = true;
	agent_take(&s->agent, &s->q);
	agent_answer(&other, &s->q, 77);
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.err == FW_OK && s->got.number == 77, "an answer from another address is taken where that is allowed");
	is_u64(counts(s).foreign_source, 1, "... and counted all the same");
	close(other.fd);
	scene_end(s);
}

static void test_not_ours(void)
{
	struct scene *s = scene_begin(0);
	struct agent other = agent_new(AF_INET);
	struct snmp_message head;

	agent_take(&s->agent, &s->q);
	head = s->q.m;
	head.pdu = SNMP_RESPONSE;
	head.request_id ^= 0x40000;
	answer_with(s, head);
	is_u64(counts(s).unknown_id, 1, "an answer with another request-id is counted as unknown");
	head.request_id = s->q.m.request_id ^ 1;
	answer_with(s, head);
	is_u64(counts(s).unknown_id, 2, "... also when it names a sending that was not");
	head.request_id = s->q.m.request_id;
	head.pdu = SNMP_REPORT;
	answer_with(s, head);
	is_u64(counts(s).unknown_id, 3, "... also when it is no Response-PDU");
	agent_answer(&other, &s->q, 1);
	turn(&s->w);
	is_u64(counts(s).foreign_source, 1, "an answer from another port is foreign");
	agent_send(&s->agent, &s->q, "garbage", 7);
	turn(&s->w);
	is_u64(counts(s).malformed, 1, "garbage is counted as malformed");
	ok(s->got.calls == 0, "the ask waits through all of these");
	agent_answer(&s->agent, &s->q, 5);
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.number == 5, "... and gets its own answer");
	close(other.fd);
	scene_end(s);
}

static void test_community(void)
{
	struct scene *s = scene_begin(0);
	struct snmp_message head;

	agent_take(&s->agent, &s->q);
	head = s->q.m;
	head.pdu = SNMP_RESPONSE;
	head.community_len--;
	answer_with(s, head);
	ok(s->got.calls == 1 && s->got.err == FW_COMMUNITY && counts(s).foreign_community == 1 && counts(s).answered == 0,
	   "an answer with part of the community is none");
	scene_end(s);
}

static void test_version(void)
{
	struct scene *s = scene_begin(0);
	struct snmp_message head;

	agent_take(&s->agent, &s->q);
	head = s->q.m;
	head.pdu = SNMP_RESPONSE;
	head.version = SNMP_V1;
	answer_with(s, head);
	ok(s->got.err == FW_MALFORM && counts(s).malformed == 1, "a v1 answer to a v2c request is malformed");
	scene_end(s);
}

static void test_cut(void)
{
	struct scene *s = scene_begin(2);

	agent_take(&s->agent, &s->q);
	s->q.bytes[s->q.m.varbinds.at - s->q.bytes + 2] = 0;	/* not a name any more */
	s->q.bytes[5 + 2 + 6] = SNMP_RESPONSE;			/* 30 L 020101 04 06 secret a0 */
	agent_send(&s->agent, &s->q, s->q.bytes, s->q.len);
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.err == FW_MALFORM && s->got.varbinds == 0,
	   "a malformed answer with our request-id ends the ask at once");
	is_u64(counts(s).malformed, 1, "... and is counted");
	s->ask = snmp_ask(s->w.engine, &s->peer, s->packet, on_done, &s->got, 8);
	turn(&s->w);
	agent_take(&s->agent, &s->q);
	s->q.bytes[5 + 2 + 6] = SNMP_RESPONSE;
	agent_send(&s->agent, &s->q, s->q.bytes, s->q.len - 9);
	turn(&s->w);
	ok(s->got.calls == 2 && s->got.err == FW_MALFORM && s->got.tag == 8, "so does an answer that was cut short");
	scene_end(s);
}

/* ---- time ---- */

static void test_silence(void)
{
	struct scene *s = scene_begin(2);
	struct asked q[3];

	ok(agent_take(&s->agent, &q[0]), "a silent agent is asked");
	pass_ms(&s->w, 900);
	ok(!agent_take(&s->agent, &q[1]), "... not again within the time-out");
	pass_ms(&s->w, 150);
	ok(agent_take(&s->agent, &q[1]), "... again after it");
	pass_ms(&s->w, 1900);
	ok(!agent_take(&s->agent, &q[2]), "... then not for twice as long");
	pass_ms(&s->w, 150);
	ok(agent_take(&s->agent, &q[2]), "... and once more");
	ok(q[0].m.request_id != q[1].m.request_id && q[0].m.request_id >> 4 == q[2].m.request_id >> 4,
	   "each sending has a request-id of its own");
	pass_ms(&s->w, 3800);
	ok(s->got.calls == 0, "the last sending waits four times as long");
	pass_ms(&s->w, 250);
	ok(s->got.calls == 1 && s->got.err == FW_TIMEOUT && s->got.sendings == 3, "then it is given up");
	ok(!agent_take(&s->agent, &s->q), "... and no more is sent");
	agent_answer(&s->agent, &q[2], 1);
	turn(&s->w);
	ok(counts(s).late == 1 && s->got.calls == 1, "an answer after that is late");
	ok(counts(s).sent == 3 && counts(s).resent == 2 && counts(s).timeout == 1, "all of it is counted");
	scene_end(s);
}

static void test_slow(void)
{
	struct scene *s = scene_begin(1);

	agent_take(&s->agent, &s->q);
	pass_ms(&s->w, 1500);
	agent_answer(&s->agent, &s->q, 9);
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.err == FW_OK && s->got.number == 9, "an answer to the first of two sendings is taken");
	ok(s->got.sendings == 2 && s->got.rtt.us >= 1500000 && s->got.rtt.us < 3000000,
	   "... with the time since that sending");
	scene_end(s);
}

/* The answer is there, but the loop was held up for longer than the time-out. */
static void test_late_loop(void)
{
	struct scene *s = scene_begin(0);

	agent_take(&s->agent, &s->q);
	agent_answer(&s->agent, &s->q, 3);
	passed_us += 3000000;
	wall_step_us = 3000000;
	wheel_run(s->w.wheel, clock_mono());
	ok(s->got.calls == 0, "a time-out found too late waits for the socket to be read");
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.err == FW_OK, "... and the answer counts");
	ok(s->got.rtt.us < 2000000, "... with the kernel's time of arrival, not that of reading");
	wall_step_us = 0;
	scene_end(s);

	s = scene_begin(0);
	passed_us += 3000000;
	wheel_run(s->w.wheel, clock_mono());
	pass_ms(&s->w, 60);
	ok(s->got.calls == 1 && s->got.err == FW_TIMEOUT, "without an answer it is a time-out a little later");
	scene_end(s);
}

static void test_wall_step(void)
{
	struct scene *s = scene_begin(0);

	agent_take(&s->agent, &s->q);
	agent_answer(&s->agent, &s->q, 3);
	wall_step_us = -3600000000;
	turn(&s->w);
	ok(s->got.err == FW_OK && s->got.rtt.us >= 0 && s->got.rtt.us < 10000000,
	   "the wall clock set back an hour: rtt holds");
	s->ask = snmp_ask(s->w.engine, &s->peer, s->packet, on_done, &s->got, 8);
	turn(&s->w);
	agent_take(&s->agent, &s->q);
	agent_answer(&s->agent, &s->q, 3);
	wall_step_us = 3600000000;
	turn(&s->w);
	ok(s->got.calls == 2 && s->got.rtt.us >= 0, "set forward: rtt is not negative");
	wall_step_us = 0;
	scene_end(s);
}

/* ---- many ---- */

enum { MANY = 200 };

static void test_many(void)
{
	static struct outcome got[MANY];
	static struct asked q[MANY];
	struct snmp_packet *packet[MANY];
	struct scene *s = scene_begin(0);
	unsigned right = 0, steps = 0, n = 0;

	for (unsigned i = 0; i < MANY; i++) {
		packet[i] = packet_for(&s->peer);
		snmp_ask(s->w.engine, &s->peer, packet[i], on_done, &got[i], i);
	}
	is_int(snmp_outstanding(s->w.engine), MANY + 1, "two hundred are outstanding");
	event_base_loop(s->w.base, EVLOOP_NONBLOCK);
	while (n < MANY && agent_take(&s->agent, &q[n]))
		n++;
	is_int(n, MANY, "... and leave in one round");
	for (unsigned i = n; i-- > 0; turn(&s->w))
		agent_answer(&s->agent, &q[i], (uint32_t)q[i].m.request_id);
	for (unsigned i = 0; i < MANY; i++) {
		right += got[i].calls == 1 && got[i].err == FW_OK && got[i].tag == i;
		steps += i > 0 && llabs((long long)got[i].number - (long long)got[i - 1].number) < 1 << 16;
		free(packet[i]);
	}
	is_int(right, MANY - 1, "each gets its own answer, whatever the order");	/* the first taken was the scene's */
	ok(steps < 5, "request-ids do not follow each other");
	scene_end(s);
}

static void on_done_slowly(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	on_done(owner, tag, a);
	passed_us += 1000;
}

/* Answers that wait, each taken in no time or in a millisecond: how many before others in the loop have their turn? */
static unsigned taken_in_one_turn(snmp_done *on_answer)
{
	struct scene *s = scene_begin(0);
	struct asked q;
	unsigned first;

	for (unsigned i = 1; i < MANY; i++)
		snmp_ask(s->w.engine, &s->peer, s->packet, on_answer, &s->got, i);
	turn(&s->w);
	while (agent_take(&s->agent, &q))
		agent_answer(&s->agent, &q, 1);
	event_base_loop(s->w.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	first = s->got.calls;
	for (unsigned i = 0; i < MANY / SNMP_BATCH_IN; i++)
		turn(&s->w);
	is_int(s->got.calls, MANY, "two hundred answers that wait are all taken");
	scene_end(s);
	passed_us = 0;
	return first;
}

static void test_turns(void)
{
	is_int(taken_in_one_turn(on_done), MANY, "... in one turn where that takes no time");
	is_int(taken_in_one_turn(on_done_slowly), SNMP_BATCH_IN, "... and in several where it would hold others up");
}

static void test_steady(void)
{
	struct scene *s = scene_begin(0);
	struct mallinfo2 before, after;
	unsigned answered = 0;

	agent_take(&s->agent, &s->q);
	agent_answer(&s->agent, &s->q, 1);
	turn(&s->w);
	before = mallinfo2();
	for (unsigned i = 0; i < 2000; i++) {
		snmp_ask(s->w.engine, &s->peer, s->packet, on_done, &s->got, i);
		turn(&s->w);
		agent_take(&s->agent, &s->q);
		agent_answer(&s->agent, &s->q, i);
		turn(&s->w);
		answered += s->got.number == i && s->got.tag == i;
	}
	after = mallinfo2();
	is_int(answered, 2000, "one packet serves two thousand asks");
	is_u64(after.uordblks, before.uordblks, "... and no memory");
	scene_end(s);
}

static void test_full(void)
{
	struct scene *s = scene_begin(0);
	unsigned n = 0;

	refusal = (struct refusal){ .why = EAGAIN, .times = UINT32_MAX };
	while (snmp_ask(s->w.engine, &s->peer, s->packet, on_done, &s->got, n))
		n++;
	is_int(n, SNMP_OUTSTANDING_MAX - 1, "beyond the limit an ask is refused");
	snmp_cancel(s->w.engine, s->ask);
	ok(snmp_ask(s->w.engine, &s->peer, s->packet, on_done, &s->got, n) != NULL, "... until one has ended");
	scene_end(s);
	refusal = (struct refusal){ 0 };
}

/* ---- cancelling and asking from callbacks ---- */

static void test_cancel(void)
{
	struct scene *s = scene_begin(3);
	struct snmp_packet *more = packet_for(&s->peer);

	agent_take(&s->agent, &s->q);
	snmp_cancel(s->w.engine, s->ask);
	agent_answer(&s->agent, &s->q, 1);
	turn(&s->w);
	ok(s->got.calls == 0 && counts(s).late == 1, "an ask cancelled while it waits is not called, its answer is late");
	s->ask = snmp_ask(s->w.engine, &s->peer, more, on_done, &s->got, 1);
	snmp_cancel(s->w.engine, s->ask);
	turn(&s->w);
	ok(!agent_take(&s->agent, &s->q), "an ask cancelled before it leaves is not sent");
	ok(snmp_outstanding(s->w.engine) == 0 && wheel_count(s->w.wheel) == 0, "nothing is left behind");
	free(more);
	scene_end(s);
}

struct chain {
	struct scene *s;
	struct snmp_ask *other;
	unsigned left;
};

static void chain_done(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct chain *c = owner;

	(void)a;
	if (c->other)
		snmp_cancel(c->s->w.engine, c->other);
	c->other = NULL;
	if (c->left-- > 1)
		snmp_ask(c->s->w.engine, &c->s->peer, c->s->packet, chain_done, c, tag + 1);
}

static void test_chain(void)
{
	struct scene *s = scene_begin(0);
	struct snmp_packet *more = packet_for(&s->peer);
	struct chain c = { .s = s, .left = 5 };

	agent_take(&s->agent, &s->q);
	snmp_ask(s->w.engine, &s->peer, more, on_done, &s->got, 1);
	snmp_cancel(s->w.engine, s->ask);
	snmp_ask(s->w.engine, &s->peer, s->packet, chain_done, &c, 0);
	turn(&s->w);
	for (unsigned i = 0; i < 10 && c.left > 0; i++) {
		while (agent_take(&s->agent, &s->q))
			agent_answer(&s->agent, &s->q, i);
		turn(&s->w);
	}
	ok(c.left == 0, "a callback asks anew, five times");
	ok(s->got.calls == 1 && snmp_outstanding(s->w.engine) == 0, "... and the other was answered in its turn");
	c = (struct chain){ .s = s, .left = 1 };
	snmp_ask(s->w.engine, &s->peer, s->packet, chain_done, &c, 0);
	c.other = snmp_ask(s->w.engine, &s->peer, more, on_done, &s->got, 1);
	refusal = (struct refusal){ .why = ENETUNREACH, .times = 2 };
	turn(&s->w);
	ok(c.left == 0 && s->got.calls == 1 && snmp_outstanding(s->w.engine) == 0,
	   "a callback cancels another that failed in the same round");
	free(more);
	scene_end(s);
}

/* Asks anew whenever the last could not leave: must not hold the loop. */
static void stubborn(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct chain *c = owner;

	if (a->err == FW_NET && c->left-- > 0)
		snmp_ask(c->s->w.engine, &c->s->peer, c->s->packet, stubborn, c, tag);
}

static void test_stubborn(void)
{
	struct scene *s = scene_begin(0);
	struct chain c = { .s = s, .left = 1000 };

	refusal = (struct refusal){ .why = EPERM, .times = UINT32_MAX };
	snmp_ask(s->w.engine, &s->peer, s->packet, stubborn, &c, 0);
	snmp_flush(s->w.engine);
	is_int(c.left, 999, "asking anew from a failure waits for the next round");
	refusal = (struct refusal){ 0 };
	scene_end(s);
}

/* ---- sockets that refuse ---- */

static void test_hard_error(void)
{
	struct scene *s = scene_begin(2);
	struct snmp_peer broadcast = s->peer;
	struct snmp_packet *p[3] = { packet_for(&s->peer), packet_for(&s->peer), packet_for(&s->peer) };
	struct outcome got[3] = { { .calls = 0 } };
	unsigned asked = 0;

	((struct sockaddr_in *)&broadcast.address)->sin_addr.s_addr = htonl(INADDR_BROADCAST);
	while (agent_take(&s->agent, &s->q))
		;
	for (unsigned i = 0; i < 3; i++)
		snmp_ask(s->w.engine, i == 1 ? &broadcast : &s->peer, p[i], on_done, &got[i], i);
	ok(got[1].calls == 0, "an address that cannot be sent to is not told from within snmp_ask()");
	turn(&s->w);
	ok(got[1].calls == 1 && got[1].err == FW_NET && got[1].sendings == 0,
	   "... but in the round, as refused by the network");
	is_u64(counts(s).send_failed, 1, "... and counted");
	for (; agent_take(&s->agent, &s->q); asked++)
		agent_answer(&s->agent, &s->q, 1);
	turn(&s->w);
	ok(asked == 2 && got[0].err == FW_OK && got[2].calls == 1 && got[2].err == FW_OK, "its neighbours in the batch leave");
	for (unsigned i = 0; i < 3; i++)
		free(p[i]);
	scene_end(s);
}

static unsigned agent_count(struct scene *s)
{
	unsigned n = 0;

	while (agent_take(&s->agent, &s->q))
		n++;
	return n;
}

/* 'why' for some calls, then all is well: nothing may be lost, nothing sent twice. */
static void test_soft_error(int why, const char *name)
{
	struct scene *s = scene_begin(0);
	struct snmp_packet *p[100];
	unsigned n;

	agent_count(s);
	refusal = (struct refusal){ .why = why, .times = 3, .most = 7 };
	for (unsigned i = 0; i < 100; i++) {
		p[i] = packet_for(&s->peer);
		snmp_ask(s->w.engine, &s->peer, p[i], on_done, &s->got, i);
	}
	turn(&s->w);
	pass_ms(&s->w, 100);
	n = agent_count(s);
	ok(n == 100 && s->got.calls == 0 && counts(s).send_failed == 0 && refusal.times == 0, name);
	refusal = (struct refusal){ 0 };
	for (unsigned i = 0; i < 100; i++)
		free(p[i]);
	scene_end(s);
}

static void test_blocked(void)
{
	struct scene *s = scene_begin(0);
	struct snmp_packet *p = packet_for(&s->peer);

	refusal = (struct refusal){ .why = ENOBUFS, .times = UINT32_MAX };
	snmp_cancel(s->w.engine, s->ask);
	snmp_ask(s->w.engine, &s->peer, p, on_done, &s->got, 0);
	pass_ms(&s->w, 4500);
	ok(s->got.calls == 0, "a socket that takes nothing holds an ask for some seconds");
	pass_ms(&s->w, 1000);
	ok(s->got.calls == 1 && s->got.err == FW_NET, "... then the ask ends");
	refusal = (struct refusal){ 0 };
	snmp_ask(s->w.engine, &s->peer, p, on_done, &s->got, 0);
	pass_ms(&s->w, 50);
	agent_count(s);
	agent_answer(&s->agent, &s->q, 1);
	turn(&s->w);
	ok(s->got.calls == 2 && s->got.err == FW_OK, "... and the next is sent when it takes again");
	free(p);
	scene_end(s);
}

/* The agent is not there: loopback sends an ICMP error back, which is no error of our socket. */
static void test_port_closed(void)
{
	struct scene *s = scene_begin(0);

	close(s->agent.fd);
	for (unsigned i = 0; i < 3; i++) {
		s->ask = snmp_ask(s->w.engine, &s->peer, s->packet, on_done, &s->got, 0);
		pass_ms(&s->w, 1100);
	}
	ok(s->got.err == FW_TIMEOUT && counts(s).send_failed == 0, "a closed port is a silent agent");
	s->agent = agent_new(AF_INET);
	scene_end(s);
}

static void test_kernel_drops(void)
{
	struct scene *s = scene_begin(0);
	int small = 2304;
	struct snmp_count c;

	agent_take(&s->agent, &s->q);
	setsockopt(s->w.engine->socket[0].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (unsigned i = 0; i < 200; i++)
		agent_answer(&s->agent, &s->q, i);
	turn(&s->w);
	agent_answer(&s->agent, &s->q, 1);
	turn(&s->w);
	c = counts(s);
	ok(c.kernel_dropped > 0, "what the kernel had no room for is counted");
	is_u64(c.kernel_dropped + c.received, 201, "... each one");
	scene_end(s);
}

/* Two agents on one port, at 127.0.0.1 and 127.0.0.2, one answering for the other. */
static void test_address(void)
{
	struct scene *s = scene_begin(0);
	struct agent second = s->agent;

	((struct sockaddr_in *)&second.address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	second.fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(second.fd, (struct sockaddr *)&second.address, sizeof(struct sockaddr_in)) < 0)
		note("cannot bind 127.0.0.2");
	agent_take(&s->agent, &s->q);
	agent_answer(&second, &s->q, 66);
	turn(&s->w);
	ok(s->got.calls == 0 && counts(s).foreign_source == 1, "an answer from another address and the same port is foreign");
	pass_ms(&s->w, 1100);
	ok(s->got.calls == 1 && s->got.err == FW_SOURCE, "... and when nothing else comes, that is why");
	close(second.fd);
	scene_end(s);
}

static void test_ipv6(void)
{
	struct world w = world_new();
	struct agent a = agent_new(AF_INET6);
	struct snmp_peer peer = peer_of(&a, SNMP_V1, 0);
	struct snmp_packet *p = packet_for(&peer);
	struct outcome got = { .calls = 0 };
	struct asked q;

	if (a.fd < 0 || w.engine->socket[1].fd < 0) {
		skip(1, "no IPv6 here");
	} else {
		snmp_ask(w.engine, &peer, p, on_done, &got, 1);
		turn(&w);
		if (agent_take(&a, &q))
			agent_answer(&a, &q, 6);
		turn(&w);
		ok(got.calls == 1 && got.err == FW_OK && got.number == 6, "an agent at an IPv6 address answers, in v1");
		close(a.fd);
	}
	free(p);
	world_free(&w);
}

static void test_free(void)
{
	struct scene *s = scene_begin(0);
	struct snmp_packet *p = packet_for(&s->peer);

	snmp_ask(s->w.engine, &s->peer, p, on_done, &s->got, 1);
	snmp_engine_free(s->w.engine);
	s->w.engine = NULL;
	ok(s->got.calls == 0 && wheel_count(s->w.wheel) == 0, "an engine that goes takes its asks along, silently");
	pass_ms(&s->w, 2000);
	free(p);
	scene_end(s);
}

int main(void)
{
	plan(4 + 1 + 1 + 2 + 8 + 7 + 1 + 1 + 3 + 11 + 2 + 4 + 2 + 4 + 2 + 2 + 3 + 3 + 1 + 4 + 4 + 3 + 1 + 2 + 1 + 1 + 1);
	test_answer();
	test_not_ours();
	test_stranger();
	test_any_source();
	test_community();
	test_version();
	test_cut();
	test_silence();
	test_slow();
	test_late_loop();
	test_wall_step();
	test_many();
	test_turns();
	test_steady();
	test_full();
	test_cancel();
	test_chain();
	test_stubborn();
	test_hard_error();
	test_soft_error(EAGAIN, "a full send buffer delays, and loses nothing");
	test_soft_error(ENOBUFS, "a full device queue delays, and loses nothing");
	test_soft_error(ENOMEM, "no kernel memory delays, and loses nothing");
	test_soft_error(EINTR, "a signal loses nothing");
	test_blocked();
	test_port_closed();
	test_kernel_drops();
	test_address();
	test_ipv6();
	test_free();
	return done();
}
