/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_outage.c: what an endpoint that dies costs those who call another.
 *
 *	bench_outage [CYCLES [PERIOD_MS]]
 *
 * Two engines stand side by side: behind one, an endpoint dies under 1,000
 * calls and comes back; behind the other, nothing happens.  They are measured
 * in turns of a fraction of a second, ABBA, and whoever isn't measured stands
 * still (SIGSTOP): whatever else this machine does is done to both.  Two
 * callers start instances that call a healthy endpoint, and wait for their
 * end; each is timed here.
 *
 * A pair of turns gives a ratio of percentiles; printed are the medians of all
 * ratios, with what they lie in by 95 in 100 (the sign test's).  `idle` is the
 * same before anything dies: what it differs from 1 by is the error of the
 * method.  CPU is what the engine took for one instance.
 */
#include "house.h"

#include <dirent.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CYCLES 5
#define PERIOD_MS 500
#define SETTLE_MS 100
#define CALLS 1000
#define CALLERS 2
#define PAIRS_IDLE 8 /* a cycle */
#define PAIRS_DEAD 8
#define PAIRS_BACK 12
#define PAIRS_MAX 4096
#define SAMPLES_MAX 65536
#define TEXT_BYTES 8192

/* ---- endpoints ---- */

static const char answer[] = "HTTP/1.1 200 OK\r\n"
			     "Content-Type: application/json\r\n"
			     "Content-Length: 21\r\n\r\n"
			     "{\"status\":\"ACCEPTED\"}";

/* One thread for all connections; each request comes in one piece. */
struct place {
	int listener;
	int poll;
	char url[64];
	pthread_t thread;
	atomic_bool is_dead; /* it reads, and says nothing */
};

static void
hear(struct place *place, int fd)
{
	char text[TEXT_BYTES];
	ssize_t got = recv(fd, text, sizeof(text), 0);

	if (got <= 0)
		close(fd);
	else if (!place->is_dead)
		endpoint_say(fd, answer, sizeof(answer) - 1);
}

static void *
be_place(void *arg)
{
	struct place *place = arg;
	struct epoll_event events[64];

	for (;;) {
		int count = epoll_wait(place->poll, events, 64, -1);

		for (int i = 0; i < count; i++) {
			struct epoll_event event = {.events = EPOLLIN};
			int on = 1;

			if (events[i].data.fd != place->listener) {
				hear(place, events[i].data.fd);
				continue;
			}
			event.data.fd = accept(place->listener, NULL, NULL);
			if (event.data.fd < 0)
				continue;
			setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY,
			    &on, sizeof(on));
			epoll_ctl(place->poll, EPOLL_CTL_ADD, event.data.fd,
			    &event);
		}
	}
	return NULL;
}

static void
place_open(struct place *place)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN};
	socklen_t bytes = sizeof(at);

	place->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	place->poll = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(
	    bind(place->listener, (struct sockaddr *)&at, bytes), 0);
	assert_int_equal(listen(place->listener, 4096), 0);
	assert_int_equal(
	    getsockname(place->listener, (struct sockaddr *)&at, &bytes), 0);
	snprintf(place->url, sizeof(place->url), "http://127.0.0.1:%d",
	    ntohs(at.sin_port));
	event.data.fd = place->listener;
	epoll_ctl(place->poll, EPOLL_CTL_ADD, place->listener, &event);
	assert_int_equal(
	    pthread_create(&place->thread, NULL, be_place, place), 0);
}

/* ---- engines ---- */

struct side {
	struct house *house;
	struct place well;
	struct place dying;
	int callers[CALLERS]; /* connections */
	int number; /* of the last instance */
};

struct turn {
	double us[SAMPLES_MAX];
	size_t count;
	double cpu_us; /* an instance */
};

static struct side sides[2]; /* it dies behind the first */
static struct turn turns[2];
static int period_ms = PERIOD_MS;

static const struct house_options options = {
    .config = "log: {level: error}\n",
    .quiet_bank = true,
};

static void
side_open(struct side *side)
{
	const char *srcdir = getenv("srcdir");
	char path[HOUSE_PATH_BYTES];
	char settings[256];
	char *text;

	place_open(&side->well);
	place_open(&side->dying);
	side->house = house_build(&options);
	snprintf(settings, sizeof(settings),
	    "settings:\n  well: {url: '%s'}\n  dying: {url: '%s'}\n",
	    side->well.url, side->dying.url);
	house_edit(side->house, "stated.yaml", "settings:\n", settings);
	snprintf(path, sizeof(path), "%s/tests/bench/outage.yaml",
	    srcdir != NULL ? srcdir : ".");
	text = house_read(path);
	house_write(side->house, "workflows/outage.yaml", text);
	free(text);
	house_start_engine(side->house);
	for (size_t i = 0; i < CALLERS; i++) {
		int on = 1;

		side->callers[i] = house_connect(side->house);
		setsockopt(side->callers[i], IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	}
}

static void
stand_still(const struct side *side, bool stands)
{
	assert_int_equal(
	    kill(side->house->engine.pid, stands ? SIGSTOP : SIGCONT), 0);
}

static void
ask(struct side *side, int fd)
{
	char body[64];
	char text[256];
	int bytes = snprintf(body, sizeof(body),
	    "{\"input\":{\"reference\":\"W-%d\"}}", ++side->number);

	bytes = snprintf(text, sizeof(text),
	    "POST /v1/workflows/well/instances?wait=30s HTTP/1.1\r\n"
	    "Host: x\r\nContent-Type: application/json\r\n"
	    "Content-Length: %d\r\n\r\n%s", bytes, body);
	endpoint_say(fd, text, (size_t)bytes);
}

/* An answer comes in one piece, or its rest at once after it. */
static void
take(int fd)
{
	char text[TEXT_BYTES + 1];
	size_t bytes = 0;
	const char *end = NULL, *length;

	do {
		ssize_t got = recv(fd, text + bytes, TEXT_BYTES - bytes, 0);

		assert_true(got > 0);
		bytes += (size_t)got;
		text[bytes] = '\0';
		end = strstr(text, "\r\n\r\n");
		length = strcasestr(text, "\r\ncontent-length:");
	} while (end == NULL || length == NULL ||
	    strlen(end + 4) < strtoul(length + 17, NULL, 10));
	if (strncmp(text, "HTTP/1.1 201", 12) != 0 ||
	    strstr(text, "completed") == NULL)
		fail_msg("%s", text);
}

/* Two callers by one thread: each asks when its answer has come. */
static void
measure(struct side *side, struct turn *turn, int ms)
{
	struct pollfd waits[CALLERS];
	int64_t asked_us[CALLERS];
	int64_t until_us = time_us() + (int64_t)ms * 1000;
	size_t waiting = CALLERS;

	for (size_t i = 0; i < CALLERS; i++) {
		waits[i] = (struct pollfd){side->callers[i], POLLIN, 0};
		asked_us[i] = time_us();
		ask(side, waits[i].fd);
	}
	while (waiting > 0) {
		assert_true(poll(waits, CALLERS, 60000) > 0);
		for (size_t i = 0; i < CALLERS; i++) {
			if (waits[i].fd < 0 || waits[i].revents == 0)
				continue;
			take(waits[i].fd);
			assert_true(turn->count < SAMPLES_MAX);
			turn->us[turn->count++] =
			    (double)(time_us() - asked_us[i]);
			asked_us[i] = time_us();
			if (asked_us[i] < until_us) {
				ask(side, waits[i].fd);
			} else {
				waits[i].fd = -1;
				waiting--;
			}
		}
	}
}

/* How long its threads were on a processor, by the scheduler's own count. */
static double
cpu_us(const struct side *side)
{
	char path[64];
	DIR *directory;
	double all = 0;

	snprintf(path, sizeof(path), "/proc/%d/task",
	    side->house->engine.pid);
	directory = opendir(path);
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		char name[400];
		long long ns;
		FILE *file;

		snprintf(name, sizeof(name), "%s/%s/schedstat", path,
		    entry->d_name);
		file = fopen(name, "re");
		if (file == NULL)
			continue;
		if (fscanf(file, "%lld", &ns) == 1)
			all += (double)ns / 1000;
		fclose(file);
	}
	closedir(directory);
	return all;
}

static void
take_turn(struct side *side, struct turn *turn)
{
	double before;

	stand_still(side, false);
	measure(side, turn, SETTLE_MS);
	turn->count = 0;
	before = cpu_us(side);
	measure(side, turn, period_ms);
	turn->cpu_us = (cpu_us(side) - before) / (double)turn->count;
	stand_still(side, true);
}

/* ---- ratios ---- */

enum figure { P50, P90, P99, CPU, FIGURES };
static const char *const figure_names[FIGURES] = {
    "p50", "p90", "p99", "CPU"};

struct phase {
	const char *name;
	double ratios[FIGURES][PAIRS_MAX];
	double alone[FIGURES][PAIRS_MAX]; /* what the quiet side took, us */
	size_t count;
};

static struct phase phases[3] = {
    {.name = "idle"}, {.name = "dead"}, {.name = "back"}};

static int
compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double
figure_of(struct turn *turn, enum figure figure)
{
	static const double parts[] = {[P50] = .5, [P90] = .9, [P99] = .99};

	if (figure == CPU)
		return turn->cpu_us;
	qsort(turn->us, turn->count, sizeof(turn->us[0]), compare);
	return turn->us[(size_t)((double)(turn->count - 1) * parts[figure])];
}

static void
measure_pairs(struct phase *phase, int count)
{
	for (int i = 0; i < count; i++) {
		int first = i % 2;

		take_turn(&sides[first], &turns[first]);
		take_turn(&sides[!first], &turns[!first]);
		assert_true(phase->count < PAIRS_MAX);
		for (int j = 0; j < FIGURES; j++) {
			double alone = figure_of(&turns[1], j);

			phase->alone[j][phase->count] = alone;
			phase->ratios[j][phase->count] =
			    figure_of(&turns[0], j) / alone;
		}
		phase->count++;
	}
}

static double
median(double *values, size_t count)
{
	qsort(values, count, sizeof(values[0]), compare);
	return count % 2 == 1
		   ? values[count / 2]
		   : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The ranks between which a median lies in 95 of 100 cases. */
static void
print_figure(struct phase *phase, enum figure figure)
{
	size_t count = phase->count;
	double *ratios = phase->ratios[figure];
	double middle = median(ratios, count);
	double half = .98 * sqrt((double)count);
	size_t low = (double)count / 2 > half
			 ? (size_t)((double)count / 2 - half)
			 : 0;

	printf("%s\t%s\t%.0f us alone\t%.3f\t(%.3f to %.3f)\n", phase->name,
	    figure_names[figure], median(phase->alone[figure], count), middle,
	    ratios[low], ratios[count - 1 - low]);
}

/* ---- an endpoint that dies ---- */

static json_t *
dying(void)
{
	return house_get(sides[0].house, "/v1/connections/dying")->json;
}

static void
await_dying(const char *what, long long least)
{
	int64_t until_ms = time_ms() + 300000;

	stand_still(&sides[0], false);
	while (integer_at(dying(), what) < least) {
		assert_true(time_ms() < until_ms);
		time_sleep(100);
	}
	stand_still(&sides[0], true);
}

static void
die(int cycle)
{
	stand_still(&sides[0], false);
	sides[0].dying.is_dead = true;
	for (int i = 0; i < CALLS; i++)
		assert_status(house_post(sides[0].house,
				  "/v1/workflows/dying/instances",
				  "{\"input\":{\"reference\":\"D-%d-%d\"}}",
				  cycle, i), 201);
	await_dying("queued", CALLS * 9 / 10);
}

static void
measure_cycle(int cycle)
{
	measure_pairs(&phases[0], PAIRS_IDLE);
	die(cycle);
	measure_pairs(&phases[1], PAIRS_DEAD);
	sides[0].dying.is_dead = false;
	measure_pairs(&phases[2], PAIRS_BACK);
	printf("cycle %d: %lld still wait after the last turn\n", cycle,
	    integer_at((stand_still(&sides[0], false), dying()), "queued"));
	await_dying("done", (long long)CALLS * (cycle + 1));
}

static int cycles = CYCLES;

static void
bench_outage(void **state)
{
	(void)state;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < 2; i++) {
		side_open(&sides[i]);
		measure(&sides[i], &turns[i], 1000);
		stand_still(&sides[i], true);
	}
	for (int i = 0; i < cycles; i++)
		measure_cycle(i);
	for (size_t i = 0; i < 3; i++)
		for (int j = 0; j < FIGURES; j++)
			print_figure(&phases[i], j);
	for (int i = 0; i < 2; i++) {
		stand_still(&sides[i], false);
		house_close(&sides[i].house);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {HOUSE_TEST(bench_outage)};

	if (argc > 1)
		cycles = atoi(argv[1]);
	if (argc > 2)
		period_ms = atoi(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
