/* t/sim/objects.c: what a described device has: tables, columns and the value of each, as data.
 *
 * SNMPv2-MIB, IF-MIB (RFC 2863), HOST-RESOURCES-MIB (RFC 2790), ENTITY-MIB (RFC 6933), ENTITY-SENSOR-MIB (RFC 3433),
 * ENTITY-STATE-MIB (RFC 4268), CISCO-ENTITY-FRU-CONTROL-MIB, UCD-SNMP-MIB. Values are formulas of device, row and time;
 * README prints them.
 */
#include "sim.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

/* BER contents of OIDs that are values. */
#define OID_VALUE(name, ...) static const uint8_t name[] = { __VA_ARGS__ }
OID_VALUE(oid_zero, 0x00);						/* 0.0 */
OID_VALUE(oid_object_id, 0x2b, 6, 1, 4, 1, 0x81, 0xfd, 0x59, 1, 1);	/* 1.3.6.1.4.1.32473.1.1, RFC 5612 */
OID_VALUE(oid_ram, 0x2b, 6, 1, 2, 1, 25, 2, 1, 2);			/* hrStorageRam */
OID_VALUE(oid_virtual, 0x2b, 6, 1, 2, 1, 25, 2, 1, 3);			/* hrStorageVirtualMemory */
OID_VALUE(oid_fixed, 0x2b, 6, 1, 2, 1, 25, 2, 1, 4);			/* hrStorageFixedDisk */
OID_VALUE(oid_processor, 0x2b, 6, 1, 2, 1, 25, 3, 1, 3);		/* hrDeviceProcessor */

static void text_put(const struct look *l, struct snmp_varbind *vb, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void text_put(const struct look *l, struct snmp_varbind *vb, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->scratch, SIM_SCRATCH, fmt, ap);
	va_end(ap);
	vb->bytes = (const uint8_t *)l->scratch;
	vb->bytes_len = (uint16_t)(n < SIM_SCRATCH ? n : SIM_SCRATCH - 1);
}

static void octets_put(struct snmp_varbind *vb, const uint8_t *octets, size_t len)
{
	vb->bytes = octets;
	vb->bytes_len = (uint16_t)len;
}

static void constant(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)l, (void)row;
	vb->number = arg;
}

static void empty(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	text_put(l, vb, "%s", "");
}

static void index_of(const struct look *l, uint32_t row, uint32_t set, struct snmp_varbind *vb)
{
	vb->number = row_index(l->device, (enum rows)set, row);
}

/* ---- system ------------------------------------------------------------------------------------------------------ */

static void sys_descr(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	const struct model *m = l->device->model;

	(void)row, (void)arg;
	text_put(l, vb, "%s%s", m->descr[0] ? m->descr : "simulated ", m->descr[0] ? "" : m->kind);
}

static void sys_object_id(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)l, (void)row, (void)arg;
	octets_put(vb, oid_object_id, sizeof(oid_object_id));
}

static void sys_uptime(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	vb->number = device_uptime_cs(l->device, l->now_us);
}

static void sys_contact(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	text_put(l, vb, "%s", "noc@example.net");
}

static void sys_name(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	const struct model *m = l->device->model;
	const char *hash = strchr(m->name, '#');

	(void)row, (void)arg;
	if (hash)
		text_put(l, vb, "%.*s%u%s", (int)(hash - m->name), m->name, l->device->nth, hash + 1);
	else
		text_put(l, vb, "%s", m->name);
}

static void sys_location(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	text_put(l, vb, "%s", l->device->model->location);
}

static const struct column system_columns[] = {
	{ 1, SNMP_OCTET_STRING, 0, sys_descr, 0 },
	{ 2, SNMP_OID, 0, sys_object_id, 0 },
	{ 3, SNMP_TIMETICKS, 0, sys_uptime, 0 },
	{ 4, SNMP_OCTET_STRING, 0, sys_contact, 0 },
	{ 5, SNMP_OCTET_STRING, 0, sys_name, 0 },
	{ 6, SNMP_OCTET_STRING, 0, sys_location, 0 },
	{ 7, SNMP_INTEGER, 0, constant, 78 },
};

/* ---- interfaces -------------------------------------------------------------------------------------------------- */

static const struct port *port_of(const struct look *l, uint32_t row)
{
	const struct extra *x = l->device->extra;

	return x && x->port ? &x->port[row_port(l->device, row) - 1] : NULL;
}

static void if_number(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	vb->number = row_count(l->device, ROWS_PORT);
}

static void if_descr(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)arg;
	text_put(l, vb, "simulated port %u", row_port(l->device, row));
}

static void if_name(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)arg;
	text_put(l, vb, "%s%u", l->device->model->ifname, row_port(l->device, row));
}

static void if_mtu(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	vb->number = l->device->model->mtu;
}

/* RFC 2863: 4294967295 when ifHighSpeed must be used. */
static void if_speed(const struct look *l, uint32_t row, uint32_t unit, struct snmp_varbind *vb)
{
	const struct port *p = port_of(l, row);
	uint64_t bps = (p && p->speed_mbps ? p->speed_mbps : l->device->model->speed_mbps) * 1000000;

	vb->number = bps > UINT32_MAX && unit == 1 ? UINT32_MAX : bps / unit;
}

static void if_address(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	uint32_t d = l->device->number, p = row_port(l->device, row);
	uint8_t *o = (uint8_t *)l->scratch;

	(void)arg;
	o[0] = (uint8_t)(2 | (p >> 8) << 2);
	o[1] = 0;
	o[2] = (uint8_t)(d >> 16);
	o[3] = (uint8_t)(d >> 8);
	o[4] = (uint8_t)d;
	o[5] = (uint8_t)p;
	octets_put(vb, o, 6);
}

static void if_status(const struct look *l, uint32_t row, uint32_t down_when, struct snmp_varbind *vb)
{
	const struct port *p = port_of(l, row);

	vb->number = p && p->flags & down_when ? 2 : 1;
}

static void if_last_change(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	const struct port *p = port_of(l, row);

	(void)arg;
	vb->number = p ? p->changed_cs : 0;
}

static void if_discontinuity(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	const struct port *p = port_of(l, row);

	(void)arg;
	vb->number = p ? p->discontinuity_cs : 0;
}

static void if_table_change(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	vb->number = l->device->extra ? l->device->extra->table_changed_cs : 0;
}

/* A counter: 'arg' says which flow, and how many octets (or packets) make one. */
#define COUNT(flow, per) ((uint32_t)(flow) << 24 | (per))
static void if_counter(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	uint64_t v = port_value(l->device, row_port(l->device, row), (enum flow)(arg >> 24), l->cached_us ? l->cached_us : l->now_us);

	vb->number = v / (arg & 0xffffff);
	if (vb->type == SNMP_COUNTER32)
		vb->number &= UINT32_MAX;
}

static const struct column if_number_columns[] = { { 1, SNMP_INTEGER, 0, if_number, 0 } };

static const struct column if_columns[] = {
	{ 1, SNMP_INTEGER, 0, index_of, ROWS_PORT },
	{ 2, SNMP_OCTET_STRING, 0, if_descr, 0 },
	{ 3, SNMP_INTEGER, 0, constant, 6 },		/* ethernetCsmacd */
	{ 4, SNMP_INTEGER, 0, if_mtu, 0 },
	{ 5, SNMP_GAUGE32, 0, if_speed, 1 },
	{ 6, SNMP_OCTET_STRING, 0, if_address, 0 },
	{ 7, SNMP_INTEGER, 0, if_status, PORT_ADMIN_DOWN },
	{ 8, SNMP_INTEGER, 0, if_status, PORT_ADMIN_DOWN | PORT_DOWN },
	{ 9, SNMP_TIMETICKS, 0, if_last_change, 0 },
	{ 10, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_IN, 1) },
	{ 11, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_IN, 500) },
	{ 13, SNMP_COUNTER32, 0, constant, 0 },
	{ 14, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_ERRORS, 1) },
	{ 15, SNMP_COUNTER32, 0, constant, 0 },
	{ 16, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_OUT, 1) },
	{ 17, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_OUT, 500) },
	{ 19, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_DISCARDS, 1) },
	{ 20, SNMP_COUNTER32, 0, constant, 0 },
};

static const struct column ifx_columns[] = {
	{ 1, SNMP_OCTET_STRING, 0, if_name, 0 },
	{ 2, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_IN, 50000) },
	{ 3, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_IN, 100000) },
	{ 4, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_OUT, 50000) },
	{ 5, SNMP_COUNTER32, 0, if_counter, COUNT(FLOW_OUT, 100000) },
	{ 6, SNMP_COUNTER64, COLUMN_HC, if_counter, COUNT(FLOW_IN, 1) },
	{ 7, SNMP_COUNTER64, COLUMN_HC, if_counter, COUNT(FLOW_IN, 500) },
	{ 8, SNMP_COUNTER64, COLUMN_HC, if_counter, COUNT(FLOW_IN, 50000) },
	{ 9, SNMP_COUNTER64, COLUMN_HC, if_counter, COUNT(FLOW_IN, 100000) },
	{ 10, SNMP_COUNTER64, COLUMN_HC, if_counter, COUNT(FLOW_OUT, 1) },
	{ 11, SNMP_COUNTER64, COLUMN_HC, if_counter, COUNT(FLOW_OUT, 500) },
	{ 12, SNMP_COUNTER64, COLUMN_HC, if_counter, COUNT(FLOW_OUT, 50000) },
	{ 13, SNMP_COUNTER64, COLUMN_HC, if_counter, COUNT(FLOW_OUT, 100000) },
	{ 14, SNMP_INTEGER, 0, constant, 1 },
	{ 15, SNMP_GAUGE32, 0, if_speed, 1000000 },
	{ 16, SNMP_INTEGER, 0, constant, 2 },
	{ 17, SNMP_INTEGER, 0, constant, 1 },
	{ 18, SNMP_OCTET_STRING, 0, empty, 0 },
	{ 19, SNMP_TIMETICKS, 0, if_discontinuity, 0 },
};

static const struct column if_table_change_columns[] = { { 5, SNMP_TIMETICKS, 0, if_table_change, 0 } };

/* ---- host -------------------------------------------------------------------------------------------------------- */

/* Storage row 0 is memory, 1 is swap, then the disks; in use: 40, 0 and 50 + 5 * disk per cent (at most 95). */
struct storage { const uint8_t *type; uint64_t octets, unit; unsigned percent; };

static struct storage storage_of(const struct look *l, uint32_t row)
{
	const struct model *m = l->device->model;
	unsigned percent = 50 + 5 * (row - 1);

	if (row == 0)
		return (struct storage){ oid_ram, m->memory_octets, 1024, 40 };
	if (row == 1)
		return (struct storage){ oid_virtual, m->memory_octets / 2, 1024, 0 };
	return (struct storage){ oid_fixed, m->disk_octets, 4096, percent < 95 ? percent : 95 };
}

static void memory_size(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	vb->number = l->device->model->memory_octets / 1024;
}

static void storage_type(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)arg;
	octets_put(vb, storage_of(l, row).type, sizeof(oid_ram));
}

static void storage_descr(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)arg;
	if (row == 0)
		text_put(l, vb, "Physical memory");
	else if (row == 1)
		text_put(l, vb, "Swap space");
	else if (row == 2)
		text_put(l, vb, "/");
	else
		text_put(l, vb, "/srv%u", row - 2);
}

enum { STORAGE_UNIT, STORAGE_SIZE, STORAGE_USED };
static void storage_number(const struct look *l, uint32_t row, uint32_t what, struct snmp_varbind *vb)
{
	struct storage s = storage_of(l, row);

	vb->number = what == STORAGE_UNIT ? s.unit : s.octets / s.unit;
	if (what == STORAGE_USED)
		vb->number = vb->number * s.percent / 100;
	if (vb->number > INT32_MAX)
		vb->number = INT32_MAX;
}

static void processor_type(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)l, (void)row, (void)arg;
	octets_put(vb, oid_processor, sizeof(oid_processor));
}

static void processor_descr(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	text_put(l, vb, "simulated processor");
}

static void oid_nothing(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)l, (void)row, (void)arg;
	octets_put(vb, oid_zero, sizeof(oid_zero));
}

/* Per cent: (device + 10 * processor) mod 100, processors from 0. */
static void processor_load(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)arg;
	vb->number = (l->device->number + 10 * row) % 100;
}

static const struct column host_columns[] = {
	{ 1, SNMP_TIMETICKS, 0, sys_uptime, 0 },
	{ 5, SNMP_GAUGE32, 0, constant, 1 },
	{ 6, SNMP_GAUGE32, 0, constant, 100 },
};
static const struct column memory_size_columns[] = { { 2, SNMP_INTEGER, 0, memory_size, 0 } };
static const struct column storage_columns[] = {
	{ 1, SNMP_INTEGER, 0, index_of, ROWS_STORAGE },
	{ 2, SNMP_OID, 0, storage_type, 0 },
	{ 3, SNMP_OCTET_STRING, 0, storage_descr, 0 },
	{ 4, SNMP_INTEGER, 0, storage_number, STORAGE_UNIT },
	{ 5, SNMP_INTEGER, 0, storage_number, STORAGE_SIZE },
	{ 6, SNMP_INTEGER, 0, storage_number, STORAGE_USED },
};
static const struct column hr_device_columns[] = {
	{ 1, SNMP_INTEGER, 0, index_of, ROWS_CPU },
	{ 2, SNMP_OID, 0, processor_type, 0 },
	{ 3, SNMP_OCTET_STRING, 0, processor_descr, 0 },
	{ 4, SNMP_OID, 0, oid_nothing, 0 },
	{ 5, SNMP_INTEGER, 0, constant, 2 },		/* running */
};
static const struct column processor_columns[] = {
	{ 1, SNMP_OID, 0, oid_nothing, 0 },
	{ 2, SNMP_INTEGER, 0, processor_load, 0 },
};

/* ---- UCD: kB of memory 'm': total m, free 30 %, buffers 5 %, cached 25 %; load averages -------------------------- */

static void ucd_memory(const struct look *l, uint32_t row, uint32_t percent, struct snmp_varbind *vb)
{
	uint64_t kb = l->device->model->memory_octets / 1024 * percent / 100;

	(void)row;
	vb->number = kb > INT32_MAX ? INT32_MAX : kb;
}

static void ucd_swap_name(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	text_put(l, vb, "swap");
}

static void load_name(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	static const unsigned minutes[] = { 1, 5, 15 };

	(void)arg;
	text_put(l, vb, "Load-%u", minutes[row % 3]);
}

/* Hundredths: (device mod 100) + 10 * row. */
static void load_number(const struct look *l, uint32_t row, uint32_t as_text, struct snmp_varbind *vb)
{
	unsigned n = l->device->number % 100 + 10 * row;

	vb->number = n;
	if (as_text)
		text_put(l, vb, "%u.%02u", n / 100, n % 100);
}

static const struct column ucd_memory_columns[] = {
	{ 1, SNMP_INTEGER, 0, constant, 0 },
	{ 2, SNMP_OCTET_STRING, 0, ucd_swap_name, 0 },
	{ 3, SNMP_INTEGER, 0, ucd_memory, 50 },
	{ 4, SNMP_INTEGER, 0, ucd_memory, 50 },
	{ 5, SNMP_INTEGER, 0, ucd_memory, 100 },
	{ 6, SNMP_INTEGER, 0, ucd_memory, 30 },
	{ 11, SNMP_INTEGER, 0, ucd_memory, 80 },
	{ 12, SNMP_INTEGER, 0, constant, 16000 },
	{ 14, SNMP_INTEGER, 0, ucd_memory, 5 },
	{ 15, SNMP_INTEGER, 0, ucd_memory, 25 },
	{ 100, SNMP_INTEGER, 0, constant, 0 },
	{ 101, SNMP_OCTET_STRING, 0, empty, 0 },
};
static const struct column load_columns[] = {
	{ 1, SNMP_INTEGER, 0, index_of, ROWS_LOAD },
	{ 2, SNMP_OCTET_STRING, 0, load_name, 0 },
	{ 3, SNMP_OCTET_STRING, 0, load_number, 1 },
	{ 5, SNMP_INTEGER, 0, load_number, 0 },
	{ 100, SNMP_INTEGER, 0, constant, 0 },
};

/* 100 ticks a second and processor, so 'percent' of them is that many ticks. */
static void cpu_ticks(const struct look *l, uint32_t row, uint32_t percent, struct snmp_varbind *vb)
{
	(void)row;
	vb->number = sim_growth(l->device->model->cpus * percent, l->now_us - l->device->boot_us) & UINT32_MAX;
}

static const struct column cpu_columns[] = {
	{ 50, SNMP_COUNTER32, 0, cpu_ticks, 20 },	/* user */
	{ 51, SNMP_COUNTER32, 0, cpu_ticks, 0 },	/* nice */
	{ 52, SNMP_COUNTER32, 0, cpu_ticks, 10 },	/* system */
	{ 53, SNMP_COUNTER32, 0, cpu_ticks, 65 },	/* idle */
	{ 54, SNMP_COUNTER32, 0, cpu_ticks, 5 },	/* wait */
	{ 59, SNMP_COUNTER32, 0, cpu_ticks, 1000 },	/* interrupts */
	{ 60, SNMP_COUNTER32, 0, cpu_ticks, 2000 },	/* context switches */
};

/* ---- entities: chassis, power supplies, fans, sensors ------------------------------------------------------------ */

enum part { PART_CHASSIS, PART_PSU, PART_PSU_SENSOR, PART_FAN, PART_TEMPERATURE };
struct entity { enum part part; unsigned nth; };	/* from 0 */

static struct entity entity_of(uint32_t index)
{
	if (index >= ENTITY_SENSOR)
		return (struct entity){ PART_TEMPERATURE, index - ENTITY_SENSOR };
	if (index >= ENTITY_FAN)
		return (struct entity){ PART_FAN, index - ENTITY_FAN };
	if (index >= ENTITY_PSU_SENSOR)
		return (struct entity){ PART_PSU_SENSOR, index - ENTITY_PSU_SENSOR };
	if (index >= ENTITY_PSU)
		return (struct entity){ PART_PSU, index - ENTITY_PSU };
	return (struct entity){ PART_CHASSIS, 0 };
}

static bool part_failed(const struct look *l, struct entity e)
{
	const struct extra *x = l->device->extra;

	if (!x)
		return false;
	if (e.part == PART_PSU || e.part == PART_PSU_SENSOR)
		return x->psu_failed >> e.nth & 1;
	return e.part == PART_FAN && (x->fan_failed >> e.nth & 1);
}

static void entity_name(const struct look *l, uint32_t row, uint32_t with_model, struct snmp_varbind *vb)
{
	static const char *const what[] = {
		[PART_CHASSIS] = "Chassis", [PART_PSU] = "Power Supply", [PART_PSU_SENSOR] = "Power Sensor",
		[PART_FAN] = "Fan", [PART_TEMPERATURE] = "Temperature"
	};
	struct entity e = entity_of(row_index(l->device, ROWS_ENTITY, row));

	text_put(l, vb, "%s%s %u", with_model ? "Simulated " : "", what[e.part], e.nth + 1);
}

enum { ENTITY_CLASS, ENTITY_CONTAINED_IN, ENTITY_POSITION, ENTITY_IS_FRU };
static void entity_number(const struct look *l, uint32_t row, uint32_t what, struct snmp_varbind *vb)
{
	static const uint8_t class[] = {	/* PhysicalClass */
		[PART_CHASSIS] = 3, [PART_PSU] = 6, [PART_PSU_SENSOR] = 8, [PART_FAN] = 7, [PART_TEMPERATURE] = 8
	};
	struct entity e = entity_of(row_index(l->device, ROWS_ENTITY, row));

	switch (what) {
	case ENTITY_CLASS:
		vb->number = class[e.part];
		break;
	case ENTITY_CONTAINED_IN:
		vb->number = e.part == PART_PSU_SENSOR ? ENTITY_PSU + e.nth : ENTITY_CHASSIS;
		if (e.part == PART_CHASSIS)
			vb->number = 0;
		break;
	case ENTITY_POSITION:
		vb->number = e.nth + 1;
		break;
	default:
		vb->number = e.part == PART_PSU || e.part == PART_FAN ? 1 : 2;	/* TruthValue */
	}
}

static void entity_serial(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)arg;
	text_put(l, vb, "SIM%06X-%u", l->device->number, row_index(l->device, ROWS_ENTITY, row));
}

static void entity_maker(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	text_put(l, vb, "simnet");
}

static const struct column entity_columns[] = {
	{ 2, SNMP_OCTET_STRING, 0, entity_name, 1 },
	{ 3, SNMP_OID, 0, oid_nothing, 0 },
	{ 4, SNMP_INTEGER, 0, entity_number, ENTITY_CONTAINED_IN },
	{ 5, SNMP_INTEGER, 0, entity_number, ENTITY_CLASS },
	{ 6, SNMP_INTEGER, 0, entity_number, ENTITY_POSITION },
	{ 7, SNMP_OCTET_STRING, 0, entity_name, 0 },
	{ 11, SNMP_OCTET_STRING, 0, entity_serial, 0 },
	{ 12, SNMP_OCTET_STRING, 0, entity_maker, 0 },
	{ 13, SNMP_OCTET_STRING, 0, entity_maker, 0 },
	{ 16, SNMP_INTEGER, 0, entity_number, ENTITY_IS_FRU },
};

/* Watts: 100 + 10 * supply. Celsius: 20 + (device + sensor) mod 20. Of what has failed: 0, nonoperational(3). */
enum { SENSOR_TYPE, SENSOR_VALUE, SENSOR_STATUS };
static void sensor_number(const struct look *l, uint32_t row, uint32_t what, struct snmp_varbind *vb)
{
	struct entity e = entity_of(row_index(l->device, ROWS_SENSOR, row));
	bool failed = part_failed(l, e), power = e.part == PART_PSU_SENSOR;

	if (what == SENSOR_TYPE)
		vb->number = power ? 6 : 8;		/* watts, celsius */
	else if (what == SENSOR_STATUS)
		vb->number = failed ? 3 : 1;
	else if (failed)
		vb->number = 0;
	else
		vb->number = power ? 100 + 10 * e.nth : 20 + (l->device->number + e.nth) % 20;
}

static void sensor_unit(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	struct entity e = entity_of(row_index(l->device, ROWS_SENSOR, row));

	(void)arg;
	text_put(l, vb, "%s", e.part == PART_PSU_SENSOR ? "watts" : "celsius");
}

static const struct column sensor_columns[] = {
	{ 1, SNMP_INTEGER, 0, sensor_number, SENSOR_TYPE },
	{ 2, SNMP_INTEGER, 0, constant, 9 },		/* units */
	{ 3, SNMP_INTEGER, 0, constant, 0 },
	{ 4, SNMP_INTEGER, 0, sensor_number, SENSOR_VALUE },
	{ 5, SNMP_INTEGER, 0, sensor_number, SENSOR_STATUS },
	{ 6, SNMP_OCTET_STRING, 0, sensor_unit, 0 },
	{ 7, SNMP_TIMETICKS, 0, sys_uptime, 0 },
	{ 8, SNMP_GAUGE32, 0, constant, 1000 },
};

/* cefcFRUPowerOperStatus: on(2), failed(8). cefcFanTrayOperStatus: up(2), down(3). */
static void fru_status(const struct look *l, uint32_t row, uint32_t set, struct snmp_varbind *vb)
{
	struct entity e = entity_of(row_index(l->device, (enum rows)set, row));
	bool failed = part_failed(l, e);

	vb->number = !failed ? 2 : set == ROWS_FRU ? 8 : 3;
}

static const struct column fru_columns[] = {
	{ 1, SNMP_INTEGER, 0, constant, 1 },		/* on */
	{ 2, SNMP_INTEGER, 0, fru_status, ROWS_FRU },
	{ 3, SNMP_INTEGER, 0, constant, 500 },
};
/* entStateAdmin: unlocked(4). entStateOper: enabled(3), disabled(2). entStateAlarm: critical(2) or no bit. */
static void state_oper(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)arg;
	vb->number = part_failed(l, entity_of(row_index(l->device, ROWS_STATE, row))) ? 2 : 3;
}

static void state_alarm(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	static const uint8_t critical = 0x20, none;
	bool failed = part_failed(l, entity_of(row_index(l->device, ROWS_STATE, row)));

	(void)arg;
	octets_put(vb, failed ? &critical : &none, 1);
}

static const struct column entity_change_columns[] = { { 1, SNMP_TIMETICKS, 0, constant, 0 } };
static const struct column state_columns[] = {
	{ 2, SNMP_INTEGER, 0, constant, 4 },
	{ 3, SNMP_INTEGER, 0, state_oper, 0 },
	{ 4, SNMP_INTEGER, 0, constant, 3 },		/* active */
	{ 5, SNMP_OCTET_STRING, 0, state_alarm, 0 },
	{ 6, SNMP_INTEGER, 0, constant, 4 },		/* providingService */
};
static const struct column fan_columns[] = { { 1, SNMP_INTEGER, 0, fru_status, ROWS_FAN } };

/* ---- simnet's own: simulated microseconds since the device's start, for exact sums in tests ---------------------- */

static void own_time(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb)
{
	(void)row, (void)arg;
	vb->number = (uint64_t)(l->now_us - l->device->boot_us);
}

static const struct column own_columns[] = { { 1, SNMP_COUNTER64, 0, own_time, 0 } };

/* ---- all --------------------------------------------------------------------------------------------------------- */

#define TABLE(entry, rows, columns) { entry, rows, columns, sizeof(columns) / sizeof((columns)[0]) }
const struct table sim_tables[] = {
	TABLE("1.3.6.1.2.1.1", ROWS_ONE, system_columns),
	TABLE("1.3.6.1.2.1.2", ROWS_PORT_ONE, if_number_columns),
	TABLE("1.3.6.1.2.1.2.2.1", ROWS_PORT, if_columns),
	TABLE("1.3.6.1.2.1.25.1", ROWS_HOST_ONE, host_columns),
	TABLE("1.3.6.1.2.1.25.2", ROWS_HOST_ONE, memory_size_columns),
	TABLE("1.3.6.1.2.1.25.2.3.1", ROWS_STORAGE, storage_columns),
	TABLE("1.3.6.1.2.1.25.3.2.1", ROWS_CPU, hr_device_columns),
	TABLE("1.3.6.1.2.1.25.3.3.1", ROWS_CPU, processor_columns),
	TABLE("1.3.6.1.2.1.31.1.1.1", ROWS_PORT, ifx_columns),
	TABLE("1.3.6.1.2.1.31.1", ROWS_PORT_ONE, if_table_change_columns),
	TABLE("1.3.6.1.2.1.47.1.1.1.1", ROWS_ENTITY, entity_columns),
	TABLE("1.3.6.1.2.1.47.1.4", ROWS_ENTITY_ONE, entity_change_columns),
	TABLE("1.3.6.1.2.1.99.1.1.1", ROWS_SENSOR, sensor_columns),
	TABLE("1.3.6.1.2.1.131.1.1.1", ROWS_STATE, state_columns),
	TABLE("1.3.6.1.4.1.9.9.117.1.1.2.1", ROWS_FRU, fru_columns),
	TABLE("1.3.6.1.4.1.9.9.117.1.4.1.1", ROWS_FAN, fan_columns),
	TABLE("1.3.6.1.4.1.2021.4", ROWS_UCD_ONE, ucd_memory_columns),
	TABLE("1.3.6.1.4.1.2021.10.1", ROWS_LOAD, load_columns),
	TABLE("1.3.6.1.4.1.2021.11", ROWS_CPU_ONE, cpu_columns),
	TABLE("1.3.6.1.4.1.32473.1", ROWS_ONE, own_columns),
};
const unsigned sim_table_count = sizeof(sim_tables) / sizeof(sim_tables[0]);
