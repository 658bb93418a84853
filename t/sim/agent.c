/* t/sim/agent.c: one request in, one reply out (RFC 1157, RFC 3416 section 4.2), and what a faulty agent makes of it.
 *
 * As a real agent, it says nothing to what it cannot decode, to a wrong community, and to PDUs that are no request.
 */
#include "sim.h"

#include <string.h>

enum { ERR_NOT_WRITABLE = 17, OVERHEAD = 64 };	/* OVERHEAD: more than message and PDU headers, without the community */

struct answering {
	struct sim *sim;
	struct look look;
	struct snmp_message *request;
	struct wr out;			/* varbinds */
	unsigned count;
	size_t bulk_most;		/* octets of varbinds after which a GETBULK ends */
	int32_t error_status, error_index;
};

static void request_echo(struct answering *a, int32_t status, int32_t index)
{
	const struct rd *r = &a->request->varbinds;

	a->out.len = 0;
	a->out.failed = false;
	a->error_status = status;
	a->error_index = index;
	a->count = 0;
	if (status != SNMP_ERR_TOO_BIG || a->request->version == SNMP_V1)
		wr_bytes(&a->out, r->at, (size_t)(r->end - r->at));
}

/* Add a varbind; what does not fit, or passes 'most' octets and is not the first, is taken back. */
static bool varbind_add(struct answering *a, const struct snmp_varbind *vb, size_t most)
{
	size_t len = a->out.len;

	snmp_varbind_enc(&a->out, vb);
	if (!wr_ok(&a->out) || (a->out.len > most && a->count > 0)) {
		a->out.len = len;
		return false;
	}
	a->count++;
	return true;
}

static void answer_each(struct answering *a, bool next)
{
	struct snmp_message m = *a->request;
	struct snmp_varbind asked, vb;
	int32_t index = 0;

	while (snmp_varbind_next(&m, &asked)) {
		vb = (struct snmp_varbind){ 0 };
		index++;
		if (next)
			view_next(&a->look, asked.name, asked.name_len, a->sim->names[0][0], &vb);
		else
			view_get(&a->look, asked.name, asked.name_len, &vb);
		if (m.version == SNMP_V1 && vb.type >= SNMP_NO_OBJECT) {
			request_echo(a, SNMP_ERR_NO_SUCH_NAME, index);
			return;
		}
		if (!varbind_add(a, &vb, SIZE_MAX)) {
			request_echo(a, SNMP_ERR_TOO_BIG, 0);
			return;
		}
	}
}

/* One repetition over 'n' names: sim->names[from] in, the other out. False: the reply is full or all have ended. */
static bool bulk_repetition(struct answering *a, unsigned n, unsigned from)
{
	unsigned ended = 0;

	for (unsigned i = 0; i < n; i++) {
		struct snmp_varbind vb = { 0 };
		uint8_t *out = a->sim->names[!from][i];

		view_next(&a->look, a->sim->names[from][i], a->sim->name_len[i], out, &vb);
		if (vb.type == SNMP_END_OF_MIB && vb.name != out) {	/* the end, and not what is said of an object */
			memcpy(out, a->sim->names[from][i], a->sim->name_len[i]);
			ended++;
		}
		if (!varbind_add(a, &vb, a->bulk_most))
			return false;
		a->sim->name_len[i] = vb.name_len;
	}
	return ended < n;
}

/* RFC 3416 4.2.3. At most SIM_REPEATERS_MOST names are repeated; the reply ends before what does not fit, but
 * has one varbind: without it the asker could not go on. */
static void answer_bulk(struct answering *a)
{
	struct snmp_message m = *a->request;
	int32_t non_repeaters = m.error_status, repetitions = m.error_index, place = 0;
	struct snmp_varbind asked;
	unsigned n = 0, from = 0;

	a->bulk_most = a->look.device->model->bulk_most - OVERHEAD - m.community_len;
	while (n < SIM_REPEATERS_MOST && snmp_varbind_next(&m, &asked)) {
		struct snmp_varbind vb = { 0 };

		if (place++ >= non_repeaters) {
			memcpy(a->sim->names[0][n], asked.name, asked.name_len);
			a->sim->name_len[n++] = asked.name_len;
			continue;
		}
		view_next(&a->look, asked.name, asked.name_len, a->sim->names[0][0], &vb);
		if (!varbind_add(a, &vb, a->bulk_most))
			return;
	}
	for (int32_t i = 0; n > 0 && i < repetitions && bulk_repetition(a, n, from); i++)
		from = !from;
	if (a->count == 0 && n > 0 && repetitions > 0)
		request_echo(a, SNMP_ERR_TOO_BIG, 0);
}

static void answer_pdu(struct answering *a)
{
	switch (a->request->pdu) {
	case SNMP_GET:
		answer_each(a, false);
		break;
	case SNMP_GETNEXT:
		answer_each(a, true);
		break;
	case SNMP_GETBULK:
		if (a->look.device->extra && a->look.device->extra->odd & ODD_NO_BULK)
			request_echo(a, SNMP_ERR_GEN_ERR, 0);
		else
			answer_bulk(a);
		break;
	default:	/* SET: nothing here can be written */
		request_echo(a, a->request->version == SNMP_V1 ? SNMP_ERR_NO_SUCH_NAME : ERR_NOT_WRITABLE, 1);
	}
}

/* ---- faults ------------------------------------------------------------------------------------------------------ */

/* The varbinds of a reply anew: the first 'most', in this order or the other; 'extra': and the last of them twice. */
static void varbinds_again(struct answering *a, unsigned most, bool backwards, bool extra)
{
	struct snmp_varbind vb[256];
	uint8_t copy[SNMP_PACKET_MAX + 1];
	struct snmp_message m = { .varbinds = rd_over(copy, a->out.len) };
	unsigned n = 0;

	memcpy(copy, a->out.buf, a->out.len);
	while (n < 256 && n < most && snmp_varbind_next(&m, &vb[n]))
		n++;
	a->out.len = 0;
	for (a->count = 0; a->count < n; a->count++)
		snmp_varbind_enc(&a->out, &vb[backwards ? n - 1 - a->count : a->count]);
	if (extra && n > 0)
		snmp_varbind_enc(&a->out, &vb[n - 1]);
}

static void fault_before(struct answering *a, const struct extra *x)
{
	if (x->odd & (ODD_SHORT | ODD_SHUFFLE | ODD_EXTRA) && a->request->pdu == SNMP_GET)
		varbinds_again(a, x->odd & ODD_SHORT ? x->short_most : 256, x->odd & ODD_SHUFFLE, x->odd & ODD_EXTRA);
	if (x->odd & ODD_TOOBIG && a->count > x->toobig_above)
		request_echo(a, SNMP_ERR_TOO_BIG, 0);
	if (x->odd & ODD_ERROR)
		request_echo(a, (int32_t)x->error_status, 1);
}

/* Seven ways, in turn, in which no agent may answer. */
static void fault_malform(struct wr *w, unsigned nth)
{
	static const struct { uint8_t at, value; } change[] = {
		{ 0, 0x31 },		/* not a sequence */
		{ 1, 0x80 },		/* indefinite length */
		{ 1, 0x84 },		/* a length of four octets */
		{ 0, 0x00 },
	};
	size_t header = w->buf[1] & 0x80 ? 2u + (w->buf[1] & 0x7f) : 2;

	nth %= 7;
	if (nth < 4)
		w->buf[change[nth].at] = change[nth].value;
	else if (nth == 4)
		w->buf[header + 1] = 0x7f;	/* the version: an INTEGER of 127 octets */
	else if (nth == 5)
		memset(w->buf, 0xff, w->len);
	else
		w->len = 1;
}

static void fault_after(struct extra *x, struct reply *r)
{
	if (x->odd & ODD_MALFORMED)
		fault_malform(&r->w, x->malformed_nth++);
	if (x->odd & ODD_TRUNCATE)
		r->w.len = x->truncate_octets ? (x->truncate_octets < r->w.len ? x->truncate_octets : r->w.len)
					      : r->w.len / 2;
	for (uint32_t i = 0; x->odd & ODD_PAD && i < x->pad_octets && wr_ok(&r->w); i++)
		wr_u8(&r->w, 0);
	r->twice = x->odd & ODD_TWICE;
	r->from_port = x->odd & ODD_PORT;
	r->from_address = x->odd & ODD_ADDRESS;
	r->delay_ms = x->delay_ms;
}

/* False: the device says nothing. */
static bool fault_speaks(struct sim *s, const struct extra *x)
{
	if (x->odd & ODD_SILENT) {
		s->count.silent++;
		return false;
	}
	if (x->loss_percent && sim_random(s) % 100 < x->loss_percent) {
		s->count.lost++;
		return false;
	}
	return true;
}

/* ---- the message ------------------------------------------------------------------------------------------------- */

static bool request_taken(struct sim *s, const struct device *d, struct snmp_message *m, const uint8_t *packet,
			  size_t len)
{
	const char *community = d->model->community;

	if (snmp_message_dec(m, packet, len) != FW_OK) {
		s->count.undecodable++;
		return false;
	}
	if (m->community_len != strlen(community) || memcmp(m->community, community, m->community_len) != 0) {
		s->count.community++;
		return false;
	}
	if (m->pdu == SNMP_GET || m->pdu == SNMP_GETNEXT || m->pdu == SNMP_SET ||
	    (m->pdu == SNMP_GETBULK && m->version == SNMP_V2C))
		return true;
	s->count.other_pdu++;
	return false;
}

bool agent_respond(struct sim *s, struct device *d, struct snmp_message *m, struct snmp_message *reply, struct wr *varbinds)
{
	char scratch[SIM_SCRATCH];
	struct answering a = { .sim = s, .request = m };
	size_t room;

	s->count.requests++;
	s->count.varbinds += m->varbind_count;
	d->requests++;
	if (d->extra && d->extra->renumber_in && --d->extra->renumber_in == 0)
		device_renumber(s, d, sim_clock_us(&s->clock));
	if (d->extra && !fault_speaks(s, d->extra))
		return false;
	room = d->model->size_most - OVERHEAD - m->community_len - (m->version == SNMP_V3 ? V3_HEAD_MOST : 0);
	a.look = (struct look){ .sim = s, .device = d, .now_us = sim_clock_us(&s->clock), .v1 = m->version == SNMP_V1,
				.scratch = scratch };
	if (d->extra && d->extra->odd & ODD_CACHE && d->extra->cache_s)
		a.look.cached_us = a.look.now_us - a.look.now_us % (d->extra->cache_s * INT64_C(1000000)) + 1;
	a.out = wr_over(s->varbinds, room < sizeof(s->varbinds) ? room : sizeof(s->varbinds));
	answer_pdu(&a);
	if (d->extra)
		fault_before(&a, d->extra);
	*reply = *m;
	reply->pdu = SNMP_RESPONSE;
	reply->error_status = a.error_status;
	reply->error_index = a.error_index;
	if (d->extra && d->extra->odd & ODD_ID)
		reply->request_id ^= 0x10000;	/* another request's, not another sending's of the same */
	*varbinds = a.out;
	return true;
}

bool agent_answer(struct sim *s, struct device *d, const uint8_t *packet, size_t len_octets, struct reply *r)
{
	struct snmp_message m, reply;
	struct wr varbinds;

	if (v3_looks(packet, len_octets)) {
		if (!v3_answer(s, d, packet, len_octets, r))
			return false;
		if (d->extra)
			fault_after(d->extra, r);
		return wr_ok(&r->w);
	}
	if (!request_taken(s, d, &m, packet, len_octets) || !agent_respond(s, d, &m, &reply, &varbinds))
		return false;
	if (d->extra && d->extra->odd & ODD_COMMUNITY) {
		reply.community = (const uint8_t *)"wrong";
		reply.community_len = 5;
	}
	snmp_message_enc(&r->w, &reply, varbinds.buf, varbinds.len);
	if (d->extra && d->extra->odd & ODD_LONG && r->w.len > d->extra->long_above) {
		s->count.lost++;	/* in fragments, of which one does not arrive */
		return false;
	}
	if (d->extra)
		fault_after(d->extra, r);
	return wr_ok(&r->w);
}
