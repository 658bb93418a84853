/* poller/ctl/client.c: ask the daemon over its socket, else the state folder. See ctl_call(). */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "poller/conffile.h"
#include "poller/ctl/ctl.h"
#include "poller/ctl/daemon-int.h"

enum { ANSWER_MOST = 512 << 20, TIMEOUT_S = 30 };

/* Who may not, is told which group may: the state folder's. */
static void say_group(const char *state, const char *path, struct err *err)
{
	struct group g, *found = NULL;
	struct stat st;
	char buf[1024];
	const char *name;

	if (stat(state, &st) == 0)
		getgrgid_r(st.st_gid, &g, buf, sizeof(buf), &found);
	name = found ? found->gr_name : "forewarn";
	err_set(err, FW_IO, "cannot reach the daemon at '%s': permission denied; be in group '%s' (usermod -aG %s USER, then log in again)",
		path, name, name);
	errno = EACCES;
}

/* FW_OK connected; FW_NOTFOUND: no daemon there; FW_IO: there is one, but not for this user. */
static enum fw_err daemon_connect(const char *state, int *fd, struct err *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timeval tv = { .tv_sec = TIMEOUT_S };
	char path[600];

	snprintf(path, sizeof(path), "%s/forewarn.sock", state);
	if (strlen(path) >= sizeof(to.sun_path))
		return FW_NOTFOUND;
	memcpy(to.sun_path, path, strlen(path) + 1);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return FW_NOTFOUND;
	setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(*fd, (struct sockaddr *)(void *)&to, sizeof(to)) == 0)
		return FW_OK;
	if (errno == EACCES || errno == EPERM)
		say_group(state, path, err);
	else
		errno = ENOENT;
	close(*fd);
	return errno == ENOENT ? FW_NOTFOUND : FW_IO;
}

static bool write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static char *read_all(int fd, size_t *len)
{
	size_t size = 65536;
	char *buf = must_alloc(size + 1);
	ssize_t n;

	*len = 0;
	while ((n = recv(fd, buf + *len, size - *len, 0)) > 0) {
		*len += (size_t)n;
		if (*len == size && size < ANSWER_MOST)
			buf = must_realloc(buf, (size *= 2) + 1);
	}
	buf[*len] = '\0';
	return buf;
}

struct question { const char *call; const json_t *args; };

/* The header that names the configuration, where a person named it; "" where it is the usual one, or cannot be told. */
static const char *config_header(const struct ctl *c, char *buf, size_t size)
{
	char path[PATH_MAX];

	buf[0] = '\0';
	if (c->state == NULL && strcmp(c->config_path, CONFIG_DEFAULT) != 0 && realpath(c->config_path, path) && !strpbrk(path, "\r\n"))
		snprintf(buf, size, CONFIG_HEADER ": %s\r\n", path);
	return buf;
}

/* NULL: *other says that the daemon runs another configuration. */
static json_t *exchange(const struct ctl *c, int fd, const struct question *ask, bool *other, struct err *err)
{
	char *body = json_dumps(ask->args, JSON_COMPACT), head[PATH_MAX + 256], about[PATH_MAX + 64], *answer, *at;
	size_t len = 0;
	json_t *j = NULL;
	json_error_t e;

	snprintf(head, sizeof(head), "POST /%s HTTP/1.0\r\n%sContent-Length: %zu\r\n\r\n", ask->call,
		 config_header(c, about, sizeof(about)), strlen(body));
	if (!write_all(fd, head, strlen(head)) || !write_all(fd, body, strlen(body))) {
		free(body);
		err_set(err, FW_IO, "cannot ask the daemon: %s", err_errno());
		return NULL;
	}
	free(body);
	answer = read_all(fd, &len);
	at = strstr(answer, "\r\n\r\n");
	if (at != NULL)
		j = json_loads(at + 4, 0, &e);
	if (j == NULL)
		err_set(err, FW_IO, "the daemon does not answer");
	else if (json_object_get(j, "error") != NULL) {
		*other = strtol(answer + strcspn(answer, " "), NULL, 10) == CODE_OTHER;
		err_set(err, FW_MISTAKE, "%s", json_text(j, "error"));
		json_decref(j);
		j = NULL;
	}
	free(answer);
	return j;
}

/* ---- where the daemon is ------------------------------------------------------------------------------------------------ */

struct home {
	char state[512];	/* folder */
	bool model;		/* nothing of it is polled */
	bool alone;		/* ... and it names no folder: it is judged as it is written, whatever daemon runs in the usual one */
	unsigned mistakes;	/* of the configuration: it is good for the folder's name only, and 'why' is its first */
	struct err why;
};

/* The option "state" of a configuration, relative to its file. */
static void take_state(void *owner, const struct conf_piece *p)
{
	struct home *h = owner;
	const char *path = strcmp(p->type, "state") == 0 ? cfg_getstr(p->cfg, "state") : NULL, *slash = strrchr(p->file, '/');

	if (path == NULL || path[0] == '\0')
		return;
	snprintf(h->state, sizeof(h->state), "%.*s%s", path[0] == '/' || slash == NULL ? 0 : (int)(slash - p->file + 1), p->file, path);
}

/* Of a configuration with mistakes only the folder counts: a daemon may run well on what the file was before. */
static void state_of_mistaken(const struct ctl *c, const struct mistakes *m, struct home *h)
{
	cfg_opt_t opts[] = { CFG_STR("state", NULL, CFGF_NODEFAULT), CFG_END() };
	struct mistakes ignored = { 0 };
	struct arena a = { 0 };

	h->mistakes = m->count + m->more;
	err_set(&h->why, FW_MISTAKE, "%s%s", m->count ? m->line[0] : "cannot read the configuration",
		m->count > 1 ? " (and more: forewarn check)" : "");
	conf_read(c->config_path, opts, &a, &ignored, take_state, h);
	mistakes_release(&ignored);
	arena_release(&a);
}

/* As said, else as configured. */
static struct home home_of(const struct ctl *c)
{
	struct home h = { .state = STATE_DEFAULT };
	struct mistakes m = { 0 };
	struct config *config;

	if (c->state != NULL) {
		snprintf(h.state, sizeof(h.state), "%s", c->state);
		return h;
	}
	if (strcmp(c->config_path, CONFIG_STDIN) == 0) {	/* it can be read once only */
		h.alone = true;
		return h;
	}
	config = config_load(c->config_path, NULL, &m);
	if (config == NULL) {
		state_of_mistaken(c, &m, &h);
	} else {
		snprintf(h.state, sizeof(h.state), "%s", config->state);
		h.model = config->device_count == 0 && config->check_count == 0;
		h.alone = h.model && strcmp(config->state, STATE_DEFAULT) == 0 && strcmp(c->config_path, CONFIG_DEFAULT) != 0;
	}
	mistakes_release(&m);
	config_unref(config);
	return h;
}

/* Once a command. */
static void say_mistaken(struct ctl *c, const struct home *h)
{
	if (h->mistakes && !c->said_mistakes)
		fprintf(stderr, "%s has %u mistake%s (forewarn check); this is what runs\n", c->config_path, h->mistakes,
			h->mistakes == 1 ? "" : "s");
	c->said_mistakes = true;
}

/* ---- calls -------------------------------------------------------------------------------------------------------------- */

static json_t *call_here(struct ctl *c, const char *name, const json_t *args, struct err *err)
{
	const struct view_call *call = view_find(name);
	struct view *v;
	json_t *answer = NULL;

	if (call == NULL) {
		err_set(err, FW_NOTFOUND, "this needs the daemon, and none runs (start it with 'forewarn run')");
		return NULL;
	}
	v = view_open(c, err);
	if (v == NULL)
		return NULL;
	if (!call->writes || privilege_home(v->config, err) == FW_OK)
		answer = view_answer(v, call, args, err);
	view_close(v);
	return answer;
}

/* Without its folder, as it is written: nothing is read from anywhere else. */
static json_t *call_alone(struct ctl *c, const char *call, const json_t *args, struct err *err)
{
	struct ctl here = *c;

	here.state = "/dev/null";
	return call_here(&here, call, args, err);
}

/* Not the usual daemon with the usual configuration: the one whose folder it is, else the folder itself. */
static json_t *call_home(struct ctl *c, const char *call, const json_t *args, struct err *err)
{
	const struct view_call *view = view_find(call);
	struct home h = home_of(c);
	bool reads = view != NULL && !view->writes, other = false;
	json_t *answer = NULL;
	int fd = -1;
	enum fw_err e;

	if (h.alone && !reads && strcmp(c->config_path, CONFIG_STDIN) == 0) {
		err_set(err, FW_MISTAKE, "a configuration from standard input has no state folder; -s FOLDER names one");
		return NULL;
	}
	if (h.alone && reads)
		return call_alone(c, call, args, err);
	e = daemon_connect(h.state, &fd, err);
	if (e == FW_OK) {
		say_mistaken(c, &h);
		answer = exchange(c, fd, &(struct question){ call, args }, &other, err);
		close(fd);
	} else if (e == FW_NOTFOUND && h.mistakes) {
		*err = h.why;
	} else if (e == FW_NOTFOUND) {
		answer = call_here(c, call, args, err);
	}
	return other && h.model && reads ? call_alone(c, call, args, err) : answer;
}

json_t *ctl_call(struct ctl *c, const char *call, json_t *args, struct err *err)
{
	json_t *a = args ? args : json_object(), *answer = NULL;
	bool other = false;
	int fd = -1;
	enum fw_err e = FW_NOTFOUND;

	if (c->state == NULL && strcmp(c->config_path, CONFIG_DEFAULT) == 0)
		e = daemon_connect(STATE_DEFAULT, &fd, err);	/* the usual daemon: no need to read its configuration first */
	if (e == FW_OK) {
		answer = exchange(c, fd, &(struct question){ call, a }, &other, err);
		close(fd);
	} else if (e == FW_NOTFOUND) {
		answer = call_home(c, call, a, err);
	}
	json_decref(a);
	return answer;
}
