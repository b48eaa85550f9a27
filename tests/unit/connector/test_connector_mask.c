/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <iconv.h>
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

/* As PHP, .NET and Python write it, and as addresses have it. */
static void
test_secret_is_known_however_it_is_written(void **state)
{
	static const char *const written[] = {
	    "{\"k\":\"ab/c+d\xc3\xa9\xf0\x9f\x92\xb0==\"}",
	    "{\"k\":\"ab\\/c+d\xc3\xa9\xf0\x9f\x92\xb0==\"}",
	    "{\"k\":\"ab/c\\u002Bd\\u00E9\\ud83d\\udcb0\\u003d=\"}",
	    "{\"k\":\"{\\\"q\\\":\\\"ab\\\\\\/c\\\\u002bd\\\\u00e9\xf0\x9f\x92"
	    "\xb0==\\\"}\"}",
	    "{\"k\":\"ab%2fc%2Bd%c3%A9%f0%9F%92%b0%3d%3D\"}",
	    "{\"k\":\"ab\\/c%2bd%c3%a9%f0%9f%92%b0==\"}",
	};
	struct desk desk;

	(void)state;
	desk_open(&desk, talkative);
	desk_give(&desk, "header",
	    STR("ab/c+d\xc3\xa9\xf0\x9f\x92\xb0=="));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	for (size_t i = 0; i < COUNT_OF(written); i++)
		assert_string_equal(shown(&desk, written[i]), i == 3
			? "{\"k\":\"{\\\"q\\\":\\\"***\\\"}\"}"
			: "{\"k\":\"***\"}");
	/* It stands there many times, in several ways. */
	assert_string_equal(shown(&desk, "%61b\\/c+d\xc3\xa9\xf0\x9f\x92\xb0=="
	    "ab/c+d\xc3\xa9\xf0\x9f\x92\xb0==\\n|secret of pin"), "******\\n|***");
	/* What is no writing of anything stays. */
	assert_string_equal(shown(&desk, "\\ud83d \\u12 \\x %zz % \\"),
	    "\\ud83d \\u12 \\x %zz % \\");
	desk_close(&desk);
}

/* The answer is read after this, and what it escapes is plain then. */
static void
test_secret_is_known_in_xml(void **state)
{
	static const struct {
		const char *body;
		const char *masked;
	} rows[] = {
	    {"<m>no abc&amp;def&lt;ghi>\"jkl/mno.</m>", "<m>no ***.</m>"},
	    {"<m>abc&#38;def&#x3C;ghi&#0000000062;&quot;jkl&#X2f;mno</m>",
		"<m>***</m>"},
	    /* XML within XML, within JSON and the other way round */
	    {"<m>abc&amp;amp;def&amp;lt;ghi&gt;\"jkl/mno</m>", "<m>***</m>"},
	    {"{\"x\":\"abc&amp;def&lt;ghi&gt;\\\"jkl\\/mno\"}",
		"{\"x\":\"***\"}"},
	    {"<m>{&quot;x&quot;:&quot;abc&amp;def&lt;ghi&gt;\\&quot;jkl/mno"
	     "&quot;}</m>", "<m>{&quot;x&quot;:&quot;***&quot;}</m>"},
	    /* an address, a form, and an address in XML */
	    {"?k=abc%26def%3Cghi%3E%22jkl%2Fmno", "?k=***"},
	    {"k=two+words+%26+more&z=1", "k=***&z=1"},
	    {"<a>?k=two%20words%20&amp;%20more&amp;z=1</a>",
		"<a>?k=***&amp;z=1</a>"},
	    {"<m>abc&amp;def&lt;ghi&unknown;\"jkl &#; &#x; &#99999999;</m>",
		"<m>abc&amp;def&lt;ghi&unknown;\"jkl &#; &#x; &#99999999;</m>"},
	};
	struct desk desk;

	(void)state;
	desk_open(&desk, talkative);
	desk_give(&desk, "header", STR("abc&def<ghi>\"jkl/mno"));
	desk_give(&desk, "odd", STR("two words & more"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(shown(&desk, rows[i].body),
		    rows[i].masked);
	desk_close(&desk);
}

/* As a login page repeats where one came from, and in a document. */
static void
test_secret_is_known_in_an_address_within_an_address(void **state)
{
	static const struct {
		const char *body;
		const char *masked;
	} rows[] = {
	    {"?next=%2Fgo%3Fk%3Da%252Fb%252bc%2520d9%26z%3D1",
		"?next=%2Fgo%3Fk%3D***%26z%3D1"},
	    /* a form, of which the inner is one, too */
	    {"next=%2Fgo%3Fk%3Da%252Fb%252Bc%2Bd9", "next=%2Fgo%3Fk%3D***"},
	    {"{\"url\":\"\\/?next=%2Fgo%3Fk%3Da%252Fb%252Bc%2520d9\"}",
		"{\"url\":\"\\/?next=%2Fgo%3Fk%3D***\"}"},
	    {"<a href='?a=1&amp;next=k%3Da%252Fb%252Bc%2520d9&#38;z=1'/>",
		"<a href='?a=1&amp;next=k%3D***&#38;z=1'/>"},
	    /* a document within an address */
	    {"?state=%7B%22k%22%3A%22a%5C%2Fb%5Cu002Bc%20d9%22%7D",
		"?state=%7B%22k%22%3A%22***%22%7D"},
	};
	struct desk desk;

	(void)state;
	desk_open(&desk, talkative);
	desk_give(&desk, "query", STR("a/b+c d9"));
	assert_true(desk_prepare(&desk, "pay", "{}"));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(shown(&desk, rows[i].body),
		    rows[i].masked);
	desk_close(&desk);
}

static const char bank[] =
    "connection: bank\n"
    "kind: http\n"
    "url: https://api.example\n"
    "auth: {bearer: {secret: key}}\n"
    "operations:\n"
    "  read: {request: {get: /}, xml: {}, output: {body: = body}}\n"
    "  text: {request: {get: /, headers: {accept: text/plain}},\n"
    "    output: {body: = body}}\n";

/* A text of UTF-8 in another coding, after those first bytes. */
static struct str
encoded(struct desk *desk, const char *coding, const char *mark,
    const char *text)
{
	iconv_t converter = iconv_open(coding, "UTF-8");
	char *in = (char *)text;
	size_t in_bytes = strlen(text), room = 4000;
	char *at = arena_alloc(desk->arena, room), *to = at;

	assert_true(converter != (iconv_t)-1);
	while (*mark != '\0')
		*to++ = *mark++;
	assert_int_equal(iconv(converter, &in, &in_bytes, &to, &room), 0);
	assert_int_equal(iconv(converter, NULL, NULL, &to, &room), 0);
	iconv_close(converter);
	return (struct str){at, (size_t)(to - at)};
}

/* What expressions read, and what history has of the body. */
static void
assert_kept(struct desk *desk, const char *operation, struct str body,
    const char *read, const char *recorded)
{
	struct connector_call call = desk_call(desk, operation, "{}");
	struct message_response response = {.status = 200, .body = body};
	struct outcome outcome;

	assert_true(desk_prepare(desk, operation, "{}"));
	response = connector_receive(
	    &call, &desk->request, &response, &desk->context);
	outcome = connector_interpret(&call, &response, &desk->context);
	if (read != NULL)
		assert_string_equal(desk_text(desk,
		    value_get_cstr(outcome.response, "body")), read);
	else
		assert_int_not_equal(outcome.kind, OUTCOME_DONE);
	assert_string_equal(desk_text(desk, value_get_cstr(
	    connector_describe_response(desk->arena, &response), "body")),
	    recorded);
}

#define DECLARED(coding) "<?xml version='1.0' encoding='" coding "'?>"

static void
test_secret_is_known_in_whatever_coding_xml_is_in(void **state)
{
	static const struct {
		const char *coding;
		const char *mark;
		const char *head;
		const char *head_recorded;
	} rows[] = {
	    {"ISO-8859-1", "", DECLARED("iso-8859-1"), DECLARED("UTF-8")},
	    {"IBM850", "", DECLARED("IBM850"), DECLARED("UTF-8")},
	    {"UTF-16LE", "\xff\xfe", DECLARED("UTF-16"), DECLARED("UTF-8")},
	    {"UTF-16BE", "\xfe\xff", "", ""},
	    {"UTF-16LE", "", "", ""},
	    {"UTF-16BE", "", DECLARED("UTF-16"), DECLARED("UTF-8")},
	    {"UTF-8", "", DECLARED("utf-8"), DECLARED("utf-8")},
	};
	struct desk desk;

	(void)state;
	desk_open(&desk, bank);
	desk_give(&desk, "key", STR("caf\xc3\xa9/9876"));
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_kept(&desk, "read",
		    encoded(&desk, rows[i].coding, rows[i].mark,
			arena_cstr(desk.arena, arena_strf(desk.arena,
			    "%s<m>no caf\xc3\xa9/9876 \xc3\xa4</m>",
			    rows[i].head))),
		    "{\"m\":\"no *** \xc3\xa4\"}",
		    arena_cstr(desk.arena, arena_strf(desk.arena,
			"\"%s<m>no *** \xc3\xa4</m>\"",
			rows[i].head_recorded)));
	desk_close(&desk);
}

static void
test_document_of_ascii_stays_as_it_came(void **state)
{
	static const char text[] = DECLARED("ISO-8859-1") "<m>1</m>";
	struct desk desk;

	(void)state;
	desk_open(&desk, bank);
	assert_kept(&desk, "read", STR(text), "{\"m\":\"1\"}",
	    "\"" DECLARED("ISO-8859-1") "<m>1</m>\"");
	desk_close(&desk);
}

/* Nothing but its digest is kept of it, for nobody can look into it. */
static void
test_body_that_is_no_text_is_neither_read_nor_kept(void **state)
{
	struct desk desk;
	struct str wide;

	(void)state;
	desk_open(&desk, bank);
	wide = encoded(&desk, "UTF-16LE", "", "secret of key");
	assert_kept(&desk, "text", wide, NULL,
	    "{\"sha256\":\"501be330109ef1ae24f979a0a7077b44"
	    "237b55946e877b74afc087858aa98666\",\"bytes\":26}");
	/* It says that it is in UTF-16, and is not; or nobody knows it. */
	assert_kept(&desk, "read", STR("<\0m"), NULL,
	    "{\"sha256\":\"11ba97958243404dd045d651d273ae02"
	    "7a7d8af3e36a49e19ae9d67e86fe77b4\",\"bytes\":3}");
	assert_kept(&desk, "read", STR(DECLARED("UTF-16") "<m>1</m>"), NULL,
	    "\"" DECLARED("UTF-16") "<m>1</m>\"");
	assert_kept(&desk, "read", STR(DECLARED("x-none") "<m>1</m>"), NULL,
	    "\"" DECLARED("x-none") "<m>1</m>\"");
	desk_close(&desk);
}

static const char proxied[] =
    "connection: shop\n"
    "kind: http\n"
    "url: http://api.example\n"
    "proxy: {url: 'http://gate.example', user: us,\n"
    "  password: {secret: gate}}\n"
    "operations:\n"
    "  show: {request: {get: /}}\n"
    "---\n"
    "connection: mail\n"
    "kind: smtp\n"
    "url: smtp://mail.example\n"
    "from: t@example.com\n"
    "auth: {basic: {user: us, password: {secret: mail}}}\n";

/* us:secret of gate, and what a login to a mail server looks like. */
static void
test_what_a_proxy_and_a_mail_server_see_is_cleaned_away(void **state)
{
	struct desk desk;

	(void)state;
	desk_open(&desk, proxied);
	assert_true(desk_prepare(&desk, "show", "{}"));
	assert_string_equal(
	    shown(&desk, "Proxy-Authorization: Basic dXM6c2VjcmV0IG9mIGdhdGU="),
	    "Proxy-Authorization: Basic ***");
	desk.connection = library_connection_at(desk.library, 1);
	assert_true(desk_prepare(&desk, "send",
	    "{\"to\":\"a@example.com\",\"subject\":\"s\",\"text\":\"t\"}"));
	assert_string_equal(
	    shown(&desk, "AUTH PLAIN AHVzAHNlY3JldCBvZiBtYWls, LOGIN "
			 "c2VjcmV0IG9mIG1haWw="),
	    "AUTH PLAIN ***, LOGIN ***");
	desk_close(&desk);
}

/* What a workflow reads of an answer is what history tells of it. */
static void
test_cookie_is_nobody_s(void **state)
{
	const struct message_header headers[] = {
	    {.name = STR_INIT("Content-Type"), .value = STR_INIT("text/plain")},
	    {.name = STR_INIT("set-cookie"), .value = STR_INIT("sid=abcdef")},
	};
	const struct message_response response = {
	    .status = 200, .headers = headers, .header_count = 2};
	struct message_response masked;
	struct desk desk;

	(void)state;
	desk_open(&desk, talkative);
	assert_true(desk_prepare(&desk, "pay", "{}"));
	masked = connector_mask(desk.arena, &desk.request, &response);
	assert_string_equal(
	    desk_str(&desk, masked.headers[0].value), "text/plain");
	assert_string_equal(desk_str(&desk, masked.headers[1].value), "***");
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
		cmocka_unit_test(test_secret_is_known_however_it_is_written),
		cmocka_unit_test(test_secret_is_known_in_xml),
		cmocka_unit_test(test_secret_is_known_in_an_address_within_an_address),
		cmocka_unit_test(
		    test_secret_is_known_in_whatever_coding_xml_is_in),
		cmocka_unit_test(test_document_of_ascii_stays_as_it_came),
		cmocka_unit_test(
		    test_body_that_is_no_text_is_neither_read_nor_kept),
		cmocka_unit_test(
		    test_what_a_proxy_and_a_mail_server_see_is_cleaned_away),
		cmocka_unit_test(test_cookie_is_nobody_s),
		cmocka_unit_test(test_token_is_cleaned_away_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
