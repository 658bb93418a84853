/* t/bench/bench-poll.c: what it costs this side to poll: CPU per varbind of steady GETs, on the same simulated devices.
 *
 *   bare       sendmmsg and recvmmsg of packets encoded beforehand; nothing is read of what comes back
 *   forewarn   snmp_ask(): request table, time-outs, checks, each varbind read and its name compared with the one asked
 *   SNMPv3     the same, encrypted and signed with SHA-256 and AES-128; the agents have been discovered before
 *   net-snmp   snmp_async_send() and snmp_read2(), a session for each device; each varbind read
 *
 * The same packets are out in each, as many at a time, in batches of the same size both ways. Only CPU time of this
 * thread counts; the devices are in another process. What else the machine does changes what a packet costs, from one
 * tenth of a second to the next: so each sample is made of many short turns, those of one kind between those of
 * the others, and ratios are taken within a sample. Printed is their median, and the least and the most of them.
 *
 * bench-poll KIND... does the turns of these only, for a profiler, to which the thread has the kind's name meanwhile:
 *   perf record bench-poll bare v2c v3 net-snmp decode; perf report --sort comm,sym
 */
#define _GNU_SOURCE		/* sendmmsg */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <arpa/inet.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "poller/snmp/snmp.h"
#include "poller/snmp/usm.h"

enum { DEVICES = 200, NAMES = 60, WINDOW = 64, BATCH = 32, FIRST = 0x7f100001 };
enum { SAMPLES = 5, TURNS = 12, GETS = 12 * DEVICES };		/* GETs in a turn */

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

static void *bare_open(struct fleet *f)
{
	struct bare *b = must_alloc(sizeof(*b));
	int octets = 4 << 20;

	(void)f;
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
	return b;
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

static void bare_turn(void *of, struct fleet *f)
{
	struct bare *b = of;
	struct pollfd p = { .fd = b->fd, .events = POLLIN };
	int n;

	b->sent = b->received = 0;
	bare_send(b, f);
	while (b->received < GETS) {
		if (poll(&p, 1, 3000) != 1)
			fail("an answer was lost");
		for (n = BATCH; n == BATCH;) {
			n = recvmmsg(b->fd, b->in, BATCH, MSG_DONTWAIT, NULL);
			if (n <= 0)
				break;
			b->received += (unsigned)n;
			bare_send(b, f);
		}
	}
}

static void bare_close(void *of, struct fleet *f)
{
	struct bare *b = of;

	(void)f;
	close(b->fd);
	free(b);
}

/* ---- forewarn ---- */

struct ours {
	struct fleet *f;
	const struct snmp_peer *peer;
	struct snmp_packet *const *packet;
	struct event_base *base;
	struct wheel *wheel;
	struct snmp_engine *engine;
	struct event *tick;
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

static void ours_gets(struct ours *o, unsigned gets)
{
	o->gets = gets;
	o->sent = o->received = 0;
	for (unsigned i = 0; i < WINDOW; i++)
		ours_send(o);
	while (o->received < gets)
		event_base_loop(o->base, EVLOOP_ONCE);
}

static void ours_turn(void *of, struct fleet *f)
{
	(void)f;
	ours_gets(of, GETS);
}

static struct ours *ours_over(struct fleet *f, const struct snmp_peer *peer, struct snmp_packet *const *packet)
{
	const struct timeval ten_ms = { .tv_usec = 10000 };
	struct ours *o = must_alloc(sizeof(*o));

	*o = (struct ours){
		.f = f, .peer = peer, .packet = packet, .base = event_base_new(), .wheel = wheel_new(clock_mono())
	};
	o->engine = snmp_engine_new(o->base, o->wheel, NULL);
	if (!o->engine)
		fail("no socket");
	o->tick = event_new(o->base, -1, EV_PERSIST, ours_tick, o);
	event_add(o->tick, &ten_ms);
	return o;
}

static void *ours_open(struct fleet *f) { return ours_over(f, f->peer, f->packet); }

static void ours_close(void *of, struct fleet *f)
{
	struct ours *o = of;

	(void)f;
	event_free(o->tick);
	snmp_engine_free(o->engine);
	wheel_free(o->wheel);
	event_base_free(o->base);
	free(o);
}

/* Each agent is discovered first: that is once in its life. */
static void *v3_begin(struct fleet *f)
{
	struct ours *o = ours_over(f, f->peer3, f->packet3);

	for (unsigned i = 0; i < DEVICES; i++) {
		f->peer3[i].v3 = snmp_agent_new(o->engine, &f->user, "");
		if (!f->peer3[i].v3)
			fail("libcrypto does not give SHA-256 and AES-128");
	}
	ours_gets(o, DEVICES);
	return o;
}

static void v3_end(void *of, struct fleet *f)
{
	struct ours *o = of;

	for (unsigned i = 0; i < DEVICES; i++)
		snmp_agent_free(o->engine, f->peer3[i].v3);
	ours_close(o, f);
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

static void *theirs_open(struct fleet *f)
{
	struct theirs *t = must_alloc(sizeof(*t));

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
	return t;
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

static void theirs_turn(void *of, struct fleet *f)
{
	struct theirs *t = of;

	(void)f;
	t->sent = t->received = 0;
	for (unsigned i = 0; i < WINDOW; i++)
		theirs_send(t);
	while (t->received < GETS)
		theirs_round();
}

static void theirs_close(void *of, struct fleet *f)
{
	struct theirs *t = of;

	(void)f;
	for (unsigned i = 0; i < DEVICES; i++)
		snmp_close(t->session[i]);
	snmp_free_pdu(t->pdu);
	free(t);
}

/* ---- decoding alone ---- */

struct decode { struct wr packet; };

static void *decode_open(struct fleet *f)
{
	struct decode *d = must_alloc(sizeof(*d));
	uint8_t list[4096];
	struct wr w = wr_over(list, sizeof(list));
	struct snmp_message m = {
		.community = (const uint8_t *)"public", .community_len = 6, .version = SNMP_V2C, .pdu = SNMP_RESPONSE
	};
	struct snmp_varbind vb = { .name_len = sizeof(f->name[0].ber), .type = SNMP_COUNTER64 };

	for (unsigned i = 0; i < NAMES; i++) {
		vb.name = f->name[i].ber;
		vb.number = UINT64_C(1000000007) << (i % 30);
		snmp_varbind_enc(&w, &vb);
	}
	d->packet = wr_over(must_alloc(4096), 4096);
	snmp_message_enc(&d->packet, &m, list, w.len);
	return d;
}

static void decode_turn(void *of, struct fleet *f)
{
	const struct decode *d = of;
	struct snmp_message m;
	struct snmp_varbind vb;
	uint64_t sum = 0;

	for (unsigned i = 0; i < GETS; i++) {
		if (snmp_message_dec(&m, d->packet.buf, d->packet.len))
			fail("a reply of ours cannot be decoded");
		for (unsigned n = 0; snmp_varbind_next(&m, &vb); n++)
			sum += memcmp(vb.name, f->name[n].ber, sizeof(f->name[n].ber)) == 0 ? vb.number : 0;
	}
	if (sum == 0)
		fail("nothing was read");
}

static void decode_close(void *of, struct fleet *f)
{
	struct decode *d = of;

	(void)f;
	free(d->packet.buf);
	free(d);
}

/* ---- the table ---- */

enum kind { BARE, OURS, OURS_V3, THEIRS, DECODE, KINDS };

static const struct {
	const char *word, *name;
	void *(*open)(struct fleet *f);
	void (*turn)(void *of, struct fleet *f);	/* GETS of them */
	void (*close)(void *of, struct fleet *f);
} kinds[KINDS] = {
	[BARE] = { "bare", "bare send and receive", bare_open, bare_turn, bare_close },
	[OURS] = { "v2c", "forewarn", ours_open, ours_turn, ours_close },
	[OURS_V3] = { "v3", "forewarn, SNMPv3 authPriv", v3_begin, ours_turn, v3_end },
	[THEIRS] = { "net-snmp", "net-snmp, asynchronous", theirs_open, theirs_turn, theirs_close },
	[DECODE] = { "decode", "forewarn, decoding alone", decode_open, decode_turn, decode_close },
};

struct samples { double ns[SAMPLES][KINDS]; };		/* per varbind */
struct spread { double least, median, most; };

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of one kind, in parts of another of the same sample; KINDS: in nanoseconds. */
static struct spread spread_of(const struct samples *s, enum kind what, enum kind of)
{
	double v[SAMPLES];

	for (unsigned i = 0; i < SAMPLES; i++)
		v[i] = s->ns[i][what] / (of == KINDS ? 1 : s->ns[i][of]);
	qsort(v, SAMPLES, sizeof(v[0]), by_size);
	return (struct spread){ v[0], v[SAMPLES / 2], v[SAMPLES - 1] };
}

/* The first turn of each, which fills caches and discovers nothing any more, does not count. */
static void measure(struct fleet *f, struct samples *s)
{
	void *of[KINDS];

	for (unsigned k = 0; k < KINDS; k++) {
		of[k] = kinds[k].open(f);
		kinds[k].turn(of[k], f);
	}
	for (unsigned i = 0; i < SAMPLES; i++)
		for (unsigned n = 0; n < TURNS * KINDS; n++) {
			unsigned k = n % KINDS;
			int64_t from = cpu_ns();

			kinds[k].turn(of[k], f);
			s->ns[i][k] += (double)(cpu_ns() - from) / ((double)GETS * TURNS * NAMES);
		}
	for (unsigned k = 0; k < KINDS; k++)
		kinds[k].close(of[k], f);
}

static bool verdict(const char *what, struct spread got, double most)
{
	bool fine = got.median <= most;

	printf("  %-40s %6.2f (%.2f to %.2f; at most %.2f)%s\n", what, got.median, got.least, got.most, most,
	       fine ? "" : "  MISSED");
	return fine;
}

static bool tell(const struct samples *s)
{
	bool fine = true;

	printf("polling: CPU per varbind, %d devices, GETs of %d varbinds, %d at a time, median of %d\n", DEVICES, NAMES,
	       WINDOW, SAMPLES);
	for (unsigned k = 0; k < KINDS; k++) {
		struct spread ns = spread_of(s, k, KINDS), of = spread_of(s, k, BARE);

		printf("  %-26s %6.1f ns (%.1f to %.1f)   %5.2f x bare (%.2f to %.2f)\n", kinds[k].name, ns.median, ns.least,
		       ns.most, of.median, of.least, of.most);
	}
	fine &= verdict("forewarn, of bare", spread_of(s, OURS, BARE), 1.5);
	fine &= verdict("forewarn, of net-snmp", spread_of(s, OURS, THEIRS), 0.2);
	fine &= verdict("SNMPv3 with SHA-256 and AES-128, of v2c", spread_of(s, OURS_V3, OURS), 3);
	return fine;
}

static int kind_of(const char *word)
{
	for (int k = 0; k < KINDS; k++)
		if (strcmp(kinds[k].word, word) == 0)
			return k;
	fprintf(stderr, "bench-poll: no kind is called '%s'\n", word);
	exit(2);
}

static void profile(struct fleet *f, char *const words[])
{
	void *of[KINDS] = { NULL };

	for (unsigned i = 0; words[i]; i++)
		of[kind_of(words[i])] = kinds[kind_of(words[i])].open(f);
	for (unsigned n = 0; n < SAMPLES * TURNS; n++)
		for (unsigned k = 0; k < KINDS; k++)
			if (of[k]) {
				prctl(PR_SET_NAME, kinds[k].word);
				kinds[k].turn(of[k], f);
			}
	for (unsigned k = 0; k < KINDS; k++)
		if (of[k])
			kinds[k].close(of[k], f);
}

int main(int argc, char *argv[])
{
	const struct usm_secrets secrets = {
		.name = "noc", .auth = USM_SHA256, .priv = USM_AES128, .auth_password = password, .priv_password = password
	};
	static struct fleet f;
	static struct samples s;

	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	fleet_start(&f);
	fleet_names(&f);
	fleet_packets(&f);
	if (usm_user_init(&f.user, &secrets, NULL))
		fail("libcrypto does not give SHA-256");
	if (argc > 1)
		profile(&f, argv + 1);
	else
		measure(&f, &s);
	kill(f.pid, SIGTERM);
	waitpid(f.pid, NULL, 0);
	for (unsigned i = 0; i < DEVICES; i++) {
		free(f.packet[i]);
		free(f.packet3[i]);
	}
	return argc > 1 || tell(&s) ? 0 : 1;
}
