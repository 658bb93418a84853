/* poller/noc/trap-int.h: an alert as a notification (mibs/FOREWARN-MIB.txt), and the session it goes out by.
 *
 * trap.c alone knows net-snmp's headers (they define names of syslog that base/log.h has as well); sender.c knows
 * targets.
 */
#ifndef FW_NOC_TRAP_INT_H
#define FW_NOC_TRAP_INT_H

#include "noc.h"

/* The root of FOREWARN-MIB: net-snmp's netSnmpPlaypen, until a number is assigned. It stands here and in the MIB. */
#define FOREWARN_ROOT 1, 3, 6, 1, 4, 1, 8072, 9999, 9999

enum { TRAP_OCTETS_MOST = 1400 };	/* of the whole message: it passes any tunnel without fragments */

/* Nothing of net-snmp's own: no configuration, no state of its own, no words on our standard error. Before all else. */
void trap_library_quiet(void);

/* A session of SNMPv2c to "udp:192.0.2.1:162" or "udp6:[2001:db8::1]:162"; NULL with the reason. */
void *trap_session_open(const char *peer, const char *community, struct err *err);
void trap_session_close(void *session);

/* Send it, cut to TRAP_OCTETS_MOST; '*cut' when something had to go. FW_NET: not sent. FW_TOOBIG: cannot be encoded. */
enum fw_err trap_session_send(void *session, const struct alert *a, struct span uptime, bool *cut, struct err *err);

/* RFC 2579 DateAndTime in UTC, 11 octets. */
void date_and_time(struct wall t, uint8_t out[11]);

#endif
