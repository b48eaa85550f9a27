/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No request for memory is sure to be met: each of them is refused once, and
 * then with all after it, in a process of its own.  That either goes on, or
 * stops at once with one plain line; it never crashes, and another engine on
 * the same database finds all that was acknowledged and brings it to its end.
 *
 *	STATED_FAULTS=all every request, not one in many
 */
#include "order_night.h"

#include "stated/feel.h"
#include "stated/json.h"
#include "stated/log.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "scarce_memory.h"

#define TRIES_EACH 30 /* of a piece of work, unless all are wanted */
#define SAYS_BYTES 8192
#define CHILD_MS 10000 /* at most, on its clock, until its first deadline */

/* A piece of work that ends by itself. */
typedef void work_fn(void *arg);

struct ending {
	bool is_normal; /* the work came to its end */
	int status;     /* of waitpid */
	long requests;  /* where it came to its end */
	char says[SAYS_BYTES];
};

/* ---- a process of its own ---- */

static void
run_child(work_fn *work, void *arg, long nth, bool for_good, long *requests)
{
	/* cmocka would take a crash for a failed test of the parent's. */
	signal(SIGSEGV, SIG_DFL);
	signal(SIGABRT, SIG_DFL);
	scarce_memory(nth, for_good);
	work(arg);
	*requests = scarce_memory_count();
	_exit(0);
}

static void
hear(int fd, struct ending *ending)
{
	size_t at = 0;
	ssize_t bytes;

	while ((bytes = read(fd, ending->says + at, SAYS_BYTES - 1 - at)) > 0)
		at += (size_t)bytes;
	ending->says[at] = '\0';
	close(fd);
}

static void
run(work_fn *work, void *arg, long nth, bool for_good, struct ending *ending)
{
	long *requests = mmap(NULL, sizeof(*requests), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int ends[2];

	assert_ptr_not_equal(requests, MAP_FAILED);
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		run_child(work, arg, nth, for_good, requests);
	}
	close(ends[1]);
	hear(ends[0], ending);
	assert_int_equal(waitpid(pid, &ending->status, 0), pid);
	ending->is_normal =
	    WIFEXITED(ending->status) && WEXITSTATUS(ending->status) == 0;
	ending->requests = *requests;
	munmap(requests, sizeof(*requests));
}

/* It went on, or stopped by itself and said why. */
static void
check_ending(const struct ending *ending, long nth)
{
	if (ending->is_normal)
		return;
	if (WIFEXITED(ending->status) &&
	    WEXITSTATUS(ending->status) == EX_OSERR &&
	    strstr(ending->says, "stated: out of memory\n    at ") != NULL)
		return;
	fail_msg("request %ld: status %x: %s", nth, (unsigned)ending->status,
	    ending->says);
}

static long
stride(long requests)
{
	const char *all = getenv("STATED_FAULTS");

	if (all != NULL && strcmp(all, "all") == 0)
		return 1;
	return requests / TRIES_EACH + 1;
}

static void
refuse_each(work_fn *work)
{
	struct ending ending;
	long stopped = 0, tried = 0;

	run(work, NULL, 0, false, &ending);
	assert_true(ending.is_normal);
	long requests = ending.requests;
	for (long nth = 1; nth <= requests; nth += stride(requests)) {
		run(work, NULL, nth, nth % 2 == 0, &ending);
		check_ending(&ending, nth);
		stopped += !ending.is_normal;
		tried++;
	}
	print_message("%ld requests, %ld tried, %ld stopped\n", requests,
	    tried, stopped);
}

/* ---- loading, expressions, JSON ---- */

static void
load_cb(void *arg)
{
	struct diag_list *diags = diag_list_new();
	struct library *library = library_new();

	(void)arg;
	library_add_text(library, STR("night.yaml"), str_of(night_definitions),
	    diags);
	bool is_linked = library_link(library, diags);
	must(is_linked);
	library_free(&library);
	diag_list_free(&diags);
}

static void
test_definitions_are_loaded_or_not(void **state)
{
	(void)state;
	refuse_each(load_cb);
}

static void
json_cb(void *arg)
{
	struct arena *arena = arena_new();
	struct json_error error;
	struct buf text = {0};

	(void)arg;
	const struct value *read = json_read(arena,
	    STR("{\"a\": [1.50, \"two\", null, {\"b\": true}], \"c\": "
		"12345678901234567890.12}"), &error);
	must(read != NULL);
	json_write(read, JSON_PLAIN, &text);
	buf_fini(&text);
	arena_free(&arena);
}

static void
test_json_is_read_and_written_or_not(void **state)
{
	(void)state;
	refuse_each(json_cb);
}

static void
feel_cb(void *arg)
{
	struct arena *arena = arena_new();
	struct feel_names *names = feel_names_new(arena);
	struct feel_env env = {.arena = arena};
	struct feel_error error;

	(void)arg;
	const struct feel *parsed = feel_parse(arena,
	    STR("for l in [1..9] return if matches(string(l), \"[3-5]\") then "
		"{l: l * 1.10, s: split(\"a,b\", \",\")} else date(2026, 11, l)"),
	    names, &error);
	must(parsed != NULL);
	const struct value *value = feel_eval(parsed, &env);
	must(value != NULL);
	arena_free(&arena);
}

static void
test_expressions_are_evaluated_or_not(void **state)
{
	(void)state;
	refuse_each(feel_cb);
}

/* ---- one order ---- */

/* In the child; it ends as a kill would. */
static void
order_cb(void *arg)
{
	struct night *night = arg;

	/* The parent's base is known to the kernel as one with ours. */
	night->house->base = event_base_new();
	must(night->house->base != NULL);
	if (house_try_engine(night->house))
		(void)night_work(night);
}

/* What was acknowledged is there, and the order comes to its end. */
static void
go_on(struct night *night)
{
	uint64_t number;

	night->goes_on = true;
	night->house->clock.now_ms += CHILD_MS;
	house_open_engine(night->house);
	if (night->is_started)
		assert_int_equal(store_find_key(night->house->store,
		    STR("order"), STR("K"), &number), STORE_OK);
	night_start(night);
	assert_true(night_work(night));
	night_audit(night);
}

/* Returns how many requests there were, where it came to its end. */
static long
run_order(struct night *night, long nth, bool for_good, bool *is_stopped)
{
	struct ending ending;

	*night = (struct night){.goes_on = true};
	night_set(night);
	night->house = house_new(night_definitions, night_answer_cb);
	house_close_engine(night->house);
	run(order_cb, night, nth, for_good, &ending);
	check_ending(&ending, nth);
	go_on(night);
	house_free(&night->house);
	*is_stopped = !ending.is_normal;
	return ending.requests;
}

static void
test_order_comes_to_its_end_whatever_is_refused(void **state)
{
	struct night *night = mmap(NULL, sizeof(*night),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long tried = 0, stopped = 0;
	bool is_stopped;

	(void)state;
	assert_ptr_not_equal(night, MAP_FAILED);
	long requests = run_order(night, 0, false, &is_stopped);
	assert_true(requests > 0 && !is_stopped);
	for (long nth = 1; nth <= requests; nth += stride(requests)) {
		(void)run_order(night, nth, nth % 2 == 0, &is_stopped);
		stopped += is_stopped;
		tried++;
	}
	print_message("%ld requests, %ld tried, %ld stopped\n", requests,
	    tried, stopped);
	munmap(night, sizeof(*night));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definitions_are_loaded_or_not),
		cmocka_unit_test(test_json_is_read_and_written_or_not),
		cmocka_unit_test(test_expressions_are_evaluated_or_not),
		cmocka_unit_test(
		    test_order_comes_to_its_end_whatever_is_refused),
	};

	if (!SCARCE_MEMORY_IS_POSSIBLE)
		return 77; /* skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
