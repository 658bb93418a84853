/* How bad a cause is itself, beside others: told cases, and random ones against all subsets of what failed. */
#include <stdlib.h>

#include "poller/noc/noc.h"
#include "t5-manual.h"

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

struct world { struct model *m; struct alert_book *b; int64_t t; };

static struct world world_new(const char *text)
{
	struct mistakes wrong = { 0 };
	struct config *c = config_load_text("test.conf", text, strlen(text), &wrong);
	struct err err = { "" };
	struct world w = { .b = alert_book_new(1) };

	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	w.m = c ? model_new(c, &err) : NULL;
	if (!w.m) {
		printf("Bail out! the test's own configuration is wrong\n");
		exit(1);
	}
	config_unref(c);
	mistakes_release(&wrong);
	return w;
}

static void world_free(struct world *w)
{
	alert_book_free(w->b);
	model_free(w->m);
}

static void put(struct world *w, const char *name, enum state s)
{
	model_set(w->m, &(struct level){ .name = name, .state = s, .reason = "", .at = at(w->t) });
}

static void deaf(void *owner, const struct alert *a) { (void)owner; (void)a; }

static void judge(struct world *w)
{
	alert_book_judge(w->b, w->m, at(++w->t), deaf, NULL);
}

static const struct alert *alert_of(struct world *w, const char *key)
{
	for (size_t i = 0; i < alert_book_count(w->b); i++)
		if (strcmp(alert_book_at(w->b, i)->key, key) == 0)
			return alert_book_at(w->b, i);
	return NULL;
}

static enum severity severity_now(struct world *w, const char *key)
{
	const struct alert *a = alert_of(w, key);

	return a ? a->severity : SEVERITY_CLEARED;
}

/* ---- told ------------------------------------------------------------------------------------------------------------ */

static const char orders[] =
	"component \"app1\" { needs = {\"feed\"} }\ncomponent \"app2\" { }\ncomponent \"app3\" { }\ncomponent \"feed\" { }\n"
	"component \"sw1\" { needs = {\"supplies\"} }\ncomponent \"sw2\" { }\n"
	"component \"ps1\" { }\ncomponent \"ps2\" { }\ngroup \"supplies\" { need = 1  members = {\"ps1\", \"ps2\"} }\n"
	"group \"apps\" { need = 2  members = {\"app[1-3]\"} }\ngroup \"switches\" { need = 1  members = {\"sw1\", \"sw2\"} }\n"
	"service \"orders\" { needs = {\"apps\", \"switches\"} }\n";

static void test_told(void)
{
	static const char shop[] =
		"component \"m1\" { }\ncomponent \"m2\" { }\ncomponent \"r1\" { }\ncomponent \"r2\" { }\ncomponent \"r3\" { }\n"
		"group \"mains\" { need = 1  members = {\"m1\", \"m2\"} }\ngroup \"relays\" { need = 1  members = {\"r[1-3]\"} }\n"
		"service \"shop\" { needs = {\"mains\", \"relays\"} }\n";
	struct world w = world_new(shop);
	char line[256];

	put(&w, "r1", STATE_DOWN);
	judge(&w);
	is_int(severity_now(&w, "r1"), SEVERITY_MINOR, "one of three relays beside two mains: minor");
	put(&w, "m1", STATE_DOWN);
	judge(&w);
	is_int(severity_now(&w, "m1"), SEVERITY_MAJOR, "one of two mains: major");
	is_int(severity_now(&w, "r1"), SEVERITY_MINOR, "... and the relay is minor still: its repair changes nothing of that");
	is_str(touched_words(&alert_of(&w, "r1")->touched[0], line, sizeof(line)), "shop: up, can lose 0 (was 1), due to others",
	       "... its line says so");
	is_str(alert_subject(alert_of(&w, "r1"), line, sizeof(line)), "[AT RISK] r1 down: shop is weaker; worse due to others (#1)",
	       "... and its subject");
	put(&w, "r2", STATE_DOWN);
	judge(&w);
	ok(severity_now(&w, "r1") == SEVERITY_MAJOR && severity_now(&w, "r2") == SEVERITY_MAJOR,
	   "the second relay: one more would end it, with the mains whole as well: both have their share");
	put(&w, "m2", STATE_DOWN);
	judge(&w);
	ok(severity_now(&w, "m1") == SEVERITY_CRITICAL && severity_now(&w, "m2") == SEVERITY_CRITICAL,
	   "both mains: neither alone ended it, and both did: critical");
	ok(severity_now(&w, "r1") == SEVERITY_MAJOR && severity_now(&w, "r2") == SEVERITY_MAJOR, "... the relays did not: major");
	is_int(alert_of(&w, "r1")->kind, ALERT_RISK, "... a risk");
	is_int(alert_of(&w, "m1")->kind, ALERT_QUALITY, "... where the mains are a matter of quality");
	put(&w, "r3", STATE_DOWN);
	judge(&w);
	ok(severity_now(&w, "r1") == SEVERITY_CRITICAL && severity_now(&w, "m1") == SEVERITY_CRITICAL,
	   "all relays as well: each belongs to a set of repairs that brings it back");
	world_free(&w);
}

static void test_below(void)
{
	struct world w = world_new(orders);

	put(&w, "ps1", STATE_DOWN);
	put(&w, "sw2", STATE_DOWN);
	judge(&w);
	ok(severity_now(&w, "sw2") == SEVERITY_MAJOR && severity_now(&w, "ps1") == SEVERITY_MINOR,
	   "the other switch leaves one to lose, a power supply of the first has no share in that");
	put(&w, "sw1", STATE_DEGRADED);
	judge(&w);
	is_int(severity_now(&w, "sw1"), SEVERITY_MAJOR, "what works hangs on a weak switch: it has its share in the service's being degraded");
	put(&w, "sw1", STATE_UP);
	put(&w, "ps1", STATE_UP);
	put(&w, "sw2", STATE_UP);
	put(&w, "feed", STATE_DOWN);
	put(&w, "app1", STATE_DOWN);
	put(&w, "app2", STATE_DOWN);
	judge(&w);
	ok(severity_now(&w, "feed") == SEVERITY_CRITICAL && severity_now(&w, "app1") == SEVERITY_CRITICAL &&
	   severity_now(&w, "app2") == SEVERITY_CRITICAL, "a server and its feed both down: both have to be back");
	world_free(&w);
}

/* The worked example of forewarn-risk(7), ALERTS. */
static void test_manual(void)
{
	static const char example[] =
		"component \"feed A\" { carries = {\"app1\", \"db1\", \"edge1\"} }\n"
		"component \"feed B\" { carries = {\"app3\", \"db2\", \"edge2\"} }\n"
		"component \"app1\" { }\ncomponent \"app2\" { }\ncomponent \"app3\" { }\ncomponent \"db1\" { }\n"
		"component \"db2\" { }\ncomponent \"edge1\" { }\ncomponent \"edge2\" { }\n"
		"group \"app servers\" { need = 2  full = 3  members = {\"app[1-3]\"} }\n"
		"group \"db\" { need = 1  members = {\"db1\", \"db2\"} }\n"
		"group \"edge\" { need = 1  members = {\"edge1\", \"edge2\"} }\n"
		"service \"order management\" { needs = {\"app servers\", \"db\", \"edge\"} }\n";
	struct world w = world_new(example), v = world_new(orders);

	put(&w, "app1", STATE_DOWN);
	put(&w, "app2", STATE_DOWN);
	put(&w, "edge1", STATE_DOWN);
	judge(&w);
	work("app1", "%s", severity_word(severity_now(&w, "app1")));
	work("edge1", "%s", severity_word(severity_now(&w, "edge1")));
	put(&v, "sw2", STATE_DOWN);
	put(&v, "ps1", STATE_DOWN);
	judge(&v);
	work("supply", "%s", severity_word(severity_now(&v, "ps1")));
	check_manual("told");
	world_free(&w);
	world_free(&v);
}

/* ---- against all subsets ---------------------------------------------------------------------------------------------- */

enum { LEAVES = 9 };
static uint32_t random_next(uint32_t *r) { return *r = *r * 1664525u + 1013904223u, *r >> 8; }

/* Groups of leaves and of groups before them; the service needs the last two. */
static void random_config(uint32_t *r, char *buf, size_t size)
{
	size_t len = 0;

	for (int i = 0; i < LEAVES; i++)
		len += (size_t)snprintf(buf + len, size - len, "component \"x%d\" { }\n", i);
	for (int g = 0; g < 5; g++) {
		unsigned n = 2 + random_next(r) % 3, need = 1 + random_next(r) % n, full = need + random_next(r) % (n - need + 1);
		unsigned used = 0;

		len += (size_t)snprintf(buf + len, size - len, "group \"g%d\" { need = %u  full = %u  members = {", g, need, full);
		for (unsigned k = 0; k < n; ) {
			unsigned m = random_next(r) % (unsigned)(LEAVES + g);

			if (used >> m & 1)
				continue;
			used |= 1u << m;
			len += (size_t)snprintf(buf + len, size - len, "%s\"%s%u\"", k++ ? ", " : "", m < LEAVES ? "x" : "g",
						m < LEAVES ? m : m - LEAVES);
		}
		len += (size_t)snprintf(buf + len, size - len, "} }\n");
	}
	snprintf(buf + len, size - len, "service \"s\" { needs = {\"g3\", \"g4\"} }\n");
}

/* What makes it bad, a bit each: down; degraded or worse; no more to lose where more was built. */
enum { DOWN = 1, DEGRADED = 2, LAST = 4 };
static const int severities[] = { [DOWN] = SEVERITY_CRITICAL, [DEGRADED] = SEVERITY_MAJOR, [LAST] = SEVERITY_MAJOR };

static int how_bad(const struct verdict *v)
{
	int bad = v->quality == STATE_DOWN ? DOWN | DEGRADED : v->quality == STATE_DEGRADED ? DEGRADED : 0;

	return bad | (v->distance <= 1 && v->design_distance > 1 ? LAST : 0);
}

static int severity_of_bad(int bad) { return bad & DOWN ? SEVERITY_CRITICAL : bad ? SEVERITY_MAJOR : SEVERITY_MINOR; }

/* How bad it is when only those of 'set' failed, for all sets. */
static void all_subsets(struct world *w, const enum state *now, int *bad)
{
	struct graph *g = model_graph(w->m);
	uint32_t node = model_find(w->m, "s")->node;

	for (unsigned set = 0; set < 1u << LEAVES; set++) {
		enum state state[LEAVES];
		struct verdict v;

		for (int i = 0; i < LEAVES; i++) {
			char name[8];

			snprintf(name, sizeof(name), "x%d", i);
			state[graph_component_index(g, model_find(w->m, name)->leaf)] = set >> i & 1 ? now[i] : STATE_UP;
		}
		v = graph_verdict_with(g, node, state);
		bad[set] = how_bad(&v);
	}
}

/* The worst that a smallest set of those that failed, with 'x' in it, brings about. */
static int share_of(const int *bad, unsigned failed, int x)
{
	for (int what = DOWN; what <= LAST; what <<= 1)
		for (unsigned set = failed; set; set = (set - 1) & failed) {
			bool smallest = (set >> x & 1) && (bad[set] & what);

			for (int i = 0; i < LEAVES && smallest; i++)
				smallest = !(set >> i & 1) || !(bad[set & ~(1u << i)] & what);
			if (smallest)
				return severities[what];
		}
	return SEVERITY_MINOR;
}

static unsigned random_states(struct world *w, uint32_t *r, enum state *now)
{
	static const enum state likely[] = { STATE_UP, STATE_UP, STATE_DOWN, STATE_DOWN, STATE_DEGRADED };
	unsigned failed = 0;

	for (int i = 0; i < LEAVES; i++) {
		char name[8];

		snprintf(name, sizeof(name), "x%d", i);
		now[i] = likely[random_next(r) % 5];
		put(w, name, now[i]);
		failed |= (unsigned)(now[i] != STATE_UP) << i;
	}
	return failed;
}

static void test_random(void)
{
	unsigned wrong = 0, asked = 0, apart = 0, repairs = 0;

	for (uint32_t seed = 1; seed <= 150; seed++) {
		uint32_t r = seed * 2654435761u;
		char text[2048];
		struct world w;

		random_config(&r, text, sizeof(text));
		w = world_new(text);
		for (int k = 0; k < 4; k++) {
			enum state now[LEAVES];
			int bad[1 << LEAVES];
			unsigned failed = random_states(&w, &r, now);

			judge(&w);
			all_subsets(&w, now, bad);
			for (int i = 0; i < LEAVES; i++) {
				char name[8];
				const struct alert *a;

				snprintf(name, sizeof(name), "x%d", i);
				a = alert_of(&w, name);
				if (!a || a->touched_count == 0)
					continue;
				asked++;
				wrong += (int)a->severity != share_of(bad, failed, i);
				apart += (int)a->severity < severity_of_bad(bad[failed]);
				/* what its repair alone makes better, it has a share in */
				repairs += severity_of_bad(bad[failed & ~(1u << i)]) < severity_of_bad(bad[failed]) &&
					   (int)a->severity < severity_of_bad(bad[failed]);
			}
		}
		world_free(&w);
	}
	note("%u causes, %u of them less bad than what they touch", asked, apart);
	ok(asked > 1000 && apart > 100, "600 random cases");
	is_int(wrong, 0, "... each cause is as severe as the smallest sets of failures with it say");
	is_int(repairs, 0, "... and what a repair alone makes better is never called less bad");
}

/* Many failures that meet: bounded, and what is not decided counts. */
static void test_many(void)
{
	static char text[65536];
	size_t len = 0;
	struct world w;

	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "component \"x%d\" { }\ncomponent \"y%d\" { }\n", i, i);
	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "group \"p%d\" { need = 1  members = {\"x%d\", \"y%d\"} }\n", i, i, i);
	snprintf(text + len, sizeof(text) - len, "group \"all\" { need = 100  members = {\"p[0-199]\"} }\nservice \"s\" { needs = {\"all\"} }\n");
	w = world_new(text);
	for (int i = 0; i < 150; i++) {
		char name[8];

		snprintf(name, sizeof(name), "x%d", i);
		put(&w, name, STATE_DOWN);
		name[0] = 'y';
		put(&w, name, STATE_DOWN);
	}
	judge(&w);
	is_int(alert_book_count(w.b), 300, "three hundred failures in one service");
	is_int(severity_now(&w, "x7"), SEVERITY_CRITICAL, "... each is to blame, found or not");
	world_free(&w);
}

int main(void)
{
	plan(19 + 7);
	test_told();
	test_below();
	test_manual();
	test_random();
	test_many();
	return done();
}
