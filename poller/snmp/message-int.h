/* poller/snmp/message-int.h: what the engine asks of the codec beyond snmp.h. Private to poller/snmp. */
#ifndef FW_SNMP_MESSAGE_INT_H
#define FW_SNMP_MESSAGE_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The request-id of a Response-PDU that need not be whole or well formed behind it: whose answer was it meant to be? */
bool snmp_message_peek(const void *packet, size_t len_octets, int32_t *request_id);

#endif
