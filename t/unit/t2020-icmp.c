/* t/unit/t2020-icmp.c: echo trains against the kernel's own answers, and against a scripted peer behind a tun device.
 *
 * All in a network namespace of its own, so that nothing leaves the machine: 127.0.0.0/8 and ::1 answer at once,
 * 192.0.2.0/24 and 2001:db8::/64 are the peer's, and there is no route to anywhere else.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "poller/probe/probe-int.h"
#include "tap.h"

enum { WAIT_S = 20, PACKET_MAX = 256, FLEET = 10000 };

static struct loop loop;
static struct icmp_sockets sockets;
static struct icmp_engine *engine;
static struct icmp_result last;
static unsigned told;
static int tun = -1;

/* ---- the namespace ----------------------------------------------------------------------------------------------- */

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static bool enter_namespace(void)
{
	char map[64];
	unsigned uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWNET) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	snprintf(map, sizeof(map), "0 %u 1", uid);
	if (!write_file("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", gid);
	return write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/gid_map", map);
}

static bool link_up(int s, const char *name)
{
	struct ifreq r = { .ifr_flags = 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(s, SIOCGIFFLAGS, &r) != 0)
		return false;
	r.ifr_flags |= IFF_UP | IFF_RUNNING;
	return ioctl(s, SIOCSIFFLAGS, &r) == 0;
}

static bool set_v4(int s, const char *name)
{
	struct ifreq r = { .ifr_flags = 0 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
	memcpy(&r.ifr_addr, &in, sizeof(in));
	if (ioctl(s, SIOCSIFADDR, &r) != 0)
		return false;
	inet_pton(AF_INET, "255.255.255.0", &in.sin_addr);
	memcpy(&r.ifr_netmask, &in, sizeof(in));
	return ioctl(s, SIOCSIFNETMASK, &r) == 0;
}

static bool set_v6(const char *name)
{
	struct in6_ifreq r = { .ifr6_prefixlen = 64, .ifr6_ifindex = (int)if_nametoindex(name) };
	int s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	inet_pton(AF_INET6, "2001:db8::1", &r.ifr6_addr);
	good = s >= 0 && ioctl(s, SIOCSIFADDR, &r) == 0;
	if (s >= 0)
		close(s);
	return good;
}

static bool peer_open(int s)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "peer");
	if (tun < 0 || ioctl(tun, TUNSETIFF, &r) != 0 || !set_v4(s, "peer") || !link_up(s, "peer"))
		return false;
	set_v6("peer");
	return true;
}

/* ---- the peer: what it does is the last octet of the address that was asked -------------------------------------- */

enum behaviour { ANSWERS = 10, SILENT, TWICE, LATE, FORGED, OTHER_SOURCE, BAD_CHECKSUM, EVERY_SECOND };

static uint8_t held[PACKET_MAX];
static size_t held_len;

static void put_checksum(uint8_t *icmp, size_t len)
{
	uint16_t sum;

	icmp[2] = icmp[3] = 0;
	sum = icmp_checksum(icmp, len);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
}

static void peer_send(const uint8_t *p, size_t len)
{
	if (write(tun, p, len) != (ssize_t)len)
		printf("# peer cannot write\n");
}

/* Exchange source and destination, turn the request into a reply. Returns the ICMP part. */
static uint8_t *turn_round(uint8_t *p, bool v6)
{
	size_t at = v6 ? 8 : 12, n = v6 ? 16 : 4;
	uint8_t from[16], *icmp = p + (v6 ? 40 : 20);

	memcpy(from, p + at, n);
	memcpy(p + at, p + at + n, n);
	memcpy(p + at + n, from, n);
	icmp[0] = v6 ? 129 : 0;
	if (v6) {	/* 128 became 129 in the high octet of a word: the sum shrinks by as much (RFC 1624) */
		uint32_t sum = (uint32_t)(icmp[2] << 8 | icmp[3]);

		sum = sum >= 0x0100 ? sum - 0x0100 : sum + 0xffff - 0x0100;
		icmp[2] = (uint8_t)(sum >> 8);
		icmp[3] = (uint8_t)sum;
	}
	return icmp;
}

static void change_source(uint8_t *p)
{
	uint16_t sum;

	p[15] = 77;
	p[10] = p[11] = 0;
	sum = icmp_checksum(p, 20);
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
}

static void peer_behave(uint8_t *p, size_t len, uint8_t *icmp, int behaviour)
{
	if (behaviour == EVERY_SECOND && (icmp[7] & 1))
		return;
	if (behaviour == FORGED)
		icmp[8 + 4] ^= 1;	/* the cookie */
	if (behaviour == OTHER_SOURCE)
		change_source(p);
	put_checksum(icmp, len - 20);
	if (behaviour == BAD_CHECKSUM)
		icmp[2] ^= 0xff;
	if (behaviour == LATE) {
		memcpy(held, p, len);
		held_len = len;
		return;
	}
	peer_send(p, len);
	if (behaviour == TWICE)
		peer_send(p, len);
}

/* One packet; false when there is none. */
static bool peer_step(void)
{
	uint8_t p[PACKET_MAX], *icmp;
	ssize_t n = read(tun, p, sizeof(p));
	bool v6 = n > 0 && p[0] >> 4 == 6;
	int behaviour;

	if (n <= 0)
		return false;
	if (v6 && (p[6] != 58 || p[40] != 128))
		return true;
	if (!v6 && (p[9] != 1 || p[20] != 8))
		return true;
	behaviour = v6 ? p[39] : p[19];
	if (behaviour == SILENT)
		return true;
	icmp = turn_round(p, v6);
	if (v6)
		peer_send(p, (size_t)n);
	else
		peer_behave(p, (size_t)n, icmp, behaviour);
	return true;
}

static void on_peer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	while (peer_step())
		;
}

/* ---- pinging ----------------------------------------------------------------------------------------------------- */

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage s = { .ss_family = strchr(text, ':') ? AF_INET6 : AF_INET };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(161) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(161) };

	inet_pton(s.ss_family, text, s.ss_family == AF_INET6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr);
	if (s.ss_family == AF_INET6)
		memcpy(&s, &in6, sizeof(in6));
	else
		memcpy(&s, &in, sizeof(in));
	return s;
}

static void on_done(void *owner, const struct icmp_result *r)
{
	(void)owner;
	last = *r;
	told++;
}

static struct icmp_train *start(const char *to, unsigned count, int gap_ms, int timeout_ms)
{
	struct icmp_spec spec = { .address = address(to), .count = count, .gap = span_ms(gap_ms),
				  .timeout = span_ms(timeout_ms), .done = on_done };

	return icmp_start(engine, &spec);
}

static void ping(const char *to, unsigned count, int gap_ms, int timeout_ms)
{
	memset(&last, 0, sizeof(last));
	told = 0;
	if (!start(to, count, gap_ms, timeout_ms) || told || !loop_until(&loop, &told, 1, WAIT_S))
		printf("# no end of the train to %s\n", to);
}

static void test_kernel_answers(void)
{
	ping("127.0.0.1", 5, 10, 2000);
	ok(last.err == FW_OK && last.sent == 5 && last.received == 5, "five echoes to 127.0.0.1");
	ok(last.rtt[0].us > 0 && last.rtt[4].us > 0 && last.rtt[4].us < 1000000, "... with round-trip times");
	ok(mono_since(clock_mono(), last.at).us < 1000000, "... and the time of the last answer");
	ping("127.98.76.54", 1, 0, 2000);
	ok(last.err == FW_OK && last.received == 1, "any address of 127.0.0.0/8");
	if (sockets.v6 < 0) {
		skip(1, "no IPv6 here");
		return;
	}
	ping("::1", 3, 0, 2000);
	ok(last.err == FW_OK && last.sent == 3 && last.received == 3, "three echoes to ::1, without a gap");
}

struct fleet { unsigned ended, lost; int64_t worst_us; };

static void on_fleet(void *owner, const struct icmp_result *r)
{
	struct fleet *f = owner;

	f->ended++;
	f->lost += r->err != FW_OK || r->received != 1;
	if (r->received && r->rtt[0].us > f->worst_us)
		f->worst_us = r->rtt[0].us;
}

static void test_fleet(void)
{
	struct fleet fleet = { 0, 0, 0 };
	struct mono begin = clock_mono();
	struct icmp_count before = icmp_count(engine), after;
	char text[32];

	for (unsigned i = 0; i < FLEET; i++) {
		struct icmp_spec spec = { .count = 1, .timeout = span_s(1), .done = on_fleet, .owner = &fleet };

		snprintf(text, sizeof(text), "127.9.%u.%u", i / 250, i % 250 + 1);
		spec.address = address(text);
		icmp_start(engine, &spec);
	}
	loop_until(&loop, &fleet.ended, FLEET, WAIT_S);
	after = icmp_count(engine);
	note("%d targets in %lld ms, slowest %lld us", FLEET, (long long)mono_since(clock_mono(), begin).us / 1000,
	     (long long)fleet.worst_us);
	is_int(fleet.ended, FLEET, "ten thousand targets at once all end");
	is_int(fleet.lost, 0, "... without loss");
	is_u64(after.kernel_dropped - before.kernel_dropped, 0, "... and without a packet dropped by the kernel");
	is_u64(after.sent - before.sent, FLEET, "... one echo each");
}

static void again(void *owner, const struct icmp_result *r)
{
	struct icmp_spec spec = { .address = address("127.0.0.2"), .count = 1, .timeout = span_s(1), .done = on_done };

	(void)r;
	++*(unsigned *)owner;
	icmp_start(engine, &spec);
}

static void test_owner(void)
{
	struct icmp_spec spec = { .address = address("127.0.0.1"), .count = 1, .timeout = span_s(1), .done = again };
	struct icmp_train *t[3];
	unsigned first = 0;

	spec.owner = &first;
	told = 0;
	icmp_start(engine, &spec);
	loop_until(&loop, &told, 1, WAIT_S);
	ok(first == 1 && told == 1, "a train can be started when another has ended");
	told = 0;
	for (int i = 0; i < 3; i++)
		t[i] = start("127.0.0.3", 2, 50, 1000);
	icmp_cancel(t[1]);
	icmp_cancel(t[2]);
	loop_until(&loop, &told, 1, WAIT_S);
	while (event_base_loop(loop.base, EVLOOP_NONBLOCK) == 0 && wheel_count(loop.wheel))
		;
	is_int(told, 1, "cancelled trains tell nobody");
	spec.count = 0;
	ok(!icmp_start(engine, &spec), "a train of no echo is none");
	spec.count = 1;
	spec.address.ss_family = AF_UNIX;
	ok(!icmp_start(engine, &spec), "nor is one to another family");
}

static void test_unreachable(void)
{
	struct mono begin = clock_mono();

	ping("198.51.100.1", 3, 0, 500);
	ok(last.err == FW_NET && last.sent == 0 && last.received == 0, "no route: could not be sent");
	told = 0;
	for (int i = 0; i < 5000; i++)
		start("198.51.100.1", 1, 0, 500);
	ping("127.0.0.1", 1, 0, 500);
	loop_until(&loop, &told, 5001, WAIT_S);
	is_int(told, 5001, "thousands without a route all end");
	ok(mono_since(clock_mono(), begin).us < 10000000, "... and hold nobody up");
}

static void test_peer(void)
{
	struct icmp_count before = icmp_count(engine), now;
	struct mono begin;

	ping("192.0.2.10", 3, 20, 1000);
	ok(last.err == FW_OK && last.received == 3, "the peer answers");
	begin = clock_mono();
	ping("192.0.2.11", 3, 50, 200);
	ok(last.err == FW_TIMEOUT && last.sent == 3 && last.received == 0, "a silent one is told as such");
	ok(mono_since(clock_mono(), begin).us >= 300000, "... not before two gaps and a time-out");
	ping("192.0.2.12", 2, 50, 200);
	is_int(last.received, 2, "answers that come twice count once");
	is_u64(icmp_count(engine).duplicate, before.duplicate + 1,
	       "... are counted as duplicates while the train runs");
	ping("192.0.2.14", 2, 0, 100);
	now = icmp_count(engine);
	ok(last.err == FW_TIMEOUT && now.foreign == before.foreign + 2, "an answer with another cookie is foreign");
	ping("192.0.2.15", 2, 0, 100);
	now = icmp_count(engine);
	ok(last.err == FW_TIMEOUT && now.foreign == before.foreign + 4, "an answer from another address is foreign");
	before = now;
	ping("192.0.2.16", 2, 0, 100);
	now = icmp_count(engine);
	ok(last.err == FW_TIMEOUT && now.malformed == before.malformed + 2, "a wrong checksum is malformed");
	ping("192.0.2.17", 4, 10, 200);
	ok(last.err == FW_OK && last.sent == 4 && last.received == 2, "half the echoes lost");
	if (sockets.v6 < 0) {
		skip(2, "no IPv6 here");
		return;
	}
	ping("2001:db8::10", 2, 0, 1000);
	ok(last.err == FW_OK && last.received == 2, "the peer answers over IPv6");
	ping("2001:db8::b", 2, 0, 100);
	ok(last.err == FW_TIMEOUT && last.sent == 2, "... and is silent over IPv6");
}

static void test_late(void)
{
	uint64_t late;

	ping("192.0.2.13", 1, 0, 60);
	is_int(last.err, FW_TIMEOUT, "an answer that is held back is not there in time");
	late = icmp_count(engine).late;
	peer_send(held, held_len);
	for (struct mono end = mono_add(clock_mono(), span_s(WAIT_S));
	     icmp_count(engine).late == late && clock_mono().us < end.us;)
		event_base_loop(loop.base, EVLOOP_ONCE);
	is_u64(icmp_count(engine).late, late + 1, "... and is counted when it comes");
}

/* Turn the loop until the peer holds a packet back, and then for as long as 'ms' after. */
static bool wait_held(int ms)
{
	struct mono end = mono_add(clock_mono(), span_s(WAIT_S)), at;

	while (held_len == 0 && clock_mono().us < end.us)
		event_base_loop(loop.base, EVLOOP_ONCE);
	for (at = clock_mono(); mono_since(clock_mono(), at).us < ms * 1000;)
		event_base_loop(loop.base, EVLOOP_ONCE);
	return held_len > 0;
}

static void test_late_within_train(void)
{
	uint64_t late = icmp_count(engine).late;

	told = 0;
	held_len = 0;
	start("192.0.2.13", 2, 400, 60);
	if (wait_held(80))
		peer_send(held, held_len);
	loop_until(&loop, &told, 1, WAIT_S);
	ok(last.err == FW_TIMEOUT && last.sent == 2 && last.received == 0, "an answer after its own time-out is none, though the train still runs");
	is_u64(icmp_count(engine).late, late + 1, "... and is counted as late");
}

/* The loop is busy for longer than the time-out; the answer came in time, and lies in the socket. */
static void test_stalled_loop(void)
{
	uint64_t sent = icmp_count(engine).sent;
	struct mono at;

	told = 0;
	start("192.0.2.10", 1, 0, 100);
	while (icmp_count(engine).sent == sent)
		event_base_loop(loop.base, EVLOOP_NONBLOCK);
	at = clock_mono();
	while (peer_step())
		;
	while (mono_since(clock_mono(), at).us < 250000)
		usleep(10000);
	wheel_run(loop.wheel, clock_mono());
	ok(told == 1 && last.err == FW_OK, "an answer that came in time is no loss, however late it is read");
	ok(last.rtt[0].us < 100000, "... and its time is the kernel's");
}

static void test_filter(void)
{
	uint64_t seen = 1;

	for (int i = 0; i < 2 && seen; i++) {	/* two engines have the same identifier once in 65,536 */
		struct icmp_sockets s2;
		struct icmp_engine *other;
		struct icmp_count c;

		icmp_open(&s2, NULL);
		other = icmp_engine_new(loop.base, loop.wheel, &s2);
		ping("127.0.0.1", 10, 0, 1000);
		if (sockets.v6 >= 0)
			ping("::1", 10, 0, 1000);
		event_base_loop(loop.base, EVLOOP_NONBLOCK);
		c = icmp_count(other);
		seen = c.received + c.foreign + c.malformed + c.late;
		icmp_engine_free(other);
		icmp_close(&s2);
	}
	is_u64(seen, 0, "an engine does not see another's answers");
}

/* As an ordinary user: datagram sockets where the group may, else words that say the way out. */
static void test_datagram(void)
{
	struct icmp_sockets keep = sockets;
	struct err err;

	if (!write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647") || seteuid(65534) != 0) {
		skip(5, "cannot become an ordinary user here");
		return;
	}
	icmp_engine_free(engine);
	ok(icmp_open(&sockets, &err) == FW_OK && !sockets.v4_raw && sockets.v4 >= 0,
	   "an ordinary user gets datagram sockets");
	engine = icmp_engine_new(loop.base, loop.wheel, &sockets);
	ping("127.0.0.1", 3, 0, 1000);
	ok(last.err == FW_OK && last.received == 3, "... which work over IPv4");
	if (sockets.v6 >= 0) {
		ping("::1", 3, 0, 1000);
		ok(last.err == FW_OK && last.received == 3, "... and over IPv6");
	} else {
		skip(1, "no IPv6 here");
	}
	icmp_engine_free(engine);
	icmp_close(&sockets);
	if (seteuid(0) != 0 || !write_file("/proc/sys/net/ipv4/ping_group_range", "1 0") || seteuid(65534) != 0)
		printf("# cannot change ping_group_range back\n");
	is_int(icmp_open(&sockets, &err), FW_NET, "where neither is allowed, none is opened");
	ok(strstr(err.text, "cap_net_raw") && strstr(err.text, "ping_group_range"), "... and the way out is said");
	note("%s", err.text);
	if (seteuid(0) != 0)
		printf("# cannot become root again\n");
	sockets = keep;
	engine = icmp_engine_new(loop.base, loop.wheel, &sockets);
}

int main(void)
{
	enum { KERNEL = 5 + 4 + 4 + 3, PEER = 11 + 2 + 2 + 2 };
	struct event *peer = NULL;
	struct err err;
	bool apart = enter_namespace();
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	plan(1 + KERNEL + PEER + 1 + 5);
	if (!apart || !link_up(s, "lo")) {
		skip(1 + KERNEL + PEER + 1 + 5, "needs a network namespace (root, or user namespaces)");
		return done();
	}
	loop_init(&loop);
	ok(icmp_open(&sockets, &err) == FW_OK && sockets.v4_raw, "raw sockets are opened");
	engine = icmp_engine_new(loop.base, loop.wheel, &sockets);
	test_kernel_answers();
	test_fleet();
	test_owner();
	test_unreachable();
	if (peer_open(s)) {
		peer = event_new(loop.base, tun, EV_READ | EV_PERSIST, on_peer, NULL);
		event_add(peer, NULL);
		test_peer();
		test_late();
		test_late_within_train();
		event_free(peer);
		test_stalled_loop();
	} else {
		skip(PEER, "needs a tun device");
	}
	test_filter();
	test_datagram();
	icmp_engine_free(engine);
	icmp_close(&sockets);
	loop_release(&loop);
	close(s);
	return done();
}
