/* rrd/store-int.h: the store's own structures.
 *
 *   names: component -> file, which chains to files of the same component and other classes
 *   held:  per file one block: the first row alone, the others as what they differ by (row-int.h)
 *   age:   files with held rows, the longest waiting first
 *   queue: files that must be made or rebuilt, first come first served
 *
 * Thread: the store's.
 */
#ifndef FW_RRD_STORE_INT_H
#define FW_RRD_STORE_INT_H

#include "file-int.h"
#include "journal-int.h"
#include "undo-int.h"
#include "poller/base/hash.h"

enum {
	ROWS_HELD_MOST = 240,			/* a file, while it takes no writes */
	FILES_A_CHUNK = 1024,
	JOURNAL_FRESH_OCTETS = 4 * 1024 * 1024,	/* below this a fresh journal is not worth it */
	BUILD_RETRY_S = 10,			/* after a file could not be made */
	BUILD_FAILURES_A_TICK = 3,		/* then the others wait for the next */
	WELL_AFTER_S = 300,			/* without a failure, what went wrong is well again */
	REPLAY_FLUSH_MOST = 2000,		/* files written before store_open() returns; the others by store_tick() */
	REPLAY_MAKE_MOST = 50,			/* ... and made, which takes far longer */
	EARLIEST_S = 315360000 + 86400,		/* librrd takes no times in the first ten years of its epoch */
};

/* One component's file (with that of its kept columns). */
struct file {
	char *component;
	const struct store_layout *layout;	/* as last given; compared, never read */
	struct shape *shape;
	struct file *same_next, *age_prev, *age_next, *queue_next;
	uint8_t *held;
	int64_t last_ms;			/* end of the last row taken or found in the file */
	int64_t due_us;				/* when it must be written */
	uint32_t held_octets, held_room, index;
	uint32_t journal_gen, journal_id;	/* where it was last described */
	uint32_t held_gen;			/* journal that has its oldest held row */
	uint32_t retry_s;			/* not made before this time again */
	uint16_t rows, rows_due;
	bool queued, aged;
};

/* What may go wrong again and again: said at the 1st, 10th, 100th time, and once when it is well again. */
enum say { SAY_MAKE, SAY_WRITE, SAY_JOURNAL, SAY_FULL, SAY_BROKEN, SAY_CLOCK, SAY_LOST, SAYS };

struct store {
	char folder[STORE_PATH_MAX], scratch[STORE_PATH_MAX];
	struct store_limits limits;
	struct names names;
	struct file **chunk;
	uint32_t file_slots;
	struct file *unused, *age_first, *age_last, *queue_first, *queue_last;
	struct shape *shapes;
	struct journal journal;
	bool hurry;				/* nothing but the journal is written */
	uint32_t on_old;			/* files whose oldest held row is in the old journal only */
	struct store_count count;
	uint64_t said[SAYS];
	struct wall said_at[SAYS];
	struct wall now, synced_at, journal_after;
	struct undo undo;
	struct update update;
	uint8_t head[HEADER_COPY_MAX];	/* to read headers when there is no undo */
};

/* store.c */
struct file *file_at(const struct store *s, uint32_t index);
struct file *file_find(const struct store *s, const char *component, const char *class_name);
struct file *file_first(const struct store *s, const char *component);
/* NULL when the name fits no path. */
struct file *file_add(struct store *s, const char *component, const struct store_layout *layout);
struct shape *shape_of(struct store *s, const struct store_layout *layout);
/* Hold a row: FW_OK, FW_CLOCK or FW_FULL. Neither journalled nor written here. */
enum fw_err file_hold(struct store *s, struct file *f, const struct store_row *row);
void file_drop_held(struct store *s, struct file *f);
/* Another layout from now on; what is held is written under the old one, or lost and counted. */
void file_relayout(struct store *s, struct file *f, const struct store_layout *layout);
void store_say(struct store *s, enum say what, const struct err *why);
/* It works; said when it had not, and not failed for a while (one file may fail among many that do not). */
void store_well(struct store *s, enum say what, const char *text);

/* write.c */
/* Look at the files of 'f' on disk: sets last_ms, and queues 'f' when one must be made. */
void file_look(struct store *s, struct file *f);
/* Write what is held. 'make': make or rebuild its files first when need be, else FW_NOTFOUND and queued. */
enum fw_err file_write(struct store *s, struct file *f, bool make, struct err *err);
/* Make what must be made, and write when enough is held. */
enum fw_err file_build(struct store *s, struct file *f, struct err *err);
void file_unqueue(struct store *s, struct file *f);
void file_queue_last(struct store *s, struct file *f);
void file_age_add(struct store *s, struct file *f, int64_t due_us);
void file_age_remove(struct store *s, struct file *f);

/* Walk over held rows. */
struct held { struct rd r; struct row_form form; struct store_row first; bool begun; };
struct held held_over(const struct file *f);
bool held_next(struct held *h, struct store_row *row);

/* replay.c */
void store_replay(struct store *s, store_layout_find *layouts, void *owner);
/* A fresh journal with the rows that must be carried into it: all, or those of stragglers. */
enum fw_err store_fresh_journal(struct store *s, bool all, struct err *err);
void store_journal_row(struct store *s, struct file *f, const struct store_row *row);

#endif
