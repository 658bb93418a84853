/* t/unit/t3011-config-load.c: what a good configuration becomes; printing it and reading that again; large ones. */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/config-int.h"
#include "tap.h"

static char folder[] = "/tmp/fw-t3011-XXXXXX";

static void say(const struct mistakes *m)
{
	for (unsigned i = 0; i < m->count && i < 10; i++)
		note("%s", m->line[i]);
}

static struct config *load(const char *text)
{
	struct mistakes m = { 0 };
	struct config *c = config_load_bare("x.conf", text, strlen(text), &m);

	say(&m);
	mistakes_release(&m);
	return c;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (!(f = fopen(path, "w")) || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, mode) != 0)
		note("cannot write %s", path);
}

static char *printed(const struct config *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	config_print(c, f);
	fclose(f);
	return text;
}

/* Print 'c', read that, print again. */
static void round_trip(const struct config *c, const char *what)
{
	char *first = printed(c), *second;
	struct config *again = load(first);

	second = again ? printed(again) : strdup("cannot be read");
	is_str(second, first, what);
	config_unref(again);
	free(first);
	free(second);
}

/* "a, b | c" of needs. */
static const char *needs_text(const struct needs *n, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = 0;
	for (uint32_t i = 0; i < n->count && len < size; i++)
		for (uint32_t k = 0; k < n->term[i].count && len < size; k++)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", k ? " | " : i ? ", " : "", n->term[i].any[k].name);
	return buf;
}

/* ---- the example of the design ----------------------------------------------------------------------------------- */

static const char example[] =
	"state = \"/var/lib/forewarn\"  # comment\nuser = \"forewarn\"\n"
	"poll     { interval = 60s  status-interval = 10s  threads = 0 }\n"
	"defaults { timeout = 2s  retries = 2  credentials = \"campus\" }\n"
	"credentials \"campus\" { version = \"2c\"  community-file = \"campus.secret\" }\n"
	"credentials \"core\" { version = \"1\"  community = \"c0re\" }\n"
	"devices = \"fleet.csv\"\n"
	"device \"edge1\" { address = \"192.0.2.1\"  credentials = \"core\" }\n"
	"device \"app1\"  { address = \"192.0.2.11\"  parents = {\"sw1\", \"sw2\"}\n"
	"                 needs = {\"feed A\"}\n"
	"                 check \"login\" { command = \"check_http -H {address} -u '/login of {name}'\"  every = 30s } }\n"
	"device \"app2\"  { address = \"[2001:db8::2]:1161\"  every = 5min  ping = no  watch = {\"interface/Gi0/*\"}\n"
	"                 check \"login\" { command = \"x\" counts = false needs = {\"crm\"} } }\n"
	"check \"crm\"    { command = \"check_http -S -H crm.example.com\"  needs = {\"internet\"} }\n"
	"component \"internet\" { }\n"
	"component \"feed A\" { unavailability = 0.0001  carries = {\"sw1\", \"app[1-2]\"} }\n"
	"group \"app servers\" { need = 2  full = 3  members = {\"app[1-3]\"} }\n"
	"group \"edge\"        { need = 1  members = {\"edge1\", \"app1/interface/Gi0/1\", \"app1/check/login\"} }\n"
	"service \"order management\" {\n"
	"    owner = \"erp\"  tier = 1  runbook = \"https://wiki.example.com/erp\"\n"
	"    needs = {\"app servers\", \"edge\", \"db | db-replica\", \"sw[1-2] | app1\"}\n"
	"}\n"
	"notify \"noc\" { trap = \"198.51.100.7:162\"  on = {\"risk\", \"quality\"} community = \"hush\" }\n";

static const char fleet[] =
	"credentials,address,name,needs,parents\r\n"
	"core,sw1.example.com,sw1,,\r\n"
	",192.0.2.3,sw2,\"feed A;internet\",\r\n"
	"\r\n"
	",\"192.0.2.13\",\"app3\",internet crm | edge1,sw1 sw2\r\n"
	"core,h,db,,\n,\"h2\",db-replica,,";

static void test_values(struct config *c)
{
	const struct ref *r;
	const struct cfg_device *d;
	const struct cfg_check *k;
	char buf[256], v6[64];

	is_int(c->device_count, 8, "devices of file and table");
	is_int(c->interval.us, 60000000, "interval");
	ok(c->threads >= 1, "threads = 0 became the number of processors");
	r = config_find(c, "app1");
	d = &c->device[r->index];
	is_int(r->kind, REF_DEVICE, "a device is found");
	is_str(d->address, "192.0.2.11", "its address");
	ok(d->literal && ntohs(d->sockaddr.in.sin_port) == 161 && d->sockaddr.in.sin_family == AF_INET, "... as a socket's");
	is_str(c->credentials[d->credentials].community, "s3cret", "credentials of defaults, the community from its file");
	is_int(c->credentials[d->credentials].version, 1, "... version 2c");
	is_int(d->parent_count, 2, "parents");
	is_str(d->parents[1].name, "sw2", "... in order");
	is_str(needs_text(&d->needs, buf, sizeof(buf)), "feed A", "needed and carried is one need");
	k = &c->check[d->first_check];
	is_str(k->name, "app1/check/login", "full name of a check");
	is_str(k->argv[4], "/login of app1", "words of its command with parameters filled in");
	ok(!k->argv[5] && k->every.us == 30000000 && k->timeout.us == 10000000 && k->counts, "... and its times");
	d = &c->device[config_find(c, "app2")->index];
	ok(d->port == 1161 && !d->ping && d->literal, "port with the address, no ping");
	is_str(inet_ntop(AF_INET6, &d->sockaddr.in6.sin6_addr, v6, sizeof(v6)), "2001:db8::2", "IPv6");
	is_int(c->check[d->first_check].every.us, 300000000, "a device's 'every' is for its checks");
	ok(!c->check[d->first_check].counts, "a check that does not count");
	is_str(d->watch[0], "interface/Gi0/*", "watch");
	d = &c->device[config_find(c, "sw2")->index];
	is_str(needs_text(&d->needs, buf, sizeof(buf)), "feed A, internet", "a list in a cell, by semicolons");
	is_int(d->place.line, 3, "... and its row");
	is_str(needs_text(&c->device[config_find(c, "app3")->index].needs, buf, sizeof(buf)), "internet, crm | edge1",
	       "... or by blanks, with any-of");
	ok(!c->device[config_find(c, "sw1")->index].literal, "a host name is left to be resolved");
	is_str(needs_text(&c->device[config_find(c, "sw1")->index].needs, buf, sizeof(buf)), "feed A",
	       "carries is needs, turned round");
}

static void test_graph_values(struct config *c)
{
	const struct cfg_group *g = &c->group[0];
	const struct cfg_service *s = &c->service[0];
	char buf[256];

	ok(g->need == 2 && g->full == 3 && g->count == 3, "a group");
	is_str(g->member[2].name, "app3", "... of a range");
	g = &c->group[1];
	ok(g->full == 1 && g->member[1].kind == REF_PART && g->member[2].kind == REF_CHECK,
	   "parts and checks are members; full is need");
	is_str(c->device[g->member[1].index].name, "app1", "... the part of its device");
	is_str(needs_text(&s->needs, buf, sizeof(buf)), "app servers, edge, db | db-replica, sw1 | sw2 | app1",
	       "any-of, ranges in it too");
	ok(s->tier == 1 && strcmp(s->owner, "erp") == 0, "a service");
	is_double(c->component[1].rate.unavailability, 0.0001, 0, "unavailability");
	ok(isnan(c->component[0].rate.unavailability), "... or none");
	ok(c->notify[0].on == (ON_RISK | ON_QUALITY) && strcmp(c->notify[0].community, "hush") == 0, "notify");
	is_int(config_device_of(c, "app2/check/login"), config_find(c, "app2")->index,
	       "the device a component's name begins with");
	is_int(config_device_of(c, "crm/x/y"), CONFIG_NONE, "... must be a device");
	ok(!config_find(c, "nothing"), "a name that is none");
}

static void test_example(void)
{
	char path[64], *text;
	struct mistakes m = { 0 };
	struct config *c;

	write_file("campus.secret", "s3cret\n", 0600);
	write_file("fleet.csv", fleet, 0644);
	write_file("x.conf", example, 0644);
	snprintf(path, sizeof(path), "%s/x.conf", folder);
	c = config_load(path, "/elsewhere", &m);
	say(&m);
	ok(c != NULL, "the example loads, with the definitions that come with the program");
	if (!c) {
		skip(39, "the example does not load");
		mistakes_release(&m);
		return;
	}
	is_str(c->state, "/elsewhere", "the state folder is overridden");
	test_values(c);
	test_graph_values(c);
	text = printed(c);
	ok(!strstr(text, "c0re") && !strstr(text, "s3cret") && !strstr(text, "hush") && strstr(text, "***"),
	   "secrets are not printed");
	free(text);
	round_trip(c, "what is printed is read as the same");
	config_unref(config_ref(c));
	config_unref(c);
	mistakes_release(&m);
}

/* ---- fingerprints ------------------------------------------------------------------------------------------------ */

static uint64_t fingerprint_of(const char *text)
{
	struct config *c = load(text);
	uint64_t f = c ? c->device[0].fingerprint : 0;

	config_unref(c);
	return f;
}

static void test_fingerprint(void)
{
#define BASE(community, device, more) "credentials \"c\" { community = " community " }\nnotify \"n\" { trap = h }\n" \
	"device \"d\" { address = \"h\" credentials = \"c\" " device " }\n" more
	static const struct { const char *text, *what; bool same; } other[] = {
		{ BASE("x", "", ""), "nothing", true },
		{ "component \"k\" { carries = {\"d\"} }\n" BASE("x", "parents = {\"e\"}", "device \"e\" { address = h }\n"),
		  "what it stands on and how it is reached", true },
		{ BASE("y", "", ""), "the community", false },
		{ BASE("x", "port = 162", ""), "the port", false },
		{ BASE("x", "timeout = 3s", ""), "the time-out", false },
		{ BASE("x", "ping = no", ""), "ping", false },
		{ BASE("x", "watch = {\"interface/*\"}", ""), "watch", false },
		{ BASE("x", "check \"a\" { command = \"b\" }", ""), "a check", false },
		{ BASE("x", "", "poll { interval = 30s }\n"), "the interval", false },
		{ BASE("x", "", "defaults { retries = 5 }\n"), "a default", false },
	};
	uint64_t base = fingerprint_of(BASE("x", "", ""));

	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		is_int(fingerprint_of(other[i].text) == base, other[i].same, other[i].what);
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static void test_odd_texts(void)
{
	struct config *c = load(
		"poll { interval = 5s }\nretention { age = 1000h  size = \"1.5GiB\" }\nrrd { hold = 0s }\n"
		"device \"\xc3\xa9 \\\\ \\\" ' ${HOME} { #\" { address = \"h\" timeout = 1500ms\n"
		" check \"c\" { command = \"a ' ' '' it\\\\'s '|' {name} \\\"q\\\" ${HOME}\" } }\n"
		"component \"2\" { unavailability = 0.1 }\ncomponent \"3\" { unavailability = 1e-300 needs = {\"2\"} }\n"
		"component \"4\" { unavailability = 0.30000000000000004 }\n");

	ok(c != NULL, "odd texts are read");
	if (!c) {
		skip(5, "not read");
		return;
	}
	is_str(c->device[0].name, "\xc3\xa9 \\ \" ' ${HOME} { #", "a name with quotes, braces and a sign of comments");
	is_str(c->check[0].argv[5], "\xc3\xa9 \\ \" ' ${HOME} { #", "... is one word in a command");
	is_str(c->check[0].argv[7], "${HOME}", "... and nothing comes from the environment");
	is_int(c->status_interval.us, 5000000, "the status interval is not longer than the interval");
	round_trip(c, "... and printed and read the same");
	config_unref(c);
}

/* ---- large ------------------------------------------------------------------------------------------------------- */

/* Of this process: what else runs on the machine does not count. */
static double cpu_s(void) { return (double)clock() / CLOCKS_PER_SEC; }

static struct config *load_timed(const char *path, const char *what)
{
	struct mistakes m = { 0 };
	double begin = cpu_s(), took;
	struct config *c = config_load(path, NULL, &m);

	took = cpu_s() - begin;
	note("%s: %.2f s", what, took);
	ok(c && took < 60, what);
	say(&m);
	mistakes_release(&m);
	return c;
}

static void test_large(void)
{
	enum { DEVICES = 100000, GROUPS = 20000 };
	char path[64], csv[64];
	struct config *c;
	FILE *f, *t;

	snprintf(path, sizeof(path), "%s/large.conf", folder);
	snprintf(csv, sizeof(csv), "%s/large.csv", folder);
	f = fopen(path, "w");
	t = fopen(csv, "w");
	fputs("name,address,needs\n", t);
	for (int i = 0; i < DEVICES; i++) {
		fprintf(f, "device \"h%05d\" { address = \"10.%d.%d.%d\" }\n", i, i >> 16, i >> 8 & 255, i & 255);
		fprintf(t, "h%05d,10.%d.%d.%d,\n", i, i >> 16, i >> 8 & 255, i & 255);
	}
	for (int i = 0; i < GROUPS; i++)
		fprintf(f, "group \"g%d\" { need = 1 members = {\"h[%05d-%05d]\"} }\nservice \"s%d\" { needs = {\"g%d\"} }\n",
			i, i * 5, i * 5 + 4, i, i);
	fputs("group \"all\" { need = 1 members = {\"h[00000-99999]\"} }\n", f);
	fclose(f);
	fclose(t);
	c = load_timed(path, "100,000 devices, 20,000 groups, 20,000 services");
	is_int(c ? c->group[GROUPS].count : 0, DEVICES, "a group of 100,000");
	config_unref(c);
	write_file("csv.conf", "devices = \"large.csv\"\n", 0644);
	snprintf(path, sizeof(path), "%s/csv.conf", folder);
	c = load_timed(path, "100,000 devices of a table");
	is_int(c ? c->device_count : 0, DEVICES, "... all there");
	config_unref(c);
}

static void test_deep(void)
{
	enum { N = 100000 };
	char *text = malloc((size_t)N * 64);
	struct config *c;
	size_t len = 0;

	for (int i = 0; i < N; i++)
		len += (size_t)snprintf(text + len, 64, "component \"k%d\" { needs = {\"k%d\"} }\n", i, i + 1);
	snprintf(text + len, 64, "component \"k%d\" { }\n", N);
	c = load(text);
	is_int(c ? c->component_count : 0, N + 1, "needs a hundred thousand deep");
	config_unref(c);
	free(text);
}

/* A thousand unknown names beside many known ones: finding near names must stay cheap. */
static void test_many_unknown(void)
{
	enum { N = 50000, WRONG = 5000 };
	char *text = malloc((size_t)(N + WRONG) * 64);
	struct mistakes m = { 0 };
	double begin = cpu_s();
	size_t len = 0;

	for (int i = 0; i < N; i++)
		len += (size_t)snprintf(text + len, 64, "component \"component %d\" { }\n", i);
	for (int i = 0; i < WRONG; i++)
		len += (size_t)snprintf(text + len, 64, "service \"s%d\" { needs = {\"komponent %d\"} }\n", i, i);
	ok(!config_load_bare("x.conf", text, len, &m), "five thousand unknown names");
	is_int(m.count + m.more, WRONG, "... each counted");
	ok(strstr(m.line[0], "near") && cpu_s() - begin < 60, "... the first with the nearest");
	mistakes_release(&m);
	free(text);
}

/* ---- fault trees ------------------------------------------------------------------------------------------------- */

static int is_conf(const struct dirent *e)
{
	return strlen(e->d_name) > 5 && strcmp(e->d_name + strlen(e->d_name) - 5, ".conf") == 0;
}

/* What groups need while calendars hold. */
static void test_demand(void)
{
	static const char form[] = "component \"a\" { capacity = 400 }\ncomponent \"b\" { capacity = 800 }\ncomponent \"c\" { capacity = 400 }\n"
		"calendar \"night\" { on = {\"every day\"}  time = {\"22:00-06:00\"}  zone = \"Europe/Berlin\" }\n"
		"calendar \"quarter end\" { on = {\"last working day of every quarter\", \"2026-12-28 .. 2026-12-30\"}\n"
		"	except = {\"2026-12-29\"}  holidays = {\"1 jan\"}  ical = {\"%s/days.ics\"} }\n"
		"group \"g\" { need = 2  full = 3  need-capacity = 800  members = {\"a\", \"b\", \"c\"}\n"
		"	during \"night\" { need = 1 }\n	during \"quarter end\" { need = 3  need-capacity = 1600 } }\n"
		"group \"h\" { need = 2  need-capacity = 1000  capacity = 300  members = {\"a\", \"b\", \"c\"}  during \"night\" { need = 1 } }\n"
		"group \"i\" { need = 1  need-capacity = 500  capacity = 300  members = {\"g\", \"h\"} }\nrisk { ahead = 30d }\n";
	const struct cfg_group *g;
	char text[1200];
	struct config *c;
	struct demand d;

	write_file("days.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270131\nEND:VEVENT\nEND:VCALENDAR\n", 0644);
	snprintf(text, sizeof(text), form, folder);
	c = load(text);
	ok(c && c->calendar_count == 2 && c->group_count == 3 && c->ahead.us == 30 * INT64_C(86400000000), "calendars and demands are read");
	if (!c)
		return;
	g = &c->group[0];
	d = config_demand(g, 0);
	ok(d.need == 2 && d.full == 3 && d.capacity == 800, "without a calendar a group needs what it says");
	d = config_demand(g, 1);
	ok(d.need == 1 && d.full == 3 && d.capacity == 800, "with one what that says, the rest as before");
	d = config_demand(g, 3);
	ok(d.need == 3 && d.full == 3 && d.capacity == 1600, "with two the most");
	d = config_demand(&c->group[1], 1);
	ok(d.need == 1 && d.full == 1, "full follows need where it was not given");
	ok(config_capacity(c, g, &g->member[1]) == 800 && config_capacity(c, &c->group[2], &c->group[2].member[0]) == 300,
	   "a member carries what it says, else what the group says");
	ok(calendar_holds(c->calendar[1].calendar, (struct wall){ INT64_C(1801396800000000) }), "an iCalendar file beside the configuration");
	round_trip(c, "calendars and demands are printed and read the same");
	config_unref(c);
}

static void test_fault_trees(void)
{
	const char *shared = getenv("FOREWARN_SHARED");
	char path[512], trees[256];
	struct dirent **entry = NULL;
	int n, good = 0;

	snprintf(trees, sizeof(trees), "%s/faulttrees", shared ? shared : "../shared");
	n = scandir(trees, &entry, is_conf, alphasort);
	if (n < 0 && !shared) {
		snprintf(trees, sizeof(trees), "../../shared/faulttrees");	/* from t/ */
		n = scandir(trees, &entry, is_conf, alphasort);
	}
	if (n <= 0) {
		skip(1, "no fault trees beside the checkout");
		free(entry);
		return;
	}
	for (int i = 0; i < n; i++) {
		struct mistakes m = { 0 };
		struct config *c;

		snprintf(path, sizeof(path), "%s/%s", trees, entry[i]->d_name);
		c = config_load(path, NULL, &m);
		say(&m);
		good += c && c->service_count == 1 && c->component_count > 10 && c->group_count > 10;
		config_unref(c);
		mistakes_release(&m);
		free(entry[i]);
	}
	free(entry);
	is_int(good, n, "industrial fault trees are configurations");
}

int main(void)
{
	char command[64];

	plan(8 + 40 + 10 + 6 + 4 + 1 + 3 + 1 + 1);
	if (!mkdtemp(folder))
		note("cannot make a folder");
	test_example();
	test_fingerprint();
	test_odd_texts();
	test_large();
	test_deep();
	test_many_unknown();
	test_demand();
	test_fault_trees();
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	is_int(system(command), 0, "cleaned up");
	return done();
}
