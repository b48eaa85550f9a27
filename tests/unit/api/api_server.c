/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server.h"

#include "api_contract.h"
#include "stated/http.h"
#include "stated/json.h"
#include "../definition/written_library.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

static const char definitions[] =
    "workflow: payment\n"
    "version: 1\n"
    "title: A payment\n"
    "owner: desk\n"
    "labels: {entity: = input.entity}\n"
    "input:\n"
    "  type: object\n"
    "  required: [reference, amount]\n"
    "  properties:\n"
    "    reference: {type: string}\n"
    "    entity: {type: string}\n"
    "    amount: {type: number, exclusiveMinimum: 0}\n"
    "  unevaluatedProperties: false\n"
    "business-key: = input.reference\n"
    "events: {bank.settled: {}}\n"
    "initial: approving\n"
    "states:\n"
    "  approving:\n"
    "    user-task: {title: Approve, role: treasurer, exclude: [initiator]}\n"
    "    on: {approved: waiting, rejected: cancelled}\n"
    "  waiting:\n"
    "    on: {bank.settled: settled}\n"
    "  settled: {type: final, outcome: success}\n"
    "  cancelled: {type: final, outcome: cancelled}\n"
    "---\n"
    "workflow: refund\n"
    "version: 1\n"
    "input: {type: object, required: [reference], properties: {reference: "
    "{type: string}}}\n"
    "business-key: = input.reference\n"
    "schedule: {cron: '0 7 29 feb *', timezone: Europe/Berlin, input: "
    "{reference: = string(at)}, overlap: queue, catch-up: none}\n"
    "events: {refund.done: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {refund.done: ended}}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: stuck\n"
    "version: 1\n"
    "owner: desk\n"
    "labels: {entity: DE02}\n"
    "initial: failing\n"
    "states:\n"
    "  failing:\n"
    "    entry:\n"
    "      - {fail: out-of-luck, message: no luck}\n"
    "    on: {done: ended}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: slow\n"
    "version: 1\n"
    "data: {reply: null}\n"
    "initial: calling\n"
    "states:\n"
    "  calling:\n"
    "    entry:\n"
    "      - {call: silent.ask, timeout: 2s, output: {reply: = response}}\n"
    "    on: {done: ended, error: ended}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: late\n"
    "version: 1\n"
    "owner: desk\n"
    "labels: {entity: DE02}\n"
    "events: {later: {correlate: nobody}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    on: {later: ended}\n"
    "    escalate: [{after: 50ms, to: desk, message: it is late}]\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: info}]\n"
    "---\n"
    "connection: silent\n"
    "kind: http\n"
    "url: = settings.silent.url\n"
    "operations:\n"
    "  ask: {request: {get: /}, safe: true}\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "operations:\n"
    "  ask: {request: {get: /}}\n"
    "webhooks:\n"
    "  verify: {scheme: hmac, secret: {secret: bank_hook}, header: x-sign}\n"
    "  events:\n"
    "    - {if: = body.kind = \"settled\", type: bank.settled, "
    "subject: = body.reference, id: = body.id}\n"
    "---\n"
    "connection: ledger\n"
    "kind: http\n"
    "url: http://ledger.invalid\n"
    "operations:\n"
    "  ask: {request: {get: /}}\n"
    "webhooks:\n"
    "  verify: {scheme: hmac, secret: {secret: bank_hook}, header: x-sign}\n"
    "  each: = body.entries\n"
    "  events: [{type: = item.type, subject: = item.of, id: = item.id}]\n";

static const struct value *
secret_cb(void *arg, struct str name)
{
	struct arena *arena = arg;

	return str_equal(name, STR("bank_hook"))
		   ? value_of_str(arena, STR("hush"))
		   : NULL;
}

/* ---- the server's side ---- */

static void
drained_cb(void *arg)
{
	(void)arg;
}

static void
reload_tls(struct api_server *server)
{
	struct buf detail = {0};

	server->is_reloaded = api_reload_tls(server->api, &detail);
	atomic_fetch_add(&server->reloads, 1);
	buf_fini(&detail);
}

static void
command_cb(evutil_socket_t fd, short what, void *arg)
{
	struct api_server *server = arg;
	char c;

	(void)what;
	assert_int_equal(read(fd, &c, 1), 1);
	if (c == 'd')
		api_drain(server->api);
	else if (c == 'r')
		api_set_access(
		    server->api, &(struct api_options){.token_count = 0});
	else if (c == 't')
		reload_tls(server);
	else if (c == 'e')
		engine_drain(server->engine, 0, drained_cb, NULL);
	else
		event_base_loopbreak(server->base);
}

static void *
serve(void *arg)
{
	struct api_server *server = arg;

	event_base_loop(server->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static const struct value *
settings(struct api_server *server)
{
	struct json_error error;

	/* A port of loopback that accepts and never answers: our own pipe's
	 * would do, but a closed one is as good: the call is retried. */
	return json_read(server->arena,
	    STR("{\"silent\":{\"url\":\"http://127.0.0.1:9\"}}"), &error);
}

struct api_server *
api_server_new(void)
{
	struct api_server *server = calloc(1, sizeof(*server));
	struct buf detail = {0};
	struct store_options store = {.create = true};

	assert_non_null(server);
	signal(SIGPIPE, SIG_IGN);
	server->arena = arena_new();
	strcpy(server->directory, "/tmp/test_api.XXXXXX");
	assert_non_null(mkdtemp(server->directory));
	snprintf(server->path, sizeof(server->path), "%s/stated.db",
	    server->directory);
	store.path = str_of(server->path);
	if (store_open(store, &server->store, &detail) != STORE_OK)
		fail_msg("%s", buf_cstr(&detail));
	buf_fini(&detail);
	server->library = written_library(definitions);
	server->base = event_base_new();
	server->client =
	    http_client_new(server->base, (struct http_client_options){0});
	server->options = (struct api_options){
	    .base = server->base,
	    .database = str_of(server->path),
	    .settings = settings(server),
	    .secret = secret_cb,
	    .secret_arg = server->arena,
	};
	return server;
}

static void
open_engine(struct api_server *server)
{
	struct buf detail = {0};
	struct engine_options options = {
	    .base = server->base,
	    .store = server->store,
	    .library = server->library,
	    .http = http_client_port(server->client),
	    .clock = clock_system(),
	    .rng = rng_system(),
	    .settings = server->options.settings,
	    .environment = STR("test"),
	    .secret = secret_cb,
	    .secret_arg = server->arena,
	    .limits = {.inbox_max = server->queue_max},
	};

	server->engine = engine_new(&options, &detail);
	if (server->engine == NULL)
		fail_msg("%s", buf_cstr(&detail));
	buf_fini(&detail);
}

/* Who asks for the contract has to be somebody, too. */
static void
add_reader(struct api_server *server)
{
	static const struct str roles[] = {STR_INIT("events")};
	size_t count = server->options.token_count;
	struct api_token *tokens =
	    ARENA_ARRAY(server->arena, count + 1, struct api_token);

	for (size_t i = 0; i < count; i++)
		tokens[i] = server->options.tokens[i];
	tokens[count] = (struct api_token){.name = STR("contract"),
	    .sha256 = digest_sha256(STR("contract")), .roles = roles,
	    .role_count = 1};
	server->options.tokens = tokens;
	server->options.token_count = count + 1;
}

static void
load_contract(struct api_server *server)
{
	const char *token = server->token;
	struct answer answer;

	server->token = "contract";
	answer = api_server_get(server, "/openapi.json");
	server->token = token;
	answer_must_be(&answer, 200);
	server->contract = api_contract_new(server->arena, answer.body);
}

void
api_server_open(struct api_server *server)
{
	static const struct api_listener listener = {
	    .address = STR_INIT("127.0.0.1:0")};
	struct buf detail = {0};

	open_engine(server);
	server->options.engine = server->engine;
	if (server->options.listeners == NULL) {
		server->options.listeners = &listener;
		server->options.listener_count = 1;
	}
	add_reader(server);
	server->api = api_new(&server->options, &detail);
	if (server->api == NULL)
		fail_msg("%s", buf_cstr(&detail));
	buf_fini(&detail);
	server->port = api_port(server->api, 0);
	assert_int_equal(pipe(server->pipe), 0);
	server->command = event_new(server->base, server->pipe[0],
	    EV_READ | EV_PERSIST, command_cb, server);
	event_add(server->command, NULL);
	assert_int_equal(
	    pthread_create(&server->thread, NULL, serve, server), 0);
	if (server->options.tls_certificate.at == NULL)
		load_contract(server);
}

void
api_server_rest(struct api_server *server)
{
	assert_int_equal(write(server->pipe[1], "s", 1), 1);
	pthread_join(server->thread, NULL);
	server->is_at_rest = true;
}

void
api_server_free(struct api_server **server_pointer)
{
	struct api_server *server = *server_pointer;
	char command[128];

	*server_pointer = NULL;
	if (!server->is_at_rest)
		api_server_rest(server);
	api_free(&server->api);
	engine_free(&server->engine);
	store_close(&server->store);
	library_free(&server->library);
	http_client_free(&server->client);
	event_free(server->command);
	event_base_free(server->base);
	close(server->pipe[0]);
	close(server->pipe[1]);
	snprintf(command, sizeof(command), "rm -r %s", server->directory);
	assert_int_equal(system(command), 0);
	arena_free(&server->arena);
	free(server);
}

void
api_server_drain(struct api_server *server)
{
	assert_int_equal(write(server->pipe[1], "d", 1), 1);
}

void
api_server_revoke(struct api_server *server)
{
	assert_int_equal(write(server->pipe[1], "r", 1), 1);
}

bool
api_server_reload_tls(struct api_server *server)
{
	int before = atomic_load(&server->reloads);

	assert_int_equal(write(server->pipe[1], "t", 1), 1);
	while (atomic_load(&server->reloads) == before)
		usleep(1000);
	return server->is_reloaded;
}

void
api_server_drain_engine(struct api_server *server)
{
	assert_int_equal(write(server->pipe[1], "e", 1), 1);
}

/* ---- asking ---- */

#define HEADERS_MAX 16

static size_t
split_headers(struct api_server *server, const char *text,
    struct message_header headers[HEADERS_MAX])
{
	struct str rest = str_of(text);
	size_t count = 0;

	if (server->token != NULL)
		headers[count++] =
		    (struct message_header){.name = STR("Authorization"),
			.value = arena_strf(
			    server->arena, "Bearer %s", server->token)};
	if (server->actor != NULL)
		headers[count++] =
		    (struct message_header){.name = STR("X-Stated-Actor"),
			.value = str_of(server->actor)};
	while (rest.at != NULL) {
		struct str line = str_split(rest, '\n', &rest);
		struct str value;
		struct str name = str_split(line, ':', &value);

		headers[count++] = (struct message_header){
		    .name = name, .value = str_trim(value)};
	}
	return count;
}

static struct answer
answer_of(struct api_server *server, const struct message_response *response)
{
	struct answer answer = {
	    .status = response->status,
	    .body = response->body,
	    .headers = response->headers,
	    .header_count = response->header_count,
	};
	struct json_error error;

	if (response->failure != MESSAGE_OK)
		fail_msg("no answer: %.*s", STR_ARG(response->detail));
	answer.json = json_read(server->arena, response->body, &error);
	if (answer.json == NULL)
		answer.json = &value_null;
	return answer;
}

static void
check_contract(struct api_server *server, const char *method,
    const char *target, const struct answer *answer)
{
	struct buf why = {0};
	struct str query;
	struct api_promise promise = {
	    .method = str_of(method),
	    .path = str_split(str_of(target), '?', &query),
	    .status = answer->status,
	    .type = answer_header(answer, "Content-Type"),
	    .body = answer->json,
	    .headers = answer->headers,
	    .header_count = answer->header_count,
	};

	if (!api_contract_allows(server->contract, &promise, &why))
		fail_msg("%s %s: %s\n%.*s", method, target, buf_cstr(&why),
		    STR_ARG(answer->body));
	buf_fini(&why);
}

struct answer
api_server_ask(struct api_server *server, const char *method,
    const char *target, const char *headers, const char *body)
{
	struct message_header list[HEADERS_MAX];
	struct message_request request = {
	    .method = str_of(method),
	    .url = arena_strf(server->arena, "http%s://127.0.0.1:%u%s",
		server->options.tls_certificate.at ? "s" : "", server->port,
		target),
	    .headers = list,
	    .header_count = split_headers(server, headers, list),
	    .body = body ? str_of(body) : STR(""),
	    .ca = server->options.tls_certificate,
	    .timeout_ms = 20000,
	};
	struct message_response response =
	    http_exchange(server->arena, &request);
	struct answer answer = answer_of(server, &response);

	assert_true(answer_header(&answer, "X-Request-Id").bytes > 0);
	if (server->contract != NULL && strcmp(method, "HEAD") != 0)
		check_contract(server, method, target, &answer);
	return answer;
}

struct answer
api_server_get(struct api_server *server, const char *target)
{
	return api_server_ask(server, "GET", target, NULL, NULL);
}

struct answer
api_server_post(struct api_server *server, const char *target, const char *body)
{
	return api_server_ask(
	    server, "POST", target, "Content-Type: application/json", body);
}

struct str
answer_header(const struct answer *answer, const char *name)
{
	return message_find_header(
	    answer->headers, answer->header_count, str_of(name));
}

const struct value *
answer_member(const struct answer *answer, const char *path)
{
	const struct value *value = answer->json;
	struct str rest = str_of(path);

	while (value != NULL && rest.at != NULL) {
		struct str part = str_split(rest, '.', &rest);
		int64_t index;

		if (value->type == VALUE_LIST && value->as.list.count > 0 &&
		    str_parse_int(
			part, 0, (int64_t)value->as.list.count - 1, &index))
			value = value->as.list.items[index];
		else
			value = value_get(value, part);
	}
	return value ? value : &value_null;
}

struct str
answer_text(const struct answer *answer, const char *path)
{
	return value_str(answer_member(answer, path));
}

void
answer_must_be(const struct answer *answer, int status)
{
	if (answer->status != status)
		fail_msg("status %d, not %d: %.*s", answer->status, status,
		    STR_ARG(answer->body));
}

void
answer_must_be_problem(
    const struct answer *answer, int status, const char *name)
{
	char type[100];

	answer_must_be(answer, status);
	snprintf(type, sizeof(type), "urn:stated:problem:%s", name);
	if (!str_equal(answer_text(answer, "type"), str_of(type)))
		fail_msg("not %s: %.*s", type, STR_ARG(answer->body));
}

/* ---- by hand ---- */

int
api_server_connect(struct api_server *server)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET,
	    .sin_port = htons(server->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval patience = {.tv_sec = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

struct str
api_server_say(struct api_server *server, const char *text)
{
	int fd = api_server_connect(server);
	struct buf heard = {0};
	struct str answer;
	char bytes[4096];
	ssize_t n;

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(&heard, bytes, (size_t)n);
	close(fd);
	answer = arena_str(server->arena, buf_str(&heard));
	buf_fini(&heard);
	return answer;
}

/* ---- what many tests need ---- */

struct str
api_server_start(struct api_server *server, const char *reference)
{
	struct answer answer =
	    api_server_post(server, "/v1/workflows/payment/instances",
		arena_strf(server->arena,
		    "{\"input\":{\"reference\":\"%s\",\"amount\":10.50,"
		    "\"entity\":\"DE01\"}}",
		    reference)
		    .at);

	answer_must_be(&answer, 201);
	return answer_text(&answer, "id");
}

struct answer
api_server_await(struct api_server *server, const char *target,
    const char *path, const char *text)
{
	struct answer answer;

	for (int i = 0; i < 100; i++) {
		answer = api_server_get(server, target);
		if (str_equal(answer_text(&answer, path), str_of(text)))
			return answer;
		usleep(50 * 1000);
	}
	fail_msg("%s of %s is not %s: %.*s", path, target, text,
	    STR_ARG(answer.body));
	return answer;
}

int
api_server_set_up(void **state)
{
	struct api_server *server = api_server_new();

	api_server_open(server);
	*state = server;
	return 0;
}

int
api_server_tear_down(void **state)
{
	struct api_server *server = *state;

	api_server_free(&server);
	return 0;
}
