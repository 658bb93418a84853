/* poller/config.c: a configuration file becomes a snapshot. See config.h and config-int.h. */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

enum { NEAR_BUDGET = 20000000 };	/* comparing a name with another costs 50 ns or so: a second at most */

struct config *config_ref(struct config *c)
{
	atomic_fetch_add(&c->references, 1);
	return c;
}

static void config_free(struct config *c)
{
	mib_free(c->mib);
	names_release(&c->names);
	free(c->credentials);
	free(c->device);
	free(c->check);
	free(c->component);
	for (uint32_t i = 0; i < c->calendar_count; i++)
		calendar_free(c->calendar[i].calendar);
	free(c->calendar);
	free(c->group);
	free(c->service);
	free(c->notify);
	free(c->rates);
	free(c->refs);
	arena_release(&c->arena);
	secrets_release(&c->secrets);
	free(c);
}

void config_unref(struct config *c)
{
	if (c && atomic_fetch_sub(&c->references, 1) == 1)
		config_free(c);
}

const struct ref *config_find(const struct config *c, const char *name)
{
	uint32_t at = names_find(&c->names, name);

	return at == NAMES_NONE ? NULL : &c->refs[at];
}

uint32_t config_device_of(const struct config *c, const char *component_name)
{
	char device[NAME_OCTETS_MOST + 1];
	size_t len = strcspn(component_name, "/");
	const struct ref *r;

	if (len > NAME_OCTETS_MOST)
		return CONFIG_NONE;
	memcpy(device, component_name, len);
	device[len] = 0;
	r = config_find(c, device);
	return r && r->kind == REF_DEVICE ? r->index : CONFIG_NONE;
}

/* ---- what needs everything to be read ---------------------------------------------------------------------------- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash * 0x100000001b3 ^ hash_stable(text, strlen(text) + 1);
}

static uint64_t hash_number(uint64_t hash, int64_t n)
{
	return hash * 0x100000001b3 ^ hash_stable(&n, sizeof(n));
}

static uint64_t check_fingerprint(const struct cfg_check *k)
{
	uint64_t h = hash_text(1, k->name);

	for (const char *const *word = k->argv; word && *word; word++)
		h = hash_text(h, *word);
	h = hash_number(h, k->every.us);
	h = hash_number(h, k->timeout.us);
	return hash_number(h, k->counts);
}

static uint64_t credentials_hash(uint64_t h, const struct cfg_credentials *k)
{
	h = hash_number(h, k->version);
	h = hash_text(h, k->community);
	h = hash_text(h, k->user);
	h = hash_text(h, k->context);
	h = hash_number(h, k->auth);
	h = hash_number(h, k->priv);
	h = hash_text(h, k->auth_password ? k->auth_password : "");
	return hash_text(h, k->priv_password ? k->priv_password : "");
}

static uint64_t device_fingerprint(const struct load *l, const struct cfg_device *d)
{
	const struct config *c = l->c;
	uint64_t h = hash_text(l->mib_hash, d->name);

	h = hash_text(h, d->address);
	h = hash_number(h, d->port);
	if (d->credentials != CONFIG_NONE) {
		h = credentials_hash(h, &c->credentials[d->credentials]);
	} else {
		h = hash_number(h, -1);
	}
	h = hash_number(h, d->timeout.us);
	h = hash_number(h, d->retries);
	h = hash_number(h, d->window);
	h = hash_number(h, d->request_rate);
	h = hash_number(h, d->adaptive);
	h = hash_number(h, d->ping);
	h = hash_number(h, d->any_source);
	h = hash_number(h, c->interval.us);
	h = hash_number(h, c->status_interval.us);
	for (uint32_t i = 0; i < d->watch_count; i++)
		h = hash_text(h, d->watch[i]);
	for (uint32_t i = 0; i < d->check_count; i++)
		h = hash_number(h, (int64_t)c->check[d->first_check + i].fingerprint);
	return h;
}

/* 'name' of credentials as an index; 'what' says whose. */
static uint32_t credentials_find(struct load *l, const char *name, struct place at, const char *what)
{
	uint32_t index = names_find(&l->credentials, name);
	char near[3 * NAME_OCTETS_MOST];

	if (index == NAMES_NONE && !may_exist(l, name))
		mistake_add(l->m, at.file, at.line, "%s: credentials \"%s\": no such credentials%s", what, name,
			    near_text(l, &l->credentials, name, near, sizeof(near)));
	return index == NAMES_NONE ? CONFIG_NONE : index;
}

static void device_finish(struct load *l, struct cfg_device *d, const struct raw_device *raw, uint32_t fallback)
{
	char subject[2 * NAME_OCTETS_MOST + 64];
	struct place credentials = { d->place.file, raw->credentials_line }, watch = { d->place.file, raw->watch_line };
	bool none = !raw->credentials && !l->defaults.credentials;

	ref_subject(&l->c->refs[raw->ref], subject, sizeof(subject));
	d->credentials = raw->credentials ? credentials_find(l, raw->credentials, credentials, subject) : fallback;
	if (raw->watch_given)
		watch_check(l, d->watch, d->watch_count, subject, watch);
	if (none && !d->ping && d->check_count == 0)
		mistake_add(l->m, d->place.file, d->place.line,
			    "%s: neither credentials nor ping nor a check: nothing would be asked; write credentials = \"NAME\"", subject);
	d->fingerprint = device_fingerprint(l, d);
}

void devices_finish(struct load *l)
{
	struct config *c = l->c;
	const struct defaults *d = &l->defaults;
	uint32_t fallback = CONFIG_NONE;

	if (d->credentials)
		fallback = credentials_find(l, d->credentials, d->credentials_place, "defaults");
	watch_check(l, d->watch, d->watch_count, "defaults", d->watch_place);
	for (uint32_t i = 0; i < c->check_count; i++)
		c->check[i].fingerprint = check_fingerprint(&c->check[i]);
	for (uint32_t i = 0; i < c->device_count; i++)
		device_finish(l, &c->device[i], &l->device[i], fallback);
}

/* ---- loading ----------------------------------------------------------------------------------------------------- */

static void load_begin(struct load *l, const char *name, struct mistakes *m)
{
	*l = (struct load){ .m = m, .near_budget = NEAR_BUDGET };
	l->c = must_alloc(sizeof(*l->c));
	atomic_init(&l->c->references, 1);
	l->c->path = arena_strdup(&l->c->arena, name);
	settings_default(l);
}

/* All names are known now. Gives the snapshot, or NULL when there were mistakes. */
static struct config *load_end(struct load *l, unsigned before)
{
	struct config *c = l->c;

	settings_finish(l);
	if (!l->no_mibs)
		mibs_load(l);
	rates_check(l);
	device_defaults(l);
	lists_resolve(l);
	cycles_find(l);
	devices_finish(l);
	demands_check(l);
	names_release(&l->credentials);
	names_release(&l->calendars);
	names_release(&l->once);
	names_release(&l->broken);
	free(l->device);
	free(l->list);
	arena_release(&l->scratch);
	if (l->m->count + l->m->more == before)
		return c;
	config_free(c);
	return NULL;
}

/* 'text' NULL: the file or folder 'name'. */
static void read_pieces(struct load *l, const char *name, const char *text, size_t len_octets)
{
	enum fw_err err = conf_read_as(&(struct conf_reading){
		.name = name, .text = text, .len_octets = len_octets, .opts = options_for_libconfuse(&l->scratch),
		.arena = &l->c->arena, .m = l->m, .each = take_piece, .broken = take_broken, .owner = l });

	l->incomplete |= err == FW_IO;
}

struct config *config_load(const char *path, const char *state_override, struct mistakes *m)
{
	unsigned before = m->count + m->more;
	struct load l;

	secret_no_core();
	load_begin(&l, path, m);
	read_pieces(&l, path, NULL, 0);
	if (state_override)
		l.c->state = arena_strdup(&l.c->arena, state_override);
	return load_end(&l, before);
}

static struct config *load_text(const char *name, const char *text, size_t len_octets, struct mistakes *m, bool mibs)
{
	unsigned before = m->count + m->more;
	struct load l;

	load_begin(&l, name, m);
	l.no_mibs = !mibs;
	read_pieces(&l, name, text ? text : "", len_octets);
	return load_end(&l, before);
}

struct config *config_load_text(const char *name, const char *text, size_t len_octets, struct mistakes *m)
{
	return load_text(name, text, len_octets, m, true);
}

struct config *config_load_bare(const char *name, const char *text, size_t len_octets, struct mistakes *m)
{
	return load_text(name, text, len_octets, m, false);
}

struct config *config_load_table(const char *name, const char *text, size_t len_octets, struct mistakes *m)
{
	unsigned before = m->count + m->more;
	char *copy = must_alloc(len_octets + 1);
	struct load l;

	load_begin(&l, name, m);
	l.no_mibs = true;
	if (len_octets)
		memcpy(copy, text, len_octets);
	take_csv_text(&l, l.c->path, copy, len_octets);
	free(copy);
	return load_end(&l, before);
}
