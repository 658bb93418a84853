/* poller/ctl/help.c: forewarn help, forewarn version. */
#include <confuse.h>
#include <event2/event.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/version.h>
#include <rrd.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "poller/ctl/ctl.h"

static void common_options(void)
{
	puts("  -c, --config FILE    the configuration (default " CONFIG_DEFAULT ", or $FOREWARN_CONFIG)\n"
	     "  -s, --state FOLDER   the state folder (default: as configured)\n"
	     "      --json           for programs: {\"version\":1,\"items\":[...]}\n"
	     "  -h, --help           this");
}

static int one(const struct ctl *c, const char *name)
{
	for (const struct command *k = commands; k->name != NULL; k++) {
		if (strcmp(k->name, name) != 0)
			continue;
		printf("forewarn %s%s%s\n%s\n\noptions\n%s", k->name, k->arguments[0] ? " " : "", k->arguments, k->text, k->options);
		common_options();
		printf("\nexample\n  %s\n\nmore: man forewarn\n", k->example);
		return EXIT_DONE;
	}
	(void)c;
	return ctl_no_command(name);
}

int help_command(struct ctl *c)
{
	if (c->argc > 0)
		return one(c, c->argv[0]);
	puts("forewarn: says that a service is at risk while it still works\n\nusage: forewarn COMMAND [options]\n");
	for (const struct command *k = commands; k->name != NULL; k++) {
		char call[64];

		snprintf(call, sizeof(call), "%s %s", k->name, k->arguments);
		if (strlen(call) > 24)
			printf("  %s\n  %-24s %s\n", call, "", k->text);
		else
			printf("  %-24s %s\n", call, k->text);
	}
	puts("\noptions of all commands");
	common_options();
	puts("\nexit status of status: 0 all well, 1 at risk, 2 a service is degraded or down, 3 unknown; of the others: 0 done,\n"
	     "1 failed, 2 wrong usage\nbegin with: forewarn check, forewarn poll, forewarn status");
	return EXIT_DONE;
}

int version_command(struct ctl *c)
{
	if (!ctl_rest_ok(c, 0))
		return EXIT_USAGE;
	if (c->json)
		printf("{\"version\":1,\"items\":[{\"forewarn\":\"%s\",\"librrd\":\"%s\",\"net-snmp\":\"%s\",\"sqlite\":\"%s\",\"libevent\":\"%s\","
		       "\"jansson\":\"%s\"}]}\n", FOREWARN_VERSION, rrd_strversion(), netsnmp_get_version(), sqlite3_libversion(),
		       event_get_version(), jansson_version_str());
	else
		printf("forewarn %s (librrd %s, net-snmp %s, SQLite %s, libevent %s, libconfuse %s, Jansson %s)\n", FOREWARN_VERSION,
		       rrd_strversion(), netsnmp_get_version(), sqlite3_libversion(), event_get_version(), confuse_version,
		       jansson_version_str());
	return EXIT_DONE;
}
