/* SPDX-License-Identifier: Apache-2.0 */
/* Every fault does what its name says: on the wire, and to the money. */
#include "sandbox_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define PAYMENTS "/bank/domestic-payments"

static struct client bank;

static int
start(void **state)
{
	static const char *const none[] = {NULL};

	(void)state;
	client_start(&bank, none);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	client_stop(&bank);
	return 0;
}

static int
reset(void **state)
{
	(void)state;
	client_text(&bank, 200, &(struct call){"POST", "/control/reset"});
	return 0;
}

static struct answer
pay(const char *reference, const char *fault)
{
	char body[256];
	char header[128];

	snprintf(body, sizeof(body),
	    "{\"Data\":{\"Initiation\":{\"InstructionIdentification\":\"%s\","
	    "\"InstructedAmount\":{\"Amount\":\"1\",\"Currency\":\"EUR\"}}}}",
	    reference);
	snprintf(header, sizeof(header), "x-sandbox-fault: %s",
	    fault ? fault : "");
	return client_call(&bank, &(struct call){"POST", PAYMENTS,
	    {fault ? header : NULL}, body, 400});
}

static size_t
orders(void)
{
	return count_of(client_text(&bank, 200,
	    &(struct call){"GET", "/control/ledger"}), "\"id\":\"bp_");
}

static void
add_fault(const char *rule)
{
	client_text(&bank, 200,
	    &(struct call){"POST", "/control/faults", {NULL}, rule});
}

/* What a fault shows and whether the order was taken. */
static const struct expectation {
	const char *fault;
	int status;
	bool was_reset;
	bool timed_out;
	size_t orders;
	const char *in_body;
} expectations[] = {
    {"timeout", 0, false, true, 1, ""},
    {"timeout-after-commit", 0, false, true, 1, ""},
    {"timeout-before-commit", 0, false, true, 0, ""},
    {"reset-after-commit", 0, true, false, 1, ""},
    {"reset-before", 0, true, false, 0, ""},
    {"500-after-commit", 500, false, false, 1, "<html>"},
    {"500-before-commit", 500, false, false, 0, "<html>"},
    {"502", 502, false, false, 0, "<html>"},
    {"502-after-commit", 502, false, false, 1, "<html>"},
    {"504", 504, false, false, 1, "<html>"},
    {"504-before-commit", 504, false, false, 0, "<html>"},
    {"slow-drip;milliseconds=50", 0, false, true, 1, ""},
    {"truncated-json", 201, false, false, 1, "{\"Data\":"},
    {"short-body", 0, false, false, 1, "{\"Data\":"},
    {"wrong-content-type", 200, false, false, 0, "<html>"},
    {"wrong-content-type-after-commit", 200, false, false, 1, "<html>"},
    {"error-in-200", 200, false, false, 0, "{\"error\":"},
    {"429", 429, false, false, 0, ""},
    {"503", 503, false, false, 0, ""},
    {"503-after-commit", 503, false, false, 1, ""},
    {"empty-200", 200, false, false, 1, ""},
    {"delay;milliseconds=50", 201, false, false, 1, "DomesticPaymentId"},
    {"late-commit;seconds=60", 0, true, false, 0, ""},
    {"401", 401, false, false, 0, "<html>"},
    {"403", 403, false, false, 0, "<html>"},
    {"307", 307, false, false, 0, "<html>"},
    {"307-after-commit", 307, false, false, 1, "<html>"},
    {"chunked-cut", 0, false, false, 1, "{\"Data\":"},
    {"interim-status", 201, false, false, 1, "DomesticPaymentId"},
    {"deep-json", 200, false, false, 1, "[[[["},
    {"duplicate-key", 201, false, false, 1, "{\"a\":1,\"a\":2,\"Data\""},
    {"not-a-number", 201, false, false, 1, "{\"n\":NaN,\"Data\""},
    {"byte-order-mark", 201, false, false, 1, "\xef\xbb\xbf{\"Data\""},
    {"bad-utf-8", 201, false, false, 1, "\"\xc0\xa0\""},
    {"altered-amount", 201, false, false, 1, "\"Amount\":\"91\""},
    {"big-number", 201, false, false, 1, "{\"n\":9223372036854775808,"},
    {"altered-currency", 201, false, false, 1, "\"Currency\":\"QUR\""},
    {"empty-204", 204, false, false, 1, ""},
    {"409", 409, false, false, 0, "<html>"},
    {"no-length", 201, false, false, 1, "DomesticPaymentId"},
    {"wrong-clock", 201, false, false, 1, "DomesticPaymentId"},
};

static void
test_every_fault_shows_and_does_what_it_says(void **state)
{
	size_t count = sizeof(expectations) / sizeof(expectations[0]);

	for (size_t i = 0; i < count; i++) {
		const struct expectation *want = &expectations[i];
		struct answer answer;

		reset(state);
		answer = pay("F-1", want->fault);
		print_message("%s\n", want->fault);
		assert_int_equal(answer.status, want->status);
		assert_int_equal(answer.was_reset, want->was_reset);
		assert_int_equal(answer.timed_out, want->timed_out);
		assert_true(text_has(answer.body, want->in_body));
		assert_int_equal(orders(), want->orders);
		answer_fini(&answer);
	}
}

static void
test_work_comes_late_to_who_asked_too_early(void **state)
{
	static const struct call ask = {
	    "GET", PAYMENTS "?reference=F-1"};
	static const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	struct answer answer = pay("F-1", "late-commit;seconds=1");
	bool is_there = false;

	(void)state;
	answer_fini(&answer);
	assert_false(text_has(client_text(&bank, 200, &ask), "F-1"));
	for (int i = 0; i < 500 && !is_there; i++) {
		(void)nanosleep(&pause, NULL);
		is_there = text_has(client_text(&bank, 200, &ask), "F-1");
	}
	assert_true(is_there);
}

static void
test_stale_read_lacks_what_is_new(void **state)
{
	static const struct call ask = {
	    "GET", PAYMENTS "?reference=F-1"};
	struct answer answer = pay("F-1", NULL);

	(void)state;
	answer_fini(&answer);
	add_fault("{\"fault\":\"stale-read\",\"method\":\"GET\","
		  "\"seconds\":60,\"times\":1}");
	assert_false(text_has(client_text(&bank, 200, &ask), "F-1"));
	assert_true(text_has(client_text(&bank, 200, &ask), "F-1"));
}

static void
test_truncated_json_is_cut_in_the_middle(void **state)
{
	struct answer answer = pay("F-2", "truncated-json");
	size_t bytes = strlen(answer.body);

	(void)state;
	assert_true(bytes > 20);
	assert_int_not_equal(answer.body[bytes - 1], '}');
	answer_fini(&answer);
}

static void
test_429_and_503_tell_when_to_come_back(void **state)
{
	struct answer answer = pay("F-3", "503;seconds=7");

	(void)state;
	assert_string_equal(answer.retry_after, "7");
	answer_fini(&answer);
	answer = pay("F-3", "429;retry_after=Fri, 31 Dec 1999 23:59:59 GMT");
	assert_string_equal(
	    answer.retry_after, "Fri, 31 Dec 1999 23:59:59 GMT");
	answer_fini(&answer);
	answer = pay("F-3", "503;retry_after=none");
	assert_string_equal(answer.retry_after, "");
	answer_fini(&answer);
}

static void
test_a_rule_lasts_for_its_times_and_only_where_it_matches(void **state)
{
	static const char rule[] =
	    "{\"path\":\"/bank/domestic-payments\",\"method\":\"POST\","
	    "\"fault\":\"500-after-commit\",\"times\":2,\"match\":\"F-4\"}";
	static const int want[] = {500, 500, 201};

	(void)state;
	add_fault(rule);
	for (size_t i = 0; i < 3; i++) {
		struct answer other = pay("F-other", NULL);
		struct answer answer = pay("F-4", NULL);

		assert_int_equal(other.status, 201);
		assert_int_equal(answer.status, want[i]);
		answer_fini(&other);
		answer_fini(&answer);
	}
	assert_int_equal(orders(), 6);
	assert_true(text_has(client_text(&bank, 200,
	    &(struct call){"GET", "/control/faults"}),
	    "\"times\":0,\"hits\":2"));
}

static void
test_a_header_with_times_counts_the_repetitions_of_one_request(void **state)
{
	static const int want[] = {500, 500, 201};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct answer answer = pay("F-5", "500;times=2");

		assert_int_equal(answer.status, want[i]);
		answer_fini(&answer);
	}
}

static void
test_rules_come_several_at_once_and_are_cleared(void **state)
{
	struct answer answer;

	(void)state;
	add_fault("[{\"fault\":\"502\",\"times\":1},{\"fault\":\"504\"}]");
	answer = pay("F-6", NULL);
	assert_int_equal(answer.status, 502);
	answer_fini(&answer);
	answer = pay("F-6", NULL);
	assert_int_equal(answer.status, 504);
	answer_fini(&answer);
	client_text(&bank, 200, &(struct call){"DELETE", "/control/faults"});
	answer = pay("F-6", NULL);
	assert_int_equal(answer.status, 201);
	answer_fini(&answer);
}

static void
test_an_unknown_fault_is_refused_with_the_names_there_are(void **state)
{
	struct answer answer = pay("F-7", "explode");

	(void)state;
	assert_int_equal(answer.status, 400);
	answer_fini(&answer);
	assert_true(text_has(client_text(&bank, 400, &(struct call){"POST",
	    "/control/faults", {NULL}, "{\"fault\":\"explode\"}"}),
	    "\"truncated-json\""));
	assert_int_equal(orders(), 0);
}

static void
test_an_error_inside_a_200_may_be_given(void **state)
{
	struct answer answer;

	(void)state;
	add_fault("{\"fault\":\"error-in-200\",\"body\":{\"fault\":1.10}}");
	answer = pay("F-8", NULL);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, "{\"fault\":1.10}");
	answer_fini(&answer);
}

/* The statuses of 40 payments under chance, as one text. */
static void
play_chaos(char out[41])
{
	client_text(&bank, 200, &(struct call){"POST", "/control/chaos", {NULL},
	    "{\"probability_percent\":40,\"faults\":[\"500\",\"502\"]}"});
	for (size_t i = 0; i < 40; i++) {
		struct answer answer = pay("F-9", NULL);

		out[i] = (char)('0' + answer.status % 10);
		answer_fini(&answer);
	}
	out[40] = '\0';
}

static void
test_chance_is_the_same_for_the_same_seed(void **state)
{
	char first[41];
	char second[41];

	play_chaos(first);
	reset(state);
	play_chaos(second);
	assert_string_equal(first, second);
	assert_non_null(strchr(first, '0'));
	assert_non_null(strchr(first, '1'));
	assert_non_null(strchr(first, '2'));
}

static void
test_control_itself_never_fails(void **state)
{
	(void)state;
	add_fault("{\"path\":\"/\",\"fault\":\"500\"}");
	client_text(&bank, 200, &(struct call){"GET", "/control/ledger"});
	client_text(&bank, 500, &(struct call){"GET", "/bank/statement"});
}

static void
test_a_small_body_unpacks_to_a_huge_one(void **state)
{
	struct answer answer = client_call(&bank,
	    &(struct call){"POST", "/stub/call/1",
		{"x-sandbox-fault: gzip-bomb"}, "{}", 60000});

	(void)state;
	assert_int_equal(answer.status, 200);
	assert_true(text_has(answer.body, "\x1f\x8b\x08"));
	answer_fini(&answer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		test_every_fault_shows_and_does_what_it_says, reset),
	    cmocka_unit_test_setup(
		test_work_comes_late_to_who_asked_too_early, reset),
	    cmocka_unit_test_setup(test_stale_read_lacks_what_is_new, reset),
	    cmocka_unit_test_setup(
		test_a_small_body_unpacks_to_a_huge_one, reset),
	    cmocka_unit_test_setup(test_truncated_json_is_cut_in_the_middle,
		reset),
	    cmocka_unit_test_setup(test_429_and_503_tell_when_to_come_back,
		reset),
	    cmocka_unit_test_setup(
		test_a_rule_lasts_for_its_times_and_only_where_it_matches,
		reset),
	    cmocka_unit_test_setup(
		test_a_header_with_times_counts_the_repetitions_of_one_request,
		reset),
	    cmocka_unit_test_setup(
		test_rules_come_several_at_once_and_are_cleared, reset),
	    cmocka_unit_test_setup(
		test_an_unknown_fault_is_refused_with_the_names_there_are,
		reset),
	    cmocka_unit_test_setup(test_an_error_inside_a_200_may_be_given,
		reset),
	    cmocka_unit_test_setup(test_chance_is_the_same_for_the_same_seed,
		reset),
	    cmocka_unit_test_setup(test_control_itself_never_fails, reset),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
