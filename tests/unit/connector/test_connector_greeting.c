/* SPDX-License-Identifier: Apache-2.0 */
/* What asks an endpoint of any kind whether it is there and lets us in. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *yaml;
	const char *method;
	const char *url;
} kinds[] = {
    {"connection: web\nkind: http\nurl: https://web.example/api\n"
     "operations: {ask: {request: {get: /ask}}}\n",
	"HEAD", "https://web.example/api/"},
    {"connection: erp\nkind: odoo\nurl: https://erp.example\n"
     "auth: {bearer: x}\n"
     "operations: {ask: {model: res.partner, method: search_count}}\n",
	"POST", "https://erp.example/json/2/res.partner/search_count"},
    {"connection: mail\nkind: smtp\nurl: smtp://mail.example\n"
     "from: a@example.com\n",
	"NOOP", "smtp://mail.example"},
    {"connection: files\nkind: sftp\nurl: sftp://files.example\n"
     "host-key: SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n"
     "auth: {basic: {user: u, password: {secret: files}}}\n"
     "operations: {look: {request: {list: /in}}}\n",
	"STAT", "sftp://files.example/"},
    {"connection: broker\nkind: amqp\nurl: amqp://broker.example/v\n"
     "auth: {basic: {user: u, password: {secret: broker}}}\n"
     "consumes: [{queue: a}]\n",
	"OPEN", "amqp://broker.example/v"},
};

static void
test_every_kind_can_be_greeted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct desk desk;
		struct connector_call call = {
		    .idempotency_key = STR_INIT("k")};

		desk_open(&desk, kinds[i].yaml);
		call.operation =
		    connector_greeting(desk.connection, desk.arena);
		call.args = desk_json(&desk, "{}");
		assert_true(connector_is_safe(call.operation));
		if (!connector_prepare(&call, &desk.context, &desk.request,
			&desk.outcome))
			fail_msg("%s", desk_str(&desk, desk.outcome.message));
		assert_string_equal(
		    desk_str(&desk, desk.request.method), kinds[i].method);
		assert_string_equal(
		    desk_str(&desk, desk.request.url), kinds[i].url);
		desk_close(&desk);
	}
}

static bool
is_welcome(int status, enum message_failure failure)
{
	const struct outcome outcome = {
	    .kind = OUTCOME_NOT_DONE, .status = status};
	const struct message_response response = {
	    .failure = failure, .status = status};

	return connector_is_welcome(&outcome, &response);
}

static void
test_who_answers_is_there_but_may_not_let_us_in(void **state)
{
	(void)state;
	assert_true(is_welcome(404, MESSAGE_OK));
	assert_true(is_welcome(405, MESSAGE_OK));
	assert_true(is_welcome(501, MESSAGE_OK));
	assert_false(is_welcome(401, MESSAGE_OK));
	assert_false(is_welcome(403, MESSAGE_OK));
	assert_false(is_welcome(503, MESSAGE_OK));
	assert_false(is_welcome(0, MESSAGE_TIMEOUT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_kind_can_be_greeted),
	    cmocka_unit_test(test_who_answers_is_there_but_may_not_let_us_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
