/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_reply.c: whatever an endpoint answers, it is judged: one of the four
 * outcomes, with a code where it is no success, and all that history keeps of
 * it can be written.
 *
 * An input is a line "CONNECTION.OPERATION STATUS", or "… -N" for the N-th
 * way in which an exchange fails, then header lines, an empty line, and the
 * body.  The operation "token" is the fetching of a token.
 */
#include "fuzz_input.h"

#include "stated/connector.h"
#include "stated/json.h"
#include "../unit/definition/written_library.h"

#define NOW_MS INT64_C(1700000000000)

static const char documents[] =
    "connection: shop\n"
    "kind: http\n"
    "url: https://shop.example\n"
    "auth: {oauth2: {token-url: https://shop.example/token,\n"
    "  client: {secret: client}, scope: all}}\n"
    "operations:\n"
    "  order:\n"
    "    input: {type: object, properties: {n: {}}}\n"
    "    request:\n"
    "      post: = \"/orders/\" + string(n)\n"
    "      query: {n: = n}\n"
    "      headers: {x-key: = idempotency_key, x-n: = string(n)}\n"
    "      body: {n: = n, s: {secret: client}}\n"
    "    idempotent: {lifetime: 24h}\n"
    "    success: = status in (200, 201) or body.state = \"there\"\n"
    "    output: {id: = body.id, all: '= for i in body.list return i.n + 1',\n"
    "      at: '= date and time(headers.date)', h: = headers.more}\n"
    "    errors:\n"
    "      - {if: = body.code = \"funds\", code: shop.funds,\n"
    "         message: = body.message, outcome: not-done, transient: true}\n"
    "      - {if: = status = 409, code: shop.exists,\n"
    "         outcome: done-with-error}\n"
    "      - {if: = count(body.list) > 2, code: shop.many,\n"
    "         outcome: unknown}\n"
    "  look: {request: {get: /}, safe: true}\n"
    "---\n"
    "connection: books\n"
    "kind: odoo\n"
    "url: https://books.example\n"
    "auth: {odoo: {database: db, login: me, password: {secret: client}}}\n"
    "operations:\n"
    "  find:\n"
    "    input: {type: object, properties: {n: {}}}\n"
    "    model: res.partner\n"
    "    method: search_read\n"
    "    args: [[[ref, = \"=\", = n]]]\n"
    "    output: {id: '= body[1].id', name: '= body[1].name'}\n"
    "    errors:\n"
    "      - {if: = count(body) > 1, code: books.many, outcome: unknown}\n"
    "---\n"
    "connection: office\n"
    "kind: smtp\n"
    "url: smtp://mail.example:587\n"
    "from: Us <us@mail.example>\n"
    "---\n"
    "connection: files\n"
    "kind: sftp\n"
    "url: sftp://files.example\n"
    "host-key: SHA256:key\n"
    "auth: {basic: {user: us, password: {secret: client}}}\n"
    "operations:\n"
    "  put: {request: {put: '= \"in/\" + string(n)', body: = string(n)}}\n"
    "  write:\n"
    "    request: {put: in/a, content-type: text/xml, body: {a: = n}}\n"
    "  read: {request: {get: out/a}, xml: {lists: [i]},\n"
    "    output: {i: = body.a.i}}\n"
    "  move: {request: {rename: = string(n), to: = string(n) + \"-old\"},\n"
    "    success: '= status in (200, 404)'}\n";

static const struct value *
secret_cb(void *arg, struct str name)
{
	return str_equal(name, STR("client"))
		   ? value_of_str(arg, STR("me:hush"))
		   : NULL;
}

static void
check_code(struct str code)
{
	must(code.bytes > 0);
	fuzz_check_text(code);
}

static void
check_outcome(const struct outcome *outcome)
{
	must(outcome_name(outcome->kind).bytes > 0);
	must(outcome->retry_after_ms >= 0);
	if (outcome->reference.at != NULL)
		fuzz_check_text(outcome->reference);
	if (outcome->kind == OUTCOME_DONE) {
		fuzz_check_value(outcome->response);
		return;
	}
	must(!outcome->transient || outcome->kind == OUTCOME_NOT_DONE);
	check_code(outcome->code);
	must(str_is_utf8(outcome->message));
	fuzz_check_value(outcome->body);
}

static bool
is_one_line(struct str text)
{
	return text.bytes == 0 ||
	       (memchr(text.at, '\n', text.bytes) == NULL &&
		   memchr(text.at, '\r', text.bytes) == NULL);
}

/* Nothing that is given adds a header to a mail: each is there once. */
static void
check_mail(struct str message)
{
	size_t end = str_find(message, STR("\r\n\r\n"));
	struct str rest = str_slice(message, 0, end);
	struct str names[16];
	size_t count = 0;

	must(end != SIZE_MAX);
	while (rest.at != NULL) {
		struct str line = str_split(rest, '\n', &rest);
		struct str value;

		if (str_has_prefix(line, STR(" ")))
			continue;
		must(count < 16);
		names[count] = str_split(line, ':', &value);
		must(value.at != NULL);
		for (size_t i = 0; i < count; i++)
			must(!message_name_equal(names[i], names[count]));
		count++;
	}
}

/* What is sent has no line end where it would end a header. */
static void
check_request(struct arena *arena, const struct message_request *request)
{
	must(request->url.bytes > 0);
	fuzz_check_value(connector_describe_request(arena, request));
	if (request->mail != NULL) {
		check_mail(request->body);
		return;
	}
	if (request->file != NULL) {
		must(request->file->path.bytes > 0);
		must(is_one_line(request->file->path));
		must(is_one_line(request->file->to));
		return;
	}
	for (size_t i = 0; i < request->header_count; i++) {
		must(request->headers[i].name.bytes > 0);
		must(is_one_line(request->headers[i].name));
		must(is_one_line(request->headers[i].value));
	}
}

/* The body is what the call is made of, too. */
static const struct value *
arguments(struct arena *arena, struct str operation, struct str body)
{
	struct value_builder *args = value_build_context(arena);
	struct json_error error;
	const struct value *n = json_read(arena, body, &error);

	if (n == NULL && str_is_utf8(body))
		n = value_of_str(arena, body);
	if (n == NULL)
		n = &value_null;
	if (str_equal(operation, STR("send"))) {
		value_put(args, STR("to"), n);
		value_put(args, STR("subject"), n);
		value_put(args, STR("text"), n);
		value_put(args, STR("reply-to"), n);
	} else {
		value_put(args, STR("n"), n);
	}
	return value_built(args);
}

/* What an endpoint says about its limits can't make us wait for ever. */
static void
check_advice(
    const struct message_response *response, const struct outcome *outcome)
{
	static const struct throttle_limits limits = {.concurrency = 1};
	struct throttle_advice advice = connector_advise(response, NOW_MS);
	struct throttle *throttle = throttle_new();
	struct throttle_pass pass;
	int64_t now_ms = NOW_MS;

	must(advice.wait_ms >= 0 && advice.quota >= 0);
	must(advice.quota_ms >= 0 && advice.policy_count >= 0);
	throttle_set_limits(throttle, &limits);
	pass = throttle_begin(throttle, now_ms);
	throttle_sent(throttle, &pass, now_ms);
	throttle_end(throttle, &pass,
	    connector_health(outcome, response, &advice), &advice, now_ms);
	now_ms += THROTTLE_POLICY_WINDOW_MS_MAX;
	must(throttle_may_begin(throttle, now_ms));
	throttle_free(&throttle);
}

static void
check_call(const struct connector_call *call,
    const struct message_response *response,
    const struct connector_context *context)
{
	struct message_request request = {0};
	struct outcome outcome = {0};

	if (connector_prepare(call, context, &request, &outcome)) {
		check_request(context->arena, &request);
	} else {
		must(outcome.kind == OUTCOME_NOT_DONE);
		check_outcome(&outcome);
	}
	outcome = connector_interpret(call, response, context);
	check_outcome(&outcome);
	check_advice(response, &outcome);
	fuzz_check_value(connector_describe_response(context->arena, response));
}

static void
check_token(const struct def_connection *connection,
    const struct message_response *response,
    const struct connector_context *context)
{
	struct connector_token token = {0};
	struct outcome failure = {0};

	if (!connector_needs_token(connection))
		return;
	if (connector_token_interpret(
		connection, response, context, &token, &failure)) {
		must(token.token.bytes > 0);
		must(token.expires_in_ms >= 0);
	} else {
		must(failure.kind == OUTCOME_NOT_DONE);
		check_outcome(&failure);
	}
}

static struct message_response
take_response(struct arena *arena, struct str *input, struct str told)
{
	struct message_response response = {0};
	int64_t status = 0;

	if (!str_parse_int(told, -MESSAGE_CRASHED, 999, &status))
		status = 200;
	if (status < 0) {
		response.failure = (enum message_failure)-status;
		response.detail = STR("broken");
		status = 0;
	}
	response.status = (int)status;
	response.headers =
	    fuzz_take_headers(arena, input, &response.header_count);
	response.body = input->at != NULL ? *input : STR("");
	return response;
}

static void
judge(struct library *library, struct arena *arena, struct str input)
{
	struct str status, operation;
	struct str line = str_split(fuzz_take_line(&input), ' ', &status);
	const struct def_connection *connection = library_find_connection(
	    library, str_split(line, '.', &operation));
	struct message_response response =
	    take_response(arena, &input, status);
	struct connector_call call = {
	    .args = arguments(arena, operation, response.body),
	    .idempotency_key = STR("key-1"),
	    .token = STR("7"),
	};
	struct connector_context context = {
	    .arena = arena,
	    .now_ms = NOW_MS,
	    .settings = &value_null,
	    .secret = secret_cb,
	    .secret_arg = arena,
	};

	if (connection == NULL)
		return;
	if (str_equal(operation, STR("token")))
		check_token(connection, &response, &context);
	call.operation = def_connection_find(connection, operation);
	if (call.operation != NULL)
		check_call(&call, &response, &context);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct library *library;
	struct arena *arena = arena_new();

	if (library == NULL)
		library = written_library(documents);
	judge(library, arena, (struct str){(const char *)data, size});
	arena_free(&arena);
	return 0;
}
