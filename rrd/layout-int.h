/* rrd/layout-int.h: from the layout of a class to archives, to librrd's words, and back to a file on disk: does it fit?
 *
 * A shape is the store's own copy of a layout with what is worked out once. Equal layouts share one shape.
 * Thread: the store's.
 */
#ifndef FW_RRD_LAYOUT_INT_H
#define FW_RRD_LAYOUT_INT_H

#include "header-int.h"
#include "row-int.h"
#include "rrd/store.h"

enum { LAYOUT_RRA_MAX = 17 };

/* One file's part of a shape: which columns, which archives. */
struct plan {
	const struct store_layout *layout;
	uint32_t columns;			/* bits */
	struct store_rra rra[LAYOUT_RRA_MAX];	/* ended by rows == 0, or full */
	unsigned rra_count;
};

struct shape {
	struct store_layout layout;	/* ours: the caller's may go */
	struct row_form form;
	struct plan main, keep;		/* the file, and that of the columns kept for years; keep.columns 0: none */
	uint32_t journal_gen, journal_id;	/* where it was last described */
	struct shape *next;
};

/* 'p' must not be moved afterwards: its plans point into it. */
void shape_init(struct shape *p, const struct store_layout *layout);

/* Do two layouts make the same files? Units and texts do not count. */
bool layout_same(const struct store_layout *a, const struct store_layout *b);

/* A layout that can be kept: 1..STORE_DS_MAX columns with different names of librrd's letters, a step of 1 s..1 d. */
bool layout_usable(const struct store_layout *layout);

/* The size its file will have, and that of the header in it. */
uint64_t plan_octets(const struct plan *p);
size_t plan_header_octets(const struct plan *p);

uint64_t layout_heartbeat_s(const struct store_layout *layout);

/* librrd's words for creation ("DS:in:DERIVE:150:0:U", "RRA:AVERAGE:0.5:1:1440"). */
enum { PLAN_WORDS_MAX = STORE_DS_MAX + LAYOUT_RRA_MAX, PLAN_WORD_SIZE = 64 };
struct plan_words {
	const char *word[PLAN_WORDS_MAX];
	int count;
	char text[PLAN_WORDS_MAX][PLAN_WORD_SIZE];
};
void plan_words(struct plan_words *w, const struct plan *p);

/* Has this file exactly the plan's columns, in order, its step and its archives? */
bool plan_fits(const struct plan *p, const struct rrd_header *h);

#endif
