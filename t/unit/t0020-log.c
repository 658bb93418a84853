/* t/unit/t0020-log.c: what reaches standard error, and in which form. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "tap.h"

enum { THREADS = 4, LINES = 200 };

static int file = -1;
static char said[1 << 17];

/* What was written since the last call. */
static const char *heard(void)
{
	ssize_t n = pread(file, said, sizeof(said) - 1, 0);

	said[n > 0 ? n : 0] = '\0';
	if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
		abort();
	return said;
}

static int lines(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

static void test_levels(void)
{
	log_info(LOG_POLL, "device '%s': up", "edge1");
	ok(strstr(heard(), " info poll: device 'edge1': up\n"), "a line has level, area and text");
	log_line(LOG_LEVEL_DEBUG, LOG_POLL, "not asked for");
	is_str(heard(), "", "debug is silent at first");
	log_level_set(LOG_LEVEL_WARN);
	log_info(LOG_MAIN, "too small");
	is_str(heard(), "", "lines above the level are not written");
	log_warn(LOG_MAIN, "odd");
	log_error(LOG_MAIN, "act");
	is_int(lines(heard()), 2, "lines at and below the level are");
	log_level_set(LOG_LEVEL_INFO);
}

static void test_debug(void)
{
	ok(log_debug_set("wire", true), "debug of an area is switched on by its word");
	ok(log_debug_on(LOG_WIRE) && !log_debug_on(LOG_POLL), "... of that area alone");
	log_debug(LOG_WIRE, "packet");
	log_debug(LOG_POLL, "cycle");
	is_int(lines(heard()), 1, "... and written");
	ok(!log_debug_set("wires", true), "there is no such area");
	ok(log_debug_set("all", true) && log_debug_on(LOG_API), "all are switched on");
	ok(log_debug_set("all", false) && !log_debug_on(LOG_WIRE), "... and off");
}

static void test_foreign(void)
{
	char longer[5000];

	log_warn(LOG_WIRE, "sysName %s", "a\x1b[2Jb\nc\xff");
	ok(strstr(heard(), "sysName a\\x1B[2Jb\\x0Ac\\xFF\n"), "control octets and invalid UTF-8 are shown, not sent");
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	log_warn(LOG_WIRE, "%s", longer);
	heard();
	ok(lines(said) == 1 && strlen(said) < 2300 && said[strlen(said) - 1] == '\n', "a long line is cut and stays one");
}

/* Standard error on a full disk: the line is lost, errno is not. */
static void test_errno(void)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0 || dup2(full, STDERR_FILENO) < 0) {
		skip(1, "no /dev/full here");
	} else {
		errno = EAGAIN;
		log_warn(LOG_WIRE, "errno");
		is_int(errno, EAGAIN, "errno survives, also when the line cannot be written");
		dup2(file, STDERR_FILENO);
	}
	close(full);
}

static void test_often(void)
{
	uint64_t times = 0;
	int n = 0;

	for (int i = 0; i < 1500; i++)
		n += log_often(LOG_LEVEL_WARN, LOG_STORE, &times, "disk is full");
	is_int(n, 4, "a repeating line is said at the 1st, 10th, 100th and 1000th time");
	is_int(lines(heard()), 4, "... and written as often");
	ok(strstr(said, "disk is full\n") && strstr(said, "(1000 times)"), "... with how often");
	is_u64(times, 1500, "... and counted always");
}

static void *talk(void *arg)
{
	for (int i = 0; i < LINES; i++)
		log_info(LOG_MAIN, "thread %s says the same as ever", (const char *)arg);
	return NULL;
}

static void test_threads(void)
{
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	pthread_t t[THREADS];
	int whole = 0;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, talk, names[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	heard();
	for (char *line = said, *end; (end = strchr(line, '\n')); line = end + 1)
		whole += (size_t)(end - line) > 10 && memcmp(end - 8, " as ever", 8) == 0;
	is_int(whole, THREADS * LINES, "lines of threads do not mix");
}

/* The form under systemd is decided at the first line, so it is asked in a process of its own. */
static void test_journal(const char *self)
{
	char command[4096], line[256] = "";
	FILE *f;

	snprintf(command, sizeof(command), "'%s' journal 2>&1", self);
	f = popen(command, "r");
	if (!f || !fgets(line, sizeof(line), f))
		note("cannot run '%s'", command);
	if (f)
		pclose(f);
	is_str(line, "<4>wire: hello\n", "under systemd a line has its priority and no time");
}

static int say_to_journal(void)
{
	char stream[64];
	struct stat st;

	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_warn(LOG_WIRE, "hello");
	return 0;
}

int main(int argc, char **argv)
{
	char path[] = "/tmp/t0020-log-XXXXXX";
	int own = dup(STDERR_FILENO);

	if (argc > 1)
		return say_to_journal();
	plan(19);
	file = mkstemp(path);
	if (file < 0 || unlink(path) != 0 || dup2(file, STDERR_FILENO) < 0)
		return 1;
	test_levels();
	test_debug();
	test_foreign();
	test_errno();
	test_often();
	test_threads();
	dup2(own, STDERR_FILENO);
	test_journal(argv[0]);
	return done();
}
