/* t/unit/t0060-hash.c: hashes against known values, and the map of names against a plain array. */
#include <stdlib.h>

#include "poller/base/hash.h"
#include "tap.h"

static void test_hashes(void)
{
	uint8_t block[4096];
	uint32_t crc = 0, bitwise = 0xffffffff;

	is_u64(hash_stable("", 0), UINT64_C(0xcbf29ce484222325), "FNV-1a of nothing");
	is_u64(hash_stable("foobar", 6), UINT64_C(0x85944171f73967e8), "FNV-1a of 'foobar'");
	is_u64(hash_crc32(0, "123456789", 9), 0xcbf43926, "CRC-32 of '123456789'");
	is_u64(hash_crc32(0, "", 0), 0, "CRC-32 of nothing");
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i * 167 + i / 256);
	for (size_t at = 0, n = 0; at < sizeof(block); at += n) {
		n = at % 13 + 1 > sizeof(block) - at ? sizeof(block) - at : at % 13 + 1;
		crc = hash_crc32(crc, block + at, n);
	}
	for (size_t i = 0; i < sizeof(block); i++) {
		bitwise ^= block[i];
		for (int b = 0; b < 8; b++)
			bitwise = bitwise >> 1 ^ (bitwise & 1 ? 0xedb88320 : 0);
	}
	is_u64(crc, ~bitwise & 0xffffffff, "CRC-32 in pieces is that of the whole, bit by bit");
	is_u64(hash_crc32(0, block, sizeof(block)), crc, "... and in one");
	ok(hash_keyed("a", 1) == hash_keyed("a", 1), "SipHash is the same within a process");
	ok(hash_keyed("a", 1) != hash_keyed("b", 1), "... and differs for others");
	ok(hash_keyed("a\0", 2) != hash_keyed("a", 1), "... also when only zeroes are added");
}

static void test_random(void)
{
	int bits = 0, same = 0;
	uint32_t last = random_u32();

	for (int i = 0; i < 10000; i++) {
		uint32_t r = random_u32();

		bits += __builtin_popcount(r);
		same += r == last;
		last = r;
	}
	ok(bits > 158000 && bits < 162000, "random bits are half ones");
	ok(same < 3, "... and do not repeat");
}

enum { NAMES = 3000 };
static char name[NAMES][24];
static uint32_t model[NAMES];

/* Every operation on the map and on an array; both must agree all the time. */
static void test_names(void)
{
	struct names m = { 0 };
	unsigned used = 0;
	int wrong = 0;

	is_int(names_find(&m, "x") == NAMES_NONE, 1, "an empty map has nothing");
	names_remove(&m, "x");
	for (int i = 0; i < NAMES; i++) {
		snprintf(name[i], sizeof(name[i]), "dev%d/interface/%d", i % 100, i);
		model[i] = NAMES_NONE;
	}
	srandom(3);
	for (int i = 0; i < 200000; i++) {
		int n = (int)(random() % NAMES);
		uint32_t v = (uint32_t)i;

		switch (random() % 4) {
		case 0:
			wrong += names_put(&m, name[n], v) != model[n];
			used += model[n] == NAMES_NONE;
			model[n] = model[n] == NAMES_NONE ? v : model[n];
			break;
		case 1:
			names_set(&m, name[n], v);
			used += model[n] == NAMES_NONE;
			model[n] = v;
			break;
		case 2:
			names_remove(&m, name[n]);
			used -= model[n] != NAMES_NONE;
			model[n] = NAMES_NONE;
			break;
		default:
			wrong += names_find(&m, name[n]) != model[n];
		}
		wrong += m.used != used;
	}
	is_int(wrong, 0, "200,000 operations agree with an array");
	for (int i = 0; i < NAMES; i++)
		wrong += names_find(&m, name[i]) != model[i];
	is_int(wrong, 0, "... and so does what is left");
	ok(m.size <= 8192, "... and removals leave no room taken");
	names_release(&m);
	ok(m.used == 0 && names_find(&m, name[0]) == NAMES_NONE, "a released map is empty and usable");
}

static void test_nearest(void)
{
	static const char *const there[] = {
		"app servers", "edge9", "edge8", "edge7", "edge6", "edge5", "edge4", "edge2", "edge1", "core1",
		"order management", "Database", "a", "dc1-core1", "dc1-core2",
	};
	static const struct { const char *asked, *near; } rows[] = {
		{ "app server", "app servers" }, { "edeg1", "edge1" }, { "corre1", "core1" },
		{ "order managment", "order management" }, { "DATABASE", "Database" }, { "printer", NULL }, { "b", NULL },
		{ "edge3", "edge1" }, { "dc1-core3", "dc1-core1" }, { "apserver", NULL }, { "", NULL },
	};
	char longer[400];
	struct names m = { 0 };

	is_str(names_nearest(&m, "x", 3), NULL, "an empty map has nothing near");
	for (uint32_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		names_put(&m, there[i], i);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_str(names_nearest(&m, rows[i].asked, 2), rows[i].near, rows[i].asked);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	is_str(names_nearest(&m, longer, 100), NULL, "a very long name is near to none");
	names_release(&m);
}

int main(void)
{
	plan(9 + 2 + 5 + 13);
	test_hashes();
	test_random();
	test_names();
	test_nearest();
	return done();
}
