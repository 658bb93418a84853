/* poller/snmp/engine.c: the request table: asks, their time-outs and retries, and which answer belongs to which.
 *
 * A request-id is 27 unpredictable bits (the key in the table) and four that count the sendings from an unpredictable
 * start. So an answer to an earlier sending is taken as well, and it is known which sending it answers.
 * Asks come from slabs and go to a free list; the table grows with the number outstanding.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine-int.h"
#include "message-int.h"
#include "poller/base/hash.h"
#include "poller/base/log.h"

enum {
	SLAB_ASKS = 64,
	BUCKETS_LEAST = 256,
	ENDED = 4096,			/* keys remembered, to tell late answers from unknown ones */
	KEY_LEAST = 0x00080000,		/* request-ids from 0x00800000: four octets always */
	KEYS = 0x08000000 - KEY_LEAST
};

struct snmp_slab {
	struct snmp_slab *next;
	struct snmp_ask ask[SLAB_ASKS];
};

/* A time-out found this late says more about this process than about the agent: look at the socket once more. */
static const struct span loop_late = { 100000 }, loop_grace = { 30000 }, look_first = { 10000 };

/* ---- table ---- */

static struct snmp_ask **bucket_of(const struct snmp_engine *e, uint32_t key)
{
	return &e->buckets[key & (e->bucket_count - 1)];
}

static struct snmp_ask *ask_find(const struct snmp_engine *e, uint32_t key)
{
	struct snmp_ask *a = *bucket_of(e, key);

	while (a && a->key != key)
		a = a->next;
	return a;
}

static void table_put(struct snmp_engine *e, struct snmp_ask *a)
{
	struct snmp_ask **bucket = bucket_of(e, a->key);

	a->next = *bucket;
	*bucket = a;
}

static void table_remove(struct snmp_engine *e, struct snmp_ask *a)
{
	struct snmp_ask **at = bucket_of(e, a->key);

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
}

static void table_grow(struct snmp_engine *e)
{
	struct snmp_ask **old = e->buckets;
	uint32_t old_count = e->bucket_count;

	e->bucket_count = old_count ? old_count * 2 : BUCKETS_LEAST;
	e->buckets = must_alloc(e->bucket_count * sizeof(struct snmp_ask *));
	for (uint32_t i = 0; i < old_count; i++) {
		struct snmp_ask *next;

		for (struct snmp_ask *a = old[i]; a; a = next) {
			next = a->next;
			table_put(e, a);
		}
	}
	free(old);
}

static void key_choose(struct snmp_engine *e, struct snmp_ask *a)
{
	uint32_t r;

	do {
		r = random_u32();
		a->key = KEY_LEAST + (r >> 4) % KEYS;
	} while (ask_find(e, a->key));
	a->first = r & 15;
}

int32_t snmp_ask_next_id(const struct snmp_ask *a)
{
	return (int32_t)(a->key << 4 | ((a->first + a->sendings) & 15u));
}

/* ---- asks ---- */

static struct snmp_ask *ask_alloc(struct snmp_engine *e)
{
	struct snmp_ask *a;

	if (!e->free) {
		struct snmp_slab *slab = must_alloc(sizeof(*slab));

		slab->next = e->slabs;
		e->slabs = slab;
		for (unsigned i = 0; i < SLAB_ASKS; i++) {
			slab->ask[i].next = e->free;
			e->free = &slab->ask[i];
		}
	}
	a = e->free;
	e->free = a->next;
	return a;
}

void snmp_ask_list(struct snmp_ask *a, struct snmp_asks *list)
{
	if (a->list)
		TAILQ_REMOVE(a->list, a, link);
	a->list = list;
	if (list)
		TAILQ_INSERT_TAIL(list, a, link);
}

/* Take 'a' out of everything; it is free after. */
static void ask_release(struct snmp_engine *e, struct snmp_ask *a, bool trouble)
{
	snmp_ask_list(a, NULL);
	wheel_stop(e->wheel, &a->timer);
	table_remove(e, a);
	e->ended[trouble][a->key % ENDED] = a->key;
	e->outstanding--;
	a->next = e->free;
	e->free = a;
}

static void ask_end(struct snmp_ask *a, const struct snmp_answer *answer)
{
	snmp_done *done = a->done;
	void *owner = a->owner;
	uint32_t tag = a->tag;

	ask_release(a->engine, a, answer->err != FW_OK || answer->sendings > 1);
	done(owner, tag, answer);
}

static void ask_fail(struct snmp_ask *a, enum fw_err err, struct mono at)
{
	struct snmp_answer answer = { .err = err, .at = at, .sendings = (unsigned)a->sendings - a->doubts };

	if (a->sendings > 0)
		answer.sent = a->sent[a->sendings - 1];
	ask_end(a, &answer);
}

/* Not faster than its peer is to be asked. */
static bool ask_hold(struct snmp_ask *a)
{
	struct mono now, leave;

	if (a->held || a->peer->gap.us == 0 || a->peer->path == NULL)
		return a->held = false;
	now = clock_mono();
	leave = snmp_path_leave(a->peer->path, a->peer->gap, now);
	if (leave.us <= now.us)
		return false;
	wheel_set(a->engine->wheel, &a->timer, leave);
	return a->held = true;
}

static void ask_queue(struct snmp_ask *a)
{
	struct snmp_engine *e = a->engine;
	struct snmp_socket *s = snmp_socket_of(e, a->peer);

	if (ask_hold(a))
		return;
	if (s->fd < 0)
		snmp_ask_refused(a);
	else
		snmp_ask_list(a, &s->queue);
	event_active(e->flush, EV_TIMEOUT, 0);
}

void snmp_ask_refused(struct snmp_ask *a)
{
	a->engine->count.send_failed++;
	snmp_ask_list(a, &a->engine->failed);
}

/* Those that the configured retries count. */
static unsigned regular_sendings(const struct snmp_ask *a) { return (unsigned)a->sendings - a->early - a->agains; }

/* Once more before the first time-out, when answers of this peer usually take far less? */
static bool early_next(const struct snmp_ask *a, struct mono at, struct mono *due)
{
	const struct snmp_peer *p = a->peer;
	struct span rto;

	if (p->path == NULL || p->path->srtt.us == 0 || p->retries == 0 || a->early >= SNMP_EARLY_MOST ||
	    a->refused || regular_sendings(a) > 1 || a->sendings + 2 > SNMP_SENDINGS_MAX)
		return false;
	rto = span_us(snmp_path_rto(p->path, p->timeout).us + 4 * a->engine->excess.us);
	*due = mono_add(at, span_us(rto.us << a->early));
	return due->us + rto.us < a->due.us;
}

/* Nothing has come, and this was the last sending: before it is given up, is the agent there at all? */
static bool doubt_next(struct snmp_ask *a, struct mono at, struct mono *due)
{
	if (a->doubt != DOUBT_NONE || a->odd || a->refused || regular_sendings(a) <= a->peer->retries ||
	    a->sendings + 2 > SNMP_SENDINGS_MAX)
		return false;
	a->doubt = snmp_v3_doubt(a);
	if (a->doubt == DOUBT_NONE)
		return false;
	*due = mono_add(at, span_us(mono_since(a->due, at).us / 2));
	return true;
}

/* What has just left asked that? */
static void doubt_sent(struct snmp_ask *a, struct mono at)
{
	struct mono least = mono_add(at, span_us(a->peer->timeout.us / (a->doubt == DOUBT_WHO_NEXT ? 2 : 1)));

	if (a->doubt != DOUBT_WHO_NEXT && a->doubt != DOUBT_SHORT_NEXT)
		return;
	a->doubt++;
	a->doubt_at = a->sendings;
	a->doubts++;
	if (a->due.us < least.us)
		a->due = least;
}

void snmp_ask_sent(struct snmp_ask *a, struct mono at)
{
	struct snmp_engine *e = a->engine;
	unsigned regular = regular_sendings(a), times = regular > 1 ? 4 : 1u << regular;
	struct mono due;

	e->count.sent++;
	e->count.resent += a->sendings > 0;
	snmp_ask_list(a, NULL);
	a->graced = a->looked = false;
	doubt_sent(a, at);
	a->sent[a->sendings++] = at;
	if (a->next_early) {
		a->early++;
		e->count.early += a->doubt == DOUBT_NONE;
	} else {
		a->due = mono_add(at, span_us(a->peer->timeout.us * times));
	}
	a->next_early = early_next(a, at, &due) || doubt_next(a, at, &due);
	wheel_set(e->wheel, &a->timer, a->next_early ? due : a->due);
}

static bool source_is(const struct sockaddr_storage *source, const struct snmp_peer *peer)
{
	const struct sockaddr_in *a4 = (const void *)source, *b4 = (const void *)&peer->address;
	const struct sockaddr_in6 *a6 = (const void *)source, *b6 = (const void *)&peer->address;

	if (source->ss_family != peer->address.ss_family)
		return false;
	if (source->ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr && a4->sin_port == b4->sin_port;
	return a6->sin6_port == b6->sin6_port && memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0 &&
	       (b6->sin6_scope_id == 0 || a6->sin6_scope_id == b6->sin6_scope_id);
}

/* Did the agent answer meanwhile, but with a request-id that nobody waits for? */
static bool stray_of(const struct snmp_ask *a)
{
	const struct snmp_engine *e = a->engine;

	for (unsigned i = 0; i < SNMP_STRAYS && i < e->unknowns; i++)
		if (e->lately[i].at.us >= a->sent[0].us && source_is(&e->lately[i].source, a->peer))
			return true;
	return false;
}

static void ask_timeout(struct timer *t, struct mono now)
{
	struct snmp_ask *a = timer_owner(t, struct snmp_ask, timer);
	unsigned retries = a->peer->retries;

	if (a->held) {
		ask_queue(a);
	} else if (a->next_early && (!a->looked || a->engine->behind)) {
		a->looked = true;	/* its answer may be among what has come */
		wheel_set(a->engine->wheel, t, mono_add(now, look_first));
	} else if (a->next_early) {
		ask_queue(a);
	} else if (!a->graced && (a->engine->behind || mono_since(now, t->due).us > loop_late.us)) {
		a->graced = true;
		wheel_set(a->engine->wheel, t, mono_add(now, loop_grace));
	} else if (regular_sendings(a) <= retries && a->sendings < SNMP_SENDINGS_MAX && !a->refused) {
		ask_queue(a);
	} else {
		a->engine->count.timeout += !a->refused;
		a->engine->count.refused += a->refused;
		ask_fail(a, a->odd ? (enum fw_err)a->odd : stray_of(a) ? FW_FOREIGN : snmp_v3_mute(a) ? FW_DECRYPT : FW_TIMEOUT, now);
	}
}

void snmp_ask_again(struct snmp_ask *a)
{
	wheel_stop(a->engine->wheel, &a->timer);
	a->agains++;
	a->again_from = a->sendings;
	a->next_early = false;
	ask_queue(a);
}

void snmp_ask_early(struct snmp_ask *a)
{
	wheel_stop(a->engine->wheel, &a->timer);
	a->next_early = true;
	ask_queue(a);
}

void snmp_ask_no_more(struct snmp_ask *a)
{
	a->refused = true;
	if (a->next_early)
		wheel_set(a->engine->wheel, &a->timer, a->due);
	a->next_early = false;
}

struct snmp_ask *snmp_ask(struct snmp_engine *e, const struct snmp_peer *peer, struct snmp_packet *p,
			  snmp_done *done, void *owner, uint32_t tag)
{
	struct snmp_ask *a;

	if (e->outstanding >= SNMP_OUTSTANDING_MAX)
		return NULL;
	if (e->outstanding >= e->bucket_count)
		table_grow(e);
	a = ask_alloc(e);
	*a = (struct snmp_ask){
		.engine = e, .peer = peer, .packet = p, .done = done, .owner = owner, .tag = tag,
		.timer.fire = ask_timeout
	};
	key_choose(e, a);
	table_put(e, a);
	e->outstanding++;
	ask_queue(a);
	return a;
}

void snmp_cancel(struct snmp_engine *e, struct snmp_ask *a)
{
	if (a)
		ask_release(e, a, true);
}

unsigned snmp_outstanding(const struct snmp_engine *e)
{
	return e->outstanding;
}

struct snmp_count snmp_count(const struct snmp_engine *e)
{
	return e->count;
}

/* ---- answers ---- */

struct address_text { char text[INET6_ADDRSTRLEN + 10]; };

/* "192.0.2.1:161", "[2001:db8::1]:161" */
static struct address_text address_text(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *a4 = (const void *)a;
	const struct sockaddr_in6 *a6 = (const void *)a;
	bool six = a->ss_family == AF_INET6;
	char host[INET6_ADDRSTRLEN] = "?";
	struct address_text t;

	inet_ntop(a->ss_family, six ? (const void *)&a6->sin6_addr : (const void *)&a4->sin_addr, host, sizeof(host));
	snprintf(t.text, sizeof(t.text), six ? "[%s]:%u" : "%s:%u", host, ntohs(six ? a6->sin6_port : a4->sin_port));
	return t;
}

/* Who knows the request-id is hardly an enemy: most often the agent itself, which has several addresses. */
static void count_foreign(struct snmp_engine *e, const struct sockaddr_storage *source, struct snmp_ask *a)
{
	struct address_text asked = address_text(&a->peer->address), answered = address_text(source);

	e->count.foreign_source++;
	if (a->peer->any_source)
		return;
	a->odd = FW_SOURCE;
	log_often(LOG_LEVEL_WARN, LOG_WIRE, &e->foreign_said,
		  "agent %s: answers from %s, which was not asked, so not taken: ask it at that address, or set any-source", asked.text,
		  answered.text);
}

static bool community_is(const struct snmp_message *m, const struct snmp_peer *peer)
{
	return strlen(peer->community) == m->community_len &&
	       memcmp(peer->community, m->community, m->community_len) == 0;
}

/* Nobody waits for this request-id: any more, or ever. */
void snmp_ask_none(struct snmp_engine *e, const struct snmp_datagram *d, int32_t id)
{
	uint32_t key = (uint32_t)id >> 4;

	if (e->ended[0][key % ENDED] == key || e->ended[1][key % ENDED] == key) {
		e->count.late++;
	} else {
		e->count.unknown_id++;
		e->lately[e->unknowns++ % SNMP_STRAYS] = (struct snmp_unknown){ *d->source, d->at };
	}
	if (e->stray)
		e->stray(e->stray_owner, d->source);
}

/* Which sending does 'id' answer? Counted from 0; -1 when it was never sent. */
static int sending_of(const struct snmp_ask *a, int32_t id)
{
	unsigned n = ((uint32_t)id - a->first) & 15u;

	return n < a->sendings ? (int)n : -1;
}

struct snmp_ask *snmp_ask_of(struct snmp_engine *e, int32_t id, int *sending)
{
	struct snmp_ask *a = ask_find(e, (uint32_t)id >> 4);

	*sending = a ? sending_of(a, id) : -1;
	return *sending >= 0 ? a : NULL;
}

bool snmp_source_is(struct snmp_engine *e, const struct snmp_datagram *d, struct snmp_ask *a)
{
	if (source_is(d->source, a->peer))
		return true;
	count_foreign(e, d->source, a);
	return a->peer->any_source;
}

void snmp_ask_answer(struct snmp_ask *a, const struct snmp_datagram *d, int sending, struct snmp_answer *answer)
{
	answer->sent = a->sent[sending];
	answer->at = d->at.us < answer->sent.us ? answer->sent : d->at;
	answer->sendings = (unsigned)a->sendings - a->doubts;
	if (a->peer->path) {
		snmp_path_excess(a->peer->path, mono_since(answer->at, answer->sent), &a->engine->excess);
		snmp_path_measure(a->peer->path, mono_since(answer->at, answer->sent));
	}
	ask_end(a, answer);
}

static enum fw_err answer_check(struct snmp_engine *e, const struct snmp_message *m, const struct snmp_peer *peer)
{
	if (m->version != peer->version) {
		e->count.malformed++;
		return FW_MALFORM;
	}
	if (!community_is(m, peer)) {
		e->count.foreign_community++;
		return FW_COMMUNITY;
	}
	e->count.answered++;
	e->count.varbinds += m->varbind_count;
	return FW_OK;
}

static void receive_community(struct snmp_engine *e, const struct snmp_datagram *d)
{
	struct snmp_message m;
	enum fw_err err = snmp_message_dec(&m, d->bytes, d->len);
	int32_t id = err == FW_OK ? m.request_id : 0;
	struct snmp_answer answer = { .reply = &m };
	struct snmp_ask *a;
	int n = -1;

	e->count.malformed += err != FW_OK;
	if (err && !snmp_message_peek(d->bytes, d->len, &id))
		return;
	a = err || m.pdu == SNMP_RESPONSE ? snmp_ask_of(e, id, &n) : NULL;
	if (!a && !err)
		snmp_ask_none(e, d, id);
	if (!a || !snmp_source_is(e, d, a))
		return;
	if (a->peer->version == SNMP_V3) {
		snmp_v3_downgraded(a);
		return;
	}
	answer.err = err ? err : answer_check(e, &m, a->peer);
	if (answer.err)
		answer.reply = NULL;
	snmp_ask_answer(a, d, n, &answer);
}

void snmp_receive(struct snmp_engine *e, const struct snmp_datagram *d)
{
	e->count.received++;
	if (v3_looks(d->bytes, d->len))
		snmp_v3_receive(e, d);
	else
		receive_community(e, d);
}

/* ---- flushing ---- */

/* Tell those that could not leave. What their callbacks ask anew, if refused as well, waits for the next round. */
static void failed_tell(struct snmp_engine *e)
{
	struct mono now = TAILQ_EMPTY(&e->failed) ? (struct mono){ 0 } : clock_mono();
	struct snmp_ask *a;
	unsigned n = 0;

	TAILQ_FOREACH(a, &e->failed, link)
		n++;
	while (n-- > 0 && (a = TAILQ_FIRST(&e->failed)))
		ask_fail(a, a->odd ? a->odd : FW_NET, now);
	if (!TAILQ_EMPTY(&e->failed))
		event_active(e->flush, EV_TIMEOUT, 0);
}

void snmp_flush(struct snmp_engine *e)
{
	if (e->flushing)
		return;
	e->flushing = true;
	for (unsigned i = 0; i < 2; i++)
		snmp_socket_send(&e->socket[i]);
	snmp_v3_rest(e);
	failed_tell(e);
	e->flushing = false;
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	snmp_flush(arg);
}

/* ---- life ---- */

void snmp_engine_stray(struct snmp_engine *e, snmp_stray *stray, void *owner)
{
	e->stray = stray;
	e->stray_owner = owner;
}

struct snmp_engine *snmp_engine_new(struct event_base *base, struct wheel *wheel, struct err *err)
{
	int fd[2];

	snmp_sockets_new(fd, SNMP_BUFFER_OCTETS);
	return snmp_engine_over(base, wheel, fd, err);
}

struct snmp_engine *snmp_engine_over(struct event_base *base, struct wheel *wheel, const int fd[2], struct err *err)
{
	struct snmp_engine *e = must_alloc(sizeof(*e));

	e->base = base;
	e->wheel = wheel;
	TAILQ_INIT(&e->failed);
	table_grow(e);
	for (unsigned i = 0; i < 2; i++)
		e->ended[i] = must_alloc(ENDED * sizeof(uint32_t));
	e->flush = event_new(base, -1, 0, on_flush, e);
	must(e->flush);
	if (!snmp_sockets_open(e, fd, err)) {
		snmp_engine_free(e);
		return NULL;
	}
	return e;
}

void snmp_engine_free(struct snmp_engine *e)
{
	if (!e)
		return;
	for (uint32_t i = 0; i < e->bucket_count; i++)
		for (struct snmp_ask *a = e->buckets[i]; a; a = a->next)
			wheel_stop(e->wheel, &a->timer);
	snmp_sockets_close(e);
	event_free(e->flush);
	while (e->slabs) {
		struct snmp_slab *slab = e->slabs;

		e->slabs = slab->next;
		free(slab);
	}
	snmp_v3_release(e);
	free(e->ended[0]);
	free(e->ended[1]);
	free(e->buckets);
	free(e);
}
