/* t/sim/state.c: what a device's clocks, ports and counters are now, and what a command changes in them.
 *
 * A counter is base + rate * time: in = 1000000 p + (1000 p + d mod 1000) t, out is twice as much but for d, where d is
 * the device's number, p the port and t the seconds since the device started. A command first writes down what the
 * counter is (port_rebase), then changes the rate or the flags, so that nothing jumps that was not told to.
 */
#include "sim.h"

#include <stdlib.h>

#include "poller/base/err.h"

int64_t sim_clock_us(const struct sim_clock *c)
{
	return c->stopped ? c->stopped_us : clock_mono().us - c->start_us + c->offset_us;
}

/* xorshift64*, Vigna 2016: the same faults at every start. */
uint32_t sim_random(struct sim *s)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (uint32_t)(s->random * 0x2545f4914f6cdd1dull >> 32);
}

uint32_t device_uptime_cs(const struct device *d, int64_t now_us)
{
	return (uint32_t)((d->uptime_us + now_us - d->boot_us) / 10000);
}

static uint64_t rate_described(const struct device *d, uint32_t port, enum flow f)
{
	static const uint16_t per_port[FLOWS] = { [FLOW_IN] = 1000, [FLOW_OUT] = 2000 };

	return per_port[f] ? (uint64_t)per_port[f] * port + d->number % 1000 : 0;
}

static uint64_t base_described(const struct device *d, uint32_t port, enum flow f)
{
	static const uint32_t per_port[FLOWS] = { [FLOW_IN] = 1000000, [FLOW_OUT] = 2000000 };

	return d->rebooted ? 0 : (uint64_t)per_port[f] * port;
}

static const struct port *port_touched(const struct device *d, uint32_t port)
{
	return d->extra && d->extra->port ? &d->extra->port[port - 1] : NULL;
}

uint64_t port_rate(const struct device *d, uint32_t port, enum flow f)
{
	const struct port *p = port_touched(d, port);

	if (!p)
		return rate_described(d, port, f);
	return p->flags ? 0 : p->rate[f];
}

uint64_t port_value(const struct device *d, uint32_t port, enum flow f, int64_t now_us)
{
	const struct port *p = port_touched(d, port);

	if (!p)
		return base_described(d, port, f) + sim_growth(rate_described(d, port, f), now_us - d->boot_us);
	return p->base[f] + sim_growth(port_rate(d, port, f), now_us - p->since_us);
}

struct extra *device_extra(struct device *d)
{
	if (!d->extra)
		d->extra = must_alloc(sizeof(*d->extra));
	return d->extra;
}

struct port *device_ports(struct device *d)
{
	struct extra *x = device_extra(d);
	struct port *ports;

	if (x->port)
		return x->port;
	ports = must_alloc(d->model->ports * sizeof(*ports));
	for (uint32_t i = 0; i < d->model->ports; i++) {
		ports[i].since_us = d->boot_us;
		for (int f = 0; f < FLOWS; f++) {
			ports[i].base[f] = base_described(d, i + 1, (enum flow)f);
			ports[i].rate[f] = rate_described(d, i + 1, (enum flow)f);
		}
	}
	return x->port = ports;
}

void port_rebase(struct device *d, uint32_t port, int64_t now_us)
{
	struct port *p = &device_ports(d)[port - 1];

	for (int f = 0; f < FLOWS; f++)
		p->base[f] = port_value(d, port, (enum flow)f, now_us);
	p->since_us = now_us;
}

static uint32_t *device_indices(struct device *d)
{
	struct extra *x = device_extra(d);

	if (!x->index) {
		x->index = must_alloc(d->model->ports * sizeof(*x->index));
		x->map = must_alloc(d->model->ports * sizeof(*x->map));
		for (uint32_t i = 0; i < d->model->ports; i++)
			x->index[i] = (uint32_t)d->model->first_index + i;
	}
	return x->index;
}

static int index_compare(const void *pa, const void *pb)
{
	const struct port_index *a = pa, *b = pb;

	return (a->index > b->index) - (a->index < b->index);
}

void device_map(struct device *d, int64_t now_us)
{
	const uint32_t *index = device_indices(d);
	struct extra *x = d->extra;

	x->map_count = 0;
	for (uint32_t i = 0; i < d->model->ports; i++)
		if (!x->port || !(x->port[i].flags & PORT_REMOVED))
			x->map[x->map_count++] = (struct port_index){ index[i], i + 1 };
	qsort(x->map, x->map_count, sizeof(*x->map), index_compare);
	x->table_changed_cs = device_uptime_cs(d, now_us);
}

/* Sattolo's shuffle: a single cycle, so no port keeps its ifIndex. */
void device_renumber(struct sim *s, struct device *d, int64_t now_us)
{
	uint32_t *index = device_indices(d);

	for (uint32_t i = (uint32_t)d->model->ports; i > 1; i--) {
		uint32_t k = sim_random(s) % (i - 1), was = index[i - 1];

		index[i - 1] = index[k];
		index[k] = was;
	}
	device_map(d, now_us);
}

/* A port is told by its name, so to change names is to change indexes and all that is counted at them. */
void device_swap(struct device *d, uint32_t a, uint32_t b, bool names_alone, int64_t now_us)
{
	uint32_t *index = device_indices(d), was = index[a - 1];
	struct port *port = device_ports(d), kept = port[a - 1];

	index[a - 1] = index[b - 1];
	index[b - 1] = was;
	if (names_alone) {
		port[a - 1] = port[b - 1];
		port[b - 1] = kept;
	}
	device_map(d, now_us);
}

void device_reboot(struct device *d, int64_t now_us)
{
	d->boot_us = now_us;
	d->uptime_us = 0;
	d->rebooted = true;
	d->reboots++;
	if (!d->extra)
		return;
	d->extra->table_changed_cs = 0;
	for (uint32_t i = 0; d->extra->port && i < d->model->ports; i++) {
		struct port *p = &d->extra->port[i];

		for (int f = 0; f < FLOWS; f++)
			p->base[f] = 0;
		p->since_us = now_us;
		p->changed_cs = p->discontinuity_cs = 0;
	}
}

static void overlay_clear(struct extra *x)
{
	for (unsigned i = 0; i < x->overlay_count; i++)
		free(x->overlay[i].bytes);
	free(x->overlay);
	x->overlay = NULL;
	x->overlay_count = 0;
}

void device_heal(struct device *d, int64_t now_us)
{
	struct extra *x = d->extra;

	if (!x)
		return;
	for (uint32_t i = 0; x->port && i < d->model->ports; i++) {
		struct port *p = &x->port[i];

		port_rebase(d, i + 1, now_us);
		if (p->flags)
			p->changed_cs = device_uptime_cs(d, now_us);
		p->flags = 0;
		p->speed_mbps = 0;
		for (int f = 0; f < FLOWS; f++)
			p->rate[f] = rate_described(d, i + 1, (enum flow)f);
	}
	overlay_clear(x);
	free(x->v3_answer);
	*x = (struct extra){ .port = x->port, .index = x->index, .map = x->map, .map_count = x->map_count,
			     .table_changed_cs = x->table_changed_cs, .v3_boots = x->v3_boots,
			     .v3_boots_set = x->v3_boots_set, .v3_engine = x->v3_engine, .v3_time = x->v3_time };
	if (x->map && x->map_count != d->model->ports)
		device_map(d, now_us);
}

static void device_release(struct device *d)
{
	if (!d->extra)
		return;
	overlay_clear(d->extra);
	free(d->extra->port);
	free(d->extra->index);
	free(d->extra->map);
	free(d->extra->v3_answer);
	free(d->extra);
}

void device_release_all(struct sim *s)
{
	for (unsigned i = 0; i < s->block_count; i++) {
		for (uint32_t k = 0; k < s->block[i].count; k++)
			device_release(&s->block[i].device[k]);
		free(s->block[i].device);
	}
	free(s->block);
	while (s->recordings) {
		struct recording *r = s->recordings;

		s->recordings = r->next;
		recording_free(r);
	}
	arena_release(&s->arena);
}
