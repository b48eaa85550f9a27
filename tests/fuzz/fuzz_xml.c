/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_xml.c: whatever an endpoint answers to who asked for XML, it is judged;
 * and what was read is written as a document that reads as the same value, so
 * that neither the reader nor the writer makes up or loses a part.
 *
 * An input is the body.
 */
#include "fuzz_input.h"

#include "stated/connector.h"
#include "stated/json.h"
#include "../unit/definition/written_library.h"

static const char documents[] =
    "connection: bank\n"
    "kind: http\n"
    "url: https://bank.example\n"
    "operations:\n"
    "  send:\n"
    "    request:\n"
    "      post: /\n"
    "      headers: {content-type: application/xml}\n"
    "      body: = document\n"
    "    xml: {lists: [i, Ntry]}\n"
    "    output: {document: = body}\n";

/* What is null is left out when it is written. */
static bool
has_null(const struct value *value)
{
	if (value->type == VALUE_NULL)
		return true;
	for (size_t i = 0; value->type == VALUE_LIST &&
	     i < value->as.list.count; i++)
		if (has_null(value->as.list.items[i]))
			return true;
	for (size_t i = 0; value->type == VALUE_CONTEXT &&
	     i < value->as.context.count; i++)
		if (has_null(value->as.context.fields[i].value))
			return true;
	return false;
}

/* The document as a value; NULL where it is refused. */
static const struct value *
read_document(const struct connector_call *call, struct str body,
    const struct connector_context *context)
{
	const struct message_header header = {
	    .name = STR("content-type"),
	    .value = STR("application/xml"),
	};
	const struct message_response response = {
	    .status = 200,
	    .headers = &header,
	    .header_count = 1,
	    .body = body,
	};
	struct outcome outcome =
	    connector_interpret(call, &response, context);

	if (outcome.kind == OUTCOME_DONE) {
		fuzz_check_value(outcome.response);
		return value_get_cstr(outcome.response, "document");
	}
	must(outcome.kind == OUTCOME_UNKNOWN);
	must(str_equal(outcome.code, STR("http.garbled")));
	fuzz_check_value(outcome.body);
	return NULL;
}

static void
check_document(struct connector_call *call, struct str body,
    const struct connector_context *context)
{
	const struct value *document = read_document(call, body, context);
	struct value_builder *args = value_build_context(context->arena);
	struct message_request request = {0};
	struct outcome failure = {0};
	const struct value *again;

	if (document == NULL || has_null(document))
		return;
	value_put(args, STR("document"), document);
	call->args = value_built(args);
	must(connector_prepare(call, context, &request, &failure));
	again = read_document(call, request.body, context);
	must(again != NULL && value_equal(document, again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct library *library;
	struct arena *arena = arena_new();
	struct connector_context context = {
	    .arena = arena,
	    .settings = &value_null,
	};
	struct connector_call call = {.idempotency_key = STR("key-1")};

	if (library == NULL)
		library = written_library(documents);
	call.args = value_built(value_build_context(arena));
	call.operation = def_connection_find(
	    library_find_connection(library, STR("bank")), STR("send"));
	check_document(&call, (struct str){(const char *)data, size},
	    &context);
	arena_free(&arena);
	return 0;
}
