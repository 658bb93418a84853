/* poller/base/text.h: text that cannot overrun: a bounded builder, and escaping of foreign strings.
 *
 * Thread: none of its own.
 */
#ifndef FW_BASE_TEXT_H
#define FW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *buf;
	size_t len, size;	/* octets, the terminating 0 not counted in len, counted in size */
	bool cut;		/* something did not fit */
};

struct text text_over(char *buf, size_t size_octets);
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Copy with control bytes and invalid UTF-8 as \xHH, for terminals and logs; cut, never overrun. Returns 'buf'. */
char *text_clean(const void *s, size_t len_octets, char *buf, size_t size_octets);
bool text_is_utf8(const void *s, size_t len_octets);
/* Columns a terminal shows for valid UTF-8 (code points; wide ones count 1). */
size_t text_columns(const char *s);

/* One path element of a name: [A-Za-z0-9._-] as is ('.' not first), other bytes %XX; beyond 200 octets a prefix and '~' and
 * 16 hex digits of its hash. 'buf' at least 256 octets. Returns 'buf'. Reversed by text_from_path unless hashed. */
char *text_to_path(const char *name, char *buf, size_t size_octets);
bool text_from_path(const char *element, char *buf, size_t size_octets);

/* Copy of a string into a fixed array; false when it was cut. */
bool text_copy(char *buf, size_t size_octets, const char *s);

/* "48 k", "1.50 M", "700 ": three significant digits, SI prefix (1000), for bytes and bits on screens. There is always a
 * blank before the prefix, also before none, so that the unit is put right behind: "48 k" "B/s", "700 " "B/s". */
char *text_si(double v, char *buf, size_t size_octets);
/* "29,430". */
char *text_thousands(unsigned long long v, char *buf, size_t size_octets);

#endif
