/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_engine_retention.c: what is kept for a time and purged then, what is
 * held, what is erased, and who is shown what is sensitive.
 */
#include "engine_house.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sqlite3.h>

#define DAY ((int64_t)24 * 60 * 60 * 1000)
#define IBAN "DE89370400440532013000"

#define WORKFLOW(version, retention)                                           \
	"workflow: pay\n"                                                      \
	"version: " version "\n" retention                                     \
	"sensitive: [input.iban, note]\n"                                      \
	"business-key: = input.key\n"                                          \
	"labels: {entity: = input.entity}\n"                                   \
	"data: {note: null}\n"                                                 \
	"events: {go: {correlate: = input.key}}\n"                             \
	"initial: open\n"                                                      \
	"states:\n"                                                            \
	"  open:\n"                                                            \
	"    entry: [{set: {note: '= \"to \" + input.iban'}}]\n"               \
	"    user-task: {title: = input.iban}\n"                               \
	"    on: {go: paid, approved: paid, rejected: paid}\n"                 \
	"    after: {100d: paid}\n"                                            \
	"  paid: {type: final, outcome: success}\n"

static const char kept_a_month[] = WORKFLOW("1", "retention: 30d\n");
static const char kept_for_ever[] = WORKFLOW("1", "");

static struct house *
open_house(const char *definitions)
{
	return house_new(definitions, house_answer_nothing);
}

static uint64_t
start(struct house *house, const char *key, const char *entity)
{
	char input[256];

	snprintf(input, sizeof(input),
	    "{\"key\":\"%s\",\"entity\":\"%s\",\"iban\":\"" IBAN "\","
	    "\"short\":\"DE\",\"within\":{\"short\":\"DE\"},"
	    "\"number\":12,\"yes\":true}", key, entity);
	house_start(house, "pay", input);
	assert_int_equal(house->status, ENGINE_CREATED);
	return house->instance;
}

/* One that has ended. */
static uint64_t
run(struct house *house, const char *key, const char *entity)
{
	uint64_t number = start(house, key, entity);
	static int id;
	char text[16];

	snprintf(text, sizeof(text), "e%d", ++id);
	house_event(house, "go", key, text);
	assert_string_equal(house->fate, "matched");
	return number;
}

static struct store_instance
row_of(struct house *house, uint64_t number)
{
	struct store_instance row;

	assert_int_equal(store_find_instance(
	    house->store, house->arena, number, &row), STORE_OK);
	return row;
}

static bool
is_purged(struct house *house, uint64_t number)
{
	return str_equal(row_of(house, number).status, STR(STORE_PURGED));
}

/* A portion, and a pause, and what is left. */
static void
advance(struct house *house, int64_t ms)
{
	house_advance(house, ms);
	for (int i = 0; i < 6; i++)
		house_advance(house, 20);
}

/* Where somebody is told of what is done alone. */
static void
set_alarm(struct house *house, const char *definitions)
{
	struct diag_list *diags = diag_list_new();

	house_close_engine(house);
	library_free(&house->library);
	house->library = library_new();
	library_add_text(
	    house->library, STR("test.yaml"), str_of(definitions), diags);
	library_set_alarm(house->library, STR("desk"));
	assert_true(library_link(house->library, diags));
	diag_list_free(&diags);
	house_open_engine(house);
}

/* ---- the journal ---- */

struct entries {
	const char *kind;
	struct arena *arena;
	const struct value *last;
	int count;
};

static bool
entry_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	struct entries *entries = arg;
	struct json_error error;
	const struct value *read =
	    json_read(entries->arena, record->canonical, &error);

	assert_int_equal(instance, STORE_JOURNAL);
	assert_non_null(read);
	if (str_equal(value_field_str(read, "kind"),
		str_of(entries->kind))) {
		entries->last = read;
		entries->count++;
	}
	return true;
}

static struct entries
entries(struct house *house, const char *kind)
{
	struct entries all = {.kind = kind, .arena = house->arena};

	assert_int_equal(store_each_record(house->store, STORE_JOURNAL, 1,
	    entry_cb, &all), STORE_OK);
	return all;
}

static const struct value *
item_of(const struct value *record, size_t at)
{
	const struct value *list = value_field_or_null(record, "instances");

	assert_int_equal(list->type, VALUE_LIST);
	assert_true(at < list->as.list.count);
	return list->as.list.items[at];
}

/* ---- purging ---- */

static void
test_history_is_purged_when_its_time_is_over(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = run(house, "A-1", "DE01"), open;
	struct audit_head head = row_of(house, number).head;
	struct entries purged;
	char hex[DIGEST_HEX_BYTES];

	(void)state;
	open = start(house, "A-2", "DE01");
	advance(house, 30 * DAY - 60000);
	assert_false(is_purged(house, number));
	advance(house, 60000);
	assert_true(is_purged(house, number));
	assert_false(is_purged(house, open));

	purged = entries(house, "purged");
	assert_int_equal(purged.count, 1);
	assert_true(str_equal(
	    value_field_str(item_of(purged.last, 0), "hash"),
	    digest_hex(head.hash, hex)));
	assert_true(digest_equal(row_of(house, number).head.hash, head.hash));
	/* and once only, whoever begins anew */
	house_crash(house);
	advance(house, DAY);
	assert_int_equal(entries(house, "purged").count, 1);
	house_free(&house);
}

static void
test_purged_instance_is_looked_at_and_nothing_else(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = run(house, "A-1", "DE01");

	(void)state;
	advance(house, 31 * DAY);
	house_look(house, number);
	assert_int_equal(house->status, ENGINE_OK);
	assert_string_equal(house->state_status, STORE_PURGED);
	house->instance = number;
	house_act(house, &(struct chart_event){.kind = EV_CANCELLED});
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_int_equal(house->refusal, REFUSED_ENDED);
	assert_non_null(strstr(house->detail, "purged"));
	/* Who waits for it is told how it is, as who looks. */
	house->replies = 0;
	assert_int_equal(engine_watch(house->engine, number,
	    house_reply_cb, house), 0);
	house_run(house);
	assert_int_equal(house->replies, 1);
	assert_int_equal(house->status, ENGINE_OK);
	assert_string_equal(house->state_status, STORE_PURGED);
	/* Its key is never given again. */
	house_start(house, "pay", "{\"key\":\"A-1\",\"entity\":\"DE01\","
	    "\"iban\":\"" IBAN "\"}");
	assert_int_equal(house->status, ENGINE_CONFLICT);
	assert_non_null(strstr(house->detail, "purged"));
	house_free(&house);
}

/* Who sees one entity only still counts it; nothing sensitive stays for it. */
static void
test_purged_instance_keeps_its_entity(void **state)
{
	static const struct {
		const char *sensitive, *entity, *labels;
	} cases[] = {
	    {"input.iban", "input.entity", "{\"entity\":\"DE01\"}"},
	    {"input.iban", "7.10", "{\"entity\":7.10}"},
	    {"input.entity", "input.entity", NULL},
	    {"input.iban", "\"of \" + input.iban", NULL},
	    {"input.iban", "null", NULL},
	    /* what is short has no digest */
	    {"input.iban", "input.short", "{\"entity\":\"DE\"}"},
	    {"input.iban", "\"DE\"", "{\"entity\":\"DE\"}"},
	    {"input.short", "input.short", NULL},
	    {"input.short", "input.entity", "{\"entity\":\"DE01\"}"},
	    {"input.short", "upper case(input.short)", NULL},
	    {"input.short", "copy", NULL},
	    {"input.within.short", "input.within.short", NULL},
	    {"input.within", "input.within.short", NULL},
	    {"input.number", "input.number", NULL},
	    {"input.yes", "input.yes", NULL},
	};
	char definition[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct house *house;
		uint64_t number;

		snprintf(definition, sizeof(definition),
		    "workflow: pay\nversion: 1\nretention: 30d\n"
		    "sensitive: [%s]\nbusiness-key: = input.key\n"
		    "labels: {team: fly, entity: '= %s'}\n"
		    "data: {copy: = input.short}\n"
		    "events: {go: {correlate: = input.key}}\n"
		    "initial: open\n"
		    "states: {open: {on: {go: paid}}, paid: {type: final}}\n",
		    cases[i].sensitive, cases[i].entity);
		house = open_house(definition);
		number = run(house, "A-1", "DE01");
		advance(house, 31 * DAY);
		assert_true(is_purged(house, number));
		if (cases[i].labels == NULL)
			assert_null(row_of(house, number).labels.at);
		else
			assert_true(str_equal(row_of(house, number).labels,
			    str_of(cases[i].labels)));
		house_free(&house);
	}
}

static void
test_what_has_no_retention_is_kept(void **state)
{
	struct house *house = open_house(kept_for_ever);
	uint64_t number = run(house, "A-1", "DE01");

	(void)state;
	advance(house, 40000 * DAY);
	assert_false(is_purged(house, number));
	assert_true(house_chain_is_sound(house, number));
	house_free(&house);
}

/* More than one portion, while others go on. */
static void
test_many_are_purged_a_few_at_a_time(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t first = run(house, "A-0", "DE01"), last = first;
	struct entries purged;
	char key[16];

	(void)state;
	for (int i = 1; i < 70; i++) {
		snprintf(key, sizeof(key), "A-%d", i);
		last = run(house, key, "DE01");
	}
	advance(house, 30 * DAY);
	for (uint64_t n = first; n <= last; n++)
		assert_true(is_purged(house, n));
	purged = entries(house, "purged");
	assert_int_equal(purged.count, 2);
	house_free(&house);
}

/* The next engine empties the log of what was purged, whenever the last one
 * went. */
static void
test_log_is_emptied_after_a_crash_too(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = run(house, "A-1", "DE01");

	(void)state;
	house_advance(house, 31 * DAY);
	assert_true(is_purged(house, number));
	house_crash(house);
	assert_false(store_is_scrubbed(house->store));
	for (int i = 0; i < 6; i++)
		house_advance(house, 1100);
	assert_true(store_is_scrubbed(house->store));
	house_free(&house);
}

/* The commit that purges fails: nothing is lost, and it is done later. */
static void
test_purge_that_fails_is_done_later(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = run(house, "A-1", "DE01");

	(void)state;
	house_lock(house);
	house_advance(house, 31 * DAY);
	assert_false(engine_health(house->engine).writable);
	assert_false(is_purged(house, number));
	assert_int_equal(entries(house, "purged").count, 0);
	house_unlock(house);
	house_run_ms(house, 600);
	advance(house, 1000);
	assert_true(is_purged(house, number));
	assert_int_equal(entries(house, "purged").count, 1);
	house_free(&house);
}

/* ---- what older programs ended ---- */

static void
test_what_an_older_program_ended_is_purged_too(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = 0, open;
	sqlite3 *db = NULL;
	char key[16];

	(void)state;
	for (int i = 0; i < 70; i++) {
		snprintf(key, sizeof(key), "A-%d", i);
		number = run(house, key, "DE01");
	}
	open = start(house, "B-1", "DE01");
	house_close_engine(house);
	assert_int_equal(sqlite3_open(house->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM retention;"
	    "INSERT INTO meta SELECT 'unswept', value FROM meta"
	    "	WHERE name = 'last_number'", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	house_open_engine(house);
	advance(house, 1000);
	assert_false(is_purged(house, number));
	house_crash(house);
	advance(house, 31 * DAY);
	for (uint64_t n = 1; n <= number; n++)
		assert_true(is_purged(house, n));
	assert_false(is_purged(house, open));
	house_free(&house);
}

/* ---- what a second person was asked for ---- */

static const char checked_by_two[] =
    "workflow: two\n"
    "version: 1\n"
    "retention: 30d\n"
    "sensitive: [input.iban]\n"
    "business-key: = input.key\n"
    "separate: [[correct, confirm]]\n"
    "data: {n: 0}\n"
    "initial: open\n"
    "states:\n"
    "  open:\n"
    "    user-task: {title: = input.iban}\n"
    "    on: {approved: paid, rejected: paid}\n"
    "    after: {100d: paid}\n"
    "  paid: {type: final, outcome: success}\n";

struct found {
	int count;
	uint64_t serial; /* of the last one */
};

static bool
found_cb(const struct store_item *item, void *arg)
{
	struct found *found = arg;

	found->count++;
	found->serial = item->serial;
	return true;
}

/* Proposals last. */
static struct found
find_items(struct house *house, uint64_t number)
{
	static const enum store_item_kind kinds[] = {
	    ITEM_TASK, ITEM_INCIDENT, ITEM_ESCALATION, ITEM_PROPOSAL};
	struct found found = {.count = 0};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct store_item_filter filter = {.kind = kinds[i],
		    .open = -1, .instance = number, .limit = 10};

		assert_int_equal(store_list_items(
		    house->store, &filter, found_cb, &found), STORE_OK);
	}
	return found;
}

/* One that somebody proposed to cancel, and that was cancelled. */
static uint64_t
cancel_by_two(struct house *house, const char *input)
{
	uint64_t number;

	house_start(house, "two", input);
	assert_int_equal(house->status, ENGINE_CREATED);
	number = house->instance;
	house_act(house, &(struct chart_event){.kind = EV_CANCELLED,
	    .compensate = true, .actor = {.name = STR("ann")}});
	assert_int_equal(house->status, ENGINE_PROPOSED);
	house->instance = number;
	house_act(house, &(struct chart_event){.kind = EV_PROPOSAL_CONFIRMED,
	    .serial = find_items(house, number).serial,
	    .actor = {.name = STR("bob")}});
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(find_items(house, number).count, 2);
	return number;
}

static void
test_proposals_go_with_what_they_were_about(void **state)
{
	struct house *house = open_house(checked_by_two);
	uint64_t purged = cancel_by_two(
	    house, "{\"key\":\"A-1\",\"iban\":\"" IBAN "\"}");
	uint64_t erased;

	(void)state;
	advance(house, 31 * DAY);
	assert_true(is_purged(house, purged));
	assert_int_equal(find_items(house, purged).count, 0);
	erased = cancel_by_two(
	    house, "{\"key\":\"A-2\",\"iban\":\"" IBAN "\"}");
	house->instance = erased;
	house_act(house, &(struct chart_event){.kind = EV_ERASED,
	    .actor = {.name = STR("ann")}});
	assert_int_equal(house->status, ENGINE_OK);
	assert_int_equal(find_items(house, erased).count, 0);
	house_free(&house);
}

#define ALONE                                                                \
	"workflow: alone\nversion: 1\nretention: 30d\n"                      \
	"separate: [[correct, confirm]]\nbusiness-key: = input.key\n"         \
	"initial: open\nstates:\n"                                           \
	"  open: {user-task: {title: Look}, on: {approved: end}}\n"          \
	"  end: {type: final}\n"                                             \
	"---\ncontact: desk\nnotify: [{log: warning}]\n"

static void
test_what_was_done_alone_is_kept_until_it_is_acknowledged(void **state)
{
	static const struct str roles[] = {STR_INIT("operator")};
	struct house *house = open_house(ALONE);
	uint64_t number;

	(void)state;
	set_alarm(house, ALONE);
	house_start(house, "alone", "{\"key\":\"A-1\"}");
	number = house->instance;
	house_act(house, &(struct chart_event){.kind = EV_CANCELLED,
	    .compensate = true, .break_glass = STR("the bank closes"),
	    .actor = {.name = STR("ann"), .roles = roles, .role_count = 1}});
	assert_int_equal(house->status, ENGINE_OK);
	advance(house, 31 * DAY);
	house_crash(house);
	advance(house, DAY);
	assert_false(is_purged(house, number));
	assert_int_equal(find_items(house, number).count, 2);
	house->instance = number;
	house_act(house, &(struct chart_event){.kind = EV_GLASS_ACKNOWLEDGED,
	    .serial = find_items(house, number).serial,
	    .actor = {.name = STR("bob")}});
	assert_int_equal(house->status, ENGINE_OK);
	advance(house, 0);
	assert_true(is_purged(house, number));
	assert_int_equal(find_items(house, number).count, 0);
	house_free(&house);
}

/* ---- holds ---- */

static void
hold(struct house *house, const char *id, enum engine_hold_scope scope,
    const char *label, const char *value)
{
	engine_hold(house->engine, &(struct engine_holding){
	    .id = str_of(id),
	    .scope = scope,
	    .label = label ? str_of(label) : (struct str){NULL, 0},
	    .value = str_of(value),
	    .reason = STR("a case"),
	    .actor = {.name = STR("ann")},
	}, house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->status, ENGINE_OK);
}

static void
release(struct house *house, const char *id)
{
	engine_hold(house->engine, &(struct engine_holding){
	    .id = str_of(id),
	    .releases = true,
	    .reason = STR("over"),
	    .actor = {.name = STR("ann")},
	}, house_reply_cb, house);
	house_run(house);
}

static void
test_what_is_held_is_purged_when_it_is_released(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t by_key = run(house, "A-1", "DE01");
	uint64_t by_label = run(house, "A-2", "AT01");
	uint64_t by_number = run(house, "A-3", "DE01");
	uint64_t free_one = run(house, "A-4", "DE01");
	char id[CHART_ID_BYTES];

	(void)state;
	hold(house, "h1", HOLD_KEY, NULL, "A-1");
	hold(house, "h2", HOLD_LABEL, "entity", "AT01");
	engine_id_format(house->engine, by_number, id);
	hold(house, "h3", HOLD_INSTANCE, NULL, id);
	advance(house, 31 * DAY);
	assert_true(is_purged(house, free_one));
	house_crash(house);
	advance(house, DAY);
	assert_false(is_purged(house, by_key));
	assert_false(is_purged(house, by_label));
	assert_false(is_purged(house, by_number));

	hold(house, "h4", HOLD_WORKFLOW, NULL, "pay");
	release(house, "h2");
	advance(house, DAY);
	assert_false(is_purged(house, by_label));
	release(house, "h4");
	assert_int_equal(house->status, ENGINE_OK);
	advance(house, DAY);
	assert_true(is_purged(house, by_label));
	assert_false(is_purged(house, by_key));
	release(house, "h1");
	release(house, "h3");
	advance(house, DAY);
	assert_true(is_purged(house, by_key));
	assert_true(is_purged(house, by_number));
	assert_int_equal(entries(house, "hold-set").count, 4);
	assert_int_equal(entries(house, "hold-released").count, 4);
	release(house, "h9");
	assert_int_equal(house->status, ENGINE_UNKNOWN_HOLD);
	house_free(&house);
}

static void
erase(struct house *house, uint64_t number)
{
	house->instance = number;
	house_act(house, &(struct chart_event){
	    .kind = EV_ERASED,
	    .actor = {.name = STR("ann")},
	    .comment = STR("asked for by law"),
	});
}

/* Its row tells a digest in place of what is sensitive, all or a part. */
static void
test_label_that_is_masked_is_held_by_what_it_was(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t whole = run(house, "A-1", IBAN);
	uint64_t part = run(house, "A-2", "of " IBAN);
	uint64_t other = run(house, "A-3", "to " IBAN);

	(void)state;
	hold(house, "h1", HOLD_LABEL, "entity", IBAN);
	hold(house, "h2", HOLD_LABEL, "entity", "of " IBAN);
	assert_int_equal(
	    str_find(row_of(house, part).labels, STR(IBAN)), SIZE_MAX);
	erase(house, part);
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_non_null(strstr(house->detail, "legal hold h2"));
	advance(house, 31 * DAY);
	assert_false(is_purged(house, whole));
	assert_false(is_purged(house, part));
	assert_true(is_purged(house, other));
	release(house, "h1");
	release(house, "h2");
	advance(house, DAY);
	assert_true(is_purged(house, whole));
	assert_true(is_purged(house, part));
	house_free(&house);
}

static void
test_label_that_was_erased_is_held_by_any_of_its_name(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t masked = run(house, "A-1", "of " IBAN);
	uint64_t plain = run(house, "A-2", "AT01");

	(void)state;
	erase(house, masked);
	assert_int_equal(house->status, ENGINE_OK);
	hold(house, "h1", HOLD_LABEL, "entity", "DE01");
	advance(house, 31 * DAY);
	assert_false(is_purged(house, masked));
	assert_true(is_purged(house, plain));
	release(house, "h1");
	advance(house, DAY);
	assert_true(is_purged(house, masked));
	house_free(&house);
}

/* ---- erasing ---- */

static bool
snapshot_has(struct house *house, uint64_t number, const char *what)
{
	return str_find(row_of(house, number).snapshot, str_of(what)) !=
	    SIZE_MAX;
}

static void
test_what_is_sensitive_is_erased_and_the_chain_is_whole(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = start(house, "A-1", "DE01");
	struct str salt;
	struct entries erased;

	(void)state;
	erase(house, number);
	assert_int_equal(house->refusal, REFUSED_STATE);
	house_event(house, "go", "A-1", "over");
	assert_true(snapshot_has(house, number, IBAN));
	hold(house, "h1", HOLD_WORKFLOW, NULL, "pay");
	erase(house, number);
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_non_null(strstr(house->detail, "h1"));
	release(house, "h1");
	erase(house, number);
	assert_int_equal(house->status, ENGINE_OK);

	assert_false(snapshot_has(house, number, IBAN));
	assert_int_equal(store_find_salt(house->store, house->arena, number,
	    &salt), STORE_ABSENT);
	assert_int_equal(house_count(house, number, "erased"), 1);
	assert_int_equal(house_count(house, number, "refused"), 2);
	assert_true(house_chain_is_sound(house, number));
	erased = entries(house, "erased");
	assert_int_equal(erased.count, 1);
	assert_true(str_equal(
	    value_field_str(erased.last, "actor"), STR("ann")));
	/* It is as it was, but for that. */
	house_crash(house);
	house_look(house, number);
	assert_string_equal(house->state, "paid");
	/* Its key is taken as before. */
	house_start(house, "pay", "{\"key\":\"A-1\",\"entity\":\"DE01\","
	    "\"iban\":\"" IBAN "\"}");
	assert_int_equal(house->status, ENGINE_CONFLICT);
	advance(house, 31 * DAY);
	assert_true(is_purged(house, number));
	house_free(&house);
}

/* It goes with the instance once nobody can take it any more. */
static void
test_event_that_another_may_take_is_not_erased(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = run(house, "A-1", "DE01");

	(void)state;
	house_event(house, "go", "A-2", "for another");
	house_event(house, "go", "A-1", "too late");
	assert_string_equal(house->fate, "held");
	erase(house, number);
	assert_int_equal(house->refusal, REFUSED_STATE);
	assert_non_null(strstr(house->detail, "--status held"));
	house_crash(house);
	erase(house, number);
	assert_int_equal(house->refusal, REFUSED_STATE);
	advance(house, 8 * DAY);
	erase(house, number);
	assert_int_equal(house->status, ENGINE_OK);
	house_free(&house);
}

/* Whatever is asked of it afterwards, it gets no other salt. */
static void
test_erased_one_stays_without_a_salt(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = run(house, "A-1", "DE01");
	struct str salt;

	(void)state;
	erase(house, number);
	assert_int_equal(house->status, ENGINE_OK);
	house_reload(house, WORKFLOW("2", "retention: 30d\n"));
	engine_migrate(house->engine, number, &(struct engine_migrate){
	    .workflow = STR("pay"),
	    .from = 1,
	    .to = 2,
	    .actor = {.name = STR("ann")},
	}, house_reply_cb, house);
	house_run(house);
	assert_int_equal(house->status, ENGINE_REFUSED);
	assert_int_equal(store_find_salt(house->store, house->arena, number,
	    &salt), STORE_ABSENT);
	house_free(&house);
}

/* What is in it had another value then, or was erased before. */
static void
test_erased_key_is_the_one_that_history_has(void **state)
{
	struct house *house = open_house(
	    "workflow: pay\n"
	    "version: 1\n"
	    "sensitive: [pin]\n"
	    "business-key: '= \"K-\" + input.pin'\n"
	    "data: {pin: = input.pin}\n"
	    "initial: open\n"
	    "states:\n"
	    "  open:\n"
	    "    entry: [{set: {pin: '= \"another\"'}}]\n"
	    "    on: {done: paid}\n"
	    "  paid: {type: final, outcome: success}\n");
	struct str key;

	(void)state;
	house_start(house, "pay", "{\"pin\":\"4711-0815\"}");
	house_look(house, house->instance);
	assert_string_equal(house->state, "paid");
	assert_true(str_equal(row_of(house, house->instance).business_key,
	    STR("K-4711-0815")));
	erase(house, house->instance);
	assert_int_equal(house->status, ENGINE_OK);
	key = row_of(house, house->instance).business_key;
	assert_true(str_has_prefix(key, STR("K-hmac-sha256:")));
	erase(house, house->instance);
	assert_int_equal(house->status, ENGINE_OK);
	assert_true(str_equal(
	    row_of(house, house->instance).business_key, key));
	house_free(&house);
}

/* ---- digests, and what they stand for ---- */

struct disclosed {
	char salt[64];
	char value[64];
	char digest[96];
	int replies;
};

static void
disclosed_cb(const struct engine_reply *reply, void *arg)
{
	struct disclosed *disclosed = arg;
	const struct value *sensitive, *first;

	assert_int_equal(reply->status, ENGINE_OK);
	sensitive = value_field_or_null(reply->view, "sensitive");
	first = value_field_or_null(sensitive, "values")->as.list.items[0];
	str_write(disclosed->salt, sizeof(disclosed->salt), "%.*s",
	    STR_ARG(value_field_str(sensitive, "salt")));
	str_write(disclosed->value, sizeof(disclosed->value), "%.*s",
	    STR_ARG(value_field_str(first, "value")));
	str_write(disclosed->digest, sizeof(disclosed->digest), "%.*s",
	    STR_ARG(value_field_str(first, "digest")));
	disclosed->replies++;
}

static struct disclosed
disclose(struct house *house, uint64_t number)
{
	struct chart_actor ann = {.name = STR("ann")};
	struct disclosed disclosed = {.replies = 0};

	engine_disclose(
	    house->engine, number, &ann, disclosed_cb, &disclosed);
	house_run(house);
	assert_int_equal(disclosed.replies, 1);
	return disclosed;
}

static bool
has_cb(uint64_t instance, const struct audit_record *record, void *arg)
{
	const char **what = arg;

	(void)instance;
	if (str_find(record->canonical, str_of(*what)) == SIZE_MAX)
		return true;
	*what = NULL;
	return false;
}

static bool
history_has(struct house *house, uint64_t number, const char *what)
{
	assert_int_equal(store_each_record(house->store, number, 1, has_cb,
	    &what), STORE_OK);
	return what == NULL;
}

static void
test_digest_can_be_proved_by_who_may_see_the_salt(void **state)
{
	struct house *house = open_house(kept_a_month);
	uint64_t number = run(house, "A-1", "DE01"), other;
	struct disclosed shown, again;
	char expected[96], hex[DIGEST_HEX_BYTES];
	uint8_t salt[16];

	(void)state;
	other = run(house, "A-2", "DE01");
	shown = disclose(house, number);
	assert_string_equal(shown.value, IBAN);
	for (size_t i = 0; i < 16; i++)
		salt[i] = (uint8_t)str_hex_byte(str_of(shown.salt), 2 * i);
	digest_hex(digest_hmac_sha256(
	    (struct str){(const char *)salt, 16}, STR(IBAN)), hex);
	snprintf(expected, sizeof(expected), "hmac-sha256:%s", hex);
	assert_string_equal(shown.digest, expected);
	assert_true(history_has(house, number, expected));
	assert_false(history_has(house, number, IBAN));
	/* Another instance's digest of the same value is another. */
	again = disclose(house, other);
	assert_string_not_equal(again.digest, shown.digest);
	assert_int_equal(entries(house, "disclosed").count, 2);
	/* Nobody finds it by trying what it may be. */
	digest_hex(digest_sha256(STR(IBAN)), hex);
	assert_false(history_has(house, number, hex));
	house_crash(house);
	assert_string_equal(disclose(house, number).digest, expected);
	house_free(&house);
}

static bool
item_cb(const struct store_item *item, void *arg)
{
	int *count = arg;

	assert_int_equal(str_find(item->body, STR(IBAN)), SIZE_MAX);
	(*count)++;
	return true;
}

static void
test_lists_show_digests(void **state)
{
	struct house *house = open_house(kept_a_month);
	struct store_item_filter filter = {
	    .kind = ITEM_TASK, .open = -1, .limit = 10};
	int count = 0;

	(void)state;
	(void)start(house, "A-1", "DE01");
	assert_int_equal(
	    store_list_items(house->store, &filter, item_cb, &count), STORE_OK);
	assert_int_equal(count, 1);
	house_free(&house);
}

static void
shown_cb(const struct engine_reply *reply, void *arg)
{
	struct buf *shown = arg;

	assert_int_equal(reply->status, ENGINE_OK);
	json_write(reply->view, JSON_PLAIN, shown);
}

/* Who may act is shown no more than who may look. */
static void
test_answers_to_acts_show_digests(void **state)
{
	static const enum chart_event_kind acts[] = {
	    EV_SUSPENDED, EV_RESUMED, EV_CANCELLED, EV_ERASED};
	struct house *house = open_house(kept_a_month);
	uint64_t number = start(house, "A-1", "DE01");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(acts); i++) {
		struct chart_event event = {.kind = acts[i],
		    .actor = {.name = STR("ann")}, .comment = STR("told to")};
		struct buf shown = {0};

		engine_act(house->engine, number, &event, shown_cb, &shown);
		house_run(house);
		assert_int_not_equal(
		    str_find(buf_str(&shown), STR("sha256:")), SIZE_MAX);
		assert_int_equal(
		    str_find(buf_str(&shown), STR(IBAN)), SIZE_MAX);
		buf_fini(&shown);
	}
	assert_int_equal(entries(house, "disclosed").count, 0);
	house_free(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_history_is_purged_when_its_time_is_over),
	    cmocka_unit_test(
		test_purged_instance_is_looked_at_and_nothing_else),
	    cmocka_unit_test(test_purged_instance_keeps_its_entity),
	    cmocka_unit_test(test_what_has_no_retention_is_kept),
	    cmocka_unit_test(test_log_is_emptied_after_a_crash_too),
	    cmocka_unit_test(test_proposals_go_with_what_they_were_about),
	    cmocka_unit_test(
		test_what_was_done_alone_is_kept_until_it_is_acknowledged),
	    cmocka_unit_test(test_many_are_purged_a_few_at_a_time),
	    cmocka_unit_test(test_purge_that_fails_is_done_later),
	    cmocka_unit_test(test_what_an_older_program_ended_is_purged_too),
	    cmocka_unit_test(test_what_is_held_is_purged_when_it_is_released),
	    cmocka_unit_test(test_label_that_is_masked_is_held_by_what_it_was),
	    cmocka_unit_test(
		test_label_that_was_erased_is_held_by_any_of_its_name),
	    cmocka_unit_test(
		test_what_is_sensitive_is_erased_and_the_chain_is_whole),
	    cmocka_unit_test(test_event_that_another_may_take_is_not_erased),
	    cmocka_unit_test(test_erased_one_stays_without_a_salt),
	    cmocka_unit_test(test_erased_key_is_the_one_that_history_has),
	    cmocka_unit_test(test_digest_can_be_proved_by_who_may_see_the_salt),
	    cmocka_unit_test(test_lists_show_digests),
	    cmocka_unit_test(test_answers_to_acts_show_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
