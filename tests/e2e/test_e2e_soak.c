/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_soak.c: everything at the same time, for as long as you like, and
 * the engine's memory and descriptors stay as they are.
 *
 * Payments that go well, wait for people, and fail at endpoints that fail at
 * random; what is sent twice, wrong, and too large; callers who hang up in the
 * middle; lists, histories, pictures, exports.  What tests/bench/soak.sh does
 * at full speed for what goes well, this does for what doesn't.
 * STATED_SOAK_SECONDS says how long (6).  The line through the last two thirds
 * is looked at once there were rounds enough to fill all caches.
 */
#include "house.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 4
#define SECONDS 6
#define ROUNDS_THAT_TELL 15000
#define SAMPLES_MAX 100000
#define RISE_KB_MAX 4096
#define PATH_BYTES 128
/* A picture is laid out by a child.  AddressSanitizer's allocator can't be
 * used in one that is forked while another thread allocates; the C library's
 * can. */
#ifdef __SANITIZE_ADDRESS__
#define LOOKS 3
#else
#define LOOKS 4
#endif

static const struct house_options noisy = {
    .config = "log: {level: error}\n",
    .sandbox = {"--delay-accepted", "50", "--delay-settling", "100",
	"--delay-settled", "150", "--delay-matched", "200"},
};

struct soak {
	struct house *house;
	atomic_int next;
	atomic_bool over;
};

struct sample {
	int64_t at_ms;
	struct usage usage;
};

/* ---- what the clients do ---- */

static int
ask(struct soak *soak, const char *path, const char *body, const char *header)
{
	struct reply *reply = ask_once(&(struct ask){
	    .url = soak->house->url,
	    .path = path,
	    .body = body,
	    .headers = {header},
	    .timeout_ms = 20000,
	});
	int status = reply->status;

	reply_free(reply);
	return status;
}

static void
must_be(int status, int wanted)
{
	if (status == wanted)
		return;
	fprintf(stderr, "%d, not %d\n", status, wanted);
	abort(); /* cmocka knows nothing of threads */
}

static void
pay(struct soak *soak, int number)
{
	static const char path[] = "/v1/workflows/payment/instances";
	/* Every seventh waits for people. */
	const char *amount = number % 7 == 0 ? "250000" : "250";
	char name[32];

	snprintf(name, sizeof(name), "S-%d", number);
	must_be(ask(soak, path, payment_body(name, amount, "ACME"),
		    "X-Stated-Actor: ida"),
	    201);
	must_be(ask(soak, path, payment_body(name, amount, "ACME"),
		    "X-Stated-Actor: ida"),
	    200);
	must_be(ask(soak, path, payment_body(name, "251", "ACME"),
		    "X-Stated-Actor: ida"),
	    409);
}

static void
send_wrong(struct soak *soak, int number)
{
	static const char path[] = "/v1/workflows/payment/instances";

	(void)number;
	must_be(ask(soak, path, payment_body("wrong", "-1", "ACME"), NULL),
	    422);
	must_be(ask(soak, path, "{\"input\":[[[[", NULL), 400);
	must_be(ask(soak, "/v1/nothing", NULL, NULL), 404);
	must_be(ask(soak, "/v1/events", "{}", NULL), 422);
	must_be(ask(soak, "/hooks/bank", "{}", "x-bank-signature: 00"), 401);
}

/* Of one that there is, or not yet. */
static void
look_at(struct soak *soak, int number)
{
	static const char *const what[] = {
	    "", "/history", "/history?limit=2", "/diagram.svg"};
	char path[PATH_BYTES];

	for (size_t i = 0; i < LOOKS; i++) {
		snprintf(path, sizeof(path), "/v1/instances/S-%d%s",
		    number / 2, what[i]);
		(void)ask(soak, path, NULL, NULL);
	}
	snprintf(path, sizeof(path), "/v1/export?instance=S-%d", number / 2);
	(void)ask(soak, path, NULL, NULL);
	must_be(ask(soak, "/v1/tasks?limit=10", NULL, NULL), 200);
	must_be(ask(soak, "/v1/instances?limit=10", NULL, NULL), 200);
	must_be(ask(soak, "/metrics", NULL, NULL), 200);
}

/* Nobody waits for it; it comes again, and is known then. */
static void
send_event(struct soak *soak, int number)
{
	char body[256];

	snprintf(body, sizeof(body),
	    "{\"specversion\":\"1.0\",\"id\":\"%d\",\"source\":\"/soak\","
	    "\"type\":\"bank.statement.matched\",\"subject\":\"S-%d\"}",
	    number, number);
	must_be(ask(soak, "/v1/events", body, NULL), 202);
	must_be(ask(soak, "/v1/events", body, NULL), 202);
}

/* In the middle of a request, of an export, of waiting, or of nonsense.  (An
 * export of all is longer each time, and so is the cache that it takes.) */
static void
hang_up(struct soak *soak, int number)
{
	static const char *const texts[] = {
	    "GET /healthz HTTP/1.1\r\nHost:",
	    "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
	    "GET /v1/export?instance=S-0 HTTP/1.1\r\nHost: x\r\n\r\n",
	    "NONSENSE\r\n\r\n",
	    "POST /v1/workflows/payment/instances?wait=60s HTTP/1.1\r\n"
	    "Host: x\r\nContent-Type: application/json\r\n"
	    "Content-Length: 2\r\n\r\n{}",
	};
	struct linger at_once = {.l_onoff = number % 2};
	int fd = house_connect(soak->house);
	const char *text = texts[number % 5];

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
	time_sleep(number % 3);
	close(fd);
}

static void *
client(void *arg)
{
	static void (*const acts[])(struct soak * soak, int number) = {
	    pay, send_wrong, look_at, send_event, hang_up};
	struct soak *soak = arg;

	while (!soak->over) {
		int number = atomic_fetch_add(&soak->next, 1);

		for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++)
			acts[i](soak, number);
	}
	return NULL;
}

/* ---- what becomes of the engine ---- */

struct line {
	double mean;
	double rise;
};

/* Least squares through the last two thirds. */
static struct line
line_through(const struct sample *samples, size_t count, bool descriptors)
{
	size_t first = count / 3, n = count - first;
	double x = 0, y = 0, xx = 0, xy = 0;
	double span = (double)(samples[count - 1].at_ms - samples[first].at_ms);

	for (size_t i = first; i < count; i++) {
		double at = (double)(samples[i].at_ms - samples[first].at_ms);
		double value = descriptors
				   ? samples[i].usage.descriptors
				   : (double)samples[i].usage.resident_kb;

		x += at;
		y += value;
		xx += at * at;
		xy += at * value;
	}
	return (struct line){
	    .mean = y / (double)n,
	    .rise = ((double)n * xy - x * y) / ((double)n * xx - x * x) * span,
	};
}

static void
judge(const struct sample *samples, size_t count, bool tells)
{
	struct line memory = line_through(samples, count, false);
	struct line descriptors = line_through(samples, count, true);

	print_message("%.1f MiB on average, rising by %+.2f; %.0f descriptors, "
		      "rising by %+.1f\n",
	    memory.mean / 1024, memory.rise / 1024, descriptors.mean,
	    descriptors.rise);
	if (!tells)
		return;
	assert_true(memory.rise < RISE_KB_MAX ||
		    memory.rise < memory.mean / 20);
	assert_true(descriptors.rise < 32);
}

static size_t
watch(struct soak *soak, struct sample *samples, int64_t milliseconds)
{
	int64_t began_ms = time_ms();
	size_t count = 0;

	while (time_ms() < began_ms + milliseconds && count < SAMPLES_MAX) {
		time_sleep(milliseconds < 60000 ? 200 : 1000);
		assert_true(program_is_alive(&soak->house->engine));
		samples[count++] = (struct sample){
		    .at_ms = time_ms(),
		    .usage = program_usage(&soak->house->engine),
		};
	}
	return count;
}

static void
test_memory_and_descriptors_stay_whatever_goes_wrong(void **state)
{
	const char *told = getenv("STATED_SOAK_SECONDS");
	int seconds = told != NULL ? atoi(told) : SECONDS;
	struct sample *samples = calloc(SAMPLES_MAX, sizeof(*samples));
	struct soak soak = {.house = house_open(&noisy)};
	struct usage before = program_usage(&soak.house->engine);
	pthread_t threads[CLIENTS];
	size_t count;

	(void)state;
	assert_non_null(samples);
	house_control(soak.house, "/control/chaos",
	    "{\"probability_percent\":5,\"path\":\"/bank\",\"faults\":["
	    "{\"fault\":\"timeout-after-commit\",\"milliseconds\":200},"
	    "\"reset-after-commit\",\"reset-before-commit\",\"500\",\"502\","
	    "\"503\",\"429\",\"truncated-json\",\"short-body\","
	    "\"duplicate-webhook\",\"out-of-order-webhook\"]}");
	for (int i = 0; i < CLIENTS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, client, &soak), 0);
	count = watch(&soak, samples, (int64_t)seconds * 1000);
	soak.over = true;
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	print_message("%d rounds in %d s\n", (int)soak.next, seconds);
	judge(samples, count, soak.next >= ROUNDS_THAT_TELL);
	/* Nobody calls any more; connections that were kept are its own. */
	time_sleep(500);
	assert_in_range(program_usage(&soak.house->engine).descriptors, 1,
	    (unsigned)before.descriptors + 300);
	free(samples);
	program_stop(&soak.house->engine);
	house_verify(soak.house);
	house_close(&soak.house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_memory_and_descriptors_stay_whatever_goes_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
