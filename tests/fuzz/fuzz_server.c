/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_server.h"

#include "fuzz_input.h"
#include "stated/json.h"
#include "stated/log.h"
#include "unit/api/api_contract.h"
#include "../unit/definition/written_library.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define INSTANCES_MAX 9

static const char documents[] =
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
    "data: {reply: null, told: null}\n"
    "events: {bank.settled: {}, bank.told: {correlate: '\"all\"'}}\n"
    "incident: {owner: desk, max-age: 1d}\n"
    "initial: approving\n"
    "states:\n"
    "  approving:\n"
    "    user-task:\n"
    "      title: = \"Approve \" + input.reference\n"
    "      role: treasurer\n"
    "      exclude: [initiator]\n"
    "      form: {type: object, properties: {limit: {type: number}}}\n"
    "    on: {approved: paying, rejected: undone}\n"
    "    escalate: [{after: 1h, to: desk}]\n"
    "  paying:\n"
    "    entry:\n"
    "      - call: bank.pay\n"
    "        with: {n: = input.amount}\n"
    "        output: {reply: = response}\n"
    "        compensate: {call: bank.cancel, with: {n: = input.amount}}\n"
    "    on: {done: waiting, error: undone}\n"
    "  waiting:\n"
    "    on:\n"
    "      bank.settled: {target: settled, do: [{set: {told: = event}}]}\n"
    "      bank.told: {do: [{set: {told: = event.data}}]}\n"
    "  settled: {type: final, outcome: success, output: {e: = told}}\n"
    "  undone: {type: final, outcome: cancelled, compensate: all}\n"
    "---\n"
    "workflow: stuck\n"
    "version: 1\n"
    "owner: desk\n"
    "initial: failing\n"
    "states:\n"
    "  failing:\n"
    "    entry: [{fail: out-of-luck, message: no luck}]\n"
    "    on: {done: ended}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "workflow: planned\n"
    "version: 1\n"
    "input: {type: object, properties: {at: {}}}\n"
    "schedule: {cron: '0 7 29 feb *', timezone: Europe/Berlin,\n"
    "  input: {at: = string(at)}, overlap: queue, catch-up: none}\n"
    "events: {planned.go: {correlate: '1'}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {on: {planned.go: ended}}\n"
    "  ended: {type: final, outcome: success}\n"
    "---\n"
    "contact: desk\n"
    "notify: [{log: info}]\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "operations:\n"
    "  pay:\n"
    "    input: {type: object, properties: {n: {}}}\n"
    "    request: {post: /pay, body: {n: = n}}\n"
    "    output: {id: = body.id}\n"
    "    idempotent: true\n"
    "  cancel:\n"
    "    input: {type: object, properties: {n: {}}}\n"
    "    request: {post: /cancel}\n"
    "    idempotent: true\n"
    "webhooks:\n"
    "  verify: {scheme: hmac, secret: {secret: hook}, header: x-sign}\n"
    "  events:\n"
    "    - {if: = body.kind = \"settled\", type: bank.settled,\n"
    "       subject: = body.reference, id: = body.id, data: = body.data}\n"
    "    - {if: = body.kind = \"told\", type: bank.told, subject: all}\n";

/* What is there from the beginning: two payments, one of them approved, one
 * that is stuck, one that waits for its event, a held event, a dead one. */
static const struct {
	const char *head;
	const char *body;
} beginnings[] = {
    {"POST /v1/workflows/payment/instances\nX-Stated-Actor: alice",
	"{\"input\":{\"reference\":\"A\",\"amount\":10.50,\"entity\":\"DE\"}}"},
    {"POST /v1/workflows/payment/instances\nX-Stated-Actor: alice",
	"{\"input\":{\"reference\":\"B\",\"amount\":1}}"},
    {"POST /v1/workflows/stuck/instances", "{\"input\":{}}"},
    {"POST /v1/workflows/planned/instances", "{\"input\":{}}"},
    {"POST /v1/tasks/{2}.1/decide\nX-Stated-Actor: bob",
	"{\"choice\":\"approved\",\"data\":{}}"},
    {"POST /v1/events",
	"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\","
	"\"type\":\"bank.settled\",\"subject\":\"Z\"}"},
};

/* A call that was sent and is not answered yet. */
struct exchange {
	struct exchange *next;
	http_done_fn *done;
	void *arg;
};

struct fuzz_server {
	char directory[256];
	char path[280];
	struct buf beginning; /* the database's bytes */
	struct arena *arena;  /* of the server */
	struct arena *asking; /* of one question */
	struct arena *lasting;
	struct api_contract *contract; /* NULL: not known yet */
	struct library *library;
	struct event_base *base;
	struct clock_virtual clock;
	struct rng_seeded rng;
	struct http_port port;
	struct exchange *exchanges;
	struct store *store;
	struct engine *engine;
	struct api *api;
	struct sockaddr_un address;
	socklen_t address_bytes;
	bool auth_required;
	uint64_t commits; /* that the engine began with */
	/* the caller's side */
	int fd;
	struct event *hearing;
	struct buf heard;
	struct str unsent;
	bool is_over;
};

/* ---- endpoints ---- */

static void
send_cb(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	struct fuzz_server *server =
	    (void *)((char *)port - offsetof(struct fuzz_server, port));
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	must(exchange != NULL);
	must(request->url.bytes > 0);
	exchange->done = done;
	exchange->arg = arg;
	exchange->next = server->exchanges;
	server->exchanges = exchange;
}

static void
answer_calls(struct fuzz_server *server)
{
	static const struct message_response response = {
	    .status = 200,
	    .body = STR_INIT("{\"id\":7}"),
	};

	while (server->exchanges != NULL) {
		struct exchange *exchange = server->exchanges;

		server->exchanges = exchange->next;
		exchange->done(&response, exchange->arg);
		free(exchange);
	}
}

static void
drop_calls(struct fuzz_server *server)
{
	while (server->exchanges != NULL) {
		struct exchange *exchange = server->exchanges;

		server->exchanges = exchange->next;
		free(exchange);
	}
}

static const struct value *
secret_cb(void *arg, struct str name)
{
	struct fuzz_server *server = arg;

	return str_equal(name, STR("hook"))
		   ? value_of_str(server->arena, STR(FUZZ_SERVER_SECRET))
		   : NULL;
}

/* ---- the server's life ---- */

static void
open_engine(struct fuzz_server *server)
{
	struct buf detail = {0};
	struct engine_options options = {
	    .base = server->base,
	    .store = server->store,
	    .library = server->library,
	    .http = &server->port,
	    .clock = &server->clock.clock,
	    .rng = &server->rng.rng,
	    .settings = &value_null,
	    .environment = STR("test"),
	    .secret = secret_cb,
	    .secret_arg = server,
	};

	rng_seeded_init(&server->rng, 1);
	server->engine = engine_new(&options, &detail);
	must(server->engine != NULL);
	server->commits = engine_health(server->engine).commits;
	buf_fini(&detail);
}

/* A socket that the kernel names: no file and no port. */
static int
listen_somewhere(struct fuzz_server *server)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd >= 0);
	server->address = (struct sockaddr_un){.sun_family = AF_UNIX};
	server->address_bytes = sizeof(server->address.sun_family);
	must(bind(fd, (struct sockaddr *)&server->address,
		 server->address_bytes) == 0);
	server->address_bytes = sizeof(server->address);
	must(getsockname(fd, (struct sockaddr *)&server->address,
		 &server->address_bytes) == 0);
	must(listen(fd, 16) == 0);
	return fd;
}

static void
open_api(struct fuzz_server *server)
{
	static const struct str all[] = {STR_INIT("admin")};
	static const struct str some[] = {STR_INIT("events")};
	static const struct str workflows[] = {STR_INIT("payment")};
	struct api_token *tokens =
	    ARENA_ARRAY(server->arena, 2, struct api_token);
	struct api_listener listener = {.fd = listen_somewhere(server)};
	struct buf detail = {0};
	struct api_options options = {
	    .base = server->base,
	    .engine = server->engine,
	    .clock = &server->clock.clock,
	    .database = str_of(server->path),
	    .listeners = &listener,
	    .listener_count = 1,
	    .auth_required = server->auth_required,
	    .tokens = tokens,
	    .token_count = 2,
	    .secret = secret_cb,
	    .secret_arg = server,
	    .limits = {.body_bytes_max = 65536},
	};

	tokens[0] = (struct api_token){
	    .name = STR("root"),
	    .sha256 = digest_sha256(STR(FUZZ_SERVER_ADMIN)),
	    .roles = all,
	    .role_count = 1,
	};
	tokens[1] = (struct api_token){
	    .name = STR("feeder"),
	    .sha256 = digest_sha256(STR(FUZZ_SERVER_SENDER)),
	    .roles = some,
	    .role_count = 1,
	    .workflows = workflows,
	    .workflow_count = 1,
	    .expires_ms = FUZZ_SERVER_NOW_MS + 1,
	};
	server->api = api_new(&options, &detail);
	must(server->api != NULL);
	buf_fini(&detail);
}

static void
open_all(struct fuzz_server *server)
{
	struct store_options options = {
	    .path = str_of(server->path), .create = true};

	server->arena = arena_new();
	server->base = event_base_new();
	must(server->base != NULL);
	server->library = written_library(documents);
	clock_virtual_init(&server->clock, FUZZ_SERVER_NOW_MS);
	must(store_open(options, &server->store, NULL) == STORE_OK);
	open_engine(server);
	open_api(server);
}

static void
close_all(struct fuzz_server *server)
{
	api_free(&server->api);
	engine_free(&server->engine);
	drop_calls(server);
	store_close(&server->store);
	event_base_free(server->base);
	library_free(&server->library);
	arena_free(&server->arena);
}

static void
remove_files(struct fuzz_server *server)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char path[300];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(
		    path, sizeof(path), "%s%s", server->path, ends[i]);
		(void)unlink(path);
	}
}

/* ---- the beginning ---- */

static struct fuzz_server *the_server;

static void
tidy_up_cb(void)
{
	if (the_server->api != NULL)
		close_all(the_server);
	remove_files(the_server);
	(void)rmdir(the_server->directory);
	arena_free(&the_server->asking);
	arena_free(&the_server->lasting);
	buf_fini(&the_server->beginning);
	buf_fini(&the_server->heard);
	free(the_server);
	the_server = NULL;
}

static void
make_beginning(struct fuzz_server *server)
{
	FILE *file;

	open_all(server);
	server->contract = api_contract_new(server->lasting,
	    fuzz_server_ask(server, STR("GET /openapi.json"), STR("")).body);
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]);
	     i++) {
		struct str head = arena_strf(server->arena,
		    "%s\nContent-Type: application/json", beginnings[i].head);
		struct fuzz_answer answer = fuzz_server_ask(
		    server, head, str_of(beginnings[i].body));

		if (answer.status < 200 || answer.status > 299)
			(void)fprintf(stderr, "%.*s\n", STR_ARG(answer.body));
		must(answer.status >= 200 && answer.status <= 299);
	}
	close_all(server);
	file = fopen(server->path, "rb");
	must(file != NULL);
	must(buf_add_file(&server->beginning, file, SIZE_MAX / 2));
	(void)fclose(file);
}

static struct fuzz_server *
server_new(void)
{
	const char *directory = getenv("TMPDIR");
	struct fuzz_server *server = calloc(1, sizeof(*server));

	must(server != NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	log_setup(LOG_ERROR, LOG_TEXT);
	(void)snprintf(server->directory, sizeof(server->directory),
	    "%s/fuzz_server.XXXXXX", directory ? directory : "/tmp");
	must(mkdtemp(server->directory) != NULL);
	(void)snprintf(server->path, sizeof(server->path), "%s/stated.db",
	    server->directory);
	server->asking = arena_new();
	server->lasting = arena_new();
	server->port.send = send_cb;
	the_server = server;
	must(atexit(tidy_up_cb) == 0);
	make_beginning(server);
	return server;
}

static void
begin_again(struct fuzz_server *server)
{
	FILE *file;

	if (server->api != NULL)
		close_all(server);
	remove_files(server);
	file = fopen(server->path, "wb");
	must(file != NULL);
	must(fwrite(server->beginning.at, 1, server->beginning.bytes, file) ==
	     server->beginning.bytes);
	must(fclose(file) == 0);
	open_all(server);
}

struct fuzz_server *
fuzz_server_get(bool auth_required)
{
	struct fuzz_server *server = the_server;

	if (server == NULL)
		server = server_new();
	if (server->api == NULL || server->auth_required != auth_required ||
	    engine_health(server->engine).commits != server->commits) {
		server->auth_required = auth_required;
		begin_again(server);
	}
	return server;
}

/* ---- the caller's side ---- */

static void
say_more(struct fuzz_server *server)
{
	while (server->unsent.bytes > 0) {
		ssize_t n = send(server->fd, server->unsent.at,
		    server->unsent.bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) /* the server has heard enough */
			break;
		server->unsent = str_slice(
		    server->unsent, (size_t)n, server->unsent.bytes);
	}
	server->unsent = (struct str){NULL, 0};
}

static void
hear_cb(evutil_socket_t fd, short what, void *arg)
{
	struct fuzz_server *server = arg;
	char bytes[4096];
	ssize_t n;

	(void)what;
	while ((n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		buf_add(&server->heard, bytes, (size_t)n);
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		server->is_over = true;
		(void)event_del(server->hearing);
	}
}

/* Whether something is under way of which the loop will hear. */
static bool
is_busy(const struct fuzz_server *server)
{
	struct engine_health health = engine_health(server->engine);

	return api_active(server->api) > 0 || health.inbox > 0 ||
	       health.calls_active > 0 || health.calls_queued > 0 ||
	       store_is_committing(server->store);
}

static void
go_round(struct fuzz_server *server)
{
	if (server->unsent.at != NULL)
		say_more(server);
	(void)event_base_loop(
	    server->base, is_busy(server) ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
	answer_calls(server);
}

/* Nothing is under way, and nothing more is heard. */
static void
go_on_until_quiet(struct fuzz_server *server)
{
	for (int quiet = 0; quiet < 3;) {
		size_t heard = server->heard.bytes;

		go_round(server);
		quiet = server->unsent.at == NULL && !is_busy(server) &&
				server->heard.bytes == heard
			    ? quiet + 1
			    : 0;
	}
}

static void
open_connection(struct fuzz_server *server)
{
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(server->fd >= 0);
	must(connect(server->fd, (struct sockaddr *)&server->address,
		 server->address_bytes) == 0);
	server->is_over = false;
	buf_clear(&server->heard);
}

/* Whoever stops talking in the middle of an answer is not given the rest:
 * the connection's end is told only once the server has no more to say. */
static void
exchange_bytes(struct fuzz_server *server, struct str request)
{
	open_connection(server);
	server->unsent = request.bytes > 0 ? request : (struct str){NULL, 0};
	server->hearing = event_new(server->base, server->fd,
	    EV_READ | EV_PERSIST, hear_cb, server);
	must(server->hearing != NULL);
	must(event_add(server->hearing, NULL) == 0);
	go_on_until_quiet(server);
	(void)shutdown(server->fd, SHUT_WR);
	while (!server->is_over)
		go_round(server);
	event_free(server->hearing);
	(void)close(server->fd);
	go_on_until_quiet(server);
}

/* ---- answers ---- */

struct reading {
	struct str rest;
	int status;
	const struct message_header *headers;
	size_t header_count;
	struct str body;
};

static struct str
header(const struct reading *reading, const char *name)
{
	return message_find_header(
	    reading->headers, reading->header_count, str_of(name));
}

static void
take_head(struct reading *reading, struct arena *arena)
{
	size_t end = str_find(reading->rest, STR("\r\n\r\n"));
	struct message_header *headers = ARENA_ARRAY(
	    arena, 64, struct message_header);
	struct str head, line;
	int64_t status;

	must(end != SIZE_MAX);
	head = str_slice(reading->rest, 0, end);
	reading->rest =
	    str_slice(reading->rest, end + 4, reading->rest.bytes);
	line = str_split(head, '\n', &head);
	/* evhttp answers in the version that it was asked in. */
	must(str_has_prefix(line, STR("HTTP/")));
	(void)str_split(line, ' ', &line);
	must(str_parse_int(str_slice(line, 0, 3), 100, 599, &status));
	reading->status = (int)status;
	reading->header_count = 0;
	reading->headers = headers;
	while (head.at != NULL) {
		struct str value;

		line = str_split(head, '\n', &head);
		must(reading->header_count < 64);
		headers[reading->header_count].name =
		    str_split(line, ':', &value);
		must(value.at != NULL);
		headers[reading->header_count++].value = str_trim(value);
	}
}

static int64_t
take_chunk_size(struct str *rest)
{
	int64_t size = 0;
	int digit;

	while (rest->bytes > 0 && (digit = str_hex_digit(rest->at[0])) >= 0) {
		must(size < INT32_MAX);
		size = size * 16 + digit;
		*rest = str_slice(*rest, 1, rest->bytes);
	}
	must(str_has_prefix(*rest, STR("\r\n")));
	*rest = str_slice(*rest, 2, rest->bytes);
	return size;
}

static void
take_chunks(struct reading *reading, struct arena *arena)
{
	struct buf body = {0};
	int64_t size;

	while ((size = take_chunk_size(&reading->rest)) > 0) {
		must((size_t)size + 2 <= reading->rest.bytes);
		buf_add(&body, reading->rest.at, (size_t)size);
		reading->rest = str_slice(
		    reading->rest, (size_t)size + 2, reading->rest.bytes);
	}
	must(str_has_prefix(reading->rest, STR("\r\n")));
	reading->rest = str_slice(reading->rest, 2, reading->rest.bytes);
	reading->body = arena_str(arena, buf_str(&body));
	buf_fini(&body);
}

/* An answer to HEAD tells of a body and has none. */
static void
take_body(struct reading *reading, struct arena *arena)
{
	struct str told = header(reading, "Content-Length");
	int64_t bytes = 0;

	reading->body = (struct str){NULL, 0};
	if (reading->status < 200 || reading->status == 204 ||
	    str_has_prefix(reading->rest, STR("HTTP/")) ||
	    reading->rest.bytes == 0)
		return;
	if (message_name_equal(
		header(reading, "Transfer-Encoding"), STR("chunked"))) {
		take_chunks(reading, arena);
		return;
	}
	if (told.at == NULL) {
		reading->body = reading->rest;
		reading->rest = (struct str){NULL, 0};
		return;
	}
	must(str_parse_int(told, 0, INT32_MAX, &bytes));
	must((size_t)bytes <= reading->rest.bytes);
	reading->body = str_slice(reading->rest, 0, (size_t)bytes);
	reading->rest =
	    str_slice(reading->rest, (size_t)bytes, reading->rest.bytes);
}

static void
check_problem(const struct reading *reading, const struct value *body)
{
	const struct value *status = value_field_or_null(body, "status");
	int64_t n;

	must(body->type == VALUE_CONTEXT);
	must(str_equal(header(reading, "Content-Type"),
	    STR("application/problem+json")));
	must(str_has_prefix(value_field_str(body, "type"),
	    STR("urn:stated:problem:")));
	must(value_field_str(body, "title").bytes > 0);
	must(status->type == VALUE_NUMBER);
	must(number_to_int(status->as.number, &n) && n == reading->status);
}

/* Nothing fails within the server, and the store can always write. */
static void
check_answer(const struct reading *reading, struct arena *arena)
{
	struct str type = header(reading, "Content-Type");
	const struct value *body;
	struct json_error error;

	if (reading->status == 100)
		return;
	/* Before it was a request there is nothing that had an identifier. */
	if (header(reading, "X-Request-Id").at == NULL)
		must(reading->status == 400 || reading->status == 413 ||
		     reading->status == 417 || reading->status == 501);
	else
		must(reading->status < 500 || reading->status == 501);
	must(type.bytes > 0);
	if (reading->body.at == NULL || str_find(type, STR("json")) == SIZE_MAX)
		return;
	if (str_has_prefix(type, STR("application/jsonl")))
		return;
	must(str_is_utf8(reading->body));
	body = json_read(arena, reading->body, &error);
	must(body != NULL);
	if (reading->status >= 400)
		check_problem(reading, body);
}

static struct fuzz_answer
read_answers(struct fuzz_server *server)
{
	struct reading reading = {.rest = buf_str(&server->heard)};

	while (reading.rest.bytes > 0) {
		take_head(&reading, server->asking);
		take_body(&reading, server->asking);
		check_answer(&reading, server->asking);
	}
	return (struct fuzz_answer){
	    .status = reading.status,
	    .is_ours = header(&reading, "X-Request-Id").at != NULL,
	    .type = header(&reading, "Content-Type"),
	    .body = reading.body,
	};
}

/* ---- questions ---- */

/* "{1}" and so on as the identifiers that this database gives. */
static struct str
name_instances(struct fuzz_server *server, struct str text)
{
	struct buf out = {0};
	struct str named;

	for (size_t i = 0; i < text.bytes; i++) {
		char id[CHART_ID_BYTES];
		const char *at = text.at + i;

		if (text.bytes - i < 3 || at[0] != '{' || at[2] != '}' ||
		    at[1] < '1' || at[1] > '0' + INSTANCES_MAX) {
			buf_add_char(&out, *at);
			continue;
		}
		buf_add_str(&out,
		    engine_id_format(
			server->engine, (uint64_t)(at[1] - '0'), id));
		i += 2;
	}
	named = arena_str(server->asking, buf_str(&out));
	buf_fini(&out);
	return named;
}

struct fuzz_answer
fuzz_server_say(struct fuzz_server *server, struct str request)
{
	arena_reset(server->asking);
	exchange_bytes(server, name_instances(server, request));
	return read_answers(server);
}

static bool
tells(struct str head, struct str wanted)
{
	while (head.at != NULL) {
		struct str value;
		struct str name =
		    str_split(str_split(head, '\n', &head), ':', &value);

		if (message_name_equal(name, wanted))
			return true;
	}
	return false;
}

/* What evhttp reads otherwise than we do here is left out. */
static void
check_promise(struct fuzz_server *server, struct str line,
    const struct fuzz_answer *answer)
{
	struct str rest, query;
	struct api_promise promise = {
	    .method = str_split(line, ' ', &rest),
	    .path = str_split(str_split(rest, ' ', &rest), '?', &query),
	    .status = answer->status,
	    .type = answer->type,
	};
	struct json_error error;
	struct buf why = {0};

	/* Nothing is promised of a method that there is none of. */
	if (server->contract == NULL || !answer->is_ours ||
	    answer->status == 501 ||
	    promise.path.bytes == 0 || promise.path.at[0] != '/' ||
	    memchr(promise.path.at, '#', promise.path.bytes) != NULL ||
	    str_equal(promise.method, STR("HEAD")))
		return;
	if (str_find(promise.type, STR("json")) != SIZE_MAX &&
	    !str_has_prefix(promise.type, STR("application/jsonl")))
		promise.body = json_read(server->asking, answer->body, &error);
	if (!api_contract_allows(server->contract, &promise, &why)) {
		(void)fprintf(stderr, "%s\n", buf_cstr(&why));
		unreachable("each answer is one that is promised");
	}
	buf_fini(&why);
}

/* The request line's version, and the host, are added, too, where there are
 * none. */
struct fuzz_answer
fuzz_server_ask(struct fuzz_server *server, struct str head, struct str body)
{
	struct str rest;
	struct str line = str_split(head, '\n', &rest);
	struct buf request = {0};
	struct str named = name_instances(server, body);
	struct fuzz_answer answer;

	buf_add_str(&request, line);
	if (str_find(line, STR(" HTTP/")) == SIZE_MAX)
		buf_add_cstr(&request, " HTTP/1.1");
	buf_add_cstr(&request, "\r\n");
	while (rest.at != NULL) {
		buf_add_str(&request, str_split(rest, '\n', &rest));
		buf_add_cstr(&request, "\r\n");
	}
	if (!tells(head, STR("Host")))
		buf_add_cstr(&request, "Host: fuzz\r\n");
	if (!tells(head, STR("Content-Length")) &&
	    !tells(head, STR("Transfer-Encoding")) && named.bytes > 0)
		buf_addf(&request, "Content-Length: %zu\r\n", named.bytes);
	buf_add_cstr(&request, "\r\n");
	buf_add_str(&request, named);
	answer = fuzz_server_say(server, buf_str(&request));
	buf_fini(&request);
	check_promise(server, line, &answer);
	return answer;
}
