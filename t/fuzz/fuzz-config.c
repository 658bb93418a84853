/* t/fuzz/fuzz-config.c: a configuration as anybody may type it; after "csv:" a table of devices.
 *
 * What is read must be printable, readable again, and print the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/config-int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *printed(const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	config_print(c, f);
	fclose(f);
	return text;
}

static void read_again(const struct config *c)
{
	struct mistakes m = { 0 };
	char *first = printed(c), *second;
	struct config *again = config_load_bare("fuzz.conf", first, strlen(first), &m);

	must(again != NULL && m.count == 0);
	second = printed(again);
	must(strcmp(first, second) == 0);
	free(first);
	free(second);
	config_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct mistakes m = { 0 };
	struct config *c;

	if (size >= 4 && memcmp(data, "csv:", 4) == 0)
		c = config_load_table("fuzz.csv", text + 4, size - 4, &m);
	else
		c = config_load_bare("fuzz.conf", text, size, &m);
	must((c == NULL) == (m.count > 0));
	if (c && size < 1500)	/* quoting makes texts longer than they may be */
		read_again(c);
	config_unref(c);
	mistakes_release(&m);
	return 0;
}
