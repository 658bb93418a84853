/* t/fuzz/fuzz-reply.c: any octets as the answers to a walk: through the request table, the source check and the walk.
 *
 * An input is datagrams, each behind two octets of its length. Where one holds the octets 12 34 56 78, they become the
 * request-id that is waited for. Nothing is sent: sendmmsg() is ours here.
 */
#define _GNU_SOURCE		/* struct mmsghdr, memmem */
#include <arpa/inet.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "poller/snmp/engine-int.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { ROWS_MOST = 500 };

static uint8_t sent_id[4];	/* of the last request, as on the wire */

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	const struct iovec *v = messages[count - 1].msg_hdr.msg_iov;
	struct snmp_message m;
	uint32_t id;

	(void)fd, (void)flags;
	if (snmp_message_dec(&m, v->iov_base, v->iov_len))
		abort();
	id = htonl((uint32_t)m.request_id);
	memcpy(sent_id, &id, sizeof(id));
	return (int)count;
}

struct walked { struct snmp_walk *walk; unsigned rows, ends; };

static bool on_row(void *owner, const struct snmp_varbind *vb, struct mono at)
{
	struct walked *got = owner;
	struct oid o;

	(void)at;
	if (!oid_dec(&o, vb->name, vb->name_len) || ++got->rows > ROWS_MOST)
		abort();
	return true;
}

static void on_end(void *owner, enum fw_err err)
{
	struct walked *got = owner;

	(void)err;
	got->ends++;
	got->walk = NULL;
}

static void give(struct snmp_engine *e, const struct snmp_peer *peer, const uint8_t *octets, size_t len)
{
	uint8_t *own = malloc(len + !len), *id;
	struct snmp_datagram d = { .bytes = own, .len = len, .source = &peer->address, .at = clock_mono() };

	if (!own)
		abort();
	memcpy(own, octets, len);
	id = memmem(own, len, "\x12\x34\x56\x78", 4);
	if (id)
		memcpy(id, sent_id, 4);
	snmp_receive(e, &d);
	snmp_flush(e);
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	static struct event_base *base;
	static struct wheel *wheel;
	static struct snmp_engine *e;
	struct snmp_peer peer = { .community = "public", .timeout = span_s(1) };
	struct sockaddr_in *address = (struct sockaddr_in *)&peer.address;
	struct oid root = { { 1, 3, 6, 1, 2, 1 }, 6 };
	struct walked got = { .rows = 0 };
	struct snmp_walk_spec spec = {
		.root = &root, .max_repetitions = 10, .most_repetitions = 40, .most_rows = ROWS_MOST, .row = on_row, .done = on_end, .owner = &got,
	};

	if (!e) {
		base = event_base_new();
		wheel = wheel_new(clock_mono());
		e = snmp_engine_new(base, wheel, NULL);
	}
	if (len < 1)
		return 0;
	address->sin_family = AF_INET;
	address->sin_port = htons(161);
	peer.version = octets[0] & 1;
	got.walk = snmp_walk_start(e, &peer, &spec);
	snmp_flush(e);
	for (octets++, len--; len >= 2 && got.walk;) {
		size_t n = (size_t)octets[0] << 8 | octets[1];

		octets += 2;
		len -= 2;
		n = n < len ? n : len;
		give(e, &peer, octets, n);
		octets += n;
		len -= n;
	}
	snmp_walk_cancel(got.walk);
	if (snmp_outstanding(e) || got.ends > 1)
		abort();
	return 0;
}
