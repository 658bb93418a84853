/* poller/ctl/api.c: the daemon's API: HTTP over the Unix socket STATE/forewarn.sock (0660).
 *
 * POST /NAME with the arguments as a JSON object answers the view of that name (ctl.h): 200 and the envelope, or 4xx with
 * {"error":"why"}. Who asks is read from the socket (SO_PEERCRED), and recorded with what it changes. Some calls wait for
 * another thread: flush (a store), device (a worker's view of one device), and those that change something (the ledger). They
 * end after two seconds at most.
 *
 * Who asks may be slow or hostile, and must not hold main up: requests are read as they come, within bounds of size and time;
 * at most CLIENTS_MOST are served at once, the others wait in the socket's queue. One connection is one request.
 * Thread: main.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/ctl/daemon-int.h"
#include "poller/lastfile.h"

enum { BODY_MOST = 1 << 20, HEAD_MOST = 16384, WAIT_S = 2, CLIENTS_MOST = 64, ASK_S = 5, SERVE_S = 60 };

/* A connection. libevent's HTTP server owns it and does not say when it ends; so the reference here sees it: callbacks are gone. */
struct client { struct bufferevent *bev; struct mono since; bool asked; };

struct api {
	struct daemon *d;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct client client[CLIENTS_MOST];
	unsigned clients;
	bool full;
	uint64_t slow;			/* connections closed for being slow */
	char path[256];
};

/* ---- connections ----------------------------------------------------------------------------------------------------- */

static bool is_over(const struct client *c)
{
	bufferevent_data_cb in, out;
	bufferevent_event_cb event;
	void *arg;

	bufferevent_getcb(c->bev, &in, &out, &event, &arg);
	return event == NULL;
}

static void clients_sweep(struct api *a, struct mono now)
{
	for (unsigned i = a->clients; i-- > 0;) {
		struct client *c = &a->client[i];

		if (!is_over(c)) {
			if (mono_since(now, c->since).us < (c->asked ? SERVE_S : ASK_S) * INT64_C(1000000))
				continue;
			if (bufferevent_getfd(c->bev) >= 0)
				shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);	/* its owner sees the end */
			c->since = now;
			a->slow++;
			continue;
		}
		bufferevent_disable(c->bev, EV_READ | EV_WRITE);
		bufferevent_decref(c->bev);
		*c = a->client[--a->clients];
	}
	if (a->full && a->clients < CLIENTS_MOST) {
		a->full = false;
		evconnlistener_enable(a->listener);
	}
}

static struct bufferevent *client_new(struct event_base *base, void *arg)
{
	struct api *a = arg;
	/* Close on free: else the server closes the descriptor while our reference keeps its events, and the next connection of
	 * that number would hear nothing. */
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (bev == NULL || a->clients == CLIENTS_MOST)
		return bev;
	bufferevent_incref(bev);
	a->client[a->clients++] = (struct client){ .bev = bev, .since = clock_mono() };
	a->full = a->clients == CLIENTS_MOST;
	if (a->full)
		evconnlistener_disable(a->listener);
	return bev;
}

static void client_asked(struct api *a, const struct bufferevent *bev)
{
	for (unsigned i = 0; i < a->clients; i++)
		if (a->client[i].bev == bev && !a->client[i].asked) {
			a->client[i].asked = true;
			a->client[i].since = clock_mono();
		}
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

static void reply(struct evhttp_request *q, int code, json_t *body)
{
	struct evbuffer *out = evbuffer_new();
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	const char *sent = text ? text : "{\"error\":\"the answer is not text\"}";

	if (text == NULL)
		code = 500;
	evhttp_add_header(evhttp_request_get_output_headers(q), "Content-Type", "application/json");
	evhttp_add_header(evhttp_request_get_output_headers(q), "Connection", "close");
	evbuffer_add(out, sent, strlen(sent));
	evhttp_send_reply(q, code, code == 200 ? "OK" : "Error", out);
	evbuffer_free(out);
	free(text);
	json_decref(body);
}

/* A message that was cut in the middle of a letter is no text for JSON. */
static void reply_error(struct evhttp_request *q, int code, const char *why)
{
	char clean[1024];

	reply(q, code, json_pack("{s:s}", "error", text_clean(why, strlen(why), clean, sizeof(clean))));
}

/* The user at the other end of the socket. */
static void who_is(struct evhttp_request *q, char *buf, size_t size)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(q));
	struct ucred c = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(c);
	struct passwd pw, *found = NULL;
	char space[2048];

	if (getsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_PEERCRED, &c, &len) != 0)
		snprintf(buf, size, "?");
	else if (getpwuid_r(c.uid, &pw, space, sizeof(space), &found) == 0 && found)
		snprintf(buf, size, "%s", pw.pw_name);
	else
		snprintf(buf, size, "uid %u", (unsigned)c.uid);
}

/* ---- calls that wait for another thread ---------------------------------------------------------------------------------- */

bool api_wait(struct daemon *d, struct waiting w)
{
	for (int i = 0; i < WAITING_MOST; i++)
		if (d->waiting[i].done == NULL) {
			d->waiting[i] = w;
			return true;
		}
	return false;
}

void api_answered(struct daemon *d, uint64_t token, const char *text)
{
	for (int i = 0; i < WAITING_MOST; i++) {
		struct waiting w = d->waiting[i];

		if (w.done == NULL || w.token != token)
			continue;
		d->waiting[i].done = NULL;
		w.done(&w, text);
	}
}

static void envelope(struct evhttp_request *q, json_t *items)
{
	reply(q, 200, json_pack("{s:i,s:b,s:o}", "version", 1, "live", 1, "items", items));
}

static void flushed(struct waiting *w, const char *text)
{
	if (text == NULL)
		reply_error(w->request, 503, "the store does not answer; rows may be missing");
	else if (text[0])
		reply_error(w->request, 500, text);
	else
		envelope(w->request, json_array());
}

static void debugged(struct waiting *w, const char *text)
{
	json_error_t e;
	json_t *item = text && text[0] ? json_loads(text, 0, &e) : NULL;
	json_t *items = json_array();

	if (item != NULL)
		json_array_append_new(items, item);
	if (text == NULL)
		reply_error(w->request, 503, "the worker does not answer");
	else
		envelope(w->request, items);
	if (text == NULL)
		json_decref(items);
}

/* What was changed is on the disk; or it takes long, and is kept in memory until it is. */
static void kept(struct waiting *w, const char *text)
{
	(void)text;
	reply(w->request, 200, w->answer);
}

/* Who changed something, and asks what happened, is to find it; and does not hear that it is done while a crash may undo it. */
static void reply_kept(struct daemon *d, struct evhttp_request *q, json_t *answer)
{
	struct waiting w = { .token = intake_seal(d), .deadline = mono_add(clock_mono(), span_s(WAIT_S)), .request = q,
			     .done = kept, .answer = answer };

	if (w.token == 0 || !api_wait(d, w))
		reply(q, 200, answer);
}

/* Post a name to a thread and let the request wait for its answer. */
static void ask_thread(struct daemon *d, struct evhttp_request *q, struct mbox *to, uint32_t kind, const char *name)
{
	struct msg_name *m = msg_new(kind, sizeof(*m));
	struct waiting w = { .token = d->next_token++, .deadline = mono_add(clock_mono(), span_s(WAIT_S)), .request = q,
			     .done = kind == MSG_FLUSH ? flushed : debugged };

	m->token = w.token;
	text_copy(m->name, sizeof(m->name), name);
	if (!api_wait(d, w)) {
		free(m);
		reply_error(q, 503, "too many requests wait");
	} else if (mbox_take(to, &m->m) != FW_OK) {
		free(m);
		api_answered(d, w.token, NULL);
	}
}

void api_second(struct daemon *d, struct mono now)
{
	clients_sweep(d->api, now);
	for (int i = 0; i < WAITING_MOST; i++)
		if (d->waiting[i].done && d->waiting[i].deadline.us < now.us)
			api_answered(d, d->waiting[i].token, NULL);
}

static struct mbox *worker_of(struct daemon *d, const char *device)
{
	return worker_mbox(d->worker[last_worker_of(device, d->worker_count)]);
}

static void call_flush(struct daemon *d, struct evhttp_request *q, const json_t *args)
{
	const char *name = json_text(args, "name");
	char device[256];

	if (config_find(d->config, name) == NULL && config_device_of(d->config, name) == CONFIG_NONE) {
		reply_error(q, 404, "no such component");
		return;
	}
	snprintf(device, sizeof(device), "%.*s", (int)strcspn(name, "/"), name);
	ask_thread(d, q, store_thread_mbox(d->store[store_of_device(device, d->store_count)]), MSG_FLUSH, name);
}

static void call_device(struct daemon *d, struct evhttp_request *q, const json_t *args)
{
	const char *name = json_text(args, "name");
	const struct ref *r = config_find(d->config, name);

	if (r == NULL || r->kind != REF_DEVICE)
		reply_error(q, 404, "no such device");
	else
		ask_thread(d, q, worker_of(d, name), MSG_DEBUG, name);
}

static void call_poll(struct daemon *d, struct evhttp_request *q, const json_t *args)
{
	const char *name = json_text(args, "name");
	const struct ref *r = config_find(d->config, name);

	if (name[0] && (r == NULL || (r->kind != REF_DEVICE && r->kind != REF_CHECK))) {
		reply_error(q, 404, "no such device or check");
		return;
	}
	for (unsigned w = 0; w < d->worker_count; w++) {
		struct msg_name *m = msg_new(MSG_POLL, sizeof(*m));

		text_copy(m->name, sizeof(m->name), name);
		if (mbox_take(worker_mbox(d->worker[w]), &m->m) != FW_OK) {
			free(m);
			reply_error(q, 503, "a worker is busy; try again");
			return;
		}
	}
	envelope(q, json_array());
}

static void call_log(struct daemon *d, struct evhttp_request *q, const json_t *args)
{
	(void)d;
	if (!log_debug_set(json_text(args, "area"), json_is_true(json_object_get(args, "on")))) {
		reply_error(q, 404, "no such log area");
		return;
	}
	log_level_set(LOG_LEVEL_DEBUG);
	envelope(q, json_array());
}

static const struct { const char *name; void (*call)(struct daemon *d, struct evhttp_request *q, const json_t *args); } thread_calls[] = {
	{ "flush", call_flush }, { "device", call_device }, { "poll", call_poll }, { "log", call_log },
};

/* ---- requests ------------------------------------------------------------------------------------------------------------ */

static json_t *arguments(struct evhttp_request *q)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(q);
	size_t len = evbuffer_get_length(in);
	json_error_t e;

	if (len == 0)
		return json_object();
	return json_loadb((const char *)evbuffer_pullup(in, -1), len, 0, &e);
}

static void call_view(struct daemon *d, struct evhttp_request *q, const char *name, const json_t *args)
{
	const struct view_call *call = view_find(name);
	struct view v;
	struct err err = { "" };
	char who[64] = "";
	json_t *answer;

	if (call == NULL) {
		reply_error(q, 404, "no such call");
		return;
	}
	if (call->writes)	/* it is recorded; looking a user up may take long */
		who_is(q, who, sizeof(who));
	v = daemon_view(d);
	v.who = who;
	answer = view_answer(&v, call, args, &err);
	if (answer == NULL)
		reply_error(q, 400, err.text);
	else if (call->writes)
		reply_kept(d, q, answer);
	else
		reply(q, 200, answer);
}

/* Who asks by the name of another configuration is told so, and not what this one says. */
static bool is_other(const struct daemon *d, struct evhttp_request *q)
{
	const char *asked = evhttp_find_header(evhttp_request_get_input_headers(q), CONFIG_HEADER);
	char own[PATH_MAX];

	return asked && realpath(d->ctl->config_path, own) && strcmp(own, asked) != 0;
}

static void refuse_other(const struct daemon *d, struct evhttp_request *q)
{
	char why[1024], path[PATH_MAX];
	struct text t = text_over(why, sizeof(why));

	text_add(&t, "the daemon of this state folder runs '%.500s', which is another configuration; use -c with that one, "
		 "or -s with a folder of its own", realpath(d->ctl->config_path, path) ? path : d->ctl->config_path);
	reply_error(q, CODE_OTHER, why);
}

static void request(struct evhttp_request *q, void *arg)
{
	struct api *a = arg;
	const char *uri = evhttp_request_get_uri(q), *name = uri[0] == '/' ? uri + 1 : uri;
	struct err err;
	json_t *args;

	client_asked(a, evhttp_connection_get_bufferevent(evhttp_request_get_connection(q)));
	if (evhttp_request_get_command(q) != EVHTTP_REQ_POST) {
		reply_error(q, 405, "use POST /NAME with a JSON object");
		return;
	}
	if (is_other(a->d, q)) {
		refuse_other(a->d, q);
		return;
	}
	args = arguments(q);
	if (!json_is_object(args)) {
		json_decref(args);
		reply_error(q, 400, "the arguments are not a JSON object");
		return;
	}
	if (arguments_check(name, args, &err) != FW_OK) {
		json_decref(args);
		reply_error(q, 400, err.text);
		return;
	}
	for (size_t i = 0; i < sizeof(thread_calls) / sizeof(thread_calls[0]); i++)
		if (strcmp(thread_calls[i].name, name) == 0) {
			thread_calls[i].call(a->d, q, args);
			json_decref(args);
			return;
		}
	call_view(a->d, q, name, args);
	json_decref(args);
}

/* ---- the socket ------------------------------------------------------------------------------------------------------------ */

static int socket_open(const char *path, struct err *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(to.sun_path)) {
		err_set(err, FW_MISTAKE, "cannot open socket '%s': its path is longer than %zu octets; use a shorter state folder", path,
			sizeof(to.sun_path) - 1);
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path) + 1);
	unlink(path);	/* the lock says that nobody else lives here */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&to, sizeof(to)) != 0 || chmod(path, 0660) != 0 || listen(fd, 64) != 0) {
		err_set(err, FW_IO, "cannot open socket '%s': %s", path, err_errno());
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

struct api *api_open(struct daemon *d, struct err *err)
{
	struct api *a = must_alloc(sizeof(*a));
	struct evhttp_bound_socket *bound;
	int fd;

	a->d = d;
	snprintf(a->path, sizeof(a->path), "%s/forewarn.sock", d->config->state);
	fd = socket_open(a->path, err);
	if (fd < 0) {
		free(a);
		return NULL;
	}
	a->http = evhttp_new(d->base);
	evhttp_set_max_body_size(a->http, BODY_MOST);
	evhttp_set_max_headers_size(a->http, HEAD_MOST);
	evhttp_set_timeout(a->http, SERVE_S);
	evhttp_set_gencb(a->http, request, a);
	evhttp_set_bevcb(a->http, client_new, a);
	bound = evhttp_accept_socket_with_handle(a->http, fd);
	must(bound != NULL);
	a->listener = evhttp_bound_socket_get_listener(bound);
	return a;
}

void api_close(struct api *a)
{
	if (a == NULL)
		return;
	for (int i = 0; i < WAITING_MOST; i++)
		if (a->d->waiting[i].done)
			api_answered(a->d, a->d->waiting[i].token, NULL);
	evhttp_free(a->http);
	for (unsigned i = 0; i < a->clients; i++)
		bufferevent_decref(a->client[i].bev);
	unlink(a->path);
	free(a);
}
