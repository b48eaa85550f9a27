/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cipher.c: AES-256-GCM by OpenSSL, HKDF by the HMAC that there is.
 *
 * A key is scheduled once and used for many texts: for a page that takes as
 * long as sealing it does.
 */
#include "stated/cipher.h"

#include "stated/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

struct cipher {
	EVP_CIPHER_CTX *context;
};

/* Set once and constant from then on. */
static EVP_CIPHER *method;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* -------------------------------------------------------------------- keys */

static bool
parse_base64(struct str text, struct cipher_key *key)
{
	struct arena *arena = arena_new();
	struct str bytes;
	bool is_key = digest_parse_base64(arena, text, &bytes) &&
	    bytes.bytes == sizeof(key->bytes);

	if (is_key)
		memcpy(key->bytes, bytes.at, sizeof(key->bytes));
	arena_free(&arena);
	return is_key;
}

bool
cipher_key_parse(struct str text, struct cipher_key *key)
{
	struct digest digest;

	if (!digest_parse_hex(text, &digest))
		return parse_base64(text, key);
	_Static_assert(sizeof(digest.bytes) == sizeof(key->bytes), "a key");
	memcpy(key->bytes, digest.bytes, sizeof(key->bytes));
	OPENSSL_cleanse(&digest, sizeof(digest));
	return true;
}

/* Extract, then the first block of expand, which is all that a key needs. */
struct cipher_key
cipher_key_derive(
    const struct cipher_key *key, struct str salt, struct str info)
{
	struct cipher_key derived;
	char block[256];

	must(info.bytes < sizeof(block));
	struct digest extracted = digest_hmac_sha256(salt,
	    (struct str){(const char *)key->bytes, sizeof(key->bytes)});
	if (info.bytes > 0)
		memcpy(block, info.at, info.bytes);
	block[info.bytes] = 1;
	struct digest expanded = digest_hmac_sha256(
	    (struct str){(const char *)extracted.bytes,
		sizeof(extracted.bytes)},
	    (struct str){block, info.bytes + 1});
	memcpy(derived.bytes, expanded.bytes, sizeof(derived.bytes));
	OPENSSL_cleanse(&extracted, sizeof(extracted));
	OPENSSL_cleanse(&expanded, sizeof(expanded));
	return derived;
}

void
cipher_key_forget(struct cipher_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

/* ----------------------------------------------------------------- its life */

static void
prepare_cb(void)
{
	/* Whose first use tells OpenSSL where memory comes from. */
	(void)digest_sha256(STR(""));
	method = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	must(method != NULL);
}

struct cipher *
cipher_new(const struct cipher_key *key)
{
	must(pthread_once(&once, prepare_cb) == 0);
	struct cipher *cipher = OPENSSL_zalloc(sizeof(*cipher));
	must(cipher != NULL);
	cipher->context = EVP_CIPHER_CTX_new();
	must(cipher->context != NULL);
	cipher_set_key(cipher, key);
	return cipher;
}

void
cipher_free(struct cipher **cipher)
{
	if (*cipher == NULL)
		return;
	/* Wipes the key. */
	EVP_CIPHER_CTX_free((*cipher)->context);
	OPENSSL_free(*cipher);
	*cipher = NULL;
}

void
cipher_set_key(struct cipher *cipher, const struct cipher_key *key)
{
	must(EVP_CipherInit_ex2(
		 cipher->context, method, key->bytes, NULL, 1, NULL) == 1);
	must(EVP_CIPHER_CTX_get_iv_length(cipher->context) ==
	     CIPHER_NONCE_BYTES);
}

/* --------------------------------------------------------- sealing, opening */

/* Both directions are the same but for the tag. */
static void
begin(struct cipher *cipher, const uint8_t *nonce, struct str beside,
    int seals)
{
	int bytes = 0;

	must(beside.bytes < INT_MAX);
	must(EVP_CipherInit_ex2(
		 cipher->context, NULL, NULL, nonce, seals, NULL) == 1);
	if (beside.bytes > 0)
		must(EVP_CipherUpdate(cipher->context, NULL, &bytes,
			 (const uint8_t *)beside.at, (int)beside.bytes) == 1);
}

static void
turn(struct cipher *cipher, struct str in, uint8_t *out)
{
	int bytes = 0;

	must(in.bytes < INT_MAX);
	if (in.bytes == 0)
		return;
	must(EVP_CipherUpdate(cipher->context, out, &bytes,
		 (const uint8_t *)in.at, (int)in.bytes) == 1);
	must((size_t)bytes == in.bytes);
}

void
cipher_seal(struct cipher *cipher, const uint8_t nonce[CIPHER_NONCE_BYTES],
    struct str beside, struct str plain, uint8_t *sealed,
    uint8_t tag[CIPHER_TAG_BYTES])
{
	uint8_t rest[16];
	int bytes = 0;

	begin(cipher, nonce, beside, 1);
	turn(cipher, plain, sealed);
	must(EVP_CipherFinal_ex(cipher->context, rest, &bytes) == 1);
	must(bytes == 0);
	must(EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_GET_TAG,
		 CIPHER_TAG_BYTES, tag) == 1);
}

bool
cipher_open(struct cipher *cipher, const uint8_t nonce[CIPHER_NONCE_BYTES],
    struct str beside, struct str sealed,
    const uint8_t tag[CIPHER_TAG_BYTES], uint8_t *plain)
{
	uint8_t expected[CIPHER_TAG_BYTES], rest[16];
	int bytes = 0;

	memcpy(expected, tag, sizeof(expected));
	begin(cipher, nonce, beside, 0);
	turn(cipher, sealed, plain);
	must(EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG,
		 sizeof(expected), expected) == 1);
	/* Compares in constant time. */
	if (EVP_CipherFinal_ex(cipher->context, rest, &bytes) == 1)
		return true;
	if (sealed.bytes > 0)
		OPENSSL_cleanse(plain, sealed.bytes);
	return false;
}
