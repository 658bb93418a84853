/* t/bench/bench-plant.c: what made-up industrial plants cost, from those that are done at once to those that have no room.
 *
 * Each is built, its distance read and its cut sets counted. Printed are components, gates, diagram nodes, seconds of CPU,
 * whether it is exact, distance, cut sets (of up to a size where all are too many), and p, or its bounds.
 * As a program: 'bench-plant SIZE SEED' prints one of them as a configuration, for forewarn risk -c.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "t/unit/t5-plant.h"

static const struct { struct plant_size size; uint64_t seed; } row[] = {
	{ { "small", 4, 0, { 2, 2 }, 3, 2, 10 }, 1 },
	{ { "voted", 6, 6, { 2, 3 }, 3, 3, 12 }, 2 },
	{ { "deep", 8, 8, { 2, 4 }, 4, 3, 12 }, 3 },
	{ { "wide", 12, 12, { 2, 2 }, 2, 6, 16 }, 4 },
};
enum { ROWS = sizeof(row) / sizeof(row[0]) };

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All of them, or those of up to a size. Heap. */
static struct cut_sets *count(struct graph *g, uint32_t top)
{
	struct cut_question q = { .node = top };
	struct cut_bound all = cut_bound_default(), brief = { .nodes = all.nodes, .steps = 100000000 };
	struct cut_sets *c;
	struct err err;

	if (graph_cut_sets(g, &q, &all, &c, &err) != FW_OK)
		graph_short_cut_sets(g, &q, &brief, &c, &err);
	return c;
}

static void run(const struct plant_size *z, uint64_t seed)
{
	struct plant p = plant_make(z, seed);
	double from = cpu_s(), built;
	struct err err = { "" };
	struct cut_sets *c;
	struct between b;
	struct verdict v;
	uint32_t top = NODE_NONE;
	struct graph *g = plant_graph(&p, 0, &top);
	char *digits;

	if (graph_build(g, &err) != FW_OK) {
		printf("%s: %s\n", z->word, err.text);
		return;
	}
	built = cpu_s() - from;
	v = graph_verdict(g, top);
	c = count(g, top);
	b = graph_between(g, &(struct cut_question){ .node = top }, c);
	digits = c ? cut_sets_count(c, 0) : NULL;
	printf("%-10s %5u %5u %8u %7.2f %7.2f %-6s %2u %16s up to %2u  %.6g .. %.6g\n", z->word, p.components, p.gates,
	       graph_size(g).diagram_nodes, built, cpu_s() - from - built, v.exact ? "exact" : v.distances_exact ? "part" : "bounds",
	       v.distance, digits ? digits : "-", !c ? 0 : cut_sets_exact_to(c) ? cut_sets_exact_to(c) : cut_sets_largest(c),
	       b.p.low, b.p.high);
	fflush(stdout);
	free(digits);
	cut_sets_free(c);
	graph_free(g);
	plant_free(&p);
}

static bool print_one(const char *word, uint64_t seed)
{
	for (int i = 0; i < ROWS; i++) {
		struct plant p;

		if (strcmp(row[i].size.word, word) != 0)
			continue;
		p = plant_make(&row[i].size, seed);
		plant_print(&p, stdout);
		plant_free(&p);
		return true;
	}
	fprintf(stderr, "bench-plant: no size is called '%s'; use small, voted, deep or wide\n", word);
	return false;
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return print_one(argv[1], strtoull(argv[2], NULL, 10)) ? 0 : 2;
	printf("%-10s %5s %5s %8s %7s %7s %-6s %2s %16s %9s  %s\n", "plant", "parts", "gates", "nodes", "built s", "sets s",
	       "", "d", "cut sets", "of size", "p");
	for (int i = 0; i < ROWS; i++)
		run(&row[i].size, row[i].seed);
	return 0;
}
