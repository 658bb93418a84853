/* poller/mib.h: MIB definitions: what can be read, as data (mibs/NAME.conf, forewarn-mibs(5)).
 *
 * A definition is a table (rows with an index) or a group of scalars ('single'). Each has a class, which is the middle part
 * of a component's name, a naming rule, columns, and a rule that turns a value into a state. They are loaded and checked at
 * start; a user's folder adds to them or replaces a table by name. Immutable afterwards; lives as long as the program.
 *
 *	table "interface" {
 *	    entry  = "1.3.6.1.2.1.31.1.1.1"		# documentation and the test "does the device have it"
 *	    name   = { "ifName", "ifDescr" }		# stable instance name: first column that answers, for the whole table
 *	    rows   = { "ifOperStatus" }			# columns whose instances are the rows; default: name and state columns
 *	    discontinuity = "ifCounterDiscontinuityTime"
 *	    changes = { "1.3.6.1.2.1.2.1.0" }		# scalars asked each cycle: when one moves, the table is walked again
 *	    unless = { "cisco-port" }			# not asked where one of these tables has rows
 *	    counts = named | all | redundant		# in its device: only when named; each is needed; one of all is needed
 *	    watch  = model | always			# whose states make events
 *	    column "ifInOctets"   { oid = "1.3.6.1.2.1.2.2.1.10"   as = counter32 }
 *	    column "ifHCInOctets" { oid = "1.3.6.1.2.1.31.1.1.1.6" as = counter64  else = "ifInOctets"  ds = "in_octets"  unit = "B/s" }
 *	    state "ifOperStatus"  { up = {1, 5}  down = {2, 6, 7}  unknown = {3, 4} }	# a value not listed is unknown
 *	    admin "ifAdminStatus" { down = {2, 3} }
 *	    where "entPhysicalClass" { is = {"6"} }	# rows of other values are not ours
 *	    limit "hrStorageUsed" { of = "hrStorageSize"  degraded = 90  down = 100 }	# percent of 'of', or plain values without it
 *	    limit "memAvailReal"  { of = "memTotalReal"   degraded = 5  below = true }	# bad when it is this or less
 *	}
 * Thread: any, read only.
 */
#ifndef FW_MIB_H
#define FW_MIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/arena.h"
#include "poller/base/err.h"
#include "poller/base/oid.h"
#include "poller/conffile.h"
#include "poller/service/service.h"
#include "rrd/store.h"

enum { MIB_TABLES_MAX = 64, MIB_COLUMNS_MAX = 32, MIB_NAMES_MAX = 4, MIB_VALUES_MAX = 32, MIB_NO_COLUMN = 255,
       MIB_MARKERS_MAX = 16 /* different ones, of all tables */, MIB_MARKER_OCTETS = 40 };

enum mib_as { AS_COUNTER32, AS_COUNTER64, AS_GAUGE, AS_INTEGER, AS_TICKS, AS_STRING, AS_OID, AS_HEX, AS_KINDS };
const char *mib_as_word(enum mib_as as);

struct mib_label { int64_t value; const char *word; };

struct mib_column {
	const char *name;		/* MIB object name as printed */
	struct oid oid;			/* without instance */
	uint8_t oid_ber_len;
	uint8_t oid_ber[64];
	enum mib_as as;
	double scale;			/* value for people and RRD = raw * scale; 1 by default */
	const char *scale_by;		/* name of another column of the row that multiplies it (hrStorageAllocationUnits), or NULL */
	uint8_t scale_column;		/* its index or MIB_NO_COLUMN */
	uint8_t otherwise;		/* 'else' column, asked where the agent has not this one; or MIB_NO_COLUMN */
	uint8_t ds;			/* index in the layout, MIB_NO_COLUMN: not in RRD (an 'else' column has that of the first) */
	const char *ds_name, *unit, *text;
	bool keep;
	bool slow;			/* asked at discovery only: names, descriptions, speed */
	bool capacity;			/* bit/s that the row carries: asked with the state of rows that the model names */
	const struct mib_label *labels;	/* enumeration, for people and JSON */
	uint8_t label_count;
};

struct mib_state {			/* at most one per table */
	uint8_t column;			/* MIB_NO_COLUMN: rows are up as long as they are there */
	uint8_t count;
	int64_t value[MIB_VALUES_MAX];
	enum state state[MIB_VALUES_MAX];
};

struct mib_admin { uint8_t column; uint8_t count; int64_t down[8]; };
struct mib_where { uint8_t column; uint8_t count; const char *is[8]; };	/* numbers or OIDs as text */
struct mib_limit { uint8_t column, of; bool below; double degraded, down; };	/* reached from below, or from above; NaN: no such limit */

enum mib_counts { COUNTS_NAMED, COUNTS_ALL, COUNTS_REDUNDANT };

struct mib_table {
	const char *title;		/* unique */
	const char *class_name;		/* 'class', by default the title */
	const char *unless[MIB_NAMES_MAX]; uint8_t unless_count;	/* not asked where one of these has rows: mib_replaced() */
	const char *file; unsigned line;
	struct oid entry;
	bool single;			/* scalars: one row, instance "0", columns get .0 */
	bool watch_always;
	enum mib_counts counts;
	uint8_t name[MIB_NAMES_MAX], name_count;
	uint8_t rows[MIB_NAMES_MAX], rows_count;
	uint8_t discontinuity;		/* column or MIB_NO_COLUMN */
	struct mib_column column[MIB_COLUMNS_MAX];
	uint8_t column_count;
	struct mib_state state;
	struct mib_admin admin;		/* column MIB_NO_COLUMN: none */
	struct mib_where where[2]; uint8_t where_count;
	struct mib_limit limit[4]; uint8_t limit_count;
	struct oid marker[2]; uint8_t marker_count;	/* 'changes': scalars, instance included, whose change means: walk this table again */
	struct store_layout layout;	/* ds_count 0: nothing goes to RRD; step_s is filled in by mib_set_step() */
};

struct mib {
	struct arena arena;
	struct mib_table **table;
	unsigned count;
};

/* Load every *.conf of each folder, in order; a table of a later folder replaces one of the same title. NULL-terminated list.
 * Mistakes are collected; the result is usable only when there are none. */
struct mib *mib_load(const char *const *folders, struct mistakes *m);
struct mib *mib_load_text(const char *name, const char *text, size_t len_octets, struct mistakes *m);	/* tests, fuzzing */
void mib_free(struct mib *mib);
void mib_set_step(struct mib *mib, uint32_t step_s);

/* The definitions that come with the program: beside the executable in the source tree, else FOREWARN_MIBS. */
const char *mib_own_folder(char *buf, size_t size_octets);

const struct mib_table *mib_find_class(const struct mib *mib, const char *class_name);	/* first of that class, NULL */
const struct mib_table *mib_find_table(const struct mib *mib, const char *title);

/* Is 't' left out on a device on which table i of 'mib' has rows where bit i of 'has_rows' is set? */
bool mib_replaced(const struct mib *mib, const struct mib_table *t, uint64_t has_rows);

/* ---- rules, pure -------------------------------------------------------------------------------------------------- */

/* What the value says: the table's state rule. A value not listed is unknown. */
enum state mib_state_of(const struct mib_table *t, int64_t value);
/* Has it columns that say what a row carries? */
bool mib_has_capacity(const struct mib_table *t);
bool mib_admin_down(const struct mib_table *t, int64_t value);
/* Worst state by limits: 'value' has scaled column values, NaN where missing. '*column' is the one that decided. */
enum state mib_limit_of(const struct mib_table *t, const double *value, uint8_t *column);
/* Label of an enumeration, NULL when it has none. */
const char *mib_label_of(const struct mib_column *c, int64_t value);

#endif
