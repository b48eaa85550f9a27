/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_tls.c: the server's certificate and key, and those of its clients.
 *
 * A rotation replaces the whole context: connections that are there keep the
 * one that they began with, and what can't be used replaces nothing.  The
 * files are looked at from time to time, so that who renews a certificate
 * need not tell us.
 *
 * No session is resumed where clients show certificates: each handshake is
 * held against the authorities of now.
 */
#include "api_priv.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* Forward secrecy and authenticated ciphers only; all of TLS 1.3 are. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define LOOK_US (5 * 1000 * 1000)
#define DAY_MS (24LL * 60 * 60 * 1000)
#define WARN_MS (30 * DAY_MS)

/* Of a file, as it was when it was read. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec changed;
};

enum { FILE_CERTIFICATE, FILE_KEY, FILE_CLIENT_CA, FILE_COUNT };

struct api_tls {
	const struct api_options *options;
	SSL_CTX *context;
	int64_t expires_ms; /* the certificate */
	int64_t warned_ms;  /* when it was last said; 0: never */
	int64_t looked_us;
	struct stamp stamps[FILE_COUNT]; /* as used, or as refused */
};

/* ---- reading ---- */

static bool
fail(struct buf *detail, const char *what, struct str name)
{
	char text[256];
	unsigned long code = ERR_get_error();

	ERR_error_string_n(code, text, sizeof(text));
	buf_addf(detail, "%s %.*s can't be used: %s", what, STR_ARG(name),
	    code != 0 ? text : "it is not there, or not of its kind");
	ERR_clear_error();
	return false;
}

/* Nobody is at the terminal to be asked for a passphrase. */
static int
passphrase_cb(char *at, int bytes, int is_writing, void *arg)
{
	(void)at, (void)bytes, (void)is_writing, (void)arg;
	return -1;
}

static bool
use_key_text(SSL_CTX *context, struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.bytes);
	EVP_PKEY *key;
	bool is_used;

	must(bio != NULL);
	key = PEM_read_bio_PrivateKey(bio, NULL, passphrase_cb, NULL);
	is_used = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;
	EVP_PKEY_free(key);
	BIO_free(bio);
	return is_used;
}

static bool
use_key(const struct api_options *options, struct arena *arena,
    SSL_CTX *context, struct buf *detail)
{
	struct str name = options->tls_key;
	const struct value *secret;
	bool is_used;

	if (options->tls_key_secret.at != NULL) {
		name = options->tls_key_secret;
		secret = options->secret(options->secret_arg, name);
		is_used = value_str(secret).bytes > 0 &&
			  value_str(secret).bytes < INT32_MAX &&
			  use_key_text(context, value_str(secret));
	} else {
		SSL_CTX_set_default_passwd_cb(context, passphrase_cb);
		is_used = SSL_CTX_use_PrivateKey_file(context,
			      arena_cstr(arena, name), SSL_FILETYPE_PEM) == 1;
	}
	if (is_used && SSL_CTX_check_private_key(context) == 1)
		return true;
	return fail(detail, "key", name);
}

static bool
use_clients(const struct api_options *options, struct arena *arena,
    SSL_CTX *context, struct buf *detail)
{
	const char *path = arena_cstr(arena, options->tls_client_ca);
	STACK_OF(X509_NAME) * names;
	int mode = SSL_VERIFY_PEER;

	if (options->tls_client_ca.at == NULL)
		return true;
	names = SSL_load_client_CA_file(path);
	if (names == NULL ||
	    SSL_CTX_load_verify_locations(context, path, NULL) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return fail(detail, "client-ca", options->tls_client_ca);
	}
	SSL_CTX_set_client_CA_list(context, names);
	if (options->tls_client_required)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(context, mode, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(context, 0);
	return true;
}

static int64_t
instant_of(const ASN1_TIME *time)
{
	struct tm parts = {0};

	return ASN1_TIME_to_tm(time, &parts) == 1
	    ? (int64_t)timegm(&parts) * 1000
	    : 0;
}

/* NULL with *detail where something can't be used. */
static SSL_CTX *
load(const struct api_options *options, struct buf *detail)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	struct arena *arena = arena_new();
	bool ok = true;

	must(context != NULL);
	must(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
	must(SSL_CTX_set_cipher_list(context, CIPHERS) == 1);
	SSL_CTX_set_options(context,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	if (SSL_CTX_use_certificate_chain_file(context,
		arena_cstr(arena, options->tls_certificate)) != 1)
		ok = fail(detail, "certificate", options->tls_certificate);
	ok = ok && use_key(options, arena, context, detail) &&
	     use_clients(options, arena, context, detail);
	arena_free(&arena);
	if (!ok) {
		SSL_CTX_free(context);
		return NULL;
	}
	return context;
}

/* ---- files that change ---- */

static struct stamp
stamp_of(struct str path)
{
	char text[4096];
	struct stat found;

	if (path.at == NULL)
		return (struct stamp){0};
	str_write(text, sizeof(text), "%.*s", STR_ARG(path));
	if (stat(text, &found) != 0)
		return (struct stamp){0};
	return (struct stamp){
	    .device = found.st_dev,
	    .inode = found.st_ino,
	    .bytes = found.st_size,
	    .changed = found.st_mtim,
	};
}

static void
take_stamps(
    const struct api_options *options, struct stamp stamps[FILE_COUNT])
{
	stamps[FILE_CERTIFICATE] = stamp_of(options->tls_certificate);
	stamps[FILE_KEY] = stamp_of(options->tls_key);
	stamps[FILE_CLIENT_CA] = stamp_of(options->tls_client_ca);
}

static bool
is_same(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->bytes == b->bytes &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool
has_changed(const struct api_tls *tls)
{
	struct stamp now[FILE_COUNT];
	bool is_changed = false;

	take_stamps(tls->options, now);
	for (size_t i = 0; i < FILE_COUNT; i++)
		is_changed =
		    is_changed || !is_same(&now[i], &tls->stamps[i]);
	return is_changed;
}

/* Before it is over, and each day from then on. */
static void
warn_of_expiry(struct api_tls *tls)
{
	int64_t now_ms = clock_now_ms(tls->options->outer_clock);
	int64_t left_ms = tls->expires_ms - now_ms;

	if (left_ms > WARN_MS ||
	    (tls->warned_ms != 0 && now_ms - tls->warned_ms < DAY_MS))
		return;
	tls->warned_ms = now_ms;
	if (left_ms > 0)
		log_warning("certificate expires", "certificate=%.*s days=%lld",
		    STR_ARG(tls->options->tls_certificate),
		    (long long)(left_ms / DAY_MS));
	else
		log_error("certificate has expired",
		    "certificate=%.*s: callers will refuse it",
		    STR_ARG(tls->options->tls_certificate));
}

bool
api_tls_reload(struct api_tls *tls, struct buf *detail)
{
	SSL_CTX *context;

	take_stamps(tls->options, tls->stamps);
	context = load(tls->options, detail);
	if (context == NULL)
		return false;
	SSL_CTX_free(tls->context);
	tls->context = context;
	tls->expires_ms = instant_of(
	    X509_get0_notAfter(SSL_CTX_get0_certificate(context)));
	tls->warned_ms = 0;
	warn_of_expiry(tls);
	return true;
}

void
api_tls_look(struct api_tls *tls)
{
	int64_t now_us = clock_monotonic_us();
	struct buf detail = {0};

	if (now_us - tls->looked_us < LOOK_US)
		return;
	tls->looked_us = now_us;
	warn_of_expiry(tls);
	if (!has_changed(tls))
		return;
	/* Of a certificate and its key one may have come before the other. */
	if (api_tls_reload(tls, &detail))
		log_info("certificate renewed", "certificate=%.*s",
		    STR_ARG(tls->options->tls_certificate));
	else
		log_warning("certificate not renewed",
		    "%.*s; that of before stays", STR_ARG(buf_str(&detail)));
	buf_fini(&detail);
}

/* ---- life ---- */

struct api_tls *
api_tls_open(const struct api_options *options, struct buf *detail)
{
	struct api_tls *tls = calloc(1, sizeof(*tls));

	must(tls != NULL);
	must(options->tls_certificate.at != NULL);
	tls->options = options;
	tls->looked_us = clock_monotonic_us();
	if (!api_tls_reload(tls, detail))
		api_tls_close(&tls);
	return tls;
}

bool
api_tls_can_open(const struct api_options *options, struct buf *detail)
{
	SSL_CTX *context = load(options, detail);
	bool can = context != NULL;

	SSL_CTX_free(context);
	return can;
}

void
api_tls_close(struct api_tls **tls)
{
	if (*tls == NULL)
		return;
	SSL_CTX_free((*tls)->context);
	free(*tls);
	*tls = NULL;
}

struct bufferevent *
api_tls_stream(struct api_tls *tls, struct event_base *base)
{
	SSL *ssl = SSL_new(tls->context);
	struct bufferevent *stream;

	must(ssl != NULL);
	stream = bufferevent_openssl_socket_new(base, -1, ssl,
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	must(stream != NULL);
	bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
	return stream;
}

int64_t
api_tls_expires_ms(const struct api_tls *tls)
{
	return tls->expires_ms;
}

/* ---- clients ---- */

/* What the caller has shown, and has been verified; NULL: nothing. */
static X509 *
certificate_of(const struct api_call *call)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(call->request);
	SSL *ssl;

	if (connection == NULL || call->api->options.tls_client_ca.at == NULL)
		return NULL;
	ssl = bufferevent_openssl_get_ssl(
	    evhttp_connection_get_bufferevent(connection));
	if (ssl == NULL || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	return SSL_get0_peer_certificate(ssl);
}

/* As RFC 4514 writes it, which begins with the most particular name. */
static bool
is_subject(const X509 *certificate, struct str wanted)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at = NULL;
	long bytes;
	bool is_same_text;

	must(bio != NULL);
	X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
	    XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	bytes = BIO_get_mem_data(bio, &at);
	is_same_text = str_equal(wanted,
	    (struct str){bytes > 0 ? at : "", bytes > 0 ? (size_t)bytes : 0});
	BIO_free(bio);
	return is_same_text;
}

/* "DNS:host", "URI:spiffe://…", "email:a@b" */
static bool
is_name(const GENERAL_NAME *name, struct str wanted)
{
	const ASN1_IA5STRING *text;
	struct str prefix;

	switch (name->type) {
	case GEN_DNS:
		prefix = STR("DNS:");
		text = name->d.dNSName;
		break;
	case GEN_URI:
		prefix = STR("URI:");
		text = name->d.uniformResourceIdentifier;
		break;
	case GEN_EMAIL:
		prefix = STR("email:");
		text = name->d.rfc822Name;
		break;
	default:
		return false;
	}
	return str_has_prefix(wanted, prefix) &&
	       str_equal(str_slice(wanted, prefix.bytes, wanted.bytes),
		   (struct str){(const char *)ASN1_STRING_get0_data(text),
		       (size_t)ASN1_STRING_length(text)});
}

static bool
has_name(const X509 *certificate, struct str wanted)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	bool has = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		has = has || is_name(sk_GENERAL_NAME_value(names, i), wanted);
	GENERAL_NAMES_free(names);
	return has;
}

const struct api_token *
api_tls_caller(const struct api_call *call)
{
	const struct api_options *options = &call->api->options;
	const X509 *certificate = certificate_of(call);

	for (size_t i = 0;
	     certificate != NULL && i < options->certificate_count; i++) {
		const struct api_certificate *row = &options->certificates[i];

		if (row->subject.at != NULL
			? is_subject(certificate, row->subject)
			: has_name(certificate, row->san))
			return &row->grant;
	}
	return NULL;
}

bool
api_tls_has_certificate(const struct api_call *call)
{
	return certificate_of(call) != NULL;
}

bool
api_tls_is_bound(const struct api_call *call, struct str thumbprint)
{
	X509 *certificate = certificate_of(call);
	struct digest digest;
	unsigned int bytes = sizeof(digest);

	if (certificate == NULL ||
	    X509_digest(certificate, EVP_sha256(), digest.bytes, &bytes) != 1)
		return false;
	return digest_text_equal(thumbprint,
	    digest_base64url(call->arena,
		(struct str){(const char *)digest.bytes, bytes}));
}
