/* t/unit/t5030-faulttrees.c: real industrial fault trees with known results (the Aralia set).
 *
 * Every model of $FOREWARN_SHARED/faulttrees (else of ../shared beside the checkout): distance and number of cut sets
 * of that size exact, the probability to 1e-9, in bounded memory. Then every component goes down and comes back, and
 * the numbers are the same again.
 */
#include "t5-faulttree.h"

enum { MODELS_MOST = 64 };

struct expected { char model[32]; uint32_t components, distance; double cuts, p; };

/* model service components distance cut_sets cut_sets_by_size p */
static int read_expected(struct expected *e)
{
	char path[600], line[4096], sizes[2048];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/expected.tsv", trees_folder());
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
	struct graph *g = tree_read(e->model);
	struct err err = { "" };
	enum fw_err built = graph_build(g, &err);
	uint32_t service = tree_service(g);
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
