/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_secret.c: secrets of every kind, endpoints that repeat all they are
 * told, calls that end in every way; and then no trace of a secret in anything
 * that the engine wrote or answered.
 */
#include "../unit/base/key_pair.h"
#include "house.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "Pl4nt3d"

/* Where each is kept: the environment, the directory, systemd's folder. */
static const struct {
	const char *name;
	const char *value;
	int place;
} planted[] = {
	{"PASSWORD", MARK "-basic/password", 0},
	{"BEARER", MARK "-bearer", 0},
	{"HEADER", MARK "-header", 0},
	{"query", MARK "-query&=", 1},
	{"path", MARK "-path", 1},
	{"body", MARK "-body\"\\", 1},
	{"client", "us:" MARK "-client", 1},
	{"odoo", MARK "-odoo", 2},
	{"mail", MARK "-mail", 2},
	{"hook", MARK "-hook", 2},
	{"talk", NULL, 2}, /* an address, which is not known yet */
	{"api", MARK "-api", 2},
};
#define PLANTED (sizeof(planted) / sizeof(planted[0]))

/* How an endpoint ends a call, by the path. */
static const char *const ends[] = {
	"fine", "bad", "denied", "broken", "cut", "gone", "moved",
};
#define ENDS (sizeof(ends) / sizeof(ends[0]))

static const char *const kinds[] = {
	"basic", "bearer", "header", "query", "path", "body", "oauth2", "jwt",
	"odoo", "mail",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- the endpoint ---- */

/* The request as a JSON string, in a larger buffer. */
static void
quote(const char *text, char *out, size_t bytes)
{
	size_t count = 0;

	for (; *text != '\0' && count + 8 < bytes; text++) {
		if (*text == '"' || *text == '\\')
			out[count++] = '\\';
		if (*text == '\r' || *text == '\n')
			count += (size_t)snprintf(out + count, 8, "\\n");
		else
			out[count++] = *text;
	}
	out[count] = '\0';
}

static void
say(int fd, int status, const char *type, const char *header,
    const char *body, size_t missing)
{
	char *text;
	int bytes = asprintf(&text,
	    "HTTP/1.1 %d So\r\nContent-Type: %s\r\n%s"
	    "Content-Length: %zu\r\n%s\r\n%s",
	    status, type, header, strlen(body) + missing,
	    missing > 0 ? "Connection: close\r\n" : "", body);

	endpoint_say(fd, text, (size_t)bytes);
	if (missing > 0)
		shutdown(fd, SHUT_RDWR);
	free(text);
}

static void
give_token(int fd, const char *quoted)
{
	static atomic_int asked;
	char body[512];

	if (atomic_fetch_add(&asked, 1) % 4 == 1) {
		char *refusal;

		assert(asprintf(&refusal, "{\"error\":\"invalid_client\","
		    "\"error_description\":\"%s\"}", quoted) > 0);
		say(fd, 400, "application/json", "", refusal, 0);
		free(refusal);
		return;
	}
	snprintf(body, sizeof(body), "{\"access_token\":\"" MARK
	    "-token\",\"token_type\":\"Bearer\",\"expires_in\":60}");
	say(fd, 200, "application/json", "", body, 0);
}

static void
echo(int fd, const char *request, void *arg)
{
	char *quoted = malloc(65536), *body;
	char line[256], header[512];

	(void)arg;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(request, "\r\n"),
	    request);
	quote(request, quoted, 65536);
	snprintf(header, sizeof(header), "x-echo: %s\r\nSet-Cookie: a=%s\r\n",
	    line, MARK "-cookie");
	assert(asprintf(&body, "{\"error\":{\"message\":\"%s\"},"
	    "\"message\":\"no: %s\",\"result\":null}", quoted, quoted) > 0);
	if (strstr(line, "/token") != NULL)
		give_token(fd, quoted);
	else if (strstr(line, "/bad") != NULL)
		say(fd, 400, "application/json", header, body, 0);
	else if (strstr(line, "/denied") != NULL)
		say(fd, 401, "application/json", header, body, 0);
	else if (strstr(line, "/broken") != NULL)
		say(fd, 500, "text/html", header, request, 0);
	else if (strstr(line, "/cut") != NULL)
		say(fd, 200, "application/json", header, body, 10);
	else if (strstr(line, "/gone") != NULL)
		shutdown(fd, SHUT_RDWR);
	else if (strstr(line, "/moved") != NULL)
		say(fd, 302, "text/plain", header, request, 0);
	else
		say(fd, 200, "application/json", header, body, 0);
	free(quoted);
	free(body);
}

/* ---- the definitions ---- */

static void
write_workflow(FILE *out, const char *kind)
{
	bool is_mail = strcmp(kind, "mail") == 0;

	fprintf(out, "workflow: leak-%s\nversion: 1\ninitial: s0\nstates:\n",
	    kind);
	for (size_t i = 0; i < ENDS; i++)
		fprintf(out, "  s%zu:\n    entry:\n"
		    "      - call: leak-%s.%s\n        with: {%s}\n"
		    "        retry: {limit: 1, delay: 10ms}\n"
		    "    on: {done: s%zu, error: [{target: s%zu, do: "
		    "[{notify: clerk, message: = error.message}]}]}\n",
		    i, kind, is_mail ? "send" : ends[i],
		    is_mail ? "to: [a@example.com], subject: a, text: b" : "",
		    i + 1, i + 1);
	fprintf(out, "  s%zu: {type: final}\n---\n", ENDS);
}

static void
write_connection(FILE *out, const char *kind, const char *url,
    const char *auth, const char *request)
{
	fprintf(out, "connection: leak-%s\nkind: http\nurl: %s\nauth: %s\n"
	    "tls: {client-certificate: {secret: key}}\n"
	    "timeout: 5s\noperations:\n", kind, url, auth);
	for (size_t i = 0; i < ENDS; i++)
		fprintf(out, "  %s: {safe: true, request: {post: /%s%s}, "
		    "output: {all: = body, head: = headers}}\n", ends[i],
		    ends[i], request);
	fprintf(out, "---\n");
}

static void
write_connections(FILE *out, const char *url)
{
	char auth[1024];

	write_connection(out, "basic", url,
	    "{basic: {user: treasury, password: {secret: password}}}", "");
	write_connection(out, "bearer", url, "{bearer: {secret: bearer}}", "");
	write_connection(out, "header", url,
	    "{header: {name: x-key, value: {secret: header}}}", "");
	write_connection(out, "query", url,
	    "{query: {name: key, value: {secret: query}}}", "");
	write_connection(out, "path", url, "{bearer: {secret: bearer}}",
	    ", query: {at: {secret: path}}");
	write_connection(out, "body", url, "{bearer: {secret: bearer}}",
	    ", body: {pin: {secret: body}, list: [{secret: body}]}");
	snprintf(auth, sizeof(auth), "{oauth2: {token-url: %s/token, "
	    "client: {secret: client}}}", url);
	write_connection(out, "oauth2", url, auth, "");
	snprintf(auth, sizeof(auth), "{oauth2: {token-url: %s/token, "
	    "client: {id: us}, client-auth: private-key-jwt, "
	    "key: {secret: key}}}", url);
	write_connection(out, "jwt", url, auth, "");
	fprintf(out, "connection: leak-odoo\nkind: odoo\nurl: %s\n"
	    "auth: {odoo: {database: d, login: us, password: {secret: odoo}}}\n"
	    "operations:\n", url);
	for (size_t i = 0; i < ENDS; i++)
		fprintf(out, "  %s: {model: a, method: %s, safe: true}\n",
		    ends[i], ends[i]);
	fprintf(out, "---\nconnection: leak-mail\nkind: smtp\n"
	    "url: smtp://127.0.0.1:1\nfrom: us@example.com\n"
	    "auth: {basic: {user: us, password: {secret: mail}}}\n---\n");
	fprintf(out, "connection: hooked\nkind: http\nurl: %s\n"
	    "operations: {}\nwebhooks:\n"
	    "  verify: {scheme: hmac, secret: {secret: hook}}\n"
	    "  events: [{type: = body.type}]\n---\n"
	    "contact: clerk\nnotify:\n  - {webhook: {secret: talk}}\n"
	    "  - {log: warning}\n", url);
}

static void
write_definitions(const struct house *house, const char *url)
{
	FILE *out = fopen(house_path(house, "workflows/leak.yaml"), "we");

	assert_non_null(out);
	for (size_t i = 0; i < KINDS; i++)
		write_workflow(out, kinds[i]);
	write_connections(out, url);
	assert_int_equal(fclose(out), 0);
}

/* ---- the secrets ---- */

static void
plant(const struct house *house, const char *name, const char *value,
    int place)
{
	char path[128];

	if (place == 0) {
		snprintf(path, sizeof(path), "STATED_SECRET_%s", name);
		setenv(path, value, 1);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s",
	    place == 1 ? "secrets" : "credentials", name);
	house_write(house, path, value);
}

static void
plant_all(const struct house *house, const char *url, struct str key)
{
	char talk[128];

	assert_int_equal(mkdir(house_path(house, "secrets"), 0700), 0);
	assert_int_equal(mkdir(house_path(house, "credentials"), 0700), 0);
	snprintf(talk, sizeof(talk), "%s/bad/" MARK "-talk", url);
	for (size_t i = 0; i < PLANTED; i++)
		plant(house, planted[i].name,
		    planted[i].value != NULL ? planted[i].value : talk,
		    planted[i].place);
	plant(house, "key", key.at, 2);
	setenv("CREDENTIALS_DIRECTORY", house_path(house, "credentials"), 1);
}

static void
write_config(const struct house *house)
{
	char with[HOUSE_PATH_BYTES + 256];

	snprintf(with, sizeof(with),
	    "secrets: {environment: STATED_SECRET_, directory: %s}\n"
	    "log: {level: debug}\n", house_path(house, "secrets"));
	house_edit(house, "stated.yaml",
	    "secrets: {environment: STATED_SECRET_}\n", with);
	house_edit(house, "stated.yaml", "auth: {required: false}\n",
	    "auth: {required: false, tokens: [{name: robot, "
	    "token: {secret: api}, roles: [admin]}]}\n");
}

/* ---- the traces ---- */

static const char *key_line; /* in the middle of the private key */

static bool
has(const char *text, size_t bytes, const char *what)
{
	return memmem(text, bytes, what, strlen(what)) != NULL;
}

/* As they are, as addresses write them, and in Base64 where it is known how
 * it falls. */
static void
assert_clean(const char *where, const char *text, size_t bytes)
{
	static const char *const traces[] = {
		MARK, "UGw0bnQzZ", "dHJlYXN1cnk6", "dXM6UGw0bnQz",
	};

	for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++)
		if (has(text, bytes, traces[i])) {
			const char *at = memmem(text, bytes, traces[i],
			    strlen(traces[i]));

			fail_msg("%s has %s: …%.*s…", where, traces[i], 160,
			    at - text > 90 ? at - 90 : text);
		}
	if (has(text, bytes, key_line))
		fail_msg("%s has the private key", where);
}

static void
assert_file_clean(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t bytes = 0;

	if (file == NULL)
		return;
	if (getdelim(&text, &bytes, EOF, file) > 0)
		assert_clean(path, text, (size_t)ftell(file));
	free(text);
	fclose(file);
}

static void
assert_folder_clean(const struct house *house, const char *name)
{
	char path[2 * HOUSE_PATH_BYTES];
	const char *folder = house_path(house, name);
	struct dirent *entry;
	DIR *files;

	snprintf(path, sizeof(path), "%s", folder);
	files = opendir(path);
	assert_non_null(files);
	while ((entry = readdir(files)) != NULL) {
		char file[3 * HOUSE_PATH_BYTES];

		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_REG)
			assert_file_clean(file);
	}
	closedir(files);
}

static void
assert_answer_clean(struct house *house, const char *path)
{
	struct reply *reply = house_get(house, "%s", path);

	assert_clean(path, reply->body, strlen(reply->body));
	assert_clean(path, reply->headers, strlen(reply->headers));
}

static void
assert_output_clean(const struct house *house, const char *const *arguments)
{
	struct run run = house_run(house, arguments);

	assert_clean(arguments[0], run.text, strlen(run.text));
	run_fini(&run);
}

/* ---- the test ---- */

static void
run_all(struct house *house)
{
	int64_t until_ms = time_ms() + 60000;
	char id[KINDS][64];

	for (size_t i = 0; i < KINDS; i++) {
		char path[64];
		struct reply *reply;

		snprintf(path, sizeof(path), "/v1/workflows/leak-%s/instances",
		    kinds[i]);
		reply = house_post(house, path, "{\"input\":{}}");
		assert_status(reply, 201);
		snprintf(id[i], sizeof(id[i]), "%s",
		    text_at(reply->json, "id"));
	}
	for (size_t i = 0; i < KINDS; i++)
		for (;;) {
			struct reply *reply =
			    house_get(house, "/v1/instances/%s", id[i]);

			if (strcmp(text_at(reply->json, "status"),
				"completed") == 0)
				break;
			if (time_ms() > until_ms)
				fail_msg("%s stands at %s", kinds[i],
				    reply->body);
			time_sleep(50);
		}
	for (size_t i = 0; i < KINDS; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/v1/instances/%s/history", id[i]);
		assert_answer_clean(house, path);
		snprintf(path, sizeof(path), "/v1/instances/%s", id[i]);
		assert_answer_clean(house, path);
		snprintf(path, sizeof(path), "/v1/export?format=bundle&instance=%s",
		    id[i]);
		assert_answer_clean(house, path);
	}
}

static void
provoke(struct house *house)
{
	static const char *const headers[] = {
		"x-signature: " MARK "-guess", "Authorization: Bearer " MARK
		"-api", "Authorization: Bearer " MARK "-other",
	};

	for (size_t i = 0; i < 3; i++) {
		struct reply *reply = house_ask(house, &(struct ask){
		    .path = "/hooks/hooked",
		    .body = "{\"type\":\"a\"}",
		    .headers = {headers[i]},
		});

		assert_clean("a forged webhook's answer", reply->body,
		    strlen(reply->body));
		reply = house_ask(house, &(struct ask){
		    .path = "/v1/instances?limit=x",
		    .headers = {headers[i]},
		});
		assert_clean("a problem", reply->body, strlen(reply->body));
	}
}

static void
test_no_secret_is_found_anywhere(void **state)
{
	static const char *const answers[] = {
		"/v1/export?format=jsonl", "/v1/export?format=csv",
		"/v1/export?format=bundle", "/v1/instances", "/v1/incidents",
		"/v1/dead-letters", "/v1/escalations", "/v1/definitions",
		"/v1/tasks", "/metrics", "/healthz", "/readyz",
		"/openapi.json", "/v1/workflows/leak-basic", "/nowhere",
	};
	struct arena *arena = arena_new();
	struct str key = key_pair_new(arena, PAIR_RSA).private;
	static const struct house_options quiet = {.quiet_bank = true};
	struct house *house = house_build(&quiet);
	struct endpoint endpoint;
	struct run run;

	(void)state;
	key_line = arena_cstr(arena, str_slice(key, 200, 40));
	endpoint_open(&endpoint, echo, NULL);
	plant_all(house, endpoint.url, key);
	write_config(house);
	write_definitions(house, endpoint.url);
	house_start_engine(house);
	run_all(house);
	provoke(house);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		assert_answer_clean(house, answers[i]);
	assert_output_clean(house, (const char *[]){"list", NULL});
	assert_output_clean(house, (const char *[]){"connection", "list", NULL});
	assert_output_clean(house, (const char *[]){"check",
	    house_path(house, "workflows/leak.yaml"), NULL});
	run = house_run(house, (const char *[]){"backup", "copy.db", "--store",
	    house_path(house, "disk/stated.db"), NULL});
	assert_int_equal(run.status, 0);
	run_fini(&run);
	assert_file_clean(house_path(house, "copy.db"));
	program_stop(&house->engine);
	assert_true(atomic_load(&endpoint.requests) > 60);
	assert_folder_clean(house, "disk");
	assert_folder_clean(house, ".");
	endpoint_close(&endpoint);
	house_close(&house);
	unsetenv("CREDENTIALS_DIRECTORY");
	arena_free(&arena);
}

/* ---- a Vault, and a bank whose password is changed ---- */

struct keeper {
	atomic_int version; /* of the password */
	atomic_int refused;
	atomic_int read;
};

/* Both at once. */
static void
keep(int fd, const char *request, void *arg)
{
	struct keeper *keeper = arg;
	bool is_vault = strncmp(request, "GET /v1/secret/data/apps ", 25) == 0;
	char password[64], body[256];

	snprintf(password, sizeof(password), MARK "-vaulted-%d",
	    atomic_load(&keeper->version));
	if (strncmp(request, "POST /v1/auth/", 14) == 0) {
		say(fd, 403, "application/json", "", "{}", 0);
	} else if (is_vault && strstr(request, MARK "-vault-token") != NULL) {
		snprintf(body, sizeof(body),
		    "{\"data\":{\"data\":{\"bank_key\":\"%s\"}}}", password);
		atomic_fetch_add(&keeper->read, 1);
		say(fd, 200, "application/json", "", body, 0);
	} else if (!is_vault && strstr(request, password) != NULL) {
		say(fd, 200, "application/json", "", "{}", 0);
	} else {
		atomic_fetch_add(&keeper->refused, 1);
		say(fd, 401, "application/json", "", "{}", 0);
	}
}

static void
write_vaulted(const struct house *house, const char *url)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "workflow: vaulted\nversion: 1\ninitial: paying\nstates:\n"
	    "  paying:\n    entry: [{call: vaulted.pay, retry: {limit: 3, "
	    "delay: 200ms, backoff: constant}}]\n"
	    "    on: {done: paid, error: failed}\n"
	    "  paid: {type: final}\n"
	    "  failed: {type: final, outcome: failure}\n---\n"
	    "connection: vaulted\nkind: http\nurl: %s\n"
	    "auth: {bearer: {secret: bank_key}}\n"
	    "operations: {pay: {request: {post: /pay}, idempotent: true}}\n",
	    url);
	house_write(house, "workflows/vaulted.yaml", text);
	snprintf(text, sizeof(text),
	    "secrets: {environment: STATED_SECRET_, vault: {address: '%s', "
	    "path: apps, token: {secret: vault_token}}}\n", url);
	house_edit(house, "stated.yaml",
	    "secrets: {environment: STATED_SECRET_}\n", text);
}

static void
pay(struct house *house)
{
	struct reply *reply = house_post(house,
	    "/v1/workflows/vaulted/instances?wait=20s", "{\"input\":{}}");

	assert_status(reply, 201);
	assert_string_equal(text_at(reply->json, "state"), "paid");
}

static void
test_vault_gives_secrets_and_what_they_are_changed_to(void **state)
{
	static const struct house_options quiet = {.quiet_bank = true};
	struct keeper keeper = {.version = 1};
	struct house *house = house_build(&quiet);
	struct endpoint endpoint;
	int64_t *offset_ms =
	    house_share(house, "STATED_TEST_CLOCK", sizeof(*offset_ms));

	(void)state;
	key_line = "no key here";
	house->shim = "tests/e2e/shim_clock.so";
	setenv("STATED_SECRET_VAULT_TOKEN", MARK "-vault-token", 1);
	endpoint_open(&endpoint, keep, &keeper);
	write_vaulted(house, endpoint.url);
	house_start_engine(house);
	pay(house);
	assert_int_equal(atomic_load(&keeper.refused), 0);
	assert_int_equal(atomic_load(&keeper.read), 1);
	/* So much must lie between two readings. */
	time_sleep(1200);
	atomic_store(&keeper.version, 2);
	pay(house);
	assert_int_equal(atomic_load(&keeper.refused), 1);
	assert_int_equal(atomic_load(&keeper.read), 2);
	/* Also where the clock is set back. */
	time_sleep(1200);
	*offset_ms = -3600 * 1000;
	atomic_store(&keeper.version, 3);
	pay(house);
	assert_int_equal(atomic_load(&keeper.refused), 2);
	assert_int_equal(atomic_load(&keeper.read), 3);
	assert_answer_clean(house, "/v1/export?format=jsonl");
	program_stop(&house->engine);
	assert_folder_clean(house, "disk");
	assert_folder_clean(house, ".");
	endpoint_close(&endpoint);
	house_close(&house);
	munmap(offset_ms, sizeof(*offset_ms));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_no_secret_is_found_anywhere),
	    HOUSE_TEST(test_vault_gives_secrets_and_what_they_are_changed_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
