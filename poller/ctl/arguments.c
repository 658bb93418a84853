/* poller/ctl/arguments.c: what a call of the API takes, checked before it is made: a program that asks with a wrong type is told,
 * and not answered as if it had asked for something else. A key that no call knows is let be: newer clients ask older daemons.
 * Thread: main.
 */
#include <stdio.h>
#include <string.h>

#include "poller/ctl/daemon-int.h"

enum kind { TEXT, COUNT, SWITCH, LIST };

static const struct argument { const char *call, *name; enum kind kind; bool needed; } rows[] = {
	{ "status", "service", TEXT, false },
	{ "risk", "service", TEXT, false }, { "risk", "list", COUNT, false }, { "risk", "brief", SWITCH, false },
	{ "explain", "name", TEXT, true },
	{ "whatif", "list", LIST, true }, { "whatif item", "name", TEXT, true }, { "whatif item", "state", TEXT, false },
	{ "show", "class", TEXT, false }, { "show", "device", TEXT, false },
	{ "events", "name", TEXT, false }, { "events", "from_us", COUNT, false }, { "events", "until_us", COUNT, false },
	{ "events", "most", COUNT, false },
	{ "debug", "device", TEXT, false },
	{ "maintain", "list", LIST, false }, { "maintain item", "name", TEXT, true }, { "maintain", "from_us", COUNT, false },
	{ "maintain", "until_us", COUNT, false }, { "maintain", "why", TEXT, false }, { "maintain", "yes", SWITCH, false },
	{ "maintain", "end", COUNT, false },
	{ "accept", "name", TEXT, false }, { "accept", "until_us", COUNT, false }, { "accept", "why", TEXT, false },
	{ "accept", "withdraw", COUNT, false },
	{ "set", "list", LIST, true },
	{ "set item", "name", TEXT, true }, { "set item", "state", TEXT, true }, { "set item", "why", TEXT, false },
	{ "set item", "for_us", COUNT, false }, { "set item", "line", COUNT, false },
	{ "forget", "name", TEXT, true },
	{ "flush", "name", TEXT, true },
	{ "device", "name", TEXT, true },
	{ "poll", "name", TEXT, false },
	{ "log", "area", TEXT, true }, { "log", "on", SWITCH, true },
};

static const char *const kind_words[] = {
	[TEXT] = "text", [COUNT] = "a whole number, 0 or more", [SWITCH] = "true or false", [LIST] = "a list of at least one object",
};

static bool is_kind(const json_t *v, enum kind k)
{
	switch (k) {
	case TEXT: return json_is_string(v);
	case COUNT: return json_is_integer(v) && json_integer_value(v) >= 0;
	case SWITCH: return json_is_boolean(v);
	case LIST: return json_array_size(v) > 0;
	}
	return false;
}

enum fw_err arguments_check(const char *call, const json_t *args, struct err *err)
{
	enum fw_err e = FW_OK;
	char each[64];
	size_t k;
	json_t *item;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct argument *a = &rows[i];
		json_t *v = json_object_get(args, a->name);
		bool absent = v == NULL || json_is_null(v);

		if (strcmp(a->call, call) != 0 || (absent && !a->needed))
			continue;
		if (absent)
			return err_set(err, FW_MISTAKE, "%s needs '%s': %s", call, a->name, kind_words[a->kind]);
		if (!is_kind(v, a->kind))
			return err_set(err, FW_MISTAKE, "'%s' of %s is not %s", a->name, call, kind_words[a->kind]);
		if (a->kind != LIST)
			continue;
		json_array_foreach(v, k, item) {
			if (!json_is_object(item))
				return err_set(err, FW_MISTAKE, "'%s' of %s is not %s", a->name, call, kind_words[a->kind]);
			snprintf(each, sizeof(each), "%s item", call);
			if ((e = arguments_check(each, item, err)) != FW_OK)
				return e;
		}
	}
	return e;
}
