/* t/unit/t3415-markers.c: change markers as one number; and silent devices that main asks for while a round is under way. */
#include <stdlib.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/worker-int.h"
#include "t/unit/tap.h"

static const char definitions[] =
	"table \"one\" { entry = \"1.3.6.1.2.1.2.2.1\" name = { \"a\" } rows = { \"a\" } counts = named\n"
	"    changes = { \"1.3.6.1.2.1.31.1.5.0\", \"1.3.6.1.2.1.2.1.0\" }\n"
	"    column \"a\" { oid = \"1.3.6.1.2.1.2.2.1.8\" as = integer } }\n"
	"table \"two\" { entry = \"1.3.6.1.2.1.47.1.1.1.1\" name = { \"b\" } rows = { \"b\" } counts = named\n"
	"    changes = { \"1.3.6.1.2.1.47.1.4.1.0\", \"1.3.6.1.2.1.2.1.0\" }\n"
	"    column \"b\" { oid = \"1.3.6.1.2.1.47.1.1.1.1.7\" as = string } }\n"
	"table \"three\" { entry = \"1.3.6.1.4.1.9.9\" name = { \"c\" } rows = { \"c\" } counts = named\n"
	"    column \"c\" { oid = \"1.3.6.1.4.1.9.9.1\" as = string } }\n";

enum { ONE, TWO, THREE, LAST_CHANGE = 0, IF_NUMBER, ENTITY_CHANGE };	/* tables; markers as they are listed */

static struct worker w;
static struct device d;
static struct cfg_device cfg = { .name = "sw1" };

static void no_tick(struct timer *t, struct mono now) { (void)t, (void)now; }

static void world(const char *folder)
{
	struct mistakes m = { 0 };
	struct err err = { "" };

	w.config = must_alloc(sizeof(*w.config));
	w.config->interval = span_s(60);
	w.config->status_interval = span_s(10);
	w.config->mib = mib_load_text("test", definitions, sizeof(definitions) - 1, &m);
	if (w.config->mib == NULL || m.count) {
		note("%s", m.count ? m.line[0] : "no definitions");
		exit(1);
	}
	w.last = last_open(folder, 0, &err);
	w.setup.to_main = mbox_new("main", 64);
	w.wheel = wheel_new(clock_mono());
	d = (struct device){ .kind = KIND_DEVICE, .w = &w, .cfg = &cfg, .pack = PACK_DEFAULT };
	d.peer.version = SNMP_V2C;
	d.tick.fire = no_tick;
	d.record = last_add(w.last, "sw1", "", "");
}

/* An answer that brings the markers with these values; type 0: noSuchInstance. */
static bool answer(struct marks *m, const uint64_t *value, int32_t error_status)
{
	uint8_t bytes[512];
	struct wr out = wr_over(bytes, sizeof(bytes));
	struct snmp_message reply = { .error_status = error_status };

	for (unsigned i = 0; i < m->count; i++) {
		struct snmp_varbind vb = { .name = m->marker[i].ber, .name_len = m->marker[i].len, .number = value[i],
					   .type = value[i] ? SNMP_TIMETICKS : SNMP_NO_INSTANCE };

		snmp_varbind_enc(&out, &vb);
	}
	reply.varbinds = rd_over(bytes, out.len);
	m->known = marks_take(m, &reply);
	return m->known;
}

static struct marks marks_of(uint64_t last_change, uint64_t if_number, uint64_t entity)
{
	const uint64_t value[] = { last_change, if_number, entity };
	struct marks m = { .count = 0 };

	m.count = markers_list(w.config->mib, UINT64_MAX, m.marker);
	answer(&m, value, 0);
	return m;
}

static void lists(void)
{
	struct marker m[MARKERS_MOST];

	is_int(markers_list(w.config->mib, UINT64_MAX, m), 3, "a marker of two tables is asked once");
	is_int(markers_list(w.config->mib, 1 << TWO, m), 2, "only those of the tables there are");
	is_int(markers_list(w.config->mib, 1 << THREE, m), 0, "a table may have none");
	is_int(m[0].table, TWO, "each knows its table");
}

static void numbers(void)
{
	struct marks before = marks_of(100, 24, 7), same = marks_of(100, 24, 7), renumbered = marks_of(200, 24, 7);
	struct marks port = marks_of(100, 25, 7), stack = marks_of(100, 24, 8), none = marks_of(0, 24, 7), swapped = marks_of(24, 100, 7);
	const struct mib *mib = w.config->mib;
	const uint64_t value[] = { 1, 2, 3 };

	ok(marks_same(mib, ONE, &before, &same) && marks_same(mib, TWO, &before, &same), "what did not move is the same");
	ok(!marks_same(mib, ONE, &before, &renumbered) && marks_same(mib, TWO, &before, &renumbered), "ifTableLastChange moves its table alone");
	ok(!marks_same(mib, ONE, &before, &port) && !marks_same(mib, TWO, &before, &port), "ifNumber both that name it");
	ok(marks_same(mib, ONE, &before, &stack) && !marks_same(mib, TWO, &before, &stack), "and entLastChangeTime the other");
	ok(!marks_same(mib, ONE, &before, &none), "one that the agent no longer has has moved");
	ok(!marks_same(mib, ONE, &before, &swapped), "values that change places have moved");
	ok(marks_same(mib, THREE, &before, &renumbered), "a table without markers is always the same");
	ok(!answer(&before, value, SNMP_ERR_GEN_ERR), "an agent that refuses has told none");
	same.known = false;
	ok(marks_together(&d, &same) == 0, "what was not read is no number");
}

/* What a poll's packet sums up while it reads its markers is what discovery has of them: else each round would walk anew. */
static void polled(void)
{
	struct marks m = marks_of(100, 24, 7);
	uint64_t sum = 0, tables;

	part_add(&d, last_add(w.last, "sw1", "one", "p1"), ONE);
	tables = markers_tables(&d);
	is_int((long long)tables, 1 << ONE, "tables that it has parts of");
	for (unsigned i = 0; i < m.count; i++) {
		struct snmp_varbind vb = { .name = m.marker[i].ber, .name_len = m.marker[i].len, .type = SNMP_TIMETICKS,
					   .number = i == LAST_CHANGE ? 100 : i == IF_NUMBER ? 24 : 7 };

		sum ^= i == ENTITY_CHANGE ? 0 : marker_hash(&vb);
	}
	ok(marks_together(&d, &m) == sum && sum != 0, "the markers of these tables as a packet has them");
	part_add(&d, last_add(w.last, "sw1", "two", "p2"), TWO);
	ok(marks_together(&d, &m) != sum, "another table, another number");
}

static void questions(void)
{
	struct marks m = marks_of(1, 2, 3), none = { .count = 0 };
	struct snmp_packet *p = marks_packet(&d, &m);
	struct snmp_message q;
	struct snmp_varbind vb;
	unsigned wrong = 0;

	ok(p && snmp_message_dec(&q, p->bytes, p->len_octets) == FW_OK && q.pdu == SNMP_GET && q.varbind_count == 3, "they are asked by one GET");
	free(p);
	d.peer.version = SNMP_V1;
	p = marks_packet(&d, &m);
	ok(p && snmp_message_dec(&q, p->bytes, p->len_octets) == FW_OK && q.pdu == SNMP_GETNEXT, "SNMPv1 by GETNEXT");
	for (unsigned i = 0; p && snmp_varbind_next(&q, &vb); i++)
		wrong += oid_ber_compare(vb.name, vb.name_len, m.marker[i].ber, m.marker[i].len) >= 0;
	is_int(wrong, 0, "... of the name just before each");
	free(p);
	d.peer.version = SNMP_V2C;
	ok(marks_packet(&d, &none) == NULL, "where there are none nothing is asked");
}

/* Where no marker that is a time vouches for a table its rows are asked their names along: which name is the same? */
static bool named(uint32_t part, const char *name)
{
	struct snmp_varbind vb = { .type = SNMP_OCTET_STRING, .bytes = (const uint8_t *)name, .bytes_len = (uint16_t)strlen(name) };

	return markers_name_same(&d, &d.part[part], &vb);
}

static uint32_t row(const char *instance, uint32_t index)
{
	uint32_t record = last_add(w.last, "sw1", "two", instance);
	struct last_record *r = last_begin(w.last, record);

	r->arcs = 1;
	r->arc[0] = index;
	r->name_column = 0;
	r->known = 1;
	last_end(w.last, record);
	return part_add(&d, record, TWO);
}

static void names(void)
{
	uint32_t plain = row("Gi0/1", 7), twin = row("eth~12", 12), none = row("9", 9);
	struct marks m = marks_of(100, 24, 7);

	ok(named(plain, "Gi0/1") && named(plain, "Gi0/1 ") && !named(plain, "Gi0/2") && !named(plain, "Gi0/1~7") && !named(plain, ""),
	   "a row has its name, or another");
	ok(named(twin, "eth") && !named(twin, "et") && !named(twin, "eth1"), "one of two equal names has its index behind");
	ok(named(none, "") && !named(none, "lo"), "one without a name is called by its index");
	is_int((long long)marks_vouched(w.config->mib, &m), 1 << ONE | 1 << TWO, "markers that are times vouch for their tables");
	m.times = 0;
	is_int((long long)marks_vouched(w.config->mib, &m), 0, "numbers for none");
	is_int(markers_name_column(&d, &d.part[plain]), 0, "then its name is asked along");
	d.vouched = 1 << TWO;
	is_int(markers_name_column(&d, &d.part[plain]), MIB_NO_COLUMN, "... and else not");
	d.vouched = 0;
}

static void names_change(void)
{
	struct mono now = clock_mono();

	d.misnamed = MISNAMED_MOST;
	d.misnamed_at = now;
	ok(markers_misnamed(&d, now), "names that change at every look cause no more walks");
	ok(!markers_misnamed(&d, mono_add(now, span_s(601))), "... until ten intervals have been calm");
	d.misnamed = MISNAMED_MOST - 1;
	ok(!markers_misnamed(&d, now), "a few changes do");
}

/* A device that is silent, its round under way; main asks for it once or more. */
static void again(void)
{
	struct mono now = clock_mono();

	d.fact = (struct device_fact){ .icmp = ANSWER_NO, .snmp = ANSWER_NO };
	d.quiet = (struct backoff){ .due = mono_add(now, span_s(600)), .asked = now, .failed = 6 };
	d.busy = true;
	ok(!device_asked_again(&d, now), "nobody asked for it");
	device_ask(&d, now, 1);
	device_ask(&d, now, 1);
	is_int(d.again, AGAIN_WANTED, "asked for while its round is under way: after it");
	d.busy = false;
	ok(device_asked_again(&d, now) && d.again == AGAIN_BEGUN, "silent in that: asked again");
	ok(timer_armed(&d.tick) && d.quiet.due.us == now.us && d.quiet.heard, "... soon, with all patience, spread among others");
	d.force_fact = false;
	ok(!device_asked_again(&d, now) && d.again == AGAIN_NO && d.force_fact, "silent again: that is told, and it is not asked for ever");
	d.busy = true;
	device_ask(&d, now, 1);
	d.busy = false;
	d.fact.snmp = ANSWER_YES;
	d.force_fact = false;
	ok(!device_asked_again(&d, now) && d.again == AGAIN_NO && d.force_fact, "an answer in the round under way will do, and is told");
	d.quiet = (struct backoff){ 0 };
	d.busy = true;
	device_ask(&d, now, 1);
	ok(d.again == AGAIN_NO, "one that is not silent is not asked twice");
	wheel_stop(w.wheel, &d.tick);
}

int main(void)
{
	char folder[] = "/tmp/fw-t3415-XXXXXX", command[64];

	plan(37);
	log_level_set(LOG_LEVEL_ERROR);
	if (!mkdtemp(folder))
		return 1;
	world(folder);
	lists();
	numbers();
	polled();
	questions();
	names();
	names_change();
	again();
	free(d.part);
	last_close(w.last);
	mbox_free(w.setup.to_main);
	wheel_free(w.wheel);
	mib_free(w.config->mib);
	free(w.config);
	names_release(&w.named_parts);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) != 0 || done();
}
