/* poller/device-tell.c: what main is told of a device: facts and levels, until it has taken them; and what debug shows. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/worker-int.h"

/* ---- levels ------------------------------------------------------------------------------------------------------------------------ */

static bool fact_flush(struct device *d)
{
	struct msg_fact *m;

	if (!d->fact_dirty)
		return true;
	m = msg_new(MSG_FACT, sizeof(*m));
	m->heard = d->w->n.last_answer;
	m->fact = d->fact;
	m->at = d->answered_at.us && (d->fact.icmp == ANSWER_YES || d->fact.snmp == ANSWER_YES) ? d->answered_at
											      : worker_wall(d->w, clock_mono());
	text_copy(m->device, sizeof(m->device), d->cfg->name);
	if (!worker_post_main(d->w, &m->m))
		return false;
	d->told = d->fact;
	d->fact_dirty = d->force_fact = false;
	return true;
}

static bool level_flush(struct device *d, struct part *p)
{
	const struct last_record *r = last_at(d->w->last, p->record);
	struct msg_level *m = msg_new(MSG_LEVEL, sizeof(*m));

	m->state = r->state;
	m->admin = (r->flags & LAST_F_ADMIN) != 0;
	m->gone = (r->flags & LAST_F_GONE) != 0;
	m->since.us = r->since_us;
	m->since_after = p->since_after;
	m->at.us = r->seen_us;
	m->capacity = r->state == STATE_DOWN ? 0 : last_capacity(part_table(d, p), r);	/* a link that is down has no speed */
	last_text_get(r, LAST_T_REASON, m->reason, sizeof(m->reason));
	part_name(d, p, m->name, sizeof(m->name));
	if (!worker_post_main(d->w, &m->m))
		return false;
	p->dirty = false;
	return true;
}

void device_tell_again(struct device *d)
{
	d->force_fact = true;
	d->fact_dirty = d->polled;
	for (uint32_t i = 0; i < d->part_count; i++)
		d->part[i].dirty = d->part[i].watched;
	worker_levels_due(d);
}

bool device_levels_flush(struct device *d)
{
	if (!fact_flush(d))
		return false;
	d->levels_wait = d->discovery != NULL;
	if (d->fact.snmp != ANSWER_YES || d->levels_wait)
		return true;	/* parts of a silent agent are unknown; their levels go out when it answers, and has been walked */
	for (uint32_t i = 0; i < d->part_count; i++)
		if (d->part[i].dirty && !level_flush(d, &d->part[i]))
			return false;
	return true;
}

/* ---- debug --------------------------------------------------------------------------------------------------------------------------- */

static bool asks_snmp(const struct device *d) { return d->cfg->credentials != CONFIG_NONE; }

static json_t *plan_json(const struct plan *p)
{
	uint32_t names = 0;

	for (uint32_t i = 0; i < p->count; i++)
		names += p->packet[i].count;
	return json_pack("{s:i,s:i}", "packets", (int)p->count, "objects", (int)names);
}

/* How fast it is asked, and what became of that. */
static json_t *how_json(const struct device *d, struct mono now)
{
	json_t *j = json_pack("{s:i,s:i,s:b,s:b,s:f}", "window", d->cfg->window, "request_rate", (int)d->cfg->request_rate, "quiet", backoff_quiet(&d->quiet),
			      "paused", device_paused(d, now),
			      "jitter_s", (double)last_at(d->w->last, d->record)->value[LAST_D_JITTER_US] / 1e6);

	must(j != NULL);
	if (d->path.srtt.us) {
		json_object_set_new(j, "rtt_mean_s", json_real(span_as_s(d->path.srtt)));
		json_object_set_new(j, "rtt_deviation_s", json_real(span_as_s(d->path.rttvar)));
	}
	if (d->strays)
		json_object_set_new(j, "answers_too_late", json_integer(d->strays));
	if (backoff_quiet(&d->quiet) && d->quiet.due.us > now.us)
		json_object_set_new(j, "asked_again_s", json_real(span_as_s(mono_since(d->quiet.due, now))));
	return j;
}

/* The engine behind an agent of version 3, and what of its answers was refused. No key, and nothing made of one. */
static json_t *engine_json(const struct usm_engine *e, struct mono now)
{
	const struct usm_count *n = snmp_agent_count(e);
	char id[2 * USM_ENGINE_ID_MAX + 1] = "";
	struct text t = text_over(id, sizeof(id));
	json_t *j, *counts = json_object();

	for (uint8_t i = 0; i < e->self.id_len; i++)
		text_add(&t, "%02x", e->self.id[i]);
#define COUNT_ROW(name, word, text) if (n && n->name) json_object_set_new(counts, word, json_integer((json_int_t)n->name));
	USM_COUNTS(COUNT_ROW)
#undef COUNT_ROW
	j = json_pack("{s:s,s:b,s:o}", "engine_id", id, "clock_known", e->clock.set, "counts", counts);
	must(j != NULL);
	if (e->clock.set) {
		json_object_set_new(j, "boots", json_integer(e->clock.boots));
		json_object_set_new(j, "engine_time_s", json_integer(usm_time(&e->clock, now)));
	}
	return j;
}

char *device_debug(struct device *d)
{
	const struct last_record *r = last_at(d->w->last, d->record);
	struct mono now = clock_mono();
	uint32_t watched = 0, gone = 0, flat = 0;
	char *text;
	json_t *j;

	for (uint32_t i = 0; i < d->part_count; i++) {
		watched += d->part[i].watched;
		flat += d->part[i].flat;
		gone += (last_at(d->w->last, d->part[i].record)->flags & LAST_F_GONE) != 0;
	}
	for (int k = 0; k < PLAN_PROBE; k++)
		if (d->plan[k].count == 0 && !d->busy && asks_snmp(d))
			plan_build(d, (enum plan_kind)k);
	j = json_pack("{s:s,s:s,s:i,s:i,s:b,s:b,s:i,s:i,s:i,s:i,s:i,s:I,s:I,s:f,s:f,s:o,s:o}",
		      "device", d->cfg->name, "address", d->cfg->address, "port", d->cfg->port, "worker", (int)d->w->setup.number,
		      "has_address", d->has_address, "busy", d->busy, "objects_per_get", d->pack, "rows_per_bulk", d->bulk,
		      "components", (int)d->part_count, "watched", (int)watched, "gone", (int)gone,
		      "late", (json_int_t)r->value[LAST_D_LATE], "lost", (json_int_t)r->value[LAST_D_LOST],
		      "next_round_s", span_as_s(mono_since(d->next_tick, now)),
		      "next_discovery_s", d->discovery_due.us ? span_as_s(mono_since(d->discovery_due, now)) : 0.0,
		      "full", plan_json(&d->plan[PLAN_FULL]), "status", plan_json(&d->plan[PLAN_STATUS]));
	must(j != NULL);
	json_object_update_new(j, how_json(d, now));
	json_object_set_new(j, "flat", json_integer(flat));
	if (d->peer.v3)
		json_object_set_new(j, "v3", engine_json(d->peer.v3, now));
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}
