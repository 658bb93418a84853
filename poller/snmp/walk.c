/* poller/snmp/walk.c: reading a subtree with GETBULK, or GETNEXT for v1 and for agents that cannot.
 *
 * One request is out at a time. After trouble that a shorter answer may cure (tooBig, silence, an answer that cannot be
 * decoded) the same step is asked again with half the repetitions, at last with GETNEXT. Between the first length and
 * GETNEXT each is sent once only, so that a silent agent does not cost retries at every length.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "snmp.h"

enum { ANSWER_HEAD = 72 };	/* of a message; a community is longer seldom */

struct walk_name {
	uint8_t ber[OID_BER_MAX];
	uint16_t len;
};

struct snmp_walk {
	struct snmp_engine *engine;
	struct snmp_peer peer;		/* a copy: 'retries' changes */
	uint8_t retries;		/* as given */
	struct snmp_walk_spec spec;
	struct walk_name root, last;
	unsigned repetitions, rows;
	unsigned room;			/* repetitions that fit an answer, by the size of its last */
	bool shortened, refused;
	bool exception;			/* noSuchObject, noSuchInstance, or a hole: behind rows, or among them */
	struct snmp_packet *packet;
	struct snmp_ask *ask;
	bool busy, cancelled;		/* in a callback of its owner; which cancelled it */
};

enum step { STEP_MORE, STEP_END, STEP_SHORTER };

static void walk_free(struct snmp_walk *w)
{
	free(w->packet);
	free(w);
}

static void walk_end(struct snmp_walk *w, enum fw_err err)
{
	w->busy = true;
	w->spec.done(w->spec.owner, err);
	walk_free(w);
}

static void walk_answer(void *owner, uint32_t tag, const struct snmp_answer *a);

/* Ask for what follows 'last'. */
static enum fw_err walk_ask(struct snmp_walk *w)
{
	unsigned repetitions = w->repetitions < w->room ? w->repetitions : w->room;
	bool bulk = repetitions > 1 && w->peer.version != SNMP_V1;
	struct snmp_name name = { w->last.ber, w->last.len };
	struct snmp_request q = {
		.community = w->peer.community, .version = w->peer.version, .pdu = bulk ? SNMP_GETBULK : SNMP_GETNEXT,
		.request_id = INT32_MAX, .max_repetitions = bulk ? (int32_t)repetitions : 0,
		.names = &name, .name_count = 1
	};
	enum fw_err err;

	free(w->packet);
	err = snmp_packet_new(&w->packet, &q, SNMP_REQUEST_MAX);
	if (err)
		return err;
	w->ask = snmp_ask(w->engine, &w->peer, w->packet, walk_answer, w, 0);
	return w->ask ? FW_OK : FW_FULL;
}

static bool in_subtree(const struct walk_name *root, const struct snmp_varbind *vb)
{
	return vb->name_len > root->len && memcmp(vb->name, root->ber, root->len) == 0;
}

static void name_keep(struct walk_name *n, const struct snmp_varbind *vb)
{
	must(vb->name_len <= sizeof(n->ber));
	memcpy(n->ber, vb->name, vb->name_len);
	n->len = vb->name_len;
}

/* An exception ends a subtree; but with a name that goes on in it, it is a row without a value: others may follow. */
static bool is_hole(const struct snmp_walk *w, const struct snmp_varbind *vb)
{
	return in_subtree(&w->root, vb) && oid_ber_compare(vb->name, vb->name_len, w->last.ber, w->last.len) > 0;
}

/* One varbind of an answer. STEP_END sets '*err'. */
static enum step walk_varbind(struct snmp_walk *w, const struct snmp_varbind *vb, struct mono at, enum fw_err *err)
{
	bool exception = vb->type == SNMP_END_OF_MIB || vb->type == SNMP_NO_OBJECT || vb->type == SNMP_NO_INSTANCE;

	*err = FW_OK;
	if (exception && !is_hole(w, vb)) {
		w->exception = w->exception || (vb->type != SNMP_END_OF_MIB && w->rows > 0);
		return STEP_END;
	}
	w->exception = w->exception || exception;
	if (oid_ber_compare(vb->name, vb->name_len, w->last.ber, w->last.len) <= 0) {
		*err = FW_ORDER;
		return STEP_END;
	}
	if (!in_subtree(&w->root, vb))
		return STEP_END;
	if (w->rows >= w->spec.most_rows) {
		*err = FW_RANGE;
		return STEP_END;
	}
	w->rows++;
	name_keep(&w->last, vb);
	return w->spec.row(w->spec.owner, vb, at) && !w->cancelled ? STEP_MORE : STEP_END;
}

/* An answer of 'count' rows was full: ask for more next time, as long as it fits a datagram; when it is larger, for less. */
static void walk_fit(struct snmp_walk *w, unsigned count, size_t octets)
{
	unsigned fit = count * (SNMP_REQUEST_MAX - ANSWER_HEAD) / (unsigned)(octets + 1);

	w->room = fit ? fit : 1;
	if (count < w->repetitions || w->shortened || w->repetitions >= w->spec.most_repetitions)
		return;
	w->repetitions = w->repetitions * 2 < w->spec.most_repetitions ? w->repetitions * 2 : w->spec.most_repetitions;
}

static enum step walk_rows(struct snmp_walk *w, const struct snmp_answer *a, enum fw_err *err)
{
	size_t octets = (size_t)(a->reply->varbinds.end - a->reply->varbinds.at);
	enum step step = STEP_MORE;
	struct snmp_varbind vb;

	if (a->reply->varbind_count == 0) {
		*err = FW_MALFORM;
		return STEP_SHORTER;
	}
	w->busy = true;
	while (step == STEP_MORE && snmp_varbind_next(a->reply, &vb))
		step = walk_varbind(w, &vb, a->at, err);
	w->busy = false;
	if (step == STEP_MORE && w->peer.version != SNMP_V1)
		walk_fit(w, a->reply->varbind_count, octets);
	return step;
}

/* What follows from an answer; '*err' is how the walk ends, if it does. */
static enum step walk_step(struct snmp_walk *w, const struct snmp_answer *a, enum fw_err *err)
{
	*err = a->err;
	if (a->err == FW_TIMEOUT || a->err == FW_MALFORM)
		return STEP_SHORTER;
	if (a->err)
		return STEP_END;
	switch (a->reply->error_status) {
	case SNMP_ERR_NONE:
		return walk_rows(w, a, err);
	case SNMP_ERR_TOO_BIG:
		*err = FW_TOOBIG;
		return STEP_SHORTER;
	case SNMP_ERR_NO_SUCH_NAME:		/* v1's end of the MIB view, RFC 1157 4.1.3; some v2c agents, too */
		return STEP_END;
	default:
		*err = FW_AGENT;
		w->refused = w->repetitions > 1;	/* it may know GETNEXT only */
		return w->refused ? STEP_SHORTER : STEP_END;
	}
}

/* Half the repetitions that were asked for; false when it was GETNEXT already. */
static bool walk_shorten(struct snmp_walk *w)
{
	if (w->repetitions > w->room)
		w->repetitions = w->room;
	if (w->repetitions <= 1)
		return false;
	w->repetitions = w->refused ? 1 : w->repetitions / 2;
	w->shortened = true;
	w->peer.retries = w->repetitions > 1 ? 0 : w->retries;
	return true;
}

static void walk_answer(void *owner, uint32_t tag, const struct snmp_answer *a)
{
	struct snmp_walk *w = owner;
	enum fw_err err;
	enum step step;

	(void)tag;
	w->ask = NULL;
	step = walk_step(w, a, &err);
	if (w->cancelled) {
		walk_free(w);
		return;
	}
	if (step == STEP_MORE)
		w->peer.retries = w->retries;
	if (step == STEP_END || (step == STEP_SHORTER && !walk_shorten(w))) {
		walk_end(w, err);
		return;
	}
	err = walk_ask(w);
	if (err)
		walk_end(w, err);
}

struct snmp_walk *snmp_walk_start(struct snmp_engine *e, const struct snmp_peer *peer,
				  const struct snmp_walk_spec *spec)
{
	struct snmp_walk *w = must_alloc(sizeof(*w));

	*w = (struct snmp_walk){ .engine = e, .peer = *peer, .retries = peer->retries, .spec = *spec };
	w->root.len = (uint16_t)oid_enc(spec->root, w->root.ber, sizeof(w->root.ber));
	w->last = w->root;
	w->room = UINT_MAX;
	w->repetitions = spec->max_repetitions && peer->version != SNMP_V1 ? spec->max_repetitions : 1;
	if (w->root.len == 0 || walk_ask(w)) {
		walk_free(w);
		return NULL;
	}
	return w;
}

void snmp_walk_cancel(struct snmp_walk *w)
{
	if (!w)
		return;
	w->cancelled = true;
	if (w->busy)
		return;
	snmp_cancel(w->engine, w->ask);
	walk_free(w);
}

struct snmp_walk_learned snmp_walk_learned(const struct snmp_walk *w)
{
	return (struct snmp_walk_learned){ w->repetitions, w->shortened, w->refused && w->rows > 0, w->exception };
}

unsigned snmp_walk_repetitions(const struct snmp_walk *w)
{
	return w->repetitions;
}
