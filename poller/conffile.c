/* poller/conffile.c: cut files into pieces, check each against its table, hand it to libconfuse. See conffile.h.
 *
 * The checker here walks a piece's tokens along libconfuse's table, so that all mistakes are found with their lines, and
 * writes the piece again with every value in single quotes. What libconfuse gets is therefore always well-formed, and it
 * has nothing left to expand; it builds the cfg_t.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "poller/base/hash.h"
#include "poller/base/text.h"
#include "poller/conffile-int.h"

enum { MISTAKES_MOST = 1000, DEPTH_MOST = 16, FILES_MOST = 10000, LINEAR_MOST = 32 };
static const size_t file_octets_most = (size_t)256 << 20;

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

struct reading {
	cfg_opt_t *opts;
	struct arena *arena;
	struct mistakes *m;
	conf_each *each;
	void *owner;
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
	bool bad;		/* the piece has a mistake */
	bool inner;		/* within a section */
};

/* ---- mistakes ------------------------------------------------------------------------------------------------------ */

void mistake_add(struct mistakes *m, const char *file, unsigned line, const char *fmt, ...)
{
	char text[2048], clean[3072], where[32] = "";
	va_list ap;

	if (m->count >= MISTAKES_MOST) {
		m->more++;
		return;
	}
	if (m->count == m->size) {
		m->size = m->size ? m->size * 2 : 16;
		m->line = must_realloc(m->line, m->size * sizeof(*m->line));
	}
	if (line)
		snprintf(where, sizeof(where), ":%u", line);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(text, strlen(text), clean, sizeof(clean));
	m->line[m->count] = must_alloc(strlen(file) + strlen(where) + strlen(clean) + 3);
	snprintf(m->line[m->count], strlen(file) + strlen(where) + strlen(clean) + 3, "%s%s: %s", file, where, clean);
	m->count++;
}

void mistakes_release(struct mistakes *m)
{
	for (unsigned i = 0; i < m->count; i++)
		free(m->line[i]);
	free(m->line);
	*m = (struct mistakes){ 0 };
}

static void wrong(struct cut *c, unsigned line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void wrong(struct cut *c, unsigned line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mistake_add(c->r->m, c->lex.file, line, "%s%s", c->subject, text);
	c->bad = true;
}

/* ---- lines ---------------------------------------------------------------------------------------------------------- */

static const struct where *lines_find(const struct conf_lines *l, const char *path)
{
	uint32_t at;

	if (l->count > LINEAR_MOST) {
		at = names_find(&l->index, path);
		return at == NAMES_NONE ? NULL : &l->where[at];
	}
	for (at = 0; at < l->count; at++)
		if (strcmp(l->where[at].path, path) == 0)
			return &l->where[at];
	return NULL;
}

/* Note that 'path' is written at 'line'; its first place when it was written before. */
static const struct where *lines_add(struct conf_lines *l, const char *path, unsigned line)
{
	const struct where *first = lines_find(l, path);
	uint32_t first_at = first ? (uint32_t)(first - l->where) : 0;

	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 64;
		l->where = must_realloc(l->where, l->size * sizeof(*l->where));
	}
	l->where[l->count++] = (struct where){ .path = path, .line = line, .value = l->values };
	if (l->count == LINEAR_MOST + 1)
		for (uint32_t i = 0; i < l->count; i++)
			names_put(&l->index, l->where[i].path, i);
	else if (l->count > LINEAR_MOST)
		names_put(&l->index, path, l->count - 1);
	return first ? &l->where[first_at] : NULL;
}

static void lines_value(struct conf_lines *l, unsigned line)
{
	if (l->values == l->value_size) {
		l->value_size = l->value_size ? l->value_size * 2 : 256;
		l->value = must_realloc(l->value, l->value_size * sizeof(*l->value));
	}
	l->value[l->values++] = line;
	l->where[l->count - 1].count++;
}

static void lines_clear(struct conf_lines *l)
{
	names_release(&l->index);
	l->index = (struct names){ 0 };
	l->count = l->values = 0;
}

unsigned conf_line(const struct conf_piece *p, const char *path)
{
	const struct where *w = lines_find(p->lines, path);

	return w ? w->line : p->line;
}

unsigned conf_value_line(const struct conf_piece *p, const char *path, unsigned index)
{
	const struct conf_lines *l = p->lines;
	const struct where *w = lines_find(l, path);

	for (; w && w < l->where + l->count; w++) {
		if (strcmp(w->path, path) != 0)
			continue;
		if (index < w->count)
			return l->value[w->value + index];
		index -= w->count;
	}
	return conf_line(p, path);
}

bool conf_given(const struct conf_piece *p, const char *option)
{
	return lines_find(p->lines, option) != NULL;
}

/* ---- the piece written again ---------------------------------------------------------------------------------------- */

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

/* ---- checking ------------------------------------------------------------------------------------------------------- */

static void advance(struct cut *c)
{
	c->tok = lexer_next(&c->lex);
}

static cfg_opt_t *find_opt(cfg_opt_t *opts, const char *name)
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
		advance(c);
	} while (depth > 0);
}

/* Past what may follow an unknown name: = value, = { ... }, "title" { ... }, { ... }. */
static void skip_rest(struct cut *c)
{
	bool set = c->tok.kind == TOK_SET || c->tok.kind == TOK_APPEND;

	if (set)
		advance(c);
	if (c->tok.kind == TOK_TEXT && (set || c->tok.quoted))
		advance(c);
	if (c->tok.kind == TOK_OPEN)
		skip_braces(c);
}

/* Unknown 'name': the nearest, else all that may stand here. */
static void wrong_name(struct cut *c, const cfg_opt_t *opts, const char *name, unsigned line)
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
		wrong(c, line, "unknown option \"%s\"; \"%s\" is near", name, near);
	else
		wrong(c, line, "unknown option \"%s\"; here may stand %s", name, all);
	names_release(&known);
}

/* A whole number as libconfuse shall read it: decimal without leading zeros (to it they mean octal). NULL: it is none. */
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
		wrong(c, c->tok.line, "%s = \"%s\": not a whole number; write it like %s = 2", o->name, text, o->name);
	else if (o->type == CFGT_FLOAT && !(as = any_number(text)))
		wrong(c, c->tok.line, "%s = \"%s\": not a number; write it like %s = 0.5", o->name, text, o->name);
	else if (o->type == CFGT_BOOL && !is_boolean(text))
		wrong(c, c->tok.line, "%s = \"%s\": neither true nor false", o->name, text);
	if (as)
		emit_quoted(c, as);
	lines_value(&c->lines, c->tok.line);
	advance(c);
}

/* The values of a list, after its opening brace. */
static void check_list(struct cut *c, const cfg_opt_t *o, unsigned began)
{
	emit(c, "{", 1);
	while (c->tok.kind == TOK_TEXT) {
		check_value(c, o);
		if (c->tok.kind == TOK_COMMA) {
			emit(c, ",", 1);
			advance(c);
		} else if (c->tok.kind == TOK_TEXT) {
			wrong(c, c->tok.line, "%s: a comma is missing before \"%s\"", o->name, c->tok.text);
		}
	}
	emit(c, "}\n", 2);
	if (c->tok.kind == TOK_CLOSE) {
		advance(c);
		return;
	}
	wrong(c, c->tok.kind == TOK_END ? began : c->tok.line, "%s: the list that begins in line %u has no \"}\"", o->name, began);
	if (c->tok.kind == TOK_OPEN)
		skip_braces(c);
}

/* What follows an option's name. */
static void check_option(struct cut *c, const cfg_opt_t *o, unsigned line)
{
	bool list = o->flags & CFGF_LIST, append = c->tok.kind == TOK_APPEND;
	const char *path = arena_printf(&c->scratch, "%s%s", c->path, o->name);
	const struct where *first = lines_add(&c->lines, path, line);

	if (first && !(append && list))
		wrong(c, line, "%s is given twice, first in line %u; keep one", o->name, first->line);
	if (append && !list)
		wrong(c, line, "%s takes one value; write %s = ...", o->name, o->name);
	if (c->tok.kind != TOK_SET && !append) {
		wrong(c, line, "\"=\" is missing after %s", o->name);
		skip_rest(c);
		return;
	}
	emit_word(c, o->name);
	emit_word(c, append ? "+=" : "=");
	advance(c);
	if (c->tok.kind == TOK_TEXT) {
		check_value(c, o);
	} else if (c->tok.kind != TOK_OPEN) {
		wrong(c, line, "%s has no value; write %s = %s", o->name, o->name, list ? "{\"...\"}" : "...");
	} else if (!list) {
		wrong(c, line, "%s takes one value, not a list", o->name);
		skip_braces(c);
	} else {
		line = c->tok.line;
		advance(c);
		check_list(c, o, line);
	}
}

static void check_section(struct cut *c, cfg_opt_t *o, unsigned line);

/* Is the name ahead the beginning of the next top-level section, so that a brace was forgotten before it? */
static bool forgotten_brace(const struct cut *c)
{
	const cfg_opt_t *o = find_opt(c->r->opts, c->tok.text);

	return c->tok.first && !c->tok.quoted && o && o->type == CFGT_SEC;
}

/* Options of a section up to its closing brace; false when that is missing. */
static bool check_body(struct cut *c, cfg_opt_t *opts)
{
	while (c->tok.kind != TOK_CLOSE && c->tok.kind != TOK_END) {
		struct token name = c->tok;
		cfg_opt_t *o = name.kind == TOK_TEXT ? find_opt(opts, name.text) : NULL;

		if (!o && name.kind == TOK_TEXT && forgotten_brace(c))
			return false;
		advance(c);
		if (name.kind != TOK_TEXT) {
			wrong(c, name.line, "unexpected \"%s\"; the name of an option belongs here", name.text);
		} else if (!o) {
			wrong_name(c, opts, name.text, name.line);
			skip_rest(c);
		} else if (o->type == CFGT_SEC) {
			check_section(c, o, name.line);
		} else {
			check_option(c, o, name.line);
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
		advance(c);
	} else if (titled) {
		wrong(c, c->tok.line, "%s has no name; write %s \"NAME\" { ... }", o->name, o->name);
	} else if (c->tok.kind == TOK_TEXT && c->tok.quoted) {
		wrong(c, c->tok.line, "%s takes no name; write %s { ... }", o->name, o->name);
		advance(c);
	}
	if (c->tok.kind == TOK_OPEN) {
		advance(c);
		return true;
	}
	wrong(c, c->tok.line, "\"{\" is missing after %s%s%s%s", o->name, *title ? " \"" : "", *title ? *title : "", *title ? "\"" : "");
	if (c->tok.kind == TOK_SET)
		skip_rest(c);
	return false;
}

/* A section after its type; the subject and the path of mistakes are those of the section meanwhile. */
static void check_section(struct cut *c, cfg_opt_t *o, unsigned line)
{
	const char *outer = c->path, *title;
	size_t subject = strlen(c->subject);
	struct text t = text_over(c->subject + subject, sizeof(c->subject) - subject);
	bool inner = c->inner;

	if (check_head(c, o, &title)) {
		const char *path = title ? arena_printf(&c->scratch, "%s%s/%s", outer, o->name, title)
					 : arena_printf(&c->scratch, "%s%s", outer, o->name);
		const struct where *first = inner ? lines_add(&c->lines, path, line) : NULL;

		text_add(&t, title ? "%s \"%s\": " : "%s: ", o->name, title);
		if (first)
			wrong(c, line, "given twice, first in line %u; keep one", first->line);
		c->path = inner ? arena_printf(&c->scratch, "%s/", path) : "";
		c->inner = true;
		emit(c, "{\n", 2);
		if (check_body(c, o->subopts))
			advance(c);
		else
			wrong(c, line, "section that begins here has no \"}\"");
		emit(c, "}\n", 2);
	}
	c->subject[subject] = 0;
	c->path = outer;
	c->inner = inner;
}

/* ---- pieces --------------------------------------------------------------------------------------------------------- */

/* Were libconfuse to refuse what was found good, its words would have no line: hand_out() says it. */
static void refused(cfg_t *cfg, const char *fmt, va_list ap)
{
	(void)cfg;
	(void)fmt;
	(void)ap;
}

static void hand_out(struct cut *c, cfg_opt_t *o, unsigned line)
{
	cfg_opt_t one[] = { *o, CFG_END() };
	cfg_t *root = cfg_init(one, CFGF_NONE);
	struct conf_piece p = { .file = c->lex.file, .line = line, .type = o->name, .lines = &c->lines };

	must(root != NULL);
	cfg_set_error_function(root, refused);
	if (cfg_parse_buf(root, c->out) == CFG_SUCCESS) {
		p.cfg = o->type == CFGT_SEC ? cfg_getnsec(root, o->name, 0) : root;
		p.title = o->type == CFGT_SEC && (o->flags & CFGF_TITLE) ? cfg_title(p.cfg) : NULL;
		c->r->each(c->r->owner, &p);
	} else {
		mistake_add(c->r->m, c->lex.file, line, "libconfuse refuses this %s", o->name);
	}
	cfg_free(root);
}

static enum fw_err read_path(struct reading *r, const char *path, const char *from, unsigned line);

/* include "FILE or FOLDER", relative to the file it stands in; "=" or parentheses as in libconfuse are not needed. */
static void include(struct cut *c, unsigned line)
{
	const char *file = c->lex.file, *slash = strrchr(file, '/'), *path;

	if (c->tok.kind == TOK_SET)
		advance(c);
	if (c->tok.kind != TOK_TEXT) {
		wrong(c, line, "include has no file; write include \"FILE\"");
		return;
	}
	if (c->tok.text[0] == '/' || !slash)
		path = arena_strdup(c->r->arena, c->tok.text);
	else
		path = arena_printf(c->r->arena, "%.*s/%s", (int)(slash - file), file, c->tok.text);
	read_path(c->r, path, file, line);
	advance(c);
}

/* One top-level section or option; its name is ahead. */
static void cut_piece(struct cut *c)
{
	struct token name = c->tok;
	cfg_opt_t *o;

	advance(c);
	if (name.kind != TOK_TEXT) {
		wrong(c, name.line, name.kind == TOK_CLOSE ? "\"%s\" closes nothing" : "unexpected \"%s\"", name.text);
		return;
	}
	if (strcmp(name.text, "include") == 0 && !name.quoted) {
		include(c, name.line);
		return;
	}
	o = find_opt(c->r->opts, name.text);
	if (!o) {
		wrong_name(c, c->r->opts, name.text, name.line);
		skip_rest(c);
		return;
	}
	if (o->type == CFGT_SEC)
		check_section(c, o, name.line);
	else
		check_option(c, o, name.line);
	if (!c->bad)
		hand_out(c, o, name.line);
}

/* Texts of tokens live in 'scratch' until the piece is done; the token ahead moves to the next piece's. */
static void piece_done(struct cut *c)
{
	struct arena fresh = { 0 };

	if (c->scratch.used_octets < 65536 && c->tok.kind != TOK_END)
		return;
	c->tok.text = arena_strdup(&fresh, c->tok.text);
	arena_release(&c->scratch);
	c->scratch = fresh;
}

static void cut_text(struct reading *r, const char *name, const char *text, size_t len_octets)
{
	struct cut c = { .r = r, .path = "", .lex = { .m = r->m } };

	c.lex.scratch = &c.scratch;
	lexer_init(&c.lex, name, text, len_octets);
	advance(&c);
	while (c.tok.kind != TOK_END) {
		c.bad = false;
		c.len = 0;
		lines_clear(&c.lines);
		cut_piece(&c);
		piece_done(&c);
	}
	lexer_release(&c.lex);
	lines_clear(&c.lines);
	free(c.lines.where);
	free(c.lines.value);
	free(c.out);
	arena_release(&c.scratch);
}

/* ---- files ---------------------------------------------------------------------------------------------------------- */

/* All of 'f'; the caller frees '*text'. False with errno. */
static bool slurp(FILE *f, char **text, size_t *len)
{
	size_t size = 65536, got;

	*text = must_alloc(size);
	for (*len = 0; (got = fread(*text + *len, 1, size - *len, f)) > 0; ) {
		*len += got;
		if (*len > file_octets_most) {
			errno = EFBIG;
			return false;
		}
		if (*len == size)
			*text = must_realloc(*text, size *= 2);
	}
	return !ferror(f);
}

/* A mistake about a file: at the line that includes it, else about the file as a whole. */
static void wrong_file(struct reading *r, const char *path, const char *from, unsigned line, const char *why)
{
	if (from)
		mistake_add(r->m, from, line, "include \"%s\": %s", path, why);
	else
		mistake_add(r->m, path, 0, "%s", why);
}

static enum fw_err read_file(struct reading *r, const char *path, const char *from, unsigned line)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t len = 0;

	if (!f || !slurp(f, &text, &len)) {
		char why[128];

		snprintf(why, sizeof(why), "cannot be read: %s", err_errno());
		wrong_file(r, path, from, line, why);
		if (f)
			fclose(f);
		free(text);
		return FW_IO;
	}
	fclose(f);
	cut_text(r, arena_strdup(r->arena, path), text, len);
	free(text);
	return FW_OK;
}

static int is_conf(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && strcmp(e->d_name + len - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Every *.conf of a folder, sorted. */
static enum fw_err read_folder(struct reading *r, const char *path, const char *from, unsigned line)
{
	struct dirent **entry = NULL;
	int n = scandir(path, &entry, is_conf, by_name);
	enum fw_err err = FW_OK;

	if (n < 0) {
		char why[128];

		snprintf(why, sizeof(why), "folder cannot be read: %s", err_errno());
		wrong_file(r, path, from, line, why);
		return FW_IO;
	}
	for (int i = 0; i < n; i++) {
		enum fw_err one = read_path(r, arena_printf(r->arena, "%s/%s", path, entry[i]->d_name), from, line);

		if (err == FW_OK)
			err = one;
		free(entry[i]);
	}
	free(entry);
	return err;
}

/* Read a file or folder; 'from' and 'line' say where it is included, NULL for the first. */
static enum fw_err read_path(struct reading *r, const char *path, const char *from, unsigned line)
{
	struct stat st;
	enum fw_err err;

	if (stat(path, &st) < 0)
		return read_file(r, path, from, line);	/* says why not */
	for (unsigned i = 0; i < r->depth; i++) {
		if (r->open[i].dev == st.st_dev && r->open[i].ino == st.st_ino) {
			wrong_file(r, path, from, line, "includes itself");
			return FW_MISTAKE;
		}
	}
	if (from && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {	/* the first may be a pipe, which is waited for */
		wrong_file(r, path, from, line, "neither a file nor a folder");
		return FW_MISTAKE;
	}
	if (r->depth == DEPTH_MOST || r->files == FILES_MOST) {
		wrong_file(r, path, from, line, r->depth == DEPTH_MOST ? "more than 16 files deep" : "more than 10,000 files");
		return FW_MISTAKE;
	}
	r->open[r->depth].dev = st.st_dev;
	r->open[r->depth].ino = st.st_ino;
	r->depth++;
	r->files++;
	err = S_ISDIR(st.st_mode) ? read_folder(r, path, from, line) : read_file(r, path, from, line);
	r->depth--;
	return err;
}

enum fw_err conf_read(const char *path, cfg_opt_t *opts, struct arena *a, struct mistakes *m, conf_each *each, void *owner)
{
	struct reading r = { .opts = opts, .arena = a, .m = m, .each = each, .owner = owner };
	unsigned before = m->count + m->more;
	enum fw_err err = read_path(&r, path, NULL, 0);

	return err == FW_OK && m->count + m->more > before ? FW_MISTAKE : err;
}

enum fw_err conf_read_text(const char *name, const char *text, size_t len_octets, cfg_opt_t *opts, struct arena *a,
			   struct mistakes *m, conf_each *each, void *owner)
{
	struct reading r = { .opts = opts, .arena = a, .m = m, .each = each, .owner = owner };
	unsigned before = m->count + m->more;

	cut_text(&r, arena_strdup(a, name), text, len_octets);
	return m->count + m->more > before ? FW_MISTAKE : FW_OK;
}
