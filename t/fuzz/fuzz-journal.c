/* t/fuzz/fuzz-journal.c: a journal that was torn, bent, or never one; and rows unpacked from it.
 *
 * Bytes after "FZ" are cut into bodies that get a right length and CRC, so that the fuzzer reaches what records say.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "rrd/journal-int.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

struct seen { uint32_t names; };

static uint32_t see_name(void *owner, const struct store_layout *layout, const char *component)
{
	struct seen *s = owner;

	must(layout_usable(layout) && *component && strlen(component) < STORE_PATH_MAX);
	return s->names % 7 == 6 ? (s->names++, UINT32_MAX) : s->names++;
}

static void see_row(void *owner, uint32_t who, const struct store_row *row, const uint8_t *packed, uint32_t octets)
{
	struct seen *s = owner;

	must(who < s->names && row->at.us >= 0 && packed && octets <= JOURNAL_BODY_MAX);
}

static void see_forget(void *owner, uint32_t who)
{
	struct seen *s = owner;

	must(who < s->names);
}

/* Records around pieces of 'octets': a piece's first two say how long it is. */
static size_t records(const uint8_t *octets, size_t len, uint8_t *out, size_t room)
{
	size_t at = 0, n = 0;

	while (len - at > 2 && room - n > JOURNAL_HEAD + JOURNAL_BODY_MAX) {
		size_t body = 1 + (octets[at] | (size_t)octets[at + 1] << 8) % JOURNAL_BODY_MAX;
		struct wr head = wr_over(out + n, JOURNAL_HEAD);

		at += 2;
		body = body < len - at ? body : len - at;
		wr_bytes(&head, (uint8_t[]){ 'F', 'j', (uint8_t)body, (uint8_t)(body >> 8) }, 4);
		wr_u32le(&head, hash_crc32(hash_crc32(0, out + n + 2, 2), octets + at, body));
		memcpy(out + n + JOURNAL_HEAD, octets + at, body);
		at += body;
		n += JOURNAL_HEAD + body;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct seen seen = { 0 };
	struct journal_reader reader = { &seen, see_name, see_row, see_forget };
	size_t room = 4 * len + 2 * JOURNAL_BODY_MAX + 64;
	uint8_t *made;

	if (len < 2 || memcmp(octets, "FZ", 2) != 0) {
		must(journal_scan(octets, len, &reader) <= len);
		return 0;
	}
	made = malloc(room);
	if (made)
		journal_scan(made, records(octets + 2, len - 2, made, room), &reader);
	free(made);
	return 0;
}
