/* poller/snmp/packet.c: requests, encoded once and patched at each sending.
 *
 *   30 L  02 01 version  04 L community  pdu L  02 04 request-id  02 n b  02 n c  30 L varbinds
 *                                                     ^ id_at
 * The request-id has four octets always, so that patching moves nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "ber-int.h"
#include "snmp.h"

enum { REQUEST_ID_LEAST = 0x00800000 };		/* the least that needs four octets */

static size_t tlv_size(size_t len_octets)
{
	return 1 + ber_len_size(len_octets) + len_octets;
}

/* name, NULL */
static size_t varbind_contents(size_t name_len_octets)
{
	return tlv_size(name_len_octets) + 2;
}

size_t snmp_varbind_size(size_t name_len_octets)
{
	return tlv_size(varbind_contents(name_len_octets));
}

void snmp_packet_patch_id(struct snmp_packet *p, int32_t request_id)
{
	uint32_t id = htobe32((uint32_t)request_id);

	must(request_id >= REQUEST_ID_LEAST);
	memcpy(p->bytes + p->id_at, &id, sizeof(id));
}

/* non-repeaters and max-repetitions are 0..2^31-1 */
static size_t count_size(int32_t v)
{
	size_t n = 1;

	while (v >> (8 * n - 1) != 0)
		n++;
	return n;
}

static void count_enc(struct wr *w, int32_t v)
{
	size_t n = count_size(v);

	wr_u8(w, SNMP_INTEGER);
	wr_u8(w, (uint8_t)n);
	while (n-- > 0)
		wr_u8(w, (uint8_t)(v >> (8 * n)));
}

struct sizes { size_t community, list, pdu, message, all; };

static struct sizes request_sizes(const struct snmp_request *q)
{
	struct sizes s = { .community = strlen(q->community) };

	for (unsigned i = 0; i < q->name_count; i++)
		s.list += snmp_varbind_size(q->names[i].len);
	s.pdu = 6 + 2 + count_size(q->non_repeaters) + 2 + count_size(q->max_repetitions) + tlv_size(s.list);
	s.message = 3 + tlv_size(s.community) + tlv_size(s.pdu);
	s.all = tlv_size(s.message);
	return s;
}

static void head_enc(struct wr *w, uint8_t tag, size_t len_octets)
{
	wr_u8(w, tag);
	ber_len_enc(w, len_octets);
}

static void request_enc(struct wr *w, const struct snmp_request *q, const struct sizes *s, uint16_t *id_at)
{
	head_enc(w, BER_SEQUENCE, s->message);
	count_enc(w, q->version);
	head_enc(w, SNMP_OCTET_STRING, s->community);
	wr_bytes(w, q->community, s->community);
	head_enc(w, q->pdu, s->pdu);
	head_enc(w, SNMP_INTEGER, 4);
	*id_at = (uint16_t)w->len;
	wr_bytes(w, "\0\0\0", 4);
	count_enc(w, q->non_repeaters);
	count_enc(w, q->max_repetitions);
	head_enc(w, BER_SEQUENCE, s->list);
	for (unsigned i = 0; i < q->name_count; i++) {
		head_enc(w, BER_SEQUENCE, varbind_contents(q->names[i].len));
		head_enc(w, SNMP_OID, q->names[i].len);
		wr_bytes(w, q->names[i].ber, q->names[i].len);
		head_enc(w, SNMP_NULL, 0);
	}
}

enum fw_err snmp_packet_new(struct snmp_packet **p, const struct snmp_request *q, size_t size_most)
{
	struct sizes s = request_sizes(q);
	struct wr w;

	must(q->non_repeaters >= 0 && q->max_repetitions >= 0);
	must(q->version == SNMP_V2C || q->pdu != SNMP_GETBULK);
	*p = NULL;
	if (s.all > size_most || s.all > SNMP_PACKET_MAX || s.community > SNMP_COMMUNITY_MAX)
		return FW_TOOBIG;
	*p = must_alloc(sizeof(**p) + s.all);
	w = wr_over((*p)->bytes, s.all);
	request_enc(&w, q, &s, &(*p)->id_at);
	must(wr_ok(&w) && w.len == s.all);
	(*p)->len_octets = (uint16_t)s.all;
	(*p)->name_count = (uint16_t)q->name_count;
	snmp_packet_patch_id(*p, q->request_id);
	return FW_OK;
}
