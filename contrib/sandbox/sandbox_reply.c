/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_reply.c: requests and replies as data, see sandbox_reply.h. */
#include "sandbox_reply.h"

#include "sandbox_json.h"

#include <stdio.h>
#include <time.h>

#include <event2/http.h>
#include <event2/keyvalq_struct.h>

const char *
sandbox_request_header(const struct sandbox_request *request, const char *name)
{
	const char *value = evhttp_find_header(request->headers, name);

	return value != NULL ? value : "";
}

const char *
sandbox_request_query(const struct sandbox_request *request, const char *name)
{
	const char *value = evhttp_find_header(request->query, name);

	return value != NULL ? value : "";
}

json_t *
sandbox_request_object(const struct sandbox_request *request,
    struct sandbox_reply *reply)
{
	json_t *body = sandbox_json_read(request->body);

	if (json_is_object(body))
		return body;
	json_decref(body);
	sandbox_reply_error(reply, 400, "the body is not a JSON object");
	return NULL;
}

void
sandbox_reply_json_take(struct sandbox_reply *reply, int status, json_t *value)
{
	must(value != NULL);
	reply->status = status;
	reply->content_type = "application/json; charset=utf-8";
	buf_clear(&reply->body);
	sandbox_json_write(value, SANDBOX_JSON_COMPACT, &reply->body);
	json_decref(value);
}

void
sandbox_reply_text(struct sandbox_reply *reply, int status,
    const char *content_type, const char *text)
{
	reply->status = status;
	reply->content_type = content_type;
	buf_clear(&reply->body);
	buf_add_cstr(&reply->body, text);
}

void
sandbox_reply_header(struct sandbox_reply *reply, const char *name,
    const char *value)
{
	struct sandbox_header *header;

	must(reply->header_count < SANDBOX_HEADERS_MAX);
	header = &reply->headers[reply->header_count++];
	header->name = name;
	snprintf(header->value, sizeof(header->value), "%s", value);
}

void
sandbox_reply_error(struct sandbox_reply *reply, int status,
    const char *message)
{
	sandbox_reply_json_take(reply, status,
	    json_pack("{s:s}", "error", message));
}

void
sandbox_reply_fini(struct sandbox_reply *reply)
{
	buf_fini(&reply->body);
}

const char *
sandbox_reply_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
	    {200, "OK"}, {201, "Created"}, {202, "Accepted"},
	    {204, "No Content"}, {301, "Moved Permanently"}, {302, "Found"},
	    {303, "See Other"}, {307, "Temporary Redirect"},
	    {308, "Permanent Redirect"}, {400, "Bad Request"},
	    {401, "Unauthorized"},
	    {403, "Forbidden"}, {404, "Not Found"},
	    {405, "Method Not Allowed"}, {409, "Conflict"},
	    {412, "Precondition Failed"}, {415, "Unsupported Media Type"},
	    {422, "Unprocessable Entity"}, {429, "Too Many Requests"},
	    {500, "Internal Server Error"}, {502, "Bad Gateway"},
	    {503, "Service Unavailable"}, {504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Unknown";
}

int64_t
sandbox_now_ms(void)
{
	struct timespec now;
	int failed = clock_gettime(CLOCK_REALTIME, &now);

	must(failed == 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *
sandbox_time_format(int64_t at_ms, char out[SANDBOX_TIME_BYTES])
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm parts;
	char date[24];

	must(gmtime_r(&seconds, &parts) != NULL);
	must(strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts) > 0);
	snprintf(
	    out, SANDBOX_TIME_BYTES, "%s.%03dZ", date, (int)(at_ms % 1000));
	return out;
}
