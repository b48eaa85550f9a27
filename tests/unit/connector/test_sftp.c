/* SPDX-License-Identifier: Apache-2.0 */
/* test_sftp.c: what a server of files is asked for, and what it answers. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char bank[] =
    "connection: bank\n"
    "kind: sftp\n"
    "url: = settings.url\n"
    "host-key: [SHA256:old, = settings.key]\n"
    "auth: {key: {user: us, key: {secret: key}, passphrase: {secret: pass}}}\n"
    "timeout: 20s\n"
    "operations:\n"
    "  send:\n"
    "    request:\n"
    "      put: = \"/in/\" + name\n"
    "      content-type: application/xml\n"
    "      body: {Document: {Sum: = total, Pin: {secret: pin}}}\n"
    "  send-text:\n"
    "    request: {put: = name, body: = text}\n"
    "    idempotent: true\n"
    "  read:\n"
    "    request: {get: = \"/out/\" + name}\n"
    "    xml: {lists: [Ntry]}\n"
    "    output: {entries: = body.Document.Ntry}\n"
    "  read-text: {request: {get: /out/a.csv}, output: {text: = body}}\n"
    "  look:\n"
    "    request: {list: /out}\n"
    "    output: {names: '= body[kind = \"file\"].name'}\n"
    "  stat: {request: {stat: = name}}\n"
    "  archive: {request: {rename: = name, to: = \"done/\" + name}}\n"
    "  remove:\n"
    "    request: {remove: = name}\n"
    "    errors: [{if: = status = 403, code: bank.no, transient: true}]\n";

static int
set_up(void **state)
{
	static struct desk desk;

	desk_open(&desk, bank);
	desk.context.settings = desk_json(&desk,
	    "{\"url\":\"sftp://bank.example:2222\",\"key\":\"SHA256:new\"}");
	*state = &desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

static const struct message_file *
prepare(struct desk *desk, const char *operation, const char *args)
{
	if (!desk_prepare(desk, operation, args))
		fail_msg("%s", desk_str(desk, desk->outcome.message));
	assert_non_null(desk->request.file);
	return desk->request.file;
}

static void
test_file_is_put_with_what_it_is_made_of(void **state)
{
	struct desk *desk = *state;
	const struct message_file *file =
	    prepare(desk, "send", "{\"name\":\"a.xml\",\"total\":1.10}");

	assert_int_equal(file->verb, FILE_PUT);
	assert_string_equal(desk_str(desk, file->host), "bank.example");
	assert_string_equal(desk_str(desk, file->port), "2222");
	assert_string_equal(desk_str(desk, file->host_keys),
	    "SHA256:old SHA256:new");
	assert_string_equal(desk_str(desk, file->user), "us");
	assert_string_equal(desk_str(desk, file->key), "secret of key");
	assert_string_equal(desk_str(desk, file->passphrase),
	    "secret of pass");
	assert_null(file->password.at);
	assert_string_equal(desk_str(desk, file->path), "/in/a.xml");
	assert_string_equal(desk_str(desk, desk->request.body),
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<Document><Sum>1.10</Sum><Pin>secret of pin</Pin></Document>");
	assert_int_equal(desk->request.timeout_ms, 20000);
}

static void
test_history_shows_what_was_asked_without_secrets(void **state)
{
	struct desk *desk = *state;
	const char *shown;

	prepare(desk, "send", "{\"name\":\"a.xml\",\"total\":1}");
	shown = desk_text(desk, connector_describe_request(desk->arena,
	    &desk->request));
	assert_non_null(strstr(shown, "{\"method\":\"PUT\","
	    "\"url\":\"sftp://bank.example:2222/in/a.xml\""));
	assert_non_null(strstr(shown, "<Pin>***</Pin>"));
	assert_null(strstr(shown, "secret of"));
	prepare(desk, "archive", "{\"name\":\"a\"}");
	assert_string_equal(desk_text(desk, connector_describe_request(
	    desk->arena, &desk->request)), "{\"method\":\"RENAME\","
	    "\"url\":\"sftp://bank.example:2222/~/a\","
	    "\"headers\":{\"to\":\"done/a\"},\"body\":null}");
}

static void
test_host_may_lack_its_port_or_be_an_address(void **state)
{
	static const struct {
		const char *url;
		const char *host;
		const char *port;
	} rows[] = {
		{"sftp://a", "a", "22"},
		{"sftp://a/", "a", "22"},
		{"sftp://[::1]", "[::1]", "22"},
		{"sftp://[::1]:2022", "[::1]", "2022"},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct message_file *file;

		desk->context.settings = desk_json(desk, desk_str(desk,
		    arena_strf(desk->arena,
			"{\"url\":\"%s\",\"key\":\"SHA256:k\"}", rows[i].url)));
		file = prepare(desk, "stat", "{\"name\":\"a\"}");
		assert_string_equal(desk_str(desk, file->host), rows[i].host);
		assert_string_equal(desk_str(desk, file->port), rows[i].port);
	}
}

static void
assert_refused(struct desk *desk, const char *operation, const char *args,
    const char *code)
{
	assert_false(desk_prepare(desk, operation, args));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE, code, false);
}

static void
test_what_leads_elsewhere_is_refused(void **state)
{
	static const char *const names[] = {
		"\"../x\"", "\"a/../../x\"", "\"\"", "\"a\\nb\"", "null",
		"\".\"", "\"a?/../b\"",
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_refused(desk, "stat", desk_str(desk, arena_strf(
		    desk->arena, "{\"name\":%s}", names[i])),
		    "connector.path");
	assert_refused(desk, "send-text", "{\"name\":\"a\",\"text\":null}",
	    "connector.body");
	assert_refused(desk, "send-text", "{\"name\":\"a\",\"text\":[1]}",
	    "connector.body");
}

static void
test_server_without_address_or_key_is_refused(void **state)
{
	static const struct {
		const char *settings;
		const char *code;
	} rows[] = {
		{"{\"key\":\"SHA256:k\"}", "connector.url"},
		{"{\"url\":\"http://a\",\"key\":\"SHA256:k\"}",
		    "connector.url"},
		{"{\"url\":\"sftp://\",\"key\":\"SHA256:k\"}",
		    "connector.url"},
		{"{\"url\":\"sftp://u@a\",\"key\":\"SHA256:k\"}",
		    "connector.url"},
		{"{\"url\":\"sftp://a:0\",\"key\":\"SHA256:k\"}",
		    "connector.url"},
		{"{\"url\":\"sftp://a\"}", "connector.host-key"},
		{"{\"url\":\"sftp://a\",\"key\":\"MD5:k\"}",
		    "connector.host-key"},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		desk->context.settings = desk_json(desk, rows[i].settings);
		assert_refused(desk, "stat", "{\"name\":\"a\"}", rows[i].code);
	}
}

static void
test_operations_say_what_repeating_does(void **state)
{
	static const struct {
		const char *name;
		bool safe;
		bool idempotent;
	} rows[] = {
		{"send", false, false}, {"send-text", false, true},
		{"read", true, true}, {"look", true, true},
		{"stat", true, true}, {"archive", false, false},
		{"remove", false, true},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct def_operation *operation = def_connection_find(
		    desk->connection, str_of(rows[i].name));
		assert_int_equal(operation->safe, rows[i].safe);
		assert_int_equal(operation->idempotent, rows[i].idempotent);
	}
}

/* ----------------------------------------------------------------- answers */

static void
test_answer_is_the_file_or_what_is_told_of_it(void **state)
{
	struct desk *desk = *state;

	assert_string_equal(desk_text(desk, desk_answer(desk, "read",
	    "{\"name\":\"a\"}", 200, "", "<Document><Ntry>1</Ntry></Document>")
	    ->response), "{\"entries\":[\"1\"]}");
	assert_string_equal(desk_text(desk, desk_answer(desk, "read-text", "{}",
	    200, "", "a;b\n")->response), "{\"text\":\"a;b\\n\"}");
	assert_string_equal(desk_text(desk, desk_answer(desk, "look", "{}", 200,
	    "", "[{\"name\":\"a\",\"kind\":\"file\"},"
		"{\"name\":\"b\",\"kind\":\"folder\"}]")->response),
	    "{\"names\":[\"a\"]}");
}

static void
test_refusals_have_names(void **state)
{
	static const struct {
		int status;
		const char *code;
		bool transient;
	} rows[] = {
		{401, "sftp.access-denied", false},
		{403, "sftp.permission-denied", false},
		{404, "sftp.not-found", false},
		{409, "sftp.exists", false},
		{500, "sftp.failure", false},
		{501, "sftp.unsupported", false},
		{507, "sftp.no-space", true},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		desk_assert_outcome(desk_answer(desk, "stat",
		    "{\"name\":\"a\"}", rows[i].status, "", "no"),
		    OUTCOME_NOT_DONE, rows[i].code, rows[i].transient);
	desk_assert_outcome(desk_answer(desk, "remove", "{\"name\":\"a\"}",
	    403, "", "no"), OUTCOME_NOT_DONE, "bank.no", true);
}

static void
test_file_that_is_something_else_is_not_read(void **state)
{
	struct desk *desk = *state;

	desk_assert_outcome(desk_answer(desk, "read", "{\"name\":\"a\"}", 200,
	    "", "<Document>"), OUTCOME_NOT_DONE, "sftp.garbled", true);
	desk_assert_outcome(desk_answer(desk, "read-text", "{}", 200, "",
	    "\xff\xfe"), OUTCOME_NOT_DONE, "sftp.garbled", true);
}

static void
test_lost_answer_is_a_doubt_of_this_protocol(void **state)
{
	struct desk *desk = *state;
	struct connector_call call = desk_call(desk, "send",
	    "{\"name\":\"a\",\"total\":1}");
	struct message_response response = {.failure = MESSAGE_RESET};
	struct outcome outcome;

	outcome = connector_interpret(&call, &response, &desk->context);
	desk_assert_outcome(&outcome, OUTCOME_UNKNOWN, "sftp.reset", false);
	response.failure = MESSAGE_CERTIFICATE;
	outcome = connector_interpret(&call, &response, &desk->context);
	desk_assert_outcome(&outcome, OUTCOME_NOT_DONE, "sftp.certificate",
	    false);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_file_is_put_with_what_it_is_made_of),
		CASE(test_history_shows_what_was_asked_without_secrets),
		CASE(test_host_may_lack_its_port_or_be_an_address),
		CASE(test_what_leads_elsewhere_is_refused),
		CASE(test_server_without_address_or_key_is_refused),
		CASE(test_operations_say_what_repeating_does),
		CASE(test_answer_is_the_file_or_what_is_told_of_it),
		CASE(test_refusals_have_names),
		CASE(test_file_that_is_something_else_is_not_read),
		CASE(test_lost_answer_is_a_doubt_of_this_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
