/* poller/base/text.c: text that cannot overrun, and escaping of foreign strings. See text.h. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "text.h"

enum {
	PATH_MOST_OCTETS = 200,
	PATH_HASH_OCTETS = 17,		/* '~' and 16 digits */
};

struct text text_over(char *buf, size_t size_octets)
{
	if (size_octets)
		buf[0] = '\0';
	return (struct text){ .buf = buf, .size = size_octets };
}

void text_add(struct text *t, const char *fmt, ...)
{
	size_t room = t->size - t->len;
	va_list ap;
	int n;

	if (t->cut || t->size == 0) {
		t->cut = true;
		return;
	}
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, room, fmt, ap);
	va_end(ap);
	t->cut = n < 0 || (size_t)n >= room;
	if (t->cut)
		t->len = t->size - 1;
	else
		t->len += (size_t)n;
}

/* One UTF-8 sequence (RFC 3629): no overlong form, no surrogate, at most U+10FFFF. Returns octets, 0 when invalid. */
static size_t utf8_next(const uint8_t *p, size_t left, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;

	if (left == 0)
		return 0;
	*code = p[0];
	if (p[0] < 0x80)
		return 1;
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > left)
		return 0;
	*code = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

/* What must not reach a terminal: C0, DEL, C1, and what turns the direction of writing round. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0x2028 || code == 0x2029;
}

char *text_clean(const void *s, size_t len_octets, char *buf, size_t size_octets)
{
	static const char hex[] = "0123456789ABCDEF";
	const uint8_t *p = s, *end = p + len_octets;
	size_t out = 0;

	if (size_octets == 0)
		return buf;
	while (p < end) {
		uint32_t code;
		size_t len = utf8_next(p, (size_t)(end - p), &code);
		bool escape = len == 0 || is_control(code);

		len += len == 0;
		if (out + (escape ? 4 * len : len) >= size_octets)
			break;
		for (size_t i = 0; i < len; i++, p++) {
			if (escape) {
				buf[out++] = '\\';
				buf[out++] = 'x';
				buf[out++] = hex[*p >> 4];
				buf[out++] = hex[*p & 15];
			} else {
				buf[out++] = (char)*p;
			}
		}
	}
	buf[out] = '\0';
	return buf;
}

bool text_is_utf8(const void *s, size_t len_octets)
{
	const uint8_t *p = s, *end = p + len_octets;
	uint32_t code;

	while (p < end) {
		size_t len = utf8_next(p, (size_t)(end - p), &code);

		if (len == 0)
			return false;
		p += len;
	}
	return true;
}

size_t text_columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

/* Escape 's' into 't' as long as it stays within 'most' octets; returns what is left of 's'. */
static const char *path_add(struct text *t, const char *s, size_t most)
{
	for (; *s; s++) {
		bool plain = is_plain(*s) && !(t->len == 0 && *s == '.');

		if (t->len + (plain ? 1 : 3) > most)
			break;
		text_add(t, plain ? "%c" : "%%%02X", (unsigned char)*s);
	}
	return s;
}

char *text_to_path(const char *name, char *buf, size_t size_octets)
{
	struct text t = text_over(buf, size_octets);

	if (*name == '\0') {
		text_add(&t, "%%00");	/* a path element is never empty, and no name holds a zero */
		return buf;
	}
	if (*path_add(&t, name, PATH_MOST_OCTETS) == '\0')
		return buf;
	t = text_over(buf, size_octets);
	path_add(&t, name, PATH_MOST_OCTETS - PATH_HASH_OCTETS);
	text_add(&t, "~%016" PRIx64, hash_stable(name, strlen(name)));
	return buf;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool text_from_path(const char *element, char *buf, size_t size_octets)
{
	char again[256];
	size_t len = 0;

	for (const char *p = element; *p; p++) {
		char c = *p;

		if (len + 1 >= size_octets)
			return false;
		if (c == '%') {
			int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			p += 2;
		}
		buf[len++] = c;
	}
	if (size_octets == 0)
		return false;
	buf[len] = '\0';
	return strcmp(text_to_path(buf, again, sizeof(again)), element) == 0;
}

bool text_copy(char *buf, size_t size_octets, const char *s)
{
	size_t len = strlen(s);
	bool fits = len < size_octets;

	if (size_octets == 0)
		return false;
	if (!fits)
		len = size_octets - 1;
	memcpy(buf, s, len);
	buf[len] = '\0';
	return fits;
}

char *text_si(double v, char *buf, size_t size_octets)
{
	static const char *const prefix[] = { "", "k", "M", "G", "T", "P", "E" };
	double size = fabs(v);
	unsigned i = 0;

	if (!isfinite(v)) {
		snprintf(buf, size_octets, "- ");
		return buf;
	}
	while (size >= 999.5 && i + 1 < sizeof(prefix) / sizeof(prefix[0])) {
		size /= 1000;
		i++;
	}
	size = copysign(size, v);
	if (fabs(size) < 1 || fabs(size - round(size)) < 1e-9 || fabs(size) >= 99.95)
		snprintf(buf, size_octets, "%.*g %s", fabs(size) >= 1000 ? 17 : 3, size, prefix[i]);
	else
		snprintf(buf, size_octets, "%.*f %s", fabs(size) < 9.995 ? 2 : 1, size, prefix[i]);
	return buf;
}

char *text_thousands(unsigned long long v, char *buf, size_t size_octets)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", v);
	struct text t = text_over(buf, size_octets);

	for (int i = 0; i < len; i++)
		text_add(&t, i && (len - i) % 3 == 0 ? ",%c" : "%c", digits[i]);
	return buf;
}
