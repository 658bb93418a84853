/* poller/noc/sender.c: notifications over SNMPv2c, to every 'notify' target (RFC 3413: notification originator).
 *
 * One net-snmp session a target, of the single-session kind: it needs no list of sessions, reads no file of net-snmp's
 * and keeps none. A target that is a name is resolved by the C library in a thread of its own, so that a name server
 * that does not answer holds up nobody; until it is known, and again after a failure, sending says FW_RESOLVE and the
 * row waits in the outbox.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "trap-int.h"

enum { RESOLVE_FIRST_S = 2, RESOLVE_AGAIN_S = 30 };

/* A name being resolved, in a thread: getaddrinfo_a()'s are unknown to ThreadSanitizer. It may outlive its target. */
struct resolving {
	char host[256], port[8];
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool done, left;		/* left: nobody waits for it, its thread frees it */
	struct addrinfo *found;		/* NULL: no such name, or nobody answers */
};

struct target {
	const char *name;		/* of the configuration, as all else that is const */
	const char *written;
	const char *community;
	char host[256], port[8];
	bool literal, mistaken;
	struct resolving *resolving;
	struct mono asked;		/* when it was last resolved */
	char peer[80];			/* "udp:192.0.2.1:162", "" not known */
	void *session;
	uint64_t failures;		/* in a row */
};

struct sender {
	struct config *config;
	struct target *target;
	uint32_t targets;
	struct mono began;
	struct sender_count count;
	uint64_t lost_targets;
	struct wall quiet_before;	/* 0: every failure is said */
};

/* ---- where to --------------------------------------------------------------------------------------------------- */

/* "192.0.2.1:162", "[2001:db8::1]:162", "noc.example.com:9162"; without a port 162. */
static bool split(const char *written, char *host, size_t host_octets, char *port)
{
	const char *end = *written == '[' ? strchr(written, ']') : NULL, *colon = strrchr(written, ':');
	const char *at = written + (end != NULL);
	size_t len = end ? (size_t)(end - at) : strlen(written);

	text_copy(port, 8, "162");
	if (*written == '[' && (!end || (end[1] && end[1] != ':')))
		return false;
	if (!end && colon && strchr(written, ':') == colon)
		len = (size_t)(colon - written);
	if ((end && end[1] == ':') || (!end && colon && len < strlen(written)))
		text_copy(port, 8, colon + 1);
	if (len == 0 || len >= host_octets || port[0] == 0 || strspn(port, "0123456789") != strlen(port))
		return false;
	memcpy(host, at, len);
	host[len] = 0;
	return true;
}

static void set_peer(struct target *t, const struct sockaddr *a)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (a->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, text, sizeof(text));
		snprintf(t->peer, sizeof(t->peer), "udp6:[%s]:%s", text, t->port);
	} else {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, text, sizeof(text));
		snprintf(t->peer, sizeof(t->peer), "udp:%s:%s", text, t->port);
	}
}

static void take_literal(struct target *t)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, t->host, &four.sin_addr) == 1)
		set_peer(t, (const struct sockaddr *)&four);
	else if (inet_pton(AF_INET6, t->host, &six.sin6_addr) == 1)
		set_peer(t, (const struct sockaddr *)&six);
	t->literal = t->peer[0] != 0;
}

static struct resolving *resolving_new(const struct target *t)
{
	struct resolving *r = must_alloc(sizeof(*r));
	pthread_condattr_t monotonic;

	text_copy(r->host, sizeof(r->host), t->host);
	text_copy(r->port, sizeof(r->port), t->port);
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&r->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return r;
}

static void resolving_free(struct resolving *r)
{
	if (r->found)
		freeaddrinfo(r->found);
	pthread_cond_destroy(&r->ended);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void *resolve_main(void *arg)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG }, *found = NULL;
	struct resolving *r = arg;
	bool left;

	if (getaddrinfo(r->host, r->port, &hints, &found) != 0)
		found = NULL;
	pthread_mutex_lock(&r->lock);
	r->found = found;
	r->done = true;
	left = r->left;
	pthread_cond_signal(&r->ended);
	pthread_mutex_unlock(&r->lock);
	if (left)
		resolving_free(r);
	return NULL;
}

/* Signals are for main. */
static bool resolve_in_thread(struct resolving *r)
{
	pthread_attr_t detached;
	sigset_t all, before;
	pthread_t thread;
	int e;

	sigfillset(&all);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&thread, &detached, resolve_main, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&detached);
	return e == 0;
}

static void resolve_begin(struct target *t)
{
	if (t->resolving || (t->asked.us && mono_since(clock_mono(), t->asked).us < span_s(RESOLVE_AGAIN_S).us))
		return;
	t->asked = clock_mono();
	t->resolving = resolving_new(t);
	if (resolve_in_thread(t->resolving))
		return;
	resolving_free(t->resolving);
	t->resolving = NULL;
}

/* Waits until 'until' (0: not at all) for the answer, and takes it. */
static void resolve_end(struct target *t, struct mono until)
{
	struct timespec at = { until.us / 1000000, until.us % 1000000 * 1000 };
	struct resolving *r = t->resolving;
	bool done;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	while (!r->done && until.us && pthread_cond_timedwait(&r->ended, &r->lock, &at) == 0)
		;
	done = r->done;
	pthread_mutex_unlock(&r->lock);
	if (!done)
		return;
	if (r->found)
		set_peer(t, r->found->ai_addr);
	resolving_free(r);
	t->resolving = NULL;
}

/* Nobody waits for it any more. */
static void resolve_leave(struct target *t)
{
	struct resolving *r = t->resolving;
	bool done;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->left = true;
	done = r->done;
	pthread_mutex_unlock(&r->lock);
	if (done)
		resolving_free(r);
	t->resolving = NULL;
}

/* At the start names get a moment, so that the first alert need not wait for the next try. */
static void resolve_first(struct sender *s)
{
	struct mono until = mono_add(clock_mono(), span_s(RESOLVE_FIRST_S));

	for (uint32_t i = 0; i < s->targets; i++)
		if (!s->target[i].literal && !s->target[i].mistaken)
			resolve_begin(&s->target[i]);
	for (uint32_t i = 0; i < s->targets; i++)
		resolve_end(&s->target[i], until);
}

/* ---- sessions --------------------------------------------------------------------------------------------------- */

static enum fw_err session_open(struct target *t, struct err *err)
{
	struct err why = { "" };

	resolve_end(t, (struct mono){ 0 });
	if (t->session)
		return FW_OK;
	if (!t->peer[0]) {
		resolve_begin(t);
		return err_set(err, FW_RESOLVE, "cannot notify '%s': the address of '%s' is not known yet", t->name, t->host);
	}
	t->session = trap_session_open(t->peer, t->community, &why);
	if (t->session)
		return FW_OK;
	return err_set(err, FW_NET, "cannot notify '%s' at %s: %s", t->name, t->written, why.text);
}

/* ---- the sender ------------------------------------------------------------------------------------------------- */

static void target_init(struct target *t, const struct cfg_notify *n)
{
	*t = (struct target){ .name = n->name, .written = n->trap, .community = n->community };
	t->mistaken = !split(n->trap, t->host, sizeof(t->host), t->port);
	if (!t->mistaken)
		take_literal(t);
}

struct sender *sender_new(const struct config *c, struct err *err)
{
	struct sender *s = must_alloc(sizeof(*s));

	(void)err;
	s->config = config_ref((struct config *)(uintptr_t)c);
	s->began = clock_mono();
	s->targets = c->notify_count;
	s->target = must_alloc((s->targets + 1) * sizeof(*s->target));
	trap_library_quiet();
	for (uint32_t i = 0; i < s->targets; i++)
		target_init(&s->target[i], &c->notify[i]);
	resolve_first(s);
	for (uint32_t i = 0; i < s->targets; i++)
		if (s->target[i].peer[0])
			session_open(&s->target[i], NULL);
	return s;
}

static void target_release(struct target *t)
{
	trap_session_close(t->session);
	resolve_leave(t);
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->targets; i++)
		target_release(&s->target[i]);
	free(s->target);
	config_unref(s->config);
	free(s);
}

static struct target *target_find(struct sender *s, const char *name)
{
	for (uint32_t i = 0; i < s->targets; i++)
		if (strncmp(s->target[i].name, name, sizeof(((struct ledger_outbox *)0)->target) - 1) == 0)
			return &s->target[i];
	return NULL;
}

/* It stays in the outbox; a session that failed is opened anew, a name asked again: perhaps it lives elsewhere now. */
static enum fw_err failed(struct sender *s, struct target *t, const struct ledger_outbox *o, enum fw_err e, const struct err *err)
{
	trap_session_close(t->session);
	t->session = NULL;
	if (!t->literal && e == FW_NET)
		t->peer[0] = 0;
	s->count.failed++;
	if (o->queued.us >= s->quiet_before.us)
		log_often(LOG_LEVEL_WARN, LOG_NOTIFY, &t->failures, "%s; tried again", err->text);
	return e;
}

static enum fw_err send_to(struct sender *s, struct target *t, const struct ledger_outbox *o, struct err *err)
{
	struct err why = { "" };
	bool cut = false;
	enum fw_err e = trap_session_send(t->session, &o->alert, mono_since(clock_mono(), s->began), &cut, &why);

	if (e != FW_OK)
		return err_set(err, e, "cannot notify '%s' at %s of alert #%llu: %s", t->name, t->written,
			       (unsigned long long)o->alert_number, why.text);
	s->count.sent++;
	s->count.cut += cut;
	if (t->failures)
		log_info(LOG_NOTIFY, "'%s' at %s is notified again", t->name, t->written);
	t->failures = 0;
	return FW_OK;
}

enum fw_err sender_send(struct sender *s, const struct ledger_outbox *o, struct wall now, struct err *err)
{
	struct target *t = target_find(s, o->target);
	struct err own;
	enum fw_err e;

	(void)now;
	if (!err)
		err = &own;
	if (!t) {
		log_often(LOG_LEVEL_WARN, LOG_NOTIFY, &s->lost_targets,
			  "'%s' is no longer configured: alert #%llu is not sent there", o->target,
			  (unsigned long long)o->alert_number);
		return err_set(err, FW_NOTFOUND, "cannot notify '%s': no longer configured", o->target);
	}
	if (t->mistaken)
		return err_set(err, FW_MISTAKE, "cannot notify '%s': '%s' is no HOST:PORT", t->name, t->written);
	e = session_open(t, err);
	if (e == FW_OK)
		e = send_to(s, t, o, err);
	return e == FW_OK ? e : failed(s, t, o, e, err);
}

void sender_quiet_before(struct sender *s, struct wall queued) { s->quiet_before = queued; }

struct sender_count sender_count(const struct sender *s) { return s->count; }
