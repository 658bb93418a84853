/* t/fuzz/fuzz-base.c: what people and devices write that the base layer reads: OIDs, lengths of time, names, text.
 *
 * What was read is written and read again: it must be the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/clock.h"
#include "poller/base/hash.h"
#include "poller/base/oid.h"
#include "poller/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_oid(const uint8_t *in, size_t len, const char *text)
{
	uint8_t ber[OID_BER_MAX];
	char buf[OID_TEXT_MAX];
	struct oid o, again;

	if (oid_dec(&o, in, len)) {
		check(oid_enc(&o, ber, sizeof(ber)) == len && memcmp(ber, in, len) == 0);
		check(oid_parse(oid_format(&o, buf, sizeof(buf)), &again) && oid_compare(&o, &again) == 0);
	}
	if (oid_parse(text, &o))
		check(oid_parse(oid_format(&o, buf, sizeof(buf)), &again) && oid_compare(&o, &again) == 0);
}

/* Cut anywhere in two, the parts compare as their arcs do, and the other way round. */
static void check_order(const uint8_t *in, size_t len)
{
	size_t cut = len ? in[0] % len : 0;
	int sign = oid_ber_compare(in, cut, in + cut, len - cut);
	struct oid a, b;

	check(oid_ber_compare(in + cut, len - cut, in, cut) == -sign);
	check(oid_ber_compare(in, len, in, len) == 0);
	if (oid_dec(&a, in, cut) && oid_dec(&b, in + cut, len - cut))
		check(oid_compare(&a, &b) == sign);
}

static void check_text(const uint8_t *in, size_t len, const char *text)
{
	char clean[512], path[256], name[512];

	text_clean(in, len, clean, sizeof(clean));
	check(text_is_utf8(clean, strlen(clean)) && text_columns(clean) <= strlen(clean));
	for (const char *p = clean; *p; p++)
		check((unsigned char)*p >= 0x20 && *p != 0x7f);
	text_to_path(text, path, sizeof(path));
	check(*path && *path != '.' && strlen(path) <= 200 && !strchr(path, '/'));
	if (text_from_path(path, name, sizeof(name)))
		check(strcmp(name, text) == 0);
	if (text_from_path(text, name, sizeof(name)))
		check(strcmp(text_to_path(name, path, sizeof(path)), text) == 0);
}

static void check_names(char *text)
{
	struct names m = { 0 };
	const char *near;
	char *rest = text, *name;
	uint32_t n = 0;

	while ((name = strsep(&rest, "\n")) && n < 64)
		n += names_put(&m, name, n) == NAMES_NONE;
	check(m.used == n);
	near = names_nearest(&m, text, 3);
	check(!near || names_find(&m, near) < n);
	names_release(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	char *text = malloc(len + 1), buf[64];
	struct span d;

	check(text != NULL);
	memcpy(text, in, len);
	text[len] = '\0';
	check_oid(in, len, text);
	check_order(in, len);
	check_text(in, len, text);
	if (span_parse(text, &d)) {
		check(d.us >= 0 && d.us <= SPAN_PARSE_MOST_US);
		span_format(d, buf, sizeof(buf));
	}
	check_names(text);
	free(text);
	return 0;
}
