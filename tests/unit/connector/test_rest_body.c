/* SPDX-License-Identifier: Apache-2.0 */
/* test_rest_body.c: values as bodies, queries and paths, byte for byte. */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char shop[] =
    "connection: shop\n"
    "kind: http\n"
    "url: = settings.url\n"
    "operations:\n"
    "  form:\n"
    "    request:\n"
    "      post: /form\n"
    "      headers: {content-type: application/x-www-form-urlencoded}\n"
    "      body: = fields\n"
    "  parts:\n"
    "    request:\n"
    "      post: /parts\n"
    "      headers: {content-type: multipart/form-data}\n"
    "      body: = fields\n"
    "  hidden:\n"
    "    request:\n"
    "      post: /hidden\n"
    "      headers: {content-type: multipart/form-data}\n"
    "      body: {pin: {secret: pin}, file: {filename: a.txt, content: x}}\n"
    "  search:\n"
    "    request: {get: '/list?v=1', query: = fields}\n"
    "  show:\n"
    "    request: {get: [payments, = id, status]}\n"
    "  text:\n"
    "    request: {get: = path}\n"
    "  at:\n"
    "    request:\n"
    "      post: ['= date and time(at)']\n"
    "      query: {at: '= date and time(at)'}\n"
    "      headers: {x-at: '= date and time(at)', content-type: = type}\n"
    "      body: {a: {at: '= date and time(at)'}}\n";

static int
set_up(void **state)
{
	static struct desk desk;

	desk_open(&desk, shop);
	*state = &desk;
	return 0;
}

static int
tear_down(void **state)
{
	desk_close(*state);
	return 0;
}

static const char *
body_of(struct desk *desk, const char *operation, const char *fields)
{
	char args[2048];

	snprintf(args, sizeof(args), "{\"fields\":%s}", fields);
	assert_true(desk_prepare(desk, operation, args));
	return desk_str(desk, desk->request.body);
}

static void
assert_refused(struct desk *desk, const char *operation, const char *args,
    const char *code, const char *why)
{
	assert_false(desk_prepare(desk, operation, args));
	desk_assert_outcome(&desk->outcome, OUTCOME_NOT_DONE, code, false);
	assert_non_null(strstr(desk_str(desk, desk->outcome.message), why));
}

/* -------------------------------------------------------------------- forms */

static void
test_form_has_any_depth(void **state)
{
	static const struct {
		const char *fields;
		const char *body;
	} rows[] = {
		{"{\"amount\":1099,\"metadata\":{\"engine_key\":\"P-77\"},"
		 "\"payment_method_types\":[\"card\"],\"confirm\":true}",
		    "amount=1099&metadata%5Bengine_key%5D=P-77"
		    "&payment_method_types%5B0%5D=card&confirm=true"},
		{"{\"items\":[{\"price\":\"p\",\"tax\":[{\"id\":1.50}]},"
		 "{\"price\":\"q\"}]}",
		    "items%5B0%5D%5Bprice%5D=p"
		    "&items%5B0%5D%5Btax%5D%5B0%5D%5Bid%5D=1.50"
		    "&items%5B1%5D%5Bprice%5D=q"},
		{"{\"a\":[[1,2],[3]]}",
		    "a%5B0%5D%5B0%5D=1&a%5B0%5D%5B1%5D=2&a%5B1%5D%5B0%5D=3"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(body_of(*state, "form", rows[i].fields),
		    rows[i].body);
}

static void
test_form_leaves_null_out_and_keeps_an_empty_text(void **state)
{
	assert_string_equal(body_of(*state, "form",
	    "{\"a\":null,\"b\":\"\",\"c\":[null,\"x\",null,\"y\"],\"d\":{},"
	    "\"e\":{\"f\":null}}"),
	    "b=&c%5B0%5D=x&c%5B1%5D=y");
}

static void
test_form_encodes_what_parts_fields(void **state)
{
	assert_string_equal(body_of(*state, "form",
	    "{\"a b\":\"1+1=2 & 50%\",\"\xc3\xa9\":\"\xe2\x82\xac\\r\\n\"}"),
	    "a%20b=1%2B1%3D2%20%26%2050%25&%C3%A9=%E2%82%AC%0D%0A");
}

static void
test_form_is_made_of_a_context_only(void **state)
{
	assert_refused(*state, "form", "{\"fields\":[1]}", "connector.body",
	    "a list");
	assert_refused(*state, "form", "{\"fields\":7}", "connector.body",
	    "a number");
	assert_string_equal(body_of(*state, "form", "\"a=1&b=2\""), "a=1&b=2");
}

/* ---------------------------------------------------------------- multipart */

/* The body with its boundary as "B". */
static const char *
parts_of(struct desk *desk, const char *fields)
{
	struct str rest = str_of(body_of(desk, "parts", fields));
	struct str type = str_of(desk_header(desk, "content-type"));
	struct str head = STR("multipart/form-data; boundary=");
	struct buf out = buf_in(desk->arena);
	struct str boundary;

	assert_true(str_has_prefix(type, head));
	boundary = str_slice(type, head.bytes, SIZE_MAX);
	while (rest.bytes > 0) {
		size_t at = str_find(rest, boundary);
		buf_add_str(&out, str_slice(rest, 0, at));
		if (at == SIZE_MAX)
			break;
		buf_add_char(&out, 'B');
		rest = str_slice(rest, at + boundary.bytes, SIZE_MAX);
	}
	return desk_str(desk, buf_keep(&out));
}

static void
test_parts_are_fields_and_files(void **state)
{
	assert_string_equal(parts_of(*state,
	    "{\"purpose\":\"dispute_evidence\",\"no\":null,\"n\":[1,2.50],"
	    "\"file\":{\"filename\":\"a.csv\",\"content-type\":\"text/csv\","
	    "\"content\":\"x;y\\n\"}}"),
	    "--B\r\n"
	    "Content-Disposition: form-data; name=\"purpose\"\r\n\r\n"
	    "dispute_evidence\r\n"
	    "--B\r\n"
	    "Content-Disposition: form-data; name=\"n\"\r\n\r\n1\r\n"
	    "--B\r\n"
	    "Content-Disposition: form-data; name=\"n\"\r\n\r\n2.50\r\n"
	    "--B\r\n"
	    "Content-Disposition: form-data; name=\"file\"; "
	    "filename=\"a.csv\"\r\n"
	    "Content-Type: text/csv\r\n\r\n"
	    "x;y\n\r\n"
	    "--B--\r\n");
}

static void
test_content_of_a_file_goes_by_its_type(void **state)
{
	assert_string_equal(parts_of(*state,
	    "{\"f\":{\"filename\":\"a\",\"content-type\":\"application/json\","
	    "\"content\":{\"sum\":1.10}},"
	    "\"g\":{\"filename\":\"b\",\"base64\":\"AQID\"}}"),
	    "--B\r\n"
	    "Content-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n"
	    "Content-Type: application/json\r\n\r\n"
	    "{\"sum\":1.10}\r\n"
	    "--B\r\n"
	    "Content-Disposition: form-data; name=\"g\"; filename=\"b\"\r\n"
	    "Content-Type: application/octet-stream\r\n\r\n"
	    "\x01\x02\x03\r\n"
	    "--B--\r\n");
}

static void
test_name_of_a_file_ends_no_header(void **state)
{
	const char *body = parts_of(*state,
	    "{\"a\\\"b\":{\"filename\":\"x\\\"\\r\\nEvil: 1\xc3\xa9\","
	    "\"content\":\"\"}}");

	assert_non_null(strstr(body, "name=\"a%22b\"; "
	    "filename=\"x%22%0D%0AEvil: 1\xc3\xa9\"\r\n"));
	assert_refused(*state, "parts",
	    "{\"fields\":{\"f\":{\"filename\":\"a\",\"content\":\"\","
	    "\"content-type\":\"a/b\\r\\nEvil: 1\"}}}",
	    "connector.body", "content-type");
}

static void
test_boundary_is_the_same_each_time_and_in_no_part(void **state)
{
	struct desk *desk = *state;
	const char *first = body_of(desk, "parts", "{\"a\":\"x\"}");
	char again[512];

	assert_string_equal(first, body_of(desk, "parts", "{\"a\":\"x\"}"));
	/* What was a boundary is a text as any other inside a part. */
	snprintf(again, sizeof(again), "{\"a\":\"%.*s\"}",
	    (int)strcspn(first, "\r"), first);
	assert_non_null(strstr(parts_of(desk, again), "\r\n\r\n--stated-"));
}

static void
test_file_without_content_is_refused(void **state)
{
	static const char *const files[] = {
		"{\"filename\":\"a\"}",
		"{\"content\":\"a\"}",
		"{\"filename\":\"a\",\"content\":\"x\",\"base64\":\"AA==\"}",
		"{\"filename\":\"a\",\"base64\":\"!\"}",
		"{\"filename\":\"a\",\"content\":[1]}",
		"{\"filename\":\"a\",\"content\":\"x\",\"size\":1}",
		("{\"filename\":\"a\",\"content\":{\"b\":1},"
		 "\"content-type\":\"multipart/form-data\"}"),
		"[[1]]",
	};
	char args[256];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(args, sizeof(args), "{\"fields\":{\"proof\":%s}}",
		    files[i]);
		assert_refused(*state, "parts", args, "connector.body",
		    "`proof`");
	}
}

static void
test_secret_part_is_not_shown(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "hidden", "{}"));
	assert_non_null(strstr(desk_str(desk, desk->request.body),
	    "\r\n\r\nsecret of pin\r\n"));
	assert_null(strstr(desk_str(desk, desk->request.body_shown),
	    "secret of pin"));
	assert_non_null(strstr(desk_str(desk, desk->request.body_shown),
	    "\r\n\r\n***\r\n"));
}

/* ----------------------------------------------------------- query and path */

static void
test_query_nests_by_brackets(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "search", "{\"fields\":{"
	    "\"created\":{\"gte\":1,\"lt\":2},\"tag\":[\"a\",\"b\"],"
	    "\"line\":[{\"sku\":\"x y\"}],\"no\":null}}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/list?v=1&created%5Bgte%5D=1&created%5Blt%5D=2"
	    "&tag=a&tag=b&line%5B0%5D%5Bsku%5D=x%20y");
	assert_true(desk_prepare(desk, "search", "{\"fields\":{}}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/list?v=1");
}

static void
test_segment_of_a_path_stays_one(void **state)
{
	struct desk *desk = *state;

	assert_true(desk_prepare(desk, "show",
	    "{\"id\":\"a/b?c=d&e%2F#;\xc3\xa9\"}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/payments/a%2Fb%3Fc%3Dd%26e%252F%23%3B%C3%A9"
	    "/status");
	assert_true(desk_prepare(desk, "show", "{\"id\":42}"));
	assert_string_equal(desk_str(desk, desk->request.url),
	    "https://api.example/payments/42/status");
}

static void
test_segment_that_leads_elsewhere_is_refused(void **state)
{
	static const char *const ids[] = {
		"\"..\"", "\".\"", "\"\"", "null", "\"a\\nb\"", "[1]",
		"\"%2e%2e\"",
	};
	char args[64];

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(args, sizeof(args), "{\"id\":%s}", ids[i]);
		assert_refused(*state, "show", args, "connector.path", "path");
	}
}

/* -------------------------------------------------------------------- zones */

/* RFC 3339 has offsets only; multipart/form-data goes the same way. */
static void
test_zone_is_sent_as_its_offset(void **state)
{
	static const struct {
		const char *type;
		const char *body;
	} rows[] = {
		{"application/json",
		    "{\"a\":{\"at\":\"2026-11-24T01:12:46.464+01:00\"}}"},
		{"application/xml",
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<a><at>2026-11-24T01:12:46.464+01:00</at></a>"},
		{"application/x-www-form-urlencoded",
		    "a%5Bat%5D=2026-11-24T01%3A12%3A46.464%2B01%3A00"},
	};
	struct desk *desk = *state;
	char args[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(args, sizeof(args),
		    "{\"at\":\"2026-11-24T01:12:46.464@Europe/Berlin\","
		    "\"type\":\"%s\"}", rows[i].type);
		assert_true(desk_prepare(desk, "at", args));
		assert_string_equal(
		    desk_str(desk, desk->request.body), rows[i].body);
		assert_string_equal(desk_header(desk, "x-at"),
		    "2026-11-24T01:12:46.464+01:00");
		assert_string_equal(desk_str(desk, desk->request.url),
		    "https://api.example/2026-11-24T01%3A12%3A46.464%2B01%3A00"
		    "?at=2026-11-24T01%3A12%3A46.464%2B01%3A00");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form_has_any_depth),
		cmocka_unit_test(
		    test_form_leaves_null_out_and_keeps_an_empty_text),
		cmocka_unit_test(test_form_encodes_what_parts_fields),
		cmocka_unit_test(test_form_is_made_of_a_context_only),
		cmocka_unit_test(test_parts_are_fields_and_files),
		cmocka_unit_test(test_content_of_a_file_goes_by_its_type),
		cmocka_unit_test(test_name_of_a_file_ends_no_header),
		cmocka_unit_test(
		    test_boundary_is_the_same_each_time_and_in_no_part),
		cmocka_unit_test(test_file_without_content_is_refused),
		cmocka_unit_test(test_secret_part_is_not_shown),
		cmocka_unit_test(test_query_nests_by_brackets),
		cmocka_unit_test(test_segment_of_a_path_stays_one),
		cmocka_unit_test(test_segment_that_leads_elsewhere_is_refused),
		cmocka_unit_test(test_zone_is_sent_as_its_offset),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
