/* t/bench/bench-poll.c: what it costs this side to poll: CPU per varbind of steady GETs, on the same simulated devices.
 *
 *   bare       sendmmsg and recvmmsg of packets encoded beforehand; nothing is read of what comes back
 *   forewarn   snmp_ask(): request table, time-outs, checks, each varbind read and its name compared with the one asked
 *   SNMPv3     the same, encrypted and signed with SHA-256 and AES-128; the agents have been discovered before
 *   net-snmp   snmp_async_send() and snmp_read2(), a session for each device; each varbind read
 *
 * The same number of requests is out in each. Only CPU time of this thread counts; the devices are in another process.
 */
#define _GNU_SOURCE		/* sendmmsg */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <arpa/inet.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "poller/snmp/snmp.h"
#include "poller/snmp/usm.h"

enum { DEVICES = 200, NAMES = 60, ROUNDS = 30, WINDOW = 64, RUNS = 5, BATCH = 32, FIRST = 0x7f100001 };
enum { GETS = DEVICES * ROUNDS };

/* 1.3.6.1.2.1.31.1.1.1.6 and .10, ifHCInOctets and ifHCOutOctets, of ports 1 to 30 */
static const uint8_t columns[2] = { 6, 10 };

static const char password[] = "not-a-secret";

struct name { uint8_t ber[11]; };

struct fleet {
	pid_t pid;
	uint16_t port;
	struct name name[NAMES];
	struct snmp_peer peer[DEVICES], peer3[DEVICES];
	struct snmp_packet *packet[DEVICES], *packet3[DEVICES];
	struct usm_user user;
};

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static _Noreturn void fail(const char *why)
{
	fprintf(stderr, "bench-poll: %s\n", why);
	exit(1);
}

/* ---- the devices ---- */

static void fleet_start(struct fleet *f)
{
	const char *out = getenv("FOREWARN_OUT");
	char path[512], device[256];
	unsigned port;
	int pipes[2];
	FILE *said;

	snprintf(path, sizeof(path), "%s/simnet", out ? out : "build");
	snprintf(device, sizeof(device), "127.16.0.1+%d kind=switch ports=48 user=noc auth=SHA-256 "
		 "auth-password=%s priv=AES priv-password=%s", DEVICES, password, password);
	if (pipe(pipes) < 0)
		fail("cannot open a pipe");
	f->pid = fork();
	if (f->pid == 0) {
		dup2(pipes[1], 1);
		execl(path, "simnet", "--die-with-parent", "--device", device, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	said = fdopen(pipes[0], "r");
	if (!said || fscanf(said, "simnet: port %u", &port) != 1)
		fail("cannot start the simulated network: is FOREWARN_OUT set, and simnet built?");
	fclose(said);
	f->port = (uint16_t)port;
}

static void fleet_names(struct fleet *f)
{
	for (unsigned i = 0; i < NAMES; i++)
		f->name[i] = (struct name){
			{ 0x2b, 6, 1, 2, 1, 31, 1, 1, 1, columns[i & 1], (uint8_t)(1 + i / 2) }
		};
}

static void fleet_packets(struct fleet *f)
{
	struct snmp_name names[NAMES];
	struct snmp_request q = {
		.community = "public", .version = SNMP_V2C, .pdu = SNMP_GET, .request_id = INT32_MAX, .names = names,
		.name_count = NAMES
	};

	for (unsigned i = 0; i < NAMES; i++)
		names[i] = (struct snmp_name){ f->name[i].ber, sizeof(f->name[i].ber) };
	for (unsigned i = 0; i < DEVICES; i++) {
		struct sockaddr_in *a = (struct sockaddr_in *)&f->peer[i].address;

		f->peer[i] = (struct snmp_peer){
			.community = "public", .version = SNMP_V2C, .retries = 2, .timeout = span_s(2)
		};
		a->sin_family = AF_INET;
		a->sin_port = htons(f->port);
		a->sin_addr.s_addr = htonl(FIRST + i);
		f->peer3[i] = f->peer[i];
		f->peer3[i].version = q.version = SNMP_V3;
		if (snmp_packet_new(&f->packet3[i], &q, SNMP_REQUEST_MAX))
			fail("60 names do not fit a request of version 3");
		q.version = SNMP_V2C;
		if (snmp_packet_new(&f->packet[i], &q, SNMP_REQUEST_MAX))
			fail("60 names do not fit a request");
	}
}

/* ---- bare ---- */

struct bare {
	int fd;
	struct mmsghdr out[WINDOW], in[BATCH];
	struct iovec out_iov[WINDOW], in_iov[BATCH];
	uint8_t bytes[BATCH][4096];
	unsigned sent, received;
};

static void bare_init(struct bare *b)
{
	int octets = 4 << 20;

	memset(b, 0, sizeof(*b));
	b->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	setsockopt(b->fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets));
	for (unsigned i = 0; i < BATCH; i++) {
		b->in_iov[i] = (struct iovec){ b->bytes[i], sizeof(b->bytes[i]) };
		b->in[i].msg_hdr = (struct msghdr){ .msg_iov = &b->in_iov[i], .msg_iovlen = 1 };
	}
	for (unsigned i = 0; i < WINDOW; i++)
		b->out[i].msg_hdr = (struct msghdr){
			.msg_namelen = sizeof(struct sockaddr_in), .msg_iov = &b->out_iov[i], .msg_iovlen = 1
		};
}

static void bare_send(struct bare *b, struct fleet *f)
{
	unsigned n = WINDOW - (b->sent - b->received);

	if (n > GETS - b->sent)
		n = GETS - b->sent;
	for (unsigned i = 0; i < n; i++) {
		unsigned d = (b->sent + i) % DEVICES;

		b->out[i].msg_hdr.msg_name = &f->peer[d].address;
		b->out_iov[i] = (struct iovec){ f->packet[d]->bytes, f->packet[d]->len_octets };
	}
	for (unsigned done = 0; done < n;) {
		int left = sendmmsg(b->fd, b->out + done, n - done, 0);

		if (left <= 0)
			fail("cannot send");
		done += (unsigned)left;
	}
	b->sent += n;
}

static int64_t run_bare(struct fleet *f)
{
	static struct bare b;
	struct pollfd p;
	int64_t from;
	int n;

	bare_init(&b);
	p = (struct pollfd){ .fd = b.fd, .events = POLLIN };
	from = cpu_ns();
	bare_send(&b, f);
	while (b.received < GETS) {
		if (poll(&p, 1, 3000) != 1)
			fail("an answer was lost");
		for (n = BATCH; n == BATCH;) {
			n = recvmmsg(b.fd, b.in, BATCH, MSG_DONTWAIT, NULL);
			if (n <= 0)
				break;
			b.received += (unsigned)n;
			bare_send(&b, f);
		}
	}
	from = cpu_ns() - from;
	close(b.fd);
	return from;
}

/* ---- forewarn ---- */

struct ours {
	struct fleet *f;
	const struct snmp_peer *peer;
	struct snmp_packet *const *packet;
	struct event_base *base;
	struct wheel *wheel;
	struct snmp_engine *engine;
	unsigned gets, sent, received;
	uint64_t sum;
};

static void ours_done(void *owner, uint32_t tag, const struct snmp_answer *a);

static void ours_send(struct ours *o)
{
	unsigned d = o->sent++ % DEVICES;

	snmp_ask(o->engine, &o->peer[d], o->packet[d], ours_done, o, d);
}

static void ours_done(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct ours *o = owner;
	struct snmp_varbind vb;
	unsigned n = 0;

	(void)tag;
	if (a->err)
		fail(fw_err_text(a->err));
	for (; snmp_varbind_next(a->reply, &vb); n++) {
		if (n == NAMES || vb.name_len != sizeof(o->f->name[n].ber) ||
		    memcmp(vb.name, o->f->name[n].ber, sizeof(o->f->name[n].ber)) != 0 || vb.type != SNMP_COUNTER64)
			fail("another name came back");
		o->sum += vb.number;
	}
	if (n != NAMES)
		fail("names are missing");
	o->received++;
	if (o->sent < o->gets)
		ours_send(o);
}

static void ours_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ours *o = arg;

	(void)fd, (void)what;
	wheel_run(o->wheel, clock_mono());
}

/* What 'gets' requests cost. */
static int64_t ours_gets(struct ours *o, unsigned gets)
{
	int64_t from = cpu_ns();

	o->gets = gets;
	o->sent = o->received = 0;
	for (unsigned i = 0; i < WINDOW; i++)
		ours_send(o);
	while (o->received < gets)
		event_base_loop(o->base, EVLOOP_ONCE);
	return cpu_ns() - from;
}

static int64_t ours_run(struct ours *o, unsigned before)
{
	const struct timeval ten_ms = { .tv_usec = 10000 };
	struct event *tick = event_new(o->base, -1, EV_PERSIST, ours_tick, o);
	int64_t ns;

	event_add(tick, &ten_ms);
	if (before)
		(void)ours_gets(o, before);
	ns = ours_gets(o, GETS);
	event_free(tick);
	return ns;
}

static struct ours ours_open(struct fleet *f, const struct snmp_peer *peer, struct snmp_packet *const *packet)
{
	struct ours o = {
		.f = f, .peer = peer, .packet = packet, .base = event_base_new(), .wheel = wheel_new(clock_mono())
	};

	o.engine = snmp_engine_new(o.base, o.wheel, NULL);
	if (!o.engine)
		fail("no socket");
	return o;
}

static void ours_close(struct ours *o)
{
	snmp_engine_free(o->engine);
	wheel_free(o->wheel);
	event_base_free(o->base);
}

static int64_t run_ours(struct fleet *f)
{
	struct ours o = ours_open(f, f->peer, f->packet);
	int64_t ns = ours_run(&o, 0);

	ours_close(&o);
	return ns;
}

/* Each agent is discovered first: that is once in its life. */
static int64_t run_v3(struct fleet *f)
{
	struct ours o = ours_open(f, f->peer3, f->packet3);
	int64_t ns;

	for (unsigned i = 0; i < DEVICES; i++) {
		f->peer3[i].v3 = snmp_agent_new(o.engine, &f->user, "");
		if (!f->peer3[i].v3)
			fail("libcrypto does not give SHA-256 and AES-128");
	}
	ns = ours_run(&o, DEVICES);
	for (unsigned i = 0; i < DEVICES; i++)
		snmp_agent_free(o.engine, f->peer3[i].v3);
	ours_close(&o);
	return ns;
}

/* ---- net-snmp ---- */

struct theirs {
	netsnmp_session *session[DEVICES];
	netsnmp_pdu *pdu;
	unsigned sent, received;
	uint64_t sum;
};

static int theirs_done(int operation, netsnmp_session *ss, int id, netsnmp_pdu *reply, void *magic);

/* A device is asked again only when it has answered, as in the others. */
static void theirs_send(struct theirs *t)
{
	if (!snmp_async_send(t->session[t->sent++ % DEVICES], snmp_clone_pdu(t->pdu), theirs_done, t))
		fail("net-snmp cannot send");
}

static int theirs_done(int operation, netsnmp_session *ss, int id, netsnmp_pdu *reply, void *magic)
{
	struct theirs *t = magic;
	unsigned n = 0;

	(void)ss, (void)id;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		fail("net-snmp timed out");
	for (const netsnmp_variable_list *v = reply->variables; v; v = v->next_variable, n++)
		t->sum += (uint64_t)v->val.counter64->high << 32 | v->val.counter64->low;
	if (n != NAMES)
		fail("names are missing");
	t->received++;
	if (t->sent < GETS)
		theirs_send(t);
	return 1;
}

static void theirs_open(struct theirs *t, struct fleet *f)
{
	for (unsigned i = 0; i < DEVICES; i++) {
		netsnmp_session init;
		char address[64];

		snmp_sess_init(&init);
		snprintf(address, sizeof(address), "udp:127.16.0.%u:%u", i + 1, f->port);
		init.peername = address;
		init.version = SNMP_VERSION_2c;
		init.community = (u_char *)(uintptr_t)"public";
		init.community_len = 6;
		init.timeout = 2000000;
		t->session[i] = snmp_open(&init);
		if (!t->session[i])
			fail("net-snmp cannot open a session");
	}
	t->pdu = snmp_pdu_create(SNMP_MSG_GET);
	for (unsigned i = 0; i < NAMES; i++) {
		const oid name[] = { 1, 3, 6, 1, 2, 1, 31, 1, 1, 1, columns[i & 1], 1 + i / 2 };

		snmp_add_null_var(t->pdu, name, sizeof(name) / sizeof(name[0]));
	}
}

static void theirs_round(void)
{
	struct timeval wait = { .tv_sec = 3 };
	int fds = 0, block = 0;
	fd_set set;

	FD_ZERO(&set);
	snmp_select_info(&fds, &set, &wait, &block);
	if (select(fds, &set, NULL, NULL, &wait) > 0)
		snmp_read(&set);
	else
		snmp_timeout();
}

static int64_t run_theirs(struct fleet *f)
{
	struct theirs t = { .sent = 0 };
	int64_t from;

	theirs_open(&t, f);
	from = cpu_ns();
	for (unsigned i = 0; i < WINDOW; i++)
		theirs_send(&t);
	while (t.received < GETS)
		theirs_round();
	from = cpu_ns() - from;
	for (unsigned i = 0; i < DEVICES; i++)
		snmp_close(t.session[i]);
	snmp_free_pdu(t.pdu);
	return from;
}

/* ---- decoding alone ---- */

enum { DECODES = 20000 };

static int64_t run_decode(struct fleet *f)
{
	uint8_t list[4096], packet[4096];
	struct wr w = wr_over(list, sizeof(list)), all = wr_over(packet, sizeof(packet));
	struct snmp_message m = { .community = (const uint8_t *)"public", .community_len = 6, .version = SNMP_V2C };
	struct snmp_varbind vb = { .name_len = sizeof(f->name[0].ber), .type = SNMP_COUNTER64 };
	uint64_t sum = 0;
	int64_t from;

	for (unsigned i = 0; i < NAMES; i++) {
		vb.name = f->name[i].ber;
		vb.number = UINT64_C(1000000007) << (i % 30);
		snmp_varbind_enc(&w, &vb);
	}
	m.pdu = SNMP_RESPONSE;
	snmp_message_enc(&all, &m, list, w.len);
	from = cpu_ns();
	for (unsigned i = 0; i < DECODES; i++) {
		if (snmp_message_dec(&m, packet, all.len))
			fail("a reply of ours cannot be decoded");
		for (unsigned n = 0; snmp_varbind_next(&m, &vb); n++)
			sum += memcmp(vb.name, f->name[n].ber, sizeof(f->name[n].ber)) == 0 ? vb.number : 0;
	}
	from = cpu_ns() - from;
	if (sum == 0)
		fail("nothing was read");
	return from;
}

/* ---- the table ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

enum { BARE, OURS, OURS_V3, THEIRS, DECODE, KINDS };

static const struct kind {
	const char *name;
	int64_t (*run)(struct fleet *f);
	double varbinds;
} kinds[KINDS] = {
	[BARE] = { "bare send and receive", run_bare, (double)GETS * NAMES },
	[OURS] = { "forewarn", run_ours, (double)GETS * NAMES },
	[OURS_V3] = { "forewarn, SNMPv3 authPriv", run_v3, (double)GETS * NAMES },
	[THEIRS] = { "net-snmp, asynchronous", run_theirs, (double)GETS * NAMES },
	[DECODE] = { "forewarn, decoding alone", run_decode, (double)DECODES * NAMES },
};

int main(void)
{
	const struct usm_secrets secrets = {
		.name = "noc", .auth = USM_SHA256, .priv = USM_AES128, .auth_password = password, .priv_password = password
	};
	static struct fleet f;
	double ns[KINDS][RUNS];

	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	fleet_start(&f);
	fleet_names(&f);
	fleet_packets(&f);
	if (usm_user_init(&f.user, &secrets, NULL))
		fail("libcrypto does not give SHA-256");
	for (unsigned r = 0; r < RUNS; r++)
		for (unsigned k = 0; k < KINDS; k++)
			ns[k][r] = (double)kinds[k].run(&f) / kinds[k].varbinds;
	kill(f.pid, SIGTERM);
	waitpid(f.pid, NULL, 0);
	printf("polling: CPU per varbind, %d devices, GETs of %d varbinds, %d at a time, median of %d\n", DEVICES, NAMES,
	       WINDOW, RUNS);
	for (unsigned k = 0; k < KINDS; k++) {
		qsort(ns[k], RUNS, sizeof(ns[k][0]), by_size);
		printf("  %-26s %8.1f ns   %6.2f x bare\n", kinds[k].name, ns[k][RUNS / 2], ns[k][RUNS / 2] / ns[BARE][RUNS / 2]);
	}
	printf("  forewarn is %.2f x bare (at most 3), and 1/%.1f of net-snmp\n", ns[OURS][RUNS / 2] / ns[BARE][RUNS / 2],
	       ns[THEIRS][RUNS / 2] / ns[OURS][RUNS / 2]);
	printf("  SNMPv3 with SHA-256 and AES-128 is %.2f x version 2c (at most 3)\n",
	       ns[OURS_V3][RUNS / 2] / ns[OURS][RUNS / 2]);
	for (unsigned i = 0; i < DEVICES; i++) {
		free(f.packet[i]);
		free(f.packet3[i]);
	}
	return ns[OURS][RUNS / 2] > 3 * ns[BARE][RUNS / 2] || ns[OURS][RUNS / 2] > ns[THEIRS][RUNS / 2] / 2 ||
	       ns[OURS_V3][RUNS / 2] > 3 * ns[OURS][RUNS / 2];
}
