/* t4060: whatever our check calls whole, librrd opens, reads and writes without harm. Much of a header is
 * room that nobody reads; damage there is none. */
#include <fcntl.h>
#include <sys/wait.h>

#include "rrd/header-int.h"
#include "t/unit/t4-store.h"

static char folder[STORE_PATH_MAX - 64];
static uint64_t seed = 88172645463325252u;

static uint64_t random_u64(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Bend a few octets, mostly of the header, sometimes the size. */
static void bend(const char *from, const char *to, unsigned n)
{
	static uint8_t octets[200000];
	FILE *f = fopen(from, "r");
	size_t len = fread(octets, 1, sizeof(octets), f), header = 3500;

	fclose(f);
	for (unsigned i = 0; i <= n % 4; i++)
		octets[random_u64() % (n % 5 ? header : len)] = (uint8_t)(n % 3 ? random_u64() : UINT64_C(0xff));
	if (n % 7 == 0)
		len = random_u64() % len;
	f = fopen(to, "w");
	fwrite(octets, 1, len, f);
	fclose(f);
}

/* As the store does it: a row, and a look at what is there. */
static int use(const char *path, double s)
{
	struct store *store = open_store(folder, NULL, &interface_layout);
	struct store_row r = row3(s, 5, 5, 5);
	struct store_series series;
	struct err err;

	store_put(store, "bent/interface/a", &interface_layout, &r);
	store_close(store);
	if (store_fetch(path, "AVERAGE", at_s(0), at_s(s), &series, &err) == FW_OK)
		store_series_release(&series);
	return 0;
}

int main(void)
{
	struct store *s;
	char path[STORE_PATH_MAX], sound[STORE_PATH_MAX];
	struct err err;
	unsigned accepted = 0, crashed = 0;
	enum { TRIES = 400 };

	log_level_set(LOG_LEVEL_ERROR);
	plan(3);
	folder_new(folder, sizeof(folder));
	file_of(folder, "bent/interface/a", path, sizeof(path));
	s = open_store(folder, NULL, &interface_layout);
	for (int m = 0; m < 30; m++) {
		struct store_row r = row3(60 * m, 600u * (unsigned)m, 5, m);

		store_put(s, "bent/interface/a", &interface_layout, &r);
	}
	store_close(s);
	snprintf(sound, sizeof(sound), "%s/sound", folder);
	ok(rename(path, sound) == 0 && store_check_file(sound, &err) == FW_OK, "a sound file is whole");
	for (unsigned n = 0; n < TRIES; n++) {
		int status = 0;
		pid_t pid;

		bend(sound, path, n);
		accepted += store_check_file(path, &err) == FW_OK;
		pid = fork();
		if (pid == 0) {
			if (!freopen("/dev/null", "w", stderr))
				_exit(3);
			alarm(20);
			_exit(use(path, 1800 + 60 * n));
		}
		waitpid(pid, &status, 0);
		if (status && crashed++ < 3)
			note("try %u ends with %d", n, status);
	}
	is_int(crashed, 0, "no damaged file takes the process with it");
	ok(accepted > TRIES / 10 && accepted < TRIES * 9 / 10, "what is found, and what librrd must bear, were both tried");
	note("%u of %u damaged files are taken for whole", accepted, (unsigned)TRIES);
	folder_remove(folder);
	return done();
}
