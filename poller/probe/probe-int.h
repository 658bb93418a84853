/* poller/probe/probe-int.h: what the files of this folder share; nobody else includes it. */
#ifndef FW_PROBE_PROBE_INT_H
#define FW_PROBE_PROBE_INT_H

#include "probe.h"

struct event;

/* An echo request of ours, and so its reply: ICMP header, then what proves that it is ours and names its train.
 *
 *	 0      1      2             4             6
 *	+------+------+-------------+-------------+-------------+
 *	| type | code |  checksum   | identifier  |  sequence   |   RFC 792, RFC 4443
 *	+------+------+-------------+-------------+-------------+
 *	|         magic "fwEC"      |    cookie of the engine   |
 *	+---------------------------+                           |
 *	|        (64 bits)          |           slot            |
 *	+---------------------------+---------------------------+
 *	|        generation         |
 *	+---------------------------+
 *
 * A datagram socket has its identifier rewritten by the kernel, so only the payload is trusted. Cookie and generation
 * are random: who has not seen the request cannot forge an answer. sequence = low 16 bits
 * of generation + number in train.
 */
enum { ICMP_HEADER_OCTETS = 8, ICMP_PAYLOAD_OCTETS = 20, ICMP_ECHO_OCTETS = ICMP_HEADER_OCTETS + ICMP_PAYLOAD_OCTETS };

struct icmp_mark { uint64_t cookie; uint32_t slot, generation; };

/* Build the request of 'number' in its train; 'packet' has ICMP_ECHO_OCTETS. */
void icmp_build(uint8_t *packet, bool v6, uint16_t id, const struct icmp_mark *mark, unsigned number);
/* Read the mark of an echo's payload; false when it is not one of ours (any engine's). */
bool icmp_mark_of(const struct icmp_echo *echo, struct icmp_mark *mark);
/* RFC 1071. */
uint16_t icmp_checksum(const uint8_t *p, size_t len_octets);

/* Let only echo replies with this identifier into a raw socket: many raw sockets would else each see every echo. */
void icmp_socket_filter(int fd, bool v6, uint16_t id);

#endif
