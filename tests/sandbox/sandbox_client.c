/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_client.c: processes and sockets for the tests of the sandbox. */
#include "sandbox_client.h"

#include "stated/buf.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#define ARGUMENTS_MAX 24

/* ------------------------------------------------------------- the process */

static void
become_sandbox(const struct client *client, const char *const *arguments,
    int output)
{
	const char *builddir = getenv("builddir");
	const char *all[ARGUMENTS_MAX] = {"stated-sandbox", "--seed", "1",
	    "--ledger", client->ledger};
	char program[1024];
	size_t count = 5;

	for (; *arguments != NULL && count < ARGUMENTS_MAX - 1; arguments++)
		all[count++] = *arguments;
	snprintf(program, sizeof(program), "%s/contrib/sandbox/stated-sandbox",
	    builddir ? builddir : ".");
	/* A test that dies leaves no process behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(output, STDOUT_FILENO);
	execv(program, (char *const *)(uintptr_t)all);
	perror(program);
	_exit(127);
}

/* The line {"address":…,"url":"…",…}. */
static void
read_address(struct client *client)
{
	char line[512];
	size_t bytes = 0;
	char *url;

	while (bytes < sizeof(line) - 1 &&
	    read(client->output, line + bytes, 1) == 1 && line[bytes] != '\n')
		bytes++;
	line[bytes] = '\0';
	url = strstr(line, "\"url\":\"");
	assert_non_null(url);
	assert_int_equal(sscanf(url, "\"url\":\"%100[^\"]\"", client->url), 1);
}

void
client_start(struct client *client, const char *const *arguments)
{
	int ends[2];

	*client = (struct client){0};
	strcpy(client->directory, "/tmp/sandbox-test-XXXXXX");
	assert_non_null(mkdtemp(client->directory));
	snprintf(client->ledger, sizeof(client->ledger), "%s/ledger",
	    client->directory);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	client->pid = fork();
	assert_true(client->pid >= 0);
	if (client->pid == 0)
		become_sandbox(client, arguments, ends[1]);
	close(ends[1]);
	client->output = ends[0];
	read_address(client);
}

void
client_stop(struct client *client)
{
	int status = -1;

	client_text(NULL, 0, NULL);
	assert_int_equal(kill(client->pid, SIGTERM), 0);
	assert_int_equal(waitpid(client->pid, &status, 0), client->pid);
	close(client->output);
	unlink(client->ledger);
	rmdir(client->directory);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* -------------------------------------------------------------- the caller */

static size_t
body_cb(char *at, size_t size, size_t count, void *arg)
{
	buf_add(arg, at, size * count);
	return size * count;
}

static char *
header_of(struct str headers, const char *name)
{
	struct str rest = headers;

	while (rest.at != NULL) {
		struct str value;
		struct str line = str_split(rest, '\n', &rest);
		struct str have = str_split(line, ':', &value);

		if (have.bytes == strlen(name) &&
		    strncasecmp(have.at, name, have.bytes) == 0) {
			value = str_trim(value);
			return strndup(value.at, value.bytes);
		}
	}
	return strdup("");
}

static void
set_pem(CURL *curl, CURLoption option, const char *pem)
{
	struct curl_blob blob = {.flags = CURL_BLOB_COPY};

	if (pem == NULL)
		return;
	blob.data = (void *)(uintptr_t)pem;
	blob.len = strlen(pem);
	curl_easy_setopt(curl, option, &blob);
}

static struct curl_slist *
set_call(CURL *curl, const struct client *client, const struct call *call)
{
	struct curl_slist *headers = NULL;
	char url[1024];

	snprintf(url, sizeof(url), "%s%s",
	    call->url != NULL ? call->url : client->url, call->path);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	for (size_t i = 0; i < 4 && call->headers[i] != NULL; i++)
		headers = curl_slist_append(headers, call->headers[i]);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
	    call->timeout_ms > 0 ? call->timeout_ms : 5000l);
	if (call->body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
	set_pem(curl, CURLOPT_CAINFO_BLOB, call->ca);
	set_pem(curl, CURLOPT_SSLCERT_BLOB, call->identity);
	set_pem(curl, CURLOPT_SSLKEY_BLOB, call->identity);
	return headers;
}

struct answer
client_call(const struct client *client, const struct call *call)
{
	CURL *curl = curl_easy_init();
	struct buf body = {0};
	struct buf headers = {0};
	struct answer answer = {0};
	struct curl_slist *sent;
	CURLcode result;
	long status = 0;

	assert_non_null(curl);
	sent = set_call(curl, client, call);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_cb);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, body_cb);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &headers);
	result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	answer.status = result == CURLE_OK ? (int)status : 0;
	answer.result = (int)result;
	answer.was_reset = result == CURLE_RECV_ERROR;
	answer.timed_out = result == CURLE_OPERATION_TIMEDOUT;
	answer.body = strdup(buf_cstr(&body));
	answer.content_type = header_of(buf_str(&headers), "Content-Type");
	answer.retry_after = header_of(buf_str(&headers), "Retry-After");
	answer.echo = header_of(buf_str(&headers), "x-fapi-interaction-id");
	curl_slist_free_all(sent);
	curl_easy_cleanup(curl);
	buf_fini(&body);
	buf_fini(&headers);
	return answer;
}

void
answer_fini(struct answer *answer)
{
	free(answer->body);
	free(answer->content_type);
	free(answer->retry_after);
	free(answer->echo);
}

const char *
client_text(struct client *client, int status, const struct call *call)
{
	static struct answer last;

	answer_fini(&last);
	last = (struct answer){0};
	if (client == NULL)
		return NULL;
	last = client_call(client, call);
	if (last.status != status)
		print_error("%s %s: %s\n", call->method, call->path, last.body);
	assert_int_equal(last.status, status);
	return last.body;
}

/* ------------------------------------------------------------ the receiver */

void
receiver_open(struct receiver *receiver)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(at);

	receiver->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(receiver->fd >= 0);
	assert_int_equal(bind(receiver->fd, (struct sockaddr *)&at, bytes), 0);
	assert_int_equal(listen(receiver->fd, 64), 0);
	assert_int_equal(
	    getsockname(receiver->fd, (struct sockaddr *)&at, &bytes), 0);
	snprintf(receiver->url, sizeof(receiver->url),
	    "http://127.0.0.1:%u/hooks/bank", ntohs(at.sin_port));
}

void
receiver_close(struct receiver *receiver)
{
	close(receiver->fd);
}

/* Reads up to the end that Content-Length tells; the body, or NULL. */
static char *
read_request(int fd, char *request, size_t bytes_max)
{
	size_t bytes = 0;

	for (;;) {
		ssize_t got = read(fd, request + bytes, bytes_max - 1 - bytes);
		char *body;
		char *length;

		if (got <= 0)
			return NULL;
		bytes += (size_t)got;
		request[bytes] = '\0';
		body = strstr(request, "\r\n\r\n");
		length = strcasestr(request, "Content-Length:");
		if (body != NULL && length != NULL &&
		    strlen(body + 4) == (size_t)atoi(length + 15))
			return body + 4;
	}
}

static void
take_request(int fd, int status, struct delivery *delivery)
{
	char request[4096];
	char *body = read_request(fd, request, sizeof(request));
	char *signature;

	assert_non_null(body);
	assert_true(strncmp(request, "POST /hooks/bank ", 17) == 0);
	signature = strcasestr(request, "x-bank-signature: ");
	assert_non_null(signature);
	snprintf(delivery->body, sizeof(delivery->body), "%s", body);
	assert_int_equal(sscanf(signature + 18, "%79[0-9a-f]",
	    delivery->signature), 1);
	if (status != 0)
		dprintf(fd, "HTTP/1.1 %d X\r\nContent-Length: 0\r\n"
		    "Connection: close\r\n\r\n", status);
}

bool
receiver_take(struct receiver *receiver, int status, int timeout_ms,
    struct delivery *delivery)
{
	struct pollfd ready = {.fd = receiver->fd, .events = POLLIN};
	int fd;

	if (poll(&ready, 1, timeout_ms) != 1)
		return false;
	fd = accept(receiver->fd, NULL, NULL);
	assert_true(fd >= 0);
	take_request(fd, status, delivery);
	close(fd);
	return true;
}

/* ------------------------------------------------------------------- texts */

char *
read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct buf text = {0};
	char *copy;
	int c;

	assert_non_null(file);
	while ((c = fgetc(file)) != EOF)
		buf_add_char(&text, (char)c);
	fclose(file);
	copy = strdup(buf_cstr(&text));
	buf_fini(&text);
	return copy;
}

bool
text_has(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		return true;
	print_error("wanted: %s\nin:     %s\n", part, text);
	return false;
}

size_t
count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}
