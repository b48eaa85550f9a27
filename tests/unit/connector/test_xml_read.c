/* SPDX-License-Identifier: Apache-2.0 */
/* test_xml_read.c: answers in XML as values, and what is refused of them. */
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
    "  read:\n"
    "    request: {get: /statement}\n"
    "    xml: {lists: [Ntry, Ustrd]}\n"
    "    output: {body: = body}\n"
    "  write:\n"
    "    request: {post: /statement}\n"
    "    xml: {}\n"
    "    output: {id: = body.Ack.Id}\n"
    "  quiet:\n"
    "    request: {post: /statement}\n"
    "    xml: {}\n"
    "  json:\n"
    "    request: {get: /statement}\n"
    "    output: {body: = body}\n";

#define XML "Content-Type: application/xml"

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

static void
assert_read(struct desk *desk, const char *text, const char *json)
{
	struct outcome *outcome =
	    desk_answer(desk, "read", "{}", 200, XML, text);

	if (outcome->kind != OUTCOME_DONE)
		fail_msg("%s: %s", text, desk_str(desk, outcome->message));
	assert_string_equal(
	    desk_text(desk, value_get_cstr(outcome->response, "body")), json);
}

static void
assert_refused(struct desk *desk, const char *text)
{
	struct outcome *outcome =
	    desk_answer(desk, "write", "{}", 200, XML, text);

	desk_assert_outcome(outcome, OUTCOME_UNKNOWN, "http.garbled", false);
}

static void
test_element_of_text_is_a_text_as_it_stands(void **state)
{
	assert_read(*state, "<a>100.00</a>", "{\"a\":\"100.00\"}");
	assert_read(*state, "<a> x\n </a>", "{\"a\":\" x\\n \"}");
	assert_read(*state, "<a/>", "{\"a\":\"\"}");
	assert_read(*state, "<a><![CDATA[<b>&]]> &lt;&amp;&#8364;&#x41;</a>",
	    "{\"a\":\"<b>& <&\xe2\x82\xac" "A\"}");
	assert_read(*state, "<a>1<!-- no -->2<?no no?>3</a>",
	    "{\"a\":\"123\"}");
}

static void
test_element_of_elements_is_a_context_in_their_order(void **state)
{
	assert_read(*state, "<a>\n  <z>1</z>\n  <b><c>2</c></b>\n</a>\n",
	    "{\"a\":{\"z\":\"1\",\"b\":{\"c\":\"2\"}}}");
}

static void
test_attributes_begin_with_a_line(void **state)
{
	assert_read(*state, "<Amt Ccy=\"EUR\">1.50</Amt>",
	    "{\"Amt\":{\"_Ccy\":\"EUR\",\"_\":\"1.50\"}}");
	assert_read(*state, "<a x='&quot;&#10;'><b/></a>",
	    "{\"a\":{\"_x\":\"\\\"\\n\",\"b\":\"\"}}");
	assert_read(*state, "<a x='1'/>", "{\"a\":{\"_x\":\"1\",\"_\":\"\"}}");
	assert_read(*state, "<a>t<b/>u</a>",
	    "{\"a\":{\"b\":\"\",\"_\":\"tu\"}}");
}

static void
test_repeated_elements_are_a_list(void **state)
{
	assert_read(*state, "<a><b>1</b><c>x</c><b>2</b></a>",
	    "{\"a\":{\"b\":[\"1\",\"2\"],\"c\":\"x\"}}");
	assert_read(*state, "<a><b>1</b></a>", "{\"a\":{\"b\":\"1\"}}");
}

static void
test_declared_list_is_one_of_one_element_too(void **state)
{
	assert_read(*state, "<a><Ntry><Ustrd>x</Ustrd></Ntry></a>",
	    "{\"a\":{\"Ntry\":[{\"Ustrd\":[\"x\"]}]}}");
	assert_read(*state, "<a><Ntry>1</Ntry><Ntry>2</Ntry></a>",
	    "{\"a\":{\"Ntry\":[\"1\",\"2\"]}}");
}

static void
test_prefixes_are_dropped_and_the_roots_namespace_is_kept(void **state)
{
	assert_read(*state, "<s:E xmlns:s='urn:s' xmlns='urn:b' xml:lang='de'>"
	    "<s:F/><g xmlns:x='urn:x' x:h='1'/></s:E>",
	    "{\"E\":{\"_xmlns\":\"urn:s\",\"_lang\":\"de\",\"F\":\"\","
	    "\"g\":{\"_h\":\"1\",\"_\":\"\"}}}");
	assert_read(*state, "<a xmlns:i='http://www.w3.org/2001/"
	    "XMLSchema-instance' i:schemaLocation='u v'><b i:nil='true'/>"
	    "<c i:nil='false'>1</c></a>",
	    "{\"a\":{\"b\":null,\"c\":\"1\"}}");
}

static void
test_other_encodings_become_utf8(void **state)
{
	assert_read(*state,
	    "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9\xa7</a>",
	    "{\"a\":\"\xc3\xa9\xc2\xa7\"}");
	assert_read(*state, "\xef\xbb\xbf<a>\xc3\xa9</a>",
	    "{\"a\":\"\xc3\xa9\"}");
}

static void
test_document_with_a_dtd_is_refused(void **state)
{
	assert_refused(*state, "<!DOCTYPE a><a><Id>1</Id></a>");
	assert_refused(*state, "<!DOCTYPE Ack SYSTEM 'file:///etc/passwd'>"
	    "<Ack><Id>1</Id></Ack>");
	assert_refused(*state, "<!DOCTYPE Ack [<!ENTITY x SYSTEM "
	    "'file:///etc/hostname'>]><Ack><Id>&x;</Id></Ack>");
	assert_refused(*state, "<!DOCTYPE Ack [<!ENTITY a 'aaaaaaaaaa'>"
	    "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
	    "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>"
	    "<Ack><Id>&c;</Id></Ack>");
	assert_refused(*state, "<!DOCTYPE Ack [<!ENTITY % p SYSTEM "
	    "'http://127.0.0.1:1/x'>%p;]><Ack><Id>1</Id></Ack>");
}

static void
test_what_is_not_well_formed_is_refused(void **state)
{
	static const char *const texts[] = {
		"<Ack><Id>1</Id>", "<Ack><Id>1</Ack>", "<Ack/><Ack/>",
		"<Ack><Id>&undeclared;</Id></Ack>", "<Ack a='1' a='2'/>",
		"<p:Ack><Id>1</Id></p:Ack>", "<Ack><Id>\x01</Id></Ack>",
		"<Ack><Id>\xff</Id></Ack>", "<Ack>&#0;</Ack>", "no",
		"<Ack><_x/></Ack>", "<Ack><_>1</_></Ack>",
		"<Ack xmlns:a='a' xmlns:b='b' a:x='1' b:x='2'/>",
		"<Ack xmlns:a='a' a:xmlns='1'/>", " ", "<?xml version='1.0'?>",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_refused(*state, texts[i]);
}

static const char *
nested(struct desk *desk, size_t depth)
{
	struct buf text = buf_in(desk->arena);

	for (size_t i = 0; i < depth; i++)
		buf_add_cstr(&text, "<a>");
	for (size_t i = 0; i < depth; i++)
		buf_add_cstr(&text, "</a>");
	return desk_str(desk, buf_keep(&text));
}

static void
test_depth_and_number_are_bounded(void **state)
{
	struct desk *desk = *state;
	struct buf text = buf_in(desk->arena);

	assert_int_equal(desk_answer(desk, "quiet", "{}", 200, XML,
	    nested(desk, 31))->kind, OUTCOME_DONE);
	assert_refused(desk, nested(desk, 32));
	assert_refused(desk, nested(desk, 20000));
	buf_add_cstr(&text, "<a>");
	for (size_t i = 0; i < 1000 * 1000; i++)
		buf_add_cstr(&text, "<b/>");
	buf_add_cstr(&text, "</a>");
	assert_refused(desk, desk_str(desk, buf_keep(&text)));
}

static void
test_xml_is_asked_for(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "read", "{}"));
	assert_string_equal(desk_header(desk, "accept"), "application/xml");
	assert_true(desk_prepare(desk, "json", "{}"));
	assert_string_equal(desk_header(desk, "accept"), "application/json");
}

static void
test_anything_else_in_its_place_is_no_success(void **state)
{
	static const struct {
		const char *operation;
		const char *headers;
		const char *body;
		enum outcome_kind kind;
	} rows[] = {
		{"write", XML, "<Ack><Id>1</Id></Ack>", OUTCOME_DONE},
		{"write", "Content-Type: text/plain", "<Ack><Id>1</Id></Ack>",
		    OUTCOME_DONE},
		{"write", "Content-Type: text/html", "<html/>",
		    OUTCOME_UNKNOWN},
		{"write", "Content-Type: application/json", "{\"Ack\":1}",
		    OUTCOME_UNKNOWN},
		{"write", XML, "", OUTCOME_UNKNOWN},
		{"quiet", "Content-Type: text/html", "<html>", OUTCOME_UNKNOWN},
		{"quiet", XML, "<Ack", OUTCOME_UNKNOWN},
		{"quiet", NULL, "", OUTCOME_DONE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(desk_answer(*state, rows[i].operation, "{}",
		    200, rows[i].headers, rows[i].body)->kind, rows[i].kind);
	/* Nobody asked for it there. */
	desk_assert_outcome(desk_answer(*state, "json", "{}", 200, XML, "<a/>"),
	    OUTCOME_NOT_DONE, "http.garbled", true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_element_of_text_is_a_text_as_it_stands),
		cmocka_unit_test(
		    test_element_of_elements_is_a_context_in_their_order),
		cmocka_unit_test(test_attributes_begin_with_a_line),
		cmocka_unit_test(test_repeated_elements_are_a_list),
		cmocka_unit_test(test_declared_list_is_one_of_one_element_too),
		cmocka_unit_test(
		    test_prefixes_are_dropped_and_the_roots_namespace_is_kept),
		cmocka_unit_test(test_other_encodings_become_utf8),
		cmocka_unit_test(test_document_with_a_dtd_is_refused),
		cmocka_unit_test(test_what_is_not_well_formed_is_refused),
		cmocka_unit_test(test_depth_and_number_are_bounded),
		cmocka_unit_test(test_xml_is_asked_for),
		cmocka_unit_test(test_anything_else_in_its_place_is_no_success),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
