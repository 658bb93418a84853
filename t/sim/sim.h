/* t/sim/sim.h: simnet, a simulated network: one process that is the SNMP agent of tens of thousands of devices.
 *
 * A device is an address (127.0.0.0/8, or any other address of this machine) and a model. Devices described by one line
 * share one model and have no table of their own: the answer to a GET is computed from the name that was asked for, the
 * answer to a GETNEXT from the order of tables, columns and rows. What a fault changes in one device (struct extra) is
 * allocated when the fault is commanded, so a healthy device costs 48 octets. README: descriptions, formulas, commands.
 *
 *   wire.c --packet, address--> device.c (which device?) --> agent.c (PDU) --> view.c (which object?) --> objects.c
 *                                                                                                     \-> snmprec.c
 *   ctl.c changes devices; all in one thread, one poll loop (simnet.c).
 *
 * Sources: RFC 1157, RFC 3416, RFC 3584 4.2.2.1 (no Counter64 for v1); MIBs as named in objects.c.
 */
#ifndef FW_T_SIM_H
#define FW_T_SIM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "poller/base/arena.h"
#include "poller/base/clock.h"
#include "poller/base/oid.h"
#include "poller/base/wheel.h"
#include "poller/snmp/snmp.h"
#include "poller/snmp/usm.h"

enum {
	SIM_DEVICES_MOST = 1000000, SIM_PORTS_MOST = 4096, SIM_UNITS_MOST = 64, SIM_SET_MOST = 1024,
	SIM_REPEATERS_MOST = 256, SIM_DELAYED_MOST = 65536
};

/* ---- recordings (snmprec.c) -------------------------------------------------------------------------------------- */

struct record {
	uint32_t name_at, value_at;	/* in recording.bytes */
	uint16_t name_len, value_len;
	uint8_t type;			/* enum snmp_type */
	uint64_t number;
	uint32_t line;
};

struct recording {
	char *path;
	struct recording *next;
	uint8_t *bytes;
	struct record *record;		/* sorted, names unique */
	unsigned count, lines, comments, broken, variations, duplicates;
	size_t used, size;		/* of bytes */
};

/* Read a recording from memory. Lines that are no record are skipped and counted. Never fails; release with _free. */
struct recording *recording_parse(const char *text, size_t len_octets);
/* NULL with the reason in 'err' when the file cannot be read. */
struct recording *recording_load(const char *path, struct err *err);
void recording_free(struct recording *r);
/* The first record whose name is not below 'name' (not above it either: 'after' false), count when there is none. */
unsigned recording_seek(const struct recording *r, const uint8_t *name, size_t len, bool after);
const uint8_t *record_name(const struct recording *r, unsigned at);

/* ---- models and devices (device.c) ------------------------------------------------------------------------------- */

/* Which rows a table has. */
enum rows {
	ROWS_ONE, ROWS_PORT_ONE, ROWS_HOST_ONE, ROWS_CPU_ONE, ROWS_UCD_ONE, ROWS_ENTITY_ONE,	/* scalars, index 0 */
	ROWS_PORT, ROWS_CPU, ROWS_STORAGE, ROWS_LOAD, ROWS_ENTITY, ROWS_SENSOR, ROWS_FRU, ROWS_FAN, ROWS_STATE,
	ROWS_SETS
};

/* entPhysicalIndex of the first of each kind: their order. */
enum { ENTITY_CHASSIS = 1, ENTITY_PSU = 1001, ENTITY_PSU_SENSOR = 1101, ENTITY_FAN = 2001, ENTITY_SENSOR = 3001 };

struct range { uint32_t first, count; };
struct rowset { struct range range[5]; unsigned total; };

enum power { POWER_FRU, POWER_SENSOR, POWER_STATE };

struct model {
	struct model *next;
	char user[33], auth[16], auth_password[64], priv[16], priv_password[64], context[33], engine_id_hex[65];	/* of version 3 */
	struct usm_user v3_user;
	uint8_t engine_id[USM_ENGINE_ID_MAX], engine_id_len;		/* 0: each device has its own */
	uint64_t boots;
	char kind[16], name[64], community[64], descr[200], location[64], ifname[32], file[256];
	uint64_t ports, psus, fans, sensors, cpus, disks;
	uint64_t memory_octets, disk_octets, speed_mbps, first_index, mtu;
	uint64_t size_most, bulk_most;			/* a GET beyond: tooBig; where a GETBULK stops */
	uint64_t uptime_s;
	uint64_t hc, live;				/* 64-bit counters there; a recording's counters move */
	uint64_t power;					/* enum power */
	struct rowset rows[ROWS_SETS];
	const struct recording *recording;		/* or NULL */
};

enum flow { FLOW_IN, FLOW_OUT, FLOW_ERRORS, FLOW_DISCARDS, FLOWS };
enum { PORT_DOWN = 1, PORT_ADMIN_DOWN = 2, PORT_REMOVED = 4 };

struct port {
	uint64_t base[FLOWS], rate[FLOWS];	/* octets or packets; per second */
	int64_t since_us;			/* base holds at this time */
	uint32_t changed_cs, discontinuity_cs;	/* sysUpTime then */
	uint32_t speed_mbps;			/* 0: as described */
	uint8_t flags;
};

struct port_index { uint32_t index, port; };	/* ifIndex -> port number, 1.. */

/* An object that was set, or hidden with all below it. */
struct overlay {
	uint8_t name[OID_BER_MAX], *bytes;
	uint16_t name_len, bytes_len;
	uint8_t type;
	bool hidden, denied;	/* denied: GET says noSuchInstance, GETNEXT tells it */
	bool said;		/* it and all below are told with 'type' instead of a value, to GETNEXT as well */
	uint64_t number;
};

enum odd {	/* what is wrong with a device's replies; bits */
	ODD_SILENT = 1, ODD_ORDER = 2, ODD_LOOP = 4, ODD_TRUNCATE = 8, ODD_MALFORMED = 16, ODD_ID = 32,
	ODD_PORT = 64, ODD_ADDRESS = 128, ODD_COMMUNITY = 256, ODD_TWICE = 512, ODD_TOOBIG = 1024, ODD_ERROR = 2048, ODD_SHORT = 4096, ODD_LONG = 8192, ODD_CACHE = 16384, ODD_SHUFFLE = 32768,
	ODD_NO_BULK = 65536, ODD_EXTRA = 131072, ODD_PAD = 262144
};

/* What a liar does with an answer of version 3. */
#define SIM_V3_FAULTS(X)								\
	X(DIGEST,       "forged-digest", "a bit of the digest is another")		\
	X(SHORT_DIGEST, "short-digest",  "the digest has another length")		\
	X(DOWNGRADE,    "no-auth",       "neither signed nor encrypted")		\
	X(NO_PRIV,      "no-priv",       "not encrypted")				\
	X(MSG_ID,       "wrong-msg-id",  "another msgID")				\
	X(USER,         "wrong-user",    "another user")				\
	X(CONTEXT,      "wrong-context", "another context")				\
	X(ENGINE,       "wrong-engine",  "another engineID")				\
	X(GARBAGE,      "garbage",       "encrypted with another key")			\
	X(OLD,          "old",           "signed 300 seconds ago")			\
	X(REPLAY,       "replay",        "the first answer again, whatever is asked")	\
	X(FLOOD,        "flood",         "an unauthenticated Report before each answer")
enum v3_fault_bit {
#define SIM_V3_BIT(name, word, text) V3_FAULT_BIT_##name,
	SIM_V3_FAULTS(SIM_V3_BIT)
};
enum v3_fault {
#define SIM_V3_FAULT(name, word, text) V3_FAULT_##name = 1 << V3_FAULT_BIT_##name,
	SIM_V3_FAULTS(SIM_V3_FAULT)
};

struct extra {
	uint32_t odd;
	uint32_t v3_faults, v3_boots, v3_engine;	/* enum v3_fault; see "v3 boots"; how often it got another engineID */
	int32_t v3_time;				/* seconds its engineTime was moved by */
	enum v3_report v3_report;			/* every request is answered by this one */
	bool v3_boots_set;
	uint8_t *v3_answer; size_t v3_answer_len;	/* to be replayed */
	uint32_t delay_ms, loss_percent, toobig_above, error_status, truncate_octets, malformed_nth;
	uint32_t short_most, long_above, cache_s, pad_octets;
	uint32_t renumber_in;			/* requests; 0 not */
	uint64_t psu_failed, fan_failed;	/* bits; unit 1 is bit 0 */
	struct port *port;			/* all ports, or NULL while none was touched */
	uint32_t *index;			/* ifIndex of each port, or NULL while as described */
	struct port_index *map;			/* those that are there, sorted by ifIndex; with 'index' */
	uint32_t map_count, table_changed_cs;
	struct overlay *overlay;		/* sorted */
	unsigned overlay_count;
};

struct device {
	const struct model *model;
	struct extra *extra;		/* NULL: nothing was commanded */
	int64_t boot_us, uptime_us;	/* simulated time of start; what sysUpTime showed then */
	uint32_t number, nth;		/* the address's low 24 bits; place in its description, 1.. */
	uint32_t requests;
	bool rebooted;			/* counters began at 0 */
	uint16_t reboots;
};

/* Devices at neighbouring addresses; v6 blocks have one. */
struct block {
	struct in6_addr first6;
	uint32_t first, count;		/* host order */
	bool v6;
	struct device *device;
};

struct sim_clock { int64_t start_us, offset_us, stopped_us; bool stopped; };

struct sim_count {
	uint64_t requests, varbinds, replies, undecodable, community, other_pdu, unknown_address, silent, lost, delayed,
		 delay_dropped, send_failed, kernel_dropped, reports;
};

struct sim {
	struct arena arena;
	struct model *models;
	struct recording *recordings;
	struct block *block;		/* v4 sorted by address, then v6 */
	unsigned block_count, device_count;
	struct sim_clock clock;
	struct sim_count count;
	struct sim_view *view;
	struct sim_wire *wire;
	struct sim_v3 *v3;
	struct sim_ctl *ctl;
	struct wheel *wheel;
	uint64_t random;
	bool stop;
	uint8_t varbinds[SNMP_PACKET_MAX + 1];
	uint8_t names[2][SIM_REPEATERS_MOST][OID_BER_MAX];
	uint16_t name_len[SIM_REPEATERS_MOST];
};

/* One line of a description: "ADDRESSES key=value ...". FW_MISTAKE with the reason. 'folder' is where its files are. */
enum fw_err device_describe(struct sim *s, const char *line, const char *folder, struct err *err);
/* A file of them; every mistake is printed to 'to' as "file:line: ..." and counted. */
unsigned device_describe_file(struct sim *s, const char *path, FILE *to);
/* After the last description: sort, look for addresses described twice. */
enum fw_err device_index(struct sim *s, struct err *err);
struct device *device_find(const struct sim *s, uint32_t v4);
struct device *device_find6(const struct sim *s, const struct in6_addr *a);
void device_release_all(struct sim *s);

/* Addresses as people write them: A, A-B, A+COUNT, A/PREFIX; a v6 address is always one. */
struct span_v4 { uint32_t first, last; bool v6; struct in6_addr a6; };
bool addresses_parse(const char *text, struct span_v4 *span);

struct extra *device_extra(struct device *d);			/* allocated when absent */
struct port *device_ports(struct device *d);			/* all, allocated when absent */
void device_map(struct device *d, int64_t now_us);		/* after a port was removed or added */
void device_renumber(struct sim *s, struct device *d, int64_t now_us);	/* every ifIndex moves, where there are two */
void device_swap(struct device *d, uint32_t a, uint32_t b, bool names_alone, int64_t now_us);
void device_reboot(struct device *d, int64_t now_us);
void device_heal(struct device *d, int64_t now_us);		/* no fault is left; counters go on, numbers stay */
uint64_t port_rate(const struct device *d, uint32_t port, enum flow f);
uint64_t port_value(const struct device *d, uint32_t port, enum flow f, int64_t now_us);
void port_rebase(struct device *d, uint32_t port, int64_t now_us);	/* before its rate or flags change */
uint32_t device_uptime_cs(const struct device *d, int64_t now_us);

int64_t sim_clock_us(const struct sim_clock *c);		/* simulated microseconds since start */
uint32_t sim_random(struct sim *s);				/* the same sequence at every start */

/* rate * time without overflow, rounded down. */
static inline uint64_t sim_growth(uint64_t rate, int64_t us)
{
	uint64_t t = us > 0 ? (uint64_t)us : 0;

	return rate * (t / 1000000) + rate * (t % 1000000) / 1000000;
}

/* ---- objects (objects.c: what there is; view.c: finding it) ------------------------------------------------------ */

struct look {
	const struct sim *sim;
	struct device *device;
	int64_t now_us, cached_us;	/* cached_us: when counters were renewed last; 0 now */
	bool v1;			/* Counter64 is not there */
	char *scratch;			/* for texts; SIM_SCRATCH octets */
	unsigned hint;			/* the table of the name before */
};
enum { SIM_SCRATCH = 512 };

typedef void value_fn(const struct look *l, uint32_t row, uint32_t arg, struct snmp_varbind *vb);

enum { COLUMN_HC = 1 };			/* only in models with 64-bit counters */
struct column {
	uint32_t arc;
	uint8_t type, flags;
	value_fn *value;
	uint32_t arg;
};

struct table {
	const char *entry;		/* OID of the entry, or of the group whose scalars are one row with index 0 */
	enum rows rows;
	const struct column *column;
	unsigned column_count;
};

/* All tables in the order of their objects; no object of one lies between two of another. */
extern const struct table sim_tables[];
extern const unsigned sim_table_count;

/* Rows of a set in this device, and the index of one; row_seek: the first row whose index is not below 'index'. */
uint32_t row_count(const struct device *d, enum rows set);
uint32_t row_index(const struct device *d, enum rows set, uint32_t row);
uint32_t row_seek(const struct device *d, enum rows set, uint32_t index);
uint32_t row_port(const struct device *d, uint32_t row);	/* of ROWS_PORT: the port number, 1.. */

struct sim_view *view_new(void);
void view_free(struct sim_view *v);
/* The object 'name': 'vb' gets it, or the exception NO_OBJECT or NO_INSTANCE. */
void view_get(struct look *l, const uint8_t *name, size_t len, struct snmp_varbind *vb);
/* The object after 'name'; its name is put into 'out' (OID_BER_MAX octets, not 'name'). END_OF_MIB: 'name' itself. */
void view_next(struct look *l, const uint8_t *name, size_t len, uint8_t *out, struct snmp_varbind *vb);

/* ---- answering (agent.c), sockets (wire.c), commands (ctl.c) ----------------------------------------------------- */

struct reply {
	struct wr w;
	uint32_t delay_ms;
	bool twice, from_port, from_address;
	const uint8_t *first;		/* a message that leaves before it, or NULL */
	size_t first_octets;
};

/* Answer one packet; false when there is nothing to send. */
bool agent_answer(struct sim *s, struct device *d, const uint8_t *packet, size_t len_octets, struct reply *r);
/* The answer to a request that may be answered: a PDU and its varbinds. False: the device says nothing. */
bool agent_respond(struct sim *s, struct device *d, struct snmp_message *request, struct snmp_message *reply, struct wr *varbinds);

/* v3.c: messages of version 3. */
enum fw_err v3_describe(struct model *m, struct err *err);
bool v3_answer(struct sim *s, struct device *d, const uint8_t *packet, size_t len_octets, struct reply *r);
enum fw_err v3_command(struct device *d, char **word, unsigned count, struct err *err);
void v3_release(struct sim *s);

/* Bind; '*port' 0 takes a free one and is set. */
enum fw_err wire_open(struct sim *s, uint16_t *port, struct err *err);
unsigned wire_fds(const struct sim *s, int fds[2]);
void wire_run(struct sim *s, int fd);			/* answer what waits */
void wire_close(struct sim *s);

enum fw_err ctl_open(struct sim *s, const char *path, struct err *err);
struct pollfd;
enum { CTL_CLIENTS_MOST = 8 };
unsigned ctl_fds(const struct sim *s, struct pollfd *p);	/* at most CTL_CLIENTS_MOST + 1 */
void ctl_run(struct sim *s, const struct pollfd *p, unsigned count);
void ctl_close(struct sim *s);
/* One command; 'out' gets "ok ..." or "error: ...", one line without its end. */
void ctl_command(struct sim *s, char *line, char *out, size_t size_octets);
int ctl_client(const char *path, int argc, char **argv);

/* simnet walk: a client that walks many devices at once (walk.c). */
int walk_main(int argc, char **argv);

#endif
