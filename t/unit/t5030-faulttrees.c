/* t/unit/t5030-faulttrees.c: real industrial fault trees with known results (the Aralia set).
 *
 * Every model of $FOREWARN_SHARED/faulttrees (else of ../shared beside the checkout): distance and number of cut sets
 * of that size exact, the probability to 1e-9, in bounded memory. Then every component goes down and comes back, and
 * the numbers are the same again. The models are configurations; the scanner here reads just their three kinds of line.
 */
#include <stdlib.h>
#include <time.h>

#include "poller/service/service.h"
#include "tap.h"

enum { LINE_MOST = 65536, MODELS_MOST = 64, NODES_MOST = 10000, NODES_BOUND = 4000000 };

struct expected { char model[32]; uint32_t components, distance; double cuts, p; };

static const char *folder(void)
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
static bool quoted(char **at, char **word)
{
	char *from = strchr(*at, '"'), *to = from ? strchr(from + 1, '"') : NULL;

	if (!to)
		return false;
	*to = '\0';
	*word = from + 1;
	*at = to + 1;
	return true;
}

static double after(const char *line, const char *key, double otherwise)
{
	const char *at = strstr(line, key);

	return at ? strtod(at + strlen(key), NULL) : otherwise;
}

/* First pass: nodes. Second pass: members. */
static void read_line(struct graph *g, char *line, bool second)
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

static struct graph *read_model(const char *model)
{
	char path[600], *line = malloc(LINE_MOST);
	struct graph *g = graph_new(NODES_BOUND);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.conf", folder(), model);
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

/* model service components distance cut_sets cut_sets_by_size p */
static int read_expected(struct expected *e)
{
	char path[600], line[4096], sizes[2048];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/expected.tsv", folder());
	f = fopen(path, "r");
	while (f && n < MODELS_MOST && fgets(line, sizeof(line), f)) {
		char *at = sizes;

		if (sscanf(line, "%31s\t%*[^\t]\t%" SCNu32 "\t%" SCNu32 "\t%*s\t%2047s\t%lf", e[n].model,
			   &e[n].components, &e[n].distance, sizes, &e[n].p) != 5)
			continue;
		for (uint32_t i = 1; i < e[n].distance && at; i++)
			at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL;
		e[n].cuts = at ? strtod(at, NULL) : -1;
		n++;
	}
	if (f)
		fclose(f);
	return n;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t service_of(const struct graph *g)
{
	for (uint32_t i = graph_size(g).components; i < graph_size(g).components + graph_size(g).gates; i++)
		if (graph_is_watched(g, i))
			return i;
	return NODE_NONE;
}

static bool fits(const struct verdict *v, const struct expected *e)
{
	return v->distance == e->distance && v->design_distance == e->distance && v->cuts == e->cuts &&
	       v->design_cuts == e->cuts && fabs(v->p - e->p) <= 1e-9 * e->p && v->quality == STATE_UP && !v->at_risk;
}

/* Each component down and up again, alone: a lower distance or none, a single point ends it, and nothing stays. */
static bool falls_and_heals(struct graph *g, uint32_t service, const struct expected *e)
{
	bool good = true;

	for (uint32_t i = 0; i < graph_size(g).components; i++) {
		struct verdict v, guess = graph_verdict_if(g, service, graph_component_at(g, i), STATE_DOWN);

		graph_set(g, graph_component_at(g, i), STATE_DOWN);
		v = graph_verdict(g, service);
		good &= v.distance <= e->distance && v.distance + 1 >= e->distance && v.p >= e->p * (1 - 1e-12);
		good &= verdict_same(&v, &guess) && v.p == guess.p && (v.quality == STATE_DOWN) == (v.distance == 0);
		graph_set(g, graph_component_at(g, i), STATE_UP);
	}
	return good;
}

static void one_model(const struct expected *e)
{
	double from = now_ms();
	struct graph *g = read_model(e->model);
	struct err err = { "" };
	enum fw_err built = graph_build(g, &err);
	uint32_t service = service_of(g);
	struct verdict v;
	char name[100];

	snprintf(name, sizeof(name), "%s: distance, smallest cut sets, probability", e->model);
	if (built != FW_OK) {
		note("%s: %s (%.0f ms)", e->model, err.text, now_ms() - from);
		ok(false, name);
		skip(1, "not built");
		graph_free(g);
		return;
	}
	v = graph_verdict(g, service);
	note("%-9s %4u components %7u diagram nodes, %.0f ms: distance %u, %.0f cut sets, p %.17g", e->model,
	     graph_size(g).components, graph_size(g).diagram_nodes, now_ms() - from, v.distance,
	     v.cuts, v.p);
	ok(graph_size(g).components == e->components && fits(&v, e), name);
	snprintf(name, sizeof(name), "%s: every component falls and heals", e->model);
	ok(falls_and_heals(g, service, e) && (v = graph_verdict(g, service), fits(&v, e)), name);
	graph_free(g);
}

int main(void)
{
	static struct expected e[MODELS_MOST];
	int n = read_expected(e);

	plan(n ? 2 * n : 1);
	if (n == 0)
		skip(1, "no faulttrees in $FOREWARN_SHARED");
	for (int i = 0; i < n; i++)
		one_model(&e[i]);
	return done();
}
