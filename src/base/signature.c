/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature.c: keys and signatures, by OpenSSL.
 *
 * One table says what each algorithm is made of.  JOSE writes an ECDSA
 * signature as two numbers of the curve's size, OpenSSL as DER: what is not
 * exactly of that size is refused, so that a signature has one form only.
 */
#include "stated/signature.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#define RSA_BITS_MIN 2048
#define SIGNATURE_BYTES_MAX 2048 /* RSA of 16384 bits */
#define KEY_BYTES_MAX 4096

enum key_kind { KEY_SECRET, KEY_RSA, KEY_P256, KEY_P384, KEY_ED25519 };

struct signature_key {
	enum key_kind kind;
	EVP_PKEY *pkey; /* NULL of a secret */
	char *secret;
	size_t secret_bytes;
	bool is_private;
};

static const struct {
	struct str name;
	const char *digest; /* NULL: the algorithm has its own */
	enum key_kind kind;
	bool is_pss;
	size_t half_bytes; /* ECDSA: of each of its two numbers */
} algorithms[SIGNATURE_COUNT] = {
	[SIGNATURE_HS256] = {STR_INIT("HS256"), "SHA256", KEY_SECRET},
	[SIGNATURE_HS512] = {STR_INIT("HS512"), "SHA512", KEY_SECRET},
	[SIGNATURE_RS256] = {STR_INIT("RS256"), "SHA256", KEY_RSA},
	[SIGNATURE_RS512] = {STR_INIT("RS512"), "SHA512", KEY_RSA},
	[SIGNATURE_PS256] = {STR_INIT("PS256"), "SHA256", KEY_RSA, true},
	[SIGNATURE_PS512] = {STR_INIT("PS512"), "SHA512", KEY_RSA, true},
	[SIGNATURE_ES256] =
	    {STR_INIT("ES256"), "SHA256", KEY_P256, false, 32},
	[SIGNATURE_ES384] =
	    {STR_INIT("ES384"), "SHA384", KEY_P384, false, 48},
	[SIGNATURE_EDDSA] = {STR_INIT("EdDSA"), NULL, KEY_ED25519},
};

enum signature_algorithm
signature_find(struct str name)
{
	for (int i = SIGNATURE_NONE + 1; i < SIGNATURE_COUNT; i++)
		if (str_equal(algorithms[i].name, name))
			return (enum signature_algorithm)i;
	return SIGNATURE_NONE;
}

struct str
signature_name(enum signature_algorithm algorithm)
{
	must(algorithm > SIGNATURE_NONE && algorithm < SIGNATURE_COUNT);
	return algorithms[algorithm].name;
}

/* ------------------------------------------------------------------- keys */

static bool
kind_of(const EVP_PKEY *pkey, enum key_kind *kind)
{
	char curve[32] = "";

	if (EVP_PKEY_is_a(pkey, "RSA")) {
		*kind = KEY_RSA;
		return EVP_PKEY_get_bits(pkey) >= RSA_BITS_MIN;
	}
	if (EVP_PKEY_is_a(pkey, "ED25519")) {
		*kind = KEY_ED25519;
		return true;
	}
	if (!EVP_PKEY_is_a(pkey, "EC") ||
	    EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), NULL) != 1)
		return false;
	*kind = strcmp(curve, SN_secp384r1) == 0 ? KEY_P384 : KEY_P256;
	return *kind == KEY_P384 || strcmp(curve, SN_X9_62_prime256v1) == 0;
}

static struct signature_key *
key_new_take(EVP_PKEY *pkey, bool is_private)
{
	struct signature_key *key;
	enum key_kind kind;

	ERR_clear_error();
	if (pkey == NULL || !kind_of(pkey, &kind)) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	key = calloc(1, sizeof(*key));
	must(key != NULL);
	key->kind = kind;
	key->pkey = pkey;
	key->is_private = is_private;
	return key;
}

/* Nobody is at the terminal to be asked for a passphrase. */
static int
passphrase_cb(char *at, int bytes, int is_writing, void *arg)
{
	(void)at, (void)bytes, (void)is_writing, (void)arg;
	return -1;
}

static EVP_PKEY *
read_private(BIO *bio)
{
	return PEM_read_bio_PrivateKey(bio, NULL, passphrase_cb, NULL);
}

static EVP_PKEY *
read_public(BIO *bio)
{
	return PEM_read_bio_PUBKEY(bio, NULL, passphrase_cb, NULL);
}

static EVP_PKEY *
read_certified(BIO *bio)
{
	X509 *certificate = PEM_read_bio_X509(bio, NULL, passphrase_cb, NULL);
	EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;

	X509_free(certificate);
	return pkey;
}

struct signature_key *
signature_key_read(struct str pem)
{
	/* A certificate may stand beside its private key. */
	static EVP_PKEY *(*const reads[])(BIO *) = {
	    read_private, read_public, read_certified};
	EVP_PKEY *pkey = NULL;
	size_t i;

	if (pem.bytes == 0 || pem.bytes > INT32_MAX)
		return NULL;
	for (i = 0; i < 3 && pkey == NULL; i++) {
		BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.bytes);

		must(bio != NULL);
		pkey = reads[i](bio);
		BIO_free(bio);
	}
	return key_new_take(pkey, i == 1);
}

struct signature_key *
signature_key_of_secret(struct str secret)
{
	struct signature_key *key;

	if (secret.bytes == 0 || secret.bytes > INT32_MAX)
		return NULL;
	key = calloc(1, sizeof(*key));
	must(key != NULL);
	key->kind = KEY_SECRET;
	key->secret = malloc(secret.bytes);
	must(key->secret != NULL);
	memcpy(key->secret, secret.at, secret.bytes);
	key->secret_bytes = secret.bytes;
	key->is_private = true;
	return key;
}

static struct signature_key *
key_of_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	must(context != NULL);
	must(EVP_PKEY_fromdata_init(context) == 1);
	if (EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	return key_new_take(pkey, false);
}

static BIGNUM *
number_of(struct str bytes)
{
	BIGNUM *number = BN_bin2bn((const unsigned char *)bytes.at,
	    (int)bytes.bytes, NULL);

	must(number != NULL);
	return number;
}

struct signature_key *
signature_key_of_rsa(struct str n, struct str e)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	struct signature_key *key;
	OSSL_PARAM *params;
	BIGNUM *modulus, *exponent;

	must(builder != NULL);
	if (n.bytes == 0 || n.bytes > KEY_BYTES_MAX || e.bytes == 0 ||
	    e.bytes > KEY_BYTES_MAX) {
		OSSL_PARAM_BLD_free(builder);
		return NULL;
	}
	modulus = number_of(n);
	exponent = number_of(e);
	must(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus));
	must(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent));
	params = OSSL_PARAM_BLD_to_param(builder);
	must(params != NULL);
	key = key_of_params("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

struct signature_key *
signature_key_of_point(struct str curve, struct str x, struct str y)
{
	bool is_384 = str_equal(curve, STR("P-384"));
	size_t half = is_384 ? 48 : 32;
	char group[] = SN_X9_62_prime256v1, group_384[] = SN_secp384r1;
	unsigned char point[1 + 2 * 48] = {4}; /* uncompressed */
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    is_384 ? group_384 : group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
		    point, 1 + 2 * half),
		OSSL_PARAM_construct_end(),
	};

	if ((!is_384 && !str_equal(curve, STR("P-256"))) || x.bytes != half ||
	    y.bytes != half)
		return NULL;
	memcpy(point + 1, x.at, half);
	memcpy(point + 1 + half, y.at, half);
	return key_of_params("EC", params);
}

struct signature_key *
signature_key_of_ed25519(struct str x)
{
	if (x.bytes != 32)
		return NULL;
	return key_new_take(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    (const unsigned char *)x.at, x.bytes), false);
}

void
signature_key_free(struct signature_key **key)
{
	if (*key == NULL)
		return;
	EVP_PKEY_free((*key)->pkey);
	if ((*key)->secret != NULL)
		explicit_bzero((*key)->secret, (*key)->secret_bytes);
	free((*key)->secret);
	free(*key);
	*key = NULL;
}

static struct str
write_public(struct arena *arena, const struct signature_key *key,
    int (*write)(BIO *bio, const EVP_PKEY *pkey))
{
	BIO *bio = key->pkey != NULL ? BIO_new(BIO_s_mem()) : NULL;
	struct str text = {NULL, 0};
	char *at = NULL;

	if (key->pkey == NULL)
		return text;
	must(bio != NULL);
	must(write(bio, key->pkey) == 1);
	long bytes = BIO_get_mem_data(bio, &at);
	must(bytes > 0);
	text = arena_str(arena, (struct str){at, (size_t)bytes});
	BIO_free(bio);
	return text;
}

struct str
signature_key_pem(struct arena *arena, const struct signature_key *key)
{
	return write_public(arena, key, PEM_write_bio_PUBKEY);
}

struct str
signature_key_der(struct arena *arena, const struct signature_key *key)
{
	return write_public(arena, key, i2d_PUBKEY_bio);
}

bool
signature_key_fits(
    const struct signature_key *key, enum signature_algorithm algorithm)
{
	must(key != NULL);
	must(algorithm < SIGNATURE_COUNT);
	return algorithm != SIGNATURE_NONE &&
	    algorithms[algorithm].kind == key->kind;
}

/* The algorithm that a key of its kind is meant for where nobody says: PS256,
 * ES256, ES384, EdDSA or HS256. */
static enum signature_algorithm
default_of(const struct signature_key *key)
{
	static const enum signature_algorithm defaults[] = {
		[KEY_SECRET] = SIGNATURE_HS256,
		[KEY_RSA] = SIGNATURE_PS256,
		[KEY_P256] = SIGNATURE_ES256,
		[KEY_P384] = SIGNATURE_ES384,
		[KEY_ED25519] = SIGNATURE_EDDSA,
	};

	must(key != NULL);
	return defaults[key->kind];
}

enum signature_algorithm
signature_algorithm_of(uint32_t bits, const struct signature_key *key)
{
	for (int i = SIGNATURE_NONE + 1; i < SIGNATURE_COUNT; i++)
		if (bits & 1u << i)
			return (enum signature_algorithm)i;
	return default_of(key);
}

/* ------------------------------------------------------------------ HMACs */

static size_t
make_hmac(const struct signature_key *key, enum signature_algorithm algorithm,
    struct str text, unsigned char out[EVP_MAX_MD_SIZE])
{
	const EVP_MD *method = algorithm == SIGNATURE_HS512 ? EVP_sha512() :
	    EVP_sha256();
	const char *at = text.at != NULL ? text.at : "";
	unsigned int bytes = 0;

	must(HMAC(method, key->secret, (int)key->secret_bytes,
		(const unsigned char *)at, text.bytes, out, &bytes) != NULL);
	return bytes;
}

/* -------------------------------------------------------------- key pairs */

/* The padding of RSA-PSS: a salt as long as the digest (RFC 7518, 3.5). */
static bool
set_padding(EVP_PKEY_CTX *context, enum signature_algorithm algorithm)
{
	if (!algorithms[algorithm].is_pss)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(context,
		   RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(context,
		RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* DER to the two numbers, each as long as the curve's. */
static bool
to_halves(const unsigned char *der, size_t der_bytes, size_t half,
    unsigned char *out)
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)der_bytes);
	bool is_written;

	if (pair == NULL)
		return false;
	is_written = BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, (int)half) ==
		(int)half &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + half, (int)half) ==
		(int)half;
	ECDSA_SIG_free(pair);
	return is_written;
}

/* The other way; the DER's length, 0 where there is none. */
static size_t
of_halves(struct str halves, size_t half, unsigned char *der)
{
	const unsigned char *at = (const unsigned char *)halves.at;
	ECDSA_SIG *pair;
	unsigned char *end = der;
	int bytes;

	if (halves.bytes != 2 * half)
		return 0;
	pair = ECDSA_SIG_new();
	must(pair != NULL);
	must(ECDSA_SIG_set0(pair, BN_bin2bn(at, (int)half, NULL),
		 BN_bin2bn(at + half, (int)half, NULL)) == 1);
	bytes = i2d_ECDSA_SIG(pair, &end);
	ECDSA_SIG_free(pair);
	return bytes > 0 ? (size_t)bytes : 0;
}

/* By the private key; the signature's length, 0 where it can't be made. */
static size_t
make_pair(const struct signature_key *key, enum signature_algorithm algorithm,
    struct str text, unsigned char out[SIGNATURE_BYTES_MAX])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *of_key = NULL;
	size_t bytes = SIGNATURE_BYTES_MAX;

	must(context != NULL);
	if (EVP_DigestSignInit_ex(context, &of_key,
		algorithms[algorithm].digest, NULL, NULL, key->pkey,
		NULL) != 1 ||
	    !set_padding(of_key, algorithm) ||
	    EVP_DigestSign(context, out, &bytes,
		(const unsigned char *)text.at, text.bytes) != 1)
		bytes = 0;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return bytes;
}

bool
signature_make(struct arena *arena, const struct signature_key *key,
    enum signature_algorithm algorithm, struct str text, struct str *signature)
{
	unsigned char made[SIGNATURE_BYTES_MAX], halves[2 * 48];
	size_t half, bytes;

	if (!signature_key_fits(key, algorithm) || !key->is_private)
		return false;
	half = algorithms[algorithm].half_bytes;
	bytes = key->kind == KEY_SECRET
	    ? make_hmac(key, algorithm, text, made)
	    : make_pair(key, algorithm, text, made);
	if (bytes == 0)
		return false;
	if (half == 0) {
		*signature =
		    arena_str(arena, (struct str){(char *)made, bytes});
		return true;
	}
	if (!to_halves(made, bytes, half, halves))
		return false;
	*signature = arena_str(arena, (struct str){(char *)halves, 2 * half});
	return true;
}

static bool
is_of_pair(const struct signature_key *key, enum signature_algorithm algorithm,
    struct str text, const unsigned char *signature, size_t bytes)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *of_key = NULL;
	bool is_genuine;

	must(context != NULL);
	is_genuine = EVP_DigestVerifyInit_ex(context, &of_key,
			 algorithms[algorithm].digest, NULL, NULL, key->pkey,
			 NULL) == 1 &&
	    set_padding(of_key, algorithm) &&
	    EVP_DigestVerify(context, signature, bytes,
		(const unsigned char *)text.at, text.bytes) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return is_genuine;
}

bool
signature_is_of(const struct signature_key *key,
    enum signature_algorithm algorithm, struct str text, struct str signature)
{
	unsigned char made[SIGNATURE_BYTES_MAX];
	size_t half, bytes;

	if (!signature_key_fits(key, algorithm) || signature.bytes == 0 ||
	    signature.bytes > SIGNATURE_BYTES_MAX)
		return false;
	if (key->kind == KEY_SECRET) {
		bytes = make_hmac(key, algorithm, text, made);
		return signature.bytes == bytes &&
		    CRYPTO_memcmp(made, signature.at, bytes) == 0;
	}
	half = algorithms[algorithm].half_bytes;
	if (half == 0)
		return is_of_pair(key, algorithm, text,
		    (const unsigned char *)signature.at, signature.bytes);
	bytes = of_halves(signature, half, made);
	return bytes > 0 && is_of_pair(key, algorithm, text, made, bytes);
}
