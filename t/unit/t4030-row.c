/* t4030: rows packed and unpacked, and the journal's records whatever is done to the file. */
#include "rrd/journal-int.h"
#include "t/unit/t4-store.h"

static uint64_t seed = 88172645463325252u;

static uint64_t random_u64(void)	/* xorshift: the same in every run */
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static bool same_row(const struct store_row *a, const struct store_row *b, unsigned count)
{
	if (row_ms(a) != row_ms(b) || a->known != b->known || a->reset != b->reset)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (a->known >> i & 1 && a->value[i].counter != b->value[i].counter)
			return false;
	return true;
}

static void random_row(struct store_row *r, struct row_form form, int64_t ms)
{
	*r = (struct store_row){ .at.us = ms * 1000, .reset = random_u64() % 8 == 0 };
	r->known = (uint32_t)random_u64() & row_mask(form.count);
	for (unsigned i = 0; i < form.count; i++)
		r->value[i].counter = random_u64() >> random_u64() % 64;
}

static void test_pack(void)
{
	struct row_form form;
	uint8_t room[ROW_PACKED_MAX];
	struct store_row base, row, back;
	unsigned wrong = 0;
	size_t most = 0;

	for (unsigned n = 0; n < 20000; n++) {
		struct wr w = wr_over(room, sizeof(room));
		struct rd r;

		form = (struct row_form){ 1 + (uint32_t)(random_u64() % STORE_DS_MAX), (uint32_t)random_u64() };
		random_row(&base, form, 1700000000000);
		random_row(&row, form, 1700000000000 + (int64_t)(random_u64() % 100000));
		row_pack(&w, form, &row, n % 3 ? &base : NULL);
		r = rd_over(room, w.len);
		wrong += !wr_ok(&w) || !row_unpack(&r, form, &back, n % 3 ? &base : NULL) || rd_left(&r) ||
			 !same_row(&row, &back, form.count);
		most = w.len > most ? w.len : most;
		for (size_t cut = 0; cut < w.len && n < 200; cut++) {	/* a row that is cut is never taken for one */
			r = rd_over(room, cut);
			wrong += row_unpack(&r, form, &back, n % 3 ? &base : NULL);
		}
	}
	is_int(wrong, 0, "rows of any shape come back as they were");
	ok(most <= ROW_PACKED_MAX, "within the room that is promised");
}

/* Ten rows of ten columns, as they are held. */
static void test_small(void)
{
	struct row_form form = { 10, 0x3f };
	uint8_t room[4096];
	struct wr w = wr_over(room, sizeof(room));
	struct store_row first = { .known = 0 }, row;

	for (int n = 0; n < 10; n++) {
		row = (struct store_row){ .at = at_s(60 * n), .known = 0x3ff };
		for (unsigned i = 0; i < 6; i++)
			row.value[i].counter = (UINT64_C(1) << 50) + (uint64_t)n * 60 * 100000000;
		for (unsigned i = 6; i < 10; i++)
			row.value[i].gauge = 20.5 + n;
		row_pack(&w, form, &row, n ? &first : NULL);
		first = n ? first : row;
	}
	ok(wr_ok(&w) && w.len < 700, "ten rows of ten columns take below 700 octets");
	note("%zu octets", w.len);
}

/* ---- records --------------------------------------------------------------------------------------------------------- */

struct seen { unsigned names, rows, forgets, foreign; int64_t last_ms; };

static uint32_t see_name(void *owner, const struct store_layout *layout, const char *component)
{
	struct seen *s = owner;

	s->names++;
	s->foreign += strcmp(layout->name, "interface") != 0 || component[0] != 'd';
	return (uint32_t)atoi(component + 1);
}

static void see_row(void *owner, uint32_t who, const struct store_row *row, const uint8_t *packed, uint32_t octets)
{
	struct seen *s = owner;

	s->rows++;
	s->last_ms = row_ms(row);
	s->foreign += row->value[0].counter / 1000 != who || packed == NULL || octets == 0;
}

static void see_forget(void *owner, uint32_t who)
{
	struct seen *s = owner;

	s->forgets++;
	s->foreign += who != 2;
}

static struct seen scan(const uint8_t *p, size_t len, uint64_t *cut)
{
	struct seen seen = { 0 };
	struct journal_reader reader = { &seen, see_name, see_row, see_forget };
	uint64_t octets = journal_scan(p, len, &reader);

	if (cut)
		*cut = octets;
	return seen;
}

enum { ROWS = 20 };

/* A journal of three components and 'ROWS' rows, its octets in 'buf'. 'end' gets where each row's record ends. */
static size_t journal_made(const char *folder, uint8_t *buf, size_t size, size_t end[ROWS])
{
	struct journal j;
	struct shape shape;
	uint32_t gen[3] = { 0 }, id[3];
	struct err err = { "" };
	char rrd[STORE_PATH_MAX], path[STORE_PATH_MAX];
	size_t len;
	FILE *f;

	shape_init(&shape, &interface_layout);
	journal_init(&j, rrd_folder(folder, rrd, sizeof(rrd)), 7, &err);
	journal_begin_fresh(&j, &err);
	for (unsigned i = 0; i < ROWS; i++) {
		char name[8];
		struct store_row r = row3(60 * i, 1000 * (i % 3) + i, i, i);

		snprintf(name, sizeof(name), "d%u", i % 3);
		journal_row(&j, (struct journal_who){ &shape, name, &gen[i % 3], &id[i % 3] }, &r);
		end[i] = j.len;
		if (i == 10)
			journal_forget(&j, (struct journal_who){ &shape, "d2", &gen[2], &id[2] });
	}
	if (journal_finish_fresh(&j, true, &err) != FW_OK)
		note("%s", err.text);
	snprintf(path, sizeof(path), "%s", j.path);
	journal_release(&j);
	f = fopen(path, "r");
	len = f ? fread(buf, 1, size, f) : 0;
	if (f)
		fclose(f);
	unlink(path);
	return len;
}

static void test_records(const char *folder)
{
	static uint8_t buf[8192], bent[16384];
	size_t end[ROWS], len = journal_made(folder, buf, sizeof(buf), end);
	struct seen seen;
	uint64_t cut;
	unsigned wrong = 0, lost = 0;

	seen = scan(buf, len, &cut);
	ok(seen.names == 3 && seen.rows == ROWS && seen.forgets == 1 && seen.foreign == 0, "a whole journal is read whole");
	is_u64(cut, 0, "... and nothing is passed over");
	for (size_t n = 0; n < len; n++) {	/* torn at every octet: all rows before are there, and nothing else */
		unsigned whole = 0;

		while (whole < ROWS && end[whole] <= n)
			whole++;
		seen = scan(buf, n, NULL);
		wrong += seen.rows != whole || seen.foreign;
	}
	is_int(wrong, 0, "torn at any octet: every row before is there");
	for (size_t n = 0; n < len; n++) {	/* one octet is another */
		memcpy(bent, buf, len);
		bent[n] ^= (uint8_t)(1 + random_u64() % 255);
		seen = scan(bent, len, NULL);
		wrong += seen.foreign;
		lost = ROWS - seen.rows > lost ? ROWS - seen.rows : lost;
	}
	is_int(wrong, 0, "one octet bent: no row goes to another name");
	note("at most %u of %u rows lost", lost, ROWS);
	memset(bent, 'F', 1000);
	memcpy(bent + 1000, buf, len);
	memset(bent + 1000 + len, 0, 3000);
	seen = scan(bent, 1000 + len + 3000, &cut);
	ok(seen.rows == ROWS && cut == 4000, "garbage before and zeroes after cost nothing");
	memcpy(bent, buf, end[4]);
	memcpy(bent + end[4], "Fj\xff\xff\xff\xff\xff\xff", 8);
	memcpy(bent + end[4] + 8, buf + end[4], len - end[4]);
	seen = scan(bent, len + 8, &cut);
	ok(seen.rows == ROWS && cut == 8, "a huge length is passed over");
	for (unsigned n = 0; n < 2000; n++) {
		size_t from = random_u64() % len, octets = random_u64() % (len - from);

		memcpy(bent, buf, len);
		for (size_t i = 0; i < octets; i++)
			bent[from + i] = (uint8_t)random_u64();
		wrong += scan(bent, len, NULL).foreign;
	}
	is_int(wrong, 0, "random stretches: nothing is filed under another name");
}

int main(void)
{
	char folder[STORE_PATH_MAX - 64];

	plan(10);
	folder_new(folder, sizeof(folder));
	test_pack();
	test_small();
	test_records(folder);
	folder_remove(folder);
	return done();
}
