/* poller/ctl/ctl.c: what every command needs: options, usage, the configuration, the screen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

int ctl_usage(const struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "forewarn %s: ", c->command->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: forewarn %s %s   (forewarn help %s)\n", c->command->name, c->command->arguments, c->command->name);
	return EXIT_USAGE;
}

int ctl_failed(const struct ctl *c, const char *why)
{
	fprintf(stderr, "forewarn %s: %s\n", c->command->name, why);
	return EXIT_FAILED;
}

static void take_argument(struct ctl *c, int i)
{
	for (; i + 1 < c->argc; i++)
		c->argv[i] = c->argv[i + 1];
	c->argc--;
}

/* Options end at "--". */
static int options_end(const struct ctl *c)
{
	int i = 0;

	while (i < c->argc && strcmp(c->argv[i], "--") != 0)
		i++;
	return i;
}

bool ctl_flag(struct ctl *c, const char *long_name, char short_name)
{
	for (int i = 0; i < options_end(c); i++) {
		const char *a = c->argv[i];

		if ((a[0] == '-' && a[1] == '-' && strcmp(a + 2, long_name) == 0) ||
		    (a[0] == '-' && short_name && a[1] == short_name && a[2] == '\0')) {
			take_argument(c, i);
			return true;
		}
	}
	return false;
}

const char *ctl_value(struct ctl *c, const char *long_name, char short_name)
{
	size_t len = strlen(long_name);

	for (int i = 0; i < options_end(c); i++) {
		char *a = c->argv[i], *value;
		bool is_long = strncmp(a, "--", 2) == 0 && strncmp(a + 2, long_name, len) == 0;

		if (is_long && a[2 + len] == '=') {
			take_argument(c, i);
			return a + 3 + len;
		}
		if (!(is_long && a[2 + len] == '\0') && !(a[0] == '-' && short_name && a[1] == short_name && a[2] == '\0'))
			continue;
		if (i + 1 >= options_end(c))
			return NULL;	/* stays there: ctl_rest_ok() says so */
		value = c->argv[i + 1];
		take_argument(c, i);
		take_argument(c, i);
		return value;
	}
	return NULL;
}

bool ctl_rest_ok(struct ctl *c, int most_arguments)
{
	int end = options_end(c);

	for (int i = 0; i < end; i++)
		if (c->argv[i][0] == '-' && c->argv[i][1] != '\0') {
			ctl_usage(c, "unknown option '%s', or its value is missing", c->argv[i]);
			return false;
		}
	if (end < c->argc)
		take_argument(c, end);
	if (c->argc > most_arguments) {
		ctl_usage(c, "too many arguments: '%s'", c->argv[most_arguments]);
		return false;
	}
	return true;
}

struct config *ctl_config(const struct ctl *c)
{
	struct mistakes m = { 0 };
	struct config *config = config_load(c->config_path, c->state, &m);

	for (unsigned i = 0; config == NULL && i < m.count; i++)
		fprintf(stderr, "%s\n", m.line[i]);
	if (config == NULL)
		fprintf(stderr, "%u mistake%s\n", m.count + m.more, m.count + m.more == 1 ? "" : "s");
	mistakes_release(&m);
	return config;
}

int ctl_print_json(const json_t *answer)
{
	json_dumpf(answer, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	return EXIT_DONE;
}

/* ---- the screen -------------------------------------------------------------------------------------------------------- */

struct screen screen_of(const struct ctl *c)
{
	struct screen s = { .out = stdout, .color = c->color, .width = 100 };
	struct winsize w;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40)
		s.width = w.ws_col;
	return s;
}

const char *screen_ink(const struct screen *s, enum ink ink)
{
	static const char *const code[] = {
		[INK_PLAIN] = "\033[0m", [INK_GOOD] = "\033[32m", [INK_WARN] = "\033[33m", [INK_BAD] = "\033[1;31m",
		[INK_DIM] = "\033[2m", [INK_BOLD] = "\033[1m",
	};

	return s->color ? code[ink] : "";
}

/* Octets of the first 'columns' code points. */
static size_t octets_of(const char *text, size_t columns)
{
	size_t i = 0;

	for (; text[i]; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80 && columns-- == 0)
			break;
	return i;
}

void screen_cell(const struct screen *s, const char *text, unsigned columns)
{
	size_t have = text_columns(text);

	if (have <= columns)
		fprintf(s->out, "%s%*s", text, (int)(columns - have), "");
	else
		fprintf(s->out, "%.*s...", (int)octets_of(text, columns > 3 ? columns - 3 : 0), text);
}
