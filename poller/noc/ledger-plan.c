/* poller/noc/ledger-plan.c: windows of maintenance and accepted risks in the ledger. A file may be damaged or foreign:
 * what is read is bounded, and what is no plan is left out.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/base/text.h"
#include "ledger-int.h"

/* ---- windows ---------------------------------------------------------------------------------------------------- */

char *name_list_encode(const struct name_list *l)
{
	json_t *list = json_array();
	char *text;

	for (uint32_t i = 0; i < l->count; i++)
		json_array_append_new(list, json_string(l->name[i]));	/* a name is UTF-8, or it is not there */
	text = json_dumps(list, JSON_COMPACT);
	must(text != NULL);
	json_decref(list);
	return text;
}

static bool name_list_decode(const char *text, struct name_list *l)
{
	json_t *list = text ? json_loads(text, 0, NULL) : NULL, *name;
	bool good = json_is_array(list);
	size_t i;

	json_array_foreach(list, i, name) {
		good = good && json_is_string(name) && json_string_length(name) < MODEL_NAME_MAX;
		if (good)
			name_list_add(l, json_string_value(name));
	}
	json_decref(list);
	return good;
}

enum fw_err ledger_put_window_row(struct ledger *l, const struct window *w, const char *members, const char *foreseen,
				  struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_WINDOW_PUT, err);

	ledger_bind(s, "iwwwwtttt", (int64_t)w->number, w->from, w->until, w->began, w->ended, w->why, w->who, members, foreseen);
	return ledger_step(l, s, err);
}

enum fw_err ledger_put_window(struct ledger *l, const struct window *w, struct err *err)
{
	char *members = name_list_encode(&w->member), *foreseen = name_list_encode(&w->foreseen);
	enum fw_err e = ledger_put_window_row(l, w, members, foreseen, err);

	free(members);
	free(foreseen);
	return e;
}

/* A number that fits; else 0, which none has. */
static uint32_t number_at(sqlite3_stmt *s, int column)
{
	int64_t n = sqlite3_column_int64(s, column);

	return n > 0 && n < UINT32_MAX ? (uint32_t)n : 0;
}

static void say_no_plan(struct ledger *l, const char *what)
{
	log_often(LOG_LEVEL_ERROR, LOG_LEDGER, &l->unreadable, "'%s': a row holds no %s; left out", l->path, what);
}

struct windows { ledger_each_window *each; void *owner; };

static bool window_row(struct ledger *l, sqlite3_stmt *s, void *what)
{
	struct windows *k = what;
	struct window *w = window_new(number_at(s, 0));

	w->from = ledger_wall_at(s, 1);
	w->until = ledger_wall_at(s, 2);
	w->began = ledger_wall_at(s, 3);
	w->ended = ledger_wall_at(s, 4);
	ledger_text_at(s, 5, w->why, sizeof(w->why));
	ledger_text_at(s, 6, w->who, sizeof(w->who));
	if (w->number && w->from.us > 0 && w->until.us > w->from.us &&
	    name_list_decode((const char *)sqlite3_column_text(s, 7), &w->member) &&
	    name_list_decode((const char *)sqlite3_column_text(s, 8), &w->foreseen))
		return k->each(k->owner, w);
	say_no_plan(l, "maintenance");
	window_free(w);
	return true;
}

enum fw_err ledger_windows(struct ledger *l, ledger_each_window *each, void *owner, struct err *err)
{
	struct windows k = { each, owner };

	return ledger_each_row(l, ledger_statement(l, SQL_WINDOWS, err), window_row, &k, err);
}

uint32_t ledger_window_next(struct ledger *l) { return (uint32_t)ledger_one_number(l, SQL_WINDOW_NEXT, 1); }

/* ---- accepted risks --------------------------------------------------------------------------------------------- */

enum fw_err ledger_put_acceptance_row(struct ledger *l, const struct acceptance *a, const char *mark, struct err *err)
{
	sqlite3_stmt *s = ledger_statement(l, SQL_ACCEPT_PUT, err);

	ledger_bind(s, "itwwwttt", (int64_t)a->number, a->key, a->at, a->until, a->ended, a->why, a->who, mark);
	return ledger_step(l, s, err);
}

enum fw_err ledger_put_acceptance(struct ledger *l, const struct acceptance *a, struct err *err)
{
	return ledger_put_acceptance_row(l, a, a->mark, err);
}

struct acceptances { ledger_each_acceptance *each; void *owner; };

static bool acceptance_row(struct ledger *l, sqlite3_stmt *s, void *what)
{
	struct acceptances *k = what;
	const char *mark = (const char *)sqlite3_column_text(s, 7);
	struct acceptance *a;

	if (!number_at(s, 0) || !mark || !alert_decode(mark, (size_t)sqlite3_column_bytes(s, 7), &l->alert)) {
		say_no_plan(l, "accepted risk");
		return true;
	}
	a = acceptance_new(number_at(s, 0), &l->alert);
	ledger_text_at(s, 1, a->key, sizeof(a->key));
	a->at = ledger_wall_at(s, 2);
	a->until = ledger_wall_at(s, 3);
	a->ended = ledger_wall_at(s, 4);
	ledger_text_at(s, 5, a->why, sizeof(a->why));
	ledger_text_at(s, 6, a->who, sizeof(a->who));
	return k->each(k->owner, a);
}

enum fw_err ledger_acceptances(struct ledger *l, ledger_each_acceptance *each, void *owner, struct err *err)
{
	struct acceptances k = { each, owner };

	return ledger_each_row(l, ledger_statement(l, SQL_ACCEPTS, err), acceptance_row, &k, err);
}

uint32_t ledger_acceptance_next(struct ledger *l) { return (uint32_t)ledger_one_number(l, SQL_ACCEPT_NEXT, 1); }
