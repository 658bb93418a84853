/* The model: what a silent device is, what follows for its parts, and what changed. */
#include <stdlib.h>

#include "poller/model.h"
#include "tap.h"

enum { N = ANSWER_NO, Y = ANSWER_YES, X = ANSWER_NOT_ASKED };

/* sw1 and sw2 carry app1 and app2; core alone carries sw1 and sw2. r1 and r2 are parents of each other. */
static const char text[] =
	"state = \"/tmp/none\"\n"
	"device \"core\" { address = \"192.0.2.1\" }\n"
	"device \"sw1\" { address = \"192.0.2.2\"  parents = {\"core\"} }\n"
	"device \"sw2\" { address = \"192.0.2.3\"  parents = {\"core\"} }\n"
	"device \"app1\" { address = \"192.0.2.4\"  parents = {\"sw1\", \"sw2\"}  needs = {\"feed A\"}\n"
	"    check \"login\" { command = \"true\" } }\n"
	"device \"app2\" { address = \"192.0.2.5\"  parents = {\"sw1\", \"sw2\"}\n"
	"    check \"free\" { command = \"true\"  counts = false } }\n"
	"device \"quiet\" { address = \"192.0.2.6\"  ping = false\n    check \"page\" { command = \"true\" } }\n"
	"check \"crm\" { command = \"true\"  needs = {\"internet\"} }\n"
	"component \"feed A\" { unavailability = 0.01 }\n"
	"component \"internet\" { }\n"
	"group \"apps\" { need = 1  full = 2  members = {\"app1\", \"app2\"} }\n"
	"service \"shop\" { needs = {\"apps\"} }\n"
	"service \"office\" { needs = {\"crm\", \"core/interface/wan | sw1/interface/wan\"} }\n";

static struct config *load(const char *more)
{
	struct mistakes wrong = { 0 };
	char all[8192];
	struct config *c;

	snprintf(all, sizeof(all), "%s%s", text, more);
	c = config_load_text("test.conf", all, strlen(all), &wrong);
	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	mistakes_release(&wrong);
	return c;
}

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

static struct model *fresh(void)
{
	struct err err = { "" };
	struct config *c = load("");
	struct model *m = c ? model_new(c, &err) : NULL;

	if (!m) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	config_unref(c);
	return m;
}

static uint32_t dev(struct model *m, const char *name) { return model_find(m, name)->index; }

static bool fact(struct model *m, const char *device, int icmp, int snmp, int64_t t)
{
	return model_device_fact(m, dev(m, device), (struct device_fact){ .icmp = (uint8_t)icmp, .snmp = (uint8_t)snmp }, at(t));
}

static bool level(struct model *m, const char *name, enum state s, const char *reason, int64_t t)
{
	return model_set(m, &(struct level){ .name = name, .state = s, .reason = reason, .at = at(t) });
}

static enum state own(struct model *m, const char *name) { return model_find(m, name)->state; }
static const char *why(struct model *m, const char *name) { return model_find(m, name)->reason; }

static struct verdict verdict(struct model *m, const char *name)
{
	return graph_verdict(model_graph(m), model_find(m, name)->node);
}

static void all_answer(struct model *m, int64_t t)
{
	static const char *const devices[] = { "core", "sw1", "sw2", "app1", "app2" };

	for (unsigned i = 0; i < 5; i++)
		fact(m, devices[i], Y, Y, t);
	level(m, "app1/check/login", STATE_UP, "", t);
	level(m, "app2/check/free", STATE_UP, "", t);
	level(m, "quiet/check/page", STATE_UP, "", t);
	level(m, "crm", STATE_UP, "", t);
	level(m, "core/interface/wan", STATE_UP, "", t);
	level(m, "sw1/interface/wan", STATE_UP, "", t);
}

struct heard { unsigned states, verdicts; char last[64], service[64]; enum state before; bool first; };

static void hear(void *owner, const struct entity_change *c)
{
	struct heard *h = owner;

	h->states += c->state_changed;
	h->verdicts += c->verdict_changed;
	if (c->state_changed) {
		snprintf(h->last, sizeof(h->last), "%s", c->entity->name);
		h->before = c->state_before;
		h->first = c->first;
	} else {
		snprintf(h->service, sizeof(h->service), "%s", c->entity->name);
	}
}

static struct heard changes(struct model *m)
{
	struct heard h = { 0 };

	model_changes(m, hear, &h);
	return h;
}

static void test_table(void)
{
	struct model *m = fresh();

	is_int(own(m, "sw1"), STATE_UNKNOWN, "a device begins unknown");
	is_str(why(m, "sw1"), "not polled yet", "... and says why");
	is_int(own(m, "feed A"), STATE_UP, "a hand-set component begins up");
	is_int(own(m, "quiet"), STATE_UP, "a device that is never asked is known by its check");
	all_answer(m, 0);
	is_int(own(m, "sw1"), STATE_UP, "answers both: up");
	fact(m, "sw1", Y, N, 10);
	is_int(own(m, "sw1"), STATE_UP, "answers ICMP, silent in SNMP: up");
	is_int(own(m, "sw1/interface/wan"), STATE_UNKNOWN, "... its components are unknown");
	is_str(why(m, "sw1/interface/wan"), "agent", "... reason agent");
	fact(m, "sw1", Y, Y, 20);
	is_int(own(m, "sw1/interface/wan"), STATE_UNKNOWN, "... until a level comes in");
	level(m, "sw1/interface/wan", STATE_UP, "", 21);
	is_int(own(m, "sw1/interface/wan"), STATE_UP, "... and then known again");
	fact(m, "sw1", N, Y, 30);
	is_int(own(m, "sw1"), STATE_UP, "silent in ICMP, answers SNMP: up");
	fact(m, "sw1", N, X, 40);
	is_int(own(m, "sw1"), STATE_DOWN, "silent in ICMP, SNMP not asked: down");
	is_str(why(m, "sw1"), "no ICMP", "... and says what is silent");
	is_str(why(m, "sw1/interface/wan"), "device is down", "components of a device that is down are unknown");
	fact(m, "sw1", N, N, 50);
	is_str(why(m, "sw1"), "no SNMP, no ICMP", "both silent");
	ok(model_find(m, "sw1")->since.us == at(40).us,
	   "the state has been since it began, not since it was said again");
	model_free(m);
}

static void test_parents(void)
{
	struct model *m = fresh();

	all_answer(m, 0);
	fact(m, "app1", N, N, 10);
	is_int(own(m, "app1"), STATE_DOWN, "parents answer: the silent device is down");
	fact(m, "sw1", N, N, 11);
	is_int(own(m, "app1"), STATE_DOWN, "one of two parents answers: still down");
	fact(m, "sw2", N, N, 12);
	is_int(own(m, "app1"), STATE_UNKNOWN, "all parents silent: unknown");
	is_str(why(m, "app1"), "parents sw1, sw2 are down", "... with the cause named");
	is_str(model_blamed(m, model_find(m, "app1"))->name, "sw1", "... and somebody to blame");
	is_int(own(m, "sw1"), STATE_DOWN, "the parents have one that answers: down");
	is_int(own(m, "app1/check/login"), STATE_UNKNOWN, "a check of a device that is cut off says nothing");
	fact(m, "app2", N, N, 13);
	is_int(own(m, "app2"), STATE_UNKNOWN, "the next one behind them is unknown at once");
	fact(m, "core", N, N, 14);
	ok(model_blind(m), "all silent: the poller is blind");
	is_int(own(m, "core"), STATE_UNKNOWN, "... and nobody is blamed");
	is_int(own(m, "crm"), STATE_UNKNOWN, "... not even a check of its own");
	level(m, "crm", STATE_DOWN, "refused", 15);
	is_int(own(m, "crm"), STATE_UNKNOWN, "... whatever it says meanwhile");
	fact(m, "app1", Y, N, 20);
	ok(!model_blind(m), "one answers: no longer blind");
	is_int(own(m, "crm"), STATE_DOWN, "what the check said meanwhile counts now");
	is_int(own(m, "core"), STATE_DOWN, "the root of what is silent is down");
	is_str(why(m, "sw1"), "parent core is down", "... and what is behind it is cut off");
	is_str(why(m, "app2"), "parents sw1, sw2 are cut off by core", "... two steps behind as well");
	is_str(model_blamed(m, model_find(m, "app2"))->name, "core", "... with the one to blame");
	model_free(m);
}

/* Two devices that name each other as parents may not hide an outage from both. The configuration refuses it: made here. */
static void test_ring(void)
{
	static const char ring[] = "state = \"/tmp/none\"\n"
		"device \"r1\" { address = \"192.0.2.1\" }\ndevice \"r2\" { address = \"192.0.2.2\" }\n"
		"device \"far\" { address = \"192.0.2.3\" }\n";
	const struct ref r1 = { .kind = REF_DEVICE, .index = 0, .name = "r1" };
	const struct ref r2 = { .kind = REF_DEVICE, .index = 1, .name = "r2" };
	struct err err = { "" };
	struct mistakes wrong = { 0 };
	struct config *c = config_load_text("ring.conf", ring, sizeof(ring) - 1, &wrong);
	struct model *m;

	c->device[0].parents = &r2;
	c->device[1].parents = &r1;
	c->device[0].parent_count = c->device[1].parent_count = 1;
	m = model_new(c, &err);
	fact(m, "far", Y, Y, 0);
	fact(m, "r1", N, N, 1);
	fact(m, "r2", N, N, 2);
	is_int(own(m, "r1"), STATE_DOWN, "a ring of parents, silent as a whole, is down");
	is_int(own(m, "r2"), STATE_DOWN, "... every one of it");
	model_free(m);
	config_unref(c);
	mistakes_release(&wrong);
}

static void test_graph(void)
{
	struct model *m = fresh();
	struct entity *out[4];

	all_answer(m, 0);
	is_int(verdict(m, "shop").quality, STATE_UP, "all up: the service is up");
	is_int(verdict(m, "shop").distance, 2, "two app servers: two failures until outage");
	level(m, "app1/check/login", STATE_DOWN, "CRITICAL", 1);
	is_int(verdict(m, "shop").distance, 1, "a check that counts takes its device down in the graph");
	is_int(model_composite(m, model_find(m, "app1")), STATE_DOWN, "... and for people");
	level(m, "app1/check/login", STATE_UP, "", 2);
	level(m, "app2/check/free", STATE_DOWN, "CRITICAL", 3);
	is_int(verdict(m, "shop").distance, 2, "one that does not count does not");
	level(m, "app2/check/free", STATE_UP, "", 3);
	level(m, "feed A", STATE_DOWN, "switched off", 4);
	is_int(verdict(m, "shop").distance, 1, "what a device needs counts");
	is_int(model_touched_services(m, model_find(m, "feed A"), out, 4), 1, "it touches one service");
	is_str(out[0]->name, "shop", "... this one");
	level(m, "feed A", STATE_UP, "", 5);
	level(m, "core/interface/wan", STATE_DOWN, "", 6);
	is_int(verdict(m, "office").quality, STATE_UP, "any of two interfaces is enough");
	fact(m, "sw1", N, N, 7);
	is_int(verdict(m, "office").quality, STATE_DOWN, "an interface needs its device");
	ok(level(m, "core/interface/new", STATE_DOWN, "", 8), "a component seen for the first time is taken in");
	is_u64(model_find(m, "core/interface/new")->leaf, NODE_NONE, "... outside the graph");
	ok(!level(m, "nobody/interface/x", STATE_UP, "", 8), "one of an unknown device is not");
	ok(!level(m, "core/interface", STATE_UP, "", 8) && !level(m, "core//x", STATE_UP, "", 8),
	   "nor a name with a piece missing");
	ok(!level(m, "core", STATE_DOWN, "", 8) && own(m, "core") == STATE_UP,
	   "a device's state is not set but judged");
	model_free(m);
}

static void test_changes(void)
{
	struct model *m = fresh();
	struct heard h;

	all_answer(m, 0);
	h = changes(m);
	ok(h.states >= 11 && h.verdicts == 3, "the first time everything is told");
	ok(h.first, "... as the first that is known");
	h = changes(m);
	ok(h.states == 0 && h.verdicts == 0, "nothing changed: nothing is told");
	level(m, "feed A", STATE_DOWN, "off", 5);
	h = changes(m);
	ok(h.states == 1 && strcmp(h.last, "feed A") == 0 && h.before == STATE_UP && !h.first,
	   "a change is told with the state before");
	is_int(h.verdicts, 2, "... and what follows: group and service");
	level(m, "feed A", STATE_UP, "", 6);
	level(m, "feed A", STATE_DOWN, "off", 6);
	h = changes(m);
	is_int(h.states + h.verdicts, 0, "there and back again is no change");
	is_u64(model_find(m, "feed A")->transitions, 3, "... but is counted");
	level(m, "feed A", STATE_DOWN, "off for good", 7);
	is_int(changes(m).states, 0, "another reason alone is no event");
	is_str(why(m, "feed A"), "off for good", "... but is shown");
	model_free(m);
}

static void test_past(void)
{
	struct model *m = fresh();
	struct past down = { STATE_DOWN, at(-500), at(-510), at(-100), FW_OK };
	struct heard h;

	model_restore(m, "app2", &down);
	model_restore(m, "crm", &down);
	is_int(own(m, "app2"), STATE_UNKNOWN, "a state of yesterday is not shown as today's");
	fact(m, "core", Y, Y, 0);
	changes(m);
	fact(m, "app2", N, N, 0);
	ok(model_find(m, "app2")->since.us == at(-500).us, "seen as before: it goes on since then");
	is_int(changes(m).states, 0, "... and is no event");
	level(m, "crm", STATE_UP, "", 3);
	ok(model_find(m, "crm")->since.us == at(3).us && model_find(m, "crm")->since_after.us == at(-100).us,
	   "seen otherwise: it changed between two times");
	h = changes(m);
	ok(h.states == 1 && h.before == STATE_DOWN && !h.first, "... and is told as a change");
	model_free(m);
}

static void test_unpolled(void)
{
	struct model *m = fresh();

	all_answer(m, 0);
	ok(model_device_unknown(m, dev(m, "app1"), "worker 2 is gone", at(9)), "a device that nobody polls changes");
	is_int(own(m, "app1"), STATE_UNKNOWN, "... to unknown");
	ok(model_unpolled(m, model_find(m, "app1")), "... for that reason");
	is_str(why(m, "app1/check/login"), "worker 2 is gone", "... and so do its checks");
	fact(m, "sw1", N, N, 10);
	fact(m, "sw2", N, N, 10);
	is_str(why(m, "app1"), "worker 2 is gone", "its parents do not matter then");
	fact(m, "app1", Y, Y, 11);
	ok(own(m, "app1") == STATE_UP && !model_unpolled(m, model_find(m, "app1")), "polled again");
	is_int(own(m, "app1/check/login"), STATE_UP, "... and the check's word counts again");
	model_free(m);
}

static void test_reload(void)
{
	struct model *m = fresh();
	struct err err = { "" };
	struct config *c;
	size_t before;

	all_answer(m, 0);
	fact(m, "app2", N, N, 1);
	level(m, "feed A", STATE_DEGRADED, "one phase", 2);
	level(m, "core/interface/new", STATE_DOWN, "", 2);
	changes(m);
	before = model_count(m);
	c = load("device \"app3\" { address = \"192.0.2.9\" }\nservice \"extra\" { needs = {\"app3\", \"feed A\"} }\n");
	ok(model_reload(&m, c, &err) == FW_OK, "a new configuration is taken");
	config_unref(c);
	is_int(model_count(m), before + 2, "... with what is new");
	is_int(own(m, "app2"), STATE_DOWN, "states stay");
	ok(model_find(m, "app2")->since.us == at(1).us, "... since when they were");
	is_int(own(m, "core/interface/new"), STATE_DOWN, "... also of what only agents know");
	is_int(own(m, "app3"), STATE_UNKNOWN, "the new device is not polled yet");
	ok(verdict(m, "shop").distance == 1 && verdict(m, "extra").at_risk, "the new graph has the old states");
	is_int(changes(m).states, 0, "no state change is told");
	model_free(m);
}

static struct config *with_power(void)
{
	static const char redundant[] =
		"table \"power-supply\" {\n  entry = \"1.3.6.1.4.1.9.9.13.1.5.1\"\n  counts = redundant\n  watch = always\n"
		"  name = { \"descr\" }\n"
		"  column \"descr\" { oid = \"1.3.6.1.4.1.9.9.13.1.5.1.2\"  as = string }\n"
		"  column \"supplyState\" { oid = \"1.3.6.1.4.1.9.9.13.1.5.1.3\"  as = integer }\n"
		"  state \"supplyState\" { up = {1}  degraded = {2}  down = {3, 5, 6} }\n}\n";
	static const char pair[] =
		"state = \"/tmp/none\"\n"
		"device \"s1\" { address = \"192.0.2.1\" }\ndevice \"s2\" { address = \"192.0.2.2\" }\n"
		"group \"switches\" { need = 1  members = {\"s1\", \"s2\"} }\n"
		"service \"lan\" { needs = {\"switches\"} }\n";
	struct mistakes wrong = { 0 };
	struct config *c = config_load_text("pair.conf", pair, sizeof(pair) - 1, &wrong);

	if (c) {
		mib_free(c->mib);
		c->mib = mib_load_text("ps.conf", redundant, sizeof(redundant) - 1, &wrong);
	}
	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	mistakes_release(&wrong);
	return c;
}

/* One of two power supplies in one of two switches: the distance does not move, but it is a risk. */
static void test_baseline(void)
{
	struct config *c = with_power();
	struct err err = { "" };
	struct model *m = c && c->mib ? model_new(c, &err) : NULL;
	struct verdict v;

	if (!m) {
		ok(false, "the configuration of the pair loads");
		return;
	}
	fact(m, "s1", Y, Y, 0);
	fact(m, "s2", Y, Y, 0);
	ok(model_part_add(m, "s1/power-supply/PS 1") && model_part_add(m, "s1/power-supply/PS 2"),
	   "power supplies enter the graph");
	ok(!model_part_add(m, "s1/power-supply/PS 2"), "... once");
	ok(!model_part_add(m, "s1/interface/x"), "what counts only when named does not");
	ok(!model_part_add(m, "nobody/power-supply/PS 1"), "nor that of a device nobody knows");
	is_int(model_rebuild(m, &err), FW_OK, "built again");
	is_int(verdict(m, "lan").design_distance, 2, "two switches, two failures");
	level(m, "s1/power-supply/PS 1", STATE_UP, "", 1);
	level(m, "s1/power-supply/PS 2", STATE_DOWN, "failed", 1);
	v = verdict(m, "lan");
	ok(v.distance == 2 && v.at_risk && v.quality == STATE_UP,
	   "one of two supplies fails: the distance stays, at risk all the same");
	is_int(model_composite(m, model_find(m, "s1")), STATE_DEGRADED, "the switch is degraded for people");
	level(m, "s1/power-supply/PS 1", STATE_DOWN, "failed", 2);
	is_int(verdict(m, "lan").distance, 1, "both: the switch is gone");
	is_int(model_composite(m, model_find(m, "s1")), STATE_DOWN, "... for people as well");
	is_int(own(m, "s1"), STATE_UP, "... though it answers");
	model_part_forget(m, "s1/power-supply/PS 1");
	model_part_forget(m, "s1/power-supply/PS 2");
	ok(!model_find(m, "s1/power-supply/PS 2"), "forgotten");
	is_int(model_rebuild(m, &err), FW_OK, "built again");
	ok(verdict(m, "lan").distance == 2 && !verdict(m, "lan").at_risk, "what is forgotten is no longer missed");
	model_free(m);
	config_unref(c);
}

static void test_bounds(void)
{
	struct model *m = fresh();
	char name[64];
	struct entity *const *list;
	size_t before = model_count(m), n;

	all_answer(m, 0);
	for (int i = 0; i < MODEL_PARTS_MOST + 100; i++) {
		snprintf(name, sizeof(name), "core/interface/x%d", i);
		level(m, name, i % 2 ? STATE_DOWN : STATE_UP, "", 1);
	}
	ok(model_count(m) <= before + MODEL_PARTS_MOST && model_refused(m) >= 100,
	   "a device cannot fill the memory with components");
	n = model_not_up(m, &list);
	ok(n >= MODEL_PARTS_MOST / 2 - 1 && n <= MODEL_PARTS_MOST / 2 + 1, "those that are not up are listed");
	for (int i = 0; i < MODEL_PARTS_MOST; i += 2) {
		snprintf(name, sizeof(name), "core/interface/x%d", i + 1);
		model_part_forget(m, name);
	}
	ok(model_not_up(m, &list) == 0, "... no longer when forgotten");
	ok(model_find(m, "core/interface/x0") && strcmp(model_find(m, "core/interface/x2")->name, "core/interface/x2") == 0,
	   "names still lead to their own component");
	model_free(m);
}

/* All states and reasons in one line. */
static void write_down(struct model *m, char *buf, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < model_count(m) && len < size; i++) {
		const struct entity *e = model_at(m, i);

		if (e->kind == ENTITY_DEVICE || e->kind == ENTITY_CHECK)
			len += (size_t)snprintf(buf + len, size - len, "%s=%d %s; ", e->name, e->state, e->reason);
		if (e->kind == ENTITY_SERVICE)
			len += (size_t)snprintf(buf + len, size - len, "%s=%d %u; ", e->name, verdict(m, e->name).quality,
						verdict(m, e->name).distance);
	}
}

/* What was judged step by step is what is judged at once: whatever came, in whatever order. */
static void test_any_order(void)
{
	static const char *const devices[] = { "core", "sw1", "sw2", "app1", "app2" };
	static char before[8192], after[8192];
	struct model *m = fresh();
	struct err err = { "" };
	struct config *c = load("");
	uint32_t r = 7, other = 0;

	for (int i = 0; i < 2000; i++) {
		r = r * 1664525u + 1013904223u;
		if (r >> 30 == 0)
			level(m, r & 4096 ? "crm" : "app1/check/login", r & 8192 ? STATE_UP : STATE_DOWN, "", i);
		else if (r >> 24 == 255)
			model_device_unknown(m, dev(m, devices[(r >> 8) % 5]), "gone", at(i));
		else
			fact(m, devices[(r >> 8) % 5], (int)(r >> 16 & 1) + 1, (int)((r >> 12) % 3), i);
		write_down(m, before, sizeof(before));
		if (model_reload(&m, c, &err) != FW_OK)
			break;
		write_down(m, after, sizeof(after));
		if (strcmp(before, after) != 0 && other++ == 0)
			note("step %d\n# %s\n# %s", i, before, after);
	}
	is_int(other, 0, "2,000 random facts: judged step by step as judged at once");
	model_free(m);
	config_unref(c);
}

int main(void)
{
	plan(99);
	test_table();
	test_parents();
	test_ring();
	test_graph();
	test_changes();
	test_past();
	test_unpolled();
	test_reload();
	test_baseline();
	test_bounds();
	test_any_order();
	return done();
}
