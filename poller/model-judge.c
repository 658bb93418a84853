/* poller/model-judge.c: is a device up? From its answers, its parents' and everybody's (DESIGN section 3).
 *
 * A device is silent when it was asked and answers nothing. What a silent device is depends on silence alone, not on
 * what was judged before: the poller is blind when all are silent; it is cut off when all its parents are silent, and a
 * silent device further up has a parent that answers, or none: that one is to blame. Otherwise it is down. So a ring of
 * parents that fell silent as a whole is down, and never an outage that nobody owns.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "model-int.h"

static const struct cfg_device *cfg_of(const struct model *m, const struct item *d)
{
	return &m->config->device[d->e.index];
}

void judge_init(struct model *m)
{
	const struct config *c = m->config;
	uint32_t n = c->device_count, sum = 0;

	m->child_at = must_alloc((n + 2) * sizeof(*m->child_at));
	m->queue_up = must_alloc((n + 1) * sizeof(uint32_t));
	m->queue_down = must_alloc((n + 1) * sizeof(uint32_t));
	m->stamp_up = must_alloc((n + 1) * sizeof(uint32_t));
	m->stamp_down = must_alloc((n + 1) * sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < c->device[i].parent_count; j++)
			m->child_at[c->device[i].parents[j].index]++;
	for (uint32_t i = 0; i <= n; i++) {
		sum += m->child_at[i];
		m->child_at[i] = sum;	/* where they end; filled from behind */
	}
	m->child = must_alloc((sum + 1) * sizeof(*m->child));
	for (uint32_t i = n; i-- > 0;)
		for (uint32_t j = c->device[i].parent_count; j-- > 0;)
			m->child[--m->child_at[c->device[i].parents[j].index]] = i;
}

void judge_release(struct model *m)
{
	free(m->child_at);
	free(m->child);
	free(m->queue_up);
	free(m->queue_down);
	free(m->stamp_up);
	free(m->stamp_down);
}

/* ---- who is cut off --------------------------------------------------------------------------------------------- */

static bool all_parents_silent(const struct model *m, uint32_t device)
{
	const struct cfg_device *d = &m->config->device[device];

	for (uint32_t i = 0; i < d->parent_count; i++)
		if (!m->item[d->parents[i].index]->silent)
			return false;
	return d->parent_count > 0;
}

/* The silent device that cuts this one off; ITEM_NONE when none does. Looks only at silent devices, each once. */
static uint32_t cut_off_by(struct model *m, uint32_t device)
{
	uint32_t head = 0, tail = 0, round = ++m->round_up;

	if (!all_parents_silent(m, device))
		return ITEM_NONE;
	m->queue_up[tail++] = device;
	m->stamp_up[device] = round;
	while (head < tail) {
		uint32_t at = m->queue_up[head++];
		const struct cfg_device *d = &m->config->device[at];

		if (at != device && !all_parents_silent(m, at))
			return at;
		for (uint32_t i = 0; i < d->parent_count; i++) {
			uint32_t parent = d->parents[i].index;

			if (m->stamp_up[parent] != round) {
				m->stamp_up[parent] = round;
				m->queue_up[tail++] = parent;
			}
		}
	}
	return ITEM_NONE;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static void say_cut_off(const struct model *m, const struct item *d, char *buf, size_t size_octets)
{
	const struct cfg_device *c = cfg_of(m, d);
	struct text t = text_over(buf, size_octets);
	uint32_t shown = c->parent_count > 3 ? 3 : c->parent_count;
	const char *root = m->item[d->blamed]->name;
	bool direct = false;

	text_add(&t, "%s ", c->parent_count == 1 ? "parent" : "parents");
	for (uint32_t i = 0; i < shown; i++)
		text_add(&t, "%s%s", i ? ", " : "", c->parents[i].name);
	if (c->parent_count > shown)
		text_add(&t, " and %u more", c->parent_count - shown);
	for (uint32_t i = 0; i < c->parent_count; i++)
		direct |= c->parents[i].index == d->blamed;
	if (direct)
		text_add(&t, " %s down", c->parent_count == 1 ? "is" : "are");
	else
		text_add(&t, " %s cut off by %s", c->parent_count == 1 ? "is" : "are", root);
}

/* "no ICMP", "answers ICMP, no SNMP", "no ICMP, no SNMP: wrong key" */
static void say_fact(struct device_fact f, char *buf, size_t size_octets)
{
	struct text t = text_over(buf, size_octets);

	if (f.icmp == ANSWER_YES && f.snmp == ANSWER_NO)
		text_add(&t, "answers ICMP, ");
	else if (f.snmp == ANSWER_YES && f.icmp == ANSWER_NO)
		text_add(&t, "answers SNMP, ");
	if (f.snmp != ANSWER_NO)
		text_add(&t, "%s", f.icmp == ANSWER_NO ? "no ICMP" : "");
	else if (f.why)
		text_add(&t, "%sno SNMP: %s", f.icmp == ANSWER_NO ? "no ICMP, " : "", fw_err_text(f.why));
	else
		text_add(&t, "no SNMP%s", f.icmp == ANSWER_NO ? ", no ICMP" : "");
}

/* ---- what follows for parts and checks -------------------------------------------------------------------------- */

static bool part_unknown(struct model *m, struct item *p, const char *reason, struct wall at)
{
	struct view v = { .state = STATE_UNKNOWN, .reason = reason, .since = at, .at = at };

	p->waits = p->e.kind == ENTITY_PART;
	return item_take(m, p, &v);
}

static bool check_show(struct model *m, struct item *it, struct wall at)
{
	struct item *d = it->device == ITEM_NONE ? NULL : m->item[it->device];
	bool device_unknown = d && d->e.state == STATE_UNKNOWN && d->e.seen;
	struct view v = { .state = it->told->state, .reason = it->told->reason, .since = it->told->since,
			  .since_after = it->told->since_after, .at = at };

	if (m->blind)
		return part_unknown(m, it, "all devices are silent", at);
	if (device_unknown)
		return part_unknown(m, it, d->e.reason, at);
	return it->told->known ? item_take(m, it, &v) : false;
}

bool judge_check(struct model *m, struct item *it, const struct view *v)
{
	struct told *t = it->told;

	if (!t->known || t->state != v->state) {
		t->since = v->since;
		t->since_after = v->since_after;
	}
	t->known = true;
	t->state = v->state;
	text_copy(t->reason, sizeof(t->reason), v->reason ? v->reason : "");
	return check_show(m, it, v->at);
}

/* Parts of a device that does not answer SNMP are unknown until their levels come in again. */
static void follow(struct model *m, struct item *d, struct wall at)
{
	const char *reason = d->e.state == STATE_UP ? "agent" : d->e.reason;
	bool lost = d->unpolled || d->e.state == STATE_UNKNOWN || d->e.state == STATE_DOWN || d->e.fact.snmp == ANSWER_NO;

	if (d->e.state == STATE_DOWN)
		reason = "device is down";
	for (struct item *p = d->first; p; p = p->next) {
		if (p->e.kind == ENTITY_CHECK)
			check_show(m, p, at);
		else if (lost && d->e.seen)
			part_unknown(m, p, reason, at);
	}
}

/* ---- one device ------------------------------------------------------------------------------------------------- */

/* A device that the configuration never asks is known by its checks alone; without one, nothing is known of it. */
static bool never_asked(const struct model *m, const struct item *d)
{
	const struct cfg_device *c = cfg_of(m, d);

	return !c->ping && c->credentials == CONFIG_NONE;
}

static bool has_check(const struct item *d)
{
	for (const struct item *p = d->first; p; p = p->next)
		if (p->e.kind == ENTITY_CHECK)
			return true;
	return false;
}

static void judge_unasked(struct model *m, struct item *d, struct view *v)
{
	if (!never_asked(m, d)) {
		v->state = STATE_UNKNOWN;
		v->reason = cfg_of(m, d)->literal ? "not asked" : "its name cannot be resolved";
		return;
	}
	v->state = has_check(d) ? STATE_UP : STATE_UNKNOWN;
	v->reason = has_check(d) ? "known by its checks only" : "neither ICMP, SNMP nor a check";
}

static void judge(struct model *m, uint32_t device, struct wall at)
{
	struct item *d = m->item[device];
	char reason[REASON_MAX];
	struct view v = { .state = STATE_DOWN, .since = at, .at = at, .reason = reason };

	d->blamed = ITEM_NONE;
	if (d->unpolled)
		return;
	if (!d->asked) {
		if (!d->e.seen && !never_asked(m, d) && cfg_of(m, d)->literal)
			return;
		judge_unasked(m, d, &v);
	} else if (!d->silent) {
		v.state = d->e.fact.icmp == ANSWER_YES || d->e.fact.snmp == ANSWER_YES ? STATE_UP : STATE_UNKNOWN;
		say_fact(d->e.fact, reason, sizeof(reason));
	} else if (m->blind) {
		v.state = STATE_UNKNOWN;
		v.reason = "all devices are silent";
	} else if ((d->blamed = cut_off_by(m, device)) != ITEM_NONE) {
		v.state = STATE_UNKNOWN;
		say_cut_off(m, d, reason, sizeof(reason));
	} else {
		say_fact(d->e.fact, reason, sizeof(reason));
	}
	item_take(m, d, &v);
	follow(m, d, at);
}

/* The device and all silent ones behind it. */
static void judge_from(struct model *m, uint32_t device, struct wall at)
{
	uint32_t head = 0, tail = 0, round = ++m->round_down;

	m->queue_down[tail++] = device;
	m->stamp_down[device] = round;
	while (head < tail) {
		uint32_t d = m->queue_down[head++];

		judge(m, d, at);
		for (uint32_t i = m->child_at[d]; i < m->child_at[d + 1]; i++) {
			uint32_t c = m->child[i];

			if (m->stamp_down[c] == round || !m->item[c]->silent)
				continue;
			m->stamp_down[c] = round;
			m->queue_down[tail++] = c;
		}
	}
}

static void judge_every(struct model *m, struct wall at)
{
	for (uint32_t i = 0; i < m->config->device_count; i++)
		judge(m, i, at);
	for (uint32_t i = m->first_check; i < m->first_component; i++)
		if (m->item[i]->device == ITEM_NONE)
			check_show(m, m->item[i], at);
}

/* Put the fact in and keep count; true when the silence of the device changed. */
static bool put_fact(struct model *m, struct item *d, struct device_fact f)
{
	bool was_silent = d->silent;

	m->asked -= d->asked;
	m->silent -= d->silent;
	d->e.fact = f;
	d->asked = f.icmp != ANSWER_NOT_ASKED || f.snmp != ANSWER_NOT_ASKED;
	d->silent = d->asked && fact_silent(f);
	m->asked += d->asked;
	m->silent += d->silent;
	return was_silent != d->silent;
}

static bool is_blind(const struct model *m) { return m->asked >= 2 && m->silent == m->asked; }

bool model_device_fact(struct model *m, uint32_t device, struct device_fact f, struct wall at)
{
	uint64_t before = m->changes;
	struct item *d;
	bool turned;

	must(device < m->config->device_count);
	model_saw(m, at);
	d = m->item[device];
	d->unpolled = false;
	turned = put_fact(m, d, f);
	if (is_blind(m) != m->blind) {
		m->blind = !m->blind;
		judge_every(m, at);
	} else if (turned) {
		judge_from(m, device, at);
	} else {
		judge(m, device, at);
	}
	return m->changes != before;
}

bool model_device_unknown(struct model *m, uint32_t device, const char *reason, struct wall at)
{
	struct device_fact none = { .icmp = ANSWER_NOT_ASKED, .snmp = ANSWER_NOT_ASKED };
	struct view v = { .state = STATE_UNKNOWN, .reason = reason, .since = at, .at = at };
	uint64_t before = m->changes;
	struct item *d;

	must(device < m->config->device_count);
	model_saw(m, at);
	d = m->item[device];
	put_fact(m, d, none);
	d->unpolled = true;
	d->blamed = ITEM_NONE;
	item_take(m, d, &v);
	follow(m, d, at);
	if (is_blind(m) != m->blind) {
		m->blind = !m->blind;
		judge_every(m, at);
	} else {
		judge_from(m, device, at);
	}
	return m->changes != before;
}

void judge_start(struct model *m)
{
	struct wall never = { 0 };

	for (uint32_t i = 0; i < m->config->device_count; i++)
		if (never_asked(m, m->item[i]))
			judge(m, i, never);
}

void judge_all(struct model *m, struct wall at)
{
	m->asked = m->silent = 0;
	for (uint32_t i = 0; i < m->config->device_count; i++) {
		struct item *d = m->item[i];
		struct device_fact f = d->e.fact;

		d->asked = d->silent = false;
		put_fact(m, d, f);
	}
	m->blind = is_blind(m);
	judge_every(m, at);
}
