/* rrd/layout.c: archives of a layout, and whether a file has them; see layout-int.h. */
#include "layout-int.h"

#include <stdio.h>
#include <string.h>

enum { DAY = 86400, YEAR = 365 * DAY, HOUR = 3600 };

/* Archives by what they cover; a resolution below the step becomes the step. With ten columns 393 kB. */
struct span_rra { bool max; uint32_t resolution_s, span_s; };

static const struct span_rra main_rra[] = {
	{ false, 1, 2 * HOUR }, { false, 60, DAY }, { false, 300, 2 * DAY }, { false, 1800, 7 * DAY }, { false, 6 * HOUR, YEAR },
	{ true,      600, 2 * DAY }, { true, 1800, 7 * DAY }, { true, DAY, YEAR },
};
static const struct span_rra keep_rra[] = { { false, HOUR, 3 * YEAR }, { true, HOUR, 3 * YEAR } };

static bool ds_name_usable(const char *name)
{
	size_t len = strnlen(name, STORE_DS_NAME_MAX + 1);

	return len > 0 && len <= STORE_DS_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == len;
}

bool layout_usable(const struct store_layout *l)
{
	if (l->ds_count == 0 || l->ds_count > STORE_DS_MAX || l->step_s == 0 || l->step_s > DAY)
		return false;
	if (!memchr(l->name, 0, sizeof(l->name)))
		return false;
	for (uint32_t i = 0; i < l->ds_count; i++) {
		if (!ds_name_usable(l->ds[i].name))
			return false;
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(l->ds[i].name, l->ds[j].name) == 0)
				return false;
	}
	for (unsigned i = 0; i < LAYOUT_RRA_MAX && l->rra[i].rows; i++)
		if (l->rra[i].steps == 0 || l->rra[i].steps > YEAR || l->rra[i].rows > 10 * 1000 * 1000)
			return false;
	return true;
}

static bool rra_same(const struct store_rra *a, const struct store_rra *b)
{
	for (unsigned i = 0; i < LAYOUT_RRA_MAX; i++) {
		if (a[i].rows != b[i].rows || (a[i].rows && (a[i].max != b[i].max || a[i].steps != b[i].steps)))
			return false;
		if (a[i].rows == 0)
			break;
	}
	return true;
}

bool layout_same(const struct store_layout *a, const struct store_layout *b)
{
	if (a == b)
		return true;
	if (strcmp(a->name, b->name) != 0 || a->step_s != b->step_s || a->ds_count != b->ds_count)
		return false;
	for (uint32_t i = 0; i < a->ds_count; i++)
		if (strcmp(a->ds[i].name, b->ds[i].name) != 0 || a->ds[i].counter != b->ds[i].counter ||
		    a->ds[i].keep != b->ds[i].keep)
			return false;
	return rra_same(a->rra, b->rra);
}

/* Add an archive; one of the same function and resolution grows instead. */
static void plan_rra(struct plan *p, struct store_rra add)
{
	for (unsigned i = 0; i < p->rra_count; i++) {
		struct store_rra *have = &p->rra[i];

		if (have->max == add.max && have->steps == add.steps) {
			have->rows = add.rows > have->rows ? add.rows : have->rows;
			return;
		}
	}
	if (p->rra_count < LAYOUT_RRA_MAX)
		p->rra[p->rra_count++] = add;
}

static void plan_spans(struct plan *p, const struct span_rra *spans, unsigned count)
{
	uint32_t step = p->layout->step_s;

	for (unsigned i = 0; i < count; i++) {
		uint32_t steps = (spans[i].resolution_s + step / 2) / step;
		uint32_t rows;

		steps = steps ? steps : 1;
		rows = spans[i].span_s / (steps * step);
		plan_rra(p, (struct store_rra){ spans[i].max, steps, rows ? rows : 1 });
	}
}

void shape_init(struct shape *p, const struct store_layout *layout)
{
	*p = (struct shape){ .layout = *layout, .form.count = layout->ds_count };
	p->main = (struct plan){ .layout = &p->layout, .columns = row_mask(layout->ds_count) };
	p->keep = (struct plan){ .layout = &p->layout };
	for (uint32_t i = 0; i < layout->ds_count; i++) {
		p->form.counters |= (uint32_t)layout->ds[i].counter << i;
		p->keep.columns |= (uint32_t)layout->ds[i].keep << i;
	}
	for (unsigned i = 0; i < LAYOUT_RRA_MAX && layout->rra[i].rows; i++)
		plan_rra(&p->main, layout->rra[i]);
	if (p->main.rra_count == 0)
		plan_spans(&p->main, main_rra, sizeof(main_rra) / sizeof(main_rra[0]));
	plan_spans(&p->keep, keep_rra, sizeof(keep_rra) / sizeof(keep_rra[0]));
}

size_t plan_header_octets(const struct plan *p)
{
	size_t columns = (size_t)__builtin_popcount(p->columns);

	return HEADER_STAT + HEADER_LIVE + columns * (HEADER_DS + HEADER_PDP) + p->rra_count * (HEADER_RRA + HEADER_PTR) +
	       columns * p->rra_count * HEADER_CDP;
}

uint64_t plan_octets(const struct plan *p)
{
	uint64_t rows = 0;

	for (unsigned i = 0; i < p->rra_count; i++)
		rows += p->rra[i].rows;
	return plan_header_octets(p) + rows * (uint64_t)__builtin_popcount(p->columns) * sizeof(double);
}

uint64_t layout_heartbeat_s(const struct store_layout *layout)
{
	return ((uint64_t)layout->step_s * 5 + 1) / 2;
}

void plan_words(struct plan_words *w, const struct plan *p)
{
	unsigned long long heartbeat = layout_heartbeat_s(p->layout);

	w->count = 0;
	for (uint32_t i = 0; i < p->layout->ds_count; i++) {
		const struct store_ds *ds = &p->layout->ds[i];

		if (p->columns >> i & 1)
			snprintf(w->text[w->count++], PLAN_WORD_SIZE, "DS:%s:%s:%llu:%s:U", ds->name,
				 ds->counter ? "DERIVE" : "GAUGE", heartbeat, ds->counter ? "0" : "U");
	}
	for (unsigned i = 0; i < p->rra_count; i++)
		snprintf(w->text[w->count++], PLAN_WORD_SIZE, "RRA:%s:0.5:%u:%u", p->rra[i].max ? "MAX" : "AVERAGE",
			 p->rra[i].steps, p->rra[i].rows);
	for (int i = 0; i < w->count; i++)
		w->word[i] = w->text[i];
}

static bool ds_fits(const struct plan *p, const struct rrd_header *h)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < p->layout->ds_count; i++) {
		const struct store_ds *ds = &p->layout->ds[i];

		if (!(p->columns >> i & 1))
			continue;
		if (at == h->ds_count || strcmp(h->ds[at].name, ds->name) != 0 ||
		    strcmp(h->ds[at].type, ds->counter ? "DERIVE" : "GAUGE") != 0 ||
		    h->ds[at].heartbeat_s != layout_heartbeat_s(p->layout))
			return false;
		at++;
	}
	return at == h->ds_count;
}

bool plan_fits(const struct plan *p, const struct rrd_header *h)
{
	if (h->step_s != p->layout->step_s || h->rra_count != p->rra_count || !ds_fits(p, h))
		return false;
	for (unsigned i = 0; i < p->rra_count; i++)
		if (h->rra[i].rows != p->rra[i].rows || h->rra[i].steps != p->rra[i].steps ||
		    strcmp(h->rra[i].cf, p->rra[i].max ? "MAX" : "AVERAGE") != 0)
			return false;
	return true;
}
