/* poller/base/log.h: one line per thing worth knowing, to standard error or syslog.
 *
 * Levels: error (an operator must act), warn (a device is odd), info (state changed), debug.
 * A line names its subject first and ends with key=value. Areas come from the table below;
 * debug is switched per area at run time. Control bytes in a line are printed as \xHH, so that a
 * foreign string (sysName, ifAlias) never reaches a terminal raw. errno survives a log call.
 * Thread: any; one lock, held for one write(2) only, never while another lock is taken.
 */
#ifndef FW_BASE_LOG_H
#define FW_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define LOG_AREAS(X)							\
	X(MAIN,   "main")   X(CONFIG, "config") X(WIRE,  "wire")	\
	X(POLL,   "poll")   X(ICMP,   "icmp")   X(CHECK, "check")	\
	X(STORE,  "store")  X(GRAPH,  "graph")  X(ALERTS, "alert")	\
	X(LEDGER, "ledger") X(NOTIFY, "notify") X(API,   "api")

enum log_area {
#define LOG_ENUM(name, word) LOG_##name,
	LOG_AREAS(LOG_ENUM)
#undef LOG_ENUM
	LOG_AREA_COUNT
};

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Where lines go: false standard error (plain; with "<3>" priorities under systemd's JOURNAL_STREAM), true syslog. */
void log_to_syslog(bool yes);

/* Lines above 'level' are not written; default LOG_LEVEL_INFO. Debug needs its area switched on as well. */
void log_level_set(enum log_level level);

/* Switch debug of an area by word ("wire"), or "all"; false when there is no such area. */
bool log_debug_set(const char *area_word, bool on);
bool log_debug_on(enum log_area area);

void log_line(enum log_level level, enum log_area area, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(area, ...) log_line(LOG_LEVEL_ERROR, area, __VA_ARGS__)
#define log_warn(area, ...)  log_line(LOG_LEVEL_WARN, area, __VA_ARGS__)
#define log_info(area, ...)  log_line(LOG_LEVEL_INFO, area, __VA_ARGS__)
#define log_debug(area, ...) \
	do { if (log_debug_on(area)) log_line(LOG_LEVEL_DEBUG, area, __VA_ARGS__); } while (0)

/* A line that may repeat: says it at the 1st, 10th, 100th, ... time, with "(n times)". 'times' is the caller's counter.
 * Returns whether it was said. */
bool log_often(enum log_level level, enum log_area area, uint64_t *times, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
