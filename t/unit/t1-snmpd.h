/* t/unit/t1-snmpd.h: a real snmpd on a free loopback port, in a folder of its own; it ends with the test. */
#ifndef FW_T_T1_SNMPD_H
#define FW_T_T1_SNMPD_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

struct snmpd { pid_t pid; uint16_t port; char folder[64]; };

static inline uint16_t free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&a, len) < 0)
		note("no free port");
	getsockname(fd, (struct sockaddr *)&a, &len);
	close(fd);
	return ntohs(a.sin_port);
}

static inline const char *snmpd_path(void)
{
	static const char *const paths[] = { "/usr/sbin/snmpd", "/usr/local/sbin/snmpd", "/sbin/snmpd" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

static inline void snmpd_exec(const struct snmpd *d)
{
	char address[64], conf[128];
	int quiet = open("/dev/null", O_RDWR);

	snprintf(address, sizeof(address), "udp:127.0.0.1:%u", d->port);
	snprintf(conf, sizeof(conf), "%s/snmpd.conf", d->folder);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("SNMP_PERSISTENT_DIR", d->folder, 1);
	dup2(quiet, 0);
	dup2(quiet, 1);
	dup2(quiet, 2);
	execl(snmpd_path(), "snmpd", "-f", "-C", "-c", conf, "-Ln", "-I", "-smux", address, (char *)NULL);
	_exit(127);
}

/* With the lines of 'text' as its configuration. */
static inline bool snmpd_start(struct snmpd *d, const char *text)
{
	char conf[128];
	FILE *f;

	snprintf(d->folder, sizeof(d->folder), "%s", "/tmp/forewarn-XXXXXX");
	if (!mkdtemp(d->folder))
		return false;
	snprintf(conf, sizeof(conf), "%s/snmpd.conf", d->folder);
	f = fopen(conf, "w");
	if (!f)
		return false;
	fputs(text, f);
	fclose(f);
	d->port = free_port();
	d->pid = fork();
	if (d->pid == 0)
		snmpd_exec(d);
	return d->pid > 0;
}

static inline void snmpd_stop(struct snmpd *d)
{
	char command[128];

	kill(d->pid, SIGTERM);
	waitpid(d->pid, NULL, 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", d->folder);
	if (system(command) != 0)
		note("%s is left behind", d->folder);
}

#endif
