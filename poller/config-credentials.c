/* poller/config-credentials.c: what agents want to hear: communities, and users of version 3 with their passwords.
 *
 * Passwords stand in files of their own only: a configuration is copied, printed and kept under version control. They are
 * turned into keys by config_keys() where somebody polls, and wiped.
 */
#include <stdio.h>
#include <string.h>

#include "poller/config-int.h"
#include "poller/snmp/usm.h"

/* ---- versions 1 and 2c ------------------------------------------------------------------------------------------- */

bool take_community(const struct section *s, const char **community, const char **file)
{
	const char *path = NULL;

	if (section_given(s, "community") && section_given(s, "community-file")) {
		section_wrong(s, "community", "both community and community-file; keep one");
		return false;
	}
	if (take_text(s, "community-file", &path)) {
		*file = path_beside(s->l, s->p->file, path);
		*community = secret_read(s, "community-file", *file);
		return *community != NULL;
	}
	if (!take_text(s, "community", community))
		return false;
	if (strlen(*community) > SNMP_COMMUNITY_MAX) {
		section_wrong(s, "community", "community has more than 255 octets");
		return false;
	}
	return true;
}

static void take_2c(const struct section *s, struct cfg_credentials *k)
{
	if (take_community(s, &k->community, &k->community_file))
		return;
	k->community = "";
	if (!section_given(s, "community") && !section_given(s, "community-file"))
		section_wrong(s, NULL, "no community; write community-file = \"FILE\"");
}

/* ---- version 3 --------------------------------------------------------------------------------------------------- */

static void take_auth(const struct section *s, struct cfg_credentials *k)
{
	enum usm_auth auth = USM_NOAUTH;
	const char *word;

	if (take_text(s, "auth", &word) && !usm_auth_parse(&auth, word))
		section_wrong(s, "auth", "auth = \"%s\": must be MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512", word);
	k->auth = (uint8_t)auth;
}

static void take_priv(const struct section *s, struct cfg_credentials *k)
{
	enum usm_priv priv = USM_NOPRIV;
	const char *word;

	if (take_text(s, "priv", &word) && !usm_priv_parse(&priv, word))
		section_wrong(s, "priv", "priv = \"%s\": must be DES, AES, AES-192, AES-256, AES-192-C or AES-256-C", word);
	k->priv = (uint8_t)priv;
	if (section_given(s, "priv") && !section_given(s, "auth"))
		section_wrong(s, "priv", "priv without auth, which version \"3\" does not have; write auth = \"SHA-256\" and auth-file");
}

/* The password of 'auth' or 'priv'; each of the two options needs the other. */
static void take_password(const struct section *s, const char *option, const char **file, const char **password)
{
	const char *path = NULL;
	char name[16];

	snprintf(name, sizeof(name), "%s-file", option);
	if (section_given(s, option) && !section_given(s, name))
		section_wrong(s, option, "%s without %s; write %s = \"FILE\"", option, name, name);
	if (!section_given(s, option) && section_given(s, name))
		section_wrong(s, name, "%s without %s; write %s = \"%s\"", name, option, option, option[0] == 'a' ? "SHA-256" : "AES");
	if (!take_text(s, name, &path))
		return;
	*file = path_beside(s->l, s->p->file, path);
	*password = secret_read(s, name, *file);
	if (*password && strlen(*password) < USM_PASSWORD_LEAST)
		mistake_add(s->l->m, *file, 1, "a password of fewer than %d characters, which agents refuse (RFC 3414 11.2)",
			    USM_PASSWORD_LEAST);
}

/* At most 32 octets: SnmpAdminString of users and contexts in RFC 3414 and 3415. */
static void take_admin_string(const struct section *s, const char *option, const char **out)
{
	if (take_text(s, option, out) && strlen(*out) > USM_NAME_MAX)
		section_wrong(s, option, "%s has more than %d octets", option, USM_NAME_MAX);
}

static void take_3(const struct section *s, struct cfg_credentials *k)
{
	static const char *const not_of_3[] = { "community", "community-file" };

	for (size_t i = 0; i < sizeof(not_of_3) / sizeof(not_of_3[0]); i++)
		if (section_given(s, not_of_3[i]))
			section_wrong(s, not_of_3[i], "%s is of versions \"1\" and \"2c\"; version \"3\" has user, auth and auth-file",
				      not_of_3[i]);
	take_admin_string(s, "user", &k->user);
	if (!section_given(s, "user"))
		section_wrong(s, NULL, "no user; write user = \"NAME\"");
	take_admin_string(s, "context", &k->context);
	take_auth(s, k);
	take_priv(s, k);
	take_password(s, "auth", &k->auth_file, &k->auth_password);
	take_password(s, "priv", &k->priv_file, &k->priv_password);
}

/* ---- credentials ------------------------------------------------------------------------------------------------- */

static int version_of(const struct section *s)
{
	static const char *const of_3[] = { "user", "auth", "auth-file", "priv", "priv-file", "context" };
	const char *text = "2c";

	take_text(s, "version", &text);
	if (strcmp(text, "3") == 0)
		return SNMP_V3;
	for (size_t i = 0; i < sizeof(of_3) / sizeof(of_3[0]); i++)
		if (section_given(s, of_3[i]))
			section_wrong(s, of_3[i], "%s is of version \"3\" only", of_3[i]);
	if (strcmp(text, "1") == 0)
		return SNMP_V1;
	if (strcmp(text, "2c") != 0)
		section_wrong(s, "version", "version \"%s\" does not exist; use \"3\", \"2c\" or \"1\"", text);
	return SNMP_V2C;
}

void take_credentials(const struct section *s)
{
	struct load *l = s->l;
	struct config *c = l->c;
	uint32_t at = c->credentials_count, had;
	struct cfg_credentials *k;
	const char *name;

	if (!name_check(l, s->p->title, section_place(s, NULL), s->subject))
		return;
	name = arena_strdup(&c->arena, s->p->title);
	had = names_put(&l->credentials, name, at);
	if (had != NAMES_NONE) {
		section_wrong(s, NULL, "given twice, first in %s:%u", c->credentials[had].place.file, c->credentials[had].place.line);
		return;
	}
	k = grow(&c->credentials, &c->credentials_count, &l->credentials_size, sizeof(*k));
	k->place = section_place(s, NULL);
	k->name = name;
	k->community = k->user = k->context = "";
	k->version = version_of(s);
	if (k->version == SNMP_V3)
		take_3(s, k);
	else
		take_2c(s, k);
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

static void wipe(const char **password)
{
	if (*password)
		explicit_bzero((char *)(uintptr_t)*password, strlen(*password));
	*password = NULL;
}

enum fw_err config_keys(struct config *c, struct err *err)
{
	enum fw_err e = FW_OK;

	for (uint32_t i = 0; i < c->credentials_count && e == FW_OK; i++) {
		struct cfg_credentials *k = &c->credentials[i];
		struct usm_secrets given = { .name = k->user, .auth = k->auth, .priv = k->priv,
					     .auth_password = k->auth_password, .priv_password = k->priv_password };
		struct err why = { "" };

		if (k->version != SNMP_V3 || k->keys)
			continue;
		k->keys = secret_alloc(&c->secrets, sizeof(*k->keys));
		e = usm_user_init(k->keys, &given, &why);
		if (e != FW_OK)
			err_set(err, e, "%s:%u: credentials \"%s\": %s", k->place.file, k->place.line, k->name, why.text);
		wipe(&k->auth_password);
		wipe(&k->priv_password);
	}
	return e;
}
