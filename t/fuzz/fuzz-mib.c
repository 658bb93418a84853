/* t/fuzz/fuzz-mib.c: a definition file as somebody wrote it. What is accepted must keep the promises of mib.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "poller/mib.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void column_or_none(const struct mib_table *t, uint8_t column)
{
	if (column != MIB_NO_COLUMN && column >= t->column_count)
		abort();
}

static void check_columns(const struct mib_table *t)
{
	for (uint8_t i = 0; i < t->column_count; i++) {
		const struct mib_column *c = &t->column[i];

		column_or_none(t, c->otherwise);
		column_or_none(t, c->scale_column);
		if (c->oid_ber_len == 0 || c->as >= AS_KINDS || !isfinite(c->scale) || c->otherwise == i)
			abort();
		if (c->ds != MIB_NO_COLUMN && c->ds >= t->layout.ds_count)
			abort();
		if (c->otherwise != MIB_NO_COLUMN && t->column[c->otherwise].otherwise != MIB_NO_COLUMN)
			abort();
	}
}

static void check_table(const struct mib_table *t)
{
	double value[MIB_COLUMNS_MAX];
	uint8_t column;

	if (t->column_count == 0 || t->column_count > MIB_COLUMNS_MAX || !t->class_name || t->entry.len == 0)
		abort();
	check_columns(t);
	column_or_none(t, t->state.column);
	column_or_none(t, t->admin.column);
	column_or_none(t, t->discontinuity);
	for (uint8_t i = 0; i < t->name_count; i++)
		column_or_none(t, t->name[i]);
	for (uint8_t i = 0; i < t->where_count; i++)
		column_or_none(t, t->where[i].column);
	for (unsigned i = 0; i < MIB_COLUMNS_MAX; i++)
		value[i] = (double)i * 7;
	mib_limit_of(t, value, &column);
	column_or_none(t, column);
	if (!t->single && t->rows_count == 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct mistakes m = { 0 };
	struct mib *mib = mib_load_text("fuzz.conf", (const char *)in, len, &m);

	for (unsigned i = 0; m.count == 0 && i < mib->count; i++) {
		check_table(mib->table[i]);
		if (mib_replaced(mib, mib->table[i], ~((UINT64_C(1) << i) - 1)))	/* by one that comes after it */
			abort();
	}
	mib_set_step(mib, 60);
	mib_free(mib);
	mistakes_release(&m);
	return 0;
}
