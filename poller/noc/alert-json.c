/* poller/noc/alert-json.c: an alert as JSON and back, exactly, for the ledger's file.
 *
 * A table says which field is what. Text that is no UTF-8 is kept as {"octets":"hex"}, since JSON cannot hold it. What
 * is read is not trusted: a file may be damaged. Keys that are not known are ignored, missing ones are 0 or empty.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "noc.h"

enum field_type { FIELD_U64, FIELD_U32, FIELD_WALL, FIELD_TEXT, FIELD_ENUM };

struct field { const char *key; enum field_type type; size_t at, size; unsigned below; };

#define FIELD(record, member, kind, most) \
	{ #member, kind, offsetof(struct record, member), sizeof(((struct record *)0)->member), most }

static const struct field alert_fields[] = {
	FIELD(alert, number, FIELD_U64, 0),
	FIELD(alert, sequence, FIELD_U64, 0),
	FIELD(alert, key, FIELD_TEXT, 0),
	FIELD(alert, kind, FIELD_ENUM, ALERT_KINDS),
	FIELD(alert, kinds, FIELD_U32, 0),
	FIELD(alert, severity, FIELD_ENUM, SEVERITIES),
	FIELD(alert, transition, FIELD_ENUM, TRANSITIONS),
	FIELD(alert, state, FIELD_ENUM, STATES),
	FIELD(alert, raised, FIELD_WALL, 0),
	FIELD(alert, changed, FIELD_WALL, 0),
	FIELD(alert, cleared, FIELD_WALL, 0),
	FIELD(alert, since, FIELD_WALL, 0),
	FIELD(alert, since_after, FIELD_WALL, 0),
	FIELD(alert, cause, FIELD_TEXT, 0),
	FIELD(alert, left, FIELD_TEXT, 0),
	FIELD(alert, next, FIELD_TEXT, 0),
	FIELD(alert, first_do, FIELD_TEXT, 0),
	FIELD(alert, touched_more, FIELD_U32, 0),
	FIELD(alert, points_more, FIELD_U32, 0),
	FIELD(alert, accepted, FIELD_U32, 0),
	FIELD(alert, quiet, FIELD_U32, 0),
};

static const struct field touched_fields[] = {
	FIELD(touched, service, FIELD_TEXT, 0),
	FIELD(touched, quality_before, FIELD_ENUM, STATES),
	FIELD(touched, quality_now, FIELD_ENUM, STATES),
	FIELD(touched, lose_before, FIELD_U32, 0),
	FIELD(touched, lose_now, FIELD_U32, 0),
	FIELD(touched, built_for, FIELD_U32, 0),
	FIELD(touched, planned, FIELD_U32, 0),
	FIELD(touched, others, FIELD_U32, 0),
	FIELD(touched, coming_quality, FIELD_ENUM, STATES),
	FIELD(touched, coming_at, FIELD_WALL, 0),
};

enum { ALERT_FIELDS = sizeof(alert_fields) / sizeof(*alert_fields) };
enum { TOUCHED_FIELDS = sizeof(touched_fields) / sizeof(*touched_fields) };

/* ---- to JSON ---------------------------------------------------------------------------------------------------- */

static json_t *text_enc(const char *s)
{
	size_t len = strlen(s);
	char *hex;
	json_t *j;

	if (text_is_utf8(s, len))
		return json_stringn(s, len);
	hex = must_alloc(2 * len + 1);
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)s[i]);
	j = json_pack("{s:s}", "octets", hex);
	free(hex);
	return j;
}

static json_t *field_enc(const struct field *f, const uint8_t *record)
{
	const void *at = record + f->at;
	uint64_t u64;
	uint32_t u32;
	struct wall t;

	switch (f->type) {
	case FIELD_U64:
		memcpy(&u64, at, sizeof(u64));
		return json_integer((json_int_t)u64);
	case FIELD_WALL:
		memcpy(&t, at, sizeof(t));
		return json_integer(t.us);
	case FIELD_U32:
	case FIELD_ENUM:
		memcpy(&u32, at, sizeof(u32));
		return json_integer(u32);
	case FIELD_TEXT:
		return text_enc(at);
	}
	return NULL;
}

static json_t *record_enc(const struct field *f, size_t n, const void *record)
{
	json_t *j = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(j, f[i].key, field_enc(&f[i], record));
	return j;
}

char *alert_encode(const struct alert *a)
{
	json_t *j = record_enc(alert_fields, ALERT_FIELDS, a), *touched = json_array(), *points = json_array();
	char *text;

	for (uint32_t i = 0; i < a->touched_count; i++)
		json_array_append_new(touched, record_enc(touched_fields, TOUCHED_FIELDS, &a->touched[i]));
	for (uint32_t i = 0; i < a->points_count; i++)
		json_array_append_new(points, text_enc(a->points[i]));
	json_object_set_new(j, "touched", touched);
	json_object_set_new(j, "points", points);
	text = json_dumps(j, JSON_COMPACT);
	must(text != NULL);
	json_decref(j);
	return text;
}

/* ---- and back --------------------------------------------------------------------------------------------------- */

static bool hex_dec(const char *hex, char *buf, size_t size_octets)
{
	size_t len = strlen(hex) / 2;

	if (len >= size_octets || strlen(hex) % 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 }, *end;

		buf[i] = (char)strtoul(pair, &end, 16);
		if (*end || buf[i] == 0)
			return false;
	}
	buf[len] = 0;
	return true;
}

static bool text_dec(const json_t *j, char *buf, size_t size_octets)
{
	const char *s = json_string_value(j);

	if (!s && json_is_object(j)) {
		s = json_string_value(json_object_get(j, "octets"));
		return s && hex_dec(s, buf, size_octets);
	}
	return s && json_string_length(j) == strlen(s) && text_copy(buf, size_octets, s);
}

static bool field_dec(const struct field *f, const json_t *j, uint8_t *record)
{
	json_int_t n = json_integer_value(j);
	uint64_t u64 = (uint64_t)n;
	uint32_t u32 = (uint32_t)n;
	struct wall t = { n };

	if (!j)
		return true;
	if (f->type == FIELD_TEXT)
		return text_dec(j, (char *)record + f->at, f->size);
	if (!json_is_integer(j))
		return false;
	if (f->type == FIELD_U64)
		memcpy(record + f->at, &u64, sizeof(u64));
	else if (f->type == FIELD_WALL)
		memcpy(record + f->at, &t, sizeof(t));
	else if (n < 0 || n > UINT32_MAX || (f->type == FIELD_ENUM && u32 >= f->below))
		return false;
	else
		memcpy(record + f->at, &u32, sizeof(u32));
	return true;
}

static bool record_dec(const struct field *f, size_t n, const json_t *j, void *record)
{
	if (!json_is_object(j))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!field_dec(&f[i], json_object_get(j, f[i].key), record))
			return false;
	return true;
}

static bool lists_dec(const json_t *j, struct alert *a)
{
	const json_t *touched = json_object_get(j, "touched"), *points = json_object_get(j, "points");

	if (json_array_size(touched) > TOUCHED_MAX || json_array_size(points) > POINTS_MAX)
		return false;
	a->touched_count = (uint32_t)json_array_size(touched);
	a->points_count = (uint32_t)json_array_size(points);
	for (uint32_t i = 0; i < a->touched_count; i++)
		if (!record_dec(touched_fields, TOUCHED_FIELDS, json_array_get(touched, i), &a->touched[i]))
			return false;
	for (uint32_t i = 0; i < a->points_count; i++)
		if (!text_dec(json_array_get(points, i), a->points[i], sizeof(a->points[i])))
			return false;
	return true;
}

bool alert_decode(const char *json, size_t len_octets, struct alert *a)
{
	json_t *j = json_loadb(json, len_octets, 0, NULL);
	bool good;

	memset(a, 0, sizeof(*a));
	good = j && record_dec(alert_fields, ALERT_FIELDS, j, a) && lists_dec(j, a) && a->key[0] && a->number;
	json_decref(j);
	return good;
}
