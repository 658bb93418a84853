/* t/sim/walk.c: 'simnet walk': a client that walks thousands of devices at once with GETBULK, and counts.
 *
 * It has one socket and a window of devices; a request-id is a slot of the window and a sequence number. It checks what
 * a poller has to check (source, request-id, order), so that a test sees whether the simulated agents keep to it.
 */
#include "sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "poller/base/err.h"

enum { SLOTS = 4096, TRIES = 4 };

static const char usage[] =
	"usage: simnet walk ADDRESSES PORT [--root OID] [--community TEXT] [--window N] [--repetitions N]\n"
	"                   [--timeout MS] [--print]\n"
	"  --print    each object as OID|TAG|VALUE (octets as hex, tag 4x); else only the sum\n"
	"Exits 0 when every device was walked to its end in order.\n";

struct slot {
	uint32_t address;		/* host order; 0: free */
	int64_t due_us;
	int32_t id;
	uint8_t name[OID_BER_MAX];
	uint16_t name_len;
	uint8_t tries;
};

struct walk {
	int fd;
	uint16_t port;
	const char *community;
	struct oid root;
	uint8_t root_ber[OID_BER_MAX];
	size_t root_len;
	struct span_v4 span;
	uint32_t next;			/* address to be started next */
	bool all_started, print;
	unsigned long window, repetitions, timeout_ms;
	unsigned busy;
	uint32_t sequence;
	uint64_t devices, ended, silent, disordered, refused, foreign, varbinds, requests;
	struct slot slot[SLOTS];
};

static void slot_send(struct walk *w, struct slot *slot)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(w->port),
				  .sin_addr.s_addr = htonl(slot->address) };
	struct snmp_name name = { slot->name, slot->name_len };
	struct snmp_request q = { .community = w->community, .version = SNMP_V2C, .pdu = SNMP_GETBULK,
				  .max_repetitions = (int32_t)w->repetitions, .names = &name, .name_count = 1 };
	struct snmp_packet *p;

	slot->id = (int32_t)(0x00800000 | (++w->sequence & 0x3ff) << 12 | (uint32_t)(slot - w->slot)) + 0x01000000;
	q.request_id = slot->id;
	must(snmp_packet_new(&p, &q, SNMP_PACKET_MAX) == FW_OK);
	sendto(w->fd, p->bytes, p->len_octets, 0, (struct sockaddr *)&to, sizeof(to));
	free(p);
	w->requests++;
	slot->due_us = clock_mono().us + (int64_t)w->timeout_ms * 1000;
}

static void slot_free(struct walk *w, struct slot *slot)
{
	slot->address = 0;
	w->busy--;
}

static void slots_fill(struct walk *w)
{
	for (unsigned i = 0; i < w->window && !w->all_started; i++) {
		struct slot *slot = &w->slot[i];

		if (slot->address)
			continue;
		slot->address = w->next;
		slot->tries = 1;
		memcpy(slot->name, w->root_ber, w->root_len);
		slot->name_len = (uint16_t)w->root_len;
		w->busy++;
		w->devices++;
		w->all_started = w->next++ == w->span.last;
		slot_send(w, slot);
	}
}

static void varbind_print(const struct snmp_varbind *vb)
{
	char text[OID_TEXT_MAX];
	struct oid o;

	printf("%s|%u", oid_dec(&o, vb->name, vb->name_len) ? oid_format(&o, text, sizeof(text)) : "?", vb->type);
	if (vb->type == SNMP_OID) {
		printf("|%s\n", oid_dec(&o, vb->bytes, vb->bytes_len) ? oid_format(&o, text, sizeof(text)) : "?");
	} else if (vb->type == SNMP_OCTET_STRING || vb->type == SNMP_OPAQUE || vb->type == SNMP_IPADDRESS) {
		fputs("x|", stdout);
		for (unsigned i = 0; i < vb->bytes_len; i++)
			printf("%02x", vb->bytes[i]);
		putchar('\n');
	} else if (vb->type == SNMP_INTEGER) {
		printf("|%" PRId64 "\n", (int64_t)vb->number);
	} else if (vb->type == SNMP_NULL) {
		puts("|");
	} else {
		printf("|%" PRIu64 "\n", vb->number);
	}
}

enum step { STEP_MORE, STEP_END, STEP_DISORDER };

static enum step reply_rows(struct walk *w, struct slot *slot, struct snmp_message *m)
{
	struct snmp_varbind vb;
	unsigned rows = 0;

	while (snmp_varbind_next(m, &vb)) {
		if (vb.type == SNMP_END_OF_MIB || vb.name_len < w->root_len ||
		    memcmp(vb.name, w->root_ber, w->root_len) != 0)
			return STEP_END;
		if (oid_ber_compare(vb.name, vb.name_len, slot->name, slot->name_len) <= 0)
			return STEP_DISORDER;
		memcpy(slot->name, vb.name, vb.name_len);
		slot->name_len = vb.name_len;
		rows++;
		w->varbinds++;
		if (w->print)
			varbind_print(&vb);
	}
	return rows ? STEP_MORE : STEP_END;
}

static void reply_take(struct walk *w, const uint8_t *packet, size_t len, const struct sockaddr_in *from)
{
	struct snmp_message m;
	struct slot *slot;

	if (snmp_message_dec(&m, packet, len) != FW_OK || m.pdu != SNMP_RESPONSE) {
		w->foreign++;
		return;
	}
	slot = &w->slot[m.request_id & (SLOTS - 1)];
	if (!slot->address || slot->id != m.request_id || ntohl(from->sin_addr.s_addr) != slot->address ||
	    ntohs(from->sin_port) != w->port) {
		w->foreign++;
		return;
	}
	if (m.error_status) {
		w->refused++;
		slot_free(w, slot);
		return;
	}
	switch (reply_rows(w, slot, &m)) {
	case STEP_MORE:
		slot->tries = 1;
		slot_send(w, slot);
		return;
	case STEP_END:
		w->ended++;
		break;
	case STEP_DISORDER:
		w->disordered++;
	}
	slot_free(w, slot);
}

static void slots_late(struct walk *w)
{
	int64_t now = clock_mono().us;

	for (unsigned i = 0; i < w->window; i++) {
		struct slot *slot = &w->slot[i];

		if (!slot->address || now < slot->due_us)
			continue;
		if (slot->tries++ < TRIES) {
			slot_send(w, slot);
			continue;
		}
		w->silent++;
		slot_free(w, slot);
	}
}

static void walk_run(struct walk *w)
{
	uint8_t packet[SNMP_PACKET_MAX];
	struct pollfd p = { .fd = w->fd, .events = POLLIN };

	for (slots_fill(w); w->busy > 0; slots_fill(w)) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t n;

		if (poll(&p, 1, 20) <= 0) {
			slots_late(w);
			continue;
		}
		n = recvfrom(w->fd, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
		if (n >= 0)
			reply_take(w, packet, (size_t)n, &from);
		if (w->requests % 1024 == 0)
			slots_late(w);
	}
}

static bool number(const char *text, unsigned long least, unsigned long most, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-' && *n >= least && *n <= most;
}

static bool options_parse(struct walk *w, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "root", required_argument, NULL, 'r' }, { "community", required_argument, NULL, 'c' },
		{ "window", required_argument, NULL, 'w' }, { "repetitions", required_argument, NULL, 'm' },
		{ "timeout", required_argument, NULL, 't' }, { "print", no_argument, NULL, 'p' }, { NULL, 0, NULL, 0 }
	};
	const char *root = "1.3.6.1";
	bool good = true;
	unsigned long port;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'r')
			root = optarg;
		else if (c == 'c')
			w->community = optarg;
		else if (c == 'p')
			w->print = true;
		else if (c == 'w')
			good = good && number(optarg, 1, SLOTS, &w->window);
		else if (c == 'm')
			good = good && number(optarg, 1, 10000, &w->repetitions);
		else
			good = good && c == 't' && number(optarg, 1, 60000, &w->timeout_ms);
	}
	if (!good || argc - optind != 2 || strlen(w->community) > SNMP_COMMUNITY_MAX || !oid_parse(root, &w->root) ||
	    !addresses_parse(argv[optind], &w->span) || w->span.v6 || !number(argv[optind + 1], 1, 65535, &port))
		return false;
	w->port = (uint16_t)port;
	w->next = w->span.first;
	w->root_len = oid_enc(&w->root, w->root_ber, sizeof(w->root_ber));
	return w->root_len > 0;
}

int walk_main(int argc, char **argv)
{
	struct walk *w = must_alloc(sizeof(*w));
	int64_t start = clock_mono().us, us;
	int size = 8 << 20, status = 2;

	*w = (struct walk){ .community = "public", .window = 64, .repetitions = 50, .timeout_ms = 1000 };
	if (!options_parse(w, argc, argv)) {
		fputs(usage, stderr);
		free(w);
		return status;
	}
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(w->fd >= 0);
	if (setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	walk_run(w);
	us = clock_mono().us - start;
	fprintf(w->print ? stderr : stdout,
		"devices=%" PRIu64 " walked=%" PRIu64 " silent=%" PRIu64 " disordered=%" PRIu64 " refused=%" PRIu64
		" foreign=%" PRIu64 " varbinds=%" PRIu64 " requests=%" PRIu64 " seconds=%.3f\n",
		w->devices, w->ended, w->silent, w->disordered, w->refused, w->foreign, w->varbinds, w->requests,
		(double)us / 1e6);
	status = w->ended == w->devices ? 0 : 1;
	close(w->fd);
	free(w);
	return status;
}
