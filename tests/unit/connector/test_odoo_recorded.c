/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows the connector every answer that a real Odoo 18 gave, where the file
 * with them is at hand, and holds its judgement against what is known of each
 * class of answer.
 */
#include "desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char connection[] =
    "connection: odoo\n"
    "kind: odoo\n"
    "url: http://127.0.0.1:8069\n"
    "auth: {odoo: {database: demo, login: a, password: {secret: key}}}\n"
    "operations:\n"
    "  any: {model: res.partner, method: '= m', args: []}\n"
    "  load: {model: res.partner, method: load, args: []}\n";

struct expected {
	const char *name;
	enum outcome_kind kind;
	bool transient;
};

static const struct expected by_name[] = {
	{"odoo.exceptions.AccessDenied", OUTCOME_NOT_DONE, false},
	{"psycopg2.errors.SerializationFailure", OUTCOME_NOT_DONE, true},
	{"psycopg2.OperationalError", OUTCOME_UNKNOWN, false},
	{"psycopg2.InterfaceError", OUTCOME_UNKNOWN, false},
	{"werkzeug.exceptions.ClientDisconnected", OUTCOME_NOT_DONE, true},
};

static struct expected
expected_error(struct str name)
{
	for (size_t i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++)
		if (str_equal(name, str_of(by_name[i].name)))
			return by_name[i];
	return (struct expected){.kind = OUTCOME_DONE_WITH_ERROR};
}

/* What a person who has read the answer would say. */
static struct expected
expected_of(struct desk *desk, int64_t status, struct str text)
{
	struct json_error error;
	const struct value *body = json_read(desk->arena, text, &error);
	const struct value *failure =
	    body != NULL ? value_field_or_null(body, "error") : &value_null;

	if (status >= 500)
		return (struct expected){.kind = OUTCOME_UNKNOWN};
	if (status >= 300)
		return (struct expected){.kind = OUTCOME_NOT_DONE};
	/* The loser of a race, whatever its class says. */
	if (str_find(text, STR("cannot follow twice")) != SIZE_MAX)
		return (struct expected){NULL, OUTCOME_NOT_DONE, true};
	if (failure->type == VALUE_CONTEXT)
		return expected_error(value_field_str(
		    value_field_or_null(failure, "data"), "name"));
	return (struct expected){.kind = OUTCOME_DONE};
}

static int64_t
number_in(const struct value *context, const char *key)
{
	const struct value *field = value_field_or_null(context, key);
	int64_t n = 0;

	if (field->type == VALUE_NUMBER && !number_to_int(field->as.number, &n))
		fail();
	return n;
}

static bool
is_load(struct str request)
{
	return str_find(request, STR("\"load\",")) != SIZE_MAX;
}

static void
judge(struct desk *desk, const struct value *record, size_t line)
{
	const struct value *request = value_field_or_null(record, "request");
	const struct value *response = value_field_or_null(record, "response");
	struct str text = value_field_str(response, "body");
	int64_t status = number_in(response, "status");
	struct outcome *outcome;
	struct expected expected;

	if (!is_load(value_field_str(request, "body"))) {
		outcome = desk_answer(desk, "any", "{\"m\":\"x\"}", (int)status,
		    NULL, arena_cstr(desk->arena, text));
		expected = expected_of(desk, status, text);
		if (outcome->kind != expected.kind ||
		    outcome->transient != expected.transient)
			fail_msg("line %zu: %.*s, not %.*s: %.*s", line,
			    STR_ARG(outcome_name(outcome->kind)),
			    STR_ARG(outcome_name(expected.kind)),
			    STR_ARG(text));
		return;
	}
	outcome = desk_answer(desk, "load", "{}", (int)status, NULL,
	    arena_cstr(desk->arena, text));
	if (str_find(text, STR("\"ids\": false")) == SIZE_MAX)
		return;
	bool is_race = str_find(text, STR("could not serialize")) != SIZE_MAX;
	assert_int_equal(outcome->kind,
	    is_race ? OUTCOME_NOT_DONE : OUTCOME_DONE_WITH_ERROR);
	assert_int_equal(outcome->transient, is_race);
}

static bool
is_judged(const struct value *record)
{
	const struct value *request = value_field_or_null(record, "request");
	const struct value *response = value_field_or_null(record, "response");

	return str_equal(value_field_str(request, "path"),
		   STR("/jsonrpc")) &&
	    number_in(response, "status") >= 200;
}

static FILE *
open_records(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/../shared/reference/odoo-18.jsonl",
	    srcdir != NULL ? srcdir : ".");
	return fopen(path, "r");
}

static void
test_recorded_answers_are_judged_as_a_person_would(void **state)
{
	struct desk desk;
	FILE *file = open_records();
	char *line = NULL;
	size_t capacity = 0;
	size_t line_count = 0;
	size_t judged_count = 0;

	(void)state;
	if (file == NULL)
		skip();
	while (getline(&line, &capacity, file) > 0) {
		const struct value *record;
		desk_open(&desk, connection);
		record = desk_json(&desk, line);
		line_count++;
		if (is_judged(record)) {
			judge(&desk, record, line_count);
			judged_count++;
		}
		desk_close(&desk);
	}
	assert_true(judged_count > 500);
	free(line);
	fclose(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_recorded_answers_are_judged_as_a_person_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
