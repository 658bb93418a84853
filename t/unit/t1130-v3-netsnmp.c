/* t/unit/t1130-v3-netsnmp.c: whole messages of version 3 with net-snmp's library as the other side: their requests are
 * taken by us, our answers and reports by them, in every combination of protocols.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/lcd_time.h>

#include "t1-v3.h"

static const struct { int auth[USM_AUTHS], priv[USM_PRIVS]; } theirs = {
	.auth = { [USM_MD5] = NETSNMP_USMAUTH_HMACMD5, [USM_SHA1] = NETSNMP_USMAUTH_HMACSHA1,
		  [USM_SHA224] = NETSNMP_USMAUTH_HMAC128SHA224, [USM_SHA256] = NETSNMP_USMAUTH_HMAC192SHA256,
		  [USM_SHA384] = NETSNMP_USMAUTH_HMAC256SHA384, [USM_SHA512] = NETSNMP_USMAUTH_HMAC384SHA512 },
	.priv = { [USM_DES] = USM_CREATE_USER_PRIV_DES, [USM_AES128] = USM_CREATE_USER_PRIV_AES,
		  [USM_AES192] = USM_CREATE_USER_PRIV_AES192, [USM_AES256] = USM_CREATE_USER_PRIV_AES256,
		  [USM_AES192C] = USM_CREATE_USER_PRIV_AES192_CISCO, [USM_AES256C] = USM_CREATE_USER_PRIV_AES256_CISCO }
};
static const oid name_in[] = { 1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1 };

static void auth_set(netsnmp_session *s, enum usm_auth a)
{
	const char *password = "maplesyrup";

	s->securityAuthProto = sc_get_auth_oid(theirs.auth[a], &s->securityAuthProtoLen);
	s->securityAuthKeyLen = USM_AUTH_KU_LEN;
	generate_Ku(s->securityAuthProto, (u_int)s->securityAuthProtoLen, (const u_char *)password, strlen(password),
		    s->securityAuthKey, &s->securityAuthKeyLen);
}

static void priv_set(netsnmp_session *s, enum usm_priv p)
{
	const char *password = "a privacy password";

	s->securityPrivProto = sc_get_priv_oid(theirs.priv[p], &s->securityPrivProtoLen);
	s->securityPrivKeyLen = USM_PRIV_KU_LEN;
	generate_Ku(s->securityAuthProto, (u_int)s->securityAuthProtoLen, (const u_char *)password, strlen(password),
		    s->securityPrivKey, &s->securityPrivKeyLen);
}

/* A manager of theirs that knows the agent of 'w'. Nothing is sent. */
static netsnmp_session *session_open(struct v3_world *w)
{
	netsnmp_session s;
	char peer[] = "udp:127.0.0.1:9", user[] = "noc";

	snmp_sess_init(&s);
	s.version = SNMP_VERSION_3;
	s.peername = peer;
	s.flags |= SNMP_FLAGS_DONT_PROBE;
	s.securityName = user;
	s.securityNameLen = strlen(user);
	s.securityModel = SNMP_SEC_MODEL_USM;
	s.securityLevel = w->user.priv ? SNMP_SEC_LEVEL_AUTHPRIV : w->user.auth ? SNMP_SEC_LEVEL_AUTHNOPRIV
										: SNMP_SEC_LEVEL_NOAUTH;
	s.securityEngineID = w->self.id;
	s.securityEngineIDLen = w->self.id_len;
	if (w->user.auth)
		auth_set(&s, w->user.auth);
	if (w->user.priv)
		priv_set(&s, w->user.priv);
	set_enginetime(w->self.id, w->self.id_len, w->self.boots, w->self.time, 1);
	return snmp_open(&s);
}

static struct v3_bytes their_request(netsnmp_session *s, long *id)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
	size_t size = V3_ROOM, offset = 0;
	u_char *packet = malloc(size);
	struct v3_bytes b = { .len = 0 };

	snmp_add_null_var(pdu, name_in, OID_LENGTH(name_in));
	pdu->version = SNMP_VERSION_3;
	pdu->flags |= UCD_MSG_FLAG_EXPECT_RESPONSE;
	*id = pdu->reqid;
	if (snmp_build(&packet, &size, &offset, s, pdu) == 0 && offset <= V3_ROOM) {
		memcpy(b.bytes, packet + size - offset, offset);	/* they encode from the end */
		b.len = offset;
	}
	free(packet);
	snmp_free_pdu(pdu);
	return b;
}

/* Do they take it, and find this in it? */
static bool they_take(netsnmp_session *s, struct v3_bytes *b, int command, long id)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	size_t len = b->len;
	int rc = snmpv3_parse(pdu, b->bytes, &len, NULL, s);
	const netsnmp_variable_list *v = pdu->variables;
	bool fine = rc == 0 && pdu->command == command && v;

	if (fine && command == SNMP_MSG_RESPONSE)
		fine = pdu->reqid == id && v->val.counter64->low == V3_VALUE && v->val.counter64->high == 0 &&
		       snmp_oid_compare(v->name, v->name_length, name_in, OID_LENGTH(name_in)) == 0;
	if (!fine)
		note("%s", snmp_api_errstring(rc));
	snmp_free_pdu(pdu);
	return fine;
}

static bool we_take(struct v3_world *w, const struct v3_bytes *b, long id)
{
	struct snmp_message pdu;
	struct snmp_varbind vb;
	struct v3_message m;

	return b->len > 0 && v3_message_dec(&m, b->bytes, b->len) == FW_OK &&
	       v3_request_open(w->agent, &w->self, &w->their, &w->keys, &m, &pdu) == V3_REPORT_NONE &&
	       pdu.pdu == SNMP_GET && pdu.request_id == id && snmp_varbind_next(&pdu, &vb) && vb.name_len == 11;
}

static void test_combination(enum usm_auth a, enum usm_priv p)
{
	static uint8_t engine;
	struct v3_bytes asked, answer;
	netsnmp_session *s;
	struct v3_world w;
	char name[64];
	long id;

	world_open(&w, a, p);
	agent_is(&w, ++engine, 7, 1000);
	s = session_open(&w);
	snprintf(name, sizeof(name), "%s and %s: we take their request", usm_auth_word(a), usm_priv_word(p));
	if (!s) {
		ok(false, name);
		return;
	}
	asked = their_request(s, &id);
	ok(we_take(&w, &asked, id), name);
	answer = agent_hears(&w, &asked);
	ok(they_take(s, &answer, SNMP_MSG_RESPONSE, id), "... they take our answer");
	w.self.boots = 8;
	answer = agent_hears(&w, &asked);
	if (a)
		ok(w.reported == V3_NOT_IN_TIME_WINDOWS && they_take(s, &answer, SNMP_MSG_REPORT, id),
		   "... and our report about time");
	else
		ok(w.reported == V3_REPORT_NONE, "... time is nothing to who has no key");
	snmp_close(s);
	world_close(&w);
}

int main(void)
{
	setenv("MIBS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	init_snmp("t1130");
	plan(3 * (1 + 6 * 7));
	test_combination(USM_NOAUTH, USM_NOPRIV);
	for (enum usm_auth a = USM_MD5; a < USM_AUTHS; a++)
		for (enum usm_priv p = USM_NOPRIV; p < USM_PRIVS; p++)
			test_combination(a, p);
	snmp_shutdown("t1130");
	return done();
}
