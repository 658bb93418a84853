/* t/unit/t2120-check.c: plugins as child processes: results, time-outs, limits, and what must not hang. */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop.h"
#include "poller/probe/probe.h"
#include "tap.h"

enum { WAIT_S = 20 };

static struct loop loop;
static struct check_runner *runner;
static struct check_result last;
static unsigned told, order[64], inside;

static void on_done(void *owner, const struct check_result *r)
{
	last = *r;
	order[told % 64] = owner ? *(unsigned *)owner : 0;
	inside = 1;
	told++;
}

static void run_argv(const char *const *argv, int timeout_ms)
{
	memset(&last, 0xa5, sizeof(last));
	told = 0;
	inside = 0;
	check_start(runner, argv, span_ms(timeout_ms), on_done, NULL);
	if (inside || !loop_until(&loop, &told, 1, WAIT_S))
		printf("# '%s' did not end\n", argv[0]);
}

static void run_shell(const char *script, int timeout_ms)
{
	const char *argv[] = { "sh", "-c", script, NULL };

	run_argv(argv, timeout_ms);
}

static void test_plugins(void)
{
	static const char *const dummy[][4] = {
		{ "check_dummy", "0", "all well|time=5ms", NULL }, { "check_dummy", "1", NULL, NULL },
		{ "check_dummy", "2", "broken", NULL }, { "/usr/lib/nagios/plugins/check_dummy", "3", NULL, NULL },
	};
	char name[64];

	if (access("/usr/lib/nagios/plugins/check_dummy", X_OK) != 0) {
		skip(7, "monitoring-plugins-basic is not installed");
		return;
	}
	for (int i = 0; i < 4; i++) {
		run_argv(dummy[i], 10000);
		snprintf(name, sizeof(name), "check_dummy %d", i);
		ok(last.err == FW_OK && last.status == i, name);
	}
	run_argv(dummy[0], 10000);
	is_str(last.text, "OK: all well", "its text");
	ok(last.perf_count == 1 && strcmp(last.perf[0].label, "time") == 0, "its performance data");
	ok(last.took.us > 0 && last.took.us < 10000000 && last.at.us > 0, "how long it took");
}

static void test_results(void)
{
	sigset_t some;

	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, NULL);	/* as a worker's thread does */
	run_shell("echo fine; exit 7", 10000);
	is_int(last.status, 3, "exit status above 3 is unknown");
	run_shell("echo only error >&2; exit 2", 10000);
	is_str(last.text, "only error", "standard error is taken when standard output is empty");
	run_shell("echo out; echo err >&2", 10000);
	is_str(last.text, "out", "... and only then");
	run_shell("exit 1", 10000);
	is_str(last.text, "no output, exit status 1", "no output is said");
	run_shell("kill -SEGV $$", 10000);
	ok(last.err == FW_OK && last.status == 128 + SIGSEGV, "death by a signal");
	is_str(last.text, "killed by SIGSEGV", "... is said");
	run_shell("read line && echo input || echo none", 10000);
	is_str(last.text, "none", "there is no input");
	run_shell("env | cut -d= -f1 | grep -v -e '^_$' -e PWD -e SHLVL | sort | tr '\\n' ' '", 10000);
	is_str(last.text, "HOME LANG LC_ALL PATH", "the environment is small");
	run_shell("ls /proc/self/fd | tr '\\n' ' '", 10000);
	is_str(last.text, "0 1 2 3", "no descriptor of ours comes through");	/* 3: ls reading the folder */
	run_shell("grep SigBlk /proc/self/status | tr -d '\\t'", 10000);
	is_str(last.text, "SigBlk:0000000000000000", "no signal is blocked");
	run_shell("test $(ps -o pgid= -p $$) = $$ && echo own", 10000);
	is_str(last.text, "own", "it has a process group of its own");
}

static void test_not_started(void)
{
	static const char *const missing[] = { "no-such-plugin-here", NULL }, *const absent[] = { "/no/such", NULL },
		*const folder[] = { "/usr/bin", NULL }, *const empty[] = { NULL };
	const char *broken[] = { "/tmp/forewarn-broken-plugin-XXXXXX", NULL };
	char path[64];
	int fd;

	run_argv(missing, 1000);
	is_int(last.err, FW_NOTFOUND, "no such program");
	is_str(last.text, "cannot run 'no-such-plugin-here': no such program in PATH or the plugin folders",
	       "... and where it was looked for");
	run_argv(absent, 1000);
	ok(last.err == FW_NOTFOUND && last.status == 3, "no such path");
	run_argv(folder, 1000);
	is_int(last.err, FW_NOTFOUND, "a folder is no program");
	run_argv(empty, 1000);
	is_int(last.err, FW_NOTFOUND, "an empty command is none");
	snprintf(path, sizeof(path), "%s", broken[0]);
	broken[0] = path;
	fd = mkstemp(path);
	if (write(fd, "\177ELF", 4) != 4 || fchmod(fd, 0755) != 0)
		printf("# cannot make %s\n", path);
	close(fd);
	run_argv(broken, 1000);
	ok(last.err == FW_IO && strstr(last.text, "cannot run"), "a program that cannot be executed");
	unlink(path);
	is_u64(check_count(runner).failed_to_start, 5, "all are counted");
}

static bool process_gone(pid_t pid)
{
	for (int i = 0; i < 200; i++) {
		char path[64], line[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		f = fopen(path, "r");
		if (!f)
			return true;
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
		if (strstr(line, ") Z"))
			return true;	/* dead; its parent is not ours */
		event_base_loop(loop.base, EVLOOP_ONCE);
	}
	return false;
}

static pid_t read_pid(const char *path)
{
	FILE *f = fopen(path, "r");
	int pid = 0;

	if (f && fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

static void test_hangs(void)
{
	char script[256], path[] = "/tmp/forewarn-check-pid-XXXXXX";
	struct mono start;

	close(mkstemp(path));
	start = clock_mono();
	run_shell("sleep 60", 300);
	ok(last.err == FW_TIMEOUT && last.status == 128 + SIGKILL, "a sleeper is killed");
	is_str(last.text, "no answer in 300 ms, killed", "... and it is said");
	ok(mono_since(clock_mono(), start).us < 5000000, "... in time");
	snprintf(script, sizeof(script), "sleep 60 & echo $! >%s; wait", path);
	run_shell(script, 300);
	ok(read_pid(path) > 0 && process_gone(read_pid(path)), "its children are killed with it");
	start = clock_mono();
	snprintf(script, sizeof(script), "sleep 60 & echo $! >%s; echo early; exit 0", path);
	run_shell(script, 30000);
	is_str(last.text, "early", "a grandchild that keeps the pipe open holds nobody");
	ok(mono_since(clock_mono(), start).us < 10000000 && process_gone(read_pid(path)), "... and is killed");
	snprintf(script, sizeof(script),
		 "setsid sh -c 'echo $$ >%s; sleep 60' & while ! test -s %s; do sleep 0.01; done; echo early", path, path);
	truncate(path, 0) == 0 ? run_shell(script, 30000) : (void)0;
	is_str(last.text, "early", "nor does one that left the group");
	kill(read_pid(path), SIGKILL);
	run_shell("trap '' TERM INT HUP; while :; do sleep 1; done", 300);
	is_int(last.err, FW_TIMEOUT, "one that ignores signals is killed as well");
	run_shell("yes 'much output | a=1'", 500);
	is_int(last.err, FW_TIMEOUT, "endless output does not fill memory");
	run_shell("echo first; yes x | head -c 3000000; exit 1", 20000);
	ok(last.status == 1 && strcmp(last.text, "first") == 0, "3 MB of output: the first line counts");
	unlink(path);
}

static void test_limit(void)
{
	static const char *const argv[] = { "sh", "-c", "sleep 0.05", NULL };
	struct check_runner *two = check_runner_new(loop.base, loop.wheel, 2);
	unsigned number[6] = { 0, 1, 2, 3, 4, 5 }, most = 0;
	struct check_job *job[6];

	told = 0;
	for (int i = 0; i < 6; i++)
		job[i] = check_start(two, argv, span_s(WAIT_S), on_done, &number[i]);
	is_int(check_count(two).waited, 4, "four of six have to wait");
	check_cancel(job[5]);
	is_int(check_count(two).waiting, 5, "one that waits can be cancelled");
	for (struct mono end = mono_add(clock_mono(), span_s(WAIT_S)); told < 5 && clock_mono().us < end.us;) {
		event_base_loop(loop.base, EVLOOP_ONCE);
		if (check_count(two).running > most)
			most = check_count(two).running;
	}
	is_int(told, 5, "all others end");
	is_int(most, 2, "never more than two at once");
	is_u64(check_count(two).started, 5, "the cancelled one was not started");
	check_runner_free(two);
}

static void test_cancel_and_free(void)
{
	static const char *const sleeper[] = { "sleep", "60", NULL };
	struct check_runner *r = check_runner_new(loop.base, loop.wheel, 4);
	struct check_job *job = check_start(r, sleeper, span_s(60), on_done, NULL);
	struct mono start = clock_mono();
	unsigned running = 0;

	told = 0;
	while (running == 0 && mono_since(clock_mono(), start).us < 10000000) {
		event_base_loop(loop.base, EVLOOP_ONCE);
		running = check_count(r).running;
	}
	check_cancel(job);
	for (start = clock_mono(); check_count(r).running && mono_since(clock_mono(), start).us < 10000000;)
		event_base_loop(loop.base, EVLOOP_ONCE);
	ok(check_count(r).running == 0 && check_count(r).ended == 1, "a cancelled one is reaped");
	is_int(told, 0, "... and nobody is told");
	for (int i = 0; i < 6; i++)
		check_start(r, sleeper, span_s(60), on_done, NULL);
	while (check_count(r).running < 4 && mono_since(clock_mono(), start).us < 20000000)
		event_base_loop(loop.base, EVLOOP_ONCE);
	start = clock_mono();
	check_runner_free(r);
	ok(mono_since(clock_mono(), start).us < 3000000, "freeing the runner ends its children");
	is_int(told, 0, "... and nobody is told");
}

int main(void)
{
	plan(7 + 11 + 7 + 10 + 5 + 4 + 1);
	loop_init(&loop);
	runner = check_runner_new(loop.base, loop.wheel, 4);
	test_plugins();
	test_results();
	test_not_started();
	test_hangs();
	test_limit();
	test_cancel_and_free();
	for (struct mono end = mono_add(clock_mono(), span_s(WAIT_S)); check_count(runner).running &&
	     clock_mono().us < end.us;)
		event_base_loop(loop.base, EVLOOP_ONCE);
	is_u64(check_count(runner).ended, check_count(runner).started, "every child was reaped");
	check_runner_free(runner);
	loop_release(&loop);
	return done();
}
