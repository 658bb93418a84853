/* t/bench/bench-service.c: what a state change costs on 10,000 components in 1,000 services.
 *
 * One update is: a component's state is set, the services it touches are found, and the verdict of each is read.
 * Printed are updates per second, median and worst in microseconds: over all components, and for the power feeds that
 * all of a site share.
 */
#include <stdlib.h>
#include <time.h>

#include "t/unit/t5-campus.h"

enum { TOUCHED_MOST = 4 * SERVICES };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double update_us(struct campus *c, uint32_t component, enum state s)
{
	static uint32_t touched[TOUCHED_MOST];
	double from = now_us();
	size_t n;

	graph_set(c->g, component, s);
	n = graph_touched(c->g, component, touched, TOUCHED_MOST);
	for (size_t i = 0; i < n && i < TOUCHED_MOST; i++)
		graph_verdict(c->g, touched[i]);
	return now_us() - from;
}

static void measure(struct campus *c, const char *what, const uint32_t *component, uint32_t n)
{
	static const enum state states[] = { STATE_DOWN, STATE_DEGRADED, STATE_UNKNOWN, STATE_UP };
	double *us = malloc(n * 4 * sizeof(*us)), sum = 0;
	uint32_t updates = 0;

	for (int i = 0; i < 4; i++)
		for (uint32_t j = 0; j < n; j++)
			sum += us[updates++] = update_us(c, component[j], states[i]);
	qsort(us, updates, sizeof(*us), by_size);
	printf("%-16s %8.0f updates/s   median %7.1f us   p99 %7.1f us   worst %7.1f us\n", what, updates / sum * 1e6,
	       us[updates / 2], us[updates * 99 / 100], us[updates - 1]);
	free(us);
}

int main(void)
{
	struct campus c;
	struct err err;
	double from = now_us();
	struct graph_size size;
	uint32_t *component;

	if (campus_build(&c, &err) != FW_OK) {
		fprintf(stderr, "bench-service: %s\n", err.text);
		return 1;
	}
	size = graph_size(c.g);
	printf("%u components, %u gates, %u watched: built in %.0f ms, %u diagram nodes, %.1f MiB\n", size.components,
	       size.gates, size.watched, (now_us() - from) / 1e3, size.diagram_nodes, (double)size.octets / (1 << 20));
	component = malloc(size.components * sizeof(*component));
	for (uint32_t i = 0; i < size.components; i++)		/* spread: no change profits from the one before */
		component[i] = graph_component_at(c.g, (uint32_t)((uint64_t)i * 7919 % size.components));
	measure(&c, "all components", component, size.components);
	measure(&c, "shared feeds", &c.feed[0][0], SITES * 2);
	free(component);
	graph_free(c.g);
	return 0;
}
