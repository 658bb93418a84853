/* t/unit/t3400-lastfile.c: the last file: names, texts, growth, reopening after a kill and after damage, other workers, readers. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "poller/base/log.h"
#include "poller/lastfile-int.h"
#include "t/unit/tap.h"

static char folder[64];

static struct last *open_or_die(unsigned number)
{
	struct err err = { "" };
	struct last *l = last_open(folder, number, &err);

	if (l == NULL) {
		note("%s", err.text);
		exit(1);
	}
	return l;
}

static void clear(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'/*", folder);
	if (system(command) != 0)
		exit(1);
}

static char *path_of(unsigned number)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/last.%u", folder, number);
	return path;
}

static void value_put(struct last *l, uint32_t i, uint64_t value)
{
	struct last_record *r = last_begin(l, i);

	r->value[3] = value;
	r->known |= 8;
	last_end(l, i);
}

/* ---- names and growth ------------------------------------------------------------------------------------------------ */

static void names(void)
{
	struct last *l = open_or_die(0);
	uint32_t a = last_add(l, "sw1", "interface", "Gi0/1"), d = last_find(l, "sw1", "", ""), b;
	char name[32];
	bool all = true;

	ok(a != LAST_NONE && d != LAST_NONE && last_at(l, a)->device == d, "a component brings its device with it");
	is_int(last_add(l, "sw1", "interface", "Gi0/1"), a, "the same name is the same record");
	is_int(last_find(l, "sw1", "interface", "Gi0/2"), LAST_NONE, "a name that is not there");
	is_int(last_find(l, "sw1/interface", "Gi0", "1"), LAST_NONE, "one joined otherwise is another name");
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		b = last_add(l, "sw2", "interface", name);
		value_put(l, b, (uint64_t)i);
	}
	for (int i = 0; i < 3000; i += 2) {
		snprintf(name, sizeof(name), "p%d", i);
		last_remove(l, last_find(l, "sw2", "interface", name));
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		b = last_find(l, "sw2", "interface", name);
		all = all && (i % 2 ? b != LAST_NONE && last_at(l, b)->value[3] == (uint64_t)i : b == LAST_NONE);
	}
	ok(all, "of 3,000 every second is removed, the others are found");
	b = last_count(l);
	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "new%d", i);
		last_add(l, "sw3", "interface", name);
	}
	ok(last_count(l) <= b + 1, "freed records are used again");
	b = last_find(l, "sw3", "interface", "new7");
	ok(last_at(l, b)->value[3] == 0 && last_at(l, b)->known == 0, "... without what was in them");
	last_close(l);
	l = open_or_die(0);
	all = true;
	for (int i = 1; i < 3000; i += 2) {
		snprintf(name, sizeof(name), "p%d", i);
		b = last_find(l, "sw2", "interface", name);
		all = all && b != LAST_NONE && last_at(l, b)->value[3] == (uint64_t)i;
	}
	ok(all && last_find(l, "sw2", "interface", "p0") == LAST_NONE, "all is there after opening again");
	last_close(l);
	clear();
}

static void long_names(void)
{
	struct last *l = open_or_die(0);
	char instance[300];
	uint32_t a;

	memset(instance, 'x', sizeof(instance));
	instance[LAST_INSTANCE_MAX] = '\0';
	a = last_add(l, "sw1", "interface", instance);
	is_int(last_find(l, "sw1", "interface", instance), a, "the longest name is found");
	last_close(l);
	l = open_or_die(0);
	is_int(last_find(l, "sw1", "interface", instance), a, "... after opening again, too");
	instance[LAST_INSTANCE_MAX] = 'x';
	instance[LAST_INSTANCE_MAX + 1] = '\0';
	is_int(last_add(l, "sw1", "interface", instance), LAST_NONE, "a longer one is refused, and takes no record");
	last_close(l);
	clear();
}

/* ---- texts ------------------------------------------------------------------------------------------------------------- */

static void texts(void)
{
	struct last *l = open_or_die(0);
	uint32_t i = last_add(l, "sw1", "interface", "Gi0/1");
	struct last_record *r = last_begin(l, i);
	char long_text[300], got[300];
	bool fits = true;
	unsigned n = 0;

	memset(long_text, 'a', sizeof(long_text));
	long_text[299] = '\0';
	ok(last_text_set(r, 1, "uplink", 6) && last_text_get(r, 1, got, sizeof(got)) == 6, "a text");
	is_str(got, "uplink", "... is read back");
	ok(last_text_set(r, 1, "", 0) && last_text_get(r, 1, got, sizeof(got)) == 0, "... and gone when set to nothing");
	ok(!last_text_set(r, 2, long_text, 299), "a text beyond 255 is cut");
	is_int(last_text_get(r, 2, got, sizeof(got)), 255, "... to 255 at most");
	for (n = 3; n < 30; n++)
		fits = last_text_set(r, (uint8_t)n, "another text of a column", 24) && fits;
	ok(!fits, "the area has an end");
	ok(last_text_set(r, LAST_T_REASON, long_text, 159), "... but a reason has room in any case");
	is_int(last_text_get(r, LAST_T_REASON, got, sizeof(got)), 159, "... and is whole");
	last_text_get(r, LAST_T_INSTANCE, got, sizeof(got));
	is_str(got, "Gi0/1", "... and the name is as it was");
	is_int(last_text_get(r, LAST_T_INSTANCE, got, 3), 2, "a small buffer gets what it holds");
	last_end(l, i);
	last_close(l);
	clear();
}

/* ---- kills and damage ------------------------------------------------------------------------------------------------------ */

static void poke(unsigned number, off_t at, const void *octets, size_t len)
{
	FILE *f = fopen(path_of(number), "r+b");

	if (!f || fseeko(f, at, SEEK_SET) != 0 || fwrite(octets, len, 1, f) != 1)
		exit(1);
	fclose(f);
}

static off_t offset_of(uint32_t record, size_t member) { return HEADER_SIZE + (off_t)record * 1024 + (off_t)member; }

static bool count_one(void *owner, const char *device, const struct last_record *r)
{
	(void)device;
	(void)r;
	++*(unsigned *)owner;
	return true;
}

static unsigned count_all(enum fw_err *e)
{
	unsigned n = 0;
	struct err err = { "" };

	*e = last_read_all(folder, count_one, &n, &err);
	return n;
}

static void torn(void)
{
	struct last *l = open_or_die(0);
	uint32_t a = last_add(l, "sw1", "interface", "Gi0/1"), b = last_add(l, "sw1", "interface", "Gi0/2");
	uint32_t odd = 77;
	enum fw_err e;

	value_put(l, a, 42);
	value_put(l, b, 43);
	last_close(l);
	poke(0, offset_of(a, offsetof(struct last_record, sequence)), &odd, sizeof(odd));
	is_int(count_all(&e), 3, "a reader sees a record that its dead writer left");
	l = open_or_die(0);
	is_int(last_find(l, "sw1", "interface", "Gi0/1"), a, "a record cut short keeps its name");
	is_int(last_at(l, a)->known, 0, "... and none of its values");
	is_int(last_at(l, a)->sequence & 1, 0, "... and is whole again");
	is_int(last_at(l, b)->value[3], 43, "its neighbour has its own");
	last_close(l);
	poke(0, offset_of(a, offsetof(struct last_record, text)) + 2, "Z", 1);
	l = open_or_die(0);
	is_int(last_find(l, "sw1", "interface", "Gi0/1"), LAST_NONE, "a record whose name was damaged is emptied");
	is_int(last_find(l, "sw1", "interface", "Gi0/2"), b, "... alone");
	is_int(last_add(l, "sw1", "interface", "Gi0/1"), a, "... and used again");
	last_close(l);
	clear();
}

static bool aside(unsigned number)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/last.%u.broken", folder, number);
	return access(path, F_OK) == 0 && unlink(path) == 0;
}

static void headers(void)
{
	static const struct { const char *what; off_t at; uint32_t value; } damage[] = {
		{ "magic", 0, 0x41414141 }, { "byte order", 16, 0x04030201 }, { "record size", 20, 512 },
		{ "count beyond the file", 24, 1 << 20 }, { "count beyond all", 24, UINT32_MAX }, { "number", 28, 5 },
	};
	char name[80];
	struct last *l;
	enum fw_err e;

	for (unsigned i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		l = open_or_die(0);
		last_add(l, "sw1", "", "");
		last_close(l);
		poke(0, damage[i].at, &damage[i].value, 4);
		l = open_or_die(0);
		snprintf(name, sizeof(name), "header with another %s: kept aside, begun anew", damage[i].what);
		ok(aside(0) && last_count(l) == 0, name);
		last_close(l);
		unlink(path_of(0));
	}
	if (truncate(path_of(0), 0) != 0)	/* makes none: fopen below does */
		fclose(fopen(path_of(0), "wb"));
	l = open_or_die(0);
	ok(!aside(0) && last_count(l) == 0, "an empty file, as a kill leaves it, is no damage");
	last_close(l);
	if (truncate(path_of(0), 0) != 0 || truncate(path_of(0), 8192) != 0)
		exit(1);
	is_int(count_all(&e), 0, "a reader of one without a header finds nothing");
	is_int(e, FW_OK, "... and no fault");
	l = open_or_die(0);
	ok(!aside(0) && last_add(l, "sw1", "", "") == 0, "... nor does its next writer");
	last_close(l);
	if (truncate(path_of(0), 700) != 0)
		exit(1);
	l = open_or_die(0);
	ok(aside(0), "a file cut in its header is kept aside");
	last_close(l);
	clear();
}

/* ---- other versions ------------------------------------------------------------------------------------------------------------------- */

static void version_put(unsigned number, char version)
{
	char magic[MAGIC_LEN + 1] = "forewarn last ?\n";

	magic[14] = version;
	poke(number, 0, magic, MAGIC_LEN);
}

struct old { unsigned parts; uint64_t value, run, since; bool known, device; };

static bool old_one(void *owner, const char *device, const struct last_record *r)
{
	struct old *o = owner;

	(void)device;
	o->device = o->device || (r->kind == LAST_DEVICE && r->value[LAST_D_PACK] == 60);
	if (r->kind != LAST_PART)
		return true;
	o->parts++;
	o->value = r->value[3];
	o->run = r->run[1];
	o->since = (uint64_t)last_missing_since(r, 5).us;
	o->known = r->known >> 3 & 1 && r->why[5] == FW_NOINST;
	return true;
}

/* A file as version 1 wrote it: what a column said before it was missing is still in its value. */
static void version_1(void)
{
	struct last *l = open_or_die(0);
	struct last_record *r;
	uint32_t i = last_add(l, "sw1", "interface", "Gi0/1");

	value_put(l, i, 4711);
	r = last_begin(l, i);
	r->run[1] = 815;
	r->why[5] = FW_NOINST;
	r->value[5] = 1234567;
	last_end(l, i);
	last_begin(l, 0)->value[LAST_D_PACK] = 60;
	last_end(l, 0);
	last_close(l);
	version_put(0, '1');
}

static bool is_upgraded(void)
{
	struct old o = { 0 };
	struct err err = { "" };

	return last_read_all(folder, old_one, &o, &err) == FW_OK && o.parts == 1 && o.value == 4711 && o.run == 815 && o.known &&
	       o.device && o.since == 0;
}

static void versions(void)
{
	struct header h = { .magic = "" };
	struct err err = { "" };
	char path[160];
	enum fw_err e;
	FILE *f;

	version_1();
	ok(is_upgraded(), "a file of version 1 is read: counters are there, since when a value is missing nobody knows");
	ok(last_redistribute(folder, 3, &err) == FW_OK && is_upgraded(), "... also when it is spread over more workers");
	clear();
	version_1();
	last_close(open_or_die(0));
	f = fopen(path_of(0), "rb");
	ok(f && fread(&h, sizeof(h), 1, f) == 1 && last_header_version(&h) == LAST_VERSION && is_upgraded() && !aside(0),
	   "its writer makes it one of this version, and keeps all");
	if (f)
		fclose(f);
	version_put(0, '3');
	ok(last_read_all(folder, old_one, &(struct old){ 0 }, &err) == FW_BROKEN && strstr(err.text, "of version 3, this program reads up to 2"),
	   "one of a newer version is not read, and called so");
	last_close(open_or_die(0));
	snprintf(path, sizeof(path), "%s.version3", path_of(0));
	ok(access(path, F_OK) == 0 && !aside(0), "... and kept aside under its version");
	is_int(count_all(&e), 0, "... and the new one begins anew");
	clear();
}

/* Every octet of a small file inverted in turn: opened, read, written to, and never a record of a wrong name. */
static void every_octet(void)
{
	enum { RECORDS = 3, OCTETS = RECORDS * 1024 };
	struct last *l = open_or_die(0);
	uint8_t whole[HEADER_SIZE + OCTETS];
	unsigned wrong = 0, opened = 0;
	FILE *f;

	value_put(l, last_add(l, "sw1", "interface", "Gi0/1"), 1);
	value_put(l, last_add(l, "sw1", "interface", "Gi0/2"), 2);
	last_close(l);
	f = fopen(path_of(0), "rb");
	if (!f || fread(whole, sizeof(whole), 1, f) != 1)
		exit(1);
	fclose(f);
	log_level_set(LOG_LEVEL_ERROR);
	for (unsigned i = 0; i < sizeof(whole); i += i < 32 || i >= HEADER_SIZE ? 1 : 64) {
		struct err err = { "" };
		char device[256];
		enum fw_err e;
		uint8_t inverted = (uint8_t)~whole[i];

		poke(0, 0, whole, sizeof(whole));
		poke(0, i, &inverted, 1);
		count_all(&e);
		l = last_open(folder, 0, &err);
		if (l == NULL)
			continue;
		opened++;
		for (uint32_t k = 0; k < last_count(l); k++) {
			const struct last_record *r = last_at(l, k);

			wrong += r->kind == LAST_PART && (last_at(l, r->device)->kind != LAST_DEVICE || r->arcs > LAST_ARCS);
			last_text_get(last_at(l, k), LAST_T_DEVICE, device, sizeof(device));
			wrong += r->kind == LAST_DEVICE && strcmp(device, "sw1") != 0;
		}
		value_put(l, last_add(l, "sw1", "interface", "Gi0/2"), 5);
		last_close(l);
		aside(0);
	}
	log_level_set(LOG_LEVEL_INFO);
	ok(opened > OCTETS, "a file with any octet damaged opens");
	is_int(wrong, 0, "... and has no record of a wrong name or device");
	clear();
}

static void not_ours(void)
{
	struct err err = { "" };
	char path[200];

	if (mkdir(path_of(0), 0755) != 0)
		exit(1);
	ok(last_open(folder, 0, &err) == NULL, "what cannot be read is an error");
	ok(strstr(err.text, "last.0") != NULL, "... that names the file");
	snprintf(path, sizeof(path), "%s.broken", path_of(0));
	ok(access(path, F_OK) != 0, "... and is left where it is");
	clear();
}

/* ---- other workers -------------------------------------------------------------------------------------------------------------- */

struct tally { unsigned parts, devices, right; };

static bool tally_one(void *owner, const char *device, const struct last_record *r)
{
	struct tally *t = owner;
	char instance[256];
	unsigned d, p;

	t->devices += r->kind == LAST_DEVICE;
	t->parts += r->kind == LAST_PART;
	last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
	if (r->kind == LAST_PART && sscanf(device, "d%u", &d) == 1 && sscanf(instance, "p%u", &p) == 1)
		t->right += r->value[3] == d * 100 + p;
	return true;
}

static void fill(unsigned workers)
{
	struct last *l[8];
	char device[16], instance[16];

	for (unsigned w = 0; w < workers; w++)
		l[w] = open_or_die(w);
	for (unsigned d = 0; d < 40; d++) {
		snprintf(device, sizeof(device), "d%u", d);
		for (unsigned p = 0; p < 5; p++) {
			struct last *of = l[last_worker_of(device, workers)];

			snprintf(instance, sizeof(instance), "p%u", p);
			value_put(of, last_add(of, device, "interface", instance), d * 100 + p);
		}
	}
	for (unsigned w = 0; w < workers; w++)
		last_close(l[w]);
}

/* Everything is there once, and each device where its worker looks for it. */
static bool spread_right(unsigned workers)
{
	struct tally t = { 0 };
	struct err err = { "" };
	char device[16];
	bool right = last_read_all(folder, tally_one, &t, &err) == FW_OK && t.devices == 40 && t.parts == 200 && t.right == 200;

	for (unsigned w = 0; w < workers; w++) {
		struct last *l = open_or_die(w);

		for (unsigned d = 0; d < 40; d++) {
			snprintf(device, sizeof(device), "d%u", d);
			right = right && (last_find(l, device, "interface", "p3") != LAST_NONE) == (last_worker_of(device, workers) == w);
		}
		last_close(l);
	}
	return right;
}

static void workers_change(void)
{
	struct err err = { "" };
	char garbage[2000] = "no last file at all";

	fill(1);
	ok(last_redistribute(folder, 1, &err) == FW_OK && spread_right(1), "the same number of workers: nothing moves");
	ok(last_redistribute(folder, 4, &err) == FW_OK && spread_right(4), "from 1 to 4");
	ok(last_redistribute(folder, 3, &err) == FW_OK && spread_right(3), "from 4 to 3");
	ok(access(path_of(3), F_OK) != 0, "... and the fourth file is gone");
	ok(last_redistribute(folder, 1, &err) == FW_OK && spread_right(1), "from 3 to 1");
	FILE *f = fopen(path_of(1), "wb");
	fwrite(garbage, sizeof(garbage), 1, f);
	fclose(f);
	ok(last_redistribute(folder, 1, &err) == FW_OK && spread_right(1), "a damaged file beside does not keep the rest from moving");
	ok(aside(1), "... and is kept");
	clear();
}

/* Killed at every tenth of a millisecond of a move: the next start has all, and once. */
static void killed_moving(void)
{
	unsigned wrong = 0, killed = 0;
	struct err err = { "" };

	log_level_set(LOG_LEVEL_ERROR);
	for (unsigned us = 0; us < 3000; us += 150) {
		pid_t child;
		int status;

		clear();
		fill(2);
		child = fork();
		if (child == 0)
			_exit(last_redistribute(folder, 5, &err) != FW_OK);
		usleep(us);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		killed += WIFSIGNALED(status);
		if (last_redistribute(folder, 5, &err) != FW_OK || !spread_right(5))
			wrong++;
	}
	log_level_set(LOG_LEVEL_INFO);
	note("%u of 20 were killed in the middle", killed);
	is_int(wrong, 0, "killed while moving: the next start has everything once");
	clear();
}

/* ---- a reader beside ------------------------------------------------------------------------------------------------------------- */

struct beside { _Atomic bool stop; _Atomic unsigned long reads, mixed, failed; };

static bool same_throughout(void *owner, const char *device, const struct last_record *r)
{
	struct beside *b = owner;

	(void)device;
	if (r->kind != LAST_PART)
		return true;
	b->reads++;
	for (int i = 1; i < LAST_VALUES; i++)
		if (r->value[i] != r->value[0]) {
			b->mixed++;
			break;
		}
	return true;
}

static void *reader(void *arg)
{
	struct beside *b = arg;
	struct err err;

	while (!b->stop)
		if (last_read_all(folder, same_throughout, b, &err) != FW_OK)
			b->failed++;
	return NULL;
}

static void concurrent(void)
{
	struct last *l = open_or_die(0);
	struct beside b = { 0 };
	pthread_t thread;
	char instance[16];

	for (int i = 0; i < 20; i++) {
		snprintf(instance, sizeof(instance), "p%d", i);
		last_add(l, "sw1", "interface", instance);
	}
	pthread_create(&thread, NULL, reader, &b);
	for (uint64_t round = 1; round < 20000 || (b.reads < 1000 && round < 10000000); round++) {
		struct last_record *r = last_begin(l, 1 + (uint32_t)round % 20);

		for (int i = 0; i < LAST_VALUES; i++)
			r->value[i] = round;
		last_end(l, 1 + (uint32_t)round % 20);
		if (round % 10 == 0) {	/* the file grows under its reader */
			snprintf(instance, sizeof(instance), "q%d", (int)(round / 10 % 3000));
			last_add(l, "sw1", "interface", instance);
		}
	}
	b.stop = true;
	pthread_join(thread, NULL);
	note("%lu records read", (unsigned long)b.reads);
	ok(b.reads >= 1000, "a reader reads while the writer writes");
	is_int(b.mixed, 0, "... never a record half old and half new");
	is_int(b.failed, 0, "... and a file that grows is no fault");
	last_close(l);
	clear();
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");

	plan(62);
	snprintf(folder, sizeof(folder), "%s/fw-t3400-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return 1;
	names();
	long_names();
	texts();
	torn();
	headers();
	versions();
	every_octet();
	not_ours();
	workers_change();
	killed_moving();
	concurrent();
	rmdir(folder);
	return done();
}
