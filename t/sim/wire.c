/* t/sim/wire.c: one wildcard socket a family for all devices: the destination of a request says which device is meant
 * (IP_PKTINFO), and the reply leaves from there. Batches in, batches out; what is delayed waits in the timer wheel.
 */
#define _GNU_SOURCE
#include "sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "poller/base/err.h"

enum { BATCH = 64, REQUEST_ROOM = 8192, REPLY_ROOM = SNMP_PACKET_MAX + 1, BUFFER = 32 << 20 };

union address { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; };
union pktinfo { struct in_pktinfo v4; struct in6_pktinfo v6; };

/* Room for one control message each of addresses and of SO_RXQ_OVFL. */
union control {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
};

struct slot {
	struct iovec iov;
	union address peer;
	union control control;
};

struct delayed {
	struct timer timer;
	struct sim *sim;
	struct delayed *next, **prev;
	union address peer;
	union pktinfo local;
	int fd;
	size_t len_octets;
	uint8_t bytes[];
};

struct sim_wire {
	int v4, v6, odd4, odd6;			/* the odd ones send replies from another port; -1: not there */
	struct mmsghdr in[BATCH], out[BATCH];
	struct slot in_slot[BATCH], out_slot[BATCH];
	uint8_t *requests, *replies;		/* BATCH of each */
	unsigned out_count;
	int out_fd;
	struct delayed *delayed;
	unsigned delayed_count;
	uint32_t dropped[2];			/* SO_RXQ_OVFL, v4 and v6 */
};

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static int socket_open(int family, uint16_t port)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, size = BUFFER;
	union address a = { .any = { .sa_family = (sa_family_t)family } };

	if (fd < 0)
		return -1;
	if (family == AF_INET6) {
		a.v6.sin6_port = htons(port);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	} else {
		a.v4.sin_port = htons(port);
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	}
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (bind(fd, &a.any, family == AF_INET6 ? sizeof(a.v6) : sizeof(a.v4)) == 0)
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

static uint16_t socket_port(int fd)
{
	union address a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len) < 0)
		return 0;
	return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

static bool v6_described(const struct sim *s)
{
	return s->block_count > 0 && s->block[s->block_count - 1].v6;
}

/* The same port for both families; a free one may be taken in the other family, so a few are tried. */
static enum fw_err pair_open(struct sim *s, uint16_t *port, struct err *err)
{
	struct sim_wire *w = s->wire;
	int tries = *port ? 1 : 16;

	while (tries-- > 0) {
		w->v4 = socket_open(AF_INET, *port);
		if (w->v4 < 0)
			break;
		w->v6 = v6_described(s) ? socket_open(AF_INET6, socket_port(w->v4)) : -1;
		if (w->v6 >= 0 || !v6_described(s)) {
			*port = socket_port(w->v4);
			return FW_OK;
		}
		close(w->v4);
		w->v4 = -1;
		if (errno != EADDRINUSE)
			break;
	}
	return err_set(err, FW_NET, "cannot bind UDP port %u: %s", *port, err_errno());
}

static void slot_init(struct mmsghdr *m, struct slot *slot, uint8_t *room, size_t size)
{
	slot->iov = (struct iovec){ room, size };
	m->msg_hdr = (struct msghdr){ .msg_name = &slot->peer, .msg_namelen = sizeof(slot->peer), .msg_iov = &slot->iov,
				      .msg_iovlen = 1, .msg_control = &slot->control,
				      .msg_controllen = sizeof(slot->control) };
}

enum fw_err wire_open(struct sim *s, uint16_t *port, struct err *err)
{
	struct sim_wire *w = s->wire = must_alloc(sizeof(*w));
	enum fw_err e;

	w->v4 = w->v6 = w->odd4 = w->odd6 = -1;
	e = pair_open(s, port, err);
	if (e != FW_OK)
		return e;
	w->odd4 = socket_open(AF_INET, 0);
	w->odd6 = w->v6 >= 0 ? socket_open(AF_INET6, 0) : -1;
	w->requests = must_alloc((size_t)BATCH * REQUEST_ROOM);
	w->replies = must_alloc((size_t)BATCH * REPLY_ROOM);
	return FW_OK;
}

unsigned wire_fds(const struct sim *s, int fds[2])
{
	fds[0] = s->wire->v4;
	fds[1] = s->wire->v6;
	return s->wire->v6 >= 0 ? 2 : 1;
}

/* ---- sending ----------------------------------------------------------------------------------------------------- */

static void flush(struct sim *s)
{
	struct sim_wire *w = s->wire;
	unsigned at = 0;

	while (at < w->out_count) {
		int n = sendmmsg(w->out_fd, w->out + at, w->out_count - at, 0);

		if (n > 0) {
			at += (unsigned)n;
			s->count.replies += (unsigned)n;
		} else if (n < 0 && errno != EINTR) {
			s->count.send_failed++;		/* this one; go on with the next */
			at++;
		}
	}
	w->out_count = 0;
}

/* The next free reply buffer for 'fd'; what was queued for another socket leaves first. */
static uint8_t *reply_room(struct sim *s, int fd)
{
	struct sim_wire *w = s->wire;

	if (w->out_count == BATCH || (w->out_count > 0 && w->out_fd != fd))
		flush(s);
	w->out_fd = fd;
	return w->replies + (size_t)w->out_count * REPLY_ROOM;
}

/* Queue what was put into reply_room(): from 'local' to 'peer'. */
static void reply_queue(struct sim *s, const union address *peer, const union pktinfo *local, size_t len_octets)
{
	struct sim_wire *w = s->wire;
	struct mmsghdr *m = &w->out[w->out_count];
	struct slot *slot = &w->out_slot[w->out_count];
	bool v6 = peer->any.sa_family == AF_INET6;
	struct cmsghdr *c;

	slot_init(m, slot, w->replies + (size_t)w->out_count * REPLY_ROOM, len_octets);
	slot->peer = *peer;
	m->msg_hdr.msg_namelen = v6 ? sizeof(peer->v6) : sizeof(peer->v4);
	m->msg_hdr.msg_controllen = v6 ? CMSG_SPACE(sizeof(local->v6)) : CMSG_SPACE(sizeof(local->v4));
	c = CMSG_FIRSTHDR(&m->msg_hdr);
	c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
	c->cmsg_len = v6 ? CMSG_LEN(sizeof(local->v6)) : CMSG_LEN(sizeof(local->v4));
	memcpy(CMSG_DATA(c), local, v6 ? sizeof(local->v6) : sizeof(local->v4));
	w->out_count++;
}

static void copy_queue(struct sim *s, int fd, const union address *peer, const union pktinfo *local, struct wr bytes)
{
	memmove(reply_room(s, fd), bytes.buf, bytes.len);
	reply_queue(s, peer, local, bytes.len);
}

static void delayed_remove(struct sim *s, struct delayed *d)
{
	*d->prev = d->next;
	if (d->next)
		d->next->prev = d->prev;
	s->wire->delayed_count--;
	free(d);
}

static void delayed_fire(struct timer *t, struct mono now)
{
	struct delayed *d = timer_owner(t, struct delayed, timer);
	struct sim *s = d->sim;

	(void)now;
	copy_queue(s, d->fd, &d->peer, &d->local, (struct wr){ .buf = d->bytes, .len = d->len_octets });
	delayed_remove(s, d);
	flush(s);
}

static void delay(struct sim *s, int fd, const union address *peer, const union pktinfo *local, const struct reply *r)
{
	struct sim_wire *w = s->wire;
	struct delayed *d;

	if (w->delayed_count == SIM_DELAYED_MOST) {
		s->count.delay_dropped++;
		return;
	}
	d = must_alloc(sizeof(*d) + r->w.len);
	*d = (struct delayed){ .sim = s, .next = w->delayed, .prev = &w->delayed, .peer = *peer, .local = *local,
			       .fd = fd, .len_octets = r->w.len, .timer = { .fire = delayed_fire } };
	memcpy(d->bytes, r->w.buf, r->w.len);
	if (d->next)
		d->next->prev = &d->next;
	w->delayed = d;
	w->delayed_count++;
	s->count.delayed++;
	wheel_set(s->wheel, &d->timer, mono_add(clock_mono(), span_ms(r->delay_ms)));
}

/* ---- receiving --------------------------------------------------------------------------------------------------- */

/* The device that the packet was sent to; '*local' is what the reply has to leave from. */
static struct device *target(struct sim *s, struct msghdr *h, union pktinfo *local, bool v6)
{
	struct device *d = NULL;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&s->wire->dropped[v6], CMSG_DATA(c), sizeof(uint32_t));
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&local->v4, CMSG_DATA(c), sizeof(local->v4));
			local->v4.ipi_spec_dst = local->v4.ipi_addr;
			local->v4.ipi_ifindex = 0;
			d = device_find(s, ntohl(local->v4.ipi_addr.s_addr));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&local->v6, CMSG_DATA(c), sizeof(local->v6));
			d = device_find6(s, &local->v6.ipi6_addr);
		}
	}
	s->count.kernel_dropped = (uint64_t)s->wire->dropped[0] + s->wire->dropped[1];
	return d;
}

static void packet_answer(struct sim *s, int fd, struct mmsghdr *m)
{
	const union address *peer = m->msg_hdr.msg_name;
	bool v6 = fd == s->wire->v6;
	union pktinfo local = { 0 };
	struct device *d = target(s, &m->msg_hdr, &local, v6);
	struct reply r = { .w = wr_over(reply_room(s, fd), REPLY_ROOM) };

	if (!d) {
		s->count.unknown_address++;
		return;
	}
	if (m->msg_hdr.msg_flags & MSG_TRUNC) {
		s->count.undecodable++;
		return;
	}
	if (!agent_answer(s, d, m->msg_hdr.msg_iov->iov_base, m->msg_len, &r))
		return;
	if (r.from_address && !v6)
		local.v4.ipi_spec_dst.s_addr = htonl(ntohl(local.v4.ipi_spec_dst.s_addr) ^ 1);
	if (r.first) {
		struct wr answer = wr_over(r.w.buf, REPLY_ROOM);

		memmove(r.w.buf + r.first_octets, r.w.buf, r.w.len);
		memcpy(r.w.buf, r.first, r.first_octets);
		answer.buf += r.first_octets;
		answer.len = r.w.len;
		reply_queue(s, peer, &local, r.first_octets);
		copy_queue(s, fd, peer, &local, answer);
		return;
	}
	if (r.from_port)
		fd = v6 ? s->wire->odd6 : s->wire->odd4;
	if (r.delay_ms)
		delay(s, fd, peer, &local, &r);
	else if (r.from_port)
		copy_queue(s, fd, peer, &local, r.w);
	else
		reply_queue(s, peer, &local, r.w.len);
	if (r.twice && !r.delay_ms)
		copy_queue(s, fd, peer, &local, r.w);
}

void wire_run(struct sim *s, int fd)
{
	struct sim_wire *w = s->wire;
	int n;

	for (int i = 0; i < BATCH; i++)
		slot_init(&w->in[i], &w->in_slot[i], w->requests + (size_t)i * REQUEST_ROOM, REQUEST_ROOM);
	n = recvmmsg(fd, w->in, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		packet_answer(s, fd, &w->in[i]);
	flush(s);
}

void wire_close(struct sim *s)
{
	struct sim_wire *w = s->wire;
	const int fds[] = { w ? w->v4 : -1, w ? w->v6 : -1, w ? w->odd4 : -1, w ? w->odd6 : -1 };

	if (!w)
		return;
	while (w->delayed) {
		wheel_stop(s->wheel, &w->delayed->timer);
		delayed_remove(s, w->delayed);
	}
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(w->requests);
	free(w->replies);
	free(w);
	s->wire = NULL;
}
