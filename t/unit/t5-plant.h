/* t/unit/t5-plant.h: made-up industrial plants as fault trees, of any size, the same for the same seed everywhere.
 *
 * Safety systems have redundant trains; a train is parts of its own, a common cause, and the trains of support systems
 * that carry it (power, cooling, control), which stand on those of the levels below. The plant fails by any of several
 * sequences, each of some systems together; so nearly everything is shared, as in real trees of this kind.
 */
#ifndef FW_T_T5_PLANT_H
#define FW_T_T5_PLANT_H

#include <stdio.h>
#include <stdlib.h>

#include "poller/service/service.h"

struct plant_size {
	const char *word;
	uint32_t systems, sequences;	/* sequences 0: each system ends it alone */
	uint32_t trains[2];		/* from .. to */
	uint32_t levels, supports;	/* support systems on each level */
	uint32_t parts;			/* of a train, at most */
};

enum { PLANT_ANY, PLANT_ALL, PLANT_TWO };		/* of the members must fail: any, all, two */
struct plant_gate { uint32_t *member, n, need; };	/* need: how many must work */

struct plant {
	uint64_t seed;
	double *q;			/* of each component */
	uint32_t components, components_room;
	struct plant_gate *gate;	/* members before those that need them; the last is the plant */
	uint32_t gates, gates_room;
};

/* A system: its trains, as members; a member is a component, or PLANT_GATE and a gate. */
enum { PLANT_TRAINS_MOST = 8, PLANT_MEMBERS_MOST = 128, PLANT_SYSTEMS_MOST = 64 };
#define PLANT_GATE (1u << 31)
struct plant_system { uint32_t train[PLANT_TRAINS_MOST], n; };

static inline uint32_t plant_below(struct plant *p, uint32_t n)
{
	uint64_t z = p->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) % n);
}

static inline uint32_t plant_part(struct plant *p)
{
	static const double q[] = { 1e-4, 1e-3, 3e-3, 1e-2 };

	if (p->components == p->components_room) {
		p->components_room = p->components_room ? p->components_room * 2 : 64;
		p->q = realloc(p->q, p->components_room * sizeof(*p->q));
	}
	p->q[p->components] = q[plant_below(p, 4)];
	return p->components++;
}

/* Members named twice count once. */
static inline uint32_t plant_gate_of(struct plant *p, int kind, const uint32_t *member, uint32_t n)
{
	struct plant_gate g = { .member = malloc((n + 1) * sizeof(*member)) };

	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = 0;

		while (k < g.n && g.member[k] != member[i])
			k++;
		if (k == g.n)
			g.member[g.n++] = member[i];
	}
	g.need = kind == PLANT_ANY || g.n == 1 ? g.n : kind == PLANT_ALL ? 1 : g.n - 1;
	if (p->gates == p->gates_room) {
		p->gates_room = p->gates_room ? p->gates_room * 2 : 64;
		p->gate = realloc(p->gate, p->gates_room * sizeof(*p->gate));
	}
	p->gate[p->gates] = g;
	return PLANT_GATE | p->gates++;
}

/* Two ways to do something, each of some parts and what carries it; NULL: nothing does. */
static inline uint32_t plant_pair(struct plant *p, const struct plant_system *below, uint32_t systems)
{
	uint32_t way[2], member[8];

	for (int i = 0; i < 2; i++) {
		uint32_t n = 0;

		for (uint32_t parts = 1 + plant_below(p, 3); n < parts;)
			member[n++] = plant_part(p);
		if (systems > 0) {
			const struct plant_system *s = &below[plant_below(p, systems)];

			member[n++] = s->train[plant_below(p, s->n)];
		}
		way[i] = plant_gate_of(p, PLANT_ANY, member, n);
	}
	return plant_gate_of(p, PLANT_ALL, way, 2);
}

/* Support systems are numbered through, level by level; below: how many there are. */
static inline struct plant_system plant_system_over(struct plant *p, const struct plant_size *z,
						    const struct plant_system *support, uint32_t below)
{
	struct plant_system s = { .n = z->trains[0] + plant_below(p, z->trains[1] - z->trains[0] + 1) };
	bool common = plant_below(p, 10) < 3;
	uint32_t cause = common ? plant_part(p) : 0, member[PLANT_MEMBERS_MOST];

	for (uint32_t t = 0; t < s.n; t++) {
		uint32_t n = 0;

		for (uint32_t parts = z->parts / 2 + plant_below(p, z->parts / 2 + 1); n <= parts;)
			member[n++] = plant_part(p);
		if (common)
			member[n++] = cause;
		for (uint32_t k = 0; k < 1 + z->levels / 2 && below > 0; k++) {
			const struct plant_system *on = &support[plant_below(p, below)];

			member[n++] = on->train[t % on->n];
		}
		for (uint32_t pairs = plant_below(p, 3); pairs > 0; pairs--)
			member[n++] = plant_pair(p, support, below);
		s.train[t] = plant_gate_of(p, PLANT_ANY, member, n);
	}
	return s;
}

static inline void plant_sequences(struct plant *p, const struct plant_size *z, const uint32_t *system)
{
	uint32_t sequence[PLANT_MEMBERS_MOST], member[3];

	for (uint32_t i = 0; i < z->sequences; i++) {
		uint32_t n = 1 + plant_below(p, 3);

		for (uint32_t k = 0; k < n; k++)
			member[k] = system[plant_below(p, z->systems)];
		sequence[i] = plant_gate_of(p, PLANT_ALL, member, n);
	}
	plant_gate_of(p, PLANT_ANY, z->sequences ? sequence : system, z->sequences ? z->sequences : z->systems);
}

static inline struct plant plant_make(const struct plant_size *z, uint64_t seed)
{
	struct plant p = { .seed = seed };
	struct plant_system support[PLANT_SYSTEMS_MOST];
	uint32_t system[PLANT_SYSTEMS_MOST], n = 0;

	for (uint32_t level = 0; level < z->levels; level++)
		for (uint32_t i = 0, below = n; i < z->supports; i++)
			support[n++] = plant_system_over(&p, z, support, below);
	for (uint32_t i = 0; i < z->systems; i++) {
		struct plant_system s = plant_system_over(&p, z, support, n);

		system[i] = plant_gate_of(&p, s.n > 2 && plant_below(&p, 2) ? PLANT_TWO : PLANT_ALL, s.train, s.n);
	}
	plant_sequences(&p, z, system);
	return p;
}

static inline void plant_free(struct plant *p)
{
	for (uint32_t i = 0; i < p->gates; i++)
		free(p->gate[i].member);
	free(p->gate);
	free(p->q);
}

/* Not built yet; components are its first nodes. The plant is watched. */
static inline struct graph *plant_graph(const struct plant *p, uint32_t most_nodes, uint32_t *top)
{
	struct graph *g = graph_new(most_nodes);

	for (uint32_t i = 0; i < p->components; i++)
		graph_component(g, NULL, p->q[i]);
	for (uint32_t i = 0; i < p->gates; i++) {
		const struct plant_gate *from = &p->gate[i];

		*top = graph_gate(g, NULL, from->need, from->need);
		for (uint32_t k = 0; k < from->n; k++)
			graph_member(g, *top, from->member[k] & PLANT_GATE ?
				     p->components + (from->member[k] & ~PLANT_GATE) : from->member[k]);
	}
	graph_watch(g, *top);
	return g;
}

static inline void plant_print(const struct plant *p, FILE *out)
{
	for (uint32_t i = 0; i < p->components; i++)
		fprintf(out, "component \"e%u\" { unavailability = %g }\n", i, p->q[i]);
	for (uint32_t i = 0; i < p->gates; i++) {
		fprintf(out, "group \"g%u\" { need = %u  members = {", i, p->gate[i].need);
		for (uint32_t k = 0; k < p->gate[i].n; k++)
			fprintf(out, "%s\"%c%u\"", k ? ", " : "", p->gate[i].member[k] & PLANT_GATE ? 'g' : 'e',
				p->gate[i].member[k] & ~PLANT_GATE);
		fprintf(out, "} }\n");
	}
	fprintf(out, "service \"plant\" { needs = {\"g%u\"} }\n", p->gates - 1);
}

#endif
