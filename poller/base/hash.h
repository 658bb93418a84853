/* poller/base/hash.h: hashing, and a map from names to numbers.
 *
 * hash_stable is FNV-1a: the same on every start; it spreads devices over workers and over the interval.
 * hash_keyed is SipHash-1-3 under a key of this process: for tables whose keys an enemy may choose.
 * Thread: a map belongs to its owner; the hashes are pure (the key is set at first use, once).
 */
#ifndef FW_BASE_HASH_H
#define FW_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t hash_stable(const void *p, size_t len_octets);
uint64_t hash_keyed(const void *p, size_t len_octets);

/* CRC-32 (IEEE 802.3, reflected, as zlib's), for journal and last file. */
uint32_t hash_crc32(uint32_t crc, const void *p, size_t len_octets);	/* start with 0 */

/* Unpredictable 32 bits from the kernel, fetched in blocks. Any thread (block is thread-local). */
uint32_t random_u32(void);

enum { NAMES_NONE = UINT32_MAX };

/* Open-addressing map: name -> uint32_t. Names are borrowed: they must outlive the map (config arena, owner's record). */
struct names_slot;
struct names {
	struct names_slot *slots;
	uint32_t used, size;
};

/* A map of zeroes is empty and usable. */
uint32_t names_find(const struct names *m, const char *name);	/* NAMES_NONE when absent */
/* Put 'name'; returns the value it had before (unchanged then), or NAMES_NONE when it was new. */
uint32_t names_put(struct names *m, const char *name, uint32_t value);
void names_set(struct names *m, const char *name, uint32_t value);	/* put or replace */
void names_remove(struct names *m, const char *name);
/* Nearest name by edit distance (Damerau), at most 'most' edits and a third of its length; NULL when none is near. */
const char *names_nearest(const struct names *m, const char *name, unsigned most);
void names_release(struct names *m);

#endif
