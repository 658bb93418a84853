/* poller/lastfile.h: the last file: what each component last said, one fixed record each, one mapped file a worker.
 *
 * It is the memory over restarts, the same for cron and daemon: raw last values and strings, running counter values,
 * sysUpTime, discontinuity, the index a name has now, states, what was learned of a device. Only its worker writes it; other
 * threads and processes map it read-only (show, debug, status) and copy records out under a sequence lock.
 *
 *	header (4,096 octets) | record 0 | record 1 | ...		state/last.0, last.1, ...
 *
 * A record that was being written when the process was killed is found at opening by its odd sequence and begins anew (its
 * name is kept if whole). A damaged file, or one of a newer version, is renamed aside and begun anew, and that is said; one of
 * an older version is read, and made one of this when it is next written to: counters go on over an upgrade.
 * Numbers are of this machine's byte order; the header says so.
 * Thread: a struct last belongs to its worker; last_read_*() may be called by anybody on the folder.
 */
#ifndef FW_LASTFILE_H
#define FW_LASTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/clock.h"
#include "poller/base/err.h"
#include "poller/mib.h"
#include "poller/service/service.h"

enum {
	LAST_VALUES = MIB_COLUMNS_MAX, LAST_RUNS = 16, LAST_ARCS = 16, LAST_TEXT = 472,
	LAST_NONE = UINT32_MAX, LAST_INSTANCE_MAX = 255
};

/* Texts of a record, besides the columns' own (their number). */
enum { LAST_T_INSTANCE = 255, LAST_T_CLASS = 254, LAST_T_REASON = 253, LAST_T_DEVICE = 252, LAST_T_TABLE = 251,
       LAST_T_CAPACITY = 249 /* of a part: the most that it carried, Mbit/s */,
       LAST_T_TROUBLE = 250 /* of a device: what its last discovery could not read, and why */ };

enum last_kind { LAST_FREE, LAST_DEVICE, LAST_PART };

enum {	/* flags */
	LAST_F_ADMIN = 1, LAST_F_GONE = 2, LAST_F_WATCHED = 4, LAST_F_SEEN = 8, LAST_F_RESET = 16,
	LAST_F_NEXT = 64,		/* the agent lists it, but denies it to a GET: asked by GETNEXT */
	LAST_F_FLAT = 128,		/* its counters stand still: asked every third interval (adapt.c) */
	LAST_F_ABSENT = 32,		/* the last complete discovery did not find it: once more, and it is gone */
};

struct last_record {			/* 1,024 octets */
	uint32_t sequence;		/* odd while it is written */
	uint8_t kind, state, flags, name_column;
	uint32_t device;		/* record of its device; of a device: itself */
	uint32_t signature;		/* of its table's columns: values of another definition are not read; of a device: of
					 * all definitions it was discovered by */
	uint64_t name_hash;		/* stable, of "device/class/instance" */
	int64_t seen_us;		/* wall: last answer with values; 0 never */
	int64_t asked_us;		/* wall: last row; of a device: last asked */
	int64_t since_us;		/* wall: state began */
	uint32_t transitions;
	uint32_t ask_count, miss_count;	/* devices: cycles, cycles without an answer; parts: rows, rows with something missing */
	uint32_t source;		/* bit c: column c is read from its 'else' column */
	uint32_t known;			/* bit c: value[c] is there (missing: why[c] says the reason, value[c] since when) */
	uint8_t why[LAST_VALUES];	/* enum fw_err: why column c is missing, or was not refreshed the last time */
	uint8_t arcs, text_len_hi, text_len_lo;
	uint8_t renewed;		/* 1: its counters began at a renewal (cache.c) */
	uint32_t arc[LAST_ARCS];	/* the index now */
	uint64_t value[LAST_VALUES];	/* raw, as the agent sent it (INTEGER sign-extended); of one that is missing for a reason: wall us
					 * of the first time it did not come; a device's: enum last_device_value */
	uint64_t run[LAST_RUNS];	/* running value of the data source, unwrapped */
	uint8_t text[LAST_TEXT];	/* (number, length, octets)... */
};
_Static_assert(sizeof(struct last_record) == 1024, "a record is 1,024 octets");

/* What a device's record keeps in value[]. */
enum last_device_value {
	LAST_D_UPTIME,			/* sysUpTime, 1/100 s */
	LAST_D_UPTIME_AT,		/* wall us of it */
	LAST_D_DISCOVERED_AT,		/* wall us of the last complete discovery */
	LAST_D_PACK,			/* varbinds a GET, learned */
	LAST_D_BULK,			/* repetitions, learned */
	LAST_D_MARKER,			/* hash of the change markers */
	LAST_D_ICMP, LAST_D_SNMP,	/* enum answer */
	LAST_D_RTT_US,			/* of the last SNMP answer or echo */
	LAST_D_LOST, LAST_D_LATE, LAST_D_REBOOTS,
	LAST_D_TABLES,			/* bit t: table t of the definitions is there (signature tells which definitions) */
	LAST_D_REQUESTS,
	LAST_D_SPAN_US,			/* how long the last cycle took */
	LAST_D_OCTETS,			/* octets an answer, learned */
	LAST_D_ODD,			/* bits of enum odd (message.h): what is wrong with its answers */
	LAST_D_ASKED,			/* requests so far, to hold LAST_D_LOST against */
	LAST_D_RTT99_US,		/* 99 of 100 answers took at most this */
	LAST_D_CACHE_US,		/* its counters stand still for so long at a time; 0: they do not */
	LAST_D_JITTER_US,		/* worst distance of a full poll from an interval after the last, slowly forgotten */
	LAST_D_MISSED,			/* intervals without a full poll though it answered before and after */
	LAST_D_SNMP_SINCE,		/* wall us since when LAST_D_SNMP is what it is */
	LAST_D_CACHE_MOVED_AT, LAST_D_CACHE_LONGEST_US, LAST_D_CACHE_SEEN,	/* what cache.c has seen so far */
	LAST_D_VOUCHED,			/* bit t: a marker tells when rows of table t changed (markers.c) */
};

struct last;

/* folder/last.NUMBER, made when missing. A damaged one is renamed aside: said in the log. */
struct last *last_open(const char *folder, unsigned number, struct err *err);
void last_close(struct last *l);		/* msync and unmap */

/* Find or make. Pointers from last_at() are good until the next last_add(). LAST_NONE when the disk refuses to grow (said). */
uint32_t last_find(const struct last *l, const char *device, const char *class_name, const char *instance);
uint32_t last_add(struct last *l, const char *device, const char *class_name, const char *instance);	/* class "" : the device itself */
void last_remove(struct last *l, uint32_t record);
uint32_t last_count(const struct last *l);		/* records, free ones included */
const struct last_record *last_at(const struct last *l, uint32_t record);
/* Write access: from begin to end the record is odd; keep it short. */
struct last_record *last_begin(struct last *l, uint32_t record);
void last_end(struct last *l, uint32_t record);

/* Texts. Setting returns false when it did not fit (cut to what fits). Getting copies, "" when absent. */
bool last_text_set(struct last_record *r, uint8_t which, const void *text, size_t len_octets);
size_t last_text_get(const struct last_record *r, uint8_t which, char *buf, size_t size_octets);

/* Value 'column' of a part did not come, for 'why': it is no longer known, and the first time that it did not come is kept. */
void last_missing(struct last_record *r, uint8_t column, enum fw_err why, struct wall since);
/* Is it missing, for a reason? Not where another column stands in for it, nor one that stands in for none now. */
bool last_lacks(const struct mib_table *t, const struct last_record *r, uint8_t column);
/* Since when it is missing; 0 when it is not, or nobody knows. */
struct wall last_missing_since(const struct last_record *r, uint8_t column);

/* Hash of columns of a table: what 'signature' holds. */
uint32_t last_signature(const struct mib_table *t);

#define LAST_CAPACITY_MOST UINT64_C(1000000000000)
/* What a part carries, Mbit/s: of the first of its columns of capacity that says so; 0: none does. */
uint64_t last_capacity(const struct mib_table *t, const struct last_record *r);

/* Read all records of all last files of a folder, each a consistent copy with its device's name; false from the callback stops. */
typedef bool last_each(void *owner, const char *device, const struct last_record *r);
enum fw_err last_read_all(const char *folder, last_each *each, void *owner, struct err *err);
/* Only those of one device ("" all). */
enum fw_err last_read_device(const char *folder, const char *device, last_each *each, void *owner, struct err *err);

/* Which worker has a device: the same on every start. */
unsigned last_worker_of(const char *device, unsigned workers);
/* When the number of workers has changed: move records to the files where their devices are now. Before workers start. */
enum fw_err last_redistribute(const char *folder, unsigned workers, struct err *err);

#endif
