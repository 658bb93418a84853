/* poller/probe/icmp-socket.c: the sockets that echoes go through.
 *
 * A raw socket needs CAP_NET_RAW when it is opened, a datagram one only a group within net.ipv4.ping_group_range (which
 * is for IPv6, too). Both are told to stamp packets on receipt, to count what they had to drop, and to hold much: while
 * a neighbour does not answer ARP the kernel keeps our packets to it for seconds, charged to the send buffer, and a
 * small one would let dead devices on our own segment hold up the living.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe-int.h"

enum { BUFFER_OCTETS = 8 << 20 };

static void set_buffer(int fd, int force, int option)
{
	int octets = BUFFER_OCTETS;

	if (setsockopt(fd, SOL_SOCKET, force, &octets, sizeof(octets)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, option, &octets,
				 sizeof(octets));	/* as much as the system lets us */
}

static void set_type_filter(int fd, bool v6)
{
	struct icmp_filter only4 = { .data = ~(1u << ICMP_ECHOREPLY) };
	struct icmp6_filter only6;

	ICMP6_FILTER_SETBLOCKALL(&only6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only6);
	if (v6)
		(void)setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only6, sizeof(only6));
	else
		(void)setsockopt(fd, SOL_RAW, ICMP_FILTER, &only4, sizeof(only4));
}

static int open_one(bool v6, bool *raw)
{
	int domain = v6 ? AF_INET6 : AF_INET, protocol = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, one = 1, fd;

	*raw = true;
	fd = socket(domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (fd < 0 && (errno == EPERM || errno == EACCES)) {
		*raw = false;
		fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	}
	if (fd < 0)
		return -1;
	if (*raw)
		set_type_filter(fd, v6);
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one));
	return fd;
}

enum fw_err icmp_open(struct icmp_sockets *s, struct err *err)
{
	int why4, why6;

	s->v4 = open_one(false, &s->v4_raw);
	why4 = s->v4 < 0 ? errno : 0;
	s->v6 = open_one(true, &s->v6_raw);
	why6 = s->v6 < 0 ? errno : 0;
	if (err)
		err->text[0] = '\0';
	if (s->v4 >= 0 && (s->v6 >= 0 || why6 == EAFNOSUPPORT))
		return FW_OK;
	if (s->v6 >= 0 && why4 == EAFNOSUPPORT)
		return FW_OK;
	errno = why4 && why4 != EAFNOSUPPORT ? why4 : why6;
	err_set(err, FW_NET, "cannot send ICMP echoes%s: %s; start as root, or 'setcap cap_net_raw+ep' on the program, "
		"or let its group send with 'sysctl net.ipv4.ping_group_range=\"0 2147483647\"'",
		s->v4 >= 0 ? " over IPv6" : s->v6 >= 0 ? " over IPv4" : "", err_errno());
	return s->v4 >= 0 || s->v6 >= 0 ? FW_OK : FW_NET;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void icmp_close(struct icmp_sockets *s)
{
	close_one(&s->v4);
	close_one(&s->v6);
}

/* The kernel runs the filter from the IP header (IPv4) or from the ICMP header (IPv6). */
void icmp_socket_filter(int fd, bool v6, uint16_t id)
{
	struct sock_filter in4[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),			/* X = length of the IP header */
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 4),			/* identifier */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_filter in6[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {
		.len = v6 ? sizeof(in6) / sizeof(in6[0]) : sizeof(in4) / sizeof(in4[0]),
		.filter = v6 ? in6 : in4,
	};

	/* without it the payload still tells ours from others: only slower */
	(void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}
