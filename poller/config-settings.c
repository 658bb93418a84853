/* poller/config-settings.c: how to poll, what to keep, whom to tell: what is no thing of the graph. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

const char *path_beside(struct load *l, const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');
	char *folder = NULL;
	const char *whole;

	if (path[0] == '/')
		return arena_strdup(&l->c->arena, path);
	folder = realpath(slash == file ? "/" : slash ? arena_strndup(&l->scratch, file, (size_t)(slash - file)) : ".", NULL);
	if (folder)
		whole = arena_printf(&l->c->arena, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, path);
	else
		whole = arena_strdup(&l->c->arena, path);
	free(folder);
	return whole;
}

/* There is one of each of these; false when it was given before, which is said. */
static bool first_time(const struct section *s, const char *what)
{
	struct load *l = s->l;
	struct place at = section_place(s, NULL);
	uint32_t had = names_put(&l->once, what, l->once.used);

	if (had == NAMES_NONE) {
		l->once_place[l->once.used - 1] = at;
		return true;
	}
	mistake_add(l->m, at.file, at.line, "%s is given twice, first in %s:%u; keep one", what, l->once_place[had].file,
		    l->once_place[had].line);
	return false;
}

static void take_poll(const struct section *s)
{
	struct config *c = s->l->c;
	long n;

	if (take_span(s, "interval", &c->interval) && c->interval.us % 1000000)
		section_wrong(s, "interval", "interval = %s: must be whole seconds", cfg_getstr(s->cfg, "interval"));
	take_span(s, "status-interval", &c->status_interval);
	if (c->status_interval.us > c->interval.us) {
		if (section_given(s, "status-interval"))
			section_wrong(s, "status-interval", "status-interval is longer than interval; make it as long or shorter");
		else
			c->status_interval = c->interval;
	}
	if (take_count(s, "threads", &n))
		c->threads = (uint32_t)n;
	take_size(s, "receive-buffer", &c->receive_octets);
	if (take_count(s, "checks-at-once", &n))
		c->checks_at_once = (uint32_t)n;
}

static void take_defaults(const struct section *s)
{
	struct defaults *d = &s->l->defaults;

	take_span(s, "timeout", &d->timeout);
	take_span(s, "every", &d->every);
	take_span(s, "check-timeout", &d->check_timeout);
	take_count(s, "retries", &d->retries);
	take_count(s, "port", &d->port);
	take_count(s, "window", &d->window);
	take_count(s, "request-rate", &d->request_rate);
	take_switch(s, "ping", &d->ping);
	take_switch(s, "adaptive", &d->adaptive);
	take_texts(s, "watch", &d->watch, &d->watch_count);
	d->watch_place = section_place(s, "watch");
	if (take_text(s, "credentials", &d->credentials))
		d->credentials_place = section_place(s, "credentials");
}

static void take_rrd(const struct section *s)
{
	long n;

	if (take_count(s, "rows", &n))
		s->l->c->rrd_rows = (uint32_t)n;
	take_span(s, "hold", &s->l->c->rrd_hold);
	take_switch(s, "write", &s->l->c->rrd_write);
}

static void take_retention(const struct section *s)
{
	take_span(s, "age", &s->l->c->retention);
	take_size(s, "size", &s->l->c->retention_octets);
}

static void take_risk(const struct section *s)
{
	take_span(s, "horizon", &s->l->c->horizon);
	take_span(s, "ahead", &s->l->c->ahead);
}

static void take_top(const struct section *s)
{
	struct config *c = s->l->c;
	const char *path = NULL;

	if (take_text(s, "user", &c->user))
		for (const char *p = c->user; *p; p++)
			if (!isalnum((unsigned char)*p) && !strchr("_-.$", *p)) {
				section_wrong(s, "user", "user = \"%s\": not the name of a user", c->user);
				break;
			}
	if (take_text(s, "state", &path))
		c->state = path_beside(s->l, s->p->file, path);
	if (take_text(s, "mibs", &path))
		c->mib_folder = path_beside(s->l, s->p->file, path);
	if (take_text(s, "devices", &path))
		take_csv(s->l, path_beside(s->l, s->p->file, path), section_place(s, NULL));
}

/* poll { ... } and the like, and options at top level. */
void take_settings(const struct section *s)
{
	static const struct { const char *type; void (*take)(const struct section *s); } kind[] = {
		{ "poll", take_poll }, { "defaults", take_defaults }, { "rrd", take_rrd }, { "retention", take_retention },
		{ "risk", take_risk },
	};
	struct section in = *s;

	if (strcmp(s->p->type, "devices") != 0) {
		for (unsigned i = 0; i < option_section_count; i++)
			if (strcmp(option_sections[i].name, s->p->type) == 0)
				in.of = &option_sections[i];
		for (unsigned i = 0; i < option_sections[0].count; i++)
			if (strcmp(option_sections[0].option[i].name, s->p->type) == 0 && !first_time(s, option_sections[0].option[i].name))
				return;
		if (in.of && !first_time(s, in.of->name))
			return;
	}
	for (size_t i = 0; in.of && i < sizeof(kind) / sizeof(*kind); i++) {
		if (strcmp(kind[i].type, s->p->type) == 0) {
			snprintf(in.subject, sizeof(in.subject), "%s: ", s->p->type);
			kind[i].take(&in);
			return;
		}
	}
	in.of = &option_sections[0];
	take_top(&in);
}

/* ---- whom to tell ------------------------------------------------------------------------------------------------ */

static const struct { const char *word; unsigned bit; } on_words[] = {
	{ "component", ON_COMPONENT }, { "risk", ON_RISK }, { "quality", ON_QUALITY }, { "budget", ON_BUDGET },
};

static unsigned take_on(const struct section *s)
{
	const char *const *word = NULL;
	uint32_t n = 0;
	unsigned on = 0;

	if (!take_texts(s, "on", &word, &n))
		return ON_ALL;
	for (uint32_t i = 0; i < n; i++) {
		unsigned bit = 0;

		for (size_t k = 0; k < sizeof(on_words) / sizeof(*on_words); k++)
			if (strcmp(on_words[k].word, word[i]) == 0)
				bit = on_words[k].bit;
		if (!bit)
			section_wrong(s, "on", "on = \"%s\": must be component, risk, quality or budget", word[i]);
		on |= bit;
	}
	if (n == 0)
		section_wrong(s, "on", "on nothing: nobody would be told; leave it out for all");
	return on;
}

void take_notify(const struct section *s)
{
	struct load *l = s->l;
	struct config *c = l->c;
	struct cfg_notify *k;
	uint16_t port = 162;
	char host[256];
	struct err err;

	if (!name_check(l, s->p->title, section_place(s, NULL), s->subject))
		return;
	for (uint32_t i = 0; i < c->notify_count; i++)
		if (strcmp(c->notify[i].name, s->p->title) == 0)
			section_wrong(s, NULL, "given twice, first in %s:%u", c->notify[i].place.file, c->notify[i].place.line);
	k = grow(&c->notify, &c->notify_count, &l->notify_size, sizeof(*k));
	k->place = section_place(s, NULL);
	k->name = arena_strdup(&c->arena, s->p->title);
	k->trap = "";
	k->community = "public";
	if (!take_text(s, "trap", &k->trap) && !section_given(s, "trap"))
		section_wrong(s, NULL, "no target; write trap = \"198.51.100.7:162\"");
	if (*k->trap && address_parse(k->trap, host, sizeof(host), &port, &err) != FW_OK)
		section_wrong(s, "trap", "trap = \"%s\": %s", k->trap, err.text);
	take_community(s, &k->community, &k->community_file);
	k->on = take_on(s);
}

/* ---- defaults ---------------------------------------------------------------------------------------------------- */

void settings_default(struct load *l)
{
	struct config *c = l->c;
	struct defaults *d = &l->defaults;

	c->state = "/var/lib/forewarn";
	c->user = "forewarn";
	c->interval = option_span("poll", "interval");
	c->status_interval = option_span("poll", "status-interval");
	c->receive_octets = option_size("poll", "receive-buffer");
	c->checks_at_once = (uint32_t)option_count("poll", "checks-at-once");
	c->rrd_rows = (uint32_t)option_count("rrd", "rows");
	c->rrd_hold = option_span("rrd", "hold");
	c->rrd_write = true;
	c->horizon = option_span("risk", "horizon");
	c->ahead = option_span("risk", "ahead");
	c->retention = option_span("retention", "age");
	c->retention_octets = option_size("retention", "size");
	d->timeout = option_span("defaults", "timeout");
	d->every = option_span("defaults", "every");
	d->check_timeout = option_span("defaults", "check-timeout");
	d->retries = option_count("defaults", "retries");
	d->port = option_count("defaults", "port");
	d->window = option_count("defaults", "window");
	d->request_rate = option_count("defaults", "request-rate");
	d->ping = true;
}

void settings_finish(struct load *l)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (l->c->threads == 0)
		l->c->threads = processors < 1 ? 1 : processors > 256 ? 256 : (uint32_t)processors;
}
