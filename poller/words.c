/* poller/words.c: see words.h. */
#include <ctype.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/words.h"

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

char *group_words(const char *name, char *buf, size_t size_octets)
{
	struct text t = text_over(buf, size_octets);

	text_add(&t, "%s", "");
	for (const char *p = name; *p; p++)
		if (strncmp(p, " | ", 3) == 0) {
			text_add(&t, " or ");
			p += 2;
		} else {
			text_add(&t, "%c", *p == '/' ? ' ' : *p);
		}
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
