/* t/sim/device.c: the descriptions of devices, and finding a device by its address.
 *
 *   127.16.0.1-127.16.0.2  kind=switch ports=48 psu=2 name=core#
 *
 * One line is one model and any number of devices at neighbouring addresses. README lists the keys.
 */
#include "sim.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "poller/base/text.h"

/* ---- kinds and keys ---------------------------------------------------------------------------------------------- */

static const struct model kinds[] = {
	{ .kind = "switch", .ifname = "Gi0/", .ports = 24, .psus = 2, .fans = 2, .sensors = 2, .speed_mbps = 1000 },
	{ .kind = "router", .ifname = "Te0/0/", .ports = 4, .psus = 2, .fans = 2, .sensors = 2, .speed_mbps = 10000 },
	{ .kind = "server", .ifname = "eth", .ports = 2, .cpus = 4, .disks = 2, .memory_octets = 16ull << 30,
	  .disk_octets = 100ull << 30, .speed_mbps = 10000, .power = POWER_SENSOR },
	{ .kind = "recording" },
};

enum key_type { KEY_TEXT, KEY_NUMBER, KEY_SIZE, KEY_WORD };

static const char *const power_words[] = { "fru", "sensor", "state", NULL };
static const char *const truth_words[] = { "no", "yes", NULL };

static const struct key {
	const char *name;
	enum key_type type;
	size_t at;
	uint64_t least, most;		/* KEY_TEXT: most is the room */
	const char *const *words;
} keys[] = {
#define ROOM(field) offsetof(struct model, field), 0, sizeof(((struct model *)0)->field)
	{ "kind", KEY_TEXT, ROOM(kind), NULL },
	{ "name", KEY_TEXT, ROOM(name), NULL },
	{ "community", KEY_TEXT, ROOM(community), NULL },
	{ "descr", KEY_TEXT, ROOM(descr), NULL },
	{ "location", KEY_TEXT, ROOM(location), NULL },
	{ "ifname", KEY_TEXT, ROOM(ifname), NULL },
	{ "file", KEY_TEXT, ROOM(file), NULL },
	{ "ports", KEY_NUMBER, offsetof(struct model, ports), 0, SIM_PORTS_MOST, NULL },
	{ "psu", KEY_NUMBER, offsetof(struct model, psus), 0, SIM_UNITS_MOST, NULL },
	{ "fan", KEY_NUMBER, offsetof(struct model, fans), 0, SIM_UNITS_MOST, NULL },
	{ "sensors", KEY_NUMBER, offsetof(struct model, sensors), 0, 1000, NULL },
	{ "cpu", KEY_NUMBER, offsetof(struct model, cpus), 0, 1024, NULL },
	{ "disks", KEY_NUMBER, offsetof(struct model, disks), 0, 1000, NULL },
	{ "memory", KEY_SIZE, offsetof(struct model, memory_octets), 0, 1ull << 50, NULL },
	{ "disk", KEY_SIZE, offsetof(struct model, disk_octets), 1 << 20, 1ull << 50, NULL },
	{ "speed", KEY_NUMBER, offsetof(struct model, speed_mbps), 1, 4000000, NULL },
	{ "mtu", KEY_NUMBER, offsetof(struct model, mtu), 68, 65535, NULL },
	{ "first-index", KEY_NUMBER, offsetof(struct model, first_index), 1, 2000000000, NULL },
	{ "size", KEY_NUMBER, offsetof(struct model, size_most), 484, SNMP_PACKET_MAX, NULL },
	{ "bulk", KEY_NUMBER, offsetof(struct model, bulk_most), 484, SNMP_PACKET_MAX, NULL },
	{ "uptime", KEY_NUMBER, offsetof(struct model, uptime_s), 0, 42949672, NULL },
	{ "user", KEY_TEXT, ROOM(user), NULL },
	{ "auth", KEY_TEXT, ROOM(auth), NULL },
	{ "auth-password", KEY_TEXT, ROOM(auth_password), NULL },
	{ "priv", KEY_TEXT, ROOM(priv), NULL },
	{ "priv-password", KEY_TEXT, ROOM(priv_password), NULL },
	{ "context", KEY_TEXT, ROOM(context), NULL },
	{ "engine-id", KEY_TEXT, ROOM(engine_id_hex), NULL },
	{ "boots", KEY_NUMBER, offsetof(struct model, boots), 0, USM_BOOTS_LATCHED, NULL },
	{ "hc", KEY_WORD, offsetof(struct model, hc), 0, 0, truth_words },
	{ "live", KEY_WORD, offsetof(struct model, live), 0, 0, truth_words },
	{ "power", KEY_WORD, offsetof(struct model, power), 0, 0, power_words },
};

static bool number_parse(const char *text, bool size, uint64_t *n)
{
	static const char suffix[] = "KMGT";
	const char *p;
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	if (errno || !isdigit((unsigned char)text[0]))
		return false;
	if (size && *end && (p = strchr(suffix, *end))) {
		unsigned shift = 10 * (unsigned)(p - suffix + 1);

		if (*n > UINT64_MAX >> shift)
			return false;
		*n <<= shift;
		end++;
	}
	return *end == '\0';
}

static enum fw_err word_set(uint64_t *to, const struct key *k, const char *value, struct err *err)
{
	for (unsigned i = 0; k->words[i]; i++) {
		if (strcmp(k->words[i], value) == 0) {
			*to = i;
			return FW_OK;
		}
	}
	return err_set(err, FW_MISTAKE, "%s=%s: should be %s, %s%s%s", k->name, value, k->words[0], k->words[1],
		       k->words[2] ? " or " : "", k->words[2] ? k->words[2] : "");
}

static enum fw_err key_set(struct model *m, const char *name, const char *value, struct err *err)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct key *k = &keys[i];
		void *to = (char *)m + k->at;
		uint64_t n;

		if (strcmp(k->name, name) != 0)
			continue;
		if (k->type == KEY_TEXT) {
			if (!text_copy(to, k->most, value))
				return err_set(err, FW_MISTAKE, "%s: at most %d octets", name, (int)k->most - 1);
			return FW_OK;
		}
		if (k->type == KEY_WORD)
			return word_set(to, k, value, err);
		if (!number_parse(value, k->type == KEY_SIZE, &n) || n < k->least || n > k->most)
			return err_set(err, FW_MISTAKE, "%s=%s: should be a number from %llu to %llu", name, value,
				       (unsigned long long)k->least, (unsigned long long)k->most);
		memcpy(to, &n, sizeof(n));
		return FW_OK;
	}
	return err_set(err, FW_MISTAKE, "no such key '%s'", name);
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

static bool v4_parse(const char *text, uint32_t *a)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*a = ntohl(in.s_addr);
	return true;
}

bool addresses_parse(const char *text, struct span_v4 *span)
{
	char first[64];
	size_t len = strcspn(text, "-+/");
	const char *rest = text + len;
	uint64_t n;

	*span = (struct span_v4){ 0 };
	if (inet_pton(AF_INET6, text, &span->a6) == 1)
		return span->v6 = true;
	if (len >= sizeof(first))
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	if (!v4_parse(first, &span->first))
		return false;
	span->last = span->first;
	if (*rest == '-')
		return v4_parse(rest + 1, &span->last) && span->last >= span->first;
	if (*rest == '\0')
		return true;
	if (!number_parse(rest + 1, false, &n))
		return false;
	if (*rest == '+') {
		span->last = (uint32_t)(span->first + n - 1);
		return n >= 1 && n <= UINT32_MAX && span->last >= span->first;
	}
	if (n < 8 || n > 32)
		return false;
	span->first &= (uint32_t)(UINT64_MAX << (32 - n));
	span->last = span->first | (uint32_t)((1ull << (32 - n)) - 1);
	return true;
}

/* ---- describing -------------------------------------------------------------------------------------------------- */

static void rows_add(struct model *m, enum rows set, uint32_t first, uint64_t count)
{
	struct rowset *s = &m->rows[set];

	for (size_t i = 0; count > 0 && i < sizeof(s->range) / sizeof(s->range[0]); i++) {
		if (s->range[i].count > 0)
			continue;
		s->range[i] = (struct range){ first, (uint32_t)count };
		s->total += (uint32_t)count;
		return;
	}
}

static void model_rows(struct model *m)
{
	bool host = m->cpus > 0 || m->memory_octets > 0;

	rows_add(m, ROWS_ONE, 0, 1);
	rows_add(m, ROWS_PORT_ONE, 0, m->ports > 0);
	rows_add(m, ROWS_PORT, (uint32_t)m->first_index, m->ports);
	rows_add(m, ROWS_HOST_ONE, 0, host);
	rows_add(m, ROWS_CPU, 196608, m->cpus);
	rows_add(m, ROWS_STORAGE, 1, m->memory_octets > 0);
	rows_add(m, ROWS_STORAGE, 10, m->memory_octets > 0);
	rows_add(m, ROWS_STORAGE, 31, m->memory_octets > 0 ? m->disks : 0);
	rows_add(m, ROWS_UCD_ONE, 0, m->memory_octets > 0);
	rows_add(m, ROWS_LOAD, 1, m->cpus > 0 ? 3 : 0);
	rows_add(m, ROWS_CPU_ONE, 0, m->cpus > 0);
	rows_add(m, ROWS_ENTITY_ONE, 0, m->psus + m->fans + m->sensors > 0);
	rows_add(m, ROWS_ENTITY, ENTITY_CHASSIS, m->psus + m->fans + m->sensors > 0);
	rows_add(m, ROWS_ENTITY, ENTITY_PSU, m->psus);
	rows_add(m, ROWS_ENTITY, ENTITY_PSU_SENSOR, m->power == POWER_SENSOR ? m->psus : 0);
	rows_add(m, ROWS_ENTITY, ENTITY_FAN, m->fans);
	rows_add(m, ROWS_ENTITY, ENTITY_SENSOR, m->sensors);
	rows_add(m, ROWS_SENSOR, ENTITY_PSU_SENSOR, m->power == POWER_SENSOR ? m->psus : 0);
	rows_add(m, ROWS_SENSOR, ENTITY_SENSOR, m->sensors);
	rows_add(m, ROWS_FRU, ENTITY_PSU, m->power == POWER_FRU ? m->psus : 0);
	rows_add(m, ROWS_FAN, ENTITY_FAN, m->power == POWER_FRU ? m->fans : 0);
	rows_add(m, ROWS_STATE, ENTITY_PSU, m->power == POWER_STATE ? m->psus : 0);
	rows_add(m, ROWS_STATE, ENTITY_FAN, m->power == POWER_STATE ? m->fans : 0);
}

/* A recording is read once, however many devices have it. */
static enum fw_err model_recording(struct sim *s, struct model *m, const char *folder, struct err *err)
{
	const char *path = m->file[0] == '/' || !folder ? m->file : arena_printf(&s->arena, "%s/%s", folder, m->file);
	struct recording *r;

	if (!m->file[0])
		return err_set(err, FW_MISTAKE, "kind=recording needs file=PATH");
	for (r = s->recordings; r; r = r->next)
		if (strcmp(r->path, path) == 0)
			break;
	if (!r) {
		r = recording_load(path, err);
		if (!r)
			return FW_IO;
		r->next = s->recordings;
		s->recordings = r;
	}
	m->recording = r;
	return FW_OK;
}

/* The next word of a line; "..." may hold blanks. NULL at its end or at '#'. */
static char *word_next(char **at)
{
	char *p = *at, *to, *word;
	bool quoted = false;

	while (isspace((unsigned char)*p))
		p++;
	if (*p == '\0' || *p == '#')
		return NULL;
	for (word = to = p; *p && (quoted || !isspace((unsigned char)*p)); p++) {
		if (*p == '"')
			quoted = !quoted;
		else
			*to++ = *p;
	}
	*at = *p ? p + 1 : p;
	*to = '\0';
	return word;
}

static const struct model *kind_find(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return &kinds[i];
	return NULL;
}

/* Keys may stand in any order, so the kind is looked for first. */
static enum fw_err model_parse(struct model *m, char **word, unsigned count, struct err *err)
{
	const struct model *kind = NULL;

	for (unsigned i = 0; i < count; i++) {
		if (strncmp(word[i], "kind=", 5) != 0)
			continue;
		kind = kind_find(word[i] + 5);
		if (!kind)
			return err_set(err, FW_MISTAKE, "%s: should be switch, router, server or recording", word[i]);
	}
	if (!kind)
		return err_set(err, FW_MISTAKE, "no kind: should be kind=switch, router, server or recording");
	*m = *kind;
	m->size_most = SNMP_PACKET_MAX;
	m->bulk_most = 1472;
	m->hc = m->first_index = m->boots = 1;
	m->mtu = 1500;
	text_copy(m->community, sizeof(m->community), "public");
	for (unsigned i = 0; i < count; i++) {
		char *eq = strchr(word[i], '=');
		enum fw_err e;

		if (!eq)
			return err_set(err, FW_MISTAKE, "'%s': should be key=value", word[i]);
		*eq = '\0';
		e = key_set(m, word[i], eq + 1, err);
		if (e != FW_OK)
			return e;
	}
	if (m->name[0] == '\0')
		snprintf(m->name, sizeof(m->name), "%s#", m->kind);
	return v3_describe(m, err);
}

static uint32_t device_number(const struct span_v4 *span, uint32_t nth)
{
	const uint8_t *o = span->a6.s6_addr;

	return span->v6 ? o[13] * 65536u + o[14] * 256u + o[15] : (span->first + nth) & 0xffffff;
}

static void block_add(struct sim *s, const struct span_v4 *span, struct model *m)
{
	uint32_t count = span->last - span->first + 1;
	struct block *b;

	s->block = must_realloc(s->block, (s->block_count + 1) * sizeof(*b));
	b = &s->block[s->block_count++];
	*b = (struct block){ .first = span->first, .count = count, .v6 = span->v6, .first6 = span->a6 };
	b->device = must_alloc(count * sizeof(*b->device));
	s->device_count += count;
	for (uint32_t i = 0; i < count; i++) {
		struct device *d = &b->device[i];

		d->model = m;
		d->number = device_number(span, i);
		d->nth = i + 1;
		d->uptime_us = (int64_t)m->uptime_s * 1000000;
	}
}

enum fw_err device_describe(struct sim *s, const char *line, const char *folder, struct err *err)
{
	char *at = arena_strdup(&s->arena, line), *addresses = word_next(&at), *word[32];
	struct span_v4 span;
	struct model *m;
	unsigned count = 0;
	enum fw_err e;

	if (!addresses)
		return FW_OK;
	if (!addresses_parse(addresses, &span))
		return err_set(err, FW_MISTAKE, "'%s': should be A.B.C.D, FIRST-LAST, FIRST+COUNT, FIRST/8..32 "
			       "or an IPv6 address", addresses);
	if ((uint64_t)s->device_count + (span.last - span.first) + 1 > SIM_DEVICES_MOST)
		return err_set(err, FW_MISTAKE, "'%s': more than %d devices in all", addresses, SIM_DEVICES_MOST);
	while (count < 32 && (word[count] = word_next(&at)))
		count++;
	m = arena_alloc(&s->arena, sizeof(*m));
	e = model_parse(m, word, count, err);
	if (e != FW_OK)
		return e;
	if (strcmp(m->kind, "recording") == 0) {
		e = model_recording(s, m, folder, err);
		if (e != FW_OK)
			return e;
	} else {
		model_rows(m);
	}
	m->next = s->models;
	s->models = m;
	block_add(s, &span, m);
	return FW_OK;
}

unsigned device_describe_file(struct sim *s, const char *path, FILE *to)
{
	FILE *f = fopen(path, "r");
	char line[1024], *slash, *folder = arena_strdup(&s->arena, path);
	unsigned mistakes = 0, number = 0;
	struct err err;

	if (!f) {
		fprintf(to, "simnet: cannot open '%s': %s\n", path, err_errno());
		return 1;
	}
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	while (fgets(line, sizeof(line), f)) {
		number++;
		if (!strchr(line, '\n') && !feof(f)) {
			fprintf(to, "%s:%u: line is longer than %zu octets\n", path, number, sizeof(line) - 2);
			mistakes++;
			break;
		}
		if (device_describe(s, line, slash ? folder : NULL, &err) != FW_OK) {
			fprintf(to, "%s:%u: %s\n", path, number, err.text);
			mistakes++;
		}
	}
	fclose(f);
	return mistakes;
}

/* ---- finding ----------------------------------------------------------------------------------------------------- */

static int block_compare(const void *pa, const void *pb)
{
	const struct block *a = pa, *b = pb;

	if (a->v6 != b->v6)
		return a->v6 ? 1 : -1;
	if (a->v6)
		return memcmp(&a->first6, &b->first6, sizeof(a->first6));
	return (a->first > b->first) - (a->first < b->first);
}

enum fw_err device_index(struct sim *s, struct err *err)
{
	if (s->block_count == 0)
		return err_set(err, FW_MISTAKE, "no devices: name a file of descriptions, or use "
			       "--device 'ADDRESSES kind=...'");
	qsort(s->block, s->block_count, sizeof(*s->block), block_compare);
	for (unsigned i = 1; i < s->block_count; i++) {
		const struct block *a = &s->block[i - 1], *b = &s->block[i];
		struct in_addr in = { htonl(b->first) };
		char text[INET6_ADDRSTRLEN];

		if (a->v6 != b->v6 || (!a->v6 && b->first - a->first >= a->count))
			continue;
		if (a->v6 && block_compare(a, b) != 0)
			continue;
		inet_ntop(b->v6 ? AF_INET6 : AF_INET, b->v6 ? (const void *)&b->first6 : (const void *)&in,
			  text, sizeof(text));
		return err_set(err, FW_MISTAKE, "%s is described twice", text);
	}
	return FW_OK;
}

struct device *device_find(const struct sim *s, uint32_t v4)
{
	unsigned low = 0, high = s->block_count;

	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		const struct block *b = &s->block[mid];

		if (b->v6 || v4 < b->first)
			high = mid;
		else if (v4 - b->first < b->count)
			return &b->device[v4 - b->first];
		else
			low = mid + 1;
	}
	return NULL;
}

struct device *device_find6(const struct sim *s, const struct in6_addr *a)
{
	for (unsigned i = s->block_count; i-- > 0 && s->block[i].v6; )
		if (memcmp(&s->block[i].first6, a, sizeof(*a)) == 0)
			return s->block[i].device;
	return NULL;
}
