/* SPDX-License-Identifier: Apache-2.0 */
/* house_http.c: requests and answers, and what is read from them. */
#include "house.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

/* ---- one exchange ---- */

struct text {
	char *at;
	size_t bytes;
	size_t capacity;
};

/* An answer may be some hundred megabytes. */
static bool
make_room(struct text *text, size_t bytes)
{
	size_t capacity = 2 * text->capacity > bytes ? 2 * text->capacity
						     : bytes;
	char *grown;

	if (bytes <= text->capacity)
		return true;
	grown = realloc(text->at, capacity);
	if (grown == NULL)
		return false;
	text->at = grown;
	text->capacity = capacity;
	return true;
}

static size_t
text_cb(char *at, size_t size, size_t count, void *arg)
{
	struct text *text = arg;

	if (!make_room(text, text->bytes + size * count + 1))
		return 0;
	memcpy(text->at + text->bytes, at, size * count);
	text->bytes += size * count;
	text->at[text->bytes] = '\0';
	return size * count;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void
curl_begin(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool
has_header(const struct ask *ask, const char *name)
{
	for (size_t i = 0; i < 6 && ask->headers[i] != NULL; i++)
		if (strncasecmp(ask->headers[i], name, strlen(name)) == 0)
			return true;
	return false;
}

static struct curl_slist *
headers_of(const struct ask *ask)
{
	/* Nobody is asked whether a body may come. */
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

	if (ask->body != NULL && !has_header(ask, "Content-Type:"))
		headers = curl_slist_append(
		    headers, "Content-Type: application/json");
	for (size_t i = 0; i < 6 && ask->headers[i] != NULL; i++)
		headers = curl_slist_append(headers, ask->headers[i]);
	return headers;
}

static void
set_body(CURL *curl, const struct ask *ask)
{
	const char *method = ask->method;
	size_t bytes = ask->body_bytes;

	if (ask->body != NULL) {
		if (bytes == 0)
			bytes = strlen(ask->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)bytes);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body);
	}
	if (method != NULL && strcmp(method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1l);
	else if (method != NULL)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static void
set_ask(CURL *curl, const struct ask *ask, struct curl_slist *headers,
    struct text *body, struct text *head)
{
	char url[1024];

	snprintf(url, sizeof(url), "%s%s", ask->url, ask->path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1l);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
	    ask->timeout_ms > 0 ? ask->timeout_ms : 10000l);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, text_cb);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, text_cb);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, head);
	set_body(curl, ask);
}

struct reply *
ask_once(const struct ask *ask)
{
	struct reply *reply = calloc(1, sizeof(*reply));
	struct text body = {0}, head = {0};
	struct curl_slist *headers = headers_of(ask);
	CURL *curl;
	long status = 0;

	pthread_once(&curl_once, curl_begin);
	curl = curl_easy_init();
	if (reply == NULL || curl == NULL)
		abort();
	set_ask(curl, ask, headers, &body, &head);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	reply->status = (int)status;
	reply->body = body.at ? body.at : strdup("");
	reply->headers = head.at ? head.at : strdup("");
	/* Amounts are looked for in the text, for a real is binary here. */
	reply->json = json_loads(reply->body, JSON_DECODE_ANY, NULL);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return reply;
}

void
reply_free(struct reply *reply)
{
	json_decref(reply->json);
	free(reply->body);
	free(reply->headers);
	free(reply);
}

/* ---- those that the house keeps ---- */

struct reply *
house_ask(struct house *house, const struct ask *ask)
{
	struct ask whole = *ask;
	struct reply *reply;

	if (whole.url == NULL)
		whole.url = house->url;
	reply = ask_once(&whole);
	reply->next = house->replies;
	house->replies = reply;
	return reply;
}

struct reply *
house_get(struct house *house, const char *format, ...)
{
	char path[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return house_ask(house, &(struct ask){.path = path});
}

static struct reply *__attribute__((format(printf, 5, 0)))
post(struct house *house, const char *url, const char *who, const char *path,
    const char *format, va_list args)
{
	char *body, actor[128] = "";
	struct reply *reply;

	if (vasprintf(&body, format, args) < 0)
		abort();
	if (who != NULL)
		snprintf(actor, sizeof(actor), "X-Stated-Actor: %s", who);
	reply = house_ask(house,
	    &(struct ask){
		.method = "POST",
		.url = url,
		.path = path,
		.body = body,
		.headers = {who ? actor : NULL},
	    });
	free(body);
	return reply;
}

struct reply *
house_post(struct house *house, const char *path, const char *format, ...)
{
	struct reply *reply;
	va_list args;

	va_start(args, format);
	reply = post(house, NULL, NULL, path, format, args);
	va_end(args);
	return reply;
}

struct reply *
house_post_as(struct house *house, const char *who, const char *path,
    const char *format, ...)
{
	struct reply *reply;
	va_list args;

	va_start(args, format);
	reply = post(house, NULL, who, path, format, args);
	va_end(args);
	return reply;
}

void
house_post_event(struct house *house, const char *type, const char *subject)
{
	assert_status(house_post(house, "/v1/events",
			  "{\"specversion\":\"1.0\",\"source\":\"/e2e\","
			  "\"id\":\"%s-%s\",\"type\":\"%s\","
			  "\"subject\":\"%s\"}",
			  type, subject, type, subject),
	    202);
}

struct reply *
house_control(
    struct house *house, const char *path, const char *format, ...)
{
	struct reply *reply;
	va_list args;

	va_start(args, format);
	reply = post(house, house->sandbox_url, NULL, path, format, args);
	va_end(args);
	assert_true(reply->status >= 200 && reply->status < 300);
	return reply;
}

/* ---- what an answer says ---- */

const char *
reply_header(const struct reply *reply, const char *name)
{
	static char value[1024];
	size_t bytes = strlen(name);

	for (const char *line = reply->headers; line != NULL;
	     line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncasecmp(line, name, bytes) != 0 || line[bytes] != ':')
			continue;
		line += bytes + 1;
		line += strspn(line, " ");
		snprintf(value, sizeof(value), "%.*s",
		    (int)strcspn(line, "\r\n"), line);
		return value;
	}
	return "";
}

int
house_connect(const struct house *house)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)house->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
		perror("connect");
		abort();
	}
	return fd;
}

void
assert_status(const struct reply *reply, int status)
{
	if (reply->status != status)
		print_error("%s%s\n", reply->headers, reply->body);
	assert_int_equal(reply->status, status);
}

void
assert_problem(const struct reply *reply, int status, const char *name)
{
	char type[128];

	assert_status(reply, status);
	assert_string_equal(
	    reply_header(reply, "Content-Type"), "application/problem+json");
	assert_int_equal(integer_at(reply->json, "status"), status);
	assert_true(strlen(text_at(reply->json, "title")) > 0);
	assert_true(strlen(text_at(reply->json, "detail")) > 0);
	snprintf(type, sizeof(type), "urn:stated:problem:%s", name);
	assert_string_equal(text_at(reply->json, "type"), type);
}

/* ---- JSON ---- */

json_t *
json_at(json_t *json, const char *path)
{
	while (json != NULL && *path != '\0') {
		size_t bytes = strcspn(path, ".");
		char name[128];

		snprintf(name, sizeof(name), "%.*s", (int)bytes, path);
		json = json_is_array(json)
			   ? json_array_get(json, (size_t)atoi(name))
			   : json_object_get(json, name);
		path += bytes;
		path += *path == '.';
	}
	return json;
}

const char *
text_at(json_t *json, const char *path)
{
	const char *text = json_string_value(json_at(json, path));

	return text ? text : "";
}

long long
integer_at(json_t *json, const char *path)
{
	json_t *found = json_at(json, path);

	return json_is_integer(found) ? json_integer_value(found) : -1;
}

json_t *
json_with(json_t *list, const char *path, const char *text)
{
	json_t *member;
	size_t i;

	json_array_foreach(list, i, member)
		if (strcmp(text_at(member, path), text) == 0)
			return member;
	return NULL;
}

size_t
json_count_with(json_t *list, const char *path, const char *text)
{
	size_t i, count = 0;
	json_t *member;

	json_array_foreach(list, i, member)
		if (strcmp(text_at(member, path), text) == 0)
			count++;
	return count;
}
