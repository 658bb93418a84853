/* t/sim/snmprec.c: recordings of agents, one record a line: OID|TAG|VALUE.
 *
 * TAG is the BER tag in decimal; 'x' after it: VALUE is hex octets, 'e': with escapes as in Python's strings. A ':' in
 * TAG asks for a variation module of another simulator: skipped. So are lines that are no record, types that no agent
 * may send and values their type cannot hold. All are counted. The agent's view is sorted, the first of equal names.
 */
#define _GNU_SOURCE
#include "sim.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"

enum { RECORDING_MOST = 1 << 29 };	/* octets of a file: offsets in it have 32 bits */

struct field { const char *at; size_t len; };

/* What a tag may hold: octets, or a number between the two. */
static const struct tag { uint8_t tag; bool octets; int64_t least; uint64_t most; } tags[] = {
	{ SNMP_INTEGER, false, INT32_MIN, INT32_MAX },
	{ SNMP_OCTET_STRING, true, 0, 0 },
	{ SNMP_NULL, true, 0, 0 },
	{ SNMP_OID, true, 0, 0 },
	{ SNMP_IPADDRESS, true, 0, 0 },
	{ SNMP_COUNTER32, false, 0, UINT32_MAX },
	{ SNMP_GAUGE32, false, 0, UINT32_MAX },
	{ SNMP_TIMETICKS, false, 0, UINT32_MAX },
	{ SNMP_OPAQUE, true, 0, 0 },
	{ SNMP_COUNTER64, false, 0, UINT64_MAX },
};

/* Room for 'len' more octets; what was handed out before moves, so records hold offsets. */
static uint8_t *bytes_room(struct recording *r, size_t len)
{
	if (r->used + len > r->size) {
		r->size = (r->used + len) * 2;
		r->bytes = must_realloc(r->bytes, r->size);
	}
	return r->bytes + r->used;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex octets, blanks between them allowed. -1: an odd digit or something else. */
static long hex_dec(struct field v, uint8_t *out)
{
	long n = 0;
	int high = -1;

	for (size_t i = 0; i < v.len; i++) {
		int d = hex_digit(v.at[i]);

		if (v.at[i] == ' ' && high < 0)
			continue;
		if (d < 0)
			return -1;
		if (high >= 0)
			out[n++] = (uint8_t)(high << 4 | d);
		high = high < 0 ? d : -1;
	}
	return high < 0 ? n : -1;
}

static long escape_dec(struct field v, uint8_t *out)
{
	static const char from[] = "nrtabfv", to[] = "\n\r\t\a\b\f\v";
	long n = 0;

	for (size_t i = 0; i < v.len; i++) {
		const char *p;

		if (v.at[i] != '\\' || i + 1 == v.len) {
			out[n++] = (uint8_t)v.at[i];
			continue;
		}
		i++;
		if (v.at[i] == 'x') {
			long two = i + 2 < v.len ? hex_dec((struct field){ v.at + i + 1, 2 }, out + n) : -1;

			if (two != 1)
				return -1;
			n++;
			i += 2;
			continue;
		}
		p = v.at[i] ? strchr(from, v.at[i]) : NULL;
		out[n++] = (uint8_t)(p ? to[p - from] : v.at[i]);
	}
	return n;
}

/* Decimal with blanks around it, or big-endian octets when it was hex. */
static bool number_dec(const struct tag *t, const uint8_t *octets, size_t len, bool hex, uint64_t *number)
{
	char text[32], *end;
	uint64_t v = 0;

	if (hex) {
		if (len == 0 || len > 8)
			return false;
		for (size_t i = 0; i < len; i++)
			v = v << 8 | octets[i];
		*number = v;
		return v <= t->most;
	}
	while (len > 0 && isspace(octets[0]))
		octets++, len--;
	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, octets, len);
	text[len] = '\0';
	errno = 0;
	if (text[0] == '-') {
		int64_t s = strtoll(text, &end, 10);

		v = (uint64_t)s;
		if (errno || s < t->least)
			return false;
	} else {
		v = strtoull(text, &end, 10);
		if (errno || v > t->most)
			return false;
	}
	while (isspace((unsigned char)*end))
		end++;
	*number = v;
	return isdigit((unsigned char)text[text[0] == '-' || text[0] == '+']) && *end == '\0';
}

static bool oid_text_enc(struct field f, uint8_t *ber, size_t *len)
{
	char text[OID_TEXT_MAX + 1];
	struct oid o;

	while (f.len > 0 && isspace((unsigned char)f.at[0]))
		f.at++, f.len--;
	while (f.len > 0 && isspace((unsigned char)f.at[f.len - 1]))
		f.len--;
	if (f.len == 0 || f.len >= sizeof(text))
		return false;
	memcpy(text, f.at, f.len);
	text[f.len] = '\0';
	if (!oid_parse(text, &o))
		return false;
	*len = oid_enc(&o, ber, OID_BER_MAX);
	return *len > 0;
}

/* "192.0.2.1" in text, or four octets. */
static bool address_dec(struct field octets, bool encoded, uint8_t out[4])
{
	unsigned a[4];
	char text[20], more;

	if (encoded) {
		memcpy(out, octets.at, octets.len == 4 ? 4 : 0);
		return octets.len == 4;
	}
	if (octets.len >= sizeof(text))
		return false;
	memcpy(text, octets.at, octets.len);
	text[octets.len] = '\0';
	if (sscanf(text, " %3u.%3u.%3u.%3u %c", &a[0], &a[1], &a[2], &a[3], &more) != 4)
		return false;
	for (int i = 0; i < 4; i++) {
		if (a[i] > 255)
			return false;
		out[i] = (uint8_t)a[i];
	}
	return true;
}

/* Decode VALUE to the end of r->bytes; false when the type cannot hold it. */
static bool value_dec(struct recording *r, struct record *rec, const struct tag *t, char coding, struct field v)
{
	uint8_t *out = bytes_room(r, v.len + OID_BER_MAX);
	struct field octets = { (const char *)out, v.len };
	size_t oid_len;
	long n = (long)v.len;

	rec->value_at = (uint32_t)r->used;
	if (coding == 'x')
		n = hex_dec(v, out);
	else if (coding == 'e')
		n = escape_dec(v, out);
	else
		memcpy(out, v.at, v.len);
	if (n < 0 || n > UINT16_MAX)
		return false;
	octets.len = (size_t)n;
	if (!t->octets)
		return number_dec(t, out, octets.len, coding == 'x', &rec->number);
	if (t->tag == SNMP_NULL) {
		octets.len = 0;
	} else if (t->tag == SNMP_OID) {
		uint8_t ber[OID_BER_MAX];

		if (!oid_text_enc(octets, ber, &oid_len))
			return false;
		memcpy(out, ber, oid_len);
		octets.len = oid_len;
	} else if (t->tag == SNMP_IPADDRESS) {
		uint8_t four[4];

		if (!address_dec(octets, coding != '\0', four))
			return false;
		memcpy(out, four, 4);
		octets.len = 4;
	}
	rec->value_len = (uint16_t)octets.len;
	r->used += octets.len;
	return true;
}

static const struct tag *tag_find(struct field f, char *coding)
{
	unsigned n = 0;

	*coding = '\0';
	if (f.len > 1 && (f.at[f.len - 1] == 'x' || f.at[f.len - 1] == 'e'))
		*coding = f.at[--f.len];
	if (f.len == 0 || f.len > 3)
		return NULL;
	for (size_t i = 0; i < f.len; i++) {
		if (!isdigit((unsigned char)f.at[i]))
			return NULL;
		n = n * 10 + (unsigned)(f.at[i] - '0');
	}
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tags[i].tag == n)
			return &tags[i];
	return NULL;
}

static void line_parse(struct recording *r, struct field line, unsigned *room)
{
	const char *bar = memchr(line.at, '|', line.len), *bar2 = NULL, *end = line.at + line.len;
	struct record rec = { .line = r->lines };
	size_t used = r->used, name_len = 0;
	const struct tag *t;
	struct field tag;
	char coding;

	if (bar)
		bar2 = memchr(bar + 1, '|', (size_t)(end - bar - 1));
	if (!bar2) {
		r->broken++;
		return;
	}
	tag = (struct field){ bar + 1, (size_t)(bar2 - bar - 1) };
	if (memchr(tag.at, ':', tag.len)) {
		r->variations++;
		return;
	}
	t = tag_find(tag, &coding);
	bytes_room(r, OID_BER_MAX);
	if (!t || !oid_text_enc((struct field){ line.at, (size_t)(bar - line.at) }, r->bytes + r->used, &name_len)) {
		r->broken++;
		return;
	}
	rec.type = t->tag;
	rec.name_at = (uint32_t)r->used;
	rec.name_len = (uint16_t)name_len;
	r->used += name_len;
	if (!value_dec(r, &rec, t, coding, (struct field){ bar2 + 1, (size_t)(end - bar2 - 1) })) {
		r->used = used;
		r->broken++;
		return;
	}
	if (r->count == *room) {
		*room = *room ? *room * 2 : 256;
		r->record = must_realloc(r->record, *room * sizeof(rec));
	}
	r->record[r->count++] = rec;
}

const uint8_t *record_name(const struct recording *r, unsigned at)
{
	return r->bytes + r->record[at].name_at;
}

static int record_compare(const void *pa, const void *pb, void *arg)
{
	const struct recording *r = arg;
	const struct record *a = pa, *b = pb;
	int c = oid_ber_compare(r->bytes + a->name_at, a->name_len, r->bytes + b->name_at, b->name_len);

	return c ? c : (a->line > b->line) - (a->line < b->line);
}

/* Sort; keep the first of equal names. */
static void records_order(struct recording *r)
{
	unsigned kept = 0;

	if (r->count == 0)
		return;
	qsort_r(r->record, r->count, sizeof(*r->record), record_compare, r);
	for (unsigned i = 1; i < r->count; i++) {
		const struct record *a = &r->record[kept], *b = &r->record[i];

		if (oid_ber_compare(r->bytes + a->name_at, a->name_len, r->bytes + b->name_at, b->name_len) == 0)
			r->duplicates++;
		else
			r->record[++kept] = *b;
	}
	r->count = kept + 1;
}

struct recording *recording_parse(const char *text, size_t len_octets)
{
	struct recording *r = must_alloc(sizeof(*r));
	const char *at = text, *end = text + len_octets;
	unsigned room = 0;

	while (at < end) {
		const char *eol = memchr(at, '\n', (size_t)(end - at));
		struct field line = { at, (size_t)((eol ? eol : end) - at) };

		at = eol ? eol + 1 : end;
		r->lines++;
		while (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (line.len == 0 || line.at[0] == '#')
			r->comments++;
		else
			line_parse(r, line, &room);
	}
	records_order(r);
	return r;
}

struct recording *recording_load(const char *path, struct err *err)
{
	FILE *f = fopen(path, "r");
	struct recording *r = NULL;
	char *text = NULL;
	size_t len = 0, size = 0, n = 0;

	if (!f) {
		err_set(err, FW_IO, "cannot open '%s': %s", path, err_errno());
		return NULL;
	}
	do {
		len += n;
		if (size - len < 65536)
			text = must_realloc(text, size += size + 131072);
		n = fread(text + len, 1, size - len, f);
	} while (n > 0 && len < RECORDING_MOST);
	if (ferror(f)) {
		err_set(err, FW_IO, "cannot read '%s': %s", path, err_errno());
	} else if (len >= RECORDING_MOST) {
		err_set(err, FW_RANGE, "'%s' is longer than %d MiB", path, RECORDING_MOST >> 20);
	} else {
		r = recording_parse(text, len);
		r->path = must_strdup(path);
	}
	fclose(f);
	free(text);
	return r;
}

void recording_free(struct recording *r)
{
	if (!r)
		return;
	free(r->path);
	free(r->bytes);
	free(r->record);
	free(r);
}

unsigned recording_seek(const struct recording *r, const uint8_t *name, size_t len, bool after)
{
	unsigned low = 0, high = r->count;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		int c = oid_ber_compare(record_name(r, mid), r->record[mid].name_len, name, len);

		if (c < 0 || (after && c == 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
