/* t/fuzz/fuzz-learn.c: a last file whose records say anything: what is learned of an agent is taken from it, plans are made, and the
 * polls that follow move and hold counters. Nothing that was read passes its bounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/worker-int.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char definitions[] =
	"table \"interface\" { entry = \"1.3.6.1.2.1.2.2.1\" name = { \"state\" } rows = { \"state\" } counts = named\n"
	"    column \"state\" { oid = \"1.3.6.1.2.1.2.2.1.8\" as = integer }\n"
	"    column \"speed\" { oid = \"1.3.6.1.2.1.2.2.1.5\" as = gauge slow = true capacity = true unit = \"bit/s\" }\n"
	"    column \"in\" { oid = \"1.3.6.1.2.1.31.1.1.1.6\" as = counter64 else = \"in32\" ds = \"in\" unit = \"B/s\" }\n"
	"    column \"in32\" { oid = \"1.3.6.1.2.1.2.2.1.10\" as = counter32 unit = \"B/s\" }\n"
	"    column \"load\" { oid = \"1.3.6.1.2.1.2.2.1.99\" as = gauge ds = \"load\" }\n"
	"    state \"state\" { up = {1} down = {2} } }\n";
enum { STATE, SPEED, IN, IN32, LOAD, PARTS = 6 };

static struct worker w;
static struct cfg_device cfg = { .name = "sw1", .adaptive = true };
static uint32_t record, part_record[PARTS];
static char folder[48];

static void folder_remove(void)
{
	char command[96];

	last_close(w.last);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command) != 0)
		fputs("cannot remove the folder of the last file\n", stderr);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct mistakes m = { 0 };
	struct err err;
	char name[8];

	(void)argc;
	(void)argv;
	log_level_set(LOG_LEVEL_ERROR);
	snprintf(folder, sizeof(folder), "%s/fw-fuzz-learn-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder) || (w.last = last_open(folder, 0, &err)) == NULL)
		abort();
	atexit(folder_remove);
	w.config = must_alloc(sizeof(*w.config));
	w.config->interval = span_s(60);
	w.config->status_interval = span_s(10);
	w.config->mib = mib_load_text("test", definitions, sizeof(definitions) - 1, &m);
	if (w.config->mib == NULL || m.count)
		abort();
	w.setup.to_main = mbox_new("main", 2);
	record = last_add(w.last, "sw1", "", "");
	for (int i = 0; i < PARTS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		part_record[i] = last_add(w.last, "sw1", "interface", name);
	}
	return 0;
}

/* As many octets as there are into 'p', the rest 0. */
static void take(struct rd *r, void *p, size_t octets)
{
	size_t there = (size_t)(r->end - r->at), n = octets < there ? octets : there;

	memset(p, 0, octets);
	if (n)
		memcpy(p, r->at, n);
	r->at += n;
}

/* What last_open() lets through: names and texts are whole, numbers are any. */
static void records(struct rd *in)
{
	for (int i = -1; i < PARTS; i++) {
		uint32_t at = i < 0 ? record : part_record[i];
		struct last_record *r = last_begin(w.last, at);

		r->signature = last_signature(w.config->mib->table[0]);
		take(in, &r->flags, sizeof(r->flags));
		take(in, &r->renewed, sizeof(r->renewed));
		take(in, &r->known, sizeof(r->known));
		take(in, &r->asked_us, 7);
		take(in, &r->seen_us, 7);
		take(in, r->value, i < 0 ? sizeof(r->value) : 5 * sizeof(r->value[0]));
		take(in, r->run, 2 * sizeof(r->run[0]));
		r->arcs = 1;
		r->arc[0] = (uint32_t)i + 1;
		last_end(w.last, at);
	}
}

static void poll_once(struct device *d, struct rd *in, struct wall at)
{
	uint8_t moves = rd_u8(in), odd = rd_u8(in);

	for (uint32_t i = 0; i < d->part_count; i++) {
		uint64_t number = last_at(w.last, d->part[i].record)->value[IN] + (moves >> i & 1) * 1000u;
		struct snmp_varbind vb = { .type = SNMP_COUNTER64, .number = number }, state = { .type = SNMP_INTEGER, .number = odd & 3 };
		struct slot s = { .part = i, .column = IN };

		if (odd & 0x40)
			sample_missing(d, &s, FW_TIMEOUT);
		else
			sample_slot(d, &s, &vb, at);
		s.column = STATE;
		sample_slot(d, &s, &state, at);
		sample_finish(d, &d->part[i], at, true);
	}
	cache_round(d, at, !(odd & 0x80));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct device d = { .kind = KIND_DEVICE, .w = &w, .cfg = &cfg, .record = record, .pack = PACK_DEFAULT, .bulk = BULK_DEFAULT };
	struct rd in = rd_over(octets, len);
	int64_t at = INT64_C(1700000000000000);
	struct mbox *mb = w.setup.to_main;

	d.peer.version = SNMP_V2C;
	records(&in);
	learn_begin(&d);
	if (d.pack < 1 || d.pack > PACK_MOST || learn_octets(&d) < 484 || d.bulk < 1 || d.bulk > BULK_MOST)
		abort();
	for (int i = 0; i < PARTS; i++)
		part_add(&d, part_record[i], 0);
	plan_build(&d, PLAN_FULL);
	for (int n = 0; n < 64 && in.at < in.end; n++) {
		at += (rd_u8(&in) + 1) * INT64_C(1000000);
		poll_once(&d, &in, (struct wall){ at });
		if (d.cache.period.us < 0 || d.cache.period.us > 10 * w.config->interval.us)
			abort();
	}
	for (int k = 0; k < PLANS; k++)
		plan_release(&d.plan[k]);
	for (uint32_t i = 0; i < d.part_count; i++)
		free(d.part[i].delta);
	free(d.part);
	for (struct msg *m; (m = mbox_give(mb)) != NULL;)
		free(m);
	return 0;
}
