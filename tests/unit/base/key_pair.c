/* SPDX-License-Identifier: Apache-2.0 */
#include "key_pair.h"

#include "stated/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static EVP_PKEY *
generate(enum key_pair_kind kind)
{
	switch (kind) {
	case PAIR_RSA:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	case PAIR_RSA_WEAK:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	case PAIR_P256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	case PAIR_P384:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	case PAIR_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
	return NULL;
}

static struct str
take_text(struct arena *arena, BIO *bio)
{
	char *at = NULL;
	long bytes = BIO_get_mem_data(bio, &at);
	struct str text = arena_str(arena, (struct str){at, (size_t)bytes});

	BIO_free(bio);
	return text;
}

static struct str
certify(struct arena *arena, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);

	must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
	must(X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) != NULL);
	must(X509_set_pubkey(certificate, key) == 1);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		 (const unsigned char *)"localhost", -1, -1, 0) == 1);
	must(X509_set_issuer_name(certificate, name) == 1);
	must(X509_sign(certificate, key, EVP_sha256()) > 0);
	must(PEM_write_bio_X509(bio, certificate) == 1);
	X509_free(certificate);
	return take_text(arena, bio);
}

static struct str
number_of(struct arena *arena, EVP_PKEY *key, const char *name, int bytes)
{
	unsigned char text[512];
	BIGNUM *number = NULL;

	must(EVP_PKEY_get_bn_param(key, name, &number) == 1);
	if (bytes == 0)
		bytes = BN_num_bytes(number);
	must(bytes <= (int)sizeof(text));
	must(BN_bn2binpad(number, text, bytes) == bytes);
	BN_free(number);
	return digest_base64url(arena,
	    (struct str){(char *)text, (size_t)bytes});
}

static struct str
jwk_of(struct arena *arena, EVP_PKEY *key, enum key_pair_kind kind)
{
	struct str x, y;
	unsigned char raw[32];
	size_t bytes = sizeof(raw);
	int half = kind == PAIR_P384 ? 48 : 32;

	if (kind == PAIR_RSA || kind == PAIR_RSA_WEAK) {
		x = number_of(arena, key, OSSL_PKEY_PARAM_RSA_N, 0);
		y = number_of(arena, key, OSSL_PKEY_PARAM_RSA_E, 0);
		return arena_strf(arena,
		    "{\"kty\":\"RSA\",\"kid\":\"k1\",\"n\":\"%.*s\","
		    "\"e\":\"%.*s\"}", STR_ARG(x), STR_ARG(y));
	}
	if (kind == PAIR_ED25519) {
		must(EVP_PKEY_get_raw_public_key(key, raw, &bytes) == 1);
		x = digest_base64url(arena, (struct str){(char *)raw, bytes});
		return arena_strf(arena,
		    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k1\","
		    "\"x\":\"%.*s\"}", STR_ARG(x));
	}
	x = number_of(arena, key, OSSL_PKEY_PARAM_EC_PUB_X, half);
	y = number_of(arena, key, OSSL_PKEY_PARAM_EC_PUB_Y, half);
	return arena_strf(arena,
	    "{\"kty\":\"EC\",\"crv\":\"%s\",\"kid\":\"k1\",\"x\":\"%.*s\","
	    "\"y\":\"%.*s\"}", half == 48 ? "P-384" : "P-256", STR_ARG(x),
	    STR_ARG(y));
}

struct key_pair
key_pair_new(struct arena *arena, enum key_pair_kind kind)
{
	EVP_PKEY *key = generate(kind);
	BIO *private = BIO_new(BIO_s_mem()), *public = BIO_new(BIO_s_mem());
	struct key_pair pair = {0};

	must(key != NULL);
	must(PEM_write_bio_PrivateKey(private, key, NULL, NULL, 0, NULL,
		 NULL) == 1);
	must(PEM_write_bio_PUBKEY(public, key) == 1);
	pair.private = take_text(arena, private);
	pair.public = take_text(arena, public);
	if (kind != PAIR_ED25519)
		pair.certificate = certify(arena, key);
	pair.jwk = jwk_of(arena, key, kind);
	EVP_PKEY_free(key);
	return pair;
}
