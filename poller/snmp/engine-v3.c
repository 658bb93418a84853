/* poller/snmp/engine-v3.c: asks to agents of version 3: what leaves is sealed, what comes is opened (usm.h).
 *
 * An ask is found by the msgID, which counts its sendings in its low four bits as the request-id of v1 and v2c does.
 * Discovery, synchronisation and the request share one ask: usm says that the same is to be sent again, and knows what.
 * What is not believed changes nothing but a counter, and the word the ask ends with if nothing better comes.
 * Agents lie in secret memory, for they hold keys; their slots are used again, so that they are no more than devices.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "engine-int.h"
#include "poller/base/log.h"
#include "usm-int.h"

struct v3_slot {
	struct usm_engine engine;	/* first: an agent is its slot */
	struct v3_slot *next;
	struct usm_count *count;	/* what was odd of this agent; there when anything was */
};

/* A million agents are as a rule: what is not costs memory only where it happens. */
static struct usm_count *slot_count(struct v3_slot *s)
{
	if (s->count == NULL)
		s->count = must_alloc(sizeof(*s->count));
	return s->count;
}

const struct usm_count *snmp_agent_count(const struct usm_engine *a) { return a ? ((const struct v3_slot *)a)->count : NULL; }

/* What was counted for the worker since 'before' was by this agent. */
static void slot_counted(struct v3_slot *s, struct usm_count before, const struct usm_count *now)
{
	struct usm_count *own;

	before.answered = now->answered;
	before.synchronised = now->synchronised;
	if (memcmp(&before, now, sizeof(before)) == 0)
		return;
	own = slot_count(s);
#define ADD(name, word, text) own->name += now->name - before.name;
	USM_COUNTS(ADD)
#undef ADD
}

/* ---- agents ---- */

static bool crypto_ready(struct snmp_engine *e)
{
	struct err err = { "" };

	if (!e->usm && !(e->usm = usm_new(&err)))
		log_error(LOG_WIRE, "version 3 cannot be spoken: %s", err.text);
	return e->usm != NULL;
}

struct usm_engine *snmp_agent_new(struct snmp_engine *e, const struct usm_user *user, const char *context)
{
	struct v3_slot *s = e->agents_free;

	if (!crypto_ready(e))
		return NULL;
	if (s)
		e->agents_free = s->next;
	else
		s = secret_alloc(&e->secrets, sizeof(*s));
	usm_engine_init(&s->engine, user, context);
	return &s->engine;
}

void snmp_agent_same(struct usm_engine *a, const struct usm_user *user, const char *context)
{
	a->user = user;
	a->context = context;
}

void snmp_agent_free(struct snmp_engine *e, struct usm_engine *a)
{
	struct v3_slot *s = (struct v3_slot *)a;

	if (!a)
		return;
	usm_engine_release(a);
	free(s->count);
	s->count = NULL;
	s->next = e->agents_free;
	e->agents_free = s;
}

void snmp_v3_release(struct snmp_engine *e)
{
	if (e->usm)
		usm_free(e->usm);
	secrets_release(&e->secrets);
}

void snmp_v3_rest(struct snmp_engine *e)
{
	if (e->usm)
		usm_rest(e->usm);
}

struct usm_count snmp_count_v3(const struct snmp_engine *e)
{
	return e->usm ? usm_count(e->usm) : (struct usm_count){ 0 };
}

/* Is it not known yet whether the agent has the context at all? */
static bool no_context_yet(const struct usm_engine *e) { return e->context_len > 0 && !e->answered; }

/* ---- sending ---- */

enum fw_err snmp_v3_seal(struct snmp_ask *a, uint8_t *room, size_t room_octets, struct iovec *iov)
{
	struct v3_sending s = { .packet = a->packet, .msg_id = snmp_ask_next_id(a), .now = clock_mono(), .room = room,
				.what = a->doubt == DOUBT_WHO_NEXT ? V3_WHO : V3_REQUEST };
	enum fw_err err;

	if (!a->peer->v3)
		return FW_NOTFOUND;	/* said by snmp_agent_new() */
	if (a->doubt == DOUBT_SHORT_NEXT)
		s.what = no_context_yet(a->peer->v3) ? V3_SHORT_NO_CONTEXT : V3_SHORT;
	if (a->packet->len_octets > room_octets)
		return FW_FULL;
	err = v3_seal(a->engine->usm, a->peer->v3, &s);
	*iov = (struct iovec){ (void *)(uintptr_t)s.bytes, s.len_octets };
	return err;
}

/* ---- answers ---- */

/* It did not say what was asked: keep waiting. Refused, too: whoever says so, the agent may count these against the user. */
static void disappoint(struct snmp_ask *a, enum fw_err why, bool refused)
{
	if (why && !a->refused)
		a->odd = (uint8_t)why;
	if (refused)
		snmp_ask_no_more(a);
}

/* Where the engine state has learned from an answer to an earlier sending, the present one is on its way with that. */
static void again(struct snmp_ask *a, int sending)
{
	if (sending < a->again_from)
		return;
	if (a->doubt == DOUBT_WHO && sending == a->doubt_at) {
		a->doubt = DOUBT_SHORT_NEXT;
		snmp_ask_early(a);
		return;
	}
	if (a->agains < USM_AGAINS_MOST && a->sendings < SNMP_SENDINGS_MAX)
		snmp_ask_again(a);
	else
		disappoint(a, FW_WINDOW, true);
}

/* Many agents drop without a word what they cannot decrypt, and what is for a context that they do not have. */
enum snmp_doubt snmp_v3_doubt(const struct snmp_ask *a)
{
	const struct usm_engine *e = a->peer->v3;

	if (a->peer->version != SNMP_V3 || !e || e->self.id_len == 0)
		return DOUBT_NONE;
	if (usm_engine_ready(e))
		return e->user->level == USM_AUTHPRIV || no_context_yet(e) ? DOUBT_WHO_NEXT : DOUBT_NONE;
	return a->agains > 0 && no_context_yet(e) ? DOUBT_SHORT_NEXT : DOUBT_NONE;
}

/* What is decrypted with another key is no message, and many agents drop such without a word. One that was heard before was
 * asked who it is, and something short. Where nothing has been authentic yet all is forgotten: the next ask begins with
 * discovery, which tells those from agents that are silent. */
static bool is_mute(const struct snmp_ask *a)
{
	struct usm_engine *e = a->peer->v3;
	const struct usm_user *user = e ? e->user : NULL;
	const char *context = e ? e->context : NULL;

	if (a->peer->version != SNMP_V3 || !e || user->level != USM_AUTHPRIV || e->self.id_len == 0)
		return false;
	if (usm_engine_ready(e))
		return a->doubt == DOUBT_SHORT;
	usm_engine_release(e);
	usm_engine_init(e, user, context);
	return a->agains > 0;
}

bool snmp_v3_mute(const struct snmp_ask *a)
{
	bool mute = is_mute(a);

	if (mute) {
		a->engine->usm->count.mute++;
		slot_count((struct v3_slot *)a->peer->v3)->mute++;
	}
	return mute;
}

static bool is_short(const struct snmp_ask *a, int sending) { return a->doubt == DOUBT_SHORT && sending == a->doubt_at; }

/* The answer to something short is in the context that was asked: where it is in doubt, the one without a name. */
static struct v3_verdict open_any(struct snmp_ask *a, const struct snmp_datagram *d, int sending, const struct v3_message *m,
				  struct snmp_message *pdu)
{
	struct usm_engine *e = a->peer->v3;
	uint8_t context_len = e->context_len;
	struct v3_verdict v;

	if (is_short(a, sending) && no_context_yet(e))
		e->context_len = 0;
	v = v3_open(a->engine->usm, e, m, d->at, pdu);
	e->context_len = context_len;
	return v;
}

/* It reads us: what was asked is too much for it, was lost, or its context is none that it has. */
static void short_answered(struct snmp_ask *a)
{
	a->doubt = DOUBT_OVER;
	if (no_context_yet(a->peer->v3))
		disappoint(a, FW_CONTEXT, true);
}

static void judge(struct snmp_ask *a, const struct snmp_datagram *d, int sending, const struct v3_message *m)
{
	struct snmp_message pdu;
	struct usm_count before = a->engine->usm->count;
	struct v3_verdict v = open_any(a, d, sending, m, &pdu);
	struct snmp_answer answer = { .err = v.err, .reply = v.does == V3_TAKE ? &pdu : NULL };

	slot_counted((struct v3_slot *)a->peer->v3, before, &a->engine->usm->count);
	switch (v.does) {
	case V3_TAKE:
		if (is_short(a, sending)) {
			short_answered(a);
			return;
		}
		a->peer->v3->answered = true;
		a->engine->count.answered++;
		a->engine->count.varbinds += pdu.varbind_count;
		snmp_ask_answer(a, d, sending, &answer);
		return;
	case V3_AGAIN:
		again(a, sending);
		return;
	case V3_REFUSED:
		if (v.authentic) {
			a->engine->count.refused++;
			snmp_ask_answer(a, d, sending, &answer);
		} else {
			disappoint(a, v.err, true);
		}
		return;
	case V3_DROP:
		disappoint(a, v.err, false);
		return;
	}
}

static void malformed(struct snmp_ask *a, enum fw_err err)
{
	if (a->peer->v3)
		slot_count((struct v3_slot *)a->peer->v3)->malformed++;
	disappoint(a, err, false);
}

void snmp_v3_downgraded(struct snmp_ask *a)
{
	a->doubt = DOUBT_OVER;		/* whatever it is, it is not mute */
	if (a->engine->usm)
		a->engine->usm->count.downgraded++;
	if (a->peer->v3)
		slot_count((struct v3_slot *)a->peer->v3)->downgraded++;
}

void snmp_v3_receive(struct snmp_engine *e, const struct snmp_datagram *d)
{
	struct v3_message m = { .msg_id = 0 };
	enum fw_err err = v3_message_dec(&m, d->bytes, d->len);
	struct snmp_ask *a;
	int sending;

	e->count.malformed += err != FW_OK;
	if (e->usm)
		e->usm->count.malformed += err != FW_OK;
	a = snmp_ask_of(e, m.msg_id, &sending);
	if (!a && !err)
		snmp_ask_none(e, d, m.msg_id);
	if (!a || !snmp_source_is(e, d, a))
		return;
	if (a->peer->version != SNMP_V3)
		e->count.malformed++;
	else if (err)
		malformed(a, err);
	else
		judge(a, d, sending, &m);
}
