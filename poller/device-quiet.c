/* poller/device-quiet.c: devices that are silent, slow, or not to be asked now: what they cost, and how they come back.
 *
 * silent   The agent is asked one question without repetition, at growing intervals (backoff.h); an echo goes on at every
 *          status interval. Ping that answers, or any datagram from the agent, brings the next question at once.
 * cut off  Main says that all parents are cut off: nothing is asked. It holds for a lease, so that a device which has another
 *          way than its parents say is found, and so that nothing main forgets is for ever.
 * slow     A poll that is not over when the next one is due ends: what is out is missing with that reason. The next one goes
 *          on with the packets that this one did not come to, so that none is always the last.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/worker-int.h"

enum { LEASE_INTERVALS = 5, SPREAD_FROM = 64, SPREAD_US = 500, DISCOVERY_INTERVALS = 20 };

/* ---- silent ---------------------------------------------------------------------------------------------------------- */

static struct backoff_bounds bounds_of(const struct device *d)
{
	const struct config *c = d->w->config;

	return (struct backoff_bounds){ c->status_interval, c->interval.us > c->status_interval.us ? c->interval : c->status_interval };
}

bool device_quiet_skip(struct device *d, struct mono now)
{
	bool quiet = d->fact.snmp != ANSWER_YES && backoff_quiet(&d->quiet);

	d->skipped = quiet && !backoff_due(&d->quiet, now);
	d->peer.retries = quiet && !d->quiet.heard ? 0 : d->cfg->retries;
	return d->skipped;
}

void device_quiet_end(struct device *d, struct mono now)
{
	if (d->fact.snmp == ANSWER_YES)
		d->strays = 0;
	if (d->fact.snmp == ANSWER_YES || d->fact.snmp == ANSWER_NOT_ASKED)
		backoff_answered(&d->quiet);
	else if (!d->skipped && !d->starved)
		backoff_failed(&d->quiet, bounds_of(d), now);
	if (d->fact.snmp != ANSWER_YES)
		d->polled_at = (struct mono){ 0 };
}

/* Ping answers again while the agent was left alone in this round: true when it is to be asked in it. */
bool device_quiet_pinged(struct device *d, struct mono now)
{
	struct mono due = backoff_heard(&d->quiet, bounds_of(d), now);

	if (!d->skipped || due.us > now.us)
		return false;
	d->skipped = false;
	d->peer.retries = d->cfg->retries;
	return true;
}

static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr && a4->sin_port == b4->sin_port;
	return memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0 && a6->sin6_port == b6->sin6_port;
}

static uint32_t address_hash(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *a4 = (const void *)a;
	const struct sockaddr_in6 *a6 = (const void *)a;
	bool six = a->ss_family == AF_INET6;

	return (uint32_t)hash_keyed(six ? (const void *)&a6->sin6_addr : (const void *)&a4->sin_addr, six ? 16 : 4);
}

/* Which device has an address now; built anew when one is not found, once a second at most. */
static void addresses_build(struct worker *w)
{
	struct address_map *m = &w->addresses;

	for (m->size = 64; m->size < 2 * w->device_count; m->size *= 2) { }
	free(m->slot);
	m->slot = must_alloc(m->size * sizeof(*m->slot));
	for (uint32_t i = 0; i < w->device_count; i++) {
		uint32_t at = address_hash(&w->device[i]->peer.address);

		if (!w->device[i]->has_address)
			continue;
		while (m->slot[at & (m->size - 1)] != 0)
			at++;
		m->slot[at & (m->size - 1)] = i + 1;
	}
}

static struct device *addresses_find(const struct worker *w, const struct sockaddr_storage *source)
{
	const struct address_map *m = &w->addresses;
	uint32_t i;

	for (uint32_t at = address_hash(source); m->size && (i = m->slot[at & (m->size - 1)]) != 0; at++)
		if (i <= w->device_count && same_host(&w->device[i - 1]->peer.address, source))
			return w->device[i - 1];
	return NULL;
}

void device_stray(void *owner, const struct sockaddr_storage *source)
{
	struct worker *w = owner;
	struct mono now = clock_mono();
	struct device *d = addresses_find(w, source);

	if (d == NULL && now.us >= w->addresses.due.us) {
		w->addresses.due = mono_add(now, span_s(1));
		addresses_build(w);
		d = addresses_find(w, source);
	}
	if (d == NULL || !backoff_quiet(&d->quiet) || device_paused(d, now))
		return;
	d->strays++;
	if (backoff_heard(&d->quiet, bounds_of(d), now).us <= now.us && !d->busy)
		device_begin(d, now);
}

/* ---- cut off --------------------------------------------------------------------------------------------------------- */

bool device_paused(const struct device *d, struct mono now) { return now.us < d->paused_until.us; }

void device_pause(struct device *d, struct mono now)
{
	if (d->fact.snmp != ANSWER_YES && d->fact.icmp != ANSWER_YES)
		d->paused_until = mono_add(now, span_us(LEASE_INTERVALS * d->w->config->interval.us));
}

/* Asked with all patience, whatever was. 'among' so many: silent ones are spread, or what comes back would be asked all at once. */
void device_ask(struct device *d, struct mono now, uint32_t among)
{
	d->paused_until = (struct mono){ 0 };
	if (d->busy && backoff_quiet(&d->quiet)) {
		d->again = d->again == AGAIN_NO ? AGAIN_WANTED : d->again;
		return;
	}
	d->force_fact = true;
	if (d->busy)
		return;
	if (backoff_quiet(&d->quiet)) {
		d->quiet.due = now;
		d->quiet.heard = true;
	}
	if (among < SPREAD_FROM || !backoff_quiet(&d->quiet))
		device_begin(d, now);
	else
		wheel_set(d->w->wheel, &d->tick, mono_add(now, span_us(random_u32() % (among * SPREAD_US))));
}

/* A silent one was to be asked while a round was under way: an answer in that will do, silence will not, since it was asked before.
 * Once: however often it is asked for, then is told what is. */
bool device_asked_again(struct device *d, struct mono now)
{
	bool wanted = d->again == AGAIN_WANTED && fact_silent(d->fact);

	if (d->again == AGAIN_NO)
		return false;
	d->again = wanted ? AGAIN_BEGUN : AGAIN_NO;
	if (wanted)
		device_ask(d, now, SPREAD_FROM);
	d->force_fact = true;
	return wanted;
}

/* ---- slow ------------------------------------------------------------------------------------------------------------ */

/* Which packet goes as the n-th: the first ones are first in each poll; the others begin where the last poll was cut. */
uint32_t device_packet(const struct device *d, uint32_t n)
{
	const struct plan *p = &d->plan[d->running];

	return n < p->first || n >= p->count ? n : p->first + (n - p->first + d->begin_at) % (p->count - p->first);
}

/* The next poll goes on with the n-th. When not even what is watched came, it takes its turn like the others. */
static void begin_next(struct device *d, struct plan *p, uint32_t n)
{
	uint32_t first = p->first;

	if (n >= p->count)
		return;
	if (n < first || first == p->count) {
		p->first = first = 1;
		d->begin_at = 0;
	}
	if (n >= first && p->count > first)
		d->begin_at = (d->begin_at + n - first) % (p->count - first);
}

/* Once: what it costs is said of each value, and counted. */
static void say_cut(struct device *d, uint32_t missed)
{
	log_line(d->cut_said ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, LOG_POLL,
		 "device '%s': a poll takes longer than the interval: what did not come is asked first in the next (forewarn debug device)"
		 " packets=%u", d->cfg->name, missed);
	d->cut_said = true;
}

void device_round_cut(struct device *d, struct mono now)
{
	struct plan *p = &d->plan[d->running];
	uint32_t first = p->count, missed = 0;

	if (d->discovery != NULL || !d->snmp_answered || d->train != NULL || now.us < d->cycle_due.us)
		return;		/* one that has not answered yet is silent when its time-outs say so, not earlier */
	for (uint32_t n = 0; n < p->count; n++) {
		struct plan_packet *k = &p->packet[device_packet(d, n)];

		if ((n < d->next_packet && k->ask == NULL) || (k->flat && !adapt_asks_flat(d)))
			continue;
		snmp_cancel(d->w->snmp, k->ask);
		k->ask = NULL;
		device_packet_missing(d, k, FW_DEADLINE);
		first = n < first ? n : first;
		missed++;
	}
	begin_next(d, p, first);
	d->next_packet = p->count;
	d->outstanding = 0;
	d->plans_run = PLANS_MOST;	/* and no other plan */
	d->snmp_why = FW_DEADLINE;
	say_cut(d, missed);
	device_round_end(d, now);
}

bool device_discovery_endless(const struct device *d, struct mono began, struct mono now)
{
	return mono_since(now, began).us > DISCOVERY_INTERVALS * d->w->config->interval.us;
}

/* ---- how regularly --------------------------------------------------------------------------------------------------- */

static void missed(struct device *d, uint64_t intervals)
{
	struct last_record *r = last_begin(d->w->last, d->record);

	r->value[LAST_D_MISSED] += intervals;
	last_end(d->w->last, d->record);
	d->w->n.missed_cycles += intervals;
}

/* The first answer of a full poll came: how far from an interval after that of the one before? */
void device_regular(struct device *d, struct mono at)
{
	static const uint16_t edge[JITTERS - 1] = { JITTER_EDGES };	/* thousandths of the interval */
	int64_t interval = d->w->config->interval.us, since = mono_since(at, d->polled_at).us, off, worst;
	bool first = d->polled_at.us == 0;
	struct last_record *r;
	unsigned i = 0;

	if (!first && d->polled_at.us >= d->round_began.us)
		return;		/* the same poll, asked again in other packets */
	d->polled_at = at;
	if (first)
		return;
	if (since > interval * 3 / 2) {
		missed(d, (uint64_t)((since + interval / 2) / interval - 1));
		return;
	}
	off = since > interval ? since - interval : interval - since;
	while (i < JITTERS - 1 && off * 1000 > edge[i] * interval)
		i++;
	d->w->n.jitter[i]++;
	r = last_begin(d->w->last, d->record);
	worst = (int64_t)r->value[LAST_D_JITTER_US];
	r->value[LAST_D_JITTER_US] = (uint64_t)(off > worst ? off : worst - worst / 16);
	last_end(d->w->last, d->record);
}
