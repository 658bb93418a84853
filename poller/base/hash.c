/* poller/base/hash.c: hashing, unpredictable numbers, and a map from names to numbers. See hash.h.
 *
 * FNV-1a: draft-eastlake-fnv; SipHash: Aumasson and Bernstein, 2012; the distance between names is Damerau's,
 * "optimal string alignment" form (a pair is swapped at most once).
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "err.h"
#include "hash.h"

/* The key of this process: written once, before its first use. */
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static uint64_t key[2];

uint64_t hash_stable(const void *p, size_t len_octets)
{
	const uint8_t *at = p;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len_octets; i++)
		h = (h ^ at[i]) * UINT64_C(0x100000001b3);
	return h;
}

static void random_fill(void *p, size_t len)
{
	uint8_t *at = p;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		must(n > 0 || errno == EINTR);
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
}

static void key_make(void)
{
	random_fill(key, sizeof(key));
}

static uint64_t rotl(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static uint64_t u64le(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint64_t hash_keyed(const void *p, size_t len_octets)
{
	const uint8_t *at = p;
	uint64_t v[4], word;
	size_t left = len_octets;

	pthread_once(&key_once, key_make);
	v[0] = key[0] ^ UINT64_C(0x736f6d6570736575);
	v[1] = key[1] ^ UINT64_C(0x646f72616e646f6d);
	v[2] = key[0] ^ UINT64_C(0x6c7967656e657261);
	v[3] = key[1] ^ UINT64_C(0x7465646279746573);
	for (; left >= 8; left -= 8, at += 8) {
		word = u64le(at, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = u64le(at, left) | (uint64_t)len_octets << 56;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The CRC of an octet is linear in its bits, so eight constants make a row of 256; row k is for an octet that stands
 * k places before the end of a word of four ("slicing by 4"). */
#define CRC_OF(i, a, b, c, d, e, f, g, h)							\
	(((i) & 1 ? (a) : 0) ^ ((i) & 2 ? (b) : 0) ^ ((i) & 4 ? (c) : 0) ^ ((i) & 8 ? (d) : 0) ^	\
	 ((i) & 16 ? (e) : 0) ^ ((i) & 32 ? (f) : 0) ^ ((i) & 64 ? (g) : 0) ^ ((i) & 128 ? (h) : 0))
#define CRC_4(i, ...) \
	CRC_OF(i, __VA_ARGS__), CRC_OF((i) + 1, __VA_ARGS__), CRC_OF((i) + 2, __VA_ARGS__), CRC_OF((i) + 3, __VA_ARGS__)
#define CRC_16(i, ...) \
	CRC_4(i, __VA_ARGS__), CRC_4((i) + 4, __VA_ARGS__), CRC_4((i) + 8, __VA_ARGS__), CRC_4((i) + 12, __VA_ARGS__)
#define CRC_64(i, ...) \
	CRC_16(i, __VA_ARGS__), CRC_16((i) + 16, __VA_ARGS__),	\
	CRC_16((i) + 32, __VA_ARGS__), CRC_16((i) + 48, __VA_ARGS__)
#define CRC_ROW(...) \
	{ CRC_64(0, __VA_ARGS__), CRC_64(64, __VA_ARGS__), CRC_64(128, __VA_ARGS__), CRC_64(192, __VA_ARGS__) }

static const uint32_t crc_row[4][256] = {
	CRC_ROW(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190, 0xedb88320),
	CRC_ROW(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05, 0x3b83984b),
	CRC_ROW(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0, 0xe1351b80),
	CRC_ROW(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d, 0xed59b63b),
};

uint32_t hash_crc32(uint32_t crc, const void *p, size_t len_octets)
{
	const uint8_t *at = p;

	crc = ~crc;
	for (; len_octets >= 4; len_octets -= 4, at += 4) {
		crc ^= (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
		crc = crc_row[3][crc & 0xff] ^ crc_row[2][crc >> 8 & 0xff] ^ crc_row[1][crc >> 16 & 0xff] ^
		      crc_row[0][crc >> 24];
	}
	while (len_octets-- > 0)
		crc = crc_row[0][(crc ^ *at++) & 0xff] ^ crc >> 8;
	return ~crc;
}

uint32_t random_u32(void)
{
	static _Thread_local uint32_t block[64];
	static _Thread_local unsigned left;

	if (left == 0) {
		random_fill(block, sizeof(block));
		left = sizeof(block) / sizeof(block[0]);
	}
	return block[--left];
}

/* Open addressing with linear probing; a removal moves later slots back, so there are no tombstones. */
struct names_slot {
	const char *name;	/* NULL: free */
	uint32_t hash, value;
};

enum { NAMES_SIZE_LEAST = 16 };

static uint32_t name_hash(const char *name)
{
	return (uint32_t)hash_keyed(name, strlen(name));
}

/* The slot of 'name', or the free one where it would go. There is always a free one. */
static struct names_slot *names_slot(const struct names *m, const char *name, uint32_t hash)
{
	uint32_t i = hash & (m->size - 1);

	while (m->slots[i].name && (m->slots[i].hash != hash || strcmp(m->slots[i].name, name) != 0))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static void names_grow(struct names *m)
{
	struct names old = *m;

	must(old.size <= UINT32_MAX / 4);
	m->size = old.size ? old.size * 2 : NAMES_SIZE_LEAST;
	m->slots = must_alloc(m->size * sizeof(*m->slots));
	for (uint32_t i = 0; i < old.size; i++)
		if (old.slots[i].name)
			*names_slot(m, old.slots[i].name, old.slots[i].hash) = old.slots[i];
	free(old.slots);
}

uint32_t names_find(const struct names *m, const char *name)
{
	const struct names_slot *s;

	if (m->used == 0)
		return NAMES_NONE;
	s = names_slot(m, name, name_hash(name));
	return s->name ? s->value : (uint32_t)NAMES_NONE;
}

/* Whether it was there; '*slot' is then its slot, else a new one with 'value'. */
static bool names_enter(struct names *m, const char *name, uint32_t value, struct names_slot **slot)
{
	uint32_t hash = name_hash(name);

	if (m->used + 1 > m->size / 4 * 3)
		names_grow(m);
	*slot = names_slot(m, name, hash);
	if ((*slot)->name)
		return true;
	**slot = (struct names_slot){ .name = name, .hash = hash, .value = value };
	m->used++;
	return false;
}

uint32_t names_put(struct names *m, const char *name, uint32_t value)
{
	struct names_slot *s;

	return names_enter(m, name, value, &s) ? s->value : (uint32_t)NAMES_NONE;
}

void names_set(struct names *m, const char *name, uint32_t value)
{
	struct names_slot *s;

	if (names_enter(m, name, value, &s)) {
		s->name = name;		/* the old one may go with its owner */
		s->value = value;
	}
}

void names_remove(struct names *m, const char *name)
{
	uint32_t mask = m->size - 1, hole, i;
	struct names_slot *s;

	if (m->used == 0)
		return;
	s = names_slot(m, name, name_hash(name));
	if (!s->name)
		return;
	hole = (uint32_t)(s - m->slots);
	for (i = (hole + 1) & mask; m->slots[i].name; i = (i + 1) & mask) {
		uint32_t home = m->slots[i].hash & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;	/* its home lies behind the hole */
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole] = (struct names_slot){ 0 };
	m->used--;
}

enum { NEAR_LEN_MOST = 128 };	/* longer names are not compared */

static unsigned least3(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* One row of the table of distances: a[0..i] against every b[0..j], from the two rows before. Returns its least. */
static unsigned distance_row(const char *a, size_t i, const char *b, size_t blen, unsigned row[3][NEAR_LEN_MOST + 1])
{
	unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
	unsigned least = now[0] = (unsigned)i;

	for (size_t j = 1; j <= blen; j++) {
		now[j] = least3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
			now[j] = before[j - 2] + 1;
		if (now[j] < least)
			least = now[j];
	}
	return least;
}

/* Edits from 'a' to 'b', or more than 'most' when there are more. A difference in case alone is one edit. */
static unsigned distance(const char *a, size_t alen, const char *b, unsigned most)
{
	unsigned row[3][NEAR_LEN_MOST + 1], least = 0, least_before;
	size_t blen = strnlen(b, NEAR_LEN_MOST + 1);

	if (blen > NEAR_LEN_MOST || blen > alen + most || alen > blen + most)
		return most + 1;
	if (strcasecmp(a, b) == 0)
		return strcmp(a, b) != 0;
	for (unsigned j = 0; j <= blen; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= alen; i++) {
		least_before = least;
		least = distance_row(a, i, b, blen, row);
		if (least > most && least_before > most)
			return most + 1;	/* a swap looks two rows back */
	}
	return row[alen % 3][blen];
}

const char *names_nearest(const struct names *m, const char *name, unsigned most)
{
	size_t len = strnlen(name, NEAR_LEN_MOST + 1);
	const char *best = NULL;

	if (len > NEAR_LEN_MOST)
		return NULL;
	if (most > len / 3)
		most = (unsigned)(len / 3);
	for (uint32_t i = 0; i < m->size && most > 0; i++) {
		const char *other = m->slots[i].name;
		unsigned d;

		if (!other || (d = distance(name, len, other, most)) > most)
			continue;
		/* the order of slots is random: of equally near names the first in the alphabet */
		if (!best || d < most || strcmp(other, best) < 0)
			best = other;
		most = d;
	}
	return best;
}

void names_release(struct names *m)
{
	free(m->slots);
	*m = (struct names){ 0 };
}
