/* Maintenance and accepted risks in the book of alerts: windows in time, and that nothing unplanned is ever masked.
 *
 * Random models, random maintenance, random failures: FW_SEED=N begins at another seed. A failure names its seed.
 */
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "poller/base/text.h"
#include "poller/noc/noc.h"
#include "tap.h"

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

static uint64_t rnd(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t below(uint64_t *s, uint32_t n) { return (uint32_t)(rnd(s) % n); }

static struct model *model_of(const char *text)
{
	struct mistakes wrong = { 0 };
	struct config *c = config_load_text("test.conf", text, strlen(text), &wrong);
	struct err err = { "" };
	struct model *m = c ? model_new(c, &err) : NULL;

	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	if (!m) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	mistakes_release(&wrong);
	config_unref(c);
	return m;
}

static void set(struct model *m, const char *name, enum state s)
{
	model_set(m, &(struct level){ .name = name, .state = s, .reason = "", .at = at(1) });
}

static struct window *window(uint32_t number, int64_t from, int64_t until, const char *member)
{
	struct window *w = window_new(number);

	w->from = at(from);
	w->until = at(until);
	name_list_add(&w->member, member);
	return w;
}

/* ---- windows in time ------------------------------------------------------------------------------------------------- */

struct steps { char text[256]; };

static void on_step(void *owner, const struct window *w, bool begins)
{
	struct steps *s = owner;
	size_t len = strlen(s->text);

	snprintf(s->text + len, sizeof(s->text) - len, "%s%u%s", len ? " " : "", w->number, begins ? "+" : "-");
}

static const char *step(struct maintenance *mt, int64_t now)
{
	static struct steps s;

	s.text[0] = '\0';
	maintenance_step(mt, at(now), on_step, &s);
	return s.text;
}

static void test_windows(void)
{
	struct maintenance *mt = maintenance_new();

	maintenance_take(mt, window(2, 20, 40, "b"));
	maintenance_take(mt, window(1, 10, 30, "a"));
	is_int(maintenance_next(mt), 3, "numbers go on");
	is_int(maintenance_at(mt, 0)->number, 1, "windows are in the order of their numbers");
	is_str(step(mt, 9), "", "before its time nothing begins");
	is_str(step(mt, 10), "1+", "it begins on time");
	ok(window_runs(maintenance_at(mt, 0)) && !window_runs(maintenance_at(mt, 1)), "... and runs, the other not yet");
	is_str(step(mt, 35), "2+ 1-", "late: what was due first happens first");
	is_int(maintenance_count(mt), 1, "what has ended leaves");
	is_str(step(mt, 100), "2-", "the other ends");
	maintenance_take(mt, window(3, 110, 120, "c"));
	is_str(step(mt, 500), "3+ 3-", "one that nobody saw begins and ends");
	ok(!maintenance_give(mt, 3), "... and is gone");
	maintenance_free(mt);
}

/* ---- nothing unplanned is masked --------------------------------------------------------------------------------------- */

enum { COMPONENTS = 9, GROUPS = 5, SERVICES = 3 };

static void write_config(struct text *t, uint64_t *s)
{
	text_add(t, "state = \"/tmp/none\"\n");
	for (uint32_t i = 0; i < COMPONENTS; i++)
		text_add(t, "component \"c%u\" { }\n", i);
	for (uint32_t i = 0; i < GROUPS; i++) {
		uint32_t n = 2 + below(s, 4), first = below(s, COMPONENTS), need = 1 + below(s, n);

		text_add(t, "group \"g%u\" { need = %u  full = %u  members = {", i, need, need + below(s, n - need + 1));
		for (uint32_t k = 0; k < n; k++)
			text_add(t, "%s\"c%u\"", k ? ", " : "", (first + k) % COMPONENTS);
		text_add(t, "} }\n");
	}
	for (uint32_t i = 0; i < SERVICES; i++)
		text_add(t, "service \"s%u\" { needs = {\"g%u\", \"g%u | c%u\"} }\n", i, below(s, GROUPS - 1), GROUPS - 1, below(s, COMPONENTS));
}

struct heard { struct alert alert[COMPONENTS + 2]; unsigned n; };

static void hear(void *owner, const struct alert *a)
{
	struct heard *h = owner;

	if (h->n < COMPONENTS + 2 && a->transition != TRANSITION_CLEAR)
		h->alert[h->n++] = *a;
}

static enum severity worst(const struct heard *h, const char *service)
{
	enum severity s = SEVERITY_CLEARED;

	for (unsigned i = 0; i < h->n; i++)
		for (uint32_t k = 0; k < h->alert[i].touched_count && strncmp(h->alert[i].key, "maintenance/", 12) != 0; k++)
			if (strcmp(h->alert[i].touched[k].service, service) == 0 && h->alert[i].severity > s)
				s = h->alert[i].severity;
	return s;
}

static struct verdict under(struct model *m, const char *service, unsigned down)
{
	struct graph *g = model_graph(m);
	enum state state[COMPONENTS];
	char name[8];

	for (uint32_t i = 0; i < COMPONENTS; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		state[graph_component_index(g, model_find(m, name)->leaf)] = down >> i & 1 ? STATE_DOWN : STATE_UP;
	}
	return graph_verdict_with(g, model_find(m, service)->node, state);
}

/* What the definition says of one service, by brute force. */
static bool service_is_right(struct model *m, const struct heard *h, const char *service, unsigned down, unsigned maintained)
{
	struct verdict is = under(m, service, down), good = under(m, service, down & ~maintained);
	struct verdict alone = under(m, service, down & maintained), now = graph_verdict(model_graph(m), model_find(m, service)->node);
	enum severity told = worst(h, service);
	bool planned = model_is_planned(m, model_find(m, service), &now);

	if (!verdict_same(&is, &now))
		return false;
	if (good.quality == STATE_DOWN && told != SEVERITY_CRITICAL)
		return false;		/* an outage that nobody planned */
	if (is.quality == STATE_DOWN && alone.quality != STATE_DOWN && told != SEVERITY_CRITICAL)
		return false;		/* maintenance and a failure together */
	if (good.at_risk && told < SEVERITY_WARNING)
		return false;		/* a risk that nobody planned */
	if (!good.at_risk && good.quality == STATE_UP && told > SEVERITY_WARNING)
		return false;		/* nobody is to blame for what is planned */
	if (is.quality == STATE_DOWN)
		return planned == (alone.quality == STATE_DOWN && good.quality == STATE_UP);
	return true;
}

static bool one_is_right(uint64_t seed)
{
	uint64_t s = seed;
	char text[8192], name[8];
	struct text t = text_over(text, sizeof(text));
	struct maintenance *mt = maintenance_new();
	struct alert_book *b = alert_book_new(1);
	struct heard *h = calloc(1, sizeof(*h));
	unsigned down, maintained;
	struct model *m;
	bool right = true;

	write_config(&t, &s);
	m = model_of(text);
	down = below(&s, 1 << COMPONENTS) & below(&s, 1 << COMPONENTS);
	maintained = below(&s, 1 << COMPONENTS) & below(&s, 1 << COMPONENTS);
	for (uint32_t i = 0; i < COMPONENTS; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		if (down >> i & 1)
			set(m, name, STATE_DOWN);
		if (maintained >> i & 1)
			maintenance_take(mt, window(maintenance_next(mt), 0, 100, name));
	}
	step(mt, 1);
	maintenance_apply(mt, m, at(1));
	alert_book_maintenance(b, mt);
	alert_book_judge(b, m, at(2), hear, h);
	for (uint32_t i = 0; i < COMPONENTS; i++) {
		bool told = false;

		snprintf(name, sizeof(name), "c%u", i);
		for (unsigned k = 0; k < h->n; k++)
			told |= strcmp(h->alert[k].key, name) == 0;
		right &= told == ((down & ~maintained) >> i & 1);
	}
	for (uint32_t i = 0; i < SERVICES; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		right &= service_is_right(m, h, name, down, maintained);
	}
	alert_book_free(b);
	maintenance_free(mt);
	model_free(m);
	free(h);
	return right;
}

static void test_never_masked(void)
{
	enum { MODELS = 500 };
	const char *seed_text = getenv("FW_SEED");
	uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : 1;
	unsigned wrong = 0;

	for (uint64_t k = seed; k < seed + MODELS; k++)
		if (!one_is_right(k) && wrong++ < 5)
			note("seed %llu: masked, or blamed for what is planned", (unsigned long long)k);
	is_int(wrong, 0, "random maintenance and failures: who is alerted, and how bad that is");
}

/* ---- devices ------------------------------------------------------------------------------------------------------------ */

static void fact(struct model *m, const char *device, int answer)
{
	model_device_fact(m, model_find(m, device)->index, (struct device_fact){ .icmp = (uint8_t)answer, .snmp = (uint8_t)answer }, at(1));
}

static void test_devices(void)
{
	static const char text[] =
		"state = \"/tmp/none\"\ndevice \"lone\" { address = \"192.0.2.9\" }\n"
		"device \"sw1\" { address = \"192.0.2.1\"\n    check \"fan\" { command = \"true\" } }\n"
		"device \"app1\" { address = \"192.0.2.2\"  parents = {\"sw1\"} }\n"
		"service \"shop\" { needs = {\"app1\"} }\nservice \"lan\" { needs = {\"sw1\"} }\n";
	struct model *m = model_of(text);
	struct maintenance *mt = maintenance_new();
	struct alert_book *b = alert_book_new(1);
	struct heard *h = calloc(1, sizeof(*h));
	struct verdict v;

	fact(m, "lone", ANSWER_YES);
	fact(m, "sw1", ANSWER_YES);
	fact(m, "app1", ANSWER_YES);
	set(m, "sw1/check/fan", STATE_UP);
	maintenance_take(mt, window(1, 0, 100, "sw1"));
	step(mt, 1);
	maintenance_apply(mt, m, at(1));
	alert_book_maintenance(b, mt);
	set(m, "sw1/check/fan", STATE_DOWN);
	ok(model_maintained(m, model_find(m, "sw1/check/fan")) == 1, "a device goes with its checks");
	fact(m, "sw1", ANSWER_NO);
	fact(m, "app1", ANSWER_NO);
	is_int(model_maintained(m, model_find(m, "app1")), 1, "... and with what it cuts off");
	alert_book_judge(b, m, at(2), hear, h);
	is_int(h->n, 0, "none of them is alerted");
	v = graph_verdict(model_graph(m), model_find(m, "shop")->node);
	ok(v.quality == STATE_UNKNOWN && model_is_planned(m, model_find(m, "shop"), &v), "what is unknown for it is planned");
	fact(m, "sw1", ANSWER_YES);
	is_int(model_maintained(m, model_find(m, "app1")), 0, "it answers again: what is behind it is on its own");
	alert_book_judge(b, m, at(3), hear, h);
	ok(h->n == 1 && strcmp(h->alert[0].key, "app1") == 0, "... and alerted when it does not answer then");
	alert_book_free(b);
	maintenance_free(mt);
	model_free(m);
	free(h);
}

/* ---- the ledger ----------------------------------------------------------------------------------------------------------- */

struct found { struct window *w; struct acceptance *a; unsigned windows, acceptances; };

static bool on_window(void *owner, struct window *w)
{
	struct found *f = owner;

	window_free(f->w);
	f->w = w;
	f->windows++;
	return true;
}

static bool on_acceptance(void *owner, struct acceptance *a)
{
	struct found *f = owner;

	acceptance_free(f->a);
	f->a = a;
	f->acceptances++;
	return true;
}

static struct found read_all(struct ledger *l)
{
	struct found f = { 0 };
	struct err err;

	ledger_windows(l, on_window, &f, &err);
	ledger_acceptances(l, on_acceptance, &f, &err);
	return f;
}

static void found_release(struct found *f)
{
	window_free(f->w);
	acceptance_free(f->a);
}

static void damage(const char *folder, const char *sql)
{
	char path[256];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/forewarn.db", folder);
	sqlite3_open(path, &db);
	sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
}

static void test_ledger(void)
{
	char folder[] = "/tmp/forewarn-planned.XXXXXX", command[128];
	struct err err = { "" };
	struct ledger *l = mkdtemp(folder) ? ledger_open(folder, LEDGER_WRITE, &err) : NULL;
	struct alert *mark = calloc(1, sizeof(*mark));
	struct acceptance *a;
	struct window *w = window(7, 10, 20, "sw1/power-supply/PS 1");
	struct found f;

	text_copy(w->why, sizeof(w->why), "new \"disks\"");
	text_copy(w->who, sizeof(w->who), "alice");
	name_list_add(&w->foreseen, "shop");
	text_copy(mark->key, sizeof(mark->key), "app1");
	mark->severity = SEVERITY_MINOR;
	a = acceptance_new(3, mark);
	a->at = at(1);
	a->until = at(50);
	ok(l && ledger_put_window(l, w, &err) == FW_OK && ledger_put_acceptance(l, a, &err) == FW_OK, "plans are written");
	f = read_all(l);
	ok(f.windows == 1 && f.w->number == 7 && f.w->until.us == w->until.us && strcmp(f.w->why, w->why) == 0 && f.w->member.count == 1 &&
	   strcmp(f.w->member.name[0], w->member.name[0]) == 0 && name_list_has(&f.w->foreseen, "shop"), "a window comes back as it was");
	ok(f.acceptances == 1 && f.a->number == 3 && f.a->until.us == a->until.us && strcmp(f.a->key, "app1") == 0 &&
	   strcmp(f.a->mark, a->mark) == 0, "... and an accepted risk");
	found_release(&f);
	w->ended = at(30);
	ledger_put_window(l, w, &err);
	f = read_all(l);
	ok(f.windows == 0 && ledger_window_next(l) == 8 && ledger_acceptance_next(l) == 4, "what has ended is history, and its number is not given again");
	found_release(&f);
	ledger_retain(l, at(86400 * 100), span_s(86400), 0, &err);
	is_int(ledger_window_next(l), 8, "... not even when it was cut");
	damage(folder, "INSERT INTO maintenance VALUES(9, 5, 1, 0, 0, 'x', 'y', '[]', '[]'), (10, 1, 5, 0, 0, 'x', 'y', 'no', '[]'),"
	       " (-1, 1, 5, 0, 0, 'x', 'y', '[]', '[]'); UPDATE accepted SET mark = 'torn'");
	f = read_all(l);
	ok(f.windows == 0 && f.acceptances == 0, "what is no plan is left out");
	found_release(&f);
	window_free(w);
	acceptance_free(a);
	ledger_close(l);
	free(mark);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command) != 0)
		note("left behind: %s", folder);
}

/* ---- worse than accepted ------------------------------------------------------------------------------------------------- */

static void test_worse(void)
{
	struct alert *a = calloc(1, sizeof(*a)), *now = calloc(1, sizeof(*now));
	struct acceptance *k;

	a->severity = SEVERITY_MINOR;
	a->state = STATE_DEGRADED;
	a->number = 1;
	text_copy(a->key, sizeof(a->key), "app1");
	a->touched_count = 1;
	a->touched[0] = (struct touched){ .service = "shop", .quality_now = STATE_UP, .lose_now = 1, .built_for = 2 };
	k = acceptance_new(1, a);
	*now = *a;
	ok(!acceptance_is_worse(k, now), "the same is not worse");
	now->touched[0].lose_now = 2;
	ok(!acceptance_is_worse(k, now), "what can lose more is not worse");
	now->touched[0].lose_now = 0;
	ok(acceptance_is_worse(k, now), "a lower distance is");
	now->touched[0].lose_now = LOSE_DOWN;
	ok(acceptance_is_worse(k, now), "... as is none at all");
	now->touched[0].planned = 1;
	ok(!acceptance_is_worse(k, now), "... unless maintenance alone does that");
	*now = *a;
	now->touched[0].quality_now = STATE_DEGRADED;
	ok(acceptance_is_worse(k, now), "less quality is worse");
	*now = *a;
	now->touched[1] = (struct touched){ .service = "lan", .quality_now = STATE_UP, .lose_now = 5 };
	now->touched_count = 2;
	ok(acceptance_is_worse(k, now), "a service more is worse");
	*now = *a;
	now->points_count = 1;
	ok(acceptance_is_worse(k, now), "a single point more is worse");
	*now = *a;
	now->state = STATE_DOWN;
	ok(acceptance_is_worse(k, now), "down is worse than degraded");
	acceptance_free(k);
	free(a);
	free(now);
}

int main(void)
{
	plan(10 + 1 + 6 + 6 + 9);
	test_windows();
	test_never_masked();
	test_devices();
	test_ledger();
	test_worse();
	return done();
}
