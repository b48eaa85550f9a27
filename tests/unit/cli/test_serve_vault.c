/* SPDX-License-Identifier: Apache-2.0 */
/* test_serve_vault.c: secrets of a server, read, kept, renewed and doubted. */
#include "../../../src/cli/serve_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DOCUMENT(value)                                                        \
	"{\"data\":{\"data\":{\"bank_client\":\"" value "\",\"pin\":1234},"    \
	"\"metadata\":{\"version\":1}}}"

/* A network of one exchange, which the test answers. */
struct fixture {
	struct http_port port; /* first */
	struct clock_virtual clock;
	struct vault *vault;
	http_done_fn *done;
	void *arg;
	char method[16];
	char url[256];
	char token[64];
	char body[256];
	int sent;
	const char *secret; /* of this machine */
	const struct value *value;
	struct arena *arena;
};

static void
send_cb(struct http_port *port, const struct message_request *request,
    http_done_fn *done, void *arg)
{
	struct fixture *f = (struct fixture *)port;
	struct str token = message_find_header(request->headers,
	    request->header_count, STR("X-Vault-Token"));

	assert_null(f->done);
	f->done = done;
	f->arg = arg;
	f->sent++;
	snprintf(f->method, sizeof(f->method), "%.*s",
	    STR_ARG(request->method));
	snprintf(f->url, sizeof(f->url), "%.*s", STR_ARG(request->url));
	snprintf(f->token, sizeof(f->token), "%.*s", STR_ARG(token));
	snprintf(f->body, sizeof(f->body), "%.*s", STR_ARG(request->body));
}

static const struct value *
find_cb(void *arg, struct str name)
{
	struct fixture *f = arg;

	return value_of_str(f->arena,
	    arena_strf(f->arena, "%s %.*s", f->secret, STR_ARG(name)));
}

static void
answer(struct fixture *f, int status, const char *body)
{
	http_done_fn *done = f->done;
	struct message_response response = {
	    .failure = status == 0 ? MESSAGE_UNREACHABLE : MESSAGE_OK,
	    .status = status,
	    .body = str_of(body),
	};

	assert_non_null(done);
	f->done = NULL;
	done(&response, f->arg);
}

static struct fixture *
open_vault(struct vault_config config)
{
	struct fixture *f = calloc(1, sizeof(*f));

	config.address = STR("https://vault.example:8200");
	config.path = STR("apps/stated");
	f->port.send = send_cb;
	f->arena = arena_new();
	f->secret = "the";
	clock_virtual_init(&f->clock, INT64_C(1700000000000));
	f->vault = vault_new(&config, find_cb, f);
	assert_false(vault_is_settled(f->vault));
	vault_open(f->vault, &f->port, &f->clock.clock);
	return f;
}

static void
close_vault(struct fixture *f)
{
	vault_free(&f->vault);
	arena_free(&f->arena);
	free(f);
}

static void
pass(struct fixture *f, int64_t seconds)
{
	f->clock.now_ms += seconds * 1000;
	vault_tick(f->vault);
}

static void
assert_asked(const struct fixture *f, const char *method, const char *path,
    const char *token)
{
	assert_non_null(f->done);
	assert_string_equal(f->method, method);
	assert_string_equal(f->url + strlen("https://vault.example:8200"),
	    path);
	assert_string_equal(f->token, token);
}

static void
assert_secret(const struct fixture *f, const char *name, const char *value)
{
	const struct value *found = vault_find(f->vault, str_of(name));

	assert_non_null(found);
	assert_true(str_equal(value_str(found), str_of(value)));
}

static const struct vault_config by_token = {.token = STR_INIT("token")};
static const struct vault_config by_role = {
    .role_id = STR_INIT("role"),
    .secret_id = STR_INIT("secret"),
    .mount = STR_INIT("kv"),
};

static void
test_document_is_read_by_a_token_and_kept(void **state)
{
	struct fixture *f = open_vault(by_token);

	(void)state;
	assert_asked(f, "POST", "/v1/auth/token/renew-self", "the token");
	answer(f, 403, "{}"); /* it can't be renewed, and holds */
	assert_asked(f, "GET", "/v1/secret/data/apps/stated", "the token");
	assert_false(vault_is_settled(f->vault));
	answer(f, 200, DOCUMENT("us:hush"));
	assert_true(vault_is_settled(f->vault));
	assert_secret(f, "bank_client", "us:hush");
	assert_secret(f, "pin", "1234");
	assert_null(vault_find(f->vault, STR("other")));
	/* Nothing is asked until it is time. */
	pass(f, 299);
	assert_null(f->done);
	pass(f, 1);
	assert_asked(f, "GET", "/v1/secret/data/apps/stated", "the token");
	answer(f, 200, DOCUMENT("us:louder"));
	assert_secret(f, "bank_client", "us:louder");
	close_vault(f);
}

static void
test_token_is_renewed_in_time(void **state)
{
	struct fixture *f = open_vault(by_token);

	(void)state;
	answer(f, 200, "{\"auth\":{\"lease_duration\":150}}");
	answer(f, 200, DOCUMENT("a"));
	pass(f, 99);
	assert_null(f->done);
	pass(f, 1);
	assert_asked(f, "POST", "/v1/auth/token/renew-self", "the token");
	f->secret = "another"; /* its file has changed */
	answer(f, 200, "{\"auth\":{\"lease_duration\":150}}");
	assert_asked(f, "GET", "/v1/secret/data/apps/stated",
	    "another token");
	answer(f, 200, DOCUMENT("b"));
	assert_secret(f, "bank_client", "b");
	close_vault(f);
}

#define RENEWED "{\"auth\":{\"lease_duration\":600,\"renewable\":true}}"

static void
test_renewal_that_fails_is_tried_again(void **state)
{
	static const int failures[] = {0, 503, 429};
	struct fixture *f = open_vault(by_token);

	(void)state;
	answer(f, 200, RENEWED);
	answer(f, 200, DOCUMENT("a"));
	pass(f, 400);
	for (size_t i = 0; i < COUNT_OF(failures); i++) {
		assert_asked(
		    f, "POST", "/v1/auth/token/renew-self", "the token");
		answer(f, failures[i], "");
		assert_asked(f, "GET", "/v1/secret/data/apps/stated",
		    "the token");
		if (i == 0)
			answer(f, 503, "");
		else
			answer(f, 200, DOCUMENT("a"));
		pass(f, 4);
		assert_null(f->done);
		pass(f, 1);
	}
	assert_asked(f, "POST", "/v1/auth/token/renew-self", "the token");
	answer(f, 200, RENEWED);
	answer(f, 200, DOCUMENT("a"));
	pass(f, 299);
	assert_null(f->done);
	close_vault(f);
}

/* Renewed by hand or given more rights, it may be so again. */
static void
test_token_that_is_refused_is_renewed_again(void **state)
{
	struct fixture *f = open_vault(by_token);

	(void)state;
	answer(f, 403, "{}");
	answer(f, 403, "{}");
	pass(f, 4);
	assert_null(f->done);
	pass(f, 1);
	assert_asked(f, "POST", "/v1/auth/token/renew-self", "the token");
	answer(f, 400, "{}"); /* it isn't renewable */
	answer(f, 200, DOCUMENT("a"));
	pass(f, 299);
	assert_null(f->done);
	pass(f, 1);
	assert_asked(f, "GET", "/v1/secret/data/apps/stated", "the token");
	answer(f, 403, "{}");
	pass(f, 5);
	assert_asked(f, "POST", "/v1/auth/token/renew-self", "the token");
	answer(f, 200, RENEWED);
	answer(f, 200, DOCUMENT("b"));
	assert_secret(f, "bank_client", "b");
	close_vault(f);
}

static void
test_field_that_is_null_is_no_secret(void **state)
{
	struct fixture *f = open_vault(by_token);

	(void)state;
	answer(f, 200, RENEWED);
	answer(f, 200, "{\"data\":{\"data\":{\"a\":null,\"b\":\"x\"}}}");
	assert_null(vault_find(f->vault, STR("a")));
	assert_secret(f, "b", "x");
	close_vault(f);
}

static void
test_role_logs_in_and_again_when_its_token_is_old(void **state)
{
	struct fixture *f = open_vault(by_role);

	(void)state;
	assert_asked(f, "POST", "/v1/auth/approle/login", "");
	assert_string_equal(f->body,
	    "{\"role_id\":\"the role\",\"secret_id\":\"the secret\"}");
	answer(f, 200, "{\"auth\":{\"client_token\":\"t1\","
	    "\"lease_duration\":900}}");
	assert_asked(f, "GET", "/v1/kv/data/apps/stated", "t1");
	answer(f, 200, DOCUMENT("a"));
	pass(f, 300);
	assert_asked(f, "GET", "/v1/kv/data/apps/stated", "t1");
	answer(f, 200, DOCUMENT("a"));
	pass(f, 300);
	assert_asked(f, "POST", "/v1/auth/approle/login", "");
	answer(f, 200, "{\"auth\":{\"client_token\":\"t2\"}}");
	assert_asked(f, "GET", "/v1/kv/data/apps/stated", "t2");
	answer(f, 200, DOCUMENT("b"));
	/* One that is revoked is replaced at once. */
	pass(f, 300);
	answer(f, 403, "{}");
	assert_asked(f, "POST", "/v1/auth/approle/login", "");
	answer(f, 200, "{\"auth\":{\"client_token\":\"t3\"}}");
	/* But a role that may not read doesn't go round in circles. */
	answer(f, 403, "{}");
	assert_null(f->done);
	assert_secret(f, "bank_client", "b");
	close_vault(f);
}

static void
test_what_was_read_serves_while_the_server_is_away(void **state)
{
	static const struct {
		int status;
		const char *body;
	} failures[] = {
	    {0, ""}, {503, "{}"}, {404, "{}"}, {200, "no json"},
	    {200, "{\"data\":{\"data\":null}}"}, {200, "{}"},
	};
	struct fixture *f = open_vault(by_token);

	(void)state;
	answer(f, 0, "");
	answer(f, 0, "");
	assert_true(vault_is_settled(f->vault));
	assert_null(vault_find(f->vault, STR("bank_client")));
	pass(f, 5); /* soon again */
	answer(f, 404, "");
	answer(f, 200, DOCUMENT("a"));
	pass(f, 300);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		answer(f, failures[i].status, failures[i].body);
		assert_secret(f, "bank_client", "a");
		assert_null(f->done);
		pass(f, 5);
		assert_non_null(f->done);
	}
	close_vault(f);
}

static void
test_doubt_reads_again_but_not_for_each_call(void **state)
{
	struct fixture *f = open_vault(by_token);

	(void)state;
	answer(f, 404, "");
	answer(f, 200, DOCUMENT("a"));
	vault_doubt(f->vault); /* it has only just been read */
	assert_null(f->done);
	pass(f, 5);
	vault_doubt(f->vault);
	vault_doubt(f->vault);
	assert_asked(f, "GET", "/v1/secret/data/apps/stated", "the token");
	answer(f, 200, DOCUMENT("b"));
	assert_secret(f, "bank_client", "b");
	assert_int_equal(f->sent, 3);
	close_vault(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_document_is_read_by_a_token_and_kept),
	    cmocka_unit_test(test_token_is_renewed_in_time),
	    cmocka_unit_test(test_renewal_that_fails_is_tried_again),
	    cmocka_unit_test(test_token_that_is_refused_is_renewed_again),
	    cmocka_unit_test(test_field_that_is_null_is_no_secret),
	    cmocka_unit_test(test_role_logs_in_and_again_when_its_token_is_old),
	    cmocka_unit_test(
		test_what_was_read_serves_while_the_server_is_away),
	    cmocka_unit_test(test_doubt_reads_again_but_not_for_each_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
