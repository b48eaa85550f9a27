/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char written[1 << 20];

/* Runs `body` with standard error going to a file, then reads the file. */
static void
capture(void (*body)(void))
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);

	assert_non_null(file);
	assert_true(saved >= 0);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	body();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(file);
	size_t bytes = fread(written, 1, sizeof(written) - 1, file);
	written[bytes] = '\0';
	fclose(file);
}

static size_t
count_lines(void)
{
	size_t lines = 0;

	for (const char *at = written; *at != '\0'; at++)
		lines += *at == '\n';
	return lines;
}

static void
write_three_levels(void)
{
	log_setup(LOG_WARNING, LOG_TEXT);
	log_info("not shown", "at=%d", 1);
	log_warning("disk is slow", "ms=%d", 250);
	log_error("disk is full", "free=%d", 0);
}

static void
test_lines_below_the_least_level_are_left_out(void **state)
{
	(void)state;
	capture(write_three_levels);
	assert_null(strstr(written, "not shown"));
	assert_non_null(strstr(written, "Z warning disk is slow: ms=250\n"));
	assert_non_null(strstr(written, "Z error   disk is full: free=0\n"));
	assert_int_equal(count_lines(), 2);
}

static void
write_json(void)
{
	log_setup(LOG_INFO, LOG_JSON);
	log_info("call failed", "reason=%s", "\"no\"\nway");
}

static void
test_json_lines_are_escaped(void **state)
{
	(void)state;
	capture(write_json);
	assert_non_null(strstr(written,
	    "\"level\":\"info\",\"what\":\"call failed\","
	    "\"detail\":\"reason=\\\"no\\\"\\nway\"}\n"));
	assert_int_equal(count_lines(), 1);
}

static void
write_forged(void)
{
	log_setup(LOG_INFO, LOG_TEXT);
	log_info("received", "%s", "a\n2026 forged\033[2J");
}

static void
test_text_from_outside_cannot_forge_a_line(void **state)
{
	(void)state;
	capture(write_forged);
	assert_int_equal(count_lines(), 1);
	assert_non_null(strstr(written, "received: a\\n2026 forged\\x1b[2J\n"));
}

static void
write_huge(void)
{
	static char huge[100000];

	memset(huge, 'x', sizeof(huge) - 1);
	log_setup(LOG_INFO, LOG_TEXT);
	log_info("huge", "%s", huge);
	log_dump(STDERR_FILENO);
}

static void
test_a_huge_line_is_cut(void **state)
{
	(void)state;
	capture(write_huge);
	assert_true(strlen(written) < 64 * 512 + 17000);
}

static void
write_hundred_and_dump(void)
{
	log_setup(LOG_INFO, LOG_TEXT);
	for (int i = 0; i < 100; i++)
		log_info("line", "n=%d.", i);
	log_dump(STDERR_FILENO);
}

static void
test_the_last_64_lines_are_kept_in_order(void **state)
{
	(void)state;
	capture(write_hundred_and_dump);
	assert_int_equal(count_lines(), 164);
	const char *dumped = strstr(written, "n=99.\n");
	assert_non_null(dumped);
	assert_null(strstr(dumped, "n=35."));
	const char *first = strstr(dumped, "n=36.");
	assert_non_null(first);
	assert_non_null(strstr(first, "n=99."));
}

static void *
write_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < 200; i++)
		log_info("thread", "n=%d and some more text", i);
	return NULL;
}

static void
write_from_threads(void)
{
	pthread_t threads[4];

	log_setup(LOG_INFO, LOG_TEXT);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, write_many, NULL), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void
test_lines_of_threads_do_not_mix(void **state)
{
	size_t whole = 0;

	(void)state;
	capture(write_from_threads);
	for (char *line = strtok(written, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		assert_non_null(strstr(line, "Z info    thread: n="));
		whole++;
	}
	assert_int_equal(whole, 800);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_below_the_least_level_are_left_out),
	    cmocka_unit_test(test_json_lines_are_escaped),
	    cmocka_unit_test(test_text_from_outside_cannot_forge_a_line),
	    cmocka_unit_test(test_a_huge_line_is_cut),
	    cmocka_unit_test(test_the_last_64_lines_are_kept_in_order),
	    cmocka_unit_test(test_lines_of_threads_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
