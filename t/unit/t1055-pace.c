/* t/unit/t1055-pace.c: how fast a peer is asked, and when a lost request goes again: by measured round trips, never later. */
#define _GNU_SOURCE
#include "poller/snmp/engine-int.h"
#include "t1-agent.h"

static struct span ms(int64_t n) { return span_ms(n); }

/* ---- RFC 6298 ---- */

static void test_rto(void)
{
	struct snmp_path p = { 0 };
	int64_t rto;

	ok(snmp_path_rto(&p, ms(2000)).us == 2000000, "nothing measured: the time-out that is configured");
	snmp_path_measure(&p, ms(200));
	ok(p.srtt.us == 200000 && p.rttvar.us == 100000, "the first round trip is the mean, half of it the deviation");
	ok(snmp_path_rto(&p, ms(2000)).us == 600000, "mean and four deviations");
	snmp_path_measure(&p, ms(280));
	ok(p.rttvar.us == 95000 && p.srtt.us == 210000, "then a quarter and an eighth of what is new");
	for (int i = 0; i < 100; i++)
		snmp_path_measure(&p, ms(1));
	ok(snmp_path_rto(&p, ms(2000)).us == 100000, "never less than 100 ms");
	rto = snmp_path_rto(&p, ms(50)).us;
	ok(rto == 50000 || rto == 100000, "... a shorter time-out is its own bound");
	for (int i = 0; i < 100; i++)
		snmp_path_measure(&p, ms(1900));
	ok(snmp_path_rto(&p, ms(1500)).us == 1500000, "never more than the time-out");
	p = (struct snmp_path){ 0 };
	snmp_path_measure(&p, ms(0));
	ok(p.srtt.us > 0, "an answer in no time is a measurement");
}

/* ---- rate ---- */

static void test_gap(void)
{
	struct snmp_path p = { 0 };
	struct mono now = { 1000000000 }, last = now;
	unsigned at_once = 0, n = 0;

	for (; n < 100; n++) {
		struct mono at = snmp_path_leave(&p, ms(5), now);

		at_once += at.us == now.us;
		last = at;
	}
	ok(at_once >= 1 && at_once <= 6, "a few leave at once");
	ok(mono_since(last, now).us > 460000 && mono_since(last, now).us <= 500000, "a hundred at 200 a second take half a second");
	now = mono_add(now, span_s(10));
	ok(snmp_path_leave(&p, ms(5), now).us == now.us, "time that passed unused is not made up for, nor held against it");
}

/* ---- all together ---- */

/* So many want to leave each millisecond; how many did in 'time_ms'. */
static unsigned leave(struct snmp_pacer *p, struct mono *now, int64_t time_ms, unsigned wanted)
{
	unsigned sum = 0;

	for (; time_ms > 0; time_ms--) {
		unsigned n = snmp_pacer_allows(p, wanted, *now);

		snmp_pacer_left(p, n);
		sum += n;
		*now = mono_add(*now, span_ms(1));
	}
	return sum;
}

static void test_pacer(void)
{
	struct snmp_pacer p = { 0 };
	struct mono now = { 1000000000 };
	unsigned n;

	ok(leave(&p, &now, 1000, 20) == 20000, "nothing is dropped: no bound");
	snmp_pacer_dropped(&p, now);
	ok(p.rate >= 9900 && p.rate <= 10100 && p.cuts == 1, "a drop: half of what left lately");
	snmp_pacer_dropped(&p, now);
	ok(p.cuts == 1, "... once for what left before");
	n = leave(&p, &now, 100, 20);
	ok(n >= 950 && n <= 1100, "... and no more leave");
	snmp_pacer_dropped(&p, mono_add(now, span_ms(1)));
	ok(p.cuts == 2 && p.rate > 4900 && p.rate < 5200, "again later: half again");
	n = p.rate;
	leave(&p, &now, 10100, 20);
	ok(p.rate >= n + 9000 && p.rate <= n + 11000, "ten seconds without: ten thousand a second more");
	for (unsigned i = 0; i < 20; i++, now = mono_add(now, span_s(1)))
		snmp_pacer_dropped(&p, now);
	ok(p.rate == 500, "never fewer than 500 a second");
	n = leave(&p, &now, 100, 20);
	ok(n >= 48 && n <= 60, "... and so many do leave");
	leave(&p, &now, 230000, 1);
	ok(p.rate == 0, "in the end there is no bound any more");
}

/* ---- the engine ---- */

struct outcome { unsigned calls, sendings; enum fw_err err; struct span rtt; };

static void on_done(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct outcome *o = owner;

	(void)tag;
	o->calls++;
	o->err = a->err;
	o->sendings = a->sendings;
	o->rtt = mono_since(a->at, a->sent);
}

static struct snmp_packet *packet_for(const struct snmp_peer *peer)
{
	static const uint8_t name_ber[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };
	struct snmp_name name = { name_ber, sizeof(name_ber) };
	struct snmp_request q = { .community = peer->community, .version = peer->version, .pdu = SNMP_GET, .request_id = INT32_MAX,
				  .names = &name, .name_count = 1 };
	struct snmp_packet *p = NULL;

	return snmp_packet_new(&p, &q, SNMP_REQUEST_MAX) ? NULL : p;
}

struct scene { struct world w; struct agent agent; struct snmp_peer peer; struct snmp_path path; struct snmp_packet *packet;
	       struct outcome got; };

static struct scene *scene_begin(uint8_t retries, struct span gap)
{
	struct scene *s = must_alloc(sizeof(*s));

	s->w = world_new();
	s->agent = agent_new(AF_INET);
	s->peer = peer_of(&s->agent, SNMP_V2C, retries);
	s->peer.path = &s->path;
	s->peer.gap = gap;
	s->packet = packet_for(&s->peer);
	return s;
}

static void ask(struct scene *s)
{
	s->got = (struct outcome){ 0 };
	snmp_ask(s->w.engine, &s->peer, s->packet, on_done, &s->got, 0);
	turn(&s->w);
}

static void scene_end(struct scene *s)
{
	world_free(&s->w);
	close(s->agent.fd);
	free(s->packet);
	free(s);
}

/* How many requests came to the agent in so many milliseconds. */
static unsigned asked_within(struct scene *s, int64_t time_ms)
{
	struct asked q;
	unsigned n = 0;

	for (; time_ms > 0; time_ms -= 10) {
		pass_ms(&s->w, 10);
		while (agent_take(&s->agent, &q))
			n++;
	}
	return n;
}

static void test_early(void)
{
	struct scene *s = scene_begin(2, span_us(0));
	struct asked q;
	struct mono began;

	ask(s);
	agent_take(&s->agent, &q);
	ok(asked_within(s, 980) == 0, "never measured: not asked again before the time-out of a second");
	ok(asked_within(s, 40) == 1, "... but then");
	agent_answer(&s->agent, &q, 1);		/* the first sending: it took a second */
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.sendings == 2 && s->path.srtt.us > 900000,
	   "the answer to the first of two sendings measures the first: no rule of Karn's is needed");
	for (int i = 0; i < 60; i++)
		snmp_path_measure(&s->path, ms(2));
	while (agent_take(&s->agent, &q)) { }
	ask(s);
	began = clock_mono();
	ok(agent_take(&s->agent, &q) && asked_within(s, 90) == 0, "answers take 2 ms: still nothing within 90");
	ok(asked_within(s, 40) == 1, "... once more after 100 ms");
	ok(asked_within(s, 160) == 0 && asked_within(s, 60) == 1, "... and 200 ms later");
	ok(asked_within(s, 600) == 0 && asked_within(s, 70) == 1, "the configured ones keep their times: after one second");
	ok(asked_within(s, 1900) == 0 && asked_within(s, 120) == 1, "... after three");
	ok(s->got.calls == 0 && asked_within(s, 3800) == 0 && s->got.calls == 0, "nothing more");
	pass_ms(&s->w, 300);
	ok(s->got.calls == 1 && s->got.err == FW_TIMEOUT, "silent when the configuration says so, no sooner");
	note("after %.2f s", span_as_s(mono_since(clock_mono(), began)));
	ok(snmp_count(s->w.engine).early == 2 && s->got.sendings == 5, "early sendings are counted");
	scene_end(s);
}

static void test_no_retries(void)
{
	struct scene *s = scene_begin(0, span_us(0));

	for (int i = 0; i < 60; i++)
		snmp_path_measure(&s->path, ms(2));
	ask(s);
	ok(asked_within(s, 1200) == 1 && s->got.err == FW_TIMEOUT, "without retries none is sent early");
	scene_end(s);
}

static void test_lost_one(void)
{
	struct scene *s = scene_begin(2, span_us(0));
	struct asked q;

	for (int i = 0; i < 60; i++)
		snmp_path_measure(&s->path, ms(2));
	ask(s);
	agent_take(&s->agent, &q);	/* lost */
	pass_ms(&s->w, 120);
	ok(agent_take(&s->agent, &q), "a lost request goes again");
	agent_answer(&s->agent, &q, 1);
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.err == FW_OK && s->got.rtt.us < 50000, "... and costs a tenth of a second; the round trip is its own");
	ok(wheel_count(s->w.wheel) == 0, "nothing is left behind");
	scene_end(s);
}

/* The answer lies in the socket when the loop comes round late: it is read before anybody is asked again. */
static void test_read_first(void)
{
	struct scene *s = scene_begin(2, span_us(0));
	struct asked q;

	for (int i = 0; i < 60; i++)
		snmp_path_measure(&s->path, ms(2));
	ask(s);
	agent_take(&s->agent, &q);
	agent_answer(&s->agent, &q, 1);
	usleep(150000);
	wheel_run(s->w.wheel, clock_mono());
	turn(&s->w);
	ok(s->got.calls == 1 && s->got.sendings == 1 && snmp_count(s->w.engine).early == 0,
	   "an answer that has come but is not read: it is not asked again");
	scene_end(s);
}

/* All answers begin to take long at the same time: nobody is asked early for it. */
static void test_shared_queue(void)
{
	struct snmp_path p = { 0 };
	struct span excess = { 0 };

	for (int i = 0; i < 60; i++)
		snmp_path_measure(&p, ms(2));
	for (int i = 0; i < 200; i++)
		snmp_path_excess(&p, ms(302), &excess);
	ok(excess.us > 250000 && excess.us < 305000, "all take 300 ms more: that is the queue they share");
	for (int i = 0; i < 400; i++)
		snmp_path_excess(&p, ms(i % 20 ? 2 : 5002), &excess);
	ok(excess.us < 150000, "... and one in twenty that is slow is its own affair");
}

static void test_rate(void)
{
	struct scene *s = scene_begin(0, span_ms(100));
	struct snmp_packet *more[10];
	unsigned n;

	for (unsigned i = 0; i < 10; i++) {
		more[i] = packet_for(&s->peer);
		snmp_ask(s->w.engine, &s->peer, more[i], on_done, &s->got, 0);
	}
	n = asked_within(s, 500);
	ok(n >= 4 && n <= 6, "ten a second: about five in half a second");
	n += asked_within(s, 600);
	ok(n == 10, "all in a second");
	pass_ms(&s->w, 1200);
	ok(s->got.calls == 10 && snmp_outstanding(s->w.engine) == 0, "each is waited for from when it left");
	scene_end(s);
	for (unsigned i = 0; i < 10; i++)
		free(more[i]);
}

/* ---- strays ---- */

static unsigned strays;
static in_port_t stray_port;

static void on_stray(void *owner, const struct sockaddr_storage *source)
{
	(void)owner;
	strays++;
	stray_port = ((const struct sockaddr_in *)source)->sin_port;
}

static void test_stray(void)
{
	struct scene *s = scene_begin(0, span_us(0));
	struct asked q;

	snmp_engine_stray(s->w.engine, on_stray, NULL);
	ask(s);
	agent_take(&s->agent, &q);
	pass_ms(&s->w, 1200);
	ok(s->got.err == FW_TIMEOUT && strays == 0, "given up");
	agent_answer(&s->agent, &q, 1);
	turn(&s->w);
	ok(strays == 1 && stray_port == ((struct sockaddr_in *)&s->agent.address)->sin_port, "what comes then is a sign of life, and whose");
	agent_send(&s->agent, &q, "rubbish", 7);
	turn(&s->w);
	ok(strays == 1, "rubbish is none");
	scene_end(s);
}

int main(void)
{
	plan(44);
	test_rto();
	test_gap();
	test_pacer();
	test_early();
	test_no_retries();
	test_lost_one();
	test_read_first();
	test_shared_queue();
	test_rate();
	test_stray();
	return done();
}
