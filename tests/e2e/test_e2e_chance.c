/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_e2e_chance.c: many calls to all families, of which one request in
 * twenty meets a fault of any kind, drawn by seed; and then the books are
 * compared.
 *
 * There are three: what the instances say, what the endpoints did (the
 * sandbox's ledger), and what the endpoints were asked (its journal).  An
 * instance says the truth about what was done, or a person knows.  Each
 * request in the journal is one record of a history, byte for byte; and each
 * that came again has a record before it that says why it might.
 *
 * STATED_CALLS says how many (400), STATED_SEED by which seed.
 */
#include "family.h"

#include <stdio.h>
#include <stdlib.h>

#define CALLS 400
#define PERCENT 5
/* So many at once: what is meant to be late shall not be later than that. */
#define WINDOW 200
#define END_MS 60000
/* The latest that a thing is done after its request broke off. */
#define LATEST_MS 500
#define WAYS 2 /* without TLS, and with it */

/* A minute is 100 ms. */
static struct house_options hasty = {
    .clock = "600x",
    .config = "log: {level: error}\n",
    .quiet_bank = true,
    .journal = true,
};

/* Every kind that there is, but for webhooks, of which no call knows; what
 * lasts, lasts as long as a call has patience for. */
static const char chaos[] =
    "{\"probability_percent\":%d,\"path\":\"/\",\"faults\":["
    "{\"fault\":\"timeout-after-commit\",\"milliseconds\":1500},"
    "{\"fault\":\"timeout-before-commit\",\"milliseconds\":1500},"
    "{\"fault\":\"delay\",\"milliseconds\":300},"
    "{\"fault\":\"late-commit\",\"milliseconds\":300},"
    "{\"fault\":\"slow-drip\",\"milliseconds\":10},"
    "{\"fault\":\"stale-read\",\"milliseconds\":300},"
    "{\"fault\":\"429\",\"retry_after\":\"none\"},"
    "{\"fault\":\"503\",\"retry_after\":\"30\"},"
    "{\"fault\":\"503-after-commit\",\"retry_after\":\"none\"},"
    "{\"fault\":\"tls-slow\",\"milliseconds\":1500},"
    "\"reset-after-commit\",\"reset-before-commit\","
    "\"500-after-commit\",\"500-before-commit\","
    "\"502-after-commit\",\"502-before-commit\","
    "\"504-after-commit\",\"504-before-commit\","
    "\"401\",\"403\",\"409\",\"429\",\"451\",\"550\","
    "\"301\",\"302\",\"303\",\"307\",\"308\","
    "\"truncated-json\",\"short-body\",\"chunked-cut\",\"no-length\","
    "\"wrong-content-type\",\"wrong-content-type-after-commit\","
    "\"error-in-200\",\"empty-200\",\"empty-204\","
    "\"interim-status\",\"header-flood\",\"huge-body\",\"gzip-bomb\","
    "\"deep-json\",\"duplicate-key\",\"not-a-number\",\"huge-number\","
    "\"big-number\",\"byte-order-mark\",\"bad-utf-8\","
    "\"altered-amount\",\"altered-currency\",\"wrong-clock\","
    "\"tls-refused\",\"tls-closed\",\"tls-reset\",\"tls-old\","
    "\"tls-expired\",\"tls-early\",\"tls-other-name\","
    "\"tls-self-signed\",\"tls-unknown-authority\","
    "\"tls-client-wanted\",\"tls-client-refused\",\"tls-cut\"]}";

struct call {
	const struct family *family;
	char reference[32];
	char id[64];
	enum family_end end;
};

struct run_of_calls {
	struct house *house;
	size_t count;
	struct call *calls;
	json_t *asked; /* the journal: how often each request came */
	json_t *heard; /* the histories: how often it was answered */
	json_t *maybe_heard; /* and how often it was sent without an answer */
	json_t *by_id; /* which call an instance is */
	json_t *reasons; /* why requests came again, and how often */
	size_t ends[4];
	size_t done_and_asked; /* a person is asked, and it was done */
	size_t requests;
	size_t faults;
	size_t logins;
	size_t handshakes;
	size_t handshake_faults;
	size_t unsent; /* requests that broke before they were sent */
	size_t unheard; /* those that nobody saw, of the ones without answer */
	size_t again;
	bool is_true;
};

/* ---- the calls ---- */

static size_t
number_of(const char *name, size_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

static void
prepare(struct run_of_calls *run)
{
	struct house *house = run->house;
	char more[FAMILY_MORE_BYTES];
	long long port = family_prepare_tls(house, more);

	family_write_all(house);
	for (size_t i = 0; i < FAMILIES; i++) {
		char name[32];
		char path[64];
		char url[128];

		snprintf(name, sizeof(name), "%s-tls", families[i].key);
		snprintf(url, sizeof(url), "https://%s.sandbox.localhost:%lld",
		    name, port);
		/* A handshake for each, unless it has headers already. */
		family_write_own(house, &families[i], name, url, more);
		if (strcmp(families[i].key, "stripe") != 0) {
			snprintf(path, sizeof(path),
			    "workflows/connections/%s.yaml", name);
			house_edit(house, path, "\ntls:",
			    "\nheaders: {connection: close}\ntls:");
		}
	}
	house_start_engine(house);
	assert_status(
	    house_control(house, "/control/chaos", chaos, PERCENT), 200);
}

static void
start(struct run_of_calls *run, size_t number)
{
	struct call *call = &run->calls[number];
	char path[128];
	char body[128];
	struct reply *reply;

	call->family = &families[number % FAMILIES];
	/* No reference begins with another one. */
	snprintf(call->reference, sizeof(call->reference), "%s-%zu-x",
	    call->family->key, number);
	snprintf(path, sizeof(path), "/v1/workflows/%s%s/instances",
	    call->family->key,
	    number / FAMILIES % WAYS == 0 ? "" : "-tls");
	snprintf(body, sizeof(body),
	    "{\"input\":{\"reference\":\"%s\",\"partner\":1}}",
	    call->reference);
	reply = ask_once(&(struct ask){
	    .url = run->house->url, .path = path, .body = body});
	assert_status(reply, 201);
	snprintf(call->id, sizeof(call->id), "%s", text_at(reply->json, "id"));
	json_object_set_new(
	    run->by_id, call->id, json_integer((json_int_t)number));
	reply_free(reply);
}

/* Who is asked has to be somebody. */
static void
look(struct run_of_calls *run, struct call *call)
{
	char path[128];
	struct reply *reply;

	snprintf(path, sizeof(path), "/v1/instances/%s", call->id);
	reply = ask_once(&(struct ask){.url = run->house->url, .path = path});
	assert_status(reply, 200);
	call->end = family_end_of(reply->json);
	if (call->end == FAMILY_PERSON)
		assert_string_equal(text_at(reply->json, "incidents.0.owner"),
		    "treasury-desk");
	reply_free(reply);
}

static void
await(struct run_of_calls *run, struct call *call)
{
	int64_t until_ms = time_ms() + END_MS;

	for (;;) {
		look(run, call);
		if (call->end != FAMILY_PENDING)
			break;
		if (time_ms() > until_ms)
			fail_msg("%s comes to no end", call->reference);
		time_sleep(5);
	}
	run->ends[call->end]++;
}

static void
run_all(struct run_of_calls *run)
{
	for (size_t i = 0; i < run->count + WINDOW; i++) {
		if (i < run->count)
			start(run, i);
		if (i >= WINDOW)
			await(run, &run->calls[i - WINDOW]);
	}
	time_sleep(LATEST_MS);
}

/* ---- what was done ---- */

static void
check_ledger(struct run_of_calls *run)
{
	json_t *counts =
	    family_count_all(payment_ledger(run->house, NULL));

	for (size_t i = 0; i < run->count; i++) {
		const struct call *call = &run->calls[i];
		size_t done =
		    family_count(counts, call->family, call->reference);
		bool is_true = call->end == FAMILY_DONE ? done == 1 :
		    call->end == FAMILY_REFUSED		? done == 0
							: done <= 1;

		if (!is_true)
			print_error("%s: ended as %d, done %zu times\n",
			    call->reference, call->end, done);
		run->is_true = run->is_true && is_true;
		run->done_and_asked +=
		    call->end == FAMILY_PERSON && done == 1;
	}
	json_decref(counts);
}

/* ---- what was asked ---- */

/* Lines of JSON, one by one. */
static void
read_lines(const char *path,
    void (*take)(struct run_of_calls *run, json_t *line),
    struct run_of_calls *run)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	assert_non_null(file);
	while (getline(&line, &room, file) > 0) {
		json_t *json = json_loads(line, JSON_ALLOW_NUL, NULL);

		assert_non_null(json);
		take(run, json);
		json_decref(json);
	}
	free(line);
	fclose(file);
}

/* What tells one request from another. */
static char *
request_key(const char *method, const char *target, const char *body)
{
	char *key;

	assert_true(asprintf(&key, "%s %s\n%s", method, target, body) > 0);
	return key;
}

/* Histories have no secrets, and don't speak of logins. */
static void
take_request(struct run_of_calls *run, json_t *line)
{
	static const char secret[] = "\"admin\"", mask[] = "\"***\"";
	const char *body = text_at(line, "body");
	const char *at = strstr(body, secret);
	char *masked, *key;

	run->requests++;
	run->faults += text_at(line, "fault")[0] != '\0';
	if (strstr(body, "\"authenticate\"") != NULL) {
		run->logins++;
		return;
	}
	if (at == NULL)
		masked = strdup(body);
	else
		assert_true(asprintf(&masked, "%.*s%s%s", (int)(at - body),
				body, mask, at + strlen(secret)) > 0);
	key = request_key(
	    text_at(line, "method"), text_at(line, "target"), masked);
	family_tally(run->asked, key);
	free(masked);
	free(key);
}

static void
take_journal(struct run_of_calls *run, json_t *line)
{
	if (strcmp(text_at(line, "done"), "request") == 0) {
		take_request(run, line);
		return;
	}
	run->handshakes++;
	run->handshake_faults += text_at(line, "fault")[0] != '\0';
}

/* ---- and why ---- */

/* Where in its history an instance is; of the call that it is about. */
static struct {
	char instance[64];
	char operation[64];
	char key[64];
	char code[64];
	int sent;
	bool is_unknown; /* some attempt of it, since somebody looked */
	char *request; /* that was sent last, of any call */
} now;

/* A write goes out again where it surely wasn't done, by a key under which
 * nothing is done twice, or after somebody has looked. */
static void
explain(struct run_of_calls *run, const struct call *call, const char *key)
{
	bool is_same = call->family->is_keyed && strcmp(now.key, key) == 0;

	run->again++;
	family_tally(run->reasons, now.code[0] != '\0' ? now.code : "none");
	if (!now.is_unknown || is_same)
		return;
	print_error("%s: sent again after %s, and nobody had looked\n",
	    call->reference, now.code);
	run->is_true = false;
}

/* What was sent and never heard of again, as the engine stopped. */
static void
give_up_answer(struct run_of_calls *run)
{
	if (now.request != NULL)
		family_tally(run->maybe_heard, now.request);
	free(now.request);
	now.request = NULL;
}

static void
take_sent(struct run_of_calls *run, const struct call *call, json_t *record)
{
	const char *url = text_at(record, "request.url");
	const char *target = strchr(strstr(url, "://") + 3, '/');

	give_up_answer(run);
	now.request = request_key(text_at(record, "request.method"), target,
	    text_at(record, "request.body"));
	if (text_at(record, "step")[0] == '\0')
		return; /* somebody is told about an incident */
	if (now.operation[0] == '\0')
		snprintf(now.operation, sizeof(now.operation), "%s",
		    text_at(record, "operation"));
	if (strcmp(now.operation, text_at(record, "operation")) != 0)
		return; /* verifies */
	if (now.sent++ > 0)
		explain(run, call, text_at(record, "key"));
	snprintf(now.key, sizeof(now.key), "%s", text_at(record, "key"));
}

/* What was answered was heard, and what broke before it was sent was not; of
 * the rest nobody knows. */
static void
take_answer(struct run_of_calls *run, json_t *record)
{
	static const char unsent[] =
	    " unresolved unreachable tls certificate unsent ";
	char failure[32];

	if (now.request == NULL)
		return; /* what failed before there was a request */
	snprintf(failure, sizeof(failure), " %s ",
	    text_at(record, "reply.failure"));
	if (json_at(record, "reply.status") != NULL)
		family_tally(run->heard, now.request);
	else if (strstr(unsent, failure) == NULL)
		family_tally(run->maybe_heard, now.request);
	else
		run->unsent++;
	free(now.request);
	now.request = NULL;
}

static void
take_replied(struct run_of_calls *run, json_t *record)
{
	const char *outcome;

	take_answer(run, record);
	if (text_at(record, "step")[0] == '\0')
		return;
	outcome = text_at(record, "outcome");
	if (strcmp(now.operation, text_at(record, "operation")) != 0) {
		if (strcmp(outcome, "done") == 0)
			now.is_unknown = false;
		return;
	}
	now.is_unknown |= strcmp(outcome, "unknown") == 0;
	snprintf(now.code, sizeof(now.code), "%s", text_at(record, "code"));
}

static void
take_record(struct run_of_calls *run, json_t *record)
{
	const char *instance = text_at(record, "instance");
	const char *kind = text_at(record, "kind");
	json_t *number = json_object_get(run->by_id, instance);

	if (number == NULL)
		return;
	if (strcmp(now.instance, instance) != 0) {
		give_up_answer(run);
		memset(&now, 0, sizeof(now));
		snprintf(now.instance, sizeof(now.instance), "%s", instance);
	}
	if (strcmp(kind, "call-sent") == 0)
		take_sent(run, &run->calls[json_integer_value(number)],
		    record);
	else if (strcmp(kind, "call-replied") == 0)
		take_replied(run, record);
}

static size_t
times_of(json_t *counts, const char *key)
{
	return (size_t)json_integer_value(json_object_get(counts, key));
}

/* As often as it was answered, and at most once more for each time that no
 * answer came. */
static void
compare(struct run_of_calls *run, const char *key)
{
	size_t asked = times_of(run->asked, key);
	size_t heard = times_of(run->heard, key);
	size_t most = heard + times_of(run->maybe_heard, key);

	if (asked >= heard && asked <= most) {
		run->unheard += most - asked;
		return;
	}
	print_error("came %zu times, and %zu to %zu are recorded: %s\n", asked,
	    heard, most, key);
	run->is_true = false;
}

static void
check_journal(struct run_of_calls *run)
{
	struct house *house = run->house;
	const char *path = house_path(house, "history.jsonl");
	struct run export = house_run(house,
	    (const char *[]){"export", "--database",
		house_path(house, "disk/stated.db"), "--output", path, NULL});
	const char *key;
	json_t *asked;

	assert_int_equal(export.status, 0);
	run_fini(&export);
	read_lines(house_path(house, "journal.jsonl"), take_journal, run);
	read_lines(path, take_record, run);
	give_up_answer(run);
	json_object_foreach(run->asked, key, asked)
		compare(run, key);
	json_object_foreach(run->heard, key, asked)
		if (times_of(run->asked, key) == 0)
			compare(run, key);
	json_object_foreach(run->maybe_heard, key, asked)
		if (times_of(run->asked, key) + times_of(run->heard, key) == 0)
			compare(run, key);
}

/* ---- the summary ---- */

static void
print_reasons(const struct run_of_calls *run)
{
	const char *code;
	json_t *count;

	json_object_foreach(run->reasons, code, count)
		print_message("  %5lld after %s\n",
		    (long long)json_integer_value(count), code);
}

static void
print_faults(const struct run_of_calls *run)
{
	struct reply *reply = house_ask(run->house, &(struct ask){
	    .url = run->house->sandbox_url, .path = "/control/faults"});
	json_t *list = json_at(reply->json, "chaos.faults"), *fault;
	size_t i, met = 0;

	json_array_foreach(list, i, fault)
		met += integer_at(fault, "hits") > 0;
	print_message("%zu of %zu kinds of faults were met:", met,
	    json_array_size(list));
	json_array_foreach(list, i, fault)
		print_message(" %s %lld", text_at(fault, "fault"),
		    integer_at(fault, "hits"));
	print_message("\n");
}

static void
tell(const struct run_of_calls *run, int64_t took_ms)
{
	print_message("%zu calls in %lld s: %zu done once, %zu not done, "
	    "%zu where a person is asked (of which %zu were done)\n",
	    run->count, (long long)took_ms / 1000, run->ends[FAMILY_DONE],
	    run->ends[FAMILY_REFUSED], run->ends[FAMILY_PERSON],
	    run->done_and_asked);
	print_message("%zu requests came, %zu of them to log in; %zu met a "
	    "fault; %zu handshakes, of which %zu did\n",
	    run->requests, run->logins, run->faults, run->handshakes,
	    run->handshake_faults);
	print_faults(run);
	print_message("each request is a record; %zu more broke before they "
	    "were sent, %zu on the way; %zu were sent again:\n",
	    run->unsent, run->unheard, run->again);
	print_reasons(run);
}

static void
test_books_agree_whatever_went_wrong(void **state)
{
	size_t count = number_of("STATED_CALLS", CALLS);
	struct run_of_calls run = {
	    .count = count,
	    .calls = calloc(count, sizeof(struct call)),
	    .asked = json_object(),
	    .heard = json_object(),
	    .maybe_heard = json_object(),
	    .by_id = json_object(),
	    .reasons = json_object(),
	    .is_true = true,
	};
	char seed[24];
	int64_t began_ms;

	(void)state;
	assert_non_null(run.calls);
	snprintf(seed, sizeof(seed), "%zu", number_of("STATED_SEED", 1));
	hasty.sandbox[0] = "--seed";
	hasty.sandbox[1] = seed;
	run.house = house_build(&hasty);
	prepare(&run);
	began_ms = time_ms();
	run_all(&run);
	/* Whoever is asked is reminded as long as the engine runs. */
	program_stop(&run.house->engine);
	check_ledger(&run);
	check_journal(&run);
	print_message("seed %s: ", seed);
	tell(&run, time_ms() - began_ms);
	assert_true(run.is_true);
	house_verify(run.house);
	house_close(&run.house);
	json_decref(run.asked);
	json_decref(run.heard);
	json_decref(run.maybe_heard);
	json_decref(run.by_id);
	json_decref(run.reasons);
	free(run.calls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_books_agree_whatever_went_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
