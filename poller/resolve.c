/* poller/resolve.c: names of devices to addresses: asynchronously, again after failure, and the next address where one is silent. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/worker-int.h"

enum { OTHERS_MOST = 8 };

/* Lives until libevent calls back, which it does later also when it is cancelled: the device may be gone by then. */
struct lookup { struct device *d; struct evdns_getaddrinfo_request *request; };

static bool address_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Take the addresses of a name. One that is in use stays as long as the name has it. */
static void addresses_take(struct device *d, const struct evutil_addrinfo *list)
{
	struct sockaddr_storage found[OTHERS_MOST];
	uint8_t n = 0, at = 0;

	for (; list != NULL && n < OTHERS_MOST; list = list->ai_next) {
		if ((list->ai_family != AF_INET && list->ai_family != AF_INET6) || list->ai_addrlen > sizeof(found[0]))
			continue;
		memset(&found[n], 0, sizeof(found[n]));
		memcpy(&found[n], list->ai_addr, list->ai_addrlen);
		if (d->has_address && address_same(&found[n], &d->peer.address))
			at = n;
		n++;
	}
	if (n == 0)
		return;
	if (!d->has_address)
		d->peer.address = found[at];	/* else, while requests are out, their peer stays; the next round takes what is new */
	d->has_address = true;
	free(d->other);
	d->other = NULL;
	d->others = 0;
	if (n > 1 || !address_same(&found[at], &d->peer.address)) {
		d->other = must_alloc(n * sizeof(found[0]));
		memcpy(d->other, found, n * sizeof(found[0]));
		d->others = n;
		d->other_now = at;
	}
}

void device_address_follow(struct device *d)
{
	for (uint8_t i = 0; i < d->others; i++)
		if (address_same(&d->other[i], &d->peer.address))
			return;
	if (d->others == 0)
		return;
	log_info(LOG_POLL, "device '%s': its name '%s' has another address now", d->cfg->name, d->cfg->address);
	d->peer.address = d->other[d->other_now = 0];
	d->path = (struct snmp_path){ 0 };	/* it has never been asked there */
	d->quiet = (struct backoff){ 0 };
}

bool device_other_address(struct device *d)
{
	if (d->others < 2 || d->other_tried + 1 >= d->others)
		return false;
	d->other_tried++;
	d->other_now = (uint8_t)((d->other_now + 1) % d->others);
	d->peer.address = d->other[d->other_now];
	return true;
}

static void say_unresolved(struct device *d, int result)
{
	/* said by the run before this one (cron) as well: status and debug show it for as long as it lasts */
	if (d->resolve_said || last_at(d->w->last, d->record)->why[LAST_D_SNMP] == FW_RESOLVE)
		return;
	log_warn(LOG_POLL, "device '%s': name '%s' cannot be resolved: %s", d->cfg->name, d->cfg->address,
		 evutil_gai_strerror(result));
	d->resolve_said = true;
	d->w->resolve_failed++;
}

static void resolved(int result, struct evutil_addrinfo *list, void *arg)
{
	struct lookup *l = arg;
	struct device *d = l->d;

	free(l);
	if (d != NULL) {
		d->resolving = false;
		d->lookup = NULL;
		if (result == 0) {
			addresses_take(d, list);
			d->resolve_said = false;
		} else {
			say_unresolved(d, result);
		}
		if (d->waiting) {
			d->waiting = false;
			wheel_set(d->w->wheel, &d->tick, clock_mono());
		}
	}
	if (result == 0 && list != NULL)
		evutil_freeaddrinfo(list);
}

void device_resolve(struct device *d)
{
	struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP };
	struct evdns_getaddrinfo_request *q;
	struct lookup *l;
	char port[8];

	if (d->resolving)
		return;
	snprintf(port, sizeof(port), "%u", d->cfg->port);
	l = must_alloc(sizeof(*l));
	l->d = d;
	d->lookup = l;
	d->resolving = true;
	q = evdns_getaddrinfo(d->w->dns, d->cfg->address, port, &hints, resolved, l);
	if (d->resolving)	/* else it has been answered already, and is gone */
		l->request = q;
}

void device_resolve_cancel(struct device *d)
{
	struct lookup *l = d->lookup;

	d->lookup = NULL;
	d->resolving = d->waiting = false;
	if (l == NULL)
		return;
	l->d = NULL;
	if (l->request != NULL)
		evdns_getaddrinfo_cancel(l->request);
}

void device_address_take(struct device *d)
{
	d->has_address = d->cfg->literal;
	free(d->other);
	d->other = NULL;
	d->others = 0;
	memset(&d->peer.address, 0, sizeof(d->peer.address));
	if (d->cfg->literal)
		memcpy(&d->peer.address, &d->cfg->sockaddr, sizeof(d->cfg->sockaddr));
	else
		device_resolve(d);
}
