/* Notifications: every target, within 1,400 octets, and decoded by a real snmptrapd with our MIB's names. */
#define _GNU_SOURCE			/* memmem() */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "poller/noc/trap-int.h"
#include "poller/base/text.h"
#include "tap.h"

static char folder[64] = "/tmp/forewarn-t6040-XXXXXX";

/* A socket on a free port of the loopback; -1 where the family is not there. */
static int listen_on(int family, uint16_t *port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *a = family == AF_INET ? (void *)&four : (void *)&six;
	socklen_t len = family == AF_INET ? sizeof(four) : sizeof(six);
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, a, len) != 0 || getsockname(fd, a, &len) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
	return fd;
}

/* The next datagram within five seconds; its octets, 0 when none came. */
static size_t next_datagram(int fd, uint8_t *buf, size_t size)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = poll(&p, 1, 5000) == 1 ? recv(fd, buf, size, 0) : 0;

	return n > 0 ? (size_t)n : 0;
}

static struct config *load(const char *text)
{
	struct mistakes wrong = { 0 };
	struct config *c = config_load_text("test.conf", text, strlen(text), &wrong);

	for (unsigned i = 0; i < wrong.count; i++)
		note("%s", wrong.line[i]);
	if (!c) {
		printf("Bail out! the test's own configuration is wrong\n");
		exit(1);
	}
	mistakes_release(&wrong);
	return c;
}

static struct wall at(int64_t s) { return (struct wall){ (1700000000 + s) * 1000000 }; }

/* Alert 42 about app2, with so many services and points. */
static struct ledger_outbox *row(const char *target, enum transition transition, uint32_t services, uint32_t points)
{
	static struct ledger_outbox o;
	struct alert *a = &o.alert;

	memset(&o, 0, sizeof(o));
	snprintf(o.target, sizeof(o.target), "%s", target);
	o.alert_number = a->number = 42;
	a->sequence = 3;
	a->kind = ALERT_RISK;
	a->severity = transition == TRANSITION_CLEAR ? SEVERITY_CLEARED : SEVERITY_MAJOR;
	a->transition = transition;
	a->state = STATE_DOWN;
	a->since = at(0);
	a->raised = at(1);
	a->changed = at(2);
	snprintf(a->key, sizeof(a->key), "app2");
	snprintf(a->cause, sizeof(a->cause), "app2 down: no SNMP, no ICMP");
	snprintf(a->first_do, sizeof(a->first_do), "repair app2; leave app1 and app3 alone");
	snprintf(a->left, sizeof(a->left), "app servers 2 of 3, 2 needed");
	snprintf(a->next, sizeof(a->next), "app1 or app3 alone");
	a->touched_count = services;
	for (uint32_t i = 0; i < services; i++) {
		snprintf(a->touched[i].service, sizeof(a->touched[i].service), "service number %u", i + 1);
		a->touched[i].lose_before = 1;
		a->touched[i].lose_now = 0;
		a->touched[i].built_for = 1;
	}
	a->points_count = points;
	for (uint32_t i = 0; i < points; i++)
		snprintf(a->points[i], sizeof(a->points[i]), "app%u", i + 1);
	return &o;
}

static bool holds(const uint8_t *packet, size_t len, const char *text) { return memmem(packet, len, text, strlen(text)) != NULL; }

/* ---- targets --------------------------------------------------------------------------------------------------------- */

static void test_targets(void)
{
	uint16_t port4, port6 = 0;
	int four = listen_on(AF_INET, &port4), six = listen_on(AF_INET6, &port6);
	struct err err = { "" };
	struct config *c;
	struct sender *s;
	char text[1024];
	uint8_t packet[65536];
	size_t len;

	snprintf(text, sizeof(text), "state = \"/tmp/none\"\n"
		 "notify \"four\" { trap = \"127.0.0.1:%u\"  community = \"the secret\" }\n"
		 "notify \"six\" { trap = \"[::1]:%u\" }\n"
		 "notify \"name\" { trap = \"localhost:%u\" }\n"
		 "notify \"nowhere\" { trap = \"no-such-host.invalid:162\" }\n", port4, port6 ? port6 : 9, port4);
	c = load(text);
	s = sender_new(c, &err);
	is_int(sender_send(s, row("four", TRANSITION_RAISE, 1, 1), at(5), &err), FW_OK,
	   "a notification is sent over IPv4");
	len = next_datagram(four, packet, sizeof(packet));
	ok(len > 100 && holds(packet, len, "the secret"), "... with the target's community");
	ok(holds(packet, len, "service number 1: up, can lose 0 (was 1)") && holds(packet, len, "app2 down: no SNMP, no ICMP") &&
	   holds(packet, len, "app servers 2 of 3, 2 needed") && holds(packet, len, "app1 or app3 alone"),
	   "... and what there is to say");
	if (six < 0) {
		skip(1, "no IPv6 here");
	} else {
		sender_send(s, row("six", TRANSITION_RAISE, 1, 1), at(5), &err);
		ok(next_datagram(six, packet, sizeof(packet)) > 100, "over IPv6");
	}
	if (sender_send(s, row("name", TRANSITION_RAISE, 1, 1), at(5), &err) == FW_OK)
		ok(next_datagram(four, packet, sizeof(packet)) > 100 || next_datagram(six, packet, sizeof(packet)) == 0,
		   "to a target that is a name");
	else
		skip(1, "localhost is no name here");
	is_int(sender_send(s, row("nowhere", TRANSITION_RAISE, 1, 1), at(5), &err), FW_RESOLVE,
	   "a name that nobody knows");
	ok(strstr(err.text, "no-such-host.invalid"), "... is named");
	is_int(sender_send(s, row("gone", TRANSITION_RAISE, 1, 1), at(5), &err), FW_NOTFOUND,
	   "a target no longer configured");
	ok(sender_count(s).sent >= 2 && sender_count(s).failed == 1 && sender_count(s).cut == 0, "all is counted");
	sender_free(s);
	config_unref(c);
	close(four);
	if (six >= 0)
		close(six);
}

/* ---- size ------------------------------------------------------------------------------------------------------------ */

struct size_case { uint32_t services, points; bool long_texts; };

static size_t size_of(struct sender *s, int fd, const struct size_case *k, uint8_t *packet, size_t room)
{
	struct ledger_outbox *o = row("noc", TRANSITION_CHANGE, k->services, k->points);

	if (k->long_texts) {
		memset(o->alert.key, 'k', sizeof(o->alert.key) - 1);
		memset(o->alert.cause, '\x01', sizeof(o->alert.cause) - 1);
		memset(o->alert.first_do, 'd', sizeof(o->alert.first_do) - 1);
		for (uint32_t i = 0; i < k->points; i++)
			memset(o->alert.points[i], 'p', sizeof(o->alert.points[i]) - 1);
		for (uint32_t i = 0; i < k->services; i++)
			memset(o->alert.touched[i].service, 's', sizeof(o->alert.touched[i].service) - 1);
	}
	if (sender_send(s, o, at(5), NULL) != FW_OK)
		return 0;
	return next_datagram(fd, packet, room);
}

static void test_size(void)
{
	uint16_t port;
	int fd = listen_on(AF_INET, &port);
	struct config *c;
	struct sender *s;
	char text[256];
	uint8_t packet[65536];
	unsigned large = 0, missing = 0;
	size_t len;

	snprintf(text, sizeof(text), "state = \"/tmp/none\"\nnotify \"noc\" { trap = \"127.0.0.1:%u\" }\n", port);
	c = load(text);
	s = sender_new(c, NULL);
	for (uint32_t services = 0; services <= TOUCHED_MAX; services += 16) {
		for (uint32_t points = 0; points <= POINTS_MAX; points += 8) {
			for (int i = 0; i < 2; i++) {
				struct size_case k = { services, points, i == 1 };

				len = size_of(s, fd, &k, packet, sizeof(packet));
				missing += len == 0;
				large += len > TRAP_OCTETS_MOST;
			}
		}
	}
	ok(missing == 0 && large == 0, "whatever an alert holds, a notification has at most 1,400 octets");
	len = size_of(s, fd, &(struct size_case){ 60, 3, false }, packet, sizeof(packet));
	ok(len > 1200, "sixty services fill one well");
	ok(holds(packet, len, "service number 1: up") && holds(packet, len, "; and "),
	   "... the worst are named, the others counted");
	ok(holds(packet, len, "app1, app2, app3"), "... and the points are all there");
	ok(sender_count(s).cut > 0, "what was cut is counted");
	sender_free(s);
	config_unref(c);
	close(fd);
}

static void test_time(void)
{
	static const uint8_t want[11] = { 2023 >> 8, 2023 & 255, 11, 14, 22, 13, 20, 7, '+', 0, 0 };
	uint8_t got[11];

	date_and_time((struct wall){ 1700000000 * 1000000LL + 750000 }, got);
	ok(memcmp(got, want, 11) == 0, "DateAndTime as in RFC 2579, with tenths of a second, in UTC");
}

/* ---- snmptrapd ------------------------------------------------------------------------------------------------------- */

static char trapd_log[128];

static pid_t start_trapd(uint16_t *port)
{
	const char *top = getenv("FOREWARN_TOP") ? getenv("FOREWARN_TOP") : ".";
	char mibs[1024], listen[64], conf[128];
	int fd = listen_on(AF_INET, port), out;
	pid_t pid;

	close(fd);
	snprintf(mibs, sizeof(mibs), "%s/t/mibs:%s/mibs", top, top);
	snprintf(listen, sizeof(listen), "udp:127.0.0.1:%u", *port);
	snprintf(conf, sizeof(conf), "%s/snmptrapd.conf", folder);
	snprintf(trapd_log, sizeof(trapd_log), "%s/trapd.log", folder);
	out = open(conf, O_WRONLY | O_CREAT, 0600);
	if (write(out, "disableAuthorization yes\n", 25) != 25)
		return -1;
	close(out);
	pid = fork();
	if (pid)
		return pid;
	setenv("SNMP_PERSISTENT_DIR", folder, 1);
	out = open("/dev/null", O_WRONLY);
	dup2(out, 1);
	dup2(out, 2);
	execlp("snmptrapd", "snmptrapd", "-f", "-n", "-C", "-c", conf, "-M", mibs, "-m", "SNMPv2-MIB:FOREWARN-MIB", "-Lf", trapd_log,
	       "-F", "TRAP %v\n", listen, NULL);
	_exit(127);
}

static const char *trapd_said(void)
{
	static char all[65536];
	int fd = open(trapd_log, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, all, sizeof(all) - 1);

	all[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
	return all;
}

/* Send until it is heard: who listens may not listen yet. At most ten seconds. */
static bool heard(struct sender *s, const struct ledger_outbox *o, const char *what)
{
	for (int i = 0; i < 100; i++) {
		sender_send(s, o, at(5), NULL);
		poll(NULL, 0, 100);
		if (strstr(trapd_said(), what))
			return true;
	}
	note("snmptrapd said: %s", trapd_said());
	return false;
}

static bool said(const char *what)
{
	bool there = strstr(trapd_said(), what) != NULL;

	if (!there)
		note("not there: %s", what);
	return there;
}

static bool is_installed(const char *program)
{
	char path[256];
	static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/usr/local/sbin" };

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void test_snmptrapd(void)
{
	static const char *const objects[] = {
		"forewarnAlertNumber.0 = Gauge32: 42", "forewarnAlertKey.0 = STRING: app2", "forewarnAlertKind.0 = INTEGER: risk(2)",
		"forewarnAlertSeverity.0 = INTEGER: major(4)", "forewarnAlertTransition.0 = INTEGER: raise(1)",
		"forewarnAlertSequence.0 = Gauge32: 3", "forewarnAlertState.0 = INTEGER: down(3)",
		"forewarnAlertSince.0 = STRING: 2023-11-14,22:13:20.0,+0:0", "forewarnAlertRaisedAt.0 = STRING: 2023-11-14,22:13:21.0",
		"forewarnAlertChangedAt.0 = STRING: 2023-11-14,22:13:22.0",
		"forewarnAlertSubject.0 = STRING: [AT RISK] app2 down: service number 1, service number 2 can lose no more (#42)",
		"forewarnAlertCause.0 = STRING: app2 down: no SNMP, no ICMP", "forewarnAlertFirstDo.0 = STRING: repair app2; leave",
		"forewarnAlertServiceCount.0 = Gauge32: 2",
		"forewarnAlertServices.0 = STRING: service number 1: up, can lose 0 (was 1); service number 2: up, can lose 0 (was 1)",
		"forewarnAlertPointCount.0 = Gauge32: 3", "forewarnAlertPoints.0 = STRING: app1, app2, app3",
	};
	char text[256];
	unsigned named = 0;
	uint16_t port;
	pid_t pid;
	struct config *c;
	struct sender *s;

	if (!is_installed("snmptrapd")) {
		skip(4, "snmptrapd is not installed");
		return;
	}
	pid = start_trapd(&port);
	snprintf(text, sizeof(text), "state = \"/tmp/none\"\nnotify \"noc\" { trap = \"127.0.0.1:%u\" }\n", port);
	c = load(text);
	s = sender_new(c, NULL);
	ok(heard(s, row("noc", TRANSITION_RAISE, 2, 3), "FOREWARN-MIB::forewarnAlertRaised"),
	   "snmptrapd names the notification");
	for (size_t i = 0; i < sizeof(objects) / sizeof(*objects); i++)
		named += said(objects[i]);
	is_int(named, 17, "... and each object, with its value in words");
	ok(heard(s, row("noc", TRANSITION_CHANGE, 2, 3), "FOREWARN-MIB::forewarnAlertChanged"), "a change by its name");
	ok(heard(s, row("noc", TRANSITION_CLEAR, 2, 0), "FOREWARN-MIB::forewarnAlertCleared"), "the end by its name");
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	sender_free(s);
	config_unref(c);
}

/* snmptrapd leaves its own state there, a folder among it. */
static void remove_all(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", folder, NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

int main(void)
{
	plan(19);
	if (!mkdtemp(folder))
		return 1;
	test_targets();
	test_size();
	test_time();
	test_snmptrapd();
	remove_all();
	return done();
}
