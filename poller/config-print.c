/* poller/config-print.c: the effective configuration, as it could have been written; and the manual's list of options.
 *
 * Everything is there: defaults filled in, ranges and files expanded, carries turned into needs. Secrets are ***.
 * Reading it and printing again gives the same text.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/config-int.h"
#include "poller/snmp/usm.h"

enum { COLUMNS_MOST = 110 };

static void quoted(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

static void text(FILE *out, const char *indent, const char *option, const char *value)
{
	fprintf(out, "%s%s = ", indent, option);
	quoted(out, value);
	fputc('\n', out);
}

static void span(FILE *out, const char *indent, const char *option, struct span d)
{
	char buf[32];

	fprintf(out, "%s%s = %s\n", indent, option, span_exact(d, buf, sizeof(buf)));
}

/* A list wrapped into lines, item by item. */
struct list { FILE *out; size_t column; bool some; };

static void list_begin(struct list *l, FILE *out, const char *option)
{
	*l = (struct list){ .out = out, .column = strlen(option) + 8 };
	fprintf(out, "\t%s = {", option);
}

static void list_item(struct list *l, const char *item)
{
	size_t len = strlen(item) + 4;

	if (l->some)
		fputc(',', l->out);
	if (l->some && l->column + len > COLUMNS_MOST) {
		fputs("\n\t\t", l->out);
		l->column = 16;
	} else if (l->some) {
		fputc(' ', l->out);
	}
	quoted(l->out, item);
	l->column += len;
	l->some = true;
}

static void list_end(struct list *l)
{
	fputs("}\n", l->out);
}

/* All names of a term: "db | db-replica"; freed by the caller. */
static char *term_text(const struct term *term)
{
	size_t size = 1;
	struct text t;
	char *buf;

	for (uint32_t i = 0; i < term->count; i++)
		size += strlen(term->any[i].name) + 3;
	buf = must_alloc(size);
	t = text_over(buf, size);
	for (uint32_t i = 0; i < term->count; i++)
		text_add(&t, "%s%s", i ? " | " : "", term->any[i].name);
	return buf;
}

static void needs(FILE *out, const struct needs *n)
{
	struct list l;

	if (n->count == 0)
		return;
	list_begin(&l, out, "needs");
	for (uint32_t i = 0; i < n->count; i++) {
		char *term = term_text(&n->term[i]);

		list_item(&l, term);
		free(term);
	}
	list_end(&l);
}

static void refs(FILE *out, const char *option, const struct ref *ref, uint32_t count)
{
	struct list l;

	if (count == 0)
		return;
	list_begin(&l, out, option);
	for (uint32_t i = 0; i < count; i++)
		list_item(&l, ref[i].name);
	list_end(&l);
}

/* The shortest that reads as the same number. */
static void number(FILE *out, const char *indent, const char *option, double v)
{
	char buf[32] = "";

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(buf, sizeof(buf), "%.*g", digits, v);
		if (strtod(buf, NULL) == v)
			break;
	}
	if (!isnan(v))
		fprintf(out, "%s%s = %s\n", indent, option, buf);
}

static void seconds(FILE *out, const char *indent, const char *option, double s)
{
	if (!isnan(s))
		span(out, indent, option, span_us((int64_t)round(s * 1e6)));
}

static void rate(FILE *out, const char *indent, const struct rate_given *g)
{
	number(out, indent, "unavailability", g->unavailability);
	seconds(out, indent, "mtbf", g->mtbf_s);
	seconds(out, indent, "mttr", g->mttr_s);
}

static void begin(FILE *out, const char *type, const char *title)
{
	fprintf(out, "\n%s ", type);
	quoted(out, title);
	fputs(" {\n", out);
}

static void end(FILE *out)
{
	fputs("}\n", out);
}

/* ---- settings ---------------------------------------------------------------------------------------------------- */

static void settings(const struct config *c, FILE *out)
{
	char buf[32];

	text(out, "", "state", c->state);
	text(out, "", "user", c->user);
	if (c->mib_folder)
		text(out, "", "mibs", c->mib_folder);
	fputs("\npoll {\n", out);
	span(out, "\t", "interval", c->interval);
	span(out, "\t", "status-interval", c->status_interval);
	fprintf(out, "\treceive-buffer = %s\n", size_exact(c->receive_octets, buf, sizeof(buf)));
	fprintf(out, "\tthreads = %" PRIu32 "\n\tchecks-at-once = %" PRIu32 "\n}\n", c->threads, c->checks_at_once);
	fprintf(out, "\nrrd {\n\trows = %" PRIu32 "\n", c->rrd_rows);
	span(out, "\t", "hold", c->rrd_hold);
	fprintf(out, "\twrite = %s\n", c->rrd_write ? "true" : "false");
	fputs("}\n\nretention {\n", out);
	span(out, "\t", "age", c->retention);
	fprintf(out, "\tsize = %s\n}\n\nrisk {\n", size_exact(c->retention_octets, buf, sizeof(buf)));
	span(out, "\t", "horizon", c->horizon);
	span(out, "\t", "ahead", c->ahead);
	fputs("}\n", out);
}

static void community(FILE *out, const char *file, const char *fallback, const char *value)
{
	if (file)
		text(out, "\t", "community-file", file);
	else
		text(out, "\t", "community", fallback && strcmp(value, fallback) == 0 ? value : "***");
}

static void user(const struct cfg_credentials *k, FILE *out)
{
	text(out, "\t", "user", k->user);
	if (k->auth) {
		text(out, "\t", "auth", usm_auth_word(k->auth));
		text(out, "\t", "auth-file", k->auth_file);
	}
	if (k->priv) {
		text(out, "\t", "priv", usm_priv_word(k->priv));
		text(out, "\t", "priv-file", k->priv_file);
	}
	if (*k->context)
		text(out, "\t", "context", k->context);
}

static void credentials(const struct cfg_credentials *k, FILE *out)
{
	begin(out, "credentials", k->name);
	text(out, "\t", "version", k->version == SNMP_V1 ? "1" : k->version == SNMP_V2C ? "2c" : "3");
	if (k->version == SNMP_V3)
		user(k, out);
	else
		community(out, k->community_file, NULL, k->community);
	end(out);
}

static void notify(const struct cfg_notify *n, FILE *out)
{
	static const char *const word[] = { "component", "risk", "quality", "budget" };
	struct list l;

	begin(out, "notify", n->name);
	text(out, "\t", "trap", n->trap);
	community(out, n->community_file, "public", n->community);
	list_begin(&l, out, "on");
	for (unsigned i = 0; i < sizeof(word) / sizeof(*word); i++)
		if (n->on & 1U << i)
			list_item(&l, word[i]);
	list_end(&l);
	end(out);
}

/* ---- things ------------------------------------------------------------------------------------------------------ */

static void capacity(FILE *out, const char *indent, const char *option, uint64_t n)
{
	if (n)
		fprintf(out, "%s%s = %" PRIu64 "\n", indent, option, n);
}

/* Words as they would have to be written to be split into the same again; freed by the caller. */
static char *command_text(const char *const *argv)
{
	size_t size = 1;
	struct text t;
	char *buf;

	for (const char *const *w = argv; *w; w++)
		size += 4 * strlen(*w) + 3;
	buf = must_alloc(size);
	t = text_over(buf, size);
	for (const char *const *w = argv; *w; w++) {
		bool plain = **w && !(*w)[strcspn(*w, " \t\"'\\|&;<>")];

		text_add(&t, "%s%s", w == argv ? "" : " ", plain ? *w : "'");
		for (const char *p = *w; !plain && *p; p++)
			text_add(&t, *p == '\'' ? "'\\''" : "%c", *p);
		text_add(&t, "%s", plain ? "" : "'");
	}
	return buf;
}

static void check(const struct cfg_check *k, FILE *out, const char *indent)
{
	char *command = command_text(k->argv);

	text(out, indent, "command", command);
	span(out, indent, "every", k->every);
	span(out, indent, "timeout", k->timeout);
	if (k->device != CONFIG_NONE)
		fprintf(out, "%scounts = %s\n", indent, k->counts ? "true" : "false");
	rate(out, indent, &k->rate);
	capacity(out, indent, "capacity", k->capacity);
	needs(out, &k->needs);
	free(command);
}

static void device(const struct config *c, const struct cfg_device *d, FILE *out)
{
	struct list l;

	begin(out, "device", d->name);
	text(out, "\t", "address", d->address);
	fprintf(out, "\tport = %u\n", d->port);
	if (d->credentials != CONFIG_NONE)
		text(out, "\t", "credentials", c->credentials[d->credentials].name);
	span(out, "\t", "timeout", d->timeout);
	fprintf(out, "\tretries = %u\n\twindow = %u\n\trequest-rate = %u\n", d->retries, d->window, d->request_rate);
	fprintf(out, "\tping = %s\n\tadaptive = %s\n", d->ping ? "true" : "false", d->adaptive ? "true" : "false");
	fprintf(out, "\tany-source = %s\n", d->any_source ? "true" : "false");
	rate(out, "\t", &d->rate);
	capacity(out, "\t", "capacity", d->capacity);
	refs(out, "parents", d->parents, d->parent_count);
	needs(out, &d->needs);
	if (d->watch_count) {
		list_begin(&l, out, "watch");
		for (uint32_t i = 0; i < d->watch_count; i++)
			list_item(&l, d->watch[i]);
		list_end(&l);
	}
	for (uint32_t i = 0; i < d->check_count; i++) {
		const struct cfg_check *k = &c->check[d->first_check + i];

		fputs("\tcheck ", out);
		quoted(out, strchr(strchr(k->name, '/') + 1, '/') + 1);
		fputs(" {\n", out);
		check(k, out, "\t\t");
		fputs("\t}\n", out);
	}
	end(out);
}

static void component(const struct cfg_component *k, FILE *out)
{
	begin(out, "component", k->name);
	rate(out, "\t", &k->rate);
	capacity(out, "\t", "capacity", k->capacity);
	needs(out, &k->needs);
	end(out);
}

static void texts(FILE *out, const char *option, struct texts t)
{
	struct list l;

	if (t.count == 0)
		return;
	list_begin(&l, out, option);
	for (uint32_t i = 0; i < t.count; i++)
		list_item(&l, t.text[i]);
	list_end(&l);
}

static void calendar(const struct cfg_calendar *k, FILE *out)
{
	begin(out, "calendar", k->name);
	texts(out, "on", k->on);
	texts(out, "time", k->time);
	texts(out, "except", k->except);
	texts(out, "holidays", k->holidays);
	texts(out, "ical", k->ical);
	if (k->zone)
		text(out, "\t", "zone", k->zone);
	end(out);
}

static void group(const struct cfg_group *g, FILE *out)
{
	begin(out, "group", g->name);
	fprintf(out, "\tneed = %" PRIu32 "\n\tfull = %" PRIu32 "\n", g->need, g->full);
	capacity(out, "\t", "need-capacity", g->need_capacity);
	capacity(out, "\t", "capacity", g->capacity);
	for (uint32_t i = 0; i < g->during_count; i++) {
		const struct cfg_during *d = &g->during[i];

		fputs("\tduring ", out);
		quoted(out, d->name);
		fprintf(out, " {\n\t\tneed = %" PRIu32 "\n\t\tfull = %" PRIu32 "\n", d->demand.need, d->demand.full);
		capacity(out, "\t\t", "need-capacity", d->demand.capacity);
		fputs("\t}\n", out);
	}
	refs(out, "members", g->member, g->count);
	needs(out, &g->needs);
	end(out);
}

static void service(const struct cfg_service *s, FILE *out)
{
	begin(out, "service", s->name);
	if (*s->owner)
		text(out, "\t", "owner", s->owner);
	if (s->tier)
		fprintf(out, "\ttier = %" PRIu32 "\n", s->tier);
	if (*s->runbook)
		text(out, "\t", "runbook", s->runbook);
	needs(out, &s->needs);
	end(out);
}

static void rates(const struct cfg_rates *k, FILE *out)
{
	begin(out, "rates", k->name);
	seconds(out, "\t", "mtbf", k->prior.mtbf_s);
	seconds(out, "\t", "mttr", k->prior.mttr_s);
	seconds(out, "\t", "weight", k->prior.weight_s);
	end(out);
}

void config_print(const struct config *c, FILE *out)
{
	settings(c, out);
	for (uint32_t i = 0; i < c->credentials_count; i++)
		credentials(&c->credentials[i], out);
	for (uint32_t i = 0; i < c->device_count; i++)
		device(c, &c->device[i], out);
	for (uint32_t i = 0; i < c->check_count; i++) {
		if (c->check[i].device != CONFIG_NONE)
			continue;
		begin(out, "check", c->check[i].name);
		check(&c->check[i], out, "\t");
		end(out);
	}
	for (uint32_t i = 0; i < c->component_count; i++)
		component(&c->component[i], out);
	for (uint32_t i = 0; i < c->calendar_count; i++)
		calendar(&c->calendar[i], out);
	for (uint32_t i = 0; i < c->group_count; i++)
		group(&c->group[i], out);
	for (uint32_t i = 0; i < c->service_count; i++)
		service(&c->service[i], out);
	for (uint32_t i = 0; i < c->rates_count; i++)
		rates(&c->rates[i], out);
	for (uint32_t i = 0; i < c->notify_count; i++)
		notify(&c->notify[i], out);
}

/* ---- the manual's list ------------------------------------------------------------------------------------------- */

/* mdoc wants every sentence on a line of its own, and short lines. None begins with a dot or a quote, its requests. */
static void sentences(const char *s, FILE *out)
{
	size_t column = 0;

	while (*s) {
		size_t len = strcspn(s, " ");
		bool end = strchr(".:?", s[len - 1]) && s[len] && s[len + 1] >= 'A' && s[len + 1] <= 'Z';

		fprintf(out, "%s%.*s", column == 0 ? "" : column + len > 78 ? "\n" : " ", (int)len, s);
		column = end ? 0 : column == 0 || column + len > 78 ? len : column + len + 1;
		if (end)
			fputc('\n', out);
		s += len + (s[len] == ' ');
	}
	fputc('\n', out);
}

static void option_manual(const struct option *o, FILE *out)
{
	static const char *const word[] = {
		[OPT_TEXT] = "", [OPT_TEXTS] = "{\"...\"}", [OPT_NAMES] = "{\"...\"}", [OPT_SPAN] = "", [OPT_SIZE] = "",
		[OPT_COUNT] = "", [OPT_NUMBER] = "", [OPT_SWITCH] = "true | false", [OPT_SECTIONS] = "",
	};

	if (o->type == OPT_SECTIONS)
		fprintf(out, ".It Ic %s Qo Ar name Qc Brq ...\n", o->name);
	else if (*word[o->type])
		fprintf(out, ".It Ic %s No = %s\n", o->name, word[o->type]);
	else
		fprintf(out, ".It Ic %s No = Ar %s\n", o->name, o->unit);
	sentences(o->text, out);
	if (o->least)
		fprintf(out, "From %s to %s.\n", o->least, o->most);
	if (o->fallback)
		fprintf(out, "Default: %s.\n", o->fallback);
}

void config_print_manual(FILE *out)
{
	for (unsigned i = 0; i < option_section_count; i++) {
		const struct option_section *s = &option_sections[i];

		if (*s->name)
			fprintf(out, ".Ss %s%s Brq ...\n", s->name, s->titled ? " Qo Ar name Qc" : "");
		else
			fputs(".Ss Top level\n", out);
		sentences(s->text, out);
		fputs(".Bl -tag -width Ds\n", out);
		for (unsigned k = 0; k < s->count; k++)
			option_manual(&s->option[k], out);
		fputs(".El\n", out);
	}
}
