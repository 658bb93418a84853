/* t/unit/t1100-usm-keys.c: keys, digests and ciphers of the User-based Security Model, against RFC 3414 A.3 and against
 * net-snmp's own, for every protocol and each pair of them.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/keytools.h>
#include <stdlib.h>

#include "poller/snmp/usm-int.h"
#include "tap.h"

static struct usm *u;
static const uint8_t engine_two[12] = { [11] = 2 };

static const int their_auth[USM_AUTHS] = {
	[USM_MD5] = NETSNMP_USMAUTH_HMACMD5, [USM_SHA1] = NETSNMP_USMAUTH_HMACSHA1,
	[USM_SHA224] = NETSNMP_USMAUTH_HMAC128SHA224, [USM_SHA256] = NETSNMP_USMAUTH_HMAC192SHA256,
	[USM_SHA384] = NETSNMP_USMAUTH_HMAC256SHA384, [USM_SHA512] = NETSNMP_USMAUTH_HMAC384SHA512
};
static const int their_priv[USM_PRIVS] = {
	[USM_DES] = USM_CREATE_USER_PRIV_DES, [USM_AES128] = USM_CREATE_USER_PRIV_AES,
	[USM_AES192] = USM_CREATE_USER_PRIV_AES192, [USM_AES256] = USM_CREATE_USER_PRIV_AES256,
	[USM_AES192C] = USM_CREATE_USER_PRIV_AES192_CISCO, [USM_AES256C] = USM_CREATE_USER_PRIV_AES256_CISCO
};

static uint8_t octet(unsigned i)
{
	return (uint8_t)(i * 167 + (i >> 3) * 29 + 5);
}

static bool is_hex(const uint8_t *got, const char *hex)
{
	for (; *hex; hex += 2, got++) {
		unsigned v;

		if (sscanf(hex, "%2x", &v) != 1 || *got != v)
			return false;
	}
	return true;
}

static struct usm_secrets secrets(enum usm_auth a, enum usm_priv p)
{
	return (struct usm_secrets){
		.name = "noc", .auth = a, .priv = p, .auth_password = "maplesyrup", .priv_password = "a privacy password"
	};
}

/* ---- RFC 3414 A.3 ---- */

static void test_vectors(void)
{
	static const struct { enum usm_auth auth; const char *ku, *kul; } vectors[] = {
		{ USM_MD5, "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b" },
		{ USM_SHA1, "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f" },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct usm_secrets s = secrets(vectors[i].auth, USM_NOPRIV);
		struct usm_user user;
		struct usm_keys keys;

		is_int(usm_user_init(&user, &s, NULL), FW_OK, "the user of RFC 3414 A.3");
		ok(is_hex(user.auth_ku, vectors[i].ku), "... its password as a key");
		ok(usm_localise(u, &keys, &user, engine_two, sizeof(engine_two)) && is_hex(keys.auth, vectors[i].kul),
		   "... and that localised");
	}
}

/* ---- net-snmp ---- */

static size_t their_kul(enum usm_auth a, const char *password, uint8_t kul[USM_HASH_MAX])
{
	size_t oid_len, ku_len = USM_HASH_MAX, kul_len = USM_HASH_MAX;
	const oid *hash = sc_get_auth_oid(their_auth[a], &oid_len);
	uint8_t ku[USM_HASH_MAX];

	if (generate_Ku(hash, (u_int)oid_len, (const u_char *)password, strlen(password), ku, &ku_len) ||
	    generate_kul(hash, (u_int)oid_len, engine_two, sizeof(engine_two), ku, ku_len, kul, &kul_len))
		return 0;
	return kul_len;
}

static bool their_privacy_key(enum usm_auth a, enum usm_priv p, uint8_t key[USM_CIPHER_KEY_MAX])
{
	uint8_t id[sizeof(engine_two)], *kul = malloc(256);
	size_t len = their_kul(a, "a privacy password", kul), oid_len;
	oid *hash = sc_get_auth_oid(their_auth[a], &oid_len);
	bool fine;

	memcpy(id, engine_two, sizeof(id));
	fine = netsnmp_extend_kul(usm_cipher_key(p), hash, (u_int)oid_len, their_priv[p], id, sizeof(id), &kul, &len,
				  256) == SNMPERR_SUCCESS && len >= usm_cipher_key(p);
	if (fine)
		memcpy(key, kul, usm_cipher_key(p));
	free(kul);
	return fine;
}

static bool digests_agree(enum usm_auth a, const struct usm_keys *keys)
{
	uint8_t message[1400], ours[USM_HASH_MAX], theirs[USM_HASH_MAX];
	size_t oid_len, len = usm_digest_size(a);
	const oid *hash = sc_get_auth_oid(their_auth[a], &oid_len);

	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = octet(i);
	memset(message + 60, 0, len);
	if (sc_generate_keyed_hash(hash, oid_len, keys->auth, usm_hash_size(a), message, sizeof(message), theirs, &len))
		return false;
	memset(message + 60, 0xaa, len);	/* what stands there does not count */
	return len == usm_digest_size(a) &&
	       usm_sign(u, a, keys->auth, (struct usm_piece){ message, sizeof(message) }, 60, ours) &&
	       memcmp(ours, theirs, len) == 0;
}

static void test_auth(void)
{
	for (enum usm_auth a = USM_MD5; a < USM_AUTHS; a++) {
		struct usm_secrets s = secrets(a, USM_NOPRIV);
		uint8_t kul[USM_HASH_MAX];
		struct usm_user user;
		struct usm_keys keys;

		ok(usm_user_init(&user, &s, NULL) == FW_OK && usm_localise(u, &keys, &user, engine_two, sizeof(engine_two)) &&
		   their_kul(a, "maplesyrup", kul) == usm_hash_size(a) && memcmp(keys.auth, kul, usm_hash_size(a)) == 0,
		   usm_auth_word(a));
		ok(digests_agree(a, &keys), "... its digest is net-snmp's");
	}
}

/* Ours encrypts and theirs decrypts, and back. */
static bool ciphers_agree(enum usm_priv p, uint8_t *key, size_t len)
{
	uint8_t salt[USM_SALT] = { 9, 8, 7, 6, 5, 4, 3, 2 }, iv[16] = { 0, 0, 0, 7, 0, 1, 2, 3, 9, 8, 7, 6, 5, 4, 3, 2 };
	uint8_t plain[512], sealed[512], back[512];
	const struct usm_seal seal = { .priv = p, .key = key, .boots = 7, .time = 0x10203, .salt = salt };
	size_t oid_len, sealed_len = usm_sealed_size(p, len), back_len = sizeof(back);
	const oid *priv = sc_get_priv_oid(their_priv[p], &oid_len);
	const uint8_t *ours;

	for (unsigned i = 0; i < len; i++)
		plain[i] = octet(i);
	if (p == USM_DES)
		for (unsigned i = 0; i < 8; i++)
			iv[i] = key[8 + i] ^ salt[i];
	if (!usm_encrypt(u, &seal, plain, len, sealed) ||
	    sc_decrypt(priv, oid_len, key, usm_cipher_key(p), iv, p == USM_DES ? 8 : 16, sealed, (u_int)sealed_len, back,
		       &back_len) || memcmp(back, plain, len) != 0)
		return false;
	sealed_len = sizeof(sealed);
	if (sc_encrypt(priv, oid_len, key, usm_cipher_key(p), iv, p == USM_DES ? 8 : 16, plain, (u_int)len, sealed,
		       &sealed_len) || sealed_len != usm_sealed_size(p, len))
		return false;
	ours = usm_decrypt(u, &seal, sealed, sealed_len);
	return ours && memcmp(ours, plain, len) == 0;
}

static void test_priv(void)
{
	for (enum usm_auth a = USM_MD5; a < USM_AUTHS; a++)
		for (enum usm_priv p = USM_DES; p < USM_PRIVS; p++) {
			struct usm_secrets s = secrets(a, p);
			uint8_t theirs[USM_CIPHER_KEY_MAX];
			unsigned wrong = 0;
			struct usm_user user;
			struct usm_keys keys;
			char name[64];

			snprintf(name, sizeof(name), "%s and %s: key", usm_auth_word(a), usm_priv_word(p));
			ok(usm_user_init(&user, &s, NULL) == FW_OK &&
			   usm_localise(u, &keys, &user, engine_two, sizeof(engine_two)) &&
			   their_privacy_key(a, p, theirs) && memcmp(keys.priv, theirs, usm_cipher_key(p)) == 0, name);
			for (unsigned len = 1; len < 100; len++)
				wrong += !ciphers_agree(p, keys.priv, len);
			is_int(wrong, 0, "... and cipher");
		}
}

/* ---- words and mistakes ---- */

static void test_words(void)
{
	enum usm_auth a = USM_NOAUTH;
	enum usm_priv p = USM_NOPRIV;

	ok(usm_auth_parse(&a, "sha256") && a == USM_SHA256, "sha256");
	ok(usm_auth_parse(&a, "SHA-1") && a == USM_SHA1, "SHA-1 is SHA");
	ok(!usm_auth_parse(&a, "SHA-25") && !usm_auth_parse(&a, ""), "no other word");
	ok(usm_priv_parse(&p, "aes") && p == USM_AES128 && usm_priv_parse(&p, "AES128"), "aes is AES-128");
	ok(usm_priv_parse(&p, "AES-256-C") && p == USM_AES256C && usm_priv_parse(&p, "aes192c") && p == USM_AES192C,
	   "as Cisco extends keys");
	ok(!usm_priv_parse(&p, "none") && !usm_priv_parse(&p, "3DES"), "nothing else");
}

static void test_mistakes(void)
{
	struct usm_secrets s = secrets(USM_SHA256, USM_AES128);
	struct usm_user user;
	struct err err;

	s.priv_password = "1234567";
	is_int(usm_user_init(&user, &s, &err), FW_MISTAKE, "a password of seven octets");
	is_str(err.text, "cannot use the privacy password of user 'noc': it has fewer than 8 octets", "... is said");
	ok(!strstr(err.text, "1234567"), "... without the password");
	s = secrets(USM_NOAUTH, USM_AES128);
	is_int(usm_user_init(&user, &s, &err), FW_MISTAKE, "privacy without authentication");
	s = secrets(USM_SHA256, USM_NOPRIV);
	s.name = "a name of more than thirty-two octets";
	is_int(usm_user_init(&user, &s, &err), FW_MISTAKE, "a name too long");
	s.name = "";
	is_int(usm_user_init(&user, &s, &err), FW_MISTAKE, "no name");
	s = secrets(USM_NOAUTH, USM_NOPRIV);
	ok(usm_user_init(&user, &s, &err) == FW_OK && user.level == USM_NOAUTHNOPRIV, "a user without keys");
}

static void test_wiped(void)
{
	static const struct usm_user none;
	struct usm_secrets s = secrets(USM_SHA1, USM_AES128);
	struct usm_user user;

	usm_user_init(&user, &s, NULL);
	usm_user_wipe(&user);
	ok(memcmp(&user, &none, sizeof(user)) == 0, "nothing of a user is left after wiping");
}

int main(void)
{
	struct err err;

	sc_init();
	u = usm_new(&err);
	plan(6 + 2 * 6 + 2 * 36 + 6 + 7 + 1);
	test_vectors();
	test_auth();
	test_priv();
	test_words();
	test_mistakes();
	test_wiped();
	usm_free(u);
	return done();
}
