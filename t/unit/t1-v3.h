/* t/unit/t1-v3.h: both sides of version 3 without a network: a manager that seals and opens, an agent that answers. Each
 * has its own struct usm; time is a number of the test.
 */
#ifndef FW_T_T1_V3_H
#define FW_T_T1_V3_H

#include <stdlib.h>

#include "poller/snmp/usm-int.h"
#include "tap.h"

enum { V3_ROOM = 4096, V3_VALUE = 4711 };

struct v3_bytes {
	uint8_t bytes[V3_ROOM];
	size_t len;
};

struct v3_world {
	struct usm *manager, *agent;
	struct usm_user user;		/* as the manager knows it */
	struct usm_user their;		/* as the agent does */
	struct usm_keys keys;		/* of 'their', localised to 'self' */
	struct usm_engine engine;
	struct v3_agent self;
	struct snmp_packet *packet;
	struct mono now;
	int32_t msg_id;
	enum v3_report reported;	/* by the last agent_hears() */
	struct snmp_message pdu;	/* of the last manager_hears() */
};

static inline struct usm_secrets v3_secrets(enum usm_auth a, enum usm_priv p)
{
	return (struct usm_secrets){
		.name = "noc", .auth = a, .priv = p, .auth_password = "maplesyrup", .priv_password = "a privacy password"
	};
}

static inline struct snmp_packet *v3_packet(void)
{
	static const uint8_t in[] = { 0x2b, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1 };
	static const uint8_t out[] = { 0x2b, 6, 1, 2, 1, 31, 1, 1, 1, 10, 1 };
	const struct snmp_name names[] = { { in, sizeof(in) }, { out, sizeof(out) } };
	const struct snmp_request q = {
		.version = SNMP_V3, .pdu = SNMP_GET, .request_id = INT32_MAX, .names = names, .name_count = 2
	};
	struct snmp_packet *p = NULL;

	(void)snmp_packet_new(&p, &q, SNMP_REQUEST_MAX);
	return p;
}

/* The agent is replaced by one with engineID 'last', its boots and time as said. */
static inline void agent_is(struct v3_world *w, uint8_t last, uint32_t boots, uint32_t time)
{
	w->self = (struct v3_agent){
		.id = { 0x80, 0, 0x1f, 0x88, 4, 'f', 'w', last }, .id_len = 8, .boots = boots, .time = time
	};
	usm_localise(w->agent, &w->keys, &w->their, w->self.id, w->self.id_len);
}

static inline void world_open(struct v3_world *w, enum usm_auth a, enum usm_priv p)
{
	struct usm_secrets s = v3_secrets(a, p);

	memset(w, 0, sizeof(*w));
	w->manager = usm_new(NULL);
	w->agent = usm_new(NULL);
	usm_user_init(&w->user, &s, NULL);
	w->their = w->user;
	w->packet = v3_packet();
	w->now = (struct mono){ 1000000000 };
	w->msg_id = 0x01000000;
	usm_engine_init(&w->engine, &w->user, "");
	agent_is(w, 1, 7, 1000);
}

static inline void world_close(struct v3_world *w)
{
	usm_engine_release(&w->engine);
	free(w->packet);
	usm_free(w->manager);
	usm_free(w->agent);
}

static inline void world_pass(struct v3_world *w, uint32_t seconds)
{
	w->now.us += (int64_t)seconds * 1000000;
	w->self.time += seconds;
}

/* What the manager sends next. */
static inline struct v3_bytes manager_asks(struct v3_world *w)
{
	struct v3_bytes b = { .len = 0 };
	struct v3_sending s = { .packet = w->packet, .msg_id = w->msg_id += 17, .now = w->now, .room = b.bytes };

	if (v3_seal(w->manager, &w->engine, &s) == FW_OK) {
		b.len = s.len_octets;
		if (s.bytes != b.bytes)
			memcpy(b.bytes, s.bytes, s.len_octets);
	}
	return b;
}

/* Each name that was asked with the value V3_VALUE, as 'v' says. */
static inline struct v3_bytes answer_of(struct v3_world *w, const struct v3_envelope *v, struct snmp_message pdu)
{
	uint8_t list[V3_ROOM];
	struct wr varbinds = wr_over(list, sizeof(list)), out;
	struct v3_bytes b = { .len = 0 };
	struct snmp_varbind vb;

	while (snmp_varbind_next(&pdu, &vb)) {
		vb.type = SNMP_COUNTER64;
		vb.number = V3_VALUE;
		snmp_varbind_enc(&varbinds, &vb);
	}
	pdu.pdu = SNMP_RESPONSE;
	pdu.error_status = pdu.error_index = 0;
	out = wr_over(b.bytes, sizeof(b.bytes));
	if (v3_message_enc(w->agent, &out, v, &pdu, &varbinds))
		b.len = out.len;
	return b;
}

static inline struct v3_bytes report_of(struct v3_world *w, const struct v3_envelope *v, enum v3_report r)
{
	struct v3_bytes b = { .len = 0 };
	struct wr out = wr_over(b.bytes, sizeof(b.bytes));

	if (v3_report_enc(w->agent, &out, v, r, 1))
		b.len = out.len;
	return b;
}

/* What the agent answers. */
static inline struct v3_bytes agent_hears(struct v3_world *w, const struct v3_bytes *asked)
{
	struct v3_bytes none = { .len = 0 };
	const struct usm_user *user = NULL;
	struct v3_envelope v;
	struct snmp_message pdu;
	struct v3_message m;

	if (v3_message_dec(&m, asked->bytes, asked->len))
		return none;
	if (m.user_len == w->their.name_len && memcmp(m.user, w->their.name, m.user_len) == 0)
		user = &w->their;
	w->reported = v3_request_open(w->agent, &w->self, user, &w->keys, &m, &pdu);
	v = v3_answer_envelope(&w->self, user, &w->keys, &m, w->reported ? NULL : &pdu);
	return w->reported ? report_of(w, &v, w->reported) : answer_of(w, &v, pdu);
}

static inline struct v3_verdict manager_hears(struct v3_world *w, const struct v3_bytes *answer)
{
	struct v3_message m;

	memset(&w->pdu, 0, sizeof(w->pdu));
	if (v3_message_dec(&m, answer->bytes, answer->len))
		return (struct v3_verdict){ .does = V3_DROP, .err = FW_MALFORM };
	return v3_open(w->manager, &w->engine, &m, w->now, &w->pdu);
}

/* Ask until it is answered or refused; how often it was asked again, or -1. */
static inline int world_ask(struct v3_world *w)
{
	for (int agains = 0; agains <= USM_AGAINS_MOST; agains++) {
		struct v3_bytes asked = manager_asks(w), answer = agent_hears(w, &asked);
		struct v3_verdict v = manager_hears(w, &answer);

		if (v.does != V3_AGAIN)
			return v.does == V3_TAKE ? agains : -1;
	}
	return -1;
}

#endif
