/* poller/snmp/usm-key.c: from passwords to keys: RFC 3414 A.2, and the two ways to make them longer for AES-192/256. */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "usm-int.h"

enum { EXPANDED = 1 << 20, CHUNK = 1024 };	/* RFC 3414 A.2: the password, repeated to 1,048,576 octets, hashed */

static bool expanded_hash(EVP_MD_CTX *c, const EVP_MD *md, struct usm_piece password, uint8_t *ku)
{
	uint8_t *repeated = must_alloc(CHUNK + password.len);
	bool fine = EVP_DigestInit_ex2(c, md, NULL) == 1;
	size_t at = 0;

	for (size_t i = 0; i < CHUNK + password.len; i++)
		repeated[i] = ((const uint8_t *)password.p)[i % password.len];
	for (unsigned done = 0; done < EXPANDED && fine; done += CHUNK) {
		fine = EVP_DigestUpdate(c, repeated + at, CHUNK) == 1;
		at = (at + CHUNK) % password.len;
	}
	OPENSSL_cleanse(repeated, CHUNK + password.len);
	free(repeated);
	return fine && EVP_DigestFinal_ex(c, ku, NULL) == 1;
}

/* ---- users ---- */

static enum fw_err secrets_check(const struct usm_secrets *s, struct err *err)
{
	const char *const password[] = { s->auth ? s->auth_password : NULL, s->priv ? s->priv_password : NULL };
	size_t name = s->name ? strlen(s->name) : 0;

	if (name < 1 || name > USM_NAME_MAX)
		return err_set(err, FW_MISTAKE, "cannot use a user name of %zu octets: 1 to %d are possible", name,
			       USM_NAME_MAX);
	if (s->priv && !s->auth)
		return err_set(err, FW_MISTAKE, "cannot encrypt for user '%s' without authentication: set auth as well",
			       s->name);
	for (unsigned i = 0; i < 2; i++)
		if ((i ? (int)s->priv : (int)s->auth) && (!password[i] || strlen(password[i]) < USM_PASSWORD_LEAST))
			return err_set(err, FW_MISTAKE, "cannot use the %s password of user '%s': it has fewer than "
				       "%d octets", i ? "privacy" : "authentication", s->name, USM_PASSWORD_LEAST);
	return FW_OK;
}

static bool password_hash(EVP_MD_CTX *c, const EVP_MD *md, const char *password, uint8_t *ku)
{
	return expanded_hash(c, md, (struct usm_piece){ password, strlen(password) }, ku);
}

static enum fw_err keys_make(struct usm_user *u, const struct usm_secrets *s, struct err *err)
{
	EVP_MD *md = EVP_MD_fetch(NULL, usm_md_name(s->auth), NULL);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool fine = md && c;

	if (fine)
		fine = password_hash(c, md, s->auth_password, u->auth_ku);
	if (fine && s->priv)
		fine = password_hash(c, md, s->priv_password, u->priv_ku);
	EVP_MD_CTX_free(c);
	EVP_MD_free(md);
	if (fine)
		return FW_OK;
	return err_set(err, FW_NOTFOUND, "cannot authenticate user '%s' with %s: libcrypto does not give it; its "
		       "configuration (openssl.cnf) may forbid it", s->name, usm_auth_word(s->auth));
}

enum fw_err usm_user_init(struct usm_user *u, const struct usm_secrets *s, struct err *err)
{
	enum fw_err e = secrets_check(s, err);

	memset(u, 0, sizeof(*u));
	if (e)
		return e;
	u->name_len = (uint8_t)strlen(s->name);
	memcpy(u->name, s->name, u->name_len);
	u->auth = (uint8_t)s->auth;
	u->priv = (uint8_t)s->priv;
	u->level = s->priv ? USM_AUTHPRIV : s->auth ? USM_AUTHNOPRIV : USM_NOAUTHNOPRIV;
	e = s->auth ? keys_make(u, s, err) : FW_OK;
	if (e)
		usm_user_wipe(u);
	return e;
}

void usm_user_wipe(struct usm_user *u)
{
	OPENSSL_cleanse(u, sizeof(*u));
}

/* ---- localised keys ---- */

struct engine_id { const uint8_t *p; size_t len; };

/* RFC 3414 2.6: H(Ku, engineID, Ku) */
static bool localise(struct usm *u, enum usm_auth a, const uint8_t *ku, struct engine_id id, uint8_t *kul)
{
	const struct usm_piece pieces[] = {
		{ ku, usm_hash_size(a) }, { id.p, id.len }, { ku, usm_hash_size(a) }
	};

	return usm_hash(u, a, pieces, 3, kul);
}

/* draft-blumenthal-aes-usm-04 3.1.2.1: Kul = Kul, H(Kul), as often as needed */
static bool extend_hashed(struct usm *u, enum usm_auth a, uint8_t *key, size_t want)
{
	for (size_t have = usm_hash_size(a); have < want; have += usm_hash_size(a))
		if (!usm_hash(u, a, &(struct usm_piece){ key, have }, 1, key + have))
			return false;
	return true;
}

/* draft-reeder-snmpv3-usm-3desede-00 2.1: the last part is the password of the next */
static bool extend_chained(struct usm *u, enum usm_auth a, uint8_t *key, struct engine_id id, size_t want)
{
	size_t size = usm_hash_size(a);
	uint8_t ku[USM_HASH_MAX];
	bool fine = true;

	for (size_t have = size; have < want && fine; have += size)
		fine = expanded_hash(u->md_ctx, u->md[a], (struct usm_piece){ key + have - size, size }, ku) &&
		       localise(u, a, ku, id, key + have);
	OPENSSL_cleanse(ku, sizeof(ku));
	return fine;
}

bool usm_localise_auth(struct usm *u, uint8_t *key, const struct usm_user *user, const uint8_t *id, size_t id_len)
{
	return u->md[user->auth] && localise(u, user->auth, user->auth_ku, (struct engine_id){ id, id_len }, key);
}

bool usm_localise(struct usm *u, struct usm_keys *k, const struct usm_user *user, const uint8_t *id, size_t id_len)
{
	const struct engine_id engine = { id, id_len };
	uint8_t priv[USM_CIPHER_KEY_MAX + USM_HASH_MAX];
	size_t want = usm_cipher_key(user->priv);
	bool fine = true;

	memset(k, 0, sizeof(*k));
	if (user->auth)
		fine = usm_localise_auth(u, k->auth, user, id, id_len);
	if (fine && user->priv) {
		fine = localise(u, user->auth, user->priv_ku, engine, priv) &&
		       (user->priv >= USM_AES192C ? extend_chained(u, user->auth, priv, engine, want)
						  : extend_hashed(u, user->auth, priv, want));
		memcpy(k->priv, priv, want);
		OPENSSL_cleanse(priv, sizeof(priv));
	}
	return fine && (!user->priv || (u->seal[user->priv] && u->open[user->priv]));
}
