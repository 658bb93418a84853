/* rrd/undo-int.h: a kill in the middle of a librrd call must not leave half a row in a file.
 *
 * librrd changes a file in place: last values first, then archives, the time of the last update at the end. Killed
 * in between, the row would be taken for not written, and written again: a rate of zero, or archives moved by a row. So the
 * file's header is kept beside the journal (PATH.undo, in shared memory: it is read there to be checked) while librrd works on
 * it, and put back at the next start; the journal then writes the rows again, over what librrd had begun.
 *
 *   u32 'FwUn' while valid, else 0 | u32 octets of path | u32 octets of header | u32 place | 40 the kernel's boot id
 *   | room for a path | two places for headers, of the main file and of that of kept columns
 *
 * It is for a killed process, whose memory of files the kernel has whole: after another boot it is not used.
 * Thread: the store's.
 */
#ifndef FW_RRD_UNDO_INT_H
#define FW_RRD_UNDO_INT_H

#include <stddef.h>
#include <stdint.h>

#include "header-int.h"

enum { UNDO_BOOT = 16, UNDO_PATH = 56, UNDO_HEAD = 4096, UNDO_OCTETS = UNDO_HEAD + 2 * HEADER_COPY_MAX };

struct undo { uint8_t *map; };	/* NULL: cannot be kept; the store goes on without */

/* Put back what a killed process was at, in files below 'folder' only; then be ready. '*restored' says whether; NULL: only be
 * ready (what is there is of no use once files were written). FW_IO when there is no place for it. */
enum fw_err undo_open(struct undo *u, const char *journal_path, const char *folder, bool *restored, struct err *err);
/* Where to read the header of part 0 or 1: room of HEADER_COPY_MAX. NULL without a map. */
uint8_t *undo_place(const struct undo *u, unsigned part);
/* From here to the end librrd changes 'path', whose header is in its place. */
void undo_begin(struct undo *u, unsigned part, const char *path, size_t header_octets);
void undo_end(struct undo *u);
void undo_close(struct undo *u, const char *journal_path);	/* and remove its file */

#endif
