/* poller/form.c: questions that are the same for many devices are kept once.
 *
 * Devices of one kind have the same rows under the same indexes, and then every octet of what they are asked is the same (the
 * community is among them; a request-id is patched into what leaves, not into what is kept). Without this they would be a fifth
 * of the memory that a device takes. Those of version 3 are sealed in place, and are never shared.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/worker-int.h"

enum { BUCKETS_LEAST = 64 };

static size_t names_octets(const struct form *f)
{
	const struct slot *last = f->slot + f->count - 1;

	return f->names ? (size_t)last->name_at + last->name_len : 0;
}

static uint64_t form_hash(const struct form *f)
{
	uint64_t part[3] = {
		hash_keyed(f->packet->bytes, f->packet->len_octets), hash_keyed(f->slot, f->count * sizeof(*f->slot)),
		hash_keyed(f->names, names_octets(f)),
	};

	return hash_keyed(part, sizeof(part));
}

static bool equal(const void *a, const void *b, size_t octets) { return octets == 0 || memcmp(a, b, octets) == 0; }

static bool form_same(const struct form *a, const struct form *b)
{
	return a->hash == b->hash && a->count == b->count && a->packet->len_octets == b->packet->len_octets &&
	       names_octets(a) == names_octets(b) && equal(a->packet->bytes, b->packet->bytes, a->packet->len_octets) &&
	       equal(a->slot, b->slot, a->count * sizeof(*a->slot)) && equal(a->names, b->names, names_octets(a));
}

static struct form **bucket_of(const struct forms *s, uint64_t hash) { return &s->bucket[hash & (s->size - 1)]; }

static void form_free(struct form *f)
{
	free(f->packet);
	free(f->names);
	free(f->slot);
	free(f);
}

static void forms_grow(struct forms *s)
{
	struct form **old = s->bucket, *next;
	uint32_t size = s->size;

	s->size = size ? size * 2 : BUCKETS_LEAST;
	s->bucket = must_alloc(s->size * sizeof(struct form *));
	for (uint32_t i = 0; i < size; i++)
		for (struct form *f = old[i]; f != NULL; f = next) {
			next = f->next;
			f->next = *bucket_of(s, f->hash);
			*bucket_of(s, f->hash) = f;
		}
	free(old);
}

struct form *form_take(struct forms *forms, const struct form *made)
{
	struct form *f = must_alloc(sizeof(*f)), *there;

	*f = *made;
	f->refs = 1;
	if (f->packet->pdu_at != 0)
		return f;
	if (forms->count >= forms->size)
		forms_grow(forms);
	f->hash = form_hash(f);
	for (there = *bucket_of(forms, f->hash); there != NULL && !form_same(there, f);)
		there = there->next;
	if (there != NULL) {
		there->refs++;
		form_free(f);
		return there;
	}
	f->home = forms;
	f->next = *bucket_of(forms, f->hash);
	*bucket_of(forms, f->hash) = f;
	forms->count++;
	return f;
}

void form_release(struct form *f)
{
	struct form **at;

	if (f == NULL || --f->refs > 0)
		return;
	if (f->home != NULL) {
		for (at = bucket_of(f->home, f->hash); *at != f;)
			at = &(*at)->next;
		*at = f->next;
		f->home->count--;
	}
	form_free(f);
}

void forms_release(struct forms *forms)
{
	must(forms->count == 0);
	free(forms->bucket);
	*forms = (struct forms){ 0 };
}
