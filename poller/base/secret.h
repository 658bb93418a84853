/* poller/base/secret.h: memory of passwords and keys: in no core file, not swapped where that is allowed, wiped at its end.
 *
 * Pages of their own, apart from the heap.
 * This is the second wall: secret_no_core() is the first, since a community also stands in every packet of v1 and v2c.
 * Thread: its owner only; what is in them may be read by any.
 */
#ifndef FW_BASE_SECRET_H
#define FW_BASE_SECRET_H

#include <stddef.h>

struct secret_block;
struct secrets { struct secret_block *blocks; };

/* Secrets of zeroes are empty and usable. */
void *secret_alloc(struct secrets *s, size_t size_octets);	/* zeroed, aligned to 16; never NULL */
char *secret_strndup(struct secrets *s, const char *text, size_t len_octets);
void secrets_release(struct secrets *s);			/* wipes all */

/* This process leaves no core file from now on, whatever its limits and the kernel's pattern say. Again after a change of user. */
void secret_no_core(void);

#endif
