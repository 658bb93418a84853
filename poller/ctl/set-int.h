/* poller/ctl/set-int.h: a line of what 'forewarn set --stdin' reads, for the command and for fuzzing.
 *
 *	NAME <tab> STATE [<tab> WHY]		empty lines, and those that begin with '#', say nothing
 * Thread: any.
 */
#ifndef FW_CTL_SET_INT_H
#define FW_CTL_SET_INT_H

#include <jansson.h>
#include <stddef.h>

#include "poller/base/err.h"

/* 'line' without its newline. '*item' is NULL for a line that says nothing; the caller's to free. FW_MISTAKE with the reason. */
enum fw_err set_line(const char *line, size_t len_octets, json_t **item, struct err *err);

#endif
