/* poller/conffile.h: files in libconfuse's syntax, with the line of every section and option.
 *
 * libconfuse stops at the first error and does not know a section's line after parsing. So a file is cut at its
 * top-level sections and options by a small lexer that knows lines, each piece is given to libconfuse alone, and
 * every mistake is collected with file:line. The configuration and the MIB definitions are both read through here.
 * "${NAME}" is not expanded from the environment: parameters of ours are {name}. A string ends in the line it begins in
 * (a backslash before the line's end continues it), so that a forgotten quote is found where it is missing. An option
 * or subsection given twice in one section is a mistake, apart from lists that go on with +=.
 * Thread: the caller's, and one at a time in the process: libconfuse's lexer is global.
 */
#ifndef FW_CONFFILE_H
#define FW_CONFFILE_H

#include <confuse.h>
#include <stdbool.h>
#include <stddef.h>

#include "poller/base/arena.h"
#include "poller/base/err.h"

/* All mistakes of one reading, each one line "file:line: what; what would be right". */
struct mistakes {
	char **line;
	unsigned count, size;
	unsigned more;		/* beyond the first 1,000: counted only */
};
void mistake_add(struct mistakes *m, const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));		/* line 0: the file as a whole */
void mistakes_release(struct mistakes *m);

/* One top-level piece: a section (device "edge1" { ... }) or an option (state = "..."); borrowed during the call. */
struct conf_piece {
	const char *file;	/* as people name it; lives in the arena */
	unsigned line;		/* of its first token */
	const char *type;	/* "device", "state" */
	const char *title;	/* of a titled section, else NULL; borrowed like 'cfg' */
	cfg_t *cfg;		/* parsed: for a section its cfg_t (title and options), for an option the root that has it */
	const struct conf_lines *lines;
};
/* Line of option or subsection "members", or of "check/login/command" (subsections by type/title); the piece's line
 * when it is not given. */
unsigned conf_line(const struct conf_piece *p, const char *path);
/* Line of one value of a list, counted from 0; conf_line() when there is no such value. */
unsigned conf_value_line(const struct conf_piece *p, const char *path, unsigned index);
/* Was the option written at all (not a default)? */
bool conf_given(const struct conf_piece *p, const char *option);

#define CONFIG_STDIN "-"	/* as a path: standard input, which can be read once */

/*
 * Read 'path' (of a folder: every *.conf in it, sorted; CONFIG_STDIN: standard input) and hand out its pieces in order. 'opts' is libconfuse's
 * table of all top-level options and sections.
 * Syntax mistakes, unknown options (with the nearest known one) and wrong types become mistakes; the piece is skipped.
 * 'include "FILE or FOLDER"' (every *.conf in it, sorted) is followed, relative to the file; loops and depth over 16
 * are mistakes.
 * Returns FW_OK, FW_IO when 'path' or what it includes cannot be read (a mistake as well), FW_MISTAKE.
 * What 'each' needs longer it copies into 'a'.
 */
typedef void conf_each(void *owner, const struct conf_piece *p);
enum fw_err conf_read(const char *path, cfg_opt_t *opts, struct arena *a, struct mistakes *m, conf_each *each,
		      void *owner);
/* The same over text in memory (fuzzing, tests, standard input). */
enum fw_err conf_read_text(const char *name, const char *text, size_t len_octets, cfg_opt_t *opts, struct arena *a,
			   struct mistakes *m, conf_each *each, void *owner);

/* Both, and told of sections that have a mistake: their names exist, so that nobody is blamed for mentioning them. */
struct conf_reading {
	const char *name;		/* file or folder; of a text only what it is called */
	const char *text;		/* NULL: read 'name' */
	size_t len_octets;
	cfg_opt_t *opts;
	struct arena *arena;
	struct mistakes *m;
	conf_each *each;
	conf_each *broken;		/* 'cfg' is NULL, 'type' may be none of the table; may be NULL */
	void *owner;
};
enum fw_err conf_read_as(const struct conf_reading *how);

#endif
