/* t/unit/t3430-device.c: one device with its worker's engine, a scripted agent, and a scripted server of names: what becomes of a part
 * that the agent refuses, of one whose columns come in several answers, in any order, of requests that find no room or have to wait,
 * of a name that moves while the device is asked; of what is no longer configured.
 */
#include <arpa/inet.h>
#include <event2/dns_struct.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/discover-int.h"
#include "t/unit/tap.h"

static const char definitions[] =
	"table \"psu\" { entry = \"1.3.6.1.4.1.9.9.117\" name = { \"name\" } rows = { \"oper\" } counts = all watch = always\n"
	"    column \"oper\" { oid = \"1.3.6.1.4.1.9.9.117.1\" as = integer }\n"
	"    column \"name\" { oid = \"1.3.6.1.4.1.9.9.117.2\" as = string slow = true }\n"
	"    state \"oper\" { up = {1} down = {2} } }\n"
	"table \"port\" { entry = \"1.3.6.1.2.1.2.2.1\" name = { \"descr\" } rows = { \"octets\" } counts = named\n"
	"    column \"octets\" { oid = \"1.3.6.1.2.1.2.2.1.10\" as = counter32 ds = \"in\" unit = \"B/s\" }\n"
	"    column \"descr\" { oid = \"1.3.6.1.2.1.2.2.1.2\" as = string slow = true } }\n"
	"table \"wide\" { entry = \"1.3.6.1.3.1\" name = { \"name\" } rows = { \"a\" } counts = named\n"
	"    column \"a\" { oid = \"1.3.6.1.3.1.1\" as = counter64 ds = \"a\" unit = \"1/s\" }\n"
	"    column \"b\" { oid = \"1.3.6.1.3.1.2\" as = counter64 ds = \"b\" unit = \"1/s\" }\n"
	"    column \"c\" { oid = \"1.3.6.1.3.1.3\" as = counter64 ds = \"c\" unit = \"1/s\" }\n"
	"    column \"d\" { oid = \"1.3.6.1.3.1.4\" as = counter64 ds = \"d\" unit = \"1/s\" }\n"
	"    column \"name\" { oid = \"1.3.6.1.3.1.9\" as = string slow = true } }\n";

enum { PSU, PORT, WIDE };

static struct worker w;
static struct cfg_credentials credentials;
static struct cfg_device cfg = { .name = "sw1", .address = "box.test", .window = 4, .retries = 0, .timeout = { 300000 } };

static void world(const char *folder)
{
	struct mistakes m = { 0 };
	struct err err = { "" };

	w.config = must_alloc(sizeof(*w.config));
	w.config->interval = span_s(60);
	w.config->status_interval = span_s(10);
	w.config->credentials = &credentials;
	w.config->mib = mib_load_text("test", definitions, sizeof(definitions) - 1, &m);
	if (w.config->mib == NULL || m.count) {
		note("%s", m.count ? m.line[0] : "no definitions");
		exit(1);
	}
	credentials.version = SNMP_V2C;
	credentials.community = "public";
	steady_init(&w.clock, clock_wall(), clock_mono());
	w.last = last_open(folder, 0, &err);
	w.setup.to_main = mbox_new("main", 64);
	w.base = event_base_new();
	w.wheel = wheel_new(clock_mono());
	w.snmp = snmp_engine_new(w.base, w.wheel, &err);
	w.dns = evdns_base_new(w.base, 0);
}

static struct part *part(struct device *d, const char *class_name, unsigned table, uint32_t index)
{
	char name[16];
	uint32_t i;
	struct last_record *r;

	snprintf(name, sizeof(name), "p%u", index);
	i = last_add(w.last, cfg.name, class_name, name);
	r = last_begin(w.last, i);
	r->arcs = 1;
	r->arc[0] = index;
	r->state = STATE_UP;
	r->since_us = r->seen_us = worker_wall(&w, clock_mono()).us;
	last_end(w.last, i);
	return &d->part[part_add(d, i, (uint8_t)table)];
}

static const struct last_record *record(const struct part *p) { return last_at(w.last, p->record); }

static int socket_on(const char *address, struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET };
	inet_pton(AF_INET, address, &a->sin_addr);
	if (bind(fd, (struct sockaddr *)a, len) != 0 || getsockname(fd, (struct sockaddr *)a, &len) != 0)
		exit(1);
	return fd;
}

static void turn(void)
{
	wheel_run(w.wheel, clock_mono());
	snmp_flush(w.snmp);
	event_base_loop(w.base, EVLOOP_NONBLOCK);
	poll(NULL, 0, 2);
}

/* ---- an agent that refuses one object of a GET ------------------------------------------------------------------------ */

static int status_said = SNMP_ERR_GEN_ERR;
static bool names_none;		/* its errors do not say of which object they are */
static const uint8_t refused_name[] = { 0x2b, 6, 1, 4, 1, 9, 9, 117, 1, 2 };	/* oper.2 */

static void agent_answer(int fd)
{
	uint8_t in[2048], list[4096], out[4096];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&from, &len);
	struct wr varbinds = wr_over(list, sizeof(list)), reply = wr_over(out, sizeof(out));
	struct snmp_message m, each;
	struct snmp_varbind vb;

	if (n <= 0 || snmp_message_dec(&m, in, (size_t)n) != FW_OK)
		return;
	each = m;
	m.error_status = m.error_index = 0;
	for (int i = 1; snmp_varbind_next(&each, &vb); i++) {
		if (vb.name_len == sizeof(refused_name) && memcmp(vb.name, refused_name, sizeof(refused_name)) == 0) {
			m.error_status = status_said;
			m.error_index = names_none ? 0 : i;
		}
		vb.type = vb.name[3] == 1 && vb.name[4] == 1 ? SNMP_TIMETICKS : SNMP_INTEGER;
		vb.number = 1;
		snmp_varbind_enc(&varbinds, &vb);
	}
	m.pdu = SNMP_RESPONSE;
	snmp_message_enc(&reply, &m, list, varbinds.len);
	sendto(fd, out, reply.len, 0, (struct sockaddr *)&from, len);
}

static void round_with(struct device *d, int agent)
{
	device_begin(d, clock_mono());
	for (unsigned i = 0; i < 1000 && d->busy; i++) {
		turn();
		if (agent >= 0)
			agent_answer(agent);
	}
}

static struct device *literal(struct sockaddr_in address)
{
	struct device *d;

	cfg.literal = true;
	cfg.sockaddr.in = address;
	d = device_new(&w, &cfg);
	d->trusted = true;
	d->discovery_due = mono_add(clock_mono(), span_s(3600));
	return d;
}

static void refused(void)
{
	struct sockaddr_in address;
	int fd = socket_on("127.0.0.1", &address);
	struct device *d = literal(address);

	part(d, "psu", PSU, 1);
	part(d, "psu", PSU, 2);
	part(d, "psu", PSU, 3);
	round_with(d, fd);
	ok(!d->busy && d->fact.snmp == ANSWER_YES && record(&d->part[0])->state == STATE_UP && record(&d->part[2])->state == STATE_UP,
	   "an agent refuses one object of a question: the others are read");
	is_int(record(&d->part[1])->why[0], FW_AGENT, "... that one is missing, and why");
	is_int(record(&d->part[1])->state, STATE_UNKNOWN, "... and its component, of which nothing else is asked, is unknown, no longer up");
	device_free(d);
	close(fd);
}

static void refused_unnamed(void)
{
	struct sockaddr_in address;
	int fd = socket_on("127.0.0.1", &address);
	struct device *d = literal(address);

	names_none = true;
	status_said = 99;
	for (uint32_t i = 1; i < 9; i++)
		part(d, "psu", PSU, i);
	d->cycle_due = clock_mono();
	round_with(d, fd);
	is_int(record(&d->part[0])->why[0], FW_AGENT, "an agent refuses a question by an error that names no object");
	for (int i = 0; i < 4; i++) {
		d->cycle_due = clock_mono();
		round_with(d, fd);
	}
	ok(record(&d->part[0])->why[0] == FW_OK && record(&d->part[7])->why[0] == FW_OK, "... then fewer are asked at once, and what it lets through is read");
	is_int(record(&d->part[1])->why[0], FW_AGENT, "... the object itself is missing, and why");
	names_none = false;
	status_said = SNMP_ERR_GEN_ERR;
	device_free(d);
	close(fd);
}

/* ---- a part in two packets -------------------------------------------------------------------------------------------- */

static uint64_t counter;	/* of the agent: all that it counts */

static void counters_answer(int fd, const uint8_t *in, size_t n, const struct sockaddr_in *to)
{
	uint8_t list[4096], out[4096];
	struct wr varbinds = wr_over(list, sizeof(list)), reply = wr_over(out, sizeof(out));
	struct snmp_message m, each;
	struct snmp_varbind vb;

	if (snmp_message_dec(&m, in, n) != FW_OK)
		return;
	each = m;
	while (snmp_varbind_next(&each, &vb)) {
		bool is_name = vb.name[3] == 3 && vb.name[5] == 9;	/* 1.3.6.1.3.1.9 */

		vb.type = is_name ? SNMP_OCTET_STRING : vb.name[3] == 3 ? SNMP_COUNTER64 : SNMP_TIMETICKS;
		vb.number = counter;
		vb.bytes = (const uint8_t *)"p1";
		vb.bytes_len = 2;
		snmp_varbind_enc(&varbinds, &vb);
	}
	m.pdu = SNMP_RESPONSE;
	m.error_status = m.error_index = 0;
	snmp_message_enc(&reply, &m, list, varbinds.len);
	sendto(fd, out, reply.len, 0, (const struct sockaddr *)to, sizeof(*to));
}

/* A round, a minute after the one before. The first question is answered after the second, or not at all. */
static void round_backwards(struct device *d, int fd, bool first_lost)
{
	uint8_t held[2048], now[2048];
	struct sockaddr_in from = { 0 };
	socklen_t len = sizeof(from);
	ssize_t first = -1, n;

	w.clock.wall0.us += 60 * INT64_C(1000000);
	counter += 6000;
	d->cycle_due = clock_mono();
	device_begin(d, clock_mono());
	for (unsigned i = 0; i < 1000 && d->busy; i++) {
		turn();
		if (first < 0) {
			first = recvfrom(fd, held, sizeof(held), 0, (struct sockaddr *)&from, &len);
		} else if ((n = recv(fd, now, sizeof(now), 0)) > 0 && memcmp(now, held, (size_t)n) != 0) {
			counters_answer(fd, now, (size_t)n, &from);
			if (!first_lost)
				counters_answer(fd, held, (size_t)first, &from);
		}
	}
}

/* The last row: how many of its counters are known; '*apart' is how far they are from each other. */
static unsigned last_row(double *apart)
{
	const struct msg_rows *b = w.rows[0];
	const struct row_head *h = NULL;
	const union store_value *v;
	uint64_t least = UINT64_MAX, most = 0;
	unsigned known = 0;

	for (uint32_t at = 0; b && at < b->used_octets; at += (uint32_t)(sizeof(*h) + ((h->name_len + 8u) & ~7u) + h->values * sizeof(*v)))
		h = (const struct row_head *)(b->bytes + at);
	v = h ? (const void *)((const uint8_t *)h + sizeof(*h) + ((h->name_len + 8u) & ~7u)) : NULL;
	for (unsigned i = 0; h && i < h->values; i++) {
		if (!(h->known >> i & 1))
			continue;
		known++;
		least = v[i].counter < least ? v[i].counter : least;
		most = v[i].counter > most ? v[i].counter : most;
	}
	*apart = (double)(most - least);
	return known;
}

static void in_two(void)
{
	struct sockaddr_in address;
	int fd = socket_on("127.0.0.1", &address);
	struct device *d = literal(address);
	struct sent_layout sent = { &w.config->mib->table[WIDE]->layout, w.config->mib->table[WIDE]->layout.ds_count, 1, 1 };
	double apart;
	unsigned known;

	w.sent = &sent;
	w.sent_count = 1;
	w.setup.store_count = 1;
	w.config->rrd_write = true;
	part(d, "wide", WIDE, 1);
	d->pack = 4;
	for (int i = 0; i < 3; i++)
		round_backwards(d, fd, false);
	is_int(d->plan[PLAN_FULL].count, 2, "a part whose columns do not fit one packet");
	known = last_row(&apart);
	note("%u known, %g apart", known, apart);
	ok(known == 4 && apart < 100, "its answers come in the other order: a row has all of its counters, as of one time");
	round_backwards(d, fd, true);
	ok(!d->busy && last_row(&apart) == 1, "one answer is lost: what the other brought has its row");
	round_backwards(d, fd, false);
	round_backwards(d, fd, false);
	ok(last_row(&apart) == 4 && d->part[0].fresh == 0 && d->part[0].awaited == 0, "... and all of them again, after the next");
	w.sent_count = 0;
	w.sent = NULL;
	w.config->rrd_write = false;
	free(w.rows[0]);
	w.rows[0] = NULL;
	device_free(d);
	close(fd);
}

/* ---- no room for requests --------------------------------------------------------------------------------------------- */

static void no_done(void *owner, uint32_t tag, const struct snmp_answer *a) { (void)owner, (void)tag, (void)a; }

static void no_room(void)
{
	struct sockaddr_in address;
	int fd = socket_on("127.0.0.1", &address);
	struct device *d = literal(address);
	struct part *still = part(d, "port", PORT, 7);
	struct snmp_ask **out = must_alloc(SNMP_OUTSTANDING_MAX * sizeof(struct snmp_ask *));
	uint32_t n = 0;

	part(d, "psu", PSU, 1);
	cfg.adaptive = true;
	still = &d->part[0];
	still->still = 3;
	plan_build(d, PLAN_FULL);
	while (n < SNMP_OUTSTANDING_MAX && (out[n] = snmp_ask(w.snmp, &d->peer, d->plan[PLAN_FULL].packet[0].packet, no_done, NULL, 0)) != NULL)
		n++;
	ok(d->plan[PLAN_FULL].count == 2 && still->flat && d->full_rounds % 3 == 0, "a part that stands still has a packet of its own");
	device_begin(d, clock_mono());
	ok(!d->busy && record(&d->part[1])->why[0] == FW_FULL, "no request finds room: what was to be asked is missing, and why");
	is_int(record(still)->why[0], FW_OK, "... what was not to be asked in this round is not");
	while (n > 0)
		snmp_cancel(w.snmp, out[--n]);
	free(out);
	cfg.adaptive = false;
	device_free(d);
	close(fd);
}

/* ---- an agent that is asked seldom ------------------------------------------------------------------------------------- */

static void seldom(void)
{
	struct sockaddr_in address;
	int fd = socket_on("127.0.0.1", &address);
	struct device *d;
	struct mono now;

	cfg.request_rate = 2;
	d = literal(address);
	discovery_start(d);
	now = clock_mono();
	d->discovery->heard = mono_add(now, span_ms(-600));
	ok(!discovery_give_up(d, now), "two questions a second: while the next one waits for its turn the agent is not silent");
	d->discovery->heard = mono_add(now, span_ms(-2000));
	ok(discovery_give_up(d, now) && d->discovery == NULL, "... but later it is");
	cfg.request_rate = 0;
	device_free(d);
	close(fd);
}

/* ---- a name that moves ------------------------------------------------------------------------------------------------- */

static const char *name_now;
static unsigned names_asked;

static void on_question(struct evdns_server_request *q, void *arg)
{
	struct in_addr a;

	(void)arg;
	inet_pton(AF_INET, name_now, &a);
	for (int i = 0; i < q->nquestions; i++)
		if (q->questions[i]->type == EVDNS_TYPE_A)
			evdns_server_request_add_a_reply(q, q->questions[i]->name, 1, &a, 1);
	evdns_server_request_respond(q, 0);
	names_asked++;
}

static bool is_at(const struct device *d, const char *address)
{
	char text[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &((const struct sockaddr_in *)&d->peer.address)->sin_addr, text, sizeof(text));
	return strcmp(text, address) == 0;
}

static void moves(void)
{
	struct sockaddr_in server, agent;
	int dns = socket_on("127.0.0.1", &server), one = socket_on("127.0.0.1", &agent);
	struct evdns_server_port *port = evdns_add_server_port_with_base(w.base, dns, 0, on_question, NULL);
	struct device *d;
	char where[40];

	snprintf(where, sizeof(where), "127.0.0.1:%u", ntohs(server.sin_port));
	evdns_base_nameserver_ip_add(w.dns, where);
	cfg.literal = false;
	cfg.port = ntohs(agent.sin_port);
	name_now = "127.0.0.1";
	d = device_new(&w, &cfg);
	for (unsigned i = 0; i < 1000 && d->resolving; i++)
		turn();
	ok(d->has_address && is_at(d, "127.0.0.1"), "a name is resolved");
	name_now = "127.0.0.9";
	d->silent_rounds = 6;
	d->cycle_due = clock_mono();
	round_with(d, -1);
	for (unsigned i = 0; i < 1000 && d->resolving; i++)
		turn();
	ok(names_asked >= 4 && is_at(d, "127.0.0.1"), "of a device that is silent it is asked again; while requests are out the address stays");
	round_with(d, -1);
	ok(is_at(d, "127.0.0.9"), "... and the next round asks where the name points to now");
	round_with(d, -1);
	ok(is_at(d, "127.0.0.9"), "... and stays there");
	device_free(d);
	evdns_close_server_port(port);
	evdns_base_free(w.dns, 0);
	close(one);
}

/* ---- what is no longer configured --------------------------------------------------------------------------------------- */

static void remembered(const char *device, int64_t days)
{
	static const char *const classes[] = { "", "psu", "port" };
	int64_t at = worker_wall(&w, clock_mono()).us - days * 86400 * INT64_C(1000000);

	for (unsigned i = 0; i < 3; i++) {
		uint32_t k = last_add(w.last, device, classes[i], i ? "p1" : "");
		struct last_record *r = last_begin(w.last, k);

		r->asked_us = i == 2 ? at : 0;	/* of a check on its own only the part is asked */
		last_end(w.last, k);
	}
}

static bool is_known(const char *device)
{
	return last_find(w.last, device, "", "") != LAST_NONE && last_find(w.last, device, "psu", "p1") != LAST_NONE;
}

static void dropped(void)
{
	static struct ref refs[] = { { .kind = REF_DEVICE }, { .kind = REF_GROUP } };
	uint32_t count;

	w.config->refs = refs;
	names_put(&w.config->names, "kept", 0);
	names_put(&w.config->names, "group", 1);
	w.config->retention = span_s(400 * 86400);
	remembered("long gone", 401);
	remembered("gone", 399);
	remembered("kept", 401);
	remembered("group", 401);
	worker_dropped_forget(&w);
	ok(!is_known("long gone") && last_find(w.last, "long gone", "port", "p1") == LAST_NONE && !is_known("group"),
	   "last values of what has not been configured for longer than events are kept are forgotten");
	ok(is_known("gone") && is_known("kept"), "... and of nothing else");
	count = last_count(w.last);
	remembered("new", 0);
	ok(last_count(w.last) == count && is_known("new"), "... and make room for others");
	names_release(&w.config->names);
}

int main(void)
{
	char folder[] = "/tmp/fw-t3430-XXXXXX", command[64];

	plan(22);
	log_level_set(LOG_LEVEL_ERROR);
	if (!mkdtemp(folder))
		return 1;
	world(folder);
	refused();
	refused_unnamed();
	in_two();
	no_room();
	seldom();
	moves();
	dropped();
	snmp_engine_free(w.snmp);
	forms_release(&w.forms);
	event_base_free(w.base);
	wheel_free(w.wheel);
	last_close(w.last);
	mbox_free(w.setup.to_main);
	mib_free(w.config->mib);
	free(w.config);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		note("cannot remove %s", folder);
	return done();
}
