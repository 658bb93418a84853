/* poller/snmp/packet.c: requests, encoded once and patched at each sending.
 *
 *   30 L  02 01 version  04 L community  pdu L  02 04 request-id  02 n b  02 n c  30 L varbinds
 *                                                     ^ id_at
 * The request-id has four octets always, so that patching moves nothing. Of version 3 it is the PDU, between room for
 * what v3_seal() lays before it and room for the padding of what is encrypted.
 */
#include <stdlib.h>
#include <string.h>

#include "ber-int.h"
#include "snmp.h"
#include "usm-int.h"

enum { REQUEST_ID_LEAST = 0x00800000 };		/* the least that needs four octets */

/* name, NULL */
static size_t varbind_contents(size_t name_len_octets)
{
	return ber_tlv_size(name_len_octets) + 2;
}

size_t snmp_varbind_size(size_t name_len_octets)
{
	return ber_tlv_size(varbind_contents(name_len_octets));
}

void snmp_packet_patch_id(struct snmp_packet *p, int32_t request_id)
{
	uint32_t id = htobe32((uint32_t)request_id);

	must(request_id >= REQUEST_ID_LEAST);
	memcpy(p->bytes + p->id_at, &id, sizeof(id));
}

void snmp_packet_copy(const struct snmp_packet *p, int32_t request_id, uint8_t *room)
{
	uint32_t id = htobe32((uint32_t)request_id);

	must(request_id >= REQUEST_ID_LEAST);
	memcpy(room, p->bytes, p->len_octets);
	memcpy(room + p->id_at, &id, sizeof(id));
}

static struct rd tlv_skip(struct rd *r)
{
	(void)rd_u8(r);
	return rd_sub(r, ber_len(r));
}

void snmp_packet_names(const struct snmp_packet *p, struct snmp_message *m)
{
	struct rd r = rd_over(p->bytes + p->id_at + 4, (size_t)(p->len_octets - p->id_at - 4));

	(void)tlv_skip(&r);
	(void)tlv_skip(&r);
	m->varbinds = tlv_skip(&r);
	must(rd_ok(&m->varbinds));
}

struct sizes { size_t list, pdu, all; };

static struct sizes request_sizes(const struct snmp_request *q)
{
	struct sizes s = { .list = 0 };

	for (unsigned i = 0; i < q->name_count; i++)
		s.list += snmp_varbind_size(q->names[i].len);
	s.pdu = 6 + 2 + ber_signed_size(q->non_repeaters) + 2 + ber_signed_size(q->max_repetitions) +
		ber_tlv_size(s.list);
	if (q->version == SNMP_V3)
		s.all = V3_HEAD_MOST + ber_tlv_size(s.pdu);
	else
		s.all = ber_tlv_size(3 + ber_tlv_size(strlen(q->community)) + ber_tlv_size(s.pdu));
	return s;
}

static void pdu_enc(struct wr *w, const struct snmp_request *q, const struct sizes *s, uint16_t *id_at)
{
	ber_head_enc(w, q->pdu, s->pdu);
	ber_head_enc(w, SNMP_INTEGER, 4);
	*id_at = (uint16_t)w->len;
	wr_bytes(w, "\0\0\0", 4);
	ber_signed_enc(w, q->non_repeaters);
	ber_signed_enc(w, q->max_repetitions);
	ber_head_enc(w, BER_SEQUENCE, s->list);
	for (unsigned i = 0; i < q->name_count; i++) {
		ber_head_enc(w, BER_SEQUENCE, varbind_contents(q->names[i].len));
		ber_bytes_enc(w, SNMP_OID, q->names[i].ber, q->names[i].len);
		ber_head_enc(w, SNMP_NULL, 0);
	}
}

static void community_enc(struct wr *w, const struct snmp_request *q, const struct sizes *s)
{
	size_t community = strlen(q->community);

	ber_head_enc(w, BER_SEQUENCE, 3 + ber_tlv_size(community) + ber_tlv_size(s->pdu));
	ber_signed_enc(w, q->version);
	ber_bytes_enc(w, SNMP_OCTET_STRING, q->community, community);
}

enum fw_err snmp_packet_new(struct snmp_packet **p, const struct snmp_request *q, size_t size_most)
{
	struct sizes s = request_sizes(q);
	bool v3 = q->version == SNMP_V3;
	struct wr w;

	must(q->non_repeaters >= 0 && q->max_repetitions >= 0);
	must(q->version != SNMP_V1 || q->pdu != SNMP_GETBULK);
	*p = NULL;
	if (s.all > size_most || s.all > SNMP_PACKET_MAX || (!v3 && strlen(q->community) > SNMP_COMMUNITY_MAX))
		return FW_TOOBIG;
	*p = must_alloc(sizeof(**p) + s.all);
	w = wr_over((*p)->bytes, v3 ? s.all - V3_PADDING : s.all);
	if (v3)
		wr_room(&w, (*p)->pdu_at = V3_HEAD_MOST - V3_PADDING);
	else
		community_enc(&w, q, &s);
	pdu_enc(&w, q, &s, &(*p)->id_at);
	must(wr_ok(&w) && w.len == w.size);
	(*p)->len_octets = (uint16_t)s.all;
	(*p)->name_count = (uint16_t)q->name_count;
	snmp_packet_patch_id(*p, q->request_id);
	return FW_OK;
}
