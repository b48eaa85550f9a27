/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at instances, listing them, and the acts of operators. */
#include "api_server.h"

#include "stated/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static void
test_instance_is_found_by_its_business_key(void **state)
{
	struct api_server *server = *state;
	struct str id = api_server_start(server, "re-2026/7");
	struct answer answer =
	    api_server_get(server, "/v1/instances/re-2026%2F7");

	answer_must_be(&answer, 200);
	assert_true(str_equal(answer_text(&answer, "id"), id));
	assert_true(
	    str_equal(answer_text(&answer, "labels.entity"), STR("DE01")));
}

static void
test_key_of_two_workflows_needs_the_workflow(void **state)
{
	struct api_server *server = *state;
	struct str id = api_server_start(server, "r-1");
	struct answer answer =
	    api_server_post(server, "/v1/workflows/refund/instances",
		"{\"input\":{\"reference\":"
		"\"r-1\"}}");

	answer_must_be(&answer, 201);
	answer = api_server_get(server, "/v1/instances/r-1");
	answer_must_be_problem(&answer, 409, "ambiguous-key");
	assert_true(str_find(answer_text(&answer, "detail"),
			STR("?workflow=")) != SIZE_MAX);
	/* Here there is no such parameter. */
	answer = api_server_get(server, "/v1/tasks?instance=r-1");
	answer_must_be_problem(&answer, 409, "ambiguous-key");
	assert_true(str_find(answer_text(&answer, "detail"),
			STR("identifier")) != SIZE_MAX);
	answer = api_server_get(server, "/v1/instances/r-1?workflow=payment");
	answer_must_be(&answer, 200);
	assert_true(str_equal(answer_text(&answer, "id"), id));
}

static const char numbered[] =
    "{\"files\":[{\"name\":\"n.yaml\",\"text\":"
    "\"workflow: numbered\\nversion: 1\\nbusiness-key: = input.no\\n"
    "initial: a\\nstates: {a: {type: final, outcome: success}}\\n\"}]}";

static void
test_key_that_is_a_number_is_found_as_it_was_written(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_post(server, "/v1/definitions", numbered);
	struct str id;

	answer_must_be(&answer, 201);
	answer = api_server_post(server, "/v1/workflows/numbered/instances",
	    "{\"input\":{\"no\":7.10}}");
	answer_must_be(&answer, 201);
	id = answer_text(&answer, "id");
	answer = api_server_get(server, "/v1/instances/7.1");
	assert_true(str_equal(answer_text(&answer, "id"), id));
	answer = api_server_get(server, "/v1/instances/7.10");
	assert_true(str_equal(answer_text(&answer, "id"), id));
	answer = api_server_get(
	    server, "/v1/instances/7.10/history?workflow=numbered");
	answer_must_be(&answer, 200);
	/* A text is another one than a text that is written otherwise. */
	api_server_start(server, "8.1");
	answer = api_server_get(server, "/v1/instances/8.10");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	answer = api_server_post(server, "/v1/workflows/numbered/instances",
	    "{\"input\":{\"no\":\"7.10\"}}");
	answer_must_be(&answer, 201);
	answer = api_server_get(server, "/v1/instances/7.10");
	assert_false(str_equal(answer_text(&answer, "id"), id));
}

static struct answer
start_numbered(
    struct api_server *server, const char *workflow, const char *number)
{
	char path[80], body[80];
	struct answer answer;

	snprintf(path, sizeof(path), "/v1/workflows/%s/instances", workflow);
	snprintf(body, sizeof(body), "{\"input\":{\"%s\":%s}}",
	    strcmp(workflow, "numbered") == 0 ? "no" : "reference", number);
	answer = api_server_post(server, path, body);
	answer_must_be(&answer, 201);
	return answer;
}

static void
test_key_with_an_exponent_is_found_as_it_was_written(void **state)
{
	static const char *const numbers[] = {"7E0", "8e0", "9E2", "1e3",
	    "1.50E1", "100e-2", "-5E1", "0.0", "12.00"};
	struct api_server *server = *state;
	struct answer answer =
	    api_server_post(server, "/v1/definitions", numbered);

	answer_must_be(&answer, 201);
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		char path[80];
		struct str id;

		answer = start_numbered(server, "numbered", numbers[i]);
		id = answer_text(&answer, "id");
		snprintf(path, sizeof(path), "/v1/instances/%s", numbers[i]);
		answer = api_server_get(server, path);
		assert_true(str_equal(answer_text(&answer, "id"), id));
	}
	start_numbered(server, "numbered", "\"77\"");
	answer = api_server_get(server, "/v1/instances/77E0");
	answer_must_be_problem(&answer, 404, "unknown-instance");
}

/* A text of another workflow that reads like its key is not meant. */
static void
test_key_that_is_a_number_is_not_taken_for_a_text(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_post(server, "/v1/definitions", numbered);
	struct str id;

	answer_must_be(&answer, 201);
	answer = start_numbered(server, "numbered", "7.10");
	id = answer_text(&answer, "id");
	api_server_start(server, "7.1");
	answer = api_server_get(server, "/v1/instances/7.10");
	answer_must_be(&answer, 200);
	assert_true(str_equal(answer_text(&answer, "id"), id));
	answer = api_server_get(server, "/v1/instances/7.1");
	answer_must_be_problem(&answer, 409, "ambiguous-key");
}

static void
test_unknown_instance_is_404(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_get(server, "/v1/instances/none");

	answer_must_be_problem(&answer, 404, "unknown-instance");
	answer = api_server_get(server, "/v1/instances/none/history");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	answer = api_server_post(server, "/v1/instances/none/cancel", "{}");
	answer_must_be_problem(&answer, 404, "unknown-instance");
}

static void
test_list_is_paged_by_cursor_and_link(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct str link, next, end;
	char seen[8][16];

	for (int i = 0; i < 5; i++) {
		snprintf(seen[i], sizeof(seen[i]), "r-%d", i);
		api_server_start(server, seen[i]);
	}
	answer = api_server_get(
	    server, "/v1/instances?limit=2&order=oldest&entity=DE01");
	answer_must_be(&answer, 200);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 2);
	assert_true(str_equal(
	    answer_text(&answer, "items.0.business_key"), STR("r-0")));
	link = answer_header(&answer, "Link");
	assert_true(str_has_suffix(link, STR("; rel=\"next\"")));
	next = str_split(str_slice(link, 1, link.bytes), '>', &end);
	answer = api_server_get(server, arena_str(server->arena, next).at);
	assert_true(str_equal(
	    answer_text(&answer, "items.0.business_key"), STR("r-2")));
	answer = api_server_get(server,
	    arena_strf(server->arena, "/v1/instances?order=oldest&cursor=%.*s",
		STR_ARG(answer_text(&answer, "next")))
		.at);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 1);
	assert_true(value_is_null(answer_member(&answer, "next")));
	assert_null(answer_header(&answer, "Link").at);
	answer = api_server_get(server, "/v1/instances?limit=5");
	assert_true(value_is_null(answer_member(&answer, "next")));
}

static void
test_list_begins_with_the_newest(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	api_server_start(server, "r-2");
	answer = api_server_get(server, "/v1/instances");
	assert_true(str_equal(
	    answer_text(&answer, "items.0.business_key"), STR("r-2")));
}

static void
expect_count(struct api_server *server, const char *query, size_t count)
{
	struct answer answer = api_server_get(
	    server, arena_strf(server->arena, "/v1/instances?%s", query).at);

	answer_must_be(&answer, 200);
	if (answer_member(&answer, "items")->as.list.count != count)
		fail_msg("%s: %.*s", query, STR_ARG(answer.body));
}

static void
test_list_filters(void **state)
{
	struct api_server *server = *state;

	api_server_start(server, "r-1");
	api_server_start(server, "r-2");
	api_server_post(
	    server, "/v1/workflows/stuck/instances?wait=5s", "{\"input\":{}}");
	expect_count(server, "", 3);
	expect_count(server, "workflow=payment", 2);
	expect_count(server, "business_key=r-2", 1);
	expect_count(server, "state=approving", 2);
	expect_count(server, "status=waiting&workflow=payment", 2);
	expect_count(server, "status=completed", 0);
	expect_count(server, "label.entity=DE01", 2);
	expect_count(server, "label.entity=FR01", 0);
	expect_count(server, "has_incident=true", 1);
	expect_count(server, "has_incident=false", 2);
	expect_count(server, "from=2020-01-01", 3);
	expect_count(server, "to=2020-01-01T00:00:00Z", 0);
}

static void
test_parameters_that_are_wrong_are_named(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_get(server, "/v1/instances?statsu=waiting");

	answer_must_be_problem(&answer, 400, "invalid-parameter");
	assert_true(str_find(answer_text(&answer, "detail"), STR("status")) !=
		    SIZE_MAX);
	answer = api_server_get(
	    server, "/v1/instances?limit=0&from=tomorrow&cursor=1&order=up");
	answer_must_be_problem(&answer, 400, "invalid-parameter");
	assert_int_equal(answer_member(&answer, "errors")->as.list.count, 4);
	answer = api_server_get(server, "/v1/instances?limit=1&limit=2");
	answer_must_be_problem(&answer, 400, "invalid-parameter");
	answer = api_server_get(server, "/v1/instances?state=%zz");
	answer_must_be_problem(&answer, 400, "invalid-parameter");
}

/* It would find nothing. */
static void
test_period_that_ends_before_it_begins_is_refused(void **state)
{
	static const char *const targets[] = {"/v1/instances?", "/v1/export?",
	    "/v1/population?", "/v1/sample?workflow=payment&seed=s&"};
	struct api_server *server = *state;

	for (size_t i = 0; i < COUNT_OF(targets); i++) {
		struct answer answer = api_server_get(server,
		    arena_strf(server->arena,
			"%sfrom=2030-01-02&to=2030-01-01", targets[i])
			.at);

		answer_must_be_problem(&answer, 400, "invalid-parameter");
		assert_true(str_find(answer.body,
				STR("must not be after `to`")) != SIZE_MAX);
		answer = api_server_get(server,
		    arena_strf(server->arena,
			"%sfrom=2030-01-01&to=2030-01-01", targets[i])
			.at);
		answer_must_be(&answer, 200);
	}
}

/* One that is misspelt would find nothing. */
static void
test_status_that_is_none_is_named(void **state)
{
	static const char *const wrong[] = {"/v1/instances?status=runing",
	    "/v1/instances?status=", "/v1/export?status=complete",
	    "/v1/sample?workflow=payment&seed=s&status=complete"};
	static const char *const right[] = {"/v1/instances?status=faulted",
	    "/v1/instances?status=purged", "/v1/export?status=running",
	    "/v1/sample?workflow=payment&seed=s&status=suspended"};
	struct api_server *server = *state;
	struct answer answer;

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		answer = api_server_get(server, wrong[i]);
		answer_must_be_problem(&answer, 400, "invalid-parameter");
		answer = api_server_get(server, right[i]);
		answer_must_be(&answer, 200);
	}
}

static void
test_nothing_is_older_than_the_clock(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	answer = api_server_get(server, "/v1/instances?to=1970-01-01");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
	answer = api_server_get(server, "/v1/instances?to=1903-05-01");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
	answer = api_server_get(server, "/v1/instances?from=1903-05-01");
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 1);
}

static void
test_history_is_a_chain_in_pages(void **state)
{
	struct api_server *server = *state;
	struct str id = api_server_start(server, "r-1");
	struct answer first, rest;

	first = api_server_get(
	    server, arena_strf(server->arena,
			"/v1/instances/%.*s/history?limit=1", STR_ARG(id))
			.at);
	answer_must_be(&first, 200);
	assert_true(
	    str_equal(answer_text(&first, "items.0.kind"), STR("started")));
	assert_true(str_equal(answer_text(&first, "next"), STR("1")));
	rest = api_server_get(
	    server, "/v1/instances/r-1/history?after=1&limit=1000");
	answer_must_be(&rest, 200);
	assert_true(str_equal(answer_text(&rest, "items.0.prev"),
	    answer_text(&first, "items.0.hash")));
	assert_true(value_is_null(answer_member(&rest, "next")));
}

/* What is hashed is the item without its last member. */
static void
test_history_can_be_verified_by_its_reader(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	struct digest digest;
	struct str text;
	size_t at;
	char hex[DIGEST_HEX_BYTES];

	api_server_start(server, "r-1");
	answer = api_server_get(server, "/v1/instances/r-1/history?limit=1");
	at = str_find(answer.body, STR("[")) + 1;
	text = str_slice(
	    answer.body, at, str_find(answer.body, STR(",\"hash\":")) - at);
	digest = digest_sha256_parts((struct str[]){text, STR("}")}, 2);
	assert_true(str_equal(
	    digest_hex(digest, hex), answer_text(&answer, "items.0.hash")));
}

static void
test_suspend_and_resume(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	answer = api_server_post(server, "/v1/instances/r-1/suspend",
	    "{\"comment\":\"the bank asked\"}");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("suspended")));
	answer = api_server_post(server, "/v1/instances/r-1/suspend", "{}");
	answer_must_be_problem(&answer, 409, "wrong-state");
	answer = api_server_ask(
	    server, "POST", "/v1/instances/r-1/resume", NULL, NULL);
	answer_must_be(&answer, 200);
	assert_true(str_equal(answer_text(&answer, "status"), STR("waiting")));
}

static void
test_cancel_ends_for_good(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	answer = api_server_post(server, "/v1/instances/r-1/cancel",
	    "{\"comment\":\"paid by hand\",\"compensate\":true}");
	answer_must_be(&answer, 200);
	assert_true(
	    str_equal(answer_text(&answer, "status"), STR("cancelled")));
	answer = api_server_post(server, "/v1/instances/r-1/cancel", "{}");
	answer_must_be_problem(&answer, 409, "instance-ended");
	answer = api_server_post(
	    server, "/v1/instances/r-1/cancel", "{\"compensate\":\"yes\"}");
	answer_must_be_problem(&answer, 422, "invalid-body");
}

static void
test_definitions_are_listed_and_read(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_get(server, "/v1/definitions");

	answer_must_be(&answer, 200);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 5);
	answer = api_server_get(server, "/v1/definitions/payment?version=1");
	answer_must_be(&answer, 200);
	assert_true(str_has_prefix(
	    answer_text(&answer, "source"), STR("workflow: payment")));
	assert_true(
	    str_equal(answer_text(&answer, "events.0"), STR("bank.settled")));
	answer = api_server_get(server, "/v1/definitions/payment?version=2");
	answer_must_be_problem(&answer, 404, "unknown-workflow");
}

#define REFUND_2                                                         \
	"workflow: refund\nversion: 2\ninitial: ended\nstates:\n"        \
	"  ended: {type: final}\n"

static struct answer
publish(struct api_server *server, const char *target, const char *yaml)
{
	return api_server_ask(
	    server, "POST", target, "Content-Type: application/yaml", yaml);
}

static void
test_published_version_is_used_at_once(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    publish(server, "/v1/definitions?dry_run=true", REFUND_2);

	answer_must_be(&answer, 200);
	answer = publish(server, "/v1/definitions", REFUND_2);
	answer_must_be(&answer, 201);
	answer = publish(server, "/v1/definitions", REFUND_2);
	answer_must_be(&answer, 200);
	answer = api_server_post(
	    server, "/v1/workflows/refund/instances", "{\"input\":{}}");
	answer_must_be(&answer, 201);
	assert_true(str_equal(
	    answer_text(&answer, "status"), STR("completed")));
	answer = api_server_get(server, "/v1/definitions/refund");
	answer_must_be(&answer, 200);
	assert_int_equal(
	    answer_member(&answer, "versions")->as.list.count, 2);
}

static void
test_changed_or_faulty_text_is_not_published(void **state)
{
	struct api_server *server = *state;
	struct answer answer = publish(server, "/v1/definitions",
	    "workflow: refund\nversion: 1\ninitial: ended\nstates:\n"
	    "  ended: {type: final}\n");

	answer_must_be_problem(&answer, 409, "version-published");
	answer = publish(server, "/v1/definitions?file=r.yaml",
	    REFUND_2 "  lost: {typ: final}\n");
	answer_must_be_problem(&answer, 422, "invalid-definition");
	assert_true(str_equal(
	    answer_text(&answer, "errors.0.file"), STR("r.yaml")));
	assert_true(
	    str_equal(answer_text(&answer, "errors.0.code"), STR("D101")));
	answer = publish(server, "/v1/definitions",
	    "contact: new\nnotify: [{log: info}]\n");
	answer_must_be_problem(&answer, 422, "invalid-definition");
	answer = api_server_post(server, "/v1/definitions", "{\"files\":[]}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = api_server_post(server, "/v1/definitions",
	    "{\"files\":[{\"name\":\"a\",\"text\":\"\",\"file\":\"b\"}]}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	assert_true(str_equal(
	    answer_text(&answer, "errors.0.pointer"), STR("/files/0/file")));
	answer = api_server_ask(server, "POST", "/v1/definitions",
	    "Content-Type: text/plain", REFUND_2);
	answer_must_be_problem(&answer, 415, "unsupported-media-type");
	answer = api_server_get(server, "/v1/definitions/refund?version=2");
	answer_must_be_problem(&answer, 404, "unknown-workflow");
}

static void
test_files_are_published_all_or_none(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_post(server, "/v1/definitions",
	    "{\"files\":[{\"name\":\"a\",\"text\":\"workflow: one\\nversion: "
	    "1\\ninitial: e\\nstates: {e: {type: final}}\"},"
	    "{\"name\":\"b\",\"text\":\"workflow: two\\nversion: "
	    "1\\ninitial: x\\nstates: {e: {type: final}}\"}]}");

	answer_must_be_problem(&answer, 422, "invalid-definition");
	answer = api_server_get(server, "/v1/definitions/one");
	answer_must_be_problem(&answer, 404, "unknown-workflow");
}

#define REFUND_3                                                         \
	"workflow: refund\nversion: 3\n"                                 \
	"input: {type: object}\n"                                        \
	"business-key: = input.reference\n"                              \
	"events: {refund.done: {}}\n"                                    \
	"initial: expecting\nstates:\n"                                  \
	"  expecting: {on: {refund.done: ended}}\n"                      \
	"  ended: {type: final}\n"

static struct answer
migrate(struct api_server *server, const char *more)
{
	char body[400];

	snprintf(body, sizeof(body),
	    "{\"workflow\":\"refund\",\"from\":1,\"to\":3%s}", more);
	return api_server_post(server, "/v1/migrations", body);
}

static void
test_instances_are_moved_or_told_why_not(void **state)
{
	struct api_server *server = *state;
	struct answer answer = publish(server, "/v1/definitions", REFUND_3);

	answer_must_be(&answer, 201);
	answer = api_server_post(server, "/v1/workflows/refund/instances",
	    "{\"input\":{\"reference\":\"R-1\"},\"version\":1}");
	answer_must_be(&answer, 201);
	answer = migrate(server, "");
	answer_must_be(&answer, 200);
	assert_true(str_equal(
	    answer_text(&answer, "items.0.fate"), STR("stranded")));
	answer = migrate(server,
	    ",\"map\":{\"waiting\":\"expecting\"},\"dry_run\":true");
	answer_must_be(&answer, 200);
	assert_true(str_equal(
	    answer_text(&answer, "items.0.fate"), STR("would-move")));
	answer = migrate(server,
	    ",\"map\":{\"waiting\":\"expecting\"},\"instances\":[\"R-1\"]");
	answer_must_be(&answer, 200);
	assert_true(str_equal(
	    answer_text(&answer, "items.0.fate"), STR("moved")));
	assert_true(str_equal(
	    answer_text(&answer, "items.0.state"), STR("expecting")));
	answer = api_server_get(server, "/v1/instances/R-1");
	assert_true(str_equal(answer_text(&answer, "state"), STR("expecting")));
	answer = migrate(server, "");
	answer_must_be(&answer, 200);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 0);
}

static void
test_migration_that_makes_no_sense_is_refused(void **state)
{
	struct api_server *server = *state;
	struct answer answer = migrate(server, "");

	answer_must_be_problem(&answer, 404, "unknown-workflow");
	answer = publish(server, "/v1/definitions", REFUND_3);
	answer_must_be(&answer, 201);
	answer = migrate(server, ",\"map\":{\"waiting\":\"nowhere\"}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = migrate(server, ",\"instances\":[\"none\"]");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	answer = migrate(server, ",\"instances\":[\"none\",5]");
	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = api_server_post(
	    server, "/v1/migrations", "{\"workflow\":\"refund\"}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	answer = api_server_post(server, "/v1/migrations",
	    "{\"workflow\":\"refund\",\"from\":1,\"to\":1}");
	answer_must_be_problem(&answer, 422, "invalid-body");
	assert_true(str_equal(
	    answer_text(&answer, "errors.0.pointer"), STR("/to")));
}

static void
test_instance_that_is_named_twice_is_moved_once(void **state)
{
	struct api_server *server = *state;
	struct answer answer = publish(server, "/v1/definitions", REFUND_3);

	answer_must_be(&answer, 201);
	answer = api_server_post(server, "/v1/workflows/refund/instances",
	    "{\"input\":{\"reference\":\"R-1\"},\"version\":1}");
	answer_must_be(&answer, 201);
	answer = migrate(server,
	    ",\"map\":{\"waiting\":\"expecting\"},"
	    "\"instances\":[\"R-1\",\"R-1\"]");
	answer_must_be(&answer, 200);
	assert_true(str_equal(
	    answer_text(&answer, "items.0.fate"), STR("moved")));
	assert_true(str_find(answer.body, STR("stranded")) == SIZE_MAX);
}

static void
test_instance_is_moved_by_its_number_as_it_was_written(void **state)
{
	struct api_server *server = *state;
	struct answer answer = publish(server, "/v1/definitions", REFUND_3);

	answer_must_be(&answer, 201);
	answer = api_server_post(server, "/v1/workflows/refund/instances",
	    "{\"input\":{\"reference\":9.50},\"version\":3}");
	answer_must_be(&answer, 201);
	answer = migrate(server, ",\"instances\":[\"9.50\"]");
	answer_must_be(&answer, 200);
	answer = migrate(server, ",\"instances\":[\"9.500\"]");
	answer_must_be_problem(&answer, 404, "unknown-instance");
}

static void
test_workflow_and_instance_are_drawn(void **state)
{
	struct api_server *server = *state;
	struct answer answer =
	    api_server_get(server, "/v1/definitions/payment/diagram.svg");

	answer_must_be(&answer, 200);
	assert_true(str_equal(
	    answer_header(&answer, "Content-Type"), STR("image/svg+xml")));
	assert_true(str_has_prefix(answer.body, STR("<svg ")));
	assert_true(str_find(answer.body, STR("Active now")) == SIZE_MAX);
	api_server_start(server, "r-1");
	answer = api_server_get(server, "/v1/instances/r-1/diagram.svg");
	answer_must_be(&answer, 200);
	assert_true(
	    str_find(answer.body, STR("Active now: approving.")) != SIZE_MAX);
	answer = api_server_get(server, "/v1/instances/none/diagram.svg");
	answer_must_be_problem(&answer, 404, "unknown-instance");
	answer = api_server_get(server, "/v1/definitions/none/diagram.svg");
	answer_must_be_problem(&answer, 404, "unknown-workflow");
}

static void
test_export_streams_whole_histories(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	api_server_start(server, "r-2");
	answer = api_server_get(server, "/v1/export");
	answer_must_be(&answer, 200);
	assert_true(str_has_prefix(
	    answer_header(&answer, "Content-Type"), STR("application/jsonl")));
	assert_true(str_find(answer.body, STR("\"started\"")) != SIZE_MAX);
	answer = api_server_get(server, "/v1/export?format=xml");
	answer_must_be_problem(&answer, 400, "invalid-parameter");
	answer = api_server_get(server, "/v1/export?instance=nothing");
	answer_must_be_problem(&answer, 404, "unknown-instance");
}

/* Some look at all records before they tell of the first. */
static void
test_every_format_is_streamed_whole(void **state)
{
	static const struct {
		const char *path;
		const char *type;
		const char *end;
	} formats[] = {
	    {"/v1/export?format=csv", "text/csv", "\r\n"},
	    {"/v1/export?format=xes", "application/xml", "</log>\n"},
	    {"/v1/export?format=ocel", "application/json", "]\n}\n"},
	    {"/v1/export?format=ocel-xml", "application/xml", "</log>\n"},
	    {"/v1/export?format=as-at", "application/jsonl", "}\n"},
	    {"/v1/export?format=as-at-csv", "text/csv", "\r\n"},
	    {"/v1/export?format=bundle", "application/x-tar", ""},
	};
	struct api_server *server = *state;
	struct answer answer;
	char key[16];

	for (int i = 0; i < 60; i++) {
		snprintf(key, sizeof(key), "m-%d", i);
		api_server_start(server, key);
	}
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		answer = api_server_get(server, formats[i].path);
		answer_must_be(&answer, 200);
		assert_true(str_has_prefix(
		    answer_header(&answer, "Content-Type"),
		    str_of(formats[i].type)));
		assert_true(
		    str_has_suffix(answer.body, str_of(formats[i].end)));
		assert_true(answer.body.bytes > 60 * 100);
	}
	/* Nothing is found of any. */
	answer = api_server_get(server, "/v1/export?to=1971-01-01");
	answer_must_be(&answer, 200);
	assert_true(str_has_prefix(answer.body, STR("{\"export\":")));
}

static void
test_population_adds_up(void **state)
{
	struct api_server *server = *state;
	struct answer answer;

	api_server_start(server, "r-1");
	api_server_start(server, "r-2");
	answer = api_server_get(server, "/v1/population");
	answer_must_be(&answer, 200);
	assert_true(value_is_true(answer_member(&answer, "adds_up")));
	assert_true(str_find(answer.body, STR("\"started\":2,")) != SIZE_MAX);
	answer = api_server_get(server,
	    "/v1/population?from=2030-01-01&to=2020-01-01");
	answer_must_be_problem(&answer, 400, "invalid-parameter");
}

static void
test_sample_is_the_same_for_the_same_seed(void **state)
{
	struct api_server *server = *state;
	struct answer first, again, more;
	const struct value *few, *all;
	char name[16];

	/* More than are told of at a time. */
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "r-%d", i);
		api_server_start(server, name);
	}
	first = api_server_get(server, "/v1/sample?seed=2026&size=70");
	again = api_server_get(server, "/v1/sample?seed=2026&size=70");
	more = api_server_get(server, "/v1/sample?seed=2026&size=1000");
	answer_must_be(&first, 200);
	assert_true(str_equal(first.body, again.body));
	few = answer_member(&first, "items");
	all = answer_member(&more, "items");
	assert_int_equal(few->as.list.count, 70);
	assert_int_equal(all->as.list.count, 100);
	for (size_t i = 0; i < few->as.list.count; i++)
		assert_true(value_equal(
		    few->as.list.items[i], all->as.list.items[i]));
	again = api_server_get(server, "/v1/sample?seed=2027");
	assert_int_equal(answer_member(&again, "items")->as.list.count, 25);
	assert_false(value_equal(
	    answer_member(&again, "items")->as.list.items[0],
	    few->as.list.items[0]));
	again = api_server_get(server, "/v1/sample?size=1&seed=");
	answer_must_be_problem(&again, 400, "invalid-parameter");
	again = api_server_get(server, "/v1/sample?seed=x&size=0");
	answer_must_be_problem(&again, 400, "invalid-parameter");
}

static void
test_long_export_is_whole(void **state)
{
	struct api_server *server = *state;
	struct answer answer;
	size_t count = 0;
	struct str rest;
	char name[16];

	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "r-%d", i);
		api_server_start(server, name);
	}
	answer = api_server_get(server, "/v1/export?workflow=payment");
	rest = answer.body;
	for (size_t at;
	     (at = str_find(rest, STR("\"kind\":\"started\""))) != SIZE_MAX;
	     count++)
		rest = str_slice(rest, at + 1, rest.bytes);
	assert_int_equal(count, 150);
}

static void
test_export_that_nobody_reads_does_no_harm(void **state)
{
	struct api_server *server = *state;
	static const char request[] =
	    "GET /v1/export HTTP/1.1\r\nHost: x\r\n\r\n";
	struct answer answer;

	api_server_start(server, "r-1");
	for (int i = 0; i < 20; i++) {
		int fd = api_server_connect(server);

		assert_int_equal(write(fd, request, sizeof(request) - 1),
		    (ssize_t)sizeof(request) - 1);
		close(fd);
	}
	usleep(100 * 1000);
	answer = api_server_get(server, "/v1/export");
	answer_must_be(&answer, 200);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(                                       \
	    name, api_server_set_up, api_server_tear_down)

static void
test_schedules_are_listed_with_their_next_instant(void **state)
{
	struct api_server *server = *state;
	struct answer answer = api_server_get(server, "/v1/schedules");
	struct str next;

	answer_must_be(&answer, 200);
	assert_int_equal(answer_member(&answer, "items")->as.list.count, 1);
	assert_true(
	    str_equal(answer_text(&answer, "items.0.workflow"), STR("refund")));
	assert_true(
	    str_equal(answer_text(&answer, "items.0.overlap"), STR("queue")));
	next = answer_text(&answer, "items.0.next_at");
	assert_true(str_has_suffix(next, STR("-02-29T06:00:00.000Z")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_instance_is_found_by_its_business_key),
	    TEST(test_key_of_two_workflows_needs_the_workflow),
	    TEST(test_key_that_is_a_number_is_found_as_it_was_written),
	    TEST(test_key_with_an_exponent_is_found_as_it_was_written),
	    TEST(test_key_that_is_a_number_is_not_taken_for_a_text),
	    TEST(test_unknown_instance_is_404),
	    TEST(test_list_is_paged_by_cursor_and_link),
	    TEST(test_list_begins_with_the_newest),
	    TEST(test_list_filters),
	    TEST(test_parameters_that_are_wrong_are_named),
	    TEST(test_period_that_ends_before_it_begins_is_refused),
	    TEST(test_status_that_is_none_is_named),
	    TEST(test_nothing_is_older_than_the_clock),
	    TEST(test_history_is_a_chain_in_pages),
	    TEST(test_history_can_be_verified_by_its_reader),
	    TEST(test_suspend_and_resume),
	    TEST(test_cancel_ends_for_good),
	    TEST(test_definitions_are_listed_and_read),
	    TEST(test_published_version_is_used_at_once),
	    TEST(test_changed_or_faulty_text_is_not_published),
	    TEST(test_files_are_published_all_or_none),
	    TEST(test_instances_are_moved_or_told_why_not),
	    TEST(test_instance_that_is_named_twice_is_moved_once),
	    TEST(test_instance_is_moved_by_its_number_as_it_was_written),
	    TEST(test_migration_that_makes_no_sense_is_refused),
	    TEST(test_workflow_and_instance_are_drawn),
	    TEST(test_schedules_are_listed_with_their_next_instant),
	    TEST(test_export_streams_whole_histories),
	    TEST(test_every_format_is_streamed_whole),
	    TEST(test_population_adds_up),
	    TEST(test_sample_is_the_same_for_the_same_seed),
	    TEST(test_long_export_is_whole),
	    TEST(test_export_that_nobody_reads_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
