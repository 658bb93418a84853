/* rrd/path.c: from a component's name to its files. Every element is made safe by base/text.h, so that no name reaches
 * another folder, and no two names one file.
 */
#include "file-int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "poller/base/text.h"

enum { ELEMENT_SIZE = 256 };

/* One element of 'len' octets at 's'. */
static bool element(const char *s, size_t len, char out[ELEMENT_SIZE])
{
	char name[STORE_PATH_MAX];

	if (len == 0 || len >= sizeof(name))
		return false;
	memcpy(name, s, len);
	name[len] = 0;
	text_to_path(name, out, ELEMENT_SIZE);
	return true;
}

/* An instance 'x.keep' must not meet the file of x's kept columns: its last point is written as %2E. */
static void element_not_keep(char out[ELEMENT_SIZE])
{
	size_t len = strlen(out);

	if (len < 5 || strcmp(out + len - 5, ".keep") != 0)
		return;
	memcpy(out + len - 5, "%2Ekeep", sizeof("%2Ekeep"));
}

bool store_path(const char *folder, const char *component, const char *class_name, char *path, size_t size_octets)
{
	char device[ELEMENT_SIZE], class[ELEMENT_SIZE], instance[ELEMENT_SIZE];
	const char *first = strchr(component, '/');
	const char *second = first ? strchr(first + 1, '/') : NULL;
	bool good;
	int n;

	if (!first)
		good = element(component, strlen(component), device) && element(class_name, strlen(class_name), class) &&
		       element(component, strlen(component), instance);
	else
		good = second && element(component, (size_t)(first - component), device) &&
		       element(first + 1, (size_t)(second - first - 1), class) &&
		       element(second + 1, strlen(second + 1), instance);
	if (!good)
		return false;
	element_not_keep(instance);
	n = snprintf(path, size_octets, "%s/%s/%s/%s.rrd", folder, device, class, instance);
	return n > 0 && (size_t)n < size_octets;
}

bool path_keep(const char *main_path, char *path, size_t size_octets)
{
	int stem = (int)strlen(main_path) - (int)strlen(".rrd");
	int n = snprintf(path, size_octets, "%.*s.keep.rrd", stem, main_path);

	return n > 0 && (size_t)n < size_octets;
}

enum fw_err path_make_parents(const char *path, struct err *err)
{
	char folder[STORE_PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(folder))
		return err_set(err, FW_IO, "cannot make folders of '%s': name too long", path);
	memcpy(folder, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (folder[i] != '/')
			continue;
		folder[i] = 0;
		if (mkdir(folder, 0777) != 0 && errno != EEXIST)
			return err_set(err, FW_IO, "cannot make folder '%s': %s", folder, err_errno());
		folder[i] = '/';
	}
	return FW_OK;
}
