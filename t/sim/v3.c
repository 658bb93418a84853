/* t/sim/v3.c: agents of version 3: one user a description, an engineID each, and what a liar makes of an answer.
 *
 * boots and time are the device's: "reboot" counts boots up and starts time anew; "v3 boots" and "v3 time" set them as no
 * honest agent would. Localised keys are remembered for some devices only: a million of them would be 100 MB.
 */
#include "sim.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "poller/base/text.h"

enum { KEYS_CACHED = 8192, ENTERPRISE = 32473 };

struct cached_keys { const struct device *device; uint32_t id_hash; struct usm_keys keys; };

struct sim_v3 {
	struct usm *usm;
	struct cached_keys *cache;
	uint8_t before[SNMP_PACKET_MAX + 1];	/* a message that goes before the answer */
};

static const char *const fault_words[] = {
#define WORD(name, word, text) word,
	SIM_V3_FAULTS(WORD)
#undef WORD
};

/* ---- descriptions ------------------------------------------------------------------------------------------------ */

static bool hex_parse(const char *text, uint8_t *out, size_t room, uint8_t *len)
{
	size_t n = strlen(text);

	if (n % 2 || n / 2 > room || strspn(text, "0123456789abcdefABCDEF") != n)
		return false;
	for (size_t i = 0; i < n; i += 2) {
		char octet[3] = { text[i], text[i + 1], '\0' };

		out[i / 2] = (uint8_t)strtoul(octet, NULL, 16);
	}
	*len = (uint8_t)(n / 2);
	return true;
}

enum fw_err v3_describe(struct model *m, struct err *err)
{
	struct usm_secrets k = { .name = m->user, .auth_password = m->auth_password, .priv_password = m->priv_password };

	if (m->user[0] == '\0')
		return FW_OK;
	if (m->auth[0] && !usm_auth_parse(&k.auth, m->auth))
		return err_set(err, FW_MISTAKE, "auth=%s: no such protocol", m->auth);
	if (m->priv[0] && !usm_priv_parse(&k.priv, m->priv))
		return err_set(err, FW_MISTAKE, "priv=%s: no such protocol", m->priv);
	if (m->engine_id_hex[0] && !hex_parse(m->engine_id_hex, m->engine_id, sizeof(m->engine_id), &m->engine_id_len))
		return err_set(err, FW_MISTAKE, "engine-id=%s: should be at most 32 octets in hex", m->engine_id_hex);
	return usm_user_init(&m->v3_user, &k, err);
}

/* ---- what it is -------------------------------------------------------------------------------------------------- */

/* RFC 3411 SnmpEngineID: our enterprise, format 5 (octets), the device's number; another one after "v3 engine-id". */
static void engine_id(const struct device *d, struct v3_agent *a)
{
	uint32_t number = d->number + (d->extra ? d->extra->v3_engine << 24 : 0);
	const uint8_t id[] = { 0x80 | (ENTERPRISE >> 24 & 0x7f), ENTERPRISE >> 16 & 0xff, ENTERPRISE >> 8 & 0xff, ENTERPRISE & 0xff, 5,
			       (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number };

	if (d->model->engine_id_len) {
		a->id_len = d->model->engine_id_len;
		memcpy(a->id, d->model->engine_id, a->id_len);
		return;
	}
	a->id_len = sizeof(id);
	memcpy(a->id, id, sizeof(id));
}

static struct v3_agent engine_of(const struct device *d, int64_t now_us)
{
	struct v3_agent a = { .boots = (uint32_t)d->model->boots + d->reboots, .time = device_uptime_cs(d, now_us) / 100 };

	engine_id(d, &a);
	if (d->extra) {
		a.boots = d->extra->v3_boots_set ? d->extra->v3_boots + d->reboots : a.boots;
		a.time += (uint32_t)d->extra->v3_time;
	}
	return a;
}

static const struct usm_keys *keys_of(struct sim *s, const struct device *d, const struct v3_agent *a)
{
	struct cached_keys *c = &s->v3->cache[d->number % KEYS_CACHED];
	uint32_t hash = 0;

	for (uint8_t i = 0; i < a->id_len; i++)
		hash = hash * 31 + a->id[i];
	if (c->device != d || c->id_hash != hash) {
		must(usm_localise(s->v3->usm, &c->keys, &d->model->v3_user, a->id, a->id_len));
		c->device = d;
		c->id_hash = hash;
	}
	return &c->keys;
}

/* ---- lies -------------------------------------------------------------------------------------------------------- */

static const char *const report_words[] = {
	[V3_UNSUPPORTED_SEC_LEVELS] = "level", [V3_NOT_IN_TIME_WINDOWS] = "window", [V3_UNKNOWN_USER_NAMES] = "user",
	[V3_UNKNOWN_ENGINE_IDS] = "engine", [V3_WRONG_DIGESTS] = "digest", [V3_DECRYPTION_ERRORS] = "decryption",
};

/* Flip a bit of the digest in a message that is made. */
static void digest_forge(struct wr *w)
{
	struct v3_message m;

	if (v3_message_dec(&m, w->buf, w->len) == FW_OK && m.digest_len)
		w->buf[m.digest - w->buf] ^= 1;
}

/* What differs in the envelope of an answer. 'keys' is room for others. */
static void envelope_forge(const struct device *d, struct v3_envelope *v, struct usm_keys *keys)
{
	static const uint8_t other_id[] = { 0x80, 0, 0, 1, 5, 'o', 't', 'h', 'e', 'r' };
	uint32_t faults = d->extra->v3_faults;

	if (faults & V3_FAULT_DOWNGRADE)
		v->flags = 0;
	if (faults & V3_FAULT_NO_PRIV)
		v->flags &= (uint8_t)~2u;
	if (faults & V3_FAULT_SHORT_DIGEST)
		v->auth = v->auth == USM_MD5 ? USM_SHA224 : USM_MD5;
	if (faults & V3_FAULT_MSG_ID)
		v->msg_id ^= 0x00100000;
	if (faults & V3_FAULT_USER)
		v->user = "somebody", v->user_len = 8;
	if (faults & V3_FAULT_CONTEXT)
		v->context = "elsewhere", v->context_len = 9;
	if (faults & V3_FAULT_ENGINE) {
		v->engine_id = other_id;
		v->engine_id_len = sizeof(other_id);
	}
	if (faults & V3_FAULT_GARBAGE && v->keys) {
		*keys = *v->keys;
		keys->priv[0] ^= 1;
		v->keys = keys;
	}
	if (faults & V3_FAULT_OLD)
		v->time = v->time > 300 ? v->time - 300 : 0;
}

/* The very first answer again, whatever was asked. */
static void replay(struct extra *x, struct wr *w)
{
	if (!x->v3_answer) {
		x->v3_answer = must_alloc(w->len);
		x->v3_answer_len = w->len;
		memcpy(x->v3_answer, w->buf, w->len);
	} else {
		w->len = 0;
		wr_bytes(w, x->v3_answer, x->v3_answer_len);
	}
}

/* A Report as anyone can send it who sees requests: the right numbers, no digest, and boots and time that would lock us out. */
static void report_flood(struct sim *s, const struct v3_envelope *answer, struct reply *r)
{
	struct v3_envelope v = *answer;
	struct wr first = wr_over(s->v3->before, sizeof(s->v3->before));

	v.flags = 0;
	v.boots = USM_BOOTS_LATCHED - 1;
	v.time = 1000000;
	if (!v3_report_enc(s->v3->usm, &first, &v, V3_UNKNOWN_USER_NAMES, 1))
		return;
	r->first = first.buf;
	r->first_octets = first.len;
}

/* ---- answering --------------------------------------------------------------------------------------------------- */

static bool ready(struct sim *s)
{
	if (s->v3)
		return true;
	s->v3 = must_alloc(sizeof(*s->v3));
	s->v3->usm = usm_new(NULL);
	s->v3->cache = must_alloc(KEYS_CACHED * sizeof(*s->v3->cache));
	return s->v3->usm != NULL;
}

static bool report(struct sim *s, const struct v3_envelope *answer, enum v3_report which, struct reply *r)
{
	s->count.reports++;
	return v3_report_enc(s->v3->usm, &r->w, answer, which, (uint32_t)s->count.reports);
}

static bool answer(struct sim *s, struct device *d, struct v3_envelope *v, struct snmp_message *q, struct reply *r)
{
	uint32_t faults = d->extra ? d->extra->v3_faults : 0;
	struct snmp_message reply;
	struct usm_keys others;
	struct wr varbinds;

	if (!agent_respond(s, d, q, &reply, &varbinds))
		return false;
	if (faults)
		envelope_forge(d, v, &others);
	if (!v3_message_enc(s->v3->usm, &r->w, v, &reply, &varbinds))
		return false;
	if (faults & V3_FAULT_DIGEST)
		digest_forge(&r->w);
	if (faults & V3_FAULT_REPLAY)
		replay(d->extra, &r->w);
	if (faults & V3_FAULT_FLOOD)
		report_flood(s, v, r);
	return wr_ok(&r->w);
}

bool v3_answer(struct sim *s, struct device *d, const uint8_t *packet, size_t len_octets, struct reply *r)
{
	struct v3_agent a = engine_of(d, sim_clock_us(&s->clock));
	const struct usm_user *user = &d->model->v3_user;
	const struct usm_keys *keys;
	struct snmp_message q;
	struct v3_envelope v;
	enum v3_report why;
	struct v3_message m;

	if (d->model->user[0] == '\0' || !ready(s) || v3_message_dec(&m, packet, len_octets) != FW_OK) {
		s->count.undecodable++;
		return false;
	}
	if (m.user_len != user->name_len || memcmp(m.user, user->name, m.user_len) != 0)
		user = NULL;
	keys = user ? keys_of(s, d, &a) : NULL;
	why = v3_request_open(s->v3->usm, &a, user, keys, &m, &q);
	v = v3_answer_envelope(&a, user, keys, &m, why ? NULL : &q);
	if (why == V3_REPORT_NONE && d->extra && d->extra->v3_report)
		why = d->extra->v3_report;
	if (why != V3_REPORT_NONE)
		return report(s, &v, why, r);
	if (q.community_len != strlen(d->model->context) || memcmp(q.community, d->model->context, q.community_len) != 0)
		return report(s, &v, V3_UNKNOWN_CONTEXTS, r);
	return answer(s, d, &v, &q, r);
}

/* ---- commands ---------------------------------------------------------------------------------------------------- */

static int word_index(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] && strcmp(words[i], word) == 0)
			return (int)i;
	return -1;
}

enum fw_err v3_command(struct device *d, char **word, unsigned count, struct err *err)
{
	struct extra *x = device_extra(d);
	bool off = count == 2 && strcmp(word[1], "off") == 0;
	int fault = count > 0 ? word_index(fault_words, sizeof(fault_words) / sizeof(fault_words[0]), word[0]) : -1;
	int what = count == 2 && strcmp(word[0], "report") == 0
			   ? word_index(report_words, sizeof(report_words) / sizeof(report_words[0]), word[1]) : -1;

	if (fault >= 0 && (count == 1 || off)) {
		x->v3_faults = off ? x->v3_faults & ~(1u << fault) : x->v3_faults | 1u << fault;
	} else if (count >= 1 && strcmp(word[0], "report") == 0 && (what > 0 || off)) {
		x->v3_report = off ? V3_REPORT_NONE : (enum v3_report)what;
	} else if (count == 2 && strcmp(word[0], "boots") == 0 && isdigit((unsigned char)word[1][0])) {
		x->v3_boots = (uint32_t)strtoul(word[1], NULL, 10) - d->reboots;
		x->v3_boots_set = true;
	} else if (count == 2 && strcmp(word[0], "time") == 0) {
		x->v3_time += (int32_t)strtol(word[1], NULL, 10);
	} else if (count == 1 && strcmp(word[0], "engine-id") == 0) {
		x->v3_engine++;
	} else {
		return err_set(err, FW_MISTAKE, "should be: v3 FAULT [off], report KIND, boots N, time +-SECONDS, engine-id");
	}
	return FW_OK;
}

void v3_release(struct sim *s)
{
	if (!s->v3)
		return;
	if (s->v3->usm)
		usm_free(s->v3->usm);
	free(s->v3->cache);
	free(s->v3);
	s->v3 = NULL;
}
