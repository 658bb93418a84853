/* poller/conffile-int.h: the lexer under conffile.c. Private to conffile*.c.
 *
 * Tokens are those of libconfuse: words, "strings" with C escapes, 'strings' without, { } = += and comma; comments begin
 * with #, // or slash-star. Unlike libconfuse's own lexer this one knows the line of every token, expands nothing from the
 * environment, and lets a string end on its line (a backslash at the line's end continues it), so that a forgotten quote
 * is reported where it is missing.
 */
#ifndef FW_CONFFILE_INT_H
#define FW_CONFFILE_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "poller/conffile.h"

enum tok { TOK_END, TOK_TEXT, TOK_OPEN, TOK_CLOSE, TOK_SET, TOK_APPEND, TOK_COMMA };

struct token {
	enum tok kind;
	bool quoted;
	bool first;		/* on its line */
	unsigned line;
	const char *text;	/* of TOK_TEXT, in the lexer's scratch; of others as written */
};

struct lexer {
	const char *at, *end;
	const char *file;
	unsigned line;
	bool line_begins;
	struct arena *scratch;	/* texts of tokens */
	char *buf;		/* of the string being read */
	size_t len, size;
	bool odd;		/* an escape above 127 is in it */
	struct mistakes *m;
};

void lexer_init(struct lexer *l, const char *file, const char *text, size_t len_octets);
void lexer_release(struct lexer *l);

/* The next token; a mistake in it is reported and what can be made of it is returned. */
struct token lexer_next(struct lexer *l);

#endif
