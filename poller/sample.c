/* poller/sample.c: what an answer means: raw values into the last file, counters unwrapped, rows, states.
 *
 * Here alone it is judged whether a counter wrapped (Counter32 below its last value, the agent up all the time and the rate
 * plausible), was reset (sysUpTime went back apart from its 497-day wrap, discontinuity time moved, Counter64 below its
 * last value, implausible rate) or comes from another column than before. After a reset the row is marked: unknown until
 * this reading. The running value that goes to RRD only ever grows (RFC 2578 sections 7.1.6, 7.1.10; RFC 2863 section 3.1.5).
 *
 * Plausible: a column of unit "bit/s" in the row (the link's speed) bounds its columns of unit "B/s", with a quarter of
 * margin; where no speed is known a Counter32 that would have moved by more than 2^31 counts as reset.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/worker-int.h"

const struct mib_table *part_table(const struct device *d, const struct part *p)
{
	return d->w->config->mib->table[p->table];
}

void part_name(const struct device *d, const struct part *p, char *buf, size_t size_octets)
{
	char instance[LAST_INSTANCE_MAX + 1];

	last_text_get(last_at(d->w->last, p->record), LAST_T_INSTANCE, instance, sizeof(instance));
	snprintf(buf, size_octets, "%s/%s/%s", d->cfg->name, part_table(d, p)->class_name, instance);
}

enum { LOST_MOST = 3, FLAT_MOST = 4, UPTIME_SLACK_S = 30 };

/* ---- values --------------------------------------------------------------------------------------------------------- */

static bool is_counter(enum mib_as as) { return as == AS_COUNTER32 || as == AS_COUNTER64; }
static bool is_text(enum mib_as as) { return as == AS_STRING || as == AS_OID || as == AS_HEX; }

static const uint8_t usual_type[AS_KINDS] = {
	[AS_COUNTER32] = SNMP_COUNTER32, [AS_COUNTER64] = SNMP_COUNTER64, [AS_GAUGE] = SNMP_GAUGE32, [AS_INTEGER] = SNMP_INTEGER,
	[AS_TICKS] = SNMP_TIMETICKS, [AS_STRING] = SNMP_OCTET_STRING, [AS_OID] = SNMP_OID, [AS_HEX] = SNMP_OCTET_STRING,
};

/* Is the value of a type that can stand for the column's? Agents confuse the unsigned ones. */
static enum fw_err type_fits(enum mib_as as, const struct snmp_varbind *vb)
{
	switch (vb->type) {
	case SNMP_NO_OBJECT: return FW_NOOBJECT;
	case SNMP_NO_INSTANCE: case SNMP_END_OF_MIB: return FW_NOINST;	/* the latter has no place in what is answered here */
	case SNMP_NULL: return FW_TYPE;
	case SNMP_OCTET_STRING: case SNMP_OPAQUE:
		return as == AS_STRING || as == AS_HEX ? FW_OK : FW_TYPE;
	case SNMP_OID: return as == AS_OID ? FW_OK : FW_TYPE;
	case SNMP_IPADDRESS: return as == AS_STRING || as == AS_HEX ? FW_OK : FW_TYPE;
	case SNMP_INTEGER:
		if (is_text(as))
			return FW_TYPE;
		return as != AS_INTEGER && (int64_t)vb->number < 0 ? FW_RANGE : FW_OK;
	default:
		return is_text(as) ? FW_TYPE : FW_OK;
	}
}

/* "123" for a number: agents that are scripts send that. Digits only, and no more than fit. */
static bool number_from_text(enum mib_as as, const struct snmp_varbind *vb, struct snmp_varbind *number)
{
	bool negative = vb->bytes_len > 1 && vb->bytes[0] == '-' && as == AS_INTEGER;
	uint64_t n = 0;

	if (is_text(as) || vb->type != SNMP_OCTET_STRING || vb->bytes_len == 0 || vb->bytes_len > 18)
		return false;
	for (uint16_t i = negative; i < vb->bytes_len; i++) {
		if (vb->bytes[i] < '0' || vb->bytes[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(vb->bytes[i] - '0');
	}
	*number = *vb;
	number->number = negative ? (uint64_t)-(int64_t)n : n;
	number->type = usual_type[as];
	return as == AS_COUNTER64 || as == AS_INTEGER || n <= UINT32_MAX;
}

/* A value of another type than usual: taken where it can mean nothing else, and said. */
static enum fw_err odd_value(struct device *d, enum mib_as as, struct snmp_varbind *vb)
{
	enum fw_err why = type_fits(as, vb);
	struct snmp_varbind number;

	if (vb->type == SNMP_NULL) {
		learn_odd(d, ODD_NO_VALUE);
	} else if (why == FW_TYPE && number_from_text(as, vb, &number)) {
		learn_odd(d, ODD_TEXT);
		*vb = number;
		return FW_OK;
	} else if (why == FW_RANGE) {
		learn_odd(d, ODD_NEGATIVE);
	} else if (why == FW_TYPE || (why == FW_OK && is_counter(as))) {
		learn_odd(d, ODD_TYPE);
	}
	return why;
}

static size_t hex_format(const struct snmp_varbind *vb, char *buf, size_t size)
{
	struct text t = text_over(buf, size);

	for (uint16_t i = 0; i < vb->bytes_len; i++)
		text_add(&t, "%s%02x", i ? ":" : "", vb->bytes[i]);
	return t.len;
}

static void text_value(struct last_record *r, uint8_t column, enum mib_as as, const struct snmp_varbind *vb)
{
	char buf[256];
	size_t len = vb->bytes_len;
	struct oid o;

	if (as == AS_HEX)
		len = hex_format(vb, buf, sizeof(buf));
	else if (as == AS_OID)
		len = oid_dec(&o, vb->bytes, vb->bytes_len) ? strlen(oid_format(&o, buf, sizeof(buf))) : 0;
	else if (vb->type == SNMP_IPADDRESS && vb->bytes_len == 4)
		len = (size_t)snprintf(buf, sizeof(buf), "%u.%u.%u.%u", vb->bytes[0], vb->bytes[1], vb->bytes[2], vb->bytes[3]);
	else if (len > 0)
		memcpy(buf, vb->bytes, len = len < sizeof(buf) ? len : sizeof(buf) - 1);
	while (len > 0 && buf[len - 1] == '\0')
		len--;
	last_text_set(r, column, buf, len);
}

static int speed_column(const struct mib_table *t, const struct last_record *r)
{
	for (uint8_t c = 0; c < t->column_count; c++)
		if (t->column[c].unit && strcmp(t->column[c].unit, "bit/s") == 0 && r->known >> c & 1 && r->value[c] > 0 &&
		    r->value[c] != UINT32_MAX)	/* ifSpeed says "more" by that: no bound */
			return c;
	return -1;
}

/* Could the counter have moved by 'delta' since the last reading? */
static bool plausible(const struct mib_table *t, const struct last_record *r, uint8_t column, uint64_t delta, double seconds)
{
	const struct mib_column *k = &t->column[column];
	int s = speed_column(t, r);
	double speed = s >= 0 ? (double)r->value[s] * t->column[s].scale : 0;

	if (s >= 0 && speed > 0 && speed < 4.29e9 * 1e6 && k->unit && strcmp(k->unit, "B/s") == 0)
		return (double)delta <= speed / 8 * 1.25 * (seconds + 1);
	return delta < UINT64_C(1) << 31;
}

/* Of a million parts a few are being read at a time. */
static uint64_t *delta_of(struct part *p)
{
	if (p->delta == NULL)
		p->delta = must_alloc(LAST_RUNS * sizeof(*p->delta));
	return p->delta;
}

/* By what its counters moved in this round, or-ed. */
static uint64_t moved_by(const struct part *p)
{
	uint64_t all = 0;

	for (uint32_t m = p->moved; m; m &= m - 1)
		all |= p->delta[__builtin_ctz(m)];
	return all;
}

static void part_done(struct part *p)
{
	free(p->delta);
	p->delta = NULL;
	p->fresh = p->moved = 0;
}

/* Unwrap: add what the counter moved to its running value, or mark the part reset. A column that was missing before begins
 * again alone: the others of the row go on. */
static void counter_value(struct device *d, struct part *p, struct last_record *r, uint8_t column, const struct snmp_varbind *vb,
			  struct wall at)
{
	const struct mib_table *t = part_table(d, p);
	uint64_t raw = vb->number, last = r->value[column], delta = raw - last;
	uint8_t run = t->column[column].ds;
	double seconds = (double)(at.us - r->asked_us) / 1e6;
	bool good = true, doubt = false;

	if (!(r->known >> column & 1) || run >= LAST_RUNS)
		return;
	if (raw < last) {
		delta = (raw + (UINT64_C(1) << 32)) - last;
		good = vb->type != SNMP_COUNTER64 && last <= UINT32_MAX && plausible(t, r, column, delta, seconds);
	} else if (vb->type == SNMP_COUNTER64 && delta > UINT64_C(1) << 32 && speed_column(t, r) >= 0) {
		good = plausible(t, r, column, delta, seconds);
		doubt = !good;
		good = good || p->doubted >> column & 1;	/* again: then the speed is wrong, and not the counter */
	}
	p->doubted = doubt ? p->doubted | 1u << column : p->doubted & ~(1u << column);
	if (!good) {
		p->reset = true;
		return;
	}
	r->run[run] = (r->run[run] + delta) & (UINT64_MAX >> 2);
	delta_of(p)[run] = (p->moved >> run & 1 ? p->delta[run] : 0) + delta;
	p->moved |= 1u << run;
}

/* Main weighs it; and where the column says nothing now, another is asked. */
static void carries_other(struct device *d, struct part *p)
{
	p->dirty = d->replan = true;
	worker_levels_due(d);
}

enum fw_err sample_value(struct device *d, struct part *p, uint8_t column, const struct snmp_varbind *given, struct wall at)
{
	const struct mib_table *t = part_table(d, p);
	const struct mib_column *k = &t->column[column];
	struct snmp_varbind value = *given, *vb = &value;
	enum fw_err why = vb->type == usual_type[k->as] ? FW_OK : odd_value(d, k->as, vb);
	struct last_record *r = last_begin(d->w->last, p->record);

	if (why == FW_OK && is_text(k->as)) {
		text_value(r, column, k->as, vb);
	} else if (why == FW_OK) {
		if (is_counter(k->as) && k->ds != MIB_NO_COLUMN)
			counter_value(d, p, r, column, vb, at);
		if (column == t->discontinuity && r->known >> column & 1 && r->value[column] != vb->number)
			p->reset = true;
		if (k->capacity && p->weighed && (!(r->known >> column & 1) || r->value[column] != vb->number))
			carries_other(d, p);
		r->value[column] = vb->number;
	}
	if (why == FW_OK) {
		r->known |= 1u << column;
		r->why[column] = FW_OK;
	} else {
		if (k->capacity && p->weighed && r->known >> column & 1)
			carries_other(d, p);
		last_missing(r, column, why, at);
	}
	last_end(d->w->last, p->record);
	return why;
}

double sample_scaled(const struct mib_table *t, const struct last_record *r, uint8_t column)
{
	const struct mib_column *k = &t->column[column];
	double v;

	if (!(r->known >> column & 1) || is_text(k->as))
		return NAN;
	v = (k->as == AS_INTEGER ? (double)(int64_t)r->value[column] : (double)r->value[column]) * k->scale;
	if (k->scale_column != MIB_NO_COLUMN)
		v *= r->known >> k->scale_column & 1 ? (double)r->value[k->scale_column] : NAN;
	return v;
}

/* ---- the agent's clock ----------------------------------------------------------------------------------------------- */

/* sysUpTime went back: a reboot, unless 2^32 hundredths (497 days) are just over. */
static bool uptime_wrapped(uint64_t before, uint64_t now, double seconds)
{
	double expected = (double)before + seconds * 100;

	return expected >= 4294967296.0 && fabs(expected - 4294967296.0 - (double)now) < 6000 + seconds;
}

void sample_begin_anew(const struct mib_table *t, struct part *p, struct last_record *r)
{
	p->reset = true;
	r->source = 0;			/* it may have learned 64 bits meanwhile */
	for (uint8_t c = 0; c < t->column_count; c++)
		if (is_counter(t->column[c].as))
			r->known &= ~(1u << c);
}

/* After a reboot no counter continues. */
static void forget_counters(struct device *d)
{
	for (uint32_t i = 0; i < d->part_count; i++) {
		struct part *p = &d->part[i];

		sample_begin_anew(part_table(d, p), p, last_begin(d->w->last, p->record));
		last_end(d->w->last, p->record);
	}
}

/* Less than the time that passed says: it began anew in between, and counts for longer than it did before. The very same
 * hundredth again is a clock that stands, or is renewed as seldom as what an agent caches: it says nothing of the time between. */
static bool uptime_too_little(const struct device *d, uint64_t now, double seconds)
{
	double expected = (double)d->uptime + seconds * 100;

	return now != d->uptime && expected < 4294967296.0 && (double)now < expected - 100 * (UPTIME_SLACK_S + seconds / 50);
}

static void rebooted(struct device *d, uint64_t now, struct wall at)
{
	struct last_record *r = last_begin(d->w->last, d->record);

	r->value[LAST_D_REBOOTS]++;
	last_end(d->w->last, d->record);
	d->rebooted = true;
	forget_counters(d);
	worker_note(d->w, "reboot", d->cfg->name, at, "restarted: sysUpTime %.0f s, was %.0f s", (double)now / 100,
		    (double)d->uptime / 100);
}

/* It is asked again after the next discovery. */
void sample_no_uptime(struct device *d)
{
	if (!d->no_uptime)
		d->no_uptime = d->replan = true;
	learn_odd(d, ODD_UPTIME);
}

void sample_uptime(struct device *d, const struct snmp_varbind *vb, struct wall at)
{
	struct mono now = clock_mono();
	/* the wall clock may have been set; of this process's own readings it is known exactly how long ago they are */
	double seconds = d->uptime_mono.us ? span_as_s(mono_since(now, d->uptime_mono)) : (double)(at.us - d->uptime_at.us) / 1e6;
	bool back;

	if ((vb->type != SNMP_TIMETICKS && vb->type != SNMP_GAUGE32 && vb->type != SNMP_COUNTER32 && vb->type != SNMP_INTEGER) ||
	    vb->number > UINT32_MAX) {
		sample_no_uptime(d);
		return;
	}
	back = d->uptime_known && vb->number < d->uptime && !uptime_wrapped(d->uptime, vb->number, seconds);
	if (back && d->uptime - vb->number <= 200)
		return;		/* two seconds: an answer that was overtaken */
	if (back || (d->uptime_known && d->uptime_mono.us && uptime_too_little(d, vb->number, seconds)))
		rebooted(d, vb->number, at);
	else if (d->uptime_known && uptime_too_little(d, vb->number, seconds))
		forget_counters(d);	/* while nobody looked; or the wall clock was set */
	d->uptime = vb->number;
	d->uptime_at = at;
	d->uptime_mono = now;
	d->uptime_known = true;
}

/* ---- slots ----------------------------------------------------------------------------------------------------------------- */

void sample_refused(struct device *d, const struct slot *s)
{
	d->replan = true;
	d->part[s->part].skip |= 1u << s->column;
}

/* The agent has not this column: from now on its 'else' column, or none until the next discovery. */
void sample_absent(struct device *d, const struct slot *s)
{
	struct part *p = &d->part[s->part];
	const struct mib_table *t = part_table(d, p);
	uint8_t column = s->column;

	d->replan = true;
	learn_denied(d, s);
	if (t->column[column].otherwise != MIB_NO_COLUMN && !(p->skip & 1u << t->column[column].otherwise)) {
		struct last_record *r = last_begin(d->w->last, p->record);

		r->source |= 1u << column;
		last_end(d->w->last, p->record);
		p->reset = true;
		d->ask_else = true;
	} else {
		p->skip |= 1u << column;
	}
}

/* Did the agent itself say that it has no such value? Else it was not asked, or its answer got lost: then the last value stays
 * the last known until three full rounds in a row have not brought it. */
static bool agent_says(enum fw_err why)
{
	return why == FW_NOOBJECT || why == FW_NOINST || why == FW_AGENT || why == FW_TOOBIG || why == FW_TYPE || why == FW_RANGE;
}

/* In how many rounds in a row it is lost with this one, which counts once, however often it asks again in smaller packets. */
static uint8_t lost_now(const struct device *d, const struct part *p)
{
	bool first = d->full_plans <= 1 || p->lost == 0;

	return (uint8_t)(p->lost + (first && p->lost < LOST_MOST));
}

void sample_missing(struct device *d, const struct slot *s, enum fw_err why)
{
	struct part *p;
	struct last_record *r;
	int64_t at = worker_wall(d->w, clock_mono()).us;

	if (s->part >= SLOT_MARKER)
		return;
	p = &d->part[s->part];
	if (s->column == markers_name_column(d, p))
		return;			/* asked along only to see that it is the same */
	if (agent_says(why) && last_at(d->w->last, p->record)->known >> s->column & 1)
		d->lacks = true;
	r = last_begin(d->w->last, p->record);
	if (agent_says(why))
		last_missing(r, s->column, why, (struct wall){ at });
	else if (!(r->known >> s->column & 1) || lost_now(d, p) >= LOST_MOST)
		last_missing(r, s->column, why, (struct wall){ at - p->lost * d->w->config->interval.us });
	r->why[s->column] = (uint8_t)why;
	last_end(d->w->last, p->record);
	d->w->n.missing++;
	d->w->n.missing_why[why]++;
	p->missed |= agent_says(why) ? 0 : 1u << s->column;
}

void sample_slot(struct device *d, const struct slot *s, const struct snmp_varbind *vb, struct wall at)
{
	struct part *p = &d->part[s->part];
	bool before = last_at(d->w->last, p->record)->known >> s->column & 1;
	enum fw_err why = sample_value(d, p, s->column, vb, at);

	if (why == FW_OK) {
		p->fresh |= 1u << s->column;
		return;
	}
	sample_missing(d, s, why);
	if (why != FW_NOOBJECT && why != FW_NOINST)
		return;
	d->lacks = d->lacks || before;
	sample_absent(d, s);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------ */

/* Rows are at whole seconds, their counters interpolated between the two readings: librrd counts unknown time in whole
 * seconds only, and a row in between would put the rate beside a gap off by up to a second's worth. */
static void row_put(struct device *d, struct part *p, int64_t second_us, bool reset, struct wall at)
{
	const struct mib_table *t = part_table(d, p);
	const struct last_record *r = last_at(d->w->last, p->record);
	struct store_row row = { .at = { second_us }, .reset = reset };
	double behind = at.us > r->asked_us ? (double)(at.us - second_us) / (double)(at.us - r->asked_us) : 0;
	char name[MODEL_NAME_MAX];

	if (!d->w->config->rrd_write)
		return;
	for (uint8_t c = 0; c < t->column_count; c++) {
		uint8_t ds = t->column[c].ds;
		double gauge;

		if (!(p->fresh >> c & 1) || ds == MIB_NO_COLUMN || ds >= LAST_RUNS)
			continue;
		if (is_counter(t->column[c].as)) {
			if (!(p->moved >> ds & 1))
				continue;
			row.value[ds].counter = r->run[ds] - (uint64_t)llround((double)p->delta[ds] * behind);
		} else {
			gauge = sample_scaled(t, r, c);
			if (isnan(gauge))
				continue;
			row.value[ds].gauge = gauge;
		}
		row.known |= 1u << ds;
	}
	if (row.known == 0)
		return;
	part_name(d, p, name, sizeof(name));
	worker_row(d->w, d->cfg->name, name, &t->layout, &row);
}

static bool has_fresh_counter(const struct mib_table *t, const struct part *p)
{
	for (uint8_t c = 0; c < t->column_count; c++)
		if (p->fresh >> c & 1 && is_counter(t->column[c].as) && t->column[c].ds != MIB_NO_COLUMN)
			return true;
	return false;
}

/* Was it read in every interval, and its row held back? While it is not known whether the agent caches; an interval in which it
 * was silent has no row. */
static bool was_held(const struct device *d, const struct last_record *r, struct wall at)
{
	return d->cache.period.us || (cache_may(d) && at.us - r->seen_us < d->w->config->interval.us * 3 / 2);
}

/* Of a part that was not asked in every interval, or whose agent does not renew it in each: its rows after 'from' and until now, on the
 * straight line between the two readings. */
static void rows_between(struct device *d, struct part *p, int64_t from, struct wall at)
{
	int64_t step = d->w->config->interval.us, last = last_at(d->w->last, p->record)->asked_us, s = 1000000;

	if (at.us - last > (cache_may(d) ? cache_most(d).us + 2 * step : FLAT_MOST * step))
		return;		/* it was silent in between: nobody knows */
	for (int64_t t = last + step; t < at.us - step / 2; t += step)
		if (t - t % s > from)
			row_put(d, p, t - t % s, false, at);
}

static void row_now(struct device *d, struct part *p, struct wall at)
{
	const struct mib_table *t = part_table(d, p);
	const struct last_record *r = last_at(d->w->last, p->record);
	const int64_t s = 1000000, now = at.us - at.us % s, next = r->asked_us - r->asked_us % s + s;
	bool begins = p->reset || (p->moved == 0 && has_fresh_counter(t, p)), pending = r->flags & LAST_F_RESET && !begins;
	struct last_record *w;

	if (begins)
		p->moved = 0;		/* the counters' part of this row is unknown; its gauges are not */
	if (pending && next <= now)
		row_put(d, p, next, true, at);	/* known from the first whole second after the reset */
	if (!begins && (p->flat || was_held(d, r, at)))
		rows_between(d, p, pending ? next : 0, at);
	if (pending ? now > next : now >= next)
		row_put(d, p, now, false, at);
	w = last_begin(d->w->last, p->record);
	if (begins)
		w->flags |= LAST_F_RESET;
	else if (next <= now)
		w->flags &= (uint8_t)~LAST_F_RESET;
	w->asked_us = at.us;
	last_end(d->w->last, p->record);
	p->reset = false;
}

/* Counters that have just begun, of an agent that may cache them: they begin anew where they are renewed first. */
static bool begins_at_renewal(const struct device *d, const struct part *p, const struct last_record *r)
{
	return cache_may(d) && r->flags & LAST_F_RESET && !p->reset && !r->renewed && moved_by(p) != 0;
}

static void renewed_set(struct device *d, struct part *p, bool renewed)
{
	last_begin(d->w->last, p->record)->renewed = renewed;
	last_end(d->w->last, p->record);
}

static void part_row(struct device *d, struct part *p, struct wall at)
{
	const struct last_record *r = last_at(d->w->last, p->record);
	bool renewal = begins_at_renewal(d, p, r);

	if (!p->reset && p->moved && moved_by(p) == 0 && cache_holds(d, (struct wall){ r->asked_us }, at))
		return;
	if (renewal || (p->reset && r->renewed))
		renewed_set(d, p, renewal);
	p->reset = p->reset || renewal;
	row_now(d, p, at);
}

void sample_release(struct device *d, struct part *p, struct wall at)
{
	const struct mib_table *t = part_table(d, p);
	const struct last_record *r = last_at(d->w->last, p->record);

	if (at.us - r->asked_us < d->w->config->interval.us / 2 || r->asked_us == 0 || r->flags & LAST_F_GONE)
		return;
	for (uint8_t c = 0; c < t->column_count; c++) {
		if (!(r->known >> c & 1) || t->column[c].ds >= LAST_RUNS)
			continue;
		p->fresh |= 1u << c;
		if (!is_counter(t->column[c].as))
			continue;
		p->moved |= 1u << t->column[c].ds;
		delta_of(p)[t->column[c].ds] = 0;
	}
	if (p->moved && !r->renewed)
		renewed_set(d, p, true);
	if (p->moved)
		row_now(d, p, at);
	part_done(p);
}

/* ---- states ---------------------------------------------------------------------------------------------------------------- */

struct judged { enum state state; bool admin, gone; char reason[REASON_MAX]; };

static void word_of(const struct mib_table *t, uint8_t column, int64_t value, struct judged *j)
{
	const char *label = mib_label_of(&t->column[column], value);

	if (label)
		snprintf(j->reason, sizeof(j->reason), "%s %s", t->column[column].name, label);
	else
		snprintf(j->reason, sizeof(j->reason), "%s %lld", t->column[column].name, (long long)value);
}

static void judge_limits(const struct mib_table *t, const struct last_record *r, struct judged *j)
{
	double value[MIB_COLUMNS_MAX];
	uint8_t column = MIB_NO_COLUMN;
	enum state s;

	for (uint8_t c = 0; c < t->column_count; c++)
		value[c] = sample_scaled(t, r, c);
	s = mib_limit_of(t, value, &column);
	if (s == STATE_UP || s <= j->state || column == MIB_NO_COLUMN)
		return;
	j->state = s;
	for (uint8_t i = 0; i < t->limit_count; i++) {
		const struct mib_limit *m = &t->limit[i];

		if (m->column == column && m->of != MIB_NO_COLUMN && value[m->of] > 0)
			snprintf(j->reason, sizeof(j->reason), "%s %.0f %% of %s", t->column[column].name,
				 100 * value[column] / value[m->of], t->column[m->of].name);
		else if (m->column == column)
			snprintf(j->reason, sizeof(j->reason), "%s %g", t->column[column].name, value[column]);
	}
}

static struct judged judge(const struct mib_table *t, const struct last_record *r)
{
	struct judged j = { .state = STATE_UP };
	uint8_t a = t->admin.column, c = t->state.column;

	if (r->flags & LAST_F_GONE) {
		j = (struct judged){ .state = STATE_DOWN, .gone = true };
		snprintf(j.reason, sizeof(j.reason), "gone: its row is no longer there");
		return j;
	}
	if (a != MIB_NO_COLUMN && r->known >> a & 1 && mib_admin_down(t, (int64_t)r->value[a])) {
		j.state = STATE_DOWN;
		j.admin = true;
		snprintf(j.reason, sizeof(j.reason), "admin");
		return j;
	}
	if (c != MIB_NO_COLUMN && !(r->known >> c & 1)) {
		j.state = STATE_UNKNOWN;
		snprintf(j.reason, sizeof(j.reason), "%s: %s", t->column[c].name, fw_err_text(r->why[c]));
		return j;
	}
	if (c != MIB_NO_COLUMN) {
		j.state = mib_state_of(t, (int64_t)r->value[c]);
		if (j.state != STATE_UP)
			word_of(t, c, (int64_t)r->value[c], &j);
	}
	if (t->limit_count)
		judge_limits(t, r, &j);
	return j;
}

/* A link that carries less than it once did (fallen back to 100 Mbit/s, a member of a bundle lost) is not well, whatever
 * its state says. A tenth is left to those whose speed varies. */
static void judge_capacity(struct device *d, const struct part *p, struct judged *j)
{
	uint64_t now = last_capacity(part_table(d, p), last_at(d->w->last, p->record)), most;
	char text[24];

	if (now == 0 || j->state == STATE_DOWN)
		return;
	last_text_get(last_at(d->w->last, p->record), LAST_T_CAPACITY, text, sizeof(text));
	most = strtoull(text, NULL, 10);
	if (now < most - most / 10 && j->state == STATE_UP) {
		j->state = STATE_DEGRADED;
		snprintf(j->reason, sizeof(j->reason), "%llu Mbit/s, was %llu", (unsigned long long)now, (unsigned long long)most);
	} else if (now > most) {
		snprintf(text, sizeof(text), "%llu", (unsigned long long)now);
		last_text_set(last_begin(d->w->last, p->record), LAST_T_CAPACITY, text, strlen(text));
		last_end(d->w->last, p->record);
	}
}

void part_state(struct device *d, struct part *p, struct wall at)
{
	const struct last_record *r = last_at(d->w->last, p->record);
	struct judged j = judge(part_table(d, p), r);
	uint8_t flags = (uint8_t)((r->flags & ~(LAST_F_ADMIN | LAST_F_GONE)) | (j.admin ? LAST_F_ADMIN : 0) | (j.gone ? LAST_F_GONE : 0));
	char reason[REASON_MAX];
	struct last_record *w;

	if (p->weighed)
		judge_capacity(d, p, &j);
	last_text_get(r, LAST_T_REASON, reason, sizeof(reason));
	if (r->state == j.state && r->since_us != 0 && strcmp(reason, j.reason) == 0 && flags == r->flags)
		return;
	w = last_begin(d->w->last, p->record);
	if (w->state != j.state || w->since_us == 0) {
		adapt_moved(d, p);
		w->transitions += w->since_us != 0;
		w->since_us = at.us;
		p->since_after.us = w->seen_us && at.us - w->seen_us > 3 * d->w->config->interval.us ? w->seen_us : 0;
	}
	w->state = (uint8_t)j.state;
	w->flags = flags;
	last_text_set(w, LAST_T_REASON, j.reason, strlen(j.reason));
	last_end(d->w->last, p->record);
	if (p->watched) {
		p->dirty = true;
		worker_levels_due(d);
	}
}

/* Of a part that came in several packets, counters of the one that was lost begin anew: its other values are of now. */
static void lost_counters(const struct mib_table *t, struct last_record *r, uint32_t missed)
{
	for (; missed; missed &= missed - 1) {
		unsigned c = (unsigned)__builtin_ctz(missed);

		if (is_counter(t->column[c].as))
			r->known &= ~(1u << c);
	}
}

/* One round of a part is over: its row, its state, and how often it was lost. */
void sample_finish(struct device *d, struct part *p, struct wall at, bool full)
{
	struct last_record *r;

	d->cache.parts_moved += p->fresh && moved_by(p) != 0;
	if (full)
		p->lost = p->missed ? lost_now(d, p) : 0;
	if (p->fresh != 0) {
		if (full) {
			part_row(d, p, at);
			adapt_read(d, p);
		}
		d->cache.parts_counting += full && has_fresh_counter(part_table(d, p), p);
		r = last_begin(d->w->last, p->record);
		lost_counters(part_table(d, p), r, full ? p->missed : 0);
		r->seen_us = at.us;
		r->flags |= LAST_F_SEEN;
		r->ask_count++;
		last_end(d->w->last, p->record);
	}
	part_state(d, p, at);
	p->missed = 0;
	if (p->fresh || !p->moved)
		part_done(p);
}
