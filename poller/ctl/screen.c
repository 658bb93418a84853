/* poller/ctl/screen.c: what commands print for people: width, colour, cells, wrapped lines.
 *
 * Every string that comes here is clean already (json_clean()): nothing foreign reaches a terminal as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

enum { WIDTH_LEAST = 60, WIDTH_PIPE = 120, WIDTH_MOST = 1000 };

/* Of the terminal; else as $COLUMNS says; else wide enough for a pipe. */
struct screen screen_of(const struct ctl *c)
{
	struct screen s = { .out = stdout, .color = c->color, .width = WIDTH_PIPE };
	const char *columns = getenv("COLUMNS");
	long said = columns ? strtol(columns, NULL, 10) : 0;
	struct winsize w = { 0 };

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		said = w.ws_col;
	if (said > 0)
		s.width = said < WIDTH_LEAST ? WIDTH_LEAST : said > WIDTH_MOST ? WIDTH_MOST : (unsigned)said;
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

void screen_number(const struct screen *s, const char *text, unsigned columns)
{
	size_t have = text_columns(text);

	if (have < columns)
		fprintf(s->out, "%*s", (int)(columns - have), "");
	screen_cell(s, text, have < columns ? (unsigned)have : columns);
}

/* A word longer than the line is broken where the line ends. */
size_t screen_line(const char *text, unsigned columns, const char **next)
{
	size_t all = octets_of(text, columns ? columns : 1), len = all;

	if (text[all] != '\0') {
		while (len > 0 && text[len] != ' ')
			len--;
		len = len ? len : all;
	}
	for (*next = text + len; **next == ' '; ++*next)
		;
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len;
}

void screen_wrap(const struct screen *s, unsigned indent, const char *text)
{
	unsigned columns = s->width > indent + 20 ? s->width - indent : 20;
	const char *next = text;
	bool first = true;

	do {
		size_t len = screen_line(text, columns, &next);

		fprintf(s->out, "%*s%.*s\n", first ? 0 : (int)indent, "", (int)len, text);
		first = false;
		text = next;
	} while (*text);
}

void screen_label(const struct screen *s, const char *word)
{
	fprintf(s->out, "%s%-14s%s ", screen_ink(s, INK_DIM), word, screen_ink(s, INK_PLAIN));
}
