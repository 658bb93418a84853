/* poller/snmp/v3-agent.c: the authoritative side of version 3: requests checked, answers and reports. For simulated
 * agents and for tests; forewarn itself answers nobody.
 */
#include <stdlib.h>
#include <string.h>

#include "usm-int.h"

static bool within(const struct v3_agent *a, const struct v3_message *m)
{
	return a->boots != USM_BOOTS_LATCHED && m->boots == a->boots &&
	       labs((long)m->time - (long)a->time) <= USM_WINDOW_S;
}

/* RFC 3414 3.2 (3) to (7) */
static enum v3_report request_check(struct usm *u, const struct v3_agent *a, const struct v3_opening *o)
{
	const struct v3_message *m = o->m;
	uint8_t level = m->flags & USM_AUTHPRIV;

	if (m->engine_id_len != a->id_len || memcmp(m->engine_id, a->id, a->id_len) != 0)
		return V3_UNKNOWN_ENGINE_IDS;
	if (!o->user)
		return V3_UNKNOWN_USER_NAMES;
	if (level > o->user->level)
		return V3_UNSUPPORTED_SEC_LEVELS;
	if (level == USM_NOAUTHNOPRIV)
		return V3_REPORT_NONE;
	if (m->digest_len != usm_digest_size(o->user->auth) || !v3_digest_ok(u, o->user->auth, o->keys->auth, m))
		return V3_WRONG_DIGESTS;
	return within(a, m) ? V3_REPORT_NONE : V3_NOT_IN_TIME_WINDOWS;
}

enum v3_report v3_request_open(struct usm *u, const struct v3_agent *a, const struct usm_user *user,
			       const struct usm_keys *keys, const struct v3_message *m, struct snmp_message *pdu)
{
	struct v3_opening o = { .m = m, .user = user, .keys = keys, .pdu = pdu };
	enum v3_report r;

	if (m->other_model)
		return V3_UNKNOWN_SECURITY_MODELS;
	r = request_check(u, a, &o);
	if (r != V3_REPORT_NONE)
		return r;
	if (!v3_opened_dec(u, &o))
		return (m->flags & USM_AUTHPRIV) == USM_AUTHPRIV ? V3_DECRYPTION_ERRORS : V3_INVALID_MSGS;
	return V3_REPORT_NONE;
}

struct v3_envelope v3_answer_envelope(const struct v3_agent *a, const struct usm_user *user,
				      const struct usm_keys *keys, const struct v3_message *m,
				      const struct snmp_message *pdu)
{
	struct v3_envelope v = {
		.msg_id = m->msg_id, .flags = m->flags & USM_AUTHPRIV, .engine_id = a->id, .engine_id_len = a->id_len,
		.boots = a->boots, .time = a->time, .user = m->user, .user_len = m->user_len, .keys = keys
	};

	if (pdu) {
		v.context = pdu->community;
		v.context_len = (uint8_t)pdu->community_len;
	}
	if (user) {
		v.auth = user->auth;
		v.priv = user->priv;
	}
	return v;
}

static uint8_t report_level(const struct v3_envelope *answer, enum v3_report r)
{
	if (r == V3_NOT_IN_TIME_WINDOWS)
		return answer->flags & USM_AUTHNOPRIV;
	return r == V3_UNAVAILABLE_CONTEXTS || r == V3_UNKNOWN_CONTEXTS ? answer->flags : USM_NOAUTHNOPRIV;
}

bool v3_report_enc(struct usm *u, struct wr *w, const struct v3_envelope *answer, enum v3_report r, uint32_t count)
{
	const struct snmp_message pdu = { .pdu = SNMP_REPORT };
	struct usm_piece oid = v3_report_oid(r);
	struct snmp_varbind vb = {
		.name = oid.p, .name_len = (uint16_t)oid.len, .type = SNMP_COUNTER32, .number = count
	};
	struct v3_envelope v = *answer;
	uint8_t list[32];
	struct wr varbinds = wr_over(list, sizeof(list));

	v.flags = report_level(answer, r);
	snmp_varbind_enc(&varbinds, &vb);
	return v3_message_enc(u, w, &v, &pdu, &varbinds);
}
