/* poller/conffile-check.c: a piece's tokens against libconfuse's table, and the piece written again. See
 * conffile-int.h. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "poller/base/text.h"
#include "poller/conffile-int.h"

void cut_wrong(struct cut *c, unsigned line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mistake_add(c->r->how->m, c->lex.file, line, "%s%s", c->subject, text);
	c->bad = true;
}

/* ---- the piece written again ------------------------------------------------------------------------------------- */

static void emit(struct cut *c, const char *s, size_t len)
{
	while (c->len + len + 1 > c->size) {
		c->size = c->size ? c->size * 2 : 4096;
		c->out = must_realloc(c->out, c->size);
	}
	memcpy(c->out + c->len, s, len);
	c->len += len;
	c->out[c->len] = 0;
}

static void emit_word(struct cut *c, const char *s)
{
	emit(c, s, strlen(s));
	emit(c, " ", 1);
}

static void emit_quoted(struct cut *c, const char *s)
{
	emit(c, "'", 1);
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			emit(c, "\\", 1);
		emit(c, s, 1);
	}
	emit(c, "' ", 2);
}

/* ---- checking ---------------------------------------------------------------------------------------------------- */

void cut_advance(struct cut *c)
{
	c->tok = lexer_next(&c->lex);
}

cfg_opt_t *cut_find(cfg_opt_t *opts, const char *name)
{
	for (cfg_opt_t *o = opts; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

/* Past a balanced { ... }; the opening one is ahead. */
static void skip_braces(struct cut *c)
{
	unsigned depth = 0;

	do {
		depth += c->tok.kind == TOK_OPEN;
		depth -= c->tok.kind == TOK_CLOSE;
		if (c->tok.kind == TOK_END)
			return;
		cut_advance(c);
	} while (depth > 0);
}

/* Past what may follow an unknown name: = value, = { ... }, "title" { ... }, { ... }. */
void cut_skip(struct cut *c)
{
	bool set = c->tok.kind == TOK_SET || c->tok.kind == TOK_APPEND;

	if (set)
		cut_advance(c);
	if (c->tok.kind == TOK_TEXT && (set || c->tok.quoted))
		cut_advance(c);
	if (c->tok.kind == TOK_OPEN)
		skip_braces(c);
}

/* Unknown 'name': the nearest, else all that may stand here. */
void cut_unknown(struct cut *c, const cfg_opt_t *opts, const char *name, unsigned line)
{
	char all[640];
	struct names known = { 0 };
	struct text t = text_over(all, sizeof(all));
	const char *near;

	for (const cfg_opt_t *o = opts; o->name; o++) {
		names_put(&known, o->name, 0);
		text_add(&t, "%s%s", o == opts ? "" : ", ", o->name);
	}
	if (!c->inner)
		text_add(&t, "%sinclude", opts->name ? ", " : "");
	near = names_nearest(&known, name, 3);
	if (near)
		cut_wrong(c, line, "unknown option \"%s\"; \"%s\" is near", name, near);
	else
		cut_wrong(c, line, "unknown option \"%s\"; here may stand %s", name, all);
	names_release(&known);
}

/* A whole number as libconfuse shall read it: decimal without leading zeros, which to it mean octal. NULL: it is
 * none. */
static const char *whole_number(struct cut *c, const char *text)
{
	bool hex = strncasecmp(text, "0x", 2) == 0;
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, hex ? 16 : 10);
	if (errno || end == text || *end || strspn(text, " \t\n") > 0)
		return NULL;
	return arena_printf(&c->scratch, "%ld", v);
}

static const char *any_number(const char *text)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	return errno == ERANGE || end == text || *end || !isfinite(v) || strspn(text, " \t\n") > 0 ? NULL : text;
}

static bool is_boolean(const char *text)
{
	static const char *const word[] = { "true", "yes", "on", "false", "no", "off" };

	for (size_t i = 0; i < sizeof(word) / sizeof(*word); i++)
		if (strcasecmp(text, word[i]) == 0)
			return true;
	return false;
}

/* The value ahead, as the option's type wants it. */
static void check_value(struct cut *c, const cfg_opt_t *o)
{
	const char *text = c->tok.text, *as = text;

	if (o->type == CFGT_INT && !(as = whole_number(c, text)))
		cut_wrong(c, c->tok.line, "%s = \"%s\": not a whole number; write it like %s = 2", o->name, text, o->name);
	else if (o->type == CFGT_FLOAT && !(as = any_number(text)))
		cut_wrong(c, c->tok.line, "%s = \"%s\": not a number; write it like %s = 0.5", o->name, text, o->name);
	else if (o->type == CFGT_BOOL && !is_boolean(text))
		cut_wrong(c, c->tok.line, "%s = \"%s\": neither true nor false", o->name, text);
	if (as)
		emit_quoted(c, as);
	conf_lines_value(&c->lines, c->tok.line);
	cut_advance(c);
}

/* The values of a list, after its opening brace. */
static void check_list(struct cut *c, const cfg_opt_t *o, unsigned began)
{
	emit(c, "{", 1);
	while (c->tok.kind == TOK_TEXT) {
		check_value(c, o);
		if (c->tok.kind == TOK_COMMA) {
			emit(c, ",", 1);
			cut_advance(c);
		} else if (c->tok.kind == TOK_TEXT) {
			cut_wrong(c, c->tok.line, "%s: a comma is missing before \"%s\"", o->name, c->tok.text);
		}
	}
	emit(c, "}\n", 2);
	if (c->tok.kind == TOK_CLOSE) {
		cut_advance(c);
		return;
	}
	cut_wrong(c, c->tok.kind == TOK_END ? began : c->tok.line, "%s: the list that begins in line %u has no \"}\"",
		  o->name, began);
	if (c->tok.kind == TOK_OPEN)
		skip_braces(c);
}

/* What follows an option's name. */
void cut_option(struct cut *c, const cfg_opt_t *o, unsigned line)
{
	bool list = o->flags & CFGF_LIST, append = c->tok.kind == TOK_APPEND;
	const char *path = arena_printf(&c->scratch, "%s%s", c->path, o->name);
	const struct where *first = conf_lines_add(&c->lines, path, line);

	if (first && !(append && list))
		cut_wrong(c, line, "%s is given twice, first in line %u; keep one", o->name, first->line);
	if (append && !list)
		cut_wrong(c, line, "%s takes one value; write %s = ...", o->name, o->name);
	if (c->tok.kind != TOK_SET && !append) {
		cut_wrong(c, line, "\"=\" is missing after %s", o->name);
		cut_skip(c);
		return;
	}
	emit_word(c, o->name);
	emit_word(c, append ? "+=" : "=");
	cut_advance(c);
	if (c->tok.kind == TOK_TEXT) {
		check_value(c, o);
	} else if (c->tok.kind != TOK_OPEN) {
		cut_wrong(c, line, "%s has no value; write %s = %s", o->name, o->name, list ? "{\"...\"}" : "...");
	} else if (!list) {
		cut_wrong(c, line, "%s takes one value, not a list", o->name);
		skip_braces(c);
	} else {
		line = c->tok.line;
		cut_advance(c);
		check_list(c, o, line);
	}
}

/* Is the name ahead the beginning of the next top-level section, so that a brace was forgotten before it? */
static bool forgotten_brace(const struct cut *c)
{
	const cfg_opt_t *o = cut_find(c->r->how->opts, c->tok.text);

	return c->tok.first && !c->tok.quoted && o && o->type == CFGT_SEC;
}

/* Options of a section up to its closing brace; false when that is missing. */
static bool check_body(struct cut *c, cfg_opt_t *opts)
{
	while (c->tok.kind != TOK_CLOSE && c->tok.kind != TOK_END) {
		struct token name = c->tok;
		cfg_opt_t *o = name.kind == TOK_TEXT ? cut_find(opts, name.text) : NULL;

		if (!o && name.kind == TOK_TEXT && forgotten_brace(c))
			return false;
		cut_advance(c);
		if (name.kind != TOK_TEXT) {
			cut_wrong(c, name.line, "unexpected \"%s\"; the name of an option belongs here", name.text);
		} else if (!o) {
			cut_unknown(c, opts, name.text, name.line);
			cut_skip(c);
		} else if (o->type == CFGT_SEC) {
			cut_section(c, o, name.line);
		} else {
			cut_option(c, o, name.line);
		}
	}
	return c->tok.kind == TOK_CLOSE;
}

/* Title and opening brace; false when one is missing. */
static bool check_head(struct cut *c, const cfg_opt_t *o, const char **title)
{
	bool titled = o->flags & CFGF_TITLE;

	*title = NULL;
	emit_word(c, o->name);
	if (titled && c->tok.kind == TOK_TEXT) {
		*title = c->tok.text;
		emit_quoted(c, *title);
		cut_advance(c);
	} else if (titled) {
		cut_wrong(c, c->tok.line, "%s has no name; write %s \"NAME\" { ... }", o->name, o->name);
	} else if (c->tok.kind == TOK_TEXT && c->tok.quoted) {
		cut_wrong(c, c->tok.line, "%s takes no name; write %s { ... }", o->name, o->name);
		cut_advance(c);
	}
	if (c->tok.kind == TOK_OPEN) {
		cut_advance(c);
		return true;
	}
	cut_wrong(c, c->tok.line, "\"{\" is missing after %s%s%s%s", o->name, *title ? " \"" : "",
		  *title ? *title : "", *title ? "\"" : "");
	if (c->tok.kind == TOK_SET)
		cut_skip(c);
	return false;
}

/* A section after its type; the subject and the path of mistakes are those of the section meanwhile. */
void cut_section(struct cut *c, cfg_opt_t *o, unsigned line)
{
	const char *outer = c->path, *title;
	size_t subject = strlen(c->subject);
	struct text t = text_over(c->subject + subject, sizeof(c->subject) - subject);
	bool inner = c->inner;

	if (check_head(c, o, &title)) {
		if (!inner)
			c->title = title;
		const char *path = title ? arena_printf(&c->scratch, "%s%s/%s", outer, o->name, title)
					 : arena_printf(&c->scratch, "%s%s", outer, o->name);
		const struct where *first = inner ? conf_lines_add(&c->lines, path, line) : NULL;

		text_add(&t, title ? "%s \"%s\": " : "%s: ", o->name, title);
		if (first)
			cut_wrong(c, line, "given twice, first in line %u; keep one", first->line);
		c->path = inner ? arena_printf(&c->scratch, "%s/", path) : "";
		c->inner = true;
		emit(c, "{\n", 2);
		if (check_body(c, o->subopts))
			cut_advance(c);
		else
			cut_wrong(c, line, "section that begins here has no \"}\"");
		emit(c, "}\n", 2);
	}
	c->subject[subject] = 0;
	c->path = outer;
	c->inner = inner;
}
