/* t/unit/t5-faulttree.h: reads the fault trees of $FOREWARN_SHARED/faulttrees (else of ../shared beside the checkout).
 *
 * The models are configurations; the scanner here reads just their three kinds of line.
 */
#ifndef FW_T_T5_FAULTTREE_H
#define FW_T_T5_FAULTTREE_H

#include <stdlib.h>
#include <time.h>

#include "poller/service/service.h"
#include "tap.h"

enum { LINE_MOST = 65536, NODES_BOUND = 4000000 };

static inline const char *trees_folder(void)
{
	static char path[512];
	const char *shared = getenv("FOREWARN_SHARED"), *top = getenv("FOREWARN_TOP");

	if (shared)
		snprintf(path, sizeof(path), "%s/faulttrees", shared);
	else
		snprintf(path, sizeof(path), "%s/../shared/faulttrees", top ? top : "..");
	return path;
}

/* The next "quoted" word of a line; moves on behind it. */
static inline bool quoted(char **at, char **word)
{
	char *from = strchr(*at, '"'), *to = from ? strchr(from + 1, '"') : NULL;

	if (!to)
		return false;
	*to = '\0';
	*word = from + 1;
	*at = to + 1;
	return true;
}

static inline double after(const char *line, const char *key, double otherwise)
{
	const char *at = strstr(line, key);

	return at ? strtod(at + strlen(key), NULL) : otherwise;
}

/* First pass: nodes. Second pass: members. */
static inline void read_line(struct graph *g, char *line, bool second)
{
	char *at = line, *name, *member;
	uint32_t gate;

	if (strncmp(line, "component ", 10) == 0) {
		if (!second && quoted(&at, &name))
			graph_component(g, name, after(at, "unavailability = ", -1));
		return;
	}
	if (strncmp(line, "group ", 6) != 0 && strncmp(line, "service ", 8) != 0)
		return;
	if (!quoted(&at, &name))
		return;
	if (!second) {
		uint32_t need = (uint32_t)after(at, "need = ", NODE_ALL);

		gate = graph_gate(g, name, need, need);
		if (*line == 's')
			graph_watch(g, gate);
		return;
	}
	gate = graph_find(g, name);
	while (quoted(&at, &member))
		graph_member(g, gate, graph_find(g, member));
}

static inline struct graph *tree_read(const char *model)
{
	char path[600], *line = malloc(LINE_MOST);
	struct graph *g = graph_new(NODES_BOUND);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.conf", trees_folder(), model);
	f = fopen(path, "r");
	for (int second = 0; f && second < 2; second++) {
		rewind(f);
		while (fgets(line, LINE_MOST, f))
			read_line(g, line, second);
	}
	if (f)
		fclose(f);
	free(line);
	return g;
}

static inline double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline uint32_t tree_service(const struct graph *g)
{
	for (uint32_t i = graph_size(g).components; i < graph_size(g).components + graph_size(g).gates; i++)
		if (graph_is_watched(g, i))
			return i;
	return NODE_NONE;
}

#endif
