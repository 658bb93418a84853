/* The alert book: who is a cause, how bad it is, what is told, and in which words. */
#include <stdlib.h>

#include "poller/noc/noc.h"
#include "tap.h"

enum { N = ANSWER_NO, Y = ANSWER_YES };

static const char text[] =
	"state = \"/tmp/none\"\n"
	"device \"sw1\" { address = \"192.0.2.1\" }\n"
	"device \"s1\" { address = \"192.0.2.2\" }\ndevice \"s2\" { address = \"192.0.2.3\" }\n"
	"device \"app1\" { address = \"192.0.2.4\" }\ndevice \"app2\" { address = \"192.0.2.5\" }\n"
	"device \"app3\" { address = \"192.0.2.6\"\n    check \"login\" { command = \"true\" } }\n"
	"device \"behind\" { address = \"192.0.2.7\"  parents = {\"sw1\"} }\n"
	"device \"lone\" { address = \"192.0.2.8\" }\n"
	"component \"feed\" { }\ncomponent \"r1\" { }\ncomponent \"r2\" { }\ncomponent \"r3\" { }\ncomponent \"r4\" { }\n"
	"component \"m1\" { }\ncomponent \"m2\" { }\n"
	"group \"app servers\" { need = 2  full = 2  members = {\"app[1-3]\"} }\n"
	"group \"switches\" { need = 1  members = {\"s1\", \"s2\"} }\n"
	"group \"relays\" { need = 1  members = {\"r1\", \"r2\", \"r3\", \"r4\"} }\n"
	"group \"mains\" { need = 1  members = {\"m1\", \"m2\"} }\n"
	"service \"orders\" { tier = 1  needs = {\"app servers\"} }\n"
	"service \"lan\" { needs = {\"switches\"} }\n"
	"service \"mail\" { needs = {\"relays\", \"mains\"} }\n"
	"service \"branch\" { needs = {\"behind\"} }\n"
	"service \"uplink\" { needs = {\"lone/interface/wan\"} }\n";

static const char redundant[] =
	"table \"power-supply\" {\n  entry = \"1.3.6.1.4.1.9.9.13.1.5.1\"\n  counts = redundant\n  watch = always\n"
	"  name = { \"descr\" }\n"
	"  column \"descr\" { oid = \"1.3.6.1.4.1.9.9.13.1.5.1.2\"  as = string }\n"
	"  column \"supplyState\" { oid = \"1.3.6.1.4.1.9.9.13.1.5.1.3\"  as = integer }\n"
	"  state \"supplyState\" { up = {1}  degraded = {2}  down = {3, 5, 6} }\n}\n";

static const char *const devices[] = { "sw1", "s1", "s2", "app1", "app2", "app3", "behind", "lone" };
enum { DEVICES = sizeof(devices) / sizeof(*devices) };
static const char *const supplies[] = { "s1/power-supply/A", "s1/power-supply/B", "s2/power-supply/A", "s2/power-supply/B" };

struct world { struct model *m; struct alert_book *b; int64_t t; };

/* What one judging told. */
enum { TOLD_MOST = 256 };
struct told { unsigned count, raises, changes, clears; struct alert first; char keys[TOLD_MOST][MODEL_NAME_MAX]; };

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

static struct config *load(void)
{
	struct mistakes wrong = { 0 };
	struct config *c = config_load_text("test.conf", text, sizeof(text) - 1, &wrong);

	if (c) {
		mib_free(c->mib);
		c->mib = mib_load_text("ps.conf", redundant, sizeof(redundant) - 1, &wrong);
	}
	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	if (!c || !c->mib) {
		printf("Bail out! the test's own configuration is wrong\n");
		exit(1);
	}
	mistakes_release(&wrong);
	return c;
}

static struct world world_new(void)
{
	struct config *c = load();
	struct err err = { "" };
	struct world w = { .m = model_new(c, &err), .b = alert_book_new(1) };

	config_unref(c);
	for (int i = 0; i < 4; i++)
		model_part_add(w.m, supplies[i]);
	model_rebuild(w.m, &err);
	return w;
}

static void world_free(struct world *w)
{
	alert_book_free(w->b);
	model_free(w->m);
}

static void fact(struct world *w, const char *device, int icmp, int snmp)
{
	model_device_fact(w->m, model_find(w->m, device)->index, (struct device_fact){ .icmp = (uint8_t)icmp, .snmp = (uint8_t)snmp },
			  at(w->t));
}

static void level(struct world *w, const char *name, enum state s, const char *reason)
{
	model_set(w->m, &(struct level){ .name = name, .state = s, .reason = reason, .at = at(w->t) });
}

static void hear(void *owner, const struct alert *a)
{
	struct told *t = owner;

	if (t->count == 0)
		t->first = *a;
	if (t->count < TOLD_MOST)
		snprintf(t->keys[t->count], sizeof(t->keys[0]), "%s", a->key);
	t->count++;
	t->raises += a->transition == TRANSITION_RAISE;
	t->changes += a->transition == TRANSITION_CHANGE;
	t->clears += a->transition == TRANSITION_CLEAR;
}

static struct told *judge(struct world *w)
{
	static struct told t;

	memset(&t, 0, sizeof(t));
	w->t++;
	alert_book_judge(w->b, w->m, at(w->t), hear, &t);
	return &t;
}

static void all_up(struct world *w)
{
	for (int i = 0; i < DEVICES; i++)
		fact(w, devices[i], Y, Y);
	for (int i = 0; i < 4; i++)
		level(w, supplies[i], STATE_UP, "");
	level(w, "app3/check/login", STATE_UP, "");
	level(w, "lone/interface/wan", STATE_UP, "");
	level(w, "sw1/interface/x", STATE_UP, "");
}

static struct world well(void)
{
	struct world w = world_new();

	all_up(&w);
	judge(&w);
	return w;
}

/* ---- the story of the demo ------------------------------------------------------------------------------------------- */

static void test_story(void)
{
	struct world w = well();
	struct told *t = judge(&w);
	char line[512];

	is_int(t->count, 0, "all is well: nothing is told");
	fact(&w, "app2", N, N);
	t = judge(&w);
	is_int(t->raises, 1, "an app server dies: one alert");
	is_str(t->first.key, "app2", "... about it");
	is_int(t->first.severity, SEVERITY_MAJOR, "... major: one more ends what was built to survive it");
	is_int(t->first.kind, ALERT_RISK, "... a risk");
	is_str(t->first.cause, "app2 down: no SNMP, no ICMP", "... the cause in words");
	is_str(touched_words(&t->first.touched[0], line, sizeof(line)), "orders: up, can lose 0 (was 1)",
	   "... what it touches");
	is_str(t->first.first_do, "repair app2: then orders can lose 1 again; leave app1 and app3 alone",
	       "... what to do first, and what to leave alone");
	is_int(t->first.points_count, 2, "... the live single points");
	is_str(t->first.next, "app1 or app3 alone", "... in words, what would end it next");
	is_str(t->first.left, "app servers 2 of 3, 2 needed", "... and what is left");
	is_str(alert_subject(&t->first, line, sizeof(line)), "[AT RISK] app2 down: orders can lose no more (#1)",
	   "... in one line");
	is_int(judge(&w)->count, 0, "nothing new: nothing is told again");

	level(&w, "s1/power-supply/B", STATE_DOWN, "supplyState failed");
	t = judge(&w);
	is_int(t->raises, 1, "one of two supplies in one of two switches: an alert, though the distance stays");
	is_int(t->first.severity, SEVERITY_MINOR, "... minor: more than one failure is left");
	is_str(touched_words(&t->first.touched[0], line, sizeof(line)), "lan: up, can lose 1",
	   "... can still lose as much as before");
	is_str(alert_subject(&t->first, line, sizeof(line)), "[AT RISK] s1 power-supply B failed: lan can still lose 1 (#2)",
	       "... in one line");
	is_str(t->first.left, "s1 power-supply 1 of 2, 1 needed", "... what is left");
	is_str(t->first.next, "s1 power-supply A + s2 or s1 + s2", "... the smallest sets that would end it");
	is_str(t->first.first_do, "repair s1 power-supply B", "... and nothing to be left alone");

	fact(&w, "app1", N, N);
	t = judge(&w);
	ok(t->raises == 1 && t->changes == 1, "the second one dies: its own alert, and the first one changes");
	is_int(t->first.severity, SEVERITY_CRITICAL, "... critical: the service is down");
	is_int(t->first.kind, ALERT_QUALITY, "... a matter of quality");
	is_str(alert_subject(&t->first, line, sizeof(line)), "[DOWN] app2 down: orders is down (#1)",
	   "... in one line");
	is_str(touched_words(&t->first.touched[0], line, sizeof(line)), "orders: down (was 0)",
	   "... what was told last is 'before'");
	is_u64(t->first.sequence, 2, "... in sequence");
	for (size_t i = 0; i < alert_book_count(w.b); i++)
		if (strcmp(alert_book_at(w.b, i)->key, "app1") == 0)
			is_str(touched_words(&alert_book_at(w.b, i)->touched[0], line, sizeof(line)), "orders: down (was 0)",
			       "... and for the new one 'before' is what the first had left");
	is_int(alert_book_count(w.b), 3, "three are open");
	is_str(alert_book_at(w.b, 2)->key, "s1/power-supply/B", "... the worst first");

	all_up(&w);
	t = judge(&w);
	ok(t->clears == 3 && t->count == 3, "all heals: all three are cleared");
	ok(t->first.severity == SEVERITY_CLEARED && t->first.cleared.us == at(w.t).us, "... now");
	is_str(t->first.cause, "app2 is up", "... with the reason");
	is_str(touched_words(&t->first.touched[0], line, sizeof(line)), "orders: up, can lose 1 (was down)",
	   "... and what is back");
	is_int(alert_book_count(w.b), 0, "none is open");
	world_free(&w);
}

/* One of four relays beside two mains: three could still fail, and yet something is missing. */
static void test_wide_group(void)
{
	struct world w = well();
	struct told *t;

	level(&w, "r3", STATE_DOWN, "");
	t = judge(&w);
	ok(t->raises == 1 && t->first.severity == SEVERITY_MINOR, "one of four relays fails: an alert");
	is_int(t->first.touched[0].lose_now, 1, "... the distance does not move: the mains decide it");
	is_int(t->first.touched[0].lose_before, 1, "... and did before");
	level(&w, "m1", STATE_DOWN, "");
	t = judge(&w);
	ok(t->raises == 1 && t->changes == 1, "then one of the mains: both are told");
	is_str(t->first.points[0], "m2", "... and the one that is left is named");
	is_str(t->first.next, "m2 alone", "... as what ends it next");
	level(&w, "r4", STATE_DOWN, "");
	t = judge(&w);
	ok(t->raises == 1 && strcmp(t->first.left, "relays 2 of 4, 1 needed; mains 1 of 2, 1 needed") == 0, "another relay: what is left of all");
	for (size_t i = 0; i < alert_book_count(w.b); i++)
		if (strcmp(alert_book_at(w.b, i)->key, "r3") == 0)
			is_str(alert_book_at(w.b, i)->left, t->first.left, "... shown of the other alerts as well, though not told again");
	world_free(&w);
}

/* ---- who is a cause -------------------------------------------------------------------------------------------------- */

/* What a service was before an alert is what the judging before left, however long ago another cause took it there. */
static void test_before(void)
{
	struct world w = well();
	struct told *t;

	level(&w, "m1", STATE_DOWN, "");
	t = judge(&w);
	ok(t->raises == 1 && t->first.touched[0].lose_before == 1 && t->first.touched[0].lose_now == 0, "one of two mains: was 1, now 0");
	level(&w, "lone/interface/wan", STATE_DOWN, "");
	judge(&w);
	level(&w, "lone/interface/wan", STATE_UP, "");
	judge(&w);
	level(&w, "r1", STATE_DOWN, "");
	t = judge(&w);
	ok(t->raises == 1 && t->first.touched[0].lose_before == 0 && t->first.touched[0].lose_now == 0,
	   "a relay after that takes nothing more, though others were judged in between");
	world_free(&w);
}

static void test_behind(void)
{
	struct world w = well();
	struct told *t;

	fact(&w, "behind", N, N);
	t = judge(&w);
	is_int(t->raises, 1, "a device falls silent, its parent answers still");
	fact(&w, "sw1", N, N);
	t = judge(&w);
	ok(t->raises == 1 && t->clears == 1, "then its parent: that one is the cause, the other alert goes");
	is_str(t->first.key, "sw1", "... the cause is the parent");
	is_str(t->first.cause, "sw1 down: no SNMP, no ICMP; and 1 device behind it", "... and says what is behind it");
	is_str(t->first.touched[0].service, "branch", "... and touches the services of what is behind it");
	is_int(t->first.touched[0].quality_now, STATE_UNKNOWN, "... of which nothing is known");
	fact(&w, "sw1", Y, Y);
	t = judge(&w);
	ok(t->clears == 1 && t->raises == 1 && strcmp(t->keys[0], "behind") == 0,
	   "the parent is back, the other is not: its own alert");
	fact(&w, "behind", Y, Y);
	is_int(judge(&w)->clears, 1, "all is back");
	world_free(&w);
}

static void test_device_and_parts(void)
{
	struct world w = well();
	struct told *t;

	level(&w, "app3/check/login", STATE_DOWN, "CRITICAL - 5012 ms");
	t = judge(&w);
	is_str(t->first.cause, "app3 check login down: CRITICAL - 5012 ms", "a check fails: it is the cause");
	level(&w, "app3/check/login", STATE_DOWN, "CRITICAL - 5040 ms");
	is_int(judge(&w)->count, 0, "other numbers alone are not told");
	is_str(alert_book_at(w.b, 0)->cause, "app3 check login down: CRITICAL - 5040 ms", "... but shown");
	level(&w, "app3/check/login", STATE_DOWN, "CRITICAL - refused");
	is_int(judge(&w)->changes, 1, "other words are");
	fact(&w, "app3", N, N);
	t = judge(&w);
	ok(t->raises == 1 && t->clears == 1, "its device is down: the device is the cause");
	is_str(t->keys[1], "app3/check/login", "... and the check's alert goes");
	level(&w, "s1/power-supply/A", STATE_DOWN, "failed");
	judge(&w);
	fact(&w, "s1", Y, N);
	t = judge(&w);
	ok(t->raises == 1 && t->clears == 0, "a silent agent: one alert for all its components");
	is_str(t->first.cause, "s1: its SNMP agent does not answer; 2 components are unknown", "... in words");
	is_int(t->first.severity, SEVERITY_WARNING, "... a warning");
	is_int(alert_book_count(w.b), 3, "... and what was broken stays open: nobody has seen it repaired");
	fact(&w, "s1", Y, Y);
	level(&w, "s1/power-supply/A", STATE_DOWN, "failed");
	level(&w, "s1/power-supply/B", STATE_UP, "");
	t = judge(&w);
	ok(t->clears == 1 && strcmp(t->keys[t->count - 1], "s1") == 0, "the agent is back: only that is cleared");
	fact(&w, "app1", Y, N);
	t = judge(&w);
	ok(t->raises == 1 && strcmp(t->keys[0], "app1") == 0, "the agent of a device without components falls silent: that is told");
	is_str(t->first.cause, "app1: its SNMP agent does not answer; it is there (ICMP), and nothing of it is measured", "... in words");
	is_int(t->first.severity, SEVERITY_WARNING, "... a warning");
	fact(&w, "app1", Y, Y);
	is_int(judge(&w)->clears, 1, "... and cleared");
	world_free(&w);
}

static void test_alone(void)
{
	struct world w = well();
	struct told *t;

	level(&w, "sw1/interface/x", STATE_DOWN, "");
	t = judge(&w);
	ok(t->raises == 1 && t->first.kind == ALERT_COMPONENT, "what no service stands on is about the component");
	is_int(t->first.severity, SEVERITY_WARNING, "... a warning");
	is_str(t->first.first_do, "repair sw1 x; no service stands on it", "... and says so");
	model_set(w.m, &(struct level){ .name = "sw1/interface/x", .state = STATE_DOWN, .admin = true, .reason = "admin", .at = at(9) });
	t = judge(&w);
	ok(t->count == 1 && t->clears == 1, "switched off on purpose: alerts nobody");
	model_set(w.m, &(struct level){ .name = "lone/interface/wan", .state = STATE_DOWN, .admin = true, .reason = "admin", .at = at(9) });
	t = judge(&w);
	ok(t->raises == 1 && t->first.severity == SEVERITY_CRITICAL, "... but does when a service stands on it");
	is_str(t->first.cause, "lone wan switched off (admin)", "... with the reason");
	is_str(t->first.first_do, "switch on lone wan: then uplink works again", "... and the way back");
	level(&w, "lone/interface/wan", STATE_DEGRADED, "half duplex");
	t = judge(&w);
	ok(t->changes == 1 && t->first.severity == SEVERITY_MAJOR && t->first.state == STATE_DEGRADED,
	   "degraded: major");
	level(&w, "lone/interface/wan", STATE_UNKNOWN, "value 9");
	t = judge(&w);
	ok(t->changes == 1 && t->first.severity == SEVERITY_WARNING, "unknown: a warning");
	world_free(&w);
}

/* What was set down by hand is no fault of a poller that sees nothing. */
static void test_blind_and_set(void)
{
	struct world w = well();
	char line[256];
	struct told *t;

	level(&w, "m1", STATE_DOWN, "");
	level(&w, "m2", STATE_DOWN, "");
	is_int(judge(&w)->raises, 2, "a service is set down by hand");
	for (int i = 0; i < DEVICES; i++)
		fact(&w, devices[i], N, N);
	t = judge(&w);
	ok(t->raises == 1 && t->first.kind == ALERT_RISK, "then the poller is blind: no matter of quality, for nobody knows");
	is_str(alert_subject(&t->first, line, sizeof(line)), "[UNKNOWN] the poller is blind: branch, uplink, orders and 1 more are unknown (#3)",
	       "... its subject leaves out what it is not to blame for");
	for (uint32_t i = 0; i < t->first.touched_count; i++)
		if (strcmp(t->first.touched[i].service, "mail") == 0)
			is_str(touched_words(&t->first.touched[i], line, sizeof(line)), "mail: down, due to others", "... and so does its line");
	world_free(&w);
}

static void test_blind(void)
{
	struct world w = well();
	char line[256];
	struct told *t;

	fact(&w, "app2", N, N);
	judge(&w);
	for (int i = 0; i < DEVICES; i++)
		fact(&w, devices[i], N, N);
	t = judge(&w);
	ok(t->count == 1 && strcmp(t->first.key, "forewarn/poller") == 0, "all silent: one alert, about the poller");
	is_int(t->first.severity, SEVERITY_WARNING, "... a warning: nobody knows of any harm");
	is_str(t->first.first_do, "look at the poller's own network connection", "... and where to look");
	is_int(t->first.touched_count, 5, "... touching every service");
	is_str(alert_subject(&t->first, line, sizeof(line)), "[UNKNOWN] the poller is blind: branch, uplink, orders and 1 more are unknown (#2)",
	       "... in one line");
	is_int(alert_book_count(w.b), 2, "what was open stays open");
	all_up(&w);
	t = judge(&w);
	is_int(t->clears, 2, "all answer: both are cleared");
	model_device_unknown(w.m, model_find(w.m, "app1")->index, "worker 1 is gone", at(w.t));
	model_device_unknown(w.m, model_find(w.m, "lone")->index, "worker 1 is gone", at(w.t));
	t = judge(&w);
	is_int(t->count, 1, "nobody polls two devices: one alert");
	ok(strstr(t->first.cause, "2 devices are not polled") && strstr(t->first.cause, "worker 1 is gone"),
	   "... in words");
	world_free(&w);
}

/* ---- over a restart -------------------------------------------------------------------------------------------------- */

static void test_restart(void)
{
	struct world w = well(), v;
	struct told *t;
	size_t open;

	fact(&w, "app2", N, N);
	level(&w, "s1/power-supply/B", STATE_DOWN, "failed");
	judge(&w);
	v = world_new();
	open = alert_book_count(w.b);
	for (size_t i = 0; i < open; i++)
		alert_book_restore(v.b, alert_book_at(w.b, i));
	is_int(alert_book_count(v.b), 2, "open alerts come back");
	is_int(judge(&v)->count, 0, "nothing has been polled: nothing is told");
	fact(&v, "app1", Y, Y);
	fact(&v, "s1", Y, Y);
	is_int(judge(&v)->count, 0, "nor while some are still missing");
	all_up(&v);
	fact(&v, "app2", N, N);
	level(&v, "s1/power-supply/B", STATE_DOWN, "failed");
	is_int(judge(&v)->count, 0, "all is as it was: nothing is told");
	fact(&v, "app3", N, N);
	t = judge(&v);
	ok(t->raises == 1 && t->changes == 1, "a new failure is");
	ok(alert_book_at(v.b, 1)->number == 3 || alert_book_at(v.b, 0)->number == 3,
	   "... under a number never used before");
	all_up(&v);
	is_int(judge(&v)->clears, 3, "and all heals");
	world_free(&w);
	world_free(&v);
}

/* Who is seen again is not told better of than before, while others that matter have not been seen. */
static void test_half_seen(void)
{
	struct world w = well(), v;
	struct told *t;

	fact(&w, "app2", N, N);
	judge(&w);
	level(&w, "app3/check/login", STATE_DEGRADED, "slow");
	judge(&w);
	v = world_new();
	for (size_t i = 0; i < alert_book_count(w.b); i++)
		alert_book_restore(v.b, alert_book_at(w.b, i));
	fact(&v, "app1", Y, Y);
	fact(&v, "app3", Y, Y);
	level(&v, "app3/check/login", STATE_DEGRADED, "slow");
	is_int(judge(&v)->count, 0, "one cause is seen as before, the other not yet: what was told stands");
	fact(&v, "app2", Y, Y);
	t = judge(&v);
	ok(t->clears == 1 && t->changes == 1 && t->first.touched[0].lose_now == 1, "the other is up: now it is better");
	world_free(&w);
	world_free(&v);
}

/* ---- whatever happens ------------------------------------------------------------------------------------------------- */

struct heard { char key[MODEL_NAME_MAX]; uint64_t number, sequence; bool open; };
struct witness { struct heard seen[64]; unsigned count; uint64_t highest; unsigned wrong; };

static struct heard *heard_of(struct witness *w, const char *key)
{
	for (unsigned i = 0; i < w->count; i++)
		if (strcmp(w->seen[i].key, key) == 0)
			return &w->seen[i];
	snprintf(w->seen[w->count].key, sizeof(w->seen[0].key), "%s", key);
	return &w->seen[w->count++];
}

/* Raised when not open, changed and cleared when open, numbers and sequences only go up. */
static void witness(void *owner, const struct alert *a)
{
	struct witness *w = owner;
	struct heard *s = heard_of(w, a->key);

	if (a->transition == TRANSITION_RAISE) {
		w->wrong += s->open || a->number <= w->highest || a->sequence != 1 || a->severity == SEVERITY_CLEARED;
		w->highest = a->number;
	} else {
		w->wrong += !s->open || a->number != s->number || a->sequence != s->sequence + 1;
	}
	w->wrong += (a->transition == TRANSITION_CLEAR) != (a->severity == SEVERITY_CLEARED);
	w->wrong += (a->transition == TRANSITION_CLEAR) != (a->cleared.us != 0);
	s->open = a->transition != TRANSITION_CLEAR;
	s->number = a->number;
	s->sequence = a->sequence;
}

static uint32_t random_next(uint32_t *r) { return *r = *r * 1664525u + 1013904223u, *r >> 8; }

static void random_step(struct world *w, uint32_t *r)
{
	static const char *const others[] = { "feed", "r1", "r2", "r3", "r4", "m1", "m2", "app3/check/login",
		"lone/interface/wan", "sw1/interface/x", "s1/power-supply/A", "s1/power-supply/B", "s2/power-supply/A" };
	uint32_t n = random_next(r) % 40;

	if (n < 20) {
		fact(w, devices[random_next(r) % DEVICES], (int)(random_next(r) % 2 + 1), (int)(random_next(r) % 3));
	} else if (n < 38) {
		level(w, others[random_next(r) % 13], (enum state)(random_next(r) % STATES), "for some reason");
	} else {
		model_device_unknown(w->m, random_next(r) % DEVICES, "gone", at(w->t));
	}
}

/* Is every service that is down or at risk in some open alert, with the values it has now? */
static bool all_told(struct world *w)
{
	for (uint32_t i = 0; i < model_config(w->m)->service_count; i++) {
		const char *name = model_config(w->m)->service[i].name;
		struct verdict v = graph_verdict(model_graph(w->m), model_find(w->m, name)->node);
		bool found = false;

		if (model_blind(w->m) || (v.quality != STATE_DOWN && v.quality != STATE_DEGRADED && !v.at_risk))
			continue;
		for (size_t j = 0; j < alert_book_count(w->b) && !found; j++) {
			const struct alert *a = alert_book_at(w->b, j);

			for (uint32_t k = 0; k < a->touched_count; k++)
				found |= strcmp(a->touched[k].service, name) == 0 && a->touched[k].quality_now == v.quality &&
					 a->touched[k].lose_now == verdict_can_lose(&v);
		}
		if (!found)
			return false;
	}
	return true;
}

static void test_random(void)
{
	unsigned left = 0, untold = 0, repeated = 0, wrong = 0;

	for (uint32_t seed = 1; seed <= 40; seed++) {
		struct world w = well();
		struct witness see = { 0 };
		uint32_t r = seed * 2654435761u;

		for (int i = 0; i < 150; i++) {
			random_step(&w, &r);
			alert_book_judge(w.b, w.m, at(++w.t), witness, &see);
			untold += !all_told(&w);
			repeated += judge(&w)->count != 0;
		}
		all_up(&w);
		for (int i = 0; i < 7; i++)
			level(&w, (const char *const[]){ "feed", "r1", "r2", "r3", "r4", "m1", "m2" }[i], STATE_UP, "");
		alert_book_judge(w.b, w.m, at(++w.t), witness, &see);
		left += (unsigned)alert_book_count(w.b);
		wrong += see.wrong;
		world_free(&w);
	}
	is_int(wrong, 0, "6,000 random steps: raise, change and clear in order, numbers and sequences rise");
	is_int(untold, 0, "... every service that is not well is told of, as it is");
	is_int(repeated, 0, "... judging again tells nothing");
	is_int(left, 0, "... and when all is up, none is open");
}

int main(void)
{
	plan(102);
	test_story();
	test_wide_group();
	test_before();
	test_behind();
	test_device_and_parts();
	test_alone();
	test_blind();
	test_blind_and_set();
	test_restart();
	test_half_seen();
	test_random();
	return done();
}
