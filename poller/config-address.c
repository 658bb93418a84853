/* poller/config-address.c: addresses and host names as people write them. See config-int.h. */
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/text.h"
#include "poller/config-int.h"

/* RFC 1123 section 2.1 with RFC 1034's lengths; underscores are met in the field. */
static bool is_host_name(const char *s)
{
	size_t label = 0, len = strlen(s);

	if (len == 0 || len > 253)
		return false;
	for (; *s; s++) {
		if (*s == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (isalnum((unsigned char)*s) || *s == '_' || (*s == '-' && label > 0)) {
			if (++label > 63)
				return false;
		} else {
			return false;
		}
	}
	return true;
}

static bool is_v6(const char *text, struct in6_addr *a, unsigned *scope)
{
	char plain[INET6_ADDRSTRLEN];
	const char *zone = strchr(text, '%');
	size_t len = zone ? (size_t)(zone - text) : strlen(text);

	*scope = 0;
	if (len >= sizeof(plain))
		return false;
	memcpy(plain, text, len);
	plain[len] = 0;
	if (inet_pton(AF_INET6, plain, a) != 1)
		return false;
	if (!zone)
		return true;
	*scope = if_nametoindex(zone + 1);
	if (*scope == 0)
		*scope = (unsigned)strtoul(zone + 1, NULL, 10);
	return *scope != 0;
}

static enum fw_err host_check(const char *host, struct err *err)
{
	struct in6_addr six;
	struct in_addr four;
	unsigned scope;

	if (strchr(host, ':'))
		return is_v6(host, &six, &scope) ? FW_OK
			: err_set(err, FW_MISTAKE, "not an IPv6 address; with a port it is written [2001:db8::1]:161");
	if (host[strspn(host, "0123456789.")] == 0 && *host)
		return inet_pton(AF_INET, host, &four) == 1 ? FW_OK
			: err_set(err, FW_MISTAKE, "not an IPv4 address; it has four numbers from 0 to 255, as 192.0.2.1");
	return is_host_name(host) ? FW_OK
		: err_set(err, FW_MISTAKE, "neither an address nor a host name; a name has letters, digits, '-' and '.'");
}

static enum fw_err port_parse(const char *text, uint16_t *port, struct err *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || n < 1 || n > 65535)
		return err_set(err, FW_MISTAKE, "\"%s\" is not a port; it must be 1 to 65535", text);
	*port = (uint16_t)n;
	return FW_OK;
}

enum fw_err address_parse(const char *text, char *host, size_t size_octets, uint16_t *port, struct err *err)
{
	const char *colon = strchr(text, ':'), *after = NULL, *end;
	size_t len = strlen(text);

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return err_set(err, FW_MISTAKE, "brackets are written [2001:db8::1]:161");
		len = (size_t)(end - ++text);
		after = end[1] ? end + 2 : NULL;
		if (!memchr(text, ':', len))
			return err_set(err, FW_MISTAKE, "not an IPv6 address in brackets");
	} else if (colon && !strchr(colon + 1, ':')) {
		len = (size_t)(colon - text);
		after = colon + 1;
	}
	if (len >= size_octets)
		return err_set(err, FW_MISTAKE, "longer than 253 octets");
	memcpy(host, text, len);
	host[len] = 0;
	if (host_check(host, err) != FW_OK)
		return FW_MISTAKE;
	return after ? port_parse(after, port, err) : FW_OK;
}

void device_sockaddr(struct cfg_device *d)
{
	struct in6_addr six;
	struct in_addr four;
	unsigned scope;

	memset(&d->sockaddr, 0, sizeof(d->sockaddr));
	if (inet_pton(AF_INET, d->address, &four) == 1) {
		d->sockaddr.in.sin_family = AF_INET;
		d->sockaddr.in.sin_addr = four;
		d->sockaddr.in.sin_port = htons(d->port);
		d->literal = true;
	} else if (is_v6(d->address, &six, &scope)) {
		d->sockaddr.in6.sin6_family = AF_INET6;
		d->sockaddr.in6.sin6_addr = six;
		d->sockaddr.in6.sin6_scope_id = scope;
		d->sockaddr.in6.sin6_port = htons(d->port);
		d->literal = true;
	}
}
