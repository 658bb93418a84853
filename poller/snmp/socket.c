/* poller/snmp/socket.c: the UDP sockets of an engine, one for IPv4 and one for IPv6, in batches both ways.
 *
 * Unconnected: one socket asks all agents. The kernel stamps each datagram as it arrives; the stamp is on the wall
 * clock and is put on the monotonic one by reading both clocks after each batch. What the kernel had no room for it
 * counts (SO_RXQ_OVFL).
 * A full send buffer (EAGAIN) waits for the socket to become writable; a full device queue (ENOBUFS) has no event and
 * is tried again after 10 ms. An agent that cannot be sent to fails alone.
 */
#define _GNU_SOURCE		/* sendmmsg, recvmmsg */
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "engine-int.h"
#include "poller/base/log.h"

/* 'leaving' holds packets with their request-ids, or sealed, until they have left: the longest, or a batch of usual ones. */
enum { LEAVING_OCTETS = SNMP_BATCH_OUT * 2048 };
enum { SEND_BUFFER = 4 << 20 };

static const struct timeval retry_after = { .tv_usec = 10000 }, pace_after = { .tv_usec = 1000 };
static const struct timeval writable_within = { .tv_sec = 1 };
/* Nothing has left for so long: the asks have outlived their sense. */
static const struct span blocked_most = { 5000000 };
/* Answers are read for so long, then others in the loop have their turn: keys of Cisco's way take a millisecond an agent. */
static const struct span turn_most = { 10000 };

union control {
	char bytes[CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t))];
	struct cmsghdr align;
};

struct snmp_batch {
	struct mmsghdr out[SNMP_BATCH_OUT], in[SNMP_BATCH_IN];
	struct iovec out_iov[SNMP_BATCH_OUT], in_iov[SNMP_BATCH_IN];
	struct sockaddr_storage source[SNMP_BATCH_IN];
	union control control[SNMP_BATCH_IN];
	uint8_t *bytes, *leaving;
};

/* ---- sending ---- */

static socklen_t address_len(const struct snmp_peer *peer)
{
	return peer->address.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* What is to leave for 'a' now; '*taken' octets of that room are in use. */
static enum fw_err packet_ready(struct snmp_batch *b, struct snmp_ask *a, size_t *taken, struct iovec *iov)
{
	uint8_t *room = b->leaving + *taken;
	enum fw_err err = FW_OK;

	if (a->peer->version == SNMP_V3)
		err = snmp_v3_seal(a, room, LEAVING_OCTETS - *taken, iov);
	else if (a->packet->len_octets > LEAVING_OCTETS - *taken)
		return FW_FULL;
	else
		*iov = (struct iovec){ room, a->packet->len_octets };
	if (err != FW_OK)
		return err;
	if (a->peer->version != SNMP_V3)
		snmp_packet_copy(a->packet, snmp_ask_next_id(a), room);
	*taken += iov->iov_len;
	return FW_OK;
}

/* Those whose message cannot be made are refused. */
static unsigned batch_fill(struct snmp_socket *s, unsigned most)
{
	struct snmp_batch *b = s->engine->batch;
	struct snmp_ask *a, *next;
	size_t taken = 0;
	unsigned n = 0;

	for (a = TAILQ_FIRST(&s->queue); a && n < most; a = next) {
		enum fw_err err = packet_ready(b, a, &taken, &b->out_iov[n]);

		next = TAILQ_NEXT(a, link);
		if (err == FW_FULL)
			break;		/* with the next batch */
		if (err) {
			a->odd = (uint8_t)err;
			snmp_ask_refused(a);
			continue;
		}
		b->out[n].msg_hdr = (struct msghdr){
			.msg_name = (void *)(uintptr_t)&a->peer->address, .msg_namelen = address_len(a->peer),
			.msg_iov = &b->out_iov[n], .msg_iovlen = 1
		};
		n++;
	}
	return n;
}

/* The kernel took them one after the other: their times lie evenly between. */
static void batch_sent(struct snmp_socket *s, unsigned n, struct mono before)
{
	int64_t took = mono_since(clock_mono(), before).us;

	snmp_pacer_left(&s->engine->pacer, n);
	for (unsigned i = 0; i < n; i++)
		snmp_ask_sent(TAILQ_FIRST(&s->queue), mono_add(before, span_us(took * i / n)));
	s->blocked_since = (struct mono){ 0 };
}

static void socket_block(struct snmp_socket *s, bool writable_tells, struct mono now)
{
	if (s->blocked_since.us == 0)
		s->blocked_since = now;
	if (writable_tells)
		event_add(s->writable, &writable_within);
	else
		event_add(s->retry, &retry_after);
}

static bool blocked(const struct snmp_socket *s)
{
	return event_pending(s->writable, EV_WRITE | EV_TIMEOUT, NULL) || event_pending(s->retry, EV_TIMEOUT, NULL);
}

static void queue_refuse(struct snmp_socket *s)
{
	while (!TAILQ_EMPTY(&s->queue))
		snmp_ask_refused(TAILQ_FIRST(&s->queue));
	s->blocked_since = (struct mono){ 0 };
}

/* Nothing of the batch left, the first is to blame or the socket. False: no more now. */
static bool send_error(struct snmp_socket *s, int why, struct mono now)
{
	switch (why) {
	case EINTR:
		return true;
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		if (s->blocked_since.us && mono_since(now, s->blocked_since).us > blocked_most.us)
			queue_refuse(s);
		else
			socket_block(s, why == EAGAIN, now);
		return false;
	default:
		snmp_ask_refused(TAILQ_FIRST(&s->queue));
		return true;
	}
}

void snmp_socket_send(struct snmp_socket *s)
{
	struct snmp_batch *b = s->engine->batch;

	if (TAILQ_EMPTY(&s->queue) || blocked(s))
		return;
	while (!TAILQ_EMPTY(&s->queue)) {
		struct mono before = clock_mono();
		unsigned n = batch_fill(s, snmp_pacer_allows(&s->engine->pacer, SNMP_BATCH_OUT, before));
		int left;

		if (n == 0 && !TAILQ_EMPTY(&s->queue)) {
			event_add(s->retry, &pace_after);
			return;
		}
		if (n == 0)
			return;		/* none could be made */
		left = sendmmsg(s->fd, b->out, n, 0);
		if (left > 0)
			batch_sent(s, (unsigned)left, before);
		else if (!send_error(s, left < 0 ? errno : EAGAIN, before))
			return;
	}
}

static void on_may_send(evutil_socket_t fd, short what, void *arg)
{
	struct snmp_socket *s = arg;

	(void)fd, (void)what;
	snmp_flush(s->engine);
}

/* ---- receiving ---- */

static void batch_init(struct snmp_batch *b)
{
	b->bytes = malloc((size_t)SNMP_BATCH_IN * SNMP_IN_STRIDE);	/* pages come with use */
	b->leaving = malloc(LEAVING_OCTETS);
	must(b->bytes && b->leaving);
	for (unsigned i = 0; i < SNMP_BATCH_IN; i++) {
		b->in_iov[i] = (struct iovec){ b->bytes + (size_t)i * SNMP_IN_STRIDE, SNMP_PACKET_MAX };
		b->in[i].msg_hdr = (struct msghdr){
			.msg_name = &b->source[i], .msg_iov = &b->in_iov[i], .msg_iovlen = 1,
			.msg_control = &b->control[i]
		};
	}
}

static int batch_receive(struct snmp_socket *s)
{
	struct snmp_batch *b = s->engine->batch;
	int n;

	for (unsigned i = 0; i < SNMP_BATCH_IN; i++) {
		b->in[i].msg_hdr.msg_namelen = sizeof(b->source[i]);
		b->in[i].msg_hdr.msg_controllen = sizeof(b->control[i]);
	}
	do
		n = recvmmsg(s->fd, b->in, SNMP_BATCH_IN, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	return n;
}

static void dropped_follow(struct snmp_socket *s, uint32_t dropped)
{
	uint32_t more = dropped - s->dropped;

	if (more == 0)
		return;
	s->engine->count.kernel_dropped += more;
	snmp_pacer_dropped(&s->engine->pacer, clock_mono());
	s->dropped = dropped;
	log_often(LOG_LEVEL_WARN, LOG_WIRE, &s->engine->dropped_said,
		  "poller: the kernel had no room for %u answers: fewer are asked for at once; raise net.core.rmem_max", more);
}

/* When it arrived, by the kernel's stamp; now when there is none, or the wall clock was set between. */
static struct mono received_at(struct snmp_socket *s, struct msghdr *h, struct mono now, struct span wall_ahead)
{
	struct mono at = now;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct timespec stamp;
		uint32_t dropped;

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
			at.us = (int64_t)stamp.tv_sec * 1000000 + stamp.tv_nsec / 1000 - wall_ahead.us;
		} else if (c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
			dropped_follow(s, dropped);
		}
	}
	return at.us > now.us ? now : at;
}

static void batch_take(struct snmp_socket *s, unsigned n)
{
	struct snmp_batch *b = s->engine->batch;
	struct mono now = clock_mono();
	struct span wall_ahead = { clock_wall().us - now.us };

	for (unsigned i = 0; i < n; i++) {
		struct snmp_datagram d = {
			.bytes = b->in_iov[i].iov_base, .len = b->in[i].msg_len, .source = &b->source[i],
			.at = received_at(s, &b->in[i].msg_hdr, now, wall_ahead)
		};

		snmp_receive(s->engine, &d);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct snmp_socket *s = arg;
	struct mono began = clock_mono();

	(void)fd, (void)what;
	for (unsigned i = 0; i < SNMP_BATCHES_A_ROUND; i++) {
		int n = batch_receive(s);

		if (n > 0)
			batch_take(s, (unsigned)n);
		s->engine->behind = n == SNMP_BATCH_IN;
		if (n < SNMP_BATCH_IN || mono_since(clock_mono(), began).us > turn_most.us)
			break;
	}
	snmp_v3_rest(s->engine);
}

/* ---- opening ---- */

static void buffer_wish(int fd, int forced, int plain, int octets)
{
	if (setsockopt(fd, SOL_SOCKET, forced, &octets, sizeof(octets)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &octets, sizeof(octets));
}

static int udp_open(int family, int buffer_octets)
{
	struct sockaddr_storage any = { .ss_family = (sa_family_t)family };
	socklen_t len = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	if ((family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, (struct sockaddr *)&any, len) < 0) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	/* Without these we are less exact, and no less right. */
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	buffer_wish(fd, SO_RCVBUFFORCE, SO_RCVBUF, buffer_octets);
	buffer_wish(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
	return fd;
}

void snmp_sockets_new(int fd[2], uint32_t buffer_octets)
{
	fd[0] = udp_open(AF_INET, (int)buffer_octets);
	fd[1] = udp_open(AF_INET6, (int)buffer_octets);
}

void snmp_sockets_drop(int fd[2])
{
	for (unsigned i = 0; i < 2; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}

static bool socket_take(struct snmp_socket *s, int fd)
{
	struct event_base *base = s->engine->base;

	s->fd = fd;
	if (s->fd < 0)
		return false;
	s->readable = event_new(base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	s->writable = event_new(base, s->fd, EV_WRITE, on_may_send, s);
	s->retry = event_new(base, -1, 0, on_may_send, s);
	must(s->readable && s->writable && s->retry);
	must(event_add(s->readable, NULL) == 0);
	return true;
}

bool snmp_sockets_open(struct snmp_engine *e, const int fd[2], struct err *err)
{
	unsigned opened = 0;

	for (unsigned i = 0; i < 2; i++) {
		e->socket[i] = (struct snmp_socket){ .engine = e, .fd = -1 };
		TAILQ_INIT(&e->socket[i].queue);
	}
	for (unsigned i = 0; i < 2; i++)
		opened += socket_take(&e->socket[i], fd[i]);
	if (opened == 0) {
		err_set(err, FW_NET, "cannot open a UDP socket, neither for IPv4 nor for IPv6: %s", err_errno());
		return false;
	}
	e->batch = must_alloc(sizeof(*e->batch));
	batch_init(e->batch);
	return true;
}

struct snmp_pace snmp_pace(const struct snmp_engine *e)
{
	struct snmp_pace p = { .rate = e->pacer.rate, .lately = e->pacer.lately, .cuts = e->pacer.cuts };
	int octets = 0;
	socklen_t len = sizeof(octets);

	if (getsockopt(e->socket[e->socket[0].fd < 0].fd, SOL_SOCKET, SO_RCVBUF, &octets, &len) == 0)
		p.buffer_octets = (uint32_t)octets;
	return p;
}

void snmp_sockets_close(struct snmp_engine *e)
{
	for (unsigned i = 0; i < 2; i++) {
		struct snmp_socket *s = &e->socket[i];

		if (s->readable) {
			event_free(s->readable);
			event_free(s->writable);
			event_free(s->retry);
			close(s->fd);
		}
	}
	if (e->batch) {
		free(e->batch->bytes);
		free(e->batch->leaving);
	}
	free(e->batch);
}
