/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_reperform.c: an auditor takes a bundle away and decides again what
 * was decided, without the engine.
 *
 * That real histories agree is shown by every test here that verifies its
 * database; what is changed in one is found by tests/unit/reperform.
 */
#include "house.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct house_options brisk = {
    .sandbox = {"--delay-accepted", "20", "--delay-settling", "40",
	"--delay-settled", "60", "--delay-matched", "120"},
};

static const struct house_options sealed = {
    .sandbox = {"--delay-accepted", "20", "--delay-settling", "40",
	"--delay-settled", "60", "--delay-matched", "120"},
    .config = "checkpoints: {key: {secret: seal}, every: off}\n",
};

static json_t *
run_json(struct house *house, int status, const char *const *arguments)
{
	struct run run = house_run(house, arguments);
	json_t *json = json_loads(run.text, 0, NULL);

	if (run.status != status || json == NULL)
		print_error("%s\n", run.text);
	assert_int_equal(run.status, status);
	assert_non_null(json);
	run_fini(&run);
	return json;
}

static void
take_bundle(struct house *house, const char *database, const char *name)
{
	struct run run = house_run(house,
	    (const char *[]){"export", "--database", database, "--format",
		"bundle", "--output", house_path(house, name), NULL});

	assert_int_equal(run.status, 0);
	run_fini(&run);
}

static long long
count_of(json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

static void
approve(struct house *house, const char *reference, const char *actor)
{
	char path[256];

	payment_await(house, reference, "awaiting-approval");
	snprintf(path, sizeof(path), "/v1/tasks/%s/decide",
	    payment_task(house, reference));
	assert_status(house_post_as(house, actor, path,
			  "{\"choice\":\"approved\"}"),
	    200);
}

/* One that is paid at once, and one that two people approve. */
static void
pay_twice(struct house *house)
{
	(void)payment_start(house, "R-1", "250.00", "ACME");
	payment_await_end(house, "R-1", "reconciled");
	(void)payment_start(house, "R-2", "2500.00", "ACME");
	approve(house, "R-2", "bob");
	payment_await_end(house, "R-2", "reconciled");
}

static void
test_bundle_is_done_again_offline(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *json, *first;

	(void)state;
	pay_twice(house);
	program_stop(&house->engine);
	take_bundle(house, house_path(house, "disk/stated.db"), "b.tar");
	/* Nothing is left but the bundle. */
	assert_int_equal(
	    rename(house_path(house, "workflows"), house_path(house, "gone")),
	    0);
	json = run_json(house, 0,
	    (const char *[]){"reperform", "--format", "json", "--strict",
		house_path(house, "b.tar"), NULL});
	assert_int_equal(count_of(json, "agree"), 2);
	assert_int_equal(count_of(json, "differ"), 0);
	first = json_array_get(json_object_get(json, "instances"), 0);
	assert_true(count_of(first, "records") > 20);
	assert_int_equal(count_of(first, "decisions"), 1);
	assert_true(count_of(first, "transitions") > 5);
	json_decref(json);

	json = run_json(house, 0,
	    (const char *[]){"reperform", "--format", "json", "--instance",
		"R-2", house_path(house, "b.tar"), NULL});
	assert_int_equal(count_of(json, "agree"), 1);
	json_decref(json);
	house_close(&house);
}

/* ---- a table that somebody has changed ---- */

static void
test_decision_table_that_was_changed_later_is_found(void **state)
{
	struct house *house = house_open(&brisk);
	const char *database = house_path(house, "disk/stated.db");
	struct run run;

	(void)state;
	pay_twice(house);
	program_stop(&house->engine);
	take_bundle(house, database, "before.tar");
	assert_int_equal(house_sql(house,
	    "UPDATE document SET source = replace(source, '< 1000', '< 100')"
	    " WHERE kind = 'decision' AND name = 'payment-approval'"), 1);
	assert_run(house_run(house,
		       (const char *[]){"reperform", database, NULL}),
	    1, "the text of decision `payment-approval` of ");
	/* In the bundle it would stand under another's digest. */
	take_bundle(house, database, "after.tar");
	run = house_run(house,
	    (const char *[]){
		"verify", house_path(house, "after.tar"), NULL});
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(
	    run.text, "is not the document that it is named by"));
	run_fini(&run);
	run = house_run(house,
	    (const char *[]){
		"reperform", house_path(house, "after.tar"), NULL});
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(
	    run.text, "after.tar: it is a bundle, and its own proofs don't "
		      "hold, so nothing of it is done again"));
	run_fini(&run);
	house_write(house, "other.yaml", "workflow: x\n");
	assert_run(house_run(house,
		       (const char *[]){"reperform",
			   house_path(house, "other.yaml"), NULL}),
	    1, "other.yaml: no line of it is a record");
	house_close(&house);
}

/* A table may change while instances run: each is done again by its own. */
static void
test_each_decision_is_made_again_by_the_table_of_then(void **state)
{
	struct house *house = house_open(&brisk);
	json_t *json;

	(void)state;
	(void)payment_start(house, "T-1", "600.00", "ACME");
	payment_await_end(house, "T-1", "reconciled");
	house_edit(house, "workflows/decisions/payment-approval.yaml",
	    "'< 1000'", "'< 500' ");
	program_stop(&house->engine);
	house_start_engine(house);
	(void)payment_start(house, "T-2", "600.00", "ACME");
	approve(house, "T-2", "bob");
	approve(house, "T-2", "carol");
	payment_await_end(house, "T-2", "reconciled");
	program_stop(&house->engine);
	take_bundle(house, house_path(house, "disk/stated.db"), "b.tar");
	json = run_json(house, 0,
	    (const char *[]){"reperform", "--format", "json", "--strict",
		house_path(house, "b.tar"), NULL});
	assert_int_equal(count_of(json, "agree"), 2);
	json_decref(json);
	house_close(&house);
}

/* ---- a connection that changes while it is asked ---- */

static const char asked[] =
    "connection: oracle\n"
    "kind: http\n"
    "url: '%s'\n"
    "operations:\n"
    "  ask:\n"
    "    request: {get: /}\n"
    "    idempotent: true\n"
    "    output: {value: = body.old}\n"
    "---\n"
    "workflow: question\n"
    "version: 1\n"
    "business-key: = input.key\n"
    "input:\n"
    "  type: object\n"
    "  properties:\n"
    "    key: {type: string}\n"
    "data: {value: null}\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry:\n"
    "      - {call: oracle.ask, id: ask, timeout: 20s, retry: {limit: 3,"
    " delay: 10ms}, output: {value: = response.value}}\n"
    "    on: {done: told, error: failed}\n"
    "  told: {type: final, outcome: success}\n"
    "  failed: {type: final, outcome: failure}\n";

/* The first two questions are answered once it is said so. */
static void
ponder(int fd, const char *request, void *arg)
{
	static const char text[] = "HTTP/1.1 200 OK\r\n"
				   "Content-Type: application/json\r\n"
				   "Content-Length: 25\r\n\r\n"
				   "{\"old\":\"was\",\"new\":\"is\"}\n";
	atomic_bool *may_answer = arg;

	(void)request;
	while (!atomic_load(may_answer))
		time_sleep(5);
	endpoint_say(fd, text, sizeof(text) - 1);
}

static void
ask(struct house *house, struct endpoint *oracle, const char *key)
{
	int before = atomic_load(&oracle->requests);

	assert_status(
	    house_post(house, "/v1/workflows/question/instances",
		"{\"input\":{\"key\":\"%s\"}}", key),
	    201);
	while (atomic_load(&oracle->requests) == before)
		time_sleep(5);
}

static void
assert_told(struct house *house, const char *key, const char *value)
{
	assert_string_equal(
	    text_at(payment_await_end(house, key, "told"), "data.value"),
	    value);
}

/* What was asked before is read as it was meant then; what is asked again,
 * since nobody knows the answer, as it is meant now. */
static void
test_answer_is_read_again_as_it_was(void **state)
{
	struct house *house = house_build(&brisk);
	struct endpoint oracle;
	atomic_bool may_answer = false;
	char text[2048];
	json_t *json;

	(void)state;
	endpoint_open(&oracle, ponder, &may_answer);
	snprintf(text, sizeof(text), asked, oracle.url);
	house_write(house, "workflows/question.yaml", text);
	house_start_engine(house);
	ask(house, &oracle, "over-a-reload");
	house_edit(house, "workflows/question.yaml", "body.old", "body.new");
	kill(house->engine.pid, SIGHUP);
	while (house_logged(house, "reloaded") == 0)
		time_sleep(5);
	atomic_store(&may_answer, true);
	assert_told(house, "over-a-reload", "was");

	atomic_store(&may_answer, false);
	ask(house, &oracle, "over-a-crash");
	program_kill(&house->engine);
	house_edit(house, "workflows/question.yaml", "body.new}",
	    "body.new + body.old}");
	atomic_store(&may_answer, true);
	house_start_engine(house);
	assert_told(house, "over-a-crash", "iswas");
	program_stop(&house->engine);

	json = run_json(house, 0,
	    (const char *[]){"reperform", "--format", "json", "--strict",
		house_path(house, "disk/stated.db"), NULL});
	assert_int_equal(count_of(json, "agree"), 2);
	json_decref(json);
	endpoint_close(&oracle);
	house_close(&house);
}

static void
test_lines_alone_are_refused_with_a_reason(void **state)
{
	struct house *house = house_open(&brisk);
	struct run run;

	(void)state;
	(void)payment_start(house, "L-1", "1.00", "ACME");
	payment_await_end(house, "L-1", "reconciled");
	run = house_run(house,
	    (const char *[]){"export", "--output",
		house_path(house, "l.jsonl"), NULL});
	assert_int_equal(run.status, 0);
	run_fini(&run);
	run = house_run(house,
	    (const char *[]){
		"reperform", house_path(house, "l.jsonl"), NULL});
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.text, "take a bundle"));
	run_fini(&run);
	house_close(&house);
}

/* ---- what is sensitive ---- */

static const char salaries[] =
    "workflow: salaries\n"
    "version: 1\n"
    "business-key: = input.run\n"
    "sensitive: [input.lines.amount, input.lines.iban, total]\n"
    "input:\n"
    "  type: object\n"
    "  properties:\n"
    "    run: {type: string}\n"
    "    lines: {type: array}\n"
    "data: {total: null, home: null}\n"
    "initial: counting\n"
    "states:\n"
    "  counting:\n"
    "    entry:\n"
    "      - set:\n"
    "          total: = sum(input.lines.amount)\n"
    "          home: = substring(input.lines[1].iban, 1, 2)\n"
    "    on:\n"
    "      done:\n"
    "        - {target: large, if: = total > 5000}\n"
    "        - {target: small}\n"
    "  large: {type: final, outcome: success}\n"
    "  small: {type: final, outcome: success}\n";

static void
assert_reperformed(
    struct house *house, const char *const *arguments, int agree, int could_not)
{
	json_t *json = run_json(house, 0, arguments);

	assert_int_equal(count_of(json, "agree"), agree);
	assert_int_equal(count_of(json, "could_not"), could_not);
	assert_int_equal(count_of(json, "differ"), 0);
	json_decref(json);
}

static void
print_to(struct house *house, const char *file, const char *const *arguments)
{
	struct run run = house_run(house, arguments);

	assert_int_equal(run.status, 0);
	house_write(house, file, run.text);
	run_fini(&run);
}

/* From digests alone nobody can tell a sum.  Who may see the values has them
 * beside the bundle; those of another run don't help. */
static void
test_sum_of_salaries_is_made_again_by_who_may_see_them(void **state)
{
	struct house *house = house_build(&brisk);
	const char *database, *bundle;

	(void)state;
	house_write(house, "workflows/salaries.yaml", salaries);
	house_start_engine(house);
	database = house_path(house, "disk/stated.db");
	bundle = house_path(house, "b.tar");
	assert_status(
	    house_post(house, "/v1/workflows/salaries/instances?wait=10s",
		"{\"input\":{\"run\":\"S-1\",\"lines\":["
		"{\"amount\":3100.50,\"iban\":\"DE89370400440532013000\"},"
		"{\"amount\":2999.50,\"iban\":\"FR7630006000011234567890189\"}"
		"]}}"),
	    201);
	assert_status(
	    house_post(house, "/v1/workflows/salaries/instances?wait=10s",
		"{\"input\":{\"run\":\"S-2\",\"lines\":["
		"{\"amount\":12.50,\"iban\":\"DE02120300000000202051\"}]}}"),
	    201);
	print_to(house, "s-1.json",
	    (const char *[]){"show", "S-1", "--sensitive", "--format", "json",
		NULL});
	print_to(house, "s-2.json",
	    (const char *[]){"show", "S-2", "--sensitive", "--format", "json",
		NULL});
	take_bundle(house, database, "b.tar");
	assert_reperformed(house,
	    (const char *[]){"reperform", "--format", "json", bundle, NULL}, 0,
	    2);
	assert_reperformed(house,
	    (const char *[]){"reperform", "--format", "json", "--sensitive",
		"@s-1.json", bundle, NULL},
	    1, 1);
	assert_reperformed(house,
	    (const char *[]){"reperform", "--format", "json", "--strict",
		"--sensitive", "@s-1.json", "--sensitive", "@s-2.json", bundle,
		NULL},
	    2, 0);
	/* Under the name of the other: its digests are others. */
	house_edit(house, "s-2.json", text_at(
	    house_get(house, "/v1/instances/S-2")->json, "id"), text_at(
	    house_get(house, "/v1/instances/S-1")->json, "id"));
	assert_reperformed(house,
	    (const char *[]){"reperform", "--format", "json", "--instance",
		"S-1", "--sensitive", "@s-2.json", bundle, NULL},
	    0, 1);
	assert_reperformed(house,
	    (const char *[]){"reperform", "--format", "json", "--strict",
		database, NULL},
	    2, 0);
	house_close(&house);
}

static const char cards[] =
    "workflow: card\n"
    "version: 1\n"
    "business-key: = input.number\n"
    "sensitive: [input.number, input.holder]\n"
    "input:\n"
    "  type: object\n"
    "  properties:\n"
    "    number: {type: number}\n"
    "    holder: {type: string}\n"
    "events: {made: {}, sent: {correlate: = input.holder}}\n"
    "initial: ordered\n"
    "states:\n"
    "  ordered: {on: {made: there}}\n"
    "  there: {on: {sent: gone}}\n"
    "  gone: {type: final, outcome: success}\n";

/* What is sensitive names the instance and its events, once as the number that
 * it is, and once otherwise. */
static void
test_events_about_what_is_sensitive_are_made_again(void **state)
{
	struct house *house =
	    house_open_with(&brisk, "workflows/card.yaml", cards);

	(void)state;
	assert_status(
	    house_post(house, "/v1/workflows/card/instances",
		"{\"input\":{\"number\":12345.10,\"holder\":\"Anna\"}}"),
	    201);
	house_post_event(house, "made", "12345.1");
	house_post_event(house, "sent", "Anna");
	program_stop(&house->engine);
	assert_reperformed(house,
	    (const char *[]){"reperform", "--format", "json", "--strict",
		house_path(house, "disk/stated.db"), NULL},
	    1, 0);
	house_verify(house);
	house_close(&house);
}

static const char loans[] =
    "workflow: loan\n"
    "version: 1\n"
    "business-key: = input.ref\n"
    "sensitive: [input.name, input.amount, input.rating]\n"
    "input:\n"
    "  type: object\n"
    "  properties:\n"
    "    ref: {type: string}\n"
    "    name: {type: string}\n"
    "    amount: {type: number}\n"
    "    rating: {type: string}\n"
    "data: {greeting: null, points: null}\n"
    "initial: asking\n"
    "states:\n"
    "  asking:\n"
    "    entry:\n"
    "      - set:\n"
    "          greeting: '= \"Dear \" + input.name'\n"
    "          points: = input.amount\n"
    "    user-task: {title: '= \"Pay \" + input.name + \"?\"'}\n"
    "    on: {approved: paid, rejected: no}\n"
    "  paid: {type: final, outcome: success}\n"
    "  no: {type: final, outcome: cancelled}\n";

static void
lend(struct house *house, const char *reference, const char *name,
    const char *amount, const char *rating)
{
	struct reply *task;

	assert_status(
	    house_post(house, "/v1/workflows/loan/instances?wait=10s",
		"{\"input\":{\"ref\":\"%s\",\"name\":\"%s\",\"amount\":%s,"
		"\"rating\":\"%s\"}}",
		reference, name, amount, rating),
	    201);
	/* A person sees by what the task is decided, and how. */
	task = house_get(house, "/v1/tasks?instance=%s", reference);
	assert_status(task, 200);
	assert_string_equal(
	    text_at(task->json, "items.0.choices.0"), "approved");
	assert_run(house_run(house,
		       (const char *[]){"task", "decide",
			   text_at(task->json, "items.0.id"), "approved",
			   NULL}),
	    0, "");
}

/* They stand in keys and in the program's own words, and are too short to be
 * masked in the midst of a text. */
static void
test_sensitive_values_that_stand_anywhere_are_made_again(void **state)
{
	struct house *house =
	    house_open_with(&brisk, "workflows/loan.yaml", loans);
	const char *database = house_path(house, "disk/stated.db");
	const char *bundle = house_path(house, "b.tar");

	(void)state;
	lend(house, "P-2026-0815", "Lin", "2026.00", "success");
	lend(house, "S-Lina", "Lina", "12", "approved");
	lend(house, "P-7", "Liu", "8000", "a"); /* it is in identifiers */
	lend(house, "Li-1", "Li", "7.5", "paid");
	take_bundle(house, database, "b.tar");
	assert_reperformed(house,
	    (const char *[]){"reperform", "--format", "json", "--strict",
		bundle, NULL},
	    4, 0);
	assert_reperformed(house,
	    (const char *[]){"reperform", "--format", "json", "--strict",
		database, NULL},
	    4, 0);
	assert_status(house_post(house,
	    "/v1/instances/P-2026-0815/erase", "{\"reason\":\"asked\"}"), 200);
	assert_status(house_post(house,
	    "/v1/instances/Li-1/erase", "{\"reason\":\"asked\"}"), 200);
	program_stop(&house->engine);
	assert_reperformed(house,
	    (const char *[]){
		"reperform", "--format", "json", database, NULL},
	    2, 2);
	house_verify(house);
	house_close(&house);
}

/* ---- two notices at once ---- */

static const char waits[] =
    "workflow: wait\n"
    "version: 1\n"
    "input: {type: object, required: [name], properties: {name: {type: "
    "string}}}\n"
    "business-key: = input.name\n"
    "events: {go: {}}\n"
    "initial: waiting\n"
    "states:\n"
    "  waiting:\n"
    "    on: {go: over}\n"
    "    escalate:\n"
    "      - {after: 100ms, to: onlooker, message: slow}\n"
    "      - {after: 200ms, to: onlooker, message: quick}\n"
    "  over: {type: final, outcome: success}\n"
    "---\n"
    "contact: onlooker\n"
    "notify: [{call: board.post}]\n"
    "---\n"
    "connection: board\n"
    "kind: http\n"
    "url: = settings.board.url\n"
    "timeout: 5s\n"
    "operations:\n"
    "  post:\n"
    "    request: {post: /post, headers: {idempotency-key: = "
    "idempotency_key}, body: {text: = message}}\n"
    "    idempotent: true\n";

/* The one is answered last, and badly; it is told once more then. */
static void
chat_cb(int fd, const char *request, void *arg)
{
	static const char sorry[] =
	    "HTTP/1.1 500 Sorry\r\nContent-Length: 0\r\n\r\n";
	atomic_int *slow = arg;

	if (strstr(request, "\"slow\"") == NULL ||
	    atomic_fetch_add(slow, 1) > 0) {
		endpoint_say_ok(fd);
		return;
	}
	time_sleep(600);
	endpoint_say(fd, sorry, sizeof(sorry) - 1);
}

static struct house *
open_chat(struct endpoint *chat)
{
	struct house *house = house_build(&brisk);
	char settings[128];

	house_write(house, "workflows/wait.yaml", waits);
	snprintf(settings, sizeof(settings),
	    "settings:\n  board: {url: '%s'}\n", chat->url);
	house_edit(house, "stated.yaml", "settings:\n", settings);
	house_start_engine(house);
	return house;
}

static json_t *
nth_of_kind(json_t *records, const char *kind, size_t nth)
{
	json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
		if (strcmp(text_at(record, "kind"), kind) == 0 && nth-- == 0)
			return record;
	fail_msg("there are too few %s", kind);
	return NULL;
}

static void
assert_key(json_t *records, const char *kind, size_t nth, const char *key)
{
	assert_string_equal(
	    text_at(nth_of_kind(records, kind, nth), "key"), key);
}

static void
test_history_tells_which_notice_was_answered(void **state)
{
	struct endpoint chat;
	atomic_int slow = 0;
	struct house *house;
	json_t *records;
	const char *first, *second;

	(void)state;
	endpoint_open(&chat, chat_cb, &slow);
	house = open_chat(&chat);
	assert_status(house_post(house, "/v1/workflows/wait/instances",
			  "{\"input\":{\"name\":\"W\"}}"),
	    201);
	for (int i = 0; i < 400 && chat.requests < 3; i++)
		time_sleep(25);
	time_sleep(200);
	records = payment_history(house, "W");
	first = text_at(nth_of_kind(records, "call-sent", 0), "key");
	second = text_at(nth_of_kind(records, "call-sent", 1), "key");
	assert_string_not_equal(first, second);
	assert_key(records, "call-replied", 0, second);
	assert_key(records, "notified", 0, second);
	assert_key(records, "call-replied", 1, first);
	assert_key(records, "call-waiting", 0, first);
	assert_key(records, "call-sent", 2, first);
	assert_key(records, "notified", 1, first);
	program_stop(&house->engine);
	house_verify(house);
	house_close(&house);
	endpoint_close(&chat);
}

/* ---- exports that are broken off ---- */

static void
make_payments(struct house *house, int from, int to)
{
	for (int i = from; i < to; i++) {
		char reference[16];

		snprintf(reference, sizeof(reference), "E-%d", i);
		(void)payment_start(house, reference, "1.00", "ACME");
		payment_await_end(house, reference, "reconciled");
	}
}

static void
make_checkpoint(struct house *house)
{
	struct run run = house_run(
	    house, (const char *[]){"checkpoint", "make", NULL});

	assert_int_equal(run.status, 0);
	run_fini(&run);
}

static void
go_on(struct house *house, bool is_sealed)
{
	const char *database = house_path(house, "disk/stated.db");
	const char *whole = house_path(house, "whole.jsonl");
	const char *part = house_path(house, "part.jsonl");
	char command[4 * HOUSE_PATH_BYTES];
	const char *const shell[] = {"/bin/sh", "-c", command, NULL};
	struct run run;
	char *texts[2];

	make_payments(house, 0, 4);
	if (is_sealed)
		make_checkpoint(house);
	run = house_run(house,
	    (const char *[]){"export", "--database", database, "--output",
		whole, NULL});
	assert_int_equal(run.status, 0);
	run_fini(&run);
	/* No more than a part of the file may be written. */
	snprintf(command, sizeof(command),
	    "ulimit -f 32; trap '' XFSZ; %s export --database %s --output %s",
	    house_program(), database, part);
	run = program_run(house->directory, NULL, shell, NULL);
	assert_int_not_equal(run.status, 0);
	assert_non_null(strstr(run.text, "--resume goes on"));
	run_fini(&run);
	assert_int_not_equal(access(part, F_OK), 0);

	/* What is recorded meanwhile is no part of it. */
	make_payments(house, 4, 6);
	if (is_sealed)
		make_checkpoint(house);
	run = house_run(house,
	    (const char *[]){"export", "--database", database, "--output",
		part, "--resume", NULL});
	if (run.status != 0)
		print_error("%s\n", run.text);
	assert_int_equal(run.status, 0);
	run_fini(&run);
	texts[0] = house_read(whole);
	texts[1] = house_read(part);
	assert_string_equal(texts[0], texts[1]);
	assert_int_equal(strstr(texts[1], "{\"checkpoint\":{") != NULL,
	    is_sealed);
	free(texts[0]);
	free(texts[1]);
	run = house_run(house, (const char *[]){"verify", part, NULL});
	assert_int_equal(run.status, 0);
	run_fini(&run);

	/* There is nothing to go on with any more. */
	run = house_run(house,
	    (const char *[]){"export", "--database", database, "--output",
		part, "--resume", NULL});
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.text, "there is no export to go on with"));
	run_fini(&run);
}

static void
test_broken_off_export_goes_on_as_if_it_had_not_been(void **state)
{
	struct house *house = house_open(&brisk);

	(void)state;
	go_on(house, false);
	house_close(&house);
}

/* By the checkpoint of then, with all turns that it was told about before. */
static void
test_broken_off_export_goes_on_to_the_same_proof(void **state)
{
	struct house *house = house_open(&sealed);

	(void)state;
	go_on(house, true);
	house_close(&house);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_bundle_is_done_again_offline),
	    HOUSE_TEST(test_decision_table_that_was_changed_later_is_found),
	    HOUSE_TEST(test_each_decision_is_made_again_by_the_table_of_then),
	    HOUSE_TEST(test_answer_is_read_again_as_it_was),
	    HOUSE_TEST(test_lines_alone_are_refused_with_a_reason),
	    HOUSE_TEST(test_sum_of_salaries_is_made_again_by_who_may_see_them),
	    HOUSE_TEST(test_events_about_what_is_sensitive_are_made_again),
	    HOUSE_TEST(
		test_sensitive_values_that_stand_anywhere_are_made_again),
	    HOUSE_TEST(test_history_tells_which_notice_was_answered),
	    HOUSE_TEST(test_broken_off_export_goes_on_as_if_it_had_not_been),
	    HOUSE_TEST(test_broken_off_export_goes_on_to_the_same_proof),
	};

	setenv("STATED_SECRET_SEAL", HOUSE_SEAL_PEM, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
