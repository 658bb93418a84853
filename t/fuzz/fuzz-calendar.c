/* t/fuzz/fuzz-calendar.c: days as a person writes them, iCalendar files, and zone files: the first octet says which. */
#include <stdlib.h>
#include <string.h>

#include "poller/calendar-int.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void ignore(void *owner, unsigned line, const char *why)
{
	if (line == 0 || !*why)
		abort();
	++*(unsigned *)owner;
}

static void ask(const struct calendar *c)
{
	struct wall from = { INT64_C(1798675200000000) }, to = wall_add(from, span_s(400 * DAY_S));
	struct wall_span s[64];
	size_t n;

	calendar_spans(c, from, to, s, 64, &n);
	for (size_t i = 0; i < n; i++)
		if (s[i].from.us >= s[i].to.us || s[i].to.us <= from.us || s[i].from.us >= to.us || (i && s[i].from.us <= s[i - 1].to.us))
			abort();
}

static void words(struct calendar *c, const char *text)
{
	struct err err = { .text = "" };

	if (calendar_add(c, CALENDAR_ON, text, &err) != FW_OK && !err.text[0])
		abort();
	calendar_add(c, CALENDAR_EXCEPT, text, &err);
	calendar_add(c, CALENDAR_HOLIDAYS, text, &err);
	calendar_time(c, text, &err);
}

static void zone(const uint8_t *in, size_t len)
{
	struct err err;
	struct zone *z = zone_of(in, len, &err);

	for (int64_t t = INT64_C(-3000000000); z && t < INT64_C(7000000000); t += INT64_C(99999999))
		if (zone_civil(z, t) - t < -8 * DAY_S || zone_civil(z, t) - t > 8 * DAY_S)
			abort();
	zone_free(z);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct calendar *c = calendar_new();
	unsigned told = 0;
	char *text;

	if (len > 0 && in[0] == 'z')
		zone(in + 1, len - 1);
	if (len > 0 && in[0] == 'i')
		calendar_ical(c, (const char *)in + 1, len - 1, ignore, &told);
	if (len > 0 && in[0] == 'w') {
		text = must_alloc(len);
		memcpy(text, in + 1, len - 1);
		words(c, text);
		free(text);
	}
	ask(c);
	calendar_free(c);
	return 0;
}
