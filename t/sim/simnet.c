/* t/sim/simnet.c: options and the loop of the simulated network. See README and sim.h. */
#include "sim.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "poller/base/err.h"

static const char usage[] =
	"usage: simnet [options] [FILE.dev...]       answer SNMP for the devices described\n"
	"       simnet ctl SOCKET COMMAND...         command a running one; '-' reads commands from standard input\n"
	"       simnet walk ADDRESSES PORT [options] walk many devices at once, print what was counted\n"
	"  --device 'ADDRESSES kind=... key=value'   describe devices here; may be repeated\n"
	"  --port N            UDP port, 0 (default) for a free one\n"
	"  --control PATH      Unix socket for commands\n"
	"  --for SECONDS       end after that time at the latest, default 600\n"
	"  --seed N            of lost packets and new ifIndexes, default 1\n"
	"  --clock-stopped     simulated time stands until 'clock +SECONDS' or 'clock run'\n"
	"  --die-with-parent   end when the process that started this one ends\n"
	"Ends on SIGTERM. Prints one line when ready: simnet: port N pid N devices N control PATH\n";

struct options {
	uint16_t port;
	const char *control;
	long seconds;
	uint64_t seed;
	bool clock_stopped, die_with_parent;
	unsigned mistakes;
};

static bool number(const char *text, unsigned long most, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-' && *n <= most;
}

static bool option_take(struct sim *s, struct options *o, int c, const char *arg)
{
	unsigned long n = 0;
	struct err err;

	switch (c) {
	case 'd':
		if (device_describe(s, arg, NULL, &err) == FW_OK)
			return true;
		fprintf(stderr, "simnet: --device '%s': %s\n", arg, err.text);
		return false;
	case 'p':
		if (!number(arg, 65535, &n))
			break;
		o->port = (uint16_t)n;
		return true;
	case 'c':
		o->control = arg;
		return true;
	case 'f':
		if (!number(arg, 31536000, &n) || n == 0)
			break;
		o->seconds = (long)n;
		return true;
	case 's':
		if (!number(arg, UINT32_MAX, &n) || n == 0)
			break;
		o->seed = n;
		return true;
	case 'k':
		return o->clock_stopped = true;
	case 'w':
		return o->die_with_parent = true;
	default:
		return false;
	}
	fprintf(stderr, "simnet: '%s': should be a number (--port to 65535, --for and --seed from 1)\n", arg);
	return false;
}

static bool options_parse(struct sim *s, struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' }, { "port", required_argument, NULL, 'p' },
		{ "control", required_argument, NULL, 'c' }, { "for", required_argument, NULL, 'f' },
		{ "seed", required_argument, NULL, 's' }, { "clock-stopped", no_argument, NULL, 'k' },
		{ "die-with-parent", no_argument, NULL, 'w' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct err err;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		if (!option_take(s, o, c, optarg))
			o->mistakes++;
	}
	for (; optind < argc; optind++)
		o->mistakes += device_describe_file(s, argv[optind], stderr);
	if (o->mistakes == 0 && device_index(s, &err) != FW_OK) {
		fprintf(stderr, "simnet: %s\n", err.text);
		o->mistakes++;
	}
	return o->mistakes == 0;
}

/* SIGTERM and SIGINT as a descriptor, so that the end is one more thing the loop sees. */
static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int wait_ms(const struct sim *s, struct mono end)
{
	struct mono now = clock_mono(), next = wheel_next(s->wheel);
	int64_t us = end.us - now.us;

	if (next.us && next.us - now.us < us)
		us = next.us - now.us;
	return us <= 0 ? 0 : us > 3600000000ll ? 3600000 : (int)((us + 999) / 1000);
}

static void loop(struct sim *s, int signals, struct mono end)
{
	struct pollfd p[3 + CTL_CLIENTS_MOST + 1];
	int fds[2];
	unsigned wires = wire_fds(s, fds);

	while (!s->stop && clock_mono().us < end.us) {
		unsigned ctls;

		p[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
		for (unsigned i = 0; i < wires; i++)
			p[1 + i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
		ctls = ctl_fds(s, p + 1 + wires);
		if (poll(p, 1 + wires + ctls, wait_ms(s, end)) < 0 && errno != EINTR)
			break;
		s->stop = p[0].revents;
		for (unsigned i = 0; i < wires; i++)
			if (p[1 + i].revents)
				wire_run(s, fds[i]);
		ctl_run(s, p + 1 + wires, ctls);
		wheel_run(s->wheel, clock_mono());
	}
}

static bool simnet_open(struct sim *s, struct options *o)
{
	struct err err;

	if (o->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() == 1)
			fprintf(stderr, "simnet: --die-with-parent: the parent has ended already, or is process 1\n");
	}
	s->view = view_new();
	s->wheel = wheel_new(clock_mono());
	s->random = o->seed * 0x9e3779b97f4a7c15ull;
	s->clock = (struct sim_clock){ .start_us = clock_mono().us, .stopped = o->clock_stopped };
	if (wire_open(s, &o->port, &err) == FW_OK && (!o->control || ctl_open(s, o->control, &err) == FW_OK))
		return true;
	fprintf(stderr, "simnet: %s\n", err.text);
	return false;
}

static int simnet_main(int argc, char **argv)
{
	struct sim *s = must_alloc(sizeof(*s));
	struct options o = { .seconds = 600, .seed = 1 };
	int status = 2, signals = signals_open();

	if (options_parse(s, &o, argc, argv)) {
		status = 1;
		if (simnet_open(s, &o)) {
			printf("simnet: port %u pid %ld devices %u control %s\n", o.port, (long)getpid(),
			       s->device_count, o.control ? o.control : "none");
			fflush(stdout);
			loop(s, signals, mono_add(clock_mono(), span_s(o.seconds)));
			status = 0;
		}
	} else {
		fputs("simnet: see simnet --help\n", stderr);
	}
	ctl_close(s);
	wire_close(s);
	wheel_free(s->wheel);
	v3_release(s);
	view_free(s->view);
	device_release_all(s);
	free(s);
	close(signals);
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "ctl") == 0)
		return ctl_client(argv[2], argc - 3, argv + 3);
	if (argc > 1 && strcmp(argv[1], "walk") == 0)
		return walk_main(argc - 1, argv + 1);
	return simnet_main(argc, argv);
}
