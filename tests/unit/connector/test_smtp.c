/* SPDX-License-Identifier: Apache-2.0 */
/* test_smtp.c: mails as they are written down, and what replies mean. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char office[] =
    "connection: office\n"
    "kind: smtp\n"
    "url: smtp://mail.example:2525/\n"
    "from: '\"Treasury, Zürich\" <treasury@example.com>'\n"
    "auth: {basic: {user: treasury, password: {secret: mail}}}\n"
    "timeout: 20s\n";

static int
set_up(void **state)
{
	static struct desk desk;

	desk_open(&desk, office);
	*state = &desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

static const char plain[] =
    "{\"to\": \"a@example.com\", \"subject\": \"Hello\", \"text\": \"Hi\"}";

static void
assert_written(struct desk *desk, const char *part)
{
	if (str_find(desk->request.body, str_of(part)) == SIZE_MAX)
		fail_msg("no %s in\n%.*s", part, STR_ARG(desk->request.body));
}

/* ---- the message ---- */

static void
test_mail_is_written_whole(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "send", plain));
	assert_string_equal(desk_str(desk, desk->request.body),
	    "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
	    "From: =?utf-8?B?VHJlYXN1cnksIFrDvHJpY2g=?= "
	    "<treasury@example.com>\r\n"
	    "To: <a@example.com>\r\n"
	    "Message-ID: <key-1@example.com>\r\n"
	    "Subject: Hello\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n"
	    "\r\n"
	    "Hi\r\n");
	assert_string_equal(desk_str(desk, desk->request.url),
	    "smtp://mail.example:2525");
	assert_int_equal(desk->request.timeout_ms, 20000);
}

static void
test_envelope_has_all_who_get_it(void **state)
{
	struct desk *desk = *state;
	const struct message_mail *mail;

	assert_true(desk_prepare(desk, "send",
	    "{\"to\": [\"a@example.com\", \"Bob \\\"B\\\" <b@example.com>\"],"
	    "\"cc\": \"c@example.com\", \"reply-to\": \"r@example.com\","
	    "\"subject\": \"s\", \"text\": \"t\"}"));
	mail = desk->request.mail;
	assert_non_null(mail);
	assert_string_equal(desk_str(desk, mail->from), "treasury@example.com");
	assert_int_equal(mail->to_count, 3);
	assert_string_equal(desk_str(desk, mail->to[1]), "b@example.com");
	assert_string_equal(desk_str(desk, mail->to[2]), "c@example.com");
	assert_string_equal(desk_str(desk, mail->user), "treasury");
	assert_string_equal(desk_str(desk, mail->password), "secret of mail");
	assert_true(mail->is_tls_required);
	assert_written(desk, "To: <a@example.com>,\r\n \"Bob \\\"B\\\"\" "
			     "<b@example.com>\r\n");
	assert_written(desk, "Reply-To: <r@example.com>\r\n");
	assert_written(desk, "Cc: <c@example.com>\r\n");
}

static void
test_text_of_any_kind_stays_text(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "send",
	    "{\"to\": \"a@example.com\","
	    "\"subject\": \"Line\\r\\nBcc: x@example.com\","
	    "\"text\": \"1.234,50 € = ok \\n.\\nFrom me\"}"));
	assert_written(desk, "Subject: =?utf-8?B?TGluZQ0KQmNjOiB4QGV4YW1wbGUu"
			     "Y29t?=\r\n");
	assert_written(desk, "\r\n\r\n1.234,50 =E2=82=AC =3D ok=20\r\n.\r\n"
			     "From me\r\n");
	assert_int_equal(desk->request.mail->to_count, 1);
}

static void
test_no_line_is_too_long(void **state)
{
	struct desk *desk = *state;
	struct buf args = {0};
	struct str rest;

	buf_add_cstr(&args, "{\"to\": \"a@example.com\", \"subject\": \"");
	for (int i = 0; i < 400; i++)
		buf_add_cstr(&args, "ä€x");
	buf_add_cstr(&args, "\", \"text\": \"");
	for (int i = 0; i < 400; i++)
		buf_add_cstr(&args, "word ö=");
	buf_add_cstr(&args, "\"}");
	assert_true(desk_prepare(desk, "send", buf_cstr(&args)));
	rest = desk->request.body;
	while (rest.bytes > 0)
		assert_true(str_split(rest, '\n', &rest).bytes <= 79);
	buf_fini(&args);
}

static void
test_history_shows_the_text_and_no_password(void **state)
{
	struct desk *desk = *state;
	const char *shown;

	assert_true(desk_prepare(desk, "send", plain));
	shown = desk_text(desk,
	    connector_describe_request(desk->arena, &desk->request));
	assert_non_null(strstr(shown, "\"method\":\"MAIL\""));
	assert_non_null(strstr(shown, "\"to\":\"a@example.com\""));
	assert_non_null(
	    strstr(shown, "\"message-id\":\"<key-1@example.com>\""));
	assert_non_null(strstr(shown, "\"body\":\"Hi\""));
	assert_null(strstr(shown, "secret"));
}

static void
test_address_that_is_none_sends_nothing(void **state)
{
	static const char *const addresses[] = {
	    "nobody", "@example.com", "a@", "a@b@c", "a b@example.com",
	    "A <a@example.com", "<a@example.com> b", "a@example.com\\r\\nRCPT",
	    "ä@example.com",
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		char args[256];

		snprintf(args, sizeof(args), "{\"to\": \"%s\", "
		    "\"subject\": \"s\", \"text\": \"t\"}", addresses[i]);
		assert_false(desk_prepare(desk, "send", args));
		desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
		    "connector.address", false);
	}
	assert_false(desk_prepare(desk, "send", "{\"to\": \"a@b\"}"));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
	    "connector.arguments", false);
}

/* ---- replies ---- */

static void
test_reply_decides_what_is_known(void **state)
{
	struct desk *desk = *state;

	assert_int_equal(desk_answer(desk, "send", plain, 250, "", "250 Ok")
			     ->kind,
	    OUTCOME_DONE);
	assert_string_equal(desk_text(desk, desk->outcome.response),
	    "{\"message_id\":\"<key-1@example.com>\"}");
	desk_assert_outcome(desk_answer(desk, "send", plain, 451, "",
				"451 4.3.0 later"),
	    OUTCOME_NOT_DONE, "smtp.451", true);
	desk_assert_outcome(desk_answer(desk, "send", plain, 550, "",
				"550 5.1.1 no such user"),
	    OUTCOME_NOT_DONE, "smtp.550", false);
	assert_string_equal(desk_str(desk, desk->outcome.message),
	    "the mail server answered 550 5.1.1 no such user");
}

static void
test_mail_without_a_reply_may_have_gone_out(void **state)
{
	struct desk *desk = *state;

	desk_assert_outcome(desk_fail(desk, "send", MESSAGE_RESET),
	    OUTCOME_UNKNOWN, "smtp.reset", false);
	desk_assert_outcome(desk_fail(desk, "send", MESSAGE_TIMEOUT),
	    OUTCOME_UNKNOWN, "smtp.timeout", false);
	desk_assert_outcome(desk_fail(desk, "send", MESSAGE_UNREACHABLE),
	    OUTCOME_NOT_DONE, "smtp.unreachable", true);
	desk_assert_outcome(desk_fail(desk, "send", MESSAGE_TLS),
	    OUTCOME_NOT_DONE, "smtp.tls", true);
	desk_assert_outcome(desk_fail(desk, "send", MESSAGE_GARBLED),
	    OUTCOME_UNKNOWN, "smtp.garbled", false);
	assert_string_equal(desk_str(desk, desk->outcome.message),
	    "the answer breaks its protocol");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(test_mail_is_written_whole),
	    TEST(test_envelope_has_all_who_get_it),
	    TEST(test_text_of_any_kind_stays_text),
	    TEST(test_no_line_is_too_long),
	    TEST(test_history_shows_the_text_and_no_password),
	    TEST(test_address_that_is_none_sends_nothing),
	    TEST(test_reply_decides_what_is_known),
	    TEST(test_mail_without_a_reply_may_have_gone_out),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
