/* poller/ctl/reach.c: what main tells workers of devices: ask this one now; leave that one alone, its parents are cut off.
 *
 * What one batch of facts brings is gathered, each device once, and goes out as one message a worker: thousands that fall
 * silent together ask their parents once. Who is cut off is looked at after a state changed, and once an interval since
 * workers forget it (a lease): a device that has another way than its parents say is found.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/ctl/daemon-int.h"
#include "poller/lastfile.h"

enum { ASKS_OCTETS = 1 << 16 };

struct reach {
	uint32_t devices;
	unsigned workers;
	struct msg_ask **batch;		/* per worker */
	uint32_t *batched;		/* per device: the number of the last batch it is in */
	uint8_t *paused;		/* per device: its worker was told so */
	uint32_t number;		/* of this batch, from 1 */
	struct mono renew_at;
	bool stale;			/* a device's state changed */
	uint64_t refused;
};

struct reach *reach_new(uint32_t devices, unsigned workers)
{
	struct reach *r = must_alloc(sizeof(*r));

	r->devices = devices;
	r->workers = workers;
	r->batch = must_alloc((workers + 1) * sizeof(struct msg_ask *));
	r->batched = must_alloc((devices + 1) * sizeof(*r->batched));
	r->paused = must_alloc(devices + 1);
	r->number = 1;
	r->stale = true;
	return r;
}

void reach_free(struct reach *r)
{
	for (unsigned w = 0; r != NULL && w < r->workers; w++)
		free(r->batch[w]);
	if (r == NULL)
		return;
	free(r->batch);
	free(r->batched);
	free(r->paused);
	free(r);
}

static void post(struct daemon *d, unsigned worker)
{
	struct reach *r = d->reach;
	struct msg_ask *m = r->batch[worker];

	r->batch[worker] = NULL;
	if (m == NULL)
		return;
	if (d->worker[worker] != NULL && mbox_take(worker_mbox(d->worker[worker]), &m->m) == FW_OK)
		return;
	free(m);		/* none at the end; a full mailbox: they are asked in their turn; pauses are renewed */
	r->refused++;
	r->stale = true;
}

static void put(struct daemon *d, uint32_t device, enum ask what)
{
	struct reach *r = d->reach;
	const char *name = d->config->device[device].name;
	unsigned worker = last_worker_of(name, d->worker_count);
	size_t size = strlen(name) + 2;

	if (r->batch[worker] && r->batch[worker]->used_octets + size > ASKS_OCTETS)
		post(d, worker);
	if (r->batch[worker] == NULL)
		r->batch[worker] = msg_new(MSG_ASK, sizeof(struct msg_ask) + ASKS_OCTETS);
	r->batch[worker]->items[r->batch[worker]->used_octets] = (char)what;
	memcpy(r->batch[worker]->items + r->batch[worker]->used_octets + 1, name, size - 1);
	r->batch[worker]->used_octets += (uint32_t)size;
	r->batch[worker]->count++;
}

void reach_ask(struct daemon *d, uint32_t device)
{
	struct reach *r = d->reach;

	if (r->batched[device] == r->number)
		return;
	r->batched[device] = r->number;
	r->paused[device] = false;
	put(d, device, ASK_NOW);
}

void reach_flush(struct daemon *d)
{
	for (unsigned w = 0; w < d->reach->workers; w++)
		post(d, w);
	d->reach->number++;
}

void reach_changed(struct daemon *d) { d->reach->stale = true; }

void reach_check(struct daemon *d, struct mono now)
{
	struct reach *r = d->reach;
	bool renew = mono_since(now, r->renew_at).us >= d->config->interval.us;

	if (!r->stale && !renew)
		return;
	r->stale = false;
	if (renew)
		r->renew_at = now;
	for (uint32_t i = 0; i < r->devices && d->config->device_count == r->devices; i++) {
		const struct entity *e;
		bool cut;

		if (d->config->device[i].parent_count == 0)
			continue;
		e = model_find(d->model, d->config->device[i].name);
		cut = e != NULL && model_blamed(d->model, e) != NULL;
		if (cut && (renew || !r->paused[i]))
			put(d, i, ASK_PAUSE);
		else if (!cut && r->paused[i])
			put(d, i, ASK_NOW);
		r->paused[i] = cut;
	}
	reach_flush(d);
}
