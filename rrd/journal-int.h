/* rrd/journal-int.h: rows on disk before they are in their files, so that a killed process loses a second at most.
 *
 *   file    record*
 *   record  'F' 'j' | u16 octets of the body | u32 CRC-32 of the two before and the body | body        (little-endian)
 *   body    1 LAYOUT  number, class, step, columns, archives     numbers count from 0 in each file
 *           2 NAME    number, layout, component
 *           3 ROW     name, packed row (row-int.h, base zero)
 *           4 FORGET  name                             rows of this component before here are no longer wanted
 *
 * Generations. PATH is appended to. When it has grown it becomes PATH.old and a fresh one begins; what PATH.old held is by
 * then written, apart from stragglers (files that do not take writes): their rows are carried into the fresh one before
 * it replaces the other, so the journal stays in proportion to what is held. Rows may therefore be there twice: replay sorts by
 * time, and what a file has is not written again.
 * A record that is not whole is passed over to the next that is: a torn tail, zeroes or garbage cost what they covered.
 * Thread: the store's.
 */
#ifndef FW_RRD_JOURNAL_INT_H
#define FW_RRD_JOURNAL_INT_H

#include "layout-int.h"

enum { JOURNAL_BODY_MAX = 2048, JOURNAL_HEAD = 8, JOURNAL_BUFFER = 256 * 1024 };

struct journal {
	char path[STORE_PATH_MAX], old[STORE_PATH_MAX], fresh[STORE_PATH_MAX], lock[STORE_PATH_MAX];
	int fd, lock_fd;
	uint32_t gen;			/* counts fresh files; layouts and names say in which they are described */
	uint32_t layouts, names;	/* described in this one */
	uint64_t file_octets;		/* written to this one */
	bool old_there;
	bool gap;			/* rows are missing from it: all held rows must be carried into a fresh one */
	bool unsynced;
	size_t len;
	uint8_t *buf;
};

/* Paths and the lock of journal 'number' beside 'folder'. FW_LOCKED when another process has it; FW_IO when it cannot be
 * locked at all (the store then goes on without). */
enum fw_err journal_init(struct journal *j, const char *folder, unsigned number, struct err *err);
void journal_release(struct journal *j);

/* Append to the buffer, which is written when full. A row's layout and name are described when this file has not yet. */
struct journal_who { struct shape *shape; const char *component; uint32_t *gen, *id; };
void journal_row(struct journal *j, struct journal_who who, const struct store_row *row);
void journal_forget(struct journal *j, struct journal_who who);

/* Buffer to the file, and to the disk with 'sync'. FW_IO: what could not be written stays in the buffer. */
enum fw_err journal_write(struct journal *j, bool sync, struct err *err);

/* Begin a fresh file: what is appended from here goes into it. Then finish: it takes the place of the present one, which
 * becomes the old (or, with 'all_carried', nothing of the present and the old is needed any more). On FW_IO there
 * is a gap, and what is on disk stays as it was. */
enum fw_err journal_begin_fresh(struct journal *j, struct err *err);
enum fw_err journal_finish_fresh(struct journal *j, bool all_carried, struct err *err);
void journal_drop_old(struct journal *j);
void journal_drop_all(struct journal *j);

/* Read a journal of 'len' octets. 'name' returns the caller's number of a component, or UINT32_MAX when its rows are not
 * wanted; 'packed' stays where it is in 'p'. Returns the octets that belong to no whole record. */
struct journal_reader {
	void *owner;
	uint32_t (*name)(void *owner, const struct store_layout *layout, const char *component);
	void (*row)(void *owner, uint32_t who, const struct store_row *row, const uint8_t *packed, uint32_t octets);
	void (*forget)(void *owner, uint32_t who);
};
uint64_t journal_scan(const void *p, size_t len_octets, const struct journal_reader *reader);

#endif
