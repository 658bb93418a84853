/* poller/ctl/run.c: forewarn run: poll for ever. */
#include <stdio.h>
#include <string.h>

#include "poller/conffile.h"
#include "poller/ctl/ctl.h"

int run_command(struct ctl *c)
{
	struct daemon_options o = { .to_syslog = ctl_flag(c, "syslog", 0) };
	struct config *config;
	int status;

	if (!ctl_rest_ok(c, 0))
		return EXIT_USAGE;
	if (strcmp(c->config_path, CONFIG_STDIN) == 0)
		return ctl_usage(c, "needs a file: it is read again when it changes (SIGHUP)");
	config = ctl_config(c);
	if (config == NULL)
		return EXIT_FAILED;
	if (config->device_count == 0 && config->check_count == 0)
		fprintf(stderr, "forewarn run: '%s' has no device and no check: nothing to poll\n", c->config_path);
	status = daemon_run(c, config, &o);
	if (status == -1)
		return ctl_failed(c, "another forewarn runs on this state folder; 'forewarn status' asks it, '-s FOLDER' names another");
	return status;
}
