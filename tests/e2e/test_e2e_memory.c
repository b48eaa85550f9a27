/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_memory.c: the machine has no more memory for the engine.
 *
 * A request for memory is refused while the engine starts, or while it is at
 * work, alone or with all that follow.  It goes on, or ends with a plain line
 * and an exit status: it does not crash, and what was acknowledged is done by
 * the next one, once.  STATED_FAULTS=all tries many more moments.
 */
#include "house.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define PAYMENTS_MAX 4096
#define PER_LIFE 3
#define LIFE_MS 20000

static const struct house_options quick = {
    .config = "log: {level: warning}\n",
    .sandbox = {"--delay-accepted", "50", "--delay-settling", "60",
	"--delay-settled", "70", "--delay-matched", "80"},
};

struct scene {
	struct house *house;
	_Atomic int64_t *wish; /* as shim_memory.c reads it */
	int payments;
	bool is_started[PAYMENTS_MAX]; /* acknowledged */
};

static void
name_payment(int number, char out[32])
{
	snprintf(out, 32, "M-%05d", number);
}

static void
make_wish(struct scene *scene)
{
	const char *path = house_path(scene->house, "memory");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 2 * sizeof(int64_t)), 0);
	scene->wish = mmap(NULL, 2 * sizeof(int64_t),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(scene->wish, MAP_FAILED);
	close(fd);
	setenv("STATED_TEST_MEMORY", path, 1);
}

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
	for (int i = 0; i < PER_LIFE; i++) {
		int number = scene->payments++;
		struct reply *reply;
		char name[32];

		assert_true(number < PAYMENTS_MAX);
		name_payment(number, name);
		reply = ask_once(&(struct ask){
		    .url = scene->house->url,
		    .path = "/v1/workflows/payment/instances",
		    .body = payment_body(name, "250.10", "ACME"),
		    .timeout_ms = 2000,
		});
		scene->is_started[number] =
		    reply->status == 200 || reply->status == 201;
		reply_free(reply);
	}
}

/* It is killed, or has ended by itself and said why. */
static void
end_life(struct program *engine, int64_t nth)
{
	char *log;
	int status;

	kill(engine->pid, SIGKILL);
	assert_int_equal(waitpid(engine->pid, &status, 0), engine->pid);
	engine->pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	log = house_read(engine->log);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 0 ||
	    strstr(log, "memory") == NULL)
		fail_msg("request %lld: it ended with status %#x: %s",
		    (long long)nth, (unsigned)status,
		    log + (strlen(log) > 2000 ? strlen(log) - 2000 : 0));
	if (WEXITSTATUS(status) != EX_OSERR)
		assert_int_equal(WEXITSTATUS(status), 1);
	free(log);
}

static bool
is_ready(struct scene *scene)
{
	struct reply *reply = ask_once(&(struct ask){
	    .url = scene->house->url, .path = "/readyz", .timeout_ms = 500});
	bool is_ready = reply->status == 200;

	reply_free(reply);
	return is_ready;
}

static void
await_ready_or_dead(struct scene *scene)
{
	int64_t until_ms = time_ms() + LIFE_MS;

	while (program_is_alive(&scene->house->engine) && !is_ready(scene)) {
		if (time_ms() > until_ms)
			fail_msg("it is neither ready nor dead");
		time_sleep(5);
	}
}

static void
live(struct scene *scene, int64_t nth, bool for_good, bool from_start)
{
	struct program *engine = &scene->house->engine;
	int64_t until_ms;

	unlink(house_path(scene->house, "stated.log"));
	wish(scene, from_start ? nth : 0, for_good);
	house_spawn_engine(scene->house);
	await_ready_or_dead(scene);
	if (!from_start)
		wish(scene, nth, for_good);
	until_ms = time_ms() + LIFE_MS;
	while (program_is_alive(engine) && scene->wish[0] > 1 &&
	       time_ms() < until_ms)
		start_payments(scene);
	start_payments(scene);
	time_sleep(20);
	end_life(engine, nth);
}

/* ---- afterwards ---- */

static void
audit(struct scene *scene)
{
	for (int i = 0; i < scene->payments; i++) {
		char name[32];

		name_payment(i, name);
		if (!scene->is_started[i] &&
		    house_get(scene->house, "/v1/instances/%s", name)
			    ->status == 404)
			continue;
		payment_await(scene->house, name, "reconciled");
		assert_int_equal(json_array_size(json_at(
				     payment_ledger(scene->house, name),
				     "orders")),
		    1);
	}
}

static bool
wants_all(void)
{
	const char *all = getenv("STATED_FAULTS");

	return all != NULL && strcmp(all, "all") == 0;
}

static void
go_through(bool from_start, int64_t first, int64_t last)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	int64_t nth = first;

	assert_true(scene != NULL);
	scene->house = house_open(&quick);
	program_kill(&scene->house->engine);
	make_wish(scene);
	scene->house->shim = "tests/e2e/shim_memory.so";
	for (int i = 0; nth <= last; i++) {
		live(scene, nth, i % 2 == 1, from_start);
		nth += wants_all() ? nth / 12 + 1 : nth * 3 / 2 + 1;
	}
	scene->house->shim = NULL;
	house_start_engine(scene->house);
	audit(scene);
	program_stop(&scene->house->engine);
	house_verify(scene->house);
	munmap((void *)scene->wish, 2 * sizeof(int64_t));
	house_close(&scene->house);
	free(scene);
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
