/* t/fuzz/fuzz-check.c: what a plugin printed. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/probe/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void check_ds(const struct check_result *r, unsigned i)
{
	const char *ds = r->perf[i].ds;
	size_t len = strlen(ds);

	if (len == 0 || len > 19)
		abort();
	for (size_t k = 0; k < len; k++)
		if (!isalnum((unsigned char)ds[k]) && ds[k] != '_')
			abort();
	for (unsigned k = 0; k < i; k++)
		if (strcmp(ds, r->perf[k].ds) == 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct check_result r;

	memset(&r, 0xa5, sizeof(r));
	check_parse((const char *)in, len, &r);
	if (r.perf_count > CHECK_PERF_MAX || !memchr(r.text, 0, sizeof(r.text)) || !text_is_utf8(r.text,
												 strlen(r.text)))
		abort();
	for (unsigned i = 0; i < r.perf_count; i++) {
		check_ds(&r, i);
		if (isinf(r.perf[i].value) || !text_is_utf8(r.perf[i].label, strlen(r.perf[i].label)) ||
		    !text_is_utf8(r.perf[i].unit, strlen(r.perf[i].unit)))
			abort();
	}
	return 0;
}
