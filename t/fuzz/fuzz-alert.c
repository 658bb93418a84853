/* t/fuzz/fuzz-alert.c: an alert as the ledger's file holds it, which may be damaged.
 *
 * What is taken for an alert is written and read again: it must be the same. Its words never overrun.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "poller/noc/noc.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void check(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static struct alert a, again;
	char line[64], *json;

	if (!alert_decode((const char *)in, len, &a))
		return 0;
	check(a.touched_count <= TOUCHED_MAX && a.points_count <= POINTS_MAX && a.number && a.key[0]);
	json = alert_encode(&a);
	check(alert_decode(json, strlen(json), &again));
	check(memcmp(&a, &again, sizeof(a)) == 0);
	free(json);
	check(strlen(alert_subject(&a, line, sizeof(line))) < sizeof(line));
	for (uint32_t i = 0; i < a.touched_count; i++)
		check(strlen(touched_words(&a.touched[i], line, sizeof(line))) < sizeof(line));
	return 0;
}
