/* poller/snmp/usm-engine.c: an agent's engine as one address shows it: engineID, keys, boots and time. Who may change
 * what is told in usm.h.
 */
#include <openssl/crypto.h>
#include <string.h>

#include "usm-int.h"

static const struct span trial_hold = { 60000000 };

/* ---- clocks ---- */

uint32_t usm_time(const struct usm_clock *c, struct mono now)
{
	int64_t since = mono_since(now, c->at).us / 1000000;
	int64_t t = c->time + (since > 0 ? since : 0);

	return t > INT32_MAX ? INT32_MAX : (uint32_t)t;
}

enum usm_seen usm_clock_see(struct usm_clock *c, uint32_t boots, uint32_t time, struct mono now)
{
	if (!c->set || boots > c->boots || (boots == c->boots && time > c->latest))
		*c = (struct usm_clock){ .boots = boots, .time = time, .latest = time, .set = true, .at = now };
	if (boots == USM_BOOTS_LATCHED)
		return USM_LATCHED;
	return boots < c->boots || time + USM_WINDOW_S < usm_time(c, now) ? USM_BEHIND : USM_WITHIN;
}

bool usm_clock_near(const struct usm_clock *c, uint32_t boots, uint32_t time, struct mono now)
{
	uint32_t ours = usm_time(c, now);

	return c->set && boots == c->boots && time + USM_WINDOW_S >= ours && time <= ours + USM_WINDOW_S;
}

/* ---- life ---- */

void usm_engine_init(struct usm_engine *e, const struct usm_user *user, const char *context)
{
	*e = (struct usm_engine){ .user = user, .context = context ? context : "" };
	must(strlen(e->context) <= USM_CONTEXT_MAX);
	e->context_len = (uint8_t)strlen(e->context);
}

static void trial_end(struct usm_engine *e)
{
	OPENSSL_cleanse(&e->trial, sizeof(e->trial));
	e->generation = 0;
}

void usm_engine_release(struct usm_engine *e)
{
	trial_end(e);
	OPENSSL_cleanse(e, sizeof(*e));
}

static bool identity_set(struct usm *u, struct usm_identity *who, const struct usm_user *user, struct usm_piece id)
{
	*who = (struct usm_identity){ .id_len = (uint8_t)id.len };
	memcpy(who->id, id.p, id.len);
	return usm_localise(u, &who->keys, user, who->id, who->id_len);
}

bool usm_engine_know(struct usm *u, struct usm_engine *e, const uint8_t *id, size_t id_len)
{
	if (id_len < 1 || id_len > USM_ENGINE_ID_MAX)
		return false;
	trial_end(e);
	e->clock = (struct usm_clock){ .set = false };
	if (identity_set(u, &e->self, e->user, (struct usm_piece){ id, id_len }))
		return true;
	OPENSSL_cleanse(&e->self, sizeof(e->self));
	return false;
}

bool usm_engine_user(struct usm *u, struct usm_engine *e, const struct usm_user *user)
{
	trial_end(e);
	e->user = user;
	return e->self.id_len == 0 || usm_localise(u, &e->self.keys, user, e->self.id, e->self.id_len);
}

bool usm_engine_ready(const struct usm_engine *e)
{
	return e->self.id_len > 0 && (e->clock.set || e->user->level == USM_NOAUTHNOPRIV);
}

/* ---- who is meant ---- */

static bool id_is(const struct usm_identity *who, const uint8_t *id, size_t id_len)
{
	return id_len > 0 && who->id_len == id_len && memcmp(who->id, id, id_len) == 0;
}

struct usm_identity *usm_engine_identity(struct usm_engine *e, const uint8_t *id, size_t id_len)
{
	if (id_is(&e->self, id, id_len))
		return &e->self;
	return id_is(&e->trial, id, id_len) ? &e->trial : NULL;
}

/* Nothing of it has been authentic, and something can be: what is said of its engineID are guesses all alike. */
static bool unproven(const struct usm_engine *e)
{
	return !e->clock.set && e->user->level != USM_NOAUTHNOPRIV;
}

struct usm_identity *usm_engine_asked(struct usm_engine *e)
{
	if (e->trial.id_len == 0)
		return &e->self;
	if (unproven(e)) {
		e->trial_left ^= 1;
		e->generation = 0;
		return e->trial_left ? &e->self : &e->trial;
	}
	if (e->trial_left == 0) {
		trial_end(e);
		return &e->self;
	}
	e->trial_left--;
	return &e->trial;
}

/* ---- what is said, and what is heard ---- */

static const struct v3_verdict again = { .does = V3_AGAIN };

static void guess_set(struct usm_identity *who, const struct v3_message *m, struct mono now)
{
	who->guess = (struct usm_clock){
		.boots = m->boots, .time = m->time, .latest = m->time, .set = true, .at = now
	};
	who->guess_msg_id = m->msg_id;
}

/* The first word of who it is; and each, where nobody can prove anything. */
static struct v3_verdict self_said(struct usm *u, struct usm_engine *e, const struct v3_message *m, struct mono now)
{
	u->count.discovered += e->self.id_len == 0;
	u->count.replaced += e->self.id_len > 0;
	if (!usm_engine_know(u, e, m->engine_id, m->engine_id_len))
		return (struct v3_verdict){ .does = V3_REFUSED, .err = FW_NOTFOUND };
	guess_set(&e->self, m, now);
	return again;
}

/* As long as nothing is proven, what was said first and what was said last are asked in turn: a liar would have to be before
 * and behind each word of the agent. */
static struct v3_verdict guess_said(struct usm *u, struct usm_engine *e, const struct v3_message *m, struct mono now)
{
	if (e->trial.id_len == 0)
		e->trial_left = 1;
	e->generation = 0;
	identity_set(u, &e->trial, e->user, (struct usm_piece){ m->engine_id, m->engine_id_len });
	guess_set(&e->trial, m, now);
	return again;
}

static struct v3_verdict trial_said(struct usm *u, struct usm_engine *e, const struct v3_message *m, struct mono now)
{
	if (e->trial.id_len || (e->trial_at.us && mono_since(now, e->trial_at).us < trial_hold.us)) {
		u->count.trial_held++;
		return (struct v3_verdict){ .does = V3_REFUSED, .err = FW_ENGINE };
	}
	e->trial_at = now;
	e->trial_left = USM_TRIALS;
	e->generation = 0;
	identity_set(u, &e->trial, e->user, (struct usm_piece){ m->engine_id, m->engine_id_len });
	guess_set(&e->trial, m, now);
	return again;
}

struct v3_verdict usm_engine_said(struct usm *u, struct usm_engine *e, const struct v3_message *m, struct mono now)
{
	if (m->engine_id_len == 0) {
		u->count.report_odd++;
		return (struct v3_verdict){ .does = V3_REFUSED, .err = FW_ENGINE };
	}
	if (id_is(&e->self, m->engine_id, m->engine_id_len)) {
		if (!unproven(e))
			trial_end(e);
		return again;		/* the answer to a discovery or a trial: ask as usual */
	}
	if (id_is(&e->trial, m->engine_id, m->engine_id_len))
		return again;
	if (e->self.id_len == 0 || e->user->level == USM_NOAUTHNOPRIV)
		return self_said(u, e, m, now);
	return unproven(e) ? guess_said(u, e, m, now) : trial_said(u, e, m, now);
}

struct usm_identity *usm_engine_proves(struct usm *u, struct usm_engine *e, const struct v3_message *m)
{
	uint8_t key[USM_HASH_MAX];
	bool proven = unproven(e) && m->engine_id_len > 0 && usm_localise_auth(u, key, e->user, m->engine_id, m->engine_id_len) &&
		      v3_digest_ok(u, e->user->auth, key, m);

	OPENSSL_cleanse(key, sizeof(key));
	if (!proven)
		return NULL;
	trial_end(e);
	return identity_set(u, &e->trial, e->user, (struct usm_piece){ m->engine_id, m->engine_id_len }) ? &e->trial : NULL;
}

static void trial_won(struct usm *u, struct usm_engine *e)
{
	u->count.replaced += e->clock.set;
	e->self = e->trial;
	e->clock = (struct usm_clock){ .set = false };
	e->trial_at = (struct mono){ 0 };
	e->answered = false;
	trial_end(e);
}

enum usm_seen usm_engine_heard(struct usm *u, struct usm_engine *e, struct usm_identity *who,
			       const struct v3_message *m, struct mono now)
{
	struct usm_clock *guess = &e->self.guess;
	enum usm_seen seen;

	if (who == &e->trial)
		trial_won(u, e);
	else if (unproven(e))
		trial_end(e);
	u->count.synchronised += !e->clock.set;
	seen = usm_clock_see(&e->clock, m->boots, m->time, now);
	if (seen != USM_BEHIND) {
		guess->set = false;
	} else if (guess->set && e->self.guess_msg_id != m->msg_id && usm_clock_near(guess, m->boots, m->time, now)) {
		guess->set = e->clock.set = false;
		u->count.followed_back++;
		seen = usm_clock_see(&e->clock, m->boots, m->time, now);
	} else {
		guess_set(&e->self, m, now);
	}
	return seen;
}
