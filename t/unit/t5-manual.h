/* t/unit/t5-manual.h: the worked numbers of forewarn-risk(7), computed again.
 *
 * The page marks each with a comment line: .\" SIGN: KEY VALUE. Each must be what a test says with work(), and stand in
 * the text that follows it; and every number computed must be on the page. Each test has a sign of its own.
 */
#ifndef T5_MANUAL_H
#define T5_MANUAL_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

struct worked { const char *key; char value[32]; bool seen; };

enum { WORKED_MOST = 60 };
static struct worked worked[WORKED_MOST];
static int works;

static void work(const char *key, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void work(const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(worked[works].value, sizeof(worked[works].value), fmt, ap);
	va_end(ap);
	worked[works++].key = key;
}

/* ---- the page ----------------------------------------------------------------------------------------------------*/

static char *read_page(void)
{
	const char *top = getenv("FOREWARN_TOP");
	enum { PAGE_MOST = 1 << 18 };
	char path[512], *page = calloc(1, PAGE_MOST);
	FILE *f;

	snprintf(path, sizeof(path), "%s/man/forewarn-risk.7", top ? top : ".");
	f = fopen(path, "r");
	if (!f || fread(page, 1, PAGE_MOST - 1, f) == 0)
		note("cannot read '%s'", path);
	if (f)
		fclose(f);
	return page;
}

/* 'value' as a word of its own between 'from' and 'to'. */
static bool stands(const char *from, const char *to, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = strstr(from, value); at && at < to; at = strstr(at + 1, value))
		if (!strchr("0123456789.abcdefghijklmnopqrstuvwxyz", at[-1]) && !strchr("0123456789", at[len]))
			return true;
	return false;
}

static void check_mark(const char *mark, const char *sign)
{
	const char *text = strchr(mark, '\n'), *end = text ? strstr(text, sign) : NULL;
	const char *section = text ? strstr(text, "\n.Sh ") : NULL;
	char key[64] = "", value[64] = "";
	struct worked *w = worked;

	sscanf(mark, "%63s %63[^\n]", key, value);
	while (w < worked + works && strcmp(w->key, key) != 0)
		w++;
	if (!end || (section && section < end))
		end = section;
	if (w == worked + works || !end) {
		ok(false, key);
		return;
	}
	w->seen = true;
	is_str(value, w->value, key);
	ok(stands(text, end, value), "... and the text says so");
}

/* All marks with this sign: two checks each, and one more. */
static void check_manual(const char *word)
{
	char *page = read_page(), sign[32];
	int missing = 0;

	snprintf(sign, sizeof(sign), "\n.\\\" %s: ", word);
	for (const char *at = strstr(page, sign); at; at = strstr(at + 1, sign))
		check_mark(at + strlen(sign), sign);
	for (int i = 0; i < works; i++)
		missing += !worked[i].seen;
	is_int(missing, 0, "every number is on the page");
	free(page);
}

#endif
