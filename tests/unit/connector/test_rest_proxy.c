/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char bank[] =
    "connection: bank\n"
    "kind: http\n"
    "url: = settings.url\n"
    "proxy: {url: = settings.proxy, user: us, password: {secret: gate},\n"
    "  ca: /etc/gate.pem, except: [localhost, .bank.example, 10.0.0.0/8]}\n"
    "auth: {oauth2: {token-url: 'https://api.example/token',\n"
    "  client: {secret: oauth}}}\n"
    "operations:\n"
    "  show: {request: {get: /}}\n";

static int
set_up(void **state)
{
	static struct desk desk;

	desk_open(&desk, bank);
	desk.token = STR("t");
	*state = &desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

static void
set_proxy(struct desk *desk, const char *url)
{
	desk->context.settings = desk_json(desk, desk_str(desk, arena_strf(
	    desk->arena, "{\"url\":\"https://api.example\",\"proxy\":%s}",
	    url)));
}

static void
test_calls_go_through_the_proxy_of_the_connection(void **state)
{
	struct desk *desk = *state;
	const struct message_proxy *proxy;

	set_proxy(desk, "\"http://gate.example:3128\"");
	assert_true(desk_prepare(desk, "show", "{}"));
	proxy = desk->request.proxy;
	assert_non_null(proxy);
	assert_string_equal(desk_str(desk, proxy->url),
	    "http://gate.example:3128");
	assert_string_equal(desk_str(desk, proxy->user), "us");
	assert_string_equal(desk_str(desk, proxy->password), "secret of gate");
	assert_string_equal(desk_str(desk, proxy->ca), "/etc/gate.pem");
	assert_string_equal(desk_str(desk, proxy->except),
	    "localhost,.bank.example,10.0.0.0/8");
	assert_null(strstr(desk_text(desk, connector_describe_request(
	    desk->arena, &desk->request)), "secret of gate"));
}

static void
test_tokens_are_fetched_through_it_too(void **state)
{
	struct desk *desk = *state;

	set_proxy(desk, "\"http://gate.example:3128\"");
	assert_true(connector_token_prepare(desk->connection, &desk->context,
	    &desk->request, &desk->outcome));
	assert_non_null(desk->request.proxy);
}

static void
test_null_is_no_proxy(void **state)
{
	struct desk *desk = *state;

	set_proxy(desk, "null");
	assert_true(desk_prepare(desk, "show", "{}"));
	assert_null(desk->request.proxy);
}

static void
test_address_that_is_none_is_refused(void **state)
{
	static const char *const urls[] = {
		"\"gate.example\"", "\"socks5://gate.example\"", "7",
		"\"http://us:them@gate.example\"", "\"http://a\\nb\"",
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		set_proxy(desk, urls[i]);
		assert_false(desk_prepare(desk, "show", "{}"));
		desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
		    "connector.proxy", false);
	}
}

/* A relative path would be read as a certificate, and be none. */
static void
test_authority_is_a_certificate_or_an_absolute_path(void **state)
{
	static const struct {
		const char *ca;
		bool is_one;
	} cases[] = {
		{"\"ca.pem\"", false},
		{"\"\"", false},
		{"\"/etc/ca.pem\"", true},
		{"null", true},
		{"\"-----BEGIN CERTIFICATE-----\\nMA==\\n\"", true},
	};
	static const char *const yaml[] = {
		"connection: bank\nkind: http\nurl: https://api.example\n"
		"tls: {ca: = settings.ca}\n"
		"operations: {show: {request: {get: /}}}\n",
		"connection: bank\nkind: http\nurl: https://api.example\n"
		"proxy: {url: 'http://gate:1', ca: = settings.ca}\n"
		"operations: {show: {request: {get: /}}}\n",
	};
	static const char *const codes[] = {"connector.tls", "connector.proxy"};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct desk desk;

		desk_open(&desk, yaml[i % 2]);
		desk.context.settings = desk_json(&desk,
		    desk_str(&desk, arena_strf(desk.arena, "{\"ca\":%s}",
					cases[i / 2].ca)));
		assert_int_equal(
		    desk_prepare(&desk, "show", "{}"), cases[i / 2].is_one);
		if (!cases[i / 2].is_one)
			desk_assert_outcome(&desk.outcome, OUTCOME_NOT_DONE,
			    codes[i % 2], false);
		desk_close(&desk);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_calls_go_through_the_proxy_of_the_connection),
		cmocka_unit_test(test_tokens_are_fetched_through_it_too),
		cmocka_unit_test(test_null_is_no_proxy),
		cmocka_unit_test(test_address_that_is_none_is_refused),
		cmocka_unit_test(
		    test_authority_is_a_certificate_or_an_absolute_path),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
