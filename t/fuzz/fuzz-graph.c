/* t/fuzz/fuzz-graph.c: any graph, also one with circles, and any sequence of states: no crash, and no two answers.
 *
 * The input is a little program: how many components and gates, each gate's need, full and members, then state changes.
 * After each change the verdict kept up cell by cell must equal the one from a whole state vector and the what-if
 * before.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/reader.h"
#include "poller/service/service.h"

enum { COMPONENTS_MOST = 24, GATES_MOST = 24, CHANGES_MOST = 64, NODES_BOUND = 300, LIST_MOST = COMPONENTS_MOST };

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len_octets);

struct fuzzed {
	struct graph *g;
	uint32_t components, gates;
	enum state state[COMPONENTS_MOST];
	struct lens *lens;		/* follows */
};

static void read_capacities(struct graph *g, uint32_t gate, struct rd *r)
{
	const uint32_t *member;
	size_t n = graph_members(g, gate, &member);

	graph_need_capacity(g, gate, (uint64_t)rd_u8(r) << rd_u8(r) % 57);
	for (size_t i = 0; i < n; i++)
		graph_capacity(g, gate, member[i], (uint64_t)rd_u8(r) << rd_u8(r) % 57);
}

static void read_graph(struct fuzzed *f, struct rd *r)
{
	f->components = rd_u8(r) % (COMPONENTS_MOST + 1);
	f->gates = rd_u8(r) % (GATES_MOST + 1);
	for (uint32_t i = 0; i < f->components; i++) {
		graph_component(f->g, i % 5 ? "c" : NULL, rd_u8(r) / 200.0);
		graph_rate(f->g, i, i / 30.0, rd_u8(r) / 250.0);
	}
	for (uint32_t i = 0; i < f->gates; i++) {
		uint8_t need = rd_u8(r);

		graph_gate(f->g, need & 128 ? "gate" : NULL, need % 8, rd_u8(r) % 8);
	}
	for (uint32_t i = 0; i < f->gates; i++) {
		uint8_t members = rd_u8(r);

		for (uint8_t j = 0; j < members % 16; j++)
			graph_member(f->g, f->components + i, rd_u8(r) % (f->components + f->gates));
		if (members & 64)
			read_capacities(f->g, f->components + i, r);
		if (members & 128)
			graph_watch(f->g, f->components + i);
	}
}

/* A service without room has no probabilities, and what it says of distances depends on what was tried. */
static bool same(struct verdict a, struct verdict b)
{
	return verdict_same(&a, &b) && (!a.exact || (memcmp(&a.p, &b.p, sizeof(a.p)) == 0 &&
						      memcmp(&a.p_horizon, &b.p_horizon, sizeof(a.p)) == 0));
}

static void check_gate(struct fuzzed *f, uint32_t gate)
{
	struct verdict v = graph_verdict(f->g, gate);
	uint32_t list[LIST_MOST], cuts[COMPONENTS_MOST * 4];
	size_t n = graph_single_points(f->g, gate, list, LIST_MOST), support;

	must(same(v, graph_verdict_with(f->g, gate, f->state)));
	must(v.distance_worst <= v.distance_weak && v.distance_weak <= v.distance && v.distance <= v.design_distance);
	must(!v.exact || n == (v.distance == 1 ? (size_t)v.cuts : 0));
	must(v.distance_least <= v.distance && (v.quality == STATE_DOWN) == (v.distance_least == 0));
	must(same(v, lens_verdict(f->lens, gate)));
	for (size_t i = 0; i < n; i++)
		must(graph_quality_if(f->g, gate, list[i], STATE_DOWN) == STATE_DOWN);
	support = graph_support(f->g, gate, list, LIST_MOST);
	must(support <= f->components && (!v.exact || support >= v.design_distance));
	n = graph_smallest_cuts(f->g, gate, cuts, 4);
	must(n == (v.distance == 0 ? 0 : v.cuts < 4 ? (size_t)v.cuts : 4));
	graph_design_single_points(f->g, gate, list, LIST_MOST);
}

static void change(struct fuzzed *f, struct rd *r)
{
	uint32_t c = rd_u8(r) % f->components, touched[GATES_MOST];
	enum state s = (enum state)(rd_u8(r) % STATES);
	struct verdict before[GATES_MOST];
	size_t n = graph_touched(f->g, c, touched, GATES_MOST);

	must(n <= f->gates);
	for (size_t i = 0; i < n; i++)
		before[i] = graph_verdict_if(f->g, touched[i], c, s);
	f->state[c] = s;
	graph_set(f->g, c, s);
	for (size_t i = 0; i < n; i++)
		must(same(before[i], graph_verdict(f->g, touched[i])));
	for (uint32_t i = f->components; i < f->components + f->gates; i++)
		if (graph_is_watched(f->g, i))
			check_gate(f, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len_octets)
{
	struct rd r = rd_over(octets, len_octets);
	struct fuzzed f = { .g = graph_new(NODES_BOUND) };
	struct err err = { "" };
	enum fw_err e;

	read_graph(&f, &r);
	e = graph_build(f.g, &err);
	must(e == FW_OK || (e == FW_MISTAKE && err.text[0]));
	f.lens = e == FW_OK ? lens_new(f.g) : NULL;
	must(graph_size(f.g).diagram_nodes <= NODES_BOUND);
	for (int i = 0; e == FW_OK && f.components > 0 && i < CHANGES_MOST && rd_left(&r) > 0; i++)
		change(&f, &r);
	lens_free(f.lens);
	graph_free(f.g);
	return 0;
}
