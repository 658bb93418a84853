/* poller/mib-parse.c: one table of a definition file into a struct mib_table. See forewarn-mibs(5).
 *
 * libconfuse has the types right already; here are the meanings: words, OIDs, labels, columns by name. Every mistake is
 * said with its own line, and reading goes on, so that one run finds them all.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/text.h"
#include "poller/mib-int.h"

enum { PATH_MAX_OCTETS = 200, CLASS_MAX = 63, LABELS_MAX = 255, NEAR = 3 };

/* Read only: libconfuse copies its tables before it writes to them, but its types do not say so. */
static const cfg_opt_t column_options[] = {
	CFG_STR("oid", NULL, CFGF_NODEFAULT), CFG_STR("as", NULL, CFGF_NODEFAULT), CFG_STR("else", NULL,
											   CFGF_NODEFAULT),
	CFG_STR("ds", NULL, CFGF_NODEFAULT), CFG_STR("unit", NULL, CFGF_NODEFAULT), CFG_STR("text", NULL,
											    CFGF_NODEFAULT),
	CFG_STR_LIST("labels", NULL, CFGF_NODEFAULT), CFG_FLOAT("scale", 1, CFGF_NONE),
	CFG_STR("scale-by", NULL, CFGF_NODEFAULT), CFG_BOOL("keep", cfg_false, CFGF_NONE),
	CFG_BOOL("slow", cfg_false, CFGF_NONE), CFG_BOOL("capacity", cfg_false, CFGF_NONE), CFG_END(),
};
static const cfg_opt_t state_options[] = {
	CFG_INT_LIST("up", NULL, CFGF_NODEFAULT), CFG_INT_LIST("degraded", NULL, CFGF_NODEFAULT),
	CFG_INT_LIST("down", NULL, CFGF_NODEFAULT), CFG_INT_LIST("unknown", NULL, CFGF_NODEFAULT), CFG_END(),
};
static const cfg_opt_t admin_options[] = { CFG_INT_LIST("down", NULL, CFGF_NODEFAULT), CFG_END() };
static const cfg_opt_t where_options[] = { CFG_STR_LIST("is", NULL, CFGF_NODEFAULT), CFG_END() };
static const cfg_opt_t limit_options[] = {
	CFG_STR("of", NULL, CFGF_NODEFAULT), CFG_FLOAT("degraded", 0, CFGF_NONE), CFG_FLOAT("down", 0, CFGF_NONE),
	CFG_BOOL("below", cfg_false, CFGF_NONE), CFG_END(),
};
static const cfg_opt_t table_options[] = {
	CFG_STR("class", NULL, CFGF_NODEFAULT), CFG_STR("entry", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("name", NULL, CFGF_NODEFAULT), CFG_STR_LIST("rows", NULL, CFGF_NODEFAULT),
	CFG_STR("discontinuity", NULL, CFGF_NODEFAULT), CFG_STR_LIST("changes", NULL, CFGF_NODEFAULT),
	CFG_STR("counts", NULL, CFGF_NODEFAULT), CFG_STR("watch", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("unless", NULL, CFGF_NODEFAULT), CFG_BOOL("single", cfg_false, CFGF_NONE),
	CFG_SEC("column", (cfg_opt_t *)column_options, CFGF_MULTI | CFGF_TITLE),
	CFG_SEC("state", (cfg_opt_t *)state_options, CFGF_MULTI | CFGF_TITLE),
	CFG_SEC("admin", (cfg_opt_t *)admin_options, CFGF_MULTI | CFGF_TITLE),
	CFG_SEC("where", (cfg_opt_t *)where_options, CFGF_MULTI | CFGF_TITLE),
	CFG_SEC("limit", (cfg_opt_t *)limit_options, CFGF_MULTI | CFGF_TITLE), CFG_END(),
};
static const cfg_opt_t top_options[] = { CFG_SEC("table", (cfg_opt_t *)table_options, CFGF_MULTI | CFGF_TITLE),
					CFG_END() };

cfg_opt_t *mib_options(void)
{
	return (cfg_opt_t *)top_options;
}

/* The line of what stands at 'path', else of the section that it is missing in. */
static unsigned line_of(const struct conf_piece *p, const char *path)
{
	char at[PATH_MAX_OCTETS + 16], *slash;

	snprintf(at, sizeof(at), "%s", path);
	while (!conf_given(p, at) && (slash = strrchr(at, '/')))
		*slash = '\0';
	return conf_line(p, at);
}

void mib_wrong(struct mib_reader *r, const char *path, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mistake_add(r->m, r->p->file, line_of(r->p, path), "table \"%s\": %s", r->t->title, text);
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

/* Index of 'word' among 'count'; -1 with a mistake that names the nearest, or all. */
static int word_of(struct mib_reader *r, const char *path, const char *word, const char *const *words, unsigned count)
{
	struct names known = { 0 };
	const char *near, *option = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char all[200];
	struct text t = text_over(all, sizeof(all));

	for (unsigned i = 0; i < count; i++) {
		if (strcmp(words[i], word) == 0) {
			names_release(&known);
			return (int)i;
		}
		names_put(&known, words[i], i);
		text_add(&t, "%s%s", i ? ", " : "", words[i]);
	}
	near = names_nearest(&known, word, NEAR);
	if (near)
		mib_wrong(r, path, "%s = %s: no such word; \"%s\" is near", option, word, near);
	else
		mib_wrong(r, path, "%s = %s: no such word; one of %s", option, word, all);
	names_release(&known);
	return -1;
}

uint8_t mib_column_of(struct mib_reader *r, const char *path, const char *option, const char *name)
{
	uint32_t i = names_find(&r->columns, name);
	const char *near;

	if (i != NAMES_NONE)
		return (uint8_t)i;
	near = names_nearest(&r->columns, name, NEAR);
	if (near)
		mib_wrong(r, path, "%s \"%s\": no such column; \"%s\" is near", option, name, near);
	else
		mib_wrong(r, path, "%s \"%s\": no such column; write column \"%s\" { ... } as well", option, name,
			  name);
	return MIB_NO_COLUMN;
}

static bool oid_of(struct mib_reader *r, const char *path, const char *text, struct oid *o)
{
	if (oid_parse(text, o) && o->len >= 2)
		return true;
	mib_wrong(r, path, "\"%s\" is no OID; write numbers with dots, as \"1.3.6.1.2.1.2.2.1.10\"", text);
	return false;
}

static const char *copy(struct mib_reader *r, cfg_t *cfg, const char *option)
{
	const char *s = cfg_getstr(cfg, option);

	return s ? arena_strdup(&r->mib->arena, s) : NULL;
}

/* ---- columns ----------------------------------------------------------------------------------------------------- */

static bool number_of(const char *text, char **end, int64_t *v)
{
	errno = 0;
	*v = strtoll(text, end, 10);
	return errno == 0 && *end != text;
}

/* "1 up": the number, a blank, the word as the MIB prints it. */
static void parse_labels(struct mib_reader *r, cfg_t *cfg, struct mib_column *c, const char *path)
{
	unsigned n = cfg_size(cfg, "labels");
	struct mib_label *l;

	if (n > LABELS_MAX) {
		mib_wrong(r, path, "%u labels; at most %u", n, LABELS_MAX);
		return;
	}
	l = arena_alloc(&r->mib->arena, n * sizeof(*l) + 1);
	c->labels = l;
	for (unsigned i = 0; i < n; i++) {
		const char *s = cfg_getnstr(cfg, "labels", i);
		char *end;
		int64_t v;

		if (!number_of(s, &end, &v) || *end != ' ' || end[strspn(end, " ")] == '\0') {
			mib_wrong(r, path, "label \"%s\" is not a number and a word; write \"1 up\"", s);
			continue;
		}
		if (mib_label_of(c, v)) {
			mib_wrong(r, path, "label \"%s\": %lld is \"%s\" already", s, (long long)v, mib_label_of(c, v));
			continue;
		}
		l[c->label_count++] = (struct mib_label){ v, arena_strdup(&r->mib->arena, end + strspn(end, " ")) };
	}
	if (n && c->as != AS_INTEGER && c->as != AS_GAUGE)
		mib_wrong(r, path, "labels are for as = integer, not for %s", mib_as_word(c->as));
}

static void parse_as(struct mib_reader *r, cfg_t *cfg, struct mib_column *c, const char *path)
{
	const char *words[AS_KINDS], *as = cfg_getstr(cfg, "as");
	int i;

	for (unsigned k = 0; k < AS_KINDS; k++)
		words[k] = mib_as_word(k);
	if (!as) {
		mib_wrong(r, path, "column \"%s\": as is missing; write as = counter64, gauge, integer, string ...",
			  c->name);
		return;
	}
	i = word_of(r, path, as, words, AS_KINDS);
	if (i >= 0)
		c->as = (enum mib_as)i;
}

static void parse_oid(struct mib_reader *r, cfg_t *cfg, struct mib_column *c, const char *path)
{
	const char *oid = cfg_getstr(cfg, "oid");

	if (!oid) {
		mib_wrong(r, path, "column \"%s\": oid is missing; write oid = \"1.3.6.1...\" without the instance",
			  c->name);
		return;
	}
	if (!oid_of(r, path, oid, &c->oid))
		return;
	if (c->oid.arc[c->oid.len - 1] == 0)
		mib_wrong(r, path, "column \"%s\": oid ends with .0; leave the instance out", c->name);
	c->oid_ber_len = (uint8_t)oid_enc(&c->oid, c->oid_ber, sizeof(c->oid_ber));
	if (c->oid_ber_len == 0)
		mib_wrong(r, path, "column \"%s\": oid is too long, or no OID begins so; at most %zu octets in BER",
			  c->name, sizeof(c->oid_ber));
}

static void parse_scale(struct mib_reader *r, cfg_t *cfg, struct mib_column *c, const char *path)
{
	c->scale = cfg_getfloat(cfg, "scale");
	c->scale_by = copy(r, cfg, "scale-by");
	c->scale_column = MIB_NO_COLUMN;
	if (!isfinite(c->scale) || c->scale == 0)
		mib_wrong(r, path, "column \"%s\": scale = %g; a number other than 0, as 0.1", c->name, c->scale);
	if ((c->scale != 1 || c->scale_by) && (mib_is_counter(c->as) || !mib_is_number(c->as)))
		mib_wrong(r, path, "column \"%s\": as = %s cannot be scaled; only gauge, integer and ticks can",
			  c->name, mib_as_word(c->as));
}

static void parse_column(struct mib_reader *r, cfg_t *cfg)
{
	struct mib_column *c = &r->t->column[r->t->column_count];
	char path[PATH_MAX_OCTETS], *at;
	size_t room;

	c->name = arena_strdup(&r->mib->arena, cfg_title(cfg));
	room = sizeof(path) - (size_t)snprintf(path, sizeof(path), "column/%.120s/", c->name);
	at = path + strlen(path);
	if (!*c->name || strlen(c->name) > CLASS_MAX || strcspn(c->name, " \t/\n") != strlen(c->name))
		mib_wrong(r, path, "column \"%s\": a name is an object's, as ifInOctets, of at most %d letters",
			  c->name, CLASS_MAX);
	c->otherwise = c->ds = MIB_NO_COLUMN;
	c->ds_name = copy(r, cfg, "ds");
	c->unit = copy(r, cfg, "unit");
	c->text = copy(r, cfg, "text");
	c->keep = cfg_getbool(cfg, "keep");
	c->slow = cfg_getbool(cfg, "slow");
	c->capacity = cfg_getbool(cfg, "capacity");
	snprintf(at, room, "as");
	parse_as(r, cfg, c, path);
	snprintf(at, room, "oid");
	parse_oid(r, cfg, c, path);
	snprintf(at, room, "scale");
	parse_scale(r, cfg, c, path);
	snprintf(at, room, "labels");
	parse_labels(r, cfg, c, path);
	names_put(&r->columns, c->name, r->t->column_count++);
}

static void parse_columns(struct mib_reader *r)
{
	unsigned n = cfg_size(r->p->cfg, "column");

	if (n == 0)
		mib_wrong(r, "", "no column; write at least one column \"NAME\" { oid = ... as = ... }");
	if (n > MIB_COLUMNS_MAX) {
		mib_wrong(r, "", "%u columns; at most %d: make a second table of the same rows", n, MIB_COLUMNS_MAX);
		n = MIB_COLUMNS_MAX;
	}
	for (unsigned i = 0; i < n; i++)
		parse_column(r, cfg_getnsec(r->p->cfg, "column", i));
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* The column that a rule section names; it must be a number where that is wanted. */
static uint8_t rule_column(struct mib_reader *r, const char *kind, cfg_t *cfg, bool number, char *path, size_t size)
{
	const char *name = cfg_title(cfg);
	uint8_t c;

	snprintf(path, size, "%s/%.120s", kind, name);
	c = mib_column_of(r, path, kind, name);
	if (c != MIB_NO_COLUMN && number && !mib_is_number(r->t->column[c].as))
		mib_wrong(r, path, "%s \"%s\": the column is as = %s; a rule needs a number, as = integer or gauge",
			  kind, name, mib_as_word(r->t->column[c].as));
	return c;
}

static void state_value(struct mib_reader *r, const char *path, enum state s, int64_t v)
{
	struct mib_state *st = &r->t->state;
	const struct mib_column *c = st->column != MIB_NO_COLUMN ? &r->t->column[st->column] : NULL;

	for (uint8_t i = 0; i < st->count; i++) {
		if (st->value[i] != v)
			continue;
		mib_wrong(r, path, "state: %lld is %s already; a value has one state", (long long)v,
			  state_word(st->state[i]));
		return;
	}
	if (st->count == MIB_VALUES_MAX) {
		mib_wrong(r, path, "state: more than %d values; those not listed are unknown", MIB_VALUES_MAX);
		return;
	}
	if (c && c->label_count && !mib_label_of(c, v))
		mib_wrong(r, path, "state: %s has no label for %lld; add one, or take the value out", c->name,
			  (long long)v);
	st->value[st->count] = v;
	st->state[st->count++] = s;
}

static void parse_state(struct mib_reader *r)
{
	static const struct { const char *word; enum state state; } lists[] = {
		{ "up", STATE_UP }, { "degraded", STATE_DEGRADED }, { "down", STATE_DOWN }, { "unknown",
											     STATE_UNKNOWN },
	};
	char path[PATH_MAX_OCTETS], list_path[PATH_MAX_OCTETS + 10];
	cfg_t *cfg;

	if (cfg_size(r->p->cfg, "state") == 0)
		return;
	cfg = cfg_getnsec(r->p->cfg, "state", 0);
	r->t->state.column = rule_column(r, "state", cfg, true, path, sizeof(path));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		snprintf(list_path, sizeof(list_path), "%s/%s", path, lists[i].word);
		for (unsigned k = 0; k < cfg_size(cfg, lists[i].word); k++)
			state_value(r, list_path, lists[i].state, cfg_getnint(cfg, lists[i].word, k));
	}
	if (r->t->state.count == 0)
		mib_wrong(r, path, "state \"%s\" lists no value; write up = {1} down = {2}", cfg_title(cfg));
	if (cfg_size(r->p->cfg, "state") > 1)
		mib_wrong(r, path, "more than one state; a table has one, put the other into a table of its own");
}

static void parse_admin(struct mib_reader *r)
{
	struct mib_admin *a = &r->t->admin;
	const unsigned most = sizeof(a->down) / sizeof(a->down[0]);
	char path[PATH_MAX_OCTETS];
	unsigned n;
	cfg_t *cfg;

	if (cfg_size(r->p->cfg, "admin") == 0)
		return;
	cfg = cfg_getnsec(r->p->cfg, "admin", 0);
	a->column = rule_column(r, "admin", cfg, true, path, sizeof(path));
	n = cfg_size(cfg, "down");
	if (n == 0 || n > most)
		mib_wrong(r, path, "admin \"%s\": down has %u values; write 1 to %u, as down = {2}", cfg_title(cfg), n,
			  most);
	for (unsigned i = 0; i < n && i < most; i++)
		a->down[a->count++] = cfg_getnint(cfg, "down", i);
	if (cfg_size(r->p->cfg, "admin") > 1)
		mib_wrong(r, path, "more than one admin; a table has one");
}

/* A value as discovery will print it: decimal without blanks, an OID without a leading dot. */
static const char *where_value(struct mib_reader *r, const char *path, const struct mib_column *c, const char *text)
{
	char buf[OID_TEXT_MAX], *end;
	struct oid o;
	int64_t v;

	if (c->as == AS_STRING || c->as == AS_HEX)
		return arena_strdup(&r->mib->arena, text);
	if (c->as == AS_OID) {
		if (!oid_of(r, path, text, &o))
			return "";
		return arena_strdup(&r->mib->arena, oid_format(&o, buf, sizeof(buf)));
	}
	if (!number_of(text, &end, &v) || *end) {
		mib_wrong(r, path, "where \"%s\" { is = \"%s\" }: no number, but the column is as = %s", c->name, text,
			  mib_as_word(c->as));
		return "";
	}
	return arena_printf(&r->mib->arena, "%lld", (long long)v);
}

static void parse_one_where(struct mib_reader *r, cfg_t *cfg)
{
	struct mib_where *w = &r->t->where[r->t->where_count];
	const unsigned most = sizeof(w->is) / sizeof(w->is[0]);
	unsigned n = cfg_size(cfg, "is");
	char path[PATH_MAX_OCTETS];

	w->column = rule_column(r, "where", cfg, false, path, sizeof(path));
	if (n == 0 || n > most)
		mib_wrong(r, path, "where \"%s\": is has %u values; write 1 to %u, as is = {\"6\"}", cfg_title(cfg), n,
			  most);
	if (w->column == MIB_NO_COLUMN)
		return;
	for (unsigned i = 0; i < n && i < most; i++)
		w->is[w->count++] = where_value(r, path, &r->t->column[w->column], cfg_getnstr(cfg, "is", i));
	r->t->where_count++;
}

static void parse_where(struct mib_reader *r)
{
	const unsigned most = sizeof(r->t->where) / sizeof(r->t->where[0]);
	unsigned n = cfg_size(r->p->cfg, "where");

	if (n > most)
		mib_wrong(r, "", "%u where sections; at most %u", n, most);
	for (unsigned i = 0; i < n && i < most; i++)
		parse_one_where(r, cfg_getnsec(r->p->cfg, "where", i));
}

static void parse_one_limit(struct mib_reader *r, cfg_t *cfg)
{
	struct mib_limit *l = &r->t->limit[r->t->limit_count];
	char path[PATH_MAX_OCTETS], part[PATH_MAX_OCTETS + 10];
	const char *of = cfg_getstr(cfg, "of"), *title = cfg_title(cfg);
	bool degraded, down;

	l->column = rule_column(r, "limit", cfg, true, path, sizeof(path));
	l->below = cfg_getbool(cfg, "below");
	snprintf(part, sizeof(part), "%s/degraded", path);
	degraded = conf_given(r->p, part);
	l->degraded = degraded ? cfg_getfloat(cfg, "degraded") : NAN;
	snprintf(part, sizeof(part), "%s/down", path);
	down = conf_given(r->p, part);
	l->down = down ? cfg_getfloat(cfg, "down") : NAN;
	if (!degraded && !down)
		mib_wrong(r, path, "limit \"%s\" has neither degraded nor down; write degraded = 95", title);
	if (degraded && down && (l->below ? l->down > l->degraded : l->down < l->degraded))
		mib_wrong(r, path, "limit \"%s\": down = %g is reached before degraded = %g; exchange them%s", title,
			  l->down, l->degraded,
			  l->below ? "" : ", or write below = true");
	snprintf(part, sizeof(part), "%s/of", path);
	l->of = of ? mib_column_of(r, part, "of", of) : MIB_NO_COLUMN;
	if (l->of != MIB_NO_COLUMN && !mib_is_number(r->t->column[l->of].as))
		mib_wrong(r, part, "limit \"%s\": of = \"%s\" is no number, but as = %s", title, of,
			  mib_as_word(r->t->column[l->of].as));
	if (l->column != MIB_NO_COLUMN && mib_is_counter(r->t->column[l->column].as))
		mib_wrong(r, path, "limit \"%s\": a counter only grows; limits are for gauges", title);
	if (l->column != MIB_NO_COLUMN)
		r->t->limit_count++;
}

static void parse_limits(struct mib_reader *r)
{
	const unsigned most = sizeof(r->t->limit) / sizeof(r->t->limit[0]);
	unsigned n = cfg_size(r->p->cfg, "limit");

	if (n > most)
		mib_wrong(r, "", "%u limit sections; at most %u", n, most);
	for (unsigned i = 0; i < n && i < most; i++)
		parse_one_limit(r, cfg_getnsec(r->p->cfg, "limit", i));
}

/* ---- the table itself -------------------------------------------------------------------------------------------- */

/* Title and class are parts of names: no '/', nothing that a terminal would act on. */
static void check_word(struct mib_reader *r, const char *path, const char *what, const char *word)
{
	bool good = *word && strlen(word) <= CLASS_MAX;

	for (const char *p = word; *p; p++)
		good = good && (isalnum((unsigned char)*p) || *p == '-' || *p == '_' || *p == '.');
	if (!good)
		mib_wrong(r, path, "%s \"%s\": 1 to %d letters, digits, '-', '_' and '.', as \"power-supply\"", what,
			  word, CLASS_MAX);
}

static void parse_column_list(struct mib_reader *r, const char *option, uint8_t *list, uint8_t *count)
{
	unsigned n = cfg_size(r->p->cfg, option);

	if (n > MIB_NAMES_MAX)
		mib_wrong(r, option, "%s has %u columns; at most %d", option, n, MIB_NAMES_MAX);
	for (unsigned i = 0; i < n && *count < MIB_NAMES_MAX; i++) {
		uint8_t c = mib_column_of(r, option, option, cfg_getnstr(r->p->cfg, option, i));

		for (uint8_t k = 0; k < *count && c != MIB_NO_COLUMN; k++) {
			if (list[k] != c)
				continue;
			mib_wrong(r, option, "%s has \"%s\" twice", option, r->t->column[c].name);
			c = MIB_NO_COLUMN;
		}
		if (c != MIB_NO_COLUMN)
			list[(*count)++] = c;
	}
	if (n && r->t->single)
		mib_wrong(r, option, "%s is for tables; what is single has one row without a name", option);
}

static void parse_changes(struct mib_reader *r)
{
	const unsigned most = sizeof(r->t->marker) / sizeof(r->t->marker[0]);
	unsigned n = cfg_size(r->p->cfg, "changes");

	if (n > most)
		mib_wrong(r, "changes", "changes has %u OIDs; at most %u", n, most);
	for (unsigned i = 0; i < n && i < most; i++) {
		struct oid *o = &r->t->marker[r->t->marker_count];

		if (oid_of(r, "changes", cfg_getnstr(r->p->cfg, "changes", i), o))
			r->t->marker_count++;
	}
}

static void parse_unless(struct mib_reader *r)
{
	unsigned n = cfg_size(r->p->cfg, "unless");
	struct mib_table *t = r->t;

	if (n > MIB_NAMES_MAX)
		mib_wrong(r, "unless", "unless has %u tables; at most %d", n, MIB_NAMES_MAX);
	for (unsigned i = 0; i < n && i < MIB_NAMES_MAX; i++)
		t->unless[t->unless_count++] = arena_strdup(&r->mib->arena, cfg_getnstr(r->p->cfg, "unless", i));
}

static void parse_settings(struct mib_reader *r)
{
	static const char *const counts[] = { "named", "all", "redundant" }, *const watch[] = { "model", "always" };
	cfg_t *cfg = r->p->cfg;
	struct mib_table *t = r->t;
	int i;

	check_word(r, "", "title", t->title);
	t->class_name = cfg_getstr(cfg, "class") ? copy(r, cfg, "class") : t->title;
	check_word(r, "class", "class", t->class_name);
	t->single = cfg_getbool(cfg, "single");
	if (cfg_getstr(cfg, "entry"))
		oid_of(r, "entry", cfg_getstr(cfg, "entry"), &t->entry);
	else
		mib_wrong(r, "", "entry is missing; write entry = \"1.3.6.1...\", the OID over its columns");
	if (cfg_getstr(cfg, "counts") && (i = word_of(r, "counts", cfg_getstr(cfg, "counts"), counts, 3)) >= 0)
		t->counts = (enum mib_counts)i;
	if (cfg_getstr(cfg, "watch") && (i = word_of(r, "watch", cfg_getstr(cfg, "watch"), watch, 2)) >= 0)
		t->watch_always = i == 1;
}

void mib_parse(struct mib_reader *r)
{
	const char *discontinuity = cfg_getstr(r->p->cfg, "discontinuity");

	parse_settings(r);
	parse_columns(r);
	parse_column_list(r, "name", r->t->name, &r->t->name_count);
	parse_column_list(r, "rows", r->t->rows, &r->t->rows_count);
	if (discontinuity)
		r->t->discontinuity = mib_column_of(r, "discontinuity", "discontinuity", discontinuity);
	parse_unless(r);
	parse_changes(r);
	parse_state(r);
	parse_admin(r);
	parse_where(r);
	parse_limits(r);
	mib_check_columns(r);
	mib_layout(r);
}
