/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_option.c: words on the command line find their meaning. */
#include "../../../src/cli/cli_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static enum cli_status
run(struct cli *cli)
{
	(void)cli;
	return CLI_OK;
}

static const struct cmd_option options[] = {
    {"input", "JSON", "what"},
    {"map", "A=B", "what to what", true},
    {"strict", NULL, "whether"},
    {"reason", "TEXT", "why"},
    {NULL, NULL, NULL},
};

static const struct cmd cmd = {
    .name = "try",
    .arguments = "ID...",
    .summary = "Try",
    .least = 1,
    .most = 3,
    .shares = CMD_FORMAT,
    .options = options,
    .run = run,
};

struct fixture {
	struct cli cli;
	char *err;
	size_t err_bytes;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->cli = (struct cli){
	    .cmd = &cmd,
	    .path = "try",
	    .arena = arena_new(),
	    .out = fopen("/dev/null", "w"),
	    .err = open_memstream(&f->err, &f->err_bytes),
	};
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	fclose(f->cli.out);
	fclose(f->cli.err);
	free(f->err);
	arena_free(&f->cli.arena);
	free(f);
	return 0;
}

#define PARSE(f, ...)                                                          \
	parse(f, (const char *const[]){__VA_ARGS__},                                      \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static enum cli_status
parse(struct fixture *f, const char *const *words, size_t count)
{
	return cli_option_parse(&f->cli, (int)count, words);
}

static void
fails(struct fixture *f, enum cli_status status, const char *message)
{
	assert_int_equal(status, CLI_USAGE);
	fflush(f->cli.err);
	assert_non_null(strstr(f->err, message));
}

static void
test_options_stand_anywhere(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    PARSE(f, "a", "--input", "{}", "b", "--strict"), CLI_OK);
	assert_int_equal(f->cli.argument_count, 2);
	assert_string_equal(f->cli.arguments[1], "b");
	assert_string_equal(cli_option(&f->cli, "input"), "{}");
	assert_non_null(cli_option(&f->cli, "strict"));
	assert_null(cli_option(&f->cli, "format"));
	assert_null(cli_argument(&f->cli, 2).at);
}

static void
test_value_may_be_joined_by_an_equals_sign(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(PARSE(f, "a", "--input=x=y"), CLI_OK);
	assert_string_equal(cli_option(&f->cli, "input"), "x=y");
}

static void
test_value_may_look_like_an_option(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(PARSE(f, "a", "--input", "-5"), CLI_OK);
	assert_string_equal(cli_option(&f->cli, "input"), "-5");
}

static void
test_what_repeats_can_all_be_had(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    PARSE(f, "a", "--map", "1", "--strict", "--strict", "--map=2"),
	    CLI_OK);
	assert_string_equal(cli_option_at(&f->cli, "map", 0), "1");
	assert_string_equal(cli_option_at(&f->cli, "map", 1), "2");
	assert_null(cli_option_at(&f->cli, "map", 2));
}

static void
test_what_does_not_repeat_is_given_once(void **state)
{
	struct fixture *f = *state;

	fails(f, PARSE(f, "a", "--input", "1", "--input=1"),
	    "--input is given twice; it takes one JSON");
}

static void
test_after_two_dashes_everything_is_an_argument(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(PARSE(f, "--", "--strict", "-x"), CLI_OK);
	assert_int_equal(f->cli.argument_count, 2);
	assert_null(cli_option(&f->cli, "strict"));
}

static void
test_dash_alone_and_negative_numbers_are_arguments(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(PARSE(f, "-", "-5 + 3"), CLI_OK);
	assert_int_equal(f->cli.argument_count, 2);
}

static void
test_unknown_option_names_the_nearest(void **state)
{
	struct fixture *f = *state;

	fails(f, PARSE(f, "a", "--strct"), "did you mean --strict?");
}

static void
test_option_far_from_all_has_no_suggestion(void **state)
{
	struct fixture *f = *state;

	fails(f, PARSE(f, "a", "--zzzzzz"), "`try` has no option --zzzzzz\n");
}

static void
test_missing_value_is_told(void **state)
{
	struct fixture *f = *state;

	fails(f, PARSE(f, "a", "--input"), "--input needs JSON");
}

static void
test_nothing_but_a_text_may_be_empty(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(PARSE(f, "a", "--reason", ""), CLI_OK);
	assert_string_equal(cli_option(&f->cli, "reason"), "");
	fails(f, PARSE(f, "a", "--input", ""),
	    "--input needs JSON, and an empty one is none");
	fails(f, PARSE(f, "a", "--input="), "--input needs JSON");
	fails(f, PARSE(f, "a", ""), "`try` takes ID..., and an empty one is");
}

static void
test_switch_takes_no_value(void **state)
{
	struct fixture *f = *state;

	fails(f, PARSE(f, "a", "--strict=yes"), "--strict takes no value");
}

static void
test_too_few_and_too_many_arguments_are_told(void **state)
{
	struct fixture *f = *state;

	fails(f, PARSE(f, "--strict"), "`try` takes ID...");
	fails(f, PARSE(f, "1", "2", "3", "4"), "`try` takes ID...");
}

static void
test_format_is_text_or_json(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(PARSE(f, "a", "--format", "json"), CLI_OK);
	assert_true(f->cli.is_json);
	fails(f, PARSE(f, "a", "--format", "xml"), "text or json");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_options_stand_anywhere),
	    TEST(test_value_may_be_joined_by_an_equals_sign),
	    TEST(test_value_may_look_like_an_option),
	    TEST(test_what_repeats_can_all_be_had),
	    TEST(test_what_does_not_repeat_is_given_once),
	    TEST(test_after_two_dashes_everything_is_an_argument),
	    TEST(test_dash_alone_and_negative_numbers_are_arguments),
	    TEST(test_unknown_option_names_the_nearest),
	    TEST(test_option_far_from_all_has_no_suggestion),
	    TEST(test_missing_value_is_told),
	    TEST(test_nothing_but_a_text_may_be_empty),
	    TEST(test_switch_takes_no_value),
	    TEST(test_too_few_and_too_many_arguments_are_told),
	    TEST(test_format_is_text_or_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
