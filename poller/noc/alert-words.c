/* poller/noc/alert-words.c: alerts in words (UX.md): what is wrong, what it means, what to do first. */
#include <ctype.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/words.h"
#include "alert-int.h"

/* ---- words of the enumerations ---------------------------------------------------------------------------------- */

const char *severity_word(enum severity s)
{
	static const char *const words[SEVERITIES] = {
		[SEVERITY_CLEARED] = "cleared", [SEVERITY_WARNING] = "warning", [SEVERITY_MINOR] = "minor",
		[SEVERITY_MAJOR] = "major", [SEVERITY_CRITICAL] = "critical",
	};

	return (unsigned)s < SEVERITIES ? words[s] : "warning";
}

const char *alert_kind_word(enum alert_kind k)
{
	static const char *const words[ALERT_KINDS] = {
		[ALERT_COMPONENT] = "component", [ALERT_RISK] = "risk", [ALERT_QUALITY] = "quality", [ALERT_BUDGET] = "budget",
	};

	return (unsigned)k < ALERT_KINDS ? words[k] : "component";
}

const char *transition_word(enum transition t)
{
	static const char *const words[TRANSITIONS] = {
		[TRANSITION_RAISE] = "raise", [TRANSITION_CHANGE] = "change", [TRANSITION_CLEAR] = "clear",
	};

	return (unsigned)t < TRANSITIONS ? words[t] : "change";
}

/* ---- text ------------------------------------------------------------------------------------------------------- */

void mend_end(char *buf)
{
	size_t len = strlen(buf), back = 0;

	while (back < len && back < 4 && ((unsigned char)buf[len - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < len && (unsigned char)buf[len - 1 - back] >= 0xc0 && !text_is_utf8(buf + len - 1 - back, back + 1))
		buf[len - 1 - back] = 0;
}

void put_text(char *buf, size_t size_octets, const char *s)
{
	if (!text_copy(buf, size_octets, s))
		mend_end(buf);
}

bool same_but_numbers(const char *a, const char *b)
{
	for (;;) {
		while (isdigit((unsigned char)*a) || *a == '.')
			a++;
		while (isdigit((unsigned char)*b) || *b == '.')
			b++;
		if (*a != *b)
			return false;
		if (*a == 0)
			return true;
		a++;
		b++;
	}
}

const char *lose_words(uint32_t lose, char *buf, size_t size_octets)
{
	struct text t = text_over(buf, size_octets);

	if (lose == LOSE_DOWN)
		text_add(&t, "is down");
	else if (lose == LOSE_NEVER)
		text_add(&t, "can lose any");
	else
		text_add(&t, "can lose %u", lose);
	return buf;
}

static void add_was(struct text *t, uint32_t lose)
{
	if (lose == LOSE_DOWN)
		text_add(t, " (was down)");
	else if (lose == LOSE_NEVER)
		text_add(t, " (was any)");
	else
		text_add(t, " (was %u)", lose);
}

/* ", down from 31 Dec 09:00 on" */
static void add_coming(const struct touched *t, struct text *x)
{
	char day[40];

	if (t->coming_at.us)
		text_add(x, ", %s from %s on", state_word(t->coming_quality), wall_format_day(t->coming_at, clock_wall(), day, sizeof(day)));
}

char *touched_words(const struct touched *t, char *buf, size_t size_octets)
{
	struct text x = text_over(buf, size_octets);
	char lose[32];

	text_add(&x, "%s: %s%s", t->service, state_word(t->quality_now), t->planned ? " (planned)" : "");
	if (t->lose_now != LOSE_DOWN)
		text_add(&x, ", %s", lose_words(t->lose_now, lose, sizeof(lose)));
	if (t->lose_before != t->lose_now)
		add_was(&x, t->lose_before);
	if (t->others)
		text_add(&x, ", due to others");
	add_coming(t, &x);
	mend_end(buf);
	return buf;
}

/* ---- the cause -------------------------------------------------------------------------------------------------- */

static void say_component(const struct cause *c, struct text *t)
{
	char name[MODEL_NAME_MAX], state[REASON_MAX + 32];

	text_add(t, "%s %s", component_words(c->key, name, sizeof(name)),
		 state_words(state_word(c->state), c->e->reason, state, sizeof(state)));
	if (c->behind)
		text_add(t, "; and %u %s behind it", c->behind, c->behind == 1 ? "device" : "devices");
}

static void say_agent(const struct cause *c, struct text *t)
{
	text_add(t, "%s: its SNMP agent %s%s; ", c->key, c->e->fact.why ? "refuses us: " : "does not answer",
		 c->e->fact.why ? fw_err_text(c->e->fact.why) : "");
	if (c->behind)
		text_add(t, "%u %s unknown", c->behind, c->behind == 1 ? "component is" : "components are");
	else
		text_add(t, "it is there (ICMP), and nothing of it is measured");
}

static void say_blind(const struct cause *c, struct text *t)
{
	text_add(t, "the poller is blind: all %u devices are silent; nothing is known of any service", c->behind);
}

static void say_unpolled(const struct cause *c, struct text *t)
{
	text_add(t, "%u %s not polled: %s: %s", c->behind, c->behind == 1 ? "device is" : "devices are", c->e->name,
		 c->e->reason);
}

static void say_window(const struct cause *c, struct text *t)
{
	const struct window *w = c->window;
	uint32_t shown = w->member.count < 3 ? w->member.count : 3;
	char name[MODEL_NAME_MAX];

	text_add(t, "maintenance #%u of ", w->number);
	for (uint32_t i = 0; i < shown; i++)
		text_add(t, "%s%s", i ? ", " : "", component_words(w->member.name[i], name, sizeof(name)));
	if (w->member.count > shown)
		text_add(t, " and %u more", w->member.count - shown);
	text_add(t, " would now end ");
	for (uint32_t i = 0; i < c->affected_count && i < 3; i++)
		text_add(t, "%s%s", i ? ", " : "", c->affected[i]->name);
	if (c->affected_count > 3)
		text_add(t, " and %u more", c->affected_count - 3);
	text_add(t, ", which works: something failed since it was planned");
}

static const char *repair_component(const struct cause *c)
{
	if (c->e->admin)
		return "switch on";
	if (c->e->gone)
		return "put back (or 'forewarn forget')";
	return c->state == STATE_UNKNOWN ? "look at" : "repair";
}

static const char *repair_agent(const struct cause *c) { (void)c; return "look at the SNMP agent of"; }

/* How each kind of trouble is told, and the verb for what to do about it. */
static const struct role_words {
	void (*say)(const struct cause *c, struct text *t);
	const char *(*repair)(const struct cause *c);	/* before the key; NULL: 'instead' */
	const char *instead;
} role_words[ROLES] = {
	[ROLE_COMPONENT] = { say_component, repair_component, NULL },
	[ROLE_AGENT] = { say_agent, repair_agent, NULL },
	[ROLE_BLIND] = { say_blind, NULL, "look at the poller's own network connection" },
	[ROLE_WINDOW] = { say_window, NULL, "do not begin the work: repair what failed first (forewarn maintain --end gives the window back)" },
	[ROLE_UNPOLLED] = { say_unpolled, NULL, "look at forewarn itself (forewarn debug)" },
};

void say_cause(const struct cause *c, char *buf, size_t size_octets)
{
	char raw[MODEL_NAME_MAX + REASON_MAX + 128];
	struct text t = text_over(raw, sizeof(raw));

	role_words[c->role].say(c, &t);
	text_clean(raw, strlen(raw), buf, size_octets);
}

/* ---- what to do first ------------------------------------------------------------------------------------------- */

/* What the worst touched service gains when the cause is repaired alone. */
static void say_gain(struct alert_book *b, const struct cause *c, const struct alert *a, struct text *t)
{
	struct entity *s;
	uint32_t distance;

	if (a->touched_count == 0 || c->role != ROLE_COMPONENT || c->e->leaf == NODE_NONE || c->state == STATE_UNKNOWN)
		return;
	s = service_entity(b, b->touch[0].service);
	distance = graph_distance_if(model_graph(b->model), s->node, c->e->leaf, STATE_UP);
	if (distance == 0)
		text_add(t, " (%s stays down until others are repaired too)", a->touched[0].service);
	else if (service_ask(b, s->index)->verdict.quality == STATE_DOWN)
		text_add(t, ": then %s works again", a->touched[0].service);
	else if (distance != DISTANCE_NEVER && distance > service_ask(b, s->index)->verdict.distance)
		text_add(t, ": then %s can lose %u again", a->touched[0].service, distance - 1);
}

static void say_points(const struct alert *a, struct text *t)
{
	enum { SHOWN = 4 };
	uint32_t shown = a->points_count < SHOWN ? a->points_count : SHOWN, more = a->points_count - shown + a->points_more;

	char name[MODEL_NAME_MAX];

	if (shown == 0)
		return;
	text_add(t, "; leave ");
	for (uint32_t i = 0; i < shown; i++)
		text_add(t, "%s%s", i == 0 ? "" : i + 1 == shown && !more ? " and " : ", ",
			 component_words(a->points[i], name, sizeof(name)));
	if (more)
		text_add(t, " and %u more", more);
	text_add(t, " alone");
}

void say_first_do(struct alert_book *b, const struct cause *c, const struct alert *a, char *buf, size_t size_octets)
{
	const struct role_words *w = &role_words[c->role];
	struct text t = text_over(buf, size_octets);
	char name[MODEL_NAME_MAX];

	if (w->repair)
		text_add(&t, "%s %s", w->repair(c), component_words(c->key, name, sizeof(name)));
	else
		text_add(&t, "%s", w->instead);
	say_gain(b, c, a, &t);
	if (a->touched_count == 0 && c->role == ROLE_COMPONENT)
		text_add(&t, "; no service stands on it");
	say_points(a, &t);
	mend_end(buf);
}

void say_cleared(struct alert_book *b, const struct held *h, char *buf, size_t size_octets)
{
	const struct entity *e = model_find(b->model, h->key), *by = NULL;
	struct text t = text_over(buf, size_octets);
	char name[MODEL_NAME_MAX], state[REASON_MAX + 32];

	component_words(h->key, name, sizeof(name));
	if (e && e->kind == ENTITY_DEVICE && e->state == STATE_UNKNOWN)
		by = model_blamed(b->model, e);
	else if (e && e->state != STATE_UP)
		by = model_device_of(b->model, e);
	if (strncmp(h->key, "maintenance/", 12) == 0 && !e)
		text_add(&t, "maintenance #%s would no longer end more than was foreseen, or is over", h->key + 12);
	else if (e && model_maintained(b->model, e))
		text_add(&t, "%s is in maintenance (#%u): what it does until then is planned", name, model_maintained(b->model, e));
	else if (strcmp(h->key, BLIND_KEY) == 0)
		text_add(&t, "the poller sees its devices again");
	else if (!e)
		text_add(&t, "%s is no longer in the configuration or the baseline", name);
	else if (by && by->state != STATE_UP)
		text_add(&t, "%s: goes with %s, which is %s", name, by->name, state_word(by->state));
	else if (e->state == STATE_UP)
		text_add(&t, "%s is up", name);
	else
		text_add(&t, "%s is %s; no service stands on it", name,
			 state_words(state_word(e->state), e->reason, state, sizeof(state)));
	mend_end(buf);
}

/* ---- one line --------------------------------------------------------------------------------------------------- */

/* What the worst lines have in common, for the subject. */
enum meaning { MEANS_DOWN, MEANS_DEGRADED, MEANS_LAST, MEANS_LESS, MEANS_PLANNED, MEANS_OTHERS, MEANS_UNKNOWN, MEANS_HIDDEN, MEANS_NOTHING };

/* Of an unknown cause nobody knows what it does. */
static enum meaning meaning_of(const struct alert *a, const struct touched *t)
{
	if (a->state == STATE_UNKNOWN)
		return t->quality_now == STATE_UNKNOWN ? MEANS_UNKNOWN : MEANS_HIDDEN;
	if (t->planned)
		return MEANS_PLANNED;
	if (t->others)
		return MEANS_OTHERS;
	if (t->quality_now == STATE_DOWN)
		return MEANS_DOWN;
	if (t->quality_now == STATE_DEGRADED)
		return MEANS_DEGRADED;
	if (t->quality_now == STATE_UNKNOWN)
		return MEANS_UNKNOWN;
	return t->lose_now == 0 && t->built_for != 0 ? MEANS_LAST : MEANS_LESS;
}

static void say_meaning(enum meaning means, uint32_t names, uint32_t least, struct text *t)
{
	const char *be = names == 1 ? "is" : "are";

	if (means == MEANS_LAST)
		text_add(t, " can lose no more");
	else if (means == MEANS_HIDDEN)
		text_add(t, " may be worse than it looks");
	else if (means == MEANS_OTHERS)
		text_add(t, " %s weaker; worse due to others", be);
	else if (means == MEANS_PLANNED)
		text_add(t, " %s in maintenance", be);
	else if (means == MEANS_LESS && least == LOSE_NEVER)
		text_add(t, " %s weaker", be);
	else if (means == MEANS_LESS)
		text_add(t, " can still lose %u", least);
	else
		text_add(t, " %s %s", be, means == MEANS_DOWN ? "down" : means == MEANS_DEGRADED ? "degraded" : "unknown");
}

/* "order management, portal can lose no more", over the lines that are as bad as the first. */
static void say_worst(const struct alert *a, enum meaning means, struct text *t)
{
	enum { SHOWN = 3 };
	uint32_t same = 0, least = LOSE_NEVER;

	for (uint32_t i = 0; i < a->touched_count; i++) {
		if (meaning_of(a, &a->touched[i]) != means)
			continue;
		if (same < SHOWN)
			text_add(t, "%s%s", same ? ", " : ": ", a->touched[i].service);
		same++;
		if (a->touched[i].lose_now < least)
			least = a->touched[i].lose_now;
	}
	if (same > SHOWN)
		text_add(t, " and %u more", same - SHOWN + a->touched_more);
	say_meaning(means, same, least, t);
}

static enum meaning meaning_of_alert(const struct alert *a)
{
	enum meaning worst = MEANS_NOTHING;

	for (uint32_t i = 0; i < a->touched_count; i++)
		if (meaning_of(a, &a->touched[i]) < worst)
			worst = meaning_of(a, &a->touched[i]);
	return worst;
}

/* The first service that a calendar makes worse. */
static void say_coming(const struct alert *a, struct text *t)
{
	const struct touched *first = NULL;

	for (uint32_t i = 0; i < a->touched_count; i++)
		if (a->touched[i].coming_at.us && (!first || a->touched[i].coming_at.us < first->coming_at.us))
			first = &a->touched[i];
	if (!first)
		return;
	text_add(t, "; %s", first->service);
	add_coming(first, t);
}

/* The cause without its reasons: what is before the first ": " or "; " behind the name. */
static size_t short_cause(const struct alert *a)
{
	char name[MODEL_NAME_MAX];
	size_t at = strlen(component_words(a->key, name, sizeof(name)));

	if (strncmp(a->cause, name, at) == 0 && (a->cause[at] == ':' || a->cause[at] == ' '))
		at++;
	else
		at = 0;
	while (a->cause[at] && strncmp(a->cause + at, ": ", 2) != 0 && strncmp(a->cause + at, "; ", 2) != 0)
		at++;
	return at;
}

char *alert_subject(const struct alert *a, char *buf, size_t size_octets)
{
	static const char *const tags[] = {
		[MEANS_DOWN] = "DOWN", [MEANS_DEGRADED] = "DEGRADED", [MEANS_LAST] = "AT RISK", [MEANS_LESS] = "AT RISK",
		[MEANS_PLANNED] = "AT RISK", [MEANS_OTHERS] = "AT RISK", [MEANS_UNKNOWN] = "UNKNOWN",
		[MEANS_HIDDEN] = "UNKNOWN", [MEANS_NOTHING] = "COMPONENT",
	};
	enum meaning means = meaning_of_alert(a);
	struct text t = text_over(buf, size_octets);

	if (a->transition == TRANSITION_CLEAR) {
		text_add(&t, "[CLEARED] %s (#%llu)", a->cause, (unsigned long long)a->number);
		return buf;
	}
	text_add(&t, "[%s] %.*s", tags[means],
		 (int)short_cause(a), a->cause);
	if (means != MEANS_NOTHING)
		say_worst(a, means, &t);
	say_coming(a, &t);
	text_add(&t, " (#%llu)", (unsigned long long)a->number);
	mend_end(buf);
	return buf;
}
