/* poller/base/clock.h: instants and lengths of time as types, and a wall clock that never goes back.
 *
 * struct mono is for time-outs and intervals, struct wall for what people and RRD files see.
 * Two instants cannot be added, and a span in milliseconds cannot be passed as seconds.
 * struct steady turns mono into wall: wall time at start plus monotonic time, slewed by at most 500 ppm
 * towards the system's wall clock; a step of the system clock is seen by steady_follow() and said.
 * Thread: values belong to their owner; clock_mono() and clock_wall() may be called anywhere in
 * core, noc and ctl. rrd/ and service/ never call them: time comes in as an argument.
 */
#ifndef FW_BASE_CLOCK_H
#define FW_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mono { int64_t us; };	/* instant, CLOCK_MONOTONIC; 0 is "never" */
struct wall { int64_t us; };	/* instant, microseconds since 1970-01-01 UTC; 0 is "never" */
struct span { int64_t us; };	/* length of time, may be negative */

static inline struct span span_us(int64_t us) { return (struct span){ us }; }
static inline struct span span_ms(int64_t ms) { return (struct span){ ms * 1000 }; }
static inline struct span span_s(int64_t s) { return (struct span){ s * 1000000 }; }
static inline double span_as_s(struct span d) { return (double)d.us / 1e6; }
static inline struct mono mono_add(struct mono t, struct span d) { return (struct mono){ t.us + d.us }; }
static inline struct wall wall_add(struct wall t, struct span d) { return (struct wall){ t.us + d.us }; }
static inline struct span mono_since(struct mono a, struct mono b) { return (struct span){ a.us - b.us }; }
static inline struct span wall_since(struct wall a, struct wall b) { return (struct span){ a.us - b.us }; }

struct mono clock_mono(void);
struct wall clock_wall(void);

struct steady {
	struct wall wall0;	/* wall time at mono0 */
	struct mono mono0;
	struct span slew;	/* still to be made up after mono0, at most 500 ppm of the time that passes */
};

/* Start: wall 'w' is now, at mono 'm'. */
void steady_init(struct steady *s, struct wall w, struct mono m);

/* The wall time of instant 'm'; never goes back as long as 'm' does not. */
struct wall steady_at(const struct steady *s, struct mono m);

/* Compare with the system's clock: slew when they differ by less than 'step', else take the system's time at once.
 * Returns how far the system clock is ahead (negative: behind); '*stepped' says whether it was taken at once. A step
 * back is taken as well: the caller refuses rows until time has passed the last one (reason "clock"). */
struct span steady_follow(struct steady *s, struct wall w, struct mono m, struct span step, bool *stepped);

/* "2026-11-21 14:02:10 CET" or with only the time of day; local time zone. 'buf' at least 40 octets. Returns 'buf'. */
char *wall_format(struct wall t, char *buf, size_t size_octets);
char *wall_format_time(struct wall t, char *buf, size_t size_octets);	/* "14:02:10" */
/* "31 Dec 09:00", "31 Dec" at midnight, with its year when it is not within 300 days of now. */
char *wall_format_day(struct wall t, struct wall now, char *buf, size_t size_octets);
/* RFC 3339 in UTC with milliseconds, for JSON and the ledger: "2026-11-21T13:02:10.123Z". */
char *wall_format_utc(struct wall t, char *buf, size_t size_octets);

/* "22 min", "4 min 30 s", "3 d", "41 s", "48 ms": at most two parts, for people. */
char *span_format(struct span d, char *buf, size_t size_octets);

#define SPAN_PARSE_MOST_US (INT64_C(365250) * 86400 * 1000000)	/* 1,000 years */

/* "10s", "500ms", "5min", "1h", "2d", "1w", "1y" (365 days) -> span; a number needs its unit. False when it is none,
 * negative, or over SPAN_PARSE_MOST_US. */
bool span_parse(const char *text, struct span *d);

#endif
