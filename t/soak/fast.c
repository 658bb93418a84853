/* t/soak/fast.c: time that passes FAST_FACTOR times as fast for a program that this is preloaded into (LD_PRELOAD).
 *
 * Both clocks run from FAST_WALL_US and FAST_MONO_US (microseconds) on, by what t/soak/tick.c counts in the file FAST_CLOCK: so they
 * are the same for all programs of a test, and stand still while the machine is at something else. Whatever waits, waits for so
 * much less. So the daemon that is installed lives through days in an hour, against agents whose clocks run as fast. Stamps of the
 * kernel are of its own time, and are not asked for.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t factor = 1, begin_us[2];	/* of CLOCK_REALTIME, CLOCK_MONOTONIC */
static const int64_t *counted_us;	/* of the machine's time, since the beginning */

static int64_t number_of(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoll(text, NULL, 10) : otherwise;
}

__attribute__((constructor))
static void begin(void)
{
	const char *clock = getenv("FAST_CLOCK");
	int fd = clock ? open(clock, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*counted_us), PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED) {
		fprintf(stderr, "fast: cannot read FAST_CLOCK, %s\n", clock ? clock : "which is not set");
		_exit(1);
	}
	close(fd);
	counted_us = map;
	factor = number_of("FAST_FACTOR", 1);
	begin_us[0] = number_of("FAST_WALL_US", 0);
	begin_us[1] = number_of("FAST_MONO_US", 0);
}

static struct timespec timespec_of(int64_t us)
{
	return (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
}

static int64_t fast_us(int which)
{
	if (!counted_us)
		begin();	/* another library's constructor asks */
	return begin_us[which] + __atomic_load_n(counted_us, __ATOMIC_ACQUIRE) * factor;
}

static int ms_of(int ms) { return ms <= 0 ? ms : (int)((ms + factor - 1) / factor); }

__attribute__((visibility("default")))
int clock_gettime(clockid_t which, struct timespec *ts)
{
	if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)
		*ts = timespec_of(fast_us(0));
	else if (which == CLOCK_MONOTONIC || which == CLOCK_MONOTONIC_COARSE || which == CLOCK_BOOTTIME)
		*ts = timespec_of(fast_us(1));
	else
		return (int)syscall(SYS_clock_gettime, which, ts);
	return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	int64_t us = fast_us(0);

	(void)zone;
	*tv = (struct timeval){ .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
	return 0;
}

time_t time(time_t *at)
{
	time_t s = fast_us(0) / 1000000;

	if (at)
		*at = s;
	return s;
}

/* ---- waiting ---- */

int nanosleep(const struct timespec *want, struct timespec *left)
{
	int64_t us = ((int64_t)want->tv_sec * 1000000 + want->tv_nsec / 1000) / factor;
	struct timespec ts = timespec_of(us);

	return (int)syscall(SYS_nanosleep, &ts, left);
}

int usleep(useconds_t us)
{
	struct timespec ts = timespec_of(us);

	return nanosleep(&ts, NULL);
}

int poll(struct pollfd *fds, nfds_t count, int ms)
{
	return (int)syscall(SYS_poll, fds, count, ms_of(ms));
}

int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room);	/* what <poll.h> calls when it can check */
int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t room)
{
	(void)room;
	return poll(fds, count, ms);
}

int epoll_wait(int fd, struct epoll_event *events, int most, int ms)
{
	return (int)syscall(SYS_epoll_pwait, fd, events, most, ms_of(ms), NULL, 0);
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict lock, const struct timespec *restrict until)
{
	static int (*libc)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
	int64_t us = ((int64_t)until->tv_sec * 1000000 + until->tv_nsec / 1000 - fast_us(0)) / factor;
	struct timespec ts = { 0 };

	(void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &ts);
	ts = timespec_of((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 + (us > 0 ? us : 0));
	if (!libc)
		*(void **)&libc = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	return libc(cond, lock, &ts);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && (name == SO_TIMESTAMPNS || name == SO_TIMESTAMP))
		return 0;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}
