/* poller/discover-int.h: what discover.c (walks, and what follows from them) and discover-name.c (which rows are parts, and how
 * they are called) share.
 */
#ifndef FW_DISCOVER_INT_H
#define FW_DISCOVER_INT_H

#include "poller/base/arena.h"
#include "poller/base/hash.h"
#include "poller/worker-int.h"

struct cell { const uint8_t *bytes; uint64_t number; uint16_t len; uint8_t type; };	/* type 0: nothing */

struct found {
	uint32_t arc[LAST_ARCS];
	uint8_t arcs;
	bool is_row;			/* a row-making column has it */
	bool fresh;			/* no row had its name before */
	bool hole;			/* it has an exception, or no value, in some column */
	uint32_t known;			/* of one with a hole: the part that has had its index; else NAMES_NONE */
	const char *name;
	struct cell *cell;		/* one per column */
};

enum { TORN_MOST = 2 };

struct discovery {
	struct device *d;
	uint32_t table;			/* being asked */
	uint8_t column[MIB_COLUMNS_MAX], columns, at;
	uint8_t column_now;
	struct found *row;
	uint32_t rows, rows_size;
	struct names by_index;
	struct arena arena;
	struct snmp_walk *walk;
	struct snmp_ask *ask;
	struct snmp_packet *packet;
	uint64_t tables;		/* bit t: has rows */
	uint32_t reindexed, added, gone, returned, renamed;
	struct parts_map by_record;	/* of this table's merge */
	struct mono began, heard;	/* heard: its last answer, or the start */
	char trouble[160];		/* the first that could not be read, and why */
	const struct mib_table *too_long;	/* has a row whose index a record does not hold */
	struct marks marks;		/* of all tables that are defined, as they were read last */
	uint8_t torn;			/* how often this table changed while it was read */
	bool told;			/* some table has a row with a value */
	bool holes;			/* some row of this table has one */
	bool singly;			/* scalars one by one: the agent refuses a whole GET for one of them */
	bool incomplete, unsure;	/* unsure: something is missing for the first time: look again soon */
};

/* ".1.2" of an index; the row that has it, NAMES_NONE when there is none. */
uint32_t row_find(const struct discovery *x, const uint32_t *arc, uint8_t arcs, char key[LAST_ARCS * 11 + 1]);
/* Rows that are parts get their names, the others NULL. Returns the column they are named by, INDEX_NAMES for none. */
uint8_t rows_name(struct discovery *x, const struct mib_table *t);

#endif
