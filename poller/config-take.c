/* poller/config-take.c: sections that name things: device, check, component, group, service. See config-int.h. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

void *grow(void *array_pointer, uint32_t *count, uint32_t *size, size_t item_octets)
{
	char *array;

	memcpy(&array, array_pointer, sizeof(array));
	if (*count == *size) {
		*size = *size ? *size * 2 : 16;
		array = must_realloc(array, *size * item_octets);
		memcpy(array_pointer, &array, sizeof(array));
	}
	array += item_octets * (*count)++;
	return memset(array, 0, item_octets);
}

/* Remember a list of names until all names are known. */
static void take_names(const struct section *s, const char *option, enum list_kind kind, uint32_t owner)
{
	unsigned n = section_given(s, option) ? cfg_size(s->cfg, option) : 0;
	char path[2 * NAME_OCTETS_MOST + 64];
	struct raw_list *list;

	if (n == 0)
		return;
	list = list_add(s->l, kind, owner, s->p->file, n);
	snprintf(path, sizeof(path), "%s%s", s->prefix, option);
	for (unsigned i = 0; i < n; i++) {
		list->item[i].text = arena_strdup(&s->l->scratch, cfg_getnstr(s->cfg, option, i));
		list->item[i].line = conf_value_line(s->p, path, i);
	}
}

/* The title as a name in the snapshot, once it is found good; NULL after saying why not. */
static const char *take_title(const struct section *s, const char *title)
{
	if (!name_check(s->l, title, section_place(s, NULL), s->subject))
		return NULL;
	return arena_strdup(&s->l->c->arena, title);
}

const char *section_inner(const struct section *s, const char *type, unsigned i, struct section *sub)
{
	cfg_t *cfg = cfg_getnsec(s->cfg, type, i);
	const char *title = cfg_title(cfg);
	struct text subject;

	*sub = *s;
	sub->cfg = cfg;
	sub->of = option_section_find(type);
	subject = text_over(sub->subject, sizeof(sub->subject));
	text_add(&subject, "%s%s \"%.*s\": ", s->subject, type, NAME_OCTETS_MOST, title);
	sub->prefix = strlen(title) > NAME_OCTETS_MOST ? ""	/* said at the line of the outer one */
		      : arena_printf(&s->l->scratch, "%s/%s/", type, title);
	return take_title(sub, title);
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

/* Words of the command with the parameters filled in, also joined again as 'command'. */
static bool take_command(const struct section *s, struct cfg_check *k, const char *name, const char *address)
{
	struct config *c = s->l->c;
	struct err err = { .text = "" };
	const char *text = NULL, *const *word;
	const char **argv;
	unsigned n = 0;

	if (!take_text(s, "command", &text)) {
		if (!section_given(s, "command"))
			section_wrong(s, NULL, "no command; write command = \"PROGRAM ARGUMENTS\"");
		return false;
	}
	word = command_split(&s->l->scratch, text, &err);
	k->command = word ? command_fill(&c->arena, text, name, address, &err) : NULL;
	if (!k->command) {
		section_wrong(s, "command", "command: %s", err.text);
		return false;
	}
	while (word[n])
		n++;
	argv = arena_alloc(&c->arena, (n + 1) * sizeof(*argv));
	for (unsigned i = 0; i < n; i++) {
		argv[i] = command_fill(&c->arena, word[i], name, address, &err);
		if (argv[i] == NULL) {	/* seen only without its quotes: {"host} */
			section_wrong(s, "command", "command: %s", err.text);
			return false;
		}
	}
	k->argv = argv;
	return true;
}

/* One check, of 'device' or CONFIG_NONE. 'title' is good. */
static void take_check(const struct section *s, const char *title, uint32_t device)
{
	struct load *l = s->l;
	struct config *c = l->c;
	uint32_t at = c->check_count;
	struct cfg_check *k = grow(&c->check, &c->check_count, &l->check_size, sizeof(*k));
	const struct cfg_device *d = device == CONFIG_NONE ? NULL : &c->device[device];

	k->place = section_place(s, NULL);
	k->device = device;
	k->counts = d != NULL;
	k->every = k->timeout = (struct span){ -1 };
	k->name = d ? arena_printf(&c->arena, "%s/check/%s", d->name, title) : title;
	take_command(s, k, d ? d->name : title, d ? d->address : NULL);
	take_span(s, "every", &k->every);
	take_span(s, "timeout", &k->timeout);
	take_rate(s, &k->rate);
	take_capacity(s, &k->capacity);
	if (!d && section_given(s, "counts"))
		section_wrong(s, "counts", "counts says what a check means to its device; leave it out, this one has none");
	else
		take_switch(s, "counts", &k->counts);
	take_names(s, "needs", LIST_NEEDS, name_declare(l, REF_CHECK, at, k->name, k->place));
}

static void take_device_checks(const struct section *s, uint32_t device)
{
	struct config *c = s->l->c;
	unsigned n = cfg_size(s->cfg, "check");

	c->device[device].first_check = c->check_count;
	for (unsigned i = 0; i < n; i++) {
		struct section sub;
		const char *title = section_inner(s, "check", i, &sub);

		if (title)
			take_check(&sub, title, device);
	}
	c->device[device].check_count = c->check_count - c->device[device].first_check;
}

/* ---- devices ----------------------------------------------------------------------------------------------------- */

/* A device's record with nothing given yet. */
static uint32_t new_device(struct load *l, const char *name, struct place place)
{
	struct config *c = l->c;
	uint32_t at = c->device_count, size = l->device_size;
	struct cfg_device *d = grow(&c->device, &c->device_count, &l->device_size, sizeof(*d));

	if (l->device_size != size)
		l->device = must_realloc(l->device, l->device_size * sizeof(*l->device));
	l->device[at] = (struct raw_device){ .every = { -1 }, .check_timeout = { -1 } };
	d->place = place;
	d->name = name;
	d->address = "";
	d->credentials = CONFIG_NONE;
	d->rate = RATE_GIVEN_NONE;
	d->timeout = (struct span){ -1 };
	l->device[at].ref = name_declare(l, REF_DEVICE, at, name, place);
	return at;
}

static void take_address(const struct section *s, struct cfg_device *d, struct raw_device *raw)
{
	char host[256];
	uint16_t port = 0;
	struct err err;
	const char *text = NULL;

	if (!take_text(s, "address", &text)) {
		if (!section_given(s, "address"))
			section_wrong(s, NULL, "no address; write address = \"192.0.2.1\" or a host name");
		return;
	}
	if (address_parse(text, host, sizeof(host), &port, &err) != FW_OK) {
		section_wrong(s, "address", "address = \"%s\": %s", text, err.text);
		return;
	}
	d->address = arena_strdup(&s->l->c->arena, host);
	if (port && section_given(s, "port"))
		section_wrong(s, "port", "the address has a port as well; keep one of them");
	if (port) {
		d->port = port;
		raw->port_given = true;
	}
}

/* The options that defaults has as well. */
static void take_how(const struct section *s, struct cfg_device *d, struct raw_device *raw)
{
	long n;

	if (take_count(s, "port", &n)) {
		d->port = (uint16_t)n;
		raw->port_given = true;
	}
	if (take_count(s, "retries", &n)) {
		d->retries = (uint8_t)n;
		raw->retries_given = true;
	}
	if (take_count(s, "window", &n)) {
		d->window = (uint8_t)n;
		raw->window_given = true;
	}
	if (take_count(s, "request-rate", &n)) {
		d->request_rate = (uint32_t)n;
		raw->request_rate_given = true;
	}
	raw->adaptive_given = take_switch(s, "adaptive", &d->adaptive);
	raw->ping_given = take_switch(s, "ping", &d->ping);
	take_switch(s, "any-source", &d->any_source);
	raw->watch_given = take_texts(s, "watch", &d->watch, &d->watch_count);
	raw->watch_line = section_place(s, "watch").line;
	take_span(s, "timeout", &d->timeout);
	take_span(s, "every", &raw->every);
	take_span(s, "check-timeout", &raw->check_timeout);
	take_text(s, "credentials", &raw->credentials);
	raw->credentials_line = section_place(s, "credentials").line;
}

static void take_device(const struct section *s)
{
	struct load *l = s->l;
	const char *name = take_title(s, s->p->title);
	uint32_t at;

	if (!name)
		return;
	at = new_device(l, name, section_place(s, NULL));
	take_address(s, &l->c->device[at], &l->device[at]);
	take_how(s, &l->c->device[at], &l->device[at]);
	take_rate(s, &l->c->device[at].rate);
	take_capacity(s, &l->c->device[at].capacity);
	take_names(s, "parents", LIST_PARENTS, l->device[at].ref);
	take_names(s, "needs", LIST_NEEDS, l->device[at].ref);
	take_names(s, "carries", LIST_CARRIES, l->device[at].ref);
	take_device_checks(s, at);
}

void take_csv_device(struct load *l, const char *name, struct place place, uint32_t *index)
{
	*index = new_device(l, name, place);
	l->c->device[*index].first_check = l->c->check_count;
}

/* What its own section left open, for one device and its checks. */
static void one_default(struct load *l, struct cfg_device *d, struct raw_device *raw)
{
	const struct defaults *def = &l->defaults;

	if (!raw->port_given)
		d->port = (uint16_t)def->port;
	if (!raw->retries_given)
		d->retries = (uint8_t)def->retries;
	if (!raw->window_given)
		d->window = (uint8_t)def->window;
	if (!raw->request_rate_given)
		d->request_rate = (uint32_t)def->request_rate;
	if (!raw->adaptive_given)
		d->adaptive = def->adaptive;
	if (!raw->ping_given)
		d->ping = def->ping;
	if (d->timeout.us < 0)
		d->timeout = def->timeout;
	if (!raw->watch_given) {
		d->watch = def->watch;
		d->watch_count = def->watch_count;
	}
	if (raw->every.us < 0)
		raw->every = def->every;
	if (raw->check_timeout.us < 0)
		raw->check_timeout = def->check_timeout;
	device_sockaddr(d);
}

void device_defaults(struct load *l)
{
	struct config *c = l->c;

	for (uint32_t i = 0; i < c->device_count; i++)
		one_default(l, &c->device[i], &l->device[i]);
	for (uint32_t i = 0; i < c->check_count; i++) {
		struct cfg_check *k = &c->check[i];

		if (k->every.us < 0)
			k->every = k->device == CONFIG_NONE ? l->defaults.every : l->device[k->device].every;
		if (k->timeout.us < 0)
			k->timeout = k->device == CONFIG_NONE ? l->defaults.check_timeout : l->device[k->device].check_timeout;
	}
}

/* ---- components, groups, services -------------------------------------------------------------------------------- */

static void take_component(const struct section *s)
{
	struct load *l = s->l;
	struct config *c = l->c;
	const char *name = take_title(s, s->p->title);
	uint32_t at = c->component_count, ref;
	struct cfg_component *k;

	if (!name)
		return;
	k = grow(&c->component, &c->component_count, &l->component_size, sizeof(*k));
	k->place = section_place(s, NULL);
	k->name = name;
	take_rate(s, &k->rate);
	take_capacity(s, &k->capacity);
	ref = name_declare(l, REF_COMPONENT, at, name, k->place);
	take_names(s, "needs", LIST_NEEDS, ref);
	take_names(s, "carries", LIST_CARRIES, ref);
}

static void take_group(const struct section *s)
{
	struct load *l = s->l;
	struct config *c = l->c;
	const char *name = take_title(s, s->p->title);
	uint32_t at = c->group_count, ref;
	struct cfg_group *g;

	if (!name)
		return;
	g = grow(&c->group, &c->group_count, &l->group_size, sizeof(*g));
	g->place = section_place(s, NULL);
	g->name = name;
	take_demand(s, g);
	ref = name_declare(l, REF_GROUP, at, name, g->place);
	if (cfg_size(s->cfg, "members") == 0)
		section_wrong(s, "members", "no members; write members = {\"NAME\", ...}");
	take_names(s, "members", LIST_MEMBERS, ref);
	take_names(s, "needs", LIST_NEEDS, ref);
	take_names(s, "carries", LIST_CARRIES, ref);
}

static void take_service(const struct section *s)
{
	struct load *l = s->l;
	struct config *c = l->c;
	const char *name = take_title(s, s->p->title);
	uint32_t at = c->service_count;
	struct cfg_service *v;
	long tier = 0;

	if (!name)
		return;
	v = grow(&c->service, &c->service_count, &l->service_size, sizeof(*v));
	v->place = section_place(s, NULL);
	v->name = name;
	v->owner = v->runbook = "";
	take_text(s, "owner", &v->owner);
	take_text(s, "runbook", &v->runbook);
	take_count(s, "tier", &tier);
	v->tier = (uint32_t)tier;
	if (cfg_size(s->cfg, "needs") == 0)
		section_wrong(s, "needs", "needs nothing, so it could never fail; write needs = {\"NAME\", ...}");
	take_names(s, "needs", LIST_NEEDS, name_declare(l, REF_SERVICE, at, name, v->place));
}

static void take_lone_check(const struct section *s)
{
	const char *name = take_title(s, s->p->title);

	if (name)
		take_check(s, name, CONFIG_NONE);
}

void take_piece(void *load, const struct conf_piece *p)
{
	static const struct { const char *type; void (*take)(const struct section *s); } kind[] = {
		{ "device", take_device }, { "component", take_component }, { "group", take_group }, { "service", take_service },
		{ "check", take_lone_check }, { "calendar", take_calendar }, { "credentials", take_credentials }, { "notify", take_notify },
		{ "rates", take_rates },
	};
	struct section s = { .l = load, .p = p, .cfg = p->cfg, .prefix = "" };
	size_t i = 0;

	while (i < sizeof(kind) / sizeof(*kind) && strcmp(kind[i].type, p->type) != 0)
		i++;
	if (i == sizeof(kind) / sizeof(*kind)) {
		take_settings(&s);
		return;
	}
	s.of = option_section_find(p->type);
	snprintf(s.subject, sizeof(s.subject), "%s \"%.*s\": ", p->type, NAME_OCTETS_MOST, p->title);
	kind[i].take(&s);
}

void take_broken(void *load, const struct conf_piece *p)
{
	struct load *l = load;

	if (p->title)
		names_put(&l->broken, arena_strdup(&l->scratch, p->title), 0);
}

bool may_exist(const struct load *l, const char *name)
{
	return l->incomplete || names_find(&l->broken, name) != NAMES_NONE;
}
