/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_call.c: a call of the system fails, once.
 *
 * While payments run, each call that the engine makes of the system fails as
 * such calls may: the first one of its kind, a later one.  The engine goes on,
 * or it ends with a plain line and an exit status and the next one goes on:
 * it does not crash or hang, what was acknowledged is done, and nothing twice.
 * STATED_FAULTS=all tries many more moments.
 */
#include "shim_call.h"
#include "trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define STARTS_MAX 3 /* until the call has come */

static const struct fault {
	const char *name;
	int error;
	enum shim_call_of of;
} faults[] = {
    {"accept4", EINTR, SHIM_ANY},
    {"accept4", EAGAIN, SHIM_ANY},
    {"accept4", ECONNABORTED, SHIM_ANY},
    {"accept4", EMFILE, SHIM_ANY},
    {"accept4", ENOMEM, SHIM_ANY},
    {"read", EINTR, SHIM_SOCKET},
    {"read", EINTR, SHIM_FILE},
    {"read", EINTR, SHIM_PIPE},
    {"read", EAGAIN, SHIM_SOCKET},
    {"read", ECONNRESET, SHIM_SOCKET},
    {"read", EIO, SHIM_FILE},
    {"readv", EINTR, SHIM_SOCKET},
    {"readv", EAGAIN, SHIM_SOCKET},
    {"readv", ECONNRESET, SHIM_SOCKET},
    {"recv", EINTR, SHIM_SOCKET},
    {"recv", EAGAIN, SHIM_SOCKET},
    {"recv", ECONNRESET, SHIM_SOCKET},
    {"write", EINTR, SHIM_SOCKET},
    {"write", EINTR, SHIM_FILE},
    {"write", EAGAIN, SHIM_SOCKET},
    {"write", EPIPE, SHIM_SOCKET},
    {"write", EIO, SHIM_FILE},
    {"write", ENOSPC, SHIM_FILE},
    {"writev", EINTR, SHIM_SOCKET},
    {"writev", EAGAIN, SHIM_SOCKET},
    {"writev", EPIPE, SHIM_SOCKET},
    {"send", EINTR, SHIM_SOCKET},
    {"send", EAGAIN, SHIM_SOCKET},
    {"send", ECONNRESET, SHIM_SOCKET},
    {"send", ENOBUFS, SHIM_SOCKET},
    {"connect", ECONNREFUSED, SHIM_SOCKET},
    {"connect", EADDRNOTAVAIL, SHIM_SOCKET},
    {"connect", ENETUNREACH, SHIM_SOCKET},
    {"socket", EMFILE, SHIM_ANY},
    {"socket", ENFILE, SHIM_ANY},
    {"socket", ENOBUFS, SHIM_ANY},
    {"epoll_create1", EMFILE, SHIM_ANY},
    {"eventfd", EMFILE, SHIM_ANY},
    {"eventfd", ENFILE, SHIM_ANY},
    {"epoll_ctl", ENOMEM, SHIM_ANY},
    {"epoll_ctl", ENOSPC, SHIM_ANY},
    {"epoll_wait", EINTR, SHIM_ANY},
    {"open", EINTR, SHIM_ANY},
    {"open", EMFILE, SHIM_ANY},
    {"open", ENOMEM, SHIM_ANY},
    {"open", EIO, SHIM_ANY},
    {"fsync", EIO, SHIM_FILE},
    {"fdatasync", EIO, SHIM_FILE},
    {"fdatasync", ENOSPC, SHIM_FILE},
    {"pwrite64", EIO, SHIM_FILE},
    {"pwrite64", ENOSPC, SHIM_FILE},
    {"pwrite64", EINTR, SHIM_FILE},
    {"pread64", EIO, SHIM_FILE},
    {"pread64", EINTR, SHIM_FILE},
    {"ftruncate64", EIO, SHIM_FILE},
    {"posix_spawn", EAGAIN, SHIM_ANY},
    {"posix_spawn", ENOMEM, SHIM_ANY},
    {"pthread_create", EAGAIN, SHIM_ANY},
};
#define FAULTS (sizeof(faults) / sizeof(*faults))

struct scene {
	struct trial trial;
	struct shim_call *call; /* as shim_call.c reads it */
	int failures; /* calls that failed */
	int deaths;
	int pictures; /* that were asked for */
};

static void
let_fail(struct scene *scene, const struct fault *fault, int64_t nth)
{
	struct shim_call *call = scene->call;

	snprintf(scene->trial.what, sizeof(scene->trial.what),
	    "%s, %s, number %lld", fault->name, strerror(fault->error),
	    (long long)nth);
	call->left = 0;
	snprintf(call->name, sizeof(call->name), "%s", fault->name);
	call->error = fault->error;
	call->of = fault->of;
	call->left = nth;
}

static bool
note_failure(struct scene *scene)
{
	bool has_come = atomic_exchange(&scene->call->left, 0) == 0;

	scene->failures += has_come;
	return has_come;
}

/* ---- at work ---- */

/* A thread waits for another process that lays it out, once for each
 * definition, and where it could not, not again for a while. */
static bool
is_of_pictures(const struct fault *fault)
{
	return strcmp(fault->name, "posix_spawn") == 0 ||
	    strcmp(fault->name, "pthread_create") == 0 ||
	    (strcmp(fault->name, "write") == 0 &&
		fault->of == SHIM_FILE) ||
	    fault->of == SHIM_PIPE;
}

static void
ask_for_picture(struct scene *scene)
{
	static const char *const names[] = {"payment", "payment-run",
	    "customer-sync", "revenue-schedule", "supplier-onboarding",
	    "chargeback", "vendor-bill", "quote-to-invoice", "refund",
	    "purchase-requisition", "reconciliation-exception",
	    "close-readiness", "collections", "bank-statement-import"};
	char path[80];

	snprintf(path, sizeof(path), "/v1/definitions/%s/diagram.svg",
	    names[scene->pictures++ % (int)(sizeof(names) / sizeof(*names))]);
	reply_free(ask_once(&(struct ask){
	    .url = scene->trial.house->url, .path = path, .timeout_ms = 3000}));
}

/* It has said why. */
static void
expect_clean_end(struct scene *scene)
{
	struct program *engine = &scene->trial.house->engine;
	int status;

	assert_int_equal(waitpid(engine->pid, &status, 0), engine->pid);
	engine->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 0 ||
	    house_logged(scene->trial.house, "\n") == 0)
		trial_fail(&scene->trial, "it ended with status %#x",
		    (unsigned)status);
	scene->deaths++;
}

static void
revive(struct house *house)
{
	unlink(house_path(house, "stated.log"));
	house_start_engine(house);
}

/* Of its descriptors many stay open; these calls come with every payment. */
static bool
is_sure_to_come(const struct fault *fault)
{
	static const char *const sure[] = {"accept4", "readv", "recv",
	    "writev", "send", "epoll_ctl", "epoll_wait", "fdatasync",
	    "pwrite64", "posix_spawn", "pthread_create"};

	for (size_t i = 0; i < sizeof(sure) / sizeof(*sure); i++)
		if (strcmp(sure[i], fault->name) == 0)
			return true;
	return false;
}

/* false: it makes no call of that kind now, or not so many. */
static bool
fail_at_work(struct scene *scene, const struct fault *fault, int64_t nth)
{
	struct trial *trial = &scene->trial;
	bool has_come;

	let_fail(scene, fault, nth);
	for (int i = 0; i < STARTS_MAX && scene->call->left > 0 &&
	     program_is_alive(&trial->house->engine); i++) {
		trial_start_payment(trial);
		if (is_of_pictures(fault))
			ask_for_picture(scene);
	}
	has_come = note_failure(scene);
	if (nth == 1 && is_sure_to_come(fault) && !has_come)
		trial_fail(trial, "it never came");
	if (trial_await_ready(trial)) {
		trial_start_payment(trial);
	} else {
		expect_clean_end(scene);
		revive(trial->house);
	}
	return has_come && !is_of_pictures(fault);
}

/* ---- at the start ---- */

static bool
fail_at_start(struct scene *scene, const struct fault *fault, int64_t nth)
{
	struct trial *trial = &scene->trial;

	unlink(house_path(trial->house, "stated.log"));
	let_fail(scene, fault, nth);
	house_spawn_engine(trial->house);
	if (trial_await_ready(trial)) {
		trial_start_payment(trial);
		program_kill(&trial->house->engine);
	} else {
		expect_clean_end(scene);
	}
	return note_failure(scene);
}

/* ---- the tests ---- */

static void
go_through(bool (*try)(struct scene *, const struct fault *, int64_t),
    bool is_running, int64_t last)
{
	struct scene scene = {.failures = 0};

	trial_open(&scene.trial, "tests/e2e/shim_call.so", "STATED_TEST_CALL",
	    sizeof(*scene.call));
	scene.call = scene.trial.shared;
	if (is_running)
		house_start_engine(scene.trial.house);
	for (size_t i = 0; i < FAULTS; i++)
		for (int64_t nth = 1; nth <= last &&
		     try(&scene, &faults[i], nth);
		     nth += trial_is_long() ? nth / 4 + 1 : nth * 3 + 1)
			continue;
	print_message("%d calls failed, %d engines ended, %d payments\n",
	    scene.failures, scene.deaths, scene.trial.payments);
	trial_close(&scene.trial);
}

static void
test_call_that_fails_at_work_loses_nothing(void **state)
{
	(void)state;
	go_through(fail_at_work, true, trial_is_long() ? 200 : 6);
}

static void
test_call_that_fails_at_the_start_is_told(void **state)
{
	(void)state;
	go_through(fail_at_start, false, trial_is_long() ? 400 : 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_call_that_fails_at_work_loses_nothing),
	    HOUSE_TEST(test_call_that_fails_at_the_start_is_told),
	};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return 77; /* sanitizers make calls of their own */
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
