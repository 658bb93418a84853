/* t/unit/t5065-no-room.c: what is said of a service whose diagram has no room is what the diagram says when it has.
 *
 * Made-up plants (t5-plant.h) are built twice, with room and with next to none: distances, numbers of cut sets, the
 * smallest of them, cut sets by size, single points, and the bounds of the probability are held against what is exact,
 * in the design and in random states. FW_SEED=N begins at another seed, FW_GRAPHS=N tries another number.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "t5-plant.h"
#include "tap.h"

enum { STATES_EACH = 4, SETS_MOST = 300, POINTS_MOST = 300, NO_ROOM = 150 };

static const struct plant_size sizes[] = {
	{ "pairs", 2, 0, { 2, 2 }, 1, 2, 4 }, { "voted", 3, 2, { 2, 3 }, 2, 2, 4 },
};

enum property { EXACT, DISTANCE, COUNTS, SMALLEST, POINTS, SIZES, SHORT, BOUNDS, MEET, PROPERTIES };
static const char *const property_text[PROPERTIES] = {
	[EXACT] = "without room it is not exact, but its distances are, and quality",
	[DISTANCE] = "distances of outage and degradation, weak, worst and of the design",
	[COUNTS] = "how many smallest cut sets there are",
	[SMALLEST] = "each one listed is a cut set of that size, as many as there are",
	[POINTS] = "single points",
	[SIZES] = "cut sets by size, all of them or up to a size",
	[SHORT] = "with few steps: those of up to a size, no other",
	[BOUNDS] = "the probability lies between its bounds",
	[MEET] = "... and they meet when all cut sets are known",
};
static int wrong[PROPERTIES], states, shorter, met;

struct pair { uint64_t seed; struct plant plant; struct graph *exact, *loose; uint32_t top; };

static void check(const struct pair *p, enum property property, bool good)
{
	if (!good && wrong[property]++ < 3)
		note("seed %" PRIu64 ", %u components: differs: %s", p->seed, p->plant.components, property_text[property]);
}

static void check_verdict(const struct pair *p, const struct verdict *want)
{
	struct verdict got = graph_verdict(p->loose, p->top);

	check(p, EXACT, !got.exact && got.distances_exact && got.quality == want->quality && isnan(got.p));
	check(p, DISTANCE, got.distance == want->distance && got.distance_least == want->distance &&
	      got.distance_weak == want->distance_weak && got.distance_worst == want->distance_worst &&
	      got.design_distance == want->design_distance && got.degraded_distance == want->degraded_distance &&
	      got.degraded_distance_weak == want->degraded_distance_weak &&
	      got.degraded_distance_worst == want->degraded_distance_worst &&
	      got.design_degraded_distance == want->design_degraded_distance);
	check(p, COUNTS, got.cuts == want->cuts && got.design_cuts == want->design_cuts &&
	      got.degraded_cuts == want->degraded_cuts && got.design_degraded_cuts == want->design_degraded_cuts);
}

/* What the exact one would be if these failed as well. */
static bool ends_it(struct pair *p, const uint32_t *set, uint32_t n)
{
	enum state *state = calloc(p->plant.components, sizeof(*state));
	bool down;

	for (uint32_t i = 0; i < p->plant.components; i++)
		state[i] = graph_get(p->exact, i);
	for (uint32_t i = 0; i < n; i++)
		state[set[i]] = STATE_DOWN;
	down = graph_verdict_with(p->exact, p->top, state).quality == STATE_DOWN;
	free(state);
	return down;
}

static void check_lists(struct pair *p, const struct verdict *want)
{
	static uint32_t got[POINTS_MOST], other[POINTS_MOST], set[SETS_MOST * 16];
	size_t n = graph_single_points(p->loose, p->top, got, POINTS_MOST);
	size_t sets = want->distance > 0 && want->distance <= 16 ? graph_smallest_cuts(p->loose, p->top, set, SETS_MOST) : 0;

	check(p, POINTS, n == graph_single_points(p->exact, p->top, other, POINTS_MOST) &&
	      memcmp(got, other, n * sizeof(*got)) == 0);
	check(p, SMALLEST, want->distance == 0 || sets == (want->cuts < SETS_MOST ? (size_t)want->cuts : SETS_MOST));
	for (size_t i = 0; i < sets; i++)
		check(p, SMALLEST, ends_it(p, set + i * want->distance, want->distance));
}

static bool same_count(const struct cut_sets *a, const struct cut_sets *b, uint32_t size)
{
	char *x = cut_sets_count(a, size), *y = cut_sets_count(b, size);
	bool same = strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

static void check_bounds(struct pair *p, const struct cut_question *q, const struct cut_sets *c, double want)
{
	struct bounds b = graph_between(p->loose, q, c).p;

	check(p, BOUNDS, b.low <= want * (1 + 1e-9) && b.high >= want * (1 - 1e-9) && b.low >= 0 && b.high <= 1);
	if (c && cut_sets_exact_to(c) == 0) {
		check(p, MEET, fabs(b.low - want) <= 1e-9 * want && fabs(b.high - want) <= 1e-9 * want);
		met++;
	}
}

static void check_sets(struct pair *p, const struct verdict *want, uint64_t steps)
{
	struct cut_question q = { .node = p->top };
	struct cut_bound all = cut_bound_default(), few = { .nodes = 1 << 20, .steps = steps };
	struct cut_sets *exact, *c;
	struct err err;

	graph_cut_sets(p->exact, &q, &all, &exact, &err);
	if (graph_short_cut_sets(p->loose, &q, &few, &c, &err) == FW_OK) {
		uint32_t to = cut_sets_exact_to(c) ? cut_sets_exact_to(c) : cut_sets_largest(exact);

		for (uint32_t size = 1; size <= to; size++)
			check(p, SIZES, same_count(c, exact, size));
		check(p, SHORT, cut_sets_largest(c) <= to);
		shorter += cut_sets_exact_to(c) != 0 && cut_sets_exact_to(c) < cut_sets_largest(exact);
	}
	check_bounds(p, &q, c, want->p);
	cut_sets_free(c);
	cut_sets_free(exact);
}

/* Some few are not up; now and then none. */
static void shake(struct pair *p, uint64_t *s, uint32_t one_in)
{
	struct plant dice = { .seed = *s };

	for (uint32_t i = 0; i < p->plant.components; i++) {
		enum state to = plant_below(&dice, one_in) ? STATE_UP : (enum state)(1 + plant_below(&dice, 3));

		graph_set(p->exact, i, to);
		graph_set(p->loose, i, to);
	}
	*s = dice.seed;
}

static void one_plant(uint64_t seed)
{
	struct pair p = { .seed = seed, .plant = plant_make(&sizes[seed % (sizeof(sizes) / sizeof(sizes[0]))], seed) };
	struct err err = { "" };

	p.exact = plant_graph(&p.plant, 0, &p.top);
	p.loose = plant_graph(&p.plant, NO_ROOM, &p.top);
	graph_build(p.exact, &err);
	graph_build(p.loose, &err);
	for (int i = 0; i < STATES_EACH && graph_size(p.loose).inexact == 1; i++) {
		struct verdict want;

		if (i > 0)
			shake(&p, &seed, 10u << 2 * i);
		want = graph_verdict(p.exact, p.top);
		check_verdict(&p, &want);
		check_lists(&p, &want);
		check_sets(&p, &want, UINT64_C(1) << (12 + 4 * i));
		states++;
	}
	graph_free(p.exact);
	graph_free(p.loose);
	plant_free(&p.plant);
}

static uint64_t asked(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

int main(void)
{
	uint64_t from = asked("FW_SEED", 1), plants = asked("FW_GRAPHS", 20);

	for (uint64_t i = 0; i < plants; i++)
		one_plant(from + i);
	note("%" PRIu64 " plants, seeds from %" PRIu64 ", %d states without room; %d times few steps, %d times all", plants, from,
	     states, shorter, met);
	for (int i = 0; i < PROPERTIES; i++)
		ok(wrong[i] == 0, property_text[i]);
	ok(plants < 20 || (states > 50 && shorter > 10 && met > 10), "all of that was met often");
	plan(PROPERTIES + 1);
	return done();
}
