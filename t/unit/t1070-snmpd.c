/* t/unit/t1070-snmpd.c: a real snmpd on a free loopback port, walked by us and by net-snmp's library: the same rows.
 *
 * Values that change while one looks (counters, gauges, times) are compared by name and type only.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <event2/event.h>
#include <stdlib.h>

#include "poller/snmp/snmp.h"
#include "t1-snmpd.h"

enum { ROWS_MOST = 4000, VALUE_MOST = 256 };

struct row {
	uint8_t name[OID_BER_MAX], value[VALUE_MOST];
	size_t name_len, value_len;
	uint8_t type;
};

struct rows { struct row row[ROWS_MOST]; unsigned count; };

static struct rows ours, theirs;

/* ---- their walk ---- */

static void keep_theirs(const netsnmp_variable_list *v)
{
	struct row *r = &theirs.row[theirs.count++];
	struct oid o = { .len = (uint8_t)v->name_length };

	for (size_t i = 0; i < v->name_length; i++)
		o.arc[i] = (uint32_t)v->name[i];
	r->name_len = oid_enc(&o, r->name, sizeof(r->name));
	r->type = v->type;
	r->value_len = v->val_len < VALUE_MOST ? v->val_len : VALUE_MOST;
	memcpy(r->value, v->val.string, r->value_len);
	if (v->type == ASN_INTEGER)
		memcpy(r->value, v->val.integer, sizeof(long));
	if (v->type != ASN_OBJECT_ID)
		return;
	o.len = (uint8_t)(v->val_len / sizeof(oid));
	for (size_t i = 0; i < o.len; i++)
		o.arc[i] = (uint32_t)v->val.objid[i];
	r->value_len = oid_enc(&o, r->value, sizeof(r->value));
}

/* With GETNEXT, as plain as can be. */
static void walk_theirs(netsnmp_session *ss, const oid *root, size_t root_len)
{
	oid name[MAX_OID_LEN];
	size_t len = root_len;

	theirs.count = 0;
	memcpy(name, root, root_len * sizeof(oid));
	while (theirs.count < ROWS_MOST) {
		netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETNEXT), *reply = NULL;
		const netsnmp_variable_list *v;

		snmp_add_null_var(pdu, name, len);
		if (snmp_synch_response(ss, pdu, &reply) != STAT_SUCCESS || reply->errstat) {
			snmp_free_pdu(reply);
			return;
		}
		v = reply->variables;
		if (v->type == SNMP_ENDOFMIBVIEW || snmp_oidtree_compare(root, root_len, v->name, v->name_length) != 0) {
			snmp_free_pdu(reply);
			return;
		}
		keep_theirs(v);
		len = v->name_length;
		memcpy(name, v->name, len * sizeof(oid));
		snmp_free_pdu(reply);
	}
}

/* ---- our walk ---- */

struct loop {
	struct event_base *base;
	struct wheel *wheel;
	struct snmp_engine *engine;
	struct event *tick;
	bool ended;
	enum fw_err err;
};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd, (void)what;
	wheel_run(l->wheel, clock_mono());
}

static bool on_row(void *owner, const struct snmp_varbind *vb, struct mono at)
{
	struct row *r = &ours.row[ours.count++];
	long number = (long)(int64_t)vb->number;

	(void)owner, (void)at;
	memcpy(r->name, vb->name, vb->name_len);
	r->name_len = vb->name_len;
	r->type = vb->type;
	r->value_len = vb->bytes_len < VALUE_MOST ? vb->bytes_len : VALUE_MOST;
	memcpy(r->value, vb->bytes, r->value_len);
	if (vb->type == SNMP_INTEGER) {
		r->value_len = sizeof(number);
		memcpy(r->value, &number, sizeof(number));
	}
	return ours.count < ROWS_MOST;
}

static void on_end(void *owner, enum fw_err err)
{
	struct loop *l = owner;

	l->err = err;
	l->ended = true;
}

static void loop_init(struct loop *l)
{
	const struct timeval ten_ms = { .tv_usec = 10000 };

	*l = (struct loop){ .base = event_base_new(), .wheel = wheel_new(clock_mono()) };
	l->engine = snmp_engine_new(l->base, l->wheel, NULL);
	l->tick = event_new(l->base, -1, EV_PERSIST, on_tick, l);
	event_add(l->tick, &ten_ms);
}

static void loop_release(struct loop *l)
{
	event_free(l->tick);
	snmp_engine_free(l->engine);
	wheel_free(l->wheel);
	event_base_free(l->base);
}

static enum fw_err walk_ours(struct loop *l, const struct snmp_peer *peer, const struct oid *root, unsigned repetitions)
{
	struct snmp_walk_spec spec = {
		.root = root, .max_repetitions = repetitions, .most_rows = ROWS_MOST, .row = on_row, .done = on_end, .owner = l,
	};

	ours.count = 0;
	l->ended = false;
	if (!snmp_walk_start(l->engine, peer, &spec))
		return FW_FULL;
	while (!l->ended)
		event_base_loop(l->base, EVLOOP_ONCE);
	return l->err;
}

/* ---- the comparison ---- */

static bool changes(uint8_t type)
{
	return type == SNMP_COUNTER32 || type == SNMP_COUNTER64 || type == SNMP_GAUGE32 || type == SNMP_TIMETICKS;
}

static bool same_row(const struct row *a, const struct row *b)
{
	if (a->type != b->type || a->name_len != b->name_len || memcmp(a->name, b->name, a->name_len) != 0)
		return false;
	return changes(a->type) || (a->value_len == b->value_len && memcmp(a->value, b->value, a->value_len) == 0);
}

static void compare(const char *name)
{
	unsigned differ = 0;

	for (unsigned i = 0; i < ours.count && i < theirs.count; i++)
		if (!same_row(&ours.row[i], &theirs.row[i]) && differ++ == 0)
			note("row %u differs: type %#x, %#x", i, ours.row[i].type, theirs.row[i].type);
	ok(differ == 0 && ours.count == theirs.count && ours.count > 0, name);
	note("%u rows, theirs %u", ours.count, theirs.count);
}

static struct snmp_peer peer_at(uint16_t port)
{
	struct snmp_peer p = { .community = "public", .version = SNMP_V2C, .retries = 2, .timeout = span_ms(500) };
	struct sockaddr_in *a = (struct sockaddr_in *)&p.address;

	a->sin_family = AF_INET;
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->sin_port = htons(port);
	return p;
}

static const struct subtree {
	const char *name, *text;
	uint8_t version;
	unsigned repetitions;
} trees[] = {
	{ "interfaces, v2c", "1.3.6.1.2.1.2", SNMP_V2C, 25 },
	{ "interfaces, v1", "1.3.6.1.2.1.2", SNMP_V1, 25 },
	{ "ifMIB, a hundred at a time", "1.3.6.1.2.1.31", SNMP_V2C, 100 },
	{ "sysORTable, two at a time", "1.3.6.1.2.1.1.9", SNMP_V2C, 2 },
	{ "snmpEngine: OIDs in indexes and values", "1.3.6.1.6.3", SNMP_V2C, 30 },
};

enum { TREES = sizeof(trees) / sizeof(trees[0]) };

static void test_trees(struct loop *l, struct snmp_peer *peer, netsnmp_session *ss)
{
	for (unsigned i = 0; i < TREES; i++) {
		struct oid root;
		oid root_theirs[OID_ARCS_MAX];

		oid_parse(trees[i].text, &root);
		for (unsigned j = 0; j < root.len; j++)
			root_theirs[j] = root.arc[j];
		walk_theirs(ss, root_theirs, root.len);
		peer->version = trees[i].version;
		is_int(walk_ours(l, peer, &root, trees[i].repetitions), FW_OK, trees[i].name);
		compare("... as net-snmp sees it");
	}
}

static void test_wrong_community(struct loop *l, struct snmp_peer peer)
{
	struct oid root;

	oid_parse("1.3.6.1.2.1.1", &root);
	snprintf(peer.community, sizeof(peer.community), "wrong");
	peer.retries = 0;
	peer.timeout = span_ms(50);
	is_int(walk_ours(l, &peer, &root, 10), FW_TIMEOUT, "snmpd is silent to a wrong community");
}

/* snmpd needs a moment: ask until it answers, half a minute at most. False when it has ended: its port was taken. */
static bool wait_ready(struct loop *l, const struct snmp_peer *peer, pid_t pid)
{
	struct oid root;

	oid_parse("1.3.6.1.2.1.1", &root);
	for (unsigned i = 0; i < 10 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		if (walk_ours(l, peer, &root, 1) == FW_OK && ours.count > 0)
			return true;
	return false;
}

static bool snmpd_ready(struct snmpd *d, struct loop *l, struct snmp_peer *peer)
{
	for (unsigned i = 0; i < 3 && snmpd_start(d, "rocommunity public 127.0.0.1\n"); i++) {
		*peer = peer_at(d->port);
		if (wait_ready(l, peer, d->pid))
			return true;
		snmpd_stop(d);
	}
	return false;
}

int main(void)
{
	struct snmpd d = { .pid = 0 };
	netsnmp_session init, *ss;
	struct snmp_peer peer;
	char address[64];
	struct loop l;

	plan(1 + 2 * TREES + 1);
	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	if (!snmpd_path()) {
		skip(1 + 2 * TREES + 1, "there is no snmpd here");
		return done();
	}
	loop_init(&l);
	ok(snmpd_ready(&d, &l, &peer), "snmpd answers");
	snmp_sess_init(&init);
	snprintf(address, sizeof(address), "udp:127.0.0.1:%u", d.port);
	init.peername = address;
	init.version = SNMP_VERSION_2c;
	init.community = (u_char *)(uintptr_t)"public";
	init.community_len = 6;
	ss = snmp_open(&init);
	test_trees(&l, &peer, ss);
	test_wrong_community(&l, peer);
	snmp_close(ss);
	loop_release(&l);
	snmpd_stop(&d);
	return done();
}
