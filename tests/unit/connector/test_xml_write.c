/* SPDX-License-Identifier: Apache-2.0 */
/* test_xml_write.c: values as documents of XML, byte for byte. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char bank[] =
    "connection: bank\n"
    "kind: http\n"
    "url: = settings.url\n"
    "operations:\n"
    "  send:\n"
    "    request:\n"
    "      post: /files\n"
    "      headers: {content-type: application/xml}\n"
    "      body: = document\n"
    "  written:\n"
    "    request:\n"
    "      post: /files\n"
    "      headers: {content-type: application/pain.001+xml; charset=utf-8}\n"
    "      body:\n"
    "        Document:\n"
    "          _xmlns: urn:x\n"
    "          Z: = n\n"
    "          A: {_Ccy: EUR, _: = n}\n"
    "          No: {Nm: = missing, Adr: {Ctry: = missing}}\n"
    "          Item: '= for i in [1, 2] return {Id: i, At: @\"2025-01-31\"}'\n"
    "  upload:\n"
    "    request:\n"
    "      post: /upload\n"
    "      headers: {content-type: multipart/form-data}\n"
    "      body: {file: {filename: a.xml, content-type: text/xml,\n"
    "        content: {a: 1.50}}}\n";

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static int
set_up(void **state)
{
	static struct desk desk;

	desk_open(&desk, bank);
	*state = &desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

struct row {
	const char *document; /* JSON */
	const char *expected; /* after the declaration; or what is wrong */
};

static void
assert_written(struct desk *desk, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *args = desk_str(desk, arena_strf(desk->arena,
		    "{\"document\":%s}", rows[i].document));
		const char *body;

		if (!desk_prepare(desk, "send", args))
			fail_msg("%s: %s", rows[i].document,
			    desk_str(desk, desk->outcome.message));
		body = desk_str(desk, desk->request.body);
		assert_memory_equal(body, HEAD, strlen(HEAD));
		assert_string_equal(body + strlen(HEAD), rows[i].expected);
	}
}

static void
assert_refused(struct desk *desk, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *args = desk_str(desk, arena_strf(desk->arena,
		    "{\"document\":%s}", rows[i].document));

		if (desk_prepare(desk, "send", args))
			fail_msg("%s: %s", rows[i].document,
			    desk_str(desk, desk->request.body));
		desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE,
		    "connector.body", false);
		if (strstr(desk_str(desk, desk->outcome.message),
			rows[i].expected) == NULL)
			fail_msg("%s", desk_str(desk, desk->outcome.message));
	}
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void
test_elements_keep_their_order_and_amounts_their_digits(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "written", "{\"n\":100.00}"));
	assert_string_equal(desk_str(desk, desk->request.body),
	    HEAD "<Document xmlns=\"urn:x\"><Z>100.00</Z>"
	    "<A Ccy=\"EUR\">100.00</A>"
	    "<Item><Id>1</Id><At>2025-01-31</At></Item>"
	    "<Item><Id>2</Id><At>2025-01-31</At></Item></Document>");
	assert_string_equal(desk_header(desk, "content-type"),
	    "application/pain.001+xml; charset=utf-8");
}

static void
test_what_is_null_is_left_out_with_what_held_it(void **state)
{
	static const struct row rows[] = {
		{"{\"a\":{\"b\":null,\"c\":1}}", "<a><c>1</c></a>"},
		{"{\"a\":{\"b\":{\"c\":{\"d\":null}},\"e\":1}}",
		    "<a><e>1</e></a>"},
		{"{\"a\":{\"b\":[],\"c\":[null,1,null],\"d\":[{\"e\":null}]}}",
		    "<a><c>1</c></a>"},
		{"{\"a\":{\"b\":{\"_Ccy\":\"EUR\",\"_\":null},\"c\":1}}",
		    "<a><c>1</c></a>"},
		{"{\"a\":{\"b\":{\"_x\":null,\"_\":\"t\"}}}",
		    "<a><b>t</b></a>"},
		/* What is empty on purpose stays. */
		{"{\"a\":{\"b\":\"\",\"c\":{},\"d\":{\"_x\":1}}}",
		    "<a><b/><c/><d x=\"1\"/></a>"},
		{"{\"no\":null,\"a\":true}", "<a>true</a>"},
	};

	assert_written(*state, rows, COUNT(rows));
}

static void
test_text_is_escaped_and_read_back_as_it_was(void **state)
{
	static const struct row rows[] = {
		{"{\"a\":\"<b> & ]]> \\\"'\"}",
		    "<a>&lt;b&gt; &amp; ]]&gt; \"'</a>"},
		{"{\"a\":\"1\\r\\n\\t2\"}", "<a>1&#13;\n\t2</a>"},
		{"{\"a\":{\"_b\":\"\\\"<&\\t\\n\\r'\"}}",
		    "<a b=\"&quot;&lt;&amp;&#9;&#10;&#13;&#39;\"/>"},
		{"{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}",
		    "<a>\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</a>"},
	};

	assert_written(*state, rows, COUNT(rows));
}

static void
test_namespaces_are_declared_where_they_are_written(void **state)
{
	static const struct row rows[] = {
		{"{\"s:Envelope\":{\"_xmlns:s\":\"urn:s\",\"s:Body\":"
		 "{\"v:check\":{\"_xmlns:v\":\"urn:v\",\"v:no\":\"1\"}}}}",
		    "<s:Envelope xmlns:s=\"urn:s\"><s:Body>"
		    "<v:check xmlns:v=\"urn:v\"><v:no>1</v:no></v:check>"
		    "</s:Body></s:Envelope>"},
		{"{\"a\":{\"_xmlns\":\"urn:a\",\"b\":{\"_xmlns\":\"\","
		 "\"_xml:lang\":\"de\",\"_\":\"x\"}}}",
		    "<a xmlns=\"urn:a\"><b xmlns=\"\" xml:lang=\"de\">x</b>"
		    "</a>"},
	};

	assert_written(*state, rows, COUNT(rows));
}

static void
test_what_xml_cannot_hold_is_refused(void **state)
{
	static const struct row rows[] = {
		{"{\"a\":\"x\\u0000y\"}", "character"},
		{"{\"a\":\"x\\u001by\"}", "character"},
		{"{\"a\":\"\\uffff\"}", "character"},
		{"{\"a\":{\"_b\":\"\\u0008\"}}", "character"},
		{"{\"a b\":1}", "`a b` is no name"},
		{"{\"1a\":1}", "no name"},
		{"{\"a><b\":1}", "no name"},
		{"{\"a\":{\"_b c\":1}}", "no name"},
		{"{\"a\":{\"\":1}}", "no name"},
		{"{\"p:a\":1}", "prefix"},
		{"{\"a\":{\"_p:b\":1}}", "prefix"},
		{"{\"a\":{\"_xmlns:p\":\"\",\"p:b\":1}}", "namespace"},
		{"{\"a\":{\"_xmlns:1\":\"u\"}}", "no name"},
		{"{\"a\":{\"_b\":[1]}}", "no text"},
		{"{\"a\":{\"_\":[1]}}", "no text"},
		{"{\"a\":{\"b\":[[1]]}}", "list within a list"},
		{"{\"a\":1,\"b\":2}", "one element"},
		{"{\"a\":[1,2]}", "one element"},
		{"{\"a\":{\"b\":null}}", "one element"},
		{"{}", "one element"},
		{"[1]", "a list"},
	};

	assert_refused(*state, rows, COUNT(rows));
}

static void
test_text_of_xml_goes_as_it_is(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "send", "{\"document\":\"<a/>\"}"));
	assert_string_equal(desk_str(desk, desk->request.body), "<a/>");
}

static void
test_file_in_a_form_may_be_xml(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "upload", "{}"));
	assert_non_null(strstr(desk_str(desk, desk->request.body),
	    "\r\n\r\n" HEAD "<a>1.50</a>\r\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_elements_keep_their_order_and_amounts_their_digits),
		cmocka_unit_test(
		    test_what_is_null_is_left_out_with_what_held_it),
		cmocka_unit_test(
		    test_text_is_escaped_and_read_back_as_it_was),
		cmocka_unit_test(
		    test_namespaces_are_declared_where_they_are_written),
		cmocka_unit_test(test_what_xml_cannot_hold_is_refused),
		cmocka_unit_test(test_text_of_xml_goes_as_it_is),
		cmocka_unit_test(test_file_in_a_form_may_be_xml),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
