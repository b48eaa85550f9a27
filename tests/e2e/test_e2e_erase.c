/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_erase.c: after an erasure the erased words are nowhere: in no table,
 * in no file of the database, and in no answer.
 *
 * Before it they were about everywhere that an engine keeps something: in
 * variables of all kinds, tasks, comments, incidents, proposals, what was done
 * alone, escalations, events that were taken, held and dead, and the answers
 * that are kept for whoever asks a second time.
 */
#include "house.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define DATABASE "disk/stated.db"
#define IBAN "XK051212012345678906"
#define NAME "Waldtraud Zwiebelfisch"
#define BORN "1971-02-03"

static const char *const secrets[] = {IBAN, NAME, BORN};
#define SECRET_COUNT (sizeof(secrets) / sizeof(secrets[0]))

static const struct house_options options = {
    .quiet_bank = true,
    .config = "break-glass: {contact: desk-of-wires}\n",
};

static const char workflow[] =
    "contact: desk-of-wires\n"
    "notify: [{log: error}]\n"
    "---\n"
    "workflow: wire\n"
    "version: 1\n"
    "owner: desk-of-wires\n"
    "hold: 2s\n"
    "sensitive: [input.iban, input.name, born, span]\n"
    "separate: [[correct, confirm]]\n"
    "business-key: = input.key\n"
    "labels: {holder: = input.name}\n"
    "data: {born: null, span: null, said: null}\n"
    "events:\n"
    "  wire.noted: {correlate: = input.iban}\n"
    "  wire.late: {}\n"
    "initial: open\n"
    "states:\n"
    "  open:\n"
    "    entry:\n"
    "      - set:\n"
    "          born: '= date(\"" BORN "\")'\n"
    "          span: '= [born..date(\"1999-01-01\")]'\n"
    "      - require: = false\n"
    "        code: wire.odd\n"
    "        message: '= \"odd: \" + input.name'\n"
    "    on: {done: noted}\n"
    "  noted:\n"
    "    on:\n"
    "      wire.noted:\n"
    "        target: asking\n"
    "        do: [{set: {said: = event.data.text}}]\n"
    "    after: {10d: over}\n"
    "  asking:\n"
    "    user-task:\n"
    "      title: '= \"Wire to \" + input.iban'\n"
    "      description: '= \"for \" + input.name + \", \" + string(born)'\n"
    "    on: {approved: telling, rejected: over}\n"
    "    escalate:\n"
    "      - {after: 1ms, to: desk-of-wires, message: '= \"ask \" + input.name'}\n"
    "  telling:\n"
    "    entry:\n"
    "      - emit: wire.told\n"
    "        with: {subject: = input.iban, data: {name: = input.name, born: = born}}\n"
    "    on: {done: over}\n"
    "  over: {type: final, outcome: success, output: {to: = input.name}}\n"
    "---\n"
    "workflow: listener\n"
    "version: 1\n"
    "hold: 2s\n"
    "business-key: = input.key\n"
    "events: {wire.told: {}}\n"
    "initial: open\n"
    "states:\n"
    "  open: {on: {wire.told: over}}\n"
    "  over: {type: final, outcome: success}\n";

/* ---- looking ---- */

static bool
has(const char *bytes, size_t count, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= count; i++)
		if (memcmp(bytes + i, word, length) == 0)
			return true;
	return false;
}

static size_t
count_in_column(sqlite3 *db, const char *table, const char *column)
{
	char *sql = sqlite3_mprintf(
	    "SELECT CAST(\"%w\" AS BLOB) FROM \"%w\"", column, table);
	sqlite3_stmt *rows;
	size_t found = 0;

	assert_int_equal(
	    sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
	while (sqlite3_step(rows) == SQLITE_ROW) {
		const char *bytes = sqlite3_column_blob(rows, 0);
		size_t count = (size_t)sqlite3_column_bytes(rows, 0);

		for (size_t i = 0; i < SECRET_COUNT; i++)
			if (has(bytes, count, secrets[i])) {
				found++;
				print_message("%s.%s has %s\n", table, column,
				    secrets[i]);
			}
	}
	assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
	sqlite3_free(sql);
	return found;
}

/* Whatever tables and columns there are.  Definitions are nobody's: that the
 * test's own says a day of birth is its own doing. */
static size_t
count_in_tables(const struct house *house)
{
	static const char columns[] =
	    "SELECT t.name, c.name FROM sqlite_schema t"
	    " JOIN pragma_table_info(t.name) c"
	    " WHERE t.type = 'table' AND t.name NOT IN"
	    "	('definition', 'dictionary', 'document')";
	size_t found = 0, looked = 0;
	sqlite3_stmt *rows;
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(house_path(house, DATABASE), &db,
	    SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, columns, -1, &rows, NULL), SQLITE_OK);
	while (sqlite3_step(rows) == SQLITE_ROW) {
		looked++;
		found += count_in_column(db,
		    (const char *)sqlite3_column_text(rows, 0),
		    (const char *)sqlite3_column_text(rows, 1));
	}
	assert_true(looked > 80);
	assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return found;
}

/* As whoever may see everything. */
static size_t
count_in_answers(struct house *house)
{
	static const char *const paths[] = {
	    "/v1/instances/W-1",
	    "/v1/instances/W-1/sensitive",
	    "/v1/instances/W-1/history?limit=1000",
	    "/v1/instances",
	    "/v1/tasks",
	    "/v1/tasks?open=false",
	    "/v1/incidents",
	    "/v1/incidents?open=false",
	    "/v1/escalations",
	    "/v1/escalations?open=false",
	    "/v1/proposals",
	    "/v1/proposals?open=false",
	    "/v1/dead-letters",
	    "/v1/dead-letters?status=held",
	    "/v1/dead-letters?status=replayed",
	    "/v1/journal?limit=1000",
	    "/v1/export",
	    "/v1/export?format=csv",
	    "/v1/export?format=xes",
	    "/v1/export?format=ocel",
	    "/v1/export?format=as-at&to=2100-01-01T00:00:00Z",
	    "/v1/population?from=2000-01-01&to=2100-01-01",
	};
	size_t found = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct reply *reply = house_get(house, "%s", paths[i]);

		if (reply->status != 200)
			print_error("%s: %s\n", paths[i], reply->body);
		assert_status(reply, 200);
		for (size_t j = 0; j < SECRET_COUNT; j++)
			if (strstr(reply->body, secrets[j]) != NULL) {
				found++;
				print_message(
				    "%s has %s\n", paths[i], secrets[j]);
			}
	}
	return found;
}

/* ---- filling ---- */

static struct reply *
start(struct house *house)
{
	return house_ask(house, &(struct ask){
	    .path = "/v1/workflows/wire/instances",
	    .body = "{\"input\":{\"key\":\"W-1\",\"iban\":\"" IBAN "\","
		    "\"name\":\"" NAME "\"}}",
	    .headers = {"Content-Type: application/json",
		"Idempotency-Key: \"once\"", "X-Stated-Actor: ann"},
	});
}

static void
event(struct house *house, const char *type, const char *subject,
    const char *id, const char *fate)
{
	struct reply *reply = house_post(house, "/v1/events",
	    "{\"specversion\":\"1.0\",\"type\":\"%s\",\"source\":\"/test\","
	    "\"id\":\"%s\",\"subject\":\"%s\",\"data\":{\"text\":\"of "
	    NAME "\"}}", type, id, subject);

	assert_status(reply, 202);
	if (strstr(reply->body, fate) == NULL)
		print_error("%s\n", reply->body);
	assert_non_null(strstr(reply->body, fate));
}

static void
await(struct house *house, const char *path, const char *text)
{
	int64_t until_ms = time_ms() + 20000;

	while (strstr(house_get(house, "%s", path)->body, text) == NULL) {
		if (time_ms() > until_ms)
			fail_msg("%s: %s", path,
			    house_get(house, "%s", path)->body);
		time_sleep(50);
	}
}

/* The first open item's identifier. */
static const char *
first(struct house *house, const char *kind)
{
	return text_at(
	    house_get(house, "/v1/%s", kind)->json, "items.0.id");
}

static void
act(struct house *house, const char *who, const char *kind, const char *id,
    const char *act, const char *body, int status)
{
	char path[160];

	snprintf(path, sizeof(path), "/v1/%s/%s/%s", kind, id, act);
	assert_status(house_post_as(house, who, path, "%s", body), status);
}

/* What can be in the way of it, and what people say beside it. */
static void
fill(struct house *house)
{
	const char *incident;

	assert_status(start(house), 201);
	incident = first(house, "incidents");
	act(house, "bob", "incidents", incident, "skip",
	    "{\"comment\":\"" NAME " is known\"}", 202);
	act(house, "cyd", "proposals", first(house, "proposals"), "reject",
	    "{\"comment\":\"is " IBAN " hers?\"}", 200);
	act(house, "bob", "incidents", incident, "skip",
	    "{\"comment\":\"it is " IBAN "\",\"break_glass\":\"" NAME
	    " waits\"}", 200);
	event(house, "wire.noted", IBAN, "n-1", "matched");
	await(house, "/v1/escalations", "desk-of-wires");
	act(house, "dan", "tasks", first(house, "tasks"), "decide",
	    "{\"choice\":\"approved\",\"comment\":\"" NAME " called\"}", 200);
	/* Too late for it, and one of those has no one else's type. */
	event(house, "wire.noted", IBAN, "n-2", "held");
	event(house, "wire.late", "W-1", "l-1", "held");
}

static void
assert_refused(struct house *house, const char *why)
{
	struct reply *reply = house_post(
	    house, "/v1/instances/W-1/erase", "{\"reason\":\"law\"}");

	assert_problem(reply, 409, "wrong-state");
	if (strstr(reply->body, why) == NULL)
		print_error("%s\n", reply->body);
	assert_non_null(strstr(reply->body, why));
}

static void
test_nothing_is_left_of_erased_words(void **state)
{
	struct house *house = house_build(&options);
	struct reply *reply;

	(void)state;
	house_write(house, "workflows/wire.yaml", workflow);
	house_start_engine(house);
	fill(house);
	assert_true(count_in_tables(house) > 5);
	assert_refused(house, "waits for an instance that takes it");
	await(house, "/v1/dead-letters", "wire.told");
	await(house, "/v1/dead-letters", "\"n-2\"");
	await(house, "/v1/dead-letters", "\"l-1\"");
	assert_true(count_in_tables(house) > 3);

	reply = house_post(house, "/v1/instances/W-1/erase",
	    "{\"reason\":\"" NAME " asked for it\"}");
	assert_status(reply, 200);
	assert_int_equal(count_in_tables(house), 0);
	assert_int_equal(count_in_answers(house), 0);
	/* That they came is known, and is no news. */
	event(house, "wire.noted", IBAN, "n-2", "duplicate");
	event(house, "wire.noted", IBAN, "n-1", "duplicate");
	event(house, "wire.late", "W-1", "l-1", "duplicate");
	assert_int_equal(count_in_tables(house), 0);
	/* So is who has to look at what was done alone. */
	act(house, "cyd", "proposals", first(house, "proposals"),
	    "acknowledge", "{\"comment\":\"seen\"}", 200);
	assert_status(start(house), 201); /* the answer of then */
	assert_int_equal(count_in_tables(house), 0);
	house_verify(house);
	program_stop(&house->engine);
	house_start_engine(house);
	assert_int_equal(count_in_tables(house), 0);
	assert_int_equal(count_in_answers(house), 0);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_nothing_is_left_of_erased_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
