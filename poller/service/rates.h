/* poller/service/rates.h: how likely a component is to fail: from what is given, or from its own history and a prior.
 *
 * A component fails at a constant rate while it works, and its repairs take a mean time; then it is down for the part
 * q = MTTR / (MTBF + MTTR) of the time, and fails first within T with 1 - exp(-T / MTBF). Who does not say what they
 * are is estimated (Bayes): a prior counts as much as an observation of length 'weight' at its own rates would,
 *	failures	gamma, shape a = weight / MTBF, rate 'weight':		MTBF = (weight + up) / (a + failures)
 *	repairs		inverse gamma, worth k = a repairs, one at least:	MTTR = (k MTTR + down) / (k + repairs)
 * which are the inverse of the posterior mean of the rate, and the posterior mean of the time. Times are seconds, NaN:
 * not known. Explained in forewarn-risk(7), RATES.
 *
 * A history is kept by state changes alone: between two of them the state goes on. Only what was seen counts: time in
 * which a component is unknown, switched off by administration or in maintenance is neither up nor down.
 *
 * Sources: Gelman and others, Bayesian Data Analysis, 2.6; Barlow and Proschan 1975 (availability of a renewal process).
 * Pure: no clock, no thread, no I/O.
 */
#ifndef FW_SERVICE_RATES_H
#define FW_SERVICE_RATES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poller/base/clock.h"
#include "service.h"

/* ---- a component's own past -------------------------------------------------------------------------------------- */

enum seen { SEEN_NOT, SEEN_UP, SEEN_DOWN };

struct history {
	struct wall since;		/* when it was first seen; 0: never */
	struct wall until;		/* counted so far; 'now' goes on from here */
	uint8_t now, before;		/* enum seen; before: when it was last seen, SEEN_NOT: what it was does not matter */
	bool asleep;			/* nobody counts: it is as a process before left it */
	uint32_t failures, repairs;
	struct span up, down;
};

/* What a state means here; 'counts' false: administration or maintenance, whose time is not the component's own. */
enum seen seen_of(enum state s, bool counts);

/*
 * From 'at' on it is 'now'; what it was until then is counted. Of a time in which it was not seen the outcome counts
 * alone: up before and down after is a failure.
 */
void history_step(struct history *h, enum seen now, struct wall at);
/* From 'at' on it is not seen, and what it was is no measure of what comes: administration, maintenance. */
void history_forget(struct history *h, struct wall at);
/* It was last looked at at 'until'. When it is seen again, the time between counts if it is not longer than 'most'. */
void history_sleep(struct history *h, struct wall until);
bool history_wake(struct history *h, struct wall at, struct span most);	/* true: it was longer, nobody saw */
/* The same with what goes on counted until 'at'. */
struct history history_at(const struct history *h, struct wall at);

/* ---- rates ------------------------------------------------------------------------------------------------------- */

/* What a person says of one component; NaN: nothing. */
struct rate_given { double unavailability, mtbf_s, mttr_s; };
#define RATE_GIVEN_NONE ((struct rate_given){ NAN, NAN, NAN })

/* What is thought of a class before anything is seen of one; mtbf NaN: nothing, weight then means nothing. */
struct rate_prior { double mtbf_s, mttr_s, weight_s; };

enum rate_source { RATE_MISSING, RATE_GIVEN, RATE_MEASURED, RATE_ASSUMED, RATE_SOURCES };
const char *rate_source_word(enum rate_source s);	/* "missing" "given" "measured" "assumed" */

/*
 * 'source' is that of q: given by unavailability or mtbf; measured when at least one failure was seen, or as much time
 * as the prior weighs; else assumed: the prior is what counts; missing without one.
 */
struct rate { double mtbf_s, mttr_s, q; enum rate_source source; };
struct rate rate_of(const struct rate_given *g, const struct rate_prior *p, const struct history *h);

/* Of a first failure within 'horizon_s'. NaN when the MTBF is not known. */
double rate_q_horizon(const struct rate *r, double horizon_s);

/* ---- priors -------------------------------------------------------------------------------------------------------- */

/* The prior of a class by its name ("device", "check", "interface", ...); of one that has none of its own that of
 * "part". */
struct rate_class { const char *name; struct rate_prior prior; };
extern const struct rate_class rate_classes[];
extern const size_t rate_class_count;
struct rate_prior rate_prior_of(const char *class_name);

#endif
