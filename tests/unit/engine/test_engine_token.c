/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: one for all calls, renewed in time, and after a 401 once. */
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WORKFLOW_OF(retries, limits)                                          \
	"workflow: pay\n"                                                     \
	"version: 1\n"                                                        \
	"initial: paying\n"                                                   \
	"states:\n"                                                           \
	"  paying:\n"                                                         \
	"    entry: [{call: bank.pay, retry: {limit: " #retries "}}]\n"       \
	"    on: {done: paid, error: failed}\n"                               \
	"  paid: {type: final}\n"                                             \
	"  failed: {type: final, outcome: failure}\n"                         \
	"---\n"                                                               \
	"connection: bank\n"                                                  \
	"kind: http\n"                                                        \
	"url: http://bank.invalid\n"                                          \
	"limits: {" limits "}\n"                                              \
	"operations:\n"                                                       \
	"  pay:\n"                                                            \
	"    request:\n"                                                      \
	"      post: /pay\n"                                                  \
	"      headers: {x-key: = idempotency_key}\n"                         \
	"    idempotent: true\n"
#define WORKFLOW WORKFLOW_OF(0, "concurrency: 100")

static const char by_token[] = WORKFLOW
    "auth: {oauth2: {token-url: http://bank.invalid/token, client: {secret: "
    "bank}}}\n";

/* The bank: what it has given out, and what it takes. */
static struct {
	int asked;  /* for tokens */
	int given;  /* the last one is "t" and that number */
	int taken;  /* tokens with a lower number are refused */
	int paid;
	int refused;
	int status; /* of the token endpoint; 0: it gives one */
	bool is_silent; /* the token endpoint doesn't answer */
	bool is_cut;	/* a refusal breaks off */
	char key[64];	/* of the last call */
	char other_key[64]; /* of the one before it */
} bank;

static struct str
header(const struct message_request *request, const char *name)
{
	return message_find_header(
	    request->headers, request->header_count, str_of(name));
}

static bool
give_token(struct house *house, struct message_response *response)
{
	bank.asked++;
	if (bank.is_silent)
		return false;
	response->status = bank.status != 0 ? bank.status : 200;
	response->body = STR("{\"error\": \"invalid_client\"}");
	if (bank.status != 0)
		return true;
	bank.given++;
	response->body = arena_strf(house->arena,
	    "{\"access_token\": \"t%d\", \"expires_in\": 600}", bank.given);
	return true;
}

static bool
answer(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	static const struct message_header json = {
	    .name = STR_INIT("content-type"),
	    .value = STR_INIT("application/json"),
	};
	int64_t number;

	response->headers = &json;
	response->header_count = 1;
	if (str_find(request->url, STR("/token")) != SIZE_MAX)
		return give_token(house, response);
	memcpy(bank.other_key, bank.key, sizeof(bank.key));
	snprintf(bank.key, sizeof(bank.key), "%.*s",
	    STR_ARG(header(request, "x-key")));
	response->body = STR("{}");
	if (!str_parse_int(str_slice(header(request, "authorization"), 8, 9),
		0, 1000, &number) ||
	    number < bank.taken) {
		bank.refused++;
		response->status = 401;
		if (bank.is_cut)
			response->failure = MESSAGE_TRUNCATED;
	} else {
		bank.paid++;
	}
	return true;
}

static bool
answer_and_change(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	bool is_answered = answer(house, request, response);

	house->secret = "t2";
	return is_answered;
}

static struct house *
open_bank(void)
{
	memset(&bank, 0, sizeof(bank));
	return house_new(by_token, answer);
}

static void
assert_state(struct house *house, uint64_t instance, const char *state)
{
	house_look(house, instance);
	assert_string_equal(house->state, state);
}

static void
test_one_token_serves_all_calls(void **state)
{
	struct house *house = open_bank();

	(void)state;
	bank.is_silent = true;
	for (int i = 0; i < 20; i++)
		house_start(house, "pay", "{}");
	assert_int_equal(bank.asked, 1);
	house_free(&house);

	house = open_bank();
	for (int i = 0; i < 20; i++)
		house_start(house, "pay", "{}");
	assert_int_equal(bank.asked, 1);
	assert_int_equal(bank.paid, 20);
	house_free(&house);
}

static void
test_token_is_renewed_before_it_dies(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house_start(house, "pay", "{}");
	house_advance(house, 539 * 1000);
	house_start(house, "pay", "{}");
	assert_int_equal(bank.asked, 1);
	/* The last tenth of its life has begun: calls still go by it. */
	house_advance(house, 2 * 1000);
	bank.is_silent = true;
	house_start(house, "pay", "{}");
	house_start(house, "pay", "{}");
	assert_int_equal(bank.asked, 2);
	assert_int_equal(bank.paid, 4);
	house_free(&house);
}

static void
test_renewal_that_fails_stops_nobody(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house_start(house, "pay", "{}");
	house_advance(house, 541 * 1000);
	bank.status = 503;
	house_start(house, "pay", "{}");
	assert_state(house, 2, "paid");
	assert_int_equal(bank.asked, 2);
	house_start(house, "pay", "{}"); /* not asked for each call */
	assert_int_equal(bank.asked, 2);
	house_advance(house, 1000);
	bank.status = 0;
	house_start(house, "pay", "{}");
	assert_int_equal(bank.asked, 3);
	assert_int_equal(bank.paid, 4);
	house_free(&house);
}

/* Its tokens begin as the client's secret does, and it takes no others. */
static bool
answer_by_its_own_secret(struct house *house,
    const struct message_request *request, struct message_response *response)
{
	if (str_find(request->url, STR("/token")) != SIZE_MAX) {
		bank.asked++;
		response->body =
		    STR("{\"access_token\": \"bank-secret-1.eyJ\"}");
		return true;
	}
	if (!str_equal(header(request, "authorization"),
		STR("Bearer bank-secret-1.eyJ")))
		response->status = 401;
	else
		bank.paid++;
	return house_answer_ok(house, request, response);
}

static void
test_token_that_has_the_clients_secret_within_is_used_whole(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house->answer = answer_by_its_own_secret;
	house->secret = "stated:bank-secret-1";
	house_start(house, "pay", "{}");
	assert_int_equal(bank.paid, 1);
	assert_state(house, 1, "paid");
	house_free(&house);
}

/* No retry is left to the step: it is the same attempt, with the same key. */
static void
test_call_that_is_refused_goes_out_once_more_with_its_key(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house_start(house, "pay", "{}");
	bank.taken = 2; /* what was given is revoked */
	house_start(house, "pay", "{}");
	assert_state(house, 2, "paid");
	assert_int_equal(bank.refused, 1);
	assert_int_equal(bank.asked, 2);
	assert_string_equal(bank.key, bank.other_key);
	assert_int_equal(house_count(house, 2, "call-sent"), 1);
	assert_int_equal(house_count(house, 2, "call-replied"), 1);
	house_free(&house);
}

/* The key of the step's operation is what makes this one safe to repeat: as
 * another attempt, which this step has none of. */
static void
test_refusal_that_breaks_off_is_no_refusal(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house_start(house, "pay", "{}");
	bank.taken = 2;
	bank.is_cut = true;
	house_start(house, "pay", "{}");
	assert_int_equal(bank.refused, 1);
	assert_int_equal(bank.paid, 1);
	assert_int_equal(bank.asked, 1);
	assert_state(house, 2, "paying");
	house_free(&house);
}

static const char by_token_and_rule[] = WORKFLOW
    "    errors: [{if: = status = 401, code: bank.odd, outcome: unknown}]\n"
    "auth: {oauth2: {token-url: http://bank.invalid/token, client: {secret: "
    "bank}}}\n";

static void
test_refusal_that_a_rule_doubts_is_no_refusal(void **state)
{
	struct house *house;

	(void)state;
	memset(&bank, 0, sizeof(bank));
	house = house_new(by_token_and_rule, answer);
	bank.taken = 2;
	house_start(house, "pay", "{}");
	assert_int_equal(bank.refused, 1);
	assert_int_equal(bank.paid, 0);
	assert_state(house, 1, "paying");
	house_free(&house);
}

static void
test_call_that_is_refused_twice_has_failed(void **state)
{
	struct house *house = open_bank();

	(void)state;
	bank.taken = 100;
	house_start(house, "pay", "{}");
	assert_state(house, 1, "failed");
	assert_int_equal(bank.refused, 2);
	assert_int_equal(bank.asked, 2);
	assert_int_equal(bank.paid, 0);
	house_free(&house);
}

static void
test_refused_call_whose_renewal_fails_has_failed(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house_start(house, "pay", "{}");
	bank.taken = 100;
	bank.status = 400;
	house_start(house, "pay", "{}");
	assert_state(house, 2, "failed");
	assert_int_equal(bank.refused, 1);
	assert_int_equal(bank.asked, 2);
	house_free(&house);
}

static void
test_token_endpoint_in_trouble_costs_one_call_at_a_time(void **state)
{
	struct house *house = open_bank();

	(void)state;
	bank.is_silent = true;
	for (int i = 0; i < 3; i++)
		house_start(house, "pay", "{}");
	house_crash(house);
	bank.is_silent = false;
	bank.status = 503;
	house_run(house);
	assert_state(house, 1, "failed");
	bank.status = 0;
	house_advance(house, 2000);
	assert_state(house, 2, "paid");
	assert_state(house, 3, "paid");
	house_free(&house);
}

/* Who waits for another token when the process ends is in doubt, as every call
 * that was sent: its key is what makes it safe to repeat. */
static void
test_crash_while_a_refused_call_waits(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house_start(house, "pay", "{}");
	bank.taken = 2;
	bank.is_silent = true;
	house_start(house, "pay", "{}");
	assert_int_equal(bank.refused, 1);
	bank.is_silent = false;
	house_crash(house);
	house_run(house);
	assert_int_equal(bank.paid, 1);
	house_free(&house);
}

/* A second is a second, whatever the clock says. */
static void
test_clock_that_is_set_back_makes_nobody_wait_for_a_token(void **state)
{
	struct house *house = open_bank();

	(void)state;
	bank.status = 503;
	house_start(house, "pay", "{}");
	assert_state(house, 1, "failed");
	house_start(house, "pay", "{}");
	assert_state(house, 2, "paying");
	bank.status = 0;
	house_advance(house, 999);
	assert_int_equal(bank.asked, 1);
	house_advance(house, -3600 * 1000);
	assert_state(house, 2, "paid");
	assert_int_equal(bank.asked, 2);
	house_free(&house);
}

/* With the first 401 the client's secret is gone, so that a token can't even
 * be asked for. */
static bool
answer_and_lose_secret(struct house *house,
    const struct message_request *request, struct message_response *response)
{
	bool is_answered = answer(house, request, response);

	if (response->status == 401)
		house->secret = "";
	return is_answered;
}

static void
start_two(struct house *house)
{
	static const struct value input = {.type = VALUE_CONTEXT};
	static const struct engine_start start = {
	    .workflow = STR_INIT("pay"),
	    .input = &input,
	    .actor = {.name = STR_INIT("alice")},
	};

	engine_start(house->engine, &start, house_reply_cb, house);
	engine_start(house->engine, &start, house_reply_cb, house);
}

/* Two are refused, one after the other; between them the fetching fails.  The
 * second, instance 3, waits until it may be tried again. */
static void
leave_one_waiting(struct house *house)
{
	house_start(house, "pay", "{}");
	bank.taken = 2;
	house->answer = answer_and_lose_secret;
	start_two(house);
	house_run(house);
	assert_int_equal(bank.refused, 2);
	assert_state(house, 3, "paying");
	house->secret = NULL;
}

static void
test_refused_call_waits_while_no_token_may_be_asked_for(void **state)
{
	struct house *house = open_bank();

	(void)state;
	leave_one_waiting(house);
	assert_state(house, 2, "failed");
	assert_int_equal(engine_health(house->engine).calls_active, 1);
	house_advance(house, 1000);
	assert_state(house, 3, "paid");
	assert_int_equal(engine_health(house->engine).calls_active, 0);
	assert_int_equal(house_count(house, 3, "call-sent"), 1);
	house_free(&house);
}

static void
act(struct house *house, uint64_t instance, enum chart_event_kind kind)
{
	struct chart_event event = {
	    .kind = kind,
	    .actor = {.name = STR("bob")},
	    .compensate = kind == EV_CANCELLED,
	};

	house->instance = instance;
	house_act(house, &event);
	assert_int_equal(house->status, ENGINE_OK);
}

static void
test_refused_call_that_is_cancelled_goes_out_no_more(void **state)
{
	struct house *house = open_bank();

	(void)state;
	leave_one_waiting(house);
	act(house, 3, EV_CANCELLED);
	house_advance(house, 1000);
	assert_int_equal(bank.paid, 1);
	house_look(house, 3);
	assert_string_equal(house->state_status, "cancelled");
	assert_int_equal(engine_health(house->engine).calls_active, 0);
	house_free(&house);
}

static const char by_token_in_doubt[] =
    "workflow: pay\n"
    "version: 1\n"
    "initial: paying\n"
    "states:\n"
    "  paying:\n"
    "    entry:\n"
    "      - call: bank.pay\n"
    "        verify: {call: bank.find, after: 1m, happened: = true}\n"
    "        compensate: {call: bank.unpay}\n"
    "    on: {done: paid, error: failed}\n"
    "  paid: {type: final}\n"
    "  failed: {type: final, outcome: failure}\n"
    "---\n"
    "connection: bank\n"
    "kind: http\n"
    "url: http://bank.invalid\n"
    "operations:\n"
    "  pay: {request: {post: /pay}}\n"
    "  unpay: {request: {post: /unpay}, idempotent: true}\n"
    "  find: {request: {get: /find}}\n"
    "auth: {oauth2: {token-url: http://bank.invalid/token, client: {secret: "
    "bank}}}\n";

/* Nobody learns whether that payment happened. */
static bool
answer_cut(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	bool is_answered = answer(house, request, response);

	if (str_has_suffix(request->url, STR("/pay")))
		response->failure = MESSAGE_TRUNCATED;
	return is_answered;
}

static struct house *
open_doubtful_bank(void)
{
	struct house *house;

	memset(&bank, 0, sizeof(bank));
	house = house_new(by_token_in_doubt, answer_cut);
	house_start(house, "pay", "{}");
	bank.taken = 2; /* what was given is revoked */
	return house;
}

/* Of what was given up one wants to know still whether it happened. */
static void
test_refused_question_of_a_cancelled_instance_goes_out_once_more(void **state)
{
	struct house *house = open_doubtful_bank();

	(void)state;
	act(house, 1, EV_CANCELLED);
	house_advance(house, 60 * 1000);
	assert_int_equal(bank.refused, 1);
	house_look(house, 1);
	assert_string_equal(house->state_status, "cancelled");
	assert_int_equal(house_count(house, 1, "compensated"), 1);
	/* The payment, the question, the undoing. */
	assert_int_equal(house_count(house, 1, "call-sent"), 3);
	house_free(&house);
}

/* It goes on with the instance, and has no attempt but this one. */
static void
test_refused_call_of_a_suspended_instance_waits_for_it(void **state)
{
	struct house *house = open_bank();

	(void)state;
	leave_one_waiting(house);
	act(house, 3, EV_SUSPENDED);
	bank.paid = 0;
	house_advance(house, 1000);
	house_advance(house, 3600 * 1000);
	assert_int_equal(house_count(house, 3, "call-sent"), 1);
	assert_state(house, 3, "paying");
	act(house, 3, EV_RESUMED);
	house_run(house);
	assert_state(house, 3, "paid");
	assert_string_equal(bank.key, bank.other_key);
	assert_int_equal(house_count(house, 3, "call-sent"), 2);
	house_free(&house);
}

static const char by_token_and_rate[] = WORKFLOW_OF(0, "rate: 3/s")
    "auth: {oauth2: {token-url: http://bank.invalid/token, client: {secret: "
    "bank}}}\n";

/* Two leave, and are refused: one of them may go once more in this second. */
static void
test_refused_calls_go_out_once_more_within_the_rate(void **state)
{
	struct house *house;

	(void)state;
	memset(&bank, 0, sizeof(bank));
	house = house_new(by_token_and_rate, answer);
	house_start(house, "pay", "{}");
	house_advance(house, 1000);
	bank.taken = 2;
	bank.paid = 0;
	start_two(house);
	house_run(house);
	assert_int_equal(bank.refused, 2);
	assert_int_equal(bank.paid, 1);
	house_advance(house, 999);
	assert_int_equal(bank.paid, 1);
	house_advance(house, 1);
	assert_int_equal(bank.paid, 2);
	assert_state(house, 2, "paid");
	assert_state(house, 3, "paid");
	house_free(&house);
}

static const char by_secret[] = WORKFLOW
    "auth: {bearer: {secret: bank}}\n";

static const char by_other_token[] = WORKFLOW
    "auth: {oauth2: {token-url: http://other.invalid/token, client: {secret: "
    "bank}}}\n";

static const char *given_anew; /* while a token is on its way */

static bool
answer_and_reload(struct house *house, const struct message_request *request,
    struct message_response *response)
{
	const char *definitions = given_anew;

	if (definitions != NULL &&
	    str_find(request->url, STR("/token")) != SIZE_MAX) {
		given_anew = NULL;
		house_replace(house, definitions);
	}
	return answer(house, request, response);
}

/* A token is shown to nobody but whom it was asked for. */
static void
test_token_of_what_the_connection_was_is_not_shown(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house->answer = answer_and_reload;
	given_anew = by_other_token;
	bank.taken = 2; /* a call by the first one would be refused */
	house_start(house, "pay", "{}");
	assert_state(house, 1, "paid");
	assert_int_equal(bank.asked, 2);
	assert_int_equal(bank.refused, 0);
	house_free(&house);
}

static void
test_token_that_nobody_needs_any_more_is_dropped(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house->answer = answer_and_reload;
	house->secret = "t1:s";
	given_anew = by_secret;
	house_start(house, "pay", "{}");
	assert_int_equal(bank.asked, 1);
	/* The bank doesn't know the secret. */
	assert_state(house, 1, "failed");
	assert_int_equal(bank.paid, 0);
	house_free(&house);
}

/* It was refused, and waits for a token that will never be asked for. */
static void
test_refused_call_goes_on_where_no_token_is_needed_any_more(void **state)
{
	struct house *house = open_bank();

	(void)state;
	house_start(house, "pay", "{}");
	house->answer = answer_and_reload;
	given_anew = by_secret;
	bank.taken = 2;
	house_start(house, "pay", "{}");
	assert_state(house, 2, "failed");
	assert_int_equal(bank.refused, 1);
	assert_int_equal(engine_health(house->engine).calls_active, 0);
	house_free(&house);
}

/* It takes t1 once, and then t2 alone; the secret changes meanwhile. */
static void
test_secret_that_was_changed_meanwhile_is_tried_once(void **state)
{
	struct house *house;

	(void)state;
	memset(&bank, 0, sizeof(bank));
	house = house_new(by_secret, answer);
	house->secret = "t1";
	bank.taken = 1;
	house_start(house, "pay", "{}");
	assert_state(house, 1, "paid");
	/* The same again is not tried again. */
	bank.taken = 2;
	house_start(house, "pay", "{}");
	assert_state(house, 2, "failed");
	assert_int_equal(bank.refused, 1);
	/* While it is on its way, another takes its place. */
	house->answer = answer_and_change;
	house_start(house, "pay", "{}");
	assert_state(house, 3, "paid");
	assert_int_equal(bank.refused, 2);
	assert_string_equal(bank.key, bank.other_key);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_token_serves_all_calls),
	    cmocka_unit_test(test_token_is_renewed_before_it_dies),
	    cmocka_unit_test(test_renewal_that_fails_stops_nobody),
	    cmocka_unit_test(
		test_token_that_has_the_clients_secret_within_is_used_whole),
	    cmocka_unit_test(
		test_call_that_is_refused_goes_out_once_more_with_its_key),
	    cmocka_unit_test(test_refusal_that_breaks_off_is_no_refusal),
	    cmocka_unit_test(test_refusal_that_a_rule_doubts_is_no_refusal),
	    cmocka_unit_test(test_call_that_is_refused_twice_has_failed),
	    cmocka_unit_test(test_refused_call_whose_renewal_fails_has_failed),
	    cmocka_unit_test(
		test_token_endpoint_in_trouble_costs_one_call_at_a_time),
	    cmocka_unit_test(test_crash_while_a_refused_call_waits),
	    cmocka_unit_test(
		test_clock_that_is_set_back_makes_nobody_wait_for_a_token),
	    cmocka_unit_test(
		test_refused_call_waits_while_no_token_may_be_asked_for),
	    cmocka_unit_test(
		test_refused_call_that_is_cancelled_goes_out_no_more),
	    cmocka_unit_test(
		test_refused_question_of_a_cancelled_instance_goes_out_once_more),
	    cmocka_unit_test(
		test_refused_call_of_a_suspended_instance_waits_for_it),
	    cmocka_unit_test(
		test_refused_calls_go_out_once_more_within_the_rate),
	    cmocka_unit_test(
		test_token_of_what_the_connection_was_is_not_shown),
	    cmocka_unit_test(test_token_that_nobody_needs_any_more_is_dropped),
	    cmocka_unit_test(
		test_refused_call_goes_on_where_no_token_is_needed_any_more),
	    cmocka_unit_test(
		test_secret_that_was_changed_meanwhile_is_tried_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
