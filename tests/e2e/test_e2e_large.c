/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_large.c: an instance with a long history, and one with large
 * variables.
 *
 * What a turn costs does not grow with what lies behind it: neither its time,
 * nor what is written, nor memory.  The history can be paged, exported and
 * verified as a whole.  STATED_RECORDS says how many records there are (9,000;
 * of a million it takes minutes), STATED_VARIABLE_KB how much is carried
 * (2048; up to 10240).
 */
#include "house.h"

#include <stdio.h>
#include <stdlib.h>

#define RECORDS 9000
#define RECORDS_PER_EVENT 3
#define EVENTS_AT_ONCE 500
#define VARIABLE_KB 2048
#define FEW 10
#define MORE_KB_MAX (64 * 1024)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_TELLS false
#else
#define MEMORY_TELLS true
#endif

static const struct house_options roomy = {
    .config = "limits: {body: 16MiB}\nlog: {level: error}\n",
    .quiet_bank = true,
};

static const char counting[] =
    "workflow: counting\n"
    "version: 1\n"
    "business-key: '= \"C\"'\n"
    "data: {count: 0, last: null, carried: = input.carried}\n"
    "events: {tick: {}, enough: {}}\n"
    "initial: counting\n"
    "states:\n"
    "  counting:\n"
    "    on:\n"
    "      tick: {target: counting, internal: true, do: [{set: {count: = "
    "count + 1, last: = event.data}}]}\n"
    "      enough: over\n"
    "  over: {type: final, outcome: success}\n";

static size_t
wanted(const char *name, size_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

static struct house *
open_counting(void)
{
	return house_open_with(&roomy, "workflows/counting.yaml", counting);
}

/* Each event is three records; gives the time that they took. */
static int64_t
tick(struct house *house, size_t first, size_t count)
{
	char *body = malloc(count * 160 + 3), *at = body;
	int64_t before_ms = time_ms();
	struct reply *reply;

	assert_non_null(body);
	for (size_t i = first; i < first + count; i++)
		at += sprintf(at,
		    "%c{\"specversion\":\"1.0\",\"id\":\"%zu\",\"source\":\"s\","
		    "\"type\":\"tick\",\"subject\":\"C\",\"data\":{\"n\":%zu}}",
		    i == first ? '[' : ',', i, i);
	strcpy(at, "]");
	reply = ask_once(&(struct ask){
	    .url = house->url,
	    .path = "/v1/events",
	    .body = body,
	    .headers = {"Content-Type: application/cloudevents-batch+json"},
	    .timeout_ms = 60000,
	});
	free(body);
	assert_int_equal(reply->status, 202);
	assert_string_equal(
	    text_at(reply->json, "events.0.status"), "matched");
	reply_free(reply);
	return time_ms() - before_ms;
}

static void
finish(struct house *house, size_t count)
{
	json_t *instance;

	house_post_event(house, "enough", "C");
	instance = payment_await_end(house, "C", "over");
	assert_int_equal(integer_at(instance, "data.count"), (long long)count);
}

/* ---- a long history ---- */

/* Each once, in order. */
static size_t
page_through(struct house *house)
{
	long long after = 0;
	size_t seen = 0;

	do {
		char path[128];
		struct reply *reply;
		json_t *items, *item;
		size_t i;

		snprintf(path, sizeof(path),
		    "/v1/instances/C/history?limit=1000&after=%lld", after);
		reply = ask_once(
		    &(struct ask){.url = house->url, .path = path});
		assert_int_equal(reply->status, 200);
		items = json_at(reply->json, "items");
		json_array_foreach(items, i, item)
			assert_int_equal(
			    integer_at(item, "seq"), (long long)++seen);
		after = atoll(text_at(reply->json, "next"));
		reply_free(reply);
	} while (after > 0);
	return seen;
}

static size_t
export_lines(struct house *house)
{
	struct reply *reply = ask_once(&(struct ask){
	    .url = house->url,
	    .path = "/v1/export?instance=C",
	    .timeout_ms = 300000,
	});
	size_t lines = 0;

	assert_int_equal(reply->status, 200);
	for (const char *at = reply->body; (at = strchr(at, '\n')); at++)
		lines++;
	reply_free(reply);
	return lines;
}

static void
test_a_long_history_costs_no_turn_anything(void **state)
{
	struct house *house = open_counting();
	size_t events = wanted("STATED_RECORDS", RECORDS) / RECORDS_PER_EVENT;
	size_t rounds = events / EVENTS_AT_ONCE, records;
	int64_t early_ms = 0, late_ms = 0;
	struct usage before;

	(void)state;
	assert_true(rounds >= 6);
	assert_status(house_post(house, "/v1/workflows/counting/instances",
			  "{\"input\":{\"carried\":null}}"),
	    201);
	for (size_t i = 0; i < rounds; i++) {
		int64_t taken_ms =
		    tick(house, i * EVENTS_AT_ONCE, EVENTS_AT_ONCE);

		if (i < rounds / 3)
			early_ms += taken_ms;
		if (i >= rounds - rounds / 3)
			late_ms += taken_ms;
		if (i == rounds / 3)
			before = program_usage(&house->engine);
	}
	print_message("%zu events: the first third in %lld ms, the last in "
		      "%lld\n",
	    rounds * EVENTS_AT_ONCE, (long long)early_ms, (long long)late_ms);
	/* Five times, and a moment: the machine has others to serve. */
	assert_true(late_ms < 5 * early_ms + 2000);
	records = page_through(house);
	assert_true(records >= rounds * EVENTS_AT_ONCE * RECORDS_PER_EVENT);
	/* And a line that says that this is all. */
	assert_in_range(export_lines(house), records, records + 1);
	if (MEMORY_TELLS)
		assert_in_range(
		    program_usage(&house->engine).resident_kb_max, 0,
		    (uintmax_t)(before.resident_kb + MORE_KB_MAX));
	finish(house, rounds * EVENTS_AT_ONCE);
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

/* ---- large variables ---- */

/* What the process has handed to the system, in KiB. */
static int64_t
written_kb(const struct house *house)
{
	char path[64], line[128];
	long long bytes = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/io", house->engine.pid);
	file = fopen(path, "re");
	if (file == NULL)
		return -1; /* not ours to see */
	while (fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "wchar: %lld", &bytes);
	fclose(file);
	return bytes < 0 ? -1 : bytes / 1024;
}

static void
start_carrying(struct house *house, size_t kb)
{
	char *body = malloc(kb * 1024 + 64), *at;
	struct reply *reply;

	assert_non_null(body);
	at = stpcpy(body, "{\"input\":{\"carried\":\"");
	/* No two pieces of it are alike. */
	for (size_t i = 0; i < kb * 1024 / 8; i++)
		at += sprintf(at, "%08zx", i * 2654435761u & 0xffffffffu);
	strcpy(at, "\"}}");
	reply = ask_once(&(struct ask){
	    .url = house->url,
	    .path = "/v1/workflows/counting/instances",
	    .body = body,
	    .timeout_ms = 60000,
	});
	free(body);
	assert_int_equal(reply->status, 201);
	reply_free(reply);
}

static void
test_large_variables_are_not_written_again_each_turn(void **state)
{
	struct house *house = open_counting();
	size_t kb = wanted("STATED_VARIABLE_KB", VARIABLE_KB);
	int64_t before_kb, after_kb;

	(void)state;
	start_carrying(house, kb);
	tick(house, 0, 1);
	before_kb = written_kb(house);
	for (size_t i = 1; i <= FEW; i++)
		tick(house, i, 1);
	after_kb = written_kb(house);
	if (before_kb >= 0) {
		print_message("%zu KiB carried, %lld KiB written a turn\n", kb,
		    (long long)(after_kb - before_kb) / FEW);
		assert_true((after_kb - before_kb) / FEW < (int64_t)kb / 4);
	}
	/* It is read back as it was. */
	program_kill(&house->engine);
	house_start_engine(house);
	tick(house, FEW + 1, 1);
	finish(house, FEW + 2);
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_a_long_history_costs_no_turn_anything),
	    HOUSE_TEST(test_large_variables_are_not_written_again_each_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
