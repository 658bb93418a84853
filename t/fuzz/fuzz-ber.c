/* t/fuzz/fuzz-ber.c: any octets as BER lengths, numbers and names, and as a whole message.
 *
 * Beyond not crashing: a name that is taken can be decoded; what is checked is what is read; a message that is taken
 * and encoded again is taken again, and says the same.
 */
#include <stdlib.h>

#include "poller/snmp/ber-int.h"
#include "poller/snmp/message-int.h"
#include "poller/snmp/snmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { ROOM = 1 << 18 };

static void claim(bool holds)
{
	if (!holds)
		abort();
}

static void pieces(const uint8_t *octets, size_t len)
{
	struct rd r = rd_over(octets, len);
	struct oid o;

	claim(ber_len(&r) <= len);
	for (size_t n = 0; n <= 10 && n <= len; n++) {
		struct rd i = rd_over(octets, len), u = i, c = i;

		(void)ber_integer(&i, n);
		claim(ber_unsigned(&u, n, 32) <= UINT32_MAX);
		(void)ber_unsigned(&c, n, 64);
		claim(rd_ok(&i) == (n >= 1 && n <= 8) && (!rd_ok(&u) || rd_ok(&c)));
	}
	claim(!ber_oid_ok(octets, len) || oid_dec(&o, octets, len));
}

static bool same(const struct snmp_varbind *a, const struct snmp_varbind *b)
{
	return a->type == b->type && a->number == b->number && a->name_len == b->name_len &&
	       memcmp(a->name, b->name, a->name_len) == 0 &&
	       (a->number || (a->bytes_len == b->bytes_len && memcmp(a->bytes, b->bytes, a->bytes_len) == 0) ||
		a->type == SNMP_INTEGER || (a->type & 0xc0) == 0x40);
}

static void again(struct snmp_message m)
{
	static uint8_t list[ROOM], packet[ROOM];
	struct wr w = wr_over(list, sizeof(list)), all = wr_over(packet, sizeof(packet));
	struct snmp_message first = m, second;
	struct snmp_varbind a, b;
	unsigned n = 0;

	for (; snmp_varbind_next(&m, &a); n++)
		snmp_varbind_enc(&w, &a);
	claim(n == m.varbind_count && rd_ok(&m.varbinds) && wr_ok(&w));
	snmp_message_enc(&all, &m, list, w.len);
	if (!wr_ok(&all))
		return;		/* numbers sent short grow; beyond 65535 octets there is no message */
	claim(snmp_message_dec(&second, packet, all.len) == FW_OK && second.varbind_count == n);
	claim(second.request_id == m.request_id && second.pdu == m.pdu && second.community_len == m.community_len);
	while (snmp_varbind_next(&first, &a))
		claim(snmp_varbind_next(&second, &b) && same(&a, &b));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct snmp_message m;
	int32_t id;

	pieces(octets, len);
	(void)snmp_message_peek(octets, len, &id);
	if (snmp_message_dec(&m, octets, len) == FW_OK) {
		if (m.pdu == SNMP_RESPONSE)
			claim(snmp_message_peek(octets, len, &id) && id == m.request_id);
		again(m);
	}
	return 0;
}
