/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_memory.c: the machine has no more memory for the engine.
 *
 * A request for memory is refused while the engine starts, or while it is at
 * work, alone or with all that follow.  It goes on, or ends with a plain line
 * and an exit status: it does not crash, and what was acknowledged is done by
 * the next one, once.  STATED_FAULTS=all tries many more moments.
 */
#include "trial.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define PER_LIFE 3

struct scene {
	struct trial trial;
	_Atomic int64_t *wish; /* as shim_memory.c reads it */
};

static void
wish(struct scene *scene, int64_t nth, bool for_good)
{
	scene->wish[1] = for_good;
	scene->wish[0] = nth;
}

/* ---- one life ---- */

static void
start_payments(struct scene *scene)
{
	for (int i = 0; i < PER_LIFE; i++)
		trial_start_payment(&scene->trial);
}

/* It is killed, or has ended by itself and said why. */
static void
end_life(const struct trial *trial)
{
	struct program *engine = &trial->house->engine;
	int status;

	kill(engine->pid, SIGKILL);
	assert_int_equal(waitpid(engine->pid, &status, 0), engine->pid);
	engine->pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 0 ||
	    house_logged(trial->house, "memory") == 0)
		trial_fail(
		    trial, "it ended with status %#x", (unsigned)status);
	if (WEXITSTATUS(status) != EX_OSERR)
		assert_int_equal(WEXITSTATUS(status), 1);
}

static void
live(struct scene *scene, int64_t nth, bool for_good, bool from_start)
{
	struct trial *trial = &scene->trial;
	struct program *engine = &trial->house->engine;
	int64_t until_ms;

	snprintf(trial->what, sizeof(trial->what), "request %lld%s",
	    (long long)nth, for_good ? " and all that follow" : "");
	unlink(house_path(trial->house, "stated.log"));
	wish(scene, from_start ? nth : 0, for_good);
	house_spawn_engine(trial->house);
	trial_await_ready(trial);
	if (!from_start)
		wish(scene, nth, for_good);
	until_ms = time_ms() + TRIAL_LIFE_MS;
	while (program_is_alive(engine) && scene->wish[0] > 1 &&
	       time_ms() < until_ms)
		start_payments(scene);
	start_payments(scene);
	time_sleep(20);
	end_life(trial);
}

static void
go_through(bool from_start, int64_t first, int64_t last)
{
	struct scene scene;
	int64_t nth = first;

	trial_open(&scene.trial, "tests/e2e/shim_memory.so",
	    "STATED_TEST_MEMORY", 2 * sizeof(*scene.wish));
	scene.wish = scene.trial.shared;
	for (int i = 0; nth <= last; i++) {
		live(&scene, nth, i % 2 == 1, from_start);
		nth += trial_is_long() ? nth / 12 + 1 : nth * 3 / 2 + 1;
	}
	trial_close(&scene.trial);
}

static void
test_memory_that_lacks_at_the_start_is_told(void **state)
{
	(void)state;
	go_through(true, 1, 100000);
}

static void
test_memory_that_lacks_at_work_loses_nothing(void **state)
{
	(void)state;
	go_through(false, 1, 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_memory_that_lacks_at_the_start_is_told),
	    HOUSE_TEST(test_memory_that_lacks_at_work_loses_nothing),
	};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return 77; /* sanitizers have memory of their own */
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
