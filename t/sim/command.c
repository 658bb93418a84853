/* t/sim/command.c: what can be commanded: one line in, one line out. README explains each.
 *
 *   ADDRESSES VERB [ARGUMENT...]	(or "all" VERB ...)
 *   clock [+SECONDS|stop|run]   status [ADDRESS]   quit
 */
#include "sim.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/err.h"
#include "poller/base/text.h"

enum { WORDS_MOST = 24 };

struct job {
	struct sim *sim;
	struct device *device;
	int64_t now_us;
	char **word;			/* after the verb */
	unsigned count;
	uint32_t arg;			/* of the verb's row */
	struct err *err;
};

static enum fw_err wrong(struct job *j, const char *right)
{
	return err_set(j->err, FW_MISTAKE, "should be: %s", right);
}

static bool number_of(const struct job *j, unsigned word, uint64_t most, uint64_t *n)
{
	char *end;

	if (word >= j->count || !isdigit((unsigned char)j->word[word][0]))
		return false;
	errno = 0;
	*n = strtoull(j->word[word], &end, 10);
	return errno == 0 && *end == '\0' && *n <= most;
}

static bool word_is(const struct job *j, unsigned word, const char *text)
{
	return word < j->count && strcmp(j->word[word], text) == 0;
}

/* ---- replies ----------------------------------------------------------------------------------------------------- */

static enum fw_err do_odd(struct job *j)
{
	struct extra *x = device_extra(j->device);

	if (j->count > 0 && !word_is(j, 0, "off"))
		return wrong(j, "nothing more, or 'off'");
	x->odd = j->count ? x->odd & ~j->arg : x->odd | j->arg;
	return FW_OK;
}

static enum fw_err do_answer(struct job *j)
{
	device_extra(j->device)->odd &= ~(uint32_t)ODD_SILENT;
	return FW_OK;
}

static enum fw_err do_delay(struct job *j)
{
	uint64_t ms;

	if (!number_of(j, 0, 600000, &ms))
		return wrong(j, "delay MILLISECONDS, 0 to 600000");
	device_extra(j->device)->delay_ms = (uint32_t)ms;
	return FW_OK;
}

static enum fw_err do_loss(struct job *j)
{
	uint64_t percent;

	if (!number_of(j, 0, 100, &percent))
		return wrong(j, "loss PERCENT, 0 to 100");
	device_extra(j->device)->loss_percent = (uint32_t)percent;
	return FW_OK;
}

/* truncate [OCTETS], toobig [VARBINDS], error STATUS: each sets its bit and a number; or off. */
static enum fw_err do_odd_number(struct job *j)
{
	struct extra *x = device_extra(j->device);
	uint64_t n = 0;

	if (word_is(j, 0, "off")) {
		x->odd &= ~j->arg;
		return FW_OK;
	}
	if (j->count > 0 ? !number_of(j, 0, 65535, &n) : j->arg != ODD_TRUNCATE && j->arg != ODD_TOOBIG)
		return wrong(j, "truncate [OCTETS], toobig [VARBINDS], error STATUS, short VARBINDS, lost-above OCTETS, "
			     "pad OCTETS, cache SECONDS: a number to 65535, or 'off'");
	x->odd |= j->arg;
	if (j->arg == ODD_TRUNCATE)
		x->truncate_octets = (uint32_t)n;
	else if (j->arg == ODD_TOOBIG)
		x->toobig_above = (uint32_t)n;
	else if (j->arg == ODD_SHORT)
		x->short_most = (uint32_t)n;
	else if (j->arg == ODD_LONG)
		x->long_above = (uint32_t)n;
	else if (j->arg == ODD_PAD)
		x->pad_octets = (uint32_t)n;
	else if (j->arg == ODD_CACHE)
		x->cache_s = (uint32_t)n;
	else
		x->error_status = (uint32_t)n;
	return FW_OK;
}

static enum fw_err do_heal(struct job *j)
{
	device_heal(j->device, j->now_us);
	return FW_OK;
}

/* ---- clocks ------------------------------------------------------------------------------------------------------ */

static enum fw_err do_reboot(struct job *j)
{
	device_reboot(j->device, j->now_us);
	return FW_OK;
}

/* sysUpTime shows SECONDS now; counters do not move. */
static enum fw_err do_uptime(struct job *j)
{
	uint64_t s;

	if (!number_of(j, 0, 1u << 31, &s))
		return wrong(j, "uptime SECONDS");
	j->device->uptime_us = (int64_t)s * 1000000 - (j->now_us - j->device->boot_us);
	return FW_OK;
}

/* ---- ports ------------------------------------------------------------------------------------------------------- */

static void port_flags(struct job *j, uint32_t port, uint8_t flags)
{
	struct port *p = &device_ports(j->device)[port - 1];
	uint8_t was = p->flags;

	if (was == flags)
		return;
	port_rebase(j->device, port, j->now_us);
	p->flags = flags;
	p->changed_cs = device_uptime_cs(j->device, j->now_us);
	if ((was ^ flags) & PORT_REMOVED)
		device_map(j->device, j->now_us);
}

/* The 32-bit octet counters, in and out, pass 2^32 after SECONDS at the present rates. */
static enum fw_err port_wrap(struct job *j, uint32_t port)
{
	struct port *p = &device_ports(j->device)[port - 1];
	uint64_t seconds;

	if (!number_of(j, 2, 1000000, &seconds))
		return wrong(j, "port N wrap SECONDS");
	port_rebase(j->device, port, j->now_us);
	for (int f = FLOW_IN; f <= FLOW_OUT; f++) {
		uint32_t low = (uint32_t)(0 - port_rate(j->device, port, (enum flow)f) * seconds);

		p->base[f] = (p->base[f] >> 32 << 32) + low;
	}
	return FW_OK;
}

static const char *const flow_words[FLOWS] = {
	[FLOW_IN] = "in", [FLOW_OUT] = "out", [FLOW_ERRORS] = "errors", [FLOW_DISCARDS] = "discards"
};

/* port N rate FLOW PER-SECOND; port N value FLOW NUMBER (without a discontinuity: as a wrong agent does). */
static enum fw_err port_flow(struct job *j, uint32_t port)
{
	struct port *p = &device_ports(j->device)[port - 1];
	uint64_t n;

	for (int f = 0; f < FLOWS; f++) {
		if (!word_is(j, 2, flow_words[f]))
			continue;
		if (!number_of(j, 3, UINT64_MAX, &n))
			break;
		port_rebase(j->device, port, j->now_us);
		*(word_is(j, 1, "rate") ? &p->rate[f] : &p->base[f]) = n;
		return FW_OK;
	}
	return wrong(j, "port N rate|value in|out|errors|discards NUMBER");
}

static enum fw_err port_speed(struct job *j, uint32_t port)
{
	uint64_t n;

	if (!number_of(j, 2, 4000000, &n))
		return wrong(j, "port N speed MBITS, 0: as described");
	device_ports(j->device)[port - 1].speed_mbps = (uint32_t)n;
	return FW_OK;
}

static void port_reset(struct job *j, uint32_t port)
{
	struct port *p = &device_ports(j->device)[port - 1];

	memset(p->base, 0, sizeof(p->base));
	p->since_us = j->now_us;
	p->discontinuity_cs = device_uptime_cs(j->device, j->now_us);
}

/* port N swap M: two ports exchange their ifIndexes, each with its counters; port N swap-names M: their names alone. */
static enum fw_err port_swap(struct job *j, uint32_t port)
{
	uint64_t other;

	if (!number_of(j, 2, j->device->model->ports, &other) || other == 0)
		return wrong(j, "port N swap|swap-names M");
	port_rebase(j->device, port, j->now_us);
	port_rebase(j->device, (uint32_t)other, j->now_us);
	device_swap(j->device, port, (uint32_t)other, word_is(j, 1, "swap-names"), j->now_us);
	return FW_OK;
}

static enum fw_err do_port_one(struct job *j, uint32_t port)
{
	static const struct { const char *word; uint8_t clear, set; } changes[] = {
		{ "down", 0, PORT_DOWN }, { "up", PORT_DOWN, 0 },
		{ "admin-down", 0, PORT_ADMIN_DOWN }, { "admin-up", PORT_ADMIN_DOWN, 0 },
		{ "remove", 0, PORT_REMOVED }, { "add", PORT_REMOVED, 0 },
	};
	uint8_t flags = device_ports(j->device)[port - 1].flags;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (!word_is(j, 1, changes[i].word))
			continue;
		port_flags(j, port, (uint8_t)((flags & ~changes[i].clear) | changes[i].set));
		return FW_OK;
	}
	if (word_is(j, 1, "wrap"))
		return port_wrap(j, port);
	if (word_is(j, 1, "rate") || word_is(j, 1, "value"))
		return port_flow(j, port);
	if (word_is(j, 1, "swap") || word_is(j, 1, "swap-names"))
		return port_swap(j, port);
	if (word_is(j, 1, "speed"))
		return port_speed(j, port);
	if (!word_is(j, 1, "reset"))
		return wrong(j, "port N down|up|admin-down|admin-up|remove|add|reset|wrap|rate|value|speed|swap|swap-names");
	port_reset(j, port);
	return FW_OK;
}

static enum fw_err do_port(struct job *j)
{
	uint32_t ports = (uint32_t)j->device->model->ports;
	uint64_t n;

	if (ports == 0)
		return err_set(j->err, FW_MISTAKE, "a recording or a device without ports has no port to command");
	if (!number_of(j, 0, ports, &n) || n == 0)
		return err_set(j->err, FW_MISTAKE, "should be: port N ..., N from 1 to %u", ports);
	return do_port_one(j, (uint32_t)n);
}

static enum fw_err do_renumber(struct job *j)
{
	uint64_t requests = 0;

	if (j->count > 0 && (!number_of(j, 0, UINT32_MAX, &requests) || requests == 0))
		return err_set(j->err, FW_MISTAKE, "should be: renumber [REQUESTS]");
	if (requests > 0)
		device_extra(j->device)->renumber_in = (uint32_t)requests;
	else if (j->device->model->ports > 0)
		device_renumber(j->sim, j->device, j->now_us);
	return FW_OK;
}

/* psu N failed|ok, fan N failed|ok */
static enum fw_err do_unit(struct job *j)
{
	struct extra *x = device_extra(j->device);
	uint64_t *failed = j->arg ? &x->fan_failed : &x->psu_failed, n, bit;
	uint64_t most = j->arg ? j->device->model->fans : j->device->model->psus;

	if (!number_of(j, 0, most, &n) || n == 0)
		return err_set(j->err, FW_MISTAKE, "the device has %u of them, from 1", (unsigned)most);
	bit = 1ull << (n - 1);
	if (word_is(j, 1, "failed"))
		*failed |= bit;
	else if (word_is(j, 1, "ok"))
		*failed &= ~bit;
	else
		return wrong(j, "psu|fan N failed|ok");
	return FW_OK;
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

static void overlay_drop(struct extra *x, const uint8_t *name, size_t len)
{
	for (unsigned i = 0; i < x->overlay_count; i++) {
		if (x->overlay[i].name_len != len || memcmp(x->overlay[i].name, name, len) != 0)
			continue;
		free(x->overlay[i].bytes);
		memmove(&x->overlay[i], &x->overlay[i + 1], (--x->overlay_count - i) * sizeof(x->overlay[0]));
		return;
	}
}

static enum fw_err overlay_put(struct job *j, const struct overlay *o)
{
	struct extra *x = device_extra(j->device);
	unsigned at = 0;

	overlay_drop(x, o->name, o->name_len);
	if (x->overlay_count == SIM_SET_MOST)
		return err_set(j->err, FW_FULL, "%d objects are set or hidden already", SIM_SET_MOST);
	x->overlay = must_realloc(x->overlay, (x->overlay_count + 1) * sizeof(*o));
	while (at < x->overlay_count &&
	       oid_ber_compare(x->overlay[at].name, x->overlay[at].name_len, o->name, o->name_len) < 0)
		at++;
	memmove(&x->overlay[at + 1], &x->overlay[at], (x->overlay_count++ - at) * sizeof(*o));
	x->overlay[at] = *o;
	x->overlay[at].bytes = must_alloc(o->bytes_len + 1ul);
	if (o->bytes_len)
		memcpy(x->overlay[at].bytes, o->bytes, o->bytes_len);
	return FW_OK;
}

/* set OID TYPE VALUE: TYPE is a letter as snmpset has it; VALUE may have blanks. It is read as a recording is. */
static enum fw_err do_set(struct job *j)
{
	static const char letters[] = "iuctaosxCn";
	static const char *const tag[] = { "2", "66", "65", "67", "64", "6", "4", "4x", "70", "5" };
	const char *p = j->count > 1 && j->word[1][0] ? strchr(letters, j->word[1][0]) : NULL;
	char line[4096];
	struct text t = text_over(line, sizeof(line));
	struct recording *r;
	struct overlay o = { 0 };
	enum fw_err e = FW_MISTAKE;

	if (!p || j->word[1][1] != '\0' || j->count < 3 - (*p == 'n'))
		return wrong(j, "set OID TYPE VALUE, TYPE one of i u c t a o s x C n");
	text_add(&t, "%s|%s|%s", j->word[0], tag[p - letters], j->count > 2 ? j->word[2] : "");
	for (unsigned i = 3; i < j->count; i++)
		text_add(&t, " %s", j->word[i]);
	r = recording_parse(line, strlen(line));
	if (r->count == 1 && !t.cut) {
		o.name_len = r->record[0].name_len;
		memcpy(o.name, record_name(r, 0), o.name_len);
		o.type = r->record[0].type;
		o.number = r->record[0].number;
		o.bytes = r->bytes + r->record[0].value_at;
		o.bytes_len = r->record[0].value_len;
		e = overlay_put(j, &o);
	} else {
		err_set(j->err, e, "'%s': no OID, or no value of that type", line);
	}
	recording_free(r);
	return e;
}

/* hide OID: noSuchInstance for it and all below; show OID: forget what was set or hidden there. */
static enum fw_err do_hide(struct job *j)
{
	struct overlay o = { .hidden = j->arg == 1, .denied = j->arg == 2 };
	struct oid oid;

	if (j->count != 1 || !oid_parse(j->word[0], &oid))
		return wrong(j, "no-such-instance OID (or hide OID), deny OID, show OID");
	o.name_len = (uint16_t)oid_enc(&oid, o.name, sizeof(o.name));
	if (o.name_len == 0)
		return wrong(j, "an OID of two arcs or more");
	if (j->arg)
		return overlay_put(j, &o);
	if (j->device->extra)
		overlay_drop(j->device->extra, o.name, o.name_len);
	return FW_OK;
}

/* say object|instance|end|null OID: an exception, or no value, instead of the value of it and all below; show OID ends it. */
static enum fw_err do_say(struct job *j)
{
	static const struct { const char *word; uint8_t type; } kinds[] = {
		{ "object", SNMP_NO_OBJECT }, { "instance", SNMP_NO_INSTANCE }, { "end", SNMP_END_OF_MIB }, { "null", SNMP_NULL },
	};
	struct overlay o = { .said = true };
	struct oid oid;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		o.type = word_is(j, 0, kinds[i].word) ? kinds[i].type : o.type;
	if (o.type == 0 || j->count != 2 || !oid_parse(j->word[1], &oid) || oid.len < 2)
		return wrong(j, "say object|instance|end|null OID");
	o.name_len = (uint16_t)oid_enc(&oid, o.name, sizeof(o.name));
	return overlay_put(j, &o);
}

static enum fw_err do_v3(struct job *j) { return v3_command(j->device, j->word, j->count, j->err); }

/* ---- the list ---------------------------------------------------------------------------------------------------- */

static const struct verb {
	const char *word;
	enum fw_err (*run)(struct job *j);
	uint32_t arg;
} verbs[] = {
	{ "silent", do_odd, ODD_SILENT },
	{ "answer", do_answer, 0 },
	{ "delay", do_delay, 0 },
	{ "loss", do_loss, 0 },
	{ "heal", do_heal, 0 },
	{ "reboot", do_reboot, 0 },
	{ "uptime", do_uptime, 0 },
	{ "port", do_port, 0 },
	{ "psu", do_unit, 0 },
	{ "fan", do_unit, 1 },
	{ "renumber", do_renumber, 0 },
	{ "wrong-order", do_odd, ODD_ORDER },
	{ "loop", do_odd, ODD_LOOP },
	{ "truncate", do_odd_number, ODD_TRUNCATE },
	{ "malformed", do_odd, ODD_MALFORMED },
	{ "toobig", do_odd_number, ODD_TOOBIG },
	{ "error", do_odd_number, ODD_ERROR },
	{ "short", do_odd_number, ODD_SHORT },
	{ "lost-above", do_odd_number, ODD_LONG },
	{ "cache", do_odd_number, ODD_CACHE },
	{ "pad", do_odd_number, ODD_PAD },
	{ "shuffle", do_odd, ODD_SHUFFLE },
	{ "one-more", do_odd, ODD_EXTRA },
	{ "no-bulk", do_odd, ODD_NO_BULK },
	{ "wrong-id", do_odd, ODD_ID },
	{ "wrong-source", do_odd, ODD_PORT },
	{ "wrong-address", do_odd, ODD_ADDRESS },
	{ "wrong-community", do_odd, ODD_COMMUNITY },
	{ "twice", do_odd, ODD_TWICE },
	{ "no-such-instance", do_hide, 1 },
	{ "hide", do_hide, 1 },
	{ "deny", do_hide, 2 },
	{ "show", do_hide, 0 },
	{ "say", do_say, 0 },
	{ "set", do_set, 0 },
	{ "v3", do_v3, 0 },
};

static const struct verb *verb_find(const char *word)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].word, word) == 0)
			return &verbs[i];
	return NULL;
}

/* The devices that a command means, block by block: those of 'b' within 'span'. */
static bool block_meant(const struct block *b, const struct span_v4 *span, uint32_t *from, uint32_t *to)
{
	uint32_t last = b->first + b->count - 1;

	*from = 0;
	*to = b->count;
	if (!span)
		return true;
	if (b->v6 || span->v6)
		return b->v6 && span->v6 && memcmp(&b->first6, &span->a6, sizeof(span->a6)) == 0;
	if (span->first > last || span->last < b->first)
		return false;
	*from = span->first > b->first ? span->first - b->first : 0;
	*to = (span->last < last ? span->last : last) - b->first + 1;
	return true;
}

static enum fw_err devices_command(struct job *j, const struct span_v4 *span, const struct verb *v, unsigned *done)
{
	*done = 0;
	j->arg = v->arg;
	for (unsigned i = 0; i < j->sim->block_count; i++) {
		struct block *b = &j->sim->block[i];
		uint32_t from, to;

		if (!block_meant(b, span, &from, &to))
			continue;
		for (; from < to; from++) {
			enum fw_err e;

			j->device = &b->device[from];
			e = v->run(j);
			if (e != FW_OK)
				return e;
			++*done;
		}
	}
	return FW_OK;
}

static void run_verb(struct job *j, const char *who, const char *verb, struct text *out)
{
	const struct verb *v = verb ? verb_find(verb) : NULL;
	struct span_v4 span;
	bool all = strcmp(who, "all") == 0;
	unsigned done;

	if (!all && !addresses_parse(who, &span)) {
		text_add(out, "error: '%s': should be addresses, all, clock, status or quit", who);
	} else if (!v) {
		text_add(out, "error: '%s': no such command:", verb ? verb : "");
		for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
			text_add(out, " %s", verbs[i].word);
	} else if (devices_command(j, all ? NULL : &span, v, &done) != FW_OK) {
		text_add(out, "error: %s %s: %s", who, verb, j->err->text);
	} else if (done == 0) {
		text_add(out, "error: %s: no device there", who);
	} else {
		text_add(out, "ok devices=%u", done);
	}
}

static void run_clock(struct job *j, struct text *out)
{
	struct sim_clock *c = &j->sim->clock;
	int64_t now = j->now_us;
	char *end = NULL;
	double add = 0;

	if (word_is(j, 0, "stop") || word_is(j, 0, "run")) {
		c->stopped = word_is(j, 0, "stop");
		c->stopped_us = now;
		c->offset_us = now - (clock_mono().us - c->start_us);
	} else if (j->count > 0) {
		if (j->word[0][0] == '+')
			add = strtod(j->word[0] + 1, &end);
		if (!end || *end || !(add >= 0 && add <= 1e9)) {
			text_add(out, "error: clock: should be +SECONDS, stop or run; time does not go back");
			return;
		}
		c->offset_us += (int64_t)(add * 1e6);
		c->stopped_us += (int64_t)(add * 1e6);
	}
	now = sim_clock_us(c);
	text_add(out, "ok clock=%" PRId64 ".%06" PRId64 " %s", now / 1000000, now % 1000000,
		 c->stopped ? "stopped" : "running");
}

static void status_all(const struct sim *s, struct text *out)
{
	const struct { const char *word; uint64_t n; } counts[] = {
		{ "requests", s->count.requests }, { "varbinds", s->count.varbinds }, { "replies", s->count.replies },
		{ "undecodable", s->count.undecodable }, { "community", s->count.community },
		{ "other-pdu", s->count.other_pdu }, { "unknown-address", s->count.unknown_address },
		{ "silent", s->count.silent }, { "lost", s->count.lost }, { "delayed", s->count.delayed },
		{ "delay-dropped", s->count.delay_dropped }, { "send-failed", s->count.send_failed },
		{ "kernel-dropped", s->count.kernel_dropped }, { "reports", s->count.reports },
	};

	text_add(out, "ok devices=%u", s->device_count);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		text_add(out, " %s=%" PRIu64, counts[i].word, counts[i].n);
	for (const struct recording *r = s->recordings; r; r = r->next)
		text_add(out, " recording=%s records=%u broken=%u duplicates=%u variations=%u", r->path, r->count,
			 r->broken, r->duplicates, r->variations);
}

static void run_status(struct job *j, struct text *out)
{
	struct span_v4 span;
	struct device *d;

	if (j->count == 0) {
		status_all(j->sim, out);
		return;
	}
	if (!addresses_parse(j->word[0], &span)) {
		text_add(out, "error: '%s': should be an address", j->word[0]);
		return;
	}
	d = span.v6 ? device_find6(j->sim, &span.a6) : device_find(j->sim, span.first);
	if (!d) {
		text_add(out, "error: %s: no device there", j->word[0]);
		return;
	}
	text_add(out, "ok device=%u kind=%s ports=%u requests=%u uptime=%u odd=%u", d->number, d->model->kind,
		 row_count(d, ROWS_PORT), d->requests, device_uptime_cs(d, j->now_us), d->extra ? d->extra->odd : 0);
}

void ctl_command(struct sim *s, char *line, char *out, size_t size_octets)
{
	struct text t = text_over(out, size_octets);
	struct err err = { "" };
	char *word[WORDS_MOST], *rest = NULL;
	struct job j = { .sim = s, .now_us = sim_clock_us(&s->clock), .err = &err };
	unsigned n = 0;

	for (char *w = strtok_r(line, " \t\r", &rest); w && n < WORDS_MOST; w = strtok_r(NULL, " \t\r", &rest))
		word[n++] = w;
	j.word = word + 1;
	j.count = n ? n - 1 : 0;
	if (n == 0) {
		text_add(&t, "error: empty command");
	} else if (strcmp(word[0], "clock") == 0) {
		run_clock(&j, &t);
	} else if (strcmp(word[0], "status") == 0) {
		run_status(&j, &t);
	} else if (strcmp(word[0], "quit") == 0) {
		s->stop = true;
		text_add(&t, "ok");
	} else {
		j.word = word + 2;
		j.count = n > 2 ? n - 2 : 0;
		run_verb(&j, word[0], n > 1 ? word[1] : NULL, &t);
	}
}
