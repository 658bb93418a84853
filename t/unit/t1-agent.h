/* t/unit/t1-agent.h: a scripted agent on a loopback port, and the clock of its world, for tests of the SNMP engine.
 *
 * Test and agent share one thread: what was asked is taken from the agent's socket and answered, or not, by the test.
 * The monotonic clock is the system's plus what the test lets pass: clock_gettime() is ours here. The kernel stamps
 * what it receives by its own wall clock, so that one stays unless the test sets it.
 */
#ifndef FW_T_T1_AGENT_H
#define FW_T_T1_AGENT_H

#include <arpa/inet.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "poller/snmp/snmp.h"
#include "tap.h"

static int64_t passed_us, wall_step_us;

int clock_gettime(clockid_t id, struct timespec *t)
{
	long rc = syscall(SYS_clock_gettime, id, t);
	bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
	int64_t us = wall ? wall_step_us : passed_us;

	t->tv_sec += us / 1000000;
	t->tv_nsec += us % 1000000 * 1000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_nsec -= 1000000000;
		t->tv_sec++;
	}
	return (int)rc;
}

struct world {
	struct event_base *base;
	struct wheel *wheel;
	struct snmp_engine *engine;
};

static inline struct world world_new(void)
{
	struct world w = { .base = event_base_new(), .wheel = wheel_new(clock_mono()) };
	struct err err;

	w.engine = snmp_engine_new(w.base, w.wheel, &err);
	if (!w.engine)
		note("%s", err.text);
	return w;
}

static inline void world_free(struct world *w)
{
	snmp_engine_free(w->engine);
	wheel_free(w->wheel);
	event_base_free(w->base);
}

/* Rounds of the loop, until what is on the loopback has been read. */
static inline void turn(struct world *w)
{
	for (unsigned i = 0; i < 4; i++)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
}

/* Let time pass in steps of 10 ms, as a worker that is never late. */
static inline void pass_ms(struct world *w, int64_t ms)
{
	for (; ms > 0; ms -= 10) {
		passed_us += 10000;
		wheel_run(w->wheel, clock_mono());
		turn(w);
	}
}

struct agent {
	int fd;
	struct sockaddr_storage address;
};

static inline struct agent agent_new(int family)
{
	struct agent a = { .fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0) };
	socklen_t len = sizeof(a.address);

	a.address.ss_family = (sa_family_t)family;
	if (family == AF_INET)
		((struct sockaddr_in *)&a.address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&a.address)->sin6_addr = in6addr_loopback;
	if (a.fd < 0 || bind(a.fd, (struct sockaddr *)&a.address, len) < 0) {
		close(a.fd);
		a.fd = -1;
		return a;
	}
	getsockname(a.fd, (struct sockaddr *)&a.address, &len);
	return a;
}

static inline struct snmp_peer peer_of(const struct agent *a, uint8_t version, uint8_t retries)
{
	return (struct snmp_peer){
		.address = a->address, .community = "secret", .version = version, .retries = retries,
		.timeout = span_s(1)
	};
}

/* A request as the agent got it. */
struct asked {
	uint8_t bytes[2048];
	size_t len;
	struct sockaddr_storage from;
	socklen_t from_len;
	struct snmp_message m;
};

/* The next request that waits; false when there is none, or it is none. */
static inline bool agent_take(const struct agent *a, struct asked *q)
{
	ssize_t n;

	q->from_len = sizeof(q->from);
	n = recvfrom(a->fd, q->bytes, sizeof(q->bytes), 0, (struct sockaddr *)&q->from, &q->from_len);
	q->len = n > 0 ? (size_t)n : 0;
	return n > 0 && snmp_message_dec(&q->m, q->bytes, q->len) == FW_OK;
}

static inline void agent_send(const struct agent *a, const struct asked *q, const void *bytes, size_t len)
{
	if (sendto(a->fd, bytes, len, 0, (const struct sockaddr *)&q->from, q->from_len) != (ssize_t)len)
		note("the agent cannot send");
}

/* The octets of an answer to 'q' with 'varbinds' as they are; its head as the test changed it in 'head'. */
static inline size_t answer_enc(uint8_t *packet, size_t size, const struct snmp_message *head,
				const struct wr *varbinds)
{
	struct wr w = wr_over(packet, size);

	snmp_message_enc(&w, head, varbinds->buf, varbinds->len);
	return wr_ok(&w) ? w.len : 0;
}

/* Answer with each name that was asked, its value the Gauge32 'value'. */
static inline void agent_answer(const struct agent *a, const struct asked *q, uint32_t value)
{
	uint8_t list[4096], packet[4096];
	struct wr w = wr_over(list, sizeof(list));
	struct snmp_message m = q->m;
	struct snmp_varbind vb;

	while (snmp_varbind_next(&m, &vb)) {
		vb.type = SNMP_GAUGE32;
		vb.number = value;
		snmp_varbind_enc(&w, &vb);
	}
	m.pdu = SNMP_RESPONSE;
	m.error_status = m.error_index = 0;
	agent_send(a, q, packet, answer_enc(packet, sizeof(packet), &m, &w));
}

#endif
