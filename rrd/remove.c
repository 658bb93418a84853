/* rrd/remove.c: forget a component: its files, what is held of it, and what the journal has of it. */
#include "store-int.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/text.h"

/* All files that may stand for 'path'; how many there were, or -1 with errno. */
static int unlink_kinds(const char *path)
{
	static const char *const ending[] = { "%.*s.rrd", "%.*s.keep.rrd", "%.*s.rrd.broken", "%.*s.keep.rrd.broken" };
	char name[STORE_PATH_MAX + 32];
	int stem = (int)(strlen(path) - strlen(".rrd")), gone = 0;

	for (unsigned i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		snprintf(name, sizeof(name), ending[i], stem, path);
		if (unlink(name) == 0)
			gone++;
		else if (errno != ENOENT && errno != ENOTDIR)
			return -1;
	}
	return gone;
}

/* The folders of class and device go when they are empty. */
static void remove_parents(const char *path)
{
	char folder[STORE_PATH_MAX];
	char *slash;

	text_copy(folder, sizeof(folder), path);
	for (int i = 0; i < 2; i++) {
		slash = strrchr(folder, '/');
		if (!slash)
			return;
		*slash = 0;
		if (rmdir(folder) != 0)
			return;
	}
}

static int remove_files(const struct store *s, const char *component, const char *class_name)
{
	char path[STORE_PATH_MAX];
	int gone;

	if (!store_path(s->folder, component, class_name, path, sizeof(path)))
		return 0;
	gone = unlink_kinds(path);
	if (gone > 0)
		remove_parents(path);
	return gone;
}

/* A bare name has a file in each class it was read as: look which classes its folder has. */
static int remove_bare(const struct store *s, const char *component)
{
	char device[256], folder[STORE_PATH_MAX + 256], class_name[256];
	struct dirent *e;
	int gone = 0, n;
	DIR *d;

	text_to_path(component, device, sizeof(device));
	snprintf(folder, sizeof(folder), "%s/%s", s->folder, device);
	d = opendir(folder);
	while (d && gone >= 0 && (e = readdir(d))) {
		if (e->d_name[0] == '.' || !text_from_path(e->d_name, class_name, sizeof(class_name)))
			continue;
		n = remove_files(s, component, class_name);
		gone = n < 0 ? -1 : gone + n;
	}
	if (d)
		closedir(d);
	return gone;
}

/* The rows and the record; the journal is told, so that a replay does not bring the component back. */
static void remove_records(struct store *s, struct file *first)
{
	char *component = first->component;

	names_remove(&s->names, component);
	for (struct file *f = first, *next; f; f = next) {
		uint32_t index = f->index;

		next = f->same_next;
		journal_forget(&s->journal,
			       (struct journal_who){ f->shape, component, &f->journal_gen, &f->journal_id });
		file_drop_held(s, f);
		file_unqueue(s, f);
		*f = (struct file){ .index = index, .queue_next = s->unused };
		s->unused = f;
		s->count.files--;
	}
	free(component);
}

enum fw_err store_remove(struct store *s, const char *component, struct err *err)
{
	struct file *first = file_first(s, component);
	bool bare = !strchr(component, '/');
	int gone = bare ? remove_bare(s, component) : remove_files(s, component, "");

	if (gone < 0)
		return err_set(err, FW_IO, "cannot remove files of '%s': %s", component, err_errno());
	if (!first && gone == 0)
		return err_set(err, FW_NOTFOUND, "cannot forget '%s': it has no files", component);
	if (first)
		remove_records(s, first);
	return FW_OK;
}
