/* t/unit/t3020-credentials.c: users of version 3: as read, as printed, their keys, and what is left of their passwords. */
#define _XOPEN_SOURCE 700		/* nftw, mkdtemp */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "poller/config.h"
#include "poller/snmp/usm.h"
#include "tap.h"

static char folder[] = "/tmp/fw-t3020-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0640) != 0)
		note("cannot write %s", path);
}

static struct config *load(const char *text)
{
	struct mistakes m = { 0 };
	char path[128];
	struct config *c;

	write_file("x.conf", text);
	snprintf(path, sizeof(path), "%s/x.conf", folder);
	c = config_load(path, NULL, &m);
	for (unsigned i = 0; i < m.count; i++)
		note("%s", m.line[i]);
	mistakes_release(&m);
	return c;
}

static const char text[] =
	"defaults { credentials = \"core\" }\n"
	"credentials \"core\" { version = 3  user = noc  auth = sha-256  auth-file = core.auth  priv = aes  priv-file = core.priv\n"
	"                     context = vlan-10 }\n"
	"credentials \"edge\" { version = \"3\"  user = \"noc\"  auth = \"MD5\"  auth-file = \"core.auth\" }\n"
	"credentials \"open\" { version = \"3\"  user = \"guest\" }\n"
	"device \"d\" { address = \"192.0.2.1\" }\n";

static void test_read(const struct config *c)
{
	const struct cfg_credentials *k = c->credentials;

	ok(k[0].version == SNMP_V3 && k[0].auth == USM_SHA256 && k[0].priv == USM_AES128, "the protocols, in any case");
	is_str(k[0].user, "noc", "the user");
	is_str(k[0].context, "vlan-10", "the context");
	ok(k[1].auth == USM_MD5 && k[1].priv == USM_NOPRIV && k[2].auth == USM_NOAUTH, "the level follows from what is given");
	is_str(k[0].auth_password, "maplesyrup", "a password from its file");
}

static void test_print(const struct config *c)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);
	struct config *again;

	config_print(c, f);
	fclose(f);
	ok(!strstr(out, "maplesyrup") && !strstr(out, "pancakes"), "passwords are not printed");
	ok(strstr(out, "user = \"noc\"") && strstr(out, "auth = \"SHA-256\"") && strstr(out, "core.priv"), "... everything else is");
	again = load(out);
	ok(again && again->device[0].fingerprint == c->device[0].fingerprint, "... and can be read again");
	config_unref(again);
	free(out);
}

/* A file that several credentials refer to. */
static void test_open_to_all(void)
{
	char auth[64], conf[64];
	struct mistakes m = { 0 };

	snprintf(auth, sizeof(auth), "%s/core.auth", folder);
	snprintf(conf, sizeof(conf), "%s/x.conf", folder);
	write_file("x.conf", text);
	ok(chmod(auth, 0644) == 0 && config_load(conf, NULL, &m) == NULL, "a password that everyone may read is refused");
	is_int(m.count, 1, "... said once, though two credentials have it");
	ok(m.count && strstr(m.line[0], "readable by everyone (0644); use 0640"), "... with what would be right");
	chmod(auth, 0640);
	mistakes_release(&m);
}

static uint64_t fingerprint(const char *credentials)
{
	char conf[1024];
	struct config *c;
	uint64_t f;

	snprintf(conf, sizeof(conf), "%sdevice \"d\" { address = \"192.0.2.1\"  credentials = \"c\" }\n", credentials);
	c = load(conf);
	f = c ? c->device[0].fingerprint : 0;
	config_unref(c);
	return f;
}

static void test_fingerprint(void)
{
#define BASE "credentials \"c\" { version = 3  user = u  auth = SHA  auth-file = core.auth  priv = AES  priv-file = core.priv "
	static const struct { const char *text, *what; bool same; } other[] = {
		{ BASE "}\n", "nothing", true },
		{ BASE " context = x }\n", "the context", false },
		{ "credentials \"c\" { version = 3  user = v  auth = SHA  auth-file = core.auth  priv = AES  priv-file = core.priv }\n",
		  "the user", false },
		{ "credentials \"c\" { version = 3  user = u  auth = MD5  auth-file = core.auth  priv = AES  priv-file = core.priv }\n",
		  "the protocol", false },
		{ "credentials \"c\" { version = 3  user = u  auth = SHA  auth-file = core.auth  priv = AES  priv-file = core.auth }\n",
		  "a password", false },
	};
	uint64_t base = fingerprint(BASE "}\n");

	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		is_int(fingerprint(other[i].text) == base, other[i].same, other[i].what);
}

static void test_keys(struct config *c)
{
	const char *password = c->credentials[0].auth_password;
	struct err err = { "" };

	is_int(config_keys(c, &err), FW_OK, "keys are made");
	ok(c->credentials[0].keys && c->credentials[0].keys->level == USM_AUTHPRIV && c->credentials[2].keys->level == USM_NOAUTHNOPRIV,
	   "... of each user");
	ok(c->credentials[0].auth_password == NULL && password[0] == 0 && password[9] == 0, "... and passwords are wiped");
	is_int(config_keys(c, &err), FW_OK, "... once");
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

int main(void)
{
	struct config *c;

	plan(5 + 3 + 3 + 5 + 4 + 1);
	if (!mkdtemp(folder))
		note("no folder");
	write_file("core.auth", "maplesyrup\n");
	write_file("core.priv", "pancakes\n");
	c = load(text);
	test_read(c);
	test_print(c);
	test_open_to_all();
	test_fingerprint();
	test_keys(c);
	is_int(prctl(PR_GET_DUMPABLE), 0, "who has read a configuration leaves no core file");
	config_unref(c);
	nftw(folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	return done();
}
