/* rrd/record.c: records of the journal, and the scan that finds the whole ones among whatever is in the file. */
#include <stdlib.h>
#include <string.h>

#include "journal-int.h"
#include "journal-record-int.h"
#include "poller/base/hash.h"

enum { LAYOUTS_MOST = 65536 };

static void text_enc(struct wr *w, const char *s)
{
	size_t len = strlen(s);

	wr_u8(w, (uint8_t)len);
	wr_bytes(w, s, len);
}

static void text_dec(struct rd *r, char *s, size_t size)
{
	size_t len = rd_u8(r);
	const uint8_t *p = rd_take(r, len);

	if (!p || len >= size || memchr(p, 0, len)) {
		r->failed = true;
		return;
	}
	memcpy(s, p, len);
	s[len] = 0;
}

void record_layout_enc(struct wr *w, uint32_t id, const struct store_layout *l)
{
	unsigned count = 0;

	while (count < LAYOUT_RRA_MAX && l->rra[count].rows)
		count++;
	wr_u8(w, RECORD_LAYOUT);
	varint_enc(w, id);
	text_enc(w, l->name);
	varint_enc(w, l->step_s);
	wr_u8(w, (uint8_t)l->ds_count);
	for (uint32_t i = 0; i < l->ds_count; i++) {
		wr_u8(w, (uint8_t)(l->ds[i].counter | l->ds[i].keep << 1));
		text_enc(w, l->ds[i].name);
	}
	wr_u8(w, (uint8_t)count);
	for (unsigned i = 0; i < count; i++) {
		wr_u8(w, l->rra[i].max);
		varint_enc(w, l->rra[i].steps);
		varint_enc(w, l->rra[i].rows);
	}
}

static bool record_layout_dec(struct rd *r, struct store_layout *l)
{
	unsigned count;

	*l = (struct store_layout){ .name = "" };
	text_dec(r, l->name, sizeof(l->name));
	l->step_s = (uint32_t)varint_dec(r);
	l->ds_count = rd_u8(r);
	for (uint32_t i = 0; i < l->ds_count && i < STORE_DS_MAX; i++) {
		uint8_t flags = rd_u8(r);

		l->ds[i].counter = flags & 1;
		l->ds[i].keep = flags >> 1 & 1;
		text_dec(r, l->ds[i].name, sizeof(l->ds[i].name));
	}
	count = rd_u8(r);
	for (unsigned i = 0; i < count && i < LAYOUT_RRA_MAX; i++) {
		l->rra[i].max = rd_u8(r) & 1;
		l->rra[i].steps = (uint32_t)varint_dec(r);
		l->rra[i].rows = (uint32_t)varint_dec(r);
	}
	return rd_ok(r) && rd_left(r) == 0 && count <= LAYOUT_RRA_MAX && layout_usable(l);
}

void record_name_enc(struct wr *w, uint32_t id, uint32_t layout_id, const char *component)
{
	wr_u8(w, RECORD_NAME);
	varint_enc(w, id);
	varint_enc(w, layout_id);
	wr_bytes(w, component, strlen(component));
}

/* What one file has described so far. A number that a damaged record took with it stays empty: its rows are passed
 * over, never filed under another name. */
struct scan {
	const struct journal_reader *reader;
	struct store_layout **layout;
	struct scan_name { uint32_t who; const struct store_layout *layout; } *name;
	uint32_t layout_room, name_room;
	uint64_t id_most;	/* more records than fit in the file there cannot be */
};

/* Room for index 'id', new room zeroed. */
static void *room_for(void *p, uint64_t id, uint32_t *room, size_t size)
{
	uint32_t had = *room, want = had ? had : 64;

	while (want <= id)
		want *= 2;
	if (want == had)
		return p;
	p = must_realloc(p, want * size);
	memset((char *)p + had * size, 0, (want - had) * size);
	*room = want;
	return p;
}

static bool scan_layout(struct scan *s, struct rd *r)
{
	uint64_t id = varint_dec(r);
	struct store_layout l;

	if (id >= LAYOUTS_MOST || id > s->id_most || !record_layout_dec(r, &l))
		return false;
	s->layout = room_for(s->layout, id, &s->layout_room, sizeof(s->layout[0]));
	if (s->layout[id])
		return false;
	s->layout[id] = must_alloc(sizeof(l));
	*s->layout[id] = l;
	return true;
}

static bool scan_name(struct scan *s, struct rd *r)
{
	uint64_t id = varint_dec(r), layout_id = varint_dec(r);
	size_t len = rd_left(r);
	char component[STORE_PATH_MAX];
	const uint8_t *p = rd_take(r, len);
	struct scan_name *n;

	if (!p || len == 0 || len >= sizeof(component) || memchr(p, 0, len))
		return false;
	if (id > s->id_most || layout_id >= s->layout_room || !s->layout[layout_id])
		return false;
	memcpy(component, p, len);
	component[len] = 0;
	s->name = room_for(s->name, id, &s->name_room, sizeof(s->name[0]));
	n = &s->name[id];
	if (n->layout)
		return false;
	n->layout = s->layout[layout_id];
	n->who = s->reader->name(s->reader->owner, n->layout, component);
	return true;
}

static struct row_form form_of(const struct store_layout *l)
{
	struct row_form f = { .count = l->ds_count };

	for (uint32_t i = 0; i < l->ds_count; i++)
		f.counters |= (uint32_t)l->ds[i].counter << i;
	return f;
}

static bool scan_row(struct scan *s, struct rd *r)
{
	uint64_t id = varint_dec(r);
	const uint8_t *packed = r->at;
	uint32_t octets = (uint32_t)rd_left(r);
	struct store_row row;

	if (!rd_ok(r) || id >= s->name_room || !s->name[id].layout)
		return false;
	if (!row_unpack(r, form_of(s->name[id].layout), &row, NULL) || rd_left(r))
		return false;
	if (s->name[id].who != UINT32_MAX)
		s->reader->row(s->reader->owner, s->name[id].who, &row, packed, octets);
	return true;
}

static bool scan_forget(struct scan *s, struct rd *r)
{
	uint64_t id = varint_dec(r);

	if (!rd_ok(r) || rd_left(r) || id >= s->name_room || !s->name[id].layout)
		return false;
	if (s->name[id].who != UINT32_MAX)
		s->reader->forget(s->reader->owner, s->name[id].who);
	return true;
}

static bool scan_body(struct scan *s, const uint8_t *body, size_t octets)
{
	struct rd r = rd_over(body, octets);

	switch (rd_u8(&r)) {
	case RECORD_LAYOUT: return scan_layout(s, &r);
	case RECORD_NAME:   return scan_name(s, &r);
	case RECORD_ROW:    return scan_row(s, &r);
	case RECORD_FORGET: return scan_forget(s, &r);
	default:            return false;
	}
}

/* The octets of the whole record at 'p', 0 when there is none. */
static size_t record_at(const uint8_t *p, size_t left)
{
	size_t body;
	uint32_t crc;

	if (left < JOURNAL_HEAD || p[0] != 'F' || p[1] != 'j')
		return 0;
	body = (size_t)p[2] | (size_t)p[3] << 8;
	if (body == 0 || body > JOURNAL_BODY_MAX || body > left - JOURNAL_HEAD)
		return 0;
	crc = (uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 24;
	return hash_crc32(hash_crc32(0, p + 2, 2), p + JOURNAL_HEAD, body) == crc ? JOURNAL_HEAD + body : 0;
}

uint64_t journal_scan(const void *p, size_t len_octets, const struct journal_reader *reader)
{
	const uint8_t *at = p, *end = at + len_octets;
	struct scan s = { .reader = reader, .id_most = len_octets / JOURNAL_HEAD };
	uint64_t cut = 0;

	while (at < end) {
		size_t octets = record_at(at, (size_t)(end - at));

		if (octets && scan_body(&s, at + JOURNAL_HEAD, octets - JOURNAL_HEAD)) {
			at += octets;
			continue;
		}
		cut += octets ? octets : 1;
		at += octets ? octets : 1;
	}
	for (uint32_t i = 0; i < s.layout_room; i++)
		free(s.layout[i]);
	free(s.layout);
	free(s.name);
	return cut;
}
