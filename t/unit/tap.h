/* t/unit/tap.h: the Test Anything Protocol for unit tests: plan(n), then n checks, then return done().
 *
 * Every check prints one line; a failed one says what it got. done() is the exit status.
 */
#ifndef FW_T_TAP_H
#define FW_T_TAP_H

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int tap_planned, tap_run, tap_failed;

static inline void plan(int n)
{
	tap_planned = n;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", n);
}

static inline bool tap_check(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_run, name);
	tap_failed += !good;
	return good;
}

#define ok(cond, name) \
	((void)(tap_check((cond), (name)) || printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond)))
#define is_int(got, want, name) tap_is_int((long long)(got), (long long)(want), (name), __FILE__, __LINE__)
#define is_u64(got, want, name) tap_is_u64((got), (want), (name), __FILE__, __LINE__)
#define is_str(got, want, name) tap_is_str((got), (want), (name), __FILE__, __LINE__)
/* relative to the larger of the two, or absolute below 1 */
#define is_double(got, want, within, name) tap_is_double((got), (want), (within), (name), __FILE__, __LINE__)

static inline void tap_is_int(long long got, long long want, const char *name, const char *file, int line)
{
	if (!tap_check(got == want, name))
		printf("# %s:%d: got %lld, want %lld\n", file, line, got, want);
}

static inline void tap_is_u64(uint64_t got, uint64_t want, const char *name, const char *file, int line)
{
	if (!tap_check(got == want, name))
		printf("# %s:%d: got %" PRIu64 ", want %" PRIu64 "\n", file, line, got, want);
}

static inline void tap_is_str(const char *got, const char *want, const char *name, const char *file, int line)
{
	if (!tap_check(got && want ? strcmp(got, want) == 0 : got == want, name))
		printf("# %s:%d: got  '%s'\n# want '%s'\n", file, line, got ? got : "(null)", want ? want : "(null)");
}

static inline void tap_is_double(double got, double want, double within, const char *name, const char *file, int line)
{
	double scale = fmax(1.0, fmax(fabs(got), fabs(want)));

	if (!tap_check(fabs(got - want) <= within * scale, name))
		printf("# %s:%d: got %.17g, want %.17g within %g\n", file, line, got, want, within);
}

/* 'n' checks that cannot run here, with the reason. */
static inline void skip(int n, const char *why)
{
	while (n-- > 0)
		printf("ok %d # skip %s\n", ++tap_run, why);
}

static inline void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("# ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
}

static inline int done(void)
{
	if (tap_run != tap_planned)
		printf("# planned %d checks, ran %d\n", tap_planned, tap_run);
	return tap_failed || tap_run != tap_planned;
}

#endif
