/* poller/probe/check.c: runs plugins as child processes, a bounded number at once.
 *
 *	waiting -> running -> (exit seen on the pidfd) -> told, freed
 *	              `-----> (time-out or cancel: group killed) -> told -> doomed -> (exit) -> freed
 *
 * - posix_spawn, not fork: this process may be big, and other threads hold locks. Our descriptors are close-on-exec.
 * - The end of a check is the end of its process, not of its output: a grandchild that keeps the pipe open holds
 *   nobody.
 * - A killed process may still take its time to end (a dead NFS server): its owner is told at once, and it counts as
 *   running until it is gone, so that such do not pile up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "probe-int.h"

enum {
	OUTPUT_OCTETS = 8192, READ_ROUNDS = 16,
	SPAWNS_AT_ONCE = 4,		/* then the loop has its turn */
	FREE_WAIT_MS = 1000,
};

static const char *const plugin_folders[] = {
	"/usr/lib/nagios/plugins", "/usr/lib/monitoring-plugins", "/usr/lib64/nagios/plugins",
	"/usr/local/libexec/nagios", "/usr/libexec/monitoring-plugins", "/usr/local/nagios/libexec",
};

enum stream { STREAM_OUT, STREAM_ERR, STREAMS };

struct output {
	int fd;
	struct event *readable;
	size_t len;
	char buf[OUTPUT_OCTETS];
};

/* What only a running job has. */
struct child {
	pid_t pid;
	int pidfd;
	struct event *ended;
	struct output stream[STREAMS];
};

struct check_job {
	struct timer timer;
	TAILQ_ENTRY(check_job) link;
	struct check_runner *runner;
	const char *const *argv;
	struct span timeout;
	check_done *done;		/* NULL: doomed, nobody waits */
	void *owner;
	struct mono started;
	struct child *child;		/* NULL: waiting */
};

TAILQ_HEAD(job_list, check_job);

struct check_runner {
	struct event_base *base;
	struct wheel *wheel;
	struct event *pump;
	unsigned at_once;
	struct job_list waiting, running;
	struct check_count count;
	char env_path[2048], env_home[1024];
	char env_lang[8], env_lc_all[16];
	char *env[5];
};

/* ---- output ------------------------------------------------------------------------------------------------------ */

static void output_close(struct output *o)
{
	if (o->readable)
		event_free(o->readable);
	o->readable = NULL;
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}

/* Keep what fits, throw the rest away. False when nothing more is there now. */
static bool output_read(struct output *o)
{
	char beyond[OUTPUT_OCTETS];
	size_t room = sizeof(o->buf) - o->len;
	ssize_t n = o->fd < 0 ? 0 : read(o->fd, room ? o->buf + o->len : beyond, room ? room : sizeof(beyond));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		output_close(o);
		return false;
	}
	if (room)
		o->len += (size_t)n;
	return true;
}

static void on_output(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	output_read(arg);
}

static const char *output_text(const struct child *c, size_t *len)
{
	const struct output *o = &c->stream[STREAM_OUT];

	for (size_t i = 0; i < o->len; i++) {
		if (!strchr(" \t\r\n", o->buf[i])) {
			*len = o->len;
			return o->buf;
		}
	}
	*len = c->stream[STREAM_ERR].len;
	return c->stream[STREAM_ERR].buf;
}

/* ---- the end of a job -------------------------------------------------------------------------------------------- */

static void child_free(struct child *c)
{
	for (unsigned i = 0; i < STREAMS; i++)
		output_close(&c->stream[i]);
	if (c->ended)
		event_free(c->ended);
	if (c->pidfd >= 0)
		close(c->pidfd);
	free(c);
}

/* Its group, and itself in case it left the group. It is not reaped yet, so neither number can be another's. */
static void child_kill(const struct child *c)
{
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

static void runner_wake(struct check_runner *r)
{
	event_active(r->pump, EV_TIMEOUT, 0);
}

static void job_free(struct check_job *j)
{
	struct check_runner *r = j->runner;

	wheel_stop(r->wheel, &j->timer);
	if (j->child) {
		TAILQ_REMOVE(&r->running, j, link);
		r->count.running--;
		child_free(j->child);
	} else {
		TAILQ_REMOVE(&r->waiting, j, link);
		r->count.waiting--;
	}
	free(j);
	if (r->count.waiting)
		runner_wake(r);
}

static void job_tell(struct check_job *j, struct check_result *result)
{
	check_done *done = j->done;

	result->at = clock_mono();
	result->took = mono_since(result->at, j->started);
	j->done = NULL;
	if (done)
		done(j->owner, result);
}

static void result_of_exit(const struct child *c, int status, struct check_result *r)
{
	size_t len;
	const char *text = output_text(c, &len);

	check_parse(text, len, r);
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		r->status = 128 + WTERMSIG(status);
		snprintf(r->text, sizeof(r->text), "killed by SIG%s", name ? name : "?");
		return;
	}
	r->status = WEXITSTATUS(status) <= 3 ? WEXITSTATUS(status) : 3;
	if (r->text[0] == '\0')
		snprintf(r->text, sizeof(r->text), "no output, exit status %d", WEXITSTATUS(status));
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
	struct check_job *j = arg;
	struct child *c = j->child;
	struct check_result r = { .err = FW_OK };
	int status;
	pid_t pid;

	(void)fd;
	(void)what;
	child_kill(c);			/* whoever is left of its group */
	for (unsigned i = 0; i < STREAMS; i++)
		for (unsigned k = 0; k < READ_ROUNDS && output_read(&c->stream[i]); k++)
			;
	while ((pid = waitpid(c->pid, &status, 0)) < 0 && errno == EINTR)
		;
	j->runner->count.ended++;
	if (pid == c->pid) {
		result_of_exit(c, status, &r);
	} else {
		r.err = FW_IO;
		r.status = 3;
		snprintf(r.text, sizeof(r.text), "exit status was lost: %s", err_errno());
	}
	job_tell(j, &r);
	job_free(j);
}

static void on_timeout(struct timer *t, struct mono now)
{
	struct check_job *j = timer_owner(t, struct check_job, timer);
	struct check_result r = { .err = FW_TIMEOUT, .status = 128 + SIGKILL };
	char span[40];

	(void)now;
	j->runner->count.timed_out++;
	child_kill(j->child);
	snprintf(r.text, sizeof(r.text), "no answer in %s, killed", span_format(j->timeout, span, sizeof(span)));
	job_tell(j, &r);
}

/* ---- starting ---------------------------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* As execvp, and then the folders where distributions put plugins. */
static bool find_program(const struct check_runner *r, const char *name, char *path, size_t size)
{
	const char *at = r->env_path + strlen("PATH=");

	if (strchr(name, '/'))
		return text_copy(path, size, name) && is_program(path);
	for (size_t len; *at; at += len + (at[len] == ':')) {
		len = strcspn(at, ":");
		if (len && (size_t)snprintf(path, size, "%.*s/%s", (int)len, at, name) < size && is_program(path))
			return true;
	}
	for (size_t i = 0; i < sizeof(plugin_folders) / sizeof(plugin_folders[0]); i++)
		if ((size_t)snprintf(path, size, "%s/%s", plugin_folders[i], name) < size && is_program(path))
			return true;
	return false;
}

/* File actions and attributes of the child; 'to' are its ends of the pipes. Returns an errno. */
static int spawn_with(struct check_job *j, const char *path, const int to[STREAMS])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int why = 0;

	sigemptyset(&none);
	sigfillset(&all);
	if ((why = posix_spawn_file_actions_init(&actions)) != 0)
		return why;
	if ((why = posix_spawnattr_init(&attr)) != 0)
		goto out;
	if ((why = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) != 0 ||
	    (why = posix_spawn_file_actions_adddup2(&actions, to[STREAM_OUT], 1)) != 0 ||
	    (why = posix_spawn_file_actions_adddup2(&actions, to[STREAM_ERR], 2)) != 0 ||
	    (why = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) != 0)
		goto out_attr;
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	why = posix_spawn(&j->child->pid, path, &actions, &attr, (char *const *)(uintptr_t)j->argv, j->runner->env);
out_attr:
	posix_spawnattr_destroy(&attr);
out:
	posix_spawn_file_actions_destroy(&actions);
	return why;
}

/* Pipes whose child's end is above 2, so that putting it in place of 1 or 2 never overwrites another one. */
static int open_pipes(struct child *c, int to[STREAMS])
{
	for (unsigned i = 0; i < STREAMS; i++) {
		int p[2], high;

		if (pipe2(p, O_CLOEXEC) != 0)
			return errno;
		c->stream[i].fd = p[0];
		high = p[1] > 2 ? p[1] : fcntl(p[1], F_DUPFD_CLOEXEC, 3);
		if (high != p[1])
			close(p[1]);
		if (high < 0 || fcntl(p[0], F_SETFL, O_NONBLOCK) != 0)
			return errno;
		to[i] = high;
	}
	return 0;
}

static int watch_child(struct check_job *j)
{
	struct child *c = j->child;
	struct event_base *base = j->runner->base;

	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return errno;
	fcntl(c->pidfd, F_SETFD, FD_CLOEXEC);
	c->ended = event_new(base, c->pidfd, EV_READ, on_ended, j);
	must(c->ended != NULL);
	if (event_add(c->ended, NULL) != 0)
		return ENOMEM;
	for (unsigned i = 0; i < STREAMS; i++) {
		c->stream[i].readable = event_new(base, c->stream[i].fd, EV_READ | EV_PERSIST, on_output,
						  &c->stream[i]);
		must(c->stream[i].readable != NULL);
		event_add(c->stream[i].readable, NULL);
	}
	return 0;
}

/* Returns an errno; the child is then not running. */
static int spawn(struct check_job *j, const char *path)
{
	int to[STREAMS] = { -1, -1 }, why;

	why = open_pipes(j->child, to);
	if (why == 0)
		why = spawn_with(j, path, to);
	for (unsigned i = 0; i < STREAMS; i++)
		if (to[i] >= 0)
			close(to[i]);
	if (why != 0)
		return why;
	why = watch_child(j);
	if (why != 0) {
		child_kill(j->child);
		waitpid(j->child->pid, NULL, 0);
	}
	return why;
}

static struct child *child_new(void)
{
	struct child *c = must_alloc(sizeof(*c));

	c->pidfd = -1;
	for (unsigned i = 0; i < STREAMS; i++)
		c->stream[i].fd = -1;
	return c;
}

static void job_failed(struct check_job *j, struct check_result *r)
{
	j->runner->count.failed_to_start++;
	r->status = 3;
	job_tell(j, r);
	job_free(j);
}

static void job_start(struct check_job *j)
{
	struct check_runner *r = j->runner;
	struct check_result result = { .err = FW_NOTFOUND };
	const char *program = j->argv[0] ? j->argv[0] : "";
	char path[1024];
	int why;

	j->started = clock_mono();
	if (!find_program(r, program, path, sizeof(path))) {
		snprintf(result.text, sizeof(result.text), strchr(program,
								  '/') ? "cannot run '%.200s': no such program" :
			 "cannot run '%.200s': no such program in PATH or the plugin folders", program);
		job_failed(j, &result);
		return;
	}
	j->child = child_new();
	why = spawn(j, path);
	if (why != 0) {
		child_free(j->child);
		j->child = NULL;
		errno = why;
		result.err = FW_IO;
		snprintf(result.text, sizeof(result.text), "cannot run '%.200s': %s", path, err_errno());
		job_failed(j, &result);
		return;
	}
	TAILQ_REMOVE(&r->waiting, j, link);
	r->count.waiting--;
	TAILQ_INSERT_TAIL(&r->running, j, link);
	r->count.running++;
	r->count.started++;
	wheel_set(r->wheel, &j->timer, mono_add(j->started, j->timeout));
}

static void on_pump(evutil_socket_t fd, short what, void *arg)
{
	struct check_runner *r = arg;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < SPAWNS_AT_ONCE; i++) {
		struct check_job *j = TAILQ_FIRST(&r->waiting);

		if (!j || r->count.running >= r->at_once)
			return;
		job_start(j);
	}
	if (!TAILQ_EMPTY(&r->waiting))
		runner_wake(r);
}

/* ---- the public side --------------------------------------------------------------------------------------------- */

static void fill_environment(struct check_runner *r)
{
	const char *path = getenv("PATH"), *home = getenv("HOME");

	if (!path || (size_t)snprintf(r->env_path, sizeof(r->env_path), "PATH=%s", path) >= sizeof(r->env_path))
		snprintf(r->env_path, sizeof(r->env_path),
			 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (!home || (size_t)snprintf(r->env_home, sizeof(r->env_home), "HOME=%s", home) >= sizeof(r->env_home))
		snprintf(r->env_home, sizeof(r->env_home), "HOME=/");
	r->env[0] = r->env_path;
	r->env[1] = r->env_home;
	text_copy(r->env_lang, sizeof(r->env_lang), "LANG=C");
	text_copy(r->env_lc_all, sizeof(r->env_lc_all), "LC_ALL=C");
	r->env[2] = r->env_lang;
	r->env[3] = r->env_lc_all;
}

struct check_runner *check_runner_new(struct event_base *base, struct wheel *wheel, unsigned at_once)
{
	struct check_runner *r = must_alloc(sizeof(*r));

	r->base = base;
	r->wheel = wheel;
	r->at_once = at_once ? at_once : 1;
	TAILQ_INIT(&r->waiting);
	TAILQ_INIT(&r->running);
	fill_environment(r);
	r->pump = event_new(base, -1, 0, on_pump, r);
	must(r->pump != NULL);
	return r;
}

/* Killed all at once, then reaped; one that does not end within a second is left to init. */
void check_runner_free(struct check_runner *r)
{
	struct check_job *j;

	if (!r)
		return;
	TAILQ_FOREACH(j, &r->running, link)
		child_kill(j->child);
	while ((j = TAILQ_FIRST(&r->running))) {
		struct pollfd p = { .fd = j->child->pidfd, .events = POLLIN };

		if (poll(&p, 1, FREE_WAIT_MS) == 1)
			waitpid(j->child->pid, NULL, 0);
		job_free(j);
	}
	while ((j = TAILQ_FIRST(&r->waiting)))
		job_free(j);
	event_free(r->pump);
	free(r);
}

struct check_job *check_start(struct check_runner *r, const char *const *argv, struct span timeout, check_done *done,
			      void *owner)
{
	struct check_job *j = must_alloc(sizeof(*j));

	j->runner = r;
	j->argv = argv;
	j->timeout = timeout;
	j->done = done;
	j->owner = owner;
	j->timer.fire = on_timeout;
	TAILQ_INSERT_TAIL(&r->waiting, j, link);
	if (++r->count.waiting + r->count.running > r->at_once)
		r->count.waited++;
	runner_wake(r);
	return j;
}

void check_cancel(struct check_job *j)
{
	j->done = NULL;
	if (!j->child) {
		job_free(j);
		return;
	}
	wheel_stop(j->runner->wheel, &j->timer);
	child_kill(j->child);		/* freed when it has ended */
}

struct check_count check_count(const struct check_runner *r)
{
	return r->count;
}
