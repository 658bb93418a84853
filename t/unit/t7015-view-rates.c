/* The view of risk: chances and where they come from, what members share, what failed together in the ledger. */
#include <stdlib.h>
#include <unistd.h>

#include "poller/ctl/ctl.h"
#include "tap.h"

static const char text[] =
	"component \"feed\" { unavailability = 0.0001  mtbf = 1y  carries = {\"app[1-2]\"} }\n"
	"component \"app1\" { mtbf = 1y  mttr = 1d }\n"
	"component \"app2\" { mtbf = 1y  mttr = 1d }\n"
	"component \"app3\" { unavailability = 0.001 }\n"
	"component \"bare\" { }\n"
	"component \"db1\" { mtbf = 1y  mttr = 1d }\n"
	"component \"db2\" { mtbf = 1y  mttr = 1d }\n"
	"group \"apps\" { need = 1  members = {\"app[1-2]\"} }\n"
	"group \"db\" { need = 1  members = {\"db[1-2]\"} }\n"
	"service \"shop\" { needs = {\"apps\", \"db\"} }\n"
	"service \"half\" { needs = {\"app3\"} }\n"
	"service \"dark\" { needs = {\"app3\", \"bare | db1\"} }\n";

const struct command commands[] = { { .name = NULL } };

static char folder[64] = "/tmp/forewarn-t7015-XXXXXX";

static void went_down(struct ledger *l, const char *name, struct wall at)
{
	struct ledger_event e = { .at = at, .what = "state", .before = "up", .now = "down" };
	struct err err;

	snprintf(e.name, sizeof(e.name), "%s", name);
	ledger_put_event(l, &e, &err);
}

/* Four times in forty days, both databases within ten seconds, and both application servers with their feed. */
static void write_past(void)
{
	struct err err = { "" };
	struct ledger *l = ledger_open(folder, LEDGER_WRITE, &err);
	struct history h = { .since = wall_add(clock_wall(), span_s(-86400 * 60)), .now = SEEN_UP, .before = SEEN_UP, .failures = 4,
			     .repairs = 4, .up = span_s(86400 * 60), .down = span_s(3600) };

	if (!l) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	h.until = clock_wall();
	ledger_put_history(l, "db1", &h, &err);
	for (int i = 1; i <= 4; i++) {
		struct wall at = wall_add(clock_wall(), span_s(-i * 864000));

		went_down(l, "db1", at);
		went_down(l, "db2", wall_add(at, span_s(10)));
		went_down(l, "feed", wall_add(at, span_s(86400)));
		went_down(l, "app1", wall_add(at, span_s(86400 + 5)));
		went_down(l, "app2", wall_add(at, span_s(86400 + 6)));
	}
	ledger_close(l);
}

static json_t *ask(void)
{
	char path[96];
	struct ctl c = { .config_path = path };
	struct err err = { "" };
	struct view *v;
	json_t *answer, *args = json_object();

	snprintf(path, sizeof(path), "%s/x.conf", folder);
	v = view_open(&c, &err);
	answer = v ? view_answer(v, view_find("risk"), args, &err) : NULL;
	view_close(v);
	json_decref(args);
	if (answer == NULL)
		printf("Bail out! %s\n", err.text);
	return answer;
}

static json_t *service(json_t *answer, const char *name)
{
	json_t *items = json_object_get(answer, "items"), *item;
	size_t i;

	json_array_foreach(items, i, item)
		if (strcmp(json_text(item, "service"), name) == 0)
			return item;
	return NULL;
}

static double number(json_t *item, const char *key) { return json_number_value(json_object_get(item, key)); }
static bool is_null(json_t *item, const char *key) { return json_is_null(json_object_get(item, key)); }

static void test_chances(json_t *answer)
{
	json_t *shop = service(answer, "shop"), *half = service(answer, "half"), *dark = service(answer, "dark");
	double app = 1.0 / 366, feed = 0.0001, day = -expm1(-1.0 / 365);

	is_double(number(shop, "p"), 1 - (1 - feed) * (1 - app * app) * (1 - app * app), 1e-16, "p of what is given");
	is_double(number(shop, "p_horizon"), 1 - (1 - day) * (1 - day * day) * (1 - day * day), 1e-15, "p_horizon of it");
	is_double(number(shop, "horizon_s"), 86400, 0, "... within a day");
	is_int(json_int(shop, "rates_given"), 5, "five rates are given");
	ok(json_int(shop, "rates_measured") == 0 && json_int(shop, "rates_missing") == 0, "... no other");
	is_int((long long)json_array_size(json_object_get(shop, "rates")), 5, "... each is told");
	ok(number(half, "p") == 0.001 && is_null(half, "p_horizon"), "an unavailability alone is no horizon");
	ok(is_null(dark, "p") && is_null(dark, "p_horizon") && json_int(dark, "rates_missing") == 1, "a rate is missing: no chance");
}

static void test_fate(json_t *answer)
{
	json_t *shop = service(answer, "shop"), *fate = json_array_get(json_object_get(shop, "shared_fate"), 0), *seen;

	is_int((long long)json_array_size(json_object_get(shop, "shared_fate")), 1, "one group shares a fate");
	is_str(json_text(fate, "group"), "apps", "... it is named");
	ok(json_int(fate, "declared") == 2 && json_int(fate, "actual") == 1 && json_int(fate, "count") == 1, "... and what it is");
	is_str(json_string_value(json_array_get(json_array_get(json_object_get(fate, "sets"), 0), 0)), "feed", "... what they share");
	is_int((long long)json_array_size(json_object_get(fate, "members")), 2, "... and who falls");
	is_int((long long)json_array_size(json_object_get(service(answer, "half"), "shared_fate")), 0, "the others do not");
	seen = json_object_get(shop, "shared_fate_seen");
	is_int((long long)json_array_size(seen), 1, "one pair failed together for no reason that is declared");
	seen = json_array_get(seen, 0);
	is_str(json_string_value(json_array_get(json_object_get(seen, "components"), 0)), "db1", "... the databases");
	is_int(json_int(seen, "times"), 4, "... four times");
	ok(number(seen, "expected") < 1e-3 && number(seen, "chance") < 1e-6, "... which is no chance");
	is_double(number(seen, "watched_s") / 86400, 60, 0.01, "... since they are watched");
	is_int((long long)json_array_size(json_object_get(service(answer, "dark"), "shared_fate_seen")), 0,
	       "who stands on one of them alone is not told");
}

int main(void)
{
	char path[96], command[96];
	json_t *answer;
	FILE *f;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/x.conf", folder);
	f = fopen(path, "w");
	fprintf(f, "state = \"%s\"\n%s", folder, text);
	fclose(f);
	write_past();
	plan(8 + 12);
	answer = ask();
	test_chances(answer);
	test_fate(answer);
	json_decref(answer);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command) != 0)
		note("left behind: %s", folder);
	return done();
}
