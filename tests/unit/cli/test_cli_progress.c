/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_progress.c: how far something is, for people. */
#include "../../../src/cli/cli_priv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
assert_size(uint64_t bytes, struct str expected)
{
	struct arena *arena = arena_new();
	struct str text = cli_progress_size(arena, bytes);

	if (!str_equal(text, expected))
		print_error("%.*s\n", STR_ARG(text));
	assert_true(str_equal(text, expected));
	arena_free(&arena);
}

static void
test_sizes_have_four_digits_at_most(void **state)
{
	(void)state;
	assert_size(0, STR("0 bytes"));
	assert_size(999, STR("999 bytes"));
	assert_size(1024, STR("1.0 KiB"));
	assert_size(1536, STR("1.5 KiB"));
	assert_size(5 << 20, STR("5.0 MiB"));
	assert_size(UINT64_C(1288490189), STR("1.2 GiB"));
	assert_size(UINT64_C(9) << 40, STR("9.0 TiB"));
}

static void
test_nothing_is_shown_where_there_is_no_terminal(void **state)
{
	struct cli cli = {.err = tmpfile()};
	struct cli_progress progress = {0};

	(void)state;
	assert_non_null(cli.err);
	cli_progress_begin(&progress, &cli, "copying");
	progress.began_ms -= 60000;
	cli_progress_bytes(&progress, 1, 2);
	cli_progress_count(&progress, 3, "records");
	cli_progress_end(&progress);
	assert_int_equal(ftell(cli.err), 0);
	fclose(cli.err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes_have_four_digits_at_most),
	    cmocka_unit_test(
		test_nothing_is_shown_where_there_is_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
