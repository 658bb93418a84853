/* poller/learn.c: what is learned of an agent: how much it answers at once, how fast, and what is odd about it.
 *
 * How much. A GET has at most d->pack names and an answer of learn_octets() octets. What is refused (tooBig), cut
 * (cannot be decoded, fewer objects than asked) or lost while something smaller comes halves both, at once or,
 * when it is lost, after so many sendings that plain loss is no longer likely. While nothing at all is answered, one small
 * question goes out beside the others: an agent that answers it is not silent. Growth never risks a value: after
 * some full rounds without trouble one GET more goes out, a quarter larger than any before and its values not
 * used; only when it is answered whole the plans grow. A trial that fails is made again ever more rarely. An
 * answer of more than OCTETS_DEFAULT may travel in fragments: when such are lost, the first remedy is to fit one
 * datagram again.
 *
 * What GET denies. A column that an agent's GET denies is asked once more by GETNEXT, for one part of each table:
 * some agents list what they deny. If it comes, the parts that lack it are asked by GETNEXT from then on.
 *
 * Everything is kept in the last file, with the device.
 */
#include <stdlib.h>
#include <string.h>

#include "poller/base/log.h"
#include "poller/worker-int.h"

enum {
	SENDINGS_SUSPECT = 4,		/* lost in a row: with one in ten lost, one such packet in 10,000 */
	SENDINGS_EARLY = 2,		/* that the engine adds by the measured round trip */
	SENDINGS_SURE = 9,		/* the same, though others as large have come: its content, or much bad luck */
	ODD_KEPT_S = 86400,
	TRIAL_FIRST = 3, TRIAL_RARELY = 1440,	/* full rounds */
	RTT_FLOOR_US = 64,
	OCTETS_MOST = 8192,
};

/* ---- oddities ---------------------------------------------------------------------------------------------------- */

const char *odd_text(enum odd o)
{
	static const char *const text[] = {
#define ODD_TEXT_ROW(name, word, text) [ODD_##name] = text,
		ODDITIES(ODD_TEXT_ROW)
#undef ODD_TEXT_ROW
	};

	return (unsigned)o < ODDS ? text[o] : "is odd";
}

const char *odd_word(enum odd o)
{
	static const char *const words[] = {
#define ODD_WORD_ROW(name, word, text) [ODD_##name] = word,
		ODDITIES(ODD_WORD_ROW)
#undef ODD_WORD_ROW
	};

	return (unsigned)o < ODDS ? words[o] : "odd";
}

void learn_odd(struct device *d, enum odd what)
{
	uint32_t bit = 1u << what;
	struct last_record *r;

	d->w->n.odd[what]++;
	if (d->learn.odd & bit)
		return;
	d->learn.odd |= bit;
	if (last_at(d->w->last, d->record)->value[LAST_D_ODD] & bit)
		return;
	r = last_begin(d->w->last, d->record);
	r->value[LAST_D_ODD] |= bit;
	last_end(d->w->last, d->record);
	worker_note(d->w, "odd", d->cfg->name, worker_wall(d->w, clock_mono()), "its agent %s", odd_text(what));
}

/* ---- how much at once -------------------------------------------------------------------------------------------- */

static void remember(struct device *d)
{
	struct last_record *r = last_begin(d->w->last, d->record);

	r->value[LAST_D_PACK] = d->pack;
	r->value[LAST_D_OCTETS] = learn_octets(d);
	last_end(d->w->last, d->record);
}

void learn_begin(struct device *d)
{
	const struct last_record *r = last_at(d->w->last, d->record);

	d->learn = (struct learn){ .wait = TRIAL_FIRST, .odd_since = clock_mono() };
	if (r->value[LAST_D_PACK] >= 1 && r->value[LAST_D_PACK] <= PACK_MOST)
		d->pack = (uint16_t)r->value[LAST_D_PACK];
	if (r->value[LAST_D_OCTETS] >= 484 && r->value[LAST_D_OCTETS] <= OCTETS_MOST)
		d->learn.octets = (uint16_t)r->value[LAST_D_OCTETS];
	if (r->value[LAST_D_BULK] >= 1 && r->value[LAST_D_BULK] <= BULK_MOST)
		d->bulk = (uint16_t)r->value[LAST_D_BULK];
	remember(d);
	cache_begin(d);
}

bool learn_less(struct device *d, uint32_t names, uint16_t octets, enum fw_err why)
{
	uint32_t at_once = names < d->pack ? names : d->pack;

	if (d->shrunk && names > d->pack)
		return true;		/* another packet of a plan that is being given up */
	if (octets > OCTETS_DEFAULT && learn_octets(d) > OCTETS_DEFAULT)
		d->pack = d->pack < PACK_DEFAULT ? d->pack : PACK_DEFAULT;	/* one datagram, before anything else */
	else if (at_once > 1)
		d->pack = (uint16_t)(at_once / 2);
	else
		return false;
	d->learn.octets = learn_octets(d) < OCTETS_DEFAULT ? learn_octets(d) : OCTETS_DEFAULT;
	d->learn.ceiling = (uint16_t)names;
	d->learn.searching = true;
	d->learn.calm = 0;
	d->replan = d->shrunk = true;
	d->w->n.shrunk++;
	remember(d);
	log_debug(LOG_POLL, "device '%s': asks for less at once: %s names=%u pack=%u", d->cfg->name, fw_err_text(why),
		  names, d->pack);
	return true;
}

void learn_plan(struct device *d)
{
	d->learn.answered_octets = 0;
	d->learn.answered = d->learn.answered && d->plans_run > 0;
}

/* An agent that is silent is lost as well, so nothing follows before something smaller has come in the same round. */
void learn_lost(struct device *d, struct plan_packet *p, unsigned sendings, enum fw_err why)
{
	struct learn *l = &d->learn;
	unsigned lost = p->lost + sendings, least = SENDINGS_SUSPECT;

	l->asked++;
	p->lost = (uint8_t)(lost < UINT8_MAX ? lost : UINT8_MAX);
	l->calm = 0;
	if (why == FW_MALFORM || why == FW_SOURCE || why == FW_FOREIGN)
		learn_odd(d, why == FW_MALFORM ? ODD_MALFORMED : why == FW_SOURCE ? ODD_SOURCE : ODD_STRANGER);
	if (d->running == PLAN_PROBE || why == FW_NET || why == FW_SOURCE || why == FW_FOREIGN || why == FW_COMMUNITY ||
	    l->suspect_names)
		return;
	if (!l->alive && least < d->cfg->retries + SENDINGS_EARLY + 2u)
		least = d->cfg->retries + SENDINGS_EARLY + 2u;		/* not before a second round: silence is said at once */
	if (l->answered_octets >= p->octets && least < SENDINGS_SURE)
		least = SENDINGS_SURE;
	if (why == FW_MALFORM || l->searching || lost >= least) {
		l->suspect_names = (uint16_t)p->count;
		l->suspect_octets = p->octets;
	}
}

/* Fewer objects may be let through, and show which one it is: the second time in a row, or while that is being found out. */
void learn_refused(struct device *d, struct plan_packet *p)
{
	bool searching = d->learn.searching;

	learn_lost(d, p, SENDINGS_SUSPECT / 2, FW_AGENT);
	if (searching || p->lost >= SENDINGS_SUSPECT)
		learn_less(d, p->count, p->octets, FW_AGENT);
}

bool learn_suspect(struct device *d)
{
	uint16_t names = d->learn.suspect_names;

	d->learn.suspect_names = 0;
	if (names == 0 || !d->learn.answered || !learn_less(d, names, d->learn.suspect_octets, FW_TIMEOUT))
		return false;
	learn_odd(d, ODD_LARGE);
	return true;
}

static unsigned rtt_bucket(int64_t us)
{
	unsigned octave;
	uint64_t x = us < RTT_FLOOR_US ? 1 : (uint64_t)us / RTT_FLOOR_US;
	unsigned b;

	octave = 63 - (unsigned)__builtin_clzll(x);
	b = 2 * octave + (octave && x >> (octave - 1) & 1);
	return b < RTT_BUCKETS ? b : RTT_BUCKETS - 1;
}

void learn_answered(struct device *d, struct plan_packet *p, const struct snmp_answer *a)
{
	struct learn *l = &d->learn;

	l->asked++;
	if (a->reply->error_status == SNMP_ERR_NONE) {
		p->lost = 0;
		l->answered = true;
		l->answered_octets = p->octets > l->answered_octets ? p->octets : l->answered_octets;
	}
	if (a->sendings == 1 && ++l->rtt[rtt_bucket(mono_since(a->at, a->sent).us)] == UINT8_MAX)
		for (unsigned i = 0; i < RTT_BUCKETS; i++)
			l->rtt[i] /= 2;
}

struct span learn_rtt(const struct device *d, double share)
{
	const uint8_t *n = d->learn.rtt;
	unsigned all = 0, upto = 0, i = 0;

	for (i = 0; i < RTT_BUCKETS; i++)
		all += n[i];
	if (all == 0)
		return span_us(0);
	for (i = 0; i < RTT_BUCKETS - 1; i++)
		if ((upto += n[i]) >= share * all)
			break;
	/* the upper end of the bucket: 64 us, times 1.5 or 2, doubled for each octave */
	return span_us(RTT_FLOOR_US * (i % 2 || i == 0 ? INT64_C(2) << i / 2 : (INT64_C(3) << i / 2) / 2));
}

/* ---- answers that are not as asked ------------------------------------------------------------------------------- */

void learn_count(struct device *d, const struct plan_packet *p, uint32_t count)
{
	if (count == p->count)
		return;
	learn_odd(d, ODD_COUNT);
	if (count < p->count)
		learn_less(d, p->count, p->octets, FW_FOREIGN);
}

bool learn_elsewhere(struct device *d, const struct plan_packet *p, const struct slot *s,
		     const struct snmp_message *all, struct snmp_varbind *vb)
{
	struct snmp_message m = *all;
	struct snmp_varbind other;

	while (!p->next && snmp_varbind_next(&m, &other)) {
		if (other.name_len != s->name_len || memcmp(other.name, slot_name(p, s), s->name_len) != 0)
			continue;
		learn_odd(d, ODD_PLACE);
		*vb = other;
		return true;
	}
	return false;
}

enum fw_err learn_instead(struct device *d, const struct plan_packet *p, bool there)
{
	if (p->next && there)
		return FW_NOINST;
	if (there)
		learn_odd(d, ODD_FOREIGN);
	return FW_FOREIGN;
}

/* ---- beside the rounds: larger GETs, and GETNEXT of what GET denies ---------------------------------------------- */

static void trial_end(struct device *d)
{
	plan_packet_release(d->learn.trial);
	free(d->learn.trial);
	d->learn.trial = NULL;
}

static void trial_cancel(struct device *d)
{
	if (d->learn.trial == NULL)
		return;
	snmp_cancel(d->w->snmp, d->learn.trial->ask);
	d->learn.trial->ask = NULL;
	trial_end(d);
}

void learn_cancel(struct device *d)
{
	d->learn.verifying = false;
	d->learn.denied_count = 0;
	trial_cancel(d);
}

/* Did each name come, in its place? */
static bool answered_whole(const struct plan_packet *p, struct snmp_message *m)
{
	struct snmp_varbind vb;

	if (m->error_status != SNMP_ERR_NONE || m->varbind_count != p->count)
		return false;
	for (uint32_t i = 0; i < p->count && snmp_varbind_next(m, &vb); i++)
		if (vb.name_len != p->slot[i].name_len || memcmp(vb.name, slot_name(p, &p->slot[i]), vb.name_len) != 0)
			return false;
	return true;
}

static void grown(struct device *d)
{
	struct learn *l = &d->learn;

	d->pack = l->trial_names > d->pack ? l->trial_names : d->pack;
	if (l->trial_octets > learn_octets(d))
		l->octets = l->trial_octets;
	l->wait = TRIAL_FIRST;
	d->replan = true;
	d->w->n.grown++;
	remember(d);
	log_debug(LOG_POLL, "device '%s': asks for more at once pack=%u octets=%u", d->cfg->name, d->pack, learn_octets(d));
}

static void trial_answer(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct device *d = owner;
	struct learn *l = &d->learn;

	(void)tag;
	l->trial->ask = NULL;
	l->calm = 0;
	if (a->err == FW_OK && answered_whole(l->trial, a->reply)) {
		grown(d);
	} else {
		l->ceiling = l->trial_names;
		l->wait = (uint16_t)(l->wait * 4 < TRIAL_RARELY ? l->wait * 4 : TRIAL_RARELY);
	}
	trial_end(d);
}

static void trial_send(struct device *d, struct plan_packet *p, snmp_done *done)
{
	struct learn *l = &d->learn;

	l->trial = must_alloc(sizeof(*p));
	*l->trial = *p;
	l->trial->ask = snmp_ask(d->w->snmp, &d->peer, l->trial->packet, done, d, 0);
	if (l->trial->ask == NULL)
		trial_end(d);
}

static void sound_answer(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct device *d = owner;

	(void)tag;
	d->learn.trial->ask = NULL;
	trial_end(d);
	if (a->err != FW_OK || !d->busy)
		return;
	d->learn.alive = d->learn.answered = d->snmp_answered = true;
	d->answered_at = worker_wall(d->w, a->at);
	d->w->n.last_answer = a->at;
}

/* One small question beside the plan's, so that silence is said no later than without. */
void learn_sound(struct timer *t, struct mono now)
{
	struct device *d = timer_owner(t, struct device, sounding);
	struct learn *l = &d->learn;
	struct plan plan = { .packet = NULL };

	(void)now;
	if (d->snmp_answered || l->sounded || l->trial != NULL || !d->trusted || d->discovery != NULL || d->outstanding == 0 ||
	    d->running == PLAN_PROBE)
		return;
	l->sounded = true;
	plan_make(d, PLAN_PROBE, &plan);
	must(plan.count == 1);
	trial_send(d, &plan.packet[0], sound_answer);
	free(plan.packet);
}

/* One packet larger than any that the plan has: by a quarter, or double where very little is asked; only where
 * that saves a packet. */
static void trial_grow(struct device *d)
{
	struct learn *l = &d->learn;
	struct plan_packet p;
	uint16_t pack = d->pack, octets = l->octets, known = learn_octets(d);
	uint32_t count, wish = pack < PACK_DEFAULT / 2 ? pack * 2u : pack + pack / 4u + 1;

	wish = wish < 4 ? 4 : wish;	/* sysUpTime and one more would save nothing */
	if (l->ceiling > pack && wish >= l->ceiling)
		wish = (pack + l->ceiling) / 2u;
	d->pack = (uint16_t)(wish < PACK_MOST ? wish : PACK_MOST);
	l->octets = (uint16_t)(known + known / 4 < OCTETS_MOST ? known + known / 4 : OCTETS_MOST);
	count = plan_fullest(d, &p);
	d->pack = pack;
	l->octets = octets;
	l->calm = 0;
	if (count > 0 && count < d->plan[PLAN_FULL].count) {
		l->trial_names = (uint16_t)p.count;
		l->trial_octets = p.octets;
		d->w->n.trials++;
		trial_send(d, &p, trial_answer);
	} else {
		l->wait = TRIAL_RARELY;	/* no packet would be saved: when it is tried again, without prejudice */
		l->ceiling = 0;
		plan_packet_release(&p);
	}
}

void learn_denied(struct device *d, const struct slot *s)
{
	struct learn *l = &d->learn;

	if (l->verified || l->denied_count == LEARN_DENIED ||
	    last_at(d->w->last, d->part[s->part].record)->flags & LAST_F_NEXT)
		return;
	for (unsigned i = 0; i < l->denied_count; i++)
		if (d->part[l->denied[i].part].table == d->part[s->part].table && l->denied[i].column == s->column)
			return;
	l->denied[l->denied_count++] = *s;
}

/* GETNEXT brought a column of 'of' that GET denies: so it is with all parts of its table that lack it. */
static void ask_by_next(struct device *d, const struct slot *of)
{
	uint32_t bit = 1u << of->column;

	for (uint32_t i = 0; i < d->part_count; i++) {
		struct part *p = &d->part[i];
		struct last_record *r;

		if (p->table != d->part[of->part].table || !((p->skip | last_at(d->w->last, p->record)->source) & bit))
			continue;
		r = last_begin(d->w->last, p->record);
		r->flags |= LAST_F_NEXT;
		r->source &= ~bit;
		last_end(d->w->last, p->record);
		p->skip &= ~bit;
		p->reset = true;	/* its counter may come from another column than before */
	}
	d->replan = d->ask_else = true;
	learn_odd(d, ODD_NEXT);
}

static void verify_answer(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct device *d = owner;
	struct plan_packet *p = d->learn.trial;
	struct snmp_varbind vb;

	(void)tag;
	p->ask = NULL;
	d->learn.verifying = false;
	if (a->err == FW_OK && a->reply->error_status == SNMP_ERR_NONE && a->reply->varbind_count == p->count)
		for (uint32_t i = 0; i < p->count && snmp_varbind_next(a->reply, &vb); i++)
			if (vb.type != SNMP_NULL && vb.type < SNMP_NO_OBJECT && vb.name_len == p->slot[i].name_len &&
			    memcmp(vb.name, slot_name(p, &p->slot[i]), vb.name_len) == 0)
				ask_by_next(d, &p->slot[i]);
	trial_end(d);
	device_round_end(d, clock_mono());
}

bool learn_verify(struct device *d)
{
	struct learn *l = &d->learn;
	struct plan_packet p;
	bool wanted = l->denied_count > 0 && !l->verified;

	if (wanted && l->sounded)
		trial_cancel(d);	/* it has answered: nobody waits for the small question */
	if (!wanted || l->trial != NULL)
		return false;		/* a larger GET is out: the next round asks */
	l->verified = true;
	if (plan_verify(d, l->denied, l->denied_count, &p))
		trial_send(d, &p, verify_answer);
	l->denied_count = 0;
	l->verifying = l->trial != NULL;
	return l->verifying;
}

void learn_round(struct device *d)
{
	struct learn *l = &d->learn;
	struct last_record *r;

	r = last_begin(d->w->last, d->record);
	r->value[LAST_D_ASKED] += l->asked;
	l->asked = 0;
	r->value[LAST_D_RTT99_US] = (uint64_t)learn_rtt(d, .99).us;
	last_end(d->w->last, d->record);
	l->searching = l->searching && d->snmp_lost;
	cache_round(d, worker_wall(d->w, clock_mono()), d->fact.snmp == ANSWER_YES && !d->snmp_lost && !d->rebooted);
	if (d->fact.snmp != ANSWER_YES || l->trial != NULL)
		return;
	if (d->snmp_lost || d->shrunk)
		l->calm = 0;
	else if (++l->calm >= l->wait && d->plan[PLAN_FULL].count > 1 && !d->w->setup.once)
		trial_grow(d);
}

/* A walk has ended: its repetitions are those to begin the next with. */
void learn_walked(struct device *d, const struct snmp_walk_learned *w)
{
	if (w->shortened)
		d->learn.bulk_most = d->bulk = (uint16_t)w->repetitions;
	else if (w->repetitions > d->bulk)
		d->bulk = (uint16_t)w->repetitions;
	if (w->no_bulk)
		learn_odd(d, ODD_NO_BULK);
	if (w->exception)
		learn_odd(d, ODD_EXCEPTION);
}

/* What was odd and has not been for a day is forgotten; what GET denies is looked at again. */
void learn_discovered(struct device *d, bool complete)
{
	struct learn *l = &d->learn;
	struct mono now = clock_mono();
	struct last_record *r;

	learn_cancel(d);	/* parts may be others now */
	l->denied_count = 0;
	l->verified = false;
	if (!complete)
		return;
	if (mono_since(now, l->odd_since).us > ODD_KEPT_S * INT64_C(1000000)) {
		r = last_begin(d->w->last, d->record);
		r->value[LAST_D_ODD] = l->odd;
		last_end(d->w->last, d->record);
		l->odd = 0;
		l->odd_since = now;
	}
	l->bulk_most = l->bulk_most < BULK_MOST / 2 ? (uint16_t)(l->bulk_most * 2) : 0;	/* once more, hourly */
}
