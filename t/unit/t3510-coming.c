/* t/unit/t3510-coming.c: today's loss held against the demand that comes, and the design as well. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/calendar-int.h"
#include "poller/config-int.h"
#include "poller/model-coming.h"
#include "tap.h"

static struct wall at(int year, unsigned month, unsigned day, unsigned hour)
{
	return (struct wall){ zone_instant(NULL, day_of((struct date){ year, month, day }) * DAY_S + hour * 3600) * 1000000 };
}

static struct model *model_of(const char *text)
{
	struct mistakes wrong = { 0 };
	struct config *c = config_load_bare("test.conf", text, strlen(text), &wrong);
	struct err err = { "" };
	struct model *m = c ? model_new(c, &err) : NULL;

	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	mistakes_release(&wrong);
	if (!m) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	config_unref(c);
	return m;
}

static void put(struct model *m, const char *name, enum state s)
{
	model_set(m, &(struct level){ .name = name, .state = s, .reason = "", .at = at(2026, 11, 21, 12) });
}

struct told { unsigned count; char name[64]; struct demand before, now; };

static void tell(void *owner, const struct entity *group, const struct demand *before, const struct demand *now)
{
	struct told *t = owner;

	t->count++;
	snprintf(t->name, sizeof(t->name), "%s", group->name);
	t->before = *before;
	t->now = *now;
}

static bool pass(struct model *m, struct wall now, struct told *t)
{
	struct demand_watch w = { .each = t ? tell : NULL, .owner = t };
	struct err err = { "" };

	if (model_time(m, now, &w, &err) != FW_OK)
		note("%s", err.text);
	return w.changed;
}

static const struct coming *only(struct model *m)
{
	const struct coming *c;
	bool cut;

	return model_coming(m, &c, &cut) == 1 && !cut ? c : NULL;
}

/* ---- the story of the issue: two of four are enough, three at the end of the year ---------------------------------- */

static const char shop[] =
	"calendar \"quarter end\" { on = {\"2026-12-31\"}  time = {\"09:00-18:00\"} }\n"
	"component \"app1\" { }\ncomponent \"app2\" { }\ncomponent \"app3\" { }\ncomponent \"app4\" { }\ncomponent \"db\" { }\n"
	"component \"rack 1\" { carries = {\"app1\", \"app2\"} }\n"
	"group \"apps\" { need = 2  members = {\"app[1-4]\"}  during \"quarter end\" { need = 3 } }\n"
	"service \"orders\" { needs = {\"apps\", \"db\"} }\nservice \"archive\" { needs = {\"db\"} }\n";

static void test_story(void)
{
	struct model *m = model_of(shop);
	struct entity *orders = model_find(m, "orders"), *archive = model_find(m, "archive");
	const struct entity *list[REPAIR_MOST];
	const struct coming *c;
	struct told t = { 0 };
	enum state then;
	size_t n, ends;

	ok(!pass(m, at(2026, 9, 1, 12), &t) && !only(m), "in September the end of the year is not within 90 days");
	ok(pass(m, at(2026, 11, 21, 12), &t) && t.count == 0, "in November it is, and nothing else has changed");
	c = only(m);
	ok(c && c->from.us == at(2026, 12, 31, 9).us && c->to.us == at(2026, 12, 31, 18).us, "31 December from 09:00 to 18:00");
	ok(c && coming_differs(m, c, orders) && !coming_differs(m, c, archive), "it is another structure for what stands on the group alone");
	ok(!model_trouble(m, orders, &then), "nothing has failed: no trouble ahead");
	n = coming_points(m, c, orders, list, REPAIR_MOST, &ends);
	ok(n == 1 && ends == 1 && strcmp(list[0]->name, "rack 1") == 0, "the loss of rack 1 is survived now, and not then");

	put(m, "app2", STATE_DOWN);
	ok(!model_trouble(m, orders, &then), "with one failed three are left: enough for then");
	put(m, "app3", STATE_DOWN);
	ok(model_trouble(m, orders, &then) == c && then == STATE_DOWN && model_verdict(m, orders).quality == STATE_UP,
	   "with two it works now, and will not then");
	n = coming_repair(m, c, orders, list);
	ok(n == 1 && strcmp(list[0]->name, "app2") == 0, "the repair of one is enough");

	ok(pass(m, at(2026, 12, 31, 9), &t) && t.count == 1 && strcmp(t.name, "apps") == 0 && t.before.need == 2 && t.now.need == 3,
	   "at 09:00 the group needs three, and that is told");
	is_int(model_verdict(m, orders).quality, STATE_DOWN, "... so it is down");
	c = only(m);
	ok(c && c->from.us == at(2026, 12, 31, 18).us && coming_verdict(m, c, orders).quality == STATE_UP && !model_trouble(m, orders, &then),
	   "... until 18:00");
	put(m, "app3", STATE_UP);
	is_int(model_verdict(m, orders).quality, STATE_UP, "the repaired one counts at once");
	ok(pass(m, at(2026, 12, 31, 18), &t) && t.count == 2 && t.now.need == 2 && !only(m), "at 18:00 two are enough again");
	model_free(m);
}

/* What is at risk only because of a demand to come. */
static void test_only_then(void)
{
	struct model *m = model_of("calendar \"c\" { on = {\"2026-12-31\"} }\ncomponent \"a\" { }\ncomponent \"b\" { }\n"
				   "group \"g\" { need = 1 members = {\"a\", \"b\"} during \"c\" { need = 2 } }\nservice \"s\" { needs = {\"a\", \"g\"} }\n");
	struct entity *s = model_find(m, "s"), *touched[4];

	pass(m, at(2026, 12, 1, 0), NULL);
	put(m, "b", STATE_DOWN);
	ok(!graph_verdict(model_graph(m), s->node).at_risk && model_verdict(m, s).at_risk, "what stands on b only then is at risk now");
	ok(model_touched_services(m, model_find(m, "b"), touched, 4) == 1 && touched[0] == s, "... and b touches it");
	ok(model_touched_services(m, model_find(m, "a"), touched, 4) == 1, "... as a does, once");
	model_free(m);
}

static void test_capacity(void)
{
	struct model *m = model_of("calendar \"c\" { on = {\"2026-12-31\"} }\ncomponent \"a\" { capacity = 800 }\ncomponent \"b\" { capacity = 400 }\n"
				   "component \"d\" { capacity = 400 }\ngroup \"g\" { need = 1 need-capacity = 800 members = {\"a\", \"b\", \"d\"}\n"
				   " during \"c\" { need-capacity = 1200 } }\nservice \"s\" { needs = {\"g\"} }\n");
	struct entity *s = model_find(m, "s");
	const struct entity *list[REPAIR_MOST];
	const struct coming *c;
	enum state then;

	pass(m, at(2026, 12, 1, 0), NULL);
	put(m, "a", STATE_DOWN);
	is_int(model_verdict(m, s).quality, STATE_UP, "800 of 800 are left");
	c = model_trouble(m, s, &then);
	ok(c && then == STATE_DEGRADED, "... too small for 1200: degraded, not down");
	put(m, "b", STATE_DOWN);
	is_int(model_verdict(m, s).quality, STATE_DEGRADED, "400 are too small now");
	ok(coming_repair(m, c, s, list) == 1 && strcmp(list[0]->name, "a") == 0, "the large one is to be repaired for then");
	model_free(m);
}

static void test_reload(void)
{
	struct model *m = model_of(shop);
	struct mistakes wrong = { 0 };
	struct config *c;
	struct err err;
	enum state then;

	pass(m, at(2026, 12, 1, 0), NULL);
	put(m, "app2", STATE_DOWN);
	put(m, "app3", STATE_DOWN);
	c = config_load_bare("test.conf", shop, strlen(shop), &wrong);
	ok(model_reload(&m, c, &err) == FW_OK && model_trouble(m, model_find(m, "orders"), &then), "a new configuration knows the time and the trouble");
	ok(model_rebuild(m, &err) == FW_OK && model_trouble(m, model_find(m, "orders"), &then), "... and so does what is built anew");
	config_unref(c);
	model_free(m);
}

/* More demands than are kept are said to be more; with each of them only once. */
static void test_bound(void)
{
	char *text = must_alloc(65536);
	const struct coming *c;
	size_t len = 0;
	struct model *m;
	bool cut;

	for (int i = 0; i < 40; i++)
		len += (size_t)snprintf(text + len, 65536 - len, "component \"k%d\" { }\ncalendar \"c%d\" { on = {\"2026-12-%02d\"} time = {\"%02d:00-%02d:00\"} }\n",
					i, i, 1 + i / 4, i % 4 * 2 + 1, i % 4 * 2 + 2);
	len += (size_t)snprintf(text + len, 65536 - len, "group \"g\" { need = 1 members = {\"k[0-39]\"}\n");
	for (int i = 0; i < 40; i++)
		len += (size_t)snprintf(text + len, 65536 - len, "during \"c%d\" { need = %d }\n", i, 2 + i % 38);
	snprintf(text + len, 65536 - len, "}\nservice \"s\" { needs = {\"g\"} }\n");
	m = model_of(text);
	pass(m, at(2026, 11, 21, 0), NULL);
	is_int(model_coming(m, &c, &cut), COMING_MOST, "thirty-two demands are kept");
	ok(cut && c[0].from.us == at(2026, 12, 1, 1).us && c[31].from.us < at(2026, 12, 9, 0).us, "... the next ones, and that there are more is told");
	model_free(m);
	free(text);
}

/* ---- brute force: what comes is what a configuration with that demand says ----------------------------------------- */

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

enum { PARTS = 8, GROUPS = 4 };

/* Two texts of one structure: with the demand as 'during', and with it as what the group needs. */
static void random_pair(char *during, char *then, size_t size)
{
	size_t a = 0, b = 0;

	a += (size_t)snprintf(during, size, "calendar \"c\" { on = {\"2026-12-31\"} }\n");
	for (unsigned i = 0; i < PARTS; i++) {
		unsigned capacity = 1 + below(9);

		a += (size_t)snprintf(during + a, size - a, "component \"k%u\" { capacity = %u }\n", i, capacity);
		b += (size_t)snprintf(then + b, size - b, "component \"k%u\" { capacity = %u }\n", i, capacity);
	}
	for (unsigned i = 0; i < GROUPS; i++) {
		unsigned first = below(PARTS - 3), n = 2 + below(3), need = 1 + below(n), need2 = 1 + below(n), full2 = need2 + below(n - need2 + 1);
		char member[128] = "", of[64] = "", of2[64] = "";
		size_t len = 0;
		bool nested = i > 0 && below(2);

		for (unsigned k = 0; k < n; k++)
			len += (size_t)snprintf(member + len, sizeof(member) - len, "%s\"k%u\"", k ? ", " : "", (first + k) % PARTS);
		if (nested)
			snprintf(member + len, sizeof(member) - len, ", \"g%u\"", i - 1);
		else if (below(2))
			snprintf(of, sizeof(of), "need-capacity = %u", 1 + below(n));
		if (!nested && (*of || below(2)))
			snprintf(of2, sizeof(of2), "need-capacity = %u", 1 + below(n));
		a += (size_t)snprintf(during + a, size - a, "group \"g%u\" { need = %u %s members = {%s} during \"c\" { need = %u full = %u %s } }\n",
				      i, need, of, member, need2, full2, of2);
		b += (size_t)snprintf(then + b, size - b, "group \"g%u\" { need = %u full = %u %s members = {%s} }\n", i, need2, full2,
				      *of2 ? of2 : of, member);
	}
	snprintf(during + a, size - a, "service \"s\" { needs = {\"g%u\", \"g%u | k0\"} }\n", GROUPS - 1, below(GROUPS - 1));
	snprintf(then + b, size - b, "%s", strstr(during, "service"));
}

static bool same_then(struct model *m, struct model *other, bool then)
{
	const struct coming *c;
	bool cut, same = true;
	size_t n = model_coming(m, &c, &cut);

	for (size_t i = 0; i < model_count(m); i++) {
		struct entity *e = model_at(m, i);
		struct verdict x, y;

		if (e->kind < ENTITY_GROUP)
			continue;
		x = n && then ? coming_verdict(m, c, e) : model_verdict(m, e);
		y = model_verdict(other, model_find(other, e->name));
		same &= verdict_same(&x, &y);
	}
	return same;
}

static void test_brute(void)
{
	static char during[8192], then[8192];
	unsigned odd = 0, differ = 0;

	for (unsigned round = 0; round < 400; round++) {
		struct model *m, *other;

		seed = round + 1;
		random_pair(during, then, sizeof(during));
		m = model_of(during);
		other = model_of(then);
		pass(m, at(2026, 12, 1, 0), NULL);
		for (unsigned step = 0; step < 12; step++) {
			char name[16];
			enum state s = (enum state)below(STATES);
			const struct coming *c;
			bool cut;

			snprintf(name, sizeof(name), "k%u", below(PARTS));
			put(m, name, s);
			put(other, name, s);
			odd += !same_then(m, other, true);
			differ += model_coming(m, &c, &cut) && coming_verdict(m, c, model_find(m, "s")).quality != model_verdict(m, model_find(m, "s")).quality;
		}
		pass(m, at(2026, 12, 31, 12), NULL);
		odd += !same_then(m, other, false);
		model_free(m);
		model_free(other);
		if (odd) {
			note("seed %u\n%s", round + 1, during);
			break;
		}
	}
	is_int(odd, 0, "400 random models: what comes is what a configuration of that demand says, state by state");
	ok(differ > 200, "... and is often another quality than now");
}

int main(void)
{
	plan(14 + 3 + 4 + 2 + 2 + 2);
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	test_story();
	test_only_then();
	test_capacity();
	test_reload();
	test_bound();
	test_brute();
	return done();
}
