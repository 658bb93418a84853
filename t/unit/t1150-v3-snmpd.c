/* t/unit/t1150-v3-snmpd.c: version 3 with a real snmpd over the wire, in every combination of protocols that it has:
 * asked by GET and walked by GETBULK, its values those of version 2c; a wrong user, level, protocol or password has its
 * word.
 *
 * All that needs no order is out at the same time, so that what is answered by silence does not add up.
 */
#include <string.h>

#include "loop.h"
#include "poller/snmp/snmp.h"
#include "poller/snmp/usm.h"
#include "t1-snmpd.h"

enum { COMBINATIONS = 1 + (USM_AUTHS - 1) * USM_PRIVS, ROWS_MOST = 128, VALUE_MOST = 128, CONF_OCTETS = 8192 };

static const char password[] = "maplesyrup", privacy[] = "a privacy password";

struct rows {
	struct row {
		uint8_t name[OID_BER_MAX], value[VALUE_MOST], type;
		uint16_t name_len, value_len;
		uint64_t number;
	} row[ROWS_MOST];
	unsigned count;
};

/* Somebody who asks: as whom, and what became of it. */
struct asker {
	char name[USM_NAME_MAX + 1];
	struct usm_user user;
	struct snmp_peer peer;
	struct snmp_packet *packet;
	enum fw_err got, walked;
	char value[VALUE_MOST];
	struct rows rows;
	unsigned *done;
};

struct matrix {
	struct loop loop;
	struct snmp_engine *engine;
	struct snmpd snmpd;
	unsigned done;
	struct asker as[COMBINATIONS], plain;
};

/* ---- asking ---- */

static bool on_row(void *owner, const struct snmp_varbind *vb, struct mono at)
{
	struct rows *rows = &((struct asker *)owner)->rows;
	struct row *r = &rows->row[rows->count++];

	(void)at;
	r->type = vb->type;
	r->number = vb->number;
	r->name_len = vb->name_len;
	memcpy(r->name, vb->name, vb->name_len);
	r->value_len = (uint16_t)(vb->bytes_len < VALUE_MOST ? vb->bytes_len : VALUE_MOST);
	memcpy(r->value, vb->bytes, r->value_len);
	return rows->count < ROWS_MOST;
}

static void on_end(void *owner, enum fw_err err)
{
	struct asker *a = owner;

	a->walked = err;
	++*a->done;
}

static void on_answer(void *owner, uint32_t tag, const struct snmp_answer *answer)
{
	struct asker *a = owner;
	struct snmp_varbind vb;

	(void)tag;
	a->got = answer->err;
	if (answer->reply && snmp_varbind_next(answer->reply, &vb) && vb.type == SNMP_OCTET_STRING &&
	    vb.bytes_len < VALUE_MOST)
		memcpy(a->value, vb.bytes, vb.bytes_len);
	++*a->done;
}

static struct snmp_packet *packet_new(uint8_t version)
{
	static const uint8_t sys_name[] = { 0x2b, 6, 1, 2, 1, 1, 5, 0 };
	const struct snmp_name name = { sys_name, sizeof(sys_name) };
	const struct snmp_request q = {
		.community = "public", .version = version, .pdu = SNMP_GET, .request_id = INT32_MAX, .names = &name,
		.name_count = 1
	};
	struct snmp_packet *p = NULL;

	(void)snmp_packet_new(&p, &q, SNMP_REQUEST_MAX);
	return p;
}

static void ask(struct matrix *m, struct asker *a)
{
	a->value[0] = '\0';
	a->got = FW_FULL;
	snmp_ask(m->engine, &a->peer, a->packet, on_answer, a, 0);
}

static void walk(struct matrix *m, struct asker *a)
{
	struct snmp_walk_spec spec = {
		.max_repetitions = 20, .most_rows = ROWS_MOST, .row = on_row, .done = on_end, .owner = a
	};
	struct oid root;

	oid_parse("1.3.6.1.2.1.1", &root);
	spec.root = &root;
	a->rows.count = 0;
	a->walked = FW_FULL;
	(void)snmp_walk_start(m->engine, &a->peer, &spec);
}

static bool wait_all(struct matrix *m, unsigned count)
{
	bool all = loop_until(&m->loop, &m->done, count, 30);

	m->done = 0;
	return all;
}

/* ---- who asks ---- */

static void peer_set(struct matrix *m, struct asker *a, uint8_t version, int timeout_ms)
{
	struct sockaddr_in *at = (struct sockaddr_in *)&a->peer.address;

	a->done = &m->done;
	a->peer = (struct snmp_peer){ .community = "public", .version = version, .timeout = span_ms(timeout_ms) };
	at->sin_family = AF_INET;
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at->sin_port = htons(m->snmpd.port);
	a->packet = packet_new(version);
}

static void user_set(struct matrix *m, struct asker *a, const struct usm_secrets *s, int timeout_ms)
{
	if (usm_user_init(&a->user, s, NULL) != FW_OK)
		note("no keys for %s", s->name);
	peer_set(m, a, SNMP_V3, timeout_ms);
	a->peer.v3 = snmp_agent_new(m->engine, &a->user, "");
}

static void asker_release(struct matrix *m, struct asker *a)
{
	snmp_agent_free(m->engine, a->peer.v3);
	free(a->packet);
	*a = (struct asker){ .got = FW_OK };
}

/* The combinations in the order of 'as': nobody's key, then each protocol with each of the other kind. */
static enum usm_auth auth_of(unsigned i) { return i ? USM_MD5 + (i - 1) / USM_PRIVS : USM_NOAUTH; }
static enum usm_priv priv_of(unsigned i) { return i ? (i - 1) % USM_PRIVS : USM_NOPRIV; }

static void name_of(unsigned i, char name[USM_NAME_MAX + 1])
{
	snprintf(name, USM_NAME_MAX + 1, "%s.%s", usm_auth_word(auth_of(i)), usm_priv_word(priv_of(i)));
}

static void askers_set(struct matrix *m, const char *auth_password, const char *priv_password, int timeout_ms)
{
	for (unsigned i = 0; i < COMBINATIONS; i++) {
		struct asker *a = &m->as[i];
		struct usm_secrets s = {
			.name = a->name, .auth = auth_of(i), .priv = priv_of(i), .auth_password = auth_password,
			.priv_password = priv_password
		};

		name_of(i, a->name);
		user_set(m, a, &s, timeout_ms);
	}
}

static void askers_release(struct matrix *m)
{
	for (unsigned i = 0; i < COMBINATIONS; i++)
		asker_release(m, &m->as[i]);
}

/* ---- snmpd ---- */

static void conf_write(char conf[CONF_OCTETS])
{
	int n = snprintf(conf, CONF_OCTETS, "rocommunity public 127.0.0.1\nsysName matrix\nsysContact noc\n"
			 "sysLocation here\n");

	for (unsigned i = 0; i < COMBINATIONS; i++) {
		enum usm_auth a = auth_of(i);
		enum usm_priv p = priv_of(i);
		char name[USM_NAME_MAX + 1];

		name_of(i, name);
		n += snprintf(conf + n, (size_t)(CONF_OCTETS - n), "createUser %s", name);
		if (a)
			n += snprintf(conf + n, (size_t)(CONF_OCTETS - n), " %s \"%s\"", usm_auth_word(a), password);
		if (p)
			n += snprintf(conf + n, (size_t)(CONF_OCTETS - n), " %s \"%s\"", usm_priv_word(p), privacy);
		n += snprintf(conf + n, (size_t)(CONF_OCTETS - n), "\nrouser %s %s\n", name,
			      p ? "priv" : a ? "auth" : "noauth");
	}
}

/* It needs a moment to make the keys. Another port when this one was taken. */
static bool snmpd_ready(struct matrix *m)
{
	static char conf[CONF_OCTETS];

	conf_write(conf);
	for (unsigned i = 0; i < 3 && snmpd_start(&m->snmpd, conf); i++) {
		peer_set(m, &m->plain, SNMP_V2C, 500);
		for (unsigned j = 0; j < 60 && waitpid(m->snmpd.pid, NULL, WNOHANG) == 0; j++) {
			ask(m, &m->plain);
			if (wait_all(m, 1) && m->plain.got == FW_OK)
				return true;
		}
		snmpd_stop(&m->snmpd);
		asker_release(m, &m->plain);
	}
	return false;
}

/* ---- the matrix ---- */

static bool same(const struct rows *a, const struct rows *b)
{
	bool fine = a->count == b->count && a->count > 0;

	for (unsigned i = 0; i < a->count && fine; i++) {
		const struct row *x = &a->row[i], *y = &b->row[i];

		fine = x->type == y->type && x->name_len == y->name_len && memcmp(x->name, y->name, x->name_len) == 0;
		if (fine && x->type != SNMP_TIMETICKS)
			fine = x->number == y->number && x->value_len == y->value_len &&
			       memcmp(x->value, y->value, x->value_len) == 0;
	}
	return fine;
}

static void test_matrix(struct matrix *m)
{
	m->plain.peer.timeout = span_ms(3000);
	walk(m, &m->plain);
	ok(wait_all(m, 1) && m->plain.walked == FW_OK && m->plain.rows.count > 10, "snmpd is walked by version 2c");
	askers_set(m, password, privacy, 5000);
	for (unsigned i = 0; i < COMBINATIONS; i++)
		ask(m, &m->as[i]);
	ok(wait_all(m, COMBINATIONS), "all are asked");
	for (unsigned i = 0; i < COMBINATIONS; i++)
		walk(m, &m->as[i]);
	ok(wait_all(m, COMBINATIONS), "... and walked");
	for (unsigned i = 0; i < COMBINATIONS; i++) {
		struct asker *a = &m->as[i];

		ok(a->got == FW_OK && strcmp(a->value, "matrix") == 0 && a->walked == FW_OK &&
		   same(&a->rows, &m->plain.rows), a->name);
	}
	is_u64(snmp_count_v3(m->engine).discovered, COMBINATIONS, "each was discovered, once");
	askers_release(m);
}

/* Wrong passwords, with those right that do not count: 'auth' or 'priv' in every combination that has one. */
static void test_wrong(struct matrix *m, bool auth)
{
	enum fw_err word = auth ? FW_KEY : FW_DECRYPT;

	askers_set(m, auth ? "not the password" : password, auth ? privacy : "not the password", 400);
	for (unsigned i = 0; i < COMBINATIONS; i++)
		ask(m, &m->as[i]);
	wait_all(m, COMBINATIONS);
	for (unsigned i = 0; i < COMBINATIONS; i++) {
		const struct asker *a = &m->as[i];
		bool wrong = auth ? a->user.auth != USM_NOAUTH : a->user.priv != USM_NOPRIV;
		char name[80];

		if (!wrong)
			continue;
		snprintf(name, sizeof(name), "%s: a wrong %s password", a->name, auth ? "authentication" : "privacy");
		is_int(a->got, word, name);
	}
	askers_release(m);
}

static void test_refused(struct matrix *m)
{
	static const struct { struct usm_secrets s; enum fw_err word; const char *name; } rows[] = {
		{ { "nobody", USM_SHA256, USM_AES128, password, privacy }, FW_USER, "a user that it does not know" },
		{ { "nobody", USM_NOAUTH, USM_NOPRIV, NULL, NULL }, FW_USER, "... without a key" },
		{ { "SHA-256.none", USM_SHA256, USM_AES128, password, privacy }, FW_LEVEL, "more than the user has" },
		{ { "none.none", USM_SHA256, USM_NOPRIV, password, NULL }, FW_LEVEL, "... than one without a key has" },
		{ { "SHA-256.AES", USM_SHA512, USM_AES128, password, privacy }, FW_KEY, "another way to sign" },
		{ { "SHA-256.AES", USM_SHA256, USM_AES256, password, privacy }, FW_DECRYPT, "another cipher" },
		{ { "SHA-256.AES-256", USM_SHA256, USM_DES, password, privacy }, FW_DECRYPT, "... of another kind" },
		{ { "MD5.AES-256", USM_MD5, USM_AES256C, password, privacy }, FW_DECRYPT, "a key extended in another way" },
	};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

	for (unsigned i = 0; i < ROWS; i++) {
		user_set(m, &m->as[i], &rows[i].s, 400);
		ask(m, &m->as[i]);
	}
	wait_all(m, ROWS);
	for (unsigned i = 0; i < ROWS; i++) {
		is_int(m->as[i].got, rows[i].word, rows[i].name);
		asker_release(m, &m->as[i]);
	}
}

int main(void)
{
	enum { TESTS = 1 + 3 + COMBINATIONS + 1 + (COMBINATIONS - 1) + (USM_AUTHS - 1) * (USM_PRIVS - 1) + 8 };
	static struct matrix m;

	plan(TESTS);
	if (!snmpd_path()) {
		skip(TESTS, "there is no snmpd here");
		return done();
	}
	loop_init(&m.loop);
	m.engine = snmp_engine_new(m.loop.base, m.loop.wheel, NULL);
	ok(snmpd_ready(&m), "snmpd answers");
	test_matrix(&m);
	test_wrong(&m, true);
	test_wrong(&m, false);
	test_refused(&m);
	asker_release(&m, &m.plain);
	snmp_engine_free(m.engine);
	loop_release(&m.loop);
	snmpd_stop(&m.snmpd);
	return done();
}
