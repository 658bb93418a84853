/* t/soak/tick.c: tick FILE: counts in FILE, until it is ended, the microseconds that pass for programs under fast.c.
 *
 * FILE is two int64_t: what passed, and what was left out. Of a pause in which this program did not run, the machine being at
 * something else, only TICK_MOST_US pass: 0.2 s would else be 12 s of a time that runs 60 times as fast, and who waits would have
 * waited in vain.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { TICK_US = 500, TICK_MOST_US = 2000 };
enum { PASSED, LEFT_OUT, COUNTS };

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t *counter(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *map = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, COUNTS * sizeof(int64_t)) == 0)
		map = mmap(NULL, COUNTS * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		fprintf(stderr, "tick: cannot count in %s: %s\n", path, strerrorname_np(errno));
		exit(1);
	}
	return map;
}

int main(int argc, char **argv)
{
	struct timespec pause = { .tv_nsec = TICK_US * 1000 };
	int64_t *count, last = now_us();

	if (argc != 2) {
		fprintf(stderr, "usage: tick FILE\n");
		return 2;
	}
	count = counter(argv[1]);
	for (;;) {
		int64_t now = now_us(), pass = now - last > TICK_MOST_US ? TICK_MOST_US : now - last;

		__atomic_store_n(&count[LEFT_OUT], count[LEFT_OUT] + now - last - pass, __ATOMIC_RELEASE);
		__atomic_store_n(&count[PASSED], count[PASSED] + pass, __ATOMIC_RELEASE);
		last = now;
		nanosleep(&pause, NULL);
	}
}
