/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char talkative[] =
    "connection: shop\n"
    "kind: http\n"
    "url: https://api.example\n"
    "auth: {basic: {user: treasury, password: {secret: password}}}\n"
    "operations:\n"
    "  pay:\n"
    "    request:\n"
    "      post: /pay\n"
    "      query: {key: {secret: query}}\n"
    "      headers: {x-key: {secret: header}}\n"
    "      body: {pin: {secret: pin}, token: {secret: odd}}\n";

static const char *
shown(struct desk *desk, const char *body)
{
	struct message_header headers[] = {{
		.name = STR("x-echo"),
		.value = arena_strf(desk->arena, "<%s>", body),
	}};
	struct message_response response = {
		.status = 500,
		.headers = headers,
		.header_count = 1,
		.body = str_of(body),
		.detail = str_of(body),
	};
	struct message_response masked =
	    connector_mask(desk->arena, &desk->request, &response);

	assert_string_equal(desk_str(desk, masked.detail),
	    desk_str(desk, masked.body));
	assert_string_equal(desk_str(desk, masked.headers[0].value),
	    desk_str(desk, arena_strf(desk->arena, "<%.*s>",
		STR_ARG(masked.body))));
	return desk_str(desk, masked.body);
}

static void
test_answer_that_repeats_a_secret_is_cleaned(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, talkative);
	desk_give(&desk, "pin", STR("1234"));
	desk_give(&desk, "odd", STR("a\"b/c d\\e"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	assert_string_equal(shown(&desk, "all is well"), "all is well");
	assert_string_equal(shown(&desk, "no such key: secret of query!"),
	    "no such key: ***!");
	assert_string_equal(shown(&desk, "secret of header,secret of header"),
	    "***,***");
	assert_string_equal(shown(&desk, "?key=secret%20of%20query"),
	    "?key=***");
	assert_string_equal(shown(&desk, "treasury / secret of password"),
	    "treasury / ***");
	/* treasury:secret of password */
	assert_string_equal(shown(&desk, "authorization: Basic "
	    "dHJlYXN1cnk6c2VjcmV0IG9mIHBhc3N3b3Jk"),
	    "authorization: Basic ***");
	assert_string_equal(shown(&desk, "{\"token\":\"a\\\"b/c d\\\\e\"}"),
	    "{\"token\":\"***\"}");
	/* Too short to be told from business data. */
	assert_string_equal(shown(&desk, "1234.10"), "1234.10");
	desk_close(&desk);
}

static void
test_token_is_cleaned_away_as_well(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, "connection: bank\n"
	    "kind: http\n"
	    "url: https://api.example\n"
	    "auth: {oauth2: {token-url: https://id.example,\n"
	    "  client: {secret: oauth}}}\n"
	    "operations: {pay: {request: {post: /pay}}}\n");
	desk.token = STR("eyJhbGciOi.token");
	assert_true(desk_prepare(&desk, "pay", "{}"));
	assert_string_equal(shown(&desk, "expired: eyJhbGciOi.token"),
	    "expired: ***");
	assert_true(connector_token_prepare(desk.connection, &desk.context,
	    &desk.request, &desk.outcome));
	assert_string_equal(shown(&desk, "wrong: my id:my/secret, my/secret"),
	    "wrong: ***, ***");
	desk_close(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer_that_repeats_a_secret_is_cleaned),
		cmocka_unit_test(test_token_is_cleaned_away_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
