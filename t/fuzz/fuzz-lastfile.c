/* t/fuzz/fuzz-lastfile.c: a last file of any content is opened, written to, spread anew and read. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/lastfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static char folder[48];

static void folder_remove(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command) != 0)
		fputs("cannot remove the folder of the last files\n", stderr);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_level_set(LOG_LEVEL_ERROR);
	/* closing one waits for the disk: hundreds of times a second only where there is none */
	snprintf(folder, sizeof(folder), "%s/fw-fuzz-lastfile-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder))
		abort();
	atexit(folder_remove);
	return 0;
}

/* Touch all that a reader of records touches. */
static bool read_record(void *owner, const char *device, const struct last_record *r)
{
	char text[256];

	for (int which = 0; which < 256; which++)
		last_text_get(r, (uint8_t)which, text, which & 1 ? sizeof(text) : 4);
	*(size_t *)owner += strlen(device) + r->kind;
	return true;
}

static void put(const uint8_t *octets, size_t len)
{
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/last.0", folder);
	f = fopen(path, "wb");
	if (!f || (len && fwrite(octets, len, 1, f) != 1))
		abort();
	fclose(f);
}

static void write_to(struct last *l)
{
	uint32_t i;

	for (i = 0; i < last_count(l); i++)
		read_record(&(size_t){ 0 }, "", last_at(l, i));
	for (i = 0; i < last_count(l) && i < 4; i++) {
		struct last_record *r = last_begin(l, i);

		last_text_set(r, 3, "a text of a column", 18);
		last_text_set(r, LAST_T_REASON, "a reason", 8);
		last_end(l, i);
		if (r->kind == LAST_PART)
			last_remove(l, i);
	}
	for (i = 0; i < 3; i++)
		if (last_add(l, i & 1 ? "sw1" : "sw2", "interface", "Gi0/1") == LAST_NONE)
			abort();
	if (last_find(l, "sw1", "interface", "Gi0/1") == LAST_NONE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct err err;
	struct last *l;
	size_t n = 0;

	put(octets, len);
	last_read_all(folder, read_record, &n, &err);
	l = last_open(folder, 0, &err);
	if (l == NULL)
		abort();
	write_to(l);
	last_close(l);
	put(octets, len);
	if (last_redistribute(folder, 2, &err) != FW_OK || last_redistribute(folder, 1, &err) != FW_OK)
		abort();
	if (last_read_device(folder, "sw1", read_record, &n, &err) != FW_OK)
		abort();
	return 0;
}
