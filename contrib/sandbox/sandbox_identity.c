/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_identity.c: a table of identities, see sandbox_identity.h. */
#include "sandbox_identity.h"

#include <stdlib.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY_S 86400l
#define OUR_NAMES                                                              \
	"DNS:localhost,DNS:sandbox.localhost,DNS:*.sandbox.localhost,"         \
	"IP:127.0.0.1,IP:::1"

static const struct row {
	const char *name;
	const char *names; /* NULL: it signs others */
	enum sandbox_identity_kind signer;
	long from_s; /* from now on */
	long to_s;
} rows[SANDBOX_IDENTITY_COUNT] = {
    [SANDBOX_IDENTITY_AUTHORITY] = {"stated-sandbox", NULL,
	SANDBOX_IDENTITY_AUTHORITY, -DAY_S, 365 * DAY_S},
    [SANDBOX_IDENTITY_STRANGER] = {"stranger", NULL,
	SANDBOX_IDENTITY_STRANGER, -DAY_S, 365 * DAY_S},
    [SANDBOX_IDENTITY_SERVER] = {"sandbox", OUR_NAMES,
	SANDBOX_IDENTITY_AUTHORITY, -DAY_S, 365 * DAY_S},
    [SANDBOX_IDENTITY_EXPIRED] = {"expired", OUR_NAMES,
	SANDBOX_IDENTITY_AUTHORITY, -2 * DAY_S, -DAY_S},
    [SANDBOX_IDENTITY_EARLY] = {"early", OUR_NAMES,
	SANDBOX_IDENTITY_AUTHORITY, DAY_S, 2 * DAY_S},
    [SANDBOX_IDENTITY_OTHER_NAME] = {"other", "DNS:other.example",
	SANDBOX_IDENTITY_AUTHORITY, -DAY_S, 365 * DAY_S},
    [SANDBOX_IDENTITY_SELF_SIGNED] = {"self-signed", OUR_NAMES,
	SANDBOX_IDENTITY_SELF_SIGNED, -DAY_S, 365 * DAY_S},
    [SANDBOX_IDENTITY_UNKNOWN] = {"unknown", OUR_NAMES,
	SANDBOX_IDENTITY_STRANGER, -DAY_S, 365 * DAY_S},
    [SANDBOX_IDENTITY_CLIENT] = {"client", "DNS:client",
	SANDBOX_IDENTITY_AUTHORITY, -DAY_S, 365 * DAY_S},
};

struct sandbox_identities {
	EVP_PKEY *keys[SANDBOX_IDENTITY_COUNT];
	X509 *certificates[SANDBOX_IDENTITY_COUNT];
};

static void
add_extension(X509 *certificate, int nid, const char *text)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, text);

	must(extension != NULL);
	must(X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* The signer has come before: it is the same one, or stands above. */
static void
make(struct sandbox_identities *identities, enum sandbox_identity_kind kind)
{
	const struct row *row = &rows[kind];
	X509 *certificate = X509_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_NAME *name;

	must(certificate != NULL && key != NULL);
	must(row->signer <= kind);
	identities->keys[kind] = key;
	identities->certificates[kind] = certificate;
	name = X509_get_subject_name(certificate);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		 (const unsigned char *)row->name, -1, -1, 0) == 1);
	must(X509_set_version(certificate, X509_VERSION_3) == 1);
	must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), kind + 1));
	must(X509_gmtime_adj(X509_getm_notBefore(certificate), row->from_s));
	must(X509_gmtime_adj(X509_getm_notAfter(certificate), row->to_s));
	must(X509_set_issuer_name(certificate,
		 X509_get_subject_name(
		     identities->certificates[row->signer])) == 1);
	must(X509_set_pubkey(certificate, key) == 1);
	add_extension(certificate, NID_basic_constraints,
	    row->names == NULL ? "critical,CA:TRUE" : "CA:FALSE");
	if (row->names != NULL)
		add_extension(certificate, NID_subject_alt_name, row->names);
	must(X509_sign(certificate, identities->keys[row->signer],
		 EVP_sha256()) > 0);
}

struct sandbox_identities *
sandbox_identities_new(void)
{
	struct sandbox_identities *identities =
	    calloc(1, sizeof(*identities));

	must(identities != NULL);
	for (int kind = 0; kind < SANDBOX_IDENTITY_COUNT; kind++)
		make(identities, (enum sandbox_identity_kind)kind);
	return identities;
}

void
sandbox_identities_free(struct sandbox_identities **identities)
{
	if (*identities == NULL)
		return;
	for (int kind = 0; kind < SANDBOX_IDENTITY_COUNT; kind++) {
		EVP_PKEY_free((*identities)->keys[kind]);
		X509_free((*identities)->certificates[kind]);
	}
	free(*identities);
	*identities = NULL;
}

void
sandbox_identities_show(const struct sandbox_identities *identities, SSL *ssl,
    enum sandbox_identity_kind kind)
{
	must(SSL_use_certificate(ssl, identities->certificates[kind]) == 1);
	must(SSL_use_PrivateKey(ssl, identities->keys[kind]) == 1);
}

void
sandbox_identities_trust(const struct sandbox_identities *identities,
    SSL_CTX *context)
{
	X509 *authority =
	    identities->certificates[SANDBOX_IDENTITY_AUTHORITY];

	must(X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
		 authority) == 1);
	must(SSL_CTX_add_client_CA(context, authority) == 1);
}

/* ---- PEM ---- */

static void
add_pem_take(BIO *bio, struct buf *out)
{
	char *at;
	long bytes = BIO_get_mem_data(bio, &at);

	buf_add(out, at, (size_t)bytes);
	BIO_free(bio);
}

void
sandbox_identities_add_certificate(const struct sandbox_identities *identities,
    enum sandbox_identity_kind kind, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(bio != NULL);
	must(PEM_write_bio_X509(bio, identities->certificates[kind]) == 1);
	add_pem_take(bio, out);
}

void
sandbox_identities_add_key(const struct sandbox_identities *identities,
    enum sandbox_identity_kind kind, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	must(bio != NULL);
	must(PEM_write_bio_PrivateKey(bio, identities->keys[kind], NULL, NULL,
		 0, NULL, NULL) == 1);
	add_pem_take(bio, out);
}
