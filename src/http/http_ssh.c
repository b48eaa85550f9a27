/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_ssh.c: a session of SFTP with a server, from its address to the first
 * file.
 *
 * curl finds the address and opens the socket, as it does for all others; the
 * session itself is libssh2's, for what curl tells of a failure is not enough
 * to know whether a file was sent.  libssh2 never waits: we do, and look
 * whether time is up or the engine stops.  The server's key is one of those
 * that the definition names, or not a word more is said.
 */
#include "http_priv.h"

#include "stated/clock.h"
#include "stated/digest.h"

#include <libssh2.h>
#include <libssh2_sftp.h>
#include <poll.h>
#include <sys/socket.h>

#define LOOK_UP_MS 100
#define KEY_BYTES 32

static int64_t
left_ms(const struct http_ssh *ssh)
{
	int64_t left_us = ssh->deadline_us - clock_monotonic_us();

	return left_us > 0 ? left_us / 1000 + 1 : 0;
}

bool
http_ssh_is_late(const struct http_ssh *ssh)
{
	return left_ms(ssh) == 0 || atomic_load(ssh->is_stopping);
}

bool
http_ssh_wait(struct http_ssh *ssh)
{
	int wanted = libssh2_session_block_directions(ssh->session);
	struct pollfd ready = {.fd = ssh->fd};

	if (http_ssh_is_late(ssh))
		return false;
	if ((wanted & LIBSSH2_SESSION_BLOCK_INBOUND) != 0)
		ready.events |= POLLIN;
	if ((wanted & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0)
		ready.events |= POLLOUT;
	(void)poll(&ready, 1, LOOK_UP_MS);
	return true;
}

void
http_ssh_tell(struct http_ssh *ssh)
{
	char *text = NULL;
	int bytes = 0;

	(void)libssh2_session_last_error(ssh->session, &text, &bytes, 0);
	buf_clear(ssh->detail);
	buf_add(ssh->detail, text, (size_t)bytes);
}

static bool
fail(struct http_ssh *ssh, enum message_failure failure)
{
	ssh->failure = failure;
	if (ssh->session != NULL && ssh->detail->bytes == 0)
		http_ssh_tell(ssh);
	return false;
}

/* --------------------------------------------------------------- the socket */

static int
connecting_cb(void *arg, curl_off_t get_total, curl_off_t got,
    curl_off_t put_total, curl_off_t put)
{
	(void)get_total, (void)got, (void)put_total, (void)put;
	return http_ssh_is_late(arg) ? 1 : 0;
}

/* An address of IPv6 stands in brackets already. */
static void
set_connect(struct http_ssh *ssh, char *error)
{
	struct buf url = {0};

	buf_addf(&url, "http://%.*s:%.*s", STR_ARG(ssh->file->host),
	    STR_ARG(ssh->file->port));
	SET(ssh->easy, CURLOPT_URL, buf_cstr(&url));
	buf_fini(&url);
	SET(ssh->easy, CURLOPT_CONNECT_ONLY, 1L);
	SET(ssh->easy, CURLOPT_PROXY, "");
	SET(ssh->easy, CURLOPT_NOSIGNAL, 1L);
	SET(ssh->easy, CURLOPT_ERRORBUFFER, error);
	SET(ssh->easy, CURLOPT_TIMEOUT_MS, (long)left_ms(ssh));
	SET(ssh->easy, CURLOPT_NOPROGRESS, 0L);
	SET(ssh->easy, CURLOPT_XFERINFOFUNCTION, connecting_cb);
	SET(ssh->easy, CURLOPT_XFERINFODATA, ssh);
}

static bool
connect_socket(struct http_ssh *ssh)
{
	char error[CURL_ERROR_SIZE] = "";
	curl_socket_t fd = CURL_SOCKET_BAD;
	CURLcode result;

	if (http_ssh_is_late(ssh))
		return fail(ssh, MESSAGE_UNSENT);
	ssh->easy = curl_easy_init();
	must(ssh->easy != NULL);
	set_connect(ssh, error);
	result = curl_easy_perform(ssh->easy);
	SET(ssh->easy, CURLOPT_ERRORBUFFER, NULL);
	if (result != CURLE_OK) {
		buf_add_cstr(ssh->detail, error);
		return fail(ssh, http_failure_of(result, false));
	}
	curl_easy_getinfo(ssh->easy, CURLINFO_ACTIVESOCKET, &fd);
	must(fd != CURL_SOCKET_BAD);
	ssh->fd = fd;
	return true;
}

/* ------------------------------------------------------------ the handshake */

static bool
shake_hands(struct http_ssh *ssh)
{
	int result;

	ssh->session = libssh2_session_init();
	must(ssh->session != NULL);
	libssh2_session_set_blocking(ssh->session, 0);
	while ((result = libssh2_session_handshake(ssh->session, ssh->fd)) ==
	    LIBSSH2_ERROR_EAGAIN)
		if (!http_ssh_wait(ssh))
			return fail(ssh, MESSAGE_TLS);
	return result == 0 || fail(ssh, MESSAGE_TLS);
}

/* As ssh-keygen -l writes it: Base64 without its padding. */
static bool
is_key(struct str name, struct str digest)
{
	struct str head = STR("SHA256:");

	while (digest.bytes > 0 && digest.at[digest.bytes - 1] == '=')
		digest.bytes--;
	return str_has_prefix(name, head) &&
	    str_equal(str_slice(name, head.bytes, SIZE_MAX), digest);
}

static bool
check_host(struct http_ssh *ssh)
{
	const char *hash = libssh2_hostkey_hash(ssh->session,
	    LIBSSH2_HOSTKEY_HASH_SHA256);
	struct str rest = ssh->file->host_keys;
	struct arena *arena = arena_new();
	struct str digest;
	bool is_known = false;

	must(hash != NULL);
	digest = digest_base64(arena, (struct str){hash, KEY_BYTES});
	while (rest.bytes > 0)
		is_known |= is_key(str_split(rest, ' ', &rest), digest);
	if (!is_known)
		buf_addf(ssh->detail, "the server's key is SHA256:%.*s",
		    STR_ARG(digest));
	arena_free(&arena);
	return is_known || fail(ssh, MESSAGE_CERTIFICATE);
}

static int
try_login(struct http_ssh *ssh)
{
	const struct message_file *file = ssh->file;
	struct buf passphrase = {0};
	int result;

	if (file->key.at == NULL)
		return libssh2_userauth_password_ex(ssh->session,
		    file->user.at, (unsigned)file->user.bytes,
		    file->password.at, (unsigned)file->password.bytes, NULL);
	buf_add_str(&passphrase, file->passphrase);
	result = libssh2_userauth_publickey_frommemory(ssh->session,
	    file->user.at, file->user.bytes, NULL, 0, file->key.at,
	    file->key.bytes,
	    file->passphrase.at != NULL ? buf_cstr(&passphrase) : NULL);
	if (passphrase.capacity > 0)
		explicit_bzero(passphrase.at, passphrase.capacity);
	buf_fini(&passphrase);
	return result;
}

/* Repeating can't mend it; anything else is a broken connection. */
static bool
is_refusal(int result)
{
	switch (result) {
	case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
	case LIBSSH2_ERROR_PASSWORD_EXPIRED:
	case LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
	case LIBSSH2_ERROR_METHOD_NONE:
	case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
	/* Our own key is none, or is locked. */
	case LIBSSH2_ERROR_FILE:
	case LIBSSH2_ERROR_KEYFILE_AUTH_FAILED:
	case LIBSSH2_ERROR_PROTO:
		return true;
	default:
		return false;
	}
}

static bool
log_in(struct http_ssh *ssh)
{
	int result;

	while ((result = try_login(ssh)) == LIBSSH2_ERROR_EAGAIN)
		if (!http_ssh_wait(ssh))
			return fail(ssh, MESSAGE_UNSENT);
	if (result == 0)
		return true;
	return fail(ssh, is_refusal(result) ? MESSAGE_OK : MESSAGE_UNSENT);
}

static bool
start_sftp(struct http_ssh *ssh)
{
	while ((ssh->sftp = libssh2_sftp_init(ssh->session)) == NULL)
		if (libssh2_session_last_errno(ssh->session) !=
			LIBSSH2_ERROR_EAGAIN ||
		    !http_ssh_wait(ssh))
			return fail(ssh, MESSAGE_UNSENT);
	return true;
}

bool
http_ssh_open(struct http_ssh *ssh)
{
	must(ssh->session == NULL && ssh->easy == NULL);
	buf_clear(ssh->detail);
	return connect_socket(ssh) && shake_hands(ssh) && check_host(ssh) &&
	    log_in(ssh) && start_sftp(ssh);
}

/*
 * Nothing is waited for: whatever was asked has been answered, or will not
 * be.  On a socket that is shut the end of a channel can't be told to the
 * other side, so that libssh2 frees it at once.
 */
void
http_ssh_close(struct http_ssh *ssh)
{
	if (ssh->session != NULL) {
		(void)shutdown(ssh->fd, SHUT_RDWR);
		while (ssh->sftp != NULL && libssh2_sftp_shutdown(ssh->sftp) ==
		    LIBSSH2_ERROR_EAGAIN)
			continue;
		while (libssh2_session_free(ssh->session) ==
		    LIBSSH2_ERROR_EAGAIN)
			continue;
	}
	curl_easy_cleanup(ssh->easy);
	ssh->sftp = NULL;
	ssh->session = NULL;
	ssh->easy = NULL;
}
