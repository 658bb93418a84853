/* poller/main.c: the command table, nothing else. Each row is a file in poller/ctl/. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "poller/ctl/ctl.h"

const struct command commands[] = {
	{ "run", "", "poll for ever, in the foreground", run_command,
	  "  --syslog             log to syslog instead of standard error\n", "forewarn run" },
	{ "poll", "[DEVICE...]", "poll once, then exit (cron); asks the daemon when one runs", poll_command, "", "forewarn poll" },
	{ "check", "", "read the configuration, report every mistake", check_command,
	  "  -p, --print          print it with defaults filled in, secrets as ***\n", "forewarn check" },
	{ "status", "[SERVICE]", "what is wrong, then quality and risk of each service", status_command,
	  "  -a, --all            every cause, and the services that are well too\n", "forewarn status" },
	{ "risk", "[SERVICE]", "what is left, what would end it, what to repair first", risk_command,
	  "  -v, --verbose        also cut sets, distances and everything it stands on\n"
	  "      --list N         N of the smallest cut sets (default 3; with --json 20)\n", "forewarn risk \"order management\"" },
	{ "explain", "NAME", "what a service or component stands on, in words", explain_command, "", "forewarn explain \"order management\"" },
	{ "whatif", "--down NAME...", "what would follow, without touching anything", whatif_command,
	  "      --down NAME      if it fails; as often as wanted, app[1-3] means all three\n"
	  "      --up NAME        if it works again\n"
	  "      --degraded NAME  if it works badly\n"
	  "      --unknown NAME   if nobody knows\n", "forewarn whatif --down app2 --down app3" },
	{ "show", "[CLASS [DEVICE]]", "components and their last values", show_command,
	  "  -w, --wide           all columns, as the MIB names them\n", "forewarn show interface edge1" },
	{ "events", "[NAME]", "what happened, newest first", events_command,
	  "      --since T        from when: 30min, 4h, 2d ago (default 1d); 13:58; \"2026-11-21 13:58\"\n"
	  "      --until T        until when (default now)\n"
	  "  -n, --most N         the newest N of them (default 100)\n", "forewarn events --since 4h" },
	{ "graph", "TARGET", "draw a component's history as PNG or SVG", graph_command,
	  "  -o, --output FILE    NAME.png or NAME.svg\n"
	  "      --since T        from when: 4h, 1d, 1w ago (default 1d before the end)\n"
	  "      --until T        until when (default now)\n"
	  "      --size WxH       of the canvas (default 800x250)\n", "forewarn graph edge1/interface/eth0 -o eth0.png" },
	{ "maintain", "[NAME...]", "what is worked on, and what that risks; without a name, what is planned", maintain_command,
	  "      --from T         from when: now, 4h from now, 22:00, \"2026-11-28 22:00\" (default now)\n"
	  "      --until T        until when: 2h after its beginning, 23:30, \"2026-11-28 23:30\"\n"
	  "      --why TEXT       what is done; shown as long as it lasts\n"
	  "      --yes            even if a service will lose quality\n"
	  "      --end N          window N is over, or called off\n",
	  "forewarn maintain app2 --from 22:00 --until 2h --why \"new disks\"" },
	{ "accept", "[ALERT|COMPONENT|SERVICE]", "take a risk upon yourself; without a name, what is accepted", accept_command,
	  "      --until T        until when: 4h, 5d, 18:00, \"2026-11-28 18:00\"; a year at most\n"
	  "      --why TEXT       the reason; shown as long as it lasts\n"
	  "      --withdraw N     risk N is no longer accepted\n", "forewarn accept app3 --until 5d --why \"the spare is ordered\"" },
	{ "set", "NAME STATE", "the state of a component that is not polled", set_command,
	  "      --until T        for how long: 4h, 2d, 18:00; then it is up again\n"
	  "      --why TEXT       the reason, kept with the event\n"
	  "      --stdin          many: lines of NAME, tab, STATE, tab, WHY; all or nothing\n", "forewarn set \"feed A\" down --until 4h --why \"works\"" },
	{ "forget", "COMPONENT", "take what is gone out of the design", forget_command, "", "forewarn forget \"sw1/power-supply/PS 2\"" },
	{ "debug", "[device NAME | log AREA on|off]", "the inside: mailboxes, stores; one device; why a value is missing", debug_command, "",
	  "forewarn debug device edge1" },
	{ "version", "", "the version, and those of its libraries", version_command, "", "forewarn version" },
	{ "help", "[COMMAND]", "this, or one command in full", help_command, "", "forewarn help status" },
	{ NULL, NULL, NULL, NULL, NULL, NULL },
};

static const struct command *find(const char *name)
{
	const struct command *c = commands;

	while (c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	return c->name ? c : NULL;
}

/* The command's name is the first word that is neither an option nor the value of -c or -s. */
static const struct command *take_command(struct ctl *c, int argc, char **argv)
{
	const struct command *found = NULL;

	for (int i = 1; i < argc; i++) {
		bool valued = strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "-s") == 0 || strcmp(argv[i], "--config") == 0 ||
			      strcmp(argv[i], "--state") == 0;

		if (found == NULL && argv[i][0] != '-') {
			if ((found = find(argv[i])) == NULL)
				exit(ctl_no_command(argv[i]));
			continue;
		}
		c->argv[c->argc++] = argv[i];
		if (valued && i + 1 < argc)
			c->argv[c->argc++] = argv[++i];
	}
	return found;
}

int main(int argc, char **argv)
{
	const char *config = getenv("FOREWARN_CONFIG"), *value;
	struct ctl c = { .config_path = config ? config : CONFIG_DEFAULT, .argv = must_alloc((size_t)(argc + 2) * sizeof(char *)) };
	bool help, version;
	int status;

	c.command = take_command(&c, argc, argv);
	help = ctl_flag(&c, "help", 'h');
	version = c.command == NULL && ctl_flag(&c, "version", 'V');
	if (help || c.command == NULL) {
		if (c.command != NULL)
			c.argv[c.argc++] = (char *)(uintptr_t)c.command->name;
		c.command = find(version ? "version" : "help");
	}
	if ((value = ctl_value(&c, "config", 'c')) != NULL)
		c.config_path = value;
	c.state = ctl_value(&c, "state", 's');
	c.json = ctl_flag(&c, "json", 0);
	c.color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	status = c.command->run(&c);
	if (argc < 2)
		status = EXIT_USAGE;	/* no command was given: the list is help, not success */
	free(c.argv);
	return status;
}
