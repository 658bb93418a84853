/* poller/snmp/pace.c: how fast one peer may be asked, and how long its answers are waited for before it is asked once more.
 *
 * Time-outs: RFC 6298 on the peer's own round trips (smoothed mean and deviation). Karn's rule, that an answer to a request
 * sent more than once measures nothing, is not needed: request-ids tell which sending was answered.
 * What is measured only adds early sendings. Those that the configuration asks for keep their times, and so does the
 * moment when the peer counts as silent: a line that is dead for a second must not cost a device its name.
 *
 * When the answers of all peers begin to take longer, it is a queue that they share, ours or one near us: then nobody is asked early
 * before that time is over as well.
 *
 * Pacer: how many requests leave a worker in a millisecond. Without bound at first; when the kernel says that it had no room
 * for answers, half of what left lately, and then slowly more again (additive increase, multiplicative decrease).
 *
 * Rate: sendings lie 'gap' apart in the mean (GCRA), a few may follow each other at once, since timers tick in 10 ms.
 */
#include "engine-int.h"

enum {
	RTO_LEAST_US = 100000, BURST_US = 20000,
	EXCESS_OF = 32, EXCESS_MOST_US = 1000000,
	PACE_LEAST = 500, PACE_MOST = 200000,	/* requests a second; as fast as that is without bound */
	PACE_STEP_US = 100000, PACE_MORE_EACH = 100,	/* a thousand a second more each second */
	PACE_BURST_US = 1000
};

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

void snmp_path_excess(const struct snmp_path *p, struct span rtt, struct span *excess)
{
	int64_t over = p->srtt.us && rtt.us > p->srtt.us ? rtt.us - p->srtt.us : 0;

	if (over > EXCESS_MOST_US)
		over = EXCESS_MOST_US;	/* one slow peer is not all of them */
	excess->us += (over - excess->us) / EXCESS_OF;
}

struct mono snmp_path_leave(struct snmp_path *p, struct span gap, struct mono now)
{
	struct mono at = mono_add(p->free_at, span_us(-BURST_US));

	if (at.us < now.us)
		at = now;
	p->free_at = mono_add(p->free_at.us > now.us ? p->free_at : now, gap);
	return at;
}

/* ---- all peers of a worker together ------------------------------------------------------------------------------- */

void snmp_pacer_dropped(struct snmp_pacer *p, struct mono now)
{
	uint32_t from = p->rate ? p->rate : p->lately;

	if (now.us < p->settled.us)
		return;			/* of what left before it was slowed down */
	p->rate = from / 2 > PACE_LEAST ? from / 2 : PACE_LEAST;
	p->settled = mono_add(now, span_us(PACE_STEP_US));
	p->step = p->settled;
	p->cuts++;
}

/* What left in the last tenth of a second, as requests a second; and the rate grows. */
static void pacer_step(struct snmp_pacer *p, struct mono now)
{
	int64_t since = mono_since(now, p->step).us;

	if (since < PACE_STEP_US)
		return;
	p->lately = (uint32_t)(p->left * UINT64_C(1000000) / (uint64_t)since);
	p->left = 0;
	p->step = now;
	if (p->rate && now.us >= p->settled.us)
		p->rate += PACE_MORE_EACH;
	if (p->rate >= PACE_MOST)
		p->rate = 0;
}

unsigned snmp_pacer_allows(struct snmp_pacer *p, unsigned wanted, struct mono now)
{
	int64_t owed, most, burst;

	pacer_step(p, now);
	if (p->rate == 0)
		return wanted;
	burst = 1000000 / p->rate + 1 > PACE_BURST_US ? 1000000 / p->rate + 1 : PACE_BURST_US;	/* one request at least */
	if (p->free_at.us < now.us - burst)
		p->free_at.us = now.us - burst;
	owed = now.us - p->free_at.us;
	most = owed * p->rate / 1000000;
	return most < 1 ? 0 : most < wanted ? (unsigned)most : wanted;
}

void snmp_pacer_left(struct snmp_pacer *p, unsigned count)
{
	p->left += count;
	if (p->rate)
		p->free_at.us += (int64_t)count * 1000000 / p->rate;
}
