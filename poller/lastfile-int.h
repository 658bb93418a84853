/* poller/lastfile-int.h: what lastfile.c (the writer) and lastfile-read.c (readers, moving) share. */
#ifndef FW_LASTFILE_INT_H
#define FW_LASTFILE_INT_H

#include "poller/lastfile.h"

enum { HEADER_SIZE = 4096, MAGIC_LEN = 16, RECORDS_MOST = 64 << 20 };

struct header {
	char magic[MAGIC_LEN];
	uint32_t byte_order;		/* 0x01020304 of the writing machine */
	uint32_t record_size;
	uint32_t count;			/* records there are; the file may be longer */
	uint32_t number;
};

bool last_header_good(const struct header *h, size_t file_size, unsigned number);
/* FW_OK; FW_BROKEN: damaged, or of another version; FW_IO: cannot be read, and must not be touched. */
enum fw_err last_file_state(const char *path, unsigned number, struct err *err);
void last_set_aside(const char *path);
/* Is the content of a record such that nothing later trips over it? */
bool last_record_good(const struct last_record *r, uint32_t count);
/* A record cut short by a kill keeps its name but none of its values. */
void last_record_mend(struct last_record *r);

#endif
