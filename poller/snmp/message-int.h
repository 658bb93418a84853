/* poller/snmp/message-int.h: what the engine and version 3 ask of the codec beyond snmp.h. Private to poller/snmp. */
#ifndef FW_SNMP_MESSAGE_INT_H
#define FW_SNMP_MESSAGE_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snmp.h"

/* The request-id of a Response-PDU that need not be whole or well formed behind it: whose answer was it meant to be? */
bool snmp_message_peek(const void *packet, size_t len_octets, int32_t *request_id);

/* A whole PDU, nothing behind it, each varbind checked: what snmp_message_dec() does with what is within a message. */
bool snmp_pdu_dec(struct snmp_message *m, struct rd *r);

/* A PDU with varbinds already encoded; octets of it, given those of the varbinds. */
size_t snmp_pdu_size(const struct snmp_message *m, size_t list_octets);
void snmp_pdu_enc(struct wr *w, const struct snmp_message *m, const uint8_t *varbinds, size_t len_octets);

#endif
