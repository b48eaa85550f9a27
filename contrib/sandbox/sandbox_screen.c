/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_screen.c: reads only, so it has no state, see sandbox_screen.h. */
#include "sandbox_screen.h"

#include "sandbox_json.h"
#include "sandbox_reply.h"

#define BATCH_MAX 100
#define LIST_VERSION "20261120"

static bool
is_sanctioned(const char *name)
{
	return strcasestr(name, "SANCTIONED") != NULL;
}

void
sandbox_screen_name(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);
	const char *name = sandbox_json_text(body, "name");
	bool hit = is_sanctioned(name);

	(void)sandbox;
	if (body == NULL)
		return;
	if (name[0] == '\0')
		sandbox_reply_error(reply, 400, "name is missing");
	else
		sandbox_reply_json_take(reply, 200,
		    json_pack("{s:s,s:o,s:s,s:s}",
			"result", hit ? "hit" : "clear",
			"score", sandbox_json_number(hit ? "0.97" : "0.0"),
			"name", name, "list_version", LIST_VERSION));
	json_decref(body);
}

static const char *
payee_match(const char *name)
{
	static const struct {
		const char *word;
		const char *match;
	} answers[] = {
	    {"NOBODY", "none"},
	    {"NEARLY", "close"},
	    {"UNVERIFIABLE", "unavailable"},
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (strcasestr(name, answers[i].word) != NULL)
			return answers[i].match;
	}
	return "full";
}

void
sandbox_screen_payee(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);
	const char *name = sandbox_json_text(body, "Name");

	(void)sandbox;
	if (body == NULL)
		return;
	if (name[0] == '\0' ||
	    sandbox_json_text(body, "Identification")[0] == '\0')
		sandbox_reply_error(
		    reply, 400, "Name or Identification is missing");
	else
		sandbox_reply_json_take(reply, 200,
		    json_pack("{s:s,s:s}", "Match", payee_match(name), "Name",
			name));
	json_decref(body);
}

/* Any of the query's names. */
static const char *
sanctioned_name(const json_t *query)
{
	const json_t *names = sandbox_json_at(query, "properties.name");

	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		if (name != NULL && is_sanctioned(name))
			return name;
	}
	return NULL;
}

static json_t *
match(json_t *query, const char *dataset)
{
	const char *name = sanctioned_name(query);
	json_t *results = json_array();

	if (name != NULL)
		json_array_append_new(results,
		    json_pack("{s:s,s:s,s:s,s:{s:[s]},s:[s],s:b,s:o,s:b}",
			"id", "NK-sandbox", "caption", name,
			"schema", "LegalEntity", "properties", "name", name,
			"datasets", dataset, "target", 1,
			"score", sandbox_json_number("0.97"), "match", 1));
	return json_pack("{s:i,s:o,s:{s:i,s:s},s:O}", "status", 200,
	    "results", results, "total", "value", name != NULL,
	    "relation", "eq", "query", query);
}

void
sandbox_screen_match(struct sandbox *sandbox,
    const struct sandbox_request *request, struct sandbox_reply *reply)
{
	json_t *body = sandbox_request_object(request, reply);
	json_t *queries = json_object_get(body, "queries");
	json_t *responses;
	const char *name;
	json_t *query;

	(void)sandbox;
	if (body == NULL)
		return;
	if (!json_is_object(queries) || json_object_size(queries) > BATCH_MAX) {
		sandbox_reply_json_take(reply, 400,
		    json_pack(
			"{s:s}", "detail", "queries: 1 to 100 are wanted"));
	} else {
		responses = json_object();
		json_object_foreach (queries, name, query)
			json_object_set_new(responses, name,
			    match(query, request->params[0]));
		sandbox_reply_json_take(reply, 200,
		    json_pack("{s:o,s:i}", "responses", responses, "limit", 5));
	}
	json_decref(body);
}
