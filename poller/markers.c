/* poller/markers.c: change markers: scalars of an agent that move when the rows of a table do.
 *
 * An index is no identity: after a renumbering it means another port. So each packet that brings values brings the markers
 * of all tables as well, and what is in it is filed only where they are as they were when the tables were walked; and a
 * table's walk counts only when they are the same before and after it. All together are one number: the xor of what each hashes
 * to, name and type and value, so that their order says nothing. One that the agent has not is 0.
 *
 * Of agents that take very few objects at once they are asked in the first packet of a round only (plan.c).
 *
 * A marker that is a time (ifTableLastChange) moves with every change. One that is a number does not: ifNumber is the same after two
 * ports have exchanged theirs, and many agents have not even that. So where no time vouches for a table, each of its rows is asked its
 * name along, before its values; one that has another name than it had when the tables were walked is as a marker that has moved.
 */
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/text.h"
#include "poller/worker-int.h"

uint64_t markers_tables(const struct device *d)
{
	uint64_t tables = 0;

	for (uint32_t i = 0; i < d->part_count; i++)
		tables |= UINT64_C(1) << d->part[i].table;
	return tables;
}

static bool is_listed(const struct marker *m, unsigned count, const uint8_t *ber, size_t len)
{
	for (unsigned i = 0; i < count; i++)
		if (m[i].len == len && memcmp(m[i].ber, ber, len) == 0)
			return true;
	return false;
}

unsigned markers_list(const struct mib *mib, uint64_t tables, struct marker m[MARKERS_MOST])
{
	unsigned n = 0;

	for (unsigned t = 0; t < mib->count && t < 64; t++)
		for (unsigned i = 0; i < mib->table[t]->marker_count && tables >> t & 1 && n < MARKERS_MOST; i++) {
			uint8_t ber[MARKER_OCTETS];
			size_t len = oid_enc(&mib->table[t]->marker[i], ber, sizeof(ber));

			if (len == 0 || is_listed(m, n, ber, len))
				continue;
			memcpy(m[n].ber, ber, len);
			m[n].len = (uint8_t)len;
			m[n++].table = (uint8_t)t;
		}
	return n;
}

uint64_t marker_hash(const struct snmp_varbind *vb)
{
	uint64_t mix[2] = { hash_stable(vb->name, vb->name_len), vb->number + ((uint64_t)vb->type << 56) };

	return vb->type == SNMP_NULL || vb->type >= SNMP_NO_OBJECT ? 0 : hash_stable(mix, sizeof(mix));
}

bool marks_take(struct marks *m, struct snmp_message *reply)
{
	struct snmp_varbind vb;

	m->times = 0;
	for (unsigned i = 0; i < m->count; i++) {
		bool there = snmp_varbind_next(reply, &vb) && vb.name_len == m->marker[i].len &&
			     memcmp(vb.name, m->marker[i].ber, vb.name_len) == 0;

		m->hash[i] = there ? marker_hash(&vb) : 0;
		m->times |= (uint32_t)(there && vb.type == SNMP_TIMETICKS) << i;
	}
	return reply->error_status == SNMP_ERR_NONE;
}

static uint64_t marks_xor(const struct mib *mib, uint64_t tables, const struct marks *m)
{
	struct marker of[MARKERS_MOST];
	unsigned n = markers_list(mib, tables, of);
	uint64_t all = 0;

	for (unsigned i = 0; i < m->count; i++)
		all ^= is_listed(of, n, m->marker[i].ber, m->marker[i].len) ? m->hash[i] : 0;
	return all;
}

bool marks_same(const struct mib *mib, uint32_t table, const struct marks *a, const struct marks *b)
{
	return marks_xor(mib, UINT64_C(1) << table, a) == marks_xor(mib, UINT64_C(1) << table, b);
}

uint64_t marks_together(const struct device *d, const struct marks *m)
{
	return m->known ? marks_xor(d->w->config->mib, markers_tables(d), m) : 0;
}

uint64_t marks_vouched(const struct mib *mib, const struct marks *m)
{
	uint64_t tables = 0;

	for (unsigned t = 0; t < mib->count && t < 64 && m->known; t++) {
		struct marker of[MARKERS_MOST];
		unsigned n = markers_list(mib, UINT64_C(1) << t, of);

		for (unsigned i = 0; i < m->count; i++)
			if (m->times >> i & 1 && is_listed(of, n, m->marker[i].ber, m->marker[i].len))
				tables |= UINT64_C(1) << t;
	}
	return tables;
}

/* A table that changes nothing at all (its definition names no marker) is walked hourly and left alone. */
uint8_t markers_name_column(const struct device *d, const struct part *p)
{
	const struct mib_table *t = part_table(d, p);
	uint8_t column = last_at(d->w->last, p->record)->name_column;

	if (t->marker_count == 0 || t->single || d->vouched >> p->table & 1 || column >= t->column_count)
		return MIB_NO_COLUMN;
	return last_at(d->w->last, p->record)->known >> column & 1 ? column : MIB_NO_COLUMN;	/* else the row has none */
}

/* Equal names have their index behind; a row without a name is called by its index. */
bool markers_name_same(const struct device *d, const struct part *p, const struct snmp_varbind *vb)
{
	const struct last_record *r = last_at(d->w->last, p->record);
	char instance[LAST_INSTANCE_MAX + 1], now[LAST_INSTANCE_MAX + 1 - PART_INDEX_ROOM], index[LAST_ARCS * 11 + 1];
	struct text t = text_over(index, sizeof(index));
	size_t len;

	last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
	for (uint8_t i = 0; i < r->arcs; i++)
		text_add(&t, "%s%u", i ? "." : "", r->arc[i]);
	if (!part_name_of(&part_table(d, p)->column[r->name_column], vb, now, sizeof(now)))
		return strcmp(instance, index) == 0;
	if (strcmp(instance, now) == 0)
		return true;
	len = strlen(instance) > t.len ? strlen(instance) - t.len - 1 : 0;
	return len > 0 && instance[len] == '~' && strcmp(instance + len + 1, index) == 0 && strncmp(instance, now, len) == 0 &&
	       (now[len] == '\0' || len == LAST_INSTANCE_MAX - t.len - 1);	/* the latter was cut */
}

bool markers_misnamed(const struct device *d, struct mono now)
{
	return d->misnamed == MISNAMED_MOST && mono_since(now, d->misnamed_at).us <= MISNAMED_CALM * d->w->config->interval.us;
}

/* SNMPv1 has no word for one that is not there, so it is asked for what follows the name just before each. */
struct snmp_packet *marks_packet(const struct device *d, const struct marks *m)
{
	uint8_t before[MARKERS_MOST][MARKER_OCTETS];
	struct snmp_name names[MARKERS_MOST];
	bool next = d->peer.version == SNMP_V1;
	struct snmp_request q = {
		.community = d->peer.community, .version = d->peer.version, .pdu = next ? SNMP_GETNEXT : SNMP_GET,
		.request_id = 0x00800000, .names = names, .name_count = m->count,
	};
	struct snmp_packet *packet = NULL;

	for (unsigned i = 0; i < m->count; i++) {
		names[i] = (struct snmp_name){ m->marker[i].ber, m->marker[i].len };
		if (next)
			names[i] = (struct snmp_name){ before[i], (uint16_t)plan_name_before(&names[i], before[i], MARKER_OCTETS) };
		if (names[i].len == 0)
			return NULL;
	}
	return m->count > 0 && snmp_packet_new(&packet, &q, SNMP_PACKET_MAX) == FW_OK ? packet : NULL;
}
