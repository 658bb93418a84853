/* t/unit/loop.h: an event loop with a timer wheel, turned until something has happened. */
#ifndef FW_T_LOOP_H
#define FW_T_LOOP_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "poller/base/wheel.h"

struct loop {
	struct event_base *base;
	struct wheel *wheel;
	struct event *tick;
};

static inline void loop_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	wheel_run(l->wheel, clock_mono());
}

static inline void loop_init(struct loop *l)
{
	struct timeval every = { 0, 10000 };

	l->base = event_base_new();
	l->wheel = wheel_new(clock_mono());
	l->tick = event_new(l->base, -1, EV_PERSIST, loop_tick, l);
	event_add(l->tick, &every);
}

static inline void loop_release(struct loop *l)
{
	event_free(l->tick);
	wheel_free(l->wheel);
	event_base_free(l->base);
}

/* Turn until '*count' is at least 'want'; false when that takes longer than 'most_s'. */
static inline bool loop_until(struct loop *l, const unsigned *count, unsigned want, int most_s)
{
	struct mono end = mono_add(clock_mono(), span_s(most_s));

	while (*count < want && clock_mono().us < end.us)
		event_base_loop(l->base, EVLOOP_ONCE);
	return *count >= want;
}

#endif
