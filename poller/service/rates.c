/* poller/service/rates.c: rates of components, from what is given, or from their history and a prior. */
#include <string.h>

#include "poller/base/err.h"
#include "rates.h"

/* ---- history ----------------------------------------------------------------------------------------------------- */

enum seen seen_of(enum state s, bool counts)
{
	static const uint8_t seen[STATES] = {
		[STATE_UP] = SEEN_UP, [STATE_DEGRADED] = SEEN_UP, [STATE_DOWN] = SEEN_DOWN, [STATE_UNKNOWN] = SEEN_NOT,
	};

	return counts ? (enum seen)seen[s] : SEEN_NOT;
}

static void count_until(struct history *h, struct wall at)
{
	struct span past = wall_since(at, h->until);

	if (past.us <= 0)
		return;		/* a clock that was set back, or a change dated before the last one */
	if (h->now == SEEN_UP)
		h->up.us += past.us;
	if (h->now == SEEN_DOWN)
		h->down.us += past.us;
	h->until = at;
}

void history_step(struct history *h, enum seen now, struct wall at)
{
	count_until(h, at);
	h->now = now;
	if (now == SEEN_NOT)
		return;
	if (h->since.us == 0)
		h->since = at;
	h->failures += h->before == SEEN_UP && now == SEEN_DOWN;
	h->repairs += h->before == SEEN_DOWN && now == SEEN_UP;
	h->before = now;
}

void history_forget(struct history *h, struct wall at)
{
	count_until(h, at);
	h->now = h->before = SEEN_NOT;
}

void history_sleep(struct history *h, struct wall until)
{
	count_until(h, until);
	h->asleep = true;
}

bool history_wake(struct history *h, struct wall at, struct span most)
{
	bool was_asleep = h->asleep;

	h->asleep = false;
	if (!was_asleep || wall_since(at, h->until).us <= most.us)
		return false;
	h->now = SEEN_NOT;
	count_until(h, at);
	return true;
}

struct history history_at(const struct history *h, struct wall at)
{
	struct history then = *h;

	if (!then.asleep)
		count_until(&then, at);
	return then;
}

/* ---- rates ------------------------------------------------------------------------------------------------------- */

static const char *const source_words[RATE_SOURCES] = {
	[RATE_MISSING] = "missing", [RATE_GIVEN] = "given", [RATE_MEASURED] = "measured", [RATE_ASSUMED] = "assumed",
};

const char *rate_source_word(enum rate_source s) { return source_words[s]; }

/* From what was seen and thought before; NaN without a prior. */
static double mtbf_of(const struct rate_prior *p, const struct history *h)
{
	return (p->weight_s + span_as_s(h->up)) / (p->weight_s / p->mtbf_s + h->failures);
}

static double mttr_of(const struct rate_prior *p, const struct history *h)
{
	double worth = p->weight_s / p->mtbf_s;

	if (!(worth >= 1))
		worth = 1;	/* one repair alone must not be all that is known */
	return (worth * p->mttr_s + span_as_s(h->down)) / (worth + h->repairs);
}

static enum rate_source source_of(const struct rate_prior *p, const struct history *h)
{
	if (isnan(p->mtbf_s) || isnan(p->mttr_s))
		return RATE_MISSING;
	return h->failures > 0 || span_as_s(h->up) + span_as_s(h->down) >= p->weight_s ? RATE_MEASURED : RATE_ASSUMED;
}

static double down_part(double mtbf_s, double mttr_s)
{
	return isinf(mtbf_s) ? 0 : mttr_s / (mtbf_s + mttr_s);
}

struct rate rate_of(const struct rate_given *g, const struct rate_prior *p, const struct history *h)
{
	struct rate r = { .mtbf_s = mtbf_of(p, h), .mttr_s = mttr_of(p, h), .source = source_of(p, h) };
	bool q = !isnan(g->unavailability), mtbf = !isnan(g->mtbf_s), mttr = !isnan(g->mttr_s);

	if (mtbf)
		r.mtbf_s = g->mtbf_s;
	if (mttr)
		r.mttr_s = g->mttr_s;
	if (q && mtbf)
		r.mttr_s = g->unavailability < 1 ? r.mtbf_s * g->unavailability / (1 - g->unavailability) : INFINITY;
	else if (q)
		r.mtbf_s = g->unavailability > 0 ? r.mttr_s * (1 - g->unavailability) / g->unavailability : INFINITY;
	r.q = q ? g->unavailability : down_part(r.mtbf_s, r.mttr_s);
	if (q || mtbf)
		r.source = RATE_GIVEN;
	if (isnan(r.q))
		r.source = RATE_MISSING;
	return r;
}

double rate_q_horizon(const struct rate *r, double horizon_s) { return -expm1(-horizon_s / r->mtbf_s); }

/* ---- priors ------------------------------------------------------------------------------------------------------ */

#define HOUR 3600.0
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)

/* Round numbers, from forewarn-risk(7), where their sources are named. */
const struct rate_class rate_classes[] = {
	{ "device",       {  2 * YEAR,  4 * HOUR,  1 * YEAR } },
	{ "check",        { 90 * DAY,   1 * HOUR, 90 * DAY } },
	{ "interface",    {  2 * YEAR,  2 * HOUR,  1 * YEAR } },
	{ "power-supply", { 25 * YEAR, 24 * HOUR,  5 * YEAR } },
	{ "fan",          { 10 * YEAR, 24 * HOUR,  5 * YEAR } },
	{ "part",         {  5 * YEAR,  8 * HOUR,  2 * YEAR } },
	{ "component",    {  NAN, NAN, 1 * YEAR } },
};
const size_t rate_class_count = sizeof(rate_classes) / sizeof(rate_classes[0]);

struct rate_prior rate_prior_of(const char *class_name)
{
	const struct rate_class *part = NULL;

	for (size_t i = 0; i < rate_class_count; i++) {
		if (strcmp(rate_classes[i].name, class_name) == 0)
			return rate_classes[i].prior;
		if (strcmp(rate_classes[i].name, "part") == 0)
			part = &rate_classes[i];
	}
	must(part != NULL);
	return part->prior;
}
