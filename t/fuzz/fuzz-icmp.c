/* t/fuzz/fuzz-icmp.c: received packets: the first octet says with IP header or not, IPv4 or IPv6. */
#include <stdlib.h>

#include "poller/probe/probe-int.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct icmp_echo echo;
	struct icmp_mark mark;

	if (len == 0 || !icmp_parse(in + 1, len - 1, in[0] & 1, in[0] & 2, &echo))
		return 0;
	if (echo.payload < in + 1 || echo.payload + echo.payload_len > in + len)
		abort();
	icmp_mark_of(&echo, &mark);
	return 0;
}
