/* poller/ctl/poll.c: forewarn poll: one cycle, then exit; from cron, or by hand.
 *
 * Silent when all is well and when all is as it was; an alert that is raised, changed or cleared is a line on standard output,
 * which cron mails (intake.c prints it). It has polled all the same: the status is 0. When the daemon runs it is asked to poll now. When another cycle is still running this one
 * leaves at once: a slow device must not pile up processes.
 */
#include <stdio.h>
#include <string.h>

#include "poller/ctl/ctl.h"

/* Every name must be a device or a check of the configuration. */
static bool names_ok(const struct ctl *c, const struct config *config)
{
	for (int i = 0; i < c->argc; i++) {
		const struct ref *r = config_find(config, c->argv[i]);
		const char *near = names_nearest(&config->names, c->argv[i], 3);

		if (r != NULL && (r->kind == REF_DEVICE || r->kind == REF_CHECK))
			continue;
		fprintf(stderr, "forewarn poll: '%s' is not a device or check of the configuration%s%s%s\n", c->argv[i],
			near ? "; '" : "", near ? near : "", near ? "' is near" : "");
		return false;
	}
	return true;
}

/* A daemon or another cycle has the folder: ask it. */
static int ask_the_other(struct ctl *c)
{
	struct err err = { "" };
	json_t *answer;

	for (int i = 0; i < (c->argc ? c->argc : 1); i++) {
		answer = ctl_call(c, "poll", json_pack("{s:s}", "name", c->argc ? c->argv[i] : ""), &err);
		if (answer == NULL && !(i == 0 && strstr(err.text, "none runs") != NULL))
			return ctl_failed(c, err.text);
		json_decref(answer);
	}
	return EXIT_DONE;
}

int poll_command(struct ctl *c)
{
	struct daemon_options o = { .once = true };
	struct config *config;
	int status;

	if (!ctl_rest_ok(c, c->argc))
		return EXIT_USAGE;
	config = ctl_config(c);
	if (config == NULL)
		return EXIT_FAILED;
	if (!names_ok(c, config)) {
		config_unref(config);
		return EXIT_USAGE;
	}
	o.devices = (const char *const *)c->argv;
	o.device_count = (size_t)c->argc;
	status = daemon_run(c, config, &o);
	return status == -1 ? ask_the_other(c) : status;
}
