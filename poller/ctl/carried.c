/* poller/ctl/carried.c: what parts carry, from the last files: what a model begins with before it is read anew. */
#include <stdio.h>

#include "poller/base/log.h"
#include "poller/lastfile.h"
#include "poller/ctl/ctl.h"

static bool take_record(void *owner, const char *device, const struct last_record *r)
{
	struct model *m = owner;
	char title[256], class_name[256], instance[LAST_INSTANCE_MAX + 1], name[MODEL_NAME_MAX];
	const struct mib_table *t;

	if (r->kind != LAST_PART)
		return true;
	last_text_get(r, LAST_T_TABLE, title, sizeof(title));
	t = mib_find_table(model_config(m)->mib, title);
	if (t == NULL || !mib_has_capacity(t) || r->signature != last_signature(t))
		return true;
	last_text_get(r, LAST_T_CLASS, class_name, sizeof(class_name));
	last_text_get(r, LAST_T_INSTANCE, instance, sizeof(instance));
	if ((size_t)snprintf(name, sizeof(name), "%s/%s/%s", device, class_name, instance) < sizeof(name))
		model_capacity(m, name, last_capacity(t, r));
	return true;
}

void carried_read(struct model *m, const char *folder)
{
	struct err err;

	if (model_weighs_any(m) && last_read_all(folder, take_record, m, &err) != FW_OK)
		log_warn(LOG_MAIN, "what interfaces carry is not known yet: %s", err.text);
}
