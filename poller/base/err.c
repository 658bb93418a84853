/* poller/base/err.c: texts of errors, and the end of the program when the impossible happened. See err.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"

static _Thread_local const char *subject_of_thread;

const char *fw_err_text(enum fw_err e)
{
	static const char *const text[] = {
		[FW_OK] = "ok",
#define FW_TEXT(name, word, text) [FW_##name] = text,
		FW_ERRORS(FW_TEXT)
#undef FW_TEXT
	};

	return (unsigned)e < FW_ERRS ? text[e] : "unknown error";
}

bool fw_err_refuses(enum fw_err e)
{
	return e == FW_KEY || e == FW_WINDOW || e == FW_USER || e == FW_LEVEL || e == FW_DECRYPT ||
	       e == FW_CONTEXT || e == FW_ENGINE;
}

const char *fw_err_word(enum fw_err e)
{
	static const char *const words[] = {
		[FW_OK] = "ok",
#define FW_WORD(name, word, text) [FW_##name] = word,
		FW_ERRORS(FW_WORD)
#undef FW_WORD
	};

	return (unsigned)e < FW_ERRS ? words[e] : "unknown";
}

enum fw_err err_set(struct err *e, enum fw_err code, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (e) {
		va_start(ap, fmt);
		vsnprintf(e->text, sizeof(e->text), fmt, ap);
		va_end(ap);
	}
	errno = saved;
	return code;
}

const char *err_errno(void)
{
	const char *text = strerrordesc_np(errno);	/* glibc 2.32; untranslated, no buffer */

	return text ? text : "unknown error";
}

void must_subject(const char *subject)
{
	subject_of_thread = subject;
}

void must_fail(const char *file, int line, const char *cond)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "forewarn: %s:%d: impossible: not (%s)%s%s\n", file, line, cond,
			   subject_of_thread ? ", at work on " : "", subject_of_thread ? subject_of_thread : "");

	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	if (len > 0 && write(STDERR_FILENO, text, (size_t)len) < 0)
		abort();	/* nobody to tell */
	abort();
}

static _Noreturn void must_memory(unsigned long size_octets)
{
	char what[64];

	snprintf(what, sizeof(what), "%lu octets of memory are to be had", size_octets);
	must_fail(__FILE__, __LINE__, what);
}

void *must_alloc(unsigned long size_octets)
{
	void *p = calloc(1, size_octets ? size_octets : 1);

	if (!p)
		must_memory(size_octets);
	return p;
}

void *must_realloc(void *p, unsigned long size_octets)
{
	void *q = realloc(p, size_octets ? size_octets : 1);

	if (!q)
		must_memory(size_octets);
	return q;
}

char *must_strdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(must_alloc(size), s, size);
}
