/* poller/config-command.c: a check's command as words, without a shell. See config-int.h.
 *
 * As in POSIX 2.2 (quoting): backslash, '...', "..." with backslash before \ and " only; words end at blanks.
 * Parameters are filled in after splitting, so that a name with blanks or quotes stays one word.
 */
#include <string.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One word at '*at' into 'out', which has room; false when a quote is not closed. */
static bool word_split(const char **at, char *out)
{
	const char *p = *at;
	char quote = 0;

	for (; *p && (quote || !is_blank(*p)); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'') {
			quote = quote ? 0 : *p;
		} else if (*p == '\\' && quote != '\'' && p[1] && (!quote || p[1] == '\\' || p[1] == '"')) {
			*out++ = *++p;
		} else {
			*out++ = *p;
		}
	}
	*out = 0;
	*at = p;
	return !quote;
}

/* A word that would mean something to a shell, which will not read it. Quoted it is an argument like any other. */
static bool is_operator(const char *word, size_t len)
{
	static const char *const sign[] = { "|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1" };

	for (size_t i = 0; i < sizeof(sign) / sizeof(*sign); i++)
		if (strlen(sign[i]) == len && memcmp(word, sign[i], len) == 0)
			return true;
	return false;
}

const char *const *command_split(struct arena *a, const char *command, struct err *err)
{
	size_t len = strlen(command);
	const char **argv = arena_alloc(a, (len / 2 + 2) * sizeof(*argv)), *at = command;
	const char *begin;
	char *room = arena_alloc(a, 2 * len + 2);	/* each word and its end, which a blank or quote pays for */
	unsigned n = 0;

	for (;;) {
		while (is_blank(*at))
			at++;
		if (!*at)
			break;
		argv[n++] = room;
		begin = at;
		if (!word_split(&at, room)) {
			err_set(err, FW_MISTAKE, "a quote is not closed");
			return NULL;
		}
		if (is_operator(begin, (size_t)(at - begin))) {
			err_set(err, FW_MISTAKE, "has \"%s\", but no shell reads it; write sh -c '...' if one shall", room);
			return NULL;
		}
		room += strlen(room) + 1;
	}
	if (n == 0 || !*argv[0]) {
		err_set(err, FW_MISTAKE, "no program; write command = \"PROGRAM ARGUMENTS\"");
		return NULL;
	}
	return argv;
}

/* Length of the parameter "{word}" at 'at', 0 when there is none: letters only, so that other braces stay. */
static size_t parameter_at(const char *at)
{
	size_t len = *at == '{' ? strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_-") : 0;

	return len > 0 && at[len + 1] == '}' ? len + 2 : 0;
}

static const char *parameter_value(const char *at, size_t len, const char *name, const char *address, struct err *err)
{
	if (len == 6 && memcmp(at, "{name}", 6) == 0)
		return name;
	if (len == 9 && memcmp(at, "{address}", 9) == 0) {
		if (!address)
			err_set(err, FW_MISTAKE, "{address} has no value: this check belongs to no device; write the address");
		return address;
	}
	err_set(err, FW_MISTAKE, "unknown parameter %.*s; there are {name} and {address}", (int)len, at);
	return NULL;
}

const char *command_fill(struct arena *a, const char *word, const char *name, const char *address, struct err *err)
{
	size_t size = strlen(word) + 1, len;
	const char *value;
	char *out;
	struct text t;

	for (const char *p = word; *p; p++)
		if ((len = parameter_at(p)) > 0) {
			if (!(value = parameter_value(p, len, name, address, err)))
				return NULL;
			size += strlen(value);
		}
	out = arena_alloc(a, size);
	t = text_over(out, size);
	for (const char *p = word; *p; p += len) {
		if ((len = parameter_at(p)) > 0)
			text_add(&t, "%s", parameter_value(p, len, name, address, err));
		else
			text_add(&t, "%.*s", (int)(len = strcspn(p + 1, "{") + 1), p);
	}
	return out;
}
