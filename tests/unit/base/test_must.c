/* SPDX-License-Identifier: Apache-2.0 */
#include "stated/must.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

static void
break_a_promise(void)
{
	int balance = -1;

	must(balance >= 0);
}

static void
reach_the_unreachable(void)
{
	unreachable("the table names every state");
}

/* Runs what must die in a process of its own and gathers its last words. */
static int
run_dying(void (*dying)(void), char *words, size_t bytes)
{
	int ends[2];
	int status;
	ssize_t got;
	size_t filled = 0;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(ends[1], STDERR_FILENO);
		dying();
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], words + filled, bytes - 1 - filled)) > 0)
		filled += (size_t)got;
	words[filled] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
run_aborting(void (*dying)(void), char *words, size_t bytes)
{
	int status = run_dying(dying, words, bytes);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void
test_a_promise_that_holds_costs_nothing(void **state)
{
	int calls = 0;

	(void)state;
	must(++calls == 1);
	assert_int_equal(calls, 1);
}

static void
test_a_broken_promise_says_what_and_where_and_aborts(void **state)
{
	char words[4096];

	(void)state;
	run_aborting(break_a_promise, words, sizeof(words));
	assert_non_null(strstr(words, "balance >= 0"));
	assert_non_null(strstr(words, "test_must.c:"));
	assert_non_null(strstr(words, "break_a_promise"));
}

static void
lack_memory(void)
{
	void *at = NULL;

	errno = ENOMEM;
	must(at != NULL);
}

static void
test_missing_memory_is_no_bug_but_an_end(void **state)
{
	char words[4096];

	(void)state;
	int status = run_dying(lack_memory, words, sizeof(words));
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_OSERR);
	assert_non_null(strstr(words, "out of memory"));
	assert_null(strstr(words, "bug"));
}

static void
test_the_unreachable_says_why_it_should_have_been(void **state)
{
	char words[4096];

	(void)state;
	run_aborting(reach_the_unreachable, words, sizeof(words));
	assert_non_null(
	    strstr(words, "unreachable: the table names every state"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_promise_that_holds_costs_nothing),
	    cmocka_unit_test(
		test_a_broken_promise_says_what_and_where_and_aborts),
	    cmocka_unit_test(test_missing_memory_is_no_bug_but_an_end),
	    cmocka_unit_test(test_the_unreachable_says_why_it_should_have_been),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
