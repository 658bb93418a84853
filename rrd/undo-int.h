/* rrd/undo-int.h: a kill in the middle of a librrd call must not leave half a row in a file.
 *
 * librrd changes a file in place: last values first, then archives, the time of the last update at the end. Killed
 * in between, the row would be taken for not written, and written again: a rate of zero, or archives moved by a row. So the
 * file's header is kept beside the journal (PATH.undo, one slot, in shared memory of the file: a memcpy) while librrd works
 * on it, and put back at the next start; the journal then writes the rows again, over what librrd had begun.
 *
 *   u32 'FwUn' while valid, else 0 | u32 octets of path | u32 octets of header | u32 0 | 40 the kernel's boot id
 *   | path | header
 *
 * It is for a killed process, whose memory of files the kernel has whole: after another boot it is not used.
 * Thread: the store's.
 */
#ifndef FW_RRD_UNDO_INT_H
#define FW_RRD_UNDO_INT_H

#include <stddef.h>
#include <stdint.h>

#include "header-int.h"

enum { UNDO_BOOT = 16, UNDO_HEAD = 56, UNDO_OCTETS = 128 * 1024 };

struct undo { uint8_t *map; };	/* NULL: cannot be kept; the store goes on without */

/* Put back what a killed process was at, in files below 'folder' only; then be ready. '*restored' says whether; NULL: only be
 * ready (what is there is of no use once files were written). FW_IO when there is no place for it. */
enum fw_err undo_open(struct undo *u, const char *journal_path, const char *folder, bool *restored, struct err *err);
void undo_begin(struct undo *u, const char *path, const void *header, size_t octets);
void undo_end(struct undo *u);
void undo_close(struct undo *u, const char *journal_path);	/* and remove its file */

#endif
