/* t/unit/t5-campus.h: a made-up company of 10 sites, 10,000 components and 1,000 services, for tests and benchmark.
 *
 * Each site has two power feeds, two core routers, ten access switches with a power supply on each feed, a name service
 * of three and five databases of three (two needed), used by all services of the site. Each service has servers of its
 * own in two groups, each on one switch, and every twentieth needs the service before it.
 */
#ifndef FW_T_T5_CAMPUS_H
#define FW_T_T5_CAMPUS_H

#include <stdarg.h>
#include <stdio.h>

#include "poller/service/service.h"

enum { SITES = 10, SWITCHES = 10, DATABASES = 5, SERVICES = 1000 };

struct campus {
	struct graph *g;
	uint32_t feed[SITES][2], edge[SITES], names[SITES], sw[SITES][SWITCHES], database[SITES][DATABASES];
	uint32_t service[SERVICES];
};

__attribute__((format(printf, 3, 4)))
static inline const char *campus_name(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return buf;
}

/* A gate over what is listed, NODE_NONE last. */
static inline uint32_t campus_gate(struct graph *g, const char *name, uint32_t need, const uint32_t *member)
{
	uint32_t gate = graph_gate(g, name, need, need);

	for (; *member != NODE_NONE; member++)
		graph_member(g, gate, *member);
	return gate;
}

/* A thing with two power supplies, one on each feed of the site. */
static inline uint32_t campus_fed_twice(struct campus *c, int site, const char *name)
{
	char buf[80];
	uint32_t supply[3] = { NODE_NONE, NODE_NONE, NODE_NONE };
	uint32_t own = graph_component(c->g, name, 1e-4);

	for (int i = 0; i < 2; i++) {
		uint32_t part[3] = { graph_component(c->g, campus_name(buf, sizeof(buf), "%s/psu/%d", name, i), 1e-4),
				     c->feed[site][i], NODE_NONE };

		supply[i] = campus_gate(c->g, NULL, NODE_ALL, part);
	}
	return campus_gate(c->g, name, NODE_ALL, (uint32_t[]){ own, campus_gate(c->g, NULL, 1, supply), NODE_NONE });
}

/* 'n' servers on switches of the site, 'need' of them needed. */
static inline uint32_t campus_servers(struct campus *c, int site, const char *name, uint32_t n, uint32_t need)
{
	char buf[80];
	uint32_t group = graph_gate(c->g, name, need, n);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t own = graph_component(c->g, campus_name(buf, sizeof(buf), "%s/%u", name, i), 1e-3);
		uint32_t part[] = { own, c->sw[site][(own + i) % SWITCHES], NODE_NONE };

		graph_member(c->g, group, campus_gate(c->g, buf, NODE_ALL, part));
	}
	return group;
}

static inline void campus_site(struct campus *c, int site)
{
	char buf[80];
	uint32_t edge[3] = { NODE_NONE, NODE_NONE, NODE_NONE };

	for (int i = 0; i < 2; i++)
		c->feed[site][i] = graph_component(c->g, campus_name(buf, sizeof(buf), "site%d feed %c", site, 'A' + i),
						   1e-4);
	for (int i = 0; i < 2; i++)
		edge[i] = campus_fed_twice(c, site, campus_name(buf, sizeof(buf), "site%d-core%d", site, i));
	c->edge[site] = campus_gate(c->g, campus_name(buf, sizeof(buf), "site%d edge", site), 1, edge);
	for (int i = 0; i < SWITCHES; i++)
		c->sw[site][i] = campus_fed_twice(c, site, campus_name(buf, sizeof(buf), "site%d-sw%d", site, i));
	c->names[site] = campus_servers(c, site, campus_name(buf, sizeof(buf), "site%d dns", site), 3, 1);
	for (int i = 0; i < DATABASES; i++)
		c->database[site][i] = campus_servers(c, site, campus_name(buf, sizeof(buf), "site%d db%d", site, i),
						      3, 2);
}

static inline void campus_service(struct campus *c, int i)
{
	char buf[80];
	int site = i % SITES;
	uint32_t web = campus_servers(c, site, campus_name(buf, sizeof(buf), "web%d", i), 4, 2);
	uint32_t app = campus_servers(c, site, campus_name(buf, sizeof(buf), "app%d", i), i % 3 == 2 ? 6 : 5, 3);
	uint32_t part[] = { web, app, c->edge[site], c->names[site], c->database[site][i / SITES % DATABASES],
			    i % 20 == 19 ? c->service[i - 1] : NODE_NONE, NODE_NONE };

	c->service[i] = campus_gate(c->g, campus_name(buf, sizeof(buf), "service %d", i), NODE_ALL, part);
	graph_watch(c->g, c->service[i]);
	graph_watch(c->g, web);
	graph_watch(c->g, app);
}

static inline enum fw_err campus_build(struct campus *c, struct err *err)
{
	c->g = graph_new(0);
	for (int i = 0; i < SITES; i++)
		campus_site(c, i);
	for (int i = 0; i < SERVICES; i++)
		campus_service(c, i);
	return graph_build(c->g, err);
}

#endif
