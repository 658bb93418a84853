/* t/unit/t3410-sample.c: what readings mean: counters that wrap, reset, jump; the agent's clock; what is missing and why; plans. */
#include <stdlib.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/worker-int.h"
#include "t/unit/tap.h"

static const char definitions[] =
	"table \"interface\" {\n"
	"    entry = \"1.3.6.1.2.1.2.2.1\"\n"
	"    name = { \"ifDescr\" }\n"
	"    rows = { \"ifOperStatus\" }\n"
	"    discontinuity = \"ifDisc\"\n"
	"    counts = named\n"
	"    column \"ifOperStatus\" { oid = \"1.3.6.1.2.1.2.2.1.8\" as = integer }\n"
	"    column \"ifDisc\" { oid = \"1.3.6.1.2.1.31.1.1.1.19\" as = ticks }\n"
	"    column \"ifHCInOctets\" { oid = \"1.3.6.1.2.1.31.1.1.1.6\" as = counter64 else = \"ifInOctets\" ds = \"in\" unit = \"B/s\" }\n"
	"    column \"ifInErrors\" { oid = \"1.3.6.1.2.1.2.2.1.14\" as = counter32 ds = \"errors\" unit = \"packet/s\" }\n"
	"    column \"ifInOctets\" { oid = \"1.3.6.1.2.1.2.2.1.10\" as = counter32 unit = \"B/s\" }\n"
	"    column \"ifSpeed\" { oid = \"1.3.6.1.2.1.2.2.1.5\" as = gauge slow = true unit = \"bit/s\" }\n"
	"    column \"ifDescr\" { oid = \"1.3.6.1.2.1.2.2.1.2\" as = string slow = true }\n"
	"    state \"ifOperStatus\" { up = {1} down = {2} }\n"
	"}\n";

enum { OPER, DISC, HC_IN, ERRORS, IN, SPEED, DESCR };

static struct worker w;
static struct device *d;
static int64_t now_s = 1700000000;

static struct wall at(void) { return (struct wall){ now_s * 1000000 }; }

/* A worker that has no thread and no sockets: what sample.c and plan.c touch of it. */
static void world(const char *folder)
{
	struct mistakes m = { 0 };
	struct cfg_device *cfg = must_alloc(sizeof(*cfg));
	struct err err = { "" };

	w.config = must_alloc(sizeof(*w.config));
	w.config->interval = span_s(60);
	w.config->status_interval = span_s(10);
	w.config->mib = mib_load_text("test", definitions, sizeof(definitions) - 1, &m);
	if (w.config->mib == NULL || m.count) {
		note("%s", m.count ? m.line[0] : "no definitions");
		exit(1);
	}
	w.mib_hash = 1;
	w.last = last_open(folder, 0, &err);
	w.setup.to_main = mbox_new("main", 64);
	cfg->name = "sw1";
	d = must_alloc(sizeof(*d));
	d->w = &w;
	d->cfg = cfg;
	d->pack = PACK_DEFAULT;
	d->peer.version = SNMP_V2C;
	snprintf(d->peer.community, sizeof(d->peer.community), "public");
	d->record = last_add(w.last, "sw1", "", "");
}

static struct part *port(unsigned index)
{
	char name[16];
	uint32_t i;
	struct last_record *r;

	snprintf(name, sizeof(name), "p%u", index);
	i = last_add(w.last, "sw1", "interface", name);
	r = last_begin(w.last, i);
	r->arcs = 1;
	r->arc[0] = index;
	last_end(w.last, i);
	i = part_add(d, i, 0);
	return &d->part[i];
}

static const struct last_record *record(const struct part *p) { return last_at(w.last, p->record); }

static enum fw_err give(struct part *p, uint8_t column, uint8_t type, uint64_t number)
{
	struct snmp_varbind vb = { .type = type, .number = number };
	struct slot s = { .part = (uint32_t)(p - d->part), .column = column };

	sample_slot(d, &s, &vb, at());
	return record(p)->why[column];
}

/* One cycle of a port: 60 s later, state and a counter. What the counter moved by, or -1 when it does not continue. */
static int64_t cycle(struct part *p, uint8_t column, uint8_t type, uint64_t raw)
{
	uint64_t before = record(p)->run[0];
	struct last_record *r;
	int64_t moved;

	now_s += 60;
	give(p, OPER, SNMP_INTEGER, 1);
	give(p, column, type, raw);
	moved = p->reset || !(p->moved & 1) ? -1 : (int64_t)(record(p)->run[0] - before);
	p->reset = false;
	p->fresh = p->moved = 0;
	r = last_begin(w.last, p->record);
	r->asked_us = at().us;
	last_end(w.last, p->record);
	return moved;
}

static void counters64(void)
{
	struct part *p = port(1);

	is_int(cycle(p, HC_IN, SNMP_COUNTER64, 1000), -1, "Counter64: the first reading moves nothing");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, 61000), 60000, "the second does");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, 5000), -1, "one that went back was reset, whatever 32 bits would say");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, 6000), 1000, "... and goes on from there");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, UINT64_C(1) << 60), (INT64_C(1) << 60) - 6000, "where no speed is known any jump is believed");
	give(p, SPEED, SNMP_GAUGE32, 1000000000);
	cycle(p, HC_IN, SNMP_COUNTER64, 0);
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, UINT64_C(7500000000)), INT64_C(7500000000), "the full speed of the link");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, UINT64_C(1) << 50), -1, "a jump beyond the link's speed is none of its");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, (UINT64_C(1) << 50) + 60), 60, "... once");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, UINT64_C(1) << 51), -1, "... and again");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, UINT64_C(1) << 52), INT64_C(1) << 51, "twice in a row: then the speed is wrong");
	give(p, DISC, SNMP_TIMETICKS, 5);
	give(p, DISC, SNMP_TIMETICKS, 5);
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, (UINT64_C(1) << 52) + 1), 1, "a discontinuity time that stays");
	give(p, DISC, SNMP_TIMETICKS, 77);
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, (UINT64_C(1) << 52) + 2), -1, "... and one that moves: reset");
	give(p, SPEED, SNMP_GAUGE32, UINT32_MAX);
	cycle(p, HC_IN, SNMP_COUNTER64, 0);
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, UINT64_C(750000000000)), INT64_C(750000000000), "ifSpeed of all ones is no bound");
}

static void counters32(void)
{
	struct part *p = port(2);

	cycle(p, IN, SNMP_COUNTER32, UINT32_MAX - 999);
	is_int(cycle(p, IN, SNMP_COUNTER32, 59000), 60000, "Counter32: over its end");
	is_int(cycle(p, IN, SNMP_COUNTER32, 58000), -1, "back by a little: where no speed is known that is a reset");
	give(p, SPEED, SNMP_GAUGE32, 10000000);
	cycle(p, IN, SNMP_COUNTER32, UINT32_MAX - 9);
	is_int(cycle(p, IN, SNMP_COUNTER32, 70000000), 70000010, "at 10 Mbit/s 70 MB in a minute may be");
	cycle(p, IN, SNMP_COUNTER32, UINT32_MAX - 9);
	is_int(cycle(p, IN, SNMP_COUNTER32, 200000000), -1, "... 200 MB may not");
}

static enum fw_err give_text(struct part *p, uint8_t column, const char *text)
{
	struct snmp_varbind vb = { .type = SNMP_OCTET_STRING, .bytes = (const uint8_t *)text, .bytes_len = (uint16_t)strlen(text) };

	return sample_value(d, p, column, &vb, at());
}

static void texts(struct part *p)
{
	static const struct { uint8_t column; const char *text; enum fw_err why; uint64_t number; } cases[] = {
		{ IN, "123", FW_OK, 123 }, { IN, "4294967295", FW_OK, UINT32_MAX }, { IN, "4294967296", FW_TYPE, 0 }, { IN, "-1", FW_TYPE, 0 },
		{ IN, "12 ", FW_TYPE, 0 }, { IN, "", FW_TYPE, 0 }, { IN, "0x12", FW_TYPE, 0 },
		{ HC_IN, "123456789012345678", FW_OK, UINT64_C(123456789012345678) }, { HC_IN, "1234567890123456789", FW_TYPE, 0 },
		{ OPER, "-2", FW_OK, (uint64_t)-2 }, { OPER, "-", FW_TYPE, 0 }, { OPER, "up", FW_TYPE, 0 },
	};
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum fw_err why = give_text(p, cases[i].column, cases[i].text);

		if (why != cases[i].why || (why == FW_OK && record(p)->value[cases[i].column] != cases[i].number)) {
			note("'%s': %s, %llu", cases[i].text, fw_err_text(why), (unsigned long long)record(p)->value[cases[i].column]);
			wrong++;
		}
	}
	is_int(wrong, 0, "numbers as text: what can mean one number only is one");
	ok(w.n.odd[ODD_TEXT] == 4 && w.n.odd[ODD_TYPE] >= 8, "... and each is counted as odd");
}

static void missing(void)
{
	struct part *p = port(3);
	struct slot in = { .part = (uint32_t)(p - d->part), .column = HC_IN }, oper = { .part = in.part, .column = OPER };

	cycle(p, HC_IN, SNMP_COUNTER64, 1000);
	cycle(p, HC_IN, SNMP_COUNTER64, 2000);
	now_s += 60;
	sample_missing(d, &in, FW_TIMEOUT);
	sample_missing(d, &oper, FW_TIMEOUT);
	sample_finish(d, p, at(), true);
	ok(record(p)->known >> HC_IN & 1 && record(p)->why[HC_IN] == FW_TIMEOUT, "a lost answer: the last value stays, with the reason");
	is_int(record(p)->state, STATE_UP, "... and so does the state");
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, 5000), 3000, "... and the counter goes on over it");
	p->missed = 0;
	for (int i = 0; i < 3; i++) {
		now_s += 60;
		sample_missing(d, &oper, FW_TIMEOUT);
		sample_missing(d, &in, FW_MALFORM);
		sample_finish(d, p, at(), true);
	}
	is_int(record(p)->state, STATE_UNKNOWN, "lost three times in a row: unknown");
	ok(!(record(p)->known >> HC_IN & 1), "... and no value");
	is_int(record(p)->why[HC_IN], FW_MALFORM, "... with the reason of the last");
	give(p, OPER, SNMP_INTEGER, 2);
	sample_finish(d, p, at(), true);
	is_int(record(p)->state, STATE_DOWN, "an answer is believed at once");
	is_int(give(p, OPER, SNMP_OCTET_STRING, 0), FW_TYPE, "a value of another type");
	sample_finish(d, p, at(), true);
	is_int(record(p)->state, STATE_UNKNOWN, "... is none");
	is_int(give(p, IN, SNMP_INTEGER, (uint64_t)-5), FW_RANGE, "a counter below zero");
	texts(p);
	d->replan = d->ask_else = d->lacks = false;
	is_int(give(p, HC_IN, SNMP_NO_INSTANCE, 0), FW_NOINST, "what the agent has not");
	ok(d->replan && d->ask_else && record(p)->source >> HC_IN & 1, "... is read from its 'else' column");
	give(p, IN, SNMP_NO_OBJECT, 0);
	ok(p->skip >> IN & 1, "... and where that is not there either it is asked no more");
	give(p, OPER, SNMP_INTEGER, 7);
	sample_finish(d, p, at(), true);
	is_int(record(p)->state, STATE_UNKNOWN, "a state that is not listed is unknown");
}

static void uptime(uint64_t ticks, int64_t seconds_later)
{
	struct snmp_varbind vb = { .type = SNMP_TIMETICKS, .number = ticks };

	now_s += seconds_later;
	d->uptime_mono.us = clock_mono().us - seconds_later * 1000000;	/* as if read so long ago */
	sample_uptime(d, &vb, at());
}

static bool restarted(void)
{
	bool r = d->rebooted;

	d->rebooted = false;
	return r;
}

static void clocks(void)
{
	struct part *p = &d->part[0];
	uint64_t wrap = UINT64_C(1) << 32;

	uptime(100000, 60);
	ok(!restarted(), "sysUpTime: the first reading says nothing");
	uptime(106000, 60);
	ok(!restarted(), "it goes on");
	cycle(p, HC_IN, SNMP_COUNTER64, 1000);
	uptime(3000, 60);
	ok(restarted() && p->reset, "it went back: restarted, and no counter continues");
	p->reset = false;
	is_int(cycle(p, HC_IN, SNMP_COUNTER64, 999999), -1, "... whatever its value");
	is_int(last_at(w.last, d->record)->value[LAST_D_REBOOTS], 1, "... and it is counted");
	uptime(2900, 0);
	ok(!restarted() && d->uptime == 3000, "an answer that was overtaken by a second is no restart");
	uptime(9000, 3600);
	ok(restarted(), "an hour later it is two minutes: restarted in between");
	uptime(9000 + 360000 - 1500, 3600);
	ok(!restarted(), "a clock that is 15 s slow in an hour is none");
	uptime(wrap - 3000, 0);
	restarted();
	uptime(3000, 60);
	ok(!restarted(), "after 497 days it begins at 0: no restart");
	uptime(wrap - 3000, 0);
	restarted();
	uptime(300000, 60);
	ok(restarted(), "... unless that is not where it would be");
	uptime(300000, 300);
	ok(!restarted(), "the same hundredth again: a clock that stands or is cached, and no restart");
	uptime(300000 + 31000, 310);
	ok(!restarted() && d->uptime == 331000, "... and when it goes on, none either");
	d->no_uptime = false;
	uptime((uint64_t)-5, 60);
	ok(!restarted() && d->no_uptime && d->uptime == 331000, "below zero or beyond 32 bits it is no sysUpTime");
	d->no_uptime = false;
}

/* Parts that GET denies: asked by the names just before, recognised by their own. */
static void by_getnext(struct plan *p)
{
	struct last_record *r = last_begin(w.last, d->part[5].record);
	struct snmp_message m;
	struct snmp_varbind vb;
	const struct plan_packet *last;
	uint32_t wrong = 0, i = 0;

	r->flags |= LAST_F_NEXT;
	last_end(w.last, d->part[5].record);
	d->pack = PACK_DEFAULT;
	plan_build(d, PLAN_FULL);
	last = &p->packet[p->count - 1];
	ok(last->next && last->count == 5 && !p->packet[0].next, "what GET denies is asked by a GETNEXT of its own, with sysUpTime");
	snmp_message_dec(&m, last->packet->bytes, last->packet->len_octets);
	wrong += m.pdu != SNMP_GETNEXT;
	for (; snmp_varbind_next(&m, &vb); i++) {
		const struct slot *s = &last->slot[i];

		/* sysUpTime.0 after sysUpTime; column.11 after column.10 */
		wrong += oid_ber_compare(vb.name, vb.name_len, slot_name(last, s), s->name_len) >= 0;
		wrong += s->part == SLOT_UPTIME ? vb.name_len + 1 != s->name_len : vb.name_len != s->name_len || vb.name[vb.name_len - 1] != slot_name(last, s)[s->name_len - 1] - 1;
	}
	ok(wrong == 0 && i == 5, "... of the name just before each");
	ok(plan_packet_drop(d, &p->packet[p->count - 1], 1) && last->count == 4 && last->names, "... also when one is taken out of it");
	r = last_begin(w.last, d->part[5].record);
	r->flags &= (uint8_t)~LAST_F_NEXT;
	last_end(w.last, d->part[5].record);
}

/* Every slot once, parts whole, packets within their bounds. */
static void plans(void)
{
	static bool seen[256][8];
	uint32_t names = 0, torn = 0, big = 0, twice = 0;
	struct plan *p = &d->plan[PLAN_FULL];

	for (unsigned i = 10; i < 60; i++)
		port(i);
	plan_build(d, PLAN_FULL);
	for (uint32_t k = 0; k < p->count; k++) {
		big += p->packet[k].count > d->pack || p->packet[k].packet->len_octets > SNMP_REQUEST_MAX;
		for (uint32_t i = 1; i < p->packet[k].count; i++) {
			const struct slot *s = &p->packet[k].slot[i];

			names++;
			twice += seen[s->part][s->column];
			seen[s->part][s->column] = true;
			torn += i > 1 ? s->part != s[-1].part && !s[-1].last : k > 0 && !p->packet[k - 1].slot[p->packet[k - 1].count - 1].last;
		}
		if (p->packet[k].slot[0].part != SLOT_UPTIME)
			big++;
	}
	is_int(big, 0, "each packet begins with sysUpTime and keeps its bounds");
	is_int(torn, 0, "a component is whole in one packet");
	is_int(twice, 0, "nothing is asked twice");
	ok(names >= 50 * 4 && !seen[4][SPEED] && !seen[4][IN], "all that moves is asked; what is slow or stands in is not");
	d->pack = 2;
	plan_build(d, PLAN_FULL);
	big = 0;
	for (uint32_t k = 0; k < p->count; k++)
		big += p->packet[k].count != 2;
	is_int(big, 0, "at the smallest each object goes alone with sysUpTime");
	d->pack = 1;
	plan_build(d, PLAN_FULL);
	big = p->packet[0].count != 1 || p->packet[0].slot[0].part != SLOT_UPTIME;
	for (uint32_t k = 1; k < p->count; k++)
		big += p->packet[k].count != 1 || p->packet[k].slot[0].part == SLOT_UPTIME;
	is_int(big, 0, "below that, sysUpTime first, and each object alone");
	d->pack = PACK_MOST;
	d->learn.octets = 8192;
	plan_build(d, PLAN_FULL);
	big = 0;
	for (uint32_t k = 0; k < p->count; k++)
		big += p->packet[k].packet->len_octets > SNMP_REQUEST_MAX;
	is_int(big, 0, "a request fits one datagram, whatever the agent could answer");
	d->learn.octets = 0;
	by_getnext(p);
	d->pack = PACK_DEFAULT;
	plan_build(d, PLAN_FULL);
	names = p->packet[0].count;
	ok(plan_packet_drop(d, &p->packet[0], 2), "SNMPv1: one object is taken out");
	is_int(p->packet[0].count, names - 1, "... and only that one");
	while (p->packet[0].count > 1)
		plan_packet_drop(d, &p->packet[0], 0);
	ok(!plan_packet_drop(d, &p->packet[0], 0), "... until nothing is left");
	for (int k = 0; k < PLANS; k++)
		plan_release(&d->plan[k]);
}

/* What a plan would be, without making it. */
static void fullest(void)
{
	struct plan made = { 0 };
	struct plan_packet p;
	const struct plan_packet *best;
	uint32_t count = plan_fullest(d, &p);

	plan_make(d, PLAN_FULL, &made);
	best = &made.packet[0];
	for (uint32_t k = 1; k < made.count; k++)
		best = made.packet[k].octets > best->octets ? &made.packet[k] : best;
	ok(count > 1 && count == made.count, "packets are counted without making them");
	ok(p.count == best->count && p.octets == best->octets && p.packet == best->packet, "... and the fullest is made");
	plan_packet_release(&p);
	plan_release(&made);
	d->no_uptime = true;
	for (uint32_t i = 0; i < d->part_count; i++)
		d->part[i].skip = UINT32_MAX;
	ok(plan_fullest(d, &p) == 0 && p.packet == NULL, "of an agent that denies all there was, sysUpTime among it, there is none");
	d->no_uptime = false;
	for (uint32_t i = 0; i < d->part_count; i++)
		d->part[i].skip = 0;
}

/* What is the same for several devices is kept once, and stays as it is when one of them changes its own. */
static void shared(void)
{
	struct plan one = { 0 }, two = { 0 }, other = { 0 };
	uint32_t same = 0, count;

	plan_make(d, PLAN_FULL, &one);
	plan_make(d, PLAN_FULL, &two);
	for (uint32_t k = 0; k < one.count; k++)
		same += one.packet[k].packet == two.packet[k].packet && one.packet[k].slot == two.packet[k].slot;
	ok(one.count > 1 && same == one.count && w.forms.count == one.count, "equal questions are kept once");
	count = one.packet[0].count;
	plan_packet_drop(d, &one.packet[0], 1);
	ok(one.packet[0].count == count - 1 && two.packet[0].count == count &&
	   two.packet[0].packet != one.packet[0].packet, "what one takes out of its own stays in the other's");
	snprintf(d->peer.community, sizeof(d->peer.community), "secret");
	plan_make(d, PLAN_FULL, &other);
	ok(other.packet[1].packet != two.packet[1].packet, "another community is another question");
	plan_release(&other);
	d->peer.version = SNMP_V3;
	plan_make(d, PLAN_FULL, &other);
	plan_make(d, PLAN_FULL, &one);
	ok(other.packet[1].packet != one.packet[1].packet, "those of version 3 are sealed in place: each has its own");
	plan_release(&one);
	plan_release(&two);
	plan_release(&other);
	is_int(w.forms.count, 0, "none is left when nobody asks it");
	forms_release(&w.forms);
}

int main(void)
{
	char folder[] = "/tmp/fw-t3410-XXXXXX", command[64];

	plan(67);
	log_level_set(LOG_LEVEL_ERROR);
	if (!mkdtemp(folder))
		return 1;
	world(folder);
	counters64();
	counters32();
	missing();
	clocks();
	plans();
	fullest();
	shared();
	for (uint32_t i = 0; i < d->part_count; i++)
		free(d->part[i].delta);
	free(d->part);
	free((void *)(uintptr_t)d->cfg);
	free(d);
	last_close(w.last);
	mbox_free(w.setup.to_main);
	mib_free(w.config->mib);
	free(w.config);
	names_release(&w.named_parts);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) != 0 || done();
}
