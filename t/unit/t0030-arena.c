/* t/unit/t0030-arena.c: memory that lives and dies together. */
#include <stdlib.h>

#include "poller/base/arena.h"
#include "tap.h"

static void test_alloc(struct arena *a)
{
	int aligned = 0, zero = 0, apart = 0;
	char *last = NULL;

	for (size_t size = 0; size < 3000; size++) {
		char *p = arena_alloc(a, size);

		aligned += (uintptr_t)p % 16 == 0;
		apart += p != last;
		last = p;
		for (size_t i = 0; i < size; i++)
			zero += p[i] != 0;
		memset(p, 0xa5, size);
	}
	is_int(aligned, 3000, "every piece is aligned to 16");
	is_int(apart, 3000, "... and has a place of its own, also when of no size");
	is_int(zero, 0, "... and holds zeroes");
	ok(a->used_octets >= 3000 * 2999 / 2, "what was handed out is counted");
}

static void test_text(struct arena *a)
{
	char longer[2000];
	char *p;

	memset(longer, 'z', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	is_str(arena_strdup(a, "core1/interface/Gi0/1"), "core1/interface/Gi0/1", "strdup copies");
	is_str(arena_strndup(a, "abcdef", 3), "abc", "strndup cuts");
	is_str(arena_strndup(a, "ab", 30), "ab", "... and stops at the end of the string");
	is_str(arena_printf(a, "%s-%d", "x", 42), "x-42", "printf formats");
	p = arena_printf(a, "%s!", longer);
	ok(strlen(p) == sizeof(longer) && p[sizeof(longer) - 1] == '!', "... at any length");
}

int main(void)
{
	struct arena a = { 0 };
	char *p;
	int zero = 0;

	plan(14);
	test_alloc(&a);
	test_text(&a);
	arena_reset(&a);
	is_u64(a.used_octets, 0, "reset forgets");
	ok(a.blocks != NULL, "... and keeps a block");
	p = arena_alloc(&a, 100000);
	for (int i = 0; i < 100000; i++)
		zero += p[i] == 0;
	is_int(zero, 100000, "a piece after reset is zero again");
	p = arena_alloc(&a, 8 << 20);
	p[(8 << 20) - 1] = 1;
	arena_reset(&a);
	ok(a.blocks != NULL, "reset does not keep a giant, but one of usual size");
	arena_release(&a);
	ok(a.blocks == NULL && a.used_octets == 0, "release leaves an empty arena");
	return done();
}
