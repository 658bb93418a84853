/* poller/noc/trap.c: an alert as an SNMPv2-Trap-PDU (RFC 3416 4.2.6): sysUpTime, snmpTrapOID, then the objects of
 * FOREWARN-MIB in the order of its notifications. What does not fit into 1,400 octets is left out from the end of its
 * list, and the list says how much.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "poller/base/text.h"
#include "trap-int.h"

/* When, for how long, and how much of it. */
struct trap_frame {
	struct span uptime;		/* of the sender: sysUpTime */
	size_t text_octets;		/* of one text, at most */
	uint32_t services, points;	/* lines shown */
};

enum { TEXT_MOST = 255, SUBJECT_MOST = 160, TEXT_LEAST = 32 };

void date_and_time(struct wall t, uint8_t out[11])
{
	time_t s = (time_t)(t.us / 1000000);
	struct tm tm = { 0 };
	unsigned year;

	gmtime_r(&s, &tm);
	year = (unsigned)tm.tm_year + 1900;
	memcpy(out, (uint8_t[11]){
		(uint8_t)(year >> 8), (uint8_t)year, (uint8_t)(tm.tm_mon + 1), (uint8_t)tm.tm_mday, (uint8_t)tm.tm_hour,
		(uint8_t)tm.tm_min, (uint8_t)tm.tm_sec, (uint8_t)(t.us / 100000 % 10), '+', 0, 0 }, 11);
}

/* ---- the lists -------------------------------------------------------------------------------------------------- */

static void add_more(struct text *t, uint32_t more, bool any, const char *between)
{
	if (more)
		text_add(t, "%s%s%u more", any ? between : "", any ? "and " : "", more);
}

static void list_services(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets)
{
	uint32_t shown = a->touched_count < f->services ? a->touched_count : f->services;
	struct text t = text_over(buf, size_octets);
	char line[256];

	for (uint32_t i = 0; i < shown; i++)
		text_add(&t, "%s%s", i ? "; " : "", touched_words(&a->touched[i], line, sizeof(line)));
	add_more(&t, a->touched_count - shown + a->touched_more, shown > 0, "; ");
}

static void list_points(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets)
{
	uint32_t shown = a->points_count < f->points ? a->points_count : f->points;
	struct text t = text_over(buf, size_octets);

	for (uint32_t i = 0; i < shown; i++)
		text_add(&t, "%s%s", i ? ", " : "", a->points[i]);
	add_more(&t, a->points_count - shown + a->points_more, shown > 0, ", ");
}

/* ---- the objects ------------------------------------------------------------------------------------------------ */

static uint32_t at_most_32(uint64_t v) { return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v; }

static long kind_of(const struct alert *a) { return (long)a->kind + 1; }
static long severity_of_alert(const struct alert *a) { return (long)a->severity + 1; }
static long transition_of(const struct alert *a) { return (long)a->transition + 1; }
static long state_of(const struct alert *a) { return (long)a->state + 1; }
static long number_of(const struct alert *a) { return (long)at_most_32(a->number); }
static long sequence_of(const struct alert *a) { return (long)at_most_32(a->sequence); }
static long services_of(const struct alert *a) { return (long)a->touched_count + a->touched_more; }
static long points_of(const struct alert *a) { return (long)a->points_count + a->points_more; }

typedef void say(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets);

static void say_key(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets)
{
	(void)f;
	text_copy(buf, size_octets, a->key);
}

static void say_subject(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets)
{
	(void)f;
	alert_subject(a, buf, size_octets < SUBJECT_MOST ? size_octets : SUBJECT_MOST);
}

static void say_cause_of(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets)
{
	(void)f;
	text_copy(buf, size_octets, a->cause);
}

static void say_do(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets)
{
	(void)f;
	text_copy(buf, size_octets, a->first_do);
}

static void say_what_is_left(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets)
{
	(void)f;
	text_copy(buf, size_octets, a->left);
}

static void say_what_is_next(const struct alert *a, const struct trap_frame *f, char *buf, size_t size_octets)
{
	(void)f;
	text_copy(buf, size_octets, a->next);
}

/* One row an object: what it is called in FOREWARN-MIB is its number under forewarnAlert. */
static const struct object {
	unsigned arc;
	uint8_t type;
	long (*number)(const struct alert *a);
	say *text;			/* cut to the frame's text_octets; a list is cut by lines */
	bool list;
	size_t time;			/* offset of a struct wall */
} objects[] = {
	{ 1, ASN_UNSIGNED, number_of, NULL, false, 0 },
	{ 2, ASN_OCTET_STR, NULL, say_key, false, 0 },
	{ 3, ASN_INTEGER, kind_of, NULL, false, 0 },
	{ 4, ASN_INTEGER, severity_of_alert, NULL, false, 0 },
	{ 5, ASN_INTEGER, transition_of, NULL, false, 0 },
	{ 6, ASN_UNSIGNED, sequence_of, NULL, false, 0 },
	{ 7, ASN_INTEGER, state_of, NULL, false, 0 },
	{ 8, ASN_OCTET_STR, NULL, NULL, false, offsetof(struct alert, since) },
	{ 9, ASN_OCTET_STR, NULL, NULL, false, offsetof(struct alert, raised) },
	{ 10, ASN_OCTET_STR, NULL, NULL, false, offsetof(struct alert, changed) },
	{ 11, ASN_OCTET_STR, NULL, say_subject, false, 0 },
	{ 12, ASN_OCTET_STR, NULL, say_cause_of, false, 0 },
	{ 13, ASN_OCTET_STR, NULL, say_do, false, 0 },
	{ 18, ASN_OCTET_STR, NULL, say_what_is_left, false, 0 },
	{ 19, ASN_OCTET_STR, NULL, say_what_is_next, false, 0 },
	{ 14, ASN_UNSIGNED, services_of, NULL, false, 0 },
	{ 15, ASN_OCTET_STR, NULL, list_services, true, 0 },
	{ 16, ASN_UNSIGNED, points_of, NULL, false, 0 },
	{ 17, ASN_OCTET_STR, NULL, list_points, true, 0 },
};

static bool add_text(netsnmp_pdu *pdu, const oid *name, size_t name_len, const char *raw)
{
	char clean[2 * TRAP_OCTETS_MOST];

	text_clean(raw, strlen(raw), clean, sizeof(clean));
	return snmp_pdu_add_variable(pdu, name, name_len, ASN_OCTET_STR, clean, strlen(clean)) != NULL;
}

static bool add_object(netsnmp_pdu *pdu, const struct object *o, const struct alert *a, const struct trap_frame *f)
{
	oid name[] = { FOREWARN_ROOT, 1, 1, o->arc, 0 };
	char text[TRAP_OCTETS_MOST + 1];
	uint8_t date[11];
	struct wall t;
	long number;

	if (o->number) {
		number = o->number(a);
		return snmp_pdu_add_variable(pdu, name, OID_LENGTH(name), o->type, &number, sizeof(number)) != NULL;
	}
	if (!o->text) {
		memcpy(&t, (const uint8_t *)a + o->time, sizeof(t));
		date_and_time(t, date);
		return snmp_pdu_add_variable(pdu, name, OID_LENGTH(name), o->type, date, sizeof(date)) != NULL;
	}
	o->text(a, f, text, o->list || f->text_octets >= sizeof(text) ? sizeof(text) : f->text_octets + 1);
	return add_text(pdu, name, OID_LENGTH(name), text);
}

static bool add_head(netsnmp_pdu *pdu, const struct alert *a, struct span uptime)
{
	static const oid sysUpTime[] = { 1, 3, 6, 1, 2, 1, 1, 3, 0 }, snmpTrapOID[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 };
	const oid what[] = { FOREWARN_ROOT, 0, (oid)a->transition + 1 };
	long ticks = (long)(uint32_t)(uptime.us / 10000);

	return snmp_pdu_add_variable(pdu, sysUpTime, OID_LENGTH(sysUpTime), ASN_TIMETICKS, &ticks, sizeof(ticks)) &&
	       snmp_pdu_add_variable(pdu, snmpTrapOID, OID_LENGTH(snmpTrapOID), ASN_OBJECT_ID, what, sizeof(what));
}

/* NULL: out of memory. */
static netsnmp_pdu *trap_make(const struct alert *a, const struct trap_frame *frame)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_TRAP2);
	bool good = pdu && add_head(pdu, a, frame->uptime);

	for (size_t i = 0; good && i < sizeof(objects) / sizeof(*objects); i++)
		good = add_object(pdu, &objects[i], a, frame);
	if (good)
		return pdu;
	snmp_free_pdu(pdu);
	return NULL;
}

/* ---- size ------------------------------------------------------------------------------------------------------- */

/* Octets of the message that 's' would send; 0 when it cannot be encoded. */
static size_t trap_octets(netsnmp_pdu *pdu, netsnmp_session *s)
{
	size_t room = 4096, used = 0;
	u_char *packet = malloc(room);

	pdu->version = s->version;
	if (!packet || snmp_build(&packet, &room, &used, s, pdu) != 0)
		used = 0;
	free(packet);
	return used;
}

/* The next smaller frame: services go first, then points, then the ends of texts. False when there is none. */
static bool smaller(struct trap_frame *f)
{
	if (f->services > 0)
		f->services -= 1 + f->services / 8;
	else if (f->points > 0)
		f->points--;
	else if (f->text_octets > TEXT_LEAST)
		f->text_octets -= TEXT_LEAST;
	else
		return false;
	return true;
}

/* The largest that fits; NULL when none can be encoded. */
static netsnmp_pdu *trap_fit(const struct alert *a, struct span uptime, netsnmp_session *s, bool *cut)
{
	struct trap_frame f = { uptime, TEXT_MOST, a->touched_count, a->points_count };
	netsnmp_pdu *pdu = trap_make(a, &f);

	*cut = a->touched_more || a->points_more;
	while (pdu) {
		size_t octets = trap_octets(pdu, s);

		if (octets > 0 && octets <= TRAP_OCTETS_MOST)
			return pdu;
		snmp_free_pdu(pdu);
		*cut = true;
		pdu = smaller(&f) ? trap_make(a, &f) : NULL;
	}
	return NULL;
}

/* ---- sessions --------------------------------------------------------------------------------------------------- */

void trap_library_quiet(void)
{
	static const int yes[] = {
		NETSNMP_DS_LIB_DONT_READ_CONFIGS, NETSNMP_DS_LIB_DONT_PERSIST_STATE, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD,
		NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE,
	};

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, yes[i], 1);
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
}

static char *const_text(const char *s) { return (char *)(uintptr_t)s; }	/* net-snmp copies it, and takes no const */

void *trap_session_open(const char *peer, const char *community, struct err *err)
{
	netsnmp_session s;
	char *why = NULL;
	void *session;

	snmp_sess_init(&s);
	s.version = SNMP_VERSION_2c;
	s.peername = const_text(peer);
	s.community = (u_char *)const_text(community);
	s.community_len = strlen(community);
	session = snmp_sess_open(&s);
	if (session)
		return session;
	snmp_error(&s, NULL, NULL, &why);
	err_set(err, FW_NET, "%s", why ? why : "no session");
	free(why);
	return NULL;
}

void trap_session_close(void *session)
{
	if (session)
		snmp_sess_close(session);
}

enum fw_err trap_session_send(void *session, const struct alert *a, struct span uptime, bool *cut, struct err *err)
{
	netsnmp_pdu *pdu = trap_fit(a, uptime, snmp_sess_session(session), cut);
	char *why = NULL;

	if (!pdu)
		return err_set(err, FW_TOOBIG, "it cannot be encoded");
	if (snmp_sess_send(session, pdu))
		return FW_OK;
	snmp_free_pdu(pdu);
	snmp_sess_error(session, NULL, NULL, &why);
	err_set(err, FW_NET, "%s", why ? why : "not sent");
	free(why);
	return FW_NET;
}
