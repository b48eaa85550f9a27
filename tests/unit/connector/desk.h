/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk.h: a connection as its YAML says, with settings, secrets and a clock
 * that stands still, to prepare calls for and to show answers to.
 */
#ifndef STATED_TEST_DESK_H
#define STATED_TEST_DESK_H

#include "stated/connector.h"
#include "stated/json.h"
#include "stated/library.h"

#define DESK_NOW_MS INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */

struct desk {
	struct arena *arena;
	struct library *library;
	const struct def_connection *connection;
	struct connector_context context;
	struct str token; /* what calls are shown with */
	struct message_request request;
	struct outcome outcome; /* of a refusal or an answer */
	const struct value *secrets; /* that were given, by name; or NULL */
};

/* Fails the test where the text has an error. */
void desk_open(struct desk *desk, const char *yaml);
void desk_close(struct desk *desk);
/* A secret, from now on. */
void desk_give(struct desk *desk, const char *name, struct str secret);
const struct value *desk_json(struct desk *desk, const char *text);
struct connector_call desk_call(struct desk *desk, const char *operation,
    const char *args);
/* Into desk->request, or desk->outcome and false. */
bool desk_prepare(struct desk *desk, const char *operation, const char *args);
/* headers: "name: value" lines, or NULL; gives desk->outcome. */
struct outcome *desk_answer(struct desk *desk, const char *operation,
    const char *args, int status, const char *headers, const char *body);
struct outcome *desk_fail(struct desk *desk, const char *operation,
    enum message_failure failure);
/* Fails the test where the outcome is another. */
void desk_assert_outcome(const struct outcome *outcome,
    enum outcome_kind kind, const char *code, bool transient);
const char *desk_header(struct desk *desk, const char *name);
/* A value as plain JSON. */
const char *desk_text(struct desk *desk, const struct value *value);
const char *desk_str(struct desk *desk, struct str text);
/* Lines "name: value" as headers. */
const struct message_header *desk_headers(struct desk *desk, const char *lines,
    size_t *count);

#endif
