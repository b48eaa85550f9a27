/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c: see identity.h. */
#include "identity.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
add_extension(X509 *certificate, int nid, const char *text)
{
	X509_EXTENSION *extension =
	    X509V3_EXT_conf_nid(NULL, NULL, nid, text);

	assert_non_null(extension);
	assert_true(X509_add_ext(certificate, extension, -1));
	X509_EXTENSION_free(extension);
}

static void
add_pem(struct buf *out, BIO *bio)
{
	char *at;
	long bytes = BIO_get_mem_data(bio, &at);

	buf_add(out, at, (size_t)bytes);
	BIO_free(bio);
}

static void
write_pem(struct identity *identity)
{
	BIO *certificate = BIO_new(BIO_s_mem());
	BIO *key = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(certificate, identity->certificate);
	PEM_write_bio_PrivateKey(key, identity->key, NULL, NULL, 0, NULL, NULL);
	add_pem(&identity->certificate_pem, certificate);
	buf_add_str(&identity->both_pem, buf_str(&identity->certificate_pem));
	add_pem(&identity->both_pem, key);
}

/* Without its names, its issuer and its signature. */
static X509 *
begin(struct identity *identity, const char *common_name, long valid_seconds)
{
	X509 *certificate = X509_new();

	identity->key = EVP_EC_gen("P-256");
	identity->certificate = certificate;
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
	X509_gmtime_adj(X509_getm_notAfter(certificate), valid_seconds);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
	    MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
	X509_set_pubkey(certificate, identity->key);
	return certificate;
}

void
identity_init(struct identity *identity, const char *names, long valid_seconds)
{
	identity_init_as(identity, "test", names, valid_seconds);
}

void
identity_init_as(struct identity *identity, const char *common_name,
    const char *names, long valid_seconds)
{
	X509 *certificate = begin(identity, common_name, valid_seconds);

	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	add_extension(certificate, NID_basic_constraints, "CA:TRUE");
	add_extension(certificate, NID_subject_alt_name, names);
	assert_true(X509_sign(certificate, identity->key, EVP_sha256()) > 0);
	write_pem(identity);
}

void
identity_init_signed(struct identity *identity, const struct identity *signer,
    const char *common_name)
{
	X509 *certificate = begin(identity, common_name, 3600);

	X509_set_issuer_name(
	    certificate, X509_get_subject_name(signer->certificate));
	assert_true(X509_sign(certificate, signer->key, EVP_sha256()) > 0);
	write_pem(identity);
}

void
identity_fini(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
	buf_fini(&identity->certificate_pem);
	buf_fini(&identity->both_pem);
}

SSL_CTX *
identity_server(const struct identity *identity)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	assert_non_null(tls);
	if (identity != NULL) {
		SSL_CTX_use_certificate(tls, identity->certificate);
		SSL_CTX_use_PrivateKey(tls, identity->key);
	}
	return tls;
}
