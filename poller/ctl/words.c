/* poller/ctl/words.c: what can be lost, ages and chances in words, as commands say them. Names and states: poller/words.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

char *lose_left_words(const json_t *item, char *buf, size_t size_octets)
{
	static const struct { const char *quality, *before; } row[] = {
		{ "up", "" }, { "degraded", "degraded, " },
	};
	json_t *lose = json_object_get(item, "can_lose");
	json_int_t n = json_integer_value(lose);
	const char *q = json_text(item, "quality"), *before = "";
	struct text t = text_over(buf, size_octets);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (strcmp(row[i].quality, q) == 0)
			before = row[i].before;
	if (strcmp(q, "down") == 0 || strcmp(q, "unknown") == 0)
		text_add(&t, "%s%s", q, json_is_true(json_object_get(item, "planned")) ? ", planned" : "");
	else if (json_is_null(lose))
		text_add(&t, "%snothing can stop it", before);
	else if (n <= 0)
		text_add(&t, "%scan lose no more", before);
	else
		text_add(&t, "%scan still lose %lld", before, (long long)n);
	return buf;
}

char *age_words(struct span d, char *buf, size_t size_octets)
{
	char *blank;

	if (d.us > 0 && d.us < 60000000)
		d.us = d.us < 1000000 ? 1000000 : d.us - d.us % 1000000;
	span_format(d, buf, size_octets);
	blank = strchr(buf, ' ');
	if (blank && (blank = strchr(blank + 1, ' ')) != NULL)
		*blank = '\0';
	return buf;
}

/* "about 1 in 120": two digits, never twelve; who reads it cannot tell one in ten million from one in a hundred. */
char *chance_words(double p, char *buf, size_t size_octets)
{
	double n = 1 / p, scale = p > 0 ? pow(10, floor(log10(n)) - 1) : 1;
	char digits[32];

	if (p <= 0)
		snprintf(buf, size_octets, "none");
	else if (p < 0.9999995e-6)
		snprintf(buf, size_octets, "less than 1 in a million");
	else if (p >= 0.995)
		snprintf(buf, size_octets, "almost certain");
	else if (p >= 0.95)
		snprintf(buf, size_octets, "about %.0f in 100", p * 100);
	else if (p > 0.36 && round(p * 10) != 5)
		snprintf(buf, size_octets, "about %.0f in 10", p * 10);
	else
		snprintf(buf, size_octets, "about 1 in %s",
			 text_thousands((unsigned long long)(n < 10 ? round(n) : round(n / scale) * scale), digits, sizeof(digits)));
	return buf;
}

enum ink state_ink(const char *state)
{
	return strcmp(state, "up") == 0 ? INK_GOOD : strcmp(state, "down") == 0 ? INK_BAD : INK_WARN;
}
