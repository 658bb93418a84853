/* What was seen of components makes their rates: over failures, silence, administration, a restart, a new configuration. */
#include <stdlib.h>

#include "poller/model.h"
#include "tap.h"

enum { N = ANSWER_NO, Y = ANSWER_YES, X = ANSWER_NOT_ASKED, HOUR = 3600, DAY = 24 * HOUR, YEAR = 365 * DAY };

static const char text[] =
	"state = \"/tmp/none\"\n"
	"device \"sw1\" { address = \"192.0.2.1\" }\n"
	"device \"sw2\" { address = \"192.0.2.2\"  mtbf = 5y  mttr = 8h }\n"
	"check \"crm\" { command = \"true\"  unavailability = 0.01 }\n"
	"component \"feed\" { unavailability = 0.001  mtbf = 1y }\n"
	"component \"plain\" { }\n"
	"service \"shop\" { needs = {\"sw1 | sw2\", \"crm\", \"feed\"} }\n"
	"service \"far\" { needs = {\"sw1/interface/wan\", \"sw2/power-supply/1\"} }\n"
	"service \"unknown\" { needs = {\"plain\"} }\n";

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

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

static struct model *fresh(const char *more)
{
	struct err err = { "" };
	struct config *c = load(more);
	struct model *m = c ? model_new(c, &err) : NULL;

	if (!m) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	config_unref(c);
	return m;
}

struct kept { struct history h[8]; char name[8][64]; unsigned n; };

static void keep(void *owner, const struct entity *e, const struct history *h)
{
	struct kept *k = owner;

	k->h[k->n & 7] = *h;
	snprintf(k->name[k->n++ & 7], sizeof(k->name[0]), "%s", e->name);
}

static void ignore(void *owner, const struct entity_change *c)
{
	(void)owner;
	(void)c;
}

/* What a batch of levels leads to. */
static unsigned settle(struct model *m, struct kept *k)
{
	struct kept none = { .n = 0 };

	k = k ? k : &none;
	k->n = 0;
	model_histories(m, keep, k);
	model_changes(m, ignore, NULL);
	return k->n;
}

static void fact_only(struct model *m, const char *device, int icmp, int64_t t)
{
	model_device_fact(m, model_find(m, device)->index, (struct device_fact){ .icmp = (uint8_t)icmp, .snmp = X }, at(t));
}

static void fact(struct model *m, const char *device, int icmp, int64_t t)
{
	fact_only(m, device, icmp, t);
	settle(m, NULL);
}

static void level(struct model *m, const char *name, enum state s, bool admin, int64_t t)
{
	model_set(m, &(struct level){ .name = name, .state = s, .admin = admin, .reason = "", .at = at(t) });
	settle(m, NULL);
}

static const struct history *past(struct model *m, const char *name) { return model_history(m, model_find(m, name)); }
static struct rate rate(struct model *m, const char *name) { return model_rate(m, model_find(m, name)); }
static struct verdict verdict(struct model *m, const char *name)
{
	return graph_verdict(model_graph(m), model_find(m, name)->node);
}

static void is_near(double got, double want, const char *name) { is_double(got, want, fabs(want) * 1e-12, name); }

/* ---- what makes a rate ------------------------------------------------------------------------------------------- */

static void test_sources(void)
{
	struct model *m = fresh("");
	struct verdict v;

	is_int(rate(m, "sw1").source, RATE_ASSUMED, "a device of which nothing was seen: assumed");
	is_near(rate(m, "sw1").mtbf_s, rate_prior_of("device").mtbf_s, "... as its class");
	is_near(rate(m, "sw1/interface/wan").mtbf_s, rate_prior_of("interface").mtbf_s, "a part as its class");
	is_near(rate(m, "sw2/power-supply/1").mtbf_s, rate_prior_of("power-supply").mtbf_s, "... whichever it is");
	is_int(rate(m, "sw2").source, RATE_GIVEN, "mtbf and mttr: given");
	is_near(rate(m, "sw2").q, 8.0 / (5 * 365 * 24 + 8), "... and its unavailability");
	is_near(rate(m, "crm").q, 0.01, "an unavailability is taken as it is");
	is_near(rate(m, "crm").mtbf_s, 99.0 * HOUR, "... its mtbf follows from the repair time of its class");
	is_int(rate(m, "plain").source, RATE_MISSING, "what is set by hand has no rate of its own");
	v = verdict(m, "unknown");
	ok(isnan(v.p) && isnan(v.p_horizon), "... so its service has no probability");
	v = verdict(m, "shop");
	is_near(v.p, 1 - (1 - rate(m, "sw1").q * rate(m, "sw2").q) * 0.99 * 0.999, "the graph has the rates");
	is_near(v.p_horizon, 1 - (1 - -expm1(-1.0 / 730) * -expm1(-1.0 / 1825)) * exp(-24.0 / 99) * exp(-1.0 / 365),
		"... and the chances within the horizon");
	model_free(m);
	m = fresh("rates \"component\" { mtbf = 4y  mttr = 1d }\nrates \"interface\" { mtbf = 30d }\nrisk { horizon = 7d }\n");
	is_near(rate(m, "sw1/interface/wan").mtbf_s, 30.0 * DAY, "a class can be given other rates");
	is_near(rate(m, "sw1/interface/wan").mttr_s, rate_prior_of("interface").mttr_s, "... what is not given stays");
	is_int(rate(m, "plain").source, RATE_ASSUMED, "and so can components");
	is_near(verdict(m, "unknown").p_horizon, -expm1(-7.0 / (4 * 365)), "the horizon is configured");
	model_free(m);
}

/* ---- what is seen ------------------------------------------------------------------------------------------------ */

static void test_seen(void)
{
	struct model *m = fresh("");
	const struct history *h;

	fact(m, "sw2", Y, 0);
	fact(m, "sw1", Y, 0);
	fact(m, "sw1", N, 1000);
	fact(m, "sw1", Y, 1600);
	h = past(m, "sw1");
	ok(h && h->failures == 1 && h->repairs == 1, "a failure and its repair are seen");
	ok(h && h->up.us == span_s(1000).us && h->down.us == span_s(600).us, "... and how long");
	ok(model_rates_due(m), "rates are due then");
	is_near(rate(m, "sw1").mtbf_s, (YEAR + 1000.0) / 1.5, "the history makes the rate");
	model_rates(m, at(2600));
	ok(!model_rates_due(m), "told, they are due no more");
	is_near(rate(m, "sw1").mtbf_s, (YEAR + 2000.0) / 1.5, "what goes on counts until they are told");
	is_int(rate(m, "sw1").source, RATE_MEASURED, "it is measured now");
	is_near(rate(m, "sw1").mttr_s, (4.0 * HOUR + 600) / 2, "the repair counts beside the prior's one");

	fact_only(m, "sw1", N, 3000);
	fact(m, "sw2", N, 3000);
	fact_only(m, "sw1", Y, 9000);	/* until the other one is heard, it would be down */
	fact(m, "sw2", Y, 9000);
	ok(past(m, "sw2")->failures == 0 && past(m, "sw2")->down.us == 0, "our own blindness is nobody's failure");
	is_int(history_at(past(m, "sw2"), at(9100)).up.us, span_s(3100).us, "... nor is it up time");
	level(m, "sw1/interface/wan", STATE_UP, false, 9000);
	level(m, "sw1/interface/wan", STATE_DOWN, true, 9500);
	level(m, "sw1/interface/wan", STATE_UP, false, 9900);
	h = past(m, "sw1/interface/wan");
	ok(h->failures == 0 && h->down.us == 0, "what is switched off has not failed");
	is_int(history_at(h, at(10000)).up.us, span_s(600).us, "... and its time does not count");
	level(m, "sw1/interface/wan", STATE_DEGRADED, false, 10100);
	is_int(h->failures, 0, "degraded is no failure");
	level(m, "sw1/interface/wan", STATE_DOWN, false, 10110);
	level(m, "sw1/interface/wan", STATE_DOWN, true, 10150);
	is_int(h->down.us, span_s(40).us, "what is down, and then switched off, was down until then");
	level(m, "sw1/interface/wan", STATE_DOWN, false, 10190);
	is_int(history_at(h, at(10195)).down.us, span_s(45).us, "... and from when it is switched on again");
	ok(past(m, "plain") == NULL, "what nobody sets is not seen");
	level(m, "plain", STATE_DOWN, false, 10200);
	level(m, "plain", STATE_UP, false, 10300);
	is_int(past(m, "plain")->repairs, 1, "what somebody sets is");
	model_free(m);
}

/* ---- what is kept ------------------------------------------------------------------------------------------------ */

static void test_restart(void)
{
	struct model *m = fresh("");
	struct kept k = { .n = 0 };
	struct history h;

	fact_only(m, "sw1", Y, 0);
	is_int(settle(m, &k), 1, "a history that begins is to be kept");
	fact_only(m, "sw1", Y, 60);
	is_int(settle(m, &k), 0, "the same state is nothing new");
	fact_only(m, "sw1", N, 120);
	is_int(settle(m, &k), 1, "a failure is");
	fact_only(m, "sw1", Y, 150);
	is_int(settle(m, &k), 1, "... and its repair");
	h = k.h[0];
	is_int(h.failures, 1, "... with all that was seen");
	model_free(m);

	m = fresh("");
	model_history_restore(m, "sw1", &h, at(1000));
	model_history_restore(m, "no such", &h, at(1000));
	fact_only(m, "sw1", Y, 1060);
	is_int(settle(m, &k), 0, "back within three intervals: nothing new");
	is_int(history_at(past(m, "sw1"), at(1150)).up.us, span_s(120 + 1000).us, "... and the time between counts");
	model_free(m);

	m = fresh("");
	model_history_restore(m, "sw1", &h, at(1000));
	model_rates(m, at(5000));
	is_near(rate(m, "sw1").mtbf_s, (YEAR + 970.0) / 1.5, "until it is seen, it is as it was left");
	fact_only(m, "sw1", N, 5000);
	is_int(settle(m, &k), 1, "back later: to be kept");
	is_int(past(m, "sw1")->up.us, span_s(120 + 850).us, "the time between is no up time");
	is_int(past(m, "sw1")->failures, 2, "what failed meanwhile has failed");
	model_free(m);

	m = fresh("");
	model_history_restore(m, "sw1/interface/wan", &h, at(1000));
	fact_only(m, "sw1", Y, 5000);
	model_set(m, &(struct level){ .name = "sw1/interface/wan", .reason = "", .since = at(150), .at = at(5000) });
	settle(m, &k);
	is_int(past(m, "sw1/interface/wan")->up.us, span_s(120 + 850).us, "... nor when its agent says that it was up all the time");
	model_free(m);
}

static void test_reload(void)
{
	struct model *m = fresh("");
	struct config *c = load("service \"more\" { needs = {\"sw1/interface/lan\"} }\n");
	struct kept k = { .n = 0 };
	struct err err;

	fact(m, "sw1", Y, 0);
	level(m, "sw1/interface/lan", STATE_UP, false, 10);
	fact(m, "sw1", N, 100);
	fact(m, "sw1", Y, 200);
	level(m, "sw1/interface/lan", STATE_UP, false, 210);
	ok(past(m, "sw1/interface/lan") == NULL, "what no service needs has no history");
	ok(model_reload(&m, c, &err) == FW_OK, "a new configuration");
	is_int(past(m, "sw1")->failures, 1, "... keeps the histories");
	is_int(rate(m, "sw1").source, RATE_MEASURED, "... and the rates");
	ok(past(m, "sw1/interface/lan") != NULL, "what is needed now has one from now on");
	ok(settle(m, &k) >= 1, "... which is to be kept");
	config_unref(c);
	model_free(m);
}

int main(void)
{
	plan(16 + 17 + 12 + 6);
	test_sources();
	test_seen();
	test_restart();
	test_reload();
	return done();
}
