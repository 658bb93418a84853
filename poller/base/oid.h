/* poller/base/oid.h: object identifiers (X.660; at most 128 arcs, RFC 2578 section 3.5) as arcs and as BER contents.
 *
 * On the poll path names stay BER contents octets, compared with memcmp; arcs are for people and definitions.
 * Thread: none of its own.
 */
#ifndef FW_BASE_OID_H
#define FW_BASE_OID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OID_ARCS_MAX = 128, OID_TEXT_MAX = 128 * 11 + 1, OID_BER_MAX = 128 * 5 };

struct oid {
	uint32_t arc[OID_ARCS_MAX];
	uint8_t len;			/* arcs, 0..128 */
};

/* "1.3.6.1.2.1" or ".1.3.6": true when it is an OID of 1..128 arcs of 32 bits each. */
bool oid_parse(const char *text, struct oid *o);
/* "1.3.6.1"; 'buf' of OID_TEXT_MAX holds any. Cut, never overrun. Returns 'buf'. */
char *oid_format(const struct oid *o, char *buf, size_t size_octets);
/* -1, 0, 1 in lexicographic order. */
int oid_compare(const struct oid *a, const struct oid *b);
bool oid_begins_with(const struct oid *o, const struct oid *prefix);
/* Append one arc; false when there are 128 already. */
bool oid_push(struct oid *o, uint32_t arc);
bool oid_append(struct oid *o, const struct oid *tail);

/* BER contents octets, X.690 8.19. Returns octets written, 0 when it does not fit or cannot be encoded (one arc, first arc > 2). */
size_t oid_enc(const struct oid *o, uint8_t *ber, size_t size_octets);
/* One arc behind others, from the third on: what it adds to their octets. Returns octets written, 0 when it does not fit. */
size_t oid_arc_enc(uint32_t arc, uint8_t *ber, size_t size_octets);
/* False when malformed: empty, truncated arc, arc over 32 bits, over 128 arcs. */
bool oid_dec(struct oid *o, const uint8_t *ber, size_t len_octets);
/* Compare two BER-encoded names in OID order without decoding. */
int oid_ber_compare(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen);

#endif
