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
#include "house.h"
#include "shim_call.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAYMENTS_MAX 8192
#define STARTS_MAX 3 /* until the call has come */
#define LIFE_MS 20000
#define END_MS 60000

static const struct house_options quick = {
    .config = "log: {level: warning}\n",
    .sandbox = {"--delay-accepted", "50", "--delay-settling", "60",
	"--delay-settled", "70", "--delay-matched", "80"},
};

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
	struct house *house;
	struct shim_call *call; /* as shim_call.c reads it */
	int payments;
	int failures; /* calls that failed */
	int deaths;
	int pictures; /* that were asked for */
	bool is_started[PAYMENTS_MAX]; /* acknowledged */
};

static void
name_payment(int number, char out[32])
{
	snprintf(out, 32, "C-%05d", number);
}

static void
share(struct scene *scene)
{
	const char *path = house_path(scene->house, "call");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, sizeof(*scene->call)), 0);
	scene->call = mmap(NULL, sizeof(*scene->call),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(scene->call, MAP_FAILED);
	close(fd);
	setenv("STATED_TEST_CALL", path, 1);
}

static void
let_fail(struct scene *scene, const struct fault *fault, int64_t nth)
{
	struct shim_call *call = scene->call;

	call->left = 0;
	snprintf(call->name, sizeof(call->name), "%s", fault->name);
	call->error = fault->error;
	call->of = fault->of;
	call->failed = 0;
	call->left = nth;
}

static bool
note_failure(struct scene *scene)
{
	bool has_come = scene->call->failed > 0;

	scene->call->left = 0;
	scene->failures += has_come;
	return has_come;
}

/* ---- at work ---- */

static void
start_payment(struct scene *scene)
{
	int number = scene->payments++;
	struct reply *reply;
	char name[32];

	assert_true(number < PAYMENTS_MAX);
	name_payment(number, name);
	reply = ask_once(&(struct ask){
	    .url = scene->house->url,
	    .path = "/v1/workflows/payment/instances",
	    .body = payment_body(name, "250.10", "ACME"),
	    .timeout_ms = 3000,
	});
	scene->is_started[number] =
	    reply->status == 200 || reply->status == 201;
	reply_free(reply);
}

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
	    .url = scene->house->url, .path = path, .timeout_ms = 3000}));
}

/* What the engine said last is told, too. */
static void
refuse(struct scene *scene, const struct fault *fault, int64_t nth,
    const char *what)
{
	char *log = house_read(scene->house->engine.log);
	size_t bytes = strlen(log);

	fail_msg("%s, %s, number %lld: %s: %s", fault->name,
	    strerror(fault->error), (long long)nth, what,
	    log + (bytes > 2000 ? bytes - 2000 : 0));
}

/* It has said why. */
static void
expect_clean_end(struct scene *scene, const struct fault *fault, int64_t nth)
{
	struct program *engine = &scene->house->engine;
	char *log;
	int status;

	assert_int_equal(waitpid(engine->pid, &status, 0), engine->pid);
	engine->pid = 0;
	log = house_read(engine->log);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 0 || log[0] == '\0')
		refuse(scene, fault, nth, "it did not end well");
	free(log);
	scene->deaths++;
}

static bool
is_ready(struct scene *scene)
{
	struct reply *reply = ask_once(&(struct ask){
	    .url = scene->house->url, .path = "/readyz", .timeout_ms = 1000});
	bool is_ready = reply->status == 200;

	reply_free(reply);
	return is_ready;
}

/* false: it has ended. */
static bool
await_ready(struct scene *scene, const struct fault *fault, int64_t nth)
{
	int64_t until_ms = time_ms() + LIFE_MS;

	while (program_is_alive(&scene->house->engine) && !is_ready(scene)) {
		if (time_ms() > until_ms)
			refuse(scene, fault, nth, "it is neither ready nor dead");
		time_sleep(5);
	}
	return program_is_alive(&scene->house->engine);
}

static void
revive(struct scene *scene)
{
	unlink(house_path(scene->house, "stated.log"));
	house_start_engine(scene->house);
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
	bool has_come;
	struct program *engine = &scene->house->engine;

	let_fail(scene, fault, nth);
	for (int i = 0; i < STARTS_MAX && scene->call->left > 0 &&
	     program_is_alive(engine); i++) {
		start_payment(scene);
		if (is_of_pictures(fault))
			ask_for_picture(scene);
	}
	has_come = note_failure(scene);
	if (nth == 1 && is_sure_to_come(fault) && !has_come)
		refuse(scene, fault, nth, "it never came");
	if (await_ready(scene, fault, nth)) {
		start_payment(scene);
	} else {
		expect_clean_end(scene, fault, nth);
		revive(scene);
	}
	return has_come && !is_of_pictures(fault);
}

/* ---- at the start ---- */

static bool
fail_at_start(struct scene *scene, const struct fault *fault, int64_t nth)
{
	unlink(house_path(scene->house, "stated.log"));
	let_fail(scene, fault, nth);
	house_spawn_engine(scene->house);
	if (await_ready(scene, fault, nth)) {
		start_payment(scene);
		program_kill(&scene->house->engine);
	} else {
		expect_clean_end(scene, fault, nth);
	}
	return note_failure(scene);
}

/* ---- afterwards ---- */

static void
await_end(struct scene *scene, const char *name)
{
	int64_t until_ms = time_ms() + END_MS;

	while (strcmp(text_at(payment_show(scene->house, name), "state"),
		   "reconciled") != 0) {
		if (time_ms() > until_ms)
			fail_msg("%s is %s", name,
			    text_at(payment_show(scene->house, name),
				"state"));
		time_sleep(50);
	}
}

static void
audit(struct scene *scene)
{
	for (int i = 0; i < scene->payments; i++) {
		char name[32];
		json_t *ledger;

		name_payment(i, name);
		if (!scene->is_started[i] &&
		    house_get(scene->house, "/v1/instances/%s", name)
			    ->status == 404)
			continue;
		await_end(scene, name);
		ledger = payment_ledger(scene->house, name);
		assert_int_equal(
		    json_array_size(json_at(ledger, "orders")), 1);
		assert_int_equal(
		    json_array_size(json_object_get(
			json_at(ledger, "odoo"), "account.payment")),
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
go_through(bool (*try)(struct scene *, const struct fault *, int64_t),
    bool is_running, int64_t last)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_true(scene != NULL);
	scene->house = house_open(&quick);
	program_kill(&scene->house->engine);
	share(scene);
	scene->house->shim = "tests/e2e/shim_call.so";
	if (is_running)
		house_start_engine(scene->house);
	for (size_t i = 0; i < FAULTS; i++)
		for (int64_t nth = 1; nth <= last &&
		     try(scene, &faults[i], nth);
		     nth += wants_all() ? nth / 4 + 1 : nth * 3 + 1)
			continue;
	print_message("%d calls failed, %d engines ended, %d payments\n",
	    scene->failures, scene->deaths, scene->payments);
	scene->house->shim = NULL;
	if (is_running)
		program_stop(&scene->house->engine);
	house_start_engine(scene->house);
	audit(scene);
	program_stop(&scene->house->engine);
	house_verify(scene->house);
	munmap(scene->call, sizeof(*scene->call));
	house_close(&scene->house);
	free(scene);
}

static void
test_call_that_fails_at_work_loses_nothing(void **state)
{
	(void)state;
	go_through(fail_at_work, true, wants_all() ? 200 : 6);
}

static void
test_call_that_fails_at_the_start_is_told(void **state)
{
	(void)state;
	go_through(fail_at_start, false, wants_all() ? 400 : 6);
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
