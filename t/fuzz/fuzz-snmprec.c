/* t/fuzz/fuzz-snmprec.c: a recording of any octets is read, is sorted without doubles, and finds its own records. */

/* The reader is part of the simulated network, which is no library. */
#include "t/sim/snmprec.c"

#include "poller/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t len_octets);

static void record_check(const struct recording *r, unsigned at)
{
	const struct record *rec = &r->record[at];
	struct oid o;

	must((size_t)rec->name_at + rec->name_len <= r->used && (size_t)rec->value_at + rec->value_len <= r->used);
	must(oid_dec(&o, record_name(r, at), rec->name_len));
	must(rec->type != SNMP_OID || oid_dec(&o, r->bytes + rec->value_at, rec->value_len));
	must(rec->type != SNMP_IPADDRESS || rec->value_len == 4);
	must(rec->type == SNMP_COUNTER64 || rec->type == SNMP_INTEGER || rec->number <= UINT32_MAX);
	must(recording_seek(r, record_name(r, at), rec->name_len, false) == at);
	must(recording_seek(r, record_name(r, at), rec->name_len, true) == at + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *text, size_t len_octets)
{
	struct recording *r = recording_parse((const char *)text, len_octets);

	for (unsigned i = 0; i < r->count; i++)
		record_check(r, i);
	must(r->count + r->broken + r->comments + r->variations + r->duplicates == r->lines);
	recording_free(r);
	return 0;
}
