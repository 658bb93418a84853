/* poller/ctl/check.c: forewarn check: read the configuration, report every mistake; -p prints it with defaults filled in. */
#include <stdio.h>

#include "poller/ctl/ctl.h"

static json_t *summary(const struct config *c)
{
	return json_pack("{s:s,s:i,s:i,s:i,s:i,s:i,s:i}", "file", c->path, "devices", (int)c->device_count, "checks", (int)c->check_count,
			 "components", (int)c->component_count, "groups", (int)c->group_count, "services", (int)c->service_count,
			 "definitions", (int)c->mib->count);
}

int check_command(struct ctl *c)
{
	bool print = ctl_flag(c, "print", 'p');
	struct config *config;
	struct model *m;
	struct err err;

	if (!ctl_rest_ok(c, 0))
		return EXIT_USAGE;
	config = ctl_config(c);
	if (config == NULL)
		return EXIT_FAILED;
	m = model_new(config, &err);
	if (m == NULL || model_rebuild(m, &err) != FW_OK) {
		model_free(m);
		config_unref(config);
		return ctl_failed(c, err.text);
	}
	if (print)
		config_print(config, stdout);
	else if (c->json)
		printf("{\"version\":1,\"items\":[%s]}\n", json_dumps(summary(config), JSON_COMPACT));
	else
		printf("%s is well: %u devices, %u checks, %u components, %u groups, %u services; %u definitions\n", config->path,
		       config->device_count, config->check_count, config->component_count, config->group_count,
		       config->service_count, config->mib->count);
	model_free(m);
	config_unref(config);
	return EXIT_DONE;
}
