/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_disk.c: the database can't be written.
 *
 * Callers are told so by 503, nothing that was acknowledged is lost, nothing
 * that was refused has happened, and when the cause is gone work goes on by
 * itself.
 */
#include "house.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define STARTS 60
#define PATIENCE_MS 20000

/* Webhooks of what was started before come in the midst of it. */
#define SLOW_BANK                                                      \
	{                                                              \
		"--delay-accepted", "500", "--delay-settling", "700",  \
		    "--delay-settled", "900", "--delay-matched", "1100" \
	}
static const struct house_options usual = {.sandbox = SLOW_BANK};
static const struct house_options small_disk = {
    .small_disk = true, .sandbox = SLOW_BANK};

struct trouble {
	void (*begin)(struct house *house);
	void (*end)(struct house *house);
	const char *says; /* in the detail */
};

/* ---- what is acknowledged ---- */

struct told {
	int status[STARTS];
};

static void
name_payment(int number, char out[32])
{
	snprintf(out, 32, "D-%03d", number);
}

static struct reply *
start(struct house *house, int number)
{
	char name[32];

	name_payment(number, name);
	return house_post(house, "/v1/workflows/payment/instances", "%s",
	    payment_body(name, "250", "ACME"));
}

static void
assert_refused(const struct reply *reply, const char *says)
{
	assert_problem(reply, 503, "unavailable");
	assert_true(atoi(reply_header(reply, "Retry-After")) > 0);
	if (strstr(text_at(reply->json, "detail"), says) == NULL)
		print_error("%s\n", text_at(reply->json, "detail"));
	assert_non_null(strstr(text_at(reply->json, "detail"), says));
}

/* Some may still find room: the first that doesn't must be told so. */
static void
start_until_refused(
    struct house *house, struct told *told, const char *says)
{
	int refused = 0;

	for (int i = 10; i < STARTS; i++) {
		struct reply *reply = start(house, i);

		told->status[i] = reply->status;
		if (reply->status == 201)
			continue;
		assert_refused(reply, says);
		refused++;
	}
	assert_true(refused > 0);
}

static void
await_ready(struct house *house, int status)
{
	int64_t until_ms = time_ms() + PATIENCE_MS;
	struct reply *reply;

	while ((reply = house_get(house, "/readyz"))->status != status) {
		if (time_ms() > until_ms)
			fail_msg("/readyz gives %d, not %d: %s", reply->status,
			    status, reply->body);
		time_sleep(50);
	}
}

static void
audit(struct house *house, const struct told *told)
{
	for (int i = 0; i < STARTS; i++) {
		char name[32];

		name_payment(i, name);
		if (told->status[i] == 503)
			assert_status(
			    house_get(house, "/v1/instances/%s", name), 404);
		else
			payment_await(house, name, "reconciled");
		assert_int_equal(json_array_size(json_at(
				     payment_ledger(house, name), "orders")),
		    told->status[i] == 503 ? 0 : 1);
	}
}

static void
go_through(struct house *house, const struct trouble *trouble)
{
	struct told told = {0};

	for (int i = 0; i < 10; i++)
		assert_status(start(house, i), 201);
	trouble->begin(house);
	start_until_refused(house, &told, trouble->says);
	await_ready(house, 503);
	/* What is known can be read, and who is alive is alive. */
	assert_status(house_get(house, "/v1/instances/D-000"), 200);
	assert_status(house_get(house, "/healthz"), 200);
	time_sleep(1200);
	assert_true(program_is_alive(&house->engine));
	trouble->end(house);
	await_ready(house, 200);
	audit(house, &told);
	payment_start(house, "D-after", "250", "ACME");
	payment_await(house, "D-after", "reconciled");
	program_stop(&house->engine);
	house_verify(house);
}

/* ---- no space is left ---- */

static void
fill_disk(struct house *house)
{
	static const char zeros[4096];
	int fd = open(house_path(house, "disk/filler"),
	    O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	close(fd);
}

static void
clean_disk(struct house *house)
{
	assert_int_equal(unlink(house_path(house, "disk/filler")), 0);
}

static void
test_full_disk_refuses_work_and_loses_none(void **state)
{
	static const struct trouble full = {fill_disk, clean_disk, "space"};
	struct house *house = house_open(&small_disk);

	(void)state;
	if (house == NULL) {
		print_message("only root may mount a small disk\n");
		skip();
	}
	go_through(house, &full);
	house_close(&house);
}

/* ---- a quota ---- */

/* The files may not grow beyond what they are. */
static void
limit_files(struct house *house)
{
	struct rlimit limit = {4096, RLIM_INFINITY};

	assert_int_equal(
	    prlimit(house->engine.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void
unlimit_files(struct house *house)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	assert_int_equal(
	    prlimit(house->engine.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void
test_files_that_may_not_grow_refuse_work_and_lose_none(void **state)
{
	static const struct trouble quota = {limit_files, unlimit_files, ""};
	struct house *house = house_open(&usual);

	(void)state;
	go_through(house, &quota);
	house_close(&house);
}

/* ---- another process ---- */

static sqlite3 *other;

static void
lock_database(struct house *house)
{
	assert_int_equal(sqlite3_open_v2(house_path(house, "disk/stated.db"),
			     &other, SQLITE_OPEN_READWRITE, NULL),
	    SQLITE_OK);
	sqlite3_busy_timeout(other, 5000);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL,
			     NULL),
	    SQLITE_OK);
}

static void
unlock_database(struct house *house)
{
	(void)house;
	assert_int_equal(
	    sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	other = NULL;
}

static void
test_locked_database_refuses_work_and_loses_none(void **state)
{
	static const struct trouble locked = {
	    lock_database, unlock_database, "another process"};
	struct house *house = house_open(&usual);

	(void)state;
	go_through(house, &locked);
	house_close(&house);
}

/* ---- somebody's hand ---- */

static void
move(struct house *house, const char *from, const char *to)
{
	assert_int_equal(
	    rename(house_path(house, from), house_path(house, to)), 0);
}

static void
move_database(struct house *house)
{
	move(house, "disk/stated.db", "disk/gone.db");
}

static void
bring_database(struct house *house)
{
	move(house, "disk/gone.db", "disk/stated.db");
}

static void
replace_database(struct house *house)
{
	move_database(house);
	house_write(house, "disk/stated.db", "");
}

static void
move_directory(struct house *house)
{
	move(house, "disk", "elsewhere");
}

static void
bring_directory(struct house *house)
{
	move(house, "elsewhere", "disk");
}

static void
go_through_hand(const struct trouble *trouble)
{
	struct house *house = house_open(&usual);

	go_through(house, trouble);
	house_close(&house);
}

static void
test_replaced_database_refuses_work_and_loses_none(void **state)
{
	static const struct trouble other_file = {
	    replace_database, bring_database, "removed or replaced"};

	(void)state;
	go_through_hand(&other_file);
}

static void
test_moved_directory_refuses_work_and_loses_none(void **state)
{
	static const struct trouble gone = {
	    move_directory, bring_directory, "removed or replaced"};

	(void)state;
	go_through_hand(&gone);
}

/* ---- at the end ---- */

#define SOON_MS 10000

static void
stop_in(const struct trouble *trouble, const char *last)
{
	struct house *house = house_open(&usual);
	int64_t began_ms;

	assert_status(start(house, 0), 201);
	payment_await(house, "D-000", "reconciled");
	trouble->begin(house);
	began_ms = time_ms();
	program_stop_with(&house->engine, 1);
	assert_in_range(time_ms() - began_ms, 0, SOON_MS);
	assert_int_equal(house_logged(house, last), 1);
	assert_int_equal(house_logged(house, " stopped: "), 1);
	if (trouble->end != NULL)
		trouble->end(house);
	house_start_engine(house);
	payment_await(house, "D-000", "reconciled");
	payment_start(house, "D-after", "250", "ACME");
	payment_await(house, "D-after", "reconciled");
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

static void
test_sigterm_does_not_wait_long_for_a_store_that_fails(void **state)
{
	static const struct trouble quota = {limit_files, NULL, ""};

	(void)state;
	stop_in(&quota, "everything acknowledged is in");
}

static void
test_last_word_says_that_the_database_is_elsewhere(void **state)
{
	static const struct trouble moved = {
	    move_database, bring_database, ""};

	(void)state;
	stop_in(&moved, "is not the file that was opened under that name");
}

/* Nobody would know what came of the call. */
static void
test_sigterm_keeps_an_answer_until_the_store_takes_it(void **state)
{
	struct house *house = house_open(&usual);

	(void)state;
	house_control(house, "/control/faults",
	    "{\"fault\":\"delay\",\"path\":\"/bank\",\"seconds\":1,"
	    "\"method\":\"POST\",\"times\":1}");
	assert_status(start(house, 0), 201);
	payment_await(house, "D-000", "submitting");
	time_sleep(300);
	limit_files(house);
	assert_int_equal(kill(house->engine.pid, SIGTERM), 0);
	time_sleep(4000);
	assert_true(program_is_alive(&house->engine));
	assert_int_equal(house_logged(house, "the store fails"), 1);
	unlimit_files(house);
	for (int i = 0; i < 400 && program_is_alive(&house->engine); i++)
		time_sleep(25);
	assert_false(program_is_alive(&house->engine));
	assert_int_equal(house_logged(house, "info    stopped: "), 1);
	program_stop(&house->engine); /* it has left with 0 */
	house_start_engine(house);
	payment_await(house, "D-000", "reconciled");
	assert_null(strstr(
	    house_get(house, "/v1/instances/D-000/history")->body,
	    "engine.crashed"));
	house_close(&house);
}

/* ---- at the start ---- */

static void
test_second_engine_on_one_database_is_refused(void **state)
{
	struct house *house = house_open(&usual);
	struct run run = house_run(house,
	    (const char *[]){"serve", "--config",
		house_path(house, "stated.yaml"), "--listen", "127.0.0.1:0",
		NULL});

	(void)state;
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.text, "another process"));
	run_fini(&run);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_full_disk_refuses_work_and_loses_none),
	    HOUSE_TEST(test_files_that_may_not_grow_refuse_work_and_lose_none),
	    HOUSE_TEST(test_locked_database_refuses_work_and_loses_none),
	    HOUSE_TEST(test_replaced_database_refuses_work_and_loses_none),
	    HOUSE_TEST(test_moved_directory_refuses_work_and_loses_none),
	    HOUSE_TEST(test_sigterm_does_not_wait_long_for_a_store_that_fails),
	    HOUSE_TEST(test_last_word_says_that_the_database_is_elsewhere),
	    HOUSE_TEST(test_sigterm_keeps_an_answer_until_the_store_takes_it),
	    HOUSE_TEST(test_second_engine_on_one_database_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
