/* poller/config-options.c: every option of the configuration: name, type, range, default, unit, text. See config-int.h.
 *
 * The manual's list is printed from here (config_options_print), so a sentence of this table is read by people.
 */
#include <string.h>

#include "poller/config-int.h"

#define COUNT_OF(a) (sizeof(a) / sizeof(*(a)))

static const struct option top[] = {
	{ "state", OPT_TEXT, NULL, NULL, "/var/lib/forewarn", "folder",
	  "Where what must outlive the program is kept: forewarn.db, last files, RRD files, the socket." },
	{ "user", OPT_TEXT, NULL, NULL, "forewarn", "user",
	  "Who the program becomes, started as root, after opening what needs root." },
	{ "mibs", OPT_TEXT, NULL, NULL, "none", "folder",
	  "Your own MIB definitions; they add to those that come with the program, or replace a table by its name." },
	{ "devices", OPT_TEXT, NULL, NULL, "none", "file",
	  "A table of devices, see DEVICES FROM A TABLE. May be given several times." },
};

static const struct option poll[] = {
	{ "interval", OPT_SPAN, "1s", "1d", "1min", "time", "How often every value is read. Whole seconds." },
	{ "status-interval", OPT_SPAN, "1s", "1d", "10s", "time",
	  "How often states are read, so that an alert need not wait for the interval. Not longer than it." },
	{ "threads", OPT_COUNT, "0", "256", "0", "number", 
	  "Workers among which devices are spread; 0 is one for each processor." },
	{ "receive-buffer", OPT_SIZE, "2KiB", "1GiB", "16MiB", "size",
	  "What the kernel may keep of answers that are not read yet, for each worker. Not started as root the kernel grants "
	  "no more than its net.core.rmem_max." },
	{ "checks-at-once", OPT_COUNT, "1", "10000", "20", "number", "How many programs of checks run at the same time." },
};

static const struct option defaults[] = {
	{ "timeout", OPT_SPAN, "10ms", "1min", "2s", "time",
	  "How long an answer is waited for before the request is sent again. A device whose answers usually take far less is "
	  "asked once or twice more before." },
	{ "retries", OPT_COUNT, "0", "10", "2", "number",
	  "How often a request is sent again before the device counts as silent." },
	{ "credentials", OPT_TEXT, NULL, NULL, "none", "name", "Credentials of devices that name none." },
	{ "port", OPT_COUNT, "1", "65535", "161", "number", "UDP port of the SNMP agent." },
	{ "ping", OPT_SWITCH, NULL, NULL, "true", "switch", "Is the device asked by ICMP echo as well?" },
	{ "every", OPT_SPAN, "1s", "1w", "1min", "time", "How often a check runs." },
	{ "check-timeout", OPT_SPAN, "100ms", "1h", "10s", "time", "When a check that has not ended is killed." },
	{ "window", OPT_COUNT, "1", "64", "4", "number", "How many requests to one device are out at once." },
	{ "adaptive", OPT_SWITCH, NULL, NULL, "false", "switch",
	  "Are counters that stand still read every third interval only? Their states are read in each, and rates stay exact." },
	{ "request-rate", OPT_COUNT, "0", "100000", "0", "number",
	  "How many requests a second one device gets at most; 0 is as many as it answers." },
	{ "watch", OPT_TEXTS, NULL, NULL, "none", "list", "See watch of a device." },
};

static const struct option credentials[] = {
	{ "version", OPT_TEXT, NULL, NULL, "2c", "word", "The SNMP version: 1, 2c or 3." },
	{ "community", OPT_TEXT, NULL, NULL, NULL, "secret",
	  "The community itself, 1 to 255 octets. It is better kept in a file of its own." },
	{ "community-file", OPT_TEXT, NULL, NULL, NULL, "file",
	  "The file whose only line is the community. Others than its owner and group must not be able to read it." },
	{ "user", OPT_TEXT, NULL, NULL, NULL, "name", "The user of version 3, 1 to 32 octets." },
	{ "auth", OPT_TEXT, NULL, NULL, "none", "word",
	  "How version 3 proves who speaks: MD5, SHA (also SHA-1), SHA-224, SHA-256, SHA-384 or SHA-512." },
	{ "auth-file", OPT_TEXT, NULL, NULL, NULL, "file",
	  "The file whose only line is the password of auth, 8 octets at least. Read by its owner and group only, as community-file." },
	{ "priv", OPT_TEXT, NULL, NULL, "none", "word",
	  "How version 3 encrypts: DES, AES (also AES-128), AES-192 or AES-256; or AES-192-C or AES-256-C, as Cisco's agents and "
	  "others lengthen keys. It needs auth." },
	{ "priv-file", OPT_TEXT, NULL, NULL, NULL, "file", "The same with the password of priv." },
	{ "context", OPT_TEXT, NULL, NULL, "none", "name",
	  "The contextName of version 3, up to 32 octets: which part of an agent that stands for several is asked." },
};

/* How often it fails, of what has a state of its own. */
#define RATE_OPTIONS											\
	{ "unavailability", OPT_NUMBER, "0", "1", "of its rates", "share",				\
	  "Part of the time in which it is down, for the probability of an outage. See rates." },	\
	{ "mtbf", OPT_SPAN, "1s", "1000y", "of its rates", "time",					\
	  "How long it works from one failure to the next, on average." },				\
	{ "mttr", OPT_SPAN, "1s", "10y", "of its rates", "time",					\
	  "How long it is down, on average. Two of the three are enough." }

#define CAPACITY_OPTION											\
	{ "capacity", OPT_COUNT, "1", "1000000000000000", "none", "number",				\
	  "What it can carry, in groups that have need-capacity, and in their unit." }

static const struct option device[] = {
	{ "address", OPT_TEXT, NULL, NULL, NULL, "address",
	  "IPv4 or IPv6 address, or a host name. A port may follow: 192.0.2.1:1161, [2001:db8::1]:1161." },
	{ "port", OPT_COUNT, "1", "65535", "of defaults", "number", "UDP port of the SNMP agent." },
	{ "credentials", OPT_TEXT, NULL, NULL, "of defaults", "name",
	  "Which credentials its agent wants. A device without any is not asked by SNMP." },
	{ "timeout", OPT_SPAN, "10ms", "1min", "of defaults", "time", "How long an answer is waited for." },
	{ "retries", OPT_COUNT, "0", "10", "of defaults", "number", "How often a request is sent again." },
	{ "ping", OPT_SWITCH, NULL, NULL, "of defaults", "switch", "Is it asked by ICMP echo as well?" },
	{ "window", OPT_COUNT, "1", "64", "of defaults", "number", "How many requests to it are out at once." },
	{ "adaptive", OPT_SWITCH, NULL, NULL, "of defaults", "switch", "Are its counters that stand still read every third interval only?" },
	{ "request-rate", OPT_COUNT, "0", "100000", "of defaults", "number",
	  "How many requests a second it gets at most; 0 is as many as it answers." },
	{ "any-source", OPT_SWITCH, NULL, NULL, "false", "switch",
	  "Are answers of its agent taken from any address? Only for agents of several addresses that answer from another "
	  "than the one asked; else such answers are refused, and that is said." },
	{ "parents", OPT_NAMES, NULL, NULL, "none", "names",
	  "Devices through which it is reached. When all of them are cut off it is unknown and nobody blames it; "
	  "nothing else." },
	{ "needs", OPT_NAMES, NULL, NULL, "none", "names", "What it stands on, see NAMING." },
	{ "carries", OPT_NAMES, NULL, NULL, "none", "names",
	  "What stands on it: the same as needs, written at the other end." },
	{ "watch", OPT_TEXTS, NULL, NULL, "of defaults", "list",
	  "CLASS/PATTERN of parts whose states make events though nothing needs them, as interface/Gi0/*. "
	  "The pattern is a shell's." },
	{ "every", OPT_SPAN, "1s", "1w", "of defaults", "time", "How often its checks run." },
	{ "check-timeout", OPT_SPAN, "100ms", "1h", "of defaults", "time", "When its checks are killed." },
	RATE_OPTIONS,
	CAPACITY_OPTION,
	{ "check", OPT_SECTIONS, NULL, NULL, "none", "section", "A check of this device, see check." },
};

static const struct option check[] = {
	{ "command", OPT_TEXT, NULL, NULL, NULL, "command",
	  "A program of the monitoring-plugins convention and its arguments, split like a shell's words; no shell runs it. "
	  "{name} and {address} stand for those of its device." },
	{ "every", OPT_SPAN, "1s", "1w", "of its device", "time", "How often it runs." },
	{ "timeout", OPT_SPAN, "100ms", "1h", "of its device", "time", "When it is killed." },
	{ "counts", OPT_SWITCH, NULL, NULL, "true", "switch", "Is its device down when the check is? Only within a device." },
	{ "needs", OPT_NAMES, NULL, NULL, "none", "names", "What it stands on, beside its device." },
	CAPACITY_OPTION,
	RATE_OPTIONS,
};

static const struct option component[] = {
	RATE_OPTIONS,
	{ "needs", OPT_NAMES, NULL, NULL, "none", "names", "What it stands on." },
	{ "carries", OPT_NAMES, NULL, NULL, "none", "names", "What stands on it." },
	CAPACITY_OPTION,
};

static const struct option group[] = {
	{ "members", OPT_NAMES, NULL, NULL, NULL, "names",
	  "Devices, checks, components, groups, services, parts of devices." },
	{ "need", OPT_COUNT, "1", "1000000", NULL, "number", "How many members must be up; with fewer the group is down." },
	{ "full", OPT_COUNT, "1", "1000000", "need", "number", "With fewer than this the group is degraded." },
	{ "need-capacity", OPT_COUNT, "1", "1000000000000000", "none", "number",
	  "What its members must carry together; with less the group is degraded. Any unit, that of their capacity; "
	  "Mbit/s where that is read of interfaces." },
	{ "capacity", OPT_COUNT, "1", "1000000000000000", "none", "number",
	  "What each member carries that gives no capacity of its own: a group, an interface. Of an interface it is else its "
	  "speed as read." },
	{ "during", OPT_SECTIONS, NULL, NULL, "none", "section", "What it needs while a calendar holds, see during." },
	{ "needs", OPT_NAMES, NULL, NULL, "none", "names", "What it stands on beside its members." },
	{ "carries", OPT_NAMES, NULL, NULL, "none", "names", "What stands on it." },
};

static const struct option during[] = {
	{ "need", OPT_COUNT, "1", "1000000", "of the group", "number", "How many members must be up then." },
	{ "full", OPT_COUNT, "1", "1000000", "of the group, but not less than need", "number", "With fewer than this it is degraded then." },
	{ "need-capacity", OPT_COUNT, "1", "1000000000000000", "of the group", "number", "What its members must carry together then." },
};

static const struct option calendar[] = {
	{ "on", OPT_TEXTS, NULL, NULL, "none", "list", "Days on which it holds, see CALENDARS." },
	{ "time", OPT_TEXTS, NULL, NULL, "all day", "list",
	  "Times of these days, as 09:00-18:00; 22:00-06:00 ends the day after." },
	{ "except", OPT_TEXTS, NULL, NULL, "none", "list", "Days on which it does not hold though they are among the others." },
	{ "holidays", OPT_TEXTS, NULL, NULL, "none", "list", "Days that are no working days, beside Saturdays and Sundays." },
	{ "ical", OPT_TEXTS, NULL, NULL, "none", "list", "Files in iCalendar form (RFC 5545): it holds during their events as well." },
	{ "zone", OPT_TEXT, NULL, NULL, "of the machine", "name", "Whose time that is: a name of the zone database, as Europe/Berlin." },
};

static const struct option service[] = {
	{ "needs", OPT_NAMES, NULL, NULL, NULL, "names", "What it stands on: all of it is needed." },
	{ "owner", OPT_TEXT, NULL, NULL, "none", "text", "Who answers for it." },
	{ "tier", OPT_COUNT, "1", "9", "none", "number", "How much it matters; 1 is most." },
	{ "runbook", OPT_TEXT, NULL, NULL, "none", "text", "Where it is written what to do." },
};

static const struct option notify[] = {
	{ "trap", OPT_TEXT, NULL, NULL, NULL, "address", "Where SNMPv2c traps are sent; port 162 unless one follows." },
	{ "community", OPT_TEXT, NULL, NULL, "public", "secret", "The community in them." },
	{ "community-file", OPT_TEXT, NULL, NULL, "none", "file", "The same, in a file." },
	{ "on", OPT_TEXTS, NULL, NULL, "all of them", "list", "Which alerts: component, risk, quality, budget." },
};

static const struct option rrd[] = {
	{ "rows", OPT_COUNT, "1", "1000", "10", "number", "How many rows are held back and written to a file at once." },
	{ "hold", OPT_SPAN, "0s", "1d", "15min", "time", "After which time they are written though there are fewer." },
	{ "write", OPT_SWITCH, NULL, NULL, "true", "switch", "Is history kept at all? States, alerts and last values do without." },
};

static const struct option retention[] = {
	{ "age", OPT_SPAN, "1d", "5200w", "400d", "time", "How long events are kept, and states, histories and last values of what is no longer configured." },
	{ "size", OPT_SIZE, "16MiB", "1024TiB", "1GiB", "size", "How large their database may grow; the oldest go first." },
};

static const struct option rates[] = {
	{ "mtbf", OPT_SPAN, "1s", "1000y", "of the class", "time", "How long one works from one failure to the next, on average." },
	{ "mttr", OPT_SPAN, "1s", "10y", "of the class", "time", "How long a repair takes, on average." },
	{ "weight", OPT_SPAN, "1d", "1000y", "of the class", "time",
	  "How much this counts beside what is seen of a component: as much as an observation of this length." },
};

static const struct option risk[] = {
	{ "horizon", OPT_SPAN, "1min", "10y", "24h", "time", "How far ahead the chance of an outage is told." },
	{ "ahead", OPT_SPAN, "1d", "400d", "90d", "time", "How far ahead the demand of calendars is held against what is left." },
};

#define SECTION(name, titled, text) { #name, titled, name, COUNT_OF(name), text, false }
#define INNER_SECTION(name, titled, text) { #name, titled, name, COUNT_OF(name), text, true }
const struct option_section option_sections[] = {
	{ "", false, top, COUNT_OF(top), "Outside of all sections.", false },
	SECTION(poll, false, "How often, and with how much at once."),
	SECTION(defaults, false, "What a device or check has that does not say otherwise."),
	SECTION(credentials, true, "What agents want to hear before they answer."),
	SECTION(device, true, "Something that is polled."),
	SECTION(check, true, "A program that tells whether something works: within a device, or on its own."),
	SECTION(component, true, "Something that is not polled; its state is set by hand or by a program, and up until then."),
	SECTION(group, true, "Members of which so many are needed."),
	INNER_SECTION(during, true, "Within a group: what it needs while the calendar of that name holds. "
		      "Of several that hold at the same time the most counts."),
	SECTION(calendar, true, "When something is needed: days and times, see CALENDARS."),
	SECTION(service, true, "What users get."),
	SECTION(rates, true, "How often the components of a class fail, before anything is seen of one: device, check, component, part, or "
		"a class of the MIB definitions. See forewarn-risk(7)."),
	SECTION(risk, false, "How risk is told."),
	SECTION(notify, true, "Who is told."),
	SECTION(rrd, false, "How rows are written."),
	SECTION(retention, false, "What is forgotten."),
};
const unsigned option_section_count = COUNT_OF(option_sections);

const struct option_section *option_section_find(const char *name)
{
	for (unsigned i = 0; i < option_section_count; i++)
		if (strcmp(option_sections[i].name, name) == 0)
			return &option_sections[i];
	must(!"a section of the table");
	return NULL;
}

const struct option *option_find(const struct option_section *s, const char *name)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->option[i].name, name) == 0)
			return &s->option[i];
	must(!"an option of the table");
	return NULL;
}

/* ---- libconfuse's tables ----------------------------------------------------------------------------------------- */

static cfg_opt_t *section_for_libconfuse(struct arena *a, const struct option_section *s, unsigned room)
{
	cfg_opt_t *o = arena_alloc(a, (s->count + room + 1) * sizeof(*o));

	for (unsigned i = 0; i < s->count; i++) {
		const struct option *opt = &s->option[i];

		switch (opt->type) {
		case OPT_TEXTS: case OPT_NAMES:
			o[i] = (cfg_opt_t)CFG_STR_LIST(opt->name, NULL, CFGF_NODEFAULT);
			break;
		case OPT_COUNT: o[i] = (cfg_opt_t)CFG_INT(opt->name, 0, CFGF_NODEFAULT); break;
		case OPT_NUMBER: o[i] = (cfg_opt_t)CFG_FLOAT(opt->name, 0, CFGF_NODEFAULT); break;
		case OPT_SWITCH: o[i] = (cfg_opt_t)CFG_BOOL(opt->name, cfg_false, CFGF_NODEFAULT); break;
		case OPT_SECTIONS:
			o[i] = (cfg_opt_t)CFG_SEC(opt->name, NULL, CFGF_MULTI | CFGF_TITLE);
			o[i].subopts = section_for_libconfuse(a, option_section_find(opt->name), 0);
			break;
		default: o[i] = (cfg_opt_t)CFG_STR(opt->name, NULL, CFGF_NODEFAULT); break;
		}
	}
	o[s->count + room] = (cfg_opt_t)CFG_END();
	return o;
}

cfg_opt_t *options_for_libconfuse(struct arena *a)
{
	unsigned at = option_sections[0].count, outer = 0;
	cfg_opt_t *all, *o;

	for (unsigned i = 1; i < option_section_count; i++)
		outer += !option_sections[i].inner;
	all = section_for_libconfuse(a, &option_sections[0], outer);
	for (unsigned i = 1; i < option_section_count; i++) {
		const struct option_section *s = &option_sections[i];

		if (s->inner)
			continue;
		o = &all[at++];
		*o = (cfg_opt_t)CFG_SEC(s->name, NULL, CFGF_NONE);
		o->flags = s->titled ? CFGF_MULTI | CFGF_TITLE : CFGF_NONE;
		o->subopts = section_for_libconfuse(a, s, 0);
	}
	return all;
}
