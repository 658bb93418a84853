/* t/unit/t3010-config-mistakes.c: every mistake of a configuration at once, each with its line and what would be right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/config-int.h"
#include "tap.h"

#define C "credentials \"c\" { community = \"x\" }\n"
#define D "device \"d\" { address = \"192.0.2.1\"\n"
#define K "component \"k\" { }\ncomponent \"k2\" { }\n"

static const struct { const char *name, *text, *want; } wrong[] = {
	{ "durations", "poll { interval = 60\n status-interval = fast }\ndefaults { timeout = 0s\n every = 2w }\n",
	  "x.conf:1: poll: interval = \"60\": a length of time needs its unit; use \"60s\"\n"
	  "x.conf:2: poll: status-interval = \"fast\": not a length of time; write it like 500ms, 60s, 5min, 1h, 2d\n"
	  "x.conf:3: defaults: timeout = 0s: must be 10ms to 1min\n"
	  "x.conf:4: defaults: every = 2w: must be 1s to 1w\n" },
	{ "fractions of a second", "poll { interval = 1500ms }\n", "x.conf:1: poll: interval = 1500ms: must be whole seconds\n" },
	{ "status slower than values", "poll { interval = 10s status-interval = 20s }\n",
	  "x.conf:1: poll: status-interval is longer than interval; make it as long or shorter\n" },
	{ "ranges of numbers", "poll { threads = 1000 checks-at-once = 0 }\nrrd { rows = 0 }\nretention { size = \"1KiB\" age = 1h }\n",
	  "x.conf:1: poll: threads = 1000: must be 0 to 256\nx.conf:1: poll: checks-at-once = 0: must be 1 to 10000\n"
	  "x.conf:2: rrd: rows = 0: must be 1 to 1000\nx.conf:3: retention: age = 1h: must be 1d to 5200w\n"
	  "x.conf:3: retention: size = 1KiB: must be 16MiB to 1024TiB\n" },
	{ "sizes", "retention { size = 5 }\n", "x.conf:1: retention: size = \"5\": not a size; write it like 500MiB or 1GiB\n" },
	{ "unknown option, nearest", D " adress = \"x\" }\n", "x.conf:2: device \"d\": unknown option \"adress\"; \"address\" is near\n" },
	{ "settings twice", "poll { }\nstate = \"/a\"\npoll { }\nstate = \"/b\"\n",
	  "x.conf:3: poll is given twice, first in x.conf:1; keep one\nx.conf:4: state is given twice, first in x.conf:2; keep one\n" },
	{ "a user", "user = \"a b\"\n", "x.conf:1: user = \"a b\": not the name of a user\n" },
	{ "versions", "credentials \"a\" { version = \"3\"  community = \"x\" }\ncredentials \"b\" {\n version = 4  community = \"x\" }\n",
	  "x.conf:1: credentials \"a\": community is of versions \"1\" and \"2c\"; version \"3\" has user, auth and auth-file\n"
	  "x.conf:1: credentials \"a\": no user; write user = \"NAME\"\n"
	  "x.conf:3: credentials \"b\": version \"4\" does not exist; use \"3\", \"2c\" or \"1\"\n" },
	{ "words of version 3 elsewhere", "credentials \"b\" { community = \"x\"\n priv = \"AES\"\n context = \"c\" }\n",
	  "x.conf:2: credentials \"b\": priv is of version \"3\" only\nx.conf:3: credentials \"b\": context is of version \"3\" only\n" },
	{ "protocols of version 3", "credentials \"a\" { version = \"3\"  user = \"u\"\n auth = \"SHA-3\"\n priv = \"3DES\" }\n",
	  "x.conf:2: credentials \"a\": auth = \"SHA-3\": must be MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512\n"
	  "x.conf:3: credentials \"a\": priv = \"3DES\": must be DES, AES, AES-192, AES-256, AES-192-C or AES-256-C\n"
	  "x.conf:2: credentials \"a\": auth without auth-file; write auth-file = \"FILE\"\n"
	  "x.conf:3: credentials \"a\": priv without priv-file; write priv-file = \"FILE\"\n" },
	{ "privacy alone", "credentials \"a\" { version = \"3\"  user = \"u\"\n priv = \"AES\"\n priv-file = \"/nowhere/p\"\n auth-file = \"/nowhere/a\" }\n",
	  "x.conf:2: credentials \"a\": priv without auth, which version \"3\" does not have; write auth = \"SHA-256\" and auth-file\n"
	  "x.conf:4: credentials \"a\": auth-file without auth; write auth = \"SHA-256\"\n"
	  "x.conf:4: auth-file \"/nowhere/a\": cannot be read: No such file or directory\n"
	  "x.conf:3: priv-file \"/nowhere/p\": cannot be read: No such file or directory\n" },
	{ "names too long", "credentials \"a\" { version = \"3\"  user = \"123456789012345678901234567890123\"\n"
	  " context = \"123456789012345678901234567890123\" }\n",
	  "x.conf:1: credentials \"a\": user has more than 32 octets\nx.conf:2: credentials \"a\": context has more than 32 octets\n" },
	{ "no community, twice", "credentials \"a\" { }\n" C C "credentials \"e\" { community = \"\" }\n",
	  "x.conf:1: credentials \"a\": no community; write community-file = \"FILE\"\n"
	  "x.conf:3: credentials \"c\": given twice, first in x.conf:2\n"
	  "x.conf:4: credentials \"e\": community is empty; give it a value or leave it out\n" },
	{ "credentials unknown", C "defaults {\n credentials = \"b\" }\n" D "  credentials = \"campus\" }\n",
	  "x.conf:3: defaults: credentials \"b\": no such credentials\n"
	  "x.conf:5: device \"d\": credentials \"campus\": no such credentials\n" },
	{ "credentials near", "credentials \"campus\" { community = x }\n" D " credentials = \"camps\" }\n",
	  "x.conf:3: device \"d\": credentials \"camps\": no such credentials; \"campus\" is near\n" },
	{ "nothing asked", D " ping = false }\n",
	  "x.conf:1: device \"d\": neither credentials nor ping nor a check: nothing would be asked; write credentials = \"NAME\"\n" },
	{ "no address", "device \"d\" { }\n", "x.conf:1: device \"d\": no address; write address = \"192.0.2.1\" or a host name\n" },
	{ "addresses", "device \"a\" { address = \"192.0.2.256\" }\ndevice \"b\" { address = \"2001:db8::1:161:\" }\n"
	  "device \"c\" { address = \"a b\" }\ndevice \"d\" { address = \"10.1\" }\ndevice \"e\" { address = \"host:0\" }\n"
	  "device \"f\" { address = \"[::1\" }\ndevice \"g\" {\n address = \"h:1\"\n port = 2 }\ndevice \"h\" { address = \"-a.example\" }\n",
	  "x.conf:1: device \"a\": address = \"192.0.2.256\": not an IPv4 address; it has four numbers from 0 to 255, as 192.0.2.1\n"
	  "x.conf:2: device \"b\": address = \"2001:db8::1:161:\": not an IPv6 address; with a port it is written [2001:db8::1]:161\n"
	  "x.conf:3: device \"c\": address = \"a b\": neither an address nor a host name; a name has letters, digits, '-' and '.'\n"
	  "x.conf:4: device \"d\": address = \"10.1\": not an IPv4 address; it has four numbers from 0 to 255, as 192.0.2.1\n"
	  "x.conf:5: device \"e\": address = \"host:0\": \"0\" is not a port; it must be 1 to 65535\n"
	  "x.conf:6: device \"f\": address = \"[::1\": brackets are written [2001:db8::1]:161\n"
	  "x.conf:9: device \"g\": the address has a port as well; keep one of them\n"
	  "x.conf:10: device \"h\": address = \"-a.example\": neither an address nor a host name; a name has letters, digits, '-' and '.'\n" },
	{ "names that cannot be", "component \"\" { }\ncomponent \"a/b\" { }\ncomponent \"a|b\" { }\ncomponent \"a[1-2]\" { }\n"
	  "component \" a\" { }\ncomponent \"a\\tb\" { }\n",
	  "x.conf:1: component \"\": the name is empty\n"
	  "x.conf:2: component \"a/b\": a name cannot have \"/\", which parts of a device have; use \"-\"\n"
	  "x.conf:3: component \"a|b\": a name cannot have \"|\", which stands for any-of in lists; use \"-\"\n"
	  "x.conf:4: component \"a[1-2]\": a name cannot have \"[\", which stands for a range in lists; write one section for each name\n"
	  "x.conf:5: component \" a\": a name cannot begin or end with a blank\n"
	  "x.conf:6: component \"a\\x09b\": a name cannot have control characters\n" },
	{ "duplicate names", K "component \"k\" { }\ngroup \"k\" { need = 1 members = {\"k2\"} }\n",
	  "x.conf:3: component \"k\": given twice, first in x.conf:1\n"
	  "x.conf:4: group \"k\": the name is taken by a component, x.conf:1; devices, checks, components, groups and services share names\n" },
	{ "unknown names, nearest", "group \"app servers\" { need = 1 members = {\"k\"} }\n" K
	  "service \"order management\" {\n needs = {\"k2\",\n \"app server\", \"nothing like it\"} }\n",
	  "x.conf:6: service \"order management\": needs \"app server\": no such device, component, group or service; \"app servers\" is near\n"
	  "x.conf:6: service \"order management\": needs \"nothing like it\": no such device, component, group or service\n" },
	{ "parts", D " check \"login\" { command = \"x\" } }\ngroup \"g\" { need = 1 members = {\"dd/interface/1\",\n \"d/interface\", \"d//1\",\n"
	  " \"d/check/logins\", \"d/check/login\", \"d/interface/\"} }\n",
	  "x.conf:3: group \"g\": members \"dd/interface/1\": no such device\n"
	  "x.conf:4: group \"g\": members \"d/interface\": a part of a device is written \"d/CLASS/NAME\"\n"
	  "x.conf:4: group \"g\": members \"d//1\": a part of a device is written \"d/CLASS/NAME\"\n"
	  "x.conf:5: group \"g\": members \"d/check/logins\": the device has no such check; \"d/check/login\" is near\n"
	  "x.conf:5: group \"g\": members \"d/interface/\": a part of a device is written \"d/CLASS/NAME\"\n" },
	{ "parents that are none", K D " parents = {\"k\", \"e\"} }\n",
	  "x.conf:4: device \"d\": parents \"k\": not a device; put it into needs if it is needed\n"
	  "x.conf:4: device \"d\": parents \"e\": no such device\n" },
	{ "groups that cannot be", K "group \"a\" { need = 3 members = {\"k\", \"k2\"} }\ngroup \"b\" {\n need = 0 members = {\"k\"} }\n"
	  "group \"c\" { need = 2\n full = 1  members = {\"k\", \"k2\"} }\ngroup \"e\" { need = 1 full = 3 members = {\"k\", \"k2\"} }\n"
	  "group \"f\" { members = {\"k\"} }\ngroup \"g\" { need = 1 }\ngroup \"h\" { need = 1\n members = {\"k\",\n \"k\"} }\n",
	  "x.conf:5: group \"b\": need = 0: must be 1 to 1000000\n"
	  "x.conf:7: group \"c\": full = 1 is less than need = 2; make it 2 or more\n"
	  "x.conf:9: group \"f\": no need; write need = 1 if one member is enough\n"
	  "x.conf:10: group \"g\": no members; write members = {\"NAME\", ...}\n"
	  "x.conf:3: group \"a\": need = 3, but it has 2 members\n"
	  "x.conf:8: group \"e\": full = 3, but it has 2 members\n"
	  "x.conf:13: group \"h\": members \"k\" is given twice; keep one\n" },
	{ "a service that cannot fail", "service \"s\" { tier = 0 }\n",
	  "x.conf:1: service \"s\": tier = 0: must be 1 to 9\nx.conf:1: service \"s\": needs nothing, so it could never fail; write needs = {\"NAME\", ...}\n" },
	{ "ranges", K "service \"s\" { needs = {\"k[1-]\", \"k[3-2]\", \"k[1-99999999]\", \"k[2-3]\", \"k[a]\"} }\n",
	  "x.conf:3: service \"s\": needs \"k[1-]\": a range is written [1-12] or [01-12]\n"
	  "x.conf:3: service \"s\": needs \"k[3-2]\": a range goes from the smaller number to the larger\n"
	  "x.conf:3: service \"s\": needs \"k[1-99999999]\": stands for more than 100,000 names\n"
	  "x.conf:3: service \"s\": needs \"k3\": no such device, component, group or service\n"
	  "x.conf:3: service \"s\": needs \"k[a]\": a range is written [1-12] or [01-12]\n" },
	{ "any-of", K "service \"s\" { needs = {\"k |\", \"k2 | k2\", \"\"} }\ngroup \"g\" { need = 1 members = {\"k|k2\"} carries = {\"k|k2\"} }\n",
	  "x.conf:3: service \"s\": needs \"k |\": a name is missing beside \"|\"\n"
	  "x.conf:3: service \"s\": needs \"k2\" is given twice; keep one\n"
	  "x.conf:3: service \"s\": needs \"\": the name is empty\n"
	  "x.conf:4: group \"g\": members \"k|k2\": \"|\" belongs into needs; make a group with need = 1 of them\n"
	  "x.conf:4: group \"g\": carries \"k|k2\": \"|\" belongs into needs; write each by itself\n" },
	{ "a part carries nothing", D "}\ncomponent \"k\" { carries = {\"d/interface/1\"} }\n",
	  "x.conf:3: component \"k\": carries \"d/interface/1\": a part of a device has no needs of its own; name the device\n" },
	{ "cycles of needs", "component \"a\" { needs = {\"b\"} }\ncomponent \"b\" { needs = {\"g\"} }\ngroup \"g\" { need = 1 members = {\"a\"} }\n",
	  "x.conf:1: component \"a\": needs go in a circle: a -> b -> g -> a; take one of them out\n" },
	{ "a cycle of one", "component \"a\" { needs = {\"a\"} }\n",
	  "x.conf:1: component \"a\": needs go in a circle: a -> a; take one of them out\n" },
	{ "a cycle by carries", "component \"a\" { carries = {\"b\"} }\ncomponent \"b\" { carries = {\"a\"} }\n",
	  "x.conf:1: component \"a\": needs go in a circle: a -> b -> a; take one of them out\n" },
	{ "a cycle through a part", D "}\ngroup \"g\" { need = 1 members = {\"d/interface/1\"} carries = {\"d\"} }\n",
	  "x.conf:1: device \"d\": needs go in a circle: d -> g -> d/interface/1 -> d; take one of them out\n" },
	{ "a cycle through a check", D " check \"c\" { command = x needs = {\"s\"} } }\nservice \"s\" { needs = {\"d\"} }\n",
	  "x.conf:1: device \"d\": needs go in a circle: d -> s -> d; take one of them out\n" },
	{ "a check that does not count makes none", D " check \"c\" { command = x counts = no needs = {\"s\"} } }\nservice \"s\" { needs = {\"d\"} }\n", "" },
	{ "cycles of parents", D " parents = {\"e\"} }\ndevice \"e\" { address = h parents = {\"d\"} }\n",
	  "x.conf:1: device \"d\": parents go in a circle: d -> e -> d; take one of them out\n" },
	{ "parents and needs do not mix", D " parents = {\"e\"} }\ndevice \"e\" { address = h needs = {\"d\"} }\n", "" },
	{ "commands", "check \"a\" { }\ncheck \"b\" { command = \"x 'y\" }\ncheck \"e\" { command = \"x | y\" }\n"
	  "check \"f\" { command = \"x {address}\" counts = true }\n" D " check \"g\" {\n command = \"x {adress}\" }\n"
	  " check \"h\" {\n command = \"x {'name} {ho'st}\" } }\n",
	  "x.conf:1: check \"a\": no command; write command = \"PROGRAM ARGUMENTS\"\n"
	  "x.conf:2: check \"b\": command: a quote is not closed\n"
	  "x.conf:3: check \"e\": command: has \"|\", but no shell reads it; write sh -c '...' if one shall\n"
	  "x.conf:4: check \"f\": command: {address} has no value: this check belongs to no device; write the address\n"
	  "x.conf:4: check \"f\": counts says what a check means to its device; leave it out, this one has none\n"
	  "x.conf:7: device \"d\": check \"g\": command: unknown parameter {adress}; there are {name} and {address}\n"
	  "x.conf:9: device \"d\": check \"h\": command: unknown parameter {host}; there are {name} and {address}\n" },
	{ "watch", D " watch = {\"Gi0\"} }\n", "x.conf:2: device \"d\": watch \"Gi0\": write CLASS/PATTERN, as in \"interface/Gi0/*\"\n" },
	{ "notify", "notify \"n\" { }\nnotify \"n\" { trap = \"1.2.3\"\n on = {\"riks\"} }\nnotify \"o\" { trap = h on = {} }\n",
	  "x.conf:1: notify \"n\": no target; write trap = \"198.51.100.7:162\"\n"
	  "x.conf:2: notify \"n\": given twice, first in x.conf:1\n"
	  "x.conf:2: notify \"n\": trap = \"1.2.3\": not an IPv4 address; it has four numbers from 0 to 255, as 192.0.2.1\n"
	  "x.conf:3: notify \"n\": on = \"riks\": must be component, risk, quality or budget\n"
	  "x.conf:4: notify \"o\": on nothing: nobody would be told; leave it out for all\n" },
	{ "a broken section's name exists all the same", D " adress = 1 }\nservise \"s\" { }\ncredentials \"c\" { versoin = 1 }\n"
	  "device \"e\" { address = h credentials = \"c\" parents = {\"d\"} }\n"
	  "group \"g\" { need = 3 members = {\"d\", \"s\", \"d/interface/1\", \"z\"} }\ngroup \"h\" { need = 2 members = {\"d\"} }\n",
	  "x.conf:2: device \"d\": unknown option \"adress\"; \"address\" is near\n"
	  "x.conf:3: unknown option \"servise\"; \"service\" is near\n"
	  "x.conf:4: credentials \"c\": unknown option \"versoin\"; \"version\" is near\n"
	  "x.conf:6: group \"g\": members \"z\": no such device, component, group or service\n" },
	{ "names of a file that cannot be read", "include \"nowhere.conf\"\ngroup \"g\" { need = 1 members = {\"d\"} }\n",
	  "x.conf:1: include \"nowhere.conf\": cannot be read: No such file or directory\n" },
	{ "rates that say it three times", "component \"k\" { unavailability = 0.1 mtbf = 1y\n mttr = 1h }\n",
	  "x.conf:1: component \"k\": unavailability follows from mtbf and mttr; leave one of the three out\n" },
	{ "a repair time is no rate", "component \"k\" { mttr = 1h }\n",
	  "x.conf:1: component \"k\": mttr alone is no rate; write mtbf or unavailability as well\n" },
	{ "rates of a class", "rates \"fan\" { mtbf = 2000y }\nrates \"fan\" { }\nrisk { horizon = 1s }\n",
	  "x.conf:1: rates \"fan\": mtbf = \"2000y\": not a length of time; write it like 500ms, 60s, 5min, 1h, 2d\n"
	  "x.conf:2: rates \"fan\": given twice, first in x.conf:1\n"
	  "x.conf:3: risk: horizon = 1s: must be 1min to 10y\n" },
	{ "days that are none", "calendar \"c\" {\n on = {\"31 dec\",\n \"2026-02-30\"}\n time = {\"9-18\"}  zone = \"Mars\" }\ncalendar \"c\" { on = {mon} }\n"
	  "calendar \"d\" { }\ncalendar \"e\" { ical = {\"/nowhere/x.ics\"} }\n",
	  "x.conf:4: calendar \"c\": zone = \"Mars\": no such zone in /usr/share/zoneinfo; write it like Europe/Berlin, or UTC\n"
	  "x.conf:3: calendar \"c\": on \"2026-02-30\": 2026-02-30 is no day from 1900 to 2199\n"
	  "x.conf:4: calendar \"c\": time \"9-18\": not a time of day; write it like \"09:00-18:00\"\n"
	  "x.conf:5: calendar \"c\": given twice, first in x.conf:1\n"
	  "x.conf:6: calendar \"d\": names no day; write on = {\"2026-12-31\"} or ical = {\"FILE\"}\n"
	  "x.conf:7: calendar \"e\": ical \"/nowhere/x.ics\": cannot be read: No such file or directory\n" },
	{ "demand that cannot be met", K "calendar \"quarter end\" { on = {\"31 dec\"} }\ngroup \"g\" { need = 1  members = {\"k\", \"k2\"}\n"
	  " during \"quarter ends\" { need = 2 }\n during \"quarter end\" { need = 3 } }\n"
	  "group \"h\" { need = 1 members = {\"k\"}\n during \"quarter end\" { }\n}\nduring \"x\" { need = 1 }\n"
	  "group \"i\" { need = 2 members = {\"k\", \"k2\"} during \"quarter end\" { need = 2\n full = 1 } }\n",
	  "x.conf:8: group \"h\": during \"quarter end\": says nothing; write need, full or need-capacity\n"
	  "x.conf:10: unknown option \"during\"; here may stand state, user, mibs, devices, poll, defaults, credentials, device, check, component, group, "
	  "calendar, service, rates, risk, notify, rrd, retention, include\n"
	  "x.conf:12: group \"i\": during \"quarter end\": full = 1 is less than need = 2; make it 2 or more\n"
	  "x.conf:6: group \"g\": during \"quarter end\": need = 3, but it has 2 members\n"
	  "x.conf:5: group \"g\": during \"quarter ends\": no such calendar; \"quarter end\" is near\n" },
	{ "capacity that is not there", "component \"k\" { capacity = 400 }\ncomponent \"k2\" { }\ngroup \"g\" { need = 1 members = {\"k\"} }\n"
	  "group \"h\" { need = 1 need-capacity = 1 members = {\"k\", \"k2\", \"g\"} }\ngroup \"i\" { need = 1 need-capacity = 500 members = {\"k\"} }\n",
	  "x.conf:4: group \"h\": need-capacity, but member \"k2\" has none; write capacity = NUMBER into its section\n"
	  "x.conf:4: group \"h\": need-capacity, but member \"g\" is a group; write capacity = NUMBER into this group, for each member that gives none\n"
	  "x.conf:5: group \"i\": need-capacity = 500, but its members have 400 together\n" },
	{ "share of time", "component \"k\" { unavailability = 1.5 }\n", "x.conf:1: component \"k\": unavailability = 1.5: must be 0 to 1\n" },
	{ "no such table", "devices = \"/nowhere/x.csv\"\n",
	  "x.conf:1: devices = \"/nowhere/x.csv\": cannot be read: No such file or directory\n" },
	{ "no such secret", "credentials \"c\" {\n community-file = \"/nowhere/x\" }\n",
	  "x.conf:2: community-file \"/nowhere/x\": cannot be read: No such file or directory\n" },
};

static const char *joined(const struct mistakes *m, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = 0;
	for (unsigned i = 0; i < m->count && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s\n", m->line[i]);
	return buf;
}

static void test_wrong(void)
{
	char got[8192];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct mistakes m = { 0 };
		struct config *c = config_load_bare("x.conf", wrong[i].text, strlen(wrong[i].text), &m);

		is_str(joined(&m, got, sizeof(got)), wrong[i].want, wrong[i].name);
		ok((c == NULL) == (m.count > 0), "... and a snapshot only without mistakes");
		config_unref(c);
		mistakes_release(&m);
	}
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/fw-t3010-XXXXXX";

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (!(f = fopen(path, "w")) || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, mode) != 0)
		note("cannot write %s", path);
}

/* Load folder/x.conf with 'text'; mistakes with the folder's name taken out. */
static const char *load_file(const char *text, char *got, size_t size)
{
	struct mistakes m = { 0 };
	char path[128], all[8192];
	size_t len = strlen(folder) + 1, n = 0;

	write_file("x.conf", text, 0644);
	snprintf(path, sizeof(path), "%s/x.conf", folder);
	config_unref(config_load(path, NULL, &m));
	joined(&m, all, sizeof(all));
	for (const char *p = all; *p && n + 1 < size; ) {
		if (strncmp(p, folder, len - 1) == 0 && p[len - 1] == '/')
			p += len;
		else
			got[n++] = *p++;
	}
	got[n] = 0;
	mistakes_release(&m);
	return got;
}

static void test_secrets(void)
{
	static const char text[] = "credentials \"c\" { community-file = \"c.secret\" }\n";
	char got[4096];

	write_file("c.secret", "s3cret\n", 0644);
	is_str(load_file(text, got, sizeof(got)), "c.secret: readable by everyone (0644); use 0640 root:forewarn\n", "a secret all may read");
	write_file("c.secret", "s3cret\n", 0642);
	is_str(load_file(text, got, sizeof(got)), "c.secret: writable by everyone (0642); use 0640 root:forewarn\n", "... or write");
	write_file("c.secret", "s3cret\n", 0640);
	is_str(load_file(text, got, sizeof(got)), "", "... is good when only its group may read it");
	write_file("c.secret", "\n", 0640);
	is_str(load_file(text, got, sizeof(got)), "c.secret:1: is empty; write the secret into its first line\n", "an empty secret");
	write_file("c.secret", "a\nb\n", 0640);
	is_str(load_file(text, got, sizeof(got)), "c.secret:2: more than one line; the secret is the only one\n", "two lines");
	write_file("c.secret", "1234567\n", 0640);
	is_str(load_file("credentials \"c\" { version = \"3\" user = \"u\" auth = \"sha1\" auth-file = \"c.secret\" }\n", got, sizeof(got)),
	       "c.secret:1: a password of fewer than 8 characters, which agents refuse (RFC 3414 11.2)\n", "a password too short");
	write_file("c.secret", "12345678\n", 0644);
	is_str(load_file("credentials \"c\" { version = \"3\" user = \"u\" auth = \"sha1\" auth-file = \"c.secret\" }\n", got, sizeof(got)),
	       "c.secret: readable by everyone (0644); use 0640 root:forewarn\n", "a password all may read");
	is_str(load_file("credentials \"c\" { community-file = \".\" }\n", got, sizeof(got)),
	       "x.conf:1: community-file \".\": not a file\n", "a folder");
}

static void test_csv(void)
{
	static const char text[] = "devices = \"d.csv\"\n" K C;
	char got[4096];

	write_file("d.csv", "name;address\na;b\n", 0644);
	is_str(load_file(text, got, sizeof(got)), "d.csv:1: columns are separated by ',', not by ';'\n", "semicolons");
	write_file("d.csv", "name,adress,site\na,b,c\n", 0644);
	is_str(load_file(text, got, sizeof(got)), "d.csv:1: no column \"adress\"; \"address\" is near\n"
	       "d.csv:1: no column \"site\"; there are name, address, port, credentials, parents, needs\n", "unknown columns");
	write_file("d.csv", "name,port,name\na,1,b\n", 0644);
	is_str(load_file(text, got, sizeof(got)), "d.csv:1: column \"name\" is given twice\n"
	       "d.csv:1: no column \"address\"; the first row names the columns\n", "columns missing and twice");
	write_file("d.csv", "name,address,port,credentials,parents,needs\r\n"
		   "a,192.0.2.1,99999,c,,\r\n\"b\",192.0.2.300,,d,a,k;x\r\na,h1,,,z,\r\n,h2,,,,\r\nc/d,h3,,,,\r\ne,h4\r\nf,,,,f,\r\n"
		   "g,h5:162,161,,,\r\nh,\"unclosed\r\n", 0644);
	is_str(load_file(text, got, sizeof(got)),
	       "d.csv:2: device \"a\": port = \"99999\": must be 1 to 65535\n"
	       "d.csv:3: device \"b\": address = \"192.0.2.300\": not an IPv4 address; it has four numbers from 0 to 255, as 192.0.2.1\n"
	       "d.csv:4: device \"a\": given twice, first in d.csv:2\n"
	       "d.csv:5: device: the name is empty\n"
	       "d.csv:6: device: a name cannot have \"/\", which parts of a device have; use \"-\"\n"
	       "d.csv:7: 2 cells, but the header has 6; put a cell with a comma in quotes\n"
	       "d.csv:8: device \"f\": no address\n"
	       "d.csv:9: device \"g\": the address has a port as well; keep one of them\n"
	       "d.csv:10: 2 cells, but the header has 6; put a cell with a comma in quotes\n"
	       "d.csv:10: device \"h\": address = \"unclosed\\x0D\\x0A\": neither an address nor a host name; a name has letters, digits, '-' and '.'\n"
	       "d.csv:10: a quote is not closed\n"
	       "d.csv:3: device \"b\": needs \"x\": no such device, component, group or service\n"
	       "d.csv:4: device \"a\": parents \"z\": no such device\n"
	       "d.csv:8: device \"f\": parents go in a circle: f -> f; take one of them out\n"
	       "d.csv:3: device \"b\": credentials \"d\": no such credentials\n", "rows");
	write_file("d.csv", "", 0644);
	is_str(load_file(text, got, sizeof(got)), "d.csv: is empty; the first row names the columns\n", "nothing");
	write_file("d.csv", "name,address\n\xff,h\n", 0644);
	is_str(load_file(text, got, sizeof(got)), "d.csv: is not UTF-8; save it in UTF-8\n", "another encoding");
}

/* Classes are those of the definitions; instances need not have been seen. */
static void test_classes(void)
{
	static const char text[] = "defaults { watch = {\"interface/Gi*\"} }\n" D " watch = {\"interfaces/Gi*\", \"check/login\"} }\n"
		"group \"g\" { need = 1 members = {\"d/interface/Gi0/1\",\n \"d/interfaces/Gi0/1\", \"d/oven/1\"} }\n";
	struct mistakes m = { 0 };
	char got[2048];

	ok(!config_load_text("x.conf", text, sizeof(text) - 1, &m), "classes that are none");
	is_str(joined(&m, got, sizeof(got)),
	       "x.conf:5: group \"g\": members \"d/interfaces/Gi0/1\": no class \"interfaces\" in the MIB definitions; \"interface\" is near\n"
	       "x.conf:5: group \"g\": members \"d/oven/1\": no class \"oven\" in the MIB definitions\n"
	       "x.conf:3: device \"d\": watch \"interfaces/Gi*\": no class \"interfaces\" in the MIB definitions; \"interface\" is near\n",
	       "... are said, with the nearest");
	mistakes_release(&m);
}

/* A circle of a hundred thousand is found without deep recursion, and said in one line. */
static void test_long_cycle(void)
{
	enum { N = 100000 };
	char *text = malloc(N * 64), got[4096];
	struct mistakes m = { 0 };
	size_t len = 0;

	for (int i = 0; i < N; i++)
		len += (size_t)snprintf(text + len, 64, "component \"k%d\" { needs = {\"k%d\"} }\n", i, (i + 1) % N);
	ok(!config_load_bare("x.conf", text, len, &m), "a circle of a hundred thousand");
	is_str(joined(&m, got, sizeof(got)), "x.conf:1: component \"k0\": needs go in a circle: k0 -> k1 -> k2 -> k3 -> k4 -> k5 -> (99990 more)"
	       " -> k99996 -> k99997 -> k99998 -> k99999 -> k0; take one of them out\n", "... is shortened");
	mistakes_release(&m);
	free(text);
}

int main(void)
{
	char command[64];

	plan(2 * (int)(sizeof(wrong) / sizeof(*wrong)) + 8 + 6 + 2 + 2 + 1);
	test_wrong();
	if (!mkdtemp(folder))
		note("cannot make a folder");
	test_secrets();
	test_csv();
	test_classes();
	test_long_cycle();
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	is_int(system(command), 0, "cleaned up");
	return done();
}
