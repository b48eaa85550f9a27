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
#define ENCODINGS "gzip, deflate" /* as http_coding.c unpacks them */

static void set_constant_options(struct http_transfer *transfer);
static void set_method(struct http_transfer *transfer,
    const struct message_request *request);
static void set_headers(struct http_transfer *transfer,
    const struct message_request *request);
static void set_url(struct http_transfer *transfer, struct str url);
static void set_timeout(struct http_transfer *transfer, int64_t timeout_ms);
static void set_blobs(struct http_transfer *transfer);
static void read_fields(struct http_transfer *transfer);
static bool begin_sink(struct http_transfer *transfer);

struct http_transfer *
http_transfer_new(struct http_sockets *sockets)
{
	struct http_transfer *transfer = calloc(1, sizeof(*transfer));

	must(transfer != NULL);
	transfer->magic = TRANSFER_MAGIC;
	transfer->easy = curl_easy_init();
	transfer->address = curl_url();
	must(transfer->easy != NULL && transfer->address != NULL);
	transfer->sockets = sockets;
	set_constant_options(transfer);
	return transfer;
}

void
http_transfer_free(struct http_transfer **transfer_take)
{
	struct http_transfer *transfer = http_transfer_of(*transfer_take);

	http_file_free(&transfer->file);
	http_goodbye_forget(transfer);
	http_coding_free(&transfer->coding);
	curl_easy_cleanup(transfer->easy);
	curl_url_cleanup(transfer->address);
	curl_slist_free_all(transfer->recipients);
	free(transfer->lines);
	buf_fini(&transfer->url);
	buf_fini(&transfer->header_text);
	buf_fini(&transfer->request_body);
	buf_fini(&transfer->certificate);
	buf_fini(&transfer->ca);
	buf_fini(&transfer->proxy_ca);
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
    const struct message_request *request, const struct http_sink *sink)
{
	must(transfer->state == TRANSFER_IDLE);
	must(request->timeout_ms > 0);
	must(request->url.bytes > 0);

	transfer->state = TRANSFER_UNDER_WAY;
	if (request->file != NULL) {
		transfer->file = http_file_new(request);
		return;
	}
	transfer->is_tls = is_https(request->url);
	transfer->body.bytes_max = request->response_bytes_max > 0
	    ? request->response_bytes_max
	    : BODY_BYTES_MAX;
	buf_add_str(&transfer->request_body, request->body);
	buf_add_str(&transfer->certificate, request->client_certificate);
	buf_add_str(&transfer->ca, request->ca);
	set_url(transfer, request->url);
	transfer->sink = sink;
	transfer->timeout_ms = request->timeout_ms;
	set_timeout(transfer, request->timeout_ms);
	if (request->mail != NULL) {
		transfer->method[0] = '\0';
		http_mail_begin(transfer, request);
	} else {
		set_method(transfer, request);
		set_headers(transfer, request);
	}
	set_blobs(transfer);
	http_proxy_set(transfer, request->proxy);
}

/*
 * With TLS 1.3 the handshake is over for us before the server has looked at
 * our certificate, and our request may lie there already when it says no.  It
 * judges who we are before it reads what we want (RFC 8446, section 4.4.4): on
 * a connection made for this request, and before any byte of an answer,
 * nothing was done.  On a kept one nobody knows.
 */
static bool
is_refused_unread(const struct http_transfer *transfer, CURLcode result)
{
	long connections = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
	return transfer->is_tls && !transfer->is_mail &&
	    !transfer->resend_refused && connections > 0 &&
	    transfer->head.bytes == 0 &&
	    http_failure_refuses_us(result, transfer->error);
}

static enum message_failure
failure_of(const struct http_transfer *transfer, CURLcode result)
{
	if (result == CURLE_OK)
		return http_goodbye_is_missing(transfer) ||
			http_coding_is_cut(transfer->coding)
		    ? MESSAGE_TRUNCATED
		    : MESSAGE_OK;
	if (transfer->is_too_large)
		return MESSAGE_TOO_LARGE;
	if (transfer->is_unwanted)
		return MESSAGE_TRUNCATED;
	if (is_refused_unread(transfer, result))
		return MESSAGE_CERTIFICATE;
	if (http_failure_is_of_chunks(result, transfer->error))
		return MESSAGE_GARBLED;
	return http_failure_of(result, http_transfer_may_be_sent(transfer));
}

/* Why it failed, for people. */
static struct str
detail_of(const struct http_transfer *transfer, CURLcode result)
{
	struct str unreadable = http_coding_detail(transfer->coding);

	if (transfer->resend_refused)
		return STR("the kept connection broke before an answer, and "
			   "sending again could do it twice");
	if (result == CURLE_OK && http_goodbye_is_missing(transfer))
		return STR("the answer told no length, and the connection "
			   "ended without a goodbye of TLS: it may have been "
			   "cut");
	if (result == CURLE_OK && http_coding_is_cut(transfer->coding))
		return STR("the answer's compressed body stops before its "
			   "end: it was cut");
	if (unreadable.at != NULL)
		return unreadable;
	if (transfer->is_unmeasured)
		return STR("it tells several lengths, or one that can't be "
			   "read: nobody knows where it ends");
	return transfer->error[0] != '\0'
	    ? str_of(transfer->error)
	    : str_of(curl_easy_strerror(result));
}

struct message_response
http_transfer_end(struct http_transfer *transfer, CURLcode result)
{
	struct message_response response = {.failure = MESSAGE_OK};
	curl_off_t elapsed_us = 0;
	long status = 0;

	must(transfer->state == TRANSFER_UNDER_WAY);
	transfer->state = TRANSFER_ENDED;
	if (transfer->file != NULL)
		return http_file_response(transfer->file);
	if (result == CURLE_OK)
		(void)begin_sink(transfer); /* of an empty body */
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
	response.detail = detail_of(transfer, result);
	return response;
}

static void
forget_body(struct http_transfer *transfer)
{
	http_coding_free(&transfer->coding);
	transfer->is_body_begun = false;
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
	forget_body(transfer);
	transfer->handed_over = false;
	transfer->found_no_socket = false;
	http_goodbye_forget(transfer);
	transfer->is_too_large = false;
	transfer->is_unmeasured = false;
	transfer->extra_ms = 0;
	transfer->error[0] = '\0';
	set_timeout(transfer, transfer->timeout_ms);
}

/* curl asks for its options' values as it goes. */
void
http_transfer_extend(struct http_transfer *transfer, int64_t more_ms)
{
	must(transfer->state == TRANSFER_UNDER_WAY);
	must(more_ms > 0);
	if (transfer->sink != NULL)
		return; /* it is curl that counts the silence */
	transfer->extra_ms += more_ms;
	set_timeout(transfer, transfer->timeout_ms + transfer->extra_ms);
}

void
http_transfer_recycle(struct http_transfer *transfer)
{
	must(transfer->state == TRANSFER_ENDED);
	transfer->state = TRANSFER_IDLE;
	http_file_free(&transfer->file);
	http_mail_forget(transfer);
	curl_slist_free_all(transfer->recipients);
	transfer->recipients = NULL;
	wipe(&transfer->header_text);
	wipe(&transfer->certificate);
	clear(&transfer->request_body);
	clear(&transfer->ca);
	clear(&transfer->proxy_ca);
	clear(&transfer->head);
	clear(&transfer->body);
	forget_body(transfer);
	transfer->field_count = 0;
	transfer->handed_over = false;
	transfer->resend_refused = false;
	transfer->found_no_socket = false;
	http_goodbye_forget(transfer);
	transfer->extra_ms = 0;
	transfer->is_too_large = false;
	transfer->is_unmeasured = false;
	transfer->error[0] = '\0';
	transfer->is_sinking = false;
	transfer->is_unwanted = false;
	transfer->sink = NULL;
	transfer->done = NULL;
	transfer->arg = NULL;
}

/* ---------------------------------------------------------------- request */

/*
 * curl parses an address anew with every exchange, unless it is given one
 * that is parsed.  What it can't parse it shall refuse itself.  Dots in a path
 * are names like others: what we asked for is not for curl to guess.
 */
static void
set_url(struct http_transfer *transfer, struct str url)
{
	CURLUcode parsed;

	must(http_is_one_line(url));
	if (str_equal(buf_str(&transfer->url), url))
		return;
	buf_clear(&transfer->url);
	buf_add_str(&transfer->url, url);
	parsed = curl_url_set(transfer->address, CURLUPART_URL,
	    buf_cstr(&transfer->url),
	    CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
	SET(transfer->easy, CURLOPT_URL, buf_cstr(&transfer->url));
	SET(transfer->easy, CURLOPT_CURLU,
	    parsed == CURLUE_OK ? transfer->address : NULL);
}

/* Of a body that goes to a sink nobody knows how long it takes: then the time
 * is for silence, in seconds, which is how curl measures it. */
static void
set_timeout(struct http_transfer *transfer, int64_t timeout_ms)
{
	int64_t silence_s =
	    transfer->sink != NULL ? (timeout_ms + 999) / 1000 : 0;

	if (transfer->silence_set_s != silence_s) {
		transfer->silence_set_s = silence_s;
		SET(transfer->easy, CURLOPT_LOW_SPEED_LIMIT,
		    silence_s > 0 ? 1L : 0L);
		SET(transfer->easy, CURLOPT_LOW_SPEED_TIME, (long)silence_s);
	}
	if (silence_s > 0)
		timeout_ms = 0;
	if (transfer->timeout_set_ms == timeout_ms)
		return;
	transfer->timeout_set_ms = timeout_ms;
	SET(transfer->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
}

static void
change_method(struct http_transfer *transfer, struct str method, bool has_body)
{
	CURL *easy = transfer->easy;
	bool is_get = str_equal(method, STR("GET"));
	bool is_head = str_equal(method, STR("HEAD"));
	bool is_post = str_equal(method, STR("POST"));

	must(method.bytes > 0 && method.bytes < sizeof(transfer->method));
	memcpy(transfer->method, method.at, method.bytes);
	transfer->method[method.bytes] = '\0';
	transfer->has_body = has_body;
	transfer->is_safe = is_get || is_head;

	SET(easy, CURLOPT_HTTPGET, 1L); /* undoes NOBODY and POST of before */
	SET(easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (is_head) {
		SET(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (has_body)
		SET(easy, CURLOPT_POST, 1L);
	if (!(is_get && !has_body) && !is_post)
		SET(easy, CURLOPT_CUSTOMREQUEST, transfer->method);
}

static void
set_method(struct http_transfer *transfer,
    const struct message_request *request)
{
	struct str method = request->method;
	bool has_body = request->body.bytes > 0 ||
	    str_equal(method, STR("POST")) || str_equal(method, STR("PUT")) ||
	    str_equal(method, STR("PATCH"));

	if (str_equal(method, STR("HEAD")))
		has_body = false;
	if (has_body != transfer->has_body ||
	    !str_equal(method, str_of(transfer->method)))
		change_method(transfer, method, has_body);
	if (!has_body)
		return;
	SET(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)transfer->request_body.bytes);
	SET(transfer->easy, CURLOPT_POSTFIELDS,
	    buf_cstr(&transfer->request_body));
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
add_line(struct http_transfer *transfer, struct str name, const char *between,
    struct str value)
{
	struct buf *text = &transfer->header_text;

	buf_add_str(text, name);
	buf_add_cstr(text, between);
	buf_add_str(text, value);
	buf_add_char(text, '\0');
	transfer->line_count++;
}

/* What curl adds by itself it puts together anew each time; and without the
 * last two it asks leave to send a long body, and calls it a form. */
static void
add_own_lines(struct http_transfer *transfer,
    const struct message_request *request)
{
	static const struct {
		struct str name;
		struct str value;
	} own[] = {
		{STR_INIT("User-Agent"), STR_INIT(MESSAGE_USER_AGENT)},
		{STR_INIT("Accept-Encoding"), STR_INIT(ENCODINGS)},
		{STR_INIT("Expect"), STR_INIT("")},
		{STR_INIT("Content-Type"), STR_INIT("")},
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (message_find_header(request->headers,
			request->header_count, own[i].name).at == NULL)
			add_line(transfer, own[i].name,
			    own[i].value.bytes > 0 ? ": " : ":", own[i].value);
}

/* The text doesn't move any more: its lines as curl wants them. */
static void
link_lines(struct http_transfer *transfer)
{
	size_t count = transfer->line_count;
	char *at = transfer->header_text.at;

	if (count > transfer->line_capacity) {
		transfer->lines = reallocarray(transfer->lines, count,
		    sizeof(transfer->lines[0]));
		must(transfer->lines != NULL);
		transfer->line_capacity = count;
	}
	for (size_t i = 0; i < count; i++) {
		struct curl_slist *next = &transfer->lines[i + 1];

		transfer->lines[i].data = at;
		transfer->lines[i].next = i + 1 < count ? next : NULL;
		at += strlen(at) + 1;
	}
	must(at == transfer->header_text.at + transfer->header_text.bytes);
}

static void
set_headers(struct http_transfer *transfer,
    const struct message_request *request)
{
	must(transfer->header_text.bytes == 0);
	transfer->line_count = 0;
	for (size_t i = 0; i < request->header_count; i++) {
		const struct message_header *header = &request->headers[i];
		must(header->name.bytes > 0);
		must(http_is_one_line(header->name));
		must(http_is_one_line(header->value));
		/* "Name;" is how curl is told of an empty value. */
		add_line(transfer, header->name,
		    header->value.bytes > 0 ? ": " : ";", header->value);
	}
	add_own_lines(transfer, request);
	link_lines(transfer);
	SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->lines);
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

static void
set_blobs(struct http_transfer *transfer)
{
	bool has_blobs =
	    transfer->certificate.bytes > 0 || transfer->ca.bytes > 0;

	if (!has_blobs && !transfer->has_blobs)
		return;
	transfer->has_blobs = has_blobs;
	set_blob(transfer->easy, CURLOPT_SSLCERT_BLOB, &transfer->certificate);
	set_blob(transfer->easy, CURLOPT_SSLKEY_BLOB, &transfer->certificate);
	set_ca(transfer);
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
	if (fd < 0) {
		transfer->found_no_socket |=
		    errno == EMFILE || errno == ENFILE;
		return CURL_SOCKET_BAD;
	}
	http_sockets_opened(transfer->sockets, fd);
	return fd;
}

static void
head_has_ended(struct http_transfer *transfer)
{
	http_goodbye_expect(transfer);
	transfer->is_unmeasured =
	    http_length_is_garbled(buf_str(&transfer->head));
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
	else if (str_trim(line).bytes == 0)
		head_has_ended(transfer);
	transfer->is_too_large |= transfer->head.bytes > HEAD_BYTES_MAX;
	return transfer->is_too_large || transfer->is_unmeasured
	    ? 0
	    : line.bytes;
}

/* Whether the answer's body is for the sink.  An answer with another status
 * than a success is read as ever. */
static bool
begin_sink(struct http_transfer *transfer)
{
	struct message_response head = {.failure = MESSAGE_OK};
	long status = 0;

	if (transfer->sink == NULL || transfer->is_sinking)
		return transfer->is_sinking;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return false;
	transfer->is_sinking = true;
	read_fields(transfer);
	head.status = (int)status;
	head.headers = transfer->fields;
	head.header_count = transfer->field_count;
	transfer->is_unwanted =
	    !transfer->sink->begin(&head, transfer->sink->arg);
	transfer->field_count = 0;
	return true;
}

static bool
take_body(struct str bytes, void *arg)
{
	struct http_transfer *transfer = http_transfer_of(arg);

	if (begin_sink(transfer)) {
		if (!transfer->is_unwanted)
			transfer->is_unwanted = !transfer->sink->take(bytes,
			    transfer->sink->arg);
		return !transfer->is_unwanted;
	}
	buf_add_str(&transfer->body, bytes);
	transfer->is_too_large |= buf_is_over(&transfer->body);
	return !transfer->is_too_large;
}

static size_t
transfer_body_cb(char *at, size_t size, size_t count, void *arg)
{
	struct http_transfer *transfer = http_transfer_of(arg);
	struct str bytes = {at, size * count};
	bool is_taken;

	if (!transfer->is_body_begun && !transfer->is_mail)
		transfer->coding = http_coding_new(buf_str(&transfer->head));
	transfer->is_body_begun = true;
	is_taken = transfer->coding != NULL
	    ? http_coding_unpack(transfer->coding, bytes, take_body, transfer)
	    : take_body(bytes, transfer);
	return is_taken ? bytes.bytes : 0;
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
http_transfer_set_text(struct http_transfer *transfer, CURLoption option,
    struct str text)
{
	struct buf *line = &transfer->head; /* free until an answer comes */

	buf_clear(line);
	buf_add_str(line, text);
	SET(transfer->easy, option, text.at != NULL ? buf_cstr(line) : NULL);
	if (line->bytes > 0)
		explicit_bzero(line->at, line->bytes);
	buf_clear(line);
}

void
http_transfer_set_socket(struct http_transfer *transfer)
{
	SET(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, transfer_open_cb);
	SET(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
	SET(transfer->easy, CURLOPT_CLOSESOCKETFUNCTION, http_sockets_close_cb);
	SET(transfer->easy, CURLOPT_CLOSESOCKETDATA, transfer->sockets);
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
	SET(easy, CURLOPT_NOPROXY, "");
	/* What a proxy says to CONNECT is no answer. */
	SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PATH_AS_IS, 1L);
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
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
