/* poller/device-ask.c: one plan of a device: its packets leave, a few at a time, and what each answer brings is filed.
 *
 * An answer is taken slot by slot: clock and markers first, which say whether the agent is as it was; a value is filed
 * only under the name that was asked. What did not come is filed as missing, with its reason.
 */
#include <string.h>

#include "poller/base/log.h"
#include "poller/worker-int.h"

static void answer(void *owner, uint32_t tag, const struct snmp_answer *a);

/* The last slot of a part in a packet is done, and with it the part: its row is of all of its columns. Where they lie in several
 * packets, whose answers come in any order, it is done with the last that comes. */
static void part_end(struct device *d, const struct slot *s, struct wall at)
{
	struct part *p = &d->part[s->part];
	bool full = d->running == PLAN_FULL && !s->rest;

	if (full && p->awaited > 0)
		p->awaited--;
	if (p->awaited == 0)
		sample_finish(d, p, at, full);
}

/* All slots of a packet that brought nothing. */
void device_packet_missing(struct device *d, struct plan_packet *p, enum fw_err why)
{
	for (uint32_t i = 0; i < p->count; i++) {
		const struct slot *s = &p->slot[i];

		sample_missing(d, s, why);
		if (s->last && s->part < d->part_count)
			part_end(d, s, worker_wall(d->w, clock_mono()));
	}
}

/* The table of requests is full, and nothing of ours is out that would bring us back: the rest of this round is
 * not asked. */
static void give_up_round(struct device *d)
{
	struct plan *p = &d->plan[d->running];

	d->starved = true;
	for (; d->next_packet < p->count; d->next_packet++) {
		struct plan_packet *k = &p->packet[device_packet(d, d->next_packet)];

		if (!k->flat || adapt_asks_flat(d))
			device_packet_missing(d, k, FW_FULL);
	}
	log_often(LOG_LEVEL_WARN, LOG_POLL, &d->w->starved_said, "device '%s': not asked in full: too many requests are out",
		  d->cfg->name);
}

/* Where it is not known whether the agent is there, or only the first packet says whether it is as we left it,
 * that goes alone. */
void device_ask_more(struct device *d)
{
	struct plan *p = &d->plan[d->running];
	uint32_t window = d->first_done || (d->trusted && p->sure) ? d->cfg->window : 1;

	while (d->outstanding < window && d->next_packet < p->count) {
		uint32_t tag = device_packet(d, d->next_packet);
		struct plan_packet *k = &p->packet[tag];

		if (k->flat && !adapt_asks_flat(d)) {
			d->next_packet++;
			continue;
		}
		k->ask = snmp_ask(d->w->snmp, &d->peer, k->packet, answer, d, tag);
		if (k->ask == NULL)
			break;
		d->next_packet++;
		d->outstanding++;
	}
	if (d->outstanding == 0 && d->next_packet < p->count)
		give_up_round(d);
}

static void packet_lost(struct device *d, struct plan_packet *p, enum fw_err why)
{
	d->snmp_why = (uint8_t)why;
	d->snmp_lost = true;
	device_packet_missing(d, p, why);
}

/* One object of a packet is refused. Where nothing else of its part is asked, the part is done in this round. */
static void object_refused(struct device *d, const struct plan_packet *p, uint32_t i, bool denied)
{
	const struct slot s = p->slot[i];

	sample_missing(d, &s, denied ? FW_NOINST : FW_AGENT);
	if (denied)
		sample_absent(d, &s);
	else
		sample_refused(d, &s);
	if (s.last && (i == 0 || p->slot[i - 1].part != s.part))
		part_end(d, &s, worker_wall(d->w, clock_mono()));
}

/* The agent named a varbind it refuses: leave that out and ask again. */
static void ask_without(struct device *d, struct plan_packet *p, uint32_t tag, const struct snmp_message *m)
{
	uint32_t i = p->count == 1 ? 0 : (uint32_t)m->error_index - 1;
	bool denied = m->error_status == SNMP_ERR_NO_SUCH_NAME;

	if (i >= p->count || (p->slot[i].part == SLOT_UPTIME && !denied)) {
		packet_lost(d, p, FW_AGENT);	/* it names none */
		learn_refused(d, p);
		return;
	}
	if (p->slot[i].part == SLOT_UPTIME)
		sample_no_uptime(d);
	else if (p->slot[i].part != SLOT_MARKER)
		object_refused(d, p, i, denied);
	if (!plan_packet_drop(d, p, i))
		return;
	p->ask = snmp_ask(d->w->snmp, &d->peer, p->packet, answer, d, tag);
	if (p->ask == NULL)
		device_packet_missing(d, p, FW_FULL);
	else
		d->outstanding++;
}

/* Clock and markers come before any value of a packet. After a reboot, or when a marker moved, indexes may mean
 * other rows: nothing is filed before the tables have been walked. True when values may be taken. */
static bool agent_as_before(struct device *d)
{
	if (d->markers_read && !d->changed && d->marker_new != d->marker) {
		d->changed = d->changed || (d->marker != 0 && d->marker_vain < MARKER_VAIN_MOST);
		d->marker = d->marker_new;
	}
	d->markers_read = false;
	return !d->changed && !d->rebooted;
}

/* A row that has another name than its part: as when a marker moved. Where walks find nothing new all the same, or names change
 * all the time, it is let be. One that GET denies is not asked again before the next walk. */
static void take_name(struct device *d, const struct slot *s, const struct snmp_varbind *vb)
{
	struct mono now = clock_mono();

	if (vb->type == SNMP_NULL || vb->type >= SNMP_NO_OBJECT) {
		sample_refused(d, s);
		return;
	}
	if (markers_name_same(d, &d->part[s->part], vb))
		return;
	if (mono_since(now, d->misnamed_at).us > MISNAMED_CALM * d->w->config->interval.us)
		d->misnamed = 0;
	d->misnamed_at = now;
	if (d->misnamed == MISNAMED_MOST)
		learn_odd(d, ODD_NAMES);
	else if (d->marker_vain < MARKER_VAIN_MOST && !d->changed) {
		d->misnamed++;
		d->changed = true;
	}
}

static void take_value(struct device *d, const struct slot *s, const struct snmp_varbind *vb, struct wall at)
{
	if (s->part == SLOT_UPTIME) {
		sample_uptime(d, vb, at);
	} else if (s->part == SLOT_MARKER) {
		d->marker_new ^= marker_hash(vb);
		d->markers_read = true;
	} else if (s->column == markers_name_column(d, &d->part[s->part])) {
		take_name(d, s, vb);
	} else {
		sample_slot(d, s, vb, at);
	}
}

static void take_values(struct device *d, struct plan_packet *p, struct snmp_message *m, struct wall at)
{
	const struct snmp_message all = *m;
	struct snmp_varbind vb = { 0 };

	d->marker_new = 0;
	d->markers_read = false;
	for (uint32_t i = 0; i < p->count; i++) {
		const struct slot *s = &p->slot[i];
		bool there = snmp_varbind_next(m, &vb);

		if (s->part < SLOT_MARKER && !agent_as_before(d))
			break;
		if ((there && vb.name_len == s->name_len && memcmp(vb.name, slot_name(p, s), s->name_len) == 0) ||
		    learn_elsewhere(d, p, s, &all, &vb))
			take_value(d, s, &vb, at);
		else
			sample_missing(d, s, learn_instead(d, p, there));	/* what we did not ask for is never filed */
		if (s->last && s->part < d->part_count)
			part_end(d, s, at);
	}
	if (!agent_as_before(d))
		d->next_packet = d->plan[d->running].count;
}

static void take_reply(struct device *d, struct plan_packet *p, uint32_t tag, const struct snmp_answer *a)
{
	struct wall at = worker_wall(d->w, a->at);
	struct last_record *r;

	d->snmp_answered = true;
	d->answered_at = at;
	d->w->n.last_answer = a->at;
	d->snmp_why = FW_OK;
	learn_answered(d, p, a);
	r = last_begin(d->w->last, d->record);
	r->value[LAST_D_RTT_US] = (uint64_t)mono_since(a->at, a->sent).us;
	last_end(d->w->last, d->record);
	if (d->full && d->running == PLAN_FULL && tag == 0)
		device_regular(d, a->at);
	if (a->reply->error_status == SNMP_ERR_TOO_BIG) {
		d->snmp_why = FW_TOOBIG;
		device_packet_missing(d, p, learn_less(d, p->count, p->octets, FW_TOOBIG) ? FW_NOTASKED : FW_TOOBIG);
	} else if (a->reply->error_status != SNMP_ERR_NONE) {
		d->snmp_why = FW_AGENT;
		if (d->running != PLAN_PROBE)
			ask_without(d, p, tag, a->reply);
	} else {
		learn_count(d, p, a->reply->varbind_count);
		take_values(d, p, a->reply, at);
	}
}

static void lost(struct device *d, struct plan_packet *p, const struct snmp_answer *a)
{
	enum fw_err why = a->err;
	struct last_record *r = last_begin(d->w->last, d->record);

	r->value[LAST_D_LOST]++;
	last_end(d->w->last, d->record);
	packet_lost(d, p, why);
	learn_lost(d, p, a->sendings, why);
	if (why == FW_MALFORM)
		log_debug(LOG_WIRE, "device '%s': %s", d->cfg->name, fw_err_text(why));
	if (!d->snmp_answered || !d->first_done)
		d->next_packet = d->plan[d->running].count;	/* silent: no more questions this round */
}

static void answer(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct device *d = owner;
	struct plan_packet *p = &d->plan[d->running].packet[tag];

	p->ask = NULL;
	d->outstanding--;
	if (a->err == FW_OK)
		take_reply(d, p, tag, a);
	else
		lost(d, p, a);
	d->first_done = true;
	device_ask_more(d);
	device_round_end(d, clock_mono());
}
