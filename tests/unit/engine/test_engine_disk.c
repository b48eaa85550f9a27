/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One order from its start to its end while the disk fails at each of its
 * operations in turn, or the power goes there: whatever was acknowledged is
 * there afterwards, what was refused has not happened, nothing that went out
 * is unknown, and no effect is doubled.
 *
 * Where the disk works again the engine goes on by itself; where it doesn't,
 * or has lost its power, another engine goes on with what the disk kept
 * (tests/sim/disk.h), and callers repeat what was not acknowledged.  A byte
 * that has rotted is refused, or does no harm.
 *
 *	STATED_FAULTS=all    every moment, not one in many
 *	STATED_FAULTS_SEED=n the disk keeps something else
 */
#include "order_night.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "sim/disk.h"

#define STRIDE 17

/* What the house stands on. */
static struct {
	struct disk *disk;
	struct rng_seeded rng;
} ground;

/* ---- nights ---- */

static void
crash_cb(struct house *house)
{
	must(house->store == NULL);
	disk_crash(ground.disk, &ground.rng.rng);
}

static void
begin(struct night *n, uint64_t seed)
{
	*n = (struct night){0};
	rng_seeded_init(&ground.rng, seed);
	ground.disk = disk_new(seed);
	night_set(n);
	n->house = house_new(night_definitions, night_answer_cb);
	n->house->crash = crash_cb;
}

static void
end(struct night *n)
{
	house_free(&n->house);
	disk_free(&ground.disk);
}

static void
cut_power(struct night *n)
{
	disk_cut(ground.disk);
	house_crash(n->house);
	n->goes_on = true;
}

/* Whatever the first engine came to, the second brings to its end. */
static void
go_on_after_crash(struct night *n)
{
	bool was_started = n->is_started;
	uint64_t number;

	cut_power(n);
	if (was_started)
		assert_int_equal(store_find_key(n->house->store, STR("order"),
		    STR("K"), &number), STORE_OK);
	night_start(n);
	assert_true(night_work(n));
	night_audit(n);
}

/* Returns whether anything was struck. */
static bool
run(const struct disk_plan *plan, uint64_t seed)
{
	struct night n;

	begin(&n, seed);
	n.goes_on = !plan->for_good && plan->fault != DISK_DIES;
	disk_set_plan(ground.disk, *plan);
	bool is_done = night_work(&n);
	bool is_struck = disk_faults(ground.disk) > 0;
	if (n.goes_on || !is_struck)
		assert_true(is_done);
	if (!disk_is_dead(ground.disk))
		disk_set_plan(ground.disk, (struct disk_plan){0});
	if (is_done)
		night_audit(&n);
	go_on_after_crash(&n);
	end(&n);
	return is_struck;
}

/* ---- openings ---- */

/* An engine that begins where another was cut off. */
static bool
run_opening(const struct disk_plan *plan, uint64_t seed)
{
	struct night n;

	begin(&n, seed);
	n.goes_on = true;
	night_start(&n);
	disk_cut(ground.disk);
	house_close_engine(n.house);
	disk_crash(ground.disk, &ground.rng.rng);
	disk_set_plan(ground.disk, *plan);
	if (house_try_engine(n.house))
		night_settle(&n);
	else
		assert_true(n.house->detail[0] != '\0');
	bool is_struck = disk_faults(ground.disk) > 0;
	go_on_after_crash(&n);
	end(&n);
	return is_struck;
}

/* ---- the tests ---- */

static uint64_t
number_of(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static long
stride(void)
{
	const char *all = getenv("STATED_FAULTS");

	return all != NULL && strcmp(all, "all") == 0 ? 1 : STRIDE;
}

static void
run_all(struct disk_plan plan,
    bool (*run_one)(const struct disk_plan *plan, uint64_t seed))
{
	uint64_t seed = number_of("STATED_FAULTS_SEED");

	for (plan.nth = 1; run_one(&plan, seed++); plan.nth += stride())
		;
	print_message("%ld moments\n", plan.nth);
	assert_true(plan.nth > 1);
}

static void
test_power_may_go_at_any_operation(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_DIES},
	    run);
}

static void
test_any_operation_may_fail_once(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_FAILS},
	    run);
}

static void
test_disk_may_fail_for_good_from_any_operation_on(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_FAILS,
	    .for_good = true}, run);
}

static void
test_disk_may_be_full_at_any_write(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = 1u << DISK_WRITE,
	    .fault = DISK_IS_FULL}, run);
}

static void
test_opening_may_fail_at_any_operation(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_FAILS},
	    run_opening);
}

static void
test_power_may_go_while_opening(void **state)
{
	(void)state;
	run_all((struct disk_plan){.operations = ~0u, .fault = DISK_DIES},
	    run_opening);
}

/* ---- rot ---- */

#define ROT_STRIDE 2999
#define ROT_STRIDE_ALL 83

/* In a process of its own: what is damaged may be refused, at the beginning
 * or when it is come by, but must not bring the engine down. */
static void
run_rotten(size_t at)
{
	struct night n;

	begin(&n, 1);
	night_start(&n);
	house_close_engine(n.house);
	if (!disk_damage(ground.disk, n.house->path, at))
		_exit(1);
	if (house_try_engine(n.house)) {
		night_settle(&n);
		(void)night_work(&n);
	}
	house_close_engine(n.house);
	_exit(0);
}

static int
status_of_rotten(size_t at)
{
	int status;

	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)signal(SIGSEGV, SIG_DFL);
		run_rotten(at);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
test_rotten_byte_does_not_bring_the_engine_down(void **state)
{
	size_t step = stride() == 1 ? ROT_STRIDE_ALL : ROT_STRIDE;
	int failures = 0;
	size_t at = 0;

	(void)state;
	for (;; at += step) {
		int status = status_of_rotten(at);

		if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
			break;
		if (status != 0)
			print_error("byte %zu: status %x\n", at,
			    (unsigned)status);
		failures += status != 0;
	}
	assert_true(at > step);
	assert_int_equal(failures, 0);
}

/* ---- what callers are told ---- */

static void
detail_cb(const struct engine_reply *reply, void *arg)
{
	char *detail = arg;

	assert_int_equal(reply->status, ENGINE_UNAVAILABLE);
	snprintf(detail, 256, "%.*s", STR_ARG(reply->detail));
}

static void
ask(struct house *house, const char *key, char detail[256])
{
	struct value_builder *input = value_build_context(house->arena);
	struct engine_start start = {
	    .workflow = STR("order"), .actor = {.name = STR("alice")}};

	value_put_str(input, "k", str_of(key));
	start.input = value_built(input);
	engine_start(house->engine, &start, detail_cb, detail);
}

static void
test_who_was_not_in_an_unsure_commit_is_told_so(void **state)
{
	struct disk_plan plan = {.operations = 1u << DISK_SYNC, .nth = 1,
	    .for_good = true, .fault = DISK_FAILS};
	char first[256] = "", second[256] = "";
	struct night n;

	(void)state;
	begin(&n, 1);
	house_run(n.house);
	disk_set_plan(ground.disk, plan);
	ask(n.house, "A", first);
	event_base_loop(n.house->base, EVLOOP_ONCE);
	ask(n.house, "B", second);
	for (int i = 0; i < 100 && (!*first || !*second); i++)
		house_run_ms(n.house, 20);
	assert_non_null(strstr(first, ": it may have been done"));
	assert_non_null(strstr(second, "this was not taken"));
	disk_set_plan(ground.disk, (struct disk_plan){0});
	house_close_engine(n.house);
	end(&n);
}

/* That the tests above would notice a sync that was left out. */
static void
test_syncs_that_did_nothing_are_noticed(void **state)
{
	struct disk_plan plan = {.operations = 1u << DISK_SYNC, .nth = 1,
	    .for_good = true, .fault = DISK_LIES};
	struct night n;
	int noticed = 0;
	uint64_t number;

	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		begin(&n, seed + number_of("STATED_FAULTS_SEED"));
		disk_set_plan(ground.disk, plan);
		night_start(&n);
		disk_cut(ground.disk);
		house_close_engine(n.house);
		disk_crash(ground.disk, &ground.rng.rng);
		noticed += !house_try_engine(n.house) ||
		    store_find_key(n.house->store, STR("order"), STR("K"),
			&number) != STORE_OK;
		end(&n);
	}
	print_message("noticed in %d of 8\n", noticed);
	assert_true(noticed > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_may_go_at_any_operation),
		cmocka_unit_test(test_any_operation_may_fail_once),
		cmocka_unit_test(
		    test_disk_may_fail_for_good_from_any_operation_on),
		cmocka_unit_test(test_disk_may_be_full_at_any_write),
		cmocka_unit_test(test_opening_may_fail_at_any_operation),
		cmocka_unit_test(test_power_may_go_while_opening),
		cmocka_unit_test(
		    test_rotten_byte_does_not_bring_the_engine_down),
		cmocka_unit_test(
		    test_who_was_not_in_an_unsure_commit_is_told_so),
		cmocka_unit_test(test_syncs_that_did_nothing_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
