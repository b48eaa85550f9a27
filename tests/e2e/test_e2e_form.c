/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_form.c: what leaves as a form, as files in a form and as XML, byte
 * for byte, and what an answer of XML becomes.
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

static const struct house_options plain = {.quiet_bank = true};

static const char definitions[] =
    "workflow: tell\n"
    "version: 1\n"
    "owner: treasury-desk\n"
    "business-key: = input.name\n"
    "input: {type: object, required: [name, sum]}\n"
    "initial: telling\n"
    "states:\n"
    "  telling:\n"
    "    entry:\n"
    "      - call: forms.charge\n"
    "        irreversible: a test\n"
    "        with: {name: = input.name, total: = input.sum}\n"
    "      - call: forms.upload\n"
    "        irreversible: a test\n"
    "        with: {name: = input.name}\n"
    "      - call: forms.check\n"
    "        with: {id: '= \"a/b \" + input.name', total: = input.sum}\n"
    "        output: {valid: = response.valid, lines: = response.lines}\n"
    "    on: {done: ended, error: failed}\n"
    "  ended: {type: final, output: {valid: = valid, count: = count(lines)}}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "connection: forms\n"
    "kind: http\n"
    "url: = settings.forms.url\n"
    "operations:\n"
    "  charge:\n"
    "    request:\n"
    "      post: /charge\n"
    "      headers: {content-type: application/x-www-form-urlencoded}\n"
    "      body:\n"
    "        amount: = decimal(total * 100, 0)\n"
    "        metadata: {key: = name}\n"
    "        items: [{sku: a, no: = null}, {sku: b}]\n"
    "    idempotent: true\n"
    "  upload:\n"
    "    request:\n"
    "      post: /upload\n"
    "      headers: {content-type: multipart/form-data}\n"
    "      body: {purpose: proof, file: {filename: = name,\n"
    "        content-type: text/plain, base64: SGVsbG8=}}\n"
    "    idempotent: true\n"
    "  check:\n"
    "    request:\n"
    "      post: [check, = id]\n"
    "      headers: {content-type: text/xml}\n"
    "      body: {'s:Envelope': {'_xmlns:s': 'urn:s',\n"
    "        's:Body': {Sum: = total}}}\n"
    "    safe: true\n"
    "    xml: {lists: [line]}\n"
    "    output: {valid: '= body.Envelope.Body.valid = \"true\"',\n"
    "      lines: = body.Envelope.Body.line}\n";

/* What came, in order of its coming. */
struct seen {
	size_t count;
	char requests[8][4096];
};

static void
answer_cb(int fd, const char *request, void *arg)
{
	static const char envelope[] =
	    "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
	    "Content-Length: 125\r\n\r\n"
	    "<e:Envelope xmlns:e=\"urn:e\"><e:Body><valid>true</valid>"
	    "<line><no>1</no></line><!-- the only one -->   "
	    "</e:Body></e:Envelope>\n";
	struct seen *seen = arg;

	if (seen->count < 8)
		snprintf(seen->requests[seen->count++],
		    sizeof(seen->requests[0]), "%s", request);
	if (strstr(request, "POST /check/") == request)
		endpoint_say(fd, envelope, sizeof(envelope) - 1);
	else
		endpoint_say_ok(fd);
}

static const char *
body_of(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static void
assert_upload(const char *request)
{
	const char *boundary = strstr(request, "; boundary=");
	char expected[1024];
	int bytes;

	assert_non_null(boundary);
	boundary += strlen("; boundary=");
	bytes = (int)strcspn(boundary, "\r");
	snprintf(expected, sizeof(expected),
	    "--%.*s\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n"
	    "proof\r\n"
	    "--%.*s\r\nContent-Disposition: form-data; name=\"file\"; "
	    "filename=\"P-1\"\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
	    "--%.*s--\r\n", bytes, boundary, bytes, boundary, bytes, boundary);
	assert_string_equal(body_of(request), expected);
}

static json_t *
await_end(struct house *house, const char *id)
{
	int64_t until_ms = time_ms() + 30000;

	for (;;) {
		json_t *shown = house_get(house, "/v1/instances/%s", id)->json;

		if (strcmp(text_at(shown, "status"), "completed") == 0)
			return shown;
		if (time_ms() > until_ms)
			fail_msg("%s", json_dumps(shown, 0));
		time_sleep(20);
	}
}

static void
test_bodies_arrive_in_the_form_that_their_type_names(void **state)
{
	struct house *house = house_build(&plain);
	struct endpoint endpoint;
	struct seen *seen = calloc(1, sizeof(*seen));
	struct reply *reply;
	char *settings;
	json_t *shown;

	(void)state;
	endpoint_open(&endpoint, answer_cb, seen);
	assert_true(asprintf(&settings, "settings:\n  forms: {url: '%s'}\n",
			endpoint.url) > 0);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	free(settings);
	house_write(house, "workflows/tell.yaml", definitions);
	house_start_engine(house);
	reply = house_post(house, "/v1/workflows/tell/instances",
	    "{\"input\":{\"name\":\"P-1\",\"sum\":49.90}}");
	assert_int_equal(reply->status, 201);
	shown = await_end(house, text_at(reply->json, "id"));
	assert_string_equal(text_at(shown, "state"), "ended");
	assert_true(json_is_true(json_at(shown, "output.valid")));
	assert_int_equal(integer_at(shown, "output.count"), 1);
	assert_int_equal(seen->count, 3);
	assert_string_equal(body_of(seen->requests[0]),
	    "amount=4990&metadata%5Bkey%5D=P-1&items%5B0%5D%5Bsku%5D=a"
	    "&items%5B1%5D%5Bsku%5D=b");
	assert_upload(seen->requests[1]);
	assert_non_null(strstr(seen->requests[2],
	    "POST /check/a%2Fb%20P-1 HTTP/1.1\r\n"));
	assert_string_equal(body_of(seen->requests[2]),
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<s:Envelope xmlns:s=\"urn:s\"><s:Body><Sum>49.90</Sum></s:Body>"
	    "</s:Envelope>");
	house_verify(house);
	house_close(&house);
	endpoint_close(&endpoint);
	free(seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_bodies_arrive_in_the_form_that_their_type_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
