/* poller/probe/icmp.c: the echo engine: many trains at once over one socket a family.
 *
 *	icmp_start -> queue of the family -> burst (sendmmsg) -> timer: next echo, or time-out
 *	                    ^                                      |
 *	                    `--------------------------------------'      answers (recvmmsg) end a train early
 *
 * - A burst is small and the socket is read after each, so that answers which come at once (a LAN, loopback) do not
 *   overrun the receive buffer: an answer dropped here would be told as loss there.
 * - The time of sending is interpolated over the burst, the time of receipt is the kernel's: a busy loop delays our
 *   reading, not the measured time. For the same reason a train's time-out is believed only after the socket has been
 *   read dry later than the time-out.
 * - Trains live in chunks that never move and are used again: nothing is allocated for an echo.
 * - No callback happens while a queue is walked; one never happens inside icmp_start().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "poller/base/hash.h"
#include "probe-int.h"

enum {
	BURST = 64, BURST_GAP_US = 1000,	/* at most 64,000 echoes a second and family */
	BURST_TRIES = 256,			/* calls for one burst: each refused address ends a call */
	REFUSED_GAP_US = 5000,			/* pause when the kernel has no room */
	READ_BATCH = 64, READ_ROUNDS = 64, PACKET_OCTETS = 256, CONTROL_OCTETS = 64,
	CHUNK = 64, SLOTS_MAX = 1 << 20,
	CLOCKS_APART_US = 1000,			/* between reading one clock and the other */
	LONGEST_US = 60 * 1000 * 1000,		/* of gap and of timeout: a train's times fit 32 bits */
};

union address { struct sockaddr any; struct sockaddr_in in; struct sockaddr_in6 in6; };

struct icmp_train {
	struct timer timer;
	struct icmp_family *family;
	struct icmp_train *next, **prev;	/* in its family's queue (prev NULL: not), or in the free list */
	icmp_done *done;
	void *owner;
	union address address;
	uint32_t slot, generation;		/* generation 0: free */
	struct mono start;			/* of the first attempt */
	struct span gap, timeout;
	uint8_t count, tried;
	uint32_t sent, received;		/* bit per echo */
	struct mono answered, attempted;	/* last of each */
	uint32_t sent_us[ICMP_TRAIN_MAX];	/* since start */
	uint32_t rtt_us[ICMP_TRAIN_MAX];
};

struct icmp_family {
	struct icmp_engine *engine;
	int fd;
	bool raw, v6;
	uint16_t id;
	struct event *readable, *writable, *again;
	bool scheduled;			/* a burst will come by itself */
	struct icmp_train *first, **last;
	struct mono dry;		/* the socket was empty at this time */
	uint32_t drops;			/* the kernel's count */
};

struct read_slot {
	uint8_t packet[PACKET_OCTETS];
	_Alignas(struct cmsghdr) char control[CONTROL_OCTETS];
	union address from;
	struct iovec iov;
};

struct icmp_engine {
	struct wheel *wheel;
	uint64_t cookie;
	struct icmp_family v4, v6;
	struct icmp_train **chunk;
	uint32_t chunks;
	struct icmp_train *unused;
	struct icmp_count count;
	struct read_slot read[READ_BATCH];
	struct mmsghdr read_msg[READ_BATCH];
	uint8_t echo[BURST][ICMP_ECHO_OCTETS];
	struct iovec echo_iov[BURST];
	struct mmsghdr echo_msg[BURST];
};

static void family_read(struct icmp_family *f);

static unsigned bits(uint32_t v)
{
	return (unsigned)__builtin_popcount(v);
}

/* ---- trains ------------------------------------------------------------------------------------------------------ */

static void chunk_add(struct icmp_engine *e)
{
	struct icmp_train *c = must_alloc(CHUNK * sizeof(*c));

	e->chunk = must_realloc(e->chunk, (e->chunks + 1) * sizeof(struct icmp_train *));
	e->chunk[e->chunks] = c;
	for (uint32_t i = CHUNK; i-- > 0;) {
		c[i].slot = e->chunks * CHUNK + i;
		c[i].next = e->unused;
		e->unused = &c[i];
	}
	e->chunks++;
}

static struct icmp_train *train_of(const struct icmp_engine *e, uint32_t slot)
{
	return slot / CHUNK < e->chunks ? &e->chunk[slot / CHUNK][slot % CHUNK] : NULL;
}

static void train_leave_queue(struct icmp_train *t)
{
	if (!t->prev)
		return;
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else
		t->family->last = t->prev;
	t->prev = NULL;
	t->next = NULL;
}

static void family_wake(struct icmp_family *f)
{
	if (f->scheduled)
		return;
	f->scheduled = true;
	event_active(f->again, EV_TIMEOUT, 0);
}

static void train_queue(struct icmp_train *t)
{
	struct icmp_family *f = t->family;

	t->next = NULL;
	t->prev = f->last;
	*f->last = t;
	f->last = &t->next;
	family_wake(f);
}

static void train_release(struct icmp_train *t)
{
	struct icmp_engine *e = t->family->engine;

	train_leave_queue(t);
	wheel_stop(e->wheel, &t->timer);
	t->generation = 0;
	t->next = e->unused;
	e->unused = t;
}

/* The train is free before its owner is told, so that the owner may start the next one at once. */
static void train_end(struct icmp_train *t, struct mono now)
{
	struct icmp_result r = { .sent = bits(t->sent), .at = t->received ? t->answered : now };
	icmp_done *done = t->done;
	void *owner = t->owner;

	for (unsigned i = 0; i < t->tried; i++)
		if (t->received >> i & 1)
			r.rtt[r.received++] = span_us(t->rtt_us[i]);
	r.err = r.received ? FW_OK : r.sent ? FW_TIMEOUT : FW_NET;
	train_release(t);
	done(owner, &r);
}

/* When something must happen next: the next echo, or the time-out of the last one that went out. */
static void train_arm(struct icmp_train *t, struct mono now)
{
	struct mono due = now;

	if (t->tried < t->count)
		due = mono_add(t->attempted, t->gap);
	else if (t->sent && t->sent != t->received)
		due = mono_add(t->start, span_us(t->sent_us[31 - __builtin_clz(t->sent)] + t->timeout.us));
	wheel_set(t->family->engine->wheel, &t->timer, due);
}

static void train_fire(struct timer *timer, struct mono now)
{
	struct icmp_train *t = timer_owner(timer, struct icmp_train, timer);
	struct icmp_family *f = t->family;
	uint32_t generation = t->generation;

	if (t->tried < t->count) {
		train_queue(t);
		return;
	}
	if (t->sent != t->received && f->dry.us < t->timer.due.us)
		family_read(f);
	if (t->generation == generation)
		train_end(t, now);
}

/* One attempt was made: 'sent' tells whether the kernel took it. */
static void train_attempt(struct icmp_train *t, struct mono at, bool sent)
{
	if (t->tried == 0)
		t->start = at;
	t->attempted = at;
	t->sent_us[t->tried] = (uint32_t)(at.us - t->start.us);
	if (sent) {
		t->sent |= 1u << t->tried;
		t->family->engine->count.sent++;
	} else {
		t->family->engine->count.send_failed++;
	}
	t->tried++;
	train_leave_queue(t);
	train_arm(t, at);
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

/* Build the next echo of the first trains in the queue; they stay there until the kernel has taken them. */
static unsigned burst_build(struct icmp_family *f)
{
	struct icmp_engine *e = f->engine;
	unsigned n = 0;

	for (struct icmp_train *t = f->first; t && n < BURST; t = t->next, n++) {
		struct icmp_mark mark = { e->cookie, t->slot, t->generation };

		icmp_build(e->echo[n], f->v6, f->id, &mark, t->tried);
		e->echo_msg[n].msg_hdr.msg_name = &t->address;
		e->echo_msg[n].msg_hdr.msg_namelen = f->v6 ? sizeof(t->address.in6) : sizeof(t->address.in);
	}
	return n;
}

/* The kernel has no room. An echo that waits for room longer than its time-out is given up. */
static void burst_refused(struct icmp_family *f, int why, struct mono now)
{
	struct timeval pause = { 0, REFUSED_GAP_US };

	while (f->first && now.us - f->first->timer.due.us > f->first->timeout.us)
		train_attempt(f->first, now, false);
	if (!f->first)
		return;
	f->scheduled = true;
	if (why == EAGAIN)
		event_add(f->writable, &pause);
	else
		event_add(f->again, &pause);
}

/* Hand the head of the queue to the kernel. Returns how many it took, 0 when one address was refused, -1: no room. */
static int burst_send(struct icmp_family *f)
{
	struct icmp_engine *e = f->engine;
	unsigned n = burst_build(f);
	struct mono before = clock_mono(), after;
	int sent = sendmmsg(f->fd, e->echo_msg, n, 0), why = errno;

	if (sent < 0 && (why == EAGAIN || why == ENOBUFS || why == ENOMEM)) {
		burst_refused(f, why, before);
		return -1;
	}
	if (sent < 0 && why != EINTR)
		train_attempt(f->first, before, false);		/* the error is that of the first message */
	after = clock_mono();
	for (int i = 0; i < sent; i++)
		train_attempt(f->first, mono_add(before, span_us((after.us - before.us) * i / sent)), true);
	return sent > 0 ? sent : 0;
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct icmp_family *f = arg;
	struct timeval gap = { 0, BURST_GAP_US };
	int taken = 0, n = 0;

	(void)fd;
	(void)what;
	event_del(f->writable);
	f->scheduled = false;
	for (unsigned i = 0; f->first && i < BURST_TRIES && taken < BURST && n >= 0; i++) {
		n = burst_send(f);
		taken += n;
	}
	if (f->first && !f->scheduled) {
		f->scheduled = true;
		event_add(f->again, &gap);
	}
	if (taken > 0)
		family_read(f);
}

/* ---- receiving --------------------------------------------------------------------------------------------------- */

struct now { struct mono mono; struct timespec wall; };

/* Stamps are of the system's clock: what counts is how long ago that was. A step of that clock shows as a time to come,
 * or as one before the socket was last empty; "now" is the best that is known then. */
static struct mono stamp_to_mono(const struct icmp_family *f, const struct timespec *stamp, const struct now *now)
{
	int64_t ago_us = (int64_t)(now->wall.tv_sec - stamp->tv_sec) * 1000000 +
			 (now->wall.tv_nsec - stamp->tv_nsec) / 1000;

	if (ago_us < 0 || now->mono.us - ago_us < f->dry.us - CLOCKS_APART_US)
		return now->mono;
	return (struct mono){ now->mono.us - ago_us };
}

static struct mono received_at(struct icmp_family *f, struct msghdr *m, const struct now *now)
{
	struct mono at = now->mono;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct timespec stamp;
		uint32_t drops;

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SO_TIMESTAMPNS && c->cmsg_len >= CMSG_LEN(sizeof(stamp))) {
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
			at = stamp_to_mono(f, &stamp, now);
		} else if (c->cmsg_type == SO_RXQ_OVFL && c->cmsg_len >= CMSG_LEN(sizeof(drops))) {
			memcpy(&drops, CMSG_DATA(c), sizeof(drops));
			f->engine->count.kernel_dropped += (uint32_t)(drops - f->drops);
			f->drops = drops;
		}
	}
	return at;
}

/* An agent answers from the address that was asked (RFC 1122 3.2.2.6, RFC 4443 4.2). */
static bool same_address(const struct icmp_train *t, const union address *from)
{
	if (t->family->v6)
		return memcmp(&t->address.in6.sin6_addr, &from->in6.sin6_addr, sizeof(struct in6_addr)) == 0;
	return t->address.in.sin_addr.s_addr == from->in.sin_addr.s_addr;
}

static void train_answer(struct icmp_train *t, unsigned number, struct mono at)
{
	struct icmp_count *count = &t->family->engine->count;
	int64_t rtt = at.us - t->start.us - t->sent_us[number];

	if (t->received >> number & 1) {
		count->duplicate++;
		return;
	}
	if (rtt > t->timeout.us) {
		count->late++;
		return;
	}
	count->received++;
	t->received |= 1u << number;
	t->rtt_us[number] = rtt > 1 ? (uint32_t)rtt : 1;
	t->answered = at;
	if (t->tried == t->count && t->received == t->sent)
		train_end(t, at);
}

static void take_echo(struct icmp_family *f, const struct icmp_echo *echo, const union address *from, struct mono at)
{
	struct icmp_engine *e = f->engine;
	struct icmp_mark mark;
	struct icmp_train *t;
	unsigned number;

	if (!icmp_mark_of(echo, &mark) || mark.cookie != e->cookie) {
		e->count.foreign++;
		return;
	}
	t = train_of(e, mark.slot);
	if (!t || t->generation != mark.generation || t->generation == 0) {
		e->count.late++;		/* ours, of a train that has ended */
		return;
	}
	number = (uint16_t)(echo->sequence - (uint16_t)mark.generation);
	if (t->family != f || number >= t->tried || !(t->sent >> number & 1) || !same_address(t, from)) {
		e->count.foreign++;
		return;
	}
	train_answer(t, number, at);
}

static void read_prepare(struct icmp_engine *e)
{
	for (unsigned i = 0; i < READ_BATCH; i++) {
		struct read_slot *s = &e->read[i];
		struct msghdr *m = &e->read_msg[i].msg_hdr;

		s->iov = (struct iovec){ s->packet, sizeof(s->packet) };
		*m = (struct msghdr){ .msg_name = &s->from, .msg_namelen = sizeof(s->from), .msg_iov = &s->iov,
				      .msg_iovlen = 1, .msg_control = s->control,
				      .msg_controllen = sizeof(s->control) };
	}
}

static void take_packet(struct icmp_family *f, unsigned i, const struct now *now)
{
	struct icmp_engine *e = f->engine;
	struct msghdr *m = &e->read_msg[i].msg_hdr;
	struct mono at = received_at(f, m, now);
	struct icmp_echo echo;

	if ((m->msg_flags & MSG_TRUNC) ||
	    !icmp_parse(e->read[i].packet, e->read_msg[i].msg_len, f->raw && !f->v6, f->v6, &echo))
		e->count.malformed++;
	else
		take_echo(f, &echo, &e->read[i].from, at);
}

/* One batch; true when there may be more. */
static bool read_batch(struct icmp_family *f)
{
	struct icmp_engine *e = f->engine;
	struct mono before = clock_mono();
	struct now now;
	int n;

	read_prepare(e);
	n = recvmmsg(f->fd, e->read_msg, READ_BATCH, MSG_DONTWAIT, NULL);
	now.mono = clock_mono();
	clock_gettime(CLOCK_REALTIME, &now.wall);
	for (int i = 0; i < n; i++)
		take_packet(f, (unsigned)i, &now);
	if (n < READ_BATCH)
		f->dry = before;
	return n == READ_BATCH;
}

/* Read the socket dry, within reason: a flood must not hold the loop. */
static void family_read(struct icmp_family *f)
{
	for (unsigned i = 0; i < READ_ROUNDS && read_batch(f); i++)
		;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	family_read(arg);
}

/* ---- the public side --------------------------------------------------------------------------------------------- */

static void family_init(struct icmp_family *f, struct icmp_engine *e, struct event_base *base, bool v6)
{
	f->engine = e;
	f->v6 = v6;
	f->last = &f->first;
	f->id = (uint16_t)random_u32();
	if (f->fd < 0)
		return;
	if (f->raw)
		icmp_socket_filter(f->fd, v6, f->id);
	f->readable = event_new(base, f->fd, EV_READ | EV_PERSIST, on_readable, f);
	f->writable = event_new(base, f->fd, EV_WRITE, on_again, f);
	f->again = event_new(base, -1, 0, on_again, f);
	must(f->readable && f->writable && f->again);
	event_add(f->readable, NULL);
}

static void family_release(struct icmp_family *f)
{
	if (f->fd < 0)
		return;
	event_free(f->readable);
	event_free(f->writable);
	event_free(f->again);
}

struct icmp_engine *icmp_engine_new(struct event_base *base, struct wheel *wheel, const struct icmp_sockets *s)
{
	struct icmp_engine *e = must_alloc(sizeof(*e));

	e->wheel = wheel;
	e->cookie = (uint64_t)random_u32() << 32 | random_u32();
	e->v4.fd = s->v4;
	e->v4.raw = s->v4_raw;
	e->v6.fd = s->v6;
	e->v6.raw = s->v6_raw;
	family_init(&e->v4, e, base, false);
	family_init(&e->v6, e, base, true);
	for (unsigned i = 0; i < BURST; i++) {
		e->echo_iov[i] = (struct iovec){ e->echo[i], ICMP_ECHO_OCTETS };
		e->echo_msg[i].msg_hdr.msg_iov = &e->echo_iov[i];
		e->echo_msg[i].msg_hdr.msg_iovlen = 1;
	}
	return e;
}

void icmp_engine_free(struct icmp_engine *e)
{
	if (!e)
		return;
	for (uint32_t i = 0; i < e->chunks; i++) {
		for (uint32_t k = 0; k < CHUNK; k++)
			if (e->chunk[i][k].generation)
				train_release(&e->chunk[i][k]);
		free(e->chunk[i]);
		e->chunk[i] = NULL;
	}
	family_release(&e->v4);
	family_release(&e->v6);
	free(e->chunk);
	free(e);
}

struct icmp_count icmp_count(const struct icmp_engine *e)
{
	return e->count;
}

static struct span clamp(struct span d)
{
	return span_us(d.us < 0 ? 0 : d.us > LONGEST_US ? LONGEST_US : d.us);
}

static uint32_t new_generation(void)
{
	uint32_t generation;

	do {
		generation = random_u32();
	} while (generation == 0);
	return generation;
}

struct icmp_train *icmp_start(struct icmp_engine *e, const struct icmp_spec *spec)
{
	bool v6 = spec->address.ss_family == AF_INET6;
	struct icmp_family *f = v6 ? &e->v6 : &e->v4;
	struct icmp_train *t;
	uint32_t slot;

	if ((!v6 && spec->address.ss_family != AF_INET) || f->fd < 0 || spec->count == 0)
		return NULL;
	if (!e->unused && e->chunks * CHUNK >= SLOTS_MAX)
		return NULL;
	if (!e->unused)
		chunk_add(e);
	t = e->unused;
	e->unused = t->next;
	slot = t->slot;
	*t = (struct icmp_train){ .family = f, .slot = slot, .generation = new_generation(), .done = spec->done,
				  .owner = spec->owner, .gap = clamp(spec->gap), .timeout = clamp(spec->timeout) };
	t->count = (uint8_t)(spec->count < ICMP_TRAIN_MAX ? spec->count : ICMP_TRAIN_MAX);
	memcpy(&t->address, &spec->address, sizeof(t->address));
	if (v6)
		t->address.in6.sin6_port = 0;	/* a raw socket would take it for a protocol */
	t->timer.fire = train_fire;
	t->timer.due = clock_mono();		/* waiting to be sent since */
	train_queue(t);
	return t;
}

void icmp_cancel(struct icmp_train *t)
{
	must(t->generation != 0);
	train_release(t);
}
