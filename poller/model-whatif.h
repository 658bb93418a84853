/* poller/model-whatif.h: what would be true if components were otherwise; nothing of the model is touched.
 *
 * A scenario begins as the present and is changed by what is assumed:
 *
 *   a component, check or part	its own variable
 *   a device down, unknown		its own variable: what needs it follows in the graph
 *   a device up, degraded		its own variable; and what its silence alone explains is up again: its parts and
 *					checks, and the devices behind it that it cuts off, with theirs
 *
 * Then devices all of whose parents are cut off or do not answer are unknown with their parts, as they would be when it
 * happens: scenario_settle(). Questions are put to the scenario's lens.
 * Pure. Thread: the model's owner. A scenario ends before the model gets another graph.
 */
#ifndef FW_MODEL_WHATIF_H
#define FW_MODEL_WHATIF_H

#include "poller/model.h"

struct scenario;

struct scenario *scenario_new(struct model *m);
void scenario_free(struct scenario *s);

/* Assume it: an entity with a state of its own. What is not in the graph changes nothing. */
void scenario_put(struct scenario *s, const struct entity *e, enum state to);
/* As scenario_put(e, STATE_UP), and of a device also its parts and checks, whatever explains them: maintenance is over. */
void scenario_put_good(struct scenario *s, const struct entity *e);
/* After all is assumed: who cannot be reached any more. */
void scenario_settle(struct scenario *s);

/* Devices that answer now and could not be reached then: all are counted, 'most' are written. */
size_t scenario_unreached(const struct scenario *s, const struct entity **out, size_t most);

/* The graph as it would be. */
struct lens *scenario_lens(struct scenario *s);

#endif
