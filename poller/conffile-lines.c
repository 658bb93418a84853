/* poller/conffile-lines.c: mistakes, and the lines of a piece's options and values. See conffile.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/conffile-int.h"

enum { MISTAKES_MOST = 1000, LINEAR_MOST = 32 };

/* ---- mistakes ---------------------------------------------------------------------------------------------------- */

/* A file that several refer to is read by each: its mistake is one. */
static bool said_before(const struct mistakes *m, const char *line)
{
	for (unsigned i = 0; i < m->count; i++)
		if (strcmp(m->line[i], line) == 0)
			return true;
	return false;
}

void mistake_add(struct mistakes *m, const char *file, unsigned line, const char *fmt, ...)
{
	char text[2048], clean[3072], where[32] = "", *said;
	size_t size;
	va_list ap;

	if (m->count >= MISTAKES_MOST) {
		m->more++;
		return;
	}
	if (m->count == m->size) {
		m->size = m->size ? m->size * 2 : 16;
		m->line = must_realloc(m->line, m->size * sizeof(*m->line));
	}
	if (line)
		snprintf(where, sizeof(where), ":%u", line);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_clean(text, strlen(text), clean, sizeof(clean));
	size = strlen(file) + strlen(where) + strlen(clean) + 3;
	said = must_alloc(size);
	snprintf(said, size, "%s%s: %s", file, where, clean);
	if (said_before(m, said))
		free(said);
	else
		m->line[m->count++] = said;
}

void mistakes_release(struct mistakes *m)
{
	for (unsigned i = 0; i < m->count; i++)
		free(m->line[i]);
	free(m->line);
	*m = (struct mistakes){ 0 };
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static const struct where *lines_find(const struct conf_lines *l, const char *path)
{
	uint32_t at;

	if (l->count > LINEAR_MOST) {
		at = names_find(&l->index, path);
		return at == NAMES_NONE ? NULL : &l->where[at];
	}
	for (at = 0; at < l->count; at++)
		if (strcmp(l->where[at].path, path) == 0)
			return &l->where[at];
	return NULL;
}

/* Note that 'path' is written at 'line'; its first place when it was written before. */
const struct where *conf_lines_add(struct conf_lines *l, const char *path, unsigned line)
{
	const struct where *first = lines_find(l, path);
	uint32_t first_at = first ? (uint32_t)(first - l->where) : 0;

	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 64;
		l->where = must_realloc(l->where, l->size * sizeof(*l->where));
	}
	l->where[l->count++] = (struct where){ .path = path, .line = line, .value = l->values };
	if (l->count == LINEAR_MOST + 1)
		for (uint32_t i = 0; i < l->count; i++)
			names_put(&l->index, l->where[i].path, i);
	else if (l->count > LINEAR_MOST)
		names_put(&l->index, path, l->count - 1);
	return first ? &l->where[first_at] : NULL;
}

void conf_lines_value(struct conf_lines *l, unsigned line)
{
	if (l->values == l->value_size) {
		l->value_size = l->value_size ? l->value_size * 2 : 256;
		l->value = must_realloc(l->value, l->value_size * sizeof(*l->value));
	}
	l->value[l->values++] = line;
	l->where[l->count - 1].count++;
}

void conf_lines_clear(struct conf_lines *l)
{
	names_release(&l->index);
	l->index = (struct names){ 0 };
	l->count = l->values = 0;
}

unsigned conf_line(const struct conf_piece *p, const char *path)
{
	const struct where *w = lines_find(p->lines, path);

	return w ? w->line : p->line;
}

unsigned conf_value_line(const struct conf_piece *p, const char *path, unsigned index)
{
	const struct conf_lines *l = p->lines;
	const struct where *w = lines_find(l, path);

	for (; w && w < l->where + l->count; w++) {
		if (strcmp(w->path, path) != 0)
			continue;
		if (index < w->count)
			return l->value[w->value + index];
		index -= w->count;
	}
	return conf_line(p, path);
}

bool conf_given(const struct conf_piece *p, const char *option)
{
	return lines_find(p->lines, option) != NULL;
}
