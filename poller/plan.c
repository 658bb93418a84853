/* poller/plan.c: what is asked in the steady state: packed GETs, encoded once.
 *
 * A packet begins with sysUpTime.0, so that every answer carries the agent's own clock, and the change markers of
 * the tables (markers.c), so that it says itself whether its indexes still mean what they did. Then the columns of
 * the parts in order, a part whole in one packet where it fits, so that a row's values are of one instant. Where no
 * marker tells when a table's rows changed, its name comes first (markers.c). Sizes are bounded by what the device is
 * known to answer (learn.c): names, and octets of the answer where every value is as long as it can be; a request fits
 * one datagram of 1,472 octets always.
 *
 * Parts that the agent lists but denies to a GET (LAST_F_NEXT) are asked by GETNEXT of the name just before each
 * of theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/worker-int.h"

enum { ANSWER_HEAD = 60, ANSWER_HEAD_V3 = 150, REQUEST_HEAD = 160, NAME_MOST = 160, HEADS_SHARE = 4 };

static const uint8_t uptime_name[] = { 0x2b, 6, 1, 2, 1, 1, 3, 0 };	/* sysUpTime.0, RFC 3418 */

/* Octets that a value of a kind takes at most in an answer, its tag and length included. */
static const uint8_t value_most[AS_KINDS] = {
	[AS_COUNTER32] = 7, [AS_COUNTER64] = 11, [AS_GAUGE] = 7, [AS_INTEGER] = 6, [AS_TICKS] = 7,
	[AS_STRING] = 66, [AS_OID] = 40, [AS_HEX] = 34,
};

/* What a packet asks, before it is encoded. */
struct asked {
	struct slot slot[256];
	uint8_t name[256][NAME_MOST];
	uint32_t count;
	size_t octets;			/* of the answer */
	bool next, flat;
};

/* Names of one packet as they are gathered. */
struct gather {
	struct device *d;
	struct plan *plan;
	bool flat;			/* counters of parts that do not move */
	bool with_uptime;		/* a probe asks it also of agents that have none: any answer will do */
	bool next;			/* by GETNEXT */
	struct marker marker[MARKERS_MOST];
	unsigned markers;
	uint32_t heads;			/* clock and markers: of themselves not worth a packet */
	struct asked *now, *fullest;	/* 'fullest': packets are only counted, and of them the fullest is kept; else NULL */
	size_t request_octets;
};

void plan_packet_release(struct plan_packet *p)
{
	must(p->ask == NULL);
	form_release(p->form);
	*p = (struct plan_packet){ 0 };
}

void plan_release(struct plan *p)
{
	for (uint32_t i = 0; i < p->count; i++)
		plan_packet_release(&p->packet[i]);
	free(p->packet);
	free(p->split);
	*p = (struct plan){ .packet = NULL };
}

/* Where each name lies in the encoded packet, found by decoding it. */
static void find_names(struct form *p)
{
	struct snmp_message m;
	struct snmp_varbind vb;
	uint32_t i = 0;

	snmp_packet_names(p->packet, &m);
	while (snmp_varbind_next(&m, &vb)) {
		p->slot[i].name_at = (uint16_t)(vb.name - p->packet->bytes);
		p->slot[i++].name_len = (uint8_t)vb.name_len;
	}
	must(i == p->count);
}

/* The name that GETNEXT has to be asked for to be told 'name': its last arc less one, or without it where it is 0.
 * Between the two lies no row of the same table: indexes of a table have one length, or tell it in an arc
 * before. */
size_t plan_name_before(const struct snmp_name *name, uint8_t *buf, size_t size)
{
	struct oid o;

	if (!oid_dec(&o, name->ber, name->len) || o.len < 3)
		return 0;
	if (o.arc[o.len - 1] == 0)
		o.len--;
	else
		o.arc[o.len - 1]--;
	return oid_enc(&o, buf, size);
}

/* Names that are to be answered; those that are asked for lie before them. */
static bool next_encode(struct form *p, struct snmp_request *q, const struct snmp_name *names)
{
	struct snmp_name *before = must_alloc(p->count * sizeof(*before));
	uint8_t (*ber)[NAME_MOST] = must_alloc(p->count * sizeof(*ber));
	size_t octets = 0, at = 0;
	bool good = true;

	for (uint32_t i = 0; i < p->count; i++) {
		before[i] = (struct snmp_name){ ber[i], (uint16_t)plan_name_before(&names[i], ber[i], sizeof(ber[i])) };
		octets += names[i].len;
		good = good && before[i].len > 0;
	}
	q->pdu = SNMP_GETNEXT;
	q->names = before;
	good = good && snmp_packet_new(&p->packet, q, SNMP_PACKET_MAX) == FW_OK;
	p->names = must_alloc(octets);
	for (uint32_t i = 0; i < p->count; at += names[i++].len) {
		memcpy(p->names + at, names[i].ber, names[i].len);
		p->slot[i].name_at = (uint16_t)at;
		p->slot[i].name_len = (uint8_t)names[i].len;
	}
	free(before);
	free(ber);
	return good;
}

static bool form_encode(const struct device *d, struct form *f, bool next, const struct snmp_name *names)
{
	struct snmp_request q = {
		.community = d->peer.community, .version = d->peer.version, .pdu = SNMP_GET,
		.request_id = 0x00800000, .names = names, .name_count = f->count,
	};

	if (next)
		return next_encode(f, &q, names);
	if (snmp_packet_new(&f->packet, &q, SNMP_PACKET_MAX) != FW_OK)
		return false;
	find_names(f);
	return true;
}

/* Encode a question for the first 'count' slots, which are copied, and put it in place of what the packet has.
 * False when there is none. */
static bool packet_encode(struct device *d, struct plan_packet *p, const struct slot *slot,
			  const struct snmp_name *names)
{
	struct form made = { .count = p->count }, *old = p->form;

	if (p->count == 0)
		return false;
	made.slot = must_alloc(p->count * sizeof(*slot));
	memcpy(made.slot, slot, p->count * sizeof(*slot));
	if (!form_encode(d, &made, p->next, names)) {
		free(made.packet);
		free(made.names);
		free(made.slot);
		return false;
	}
	p->form = form_take(&d->w->forms, &made);
	p->packet = p->form->packet;
	p->names = p->form->names;
	p->slot = p->form->slot;
	form_release(old);
	return true;
}

/* Does the packet being gathered hold what is worth sending? The first does also without a part, where none goes
 * with it. */
static bool holds(const struct gather *g)
{
	uint32_t count = g->now->count;

	return count > g->heads || (g->plan->count == 0 && count > 0 && count >= g->d->pack);
}

/* What an answer has beside its varbinds: by version 3 also an engineID, a digest and a salt. */
static size_t answer_head(const struct device *d) { return d->peer.version == SNMP_V3 ? ANSWER_HEAD_V3 : ANSWER_HEAD; }

static bool asked_encode(struct device *d, const struct asked *a, struct plan_packet *p)
{
	struct snmp_name names[256];

	*p = (struct plan_packet){ .count = a->count, .octets = (uint16_t)a->octets, .next = a->next, .flat = a->flat };
	for (uint32_t i = 0; i < a->count; i++)
		names[i] = (struct snmp_name){ a->name[i], a->slot[i].name_len };
	return packet_encode(d, p, a->slot, names);
}

static void packet_add(struct gather *g)
{
	struct plan_packet p;

	must(asked_encode(g->d, g->now, &p));
	g->plan->packet = must_realloc(g->plan->packet, (g->plan->count + 1) * sizeof(p));
	g->plan->packet[g->plan->count] = p;
}

static void fullest_keep(struct gather *g)
{
	struct asked *now = g->now;

	if (now->octets <= g->fullest->octets)
		return;
	g->now = g->fullest;
	g->fullest = now;
}

static void gather_begin(struct gather *g)
{
	g->heads = 0;
	g->now->count = 0;
	g->now->octets = answer_head(g->d);
	g->request_octets = REQUEST_HEAD;
}

static void gather_close(struct gather *g)
{
	if (holds(g) || (g->now->count > 0 && g->plan->count == 0)) {
		g->now->next = g->next;
		g->now->flat = g->flat;
		if (g->fullest)
			fullest_keep(g);
		else
			packet_add(g);
		g->plan->count++;
	}
	gather_begin(g);
}

static void gather_put(struct gather *g, struct slot s, const uint8_t *name, size_t len, size_t octets)
{
	struct asked *a = g->now;

	s.name_len = (uint8_t)len;
	a->slot[a->count] = s;
	memcpy(a->name[a->count++], name, len);
	a->octets += len + 4 + octets;
	g->request_octets += snmp_varbind_size(len);
}

/* For 'more' names of 'len' octets that take 'octets' in the answer together. */
static bool has_room(const struct gather *g, uint32_t more, size_t len, size_t octets)
{
	return g->now->count + more <= g->d->pack && g->now->octets + octets <= learn_octets(g->d) &&
	       g->request_octets + more * snmp_varbind_size(len) <= SNMP_REQUEST_MAX;
}

/* A packet begins. */
static void gather_open(struct gather *g)
{
	bool first = g->plan->count == 0;

	if (g->now->count > 0)
		return;
	if (g->with_uptime && (g->d->pack > 1 || first))
		gather_put(g, (struct slot){ .part = SLOT_UPTIME }, uptime_name, sizeof(uptime_name), value_most[AS_TICKS]);
	for (unsigned i = 0; i < g->markers && (first || g->plan->sure); i++) {
		const struct marker *m = &g->marker[i];

		if (has_room(g, 1, m->len, m->len + 4u + value_most[AS_TICKS]))
			gather_put(g, (struct slot){ .part = SLOT_MARKER, .column = m->table }, m->ber, m->len, value_most[AS_TICKS]);
	}
	g->heads = g->now->count;
}

/* The name of a part's column: its OID and the part's index. 0 when it is too long to ask for. */
static size_t column_name(const struct device *d, const struct part *p, uint8_t column, uint8_t buf[NAME_MOST])
{
	const struct mib_table *t = part_table(d, p);
	const struct mib_column *k = &t->column[column];
	const struct last_record *r = last_at(d->w->last, p->record);
	size_t len = k->oid_ber_len, n = 1;

	memcpy(buf, k->oid_ber, len);
	if (t->single)
		buf[len++] = 0;
	for (uint8_t i = 0; i < r->arcs && !t->single && n > 0; i++, len += n)
		n = oid_arc_enc(r->arc[i], buf + len, NAME_MOST - len);
	return n > 0 ? len : 0;
}

/* What a part carries: its columns of capacity up to the first that says it. */
static uint32_t capacity_columns(const struct mib_table *t, const struct last_record *r, uint32_t skip)
{
	uint32_t want = 0;

	for (uint8_t c = 0; c < t->column_count; c++) {
		if (!t->column[c].capacity || skip >> c & 1)
			continue;
		want |= 1u << c;
		if (r->known >> c & 1 && r->value[c] != 0 && r->value[c] != UINT32_MAX)
			break;
	}
	return want;
}

/* Columns of a part that a plan asks: state and admin for status, everything that moves for a full one. */
static uint32_t columns_of(const struct device *d, const struct part *p, enum plan_kind kind)
{
	const struct mib_table *t = part_table(d, p);
	const struct last_record *r = last_at(d->w->last, p->record);
	uint32_t want = 0;

	if (r->flags & LAST_F_GONE || (r->arcs == 0 && !t->single) || kind == PLAN_PROBE)
		return 0;		/* without an index it is told by no row: another has its place */
	for (uint8_t c = 0; c < t->column_count; c++) {
		const struct mib_column *k = &t->column[c];
		bool states = c == t->state.column || (t->admin.column != MIB_NO_COLUMN && c == t->admin.column);

		if (kind == PLAN_STATUS ? !states : k->slow && !states)
			continue;
		want |= 1u << c;
	}
	if (p->weighed)
		want |= capacity_columns(t, r, p->skip);
	/* an 'else' column is asked only where it stands in for the first */
	for (uint8_t c = 0; c < t->column_count; c++) {
		uint8_t other = t->column[c].otherwise;

		if (other == MIB_NO_COLUMN || !(want & 1u << c))
			continue;
		want &= ~(1u << (r->source & 1u << c ? c : other));
		if (r->source & 1u << c)
			want |= 1u << other;
	}
	return want & ~p->skip;
}

/* In the order they are asked; the name, where it is asked along, comes before what is told of it. */
static unsigned columns_order(const struct device *d, const struct part *p, uint32_t want, uint8_t order[MIB_COLUMNS_MAX])
{
	uint8_t name = markers_name_column(d, p);
	unsigned n = 0;

	if (want != 0 && name != MIB_NO_COLUMN && !(p->skip >> name & 1)) {
		order[n++] = name;
		want &= ~(1u << name);
	}
	for (; want; want &= want - 1)
		order[n++] = (uint8_t)__builtin_ctz(want);
	return n;
}

/* Octets of a value in the answer: a name is as long as it was, or it is another. */
static size_t octets_of(const struct device *d, const struct part *p, uint8_t column)
{
	char instance[LAST_INSTANCE_MAX + 1];

	if (column != markers_name_column(d, p))
		return value_most[part_table(d, p)->column[column].as];
	return last_text_get(last_at(d->w->last, p->record), LAST_T_INSTANCE, instance, sizeof(instance)) + 4;
}

static void gather_part(struct gather *g, uint32_t index, enum plan_kind kind)
{
	const struct part *p = &g->d->part[index];
	bool rest = kind == PLAN_FULL && p->flat && !g->flat;
	uint32_t want = columns_of(g->d, p, rest ? PLAN_STATUS : kind);
	uint8_t name[NAME_MOST], order[MIB_COLUMNS_MAX];
	unsigned count = columns_order(g->d, p, want, order);
	size_t len, all = 0;

	if (count == 0 || (g->flat && !p->flat))
		return;
	len = column_name(g->d, p, order[0], name);
	for (unsigned i = 0; i < count; i++)
		all += len + 4 + octets_of(g->d, p, order[i]);
	if (!has_room(g, count, len, all) && holds(g))
		gather_close(g);
	for (unsigned i = 0; i < count; i++) {
		uint8_t c = order[i];
		size_t octets = octets_of(g->d, p, c);

		if ((len = column_name(g->d, p, c, name)) == 0)
			continue;
		gather_open(g);
		if (!has_room(g, 1, len, len + 4 + octets) && holds(g)) {
			g->now->slot[g->now->count - 1].last = true;
			gather_close(g);
			gather_open(g);
		}
		gather_put(g, (struct slot){ .part = index, .column = c, .last = i + 1 == count, .rest = rest }, name, len, octets);
	}
}

static void gather_parts(struct gather *g, enum plan_kind kind, bool next)
{
	const struct device *d = g->d;

	for (uint32_t i = 0; i < d->part_count; i++)
		if ((kind == PLAN_FULL || d->part[i].watched) &&
		    next == ((last_at(d->w->last, d->part[i].record)->flags & LAST_F_NEXT) != 0))
			gather_part(g, i, kind);
}

/* Parts that do not move, whole, in packets of their own. */
static void gather_flat(struct gather *g)
{
	g->flat = true;
	for (int next = 0; next < 2; next++) {
		g->next = next;
		gather_parts(g, PLAN_FULL, next);
		if (g->now->count > 0)
			gather_close(g);
	}
}

static void gather_all(struct gather *g, enum plan_kind kind)
{
	struct device *d = g->d;
	bool flat = false;

	for (uint32_t i = 0; i < d->part_count && kind == PLAN_FULL; i++)
		flat = adapt_rests(d, &d->part[i]) || flat;
	gather_begin(g);
	gather_parts(g, kind, false);
	if (g->now->count > 0)
		gather_close(g);
	g->next = true;
	gather_parts(g, kind, true);
	gather_close(g);
	if (g->plan->count == 0) {		/* nothing of a part: a question that any agent answers */
		g->next = false;
		gather_open(g);
		gather_close(g);
	}
	if (flat)
		gather_flat(g);
}

static struct gather *gather_new(struct device *d, enum plan_kind kind, struct plan *plan)
{
	struct gather *g = must_alloc(sizeof(*g));

	g->d = d;
	g->plan = plan;
	g->with_uptime = !d->no_uptime || kind == PLAN_PROBE;
	g->now = must_alloc(sizeof(*g->now));
	if (kind != PLAN_PROBE)
		g->markers = markers_list(d->w->config->mib, markers_tables(d), g->marker);
	plan->sure = d->pack >= HEADS_SHARE * (1 + g->markers);
	return g;
}

static void gather_free(struct gather *g)
{
	free(g->now);
	free(g->fullest);
	free(g);
}

static bool has_watched(const struct device *d, const struct plan_packet *p)
{
	for (uint32_t i = 0; i < p->count && !p->flat; i++)
		if (p->slot[i].part < d->part_count && d->part[p->slot[i].part].watched)
			return true;
	return false;
}

/* Packets with what is watched go first, behind the very first: that has the agent's clock, and the markers in any case. */
static void watched_first(const struct device *d, struct plan *plan)
{
	plan->first = plan->count > 0;
	for (uint32_t i = 1; i < plan->count; i++) {
		struct plan_packet p = plan->packet[i];

		if (!has_watched(d, &p))
			continue;
		memmove(&plan->packet[plan->first + 1], &plan->packet[plan->first], (i - plan->first) * sizeof(p));
		plan->packet[plan->first++] = p;
	}
}

/* The first slot of a packet behind clock and markers. */
static const struct slot *first_of_part(const struct plan_packet *p)
{
	uint32_t i = 0;

	while (i + 1 < p->count && p->slot[i].part >= SLOT_MARKER)
		i++;
	return &p->slot[i];
}

/* A part that goes on from one packet to the next. */
static void splits_find(struct plan *plan)
{
	for (uint32_t i = 0; i + 1 < plan->count; i++) {
		const struct plan_packet *p = &plan->packet[i];
		const struct slot *s = &p->slot[p->count - 1], *next = first_of_part(p + 1);
		struct split *k = plan->split_count ? &plan->split[plan->split_count - 1] : NULL;

		if (s->part >= SLOT_MARKER || s->part != next->part || s->rest || p->flat != p[1].flat)
			continue;
		if (k && k->part == s->part && k->flat == p->flat) {
			k->packets++;
			continue;
		}
		plan->split = must_realloc(plan->split, (plan->split_count + 1) * sizeof(*k));
		plan->split[plan->split_count++] = (struct split){ s->part, 2, p->flat };
	}
}

void plan_make(struct device *d, enum plan_kind kind, struct plan *plan)
{
	struct gather *g;

	plan_release(plan);
	g = gather_new(d, kind, plan);
	gather_all(g, kind);
	gather_free(g);
	if (kind == PLAN_FULL)
		splits_find(plan);
	watched_first(d, plan);
}

void plan_build(struct device *d, enum plan_kind kind) { plan_make(d, kind, &d->plan[kind]); }

uint32_t plan_fullest(struct device *d, struct plan_packet *p)
{
	struct plan counted = { .packet = NULL };
	struct gather *g = gather_new(d, PLAN_FULL, &counted);

	g->fullest = must_alloc(sizeof(*g->fullest));
	gather_all(g, PLAN_FULL);
	*p = (struct plan_packet){ .count = 0 };
	must(counted.count == 0 || asked_encode(d, g->fullest, p));
	gather_free(g);
	return counted.count;
}

/* A column of a part, for a GETNEXT that shows whether the agent has it after all. */
bool plan_verify(struct device *d, const struct slot *of, uint32_t count, struct plan_packet *p)
{
	uint8_t (*ber)[NAME_MOST] = must_alloc(count * sizeof(*ber));
	struct snmp_name *names = must_alloc(count * sizeof(*names));
	struct slot *slot = must_alloc(count * sizeof(*slot));
	bool good;

	*p = (struct plan_packet){ .next = true };
	for (uint32_t i = 0; i < count; i++) {
		size_t len = column_name(d, &d->part[of[i].part], of[i].column, ber[p->count]);

		if (len == 0)
			continue;
		names[p->count] = (struct snmp_name){ ber[p->count], (uint16_t)len };
		slot[p->count++] = of[i];
	}
	good = packet_encode(d, p, slot, names);
	free(slot);
	free(names);
	free(ber);
	if (!good)
		plan_packet_release(p);
	return good;
}

bool plan_packet_drop(struct device *d, struct plan_packet *p, uint32_t i)
{
	struct snmp_name *names = must_alloc(p->count * sizeof(*names));
	struct slot *slot = must_alloc(p->count * sizeof(*slot));
	bool good;

	memcpy(slot, p->slot, p->count * sizeof(*slot));
	if (slot[i].last && i > 0 && slot[i - 1].part == slot[i].part)
		slot[i - 1].last = true;
	memmove(slot + i, slot + i + 1, (p->count - i - 1) * sizeof(*slot));
	p->count--;
	for (uint32_t n = 0; n < p->count; n++)
		names[n] = (struct snmp_name){ slot_name(p, &slot[n]), slot[n].name_len };
	good = packet_encode(d, p, slot, names);
	if (!good)
		p->count = 0;
	free(slot);
	free(names);
	return good;
}
