/* poller/snmp/v3-seal.c: a request of version 3 at each sending: head laid once and patched, then encrypted, signed.
 *
 *   packet->bytes:   [ room ... head | PDU | padding ]      the head ends where the PDU begins, so nothing moves when
 *                              ^ head.at   ^ pdu_at          it grows by an octet because boots or time do
 */
#include <string.h>

#include "ber-int.h"
#include "usm-int.h"

/* Ask nobody by name (RFC 3414 section 4): who are you? */
static enum fw_err discovery(struct usm *u, struct v3_sending *s)
{
	const struct v3_envelope v = { .msg_id = s->msg_id, .flags = V3_REPORTABLE };
	const struct snmp_message pdu = { .pdu = SNMP_GET, .request_id = v3_request_id(s->msg_id) };
	struct wr w = wr_over(s->room, s->packet->len_octets), none = { .len = 0 };

	if (!v3_message_enc(u, &w, &v, &pdu, &none))
		return FW_TOOBIG;
	s->bytes = w.buf;
	s->len_octets = w.len;
	return FW_OK;
}

static struct v3_envelope envelope(const struct usm_engine *e, const struct usm_identity *who,
				   const struct v3_sending *s)
{
	const struct usm_user *user = e->user;
	const struct usm_clock *c = who->guess.set ? &who->guess : who == &e->self ? &e->clock : NULL;
	struct v3_envelope v = {
		.msg_id = s->msg_id, .flags = user->level | V3_REPORTABLE, .engine_id = who->id,
		.engine_id_len = who->id_len, .user = user->name, .user_len = user->name_len, .context = e->context,
		.context_len = e->context_len, .auth = user->auth, .priv = user->priv, .keys = &who->keys
	};

	if (c && c->set) {
		v.boots = c->boots;
		v.time = usm_time(c, s->now);
	}
	return v;
}

static bool head_fits(const struct snmp_head *h, const struct usm_engine *e, const struct v3_envelope *v)
{
	return h->generation == e->generation && h->boots_len == ber_signed_size(v->boots) &&
	       h->time_len == ber_signed_size(v->time);
}

static bool head_lay(struct snmp_packet *p, const struct usm_engine *e, const struct v3_envelope *v)
{
	size_t pdu = p->len_octets - V3_HEAD_MOST, size = v3_head_size(v, pdu);
	struct wr w;

	p->head = (struct snmp_head){ .at = (uint16_t)(p->pdu_at - size), .generation = e->generation };
	if (size > p->pdu_at)
		return false;
	w = wr_over(p->bytes + p->head.at, size);
	v3_head_enc(&w, v, pdu, &p->head);
	must(wr_ok(&w) && w.len == size);
	return true;
}

static void number_put(uint8_t *at, uint32_t v, unsigned octets)
{
	while (octets-- > 0)
		*at++ = (uint8_t)(v >> (8 * octets));
}

static void head_patch(struct snmp_packet *p, const struct v3_envelope *v)
{
	const struct snmp_head *h = &p->head;
	uint8_t *head = p->bytes + h->at;

	number_put(head + h->msg_id_at, (uint32_t)v->msg_id, 4);
	number_put(head + h->boots_at, v->boots, h->boots_len);
	number_put(head + h->time_at, v->time, h->time_len);
}

/* GET of sysUpTime.0: so short that it cannot be its size when nobody answers. */
static enum fw_err short_request(struct usm *u, const struct v3_envelope *v, struct v3_sending *s)
{
	static const uint8_t up_time[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };
	const struct snmp_message pdu = { .pdu = SNMP_GET, .request_id = v3_request_id(s->msg_id) };
	const struct snmp_varbind vb = { .name = up_time, .name_len = sizeof(up_time), .type = SNMP_NULL };
	struct wr w = wr_over(s->room, s->packet->len_octets), varbinds;
	uint8_t list[32];

	varbinds = wr_over(list, sizeof(list));
	snmp_varbind_enc(&varbinds, &vb);
	if (!v3_message_enc(u, &w, v, &pdu, &varbinds))
		return FW_TOOBIG;
	s->bytes = w.buf;
	s->len_octets = w.len;
	return FW_OK;
}

enum fw_err v3_seal(struct usm *u, struct usm_engine *e, struct v3_sending *s)
{
	const struct usm_identity *who = s->what == V3_WHO ? NULL : usm_engine_asked(e);
	struct snmp_packet *p = s->packet;
	struct v3_envelope v;
	struct v3_laid l;

	if (!who || who->id_len == 0)
		return discovery(u, s);
	while (e->generation == 0)
		e->generation = ++u->generations;
	v = envelope(e, who, s);
	if (s->what == V3_SHORT_NO_CONTEXT)
		v.context_len = 0;
	if (s->what != V3_REQUEST)
		return short_request(u, &v, s);
	snmp_packet_patch_id(p, v3_request_id(s->msg_id));
	if (head_fits(&p->head, e, &v))
		head_patch(p, &v);
	else if (!head_lay(p, e, &v))
		return FW_TOOBIG;
	l = (struct v3_laid){
		p->bytes + p->head.at, (size_t)(p->len_octets - V3_PADDING - p->head.at), &p->head, s->room
	};
	if (!v3_finish(u, &v, &l))
		return FW_NOTFOUND;
	s->bytes = l.bytes;
	s->len_octets = l.len_octets;
	return FW_OK;
}
