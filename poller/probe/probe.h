/* poller/probe/probe.h: probes beside SNMP: ICMP echo, and checks (programs of the monitoring-plugins convention).
 *
 * Both live in a worker's event loop and call back in its thread. Nothing here knows a device: the owner does.
 * Sources: RFC 792, RFC 4443 (echo); Monitoring Plugins Development Guidelines (exit status, performance data).
 */
#ifndef FW_PROBE_PROBE_H
#define FW_PROBE_PROBE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "poller/base/clock.h"
#include "poller/base/err.h"
#include "poller/base/wheel.h"

struct event_base;

/* ---- ICMP echo ---------------------------------------------------------------------------------------------------- */

/* Sockets may need a privilege: opened before it is given up, one per worker and family. Raw where allowed, else
 * datagram (net.ipv4.ping_group_range). -1 where neither: 'err' says the way out, once. */
struct icmp_sockets { int v4, v6; bool v4_raw, v6_raw; };
/* FW_OK: at least one is open; 'err' then says what lacks, "" when nothing does. */
enum fw_err icmp_open(struct icmp_sockets *s, struct err *err);
void icmp_close(struct icmp_sockets *s);

struct icmp_engine;
struct icmp_count { uint64_t sent, received, late, duplicate, foreign, malformed, send_failed, kernel_dropped; };

struct icmp_engine *icmp_engine_new(struct event_base *base, struct wheel *wheel, const struct icmp_sockets *s);
void icmp_engine_free(struct icmp_engine *e);
struct icmp_count icmp_count(const struct icmp_engine *e);

/* A train of echoes to one address: ends with 'done', never from within icmp_start(). Gap and timeout: at most 60 s each.
 * An echo that the kernel refused is not in 'sent'; one answered later than its timeout is not in 'received'. */
enum { ICMP_TRAIN_MAX = 20 };
struct icmp_result {
	enum fw_err err;		/* FW_OK: at least one answer; FW_TIMEOUT: none; FW_NET: could not be sent */
	unsigned sent, received;
	struct span rtt[ICMP_TRAIN_MAX];	/* of those received, in order of sending; kernel receive time */
	struct mono at;			/* of the last answer, or of the end */
};
typedef void icmp_done(void *owner, const struct icmp_result *r);
struct icmp_train;
struct icmp_spec {
	struct sockaddr_storage address;
	unsigned count;
	struct span gap, timeout;
	icmp_done *done;
	void *owner;
};
/* NULL when there is no socket for the address's family, or a million trains run. */
struct icmp_train *icmp_start(struct icmp_engine *e, const struct icmp_spec *spec);
void icmp_cancel(struct icmp_train *t);		/* no callback */

/* Parse one received packet (with IP header when 'ip_header'): echo reply's id, sequence and payload; pure, for fuzzing. */
struct icmp_echo { uint16_t id, sequence; const uint8_t *payload; size_t payload_len; };
bool icmp_parse(const void *packet, size_t len_octets, bool ip_header, bool v6, struct icmp_echo *out);

/* Summary of RTTs: min, median, max, and jitter = mean of |difference of successive RTTs| (RFC 3550's idea, unsmoothed),
 * in seconds; NaN when none. */
struct rtt_summary { double min_s, median_s, max_s, jitter_s, loss; };
struct rtt_summary rtt_summary_of(const struct span *rtt, unsigned received, unsigned sent);

/* ---- checks --------------------------------------------------------------------------------------------------------- */

/* One value of performance data: 'label'=value[UOM];[warn];[crit];[min];[max]. Times are in s and sizes in B (of 1024),
 * whatever the plugin's unit; other units as printed. NaN where the plugin says "U". */
enum { CHECK_PERF_MAX = 16, CHECK_TEXT_MAX = 512 };
struct check_perf { char label[64]; char ds[20]; double value; char unit[12]; bool counter; };

struct check_result {
	/* FW_OK: it ran and ended; FW_TIMEOUT: killed; FW_NOTFOUND: no such program; FW_IO: could not be started */
	enum fw_err err;
	int status;			/* of exit, 0..3 (others become 3); 128+signal when killed; 3 when it did not run */
	char text[CHECK_TEXT_MAX];	/* first line without performance data, control bytes escaped; or the reason */
	struct check_perf perf[CHECK_PERF_MAX];
	unsigned perf_count;
	unsigned perf_cut;		/* values that were malformed or too many */
	struct span took;
	struct mono at;
};
/* Parse a plugin's output: pure, for fuzzing. Fills text and perf; ds names are unique, [a-zA-Z0-9_], at most 19. */
void check_parse(const char *output, size_t len_octets, struct check_result *r);

struct check_runner;
typedef void check_done(void *owner, const struct check_result *r);
struct check_job;
struct check_count { uint64_t started, ended, timed_out, failed_to_start, waited; uint32_t running, waiting; };

/* At most 'at_once' children; more wait in order. Programs without '/' are looked for in PATH and the usual plugin
 * folders. */
struct check_runner *check_runner_new(struct event_base *base, struct wheel *wheel, unsigned at_once);
void check_runner_free(struct check_runner *r);		/* kills its children's process groups and reaps them */
/* argv NULL-terminated, borrowed until done. Never calls 'done' from within. The program gets PATH, HOME, LANG and LC_ALL
 * only, no input, a process group of its own; whatever is left of that group when it ends is killed. 8 KiB of output are
 * kept. */
struct check_job *check_start(struct check_runner *r, const char *const *argv, struct span timeout, check_done *done,
			      void *owner);
void check_cancel(struct check_job *j);
struct check_count check_count(const struct check_runner *r);

#endif
