/* poller/mib-int.h: between the files of the MIB loader; nobody else includes it. */
#ifndef FW_MIB_INT_H
#define FW_MIB_INT_H

#include "poller/base/hash.h"
#include "poller/mib.h"

/* One table being read from its piece. */
struct mib_reader {
	struct mib *mib;
	struct mistakes *m;
	const struct conf_piece *p;
	struct mib_table *t;
	struct names columns;		/* name -> index */
};

/* libconfuse's table of what may stand in a definition file. */
cfg_opt_t *mib_options(void);

/* A mistake about what stands at 'path' of the piece ("column/ifInOctets/oid"). */
void mib_wrong(struct mib_reader *r, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Read a table's options and sections into r->t. */
void mib_parse(struct mib_reader *r);

/* Number of a column by name; MIB_NO_COLUMN with a mistake when there is none. */
uint8_t mib_column_of(struct mib_reader *r, const char *path, const char *option, const char *name);

/* What only shows when all columns are known: 'else', 'scale-by', names, rows, layout. */
void mib_check_columns(struct mib_reader *r);
void mib_layout(struct mib_reader *r);

/* What only shows when all tables are known: 'unless', classes that tables share. */
void mib_check_tables(struct mib *mib, struct mistakes *m);

bool mib_is_number(enum mib_as as);
bool mib_is_counter(enum mib_as as);

#endif
