/* poller/base/arena.c: memory that lives and dies together. See arena.h. */
#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "err.h"

enum { ALIGN_OCTETS = 16, BLOCK_LEAST_OCTETS = 4096, BLOCK_MOST_OCTETS = 1 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(ALIGN_OCTETS) char room[];
};

/* Blocks double up to a megabyte, so that a small arena stays small and a large one has few blocks. */
static struct arena_block *block_for(struct arena *a, size_t size)
{
	size_t room = a->blocks ? a->blocks->size * 2 : BLOCK_LEAST_OCTETS;
	struct arena_block *b;

	if (room > BLOCK_MOST_OCTETS)
		room = BLOCK_MOST_OCTETS;
	if (room < size)
		room = size;
	b = must_alloc(sizeof(*b) + room);
	b->size = room;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size_octets)
{
	struct arena_block *b = a->blocks;
	void *p;

	must(size_octets <= SIZE_MAX / 4);
	size_octets = (size_octets + !size_octets + ALIGN_OCTETS - 1) & ~(size_t)(ALIGN_OCTETS - 1);
	if (!b || b->size - b->used < size_octets)
		b = block_for(a, size_octets);
	p = b->room + b->used;
	b->used += size_octets;
	a->used_octets += size_octets;
	return memset(p, 0, size_octets);	/* the block may have been used before a reset */
}

char *arena_strndup(struct arena *a, const char *s, size_t len_octets)
{
	size_t len = strnlen(s, len_octets);

	return memcpy(arena_alloc(a, len + 1), s, len);
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	char *p;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	must(len >= 0);
	p = arena_alloc(a, (size_t)len + 1);
	if ((size_t)len < sizeof(small))
		return memcpy(p, small, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return p;
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = NULL, *next;

	for (struct arena_block *b = a->blocks; b; b = next) {
		struct arena_block *drop = b;

		next = b->next;
		if (b->size <= BLOCK_MOST_OCTETS && (!keep || b->size > keep->size)) {
			drop = keep;
			keep = b;
		}
		free(drop);
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	*a = (struct arena){ .blocks = keep };
}

void arena_release(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
