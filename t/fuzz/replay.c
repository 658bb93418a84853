/* t/fuzz/replay.c: a fuzz target without libFuzzer: it gets every seed of the folders named, whole and cut short.
 *
 * Each input lies in a block of exactly its size, so that the address sanitizer sees the first octet read beyond.
 * Says on standard output how many inputs it had; the last one named on standard error is the one that crashed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

enum { CUTS = 64, SEED_MOST_OCTETS = 1 << 20 };

static unsigned long inputs, seeds;

static void give(const uint8_t *octets, size_t len)
{
	uint8_t *own = malloc(len ? len : 1);

	if (!own)
		abort();
	memcpy(own, octets, len);
	LLVMFuzzerTestOneInput(own, len);
	inputs++;
	free(own);
}

static int replay_file(const char *path)
{
	uint8_t *octets = malloc(SEED_MOST_OCTETS);
	FILE *f = fopen(path, "rb");
	size_t len, step;

	if (!f || !octets) {
		fprintf(stderr, "replay: cannot open '%s'\n", path);
		free(octets);
		return 1;
	}
	fprintf(stderr, "replay: %s\n", path);
	len = fread(octets, 1, SEED_MOST_OCTETS, f);
	fclose(f);
	step = len / CUTS + 1;
	for (size_t cut = 0; cut < len; cut += step)
		give(octets, cut);
	give(octets, len);
	seeds++;
	free(octets);
	return 0;
}

static int replay_folder(const char *path)
{
	struct dirent **entry;
	int n = scandir(path, &entry, NULL, alphasort), failed = 0;
	char file[4096];

	if (n < 0) {
		fprintf(stderr, "replay: cannot open folder '%s'\n", path);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.')
			failed |= replay_file(file);
		free(entry[i]);
	}
	free(entry);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		failed |= replay_folder(argv[i]);
	printf("%lu seeds, %lu inputs\n", seeds, inputs);
	return failed || seeds == 0;
}
