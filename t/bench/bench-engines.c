/* t/bench/bench-engines.c: 20,000 agents of version 3 that are met for the first time, as at a start: what their keys cost.
 *
 *   localised   usm_engine_know(): an engineID is learned, and the user's keys are made for it (RFC 3414 2.6)
 *   bare        the hashes alone that this needs, by one context of libcrypto that is kept
 *
 * Keys are made when an agent first answers, so the longest of them is what other devices wait for meanwhile. The two ways to
 * make keys longer differ there: Cisco's hashes a megabyte for each agent. And the memory of an agent.
 */
#include <event2/event.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "poller/snmp/snmp.h"
#include "poller/snmp/usm-int.h"

enum { ENGINES = 20000, LONG_ENGINES = 400, RUNS = 5, ID = 17, MEGABYTE = 1 << 20 };

static const char password[] = "not-a-secret";

static const struct row {
	enum usm_auth auth;
	enum usm_priv priv;
	unsigned hashes, megabytes, engines;
} rows[] = {
	{ USM_SHA256, USM_AES128, 2, 0, ENGINES },
	{ USM_SHA512, USM_AES256, 2, 0, ENGINES },
	{ USM_SHA1, USM_AES256, 3, 0, ENGINES },
	{ USM_MD5, USM_DES, 2, 0, ENGINES },
	{ USM_SHA1, USM_AES256C, 3, 1, LONG_ENGINES },
};

static _Noreturn void fail(const char *why)
{
	fprintf(stderr, "bench-engines: %s\n", why);
	exit(1);
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void id_of(unsigned n, uint8_t id[ID])
{
	static const uint8_t begin[5] = { 0x80, 0, 0x1f, 0x88, 4 };

	memset(id, 0, ID);
	memcpy(id, begin, sizeof(begin));
	memcpy(id + 5, &n, sizeof(n));
}

static double bare_ns(const struct row *r)
{
	EVP_MD *md = EVP_MD_fetch(NULL, usm_md_name(r->auth), NULL);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	uint8_t octets[2 * USM_HASH_MAX + ID] = { 0 }, hash[USM_HASH_MAX], *million = must_alloc(MEGABYTE);
	size_t len = 2 * usm_hash_size(r->auth) + ID;
	int64_t from = cpu_ns();
	bool fine = md && c;

	for (unsigned i = 0; i < r->engines && fine; i++) {
		for (unsigned h = 0; h < r->hashes && fine; h++)
			fine = EVP_DigestInit_ex2(c, md, NULL) == 1 && EVP_DigestUpdate(c, octets, len) == 1 &&
			       EVP_DigestFinal_ex(c, hash, NULL) == 1;
		if (r->megabytes && fine)
			fine = EVP_DigestInit_ex2(c, md, NULL) == 1 && EVP_DigestUpdate(c, million, MEGABYTE) == 1 &&
			       EVP_DigestFinal_ex(c, hash, NULL) == 1;
	}
	from = cpu_ns() - from;
	free(million);
	EVP_MD_CTX_free(c);
	EVP_MD_free(md);
	if (!fine)
		fail("libcrypto lacks an algorithm");
	return (double)from / r->engines;
}

static double localised_ns(struct usm *u, const struct usm_user *user, const struct row *r, double *longest)
{
	int64_t all = 0;

	for (unsigned i = 0; i < r->engines; i++) {
		struct usm_engine e;
		uint8_t id[ID];
		int64_t from;

		id_of(i, id);
		from = cpu_ns();
		usm_engine_init(&e, user, "");
		if (!usm_engine_know(u, &e, id, ID))
			fail("libcrypto lacks an algorithm");
		from = cpu_ns() - from;
		all += from;
		*longest = (double)from > *longest ? (double)from : *longest;
		usm_engine_release(&e);
	}
	return (double)all / r->engines;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static bool measure(struct usm *u, const struct row *r)
{
	const struct usm_secrets secrets = {
		.name = "noc", .auth = r->auth, .priv = r->priv, .auth_password = password, .priv_password = password
	};
	struct usm_user user;
	double ns[RUNS], ratio[RUNS], longest = 0, most = r->megabytes ? 2 : 3;

	if (usm_user_init(&user, &secrets, NULL))
		fail("libcrypto lacks an algorithm");
	for (unsigned i = 0; i < RUNS; i++) {
		double bare = bare_ns(r);

		ns[i] = localised_ns(u, &user, r, &longest);
		ratio[i] = ns[i] / bare;
	}
	qsort(ns, RUNS, sizeof(ns[0]), by_size);
	qsort(ratio, RUNS, sizeof(ratio[0]), by_size);
	printf("  %-8s %-10s %9.2f us an agent   %5.2f x bare (at most %.0f)%s   %7.0f ms for %d   longest %.2f ms\n",
	       usm_auth_word(r->auth), usm_priv_word(r->priv), ns[RUNS / 2] / 1e3, ratio[RUNS / 2], most,
	       ratio[RUNS / 2] > most ? "  MISSED" : "", ns[RUNS / 2] * ENGINES / 1e6, ENGINES, longest / 1e6);
	usm_user_wipe(&user);
	return ratio[RUNS / 2] <= most;
}

static long resident_octets(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long all, resident = 0;

	if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2)
		fail("cannot read /proc/self/statm");
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static bool memory(void)
{
	static struct usm_user user = { .name = "noc", .name_len = 3, .auth = USM_SHA256, .priv = USM_AES128, .level = USM_AUTHPRIV };
	struct event_base *base = event_base_new();
	struct wheel *wheel = wheel_new(clock_mono());
	struct snmp_engine *e = snmp_engine_new(base, wheel, NULL);
	struct usm_engine *first = e ? snmp_agent_new(e, &user, "") : NULL;
	long before = resident_octets(), each;

	if (!first)
		fail("no socket");
	for (unsigned i = 1; i < ENGINES; i++)
		(void)snmp_agent_new(e, &user, "");
	each = (resident_octets() - before) / ENGINES;
	printf("  %ld octets an agent (at most 512)%s\n", each, each > 512 ? "  MISSED" : "");
	snmp_engine_free(e);
	wheel_free(wheel);
	event_base_free(base);
	return each <= 512;
}

int main(void)
{
	struct usm *u = usm_new(NULL);
	bool fine = u != NULL;

	if (!fine)
		fail("libcrypto lacks an algorithm");
	printf("keys of agents of version 3, median of %d:\n", RUNS);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fine = measure(u, &rows[i]) && fine;
	fine = memory() && fine;
	usm_free(u);
	return fine ? 0 : 1;
}
