/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reperform_people.c: what takes two people, what one did alone and in
 * another's place, and what is sensitive, gone through again by the records.
 */
#include "stated/reperform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "stated/chart.h"
#include "stated/json.h"
#include "stated/library.h"

static const char documents[] =
    "contact: pager\n"
    "notify: [{log: error}]\n"
    "---\n"
    "workflow: careful\n"
    "version: 1\n"
    "owner: pager\n"
    "sensitive: [input.iban, pin]\n"
    "separate: [[correct, confirm]]\n"
    "business-key: = input.key\n"
    "data: {pin: null}\n"
    "events: {go: {}}\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry: [{set: {pin: '= 123'}}]\n"
    "    user-task: {title: Pay, role: boss, exclude: [initiator]}\n"
    "    on: {approved: checking, rejected: over}\n"
    "  checking:\n"
    "    entry: [{require: = input.sound, code: unsound}]\n"
    "    on: {done: waiting}\n"
    "  waiting:\n"
    "    on: {go: over}\n"
    "    after: {10d: over}\n"
    "  over: {type: final, outcome: success}\n"
    "---\n"
    "workflow: vetted\n"
    "version: 1\n"
    "owner: pager\n"
    "sensitive: [input.listed, input.term, born, term, within]\n"
    "business-key: = input.key\n"
    "data: {born: null, term: null, within: null, listed: null}\n"
    "events: {go: {}}\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry:\n"
    "      - set:\n"
    "          born: '= date(\"1971-02-03\")'\n"
    "          term: = duration(input.term)\n"
    "          within: '= [born..date(\"1999-01-01\")]'\n"
    "          listed: = if input.listed then \"yes\" else \"no\"\n"
    "    on:\n"
    "      go: [{if: = input.listed, target: over}, {target: waiting}]\n"
    "  waiting:\n"
    "    on: {go: over}\n"
    "    after: {= term: late}\n"
    "  late: {type: final, outcome: failure}\n"
    "  over: {type: final, outcome: success}\n";

#define RECORDS_MAX 100
#define START_MS INT64_C(1795680000000)

struct tale {
	struct arena *arena;
	struct library *library;
	struct library *unalarmed; /* where nobody is told */
	bool is_unalarmed;
	struct chart *chart;
	int64_t now_ms;
	const struct value *records[RECORDS_MAX];
	size_t count;
	struct reperform_finding finding;
};

static struct library *
load(const char *alarm)
{
	struct library *library = library_new();
	struct diag_list *diags = diag_list_new();
	struct buf text = {0};

	library_add_text(
	    library, STR("careful.yaml"), str_of(documents), diags);
	if (alarm != NULL)
		library_set_alarm(library, str_of(alarm));
	if (!library_link(library, diags)) {
		diag_format(diags, &text, false);
		fail_msg("%s", buf_cstr(&text));
	}
	diag_list_free(&diags);
	return library;
}

static const struct value *
json_of(struct tale *tale, const char *text)
{
	struct json_error error;
	const struct value *value =
	    json_read(tale->arena, str_of(text), &error);

	assert_non_null(value);
	return value;
}

/* As a file has them. */
static void
keep(struct tale *tale, const struct chart_effects *effects)
{
	for (size_t i = 0; i < effects->record_count; i++) {
		struct buf text = {0};
		struct json_error error;

		assert_true(tale->count < RECORDS_MAX);
		json_write(effects->records[i], JSON_CANONICAL, &text);
		tale->records[tale->count] = json_read_typed(
		    tale->arena, buf_str(&text), &error);
		assert_non_null(tale->records[tale->count++]);
		buf_fini(&text);
	}
}

/* The serial of what was opened; 0: nothing was. */
static uint64_t
step(struct tale *tale, struct chart_event event)
{
	struct chart_context context = {
	    .now_ms = tale->now_ms,
	    .arena = tale->arena,
	    .environment = STR("test"),
	};
	struct chart_effects effects = {0};
	uint64_t serial = 0;

	event.received_ms = tale->now_ms;
	chart_step(tale->chart, &event, &context, &effects);
	assert_int_equal(effects.refusal, REFUSED_NOT);
	keep(tale, &effects);
	for (size_t i = 0; i < effects.count; i++)
		if (effects.items[i].kind == DO_PUT_ITEM &&
		    effects.items[i].open)
			serial = effects.items[i].serial;
	tale->now_ms += 1000;
	return serial;
}

static struct chart_actor
person(const char *name)
{
	return (struct chart_actor){.name = str_of(name)};
}

/* Begun by alice; the serial of the task. */
static uint64_t
begin_workflow(struct tale *tale, const char *workflow, const char *input)
{
	struct chart_start start = {
	    .identity = {.store = "12345678abcdefgh", .number = 7},
	    .business_key = STR("K"),
	};

	*tale = (struct tale){
	    .arena = arena_new(),
	    .library = load("pager"),
	    .unalarmed = load(NULL),
	    .now_ms = START_MS,
	};
	start.definition =
	    library_find_workflow(tale->library, str_of(workflow), 0);
	start.input = json_of(tale, input);
	tale->chart = chart_new(&start);
	chart_set_salt(tale->chart, STR("0123456789abcdef"));
	return step(tale,
	    (struct chart_event){.kind = EV_STARTED, .actor = person("alice")});
}

static uint64_t
begin(struct tale *tale, const char *input)
{
	return begin_workflow(tale, "careful", input);
}

static void
end(struct tale *tale)
{
	chart_free(&tale->chart);
	library_free(&tale->library);
	library_free(&tale->unalarmed);
	arena_free(&tale->arena);
}

static const struct definition *
find(void *arg, const struct reperform_wanted *wanted, struct arena *arena,
    struct str *why)
{
	struct tale *tale = arg;
	bool is_told =
	    str_equal(wanted->alarm, STR("pager")) && !tale->is_unalarmed;

	(void)arena, (void)why;
	return library_find_digest(
	    is_told ? tale->library : tale->unalarmed, wanted->digest);
}

static enum reperform_result
again(struct tale *tale)
{
	struct reperform_world world = {.find = find, .arg = tale};

	reperform_instance(&world, tale->records, tale->count, tale->arena,
	    &tale->finding);
	return tale->finding.result;
}

static void
assert_agrees(struct tale *tale)
{
	if (again(tale) != REPERFORM_AGREES)
		print_error("%.*s\n%.*s\n%.*s\n",
		    STR_ARG(tale->finding.explanation),
		    STR_ARG(tale->finding.recorded),
		    STR_ARG(tale->finding.computed));
	assert_int_equal(tale->finding.result, REPERFORM_AGREES);
	assert_int_equal(tale->finding.records, tale->count);
}

static void
assert_explained(struct tale *tale, enum reperform_result result,
    const char *why)
{
	assert_int_equal(again(tale), result);
	if (str_find(tale->finding.explanation, str_of(why)) == SIZE_MAX)
		fail_msg("%.*s", STR_ARG(tale->finding.explanation));
}

static size_t
find_record(const struct tale *tale, enum audit_kind kind)
{
	for (size_t i = 0; i < tale->count; i++)
		if (str_equal(value_field_str(
				  tale->records[i], "kind"),
			audit_kind_name(kind)))
			return i;
	fail_msg("there is no %.*s", STR_ARG(audit_kind_name(kind)));
	return 0;
}

/* That the record says something else is found. */
static void
assert_forgery_is_found(struct tale *tale, enum audit_kind kind,
    const char *key, const char *json)
{
	size_t at = find_record(tale, kind);
	const struct value *kept = tale->records[at];

	assert_agrees(tale);
	tale->records[at] = value_with(
	    tale->arena, kept, str_of(key), json_of(tale, json));
	assert_int_equal(again(tale), REPERFORM_DIFFERS);
	tale->records[at] = kept;
}

static void
approve(struct tale *tale, uint64_t task)
{
	(void)step(tale,
	    (struct chart_event){.kind = EV_TASK_DECIDED,
		.actor = person("dan"),
		.serial = task,
		.choice = STR("approved")});
}

#define SOUND "{\"key\":\"K\",\"sound\":true,\"iban\":\"XK0512120123\"}"
#define UNSOUND "{\"key\":\"K\",\"sound\":false,\"iban\":\"XK0512120123\"}"

/* Up to where it stands still; the serial of the incident. */
static uint64_t
begin_unsound(struct tale *tale)
{
	uint64_t task = begin(tale, UNSOUND);

	return step(tale,
	    (struct chart_event){.kind = EV_TASK_DECIDED,
		.actor = person("dan"),
		.serial = task,
		.choice = STR("approved")});
}

static void
go(struct tale *tale, struct chart_event event)
{
	event.kind = EV_EVENT_RECEIVED;
	event.type = STR("go");
	event.subject = STR("K");
	event.id = STR("1");
	event.source = STR("test");
	(void)step(tale, event);
}

/* ---- in another's place ---- */

static void
test_decision_in_anothers_place_is_made_again(void **state)
{
	const struct chart_mandate mandate = {
	    .role = STR("approver:boss"), .from = STR("dan")};
	const struct chart_actor eve = {.name = STR("eve"),
	    .issuer = STR("https://id.example"),
	    .roles_checked = true,
	    .mandates = &mandate,
	    .mandate_count = 1};
	struct tale tale;
	uint64_t task = begin(&tale, SOUND);

	(void)state;
	(void)step(&tale,
	    (struct chart_event){.kind = EV_TASK_DECIDED,
		.actor = eve,
		.serial = task,
		.choice = STR("approved")});
	assert_non_null(value_get_cstr(
	    tale.records[find_record(&tale, AUDIT_TASK_DECIDED)],
	    "on_behalf_of"));
	assert_forgery_is_found(
	    &tale, AUDIT_TASK_DECIDED, "on_behalf_of", "\"alice\"");
	assert_forgery_is_found(
	    &tale, AUDIT_TASK_DECIDED, "actor", "\"alice\"");
	end(&tale);
}

/* ---- two people ---- */

static uint64_t
propose_skip(struct tale *tale, uint64_t incident)
{
	struct chart_event event = {
	    .kind = EV_INCIDENT_SETTLED,
	    .actor = person("bob"),
	    .comment = STR("it is sound"),
	    .serial = incident,
	    .settlement = SETTLE_SKIP,
	};

	(void)step(tale, event);
	return incident + 1;
}

static void
test_correction_of_two_people_is_made_again(void **state)
{
	struct tale tale;
	uint64_t proposal = propose_skip(&tale, begin_unsound(&tale));

	(void)state;
	(void)step(&tale,
	    (struct chart_event){.kind = EV_PROPOSAL_REJECTED,
		.actor = person("cyd"),
		.comment = STR("is it?"),
		.serial = proposal});
	(void)step(&tale,
	    (struct chart_event){.kind = EV_INCIDENT_SETTLED,
		.actor = person("bob"),
		.serial = proposal - 1,
		.settlement = SETTLE_SUPPLY,
		.data = json_of(&tale, "{\"a\":1}")});
	(void)step(&tale,
	    (struct chart_event){.kind = EV_PROPOSAL_CONFIRMED,
		.actor = person("cyd"),
		.serial = proposal + 1});
	assert_int_equal(chart_incident_count(tale.chart), 0);
	assert_forgery_is_found(
	    &tale, AUDIT_CONFIRMED, "actor", "\"Bob \"");
	assert_forgery_is_found(
	    &tale, AUDIT_CONFIRMED, "proposed_by", "\"ann\"");
	assert_forgery_is_found(
	    &tale, AUDIT_INCIDENT_RESOLVED, "how", "\"skip\"");
	assert_forgery_is_found(
	    &tale, AUDIT_INCIDENT_RESOLVED, "supplied", "{\"a\":2}");
	assert_forgery_is_found(
	    &tale, AUDIT_PROPOSAL_REJECTED, "act", "\"retry\"");
	end(&tale);
}

static void
test_lapse_of_a_proposal_is_found_out_again(void **state)
{
	struct tale tale;

	(void)state;
	approve(&tale, begin(&tale, SOUND));
	(void)step(&tale,
	    (struct chart_event){.kind = EV_CANCELLED,
		.actor = person("bob"),
		.compensate = true});
	go(&tale, (struct chart_event){.actor = person("bank")});
	assert_forgery_is_found(
	    &tale, AUDIT_PROPOSAL_LAPSED, "act", "\"skip\"");
	end(&tale);
}

static void
test_event_of_two_people_is_delivered_again(void **state)
{
	struct tale tale;

	(void)state;
	approve(&tale, begin(&tale, SOUND));
	go(&tale, (struct chart_event){
		      .actor = person("cyd"), .proposed_by = STR("bob")});
	assert_forgery_is_found(&tale, AUDIT_ENDED, "outcome", "\"failure\"");
	end(&tale);
}

/* ---- alone ---- */

static void
test_what_was_done_alone_is_done_again(void **state)
{
	struct tale tale;
	uint64_t incident = begin_unsound(&tale);
	size_t at;

	(void)state;
	(void)step(&tale,
	    (struct chart_event){.kind = EV_INCIDENT_SETTLED,
		.actor = person("bob"),
		.comment = STR("checked by hand"),
		.serial = incident,
		.settlement = SETTLE_SKIP,
		.break_glass = STR("the bank closes")});
	(void)step(&tale,
	    (struct chart_event){.kind = EV_GLASS_ACKNOWLEDGED,
		.actor = person("cyd"),
		.serial = incident + 1});
	go(&tale, (struct chart_event){.actor = person("bob"),
		      .break_glass = STR("still alone")});
	assert_forgery_is_found(
	    &tale, AUDIT_GLASS_ACKNOWLEDGED, "actor", "\"bob\"");
	assert_forgery_is_found(
	    &tale, AUDIT_NOTIFIED, "to", "\"nobody\"");

	tale.is_unalarmed = true;
	assert_explained(&tale, REPERFORM_COULD_NOT, "the contact");
	tale.is_unalarmed = false;
	at = find_record(&tale, AUDIT_GLASS_BROKEN);
	tale.records[at] = value_with(tale.arena, tale.records[at],
	    STR("actor"), &value_null);
	assert_int_equal(again(&tale), REPERFORM_DIFFERS);
	end(&tale);
}

static void
test_cancel_that_was_alone_is_done_again(void **state)
{
	struct tale tale;

	(void)state;
	approve(&tale, begin(&tale, SOUND));
	(void)step(&tale,
	    (struct chart_event){.kind = EV_CANCELLED,
		.actor = person("bob"),
		.compensate = true,
		.comment = STR("at once"),
		.break_glass = STR("fire")});
	assert_forgery_is_found(
	    &tale, AUDIT_GLASS_BROKEN, "compensate", "false");
	end(&tale);
}

/* Whoever makes records up may say anything: it differs, but nothing breaks. */
static void
test_whatever_records_say_of_people_is_borne(void **state)
{
	static const char *const instead[] = {"null", "7", "-1", "\"\"",
	    "\"cancel\"", "\"replay\"", "\"skip\"", "\"bob\"",
	    "\"confirmed\"", "\"cancelled\"", "\"glass-broken\"",
	    "\"erased\"", "[]", "{\"a\":[1]}"};
	struct tale tale;
	uint64_t proposal = propose_skip(&tale, begin_unsound(&tale));
	size_t tried = 0;

	(void)state;
	(void)step(&tale,
	    (struct chart_event){.kind = EV_PROPOSAL_CONFIRMED,
		.actor = person("cyd"),
		.serial = proposal});
	go(&tale, (struct chart_event){.actor = person("bob"),
		      .break_glass = STR("alone")});
	(void)step(&tale,
	    (struct chart_event){.kind = EV_ERASED, .actor = person("ada")});
	for (size_t at = 0; at < tale.count; at++) {
		const struct value *kept = tale.records[at];

		for (size_t i = 0; i < kept->as.context.count; i++)
			for (size_t j = 0; j < COUNT_OF(instead); j++) {
				tale.records[at] = value_with(tale.arena, kept,
				    kept->as.context.fields[i].key,
				    json_of(&tale, instead[j]));
				(void)again(&tale);
				tried++;
			}
		tale.records[at] = kept;
	}
	assert_true(tried > 1000);
	assert_int_equal(again(&tale), REPERFORM_COULD_NOT);
	assert_int_equal(tale.finding.records, tale.count);
	end(&tale);
}

/* ---- what is sensitive ---- */

static void
test_digest_that_cannot_be_made_again_agrees(void **state)
{
	struct tale tale;
	const struct value *said;

	(void)state;
	(void)begin(&tale, SOUND);
	said = value_get_cstr(
	    tale.records[find_record(&tale, AUDIT_STEP_DONE)], "assigned");
	assert_true(str_has_prefix(
	    value_field_str(said, "pin"), STR("hmac-sha256:")));
	assert_forgery_is_found(
	    &tale, AUDIT_STEP_DONE, "assigned", "{\"pin\":\"124\"}");
	assert_forgery_is_found(
	    &tale, AUDIT_STEP_DONE, "assigned", "{\"pin\":123}");
	end(&tale);
}

#define LISTED "{\"key\":\"K\",\"listed\":true,\"term\":\"P3D\"}"
#define UNLISTED "{\"key\":\"K\",\"listed\":false,\"term\":\"P3D\"}"

/* Whichever way a condition went that reads such a boolean; and a deadline
 * whose length is no secret's business of the record that tells when it is. */
static void
test_every_kind_of_digest_is_gone_through(void **state)
{
	static const char *const inputs[] = {LISTED, UNLISTED};
	struct tale tale;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(inputs); i++) {
		const struct value *said;

		(void)begin_workflow(&tale, "vetted", inputs[i]);
		said = value_get_cstr(
		    tale.records[find_record(&tale, AUDIT_STEP_DONE)],
		    "assigned");
		for (size_t j = 0; j < said->as.context.count; j++)
			assert_int_equal(
			    str_has_prefix(
				value_str(said->as.context.fields[j].value),
				STR("hmac-sha256:")),
			    !str_equal(said->as.context.fields[j].key,
				STR("listed")));
		go(&tale, (struct chart_event){.actor = person("bank")});
		if (i == 1) {
			tale.now_ms += (int64_t)3 * 24 * 60 * 60 * 1000;
			(void)step(&tale,
			    (struct chart_event){.kind = EV_TIME_PASSED});
		}
		assert_true(chart_status_is_end(chart_status(tale.chart)));
		assert_explained(&tale, REPERFORM_COULD_NOT,
		    "its records agree, but what ");
		assert_int_equal(tale.finding.records, tale.count);
		end(&tale);
	}
}

static void
test_change_beside_a_digest_of_any_kind_is_found(void **state)
{
	struct tale tale;
	size_t at;

	(void)state;
	(void)begin_workflow(&tale, "vetted", LISTED);
	at = find_record(&tale, AUDIT_STEP_DONE);
	tale.records[at] = value_with(tale.arena, tale.records[at],
	    STR("assigned"),
	    value_with(tale.arena,
		value_get_cstr(tale.records[at], "assigned"), STR("born"),
		json_of(&tale, "\"1971-02-04\"")));
	assert_int_equal(again(&tale), REPERFORM_DIFFERS);
	/* An older program left dates as they are. */
	tale.records[at] = value_with(tale.arena, tale.records[at],
	    STR("assigned"),
	    value_with(tale.arena,
		value_get_cstr(tale.records[at], "assigned"), STR("born"),
		value_of_date(tale.arena, (struct date){1971, 2, 3})));
	assert_explained(
	    &tale, REPERFORM_COULD_NOT, "its records agree, but what ");
	end(&tale);
}

static void
test_erased_instance_could_not_be_done_again(void **state)
{
	struct tale tale;

	(void)state;
	approve(&tale, begin(&tale, SOUND));
	go(&tale, (struct chart_event){.actor = person("bank")});
	assert_agrees(&tale);
	(void)step(&tale,
	    (struct chart_event){.kind = EV_ERASED,
		.actor = person("ada"),
		.comment = STR("the law")});
	assert_explained(&tale, REPERFORM_COULD_NOT, "it was erased");
	assert_int_equal(tale.finding.records, tale.count);
	/* What was changed before is found all the same. */
	tale.records[0] = value_with(tale.arena, tale.records[0],
	    STR("actor"), json_of(&tale, "\"dan\""));
	assert_int_equal(again(&tale), REPERFORM_DIFFERS);
	end(&tale);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decision_in_anothers_place_is_made_again),
	    cmocka_unit_test(test_correction_of_two_people_is_made_again),
	    cmocka_unit_test(test_lapse_of_a_proposal_is_found_out_again),
	    cmocka_unit_test(test_event_of_two_people_is_delivered_again),
	    cmocka_unit_test(test_what_was_done_alone_is_done_again),
	    cmocka_unit_test(test_cancel_that_was_alone_is_done_again),
	    cmocka_unit_test(test_whatever_records_say_of_people_is_borne),
	    cmocka_unit_test(test_digest_that_cannot_be_made_again_agrees),
	    cmocka_unit_test(test_every_kind_of_digest_is_gone_through),
	    cmocka_unit_test(
		test_change_beside_a_digest_of_any_kind_is_found),
	    cmocka_unit_test(test_erased_instance_could_not_be_done_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
