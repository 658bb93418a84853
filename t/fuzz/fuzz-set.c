/* t/fuzz/fuzz-set.c: what people and programs type: lines of 'forewarn set --stdin', times, names in words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "poller/ctl/ctl.h"
#include "poller/ctl/set-int.h"

const struct command commands[] = { { NULL, NULL, NULL, NULL, NULL, NULL } };	/* main.c's */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = must_alloc(size + 1), buf[300];
	const char *next = line;
	struct wall t, now = { INT64_C(1795262400000000) };
	struct err err;
	json_t *item;

	if (size > 0)
		memcpy(line, data, size);
	if (set_line(line, size, &item, &err) == FW_OK && item != NULL) {
		must(json_is_string(json_object_get(item, "name")) && json_is_string(json_object_get(item, "state")) &&
		     json_is_string(json_object_get(item, "why")));
		json_decref(item);
	}
	ctl_time(line, now, &t);
	component_words(line, buf, sizeof(buf));
	state_words("down", line, buf, sizeof(buf));
	for (const char *p = line; *p; p = next) {
		must(screen_line(p, 7, &next) <= strlen(p));
		must(next > p);
	}
	free(line);
	return 0;
}
