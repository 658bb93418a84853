/* poller/words.h: names and states in words, the same on every screen, in alerts and in the log.
 *
 * Where programs read, in JSON, the ledger and the objects of notifications that are keys, names are as they are.
 */
#ifndef FW_WORDS_H
#define FW_WORDS_H

#include <stddef.h>

/* "sw1/power-supply/PS 1" -> "sw1 power-supply PS 1", "sw1/interface/Gi0/1" -> "sw1 Gi0/1". Returns 'buf'. */
char *component_words(const char *name, char *buf, size_t size_octets);
/* A group that is configured as "db | replica" is "db or replica", the parts "sw1/power-supply" are "sw1 power-supply". */
char *group_words(const char *name, char *buf, size_t size_octets);
/* A state with its reason: "failed", "down: no SNMP, no ICMP", "switched off (admin)". Returns 'buf'. */
char *state_words(const char *state, const char *reason, char *buf, size_t size_octets);

#endif
