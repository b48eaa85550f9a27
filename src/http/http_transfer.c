/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_transfer.c: one exchange on one easy handle of curl.
 *
 * What curl does by itself and must not: when a kept connection breaks before
 * an answer's first byte, it takes the request for unseen and sends it again
 * on another connection, a POST too.  A server that paid and then broke down
 * would pay twice.  The callback before each sending (prereq) is where we
 * stop that: the second time is refused unless the method is safe or not a
 * byte of the first attempt went out.
 */
#include "http_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define TRANSFER_MAGIC 0x7f3a11d5u
#define HEAD_BYTES_MAX (256 * 1024)
#define BODY_BYTES_MAX (16 * 1024 * 1024) /* where the request says nothing */
/* Buffers above this are not kept with an idle transfer. */
#define KEPT_BYTES_MAX (64 * 1024)
#define USER_AGENT "stated/" STATED_VERSION

static void set_constant_options(struct http_transfer *transfer);
static void set_method(struct http_transfer *transfer,
    const struct message_request *request);
static void set_headers(struct http_transfer *transfer,
    const struct message_request *request);
static void set_blob(CURL *easy, CURLoption option, const struct buf *pem);
static void set_ca(struct http_transfer *transfer);
static void read_fields(struct http_transfer *transfer);

/* Options are valid by construction; only a bug of ours fails to set one. */
#define SET(easy, option, value)                                               \
	must(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

struct http_transfer *
http_transfer_new(void)
{
	struct http_transfer *transfer = calloc(1, sizeof(*transfer));

	must(transfer != NULL);
	transfer->magic = TRANSFER_MAGIC;
	transfer->easy = curl_easy_init();
	must(transfer->easy != NULL);
	set_constant_options(transfer);
	return transfer;
}

void
http_transfer_free(struct http_transfer **transfer_take)
{
	struct http_transfer *transfer = http_transfer_of(*transfer_take);

	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	buf_fini(&transfer->request_body);
	buf_fini(&transfer->certificate);
	buf_fini(&transfer->ca);
	buf_fini(&transfer->head);
	buf_fini(&transfer->body);
	free(transfer->fields);
	transfer->magic = 0;
	free(transfer);
	*transfer_take = NULL;
}

struct http_transfer *
http_transfer_of(void *pointer)
{
	struct http_transfer *transfer = pointer;

	must(transfer != NULL);
	must(transfer->magic == TRANSFER_MAGIC);
	return transfer;
}

static bool
is_https(struct str url)
{
	return message_name_equal(str_slice(url, 0, 6), STR("https:"));
}

void
http_transfer_begin(struct http_transfer *transfer,
    const struct message_request *request)
{
	must(transfer->state == TRANSFER_IDLE);
	must(request->timeout_ms > 0);
	must(request->url.bytes > 0);

	transfer->state = TRANSFER_UNDER_WAY;
	transfer->is_tls = is_https(request->url);
	transfer->body.bytes_max = request->response_bytes_max > 0
	    ? request->response_bytes_max
	    : BODY_BYTES_MAX;
	buf_add_str(&transfer->request_body, request->body);
	buf_add_str(&transfer->certificate, request->client_certificate);
	buf_add_str(&transfer->ca, request->ca);
	must(http_is_one_line(request->url));

	/* curl keeps its own copy of the address; `head` is free until then. */
	buf_add_str(&transfer->head, request->url);
	SET(transfer->easy, CURLOPT_URL, buf_cstr(&transfer->head));
	buf_clear(&transfer->head);
	transfer->timeout_ms = request->timeout_ms;
	SET(transfer->easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	if (request->mail != NULL) {
		http_mail_begin(transfer, request);
	} else {
		set_method(transfer, request);
		set_headers(transfer, request);
	}
	set_blob(transfer->easy, CURLOPT_SSLCERT_BLOB, &transfer->certificate);
	set_blob(transfer->easy, CURLOPT_SSLKEY_BLOB, &transfer->certificate);
	set_ca(transfer);
}

static enum message_failure
failure_of(const struct http_transfer *transfer, CURLcode result)
{
	if (result == CURLE_OK)
		return MESSAGE_OK;
	return transfer->is_too_large
	    ? MESSAGE_TOO_LARGE
	    : http_failure_of(result, http_transfer_may_be_sent(transfer));
}

struct message_response
http_transfer_end(struct http_transfer *transfer, CURLcode result)
{
	struct message_response response = {.failure = MESSAGE_OK};
	curl_off_t elapsed_us = 0;
	long status = 0;

	must(transfer->state == TRANSFER_UNDER_WAY);
	transfer->state = TRANSFER_ENDED;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
	response.status = (int)status;
	if (transfer->is_mail)
		response.failure = http_mail_failure(transfer, result,
		    &response.status, &response.body);
	else
		read_fields(transfer);
	response.headers = transfer->fields;
	response.header_count = transfer->field_count;
	response.elapsed_ms = (int64_t)(elapsed_us / 1000);
	if (!transfer->is_mail) {
		response.body = buf_str(&transfer->body);
		response.failure = failure_of(transfer, result);
	}
	if (response.failure == MESSAGE_OK)
		return response;
	response.detail = transfer->error[0] != '\0'
	    ? str_of(transfer->error)
	    : str_of(curl_easy_strerror(result));
	if (transfer->resend_refused)
		response.detail = STR("the kept connection broke before an "
				      "answer, and sending again could do "
				      "it twice");
	return response;
}

static void
clear(struct buf *buf)
{
	if (buf->capacity > KEPT_BYTES_MAX) {
		size_t bytes_max = buf->bytes_max;
		buf_fini(buf);
		buf_init(buf, bytes_max);
	}
	buf_clear(buf);
}

/* Secrets don't stay in memory that waits for its next use. */
static void
wipe(struct buf *buf)
{
	if (buf->capacity > 0)
		explicit_bzero(buf->at, buf->capacity);
	clear(buf);
}

void
http_transfer_begin_anew(struct http_transfer *transfer)
{
	must(transfer->state == TRANSFER_UNDER_WAY);
	must(!http_transfer_may_be_sent(transfer));
	buf_clear(&transfer->head);
	buf_clear(&transfer->body);
	transfer->handed_over = false;
	transfer->found_no_socket = false;
	transfer->is_too_large = false;
	transfer->extra_ms = 0;
	transfer->error[0] = '\0';
	SET(transfer->easy, CURLOPT_TIMEOUT_MS, (long)transfer->timeout_ms);
}

/* curl asks for its options' values as it goes. */
void
http_transfer_extend(struct http_transfer *transfer, int64_t more_ms)
{
	must(transfer->state == TRANSFER_UNDER_WAY);
	must(more_ms > 0);
	transfer->extra_ms += more_ms;
	SET(transfer->easy, CURLOPT_TIMEOUT_MS,
	    (long)(transfer->timeout_ms + transfer->extra_ms));
}

void
http_transfer_recycle(struct http_transfer *transfer)
{
	must(transfer->state == TRANSFER_ENDED);
	transfer->state = TRANSFER_IDLE;
	http_mail_forget(transfer);
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	wipe(&transfer->certificate);
	clear(&transfer->request_body);
	clear(&transfer->ca);
	clear(&transfer->head);
	clear(&transfer->body);
	transfer->field_count = 0;
	transfer->handed_over = false;
	transfer->resend_refused = false;
	transfer->found_no_socket = false;
	transfer->extra_ms = 0;
	transfer->is_too_large = false;
	transfer->error[0] = '\0';
	transfer->done = NULL;
	transfer->arg = NULL;
}

/* ---------------------------------------------------------------- request */

static void
set_method(struct http_transfer *transfer,
    const struct message_request *request)
{
	CURL *easy = transfer->easy;
	struct str method = request->method;
	bool is_get = str_equal(method, STR("GET"));
	bool is_head = str_equal(method, STR("HEAD"));
	bool is_post = str_equal(method, STR("POST"));
	bool has_body = request->body.bytes > 0 || is_post ||
	    str_equal(method, STR("PUT")) || str_equal(method, STR("PATCH"));
	char name[16];

	must(method.bytes > 0 && method.bytes < sizeof(name));
	memcpy(name, method.at, method.bytes);
	name[method.bytes] = '\0';
	transfer->is_safe = is_get || is_head;

	SET(easy, CURLOPT_HTTPGET, 1L); /* undoes NOBODY and POST of before */
	SET(easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (is_head) {
		SET(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (has_body) {
		SET(easy, CURLOPT_POST, 1L);
		SET(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)transfer->request_body.bytes);
		SET(easy, CURLOPT_POSTFIELDS,
		    buf_cstr(&transfer->request_body));
	}
	if (!(is_get && !has_body) && !is_post)
		SET(easy, CURLOPT_CUSTOMREQUEST, name);
}

static void
add_header(struct http_transfer *transfer, struct buf *line)
{
	struct curl_slist *more =
	    curl_slist_append(transfer->headers, buf_cstr(line));

	must(more != NULL);
	transfer->headers = more;
	buf_clear(line);
}

bool
http_is_one_line(struct str text)
{
	for (size_t i = 0; i < text.bytes; i++)
		if (text.at[i] == '\r' || text.at[i] == '\n' ||
		    text.at[i] == '\0')
			return false;
	return true;
}

static void
set_headers(struct http_transfer *transfer,
    const struct message_request *request)
{
	struct buf *line = &transfer->head; /* free until an answer comes */
	bool has_type = false;

	for (size_t i = 0; i < request->header_count; i++) {
		const struct message_header *header = &request->headers[i];
		must(header->name.bytes > 0);
		must(http_is_one_line(header->name));
		must(http_is_one_line(header->value));
		has_type |=
		    message_name_equal(header->name, STR("content-type"));
		buf_add_str(line, header->name);
		/* "Name;" is how curl is told of an empty value. */
		buf_add_cstr(line, header->value.bytes > 0 ? ": " : ";");
		buf_add_str(line, header->value);
		add_header(transfer, line);
	}
	/* Without these curl asks leave to send a body and calls it a form. */
	buf_add_cstr(line, "Expect:");
	add_header(transfer, line);
	if (!has_type) {
		buf_add_cstr(line, "Content-Type:");
		add_header(transfer, line);
	}
	SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static void
set_blob(CURL *easy, CURLoption option, const struct buf *pem)
{
	struct curl_blob blob = {
		.data = pem->at,
		.len = pem->bytes,
		.flags = CURL_BLOB_NOCOPY,
	};

	SET(easy, option, pem->bytes > 0 ? &blob : NULL);
}

/* curl's own default is a path too: NULL would leave it without any. */
static void
set_ca(struct http_transfer *transfer)
{
	const struct buf none = {0};
	struct buf *ca = &transfer->ca;
	bool is_path = ca->bytes > 0 && ca->at[0] == '/';

	set_blob(transfer->easy, CURLOPT_CAINFO_BLOB, is_path ? &none : ca);
	if (is_path)
		SET(transfer->easy, CURLOPT_CAINFO, buf_cstr(ca));
	else if (transfer->has_ca_path)
		SET(transfer->easy, CURLOPT_CAINFO, transfer->default_ca);
	transfer->has_ca_path = is_path;
}

/* --------------------------------------------------------------- progress */

/* Over TLS (and so perhaps HTTP/2) curl counts bytes that wait in a frame or
 * doesn't count those of a failed write; then a standing connection is enough
 * for doubt. */
bool
http_transfer_may_be_sent(const struct http_transfer *transfer)
{
	long request_bytes = 0;

	if (transfer->is_mail)
		return http_mail_may_be_sent(transfer);
	if (!transfer->handed_over)
		return false;
	if (transfer->is_tls || transfer->resend_refused)
		return true;
	curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE,
	    &request_bytes);
	return request_bytes > 0;
}

static int
transfer_prereq_cb(void *arg, char *peer, char *local, int peer_port,
    int local_port)
{
	struct http_transfer *transfer = http_transfer_of(arg);

	(void)peer, (void)local, (void)peer_port, (void)local_port;
	if (http_transfer_may_be_sent(transfer) && !transfer->is_safe) {
		transfer->resend_refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	transfer->handed_over = true;
	return CURL_PREREQFUNC_OK;
}

static curl_socket_t
transfer_open_cb(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_transfer *transfer = http_transfer_of(arg);
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);

	(void)purpose;
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		transfer->found_no_socket = true;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static size_t
transfer_header_cb(char *at, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = http_transfer_of(arg);
	struct str line = {at, size * count};

	if (transfer->mail_is_decided)
		return line.bytes;
	/* Each answer, interim ones too, begins anew with its status line. */
	if (str_has_prefix(line, STR("HTTP/")))
		buf_clear(&transfer->head);
	buf_add_str(&transfer->head, line);
	if (transfer->is_mail)
		http_mail_heard(transfer, line);
	transfer->is_too_large |= transfer->head.bytes > HEAD_BYTES_MAX;
	return transfer->is_too_large ? 0 : line.bytes;
}

static size_t
transfer_body_cb(char *at, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = http_transfer_of(arg);

	buf_add(&transfer->body, at, size * count);
	transfer->is_too_large |= buf_is_over(&transfer->body);
	return transfer->is_too_large ? 0 : size * count;
}

/* --------------------------------------------------------------- response */

static void
add_field(struct http_transfer *transfer, struct str name, struct str value)
{
	if (transfer->field_count == transfer->field_capacity) {
		size_t capacity = transfer->field_capacity * 2 + 16;
		struct message_header *fields = reallocarray(transfer->fields,
		    capacity, sizeof(fields[0]));
		must(fields != NULL);
		transfer->fields = fields;
		transfer->field_capacity = capacity;
	}
	transfer->fields[transfer->field_count++] =
	    (struct message_header){.name = name, .value = str_trim(value)};
}

/* Status lines and folded lines (obsolete since RFC 7230) have no name. */
static void
read_fields(struct http_transfer *transfer)
{
	struct str rest = buf_str(&transfer->head);

	must(transfer->field_count == 0);
	while (rest.bytes > 0) {
		struct str value;
		struct str line = str_split(rest, '\n', &rest);
		struct str name = str_split(line, ':', &value);
		if (value.at == NULL || name.bytes == 0)
			continue;
		if (name.at[0] == ' ' || name.at[0] == '\t' ||
		    str_find(name, STR("/")) != SIZE_MAX)
			continue;
		add_field(transfer, str_trim(name), value);
	}
}

/* ---------------------------------------------------------------- options */

void
http_transfer_set_socket(struct http_transfer *transfer)
{
	SET(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, transfer_open_cb);
	SET(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
}

void
http_transfer_set_protocols(struct http_transfer *transfer,
    const char *protocols)
{
#if CURL_AT_LEAST_VERSION(7, 85, 0)
	SET(transfer->easy, CURLOPT_PROTOCOLS_STR, protocols);
#else
	bool is_mail = strcmp(protocols, HTTP_MAIL_PROTOCOLS) == 0;

	SET(transfer->easy, CURLOPT_PROTOCOLS, is_mail
	    ? (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS)
	    : (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void
set_constant_options(struct http_transfer *transfer)
{
	CURL *easy = transfer->easy;

	SET(easy, CURLOPT_PRIVATE, transfer);
	SET(easy, CURLOPT_ERRORBUFFER, transfer->error);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_PROXY, ""); /* nor one named by the environment */
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	SET(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	SET(easy, CURLOPT_USERAGENT, USER_AGENT);
	SET(easy, CURLOPT_TCP_NODELAY, 1L);
	SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_getinfo(easy, CURLINFO_CAINFO, &transfer->default_ca);
	SET(easy, CURLOPT_SSLCERTTYPE, "PEM");
	SET(easy, CURLOPT_SSLKEYTYPE, "PEM");
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	http_transfer_set_protocols(transfer, HTTP_WEB_PROTOCOLS);
	http_transfer_set_socket(transfer);
	SET(easy, CURLOPT_PREREQFUNCTION, transfer_prereq_cb);
	SET(easy, CURLOPT_PREREQDATA, transfer);
	SET(easy, CURLOPT_HEADERFUNCTION, transfer_header_cb);
	SET(easy, CURLOPT_HEADERDATA, transfer);
	SET(easy, CURLOPT_WRITEFUNCTION, transfer_body_cb);
	SET(easy, CURLOPT_WRITEDATA, transfer);
}
