/* rrd/header-int.h: the header of an RRD file, read by ourselves and never by librrd before it was found whole.
 *
 *   stat_head 128 | ds_def 120 each | rra_def 120 each | live_head 16 | pdp_prep 112 per DS
 *   | cdp_prep 80 per DS and RRA | rra_ptr 8 per RRA | doubles: RRA after RRA, row after row
 *
 * The file is in the machine's own layout: offsets are those of librrd's rrd_format.h on a machine with 64-bit long and
 * 8-octet alignment; the float cookie tells another byte order, and such a file is refused as damaged.
 * Thread: none of its own.
 */
#ifndef FW_RRD_HEADER_INT_H
#define FW_RRD_HEADER_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/err.h"

enum {
	HEADER_DS_MAX = 64, HEADER_RRA_MAX = 32,
	HEADER_STAT = 128, HEADER_DS = 120, HEADER_RRA = 120, HEADER_LIVE = 16,
	HEADER_PDP = 112, HEADER_CDP = 80, HEADER_PTR = 8,
	HEADER_SIZE_MAX = HEADER_STAT + HEADER_DS_MAX * (HEADER_DS + HEADER_PDP) + HEADER_LIVE +
			  HEADER_RRA_MAX * (HEADER_RRA + HEADER_PTR) + HEADER_DS_MAX * HEADER_RRA_MAX * HEADER_CDP,
};

struct rrd_header {
	uint64_t step_s;
	uint32_t ds_count, rra_count;
	struct { char name[20], type[20]; uint64_t heartbeat_s; double min; } ds[HEADER_DS_MAX];
	struct { char cf[20]; uint64_t rows, steps; } rra[HEADER_RRA_MAX];
	int64_t last_up_s, last_up_us;
	uint64_t header_octets, file_octets;	/* what they must be */
};

/* The time of the last update, in milliseconds (what librrd keeps is cut, not rounded: up to 1 us short). */
static inline int64_t header_last_ms(const struct rrd_header *h)
{
	return h->last_up_s * 1000 + (h->last_up_us + 500) / 1000;
}

/*
 * Decode the start of a file of 'file_octets'. 'len_octets' of it are there: at least the whole header, or the file.
 * FW_OK, or FW_BROKEN with what is wrong ("396 octets where 400 are due").
 */
enum fw_err header_dec(const void *start, uint64_t len_octets, uint64_t file_octets, struct rrd_header *h, struct err *err);

/* The same for a file: FW_OK, FW_NOTFOUND, FW_BROKEN, FW_IO; the text names the file. 'writable' asks for that, too. */
enum fw_err header_read(const char *path, bool writable, struct rrd_header *h, struct err *err);

/* And with the octets of the header itself, h->header_octets of them, in 'copy' of HEADER_COPY_MAX; 'expected' is how many to
 * read at first. A longer one than fits is FW_BROKEN: none of ours is. */
enum { HEADER_COPY_MAX = 56 * 1024 };
enum fw_err header_copy(const char *path, uint8_t *copy, size_t expected, struct rrd_header *h, struct err *err);

#endif
