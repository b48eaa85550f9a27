/* SPDX-License-Identifier: Apache-2.0 */
/* test_scenario_step.c: docs/testing.md has every step, key and code. */
#include "../../../src/scenario/scenario_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int
read_page(void **state)
{
	const char *srcdir = getenv("srcdir");
	struct buf *page = calloc(1, sizeof(*page));
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/docs/testing.md",
	    srcdir != NULL ? srcdir : ".");
	file = fopen(path, "r");
	if (page == NULL || file == NULL || !buf_add_file(page, file, 1 << 20))
		return -1;
	fclose(file);
	*state = page;
	return 0;
}

static int
drop_page(void **state)
{
	buf_fini(*state);
	free(*state);
	return 0;
}

static void
page_has(void **state, const char *text)
{
	struct buf *page = *state;

	if (strstr(buf_cstr(page), text) == NULL)
		fail_msg("docs/testing.md does not have: %s", text);
}

static void
test_every_step_is_documented(void **state)
{
	size_t count;
	const struct step_row *rows = scenario_step_rows(&count);
	char text[64];

	assert_true(count > 20);
	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "`%s", rows[i].name.at);
		page_has(state, text);
	}
}

static void
test_every_key_of_a_step_is_documented(void **state)
{
	size_t count;
	const struct step_row *rows = scenario_step_rows(&count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0;
		     rows[i].table != NULL && j < rows[i].table->count; j++)
			page_has(state, rows[i].table->keys[j].name);
}

static void
test_every_code_is_documented(void **state)
{
#define X(name, code, meaning) page_has(state, "| " code " | " meaning " |");
	SCENARIO_CODES(X)
#undef X
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_step_is_documented),
	    cmocka_unit_test(test_every_key_of_a_step_is_documented),
	    cmocka_unit_test(test_every_code_is_documented),
	};

	return cmocka_run_group_tests(tests, read_page, drop_page);
}
