/* t/unit/t0010-err.c: errors have words and texts, lines are cut, the impossible aborts and names its subject. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "poller/base/err.h"
#include "tap.h"

static void test_table(void)
{
	int texts = 0, words = 0, different = 0;

	for (int e = 0; e < FW_ERRS; e++) {
		texts += fw_err_text(e) != NULL && *fw_err_text(e);
		words += fw_err_word(e) != NULL && *fw_err_word(e);
		for (int other = 0; other < e; other++)
			different += strcmp(fw_err_word(e), fw_err_word(other)) != 0;
	}
	is_int(texts, FW_ERRS, "every code has a text");
	is_int(words, FW_ERRS, "every code has a word");
	is_int(different, FW_ERRS * (FW_ERRS - 1) / 2, "no two codes share a word");
	is_str(fw_err_text(FW_TIMEOUT), "no answer in time", "the text is that of the code");
	is_str(fw_err_word(FW_NOINST), "no-instance", "the word is that of the code");
	is_str(fw_err_text((enum fw_err)4711), "unknown error", "a number out of range has a text");
	is_str(fw_err_word((enum fw_err)-1), "unknown", "a negative number has a word");
}

static void test_set(void)
{
	char longer[1000];
	struct err e;

	errno = ENOENT;
	is_int(err_set(&e, FW_IO, "cannot open '%s': %s", "x", err_errno()), FW_IO, "err_set returns the code");
	is_int(errno, ENOENT, "errno survives err_set");
	is_str(e.text, "cannot open 'x': No such file or directory", "the line says why");
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	err_set(&e, FW_MISTAKE, "%s", longer);
	is_int(strlen(e.text), sizeof(e.text) - 1, "a long line is cut at the end of its buffer");
	is_int(err_set(NULL, FW_MISTAKE, "nobody listens"), FW_MISTAKE, "NULL is nobody who wants the line");
	errno = 99999;
	is_str(err_errno(), "unknown error", "an errno that the C library does not know has a text");
}

static void test_must(void)
{
	char said[512] = "";
	int fd[2], status;
	pid_t child;

	if (pipe(fd) != 0 || (child = fork()) < 0) {
		skip(3, "no pipe or process to be had");
		return;
	}
	if (child == 0) {
		dup2(fd[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		must_subject("device 'edge1'");
		must(1 + 1 == 3);
		_exit(0);
	}
	close(fd[1]);
	for (size_t len = 0; len < sizeof(said) - 1;) {
		ssize_t n = read(fd[0], said + len, sizeof(said) - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd[0]);
	waitpid(child, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "must() aborts when its condition is false");
	ok(strstr(said, "1 + 1 == 3") && strstr(said, "t0010-err.c"), "... says which condition, and where");
	ok(strstr(said, "device 'edge1'"), "... and on what the thread was at work");
}

static void test_alloc(void)
{
	char *p = must_alloc(100), *q;
	int zero = 0;

	for (int i = 0; i < 100; i++)
		zero += p[i] == 0;
	is_int(zero, 100, "must_alloc gives zeroes");
	memcpy(p, "abc", 4);
	p = must_realloc(p, 5000);
	is_str(p, "abc", "must_realloc keeps what was there");
	q = must_strdup(p);
	ok(q != p && strcmp(q, "abc") == 0, "must_strdup copies");
	free(p);
	free(q);
}

int main(void)
{
	plan(19);
	test_table();
	test_set();
	test_must();
	test_alloc();
	return done();
}
