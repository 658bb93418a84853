/* poller/service/look.h: one look at the structure: what works below a node, and what is left where some may fail.
 *
 * Nothing is built or kept: a look is the asker's, good until a state changes.
 */
#ifndef FW_SERVICE_LOOK_H
#define FW_SERVICE_LOOK_H

#include "poller/service/service.h"

enum works { WORKS_NOT_ASKED, WORKS, WORKS_NOT, WORKS_UNKNOWN };

/* The states as they are, but that 'fails' is down (NODE_NONE: as they are). */
struct look {
	struct graph *g;
	uint32_t fails;
	uint8_t *works, *seen;		/* per node */
	uint32_t *gate;			/* look_gates(): those that need fewer than they have, top down, each once */
	size_t gates, room;
	unsigned depth;
};
struct look look_at(struct graph *g, uint32_t fails);
void look_away(struct look *l);

enum works look_works(struct look *l, uint32_t node);
/* Look for the gates below a node; of several, one after the other. */
void look_gates(struct look *l, uint32_t node);
bool look_has_met(const struct look *l, uint32_t node);	/* is it below what gates were looked for? */

/* Members of a gate. */
struct left { uint32_t there, unknown, members, need, full; };
struct left look_left(struct look *l, uint32_t gate);
/* Does 'service' itself need the gate, or what is called as the gate is? */
bool look_is_direct(const struct look *l, uint32_t service, uint32_t gate);

#endif
