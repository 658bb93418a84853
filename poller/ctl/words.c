/* poller/ctl/words.c: names, states and numbers in words, as commands say them. The traps and the ledger keep the exact ones. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "poller/base/text.h"
#include "poller/ctl/ctl.h"

/* Does the instance say its class by itself ("Power Supply 1" of power-supply)? */
static bool says_class(const char *instance, const char *class_name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char a = (char)tolower((unsigned char)instance[i]), b = class_name[i] == '-' ? ' ' : class_name[i];

		if (a != b && !(a == '-' && b == ' '))
			return false;
	}
	return len > 0;
}

char *component_words(const char *name, char *buf, size_t size_octets)
{
	const char *slash = strchr(name, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;
	size_t len = second ? (size_t)(second - slash - 1) : 0;
	struct text t = text_over(buf, size_octets);

	if (second == NULL)
		text_add(&t, "%s", name);
	else if ((len == 9 && strncmp(slash + 1, "interface", len) == 0) || says_class(second + 1, slash + 1, len))
		text_add(&t, "%.*s %s", (int)(slash - name), name, second + 1);
	else
		text_add(&t, "%.*s %.*s %s", (int)(slash - name), name, (int)len, slash + 1, second + 1);
	return buf;
}

/* "cefcFRUPowerOperStatus failed" -> "failed": the label that an agent gave, when the reason is an object and its label only. */
static const char *label_of(const char *reason)
{
	const char *blank = strchr(reason, ' ');
	bool upper = false;

	if (blank == NULL || !islower((unsigned char)reason[0]) || blank[1] == '\0' || strchr(blank + 1, ' ') != NULL)
		return NULL;
	for (const char *p = reason; p < blank; p++) {
		if (!isalnum((unsigned char)*p))
			return NULL;
		upper = upper || isupper((unsigned char)*p);
	}
	return upper && isalpha((unsigned char)blank[1]) ? blank + 1 : NULL;
}

static bool is_plain_word(const char *s)
{
	while (islower((unsigned char)*s))
		s++;
	return *s == '\0';
}

char *state_words(const char *state, const char *reason, char *buf, size_t size_octets)
{
	static const struct { const char *state, *reason, *words; } row[] = {
		{ "down", "admin", "switched off (admin)" },
		{ "down", "gone: its row is no longer there", "gone: its device no longer has it" },
		{ "unknown", "agent", "unknown: its agent does not answer" },
	};
	const char *label = label_of(reason);
	struct text t = text_over(buf, size_octets);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (strcmp(row[i].state, state) == 0 && strcmp(row[i].reason, reason) == 0) {
			text_add(&t, "%s", row[i].words);
			return buf;
		}
	if (reason[0] == '\0' || (label && strcmp(label, state) == 0))
		text_add(&t, "%s", state);
	else if (label && strcmp(state, "down") == 0 && is_plain_word(label))
		text_add(&t, "%s", label);
	else
		text_add(&t, "%s: %s", state, label ? label : reason);
	return buf;
}

/* The cause of an alert is "NAME STATE: REASON", perhaps with "; and N devices behind it"; or a sentence of its own. */
char *cause_words(const char *component, const char *state, const char *cause, char *buf, size_t size_octets)
{
	size_t name_len = strlen(component), state_len = strlen(state);
	const char *rest = cause + name_len + 1 + state_len, *behind;
	char name[MODEL_NAME_MAX], reason[512], words[600];
	struct text t = text_over(buf, size_octets);

	if (strncmp(cause, component, name_len) != 0 || cause[name_len] != ' ' ||
	    strncmp(cause + name_len + 1, state, state_len) != 0 || (*rest != ':' && *rest != ';' && *rest != '\0')) {
		text_add(&t, "%s", cause);
		return buf;
	}
	if (strncmp(rest, ": ", 2) == 0)
		rest += 2;
	behind = strstr(rest, "; and ");
	if (behind == NULL || strstr(behind, " behind it") == NULL)
		behind = rest + strlen(rest);
	snprintf(reason, sizeof(reason), "%.*s", (int)(behind - rest), rest);
	text_add(&t, "%s %s%s", component_words(component, name, sizeof(name)), state_words(state, reason, words, sizeof(words)), behind);
	return buf;
}

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
