/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_crowd.c: many who say nothing, some who are slow, and too much of
 * everything, from callers and from endpoints.
 *
 * Others are served meanwhile, memory stays bounded, and what is too much is
 * told so.  STATED_CROWD says how many say nothing (2000; 10,000 need a limit
 * of 14,000 descriptors, here and for the engine).
 */
#include "house.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CROWD 2000
#define OWN_DESCRIPTORS 100
#define SLOW 20
#define SENDERS 40
#define LOOKS 40
/* A silent connection: sockets are the kernel's, the rest is evhttp's. */
#define GUEST_KB_MAX 12
#define MORE_KB_MAX (96 * 1024)
#define MB (1000 * 1000)

/* Sanitizers keep what was freed, and much beside. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_TELLS false
#else
#define MEMORY_TELLS true
#endif

static const struct house_options hasty = {
    .config = "limits: {idle: 2s}\nlog: {level: error}\n",
    .quiet_bank = true,
};

static int
connect_patiently(const struct house *house)
{
	struct timeval patience = {.tv_sec = 20};
	int fd = house_connect(house);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* ---- those who say nothing ---- */

static int
crowd_size(void)
{
	const char *text = getenv("STATED_CROWD");
	int wanted = text != NULL ? atoi(text) : CROWD;
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	/* The engine keeps a quarter for its calls. */
	if (limit.rlim_max != RLIM_INFINITY &&
	    (rlim_t)wanted > limit.rlim_max / 2)
		wanted = (int)(limit.rlim_max / 2) - OWN_DESCRIPTORS;
	return wanted;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Half of the requests are answered within this. */
static int64_t
usual_us(struct house *house)
{
	int64_t taken_us[LOOKS];

	for (int i = 0; i < LOOKS; i++) {
		int64_t before_us = time_us();

		assert_status(house_get(house, "/healthz"), 200);
		taken_us[i] = time_us() - before_us;
	}
	qsort(taken_us, LOOKS, sizeof(*taken_us), by_size);
	return taken_us[LOOKS / 2];
}

static void
await_leaving(struct house *house, int descriptors)
{
	int64_t until_ms = time_ms() + 20000;

	while (program_usage(&house->engine).descriptors > descriptors) {
		assert_true(time_ms() < until_ms);
		time_sleep(50);
	}
}

static void
test_thousands_who_say_nothing_are_let_go(void **state)
{
	struct house *house = house_open(&hasty);
	int count = crowd_size(), *fds = calloc((size_t)count, sizeof(int));
	int64_t before_us = usual_us(house), beside_us;
	struct usage alone = program_usage(&house->engine), together;
	char byte;

	(void)state;
	assert_non_null(fds);
	for (int i = 0; i < count; i++)
		fds[i] = connect_patiently(house);
	beside_us = usual_us(house);
	together = program_usage(&house->engine);
	print_message("%d silent: %.1f KiB each; a request takes %lld us, and "
		      "%lld beside them\n",
	    count,
	    (double)(together.resident_kb - alone.resident_kb) / count,
	    (long long)before_us, (long long)beside_us);
	assert_true(beside_us < 10 * before_us + 10000);
	if (MEMORY_TELLS)
		assert_in_range(together.resident_kb - alone.resident_kb, 0,
		    (unsigned)count * GUEST_KB_MAX);
	await_leaving(house, alone.descriptors + 4);
	for (int i = 0; i < count; i++) {
		assert_int_equal(read(fds[i], &byte, 1), 0);
		close(fds[i]);
	}
	free(fds);
	house_close(&house);
}

/* ---- those who are slow ---- */

static void
say(int fd, const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t said = send(fd, text, bytes, MSG_NOSIGNAL);

		if (said <= 0)
			return;
		text += said;
		bytes -= (size_t)said;
	}
}

/* Whether the other side has closed it. */
static bool
is_over(int fd)
{
	char bytes[4096];
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN);
}

static void
test_slow_callers_hold_nobody_up_and_are_let_go(void **state)
{
	static const char *const beginnings[] = {
	    "GET /healthz HTTP/1.1\r\nX-Slow: ",
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: "
	    "application/json\r\nContent-Length: 100000\r\n\r\n{",
	    "",
	};
	struct house *house = house_open(&hasty);
	int64_t until_ms = time_ms() + 20000;
	int fds[SLOW], left = SLOW;

	(void)state;
	for (int i = 0; i < SLOW; i++) {
		fds[i] = connect_patiently(house);
		say(fds[i], beginnings[i % 3], strlen(beginnings[i % 3]));
	}
	while (left > 0) {
		assert_true(time_ms() < until_ms);
		assert_status(house_get(house, "/healthz"), 200);
		time_sleep(50);
		for (int i = 0; i < SLOW; i++) {
			if (fds[i] < 0)
				continue;
			say(fds[i], "x", 1);
			if (!is_over(fds[i]))
				continue;
			close(fds[i]);
			fds[i] = -1;
			left--;
		}
	}
	house_close(&house);
}

/* ---- too much of everything ---- */

static char *
repeat(const char *before, const char *piece, size_t times, const char *after)
{
	size_t bytes = strlen(piece);
	char *text = malloc(
	    strlen(before) + times * bytes + strlen(after) + 1);
	char *at;

	assert_non_null(text);
	at = stpcpy(text, before);
	for (size_t i = 0; i < times; i++)
		at = stpcpy(at, piece);
	stpcpy(at, after);
	return text;
}

static void
expect_problem(struct house *house, char *request, int status)
{
	char answer[8192], wanted[32];
	int fd = connect_patiently(house);
	size_t bytes = 0;
	ssize_t got;

	say(fd, request, strlen(request));
	free(request);
	while (bytes < sizeof(answer) - 1 &&
	       (got = recv(fd, answer + bytes, sizeof(answer) - 1 - bytes,
		    0)) > 0) {
		bytes += (size_t)got;
		answer[bytes] = '\0';
		if (strstr(answer, "}\n") != NULL)
			break;
	}
	close(fd);
	answer[bytes] = '\0';
	snprintf(wanted, sizeof(wanted), "HTTP/1.1 %d ", status);
	if (strncmp(answer, wanted, strlen(wanted)) != 0)
		fail_msg("not %d: %.300s", status, answer);
	assert_non_null(strstr(answer, "application/problem+json"));
}

static char *
post(const char *path, const char *type, char *body)
{
	char *text;

	assert_true(asprintf(&text,
			"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n"
			"Content-Length: %zu\r\n\r\n%s",
			path, type, strlen(body), body) > 0);
	free(body);
	return text;
}

static char *
start_with(char *body)
{
	return post("/v1/workflows/payment/instances", "application/json",
	    body);
}

static char *
event_with(const char *what, const char *more)
{
	char begin[256];

	snprintf(begin, sizeof(begin),
	    "{\"specversion\":\"1.0\",\"source\":\"s\"%s,\"%s\":\"", more, what);
	return post("/v1/events", "application/cloudevents+json",
	    repeat(begin, "e", 900 * 1000, "\"}"));
}

static void
test_too_much_from_callers_is_told_so(void **state)
{
	static const char rest[] = " HTTP/1.1\r\nHost: x\r\n\r\n";
	struct house *house = house_open(&hasty);
	int64_t before_kb = program_usage(&house->engine).resident_kb;

	(void)state;
	expect_problem(house, repeat("GET /", "a", 5 * MB, rest), 400);
	expect_problem(house, repeat("GET /", "a", 30000, rest), 404);
	expect_problem(
	    house, repeat("GET /v1/instances?state=", "%", 30000, rest), 400);
	expect_problem(
	    house, repeat("GET /v1/instances?", "state=a&", 3000, rest), 400);
	expect_problem(house,
	    repeat("GET / HTTP/1.1\r\nX-A: ", "a", 5 * MB, "\r\n\r\n"), 400);
	expect_problem(house,
	    repeat("GET / HTTP/1.1\r\n", "X-A: a\r\n", 500000, "\r\n"), 400);
	expect_problem(house,
	    repeat("GET /v1/instances/", "%41", 9000, rest), 404);
	expect_problem(house,
	    start_with(repeat("{\"input\":{\"a\":\"", "x", 2 * MB, "\"}}")),
	    413);
	expect_problem(house,
	    start_with(repeat("{\"input\":{\"a\":\"", "x", 9 * MB, "\"}}")),
	    413);
	expect_problem(house,
	    start_with(repeat("{\"input\":", "[", MB, "")), 400);
	expect_problem(house,
	    start_with(repeat("{\"input\":{\"amount\":1", "0", MB, "}}")), 400);
	expect_problem(house,
	    start_with(repeat("{\"input\":{\"amount\":1e", "1", MB, "}}")),
	    400);
	expect_problem(house,
	    start_with(repeat("{\"input\":{\"", "k", MB, "\":1}}")), 422);
	expect_problem(house,
	    start_with(repeat("{\"input\":{\"reference\":\"", "r", MB, "\"}}")),
	    422);
	expect_problem(house, event_with("id", ",\"type\":\"t\""), 422);
	expect_problem(house, event_with("type", ",\"id\":\"i\""), 422);
	expect_problem(house,
	    event_with("subject", ",\"id\":\"i\",\"type\":\"t\""), 422);
	expect_problem(house,
	    post("/hooks/bank", "application/json",
		repeat("{\"a\":\"", "x", 900 * 1000, "\"}")), 401);
	expect_problem(house,
	    post("/hooks/bank", "application/json",
		repeat("{\"a\":\"", "x", 9 * MB, "\"}")), 413);
	assert_true(program_is_alive(&house->engine));
	if (MEMORY_TELLS)
		assert_in_range(
		    program_usage(&house->engine).resident_kb_max, 0,
		    (uintmax_t)(before_kb + MORE_KB_MAX));
	house_close(&house);
}

/* Each may send so much; all together may not keep it waiting. */
static void
test_bodies_that_never_end_are_held_up_to_a_bound(void **state)
{
	static const char begin[] = "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
				    "Content-Length: 4000000\r\n\r\n";
	struct house *house = house_open(NULL);
	int64_t before_kb = program_usage(&house->engine).resident_kb;
	char *text = repeat(begin, "x", 3900 * 1000, "");
	int64_t until_ms = time_ms() + 20000;
	int fds[SENDERS], over = 0;

	(void)state;
	for (int i = 0; i < SENDERS; i++) {
		fds[i] = connect_patiently(house);
		say(fds[i], text, strlen(text));
	}
	while (over == 0) {
		assert_true(time_ms() < until_ms);
		assert_status(house_get(house, "/healthz"), 200);
		for (int i = 0; i < SENDERS; i++)
			over += is_over(fds[i]);
	}
	for (int i = 0; i < SENDERS; i++)
		close(fds[i]);
	free(text);
	if (MEMORY_TELLS)
		assert_in_range(
		    program_usage(&house->engine).resident_kb_max, 0,
		    (uintmax_t)(before_kb + MORE_KB_MAX));
	house_close(&house);
}

/* ---- the same from endpoints ---- */

static const char asking[] =
    "workflow: asking\n"
    "version: 1\n"
    "input: {type: object, required: [name], properties: {name: {type: "
    "string}}}\n"
    "business-key: = input.name\n"
    "data: {answer: null}\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry: [{call: peer.ask, with: {name: = input.name}, timeout: 10s, "
    "output: {answer: = response}, retry: {limit: 1}}]\n"
    "    on: {done: answered, error: refused}\n"
    "  answered: {type: final, outcome: success}\n"
    "  refused: {type: final, outcome: cancelled}\n"
    "---\n"
    "connection: peer\n"
    "kind: http\n"
    "url: = settings.peer.url\n"
    "operations:\n"
    "  ask: {request: {get: = \"/\" + name}, safe: true, output: {text: = body}}\n";

static void
say_many(int fd, const char *piece, size_t times)
{
	size_t at_once = times < 1000 ? times : 1000;
	char *text = repeat("", piece, at_once, "");

	for (size_t i = 0; i < times; i += at_once)
		endpoint_say(fd, text, strlen(text));
	free(text);
}

static void
say_json(int fd, const char *begin, const char *piece, size_t times)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: "
				   "application/json\r\nConnection: "
				   "close\r\n\r\n";

	endpoint_say(fd, head, sizeof(head) - 1);
	endpoint_say(fd, begin, strlen(begin));
	say_many(fd, piece, times);
	shutdown(fd, SHUT_RDWR);
}

static const struct excess {
	const char *name;
	bool in_head;
	const char *begin;
	const char *piece;
	size_t times;
} excesses[] = {
    {"body", false, "\"", "0123456789abcdef0123456789abcdef",
	560 * 1000},
    {"depth", false, "", "[[[[[[[[", 100000},
    {"number", false, "", "11111111", 100000},
    {"exponent", false, "1e", "11111111", 100000},
    {"key", false, "{\"", "kkkkkkkk", 100000},
    {"header", true, "X-Long: ", "xxxxxxxx", 100000},
    {"headers", true, "", "X-Many: 1\r\n", 200000},
};
#define EXCESSES (sizeof(excesses) / sizeof(*excesses))

static void
exceed_cb(int fd, const char *request, void *arg)
{
	char path[32];

	(void)arg;
	for (size_t i = 0; i < EXCESSES; i++) {
		const struct excess *excess = &excesses[i];

		snprintf(path, sizeof(path), "GET /%s ", excess->name);
		if (strncmp(request, path, strlen(path)) != 0)
			continue;
		if (!excess->in_head) {
			say_json(fd, excess->begin, excess->piece,
			    excess->times);
			return;
		}
		say_many(fd, "HTTP/1.1 200 OK\r\n", 1);
		say_many(fd, excess->begin, 1);
		say_many(fd, excess->piece, excess->times);
		shutdown(fd, SHUT_RDWR);
	}
}

static void
test_too_much_from_endpoints_is_no_answer(void **state)
{
	struct house *house = house_build(&hasty);
	struct endpoint peer;
	int64_t before_kb;
	char settings[128];

	(void)state;
	endpoint_open(&peer, exceed_cb, NULL);
	house_write(house, "workflows/asking.yaml", asking);
	snprintf(settings, sizeof(settings), "settings:\n  peer: {url: '%s'}\n",
	    peer.url);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	house_start_engine(house);
	before_kb = program_usage(&house->engine).resident_kb;
	for (size_t i = 0; i < EXCESSES; i++)
		assert_status(
		    house_post(house, "/v1/workflows/asking/instances",
			"{\"input\":{\"name\":\"%s\"}}", excesses[i].name),
		    201);
	for (size_t i = 0; i < EXCESSES; i++)
		payment_await_end(house, excesses[i].name, "refused");
	assert_true(program_is_alive(&house->engine));
	/* One body of 16 MiB at most is held, and more as it grows. */
	if (MEMORY_TELLS)
		assert_in_range(
		    program_usage(&house->engine).resident_kb_max, 0,
		    (uintmax_t)(before_kb + MORE_KB_MAX));
	house_close(&house);
	endpoint_close(&peer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_thousands_who_say_nothing_are_let_go),
	    HOUSE_TEST(test_slow_callers_hold_nobody_up_and_are_let_go),
	    HOUSE_TEST(test_too_much_from_callers_is_told_so),
	    HOUSE_TEST(test_bodies_that_never_end_are_held_up_to_a_bound),
	    HOUSE_TEST(test_too_much_from_endpoints_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
