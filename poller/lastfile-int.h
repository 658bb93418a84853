/* poller/lastfile-int.h: what lastfile.c (the writer) and lastfile-read.c (readers, moving) share. */
#ifndef FW_LASTFILE_INT_H
#define FW_LASTFILE_INT_H

#include "poller/lastfile.h"

/* Version 2: value[] of a column that is missing says since when. */
enum { HEADER_SIZE = 4096, MAGIC_LEN = 16, RECORDS_MOST = 64 << 20, LAST_VERSION = 2 };

struct header {
	char magic[MAGIC_LEN];
	uint32_t byte_order;		/* 0x01020304 of the writing machine */
	uint32_t record_size;
	uint32_t count;			/* records there are; the file may be longer */
	uint32_t number;
};

/* As the header says it; 0: it is none. */
unsigned last_header_version(const struct header *h);
/* One of this version or an older one, and what it says can be. */
bool last_header_good(const struct header *h, size_t file_size, unsigned number);
/* FW_OK; FW_BROKEN: damaged, or of a newer version; FW_IO: cannot be read, and must not be touched. */
enum fw_err last_file_state(const char *path, unsigned number, struct err *err);
void last_set_aside(const char *path);
/* Is the content of a record such that nothing later trips over it? */
bool last_record_good(const struct last_record *r, uint32_t count);
/* Make a record of an older version one of this. */
void last_record_renew(struct last_record *r, unsigned version);
/* A record cut short by a kill keeps its name but none of its values. */
void last_record_mend(struct last_record *r);

#endif
