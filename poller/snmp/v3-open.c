/* poller/snmp/v3-open.c: an answer of version 3, judged in the order of RFC 3414 3.2: who, digest, time, and only then
 * what is in it. What each verdict means is told in usm.h.
 */
#include <string.h>

#include "usm-int.h"

static struct v3_verdict drop(uint64_t *count, enum fw_err err)
{
	++*count;
	return (struct v3_verdict){ .does = V3_DROP, .err = err };
}

static struct v3_verdict refused(enum fw_err err, bool authentic)
{
	return (struct v3_verdict){ .does = V3_REFUSED, .err = err, .authentic = authentic };
}

/* What a Report means for the one who asked. */
static const enum fw_err report_errs[V3_REPORTS] = {
	[V3_REPORT_NONE]             = FW_AGENT,
	[V3_UNSUPPORTED_SEC_LEVELS]  = FW_LEVEL,
	[V3_NOT_IN_TIME_WINDOWS]     = FW_WINDOW,
	[V3_UNKNOWN_USER_NAMES]      = FW_USER,
	[V3_UNKNOWN_ENGINE_IDS]      = FW_ENGINE,
	[V3_WRONG_DIGESTS]           = FW_KEY,
	[V3_DECRYPTION_ERRORS]       = FW_DECRYPT,
	[V3_UNKNOWN_SECURITY_MODELS] = FW_LEVEL,
	[V3_INVALID_MSGS]            = FW_AGENT,
	[V3_UNKNOWN_PDU_HANDLERS]    = FW_CONTEXT,
	[V3_UNAVAILABLE_CONTEXTS]    = FW_CONTEXT,
	[V3_UNKNOWN_CONTEXTS]        = FW_CONTEXT,
};

/* Anybody may have sent it. */
static struct v3_verdict report_plain(struct usm *u, struct usm_engine *e, struct v3_opening *o)
{
	enum v3_report r = v3_report_of(o->pdu);

	if (r == V3_UNKNOWN_ENGINE_IDS || e->self.id_len == 0)
		return usm_engine_said(u, e, o->m, o->now);
	if (!usm_engine_identity(e, o->m->engine_id, o->m->engine_id_len))
		return drop(&u->count.engine, FW_ENGINE);
	u->count.report_low++;
	u->count.report_odd += r == V3_REPORT_NONE;
	return refused(report_errs[r], false);
}

static struct v3_verdict report_signed(struct usm *u, struct v3_opening *o, enum usm_seen seen)
{
	enum v3_report r = v3_report_of(o->pdu);

	if (seen == USM_LATCHED) {
		u->count.latched++;
		return refused(FW_WINDOW, true);
	}
	if (r == V3_NOT_IN_TIME_WINDOWS || seen == USM_BEHIND) {
		u->count.resynchronised += r == V3_NOT_IN_TIME_WINDOWS;
		u->count.window += seen == USM_BEHIND;
		return (struct v3_verdict){ .does = V3_AGAIN, .authentic = true };
	}
	u->count.report_odd += r == V3_REPORT_NONE;
	return refused(report_errs[r], true);
}

static struct v3_verdict answer_take(struct usm *u, const struct usm_engine *e, const struct v3_opening *o)
{
	const struct snmp_message *pdu = o->pdu;

	if (pdu->pdu != SNMP_RESPONSE)
		return drop(&u->count.kind, FW_FOREIGN);
	if (pdu->request_id != v3_request_id(o->m->msg_id))
		return drop(&u->count.request_id, FW_FOREIGN);
	if (o->context_engine_id.len != e->self.id_len ||
	    memcmp(o->context_engine_id.p, e->self.id, e->self.id_len) != 0 ||
	    pdu->community_len != e->context_len || memcmp(pdu->community, e->context, e->context_len) != 0)
		return drop(&u->count.context, FW_FOREIGN);
	u->count.answered++;
	return (struct v3_verdict){ .does = V3_TAKE, .authentic = e->user->level != USM_NOAUTHNOPRIV };
}

static bool user_is(const struct v3_message *m, const struct usm_user *user)
{
	return m->user_len == user->name_len && memcmp(m->user, user->name, m->user_len) == 0;
}

static struct v3_verdict open_plain(struct usm *u, struct usm_engine *e, struct v3_opening *o)
{
	if (!v3_opened_dec(u, o))
		return drop(&u->count.pdu, FW_MALFORM);
	if (o->pdu->pdu == SNMP_REPORT)
		return report_plain(u, e, o);
	if (e->user->level != USM_NOAUTHNOPRIV)
		return drop(&u->count.level, FW_LEVEL);
	if (usm_engine_identity(e, o->m->engine_id, o->m->engine_id_len) != &e->self)
		return drop(&u->count.engine, FW_ENGINE);
	if (!user_is(o->m, e->user))
		return drop(&u->count.user, FW_FOREIGN);
	return answer_take(u, e, o);
}

/* Who knows the key of 'who' said it. */
static struct v3_verdict open_authentic(struct usm *u, struct usm_engine *e, struct v3_opening *o,
					struct usm_identity *who)
{
	enum usm_seen seen = usm_engine_heard(u, e, who, o->m, o->now);

	o->keys = &e->self.keys;
	if (!v3_opened_dec(u, o)) {
		bool sealed = (o->m->flags & USM_AUTHPRIV) == USM_AUTHPRIV;

		return sealed ? drop(&u->count.decryption, FW_DECRYPT) : drop(&u->count.pdu, FW_MALFORM);
	}
	if (o->pdu->pdu == SNMP_REPORT)
		return report_signed(u, o, seen);
	if ((o->m->flags & USM_AUTHPRIV) != e->user->level)
		return drop(&u->count.level, FW_LEVEL);
	if (seen == USM_WITHIN)
		return answer_take(u, e, o);
	u->count.window += seen == USM_BEHIND;
	u->count.latched += seen == USM_LATCHED;
	return seen == USM_LATCHED ? refused(FW_WINDOW, true)
				   : (struct v3_verdict){ .does = V3_AGAIN, .authentic = true };
}

static struct v3_verdict open_signed(struct usm *u, struct usm_engine *e, struct v3_opening *o)
{
	struct usm_identity *who = usm_engine_identity(e, o->m->engine_id, o->m->engine_id_len);
	const struct usm_user *user = e->user;

	if (!who && e->clock.set)
		return drop(&u->count.engine, FW_ENGINE);
	if (!user_is(o->m, user))
		return drop(&u->count.user, FW_FOREIGN);
	if ((o->m->flags & USM_AUTHPRIV) > user->level)
		return drop(&u->count.level, FW_LEVEL);
	if (o->m->digest_len != usm_digest_size(user->auth))
		return drop(&u->count.digest_size, FW_KEY);
	if (!who && !(who = usm_engine_proves(u, e, o->m)))
		return drop(&u->count.engine, FW_ENGINE);
	else if (!v3_digest_ok(u, user->auth, who->keys.auth, o->m))
		return drop(&u->count.digest, FW_KEY);
	return open_authentic(u, e, o, who);
}

struct v3_verdict v3_open(struct usm *u, struct usm_engine *e, const struct v3_message *m, struct mono now,
			  struct snmp_message *pdu)
{
	struct v3_opening o = { .m = m, .user = e->user, .now = now, .pdu = pdu };

	if (m->other_model)
		return drop(&u->count.model, FW_MALFORM);
	return m->flags & USM_AUTHNOPRIV ? open_signed(u, e, &o) : open_plain(u, e, &o);
}
