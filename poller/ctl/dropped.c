/* poller/ctl/dropped.c: what the ledger keeps of components that the configuration no longer has.
 *
 * Their states and histories are kept as long as events are (retention), from the start on that first misses them: a name
 * that comes back before that goes on where it was. Nothing says when it was last there, so its state is made
 * to: unknown, "no longer configured".
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "poller/base/log.h"
#include "poller/base/text.h"
#include "poller/ctl/daemon-int.h"

static const char reason[] = "no longer configured";

enum what { NEW, WAITS, OVER };

struct one { char *name; enum what what; };
struct dropped {
	const struct config *config;
	struct wall before;		/* what is missed since then is forgotten */
	struct names names;
	struct one *one;
	size_t count, room;
};

/* A part belongs to its device. */
static bool is_dropped(const struct config *c, const char *name)
{
	return config_find(c, name) == NULL && config_device_of(c, name) == CONFIG_NONE;
}

static void add(struct dropped *d, const char *name, enum what what)
{
	if (!is_dropped(d->config, name) || names_find(&d->names, name) != NAMES_NONE)
		return;
	if (d->count == d->room) {
		d->room = d->room ? d->room * 2 : 64;
		d->one = must_realloc(d->one, d->room * sizeof(*d->one));
	}
	d->one[d->count] = (struct one){ strdup(name), what };
	must(d->one[d->count].name != NULL);
	names_put(&d->names, d->one[d->count++].name, 0);
}

static bool one_state(void *owner, const struct ledger_state *s)
{
	struct dropped *d = owner;
	bool said = strcmp(s->reason, reason) == 0;

	add(d, s->name, !said ? NEW : s->seen.us < d->before.us ? OVER : WAITS);
	return true;
}

static bool one_history(void *owner, const char *name, const struct history *h)
{
	(void)h;
	add(owner, name, NEW);
	return true;
}

static enum fw_err begin_age(struct ledger *l, const char *name, struct wall now, struct err *err)
{
	struct ledger_state s = { .state = STATE_UNKNOWN, .since = now, .seen = now };

	text_copy(s.name, sizeof(s.name), name);
	text_copy(s.reason, sizeof(s.reason), reason);
	return ledger_put_state(l, &s, err);
}

static enum fw_err say(struct ledger *l, uint32_t n, struct wall now, struct err *err)
{
	struct ledger_event e = { .at = now, .what = "retention" };

	snprintf(e.reason, sizeof(e.reason), "forgot %u component%s that the configuration has not had for long", n, n == 1 ? "" : "s");
	log_info(LOG_LEDGER, "retention: %s", e.reason);
	return ledger_put_event(l, &e, err);
}

static enum fw_err follow(struct dropped *d, struct ledger *l, struct wall now, struct err *err)
{
	enum fw_err e = ledger_begin(l, err);
	uint32_t forgotten = 0;

	for (size_t i = 0; i < d->count && e == FW_OK; i++) {
		if (d->one[i].what == NEW)
			e = begin_age(l, d->one[i].name, now, err);
		else if (d->one[i].what == OVER && ++forgotten)
			e = ledger_part_forget(l, d->one[i].name, err);
	}
	if (e == FW_OK && forgotten)
		e = say(l, forgotten, now, err);
	if (e == FW_OK)
		return ledger_commit(l, err);
	ledger_rollback(l);
	return e;
}

void dropped_follow(const struct config *c, struct ledger *l, struct wall now)
{
	struct dropped d = { .config = c, .before = wall_add(now, span_us(-c->retention.us)) };
	struct err err;
	enum fw_err e = ledger_states(l, one_state, &d, &err);

	if (e == FW_OK)
		e = ledger_histories(l, one_history, &d, &err);
	if (e == FW_OK && d.count)
		e = follow(&d, l, now, &err);
	if (e != FW_OK)
		log_warn(LOG_LEDGER, "what is no longer configured stays: %s", err.text);
	for (size_t i = 0; i < d.count; i++)
		free(d.one[i].name);
	free(d.one);
	names_release(&d.names);
}
