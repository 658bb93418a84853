/* poller/conffile-lex.c: words, strings and signs of a configuration file, with their lines. See conffile-int.h. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/conffile-int.h"

/* Lines that are not text are said one by one; the lexer then passes over their octets as if they were. */
static void check_octets(struct lexer *l)
{
	unsigned line = 1;
	const char *at = l->at;

	while (at < l->end) {
		const char *nl = memchr(at, '\n', (size_t)(l->end - at));
		const char *stop = nl ? nl : l->end;
		size_t len = (size_t)(stop - at);

		if (memchr(at, 0, len))
			mistake_add(l->m, l->file, line, "a zero octet; this is not a text file");
		else if (!text_is_utf8(at, len))
			mistake_add(l->m, l->file, line, "not UTF-8; save the file in UTF-8");
		at = nl ? nl + 1 : l->end;
		line++;
	}
}

void lexer_init(struct lexer *l, const char *file, const char *text, size_t len_octets)
{
	l->file = file;
	l->at = text;
	l->end = text + len_octets;
	l->line = 1;
	l->line_begins = true;
	if (len_octets >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		l->at += 3;
	check_octets(l);
}

void lexer_release(struct lexer *l)
{
	free(l->buf);
	l->buf = NULL;
	l->size = 0;
}

static void put(struct lexer *l, char c)
{
	if (l->len + 1 >= l->size) {
		l->size = l->size ? l->size * 2 : 256;
		l->buf = must_realloc(l->buf, l->size);
	}
	l->buf[l->len++] = c;
}

static int ahead(const struct lexer *l, size_t n)
{
	return (size_t)(l->end - l->at) > n ? (unsigned char)l->at[n] : -1;
}

static void newline(struct lexer *l)
{
	l->line++;
	l->line_begins = true;
}

static void skip_line(struct lexer *l)
{
	while (l->at < l->end && *l->at != '\n')
		l->at++;
}

static void skip_comment(struct lexer *l)
{
	unsigned began = l->line;

	for (l->at += 2; l->at < l->end; l->at++) {
		if (*l->at == '\n')
			newline(l);
		if (ahead(l, 0) == '*' && ahead(l, 1) == '/') {
			l->at += 2;
			return;
		}
	}
	mistake_add(l->m, l->file, began, "comment that begins here has no end; close it with \"*/\"");
}

/* Up to the next token or the end. */
static void skip_space(struct lexer *l)
{
	while (l->at < l->end) {
		int c = ahead(l, 0), d = ahead(l, 1);

		if (c == '\n') {
			newline(l);
			l->at++;
		} else if (c == '#' || (c == '/' && d == '/')) {
			skip_line(l);
		} else if (c == '/' && d == '*') {
			skip_comment(l);
		} else if (c == ' ' || c == '\t' || c == '\r') {
			l->at++;
		} else {
			return;
		}
	}
}

static int digit_of(int c, int base)
{
	int v = 99;

	if (c >= '0' && c <= '9')
		v = c - '0';
	else if (c >= 'a' && c <= 'f')
		v = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		v = c - 'A' + 10;
	return v < base ? v : -1;
}

/* Octal (at most three digits) or hexadecimal (two): X of \X is at l->at. */
static void put_number(struct lexer *l, int base, int most)
{
	int v = 0, n = 0;

	while (n < most && digit_of(ahead(l, 0), base) >= 0) {
		v = v * base + digit_of(*l->at++, base);
		n++;
	}
	if (n == 0 || v == 0 || v > 255)
		mistake_add(l->m, l->file, l->line, "escape in a string stands for no character; write a backslash as \\\\");
	else
		put(l, (char)v);
	l->odd |= v > 127;
}

/* What follows a backslash in "...". */
static void put_escape(struct lexer *l)
{
	static const char letter[] = "nrbfaetv", code[] = "\n\r\b\f\a\033\t\v";
	int c = ahead(l, 0);
	const char *at = c > 0 ? strchr(letter, c) : NULL;

	if (c == '\n') {
		newline(l);
		l->at++;
	} else if (c == 'x') {
		l->at++;
		put_number(l, 16, 2);
	} else if (digit_of(c, 8) >= 0) {
		put_number(l, 8, 3);
	} else if (c >= 0) {
		put(l, at ? code[at - letter] : (char)c);
		l->at++;
	}
}

static void put_backslash(struct lexer *l, char quote)
{
	int c = ahead(l, 0);

	if (quote == '"') {
		put_escape(l);
	} else if (c == '\n') {
		newline(l);
		l->at++;
	} else if (c == '\'' || c == '\\') {
		put(l, *l->at++);
	} else {
		put(l, '\\');
	}
}

static const char *text_end(struct lexer *l)
{
	put(l, 0);
	return arena_strndup(l->scratch, l->buf, l->len - 1);
}

static const char *string(struct lexer *l)
{
	char quote = *l->at++;
	unsigned began = l->line;

	l->len = 0;
	l->odd = false;
	while (l->at < l->end && *l->at != quote && *l->at != '\n') {
		char c = *l->at++;

		if (c == '\\')
			put_backslash(l, quote);
		else
			put(l, c);
	}
	if (l->at < l->end && *l->at == quote)
		l->at++;
	else
		mistake_add(l->m, l->file, began, "string that begins here has no end; close it with %c in the same line", quote);
	if (l->odd && !text_is_utf8(l->buf, l->len))	/* the file itself was looked at */
		mistake_add(l->m, l->file, began, "string is not UTF-8 because of its escapes");
	return text_end(l);
}

static bool is_word(const struct lexer *l)
{
	int c = ahead(l, 0), d = ahead(l, 1);

	if (c == '/')
		return d != '/' && d != '*';
	return c > ' ' && c != 127 && !strchr("#\"'={}()+,", c);
}

static const char *word(struct lexer *l)
{
	l->len = 0;
	while (is_word(l))
		put(l, *l->at++);
	return text_end(l);
}

static struct token sign(struct lexer *l, struct token t, enum tok kind, const char *text)
{
	t.kind = kind;
	t.text = text;
	l->at += strlen(text);
	return t;
}

struct token lexer_next(struct lexer *l)
{
	for (;;) {
		struct token t = { .kind = TOK_TEXT };
		char odd[8];

		skip_space(l);
		t.line = l->line;
		t.first = l->line_begins;
		l->line_begins = false;
		switch (ahead(l, 0)) {
		case -1: return sign(l, t, TOK_END, "");
		case '{': return sign(l, t, TOK_OPEN, "{");
		case '}': return sign(l, t, TOK_CLOSE, "}");
		case '=': return sign(l, t, TOK_SET, "=");
		case ',': return sign(l, t, TOK_COMMA, ",");
		case '"': case '\'':
			t.quoted = true;
			t.text = string(l);
			return t;
		}
		if (ahead(l, 0) == '+' && ahead(l, 1) == '=')
			return sign(l, t, TOK_APPEND, "+=");
		if (is_word(l)) {
			t.text = word(l);
			return t;
		}
		if (*l->at)	/* zero octets were said */
			mistake_add(l->m, l->file, l->line, "unexpected '%s'; put text that holds it in quotes",
				    text_clean(l->at, 1, odd, sizeof(odd)));
		l->at++;
	}
}
