/* poller/base/log.c: one line per thing worth knowing. See log.h.
 *
 * The one lock guards the order of lines on standard error; it is taken for a write(2) and nothing is called while it
 * is held, so it is a leaf in every order of locks. Switches are atomic and need none.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "text.h"

#include <syslog.h>

enum { LINE_MAX_OCTETS = 2048 };

static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t journal_once = PTHREAD_ONCE_INIT;
static atomic_bool to_syslog, to_journal;
static atomic_int level_most = LOG_LEVEL_INFO;
static atomic_uint debug_areas;		/* a bit an area */

static const char *const area_words[LOG_AREA_COUNT] = {
#define LOG_WORD(name, word) word,
	LOG_AREAS(LOG_WORD)
#undef LOG_WORD
};

static const struct {
	const char *word;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARN]  = { "warn", LOG_WARNING },
	[LOG_LEVEL_INFO]  = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

void log_to_syslog(bool yes)
{
	if (yes)
		openlog("forewarn", LOG_PID, LOG_DAEMON);
	atomic_store(&to_syslog, yes);
}

void log_level_set(enum log_level level)
{
	atomic_store(&level_most, (int)level);
}

bool log_debug_set(const char *area_word, bool on)
{
	bool all = strcmp(area_word, "all") == 0;
	unsigned bits = 0;

	for (unsigned i = 0; i < LOG_AREA_COUNT; i++)
		if (all || strcmp(area_word, area_words[i]) == 0)
			bits |= 1u << i;
	if (on)
		atomic_fetch_or(&debug_areas, bits);
	else
		atomic_fetch_and(&debug_areas, ~bits);
	return bits != 0;
}

bool log_debug_on(enum log_area area)
{
	return (atomic_load_explicit(&debug_areas, memory_order_relaxed) >> area & 1) != 0;
}

/* systemd sets JOURNAL_STREAM=device:inode; a redirected standard error is another file and gets plain lines. */
static void journal_ask(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) != 0)
		return;
	snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	atomic_store(&to_journal, strcmp(stream, own) == 0);
}

static void write_all(const char *p, size_t len)
{
	pthread_mutex_lock(&write_lock);
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;	/* nowhere left to say so */
		p += n;
		len -= (size_t)n;
	}
	pthread_mutex_unlock(&write_lock);
}

static void say(enum log_level level, enum log_area area, const char *clean)
{
	char line[LINE_MAX_OCTETS + 96], when[48];
	int len;

	if (atomic_load(&to_syslog)) {
		syslog(levels[level].priority, "%s: %s", area_words[area], clean);
		return;
	}
	pthread_once(&journal_once, journal_ask);
	if (atomic_load(&to_journal))
		len = snprintf(line, sizeof(line), "<%d>%s: %s\n", levels[level].priority, area_words[area], clean);
	else
		len = snprintf(line, sizeof(line), "%s %s %s: %s\n", wall_format(clock_wall(), when, sizeof(when)),
			       levels[level].word, area_words[area], clean);
	write_all(line, (size_t)len);
}

static bool wanted(enum log_level level, enum log_area area)
{
	if (level == LOG_LEVEL_DEBUG)
		return log_debug_on(area);
	return (int)level <= atomic_load_explicit(&level_most, memory_order_relaxed);
}

static void log_va(enum log_level level, enum log_area area, uint64_t times, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));
static void log_va(enum log_level level, enum log_area area, uint64_t times, const char *fmt, va_list ap)
{
	char raw[LINE_MAX_OCTETS], clean[LINE_MAX_OCTETS];
	int saved = errno;
	size_t len;

	vsnprintf(raw, sizeof(raw), fmt, ap);
	len = strlen(raw);
	if (times > 1)
		snprintf(raw + len, sizeof(raw) - len, " (%llu times)", (unsigned long long)times);
	say(level, area, text_clean(raw, strlen(raw), clean, sizeof(clean)));
	errno = saved;
}

void log_line(enum log_level level, enum log_area area, const char *fmt, ...)
{
	va_list ap;

	if (!wanted(level, area))
		return;
	va_start(ap, fmt);
	log_va(level, area, 1, fmt, ap);
	va_end(ap);
}

static bool is_power_of_ten(uint64_t n)
{
	while (n >= 10 && n % 10 == 0)
		n /= 10;
	return n == 1;
}

bool log_often(enum log_level level, enum log_area area, uint64_t *times, const char *fmt, ...)
{
	va_list ap;

	if (!is_power_of_ten(++*times) || !wanted(level, area))
		return false;
	va_start(ap, fmt);
	log_va(level, area, *times, fmt, ap);
	va_end(ap);
	return true;
}
