/* poller/base/secret.c: memory of passwords and keys. See secret.h. */
#define _GNU_SOURCE		/* explicit_bzero, MADV_DONTDUMP */
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "err.h"
#include "secret.h"

enum { ALIGN_OCTETS = 16, BLOCK_OCTETS = 16384 };

struct secret_block {
	struct secret_block *next;
	size_t used, size;		/* of 'room'; 'size' and the head are whole pages */
	alignas(ALIGN_OCTETS) uint8_t room[];
};

static struct secret_block *block_new(struct secrets *s, size_t least)
{
	size_t size = (least + sizeof(struct secret_block) + BLOCK_OCTETS - 1) & ~(size_t)(BLOCK_OCTETS - 1);
	struct secret_block *b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(b != MAP_FAILED);
	(void)madvise(b, size, MADV_DONTDUMP);
	(void)mlock(b, size);		/* beyond RLIMIT_MEMLOCK it may be swapped: no reason not to poll */
	b->size = size - sizeof(*b);
	b->next = s->blocks;
	s->blocks = b;
	return b;
}

void *secret_alloc(struct secrets *s, size_t size_octets)
{
	struct secret_block *b = s->blocks;
	void *p;

	must(size_octets <= SIZE_MAX / 4);
	size_octets = (size_octets + !size_octets + ALIGN_OCTETS - 1) & ~(size_t)(ALIGN_OCTETS - 1);
	if (!b || b->size - b->used < size_octets)
		b = block_new(s, size_octets);
	p = b->room + b->used;
	b->used += size_octets;
	return p;
}

char *secret_strndup(struct secrets *s, const char *text, size_t len_octets)
{
	size_t len = strnlen(text, len_octets);

	return memcpy(secret_alloc(s, len + 1), text, len);
}

void secrets_release(struct secrets *s)
{
	struct secret_block *next;

	for (struct secret_block *b = s->blocks; b; b = next) {
		next = b->next;
		explicit_bzero(b->room, b->used);
		munmap(b, b->size + sizeof(*b));
	}
	*s = (struct secrets){ 0 };
}

void secret_no_core(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
