/* poller/base/err.h: the three kinds of error, never mixed.
 *
 * Expected (a device does not answer): an enum fw_err, 0 is success.
 * A person's mistake (configuration, command line): the code plus one line of text in struct err,
 * always the last parameter, worded "cannot X: why", lower case, subject in single quotes.
 * Impossible: must(cond) says where, then aborts; it stays in release builds.
 * Thread: any.
 */
#ifndef FW_BASE_ERR_H
#define FW_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>

/* One list: a code, its word in JSON and logs, and the text for people. Files keep their numbers: new ones go to the end. */
#define FW_ERRORS(X)								\
	X(TIMEOUT,  "timeout",    "no answer in time")				\
	X(MALFORM,  "malformed",  "answer cannot be decoded")			\
	X(FOREIGN,  "foreign",    "answer to another request")			\
	X(TOOBIG,   "too-big",    "agent says the answer is too big")		\
	X(AGENT,    "agent",      "agent reports an error")			\
	X(NOOBJECT, "no-object",  "agent has no such object")			\
	X(NOINST,   "no-instance","agent has no such instance")			\
	X(END,      "end",        "end of the MIB view")			\
	X(ORDER,    "order",      "object names do not increase")		\
	X(TYPE,     "type",       "value has another type than defined")	\
	X(RANGE,    "range",      "value is out of range")			\
	X(KEY,      "wrong-key",  "wrong key")					\
	X(WINDOW,   "window",     "not in the time window")			\
	X(RESET,    "reset",      "counter was reset")				\
	X(CLOCK,    "clock",      "time went back or jumped")			\
	X(NOTASKED, "not-asked",  "not asked")					\
	X(DEADLINE, "deadline",   "its poll took longer than the interval")	\
	X(RESOLVE,  "resolve",    "name cannot be resolved")			\
	X(NET,      "net",        "network refused to send")			\
	X(FULL,     "full",       "queue is full")				\
	X(IO,       "io",         "file cannot be read or written")		\
	X(BROKEN,   "broken",     "file is damaged")				\
	X(LOCKED,   "locked",     "in use by another process")			\
	X(NOTFOUND, "not-found",  "not found")					\
	X(MISTAKE,  "mistake",    "mistake in the input")			\
	X(NOMEM,    "no-memory",  "out of memory")				\
	X(SOURCE,   "source",     "answer from another address than the one asked")	\
	X(USER,     "unknown-user", "unknown user")				\
	X(LEVEL,    "security-level", "unsupported security level")		\
	X(DECRYPT,  "decryption", "decryption error")				\
	X(CONTEXT,  "context",    "unknown context")				\
	X(ENGINE,   "engine",     "another engineID than it had")		\
	X(COMMUNITY, "community", "answer with another community than the one asked")

enum fw_err {
	FW_OK,
#define FW_ENUM(name, word, text) FW_##name,
	FW_ERRORS(FW_ENUM)
#undef FW_ENUM
	FW_ERRS
};

/* The text for people ("no answer in time"); never NULL, also for a number out of range. */
const char *fw_err_text(enum fw_err e);

/* An agent that is there and refuses us by the rules of version 3: for another reason than silence. */
bool fw_err_refuses(enum fw_err e);

/* The word for programs ("timeout"); never NULL. */
const char *fw_err_word(enum fw_err e);

/* One line of text about a person's mistake; cut at its end, never overrun. */
struct err {
	char text[512];
};

/* Put a line into 'e' (which may be NULL); returns 'code', so that one can write
 * return err_set(err, FW_IO, "cannot open '%s': %s", path, err_errno()); errno survives. */
enum fw_err err_set(struct err *e, enum fw_err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* strerror of the current errno from a table of the C library; thread-safe; never NULL. */
const char *err_errno(void);

/* What this thread works on now, for must(): worker, device, request. Borrowed until the next call; NULL clears. */
void must_subject(const char *subject);

/* The impossible: say where and on what, then abort. */
_Noreturn void must_fail(const char *file, int line, const char *cond);
#define must(cond) ((cond) ? (void)0 : must_fail(__FILE__, __LINE__, #cond))

/* Allocation of what the program cannot go on without: aborts with a clear line instead of NULL. */
void *must_alloc(unsigned long size_octets);			/* zeroed */
void *must_realloc(void *p, unsigned long size_octets);
char *must_strdup(const char *s);

#endif
