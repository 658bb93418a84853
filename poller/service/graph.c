/* poller/service/graph.c: nodes, names and members of a graph. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "service-int.h"

enum { MOST_NODES_DEFAULT = 4000000 };

static const char *const state_words[STATES] = {
	[STATE_UP] = "up", [STATE_DEGRADED] = "degraded", [STATE_DOWN] = "down", [STATE_UNKNOWN] = "unknown",
};

const char *state_word(enum state s)
{
	return (unsigned)s < STATES ? state_words[s] : "unknown";
}

bool state_parse(const char *word, enum state *s)
{
	for (unsigned i = 0; i < STATES; i++) {
		if (strcmp(word, state_words[i]) == 0) {
			*s = (enum state)i;
			return true;
		}
	}
	return false;
}

struct graph *graph_new(uint32_t most_nodes)
{
	struct graph *g = must_alloc(sizeof(*g));

	g->most_nodes = most_nodes == 0 ? MOST_NODES_DEFAULT : most_nodes < DIAGRAM_MOST ? most_nodes : DIAGRAM_MOST;
	return g;
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	lenses_release(g);
	live_release(&g->live);
	for (uint32_t i = 0; i < g->nodes; i++) {
		free(g->node[i].member);
		free(g->node[i].given);
		free(g->node[i].capacity);
	}
	free(g->node);
	free(g->component);
	names_release(&g->names);
	arena_release(&g->text);
	free(g);
}

static uint32_t node_add(struct graph *g, const char *name)
{
	must(!g->built && g->nodes < NODE_NONE - 1);
	if (g->nodes == g->room) {
		g->room = g->room ? g->room * 2 : 64;
		g->node = must_realloc(g->node, g->room * sizeof(*g->node));
	}
	g->node[g->nodes] = (struct node){ .name = name && *name ? arena_strdup(&g->text, name) : "",
					   .rate = { NAN, NAN } };
	return g->nodes++;
}

static double known(double q) { return q >= 0 && q <= 1 ? q : NAN; }

uint32_t graph_component(struct graph *g, const char *name, double unavailability)
{
	uint32_t i = node_add(g, name);
	struct node *n = &g->node[i];

	n->component = true;
	n->index = g->components;
	n->rate.q = known(unavailability);
	if (g->components == g->components_room) {
		g->components_room = g->components_room ? g->components_room * 2 : 64;
		g->component = must_realloc(g->component, g->components_room * sizeof(*g->component));
	}
	g->component[g->components++] = i;
	if (*n->name)
		names_put(&g->names, n->name, i);	/* a gate of that name stays what is found */
	return i;
}

uint32_t graph_gate(struct graph *g, const char *name, uint32_t need, uint32_t full)
{
	uint32_t i = node_add(g, name), found;
	struct node *n = &g->node[i];

	n->need = need;
	n->full = full;
	g->gates++;
	found = *n->name ? names_put(&g->names, n->name, i) : NAMES_NONE;
	if (found != NAMES_NONE && g->node[found].component)
		names_set(&g->names, n->name, i);
	return i;
}

void graph_member(struct graph *g, uint32_t gate, uint32_t member)
{
	struct node *n;

	must(!g->built && gate < g->nodes && member < g->nodes && !g->node[gate].component);
	n = &g->node[gate];
	if (n->members == n->room) {
		n->room = n->room ? n->room * 2 : 4;
		n->member = must_realloc(n->member, n->room * sizeof(*n->member));
		if (n->capacity)
			n->capacity = must_realloc(n->capacity, n->room * sizeof(*n->capacity));
	}
	if (n->capacity)
		n->capacity[n->members] = 0;
	n->member[n->members++] = member;
}

void graph_capacity(struct graph *g, uint32_t gate, uint32_t member, uint64_t capacity)
{
	struct node *n;
	uint32_t i;

	must(!g->built && gate < g->nodes && !g->node[gate].component);
	n = &g->node[gate];
	if (!n->capacity)
		n->capacity = must_alloc((n->room + 1) * sizeof(*n->capacity));
	for (i = n->members; i-- > 0 && n->member[i] != member;)
		;
	must(i < n->members);
	n->capacity[i] = capacity;
}

void graph_need_capacity(struct graph *g, uint32_t gate, uint64_t need_capacity)
{
	must(!g->built && gate < g->nodes && !g->node[gate].component);
	g->node[gate].need_capacity = need_capacity;
}

void graph_watch(struct graph *g, uint32_t node)
{
	must(!g->built && node < g->nodes);
	if (g->node[node].component || g->node[node].watched)
		return;
	g->node[node].watched = true;
	g->watched++;
}

static const struct node *node_of(const struct graph *g, uint32_t node)
{
	must(node < g->nodes);
	return &g->node[node];
}

static const struct node *component_of(const struct graph *g, uint32_t component)
{
	const struct node *n = node_of(g, component);

	must(n->component);
	return n;
}

bool graph_set(struct graph *g, uint32_t component, enum state s)
{
	const struct node *n = component_of(g, component);

	must((unsigned)s < STATES);
	if (n->state == s)
		return false;
	g->node[component].state = (uint8_t)s;
	lenses_touch(g, n->index);
	return true;
}

void graph_rate(struct graph *g, uint32_t component, double unavailability, double q_horizon)
{
	struct rate r = { .q = known(unavailability), .q_horizon = known(q_horizon) };
	uint32_t index = component_of(g, component)->index;

	if (memcmp(&r, &g->node[component].rate, sizeof(r)) == 0)
		return;
	g->node[component].rate = r;
	if (g->built)
		lenses_rate(g, index);
}

double graph_unavailability(const struct graph *g, uint32_t component) { return component_of(g, component)->rate.q; }

enum state graph_get(const struct graph *g, uint32_t component)
{
	return (enum state)component_of(g, component)->state;
}

const char *graph_name(const struct graph *g, uint32_t node) { return node_of(g, node)->name; }
bool graph_is_component(const struct graph *g, uint32_t node) { return node_of(g, node)->component; }
bool graph_is_watched(const struct graph *g, uint32_t node) { return node_of(g, node)->watched; }
uint32_t graph_component_index(const struct graph *g, uint32_t component) { return component_of(g, component)->index; }

uint32_t graph_component_at(const struct graph *g, uint32_t index)
{
	return index < g->components ? g->component[index] : NODE_NONE;
}

uint32_t graph_find(const struct graph *g, const char *name)
{
	uint32_t i = names_find(&g->names, name);

	return i == NAMES_NONE ? NODE_NONE : i;
}

uint32_t graph_need(const struct graph *g, uint32_t gate)
{
	const struct node *n = node_of(g, gate);

	return n->need == NODE_ALL ? n->members : n->need;
}

uint32_t graph_full(const struct graph *g, uint32_t gate)
{
	const struct node *n = node_of(g, gate);

	return n->full == NODE_ALL ? n->members : n->full;
}

size_t graph_members(const struct graph *g, uint32_t gate, const uint32_t **members)
{
	const struct node *n = node_of(g, gate);

	*members = n->given ? n->given : n->member;
	return n->members;
}

uint64_t graph_member_capacity(const struct graph *g, uint32_t gate, size_t i)
{
	const struct node *n = node_of(g, gate);

	return n->capacity && i < n->members ? n->capacity[i] : 0;
}

struct graph_size graph_size(const struct graph *g)
{
	size_t octets = sizeof(*g) + g->room * sizeof(*g->node) + g->components_room * sizeof(*g->component) +
			g->text.used_octets + g->names.size * 2 * sizeof(void *) + live_octets(&g->live) + lenses_octets(g);
	uint32_t inexact = 0;

	for (uint32_t i = 0; i < g->live.roots; i++)
		inexact += g->live.root[i].loose != NULL;
	for (uint32_t i = 0; i < g->nodes; i++)
		octets += g->node[i].room * (sizeof(*g->node[i].member) * (g->node[i].given ? 2 : 1) +
					     (g->node[i].capacity ? sizeof(*g->node[i].capacity) : 0));
	return (struct graph_size){
		.components = g->components, .gates = g->gates, .watched = g->watched, .inexact = inexact,
		.diagram_nodes = g->built ? g->live.cells - DIAGRAM_INNER : 0, .most_nodes = g->most_nodes,
		.octets = octets,
	};
}
