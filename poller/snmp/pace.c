/* poller/snmp/pace.c: how fast one peer may be asked, and how long its answers are waited for before it is asked once more.
 *
 * Time-outs: RFC 6298 on the peer's own round trips (smoothed mean and deviation). Karn's rule, that an answer to a request
 * sent more than once measures nothing, is not needed: request-ids tell which sending was answered.
 * What is measured only adds early sendings. Those that the configuration asks for keep their times, and so does the
 * moment when the peer counts as silent: a line that is dead for a second must not cost a device its name.
 *
 * Rate: sendings lie 'gap' apart in the mean (GCRA), a few may follow each other at once, since timers tick in 10 ms.
 */
#include "engine-int.h"

enum { RTO_LEAST_US = 100000, BURST_US = 20000 };

void snmp_path_measure(struct snmp_path *p, struct span rtt)
{
	int64_t off;

	if (p->srtt.us == 0) {		/* RFC 6298 (2.2) */
		p->srtt.us = rtt.us > 0 ? rtt.us : 1;
		p->rttvar.us = rtt.us / 2;
		return;
	}
	off = rtt.us > p->srtt.us ? rtt.us - p->srtt.us : p->srtt.us - rtt.us;
	p->rttvar.us += (off - p->rttvar.us) / 4;	/* (2.3), alpha 1/8, beta 1/4 */
	p->srtt.us += (rtt.us - p->srtt.us) / 8;
	if (p->srtt.us < 1)
		p->srtt.us = 1;
}

struct span snmp_path_rto(const struct snmp_path *p, struct span timeout)
{
	int64_t rto = p->srtt.us + 4 * p->rttvar.us;

	if (p->srtt.us == 0 || rto > timeout.us)
		return timeout;
	return span_us(rto < RTO_LEAST_US ? RTO_LEAST_US : rto);
}

struct mono snmp_path_leave(struct snmp_path *p, struct span gap, struct mono now)
{
	struct mono at = mono_add(p->free_at, span_us(-BURST_US));

	if (at.us < now.us)
		at = now;
	p->free_at = mono_add(p->free_at.us > now.us ? p->free_at : now, gap);
	return at;
}
