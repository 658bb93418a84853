/* t/unit/t1040-hostile.c: malformed messages that nobody on this project wrote (PROTOS c06-snmpv1, requests).
 *
 * Each is decoded as it is and as a reply, in memory of just its size. net-snmp's parser is asked for its verdict, too.
 * It takes all that we take; beyond that it takes numbers that do not fit (cut to 32 bits), names of no octets, and
 * communities of 256 octets.
 */
#define _GNU_SOURCE		/* popen */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "poller/snmp/message-int.h"
#include "poller/snmp/snmp.h"
#include "tap.h"

enum { CASES = 10601, CASE_MAX = 1 << 17 };

struct verdicts {
	unsigned taken[2];	/* by us: as a request, as a reply */
	unsigned both, only_us, only_them, neither;
	unsigned odd;		/* checked and read differ */
};

/* Where the PDU's tag is, when there is a head; 0 when not. */
static size_t pdu_at(const uint8_t *p, size_t len)
{
	struct rd r = rd_over(p, len);

	rd_u8(&r);
	if (rd_u8(&r) & 0x80)
		rd_take(&r, r.at[-1] & 0x7f);
	for (unsigned i = 0; i < 2; i++) {
		rd_u8(&r);
		rd_take(&r, ber_len(&r));
	}
	return rd_left(&r) > 0 ? (size_t)(r.at - p) : 0;
}

static bool we_take(const uint8_t *p, size_t len, unsigned *odd)
{
	struct snmp_message m;
	struct snmp_varbind vb;
	unsigned n = 0;
	int32_t id;

	(void)snmp_message_peek(p, len, &id);
	if (snmp_message_dec(&m, p, len))
		return false;
	while (snmp_varbind_next(&m, &vb)) {
		struct oid o;

		n++;
		*odd += !oid_dec(&o, vb.name, vb.name_len);
		*odd += vb.type == SNMP_OID && !oid_dec(&o, vb.bytes, vb.bytes_len);
	}
	*odd += n != m.varbind_count;
	return true;
}

static bool they_take(uint8_t *p, size_t len)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET);
	size_t community_len = 256, left = len;
	u_char community[256], *at;
	long version = -1;
	bool good;

	at = snmp_comstr_parse(p, &left, community, &community_len, &version);
	good = at && (version == SNMP_VERSION_1 || version == SNMP_VERSION_2c) && snmp_pdu_parse(pdu, at, &left) == 0;
	snmp_free_pdu(pdu);
	return good;
}

static void judge(struct verdicts *v, uint8_t *p, size_t len)
{
	size_t tag_at = pdu_at(p, len);
	bool ours = we_take(p, len, &v->odd), theirs = they_take(p, len);

	v->taken[0] += ours;
	v->both += ours && theirs;
	v->only_us += ours && !theirs;
	v->only_them += !ours && theirs;
	v->neither += !ours && !theirs;
	if (tag_at)
		p[tag_at] = SNMP_RESPONSE;
	v->taken[1] += tag_at && we_take(p, len, &v->odd);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Returns how many cases were read. */
static unsigned judge_all(FILE *f, struct verdicts *v)
{
	unsigned cases = 0;
	uint8_t head[8];

	for (; fread(head, 1, sizeof(head), f) == sizeof(head); cases++) {
		uint32_t len = be32(head + 4);
		uint8_t *p;

		if (len > CASE_MAX)
			break;
		p = malloc(len + !len);
		if (fread(p, 1, len, f) != len) {
			free(p);
			break;
		}
		judge(v, p, len);
		free(p);
	}
	return cases;
}

static FILE *material(void)
{
	const char *shared = getenv("FOREWARN_SHARED"), *top = getenv("FOREWARN_TOP");
	char path[512], command[600];

	if (shared)
		snprintf(path, sizeof(path), "%s/hostile/snmpv1-requests.bin.gz", shared);
	else
		snprintf(path, sizeof(path), "%s/../shared/hostile/snmpv1-requests.bin.gz", top ? top : "..");
	if (access(path, R_OK) != 0)
		return NULL;
	snprintf(command, sizeof(command), "gzip -dc '%s'", path);
	return popen(command, "r");
}

int main(void)
{
	struct verdicts v = { .odd = 0 };
	FILE *f = material();

	plan(6);
	if (!f) {
		skip(6, "the hostile messages are not here");
		return done();
	}
	is_int(judge_all(f, &v), CASES, "every message was tried");
	pclose(f);
	note("taken by both %u, by us only %u, by net-snmp only %u, by neither %u", v.both, v.only_us, v.only_them, v.neither);
	note("as a reply %u", v.taken[1]);
	is_int(v.odd, 0, "what is checked is what is read");
	is_int(v.taken[0], 4217, "so many are well formed to us");
	is_int(v.taken[1], v.taken[0], "... and the same as replies");
	is_int(v.only_us, 0, "net-snmp takes all that we take");
	ok(v.only_them * 100 < 6 * CASES, "... and little more");
	return done();
}
