/* SPDX-License-Identifier: Apache-2.0 */
/* What answers say about how much more the endpoint takes. */
#include "stated/connector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795424400000) /* 2026-11-23T09:00:00Z */
#define HEADERS_MAX 4

/* Absent: not told. */
struct row {
	int status;
	const char *headers[HEADERS_MAX][2];
	int64_t wait_ms; /* -1: none */
	int64_t quota;
	int64_t quota_ms;
	int64_t policy_count;
	int64_t policy_ms;
};

static const struct row rows[] = {
    /* ---- Retry-After ---- */
    {429, {{"Retry-After", "7"}}, 7000, -1, -1, 0, 0},
    {503, {{"retry-after", "120"}}, 120000, -1, -1, 0, 0},
    {429, {{"Retry-After", "0"}}, 0, -1, -1, 0, 0},
    {429, {{"Retry-After", "86400"}}, 86400000, -1, -1, 0, 0},
    {429,
	{{"Retry-After", "Mon, 23 Nov 2026 09:00:30 GMT"},
	    {"Date", "Mon, 23 Nov 2026 09:00:10 GMT"}},
	20000, -1, -1, 0, 0},
    {429, {{"Retry-After", "Mon, 23 Nov 2020 09:00:30 GMT"}}, 0, -1, -1, 0,
	0},
    {429, {{"Retry-After", "soon"}}, -1, -1, -1, 0, 0},
    {429, {{"Retry-After", "99999999999999999999"}}, 316224000000, -1, -1,
	0, 0},
    {429, {{"Retry-After", "-5"}}, -1, -1, -1, 0, 0},
    {429, {{"Retry-After", "1"}, {"Retry-After", "30"}}, 1000, -1, -1, 0, 0},
    {429, {{"Retry-After", "soon"}, {"Retry-After", "30"}}, -1, -1, -1, 0, 0},
    /* when to look at what was taken on, not when to ask for more */
    {202, {{"Retry-After", "7"}}, -1, -1, -1, 0, 0},

    /* ---- RateLimit ---- */
    {200, {{"RateLimit", "\"default\";r=50;t=30"}}, -1, 50, 30000, 0, 0},
    {200, {{"RateLimit", "\"burst\";r=9;t=2, \"daily\";r=3;t=600"}}, -1, 3,
	600000, 0, 0},
    {200, {{"RateLimit", "\"a,b;c\\\"\";r=5;t=6"}}, -1, 5, 6000, 0, 0},
    {200, {{"RateLimit", "limit=100, remaining=40, reset=12"}}, -1, 40,
	12000, 0, 0},
    {200, {{"RateLimit", "\"default\";r=50"}}, -1, -1, -1, 0, 0},
    {200, {{"RateLimit", "r=;t=,,;\"\"="}}, -1, -1, -1, 0, 0},
    {200, {{"RateLimit", ""}}, -1, -1, -1, 0, 0},
    {429, {{"RateLimit", "\"default\";r=0;t=30"}}, 30000, 0, 30000, 0, 0},
    /* Retry-After wins over the quota's time */
    {429, {{"RateLimit", "\"default\";r=0;t=30"}, {"Retry-After", "5"}},
	5000, 0, 5000, 0, 0},
    {503,
	{{"Retry-After", "1"}, {"X-RateLimit-Remaining", "0"},
	    {"X-RateLimit-Reset", "20"}},
	1000, 0, 1000, 0, 0},
    {429, {{"Retry-After", "86400"}, {"RateLimit", "\"daily\";r=0;t=86400"}},
	86400000, 0, 900000, 0, 0},
    {429, {{"Retry-After", "soon"}, {"RateLimit", "\"a\";r=0;t=30"}}, 30000,
	0, 30000, 0, 0},
    {200, {{"Retry-After", "1"}, {"RateLimit", "\"a\";r=0;t=30"}}, -1, 0,
	30000, 0, 0},

    /* ---- RateLimit-Policy ---- */
    {200,
	{{"RateLimit-Policy",
	    "\"burst\";q=100;w=60,\"daily\";q=1000;w=86400"}},
	-1, -1, -1, 100, 60000},
    {200, {{"RateLimit-Policy", "\"daily\";q=1000;w=86400, 10;w=1"}}, -1,
	-1, -1, 10, 1000},
    {200,
	{{"RateLimit-Policy", "\"b\";q=65536;qu=\"content-bytes\";w=1"}},
	-1, -1, -1, 0, 0},
    {200, {{"RateLimit-Policy", "\"b\";q=5;qu=\"requests\";w=1"}}, -1, -1,
	-1, 5, 1000},
    {200, {{"RateLimit-Policy", "\"b\";q=0;w=0"}}, -1, -1, -1, 0, 0},
    {200, {{"RateLimit-Policy", "\"b\";q=5;w=99999999999999"}}, -1, -1, -1,
	0, 0},

    /* ---- older ones ---- */
    {200, {{"RateLimit-Remaining", "4"}, {"RateLimit-Reset", "9"}}, -1, 4,
	9000, 0, 0},
    {200,
	{{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1795424430"},
	    {"Date", "Mon, 23 Nov 2026 09:00:10 GMT"}},
	-1, 0, 20000, 0, 0},
    {200,
	{{"X-RateLimit-Remaining", "1"},
	    {"X-RateLimit-Reset", "1795424430000"}},
	-1, 1, 30000, 0, 0},
    {200,
	{{"X-RateLimit-Remaining", "1"}, {"X-RateLimit-Reset", "1495424430"}},
	-1, -1, -1, 0, 0},
    {200, {{"X-RateLimit-Remaining", "7"}}, -1, -1, -1, 0, 0},
    {200, {{"X-RateLimit-Remaining", "7, 90;w=3"}, {"X-RateLimit-Reset", "3"}},
	-1, 7, 3000, 0, 0},
    {200,
	{{"X-HubSpot-RateLimit-Max", "100"},
	    {"X-HubSpot-RateLimit-Remaining", "5"},
	    {"X-HubSpot-RateLimit-Interval-Milliseconds", "10000"}},
	-1, 5, 10000, 100, 10000},
    {200, {{"X-Request-Id", "7"}, {"Content-Type", "text/plain"}}, -1, -1,
	-1, 0, 0},
};

static struct throttle_advice
advise(const struct row *row)
{
	struct message_header headers[HEADERS_MAX];
	struct message_response response = {
	    .status = row->status, .headers = headers};

	for (size_t i = 0; i < HEADERS_MAX && row->headers[i][0]; i++)
		headers[response.header_count++] = (struct message_header){
		    .name = str_of(row->headers[i][0]),
		    .value = str_of(row->headers[i][1]),
		};
	return connector_advise(&response, NOW_MS);
}

static void
test_every_way_to_tell_a_limit_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *row = &rows[i];
		struct throttle_advice advice = advise(row);

		assert_int_equal(
		    advice.has_wait ? advice.wait_ms : -1, row->wait_ms);
		assert_int_equal(
		    advice.has_quota ? advice.quota : -1, row->quota);
		assert_int_equal(
		    advice.has_quota ? advice.quota_ms : -1, row->quota_ms);
		assert_int_equal(advice.policy_count, row->policy_count);
		assert_int_equal(advice.policy_ms, row->policy_ms);
	}
}

/* ---- health ---- */

static enum throttle_result
health(struct outcome outcome, enum message_failure failure)
{
	const struct message_response response = {
	    .failure = failure, .status = outcome.status};
	struct throttle_advice advice = connector_advise(&response, NOW_MS);

	return connector_health(&outcome, &response, &advice);
}

static void
test_what_the_endpoint_says_no_to_is_no_illness(void **state)
{
	static const int statuses[] = {401, 409, 423, 425};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		assert_int_equal(
		    health((struct outcome){.kind = OUTCOME_NOT_DONE,
			       .transient = true,
			       .status = statuses[i]},
			MESSAGE_OK),
		    THROTTLE_WELL);
	assert_int_equal(health((struct outcome){.kind = OUTCOME_NOT_DONE,
				    .status = 404},
			     MESSAGE_OK),
	    THROTTLE_WELL);
	assert_int_equal(health((struct outcome){.kind = OUTCOME_NOT_DONE,
				    .transient = true,
				    .status = 200,
				    .code = STR("odoo.concurrency")},
			     MESSAGE_OK),
	    THROTTLE_WELL);
}

static void
test_who_does_not_answer_is_ill(void **state)
{
	(void)state;
	assert_int_equal(health((struct outcome){.kind = OUTCOME_UNKNOWN,
				    .status = 502},
			     MESSAGE_OK),
	    THROTTLE_ILL);
	assert_int_equal(
	    health((struct outcome){.kind = OUTCOME_NOT_DONE},
		MESSAGE_CERTIFICATE),
	    THROTTLE_ILL);
	assert_int_equal(health((struct outcome){.kind = OUTCOME_UNKNOWN},
			     MESSAGE_TOO_LARGE),
	    THROTTLE_WELL);
	assert_int_equal(health((struct outcome){.kind = OUTCOME_NOT_DONE,
				    .transient = true,
				    .status = 429},
			     MESSAGE_OK),
	    THROTTLE_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_way_to_tell_a_limit_is_read),
	    cmocka_unit_test(test_what_the_endpoint_says_no_to_is_no_illness),
	    cmocka_unit_test(test_who_does_not_answer_is_ill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
