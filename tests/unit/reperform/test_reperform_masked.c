/* SPDX-License-Identifier: Apache-2.0 */
/* test_reperform_masked.c: digests that are known, and records line by line. */
#include "../../../src/reperform/reperform_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct str salt = STR_INIT("0123456789abcdef");
static const struct str none = {NULL, 0};

/* ---- digests that are known ---- */

/* With V for the digest of the value. */
static struct str
masked(struct arena *arena, const char *pattern, const char *value)
{
	struct buf built = buf_in(arena);

	for (; *pattern != '\0'; pattern++)
		if (*pattern == 'V')
			chart_sensitive_digest(salt, str_of(value), &built);
		else
			buf_add_char(&built, *pattern);
	return buf_keep(&built);
}

static void
test_value_is_put_in_as_the_text_around_it_wants_it(void **state)
{
	static const struct {
		const char *recorded;
		const char *filled;
	} rows[] = {
	    {"V", "Z\"<\\&\n"},
	    {"to V!", "to Z\"<\\&\n!"},
	    {" {\"n\":\"V\"}", " {\"n\":\"Z\\\"<\\\\&\\n\"}"},
	    {"[V]", "[Z\"<\\&\n]"},
	    {"<n a='V'/>", "<n a='Z&quot;&lt;\\&amp;&#10;'/>"},
	    {"{no", "{no"},
	};
	struct arena *arena = arena_new();
	const char *value = "Z\"<\\&\n";
	struct disclosed *disclosed = disclosed_new(arena, salt);

	(void)state;
	disclosed_add(disclosed, value_of_str(arena, str_of(value)));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct str filled = value_str(disclosed_record(disclosed,
		    value_of_str(
			arena, masked(arena, rows[i].recorded, value))));

		if (!str_equal(filled, str_of(rows[i].filled)))
			fail_msg("%s: %.*s", rows[i].recorded,
			    STR_ARG(filled));
	}
	disclosed_free(&disclosed);
	arena_free(&arena);
}

/* ---- whose a record is ---- */

#define ID(last) "12345678-9abc-8def-8000-00000000000" last

static void
test_journal_is_no_instance(void **state)
{
	struct chart_identity identity;

	(void)state;
	assert_true(record_identity(STR(ID("0")), &identity));
	assert_int_equal(identity.number, STORE_JOURNAL);
	assert_true(record_identity(STR(ID("7")), &identity));
	assert_int_equal(identity.number, 7);
	assert_false(record_identity(STR("12345678-9abc"), &identity));
	assert_false(record_identity(
	    STR("x2345678-9abc-8def-8000-000000000007"), &identity));
	assert_false(record_identity(none, &identity));
}

/* ---- lines ---- */

struct told {
	size_t count;
	char explanation[300];
};

static void
tell_cb(const struct reperform_finding *finding, void *arg)
{
	struct told *told = arg;

	assert_int_equal(finding->result, REPERFORM_COULD_NOT);
	told->count++;
	str_write(told->explanation, sizeof(told->explanation), "%.*s %.*s",
	    STR_ARG(finding->instance), STR_ARG(finding->explanation));
}

/* Of a file without definitions, in which everything could not be done. */
static struct told
go_through(struct reperform_options options, bool tells_purged)
{
	static const char *const file[] = {
	    "{\"instance\":\"" ID("0") "\",\"kind\":\"engine-started\"}",
	    "{\"instance\":\"" ID("0") "\",\"kind\":\"purged\",\"instances\":["
	    "{\"instance\":\"" ID("1") "\",\"workflow\":\"wire\"},"
	    "{\"instance\":\"" ID("2") "\",\"workflow\":\"order\"}]}",
	    "{\"instance\":\"" ID("0") "\",\"kind\":\"purged\"}",
	    "{\"instance\":\"" ID("3") "\",\"kind\":\"entered\","
	    "\"workflow\":\"wire\"}",
	    "{\"totals\":{}}",
	};
	struct told told = {.count = 0};
	struct lines lines = {.options = &options,
	    .fn = tell_cb,
	    .arg = &told,
	    .tells_purged = tells_purged};

	lines_init(&lines);
	for (size_t i = 0; i < COUNT_OF(file); i++)
		lines_add(&lines, str_of(file[i]));
	lines_end(&lines);
	assert_int_equal(lines.told, told.count);
	return told;
}

static void
test_certificates_tell_what_was_purged(void **state)
{
	struct told told;

	(void)state;
	told = go_through((struct reperform_options){.path = STR("x")}, true);
	assert_int_equal(told.count, 3);
	told = go_through((struct reperform_options){.path = STR("x")}, false);
	assert_int_equal(told.count, 1);
	told = go_through(
	    (struct reperform_options){.workflow = STR("order")}, true);
	assert_int_equal(told.count, 1);
	assert_int_not_equal(
	    str_find(str_of(told.explanation), STR(ID("2") " its history was "
						   "purged")),
	    SIZE_MAX);
	told = go_through(
	    (struct reperform_options){.instance = STR(ID("1"))}, true);
	assert_int_equal(told.count, 1);
	told = go_through(
	    (struct reperform_options){.instance = STR(ID("0"))}, true);
	assert_int_equal(told.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_value_is_put_in_as_the_text_around_it_wants_it),
	    cmocka_unit_test(test_journal_is_no_instance),
	    cmocka_unit_test(test_certificates_tell_what_was_purged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
