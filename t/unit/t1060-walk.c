/* t/unit/t1060-walk.c: walks over a scripted agent: honest, old, small, slow, looping, lying. */
#include "t1-agent.h"

/* The agent's MIB: three columns of forty rows under 1.3.6.1.2.1.2.2.1, and one object behind. */
enum { COLUMNS = 3, ROWS = 40, OBJECTS = COLUMNS * ROWS + 1, NAME_LEN = 10 };

enum quirk {
	HONEST, LOOPS, REPEATS, ENDLESS, MORE_THAN_ASKED, NO_OBJECT, NO_SUCH_NAME, GEN_ERR, NO_BULK, EMPTY,
	TOO_BIG, SILENT, CUT, EMPTY_WHEN_BIG,		/* these when more repetitions are asked than 'big' */
	TIRES						/* ... and this not the first time; its values are long */
};

struct script {
	enum quirk quirk;
	unsigned big;
	uint8_t mib[OBJECTS][NAME_LEN];
	unsigned bulks, nexts;		/* requests it got */
	uint32_t made_up;
	unsigned lost, again;		/* repetitions of the last that was not answered; how often as many were asked again */
};

static void script_init(struct script *s, enum quirk quirk, unsigned big)
{
	*s = (struct script){ .quirk = quirk, .big = big };
	for (unsigned i = 0; i < OBJECTS; i++) {
		const uint8_t name[NAME_LEN] = {
			0x2b, 6, 1, 2, 1, i < COLUMNS * ROWS ? 2 : 4, 2, 1, (uint8_t)(1 + i / ROWS), (uint8_t)(1 + i % ROWS)
		};

		memcpy(s->mib[i], name, NAME_LEN);
	}
}

static unsigned object_after(const struct script *s, const struct snmp_varbind *vb)
{
	unsigned i = 0;

	while (i < OBJECTS && oid_ber_compare(s->mib[i], NAME_LEN, vb->name, vb->name_len) <= 0)
		i++;
	if (s->quirk == LOOPS && i == 50)
		return 3;
	return s->quirk == REPEATS && i == 50 ? 49 : i;
}

/* An agent that makes up ever more rows. */
static void put_made_up(struct script *s, struct wr *w)
{
	struct oid o = { { 1, 3, 6, 1, 2, 1, 2, 2, 1, 1, ++s->made_up }, 11 };
	uint8_t ber[OID_BER_MAX];
	struct snmp_varbind vb = { .name = ber, .type = SNMP_NULL };

	vb.name_len = (uint16_t)oid_enc(&o, ber, sizeof(ber));
	snmp_varbind_enc(w, &vb);
}

/* Put what follows 'vb' into 'w', and into 'vb'; false at the end of the MIB. */
static bool put_next(struct script *s, struct wr *w, struct snmp_varbind *vb)
{
	unsigned i = object_after(s, vb);

	if (s->quirk == ENDLESS) {
		put_made_up(s, w);
		return true;
	}
	vb->type = s->quirk == NO_OBJECT ? SNMP_NO_OBJECT : SNMP_END_OF_MIB;
	if (i < OBJECTS) {
		static const uint8_t text[60];

		vb->type = s->quirk == TIRES ? SNMP_OCTET_STRING : SNMP_INTEGER;
		vb->number = i;
		vb->bytes = text;
		vb->bytes_len = s->quirk == TIRES ? sizeof(text) : 0;
		vb->name = s->mib[i];
		vb->name_len = NAME_LEN;
	}
	snmp_varbind_enc(w, vb);
	return i < OBJECTS;
}

/* The varbinds of an answer; returns its error-status. */
static int fill(struct script *s, struct wr *w, struct snmp_message m, unsigned repetitions)
{
	struct snmp_varbind vb;

	if (s->quirk == EMPTY || !snmp_varbind_next(&m, &vb))
		return 0;
	if (s->quirk == MORE_THAN_ASKED)
		repetitions += 5;
	for (unsigned i = 0; i < repetitions; i++) {
		if (put_next(s, w, &vb))
			continue;
		if (i == 0 && (m.version == SNMP_V1 || s->quirk == NO_SUCH_NAME))
			return SNMP_ERR_NO_SUCH_NAME;
		return 0;
	}
	return s->quirk == GEN_ERR && s->bulks > 2 ? SNMP_ERR_GEN_ERR : 0;
}

static void answer(struct script *s, const struct agent *a, const struct asked *q)
{
	unsigned repetitions = q->m.pdu == SNMP_GETBULK ? (unsigned)q->m.error_index : 1;
	enum quirk quirk = s->quirk >= TOO_BIG && repetitions <= s->big ? HONEST : s->quirk;
	uint8_t list[8192], packet[8192];
	struct wr w = wr_over(list, sizeof(list));
	struct snmp_message m = q->m;
	size_t len;

	*(q->m.pdu == SNMP_GETBULK ? &s->bulks : &s->nexts) += 1;
	if (quirk == SILENT || (quirk == TIRES && s->bulks > 1)) {
		s->again += repetitions == s->lost;
		s->lost = repetitions;
		return;
	}
	m.error_status = fill(s, &w, q->m, repetitions);
	if (quirk == NO_BULK && q->m.pdu == SNMP_GETBULK)
		m.error_status = SNMP_ERR_GEN_ERR;
	if (quirk == TOO_BIG)
		m.error_status = SNMP_ERR_TOO_BIG;
	if (m.error_status || quirk == EMPTY_WHEN_BIG)
		w.len = 0;
	m.pdu = SNMP_RESPONSE;
	m.error_index = 0;
	len = answer_enc(packet, sizeof(packet), &m, &w);
	agent_send(a, q, packet, quirk == CUT ? len - 4 : len);
}

/* ---- a walk ---- */

struct walked {
	struct snmp_walk *walk;
	unsigned rows, ends, repetitions;
	unsigned stop_at, cancel_at;	/* rows; 0: never */
	uint64_t sum;
	enum fw_err err;
};

static bool on_row(void *owner, const struct snmp_varbind *vb, struct mono at)
{
	struct walked *got = owner;

	(void)at;
	got->rows++;
	got->sum += vb->number;
	if (got->rows == got->cancel_at)
		snmp_walk_cancel(got->walk);
	return got->rows != got->stop_at;
}

static void on_end(void *owner, enum fw_err err)
{
	struct walked *got = owner;

	got->ends++;
	got->err = err;
	got->repetitions = snmp_walk_repetitions(got->walk);
}

struct stage {
	struct world w;
	struct agent agent;
	struct snmp_peer peer;
	struct snmp_walk_spec spec;
	struct oid root;
	struct script script;
	struct walked got;
};

static void stage_init(struct stage *st, enum quirk quirk, unsigned big)
{
	*st = (struct stage){ .w = world_new(), .agent = agent_new(AF_INET) };
	st->peer = peer_of(&st->agent, SNMP_V2C, 1);
	oid_parse("1.3.6.1.2.1.2.2.1", &st->root);
	st->spec = (struct snmp_walk_spec){
		.root = &st->root, .max_repetitions = 20, .most_rows = 10000, .row = on_row, .done = on_end,
		.owner = &st->got
	};
	script_init(&st->script, quirk, big);
}

static void stage_release(struct stage *st)
{
	world_free(&st->w);
	close(st->agent.fd);
}

/* Until it ends, or a minute has passed. */
static void walk(struct stage *st)
{
	struct asked q;

	st->got.walk = snmp_walk_start(st->w.engine, &st->peer, &st->spec);
	for (unsigned i = 0; i < 6000 && st->got.ends == 0; i++) {
		bool asked = false;

		turn(&st->w);
		while (agent_take(&st->agent, &q)) {
			answer(&st->script, &st->agent, &q);
			asked = true;
		}
		turn(&st->w);
		if (!asked)
			pass_ms(&st->w, 10);
	}
}

static const struct walk_case {
	const char *name;
	enum quirk quirk;
	unsigned big;
	uint8_t version;
	const char *root;
	unsigned most_rows, stop_at;
	enum fw_err err;
	unsigned rows, bulks, nexts, repetitions;	/* UINT32_MAX: whatever */
} cases[] = {
	{ "a table", HONEST, 99, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 7, 0, 20 },
	{ "a column", HONEST, 99, 1, "1.3.6.1.2.1.2.2.1.2", 10000, 0, FW_OK, 40, 3, 0, 20 },
	{ "an object that is an instance", HONEST, 99, 1, "1.3.6.1.2.1.2.2.1.2.7", 10000, 0, FW_OK, 0, 1, 0, 20 },
	{ "to the end of the MIB", HONEST, 99, 1, "1.3.6.1.2.1", 10000, 0, FW_OK, 121, 7, 0, 20 },
	{ "what the agent has not", HONEST, 99, 1, "1.3.6.1.4", 10000, 0, FW_OK, 0, 1, 0, 20 },
	{ "v1: a table", HONEST, 99, 0, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 0, 121, 1 },
	{ "v1: to the end, a noSuchName", HONEST, 99, 0, "1.3.6.1.2.1", 10000, 0, FW_OK, 121, 0, 122, 1 },
	{ "v2c with noSuchName at the end", NO_SUCH_NAME, 99, 1, "1.3.6.1.2.1.4", 10000, 0, FW_OK, 1, 1, 0, 20 },
	{ "... after the end", NO_SUCH_NAME, 99, 1, "1.3.6.1.4", 10000, 0, FW_OK, 0, 1, 0, 20 },
	{ "noSuchObject at the end", NO_OBJECT, 99, 1, "1.3.6.1.2.1", 10000, 0, FW_OK, 121, 7, 0, 20 },
	{ "more rows than asked for", MORE_THAN_ASKED, 99, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 5, 0, 20 },
	{ "an agent that loops back", LOOPS, 99, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_ORDER, 50, 3, 0, 20 },
	{ "v1: ... too", LOOPS, 99, 0, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_ORDER, 50, 0, 51, 1 },
	{ "an agent that stands still", REPEATS, 99, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_ORDER, 50, 3, 0, 20 },
	{ "rows without end", ENDLESS, 99, 1, "1.3.6.1.2.1.2.2.1", 1000, 0, FW_RANGE, 1000, 51, 0, 20 },
	{ "just as many rows as allowed", HONEST, 99, 1, "1.3.6.1.2.1.2.2.1", 120, 0, FW_OK, 120, 7, 0, 20 },
	{ "one row more than allowed", HONEST, 99, 1, "1.3.6.1.2.1.2.2.1", 119, 0, FW_RANGE, 119, 6, 0, 20 },
	{ "ended by its owner", HONEST, 99, 1, "1.3.6.1.2.1.2.2.1", 10000, 30, FW_OK, 30, 2, 0, 20 },
	{ "genErr, to GETNEXT as well", GEN_ERR, 99, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_AGENT, 40, 3, 1, 1 },
	{ "genErr to GETBULK only", NO_BULK, 99, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 1, 121, 1 },
	{ "tooBig above 7", TOO_BIG, 7, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 27, 0, 5 },
	{ "tooBig always", TOO_BIG, 0, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_TOOBIG, 0, 4, 1, 1 },
	{ "v1: tooBig", TOO_BIG, 0, 0, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_TOOBIG, 0, 0, 1, 1 },
	{ "cut answers above 10", CUT, 10, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 14, 0, 10 },
	{ "cut answers always", CUT, 0, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_MALFORM, 0, 4, 1, 1 },
	{ "no varbinds above 1", EMPTY_WHEN_BIG, 1, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 4, 121, 1 },
	{ "no varbinds ever", EMPTY, 99, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_MALFORM, 0, 4, 1, 1 },
	{ "silent above 10", SILENT, 10, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 15, 0, 10 },
	{ "silent to GETBULK", SILENT, 1, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_OK, 120, 5, 121, 1 },
	{ "silent always", SILENT, 0, 1, "1.3.6.1.2.1.2.2.1", 10000, 0, FW_TIMEOUT, 0, 5, 2, 1 },
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void test_case(const struct walk_case *c)
{
	struct stage st;
	const struct script *s = &st.script;
	const struct walked *got = &st.got;

	stage_init(&st, c->quirk, c->big);
	st.peer.version = c->version;
	oid_parse(c->root, &st.root);
	st.spec.most_rows = c->most_rows;
	st.got.stop_at = c->stop_at;
	walk(&st);
	ok(got->ends == 1 && got->err == c->err && got->rows == c->rows && s->bulks == c->bulks && s->nexts == c->nexts &&
	   got->repetitions == c->repetitions && snmp_outstanding(st.w.engine) == 0, c->name);
	if (got->ends != 1 || got->err != c->err || got->rows != c->rows || s->bulks != c->bulks || s->nexts != c->nexts)
		note("ends %u, %s, rows %u, GETBULK %u, GETNEXT %u, repetitions %u", got->ends, fw_err_text(got->err), got->rows,
		     s->bulks, s->nexts, got->repetitions);
	stage_release(&st);
}

static void test_values(void)
{
	struct stage st;

	stage_init(&st, HONEST, 99);
	walk(&st);
	is_u64(st.got.sum, 119 * 120 / 2, "each row comes once, with its value");
	stage_release(&st);
}

/* A walk that may grow does, until an answer is full; its answers stay within a datagram. */
static void test_growth(void)
{
	struct stage st;

	stage_init(&st, HONEST, 99);
	st.spec.max_repetitions = 5;
	st.spec.most_repetitions = 100;
	walk(&st);
	ok(st.got.ends == 1 && st.got.rows == 120 && st.script.bulks < 7 && st.got.repetitions > 20, "a walk grows while its answers are full");
	note("%u GETBULK, at last %u repetitions", st.script.bulks, st.got.repetitions);
	stage_release(&st);

	stage_init(&st, TOO_BIG, 12);
	st.spec.max_repetitions = 5;
	st.spec.most_repetitions = 100;
	walk(&st);
	ok(st.got.ends == 1 && st.got.rows == 120 && st.got.repetitions == 10, "... and keeps what was answered last when more is refused");
	stage_release(&st);

	stage_init(&st, TIRES, 10);
	st.peer.retries = 0;
	st.spec.max_repetitions = 100;
	walk(&st);
	ok(st.got.ends == 1 && st.got.err == FW_OK && st.got.rows == 120 && st.script.lost > 10 && st.script.again == 0,
	   "what fits a datagram and is lost is not asked again at the same length");
	note("%u GETBULK, %u of them as long as the one lost before", st.script.bulks, st.script.again);
	stage_release(&st);
}

static void test_cancel(void)
{
	struct stage st;

	stage_init(&st, HONEST, 99);
	st.got.walk = snmp_walk_start(st.w.engine, &st.peer, &st.spec);
	turn(&st.w);
	snmp_walk_cancel(st.got.walk);
	pass_ms(&st.w, 5000);
	ok(st.got.ends == 0 && st.got.rows == 0 && snmp_outstanding(st.w.engine) == 0,
	   "a walk that is cancelled says nothing");
	stage_release(&st);

	stage_init(&st, HONEST, 99);
	st.got.cancel_at = 5;
	walk(&st);
	ok(st.got.ends == 0 && st.got.rows == 5 && snmp_outstanding(st.w.engine) == 0, "... also from within a row");
	stage_release(&st);
}

static void test_bad_root(void)
{
	struct stage st;

	stage_init(&st, HONEST, 99);
	oid_parse("1", &st.root);
	ok(!snmp_walk_start(st.w.engine, &st.peer, &st.spec), "a root that cannot be encoded starts nothing");
	stage_release(&st);
}

int main(void)
{
	plan(CASES + 1 + 3 + 2 + 1);
	for (unsigned i = 0; i < CASES; i++)
		test_case(&cases[i]);
	test_values();
	test_growth();
	test_cancel();
	test_bad_root();
	return done();
}
