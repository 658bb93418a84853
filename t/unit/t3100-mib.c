/* t/unit/t3100-mib.c: definition files: what a table says, every mistake with its line, and the rules. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/mib.h"
#include "tap.h"

#define COLUMN_A "column \"a\" { oid = \"1.3.6.1.9.1\" as = integer }\n"
#define TABLE(text) "table \"t\" {\nentry = \"1.3.6.1.9\"\n" text "}\n"

/* ---- what is read ------------------------------------------------------------------------------------------------- */

static const char whole[] =
	"table \"port\" {\n"
	"  class = \"interface\"  entry = \"1.3.6.1.9\"  name = {\"pName\", \"pDescr\"}  discontinuity = \"pSince\"\n"
	"  changes = {\"1.3.6.1.9.0.1.0\"}  counts = redundant  watch = always\n"
	"  column \"pState\"  { oid = \".1.3.6.1.9.1\" as = integer labels = {\"1 up\", \"2 down\", \"-3 very  odd\", \"4 weak\", \"5 mute\"} }\n"
	"  column \"pAdmin\"  { oid = \"1.3.6.1.9.2\"  as = integer }\n"
	"  column \"pHCIn\"   { oid = \"1.3.6.1.9.3\"  as = counter64 else = \"pIn\" ds = \"in\" unit = \"B/s\" keep = yes text = \"in\" }\n"
	"  column \"pIn\"     { oid = \"1.3.6.1.9.4\"  as = counter32 }\n"
	"  column \"pTemp\"   { oid = \"1.3.6.1.9.5\"  as = gauge scale = 0.1 scale-by = \"pUnit\" ds = \"temp\" unit = \"C\" }\n"
	"  column \"pUnit\"   { oid = \"1.3.6.1.9.6\"  as = gauge slow = true }\n"
	"  column \"pName\"   { oid = \"1.3.6.1.9.7\"  as = string slow = true }\n"
	"  column \"pDescr\"  { oid = \"1.3.6.1.9.8\"  as = string slow = true }\n"
	"  column \"pSince\"  { oid = \"1.3.6.1.9.9\"  as = ticks }\n"
	"  column \"pKind\"   { oid = \"1.3.6.1.9.10\" as = oid slow = true }\n"
	"  state \"pState\" { up = {1} degraded = {4} down = {2, -3} unknown = {5} }\n"
	"  admin \"pAdmin\" { down = {2, 3} }\n"
	"  where \"pKind\"  { is = {\".1.3.6.1.4\", \"1.3.6.1.5\"} }\n"
	"  where \"pAdmin\" { is = {\" 1\", \"2\"} }\n"
	"  limit \"pTemp\"  { degraded = 60 down = 80 }\n"
	"}\n"
	"table \"scalars\" { entry = \"1.3.6.1.8\" single = true unless = {\"port\", \"later\"}\n"
	"  column \"free\"  { oid = \"1.3.6.1.8.1\" as = gauge }\n"
	"  column \"total\" { oid = \"1.3.6.1.8.2\" as = gauge }\n"
	"  limit \"free\" { of = \"total\" degraded = 10 down = 5 below = true }\n"
	"}\n"
	"table \"later\" { entry = \"1.3.6.1.7\"\n"
	"  column \"first\" { oid = \"1.3.6.1.7.1\" as = gauge }\n"
	"  column \"second\" { oid = \"1.3.6.1.7.2\" as = gauge }\n"
	"}\n";

static void test_columns(const struct mib_table *t)
{
	static const uint8_t ber[] = { 0x2b, 6, 1, 9, 3 };

	is_int(t->column_count, 10, "columns");
	ok(t->column[2].oid_ber_len == sizeof(ber) && memcmp(t->column[2].oid_ber, ber, sizeof(ber)) == 0, "a column's OID in BER");
	is_int(t->column[2].as, AS_COUNTER64, "as");
	is_int(t->column[2].otherwise, 3, "else");
	ok(t->column[2].ds == 0 && t->column[3].ds == 0, "an else column has the ds of the first");
	ok(t->column[4].ds == 1 && t->column[0].ds == MIB_NO_COLUMN, "the others count on, or have none");
	ok(t->column[4].scale == 0.1 && t->column[4].scale_column == 5 && t->column[0].scale_column == MIB_NO_COLUMN, "scale and scale-by");
	ok(t->column[5].slow && !t->column[4].slow && t->column[2].keep && !t->column[4].keep, "slow and keep");
	is_str(t->column[2].text, "in", "text");
	is_str(mib_label_of(&t->column[0], -3), "very  odd", "label with a blank in it, of a negative value");
	ok(mib_label_of(&t->column[0], 9) == NULL, "no label");
	ok(t->layout.ds_count == 2 && strcmp(t->layout.ds[0].name, "in") == 0 && strcmp(t->layout.ds[0].unit, "B/s") == 0 &&
	   t->layout.ds[0].counter && t->layout.ds[0].keep && !t->layout.ds[1].counter && strcmp(t->layout.name, "interface") == 0,
	   "the layout of its RRD files");
}

static void test_table(struct mib *mib)
{
	const struct mib_table *t = mib_find_table(mib, "port");

	ok(t == mib_find_class(mib, "interface") && !mib_find_table(mib, "interface") && !mib_find_class(mib, "port"), "title and class");
	ok(t->line == 1 && strcmp(t->file, "whole.conf") == 0, "where it stands");
	ok(t->name_count == 2 && t->name[0] == 6 && t->name[1] == 7, "name");
	ok(t->rows_count == 3 && t->rows[0] == 0 && t->rows[1] == 6 && t->rows[2] == 7, "rows are those of state and names");
	is_int(t->discontinuity, 8, "discontinuity");
	ok(t->marker_count == 1 && t->marker[0].len == 8 && t->marker[0].arc[7] == 0, "changes");
	ok(t->counts == COUNTS_REDUNDANT && t->watch_always, "counts and watch");
	ok(t->where_count == 2 && strcmp(t->where[0].is[0], "1.3.6.1.4") == 0 && strcmp(t->where[1].is[0], "1") == 0,
	   "where, values written as discovery prints them");
	test_columns(t);
	ok(mib->count == 3 && mib->table[1] == mib_find_table(mib, "later") && mib->table[2] == mib_find_table(mib, "scalars"),
	   "a table comes after the one that it is unless of");
	t = mib_find_table(mib, "scalars");
	ok(t->single && t->rows_count == 0 && t->counts == COUNTS_NAMED && !t->watch_always && strcmp(t->unless[0], "port") == 0, "scalars");
	ok(mib_replaced(mib, t, 1) && mib_replaced(mib, t, 2) && !mib_replaced(mib, t, 4), "left out where one of the others has rows");
	t = mib_find_table(mib, "later");
	ok(t->rows_count == 1 && t->rows[0] == 0 && t->state.column == MIB_NO_COLUMN && t->admin.column == MIB_NO_COLUMN &&
	   t->discontinuity == MIB_NO_COLUMN && t->layout.ds_count == 0, "rows of a table without name and state are those of its first column");
	mib_set_step(mib, 60);
	is_int(t->layout.step_s, 60, "the step is set for all");
}

static void test_rules(const struct mib *mib)
{
	const struct mib_table *t = mib_find_table(mib, "port"), *s = mib_find_table(mib, "scalars");
	double v[MIB_COLUMNS_MAX];
	uint8_t column;

	ok(mib_state_of(t, 1) == STATE_UP && mib_state_of(t, 4) == STATE_DEGRADED && mib_state_of(t, -3) == STATE_DOWN, "states as listed");
	ok(mib_state_of(t, 5) == STATE_UNKNOWN && mib_state_of(t, 99) == STATE_UNKNOWN, "what is not listed is unknown");
	ok(mib_admin_down(t, 3) && !mib_admin_down(t, 1), "admin");
	for (unsigned i = 0; i < MIB_COLUMNS_MAX; i++)
		v[i] = NAN;
	ok(mib_limit_of(t, v, &column) == STATE_UP && column == MIB_NO_COLUMN, "a missing value reaches no limit");
	v[4] = 59.9;
	is_int(mib_limit_of(t, v, &column), STATE_UP, "below the limit");
	v[4] = 60;
	ok(mib_limit_of(t, v, &column) == STATE_DEGRADED && column == 4, "at the first limit");
	v[4] = 80;
	is_int(mib_limit_of(t, v, &column), STATE_DOWN, "at the second");
	v[0] = 11;
	v[1] = 100;
	is_int(mib_limit_of(s, v, &column), STATE_UP, "11 % free");
	v[0] = 10;
	is_int(mib_limit_of(s, v, &column), STATE_DEGRADED, "10 % free, limit from above");
	v[0] = 0;
	is_int(mib_limit_of(s, v, &column), STATE_DOWN, "nothing free");
	v[1] = 0;
	is_int(mib_limit_of(s, v, &column), STATE_UP, "percent of nothing is not known");
}

/* ---- mistakes ----------------------------------------------------------------------------------------------------- */

static const struct { const char *text, *want; } wrong[] = {
	{ TABLE(COLUMN_A "state \"b\" { up = {1} }\n"), "x.conf:4: table \"t\": state \"b\": no such column; write column \"b\" { ... } as well" },
	{ TABLE("column \"ifState\" { oid = \"1.3.6.1.9.1\" as = integer }\nstate \"ifStat\" { up = {1} }\n"),
	  "x.conf:4: table \"t\": state \"ifStat\": no such column; \"ifState\" is near" },
	{ TABLE("column \"a\" {\nas = gauge\noid = \"1.3.x\" }\n"),
	  "x.conf:5: table \"t\": \"1.3.x\" is no OID; write numbers with dots, as \"1.3.6.1.2.1.2.2.1.10\"" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1.0\" as = gauge }\n"), "x.conf:3: table \"t\": column \"a\": oid ends with .0; leave the instance out" },
	{ TABLE("column \"a\" { as = gauge }\n"), "x.conf:3: table \"t\": column \"a\": oid is missing; write oid = \"1.3.6.1...\" without the instance" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" }\n"), "x.conf:3: table \"t\": column \"a\": as is missing; write as = counter64, gauge, integer, string ..." },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\"\nas = counter46 }\n"), "x.conf:4: table \"t\": as = counter46: no such word; \"counter64\" is near" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = x }\n"),
	  "x.conf:3: table \"t\": as = x: no such word; one of counter32, counter64, gauge, integer, ticks, string, oid, hex" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge ds = \"a_name_of_twenty_one\" }\n"),
	  "x.conf:3: table \"t\": column \"a\": ds = \"a_name_of_twenty_one\": 1 to 19 of letters, digits and '_', as \"in_octets\"" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge ds = \"in-octets\" }\n"),
	  "x.conf:3: table \"t\": column \"a\": ds = \"in-octets\": 1 to 19 of letters, digits and '_', as \"in_octets\"" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge ds = \"x\" }\ncolumn \"b\" { oid = \"1.3.6.1.9.2\" as = gauge\nds = \"x\" }\n"),
	  "x.conf:5: table \"t\": column \"b\": ds = \"x\" is there already; each needs a name of its own" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = string ds = \"x\" }\n"), "x.conf:3: table \"t\": column \"a\": ds = \"x\", but as = string is no number" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge ds = \"x\" slow = true }\n"),
	  "x.conf:3: table \"t\": column \"a\": ds = \"x\", but slow: it is not read each time; leave one of them out" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge unit = \"B/s\"\ncapacity = true }\n"),
	  "x.conf:4: table \"t\": column \"a\": capacity, but as = gauge  unit = \"B/s\"; what a row carries is a gauge of unit \"bit/s\", with scale" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = integer capacity = true }\n"),
	  "x.conf:3: table \"t\": column \"a\": capacity, but as = integer without unit; what a row carries is a gauge of unit \"bit/s\", with scale" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge keep = true }\n"), "x.conf:3: table \"t\": column \"a\": keep needs a ds" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge else = \"a\" }\n"), "x.conf:3: table \"t\": column \"a\": else is the column itself" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge else = \"b\" }\ncolumn \"b\" { oid = \"1.3.6.1.9.2\" as = gauge else = \"c\" }\n"
		"column \"c\" { oid = \"1.3.6.1.9.3\" as = gauge }\n"),
	  "x.conf:3: table \"t\": column \"a\": else goes one step, but \"b\" has an else of its own (\"c\")" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge else = \"b\" }\ncolumn \"b\" { oid = \"1.3.6.1.9.2\" as = string }\n"),
	  "x.conf:3: table \"t\": column \"a\" is as = gauge, but its else \"b\" is as = string: they cannot stand for each other" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge else = \"b\" ds = \"x\" }\ncolumn \"b\" { oid = \"1.3.6.1.9.2\" as = gauge ds = \"y\" }\n"),
	  "x.conf:3: table \"t\": column \"a\": its else \"b\" has a ds of its own; leave that out, it gets that of \"a\"" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge else = \"c\" }\ncolumn \"b\" { oid = \"1.3.6.1.9.2\" as = gauge else = \"c\" }\n"
		"column \"c\" { oid = \"1.3.6.1.9.3\" as = gauge }\n"),
	  "x.conf:4: table \"t\": column \"b\": \"c\" is the else of \"a\" already" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge }\ncolumn \"b\" {\noid = \"1.3.6.1.9.1\" as = gauge }\n"),
	  "x.conf:5: table \"t\": column \"b\" has the OID of column \"a\"" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = counter32 scale = 8 }\n"),
	  "x.conf:3: table \"t\": column \"a\": as = counter32 cannot be scaled; only gauge, integer and ticks can" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge scale = 0 }\n"), "x.conf:3: table \"t\": column \"a\": scale = 0; a number other than 0, as 0.1" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge scale-by = \"a\" }\n"),
	  "x.conf:3: table \"t\": column \"a\": scale-by \"a\" must be another column that is a number" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = integer\nlabels = {\"1 up\", \"two\"} }\n"),
	  "x.conf:4: table \"t\": label \"two\" is not a number and a word; write \"1 up\"" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = integer labels = {\"1 up\", \"1 down\"} }\n"), "x.conf:3: table \"t\": label \"1 down\": 1 is \"up\" already" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = string labels = {\"1 up\"} }\n"), "x.conf:3: table \"t\": labels are for as = integer, not for string" },
	{ TABLE(COLUMN_A "state \"a\" { up = {1}\ndown = {1} }\n"), "x.conf:5: table \"t\": state: 1 is up already; a value has one state" },
	{ TABLE(COLUMN_A "state \"a\" { }\n"), "x.conf:4: table \"t\": state \"a\" lists no value; write up = {1} down = {2}" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = integer labels = {\"1 up\"} }\nstate \"a\" { up = {1} down = {2} }\n"),
	  "x.conf:4: table \"t\": state: a has no label for 2; add one, or take the value out" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = string }\nstate \"a\" { up = {1} }\n"),
	  "x.conf:4: table \"t\": state \"a\": the column is as = string; a rule needs a number, as = integer or gauge" },
	{ TABLE(COLUMN_A "admin \"a\" { }\n"), "x.conf:4: table \"t\": admin \"a\": down has 0 values; write 1 to 8, as down = {2}" },
	{ TABLE(COLUMN_A "where \"a\" { is = {\"six\"} }\n"), "x.conf:4: table \"t\": where \"a\" { is = \"six\" }: no number, but the column is as = integer" },
	{ TABLE(COLUMN_A "where \"a\" { }\n"), "x.conf:4: table \"t\": where \"a\": is has 0 values; write 1 to 8, as is = {\"6\"}" },
	{ TABLE(COLUMN_A "limit \"a\" { }\n"), "x.conf:4: table \"t\": limit \"a\" has neither degraded nor down; write degraded = 95" },
	{ TABLE(COLUMN_A "limit \"a\" { degraded = 10 down = 5 }\n"),
	  "x.conf:4: table \"t\": limit \"a\": down = 5 is reached before degraded = 10; exchange them, or write below = true" },
	{ TABLE(COLUMN_A "limit \"a\" { of = \"b\"\ndegraded = 10 }\n"), "x.conf:4: table \"t\": of \"b\": no such column; write column \"b\" { ... } as well" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = counter32 }\nlimit \"a\" { down = 5 }\n"), "x.conf:4: table \"t\": limit \"a\": a counter only grows; limits are for gauges" },
	{ TABLE(COLUMN_A "name = {\"a\", \"a\"}\n"), "x.conf:4: table \"t\": name has \"a\" twice" },
	{ TABLE(COLUMN_A "single = true rows = {\"a\"}\n"), "x.conf:4: table \"t\": rows is for tables; what is single has one row without a name" },
	{ TABLE(COLUMN_A "counts = redundent\n"), "x.conf:4: table \"t\": counts = redundent: no such word; \"redundant\" is near" },
	{ TABLE(COLUMN_A "watch = sometimes\n"), "x.conf:4: table \"t\": watch = sometimes: no such word; one of model, always" },
	{ TABLE(COLUMN_A "changes = {\"x\"}\n"), "x.conf:4: table \"t\": \"x\" is no OID; write numbers with dots, as \"1.3.6.1.2.1.2.2.1.10\"" },
	{ TABLE(COLUMN_A "changes = {\"1.3.6.1.4.1.4294967295.4294967295.4294967295.4294967295.4294967295.4294967295.4294967295.0\"}\n"),
	  "x.conf:1: table \"t\": changes: \"1.3.6.1.4.1.4294967295.4294967295.4294967295.4294967295.4294967295.4294967295.4294967295.0\" is too long;"
	  " at most 40 octets when encoded" },
	{ TABLE(COLUMN_A "unless = \"x\"\n"), "x.conf:1: table \"t\": unless \"x\": no such table; it names a table by title" },
	{ TABLE(COLUMN_A "unless = \"t\"\n"), "x.conf:1: table \"t\": unless \"t\" leads back to itself; leave one of them out" },
	{ TABLE(COLUMN_A "unless = \"u\"\n") "table \"u\" { unless = {\"t\"} entry = \"1.3.6\" " COLUMN_A "}\n",
	  "x.conf:1: table \"t\": unless \"u\" leads back to itself; leave one of them out" },
	{ TABLE(COLUMN_A "unless = {a, b, c, d, e}\n"), "x.conf:4: table \"t\": unless has 5 tables; at most 4" },
	{ TABLE(COLUMN_A "class = \"a/b\"\n"), "x.conf:4: table \"t\": class \"a/b\": 1 to 63 letters, digits, '-', '_' and '.', as \"power-supply\"" },
	{ TABLE(""), "x.conf:1: table \"t\": no column; write at least one column \"NAME\" { oid = ... as = ... }" },
	{ "table \"t\" {\n" COLUMN_A "}\n", "x.conf:1: table \"t\": entry is missing; write entry = \"1.3.6.1...\", the OID over its columns" },
	{ TABLE(COLUMN_A) TABLE(COLUMN_A),
	  "x.conf:5: table \"t\" is there already, in x.conf:1; give one of them another title, and the same 'class' if they are of one kind" },
	{ TABLE("column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge ds = \"x\" }\n")
	  "table \"u\" { class = \"t\" entry = \"1.3.6\" column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge ds = \"y\" } }\n",
	  "x.conf:5: table \"u\": class \"t\" has other data sources in table \"t\" (x.conf:1); use the same ds in the same order, or another class" },
	{ TABLE(COLUMN_A) "table \"u\" { class = \"t\" counts = all entry = \"1.3.6\" column \"a\" { oid = \"1.3.6.1.9.1\" as = gauge } }\n",
	  "x.conf:5: table \"u\": class \"t\" counts otherwise in table \"t\" (x.conf:1); write the same" },
};

static void test_mistakes(void)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct mistakes m = { 0 };
		struct mib *mib = mib_load_text("x.conf", wrong[i].text, strlen(wrong[i].text), &m);

		is_str(m.count ? m.line[0] : "(none)", wrong[i].want, wrong[i].want);
		for (unsigned k = 1; k < m.count; k++)
			note("also: %s", m.line[k]);
		mib_free(mib);
		mistakes_release(&m);
	}
}

static void test_many(void)
{
	static char text[8192];
	size_t len = (size_t)snprintf(text, sizeof(text), "table \"t\" {\nentry = \"x\"\n");
	struct mistakes m = { 0 };
	struct mib *mib;

	for (int i = 0; i < 40; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "column \"c%d\" { oid = \"1.3.6.1.9.%d\" as = %s }\n", i, i + 1,
					i == 7 ? "nothing" : "gauge");
	len += (size_t)snprintf(text + len, sizeof(text) - len, "counts = none }\n");
	mib = mib_load_text("x.conf", text, len, &m);
	is_int(m.count, 4, "all mistakes are found in one run");
	ok(m.count == 4 && strcmp(m.line[2], "x.conf:1: table \"t\": 40 columns; at most 32: make a second table of the same rows") == 0,
	   "... more columns than there is room for, too");
	mib_free(mib);
	mistakes_release(&m);
	len = 0;
	for (int i = 0; i < 65; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "table \"t%d\" { entry = \"1.3.6\" " COLUMN_A "}\n", i);
	mib = mib_load_text("x.conf", text, len, &m);
	ok(m.count == 1 && mib->count == MIB_TABLES_MAX, "more tables than there is room for");
	mib_free(mib);
	mistakes_release(&m);
	len = 0;
	for (int i = 0; i < 9; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "table \"t%d\" { entry = \"1.3.6\" changes = {\"1.3.6.1.2.0\", \"1.3.6.1.3.%d\"} "
					COLUMN_A "}\n", i, i);
	mib = mib_load_text("x.conf", text, len, &m);
	is_int(m.count, 0, "change markers that tables share count once");
	mib_free(mib);
	mistakes_release(&m);
	for (int i = 10; i < 17; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "table \"t%d\" { entry = \"1.3.6\" changes = {\"1.3.6.1.3.%d\"} " COLUMN_A "}\n", i, i);
	mib = mib_load_text("x.conf", text, len, &m);
	ok(m.count == 1 && strstr(m.line[0], "table \"t16\": changes: more than 16 different OIDs in all tables") != NULL,
	   "more change markers than a packet has room for");
	mib_free(mib);
	mistakes_release(&m);
}

/* ---- folders ------------------------------------------------------------------------------------------------------ */

static void write_text(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static void remove_folder(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
	rmdir(folder);
}

static void test_folders(void)
{
	char first[] = "/tmp/forewarn-mibs-XXXXXX", second[] = "/tmp/forewarn-mibs-XXXXXX", absent[64];
	const char *folders[] = { mkdtemp(first), mkdtemp(second), NULL }, *none[] = { absent, NULL };
	struct mistakes m = { 0 };
	struct mib *mib;

	write_text(first, "a.conf", TABLE(COLUMN_A) "table \"u\" { entry = \"1.3.6\" " COLUMN_A "}\n");
	write_text(second, "b.conf", "table \"t\" { entry = \"1.3.7\" " COLUMN_A "}\n");
	mib = mib_load(folders, &m);
	ok(m.count == 0 && mib->count == 2, "two folders");
	ok(mib->table[0]->entry.arc[2] == 7 && strstr(mib->table[0]->file, "b.conf"), "a table of a later folder replaces one of the same title");
	mib_free(mib);
	remove_folder(first, "a.conf");
	remove_folder(second, "b.conf");
	snprintf(absent, sizeof(absent), "%s", first);
	mib = mib_load(none, &m);
	ok(m.count == 1 && strstr(m.line[0], first), "a folder that is not there is a mistake");
	mib_free(mib);
	mistakes_release(&m);
}

static void test_own_folder(const char *top)
{
	char buf[256], path[300], short_buf[4];
	struct mistakes m = { 0 };
	const char *folders[] = { path, NULL };
	struct mib *mib;

	setenv("FOREWARN_MIBS", "/some/where", 1);
	is_str(mib_own_folder(buf, sizeof(buf)), "/some/where", "the environment says where definitions are");
	is_str(mib_own_folder(short_buf, sizeof(short_buf)), "/so", "... and cannot overrun");
	unsetenv("FOREWARN_MIBS");
	snprintf(path, sizeof(path), "%s/if.conf", mib_own_folder(buf, sizeof(buf)));
	ok(access(path, R_OK) == 0 || strcmp(buf, FOREWARN_MIBS) == 0, "else beside the program, or where it was installed");
	snprintf(path, sizeof(path), "%s/mibs", top);
	mib = mib_load(folders, &m);
	is_int(m.count, 0, "the definitions that come with the program have no mistake");
	for (unsigned i = 0; i < m.count; i++)
		note("%s", m.line[i]);
	ok(mib_find_table(mib, "system") && mib_find_class(mib, "interface") && mib_find_class(mib, "power-supply"), "... and are there");
	ok(mib_find_class(mib, "interface")->layout.ds_count == 10, "an interface has ten data sources");
	mib_free(mib);
	mistakes_release(&m);
}

/* ---- the manual's example ----------------------------------------------------------------------------------------- */

/* The literal displays of the page that hold tables, without mdoc's escapes. */
static size_t examples(FILE *f, char *out, size_t size)
{
	char line[512];
	bool inside = false;
	size_t len = 0;

	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, ".Bd -literal", 12) == 0)
			inside = true;
		else if (strncmp(line, ".Ed", 3) == 0)
			inside = false;
		else if (inside && len + strlen(line) < size)
			for (char *p = strncmp(line, "\\&", 2) ? line : line + 2; *p; p++)
				out[len++] = p[0] == '\\' && p[1] == 'e' ? (char)(p++, '\\') : *p;
	}
	return len;
}

static void test_manual(const char *top)
{
	static char path[300], text[16384];
	struct mistakes m = { 0 };
	struct mib *mib;
	FILE *f;

	snprintf(path, sizeof(path), "%s/man/forewarn-mibs.5", top);
	f = fopen(path, "r");
	mib = mib_load_text("forewarn-mibs.5", text, f ? examples(f, text, sizeof(text)) : 0, &m);
	if (f)
		fclose(f);
	ok(m.count == 0 && mib->count >= 2, "the examples of forewarn-mibs(5) load");
	for (unsigned i = 0; i < m.count; i++)
		note("%s", m.line[i]);
	mib_free(mib);
	mistakes_release(&m);
}

int main(void)
{
	const char *top = getenv("FOREWARN_TOP") ? getenv("FOREWARN_TOP") : "..";
	struct mistakes m = { 0 };
	struct mib *mib;

	plan(1 + 8 + 12 + 5 + 11 + (int)(sizeof(wrong) / sizeof(wrong[0])) + 5 + 3 + 6 + 1);
	mib = mib_load_text("whole.conf", whole, sizeof(whole) - 1, &m);
	is_int(m.count, 0, "everything that can be said");
	for (unsigned i = 0; i < m.count; i++)
		note("%s", m.line[i]);
	test_table(mib);
	test_rules(mib);
	mib_free(mib);
	mistakes_release(&m);
	test_mistakes();
	test_many();
	test_folders();
	test_own_folder(top);
	test_manual(top);
	return done();
}
