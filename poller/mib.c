/* poller/mib.c: loading definition files, finding tables, and the rules, which are pure. See mib.h. */
#define _GNU_SOURCE
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/hash.h"
#include "poller/mib-int.h"

#ifndef FOREWARN_MIBS
#define FOREWARN_MIBS "/usr/local/share/forewarn/mibs"
#endif

/* ---- loading ----------------------------------------------------------------------------------------------------- */

struct loading {
	struct mib *mib;
	struct mistakes *m;
	unsigned folder_begins;		/* tables before this one are of an earlier folder: they may be replaced */
};

static struct mib_table *table_new(struct mib *mib, const struct conf_piece *p)
{
	struct mib_table *t = arena_alloc(&mib->arena, sizeof(*t));

	t->title = arena_strdup(&mib->arena, p->title);
	t->file = p->file;
	t->line = p->line;
	t->discontinuity = t->state.column = t->admin.column = MIB_NO_COLUMN;
	return t;
}

static unsigned table_index(const struct mib *mib, const char *title)
{
	unsigned i = 0;

	while (i < mib->count && strcmp(mib->table[i]->title, title) != 0)
		i++;
	return i;
}

/* A table of a later folder takes the place of the one with its title. */
static void table_put(struct loading *l, struct mib_table *t)
{
	struct mib *mib = l->mib;
	unsigned i = table_index(mib, t->title);

	if (i < mib->count && i >= l->folder_begins) {
		mistake_add(l->m, t->file, t->line,
			    "table \"%s\" is there already, in %s:%u; give one of them another title, "
			    "and the same 'class' if they are of one kind", t->title, mib->table[i]->file,
			    mib->table[i]->line);
		return;
	}
	if (i < mib->count) {
		mib->table[i] = t;
		return;
	}
	if (mib->count == MIB_TABLES_MAX) {
		mistake_add(l->m, t->file, t->line, "table \"%s\": there are %u tables already; leave some out",
			    t->title, MIB_TABLES_MAX);
		return;
	}
	mib->table[mib->count++] = t;
}

static void take_piece(void *owner, const struct conf_piece *p)
{
	struct loading *l = owner;
	struct mib_reader r = { .mib = l->mib, .m = l->m, .p = p, .t = table_new(l->mib, p) };

	mib_parse(&r);
	names_release(&r.columns);
	table_put(l, r.t);
}

static struct mib *mib_new(void)
{
	struct mib *mib = must_alloc(sizeof(*mib));

	mib->table = must_alloc(MIB_TABLES_MAX * sizeof(struct mib_table *));
	return mib;
}

struct mib *mib_load(const char *const *folders, struct mistakes *m)
{
	struct loading l = { .mib = mib_new(), .m = m };
	unsigned before = m->count;

	for (; *folders; folders++) {
		l.folder_begins = l.mib->count;
		conf_read(*folders, mib_options(), &l.mib->arena, m, take_piece, &l);
	}
	if (m->count == before)		/* else what is missing may be what was wrong */
		mib_check_tables(l.mib, m);
	return l.mib;
}

struct mib *mib_load_text(const char *name, const char *text, size_t len_octets, struct mistakes *m)
{
	struct loading l = { .mib = mib_new(), .m = m };
	unsigned before = m->count;

	conf_read_text(name, text, len_octets, mib_options(), &l.mib->arena, m, take_piece, &l);
	if (m->count == before)
		mib_check_tables(l.mib, m);
	return l.mib;
}

void mib_free(struct mib *mib)
{
	if (!mib)
		return;
	arena_release(&mib->arena);
	free(mib->table);
	free(mib);
}

void mib_set_step(struct mib *mib, uint32_t step_s)
{
	for (unsigned i = 0; i < mib->count; i++)
		mib->table[i]->layout.step_s = step_s;
}

/* The source tree: build/forewarn, build/t/t3000-mib, build/address-undefined/t/t3000-mib. */
const char *mib_own_folder(char *buf, size_t size_octets)
{
	static const char *const up[] = { "../mibs", "../../mibs", "../../../mibs" };
	const char *override = secure_getenv("FOREWARN_MIBS");
	char self[1024], path[1100], real[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (override && *override) {
		snprintf(buf, size_octets, "%s", override);
		return buf;
	}
	self[len > 0 ? len : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < sizeof(up) / sizeof(up[0]); i++) {
		*slash = '\0';
		snprintf(path, sizeof(path), "%s/%s/if.conf", self, up[i]);
		if (access(path, R_OK) != 0 || !realpath(path, real))
			continue;
		*strrchr(real, '/') = '\0';
		snprintf(buf, size_octets, "%s", real);
		return buf;
	}
	snprintf(buf, size_octets, "%s", FOREWARN_MIBS);
	return buf;
}

/* ---- finding ----------------------------------------------------------------------------------------------------- */

const struct mib_table *mib_find_class(const struct mib *mib, const char *class_name)
{
	for (unsigned i = 0; i < mib->count; i++)
		if (strcmp(mib->table[i]->class_name, class_name) == 0)
			return mib->table[i];
	return NULL;
}

const struct mib_table *mib_find_table(const struct mib *mib, const char *title)
{
	unsigned i = table_index(mib, title);

	return i < mib->count ? mib->table[i] : NULL;
}

bool mib_replaced(const struct mib *mib, const struct mib_table *t, uint64_t has_rows)
{
	for (uint8_t i = 0; i < t->unless_count; i++) {
		unsigned k = table_index(mib, t->unless[i]);

		if (k < mib->count && has_rows >> k & 1)
			return true;
	}
	return false;
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static const char *const as_words[AS_KINDS] = {
	[AS_COUNTER32] = "counter32", [AS_COUNTER64] = "counter64", [AS_GAUGE] = "gauge", [AS_INTEGER] = "integer",
	[AS_TICKS] = "ticks", [AS_STRING] = "string", [AS_OID] = "oid", [AS_HEX] = "hex",
};

const char *mib_as_word(enum mib_as as)
{
	return as < AS_KINDS ? as_words[as] : "?";
}

bool mib_is_counter(enum mib_as as)
{
	return as == AS_COUNTER32 || as == AS_COUNTER64;
}

bool mib_is_number(enum mib_as as)
{
	return as <= AS_TICKS;
}

enum state mib_state_of(const struct mib_table *t, int64_t value)
{
	for (uint8_t i = 0; i < t->state.count; i++)
		if (t->state.value[i] == value)
			return t->state.state[i];
	return STATE_UNKNOWN;
}

bool mib_has_capacity(const struct mib_table *t)
{
	for (uint8_t c = 0; c < t->column_count; c++)
		if (t->column[c].capacity)
			return true;
	return false;
}

bool mib_admin_down(const struct mib_table *t, int64_t value)
{
	for (uint8_t i = 0; i < t->admin.count; i++)
		if (t->admin.down[i] == value)
			return true;
	return false;
}

/* NaN on either side is never beyond. */
static bool beyond(const struct mib_limit *l, double value, double limit)
{
	return l->below ? value <= limit : value >= limit;
}

static enum state state_of_limit(const struct mib_limit *l, const double *value)
{
	double v = value[l->column];

	if (l->of != MIB_NO_COLUMN)
		v = value[l->of] > 0 ? v / value[l->of] * 100 : NAN;
	if (beyond(l, v, l->down))
		return STATE_DOWN;
	return beyond(l, v, l->degraded) ? STATE_DEGRADED : STATE_UP;
}

enum state mib_limit_of(const struct mib_table *t, const double *value, uint8_t *column)
{
	enum state worst = STATE_UP;

	*column = MIB_NO_COLUMN;
	for (uint8_t i = 0; i < t->limit_count; i++) {
		enum state s = state_of_limit(&t->limit[i], value);

		if (s <= worst)
			continue;
		worst = s;
		*column = t->limit[i].column;
	}
	return worst;
}

const char *mib_label_of(const struct mib_column *c, int64_t value)
{
	for (uint8_t i = 0; i < c->label_count; i++)
		if (c->labels[i].value == value)
			return c->labels[i].word;
	return NULL;
}
