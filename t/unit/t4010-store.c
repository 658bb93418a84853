/* t4010: rows in, rates out: what an RRD file says against the counters' known functions. */
#include "t/unit/t4-store.h"

static char folder[STORE_PATH_MAX];

/* 1000 B/s for an hour, then 5000 B/s. */
static uint64_t in_at(double s) { return (uint64_t)(s < 3600 ? 1000 * s : 3600000 + 5000 * (s - 3600)); }
static uint64_t out_at(double s) { return (uint64_t)(UINT64_C(1) << 63) + (uint64_t)(250 * s); }

/* Between two rows a counter runs evenly: what it had at 's', and so the rate of the minute that ends there. */
static double in_between(double s)
{
	double before = floor((s - 7.25) / 60) * 60 + 7.25;

	return (double)in_at(before) + ((double)in_at(before + 60) - (double)in_at(before)) * (s - before) / 60;
}

static double in_rate(double s) { return (in_between(s) - in_between(s - 60)) / 60; }

static void test_rates(void)
{
	struct store *s = open_store(folder, NULL, &interface_layout);
	char path[STORE_PATH_MAX];
	struct store_count c;
	double worst = 0;
	int refused = 0;

	ok(s != NULL, "a store opens");
	for (int i = 0; i <= 120; i++) {
		double t = 60.0 * i + 7.25;	/* not on a step */
		struct store_row r = row3(t, in_at(t), out_at(t), i);

		refused += store_put(s, "core1/interface/Gi0/1", &interface_layout, &r) != FW_OK;
		store_tick(s, r.at);
	}
	is_int(refused, 0, "two hours of rows are taken");
	c = store_count(s);
	is_u64(c.rows, 121, "... and counted");
	is_u64(c.files_created, 2, "the main file and that of kept columns are made");
	ok(c.rows_written >= 110 && c.rows_written < 121, "most are written, some are held");
	ok(c.update_calls <= 2 * 14, "many rows a call");
	is_int(c.files, 1, "one component");
	ok(c.held_octets < 1024, "what is held is small");
	store_close(s);
	file_of(folder, "core1/interface/Gi0/1", path, sizeof(path));
	for (int i = 2; i <= 119; i++) {
		double v = file_value(path, "AVERAGE", "in", 60.0 * i), want = in_rate(60.0 * i);
		double o = file_value(path, "AVERAGE", "out", 60.0 * i);

		worst = fmax(worst, fmax(fabs(v - want) / want, fabs(o - 250) / 250));
	}
	ok(worst < 1e-3, "every rate is exact to 1 in 1,000, above 2^63 as well");
	note("worst relative error %g", worst);
	ok(isnan(file_value(path, "AVERAGE", "in", 0)), "before the first row nothing is known");
	is_double(file_value(path, "AVERAGE", "load", 60 * 50), (49 * 7.25 + 50 * 52.75) / 60, 1e-6,
		  "a gauge stands for the time before its row");
	is_double(file_value(path, "MAX", "in", 7200), 5000, 1e-3, "MAX archives are there");
}

static void test_reset(void)
{
	struct store *s = open_store(folder, NULL, &interface_layout);
	char path[STORE_PATH_MAX];

	for (int i = 0; i <= 20; i++) {
		uint64_t v = i < 10 ? 1000000 + 6000u * (unsigned)i : 6000u * (unsigned)(i - 10);
		struct store_row r = row3(60.0 * i, v, v, 3);

		r.reset = i == 10;
		store_put(s, "reset/interface/a", &interface_layout, &r);
	}
	for (int i = 0; i <= 4; i++) {		/* another source column: the value jumps ahead */
		uint64_t v = (i < 2 ? 0 : UINT64_C(1) << 40) + 6000u * (unsigned)i;
		struct store_row r = row3(60.0 * i, v, v, 3);

		r.reset = i == 2;
		store_put(s, "reset/interface/b", &interface_layout, &r);
	}
	store_close(s);
	file_of(folder, "reset/interface/b", path, sizeof(path));
	ok(isnan(file_value(path, "AVERAGE", "in", 120)), "a counter that goes on elsewhere draws no spike");
	is_double(file_value(path, "AVERAGE", "in", 180), 100, 1e-3, "... and is known from there on");
	file_of(folder, "reset/interface/a", path, sizeof(path));
	is_double(file_value(path, "AVERAGE", "in", 540), 100, 1e-3, "the rate before a reset");
	ok(isnan(file_value(path, "AVERAGE", "in", 600)), "the interval of the reset is unknown");
	is_double(file_value(path, "AVERAGE", "in", 660), 100, 1e-3, "the next one is known");
	is_double(file_value(path, "AVERAGE", "load", 600), 3, 1e-3, "a gauge goes on through it");
	is_double(file_value(path, "MAX", "in", 1200), 100, 1e-3, "no spike in the maximum");
}

static void test_gap(void)
{
	struct store *s = open_store(folder, NULL, &interface_layout);
	char path[STORE_PATH_MAX];

	for (int i = 0; i <= 30; i++) {
		struct store_row r = row3(60.0 * i, 600u * (unsigned)i, 600u * (unsigned)i, 1);

		if (i == 5)
			r.known = 6;		/* one value is missing */
		if (i > 10 && i < 20)
			continue;		/* the device is silent for ten minutes */
		if (i == 25 || i == 27 || i == 28)
			continue;		/* one row is lost: within the heartbeat; two: beyond */
		store_put(s, "gap/interface/a", &interface_layout, &r);
	}
	store_close(s);
	file_of(folder, "gap/interface/a", path, sizeof(path));
	ok(isnan(file_value(path, "AVERAGE", "in", 300)), "a value that is missing is unknown");
	ok(isnan(file_value(path, "AVERAGE", "in", 360)), "... and so is the rate that would begin with it");
	is_double(file_value(path, "AVERAGE", "out", 300), 10, 1e-3, "its neighbour is known");
	is_double(file_value(path, "AVERAGE", "in", 420), 10, 1e-3, "then it is again");
	ok(isnan(file_value(path, "AVERAGE", "in", 900)), "silence beyond the heartbeat is unknown");
	is_double(file_value(path, "AVERAGE", "in", 1260), 10, 1e-3, "after it the rate is known");
	is_double(file_value(path, "AVERAGE", "in", 1500), 10, 1e-3, "one row lost is bridged");
	ok(isnan(file_value(path, "AVERAGE", "in", 1680)), "two are not");
}

static void test_wrap64(void)
{
	struct store *s = open_store(folder, NULL, &interface_layout);
	char path[STORE_PATH_MAX];

	for (int i = 0; i <= 10; i++) {
		uint64_t v = UINT64_MAX - 60000 * 5 + 60000u * (unsigned)i;	/* passes 2^64 */
		struct store_row r = row3(60.0 * i, v, v, 1);

		store_put(s, "wrap/interface/a", &interface_layout, &r);
	}
	store_close(s);
	file_of(folder, "wrap/interface/a", path, sizeof(path));
	is_double(file_value(path, "AVERAGE", "in", 240), 1000, 1e-3, "rates just below 2^64");
	ok(isnan(file_value(path, "AVERAGE", "in", 360)), "a running value that passes 2^64 is unknown once, no spike");
	is_double(file_value(path, "AVERAGE", "in", 420), 1000, 1e-3, "then known");
}

static void test_clock(void)
{
	struct store *s = open_store(folder, NULL, &interface_layout);
	struct store_row r = row3(600, 1, 1, 1), early = row3(0, 1, 1, 1);
	struct store_count c;

	is_int(store_put(s, "clock/interface/a", &interface_layout, &r), FW_OK, "a row");
	is_int(store_put(s, "clock/interface/a", &interface_layout, &r), FW_CLOCK, "the same time again is refused");
	r.at = at_s(599);
	is_int(store_put(s, "clock/interface/a", &interface_layout, &r), FW_CLOCK, "time that goes back is refused");
	r.at = at_s(660);
	is_int(store_put(s, "clock/interface/a", &interface_layout, &r), FW_OK, "later is taken");
	early.at.us = 5;
	is_int(store_put(s, "clock/interface/b", &interface_layout, &early), FW_CLOCK, "a clock that is not set is refused");
	c = store_count(s);
	is_u64(c.rows_refused_time, 3, "refusals are counted");
	ok(strstr(c.last_error, "clock/interface/b") != NULL, "... and the last is there in words");
	store_close(s);
	s = open_store(folder, NULL, &interface_layout);
	r.at = at_s(630);
	is_int(store_put(s, "clock/interface/a", &interface_layout, &r), FW_CLOCK,
	       "after a new start the file's own last row counts");
	r.at = at_s(720);
	is_int(store_put(s, "clock/interface/a", &interface_layout, &r), FW_OK, "later is taken");
	store_close(s);
}

int main(void)
{
	log_level_set(LOG_LEVEL_ERROR);
	plan(39);
	folder_new(folder, sizeof(folder));
	test_rates();
	test_reset();
	test_gap();
	test_wrap64();
	test_clock();
	folder_remove(folder);
	return done();
}
