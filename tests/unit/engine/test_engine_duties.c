/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_duties.c: proposals and delegations stand or fall with their
 * commits, and are settled once. */
#include "engine_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ONE                                                   \
	"workflow: one\nversion: 1\ninitial: first\nstates:\n" \
	"  first: {user-task: {title: Look, role: clerk}, "    \
	"on: {approved: end}}\n"                               \
	"  end: {type: final}\n"
#define TWO                                                     \
	"workflow: one\nversion: 2\ninitial: second\nstates:\n" \
	"  second: {user-task: {title: Look}, on: {approved: " \
	"end}}\n"                                               \
	"  end: {type: final}\n"

static const struct str clerk[] = {STR_INIT("approver:clerk")};
static const struct str publisher[] = {STR_INIT("publisher")};

static struct chart_actor
clerk_of(const char *name)
{
	return (struct chart_actor){
	    .name = str_of(name),
	    .roles = clerk,
	    .role_count = 1,
	    .roles_checked = true,
	};
}

static struct chart_actor
nobody_of(const char *name)
{
	return (struct chart_actor){
	    .name = str_of(name), .roles_checked = true};
}

static struct chart_actor
publisher_of(const char *name)
{
	return (struct chart_actor){
	    .name = str_of(name),
	    .roles = publisher,
	    .role_count = 1,
	    .roles_checked = true,
	};
}

static void
propose(struct house *house, const char *who)
{
	struct engine_document document = {STR("sent.yaml"), STR(TWO)};
	struct engine_publish request = {
	    .documents = &document,
	    .count = 1,
	    .proposes = true,
	    .actor = publisher_of(who),
	};

	engine_publish(house->engine, &request, house_reply_cb, house);
}

static void
judge(struct house *house, const char *who, uint64_t serial, bool confirms)
{
	engine_judge(house->engine,
	    &(struct engine_verdict){
		.serial = serial,
		.confirms = confirms,
		.actor = publisher_of(who),
	    },
	    house_reply_cb, house);
}

static void
delegate(struct house *house, const char *to, int64_t until_ms)
{
	engine_delegate(house->engine,
	    &(struct engine_delegate){
		.role = STR("approver:clerk"),
		.from = STR("dan"),
		.to = str_of(to),
		.until_ms = until_ms,
		.actor = clerk_of("dan"),
	    },
	    house_reply_cb, house);
}

static void
take_back(struct house *house, uint64_t serial)
{
	engine_delegate(house->engine,
	    &(struct engine_delegate){
		.serial = serial, .revokes = true, .actor = clerk_of("dan")},
	    house_reply_cb, house);
}

static void
decide(struct house *house, uint64_t instance, struct chart_actor actor)
{
	struct chart_event event = {
	    .kind = EV_TASK_DECIDED,
	    .actor = actor,
	    .serial = 1,
	    .choice = STR("approved"),
	};

	engine_act(house->engine, instance, &event, house_reply_cb, house);
}

static int64_t
in_ms(const struct house *house, int64_t ms)
{
	return house->clock.now_ms + ms;
}

/* ---- a store that can't write for a while ---- */

static void
unlock(struct house *house)
{
	house_run_ms(house, 1500);
	assert_int_equal(house->status, ENGINE_UNAVAILABLE);
	house_unlock(house);
	house_run_ms(house, 3500);
}

static void
assert_next_start(struct house *house, const char *state)
{
	house_start(house, "one", "{}");
	assert_int_equal(house->status, ENGINE_CREATED);
	assert_string_equal(house->state, state);
}

/* ---- proposals ---- */

static void
test_proposal_that_is_not_committed_was_not_made(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	house_lock(house);
	propose(house, "ann");
	unlock(house);
	judge(house, "bob", 1, true);
	house_run(house);
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_int_equal(house->refusal, REFUSED_ABSENT);
	assert_next_start(house, "first");
	house_free(&house);
}

static void
test_verdict_that_is_not_committed_was_not_given(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	propose(house, "ann");
	house_run(house);
	assert_int_equal(house->status, ENGINE_PROPOSED);
	house_lock(house);
	judge(house, "bob", 1, true);
	unlock(house);
	assert_next_start(house, "first");
	judge(house, "bob", 1, true);
	house_run(house);
	assert_int_equal(house->status, ENGINE_OK);
	assert_next_start(house, "second");
	house_free(&house);
}

static void
test_proposal_is_settled_once_in_a_turn(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	propose(house, "ann");
	house_run(house);
	house->replies = 0;
	judge(house, "bob", 1, false);
	judge(house, "cyd", 1, true);
	house_run(house);
	assert_int_equal(house->replies, 2);
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_int_equal(house->refusal, REFUSED_ABSENT);
	assert_next_start(house, "first");
	house_crash(house);
	judge(house, "cyd", 1, true);
	house_run(house);
	assert_int_equal(house->refusal, REFUSED_ABSENT);
	house_free(&house);
}

static void
test_proposal_outlives_a_crash(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	propose(house, "ann");
	house_run(house);
	house_crash(house);
	judge(house, "ANN", 1, true);
	house_run(house);
	assert_int_equal(house->refusal, REFUSED_EXCLUDED);
	judge(house, "bob", 1, true);
	house_run(house);
	assert_int_equal(house->status, ENGINE_OK);
	assert_next_start(house, "second");
	/* Its number is never given again. */
	house_crash(house);
	propose(house, "ann");
	house_run(house);
	assert_int_equal(house->status, ENGINE_OK); /* it is published */
	house_free(&house);
}

/* ---- delegations ---- */

static void
test_delegation_holds_once_it_is_durable(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	assert_next_start(house, "first");
	house_lock(house);
	delegate(house, "eve", in_ms(house, 3600000));
	unlock(house);
	decide(house, 1, nobody_of("eve"));
	house_run(house);
	assert_int_equal(house->refusal, REFUSED_ROLE);
	delegate(house, "eve", in_ms(house, 3600000));
	decide(house, 1, nobody_of("eve")); /* within the turn */
	house_run(house);
	assert_int_equal(house->refusal, REFUSED_ROLE);
	decide(house, 1, nobody_of("Eve"));
	house_run(house);
	assert_int_equal(house->status, ENGINE_OK);
	house_free(&house);
}

static void
test_delegation_holds_until_it_is_durably_taken_back(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	assert_next_start(house, "first");
	assert_next_start(house, "first");
	delegate(house, "eve", in_ms(house, 3600000));
	house_run(house);
	assert_int_equal(house->status, ENGINE_CREATED);
	house_lock(house);
	take_back(house, 1);
	unlock(house);
	decide(house, 1, nobody_of("eve"));
	house_run(house);
	assert_int_equal(house->status, ENGINE_OK);
	take_back(house, 1);
	decide(house, 2, nobody_of("eve"));
	house_run(house);
	assert_int_equal(house->refusal, REFUSED_ROLE);
	house_crash(house);
	decide(house, 2, nobody_of("eve"));
	house_run(house);
	assert_int_equal(house->refusal, REFUSED_ROLE);
	house_free(&house);
}

static void
test_delegation_ends_by_itself(void **state)
{
	struct house *house = house_new(ONE, NULL);

	(void)state;
	assert_next_start(house, "first");
	delegate(house, "eve", in_ms(house, 1000));
	house_run(house);
	house_crash(house);
	house_advance(house, 1000);
	decide(house, 1, nobody_of("eve"));
	house_run(house);
	assert_int_equal(house->refusal, REFUSED_ROLE);
	take_back(house, 1);
	house_run(house);
	assert_int_equal(house->refusal, REFUSED_ABSENT);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_proposal_that_is_not_committed_was_not_made),
	    cmocka_unit_test(test_verdict_that_is_not_committed_was_not_given),
	    cmocka_unit_test(test_proposal_is_settled_once_in_a_turn),
	    cmocka_unit_test(test_proposal_outlives_a_crash),
	    cmocka_unit_test(test_delegation_holds_once_it_is_durable),
	    cmocka_unit_test(
		test_delegation_holds_until_it_is_durably_taken_back),
	    cmocka_unit_test(test_delegation_ends_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
