/* poller/conffile.c: cut files into pieces, check each against its table, hand it to libconfuse. See conffile.h.
 *
 * The checker (conffile-check.c) walks a piece's tokens along libconfuse's table, so that all mistakes are found with
 * their lines, and writes the piece again with every value in single quotes. What libconfuse gets is therefore always
 * well-formed, and it has nothing left to expand; it builds the cfg_t.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "poller/conffile-int.h"

static const size_t file_octets_most = (size_t)256 << 20;

/* ---- pieces ------------------------------------------------------------------------------------------------------ */

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
		c->r->how->each(c->r->how->owner, &p);
	} else {
		mistake_add(c->r->how->m, c->lex.file, line, "libconfuse refuses this %s", o->name);
	}
	cfg_free(root);
}

static void read_path(struct reading *r, const char *path, const char *from, unsigned line);

/* include "FILE or FOLDER", relative to the file it stands in; "=" or parentheses as in libconfuse are not needed. */
static void include(struct cut *c, unsigned line)
{
	const char *file = c->lex.file, *slash = strrchr(file, '/'), *path;

	if (c->tok.kind == TOK_SET)
		cut_advance(c);
	if (c->tok.kind != TOK_TEXT) {
		cut_wrong(c, line, "include has no file; write include \"FILE\"");
		return;
	}
	if (c->tok.text[0] == '/' || !slash)
		path = arena_strdup(c->r->how->arena, c->tok.text);
	else
		path = arena_printf(c->r->how->arena, "%.*s/%s", (int)(slash - file), file, c->tok.text);
	read_path(c->r, path, file, line);
	cut_advance(c);
}

static void broken(const struct cut *c, const char *type, unsigned line)
{
	struct conf_piece p = { .file = c->lex.file, .line = line, .type = type, .title = c->title, .lines = &c->lines };

	if (c->r->how->broken)
		c->r->how->broken(c->r->how->owner, &p);
}

/* One top-level section or option; its name is ahead. */
static void cut_piece(struct cut *c)
{
	struct token name = c->tok;
	cfg_opt_t *o;

	cut_advance(c);
	if (name.kind != TOK_TEXT) {
		cut_wrong(c, name.line, name.kind == TOK_CLOSE ? "\"%s\" closes nothing" : "unexpected \"%s\"", name.text);
		return;
	}
	if (strcmp(name.text, "include") == 0 && !name.quoted) {
		include(c, name.line);
		return;
	}
	o = cut_find(c->r->how->opts, name.text);
	if (!o) {
		c->title = c->tok.kind == TOK_TEXT && c->tok.quoted ? c->tok.text : NULL;
		cut_unknown(c, c->r->how->opts, name.text, name.line);
		cut_skip(c);
		broken(c, name.text, name.line);
		return;
	}
	if (o->type == CFGT_SEC)
		cut_section(c, o, name.line);
	else
		cut_option(c, o, name.line);
	if (c->bad)
		broken(c, name.text, name.line);
	else
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
	struct cut c = { .r = r, .path = "", .lex = { .m = r->how->m } };

	c.lex.scratch = &c.scratch;
	lexer_init(&c.lex, name, text, len_octets);
	cut_advance(&c);
	while (c.tok.kind != TOK_END) {
		c.bad = false;
		c.title = NULL;
		c.len = 0;
		conf_lines_clear(&c.lines);
		cut_piece(&c);
		piece_done(&c);
	}
	lexer_release(&c.lex);
	conf_lines_clear(&c.lines);
	free(c.lines.where);
	free(c.lines.value);
	free(c.out);
	arena_release(&c.scratch);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

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
		mistake_add(r->how->m, from, line, "include \"%s\": %s", path, why);
	else
		mistake_add(r->how->m, path, 0, "%s", why);
}

static void wrong_errno(struct reading *r, const char *path, const char *from, unsigned line)
{
	char why[128];

	snprintf(why, sizeof(why), "cannot be read: %s", err_errno());
	wrong_file(r, path, from, line, why);
	r->incomplete = true;	/* what is in it is not known */
}

static void read_stream(struct reading *r, FILE *f, const char *path, const char *from, unsigned line)
{
	char *text = NULL;
	size_t len = 0;

	if (f && slurp(f, &text, &len))
		cut_text(r, arena_strdup(r->how->arena, path), text, len);
	else
		wrong_errno(r, path, from, line);
	free(text);
}

static void read_file(struct reading *r, const char *path, const char *from, unsigned line)
{
	FILE *f = fopen(path, "re");

	read_stream(r, f, path, from, line);
	if (f)
		fclose(f);
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
static void read_folder(struct reading *r, const char *path, const char *from, unsigned line)
{
	struct dirent **entry = NULL;
	int n = scandir(path, &entry, is_conf, by_name);

	if (n < 0)
		wrong_errno(r, path, from, line);
	for (int i = 0; i < n; i++) {
		read_path(r, arena_printf(r->how->arena, "%s/%s", path, entry[i]->d_name), from, line);
		free(entry[i]);
	}
	free(entry);
}

/* Why a file or folder may not be read though it is there; NULL when it may. */
static const char *why_not(const struct reading *r, const struct stat *st, bool included)
{
	for (unsigned i = 0; i < r->depth; i++)
		if (r->open[i].dev == st->st_dev && r->open[i].ino == st->st_ino)
			return "includes itself";
	if (included && !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))	/* the first may be a pipe, which is waited for */
		return "neither a file nor a folder";
	if (r->depth == DEPTH_MOST)
		return "more than 16 files deep";
	return r->files == FILES_MOST ? "more than 10,000 files" : NULL;
}

/* Read a file or folder; 'from' and 'line' say where it is included, NULL for the first. */
static void read_path(struct reading *r, const char *path, const char *from, unsigned line)
{
	struct stat st;
	const char *why;

	if (stat(path, &st) < 0) {
		wrong_errno(r, path, from, line);
		return;
	}
	if ((why = why_not(r, &st, from != NULL))) {
		wrong_file(r, path, from, line, why);
		return;
	}
	r->open[r->depth].dev = st.st_dev;
	r->open[r->depth].ino = st.st_ino;
	r->depth++;
	r->files++;
	if (S_ISDIR(st.st_mode))
		read_folder(r, path, from, line);
	else
		read_file(r, path, from, line);
	r->depth--;
}

enum fw_err conf_read_as(const struct conf_reading *how)
{
	struct reading r = { .how = how };
	unsigned before = how->m->count + how->m->more;

	if (how->text)
		cut_text(&r, arena_strdup(how->arena, how->name), how->text, how->len_octets);
	else if (strcmp(how->name, CONFIG_STDIN) == 0)
		read_stream(&r, stdin, "standard input", NULL, 0);
	else
		read_path(&r, how->name, NULL, 0);
	if (r.incomplete)
		return FW_IO;
	return how->m->count + how->m->more > before ? FW_MISTAKE : FW_OK;
}

enum fw_err conf_read(const char *path, cfg_opt_t *opts, struct arena *a, struct mistakes *m, conf_each *each,
		      void *owner)
{
	return conf_read_as(&(struct conf_reading){
		.name = path, .opts = opts, .arena = a, .m = m, .each = each, .owner = owner });
}

enum fw_err conf_read_text(const char *name, const char *text, size_t len_octets, cfg_opt_t *opts, struct arena *a,
			   struct mistakes *m, conf_each *each, void *owner)
{
	return conf_read_as(&(struct conf_reading){ .name = name, .text = text, .len_octets = len_octets, .opts = opts,
						    .arena = a, .m = m, .each = each, .owner = owner });
}
