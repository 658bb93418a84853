/* poller/snmp/usm-crypto.c: digests and ciphers of the User-based Security Model, by libcrypto with kept contexts.
 *
 * Single DES is not among the algorithms that OpenSSL 3 offers by default; triple DES with three equal keys is the same
 * function, and is. CFB is not asked for by its name, as libcrypto goes through it block by block with a call for each:
 *
 *   CFB: C1 = P1 ^ E(IV), C2 = P2 ^ E(C1), ...
 *   Encrypting, with X1 = E(IV), Xn+1 = E(Pn ^ Xn):  Cn = Pn ^ Xn; X1 X2 ... are the CBC, from zeroes, of IV P1 P2 ...
 *   Decrypting:                                      Pn = Cn ^ E(Cn-1); the ECB of IV C1 C2 ..., side by side
 */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "poller/base/hash.h"
#include "usm-int.h"

/* RFC 3414 6 and 7, RFC 7860 4.1 */
static const struct auth_kind {
	const char *word, *md;
	uint8_t hash, digest, block;
} auth_kinds[USM_AUTHS] = {
	[USM_NOAUTH] = { "none", NULL, 0, 0, 0 },
	[USM_MD5]    = { "MD5", "MD5", 16, 12, 64 },
	[USM_SHA1]   = { "SHA", "SHA1", 20, 12, 64 },
	[USM_SHA224] = { "SHA-224", "SHA2-224", 28, 16, 64 },
	[USM_SHA256] = { "SHA-256", "SHA2-256", 32, 24, 64 },
	[USM_SHA384] = { "SHA-384", "SHA2-384", 48, 32, 128 },
	[USM_SHA512] = { "SHA-512", "SHA2-512", 64, 48, 128 },
};

static const struct priv_kind {
	const char *word, *seal, *open;
	uint8_t key;
} priv_kinds[USM_PRIVS] = {
	[USM_NOPRIV]  = { "none", NULL, NULL, 0 },
	[USM_DES]     = { "DES", "DES-EDE3-CBC", "DES-EDE3-CBC", 16 },
	[USM_AES128]  = { "AES", "AES-128-CBC", "AES-128-ECB", 16 },
	[USM_AES192]  = { "AES-192", "AES-192-CBC", "AES-192-ECB", 24 },
	[USM_AES256]  = { "AES-256", "AES-256-CBC", "AES-256-ECB", 32 },
	[USM_AES192C] = { "AES-192-C", "AES-192-CBC", "AES-192-ECB", 24 },
	[USM_AES256C] = { "AES-256-C", "AES-256-CBC", "AES-256-ECB", 32 },
};

/* ---- words ---- */

static char upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c; }

/* Case and '-' do not count. */
static bool word_is(const char *said, const char *word)
{
	for (;; said++, word++) {
		while (*said == '-')
			said++;
		while (*word == '-')
			word++;
		if (upper(*said) != upper(*word))
			return false;
		if (*said == '\0')
			return true;
	}
}

bool usm_auth_parse(enum usm_auth *a, const char *word)
{
	if (word_is(word, "SHA-1"))
		word = "SHA";
	for (unsigned i = USM_MD5; i < USM_AUTHS; i++)
		if (word_is(word, auth_kinds[i].word)) {
			*a = i;
			return true;
		}
	return false;
}

bool usm_priv_parse(enum usm_priv *p, const char *word)
{
	if (word_is(word, "AES-128"))
		word = "AES";
	for (unsigned i = USM_DES; i < USM_PRIVS; i++)
		if (word_is(word, priv_kinds[i].word)) {
			*p = i;
			return true;
		}
	return false;
}

const char *usm_auth_word(enum usm_auth a) { return auth_kinds[a < USM_AUTHS ? a : USM_NOAUTH].word; }
const char *usm_priv_word(enum usm_priv p) { return priv_kinds[p < USM_PRIVS ? p : USM_NOPRIV].word; }

const char *usm_level_word(enum usm_auth a, enum usm_priv p)
{
	return a == USM_NOAUTH ? "noAuthNoPriv" : p == USM_NOPRIV ? "authNoPriv" : "authPriv";
}

unsigned usm_digest_size(enum usm_auth a) { return auth_kinds[a].digest; }
unsigned usm_hash_size(enum usm_auth a) { return auth_kinds[a].hash; }
unsigned usm_cipher_key(enum usm_priv p) { return priv_kinds[p].key; }
const char *usm_md_name(enum usm_auth a) { return auth_kinds[a].md; }

/* ---- a worker's contexts ---- */

static EVP_CIPHER_CTX *cipher_new(const char *name, bool encrypt)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *c = cipher ? EVP_CIPHER_CTX_new() : NULL;

	if (c && EVP_CipherInit_ex2(c, cipher, NULL, NULL, encrypt, NULL) != 1) {
		EVP_CIPHER_CTX_free(c);
		c = NULL;
	}
	if (c)
		EVP_CIPHER_CTX_set_padding(c, 0);
	EVP_CIPHER_free(cipher);
	return c;
}

static const char *fetch_all(struct usm *u)
{
	const char *lacks = NULL;

	for (unsigned a = USM_MD5; a < USM_AUTHS; a++) {
		u->md[a] = EVP_MD_fetch(NULL, auth_kinds[a].md, NULL);
		if (!u->md[a] && a >= USM_SHA224)
			lacks = auth_kinds[a].word;
	}
	for (unsigned p = USM_DES; p < USM_PRIVS; p++) {
		u->seal[p] = cipher_new(priv_kinds[p].seal, true);
		/* CFB runs the cipher forward in both directions */
		u->open[p] = cipher_new(priv_kinds[p].open, p != USM_DES);
		if ((!u->seal[p] || !u->open[p]) && p != USM_DES)
			lacks = priv_kinds[p].word;
	}
	return lacks;
}

struct usm *usm_new(struct err *err)
{
	struct usm *u = must_alloc(sizeof(*u));
	const char *lacks = fetch_all(u);

	u->md_ctx = EVP_MD_CTX_new();
	u->plain = must_alloc(V3_SCOPED_MAX);
	u->stream = must_alloc(V3_SCOPED_MAX + 16);
	u->laid = must_alloc(V3_SCOPED_MAX + 16);
	u->generations = random_u32();		/* a packet may have been sealed by another worker before */
	if (!u->md_ctx || RAND_bytes((uint8_t *)&u->salt, sizeof(u->salt)) != 1)
		lacks = "random numbers";
	if (!lacks)
		return u;
	err_set(err, FW_NOTFOUND, "cannot use SNMPv3: libcrypto gives no %s; its configuration (openssl.cnf) may "
		"forbid it", lacks);
	usm_free(u);
	return NULL;
}

void usm_free(struct usm *u)
{
	if (!u)
		return;
	for (unsigned a = 0; a < USM_AUTHS; a++)
		EVP_MD_free(u->md[a]);
	for (unsigned p = 0; p < USM_PRIVS; p++) {
		EVP_CIPHER_CTX_free(u->seal[p]);
		EVP_CIPHER_CTX_free(u->open[p]);
	}
	EVP_MD_CTX_free(u->md_ctx);
	OPENSSL_cleanse(u->plain, V3_SCOPED_MAX);
	OPENSSL_cleanse(u->stream, V3_SCOPED_MAX + 16);
	OPENSSL_cleanse(u->laid, V3_SCOPED_MAX + 16);
	free(u->plain);
	free(u->laid);
	free(u->stream);
	free(u);
}

struct usm_count usm_count(const struct usm *u)
{
	return u->count;
}

/* A key of zeroes is laid over each that was used; the state of a digest, a localised key at worst, is given back wiped. */
void usm_rest(struct usm *u)
{
	static const uint8_t zeroes[USM_CIPHER_KEY_MAX];

	for (unsigned p = USM_DES; p < USM_PRIVS; p++) {
		if (u->sealed >> p & 1)
			EVP_CipherInit_ex2(u->seal[p], NULL, zeroes, zeroes, -1, NULL);
		if (u->opened >> p & 1)
			EVP_CipherInit_ex2(u->open[p], NULL, zeroes, zeroes, -1, NULL);
	}
	if (u->hashed)
		EVP_MD_CTX_reset(u->md_ctx);
	u->sealed = u->opened = 0;
	u->hashed = false;
}

/* ---- digests ---- */

bool usm_hash(struct usm *u, enum usm_auth a, const struct usm_piece *piece, unsigned count, uint8_t *hash)
{
	bool fine = u->md[a] && EVP_DigestInit_ex2(u->md_ctx, u->md[a], NULL) == 1;

	u->hashed = true;
	for (unsigned i = 0; i < count && fine; i++)
		fine = EVP_DigestUpdate(u->md_ctx, piece[i].p, piece[i].len) == 1;
	return fine && EVP_DigestFinal_ex(u->md_ctx, hash, NULL) == 1;
}

/* RFC 2104: the key is never longer than a block here. */
static void pad(const struct auth_kind *k, const uint8_t *key, uint8_t with, uint8_t *block)
{
	memset(block, with, k->block);
	for (unsigned i = 0; i < k->hash; i++)
		block[i] ^= key[i];
}

/* Few pieces: each costs as much as a hundred octets. The longest head there can be, each length in six octets and each
 * number in eight, is 197 octets up to its digest. */
bool usm_sign(struct usm *u, enum usm_auth a, const uint8_t *key, struct usm_piece message, size_t digest_at,
	      uint8_t digest[USM_HASH_MAX])
{
	const struct auth_kind *k = &auth_kinds[a];
	size_t rest_at = digest_at + k->digest, head = k->block + rest_at;
	const uint8_t *p = message.p;
	uint8_t block[USM_BLOCK_MAX + USM_HEAD_MAX];
	bool fine;

	if (!k->md || rest_at > USM_HEAD_MAX)
		return false;
	pad(k, key, 0x36, block);
	memcpy(block + k->block, p, digest_at);
	memset(block + k->block + digest_at, 0, k->digest);
	fine = usm_hash(u, a, (struct usm_piece[]){ { block, head }, { p + rest_at, message.len - rest_at } }, 2,
			digest);
	pad(k, key, 0x5c, block);
	memcpy(block + k->block, digest, k->hash);
	fine = fine && usm_hash(u, a, &(struct usm_piece){ block, k->block + k->hash }, 1, digest);
	OPENSSL_cleanse(block, k->block);
	return fine;
}

/* ---- ciphers ---- */

size_t usm_sealed_size(enum usm_priv p, size_t len_octets)
{
	return p == USM_DES ? (len_octets + 7) / 8 * 8 : len_octets;
}

static void put32(uint8_t *to, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* RFC 3414 8.1.1.1, RFC 3826 3.1.2.1 */
static void iv_make(const struct usm_seal *s, uint8_t iv[16])
{
	if (s->priv == USM_DES) {
		for (unsigned i = 0; i < 8; i++)
			iv[i] = s->key[8 + i] ^ s->salt[i];
		return;
	}
	put32(iv, s->boots);
	put32(iv + 4, s->time);
	memcpy(iv + 8, s->salt, USM_SALT);
}

static bool cipher_run(EVP_CIPHER_CTX *c, const struct usm_seal *s, const uint8_t *iv, const struct usm_piece *in,
		       uint8_t *out)
{
	const uint8_t *key = s->key;
	uint8_t key3[24];
	int len = 0;
	bool fine;

	if (s->priv == USM_DES) {
		for (unsigned i = 0; i < 3; i++)
			memcpy(key3 + 8 * i, key, 8);
		key = key3;
	}
	fine = c && EVP_CipherInit_ex2(c, NULL, key, iv, -1, NULL) == 1 &&
	       EVP_CipherUpdate(c, out, &len, in->p, (int)in->len) == 1 && (size_t)len == in->len;
	if (s->priv == USM_DES)
		OPENSSL_cleanse(key3, sizeof(key3));
	return fine;
}

static void xor_of(uint8_t *to, const uint8_t *a, const uint8_t *b, size_t len_octets)
{
	size_t i = 0;

	for (; i + 8 <= len_octets; i += 8) {
		uint64_t x, y;

		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		x ^= y;
		memcpy(to + i, &x, 8);
	}
	for (; i < len_octets; i++)
		to[i] = a[i] ^ b[i];
}

/* 'stream' gets the IV and 'in' behind it; 'out' the cipher of that, xored with 'in'. */
static bool cfb(struct usm *u, EVP_CIPHER_CTX *c, const struct usm_seal *s, struct usm_piece in, uint8_t *out)
{
	static const uint8_t zeroes[16];
	size_t whole = (in.len + 15) / 16 * 16;

	iv_make(s, u->stream);
	memcpy(u->stream + 16, in.p, whole - 16);
	if (!cipher_run(c, s, zeroes, &(struct usm_piece){ u->stream, whole }, u->stream))
		return false;
	xor_of(out, in.p, u->stream, in.len);
	return true;
}

bool usm_encrypt(struct usm *u, const struct usm_seal *s, uint8_t *in, size_t len_octets, uint8_t *out)
{
	size_t sealed = usm_sealed_size(s->priv, len_octets);
	uint8_t iv[16];

	u->sealed |= 1u << s->priv;
	if (s->priv != USM_DES)
		return cfb(u, u->seal[s->priv], s, (struct usm_piece){ in, len_octets }, out);
	iv_make(s, iv);
	memset(in + len_octets, 0, sealed - len_octets);
	return cipher_run(u->seal[s->priv], s, iv, &(struct usm_piece){ in, sealed }, out);
}

const uint8_t *usm_decrypt(struct usm *u, const struct usm_seal *s, const uint8_t *in, size_t len_octets)
{
	const struct usm_piece sealed = { in, len_octets };
	uint8_t iv[16];
	bool fine;

	if (len_octets == 0 || len_octets > V3_SCOPED_MAX || (s->priv == USM_DES && len_octets % 8 != 0))
		return NULL;
	u->opened |= 1u << s->priv;
	if (s->priv != USM_DES) {
		fine = cfb(u, u->open[s->priv], s, sealed, u->plain);
	} else {
		iv_make(s, iv);
		fine = cipher_run(u->open[USM_DES], s, iv, &sealed, u->plain);
	}
	return fine ? u->plain : NULL;
}
