/* t/sim/ctl.c: the control socket, and the client's end of it. A line is a command, each is answered by one line. */
#define _GNU_SOURCE
#include "sim.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "poller/base/err.h"
#include "poller/base/text.h"

enum { LINE_ROOM = 8192 };

struct client {
	int fd;			/* -1: free */
	size_t len;
	char line[LINE_ROOM];
};

struct sim_ctl {
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client client[CTL_CLIENTS_MOST];
};

static bool address_of(const char *path, struct sockaddr_un *a, struct err *err)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (text_copy(a->sun_path, sizeof(a->sun_path), path))
		return true;
	err_set(err, FW_MISTAKE, "control socket '%s': a path has at most %zu octets", path, sizeof(a->sun_path) - 1);
	return false;
}

/* A socket that nobody listens on is a left-over, and is removed. */
static void leftover_remove(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof(*a)) < 0 && errno == ECONNREFUSED)
		unlink(a->sun_path);
	if (fd >= 0)
		close(fd);
}

enum fw_err ctl_open(struct sim *s, const char *path, struct err *err)
{
	struct sockaddr_un a;
	struct sim_ctl *c;
	int fd;

	if (!address_of(path, &a, err))
		return FW_MISTAKE;
	leftover_remove(&a);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 16) < 0) {
		err_set(err, FW_IO, "cannot listen on '%s': %s", path, err_errno());
		if (fd >= 0)
			close(fd);
		return FW_IO;
	}
	c = s->ctl = must_alloc(sizeof(*c));
	c->fd = fd;
	text_copy(c->path, sizeof(c->path), path);
	for (int i = 0; i < CTL_CLIENTS_MOST; i++)
		c->client[i].fd = -1;
	return FW_OK;
}

unsigned ctl_fds(const struct sim *s, struct pollfd *p)
{
	unsigned n = 0;

	if (!s->ctl)
		return 0;
	p[n++] = (struct pollfd){ .fd = s->ctl->fd, .events = POLLIN };
	for (int i = 0; i < CTL_CLIENTS_MOST; i++)
		if (s->ctl->client[i].fd >= 0)
			p[n++] = (struct pollfd){ .fd = s->ctl->client[i].fd, .events = POLLIN };
	return n;
}

static void client_take(struct sim_ctl *c)
{
	int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (int i = 0; fd >= 0 && i < CTL_CLIENTS_MOST; i++) {
		if (c->client[i].fd < 0) {
			c->client[i].fd = fd;
			c->client[i].len = 0;
			return;
		}
	}
	if (fd >= 0)
		close(fd);	/* all places are taken: the client sees its end */
}

static void client_close(struct client *cl)
{
	close(cl->fd);
	cl->fd = -1;
}

static void client_lines(struct sim *s, struct client *cl)
{
	char reply[LINE_ROOM], *eol;

	while ((eol = memchr(cl->line, '\n', cl->len))) {
		size_t used = (size_t)(eol - cl->line) + 1, n;

		*eol = '\0';
		ctl_command(s, cl->line, reply, sizeof(reply) - 1);
		n = strlen(reply);
		reply[n++] = '\n';
		if (send(cl->fd, reply, n, MSG_NOSIGNAL) != (ssize_t)n) {
			client_close(cl);
			return;
		}
		memmove(cl->line, cl->line + used, cl->len -= used);
	}
	if (cl->len == sizeof(cl->line))
		client_close(cl);
}

static void client_run(struct sim *s, struct client *cl)
{
	ssize_t n = recv(cl->fd, cl->line + cl->len, sizeof(cl->line) - cl->len, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(cl);
		return;
	}
	cl->len += (size_t)n;
	client_lines(s, cl);
}

void ctl_run(struct sim *s, const struct pollfd *p, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!p[i].revents)
			continue;
		if (p[i].fd == s->ctl->fd) {
			client_take(s->ctl);
			continue;
		}
		for (int k = 0; k < CTL_CLIENTS_MOST; k++)
			if (s->ctl->client[k].fd == p[i].fd)
				client_run(s, &s->ctl->client[k]);
	}
}

void ctl_close(struct sim *s)
{
	if (!s->ctl)
		return;
	for (int i = 0; i < CTL_CLIENTS_MOST; i++)
		if (s->ctl->client[i].fd >= 0)
			client_close(&s->ctl->client[i]);
	close(s->ctl->fd);
	unlink(s->ctl->path);
	free(s->ctl);
	s->ctl = NULL;
}

/* ---- the client -------------------------------------------------------------------------------------------------- */

/* Send a line, print the answer; false when it is an error. */
static bool ask(FILE *to, FILE *from, const char *line)
{
	char reply[LINE_ROOM];

	fprintf(to, "%s\n", line);
	if (fflush(to) != 0 || !fgets(reply, sizeof(reply), from)) {
		fprintf(stderr, "simnet: no answer to '%s': the simulator ended\n", line);
		return false;
	}
	fputs(reply, strncmp(reply, "ok", 2) == 0 ? stdout : stderr);
	return strncmp(reply, "ok", 2) == 0;
}

static bool ask_each(FILE *to, FILE *from)
{
	char line[LINE_ROOM];
	bool good = true;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			good = ask(to, from, line) && good;
	}
	return good;
}

int ctl_client(const char *path, int argc, char **argv)
{
	struct sockaddr_un a;
	struct err err;
	char line[LINE_ROOM];
	struct text t = text_over(line, sizeof(line));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *to, *from;
	bool good;

	if (!address_of(path, &a, &err)) {
		fprintf(stderr, "simnet: %s\n", err.text);
		return 2;
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		fprintf(stderr, "simnet: cannot reach a simulator at '%s': %s\n", path, err_errno());
		return 1;
	}
	for (int i = 0; i < argc; i++)
		text_add(&t, "%s%s", i ? " " : "", argv[i]);
	to = fdopen(fd, "w");
	from = fdopen(dup(fd), "r");
	if (!to || !from)
		return 1;
	good = argc == 1 && strcmp(argv[0], "-") == 0 ? ask_each(to, from) : ask(to, from, line);
	fclose(to);
	fclose(from);
	return good ? 0 : 1;
}
