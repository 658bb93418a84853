/* What if: equal to the state after the real failure, on random models; and the stories of devices and parents.
 *
 * FW_SEED=N begins at another seed, FW_MODELS=N tries another number of models. A failure names its seed.
 */
#include <stdlib.h>

#include "poller/base/text.h"
#include "poller/model-whatif.h"
#include "tap.h"

enum { N = ANSWER_NO, Y = ANSWER_YES };
enum { DEVICES = 6, COMPONENTS = 5, GROUPS = 5, SERVICES = 4 };

static uint64_t rnd(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t below(uint64_t *s, uint32_t n) { return (uint32_t)(rnd(s) % n); }

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

/* ---- random models ------------------------------------------------------------------------------------------------- */

/* Something that was written before: devices, components, checks, then groups. */
static void add_name(struct text *t, uint64_t *s, uint32_t groups)
{
	uint32_t k = below(s, 3 + (groups > 0));

	if (k == 0)
		text_add(t, "\"d%u\"", below(s, DEVICES));
	else if (k == 1)
		text_add(t, "\"c%u\"", below(s, COMPONENTS));
	else if (k == 2)
		text_add(t, "\"d%u/check/k\"", below(s, DEVICES));
	else
		text_add(t, "\"g%u\"", below(s, groups));
}

/* 'n' different ones. */
static void add_names(struct text *t, uint64_t *s, uint32_t n, uint32_t groups)
{
	char one[32], all[512] = "";

	for (uint32_t i = 0; i < n;) {
		struct text o = text_over(one, sizeof(one));

		add_name(&o, s, groups);
		if (strstr(all, one))
			continue;
		text_copy(all + strlen(all), sizeof(all) - strlen(all), one);
		text_add(t, "%s%s", i++ ? ", " : "", one);
	}
}

static void write_config(struct text *t, uint64_t *s)
{
	text_add(t, "state = \"/tmp/none\"\ndevice \"lone\" { address = \"192.0.2.200\" }\n");
	for (uint32_t i = 0; i < DEVICES; i++) {
		text_add(t, "device \"d%u\" { address = \"192.0.2.%u\"\n", i, i + 1);
		if (i > 1 && below(s, 2))
			text_add(t, "  parents = {\"d%u\", \"d%u\"}\n", i - 1, i - 2);
		text_add(t, "  check \"k\" { command = \"true\"  counts = %s } }\n", below(s, 2) ? "true" : "false");
	}
	for (uint32_t i = 0; i < COMPONENTS; i++)
		text_add(t, "component \"c%u\" { unavailability = 0.%u }\n", i, 1 + below(s, 8));
	for (uint32_t i = 0; i < GROUPS; i++) {
		uint32_t n = 1 + below(s, 5), need = 1 + below(s, n);

		text_add(t, "group \"g%u\" { need = %u  full = %u  members = {", i, need, need + below(s, n - need + 1));
		add_names(t, s, n, i);
		text_add(t, "} }\n");
	}
	for (uint32_t i = 0; i < SERVICES; i++) {
		text_add(t, "service \"s%u\" { needs = {\"g%u\", ", i, below(s, GROUPS));
		add_names(t, s, 1 + below(s, 2), 0);
		text_add(t, "} }\n");
	}
}

static struct model *model_of(const char *text)
{
	struct mistakes wrong = { 0 };
	struct config *c = config_load_text("test.conf", text, strlen(text), &wrong);
	struct err err = { "" };
	struct model *m = c ? model_new(c, &err) : NULL;

	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	if (!m) {
		printf("Bail out! %s\n%s", err.text, text);
		exit(1);
	}
	mistakes_release(&wrong);
	config_unref(c);
	return m;
}

static void fact(struct model *m, const char *device, int answer)
{
	model_device_fact(m, model_find(m, device)->index, (struct device_fact){ .icmp = (uint8_t)answer, .snmp = (uint8_t)answer }, at(1));
}

static void level(struct model *m, const char *name, enum state s)
{
	model_set(m, &(struct level){ .name = name, .state = s, .reason = "", .at = at(1) });
}

static void all_well(struct model *m)
{
	for (size_t i = 0; i < model_count(m); i++) {
		const struct entity *e = model_at(m, i);

		if (e->kind == ENTITY_DEVICE)
			fact(m, e->name, Y);
	}
	for (size_t i = 0; i < model_count(m); i++)
		if (model_at(m, i)->kind == ENTITY_CHECK || model_at(m, i)->kind == ENTITY_PART)
			level(m, model_at(m, i)->name, STATE_UP);
}

/* ---- what is asked, and what happens ------------------------------------------------------------------------------- */

enum { POINTS_MOST = 32 };
struct told { struct verdict v; size_t points; uint32_t point[POINTS_MOST]; };

static void ask_all(struct model *m, struct lens *w, struct told *a)
{
	for (int i = 0; i < SERVICES; i++) {
		char name[8];
		uint32_t node;

		snprintf(name, sizeof(name), "s%d", i);
		node = model_find(m, name)->node;
		a[i] = (struct told){ .v = lens_verdict(w, node) };
		a[i].points = lens_single_points(w, node, a[i].point, POINTS_MOST);
	}
}

static bool same(const struct told *a, const struct told *b)
{
	for (int i = 0; i < SERVICES; i++)
		if (!verdict_same(&a[i].v, &b[i].v) || a[i].v.p - b[i].v.p > 1e-12 || b[i].v.p - a[i].v.p > 1e-12 ||
		    a[i].points != b[i].points || memcmp(a[i].point, b[i].point, sizeof(a[i].point)) != 0)
			return false;
	return true;
}

static void happen(struct model *m, const struct entity *e, enum state s)
{
	if (e->kind == ENTITY_DEVICE)
		fact(m, e->name, s == STATE_UP ? Y : N);
	else
		level(m, e->name, s);
}

/* What fails; a device only with a parent that answers, for a silent one behind a silent one is unknown in truth. */
static size_t choose(struct model *m, uint64_t *s, const struct entity **e, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; i < model_count(m) && n < most; i++) {
		const struct entity *x = model_at(m, i);

		if (x->kind < ENTITY_GROUP && below(s, 4) == 0 && strcmp(x->name, "lone") != 0)
			e[n++] = x;
	}
	return n;
}

/* 0 equal, 1 not, -1 not to be compared: in truth a device behind a silent one is not known to have failed. */
static int try_one(struct model *m, uint64_t *s)
{
	enum { MOST = 24 };
	const struct entity *e[MOST];
	const struct entity *behind[DEVICES];
	size_t n = choose(m, s, e, MOST), cut;
	struct told before[SERVICES], then[SERVICES], again[SERVICES], truth[SERVICES], back[SERVICES];
	struct scenario *w = scenario_new(m);
	int result = 0;

	ask_all(m, graph_now(model_graph(m)), before);
	for (size_t i = 0; i < n; i++)
		scenario_put(w, e[i], STATE_DOWN);
	scenario_settle(w);
	ask_all(m, scenario_lens(w), then);
	ask_all(m, graph_now(model_graph(m)), again);
	for (int pass = 0; pass < 2; pass++)	/* what is not a device first: a check of a silent device is no news */
		for (size_t i = 0; i < n; i++)
			if ((e[i]->kind == ENTITY_DEVICE) == (pass == 1))
				happen(m, e[i], STATE_DOWN);
	cut = scenario_unreached(w, behind, DEVICES);
	for (size_t i = 0; i < cut; i++)
		fact(m, behind[i]->name, N);
	scenario_free(w);
	ask_all(m, graph_now(model_graph(m)), truth);
	for (size_t i = 0; i < n; i++)
		if (e[i]->kind == ENTITY_DEVICE && e[i]->state != STATE_DOWN)
			result = -1;
	w = scenario_new(m);
	for (size_t i = 0; i < n; i++)
		scenario_put(w, e[i], STATE_UP);
	scenario_settle(w);
	ask_all(m, scenario_lens(w), back);
	scenario_free(w);
	all_well(m);
	for (size_t i = 0; i < n; i++)
		if (e[i]->kind == ENTITY_COMPONENT)
			level(m, e[i]->name, STATE_UP);
	if (result == 0 && (!same(then, truth) || !same(before, again) || !same(before, back)))
		result = 1;
	return result;
}

static void test_random(void)
{
	enum { MODELS = 400, TRIES = 6 };
	const char *seed_text = getenv("FW_SEED"), *models_text = getenv("FW_MODELS");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
	uint64_t models = models_text ? strtoull(models_text, NULL, 10) : MODELS;
	unsigned wrong = 0, compared = 0;
	char text[8192];

	for (uint64_t k = seed; k < seed + models; k++) {
		uint64_t s = k;
		struct text t = text_over(text, sizeof(text));
		struct model *m;

		write_config(&t, &s);
		m = model_of(text);
		all_well(m);
		for (int i = 0; i < TRIES; i++) {
			int r = try_one(m, &s);

			compared += r >= 0;
			if (r > 0 && wrong++ < 3)
				note("seed %llu, try %d: not what happened\n%s", (unsigned long long)k, i, text);
		}
		model_free(m);
	}
	is_int(wrong, 0, "random models: what if equals what happens, and what if it is repaired equals the repair");
	ok(compared > models * TRIES / 2, "... and most of them could be compared");
}

/* ---- stories ------------------------------------------------------------------------------------------------------- */

static const char campus[] =
	"state = \"/tmp/none\"\n"
	"device \"lone\" { address = \"192.0.2.9\" }\n"
	"device \"sw1\" { address = \"192.0.2.1\" }\ndevice \"sw2\" { address = \"192.0.2.2\" }\n"
	"device \"app1\" { address = \"192.0.2.3\"  parents = {\"sw1\", \"sw2\"}\n    check \"login\" { command = \"true\" } }\n"
	"device \"app2\" { address = \"192.0.2.4\"  parents = {\"app1\"} }\n"
	"service \"shop\" { needs = {\"app1 | app2\"} }\n"
	"service \"lan\" { needs = {\"sw1 | sw2\"} }\n";

static struct verdict then(struct model *m, struct scenario *w, const char *service)
{
	scenario_settle(w);
	return lens_verdict(scenario_lens(w), model_find(m, service)->node);
}

static void test_parents(void)
{
	struct model *m = model_of(campus);
	struct scenario *w;
	const struct entity *cut[4];

	all_well(m);
	w = scenario_new(m);
	scenario_put(w, model_find(m, "sw1"), STATE_DOWN);
	is_int(then(m, w, "lan").distance, 1, "one of two switches: one more ends it");
	is_int(scenario_unreached(w, cut, 4), 0, "... and everything is reached by the other");
	scenario_put(w, model_find(m, "sw2"), STATE_DOWN);
	is_int(then(m, w, "shop").quality, STATE_UNKNOWN, "both: what is behind them cannot be known");
	is_int(scenario_unreached(w, cut, 4), 2, "... nor what is behind that");
	ok(strcmp(cut[0]->name, "app1") == 0 && strcmp(cut[1]->name, "app2") == 0, "... by name");
	is_int(lens_get(scenario_lens(w), model_find(m, "app1/check/login")->leaf), STATE_UNKNOWN, "... with its checks");
	is_int(graph_verdict(model_graph(m), model_find(m, "shop")->node).quality, STATE_UP, "nothing was touched");
	scenario_free(w);

	fact(m, "sw1", N);
	fact(m, "sw2", N);
	fact(m, "app1", N);
	fact(m, "app2", N);
	is_int(graph_verdict(model_graph(m), model_find(m, "shop")->node).quality, STATE_UNKNOWN, "both really: the same");
	w = scenario_new(m);
	scenario_put(w, model_find(m, "sw1"), STATE_UP);
	is_int(then(m, w, "lan").quality, STATE_UP, "one is repaired: it works again");
	scenario_put(w, model_find(m, "sw2"), STATE_UP);
	is_int(then(m, w, "shop").quality, STATE_UP, "... and what it cut off is taken to be well");
	scenario_free(w);
	model_free(m);
}

static void test_good(void)
{
	struct model *m = model_of(campus);
	struct scenario *w;

	all_well(m);
	level(m, "app1/check/login", STATE_DOWN);
	w = scenario_new(m);
	scenario_put(w, model_find(m, "app1"), STATE_UP);
	is_int(lens_get(scenario_lens(w), model_find(m, "app1/check/login")->leaf), STATE_DOWN,
	       "a device that answers does not explain its check: up changes nothing of it");
	scenario_put_good(w, model_find(m, "app1"));
	is_int(lens_get(scenario_lens(w), model_find(m, "app1/check/login")->leaf), STATE_UP, "... good means all of it");
	scenario_free(w);
	model_free(m);
}

int main(void)
{
	plan(14);
	test_random();
	test_parents();
	test_good();
	return done();
}
