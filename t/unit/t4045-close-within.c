/* t4045: an end that must not take long: the journal first, files while there is time, the rest at the next start. */
#include "t/unit/t4-store.h"

enum { COMPONENTS = 80, ROWS = 5 };

static char folder[STORE_PATH_MAX - 64], rrd[STORE_PATH_MAX];

static bool some_more(void *owner)
{
	int *left = owner;

	return (*left)-- > 0;
}

static struct store *opened(void)
{
	struct err err = { "" };
	struct store *s = store_open(rrd, 0, &(struct store_limits){ .hold_rows = 60 }, one_layout, (void *)(uintptr_t)&interface_layout, &err);

	if (!s)
		note("%s", err.text);
	return s;
}

static void put_all(struct store *s, int from)
{
	char name[64];

	for (int i = 0; i < COMPONENTS; i++) {
		snprintf(name, sizeof(name), "sw1/interface/Gi0-%d", i);
		for (int m = from; m < from + ROWS; m++) {
			struct store_row r = row3(60 * m, 6000u * (unsigned)m, 60u * (unsigned)m, m);

			if (store_put(s, name, &interface_layout, &r) != FW_OK)
				note("'%s' refuses minute %d", name, m);
		}
	}
}

static int files_there(void)
{
	char path[STORE_PATH_MAX + 64];
	int n = 0;

	for (int i = 0; i < COMPONENTS; i++) {
		snprintf(path, sizeof(path), "%s/sw1/interface/Gi0-%d.rrd", rrd, i);
		n += access(path, F_OK) == 0;
	}
	return n;
}

/* Intervals with the right rate, of all components: 'minutes' rows make one less. */
static int right_values(int minutes)
{
	char path[STORE_PATH_MAX + 64];
	int right = 0;

	for (int i = 0; i < COMPONENTS; i++) {
		struct store_series got;
		struct err err;

		snprintf(path, sizeof(path), "%s/sw1/interface/Gi0-%d.rrd", rrd, i);
		if (store_fetch(path, "AVERAGE", at_s(60), at_s(60 * minutes), &got, &err) != FW_OK)
			continue;
		for (size_t r = 0; r < got.rows; r++)
			right += got.value[r * got.columns] > 99.9 && got.value[r * got.columns] < 100.1;
		store_series_release(&got);
	}
	return right;
}

int main(void)
{
	char journal[STORE_PATH_MAX];
	struct store *s;
	int left = 7;

	plan(13);
	log_level_set(LOG_LEVEL_ERROR);
	folder_new(folder, sizeof(folder));
	snprintf(rrd, sizeof(rrd), "%s/rrd", folder);
	snprintf(journal, sizeof(journal), "%s/journal.0", folder);

	s = opened();
	put_all(s, 1);
	is_int(store_close_within(s, some_more, &left), (COMPONENTS - 7) * ROWS, "what there was no time for is left");
	is_int(files_there(), 7, "as many files were made as there was time for");
	ok(access(journal, F_OK) == 0, "the journal is there for the rest");

	s = opened();
	is_int(store_count(s).journal_replayed, (COMPONENTS - 7) * ROWS, "the rest is back at the next start, nothing twice");
	is_int(files_there(), 7 + 25, "... and of the files that are to be made some are: others wait, not the start");
	put_all(s, 1 + ROWS);
	left = 0;
	ok(store_close_within(s, some_more, &left) > 0, "no time at all");
	s = opened();
	put_all(s, 1 + 2 * ROWS);
	left = 1000;
	is_int(store_close_within(s, some_more, &left), 0, "time enough: nothing is left");
	ok(access(journal, F_OK) != 0, "... and no journal");
	is_int(right_values(3 * ROWS), COMPONENTS * (3 * ROWS - 1), "every interval is in the files, with its rate");

	s = opened();
	store_hurry(s);
	put_all(s, 1 + 3 * ROWS);
	for (int m = 0; m < 20; m++)
		store_tick(s, at_s(60 * (100 + m)));
	is_int(store_count(s).update_calls, 0, "in a hurry no file is written, whatever is due");
	is_int(store_count(s).rows_held, COMPONENTS * ROWS, "... and the rows are held");
	left = 1000;
	is_int(store_close_within(s, some_more, &left), 0, "... until the end writes them");
	is_int(right_values(4 * ROWS), COMPONENTS * (4 * ROWS - 1), "nothing is lost by it");
	folder_remove(folder);
	return done();
}
