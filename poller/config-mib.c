/* poller/config-mib.c: the configuration's side of MIB definitions: loading them, and classes that names mention. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

static int is_conf(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 5 && strcmp(e->d_name + len - 5, ".conf") == 0;
}

static uint64_t file_hash(const char *path, uint64_t hash)
{
	FILE *f = fopen(path, "re");
	char block[8192];
	size_t len;

	while (f && (len = fread(block, 1, sizeof(block), f)) > 0)
		hash = hash * 31 + hash_stable(block, len);
	if (f)
		fclose(f);
	return hash;
}

/* What the definitions say is part of what a device's polling depends on; their texts stand for it. */
static uint64_t folder_hash(const char *folder, uint64_t hash)
{
	struct dirent **entry = NULL;
	int n = scandir(folder, &entry, is_conf, alphasort);
	char path[4096];

	for (int i = 0; i < n; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, entry[i]->d_name) < (int)sizeof(path))
			hash = file_hash(path, hash);
		free(entry[i]);
	}
	free(entry);
	return hash;
}

/* Those that come with the program: a model without devices does without them where they are not installed. */
static const char *own_folder(const struct config *c, char *buf, size_t size_octets)
{
	const char *folder = mib_own_folder(buf, size_octets);

	return c->device_count == 0 && access(folder, R_OK) != 0 ? NULL : folder;
}

void mibs_load(struct load *l)
{
	struct config *c = l->c;
	char own[4096];
	const char *folders[3] = { 0 };
	unsigned n = 0;

	folders[n] = own_folder(c, own, sizeof(own));
	n += folders[n] != NULL;
	folders[n] = c->mib_folder;
	c->mib = mib_load(folders, l->m);
	if (c->mib)
		mib_set_step(c->mib, (uint32_t)(c->interval.us / 1000000));
	for (unsigned i = 0; folders[i]; i++)
		l->mib_hash = folder_hash(folders[i], l->mib_hash);
}

const char *class_near(struct load *l, const char *class_name, char *buf, size_t size_octets)
{
	struct names classes = { 0 };

	for (unsigned i = 0; i < l->c->mib->count; i++)
		names_put(&classes, l->c->mib->table[i]->class_name, i);
	near_text(l, &classes, class_name, buf, size_octets);
	names_release(&classes);
	return buf;
}

static void watch_wrong(struct load *l, const char *subject, struct place place, const char *watch,
			const char *class_name)
{
	char near[256] = "";

	if (!class_name)
		mistake_add(l->m, place.file, place.line, "%s: watch \"%s\": write CLASS/PATTERN, as in \"interface/Gi0/*\"", subject,
			    watch);
	else
		mistake_add(l->m, place.file, place.line, "%s: watch \"%s\": no class \"%s\" in the MIB definitions%s",
			    subject, watch, class_name, class_near(l, class_name, near, sizeof(near)));
}

void watch_check(struct load *l, const char *const *watch, uint32_t count, const char *subject, struct place place)
{
	const struct mib *mib = l->c->mib;

	for (uint32_t i = 0; i < count; i++) {
		const char *slash = strchr(watch[i], '/');
		char class_name[64];

		snprintf(class_name, sizeof(class_name), "%.*s", slash ? (int)(slash - watch[i]) : 0, watch[i]);
		if (!slash || slash == watch[i] || !slash[1])
			watch_wrong(l, subject, place, watch[i], NULL);
		else if (mib && mib->count && strcmp(class_name, "check") != 0 && !mib_find_class(mib, class_name))
			watch_wrong(l, subject, place, watch[i], class_name);
	}
}
