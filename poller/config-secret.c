/* poller/config-secret.c: secrets in files of their own. See config-int.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/config-int.h"

enum { SECRET_OCTETS_MOST = 255 };

/* May others than owner and group read or write it? Said as "use 0640 root:forewarn". */
static bool open_to_all(struct load *l, const char *path, const struct stat *st)
{
	const char *what = st->st_mode & S_IROTH ? "readable" : st->st_mode & S_IWOTH ? "writable" : NULL;

	if (what)
		mistake_add(l->m, path, 0, "%s by everyone (%04o); use 0640 root:%s", what,
			    (unsigned)st->st_mode & 07777, l->c->user);
	return what != NULL;
}

/* One line, without its end; the rest of the file must be empty. */
static const char *only_line(struct load *l, const char *path, FILE *f)
{
	char line[SECRET_OCTETS_MOST + 3];
	size_t len = fread(line, 1, sizeof(line), f);
	const char *nl = memchr(line, '\n', len);
	size_t end = nl ? (size_t)(nl - line) : len;
	const char *secret = NULL;

	if (ferror(f))
		mistake_add(l->m, path, 0, "cannot be read: %s", err_errno());
	else if (end == 0 || (end == 1 && line[0] == '\r'))
		mistake_add(l->m, path, 1, "is empty; write the secret into its first line");
	else if (nl && end + 1 < len)
		mistake_add(l->m, path, 2, "more than one line; the secret is the only one");
	else if (memchr(line, 0, len))
		mistake_add(l->m, path, 1, "a zero octet; this is not a text file");
	else if ((end -= line[end - 1] == '\r') > SECRET_OCTETS_MOST)
		mistake_add(l->m, path, 1, "more than %d octets", SECRET_OCTETS_MOST);
	else
		secret = secret_strndup(&l->c->secrets, line, end);
	explicit_bzero(line, sizeof(line));
	return secret;
}

const char *secret_read(const struct section *s, const char *option, const char *path)
{
	struct place place = section_place(s, option);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);	/* a pipe must not hold us */
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	const char *secret = NULL;
	struct load *l = s->l;
	struct stat st;

	if (!f) {
		mistake_add(l->m, place.file, place.line, "%s \"%s\": cannot be read: %s", option, path, err_errno());
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode))
		mistake_add(l->m, place.file, place.line, "%s \"%s\": not a file", option, path);
	else if (!open_to_all(l, path, &st) && setvbuf(f, NULL, _IONBF, 0) == 0)	/* no copy is left on the heap */
		secret = only_line(l, path, f);
	fclose(f);
	return secret;
}
