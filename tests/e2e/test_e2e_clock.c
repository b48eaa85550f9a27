/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_clock.c: the machine's clock is set, hours forth and back, also
 * across both changes of summer time, and the process stands still.
 *
 * Nothing happens twice, early or never: deadlines, schedules, business days
 * and cut-offs.  STATED_STANDSTILL_MS says how long it stands still (4000).
 */
#include "house.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The engine looks at the clock every second, and whenever it does anything. */
#define LOOKS 4
#define AWAIT_MS 15000

static const char definitions[] =
    "workflow: nudge\n"
    "version: 1\n"
    "initial: over\n"
    "states: {over: {type: final, outcome: success}}\n"
    "---\n"
    "workflow: nightly\n" /* at a time that vanishes, and comes twice */
    "version: 1\n"
    "calendar: daily\n"
    "schedule: {cron: '30 2 * * *', timezone: Europe/Berlin, "
    "overlap: allow, catch-up: all}\n"
    "initial: over\n"
    "states: {over: {type: final, outcome: success}}\n"
    "---\n"
    "workflow: hourly\n"
    "version: 1\n"
    "schedule: {cron: '0 * * * *', timezone: Europe/Berlin, "
    "overlap: allow, catch-up: all}\n"
    "initial: over\n"
    "states: {over: {type: final, outcome: success}}\n"
    "---\n"
    "workflow: patient\n"
    "version: 1\n"
    "calendar: daily\n"
    "business-key: '= \"patient\"'\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting: {after: {2h: longer}}\n"
    "  longer: {after: {1 business day: over}}\n"
    "  over: {type: final, outcome: success}\n"
    "---\n"
    "workflow: punctual\n"
    "version: 1\n"
    "calendar: daily\n"
    "input: {type: object, required: [name], properties: {name: {type: "
    "string}}}\n"
    "business-key: = input.name\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry: [{call: peer.ask, timeout: 1s, window: office, retry: "
    "{limit: 1}}]\n"
    "    on: {done: answered, error: failed}\n"
    "  answered: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: cancelled}\n"
    "---\n"
    "calendar: daily\n"
    "timezone: Europe/Berlin\n"
    "weekend: []\n"
    "windows: {office: {hours: 07:00-17:00, cut-off: '16:00'}}\n"
    "---\n"
    "connection: peer\n"
    "kind: http\n"
    "url: = settings.peer.url\n"
    "operations: {ask: {request: {post: /ask, body: {}}}}\n";

struct scene {
	struct house *house;
	struct endpoint peer;
	int64_t *offset_ms; /* of the engine's clock */
};

static void
answer_cb(int fd, const char *request, void *arg)
{
	(void)request, (void)arg;
	time_sleep(400);
	endpoint_say_ok(fd);
}

/* ---- a clock that can be set ---- */

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* UTC. */
static void
set_offset(struct scene *scene, const char *text)
{
	struct tm at = {0};
	char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &at);

	assert_non_null(end);
	*scene->offset_ms = (int64_t)timegm(&at) * 1000 - now_ms();
}

/* at: NULL for the present. */
static void
open_scene(struct scene *scene, const char *at)
{
	char settings[128];

	*scene = (struct scene){.house = house_build(NULL)};
	scene->house->shim = "tests/e2e/shim_clock.so";
	endpoint_open(&scene->peer, answer_cb, NULL);
	house_write(scene->house, "workflows/clock.yaml", definitions);
	snprintf(settings, sizeof(settings), "settings:\n  peer: {url: '%s'}\n",
	    scene->peer.url);
	house_edit(scene->house, "stated.yaml", "settings:\n", settings);
	scene->offset_ms = house_share(
	    scene->house, "STATED_TEST_CLOCK", sizeof(*scene->offset_ms));
	if (at != NULL)
		set_offset(scene, at);
	house_start_engine(scene->house);
}

static void
close_scene(struct scene *scene)
{
	program_stop(&scene->house->engine);
	house_verify(scene->house);
	house_close(&scene->house);
	endpoint_close(&scene->peer);
	munmap(scene->offset_ms, sizeof(int64_t));
}

/* ---- what is there ---- */

static size_t
count(struct scene *scene, const char *workflow)
{
	json_t *page = house_get(scene->house,
	    "/v1/instances?workflow=%s&limit=1000", workflow)->json;

	assert_non_null(json_at(page, "items"));
	return json_array_size(json_at(page, "items"));
}

static void
start(struct scene *scene, const char *workflow, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/v1/workflows/%s/instances", workflow);
	assert_status(house_post(scene->house, path,
			  "{\"input\":{\"name\":\"%s\"}}", name),
	    201);
}

/* So that it has seen what time it is, and done what is to be done. */
static void
let_it_look(struct scene *scene)
{
	for (int i = 0; i < LOOKS; i++)
		start(scene, "nudge", "");
}

static void
await_count(struct scene *scene, const char *workflow, size_t wanted)
{
	int64_t until_ms = time_ms() + AWAIT_MS;

	while (count(scene, workflow) < wanted && time_ms() < until_ms)
		let_it_look(scene);
	assert_int_equal(count(scene, workflow), wanted);
}

static void
set_clock(struct scene *scene, const char *text)
{
	set_offset(scene, text);
	let_it_look(scene);
}

static void
assert_stays(struct scene *scene, const char *name, const char *state)
{
	let_it_look(scene);
	payment_stays(scene->house, name, state, 20);
}

/* Nothing more comes, however often the engine looks. */
static void
assert_counts(struct scene *scene, size_t nightly, size_t hourly)
{
	let_it_look(scene);
	assert_int_equal(count(scene, "nightly"), nightly);
	assert_int_equal(count(scene, "hourly"), hourly);
}

/* ---- summer time ---- */

static void
test_spring_forward_with_a_clock_that_is_set(void **state)
{
	struct scene scene;

	(void)state;
	/* Berlin goes from 02:00 to 03:00 at 01:00 UTC. */
	open_scene(&scene, "2027-03-28T00:50:00Z");
	start(&scene, "patient", "");
	set_clock(&scene, "2027-03-28T02:49:30Z");
	/* 02:30 is taken as 03:30, at 01:30 UTC; hours at 01:00 and 02:00. */
	await_count(&scene, "nightly", 1);
	await_count(&scene, "hourly", 2);
	assert_stays(&scene, "patient", "waiting");
	set_clock(&scene, "2027-03-28T02:50:10Z");
	payment_await(scene.house, "patient", "longer");
	/* Back to before all of that, and over the change once more. */
	set_clock(&scene, "2027-03-27T23:50:00Z");
	assert_counts(&scene, 1, 2);
	set_clock(&scene, "2027-03-28T01:40:00Z");
	assert_counts(&scene, 1, 2);
	assert_stays(&scene, "patient", "longer");
	set_clock(&scene, "2027-03-28T03:00:30Z");
	await_count(&scene, "hourly", 3);
	/* A business day from 04:50:10 local time, of 24 hours. */
	set_clock(&scene, "2027-03-29T02:49:50Z");
	assert_stays(&scene, "patient", "longer");
	set_clock(&scene, "2027-03-29T02:50:30Z");
	payment_await_end(scene.house, "patient", "over");
	await_count(&scene, "nightly", 2);
	close_scene(&scene);
}

static void
test_autumn_back_with_a_clock_that_is_set(void **state)
{
	struct scene scene;

	(void)state;
	/* Berlin goes from 03:00 back to 02:00 at 01:00 UTC. */
	open_scene(&scene, "2027-10-30T22:10:00Z");
	start(&scene, "patient", "");
	set_clock(&scene, "2027-10-31T00:29:30Z");
	payment_await(scene.house, "patient", "longer");
	assert_counts(&scene, 0, 2);
	set_clock(&scene, "2027-10-31T00:30:10Z");
	await_count(&scene, "nightly", 1);
	/* 02:30 for the second time, and then once more. */
	set_clock(&scene, "2027-10-31T01:31:00Z");
	assert_counts(&scene, 1, 3);
	set_clock(&scene, "2027-10-31T00:20:00Z");
	assert_counts(&scene, 1, 3);
	set_clock(&scene, "2027-10-31T01:50:00Z");
	assert_counts(&scene, 1, 3);
	/* 02:29 summer time and one business day: 25 hours later. */
	set_clock(&scene, "2027-11-01T01:29:00Z");
	assert_stays(&scene, "patient", "longer");
	set_clock(&scene, "2027-11-01T01:30:00Z");
	payment_await_end(scene.house, "patient", "over");
	close_scene(&scene);
}

/* ---- cut-offs ---- */

static void
test_cut_off_holds_although_the_clock_is_set(void **state)
{
	struct scene scene;

	(void)state;
	/* In Berlin it is an hour later. */
	open_scene(&scene, "2026-12-01T14:59:00Z");
	start(&scene, "punctual", "before");
	payment_await_end(scene.house, "before", "answered");
	set_clock(&scene, "2026-12-01T15:00:30Z");
	start(&scene, "punctual", "after");
	/* It was told to wait for tomorrow, and does, whatever the clock. */
	set_clock(&scene, "2026-12-01T10:00:00Z");
	assert_stays(&scene, "after", "asking");
	set_clock(&scene, "2026-12-02T05:59:30Z");
	assert_stays(&scene, "after", "asking");
	assert_int_equal(scene.peer.requests, 1);
	set_clock(&scene, "2026-12-02T06:00:10Z");
	payment_await_end(scene.house, "after", "answered");
	assert_int_equal(scene.peer.requests, 2);
	close_scene(&scene);
}

/* A call that is under way when the clock is set has its own time. */
static void
test_calls_do_not_notice_that_the_clock_is_set(void **state)
{
	static const char *const times[] = {"2026-12-01T10:00:00Z",
	    "2026-12-01T13:00:00Z", "2026-12-01T07:00:00Z"};
	struct scene scene;

	(void)state;
	open_scene(&scene, "2026-12-01T10:00:00Z");
	for (int i = 0; i < 3; i++) {
		char name[8];

		snprintf(name, sizeof(name), "C-%d", i);
		set_clock(&scene, times[i]);
		start(&scene, "punctual", name);
		while (scene.peer.requests <= i)
			time_sleep(5);
		set_clock(&scene, times[(i + 1) % 3]);
		payment_await_end(scene.house, name, "answered");
	}
	assert_int_equal(scene.peer.requests, 3);
	close_scene(&scene);
}

/* Who stops waits for the answer, whatever the clock says. */
static void
test_stopping_does_not_notice_that_the_clock_is_set(void **state)
{
	static const char *const times[] = {
	    "2026-12-01T14:00:00Z", "2026-12-01T07:00:00Z"};
	struct scene scene;

	(void)state;
	open_scene(&scene, "2026-12-01T10:00:00Z");
	for (int i = 0; i < 2; i++) {
		struct program *engine = &scene.house->engine;
		char name[8];

		snprintf(name, sizeof(name), "S-%d", i);
		start(&scene, "punctual", name);
		while (scene.peer.requests <= i)
			time_sleep(1);
		kill(engine->pid, SIGTERM);
		time_sleep(100);
		set_offset(&scene, times[i]);
		while (program_is_alive(engine))
			time_sleep(5);
		program_stop(engine);
		house_start_engine(scene.house);
		payment_await_end(scene.house, name, "answered");
	}
	assert_int_equal(scene.peer.requests, 2);
	close_scene(&scene);
}

/* ---- a process that stands still ---- */

static int
standstill_ms(void)
{
	const char *text = getenv("STATED_STANDSTILL_MS");

	return text != NULL ? atoi(text) : 4000;
}

static int
ask_for_health(const struct house *house)
{
	static const char text[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = house_connect(house);

	assert_int_equal(
	    write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	return fd;
}

/* The answer comes while nobody can read it, and after its time is over. */
static void
test_answers_that_come_during_a_standstill_count(void **state)
{
	struct scene scene;
	char answer[64] = "";
	pid_t engine;
	int fd;

	(void)state;
	open_scene(&scene, "2026-12-01T10:00:00Z");
	engine = scene.house->engine.pid;
	start(&scene, "patient", "");
	start(&scene, "punctual", "S");
	while (scene.peer.requests == 0)
		time_sleep(1);
	kill(engine, SIGSTOP);
	fd = ask_for_health(scene.house);
	set_offset(&scene, "2026-12-01T12:00:01Z");
	time_sleep(standstill_ms());
	kill(engine, SIGCONT);
	payment_await_end(scene.house, "S", "answered");
	assert_int_equal(scene.peer.requests, 1);
	assert_int_equal(read(fd, answer, 12), 12);
	assert_string_equal(answer, "HTTP/1.1 200");
	close(fd);
	payment_await(scene.house, "patient", "longer");
	await_count(&scene, "hourly", 2);
	assert_counts(&scene, 0, 2);
	close_scene(&scene);
}

/* New numbers are made of the time: with one that they can't be made of there
 * is no restore, and with the right one there is. */
static void
test_restore_wants_a_clock_that_is_right(void **state)
{
	static const char *const restore[] = {
	    "restore", "backup.db", "--store", "restored.db", NULL};
	static const char *const wrong[] = {
	    "2120-01-01T00:00:00Z", "1969-12-31T00:00:00Z"};
	char shim[PATH_MAX];
	struct scene scene;
	struct run run;

	(void)state;
	open_scene(&scene, NULL);
	start(&scene, "nudge", "");
	run = house_run(scene.house, (const char *[]){"backup", "backup.db",
	    "--store", house_path(scene.house, "disk/stated.db"), NULL});
	assert_run(run, 0, "verified");
	snprintf(shim, sizeof(shim), "%s/%s",
	    getenv("builddir") != NULL ? getenv("builddir") : ".",
	    scene.house->shim);
	for (size_t i = 0; i < 2; i++) {
		set_offset(&scene, wrong[i]);
		setenv("LD_PRELOAD", shim, 1);
		run = house_run(scene.house, restore);
		unsetenv("LD_PRELOAD");
		assert_run(run, 1, "set it right");
		assert_int_not_equal(access(
		    house_path(scene.house, "restored.db"), F_OK), 0);
	}
	*scene.offset_ms = 0;
	assert_run(house_run(scene.house, restore), 0, "restored");
	close_scene(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_spring_forward_with_a_clock_that_is_set),
	    HOUSE_TEST(test_autumn_back_with_a_clock_that_is_set),
	    HOUSE_TEST(test_cut_off_holds_although_the_clock_is_set),
	    HOUSE_TEST(test_calls_do_not_notice_that_the_clock_is_set),
	    HOUSE_TEST(test_stopping_does_not_notice_that_the_clock_is_set),
	    HOUSE_TEST(test_answers_that_come_during_a_standstill_count),
	    HOUSE_TEST(test_restore_wants_a_clock_that_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
