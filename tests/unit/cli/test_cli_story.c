/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_story.c: records told as sentences. */
#include "../../../src/cli/cli_priv.h"

#include "stated/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The story of the records, a JSON list; to be freed. */
static char *
tell(const char *json)
{
	struct cli cli = {.arena = arena_new()};
	struct json_error error;
	const struct value *records =
	    json_read(cli.arena, str_of(json), &error);
	char *text = NULL;
	size_t bytes;

	setenv("TZ", "UTC", 1);
	assert_non_null(records);
	cli.out = open_memstream(&text, &bytes);
	cli_story_print(&cli, records);
	fclose(cli.out);
	arena_free(&cli.arena);
	return text;
}

static void
tells(const char *json, const char *story)
{
	char *text = tell(json);

	assert_string_equal(text, story);
	free(text);
}

static void
test_record_is_a_sentence_with_its_number_and_time(void **state)
{
	(void)state;
	tells("[{\"kind\": \"entered\", \"seq\": 2, \"time\": "
	      "\"2026-11-22T09:30:00.000Z\", \"from\": \"a\", \"to\": \"b\", "
	      "\"event\": \"go\"}]",
	    "   2  2026-11-22 09:30:00  a → b  on go\n");
}

static void
test_part_without_its_field_is_left_out(void **state)
{
	(void)state;
	tells("[{\"kind\": \"entered\", \"seq\": 1, \"to\": \"b\"},"
	      "{\"kind\": \"started\", \"seq\": 1, \"workflow\": \"w\", "
	      "\"actor\": \"alice\"}]",
	    "   1    → b\n   1    started w by alice\n");
}

static void
test_field_of_a_field_is_found(void **state)
{
	(void)state;
	tells("[{\"kind\": \"step-failed\", \"seq\": 7, \"step\": \"pay\", "
	      "\"error\": {\"code\": \"x.y\", \"message\": \"no\"}}]",
	    "   7    pay failed: x.y, no\n");
}

static void
test_kind_of_a_newer_engine_is_told_by_its_name(void **state)
{
	(void)state;
	tells("[{\"kind\": \"teleported\", \"seq\": 12}]",
	    "  12    teleported\n");
}

static void
test_expression_that_went_wrong_is_told_below_its_record(void **state)
{
	(void)state;
	tells("[{\"kind\": \"entered\", \"seq\": 3, \"to\": \"b\", \"nulls\": "
	      "[{\"expression\": \"amount > 5\", \"column\": 1, \"reason\": "
	      "\"`string` and `number` cannot be compared\"}]}]",
	    "   3    → b\n      `amount > 5` gave null at column 1: "
	    "`string` and `number` cannot be compared\n");
}

static void
test_every_kind_of_record_has_a_sentence(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (int kind = 0; kind < AUDIT_KIND_COUNT; kind++) {
		struct str name = audit_kind_name((enum audit_kind)kind);
		char *text = tell(arena_strf(arena,
		    "[{\"kind\": \"%.*s\", \"seq\": 1}]", STR_ARG(name))
				      .at);
		struct str bare =
		    arena_strf(arena, "   1    %.*s\n", STR_ARG(name));

		if (str_equal(str_of(text), bare) &&
		    !str_equal(name, STR("suspended")) &&
		    !str_equal(name, STR("resumed")) &&
		    !str_equal(name, STR("cancelled")))
			fail_msg("no sentence for %.*s", STR_ARG(name));
		free(text);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_record_is_a_sentence_with_its_number_and_time),
	    cmocka_unit_test(test_part_without_its_field_is_left_out),
	    cmocka_unit_test(test_field_of_a_field_is_found),
	    cmocka_unit_test(test_kind_of_a_newer_engine_is_told_by_its_name),
	    cmocka_unit_test(
		test_expression_that_went_wrong_is_told_below_its_record),
	    cmocka_unit_test(test_every_kind_of_record_has_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
