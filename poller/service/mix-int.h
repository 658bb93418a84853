/* poller/service/mix-int.h: the hash of three numbers that the node tables of diagrams and families share. */
#ifndef FW_SERVICE_MIX_INT_H
#define FW_SERVICE_MIX_INT_H

#include <stdint.h>

static inline uint32_t mix(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t h = (uint64_t)a * 0x9e3779b97f4a7c15u;

	h = (h ^ b) * 0xff51afd7ed558ccdu;
	h ^= h >> 32;
	h = (h ^ c) * 0xc4ceb9fe1a85ec53u;
	return (uint32_t)(h >> 32);
}

#endif
