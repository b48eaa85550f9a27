/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_amqp.c: a connection to a broker by librabbitmq: opened, let in, closed,
 * and what its ways of failing mean.
 *
 * The library reads certificates from files only.  Ours are secrets that no
 * file has, so they are put into its TLS context directly.
 */
#include "amqp_priv.h"

#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define FRAME_BYTES_MAX (128 * 1024)
/* How long the broker may take to open what is asked for. */
#define ANSWER_MS 10000
#define GOOD_BYE_MS 500
/* Where the broker wants no heartbeats. */
#define QUIET_MS 10000

/* ------------------------------------------------------------------- life */

void
http_amqp_init(struct http_amqp *amqp, struct arena *arena,
    const struct message_request *request, struct http_worker *worker)
{
	const struct message_broker *broker = request->broker;

	*amqp = (struct http_amqp){
		.broker = *broker,
		.client_certificate =
		    arena_str(arena, request->client_certificate),
		.ca = arena_str(arena, request->ca),
		.worker = worker,
	};
	amqp->broker.host = arena_str(arena, broker->host);
	amqp->broker.port = arena_str(arena, broker->port);
	amqp->broker.vhost = arena_str(arena, broker->vhost);
	amqp->broker.user = arena_str(arena, broker->user);
	amqp->broker.password = arena_str(arena, broker->password);
}

static void
wipe(struct str secret)
{
	if (secret.bytes > 0)
		explicit_bzero((char *)(uintptr_t)secret.at, secret.bytes);
}

void
http_amqp_fini(struct http_amqp *amqp)
{
	must(amqp->state == NULL);
	wipe(amqp->broker.password);
	wipe(amqp->client_certificate);
	buf_fini(&amqp->detail);
}

/* --------------------------------------------------------------- failures */

static void
note(struct http_amqp *amqp, enum message_failure failure, struct str detail)
{
	amqp->failure = failure;
	amqp->status = 0;
	buf_clear(&amqp->detail);
	buf_add_str(&amqp->detail, detail);
}

static enum message_failure
failure_of(int status)
{
	switch (status) {
	case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
		return MESSAGE_UNRESOLVED;
	case AMQP_STATUS_SSL_ERROR:
	case AMQP_STATUS_SSL_CONNECTION_FAILED:
		return MESSAGE_TLS;
	case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
	case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
		return MESSAGE_CERTIFICATE;
	case AMQP_STATUS_SOCKET_ERROR:
	case AMQP_STATUS_TCP_ERROR:
		return MESSAGE_UNREACHABLE;
	default:
		return MESSAGE_UNSENT;
	}
}

void
http_amqp_note(struct http_amqp *amqp, int status)
{
	note(amqp, failure_of(status), str_of(amqp_error_string2(status)));
}

static void
note_reply(struct http_amqp *amqp, int code, amqp_bytes_t text)
{
	note(amqp, MESSAGE_OK, http_amqp_str(text));
	amqp->status = code;
}

void
http_amqp_note_close(struct http_amqp *amqp, const amqp_method_t *method)
{
	if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
		const amqp_channel_close_t *said = method->decoded;

		note_reply(amqp, said->reply_code, said->reply_text);
	} else if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
		const amqp_connection_close_t *said = method->decoded;

		note_reply(amqp, said->reply_code, said->reply_text);
	} else {
		note(amqp, MESSAGE_GARBLED, STR("it answered something else"));
	}
}

bool
http_amqp_is_ok(
    struct http_amqp *amqp, amqp_rpc_reply_t reply, bool *is_broken)
{
	*is_broken = false;
	switch (reply.reply_type) {
	case AMQP_RESPONSE_NORMAL:
		return true;
	case AMQP_RESPONSE_SERVER_EXCEPTION:
		*is_broken = reply.reply.id != AMQP_CHANNEL_CLOSE_METHOD;
		http_amqp_note_close(amqp, &reply.reply);
		return false;
	case AMQP_RESPONSE_LIBRARY_EXCEPTION:
		*is_broken = true;
		http_amqp_note(amqp, reply.library_error);
		return false;
	case AMQP_RESPONSE_NONE:
		break;
	}
	*is_broken = true;
	note(amqp, MESSAGE_GARBLED, STR("it gave no answer"));
	return false;
}

/* -------------------------------------------------------------------- TLS */

static BIO *
memory_of(struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.bytes);

	must(bio != NULL);
	return bio;
}

/* The first is ours, the others lead to who signed it. */
static bool
use_certificate(SSL_CTX *context, struct str pem)
{
	BIO *bio = memory_of(pem);
	X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	bool is_used = x509 != NULL &&
	    SSL_CTX_use_certificate(context, x509) == 1;

	X509_free(x509);
	while (is_used &&
	    (x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		is_used = SSL_CTX_add0_chain_cert(context, x509) == 1;
	BIO_free(bio);
	return is_used;
}

/* A key that is locked is none: nobody could be asked. */
static int
no_passphrase_cb(char *at, int size, int is_writing, void *arg)
{
	(void)at, (void)size, (void)is_writing, (void)arg;
	return -1;
}

static bool
use_key(SSL_CTX *context, struct str pem)
{
	BIO *bio = memory_of(pem);
	EVP_PKEY *key =
	    PEM_read_bio_PrivateKey(bio, NULL, no_passphrase_cb, NULL);
	bool is_used = key != NULL &&
	    SSL_CTX_use_PrivateKey(context, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return is_used;
}

static bool
trust_pem(SSL_CTX *context, struct str pem)
{
	BIO *bio = memory_of(pem);
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	X509 *x509;
	size_t count = 0;

	while ((x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		count += X509_STORE_add_cert(store, x509) == 1;
		X509_free(x509);
	}
	BIO_free(bio);
	return count > 0;
}

static bool
trust(SSL_CTX *context, struct str ca)
{
	struct buf path = {0};
	bool is_trusted;

	if (ca.at == NULL)
		return SSL_CTX_set_default_verify_paths(context) == 1;
	if (ca.bytes == 0 || ca.at[0] != '/')
		return trust_pem(context, ca);
	buf_add_str(&path, ca);
	is_trusted = SSL_CTX_load_verify_locations(context, buf_cstr(&path),
	    NULL) == 1;
	buf_fini(&path);
	return is_trusted;
}

/* Without the brackets of an address of IPv6. */
static struct str
bare_host(struct str host)
{
	bool is_bracketed = host.bytes > 2 && host.at[0] == '[' &&
	    host.at[host.bytes - 1] == ']';

	return is_bracketed ? str_slice(host, 1, host.bytes - 1) : host;
}

/* Of the host, in its certificate: an address or a name. */
static void
expect_name(SSL_CTX *context, struct str host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
	struct buf name = {0};

	buf_add_str(&name, bare_host(host));
	if (X509_VERIFY_PARAM_set1_ip_asc(param, buf_cstr(&name)) != 1)
		must(X509_VERIFY_PARAM_set1_host(param, buf_cstr(&name), 0) ==
		    1);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	buf_fini(&name);
}

static amqp_socket_t *
new_tls_socket(struct http_amqp *amqp)
{
	amqp_socket_t *socket = amqp_ssl_socket_new(amqp->state);
	SSL_CTX *context;
	bool is_ready = true;

	must(socket != NULL);
	context = amqp_ssl_socket_get_context(socket);
	/* The library's own look at the name knows no addresses. */
	amqp_ssl_socket_set_verify_peer(socket, 1);
	amqp_ssl_socket_set_verify_hostname(socket, 0);
	expect_name(context, amqp->broker.host);
	must(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
	if (amqp->client_certificate.at != NULL)
		is_ready = use_certificate(context, amqp->client_certificate) &&
		    use_key(context, amqp->client_certificate);
	is_ready = is_ready && trust(context, amqp->ca);
	ERR_clear_error();
	if (is_ready)
		return socket;
	note(amqp, MESSAGE_CERTIFICATE,
	    STR("our certificate, its key, or who we trust can't be read"));
	return NULL;
}

/* ---------------------------------------------------------------- opening */

static struct timeval
timeval_of(int64_t ms)
{
	return (struct timeval){
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};
}

static bool
connect_to(struct http_amqp *amqp, int64_t timeout_ms)
{
	struct timeval timeout = timeval_of(timeout_ms);
	struct buf host = {0};
	amqp_socket_t *socket = amqp->broker.is_tls
	    ? new_tls_socket(amqp)
	    : amqp_tcp_socket_new(amqp->state);
	int64_t port = 0;
	int status;

	if (socket == NULL)
		return false;
	must(str_parse_int(amqp->broker.port, 1, 65535, &port));
	buf_add_str(&host, bare_host(amqp->broker.host));
	status = amqp_socket_open_noblock(socket, buf_cstr(&host), (int)port,
	    &timeout);
	buf_fini(&host);
	if (status == AMQP_STATUS_OK) {
		http_worker_set_socket(amqp->worker, http_amqp_fd(amqp));
		return true;
	}
	note(amqp, status == AMQP_STATUS_TIMEOUT ? MESSAGE_UNREACHABLE
						 : failure_of(status),
	    str_of(amqp_error_string2(status)));
	return false;
}

/* Operators see by it whose connection that is. */
static amqp_table_entry_t
property(const char *name, const char *value)
{
	return (amqp_table_entry_t){
		.key = amqp_cstring_bytes(name),
		.value = {
			.kind = AMQP_FIELD_KIND_UTF8,
			.value.bytes = amqp_cstring_bytes(value),
		},
	};
}

static amqp_table_entry_t
ability(const char *name)
{
	return (amqp_table_entry_t){
		.key = amqp_cstring_bytes(name),
		.value = {
			.kind = AMQP_FIELD_KIND_BOOLEAN,
			.value.boolean = 1,
		},
	};
}

/* The library can't say nothing, which would be as good: by this name the
 * broker knows us anyway. */
static void
name_ourselves(const struct http_amqp *amqp, char *out, size_t bytes)
{
	SSL_CTX *context =
	    amqp_ssl_socket_get_context(amqp_get_socket(amqp->state));
	X509 *ours = SSL_CTX_get0_certificate(context);

	if (ours == NULL ||
	    X509_NAME_get_text_by_NID(X509_get_subject_name(ours),
		NID_commonName, out, (int)bytes) <= 0)
		str_write(out, bytes, "-");
}

static amqp_rpc_reply_t
log_in(struct http_amqp *amqp, const char *vhost, const char *user,
    const char *password)
{
	/* So that the broker says that it removed a queue, or takes nothing. */
	amqp_table_entry_t able[] = {
		ability("consumer_cancel_notify"),
		ability("connection.blocked"),
	};
	amqp_table_entry_t entries[] = {
		property("product", "stated"),
		property("connection_name", "stated"),
		{.key = amqp_cstring_bytes("capabilities"),
		    .value = {.kind = AMQP_FIELD_KIND_TABLE,
			.value.table = {2, able}}},
	};
	const amqp_table_t properties = {3, entries};
	int heartbeat_s = (int)(amqp->broker.heartbeat_ms / 1000);
	char name[256];

	if (amqp->broker.user.at == NULL) {
		must(amqp->broker.is_tls);
		name_ourselves(amqp, name, sizeof(name));
		return amqp_login_with_properties(amqp->state, vhost, 0,
		    FRAME_BYTES_MAX, heartbeat_s, &properties,
		    AMQP_SASL_METHOD_EXTERNAL, name);
	}
	return amqp_login_with_properties(amqp->state, vhost, 0,
	    FRAME_BYTES_MAX, heartbeat_s, &properties, AMQP_SASL_METHOD_PLAIN,
	    user, password);
}

/* A broker closes the connection where it knows nobody of that name. */
static void
note_refused_login(struct http_amqp *amqp)
{
	bool is_closed = amqp->failure == MESSAGE_UNSENT;

	if (amqp->status == AMQP_ACCESS_REFUSED)
		amqp->status = 401;
	else if (is_closed && amqp->status == 0)
		amqp->failure = MESSAGE_UNREACHABLE;
}

static bool
be_let_in(struct http_amqp *amqp)
{
	struct buf vhost = {0}, user = {0}, password = {0};
	bool is_broken, is_in;

	buf_add_str(&vhost, amqp->broker.vhost);
	buf_add_str(&user, amqp->broker.user);
	buf_add_str(&password, amqp->broker.password);
	is_in = http_amqp_is_ok(amqp,
	    log_in(amqp, buf_cstr(&vhost), buf_cstr(&user),
		buf_cstr(&password)),
	    &is_broken);
	wipe(buf_str(&password));
	buf_fini(&vhost);
	buf_fini(&user);
	buf_fini(&password);
	if (!is_in)
		note_refused_login(amqp);
	return is_in;
}

bool
http_amqp_open(struct http_amqp *amqp, int64_t timeout_ms)
{
	struct timeval answer =
	    timeval_of(timeout_ms < ANSWER_MS ? timeout_ms : ANSWER_MS);

	must(amqp->state == NULL && timeout_ms > 0);
	amqp->state = amqp_new_connection();
	must(amqp->state != NULL);
	must(amqp_set_handshake_timeout(amqp->state, &answer) ==
	    AMQP_STATUS_OK);
	if (connect_to(amqp, timeout_ms) && be_let_in(amqp)) {
		answer = timeval_of(ANSWER_MS);
		must(amqp_set_rpc_timeout(amqp->state, &answer) ==
		    AMQP_STATUS_OK);
		return true;
	}
	http_amqp_close(amqp, false);
	return false;
}

void
http_amqp_close(struct http_amqp *amqp, bool is_well)
{
	const struct timeval patience = timeval_of(GOOD_BYE_MS);

	if (amqp->state == NULL)
		return;
	if (is_well &&
	    amqp_set_rpc_timeout(amqp->state, &patience) == AMQP_STATUS_OK)
		(void)amqp_connection_close(amqp->state, AMQP_REPLY_SUCCESS);
	http_worker_set_socket(amqp->worker, -1);
	(void)amqp_destroy_connection(amqp->state);
	amqp->state = NULL;
}

/* ----------------------------------------------------------------- frames */

int
http_amqp_next(struct http_amqp *amqp, amqp_frame_t *frame)
{
	const struct timeval none = {0, 0};
	int status;

	amqp_maybe_release_buffers(amqp->state);
	status = amqp_simple_wait_frame_noblock(amqp->state, frame, &none);
	if (status == AMQP_STATUS_OK)
		return 1;
	if (status == AMQP_STATUS_TIMEOUT)
		return 0;
	http_amqp_note(amqp, status);
	return -1;
}

int
http_amqp_fd(const struct http_amqp *amqp)
{
	return amqp->state != NULL ? amqp_get_sockfd(amqp->state) : -1;
}

int64_t
http_amqp_beat_ms(const struct http_amqp *amqp)
{
	int heartbeat_s = amqp_get_heartbeat(amqp->state);

	return heartbeat_s > 0 ? heartbeat_s * 1000LL / 4 : QUIET_MS;
}
