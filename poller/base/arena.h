/* poller/base/arena.h: memory that lives and dies together: a configuration snapshot, one reply, one model.
 *
 * Thread: its owner only. What outlives the arena is copied out of it.
 */
#ifndef FW_BASE_ARENA_H
#define FW_BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *blocks;	/* newest first */
	size_t used_octets;		/* handed out, for debug */
};

/* An arena of zeroes is empty and usable. */
void *arena_alloc(struct arena *a, size_t size_octets);		/* zeroed, aligned to 16; never NULL */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len_octets);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a);	/* keeps one block */
void arena_release(struct arena *a);

#endif
