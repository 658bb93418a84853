/* poller/conffile-int.h: under conffile.c: tokens, lines, and one file being cut. Private to conffile*.c.
 *
 * Tokens are those of libconfuse: words, "strings" with C escapes, 'strings' without, { } = += and comma; comments
 * begin with #, // or slash-star. Unlike libconfuse's own lexer this one knows the line of every token, expands nothing
 * from the environment, and lets a string end on its line (a backslash at the line's end continues it), so that a
 * forgotten quote is reported where it is missing.
 */
#ifndef FW_CONFFILE_INT_H
#define FW_CONFFILE_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "poller/base/hash.h"
#include "poller/conffile.h"

enum { DEPTH_MOST = 16, FILES_MOST = 10000 };

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

/* ---- lines (conffile-lines.c) ------------------------------------------------------------------------------------ */

/* Where an option or subsection was written. A path may come again: lists with +=. */
struct where {
	const char *path;	/* "members", "check/login", "check/login/command"; in scratch */
	unsigned line;
	uint32_t value, count;	/* its values' lines, of a list */
};

struct conf_lines {
	struct where *where;
	uint32_t count, size;
	uint32_t *value;	/* line of each value */
	uint32_t values, value_size;
	struct names index;	/* path -> where, beyond LINEAR_MOST */
};

/* Note that 'path', which lives as long as the piece, is written at 'line'; its first place if it was written
 * before. */
const struct where *conf_lines_add(struct conf_lines *l, const char *path, unsigned line);
/* One more value of what was noted last. */
void conf_lines_value(struct conf_lines *l, unsigned line);
void conf_lines_clear(struct conf_lines *l);

/* ---- cutting ----------------------------------------------------------------------------------------------------- */

struct reading {
	const struct conf_reading *how;
	bool incomplete;	/* a file could not be read */
	struct { dev_t dev; ino_t ino; } open[DEPTH_MOST];
	unsigned depth, files;
};

/* One file being cut. */
struct cut {
	struct reading *r;
	struct lexer lex;
	struct token tok;	/* the one ahead */
	struct arena scratch;	/* of one piece, and of the token ahead of it */
	struct conf_lines lines;
	char *out;		/* the piece written again */
	size_t len, size;
	char subject[512];	/* 'device "edge1": check "login": ', for mistakes */
	const char *path;	/* "check/login/" */
	const char *title;	/* of the piece, or NULL */
	bool bad;		/* the piece has a mistake */
	bool inner;		/* within a section */
};

/* conffile-check.c. A mistake within the piece, about its subject. */
void cut_wrong(struct cut *c, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void cut_advance(struct cut *c);
cfg_opt_t *cut_find(cfg_opt_t *opts, const char *name);
/* Past what may follow an unknown name: = value, = { ... }, "title" { ... }, { ... }. */
void cut_skip(struct cut *c);
/* Unknown 'name': the nearest, else all that may stand here. */
void cut_unknown(struct cut *c, const cfg_opt_t *opts, const char *name, unsigned line);
/* What follows an option's or section's name, which is in line 'line'; written again into c->out. */
void cut_option(struct cut *c, const cfg_opt_t *o, unsigned line);
void cut_section(struct cut *c, cfg_opt_t *o, unsigned line);

#endif
